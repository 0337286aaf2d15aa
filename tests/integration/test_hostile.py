# SPDX-License-Identifier: LGPL-2.1-or-later
"""Input that nobody should send. After each the same process serves on, nothing is written and memory stays bounded."""

import json
import os
import re
import resource
import socket
import struct
import subprocess
import threading

from harness import (
    ALLOWED,
    DENIED,
    INTERFACE,
    MODEL,
    PATH,
    SHORT,
    SOURCE_ROOT,
    BusError,
    Gio,
    GLib,
    IntegrationTest,
    as_user,
    resident_kib,
    wait_until,
)
from releases import CEILING, OWN, Coach, ReleaseTest, own_device, second

LIGHT = "devices/bedroom_light"
BAD = ("InvalidData", "InvalidArgs", "TooLarge")


class SurvivorTest(IntegrationTest):
    """Checks after each test that the daemon came through."""

    bench_options = {"peer": True}

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.before = (self.revision(), self.call("GetMappings", MODEL))
        self.pid = self.client.owner_pid()
        self.resident = resident_kib(self.pid)

    def tearDown(self):
        self.assertEqual(self.client.owner_pid(), self.pid)
        self.assertEqual(self.bench.daemon.poll(), None)
        self.assertEqual((self.revision(), self.call("GetMappings", MODEL)), self.before)
        if not SHORT:  # a sanitizer keeps what was freed
            self.assertLess(resident_kib(self.pid), self.resident + 65536)
        super().tearDown()


