# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the reference data comes from: from inside the binary alone, or, for developers, from a folder first."""

import hashlib
import json
import os
import re
import shutil

from harness import BUNDLED, BusError, FIXTURES, HERE, MODEL, PLAIN, ROOT, SOURCE_ROOT, IntegrationTest, wait_until

REFERENCE = re.compile(r"\.ya?ml\b|rvc\.json|/seeds\b|\.gresource\b")


class DevelopmentTest(IntegrationTest):
    needs_root = False
    bench_per_test = True
    start_daemon = False

    def setUp(self):
        super().setUp()
        self.seeds = self.bench.path("seeds")
        shutil.copytree(FIXTURES, self.seeds)
        self.bench.seeds = self.seeds

    def coach(self, name=MODEL):
        return os.path.join(self.seeds, "coaches", f"{name}.yml")

    def edit(self, old, new, name=MODEL):
        with open(self.coach(name), encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(self.coach(name), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def test_reads_the_folder(self):
        self.edit("friendly_name: Bedroom Light", "friendly_name: Edited In The Folder")
        self.bench.start()
        self.assertIs(self.client.property("DevelopmentMode"), True)
        self.assertEqual(self.field(MODEL, "devices/bedroom_light", "/friendly_name"), "Edited In The Folder")
        self.assertRegex(self.bench.log(), "(?i)development")

    def test_the_folder_comes_before_the_bundle(self):
        shutil.copy(self.coach(PLAIN), self.coach(BUNDLED))
        self.bench.start()
        self.assertEqual(self.get(BUNDLED, "coach_info")["model"], "Plain")

    def test_a_new_file_in_the_folder(self):
        self.bench.start()
        shutil.copy(self.coach(PLAIN), self.coach("2022_Test_New"))
        self.bench.restart()
        self.assertIn("2022_Test_New", [m["Id"] for m in self.call("ListModels")])
        self.assertEqual(self.get("2022_Test_New", "coach_info")["model"], "Plain")

    def test_a_newer_file_is_an_update_not_an_import(self):
        self.bench.start()
        self.call("GetMapping", MODEL, "coach_info")
        self.edit("friendly_name: Bedroom Light", "friendly_name: Newer")
        self.bench.restart()
        self.assertEqual(self.field(MODEL, "devices/bedroom_light", "/friendly_name"), "Bedroom Light")
        model = next(m for m in self.call("ListModels") if m["Id"] == MODEL)
        self.assertTrue(model["UpdateAvailable"])
        self.assertNotEqual(model["BundledHash"], model["ImportedHash"])
        if ROOT:
            try:
                self.assertEqual(self.call("Import", MODEL), 1)
            except BusError as error:
                self.check_error(error, "Exists")
        self.assertEqual(self.field(MODEL, "devices/bedroom_light", "/friendly_name"), "Bedroom Light")
        self.assertEqual(self.revision(), 1)

    def test_another_layout_is_no_update(self):
        self.bench.start()
        self.call("GetMapping", MODEL, "coach_info")
        self.edit("# A small coach", "# A tiny coach")
        self.edit("notes: Stands on no road", "notes:   'Stands on no road'")
        self.bench.restart()
        model = next(m for m in self.call("ListModels") if m["Id"] == MODEL)
        self.assertFalse(model["UpdateAvailable"])
        self.assertEqual(model["BundledHash"], model["ImportedHash"])

    def test_resource(self):
        content = b'{"pgns": {}}\n'
        with open(os.path.join(self.seeds, "rvc.json"), "wb") as file:
            file.write(content)
        self.bench.start()
        self.assertEqual(self.call("ListResources"), [("rvc.json", len(content), hashlib.sha256(content).hexdigest())])
        self.assertEqual(self.client.file("GetResource", "rvc.json")[0], content)

    def test_broken_files(self):
        broken = {
            "unclosed": ("coach_info: {make: Test\nx: 1\n", r"(?i)line 2\b.*column \d+|\b2:\d+"),
            "tab": ("coach_info:\n\tmake: Test\n", r"(?i)line 2\b.*column \d+|\b2:\d+"),
            "duplicate": ("coach_info:\n  make: a\n  make: b\n", r"(?i)line 3\b.*column \d+|\b3:\d+"),
            "alias": ("coach_info:\n  make: *nobody\n", r"(?i)line 2\b.*column \d+|\b2:\d+"),
            "a_list": ("- 1\n- 2\n", r"(?i)line 1\b.*column \d+|\b1:\d+"),
            "bad_instance": ("1FEDA:\n  999:\n    - entity_id: a_light\n", r"(?i)line [23]\b.*column \d+|\b[23]:\d+"),
            "no_id": ("1FEDA:\n  1:\n    - friendly_name: x\n", r"(?i)line 3\b.*column \d+|\b3:\d+"),
        }
        for name, (text, _) in broken.items():
            with open(self.coach(name), "w", encoding="utf-8") as file:
                file.write(text)
        self.bench.start()
        for name, (_, where) in broken.items():
            with self.subTest(name):
                self.fails("InvalidFile", self.call, "GetMapping", name, "coach_info", text=where)
                if ROOT:
                    self.fails("InvalidFile", self.call, "Import", name, text=where)
        # The others are not touched by it.
        self.assertEqual(self.get(MODEL, "coach_info")["make"], "Test")
        self.assertIn(MODEL, [m["Id"] for m in self.call("ListModels")])
        self.assertEqual(self.revision(), 1)

    def test_hostile_files(self):
        laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(b)}: &{chr(b)} [" + ",".join([f"*{chr(b - 1)}"] * 10) + "]\n" for b in range(ord("b"), ord("k"))
        )
        hostile = {
            "laughs": laughs,
            "deep": "a: " + "[" * 10_000 + "]" * 10_000 + "\n",
            "large": "coach_info:\n  notes: " + "x" * (9 << 20) + "\n",
            "crowd": "1FEDA:\n  1:\n" + "".join(f"    - {{entity_id: l{i}}}\n" for i in range(50_001)),
        }
        for name, text in hostile.items():
            with open(self.coach(name), "w", encoding="utf-8") as file:
                file.write(text)
        self.bench.start()
        pid = self.client.owner_pid()
        for name in hostile:
            with self.subTest(name):
                self.fails(("InvalidFile", "TooLarge"), self.call, "GetMapping", name, "coach_info")
        self.assertEqual(self.client.owner_pid(), pid)
        self.assertEqual(self.get(MODEL, "coach_info")["make"], "Test")

    def test_a_folder_that_is_not_there(self):
        self.bench.seeds = self.bench.path("nowhere")
        process = self.bench.spawn()
        wait_until(lambda: process.poll() is not None or self.client.has_owner(), "the daemon answers or ends")
        if process.poll() is None:
            self.assertIn(BUNDLED, [m["Id"] for m in self.call("ListModels")])
        else:
            self.assertGreater(process.poll(), 0)
        self.assertIn("nowhere", self.bench.log())


