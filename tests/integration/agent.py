# SPDX-License-Identifier: LGPL-2.1-or-later
"""A polkit authentication agent for one process, whose user is the test."""

import os

from bus import Client, Gio, GLib
from common import wait_until
from processes import start_time


class Prompt:
    """One question that polkit put to the agent."""

    def __init__(self, agent, action, message, details, cookie, identities, invocation):
        self.agent = agent
        self.action = action
        self.message = message
        self.details = details
        self.cookie = cookie
        self.identities = identities
        self.cancelled = False
        self._invocation = invocation

    def dismiss(self):
        self._invocation.return_dbus_error("org.freedesktop.PolicyKit1.Error.Cancelled", "the window was closed")

    def refuse(self):
        """As after a wrong password: the agent comes back without an answer."""
        self._invocation.return_value(None)

    def allow(self):
        """Answers as the helper of a real agent does after the password was right; only root may."""
        self.agent.call(
            "AuthenticationAgentResponse2", GLib.Variant("(us(sa{sv}))", (0, self.cookie, self.identities[0]))
        )
        self._invocation.return_value(None)


class Agent:
    """An authentication agent for one process."""

    XML = """<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
      <method name="BeginAuthentication">
        <arg type="s" name="action_id" direction="in"/><arg type="s" name="message" direction="in"/>
        <arg type="s" name="icon_name" direction="in"/><arg type="a{ss}" name="details" direction="in"/>
        <arg type="s" name="cookie" direction="in"/><arg type="a(sa{sv})" name="identities" direction="in"/>
      </method>
      <method name="CancelAuthentication"><arg type="s" name="cookie" direction="in"/></method>
    </interface></node>"""
    PATH = "/org/coachiq/TestAgent"

    def __init__(self, bench, caller, locale="C"):
        self.prompts = []
        self._client = Client(bench.address)
        bench.on_close(self._client.close)
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        self._client.connection.register_object(self.PATH, interface, self._called, None, None)
        uid = os.stat(f"/proc/{caller.pid}").st_uid
        subject = (
            "unix-process",
            {
                "pid": GLib.Variant("u", caller.pid),
                "start-time": GLib.Variant("t", start_time(caller.pid)),
                "uid": GLib.Variant("i", uid),
            },
        )
        self.call("RegisterAuthenticationAgent", GLib.Variant("((sa{sv})ss)", (subject, locale, self.PATH)))

    def call(self, method, arguments):
        self._client.send(
            "org.freedesktop.PolicyKit1.Authority",
            method,
            arguments,
            path="/org/freedesktop/PolicyKit1/Authority",
            destination="org.freedesktop.PolicyKit1",
        )

    def _called(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        if method == "BeginAuthentication":
            action, message, _icon, details, cookie, _ = parameters.unpack()
            # Unpacking loses the types that a response has to repeat.
            given = parameters.get_child_value(5)
            identities = []
            for i in range(given.n_children()):
                kind, inner = given.get_child_value(i).get_child_value(0), given.get_child_value(i).get_child_value(1)
                properties = {}
                for j in range(inner.n_children()):
                    entry = inner.get_child_value(j)
                    properties[entry.get_child_value(0).get_string()] = entry.get_child_value(1).get_variant()
                identities.append((kind.get_string(), properties))
            self.prompts.append(Prompt(self, action, message, details, cookie, identities, invocation))
        else:
            cookie = parameters.unpack()[0]
            for prompt in self.prompts:
                prompt.cancelled = prompt.cancelled or prompt.cookie == cookie
            invocation.return_value(None)

    def wait(self, count=1):
        """The prompts, once there are so many."""
        wait_until(lambda: len(self.prompts) >= count, f"polkit asked {count} times")
        return self.prompts
