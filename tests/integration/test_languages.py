# SPDX-License-Identifier: LGPL-2.1-or-later
"""coachiqctl and the prompts of polkit in each language that there is a catalogue for."""

import functools
import os
import re
import shutil
import tempfile
import unittest
import xml.etree.ElementTree

import test_ctl
from agent import Agent
from ctl import BEDROOM, GALLEY, CtlTest
from harness import ASKED, MODEL, IntegrationTest
from languages import LANGUAGES, LOCALES, Catalogue, make_locales

COACHIQCTL = os.environ.get("COACHIQCTL_TRANSLATED", "")
POLICY = os.environ.get("COACHIQ_POLICY", "")

LOCPATH = None

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def setUpModule():
    global LOCPATH
    LOCPATH = tempfile.mkdtemp(prefix="coachiq-locales-")
    unittest.addModuleCleanup(shutil.rmtree, LOCPATH)
    reason = make_locales(LOCPATH)
    if reason:
        raise unittest.SkipTest(reason)


def gutters(text):
    """The places where columns are apart: two blanks or more in each line of a table."""
    lines = text.splitlines()
    width = max(map(len, lines))
    blank = "".join(" " if all(line.ljust(width)[i] == " " for line in lines) else "x" for i in range(width))
    return [found.start() for found in re.finditer("  +", blank.rstrip())]


def in_each_language(test):
    """Does what a test does once a language."""

    @functools.wraps(test)
    def run(self):
        for language in LANGUAGES:
            with self.subTest(language=language):
                self.speak(language)
                test(self)

    return run


@unittest.skipUnless(COACHIQCTL, "COACHIQCTL_TRANSLATED does not name the program")
class LanguageTest(CtlTest):
    """coachiqctl speaks `language`, and `words` is what it then says."""

    language = None
    words = Catalogue(None)

    @classmethod
    def prepare(cls, bench):
        super().prepare(bench)
        bench.ctl = bench.program(COACHIQCTL)

    def environment(self, **more):
        environment = super().environment(**more)
        environment.pop("LANGUAGE", None)
        if self.language:
            environment.update(LC_ALL=LOCALES[self.language], LOCPATH=LOCPATH)
        return environment

    def speak(self, language):
        self.language = language
        self.words = Catalogue(language)

    def in_english(self, *arguments, **more):
        language, self.language = self.language, None
        try:
            return self.ctl(*arguments, **more)
        finally:
            self.language = language


class HelpTest(LanguageTest):
    def rows(self, text):
        """(where the right side begins, left, right) of each row of two columns."""
        found = (re.match(r"  (\S(?:.*?\S)?|    --.*?\S)  +(\S.*)$", line) for line in text.splitlines())
        return [(row.start(2), row[1], row[2]) for row in found if row]

    @in_each_language
    def test_columns_and_words(self):
        english = self.rows(self.in_english("--help").out)
        self.assertGreater(len(english), 40)
        rows = self.rows(self.ctl("--help").out)
        self.assertEqual(len(rows), len(english))
        for (_, left, right), (_, english_left, english_right) in zip(rows, english):
            # What is typed stays, and is in the same order; what is said of it is in the other language.
            self.assertEqual(re.split(r"[ =]", left)[0], re.split(r"[ =]", english_left)[0])
            self.assertNotEqual(right, english_right)
        verbs = {start for start, left, _ in rows if left[0].isalpha()}
        self.assertEqual(len(verbs), 1, "umlauts move no column")

    @in_each_language
    def test_each_verb(self):
        verbs = {left.split()[0] for _, left, _ in self.rows(self.in_english("--help").out) if left[0].isalpha()}
        for verb in verbs:
            text, english = (run(verb, "--help").out for run in (self.ctl, self.in_english))
            self.assertNotEqual(text, english)
            self.assertEqual(text.split()[2], verb, text)
            for line in text.splitlines()[1:]:
                if not line.startswith(" "):
                    self.assertLessEqual(len(line), 79, line)

    @in_each_language
    def test_a_wrong_line(self):
        wrong = self.ctl("shwo", code=2).err
        self.assertIn(self.words.say("There is no verb “%s”. Did you mean “%s”?", "shwo", "show"), wrong)
        wrong = self.ctl("show", "devices/porch_lihgt", code=4).err
        self.assertIn(self.words.say("Did you mean %s?", "devices/porch_light"), wrong)


