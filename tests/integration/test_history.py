# SPDX-License-Identifier: LGPL-2.1-or-later
"""The record: what it says, in which pages, and that damage to it is found."""

import json
import os
import shutil
import sqlite3
import time

from harness import ALLOWED, INTERFACE, MODEL, PLAIN, IntegrationTest, ids_of, make_arguments
from test_models import dictionary_types

LIGHT = "devices/bedroom_light"
CHANGE = {"Change": "t", "Time": "t", "Kind": "s", "Model": "s", "User": "s", "Reason": "s", "Uid": "u", "Entries": "u"}
ENTRY = {
    "Change": "t",
    "Time": "t",
    "Kind": "s",
    "Path": "s",
    "Field": "s",
    "Before": "s",
    "After": "s",
    "User": "s",
    "Reason": "s",
    "Uid": "u",
}


class ChangesTest(IntegrationTest):
    """One database with some history, read in many ways."""

    needs_polkit = True

    def setUp(self):
        super().setUp()
        if self.revision():
            return
        cls = type(self)
        cls.start = time.time_ns() // 1000
        self.call("Import", MODEL)  # 1
        self.call("Import", PLAIN)  # 2
        user = self.as_user(ALLOWED)
        self.set(MODEL, LIGHT, "/friendly_name", "One", client=user, reason="by hand")  # 3
        self.set(PLAIN, "devices/only_light", "/friendly_name", "Two")  # 4
        self.call("SetActiveModel", MODEL)  # 5
        self.call("SetInterface", "house", "can0")  # 6
        for i in range(20):
            self.set(MODEL, "coach_info", "/counter", i, reason=f"count {i}")  # 7 … 26
        self.call(
            "ApplyEdits",
            MODEL,
            [("set", LIGHT, "/notes", '"x"'), ("delete", "devices/porch_light", "", "")],
            "two at once",
        )  # 27
        cls.end = time.time_ns() // 1000

    def test_keys_and_types(self):
        reply, _ = self.client.send(INTERFACE, "ListChanges", make_arguments("ListChanges", (), {}))
        for i in range(reply.get_child_value(0).n_children()):
            types = dictionary_types(reply.get_child_value(0).get_child_value(i))
            self.assertEqual({key: types.get(key) for key in CHANGE}, CHANGE)
        reply, _ = self.client.send(INTERFACE, "GetHistory", make_arguments("GetHistory", (MODEL, ""), {}))
        self.assertGreater(reply.get_child_value(0).n_children(), 20)
        for i in range(reply.get_child_value(0).n_children()):
            types = dictionary_types(reply.get_child_value(0).get_child_value(i))
            self.assertEqual({key: types.get(key) for key in ENTRY}, ENTRY)

    def test_all_newest_first(self):
        changes = self.changes()
        self.assertEqual([c["Change"] for c in changes], list(range(27, 0, -1)))
        self.assertEqual(
            [c["Kind"] for c in changes[::-1]],
            ["import", "import", "edit", "edit", "activate", "interface"] + ["edit"] * 21,
        )
        times = [c["Time"] for c in changes]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertTrue(self.start <= times[-1] and times[0] <= self.end)

    def test_who_and_why(self):
        changes = {c["Change"]: c for c in self.changes()}
        self.assertEqual(
            {k: changes[3][k] for k in ("User", "Uid", "Reason", "Model", "Entries")},
            {"User": ALLOWED, "Uid": ids_of(ALLOWED)[0], "Reason": "by hand", "Model": MODEL, "Entries": 1},
        )
        self.assertEqual(
            {k: changes[4][k] for k in ("User", "Uid", "Reason", "Model")},
            {"User": "root", "Uid": 0, "Reason": "a test", "Model": PLAIN},
        )
        self.assertEqual(changes[27]["Entries"], 2)
        self.assertEqual(changes[6]["Model"], "")

    def test_pages(self):
        whole = self.changes()
        for limit in (1, 2, 5, 26, 27, 28, 1000):
            with self.subTest(limit=limit):
                self.assertEqual(self.changes(limit=limit), whole)
        page, following = self.call("ListChanges", limit=5)
        self.assertEqual(([c["Change"] for c in page], following), ([27, 26, 25, 24, 23], 23))
        self.assertEqual(self.call("ListChanges", before=1), ([], 0))

    def test_filters(self):
        self.assertEqual([c["Change"] for c in self.changes(model=PLAIN)], [4, 2])
        self.assertEqual([c["Change"] for c in self.changes(kind="import")], [2, 1])
        self.assertEqual([c["Change"] for c in self.changes(kind="import", model=MODEL)], [1])
        self.assertEqual(
            [c["Change"] for c in self.changes(kind="edit", limit=3)],
            [c["Change"] for c in self.changes() if c["Kind"] == "edit"],
        )
        self.assertEqual(self.changes(kind="interface")[0]["Change"], 6)
        self.assertEqual(self.changes(model="nope"), [])

    def test_bad_options(self):
        from harness import GLib

        for options in (
            {"limit": 0},
            {"limit": 1001},
            {"before": GLib.Variant("u", 3)},
            {"colour": "red"},
            {"model": GLib.Variant("u", 3)},
            {"expected_revision": 3},
        ):
            with self.subTest(options=options):
                self.fails("InvalidArgs", self.call, "ListChanges", **options)
        for options in ({"limit": 0}, {"limit": 1001}, {"model": MODEL}, {"colour": "red"}):
            with self.subTest(options=options):
                self.fails("InvalidArgs", self.call, "GetHistory", MODEL, LIGHT, **options)

    def test_history_of_a_component(self):
        entries = [e for e in self.history(MODEL, LIGHT) if e["Kind"] != "import"]
        self.assertEqual(
            [(e["Change"], e["Kind"], e["Path"], e["Field"], e["Before"], e["After"]) for e in entries],
            [(27, "set", LIGHT, "/notes", "", '"x"'), (3, "set", LIGHT, "/friendly_name", '"Bedroom Light"', '"One"')],
        )
        self.assertEqual(
            {k: entries[1][k] for k in ("User", "Uid", "Reason")},
            {"User": ALLOWED, "Uid": ids_of(ALLOWED)[0], "Reason": "by hand"},
        )

    def test_history_follows_a_value(self):
        entries = [e for e in self.history(MODEL, "coach_info") if e["Kind"] != "import"]
        self.assertEqual([e["After"] for e in entries], [str(i) for i in range(19, -1, -1)])
        self.assertEqual([e["Before"] for e in entries], [str(i) for i in range(18, -1, -1)] + [""])

    def test_history_in_pages(self):
        whole = self.history(MODEL, "")
        for limit in (1, 3, 10, 1000):
            with self.subTest(limit=limit):
                self.assertEqual(self.history(MODEL, "", limit=limit), whole)
        numbers = [e["Change"] for e in whole]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertEqual(numbers.count(27), 2)
        self.assertNotIn(4, numbers)

    def test_history_of_a_deleted_component(self):
        entry = self.history(MODEL, "devices/porch_light")[0]
        self.assertEqual((entry["Kind"], entry["Field"], entry["After"]), ("delete", "", ""))
        self.assertEqual(json.loads(entry["Before"])["friendly_name"], "Porch Light")

    def test_history_of_the_unknown(self):
        self.fails("NoSuchMapping", self.call, "GetHistory", MODEL, "devices/nope")
        self.fails("NoSuchMapping", self.call, "GetHistory", MODEL, "devices/only_light")

    def test_intact(self):
        self.assertEqual(self.assert_intact(), 27)
        self.bench.restart()
        self.assertEqual(self.assert_intact(), 27)


