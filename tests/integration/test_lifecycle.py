# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coming and going: activation, idle exit, SIGTERM, readiness, the socket without a bus."""

import json
import os
import signal
import socket
import subprocess
import time

from harness import ALLOWED, ASKED, DENIED, MODEL, NAME, Agent, BusError, IntegrationTest, SocketUnit, gone, wait_until

LIGHT = "devices/bedroom_light"


class CommandLineTest(IntegrationTest):
    needs_root = False
    start_daemon = False

    def run_daemon(self, *arguments):
        return subprocess.run(
            [self.bench.binary, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.bench.environment(),
        )

    def test_help_and_version(self):
        for option in ("--help", "--version"):
            result = self.run_daemon(option)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertTrue(result.stdout)
        self.assertRegex(self.run_daemon("--version").stdout, r"\d+\.\d+")
        for option in ("--development", "--idle-exit"):
            self.assertIn(option, self.run_daemon("--help").stdout)

    def test_nonsense(self):
        for arguments in (
            ("--explode",),
            ("--idle-exit", "soon"),
            ("--idle-exit", "-1"),
            ("--idle-exit",),
            ("--idle-exit", "nan"),
            ("--idle-exit", "1e999"),
            ("--development",),
            ("stray",),
        ):
            with self.subTest(arguments=arguments):
                result = self.run_daemon(*arguments)
                self.assertGreater(result.returncode, 0)
                self.assertTrue(result.stderr)
                self.assertNotIn("Sanitizer", result.stderr)

    def test_no_bus_and_no_socket(self):
        """Nobody can ever call it: it ends, as a failure or because nothing happens."""
        result = subprocess.run(
            [self.bench.binary, "--idle-exit", "0.5"],
            capture_output=True,
            timeout=60,
            check=False,
            env={**self.bench.environment(), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"},
        )
        self.assertGreaterEqual(result.returncode, 0)

    def test_no_state_directory(self):
        for directory in ("", "/nonexistent/state", "/dev/null"):
            result = subprocess.run(
                [self.bench.binary, "--idle-exit", "0.5"],
                capture_output=True,
                timeout=60,
                check=False,
                env={**self.bench.environment(), "STATE_DIRECTORY": directory},
            )
            self.assertGreater(result.returncode, 0)
            self.assertIn(b"STATE_DIRECTORY", result.stderr)


class ActivationTest(IntegrationTest):
    needs_root = False
    bench_options = {"activation": True, "idle_exit": 0.5}
    start_daemon = False

    def test_comes_leaves_and_comes_again(self):
        data = self.call("GetMapping", MODEL, LIGHT)
        first = self.client.owner_pid()
        wait_until(lambda: not self.client.has_owner(), "the daemon leaves when idle")
        wait_until(lambda: gone(first), "its process ends")
        self.assertEqual(self.call("GetMapping", MODEL, LIGHT), data)
        self.assertNotEqual(self.client.owner_pid(), first)
        self.assertEqual(self.revision(), 1)

    def test_many_callers_start_it_once(self):
        wait_until(lambda: not self.client.has_owner(), "nobody is there")
        clients = [self.bench.connect() for _ in range(10)]
        for call in [c.begin("ListModels") for c in clients]:
            call.result()


class ImpatientBusTest(IntegrationTest):
    """A daemon that may leave at once still answers what it was started for."""

    start_daemon = False
    bench_options = {"idle_exit": 0.0001, "activation": True}

    def test_bus(self):
        for i in range(40):
            with self.subTest(i):
                self.call("SetField", MODEL, "coach_info", "/counter", str(i), "")
            wait_until(lambda: not self.client.has_owner(), "it has left")
        self.assertEqual(self.field(MODEL, "coach_info", "/counter"), 39)


class ImpatientSocketTest(IntegrationTest):
    start_daemon = False
    bench_options = {"idle_exit": 0.0001, "peer": True}

    def test_socket(self):
        unit = SocketUnit(self.bench)
        for i in range(40):
            with self.subTest(i), self.bench.connect(peer=True) as client:
                client.call("SetField", MODEL, "coach_info", "/counter", str(i), "")
        with self.bench.connect(peer=True) as client:
            self.assertEqual(self.get(MODEL, "coach_info", client)["counter"], 39)
        wait_until(lambda: len(unit.exits) >= unit.starts, "it has left")
        self.assertEqual(set(unit.exits), {0})


class PromptTest(IntegrationTest):
    needs_polkit = True
    start_daemon = False
    bench_options = {"activation": True, "idle_exit": 0.2}

    def test_an_open_prompt_is_work(self):
        change = self.call("Import", MODEL)
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        call = caller.begin("SetField", MODEL, LIGHT, "/friendly_name", '"x"', "", interactive=True)
        prompt = agent.wait()[0]
        pid = self.client.owner_pid()
        time.sleep(1)
        self.assertFalse(prompt.cancelled)
        self.assertEqual(self.client.owner_pid(), pid)
        prompt.allow()
        self.assertEqual(call.result(), change + 1)
        wait_until(lambda: not self.client.has_owner(), "it leaves then")


class StayTest(IntegrationTest):
    needs_root = False
    bench_per_test = True

    def test_zero_is_never(self):
        self.call("ListModels")
        time.sleep(1)
        self.assertTrue(self.client.has_owner())

    def test_leaves_with_success(self):
        self.bench.stop()
        self.bench.idle_exit = 0.1
        self.bench.spawn()
        self.assertEqual(self.bench.daemon.wait(), 0)


class NotifyTest(IntegrationTest):
    """What systemd is told."""

    needs_root = False
    start_daemon = False

    def test_ready_and_stopping(self):
        path = self.bench.path("notify")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.settimeout(30)
        self.bench.spawn(NOTIFY_SOCKET=path)
        said = ""
        while "READY=1" not in said:
            said += listener.recv(4096).decode() + "\n"
        # Ready means: the name is there and calls are answered.
        self.assertTrue(self.client.has_owner())
        self.call("ListModels")
        self.bench.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.bench.daemon.wait(), 0)
        listener.settimeout(0.1)
        try:
            while True:
                said += listener.recv(4096).decode() + "\n"
        except TimeoutError:
            pass
        self.assertIn("STATUS=", said)
        self.assertIn("STOPPING=1", said)


class TerminationTest(IntegrationTest):
    needs_polkit = True
    bench_per_test = True

    def check_acknowledged(self, calls):
        """What was acknowledged is there; returns how many."""
        acknowledged = {}
        for i, call in enumerate(calls):
            try:
                acknowledged[call.result()] = i
            except BusError as error:
                self.check_error(
                    error,
                    "org.freedesktop.DBus.Error.NoReply",
                    "org.freedesktop.DBus.Error.NameHasNoOwner",
                    "org.freedesktop.DBus.Error.ServiceUnknown",
                    "org.freedesktop.DBus.Error.Disconnected",
                )
        return acknowledged

    def test_pending_writes_are_finished(self):
        self.call("Import", MODEL)
        calls = [self.client.begin("SetField", MODEL, "coach_info", f"/field_{i}", str(i), "") for i in range(50)]
        calls[0].result()
        self.bench.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.bench.daemon.wait(), 0)
        acknowledged = self.check_acknowledged(calls)
        self.assertTrue(acknowledged)
        self.bench.start()
        info = self.get(MODEL, "coach_info")
        for change, i in acknowledged.items():
            self.assertEqual(info[f"field_{i}"], i)
            self.assertIn(change, [c["Change"] for c in self.changes()])
        self.assert_intact()

    def test_an_open_prompt_does_not_hold_it(self):
        self.call("Import", MODEL)
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        call = caller.begin("SetField", MODEL, LIGHT, "/friendly_name", '"x"', "", interactive=True)
        prompt = agent.wait()[0]
        self.bench.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.bench.daemon.wait(), 0)
        call.error()
        wait_until(lambda: prompt.cancelled, "the prompt is taken back")
        self.bench.start()
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "Bedroom Light")

    def test_interrupt_is_as_good(self):
        self.bench.daemon.send_signal(signal.SIGINT)
        self.assertEqual(self.bench.daemon.wait(), 0)

    def test_the_bus_goes_away(self):
        self.bench.bus_process.kill()
        wait_until(lambda: self.bench.daemon.poll() is not None, "a daemon without its bus ends")
        self.assertGreaterEqual(self.bench.daemon.poll(), 0)


