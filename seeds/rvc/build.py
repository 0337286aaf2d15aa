#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes seeds/rvc.json from the tables beside this script, after checking them. docs/rvc-json.md says what is in it.

  build.py                writes seeds/rvc.json
  build.py --check        says whether seeds/rvc.json is what the tables give
  build.py --print        writes to standard output
With --from DIR the tables are those of another folder. What is wrong with them is said line by line; then nothing is written."""

import argparse
import csv
import json
import pathlib
import re
import sys

# Of what the file says. Another content is another version, which `tools/seeds add` enters in seeds/versions.
VERSION = "2.0.0"

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent / "rvc.json"

DGN_MAX = 0x1FFFF
FRAME_BITS = 64
# The low byte of these is the address of the receiver: the upper of the two bytes is below F0 (RV-C, PDU1 format).
PDU1_LIMIT = 0xF000
# What an instance is where no source says anything about a DGN: the sources that state it elsewhere have 1 to 250, and
# several coaches have a device at 0.
USUAL_INSTANCES = [[0, 250]]
USUAL_SOURCES = ["rvc2mqtt-spbrogan", "rvc2mqtt-dbergl"]

COLUMNS = {
    "sources": ["source", "repository", "version", "licence"],
    "dgns": [
        "dgn", "name", "direction", "pair", "pair_basis", "pair_sources", "instanced", "instance_signal", "instances",
        "all_instance", "instance_sources", "origin", "mask", "section", "sources", "note",
    ],
    "signals": [
        "dgn", "name", "start_bit", "length", "type", "form", "unit", "scale", "offset", "not_available", "when", "enum",
        "sources", "verified", "note",
    ],
}  # fmt: skip

SOURCE_TEXT = (
    "Facts (numbers, names, bit positions, scalings, enum labels) gathered from public RV-C decoders under Apache-2.0 and "
    "MIT licences; see SOURCES.md. Bits count from bit 0 of byte 0, least significant first; value = raw * scale + offset."
)


class Tables:
    """The rows as they are, and what is wrong with them."""

    def __init__(self, folder):
        self.problems = []
        self.sources = self.read(folder, "sources")
        self.dgns = self.read(folder, "dgns")
        self.signals = self.read(folder, "signals")
        self.by_dgn = {}
        for row in self.dgns:
            self.by_dgn.setdefault(row["dgn"], row)
        self.signals_of = {}
        for row in self.signals:
            self.signals_of.setdefault(row["dgn"], []).append(row)

    def read(self, folder, name):
        rows = []
        with open(pathlib.Path(folder) / (name + ".csv"), encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS[name]:
                sys.exit(f"{name}.csv: the columns are to be {','.join(COLUMNS[name])}")
            for row in reader:
                row["where"] = f"{name}.csv:{reader.line_num}: {row[COLUMNS[name][0]]} {row.get('name') or ''}".rstrip()
                if None in row or None in row.values():
                    sys.exit(f"{row['where']}: not {len(COLUMNS[name])} columns")
                rows.append(row)
        return rows

    def problem(self, row, text):
        self.problems.append(f"{row['where']}: {text}")


def words(text):
    return text.split()


def number(text):
    """Of a decimal text, exactly: 0.05 stays 0.05. None for what is none."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return None
    return float(text) if "." in text else int(text)


def enum_of(row):
    """{raw: label}; None where it cannot be read."""
    values = {}
    for item in filter(None, row["enum"].split(";")):
        raw, equals, label = item.partition("=")
        if not raw.isdigit() or not equals or not label.strip() or int(raw) in values:
            return None
        values[int(raw)] = label
    return values


def ranges_of(text):
    """"0-3 16-19" as [[0, 3], [16, 19]]; None where it cannot be read."""
    ranges = []
    for word in words(text):
        match = re.fullmatch(r"([0-9]+)-([0-9]+)", word)
        if not match or int(match[1]) > int(match[2]) or (ranges and int(match[1]) <= ranges[-1][1]):
            return None
        ranges.append([int(match[1]), int(match[2])])
    return ranges


def condition_of(row):
    """The other signal and its value that a signal of a multiplex is there with; None for any other signal."""
    name, _, raw = row["when"].partition("=")
    return (name, int(raw)) if name and raw.isdigit() else None


def all_ones(length):
    return (1 << length) - 1


def not_available(row):
    """The raw value that says that there is none; None where no value does."""
    length = int(row["length"])
    if row["not_available"] == "none" or length == 1:
        return None
    return int(row["not_available"]) if row["not_available"] else all_ones(length)


