#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the YAML reader with PyYAML's safe_load, on files and on random input.

Usage: test-yaml-oracle.py YAML-TO-JSON SOURCE-ROOT [SEED]. Prints TAP.
"""

import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

import yaml

from yaml_oracle import Oracle, Refused, Tap, difference, files_of, oracle, same

FILES_AT_ONCE = 500


def parse_line(line):
    """A line of yaml-to-json: (True, value), or (False, message)."""
    if line.startswith("error: "):
        return False, line.removeprefix("error: ")
    return True, json.loads(line)


def read_files(program, paths):
    results = []
    for i in range(0, len(paths), FILES_AT_ONCE):
        some = paths[i : i + FILES_AT_ONCE]
        run = subprocess.run([program, *some], stdout=subprocess.PIPE, check=False)
        lines = run.stdout.decode("utf-8").split("\n")[:-1]
        if run.returncode not in (0, 1) or len(lines) != len(some):
            raise RuntimeError(f"{program} ended with {run.returncode} after {len(lines)} of {len(some)} files")
        results += map(parse_line, lines)
    return results


def read_texts(program, texts):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, text in enumerate(texts):
            paths.append(os.path.join(folder, str(i)))
            with open(paths[-1], "wb") as file:
                file.write(text)
        return read_files(program, paths)


def compare(text, ours, theirs):
    """The problem with one text, or None."""
    if ours[0] and theirs[0]:
        return None if same(ours[1], theirs[1]) else f"{text!r}: {difference(ours[1], theirs[1])}"
    if ours[0] != theirs[0]:
        return f"{text!r}: ours {ours!r}, PyYAML {theirs!r}"
    return None


# ---- Files ----


def test_files(tap, program, root, folder, endings, reason):
    paths = files_of(os.path.join(root, folder), endings)
    if not paths:
        tap.point(folder, skip=reason)
    for path, ours in zip(paths, read_files(program, paths)):
        with open(path, "rb") as file:
            theirs = oracle(file.read())
        problem = compare(path, ours, theirs)
        if not ours[0]:
            problem = f"{path}: {ours[1]}"
        tap.point(os.path.join(folder, os.path.basename(path)), [problem] if problem else [])


# ---- Small texts that both must take or refuse alike ----

TEXTS = """
a: <<
[<<]
<<: 1
<<: [1]
<<: [[{a: 1}]]
{<<: {a: 1}, a: 2, a: 3}
- &a 1\\n- &a 2
- *a
? [a]\\n: b
{[a]: b}
{a: 1, "a": 2}
{1: a, "1": b}
a: .nan
a: -.inf
a: 9223372036854775808
a: -9223372036854775809
a: 0x_
a: 0b_
a: 0xffffffffffffffff
a: 1.0e+309
a: !!int x
a: !!int ""
a: !!int 08
a: !!int "1 2"
a: !!int 0x
a: !!int "0x0x10"
a: !!int "- 5"
a: !!float x
a: !!float ""
a: !!float 0x10
a: !!float "1e"
a: !!float "- 5.5"
a: !!float infinity
a: !!float "+.inf"
a: !!bool y
a: !!bool ""
a: !!bool 1
a: !x b
!x {a: b}
a: !!python/object:os.system b
a: !!set {b}
a: !!omap [b: c]
a: !!binary aGk=
a: !!seq b
a: !!map [b]
a: !!int [b]
a: !!null {b: c}
a: 1\\n---\\nb: 2
---\\n---
a: [
a: {b
a: 'b
a: "b
a: "\\\\z"
a: b: c
a:\\n  b\\n c: d
%YAML 2.0\\n--- a
- a\\n b
a: !
a: ! ~
a: ! "yes"
&a a: *a
{*a : b}
a: |\\n b\\n c
a: @b
a: `b
a: %b
*a
...
---
--- |\\n a
{a: b, <<: {c: d}}
{<<: {a: 1}, <<: [{a: 2}, {a: 3}], <<: {b: 4}}
""".strip().split("\n")


def test_texts(tap, program):
    texts = [text.replace("\\n", "\n").replace("\\\\", "\\").encode() for text in TEXTS]
    texts += ["a: é\nb: [1]\n".encode(encoding) for encoding in ("utf-16", "utf-8-sig")]
    texts += [b"\xff\xfe" + "ü: 😀".encode("utf-16-le"), b"\xfe\xff" + "ü: 😀".encode("utf-16-be")]
    texts += [b"a: \xff", b"a: \xc3", b"a: \xed\xa0\x80", b"a: b\0", b"a: \x01", b"a: \x7f", b"a: \xc2\x80", b"", b"\n"]
    problems = []
    for text, ours in zip(texts, read_texts(program, texts)):
        problem = compare(text, ours, oracle(text))
        if problem:
            problems.append(problem)
    tap.point(f"{len(texts)} small texts are taken or refused alike", problems)


# ---- Random scalars ----

PIECES = (
    list("0123456789") * 2
    + list("01xXbBoOeE_.+-:nN~<=aAfF")
    + ["0x", "0b", "0o", ".inf", ".nan", "e+", "e-", "__", "yes", "No", "TRUE", "off", "null", "On", "12:30", "2021-01-01"]
    + ["9223372036854775807", "-9223372036854775808", "ffffffff", "1_000", "<<", "1.5e+3", ".5"]
)


def random_number(source):
    """Nearly a number: one of each part, or none."""
    parts = (("", "", "-", "+"), ("", "0", "7", "1_0", "0x1f", "0b1", "017", "_"), (".", ".", ""), ("", "5", "_2", "05"))
    exponent = (("", "e", "E"), ("", "+", "-", "_"), ("", "3", "12", "12", "1_2"))
    return "".join(map(source.choice, parts + (exponent if source.random() < 0.6 else ())))


def random_scalar(source):
    while True:
        text = "".join(source.choices(PIECES, k=source.choice((1, 2, 2, 3, 4, 6))))
        if source.random() < 0.5:
            text = random_number(source)
        # Only what stays one plain scalar behind "- ".
        if text not in ("", "-") and not text.endswith(":"):
            return text


def test_scalars(tap, program, source, count):
    texts = [random_scalar(source) for _ in range(count)]
    loader = Oracle("")
    taken, refused = [], []
    for text in texts:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        try:
            taken.append((text, loader.construct_object(yaml.ScalarNode(tag, text))))
        except (yaml.YAMLError, Refused, ValueError):
            refused.append(text)

    together = "".join(f"- {text}\n" for text, _ in taken).encode()
    ok, ours = read_texts(program, [together])[0]
    problems = [] if ok and len(ours) == len(taken) else [f"not read: {ours}"]
    for (text, theirs), value in zip(taken, ours if ok else ()):
        if not same(value, theirs):
            problems.append(f"{text!r}: ours {value!r}, PyYAML {theirs!r}")
    kinds = {kind.__name__: sum(type(value) is kind for _, value in taken) for kind in (int, float, bool, str, type(None))}
    tap.point(f"{len(taken)} random scalars have the same type and value {kinds}", problems)

    problems = []
    for text, (ok, ours) in zip(refused, read_texts(program, [f"- {text}\n".encode() for text in refused])):
        if ok:
            problems.append(f"{text!r}: ours {ours!r}, PyYAML refuses it")
    tap.point(f"{len(refused)} random scalars are refused by both", problems)


# ---- Random documents ----

LETTERS = "ab cXYZ019-_:#,.?!&*|>'\"%@`{}[]=<~\\/\t\n\u00e9\u00df\u20ac\u65e5\U0001f600\u0085\u2028\x07\x7f"


def random_text(source):
    if source.random() < 0.3:
        return random_scalar(source)
    return "".join(source.choices(LETTERS, k=source.randrange(0, 30)))


def random_data(source, depth, shared):
    choice = source.randrange(0, 12 if depth else 8)
    if choice == 0:
        return None
    if choice == 1:
        return source.random() < 0.5
    if choice == 2:
        return source.randrange(-(2**63), 2**63) >> source.randrange(0, 64)
    if choice == 3:
        return source.choice((0.0, -0.0, 1.0, source.uniform(-1, 1), source.uniform(-1e300, 1e300), 1e16, 1e-9))
    if choice == 4:
        return datetime.date(source.randrange(1000, 9999), source.randrange(1, 13), source.randrange(1, 29))
    if choice < 8:
        return random_text(source)
    if choice == 8 and shared:
        return source.choice(shared)
    length = source.randrange(0, 6)
    if choice < 10:
        data = [random_data(source, depth - 1, shared) for _ in range(length)]
    else:
        data = {random_text(source): random_data(source, depth - 1, shared) for _ in range(length)}
    shared.append(data)
    return data


def random_document(source):
    style = {
        "default_flow_style": source.choice((None, True, False)),
        "default_style": source.choice((None, None, None, "'", '"', "|", ">")),
        "allow_unicode": source.random() < 0.5,
        "width": source.choice((20, 80, 1000)),
        "indent": source.choice((2, 4, 7)),
        "explicit_start": source.random() < 0.3,
        "explicit_end": source.random() < 0.3,
        "canonical": source.random() < 0.1,
        "sort_keys": False,
        "line_break": source.choice(("\n", "\r\n", "\r")),
    }
    return yaml.safe_dump(random_data(source, 4, []), **style).encode()


def test_documents(tap, program, source, count):
    texts = [random_document(source) for _ in range(count)]
    problems, taken = [], 0
    for text, ours in zip(texts, read_texts(program, texts)):
        theirs = oracle(text)
        taken += ours[0]
        problem = compare(text, ours, theirs)
        if problem:
            problems.append(problem)
    if taken < count * 0.9:
        problems.append(f"only {taken} of {count} documents were read")
    tap.point(f"{count} random documents read back the same ({taken} of them are data)", problems)


def main():
    program, root = sys.argv[1], sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    source = random.Random(seed)
    tap = Tap()

    print(f"# random seed: {seed}, PyYAML {yaml.__version__}")
    test_files(tap, program, root, "tests/data/yaml", ".yml", "there are no files")
    test_files(tap, program, root, "seeds/coaches", ".yml", "there are no seeds yet")
    test_files(tap, program, root, "../shared/data/real", (".yml", ".json"), "the folder of real files is not here")
    test_texts(tap, program)
    test_scalars(tap, program, source, 6000)
    test_documents(tap, program, source, 1500)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
