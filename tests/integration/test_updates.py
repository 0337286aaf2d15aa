# SPDX-License-Identifier: LGPL-2.1-or-later
"""Updates to a newer coach file: noticed, previewed, applied; what the owner changed stands."""

import json
import os
import random
import sqlite3
import time
import unittest

from harness import BUNDLED, MODEL, SHORT, SOURCE_ROOT, BusError, GLib, wait_until
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


class NoticeTest(ReleaseTest):
    """A newer file is there."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def test_none(self):
        self.assertEqual(self.call("CheckForUpdates", MODEL), (False, "1.0.0", "1.0.0"))
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        preview = self.preview()
        self.assertEqual((preview.verdict, preview.counts, preview.items), ("clean", {}, []))
        watcher = self.client.watch()
        self.assertEqual(self.apply(preview.token), 1)
        self.assertEqual((self.revision(), watcher.signals()), (1, []))

    def test_from_the_first_answer_on(self):
        self.bench.stop()
        self.release(second(Coach()))
        self.bench.start()
        self.assertEqual(self.client.property("UpdatesAvailable"), [MODEL])

    def test_announced_after_a_start(self):
        self.bench.stop()
        self.release(second(Coach()))
        watcher = self.client.watch()
        self.bench.start()
        found = []

        def announced():
            found.extend(self.signals_of(watcher))
            return any(name == "UpdateAvailable" for name, _ in found)

        wait_until(announced, "the update is announced")
        found += self.signals_of(watcher)
        named = [f for f in found if f[0] in ("UpdateAvailable", "PropertiesChanged")]
        self.assertEqual(
            named,
            [("UpdateAvailable", (MODEL, "1.0.0", "2.0.0")), ("PropertiesChanged", {"UpdatesAvailable": [MODEL]})],
        )

    def test_check(self):
        watcher = self.client.watch()
        self.release(second(Coach()))
        for _ in range(2):
            self.assertEqual(self.call("CheckForUpdates", MODEL), (True, "1.0.0", "2.0.0"))
        self.assertEqual(
            self.signals_of(watcher),
            [("UpdateAvailable", (MODEL, "1.0.0", "2.0.0")), ("PropertiesChanged", {"UpdatesAvailable": [MODEL]})],
        )
        self.assertEqual(self.revision(), 1)
        self.assertTrue(self.model_info()["UpdateAvailable"])
        self.release(second(Coach()).next("3.0.0"))
        self.call("CheckForUpdates", MODEL)
        self.assertEqual(self.signals_of(watcher)[0], ("UpdateAvailable", (MODEL, "1.0.0", "3.0.0")))

    def test_check_by_the_active_model(self):
        self.fails("NoSuchModel", self.call, "CheckForUpdates", "")
        self.call("SetActiveModel", MODEL)
        self.release(second(Coach()))
        self.assertEqual(self.call("CheckForUpdates", ""), (True, "1.0.0", "2.0.0"))
        self.assertEqual(self.preview("").verdict, "clean")
        self.assertEqual(self.apply(self.preview("").token, model=""), 3)

    def test_check_of_what_was_never_imported(self):
        self.release(Coach("7"), "2022_Test_Other")
        self.assertEqual(self.call("CheckForUpdates", "2022_Test_Other"), (False, "", "7"))
        self.assertEqual(self.revision(), 1)
        self.fails("NoSuchModel", self.call, "CheckForUpdates", "nope")

    def test_a_file_that_cannot_be_read(self):
        self.release("coach_info: {make: Test\nx: 1\n")
        self.fails("InvalidFile", self.call, "CheckForUpdates", MODEL, text=MODEL)
        self.fails("InvalidFile", self.call, "PreviewUpdate", MODEL)
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        self.assertEqual(self.get(MODEL, "coach_info")["make"], "Test")

    def test_a_file_that_is_gone(self):
        os.unlink(os.path.join(self.bench.seeds, "coaches", f"{MODEL}.yml"))
        self.assertEqual(self.call("CheckForUpdates", MODEL), (False, "1.0.0", ""))
        self.assertEqual(self.preview().verdict, "clean")
        self.assertEqual(self.apply(), 1)

    def test_only_comments(self):
        self.release("# Typed anew.\n" + Coach().text().replace("\n ", "\n     "))
        self.assertEqual(self.call("CheckForUpdates", MODEL), (False, "1.0.0", "1.0.0"))
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        self.assertFalse(self.model_info()["UpdateAvailable"])
        self.assertEqual(self.preview().items, [])
        self.assertEqual(self.apply(), 1)
        self.bench.restart()
        self.assertEqual(self.client.property("UpdatesAvailable"), [])

    def test_another_type_only(self):
        newer = Coach()
        newer.devices["porch_light"]["group_mask"] = 124
        newer.devices["cargo_light"]["protocol_metadata"]["zone"] = str(
            newer.devices["cargo_light"]["protocol_metadata"]["zone"]
        )
        self.release(newer)
        self.assertEqual(self.call("CheckForUpdates", MODEL), (True, "1.0.0", "1.0.0"))
        preview = self.preview()
        self.assertEqual(
            [(i.path, i.field, i.kind, i.base, i.result) for i in preview.items],
            [
                (CARGO, "/protocol_metadata/zone", "vendor", "28", '"28"'),
                (PORCH, "/group_mask", "vendor", '"0x7C"', "124"),
            ],
        )
        self.apply(preview.token)
        self.assertEqual(self.field(MODEL, PORCH, "/group_mask"), 124)
        self.assertEqual(self.field(MODEL, CARGO, "/protocol_metadata/zone"), "28")

    def test_preview_imports_what_was_never_imported(self):
        self.release(Coach("7"), "2022_Test_Other")
        preview = self.preview("2022_Test_Other")
        self.assertEqual((preview.verdict, preview.items), ("clean", []))
        self.assertEqual(self.changes()[0]["Reason"], "first use")


class PreviewTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def test_items(self):
        expected = self.edit_all()
        self.release(second(Coach()))
        before, revision = self.seen(), self.revision()
        watcher = self.client.watch()
        preview = self.preview()
        self.assertEqual(self.kinds(preview), expected)
        counts = {}
        for kind in expected.values():
            counts[kind] = counts.get(kind, 0) + 1
        self.assertEqual(preview.counts, counts)
        self.assertEqual(preview.verdict, "review")
        # What waits for a decision comes first, then both by path and field.
        flagged = {"conflict", "orphaned", "unset-changed", "removed-edited", "deleted-changed"}
        keys = [(item.kind not in flagged, item.path, item.field) for item in preview.items]
        self.assertEqual(keys, sorted(keys))
        items = self.items(preview)
        self.assertEqual(
            items[CEILING, "/friendly_name"][3:],
            ('"Bedroom Ceiling Light"', '"Reading nook"', '"Bedroom Main Light"', '"Reading nook"'),
        )
        self.assertEqual(items[VANITY, "/suggested_area"][3:], ('"Interior"', '"Dressing"', "", '"Dressing"'))
        self.assertEqual(items[CARGO, "/enabled"][3:], ("", "false", "true", "false"))
        self.assertEqual(items["devices/hall_light", "/protocol_metadata/fade_ms"][3:], ("500", "", "800", ""))
        self.assertEqual(items[SINK, "/interface"][3:], ('"house"', "", '"chassis"', '"chassis"'))
        self.assertEqual(items[SPARE, ""].result, "")
        self.assertEqual(json.loads(items[OWN, ""].result), own_device())
        # It wrote nothing, and says the same again.
        self.assertEqual(self.preview(), preview)
        self.assertEqual((self.seen(), self.revision(), watcher.signals()), (before, revision, []))

    def test_pages(self):
        self.edit_all()
        self.release(second(Coach()))
        whole = self.preview()
        for limit in (1, 2, 7, len(whole.items), 1000, 2**32 - 1):
            with self.subTest(limit=limit):
                items, offset = [], 0
                while offset < sum(whole.counts.values()):
                    page = self.preview(offset=offset, limit=limit)
                    self.assertEqual(
                        (page.token, page.verdict, page.counts), (whole.token, whole.verdict, whole.counts)
                    )
                    self.assertLessEqual(len(page.items), limit)
                    self.assertGreater(len(page.items), 0)
                    items += page.items
                    offset += len(page.items)
                self.assertEqual(items, whole.items)
        for offset in (len(whole.items), 2**31, 2**32 - 1):
            self.assertEqual(self.preview(offset=offset).items, [])
            self.assertEqual(self.preview(offset=offset, limit=2**32 - 1).counts, whole.counts)

    def test_pages_end_at_a_size(self):
        coach = Coach()
        for i in range(60):
            coach.sections["areas"][f"area_{i}"] = {"notes": "x" * 100_000}
        self.update(coach.next("1.5"))
        for i in range(60):
            coach.sections["areas"][f"area_{i}"] = {"notes": "y" * 100_000}
        self.release(coach.next("2"))
        page = self.preview()
        total = sum(page.counts.values())
        self.assertEqual(page.counts["vendor"], 61)
        self.assertLess(len(page.items), total)
        items = list(page.items)
        while len(items) < total:
            page = self.preview(offset=len(items))
            self.assertGreater(len(page.items), 0)
            items += page.items
        self.assertEqual(len({(i.path, i.field) for i in items}), total)

    def test_bad_options(self):
        self.release(second(Coach()))
        for options in (
            {"policy": "mine"},
            {"policy": ""},
            {"policy": GLib.Variant("u", 1)},
            {"allow_collisions": GLib.Variant("s", "yes")},
            {"offset": GLib.Variant("i", -1)},
            {"limit": GLib.Variant("t", 1)},
            {"limit": 0},
            {"resolutions": GLib.Variant("as", ["x"])},
            {"resolutions": GLib.Variant("a(ss)", [("x", "y")])},
            {"only_clean": True},
            {"expected_revision": 1},
            {"force": True},
            {"colour": "red"},
        ):
            with self.subTest(options=options):
                self.fails("InvalidArgs", self.call, "PreviewUpdate", MODEL, **options)
        token = self.preview().token
        for options in (
            {"policy": "both"},
            {"offset": 1},
            {"limit": 1},
            {"resolutions": []},
            {"only_clean": GLib.Variant("u", 1)},
            {"expected_revision": GLib.Variant("u", 1)},
            {"force": True},
        ):
            with self.subTest(apply=options):
                self.fails("InvalidArgs", self.call, "ApplyUpdate", MODEL, token, [], "", **options)
        self.assertEqual(self.revision(), 1)

    def test_bad_resolutions(self):
        self.edit_all()
        self.release(second(Coach()))
        token, revision = self.preview().token, self.revision()
        for resolution in (
            (CEILING, "/friendly_name", "theirs"),
            (CEILING, "/friendly_name", ""),
            (CEILING, "/friendly_name", "VENDOR"),
            (CEILING, "/notes", "mine"),  # is no item
            ("devices/nobody", "", "mine"),
            (CEILING, "friendly_name", "mine"),
            ("", "", "mine"),
            ("//", "", "mine"),
        ):
            with self.subTest(resolution=resolution):
                self.fails("InvalidArgs", self.preview, resolutions=[resolution])
                self.fails("InvalidArgs", self.apply, token, [resolution])
        for names, choice in (
            ("InvalidData", "value:"),
            ("InvalidData", "value:{"),
            ("InvalidData", "value: oops"),
            ("TooLarge", "value:" + json.dumps("x" * 300_000)),
        ):
            with self.subTest(choice=choice[:20]):
                self.fails(names, self.preview, resolutions=[(CEILING, "/friendly_name", choice)])
                self.fails(names, self.apply, token, [(CEILING, "/friendly_name", choice)])
        twice = [(CEILING, "/friendly_name", "mine"), (CEILING, "/friendly_name", "vendor")]
        self.fails("InvalidArgs", self.preview, resolutions=twice)
        self.fails("InvalidArgs", self.apply, token, twice)
        self.assertEqual(self.revision(), revision)

    def test_resolutions_where_nothing_is_to_be_resolved(self):
        self.fails("InvalidArgs", self.preview, resolutions=[(CEILING, "/friendly_name", "mine")])
        self.fails("InvalidArgs", self.apply, None, [(CEILING, "/friendly_name", "mine")])
        self.assertEqual(self.preview(resolutions=[]).verdict, "clean")

    def test_a_preview_is_what_is_done(self):
        """With every policy and some resolutions: the results of the preview are the values afterwards."""
        resolutions = [
            (CEILING, "/friendly_name", "vendor"),
            (SINK, "/interface", "mine"),
            (CARGO, "/enabled", 'value:"sometimes"'),
        ]
        for policy in ("keep-mine", "take-vendor"):
            with self.subTest(policy=policy):
                self.edit_all()
                self.release(second(Coach()))
                preview = self.preview(policy=policy, resolutions=resolutions)
                update = self.apply(preview.token, resolutions)
                for item in preview.items:
                    if item.field:
                        try:
                            now = self.field(MODEL, item.path, item.field)
                        except KeyError:
                            now = None
                    else:
                        now = self.mappings().get(item.path, (None,))[0]
                        now = json.loads(now) if now else None
                    self.assertEqual(now, json.loads(item.result) if item.result else None, item)
                self.undo(update)
                self.call("ApplyEdits", MODEL, [("delete", OWN, "", "")], "")
                for path in (CEILING, PORCH, VANITY, CARGO, DINETTE, SPARE, "devices/desk_light"):
                    self.call("ResetMapping", MODEL, path, "", "", force=True)
                for name in ("hall_light", "step_light"):
                    self.call("ResetMapping", MODEL, f"devices/{name}", "", "", force=True)
                self.assertEqual(self.model_info()["Edits"], 0)


class ApplyTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def test_one_change(self):
        self.edit_all()
        self.seen()
        self.release(second(Coach()))
        revision, watcher = self.revision(), self.client.watch()
        change = self.apply(reason="the new one")
        self.assertEqual((change, self.revision()), (revision + 1, revision + 1))
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("UpdateApplied", (MODEL, "1.0.0", "2.0.0", change)),
                ("PropertiesChanged", {"Revision": change, "UpdatesAvailable": []}),
            ],
        )
        newest = self.changes()[0]
        self.assertEqual(
            (newest["Change"], newest["Kind"], newest["Model"], newest["User"], newest["Reason"]),
            (change, "update", MODEL, "root", "the new one"),
        )
        detail = self.detail(change)
        self.assertEqual((detail["from"], detail["to"], detail["policy"]), ("1.0.0", "2.0.0", "keep-mine"))
        self.assert_intact()
        # Nothing is left to do.
        self.assertEqual(self.call("CheckForUpdates", MODEL), (False, "2.0.0", "2.0.0"))
        self.assertEqual(self.apply(), change)
        self.assert_fresh()
        self.assert_intact()

    def test_what_is_there_then(self):
        self.edit_all()
        self.update(second(Coach()))
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading nook")
        self.assertEqual(self.field(MODEL, CEILING, "/brightness_levels"), 255)
        self.assertEqual(self.field(MODEL, VANITY, "/suggested_area"), "Dressing")
        self.assertIs(self.field(MODEL, CARGO, "/enabled"), False)
        self.assertEqual(self.field(MODEL, DINETTE, "/group_mask"), "0x01")
        self.assertEqual(self.field(MODEL, SINK, "/interface"), "chassis")
        with self.assertRaises(KeyError):
            self.field(MODEL, "devices/hall_light", "/protocol_metadata/fade_ms")
        self.assertEqual(self.field(MODEL, "devices/step_light", "/friendly_name"), "Our Step")
        for path in (SPARE, "devices/desk_light"):
            self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, path)
        self.assertEqual(self.get(MODEL, OWN), own_device())
        self.assertEqual(self.call("GetMapping", MODEL, "devices/awning_light")[1], "factory")
        self.assertEqual(self.call("GetMapping", MODEL, "devices/step_light")[1], "user")

        # Look-ups follow.
        def found(dgn, instance):
            return [path for path, _ in self.call("Lookup", MODEL, dgn, instance)]

        self.assertEqual(found(0x1FEDA, 60), ["devices/awning_light"])
        self.assertEqual(found(0x1FEDB, 60), ["devices/awning_light"])
        self.assertEqual(found(0x1FEDA, 90), [OWN])
        self.assertEqual(found(0x1FEDA, 33), ["devices/step_light"])
        self.assertEqual(found(0x1FEDA, 31), [LOCK])  # the deleted one: what is left is the default
        self.assertEqual([r[0] for r in self.call("FindMappings", MODEL, interface="chassis")], [SINK])

        # Everything without an edit is what a fresh import gives.
        edited = {p for p, (_, source) in self.mappings().items() if source == "user"} | {SPARE, "devices/desk_light"}
        self.release(second(Coach()), "2022_Test_Fresh")
        fresh = self.mappings("2022_Test_Fresh")
        self.assertEqual(
            {p: v for p, v in self.mappings().items() if p not in edited},
            {p: v for p, v in fresh.items() if p not in edited},
        )
        # In the order of the file, and what the owner has alone after it.
        order = [path for path, _, _ in self.places()]
        vendors = [path for path in order if path in fresh]
        self.assertEqual(vendors, [p for p, _, _ in self.places("2022_Test_Fresh") if p not in edited or p in vendors])
        self.assertEqual(set(order[len(vendors) :]), {OWN, "devices/step_light"})

    def test_unedited(self):
        self.update(second(Coach()))
        self.release(second(Coach()), "2022_Test_Fresh")
        self.assertEqual(self.mappings(), self.mappings("2022_Test_Fresh"))
        self.assertEqual(self.places(), self.places("2022_Test_Fresh"))
        self.assertEqual(self.call("Validate", MODEL), self.call("Validate", "2022_Test_Fresh"))

    def test_backup(self):
        self.edit_all()
        before, revision = self.mappings(), self.revision()
        change = self.update(second(Coach()))
        name = self.detail(change)["backup"] + ".db"
        folder = os.path.join(self.bench.state, "backups")
        self.assertEqual(os.listdir(folder), [name])
        self.assertEqual(os.stat(folder).st_mode & 0o077, 0)
        connection = sqlite3.connect(os.path.join(folder, name))
        self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(connection.execute("SELECT max(id) FROM changes").fetchone(), (revision,))
        connection.close()
        # The daemon serves it as it was.
        self.bench.stop()
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.bench.database + suffix):
                os.unlink(self.bench.database + suffix)
        with open(os.path.join(folder, name), "rb") as source, open(self.bench.database, "wb") as target:
            target.write(source.read())
        self.bench.start()
        self.assertEqual((self.mappings(), self.revision()), (before, revision))
        self.assert_intact()
        self.assertEqual(self.apply(), change)

    def test_no_backup_where_nothing_is_done(self):
        self.apply()
        self.release(second(Coach()))
        self.fails("Conflict", self.apply, "stale")
        self.assertFalse(os.path.exists(os.path.join(self.bench.state, "backups")))

    def test_history(self):
        expected = self.edit_all()
        change = self.update(second(Coach()))

        def entries(path):
            return [e for e in self.history(MODEL, path) if e["Change"] == change]

        for (path, field), kind in expected.items():
            with self.subTest(path=path, field=field):
                rows = [e for e in entries(path) if e["Field"] in (field, "")]
                if kind in ("kept", "deleted-kept"):
                    # Nothing changed, for a reader and for the override.
                    self.assertEqual([e for e in rows if e.get("Class") == kind and e["Before"] != e["After"]], [])
                    continue
                self.assertTrue(rows, "the history does not know of the update")
                self.assertTrue(all(e["Kind"] == "update" for e in rows))
                self.assertIn(kind, [e.get("Class") for e in rows])
        row = next(e for e in entries(CEILING) if e["Field"] == "/friendly_name")
        self.assertEqual(
            (row["Class"], row["Vendor"], row["Before"], row["After"]),
            ("conflict", '"Bedroom Main Light"', '"Reading nook"', '"Reading nook"'),
        )
        row = entries("devices/awning_light")[0]
        self.assertEqual((row["Class"], row["Before"]), ("added", ""))
        self.assertEqual(json.loads(row["After"]), self.get(MODEL, "devices/awning_light"))
        row = entries(SINK)[0]
        self.assertEqual((row["Class"], json.loads(row["Before"])["interface"]), ("vendor", "house"))
        self.assertEqual(entries(LOCK), [])
        whole = [e for e in self.history(MODEL, "") if e["Change"] == change]
        self.assertEqual((whole[0]["Kind"], whole[0]["Path"]), ("update", ""))

    def test_explain(self):
        self.edit_all()
        authors = {place: row for place, row in self.authors().items()}
        self.update(second(Coach()))
        porch = self.explain(PORCH)["/friendly_name"]
        self.assertEqual((porch["layer"], porch["value"]), ("user", "Exterior Porch Light"))
        self.assertIs(porch["redundant"], True)
        self.assertNotIn("redundant", self.explain(CEILING)["/friendly_name"])
        self.assertEqual(self.explain(CEILING)["/friendly_name"]["vendor"], "Bedroom Main Light")
        self.assertEqual(json.loads(self.call("Explain", MODEL, CEILING))["vendor_version"], "2.0.0")
        self.assertEqual(self.explain(SINK)["/interface"]["layer"], "factory")
        # Who made an edit is who made it, not who updated.
        now = self.authors()
        for place, row in authors.items():
            if place[0] != "devices/step_light":
                self.assertEqual(now[place], row, place)

    def test_list_models_and_describe(self):
        self.edit_all()
        self.release(second(Coach()))
        before = self.model_info()
        self.assertTrue(before["UpdateAvailable"])
        self.apply()
        now = self.model_info()
        self.assertFalse(now["UpdateAvailable"])
        self.assertEqual((now["ImportedVersion"], now["ImportedHash"]), ("2.0.0", before["BundledHash"]))
        self.assertGreater(now["ImportedAt"], before["ImportedAt"])
        self.assertEqual(now["Devices"], len([p for p in self.mappings() if p.startswith("devices/")]))
        self.assertEqual(now["Edits"], 10)
        state = json.loads(self.call("Describe"))
        self.assertEqual(state["UpdatesAvailable"], [])
        model = next(m for m in state["Models"] if m["Id"] == MODEL)
        self.assertEqual(model["ImportedVersion"], "2.0.0")

    def test_a_token_goes_stale(self):
        self.release(second(Coach()))

        def stale(token, what):
            seen, revision = self.seen(), self.revision()
            with self.subTest(what):
                self.fails("Conflict", self.apply, token)
                self.assertEqual((self.seen(), self.revision()), (seen, revision))

        token = self.preview().token
        self.set(MODEL, CEILING, "/notes", "x")
        stale(token, "by an edit")
        token = self.preview().token
        self.call("SetInterface", "house", "can0")
        stale(token, "by a setting")
        token = self.preview().token
        newer = second(Coach())
        newer.devices["porch_light"]["notes"] = "other"
        self.release(newer)
        stale(token, "by another file")
        token = self.preview().token
        self.release(Coach())
        stale(token, "by the old file")
        self.release(newer)
        self.release(Coach("7"), "2022_Test_Other")
        token = self.preview().token
        self.call("GetMapping", "2022_Test_Other", "coach_info")
        self.assertEqual(self.changes()[0]["Reason"], "first use")
        change = self.apply(token)  # first use aside
        stale(token, "by its own update")
        self.assertEqual(self.revision(), change)
        self.release(second(Coach()), "2022_Test_Other")
        other = self.preview("2022_Test_Other").token
        self.release(second(Coach()).next("3"))
        stale(other, "being of another model")
        # The same content in other bytes is the same.
        token = self.preview().token
        self.release("# Typed anew.\n" + second(Coach()).next("3").text())
        self.apply(token)

    def test_tokens_that_are_none(self):
        self.release(second(Coach()))
        good = self.preview().token
        policy, rest = good.split(":", 1)
        changed = (good + " ", good[:-1], good.upper(), f"both:{rest}")
        for token in ("", ":", "x", rest, f"{policy}:", f":{rest}", *changed):
            with self.subTest(token=token):
                self.fails("Conflict", self.apply, token)
        self.assertEqual(self.revision(), 1)
        self.apply(good)

    def test_expected_revision(self):
        self.release(second(Coach()))
        token = self.preview().token
        for revision in (0, 2, 99, 2**64 - 1):
            self.fails("Conflict", self.apply, token, expected_revision=revision)
        self.assertEqual(self.apply(token, expected_revision=1), 2)
        self.fails("Conflict", self.apply, expected_revision=1)

    def test_policies(self):
        self.edit_all()
        self.release(second(Coach()))
        revision = self.revision()
        self.fails("Conflict", self.apply, policy="manual", text=CEILING)
        self.fails("Conflict", self.apply, self.preview(policy="manual").token)
        self.fails("Blocked", self.apply, only_clean=True, text="decide")
        self.assertEqual(self.revision(), revision)
        # The preview's policy holds unless another is named.
        preview = self.preview(policy="take-vendor")
        self.assertEqual(self.items(preview)[CEILING, "/friendly_name"].result, '"Bedroom Main Light"')
        change = self.apply(preview.token)
        self.assertEqual(self.detail(change)["policy"], "take-vendor")
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Main Light")
        self.assertEqual(self.field(MODEL, DINETTE, "/group_mask"), "0x01")  # does not wait for a decision
        self.assertEqual(self.get(MODEL, SPARE)["friendly_name"], "Spare, by the Step")
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/step_light")
        self.undo(change)
        change = self.apply(self.preview(policy="take-vendor").token, policy="keep-mine")
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading nook")

    def test_manual_with_everything_resolved(self):
        self.edit_all()
        self.release(second(Coach()))
        preview = self.preview(policy="manual")
        waits = [
            item
            for item in preview.items
            if item.kind in ("conflict", "orphaned", "unset-changed", "removed-edited", "deleted-changed")
        ]
        resolutions = [(item.path, item.field, "mine") for item in waits]
        self.assertEqual(self.preview(policy="manual", resolutions=resolutions).verdict, "clean")
        self.fails("Conflict", self.apply, preview.token, resolutions[1:])
        self.apply(preview.token, resolutions, only_clean=True)
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Reading nook")

    def test_clean_only(self):
        self.set(MODEL, DINETTE, "/group_mask", "0x01", force=True)
        self.release(second(Coach()))
        self.assertEqual(self.preview().verdict, "clean")
        self.assertEqual(self.apply(only_clean=True, policy="manual"), 3)

    def test_resolutions(self):
        self.edit_all()
        change = self.update(
            second(Coach()),
            [
                (CEILING, "/friendly_name", 'value:"Third"'),
                (CEILING, "/brightness_levels", "mine"),
                (PORCH, "/friendly_name", "vendor"),
                (VANITY, "/suggested_area", "vendor"),
                (CARGO, "/enabled", "vendor"),
                (DINETTE, "/group_mask", "vendor"),
                (SINK, "/interface", "mine"),
                ("devices/hall_light", "/protocol_metadata/fade_ms", "vendor"),
                ("devices/step_light", "", "vendor"),
                (SPARE, "", "vendor"),
                ("devices/desk_light", "", "vendor"),
                (OWN, "", "mine"),
                ("devices/awning_light", "", "mine"),
            ],
        )
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Third")
        with self.assertRaises(KeyError):
            self.field(MODEL, CEILING, "/brightness_levels")
        with self.assertRaises(KeyError):
            self.field(MODEL, VANITY, "/suggested_area")
        self.assertIs(self.field(MODEL, CARGO, "/enabled"), True)
        self.assertEqual(self.field(MODEL, DINETTE, "/group_mask"), "0x7C")
        self.assertEqual(self.field(MODEL, SINK, "/interface"), "house")
        self.assertEqual(self.field(MODEL, "devices/hall_light", "/protocol_metadata/fade_ms"), 800)
        self.assertEqual(self.get(MODEL, SPARE)["friendly_name"], "Spare, by the Step")
        self.assertEqual(self.get(MODEL, "devices/desk_light")["entity_id"], "desk_light")
        self.assertEqual(self.get(MODEL, OWN)["friendly_name"], "My Lamp")
        for path in ("devices/step_light", "devices/awning_light"):
            self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, path)
        self.assertEqual(self.explain(SINK)["/interface"]["layer"], "user")
        self.assertEqual(self.explain(SINK)["/interface"]["change"], change)
        self.assertEqual(self.call("GetMapping", MODEL, PORCH)[1], "factory")
        self.assert_intact()
        self.assert_fresh()

    def test_values_that_are_not_possible(self):
        self.edit_all()
        self.release(second(Coach()))
        token, before = self.preview().token, self.seen()
        changed = second(Coach())
        changed.devices["porch_light"]["device_type"] = "lock"
        for name, resolution in (
            ("InvalidData", (SINK, "/interface", 'value:"mars"')),
            ("InvalidData", (OWN, "", "value:[]")),
            ("Immutable", ("devices/awning_light", "", 'value:{"entity_id": "awning_light"}')),
        ):
            with self.subTest(resolution=resolution):
                self.fails(name, self.preview, resolutions=[resolution])
                self.fails(name, self.apply, token, [resolution])
        self.release(changed)
        token = self.preview().token
        for choice in ("mine", 'value:"light"'):
            with self.subTest(choice=choice):
                self.fails("Immutable", self.apply, token, [(PORCH, "/device_type", choice)])
                self.fails("Immutable", self.preview, resolutions=[(PORCH, "/device_type", choice)])
        self.assertEqual(self.seen(), before)

    def test_there_and_back_again(self):
        """A → B → A: the first release comes again."""
        self.edit_all()
        edits = self.model_info()["Edits"]
        first = self.mappings()
        hashes = self.model_info()["ImportedHash"]
        self.update(second(Coach()))
        away = self.mappings()
        back = self.update(Coach())
        self.assertEqual(self.model_info()["ImportedHash"], hashes)
        self.assertEqual(self.mappings(), first)
        self.assertEqual(self.model_info()["Edits"], edits)
        again = self.update(second(Coach()))
        self.assertEqual(self.mappings(), away)
        self.assert_intact()
        self.undo(again)
        self.assertEqual(self.mappings(), first)
        self.undo(back, force=True)
        self.assertEqual(self.mappings(), away)
        self.assert_intact()
        self.assert_fresh()

    def test_many_in_a_row(self):
        coach = Coach()
        for i in range(4 if SHORT else 12):
            coach = coach.next(f"1.{i}")
            coach.devices["porch_light"]["friendly_name"] = f"Porch {i}"
            self.assertEqual(self.update(coach), i + 2)
        self.assert_intact()
        self.assertLessEqual(len(os.listdir(os.path.join(self.bench.state, "backups"))), 10)


class RenameTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def test_edits_follow(self):
        self.set(MODEL, PORCH, "/friendly_name", "Our Porch", reason="by us")
        self.set(MODEL, PORCH, "/bindings/1FEDB:27/command_type", "toggle", force=True)
        before = self.seen()
        newer = Coach().next("2").rename("porch_light", "entry_light")
        self.release(newer)
        preview = self.preview()
        kinds = {(i.path, i.kind) for i in preview.items}
        self.assertIn(("devices/entry_light", "renamed"), kinds)
        self.assertNotIn(PORCH, {i.path for i in preview.items})
        self.assertEqual(preview.verdict, "clean")
        change = self.apply(preview.token)
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, PORCH)
        light = self.get(MODEL, "devices/entry_light")
        self.assertEqual((light["friendly_name"], light["entity_id"]), ("Our Porch", "entry_light"))
        self.assertEqual(self.field(MODEL, "devices/entry_light", "/bindings/1FEDB:27/command_type"), "toggle")
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDA, 27)], ["devices/entry_light"])
        self.assertEqual(self.explain("devices/entry_light")["/friendly_name"]["layer"], "user")
        self.assert_intact()
        self.undo(change)
        self.assertEqual(self.seen(), before)
        self.assert_fresh()

    def test_an_id_that_the_owner_has(self):
        self.call("UpdateMapping", MODEL, "devices/entry_light", json.dumps(own_device("entry_light")), "")
        self.release(Coach().next("2").rename("porch_light", "entry_light"))
        preview = self.preview()
        self.assertEqual(preview.verdict, "blocked")
        self.assertEqual(preview.counts["id-collision"], 1)
        self.fails("Blocked", self.apply, preview.token, text="allow-collisions")
        self.fails("Blocked", self.apply, preview.token, allow_device_loss=True, allow_missing_fields=True)
        self.assertEqual(self.preview(allow_collisions=True).verdict, "review")
        self.apply(preview.token, allow_collisions=True)
        self.assertEqual(self.get(MODEL, "devices/entry_light"), own_device("entry_light"))
        self.assert_intact()
        self.assert_fresh()

    def test_renamed_and_deleted(self):
        self.call("DeleteMapping", MODEL, PORCH, "")
        self.update(Coach().next("2").rename("porch_light", "entry_light"))
        for path in (PORCH, "devices/entry_light"):
            self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, path)
        self.call("ResetMapping", MODEL, "devices/entry_light", "", "")
        self.assertEqual(self.get(MODEL, "devices/entry_light")["entity_id"], "entry_light")

    def test_a_binding_moves(self):
        self.set(MODEL, PORCH, "/bindings/1FEDB:27/command_type", "toggle", force=True)
        newer = Coach().next("2")
        newer.bindings["porch_light"] = [(dgn, 70, fields) for dgn, _, fields in newer.bindings["porch_light"]]
        self.update(newer)
        self.assertEqual(self.field(MODEL, PORCH, "/bindings/1FEDB:70/command_type"), "toggle")
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDB, 70)], [PORCH])
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDB, 27)], [])
        self.assert_fresh()


class BlockedTest(ReleaseTest):
    """What must not be applied unless somebody says so; nothing is written, and no backup is made."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def blocked(self, counted, lifted_by, revision):
        preview = self.preview()
        self.assertEqual(preview.verdict, "blocked")
        self.assertEqual(preview.counts[counted], 1)
        self.assertTrue([i for i in preview.items if i.kind == counted][0].result)
        before = self.seen()
        others = {"allow_device_loss", "allow_missing_fields", "allow_collisions"} - {lifted_by}
        error = self.fails("Blocked", self.apply, preview.token, text=lifted_by.replace("_", "-"))
        self.assertIn(json.loads([i for i in preview.items if i.kind == counted][0].result), error.message)
        self.fails("Blocked", self.apply, preview.token, **{other: True for other in others})
        self.fails("Blocked", self.apply, preview.token, **{lifted_by: False})
        self.assertEqual((self.seen(), self.revision()), (before, revision))
        self.assertFalse(os.path.exists(os.path.join(self.bench.state, "backups")))
        self.assertNotEqual(self.preview(**{lifted_by: True}).verdict, "blocked")
        return self.apply(preview.token, **{lifted_by: True})

    def test_a_truncated_file(self):
        newer = Coach().next("2")
        for name in ("spare_light", "hall_light", "desk_light"):
            newer.remove(name)
        self.release(newer)
        self.blocked("device-loss", "allow_device_loss", 1)
        self.assertEqual(self.model_info()["Devices"], 8)

    def test_a_missing_field(self):
        self.call("SetField", MODEL, PORCH, "/protocol_metadata", "", "not of use", force=True)
        newer = Coach().next("2")
        newer.sections["validation_rules"]["entity_validation"]["required_fields"].append("protocol_metadata")
        self.release(newer)
        self.blocked("missing-field", "allow_missing_fields", 2)
        with self.assertRaises(KeyError):
            self.field(MODEL, PORCH, "/protocol_metadata")
        self.assertTrue([p for p in self.call("Validate", MODEL) if p[1] == PORCH])

    def test_a_missing_field_is_resolved(self):
        self.call("SetField", MODEL, PORCH, "/protocol_metadata", "", "not of use", force=True)
        newer = Coach().next("2")
        newer.sections["validation_rules"]["entity_validation"]["required_fields"].append("protocol_metadata")
        self.release(newer)
        self.assertEqual(
            self.preview(resolutions=[(PORCH, "/protocol_metadata", "vendor")]).verdict,
            "clean",
        )
        self.apply(None, [(PORCH, "/protocol_metadata", "vendor")])
        self.assertEqual(self.field(MODEL, PORCH, "/protocol_metadata/zone"), 27)

    def test_two_at_one_binding(self):
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device(instance=60)), "")
        self.release(second(Coach()))
        self.blocked("binding-collision", "allow_collisions", 2)
        self.assertEqual(
            sorted(p for p, _ in self.call("Lookup", MODEL, 0x1FEDA, 60)), ["devices/awning_light", OWN]
        )

    def test_two_at_once(self):
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device(instance=60)), "")
        newer = second(Coach())
        for name in ("hall_light", "desk_light", "dinette_light"):
            newer.remove(name)
        self.release(newer)
        error = self.fails("Blocked", self.apply)
        self.assertRegex(error.message, "allow-collisions.*allow-device-loss")
        self.fails("Blocked", self.apply, allow_collisions=True, text="allow-device-loss")
        self.fails("Blocked", self.apply, allow_device_loss=True, text="allow-collisions")
        self.apply(allow_collisions=True, allow_device_loss=True)

    def test_an_empty_file(self):
        self.release("coach_info: {make: Test, model: Coach}\n")
        self.fails("Blocked", self.apply)
        self.apply(allow_device_loss=True)
        self.assertEqual(list(self.mappings()), ["coach_info"])
        self.undo(2)
        self.assertEqual(self.model_info()["Devices"], 11)


