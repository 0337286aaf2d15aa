# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of coachiqctl share: running it on a pipe and on a terminal, and a coach with a newer release."""

import collections
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import FIXTURES, MODEL, TIMEOUT, IntegrationTest, as_user, clean_environment

COACHIQCTL = os.environ.get("COACHIQCTL", "")

BEDROOM = "devices/bedroom_light"
GALLEY = "devices/galley_light"
PORCH = "devices/porch_light"
# What a newer release of the fixture's coach says else, as (old, new) of its text.
RELEASE = (
    ('version: "1.2.3"', 'version: "1.3.0"'),
    ("friendly_name: Bedroom Light", "friendly_name: Bed Light"),
    ("friendly_name: Galley Light", "friendly_name: Kitchen Light"),
    ("friendly_name: Porch Light", "friendly_name: Patio Light"),
    ('    action: "off"\n', '    action: "off"\n  movie:\n    name: Movie\n'),
)
TAKE_ALL = ("--take", "bedroom_light", "/", "--take", "galley_light", "/", "--take", "porch_light", "/")
# Eight of fifteen devices go.
LOSS = (('version: "1.2.3"', 'version: "1.3.0"'), (re.compile(r"  \d+: \[\{entity_id: spare_.*\n"), ""))

Result = collections.namedtuple("Result", "code out err")


class Terminal:
    """A program on a terminal of its own, with a person at it."""

    def __init__(self, argv, environment, columns=80):
        self.screen = ""
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._process = subprocess.Popen(
            argv, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
        )
        os.close(side)

    def _read(self):
        """False when nothing more will come."""
        if not select.select([self._main], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._main, 65536)
        except OSError:
            data = b""
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def expect(self, text):
        """Waits until the text is on the screen, and takes what is up to there."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.screen:
            if not self._read() or time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come:\n{self.screen}")
        seen, self.screen = self.screen.split(text, 1)
        return seen

    def type(self, line):
        os.write(self._main, line.encode() + b"\n")

    def end_of_input(self):
        os.write(self._main, b"\x04")

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)

    def end(self):
        """The exit code, once all that it said is on the screen."""
        while self._read():
            pass
        return self._process.wait(TIMEOUT)

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._main)


@unittest.skipUnless(COACHIQCTL, "COACHIQCTL does not name the program")
class CtlTest(IntegrationTest):
    bench_per_test = True
    maxDiff = 2000

    @classmethod
    def prepare(cls, bench):
        bench.seeds = bench.path("seeds")
        shutil.copytree(FIXTURES, bench.seeds)
        bench.ctl = shutil.copy(COACHIQCTL, bench.path("coachiqctl"))
        os.chmod(bench.ctl, 0o755)

    def setUp(self):
        super().setUp()
        self.call("SetActiveModel", MODEL)

    def environment(self, **more):
        return clean_environment(DBUS_SYSTEM_BUS_ADDRESS=self.bench.address, NO_COLOR="1", TERM="xterm", **more)

    def ctl(self, *arguments, code=0, user=None, input="", **environment):
        """Runs it on a pipe; it has to leave with this code, and says why where it fails."""
        done = subprocess.run(
            as_user(user, [self.bench.ctl, *arguments]),
            input=input,
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            cwd="/",
            timeout=TIMEOUT,
        )
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        if code == 0:
            self.assertNotRegex(done.stdout, r"[^\S\n]\n", "no blanks at the end of a line")
        return Result(code, done.stdout, done.stderr)

    def json(self, *arguments, **more):
        return json.loads(self.ctl("--json", *arguments, **more).out)

    def terminal(self, *arguments, columns=80, **environment):
        terminal = Terminal(as_user(None, [self.bench.ctl, *arguments]), self.environment(**environment), columns)
        self.addCleanup(terminal.close)
        return terminal

    def release(self, changes=RELEASE, model=MODEL):
        """Puts a newer coach file where the daemon finds it."""
        path = os.path.join(self.bench.seeds, "coaches", f"{model}.yml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            changed = old.sub(new, text) if isinstance(old, re.Pattern) else text.replace(old, new)
            self.assertNotEqual(changed, text)
            text = changed
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def conflict(self):
        """Two names and a deletion that the release changes too."""
        self.set(MODEL, BEDROOM, "/friendly_name", "Reading Nook")
        self.set(MODEL, GALLEY, "/friendly_name", "Cook's Light")
        self.call("DeleteMapping", MODEL, PORCH, "never used")
        self.release()

    def name(self, path):
        return self.field(MODEL, path, "/friendly_name")
