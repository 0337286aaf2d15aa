# SPDX-License-Identifier: LGPL-2.1-or-later
"""What coachiq-coach-file(5) shows is so: its files are taken, and give what it says."""

import json
import os
import re
import subprocess
import unittest

from harness import SOURCE_ROOT, TIMEOUT, IntegrationTest, clean_environment

COACHIQCTL = os.environ.get("COACHIQCTL", "")
PAGE = os.path.join(SOURCE_ROOT, "docs", "man", "coachiq-coach-file.5.in")
MODEL = "2024_Example_Coach_One"
CEILING = "devices/ceiling_light"


def examples():
    """The blocks of the page that are shown as they are typed."""
    with open(PAGE, encoding="utf-8") as file:
        blocks = re.findall(r"^\.EX\n(.*?)^\.EE$", file.read(), re.M | re.S)
    return [block.replace("\\-", "-").replace("\\e", "\\") for block in blocks]


@unittest.skipUnless(COACHIQCTL, "COACHIQCTL does not name the program")
class ManualTest(IntegrationTest):
    def take(self, name, text):
        path = self.bench.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(
            [COACHIQCTL, "import", path, "--yes"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=clean_environment(DBUS_SYSTEM_BUS_ADDRESS=self.bench.address),
            timeout=TIMEOUT,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_examples(self):
        coach, device, edits = examples()
        # The page lets the name of the model follow from what the file says.
        self.take(f"{MODEL}.yml", coach)
        self.assertEqual(self.get(MODEL, CEILING), json.loads(device))
        paths = [mapping[0] for mapping in self.call("GetMappings", MODEL)[0]]
        self.assertEqual(paths, ["coach_info", CEILING, "file_metadata", "templates/dimmer"])
        self.assertEqual(self.call("Validate", MODEL), [])
        ((path, entry),) = self.call("Lookup", MODEL, 0x1FEDB, 25)
        self.assertEqual((path, json.loads(entry)["protocol_metadata"]), (CEILING, {"zone": 7, "fade_ms": 250}))

        self.take("edits.yml", edits)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading Light")
        self.assertEqual(self.get(MODEL, CEILING), {**json.loads(device), "friendly_name": "Reading Light"})
