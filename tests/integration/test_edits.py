# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writing: fields, components, several edits at once, the coach file's rules, and who is told."""

import json
import time

from harness import ALLOWED, MODEL, BusError, GLib, IntegrationTest, ids_of

LIGHT = "devices/bedroom_light"


def device(entity_id, *bindings, **fields):
    return {
        "entity_id": entity_id,
        "friendly_name": entity_id,
        "device_type": "light",
        "capabilities": ["on_off"],
        **fields,
        "bindings": list(bindings) or [{"dgn": "1FEDA", "instance": 99}],
    }


class EditTest(IntegrationTest):
    bench_per_test = True

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.client.watch()

    def edits(self):
        """How many overrides there are."""
        return next(m["Edits"] for m in self.call("ListModels") if m["Id"] == MODEL)

    def user_fields(self, path):
        """field → what Explain says, for the fields that are the owner's."""
        explained = json.loads(self.call("Explain", MODEL, path))
        return {f["field"]: f for f in explained["fields"] if f["layer"] == "user"}

    def unchanged(self, function):
        """Runs something after which all is as before."""
        before = (self.revision(), self.call("GetMappings", MODEL), self.edits(), self.call("ListChanges"))
        self.client.signals()
        function()
        self.assertEqual(self.client.signals(), [])
        self.assertEqual(
            (self.revision(), self.call("GetMappings", MODEL), self.edits(), self.call("ListChanges")), before
        )

    def refused(self, names, method, *arguments, text=None, **options):
        """The call fails with this error and leaves nothing behind."""
        self.unchanged(lambda: self.fails(names, lambda: self.call(method, *arguments, **options), text=text))

    def no_op(self, method, *arguments, **options):
        """The call gives the current revision and leaves nothing behind."""
        revision = self.revision()
        self.unchanged(lambda: self.assertEqual(self.call(method, *arguments, **options), revision))

    def unset(self, path, field, **options):
        return self.call("SetField", MODEL, path, field, "", "", **options)

    def reset(self, path, field="", **options):
        return self.call("ResetMapping", MODEL, path, field, "", **options)

    def delete(self, path, **options):
        return self.call("DeleteMapping", MODEL, path, "", **options)

    def update(self, path, data, **options):
        return self.call(
            "UpdateMapping", MODEL, path, data if isinstance(data, str) else json.dumps(data), "", **options
        )


