# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies of everything, going back to one, and going back to the vendor's data: what comes back, what is refused, and
that nothing is lost on the way."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

from harness import (
    ALLOWED,
    ASKED,
    DENIED,
    INTERFACE,
    MODEL,
    ORDINARY,
    PLAIN,
    SERVICE,
    SOURCE_ROOT,
    Agent,
    BusError,
    Gio,
    GLib,
    ids_of,
    make_arguments,
    wait_until,
)
from releases import CEILING, DINETTE, OWN, PORCH, SPARE, VANITY, Coach, ReleaseTest, own_device, second
from test_storage import own_mounts

SECOND = "2021_Test_Second"
ID = r"^\d{8}T\d{6}Z-r\d+(-\d+)?-(auto|manual)$"
KEYS = {"Id": "s", "Reason": "s", "Time": "t", "Size": "t", "Revision": "t", "Automatic": "b"}
SCHEMA_1 = os.path.join(SOURCE_ROOT, "tests", "data", "databases", "schema-1.sql")


class BackupTest(ReleaseTest):
    @classmethod
    def prepare(cls, bench):
        super().prepare(bench)
        other = Coach()
        other.sections["coach_info"]["model"] = "Second"
        cls.write(bench, other, SECOND)

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    # Backups

    def backup(self, reason="a backup", client=None, **options):
        return (client or self.client).call("CreateBackup", reason, **options)

    def backups(self):
        return self.call("ListBackups")

    def ids(self, automatic=None):
        return [b["Id"] for b in self.backups() if automatic in (None, b["Automatic"])]

    def stored(self):
        """What is in the folder, unfinished copies too."""
        return sorted(os.listdir(self.bench.path("state", "backups")))

    def file_of(self, backup):
        return os.path.join(self.bench.state, "backups", f"{backup}.db")

    def send(self, method, *arguments, descriptors=(), client=None, **options):
        """The bare call, with descriptors to it, and those of its reply."""
        fds = Gio.UnixFDList.new()
        for descriptor in descriptors:
            fds.append(descriptor)
        try:
            reply, given = (client or self.client).connection.call_with_unix_fd_list_sync(
                (client or self.client).destination,
                "/org/coachiq/Config1",
                INTERFACE,
                method,
                make_arguments(method, arguments, options),
                None,
                Gio.DBusCallFlags.NONE,
                60_000,
                fds,
                None,
            )
        except GLib.Error as error:
            raise BusError.from_glib(error) from None
        return reply.unpack(), given

    def open(self, backup, client=None):
        """A descriptor of it, closed with the test."""
        (handle,), descriptors = self.send("OpenBackup", backup, client=client)
        descriptor = descriptors.get(handle)
        self.addCleanup(os.close, descriptor)
        return descriptor

    def take_out(self, backup):
        """A copy of it in a file of our own."""
        path = tempfile.mktemp(dir=self.bench.directory, suffix=".db")
        descriptor = self.open(backup)
        with open(path, "wb") as file:
            file.write(os.pread(descriptor, os.fstat(descriptor).st_size + 1, 0))
        return path

    def restore(self, backup, reason="a restore", client=None, **options):
        return (client or self.client).call("RestoreBackup", backup, reason, **options)

    def restore_fd(self, descriptor, backup="", **options):
        (change,), _ = self.send(
            "RestoreBackup", backup, "a file", descriptors=[descriptor], file=GLib.Variant("h", 0), **options
        )
        return change

    def restore_file(self, path, flags=os.O_RDONLY, **options):
        descriptor = os.open(path, flags)
        try:
            return self.restore_fd(descriptor, **options)
        finally:
            os.close(descriptor)

    def reset(self, scope="", model=MODEL, reason="a reset", client=None, **options):
        return (client or self.client).call("FactoryReset", model, scope, reason, **options)

    # State

    def imported(self):
        return sorted(m["Id"] for m in self.call("ListModels") if m["Imported"])

    def everything(self):
        """All that a reader can see of all models, and the settings."""
        properties = self.client.properties()
        versions = {
            m["Id"]: (m["ImportedVersion"], m["ImportedHash"], m["Edits"])
            for m in self.call("ListModels")
            if m["Imported"]
        }
        settings = {name: properties[name] for name in ("ActiveModel", "Interfaces", "Retention")}
        return {m: self.seen(m) for m in self.imported()}, versions, settings

    def assert_everything(self, expected):
        for found, wanted in zip(self.everything(), expected, strict=True):
            self.assertEqual(found, wanted)

    def keep(self, **settings):
        return self.call("SetRetention", {key: GLib.Variant("u", value) for key, value in settings.items()})


