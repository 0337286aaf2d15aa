# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much of the past is kept, and what is left when the rest is gone."""

import json
import os
import sqlite3

from harness import ALLOWED, MODEL, SHORT, GLib
from releases import CEILING, LOCK, OWN, PORCH, Coach, ReleaseTest, own_device, second

DEFAULT = {"Changes": 1000, "Days": 730, "Backups": 10}


class RetentionTest(ReleaseTest):
    needs_polkit = True

    def keep(self, changes=None, days=None, backups=None, client=None, **options):
        settings = {"changes": changes, "days": days, "backups": backups}
        settings = {key: GLib.Variant("u", value) for key, value in settings.items() if value is not None}
        return (client or self.client).call("SetRetention", settings, **options)

    def numbers(self, **options):
        return [c["Change"] for c in self.changes(**options)]

    def count(self, statement):
        with sqlite3.connect(f"file:{self.bench.database}?mode=ro", uri=True) as connection:
            found = connection.execute(f"SELECT count(*) FROM {statement}").fetchone()[0]
        connection.close()
        return found


class SettingTest(RetentionTest):
    def test_default(self):
        self.assertEqual(self.client.property("Retention"), DEFAULT)
        self.assertEqual(json.loads(self.call("Describe"))["Retention"], DEFAULT)

    def test_set(self):
        watcher = self.client.watch()
        self.assertEqual(self.keep(days=30), 1)
        now = {**DEFAULT, "Days": 30}
        self.assertEqual(self.signals_of(watcher), [("PropertiesChanged", {"Retention": now, "Revision": 1})])
        self.assertEqual(self.client.property("Retention"), now)
        newest = self.changes()[0]
        self.assertEqual((newest["Kind"], newest["Model"], newest["Entries"]), ("retention", "", 1))
        detail = json.loads(newest["Detail"])
        self.assertEqual(
            (detail["before"], detail["after"]),
            ("changes=1000 days=730 backups=10", "changes=1000 days=30 backups=10"),
        )
        self.assertEqual(self.keep(50, 0, 3), 2)
        self.bench.restart()
        self.assertEqual(self.client.property("Retention"), {"Changes": 50, "Days": 0, "Backups": 3})
        self.assert_intact()

    def test_no_change(self):
        watcher = self.client.watch()
        self.assertEqual(self.keep(), 0)
        self.assertEqual(self.keep(1000, 730, 10), 0)
        self.assertEqual(self.keep(days=730), 0)
        self.assertEqual((self.revision(), watcher.signals()), (0, []))

    def test_bounds(self):
        for settings in (
            {"changes": 0},
            {"changes": 1_000_001},
            {"changes": 2**32 - 1},
            {"days": 36_501},
            {"days": 2**32 - 1},
            {"backups": 0},
            {"backups": 1001},
            {"changes": 5, "days": 36_501},
        ):
            with self.subTest(settings=settings):
                self.fails("InvalidArgs", self.keep, **settings, text="from [01] to")
        for key, value in (
            ("changes", GLib.Variant("t", 5)),
            ("changes", GLib.Variant("i", 5)),
            ("Days", GLib.Variant("u", 5)),
            ("colour", GLib.Variant("s", "red")),
        ):
            with self.subTest(key=key, value=value):
                self.fails("InvalidArgs", self.call, "SetRetention", {key: value})
        self.fails("InvalidArgs", self.keep, days=5, force=True)
        self.fails("InvalidArgs", self.keep, days=5, changes=5, colour="red")
        self.assertEqual((self.revision(), self.client.property("Retention")), (0, DEFAULT))
        for settings in ({"changes": 1}, {"changes": 1_000_000}, {"days": 0}, {"days": 36_500}, {"backups": 1}):
            self.keep(**settings)
        self.keep(backups=1000)
        self.assertEqual(self.client.property("Retention"), {"Changes": 1_000_000, "Days": 36_500, "Backups": 1000})

    def test_expected_revision(self):
        self.fails("Conflict", self.keep, days=5, expected_revision=3)
        self.assertEqual(self.keep(days=5, expected_revision=0), 1)


