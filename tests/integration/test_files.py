# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files in and out: ImportFile, Export, RemoveModel, and releases that somebody brings."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import yaml
from agent import Agent
from common import SOURCE_ROOT
from harness import (
    ALLOWED,
    ASKED,
    BUNDLED,
    DENIED,
    MODEL,
    ORDINARY,
    PLAIN,
    SERVICE,
    SHORT,
    BusError,
    GLib,
    IntegrationTest,
    ids_of,
    wait_until,
)
from releases import CEILING, OWN, PORCH, SINK, SPARE, VANITY, Coach, ReleaseTest, own_device, second
from stuck_fs import StuckFs

OTHER = "2019_Own_Coach"
REAL = os.path.join(SOURCE_ROOT, "..", "shared", "data", "real")
SEALED = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
SIZE_MAX = 8 * 1024 * 1024
SMALL = b"file_metadata: {version: '1'}\n1FEDA:\n  1: [{entity_id: a, device_type: light}]\n"
EMPTY_EDITS = {
    "coachiq_edits": {"format": 1, "model": MODEL, "version": "1", "content_hash": "", "revision": 1},
    "edits": [],
}


def textual(data):
    """Keys are text for us, whatever a reader of YAML makes of them."""
    if isinstance(data, dict):
        return {str(key): textual(value) for key, value in data.items()}
    return [textual(item) for item in data] if isinstance(data, list) else data


def edits_file(*edits, model=MODEL):
    """(path, field, value) with a value of None for "unset"."""
    made = json.loads(json.dumps(EMPTY_EDITS))
    made["coachiq_edits"]["model"] = model
    for path, field, value in edits:
        edit = {"path": path, "field": field, "op": "unset" if value is None else "set"}
        made["edits"].append(edit if value is None else {**edit, "value": value})
    return json.dumps(made)


class FileTest(ReleaseTest):
    """Short forms."""

    def memfd(self, text):
        descriptor = os.memfd_create("test", os.MFD_CLOEXEC)
        self.addCleanup(os.close, descriptor)
        if isinstance(text, Coach):
            text = text.text()
        content = text.encode() if isinstance(text, str) else text
        self.assertEqual(os.write(descriptor, content), len(content))
        return descriptor

    def peer(self):
        """A direct connection that can pass descriptors. libsystemd drops one whose first message, with descriptors, is
        there before it has read the end of the authentication; an answer tells that it has."""
        client = self.bench.connect(peer=True)
        client.ping()
        return client

    def import_file(self, text, model="", client=None, **options):
        descriptor = text if isinstance(text, int) else self.memfd(text)
        return (client or self.client).call("ImportFile", 0, model, descriptors=[descriptor], **options)

    def export(self, model=MODEL, client=None, **options):
        content, seals = (client or self.client).file("Export", model, **options)
        self.assertEqual(seals & SEALED, SEALED)
        return content.decode()

    def effective(self, model=MODEL, client=None):
        """path → data, as readers see it."""
        return {path: json.loads(data) for path, (data, _) in self.mappings(model, client).items()}

    def fails_unchanged(self, names, function, *arguments, **more):
        """The call must fail, and leave all as it is."""
        before = (self.revision(), self.call("ListModels"))
        error = self.fails(names, function, *arguments, **more)
        self.assertEqual((self.revision(), self.call("ListModels")), before)
        self.assertEqual(self.client.property("Health"), "ok")
        return error

    def other_bench(self, coach=None):
        """A fresh database, with the same coach bundled or another."""
        bench = self.make_bench()
        self.addCleanup(bench.close)
        if coach:
            self.write(bench, coach)
        return bench


class NewTest(FileTest):
    def test_new_coach(self):
        watcher = self.bench.connect().watch()
        model, change = self.import_file(Coach(), OTHER, reason="mine", name="/home/me/coach.yml")
        self.assertEqual((model, change), (OTHER, self.revision()))
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelImported", (OTHER, "1.0.0", change)),
                ("PropertiesChanged", {"Revision": change, "UpdatesAvailable": []}),
            ],
        )
        info = self.model_info(OTHER)
        self.assertEqual((info["Origin"], info["ImportedVersion"], info["Imported"]), ("custom", "1.0.0", True))
        self.assertEqual({source for _, source in self.mappings(OTHER).values()}, {"import"})
        made = self.changes(limit=1)[0]
        self.assertEqual((made["Kind"], made["Model"], made["Reason"]), ("import", OTHER, "mine"))
        self.assertEqual(self.detail(change)["file"], "/home/me/coach.yml")
        self.assertRegex(self.bench.log(), f'Change {change}: import of {OTHER}, 1.0.0, "/home/me/coach.yml" by root')
        self.assert_fresh(OTHER)
        self.assert_intact()

    def test_undo_and_redo(self):
        _, change = self.import_file(Coach(), OTHER)
        seen = self.effective(OTHER)
        watcher = self.bench.connect().watch()
        undone = self.undo(change)
        self.assertEqual(watcher.signals("ModelRemoved")[0].arguments, (OTHER, undone))
        self.fails("NoSuchModel", self.mappings, OTHER)
        self.undo(undone)
        self.assertEqual(self.effective(OTHER), seen)
        self.assertEqual(self.model_info(OTHER)["Origin"], "custom")
        self.assert_fresh(OTHER)
        self.assert_intact()

    def test_undo_of_the_active_one(self):
        _, change = self.import_file(Coach(), OTHER)
        self.call("SetActiveModel", OTHER)
        self.fails_unchanged("Blocked", self.undo, change, text="active")
        watcher = self.bench.connect().watch()
        undone = self.undo(change, force=True)
        self.assertEqual(self.client.property("ActiveModel"), "")
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelRemoved", (OTHER, undone)),
                ("PropertiesChanged", {"Revision": undone, "UpdatesAvailable": []}),
                ("PropertiesChanged", {"ActiveModel": "", "Revision": undone}),
            ],
        )

    def test_the_same_again_is_nothing(self):
        _, change = self.import_file(Coach(), OTHER)
        watcher = self.bench.connect().watch()
        for text in (Coach(), "# another layout\n" + Coach().text(), b"\xef\xbb\xbf" + Coach().text().encode()):
            self.assertEqual(self.import_file(text, OTHER), (OTHER, change))
        self.assertEqual(watcher.signals(), [])

    def test_name_says_which_model(self):
        self.assertEqual(self.import_file(Coach(), name="/home/me/Our Coach.yml")[0], "Our_Coach")
        self.assertEqual(self.import_file(Coach())[0], "2020_Test_Coach")  # which is bundled
        self.assertEqual(self.import_file(Coach(), name=f"{MODEL.upper()}.json")[0], MODEL)
        self.assertEqual(self.import_file(Coach(), MODEL.lower())[0], MODEL)
        self.fails_unchanged("InvalidArgs", self.import_file, b"areas: {a: {b: 1}}", text="name the model")
        self.fails_unchanged("InvalidArgs", self.import_file, Coach(), "../etc/passwd")

    def test_names_are_nobodys_tool(self):
        """What somebody calls a file stands in messages, the log and the history: short, and in one line."""
        name = "x\n\x1b[2J\u202emyl." + "y" * 5000
        error = self.fails_unchanged("InvalidFile", self.import_file, b"a: [", OTHER, name=name)
        self.assertRegex(error.message, r"^x\?\?\[2J\?myl\.y+…: line \d+, column \d+: ")
        self.assertLess(len(error.message), 500)
        _, change = self.import_file(Coach(), OTHER, name=name)
        self.assertRegex(self.detail(change)["file"], r"^x\?\?\[2J\?myl\.y+…$")
        self.assertNotIn("\x1b", self.bench.log())

    def test_bad_arguments(self):
        for name, options in (
            ("Conflict", {"expected_revision": 99}),
            ("TooLarge", {"reason": "x" * 2000}),
            ("InvalidArgs", {"file": 0}),
            ("InvalidArgs", {"policy": "mine"}),
            ("InvalidArgs", {"resolutions": [("", "", "nonsense")]}),
        ):
            with self.subTest(options=options):
                self.fails_unchanged(name, self.import_file, Coach(), OTHER, **options)

    def test_first_use_first(self):
        """A bundled coach that nobody has used is imported, and the file is a release of it."""
        _, change = self.import_file(second(Coach()), MODEL)
        self.assertEqual([c["Kind"] for c in self.changes()], ["update", "import"])
        self.assertEqual(self.changes()[1]["Reason"], "first use")
        self.assertEqual(change, 2)