class PluralTest(LanguageTest):
    @in_each_language
    def test_retention(self):
        say = "%s and %s, and %s"
        for n in (1, 2, 21):
            text = self.words.say(
                say,
                self.words.count("the newest change", "the newest %<PRId64> changes", n),
                self.words.count("all of the last day", "all of the last %<PRId64> days", n),
                self.words.count("the newest automatic backup", "the newest %<PRId64> automatic backups", n),
            )
            self.assertNotIn("%", text)
            self.ctl("retention", f"--changes={n}", f"--days={n}", f"--backups={n}")
            self.assertEqual(self.ctl("retention").out, self.words.say("Kept are %s.", text) + "\n")

    @in_each_language
    def test_edits(self):
        one, many = "%u field goes back to the vendor's value:\n", "%u fields go back to the vendor's values:\n"
        self.set(MODEL, BEDROOM, "/friendly_name", "Chambre à coucher")
        self.assertIn(self.words.count(one, many, 1), self.ctl("factory-reset", "--yes").out)
        self.set(MODEL, BEDROOM, "/friendly_name", "Schlafzimmer")
        self.set(MODEL, GALLEY, "/friendly_name", "Küche")
        self.assertIn(self.words.count(one, many, 2), self.ctl("factory-reset", "--yes").out)

    @in_each_language
    def test_none(self):
        counts = self.words.count("%u error", "%u errors", 0), self.words.count("%u warning", "%u warnings", 2)
        self.assertEqual(self.ctl("validate").out.splitlines()[-1], ", ".join(counts))


class TableTest(LanguageTest):
    TABLES = (["models"], ["show"], ["lookup", "1FEDA:25"], ["changes"], ["history"], ["backups"], ["resources"])
    TABLES += (["explain", BEDROOM], ["dgns"], ["interface"])

    def setUp(self):
        super().setUp()
        self.set(MODEL, BEDROOM, "/friendly_name", "Schönes Licht über der Tür", reason="Größe")
        self.set(MODEL, GALLEY, "/friendly_name", "Éclairage là-bas", reason="où")
        self.call("SetInterface", "house", "can0")
        self.call("CreateBackup", "für später")

    @in_each_language
    def test_columns(self):
        for arguments in self.TABLES:
            english = self.in_english(*arguments).out
            self.assertTrue(gutters(english), english)
            text = self.ctl(*arguments).out
            self.assertNotEqual(text.splitlines()[0], english.splitlines()[0])
            self.assertEqual(len(text.splitlines()), len(english.splitlines()))
            self.assertEqual(len(gutters(text)), len(gutters(english)), text)

    @in_each_language
    def test_status(self):
        lines = self.ctl("status").out.splitlines()[1:]
        self.assertEqual(len({line.index(":") for line in lines}), 1, "\n".join(lines))


class MonitorTest(LanguageTest):
    watch = test_ctl.MonitorTest.watch
    heard = test_ctl.MonitorTest.heard
    one_of_each = test_ctl.MonitorTest.one_of_each
    _is_told = test_ctl.MonitorTest._is_told

    def check(self, language):
        self.speak(language)
        self.watch()
        self.one_of_each()
        lines = self.heard(f"  {self.words.say('removed')} ").splitlines()
        starts = {line.index(MODEL) for line in lines if MODEL in line and "[" not in line}
        self.assertEqual(len(starts), 1, "\n".join(lines))
        for word in ("available", "updated", "imported", "removed"):
            self.assertIn(f"  {self.words.say(word)} ", "\n".join(lines))


# One each, since each needs a bench of its own.
for _language in LANGUAGES:
    setattr(MonitorTest, f"test_{_language}", functools.partialmethod(MonitorTest.check, _language))


