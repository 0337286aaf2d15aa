# SPDX-License-Identifier: LGPL-2.1-or-later
"""Input that nobody should send. After each the same process serves on, nothing is written and memory stays bounded."""

import json
import os
import socket
import struct
import subprocess

from harness import (
    ALLOWED,
    DENIED,
    INTERFACE,
    MODEL,
    PATH,
    SHORT,
    BusError,
    Gio,
    GLib,
    IntegrationTest,
    as_user,
    resident_kib,
    wait_until,
)

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
