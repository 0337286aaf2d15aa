# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callers of the daemon: in the test process over GDBus, or in a process of their own as another user."""

import base64
import fcntl
import json
import os
import re
import subprocess
import threading

import gi
from common import INTERFACE, NAME, PATH, TIMEOUT
from processes import as_user, clean_environment

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

SIGNATURES = {
    "ListModels": "(a{sv})",
    "Import": "(sa{sv})",
    "ImportFile": "(hsa{sv})",
    "Export": "(sa{sv})",
    "RemoveModel": "(ssa{sv})",
    "MigrateLegacy": "(a(sh)a{sv})",
    "SetActiveModel": "(sa{sv})",
    "GetMapping": "(ss)",
    "GetMappings": "(sa{sv})",
    "FindMappings": "(sa{sv})",
    "Lookup": "(suy)",
    "UpdateMapping": "(ssssa{sv})",
    "SetField": "(sssssa{sv})",
    "ResetMapping": "(ssssa{sv})",
    "DeleteMapping": "(sssa{sv})",
    "ApplyEdits": "(sa(ssss)sa{sv})",
    "Explain": "(ss)",
    "Validate": "(s)",
    "CheckForUpdates": "(s)",
    "PreviewUpdate": "(sa{sv})",
    "ApplyUpdate": "(ssa(sss)sa{sv})",
    "UndoChange": "(tsa{sv})",
    "SetRetention": "(a{sv}a{sv})",
    "CreateBackup": "(sa{sv})",
    "ListBackups": "(a{sv})",
    "OpenBackup": "(s)",
    "RestoreBackup": "(ssa{sv})",
    "DeleteBackup": "(sa{sv})",
    "FactoryReset": "(sssa{sv})",
    "ListChanges": "(a{sv})",
    "GetHistory": "(ssa{sv})",
    "VerifyHistory": "()",
    "ListResources": "()",
    "GetResource": "(s)",
    "DescribeDgn": "(u)",
    "ListDgns": "(a{sv})",
    "SetInterface": "(ssa{sv})",
    "Describe": "()",
}

# The types of all options. One that is missing here is sent as a string.
OPTION_TYPES = {
    "expected-revision": "t",
    "force": "b",
    "limit": "u",
    "before": "t",
    "dgn": "u",
    "instance": "y",
    "offset": "u",
    "changes": "u",
    "days": "u",
    "backups": "u",
    "only-clean": "b",
    "allow-missing-fields": "b",
    "allow-collisions": "b",
    "allow-device-loss": "b",
    "resolutions": "a(sss)",
    "file": "h",
    "change": "t",
}

STANDARD_ERRORS = {
    "AccessDenied",
    "InvalidArgs",
    "InteractiveAuthorizationRequired",
    "IOError",
    "LimitsExceeded",
    "NotSupported",
    "UnknownMethod",
}

_loop = GLib.MainLoop()
threading.Thread(target=_loop.run, name="glib", daemon=True).start()