class SetFieldTest(EditTest):
    def test_set(self):
        change = self.set(MODEL, LIGHT, "/friendly_name", "Reading Nook")
        self.assertEqual(change, 2)
        self.assertEqual(self.revision(), 2)
        signals = self.client.signals()
        self.assertEqual([s.arguments for s in signals if s.name == "MappingsChanged"], [(MODEL, [LIGHT], "edit", 2)])
        self.assertEqual([s.arguments[1] for s in signals if s.name == "PropertiesChanged"], [{"Revision": 2}])
        data, source, revision = self.call("GetMapping", MODEL, LIGHT)
        self.assertEqual(json.loads(data)["friendly_name"], "Reading Nook")
        self.assertEqual((source, revision), ("user", 2))
        self.bench.restart()
        self.assertEqual(self.call("GetMapping", MODEL, LIGHT), (data, source, revision))

    def test_every_kind_of_value(self):
        for value in (
            "text",
            "",
            "ünïcödé 🚌",
            "line\nbreak",
            0,
            -1,
            2**63 - 1,
            -(2**63),
            0.1,
            1e300,
            True,
            False,
            None,
            [],
            {},
            [1, [2, {"a": None}]],
            {"deep": {"deeper": [1]}},
        ):
            with self.subTest(value=value):
                self.set(MODEL, "coach_info", "/extra", value)
                self.assertEqual(self.field(MODEL, "coach_info", "/extra"), value)
                self.assertIs(type(self.field(MODEL, "coach_info", "/extra")), type(value))

    def test_real_stays_real(self):
        self.set(MODEL, "coach_info", "/extra", 1)
        self.call("SetField", MODEL, "coach_info", "/extra", "1.0", "")
        self.assertIs(type(self.field(MODEL, "coach_info", "/extra")), float)

    def test_inside_a_map(self):
        self.set(MODEL, LIGHT, "/protocol_metadata/fade_ms", 250)
        self.assertEqual(self.field(MODEL, LIGHT, "/protocol_metadata"), {"zone": 1, "fade_ms": 250})
        self.assertEqual(list(self.user_fields(LIGHT)), ["/protocol_metadata/fade_ms"])

    def test_makes_maps_on_the_way(self):
        self.set(MODEL, "coach_info", "/a/b/c", 1)
        self.assertEqual(self.field(MODEL, "coach_info", "/a"), {"b": {"c": 1}})

    def test_escaped_tokens(self):
        self.set(MODEL, "coach_info", "/x~1y~0z", 1)
        self.assertEqual(self.get(MODEL, "coach_info")["x/y~z"], 1)

    def test_not_through_a_list_or_a_text(self):
        self.refused("InvalidData", "SetField", MODEL, LIGHT, "/capabilities/0", '"on_off"', "")
        self.refused("InvalidData", "SetField", MODEL, LIGHT, "/friendly_name/first", '"x"', "")

    def test_null_is_a_value(self):
        self.set(MODEL, LIGHT, "/protocol_metadata/zone", None)
        self.assertEqual(self.field(MODEL, LIGHT, "/protocol_metadata"), {"zone": None, "fade_ms": 500})

    def test_set_to_what_the_vendor_has_is_a_wish(self):
        change = self.set(MODEL, LIGHT, "/friendly_name", "Bedroom Light")
        self.assertEqual(change, 2)
        self.assertEqual(self.edits(), 1)
        self.assertIn("/friendly_name", self.user_fields(LIGHT))
        self.no_op("SetField", MODEL, LIGHT, "/friendly_name", '"Bedroom Light"', "again")

    def test_same_value_again_changes_nothing(self):
        self.set(MODEL, LIGHT, "/friendly_name", "Mine")
        self.no_op("SetField", MODEL, LIGHT, "/friendly_name", '"Mine"', "")
        self.no_op("SetField", MODEL, LIGHT, "/friendly_name", ' "\\u004dine" ', "")

    def test_unset(self):
        self.unset(LIGHT, "/protocol_metadata/fade_ms")
        self.assertEqual(self.field(MODEL, LIGHT, "/protocol_metadata"), {"zone": 1})
        self.assertEqual(self.edits(), 1)

    def test_unset_twice(self):
        self.unset(LIGHT, "/area")
        revision = self.revision()
        # The wish is on record already; nothing to unset is the other fair answer.
        try:
            self.assertEqual(self.unset(LIGHT, "/area"), revision)
        except BusError as error:
            self.check_error(error, "NoSuchField")
        self.assertEqual(self.revision(), revision)

    def test_unset_what_is_not_there(self):
        self.refused("NoSuchField", "SetField", MODEL, LIGHT, "/notes", "", "")
        self.refused("NoSuchField", "SetField", MODEL, LIGHT, "/protocol_metadata/nope", "", "")

    def test_unset_of_an_own_field(self):
        self.set(MODEL, LIGHT, "/notes", "mine")
        self.unset(LIGHT, "/notes")
        self.assertNotIn("notes", self.get(MODEL, LIGHT))

    def test_set_after_unset(self):
        self.unset(LIGHT, "/area")
        self.set(MODEL, LIGHT, "/area", "exterior")
        self.assertEqual(self.field(MODEL, LIGHT, "/area"), "exterior")
        self.assertEqual(self.edits(), 1)

    def test_no_such_mapping(self):
        self.refused("NoSuchMapping", "SetField", MODEL, "devices/nope", "/friendly_name", '"x"', "")
        self.refused("NoSuchMapping", "SetField", MODEL, "nope", "/x", "1", "")


