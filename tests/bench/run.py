#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one benchmark, or all: run.py [calls|start|memory|edits|authorised-edits|import|updates|update-check|load].

Each figure is a ratio of work and floor that were done in turns, in an order of chance, on the same machine at the same
time; the median over all runs is shown, with the least and the greatest. Nothing here fails on a time."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
os.environ["COACHIQ_BUS_POLICY"] = os.path.join(HERE, "bus.conf")

from bench import Bench, polkitd_path  # noqa: E402
from bus import Client, Gio, GLib  # noqa: E402
from coach import make_folder, model_name  # noqa: E402
from common import ALLOWED, BUNDLED, NAME, PATH, ROOT, wait_until  # noqa: E402
from goals import show, show_ratios  # noqa: E402
from processes import Process, as_user, clean_environment, resident_kib  # noqa: E402

PROGRAMS = os.environ.get("COACHIQ_BENCH_PROGRAMS", "")
HOSTNAMED = "/lib/systemd/systemd-hostnamed"
DEVICES = 10_000
MOST = 20_000  # of this shape the bound on the values of a file admits about 23,000
MOST_SMALL = 49_000  # of small devices, with room for those that a release and an owner add: 50,000 is the most
RUNS = 9
STARTS = 31
EDIT_ACTION = "org.coachiq.config1.edit"


def program(name):
    return os.path.join(PROGRAMS, name)


def lines(*command):
    """Runs a program that prints one line of JSON a run."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, env=clean_environment(), check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed")
    return [json.loads(line) for line in done.stdout.splitlines()]


def make_bench(sizes=(DEVICES,), **options):
    """A bench with coaches of these sizes in its folder of seeds; the models are imported."""
    bench = Bench(polkit=options.pop("polkit", False), seeds=None, idle_exit=0, **options)
    bench.seeds = make_folder(bench.path("seeds"), sizes)
    bench.start()
    for size in sizes:
        bench.client.call("Import", model_name(size), timeout=300)
    return bench


def start_process(bench, argv, user=None):
    process = Process(
        as_user(user, argv), bench.path("other.log"), clean_environment(DBUS_SYSTEM_BUS_ADDRESS=bench.address)
    )
    bench.on_close(process.stop)
    return process


def start_bare_server(bench, *arguments):
    process = start_process(bench, [program("bare-server"), bench.address, *map(str, arguments)])
    wait_until(lambda: bench.client.has_owner("org.coachiq.Bench1"), "the bare server is on the bus")
    return process


def calls():
    bench = make_bench()
    try:
        model = model_name(DEVICES)
        size = len(bench.client.call("GetMapping", model, "devices/device_05000")[0])
        bench.client.call("Lookup", model, 0x1F000, 1)
        start_bare_server(bench, size)
        command = [program("call-times"), bench.address, model, DEVICES, RUNS]
        runs = lines(*command, "single", 1000)
        show_ratios("get", runs, "get", "ping")
        show_ratios("bare-get", runs, "bare-get", "bare-ping")
        for figure in ("lookup", "find-nothing", "find-text", "find-dgn-instance", "find-dgn", "find-instance"):
            show_ratios(figure, runs, figure, "ping")
        show_ratios("flight", lines(*command, "many", 2000), "bare-get", "get")
    finally:
        bench.close()


def start():
    bench = make_bench()
    try:
        state, empty = bench.state, bench.make_state("empty")
        bench.stop()
        bench.state = empty
        bench.start().client.property("Revision")
        bench.stop()

        daemon = [bench.binary, "--idle-exit", "0"]
        user = bench.user or ""
        revision = [NAME, PATH, "org.freedesktop.DBus.Properties", "Get", NAME, "Revision"]
        mapping = [NAME, PATH, NAME, "GetMapping", model_name(DEVICES), "devices/device_05000"]
        command = ["stored", user, state, *mapping, "--", *daemon]
        command += ["++", "stored-revision", user, state, *revision, "--", *daemon]
        command += ["++", "empty", user, empty, *revision, "--", *daemon]
        if os.path.exists(HOSTNAMED):
            name = "org.freedesktop.hostname1"
            get = [name, "/org/freedesktop/hostname1", "org.freedesktop.DBus.Properties", "Get", name, "Hostname"]
            command += ["++", "hostnamed", "", empty, *get, "--", HOSTNAMED]
        runs = lines(program("start-times"), bench.address, STARTS, *command)
        show_ratios("start-empty", runs, "stored", "empty")
        if os.path.exists(HOSTNAMED):
            show_ratios("start-hostnamed", runs, "stored", "hostnamed")
        else:
            print("skipped start-hostnamed: systemd-hostnamed is not installed")
    finally:
        bench.close()


def update_check():
    """What noticing an update costs a start: the same file, one that says the same, one that says something else."""
    bench = make_bench()
    try:
        bench.stop()
        model = model_name(DEVICES)
        folders = {"same": bench.seeds}
        folders["newer"] = make_folder(bench.path("newer"), (DEVICES,), "next")
        folders["comments"] = make_folder(bench.path("comments"), (DEVICES,))
        with open(os.path.join(folders["comments"], "coaches", model + ".yml"), "a", encoding="utf-8") as file:
            file.write("# A comment.\n")
        mapping = [NAME, PATH, NAME, "GetMapping", model, "devices/device_05000"]
        command = []
        for label, folder in folders.items():
            daemon = [bench.binary, "--idle-exit", "0", "--development", folder]
            command += ["++", label, bench.user or "", bench.state, *mapping, "--", *daemon]
        runs = lines(program("start-times"), bench.address, STARTS, *command[1:])
        for label in ("comments", "newer"):
            show_ratios(f"check-{label}", runs, label, "same")
            show_ratios(f"check-{label}-second", runs, f"{label}-second", "same")
        show_ratios("check-same-second", runs, "same-second", "same")
    finally:
        bench.close()


def memory_kib(pid, kind):
    """Exact, where the counters in /proc/PID/status are rounded; but it needs to be root."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(rf"^{kind}:\s+(\d+) kB", file.read(), re.M).group(1))