class KindsTest(IntegrationTest):
    def newest(self, path):
        return self.history(MODEL, path, limit=1)[0]

    def test_kinds(self):
        scene = json.dumps({"name": "Movie"})
        for method, arguments, path, expected in (
            ("SetField", (LIGHT, "/notes", "1", ""), LIGHT, ("set", "/notes", "", "1")),
            ("SetField", (LIGHT, "/notes", "2", ""), LIGHT, ("set", "/notes", "1", "2")),
            ("SetField", (LIGHT, "/area", "", ""), LIGHT, ("unset", "/area", '"interior.bedroom"', "")),
            ("ResetMapping", (LIGHT, "/area", ""), LIGHT, ("reset", "/area", "", '"interior.bedroom"')),
            (
                "UpdateMapping",
                ("lighting_scenes/x", scene, ""),
                "lighting_scenes/x",
                ("add", "", "", '{"name":"Movie"}'),
            ),
            ("DeleteMapping", ("lighting_scenes/x", ""), "lighting_scenes/x", ("delete", "", '{"name":"Movie"}', "")),
        ):
            with self.subTest(method=method, arguments=arguments):
                change = self.call(method, MODEL, *arguments)
                entry = self.newest(path)
                self.assertEqual(
                    (entry["Change"], entry["Kind"], entry["Field"], entry["Before"], entry["After"]),
                    (change, *expected),
                )


