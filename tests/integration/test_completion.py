# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion of coachiqctl: the hidden verb, and what bash and zsh make of it at a real prompt."""

import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import time
import unittest

from harness import BUNDLED, MODEL, PLAIN, SOURCE_ROOT, TIMEOUT, IntegrationTest, clean_environment

COACHIQCTL = os.environ.get("COACHIQCTL", "")
COMPLETIONS = os.path.join(SOURCE_ROOT, "data", "completion")
BASH = shutil.which("bash")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
ZSH = shutil.which("zsh")

BEDROOM = "devices/bedroom_light"
# What shells make something of. The service takes all of it in a name.
ODD_NAMES = (
    "two  words",
    "it's",
    'a "quote"',
    "back\\slash",
    "$HOME",
    "$(touch {trap})",
    "`touch {trap}`",
    "; touch {trap}",
    "a:b=c@d",
    "*?[x]",
    "!!",
    "#hash",
    "~tilde",
    "(a|b)&<c>{{d,e}}",
    "Küche 厨房",
    "-dash",
    "per%cent %F{{red}}",
    # Shells close a quote that is open, unless it seems to be closed.
    "last '",
    'last "',
    "last !",
    "last \\",
)

ALL_OPTIONS = re.compile(r"^ {2}(?:-\w, | {4})--([a-z-]+)", re.M)
ALL_VERBS = re.compile(r"^  ([a-z][a-z-]+)(?: .*)?  \S", re.M)


class Shell:
    """An interactive shell on a terminal, in which the command `show` writes its arguments to a file."""

    def __init__(self, argv, environment, folder, setup):
        self._out = os.path.join(folder, "arguments")
        self._main, side = pty.openpty()
        self._process = subprocess.Popen(
            argv, stdin=side, stdout=side, stderr=side, env=environment, cwd=folder, start_new_session=True
        )
        os.close(side)
        self.screen = ""
        self._lines = 0
        for line in (*setup, "show() { printf '%s\\0' \"$@\" > '" + self._out + "'; }"):
            self._write(line + "\n")
        self.run("show ready")

    def _write(self, text):
        os.write(self._main, text.encode())

    def _pump(self):
        if select.select([self._main], [], [], 0.02)[0]:
            try:
                self.screen += os.read(self._main, 65536).decode("utf-8", "replace")
            except OSError as error:
                raise AssertionError(f"the shell has gone:\n{self.screen}") from error

    def run(self, keys):
        """Types the keys and a newline, and returns the arguments that the command `show` got."""
        self._lines += 1
        done = f"{self._out}-{self._lines}"
        self._write(f"{keys}\n")
        # The answer is whole when the next command has run.
        self._write(f" : > '{done}'\n")
        deadline = time.monotonic() + TIMEOUT
        while not os.path.exists(done):
            self._pump()
            if time.monotonic() > deadline:
                raise AssertionError(f"{keys!r}: the shell did not come back:\n{self.screen}")
        os.unlink(done)
        with open(self._out, "rb") as file:
            data = file.read()
        os.unlink(self._out)
        return data.decode().split("\0")[:-1]

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._main)


