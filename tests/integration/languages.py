# SPDX-License-Identifier: LGPL-2.1-or-later
"""Locales made for a test, since few machines have them, and what the catalogues say."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess

from common import SOURCE_ROOT

# A locale for each language of po/LINGUAS.
LOCALES = {"de": "de_DE.UTF-8", "es": "es_ES.UTF-8", "fr": "fr_FR.UTF-8"}


def _load_tool():
    loader = importlib.machinery.SourceFileLoader("po", os.path.join(SOURCE_ROOT, "tools", "po"))
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("po", loader))
    loader.exec_module(tool)
    return tool


po = _load_tool()
LANGUAGES = po.listed("LINGUAS")


def make_locales(folder):
    """Makes a locale for each language, for LOCPATH. Returns why that cannot be done, None when it was."""
    for language in LANGUAGES:
        name = LOCALES[language]
        try:
            done = subprocess.run(
                ["localedef", "-i", name.split(".")[0], "-f", "UTF-8", "--no-archive", os.path.join(folder, name)],
                capture_output=True,
                text=True,
            )
        except FileNotFoundError:
            return "localedef is not installed"
        if done.returncode != 0:
            return f"localedef cannot make {name}: the package locales has its source"
    os.chmod(folder, 0o755)
    return None


class Catalogue:
    """The translations of a language; those of None are the messages themselves."""

    def __init__(self, language):
        self._messages = {}
        self._plural = lambda n: n != 1
        if language:
            with open(po.path_of(language), encoding="utf-8") as file:
                messages = po.parse(file.read())
            rule = re.search(r"plural=\(?([n0-9 !=<>]+)\)?;", messages[0].translations[0])[1]
            self._plural = lambda n: int(eval(rule, {}, {"n": n}))
            self._messages = {(m.context, m.text): m.translations for m in messages}

    @staticmethod
    def _format(text):
        return re.sub(r"%(<PRI[du]64>|zu|u)", "%d", text)

    def say(self, text, *arguments, context=None):
        return self._format(self._messages.get((context, text), [text])[0]) % arguments

    def count(self, one, many, n, *arguments):
        """The plural form for n, with n and the arguments in it; a form may do without a number."""
        form = self._format(self._messages.get((None, one), [one, many])[self._plural(n)])
        return form % (n, *arguments) if "%d" in form else form % arguments