class SameTest(ReleaseTest):
    """What both sides came to on their own."""

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)

    def test_both_add_a_device(self):
        mine = own_device("awning_light", 61)
        self.call("UpdateMapping", MODEL, "devices/awning_light", json.dumps(mine), "")
        self.call("UpdateMapping", MODEL, OWN, json.dumps(own_device()), "")
        before = self.seen()
        self.release(second(Coach()))
        item = self.items(self.preview())["devices/awning_light", ""]
        self.assertEqual((item.kind, item.base), ("conflict", ""))
        change = self.apply()
        self.assertEqual(self.get(MODEL, "devices/awning_light"), mine)
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDA, 61)], ["devices/awning_light"])
        self.assertEqual([p for p, _ in self.call("Lookup", MODEL, 0x1FEDA, 60)], [LOCK])
        self.undo(change)
        self.assertEqual(self.seen(), before)
        self.apply(None, [("devices/awning_light", "", "vendor")])
        self.assertEqual(self.get(MODEL, "devices/awning_light")["friendly_name"], "Awning Light")
        self.assertEqual(self.call("GetMapping", MODEL, "devices/awning_light")[1], "factory")
        self.assert_intact()

    def test_both_add_the_same_device(self):
        self.release(second(Coach()), "2022_Test_Fresh")
        same = self.get("2022_Test_Fresh", "devices/awning_light")
        self.call("UpdateMapping", MODEL, "devices/awning_light", json.dumps(same), "")
        self.release(second(Coach()))
        self.assertEqual(self.items(self.preview())["devices/awning_light", ""].kind, "converged")
        self.apply()
        self.assertEqual(self.get(MODEL, "devices/awning_light"), same)
        self.assertIs(self.explain("devices/awning_light")["/friendly_name"]["redundant"], True)

    def test_both_delete(self):
        self.call("DeleteMapping", MODEL, "devices/step_light", "")
        before = self.mappings()
        change = self.update(second(Coach()))
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/step_light")
        self.undo(change)
        self.assertEqual(self.mappings(), before)
        self.call("ResetMapping", MODEL, "devices/step_light", "", "")
        self.assertEqual(self.get(MODEL, "devices/step_light")["friendly_name"], "Step Light")

    def test_sets(self):
        self.set(MODEL, PORCH, "/groups", ["all", "party"], force=True)
        self.set(MODEL, PORCH, "/capabilities", ["on_off", "blink"], force=True)
        newer = Coach().next("2")
        newer.devices["porch_light"]["groups"] = ["outside", "all", "night"]
        newer.devices["porch_light"]["capabilities"] = ["on_off", "blink", "brightness"]
        self.release(newer)
        items = self.items(self.preview())
        self.assertEqual(items[PORCH, "/groups"].kind, "merged")
        self.assertEqual(json.loads(items[PORCH, "/groups"].result), ["outside", "all", "party"])
        self.assertEqual(self.preview().verdict, "clean")
        self.apply()
        self.assertEqual(self.field(MODEL, PORCH, "/groups"), ["outside", "all", "party"])
        self.assertEqual(self.field(MODEL, PORCH, "/capabilities"), ["on_off", "blink", "brightness"])

    def test_scenes_and_sections(self):
        self.set(MODEL, "lighting_scenes/evening", "/name", "Abend")
        self.call("UpdateMapping", MODEL, "lighting_scenes/movie", '{"name": "Movie"}', "")
        self.set(MODEL, "coach_info", "/notes", "ours")
        newer = second(Coach())
        newer.sections["coach_info"]["trim"] = "44R"
        newer.sections["interface_requirements"] = {"house": {"speed": 50000}}
        newer.sections["areas"]["interior"]["zones"] = {"bedroom": {"display_name": "Bedroom"}}
        del newer.sections["dgn_pairs"]
        self.update(newer)
        evening = self.get(MODEL, "lighting_scenes/evening")
        self.assertEqual((evening["name"], evening["entities"][-1]), ("Abend", "awning_light"))
        self.assertEqual(self.get(MODEL, "lighting_scenes/movie"), {"name": "Movie"})
        info = self.get(MODEL, "coach_info")
        self.assertEqual((info["notes"], info["trim"]), ("ours", "44R"))
        self.assertEqual(self.get(MODEL, "interface_requirements/house"), {"speed": 50000})
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "dgn_pairs")
        self.assertEqual(self.model_info()["Trim"], "44R")
        self.assert_fresh()