class AnswerTest(LanguageTest):
    """A person answers in a language."""

    def ask(self, keep, answer):
        person = self.terminal("retention", f"--changes={keep}")
        person.expect(self.words.say("Keep less? (y)es or (n)o, by default no:"))
        person.type(answer)
        code = person.end()
        return code, self.json("retention")["Changes"]

    @in_each_language
    def test_yes(self):
        keep = self.json("retention")["Changes"]
        words = self.words.say("y yes", context="answer").split()
        self.assertGreater(len(words), 2, "a language has a word of its own for yes")
        for answer in {"y", "yes", "YES", *words, *(word.upper() for word in words), f" {words[-1]} "}:
            keep -= 1
            self.assertEqual(self.ask(keep, answer), (0, keep), answer)

    @in_each_language
    def test_no(self):
        for answer in ("", "n", "no", "nein", "non", "jein", "y e s", "ÿ"):
            self.assertEqual(self.ask(5, answer), (1, 1000), answer)


class DecisionTest(LanguageTest):
    def setUp(self):
        super().setUp()
        self.conflict()

    @in_each_language
    def test_letters_stay(self):
        person = self.terminal("update")
        question = self.words.say("  (m)ine, (v)endor, (e)dit a value or (q)uit?").strip()
        shown = person.expect(question)
        # The values of a decision stand below one another, whatever their labels are.
        labels = [self.words.say(label) for label in ("base", "mine", "vendor", "result")]
        lines = [line for line in shown.splitlines() if line.strip().split("  ")[0] in labels]
        self.assertEqual(len(lines), len(labels), shown)
        starts = {re.match(r"    \S+(?: \S+)*  +", line).end() for line in lines}
        self.assertEqual(len(starts), 1, shown)
        person.type("q")
        self.assertEqual(person.end(), 1)


class EditorTest(LanguageTest):
    def edit(self, name, answer):
        editor = self.bench.path("editor")
        with open(editor, "w", encoding="utf-8") as script:
            script.write(f"#!/bin/sh\nsed -i 's/^friendly_name: .*/friendly_name: {name}/' \"$1\"\n")
        os.chmod(editor, 0o755)
        person = self.terminal("edit", BEDROOM, VISUAL=editor, TMPDIR=self.bench.directory)
        person.expect(self.words.say("Write this? (y)es, (n)o or (e)dit again, by default no:"))
        person.type(answer)
        return person.end(), person.screen

    @in_each_language
    def test_edit(self):
        name = f"Wörter {self.language}"
        refused = self.edit(name, "jein")
        self.assertEqual(refused[0], 1)
        self.assertIn(self.words.say("Nothing was written."), refused[1])
        self.assertNotEqual(self.name(BEDROOM), name)
        done = self.edit(name, self.words.say("y yes", context="answer").split()[-1])
        self.assertEqual(done[0], 0)
        self.assertIn(self.words.count("Edited %u component", "Edited %u components", 1), done[1])
        self.assertEqual(self.name(BEDROOM), name)