class NoSeedFileTest(IntegrationTest):
    """As shipped the daemon opens no reference file at all."""

    bench_options = {"seeds": None}
    start_daemon = False

    def serve_everything(self):
        models = [m["Id"] for m in self.call("ListModels")]
        self.assertIn(BUNDLED, models)
        for model in models:
            self.assertTrue(self.call("GetMappings", model)[0])
        json.loads(self.client.file("GetResource", "rvc.json")[0])
        self.assertTrue(self.call("ListDgns"))
        self.call("Describe")
        self.set(BUNDLED, "coach_info", "/notes", "edited")

    def test_trace(self):
        if not os.path.exists("/usr/bin/strace"):
            self.skipTest("strace is not installed")
        trace = self.bench.path("trace")
        self.bench.wrapper = [
            "/usr/bin/strace",
            "-f",
            "-qq",
            "-s",
            "4096",
            "-o",
            trace,
            "-e",
            "trace=open,openat,openat2,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,chdir",
        ]
        # A leak checker cannot work under a tracer.
        self.bench.start(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        self.serve_everything()
        os.kill(self.client.owner_pid(), 15)
        self.bench.daemon.wait()
        with open(trace, encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
        # From here on it is the daemon, not what starts it.
        begin = max((i for i, line in enumerate(lines) if "config.db" in line), default=None)
        self.assertIsNotNone(begin, "the trace shows nothing of the daemon")
        found = [line for line in lines if REFERENCE.search(line) or (SOURCE_ROOT + "/seeds") in line]
        self.assertEqual(found, [])

    def test_where_no_seed_file_exists(self):
        """In a mount namespace in which the source and the build tree are empty."""
        empty = self.bench.path("empty")
        os.mkdir(empty)
        binary = self.bench.path("the-daemon")
        shutil.copy(self.bench.binary, binary)
        os.chmod(binary, 0o755)
        build = os.path.dirname(os.path.abspath(self.bench.binary))
        folders = {SOURCE_ROOT, build, os.path.dirname(os.path.dirname(build))} - {"/", "/usr", "/usr/libexec", "/tmp"}
        # The innermost first: once a folder is covered, those inside it cannot be reached any more.
        hidden = sorted((f for f in folders if not self.bench.directory.startswith(f + "/")), key=len, reverse=True)
        self.assertIn(SOURCE_ROOT, hidden)
        self.bench.binary = binary
        script = "".join(f"mount --bind '{empty}' '{h}' && " for h in hidden if os.path.isdir(h)) + 'exec "$@"'
        self.bench.wrapper = ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]
        self.bench.start()
        self.assertFalse(os.path.exists(f"/proc/{self.client.owner_pid()}/root{HERE}/run.py"))
        self.serve_everything()
