# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bench: a private bus, the real polkitd and the real daemon, in one temporary folder."""

import os
import pwd
import select
import shutil
import signal
import socket
import stat
import tempfile
import threading
import time
import unittest

from bus import BusError, Client, GLib
from common import (
    ALLOWED,
    ASKED,
    CONFIGD,
    DENIED,
    FIXTURES,
    HERE,
    NAME,
    ROOT,
    SERVICE,
    SHIPPED_USER,
    SOURCE_ROOT,
    TIMEOUT,
    wait_until,
)
from processes import Process, as_user, clean_environment, gone, ids_of

RULES = """
polkit.addAdminRule(function(action, subject) { return ["unix-user:root"]; });
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.coachiq.config1.") != 0)
        return polkit.Result.NOT_HANDLED;
    polkit.log("CHECK " + [action.id, subject.user, action.lookup("model"), action.lookup("path"),
                           action.lookup("method")].join("|"));
    if (subject.user == "%s")
        return polkit.Result.YES;
    if (subject.user == "%s")
        return polkit.Result.NO;
    if (subject.user == "%s")
        return polkit.Result.AUTH_ADMIN;
    return polkit.Result.NOT_HANDLED;
});
""" % (
    ALLOWED,
    DENIED,
    ASKED,
)

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy user="polkitd">
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_interface="org.freedesktop.PolicyKit1.AuthenticationAgent"/>
  </policy>
  {service_policy}
  <limit name="max_completed_connections">4096</limit>
  <limit name="max_incomplete_connections">1024</limit>
  <limit name="max_connections_per_user">2048</limit>
  <limit name="max_replies_per_connection">32768</limit>
  <limit name="max_pending_service_starts">4096</limit>
