# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl against the daemon: updates, undo, history and backups, on a pipe and on a terminal."""

import json
import os
import sqlite3
import subprocess
import time

from ctl import BEDROOM, GALLEY, LOSS, PORCH, RELEASE, TAKE_ALL, CtlTest
from harness import (
    ALLOWED,
    DENIED,
    MODEL,
    ORDINARY,
    SERVICE,
    wait_until,
)

class UpdateTest(CtlTest):
    def test_nothing_to_update(self):
        self.assertEqual(self.ctl("updates").out, "All imported models are up to date.\n")
        self.assertEqual(self.json("updates"), [])
        up_to_date = f"{MODEL} is up to date: version 1.2.3.\n"
        for verb in ("preview", "update"):
            self.assertEqual(self.ctl(verb).out, up_to_date)
            self.assertEqual(self.ctl(verb, MODEL).out, up_to_date)
            self.assertRegex(self.ctl(verb, "2021_Test_Plain").out, "is not imported, so there is nothing to update")
            self.assertRegex(self.ctl(verb, "2020_Test_Coch", code=4).err, f"Did you mean {MODEL}")
            self.assertRegex(self.ctl(verb, MODEL, "--model", MODEL, code=2).err, "exclude each other")
        self.assertEqual(self.ctl("update", "--all").out, "All imported models are up to date.\n")
        self.assertEqual(self.json("update", "--all"), [])
        self.assertEqual(self.json("update"), {"model": MODEL, "installed": "1.2.3", "bundled": "1.2.3"})
        preview = self.json("preview")
        self.assertEqual((preview["verdict"], preview["items"], preview["counts"]), ("clean", [], {}))
        self.assertEqual(self.revision(), 2)

    def test_updates(self):
        self.release()
        self.assertRegex(self.ctl("updates").out, rf"MODEL\s+INSTALLED\s+BUNDLED\n{MODEL}\s+1\.2\.3\s+1\.3\.0\n$")
        self.assertEqual(self.json("updates"), [{"model": MODEL, "installed": "1.2.3", "bundled": "1.3.0"}])

    def test_preview(self):
        self.conflict()
        self.assertEqual(
            self.ctl("preview").out,
            f"""{MODEL}: 1.2.3 → 1.3.0
Review: 3 items need a decision.
3 where you and the vendor disagree, 2 from the vendor

Needs a decision:
  {BEDROOM} /friendly_name: you and the vendor both changed it
    base    Bedroom Light
    mine    Reading Nook   --keep bedroom_light friendly_name
    vendor  Bed Light      --take bedroom_light friendly_name
    result  Reading Nook   --set bedroom_light friendly_name VALUE
  {GALLEY} /friendly_name: you and the vendor both changed it
    base    Galley Light
    mine    Cook's Light   --keep galley_light friendly_name
    vendor  Kitchen Light  --take galley_light friendly_name
    result  Cook's Light   --set galley_light friendly_name VALUE
  {PORCH}: you deleted it, the vendor changed it
    base    {{…}}
    mine    (nothing)                           --keep porch_light /
    vendor  {{…}} but friendly_name: Patio Light  --take porch_light /
    result  (nothing)                           --set porch_light / VALUE

Comes from the vendor:
  vendor         file_metadata /version: "1.2.3" → "1.3.0"
  added          lighting_scenes/movie

“coachiqctl update” asks about each, or takes these options; --policy decides the rest.
""",
        )
        self.assertEqual(self.ctl("preview", "--full").out, self.ctl("preview").out)

    def test_preview_as_data(self):
        self.conflict()
        preview = self.json("preview")
        self.assertEqual(preview["verdict"], "review")
        self.assertEqual(preview["counts"], {"conflict": 2, "deleted-changed": 1, "vendor": 1, "added": 1})
        self.assertEqual(
            preview["items"][0],
            {
                "path": BEDROOM,
                "field": "/friendly_name",
                "class": "conflict",
                "base": "Bedroom Light",
                "mine": "Reading Nook",
                "vendor": "Bed Light",
                "result": "Reading Nook",
            },
        )
        decided = self.json("preview", "--policy=take-vendor")
        self.assertEqual(decided["items"][0]["result"], "Bed Light")
        self.assertEqual(self.revision(), 5)

    def test_clean(self):
        self.set(MODEL, BEDROOM, "/notes", "mine")
        self.release()
        done = self.ctl("update", "--reason=new names")
        self.assertRegex(done.out, "Clean: nothing waits for a decision")
        self.assertRegex(done.out, rf"Updated {MODEL}: 1\.2\.3 → 1\.3\.0  \(change 4\)\n  “coachiqctl undo 4” takes")
        self.assertEqual(done.err, "")
        self.assertEqual(self.name(BEDROOM), "Bed Light")
        self.assertEqual(self.field(MODEL, BEDROOM, "/notes"), "mine")
        self.assertEqual(self.ctl("updates").out, "All imported models are up to date.\n")

    def test_update_as_data(self):
        self.conflict()
        self.assertEqual(
            self.json("update", *TAKE_ALL),
            {"model": MODEL, "installed": "1.2.3", "bundled": "1.3.0", "verdict": "clean", "change": 6},
        )
        self.assertEqual(self.name(PORCH), "Patio Light")

    def test_resolutions(self):
        self.conflict()
        options = ["--take", "bedroom_light", "friendly_name", "--keep", "porch_light", "/"]
        options += ["--set", "galley_light", "/friendly_name", "Third Name"]
        for preview in (self.ctl("preview", *options).out, self.ctl("update", *options).out):
            self.assertRegex(preview, r"(?m)^Clean:")
            self.assertRegex(preview, r"result +Bed Light\n")
            self.assertRegex(preview, r"result +Third Name\n")
            self.assertNotRegex(preview, "--take|--keep|--set")
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Bed Light", "Third Name"))
        self.fails("NoSuchMapping", self.get, MODEL, PORCH)

    def test_wrong_options(self):
        self.conflict()
        wrong = {
            ("--take", "bedrom_light", "friendly_name"): "does not touch “bedrom_light”. Did you mean " + BEDROOM,
            ("--take", "heater", "friendly_name"): "does not touch “heater”",
            ("--take", "bedroom_light", "notes"): f"does not touch {BEDROOM} /notes",
            ("--take", "movie", "name"): "does not touch lighting_scenes/movie /name",
            ("--set", "porch_light", "/", "7"): "is no value for /",
            ("--take", "bedroom_light", "/", "--keep", "bedroom_light", "friendly_name"): "is said twice",
            ("--policy=mine",): "--policy takes",
            ("--allow=all",): "--allow takes",
            ("--take", "bedroom_light"): "--take",
        }
        for options, message in wrong.items():
            for verb in ("preview", "update"):
                with self.subTest(options, verb=verb):
                    self.assertIn(message, self.ctl(verb, *options, code=2).err)
        self.ctl("update", "--all", "--take", "bedroom_light", "/", code=2)
        self.assertEqual(self.revision(), 5)

    def test_a_value_that_the_file_forbids(self):
        self.conflict()
        self.ctl("update", "--set", "porch_light", "/", '{"friendly_name": "No Kind"}', code=1)
        self.assertEqual(self.revision(), 5)

    def test_policies(self):
        self.conflict()
        refused = self.ctl("update", "--policy=manual", code=1).err
        self.assertIn("decisions are open", refused)
        self.assertIn("--take, --keep and --set", refused)
        self.assertEqual(self.revision(), 5)
        decisions = ("--take", "bedroom_light", "/", "--keep", "galley_light", "/", "--keep", "porch_light", "/")
        self.ctl("update", "--policy=manual", *decisions)
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Bed Light", "Cook's Light"))

    def test_by_default_what_is_yours_stays(self):
        self.conflict()
        self.ctl("update")
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Reading Nook", "Cook's Light"))
        self.fails("NoSuchMapping", self.get, MODEL, PORCH)

    def test_only_clean(self):
        self.conflict()
        refused = self.ctl("update", "--only-clean", code=1)
        self.assertIn("the update needs a person", refused.err)
        self.assertEqual(self.revision(), 5)
        # A policy is for what is left open, so it does not make an update clean; decisions do.
        self.ctl("update", "--only-clean", "--policy=take-vendor", code=1)
        self.ctl("update", "--only-clean", *TAKE_ALL)
        self.assertEqual(self.name(BEDROOM), "Bed Light")

    def test_all(self):
        """As the timer does it: one is taken, the other one left to a person, and that is no failure."""
        self.get("2021_Test_Plain", "coach_info")
        self.conflict()
        self.release([("Plain", "Plainer")], "2021_Test_Plain")
        before = self.revision()
        done = self.ctl("update", "--all", "--only-clean", "--no-ask-password")
        self.assertRegex(done.out, r"Updated 2021_Test_Plain: .*\(change \d+\)")
        self.assertNotIn("Decided", done.out)
        self.assertEqual(done.err.count("is left as it is, since it needs a person"), 1)
        self.assertIn(f"“coachiqctl preview {MODEL}” shows why", done.err)
        self.assertEqual(self.revision(), before + 1)
        self.assertEqual(self.name(BEDROOM), "Reading Nook")
        reports = self.json("update", "--all", "--only-clean")
        self.assertEqual(reports, [{"model": MODEL, "installed": "1.2.3", "bundled": "1.3.0", "verdict": "review"}])

    def test_all_and_one_that_fails(self):
        """A file that cannot be read does not keep the other models from their update."""
        self.get("2021_Test_Plain", "coach_info")
        self.release([("version", "version: [")])
        self.release([("Plain", "Plainer")], "2021_Test_Plain")
        self.assertIn("2021_Test_Plain", self.ctl("updates").out)
        self.ctl("update", "--all", "--only-clean")
        self.assertEqual(self.get("2021_Test_Plain", "coach_info")["model"], "Plainer")

    def test_blocked(self):
        self.release(LOSS)
        preview = self.ctl("preview").out
        self.assertRegex(preview, "Blocked: not applied unless what stands in the way is allowed")
        self.assertRegex(preview, r"Stands in the way:\n  device-loss +many devices would go\n.*\n +--allow=device-loss")
        self.assertRegex(self.ctl("preview", "--allow=device-loss").out, "allowed by --allow=device-loss")
        self.assertIn("stands in the way", self.ctl("update", code=1).err)
        self.assertIn("stands in the way", self.ctl("update", "--allow=collisions", code=1).err)
        left = self.ctl("update", "--all", "--only-clean")
        self.assertIn("is left as it is", left.err)
        self.assertEqual(self.revision(), 2)
        self.ctl("update", "--allow=device-loss")
        self.fails("NoSuchMapping", self.get, MODEL, "devices/spare_1_light")

    def test_expected_revision(self):
        self.release()
        self.assertIn("at revision 2 now", self.ctl("update", "--expected-revision=1", code=5).err)
        self.ctl("update", "--expected-revision=2")


