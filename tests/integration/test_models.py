# SPDX-License-Identifier: LGPL-2.1-or-later
"""Models: what is there, import on first use, the active one, and the files that ship beside them."""

import hashlib
import json
import time

from harness import BUNDLED, BUNDLED_DEFAULT, INTERFACE, MODEL, PLAIN, GLib, IntegrationTest, make_arguments

KEYS = {
    "Id": "s",
    "Year": "s",
    "Make": "s",
    "Model": "s",
    "Trim": "s",
    "Notes": "s",
    "VinPattern": "s",
    "DataQuality": "s",
    "DataNote": "s",
    "Origin": "s",
    "BundledVersion": "s",
    "BundledHash": "s",
    "ImportedVersion": "s",
    "ImportedHash": "s",
    "ImportedAt": "t",
    "Imported": "b",
    "UpdateAvailable": "b",
    "Active": "b",
    "Devices": "u",
    "Edits": "u",
}


def dictionary_types(value):
    """The types in an a{sv}."""
    types = {}
    for i in range(value.n_children()):
        entry = value.get_child_value(i)
        types[entry.get_child_value(0).get_string()] = entry.get_child_value(1).get_variant().get_type_string()
    return types


class ModelTest(IntegrationTest):
    needs_root = False
    bench_per_test = True

    def model(self, name=MODEL):
        found = [m for m in self.call("ListModels") if m["Id"] == name]
        self.assertEqual(len(found), 1, name)
        return found[0]


class ListTest(ModelTest):
    def test_keys_and_types(self):
        reply, _ = self.client.send(INTERFACE, "ListModels", make_arguments("ListModels", (), {}))
        models = reply.get_child_value(0)
        self.assertGreater(models.n_children(), 0)
        for i in range(models.n_children()):
            self.assertEqual(dictionary_types(models.get_child_value(i)), KEYS)

    def test_lists_all_in_order(self):
        ids = [m["Id"] for m in self.call("ListModels")]
        self.assertEqual(ids, sorted(ids))
        self.assertIn(MODEL, ids)
        self.assertIn(PLAIN, ids)

    def test_imports_nothing(self):
        model = self.model()
        self.assertEqual(
            {
                k: model[k]
                for k in (
                    "Year",
                    "Make",
                    "Model",
                    "Trim",
                    "Notes",
                    "VinPattern",
                    "DataQuality",
                    "DataNote",
                    "Origin",
                    "BundledVersion",
                    "ImportedVersion",
                    "ImportedHash",
                    "ImportedAt",
                    "Imported",
                    "UpdateAvailable",
                    "Active",
                    "Devices",
                    "Edits",
                )
            },
            {
                "Year": "2020",
                "Make": "Test",
                "Model": "Coach",
                "Trim": "One",
                "Notes": "Stands on no road",
                "VinPattern": "4UZ[A-Z0-9]{14}",
                "DataQuality": "one-owner",
                "DataNote": "After the imagination of one tester",
                "Origin": "bundled",
                "BundledVersion": "1.2.3",
                "ImportedVersion": "",
                "ImportedHash": "",
                "ImportedAt": 0,
                "Imported": False,
                "UpdateAvailable": False,
                "Active": False,
                "Devices": 15,
                "Edits": 0,
            },
        )
        self.assertRegex(model["BundledHash"], "^[0-9a-f]{64}$")
        self.assertEqual(self.revision(), 0)
        self.assertEqual(self.call("ListChanges"), ([], 0))

    def test_option_is_refused(self):
        self.fails("InvalidArgs", self.call, "ListModels", limit=3)


