# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading: components, pages, queries, lookup, validation."""

import json

from harness import MODEL, GLib, IntegrationTest

PATHS = sorted(
    [
        "areas/exterior",
        "areas/interior",
        "coach_info",
        "devices/bedroom_light",
        "devices/entrance_lock",
        "devices/galley_light",
        "devices/heater",
        "devices/porch_light",
        "devices/spare_1_light",
        "devices/spare_2_light",
        "devices/spare_3_light",
        "devices/spare_4_light",
        "devices/spare_5_light",
        "devices/spare_6_light",
        "devices/spare_7_light",
        "devices/spare_8_light",
        "devices/twin_light_left",
        "devices/twin_light_right",
        "dgn_pairs",
        "file_metadata",
        "global_defaults",
        "lighting_scenes/all_off",
        "lighting_scenes/evening",
        "templates/dimmable",
        "templates/light",
        "templates/lock",
        "validation_rules/entity_validation",
        "validation_rules/interface_validation",
    ]
)

BEDROOM_LIGHT = {
    "entity_id": "bedroom_light",
    "friendly_name": "Bedroom Light",
    "area": "interior.bedroom",
    "protocol_metadata": {"zone": 1, "fade_ms": 500},
    "interface": "house",
    "group_mask": "0x7C",
    "device_type": "light",
    "capabilities": ["on_off", "brightness"],
    "bindings": [
        {"dgn": "1FEDA", "instance": 25},
        {"dgn": "1FEDB", "instance": 25, "command_type": "dimmer_control", "status_dgn": "1FEDA"},
    ],
}


class GetTest(IntegrationTest):
    needs_root = False

    def test_device(self):
        data, source, revision = self.call("GetMapping", MODEL, "devices/bedroom_light")
        self.assertEqual(json.loads(data), BEDROOM_LIGHT)
        self.assertEqual((source, revision), ("factory", 1))

    def test_default_binding(self):
        lock = self.get(MODEL, "devices/entrance_lock")
        self.assertEqual(
            lock["bindings"],
            [
                {"dgn": "1FEDA", "instance": "default"},
                {"dgn": "1FEDB", "instance": "default", "command_type": "lock_control", "status_dgn": "1FEDA"},
            ],
        )

    def test_other_sections(self):
        self.assertEqual(
            self.get(MODEL, "coach_info"),
            {
                "year": "2020",
                "make": "Test",
                "model": "Coach",
                "trim": "One",
                "notes": "Stands on no road",
                "vin_pattern": "4UZ[A-Z0-9]{14}",
                "data_quality": "one-owner",
                "data_note": "After the imagination of one tester",
            },
        )
        self.assertEqual(self.get(MODEL, "dgn_pairs"), {"1FEDB": "1FEDA"})
        self.assertEqual(
            self.get(MODEL, "areas/interior"),
            {
                "display_name": "Interior",
                "zones": {"bedroom": {"display_name": "Bedroom"}, "galley": {"display_name": "Galley"}},
            },
        )
        self.assertEqual(
            self.get(MODEL, "lighting_scenes/all_off"), {"name": "All Off", "entities": ["*_light"], "action": "off"}
        )
        self.assertEqual(self.get(MODEL, "templates/dimmable")["protocol_metadata"], {"zone": None, "fade_ms": 1000})

    def test_no_such_mapping(self):
        for path in (
            "devices/nope",
            "nope",
            "nope/nope",
            "coach_info/make",
            "devices",
            "areas",
            "devices/Bedroom_Light",
        ):
            with self.subTest(path=path):
                self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, path)
                self.fails("NoSuchMapping", self.call, "Explain", MODEL, path)

    def test_all(self):
        mappings, following = self.call("GetMappings", MODEL)
        self.assertEqual([m[0] for m in mappings], PATHS)
        self.assertEqual(following, "")
        for path, data, source, revision in mappings:
            self.assertEqual((data, source, revision), self.call("GetMapping", MODEL, path))

    def test_pages_make_the_whole(self):
        whole, _ = self.call("GetMappings", MODEL)
        for limit in (1, 2, 3, 7, len(whole) - 1, len(whole), len(whole) + 1, 1000):
            with self.subTest(limit=limit):
                found, after = [], ""
                while True:
                    page, following = self.call("GetMappings", MODEL, limit=limit, after=after)
                    self.assertLessEqual(len(page), limit)
                    self.assertTrue(page)
                    found += page
                    if not following:
                        break
                    after = following
                self.assertEqual(found, whole)

    def test_prefix(self):
        whole, _ = self.call("GetMappings", MODEL)
        for prefix in (
            "",
            "devices/",
            "devices/spare",
            "lighting_scenes/",
            "d",
            "coach_info",
            "nope",
            "devices/spare_1_light",
        ):
            with self.subTest(prefix=prefix):
                found, following = self.call("GetMappings", MODEL, prefix=prefix)
                self.assertEqual(found, [m for m in whole if m[0].startswith(prefix)])
                self.assertEqual(following, "")

    def test_prefix_in_pages(self):
        found, after = [], ""
        while True:
            page, after = self.call("GetMappings", MODEL, prefix="devices/", limit=4, after=after)
            found += [m[0] for m in page]
            if not after:
                break
        self.assertEqual(found, [p for p in PATHS if p.startswith("devices/")])

    def test_after(self):
        for after, expected in (
            ("devices/", [p for p in PATHS if p > "devices/"]),
            ("devices/heater", [p for p in PATHS if p > "devices/heater"]),
            ("zzz", []),
        ):
            with self.subTest(after=after):
                self.assertEqual([m[0] for m in self.call("GetMappings", MODEL, after=after)[0]], expected)

    def test_bad_options(self):
        for options in (
            {"limit": 0},
            {"limit": 1001},
            {"limit": GLib.Variant("s", "5")},
            {"prefix": GLib.Variant("u", 5)},
            {"colour": "red"},
            {"expected_revision": 1},
            {"force": True},
        ):
            with self.subTest(options=options):
                self.fails("InvalidArgs", self.call, "GetMappings", MODEL, **options)


