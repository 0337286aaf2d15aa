# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl against the daemon: files in and out, comparing, and the editor."""

import glob
import json
import os
import shlex

from ctl import BEDROOM, GALLEY, PORCH, CtlTest
from harness import MODEL


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
