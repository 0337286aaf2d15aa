#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the tests of one file and says the results as TAP: run.py FILE [NAME...]

A NAME limits the run to the tests whose id contains it.
"""

import importlib.util
import os
import sys
import time
import traceback
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.failed = False
        self._subtests = []
        self._first = 0
        self._started = 0

    def say(self, line):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def point(self, ok, test, directive=""):
        self.number += 1
        self.failed |= not ok
        name = test.id().replace("#", " ")
        self.say(f"{'ok' if ok else 'not ok'} {self.number} {name}{directive}")

    def explain(self, test, error):
        text = "".join(traceback.format_exception(*error))
        log = getattr(test, "diagnostics", lambda: "")()
        if log:
            text += "--- the daemon's log during this test ---\n" + log[-20000:]
        for line in text.splitlines():
            self.say("# " + line)

    def startTest(self, test):
        super().startTest(test)
        self._subtests = []
        self._first = self.number
        self._started = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        if self._subtests and self.number == self._first:
            # unittest says nothing more of a test that failed in a part only.
            self.point(False, test)
        if os.environ.get("COACHIQ_TEST_VERBOSE"):
            self.say(f"# {time.monotonic() - self._started:.2f} s")

    def addSuccess(self, test):
        self.point(True, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.point(False, test)
        self.explain(test, err)

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._subtests.append(subtest)
            self.say(f"# in {subtest.id()}")
            self.explain(test, err)
            self.failed = True

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.point(True, test, f" # SKIP {reason}")


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def main():
    path, wanted = sys.argv[1], sys.argv[2:]
    try:
        import gi

        gi.require_version("Gio", "2.0")
    except (ImportError, ValueError):
        print("1..0 # SKIP python3-gi is not installed")
        return 0
    spec = importlib.util.spec_from_file_location(os.path.basename(path).removesuffix(".py"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    tests = [
        t
        for t in each(unittest.defaultTestLoader.loadTestsFromModule(module))
        if not wanted or any(w in t.id() for w in wanted)
    ]
    result = TapResult()
    unittest.TestSuite(tests).run(result)
    # A class that cannot be set up is one point for all its tests, so the plan is known at the end.
    print(f"1..{result.number}", flush=True)
    return 1 if result.failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