# Checks


def check_sources(tables, row, column, needed=True):
    known = {source["source"] for source in tables.sources}
    if needed and not row[column]:
        tables.problem(row, f"no {column}")
    for word in words(row[column]):
        if word not in known:
            tables.problem(row, f'"{word}" in {column} is not in sources.csv')


def check_number(tables, row, seen):
    """17 bits, five digits, once, in order."""
    if not re.fullmatch(r"[0-9A-F]{5}", row["dgn"]) or int(row["dgn"], 16) > DGN_MAX:
        tables.problem(row, "a DGN is 17 bits in five upper-case hexadecimal digits")
        return
    if row["dgn"] in seen["dgn"]:
        tables.problem(row, "the DGN stands there twice")
    elif seen["dgn"] and row["dgn"] < max(seen["dgn"]):
        tables.problem(row, "the rows are not in order")
    seen["dgn"].add(row["dgn"])

    addressed = int(row["dgn"], 16) & 0xFFFF < PDU1_LIMIT
    if row["mask"] not in ("", "1FF00") or (row["mask"] and (not addressed or not row["dgn"].endswith("00"))):
        tables.problem(row, "the mask is 1FF00, of a DGN with an address in its low byte, which ends in 00 here")
    if addressed and row["origin"] == "RV-C" and not row["mask"]:
        tables.problem(row, "its low byte is an address, so that it needs the mask 1FF00")


def check_pair(tables, row):
    pair = tables.by_dgn.get(row["pair"])
    if not row["pair"]:
        if row["pair_basis"] or row["pair_sources"]:
            tables.problem(row, "a basis without a pair")
        return
    if not pair:
        tables.problem(row, f"its pair {row['pair']} is not in the table")
    elif pair["pair"] != row["dgn"]:
        tables.problem(row, f"its pair {row['pair']} has the pair {pair['pair'] or 'none'}")
    elif {row["direction"], pair["direction"]} != {"status", "command"}:
        tables.problem(row, "a pair is a status and a command")
    if row["pair_basis"] not in ("name", "family", "stated"):
        tables.problem(row, "pair_basis is name, family or stated")
    check_sources(tables, row, "pair_sources", row["pair_basis"] == "stated")


def check_instance(tables, row):
    signals = {signal["name"]: signal for signal in tables.signals_of.get(row["dgn"], [])}
    if row["instanced"] not in ("yes", "no", "unknown"):
        tables.problem(row, "instanced is yes, no or unknown")
    if row["instance_signal"]:
        if row["instanced"] != "yes":
            tables.problem(row, "an instance_signal, and not instanced")
        if row["instance_signal"] not in signals:
            tables.problem(row, f'it has no signal "{row["instance_signal"]}"')
            return
    elif row["instanced"] == "yes" and signals:
        tables.problem(row, "instanced, with a layout, and no instance_signal")
    ranges = ranges_of(row["instances"])
    if ranges is None or (row["all_instance"] and not row["all_instance"].isdigit()):
        tables.problem(row, "instances are like 0-3 16-19, ascending; all_instance is a number")
        return
    if not ranges and not row["all_instance"]:
        return
    if not row["instance_signal"]:
        tables.problem(row, "instances, and no instance_signal")
        return
    length = int(signals[row["instance_signal"]]["length"])
    if not ranges and (row["all_instance"] != "0" or length < 8):
        tables.problem(row, "which instances are usual are to be said; beside an all_instance of 0 in a byte they may be left out")
    if max([last for _, last in ranges] + [int(row["all_instance"] or 0)]) > all_ones(length):
        tables.problem(row, f"its instances do not fit {length} bits")
    if any(first <= int(row["all_instance"] or -1) <= last for first, last in ranges):
        tables.problem(row, "the instance that means all is no device's")
    check_sources(tables, row, "instance_sources")


def check_dgn(tables, row, seen):
    check_number(tables, row, seen)
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", row["name"]):
        tables.problem(row, "a name is upper-case letters, digits and _")
    if row["name"] in seen["name"]:
        tables.problem(row, "the name stands there twice")
    seen["name"].add(row["name"])
    if row["direction"] not in ("status", "command", "request", "other"):
        tables.problem(row, "direction is status, command, request or other")
    if not row["origin"]:
        tables.problem(row, "no origin: RV-C, J1939 or the vendor")
    if row["section"] and not re.fullmatch(r"[0-9]+(\.[0-9]+)+[a-z]?", row["section"]):
        tables.problem(row, "section is like 6.25.4")
    check_sources(tables, row, "sources")
    check_pair(tables, row)
    check_instance(tables, row)