class PruningTest(RetentionTest):
    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)  # 1
        for i in range(2, 11):
            self.set(MODEL, CEILING, "/friendly_name", f"Name {i}", reason=f"change {i}")

    def test_pruned_with_this_change(self):
        before = self.seen()
        self.assertEqual(self.keep(4, 0), 11)
        self.assertEqual(self.numbers(), [11, 10, 9, 8])
        self.assertEqual(self.seen(), before)
        self.assertEqual(self.call("VerifyHistory"), (True, 4, "from change 8 on; older ones were pruned"))
        # And with each one after it.
        for i in range(12, 20):
            self.set(MODEL, CEILING, "/friendly_name", f"Name {i}")
            self.assertEqual(self.numbers(), [i, i - 1, i - 2, i - 3])
            self.assertEqual(self.call("VerifyHistory")[:2], (True, 4))
        self.bench.restart()
        self.assertEqual(self.call("VerifyHistory"), (True, 4, "from change 16 on; older ones were pruned"))
        self.assertEqual(self.revision(), 19)
        self.assert_fresh()

    def test_days_keep_more(self):
        self.keep(1, 1)
        self.assertEqual(self.numbers(), list(range(11, 0, -1)))
        self.assertEqual(self.call("VerifyHistory"), (True, 11, ""))

    def test_old_ones(self):
        """Times are the past of another machine: what is older than so many days goes."""
        self.bench.stop()
        connection = sqlite3.connect(self.bench.database)
        day = 24 * 60 * 60 * 1_000_000
        connection.execute("UPDATE changes SET time = time - ?1 * (10 - id)", (10 * day,))
        connection.commit()
        connection.close()
        self.bench.start()
        self.keep(2, 35)
        self.assertEqual(self.numbers(), [11, 10, 9, 8, 7])
        self.keep(8, 35)
        self.assertEqual(self.numbers(), [12, 11, 10, 9, 8, 7])

    def test_one_is_left(self):
        self.keep(1, 0)
        self.assertEqual(self.numbers(), [11])
        self.assertEqual(self.call("VerifyHistory"), (True, 1, "from change 11 on; older ones were pruned"))
        change = self.set(MODEL, PORCH, "/notes", "x")
        self.assertEqual(self.numbers(), [change])
        self.assertEqual(self.call("VerifyHistory")[:2], (True, 1))
        self.undo(change)
        self.assertEqual(self.numbers(), [change + 1])
        self.assertEqual(self.call("GetMapping", MODEL, PORCH)[1], "factory")
        self.bench.restart()
        self.assert_intact_from(change + 1)

    def assert_intact_from(self, number):
        intact, _, problem = self.call("VerifyHistory")
        self.assertTrue(intact, problem)
        self.assertEqual(problem, f"from change {number} on; older ones were pruned")

    def test_pages(self):
        self.keep(5, 0)
        self.assertEqual(self.numbers(limit=1), [11, 10, 9, 8, 7])
        self.assertEqual(self.numbers(limit=2), [11, 10, 9, 8, 7])
        self.assertEqual(self.call("ListChanges", before=7), ([], 0))
        self.assertEqual(self.call("ListChanges", before=3), ([], 0))
        self.assertEqual(self.numbers(kind="import"), [])
        self.assertEqual([e["Change"] for e in self.history(MODEL, CEILING, limit=1)], [10, 9, 8, 7])
        self.assertEqual([e["Change"] for e in self.history(MODEL, "", limit=2)], [10, 9, 8, 7])

    def test_history_of_what_nobody_touched(self):
        """It has none any more; that is no error."""
        self.keep(2, 0)
        self.assertEqual(self.call("GetHistory", MODEL, LOCK), ([], 0))
        self.call("DeleteMapping", MODEL, LOCK, "")
        for i in range(3):
            self.set(MODEL, PORCH, "/notes", i)
        self.assertEqual(self.call("GetHistory", MODEL, LOCK), ([], 0))
        self.fails("NoSuchMapping", self.call, "GetHistory", MODEL, "devices/nope")

    def test_undo_of_what_was_pruned(self):
        self.keep(4, 0)
        for number in (1, 2, 7):
            for force in (False, True):
                self.fails("NoSuchChange", self.undo, number, force=force, text="pruned")
        self.fails("NoSuchChange", self.undo, 12, text="There is no change 12")
        # The oldest that is there can still go back to what was before it.
        self.undo(8, force=True)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Name 7")

    def test_authors_survive(self):
        user = self.as_user(ALLOWED)
        self.set(MODEL, PORCH, "/friendly_name", "Ours", client=user, reason="because")
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "mine")
        self.call("DeleteMapping", MODEL, "devices/desk_light", "gone")
        authors = self.authors()
        deleted = self.call("Explain", MODEL, "devices/desk_light")
        self.keep(2, 0)
        for i in range(3):
            self.set(MODEL, CEILING, "/notes", i)
        now = self.authors()
        for place, author in authors.items():
            self.assertEqual(now[place], author, place)
        self.bench.restart()
        entry = self.explain(PORCH)["/friendly_name"]
        self.assertEqual((entry["user"], entry["reason"], entry["change"]), (ALLOWED, "because", 11))
        now = json.loads(self.call("Explain", MODEL, "devices/desk_light"))
        self.assertEqual(now["fields"], json.loads(deleted)["fields"])

    def test_updates_and_the_data_they_leave(self):
        """Vendor's data that nobody can go back to any more are not kept; what is needed is."""
        self.keep(6, 0)
        coach = Coach()
        for i in range(8):
            coach = coach.next(f"1.{i}")
            self.update(coach)
            self.assertEqual(self.call("VerifyHistory")[0], True)
        # Six changes: six releases came, and one was left by the first of them.
        self.assertEqual(self.count("vendor_revisions"), 7)
        self.undo(self.revision() - 3, force=True)
        self.assertEqual(self.model_info()["ImportedVersion"], "1.3")
        self.bench.restart()
        self.assertEqual(self.call("VerifyHistory")[0], True)
        for i in range(8):
            self.set(MODEL, PORCH, "/notes", i)
        self.assertEqual(self.count("vendor_revisions"), 1)
        self.assertEqual(self.call("VerifyHistory")[:2], (True, 6))
        self.update(second(Coach()))
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Name 10")

    def test_the_rest_of_an_update(self):
        """An update whose forerunner's change was pruned goes back all the same."""
        before = self.mappings()
        self.keep(1, 0)
        change = self.update(second(Coach()))
        self.assertEqual(self.numbers(), [change])
        self.undo(change)
        self.assertEqual(self.mappings(), before)
        self.assertEqual(self.call("VerifyHistory")[:2], (True, 1))

    def test_nothing_grows(self):
        """As many rows after a hundred changes as after ten."""
        self.keep(4, 0, 2)
        other = second(Coach())
        self.release(Coach("7"), "2022_Test_Other")

        def there_and_back(times):
            for i in range(times):
                self.update(other)
                self.set(MODEL, PORCH, "/notes", i)
                self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device(notes=i)), "")
                self.call("DeleteMapping", MODEL, OWN, "")
                self.update(Coach())
                self.undo(self.call("Import", "2022_Test_Other"))
            return [
                self.count(table)
                for table in ("changes", "coach_mappings", "coach_mapping_history", "vendor_components", "overrides")
            ]

        rows = there_and_back(3)
        self.assertEqual(there_and_back(3 if SHORT else 10), rows)
        self.assertEqual(len(os.listdir(os.path.join(self.bench.state, "backups"))), 2)
        self.assertTrue(self.call("VerifyHistory")[0])

    def test_damage_shows(self):
        self.keep(5, 0)
        self.assertTrue(self.call("VerifyHistory")[0])
        self.bench.stop()
        with open(self.bench.database, "rb") as file:
            sound = file.read()
        for statement in (
            "DELETE FROM coach_mapping_history WHERE change_id = 7; DELETE FROM changes WHERE id = 7",
            "DELETE FROM coach_mapping_history WHERE change_id < 10; DELETE FROM changes WHERE id < 10",
            "UPDATE changes SET reason = 'x' WHERE id = 7",
            "UPDATE changes SET detail = '{}' WHERE id = 11",
            "UPDATE settings SET value = '7:' || substr(value, 3) WHERE name LIKE '%start%'",
            "DELETE FROM settings WHERE name LIKE '%start%'",
            "UPDATE vendor_components SET data = '{}' WHERE component_path = 'coach_info'",
        ):
            with self.subTest(statement):
                connection = sqlite3.connect(self.bench.database)
                connection.execute("PRAGMA foreign_keys = OFF")
                before = connection.total_changes
                connection.executescript(statement)
                self.assertGreater(connection.total_changes, before, "the test damages nothing")
                connection.close()
                self.bench.start()
                intact, _, problem = self.call("VerifyHistory")
                self.assertEqual((intact, bool(problem)), (False, True))
                self.bench.stop()
            for suffix in ("-wal", "-shm"):
                if os.path.exists(self.bench.database + suffix):
                    os.unlink(self.bench.database + suffix)
            with open(self.bench.database, "wb") as file:
                file.write(sound)
        self.bench.start()
        self.assertTrue(self.call("VerifyHistory")[0])

    def test_retention_undone(self):
        """The setting comes back; what was pruned does not."""
        change = self.keep(4, 0)
        self.undo(change)
        self.assertEqual(self.client.property("Retention"), DEFAULT)
        self.assertEqual(self.numbers()[-1], 8)
        for i in range(5):
            self.set(MODEL, PORCH, "/notes", i)
        self.assertEqual(self.numbers()[-1], 8)
        self.assertTrue(self.call("VerifyHistory")[0])

    def test_expected_revision_and_tokens(self):
        self.keep(1, 0)
        self.release(second(Coach()))
        token = self.preview().token
        self.fails("Conflict", self.set, MODEL, PORCH, "/notes", "x", expected_revision=5)
        self.assertEqual(self.apply(token, expected_revision=11), 12)

    def test_the_first_use_and_nothing_else(self):
        """What nobody has seen is not taken for what somebody saw."""
        self.keep(1, 0)
        self.release(Coach("7"), "2022_Test_Other")
        self.release(second(Coach()))
        token = self.preview().token
        self.call("GetMapping", "2022_Test_Other", "coach_info")
        self.assertEqual(self.numbers(), [12])
        for revision in (0, 5, 10):
            self.fails("Conflict", self.apply, token, expected_revision=revision)
        self.assertEqual(self.apply(token, expected_revision=11), 13)


class BackupsTest(RetentionTest):
    def test_so_many_automatic_ones(self):
        self.call("Import", MODEL)
        self.keep(backups=3)
        folder = os.path.join(self.bench.state, "backups")
        coach = Coach()
        names = []
        for i in range(6):
            coach = coach.next(f"1.{i}")
            names.append(self.detail(self.update(coach))["backup"] + ".db")
            self.assertEqual(sorted(os.listdir(folder)), sorted(names[-3:]))
        self.keep(backups=1)
        self.assertEqual(os.listdir(folder), names[-1:])
        names.append(self.detail(self.update(coach.next("2")))["backup"] + ".db")
        self.assertEqual(os.listdir(folder), names[-1:])
