# SPDX-License-Identifier: LGPL-2.1-or-later
"""MigrateLegacy: what a caller sends of an old installation, judged item by item and moved over in one change. What the
client gathers, and how it shows the report, is in test_migrate.py."""

import json
import os
import re
import unittest

import yaml
from harness import ALLOWED, ASKED, BUNDLED, DENIED, MODEL, ORDINARY, SOURCE_ROOT, Agent, wait_until
from releases import CEILING, PORCH, Coach, second
from test_files import FileTest, textual

REAL = os.path.join(SOURCE_ROOT, "..", "shared", "data", "real")
RELEASES = ("2025-05-13", "2025-06-06", "2025-06-08")
ACTION = "org.coachiq.config1.migrate"
# What a bus passes with a message.
DESCRIPTORS_MAX = 16
FILE_MAX = 8 * 1024 * 1024


def edited():
    """What an owner does to a coach file by hand."""
    coach = Coach()
    coach.devices["bedroom_ceiling_light"]["friendly_name"] = "Reading"
    coach.devices["porch_light"]["area"] = "interior"
    coach.remove("spare_light")
    coach.add("my_lamp", 90)
    return coach


class MigrateTest(FileTest):
    def files(self, items):
        """(name, text, bytes or a descriptor) → what is sent, and the descriptors to it."""
        names, descriptors = [], []
        for name, content in items:
            descriptor = content if isinstance(content, int) else self.memfd(content)
            names.append((name, len(descriptors)))
            descriptors.append(descriptor)
        return names, descriptors

    def send(self, *items, client=None, **options):
        names, descriptors = self.files(items)
        text, change = (client or self.client).call("MigrateLegacy", names, descriptors=descriptors, **options)
        return json.loads(text), change

    def migrate(self, *items, **options):
        """A migration after its dry run, which has to say the same and to leave all as it is."""
        before = self.revision()
        promised, judged = self.send(*items, dry_run=True)
        self.assertEqual((judged, self.revision()), (before, before))
        self.assertEqual((promised["dry_run"], promised["change"], promised["backup"]), (True, 0, None))
        report, change = self.send(*items, expected_revision=judged, **options)
        for key in ("items", "counts", "items_left_out"):
            self.assertEqual(report[key], promised[key])
        self.assertEqual(change, self.revision())
        self.assertEqual(report["change"], change if change > before else 0)
        self.assertEqual(report["backup"] is not None, change > before)
        self.check_schema(report)
        return report

    def check_schema(self, report):
        self.assertEqual(set(report), {
            "dry_run", "change", "backup", "active_model", "items", "items_left_out", "counts",
        })
        counts = dict.fromkeys(("taken", "present", "refused"), 0)
        for item in report["items"]:
            self.assertEqual(set(item) - {"value"}, {"source", "what", "model", "path", "field", "result", "reason"})
            self.assertIn(item["what"], ("coach", "edit", "patch", "name", "interface", "active-model", "file"))
            counts[item["result"]] += 1
            if item["result"] == "refused":
                self.assertTrue(item["reason"], item)
        self.assertEqual(report["counts"], counts)

    def results(self, report, what):
        """path and field → result, of the items of a kind."""
        return {i["path"] + i["field"]: i["result"] for i in report["items"] if i["what"] == what}

    def reason(self, report, what, place=""):
        (found,) = (i for i in report["items"] if i["what"] == what and i["path"] + i["field"] == place)
        return found["reason"]

    def check_serves(self, model, data):
        """An export has the data of the file; devices that share a place may stand in another order."""

        def ordered(file):
            return {
                section: {
                    key: sorted(value, key=json.dumps) if re.fullmatch(r"[0-9A-F]{5}", section) else value
                    for key, value in content.items()
                }
                if isinstance(content, dict)
                else content
                for section, content in textual(file).items()
            }

        self.assertEqual(ordered(yaml.safe_load(self.export(model))), ordered(data))


