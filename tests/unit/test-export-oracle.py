#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exports files and texts as YAML and compares what other readers get with the original.

Usage: test-export-oracle.py YAML-EXPORT SOURCE-ROOT [SEED]. Prints TAP.

The readers are PyYAML's safe_load, in Python and on libyaml (YAML 1.1), and ruamel.yaml, where it is installed, for
YAML 1.2. The original is what PyYAML makes of the file, with the differences that base/yaml.h declares. Instances
are numbers to all readers, other keys are text.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile

import yaml

from yaml_oracle import Tap, difference, files_of, oracle, same

try:
    import ruamel.yaml
except ImportError:
    ruamel = None

FILES_AT_ONCE = 500


# ---- The readers ----


def read_pure(text):
    return yaml.load(text, Loader=yaml.SafeLoader)


def read_libyaml(text):
    return yaml.load(text, Loader=yaml.CSafeLoader)


def read_1_2(text):
    return ruamel.yaml.YAML(typ="safe", pure=True).load(text)


READERS = [("PyYAML", read_pure)]
if hasattr(yaml, "CSafeLoader"):
    READERS.append(("libyaml", read_libyaml))
if ruamel:
    READERS.append(("ruamel.yaml", read_1_2))


def problems_of(name, text, original):
    """What the readers make of an export otherwise than the original has it."""
    for reader, read in READERS:
        try:
            data = read(text)
        except Exception as error:  # whatever a reader fails with is a problem of the text
            yield f"{name}: {reader} refuses it: {error!r}\n{text[:2000]}"
            continue
        if not same(data, original):
            yield f"{name}: {reader}, {difference(data, original)}"


# ---- Exporting ----


def export(program, mode, paths):
    """What the program says of each file: {"yaml": …} or {"error": …}."""
    answers = []
    for i in range(0, len(paths), FILES_AT_ONCE):
        some = paths[i : i + FILES_AT_ONCE]
        run = subprocess.run([program, mode, *some], stdout=subprocess.PIPE, check=True)
        lines = run.stdout.decode("utf-8").split("\n")[:-1]
        if len(lines) != len(some):
            raise RuntimeError(f"{program} ended after {len(lines)} of {len(some)} files")
        answers += map(json.loads, lines)
    return answers


def export_data(program, documents):
    """The YAML of data that go in as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, data in enumerate(documents):
            paths.append(os.path.join(folder, f"{i}.json"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                json.dump(data, file)
        return export(program, "value", paths)


def check_data(tap, program, name, documents):
    problems = []
    for i, (data, answer) in enumerate(zip(documents, export_data(program, documents))):
        if "error" in answer:
            problems.append(f"{i}: {answer['error']}")
        else:
            problems += problems_of(i, answer["yaml"], data)
    tap.point(name, problems)


# ---- Files ----

DGN = re.compile(r"[0-9A-Fa-f]{4,6}")


def with_numbers(data):
    """A coach's data with the instances as the numbers that they are."""

    def instance(key):
        return key if key == "default" else int(key, 0)

    def is_dgn(name):
        return DGN.fullmatch(name) and (len(name) == 5 or re.search(r"\d", name))

    return {
        name: {instance(key): devices for key, devices in section.items()} if is_dgn(name) and section else section
        for name, section in data.items()
    }


def test_coaches(tap, program, root, folder, ending, reason):
    paths = files_of(os.path.join(root, folder), ending)
    if not paths:
        tap.point(folder, skip=reason)
    for path, answer in zip(paths, export(program, "coach", paths)):
        with open(path, "rb") as file:
            taken, original = oracle(file.read())
        problems = [answer["error"]] if "error" in answer else []
        if not taken:
            problems.append("PyYAML refuses the original")
        if not problems:
            problems += problems_of(path, answer["yaml"], with_numbers(original))
        tap.point(os.path.join(folder, os.path.basename(path)), problems)