class CreateTest(BackupTest):
    def test_content(self):
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        watcher = self.client.watch()
        backup = self.backup("before the trip")
        self.assertRegex(backup, ID)
        self.assertIn("-r2-manual", backup)
        self.assertEqual(self.signals_of(watcher), [("BackupCreated", (backup, "before the trip"))])
        self.assertEqual(self.revision(), 2)
        connection = sqlite3.connect(self.take_out(backup))
        self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(connection.execute("PRAGMA journal_mode").fetchone(), ("delete",))
        self.assertEqual(connection.execute("SELECT max(id) FROM changes").fetchone(), (2,))
        self.assertEqual(connection.execute("SELECT value FROM overrides").fetchall(), [('"Reading nook"',)])
        connection.close()
        self.assertEqual(self.stored(), [f"{backup}.db"])
        mode = os.stat(self.bench.path("state", "backups")).st_mode
        self.assertEqual(mode & 0o077, 0, "others could read it")

    def test_of_an_empty_database(self):
        self.undo(1)
        self.assertIn("-r2-manual", self.backup(""))

    def test_several_of_one_second(self):
        made = [self.backup(f"number {i}") for i in range(5)]
        self.assertEqual(len(set(made)), 5)
        self.assertEqual(sorted(self.ids()), sorted(made))
        self.assertEqual({b["Reason"] for b in self.backups()}, {f"number {i}" for i in range(5)})

    def test_list(self):
        before = GLib.get_real_time()
        first = self.backup("the first")
        self.set(MODEL, CEILING, "/notes", "x")
        wait_until(lambda: self.backup("tick")[:15] != first[:15], "the next second")
        for backup in self.ids():
            if backup != first:
                self.call("DeleteBackup", backup)
        last = self.backup("the last ☃")
        self.reset()
        listed = self.backups()
        self.assertEqual([b["Automatic"] for b in listed], [True, False, False])
        self.assertEqual([b["Id"] for b in listed][1:], [last, first])
        self.assertEqual(
            [b["Reason"] for b in listed], [f"before the reset of {MODEL}", "the last ☃", "the first"]
        )
        self.assertEqual([b["Revision"] for b in listed], [2, 2, 1])
        times = [b["Time"] for b in listed]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertTrue(before <= times[-1] <= times[0] <= GLib.get_real_time())
        for backup in listed:
            self.assertEqual(backup["Size"], os.path.getsize(self.file_of(backup["Id"])))
        reply, _ = self.client.send(INTERFACE, "ListBackups", make_arguments("ListBackups", (), {}))
        rows = reply.get_child_value(0)
        for i in range(rows.n_children()):
            row = rows.get_child_value(i)
            types = {}
            for j in range(row.n_children()):
                entry = row.get_child_value(j)
                value = entry.get_child_value(1).get_variant()
                types[entry.get_child_value(0).get_string()] = value.get_type_string()
            self.assertEqual(types, KEYS)
        self.fails("InvalidArgs", self.call, "ListBackups", colour="red")
        self.bench.restart()
        self.assertEqual(self.backups(), listed)

    def test_files_that_are_none(self):
        good = self.backup()
        folder = self.bench.path("state", "backups")
        for name, content in (
            ("20200101T000000Z-r7-auto.db", b"no database at all, but a long enough text" * 100),
            ("20200101T000000Z-r8-manual.db", b""),
            ("readme.txt", b"x"),
            ("with space.db", b"x"),
            (".db", b"x"),
        ):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
            os.chown(os.path.join(folder, name), *ids_of(SERVICE))
        os.mkdir(os.path.join(folder, "folder.db"))
        listed = {b["Id"]: b for b in self.backups()}
        self.assertEqual(
            list(listed), ["20200101T000000Z-r8-manual", "20200101T000000Z-r7-auto", good]
        )
        self.assertNotIn("Problem", listed[good])
        damaged = listed["20200101T000000Z-r7-auto"]
        self.assertEqual((damaged["Revision"], damaged["Automatic"], damaged["Reason"]), (7, True, ""))
        self.assertTrue(damaged["Problem"])
        self.assertTrue(listed["20200101T000000Z-r8-manual"]["Problem"])
        for backup in (b for b in listed if b != good):
            self.fails("InvalidFile", self.restore, backup)
            self.call("DeleteBackup", backup)
        self.assertEqual(self.ids(), [good])

    def test_expected_revision(self):
        self.fails("Conflict", self.backup, expected_revision=7)
        self.assertEqual(self.backups(), [])
        self.backup(expected_revision=1)
        self.fails("Conflict", self.call, "DeleteBackup", self.ids()[0], expected_revision=7)
        self.call("DeleteBackup", self.ids()[0], expected_revision=1)
        self.fails("InvalidArgs", self.backup, force=True)

    def test_reason(self):
        self.backup("x" * 1024)
        self.fails("TooLarge", self.backup, "x" * 1025)
        self.fails("TooLarge", self.backup, "ä" * 513)
        self.assertEqual([len(b["Reason"]) for b in self.backups()], [1024])

    def test_a_damaged_database(self):
        """A copy of damage would replace good copies in time."""
        for i in range(30):
            self.set(MODEL, CEILING, "/notes", str(i) * 3000)
        self.bench.stop()
        with open(self.bench.database, "r+b") as file:
            size = os.path.getsize(self.bench.database)
            file.seek(size // 2 // 4096 * 4096)
            file.write(b"\xff" * 4096)
        self.bench.start()
        self.fails(("Corrupt", "IOError"), self.backup)
        self.assertEqual(self.stored(), [])

    def test_an_unfinished_one_of_before(self):
        """A power cut left one; the next backup sweeps it away."""
        folder = self.bench.path("state", "backups")
        self.backup()
        with open(os.path.join(folder, "unfinished-1-0.tmp"), "wb") as file:
            file.write(b"half")
        os.chown(file.name, *ids_of(SERVICE))
        self.assertEqual(len(self.backups()), 1)
        self.backup()
        self.assertEqual(len(self.stored()), 2)
        self.assertFalse(os.path.exists(file.name))


class SlowDiskTest(BackupTest):
    """While one is being made: its way to the disk takes as long as the test likes."""

    start_daemon = False

    @classmethod
    def prepare(cls, bench):
        super().prepare(bench)
        bench.wrapper = [
            *("/usr/bin/strace", "-I", "1", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync"),
            *("-e", "inject=fsync:delay_enter=600000"),
        ]
        bench.start(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")

    def being_made(self, client=None):
        """Begins one, and returns once its file is there and it has a way to go."""
        call = (client or self.client).begin("CreateBackup", "slow")
        wait_until(lambda: os.path.isdir(self.bench.path("state", "backups")) and self.stored(), "it has begun")
        return call

    def test_others_are_served(self):
        call = self.being_made()
        other = self.bench.connect()
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")
        self.assertEqual(len(other.call("Lookup", MODEL, 0x1FEDA, 25)), 1)
        self.assertEqual(other.call("ListBackups"), [])
        self.assertFalse(call.done, "the reads waited for the backup")
        backup = call.result()
        self.assertEqual(self.ids(), [backup])

    def test_two_at_once(self):
        call = self.being_made()
        self.fails("LimitsExceeded", self.backup, text="being made")
        self.fails("LimitsExceeded", self.backup, client=self.bench.connect())
        backup = call.result()
        self.assertEqual(self.ids(), [backup])
        self.assertNotEqual(self.backup(), backup)

    def test_the_caller_leaves(self):
        other = self.bench.connect()
        self.being_made(other)
        other.close()
        watcher = self.client.watch()
        wait_until(self.backups, "it is finished all the same")
        wait_until(lambda: watcher.signals("BackupCreated"), "it is announced")
        self.assertEqual(self.stored(), [f"{self.ids()[0]}.db"])
        self.backup()

    def test_the_service_leaves(self):
        """The caller is told, or the backup is whole; a half one has no name."""
        call = self.being_made()
        self.bench.daemon.kill()
        self.check_error(call.error(), "NoReply", "local.g-dbus-error-quark.4", "org.freedesktop.DBus.Error.NoReply")
        wait_until(lambda: not self.client.has_owner(), "the daemon has left")
        self.bench.wrapper = []
        self.bench.start()
        self.assertEqual(self.backups(), [])
        backup = self.backup()
        self.assertEqual(self.stored(), [f"{backup}.db"])

    def test_an_edit_meanwhile(self):
        """The copy is of one moment."""
        call = self.being_made()
        change = self.set(MODEL, CEILING, "/friendly_name", "Meanwhile")
        backup = call.result()
        revision = int(re.search(r"-r(\d+)-", backup)[1])
        self.assertIn(revision, (change - 1, change))
        self.assertEqual(self.backups()[0]["Revision"], revision)
        self.restore(backup)
        name = "Bedroom Ceiling Light" if revision < change else "Meanwhile"
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), name)


NO_IDS = ("", ".", "..", "/", "x", "../config", "a/b", "backups/x", "x.db", "x" * 128, "x" * 100_000, "☃", "-", "\n")


class OpenTest(BackupTest):
    def test_descriptor(self):
        backup = self.backup()
        descriptor = self.open(backup, self.bench.connect())
        self.assertEqual(os.lseek(descriptor, 0, os.SEEK_CUR), 0)
        with self.assertRaises(OSError):
            os.write(descriptor, b"x")
        with self.assertRaises(OSError):
            os.ftruncate(descriptor, 0)
        # Each call has an offset of its own.
        os.lseek(descriptor, 100, os.SEEK_SET)
        self.assertEqual(os.lseek(self.open(backup), 0, os.SEEK_CUR), 0)
        with open(self.file_of(backup), "rb") as file:
            self.assertEqual(os.pread(descriptor, 10**7, 0), file.read())
        # Gone from the list, it stays for who has it.
        self.call("DeleteBackup", backup)
        self.assertEqual(os.pread(descriptor, 15, 0), b"SQLite format 3")

    def test_ids(self):
        backup = self.backup()
        for wrong in (*NO_IDS, f"./{backup}", f"{backup}.db", f"{backup}/", f"{backup}\n", backup[:-1], backup.lower()):
            with self.subTest(wrong[:200]):
                self.fails("NoSuchBackup", self.call, "OpenBackup", wrong)
                self.fails("NoSuchBackup", self.call, "DeleteBackup", wrong)
                self.fails("NoSuchBackup", self.restore, wrong)
        self.assertEqual((self.ids(), self.revision()), ([backup], 1))

    def test_delete(self):
        first, last = self.backup("first"), self.backup("last")
        watcher = self.client.watch()
        self.assertIsNone(self.call("DeleteBackup", first))
        self.assertEqual(self.ids(), [last])
        self.fails("NoSuchBackup", self.call, "DeleteBackup", first)
        self.fails("NoSuchBackup", self.call, "OpenBackup", first)
        self.fails("NoSuchBackup", self.restore, first)
        self.fails("InvalidArgs", self.call, "DeleteBackup", last, force=True)
        self.assertEqual((self.revision(), watcher.signals()), (1, []))
        self.set(MODEL, CEILING, "/notes", "x")
        self.reset()
        self.call("DeleteBackup", self.ids(automatic=True)[0])
        self.assertEqual(self.ids(), [last])


class RestoreTest(BackupTest):
    def edit_one_of_each(self):
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.call("SetField", MODEL, VANITY, "/suggested_area", "", "")
        self.set(MODEL, DINETTE, "/bindings/1FEDB:30/command_type", "toggle")
        self.call("DeleteMapping", MODEL, SPARE, "")
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "")
        self.call("SetActiveModel", MODEL)
        self.call("SetInterface", "house", "can0")

    def change_all(self):
        """Everything that the backup holds becomes another."""
        self.set(MODEL, CEILING, "/friendly_name", "Something else")
        self.call("ResetMapping", MODEL, VANITY, "", "")
        self.set(MODEL, DINETTE, "/notes", "new")
        self.call("ResetMapping", MODEL, SPARE, "", "")
        self.call("DeleteMapping", MODEL, OWN, "")
        self.call("UpdateMapping", MODEL, "devices/other_lamp", json.dumps(own_device("other_lamp", 91)), "")
        self.call("Import", SECOND)
        self.set(SECOND, CEILING, "/friendly_name", "Of the second")
        self.call("SetActiveModel", SECOND)
        self.call("SetInterface", "house", "can1")
        self.call("SetInterface", "chassis", "can0")
        self.keep(backups=3, days=400)

    def test_everything(self):
        self.edit_one_of_each()
        then = self.everything()
        backup = self.backup("as it was")
        revision = self.revision()
        self.change_all()
        now = self.everything()
        self.assertNotEqual(now, then)
        watcher = self.client.watch()
        change = self.restore(backup, "back")
        self.assertEqual(change, self.revision())
        self.assert_everything(then)
        (name, arguments), (_, properties) = self.signals_of(watcher)
        self.assertEqual((name, arguments), ("Restored", (backup, change)))
        self.assertEqual(properties, {"Revision": change, "UpdatesAvailable": [], **then[2]})
        newest = self.changes()[0]
        self.assertEqual((newest["Kind"], newest["Reason"], newest["User"]), ("restore", "back", "root"))
        detail = json.loads(newest["Detail"])
        self.assertEqual((detail["restored"], detail["restored_revision"]), (backup, revision))
        self.assertEqual(
            {(s["setting"], s.get("name", ""), s["before"], s["after"]) for s in detail["settings"]},
            {
                ("activate", "", SECOND, MODEL),
                ("interface", "house", "can1", "can0"),
                ("interface", "chassis", "can0", ""),
                ("retention", "", "changes=1000 days=400 backups=3", "changes=1000 days=730 backups=10"),
            },
        )
        self.assertIn(detail["backup"], self.ids(automatic=True))
        self.assertEqual(len(self.changes()), change)
        self.assert_intact()
        self.assert_fresh()
        self.assert_everything(then)
        # And there and back.
        for i, state in enumerate((now, then, now, then)):
            watcher.signals()
            undone = self.undo(change + i)
            self.assertEqual(undone, change + i + 1)
            self.assert_everything(state)
            signals = self.signals_of(watcher)
            self.assertEqual([s[0] for s in signals], ["Restored", "PropertiesChanged"])
            self.assertEqual(signals[0][1], ("", undone))
        self.assert_intact()
        self.bench.restart()
        self.assert_everything(then)

    def test_a_model_that_went_comes_back(self):
        self.set(MODEL, CEILING, "/friendly_name", "Kept")
        self.call("Import", SECOND)
        then = self.everything()
        backup = self.backup()
        self.undo(3)  # the import of the second
        self.assertEqual(self.imported(), [MODEL])
        self.restore(backup)
        self.assert_everything(then)
        self.undo(self.revision())
        self.assertEqual(self.imported(), [MODEL])
        self.assert_intact()

    def test_a_release_that_went_comes_back(self):
        self.edit_all()
        then = self.everything()
        backup = self.backup()
        self.update(second(Coach()))
        now = self.everything()
        self.assertNotEqual(now, then)
        for state, go in ((then, lambda: self.restore(backup)), (now, lambda: self.undo(self.revision()))) * 2:
            go()
            self.assert_everything(state)
            self.assert_intact()
        self.assert_fresh()

    def test_no_op(self):
        self.edit_one_of_each()
        backup = self.backup()
        revision = self.revision()
        watcher = self.client.watch()
        self.assertEqual(self.restore(backup), revision)
        self.assertEqual((self.revision(), watcher.signals()), (revision, []))
        self.assertEqual(self.ids(), [backup])
        # A detour that leads back is one too.
        self.undo(self.set(MODEL, CEILING, "/notes", "x"))
        self.assertEqual(self.restore(backup), revision + 2)

    def test_settings_alone(self):
        self.call("SetInterface", "house", "can0")
        then = self.everything()
        backup = self.backup()
        self.call("SetInterface", "house", "can1")
        now = self.everything()
        watcher = self.client.watch()
        change = self.restore(backup)
        self.assert_everything(then)
        signals = self.signals_of(watcher)
        self.assertEqual(signals[0], ("Restored", (backup, change)))
        self.assertEqual(signals[1][1]["Interfaces"], {"house": "can0"})
        self.assertEqual(signals[1][1]["Revision"], change)
        self.undo(change)
        self.assert_everything(now)
        self.assert_intact()

    def test_edits_alone(self):
        """One model, and it stays at its release."""
        backup = self.backup()
        then = self.everything()
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        now = self.everything()
        watcher = self.client.watch()
        change = self.restore(backup)
        self.assert_everything(then)
        self.assertEqual(self.signals_of(watcher)[0], ("Restored", (backup, change)))
        for state, undone in ((now, change), (then, change + 1), (now, change + 2)):
            self.undo(undone)
            self.assert_everything(state)
            signals = self.signals_of(watcher)
            self.assertEqual([s[0] for s in signals], ["Restored", "PropertiesChanged"])
        self.assert_fresh()
        self.assert_intact()

    def test_history(self):
        """Entries of what became another, and of nothing else."""
        backup = self.backup()
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.call("DeleteMapping", MODEL, SPARE, "")
        change = self.restore(backup, "back")
        entry = self.history(MODEL, CEILING)[0]
        self.assertEqual(
            (entry["Change"], entry["Field"], entry["Before"], entry["After"], entry["Reason"]),
            (change, "/friendly_name", '"Reading nook"', '"Bedroom Ceiling Light"', "back"),
        )
        entry = self.history(MODEL, SPARE)[0]
        self.assertEqual((entry["Change"], entry["Field"], entry["Before"]), (change, "", ""))
        self.assertTrue(json.loads(entry["After"]))
        self.assertEqual({e["Change"] for e in self.history(MODEL, PORCH)}, {1})
        self.assertEqual(self.changes()[0]["Entries"], 2)

    def test_an_undo_before_it(self):
        """What came before the restore can be undone after it."""
        self.set(MODEL, CEILING, "/friendly_name", "One")  # 2
        backup = self.backup()
        self.set(MODEL, CEILING, "/friendly_name", "Two")  # 3
        self.restore(backup)  # 4
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "One")
        self.undo(2)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")
        self.undo(5)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "One")

    def test_an_edit_after_it(self):
        """The undo of a restore leaves what was edited since."""
        self.set(MODEL, CEILING, "/friendly_name", "Then")
        backup = self.backup()
        self.set(MODEL, CEILING, "/friendly_name", "Now")
        self.set(MODEL, PORCH, "/friendly_name", "Now")
        change = self.restore(backup)
        self.set(MODEL, PORCH, "/friendly_name", "Later")
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Now")
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Later")
        skipped = self.detail(undone)["skipped"]
        self.assertEqual([(s["path"], s["field"], s["change"]) for s in skipped], [(PORCH, "/friendly_name", change + 1)])

    def test_pruned_meanwhile(self):
        """The vendor's data of the backup is not in the database any more."""
        self.set(MODEL, CEILING, "/friendly_name", "Kept")
        then = self.everything()
        backup = self.backup()
        self.update(second(Coach()))
        self.keep(changes=1, days=0)
        for i in range(3):
            self.set(MODEL, PORCH, "/notes", str(i))
        self.assertEqual(len(self.changes()), 1)
        database = sqlite3.connect(f"file:{self.bench.database}?mode=ro", uri=True)
        self.assertEqual(database.execute("SELECT count(*) FROM vendor_revisions").fetchone(), (1,))
        database.close()
        change = self.restore(backup)
        self.assert_everything(then)
        self.assertEqual(self.call("VerifyHistory")[0], True)
        self.undo(change)
        self.redo_is_well(then, change)

    def test_retention_of_then(self):
        """Less of the past was kept when the backup was made: the restore itself takes nothing of it away."""
        self.keep(changes=1, days=0)
        backup = self.backup()
        self.keep(changes=1000, days=730)
        for i in range(5):
            self.set(MODEL, PORCH, "/notes", str(i))
        first = self.changes()[-1]["Change"]
        change = self.restore(backup)
        self.assertEqual(self.client.property("Retention")["Changes"], 1)
        self.assertEqual(self.changes()[-1]["Change"], first)
        undone = self.undo(change)
        self.assertEqual(self.client.property("Retention")["Changes"], 1000)
        self.set(MODEL, PORCH, "/notes", "since")
        self.assertEqual([c["Change"] for c in self.changes()], list(range(undone + 1, first - 1, -1)))
        self.undo(undone)
        self.set(MODEL, PORCH, "/notes", "pruned")
        self.assertEqual(len(self.changes()), 1)
        self.assertEqual(self.call("VerifyHistory")[0], True)

    def redo_is_well(self, then, change):
        self.undo(change + 1)
        self.assert_everything(then)
        self.assertEqual(self.call("VerifyHistory")[0], True)
        self.assert_fresh()

    def test_expected_revision(self):
        backup = self.backup()
        self.set(MODEL, CEILING, "/notes", "x")
        self.fails("Conflict", self.restore, backup, expected_revision=1)
        self.assertEqual(self.restore(backup, expected_revision=2), 3)

    def test_reason(self):
        backup = self.backup()
        self.set(MODEL, CEILING, "/notes", "x")
        self.fails("TooLarge", self.restore, backup, "x" * 1025)
        self.restore(backup, "x" * 1024)

    def test_an_automatic_one(self):
        """What a restore or a reset did can be had back over its backup too, after all that came since."""
        self.set(MODEL, CEILING, "/friendly_name", "Mine")
        then = self.everything()
        self.reset()
        automatic = self.ids(automatic=True)[0]
        self.set(MODEL, PORCH, "/notes", "x")
        self.restore(automatic)
        self.assert_everything(then)