class ReleasesTest(FileTest):
    def test_merged_as_an_update(self):
        self.edit_all_first()
        twin = self.other_bench()
        previewed = self.preview(file=0, descriptors=[self.memfd(second(Coach()))])
        watcher = self.bench.connect().watch()
        _, change = self.import_file(second(Coach()), MODEL, token=previewed.token, name="new.yml")
        self.assertEqual(self.signals_of(watcher)[0], ("UpdateApplied", (MODEL, "1.0.0", "2.0.0", change)))
        self.assertEqual(self.changes(limit=1)[0]["Kind"], "update")
        self.assertIn("backup", self.detail(change))
        self.assertEqual(self.detail(change)["file"], "new.yml")
        # The same edits and the same release, bundled.
        with_file = self.effective()
        self.bench, first = twin, self.bench
        self.edit_all_first()
        self.release(second(Coach()))
        bundled = self.preview()
        self.assertEqual(
            [tuple(item) for item in bundled.items],
            [tuple(item) for item in previewed.items],
        )
        self.apply(bundled.token)
        self.assertEqual(self.effective(), with_file)
        self.bench = first

    def edit_all_first(self):
        self.call("Import", MODEL)
        self.edit_all()

    def test_undo_and_redo(self):
        self.edit_all_first()
        before = self.effective()
        _, change = self.import_file(second(Coach()), MODEL)
        after = self.effective()
        undone = self.undo(change)
        self.assertEqual(self.effective(), before)
        self.assertEqual(self.model_info()["Origin"], "bundled")
        self.undo(undone)
        self.assertEqual(self.effective(), after)
        self.assertEqual(self.model_info()["Origin"], "custom")
        self.assert_fresh()
        self.assert_intact()

    def test_token(self):
        self.call("Import", MODEL)
        token = self.preview(file=0, descriptors=[self.memfd(second(Coach()))]).token
        other = second(Coach()).next("2.0.1")
        self.fails_unchanged("Conflict", self.import_file, other, MODEL, token=token)
        self.fails_unchanged("Conflict", self.import_file, second(Coach()), MODEL, token="keep-mine:x")
        self.fails_unchanged("Conflict", self.apply, token, text="file")  # without the file
        change = self.apply(token, file=0, name="x.yml", descriptors=[self.memfd(second(Coach()))])
        self.assertEqual(self.changes(limit=1)[0]["Change"], change)
        self.fails_unchanged("Conflict", self.import_file, other, MODEL, token=token)
        self.fails_unchanged("InvalidArgs", self.import_file, Coach(), OTHER, token=token)

    def test_decisions(self):
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "Mine")
        newer = second(Coach())
        self.fails_unchanged("Conflict", self.import_file, newer, MODEL, policy="manual")
        self.fails_unchanged("Blocked", self.import_file, newer, MODEL, **{"only-clean": True})
        self.fails_unchanged("InvalidArgs", self.import_file, newer, MODEL, policy="whatever")
        few = Coach("3.0.0")
        for name in list(few.devices)[:6]:
            few.remove(name)
        self.fails_unchanged("Blocked", self.import_file, few, MODEL, text="allow-device-loss")
        self.import_file(newer, MODEL, policy="manual", resolutions=[(CEILING, "/friendly_name", "vendor")])
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Main Light")
        self.import_file(few, MODEL, **{"allow-device-loss": True})
        self.assertEqual(self.model_info()["ImportedVersion"], "3.0.0")

    def test_edits_are_no_release(self):
        self.call("Import", MODEL)
        self.fails_unchanged(
            "InvalidArgs", self.preview, file=0, descriptors=[self.memfd(edits_file())], text="ImportFile"
        )

    def test_what_was_declined_is_not_announced(self):
        self.call("Import", MODEL)
        self.import_file(second(Coach()), MODEL)
        self.assertEqual(self.call("CheckForUpdates", MODEL), (False, "2.0.0", "1.0.0"))
        self.assertFalse(self.model_info()["UpdateAvailable"])
        self.assertEqual(self.client.property("UpdatesAvailable"), [])
        # Who asks goes there all the same.
        self.assertIn((CEILING, "/friendly_name"), self.kinds(self.preview()))
        third = Coach().next("3.0.0")
        third.devices["sink_light"]["friendly_name"] = "Third"
        self.release(third)
        self.assertEqual(self.call("CheckForUpdates", MODEL), (True, "2.0.0", "3.0.0"))
        self.assertEqual(self.client.property("UpdatesAvailable"), [MODEL])
        self.apply()
        self.assertEqual((self.model_info()["Origin"], self.model_info()["UpdateAvailable"]), ("bundled", False))


