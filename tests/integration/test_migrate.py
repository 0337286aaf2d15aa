# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl migrate against the daemon: old installations that the tests lay out, a real one, and bad ones."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

import yaml

from ctl import COACHIQCTL, Result, Terminal
from harness import (
    ALLOWED,
    BUNDLED,
    DENIED,
    FIXTURES,
    MODEL,
    ORDINARY,
    PLAIN,
    SOURCE_ROOT,
    TIMEOUT,
    IntegrationTest,
    as_user,
    clean_environment,
)

REAL = os.path.join(SOURCE_ROOT, "..", "shared", "data", "real")

BEDROOM = "devices/bedroom_light"
GALLEY = "devices/galley_light"
HEATER = "devices/heater"
PORCH = "devices/porch_light"
VAN = "2019_Owner_Van"

LIB = "/var/lib/coachiq"
ENV = "/.env"
COACH = f"{LIB}/config/models/2020_test_coach.yml"
OVERRIDES = f"{LIB}/user/config-overrides.toml"
SYSTEM = f"{LIB}/config/system.toml"
DATABASE = f"{LIB}/user/coachiq.db"
PATCHES = "/srv/patches.json"
VAN_FILE = f"{LIB}/user/{VAN}.yaml"

# A coach that nobody ships, in the oldest of forms.
VAN_TEXT = """
_coach_info: {year: 2019, make: Owner, model: Van}
dgn_pairs: {1FEDB: [1FEDA]}
1FEDA:
  3:
    - {entity_id: van_light, friendly_name: Van Light, suggested_area: Main, device_type: light, interface: can1}
"""
PATCH_DOCUMENT = [
    {"op": "replace", "path": "/1FEDA/25/0/friendly_name", "value": "Reading Nook"},
    {"op": "replace", "path": "/1FEDB/25/0/friendly_name", "value": "Reading Nook"},
    {"op": "replace", "path": "/1FEDA/99/0/friendly_name", "value": "Nowhere"},
    {"op": "add", "path": "/1FFE2/1/0/notes", "value": "noisy"},
]
TABLES = """
CREATE TABLE system_settings (key VARCHAR(255) NOT NULL PRIMARY KEY, value VARCHAR(4000) NOT NULL,
    last_modified DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, description VARCHAR(500));
CREATE TABLE user_settings (key VARCHAR(255) NOT NULL PRIMARY KEY, value VARCHAR(4000) NOT NULL,
    last_modified DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, category VARCHAR(100), description VARCHAR(500));
"""