class HostileTest(SurvivorTest):
    def field_refused(self, value, *names):
        self.fails(names or BAD, self.call, "SetField", MODEL, "coach_info", "/extra", value, "")

    def test_not_json(self):
        for value in (
            "{",
            "}",
            "[1,",
            '"open',
            "nul",
            "True",
            "'x'",
            "1 2",
            "{}{}",
            "01",
            "+1",
            ".5",
            "1.",
            "0x10",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e999",
            "-1e999",
            "// x\n1",
            "/* x */ 1",
            "[1,]",
            '{"a":1,}',
            "{a:1}",
            "{1:2}",
            '"\t"',
            '"\x01"',
            '"\\x41"',
            '"\\u12"',
            "\ufeff1",
            " ",
            "\n",
            "\\",
            "99999999999999999999",
            "-9223372036854775809",
            "9223372036854775808",
        ):
            with self.subTest(value=value):
                self.field_refused(value)
                self.fails(BAD, self.call, "UpdateMapping", MODEL, "lighting_scenes/x", '{"a": ' + value + "}", "")

    def test_message_says_where(self):
        error = self.fails(
            "InvalidData", self.call, "UpdateMapping", MODEL, "lighting_scenes/x", '{"a": 1,\n "b": oops}', ""
        )
        self.assertRegex(error.message, r"(?i)line 2\b.*\bcolumn \d+|\b2:\d+")

    def test_duplicate_keys(self):
        self.field_refused('{"a": 1, "a": 1}')
        self.field_refused('{"x": {"a": 1, "b": 2, "\\u0061": 3}}')

    def test_text_that_is_none(self):
        for value in (
            '"\\ud800"',
            '"\\udc00"',
            '"\\ud800x"',
            '"\\ud83d\\ud83d"',
            '"\\udc00\\ud800"',
            '"\\u0000"',
            '{"\\ud800": 1}',
            '{"\\u0000": 1}',
        ):
            with self.subTest(value=value):
                self.field_refused(value)

    def test_pairs_of_surrogates_are_fine(self):
        self.assertGreater(self.call("SetField", MODEL, "coach_info", "/extra", '"\\ud83d\\ude8c"', ""), 0)
        self.assertEqual(self.field(MODEL, "coach_info", "/extra"), "\U0001f68c")
        self.call("ResetMapping", MODEL, "coach_info", "", "")
        self.before = (self.revision(), self.call("GetMappings", MODEL))
        # Only the coach's information was touched and is as before.
        self.assertEqual(self.call("GetMapping", MODEL, "coach_info")[1], "factory")

    def test_too_deep(self):
        for depth in (65, 1000, 100_000):
            with self.subTest(depth=depth):
                self.field_refused("[" * depth + "]" * depth)
                self.field_refused("[" * depth)
                self.field_refused('{"a":' * depth + "1" + "}" * depth)

    def test_too_long(self):
        self.field_refused(json.dumps("x" * 300_000))
        self.field_refused("[" + "0," * 100_000 + "0]")
        self.field_refused("1" * 300_000)
        self.field_refused(" " * 10_000_000 + "1")
        self.field_refused(json.dumps({str(i): i for i in range(30_000)}))

    def test_unknown_model(self):
        for model in (
            "nope",
            "x" * 100_000,
            "../../etc/passwd",
            "/",
            "\n",
            "2020_Test_Coach\n",
            "%s%n",
            "'; DROP TABLE x",
        ):
            with self.subTest(model=model[:20]):
                names = ("NoSuchModel", "InvalidArgs", "TooLarge")
                self.fails(names, self.call, "GetMapping", model, "coach_info")
                self.fails(names, self.call, "SetField", model, "coach_info", "/x", "1", "")
                self.fails(names, self.call, "Import", model)

    def test_paths_that_are_none(self):
        for path in (
            "",
            "/",
            "//",
            "devices/",
            "/devices",
            "devices//",
            "devices/a/b/c",
            "devices/a/b",
            "devices/a/",
            "a~",
            "a~2",
            "devices/~",
            "x" * 100_000,
            "devices/" + "x" * 100_000,
            "a\nb",
            "devices/\x7f",
            "~",
        ):
            for method, arguments in (
                ("GetMapping", ()),
                ("Explain", ()),
                ("SetField", ("/x", "1", "")),
                ("UpdateMapping", ("{}", "")),
                ("DeleteMapping", ("",)),
                ("ResetMapping", ("", "")),
            ):
                with self.subTest(path=path[:20], method=method):
                    self.fails(("InvalidArgs", "TooLarge"), self.call, method, MODEL, path, *arguments)

    def test_paths_that_nobody_has(self):
        for path in ("nope", "devices/nope", "devices/~1", "..", "devices/..", "devices/%s", "devices/'", "🚌"):
            with self.subTest(path=path):
                self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, path)
                self.fails("NoSuchMapping", self.call, "DeleteMapping", MODEL, path, "")

    def test_bad_pointers(self):
        for field in (
            "x",
            "x/y",
            "/a~",
            "/a~2",
            "/~",
            "~0",
            " /x",
            "#/x",
            "/" + "x" * 100_000,
            "/x" * 1000,
            "/x" * 100_000,
        ):
            with self.subTest(field=field[:20]):
                self.fails(("InvalidArgs", "TooLarge"), self.call, "SetField", MODEL, "coach_info", field, "1", "")
                self.fails(("InvalidArgs", "TooLarge"), self.call, "ResetMapping", MODEL, "coach_info", field, "")
                self.fails(
                    ("InvalidArgs", "TooLarge"), self.call, "ApplyEdits", MODEL, [("set", "coach_info", field, "1")], ""
                )

    def test_whole_component_by_an_empty_pointer(self):
        """SetField with "" is either a put or no pointer at all, never half of it."""
        self.fails(BAD, self.call, "SetField", MODEL, "coach_info", "", "1", "")
        self.fails(BAD, self.call, "SetField", MODEL, LIGHT, "", "[]", "")

    def test_reason(self):
        for reason in ("x" * 1_000_000, "x" * 100_000):
            self.fails(BAD, self.call, "SetField", MODEL, "coach_info", "/extra", "1", reason)
        # A reason with line ends is refused or kept as it is; it never becomes two lines of anything.
        try:
            self.call("SetField", MODEL, "coach_info", "/extra", "1", "one\ntwo\r\n\x1b[31mred")
        except BusError as error:
            self.check_error(error, *BAD)
        else:
            self.assertNotIn("\x1b", self.bench.log())
            self.assertNotRegex(self.bench.log(), r"(?m)^two")
            self.call("ResetMapping", MODEL, "coach_info", "", "")
            self.before = (self.revision(), self.call("GetMappings", MODEL))
        self.assert_intact()

    def test_unknown_options(self):
        many = {f"option-{i}": GLib.Variant("u", i) for i in range(10_000)}
        self.fails("InvalidArgs", self.call, "ListChanges", **many)
        self.fails("InvalidArgs", self.call, "SetField", MODEL, LIGHT, "/notes", "1", "", **many)
        nested = GLib.Variant("i", 1)
        for _ in range(20):
            nested = GLib.Variant("v", nested)
        self.fails("InvalidArgs", self.call, "ListChanges", limit=nested)
        self.fails("InvalidArgs", self.call, "SetField", MODEL, LIGHT, "/notes", "1", "", expected_revision=nested)

    def test_an_option_twice(self):
        twice = GLib.Variant.parse(GLib.VariantType("a{sv}"), "{'limit': <uint32 1>, 'limit': <uint32 2>}", None, None)
        arguments = GLib.Variant.new_tuple(twice)
        self.fails("InvalidArgs", self.client.send, INTERFACE, "ListChanges", arguments)

    def test_ten_thousand_edits(self):
        def apply(edits):
            try:
                return self.call("ApplyEdits", MODEL, edits, "many")
            except BusError as error:
                self.check_error(error, "TooLarge", "LimitsExceeded", "InvalidArgs")
                return None

        edits = [("set", "coach_info", f"/field_{i}", str(i)) for i in range(10_000)]
        self.fails(
            ("Immutable", *BAD),
            self.call,
            "ApplyEdits",
            MODEL,
            [*edits[:9_999], ("set", LIGHT, "/device_type", "1")],
            "",
        )
        change = apply(edits)
        if change is not None:
            self.assertEqual(change, self.before[0] + 1)
            self.assertEqual(len([k for k in self.get(MODEL, "coach_info") if k.startswith("field_")]), 10_000)
            self.call("ResetMapping", MODEL, "coach_info", "", "")
        scenes = [("put", f"lighting_scenes/scene_{i}", "", '{"name": "x"}') for i in range(10_000)]
        change = apply(scenes)
        if change is not None:
            self.assertEqual(apply([("delete", path, "", "") for _, path, _, _ in scenes]), change + 1)
        self.before = (self.revision(), self.call("GetMappings", MODEL))
        self.assert_intact()

    def test_an_edit_that_says_the_same_ten_thousand_times(self):
        try:
            self.call("ApplyEdits", MODEL, [("set", "coach_info", "/extra", str(i)) for i in range(10_000)], "")
        except BusError as error:
            self.check_error(error, "TooLarge", "LimitsExceeded", "InvalidArgs")
        else:
            self.assertEqual(self.field(MODEL, "coach_info", "/extra"), 9_999)
            self.call("ResetMapping", MODEL, "coach_info", "", "")
            self.before = (self.revision(), self.call("GetMappings", MODEL))

    def test_a_large_message(self):
        self.field_refused('"' + "x" * 20_000_000 + '"')
        self.fails(
            (*BAD, "LimitsExceeded"),
            self.call,
            "ApplyEdits",
            MODEL,
            [("set", "coach_info", "/extra", json.dumps("x" * 200_000))] * 100,
            "",
        )

    def test_many_calls_at_once(self):
        calls = [self.client.begin("GetMapping", MODEL, LIGHT) for _ in range(5_000)]
        self.assertEqual(len({c.result() for c in calls}), 1)

    def test_regular_expressions_and_wildcards_are_text(self):
        for text in ("%", "_", "*", ".*", "\\", "["):
            for path, data, _, _ in self.call("FindMappings", MODEL, **{"text": text}):
                self.assertIn(text.lower(), (path + data).lower())