def daemon_pid(bench):
    return bench.client.owner_pid()


def memory():
    if not ROOT or not os.path.exists(HOSTNAMED):
        print("skipped: needs root, to see the memory of others, and systemd-hostnamed")
        return
    bench = make_bench()
    try:
        start_process(bench, [HOSTNAMED])
        name = "org.freedesktop.hostname1"
        wait_until(lambda: bench.client.has_owner(name), "hostnamed is on the bus")
        other = bench.client.connection
        arguments = GLib.Variant("(ss)", (name, "Hostname"))
        properties = "org.freedesktop.DBus.Properties"
        other.call_sync(name, "/org/freedesktop/hostname1", properties, "Get", arguments, None, 0, -1, None)
        hostnamed = other.call_sync(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "GetConnectionUnixProcessID",
            GLib.Variant("(s)", (name,)),
            None,
            0,
            -1,
            None,
        ).unpack()[0]

        def against_hostnamed(figure):
            time.sleep(0.3)
            pid = daemon_pid(bench)
            show(figure, [memory_kib(pid, "Pss") / memory_kib(hostnamed, "Pss")])

        def ping():
            other.call_sync(NAME, PATH, "org.freedesktop.DBus.Peer", "Ping", None, None, 0, -1, None)

        bench.restart()
        ping()
        against_hostnamed("pss-idle")
        bench.client.call("Import", BUNDLED)
        bench.restart()
        bench.client.call("GetMapping", BUNDLED, "coach_info")
        against_hostnamed("pss-bundled")
        bench.restart()
        bench.client.call("GetMapping", model_name(DEVICES), "coach_info")
        against_hostnamed("pss-10000")
        bench.client.call("Lookup", model_name(DEVICES), 0x1F000, 1)
        against_hostnamed("pss-10000-index")
    finally:
        bench.close()


def edits():
    """Inside the service, without a bus."""
    bench = make_bench((1000, DEVICES))
    try:
        bench.stop()
        other = bench.make_state("other")
        subprocess.run(["cp", "-r", f"{bench.state}/.", other], check=True)
        models = [bench.state, model_name(1000), 1000, other, model_name(DEVICES), DEVICES]
        copy = bench.path("copy.db")
        subprocess.run(["cp", os.path.join(other, "config.db"), copy], check=True)
        runs = lines(program("edit-times"), RUNS, 200, bench.path("bare.db"), copy, *models)
        show_ratios("edit", runs, str(DEVICES), "bare-rows")
        show_ratios("edit-thin", runs, str(DEVICES), "bare")
        show_ratios("edit-growth", runs, str(DEVICES), "1000")
    finally:
        bench.close()