class EditsTest(FileTest):
    @staticmethod
    def free_coach():
        """One whose devices may be bound anew, and in which only force edits most fields."""
        coach = Coach()
        coach.sections["file_metadata"].update(immutable_fields=["entity_id"], runtime_editable_fields=["friendly_name"])
        return coach

    def edit_variously(self):
        """One of each kind, some that only force allows, and one that a release orphans."""
        self.release(self.free_coach())
        self.call("Import", MODEL)
        for edit in (
            ("set", CEILING, "/friendly_name", '"Reading"'),
            ("set", CEILING, "/protocol_metadata/zone", "null"),
            ("set", PORCH, "/bindings/1FEDB:27/command_type", '"switch"'),
            ("set", PORCH, "/bindings/1FEE5:200", "{}"),
            ("unset", SINK, "/groups", ""),
            ("unset", SINK, "/bindings/1FEDB:29", ""),
            ("set", VANITY, "/suggested_area", '"Dressing"'),
            ("delete", SPARE, "", ""),
            ("put", OWN, "", json.dumps(own_device())),
            ("put", "lighting_scenes/own", "", '{"name": "025", "entities": ["my_lamp"], "on": true}'),
            ("put", "notes", "", '{"at": "12:30", "none": null, "n": 1.5}'),
        ):
            self.call("ApplyEdits", MODEL, [edit], f"edit of {edit[1]}", force=True)
        self.import_file(second(self.free_coach()), MODEL)

    def test_carried_to_a_fresh_database(self):
        self.edit_variously()
        here = self.effective()
        for kind in ("yaml", "json"):
            with self.subTest(kind=kind):
                edits = self.export(contents="edits", format=kind)
                bench, self.bench = self.bench, self.other_bench(second(self.free_coach()))
                self.call("Import", MODEL)
                self.fails_unchanged("Immutable", self.import_file, edits, text="force")
                watcher = self.bench.connect().watch()
                _, change = self.import_file(edits, name=f"edits.{kind}", force=True)
                changed = watcher.signals("MappingsChanged")
                self.assertEqual([(s.arguments[0], s.arguments[2:]) for s in changed], [(MODEL, ("edit", change))])
                self.assertEqual(self.effective(), here)
                # They are the importer's, as far as the history can say.
                self.assertEqual({user for _, user, *_ in self.authors().values()}, {"root"})
                self.assertEqual({change for change, *_ in self.authors().values()}, {change})
                self.assertEqual(self.import_file(edits, force=True), (MODEL, change))
                undone = self.undo(change)
                self.assertEqual(self.model_info()["Edits"], 0)
                self.undo(undone)
                self.assertEqual(self.effective(), here)
                self.assert_fresh()
                self.assert_intact()
                self.bench = bench

    def test_file_wins(self):
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "Here")
        self.set(MODEL, CEILING, "/area", "here")
        self.import_file(edits_file((CEILING, "/friendly_name", "There"), (PORCH, "/notes", "There")))
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "There")
        self.assertEqual(self.field(MODEL, CEILING, "/area"), "here")
        self.assertEqual(self.field(MODEL, PORCH, "/notes"), "There")

    def test_all_or_nothing(self):
        self.call("Import", MODEL)
        good = (CEILING, "/friendly_name", "x")
        for bad, name in (
            (("devices/nobody", "/friendly_name", "x"), "NoSuchMapping"),
            ((PORCH, "/device_type", "lock"), "Immutable"),
            ((PORCH, "/friendly_name", None), "InvalidData"),
            (("areas", "", {"whole": 1}), "InvalidData"),
        ):
            with self.subTest(bad=bad):
                error = self.fails_unchanged(name, self.import_file, edits_file(good, bad), name="edits.json")
                self.assertRegex(error.message, r"^edits\.json: .*" + bad[0])

    def test_of_another_coach(self):
        self.fails_unchanged("NoSuchModel", self.import_file, edits_file(model="2001_Nobody"))
        self.fails_unchanged("InvalidArgs", self.import_file, edits_file(model=OTHER), MODEL, text=OTHER)

    def test_two_releases(self):
        """Edits of the older one, brought to a coach with the newer one, where a device has another name."""
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "Ours")
        edits = self.export(contents="edits")
        newer = Coach("2.0.0").rename("bedroom_ceiling_light", "master_light")
        self.bench = self.other_bench(newer)
        self.import_file(edits)
        self.assertEqual(self.field(MODEL, "devices/master_light", "/friendly_name"), "Ours")

    def test_first_use_first(self):
        self.import_file(edits_file((CEILING, "/friendly_name", "x")))
        self.assertEqual([c["Kind"] for c in self.changes()], ["edit", "import"])