class BindingTest(EditTest):
    def at(self, dgn, instance=25):
        return json.loads(self.call("Lookup", MODEL, dgn, instance)[0][1])

    def test_binding_field(self):
        self.set(MODEL, LIGHT, "/bindings/1FEDB:25/friendly_name", "Command")
        self.assertEqual(self.at(0x1FEDB)["friendly_name"], "Command")
        self.assertEqual(self.at(0x1FEDA)["friendly_name"], "Bedroom Light")
        self.assertEqual(self.field(MODEL, LIGHT, "/bindings/1FEDB:25/friendly_name"), "Command")

    def test_binding_name_in_any_spelling(self):
        self.set(MODEL, LIGHT, "/bindings/1FEDB:25/friendly_name", "Command")
        self.no_op("SetField", MODEL, LIGHT, "/bindings/1fedb:25/friendly_name", '"Command"', "")

    def test_device_level_holds_for_every_binding(self):
        self.set(MODEL, LIGHT, "/command_type", "mine")
        self.assertEqual(self.at(0x1FEDA)["command_type"], "mine")
        self.assertEqual(self.at(0x1FEDB)["command_type"], "mine")

    def test_binding_wins_over_device(self):
        for order in (0, 1):
            with self.subTest(order=order):
                steps = [("/friendly_name", "Device"), ("/bindings/1FEDB:25/friendly_name", "Binding")]
                for pointer, value in steps[::-1] if order else steps:
                    self.set(MODEL, LIGHT, pointer, value)
                self.assertEqual(self.at(0x1FEDA)["friendly_name"], "Device")
                self.assertEqual(self.at(0x1FEDB)["friendly_name"], "Binding")
                self.reset(LIGHT, "/bindings/1FEDB:25/friendly_name")
                self.assertEqual(self.at(0x1FEDB)["friendly_name"], "Device")
                self.reset(LIGHT)
                self.assertEqual(self.at(0x1FEDB)["friendly_name"], "Bedroom Light")

    def test_no_such_binding(self):
        self.refused(
            ("NoSuchField", "InvalidData"), "SetField", MODEL, LIGHT, "/bindings/1FEDB:26/friendly_name", '"x"', ""
        )
        self.refused(
            ("NoSuchField", "InvalidData", "InvalidArgs"),
            "SetField",
            MODEL,
            LIGHT,
            "/bindings/0/friendly_name",
            '"x"',
            "",
        )

    def test_where_a_device_lives_is_immutable(self):
        for pointer, value in (("/bindings/1FEDB:25/instance", 26), ("/bindings/1FEDB:25/dgn", "1FEDA")):
            self.refused(("Immutable", "InvalidData"), "SetField", MODEL, LIGHT, pointer, json.dumps(value), "")
            self.refused(
                ("Immutable", "InvalidData"), "SetField", MODEL, LIGHT, pointer, json.dumps(value), "", force=True
            )
        self.refused(("Immutable", "InvalidData"), "SetField", MODEL, LIGHT, "/bindings", "[]", "", force=True)