@unittest.skipUnless(COACHIQCTL, "COACHIQCTL does not name the program")
class CompletionTest(IntegrationTest):
    maxDiff = 3000

    @classmethod
    def prepare(cls, bench):
        os.makedirs(bench.path("bin"))
        bench.ctl = shutil.copy(COACHIQCTL, bench.path("bin", "coachiqctl"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trap = cls.bench.path("trap")
        call = cls.bench.client.call
        call("SetActiveModel", MODEL)
        call("SetField", MODEL, BEDROOM, "/friendly_name", '"Reading Nook"', "we read here")
        cls.odd = []
        for name in ODD_NAMES:
            name = name.format(trap=cls.trap)
            cls.odd.append("odd/" + name.replace("~", "~0").replace("/", "~1"))
            call("UpdateMapping", MODEL, cls.odd[-1], json.dumps({"name": name, name: 1}), "odd")
        cls.backup = call("CreateBackup", "before the trip")

    def environment(self, **more):
        path = f"{self.bench.path('bin')}:{os.environ['PATH']}"
        return clean_environment(
            **{
                "PATH": path,
                "DBUS_SYSTEM_BUS_ADDRESS": self.bench.address,
                "TERM": "xterm",
                "HOME": self.bench.path("bin"),
                "HISTFILE": None,
                **more,
            }
        )

    def ctl(self, *arguments, code=0, **more):
        done = subprocess.run(
            [self.bench.ctl, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(**more),
            timeout=TIMEOUT,
        )
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        self.assertEqual(done.stderr, "")
        return done.stdout

    def verbs(self):
        return ALL_VERBS.findall(self.ctl("--help").split("\nOptions:")[0])

    def options(self, verb):
        """Every option that a verb takes, as the help lists them."""
        everywhere = ALL_OPTIONS.findall(self.ctl("--help").split("\nOptions:")[1].split("\n\n")[0])
        self.assertIn("model", everywhere)
        return sorted(set(everywhere + ALL_OPTIONS.findall(self.ctl(verb, "--help"))))

    def tearDown(self):
        super().tearDown()
        self.assertFalse(os.path.exists(self.trap), "a name was run as a command")


class VerbTest(CompletionTest):
    """coachiqctl complete."""

    def complete(self, *words, **more):
        """(first line, {candidate: description})"""
        first, *lines = self.ctl("complete", "--", "zsh", *words, **more).splitlines()
        return first, dict(line.split("\t") for line in lines)

    def bash(self, text, *words, type=ord("\t")):
        return self.ctl("complete", "--", "bash", str(type), text, *words).splitlines()

    def words(self, *words, **more):
        return list(self.complete(*words, **more)[1])

    def test_verbs(self):
        self.assertEqual(self.words(""), self.verbs())
        self.assertEqual(self.words("help", ""), self.verbs())
        self.assertEqual(self.words("fac"), ["factory-reset"])
        self.assertNotIn("complete", self.verbs())
        self.assertEqual(self.words("no-such-verb", ""), [])
        self.assertEqual(self.complete("stat")[1], {"status": "Show the state of the service and of this coach"})

    def test_options(self):
        for verb in self.verbs():
            found = sorted(w.removeprefix("--").removesuffix("=") for w in self.words(verb, "--"))
            self.assertEqual(found, self.options(verb), verb)
        self.assertNotIn("--json", self.words("set", "--json", "--"))
        # These may be repeated.
        self.assertIn("--take", self.words("preview", "--take", "x", "y", "--ta"))
        self.assertEqual(self.words("set", "--", "--re"), [], "options have ended")

    def test_which_coach(self):
        """What can be looked for: makes and coaches, and years."""
        self.assertEqual(self.words("models", "--match=Test Pl"), ["--match=Test Plain"])
        self.assertLessEqual({"Test", "Test Coach One", "Test Plain"}, set(self.words("models", "--match", "Te")))
        self.assertEqual(self.words("models", "--year", "202")[:2], ["2020", "2021"])
        self.assertEqual(self.words("models", "--vin", ""), [])

    def test_models(self):
        models = [BUNDLED, MODEL, PLAIN]
        for words in (["import", ""], ["activate", ""], ["show", "--model", ""], ["-jm", ""], ["update", ""]):
            self.assertLessEqual(set(models), set(self.words(*words)), words)
        self.assertEqual(self.words("show", "--model=2020_Te"), [f"--model={MODEL}"])
        self.assertEqual(self.bash("2020_Te", "show", "--model=2020_Te"), ["words closed 8", MODEL])
        self.assertEqual(self.words("-m2020_Te"), [f"-m{MODEL}"])
        self.assertEqual(self.complete("-m", "2020_Te")[1], {MODEL: "2020 Test Coach One (active)"})

    def test_paths(self):
        sections = self.words("get", "")
        self.assertIn("devices/", sections)
        self.assertIn("coach_info", sections)
        self.assertEqual([s for s in sections if s.count("/") > 1 or s.rstrip("/").count("/")], [], "sections alone")
        self.assertEqual(self.complete("get", "devices/bed")[1], {BEDROOM: "Reading Nook"})
        self.assertEqual(self.words("get", "bedroom_l"), ["bedroom_light"])
        self.assertEqual(self.words("get", "nothing"), [])
        self.assertIn("devices", self.words("show", "dev"))
        self.assertNotIn("devices", self.words("set", "dev"))
        self.assertIn("devices", self.words("factory-reset", "dev"))
        self.assertIn("devices", self.words("edit", "dev"))
        self.assertEqual(set(self.words("get", "odd/")), set(self.odd))
        self.assertEqual(self.words("preview", "--take", "devices/bed"), [BEDROOM])

    def test_fields(self):
        for path in (BEDROOM, "bedroom_light"):
            fields = self.complete("get", path, "")[1]
            self.assertEqual(fields["friendly_name"], "Reading Nook")
            self.assertIn("protocol_metadata/zone", fields)
            self.assertIn("bindings/1FEDB:25/command_type", fields)
        self.assertEqual(self.words("get", BEDROOM, "/fri"), ["/friendly_name"])
        self.assertEqual(self.words("reset", BEDROOM, ""), ["friendly_name"], "what is edited")
        self.assertEqual(self.words("get", "no_such_device", ""), [])
        self.assertEqual(self.words("preview", "--take", BEDROOM, "fri"), ["friendly_name"])
        self.assertEqual(self.words("preview", "--set", BEDROOM, "friendly_name", "R"), ["Reading Nook"])
        self.assertEqual(
            self.complete("set", BEDROOM, "friendly_name", "")[1],
            {"Reading Nook": "now", "Bedroom Light": "the vendor's"},
        )
        self.assertEqual(self.words("set", "--json-value", BEDROOM, "friendly_name", '\'"R'), ['"Reading Nook"'])

    def test_what_the_service_lists(self):
        changes = self.complete("undo", "")[1]
        self.assertEqual(list(changes)[0], str(self.revision()))
        self.assertIn("edit root we read here", " ".join(changes.values()))
        self.assertEqual(self.words("changes", "--before=1"), [f"--before={c}" for c in changes if c[0] == "1"])
        for verb in ("restore", "delete-backup", "backup"):
            self.assertEqual(self.words(verb, ""), [self.backup])
        self.assertIn("1FEDA", self.words("dgn", ""))
        self.assertIn("1FEDA", self.words("lookup", "1FE"))
        self.assertIn("25", self.words("lookup", "0x1feda", ""))
        self.assertEqual(self.words("find", "--dgn=1FEDA", "--instance", "2"), ["25", "26", "27", "29", "28"])
        self.assertIn("light", self.words("find", "--type", ""))
        self.assertIn("interior.bedroom", self.words("find", "--area", ""))
        self.assertIn("house", self.words("find", "--interface", ""))
        self.assertIn("house", self.words("interface", ""))
        self.assertEqual(self.words("resource", ""), ["rvc.json"])
        self.assertEqual(self.words("set", "--expected-revision", ""), [str(self.revision())])

    def test_fixed_words(self):
        self.assertEqual(self.words("--color="), ["--color=auto", "--color=always", "--color=never"])
        self.assertIn("edit", self.words("changes", "--kind", ""))
        self.assertEqual(self.words("update", "--policy", ""), ["keep-mine", "take-vendor", "manual"])
        self.assertIn("device-loss", self.words("update", "--allow", ""))
        self.assertEqual(self.words("dgns", "--direction", "c"), ["command"])
        self.assertEqual(self.words("export", "--format="), ["--format=yaml", "--format=json"])

    def test_files_are_the_shells_business(self):
        self.assertEqual(self.complete("backup", "--output=/t"), ("files closed 9", {}))
        self.assertEqual(self.complete("backup", "-o/t"), ("files closed 2", {}))
        self.assertEqual(self.complete("--socket", ""), ("files closed 0", {}))
        self.assertEqual(self.complete("get", "")[0], "words closed 0")
        self.assertEqual(self.complete("migrate", "--root", "/t"), ("folders closed 0", {}))
        self.assertEqual(self.complete("migrate", "--root=/t"), ("folders closed 7", {}))
        # What is one of several things is looked for in all of them.
        kind, models = self.complete("import", "20")
        self.assertEqual(kind, "files closed 0")
        self.assertLessEqual({MODEL, PLAIN, BUNDLED}, set(models))
        kind, things = self.complete("diff", MODEL, "")
        self.assertEqual(kind, "files closed 0")
        self.assertLessEqual({MODEL, "1", str(self.revision())}, set(things))
        self.assertLessEqual({f"{MODEL}@1", f"{MODEL}@3"}, set(self.words("diff", f"{MODEL}@")))
        self.assertEqual(self.words("diff", f"{PLAIN}@"), [])

    def test_quotes_that_are_still_open(self):
        self.assertEqual(self.words("get", "'odd/it"), ["odd/it's"])
        self.assertEqual(self.words("get", '"odd/it'), ["odd/it's"])
        self.assertEqual(self.words("get", "odd/it\\'"), ["odd/it's"])
        self.assertEqual(self.words("get", "odd/\"it's\"", "na"), ["name"])
        self.assertEqual(self.words("get", "odd/it\\"), ["odd/it's"])
        self.assertEqual(self.bash("b", "get", "odd/a:b"), ["words closed 0", "b=c@d"])
        self.assertEqual(self.bash("odd/it", "get", "odd/it"), ["words closed 0", "odd/it\\'s"])
        self.assertEqual(self.bash("odd/it", "get", "'odd/it"), ["words closed 0", "odd/it'\\''s"])
        self.assertEqual(self.bash("odd/it", "get", '"odd/it'), ["words closed 0", "odd/it's"])
        self.assertEqual(self.bash("odd/it\\", "get", "odd/it\\"), ["words closed 0"])
        self.assertEqual(self.bash("de", "set", "de"), ["words open 0", "devices/"])

    def test_completing_changes_nothing(self):
        before = self.revision()
        # A read would import it.
        self.assertEqual(self.words("get", "--model", PLAIN, ""), [])
        self.assertEqual(self.words("get", "--model", PLAIN, "coach_info", ""), [])
        self.assertEqual(self.words("--model=nothing", "get", ""), [])
        self.assertEqual(self.revision(), before)

    def test_without_the_service(self):
        nowhere = f"unix:path={self.bench.path('nothing.sock')}"
        for words in (["get", ""], ["get", "x", ""], ["undo", ""], ["activate", ""], ["restore", ""], ["dgn", ""]):
            self.assertEqual(self.words(*words, DBUS_SYSTEM_BUS_ADDRESS=nowhere), [], words)
            self.assertEqual(self.words(f"--socket={self.bench.path('nothing.sock')}", *words), [], words)
        self.assertEqual(self.words("stat", DBUS_SYSTEM_BUS_ADDRESS=nowhere), ["status"])

    def test_a_service_that_says_nothing(self):
        mute = self.bench.path("mute.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(mute)
            listener.listen()
            self.assertEqual(self.ctl("complete", "--", "zsh", f"--socket={mute}", "get", "", code=1), "")

    def test_bad_calls(self):
        self.assertEqual(self.words("--nonsense", "-q", "--lines=many", "--json=1", "get", "devices/bed"), [BEDROOM])
        self.assertEqual(self.words("set", BEDROOM, "x", "y", "z", ""), [])
        self.assertEqual(self.words("-"), self.words("--"))


class ShellTest(CompletionTest):
    """What holds at the prompt of any shell."""

    def setUp(self):
        super().setUp()
        self.shell = self.make_shell()
        self.addCleanup(self.shell.close)

    def shell_environment(self):
        return self.environment(COLUMNS="200", LINES="2000")

    def all(self, line):
        """What could be there, all of it put into the line."""
        *before, _ = line.split(" ")
        return self.shell.run(line + self.insert_all)[len(before) - 1 :]

    def test_verbs(self):
        self.assertEqual(sorted(self.all("show ")), sorted(self.verbs()))
        self.assertEqual(self.shell.run("show fac\t"), ["factory-reset"])

    def test_options(self):
        for verb in self.verbs():
            found = sorted(w.removeprefix("--").removesuffix("=") for w in self.all(f"show {verb} --"))
            self.assertEqual(found, self.options(verb), verb)

    def test_one_candidate(self):
        run = self.shell.run
        self.assertEqual(run("show get dev\t"), ["get", "devices/"])
        self.assertEqual(run("show get bedro\tfri\t"), ["get", "bedroom_light", "friendly_name"])
        self.assertEqual(run("show get devices/bed\tfri\t"), ["get", BEDROOM, "friendly_name"])
        self.assertEqual(
            run("show set bedroom_light friendly_name Rea\t"),
            ["set", "bedroom_light", "friendly_name", "Reading Nook"],
        )
        self.assertEqual(run("show --model=2020_Te\tget\t"), [f"--model={MODEL}", "get"])
        self.assertEqual(run("show --mod\t2020_Te\tget\t"), [f"--model={MODEL}", "get"])
        self.assertEqual(run(f"show restore {self.backup[:4]}\t"), ["restore", self.backup])
        self.assertEqual(
            run("show get bedroom_light bindings/1FEDB:25/com\t"),
            ["get", "bedroom_light", "bindings/1FEDB:25/command_type"],
        )

    def test_files(self):
        with open(self.bench.path("bin", "a file:x.db"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.shell.run("show restore --file a\\ f\t"), ["restore", "--file", "a file:x.db"])
        self.assertEqual(self.shell.run("show restore --file=a\\ f\t"), ["restore", "--file=a file:x.db"])

    def test_odd_names(self):
        """What the service has comes through whole, in every quoting, and is never run."""
        self.assertEqual(sorted(self.all("show get odd/")), sorted(self.odd))
        for path in self.odd:
            for start in self.starts(path):
                with self.subTest(start=start):
                    self.assertEqual(self.shell.run(f"show get {start}\t"), ["get", path])

    def starts(self, path):
        """The start of a path as it can be typed, long enough to be the only one."""
        others = [o for o in self.odd if o != path]
        length = next(n for n in range(5, len(path) + 1) if not any(o.startswith(path[:n]) for o in others))
        start = path[:length]
        yield re.sub(r"([^\w/.:@=-])", r"\\\1", start)
        if "'" not in start:
            yield "'" + start
        if "!" not in start:
            yield '"' + re.sub(r'([$`"\\])', r"\\\1", start)

    def test_odd_fields(self):
        for path in self.odd:
            name = path.removeprefix("odd/")
            quoted = "'" + path.replace("'", "'\\''") + "'"
            found = self.shell.run(f"show get {quoted} {self.insert_all}")[2:]
            self.assertEqual(sorted(found), sorted(["name", name]), path)


@unittest.skipUnless(BASH and os.path.exists(BASH_COMPLETION), "bash and bash-completion are not installed")
class BashTest(ShellTest):
    insert_all = "\x1b*"

    def make_shell(self):
        return Shell(
            [BASH, "--noprofile", "--norc", "-i"],
            self.shell_environment(),
            self.bench.path("bin"),
            [
                "PS1='> '; unset HISTFILE",
                f". {BASH_COMPLETION}; . {COMPLETIONS}/bash/coachiqctl",
                "bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'",
                "complete -o nosort -F _coachiqctl show",
            ],
        )


@unittest.skipUnless(ZSH, "zsh is not installed")
class ZshTest(ShellTest):
    insert_all = "\x18a"

    def make_shell(self):
        return Shell(
            [ZSH, "-f", "-i"],
            self.shell_environment(),
            self.bench.path("bin"),
            [
                "PS1='> '; unset zle_bracketed_paste; setopt nobeep; bindkey -e; LISTMAX=10000",
                f"fpath=({COMPLETIONS}/zsh $fpath); autoload -U compinit; compinit -D -u",
                "zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches '^Xl' list-choices",
                "zstyle ':completion:all-matches:*' insert yes",
                "zstyle ':completion:all-matches::::' completer _all_matches _complete",
                "compdef _coachiqctl show",
            ],
        )

    def test_descriptions(self):
        self.shell.run("show get devices/b\x18led\t")
        screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shell.screen)
        self.assertIn("devices/bedroom_light  -- Reading Nook", screen)


# These two have no shell of their own.
del CompletionTest, ShellTest