class OlderTest(BackupTest):
    """Backups of other versions."""

    def older(self):
        path = self.bench.path("older.db")
        connection = sqlite3.connect(path)
        with open(SCHEMA_1, encoding="utf-8") as file:
            connection.executescript(file.read())
        connection.close()
        return path

    def test_older(self):
        self.set(MODEL, CEILING, "/friendly_name", "Now")
        now = self.everything()
        change = self.restore_file(self.older())
        self.assertEqual(self.imported(), [MODEL, PLAIN])
        self.assertEqual(self.detail(change)["restored_revision"], 10)
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assertEqual(self.client.property("Interfaces"), {"house": "can0"})
        self.assertIn("devices/bedroom_light", self.mappings())
        self.assertEqual(self.model_info()["ImportedVersion"], "1.2.3")
        self.assert_intact()
        # Nothing is left to do.
        self.assertEqual(self.restore_file(self.bench.path("older.db")), change)
        self.undo(change)
        self.assert_everything(now)
        self.assert_intact()
        self.assert_fresh()

    def test_older_at_the_start(self):
        """Opening a database that an older daemon left upgrades it; how it was is kept."""
        self.bench.stop()
        older = self.older()
        for suffix in ("", "-wal", "-shm"):
            path = self.bench.database + suffix
            if os.path.exists(path):
                os.unlink(path)
        os.rename(older, self.bench.database)
        os.chown(self.bench.database, *ids_of(SERVICE))
        self.bench.start()
        self.assertEqual(self.imported(), [MODEL, PLAIN])
        # What is in use never said how sure it is; the bundled file says it of itself alone.
        coach = Coach()
        coach.sections["coach_info"].update(notes="Found by these", data_quality="verified", data_note="Tried")
        self.release(coach)
        info = self.model_info()
        self.assertEqual((info["Year"], info["Notes"], info["UpdateAvailable"]), ("2020", "Found by these", True))
        self.assertEqual((info["DataQuality"], info["DataNote"]), ("", ""))
        (made,) = [b for b in self.backups() if b["Reason"] == "before the upgrade of the database"]
        self.assertEqual((made["Revision"], made["Automatic"]), (10, True))
        self.assertNotIn("Problem", made)
        self.set(MODEL, "devices/bedroom_light", "/friendly_name", "Now")
        self.bench.restart()
        self.assertEqual(len([b for b in self.backups() if b["Reason"] == made["Reason"]]), 1)
        self.restore(made["Id"])
        self.assertNotEqual(self.field(MODEL, "devices/bedroom_light", "/friendly_name"), "Now")
        self.assert_intact()

    def test_older_and_kept_here(self):
        """An older daemon made it, so it lies in the folder; its content is not touched."""
        path = self.file_of("20200101T000000Z-r10-manual")
        self.backup()
        shutil.copy(self.older(), path)
        os.chown(path, *ids_of(SERVICE))
        with open(path, "rb") as file:
            before = file.read()
        self.restore("20200101T000000Z-r10-manual")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(sorted(self.stored()), sorted(f"{b}.db" for b in self.ids()))

    def test_older_that_would_act(self):
        """Bringing it up to date must not run what somebody else put into it, which might never end."""
        endless = "(WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c)"
        trigger = f"CREATE TRIGGER t AFTER UPDATE ON coach_mappings BEGIN DELETE FROM settings WHERE {endless}; END"
        before = (self.revision(), self.everything())
        for statements in (
            (trigger,),
            ("CREATE INDEX i ON changes (hex(zeroblob(1000000)))",),
            # Behind the end of a text that is as it has to be.
            (
                "PRAGMA writable_schema = ON",
                "UPDATE sqlite_schema SET sql = sql || char(0) WHERE rowid = (SELECT rowid FROM sqlite_schema "
                "ORDER BY type DESC, name DESC LIMIT 1)",
                f"INSERT INTO sqlite_schema VALUES ('zz', 't', 'coach_mappings', 0, '{trigger}')",
            ),
        ):
            with self.subTest(statements[-1]):
                path = self.older()
                connection = sqlite3.connect(path)
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
                connection.close()
                self.fails("InvalidFile", self.restore_file, path, text="tables")
                os.unlink(path)
                self.assertEqual((self.revision(), self.everything()), before)

    def test_newer(self):
        path = self.take_out(self.backup())
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 999")
        connection.close()
        before = self.everything()
        self.fails("NotSupported", self.restore_file, path, text="(?i)newer")
        self.assertEqual((self.revision(), self.everything()), (1, before))
        self.assertEqual(len(self.stored()), 1)