class GrowthTest(IntegrationTest):
    """Many edits, each of them small enough."""

    def test_a_component_has_a_bound(self):
        self.call("Import", MODEL)
        value = json.dumps("x" * 200_000)
        # A whole coach file has at most 8 MiB; a component that is larger than that has no bound.
        for i in range(45):
            try:
                self.call("SetField", MODEL, "coach_info", f"/field_{i}", value, "")
            except BusError as error:
                self.check_error(error, "TooLarge", "InvalidData")
                self.assertEqual(self.revision(), i + 1)
                break
        else:
            self.fail("9 MB went into one component")
        self.call("ResetMapping", MODEL, "coach_info", "", "")
        self.assertEqual(self.call("GetMapping", MODEL, "coach_info")[1], "factory")
        self.assert_intact()


class NamesTest(IntegrationTest):
    def test_names_of_processes(self):
        """They stand in the history, which everybody reads; who makes a change may choose theirs."""
        with open("/proc/self/comm", "rb") as file:
            own = file.read()
        self.addCleanup(self.rename_process, own)
        self.call("Import", MODEL)
        for name in (b"\xef\xbf\xbf", b"a\xf0\x9f\xbf\xbe!", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b[31m", b"\n\n"):
            with self.subTest(name):
                self.rename_process(name)
                self.set(MODEL, LIGHT, "/notes", repr(name))
                self.assertEqual(self.call("ListChanges", limit=1)[0][0]["Change"], self.revision())

    @staticmethod
    def rename_process(name):
        with open(f"/proc/self/task/{os.getpid()}/comm", "wb") as file:
            file.write(name)


class BoundsTest(IntegrationTest):
    """What cannot be carried is refused before it is stored, and before anybody is asked."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.before = self.revision()

    def tearDown(self):
        self.assertEqual(self.revision(), self.before)
        super().tearDown()

    def test_thousands_of_fields_of_a_component(self):
        data = json.loads(self.call("GetMapping", MODEL, "coach_info")[0])
        data.update({f"field_{i}": i for i in range(15000)})
        self.fails("TooLarge", self.call, "UpdateMapping", MODEL, "coach_info", json.dumps(data), "")

    def test_hundreds_of_edits_of_a_component(self):
        edits = [("set", "coach_info", f"/field_{i}", "1") for i in range(300)]
        self.fails("TooLarge", self.call, "ApplyEdits", MODEL, edits, "")

    def test_noncharacters(self):
        for text in ('"\\uffff"', '"\\ufdd0"', '"\\ud83f\\udffe"', '{"\\ufffe": 1}'):
            with self.subTest(text=text):
                self.fails("InvalidData", self.call, "SetField", MODEL, "coach_info", "/notes", text, "")

    def test_paths_that_mislead_a_reader(self):
        for path in ("areas/a\u0085b", "areas/a\u2028b", "areas/a\u202eb"):
            with self.subTest(path=path):
                self.fails("InvalidArgs", self.call, "UpdateMapping", MODEL, path, "{}", "")


class RawPeerTest(SurvivorTest):
    """Peer to peer no bus stands between a stranger and the daemon."""

    def connect(self, authenticate=True):
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(stranger.close)
        stranger.settimeout(10)
        stranger.connect(self.bench.path("config1.sock"))
        if authenticate:
            uid = str(os.getuid()).encode().hex().encode()
            stranger.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\n")
            self.assertTrue(stranger.recv(1000).startswith(b"OK "))
            stranger.sendall(b"BEGIN\r\n")
        return stranger

    def message(self, member="ListModels", body=None):
        message = Gio.DBusMessage.new_method_call(None, PATH, INTERFACE, member)
        message.set_serial(1)
        message.set_body(body or GLib.Variant("(a{sv})", ({},)))
        return bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def send(self, data, authenticate=True):
        """Sends bytes; whether the daemon answers or hangs up is its choice."""
        stranger = self.connect(authenticate)
        try:
            stranger.sendall(data)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(65536):
                pass
        except (ConnectionError, TimeoutError):
            pass
        stranger.close()
        self.serves()

    def serves(self):
        with self.bench.connect(peer=True) as client:
            self.assertEqual(client.call("GetMapping", MODEL, LIGHT)[1], "factory")

    def answers(self, stranger, count=1):
        """Reads until so many messages have come."""
        data = b""
        for _ in range(count):
            while len(data) < 16 or len(data) < Gio.DBusMessage.bytes_needed(data):
                received = stranger.recv(65536)
                self.assertTrue(received, "the daemon hung up")
                data += received
            data = data[Gio.DBusMessage.bytes_needed(data) :]
        self.assertEqual(data, b"")

    def test_plain_calls(self):
        stranger = self.connect()
        for _ in range(3):
            stranger.sendall(self.message())
            self.answers(stranger)

    def test_a_forged_sender(self):
        """A peer writes its header itself; no name in it makes it somebody else."""
        self.call("Import", MODEL)
        revision = self.revision()
        body = GLib.Variant("(sssssa{sv})", (MODEL, "coach_info", "/notes", '"forged"', "", {}))
        for sender in (self.client.connection.get_unique_name(), "org.freedesktop.DBus", ":1.0", ":1.1"):
            with self.subTest(sender=sender):
                message = Gio.DBusMessage.new_method_call(None, PATH, INTERFACE, "SetField")
                message.set_serial(1)
                message.set_body(body)
                message.set_sender(sender)
                stranger = self.connect()
                stranger.sendall(bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE)))
                reply = stranger.recv(65536)
                self.assertIn(b"AccessDenied", reply)
                self.assertEqual(self.revision(), revision)

    def test_everything_in_one_packet(self):
        """A client need not wait between its handshake and its first call, nor between calls."""
        uid = str(os.getuid()).encode().hex().encode()
        for count in (1, 2, 50):
            for greeting in (b"\0AUTH EXTERNAL " + uid + b"\r\nBEGIN\r\n", None):
                with self.subTest(count=count, greeting=bool(greeting)):
                    stranger = self.connect(authenticate=False)
                    if greeting is None:
                        stranger.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\n")
                        self.assertTrue(stranger.recv(1000).startswith(b"OK "))
                        greeting = b"BEGIN\r\n"
                        stranger.sendall(greeting + self.message() * count)
                    else:
                        stranger.sendall(greeting + self.message() * count)
                        said = b""
                        while not said.endswith(b"\r\n"):
                            said += stranger.recv(1)
                    self.answers(stranger, count)
                    stranger.close()

    def test_a_call_in_many_packets(self):
        stranger = self.connect()
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sound = self.message()
        for i in range(len(sound)):
            stranger.sendall(sound[i : i + 1])
        self.answers(stranger)

    def test_garbage(self):
        for data in (
            b"",
            b"\0",
            b"\xff" * 10_000,
            b"GET / HTTP/1.0\r\n\r\n",
            b"\0AUTH\r\n" * 100,
            b"\0AUTH EXTERNAL zz\r\n",
            b"\0AUTH EXTERNAL 30",
            b"\0BEGIN\r\n",
            b"\0" + b"A" * 1_000_000,
        ):
            with self.subTest(data=data[:20]):
                self.send(data, authenticate=False)

    def test_garbage_after_the_handshake(self):
        sound = self.message()
        cases = {
            "zeros": b"\0" * 1000,
            "random": bytes((i * 7919 + 13) % 256 for i in range(10_000)),
            "half a message": sound[: len(sound) // 2],
            "a byte order that is none": b"x" + sound[1:],
            "a protocol of the future": sound[:3] + b"\x09" + sound[4:],
            "a body of 4 GiB": sound[:4] + struct.pack("<I", 0xFFFFFFF0) + sound[8:],
            "fields of 4 GiB": sound[:12] + struct.pack("<I", 0xFFFFFFF0) + sound[16:],
            "serial zero": sound[:8] + struct.pack("<I", 0) + sound[12:],
            "a type that is none": sound[:1] + b"\x63" + sound[2:],
        }
        for what, data in cases.items():
            with self.subTest(what):
                self.send(data)

    def test_text_that_is_not_utf_8(self):
        sound = self.message("GetMapping", GLib.Variant("(ss)", ("model_name_here", "coach_info")))
        for bad in (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"a\0"):
            with self.subTest(bad=bad):
                self.send(sound.replace(b"model_name_here", (bad * 15)[:15]))

    def test_every_byte_of_a_message_broken_once(self):
        sound = self.message("GetMapping", GLib.Variant("(ss)", (MODEL, LIGHT)))
        for i in range(0, len(sound), 5 if SHORT else 1):
            stranger = self.connect()
            stranger.sendall(sound[:i] + bytes([sound[i] ^ 0x55]) + sound[i + 1 :])
            stranger.close()
        self.serves()

    def test_messages_that_are_no_calls(self):
        signal = Gio.DBusMessage.new_signal(PATH, INTERFACE, "MappingsChanged")
        signal.set_body(GLib.Variant("(sasst)", (MODEL, [], "edit", 7)))
        call = Gio.DBusMessage.new_method_call(None, PATH, INTERFACE, "Describe")
        call.set_serial(7)
        for message in (
            signal,
            Gio.DBusMessage.new_method_reply(call),
            Gio.DBusMessage.new_method_error_literal(call, "org.example.Error", "x"),
        ):
            message.set_serial(1)
            self.send(bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE)))

    def test_connections_that_come_and_go(self):
        for _ in range(1_000):
            self.connect(authenticate=False).close()
        for _ in range(300):
            self.connect().close()
        self.serves()

    def test_one_user_cannot_take_all_connections(self):
        """Somebody opens as many as they can and says nothing; others are served."""
        program = (
            "import socket, sys\n"
            "held = []\n"
            "for _ in range(900):\n"
            "    s = socket.socket(socket.AF_UNIX); s.settimeout(5)\n"
            "    try: s.connect(sys.argv[1])\n"
            "    except OSError: break\n"
            "    held.append(s)\n"
            "print(len(held), flush=True)\n"
            "sys.stdin.read()\n"
        )
        command = as_user(DENIED, ["/usr/bin/python3", "-c", program, self.bench.path("config1.sock")])
        greedy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        self.addCleanup(greedy.wait)
        self.addCleanup(greedy.kill)
        self.addCleanup(greedy.stdout.close)
        self.addCleanup(greedy.stdin.close)
        self.assertGreater(int(greedy.stdout.readline()), 50)
        self.serves()
        self.assertEqual(self.as_user(ALLOWED, peer=True).call("GetMapping", MODEL, LIGHT)[1], "factory")

    def test_descriptors_do_not_pile_up(self):
        def count():
            return len(os.listdir(f"/proc/{self.pid}/fd"))

        self.serves()
        before = count()
        for _ in range(50):
            with self.bench.connect(peer=True) as client:
                client.file("GetResource", "rvc.json")
        self.send(b"\xff" * 100)
        wait_until(lambda: count() <= before + 2, "the descriptors of connections that ended are closed")

    def test_a_stranger_that_never_reads(self):
        stranger = self.connect()
        stranger.settimeout(5)
        sound = self.message("GetMappings", GLib.Variant("(sa{sv})", (MODEL, {})))
        try:
            for _ in range(2_000):
                stranger.sendall(sound)
        except (TimeoutError, ConnectionError):
            pass
        self.serves()
        stranger.close()


def limit_of_descriptors():
    """What the unit allows."""
    with open(os.path.join(SOURCE_ROOT, "systemd", "coachiq-configd.service.in"), encoding="utf-8") as file:
        return int(re.search(r"^LimitNOFILE=(\d+)$", file.read(), re.M)[1])


# As many as may be had here, where that is less.
DESCRIPTORS = min(limit_of_descriptors(), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
PER_CONNECTION = 1024
CONNECTIONS = min(32, (DESCRIPTORS - 100) // PER_CONNECTION)


class DescriptorTest(IntegrationTest):
    bench_options = {"peer": True, "wrapper": ["prlimit", f"--nofile={DESCRIPTORS}"]}

    def test_the_unit_allows_what_all_connections_can_bring(self):
        self.assertGreater(limit_of_descriptors(), 128 * PER_CONNECTION)

    def test_messages_that_never_end(self):
        """A stranger sends as many descriptors as fit into messages of which the rest never comes, on all
        connections that they get. They are theirs until then; the others need some too."""
        program = (
            "import array, os, socket, sys, time\n"
            "uid = str(os.getuid()).encode().hex().encode()\n"
            "fds = array.array('i', [os.open('/dev/null', os.O_RDONLY)] * 253)\n"
            "held = []\n"
            "for _ in range(int(sys.argv[2])):\n"
            "    s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(sys.argv[1])\n"
            "    s.sendall(b'\\0AUTH EXTERNAL ' + uid + b'\\r\\n'); s.recv(1000)\n"
            "    s.sendall(b'NEGOTIATE_UNIX_FD\\r\\n'); s.recv(1000)\n"
            "    s.sendall(b'BEGIN\\r\\n'); held.append(s)\n"
            "    time.sleep(0.05)\n"
            "    for part in (b'l\\1\\0\\1\\0\\0\\1\\0\\1\\0\\0\\0\\0\\0\\0\\0', b'x', b'x', b'x'):\n"
            "        s.sendmsg([part], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]); time.sleep(0.02)\n"
            "print(len(held), flush=True)\n"
            "sys.stdin.read()\n"
        )
        self.call("Import", MODEL)
        arguments = [program, self.bench.path("config1.sock"), str(CONNECTIONS)]
        command = as_user(DENIED, ["/usr/bin/python3", "-c", *arguments])
        greedy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        self.addCleanup(greedy.wait)
        self.addCleanup(greedy.kill)
        self.addCleanup(greedy.stdout.close)
        self.addCleanup(greedy.stdin.close)
        self.assertEqual(int(greedy.stdout.readline()), CONNECTIONS)
        self.assertEqual(self.as_user(ALLOWED, peer=True).call("GetMapping", MODEL, LIGHT)[1], "factory")
        self.set(MODEL, LIGHT, "/notes", "meanwhile")
        self.call("CreateBackup", "meanwhile")
        self.call("GetResource", "rvc.json")
        self.assertEqual(self.client.property("Health"), "ok")


class UpdateSurvivorTest(ReleaseTest):
    """Checks after each test that the daemon came through, and that nothing was written."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.release(second(Coach()))
        self.token = self.preview().token
        self.before = (self.revision(), self.mappings())
        self.pid = self.client.owner_pid()
        self.resident = resident_kib(self.pid)

    def tearDown(self):
        self.assertEqual(self.client.owner_pid(), self.pid)
        self.assertEqual((self.revision(), self.mappings()), self.before)
        if not SHORT:  # a sanitizer keeps what was freed
            self.assertLess(resident_kib(self.pid), self.resident + 65536)
        self.assert_intact()
        super().tearDown()

    def refused(self, resolutions, *names):
        self.fails(names, self.preview, resolutions=resolutions)
        self.fails(names, self.apply, self.token, resolutions)


class HostileUpdateTest(UpdateSurvivorTest):
    def test_too_many_resolutions(self):
        for count in (10_001, 100_000):
            self.refused([(f"devices/light_{i}", "/x", "mine") for i in range(count)], "TooLarge")
        self.refused([(CEILING, "/friendly_name", "mine")] * 10_000, "InvalidArgs")
        self.refused([(f"devices/light_{i}", "/x", "mine") for i in range(10_000)], "InvalidArgs")
        self.refused([(CEILING, f"/field_{i}", "value:1") for i in range(10_000)], "InvalidArgs")

    def test_too_large_resolutions(self):
        value = "value:" + json.dumps("x" * 200_000)
        self.refused([(CEILING, f"/field_{i}", value) for i in range(6)], "TooLarge")
        self.refused([(CEILING, "/friendly_name", "value:" + json.dumps("x" * 20_000_000))], "TooLarge")
        self.refused([("devices/" + "x" * 2_000_000, "/x", "mine")], *BAD)
        self.refused([(CEILING, "/x" * 100_000, "mine")], *BAD)
        self.refused([(CEILING, "/friendly_name", "mine" * 100_000)], *BAD)

    def test_odd_resolutions(self):
        for path in (
            *("", "/", "//", "devices", "devices/", "devices//x", "a\nb", "~", "devices/~2"),
            *("\u202e", "\x7f", "x" * 5000),
        ):
            with self.subTest(path=path[:20]):
                self.refused([(path, "", "mine")], *BAD)
        for field in ("x", "/~", "/a~2", "#/x", " /x", "/" + "x" * 5000, "/x" * 100, "/bindings", "/bindings/x/y"):
            with self.subTest(field=field[:20]):
                self.refused([(CEILING, field, "mine")], *BAD)
        for value in (
            "",
            "{",
            "nul",
            "NaN",
            "1e999",
            "99999999999999999999",
            "1 2",
            '{"a": 1, "a": 2}',
            '"\\ud800"',
            '"\\u0000"',
            '"\\uffff"',
            "[" * 100_000,
            "[" * 1000 + "]" * 1000,
            "[" + "0," * 60_000 + "0]",
            "\x01",
            "\ufeff1",
        ):
            with self.subTest(value=value[:20]):
                self.refused([(CEILING, "/friendly_name", "value:" + value)], *BAD)
        for choice in ("", "Mine", " mine", "mine ", "value", "value :1", "vendor\n", "\x1b[31m", "%s%n"):
            with self.subTest(choice=choice):
                self.refused([(CEILING, "/friendly_name", choice)], "InvalidArgs")
        self.assertNotIn("\x1b", self.bench.log())

    def test_text_that_is_none(self):
        """Over the bus no such message arrives; who sends one is cut off."""
        client = self.bench.connect()
        text = GLib.Variant.new_from_bytes(GLib.VariantType.new("s"), GLib.Bytes.new(b"\xff\xfe\x80\0"), False)
        body = GLib.Variant.new_tuple(
            GLib.Variant("s", MODEL), text, GLib.Variant("a(sss)", []), GLib.Variant("s", ""), GLib.Variant("a{sv}", {})
        )
        try:
            client.send(INTERFACE, "ApplyUpdate", body)
        except BusError:
            pass

    def test_tokens(self):
        for token in ("x" * 20_000_000, "keep-mine:" * 1_000_000, ":" * 1_000_000, "keep-mine:" + "0" * 5_000_000):
            with self.subTest(token=token[:20]):
                self.fails("Conflict", self.apply, token)

    def test_reasons(self):
        for size in (1025, 100_000, 20_000_000):
            self.fails("TooLarge", self.apply, self.token, reason="x" * size)
            self.fails("TooLarge", self.undo, 2, reason="x" * size)

    def test_a_list_given_twice(self):
        """Nothing of the first is kept."""
        many = [(CEILING, f"/field_{i}", "mine") for i in range(10_000)]
        twice = GLib.VariantBuilder(GLib.VariantType("a{sv}"))
        for entries in (many, []):
            twice.add_value(GLib.Variant("{sv}", ("resolutions", GLib.Variant("a(sss)", entries))))
        arguments = GLib.Variant.new_tuple(GLib.Variant("s", MODEL), twice.end())
        for _ in range(3):
            self.fails("InvalidArgs", self.client.send, INTERFACE, "PreviewUpdate", arguments, text="given twice")

    def test_pages(self):
        whole = self.preview()
        for offset in (0, 1, len(whole.items), 2**31 - 1, 2**31, 2**32 - 1):
            for limit in (1, 2**31, 2**32 - 1):
                with self.subTest(offset=offset, limit=limit):
                    page = self.preview(offset=offset, limit=limit)
                    self.assertEqual(page.items, whole.items[offset : offset + limit])

    def test_numbers(self):
        for number in (0, 2**31, 2**32, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 2, 2**64 - 1):
            self.fails("NoSuchChange", self.undo, number, force=True)
            self.fails("Conflict", self.undo, 2, expected_revision=number)

    def test_many_settings(self):
        many = {f"setting-{i}": GLib.Variant("u", i) for i in range(10_000)}
        self.fails("InvalidArgs", self.call, "SetRetention", many)
        twice = GLib.Variant.parse(GLib.VariantType("a{sv}"), "{'days': <uint32 1>, 'days': <uint32 2>}", None, None)
        arguments = GLib.Variant.new_tuple(twice, GLib.Variant("a{sv}", {}))
        self.fails("InvalidArgs", self.client.send, INTERFACE, "SetRetention", arguments)

    def test_by_nobody(self):
        """Without polkit nobody but root writes, however they ask."""
        caller = self.as_user(DENIED)
        for method, arguments, options in (
            ("ApplyUpdate", (MODEL, self.token, [], ""), {"allow_collisions": True}),
            ("UndoChange", (2, ""), {}),
            ("UndoChange", (2, ""), {"force": True}),
            ("SetRetention", ({"changes": GLib.Variant("u", 1), "days": GLib.Variant("u", 0)},), {}),
        ):
            for interactive in (False, True):
                error = caller.begin(method, *arguments, interactive=interactive, **options).error()
                self.check_error(error, "AccessDenied", "IOError", "NotSupported")

    def test_a_flood_beside_a_reader(self):
        flooder, reader = self.as_user(DENIED), self.bench.connect()
        resolutions = [(CEILING, "/friendly_name", "vendor")]
        flood = []
        for _ in range(20 if SHORT else 200):
            flood.append(flooder.begin("PreviewUpdate", MODEL, resolutions=resolutions, limit=2**32 - 1))
            flood.append(flooder.begin("CheckForUpdates", MODEL))
        for _ in range(20):
            self.assertEqual(json.loads(reader.call("GetMapping", MODEL, CEILING)[0])["friendly_name"], "Reading nook")
            reader.property("UpdatesAvailable")
        answers = [call.result() for call in flood]
        self.assertEqual({answer[0] for answer in answers[::2]}, {self.token})
        self.assertEqual(set(answers[1::2]), {(True, "1.0.0", "2.0.0")})

    def test_files(self):
        laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(b)}: &{chr(b)} [" + ",".join([f"*{chr(b - 1)}"] * 10) + "]\n" for b in range(ord("b"), ord("k"))
        )
        path = os.path.join(self.bench.seeds, "coaches", f"{MODEL}.yml")

        def special(make, *arguments):
            os.unlink(path)
            make(*arguments, path)

        cases = {
            "laughs": lambda: self.release(laughs),
            "deep": lambda: self.release("a: " + "[" * 10_000 + "]" * 10_000),
            "large": lambda: self.release("coach_info:\n  notes: " + "x" * (9 << 20)),
            "binary": lambda: self.release("\0\1\2" * 1000),
            "nothing": lambda: self.release(""),
            "half": lambda: self.release(second(Coach()).text()[:-500]),
            "a FIFO": lambda: special(os.mkfifo),
            "a device": lambda: special(os.symlink, "/dev/zero"),
            "a folder": lambda: special(os.mkdir),
        }
        for what, make in cases.items():
            with self.subTest(what):
                make()
                names = ("InvalidFile", "TooLarge", "IOError")
                self.fails(names, self.call, "CheckForUpdates", MODEL)
                self.fails(names, self.preview)
                self.fails(names, self.apply, self.token)
                self.assertEqual(self.client.property("UpdatesAvailable"), [])
                self.assertEqual(self.client.property("Health"), "ok")
                self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading nook")
                if os.path.isdir(path):
                    os.rmdir(path)
                self.release(second(Coach()))
                self.assertEqual(self.preview().token, self.token)

    def test_memory_of_previews(self):
        coach = second(Coach())
        for i in range(500):
            coach.add(f"crowd_{i}_light", 100 + i % 100)
        self.release(coach)
        for _ in range(5):
            self.preview()
        resident = resident_kib(self.pid)
        for _ in range(5 if SHORT else 40):
            self.preview()
            self.call("CheckForUpdates", MODEL)
        if not SHORT:
            self.assertLess(resident_kib(self.pid), resident + 16384)


