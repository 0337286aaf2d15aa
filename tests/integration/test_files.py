# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files in and out: ImportFile, Export, RemoveModel, and releases that somebody brings."""

import json
import os

import yaml
from harness import MODEL
from releases import CEILING, OWN, PORCH, Coach, ReleaseTest, own_device, second

OTHER = "2019_Own_Coach"


def textual(data):
    """Keys are text for us, whatever a reader of YAML makes of them."""
    if isinstance(data, dict):
        return {str(key): textual(value) for key, value in data.items()}
    return [textual(item) for item in data] if isinstance(data, list) else data


class FileTest(ReleaseTest):
    """Short forms."""

    def memfd(self, text):
        descriptor = os.memfd_create("test", os.MFD_CLOEXEC)
        self.addCleanup(os.close, descriptor)
        os.write(descriptor, text.encode() if isinstance(text, str) else text)
        return descriptor

    def import_file(self, text, model="", client=None, **options):
        descriptor = text if isinstance(text, int) else self.memfd(text.text() if isinstance(text, Coach) else text)
        return (client or self.client).call("ImportFile", 0, model, descriptors=[descriptor], **options)

    def export(self, model=MODEL, **options):
        return self.client.file("Export", model, **options)[0].decode()

    def effective(self, model=MODEL):
        """path → data, as readers see it."""
        return {path: json.loads(data) for path, (data, _) in self.mappings(model).items()}

    def fails_unchanged(self, names, function, *arguments, **more):
        """The call must fail, and leave all as it is."""
        before = self.revision()
        error = self.fails(names, function, *arguments, **more)
        self.assertEqual(self.revision(), before)
        self.assertEqual(self.client.property("Health"), "ok")
        return error


class NewTest(FileTest):
    def test_new_coach(self):
        watcher = self.bench.connect().watch()
        model, change = self.import_file(Coach(), OTHER, reason="mine", name="/home/me/coach.yml")
        self.assertEqual((model, change), (OTHER, self.revision()))
        self.assertEqual(self.signals_of(watcher), [
            ("ModelImported", (OTHER, "1.0.0", change)),
            ("PropertiesChanged", {"Revision": change, "UpdatesAvailable": []}),
        ])
        info = self.model_info(OTHER)
        self.assertEqual((info["Origin"], info["ImportedVersion"], info["Imported"]), ("custom", "1.0.0", True))
        self.assertEqual({source for _, source in self.mappings(OTHER).values()}, {"import"})
        self.assertEqual(textual(yaml.safe_load(self.export(OTHER))), json.loads(Coach().text()))
        self.assert_fresh(OTHER)
        self.assert_intact()
