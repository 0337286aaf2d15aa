# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl against the daemon: files in and out, comparing, and the editor."""

import glob
import json
import os
import shlex

import yaml
from ctl import BEDROOM, GALLEY, LOSS, PORCH, RELEASE, CtlTest
from harness import DENIED, FIXTURES, MODEL


class EditTest(CtlTest):
    """The editors are small scripts, which get the name of the text as a person's editor does."""

    def setUp(self):
        super().setUp()
        self.folder = self.bench.path("texts")
        os.mkdir(self.folder)

    def editor(self, *rounds):
        """One that runs a line of shell a time it is called, $1 being the text; each leaves a copy of what it saw."""
        name = self.bench.path("editor")
        lines = ["#!/bin/sh", "set -e", f"cd {shlex.quote(self.bench.directory)}", 'n=$(cat round 2>/dev/null || echo 0)']
        lines += ['echo $((n + 1)) >round', 'cp "$1" seen-$n', "case $n in"]
        lines += [f"{n}) {line};;" for n, line in enumerate(rounds)]
        lines += ["*) echo too many rounds >&2; exit 9;;", "esac"]
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(name, 0o755)
        for old in [self.bench.path("round"), *glob.glob(self.bench.path("seen-*"))]:
            if os.path.exists(old):
                os.remove(old)
        return {"VISUAL": name, "TMPDIR": self.folder}

    def rounds(self):
        return len(glob.glob(self.bench.path("seen-*")))

    def seen(self, number):
        with open(self.bench.path(f"seen-{number}"), encoding="utf-8") as file:
            return file.read()

    def edit(self, editor, *arguments, yes=True, code=0):
        return self.ctl("edit", *arguments, *(["--yes"] if yes else []), code=code, **editor)

    def kept(self):
        """The texts that were kept, name and content."""
        found = glob.glob(os.path.join(self.folder, "*", "*"))
        return [(name, open(name, encoding="utf-8").read()) for name in found]

    def assert_unchanged(self, revision=2):
        self.assertEqual(self.revision(), revision)

    def test_an_error_that_comes_for_ever(self):
        """Nobody is there to end it, and the text is another one each time."""
        failed = self.edit(self.editor("echo '[garbage' >>$1", *["echo again >>$1"] * 20), BEDROOM, code=1)
        self.assertIn("Nothing was written", failed.err)
        self.assertEqual(self.rounds(), 11)

    def test_a_component(self):
        editor = self.editor("sed -i 's/Bedroom Light/Reading nook/; s/fade_ms: 500/fade_ms: 250/' $1")
        done = self.edit(editor, "bedroom_light", "--reason=we read here")
        self.assertEqual(
            done.out,
            f"""  {BEDROOM}
    /friendly_name: Bedroom Light → Reading nook
    /protocol_metadata/fade_ms: 500 → 250
Edited 1 component  (change 3)
  “coachiqctl undo 3” takes it back.
""",
        )
        self.assertEqual(done.err, "")
        self.assertEqual(self.name(BEDROOM), "Reading nook")
        change = self.changes()[0]
        self.assertEqual((change["Kind"], change["Reason"], change["Entries"]), ("edit", "we read here", 1))
        text = self.seen(0)
        self.assertTrue(text.startswith(f"# {BEDROOM} of {MODEL}, revision 2\n"), text)
        self.assertIn("# Fixed by the coach file: entity_id, device_type, dgn_hex, instance\n", text)
        self.assertIn("\nentity_id: bedroom_light\nfriendly_name: Bedroom Light\n", text)
        self.assertEqual(self.kept(), [])
        # What was edited is said when it is edited again.
        self.edit(self.editor("true"), "bedroom_light")
        self.assertRegex(self.seen(0), r"# /friendly_name is edited: .*; vendor: Bedroom Light\n")

    def test_nothing_changed(self):
        for line in ("true", 'echo "# a remark" >>$1', "sed -i 's/: interior/:   \"interior/; s/bedroom$/bedroom\"/' $1"):
            with self.subTest(line):
                done = self.edit(self.editor(line), "bedroom_light")
                self.assertEqual(done.out, "Nothing was changed, so nothing was written.\n")
                self.assertEqual(self.kept(), [])
        self.assertEqual(json.loads(self.ctl("edit", BEDROOM, "--json", "--yes", **self.editor("true")).out), {"change": 2})
        self.assert_unchanged()

    def test_an_error_goes_back(self):
        editor = self.editor(
            "sed -i 's/friendly_name: Bedroom Light/friendly_name: [Nook/' $1", "sed -i 's/\\[Nook/Nook/' $1"
        )
        self.edit(editor, "bedroom_light")
        self.assertEqual(self.name(BEDROOM), "Nook")
        first, second = self.seen(0), self.seen(1)
        head, message = second.splitlines()[:2]
        self.assertEqual(head, "#! This was not taken:")
        # The message names a line of the text that the person sees.
        line = int(message.split("line ")[1].split(",")[0])
        self.assertEqual(second.splitlines()[line - 1], "area: interior.bedroom")
        # What was typed is all there, and the error is not in the end.
        self.assertEqual(second.splitlines()[3:], first.replace("Bedroom Light", "[Nook", 1).splitlines())
        self.assertEqual(self.kept(), [])

    def test_a_refusal_goes_back(self):
        editor = self.editor(
            "sed -i 's/device_type: light/device_type: fan/; s/Bedroom Light/Nook/' $1", "sed -i s/fan/light/ $1"
        )
        self.edit(editor, "bedroom_light")
        self.assertRegex(self.seen(1), r"\A#! This was not taken:\n#! .*device_type.*\n")
        self.assertEqual(self.name(BEDROOM), "Nook")
        self.assertEqual(self.revision(), 3)

    def test_giving_up(self):
        editor = self.editor("sed -i 's/Bedroom Light/[Nook/' $1", "true")
        failed = self.edit(editor, "bedroom_light", code=1)
        self.assertRegex(failed.err, r"Nothing was written: line \d+, column \d+")
        [(name, text)] = self.kept()
        self.assertIn("friendly_name: [Nook\n", text)
        self.assertNotIn("#!", text)
        self.assertIn(f"Your text is kept in {name}.\n", failed.err)
        self.assertIn(f"“coachiqctl edit {BEDROOM} --file {name}” goes on with it.", failed.err)
        self.assert_unchanged()
        # And it does.
        self.edit(self.editor("sed -i 's/\\[Nook/Nook/' $1"), BEDROOM, "--file", name)
        self.assertIn("friendly_name: [Nook\n", self.seen(0))
        self.assertEqual(self.name(BEDROOM), "Nook")

    def test_an_editor_that_fails(self):
        failed = self.edit(self.editor("exit 3"), "bedroom_light", code=1)
        self.assertIn("failed (exit code 3), so nothing was written", failed.err)
        self.assertEqual(self.kept(), [])
        failed = self.edit(self.editor("sed -i 's/Bedroom Light/Nook/' $1; exit 3"), "bedroom_light", code=1)
        self.assertIn("Nook", self.kept()[0][1])
        failed = self.ctl("edit", "bedroom_light", "--yes", code=1, VISUAL="/nonexistent", TMPDIR=self.folder)
        self.assertIn("There is no editor “/nonexistent”", failed.err)
        self.assert_unchanged()

    def test_an_editor_that_deletes_all(self):
        for line in (": >$1", "sed -i '/^#/!d' $1"):
            for path in ("bedroom_light", "devices"):
                with self.subTest(line, path=path):
                    done = self.edit(self.editor(line), path, code=1)
                    self.assertIn("nothing but comments", done.out)
                    self.assertEqual(self.kept(), [])
        self.assertIn("Cannot read", self.edit(self.editor("rm $1"), "bedroom_light", code=1).err)
        # What was typed before is no less there.
        self.edit(self.editor("sed -i 's/Bedroom Light/[Nook/' $1", ": >$1"), "bedroom_light", code=1)
        self.assertIn("[Nook", self.kept()[0][1])
        self.assert_unchanged()

    def test_meanwhile(self):
        """Another process edits the same field while the person does."""
        other = shlex.join([self.bench.ctl, "set", "bedroom_light", "friendly_name", "Theirs"])
        editor = self.editor(f"{other} >/dev/null; sed -i 's/Bedroom Light/Mine/' $1")
        failed = self.edit(editor, "bedroom_light", code=5)
        self.assertIn("changed while you were asked, so nothing was written", failed.err)
        self.assertIn("Mine", self.kept()[0][1])
        self.assertEqual(self.name(BEDROOM), "Theirs")
        self.assert_unchanged(3)

    def test_something_else_meanwhile(self):
        """What is not shown may change as it likes."""
        other = shlex.join([self.bench.ctl, "set", "porch_light", "friendly_name", "Theirs"])
        self.edit(self.editor(f"{other} >/dev/null; sed -i 's/Bedroom Light/Mine/' $1"), "bedroom_light")
        self.assertEqual((self.name(BEDROOM), self.name(PORCH)), ("Mine", "Theirs"))
        other = shlex.join([self.bench.ctl, "interface", "house", "can0"])
        self.edit(self.editor(f"{other} >/dev/null; sed -i 's/Mine/Ours/' $1"))
        self.assertEqual(self.name(BEDROOM), "Ours")
        self.assert_unchanged(6)
        # Whoever names a revision means it.
        failed = self.edit(self.editor("sed -i 's/Ours/Mine/' $1"), "bedroom_light", "--expected-revision=5", code=5)
        self.assertIn("It is at revision 6 now", failed.err)
        self.assertEqual(len(self.kept()), 1)

    def test_devices_meanwhile(self):
        other = shlex.join([self.bench.ctl, "set", "porch_light", "friendly_name", "Theirs"])
        self.edit(self.editor(f"{other} >/dev/null; sed -i 's/Bedroom Light/Mine/' $1"), code=5)
        self.assertIn("Mine", self.kept()[0][1])
        self.assertEqual(self.name(BEDROOM), "Bedroom Light")

    def test_who_may_not(self):
        os.chmod(self.folder, 0o777)
        editor = {"VISUAL": "sed -i s/Bedroom/Bed/", "TMPDIR": self.folder}
        failed = self.ctl("edit", "bedroom_light", "--yes", "--no-ask-password", user=DENIED, code=3, **editor)
        self.assertIn("Your text is kept in", failed.err)
        self.assertIn("Bed Light", self.kept()[0][1])
        self.assert_unchanged()

    def test_nobody_to_ask(self):
        failed = self.edit(self.editor("true"), "bedroom_light", yes=False, code=2)
        self.assertIn("--yes says yes", failed.err)
        self.assertEqual(self.rounds(), 0)

    def test_as_json(self):
        editor = self.editor("sed -i 's/\"Bedroom Light\"/oops/' $1", "sed -i 's/oops/\"Nook\"/' $1")
        self.edit(editor, "bedroom_light", "--format=json")
        self.assertIn('  "friendly_name": "Bedroom Light",\n', self.seen(0))
        self.assertRegex(self.seen(1), r"\A#! This was not taken:\n#! line \d+, column")
        self.assertEqual(self.name(BEDROOM), "Nook")
        self.edit(self.editor(), "devices", "--format=json", code=2)
        self.edit(self.editor(), "bedroom_light", "--format=toml", code=2)

    def test_no_such_component(self):
        failed = self.edit(self.editor(), "bedrom_light", code=4)
        self.assertIn(f"Did you mean {BEDROOM}", failed.err)
        self.assertEqual(self.rounds(), 0)

    def test_devices(self):
        editor = self.editor(
            "sed -i -E 's/^(bedroom_light +\\| )Bedroom Light/\\1Nook/; s/\\[outside, night\\]/[night]/;"
            " s/^(galley_light .*)interior.galley/\\1interior.kitchen/' $1"
        )
        done = self.edit(editor)
        self.assertEqual(
            done.out,
            f"""  {BEDROOM}
    /friendly_name: Bedroom Light → Nook
  {GALLEY}
    /area: interior.galley → interior.kitchen
  {PORCH}
    /groups: [outside, night] → [night]
Edited 3 components  (change 3)
  “coachiqctl undo 3” takes it back.
""",
        )
        self.assertEqual(self.revision(), 3)
        self.assertEqual(self.field(MODEL, PORCH, "/groups"), ["night"])
        rows = [line for line in self.seen(0).splitlines() if "|" in line]
        self.assertRegex(rows[0], r"^# device +\| friendly_name +\| area +\| groups")
        # The bars stand below one another.
        bars = [[at for at, character in enumerate(row) if character == "|"] for row in rows]
        self.assertEqual([bar for bar in bars if bar != bars[0]], [])

    def test_a_wrong_line_goes_back(self):
        editor = self.editor(
            "sed -i -E 's/^bedroom_light( +\\| )Bedroom Light/bedroom_lamp\\1Nook/' $1",
            "sed -i 's/^bedroom_lamp/bedroom_light/' $1",
        )
        self.edit(editor, "devices")
        message = self.seen(1).splitlines()[1]
        self.assertIn("there is no device “bedroom_lamp”", message)
        line = int(message.split("line ")[1].split(":")[0])
        self.assertTrue(self.seen(1).splitlines()[line - 1].startswith("bedroom_lamp "))
        self.assertEqual(self.name(BEDROOM), "Nook")

    def test_a_line_that_is_gone_needs_a_person(self):
        editor = self.editor("sed -i -E '/^porch_light/d; s/^(bedroom_light +\\| )Bedroom Light/\\1Nook/' $1")
        failed = self.edit(editor, code=1)
        self.assertIn("The line of 1 device is gone, and there is nobody to ask", failed.err)
        self.assertIn(f"- {PORCH}: Porch Light (1FEDA:27)\n", failed.out)
        self.assertIn("Nook", self.kept()[0][1])
        self.assert_unchanged()

    def test_a_person_at_a_terminal(self):
        editor = self.editor("sed -i 's/Bedroom Light/Nook/' $1", "sed -i 's/Nook/Reading nook/' $1")
        terminal = self.terminal("edit", "bedroom_light", **editor)
        self.assertIn("Bedroom Light → Nook", terminal.expect("Write this? (y)es, (n)o or (e)dit again, by default no:"))
        terminal.type("e")
        self.assertIn("→ Reading nook", terminal.expect("by default no:"))
        terminal.type("y")
        terminal.expect("Edited 1 component  (change 3)")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.name(BEDROOM), "Reading nook")

        terminal = self.terminal("edit", "bedroom_light", **self.editor("sed -i 's/Reading nook/Bed/' $1"))
        terminal.expect("by default no:")
        terminal.type("")
        terminal.expect("Nothing was written.")
        terminal.expect("is kept in")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("Bed\n", self.kept()[0][1])
        self.assert_unchanged(3)

    def test_an_interrupt(self):
        terminal = self.terminal("edit", "bedroom_light", **self.editor("sed -i 's/Bedroom Light/Nook/' $1"))
        terminal.expect("by default no:")
        terminal.interrupt()
        terminal.expect("Nothing was written.")
        terminal.expect("is kept in")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("Nook", self.kept()[0][1])
        self.assert_unchanged()

    def test_deleting_at_a_terminal(self):
        line = "sed -i -E '/^porch_light/d; s/^(bedroom_light +\\| )Bedroom Light/\\1Nook/' $1"
        terminal = self.terminal("edit", **self.editor(line))
        terminal.expect("The line of 1 device is gone. Delete it?")
        terminal.type("n")
        terminal.expect("Nothing was written.")
        self.assertEqual(terminal.end(), 1)
        self.assert_unchanged()
        terminal = self.terminal("edit", **self.editor(line))
        terminal.expect("Delete it?")
        terminal.type("y")
        terminal.expect("Write this?")
        terminal.type("y")
        terminal.expect("Edited 2 components  (change 3)")
        self.assertEqual(terminal.end(), 0)
        self.fails("NoSuchMapping", self.get, MODEL, PORCH)
        self.assertEqual(self.name(BEDROOM), "Nook")


