# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coach files of the tests' own, release after release: written where a daemon in development mode reads them."""

import collections
import copy
import json
import os
import sqlite3

from harness import MODEL, IntegrationTest

CEILING = "devices/bedroom_ceiling_light"
VANITY = "devices/bedroom_vanity_light"
PORCH = "devices/porch_light"
CARGO = "devices/cargo_light"
SINK = "devices/sink_light"
DINETTE = "devices/dinette_light"
SPARE = "devices/spare_light"
LOCK = "devices/entrance_lock"
OWN = "devices/my_lamp"

Preview = collections.namedtuple("Preview", "token verdict counts items")
Item = collections.namedtuple("Item", "path field kind base mine vendor result")


class Coach:
    """A coach file as data. What is written is JSON, which is YAML too."""

    def __init__(self, version="1.0.0"):
        self.sections = {
            "coach_info": {"year": "2020", "make": "Test", "model": "Coach"},
            "dgn_pairs": {"1FEDB": "1FEDA"},
            "areas": {"interior": {"display_name": "Interior"}, "exterior": {"display_name": "Exterior"}},
            "lighting_scenes": {
                "evening": {"name": "Evening", "entities": ["bedroom_ceiling_light", "sink_light"]},
                "all_off": {"name": "All Off", "entities": ["*_light"], "action": "off"},
            },
            "validation_rules": {
                "entity_validation": {
                    "required_fields": ["entity_id", "friendly_name", "device_type", "capabilities"],
                    "entity_id_pattern": "^[a-z][a-z0-9_]*[a-z0-9]$",
                    "supported_device_types": ["light", "lock"],
                },
                "interface_validation": {
                    "allowed_logical_interfaces": ["house", "chassis"],
                    "allowed_physical_interfaces": ["can0", "can1"],
                },
            },
            "file_metadata": {
                "version": version,
                "immutable_fields": ["entity_id", "device_type", "dgn_hex", "instance"],
            },
        }
        self.devices = {}
        self.bindings = {}  # id → (dgn, instance, fields that differ there)
        for i, (name, area) in enumerate(
            (
                ("bedroom_ceiling_light", "interior"),
                ("bedroom_vanity_light", "interior"),
                ("porch_light", "exterior"),
                ("cargo_light", "exterior"),
                ("sink_light", "interior"),
                ("dinette_light", "interior"),
                ("spare_light", "exterior"),
                ("hall_light", "interior"),
                ("step_light", "exterior"),
                ("desk_light", "interior"),
            )
        ):
            self.add(name, 25 + i, area=area, suggested_area=area.title())
        self.devices["entrance_lock"] = {
            "entity_id": "entrance_lock",
            "friendly_name": "Entrance Lock",
            "device_type": "lock",
            "capabilities": ["lock_unlock"],
            "interface": "house",
        }
        self.bindings["entrance_lock"] = [("1FEDA", "default", {})]

    def add(self, name, instance, **fields):
        """A light with a status and a command."""
        self.devices[name] = {
            "entity_id": name,
            "friendly_name": name.replace("_", " ").title(),
            "device_type": "light",
            "capabilities": ["on_off"],
            "groups": ["all", "night"],
            "interface": "house",
            "group_mask": "0x7C",
            "protocol_metadata": {"zone": instance, "fade_ms": 500},
            **fields,
        }
        self.bindings[name] = [
            ("1FEDA", instance, {}),
            ("1FEDB", instance, {"command_type": "dimmer_control", "status_dgn": "1FEDA"}),
        ]
        return self

    def next(self, version):
        """A copy to become the next release."""
        following = copy.deepcopy(self)
        following.sections["file_metadata"]["version"] = version
        return following

    def remove(self, name):
        del self.devices[name], self.bindings[name]
        return self

    def rename(self, old, new):
        """As the vendor does it, in its place."""

        def renamed(table):
            return {new if name == old else name: value for name, value in table.items()}

        self.devices, self.bindings = renamed(self.devices), renamed(self.bindings)
        self.devices[new].update(entity_id=new, renamed_from=old)
        return self

    def text(self):
        file = dict(self.sections)
        for name, places in self.bindings.items():
            for dgn, instance, fields in places:
                entry = {**self.devices[name], **fields}
                file.setdefault(dgn, {}).setdefault(str(instance), []).append(entry)
        return json.dumps(file, indent=1, ensure_ascii=False)


