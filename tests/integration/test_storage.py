# SPDX-License-Identifier: LGPL-2.1-or-later
"""When the disk is read-only, full, locked, damaged or from the future: a named error, nothing half-written, and all is
well again once the cause is gone."""

import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from harness import BUNDLED, MODEL, SERVICE, SHORT, Bench, BusError, IntegrationTest, ids_of, wait_until

LIGHT = "devices/bedroom_light"
CLONE_NEWNS = 0x00020000


def own_mounts():
    """From now on what this process mounts is its own and goes with it."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise unittest.SkipTest("mount namespaces are not allowed here")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


class StorageTest(IntegrationTest):
    bench_per_test = True

    def setUp(self):
        super().setUp()
        if self.start_daemon:
            self.call("Import", MODEL)
            self.set(MODEL, LIGHT, "/notes", "before")

    def rename(self, value):
        return self.set(MODEL, LIGHT, "/friendly_name", value)

    def name(self):
        return self.field(MODEL, LIGHT, "/friendly_name")

    def recovers(self):
        """Writing works again, without a restart, and then with one."""
        self.rename("Recovered")
        self.assertEqual(self.name(), "Recovered")
        self.assert_intact()
        self.bench.restart()
        self.assertEqual(self.name(), "Recovered")
        self.assertEqual(self.field(MODEL, LIGHT, "/notes"), "before")
        self.assertEqual(self.client.property("Health"), "ok")
        self.assert_intact()


class ReadOnlyTest(StorageTest):
    def read_only(self):
        """What must hold while nothing can be written."""
        self.assertEqual(self.name(), "Bedroom Light")
        self.assertEqual(self.field(MODEL, LIGHT, "/notes"), "before")
        revision = self.revision()
        for method, *arguments in (
            ("SetField", LIGHT, "/friendly_name", '"x"', ""),
            ("DeleteMapping", LIGHT, ""),
            ("UpdateMapping", "lighting_scenes/x", "{}", ""),
            ("ApplyEdits", [("set", LIGHT, "/friendly_name", '"x"')], ""),
        ):
            self.fails("ReadOnly", self.call, method, MODEL, *arguments)
        self.fails("ReadOnly", self.call, "SetInterface", "house", "can0")
        self.assertEqual((self.name(), self.revision()), ("Bedroom Light", revision))
        self.assertEqual(len(self.call("Lookup", MODEL, 0x1FEDA, 25)), 1)
        self.assertEqual(len(self.changes()), revision)
        self.assert_intact()

    def test_permissions(self):
        self.bench.stop()
        for name in os.listdir(self.bench.state):
            os.chmod(os.path.join(self.bench.state, name), 0o444)
        os.chmod(self.bench.state, 0o555)
        self.bench.start()
        self.read_only()
        os.chmod(self.bench.state, 0o700)
        for name in os.listdir(self.bench.state):
            os.chmod(os.path.join(self.bench.state, name), 0o600)
        self.recovers()

    def test_mount(self):
        own_mounts()
        self.bench.stop()
        subprocess.run(["mount", "--bind", self.bench.state, self.bench.state], check=True)
        self.bench.on_close(lambda: subprocess.run(["umount", "--lazy", self.bench.state], check=False))
        subprocess.run(["mount", "-o", "remount,bind,ro", self.bench.state], check=True)
        self.bench.start()
        self.read_only()
        subprocess.run(["mount", "-o", "remount,bind,rw", self.bench.state], check=True)
        self.recovers()

    def test_a_model_that_is_not_imported(self):
        """It cannot be imported now, and that is what the reader hears."""
        self.bench.stop()
        for name in os.listdir(self.bench.state):
            os.chmod(os.path.join(self.bench.state, name), 0o444)
        os.chmod(self.bench.state, 0o555)
        self.bench.start()
        self.fails(("ReadOnly", "NotImported"), self.call, "GetMapping", "2021_Test_Plain", "coach_info")
        self.assertEqual(self.revision(), 2)
        self.assertIn("2021_Test_Plain", [m["Id"] for m in self.call("ListModels")])

    def test_an_empty_folder_that_cannot_be_written(self):
        self.bench.stop()
        for name in os.listdir(self.bench.state):
            os.unlink(os.path.join(self.bench.state, name))
        os.chmod(self.bench.state, 0o555)
        self.bench.start()
        self.fails(("ReadOnly", "IOError"), self.call, "GetMapping", MODEL, LIGHT)
        self.fails(("ReadOnly", "IOError"), self.call, "Import", MODEL)
        os.chmod(self.bench.state, 0o700)
        self.call("Import", MODEL)
        self.rename("Recovered")
        self.assertEqual(self.name(), "Recovered")


class LockedTest(StorageTest):
    def lock(self, kind="IMMEDIATE"):
        connection = sqlite3.connect(self.bench.database, isolation_level=None, timeout=5)
        self.addCleanup(connection.close)
        try:
            connection.execute(f"BEGIN {kind}")
        except sqlite3.OperationalError as error:
            # The daemon holds the file for itself alone, which is another way to be safe.
            self.skipTest(f"the daemon does not let others in: {error}")
        return connection

    def check(self, kind):
        other = self.lock(kind)
        self.fails("Locked", self.rename, "x")
        self.assertEqual(self.name(), "Bedroom Light")
        self.assertEqual(self.revision(), 2)
        self.assertEqual(len(self.changes()), 2)
        other.execute("ROLLBACK")
        self.recovers()

    def test_another_writer(self):
        self.check("IMMEDIATE")

    def test_an_exclusive_one(self):
        self.check("EXCLUSIVE")

    def test_several_wait_in_vain(self):
        other = self.lock()
        calls = [self.client.begin("SetField", MODEL, LIGHT, "/friendly_name", f'"{i}"', "") for i in range(3)]
        for call in calls:
            self.check_error(call.error(), "Locked")
        other.execute("ROLLBACK")
        self.recovers()

    def test_locked_at_the_start(self):
        self.bench.stop()
        connection = sqlite3.connect(self.bench.database, isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("CREATE TABLE held (x)")
        self.bench.start()
        self.fails("Locked", self.rename, "x")
        connection.execute("ROLLBACK")
        connection.close()
        self.recovers()

    def test_a_second_daemon(self):
        """Two daemons never work on one database."""
        second = Bench(polkit=False, state=self.bench.state)
        self.addCleanup(second.close)
        second.start()
        try:
            error = second.client.begin("SetField", MODEL, LIGHT, "/friendly_name", '"second"', "").error()
            self.check_error(error, "Locked")
            self.rename("first")
            self.bench.stop()
            self.assertGreater(second.client.call("SetField", MODEL, LIGHT, "/friendly_name", '"second"', ""), 0)
            second.stop()
        finally:
            self._log = second.log()
        self.bench.start()
        self.assertEqual(self.name(), "second")
        self.assert_intact()


class FullDiskTest(StorageTest):
    start_daemon = False

    @classmethod
    def prepare(cls, bench):
        own_mounts()
        uid, gid = ids_of(SERVICE)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=3m,uid={uid},gid={gid},mode=0700", "none", bench.state], check=True
        )
        bench.on_close(lambda: subprocess.run(["umount", "--lazy", bench.state], check=False))
        bench.start()

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.set(MODEL, LIGHT, "/notes", "before")

    def fill(self):
        path = os.path.join(self.bench.state, "ballast")
        with open(path, "ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
        return path

    def write_until_full(self):
        """Writes until it fails; returns the last value that was acknowledged."""
        acknowledged = self.name()
        for i in range(5_000):
            value = f"{i} " + "x" * 3_000
            try:
                self.rename(value)
            except BusError as error:
                self.check_error(error, "NoSpace")
                return acknowledged
            acknowledged = value
        raise AssertionError("the disk never became full")

    def test_full(self):
        ballast = self.fill()
        acknowledged = self.write_until_full()
        revision = self.revision()
        self.assertEqual(self.name(), acknowledged)
        self.fails("NoSpace", self.rename, "y" * 100_000)
        self.fails(
            "NoSpace", self.call, "UpdateMapping", MODEL, "lighting_scenes/x", json.dumps({"a": "y" * 100_000}), ""
        )
        self.assertEqual((self.name(), self.revision()), (acknowledged, revision))
        self.assertEqual(self.field(MODEL, LIGHT, "/notes"), "before")
        self.assertEqual(self.changes(limit=1)[0]["Change"], revision)
        self.assert_intact()
        os.unlink(ballast)
        self.recovers()

    def test_full_and_killed(self):
        ballast = self.fill()
        acknowledged = self.write_until_full()
        revision = self.revision()
        self.bench.daemon.kill()
        os.unlink(ballast)
        wait_until(lambda: not self.client.has_owner(), "the name is free")
        self.bench.start()
        self.assertEqual((self.name(), self.revision()), (acknowledged, revision))
        self.recovers()

    def test_start_on_a_full_disk(self):
        self.bench.stop()
        ballast = self.fill()
        self.bench.start()
        self.assertEqual(self.name(), "Bedroom Light")
        acknowledged = self.write_until_full()
        self.assertEqual(self.name(), acknowledged)
        os.unlink(ballast)
        self.recovers()

    def test_no_room_to_import(self):
        self.fill()
        self.write_until_full()
        revision = self.revision()
        self.fails("NoSpace", self.call, "Import", BUNDLED)
        self.assertEqual(self.revision(), revision)
        self.assertFalse(next(m for m in self.call("ListModels") if m["Id"] == BUNDLED)["Imported"])
        self.assert_intact()


class SchemaTest(StorageTest):
    def tamper(self, *statements):
        self.bench.stop()
        connection = sqlite3.connect(self.bench.database)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.bench.database + suffix):
                os.unlink(self.bench.database + suffix)
        with open(self.bench.database, "rb") as file:
            return file.read()

    def content(self):
        with open(self.bench.database, "rb") as file:
            return file.read()

    def test_newer(self):
        before = self.tamper("PRAGMA user_version = 999", "CREATE TABLE of_the_future (x)")
        self.bench.start()
        self.fails("NotSupported", self.rename, "x", text="(?i)newer")
        self.fails("NotSupported", self.call, "Import", MODEL, text="(?i)newer")
        self.fails("NotSupported", self.call, "SetInterface", "house", "can0", text="(?i)newer")
        try:
            self.assertEqual(self.name(), "Bedroom Light")
        except BusError as error:
            self.check_error(error, "NotSupported", text="(?i)newer")
        self.assertNotEqual(self.client.property("Health"), "ok")
        self.bench.stop()
        self.assertEqual(self.content(), before, "a database from a newer version was touched")
        self.tamper("PRAGMA user_version = 2", "DROP TABLE of_the_future")
        self.bench.start()
        self.recovers()

    def test_somebody_elses_database(self):
        self.bench.stop()
        os.unlink(self.bench.database)
        connection = sqlite3.connect(self.bench.database)
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.execute("INSERT INTO recipes VALUES ('soup')")
        connection.commit()
        connection.close()
        os.chown(self.bench.database, *ids_of(SERVICE))
        before = self.content()
        self.bench.start()
        self.fails("Corrupt", self.rename, "x")
        self.bench.stop()
        self.assertEqual(self.content(), before, "somebody else's database was touched")


class CorruptTest(StorageTest):
    def test_some_page_anywhere(self):
        """One page is spoiled: whatever is asked then is right or an error, never a crash and never nonsense."""
        self.call("CreateBackup", "of all")
        expected = self.call("GetMappings", MODEL)
        self.bench.stop()
        with open(self.bench.database, "rb") as file:
            sound = file.read()
        pages = len(sound) // 4096
        for page in range(1, pages, 8 if SHORT else 2):
            with self.subTest(page=page):
                with open(self.bench.database, "wb") as file:
                    file.write(sound[: page * 4096] + b"\x5a" * 4096 + sound[(page + 1) * 4096 :])
                for suffix in ("-wal", "-shm"):
                    if os.path.exists(self.bench.database + suffix):
                        os.unlink(self.bench.database + suffix)
                self.bench.start()
                for method, *arguments in (
                    ("GetMappings", MODEL),
                    ("GetHistory", MODEL, ""),
                    ("ListChanges",),
                    ("Explain", MODEL, LIGHT),
                    ("VerifyHistory",),
                    ("ListModels",),
                ):
                    try:
                        value = self.call(method, *arguments)
                    except BusError as error:
                        self.check_error(error, "Corrupt")
                        continue
                    if method == "GetMappings":
                        self.assertEqual(value, expected)
                self.assertEqual(self.bench.stop(), 0)


class MissingTest(StorageTest):
    """What is taken away or replaced under the running daemon: nothing is acknowledged into a file that is gone."""

    def beside(self, suffix=""):
        return self.bench.database + suffix

    def give(self, path):
        os.chown(path, *ids_of(SERVICE))

    def copy_of_state(self):
        """A sound copy of the state directory as it is."""
        copy = self.bench.path("copy")
        self.bench.stop()
        shutil.copytree(self.bench.state, copy)
        for folder, _, names in os.walk(copy):
            for name in (".", *names):
                self.give(os.path.join(folder, name))
        self.bench.start()
        self.load()
        return copy

    def load(self):
        """All of the model is in memory then."""
        self.call("GetMappings", MODEL)

    def refuses(self):
        """The first write notices. Readers do not."""
        self.fails("IOError", self.rename, "lost")
        self.assertEqual(self.name(), "Bedroom Light")

    def killed(self):
        self.bench.daemon.kill()
        wait_until(lambda: not self.client.has_owner(), "the name is free")
        self.bench.start()

    def lasts(self, value, notes="before", health="^ok$"):
        """Writing works again, and what is acknowledged survives."""
        self.rename(value)
        self.assertRegex(self.client.property("Health"), health)
        self.assert_intact()
        self.killed()
        self.assertEqual(self.name(), value)
        if notes:
            self.assertEqual(self.field(MODEL, LIGHT, "/notes"), notes)
        self.assertRegex(self.client.property("Health"), health)
        self.assert_intact()

    def test_folder_taken_away_under_the_daemon(self):
        """The state directory vanishes while the daemon runs, and comes back."""
        away = self.bench.path("away")
        os.rename(self.bench.state, away)
        self.assertEqual(self.name(), "Bedroom Light")
        os.rename(away, self.bench.state)
        self.recovers()

    def test_folder_away_while_writing(self):
        self.load()
        away = self.bench.path("away")
        os.rename(self.bench.state, away)
        for _ in range(2):
            self.refuses()
            self.assertNotEqual(self.client.property("Health"), "ok")
        self.fails("IOError", self.call, "CreateBackup", "x")
        os.rename(away, self.bench.state)
        self.lasts("Back")

    def test_folder_removed(self):
        self.load()
        shutil.rmtree(self.bench.state)
        self.refuses()
        os.mkdir(self.bench.state, 0o700)
        self.give(self.bench.state)
        self.lasts("Anew", notes=None)

    def test_folder_replaced(self):
        copy = self.copy_of_state()
        away = self.bench.path("away")
        os.rename(self.bench.state, away)
        os.rename(copy, self.bench.state)
        self.refuses()
        self.lasts("In the other")
        connection = sqlite3.connect(os.path.join(away, "config.db"))
        self.assertEqual(connection.execute("SELECT max(id) FROM changes").fetchone(), (2,))
        connection.close()

    def test_second_daemon_in_a_replaced_folder(self):
        """The lock that counts is the one in the folder that is there."""
        copy = self.copy_of_state()
        os.rename(self.bench.state, self.bench.path("away"))
        os.rename(copy, self.bench.state)
        self.refuses()
        self.rename("first")
        second = Bench(polkit=False, state=self.bench.state)
        self.addCleanup(second.close)
        second.start()
        error = second.client.begin("SetField", MODEL, LIGHT, "/friendly_name", '"second"', "").error()
        self.check_error(error, "Locked")
        self.assertEqual(self.name(), "first")

    def test_database_removed(self):
        """Its log is still there, and kept; see test_damage.py for a database of which there are backups."""
        self.load()
        os.unlink(self.beside())
        self.refuses()
        self.lasts("Anew", notes=None, health="the file is missing.*damaged-.* no sound backup")
        self.assertTrue([name for name in os.listdir(self.bench.state) if name.startswith("damaged-")])

    def test_database_replaced(self):
        copy = self.copy_of_state()
        os.rename(os.path.join(copy, "config.db"), self.beside())
        self.refuses()
        self.lasts("In the other")

    def test_log_removed(self):
        """What is in the log that is gone is not lost either: it is still open."""
        self.load()
        self.set(MODEL, LIGHT, "/notes", "in the log")
        self.assertGreater(os.path.getsize(self.beside("-wal")), 0)
        os.unlink(self.beside("-wal"))
        self.refuses()
        self.lasts("Another log", notes="in the log")

    def test_index_of_the_log_removed(self):
        os.unlink(self.beside("-shm"))
        self.rename("Without")
        self.call("CreateBackup", "x")
        self.killed()
        self.assertEqual(self.name(), "Without")
        self.lasts("With")

    def test_removed_amid_writes(self):
        """Of many writes in a row those that were acknowledged are in the file that was there."""
        away = self.bench.path("away")
        for number in range(3 if SHORT else 20):
            calls = [
                (i, self.client.begin("SetField", MODEL, "coach_info", f"/{number}_{i}", str(i), "")) for i in range(40)
            ]
            wait_until(lambda c=calls: any(call.done for _, call in c), "some are acknowledged")
            os.rename(self.bench.state, away)
            acknowledged = []
            for i, call in calls:
                try:
                    call.result()
                except BusError as error:
                    self.check_error(error, "IOError")
                    continue
                acknowledged.append(f"{number}_{i}")
            os.rename(away, self.bench.state)
            # One that was written but not acknowledged any more may be there. Asking for the revision opens the database.
            self.revision()
            present = self.get(MODEL, "coach_info")
            for field in acknowledged:
                self.assertIn(field, present)
            self.killed()
            self.assertEqual(self.get(MODEL, "coach_info"), present)
            self.assertEqual(self.client.property("Health"), "ok")
            self.assert_intact()

    def test_made_read_only(self):
        """Files that are open stay writable: what is acknowledged then is on disk, what is not has its name."""
        self.load()
        for name in os.listdir(self.bench.state):
            os.chmod(os.path.join(self.bench.state, name), 0o444)
        os.chmod(self.bench.state, 0o555)
        self.fails("ReadOnly", self.call, "CreateBackup", "x")
        expected = "Bedroom Light"
        for value in ("one", "two"):
            try:
                self.rename(value)
                expected = value
            except BusError as error:
                self.check_error(error, "ReadOnly")
            self.assertEqual(self.name(), expected)
        os.chmod(self.bench.state, 0o700)
        for name in os.listdir(self.bench.state):
            os.chmod(os.path.join(self.bench.state, name), 0o600)
        self.killed()
        self.assertEqual(self.name(), expected)
        self.recovers()