class FilesTest(CtlTest):
    def write(self, name, text):
        path = self.bench.path(name)
        with open(path, "wb" if isinstance(text, bytes) else "w", **({} if isinstance(text, bytes) else {"encoding": "utf-8"})) as file:
            file.write(text)
        return path

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def coach(self):
        return self.read(os.path.join(FIXTURES, "coaches", f"{MODEL}.yml"))

    def newer(self):
        """The fixture's coach as its next release."""
        text = self.coach()
        for old, new in RELEASE:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text

    def wanted(self):
        self.set(MODEL, BEDROOM, "/friendly_name", "Reading Nook")
        self.set(MODEL, GALLEY, "/friendly_name", "Cook's Light")

    def model(self, name):
        models = {model["Id"]: model for model in self.call("ListModels")}
        return models.get(name)


class ExportTest(FilesTest):
    def test_standard_output(self):
        self.wanted()
        text = self.ctl("export").out
        self.assertTrue(text.startswith(f'# Model: {MODEL}\n# Version: "1.2.3"\n# Revision: 4\n'), text[:200])
        self.assertIn("friendly_name: Reading Nook\n", text)
        self.assertEqual(self.ctl("export", MODEL, "--output=-").out, text)
        self.assertEqual(self.ctl("export", "--model", MODEL).out, text)
        self.assertEqual(yaml.safe_load(text)["coach_info"], yaml.safe_load(self.coach())["coach_info"])
        data = json.loads(self.ctl("export", "--format=json").out)
        self.assertEqual(data["coach_info"]["year"], "2020")
        self.assertEqual(self.json("export"), data)

    def test_edits(self):
        self.wanted()
        edits = yaml.safe_load(self.ctl("export", "--edits").out)
        self.assertEqual(edits["coachiq_edits"]["model"], MODEL)
        self.assertEqual([edit["value"] for edit in edits["edits"]], ["Reading Nook", "Cook's Light"])

    def test_as_it_was(self):
        self.wanted()
        self.assertIn("friendly_name: Galley Light\n", self.ctl("export", "--at=3").out)
        self.assertIn("friendly_name: Reading Nook\n", self.ctl("export", "--at=3").out)
        self.assertEqual(len(json.loads(self.ctl("export", "--edits", "--format=json", "--at=3").out)["edits"]), 1)
        self.assertIn("There is no change 99", self.ctl("export", "--at=99", code=4).err)

    def test_a_file(self):
        path = self.bench.path("mine.yml")
        done = self.ctl("export", "-o", path)
        self.assertEqual(done.out, f"Exported {MODEL} to {path}\n")
        self.assertEqual(self.read(path), self.ctl("export").out)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        refused = self.ctl("export", "-o", path, code=1)
        self.assertIn("exists already; --force overwrites it", refused.err)
        self.ctl("export", "--edits", "-o", path, "--force")
        self.assertIn("coachiq_edits", self.read(path))
        # A name that says JSON gets it.
        path = self.bench.path("mine.json")
        self.assertEqual(self.json("export", "-o", path), {"model": MODEL, "output": path})
        self.assertEqual(json.loads(self.read(path))["coach_info"]["make"], "Test")

    def test_wrong_command_lines(self):
        self.ctl("export", "--format=toml", code=2)
        self.ctl("export", "--force", code=2)
        self.ctl("export", MODEL, "--model", MODEL, code=2)
        self.assertIn(f"Did you mean {MODEL}", self.ctl("export", "2020_Test_Coch", code=4).err)