def check_place(tables, row):
    """Whether the place can be read at all; what else is checked needs it."""
    if row["dgn"] not in tables.by_dgn:
        tables.problem(row, "its DGN is not in dgns.csv")
    if not row["start_bit"].isdigit() or not row["length"].isdigit() or int(row["length"]) == 0:
        tables.problem(row, "start_bit and length are numbers, and the length is at least 1")
        return False
    if int(row["start_bit"]) + int(row["length"]) > FRAME_BITS:
        tables.problem(row, "it reaches beyond the eight bytes of a frame")
    return True


def check_type(tables, row):
    length = int(row["length"])
    allowed = ("ascii", "bytes") if length % 8 == 0 else ()
    if row["type"] not in (f"uint{length}" if length >= 8 else f"bit{length}", *allowed):
        tables.problem(row, f'the type "{row["type"]}" is none of {length} bits')
    if row["form"] not in ("", "hex", "bitmap"):
        tables.problem(row, "form is hex or bitmap")
    if row["verified"] not in ("", "no"):
        tables.problem(row, "verified is empty or no")
    if row["not_available"] not in ("", "none") and not (
        row["not_available"].isdigit() and int(row["not_available"]) <= all_ones(length)
    ):
        tables.problem(row, "not_available is empty (all bits one), none, or a value that fits")


def check_values(tables, row):
    values = enum_of(row)
    if values is None:
        tables.problem(row, "an enum is like 0=off;1=on, each value once")
    elif values and max(values) > all_ones(int(row["length"])):
        tables.problem(row, f"the value {max(values)} does not fit {row['length']} bits")

    if row["scale"] in ("", "?"):
        if row["offset"]:
            tables.problem(row, "an offset without a scale")
        if row["unit"] and not row["scale"]:
            tables.problem(row, "a unit without a scale; ? says that it is unknown")
    elif not number(row["scale"]) or number(row["offset"]) is None:
        tables.problem(row, "scale and offset are decimal numbers, and the scale is not 0; ? is an unknown scale")


def check_condition(tables, row):
    if not row["when"]:
        return
    condition = condition_of(row)
    others = {other["name"]: other for other in tables.signals_of[row["dgn"]]}
    if not condition or condition[0] not in others or others[condition[0]]["when"]:
        tables.problem(row, "when is like message_type=129, of another signal of the DGN that is always there")
    elif condition[1] > all_ones(int(others[condition[0]]["length"])):
        tables.problem(row, f"the value {condition[1]} does not fit {condition[0]}")


def exclusive(a, b):
    """Whether two signals are never there together."""
    left, right = condition_of(a), condition_of(b)
    return left and right and left[0] == right[0] and left[1] != right[1]


def check_overlaps(tables, rows):
    for i, row in enumerate(rows):
        first, end = int(row["start_bit"]), int(row["start_bit"]) + int(row["length"])
        for other in rows[:i]:
            if exclusive(row, other):
                continue
            if row["name"] == other["name"]:
                tables.problem(row, "the name stands there twice in this DGN")
            if first < int(other["start_bit"]) + int(other["length"]) and int(other["start_bit"]) < end:
                tables.problem(row, f"it overlaps {other['name']}, and no multiplex divides them")


def check(tables):
    """Finds what is wrong with the tables."""
    seen = {"dgn": set(), "name": set()}
    sound = True

    for row in tables.signals:
        if not check_place(tables, row):
            sound = False
            continue
        check_type(tables, row)
        check_values(tables, row)
        check_sources(tables, row, "sources")
    if not sound:
        return
    for row in tables.dgns:
        check_dgn(tables, row, seen)
    for row in tables.signals:
        check_condition(tables, row)
    for rows in tables.signals_of.values():
        check_overlaps(tables, rows)


# What is written


def signal_entry(row):
    entry = {
        "name": row["name"],
        "start_bit": int(row["start_bit"]),
        "length": int(row["length"]),
        "byte_order": "little_endian",
        "type": row["type"],
    }
    condition = condition_of(row)
    if row["form"]:
        entry["form"] = row["form"]
    if row["unit"]:
        entry["unit"] = row["unit"]
    if row["scale"] == "?":
        entry["scale_unknown"] = True
    elif row["scale"]:
        entry["scale"], entry["offset"] = number(row["scale"]), number(row["offset"])
    entry["not_available"] = not_available(row)
    if condition:
        entry["when"] = {"signal": condition[0], "value": condition[1]}
    if row["enum"]:
        entry["enum"] = {str(raw): label for raw, label in sorted(enum_of(row).items())}
    if row["verified"] == "no":
        entry["verified"] = False
    if row["note"]:
        entry["note"] = row["note"]
    return entry