class DrainTest(IntegrationTest):
    """With activation, no call is lost when the daemon is told to leave."""

    bench_options = {"activation": True, "idle_exit": 30}
    start_daemon = False

    def test_no_call_is_lost(self):
        self.call("Import", MODEL)
        done = 0
        for _ in range(10):
            self.call("ListModels")
            pid = self.client.owner_pid()
            calls = [
                self.client.begin("SetField", MODEL, "coach_info", f"/field_{i}", str(done + i), "") for i in range(20)
            ]
            calls[0].result()
            os.kill(pid, signal.SIGTERM)
            numbers = [c.result() for c in calls]
            self.assertEqual(len(set(numbers)), 20)
            done += 20
            wait_until(lambda process=pid: gone(process), "the old one has left")
        self.assertEqual(self.revision(), 1 + done)
        self.assertEqual(len(self.changes()), 1 + done)
        self.assert_intact()


class PeerTest(IntegrationTest):
    """The socket: one daemon on the bus and on the socket."""

    needs_polkit = True
    bench_options = {"peer": True}

    def test_same_answers(self):
        peer = self.bench.connect(peer=True)
        for method, *arguments in (
            ("ListModels",),
            ("GetMapping", MODEL, LIGHT),
            ("GetMappings", MODEL),
            ("Lookup", MODEL, 0x1FEDA, 25),
            ("Explain", MODEL, LIGHT),
            ("ListChanges",),
            ("ListResources",),
            ("VerifyHistory",),
        ):
            self.assertEqual(peer.call(method, *arguments), self.call(method, *arguments), method)
        self.assertEqual(peer.properties(), self.client.properties())
        self.assertEqual(peer.file("GetResource", "rvc.json")[0], self.client.file("GetResource", "rvc.json")[0])

    def test_signals_reach_everybody(self):
        self.call("Import", MODEL)
        peers = [self.bench.connect(peer=True).watch() for _ in range(3)]
        for peer in peers:
            peer.ping()
        self.client.watch().signals()
        for writer in (self.client, peers[0]):
            change = self.set(MODEL, LIGHT, "/friendly_name", f"By {writer.destination}", client=writer)
            for reader in (self.client, *peers):
                signals = reader.signals()
                self.assertEqual(
                    [s.arguments for s in signals if s.name == "MappingsChanged"], [(MODEL, [LIGHT], "edit", change)]
                )
                self.assertEqual(
                    [s.arguments[1] for s in signals if s.name == "PropertiesChanged"], [{"Revision": change}]
                )

    def test_the_peers_credentials_decide(self):
        allowed, denied = self.as_user(ALLOWED, peer=True), self.as_user(DENIED, peer=True)
        change = allowed.call("SetField", MODEL, LIGHT, "/notes", '"peer"', "")
        self.assertEqual(self.changes()[0]["User"], ALLOWED)
        self.fails("AccessDenied", denied.call, "SetField", MODEL, LIGHT, "/notes", '"denied"', "")
        self.assertEqual(self.revision(), change)
        self.assertEqual(json.loads(denied.call("GetMapping", MODEL, LIGHT)[0])["notes"], "peer")

    def test_a_connection_that_ends_leaves_the_daemon(self):
        pid = self.client.owner_pid()
        for _ in range(20):
            client = self.bench.connect(peer=True)
            client.begin("GetMappings", MODEL)
            client.close()
        with self.bench.connect(peer=True) as client:
            client.call("ListModels")
        self.assertEqual(self.client.owner_pid(), pid)