class FirstUseTest(ModelTest):
    def imported_once(self, client, read):
        before = time.time_ns() // 1000
        read()
        self.assertEqual([s.arguments for s in client.signals("ModelImported")], [(MODEL, "1.2.3", 1)])
        self.assertEqual(self.revision(), 1)
        model = self.model()
        self.assertTrue(model["Imported"])
        self.assertEqual(model["ImportedVersion"], "1.2.3")
        self.assertEqual(model["ImportedHash"], model["BundledHash"])
        self.assertFalse(model["UpdateAvailable"])
        self.assertGreaterEqual(model["ImportedAt"], before)
        self.assertLessEqual(model["ImportedAt"], time.time_ns() // 1000)
        read()
        self.assertEqual(client.signals("ModelImported"), [])
        changes = self.changes()
        self.assertEqual([(c["Change"], c["Kind"], c["Model"]) for c in changes], [(1, "import", MODEL)])

    def test_get_mapping(self):
        self.imported_once(self.client.watch(), lambda: self.get(MODEL, "coach_info"))

    def test_get_mappings(self):
        self.imported_once(self.client.watch(), lambda: self.call("GetMappings", MODEL))

    def test_find_mappings(self):
        self.imported_once(self.client.watch(), lambda: self.call("FindMappings", MODEL, device_type="light"))

    def test_lookup(self):
        self.imported_once(self.client.watch(), lambda: self.call("Lookup", MODEL, 0x1FEDA, 25))

    def test_explain(self):
        self.imported_once(self.client.watch(), lambda: self.call("Explain", MODEL, "coach_info"))

    def test_validate(self):
        self.imported_once(self.client.watch(), lambda: self.call("Validate", MODEL))

    def test_many_readers_at_once(self):
        readers = [self.bench.connect() for _ in range(8)]
        watcher = self.client.watch()
        calls = [r.begin("GetMapping", MODEL, "devices/bedroom_light") for r in readers for _ in range(4)]
        answers = {c.result() for c in calls}
        self.assertEqual(len(answers), 1)
        self.assertEqual(len(watcher.signals("ModelImported")), 1)
        self.assertEqual(self.revision(), 1)

    def test_revision_announces_itself(self):
        watcher = self.client.watch()
        self.get(MODEL, "coach_info")
        announced = [
            s.arguments[1]["Revision"] for s in watcher.signals("PropertiesChanged") if "Revision" in s.arguments[1]
        ]
        self.assertEqual(announced, [1])

    def test_unknown_path_of_a_model_that_was_never_read(self):
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/no_such_light")


class FirstUseByAnybodyTest(ModelTest):
    needs_root = True
    needs_polkit = True

    def test_reader_needs_no_authorisation(self):
        from harness import DENIED

        reader = self.as_user(DENIED)
        self.assertEqual(json.loads(reader.call("GetMapping", MODEL, "coach_info")[0])["make"], "Test")
        self.assertEqual(self.bench.checks(), [])


class ImportTest(ModelTest):
    needs_root = True

    def test_import(self):
        watcher = self.client.watch()
        self.assertEqual(self.call("Import", MODEL), 1)
        self.assertEqual([s.arguments for s in watcher.signals("ModelImported")], [(MODEL, "1.2.3", 1)])

    def test_second_import_changes_nothing(self):
        self.call("Import", MODEL)
        self.set(MODEL, "devices/porch_light", "/friendly_name", "Mine")
        watcher = self.client.watch()
        self.assertEqual(self.call("Import", MODEL), 2)
        self.assertEqual(watcher.signals(), [])
        self.assertEqual(self.field(MODEL, "devices/porch_light", "/friendly_name"), "Mine")
        self.assertEqual(len(self.changes()), 2)

    def test_import_after_reading_changes_nothing(self):
        self.get(MODEL, "coach_info")
        self.assertEqual(self.call("Import", MODEL), 1)

    def test_expected_revision(self):
        self.call("Import", MODEL)
        self.fails("Conflict", self.call, "Import", PLAIN, expected_revision=7)
        self.assertFalse(self.model(PLAIN)["Imported"])
        self.assertEqual(self.call("Import", PLAIN, expected_revision=1), 2)

    def test_unknown_model(self):
        for model in ("no_such_coach", "../2020_Test_Coach", "2020_Test_Coach.yml", "a/b", "\n"):
            with self.subTest(model=model):
                self.fails("NoSuchModel", self.call, "Import", model)
        self.assertEqual(self.revision(), 0)

    def test_models_are_apart(self):
        self.call("Import", MODEL)
        self.call("Import", PLAIN)
        self.set(PLAIN, "devices/only_light", "/friendly_name", "Mine")
        self.assertEqual(self.model(PLAIN)["Edits"], 1)
        self.assertEqual(self.model(MODEL)["Edits"], 0)
        self.fails("NoSuchMapping", self.call, "GetMapping", PLAIN, "devices/bedroom_light")

    def test_counts(self):
        self.call("Import", MODEL)
        self.set(MODEL, "devices/porch_light", "/friendly_name", "Mine")
        self.set(MODEL, "devices/porch_light", "/notes", "new")
        self.call("DeleteMapping", MODEL, "devices/spare_1_light", "gone")
        model = self.model()
        self.assertEqual((model["Devices"], model["Edits"]), (14, 3))


class UnknownModelTest(ModelTest):
    def test_every_reader_says_so(self):
        for method, *arguments in (
            ("GetMapping", "nope", "coach_info"),
            ("GetMappings", "nope"),
            ("FindMappings", "nope"),
            ("Lookup", "nope", 0x1FEDA, 1),
            ("Explain", "nope", "coach_info"),
            ("Validate", "nope"),
            ("GetHistory", "nope", ""),
        ):
            with self.subTest(method=method):
                self.fails("NoSuchModel", self.call, method, *arguments)
        self.assertEqual(self.revision(), 0)


class ActiveModelTest(ModelTest):
    needs_root = True

    def test_none_is_active_at_first(self):
        self.assertEqual(self.client.property("ActiveModel"), "")
        for method, *arguments in (
            ("GetMapping", "", "coach_info"),
            ("GetMappings", ""),
            ("Lookup", "", 1, 1),
            ("SetField", "", "coach_info", "/x", "1", ""),
            ("Validate", ""),
            ("FindMappings", ""),
            ("Explain", "", "coach_info"),
            ("GetHistory", "", ""),
        ):
            with self.subTest(method=method):
                self.fails("NoSuchModel", self.call, method, *arguments)

    def test_set(self):
        watcher = self.client.watch()
        change = self.call("SetActiveModel", MODEL)
        signals = watcher.signals()
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assertEqual(self.client.property("Revision"), change)
        self.assertTrue(self.model()["Active"])
        announced = {}
        for item in signals:
            if item.name == "PropertiesChanged":
                self.assertEqual(item.arguments[0], INTERFACE)
                announced.update(item.arguments[1])
        self.assertEqual(announced["ActiveModel"], MODEL)
        self.assertEqual(announced["Revision"], change)

    def test_empty_name_is_the_active_model(self):
        self.call("SetActiveModel", MODEL)
        self.assertEqual(self.get("", "coach_info"), self.get(MODEL, "coach_info"))
        self.assertEqual(self.call("GetMappings", ""), self.call("GetMappings", MODEL))
        watcher = self.client.watch()
        change = self.set("", "devices/porch_light", "/friendly_name", "Mine")
        self.assertEqual(
            [s.arguments for s in watcher.signals("MappingsChanged")],
            [(MODEL, ["devices/porch_light"], "edit", change)],
        )
        self.assertEqual(self.field(MODEL, "devices/porch_light", "/friendly_name"), "Mine")
        self.assertEqual(self.changes()[0]["Model"], MODEL)

    def test_the_same_again_changes_nothing(self):
        first = self.call("SetActiveModel", MODEL)
        watcher = self.client.watch()
        self.assertEqual(self.call("SetActiveModel", MODEL), first)
        self.assertEqual(watcher.signals(), [])

    def test_another(self):
        self.call("SetActiveModel", MODEL)
        change = self.call("SetActiveModel", PLAIN)
        self.assertEqual(self.client.property("ActiveModel"), PLAIN)
        self.assertEqual(self.get("", "coach_info")["model"], "Plain")
        self.assertEqual(sum(m["Active"] for m in self.call("ListModels")), 1)
        self.assertEqual(self.changes(kind="activate")[0]["Change"], change)
        self.bench.restart()
        self.assertEqual(self.client.property("ActiveModel"), PLAIN)

    def test_unknown(self):
        self.fails("NoSuchModel", self.call, "SetActiveModel", "nope")
        self.assertEqual(self.client.property("ActiveModel"), "")
        self.assertEqual(self.revision(), 0)

    def test_conflict(self):
        self.call("SetActiveModel", MODEL)
        revision = self.revision()
        self.fails("Conflict", self.call, "SetActiveModel", PLAIN, expected_revision=revision + 1)
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assertEqual(self.revision(), revision)

    def test_conflict_is_about_the_revision_that_the_caller_saw(self):
        """Also where the model has to be imported on the way."""
        self.call("SetActiveModel", MODEL)
        revision = self.revision()
        for wrong in (0, revision - 1, revision + 1, revision + 2):
            with self.subTest(wrong=wrong):
                self.fails("Conflict", self.call, "SetActiveModel", PLAIN, expected_revision=wrong)
                self.assertEqual(self.revision(), revision)
                self.assertFalse(self.model(PLAIN)["Imported"])
        change = self.call("SetActiveModel", PLAIN, expected_revision=revision)
        self.assertEqual(self.revision(), change)
        self.assertEqual(self.client.property("ActiveModel"), PLAIN)


class FirstUseByAWriteTest(ModelTest):
    """A model that nobody has read yet is written to."""

    needs_root = True

    def test_set_field(self):
        change = self.set(PLAIN, "devices/only_light", "/friendly_name", "Mine", expected_revision=0)
        self.assertEqual(self.revision(), change)
        self.assertEqual(self.field(PLAIN, "devices/only_light", "/friendly_name"), "Mine")
        self.assertEqual([c["Kind"] for c in self.changes()], ["edit", "import"])

    def test_wrong_revision_leaves_nothing_behind(self):
        for wrong in (1, 2, 99):
            with self.subTest(wrong=wrong):
                self.fails(
                    "Conflict",
                    self.call,
                    "SetField",
                    PLAIN,
                    "devices/only_light",
                    "/friendly_name",
                    '"Mine"',
                    "",
                    expected_revision=wrong,
                )
                self.assertEqual(self.revision(), 0)
                self.assertFalse(self.model(PLAIN)["Imported"])


class BundledTest(ModelTest):
    """What ships in the binary."""

    bench_options = {"seeds": None}

    def test_models(self):
        ids = [m["Id"] for m in self.call("ListModels")]
        self.assertIn(BUNDLED, ids)
        self.assertIn(BUNDLED_DEFAULT, ids)
        self.assertNotIn(MODEL, ids)
        self.assertIs(self.client.property("DevelopmentMode"), False)

    def test_every_model_can_be_used(self):
        for model in self.call("ListModels"):
            with self.subTest(model=model["Id"]):
                page, _ = self.call("GetMappings", model["Id"], prefix="devices/")
                self.assertEqual(len(page), model["Devices"])
                self.assertFalse([p for p in self.call("Validate", model["Id"]) if p[0] != "warning"])

    def test_the_main_coach(self):
        lights = self.call("FindMappings", BUNDLED, device_type="light", text="devices/")
        self.assertGreaterEqual(len(lights), 20)
        self.assertEqual({source for _, _, source, _ in lights}, {"factory"})
        for path, data, _, _ in lights:
            device = json.loads(data)
            self.assertEqual(path, "devices/" + device["entity_id"])
            self.assertTrue(device["bindings"])
            for binding in device["bindings"]:
                if binding["instance"] != "default":
                    found = self.call("Lookup", BUNDLED, int(binding["dgn"], 16), binding["instance"])
                    self.assertIn(path, [p for p, _ in found])


class ResourceTest(ModelTest):
    bench_options = {"seeds": None}

    def test_resource(self):
        import fcntl

        listed = self.call("ListResources")
        self.assertEqual([name for name, _, _ in listed], ["rvc.json"])
        content, seals = self.client.file("GetResource", "rvc.json")
        self.assertEqual(listed[0], ("rvc.json", len(content), hashlib.sha256(content).hexdigest()))
        json.loads(content)
        wanted = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        self.assertEqual(seals & wanted, wanted)

    def test_unknown_resource(self):
        for name in ("", "nope", "/rvc.json", "../rvc.json", "coaches/2021_Entegra_Aspire_44R.yml"):
            with self.subTest(name=name):
                self.fails("InvalidArgs", self.call, "GetResource", name)

    def test_dgns(self):
        dgns = self.call("ListDgns")
        numbers = [number for number, _, _ in dgns]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertIn(0x1FEDA, numbers)
        self.assertLessEqual({direction for _, _, direction in dgns}, {"status", "command", "request", "other"})
        for number, name, direction in dgns:
            described = json.loads(self.call("DescribeDgn", number))
            self.assertEqual(
                (int(described["pgn"], 16), described["dgn"], described["name"], described["direction"]),
                (number, number, name, direction),
            )
            self.assertIsInstance(described["signals"], list)

    def test_dgn_queries(self):
        everything = self.call("ListDgns")
        by_name = self.call("ListDgns", name="dImMeR")
        self.assertEqual(by_name, [d for d in everything if "dimmer" in d[1].lower()])
        self.assertTrue(by_name)
        by_direction = self.call("ListDgns", direction="command")
        self.assertEqual(by_direction, [d for d in everything if d[2] == "command"])
        self.assertTrue(by_direction)
        both = self.call("ListDgns", name="dimmer", direction="command")
        self.assertEqual(both, [d for d in by_name if d in by_direction])
        self.assertEqual(self.call("ListDgns", name="no such name at all"), [])
        self.fails("InvalidArgs", self.call, "ListDgns", colour="red")
        for direction in ("sideways", "", "Status"):
            self.fails("InvalidArgs", self.call, "ListDgns", direction=direction)
        self.fails("InvalidArgs", self.call, "ListDgns", name=GLib.Variant("u", 1))

    def test_pairs_are_mutual(self):
        described = {number: json.loads(self.call("DescribeDgn", number)) for number, _, _ in self.call("ListDgns")}
        pairs = {number: int(d["pair"], 16) for number, d in described.items() if "pair" in d}
        self.assertTrue(pairs)
        for number, other in pairs.items():
            if other in described:
                self.assertIn("pair", described[other], f"{number:X} and {other:X}")

    def test_dgn_is_what_the_file_says(self):
        content = json.loads(self.client.file("GetResource", "rvc.json")[0])["pgns"]
        self.assertEqual(
            {f"{number:05X}": json.loads(self.call("DescribeDgn", number)) for number, _, _ in self.call("ListDgns")},
            content,
        )

    def test_dgn_with_an_address(self):
        reset = json.loads(self.call("DescribeDgn", 0x17F00))
        self.assertEqual(reset["mask"], "1FF00")
        self.assertEqual(json.loads(self.call("DescribeDgn", 0x17F9D)), reset)

    def test_unknown_dgn(self):
        for dgn in (0x20000, 0xFFFFFFFF):
            self.fails("InvalidArgs", self.call, "DescribeDgn", dgn)
        self.fails("NoSuchMapping", self.call, "DescribeDgn", 0)


class DescribeTest(ModelTest):
    needs_root = True

    def test_describe(self):
        self.call("SetActiveModel", MODEL)
        self.call("SetInterface", "house", "can0")
        described = json.loads(self.call("Describe"))
        for name, value in self.client.properties().items():
            self.assertEqual(described[name], value, name)
        self.assertEqual(described["Models"], self.call("ListModels"))
        self.assertEqual(
            [(r["Name"], r["Size"], r["Sha256"]) for r in described["Resources"]], self.call("ListResources")
        )
        self.assertEqual(described["Protocol"]["Dgns"], len(self.call("ListDgns")))
        names = {f"{number:05X}": (name, direction) for number, name, direction in self.call("ListDgns")}
        self.assertIn("1FEDA", [dgn["Dgn"] for dgn in described["Dgns"]])
        for dgn in described["Dgns"]:
            self.assertEqual((dgn["Name"], dgn["Direction"]), names[dgn["Dgn"]])
            self.assertEqual(dgn["Devices"], len(self.call("FindMappings", MODEL, dgn=dgn["Dgn"])))

    def test_describe_an_empty_database(self):
        described = json.loads(self.call("Describe"))
        self.assertEqual(described["Revision"], 0)
        self.assertEqual(self.revision(), 0)


class InterfacesTest(ModelTest):
    needs_root = True

    def test_set_and_clear(self):
        watcher = self.client.watch()
        change = self.call("SetInterface", "house", "can0")
        self.assertEqual(self.client.property("Interfaces"), {"house": "can0"})
        announced = {}
        for item in watcher.signals("PropertiesChanged"):
            announced.update(item.arguments[1])
        self.assertEqual(announced["Interfaces"], {"house": "can0"})
        self.assertEqual(announced["Revision"], change)
        self.assertEqual(self.call("SetInterface", "house", "can0"), change)
        self.assertEqual(watcher.signals(), [])
        again = self.call("SetInterface", "chassis", "can1")
        self.assertEqual(again, change + 1)
        self.assertEqual(self.client.property("Interfaces"), {"house": "can0", "chassis": "can1"})
        self.bench.restart()
        self.assertEqual(self.client.property("Interfaces"), {"house": "can0", "chassis": "can1"})
        self.call("SetInterface", "house", "")
        self.assertEqual(self.client.property("Interfaces"), {"chassis": "can1"})
        self.assertEqual([c["Kind"] for c in self.changes()], ["interface"] * 3)

    def test_clearing_nothing_changes_nothing(self):
        self.assertEqual(self.call("SetInterface", "house", ""), 0)
        self.assertEqual(self.revision(), 0)

    def test_the_active_model_has_a_say(self):
        self.call("SetActiveModel", MODEL)
        revision = self.revision()
        self.fails("InvalidData", self.call, "SetInterface", "house", "can7")
        self.fails("InvalidData", self.call, "SetInterface", "kitchen", "can0")
        self.assertEqual(self.revision(), revision)
        self.assertEqual(self.client.property("Interfaces"), {})
        self.call("SetInterface", "house", "can7", force=True)
        self.assertEqual(self.client.property("Interfaces"), {"house": "can7"})

    def test_conflict(self):
        self.fails("Conflict", self.call, "SetInterface", "house", "can0", expected_revision=5)
        self.assertEqual(self.client.property("Interfaces"), {})

    def test_names_that_no_interface_has(self):
        for logical, physical in (
            ("", "can0"),
            ("house", "a/b"),
            ("house", "x" * 100),
            ("x" * 10000, "can0"),
            ("house", "can 0"),
            ("house", "can\n0"),
        ):
            with self.subTest(logical=logical[:20], physical=physical[:20]):
                self.fails(("InvalidArgs", "InvalidData", "TooLarge"), self.call, "SetInterface", logical, physical)
        self.assertEqual(self.revision(), 0)
