# SPDX-License-Identifier: LGPL-2.1-or-later
"""Children of the tests: as another user where asked, with a log, and none outlives the tests."""

import atexit
import os
import pwd
import re
import signal
import threading
import time

from common import ROOT, TIMEOUT

_processes = []


def _kill_all():
    for process in reversed(_processes):
        process.kill()


atexit.register(_kill_all)


def ids_of(user):
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def as_user(user, argv, orphan=False):
    """A command line that runs another as `user` (None: as we are) and that, unless told, does not outlive its parent."""
    command = ["/usr/bin/setpriv", "--pdeathsig", "clear" if orphan else "KILL"]
    if user and user != "root" and ROOT:
        uid, gid = ids_of(user)
        command += [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return [*command, "--", *argv]


def clean_environment(**more):
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("DBUS_", "LISTEN_", "NOTIFY_", "STATE_DIRECTORY", "JOURNAL_", "XDG_", "COACHIQ_TEST"))
    }
    environment["LC_ALL"] = "C.UTF-8"
    environment.update({key: value for key, value in more.items() if value is not None})
    return environment


class Process:
    """A child with its output in a log file and, where asked, a listening socket as its file descriptor 3."""

    def __init__(self, argv, log, environment, listen=None):
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        if listen is not None:
            actions.append((os.POSIX_SPAWN_DUP2, listen.fileno(), 3))
            environment = {**environment, "LISTEN_FDS": "1"}
            argv = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *argv]
        self.argv = argv
        self.pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions)
        self.returncode = None
        self._lock = threading.Lock()
        _processes.append(self)

    def poll(self):
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode

    def wait(self, timeout=None):
        deadline = time.monotonic() + (timeout or TIMEOUT)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"process {self.pid} ({' '.join(self.argv)}) does not end")
            time.sleep(0.002)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
        return self.wait()

    def stop(self):
        """Asks first, kills then."""
        self.send_signal(signal.SIGTERM)
        try:
            return self.wait(10)
        except AssertionError:
            return self.kill()


def start_time(pid):
    """When a process started, in ticks since the boot, as polkit wants it."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return int(file.read().rsplit(")", 1)[1].split()[19])


def gone(pid):
    """Whether a process has ended; one that nobody has buried yet has."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.M).group(1))