</busconfig>
"""


def project_file(variable, *candidates):
    """A file of the project: named by the environment, else the first that exists in the source tree."""
    given = os.environ.get(variable)
    if given:
        return given
    for candidate in candidates:
        path = os.path.join(SOURCE_ROOT, candidate)
        if os.path.exists(path):
            return path
    return None


def policy_file():
    return project_file("COACHIQ_POLICY", "polkit/org.coachiq.config1.policy", "polkit/org.coachiq.config1.policy.in")


def bus_policy_file():
    return project_file("COACHIQ_BUS_POLICY", "dbus/org.coachiq.Config1.conf")


def polkitd_path():
    for path in ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd", "/usr/libexec/polkit-1/polkitd"):
        if os.path.exists(path):
            return path
    return None


def reachable_by_others(path):
    """Whether any user may run this file."""
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


class Bench:
    """A bus, polkit where wanted, and one daemon with one state directory.

    polkit      start polkitd (needs root)
    seeds       the folder for --development; None: bundled data only
    user        whom the daemon runs as
    activation  the bus starts the daemon; else start() does
    peer        the daemon also gets a listening socket
    state       the state directory; a fresh one where None
    groups      group → members, as polkit shall see them
    owner       whom the policy names as the owner of the actions; the daemon's user where None
    wrapper     a command line that the daemon's is appended to
    """

    def __init__(
        self,
        *,
        polkit=True,
        seeds=FIXTURES,
        user=SERVICE,
        activation=False,
        peer=False,
        idle_exit=0,
        state=None,
        rules=RULES,
        arguments=(),
        bus=True,
        groups=None,
        wrapper=(),
        owner=None,
    ):
        self.directory = tempfile.mkdtemp(prefix="coachiq-")
        os.chmod(self.directory, 0o755)
        self._closers = []
        self.user = user if ROOT else None
        self.seeds = seeds
        self.idle_exit = idle_exit
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.groups = groups or {}
        self.owner = owner or self.user or "root"
        self.log_path = self.path("daemon.log")
        self.daemon = self.bus_process = self.polkit = None
        self.listener = None
        self.peer_address = None
        self.client = None
        self.address = f"unix:path={self.path('bus.sock')}"
        self.binary = self.program(CONFIGD)
        self.state = state or self.make_state("state")
        open(self.log_path, "wb").close()
        os.chmod(self.log_path, 0o666)
        try:
            if peer:
                self.listen()
            if bus:
                self._start_bus(activation)
            if polkit and ROOT:
                self._start_polkit(rules)
        except BaseException:
            self.close()
            raise

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def on_close(self, function):
        self._closers.append(function)

    def close(self):
        if self.daemon:
            self.daemon.stop()
        self._stop_activated()
        for function in reversed(self._closers):
            function()
        for process in (self.polkit, self.bus_process):
            if process:
                process.stop()
        if self.listener:
            self.listener.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _stop_activated(self):
        """Ends the daemon that the bus started, if it did."""
        try:
            pid = self.client.owner_pid() if self.client else 0
            if pid:
                os.kill(pid, signal.SIGTERM)
                wait_until(lambda: gone(pid), "the daemon has left", 10)
        except (BusError, ProcessLookupError):
            pass

    def share(self, name):
        """A file beside this one where every user can read it."""
        target = self.path(name)
        if not os.path.exists(target):
            shutil.copy(os.path.join(HERE, name), target)
            os.chmod(target, 0o644)
        return target

    def make_state(self, name):
        state = self.path(name)
        os.mkdir(state, 0o700)
        if self.user:
            os.chown(state, *ids_of(self.user))
        return state

    def program(self, path):
        """A program where every user can run it."""
        if not reachable_by_others(os.path.abspath(path)):
            copy = self.path(os.path.basename(path))
            shutil.copy(path, copy)
            os.chmod(copy, 0o755)
            return copy
        return os.path.abspath(path)

    def _start_bus(self, activation):
        os.mkdir(self.path("services"), 0o755)
        if activation:
            self._write_activation()
        file = bus_policy_file()
        if file:
            # The shipped policy, with the name of the user whom the daemon runs as here.
            with open(file, encoding="utf-8") as source:
                text = source.read().replace(
                    f'"{SHIPPED_USER}"', f'"{self.user or pwd.getpwuid(os.geteuid()).pw_name}"'
                )
            with open(self.path("shipped.conf"), "w", encoding="utf-8") as target:
                target.write(text)
            policy = f"<include>{self.path('shipped.conf')}</include>"
        else:
            policy = f'<policy context="default"><allow own="{NAME}"/><allow send_destination="{NAME}"/></policy>'
        with open(self.path("bus.conf"), "w", encoding="utf-8") as config:
            config.write(
                BUS_CONFIG.format(socket=self.path("bus.sock"), services=self.path("services"), service_policy=policy)
            )
        self.bus_process = Process(
            as_user(
                None,
                [
                    "/usr/bin/dbus-daemon",
                    f"--config-file={self.path('bus.conf')}",
                    "--nofork",
                    "--nopidfile",
                    "--nosyslog",
                ],
            ),
            self.path("bus.log"),
            clean_environment(),
        )
        self.client = wait_until(self._connect_first, "the bus listens")
        self.on_close(self.client.close)

    def _connect_first(self):
        """A connection to the bus; None while it does not listen yet."""
        self._ended(self.bus_process, "bus.log")
        try:
            return Client(self.address)
        except GLib.Error:
            return None

    def _ended(self, process, log):
        if process.poll() is not None:
            raise AssertionError(f"{process.argv} ended with {process.returncode}:\n{self.read(log)}")
        return False

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _write_activation(self):
        def quote(text):
            return "'" + text.replace("'", "'\\''") + "'"

        with open(self.path("activate"), "w", encoding="utf-8") as script:
            script.write(f"exec >>{quote(self.log_path)} 2>&1\n")
            for key, value in self.environment().items():
                if key in ("STATE_DIRECTORY", "DBUS_SYSTEM_BUS_ADDRESS"):
                    script.write(f"export {key}={quote(value)}\n")
            # The bus kills the parent of what it started once the name is there, so this one may not die with it. It
            # leaves when its bus does.
            script.write("exec " + " ".join(quote(word) for word in self.command(orphan=True)) + "\n")
        with open(self.path("services", f"{NAME}.service"), "w", encoding="utf-8") as service:
            service.write(
                f"[D-BUS Service]\nName={NAME}\nExec=/bin/sh {self.path('activate')}\n"
                f"User={pwd.getpwuid(os.geteuid()).pw_name}\n"
            )

    def _start_polkit(self, rules):
        for name in ("rules", "empty", "actions"):
            os.makedirs(self.path("polkit", name), mode=0o755)
        with open(self.path("polkit", "rules", "10-test.rules"), "w", encoding="utf-8") as file:
            file.write(rules)
        policy = policy_file()
        if not policy:
            raise unittest.SkipTest("the polkit policy file of the project was not found")
        with open(policy, encoding="utf-8") as source:
            text = source.read().replace(f"unix-user:{SHIPPED_USER}", f"unix-user:{self.owner}")
        with open(self.path("polkit", "actions", "org.coachiq.config1.policy"), "w", encoding="utf-8") as target:
            target.write(text)
        mounts = [
            ("rules", "/etc/polkit-1/rules.d"),
            ("empty", "/usr/share/polkit-1/rules.d"),
            ("actions", "/usr/share/polkit-1/actions"),
        ]
        if self.groups:
            # polkit reads the members of a group from here.
            with open("/etc/group", encoding="utf-8") as source:
                lines = [line for line in source if line.split(":")[0] not in self.groups]
            lines += [
                f"{name}:x:{59000 + i}:{','.join(members)}\n" for i, (name, members) in enumerate(self.groups.items())
            ]
            with open(self.path("polkit", "group"), "w", encoding="utf-8") as target:
                target.writelines(lines)
            mounts.append(("group", "/etc/group"))
        script = " && ".join(
            [
                f"mount --bind {self.path('polkit', source)} {target}"
                for source, target in mounts
                if os.path.exists(target)
            ]
            + [f"exec {polkitd_path()}"]
        )
        self.polkit = Process(
            as_user(None, ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script]),
            self.path("polkit.log"),
            clean_environment(DBUS_SYSTEM_BUS_ADDRESS=self.address),
        )
        wait_until(
            lambda: self.client.has_owner("org.freedesktop.PolicyKit1") or self._ended(self.polkit, "polkit.log"),
            "polkitd is on the bus",
        )

    def stop_polkit(self):
        self.polkit.kill()
        wait_until(lambda: not self.client.has_owner("org.freedesktop.PolicyKit1"), "polkitd has left")

    def checks(self):
        """What polkit was asked so far: (action, user, model, path, method)."""
        return [
            tuple(line.split("CHECK ", 1)[1].split("|"))
            for line in self.read("polkit.log").splitlines()
            if "CHECK " in line
        ]

    # The daemon

    def listen(self):
        """Makes the listening socket, as systemd would."""
        path = self.path("config1.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(1024)
        self.peer_address = f"unix:path={path}"

    def environment(self, **more):
        return clean_environment(STATE_DIRECTORY=self.state, DBUS_SYSTEM_BUS_ADDRESS=self.address, **more)

    def command(self, extra=(), orphan=False):
        argv = [self.binary, "--idle-exit", str(self.idle_exit)]
        if self.seeds:
            argv += ["--development", self.seeds]
        return [*self.wrapper, *as_user(self.user, [*argv, *self.arguments, *extra], orphan)]

    def spawn(self, extra=(), **environment):
        """Starts the daemon without waiting for anything."""
        self.daemon = Process(self.command(extra), self.log_path, self.environment(**environment), listen=self.listener)
        return self.daemon

    def start(self, extra=(), **environment):
        """Starts the daemon and waits until it is on the bus."""
        process = self.spawn(extra, **environment)
        wait_until(lambda: self.client.has_owner() or self._ended(process, "daemon.log"), "the daemon is on the bus")
        return self

    def stop(self):
        code = self.daemon.stop()
        if self.client:
            wait_until(lambda: not self.client.has_owner(), "the daemon's name is free")
        return code

    def restart(self):
        self.stop()
        return self.start()

    @property
    def database(self):
        return os.path.join(self.state, "config.db")

    def log(self):
        return self.read("daemon.log")

    def connect(self, peer=False):
        """Another connection of our own."""
        client = Client(self.peer_address if peer else self.address, peer)
        self.on_close(client.close)
        return client


class SocketUnit:
    """What systemd does for a socket unit: listens, starts the daemon when somebody knocks, waits until it left."""

    def __init__(self, bench, *extra):
        self.bench = bench
        self.starts = 0
        self.exits = []
        self._extra = extra
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        bench.on_close(self.stop)

    def _run(self):
        poller = select.poll()
        poller.register(self.bench.listener.fileno(), select.POLLIN)
        while not self._stopping.is_set():
            if not poller.poll(50):
                continue
            process = self.bench.spawn(self._extra)
            self.starts += 1
            while process.poll() is None and not self._stopping.is_set():
                time.sleep(0.001)
            if process.poll() is None:
                process.stop()
            self.exits.append(process.returncode)

    def stop(self):
        self._stopping.set()
        self._thread.join(TIMEOUT)