class ExportTest(FileTest):
    def test_round_trip(self):
        self.call("Import", MODEL)
        original = json.loads(Coach().text())
        self.assertEqual(textual(yaml.safe_load(self.export())), original)
        self.assertEqual(json.loads(self.export(format="json")), original)
        text = self.export()
        self.assertTrue(text.startswith("#"))
        head = text[: text.index("\n\n")]
        for word in (MODEL, "1.0.0", f"{self.revision()}"):
            self.assertIn(word, head)

    def test_edited_to_a_fresh_database(self):
        self.call("Import", MODEL)
        self.edit_all()
        here = self.effective()
        for kind in ("yaml", "json"):
            text = self.export(format=kind)
            bench, self.bench = self.bench, self.other_bench()
            self.import_file(text, OTHER)
            self.assertEqual(self.effective(OTHER), here)
            self.bench = bench

    def test_active_and_first_use(self):
        self.call("SetActiveModel", MODEL)
        self.assertEqual(self.export(""), self.export(MODEL))
        self.release(Coach(), PLAIN)
        self.assertIn(PLAIN, self.export(PLAIN))
        self.assertEqual(self.changes(limit=1)[0]["Reason"], "first use")

    def test_refused(self):
        self.call("Import", MODEL)
        self.fails("NoSuchModel", self.export, "2001_Nobody")
        self.fails("InvalidArgs", self.export, format="toml")
        self.fails("InvalidArgs", self.export, contents="everything")
        self.fails("InvalidArgs", self.export, nonsense="x")
        for change in (0, self.revision() + 1, 2**63, 2**64 - 1):
            self.fails("NoSuchChange", self.export, change=change)

    def test_past(self):
        """As it was right after each change, whatever happened since."""
        self.call("Import", MODEL)
        remembered = {}

        def remember():
            remembered[self.revision()] = (self.export(), self.export(contents="edits"))

        remember()
        self.set(MODEL, CEILING, "/friendly_name", "One")
        remember()
        self.call("DeleteMapping", MODEL, SPARE, "gone")
        remember()
        renamed = second(Coach()).rename("bedroom_ceiling_light", "master_light")
        _, brought = self.import_file(renamed, MODEL)
        remember()
        self.set(MODEL, "devices/master_light", "/friendly_name", "Two")
        remember()
        self.undo(brought)
        remember()
        backup = self.call("CreateBackup", "here")
        self.call("FactoryReset", MODEL, "", "all")
        remember()
        self.call("RestoreBackup", backup, "back")
        remember()
        removed = self.call("RemoveModel", MODEL, "gone")
        for change, (merged, edits) in remembered.items():
            self.assertEqual((self.export(change=change), self.export(change=change, contents="edits")), (merged, edits))
        self.fails("NoSuchChange", self.export, change=removed)
        self.undo(removed)
        remember()
        for change, (merged, edits) in remembered.items():
            with self.subTest(change=change):
                self.assertEqual(self.export(change=change), merged)
                self.assertEqual(self.export(change=change, contents="edits"), edits)

    def test_past_of_another_model(self):
        self.call("Import", MODEL)
        _, change = self.import_file(Coach(), OTHER)
        self.fails("NoSuchChange", self.export, OTHER, change=change - 1)
        self.export(MODEL, change=change)

    def test_pruned(self):
        self.call("Import", MODEL)
        self.call("SetRetention", {"changes": GLib.Variant("u", 1), "days": GLib.Variant("u", 0)})
        self.set(MODEL, CEILING, "/friendly_name", "x")
        self.fails("NoSuchChange", self.export, change=1, text="pruned")
        self.export(change=self.revision())

    def test_made_once(self):
        """A thousand that are held open are one file."""
        self.call("Import", MODEL)
        held = [self.client.open("Export", MODEL)]
        self.addCleanup(lambda: [os.close(descriptor) for descriptor in held])
        held += [self.client.open("Export", MODEL) for _ in range(50 if SHORT else 999)]
        inodes = {os.fstat(descriptor).st_ino for descriptor in held}
        self.assertEqual(len(inodes), 1)
        self.set(MODEL, CEILING, "/friendly_name", "x")
        held.append(self.client.open("Export", MODEL))
        self.assertNotIn(os.fstat(held[-1]).st_ino, inodes)
        self.assertIn(b"friendly_name: x", os.pread(held[-1], 1 << 20, 0))
        self.assertNotIn(b"friendly_name: x", os.pread(held[0], 1 << 20, 0))

    def test_what_is_held_is_bounded(self):
        """Old states are different files; who holds too many gets no more, until some are closed."""
        big = Coach()
        big.sections["notes"] = {f"n{i}": {"text": "x" * 1000} for i in range(3000)}
        self.import_file(big, OTHER)
        for i in range(16):
            self.set(OTHER, CEILING, "/friendly_name", f"{i}")
        held = []
        self.addCleanup(lambda: [os.close(descriptor) for descriptor in held])
        with self.assertRaises(BusError) as caught:
            for change in range(1, 17):
                held.append(self.client.open("Export", OTHER, change=change))
        self.check_error(caught.exception, "LimitsExceeded", text="close")
        self.assertGreater(len(held), 5)
        self.assertLessEqual(sum(os.fstat(descriptor).st_size for descriptor in held), 32 << 20)
        # Others are served, and what was given out before too.
        allowed = self.as_user(ALLOWED)
        self.assertEqual(allowed.call("GetMapping", MODEL, CEILING)[1], "factory")
        os.close(held.pop())
        held.append(self.client.open("Export", OTHER, change=16))
        for descriptor in held:
            os.close(descriptor)
        held.clear()
        for change in range(1, 17):
            os.close(self.client.open("Export", OTHER, change=change))


class RemoveTest(FileTest):
    def test_bundled(self):
        self.call("Import", MODEL)
        self.edit_all()
        before, authors = self.seen(), self.authors()
        watcher = self.bench.connect().watch()
        removed = self.call("RemoveModel", MODEL, "start over")
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelRemoved", (MODEL, removed)),
                ("PropertiesChanged", {"Revision": removed, "UpdatesAvailable": []}),
            ],
        )
        made = self.changes(limit=1)[0]
        self.assertEqual((made["Kind"], made["Reason"]), ("remove", "start over"))
        self.assertIn("backup", self.detail(removed))
        self.assertFalse(self.model_info()["Imported"])
        # Not there, so that there is nothing to remove.
        self.assertEqual(self.call("RemoveModel", MODEL, ""), removed)
        undone = self.undo(removed)
        self.assertEqual(watcher.signals("ModelImported")[-1].arguments, (MODEL, "1.0.0", undone))
        self.assertEqual(self.seen()[0], before[0])
        self.assertEqual(self.authors(), authors)
        self.assert_fresh()
        self.undo(undone)
        self.assertEqual(self.mappings()[CEILING][1], "factory")  # the first read imports it anew
        self.undo(undone + 1)
        self.assertEqual(self.seen()[0], before[0])
        self.assert_intact()

    def test_custom(self):
        self.import_file(Coach(), OTHER)
        self.set(OTHER, CEILING, "/friendly_name", "Mine")
        before = self.effective(OTHER)
        removed = self.call("RemoveModel", OTHER, "sold")
        self.assertNotIn(OTHER, [m["Id"] for m in self.call("ListModels")])
        self.fails("NoSuchModel", self.mappings, OTHER)
        self.fails_unchanged("NoSuchModel", self.call, "RemoveModel", OTHER, "")
        self.bench.restart()
        self.undo(removed)
        self.assertEqual(self.effective(OTHER), before)
        self.assertEqual(self.model_info(OTHER)["Origin"], "custom")
        self.assert_intact()

    def test_active(self):
        self.call("SetActiveModel", MODEL)
        self.fails_unchanged("Blocked", self.call, "RemoveModel", "", "", text="force")
        watcher = self.bench.connect().watch()
        removed = self.call("RemoveModel", "", "", force=True)
        self.assertEqual(self.client.property("ActiveModel"), "")
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelRemoved", (MODEL, removed)),
                ("PropertiesChanged", {"Revision": removed, "UpdatesAvailable": []}),
                ("PropertiesChanged", {"ActiveModel": "", "Revision": removed}),
            ],
        )
        undone = self.undo(removed)
        self.assertEqual(self.client.property("ActiveModel"), MODEL)
        self.assertEqual(
            self.signals_of(watcher),
            [
                ("ModelImported", (MODEL, "1.0.0", undone)),
                ("PropertiesChanged", {"Revision": undone, "UpdatesAvailable": []}),
                ("PropertiesChanged", {"ActiveModel": MODEL, "Revision": undone}),
            ],
        )

    def test_refused(self):
        self.call("Import", MODEL)
        self.fails_unchanged("NoSuchModel", self.call, "RemoveModel", "2001_Nobody", "")
        self.fails_unchanged("Conflict", self.call, "RemoveModel", MODEL, "", expected_revision=99)
        self.fails_unchanged("TooLarge", self.call, "RemoveModel", MODEL, "x" * 2000)

    def test_restored_from_a_backup(self):
        self.import_file(Coach(), OTHER)
        self.set(OTHER, CEILING, "/friendly_name", "Mine")
        before = self.effective(OTHER)
        backup = self.call("CreateBackup", "with it")
        self.call("RemoveModel", OTHER, "")
        restored = self.call("RestoreBackup", backup, "")
        self.assertEqual(self.effective(OTHER), before)
        self.assertEqual(self.model_info(OTHER)["Origin"], "custom")
        self.undo(restored)
        self.fails("NoSuchModel", self.mappings, OTHER)
        self.assert_intact()

    def test_retention_keeps_what_can_be_undone(self):
        self.import_file(Coach(), OTHER)
        removed = self.call("RemoveModel", OTHER, "")
        self.call("SetRetention", {"changes": GLib.Variant("u", 2), "days": GLib.Variant("u", 0)})
        self.undo(removed)
        self.assertIn(CEILING, self.mappings(OTHER))


