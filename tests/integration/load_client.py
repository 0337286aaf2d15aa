#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One of the clients of test_load.py: mixed calls as fast as they are answered, then a report as JSON."""

import json
import random
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "org.coachiq.Config1"
PATH = "/org/coachiq/Config1"
TIMEOUT_MS = 120_000


class LoadClient:
    def __init__(self, address, model, number, calls):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.model = model
        self.number = number
        self.limit = calls
        self.calls = 0
        self.raised = 0
        self.acknowledged = []
        self.problems = []
        self.own = {}
        self.random = random.Random(number)

    def call(self, method, signature, *arguments, interface=NAME):
        self.calls += 1
        reply = self.connection.call_sync(
            NAME,
            PATH,
            interface,
            method,
            GLib.Variant(signature, arguments),
            None,
            Gio.DBusCallFlags.NONE,
            TIMEOUT_MS,
            None,
        )
        values = reply.unpack()
        return values[0] if len(values) == 1 else values

    def write(self, field, value, options=None):
        change = self.call(
            "SetField", "(sssssa{sv})", self.model, "coach_info", field, json.dumps(value), "load", options or {}
        )
        self.acknowledged.append((change, field, value))

    def write_own(self):
        """A field that this client alone writes."""
        field = f"/client_{self.number}_{self.random.randrange(5)}"
        value = f"{self.number}.{self.calls}"
        self.write(field, value)
        self.own[field[1:]] = value

    def raise_shared(self):
        """A counter that all write, by compare and swap."""
        revision = self.call("Get", "(ss)", NAME, "Revision", interface="org.freedesktop.DBus.Properties")
        value = json.loads(self.call("GetMapping", "(ss)", self.model, "coach_info")[0])["shared"]
        try:
            self.write("/shared", value + 1, {"expected-revision": GLib.Variant("t", revision)})
            self.raised += 1
        except GLib.Error as error:
            if Gio.DBusError.get_remote_error(error) != f"{NAME}.Error.Conflict":
                raise

    def read(self):
        kind = self.random.randrange(8)
        if kind == 0:
            if len(self.call("Lookup", "(suy)", self.model, 0x1FEDA, 25)) != 1:
                self.problems.append("Lookup")
        elif kind == 1:
            query = {"device-type": GLib.Variant("s", "light"), "text": GLib.Variant("s", "devices/")}
            if len(self.call("FindMappings", "(sa{sv})", self.model, query)) != 13:
                self.problems.append("FindMappings")
        elif kind == 2:
            if len(self.call("GetMappings", "(sa{sv})", self.model, {"limit": GLib.Variant("u", 10)})[0]) != 10:
                self.problems.append("GetMappings")
        elif kind == 3:
            self.call("ListChanges", "(a{sv})", {"limit": GLib.Variant("u", 5)})
        elif kind == 4:
            self.call("GetHistory", "(ssa{sv})", self.model, "coach_info", {"limit": GLib.Variant("u", 5)})
        elif kind == 5:
            self.call("ListModels", "(a{sv})", {})
        else:
            info = json.loads(self.call("GetMapping", "(ss)", self.model, "coach_info")[0])
            for field, value in self.own.items():
                if info.get(field) != value:
                    self.problems.append(f"{field} is {info.get(field)!r}, not {value!r}")

    def run(self):
        while self.calls < self.limit:
            left = self.limit - self.calls
            chance = self.random.random()
            if chance < 0.20:
                self.write_own()
            elif chance < 0.30 and left >= 3:
                self.raise_shared()
            else:
                self.read()
        return {
            "calls": self.calls,
            "raised": self.raised,
            "acknowledged": self.acknowledged,
            "problems": self.problems,
        }


print(json.dumps(LoadClient(**json.loads(sys.argv[1])).run()))