def crowd(version, count=300):
    """Many devices that all say which release they are of."""
    coach = Coach(version)
    for i in range(count):
        coach.add(f"crowd_{i}_light", 100 + i % 100, release=version)
        coach.bindings[f"crowd_{i}_light"] = [("1FFB8", i % 250, {}), ("1FFB9", i % 250, {"role": version})]
    return coach


class ReaderTest(ReleaseTest):
    def releases(self, mappings):
        return {json.loads(data)["release"] for path, data, *_ in mappings if path.startswith("devices/crowd_")}

    def test_readers_during_updates(self):
        """Each answer is of one release, whoever asks and whenever."""
        self.release(crowd("0"))
        self.call("Import", MODEL)
        clients = [self.bench.connect() for _ in range(3)]
        for number in range(1, 4 if SHORT else 9):
            self.release(crowd(str(number)))
            token = self.preview().token
            calls = []
            for i in range(6):
                for client in clients:
                    calls += [
                        client.begin("GetMappings", MODEL),
                        client.begin("FindMappings", MODEL, dgn=0x1FFB8),
                        client.begin("Lookup", MODEL, 0x1FFB9, 7),
                    ]
                if i == 2:
                    update = self.client.begin("ApplyUpdate", MODEL, token, [], "")
            last = {}
            for i, call in enumerate(calls):
                result = call.result()
                found = self.releases(result[0] if i % 3 == 0 else result)
                self.assertEqual(len(found), 1, "an answer mixes two releases")
                found = int(found.pop())
                self.assertIn(found, (number - 1, number))
                # Nobody goes back.
                self.assertGreaterEqual(found, last.get(i // 3 % 3, 0))
                last[i // 3 % 3] = found
            self.assertEqual(update.result(), number + 1)
            for client in clients:
                self.assertEqual(self.releases(client.call("GetMappings", MODEL)[0]), {str(number)})
        self.assert_fresh()
        self.assert_intact()

    def test_after_the_signal_nobody_reads_the_old(self):
        self.release(crowd("0"))
        self.call("Import", MODEL)
        reader = self.bench.connect().watch()
        for number in range(1, 4):
            reader.call("FindMappings", MODEL)  # all of it is in memory
            reader.signals()
            update = self.update(crowd(str(number)))
            self.assertEqual([s.arguments[3] for s in reader.signals("UpdateApplied")], [update])
            self.assertEqual(self.releases(reader.call("GetMappings", MODEL)[0]), {str(number)})
            self.assertEqual(self.releases(reader.call("Lookup", MODEL, 0x1FFB8, 7)), {str(number)})
            self.assertEqual(self.get(MODEL, "devices/crowd_9_light", client=reader)["release"], str(number))
            self.assertEqual(reader.call("GetMapping", MODEL, "coach_info")[2], update)
            undone = self.undo(update)
            self.assertEqual([s.arguments[3] for s in reader.signals("UpdateApplied")], [undone])
            self.assertEqual(self.releases(reader.call("GetMappings", MODEL)[0]), {str(number - 1)})
            self.undo(undone)


class CrashTest(ReleaseTest):
    def after_a_kill(self):
        wait_until(lambda: not self.client.has_owner(), "the name is free")
        self.bench.start()
        self.assertEqual(self.client.property("Health"), "ok")
        self.assert_intact()

    def test_kill_after_the_reply(self):
        self.call("Import", MODEL)
        self.edit_all()
        for number in range(2 if SHORT else 5):
            change = self.update(second(Coach()).next(f"2.{number}"))
            seen = self.seen()
            self.bench.daemon.kill()
            self.after_a_kill()
            self.assertEqual((self.revision(), self.model_info()["ImportedVersion"]), (change, f"2.{number}"))
            self.assertEqual(self.seen(), seen)

    def test_kill_during(self):
        """Anywhere on the way: the update is there as a whole or not at all."""
        chance = random.Random(3)
        states = {}
        coaches = {version: crowd(version, 600) for version in ("A", "B")}
        for version in ("B", "A"):
            self.release(coaches[version], f"2022_Test_{version}")
            states[version] = self.mappings(f"2022_Test_{version}")
        self.release(coaches["A"])
        self.call("Import", MODEL)
        now, revision, spans = "A", self.revision(), []
        cut = 0
        for number in range(4 if SHORT else 24):
            other = "B" if now == "A" else "A"
            self.release(coaches[other])
            token = self.preview().token
            began = time.monotonic()
            call = self.client.begin("ApplyUpdate", MODEL, token, [], f"round {number}")
            if number < 2:
                call.result()
                spans.append(time.monotonic() - began)
            else:
                time.sleep(chance.uniform(0, max(spans) * 1.1))
            self.bench.daemon.kill()
            try:
                acknowledged = call.result()
            except BusError:
                acknowledged = 0
                cut += 1
            self.after_a_kill()
            reached = self.model_info()["ImportedVersion"]
            if acknowledged:
                self.assertEqual((reached, self.revision()), (other, acknowledged))
            self.assertIn(self.revision(), (revision, revision + 1))
            self.assertEqual(reached == other, self.revision() == revision + 1)
            self.assertEqual(self.mappings(), states[reached])
            now, revision = reached, self.revision()
        if not SHORT:
            self.assertGreater(cut, 0, "no update was ever interrupted")
        self.update(coaches["B" if now == "A" else "A"])
        # What interrupted backups left behind does not stay for ever.
        names = os.listdir(os.path.join(self.bench.state, "backups"))
        self.assertEqual([name for name in names if not name.endswith("-auto.db")], [])


class TwoDaemonsTest(ReleaseTest):
    """The daemon of the next version, with another bundle: nothing but the program is replaced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.newer = os.environ.get("COACHIQ_CONFIGD_NEWER") or ""

    @classmethod
    def prepare(cls, bench):
        bench.seeds = None

    def test_both(self):
        if not os.path.exists(self.newer):
            self.skipTest("COACHIQ_CONFIGD_NEWER does not name a daemon with another bundle")
        self.call("Import", BUNDLED)
        shipped = self.call("CheckForUpdates", BUNDLED)[1]
        self.assertIs(self.client.property("DevelopmentMode"), False)
        self.set(BUNDLED, CEILING, "/friendly_name", "Reading nook")
        self.call("ApplyEdits", BUNDLED, [("put", OWN, "", json.dumps(own_device(instance=222)))], "ours")
        before = self.mappings(BUNDLED)
        older = self.bench.binary
        self.bench.stop()
        self.bench.binary = self.bench.program(self.newer)
        self.bench.start()
        self.assertEqual(self.client.property("UpdatesAvailable"), [BUNDLED])
        self.assertEqual(self.mappings(BUNDLED), before)
        self.assertEqual(self.call("CheckForUpdates", BUNDLED), (True, shipped, "2.0.0"))
        preview = self.preview(BUNDLED)
        kinds = self.kinds(preview)
        self.assertEqual(kinds[CEILING, "/friendly_name"], "conflict")
        change = self.apply(preview.token, model=BUNDLED)
        self.assertEqual(self.get(BUNDLED, CEILING)["friendly_name"], "Reading nook")
        self.assertEqual(self.get(BUNDLED, "coach_info")["notes"], "The release after this one")
        updated = self.mappings(BUNDLED)
        self.assert_intact()
        # The older program again, with the newer data: that is "an update" too, and can be left.
        self.bench.stop()
        self.bench.binary = older
        self.bench.start()
        self.assertEqual(self.mappings(BUNDLED), updated)
        self.assertEqual(self.call("CheckForUpdates", BUNDLED), (True, "2.0.0", shipped))
        self.undo(change)
        self.assertEqual(self.mappings(BUNDLED), before)
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        self.assert_intact()


REAL = os.path.join(SOURCE_ROOT, "..", "shared", "data", "real")
VERSIONS = ("2025-05-13", "2025-06-06", "2025-06-08")


class RealFilesTest(ReleaseTest):
    """Three releases that owners really got."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not os.path.isdir(REAL):
            raise unittest.SkipTest("there are no real coach files beside the source tree (../shared/data/real)")

    def file(self, version):
        with open(os.path.join(REAL, f"{BUNDLED}.{version}.yml"), encoding="utf-8") as file:
            return file.read()

    def fresh(self, version):
        model = f"fresh-{version}"
        self.release(self.file(version), model)
        return self.mappings(model)

    EDITS = (
        ("set", CEILING, "/friendly_name", '"Reading nook"'),
        ("set", "devices/exterior_porch_light", "/friendly_name", '"Exterior Porch Light"'),
        ("set", VANITY, "/suggested_area", '"Dressing"'),
        ("set", "devices/basement_cargo_light", "/enabled", "false"),
        ("set", "devices/main_sink_light", "/interface", '"can0"'),
        ("set", "devices/main_dinette_light", "/group_mask", '"0x01"'),
        ("delete", "devices/main_midship_light", "", ""),
        ("put", OWN, "", json.dumps(own_device(instance=222))),
    )
    CLASSES = ("conflict", "converged", "orphaned", "conflict", "conflict", "kept", "deleted-changed", "kept")

    def edit(self):
        for edit in self.EDITS:
            self.call("ApplyEdits", MODEL, [edit], f"our {edit[1]}", force=True)

    def test_an_owner_updates(self):
        self.release(self.file("2025-06-06"))
        self.call("Import", MODEL)
        self.edit()
        before, authors = self.seen(), self.authors()
        self.release(self.file("2025-06-08"))
        preview = self.preview()
        items = self.items(preview)
        self.assertEqual(tuple(items[path, field].kind for _, path, field, _ in self.EDITS), self.CLASSES)
        self.assertEqual(items["devices/basement_cargo_light", "/enabled"].base, "")
        change = self.apply(preview.token)
        # The owner's values stand.
        for op, path, field, value in self.EDITS:
            if op == "set":
                self.assertEqual(self.field(MODEL, path, field), json.loads(value))
        self.fails("NoSuchMapping", self.call, "GetMapping", MODEL, "devices/main_midship_light")
        self.assertEqual(self.get(MODEL, OWN), own_device(instance=222))
        # All else is the new file, byte for byte.
        edited = {path for _, path, _, _ in self.EDITS}
        now, fresh = self.mappings(), self.fresh("2025-06-08")
        self.assertEqual(
            {path: value for path, value in now.items() if path not in edited},
            {path: value for path, value in fresh.items() if path not in edited},
        )
        for op, path, field, _ in self.EDITS:
            if op != "set":
                continue
            mine, theirs = json.loads(now[path][0]), json.loads(fresh[path][0])
            for component in (mine, theirs):
                component.pop(field[1:], None)
            self.assertEqual(mine, theirs, path)
        self.assertEqual(
            [row for row in self.places() if row[0] not in edited],
            [row for row in self.places("fresh-2025-06-08") if row[0] not in edited],
        )
        self.assert_intact()
        # And back.
        self.undo(change)
        self.assertEqual(self.seen(), before)
        self.assertEqual(self.authors(), authors)
        self.assert_intact()
        self.assert_fresh()
        self.assertEqual(self.authors(), authors)

    def test_two_updates(self):
        self.release(self.file(VERSIONS[0]))
        self.call("Import", MODEL)
        states = [self.seen()]
        changes = []
        for version in VERSIONS[1:]:
            self.release(self.file(version))
            changes.append(self.apply(allow_device_loss=True))
            self.assertEqual(self.mappings(), self.fresh(version))
            states.append(self.seen())
        self.assert_intact()
        for change, state in zip(changes[::-1], states[-2::-1]):
            self.undo(change)
            self.assertEqual(self.seen(), state)
        self.assert_intact()

    def test_two_updates_with_edits(self):
        self.release(self.file(VERSIONS[0]))
        self.call("Import", MODEL)
        first = next(p for p in self.mappings() if p.startswith("devices/"))
        self.set(MODEL, first, "/friendly_name", "Ours", force=True)
        self.call("ApplyEdits", MODEL, [("put", OWN, "", json.dumps(own_device(instance=222)))], "ours")
        for version in VERSIONS[1:]:
            self.release(self.file(version))
            self.apply(allow_device_loss=True)
            self.assertEqual(self.field(MODEL, first, "/friendly_name"), "Ours")
            self.assertEqual(self.get(MODEL, OWN)["friendly_name"], "My Lamp")
            edited = {path for path, (_, source) in self.mappings().items() if source == "user"}
            fresh = self.fresh(version)
            self.assertEqual(
                {p: v for p, v in self.mappings().items() if p not in edited},
                {p: v for p, v in fresh.items() if p not in edited},
            )
        self.assert_intact()