class BadFileTest(FileTest):
    """Each is one error that says what and where, and leaves all as it was."""

    bench_per_test = False

    NEST = "[" * 100 + "]" * 100
    BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
    )
    CASES = {
        "empty": (b"", "InvalidFile", r"empty"),
        "binary": (b"\x00\x01\x02\xff" * 100, "InvalidFile", r"text"),
        "an ELF program": (b"\x7fELF\x02\x01\x01" + bytes(100), "InvalidFile", r"text"),
        "UTF-16": ("\ufeffa: b\n".encode("utf-16-le"), "InvalidFile", r"UTF-16.*UTF-8"),
        "UTF-16 big": ("\ufeffa: b\n".encode("utf-16-be"), "InvalidFile", r"UTF-16.*UTF-8"),
        "Latin-1": ("areas: {a: {name: K\u00fcche}}\n".encode("latin-1"), "InvalidFile", r"line 1, column \d+.*UTF-8"),
        "a tab": (b"a:\n\tb: 1\n", "InvalidFile", r"line 2, column \d+.*[Tt]ab"),
        "a key twice": (b"areas:\n  a: {b: 1}\n  a: {b: 2}\n", "InvalidFile", r"line 3, column 3"),
        "an unknown alias": (b"areas: {a: *nobody}\n", "InvalidFile", r"line 1, column 12"),
        "a cyclic alias": (b"areas: &a {a: *a}\n", "InvalidFile", r"line 1, column \d+"),
        "a bomb": (BOMB.encode(), "TooLarge", r"line \d+, column \d+"),
        "nesting": (f"a: {NEST}".encode(), "TooLarge", r"line 1, column \d+"),
        "a merged scalar": (b"areas:\n  a: {<<: text}\n", "InvalidFile", r"line 2, column \d+"),
        "a DGN too large": (b"2FEDA:\n  1: [{entity_id: a}]\n", "InvalidFile", r"line \d+, column \d+.*1FFFF"),
        "instance 256": (b"1FEDA:\n  256: [{entity_id: a}]\n", "InvalidFile", r"line 2, column \d+.*255"),
        "instance -1": (b"1FEDA:\n  -1: [{entity_id: a}]\n", "InvalidFile", r"line 2, column \d+.*255"),
        "no entity_id": (b"1FEDA:\n  1:\n    - {device_type: light}\n", "InvalidFile", r"line 3, column 7.*entity_id"),
        "two types": (
            b"1FEDA:\n  1: [{entity_id: a, device_type: light}]\n  2: [{entity_id: a, device_type: lock}]\n",
            "InvalidFile",
            r"line 3, column \d+.*device_type",
        ),
        "a list for a map": (b"- a\n- b\n", "InvalidFile", r"line 1, column 1"),
        "a list of instances": (b"1FEDA: [{entity_id: a}]\n", "InvalidFile", r"line 1, column \d+"),
        "broken JSON": (b'{"a": {"b": 1},\n "c": }\n', "InvalidFile", r"line 2, column \d+"),
        "edits of a later format": (
            b"coachiq_edits: {format: 99, model: x, version: '1', content_hash: '', revision: 1}\nedits: []\n",
            "InvalidFile",
            r"line 1, column \d+",
        ),
        "edits that are none": (
            json.dumps({**EMPTY_EDITS, "edits": [{"path": "x"}]}).encode(),
            "InvalidFile",
            r"line 1, column \d+",
        ),
    }

    def test_content(self):
        for what, (content, name, text) in self.CASES.items():
            with self.subTest(what=what):
                called = "bad.json" if "JSON" in what else "bad.txt"
                error = self.fails_unchanged(name, self.import_file, content, OTHER, name=called)
                self.assertTrue(error.message.startswith(f"{called}: "), error.message)
                self.assertRegex(error.message, text)
        with self.subTest(what="huge"):
            descriptor = self.memfd(b"a: b\n")
            os.ftruncate(descriptor, SIZE_MAX + 1)
            self.fails_unchanged("TooLarge", self.import_file, descriptor, OTHER, text=f"{SIZE_MAX + 1} bytes")

    def test_what_is_no_harm(self):
        for what, content in (
            ("a byte order mark", b"\xef\xbb\xbf" + SMALL),
            ("CRLF", SMALL.replace(b"\n", b"\r\n")),
            ("as large as may be", SMALL + b"#" * (SIZE_MAX - len(SMALL))),
        ):
            with self.subTest(what=what):
                self.import_file(content, OTHER)
                self.assertEqual(self.get(OTHER, "devices/a")["device_type"], "light")