class ImportTest(FilesTest):
    def test_a_new_coach(self):
        path = self.write("2019_Own_Coach.yml", self.coach().replace("model: Coach", "model: Bus"))
        done = self.ctl("import", path, "--reason=mine")
        self.assertEqual(
            done.out,
            f"""A coach that is new here: 2019_Own_Coach
  name        2020 Test Bus One
  version     1.2.3
  devices     15
  components  {len(self.call("GetMappings", MODEL)[0])}
Imported {path} as 2019_Own_Coach  (change 3)
  “coachiqctl undo 3” takes it back.
""",
        )
        change = self.changes()[0]
        self.assertEqual((change["Kind"], change["Model"], change["Reason"]), ("import", "2019_Own_Coach", "mine"))
        again = self.ctl("import", path)
        self.assertEqual(again.out, f"{path} says what 2019_Own_Coach has already, so there is nothing to import.\n")
        self.assertEqual(self.revision(), 3)
        self.assertEqual(self.json("import", path, "--model=other"), {"model": "other", "change": 4})

    def test_a_namesake(self):
        path = self.write("backup.yml", self.newer())
        shown = self.ctl("import", path, "--dry-run").out
        self.assertIn(f"{MODEL} is called so too: --model {MODEL} imports the file as a release of that one.", shown)
        self.assertEqual(self.json("import", path, "--dry-run")["model"], "backup")
        self.assertEqual(self.revision(), 2)

    def test_standard_input(self):
        done = self.ctl("import", "-", input=self.coach().replace('year: "2020"', 'year: "2019"'))
        self.assertIn("Imported Standard input as 2019_Test_Coach_One  (change 3)", done.out)
        refused = self.ctl("import", "-", code=2, input="areas: {inside: {name: Inside}}\n")
        self.assertIn("does not say which coach it is: name it with --model", refused.err)
        self.ctl("import", "-", "--model=areas_only", "--force", input="areas: {inside: {name: Inside}}\n")
        self.assertTrue(self.model("areas_only")["Imported"])

    def test_a_file_of_something_else(self):
        path = self.write("docker-compose.yml", "services:\n  web: {image: nginx}\nversion: '3'\n")
        before = self.revision()
        for options in ((), ("--yes",), ("--dry-run",)):
            refused = self.ctl("import", path, *options, code=1)
            self.assertIn("docker-compose.yml has no devices, so it is hardly a coach file; --force", refused.err)
        self.assertEqual(self.revision(), before)

    def test_a_name_in_another_case(self):
        self.assertIn(f"{MODEL}: 1.2.3 → 1.3.0", self.ctl("import", self.write("x.yml", self.newer()), f"--model={MODEL.upper()}").out)

    def test_a_release(self):
        self.wanted()
        path = self.write(f"{MODEL}.yml", self.newer())
        shown = self.ctl("import", path, "--dry-run").out
        self.assertIn(f"{MODEL}: 1.2.3 → 1.3.0\nReview: 2 items need a decision.\n", shown)
        self.assertIn("--take bedroom_light friendly_name\n", shown)
        self.assertIn(f"“coachiqctl import {path} --model {MODEL}” does it, and takes these options.", shown)
        self.assertEqual(self.json("import", path, "--dry-run")["verdict"], "review")
        self.assertEqual(self.revision(), 4)
        done = self.ctl("import", path, "--take", "bedroom_light", "/", "--set", "galley_light", "friendly_name", "Third")
        self.assertIn(f"Updated {MODEL}: 1.2.3 → 1.3.0  (change 5)\n", done.out)
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY), self.name(PORCH)), ("Bed Light", "Third", "Patio Light"))
        self.assertEqual(self.changes()[0]["Kind"], "update")
        self.ctl("undo", "5")
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Reading Nook", "Cook's Light"))

    def test_a_release_as_data(self):
        path = self.write(f"{MODEL}.yml", self.newer())
        self.assertEqual(
            self.json("import", path),
            {"model": MODEL, "installed": "1.2.3", "file": "1.3.0", "verdict": "clean", "change": 3},
        )
        self.assertEqual(self.json("import", path), {"model": MODEL, "installed": "1.3.0", "file": "1.3.0"})

    def test_policies(self):
        self.wanted()
        path = self.write("x.yml", self.newer())
        self.assertIn("decisions are open", self.ctl("import", path, "-m", MODEL, "--policy=manual", code=1).err)
        self.ctl("import", path, "-m", MODEL, "--policy=take-vendor")
        self.assertEqual(self.name(BEDROOM), "Bed Light")
        loss = LOSS[1][0].sub("", self.newer().replace("1.3.0", "1.4.0"))
        blocked = self.ctl("import", self.write("y.yml", loss), "-m", MODEL, code=1)
        self.assertIn("--allow=device-loss lifts it", blocked.out)
        self.ctl("import", self.write("y.yml", loss), "-m", MODEL, "--allow=device-loss")

    def test_a_release_of_what_was_never_read(self):
        text = self.read(os.path.join(FIXTURES, "coaches", "2021_Test_Plain.yml")) + "\nnews: {a: 1}\n"
        done = self.ctl("import", self.write("2021_test_plain.yml", text))
        self.assertRegex(done.out, r"(?m)^Updated 2021_Test_Plain: .*\(change 4\)$")

    def test_a_person_at_a_terminal(self):
        self.wanted()
        path = self.write(f"{MODEL}.yml", self.newer())
        terminal = self.terminal("import", path)
        for answer in ("v", "m"):
            terminal.expect("(q)uit?")
            terminal.type(answer)
        terminal.expect("Update? (y)es or (n)o, by default no:")
        terminal.type("y")
        terminal.expect("(change 5)")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual((self.name(BEDROOM), self.name(GALLEY)), ("Bed Light", "Cook's Light"))
        terminal = self.terminal("import", self.write("new_one.yml", self.coach()))
        terminal.expect("Import it? (y)es or (n)o, by default no:")
        terminal.type("")
        terminal.expect("Nothing was written.")
        self.assertEqual(terminal.end(), 1)
        self.assertEqual(self.revision(), 5)

    def test_edits(self):
        self.wanted()
        self.call("DeleteMapping", MODEL, PORCH, "never used")
        path = self.bench.path("edits.yml")
        self.ctl("export", "--edits", "-o", path)
        before = self.ctl("export", "--format=json").out
        self.call("FactoryReset", MODEL, "", "")
        shown = self.ctl("import", path, "--dry-run")
        self.assertEqual(
            shown.out,
            f"""Edits of {MODEL}, made on version 1.2.3
  {BEDROOM}
    /friendly_name: Bedroom Light → Reading Nook
  {GALLEY}
    /friendly_name: Galley Light → Cook's Light
- {PORCH}: Porch Light (1FEDA:27)
2 fields differ, 1 component is gone.
""",
        )
        self.assertEqual(len(self.json("import", path, "--dry-run")["differences"]), 3)
        done = self.ctl("import", path)
        self.assertIn(f"Imported the edits in {path} into {MODEL}  (change 7)", done.out)
        self.assertEqual(self.changes()[0]["Kind"], "edit")
        self.assertEqual(self.ctl("export", "--format=json").out, before)
        self.assertIn("Nothing to change", self.ctl("import", path).out)
        self.assertIn("edits of the coach", self.ctl("import", path, "--model=2021_Test_Plain", code=2).err)
        self.ctl("import", path, "--policy=take-vendor", code=2)

    def test_edits_for_another_coach(self):
        """Of the same model, on a machine of its own."""
        self.wanted()
        self.call("DeleteMapping", MODEL, PORCH, "never used")
        paths = [self.bench.path("edits.json"), self.bench.path("merged.yml")]
        self.ctl("export", "--edits", "-o", paths[0])
        self.ctl("export", "-o", paths[1])
        self.bench = self.make_bench()
        self.addCleanup(self.bench.close)
        self.ctl("import", paths[0])
        self.assertEqual(self.ctl("diff", MODEL, paths[1]).out, "Nothing differs.\n")
        self.assertEqual(self.changes()[0]["Entries"], 3)

    def test_bad_files(self):
        os.mkfifo(self.bench.path("pipe.yml"))
        bad = {
            self.bench.path("pipe.yml"): "is a pipe",
            self.bench.directory + "/": "is a folder",
            "/dev/zero": "is a device",
            self.write("huge.yml", b"#" * (8 * 1024 * 1024 + 1)): "larger than 8.0 MiB",
            self.write("empty.yml", ""): "empty.yml: ",
            self.write("binary.yml", b"\x00\x01\x02"): "binary.yml: ",
            self.write("utf16.yml", "a: 1".encode("utf-16")): "utf16.yml: ",
            self.write("syntax.yml", "a: [1\nb: 2\n"): "syntax.yml: line 2, column 2: ",
            self.write("twice.yml", "a: 1\na: 2\n"): "twice.yml: line 2, column 1: ",
            self.write("syntax.json", '{"a": 1,\n}'): "syntax.json: line 2, column 1: ",
            self.write("dgn.yml", "2FFFF:\n  1: [{entity_id: a}]\n"): "dgn.yml: line 2, column 3: ",
            "./nothing.yml": "No such file",
        }
        for path, message in bad.items():
            with self.subTest(path):
                failed = self.ctl("import", path, "--model=x", code=1)
                self.assertIn(message, failed.err)
                self.assertIn(message, self.ctl("diff", MODEL, path, code=2).err)
        edits = self.write("edits.yml", "coachiq_edits: {format: 9, model: x}\nedits: []\n")
        self.assertIn("edits.yml: line 1, column ", self.ctl("import", edits, code=1).err)
        self.assertIn("larger than", self.ctl("import", "-", code=1, input="#" * (9 * 1024 * 1024)).err)
        self.assertEqual(self.revision(), 2)
        self.assertEqual(self.client.property("Health"), "ok")

    def test_words(self):
        """A word without a slash or an ending is a model; whoever means a file learns how to say so."""
        self.write("2021_test_plain", self.coach())
        failed = self.ctl("import", "2021_Test_Plane", code=4)
        self.assertIn("Did you mean 2021_Test_Plain", failed.err)
        self.ctl("import", "2021_Test_Plain")
        for wrong in (["--reason=x"], ["--force"], ["--model=x"], ["--take", "a", "b"], ["--dry-run"]):
            self.ctl("import", MODEL, *wrong, code=2)
        self.assertEqual(self.revision(), 3)