class MovingFileTest(ReleaseTest):
    """Somebody writes the coach file all the while, and not in one piece."""

    def test_updates_all_the_while(self):
        self.call("Import", MODEL)
        path = os.path.join(self.bench.seeds, "coaches", f"{MODEL}.yml")
        texts, states = [], []
        for i in range(4):
            coach = second(Coach()).next(f"2.{i}")
            for j in range(100):
                coach.add(f"crowd_{j}_light", 100 + j, release=i)
            texts.append(coach.text())
            self.release(coach, f"2022_Test_{i}")
            states.append(self.mappings(f"2022_Test_{i}"))
        states.append(self.mappings())
        stop = threading.Event()

        def write():
            number = 0
            while not stop.is_set():
                number += 1
                with open(path, "w", encoding="utf-8") as file:
                    for start in range(0, len(texts[0]), 4000):
                        file.write(texts[number % 4][start : start + 4000])
                        file.flush()

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        done = 0
        try:
            for _ in range(10 if SHORT else 100):
                try:
                    before = self.revision()
                    done += self.apply(allow_device_loss=True) > before
                except BusError as error:
                    self.check_error(error, "Conflict", "InvalidFile", "Blocked")
                self.assertIn(self.mappings(), states)
        finally:
            stop.set()
            writer.join()
        self.release(texts[0])
        self.apply(allow_device_loss=True)
        self.assertEqual(self.mappings(), states[0])
        self.assert_intact()