class UndoTest(CtlTest):
    def update(self):
        """An update as change 3, and an edit of the owner on top of it as change 4."""
        self.release()
        self.ctl("update", "--reason=new names")
        self.set(MODEL, PORCH, "/friendly_name", "My Porch")

    def test_an_edit(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "Reading Nook")
        self.assertEqual(self.ctl("undo", "3", "--reason=no").out, "Undid change 3  (change 4)\n")
        self.assertEqual(self.name(BEDROOM), "Bedroom Light")
        self.assertEqual(self.ctl("undo", "3").out, "Nothing to undo: all is as it was before change 3.\n")
        self.assertEqual(self.revision(), 4)
        # An undo of the undo is a redo.
        self.assertEqual(self.json("undo", "4"), {"change": 5, "undoes": 4})
        self.assertEqual(self.name(BEDROOM), "Reading Nook")

    def test_an_update(self):
        self.update()
        self.assertEqual(self.ctl("undo", "3").out.splitlines()[0], "Undid change 3  (change 5)")
        self.assertEqual((self.name(BEDROOM), self.name(PORCH)), ("Bedroom Light", "My Porch"))
        self.assertIn(MODEL, self.ctl("updates").out)

    def test_partly_and_forced(self):
        done = [("set", BEDROOM, "/friendly_name", '"A"'), ("set", GALLEY, "/friendly_name", '"B"')]
        self.call("ApplyEdits", MODEL, done, "both")
        self.set(MODEL, GALLEY, "/friendly_name", "C")
        partly = self.ctl("undo", "3").out
        self.assertRegex(partly, r"Undid change 3  \(change 5\)\n\nLeft as it is, since it was changed afterwards:\n")
        self.assertRegex(partly, rf"PATH +FIELD +USER +CHANGE\n{GALLEY} +/friendly_name +root +4\n")
        self.assertIn("“coachiqctl undo 3 --force” takes that back too.", partly)
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Bedroom Light", "C"))
        refused = self.ctl("undo", "3", code=5).err
        self.assertIn("--force undoes it all the same", refused)
        self.ctl("undo", "3", "--force")
        self.assertEqual(self.name(GALLEY), "Galley Light")

    def test_skipped_as_data(self):
        done = [("set", BEDROOM, "/friendly_name", '"A"'), ("set", GALLEY, "/friendly_name", '"B"')]
        self.call("ApplyEdits", MODEL, done, "both")
        self.set(MODEL, GALLEY, "/friendly_name", "C")
        skipped = {"path": GALLEY, "field": "/friendly_name", "user": "root", "change": 4}
        self.assertEqual(self.json("undo", "3"), {"change": 5, "undoes": 3, "skipped": [skipped]})

    def test_what_is_no_change(self):
        self.assertIn("There is no change 9", self.ctl("undo", "9", code=4).err)
        for word in ("x", "0", "-1", "1.5", ""):
            self.assertIn("is not the number of a change", self.ctl("undo", "--", word, code=2).err)
        self.ctl("undo", code=2)
        self.assertIn("at revision 2", self.ctl("undo", "2", "--expected-revision=1", code=5).err)

    def test_retention(self):
        self.assertEqual(
            self.ctl("retention").out,
            "Kept are the newest 1000 changes and all of the last 730 days, and the newest 10 automatic backups.\n",
        )
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        self.assertEqual(
            self.ctl("retention", "--changes=2", "--days=0").out,
            "Kept from now on are the newest 2 changes, and the newest 10 automatic backups.  (change 4)\n",
        )
        self.assertRegex(self.ctl("retention", "--changes=2").out, "^Nothing to change")
        self.assertEqual(self.json("retention"), {"Changes": 2, "Days": 0, "Backups": 10})
        self.assertEqual([c["Change"] for c in self.json("changes")], [4, 3])
        self.assertIn("cannot be undone any more", self.ctl("undo", "1", code=4).err)
        self.assertEqual(
            self.ctl("verify").out,
            "The history is intact: 2 changes checked.\n  from change 3 on; older ones were pruned\n",
        )
        self.assertRegex(self.json("verify")["note"], "change 3")
        self.assertEqual(
            self.ctl("retention", "--changes=1", "--days=1", "--backups=1").out,
            "Kept from now on are the newest change and all of the last day, and the newest automatic backup."
            "  (change 5)\n",
        )
        self.ctl("retention", "--changes=0", code=2)
        self.ctl("retention", "--changes=many", code=2)

    def test_history(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "Reading Nook")
        self.release()
        self.ctl("update", "--take", "bedroom_light", "friendly_name", "--reason=new names")
        self.ctl("undo", "4")
        changes = self.ctl("changes", "--lines=3").out
        self.assertRegex(changes, rf"(?m)^ +5 .* undo +{MODEL} +root +\d+ +of change 4$")
        self.assertRegex(changes, rf"(?m)^ +4 .* update +{MODEL} +root +\d+ +1\.2\.3 → 1\.3\.0 +new names$")
        self.assertEqual([c["Kind"] for c in self.json("changes", "--kind=update")], ["update"])
        history = self.ctl("history", "bedroom_light").out
        self.assertRegex(history, rf"(?m)^ +4 .* update +conflict +{BEDROOM} +/friendly_name +Reading Nook +Bed Light")
        self.assertRegex(history, rf"(?m)^ +3 .* set +{BEDROOM} +/friendly_name +Bedroom Light +Reading Nook")
        entry = next(e for e in self.json("history", "bedroom_light") if e.get("Class") == "conflict")
        self.assertEqual((entry["Before"], entry["After"]), ("Reading Nook", "Bed Light"))
        self.assertEqual(self.json("verify"), {"intact": True, "checked": 5, "problem": ""})

    def test_meddling_shows(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "Reading Nook")
        self.bench.stop()
        database = sqlite3.connect(self.bench.database)
        database.execute("UPDATE changes SET user = 'nobody' WHERE id = 3")
        database.commit()
        database.close()
        self.bench.start()
        self.assertIn("The history was tampered with: ", self.ctl("verify", code=1).err)
        self.assertIs(self.json("verify", code=1)["intact"], False)