class BusError(Exception):
    """An error reply: its name on the bus and its text."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message

    @classmethod
    def from_glib(cls, error):
        name = Gio.DBusError.get_remote_error(error)
        if not name:
            name = f"local.{GLib.quark_to_string(GLib.quark_from_string(error.domain))}.{error.code}"
        Gio.DBusError.strip_remote_error(error)
        return cls(name, re.sub(r"^GDBus\.Error:[\w.]+: ", "", error.message))


def error_name(short):
    """The full name of an error as the tests write it."""
    if "." in short:
        return short
    return ("org.freedesktop.DBus.Error." if short in STANDARD_ERRORS else f"{NAME}.Error.") + short


def settle():
    """Everything that arrived before this call has been dispatched when it returns."""
    done = threading.Event()
    GLib.idle_add(lambda: done.set() or False, priority=GLib.PRIORITY_LOW)
    if not done.wait(TIMEOUT):
        raise AssertionError("the main loop of the tests stands still")


def variant(value):
    """A variant of the type that a Python value suggests."""
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("t", value)
    return GLib.Variant("s", value)


def make_options(options):
    made = {}
    for key, value in options.items():
        key = key.replace("_", "-")
        if isinstance(value, GLib.Variant) or key not in OPTION_TYPES or isinstance(value, str):
            made[key] = variant(value)
        else:
            made[key] = GLib.Variant(OPTION_TYPES[key], value)
    return made


def make_arguments(method, arguments, options):
    signature = SIGNATURES[method]
    if signature.endswith("a{sv})"):
        arguments = (*arguments, make_options(options))
    elif options:
        raise TypeError(f"{method} takes no options")
    return GLib.Variant(signature, tuple(arguments))


def descriptor_list(descriptors):
    """Handles are places in it."""
    made = Gio.UnixFDList.new()
    for descriptor in descriptors:
        made.append(descriptor)
    return made


def simplify(result):
    """What a method returned: nothing, one value, or a tuple."""
    values = result.unpack()
    if len(values) == 0:
        return None
    return values[0] if len(values) == 1 else values


class Pending:
    """A call that is under way."""

    def __init__(self, what):
        self.what = what
        self._done = threading.Event()
        self._value = self._error = None

    def finish(self, value=None, error=None):
        self._value, self._error = value, error
        self._done.set()

    @property
    def done(self):
        return self._done.is_set()

    def result(self, timeout=None):
        if not self._done.wait(timeout or TIMEOUT + 10):
            raise AssertionError(f"no answer to {self.what}")
        if self._error:
            raise self._error
        return self._value

    def error(self):
        try:
            value = self.result()
        except BusError as error:
            return error
        raise AssertionError(f"{self.what} returned {value!r}")


class Signal:
    def __init__(self, name, arguments):
        self.name = name
        self.arguments = arguments

    def __repr__(self):
        return f"{self.name}{self.arguments!r}"


class Client:
    """A caller within the test process, over the bus or peer to peer."""

    def __init__(self, address, peer=False):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        if not peer:
            flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.destination = None if peer else NAME
        self._signals = []
        self._subscription = None

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(
        self,
        interface,
        method,
        arguments,
        *,
        path=PATH,
        destination="",
        interactive=False,
        timeout=None,
        descriptors=(),
    ):
        """The bare call. Returns the reply and the file descriptors in it."""
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        try:
            return self.connection.call_with_unix_fd_list_sync(
                self.destination if destination == "" else destination,
                path,
                interface,
                method,
                arguments,
                None,
                flags,
                int((timeout or TIMEOUT) * 1000),
                descriptor_list(descriptors),
                None,
            )
        except GLib.Error as error:
            raise BusError.from_glib(error) from None

    def call(self, method, *arguments, interactive=False, timeout=None, descriptors=(), **options):
        reply, _ = self.send(
            INTERFACE,
            method,
            make_arguments(method, arguments, options),
            interactive=interactive,
            timeout=timeout,
            descriptors=descriptors,
        )
        return simplify(reply)

    def begin(self, method, *arguments, interactive=False, timeout=None, descriptors=(), **options):
        pending = Pending(f"{method}{arguments!r}")

        def answered(connection, result):
            try:
                pending.finish(simplify(connection.call_with_unix_fd_list_finish(result)[0]))
            except GLib.Error as error:
                pending.finish(error=BusError.from_glib(error))

        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        self.connection.call_with_unix_fd_list(
            self.destination,
            PATH,
            INTERFACE,
            method,
            make_arguments(method, arguments, options),
            None,
            flags,
            int((timeout or TIMEOUT) * 1000),
            descriptor_list(descriptors),
            None,
            answered,
        )
        return pending

    def open(self, method, *arguments, **options):
        """The descriptor that a method returns; the caller's to close."""
        reply, descriptors = self.send(INTERFACE, method, make_arguments(method, arguments, options))
        return descriptors.get(reply.get_child_value(0).get_handle())

    def file(self, method, *arguments, **options):
        """The content of the file that a method returns, and its seals."""
        descriptor = self.open(method, *arguments, **options)
        try:
            size = os.fstat(descriptor).st_size
            return os.pread(descriptor, size + 1, 0), fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        finally:
            os.close(descriptor)

    def introspect(self):
        reply, _ = self.send("org.freedesktop.DBus.Introspectable", "Introspect", None)
        return simplify(reply)

    def property(self, name):
        reply, _ = self.send("org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (INTERFACE, name)))
        return simplify(reply)

    def properties(self):
        reply, _ = self.send("org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (INTERFACE,)))
        return simplify(reply)

    def ping(self):
        self.send("org.freedesktop.DBus.Peer", "Ping", None)

    def bus(self, method, arguments=None):
        reply, _ = self.send(
            "org.freedesktop.DBus", method, arguments, path="/org/freedesktop/DBus", destination="org.freedesktop.DBus"
        )
        return simplify(reply)

    def owner_pid(self):
        return self.bus("GetConnectionUnixProcessID", GLib.Variant("(s)", (NAME,)))

    def has_owner(self, name=NAME):
        return self.bus("NameHasOwner", GLib.Variant("(s)", (name,)))

    # Signals

    def watch(self):
        """From now on signals are kept."""
        if self._subscription is None:
            self._subscription = self.connection.signal_subscribe(
                None, None, None, PATH, None, Gio.DBusSignalFlags.NONE, self._received
            )
            if self.destination:
                self.has_owner()  # the match rule is in force when this returns
        return self

    def _received(self, _connection, _sender, _path, _interface, name, parameters):
        self._signals.append(Signal(name, parameters.unpack()))

    def signals(self, name=None):
        """Takes the signals that the daemon sent before this call, in their order; with a name those of that name
        (all are taken)."""
        self.ping()
        settle()
        taken, self._signals = self._signals, []
        return [s for s in taken if name in (None, s.name)]


class Caller:
    """A caller in a process of its own, as another user."""

    def __init__(self, bench, user, peer=False):
        address = bench.peer_address if peer else bench.address
        self.user = user
        self._serial = 0
        self._pending = {}
        self._lock = threading.Lock()
        self._hello = Pending("a caller's start")
        self.process = subprocess.Popen(
            as_user(user, ["/usr/bin/python3", bench.share("worker.py"), address, "peer" if peer else "bus"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(),
            cwd="/",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        bench.on_close(self.leave)
        hello = self._hello.result()
        self.pid = self.process.pid
        self.unique_name = hello["name"]

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            if "hello" in message:
                self._hello.finish(message["hello"])
                continue
            with self._lock:
                pending = self._pending.pop(message["id"])
            if "error" in message:
                pending.finish(error=BusError(message["error"], message["message"]))
            else:
                data = GLib.Bytes.new(base64.b64decode(message["data"]))
                value = GLib.Variant.new_from_bytes(GLib.VariantType.new(message["type"]), data, False)
                pending.finish(simplify(value))
        gone = BusError("local.CallerGone", "the caller's process ended")
        self._hello.finish(error=gone)
        with self._lock:
            left, self._pending = self._pending, {}
        for pending in left.values():
            pending.finish(error=gone)

    def begin(self, method, *arguments, interactive=False, timeout=None, files=(), **options):
        """`files` are paths, which the caller opens itself."""
        value = make_arguments(method, arguments, options)
        pending = Pending(f"{method}{arguments!r} by {self.user}")
        with self._lock:
            self._serial += 1
            self._pending[self._serial] = pending
            request = {
                "id": self._serial,
                "method": method,
                "type": value.get_type_string(),
                "data": base64.b64encode(value.get_data_as_bytes().get_data() or b"").decode(),
                "interactive": interactive,
                "files": files,
                "timeout": int((timeout or TIMEOUT) * 1000),
            }
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        return pending

    def call(self, method, *arguments, **more):
        return self.begin(method, *arguments, **more).result()

    def leave(self):
        """Ends without a goodbye."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(TIMEOUT)
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass
