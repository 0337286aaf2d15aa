#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One caller of the daemon in a process of its own: reads calls as JSON lines, writes the answers as JSON lines."""

import base64
import json
import os
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "org.coachiq.Config1"
PATH = "/org/coachiq/Config1"


def say(message):
    os.write(1, json.dumps(message).encode() + b"\n")


def main():
    address, kind = sys.argv[1:3]
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
    if kind == "bus":
        flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    loop = GLib.MainLoop()
    destination = NAME if kind == "bus" else None

    def answered(source, result, serial):
        try:
            value, _ = source.call_with_unix_fd_list_finish(result)
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error) or f"local.{error.domain}.{error.code}"
            Gio.DBusError.strip_remote_error(error)
            say({"id": serial, "error": name, "message": error.message})
            return
        data = value.get_data_as_bytes().get_data() or b""
        say({"id": serial, "type": value.get_type_string(), "data": base64.b64encode(data).decode()})

    def line_came(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        request = json.loads(line)
        data = GLib.Bytes.new(base64.b64decode(request["data"]))
        arguments = GLib.Variant.new_from_bytes(GLib.VariantType.new(request["type"]), data, False)
        call_flags = Gio.DBusCallFlags.NONE
        if request["interactive"]:
            call_flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION
        descriptors = Gio.UnixFDList.new()
        for path in request["files"]:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            descriptors.append(descriptor)
            os.close(descriptor)
        connection.call_with_unix_fd_list(
            destination,
            PATH,
            NAME,
            request["method"],
            arguments,
            None,
            call_flags,
            request["timeout"],
            descriptors,
            None,
            answered,
            request["id"],
        )
        return True

    channel = GLib.IOChannel.unix_new(0)
    channel.set_encoding(None)
    channel.set_buffered(True)

    def drain(source, condition):
        """One wake-up may bring several lines, and what is buffered wakes nobody."""
        while True:
            if not line_came(source, condition):
                return False
            if not source.get_buffer_condition() & GLib.IOCondition.IN:
                return True

    GLib.io_add_watch(channel, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, drain)
    say({"hello": {"name": connection.get_unique_name()}})
    loop.run()


main()