class BadDescriptorTest(FileTest):
    bench_options = {"peer": True}
    bench_per_test = False

    def refused(self, descriptor, text, name="InvalidFile", close=True):
        for client in (self.client, self.peer()):
            error = self.fails_unchanged(name, self.import_file, descriptor, OTHER, client=client, name="the.yml")
            self.assertRegex(error.message, r"^the\.yml " + text)
            self.fails_unchanged(name, self.preview, client=client, file=0, descriptors=[descriptor], text=text)
        if close:
            os.close(descriptor)

    def test_kinds(self):
        self.call("Import", MODEL)
        fifo = self.bench.path("fifo")
        os.mkfifo(fifo)
        writer = os.open(fifo, os.O_RDWR)
        self.refused(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "is a pipe or a FIFO")
        os.close(writer)
        self.refused(os.open(self.bench.directory, os.O_RDONLY), "is a directory")
        left, right = socket.socketpair()
        self.refused(left.detach(), "is a socket")
        right.close()
        self.refused(os.open("/dev/zero", os.O_RDONLY), "is a device")
        self.refused(os.open("/dev/null", os.O_RDONLY), "is a device")
        self.refused(os.open(os.path.abspath(__file__), os.O_PATH), r"was opened as a place only \(O_PATH\)")
        path = self.bench.path("writable")
        self.refused(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "was opened for writing only")
        self.refused(os.eventfd(0), "is no file")
        master, slave = os.openpty()
        self.refused(slave, "is a device")
        os.close(master)

    def test_sizes(self):
        self.call("Import", MODEL)
        descriptor = self.memfd(b"")
        os.ftruncate(descriptor, 1 << 40)
        self.refused(descriptor, f"has {1 << 40} bytes", "TooLarge", close=False)
        descriptor = self.memfd(b"")
        os.ftruncate(descriptor, SIZE_MAX + 1)
        self.refused(descriptor, f"has {SIZE_MAX + 1} bytes", "TooLarge", close=False)
        self.refused(os.open("/proc/self/status", os.O_RDONLY), "became longer")

    def test_offset_does_not_matter(self):
        descriptor = self.memfd(SMALL)
        os.lseek(descriptor, 7, os.SEEK_SET)
        self.import_file(descriptor, OTHER)
        self.assertEqual(os.lseek(descriptor, 0, os.SEEK_CUR), 7)
        self.call("RemoveModel", OTHER, "")

    def test_size_that_moves(self):
        """A file that is written to meanwhile is taken whole, or refused; never in part."""
        self.import_file(SMALL, OTHER)
        whole = self.export(OTHER, format="json")
        descriptor = self.memfd(SMALL + b"#" * (1 << 20))
        stop = threading.Event()

        def move():
            while not stop.is_set():
                os.ftruncate(descriptor, 100)
                os.ftruncate(descriptor, 1 << 20)

        mover = threading.Thread(target=move)
        mover.start()
        try:
            for _ in range(20):
                try:
                    self.import_file(descriptor, OTHER)
                    self.assertEqual(self.export(OTHER, format="json"), whole)
                except BusError as error:
                    self.check_error(error, "InvalidFile")
        finally:
            stop.set()
            mover.join()
        self.call("RemoveModel", OTHER, "")

    def test_callers_that_leave(self):
        """Descriptors of calls whose caller goes at once leave nothing behind."""
        pid = self.bench.daemon.pid
        self.import_file(SMALL, OTHER)
        before = len(os.listdir(f"/proc/{pid}/fd"))
        for i in range(10 if SHORT else 100):
            client = self.peer() if i % 2 == 0 else self.bench.connect()
            client.begin("ImportFile", 0, OTHER, descriptors=[self.memfd(SMALL + b"#" * (1 << 16))])
            client.close()
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before, "all descriptors are closed")
        self.call("RemoveModel", OTHER, "")


class GreedyTest(FileTest):
    def test_others_come_between(self):
        """What is in large files takes its time; everybody else is served after each of them."""
        self.call("Import", MODEL)
        large = b"".join(b"s%d: {a: {b: %d}}\n" % (i, i) for i in range(4000 if SHORT else 40000))
        descriptor, greedy = self.memfd(large), self.bench.connect()
        pending = [greedy.begin("PreviewUpdate", MODEL, file=0, descriptors=[descriptor]) for _ in range(8)]
        wait_until(lambda: any(call.done for call in pending), "the first was looked at")
        self.assertEqual(self.get(MODEL, CEILING)["entity_id"], "bedroom_ceiling_light")
        self.assertFalse(all(call.done for call in pending))
        for call in pending:
            self.assertEqual(call.result()[1], "blocked")


class StuckTest(FileTest):
    """A file that is never read to its end."""

    bench_options = {"peer": True}

    def setUp(self):
        super().setUp()
        folder = self.bench.path("stuck")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        try:
            self.stuck = StuckFs(folder)
        except OSError as error:
            raise unittest.SkipTest(f"no file system can be mounted: {error}") from error
        self.addCleanup(self.stuck.close)

    def begin(self, client):
        descriptor = os.open(self.stuck.path, os.O_RDONLY)
        pending = client.begin("ImportFile", 0, OTHER, descriptors=[descriptor])
        os.close(descriptor)
        wait_until(self.stuck.reading.is_set, "somebody reads")
        return pending

    def test_others_are_served(self):
        pending = self.begin(self.client)
        self.assertEqual(self.get(MODEL, CEILING)["entity_id"], "bedroom_ceiling_light")
        self.import_file(Coach(), OTHER, client=self.peer())
        self.set(MODEL, CEILING, "/friendly_name", "x")
        self.assertFalse(pending.done)
        self.stuck.close()
        self.check_error(pending.error(), "InvalidFile", text="cannot be read")

    def test_caller_leaves(self):
        leaver = self.bench.connect()
        self.begin(leaver)
        leaver.close()
        self.client.ping()
        self.import_file(Coach(), OTHER)

    def test_one_user_keeps_only_himself_waiting(self):
        folder = self.bench.path("stuck")
        caller = self.as_user(ALLOWED)
        path = self.bench.path("coach.yml")
        with open(path, "wb") as file:
            file.write(SMALL)
        stuck = [caller.begin("ImportFile", 0, OTHER, files=[os.path.join(folder, "file")]) for _ in range(16)]
        error = caller.begin("ImportFile", 0, OTHER, files=[path]).error()
        self.check_error(error, "LimitsExceeded")
        self.import_file(SMALL, "2018_Other")
        self.assertFalse(any(pending.done for pending in stuck))

    def test_it_is_work(self):
        """The daemon does not leave while somebody waits for a file."""
        self.bench.stop()
        self.bench.idle_exit = 0.2
        self.bench.start()
        pending = self.begin(self.client)
        pid = self.bench.daemon.pid
        time.sleep(1)
        self.assertFalse(pending.done)
        self.assertEqual(self.client.owner_pid(), pid)
        self.stuck.close()
        self.check_error(pending.error(), "InvalidFile")
        self.assertEqual(self.bench.daemon.wait(), 0)

    def test_told_to_stop(self):
        pending = self.begin(self.client)
        pid = self.bench.daemon.pid
        os.kill(pid, signal.SIGTERM)
        self.check_error(pending.error(), "org.freedesktop.DBus.Error.Failed", text="stopping")
        wait_until(lambda: not self.client.has_owner(), "the name is free")
        # Another can start on the same state, though the kernel lets go of the thread only with its file system.
        self.assertIn("config.db", os.listdir(self.bench.state))
        self.stuck.close()
        wait_until(lambda: self.bench.daemon.poll() is not None, "the daemon has left")
        self.bench.start()
        self.assertEqual(self.client.property("Health"), "ok")


