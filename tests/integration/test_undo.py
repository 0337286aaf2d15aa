# SPDX-License-Identifier: LGPL-2.1-or-later
"""Taking changes back: what comes back, what is left as it is and why, and undoing that."""

import json
import random

from harness import ALLOWED, MODEL, SHORT, BusError, GLib
from releases import (
    CARGO,
    CEILING,
    DINETTE,
    LOCK,
    OWN,
    PORCH,
    SINK,
    SPARE,
    VANITY,
    Coach,
    ReleaseTest,
    own_device,
    second,
)


class UndoTest(ReleaseTest):
    """One change of each kind, undone and done again."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.set(MODEL, DINETTE, "/friendly_name", "Ours")
        self.set(MODEL, DINETTE, "/notes", "beside it")

    def there_and_back(self, change, before, *announced):
        """Undoes a change, and the undo, and so on."""
        after = self.seen()
        self.assertNotEqual(after, before)
        watcher = self.client.watch()
        watcher.signals()
        for state in (before, after, before, after):
            last = self.revision()
            undone = self.undo(change, reason=f"undo of {change}")
            self.assertEqual((undone, self.revision()), (last + 1, last + 1))
            self.assertEqual(self.seen(), state)
            signals = self.signals_of(watcher)
            self.assertEqual([name for name, _ in signals], [*announced, "PropertiesChanged"])
            self.assertEqual(signals[-1][1]["Revision"], undone)
            newest = self.changes()[0]
            self.assertEqual((newest["Kind"], newest["Reason"]), ("undo", f"undo of {change}"))
            self.assertEqual(json.loads(newest["Detail"]), {"undoes": change})
            change = undone
        self.assert_intact()
        self.assert_fresh()
        self.assert_intact()

    def test_an_edit(self):
        before = self.seen()
        change = self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.there_and_back(change, before, "MappingsChanged")

    def test_what_is_announced(self):
        change = self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        watcher = self.client.watch()
        undone = self.undo(change)
        self.assertEqual(
            self.signals_of(watcher),
            [("MappingsChanged", (MODEL, [CEILING], "undo", undone)), ("PropertiesChanged", {"Revision": undone})],
        )
        newest = self.changes()[0]
        self.assertEqual((newest["Model"], newest["Entries"], newest["User"]), (MODEL, 1, "root"))
        entry = self.history(MODEL, CEILING)[0]
        self.assertEqual(
            (entry["Change"], entry["Kind"], entry["Field"], entry["Before"], entry["After"]),
            (undone, "undo", "/friendly_name", '"Reading nook"', '"Bedroom Ceiling Light"'),
        )

    def test_an_edit_of_an_edit(self):
        self.set(MODEL, CEILING, "/friendly_name", "One")
        before = self.seen()
        change = self.set(MODEL, CEILING, "/friendly_name", "Two")
        self.there_and_back(change, before, "MappingsChanged")

    def test_an_unset(self):
        before = self.seen()
        change = self.call("SetField", MODEL, CEILING, "/area", "", "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_field_inside(self):
        before = self.seen()
        change = self.set(MODEL, CEILING, "/protocol_metadata/zone", 9)
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_field_around(self):
        """The edit of a map takes the place of those inside it."""
        self.set(MODEL, CEILING, "/protocol_metadata/zone", 9)
        self.set(MODEL, CEILING, "/protocol_metadata/extra", 10)
        before = self.seen()
        change = self.set(MODEL, CEILING, "/protocol_metadata", {"zone": 1})
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_binding(self):
        before = self.seen()
        change = self.set(MODEL, PORCH, "/bindings/1FEDB:27/command_type", "toggle")
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_reset(self):
        before = self.seen()
        change = self.call("ResetMapping", MODEL, DINETTE, "", "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_deletion(self):
        before = self.seen()
        change = self.call("DeleteMapping", MODEL, CEILING, "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_the_deletion_of_something_edited(self):
        before = self.seen()
        change = self.call("DeleteMapping", MODEL, DINETTE, "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_an_addition(self):
        before = self.seen()
        change = self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_the_deletion_of_an_addition(self):
        for name in ("my_lamp", "my_other"):
            self.call("UpdateMapping", MODEL, f"devices/{name}", json.dumps(own_device(name)), "")
        before = self.seen()
        change = self.call("DeleteMapping", MODEL, OWN, "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_an_edit_of_an_addition(self):
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "")
        before = self.seen()
        change = self.set(MODEL, OWN, "/friendly_name", "Better")
        self.there_and_back(change, before, "MappingsChanged")

    def test_a_replacement(self):
        before = self.seen()
        data = self.get(MODEL, "lighting_scenes/evening")
        data = {"name": "Abend", "entities": data["entities"], "notes": [1, 2]}
        change = self.call("UpdateMapping", MODEL, "lighting_scenes/evening", json.dumps(data), "")
        self.there_and_back(change, before, "MappingsChanged")

    def test_many_edits_at_once(self):
        before = self.seen()
        change = self.call(
            "ApplyEdits",
            MODEL,
            [
                ("set", CEILING, "/friendly_name", '"One"'),
                ("set", CEILING, "/notes", '"Two"'),
                ("unset", PORCH, "/area", ""),
                ("reset", DINETTE, "/notes", ""),
                ("delete", SPARE, "", ""),
                ("put", OWN, "", json.dumps(own_device())),
                ("set", "coach_info", "/notes", "7"),
            ],
            "",
        )
        watcher = self.client.watch()
        undone = self.undo(change)
        paths = [CEILING, PORCH, DINETTE, SPARE, OWN, "coach_info"]
        self.assertEqual(sorted(watcher.signals("MappingsChanged")[0].arguments[1]), sorted(paths))
        self.assertEqual(self.changes()[0]["Entries"], 6)
        self.there_and_back(self.undo(undone), before, "MappingsChanged")

    def test_an_update(self):
        self.edit_all()
        before, authors = self.seen(), self.authors()
        change = self.update(second(Coach()))
        after = self.seen()
        watcher = self.client.watch()
        undone = self.undo(change)
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("UpdateApplied", (MODEL, "2.0.0", "1.0.0", undone)),
                ("PropertiesChanged", {"Revision": undone, "UpdatesAvailable": [MODEL]}),
            ],
        )
        self.assertEqual(self.seen(), before)
        now = self.authors()
        for place, author in authors.items():
            if place[0] != "devices/step_light":  # its edit was taken over into a component of the owner's own
                self.assertEqual(now[place], author, place)
        self.assertEqual(self.model_info()["ImportedVersion"], "1.0.0")
        self.assertEqual(self.call("CheckForUpdates", MODEL), (True, "1.0.0", "2.0.0"))
        self.assertEqual([name for name, _ in self.signals_of(watcher)], ["UpdateAvailable", "PropertiesChanged"])
        redone = self.undo(undone)
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("UpdateApplied", (MODEL, "1.0.0", "2.0.0", redone)),
                ("PropertiesChanged", {"Revision": redone, "UpdatesAvailable": []}),
            ],
        )
        self.assertEqual(self.seen(), after)
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        self.assert_fresh()
        self.assert_intact()

    def test_an_import(self):
        self.release(Coach("7"), "2022_Test_Other")
        others = self.seen()
        change = self.call("Import", "2022_Test_Other")
        before = self.seen("2022_Test_Other")
        watcher = self.client.watch()
        undone = self.undo(change)
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelRemoved", ("2022_Test_Other", undone)),
                ("PropertiesChanged", {"Revision": undone, "UpdatesAvailable": []}),
            ],
        )
        info = self.model_info("2022_Test_Other")
        self.assertEqual((info["Imported"], info["ImportedVersion"], info["ImportedAt"]), (False, "", 0))
        redone = self.undo(undone)
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelImported", ("2022_Test_Other", "7", redone)),
                ("PropertiesChanged", {"Revision": redone, "UpdatesAvailable": []}),
            ],
        )
        self.assertEqual(self.revision(), redone)
        self.assertEqual(self.seen("2022_Test_Other"), before)
        self.assertEqual(self.seen(), others)
        self.assert_intact()
        # Once more, and now somebody reads: the first use imports again.
        again = self.undo(redone)
        self.assertEqual(self.seen("2022_Test_Other"), before)
        self.assertEqual((self.revision(), self.changes()[0]["Reason"]), (again + 1, "first use"))
        self.assertEqual(self.undo(again), again + 1)  # it is back already
        self.assert_intact()
        self.assert_fresh("2022_Test_Other")

    def test_an_import_that_was_edited_since(self):
        error = self.fails("Conflict", self.undo, 1)
        self.assertRegex(error.message, rf"{DINETTE}.*root in change [23]\b")
        change = self.undo(1, force=True)
        self.assertFalse(self.model_info()["Imported"])
        self.fails("NotImported", self.undo, 2, text=MODEL)
        before = self.revision()
        self.undo(change)
        self.assertEqual(self.revision(), before + 1)
        self.assertEqual(self.field(MODEL, DINETTE, "/friendly_name"), "Ours")
        self.assert_intact()

    def test_an_activation(self):
        change = self.call("SetActiveModel", MODEL)
        watcher = self.client.watch()
        undone = self.undo(change)
        self.assertEqual(self.signals_of(watcher), [("PropertiesChanged", {"ActiveModel": "", "Revision": undone})])
        self.assertEqual(self.client.property("ActiveModel"), "")
        newest = self.changes()[0]
        self.assertEqual((newest["Kind"], newest["Reason"]), ("undo", "a test"))
        redone = self.undo(undone)
        self.assertEqual(self.signals_of(watcher), [("PropertiesChanged", {"ActiveModel": MODEL, "Revision": redone})])
        self.bench.restart()
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assert_intact()

    def test_an_interface(self):
        self.call("SetInterface", "house", "can0")
        change = self.call("SetInterface", "house", "can1")
        self.call("SetInterface", "chassis", "can0")
        watcher = self.client.watch()
        undone = self.undo(change)
        both = {"chassis": "can0", "house": "can0"}
        self.assertEqual(self.signals_of(watcher), [("PropertiesChanged", {"Interfaces": both, "Revision": undone})])
        self.assertEqual(json.loads(self.call("Lookup", MODEL, 0x1FEDA, 25)[0][1])["physical_interface"], "can0")
        self.undo(undone)
        self.assertEqual(self.client.property("Interfaces"), {**both, "house": "can1"})
        self.assertEqual(json.loads(self.call("Lookup", MODEL, 0x1FEDA, 25)[0][1])["physical_interface"], "can1")
        self.assert_intact()

    def test_retention(self):
        change = self.call("SetRetention", {"days": GLib.Variant("u", 3)})
        watcher = self.client.watch()
        undone = self.undo(change)
        default = {"Changes": 1000, "Days": 730, "Backups": 10}
        self.assertEqual(self.signals_of(watcher), [("PropertiesChanged", {"Retention": default, "Revision": undone})])
        self.undo(undone)
        self.assertEqual(self.client.property("Retention"), {**default, "Days": 3})
        self.bench.restart()
        self.assertEqual(self.client.property("Retention"), {**default, "Days": 3})
        self.assert_intact()


class SinceTest(ReleaseTest):
    """What somebody changed since stays as it is."""

    needs_polkit = True

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def two(self):
        return self.call(
            "ApplyEdits",
            MODEL,
            [("set", CEILING, "/friendly_name", '"One"'), ("set", PORCH, "/friendly_name", '"Two"')],
            "",
        )

    def test_in_part(self):
        change = self.two()
        later = self.set(MODEL, CEILING, "/friendly_name", "Three", client=self.as_user(ALLOWED))
        watcher = self.client.watch()
        undone = self.undo(change)
        self.assertEqual(
            self.detail(undone),
            {
                "undoes": change,
                "skipped": [{"path": CEILING, "field": "/friendly_name", "user": ALLOWED, "change": later}],
            },
        )
        self.assertEqual(watcher.signals("MappingsChanged")[0].arguments[1], [PORCH])
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Three")
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Porch Light")
        # A redo brings back what was undone, no more.
        self.undo(undone)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Three")
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Two")
        self.assert_intact()

    def test_all(self):
        change = self.two()
        user = self.as_user(ALLOWED)
        self.set(MODEL, CEILING, "/friendly_name", "Three", client=user)
        later = self.call("DeleteMapping", MODEL, PORCH, "")
        before = self.seen()
        watcher = self.client.watch()
        error = self.fails("Conflict", self.undo, change)
        self.assertIn(f"{CEILING}/friendly_name was changed by {ALLOWED} in change {later - 1}", error.message)
        self.assertIn(f"{PORCH}/friendly_name was changed by root in change {later}", error.message)
        self.assertEqual((self.seen(), self.revision(), watcher.signals()), (before, later, []))
        undone = self.undo(change, force=True)
        self.assertEqual(undone, later + 1)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Porch Light")
        self.undo(undone)
        self.assertEqual(self.seen(), before)
        self.assert_intact()
        self.assert_fresh()

    def test_nothing_left(self):
        change = self.two()
        undone = self.undo(change)
        watcher = self.client.watch()
        for options in ({}, {"force": True}, {"expected_revision": undone}):
            self.assertEqual(self.undo(change, **options), undone)
        self.call("SetActiveModel", MODEL)
        self.call("SetActiveModel", "")
        watcher.signals()
        self.assertEqual(self.undo(undone + 1), undone + 2)
        self.assertEqual((watcher.signals(), self.revision()), ([], undone + 2))
        self.assertEqual(len(self.changes()), undone + 2)

    def test_back_by_hand(self):
        """Set back to what it was is still somebody's edit; reset is not."""
        change = self.set(MODEL, CEILING, "/friendly_name", "One")
        self.set(MODEL, CEILING, "/friendly_name", "Bedroom Ceiling Light")
        self.fails("Conflict", self.undo, change)
        reset = self.call("ResetMapping", MODEL, CEILING, "/friendly_name", "")
        self.assertEqual(self.undo(change), reset)

    def test_around_and_inside(self):
        change = self.set(MODEL, CEILING, "/protocol_metadata/zone", 9)
        around = self.set(MODEL, CEILING, "/protocol_metadata", {"zone": 1})
        self.fails("Conflict", self.undo, change, text=f"root in change {around}")
        inside = self.set(MODEL, CEILING, "/protocol_metadata/zone", 2)
        self.fails("Conflict", self.undo, around, text=f"root in change {inside}")
        self.undo(inside)
        self.undo(around)
        self.undo(change)
        self.assertEqual(self.call("GetMapping", MODEL, CEILING)[1], "factory")

    def test_beside(self):
        """Another field of the component is nobody's business."""
        change = self.set(MODEL, CEILING, "/friendly_name", "One")
        self.set(MODEL, CEILING, "/notes", "x")
        self.undo(change)
        self.assertEqual(self.field(MODEL, CEILING, "/notes"), "x")
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")

    def test_a_setting(self):
        user = self.as_user(ALLOWED)
        first = self.call("SetInterface", "house", "can0")
        later = user.call("SetInterface", "house", "can1")
        self.fails("Conflict", self.undo, first, text=f"{ALLOWED} in change {later}")
        self.undo(first, force=True)
        self.assertEqual(self.client.property("Interfaces"), {})
        first = self.call("SetActiveModel", MODEL)
        self.release(Coach("7"), "2022_Test_Other")
        later = user.call("SetActiveModel", "2022_Test_Other")
        self.fails("Conflict", self.undo, first, text=f"{ALLOWED} in change {later}")
        first = self.call("SetRetention", {"days": GLib.Variant("u", 3)})
        later = user.call("SetRetention", {"days": GLib.Variant("u", 4)})
        self.fails("Conflict", self.undo, first, text=f"{ALLOWED} in change {later}")
        self.assert_intact()

    def test_an_edit_before_an_update(self):
        change = self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        removed = self.set(MODEL, "devices/step_light", "/friendly_name", "Our Step")
        self.update(second(Coach()))
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Main Light")
        self.undo(undone)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading nook")
        self.fails("Conflict", self.undo, removed, text="devices/step_light")
        self.assert_intact()
        self.assert_fresh()

    def test_an_update_with_edits_since(self):
        self.edit_all()
        before = self.mappings()
        update = self.update(second(Coach()))
        edits = (
            self.set(MODEL, LOCK, "/friendly_name", "Front Door"),
            self.set(MODEL, SINK, "/interface", "house"),
            self.set(MODEL, "devices/awning_light", "/friendly_name", "Our Awning"),
            self.set(MODEL, VANITY, "/notes", "x"),
        )
        later = edits[-1]
        undone = self.undo(update)
        detail = self.detail(undone)
        self.assertEqual(
            detail["skipped"], [{"path": "devices/awning_light", "field": "", "user": "root", "change": later - 1}]
        )
        self.assertEqual(self.field(MODEL, LOCK, "/friendly_name"), "Front Door")
        self.assertEqual(self.explain(SINK)["/interface"]["layer"], "user")
        self.assertEqual(self.field(MODEL, "devices/awning_light", "/friendly_name"), "Our Awning")
        self.assertEqual(self.field(MODEL, VANITY, "/notes"), "x")
        touched = {LOCK, SINK, "devices/awning_light", VANITY}
        self.assertEqual(
            {p: v for p, v in self.mappings().items() if p not in touched},
            {p: v for p, v in before.items() if p not in touched},
        )
        self.assert_intact()
        self.assert_fresh()

    def test_the_update_before_the_last(self):
        first = self.update(second(Coach()))
        state = self.mappings()
        last = self.update(second(Coach()).next("3.0.0"))
        self.fails("Conflict", self.undo, first, text=f"the vendor's data.*root in change {last}")
        self.undo(last)
        self.assertEqual(self.mappings(), state)
        self.undo(first)
        self.assertEqual(self.model_info()["ImportedVersion"], "1.0.0")
        self.update(second(Coach()).next("3.0.0"))
        self.undo(first, force=True)
        self.assertEqual(self.model_info()["ImportedVersion"], "1.0.0")
        self.assert_intact()

    def test_an_update_that_took_the_vendors(self):
        self.edit_all()
        before = self.seen()
        self.release(second(Coach()))
        change = self.apply(self.preview(policy="take-vendor").token)
        after = self.seen()
        undone = self.undo(change)
        self.assertEqual(self.seen(), before)
        self.undo(undone)
        self.assertEqual(self.seen(), after)
        self.assert_intact()

    def test_who_set_what_comes_back(self):
        # Its author is who wanted it, not who brought it back.
        user = self.as_user(ALLOWED)
        first = self.set(MODEL, CEILING, "/friendly_name", "One", client=user)
        explained = self.explain(CEILING)["/friendly_name"]
        self.undo(self.set(MODEL, CEILING, "/friendly_name", "Two"), reason="no")
        entry = self.explain(CEILING)["/friendly_name"]
        self.assertEqual(entry, explained)
        self.assertEqual((entry["value"], entry["user"], entry["change"]), ("One", ALLOWED, first))

    def test_who_set_what_a_release_took_away(self):
        self.set(MODEL, CEILING, "/friendly_name", "Mine", client=self.as_user(ALLOWED))
        explained = self.explain(CEILING)["/friendly_name"]
        self.release(second(Coach()))
        undone = self.undo(self.apply(self.preview(policy="take-vendor").token))
        self.assertEqual(self.explain(CEILING)["/friendly_name"], explained)
        self.undo(self.undo(undone))
        self.assertEqual(self.explain(CEILING)["/friendly_name"], explained)


    def test_who_set_what_was_renamed(self):
        self.set(MODEL, PORCH, "/friendly_name", "Ours", client=self.as_user(ALLOWED))
        explained = self.explain(PORCH)["/friendly_name"]
        change = self.update(Coach().next("2").rename("porch_light", "entry_light"))
        moved = self.explain("devices/entry_light")["/friendly_name"]
        for key in ("user", "uid", "change", "time", "reason"):
            self.assertEqual(moved[key], explained[key])
        self.undo(change)
        self.assertEqual(self.explain(PORCH)["/friendly_name"], explained)

    def test_who_edits_a_part_of_a_whole(self):
        """An edit inside what somebody else set as a whole makes the whole the editor's."""
        user = self.as_user(ALLOWED)
        self.set(MODEL, CEILING, "/protocol_metadata", {"zone": 1})
        lamp = self.get(MODEL, CEILING)
        lamp["protocol_metadata"] = {"zone": 2}
        change = user.call("UpdateMapping", MODEL, CEILING, json.dumps(lamp), "")
        entry = self.explain(CEILING)["/protocol_metadata/zone"]
        self.assertEqual((entry["value"], entry["user"], entry["change"]), (2, ALLOWED, change))

    def test_force_keeps_what_lies_around(self):
        """A field goes back inside what somebody replaced as a whole since."""
        edit = self.set(MODEL, CEILING, "/protocol_metadata/zone", 99)
        self.set(MODEL, CEILING, "/protocol_metadata", {"zone": 5, "fade_ms": 7})
        self.undo(edit, force=True)
        self.assertEqual(self.field(MODEL, CEILING, "/protocol_metadata"), {"zone": 25, "fade_ms": 7})
        self.assert_intact()

    def test_what_comes_back_is_checked_by_the_rules_of_now(self):
        """A device type that the file allowed when the edit was made."""
        coach = Coach()
        coach.sections["validation_rules"]["entity_validation"]["supported_device_types"].append("fan")
        del coach.sections["file_metadata"]["immutable_fields"]
        self.update(coach.next("2"))
        self.set(MODEL, CEILING, "/device_type", "fan")
        reset = self.call("ApplyEdits", MODEL, [("reset", CEILING, "/device_type", "")], "")
        newer = coach.next("3")
        newer.sections["validation_rules"]["entity_validation"]["supported_device_types"].remove("fan")
        self.update(newer)
        self.fails("InvalidData", self.undo, reset, text=f"Change {reset} cannot be undone: .*fan")
        newer.sections["file_metadata"]["immutable_fields"] = ["device_type"]
        self.update(newer.next("4"))
        self.fails("Immutable", self.undo, reset, text="cannot be undone")
        self.assertEqual(self.field(MODEL, CEILING, "/device_type"), "light")


class NumbersTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "One")

    def test_numbers_that_are_none(self):
        for number in (0, 3, 99, 2**32, 2**63 - 1, 2**63, 2**63 + 2, 2**64 - 1):
            for force in (False, True):
                with self.subTest(number=number, force=force):
                    self.fails("NoSuchChange", self.undo, number, force=force, text="[Tt]here is no change")
        self.assertEqual(self.revision(), 2)

    def test_arguments(self):
        self.fails("TooLarge", self.undo, 2, reason="x" * 1025)
        self.fails("Conflict", self.undo, 2, expected_revision=1)
        for options in (
            {"force": GLib.Variant("s", "yes")},
            {"force": GLib.Variant("u", 1)},
            {"colour": "red"},
            {"policy": "keep-mine"},
            {"expected_revision": GLib.Variant("i", 2)},
        ):
            self.fails("InvalidArgs", self.undo, 2, **options)
        self.assertEqual(self.revision(), 2)
        self.assertEqual(self.undo(2, reason="x" * 1024, expected_revision=2), 3)


def third(coach):
    """A release that gives things other names and places, and takes the owner's."""
    newer = second(coach).next("3.0.0")
    newer.rename("porch_light", "entry_light")
    newer.bindings["cargo_light"] = [(dgn, 70, fields) for dgn, _, fields in newer.bindings["cargo_light"]]
    newer.devices["sink_light"]["groups"] = ["sinks", "all"]
    newer.add("my_lamp", 91)
    return newer.remove("hall_light")


