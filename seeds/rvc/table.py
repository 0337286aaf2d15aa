#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the compact table of src/coach/dgn-table.h as C: table.py rvc.json TABLE.c

It is what dgn_table_new() makes of the same file, so that the service has it without parsing anything; and it knows
where in the file the entry of each DGN lies. A test compares the two."""

import hashlib
import json
import sys

DIRECTIONS = {"other": "DGN_OTHER", "status": "DGN_STATUS", "command": "DGN_COMMAND", "request": "DGN_REQUEST"}
INSTANCED = {None: "DGN_INSTANCED_UNKNOWN", False: "DGN_INSTANCED_NO", True: "DGN_INSTANCED_YES"}


class Texts:
    """All texts in one, each once; the empty one is at 0."""

    def __init__(self):
        self.places = {"": 0}
        self.length = 1

    def add(self, text):
        if text not in self.places:
            self.places[text] = self.length
            self.length += len(text.encode()) + 1
        return self.places[text]

    def join(self, words):
        return self.add(", ".join(words))

    def lines(self):
        return "\n".join(f'    {json.dumps(text, ensure_ascii=False)} "\\0"' for text in self.places)


def places(text):
    """DGN → (start, size) of its entry."""
    decoder = json.JSONDecoder()
    found = {}
    position = text.index("{", text.index('"pgns": {')) + 1
    while True:
        while text[position] in " \n,":
            position += 1
        if text[position] == "}":
            return found
        key, position = decoder.raw_decode(text, position)
        while text[position] in " :":
            position += 1
        _, end = decoder.raw_decode(text, position)
        found[key] = (position, end - position)
        position = end


def basis(word):
    return "DGN_BASIS_" + (word or "unknown").upper()


def row(entry, place, texts):
    instances = entry.get("instances", {})
    ranges = instances.get("ranges", [])
    fields = {
        "dgn": f"0x{entry['pgn']}",
        "pair": f"0x{entry['pair']}" if "pair" in entry else "DGN_NONE",
        "name": texts.add(entry["name"]),
        "layout_sources": texts.join(entry.get("layout_sources", entry["sources"])),
        "pair_sources": texts.join(entry.get("pair_sources", [])),
        "instance_sources": texts.join(instances.get("sources", [])),
        "start": place[0],
        "size": place[1],
        "direction": DIRECTIONS[entry["direction"]],
        "instanced": INSTANCED[entry["instanced"]],
        "pair_basis": basis(entry.get("pair_basis")),
        "instance_basis": basis(instances.get("basis")),
        "all": instances.get("all", "DGN_NO_INSTANCE"),
        "n_ranges": len(ranges),
    }
    if ranges:
        fields["ranges"] = "{" + ", ".join(f"{{{first}, {last}}}" for first, last in ranges) + "}"
    return "    {" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "},"


def main(source, target):
    with open(source, "rb") as file:
        content = file.read()
    # ASCII, so that a character is a byte.
    text = content.decode("ascii")
    data, found, texts = json.loads(text), places(text), Texts()
    rows = [row(entry, found[key], texts) for key, entry in sorted(data["pgns"].items())]
    with open(target, "w", encoding="utf-8") as file:
        file.write(
            "/* Made by seeds/rvc/table.py from seeds/rvc.json. */\n"
            '#include "service/rvc-table.h"\n\n'
            "static const DgnRow rows[] = {\n" + "\n".join(rows) + "\n};\n\n"
            "static const char texts[] =\n" + texts.lines() + ";\n\n"
            "const DgnTable rvc_table = {\n"
            "    .rows = rows,\n    .n_rows = sizeof rows / sizeof *rows,\n    .texts = texts,\n"
            f"    .version = {json.dumps(data['version'])},\n"
            f'    .hash = "{hashlib.sha256(content).hexdigest()}",\n'
            "};\n"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