class RemoveTest(FilesTest):
    def test_remove(self):
        self.ctl("import", self.write("mine.yml", self.coach()))
        self.set("mine", BEDROOM, "/friendly_name", "Nook")
        self.assertIn("--yes says yes", self.ctl("remove", "mine", code=2).err)
        done = self.ctl("remove", "mine", "--yes", "--reason=sold")
        self.assertEqual(
            done.out,
            """To be removed: mine
  name     2020 Test Coach One
  version  1.2.3
  devices  15
  edits    1

It came from a file: it is gone then until that is imported again.
A backup of what is there now is made first.
Removed mine  (change 5)
  “coachiqctl undo 5” takes it back.
""",
        )
        self.assertIsNone(self.model("mine"))
        change = self.changes()[0]
        self.assertEqual((change["Kind"], change["Reason"]), ("remove", "sold"))
        self.ctl("undo", "5")
        self.assertEqual(self.field("mine", BEDROOM, "/friendly_name"), "Nook")

    def test_the_active_one(self):
        failed = self.ctl("remove", MODEL, "--yes", code=1)
        self.assertIn("is the active model, so it was not removed", failed.err)
        self.assertIn("--force removes it all the same", failed.err)
        done = self.ctl("remove", MODEL, "--yes", "--force")
        self.assertIn("It ships with the service: when it is read again, it is there again", done.out)
        self.assertIn("none is active then", done.out)
        self.assertEqual(self.client.property("ActiveModel"), "")
        # One that ships does so too when its content is from a file by now.
        self.ctl("import", self.write(f"{MODEL}.yml", self.newer()))
        self.assertEqual(self.model(MODEL)["Origin"], "custom")
        self.assertIn("It ships with the service", self.ctl("remove", MODEL, "--yes").out)

    def test_nothing_to_remove(self):
        self.assertIn("Nothing to change", self.ctl("remove", "2021_Test_Plain", "--yes").out)
        self.assertIn("Did you mean 2021_Test_Plain", self.ctl("remove", "2021_Test_Plane", "--yes", code=4).err)
        self.assertEqual(self.json("remove", "2021_Test_Plain", "--yes"), {"change": 2})

    def test_at_a_terminal(self):
        self.ctl("import", self.write("mine.yml", self.coach()))
        terminal = self.terminal("remove", "mine")
        terminal.expect("Remove? (y)es or (n)o, by default no:")
        # Somebody else is quicker.
        self.set("mine", BEDROOM, "/friendly_name", "Nook")
        terminal.type("y")
        terminal.expect("changed while you were asked, so nothing was written")
        self.assertEqual(terminal.end(), 5)
        terminal = self.terminal("remove", "mine")
        terminal.expect("by default no:")
        terminal.type("y")
        terminal.expect("Removed mine")
        self.assertEqual(terminal.end(), 0)