class WalkTest(ReleaseTest):
    """A random way there, and every step of it back."""

    RELEASES = (Coach(), second(Coach()), third(Coach()))
    PATHS = (
        *(CEILING, VANITY, PORCH, CARGO, SINK, OWN, "devices/entry_light", "devices/my_other", "devices/hall_light"),
        *("devices/step_light", "devices/awning_light", "coach_info", "lighting_scenes/evening"),
    )
    UNDECIDED = ("renamed", "id-collision", "binding-collision", "missing-field", "device-loss")
    REFUSALS = ("NoSuchMapping", "NoSuchField", "NoSuchChange", "InvalidData", "Immutable", "Conflict")
    VALUES = {
        "/friendly_name": lambda n: f"Name {n}",
        "/notes": lambda n: n,
        "/protocol_metadata": lambda n: {"zone": n},
        "/protocol_metadata/zone": lambda n: n,
        "/groups": lambda n: [["all", str(n)], ["night"], []][n % 3],
        "/capabilities": lambda n: [["on_off"], ["on_off", "blink"]][n % 2],
        "/command_type": lambda n: f"command {n}",
    }

    def step_of_update(self, chance):
        self.release(chance.choice(self.RELEASES))
        preview = self.preview(policy=chance.choice(["keep-mine", "take-vendor"]))
        resolutions = [
            (item.path, item.field, chance.choice(["mine", "vendor"]))
            for item in preview.items
            if item.kind not in self.UNDECIDED and chance.random() < 0.2
        ]
        lifted = {"allow_collisions": True, "allow_missing_fields": True, "allow_device_loss": True}
        return self.apply(preview.token, resolutions, **lifted)

    def fields(self, chance, path):
        """Those that any component may have, and some of one of its bindings."""
        try:
            binding = chance.choice(self.get(MODEL, path)["bindings"])
        except (BusError, KeyError):
            return list(self.VALUES)
        key = f"/bindings/{binding['dgn']}:{binding['instance']}"
        return [*self.VALUES, f"{key}/command_type", f"{key}/deep/er"]

    def step(self, chance, serial):
        kinds = ["set"] * 5 + ["update", "undo"] * 3 + ["unset", "reset", "delete", "put", "several", "interface"]
        kind = chance.choice(kinds)
        path = chance.choice(self.PATHS)
        field = chance.choice(self.fields(chance, path))
        value = json.dumps(self.VALUES.get(field, lambda n: f"value {n}")(serial))
        if kind == "update":
            return self.step_of_update(chance)
        if kind == "undo":
            return self.undo(chance.randint(2, max(2, self.revision())), force=chance.random() < 0.3)
        if kind == "interface":
            return self.call("SetInterface", "house", chance.choice(["can0", "can1", ""]))
        own = path.startswith("devices/my_") or chance.random() < 0.2
        whole = own_device(path[8:], chance.choice([90, 25])) if own and path.startswith("devices/") else {"x": serial}
        edits = {
            "set": [("set", path, field, value)],
            "unset": [("unset", path, field, "")],
            "reset": [("reset", path, chance.choice([field, ""]), "")],
            "delete": [("delete", path, "", "")],
            "put": [("put", path, "", json.dumps(whole))],
        }
        edits["several"] = [*edits["set"], ("set", SINK, "/notes", value), *edits["reset"]]
        return self.call("ApplyEdits", MODEL, edits[kind], f"step {serial}", force=True)

    def state(self):
        return self.mappings(), self.places(), self.client.property("Interfaces"), self.model_info()["ImportedVersion"]

    def test_walk(self):
        for seed in range(2 if SHORT else 5):
            with self.subTest(seed=seed):
                self.walk(random.Random(seed))
            self.bench.stop()
            self.bench.state = self.bench.make_state(f"state-{seed}")
            self.write(self.bench, Coach())
            self.bench.start()

    def walk(self, chance):
        self.call("Import", MODEL)
        states = {1: self.state()}
        refused = 0
        for serial in range(40):
            try:
                change = self.step(chance, serial)
            except BusError as error:
                self.check_error(error, *self.REFUSALS)
                refused += 1
                continue
            state = self.state()
            self.assertEqual(states.setdefault(change, state), state)
        self.assertLess(refused, 35)
        last = self.revision()
        self.assertEqual(sorted(states), list(range(1, last + 1)))
        self.assert_fresh()
        undos = []
        for change in range(last, 1, -1):
            undos.append(self.undo(change))
            self.assertEqual(self.state(), states[change - 1], f"change {change} undone")
        self.assert_intact()
        self.assertEqual(self.model_info()["Edits"], 0)
        for i, undone in enumerate(reversed(undos)):
            self.undo(undone)
            self.assertEqual(self.state(), states[i + 2], f"change {i + 2} done again")
        self.assert_intact()
        self.assert_fresh()