AUTHORISED_CLIENT = """
import json, random, sys, time
import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib
address, model, devices, runs, calls = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
serial = 0
def call(name, path, method, arguments):
    start = time.monotonic()
    bus.call_sync(name, path, name, method, arguments, None, 0, 60000, None)
    return time.monotonic() - start
def edit():
    path = "devices/device_%05d" % random.randrange(devices)
    arguments = (model, path, "/friendly_name", '"A new name %d"' % serial, "a test", {})
    return call("org.coachiq.Config1", "/org/coachiq/Config1", "SetField", GLib.Variant("(sssssa{sv})", arguments))
def floor():
    text = GLib.Variant("(s)", ("%01000d" % serial,))
    return call("org.coachiq.Bench1", "/org/coachiq/Bench1", "AuthorisedCommit", text)
for run in range(-1, runs):
    times = {"edit": [], "floor": []}
    order = ["edit", "floor"] * calls
    random.shuffle(order)
    for kind in order:
        serial += 1
        times[kind].append(edit() if kind == "edit" else floor())
    if run >= 0:
        print(json.dumps({kind: sorted(values)[calls // 2] for kind, values in times.items()}), flush=True)
"""


def authorised_edits():
    if not ROOT or not polkitd_path():
        print("skipped: needs root and polkitd")
        return
    bench = make_bench(polkit=True)
    try:
        model = model_name(DEVICES)
        bench.client.call("Lookup", model, 0x1F000, 1)
        start_bare_server(bench, 1000, bench.path("bare.db"), EDIT_ACTION)
        command = ["/usr/bin/python3", "-c", AUTHORISED_CLIENT, bench.address, model, DEVICES, RUNS, 100]
        show_ratios("edit-authorised", lines(*as_user(ALLOWED, command)), "edit", "floor")
    finally:
        bench.close()


def has_pyyaml():
    check = "import yaml; yaml.CSafeLoader"
    return subprocess.run(["/usr/bin/python3", "-c", check], stderr=subprocess.DEVNULL, check=False).returncode == 0


def import_():
    sizes = (1000, DEVICES, MOST)
    bench = make_bench((DEVICES,))
    try:
        make_folder(bench.seeds, sizes)
        bench.stop()
        finished, counter = bench.database, iter(range(1_000_000))
        file = os.path.join(bench.seeds, "coaches", model_name(DEVICES) + ".yml")

        def service(size):
            state = bench.path(f"state-{next(counter)}")
            os.mkdir(state)
            return lines(program("import-times"), "service", state, bench.seeds, model_name(size))[0]

        def bare(kind):
            return lines(program("import-times"), kind, bench.path(f"bare-{next(counter)}.db"), file, finished)[0]

        def pyyaml():
            path = bench.path(f"pyyaml-{next(counter)}.db")
            return lines("/usr/bin/python3", os.path.join(HERE, "pyyaml_import.py"), path, file)[0]

        kinds = {str(size): lambda size=size: service(size) for size in sizes}
        kinds.update({kind: lambda kind=kind: bare(kind) for kind in ("bare", "thin")})
        if has_pyyaml():
            kinds["pyyaml"] = pyyaml
        runs, peaks = [], []
        for _ in range(RUNS):
            run = {}
            for kind in random.sample(list(kinds), len(kinds)):
                result = kinds[kind]()
                run[kind] = result["us"]
                if kind == str(DEVICES):
                    peaks.append(result["kib"] / 1024)
            runs.append(run)
        ten = str(DEVICES)
        show_ratios("import", runs, ten, "bare")
        show_ratios("import-thin", runs, ten, "thin")
        if "pyyaml" in kinds:
            show_ratios("import-pyyaml", runs, ten, "pyyaml")
        else:
            print("skipped import-pyyaml: there is no PyYAML with its C loader")
        show("import-growth-10000", [run[ten] / DEVICES / (run["1000"] / 1000) for run in runs])
        show("import-growth-most", [run[str(MOST)] / MOST / (run[ten] / DEVICES) for run in runs])
        show("import-peak", peaks)
    finally:
        bench.close()