class RulesTest(EditTest):
    def test_immutable_fields(self):
        for pointer, value in (
            ("/device_type", "lock"),
            ("/entity_id", "other_light"),
            ("/device_type", ""),
            ("/bindings/1FEDA:25/device_type", "lock"),
        ):
            text = json.dumps(value) if value else ""
            with self.subTest(pointer=pointer):
                self.refused("Immutable", "SetField", MODEL, LIGHT, pointer, text, "")
                self.refused("Immutable", "SetField", MODEL, LIGHT, pointer, text, "", force=True)

    def test_immutable_in_a_whole_component(self):
        self.refused(
            "Immutable",
            "UpdateMapping",
            MODEL,
            LIGHT,
            json.dumps({**self.get(MODEL, LIGHT), "device_type": "lock"}),
            "",
        )

    def test_fields_that_need_force(self):
        self.refused("Immutable", "SetField", MODEL, LIGHT, "/group_mask", '"0x01"', "", text="force")
        self.refused("Immutable", "SetField", MODEL, LIGHT, "/brand_new", "1", "")
        self.call("SetField", MODEL, LIGHT, "/group_mask", '"0x01"', "", force=True)
        self.assertEqual(self.field(MODEL, LIGHT, "/group_mask"), "0x01")
        self.refused(
            "Immutable", "UpdateMapping", MODEL, LIGHT, json.dumps({**self.get(MODEL, LIGHT), "group_mask": "0x02"}), ""
        )
        self.call(
            "UpdateMapping", MODEL, LIGHT, json.dumps({**self.get(MODEL, LIGHT), "group_mask": "0x02"}), "", force=True
        )
        self.refused("Immutable", "ApplyEdits", MODEL, [("set", LIGHT, "/group_mask", '"0x03"')], "")
        self.call("ApplyEdits", MODEL, [("set", LIGHT, "/group_mask", '"0x03"')], "", force=True)
        self.assertEqual(self.field(MODEL, LIGHT, "/group_mask"), "0x03")

    def test_other_sections_need_no_force(self):
        self.set(MODEL, "lighting_scenes/evening", "/name", "Late")
        self.set(MODEL, "coach_info", "/notes", "on the road")

    def test_required_field(self):
        for pointer in ("/friendly_name", "/capabilities"):
            self.refused("InvalidData", "SetField", MODEL, LIGHT, pointer, "", "", text=pointer[1:])
            self.refused("InvalidData", "SetField", MODEL, LIGHT, pointer, "null", "")
            data = self.get(MODEL, LIGHT)
            del data[pointer[1:]]
            self.refused("InvalidData", "UpdateMapping", MODEL, LIGHT, json.dumps(data), "")

    def test_new_device(self):
        change = self.update("devices/my_light", device("my_light"))
        self.assertEqual(
            [s.arguments for s in self.client.signals("MappingsChanged")],
            [(MODEL, ["devices/my_light"], "edit", change)],
        )
        self.assertEqual(self.get(MODEL, "devices/my_light"), device("my_light"))
        self.assertEqual(self.call("GetMapping", MODEL, "devices/my_light")[1], "user")

    def test_new_device_against_the_rules(self):
        for path, data in (
            ("devices/My-Light", device("My-Light")),
            ("devices/9light", device("9light")),
            ("devices/my_light", device("other_light")),
            ("devices/my_light", {k: v for k, v in device("my_light").items() if k != "entity_id"}),
            ("devices/my_light", {k: v for k, v in device("my_light").items() if k != "friendly_name"}),
            ("devices/my_light", {k: v for k, v in device("my_light").items() if k != "capabilities"}),
            ("devices/my_light", device("my_light", device_type="spaceship")),
            ("devices/my_light", device("my_light", interface="kitchen")),
            ("devices/my_light", device("my_light", {"dgn": "1FEDA", "instance": 256})),
            ("devices/my_light", device("my_light", {"dgn": "1FEDA", "instance": -1})),
            ("devices/my_light", device("my_light", {"dgn": "3FEDA", "instance": 1})),
            ("devices/my_light", device("my_light", {"dgn": "zzz", "instance": 1})),
            ("devices/my_light", device("my_light", {"dgn": "1FEDA"})),
            ("devices/my_light", device("my_light", {"instance": 1})),
            ("devices/my_light", device("my_light", {"dgn": "1FEDA", "instance": 1}, {"dgn": "1FEDA", "instance": 1})),
            ("devices/my_light", {**device("my_light"), "bindings": {}}),
            ("devices/my_light", {**device("my_light"), "bindings": ["x"]}),
        ):
            with self.subTest(data=data):
                self.refused("InvalidData", "UpdateMapping", MODEL, path, json.dumps(data), "")
                self.refused("InvalidData", "ApplyEdits", MODEL, [("put", path, "", json.dumps(data))], "")

    def test_own_device_is_free_of_the_vendors_fences(self):
        self.update("devices/my_light", device("my_light"))
        self.set(MODEL, "devices/my_light", "/anything", 1)
        self.assertEqual(self.field(MODEL, "devices/my_light", "/anything"), 1)


