#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/po: that each of its checks finds what it is for, and that an update of a catalogue loses nothing."""

import importlib.machinery
import importlib.util
import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load():
    loader = importlib.machinery.SourceFileLoader("po", os.path.join(ROOT, "tools", "po"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("po", loader))
    loader.exec_module(module)
    return module


po = load()

HEADER = r"""# Words: PATH=PFAD, FILE=DATEI
msgid ""
msgstr ""
"Project-Id-Version: coachiq-config\n"
"PO-Revision-Date: 2026-11-25 12:00+0000\n"
"Last-Translator: nobody <nobody@coachiq.example>\n"
"Language-Team: none\n"
"Language: de\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""

# (what is wrong, the message, its translation)
WRONG = [
    ("blanks or newlines", "  and more", " und mehr"),
    ("blanks or newlines", "more\n", "mehr"),
    ("“--force” is to stay", "--force helps", "--zwang hilft"),
    ("“-l” is to stay", "-l is long", "-lang"),
    ("“coachiqctl show” is to stay", "“coachiqctl show” lists", "„coachiqctl zeigen“ zeigt"),
    ("“systemctl status coachiq-configd” is to stay", "systemctl status coachiq-configd", "systemctl status configd"),
    ("“$(path)” is to stay", "edit $(path)", "$(pfad) bearbeiten"),
    ("“friendly_name” is to stay", "friendly_name", "freundlicher_name"),
    ("“devices/porch_light” is to stay", "devices/porch_light", "geräte/porch_light"),
    ("“scene.json” is to stay", "> scene.json", "> szene.json"),
    ("in quotes", "“light”", "light"),
    ("the quotes are", "“light”", "“light”"),
    ("the quotes are", "“light”", "«light»"),
    ("ASCII quotes", 'name "Nook"', "name Nook"),
    ("the verb „reset“ is to stay", "“reset” helps", "„zurücksetzen“ hilft"),
    ("PFAD is too often or too seldom", "PATH is one", "Weg ist einer"),
    ("PATH is too often or too seldom", "PATH is one", "PATH ist einer"),
    ("JSON is too often or too seldom", "as JSON", "als Json"),
    ("two blanks", "one and two", "eins  und zwei"),
]

RIGHT = [
    ("PATH FIELD", "PFAD FELD"),
    ("USER", "BENUTZER"),
    ("PATH is “devices” of FILE: --full", "PFAD ist „devices“ aus DATEI: --full"),
    ("“coachiqctl --help” lists options", "„coachiqctl --help“ zeigt Optionen"),
    ("CAN interfaces", "CAN-Schnittstellen"),
    ("coachiqctl and coachiq-configd", "coachiqctl und coachiq-configd"),
    ("set FIELD", "FIELD setzen"),
]


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def entry(message, translation, flags=""):
    return f"{flags}msgid {quote(message)}\nmsgstr {quote(translation)}\n"


class CatalogueTest(unittest.TestCase):
    """With a folder of its own in the place of po/."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, po, "PO", po.PO)
        for name in ("LINGUAS", "POTFILES.in", "xgettext.options", *(f"{name}.po" for name in po.listed("LINGUAS"))):
            shutil.copy(os.path.join(po.PO, name), folder.name)
        po.PO = folder.name

    def write(self, *entries, header=HEADER):
        with open(po.path_of("de"), "w", encoding="utf-8") as file:
            file.write("\n".join((header, *entries)))

    def read(self):
        with open(po.path_of("de"), encoding="utf-8") as file:
            return file.read()

    def problems(self, wanted=()):
        """What is found in the catalogue, where the sources have these messages."""
        template = po.parse("\n".join((HEADER, *(entry(message, "") for message in wanted))))
        return list(po.check_catalogue("de", template))

    def test_wrong(self):
        for problem, message, translation in WRONG:
            with self.subTest(message=message, translation=translation):
                self.write(entry(message, translation))
                self.assertTrue(any(problem in found for found in self.problems([message])), self.problems([message]))

    def test_right(self):
        for message, translation in RIGHT:
            with self.subTest(message=message):
                self.write(entry(message, translation))
                self.assertEqual(self.problems([message]), [])

    def test_french_blanks(self):
        for text, wrong in (("Non\u00a0!", False), ("Non !", True), ("« a »", True), ("«\u00a0a\u00a0»", False)):
            self.assertEqual(list(po.check_spaces("fr", {}, "x", text)) != [], wrong, text)

    def test_stale(self):
        self.write(
            entry("a", "b"),
            entry("gone", "weg"),
            entry("guess", "vielleicht", "#, fuzzy\n"),
            entry("open", ""),
            "#~ " + "\n#~ ".join(entry("old", "alt").splitlines()),
        )
        problems = self.problems(["a", "guess", "open", "new"])
        self.assertEqual(
            [problem.split(":")[0].split(",")[0] for problem in problems],
            ["missing", "obsolete", "fuzzy", "not translated", "obsolete"],
        )
        self.assertIn("“new”", problems[0])

    def test_msgfmt(self):
        for message, translation, flags in (
            ("%s has no %s", "%s hat kein", "#, c-format\n"),
            ("%u devices", "%s Geräte", "#, c-format\n"),
            ("revision %<PRIu64>", "Revision %u", "#, c-format\n"),
        ):
            self.write(entry(message, translation, flags))
            self.assertTrue(self.problems([message]), translation)
        self.write(entry("a", "b"), header=HEADER.replace('"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n', ""))
        self.assertEqual(self.problems(["a"]), [])
        plural = 'msgid "%u device"\nmsgid_plural "%u devices"\nmsgstr[0] "%u Gerät"\n'
        self.write(plural)
        self.assertTrue(self.problems(), "a plural form is missing")

    def test_languages(self):
        os.rename(po.path_of("de"), po.path_of("it"))
        with open(os.path.join(po.PO, "LINGUAS"), encoding="utf-8") as file:
            self.assertNotIn("it", file.read().split())
        self.assertEqual(po.check([]), 1)

    def test_update(self):
        before = self.read()
        first = po.parse(before)[1]
        self.assertTrue(first.translations[0])
        cut = before.replace(f"msgid {quote(first.text)}\nmsgstr {quote(first.translations[0])}\n\n", "")
        self.assertNotEqual(cut, before)
        with open(po.path_of("de"), "w", encoding="utf-8") as file:
            file.write(cut + "\n" + entry("No such message at all", "Keine"))
        po.update(["de"])
        self.assertNotIn("No such message", self.read())
        found = {po.key(message): message for message in po.parse(self.read())}
        self.assertIn(po.key(first), found)
        for message in po.parse(cut)[1:-1]:
            if po.key(message) in found:
                self.assertEqual(found[po.key(message)].translations, message.translations)
        again = self.read()
        po.update(["de"])
        self.assertEqual(self.read(), again, "a second update changes nothing")
        self.assertNotRegex(again, r"POT-Creation-Date|\n#: ")


class SourceTest(unittest.TestCase):
    def test_macros(self):
        for text, macros in (
            ('_("a %" PRIu64 " b")', []),
            ('_("a %" G_GUINT64_FORMAT " b")', ["G_GUINT64_FORMAT"]),
            ('N_("see " PATH)', ["PATH"]),
            ('ngettext("one", "many " MACRO, n)', ["MACRO"]),
            ('ngettext("one", "many", n_all)', []),
            ('g_strdup_printf(_("%s"), f("x" MACRO))', []),
            ('C_("context", "a" /* B */ "c")', []),
            ('printf("a" MACRO)', []),
        ):
            self.assertEqual([macro for _, macro in po.macros_in_messages(text)], macros, text)

    def test_reading(self):
        text = r'''
#. Translators: a comment
#, c-format, fuzzy
msgctxt "answer"
msgid ""
"one \"two\" \\\n"
"three"
msgid_plural "many"
msgstr[0] "a"
msgstr[1] ""
'''
        (message,) = po.parse(text)
        self.assertEqual(message[:6], ("answer", 'one "two" \\\nthree', "many", ["a", ""], True, False))


if __name__ == "__main__":
    unittest.main()