def updates():
    """A tenth of as many edits as there are devices, met by a release that changes a tenth of the devices, or all."""
    bench = Bench(polkit=False, seeds=None, idle_exit=0)
    cases = {
        # label: devices, release, small
        "next": (DEVICES, "next", False),
        "all": (DEVICES, "all", False),
        "1000": (1000, "next", True),
        "10000": (DEVICES, "next", True),
        "most": (MOST_SMALL, "next", True),
    }
    try:
        words = []
        for label, (devices, release, small) in cases.items():
            model = model_name(devices)
            older = make_folder(bench.path(f"older-{label}"), (devices,), "first", small)
            newer = make_folder(bench.path(f"newer-{label}"), (devices,), release, small)
            lines(program("update-times"), "prepare", bench.path(label), older, model, devices, devices // 10)
            words += [label, bench.path(label), newer, model]
        os.mkdir(bench.path("scratch"))
        runs = lines(program("update-times"), "times", RUNS, bench.path("scratch"), *words)
        for work in ("preview", "apply", "undo"):
            show_ratios(f"update-{work}", runs, f"next-{work}", "next-import")
            show_ratios(f"update-all-{work}", runs, f"all-{work}", "all-import")
        for work in ("preview", "apply", "undo"):
            for figure, large, small in (("10000", "10000", "1000"), ("most", "most", "10000")):
                factor = cases[small][0] / cases[large][0]
                growth = [run[f"{large}-{work}"] / run[f"{small}-{work}"] * factor for run in runs]
                show(f"update-growth-{figure}", growth, work)
        update_memory(bench, words)
    finally:
        bench.close()


def update_memory(bench, words):
    """Each in a process of its own; then what stays of it in the daemon."""
    for label, state, newer, model in zip(*[iter(words)] * 4):
        if label not in ("next", "most"):
            continue
        for work in ("import", "preview", "apply", "undo"):
            copy = bench.path(f"memory-{label}-{work}")
            if work == "import":
                os.mkdir(copy)
            else:
                subprocess.run(["cp", "-r", state, copy], check=True)
            peak = lines(program("update-times"), "memory", copy, newer, model, work)[0]["peak"]
            show(f"update-peak-{label}", [peak / 1024], work)
        if ROOT:
            show(f"update-rest-{label}", [update_rest(bench, label, state, newer, model)])


def update_rest(bench, label, state, newer, model):
    """Pss of the idle daemon after an update, divided by that after an import of the same file."""

    def call(method, types, *arguments):
        arguments = GLib.Variant(types, arguments)
        return bench.client.connection.call_sync(NAME, PATH, NAME, method, arguments, None, 0, 300_000, None).unpack()

    def rest():
        time.sleep(2)  # what waits for a quiet moment is done
        return memory_kib(daemon_pid(bench), "Pss")

    bench.seeds, bench.state = newer, bench.make_state(f"rest-{label}-import")
    bench.start()
    call("Import", "(sa{sv})", model, {})
    after_import = rest()
    bench.stop()
    bench.state = bench.make_state(f"rest-{label}-update")
    database = shutil.copy(os.path.join(state, "config.db"), bench.state)
    if bench.user:
        shutil.chown(database, bench.user, bench.user)
    bench.start()
    token = call("PreviewUpdate", "(sa{sv})", model, {})[0]
    call("ApplyUpdate", "(ssa(sss)sa{sv})", model, token, [], "", {})
    after_update = rest()
    bench.stop()
    return after_update / after_import


class Flood:
    """Calls from one connection, many at a time; how they end does not matter."""

    def __init__(self, bench):
        self.bench = bench
        self.model = model_name(DEVICES)
        self.open = 0
        self.errors = 0
        self.context = GLib.MainContext.new()
        self.connection = None

    def finish(self, connection, result):
        self.open -= 1
        try:
            connection.call_finish(result)
        except GLib.Error:
            self.errors += 1

    def send(self, method, arguments, interface=NAME):
        self.open += 1
        self.connection.call(NAME, PATH, interface, method, arguments, None, 0, 120_000, None, self.finish)

    def run(self, n, choose):
        self.context.push_thread_default()
        try:
            flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
            self.connection = Gio.DBusConnection.new_for_address_sync(self.bench.address, flags, None, None)
            for i in range(n):
                self.send(*choose(self, i))
                while self.open >= 32:
                    self.context.iteration(True)
            while self.open:
                self.context.iteration(True)
            self.connection.close_sync(None)
        finally:
            self.context.pop_thread_default()

    def device(self):
        return f"devices/device_{random.randrange(DEVICES):05d}"


def mixed(flood, i):
    """Mostly reads; one edit in fifty."""
    kind = random.randrange(50)
    model = flood.model
    if kind == 0:
        value = json.dumps(f"A new name {i % 100}")
        arguments = (model, flood.device(), "/friendly_name", value, "load", {})
        return "SetField", GLib.Variant("(sssssa{sv})", arguments)
    if kind == 1:
        return "FindMappings", GLib.Variant("(sa{sv})", (model, {"text": GLib.Variant("s", f"number {i % DEVICES}!")}))
    if kind == 2:
        return "GetMappings", GLib.Variant("(sa{sv})", (model, {"limit": GLib.Variant("u", 20)}))
    if kind == 3:
        return "GetHistory", GLib.Variant("(ssa{sv})", (model, flood.device(), {}))
    if kind == 4:
        return "Explain", GLib.Variant("(ss)", (model, flood.device()))
    if kind == 5:
        return "ListChanges", GLib.Variant("(a{sv})", ({"limit": GLib.Variant("u", 20)},))
    if kind == 6:
        return "ListDgns", GLib.Variant("(a{sv})", ({"name": GLib.Variant("s", "dimmer")},))
    if kind < 20:
        instance = random.randrange(250)
        return "Lookup", GLib.Variant("(suy)", (model, 0x1F000 + 2 * random.randrange(20), instance))
    return "GetMapping", GLib.Variant("(ss)", (model, flood.device()))


def hostile(flood, i):
    kind = i % 10
    model = flood.model
    if kind == 0:
        return "GetMapping", GLib.Variant("(ss)", (f"no_such_model_{i}", "coach_info"))
    if kind == 1:
        return "GetMapping", GLib.Variant("(ss)", (model, f"devices/nobody_{i}"))
    if kind == 2:
        value = "[" * 100 + "]" * 100
        return "SetField", GLib.Variant("(sssssa{sv})", (model, flood.device(), "/friendly_name", value, "", {}))
    if kind == 3:
        value = json.dumps({f"key_{i}_{j}": j for j in range(200)})
        return "SetField", GLib.Variant("(sssssa{sv})", (model, flood.device(), "/entity_id", value, "", {}))
    if kind == 4:
        options = {f"option-{i}": GLib.Variant("s", "x" * 1000)}
        return "FindMappings", GLib.Variant("(sa{sv})", (model, options))
    if kind == 5:
        return f"NoSuchMethod{i % 50}", GLib.Variant("(s)", ("x" * 10_000,))
    if kind == 6:
        return "UpdateMapping", GLib.Variant("(ssssa{sv})", (model, f"devices/new_{i}", '{"bindings": 1}', "", {}))
    if kind == 7:
        return "Explain", GLib.Variant("(ss)", (model, "x" * 100_000))
    if kind == 8:
        edits = [("set", flood.device(), f"/field_{i}_{j}", "1") for j in range(50)]
        edits.append(("set", "devices/nobody", "/a", "1"))
        return "ApplyEdits", GLib.Variant("(sa(ssss)sa{sv})", (model, edits, "", {}))
    return "DescribeDgn", GLib.Variant("(u)", (random.randrange(1 << 32),))


def knock(bench, n):
    """Connections that come, ask and go without waiting for the answer."""
    for _ in range(n):
        client = Client(bench.address)
        client.connection.call(
            NAME, PATH, NAME, "GetMappings", GLib.Variant("(sa{sv})", (model_name(DEVICES), {})), None, 0, -1, None, None
        )
        client.close()


def load():
    bench = make_bench()
    try:
        bench.restart()
        flood = Flood(bench)
        pid = daemon_pid(bench)

        def measure():
            return memory_kib(pid, "Rss") if ROOT else resident_kib(pid)

        marks = [measure()]
        for _ in range(6):
            flood.run(20_000, mixed)
            marks.append(measure())
        print("       KiB resident at the start and after each 20,000 mixed calls:", *marks, flush=True)
        show("load-mixed", [marks[-1] - marks[1]])
        before = flood.errors
        marks = [measure()]
        for _ in range(4):
            flood.run(5000, hostile)
            knock(bench, 500)
            marks.append(measure())
        print("       KiB resident before and after each 5,000 hostile calls and 500 callers who left:", *marks)
        print(f"       {flood.errors - before} of 20,000 hostile calls were refused")
        show("load-hostile", [marks[-1] - marks[0]])
    finally:
        bench.close()


BENCHMARKS = {
    "calls": calls,
    "start": start,
    "memory": memory,
    "edits": edits,
    "authorised-edits": authorised_edits,
    "import": import_,
    "updates": updates,
    "update-check": update_check,
    "load": load,
}


def main(names):
    if "debug" in os.environ.get("COACHIQ_BENCH_BUILDTYPE", "") or not PROGRAMS:
        print("note: this is no build with optimisation, or no build at all: the figures mean little")
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