class OldInstallationTest(MigrateTest):
    def test_everything_at_once(self):
        watcher = self.bench.connect().watch()
        items = [
            (f"coach:/var/lib/coachiq/config/models/{MODEL.lower()}.yml", edited().text()),
            ("coach:/config/my van.yml", "_coach_info: {year: 2019}\n1FEDA: {7: [{entity_id: van, interface: can1}]}\n"),
            ("patches::/var/lib/coachiq/user/user_patches.json", json.dumps([
                {"op": "replace", "path": "/1FEDA/26/0/friendly_name", "value": "Mirror"},
                {"op": "replace", "path": "/1FEDB/26/0/friendly_name", "value": "Mirror"},
                {"op": "remove", "path": "/1FEDA/99"},
            ])),
            ("settings:environment", json.dumps({
                "interface_mappings": {"house": "can1", "chassis": "can0"}, "active_model": MODEL.upper(),
            })),
            ("settings:/var/lib/coachiq/user/coachiq.db", json.dumps({
                "display_names": {"light.sink_light": "Galley", "light.nothing": "Nothing"},
            })),
            ("problem:/var/lib/coachiq/reference/fifo.yml", json.dumps({"reason": "It is a FIFO."})),
        ]  # fmt: skip
        report = self.migrate(*items, reason="moving in")
        self.assertEqual(report["active_model"], MODEL)
        self.assertEqual(self.results(report, "edit"), {
            f"{CEILING}/friendly_name": "taken", f"{PORCH}/area": "taken", "devices/spare_light": "taken",
            "devices/my_lamp": "taken",
        })  # fmt: skip
        self.assertEqual(self.results(report, "patch"), {
            "devices/bedroom_vanity_light/friendly_name": "taken", "/1FEDA/99": "refused",
        })  # fmt: skip
        self.assertEqual(self.results(report, "name"), {
            "devices/sink_light/friendly_name": "taken", "devices/nothing/friendly_name": "refused",
        })  # fmt: skip
        self.assertEqual(self.results(report, "interface"), {"house": "taken", "chassis": "taken"})
        self.assertEqual(self.results(report, "active-model"), {"": "taken"})
        self.assertEqual(self.results(report, "file"), {"": "refused"})

        served = edited()
        served.devices["bedroom_vanity_light"]["friendly_name"] = "Mirror"
        served.devices["sink_light"]["friendly_name"] = "Galley"
        self.check_serves(MODEL, json.loads(served.text()))
        self.assertEqual(self.field("my_van", "devices/van", "/interface"), "house")

        (change,) = (c for c in self.changes() if c["Change"] == report["change"])
        self.assertEqual((change["Kind"], change["Model"], change["Reason"]), ("migration", "", "moving in"))
        detail = json.loads(change["Detail"])
        self.assertEqual((detail["counts"], detail["models"]), (report["counts"], [MODEL, "my_van"]))
        self.assertIn(report["backup"], [b["Id"] for b in self.call("ListBackups")])
        self.assertEqual(self.client.property("Interfaces"), {"house": "can1", "chassis": "can0"})
        imported = [s.arguments for s in watcher.signals("ModelImported")]
        self.assertEqual([(m, c) for m, _, c in imported], [(MODEL, report["change"]), ("my_van", report["change"])])
        self.assert_fresh()
        self.assert_intact()

        # Again: nothing to do, nobody asked; what was refused is refused again.
        again = self.migrate(*items)
        self.assertEqual((again["change"], again["counts"]["taken"]), (0, 0))
        self.assertEqual(again["counts"]["refused"], report["counts"]["refused"])
        self.assertEqual(watcher.signals(), [])

        # And all back, in one.
        before = self.revision()
        undone = self.call("UndoChange", report["change"], "no")
        self.assertEqual(undone, before + 1)
        self.assertEqual([m["Id"] for m in self.call("ListModels") if m["Imported"]], [])
        self.assertEqual((self.client.property("ActiveModel"), self.client.property("Interfaces")), ("", {}))
        self.assert_intact()
        self.assertEqual(self.migrate(*items)["counts"], report["counts"])

    def test_restored_backup_lets_it_in_again(self):
        self.set(MODEL, PORCH, "/notes", "mine")
        items = [(f"coach:/config/{MODEL}.yml", edited().text())]
        report = self.migrate(*items)
        self.assertEqual(report["counts"], {"taken": 4, "present": 1, "refused": 0})
        self.call("RestoreBackup", report["backup"], "")
        self.assertEqual(self.field(MODEL, CEILING, "/friendly_name"), "Bedroom Ceiling Light")
        self.assertEqual(self.migrate(*items)["counts"], report["counts"])
        self.assertEqual(self.field(MODEL, PORCH, "/notes"), "mine")
        self.assert_intact()

    def test_newer_release_in_the_service(self):
        """The bundled release is newer than what the old installation has, and the owner is on it already."""
        self.call("Import", MODEL)
        self.update(second(Coach()))
        self.set(MODEL, PORCH, "/area", "exterior")
        items = [(f"coach:/config/{MODEL}.yml", edited().text())]
        report = self.migrate(*items)
        self.assertEqual(self.results(report, "edit"), {
            f"{CEILING}/friendly_name": "taken", f"{PORCH}/area": "refused", "devices/spare_light": "taken",
            "devices/my_lamp": "taken",
        })  # fmt: skip
        self.assertIn("root, in change", self.reason(report, "edit", f"{PORCH}/area"))
        self.assertEqual(self.model_info()["ImportedVersion"], "2.0.0")
        self.assertEqual(self.field(MODEL, CEILING, "/brightness_levels"), 255)
        self.assertEqual(self.migrate(*items)["change"], 0)

    def test_older_release_is_offered_the_bundled(self):
        """A read has imported what ships; the old installation follows the release before it."""
        self.release(second(Coach()))
        self.call("GetMappings", MODEL)
        report = self.migrate(
            (f"coach:/var/lib/coachiq/config/models/{MODEL}.yml", edited().text()),
            (f"reference:/var/lib/coachiq/reference/models/{MODEL}.yml", Coach().text()),
        )
        info = self.model_info()
        self.assertEqual((info["ImportedVersion"], info["UpdateAvailable"]), ("1.0.0", True))
        self.check_serves(MODEL, json.loads(edited().text()))
        self.assertEqual(self.call("CheckForUpdates", MODEL), (True, "1.0.0", "2.0.0"))
        preview = self.preview()
        self.assertEqual(preview.counts.get("kept", 0) + preview.counts.get("conflict", 0) > 0, True)
        self.call("UndoChange", report["change"], "")
        self.assertEqual(self.model_info()["ImportedVersion"], "2.0.0")

    def test_survives_a_kill(self):
        for _ in range(3):
            report = self.migrate((f"coach:/config/{MODEL}.yml", edited().text()))
            self.bench.daemon.kill()
            wait_until(lambda: not self.client.has_owner(), "the name is free")
            self.bench.start()
            self.check_serves(MODEL, json.loads(edited().text()))
            self.assertEqual(self.revision(), report["change"])
            self.assert_intact()
            self.call("UndoChange", report["change"], "")

    def test_nothing(self):
        report, change = self.send()
        self.assertEqual((report["items"], report["change"], change), ([], 0, self.revision()))