class LargeUpdateTest(ReleaseTest):
    """Thousands of devices, hundreds of edits."""

    def crowd(self, version):
        coach = Coach(version)
        for i in range(400 if SHORT else 2000):
            coach.add(f"crowd_{i}_light", i % 250, friendly_name=f"{i} of {version}")
            coach.bindings[f"crowd_{i}_light"] = [("1FFB8", i % 250, {})]
        return coach

    def test_update(self):
        self.release(self.crowd("1"))
        self.call("Import", MODEL)
        count = 200 if SHORT else 1000
        edits = [("set", f"devices/crowd_{i}_light", "/friendly_name", f'"mine {i}"') for i in range(count - 1)]
        self.call("ApplyEdits", MODEL, [*edits, ("put", OWN, "", json.dumps(own_device()))], "many", force=True)
        before = self.mappings()
        self.release(self.crowd("2"))
        preview = self.preview()
        self.assertEqual(preview.counts["conflict"], count - 1)
        self.assertEqual(len(preview.items), sum(preview.counts.values()))
        resolutions = [(i.path, i.field, "vendor") for i in preview.items if i.kind == "conflict"][: count // 2]
        change = self.apply(preview.token, resolutions)
        mine = [d for d, _ in self.mappings().values() if '"friendly_name":"mine ' in d]
        self.assertEqual(len(mine), count - 1 - count // 2)
        entries, _ = self.call("GetHistory", MODEL, "", limit=1)
        self.assertEqual({e["Change"] for e in entries}, {change})
        self.assertEqual(len(entries), count)
        self.undo(change)
        self.assertEqual(self.mappings(), before)
        self.assert_intact()