def test_values(tap, program, root, folder, endings, reason):
    paths = files_of(os.path.join(root, folder), endings)
    if not paths:
        tap.point(folder, skip=reason)
    for path, answer in zip(paths, export(program, "value", paths)):
        with open(path, "rb") as file:
            taken, original = oracle(file.read())
        problems = [answer["error"]] if "error" in answer else []
        if taken and not problems:
            problems += problems_of(path, answer["yaml"], original)
        tap.point(f"the data of {os.path.join(folder, os.path.basename(path))}", problems)


# ---- Texts that one reader or another takes for something else ----

WORDS = """
on off y n yes no true false null ~ . .. - -- --- ... = << ? : , # @ ` % & * ! | > + _ / \\ ' " ( ) [ ] { } <
0 00 025 08 0o25 0O25 0x1F 0X1F 0b10 0B10 1_000 1,000 1__0 +1 -1 - -0 1. .5 +.5 -.5 1.5 1e5 1E5 1e+5 1.0e+5 1E123 17E52
0x 0o 0b 0_ 1_ _1 1.2.3 1..2 1:2 12:30 12:30:45 -12:30 1:2.5 190:20:30.15 60:00 9223372036854775808 0xffffffffffffffffff
.inf -.inf +.inf .Inf .INF .nan .NaN inf nan infinity Infinity NaN 1e 1e+ e5 0e0 0.0 -0.0 1FEDA 19FED 00000 0EF00
2024-12-07 2024-1-7 2024-12 2024 12-07 2024-12-07T10:00:00Z 2024-12-07t10:00:00.5-05:00 10:00:00Z
a:b a: :a a# #a a#b -a -1a ?a :: a? http://x/y?z=1#f C:\\x %d @x `x !t !!str &a *a |- >+ a|b a>b 'a' "a" it's [a] {a} a,b
grün 日本語 😀 👩‍🔧 café ﷽ ½ ° ² ١٢٣ Ⅷ
""".split()

PHRASES = [
    "",
    " ",
    "  ",
    " lead",
    "trail ",
    "- x",
    "? x",
    ": x",
    "a: b",
    "a :b",
    "a #b",
    "# x",
    "a - b",
    "2024-12-07 10:00:00",
    "2001-12-14 21:59:43.10 -5",
    "1 000",
    "12 V",
    "Light [1]",
    "{a: b}",
    "[a, b]",
    "x: |",
    "key: >-",
    "--- a",
    "... b",
    "%YAML 1.2",
    "!!int 5",
    "&a b",
    "a\tb",
    "\ta",
    "a\t",
    "\t",
    "a\n",
    "a\n\n",
    "\n",
    "\n\n",
    "\na",
    "\n a",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n",
    "a\n\nb",
    "a\n\n\nb\n",
    "a\n b\n  c",
    " a\nb",
    "a\n\tb",
    "a\t\nb",
    "a \nb",
    "a\n \nb",
    "a\n ",
    "a\n# b",
    "# a\nb",
    "- a\n- b",
    "a: 1\nb: 2",
    "---\na\n...\n",
    "a\n--- b",
    "a\r\nb",
    "a\rb",
    "\r",
    "a\\nb",
    'say "x"\nor \\ y',
    'a\'b"c',
    'a"b',
    "a\\b",
    "^[a-z]+\\d$",
    "\u0085",
    "a\u0085b",
    "\u2028",
    "a\u2028b\u2029",
    "a\nb\u2028c",
    "\ufeff",
    "a\ufeffb",
    "\u200f",
    "a\u202eb\u202c",
    "\u2066x\u2069",
    "\u00a0",
    "a\u00a0",
    "\u00a0a",
    "a\u00a0b",
    "\u3000",
    "\u200b",
    "\u200d",
    "\u00ad",
    "\u0301",
    "\ue000",
    "\u0378",
    "\U000e0001",
    "\U0010fffd",
    "\x01",
    "\x07\x1b[31m",
    "\x7f",
    "\x80\x9f",
    "a\x00b".replace("\x00", "\x0b"),
    "x" * 1024,
    "x" * 1025,
    "-" * 1022,
    "-" * 1023,
    "x" * 2000,
    "x " * 2000 + "x",
    "word " * 300,
    "日" * 1500,
    "a: " * 500,
    "line of a long text\n" * 200,
]


