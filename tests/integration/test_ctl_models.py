# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl against the daemon: which coach is mine, and how sure its facts are."""

import json
import os
import re
import subprocess

from ctl import CtlTest
from harness import MODEL, SOURCE_ROOT

VIN = "1M8GDM9AXKP042788"
# Of files of the tests' own; the word keeps those that ship out of what is looked for.
MINE = "Testmaker"


class ModelsTest(CtlTest):
    def setUp(self):
        super().setUp()
        self.coach("2019_T_One", year="2019", model="Aspire", trim="44W", data_quality="one-owner", vin_pattern="1M8.{14}")
        self.coach("2021_T_Two", year=2021, model="Aspire", trim="44R", data_quality="verified", vin_pattern="4UZ.{14}")
        self.coach("2015_T_Three", year="2015-2018", model="Ethos", data_quality="derived")
        self.coach("unknown_T_Four", model="Aspire", notes="An äußerst old one")

    def coach(self, name, **info):
        coach = {
            "coach_info": {"make": MINE, **info},
            "file_metadata": {"version": "1.0.0"},
            "1FEDA": {"1": [{"entity_id": "lamp", "device_type": "light"}]},
        }
        with open(os.path.join(self.bench.seeds, "coaches", f"{name}.yml"), "w", encoding="utf-8") as file:
            json.dump(coach, file)

    def found(self, *options, words=MINE, code=0):
        return [model["Id"] for model in self.json("models", "--match", words, *options, code=code)]

    def test_words(self):
        every = ["2015_T_Three", "2019_T_One", "2021_T_Two", "unknown_T_Four"]
        self.assertEqual(self.found(), every)
        self.assertEqual(self.found(words="aspire TESTMAKER"), every[1:])
        self.assertEqual(self.found(words="44r testmaker"), ["2021_T_Two"])
        self.assertEqual(self.found(words="ÄUSSERST testmaker"), ["unknown_T_Four"])
        self.assertEqual(self.found(words="t_three"), ["2015_T_Three"])
        self.assertEqual(self.found(words="testmaker anthem", code=4), [])
        self.assertLess(set(every), {model["Id"] for model in self.json("models")})

    def test_years(self):
        """Those whose year nobody knows come last, and are marked."""
        self.assertEqual(self.found("--year", "2021"), ["2021_T_Two", "unknown_T_Four"])
        self.assertEqual(self.found("--year=2018..2020"), ["2015_T_Three", "2019_T_One", "unknown_T_Four"])
        self.assertEqual(self.found("--year", "2020.."), ["2021_T_Two", "unknown_T_Four"])
        self.assertEqual(self.found("--year", "2023"), ["unknown_T_Four"])
        lines = self.ctl("models", "--match", MINE, "--year", "2021").out.splitlines()
        self.assertRegex(lines[1], r"^2021_T_Two +2021 Testmaker Aspire 44R  .* verified +1 +0")
        self.assertRegex(lines[2], r"^unknown_T_Four +Testmaker Aspire \(year unknown\)  ")
        for year in ("", "21", "2021..2019", "late"):
            self.assertRegex(self.ctl("models", "--year", year, code=2).err, f"“{year}” is no year and no range")

    def test_vin(self):
        self.assertEqual(self.found("--vin", VIN), ["2019_T_One"])
        self.assertEqual(self.found("--vin", "1m8-gdm9axkp-042788", "--year", "2019"), ["2019_T_One"])
        self.assertEqual(self.found("--vin", VIN, "--year", "2020..", code=4), [])
        done = self.ctl("models", "--match", MINE, "--vin", VIN)
        self.assertRegex(done.err, "2 models have no VIN pattern")
        self.assertNotRegex(done.err, "check digit")
        self.assertEqual(len(done.out.splitlines()), 2)
        wrong = VIN[:-1] + "9"
        self.assertRegex(self.ctl("models", "--match", MINE, "--vin", wrong).err, f"check digit of {wrong} is not right")
        self.assertRegex(self.ctl("models", "--vin", "1M8", code=2).err, "“1M8” is no VIN: that has 17 digits and letters")

    def test_bad_pattern(self):
        """It stops neither the search nor the import; Validate says it."""
        pattern = "((((((((((.+)+)+)+)+)+)+)+)+)+)+"
        self.coach("2022_T_Bad", vin_pattern=pattern, year="soon", data_quality="sure")
        done = self.ctl("models", "--match", MINE, "--vin", VIN)
        self.assertRegex(done.err, r'2022_T_Bad: VIN pattern "\(\(\(.*, character 14: \+ repeats one character')
        self.assertRegex(done.out, "2019_T_One")
        problems = {field: text for severity, path, field, text in self.call("Validate", "2022_T_Bad")}
        self.assertRegex(problems["/vin_pattern"], "repeats one character")
        self.assertRegex(problems["/year"], '"soon" is no year')
        self.assertRegex(problems["/data_quality"], '"sure" is none of verified, one-owner')

    def test_nothing_found(self):
        done = self.ctl("models", "--match", "no such coach", code=4)
        self.assertEqual(done.out, "")
        self.assertRegex(done.err, "Nothing found")
        self.assertRegex(done.err, "“coach_mapping.default” shows something in any RV-C coach")
        self.assertNotRegex(self.ctl("models", "--match", MINE).err, ".")

    def status(self, label):
        found = re.search(rf"^ *{label}: (.*)$", self.ctl("status").out, re.M)
        return found and found[1]

    def test_status(self):
        self.assertRegex(self.status("Data"), r"^one-owner \(after one owner's map; ")
        self.assertEqual(self.status("Note"), "After the imagination of one tester")
        self.call("SetActiveModel", "2021_Test_Plain")
        self.assertEqual(self.status("Data"), "its file does not say how sure it is")
        self.assertIsNone(self.status("Note"))
        self.coach("2020_T_Five", data_quality="one-owner", data_note="One owner's map; the lock is not in it.")
        self.call("SetActiveModel", "2020_T_Five")
        self.assertRegex(self.status("Data"), r"^one-owner \(after one owner's map; ")
        self.assertEqual(self.status("Note"), "One owner's map; the lock is not in it.")
        # A newer file that knows more is an update, and no knowledge about what is in use.
        self.coach("2020_T_Five", data_quality="verified", year="2020")
        self.assertRegex(self.status("Data"), r"^one-owner ")
        self.call("Import", "2020_T_Five")
        self.ctl("update", "--yes")
        self.assertRegex(self.status("Data"), r"^verified ")
        self.assertIsNone(self.status("Note"))

    def test_custom(self):
        """What came from a file of the owner's is found as well."""
        path = self.bench.path("van.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("coach_info: {make: Testmaker, model: Van, data_quality: one-owner, vin_pattern: '1M8.*'}\n")
            file.write("1FEDA:\n  1:\n    - entity_id: lamp\n")
        self.ctl("import", path, "--model", "my_van", "--yes")
        self.assertEqual(self.found("--vin", VIN), ["2019_T_One", "my_van"])
        model = next(m for m in self.call("ListModels") if m["Id"] == "my_van")
        self.assertEqual((model["DataQuality"], model["VinPattern"], model["Notes"]), ("one-owner", "1M8.*", ""))

    def test_state_has_the_keys(self):
        state = json.loads(self.call("Describe"))
        listed = {model["Id"]: model for model in self.call("ListModels")}
        for model in state["Models"]:
            self.assertEqual(model, listed[model["Id"]])
        self.assertEqual(listed[MODEL]["Notes"], "Stands on no road")


class GuideTest(CtlTest):
    """docs/adding-a-coach.md: what it tells people to type works."""

    NAME = "2024_Example_Coach_One"

    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE_ROOT, "docs", "adding-a-coach.md"), encoding="utf-8") as file:
            text = file.read()
        self.blocks = re.findall(r"```(sh|yaml)\n(.*?)```", text, re.S)
        self.outputs = re.findall(r"\n\n((?:    \S.*\n)+)", text)
        self.path = self.bench.path(f"{self.NAME}.yml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(next(block for kind, block in self.blocks if kind == "yaml"))

    def test_recordings(self):
        frames = "(1764100000.100000) can0 19FEDA9C#19FF64FC00FCFFFF\n(1764100000.200000) can0 0CEAFFFE#DAFE01\n"
        pressed = "(1764100010.3) can0 19FEDBF9#36FFC803FF00FFFF\n" + self.outputs[0].strip() + "\n"
        for name, content in (("quiet", frames), ("pressed", frames + 2 * pressed)):
            with open(self.bench.path(f"{name}.log"), "w", encoding="utf-8") as file:
                file.write(content)
        script = next(block for kind, block in self.blocks if "places()" in block)
        done = subprocess.run(["sh", "-ec", script], cwd=self.bench.directory, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        wanted = [line.strip() for line in self.outputs[1].splitlines()]
        self.assertEqual([line.strip() for line in done.stdout.splitlines()], wanted)
        self.assertEqual(len(wanted), 2)

    def test_file(self):
        self.ctl("import", self.path, "--yes")
        self.assertEqual(self.json("validate", "--model", self.NAME), [])
        self.assertRegex(self.ctl("lookup", "1FEDA", "0x36", "--model", self.NAME).out, "porch_light")
        self.assertRegex(self.ctl("lookup", "1FEDB", "55", "--model", self.NAME).out, "galley_light")
        self.ctl("activate", self.NAME)
        self.assertRegex(self.ctl("status").out, r"Data: one-owner \(.*\n +Note: One owner's map\. The lights")
        self.assertEqual(self.ctl("diff", self.NAME, self.path).code, 0)

    def test_commands(self):
        """Each is one that coachiqctl understands."""
        self.ctl("import", self.path, "--yes")
        commands = [
            line.split("#")[0].removeprefix("sudo ").removeprefix("coachiqctl ")
            for kind, block in self.blocks
            for line in block.splitlines()
            if kind == "sh" and re.match("(sudo )?coachiqctl ", line) and "--socket" not in line
        ]
        self.assertGreater(len(commands), 10)
        self.call("SetActiveModel", self.NAME)
        for command in commands:
            done = subprocess.run(
                ["sh", "-c", f'"$0" {command} --json', self.bench.ctl],
                env=self.environment(),
                cwd=self.bench.directory,
                capture_output=True,
                text=True,
            )
            # 4 is "nothing found", which is right where the guide looks for a VIN.
            self.assertIn(done.returncode, (0, 4) if "--vin" in command else (0,), f"{command}: {done.stderr}")