class SocketActivationTest(IntegrationTest):
    bench_options = {"peer": True, "idle_exit": 0.2}
    start_daemon = False

    def unit(self):
        # Two of them on one socket would start two daemons.
        unit = SocketUnit(self.bench)
        self.addCleanup(unit.stop)
        return unit

    def test_comes_leaves_and_comes_again(self):
        unit = self.unit()
        with self.bench.connect(peer=True) as client:
            data = client.call("GetMapping", MODEL, LIGHT)
        wait_until(lambda: unit.exits, "the daemon leaves when idle")
        with self.bench.connect(peer=True) as client:
            self.assertEqual(client.call("GetMapping", MODEL, LIGHT), data)
        wait_until(lambda: len(unit.exits) >= 2, "it leaves again")
        self.assertEqual(set(unit.exits), {0})

    def test_a_connection_that_stays_open_is_not_cut(self):
        unit = self.unit()
        client = self.bench.connect(peer=True)
        first = client.call("ListModels")
        for _ in range(4):
            time.sleep(0.4)
            self.assertEqual(client.call("ListModels"), first)
        client.close()
        wait_until(lambda: unit.exits, "it leaves once nobody is connected")

    def test_on_the_bus_too(self):
        unit = self.unit()
        with self.bench.connect(peer=True) as client:
            client.call("ListModels")
            wait_until(self.client.has_owner, f"{NAME} is on the bus")
        wait_until(lambda: unit.exits, "it leaves")


class NoBusTest(IntegrationTest):
    """Early boot: the socket is there and the bus is not."""

    bench_options = {"peer": True, "bus": False}
    start_daemon = False

    def test_serves(self):
        self.bench.spawn()
        with self.bench.connect(peer=True) as client:
            self.assertEqual(json.loads(client.call("GetMapping", MODEL, LIGHT)[0])["friendly_name"], "Bedroom Light")
            self.assertEqual(client.call("SetField", MODEL, LIGHT, "/friendly_name", '"Early"', ""), 2)
            self.assertEqual(json.loads(client.call("GetMapping", MODEL, LIGHT)[0])["friendly_name"], "Early")
        caller = self.as_user(ALLOWED, peer=True)
        error = caller.begin("SetField", MODEL, LIGHT, "/friendly_name", '"x"', "").error()
        self.check_error(error, "AccessDenied", "IOError", "NotSupported")
        self.assertIsNone(self.bench.daemon.poll())