class ProgramTest(LanguageTest):
    """What programs read is in no language."""

    COMMANDS = [["status"], ["models"], ["show"], ["show", BEDROOM], ["get", BEDROOM], ["get", BEDROOM, "level"]]
    COMMANDS += [["find", "--area=interior.bedroom"], ["lookup", "1FEDA:25"], ["explain", BEDROOM], ["validate"]]
    COMMANDS += [["updates"], ["preview"], ["changes"], ["history"], ["retention"], ["verify"], ["backups"]]
    COMMANDS += [["dgn", "1FEDA"], ["dgns"], ["resources"], ["interface"], ["interface", "house"]]

    def setUp(self):
        super().setUp()
        self.set(MODEL, BEDROOM, "/level", 1.5, force=True)
        self.call("SetInterface", "house", "can0")
        self.call("CreateBackup", "why")

    @in_each_language
    def test_json(self):
        for arguments in self.COMMANDS:
            english = self.in_english("--json", *arguments).out
            self.assertEqual(self.ctl("--json", *arguments).out, english, arguments)

    @in_each_language
    def test_files(self):
        """A file is what others import, in whatever language they are."""
        for arguments in (["export"], ["export", "--edits"], ["export", "--format=json"]):
            self.assertEqual(self.ctl(*arguments).out, self.in_english(*arguments).out)

    @in_each_language
    def test_differences(self):
        english, text = (run("--json", "diff", "1", "3", code=1).out for run in (self.in_english, self.ctl))
        self.assertEqual(text, english)
        self.assertNotEqual(self.ctl("diff", "1", "3", code=1).out, self.in_english("diff", "1", "3", code=1).out)

    @in_each_language
    def test_nothing_to_migrate(self):
        root = tempfile.mkdtemp(dir=self.bench.directory)
        arguments = "migrate", f"--root={root}", "--dry-run"
        self.assertEqual(self.ctl("--json", *arguments, code=4).out, self.in_english("--json", *arguments, code=4).out)
        self.assertIn(
            self.words.say("There is no old installation below %s. Nothing is at:", root), self.ctl(*arguments, code=4).err
        )

    @in_each_language
    def test_a_migration(self):
        """Why something was refused is said in a language, and in none where a program reads it."""
        root = tempfile.mkdtemp(dir=self.bench.directory)
        models = os.path.join(root, "var/lib/coachiq/config/models")
        os.makedirs(models)
        os.mkfifo(os.path.join(models, "pipe.yml"))
        arguments = "migrate", f"--root={root}", "--dry-run"
        english, text = (run("--json", *arguments, code=1).out for run in (self.in_english, self.ctl))
        self.assertIn("not a regular file", english)
        self.assertEqual(text, english)
        self.assertIn(self.words.say("a FIFO"), self.ctl(*arguments, code=1).out)
        self.assertNotIn(self.words.say("a FIFO"), text)

    @in_each_language
    def test_values(self):
        self.assertEqual(self.ctl("get", BEDROOM, "level").out, "1.5\n")
        self.assertIn("level: 1.5 ", self.ctl("show", BEDROOM).out)
        self.assertIn("house", self.ctl("get", BEDROOM, "interface").out)

    @in_each_language
    def test_words_of_an_edit(self):
        """The words for true and false are the same in each language, as field names are."""
        self.ctl("set", BEDROOM, "/notes", "ja")
        self.assertEqual(self.field(MODEL, BEDROOM, "/notes"), "ja")


@unittest.skipUnless(POLICY, "COACHIQ_POLICY does not name the policy with its translations")
class PolicyTest(IntegrationTest):
    needs_polkit = True

    def texts(self):
        """(English, language, translation) of each text of the policy."""
        for action in xml.etree.ElementTree.parse(POLICY).getroot().iter("action"):
            for tag in ("description", "message"):
                elements = {element.get(XML_LANG): element.text for element in action.findall(tag)}
                for language in LANGUAGES:
                    yield elements[None], language, elements.get(language)

    def test_every_text(self):
        texts = list(self.texts())
        self.assertGreater(len(texts), 16)
        for english, language, translation in texts:
            self.assertEqual(translation, Catalogue(language).say(english))
            self.assertNotEqual(translation, english)

    def test_no_other_catalogue(self):
        """Where a text names a gettext domain, polkit of Debian takes no translation from the file."""
        with open(POLICY, encoding="utf-8") as file:
            self.assertNotIn('gettext-domain="', file.read())

    def test_prompt(self):
        self.call("SetActiveModel", MODEL)
        english = "Authentication is required to edit $(path) in the configuration of the coach $(model)"
        for language in LANGUAGES:
            with self.subTest(language=language):
                caller = self.as_user(ASKED)
                agent = Agent(self.bench, caller, LOCALES[language])
                call = caller.begin("SetField", MODEL, BEDROOM, "/notes", '"a"', "", interactive=True)
                prompt = agent.wait()[0]
                wanted = Catalogue(language).say(english).replace("$(path)", BEDROOM).replace("$(model)", MODEL)
                self.assertEqual(prompt.message, wanted)
                prompt.dismiss()
                self.check_error(call.error(), "AccessDenied")