class BackupTest(CtlTest):
    ID = r"\d{8}T\d{6}Z-r(\d+)(-\d+)?-(auto|manual)"

    def make(self, *options):
        return self.json("backup", *options)["id"]

    def out(self, name="coach.db"):
        return self.bench.path(name)

    def test_make_and_list(self):
        none = self.ctl("backups")
        self.assertEqual(none.out, "There are no backups. “coachiqctl backup” makes one.\n")
        self.assertEqual(self.json("backups"), [])
        done = self.ctl("backup", "--reason=before the trip").out
        self.assertRegex(done, rf"^Made backup {self.ID}  \(revision 2, \d+\.\d KiB\)\n$")
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        self.ctl("factory-reset", "--yes")
        table = self.ctl("backups").out
        self.assertRegex(table, r"^ID +TIME +REVISION +SIZE +MADE +REASON +PROBLEM\n")
        self.assertRegex(table, rf"(?m)^{self.ID} .* +2 +\d+\.\d KiB +by hand +before the trip$")
        self.assertRegex(table, rf"(?m)^{self.ID} .* +3 +\d+\.\d KiB +automatic +before the reset of {MODEL}$")
        listed = self.json("backups")
        self.assertEqual([b["Automatic"] for b in listed], [True, False])
        self.assertEqual(listed, self.call("ListBackups"))
        self.ctl("backup", "--expected-revision=1", code=5)

    def test_copies(self):
        done = self.ctl("backup", "--output", self.out()).out
        self.assertRegex(done, rf"^Made backup .*\nCopied backup {self.ID} to {self.out()}\n$")
        self.assertEqual(os.stat(self.out()).st_mode & 0o7777, 0o600)
        backup = self.call("ListBackups")[0]["Id"]
        with open(self.out(), "rb") as copy, open(os.path.join(self.bench.state, "backups", f"{backup}.db"), "rb") as file:
            content = file.read()
            self.assertEqual(copy.read(), content)
        # Nothing is overwritten, and nothing is made for nothing.
        refused = self.ctl("backup", "-o", self.out(), code=1).err
        self.assertIn("exists already; --force overwrites it", refused)
        for path in (self.bench.directory, "/dev/null"):
            self.assertIn("no regular file", self.ctl("backup", "-o", path, "--force", code=1).err)
        self.ctl("backup", "-o", self.out("no/such"), code=1)
        self.assertEqual(len(self.call("ListBackups")), 1)
        self.ctl("backup", backup, "-o", self.out(), "--force")
        self.assertEqual(
            self.json("backup", backup, "-o", self.out("b.db")), {"id": backup, "output": self.out("b.db")}
        )
        self.assertEqual(len(self.call("ListBackups")), 1)
        done = subprocess.run(
            [self.bench.ctl, "backup", backup, "-o", "-"], capture_output=True, env=self.environment(), check=True
        )
        self.assertEqual((done.stdout, done.stderr), (content, b""))
        self.assertEqual([name for name in os.listdir(self.bench.directory) if name.startswith("coach.db.")], [])

    def test_wrong_options(self):
        for options in (
            ("backup", "x"),
            ("backup", "x", "-o", "y", "--reason=z"),
            ("backup", "--force"),
            ("backup", "--json", "-o", "-"),
            ("backup", "a", "b"),
            ("restore", "--yes"),
            ("restore", "x", "--file", "y", "--yes"),
            ("restore", "x"),
            ("restore", "x", "--json"),
            ("restore", "--file", "y"),
            ("factory-reset",),
            ("factory-reset", "a", "b", "--yes"),
            ("delete-backup",),
            ("restore", "x", "--yes", "--force"),
        ):
            with self.subTest(options):
                self.ctl(*options, code=2)
        self.assertIn("--yes says yes", self.ctl("restore", "x", code=2).err)
        self.assertEqual(self.ctl("restore", code=2).err.count("coachiqctl:"), 1)
        self.assertEqual((self.revision(), self.call("ListBackups")), (2, []))

    def test_delete(self):
        backup = self.make()
        wrong = self.ctl("delete-backup", backup[:-1], code=4).err
        self.assertIn(f"Did you mean {backup}?", wrong)
        self.assertIn("“coachiqctl backups” lists", self.ctl("delete-backup", "xyz", code=4).err)
        self.ctl("delete-backup", backup, "--expected-revision=1", code=5)
        self.assertEqual(self.ctl("delete-backup", backup).out, f"Deleted backup {backup}\n")
        self.assertEqual(self.json("delete-backup", self.make())["id"][:2], "20")
        self.assertEqual(self.call("ListBackups"), [])

    def test_restore(self):
        backup = self.make("--reason=before the trip")
        for i in range(7):
            self.set(MODEL, BEDROOM, "/friendly_name", f"Name {i}", reason=f"edit {i}")
        done = self.ctl("restore", backup, "--yes", "--reason=back").out
        self.assertRegex(
            done,
            rf"""^{backup}
  made      \w+ [-\d]+ [:\d]+ \w+; just now, by hand
  revision  2
  size      \d+\.\d KiB
  reason    before the trip

7 changes were made since\.
The newest of them:
CHANGE  TIME .*REASON
     9 .* edit 6
(.*\n){{4}}
A backup of what is there now is made first\.
Restored {backup}, of revision 2  \(change 10\)
  “coachiqctl undo 10” takes it back\.
$""",
        )
        self.assertEqual(self.name(BEDROOM), "Bedroom Light")
        changes = self.ctl("changes").out
        self.assertRegex(changes, rf"(?m)^ +10 .* restore +root +1 +of {backup} +back$")
        self.assertEqual([c["Change"] for c in self.json("changes", "--kind=restore")], [10])
        self.assertIn("Nothing to change", self.ctl("restore", backup, "--yes").out)
        self.ctl("undo", "10")
        self.assertEqual(self.name(BEDROOM), "Name 6")
        self.assertEqual(self.json("restore", backup, "--yes"), {"change": 12})
        self.assertIn("Did you mean", self.ctl("restore", backup[:-1], "--yes", code=4).err)
        self.ctl("restore", backup, "--yes", "--expected-revision=3", code=5)

    def test_restore_of_a_file(self):
        self.ctl("backup", "-o", self.out())
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        done = self.ctl("restore", "--file", self.out(), "--yes").out
        self.assertRegex(done, rf"^{self.out()}\n  written   .*\n  size      \d")
        self.assertRegex(done, rf"Restored {self.out()}, of revision 2  \(change 4\)")
        self.assertEqual(self.name(BEDROOM), "Bedroom Light")
        self.assertRegex(self.ctl("changes").out, r"(?m)^ +4 .* of a file, revision 2$")
        with open(self.out("none.db"), "wb") as file:
            file.write(b"nothing of the kind\n" * 500)
        refused = self.ctl("restore", "--file", self.out("none.db"), "--yes", code=1).err
        self.assertIn("cannot be used", refused)
        self.assertIn("Nothing was changed", refused)
        os.mkfifo(self.out("pipe"))
        for path in (self.out("pipe"), self.bench.directory, "/dev/null"):
            self.assertIn("no regular file", self.ctl("restore", "--file", path, "--yes", code=1).err)
        self.assertIn("Cannot read", self.ctl("restore", "--file", self.out("no"), "--yes", code=1).err)
        self.assertEqual(self.revision(), 4)

    def test_factory_reset(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        self.set(MODEL, BEDROOM, "/notes", "b")
        self.set(MODEL, "areas/exterior", "/display_name", "Outside")
        self.call("DeleteMapping", MODEL, PORCH, "")
        self.call("UpdateMapping", MODEL, "lighting_scenes/movie", '{"name": "Movie"}', "")
        self.call("UpdateMapping", MODEL, "lighting_scenes/gone", '{"name": "Gone"}', "")
        self.call("DeleteMapping", MODEL, "lighting_scenes/gone", "")
        done = self.ctl("factory-reset", "--yes").out
        self.assertEqual(
            done,
            f"""Factory reset of {MODEL}

3 fields go back to the vendor's values:
  areas/exterior: /display_name
  {BEDROOM}: /friendly_name, /notes
1 component that was deleted comes back:
  {PORCH}
1 component of your own goes:
  lighting_scenes/movie

A backup of what is there now is made first.
Reset {MODEL}  (change 10)
  “coachiqctl undo 10” takes it back.
""",
        )
        self.assertEqual((self.name(BEDROOM), self.name(PORCH)), ("Bedroom Light", "Porch Light"))
        self.assertIn("Nothing to change", self.ctl("factory-reset", "--yes").out)
        self.ctl("undo", "10")
        # What an undo or a restore took away again is found too.
        self.assertIn(PORCH, self.ctl("factory-reset", "devices", "--yes").out)
        self.assertEqual(self.field(MODEL, "areas/exterior", "/display_name"), "Outside")
        self.assertRegex(self.ctl("changes").out, r"(?m)^ +12 .* reset .* of devices$")
        self.ctl("undo", "12")
        backup = self.make()
        self.ctl("factory-reset", "--yes")
        self.ctl("restore", backup, "--yes")
        part = self.ctl("factory-reset", "porch_light", "--yes", "--model", MODEL).out
        self.assertIn(f"Factory reset of {MODEL}, {PORCH}\n", part)
        self.assertNotIn("go back", part)
        self.assertEqual(self.json("factory-reset", "areas/exterior", "--yes"), {"change": 17})
        self.assertEqual(self.ctl("factory-reset", "areas", "--yes", "--json").out, '{"change":17}\n')

    def test_factory_reset_of_what_is_not_there(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        self.ctl("factory-reset", "devices/nothing", "--yes", code=4)
        self.assertIn(f"Did you mean {BEDROOM}", self.ctl("factory-reset", "bedrom_light", "--yes", code=4).err)
        self.assertIn(f"Did you mean {MODEL}", self.ctl("factory-reset", "-m", MODEL[:-1], "--yes", code=4).err)
        self.ctl("factory-reset", "--yes", "--expected-revision=1", code=5)
        self.call("SetActiveModel", "")
        self.assertIn("coachiqctl activate MODEL", self.ctl("factory-reset", "devices", "--yes", code=4).err)
        self.assertEqual(self.call("ListBackups"), [])


class MonitorTest(CtlTest):
    def watch(self, *options):
        with open(self.bench.path("monitor.log"), "wb") as file:
            process = subprocess.Popen(
                [self.bench.ctl, *options, "monitor"], stdin=subprocess.DEVNULL, stdout=file, env=self.environment()
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        numbers = iter(range(10**6))
        wait_until(lambda: self._is_told(next(numbers)), "the monitor listens")

    def _is_told(self, number):
        """Whether it hears of an edit; those before it listened it does not hear of."""
        self.set(MODEL, BEDROOM, "/notes", f"edit {number}")
        time.sleep(0.05)
        return self.bench.read("monitor.log") != ""

    def heard(self, text):
        wait_until(lambda: text in self.bench.read("monitor.log"), f"the monitor says {text!r}")
        return self.bench.read("monitor.log")

    def one_of_each(self):
        """Returns the number of the last change before: the update is the next one, then come its undo, the import of
        another model, and the undo of that."""
        before = self.revision()
        self.release()
        self.bench.restart()
        self.ctl("updates")
        self.ctl("update")
        self.ctl("undo", str(before + 1))
        self.get("2021_Test_Plain", "coach_info")
        self.ctl("undo", str(before + 3))
        return before

    def test_text(self):
        self.watch()
        before = self.one_of_each()
        text = self.heard("  removed ")
        self.assertRegex(text, rf"(?m)  available +{MODEL}: 1\.2\.3 → 1\.3\.0$")
        self.assertRegex(text, rf"(?m)  updated +{MODEL}: 1\.2\.3 → 1\.3\.0 \(change {before + 1}\)$")
        self.assertRegex(text, rf"(?m)  updated +{MODEL}: 1\.3\.0 → 1\.2\.3 \(change {before + 2}\)$")
        self.assertRegex(text, rf"(?m)  removed +2021_Test_Plain \(change {before + 4}\)$")
        self.assertNotIn("missed", text)

    def test_json(self):
        self.watch("--json")
        before = self.one_of_each()
        events = [json.loads(line) for line in self.heard('"removed"').splitlines()]
        for event in events:
            event.pop("time", None)
        update = {"event": "updated", "model": MODEL, "from": "1.2.3", "to": "1.3.0", "change": before + 1}
        self.assertIn({"event": "available", "model": MODEL, "installed": "1.2.3", "bundled": "1.3.0"}, events)
        self.assertIn(update, events)
        self.assertIn({"event": "removed", "model": "2021_Test_Plain", "change": before + 4}, events)


class BackupMonitorTest(MonitorTest):
    def do_all(self):
        before = self.revision()
        backup = self.json("backup", "--reason=why")["id"]
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        self.ctl("restore", backup, "--yes")
        self.ctl("undo", str(before + 2))
        self.ctl("factory-reset", "--yes")
        return before, backup

    def test_text(self):
        self.watch()
        before, backup = self.do_all()
        text = self.heard("  reset ")
        self.assertRegex(text, rf"(?m)  backup +{backup}: why$")
        self.assertRegex(text, rf"(?m)  restored +{backup} \(change {before + 2}\)$")
        self.assertRegex(text, rf"(?m)  restored +from a file, or a restore was undone \(change {before + 3}\)$")
        self.assertRegex(text, rf"(?m)  reset +{MODEL}: {BEDROOM} \(change {before + 4}\)$")
        self.assertNotIn("missed", text)

    def test_json(self):
        self.watch("--json", "--model", MODEL)
        before, backup = self.do_all()
        events = [json.loads(line) for line in self.heard('"kind":"reset"').splitlines()]
        for event in events:
            event.pop("time", None)
        self.assertIn({"event": "backup", "id": backup, "reason": "why"}, events)
        self.assertIn({"event": "restored", "backup": backup, "change": before + 2}, events)
        self.assertIn({"event": "restored", "backup": "", "change": before + 3}, events)
        self.assertEqual([e for e in events if e["event"] == "missed"], [])


class TerminalTest(CtlTest):
    """A person sits before it."""

    QUESTION = "(m)ine, (v)endor, (e)dit a value or (q)uit?"
    CONFIRM = "Update? (y)es or (n)o, by default no:"

    def test_decides_and_confirms(self):
        self.conflict()
        person = self.terminal("update", "--reason=together")
        self.assertIn("mine    Reading Nook", person.expect(self.QUESTION))
        person.type("nonsense")
        person.expect(self.QUESTION)
        person.type("v")
        self.assertIn("vendor  Kitchen Light", person.expect(self.QUESTION))
        person.type("edit")
        person.expect("Value:")
        person.type("Third Name")
        self.assertIn("you deleted it, the vendor changed it", person.expect(self.QUESTION))
        person.type("M")
        shown = person.expect(self.CONFIRM)
        self.assertIn("Decided:", shown)
        self.assertIn("result  Third Name", shown)
        self.assertIn("added          lighting_scenes/movie", shown)
        self.assertEqual(self.revision(), 5)
        person.type("y")
        self.assertEqual(person.end(), 0)
        self.assertIn("(change 6)", person.screen)
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Bed Light", "Third Name"))
        self.assertEqual(self.changes()[0]["Reason"], "together")

    def test_a_value_of_another_kind(self):
        self.set(MODEL, BEDROOM, "/capabilities", ["on_off", "party"], force=True)
        self.call("DeleteMapping", MODEL, PORCH, "")
        self.release()
        person = self.terminal("update")
        person.expect(self.QUESTION)
        person.type("e")
        person.expect("Value:")
        person.type("seven")
        person.expect("That is no value for this field")
        person.end_of_input()
        self.assertEqual(person.end(), 1)
        self.assertEqual(self.revision(), 4)

    def test_leaves(self):
        self.conflict()
        for leave in (lambda p: p.type("q"), lambda p: p.end_of_input()):
            person = self.terminal("update")
            person.expect(self.QUESTION)
            leave(person)
            self.assertEqual(person.end(), 1)
            self.assertIn("Nothing was written.", person.screen)
        person = self.terminal("update", "--policy=keep-mine")
        person.expect(self.CONFIRM)
        person.type("")
        self.assertEqual(person.end(), 1)
        self.assertIn("Nothing was written.", person.screen)
        self.assertEqual(self.revision(), 5)

    def test_yes(self):
        self.conflict()
        person = self.terminal("update", "--yes")
        self.assertEqual(person.end(), 0)
        self.assertNotIn("?", person.screen)
        self.assertEqual(self.name(BEDROOM), "Reading Nook")

    def test_changed_while_deciding(self):
        self.conflict()
        person = self.terminal("update")
        for _ in range(2):
            person.expect(self.QUESTION)
            person.type("v")
        person.expect(self.QUESTION)
        self.set(MODEL, BEDROOM, "/notes", "meanwhile")
        person.type("v")
        self.assertEqual(person.end(), 5)
        self.assertIn("changed between the preview and the update, so nothing was written", person.screen)
        self.assertEqual(self.revision(), 6)

    def test_changed_while_confirming(self):
        self.release()
        person = self.terminal("update")
        person.expect(self.CONFIRM)
        self.set(MODEL, BEDROOM, "/notes", "meanwhile")
        person.type("y")
        self.assertEqual(person.end(), 5)
        self.assertIn("changed between the preview and the update, so nothing was written", person.screen)
        self.assertEqual(self.revision(), 3)

    RESTORE = "Restore? (y)es or (n)o, by default no:"
    RESET = "Reset? (y)es or (n)o, by default no:"

    def test_restore(self):
        backup = self.json("backup", "--reason=before the trip")["id"]
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        for answer in ("", "n", "nonsense"):
            person = self.terminal("restore", backup)
            self.assertIn("1 change was made since.", person.expect(self.RESTORE))
            person.type(answer)
            self.assertEqual(person.end(), 1)
            self.assertIn("Nothing was written.", person.screen)
        person = self.terminal("restore", backup)
        person.expect(self.RESTORE)
        person.end_of_input()
        self.assertEqual(person.end(), 1)
        self.assertEqual(self.revision(), 3)
        person = self.terminal("restore", backup)
        person.expect(self.RESTORE)
        person.type("yes")
        self.assertEqual(person.end(), 0)
        self.assertIn("(change 4)", person.screen)
        self.assertEqual(self.name(BEDROOM), "Bedroom Light")

    def test_factory_reset(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        person = self.terminal("factory-reset")
        self.assertIn(f"{BEDROOM}: /friendly_name", person.expect(self.RESET))
        person.type("y")
        self.assertEqual(person.end(), 0)
        self.assertIn("“coachiqctl undo 4” takes it back.", person.screen)
        # Where there is nothing to drop there is nothing to ask.
        person = self.terminal("factory-reset")
        self.assertEqual(person.end(), 0)
        self.assertIn("Nothing to change", person.screen)

    def test_retention(self):
        """What is pruned no undo brings back, so that somebody is asked."""
        question = "Keep less? (y)es or (n)o, by default no:"
        for i in range(3):
            self.set(MODEL, BEDROOM, "/notes", str(i))
        for arguments in (("--changes=1", "--days=0"), ("--days=3",), ("--changes=10",)):
            person = self.terminal("retention", *arguments)
            person.expect(question)
            person.type("")
            self.assertEqual(person.end(), 1)
            self.assertIn("Nothing was written.", person.screen)
        self.assertEqual(self.revision(), 5)
        for arguments in (("--days=3000",), ("--backups=5",), ("--days=3000", "--changes=2000"), ("--days=10", "--yes")):
            person = self.terminal("retention", *arguments)
            self.assertEqual(person.end(), 0)
            self.assertNotIn("(y)es", person.screen)
        person = self.terminal("retention", "--changes=1", "--days=0")
        person.expect(question)
        person.type("y")
        self.assertEqual(person.end(), 0)
        self.assertEqual(len(self.json("changes")), 1)

    def test_changed_while_asked(self):
        backup = self.json("backup")["id"]
        self.set(MODEL, BEDROOM, "/friendly_name", "A")
        for verb, question in ((("restore", backup), self.RESTORE), (("factory-reset",), self.RESET)):
            person = self.terminal(*verb)
            person.expect(question)
            change = self.set(MODEL, GALLEY, "/notes", verb[0])
            person.type("y")
            self.assertEqual(person.end(), 5)
            self.assertIn("changed while you were asked, so nothing was written", person.screen)
            self.assertEqual(self.revision(), change)

    def test_no_backup_on_a_terminal(self):
        person = self.terminal("backup", "-o", "-")
        self.assertEqual(person.end(), 2)
        self.assertIn("is not written to a terminal", person.screen)
        self.assertEqual(self.call("ListBackups"), [])

    def test_narrow(self):
        self.set(MODEL, BEDROOM, "/area", "exterior")
        self.set(MODEL, BEDROOM, "/friendly_name", "A name that is quite long, longer than the line can take")
        self.release([*RELEASE, ("notes: Stands on no road", "notes: Stands on a road that is long and winding")])
        person = self.terminal("preview", columns=72)
        self.assertEqual(person.end(), 0)
        lines = person.screen.split("\n\n“")[0].splitlines()
        self.assertEqual([line for line in lines if len(line) > 72], [])
        self.assertIn("…  --keep bedroom_light friendly_name", person.screen)


class DgnTest(CtlTest):
    def test_list(self):
        found = self.ctl("dgns", "--name", "DIMMER").out
        self.assertRegex(found, r"^DGN +NAME +DIRECTION\n")
        self.assertRegex(found, r"(?m)^1FEDA +DC_DIMMER_STATUS_3 +status$")
        self.assertEqual(self.ctl("dgns", "dimmer").out, found)
        commands = self.ctl("dgns", "--name=dimmer", "--direction=command").out
        self.assertIn("1FEDB", commands)
        self.assertNotIn("1FEDA", commands)
        self.assertIn("twice", self.ctl("dgns", "dimmer", "--name=dimmer", code=2).err)
        self.assertIn("sideways", self.ctl("dgns", "--direction=sideways", code=2).err)
        self.ctl("dgns", "--name=no such name", code=4)
        objects = json.loads(self.ctl("dgns", "--name=tank_status", "--json").out)
        self.assertEqual(
            objects, [{"dgn": "1FFB7", "number": 0x1FFB7, "name": "TANK_STATUS", "direction": "status"}]
        )

    def test_describe(self):
        tank = self.ctl("dgn", "1ffb7", "--full").out
        self.assertRegex(tank, r"(?m)^name: TANK_STATUS$")
        self.assertRegex(tank, r"(?m)^pair: 1FFB6$")
        # A quantity without a known scale, and one whose note says what to do with it.
        self.assertRegex(tank, r"(?m)^tank_size +40 +16 +uint16 +L +\? ")
        self.assertRegex(tank, r"(?m)^relative_level .*percent = relative_level \* 100 / resolution$")
        self.assertRegex(self.ctl("dgn", "1FEDA", "--full").out, r"(?m)^group +8 +8 +uint8 bitmap")
        self.assertRegex(self.ctl("dgn", "1FFAA", "--full").out, r"(?m)^mode .* unverified$")
        self.assertEqual(
            json.loads(self.ctl("dgn", "17F9D", "--json").out), json.loads(self.call("DescribeDgn", 0x17F00))
        )
        self.assertIn("no DGN 1FABC", self.ctl("dgn", "1FABC", code=4).err)

    def test_lookup(self):
        self.assertRegex(self.ctl("--model", MODEL, "lookup", "1FEDA:25").out, r" DATA\n.*DC_DIMMER_STATUS_3\n")
        doubtful = r" DATA\ndevices/bedroom_reading_light .* unverified\n"
        for asked in (["lookup", "1FEDA:29"], ["find", "--dgn=1FEDA", "--instance=29"]):
            self.assertRegex(self.ctl("--model", "2021_Entegra_Aspire_44R", *asked).out, doubtful)


class UserTest(CtlTest):
    """Who may; with the real polkit."""

    needs_polkit = True

    def test_reading(self):
        self.conflict()
        for user in (ORDINARY, DENIED):
            for arguments in (("updates",), ("preview",), ("changes",), ("history",), ("verify",), ("retention",), ("backups",)):
                self.ctl("--no-ask-password", *arguments, user=user)

    def test_writing(self):
        self.conflict()
        backup = self.call("CreateBackup", "kept")
        writes = (
            *(("update",), ("undo", "3"), ("retention", "--days=1")),
            *(("restore", backup, "--yes"), ("factory-reset", "--yes"), ("backup",), ("delete-backup", backup)),
        )
        for user in (ORDINARY, DENIED):
            for arguments in writes:
                with self.subTest(arguments, user=user):
                    refused = self.ctl("--no-ask-password", *arguments, user=user, code=3)
                    self.assertNotIn("Updated", refused.out)
        self.assertIn("to be asked", self.ctl("--no-ask-password", "update", user=ORDINARY, code=3).err)
        self.assertEqual(self.revision(), 5)
        for arguments in writes:
            self.ctl("--no-ask-password", *arguments, user=ALLOWED)
        self.assertEqual([c["User"] for c in self.changes()[:5]], [ALLOWED] * 5)

    def test_nothing_to_do_needs_nobody(self):
        self.assertNotEqual(SERVICE, ORDINARY)
        self.ctl("--no-ask-password", "update", user=ORDINARY)
        self.ctl("--no-ask-password", "update", "--all", "--only-clean", user=ORDINARY)