class BadTest(MigrateTest):
    def test_descriptors(self):
        directory = os.open("/", os.O_RDONLY)
        read, write = os.pipe()
        writable = os.open(self.bench.path("out.yml"), os.O_WRONLY | os.O_CREAT)
        for descriptor in (directory, read, writable):
            self.addCleanup(os.close, descriptor)
            self.fails_unchanged("InvalidFile", self.send, ("coach:/x.yml", descriptor))
        os.close(write)
        self.fails_unchanged("TooLarge", self.send, ("coach:/x.yml", b" " * (FILE_MAX + 1)))
        self.fails_unchanged(("TooLarge", "LimitsExceeded"), self.send, *[("coach:/x.yml", b" " * FILE_MAX)] * 3)

    def test_calls(self):
        fails = self.fails_unchanged
        for name in ("", "coach", "coach/x", "other:/x"):
            fails("InvalidArgs", self.send, (name, "a: 1"))
        for pack in ("x", "x\n", "{}\n", '{"name": "coach:a", "length": 9}\nx', '{"name": "pack:", "length": 0}\n'):
            fails("InvalidFile", self.send, ("pack:", pack))
        fails("InvalidArgs", self.send, ("coach:/x.yml", "a: 1"), unknown=True)
        fails("TooLarge", self.send, ("coach:/x.yml", "a: 1"), reason="x" * 1025)
        fails("Conflict", self.send, ("coach:/x.yml", "a: 1"), expected_revision=self.revision() + 1)
        many = "".join('{"name": "problem:x", "length": 2}\n{}' for _ in range(2001))
        fails("TooLarge", self.send, ("pack:", many))

    def test_contents(self):
        """Each is one refusal that says where; the good one among them is taken."""
        bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
        )
        bad = {
            "empty.yml": "", "binary.yml": b"\x00\x01\x02", "utf16.yml": "a: 1".encode("utf-16"), "list.yml": "- 1\n",
            "tabs.yml": "a:\n\tb: 1\n", "twice.yml": "a: 1\na: 2\n", "alias.yml": "a: *b\n", "cycle.yml": "a: &a [*a]\n",
            "bomb.yml": bomb, "merge.yml": "a: {<<: 5}\n", "dgn.yml": "3FEDA: {1: [{entity_id: x}]}\n",
            "instance.yml": "1FEDA: {256: [{entity_id: x}]}\n", "minus.yml": "1FEDA: {-1: [{entity_id: x}]}\n",
            "device.yml": "1FEDA: {1: [{friendly_name: x}]}\n", "map.yml": "1FEDA: [1]\n", "json.json": "{a: 1}",
            "types.yml": "1FEDA: {1: [{entity_id: x, device_type: a}]}\n1FEDB: {1: [{entity_id: x, device_type: b}]}\n",
        }  # fmt: skip
        items = [(f"coach:/config/{name}", text) for name, text in bad.items()]
        packed = b"".join(
            json.dumps({"name": name, "length": len(content)}).encode() + b"\n" + content
            for name, content in ((n, t.encode() if isinstance(t, str) else t) for n, t in items)
        )
        report = self.migrate(("pack:", packed), ("coach:/config/good.yml", "\ufeffareas: {a: {n: 1}}\r\n"))
        self.assertEqual(report["counts"], {"taken": 1, "present": 0, "refused": len(bad)})
        for item in report["items"]:
            with self.subTest(source=item["source"]):
                if item["result"] == "refused":
                    self.assertRegex(item["reason"], r"line \d+|text|encod|UTF")
        self.assertEqual(self.get("good", "areas/a"), {"n": 1})

    def test_hostile_texts(self):
        """Names that would mislead who reads them, or fill the log."""
        name = "/config/\x1b[31m\u202e\n" + "x" * 100_000
        report = self.migrate(
            (f"coach:{name}", "a: 1"), (f"problem:{name}", json.dumps({"reason": name})), (f"settings:{name}", "[]"),
            (f"patches:{'m' * 5000}:{name}", '[{"op": "remove", "path": "/\\u001b\\n"}]'),
        )  # fmt: skip
        self.assertEqual(report["counts"]["refused"], 4)
        for item in report["items"]:
            self.assertLess(len(item["source"]), 5000)
            self.assertNotRegex(item["source"] + item["reason"] + item["field"], "[\x00-\x1f\u202e]")
        self.assertNotIn("\x1b", self.bench.log()[self._log_start :])

    def test_growth_by_patches(self):
        """Copies of copies, and deeper and deeper: refused before they cost more than they may."""
        double = [{"op": "copy", "from": "/areas", "path": f"/areas/interior/c{i}"} for i in range(60)]
        deep = [{"op": "copy", "from": "/areas", "path": "/areas/interior/d" + "/interior/d" * i} for i in range(60)]
        add = [{"op": "add", "path": f"/areas/n{i}", "value": {"v": "x" * 50_000}} for i in range(100)]
        for patches in (double, deep, add):
            report = self.migrate((f"coach:/config/{MODEL}.yml", Coach().text()), ("patches::/p.json", json.dumps(patches)))
            reasons = {i["reason"] for i in report["items"] if i["what"] == "patch" and i["result"] == "refused"}
            self.assertTrue(any("too large or too deep" in reason for reason in reasons), reasons)
            self.call("UndoChange", report["change"], "")
        self.assertEqual(self.client.property("Health"), "ok")

    def test_all_patches_bad(self):
        """Each leaves no coach file: halving finds them, or gives up, and the rest of the migration counts."""
        patches = [{"op": "remove", "path": f"/1FEDA/{25 + i % 10}/0/entity_id"} for i in range(999)]
        patches.append({"op": "add", "path": "/areas/mine", "value": {"display_name": "Mine"}})
        report = self.migrate((f"coach:/config/{MODEL}.yml", edited().text()), ("patches::/p.json", json.dumps(patches)))
        self.assertEqual(self.results(report, "edit")[f"{CEILING}/friendly_name"], "taken")
        patched = [i for i in report["items"] if i["what"] == "patch"]
        self.assertEqual(len(patched), 1000)
        self.assertEqual({i["result"] for i in patched[:999]}, {"refused"})

    def test_too_many(self):
        names = {f"light.x{i}": "x" for i in range(3000)}
        interfaces = {f"i{i}": "can0" for i in range(1000)}
        patches = [{"op": "remove", "path": "/x"}] * 1001
        report = self.migrate(
            (f"coach:/config/{MODEL}.yml", Coach().text()), ("patches::/p.json", json.dumps(patches)),
            ("settings:a", json.dumps({"display_names": names})),
            ("settings:b", json.dumps({"interface_mappings": interfaces})),
        )  # fmt: skip
        self.assertIn("more than 1000 patches", self.reason(report, "file"))
        self.assertIn("at most 2000", self.reason(report, "name"))
        self.assertIn("at most 256", self.reason(report, "interface"))