class DamageTest(IntegrationTest):
    """Somebody works on the database with another program."""

    bench_options = {}
    bench_per_test = True

    # What is done, as SQL. The changes are: 1 import, 2 … 9 edits of one field, 10 activation.
    DAMAGE = {
        "a change's reason is edited": "UPDATE changes SET reason = 'harmless' WHERE id = 5",
        "a change's user is edited": "UPDATE changes SET user = 'nobody' WHERE id = 5",
        "a change's uid is edited": "UPDATE changes SET uid = 65534 WHERE id = 5",
        "a change's time is edited": "UPDATE changes SET time = time - 1 WHERE id = 5",
        "a change's kind is edited": "UPDATE changes SET kind = 'import' WHERE id = 5",
        "a change's model is edited": "UPDATE changes SET coach_model = 'other' WHERE id = 5",
        "the first change is edited": "UPDATE changes SET reason = 'harmless' WHERE id = 1",
        "the last change is edited": "UPDATE changes SET reason = 'harmless' WHERE id = 10",
        "what a setting's change says is edited": "UPDATE changes SET detail = '{}' WHERE id = 10",
        "a change is deleted": "DELETE FROM changes WHERE id = 5",
        "a change is deleted with its history": "DELETE FROM coach_mapping_history WHERE change_id = 5; DELETE FROM changes WHERE id = 5",
        "the first change is deleted": "DELETE FROM changes WHERE id = 1",
        "the last change is deleted": "DELETE FROM changes WHERE id = 10",
        "the last two are deleted": "DELETE FROM coach_mapping_history WHERE change_id >= 9; DELETE FROM changes WHERE id >= 9",
        "all changes are deleted": "DELETE FROM coach_mapping_history; DELETE FROM changes",
        "two changes are swapped": "UPDATE changes SET id = -5 WHERE id = 5; UPDATE changes SET id = 5 WHERE id = 6;"
        "UPDATE changes SET id = 6 WHERE id = -5",
        "two changes are swapped with their history": "UPDATE changes SET id = -5 WHERE id = 5; UPDATE changes SET id = 5 WHERE id = 6;"
        "UPDATE changes SET id = 6 WHERE id = -5;"
        "UPDATE coach_mapping_history SET change_id = 11 - change_id WHERE change_id IN (5, 6)",
        "an entry's new value is edited": "UPDATE coach_mapping_history SET after = '42' WHERE change_id = 5",
        "an entry's old value is edited": "UPDATE coach_mapping_history SET before = '42' WHERE change_id = 5",
        "an entry's field is edited": "UPDATE coach_mapping_history SET field = '/x' WHERE change_id = 5",
        "an entry's kind is edited": "UPDATE coach_mapping_history SET kind = 'unset' WHERE change_id = 5",
        "an entry's whole old data is edited": "UPDATE coach_mapping_history SET previous_data = '{}' WHERE change_id = 5",
        "what an undo needs is edited": "UPDATE coach_mapping_history SET override_before = NULL WHERE change_id = 5",
        "an entry is laid at another component's door": "UPDATE coach_mapping_history SET mapping_id = (SELECT id FROM coach_mappings WHERE component_path ="
        " 'devices/porch_light') WHERE change_id = 5",
        "an entry is deleted": "DELETE FROM coach_mapping_history WHERE change_id = 5",
        "an entry moves to another change": "UPDATE coach_mapping_history SET change_id = 6 WHERE change_id = 5",
        "two entries are swapped": "UPDATE coach_mapping_history SET change_id = 11 - change_id WHERE change_id IN (5, 6)",
        "an entry is forged": "INSERT INTO coach_mapping_history (mapping_id, change_id, kind, field, before, after)"
        " SELECT mapping_id, change_id, 'set', '/x', NULL, '1' FROM coach_mapping_history WHERE change_id = 5",
        "a change is forged": "INSERT INTO changes (id, time, kind, coach_model, reason, user, uid, pid, process, entries,"
        " content_hash, detail, previous_hash, hash) SELECT 11, time, kind, coach_model, reason, user, uid, pid, process,"
        " entries, content_hash, detail, hash, hash FROM changes WHERE id = 10",
    }

    def test_damage_is_found(self):
        self.call("Import", MODEL)
        for i in range(8):
            self.set(MODEL, LIGHT, "/notes", i)
        self.assertEqual(self.call("SetActiveModel", MODEL), 10)
        self.assertEqual(self.assert_intact(), 10)
        self.assertEqual(self.bench.stop(), 0)
        sound = self.bench.path("sound.db")
        shutil.copy(self.bench.database, sound)
        for what, statement in self.DAMAGE.items():
            with self.subTest(what):
                connection = sqlite3.connect(self.bench.database)
                connection.execute("PRAGMA foreign_keys = OFF")
                before = connection.total_changes
                connection.executescript(statement)
                self.assertGreater(connection.total_changes, before, "the test damages nothing")
                connection.close()
                self.bench.start()
                intact, _, problem = self.call("VerifyHistory")
                self.assertFalse(intact)
                self.assertTrue(problem)
                self.assertEqual(self.get(MODEL, LIGHT)["friendly_name"], "Bedroom Light")
                self.bench.stop()
            self.restore(sound)
        self.bench.start()
        self.assert_intact()

    def restore(self, sound):
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.bench.database + suffix):
                os.unlink(self.bench.database + suffix)
        shutil.copyfile(sound, self.bench.database)