def random_text(source):
    pieces = WORDS + [text for text in PHRASES if len(text) < 20] + [" ", "\n", "a", "0", "_", ".", ":", "-", "e", "\t"]
    return "".join(source.choices(pieces, k=source.randrange(1, 5)))


def cases_of(word):
    return {word, word.lower(), word.upper(), word.capitalize()}


def texts_document(texts):
    """Each text as a value, an item, a key, and inside of deeper ones."""
    return {
        "values": {f"k{i}": text for i, text in enumerate(texts)},
        "items": texts,
        "few": [[text] for text in texts],
        "keys": dict.fromkeys(texts, 1),
        "maps": {text: {"a": text, "b": [{text: text}]} for text in texts},
        "lists": [{text: [text, {}]} for text in texts],
        "deep": [[[text], text] for text in texts],
    }


def test_texts(tap, program, source):
    texts = sorted(set().union(*map(cases_of, WORDS))) + PHRASES
    check_data(tap, program, f"{len(texts)} difficult texts come back, one by one", texts)
    check_data(tap, program, "… as the only key", [{text: text} for text in texts])
    check_data(tap, program, "… and all together", [texts_document(texts)])

    texts = [random_text(source) for _ in range(3000)]
    check_data(tap, program, f"{len(texts)} random texts come back", [texts_document(texts[i : i + 20]) for i in range(0, 3000, 20)])


# ---- Random data ----


def random_scalar(source):
    return source.choice(
        (
            lambda: None,
            lambda: source.random() < 0.5,
            lambda: source.randrange(-(2**63), 2**63) >> source.randrange(0, 64),
            lambda: source.choice((0.0, -0.0, 1.0, 1e16, 1e22, 1e-9, 5e-324, 1.7976931348623157e308, -2.5)),
            lambda: source.uniform(-1, 1) * 10.0 ** source.randrange(-300, 300),
            lambda: random_text(source),
            lambda: random_text(source),
        )
    )()


def random_data(source, depth):
    kind = source.randrange(0, 4) if depth else 0
    if kind < 2:
        return random_scalar(source)
    length = source.randrange(0, 6)
    if kind == 2:
        return [random_data(source, depth - 1) for _ in range(length)]
    return {random_text(source): random_data(source, depth - 1) for _ in range(length)}


def test_data(tap, program, source, count):
    documents = [random_data(source, 5) for _ in range(count)]
    check_data(tap, program, f"{count} random documents come back", documents)


def main():
    program, root = sys.argv[1], sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    source = random.Random(seed)
    tap = Tap()

    print(f"# random seed: {seed}, readers: {', '.join(name for name, _ in READERS)}")
    test_coaches(tap, program, root, "seeds/coaches", ".yml", "there are no seeds")
    test_coaches(tap, program, root, "tests/integration/seeds/coaches", ".yml", "there are no coaches of the tests")
    test_coaches(tap, program, root, "../shared/data/real", ".yml", "the folder of real files is not here")
    test_coaches(tap, program, root, "tests/data/yaml", "-coach.yml", "there are no coaches")
    test_values(tap, program, root, "tests/data/yaml", ".yml", "there are no files")
    test_values(tap, program, root, "../shared/data/real", (".yml", ".json"), "the folder of real files is not here")
    test_texts(tap, program, source)
    test_data(tap, program, source, 1000)
    tap.point("YAML 1.2 was tried too", skip=None if ruamel else "python3-ruamel.yaml is not installed")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