class UpdateMappingTest(EditTest):
    def test_records_only_what_differs(self):
        data = self.get(MODEL, LIGHT)
        data["friendly_name"] = "Mine"
        data["protocol_metadata"]["fade_ms"] = 1
        data["notes"] = "new"
        del data["area"]
        self.update(LIGHT, data)
        self.assertEqual(self.get(MODEL, LIGHT), data)
        mine = self.user_fields(LIGHT)
        self.assertEqual(sorted(mine), ["/area", "/friendly_name", "/notes", "/protocol_metadata/fade_ms"])
        self.assertNotIn("value", mine["/area"])
        self.assertEqual(mine["/friendly_name"]["vendor"], "Bedroom Light")
        self.assertEqual(self.edits(), 4)

    def test_one_change_one_signal(self):
        data = self.get(MODEL, LIGHT)
        data.update(friendly_name="Mine", notes="new")
        change = self.update(LIGHT, data)
        self.assertEqual(
            [s.arguments for s in self.client.signals("MappingsChanged")], [(MODEL, [LIGHT], "edit", change)]
        )
        self.assertEqual(change, 2)

    def test_binding_fields(self):
        data = self.get(MODEL, LIGHT)
        data["bindings"][1]["command_type"] = "mine"
        self.update(LIGHT, data)
        self.assertEqual(list(self.user_fields(LIGHT)), ["/bindings/1FEDB:25/command_type"])

    def test_the_same_changes_nothing(self):
        self.no_op("UpdateMapping", MODEL, LIGHT, json.dumps(self.get(MODEL, LIGHT)), "")
        data = self.get(MODEL, LIGHT)
        self.no_op("UpdateMapping", MODEL, LIGHT, json.dumps(dict(reversed(data.items())), indent=4), "")

    def test_a_second_update_adds_to_the_first(self):
        self.update(LIGHT, {**self.get(MODEL, LIGHT), "friendly_name": "Mine"})
        self.update(LIGHT, {**self.get(MODEL, LIGHT), "notes": "new"})
        self.assertEqual(sorted(self.user_fields(LIGHT)), ["/friendly_name", "/notes"])

    def test_new_section_child(self):
        self.update("lighting_scenes/movie", {"name": "Movie", "action": "off"})
        self.assertEqual(self.get(MODEL, "lighting_scenes/movie"), {"name": "Movie", "action": "off"})
        self.delete("lighting_scenes/movie")
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "lighting_scenes/movie")

    def test_new_device_in_the_database(self):
        self.update("devices/my_light", device("my_light"))
        self.bench.restart()
        self.assertEqual(self.get(MODEL, "devices/my_light"), device("my_light"))
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDA, 99)], ["devices/my_light"])

    def test_two_devices_with_one_name_cannot_be(self):
        # One path is one device: a second put replaces the first.
        self.update("devices/my_light", device("my_light"))
        self.update("devices/my_light", device("my_light", friendly_name="Second"))
        self.assertEqual(self.field(MODEL, "devices/my_light", "/friendly_name"), "Second")

    def test_not_an_object(self):
        for data in ("[]", '"x"', "1", "null", "true", ""):
            with self.subTest(data=data):
                self.refused("InvalidData", "UpdateMapping", MODEL, LIGHT, data, "")
                self.refused("InvalidData", "UpdateMapping", MODEL, "lighting_scenes/movie", data, "")


