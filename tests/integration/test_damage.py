# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that are damaged or gone when the daemon starts: it starts, takes the newest sound backup and what can be saved
after it, says so everywhere, and erases nothing."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

from common import TIMEOUT
from harness import MODEL, SERVICE, BusError, IntegrationTest, ids_of, wait_until
from processes import as_user, clean_environment

COACHIQCTL = os.environ.get("COACHIQCTL", "")
LIGHT = "devices/bedroom_light"
PAGE = 4096


class DamageTest(IntegrationTest):
    bench_per_test = True

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.rename("One")

    def rename(self, value, **more):
        return self.set(MODEL, LIGHT, "/friendly_name", value, **more)

    def name(self):
        return self.field(MODEL, LIGHT, "/friendly_name")

    def kill(self):
        """The log stays beside the database, as after a power cut."""
        self.bench.daemon.kill()
        wait_until(lambda: not self.client.has_owner(), "the name is free")

    def scribble(self, path=None, first=0, pages=None):
        with open(path or self.bench.database, "r+b") as file:
            length = os.path.getsize(file.name) - first * PAGE if pages is None else pages * PAGE
            file.seek(first * PAGE)
            file.write(b"\xa5" * length)

    def tamper(self, *statements):
        """Somebody else writes, and leaves the log beside the database: a connection that is closed writes it back."""
        script = (
            "import os, sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1])\n"
            "for statement in sys.argv[2:]: connection.execute(statement)\nconnection.commit()\nos._exit(0)"
        )
        subprocess.run([sys.executable, "-c", script, self.bench.database, *statements], check=True)
        for suffix in ("-wal", "-shm"):
            os.chown(self.bench.database + suffix, *ids_of(SERVICE))

    def content(self, name="config.db"):
        with open(os.path.join(self.bench.state, name), "rb") as file:
            return file.read()

    def backups(self):
        return {name: self.content("backups/" + name) for name in os.listdir(os.path.join(self.bench.state, "backups"))}

    def damage_backups(self):
        for name in self.backups():
            self.scribble(os.path.join(self.bench.state, "backups", name), first=1)

    def damaged_files(self):
        return sorted(name for name in os.listdir(self.bench.state) if re.fullmatch(r"damaged-\d{8}T\d{6}Z(-\d+)?\.db", name))

    def starts(self, found, *texts):
        """It comes up and says what it did in Health and the log, naming the old file, which is as it was found."""
        backups = self.backups() if os.path.exists(os.path.join(self.bench.state, "backups")) else {}
        self.bench.start()
        self.revision()
        (aside,) = self.damaged_files()
        if found is not None:
            self.assertEqual(self.content(aside), found)
        health = self.client.property("Health")
        for text in (aside, *texts):
            self.assertRegex(health, text)
            self.assertRegex(self.bench.log(), text)
        for name, content in backups.items():
            self.assertEqual(self.content("backups/" + name), content)
        self.assert_intact()
        return health

    def lives_on(self):
        self.rename("Afterwards")
        self.assert_intact()
        health = self.client.property("Health")
        self.kill()
        self.bench.start()
        self.assertEqual(self.name(), "Afterwards")
        self.assertEqual(self.client.property("Health"), health, "it is said until somebody has looked")
        self.call("CreateBackup", "all is well")
        self.assertEqual(self.client.property("Health"), "ok")
        self.bench.restart()
        self.assertEqual(self.client.property("Health"), "ok")
        self.assertEqual(self.name(), "Afterwards")

    def status(self):
        if not COACHIQCTL:
            raise unittest.SkipTest("COACHIQCTL does not name the program")
        program = self.bench.program(COACHIQCTL)
        done = subprocess.run(
            as_user(None, [program, "status"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=clean_environment(DBUS_SYSTEM_BUS_ADDRESS=self.bench.address, NO_COLOR="1", COLUMNS="2000"),
            timeout=TIMEOUT,
            check=False,
        )
        return done.stdout

    def test_newest_backup(self):
        self.call("CreateBackup", "older")
        self.rename("Two")
        newest = self.call("CreateBackup", "newer")
        self.bench.stop()
        self.scribble()
        found = self.content()
        self.starts(found, rf"Backup {newest} took its place\.")
        self.assertEqual(self.name(), "Two")
        text = re.sub(r"\s+", " ", self.status())
        self.assertIn(self.damaged_files()[0], text)
        self.assertIn(newest, text)
        self.lives_on()

    def test_no_backup(self):
        self.bench.stop()
        self.scribble()
        self.starts(self.content(), "There is no sound backup, so that coaches begin anew with their bundled data")
        self.assertEqual(self.name(), "Bedroom Light")
        self.lives_on()

    def test_only_damaged_backups(self):
        self.call("CreateBackup", "one")
        self.rename("Two")
        self.call("CreateBackup", "two")
        self.bench.stop()
        self.scribble()
        self.damage_backups()
        found = self.content()
        self.starts(found, "There is no sound backup")
        self.assertEqual(len(re.findall("Backup .* cannot be used", self.bench.log())), 2)
        self.assertEqual(self.name(), "Bedroom Light")
        self.lives_on()

    def test_later_changes(self):
        """What came after the backup is made again, as it was: number, time, user and reason."""
        self.call("CreateBackup", "one")
        self.rename("Two", reason="the second name")
        self.set(MODEL, LIGHT, "/notes", "kept", reason="a note")
        self.call("SetActiveModel", MODEL)
        self.call("SetInterface", "house", "can1")
        changes, history = self.changes(), self.history(MODEL, LIGHT)
        self.kill()
        self.tamper("UPDATE coach_mappings SET mapping_data = replace(mapping_data, 'Two', 'Twp')")
        self.bench.start()
        self.assertEqual(self.name(), "Two")
        self.assertRegex(self.client.property("Health"), r"with 4 later changes made again")
        self.assertEqual(len(self.damaged_files()), 1)
        self.assertEqual((self.changes(), self.history(MODEL, LIGHT)), (changes, history))
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assert_intact()
        self.lives_on()

    def test_header(self):
        """What is behind a header of noise is read all the same."""
        self.rename("Two", reason="the second name")
        changes = self.changes()
        self.bench.stop()
        with open(self.bench.database, "r+b") as file:
            file.write(os.urandom(100))
        self.starts(self.content(), "no sound backup.*, with 3 changes made again")
        self.assertEqual(self.changes(), changes)
        self.assertEqual(self.name(), "Two")
        self.lives_on()

    def test_changes_without_a_backup(self):
        self.rename("Two", reason="the second name")
        changes = self.changes()
        self.kill()
        self.tamper("DELETE FROM overrides")
        self.bench.start()
        self.assertEqual(self.name(), "Two")
        self.assertRegex(self.client.property("Health"), r"no sound backup.*, with 3 changes made again")
        self.assertEqual(self.changes(), changes)
        self.assert_intact()
        self.lives_on()

    def test_met_while_reading(self):
        """After a clean stop nobody checks everything; but no value is served that nobody wrote."""
        self.call("CreateBackup", "one")
        self.bench.stop()
        connection = sqlite3.connect(self.bench.database)
        connection.execute("UPDATE coach_mappings SET mapping_data = replace(mapping_data, 'One', 'Onf')")
        connection.commit()
        connection.close()
        self.bench.start()
        try:
            self.assertEqual(self.name(), "One")
        except BusError as error:  # the one call that found it
            self.check_error(error, "Corrupt")
        self.assertEqual(self.name(), "One")
        self.assertRegex(self.client.property("Health"), self.damaged_files()[0])
        self.assert_intact()
        self.lives_on()

    def test_newer_version(self):
        """It is no damage, after a power cut neither, though there is a backup."""
        self.call("CreateBackup", "one")
        self.kill()
        self.tamper("PRAGMA user_version = 3", "CREATE TABLE of_the_future (x)")
        self.bench.start()
        self.fails("NotSupported", self.rename, "x", text="(?i)newer")
        self.assertRegex(self.client.property("Health"), "(?i)newer")
        self.assertEqual(self.damaged_files(), [])
        self.bench.stop()
        self.assertEqual(sqlite3.connect(self.bench.database).execute("PRAGMA user_version").fetchone(), (3,))

    def test_read_only_folder(self):
        """It cannot be moved aside, nor anything put in its place; that is said, and once it can be, it is done."""
        newest = self.call("CreateBackup", "one")
        self.bench.stop()
        self.scribble()
        found = self.content()
        os.chmod(self.bench.state, 0o555)
        self.bench.start()
        self.fails("ReadOnly", self.call, "GetMapping", MODEL, LIGHT, text="The database is damaged")
        self.assertRegex(self.client.property("Health"), "The database is damaged .* cannot be recovered yet")
        self.assertEqual((self.content(), self.damaged_files()), (found, []))
        os.chmod(self.bench.state, 0o700)
        self.assertEqual(self.name(), "One")
        self.assertRegex(self.client.property("Health"), newest)
        self.assertEqual(self.content(self.damaged_files()[0]), found)
        self.lives_on()

    def test_missing(self):
        """Who wants to begin anew has other means; a file that is lost is replaced by the backup, and it is said."""
        newest = self.call("CreateBackup", "one")
        self.rename("Two")
        self.bench.stop()
        os.unlink(self.bench.database)
        self.bench.start()
        self.assertEqual(self.name(), "One")
        self.assertRegex(self.client.property("Health"), f"the file is missing.*{newest}")
        self.assertRegex(self.bench.log(), f"the file is missing.*{newest}")
        self.assertEqual(self.damaged_files(), [])
        self.lives_on()

    def test_empty(self):
        newest = self.call("CreateBackup", "one")
        self.bench.stop()
        os.truncate(self.bench.database, 0)
        self.starts(b"", f"the file is empty.*{newest}")
        self.assertEqual(self.name(), "One")
        self.lives_on()

    def killed(self):
        self.bench.daemon.kill()
        wait_until(lambda: not self.client.has_owner(), "the daemon has left")

    def test_empty_with_a_log(self):
        """SQLite would erase a log that lies beside an empty file."""
        newest = self.call("CreateBackup", "one")
        self.set(MODEL, LIGHT, "/notes", "in the log")
        self.killed()
        with open(self.bench.database + "-wal", "rb") as file:
            log = file.read()
        self.assertTrue(log)
        os.truncate(self.bench.database, 0)
        self.bench.start()
        self.assertEqual(self.name(), "One")
        self.assertRegex(self.client.property("Health"), f"the file is empty.*{newest}")
        (kept,) = [n for n in os.listdir(self.bench.state) if n.startswith("damaged-") and n.endswith("-wal")]
        with open(os.path.join(self.bench.state, kept), "rb") as file:
            self.assertEqual(file.read(), log)
        self.lives_on()

    def test_statistics_are_no_damage(self):
        """Somebody with a shell may have asked SQLite for them."""
        self.bench.stop()
        connection = sqlite3.connect(self.bench.database)
        connection.execute("ANALYZE")
        connection.close()
        self.bench.start()
        self.set(MODEL, LIGHT, "/notes", "since")
        self.killed()
        self.bench.start()
        self.assertEqual(self.field(MODEL, LIGHT, "/notes"), "since")
        self.assertEqual(self.client.property("Health"), "ok")
        self.call("RestoreBackup", self.call("CreateBackup", "with them"), "")
        self.lives_on()

    def test_ended_recovery(self):
        """The power goes while the daemon recovers: the next start does the rest."""
        newest = self.call("CreateBackup", "one")
        self.bench.stop()
        self.scribble()
        found = self.content()
        name = "damaged-20260131T120000Z.db"
        for moved in ("nothing", "the file", "the file, and the backup is there"):
            with self.subTest(moved):
                with open(os.path.join(self.bench.state, "recovering"), "w", encoding="utf-8") as note:
                    note.write(f"{name}\nit was so\n")
                os.chown(note.name, *ids_of(SERVICE))
                if moved != "nothing":
                    os.rename(self.bench.database, os.path.join(self.bench.state, name))
                if moved.endswith("is there"):
                    shutil.copy(os.path.join(self.bench.state, "backups", newest + ".db"), self.bench.database)
                    os.chown(self.bench.database, *ids_of(SERVICE))
                self.bench.start()
                self.assertEqual(self.name(), "One")
                self.assertRegex(self.client.property("Health"), rf"\(it was so\).*{name}.*{newest}")
                self.assertEqual(self.content(name), found)
                self.assertFalse(os.path.exists(note.name))
                self.bench.stop()
                os.replace(os.path.join(self.bench.state, name), self.bench.database)