class FindTest(IntegrationTest):
    needs_root = False

    def find(self, **query):
        found = self.call("FindMappings", MODEL, **query)
        paths = [m[0] for m in found]
        self.assertEqual(paths, sorted(paths))
        for path, data, source, revision in found:
            self.assertEqual((data, source, revision), self.call("GetMapping", MODEL, path))
        # A template of the coach file may have the fields of a device too.
        return [p.removeprefix("devices/") for p in paths if not p.startswith("templates/")]

    def test_everything(self):
        self.assertEqual(self.call("FindMappings", MODEL), self.call("GetMappings", MODEL)[0])

    def test_dgn(self):
        self.assertEqual(self.find(dgn=0x1FEDB), ["bedroom_light", "entrance_lock", "galley_light"])
        self.assertEqual(self.find(dgn="1FEDB"), self.find(dgn=0x1FEDB))
        self.assertEqual(self.find(dgn="1fedb"), self.find(dgn=0x1FEDB))
        self.assertEqual(self.find(dgn=0x1FFE2), ["heater"])
        self.assertEqual(self.find(dgn=0x1FFFF), [])

    def test_instance(self):
        self.assertEqual(self.find(instance=25), ["bedroom_light"])
        self.assertEqual(self.find(instance="25"), ["bedroom_light"])
        self.assertEqual(self.find(instance="default"), ["entrance_lock"])
        self.assertEqual(self.find(instance=1), ["heater"])
        self.assertEqual(self.find(instance=250), [])

    def test_dgn_and_instance_at_the_same_binding(self):
        self.assertEqual(self.find(dgn=0x1FEDA, instance=28), ["twin_light_left", "twin_light_right"])
        self.assertEqual(self.find(dgn=0x1FEDB, instance=28), [])
        self.assertEqual(self.find(dgn=0x1FEDA, instance=1), [])
        self.assertEqual(self.find(dgn=0x1FEDB, instance="default"), ["entrance_lock"])

    def test_fields(self):
        self.assertEqual(self.find(device_type="lock"), ["entrance_lock"])
        self.assertEqual(self.find(area="interior.galley"), ["galley_light", "twin_light_left", "twin_light_right"])
        self.assertEqual(self.find(interface="chassis"), ["heater"])
        self.assertEqual(self.find(interface="chassis", device_type="light"), [])
        self.assertEqual(self.find(area="interior.galley", device_type="light", dgn=0x1FEDB), ["galley_light"])
        self.assertEqual(self.find(device_type="nope"), [])

    def test_text(self):
        self.assertEqual(self.find(text="bedROOM light"), ["bedroom_light"])
        self.assertEqual(self.find(text="stands on no road"), ["coach_info"])
        self.assertIn("lighting_scenes/all_off", self.find(text="LIGHTING_SCENES/"))
        self.assertEqual(self.find(text="heater", interface="chassis"), ["heater"])
        self.assertEqual(self.find(text="no such text anywhere"), [])

    def test_bad_queries(self):
        for query in (
            {"dgn": 0x20000},
            {"dgn": "xyz"},
            {"dgn": ""},
            {"dgn": GLib.Variant("b", True)},
            {"instance": "256"},
            {"instance": "two"},
            {"instance": GLib.Variant("d", 2.0)},
            {"area": GLib.Variant("u", 1)},
            {"device_type": GLib.Variant("as", [])},
            {"colour": "red"},
            {"limit": 5},
            {"text": GLib.Variant("ay", b"x")},
        ):
            with self.subTest(query=query):
                self.fails("InvalidArgs", lambda: self.call("FindMappings", MODEL, **query))