class PolkitTest(FileTest):
    """Who may, and what they are asked."""

    needs_polkit = True
    over_socket = False

    @classmethod
    def make_bench(cls, **options):
        return super().make_bench(peer=cls.over_socket, **options)

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.import_file(Coach(), OTHER)
        self.coach = self.share_file("newer.yml", second(Coach()).text())
        self.edits = self.share_file("edits.json", edits_file((CEILING, "/friendly_name", "x")))
        # Method, arguments, options, files, the action, and what is asked about.
        self.writes = (
            ("ImportFile", (0, "2018_New"), {"name": "new.yml"}, [self.coach], "import", ("2018_New", '2.0.0, "new.yml"')),
            ("ImportFile", (0, MODEL), {}, [self.coach], "import", (MODEL, "1.0.0 → 2.0.0")),
            ("ImportFile", (0, ""), {"name": "e.json"}, [self.edits], "edit", (MODEL, f'{CEILING}, by "e.json"')),
            ("RemoveModel", (OTHER, ""), {}, [], "remove", (OTHER, "1.0.0")),
        )

    def share_file(self, name, text):
        path = self.bench.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def caller(self, user):
        caller = self.as_user(user, self.over_socket)
        caller.call("ListModels")  # see peer()
        return caller

    def test_allowed(self):
        caller = self.caller(ALLOWED)
        for method, arguments, options, files, action, (model, subject) in self.writes:
            with self.subTest(method=method, action=action):
                caller.call(method, *arguments, files=files, **options)
                self.assertEqual(
                    self.bench.checks()[-1], (f"org.coachiq.config1.{action}", ALLOWED, model, subject, method)
                )
                self.assertEqual(self.changes(limit=1)[0]["User"], ALLOWED)

    def test_apply_with_a_file_is_an_import(self):
        caller = self.caller(ALLOWED)
        token = caller.call("PreviewUpdate", MODEL, file=0, files=[self.coach])[0]
        caller.call("ApplyUpdate", MODEL, token, [], "", file=0, files=[self.coach])
        self.assertEqual(self.bench.checks()[-1][0], "org.coachiq.config1.import")

    def test_denied(self):
        caller = self.caller(DENIED)
        for method, arguments, options, files, *_ in self.writes:
            with self.subTest(method=method):
                self.fails_unchanged("AccessDenied", caller.call, method, *arguments, files=files, **options)

    def test_challenge(self):
        caller = self.caller(ORDINARY)
        for method, arguments, options, files, *_ in self.writes:
            with self.subTest(method=method):
                self.fails_unchanged(
                    "InteractiveAuthorizationRequired", caller.call, method, *arguments, files=files, **options
                )

    def test_read_once(self):
        """What was looked at is what is brought in, whoever writes to the file during the prompt."""
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        path = self.share_file("moving.yml", Coach("7.0.0").text())
        pending = caller.begin("ImportFile", 0, "2018_New", files=[path], interactive=True)
        prompt = agent.wait()[0]
        self.assertIn("7.0.0", prompt.message)
        self.assertIn("2018_New", prompt.message)
        self.share_file("moving.yml", Coach("8.0.0").text())
        prompt.allow()
        self.assertEqual(pending.result()[0], "2018_New")
        self.assertEqual(self.model_info("2018_New")["ImportedVersion"], "7.0.0")

    def test_caller_leaves_during_the_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        caller.begin("ImportFile", 0, "2018_New", files=[self.coach], interactive=True)
        prompt = agent.wait()[0]
        before = len(os.listdir(f"/proc/{self.bench.daemon.pid}/fd"))
        caller.leave()
        wait_until(lambda: prompt.cancelled, "the prompt is gone")
        wait_until(lambda: len(os.listdir(f"/proc/{self.bench.daemon.pid}/fd")) < before, "its file is closed")
        self.assertNotIn("2018_New", [m["Id"] for m in self.call("ListModels")])

    def test_what_is_kept_is_bounded(self):
        """Files of requests that wait for a person are memory of ours."""
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        path = self.share_file("large.yml", (SMALL + b"#" * (SIZE_MAX - len(SMALL))).decode())
        for number in range(4):
            caller.begin("ImportFile", 0, f"2018_{number}", files=[path], interactive=True)
            agent.wait(number + 1)
        error = caller.begin("ImportFile", 0, "2018_4", files=[path], interactive=True).error()
        self.check_error(error, "LimitsExceeded")
        self.import_file(SMALL, "2018_5")
        caller.leave()
        wait_until(lambda: all(prompt.cancelled for prompt in agent.prompts), "the prompts are gone")
        again = self.caller(ASKED)
        other = Agent(self.bench, again)
        pending = again.begin("ImportFile", 0, "2018_4", files=[path], interactive=True)
        other.wait()[0].allow()
        self.assertEqual(pending.result()[0], "2018_4")

    def test_large_files_are_for_those_who_may(self):
        """What takes the service seconds to read it reads for nobody who may not bring it in; others are asked once."""
        expanded = b"l: &l [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + b"".join(b"s%d: [*l, *l]\n" % i for i in range(10000))
        for what, content in (("text", SMALL + b"#" * (1 << 20)), ("values", SMALL + expanded)):
            path = self.share_file(f"{what}.yml", content.decode())
            for user, name in ((DENIED, "AccessDenied"), (ORDINARY, "InteractiveAuthorizationRequired")):
                caller = self.caller(user)
                for method, arguments in (("ImportFile", (0, f"2018_{what}")), ("PreviewUpdate", (MODEL,))):
                    with self.subTest(what=what, user=user, method=method):
                        options = {} if method == "ImportFile" else {"file": 0}
                        self.fails_unchanged(name, caller.call, method, *arguments, files=[path], **options)
            with self.subTest(what=what, user=ALLOWED):
                caller = self.caller(ALLOWED)
                before = len(self.bench.checks())
                caller.call("ImportFile", 0, f"2018_{what}", files=[path], name=f"{what}.yml")
                self.assertEqual(
                    self.bench.checks()[before:],
                    [("org.coachiq.config1.import", ALLOWED, "", f"{what}.yml", "ImportFile")],
                )
                self.assertEqual(self.changes(limit=1)[0]["User"], ALLOWED)
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        path = self.share_file("asked.yml", (Coach("7.0.0").text() + "#" * (1 << 20)))
        token = caller.begin("PreviewUpdate", MODEL, file=0, files=[path], interactive=True)
        agent.wait()[0].allow()
        pending = caller.begin("ApplyUpdate", MODEL, token.result()[0], [], "", file=0, files=[path], interactive=True)
        agent.wait(2)[1].allow()
        pending.result()
        self.assertEqual(self.model_info()["ImportedVersion"], "7.0.0")
        self.assertEqual(len(agent.prompts), 2)

    def test_large_edits_are_edits(self):
        """Who may import may not edit for that: beside the reading of a large file the edits are asked about."""
        path = self.share_file("large.json", edits_file((CEILING, "/friendly_name", "x")) + " " * (1 << 20))
        caller = self.caller(ALLOWED)
        before = len(self.bench.checks())
        caller.call("ImportFile", 0, "", files=[path], name="large.json")
        asked = [check[:2] for check in self.bench.checks()[before:]]
        self.assertEqual(asked, [(f"org.coachiq.config1.{action}", ALLOWED) for action in ("import", "edit")])
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        path = self.share_file("large.json", edits_file((CEILING, "/friendly_name", "y")) + " " * (1 << 20))
        revision = self.revision()
        pending = caller.begin("ImportFile", 0, "", files=[path], name="large.json", interactive=True)
        agent.wait()[0].allow()
        agent.wait(2)[1].dismiss()
        self.check_error(pending.error(), "AccessDenied")
        self.assertEqual(self.revision(), revision)

    def test_the_world_moves_during_the_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        pending = caller.begin(
            "ImportFile", 0, MODEL, files=[self.coach], interactive=True, expected_revision=self.revision()
        )
        prompt = agent.wait()[0]
        self.set(MODEL, CEILING, "/friendly_name", "Meanwhile")
        prompt.allow()
        self.check_error(pending.error(), "Conflict")
        self.assertEqual(self.model_info()["ImportedVersion"], "1.0.0")

    def test_nobody_is_asked_for_nothing(self):
        caller = self.caller(DENIED)
        same = self.share_file("same.yml", "# the same\n" + Coach().text())
        before = len(self.bench.checks())
        self.assertEqual(caller.call("ImportFile", 0, OTHER, files=[same]), (OTHER, self.revision()))
        caller.call("PreviewUpdate", MODEL, file=0, files=[self.coach])
        self.assertEqual(len(self.bench.checks()), before)