class ResetDeleteTest(EditTest):
    def test_reset_a_field(self):
        original = self.get(MODEL, LIGHT)
        self.set(MODEL, LIGHT, "/friendly_name", "Mine")
        self.set(MODEL, LIGHT, "/notes", "mine")
        change = self.reset(LIGHT, "/friendly_name")
        self.assertEqual(change, 4)
        self.assertEqual(self.get(MODEL, LIGHT), {**original, "notes": "mine"})
        self.assertEqual(self.call("GetMapping", MODEL, LIGHT)[1], "user")
        self.reset(LIGHT, "/notes")
        self.assertEqual(self.get(MODEL, LIGHT), original)
        self.assertEqual(self.call("GetMapping", MODEL, LIGHT)[1], "factory")
        self.assertEqual(self.edits(), 0)

    def test_reset_what_lies_inside(self):
        self.set(MODEL, LIGHT, "/protocol_metadata/fade_ms", 1)
        self.set(MODEL, LIGHT, "/protocol_metadata/zone", 2)
        self.reset(LIGHT, "/protocol_metadata")
        self.assertEqual(self.field(MODEL, LIGHT, "/protocol_metadata"), {"zone": 1, "fade_ms": 500})

    def test_reset_all(self):
        original = self.get(MODEL, LIGHT)
        self.set(MODEL, LIGHT, "/friendly_name", "Mine")
        self.unset(LIGHT, "/area")
        self.set(MODEL, LIGHT, "/bindings/1FEDB:25/command_type", "mine")
        self.reset(LIGHT)
        self.assertEqual(self.get(MODEL, LIGHT), original)

    def test_reset_of_nothing_changes_nothing(self):
        self.no_op("ResetMapping", MODEL, LIGHT, "", "")
        self.no_op("ResetMapping", MODEL, LIGHT, "/friendly_name", "")

    def test_reset_of_the_unknown(self):
        self.refused("NoSuchMapping", "ResetMapping", MODEL, "devices/nope", "", "")
        self.update("devices/my_light", device("my_light"))
        self.refused("NoSuchField", "ResetMapping", MODEL, "devices/my_light", "", "")

    def test_delete_and_bring_back(self):
        original = self.get(MODEL, LIGHT)
        change = self.delete(LIGHT)
        self.assertEqual(
            [s.arguments for s in self.client.signals("MappingsChanged")], [(MODEL, [LIGHT], "edit", change)]
        )
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, LIGHT)
        self.assertNotIn(LIGHT, [m[0] for m in self.call("GetMappings", MODEL)[0]])
        self.assertNotIn(LIGHT, [m[0] for m in self.call("FindMappings", MODEL, device_type="light")])
        explained = json.loads(self.call("Explain", MODEL, LIGHT))
        self.assertIs(explained["deleted"], True)
        self.assertEqual(explained["source"], "user")
        self.bench.restart()
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, LIGHT)
        self.client.watch().signals()
        change = self.reset(LIGHT)
        self.assertEqual(self.get(MODEL, LIGHT), original)
        self.assertEqual(
            [s.arguments for s in self.client.signals("MappingsChanged")], [(MODEL, [LIGHT], "edit", change)]
        )

    def test_delete_of_an_edited_one(self):
        original = self.get(MODEL, LIGHT)
        self.set(MODEL, LIGHT, "/friendly_name", "Mine")
        self.delete(LIGHT)
        self.reset(LIGHT)
        self.assertEqual(self.get(MODEL, LIGHT), original)

    def test_put_brings_a_deleted_one_back(self):
        original = self.get(MODEL, LIGHT)
        self.delete(LIGHT)
        self.update(LIGHT, {**original, "friendly_name": "Mine"})
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "Mine")

    def test_delete_an_own_one(self):
        self.update("devices/my_light", device("my_light"))
        self.delete("devices/my_light")
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/my_light")
        self.assertEqual(self.edits(), 0)
        self.refused(("NoSuchMapping", "NoSuchField"), "ResetMapping", MODEL, "devices/my_light", "", "")
        self.assertTrue(self.history(MODEL, "devices/my_light"))

    def test_delete_the_unknown(self):
        self.refused("NoSuchMapping", "DeleteMapping", MODEL, "devices/nope", "")

    def test_delete_twice(self):
        self.delete(LIGHT)
        self.refused("NoSuchMapping", "SetField", MODEL, LIGHT, "/friendly_name", '"x"', "")
        revision = self.revision()
        try:
            self.assertEqual(self.delete(LIGHT), revision)
        except BusError as error:
            self.check_error(error, "NoSuchMapping")
        self.assertEqual(self.revision(), revision)


