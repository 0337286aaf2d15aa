#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same import as a Python program would do it: PyYAML with its C loader, json, sqlite3. Prints the time in µs."""

import json
import re
import sqlite3
import sys
import time

import yaml


def components(data):
    devices = {}
    for section, content in data.items():
        if re.fullmatch("[0-9A-F]{5}", str(section)):
            for instance, entries in content.items():
                for entry in entries:
                    devices.setdefault(entry["entity_id"], []).append((section, instance, entry))
        else:
            yield section, content
    for name, entries in devices.items():
        common = {k: v for k, v in entries[0][2].items() if all(e.get(k) == v for _, _, e in entries)}
        bindings = [
            {"dgn": dgn, "instance": instance, **{k: v for k, v in entry.items() if k not in common}}
            for dgn, instance, entry in entries
        ]
        yield f"devices/{name}", {**common, "bindings": bindings}


def main(database, path):
    connection = sqlite3.connect(database)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE vendor (path TEXT PRIMARY KEY, data TEXT); CREATE TABLE effective (path TEXT PRIMARY KEY, data TEXT);"
    )
    start = time.monotonic()
    with open(path, encoding="utf-8") as file:
        data = yaml.load(file.read(), Loader=yaml.CSafeLoader)
    rows = [(name, json.dumps(content)) for name, content in components(data)]
    with connection:
        connection.executemany("INSERT INTO vendor VALUES (?, ?)", rows)
        connection.executemany("INSERT INTO effective VALUES (?, ?)", rows)
    print(json.dumps({"us": (time.monotonic() - start) * 1e6}))


main(*sys.argv[1:])