class Tree:
    """A folder that stands for the disk of an old system."""

    def __init__(self, root):
        self.root = root
        os.makedirs(root)
        os.chmod(root, 0o755)

    def path(self, name):
        path = self.root + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def put(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def copy(self, source, name):
        shutil.copyfile(source, self.path(name))

    def database(self, name, system=(), user=(), log=False):
        """With `log` the rows are in the write-ahead log alone. Returns the connection, which keeps it so."""
        db = sqlite3.connect(self.path(name))
        if log:
            db.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;")
        db.executescript(TABLES)
        db.executemany("INSERT INTO system_settings (key, value) VALUES (?, ?)", system)
        db.executemany("INSERT INTO user_settings (key, value) VALUES (?, ?)", user)
        db.commit()
        if log:
            return db
        db.close()
        return None

    def state(self):
        """All that there is to know of each file, without reading one through its path first."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                found[path] = [st.st_mode, st.st_uid, st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns]
                # Of a folder this very look at it is an access.
                if name in files:
                    found[path].append(st.st_atime_ns)
        return found

    def checksums(self):
        found = {}
        for folder, _, files in os.walk(self.root):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.join(folder, name)] = hashlib.sha256(file.read()).hexdigest()
        return found


@unittest.skipUnless(COACHIQCTL, "COACHIQCTL does not name the program")
class MigrateTest(IntegrationTest):
    bench_per_test = True

    @classmethod
    def prepare(cls, bench):
        bench.ctl = shutil.copy(COACHIQCTL, bench.path("coachiqctl"))
        os.chmod(bench.ctl, 0o755)

    def setUp(self):
        super().setUp()
        self.tree = Tree(self.bench.path("old"))

    def environment(self, **more):
        return clean_environment(
            DBUS_SYSTEM_BUS_ADDRESS=self.bench.address, NO_COLOR="1", TERM="xterm", LANG="C.UTF-8", **more
        )

    def run_ctl(self, *arguments, code=0, user=None, before=(), cwd="/", **environment):
        done = subprocess.run(
            [*before, *as_user(user, [self.bench.ctl, *arguments])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            cwd=cwd,
            timeout=4 * TIMEOUT,
        )
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        return Result(code, done.stdout, done.stderr)

    def migrate(self, *arguments, **more):
        """The report of a run over the tree."""
        return json.loads(self.run_ctl("--json", "migrate", "--root", self.tree.root, *arguments, **more).out)

    def items(self, report, source):
        """What became of a source: (what, path, field) → (result, value)."""
        return {
            (item["what"], item["path"], item["field"]): (item["result"], item.get("value"))
            for item in report["items"]
            if item["source"] == source
        }

    def reason(self, report, source):
        return " ".join(item["reason"] for item in report["items"] if item["source"] == source)

    def counts(self, report):
        return tuple(report["counts"][key] for key in ("taken", "present", "refused"))

    def name(self, path, model=MODEL):
        return self.field(model, path, "/friendly_name")


class TreeTest(MigrateTest):
    """Every source that an old system had, in one tree."""

    def setUp(self):
        super().setUp()
        tree = self.tree
        with open(os.path.join(FIXTURES, "coaches", f"{MODEL}.yml"), encoding="utf-8") as file:
            released = file.read()
        own = released.replace("friendly_name: Galley Light", "friendly_name: Cook's Light")
        own = own.replace("friendly_name: Heater\n      area: interior.bedroom", "friendly_name: Heater\n      area: exterior")
        self.assertEqual(own.count("Cook's Light") + own.count("area: exterior\n      device_type: thermostat"), 2)
        tree.put(
            ENV,
            '# of the old service\nCOACHIQ_CAN__INTERFACE_MAPPINGS={"house": "can1", "chassis": "can0"}\n'
            "export RVC_COACH_MODEL='2020 test coach.yml'\nCOACHIQ_AUTH__SECRET_KEY=a-secret\n",
        )
        tree.put(COACH, own)
        tree.put(f"{LIB}/reference/{MODEL}.yml", released)
        tree.put(f"{LIB}/reference/rvc.json", "{}")
        tree.put(VAN_FILE, VAN_TEXT)
        tree.put(PATCHES, json.dumps(PATCH_DOCUMENT))
        tree.database(
            DATABASE,
            [("active_coach_model", "2020_test_coach"), ("user_patches_file", PATCHES), ("base_model_hash", "x")],
            [("entity.light.porch_light.display_name", "By the Door"), ("ui.dashboard.dark", "true")],
        )
        tree.put(OVERRIDES, "[server]\nport = 8081\n[can]\ninterface_mappings = { house = 'vcan0' }\n")
        tree.put(SYSTEM, '[coach]\ndefault_model = "2020_test_coach"\n')


class WholeTest(TreeTest):
    def check_served(self):
        """What the old system served is what is there now."""
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assertEqual(self.client.property("Interfaces"), {"house": "can1", "chassis": "can0"})
        self.assertEqual(self.name(BEDROOM), "Reading Nook")
        self.assertEqual(self.name(GALLEY), "Cook's Light")
        self.assertEqual(self.name(PORCH), "By the Door")
        self.assertEqual(self.field(MODEL, HEATER, "/area"), "exterior")
        self.assertEqual(self.field(MODEL, HEATER, "/notes"), "noisy")
        self.assertEqual(self.field(VAN, "devices/van_light", "/friendly_name"), "Van Light")
        self.assertEqual([m["Origin"] for m in self.call("ListModels") if m["Id"] == VAN], ["custom"])
        self.assert_intact()

    def check_report(self, report, dry_run):
        self.assertEqual(report["dry_run"], dry_run)
        self.assertEqual(report["active_model"], "" if dry_run else MODEL)
        env = self.items(report, ENV)
        self.assertEqual(env["interface", "", "house"], ("taken", "can1"))
        self.assertEqual(env["interface", "", "chassis"], ("taken", "can0"))
        self.assertIn("taken", [value[0] for key, value in env.items() if key[0] == "active-model"])
        coach = self.items(report, COACH)
        self.assertEqual(coach["coach", "", ""][0], "taken")
        self.assertEqual(coach["edit", GALLEY, "/friendly_name"], ("taken", "Cook's Light"))
        self.assertEqual(coach["edit", HEATER, "/area"], ("taken", "exterior"))
        self.assertEqual(self.items(report, VAN_FILE)["coach", "", ""][0], "taken")
        patches = [item["result"] for item in report["items"] if item["source"] == PATCHES]
        self.assertEqual(patches, ["taken", "taken", "refused", "taken"])
        self.assertIn("/1FEDA/99", self.reason(report, PATCHES))
        names = [value for key, value in self.items(report, DATABASE).items() if key[0] == "name"]
        self.assertEqual(names, [("taken", "By the Door")])
        self.assertEqual(self.items(report, OVERRIDES)["interface", "", "house"][0], "refused")
        self.assertIn(ENV, self.reason(report, OVERRIDES))
        self.assertNotIn("a-secret", json.dumps(report))

    def test_moves_over(self):
        report = self.migrate("--dry-run")
        self.check_report(report, True)
        self.assertEqual(self.revision(), 0)
        self.assertEqual(self.call("ListBackups"), [])
        self.assertEqual(self.client.property("ActiveModel"), "")

        report = self.migrate("--yes", "--reason", "a new service")
        self.check_report(report, False)
        self.check_served()
        change = self.changes()[0]
        self.assertEqual((change["Kind"], change["Change"]), ("migration", report["change"]))
        self.assertEqual(change["Reason"], "a new service")
        self.assertEqual(self.client.property("Revision"), report["change"])

    def test_a_second_run_does_nothing(self):
        self.migrate("--yes")
        revision, backups = self.revision(), self.call("ListBackups")
        for options in (("--dry-run",), ("--yes",)):
            again = self.migrate(*options)
            self.assertEqual(again["counts"]["taken"], 0)
            self.assertGreater(again["counts"]["present"], 5)
            self.assertEqual(self.revision(), revision)
        self.assertEqual(self.call("ListBackups"), backups)
        self.check_served()
        self.assertIn("Nothing is left to take over.", self.run_ctl("migrate", "--root", self.tree.root, "--yes").out)

    def test_undone_and_done_again(self):
        change = self.migrate("--yes")["change"]
        self.run_ctl("undo", str(change))
        self.assertEqual(self.client.property("ActiveModel"), "")
        self.assertEqual(self.client.property("Interfaces"), {})
        self.assertNotIn(VAN, [m["Id"] for m in self.call("ListModels")])
        report = self.migrate("--yes")
        self.assertGreater(report["change"], change)
        self.check_report(report, False)
        self.check_served()

    def test_what_the_owner_did_since_stays(self):
        self.migrate("--yes")
        self.set(MODEL, GALLEY, "/friendly_name", "Third Name")
        self.call("ResetMapping", MODEL, PORCH, "", "a test")
        self.call("SetInterface", "house", "can7", force=True)
        again = self.migrate("--yes")
        self.assertEqual(again["counts"]["taken"], 0)
        self.assertEqual(self.name(GALLEY), "Third Name")
        self.assertEqual(self.name(PORCH), "Porch Light")
        self.assertEqual(self.client.property("Interfaces")["house"], "can7")

    def test_the_old_files_stay_as_they_are(self):
        log = self.tree.database(f"{LIB}/database/coachiq.db", [("active_coach_model", "in_the_log")], log=True)
        checksums = self.tree.checksums()
        # So that a read would show.
        for folder, _, files in os.walk(self.tree.root):
            for name in files:
                path = os.path.join(folder, name)
                os.utime(path, ns=(1_000_000_000_000, os.stat(path).st_mtime_ns))
        before = self.tree.state()
        self.migrate("--dry-run")
        report = self.migrate("--yes")
        self.assertEqual(self.tree.state(), before)
        self.assertEqual(self.tree.checksums(), checksums)
        log.close()
        self.assertEqual(self.items(report, f"{LIB}/database/coachiq.db").popitem()[1], ("refused", "in_the_log"))

    def test_a_disk_that_cannot_be_written(self):
        mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
        before = ("unshare", "--mount", "sh", "-c", mount, self.tree.root)
        report = self.migrate("--yes", before=before)
        self.check_report(report, False)
        self.check_served()

    def test_for_people(self):
        shown = self.run_ctl("migrate", "--root", self.tree.root, "--dry-run").out
        self.assertIn("To be taken over (", shown)
        self.assertIn(f"  {COACH}\n    coach {MODEL}\n", shown)
        self.assertIn(f"    {GALLEY} /friendly_name → Cook's Light\n", shown)
        self.assertIn("    interface house → can1\n", shown)
        self.assertIn("Refused (", shown)
        self.assertRegex(shown, r"\d+ taken, \d+ already there, \d+ refused\.\nNothing was written, as --dry-run wants it\.\n$")
        self.assertNotRegex(shown, r"[^\S\n]\n", "no blanks at the end of a line")

    def test_asks(self):
        for columns in (40, 80):
            for answer in ("n", ""):
                terminal = Terminal(
                    [self.bench.ctl, "migrate", "--root", self.tree.root], self.environment(), columns
                )
                self.addCleanup(terminal.close)
                seen = terminal.expect("Take it over?")
                self.assertNotIn("A backup", seen)
                for line in seen.splitlines():
                    # What names a file or says why is never cut, but broken where there is a blank.
                    if not line.startswith("The old files stay"):
                        self.assertTrue(len(line) <= columns or " " not in line.strip(), line)
                terminal.type(answer)
                terminal.expect("Nothing was written.")
                self.assertEqual(terminal.end(), 1)
                self.assertEqual(self.revision(), 0)
        self.call("Import", PLAIN)
        terminal = Terminal([self.bench.ctl, "migrate", "--root", self.tree.root], self.environment())
        self.addCleanup(terminal.close)
        self.assertIn("A backup of what is there now is made first.", terminal.expect("Take it over?"))
        self.assertEqual(self.call("ListBackups"), [])
        terminal.type("y")
        seen = terminal.expect("takes it back.")
        self.assertRegex(seen, r"Moved over: \d+ taken, \d+ already there, \d+ refused  \(change \d+\)\n")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(len(self.call("ListBackups")), 1)
        self.check_served()

    def test_nobody_to_ask(self):
        for arguments in ((), ("--json",)):
            done = self.run_ctl("migrate", "--root", self.tree.root, *arguments, code=2)
            self.assertIn("--yes says yes, --dry-run only shows", done.err)
        self.assertEqual(self.revision(), 0)

    def test_another_revision_than_the_one_shown(self):
        done = self.run_ctl("migrate", "--root", self.tree.root, "--yes", "--expected-revision", "7", code=5)
        self.assertTrue(done.err)
        self.assertEqual(self.revision(), 0)

    def test_without_a_bus(self):
        """No more descriptors than a message may have, so that it works either way."""
        for n in range(60):
            self.tree.put(f"/config/extra_{n}.yml", VAN_TEXT.replace("van_light", f"van_light_{n}"))
        report = self.migrate("--dry-run")
        extra = [item for item in report["items"] if item["source"].startswith("/config/extra_")]
        self.assertEqual({item["result"] for item in extra if item["what"] == "coach"}, {"taken"})
        self.assertEqual(len({item["source"] for item in extra}), 60)


# What the old decoder passed over; all else at the top was a DGN to it, and had to be a map.
METADATA = {
    "coach_info", "dgn_pairs", "templates", "global_defaults", "areas", "lighting_scenes", "lighting_groups",
    "validation_rules", "file_metadata", "can_interface_mapping", "interface_requirements",
}  # fmt: skip


def old_entries(path):
    """(DGN, instance) → entries, as the old decoder read a coach file."""
    with open(path, encoding="utf-8") as file:
        data = yaml.safe_load(file)
    return {
        (dgn, str(instance)): entries
        for dgn, instances in data.items()
        if not dgn.startswith(("#", "_")) and dgn not in METADATA
        for instance, entries in instances.items()
        if isinstance(entries, list)
    }


class WayBackTest(TreeTest):
    """docs/migration.md, “The way back”: what it says, done."""

    def test_the_old_system_reads_it_again(self):
        self.migrate("--yes")
        self.set(MODEL, BEDROOM, "/friendly_name", "Since Then")
        exported = self.bench.path(f"{MODEL}.yml")
        self.run_ctl("export", MODEL, "--output", exported)
        self.run_ctl("backup", "--output", self.bench.path("before.db"))
        interfaces = self.client.property("Interfaces")

        names = {e["entity_id"]: e["friendly_name"] for entries in old_entries(exported).values() for e in entries}
        self.assertEqual(names["bedroom_light"], "Since Then")
        self.assertEqual(names["galley_light"], "Cook's Light")
        self.assertEqual(names["porch_light"], "By the Door")
        for (dgn, instance), entries in old_entries(exported).items():
            found = self.call("Lookup", MODEL, int(dgn, 16), 250 if instance == "default" else int(instance))
            self.assertEqual(
                {e["entity_id"]: e["friendly_name"] for e in entries},
                {d["entity_id"]: d["friendly_name"] for d in (json.loads(text) for _, text in found)},
            )

        # And from there to here once more, into a database that knows nothing.
        before = {path: text for path, text, _, _ in self.call("GetMappings", MODEL)[0]}
        back = Tree(self.bench.path("back"))
        back.copy(exported, f"{LIB}/config/{MODEL}.yml")
        pairs = ",".join(f"{logical}:{physical}" for logical, physical in interfaces.items())
        back.put(
            f"{LIB}/.env",
            f"COACHIQ_RVC__COACH_MAPPING_PATH={LIB}/config/{MODEL}.yml\nCOACHIQ_CAN__INTERFACE_MAPPINGS={pairs}\n",
        )
        other = type(self).make_bench()
        self.addCleanup(other.close)
        self.bench, self.tree, self._log_start = other, back, 0
        report = self.migrate("--yes")
        self.assertEqual(report["counts"]["refused"], 0, report)
        self.assertEqual({path: text for path, text, _, _ in self.call("GetMappings", MODEL)[0]}, before)
        self.assertEqual(self.client.property("Interfaces"), interfaces)
        self.assertEqual(self.client.property("ActiveModel"), MODEL)


class PolkitTest(MigrateTest):
    needs_polkit = True

    def test_who_may(self):
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        arguments = ("migrate", "--root", self.tree.root)
        self.assertIn(VAN, self.run_ctl(*arguments, "--dry-run", user=DENIED).out)
        self.run_ctl(*arguments, "--yes", user=DENIED, code=3)
        refused = self.run_ctl("--no-ask-password", *arguments, "--yes", user=ORDINARY, code=3)
        self.assertIn("--no-ask-password", refused.err)
        self.assertEqual(self.revision(), 0)
        self.run_ctl(*arguments, "--yes", user=ALLOWED)
        self.assertEqual(self.changes()[0]["User"], ALLOWED)


class HereTest(MigrateTest):
    """Without --root: the variables of the caller, and places from the current folder on."""

    def test_environment(self):
        lib = self.tree.path("/lib")
        os.makedirs(os.path.join(lib, "user"))
        self.tree.put(f"/lib/{VAN}.yml", VAN_TEXT)
        self.tree.put("/config/theirs.yml", "services: {web: {}}\n")
        variables = {
            "COACHIQ_RVC__COACH_MAPPING_PATH": os.path.join(lib, f"{VAN}.yml"),
            "COACHIQ_CAN__INTERFACE_MAPPINGS": "house=can3,chassis:can4",
            "COACHIQ_PERSISTENCE__DATA_DIR": lib,
            "COACHIQ_CONFIG_SYSTEM_ROOT": lib,
            "COACHIQ_CONFIG_USER_ROOT": lib,
        }
        done = self.run_ctl("--json", "migrate", "--yes", cwd=self.tree.root, **variables)
        report = json.loads(done.out)
        self.assertEqual(self.items(report, "environment")["interface", "", "house"], ("taken", "can3"))
        self.assertEqual(report["active_model"], VAN)
        self.assertEqual(self.client.property("ActiveModel"), VAN)
        self.assertEqual(self.client.property("Interfaces"), {"house": "can3", "chassis": "can4"})
        self.assertNotIn("theirs.yml", done.out)

    def test_variables_do_not_count_with_a_root(self):
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        report = self.migrate("--dry-run", COACHIQ_CAN__INTERFACE_MAPPINGS="house=can3")
        self.assertEqual(self.items(report, "environment"), {})

    def test_env_file(self):
        env_file = self.bench.path("coachiq.env")
        with open(env_file, "w", encoding="utf-8") as file:
            file.write("COACHIQ_CAN__INTERFACE_MAPPINGS='house:can5'\nCOACHIQ_RVC__CONFIG_DIR=/srv/coaches\n")
        self.tree.put(f"/srv/coaches/{VAN}.yml", VAN_TEXT)
        report = self.migrate("--dry-run", "--env-file", env_file)
        self.assertEqual(self.items(report, env_file)["interface", "", "house"], ("taken", "can5"))
        self.assertEqual(self.items(report, f"/srv/coaches/{VAN}.yml")["coach", "", ""][0], "taken")
        missing = self.run_ctl("migrate", "--env-file", "/nonexistent", "--dry-run", code=1)
        self.assertIn("/nonexistent: ", missing.err)


class BadTest(MigrateTest):
    def test_nothing_there(self):
        done = self.run_ctl("migrate", "--root", self.tree.root, "--dry-run", code=4)
        self.assertIn(f"There is no old installation below {self.tree.root}.", done.err)
        for place in (f"{LIB}/reference", f"{LIB}/user/coachiq.db", "/config"):
            self.assertIn(f"\n  {place}\n", done.err)
        report = self.migrate("--yes", code=4)
        self.assertEqual(report["items"], [])
        self.assertIn(f"{LIB}/user/user_patches.json", report["looked_at"])
        self.assertIn("Cannot open", self.run_ctl("migrate", "--root", "/nonexistent", "--yes", code=1).err)
        self.assertEqual(self.revision(), 0)

    def test_a_hostile_tree(self):
        """Each is one item with its reason, nothing waits, and what is good comes over."""
        models, tree = f"{LIB}/config/models", self.tree
        tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        os.mkfifo(tree.path(f"{models}/fifo.yml"))
        os.mknod(tree.path(f"{models}/device.yml"), 0o20644, os.makedev(1, 5))
        os.makedirs(tree.path(f"{models}/folder.yml/x"))
        os.symlink("/etc/passwd", tree.path(f"{models}/out.yml"))
        os.symlink("../../../../../../../../etc/passwd", tree.path(f"{models}/up.yml"))
        os.symlink("loop.yml", tree.path(f"{models}/loop.yml"))
        with open(tree.path(f"{models}/huge.yml"), "wb") as file:
            file.truncate(1 << 40)
        tree.put(f"{models}/empty.yml", "")
        tree.put(f"{models}/broken.yml", "1FEDA:\n  25:\n - [\n")
        with open(tree.path(f"{models}/binary.yml"), "wb") as file:
            file.write(bytes(range(256)))
        tree.put(f"{LIB}/user/coachiq.db", "this is a letter, and no database at all")
        tree.put(f"{LIB}/user/user_patches.json", "[{")
        tree.put(f"{LIB}/config/system.toml", "[can\n")
        os.symlink("/etc", tree.path(f"{LIB}/reference"))
        report = self.migrate("--yes")
        expected = {
            f"{models}/fifo.yml": "FIFO",
            f"{models}/device.yml": "device",
            f"{models}/folder.yml": "folder",
            f"{models}/out.yml": "leads out of",
            f"{models}/up.yml": "leads out of",
            f"{models}/loop.yml": "circle",
            f"{models}/huge.yml": "larger than",
            f"{models}/broken.yml": "line ",
            f"{models}/binary.yml": "",
            f"{models}/empty.yml": "",
            f"{LIB}/user/coachiq.db": "no SQLite database",
            f"{LIB}/user/user_patches.json": "line ",
            f"{LIB}/config/system.toml": "line 1, column ",
            f"{LIB}/reference": "leads out of",
        }
        for source, reason in expected.items():
            with self.subTest(source):
                found = [item for item in report["items"] if item["source"] == source]
                self.assertEqual([item["result"] for item in found], ["refused"], found)
                self.assertTrue(found[0]["reason"])
                self.assertIn(reason, found[0]["reason"])
        self.assertEqual(self.items(report, f"{LIB}/user/{VAN}.yml")["coach", "", ""][0], "taken")
        self.assertEqual(self.field(VAN, "devices/van_light", "/friendly_name"), "Van Light")

    def test_nothing_but_bad(self):
        os.mkfifo(self.tree.path(f"{LIB}/config/models/fifo.yml"))
        report = self.migrate("--yes", code=1)
        self.assertEqual(self.counts(report), (0, 0, 1))
        self.assertEqual(self.revision(), 0)

    def test_files_of_somebody_else(self):
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        os.chmod(self.tree.put(f"{LIB}/user/secret.yml", VAN_TEXT), 0)
        report = self.migrate("--dry-run", user=ORDINARY)
        self.assertIn("sudo coachiqctl migrate", self.reason(report, f"{LIB}/user/secret.yml"))
        self.assertEqual(self.items(report, f"{LIB}/user/{VAN}.yml")["coach", "", ""][0], "taken")

    def test_a_folder_without_end(self):
        folder = os.path.dirname(self.tree.path(f"{LIB}/config/models/x"))
        for n in range(100_000):
            os.close(os.open(f"{folder}/{n:06}.txt", os.O_CREAT | os.O_WRONLY))
        for n in range(600):
            os.close(os.open(f"{folder}/{n:06}.yml", os.O_CREAT | os.O_WRONLY))
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        report = self.migrate("--dry-run")
        self.assertIn("600 coach files", self.reason(report, f"{LIB}/config/models"))
        self.assertEqual(self.items(report, f"{LIB}/user/{VAN}.yml")["coach", "", ""][0], "taken")

    @unittest.skipUnless(os.path.exists("/dev/fuse"), "there is no /dev/fuse, to mount what does not answer")
    def test_a_disk_that_does_not_answer(self):
        """A file system whose server never reads a request: each look into it would last for ever."""
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        os.makedirs(self.tree.path(f"{LIB}/reference/x"))
        mount = """if True:
            import ctypes, os, sys
            fd = os.open("/dev/fuse", os.O_RDWR)
            os.set_inheritable(fd, True)
            options = f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
            if ctypes.CDLL(None).mount(b"hung", sys.argv[1].encode(), b"fuse", 0, options) != 0:
                sys.exit("cannot mount")
            os.execv(sys.argv[2], sys.argv[2:])
        """
        # A leak checker would wait for the thread that never comes back.
        before = ("env", "ASAN_OPTIONS=detect_leaks=0", "unshare", "--mount", sys.executable, "-c", mount, f"{self.tree.root}{LIB}/reference")
        report = self.migrate("--dry-run", before=before)
        self.assertIn("does not answer", self.reason(report, f"{LIB}/reference"))
        self.assertEqual(self.items(report, f"{LIB}/user/{VAN}.yml")["coach", "", ""][0], "taken")

    def test_no_service(self):
        self.tree.put(f"{LIB}/user/{VAN}.yml", VAN_TEXT)
        done = self.run_ctl("--socket", "/nonexistent.sock", "migrate", "--root", self.tree.root, "--dry-run", code=1)
        self.assertTrue(done.err)


class RealTest(MigrateTest):
    """Files that owners really have, where the old system had them."""

    bench_options = {"seeds": None}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not os.path.isdir(REAL):
            raise unittest.SkipTest("there are no real coach files beside the source tree (../shared/data/real)")

    def real(self, release):
        return os.path.join(REAL, f"{BUNDLED}.{release}.yml")

    def check_effective(self, data):
        """Each entry of the file, as readers see it at its place."""
        seen = 0
        for dgn, instances in data.items():
            if not re.fullmatch(r"[0-9A-F]{5}", str(dgn)):
                continue
            for instance, entries in instances.items():
                if instance == "default":
                    continue
                found = [json.loads(text) for _, text in self.call("Lookup", BUNDLED, int(dgn, 16), int(instance))]
                by_id = {device["entity_id"]: device for device in found}
                for entry in entries:
                    device = by_id[entry["entity_id"]]
                    for key, value in entry.items():
                        if key not in ("interface",):
                            self.assertEqual(device.get(key, "absent"), json.loads(json.dumps(value)), (dgn, instance, key))
                            seen += 1
        self.assertGreater(seen, 50)

    def check_way_back(self, release):
        """The old decoder reads from an export what it read from the file, but for names of interfaces."""
        exported = self.bench.path(f"{release}.yml")
        self.run_ctl("export", BUNDLED, "--output", exported)

        def entries(path):
            return {
                place: [{key: value for key, value in entry.items() if key != "interface"} for entry in found]
                for place, found in old_entries(path).items()
            }

        self.assertEqual(entries(exported), entries(self.real(release)))

    def test_each_release(self):
        for release in ("2025-05-13", "2025-06-06", "2025-06-08"):
            with self.subTest(release):
                tree = self.tree = Tree(self.bench.path(f"old-{release}"))
                tree.copy(self.real(release), f"/config/{BUNDLED.lower()}.yml")
                tree.copy(os.path.join(REAL, "coach_mapping.default.yml"), f"{LIB}/reference/coach_mapping.default.yml")
                tree.copy(os.path.join(REAL, "rvc.json"), f"{LIB}/reference/rvc.json")
                tree.put(ENV, f"COACHIQ_RVC__COACH_MODEL={BUNDLED}\nCOACHIQ_CAN__INTERFACE_MAPPINGS=house:can1,chassis:can0\n")
                report = self.migrate("--yes")
                self.assertEqual(report["active_model"], BUNDLED)
                self.assertEqual(self.items(report, f"/config/{BUNDLED.lower()}.yml")["coach", "", ""][0], "taken")
                with open(self.real(release), encoding="utf-8") as file:
                    self.check_effective(yaml.safe_load(file))
                self.assertEqual(self.migrate("--yes")["counts"]["taken"], 0)
                self.check_way_back(release)
                self.run_ctl("undo", str(report["change"]))

    def test_edited_by_hand(self):
        """The owner's changes in a copy of a release become edits, and the rest stays the vendor's."""
        with open(self.real("2025-06-08"), encoding="utf-8") as file:
            released = file.read()
        own = released.replace('friendly_name: "Bedroom Ceiling Light"', "friendly_name: Reading Nook")
        self.assertNotEqual(own, released)
        self.tree.put(f"{LIB}/config/models/{BUNDLED}.yml", own)
        self.tree.copy(self.real("2025-06-08"), f"{LIB}/reference/models/{BUNDLED}.yml")
        report = self.migrate("--yes")
        edits = [item for item in report["items"] if item["what"] == "edit"]
        self.assertEqual({item["value"] for item in edits}, {"Reading Nook"})
        self.assertEqual({item["result"] for item in edits}, {"taken"})
        self.check_effective(yaml.safe_load(own))
        models = {m["Id"]: m for m in self.call("ListModels")}
        self.assertEqual(models[BUNDLED]["Edits"], len(edits))
        self.assertTrue(models[BUNDLED]["UpdateAvailable"])


if __name__ == "__main__":
    unittest.main()