class PolkitPeerTest(PolkitTest):
    over_socket = True


class CrashTest(FileTest):
    def test_what_is_acknowledged_is_on_disk(self):
        """kill -9 right after each answer."""
        self.call("Import", MODEL)
        self.set(MODEL, CEILING, "/friendly_name", "Mine")
        edits = edits_file((PORCH, "/notes", "x"))
        steps = (
            lambda: self.import_file(Coach(), OTHER)[1],
            lambda: self.import_file(second(Coach()), MODEL)[1],
            lambda: self.import_file(edits)[1],
            lambda: self.call("RemoveModel", OTHER, ""),
            lambda: self.undo(self.revision()),
            lambda: self.call("RemoveModel", MODEL, ""),
            lambda: self.undo(self.revision()),
        )
        for number, step in enumerate(steps):
            change = step()
            self.bench.daemon.kill()
            wait_until(lambda: not self.client.has_owner(), "the name is free")
            self.bench.start()
            with self.subTest(step=number):
                self.assertEqual(self.revision(), change)
                self.assertEqual(self.client.property("Health"), "ok")
                self.assert_intact()
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Mine")
        self.assertEqual(self.field(MODEL, PORCH, "/notes"), "x")
        self.assertIn(CEILING, self.mappings(OTHER))


class DamageTest(FileTest):
    def test_what_came_from_files_is_made_again(self):
        """Without any backup: the damaged file has the coaches, and their history vouches for them."""
        self.import_file(Coach(), OTHER)
        self.set(OTHER, CEILING, "/friendly_name", "Mine")
        self.import_file(second(Coach()), OTHER)
        self.import_file(edits_file((PORCH, "/notes", "x"), model=OTHER))
        self.import_file(Coach(), "2018_Gone")
        removed = self.call("RemoveModel", "2018_Gone", "")
        before, revision = self.effective(OTHER), self.revision()
        self.bench.daemon.kill()
        wait_until(lambda: not self.client.has_owner(), "the name is free")
        for name in os.listdir(os.path.join(self.bench.state, "backups")):
            os.remove(os.path.join(self.bench.state, "backups", name))
        # What a reader would see is not what vendor and owner say.
        script = (
            "import os, sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1])\n"
            "connection.execute(\"UPDATE coach_mappings SET mapping_data = '{}' WHERE is_active\")\n"
            "connection.commit()\nos._exit(0)"
        )
        subprocess.run([sys.executable, "-c", script, self.bench.database], check=True)
        for suffix in ("-wal", "-shm"):
            os.chown(self.bench.database + suffix, *ids_of(SERVICE))
        self.bench.start()
        self.assertEqual(self.revision(), revision)
        self.assertRegex(self.client.property("Health"), f"{revision} changes made again")
        self.assertEqual(self.effective(OTHER), before)
        self.assertEqual(self.model_info(OTHER)["Origin"], "custom")
        self.undo(removed)
        self.assertIn(CEILING, self.mappings("2018_Gone"))
        self.assert_intact()


class RealTest(IntegrationTest):
    """Releases of a real coach file, as an owner has them."""

    bench_options = {"seeds": None}
    bench_per_test = True

    def setUp(self):
        super().setUp()
        if not os.path.isdir(REAL):
            raise unittest.SkipTest("there are no real coach files beside the source tree (../shared/data/real)")

    def open(self, name):
        descriptor = os.open(os.path.join(REAL, name), os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        return descriptor

    def test_previews_and_round_trips(self):
        names = sorted(n for n in os.listdir(REAL) if n.endswith(".yml"))
        self.assertTrue(names)
        self.call("Import", BUNDLED)
        for name in names:
            with self.subTest(name=name):
                # The default is another coach altogether.
                verdict = self.call(
                    "PreviewUpdate", BUNDLED, file=0, name=name, descriptors=[self.open(name)]
                )[1]
                self.assertIn(verdict, ("clean", "review", "blocked"))
                model, change = self.call(
                    "ImportFile", 0, "", name=name, descriptors=[self.open(name)], **{"allow-device-loss": True}
                )
                with open(os.path.join(REAL, name), encoding="utf-8") as file:
                    original = textual(yaml.safe_load(file))
                text = self.client.file("Export", model)[0].decode()
                self.assertEqual(
                    json.dumps(textual(yaml.safe_load(text)), sort_keys=True, default=str),
                    json.dumps(original, sort_keys=True, default=str),
                )
                self.assertEqual(self.call("ImportFile", 0, model, descriptors=[self.memory(text)]), (model, change))

    def memory(self, text):
        descriptor = os.memfd_create("test", os.MFD_CLOEXEC)
        self.addCleanup(os.close, descriptor)
        os.write(descriptor, text.encode())
        return descriptor