class LookupTest(IntegrationTest):
    def lookup(self, dgn, instance):
        return [(path, json.loads(data)) for path, data in self.call("Lookup", MODEL, dgn, instance)]

    def test_exact(self):
        common = {k: v for k, v in BEDROOM_LIGHT.items() if k != "bindings"}
        self.assertEqual(
            self.lookup(0x1FEDA, 25), [("devices/bedroom_light", {**common, "dgn_name": "DC_DIMMER_STATUS_3"})]
        )
        self.assertEqual(
            self.lookup(0x1FEDB, 25),
            [
                (
                    "devices/bedroom_light",
                    {
                        **common,
                        "command_type": "dimmer_control",
                        "status_dgn": "1FEDA",
                        "dgn_name": "DC_DIMMER_COMMAND_2",
                    },
                )
            ],
        )

    def test_two_devices(self):
        self.assertCountEqual(
            [p for p, _ in self.lookup(0x1FEDA, 28)], ["devices/twin_light_left", "devices/twin_light_right"]
        )

    def test_falls_back_to_default(self):
        for instance in (0, 1, 200, 255):
            self.assertEqual([p for p, _ in self.lookup(0x1FEDA, instance)], ["devices/entrance_lock"])
        self.assertEqual(self.lookup(0x1FEDB, 28)[0][1]["command_type"], "lock_control")

    def test_nobody_lives_there(self):
        self.assertEqual(self.lookup(0x1FFE2, 2), [])
        self.assertEqual(self.lookup(0x1FFFF, 0), [])
        self.assertEqual(self.lookup(0, 0), [])

    def test_dgn_beyond_17_bits(self):
        for dgn in (0x20000, 0xFFFFFFFF):
            self.fails("InvalidArgs", self.call, "Lookup", MODEL, dgn, 1)

    def test_physical_interface(self):
        self.assertNotIn("physical_interface", self.lookup(0x1FEDA, 26)[0][1])
        self.call("SetInterface", "house", "vcan0")
        self.assertEqual(self.lookup(0x1FEDA, 26)[0][1]["physical_interface"], "vcan0")
        self.assertEqual(self.lookup(0x1FEDA, 199)[0][1]["physical_interface"], "vcan0")
        self.assertNotIn("physical_interface", self.lookup(0x1FFE2, 1)[0][1])
        self.assertNotIn("physical_interface", self.get(MODEL, "devices/galley_light"))
        self.call("SetInterface", "house", "can1")
        self.assertEqual(self.lookup(0x1FEDA, 26)[0][1]["physical_interface"], "can1")
        self.call("SetInterface", "house", "")
        self.assertNotIn("physical_interface", self.lookup(0x1FEDA, 26)[0][1])

    def test_an_edit_shows(self):
        self.set(MODEL, "devices/spare_1_light", "/friendly_name", "Found")
        self.assertEqual(self.lookup(0x1FEDA, 29)[0][1]["friendly_name"], "Found")
        self.call("DeleteMapping", MODEL, "devices/spare_1_light", "")
        self.assertEqual([p for p, _ in self.lookup(0x1FEDA, 29)], ["devices/entrance_lock"])
        self.call("ResetMapping", MODEL, "devices/spare_1_light", "", "")
        self.assertEqual(self.lookup(0x1FEDA, 29)[0][1]["friendly_name"], "Spare 1")

    def test_a_new_device_shows_too(self):
        self.addCleanup(self.call, "DeleteMapping", MODEL, "devices/third_twin", "")
        self.call(
            "UpdateMapping",
            MODEL,
            "devices/third_twin",
            json.dumps(
                {
                    "entity_id": "third_twin",
                    "friendly_name": "Third",
                    "device_type": "light",
                    "capabilities": ["on_off"],
                    "bindings": [{"dgn": "1FEDA", "instance": 28}],
                }
            ),
            "",
        )
        self.assertCountEqual(
            [p for p, _ in self.lookup(0x1FEDA, 28)],
            ["devices/twin_light_left", "devices/twin_light_right", "devices/third_twin"],
        )