class DiffTest(FilesTest):
    def test_a_model_and_a_file(self):
        self.wanted()
        path = self.write("newer.yml", self.newer())
        done = self.ctl("diff", MODEL, path, code=1)
        self.assertEqual(
            done.out,
            f"""  {BEDROOM}
    /friendly_name: Reading Nook → Bed Light
  {GALLEY}
    /friendly_name: Cook's Light → Kitchen Light
  {PORCH}
    /friendly_name: Porch Light → Patio Light
  file_metadata
    /version: "1.2.3" → "1.3.0"
+ lighting_scenes/movie: Movie

4 fields differ, 1 component is new.
""",
        )
        self.assertEqual(done.err, "")
        self.assertIn("    name: Movie\n", self.ctl("diff", MODEL, path, "--full", code=1).out)
        found = json.loads(self.ctl("diff", "--json", path, MODEL, code=1).out)
        self.assertEqual((found["from"], found["to"]), (path, MODEL))
        self.assertEqual(
            found["differences"][0],
            {"path": BEDROOM, "field": "/friendly_name", "before": "Bed Light", "after": "Reading Nook"},
        )
        self.assertEqual([row for row in found["differences"] if "after" not in row][0]["path"], "lighting_scenes/movie")

    def test_the_same(self):
        path = self.bench.path("mine.yml")
        self.ctl("export", "-o", path)
        for words in ((MODEL, path), (path, MODEL), (path, path), (MODEL, MODEL)):
            self.assertEqual(self.ctl("diff", *words).out, "Nothing differs.\n")
        self.assertEqual(self.ctl("diff", "-", MODEL, input=self.read(path)).out, "Nothing differs.\n")
        self.assertEqual(self.json("diff", MODEL, path)["differences"], [])

    def test_changes(self):
        self.wanted()
        expected = f"  {GALLEY}\n    /friendly_name: Galley Light → Cook's Light\n\n1 field differs.\n"
        for words in (("3", "4"), ("@3", f"{MODEL}@4"), ("3", MODEL)):
            self.assertEqual(self.ctl("diff", *words, code=1).out, expected)
        self.assertEqual(self.ctl("diff", "4", MODEL).out, "Nothing differs.\n")

    def test_two_models(self):
        done = self.ctl("diff", MODEL, "2021_Test_Plain", code=1)
        self.assertIn(f"- {BEDROOM}: Bedroom Light (1FEDA:25 1FEDB:25)\n", done.out)

    def test_narrow_terminal(self):
        self.wanted()
        self.set(MODEL, BEDROOM, "/friendly_name", "A name that no narrow terminal can show in one of its lines")
        terminal = self.terminal("diff", "3", "5", columns=60)
        self.assertEqual(terminal.end(), 1)
        self.assertLessEqual(max(len(line) for line in terminal.screen.splitlines()), 60)
        self.assertIn("…", terminal.screen)

    def test_trouble(self):
        self.ctl("diff", "-", "-", code=2)
        self.ctl("diff", MODEL, code=2)
        self.ctl("diff", MODEL, f"{MODEL}@x", code=2)
        self.assertIn("Did you mean 2021_Test_Plain", self.ctl("diff", MODEL, "2021_Test_Plan", code=4).err)
        self.ctl("diff", "1", "99", code=4)
        self.wanted()
        path = self.bench.path("edits.yml")
        self.ctl("export", "--edits", "-o", path)
        self.assertIn("has edits, not a coach", self.ctl("diff", MODEL, path, code=2).err)