class ApplyEditsTest(EditTest):
    def apply(self, *edits, **options):
        return self.call("ApplyEdits", MODEL, list(edits), "several", **options)

    def test_every_operation_in_one_change(self):
        self.set(MODEL, "devices/porch_light", "/friendly_name", "Mine")
        self.client.signals()
        change = self.apply(
            ("set", LIGHT, "/friendly_name", '"One"'),
            ("unset", LIGHT, "/area", ""),
            ("reset", "devices/porch_light", "", ""),
            ("put", "devices/my_light", "", json.dumps(device("my_light"))),
            ("delete", "devices/spare_1_light", "", ""),
        )
        self.assertEqual(change, 3)
        signals = self.client.signals("MappingsChanged")
        self.assertEqual(len(signals), 1)
        model, paths, kind, number = signals[0].arguments
        self.assertEqual(
            (model, sorted(paths), kind, number),
            (MODEL, sorted([LIGHT, "devices/porch_light", "devices/my_light", "devices/spare_1_light"]), "edit", 3),
        )
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "One")
        self.assertNotIn("area", self.get(MODEL, LIGHT))
        self.assertEqual(self.field(MODEL, "devices/porch_light", "/friendly_name"), "Porch Light")
        self.get(MODEL, "devices/my_light")
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/spare_1_light")
        self.assertEqual(self.changes()[0]["Reason"], "several")

    def test_in_their_order(self):
        self.apply(
            ("set", LIGHT, "/friendly_name", '"One"'),
            ("set", LIGHT, "/friendly_name", '"Two"'),
            ("put", "devices/my_light", "", json.dumps(device("my_light"))),
            ("set", "devices/my_light", "/friendly_name", '"Three"'),
        )
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "Two")
        self.assertEqual(self.field(MODEL, "devices/my_light", "/friendly_name"), "Three")

    def test_all_or_nothing(self):
        good = ("set", LIGHT, "/friendly_name", '"One"')
        for bad, error in (
            (("set", LIGHT, "/device_type", '"lock"'), "Immutable"),
            (("set", LIGHT, "/friendly_name", "{"), "InvalidData"),
            (("set", "devices/nope", "/friendly_name", '"x"'), "NoSuchMapping"),
            (("unset", LIGHT, "/notes", ""), "NoSuchField"),
            (("delete", "devices/nope", "", ""), "NoSuchMapping"),
            (("put", "devices/bad", "", "[]"), "InvalidData"),
            (("set", "", "/x", "1"), "InvalidArgs"),
            (("set", LIGHT, "no_slash", "1"), "InvalidArgs"),
            (("explode", LIGHT, "", ""), "InvalidArgs"),
            (("", "", "", ""), "InvalidArgs"),
            (("delete", LIGHT, "/friendly_name", ""), "InvalidArgs"),
            (("reset", LIGHT, "", '"x"'), "InvalidArgs"),
            (("unset", LIGHT, "/area", "1"), "InvalidArgs"),
        ):
            with self.subTest(bad=bad):
                self.refused(error, "ApplyEdits", MODEL, [good, bad], "")
                self.refused(error, "ApplyEdits", MODEL, [bad, good], "")

    def test_edits_that_cancel_out_change_nothing(self):
        self.no_op("ApplyEdits", MODEL, [("set", LIGHT, "/friendly_name", '"x"'), ("reset", LIGHT, "", "")], "")
        self.no_op(
            "ApplyEdits",
            MODEL,
            [("put", "devices/my_light", "", json.dumps(device("my_light"))), ("delete", "devices/my_light", "", "")],
            "",
        )

    def test_no_edits(self):
        revision = self.revision()
        try:
            self.assertEqual(self.apply(), revision)
        except BusError as error:
            self.check_error(error, "InvalidArgs")
        self.assertEqual(self.revision(), revision)