class ValidateTest(IntegrationTest):
    bench_per_test = True

    def test_the_vendor_is_warned_about(self):
        problems = self.call("Validate", MODEL)
        self.assertEqual({p[0] for p in problems}, {"warning"})
        self.assertIn(("devices/heater", "/capabilities"), [p[1:3] for p in problems])
        self.assertIn(("devices/heater", "/device_type"), [p[1:3] for p in problems])
        for _, path, _, message in problems:
            self.assertIn(path, PATHS)
            self.assertTrue(message)

    def test_a_mended_field_is_no_problem_any_more(self):
        self.set(MODEL, "devices/heater", "/capabilities", ["heat"])
        self.assertNotIn(("devices/heater", "/capabilities"), [p[1:3] for p in self.call("Validate", MODEL)])
        self.call("ResetMapping", MODEL, "devices/heater", "/capabilities", "")
        self.assertIn(("devices/heater", "/capabilities"), [p[1:3] for p in self.call("Validate", MODEL)])

    def test_rvc(self):
        """What contradicts the table of RV-C messages is a warning, also where an edit brought it."""
        tank = {
            "entity_id": "tank",
            "device_type": "light",
            "friendly_name": "Tank",
            "capabilities": ["level"],
            "bindings": [
                {"dgn": "1FFB7", "instance": 20},
                {"dgn": "1FABC", "instance": 1},
                {"dgn": "1FFBC", "instance": 2},
                {"dgn": "1FFB3", "instance": 3},
            ],
        }
        self.call("UpdateMapping", MODEL, "devices/tank", json.dumps(tank), "")
        found = {field: (severity, text) for severity, path, field, text in self.call("Validate", MODEL) if "tank" in path}
        for place, words in (
            ("1FFB7:20", ("instance 20 of 1FFB7 TANK_STATUS", "0 to 3 and 16 to 19", "rvc2mqtt-dbergl")),
            ("1FABC:1", ("1FABC is not in rvc.json",)),
            ("1FFBC:2", ("1FFBC DC_LOAD_COMMAND", "1FFBD DC_LOAD_STATUS", "by their names")),
            ("1FFB3:3", ("WATER_PUMP_STATUS says no instance", '"default"')),
        ):
            severity, text = found["/bindings/" + place]
            self.assertEqual(severity, "warning")
            for word in words:
                self.assertIn(word, text)