class WhoMayTest(MigrateTest):
    needs_polkit = True

    def files_of(self, *items):
        """Paths, for a caller in another process."""
        names, paths = [], []
        for i, (name, text) in enumerate(items):
            path = self.bench.path(f"old-{i}")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644)
            names.append((name, len(paths)))
            paths.append(path)
        return names, paths

    def setUp(self):
        super().setUp()
        self.names, self.paths = self.files_of((f"coach:/config/{MODEL}.yml", edited().text()))

    def test_allowed(self):
        report, change = self.as_user(ALLOWED).call("MigrateLegacy", self.names, files=self.paths)
        self.assertEqual((change, json.loads(report)["change"]), (self.revision(), self.revision()))
        check = self.bench.checks()[-1]
        self.assertEqual(check[:2], (ACTION, ALLOWED))
        self.assertEqual(check[3], "an old installation: 1 coach, 4 edits, 0 settings")
        self.assertEqual(self.changes()[0]["User"], ALLOWED)
        # A second run asks nobody.
        checks = len(self.bench.checks())
        report, again = self.as_user(DENIED).call("MigrateLegacy", self.names, files=self.paths)
        self.assertEqual((again, json.loads(report)["change"]), (change, 0))
        self.assertEqual(len(self.bench.checks()), checks)

    def test_denied(self):
        before = self.revision()
        for user, error in ((DENIED, "AccessDenied"), (ORDINARY, "InteractiveAuthorizationRequired")):
            self.fails(error, self.as_user(user).call, "MigrateLegacy", self.names, files=self.paths)
        self.assertEqual(self.revision(), before)
        self.assertEqual(self.call("ListBackups"), [])

    def test_dry_run_asks_nobody(self):
        before, checks = self.revision(), len(self.bench.checks())
        report, change = self.as_user(DENIED).call("MigrateLegacy", self.names, files=self.paths, dry_run=True)
        self.assertEqual((json.loads(report)["counts"]["taken"], change), (5, before))
        self.assertEqual((len(self.bench.checks()), self.revision()), (checks, before))

    def test_large_ones_are_for_those_who_may(self):
        """What takes the service seconds is judged for nobody who may not migrate, dry run or not; others are asked once."""
        values = "l: &l [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(f"s{i}: [*l, *l]\n" for i in range(10000))
        some_values = "".join(values.splitlines(keepends=True)[:1200])
        patches = [{"op": "remove", "path": f"/areas/n{i}"} for i in range(201)]
        edited_coach = (f"coach:/config/{MODEL}.yml", edited().text())
        for what, items in {
            "bytes": [(edited_coach[0], edited_coach[1] + "#" * (1 << 20))],
            "items": [edited_coach] + [("pack:", '{"name": "problem:x", "length": 2}\n{}' * 200)],
            "patches": [edited_coach, ("patches::/p.json", json.dumps(patches))],
            "values": [edited_coach, ("coach:/config/other.yml", values)],
            "values of several": [edited_coach] + [(f"coach:/config/o{i}.yml", some_values) for i in range(3)],
        }.items():
            names, paths = self.files_of(*items)
            for dry_run in (True, False):
                for user, error in ((DENIED, "AccessDenied"), (ORDINARY, "InteractiveAuthorizationRequired")):
                    with self.subTest(what=what, user=user, dry_run=dry_run):
                        call = self.as_user(user).call
                        self.fails_unchanged(error, call, "MigrateLegacy", names, files=paths, dry_run=dry_run)
            with self.subTest(what=what, user=ALLOWED):
                checks = len(self.bench.checks())
                report, change = self.as_user(ALLOWED).call("MigrateLegacy", names, files=paths)
                asked = [check[:2] + check[3:4] for check in self.bench.checks()[checks:]]
                self.assertEqual(asked, [(ACTION, ALLOWED, "a large old installation")])
                self.assertEqual(self.results(json.loads(report), "edit")[f"{CEILING}/friendly_name"], "taken")
                self.call("UndoChange", change, "")

    def test_prompt(self):
        caller = self.as_user(ASKED)
        agent = Agent(self.bench, caller)
        call = caller.begin("MigrateLegacy", self.names, files=self.paths, interactive=True)
        prompt = agent.wait()[0]
        self.assertEqual(prompt.action, ACTION)
        self.assertIn("an old installation: 1 coach, 4 edits, 0 settings", prompt.message)
        # What was looked at is what is taken, whoever writes to the file meanwhile.
        with open(self.paths[0], "w", encoding="utf-8") as file:
            file.write("a: 1\n")
        prompt.allow()
        report, _ = call.result()
        self.assertEqual(json.loads(report)["counts"]["taken"], 5)
        self.check_serves(MODEL, json.loads(edited().text()))