def instances_entry(row, signal):
    """Which instances are usual, and where that is known from. None where there is no instance to speak of."""
    length = int(signal["length"])
    entry = {"ranges": ranges_of(row["instances"]), "basis": "stated", "sources": words(row["instance_sources"])}

    if row["all_instance"]:
        entry["all"] = int(row["all_instance"])
        entry["ranges"] = entry["ranges"] or [[entry["all"] + 1, USUAL_INSTANCES[0][1]]]
    elif entry["ranges"]:
        entry["basis"] = "values" if signal["enum"] else "stated"
    elif length < 8:
        entry.update(ranges=[[0, all_ones(length) - 1]], basis="width", sources=words(signal["sources"]))
    else:
        entry.update(ranges=USUAL_INSTANCES, basis="usual", sources=USUAL_SOURCES)
    return entry


def dgn_entry(tables, row):
    rows = tables.signals_of.get(row["dgn"], [])
    layout_sources = list(dict.fromkeys(word for signal in rows for word in words(signal["sources"])))
    entry = {
        "pgn": row["dgn"],
        "dgn": int(row["dgn"], 16),
        "name": row["name"],
        "direction": row["direction"],
        "origin": row["origin"],
    }

    if row["section"]:
        entry["section"] = row["section"]
    if row["mask"]:
        entry["mask"] = row["mask"]
    if row["pair"]:
        entry["pair"], entry["pair_basis"] = row["pair"], row["pair_basis"]
    if row["pair_sources"]:
        entry["pair_sources"] = words(row["pair_sources"])
    entry["instanced"] = {"yes": True, "no": False, "unknown": None}[row["instanced"]]
    for signal in rows:
        if signal["name"] == row["instance_signal"]:
            entry["instance"] = {
                "signal": signal["name"],
                "start_bit": int(signal["start_bit"]),
                "length": int(signal["length"]),
            }
            entry["instances"] = instances_entry(row, signal)
    entry["length"] = FRAME_BITS // 8 if rows else None
    entry["sources"] = words(row["sources"])
    if rows and set(layout_sources) != set(entry["sources"]):
        entry["layout_sources"] = layout_sources
    if row["note"]:
        entry["note"] = row["note"]
    entry["signals"] = [
        signal_entry(signal) for signal in sorted(rows, key=lambda signal: (int(signal["start_bit"]), signal["when"]))
    ]
    return entry


def document(tables):
    return {
        "$schema": "rvc.schema.json",
        "version": VERSION,
        "source": SOURCE_TEXT,
        "sources": {
            row["source"]: {name: row[name] for name in COLUMNS["sources"][1:]} for row in tables.sources
        },
        "pgns": {row["dgn"]: dgn_entry(tables, row) for row in tables.dgns},
    }


def one_line(value):
    return json.dumps(value, ensure_ascii=True)


def lines_of(mapping, indent):
    return ",\n".join(f"{indent}{one_line(key)}: {one_line(value)}" for key, value in mapping.items())


def entry_text(entry):
    """A line a key, a line a signal: so a change of one fact is a change of one line."""
    head = {key: value for key, value in entry.items() if key != "signals"}
    signals = ",\n".join("        " + one_line(signal) for signal in entry["signals"])
    body = f"[\n{signals}\n      ]" if signals else "[]"
    return f"{{\n{lines_of(head, '      ')},\n      \"signals\": {body}\n    }}"


def text_of(data):
    head = {key: value for key, value in data.items() if key not in ("sources", "pgns")}
    pgns = ",\n".join(f"    {one_line(key)}: {entry_text(entry)}" for key, entry in data["pgns"].items())
    return (
        f"{{\n{lines_of(head, '  ')},\n  \"sources\": {{\n{lines_of(data['sources'], '    ')}\n  }},\n"
        f"  \"pgns\": {{\n{pgns}\n  }}\n}}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only compare")
    what.add_argument("--print", action="store_true", help="write to standard output")
    parser.add_argument("--from", dest="folder", default=HERE, help="the folder with the tables")
    arguments = parser.parse_args()

    tables = Tables(arguments.folder)
    check(tables)
    if tables.problems:
        print("\n".join(tables.problems), file=sys.stderr)
        return 1
    text = text_of(document(tables))
    if arguments.print:
        sys.stdout.write(text)
    elif not arguments.check:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is not what the tables give; seeds/rvc/build.py writes it anew", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
