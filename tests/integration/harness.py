# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the files of tests import: the base class of a test, and the names that they need beside it."""

import json
import sys
import unittest

from agent import Agent
from bench import Bench, SocketUnit, polkitd_path
from bus import BusError, Caller, Client, Gio, GLib, error_name, make_arguments
from common import (
    ALLOWED,
    ASKED,
    BUNDLED,
    BUNDLED_DEFAULT,
    CONFIGD,
    DENIED,
    FIXTURES,
    HERE,
    INTERFACE,
    MODEL,
    NAME,
    ORDINARY,
    PATH,
    PLAIN,
    ROOT,
    SERVICE,
    SHIPPED_GROUP,
    SHORT,
    SOURCE_ROOT,
    TIMEOUT,
    wait_until,
)
from processes import as_user, clean_environment, gone, ids_of, resident_kib

__all__ = [
    "ALLOWED",
    "ASKED",
    "Agent",
    "BUNDLED",
    "BUNDLED_DEFAULT",
    "Bench",
    "BusError",
    "Caller",
    "Client",
    "DENIED",
    "FIXTURES",
    "GLib",
    "Gio",
    "HERE",
    "INTERFACE",
    "IntegrationTest",
    "MODEL",
    "NAME",
    "ORDINARY",
    "PATH",
    "PLAIN",
    "ROOT",
    "SERVICE",
    "SHIPPED_GROUP",
    "SHORT",
    "SOURCE_ROOT",
    "SocketUnit",
    "TIMEOUT",
    "as_user",
    "clean_environment",
    "gone",
    "ids_of",
    "make_arguments",
    "resident_kib",
    "wait_until",
]


class IntegrationTest(unittest.TestCase):
    """A test class with a bench of its own, or with one for each test. `bench_options` are those of Bench."""

    needs_root = True
    needs_polkit = False
    bench_options = {}
    bench_per_test = False
    start_daemon = True
    bench = None
    maxDiff = None
    longMessage = True

    @classmethod
    def setUpClass(cls):
        if not CONFIGD:
            raise unittest.SkipTest("COACHIQ_CONFIGD does not name the daemon's binary")
        if cls.needs_root and not ROOT:
            raise unittest.SkipTest("needs root, to be several users and to run polkitd")
        if cls.needs_polkit and not polkitd_path():
            raise unittest.SkipTest("polkitd is not installed")
        if not cls.bench_per_test:
            cls.bench = cls.make_bench()
            cls.addClassCleanup(cls.bench.close)

    @classmethod
    def make_bench(cls, **options):
        bench = Bench(**{"polkit": cls.needs_polkit, **cls.bench_options, **options})
        try:
            cls.prepare(bench)
            if cls.start_daemon:
                bench.start()
        except BaseException:
            sys.stderr.write(bench.log())
            bench.close()
            raise
        return bench

    @classmethod
    def prepare(cls, bench):
        """For what has to be done before the daemon starts."""

    def setUp(self):
        if self.bench_per_test:
            self.bench = self.make_bench()
            self.addCleanup(self.bench.close)
        self._log_start = len(self.bench.log()) if self.bench else 0
        self._log = ""

    def tearDown(self):
        # Kept here, because the bench may be gone when the runner asks.
        self._log = self.bench.log()[self._log_start :] if self.bench else ""
        # A library that was used wrongly, or a sanitizer that found something.
        self.assertNotRegex(self._log, r"\bG(Lib|Object|Lib-\w+)-CRITICAL|Sanitizer|runtime error:")

    def diagnostics(self):
        """What the runner prints after a failure."""
        return getattr(self, "_log", "")

    @property
    def client(self):
        return self.bench.client

    def call(self, method, *arguments, **options):
        return self.client.call(method, *arguments, **options)

    def as_user(self, user, peer=False):
        caller = Caller(self.bench, user, peer)
        self.addCleanup(caller.leave)
        return caller

    def check_error(self, error, *names, text=None):
        self.assertIn(error.name, [error_name(n) for n in names], f"the message was: {error.message}")
        self.assertTrue(error.message, "an error needs a message")
        if text:
            self.assertRegex(error.message, text)
        return error

    def fails(self, names, function, *arguments, text=None, **more):
        """The call must fail with (one of) these errors."""
        names = (names,) if isinstance(names, str) else names
        try:
            value = function(*arguments, **more)
        except BusError as error:
            return self.check_error(error, *names, text=text)
        raise self.failureException(f"{names} expected, but {arguments!r} {more!r} returned {value!r}")

    # Short forms

    def get(self, model, path, client=None):
        return json.loads((client or self.client).call("GetMapping", model, path)[0])

    def field(self, model, path, pointer):
        """A field of a component; bindings are walked by their key. KeyError where it is absent."""
        value = self.get(model, path)
        if isinstance(value, dict) and "bindings" in value:
            value["bindings"] = {f"{b['dgn']}:{b['instance']}": b for b in value["bindings"]}
        for token in pointer.split("/")[1:]:
            value = value[token.replace("~1", "/").replace("~0", "~")]
        return value

    def set(self, model, path, pointer, value, client=None, reason="a test", **options):
        return (client or self.client).call("SetField", model, path, pointer, json.dumps(value), reason, **options)

    def revision(self):
        return self.client.property("Revision")

    def changes(self, **options):
        """All changes, newest first, over all pages."""
        found, before = [], 0
        while True:
            page, following = self.call("ListChanges", **options, **({"before": before} if before else {}))
            found += page
            if not following:
                return found
            before = following

    def history(self, model, path, **options):
        found, before = [], 0
        while True:
            page, following = self.call("GetHistory", model, path, **options, **({"before": before} if before else {}))
            found += page
            if not following:
                return found
            before = following

    def assert_intact(self):
        intact, checked, problem = self.call("VerifyHistory")
        self.assertTrue(intact, problem)
        self.assertEqual(problem, "")
        return checked
