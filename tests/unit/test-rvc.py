#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""seeds/rvc.json: that it is what its tables give, that its schema has it, that old readers can read it, and that each check
of seeds/rvc/build.py finds what it is for."""

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = os.path.join(ROOT, "seeds")
BUILD = os.path.join(SEEDS, "rvc", "build.py")

try:
    import jsonschema
except ImportError:
    jsonschema = None


def load():
    spec = importlib.util.spec_from_file_location("build", BUILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load()


def read(name):
    with open(os.path.join(SEEDS, name), encoding="utf-8") as file:
        return json.load(file)


# A small table that is right: a pair, a multiplex, and a message to an address.
SOURCES = ["one,some/one,1 (2020),MIT", "two,some/two,2 (2021),Apache-2.0"]
DGNS = [
    "17F00,RESET,command,,,,no,,,,,RV-C,1FF00,6.2.3,one,",
    "1FEDA,LAMP_STATUS,status,1FEDB,stated,one,yes,instance,1-4 16-17,,two,RV-C,,6.25.4,one two,",
    "1FEDB,LAMP_COMMAND,command,1FEDA,stated,one,yes,instance,,0,two,RV-C,,,one,by hand",
    "1FFF0,MIXED,other,,,,no,,,,,Some Vendor,,,one,",
]
SIGNALS = [
    "17F00,reset,0,1,bit1,,,,,,,0=no;1=yes,one,,",
    "1FEDA,instance,0,8,uint8,,,,,,,,one,,",
    "1FEDA,voltage,8,16,uint16,,V,0.05,0,,,,one,no,",
    "1FEDA,time,24,8,uint8,,min,?,,254,,,two,,",
    "1FEDA,state,32,2,bit2,,,,,none,,0=off;3=on,one,,",
    "1FEDB,instance,0,8,uint8,,,,,,,,one,,",
    "1FFF0,kind,0,8,uint8,,,,,,,,one,,",
    "1FFF0,level,8,8,uint8,,%,0.5,0,,kind=1,,one,,",
    "1FFF0,groups,8,8,uint8,bitmap,,,,,kind=2,,one,,",
]

# (table, row that goes, row that comes, what is said)
WRONG = [
    ("dgns", DGNS[0], "3FF00" + DGNS[0][5:], "17 bits"),
    ("dgns", DGNS[3], "1FFFg" + DGNS[3][5:], "17 bits"),
    ("dgns", DGNS[0], DGNS[0] + "\n" + DGNS[0], "stands there twice"),
    ("dgns", DGNS[3], DGNS[3] + "\n" + DGNS[0].replace("17F00,RESET", "17E00,OTHER"), "not in order"),
    ("dgns", DGNS[0], DGNS[0].replace("1FF00", ""), "needs the mask"),
    ("dgns", DGNS[3], DGNS[3].replace("Some Vendor,", "RV-C,1FF00"), "the mask is 1FF00"),
    ("dgns", DGNS[3], DGNS[3].replace("MIXED", "RESET"), "the name stands there twice"),
    ("dgns", DGNS[3], DGNS[3].replace("MIXED", "mixed"), "upper-case"),
    ("dgns", DGNS[3], DGNS[3].replace("other", "sideways"), "direction is"),
    ("dgns", DGNS[3], DGNS[3].replace("Some Vendor", ""), "no origin"),
    ("dgns", DGNS[1], DGNS[1].replace("6.25.4", "about 6"), "section is like"),
    ("dgns", DGNS[3], DGNS[3].replace(",one,", ",,"), "no sources"),
    ("dgns", DGNS[3], DGNS[3].replace(",one,", ",hearsay,"), "not in sources.csv"),
    ("dgns", DGNS[2], DGNS[2].replace("1FEDA,stated", "1FFF0,stated"), "has the pair none"),
    ("dgns", DGNS[2], DGNS[2].replace("1FEDA,stated", "1FEDC,stated"), "is not in the table"),
    ("dgns", DGNS[2], DGNS[2].replace("command", "status"), "a status and a command"),
    ("dgns", DGNS[2], DGNS[2].replace("stated", "guess"), "pair_basis is"),
    ("dgns", DGNS[2], DGNS[2].replace("stated,one", "stated,"), "no pair_sources"),
    ("dgns", DGNS[3], DGNS[3].replace("other,,,", "other,,name,"), "a basis without a pair"),
    ("dgns", DGNS[1], DGNS[1].replace("yes", "perhaps"), "instanced is"),
    ("dgns", DGNS[1], DGNS[1].replace("yes,", "no,"), "not instanced"),
    ("dgns", DGNS[1], DGNS[1].replace("yes,instance,1-4 16-17,,two", "yes,,,,"), "no instance_signal"),
    ("dgns", DGNS[1], DGNS[1].replace("yes,instance", "yes,place"), 'no signal "place"'),
    ("dgns", DGNS[1], DGNS[1].replace("1-4 16-17", "16-17 1-4"), "ascending"),
    ("dgns", DGNS[1], DGNS[1].replace("16-17", "16-256"), "do not fit 8 bits"),
    ("dgns", DGNS[1], DGNS[1].replace("16-17,,two", "16-17,3,two"), "means all"),
    ("dgns", DGNS[1], DGNS[1].replace("16-17,,two", "16-17,,"), "no instance_sources"),
    ("dgns", DGNS[2], DGNS[2].replace(",,0,two", ",,255,two"), "are to be said"),
    ("dgns", DGNS[3], DGNS[3].replace("no,,,", "no,,1-2,"), "and no instance_signal"),
    ("signals", SIGNALS[0], SIGNALS[0].replace("17F00", "17F01"), "not in dgns.csv"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("24,8", "57,8"), "beyond the eight bytes"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("24,8", "24,0"), "at least 1"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("24,8", "-1,8"), "are numbers"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("24,8", "23,8"), "overlaps voltage"),
    ("signals", SIGNALS[8], SIGNALS[8].replace("kind=2", "kind=1"), "overlaps level"),
    ("signals", SIGNALS[8], SIGNALS[8].replace("kind=2", ""), "overlaps level"),
    ("signals", SIGNALS[8], SIGNALS[8].replace("kind=2", "sort=2"), "when is like"),
    ("signals", SIGNALS[8], SIGNALS[8].replace("kind=2", "kind=256"), "does not fit kind"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("time", "voltage"), "the name stands there twice"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("uint8", "uint16"), "is none of 8 bits"),
    ("signals", SIGNALS[4], SIGNALS[4].replace("bit2", "ascii"), "is none of 2 bits"),
    ("signals", SIGNALS[8], SIGNALS[8].replace("bitmap", "roman"), "form is"),
    ("signals", SIGNALS[2], SIGNALS[2].replace(",no,", ",yes,"), "verified is"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("254", "256"), "a value that fits"),
    ("signals", SIGNALS[4], SIGNALS[4].replace("3=on", "4=on"), "does not fit 2 bits"),
    ("signals", SIGNALS[4], SIGNALS[4].replace("3=on", "0=on"), "each value once"),
    ("signals", SIGNALS[4], SIGNALS[4].replace("3=on", "3"), "an enum is like"),
    ("signals", SIGNALS[2], SIGNALS[2].replace("0.05,0", ","), "a unit without a scale"),
    ("signals", SIGNALS[2], SIGNALS[2].replace("0.05,0", "0,0"), "not 0"),
    ("signals", SIGNALS[2], SIGNALS[2].replace("0.05,0", "1/20,0"), "decimal numbers"),
    ("signals", SIGNALS[2], SIGNALS[2].replace("0.05,0", "0.05,"), "decimal numbers"),
    ("signals", SIGNALS[3], SIGNALS[3].replace("?,", "?,0"), "an offset without a scale"),
    ("signals", SIGNALS[3], SIGNALS[3].replace(",two,", ",,"), "no sources"),
]  # fmt: skip


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name, rows in (("sources", SOURCES), ("dgns", DGNS), ("signals", SIGNALS)):
            self.write(name, rows)

    def write(self, name, rows):
        with open(os.path.join(self.folder, name + ".csv"), "w", encoding="utf-8") as file:
            file.write("\n".join([",".join(build.COLUMNS[name]), *rows]) + "\n")

    def run_build(self):
        return subprocess.run(
            [sys.executable, "-B", BUILD, "--print", "--from", self.folder], capture_output=True, text=True, check=False
        )

    def test_right(self):
        done = self.run_build()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        pgns = json.loads(done.stdout)["pgns"]
        self.assertEqual(list(pgns), [row[:5] for row in DGNS])
        lamp = pgns["1FEDA"]
        self.assertEqual((lamp["pair"], lamp["pair_basis"], lamp["pair_sources"]), ("1FEDB", "stated", ["one"]))
        self.assertEqual(lamp["instance"], {"signal": "instance", "start_bit": 0, "length": 8})
        self.assertEqual(lamp["instances"], {"ranges": [[1, 4], [16, 17]], "basis": "stated", "sources": ["two"]})
        self.assertEqual(pgns["1FEDB"]["instances"]["all"], 0)
        self.assertEqual([s["not_available"] for s in lamp["signals"]], [255, 65535, 254, None])
        self.assertEqual([s.get("scale") for s in lamp["signals"]], [None, 0.05, None, None])
        self.assertEqual([s.get("scale_unknown") for s in lamp["signals"]], [None, None, True, None])
        self.assertEqual([s.get("verified") for s in lamp["signals"]], [None, False, None, None])
        self.assertEqual(lamp["signals"][3]["enum"], {"0": "off", "3": "on"})
        self.assertEqual(pgns["1FEDB"]["note"], "by hand")
        self.assertEqual(pgns["17F00"]["mask"], "1FF00")
        self.assertEqual(pgns["1FFF0"]["signals"][1]["when"], {"signal": "kind", "value": 1})
        self.check_schema(json.loads(done.stdout))

    def check_schema(self, data):
        if jsonschema:
            jsonschema.validate(data, read("rvc.schema.json"))

    def test_wrong(self):
        for table, old, new, said in WRONG:
            with self.subTest(new=new, said=said):
                rows = {"dgns": DGNS, "signals": SIGNALS}[table]
                self.assertNotEqual(old, new)
                self.write(table, [new if row == old else row for row in rows])
                done = self.run_build()
                self.write(table, rows)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(said, done.stderr)
                self.assertNotIn("Traceback", done.stderr)
                self.assertRegex(done.stderr, r"^[a-z]+\.csv:[0-9]+: ")

    def test_columns(self):
        for name, rows in (("dgns", [DGNS[0] + ",more"]), ("dgns", [DGNS[0][:-1]])):
            with self.subTest(rows=rows):
                self.write(name, rows)
                done = self.run_build()
                self.assertEqual(done.returncode, 1)
                self.assertIn("columns", done.stderr)
                self.write(name, DGNS)


class File(unittest.TestCase):
    def test_made_from_the_tables(self):
        done = subprocess.run([sys.executable, "-B", BUILD, "--check"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_row(self):
        data = read("rvc.json")
        with open(os.path.join(SEEDS, "rvc", "dgns.csv"), encoding="utf-8", newline="") as file:
            self.assertEqual(list(data["pgns"]), [row["dgn"] for row in csv.DictReader(file)])
        with open(os.path.join(SEEDS, "rvc", "signals.csv"), encoding="utf-8", newline="") as file:
            rows = [(row["dgn"], row["name"]) for row in csv.DictReader(file)]
        signals = [(key, signal["name"]) for key, entry in data["pgns"].items() for signal in entry["signals"]]
        self.assertEqual(sorted(rows), sorted(signals))

    @unittest.skipUnless(jsonschema, "python3-jsonschema is not there")
    def test_schema(self):
        schema, data = read("rvc.schema.json"), read("rvc.json")
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        self.assertEqual([error.message for error in validator.iter_errors(data)], [])
        dimmer = data["pgns"]["1FEDA"]
        broken = {
            "a DGN beyond 17 bits": lambda: data["pgns"].update({"2FEDA": dimmer}),
            "a key that is none": lambda: dimmer.update(colour="red"),
            "no name": lambda: dimmer.pop("name"),
            "a pair without a basis": lambda: dimmer.pop("pair_basis"),
            "a unit without a scale": lambda: dimmer["signals"][0].update(unit="V"),
            "both a scale and none": lambda: dimmer["signals"][0].update(scale=1, offset=0, scale_unknown=True),
            "big end first": lambda: dimmer["signals"][0].update(byte_order="big_endian"),
            "a direction that is none": lambda: dimmer.update(direction="sideways"),
        }
        for what, change in broken.items():
            with self.subTest(what=what):
                data = read("rvc.json")
                dimmer = data["pgns"]["1FEDA"]
                change()
                self.assertFalse(validator.is_valid(data))

    def test_old_readers(self):
        """What readers of the file before this one take from it, as they take it."""
        data = read("rvc.json")
        self.assertIsInstance(data["version"], str)
        for entry in data["pgns"].values():
            self.assertLessEqual(int(entry["pgn"], 16), 0x1FFFF)
            self.assertIsInstance(entry["name"], str)
            self.assertIn(entry["length"], (8, None))
            for signal in entry["signals"]:
                first, length = signal["start_bit"], signal["length"]
                self.assertTrue(signal["name"] and signal["byte_order"] == "little_endian")
                raw = int.from_bytes(bytes(range(8)), "little") >> first & ((1 << length) - 1)
                self.assertIsInstance(raw * signal.get("scale", 1) + signal.get("offset", 0), (int, float))


if __name__ == "__main__":
    unittest.main()