def second(coach):
    """The release that most tests update to: something of everything."""
    newer = coach.next("2.0.0")
    newer.devices["bedroom_ceiling_light"].update(friendly_name="Bedroom Main Light", brightness_levels=255)
    newer.devices["porch_light"]["friendly_name"] = "Exterior Porch Light"
    del newer.devices["bedroom_vanity_light"]["suggested_area"]
    newer.devices["cargo_light"]["enabled"] = True
    newer.devices["sink_light"]["interface"] = "chassis"
    newer.devices["hall_light"]["protocol_metadata"]["fade_ms"] = 800
    newer.devices["spare_light"]["friendly_name"] = "Spare, by the Step"
    newer.remove("step_light")
    newer.add("awning_light", 60, area="exterior")
    newer.sections["lighting_scenes"]["evening"]["entities"].append("awning_light")
    return newer


def own_device(name="my_lamp", instance=90, dgn="1FEDA", **fields):
    return {
        "entity_id": name,
        "friendly_name": "My Lamp",
        "device_type": "light",
        "capabilities": ["on_off"],
        "bindings": [{"dgn": dgn, "instance": instance}],
        **fields,
    }


class ReleaseTest(IntegrationTest):
    """A daemon whose coach file changes while it runs."""

    bench_per_test = True

    @classmethod
    def prepare(cls, bench):
        bench.seeds = bench.path("seeds")
        os.makedirs(os.path.join(bench.seeds, "coaches"))
        cls.write(bench, Coach())

    @staticmethod
    def write(bench, coach, model=MODEL):
        text = coach if isinstance(coach, str) else coach.text()
        path = os.path.join(bench.seeds, "coaches", f"{model}.yml")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def release(self, coach, model=MODEL):
        self.write(self.bench, coach, model)

    def preview(self, model=MODEL, client=None, **options):
        """Descriptors go with the option "file", which is a place among them."""
        token, verdict, counts, items = (client or self.client).call("PreviewUpdate", model, **options)
        return Preview(token, verdict, counts, [Item(*item) for item in items])

    def items(self, preview):
        """(path, field) → item; nothing is named twice but for what blocks."""
        found = {}
        for item in preview.items:
            self.assertNotIn((item.path, item.field, item.kind), found)
            found[item.path, item.field, item.kind] = item
        return {(path, field): item for (path, field, _), item in found.items()}

    def kinds(self, preview):
        return {place: item.kind for place, item in self.items(preview).items()}

    def apply(self, token=None, resolutions=(), *, model=MODEL, client=None, reason="a test", **options):
        token = self.preview(model).token if token is None else token
        return (client or self.client).call("ApplyUpdate", model, token, list(resolutions), reason, **options)

    def update(self, coach, resolutions=(), **options):
        self.release(coach)
        return self.apply(None, resolutions, **options)

    def undo(self, change, client=None, reason="a test", **options):
        return (client or self.client).call("UndoChange", change, reason, **options)

    def mappings(self, model=MODEL, client=None):
        """path → (data, source), in the order of GetMappings."""
        found, after = {}, ""
        while True:
            page, following = (client or self.client).call("GetMappings", model, **({"after": after} if after else {}))
            found.update({path: (data, source) for path, data, source, _ in page})
            if not following:
                return found
            after = following

    def places(self, model=MODEL):
        """What the database has, in the order of the coach file."""
        with sqlite3.connect(f"file:{self.bench.database}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT component_path, source, position FROM coach_mappings WHERE is_active AND coach_model = ?"
                " ORDER BY position, component_path",
                (model,),
            ).fetchall()
        connection.close()
        return rows

    def explain(self, path, model=MODEL):
        """Field → what Explain says of it."""
        return {entry["field"]: entry for entry in json.loads(self.call("Explain", model, path))["fields"]}

    def authors(self, model=MODEL):
        """Who set what, of all components and those that were deleted."""
        found = {}
        for path, _, _ in self.places(model):
            for field, entry in self.explain(path, model).items():
                if entry["layer"] == "user":
                    found[path, field] = tuple(entry.get(k) for k in ("change", "user", "uid", "reason", "time"))
        return found

    def lookups(self, model=MODEL):
        return {
            (dgn, instance): sorted(self.call("Lookup", model, dgn, instance))
            for dgn in (0x1FEDA, 0x1FEDB)
            for instance in (*range(24, 100), 200)
        }

    def searches(self, model=MODEL):
        return [
            [row[:3] for row in self.call("FindMappings", model, **query)]
            for query in (
                {},
                {"dgn": 0x1FEDA},
                {"dgn": 0x1FEDB, "instance": 25},
                {"instance": 60},
                {"area": "interior"},
                {"device_type": "light"},
                {"interface": "chassis"},
                {"text": "porch"},
            )
        ]

    def seen(self, model=MODEL):
        """All that a reader can see of a model's components."""
        return self.mappings(model), self.lookups(model), self.searches(model), self.places(model)

    def model_info(self, model=MODEL):
        return next(m for m in self.call("ListModels") if m["Id"] == model)

    def detail(self, change):
        return json.loads(next(c for c in self.changes() if c["Change"] == change)["Detail"])

    def signals_of(self, watcher, *ignored):
        """(name, arguments) of the signals since; of PropertiesChanged the values that it brings."""
        found = []
        for signal in watcher.signals():
            if signal.name == "PropertiesChanged":
                self.assertEqual(signal.arguments[2], [])
                found.append((signal.name, dict(sorted(signal.arguments[1].items()))))
            elif signal.name not in ignored:
                found.append((signal.name, signal.arguments))
        return found

    def assert_fresh(self, model=MODEL):
        """What is in memory says what is on disk."""
        warm = self.seen(model)
        self.bench.restart()
        self.assertEqual(self.seen(model), warm)

    def edit_all(self):
        """One edit of each kind, and what each becomes in the release that `second` gives."""
        edits = (
            ("set", CEILING, "/friendly_name", '"Reading nook"'),
            ("set", PORCH, "/friendly_name", '"Exterior Porch Light"'),
            ("set", VANITY, "/suggested_area", '"Dressing"'),
            ("set", CARGO, "/enabled", "false"),
            ("set", DINETTE, "/group_mask", '"0x01"'),
            ("unset", "devices/hall_light", "/protocol_metadata/fade_ms", ""),
            ("set", "devices/step_light", "/friendly_name", '"Our Step"'),
            ("delete", SPARE, "", ""),
            ("delete", "devices/desk_light", "", ""),
            ("put", OWN, "", json.dumps(own_device())),
        )
        for edit in edits:
            self.call("ApplyEdits", MODEL, [edit], f"edit of {edit[1]}", force=True)
        return {
            (CEILING, "/friendly_name"): "conflict",
            (CEILING, "/brightness_levels"): "vendor",
            (PORCH, "/friendly_name"): "converged",
            (VANITY, "/suggested_area"): "orphaned",
            (CARGO, "/enabled"): "conflict",
            (DINETTE, "/group_mask"): "kept",
            (SINK, "/interface"): "vendor",
            ("devices/hall_light", "/protocol_metadata/fade_ms"): "unset-changed",
            ("devices/step_light", ""): "removed-edited",
            (SPARE, ""): "deleted-changed",
            ("devices/desk_light", ""): "deleted-kept",
            (OWN, ""): "kept",
            ("devices/awning_light", ""): "added",
            ("lighting_scenes/evening", "/entities"): "vendor",
            ("file_metadata", "/version"): "vendor",
        }