class RevisionTest(EditTest):
    def test_conflict(self):
        writes = (
            ("SetField", LIGHT, "/friendly_name", '"x"', ""),
            ("UpdateMapping", "lighting_scenes/x", "{}", ""),
            ("DeleteMapping", LIGHT, ""),
        )
        for method, *arguments in writes:
            for revision in (0, 2, 2**63):
                with self.subTest(method=method, revision=revision):
                    self.refused("Conflict", method, MODEL, *arguments, expected_revision=revision)
        self.refused(
            "Conflict", "ApplyEdits", MODEL, [("set", LIGHT, "/friendly_name", '"x"')], "", expected_revision=9
        )
        self.set(MODEL, LIGHT, "/friendly_name", "Mine")
        self.refused("Conflict", "ResetMapping", MODEL, LIGHT, "", "", expected_revision=1)

    def test_right(self):
        self.assertEqual(self.set(MODEL, LIGHT, "/friendly_name", "One", expected_revision=1), 2)
        self.assertEqual(self.set(MODEL, LIGHT, "/friendly_name", "Two", expected_revision=2), 3)

    def test_options(self):
        for options in (
            {"expected_revision": GLib.Variant("u", 1)},
            {"expected_revision": GLib.Variant("s", "1")},
            {"force": GLib.Variant("y", 1)},
            {"colour": "red"},
            {"expected-Revision": 1},
            {"limit": 1},
            {"": "x"},
        ):
            with self.subTest(options=options):
                self.refused("InvalidArgs", "SetField", MODEL, LIGHT, "/friendly_name", '"x"', "", **options)
        self.refused("InvalidArgs", "SetActiveModel", MODEL, force=True)
        self.refused("InvalidArgs", "Import", MODEL, force=True)


class ExplainTest(EditTest):
    needs_polkit = True

    def test_layers(self):
        explained = json.loads(self.call("Explain", MODEL, LIGHT))
        self.assertEqual((explained["path"], explained["source"]), (LIGHT, "factory"))
        self.assertFalse(explained.get("deleted", False))
        fields = {f["field"]: f for f in explained["fields"]}
        self.assertEqual(fields["/friendly_name"]["value"], "Bedroom Light")
        self.assertEqual(fields["/friendly_name"].get("vendor", "Bedroom Light"), "Bedroom Light")
        self.assertEqual({f["layer"] for f in explained["fields"]}, {"factory"})
        self.assertIn("/bindings/1FEDB:25/command_type", fields)

    def test_who_and_when(self):
        caller = self.as_user(ALLOWED)
        before = time.time_ns() // 1000
        change = self.set(MODEL, LIGHT, "/friendly_name", "Mine", client=caller, reason="it is mine")
        after = time.time_ns() // 1000
        self.call("SetField", MODEL, LIGHT, "/notes", '"root was here"', "")
        mine = self.user_fields(LIGHT)
        self.assertEqual(sorted(mine), ["/friendly_name", "/notes"])
        name = mine["/friendly_name"]
        self.assertEqual(
            (name["value"], name["vendor"], name["user"], name["uid"], name["change"], name["reason"]),
            ("Mine", "Bedroom Light", ALLOWED, ids_of(ALLOWED)[0], change, "it is mine"),
        )
        self.assertTrue(before <= name["time"] <= after)
        self.assertEqual((mine["/notes"]["user"], mine["/notes"]["uid"], mine["/notes"]["reason"]), ("root", 0, ""))
        self.assertNotIn("vendor", mine["/notes"])

    def test_later_edit_of_another_field_takes_no_credit(self):
        caller = self.as_user(ALLOWED)
        self.set(MODEL, LIGHT, "/friendly_name", "Mine", client=caller)
        data = self.get(MODEL, LIGHT)
        data["notes"] = "root was here"
        self.update(LIGHT, data)
        mine = self.user_fields(LIGHT)
        self.assertEqual((mine["/friendly_name"]["user"], mine["/notes"]["user"]), (ALLOWED, "root"))

    def test_unset(self):
        self.unset(LIGHT, "/area")
        field = self.user_fields(LIGHT)["/area"]
        self.assertNotIn("value", field)
        self.assertEqual(field["vendor"], "interior.bedroom")

    def test_own_device(self):
        self.update("devices/my_light", device("my_light"))
        explained = json.loads(self.call("Explain", MODEL, "devices/my_light"))
        self.assertEqual(explained["source"], "user")
        self.assertEqual({f["layer"] for f in explained["fields"]}, {"user"})
        self.assertFalse([f for f in explained["fields"] if "vendor" in f])