class RealTest(MigrateTest):
    """The files that owners have on disk, at the old places: as they are, and edited by hand."""

    @classmethod
    def setUpClass(cls):
        if not os.path.isdir(REAL):
            raise unittest.SkipTest("there are no real coach files beside the source tree (../shared/data/real)")
        super().setUpClass()

    def real(self, release):
        with open(os.path.join(REAL, f"{BUNDLED}.{release}.yml"), encoding="utf-8") as file:
            return file.read()

    def edited(self, release):
        """Names, areas and a device by hand, as text: comments and anchors stay."""
        text = self.real(release)
        names = re.findall(r"friendly_name: .*", text)
        for name in names[:3]:
            text = text.replace(name + "\n", 'friendly_name: "By Hand"\n')
        return text + '\n1FFF7:\n  7:\n    - entity_id: my_own_pump\n      friendly_name: Pump\n      device_type: switch\n'

    def test_as_they_are(self):
        for release in RELEASES:
            with self.subTest(release=release):
                text = self.real(release)
                items = [(f"coach:/config/{BUNDLED.lower()}.yml", text)]
                report = self.migrate(*items)
                self.check_serves(BUNDLED, yaml.safe_load(text))
                self.assertEqual(self.results(report, "edit"), {})
                self.assertEqual(self.migrate(*items)["change"], 0)
                self.call("UndoChange", report["change"], "")

    def test_edited_with_the_reference(self):
        for release in RELEASES:
            with self.subTest(release=release):
                text = self.edited(release)
                items = [
                    (f"coach:/var/lib/coachiq/config/models/{BUNDLED}.yml", text),
                    (f"reference:/var/lib/coachiq/reference/{BUNDLED.lower()}.yml", self.real(release)),
                ]
                report = self.migrate(*items)
                self.check_serves(BUNDLED, yaml.safe_load(text))
                edits = self.results(report, "edit")
                self.assertEqual(set(edits.values()), {"taken"})
                self.assertEqual(edits["devices/my_own_pump"], "taken")
                self.assertLess(len(edits), 12)
                vendor = [
                    json.loads(self.call("Explain", BUNDLED, path.rpartition("/friendly_name")[0]))
                    for path in edits if path.endswith("/friendly_name") and "bindings" not in path
                ]  # fmt: skip
                self.assertGreater(len(vendor), 0)
                self.assertTrue(self.call("CheckForUpdates", BUNDLED)[0])
                self.assertEqual(self.migrate(*items)["change"], 0)
                self.call("UndoChange", report["change"], "")

    def test_edited_without_the_reference(self):
        """No release is known that it follows: it is taken as it is, as one of its own."""
        for release in RELEASES:
            with self.subTest(release=release):
                text = self.edited(release)
                items = [(f"coach:/config/{BUNDLED}.yml", text)]
                report = self.migrate(*items)
                self.check_serves(BUNDLED, yaml.safe_load(text))
                self.assertIn("a coach of its own", self.reason(report, "coach"))
                self.assertEqual(self.migrate(*items)["change"], 0)
                self.call("UndoChange", report["change"], "")

    def test_after_the_release_was_there(self):
        """The release that the copy follows is known from before: in the database."""
        for release in RELEASES:
            with self.subTest(release=release):
                self.import_file(self.real(release), BUNDLED, allow_device_loss=True)
                text = self.edited(release)
                report = self.migrate((f"coach:/config/{BUNDLED}.yml", text))
                self.assertIn("an edited copy of release", self.reason(report, "coach"))
                self.check_serves(BUNDLED, yaml.safe_load(text))
                self.call("UndoChange", report["change"], "")