class RenameTest(ReleaseTest):
    """What has another name in the one release than in the other."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.renamed = Coach().next("2").rename("porch_light", "entry_light")

    def there_and_back(self, before):
        change = self.revision()
        after = self.seen()
        undone = self.undo(change)
        self.assertEqual(self.seen(), before)
        self.undo(undone)
        self.assertEqual(self.seen(), after)
        self.assert_intact()

    def test_edits_since_follow_back(self):
        change = self.update(self.renamed)
        self.assertEqual(self.detail(change)["renames"][MODEL], {"devices/entry_light": PORCH})
        self.set(MODEL, "devices/entry_light", "/friendly_name", "Ours")
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Ours")
        self.assertEqual(self.field(MODEL, PORCH, "/entity_id"), "porch_light")
        self.undo(undone)
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/friendly_name"), "Ours")
        self.assert_intact()

    def test_an_edit_that_moved_is_undone_whole_or_not_at_all(self):
        """What was edited since under the new name follows back, and what it was before does not come beside it."""
        entry = "devices/entry_light"
        self.set(MODEL, PORCH, "/friendly_name", "Before")
        self.set(MODEL, PORCH, "/notes", "kept")
        change = self.update(self.renamed)
        since = self.set(MODEL, entry, "/friendly_name", "Since")
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Since")
        self.assertEqual(self.field(MODEL, PORCH, "/notes"), "kept")
        self.assertEqual(
            self.detail(undone)["skipped"],
            [{"path": entry, "field": "/friendly_name", "user": "root", "change": since}],
        )
        self.undo(undone)
        self.assertEqual(self.field(MODEL, entry, "/friendly_name"), "Since")
        forced = self.undo(change, force=True)
        self.assertNotIn("skipped", self.detail(forced))
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Before")
        self.assert_intact()

    def test_an_edit_that_was_dropped_while_its_component_was_renamed(self):
        """What was edited since under the new name is not overwritten by what comes back under the old one."""
        entry = "devices/entry_light"
        self.set(MODEL, PORCH, "/friendly_name", "Before")
        renamed = Coach().next("2").rename("porch_light", "entry_light")
        renamed.devices["entry_light"]["friendly_name"] = "Entry"
        self.release(renamed)
        change = self.apply(self.preview(policy="take-vendor").token)
        self.assertEqual(self.field(MODEL, entry, "/friendly_name"), "Entry")
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Before")
        self.undo(undone)
        since = self.set(MODEL, entry, "/friendly_name", "Since")
        undone = self.undo(change)
        self.assertEqual(self.field(MODEL, PORCH, "/friendly_name"), "Since")
        (skipped,) = self.detail(undone)["skipped"]
        self.assertEqual((skipped["path"], skipped["change"]), (entry, since))
        self.assert_intact()

    def test_a_downgrade_is_no_way_back(self):
        """The file of before states no new name: the edit is in a component of the owner's own since."""
        edit = self.set(MODEL, PORCH, "/friendly_name", "Ours")
        self.update(self.renamed)
        self.update(Coach(), allow_collisions=True)
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/friendly_name"), "Ours")
        self.fails("Conflict", self.undo, edit, text="entry_light")
        self.undo(edit, force=True)
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/friendly_name"), "Porch Light")
        self.assert_intact()

    def test_an_unset_binding_is_found_where_it_moved(self):
        coach = Coach().next("2")
        del coach.sections["file_metadata"]["immutable_fields"]
        self.update(coach)
        edit = self.call("ApplyEdits", MODEL, [("unset", PORCH, "/bindings/1FEDA:27", "")], "")
        coach = coach.next("3")
        coach.bindings["porch_light"] = [
            (dgn, 77, fields) if dgn == "1FEDA" else (dgn, instance, fields)
            for dgn, instance, fields in coach.bindings["porch_light"]
        ]
        self.update(coach)
        self.assertNotIn("1FEDA", [b["dgn"] for b in self.get(MODEL, PORCH)["bindings"]])
        self.undo(edit)
        self.assertIn({"dgn": "1FEDA", "instance": 77}, self.get(MODEL, PORCH)["bindings"])
        self.assert_intact()

    def test_an_edit_is_found_under_its_new_name(self):
        edit = self.set(MODEL, PORCH, "/friendly_name", "Ours")
        self.update(self.renamed)
        undone = self.undo(edit)
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/friendly_name"), "Porch Light")
        self.assertEqual(self.undo(edit), undone)
        self.undo(undone)
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/friendly_name"), "Ours")
        self.assert_intact()

    def test_an_edit_is_found_at_its_new_binding(self):
        edit = self.set(MODEL, PORCH, "/bindings/1FEDA:27/notes", "Ours")
        coach = Coach().next("2")
        coach.bindings["porch_light"] = [
            (dgn, 77, fields) if dgn == "1FEDA" else (dgn, instance, fields)
            for dgn, instance, fields in coach.bindings["porch_light"]
        ]
        change = self.update(coach)
        self.assertEqual(self.detail(change)["moved"][MODEL], {PORCH: {"1FEDA:77": "1FEDA:27"}})
        self.assertEqual(self.field(MODEL, PORCH, "/bindings/1FEDA:77/notes"), "Ours")
        before = self.seen()
        undone = self.undo(edit)
        self.assertNotIn("/bindings/1FEDA:77/notes", self.explain(PORCH))
        self.undo(undone)
        self.assertEqual(self.seen(), before)
        self.undo(change)
        self.assertEqual(self.field(MODEL, PORCH, "/bindings/1FEDA:27/notes"), "Ours")
        self.assert_intact()

    def test_the_owner_had_the_new_name(self):
        """Then the update renamed nothing, and neither does its undo."""
        self.call("UpdateMapping", MODEL, "devices/entry_light", json.dumps(own_device("entry_light")), "")
        before = self.seen()
        self.release(self.renamed)
        for choice in ("mine", "vendor"):
            with self.subTest(choice=choice):
                self.apply(None, [("devices/entry_light", "", choice)], allow_collisions=True)
                self.there_and_back(before)
                self.undo(self.revision())
                self.assertEqual(self.seen(), before)

    def test_the_owner_deleted_the_new_name(self):
        """A deletion that outlived what it deleted does not take something else along."""
        self.update(self.renamed)
        self.call("DeleteMapping", MODEL, "devices/entry_light", "")
        self.update(Coach())
        before = self.seen()
        self.assertIn(PORCH, before[0])
        self.update(self.renamed)
        self.there_and_back(before)

    def test_the_owner_has_the_old_name(self):
        self.update(self.renamed)
        self.call("UpdateMapping", MODEL, PORCH, json.dumps(own_device("porch_light")), "")
        before = self.seen()
        for choice in ("mine", "vendor"):
            with self.subTest(choice=choice):
                self.update(Coach(), [(PORCH, "", choice)])
                self.there_and_back(before)
                self.undo(self.revision())
                self.assertEqual(self.seen(), before)

    def test_the_owners_device_that_the_vendor_had_for_a_while(self):
        """Untouched by the change, it is as it was when the change is undone: still a whole of the owner's."""
        lamp = own_device(notes=5)
        self.call("UpdateMapping", MODEL, OWN, json.dumps(lamp), "ours")
        self.update(Coach().next("2").add("my_lamp", 91))
        self.set(MODEL, OWN, "/groups", ["night"])
        before, explained = self.seen(), self.explain(OWN)
        self.update(Coach())
        self.there_and_back(before)
        self.undo(self.revision())
        self.assertEqual(self.seen(), before)
        self.assertEqual(self.explain(OWN), explained)