class RefusedTest(BackupTest):
    """What is none, or is damaged: named, and nothing is changed."""

    def setUp(self):
        super().setUp()
        for i in range(20):
            self.set(MODEL, CEILING, "/notes", str(i) * 2000)
        self.good = self.take_out(self.backup())
        self.set(MODEL, PORCH, "/friendly_name", "Since")
        self.before = (self.revision(), self.everything(), self.stored())

    def refused(self, *errors, text=None, descriptor=None, path=None):
        if descriptor is not None:
            self.fails(errors, self.restore_fd, descriptor, text=text)
        else:
            self.fails(errors, self.restore_file, path or self.good, text=text)
        self.assertEqual((self.revision(), self.everything(), self.stored()), self.before)
        self.assertEqual(self.client.property("Health"), "ok")

    def meddle(self, *statements):
        connection = sqlite3.connect(self.good)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def test_the_good_one(self):
        self.restore_file(self.good)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Porch Light")
        self.assert_intact()

    def test_an_offset_does_not_matter(self):
        descriptor = os.open(self.good, os.O_RDWR)
        os.lseek(descriptor, 1000, os.SEEK_SET)
        self.restore_fd(descriptor)
        os.close(descriptor)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Porch Light")

    def test_bytes(self):
        with open(self.good, "rb") as file:
            content = file.read()
        page = len(content) // 4096 // 2 * 4096
        for name, damaged in {
            "cut": content[:-4096],
            "cut in a page": content[: page + 100],
            "cut in the first page": content[:2048],
            "cut behind the header": content[:100],
            "cut in the header": content[:99],
            "header": b"x" * 100 + content[100:],
            "magic": b"SQLite format 4" + content[15:],
            "a page of zeros": content[:page] + bytes(4096) + content[page + 4096 :],
            "a page of ones": content[:page] + b"\xff" * 4096 + content[page + 4096 :],
            "the schema": content[:100] + b"\xff" * 3996 + content[4096:],
            "text": b"This is no backup.\n" * 1000,
            "one byte": b"x",
            "empty": b"",
        }.items():
            with self.subTest(name):
                path = self.bench.path("damaged")
                with open(path, "wb") as file:
                    file.write(damaged)
                self.refused("InvalidFile", path=path)

    def test_a_damaged_one_in_the_folder(self):
        backup = self.ids()[0]
        with open(self.file_of(backup), "r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 8192)
        self.fails("InvalidFile", self.restore, backup)
        self.assertEqual((self.revision(), self.everything(), self.stored()), self.before)

    def test_broken_chain(self):
        for statement in (
            "UPDATE changes SET user = 'somebody' WHERE id = 3",
            "DELETE FROM changes WHERE id = 4",
            "UPDATE coach_mapping_history SET after = '\"x\"' WHERE change_id = 5",
            "UPDATE vendor_components SET data = '{}' WHERE position = 3",
        ):
            with self.subTest(statement):
                shutil.copy(self.good, self.bench.path("kept"))
                self.meddle("PRAGMA foreign_keys = OFF", statement)
                self.refused("InvalidFile")
                shutil.copy(self.bench.path("kept"), self.good)

    def test_other_tables(self):
        for statement in (
            "CREATE TRIGGER t AFTER INSERT ON changes BEGIN DELETE FROM settings; END",
            "CREATE VIEW v AS SELECT * FROM changes",
            "CREATE TABLE of_somebody (x)",
            "CREATE INDEX i ON changes (user)",
            "DROP TABLE interfaces",
            "ALTER TABLE settings ADD COLUMN more TEXT",
        ):
            with self.subTest(statement):
                shutil.copy(self.good, self.bench.path("kept"))
                self.meddle(statement)
                self.refused("InvalidFile")
                shutil.copy(self.bench.path("kept"), self.good)

    def test_what_does_not_fit_together(self):
        """Rows that no service wrote. What is taken all the same can be read, and taken back."""
        for statement in (
            "UPDATE overrides SET value = 'no JSON'",
            "UPDATE coach_import_status SET revision_id = 77",
            "UPDATE overrides SET field = 'no pointer'",
            "UPDATE overrides SET field = '/bindings/x/y'",
            "UPDATE overrides SET component_path = 'a/b/c'",
            "UPDATE overrides SET component_path = ''",
            "UPDATE overrides SET coach_model = 'nope'",
            "UPDATE overrides SET value = NULL",
            "INSERT OR REPLACE INTO settings VALUES ('active-model', 'nope')",
            "UPDATE overrides SET field = '', value = '7'",
            "UPDATE overrides SET field = '/bindings', value = '[1]'",
            "UPDATE vendor_revisions SET identity = '[]', layout = '7'",
            "INSERT OR REPLACE INTO settings VALUES ('retention', 'changes=-5 days=x')",
            "INSERT INTO interfaces VALUES ('', '')",
        ):
            with self.subTest(statement):
                shutil.copy(self.good, self.bench.path("kept"))
                self.meddle("PRAGMA foreign_keys = OFF", statement)
                try:
                    change = self.restore_file(self.good)
                except BusError as error:
                    self.check_error(error, "InvalidFile", "Corrupt", "InvalidData")
                else:
                    self.everything()
                    self.assert_intact()
                    self.bench.restart()
                    self.everything()
                    self.undo(change)
                self.assertEqual(self.everything(), self.before[1])
                self.assertEqual(self.client.property("Health"), "ok")
                shutil.copy(self.bench.path("kept"), self.good)

    def test_what_nobody_could_read(self):
        """What cannot be sent would stay in the history, and stand in the way of all who read it, for ever."""
        none = "CAST(x'ff41' AS TEXT)"
        for statement in (
            f"INSERT INTO interfaces VALUES ('house', {none})",
            "INSERT INTO interfaces VALUES ('house', char(65535))",
            "INSERT INTO interfaces VALUES ('house', 'can0' || char(0) || 'x')",
            "INSERT INTO interfaces VALUES ('house', char(27) || '[31m')",
            f"INSERT OR REPLACE INTO settings VALUES ('active-model', {none})",
            "INSERT OR REPLACE INTO settings VALUES ('active-model', '../x')",
            f"UPDATE overrides SET user = {none}",
            f"UPDATE overrides SET component_path = {none}",
            f"UPDATE overrides SET field = '/' || {none}",
            "UPDATE overrides SET field = '', value = '7'",
            "UPDATE overrides SET field = '/bindings', value = '7'",
            "UPDATE overrides SET op = 'unset'",
            f"UPDATE vendor_revisions SET version = {none}",
            "UPDATE vendor_revisions SET identity = 'x'",
            "UPDATE coach_import_status SET imported_at = x'00ff'",
        ):
            with self.subTest(statement):
                shutil.copy(self.good, self.bench.path("kept"))
                self.meddle("PRAGMA foreign_keys = OFF", statement)
                self.refused("InvalidFile")
                shutil.copy(self.bench.path("kept"), self.good)

    def test_foreign_database(self):
        for statements in (
            ("CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"),
            ("PRAGMA user_version = 2", "CREATE TABLE changes (id INTEGER)"),
            ("PRAGMA application_id = 1131496294", "PRAGMA user_version = 2", "CREATE TABLE changes (id INTEGER)"),
        ):
            with self.subTest(statements):
                path = self.bench.path("foreign.db")
                if os.path.exists(path):
                    os.unlink(path)
                connection = sqlite3.connect(path)
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
                connection.close()
                self.refused("InvalidFile", path=path)

    def test_what_is_no_file(self):
        reader, writer = os.pipe()
        os.write(writer, b"SQLite format 3")
        folder = os.open(self.bench.directory, os.O_RDONLY)
        write_only = os.open(self.good, os.O_WRONLY)
        path_only = os.open(self.good, os.O_PATH)
        null = os.open("/dev/null", os.O_RDONLY)
        zero = os.open("/dev/zero", os.O_RDONLY)
        for descriptor in (reader, writer, folder, write_only, path_only, null, zero):
            with self.subTest(os.readlink(f"/proc/self/fd/{descriptor}")):
                self.refused("InvalidFile", descriptor=descriptor)
            os.close(descriptor)

    def test_too_large(self):
        path = self.bench.path("sparse")
        with open(path, "wb") as file:
            file.write(b"SQLite format 3\0")
            file.truncate(2 << 30)
        self.refused("TooLarge", path=path)

    def test_both_or_none(self):
        backup = self.ids()[0]
        descriptor = os.open(self.good, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        self.fails("InvalidArgs", self.restore_fd, descriptor, backup)
        self.fails("NoSuchBackup", self.restore, "")
        self.fails("InvalidArgs", self.restore, backup, colour="red")
        self.fails("InvalidArgs", self.restore, backup, file="path")
        self.fails("InvalidArgs", self.restore, backup, force=True)
        self.fails("Conflict", self.restore_fd, descriptor, expected_revision=1)
        self.assertEqual((self.revision(), self.everything(), self.stored()), self.before)


class ResetTest(BackupTest):
    def setUp(self):
        super().setUp()
        self.fresh = self.everything()
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.set(MODEL, CEILING, "/notes", "mine")
        self.call("DeleteMapping", MODEL, SPARE, "")
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "")
        self.set(MODEL, "areas/interior", "/display_name", "Inside")
        self.edited = self.everything()

    def test_a_section_is_not_divided_and_whole_at_once(self):
        for path in ("areas/interior", "areas/exterior"):
            self.call("DeleteMapping", MODEL, path, "")
        self.call("UpdateMapping", MODEL, "areas", '{"all":"one"}', "")
        self.fails("InvalidData", self.reset, "areas/interior")
        self.reset("areas")
        self.assertEqual(self.field(MODEL, "areas/interior", "/display_name"), "Interior")
        self.fails("NoSuchMapping", self.get, MODEL, "areas")
        self.assert_intact()

    def test_the_whole_model(self):
        watcher = self.client.watch()
        change = self.reset(reason="start over")
        self.assert_everything(self.fresh)
        (name, (model, paths, kind, number)), (_, properties) = self.signals_of(watcher)
        self.assertEqual((name, model, kind, number), ("MappingsChanged", MODEL, "reset", change))
        self.assertEqual(sorted(paths), sorted([CEILING, SPARE, OWN, "areas/interior"]))
        self.assertEqual(properties, {"Revision": change})
        newest = self.changes()[0]
        self.assertEqual(
            (newest["Kind"], newest["Model"], newest["Reason"], newest["Entries"]), ("reset", MODEL, "start over", 4)
        )
        detail = json.loads(newest["Detail"])
        self.assertEqual(detail["scope"], "")
        self.assertEqual(self.ids(), [detail["backup"]])
        backup = self.backups()[0]
        self.assertEqual((backup["Automatic"], backup["Revision"]), (True, change - 1))
        entry = self.history(MODEL, CEILING)[0]
        self.assertEqual((entry["Change"], entry["Kind"]), (change, "reset"))
        # There and back.
        for i, state in enumerate((self.edited, self.fresh) * 2):
            self.undo(change + i)
            self.assert_everything(state)
            self.assertEqual(self.signals_of(watcher)[0][0], "MappingsChanged")
        self.assert_intact()
        self.assert_fresh()
        # And over its backup.
        self.restore(detail["backup"])
        self.assert_everything(self.edited)
        self.assert_intact()

    def check_scope(self, scope, *paths):
        before, vendor = self.edited[0][MODEL][0], self.fresh[0][MODEL][0]
        watcher = self.client.watch()
        change = self.reset(scope)
        expected = dict(before)
        for path in paths:
            expected.pop(path, None)
            if path in vendor:
                expected[path] = vendor[path]
        self.assertEqual(self.mappings(), dict(sorted(expected.items(), key=lambda item: item[0].encode())))
        self.assertEqual(sorted(self.signals_of(watcher)[0][1][1]), sorted(paths))
        self.assertEqual(self.detail(change)["scope"], scope)
        self.undo(change)
        self.assert_everything(self.edited)
        self.assert_intact()

    def test_a_section(self):
        self.check_scope("devices", CEILING, SPARE, OWN)

    def test_another_section(self):
        self.check_scope("areas", "areas/interior")

    def test_a_component(self):
        self.check_scope(CEILING, CEILING)

    def test_a_deleted_component(self):
        self.check_scope(SPARE, SPARE)

    def test_a_component_of_the_owner(self):
        self.check_scope(OWN, OWN)

    def test_where_there_is_nothing_to_do(self):
        watcher = self.client.watch()
        revision = self.revision()
        for scope in ("lighting_scenes", PORCH, "coach_info"):
            self.assertEqual(self.reset(scope), revision)
        self.assertEqual((self.revision(), watcher.signals(), self.backups()), (revision, [], []))
        self.reset()
        self.assertEqual(self.reset(), revision + 1)
        self.fails("NoSuchMapping", self.reset, OWN)

    def test_wrong_scopes(self):
        revision = self.revision()
        for scope in ("nothing", "devices/nothing", "device", "devices/", "/devices", "/", "//", "devices/porch", "Devices",
                      "devices/porch_light/friendly_name", "x" * 5000, "~", "\n"):
            with self.subTest(scope[:100]):
                self.fails(("NoSuchMapping", "InvalidArgs"), self.reset, scope)
        self.fails("NoSuchModel", self.reset, "", "nope")
        self.fails("NoSuchModel", self.reset, "", "")
        self.fails("Conflict", self.reset, expected_revision=1)
        self.fails("TooLarge", self.reset, reason="x" * 1025)
        self.fails("InvalidArgs", self.reset, force=True)
        self.assertEqual((self.revision(), self.backups()), (revision, []))
        self.assert_everything(self.edited)

    def test_the_active_one(self):
        self.call("SetActiveModel", MODEL)
        self.reset("areas", "")
        self.assertEqual(self.field(MODEL, "areas/interior", "/display_name"), "Interior")

    def test_to_the_imported_release(self):
        """Not to the bundled one, and the update is still there."""
        self.release(second(Coach()))
        self.reset()
        self.assert_everything(self.fresh)
        self.assertEqual(self.call("CheckForUpdates", MODEL)[0], True)

    def test_other_models_stay(self):
        self.call("Import", SECOND)
        self.set(SECOND, CEILING, "/friendly_name", "Of the second")
        before = self.seen(SECOND)
        self.reset()
        self.assertEqual(self.seen(SECOND), before)


class KeptTest(BackupTest):
    """Automatic ones are pruned, those by hand never."""

    def test_the_newest(self):
        self.keep(backups=3)
        by_hand = [self.backup(f"by hand {i}") for i in range(5)]
        automatic = []
        for i in range(6):
            self.set(MODEL, CEILING, "/notes", str(i))
            automatic.append(self.detail(self.reset())["backup"])
            self.assertEqual(self.ids(automatic=True), automatic[::-1][:3])
        self.assertEqual(sorted(self.ids(automatic=False)), sorted(by_hand))
        # A wish for fewer holds at once.
        self.keep(backups=1)
        self.assertEqual(self.ids(automatic=True), automatic[-1:])
        self.set(MODEL, CEILING, "/notes", "x")
        automatic.append(self.detail(self.reset())["backup"])
        self.assertEqual(self.ids(automatic=True), automatic[-1:])
        self.assertEqual(len(self.ids(automatic=False)), 5)

    def test_the_one_that_is_restored(self):
        """The backup that comes before a restore may push out the very one that is restored."""
        self.keep(backups=1)
        self.set(MODEL, CEILING, "/friendly_name", "Then")
        then = self.everything()
        oldest = self.detail(self.reset())["backup"]
        change = self.restore(oldest)
        self.assert_everything(then)
        self.assertEqual(self.ids(), [self.detail(change)["backup"]])
        self.fails("NoSuchBackup", self.restore, oldest)
        self.undo(change)
        self.undo(change + 1)
        self.assert_everything(then)


class FullDiskTest(BackupTest):
    """No room: said with the sizes before anything is written."""

    start_daemon = False

    @classmethod
    def prepare(cls, bench):
        super().prepare(bench)
        own_mounts()
        uid, gid = ids_of(SERVICE)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=12m,uid={uid},gid={gid},mode=0700", "none", bench.state], check=True
        )
        bench.on_close(lambda: subprocess.run(["umount", "--lazy", bench.state], check=False))
        bench.start()

    def setUp(self):
        super().setUp()
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.kept = self.backup()
        self.good = self.take_out(self.kept)
        self.set(MODEL, PORCH, "/friendly_name", "Since")

    def fill(self, left):
        """Leaves about so many bytes free."""
        path = os.path.join(self.bench.state, "ballast")
        fs = os.statvfs(self.bench.state)
        with open(path, "wb") as file:
            file.write(bytes(max(fs.f_bavail * fs.f_frsize - left, 0)))
        return path

    def test_no_room(self):
        path = self.fill(3 << 20)
        before = self.everything(), self.revision(), self.stored()
        sizes = r"needs (\d+) KiB in .*/backups, where (\d+) KiB are free; nothing was done"
        for call in (
            self.backup,
            lambda: self.restore(self.kept),
            lambda: self.restore_file(self.good),
            self.reset,
        ):
            with self.assertRaises(BusError) as caught:
                call()
            self.check_error(caught.exception, "NoSpace", text=sizes)
            needed, free = map(int, re.search(sizes, caught.exception.message).groups())
            self.assertTrue(needed > free > 2000, caught.exception.message)
            self.assertEqual((self.everything(), self.revision(), self.stored()), before)
        # What needs no backup goes on.
        self.set(MODEL, PORCH, "/notes", "small")
        os.unlink(path)
        self.reset()
        self.restore(self.kept)
        self.backup()
        self.assertEqual(self.client.property("Health"), "ok")
        self.assert_intact()

    def test_room_for_one_copy(self):
        """A restore needs room twice: for what is restored, and for the backup before. What is there stays whole."""
        size = os.path.getsize(self.file_of(self.kept))
        path = self.fill((4 << 20) + size + size // 2)
        before = self.everything(), self.revision()
        try:
            self.restore(self.kept)
        except BusError as error:
            self.check_error(error, "NoSpace")
            self.assertEqual((self.everything(), self.revision()), before)
        self.assertEqual([name for name in self.stored() if "unfinished" in name], [])
        os.unlink(path)
        self.assert_intact()


class UserTest(BackupTest):
    """Who may; with the real polkit."""

    needs_polkit = True

    def setUp(self):
        super().setUp()
        self.kept = self.backup("kept")
        self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.state = self.revision(), self.everything(), self.stored()

    def writes(self):
        """Method, arguments, action, and the details: model, path."""
        return (
            ("CreateBackup", ("why",), "backup", ("", "")),
            ("RestoreBackup", (self.kept, "why"), "restore", ("", self.kept)),
            ("FactoryReset", (MODEL, "devices", "why"), "reset", (MODEL, "devices")),
            ("DeleteBackup", (self.kept,), "backup", ("", self.kept)),
        )

    def assert_unchanged(self):
        self.assertEqual((self.revision(), self.everything(), self.stored()), self.state)

    def test_reading(self):
        for user in (DENIED, ORDINARY):
            caller = self.as_user(user)
            self.assertEqual([b["Id"] for b in caller.call("ListBackups")], [self.kept])
        self.assertEqual(self.bench.checks(), [])

    def test_allowed(self):
        caller = self.as_user(ALLOWED)
        for method, arguments, action, (model, path) in self.writes():
            with self.subTest(method):
                caller.call(method, *arguments)
                check = self.bench.checks()[-1]
                self.assertEqual(check[:2], (f"org.coachiq.config1.{action}", ALLOWED))
                self.assertEqual(check[2:4], (model, path))
                self.assertEqual(check[4], method)
                if method == "RestoreBackup":
                    self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")
                    self.set(MODEL, CEILING, "/friendly_name", "Again")
        self.assertEqual([c["User"] for c in self.changes() if c["Kind"] in ("restore", "reset")], [ALLOWED] * 2)

    def test_denied(self):
        caller = self.as_user(DENIED)
        for method, arguments, _, _ in self.writes():
            for interactive in (False, True):
                with self.subTest(method, interactive=interactive):
                    self.fails("AccessDenied", caller.call, method, *arguments, interactive=interactive)
        self.assert_unchanged()

    def test_challenge_without_the_flag(self):
        for user in (ASKED, ORDINARY):
            caller = self.as_user(user)
            for method, arguments, _, _ in self.writes():
                with self.subTest(method, user=user):
                    self.fails("InteractiveAuthorizationRequired", caller.call, method, *arguments)
        self.assert_unchanged()

    def test_dismissed(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        for i, (method, arguments, action, _) in enumerate(self.writes()):
            with self.subTest(method):
                call = caller.begin(method, *arguments, interactive=True)
                prompt = agent.wait(i + 1)[i]
                self.assertEqual(prompt.action, f"org.coachiq.config1.{action}")
                self.assertNotIn("$(", prompt.message)
                prompt.dismiss()
                self.check_error(call.error(), "AccessDenied", text="(?i)dismissed")
        self.assert_unchanged()

    def test_allowed_after_a_prompt(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        for i, (method, arguments, _, (model, path)) in enumerate(self.writes()):
            with self.subTest(method):
                call = caller.begin(method, *arguments, interactive=True)
                prompt = agent.wait(i + 1)[i]
                self.assertFalse(call.done)
                for word in filter(None, (model if method == "FactoryReset" else "", path)):
                    self.assertIn(word, prompt.message)
                # Others are served meanwhile.
                self.mappings()
                prompt.allow()
                call.result()
                if method == "RestoreBackup":
                    self.set(MODEL, CEILING, "/friendly_name", "Again")

    def test_what_cannot_be_asks_nobody(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        for error, method, arguments, options in (
            ("NoSuchBackup", "RestoreBackup", ("nope", ""), {}),
            ("NoSuchBackup", "DeleteBackup", ("nope",), {}),
            ("NoSuchMapping", "FactoryReset", (MODEL, "nothing", ""), {}),
            ("NoSuchModel", "FactoryReset", ("nope", "", ""), {}),
            ("TooLarge", "CreateBackup", ("x" * 1025,), {}),
            ("TooLarge", "RestoreBackup", (self.kept, "x" * 1025), {}),
            ("Conflict", "CreateBackup", ("",), {"expected_revision": 1}),
            ("Conflict", "RestoreBackup", (self.kept, ""), {"expected_revision": 1}),
            ("Conflict", "DeleteBackup", (self.kept,), {"expected_revision": 1}),
            ("Conflict", "FactoryReset", (MODEL, "", ""), {"expected_revision": 1}),
        ):
            with self.subTest(method, error=error):
                self.fails(error, caller.call, method, *arguments, interactive=True, **options)
        self.assertEqual(caller.call("FactoryReset", MODEL, "areas", "", interactive=True), self.state[0])
        self.assertEqual((agent.prompts, self.bench.checks()), ([], []))
        self.assert_unchanged()

    def test_nothing_to_restore_is_asked_about(self):
        """Whether there is something only shows once the backup is read, and that is not for everybody."""
        backup = self.backup()
        self.fails("AccessDenied", self.as_user(DENIED).call, "RestoreBackup", backup, "")
        self.assertEqual(self.bench.checks()[-1][0], "org.coachiq.config1.restore")
        self.assertEqual(self.as_user(ALLOWED).call("RestoreBackup", backup, ""), self.state[0])

    def test_the_world_moves_during_a_prompt(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        restore = caller.begin("RestoreBackup", self.kept, "", interactive=True)
        agent.wait(1)
        stale = caller.begin("FactoryReset", MODEL, "", "", interactive=True, expected_revision=self.state[0])
        agent.wait(2)
        delete = caller.begin("DeleteBackup", self.kept, interactive=True)
        agent.wait(3)
        self.set(MODEL, PORCH, "/notes", "x")
        self.call("DeleteBackup", self.kept)
        revision = self.revision()
        for prompt in agent.prompts:
            prompt.allow()
        self.check_error(restore.error(), "NoSuchBackup")
        self.check_error(delete.error(), "NoSuchBackup")
        self.check_error(stale.error(), "Conflict")
        self.assertEqual(self.revision(), revision)

    def test_the_caller_leaves_during_a_prompt(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        caller.begin("RestoreBackup", self.kept, "", interactive=True)
        prompt = agent.wait()[0]
        caller.leave()
        wait_until(lambda: prompt.cancelled, "the prompt is taken back")
        self.assert_unchanged()


class PeerTest(BackupTest):
    """Without a bus: descriptors go both ways there too."""

    bench_options = {"peer": True}

    def test_both_ways(self):
        peer = self.bench.connect(peer=True)
        self.set(MODEL, CEILING, "/friendly_name", "Then")
        backup = peer.call("CreateBackup", "")
        descriptor = self.open(backup, peer)
        self.set(MODEL, CEILING, "/friendly_name", "Now")
        (change,), _ = self.send(
            "RestoreBackup", "", "", descriptors=[descriptor], client=peer, file=GLib.Variant("h", 0)
        )
        self.assertEqual((change, self.field(MODEL, CEILING, "/friendly_name")), (4, "Then"))
