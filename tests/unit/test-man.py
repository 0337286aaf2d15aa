#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages say what the programs say of themselves.

test-man.py SOURCE_ROOT COACHIQCTL CONFIGD PAGE… (TAP)
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT, COACHIQCTL, CONFIGD, *FILES = sys.argv[1:]
PAGES = {os.path.basename(path): path for path in FILES}
INTERFACE = "dbus/org.coachiq.Config1.xml"

number = 0
failed = False


def check(what, found, wanted):
    global number, failed
    number += 1
    ok = found == wanted
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} {number} {what}")
    if not ok and isinstance(wanted, (set, dict)):
        print(f"#   only in the page: {sorted(set(found) - set(wanted))}")
        print(f"#   missing in the page: {sorted(set(wanted) - set(found))}")
        for key in sorted(set(found) & set(wanted)) if isinstance(wanted, dict) else ():
            if found[key] != wanted[key]:
                print(f"#   {key}: {found[key]!r} in the page, should be {wanted[key]!r}")
    elif not ok:
        print(f"#   the page: {found!r}\n#   should be: {wanted!r}")


def plain(line):
    """Text of a line of a page, without its marks."""
    if line.startswith("."):
        line = re.sub(r"^\.(?:[BI]|[BIR]{2}) ", "", line).replace('"', "")
    return re.sub(r"\\f.", "", line).replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")


def read(page):
    with open(PAGES[page], encoding="utf-8") as file:
        return file.read().splitlines()


def items(lines):
    """(section, tag, text) of each item of a page."""
    section, found = "", []
    for i, line in enumerate(lines):
        if line.startswith((".SH ", ".SS ")):
            section = line[4:] if line.startswith(".SH") else section
            found.append([section, None, []])
        elif line == ".TP":
            found.append([section, plain(lines[i + 1]), []])
        elif found and not (i and lines[i - 1] == ".TP"):
            found[-1][2].append(plain(line))
    return [(section, tag, text) for section, tag, text in found if tag is not None]


def run(*command):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


OPTION = re.compile(r"^ {2}(-\w, | {4}|)(--[a-z-]+)(?:[= ](\S.*?))?(?:  .*|$)", re.M)


def options(text):
    """name → usage, of the options that a help lists."""
    found = {}
    for letter, name, argument in OPTION.findall(text):
        separator = " " if " " in argument else "=" if argument else ""
        found[name] = f"{letter.strip()} {name}{separator}{argument}".strip()
    return found


def check_coachiqctl():
    page = items(read("coachiqctl.1"))
    text = run(COACHIQCTL, "--help")
    verbs, _, rest = text.partition("\nOptions:")
    usages = {u.split()[0]: u for u in re.findall(r"^  ([a-z][a-z-]*(?: \S+)*)  +\S", verbs, re.M)}
    check("verbs of coachiqctl(1)", {t.split()[0]: t for s, t, _ in page if s == "VERBS"}, usages)

    everywhere = options(rest.partition("\n\n")[0])
    listed = dict(everywhere)
    described = {t.split()[0]: body for s, t, body in page if s == "VERBS"}
    for verb in usages:
        mine = options(run(COACHIQCTL, verb, "--help"))
        listed.update(mine)
        takes = [line for line in described.get(verb, []) if line.startswith("Takes ")]
        check(f"options of {verb} in coachiqctl(1)", set(re.findall(r"--[a-z-]+", " ".join(takes))), set(mine))
    named = {re.search(r"--[a-z-]+", t)[0]: t for s, t, _ in page if s == "OPTIONS"}
    check("options of coachiqctl(1)", named, listed)

    codes = dict(re.findall(r"^  (\d)  (.*)$", rest.partition("Exit codes:")[2], re.M))
    check("exit codes of coachiqctl(1)", {t: " ".join(body) for s, t, body in page if s == "EXIT STATUS"}, codes)


def check_configd():
    lines = read("coachiq-configd.8")
    page = items(lines)
    listed = options(run(CONFIGD, "--help"))
    named = {re.search(r"--[a-z-]+", t)[0]: t for s, t, _ in page if s == "OPTIONS"}
    check("options of coachiq-configd(8)", named, listed)

    with open(os.path.join(ROOT, "polkit/org.coachiq.config1.policy.in"), encoding="utf-8") as file:
        actions = set(re.findall(r'<action id="([^"]+)"', file.read()))
    check("actions of coachiq-configd(8)", {t for s, t, _ in page if s == "WHO MAY"}, actions)

    ids = set()
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                ids |= set(re.findall(r'"([0-9a-f]{32})"', file.read()))
    check("message ids of coachiq-configd(8)", set(re.findall(r"\b[0-9a-f]{32}\b", "\n".join(lines))), ids)


def check_interface():
    """The page is made of the comments, and cannot be made of ones that do not fit."""
    maker = os.path.join(ROOT, "docs/man/interface-page")
    with open(os.path.join(ROOT, INTERFACE), encoding="utf-8") as file:
        text = file.read()
    # Behind the rules for all of them, where each has its place.
    body = "\n".join(read("org.coachiq.Config1.5")).partition("\n.SH ERRORS\n")[2]
    members = re.findall(r'<(?:method|signal|property) name="(\w+)"', text)
    found = re.findall(r"^\.SS (\w+)$|^\.TP\n\\fB([A-Z]\w+)\\fR \(", body, re.M)
    check("members of org.coachiq.Config1(5)", [a or b for a, b in found], members)

    broken = {
        "an argument without words": text.replace("        @path: path of the component\n", "", 1),
        "words on no argument": text.replace('      <arg name="path" type="s" direction="in"/>\n', "", 1),
        "a member without a comment": text.replace('<method name="', '<method name="Other"/>\n    <method name="', 1),
        "a comment of another member": text.replace("        Lookup:\n", "        Lookdown:\n", 1),
    }
    for what, changed in broken.items():
        with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
            file.write(changed)
            file.flush()
            done = subprocess.run([maker, file.name, "1", "2026-01-01"], capture_output=True, text=True, check=False)
        said = (changed != text, done.returncode != 0, "Traceback" in done.stderr)
        check(f"no page is made of {what}", said, (True, True, False))


check_coachiqctl()
check_configd()
check_interface()
print(f"1..{number}")
sys.exit(1 if failed else 0)
