# SPDX-License-Identifier: LGPL-2.1-or-later
"""The running object is what the interface XML says, on the bus and peer to peer."""

import os
import xml.etree.ElementTree as ElementTree

from harness import INTERFACE, NAME, SOURCE_ROOT, TIMEOUT, BusError, GLib, IntegrationTest

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def shape(text, name=INTERFACE):
    """An interface as plain data, without what does not matter: comments, layout, order."""
    for interface in ElementTree.fromstring(text).iter("interface"):
        if interface.get("name") == name:
            break
    else:
        raise AssertionError(f"no interface {name}")
    members = {}
    names = [(member.tag, member.get("name")) for member in interface]
    if len(set(names)) < len(names):
        raise AssertionError(f"{name} has a member twice: {sorted(n for n in names if names.count(n) > 1)}")
    for member in interface:
        if member.tag == "annotation":
            members[("annotation", member.get("name"))] = member.get("value")
            continue
        annotations = {a.get("name"): a.get("value") for a in member.findall("annotation")}
        if member.tag == "property":
            annotations.setdefault(EMITS, "true")  # the default of the specification
            content = (member.get("type"), member.get("access"))
        else:
            default = "in" if member.tag == "method" else None
            content = [
                (a.get("name"), a.get("type"), a.get("direction", default) if member.tag == "method" else None)
                for a in member.findall("arg")
            ]
        members[(member.tag, member.get("name"))] = (content, annotations)
    return members


class InterfaceTest(IntegrationTest):
    needs_root = False
    bench_options = {"peer": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.path.join(SOURCE_ROOT, "dbus", "org.coachiq.Config1.xml"), encoding="utf-8") as file:
            cls.documented = file.read()

    def check_shape(self, client):
        expected, found = shape(self.documented), shape(client.introspect())
        self.assertEqual(sorted(expected), sorted(found))
        for member, content in expected.items():
            self.assertEqual(found[member], content, member)

    def test_bus(self):
        self.check_shape(self.client)

    def test_peer(self):
        self.check_shape(self.bench.connect(peer=True))

    def test_parent_objects_lead_to_the_object(self):
        for path, child in (("/", "org"), ("/org", "coachiq"), ("/org/coachiq", "Config1")):
            reply, _ = self.client.send("org.freedesktop.DBus.Introspectable", "Introspect", None, path=path)
            names = [n.get("name") for n in ElementTree.fromstring(reply.unpack()[0]).findall("node")]
            self.assertIn(child, names, path)

    def test_properties_have_their_types(self):
        expected = {
            name: content[0] for (kind, name), (content, _) in shape(self.documented).items() if kind == "property"
        }
        reply, _ = self.client.send("org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (INTERFACE,)))
        values = reply.get_child_value(0)
        found = {}
        for i in range(values.n_children()):
            entry = values.get_child_value(i)
            found[entry.get_child_value(0).get_string()] = entry.get_child_value(1).get_variant().get_type_string()
        self.assertEqual(found, expected)
        for name, kind in expected.items():
            reply, _ = self.client.send(
                "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (INTERFACE, name))
            )
            self.assertEqual(reply.get_child_value(0).get_variant().get_type_string(), kind)

    def test_first_values(self):
        values = self.client.properties()
        self.assertRegex(values["Version"], r"^\d+(\.\d+)+")
        self.assertIs(values["DevelopmentMode"], True)
        self.assertEqual(values["ActiveModel"], "")
        self.assertEqual(values["Interfaces"], {})
        self.assertEqual(values["Health"], "ok")

    def test_properties_are_read_only(self):
        for name, value in (("ActiveModel", GLib.Variant("s", "x")), ("Revision", GLib.Variant("t", 1))):
            self.fails(
                ("org.freedesktop.DBus.Error.PropertyReadOnly", "AccessDenied"),
                self.client.send,
                "org.freedesktop.DBus.Properties",
                "Set",
                GLib.Variant("(ssv)", (INTERFACE, name, value)),
            )

    def test_unknown_members(self):
        self.fails("UnknownMethod", self.client.send, INTERFACE, "Explode", None)
        # On the bus its policy would turn this one away.
        self.fails(
            ("UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface"),
            self.bench.connect(peer=True).send,
            "org.coachiq.Config9",
            "ListModels",
            None,
        )
        self.fails(("org.freedesktop.DBus.Error.UnknownProperty",), self.client.property, "Explosions")

    def test_wrong_signature(self):
        self.fails("InvalidArgs", self.client.send, INTERFACE, "GetMapping", GLib.Variant("(s)", ("x",)))
        self.fails("InvalidArgs", self.client.send, INTERFACE, "Lookup", GLib.Variant("(sus)", ("x", 1, "y")))
        self.fails("InvalidArgs", self.client.send, INTERFACE, "VerifyHistory", GLib.Variant("(s)", ("x",)))

    def test_only_our_object_has_the_interface(self):
        try:
            self.client.send(
                INTERFACE, "ListModels", GLib.Variant("(a{sv})", ({},)), path="/org/coachiq", timeout=TIMEOUT
            )
        except BusError as error:
            self.assertIn(
                error.name,
                (
                    "org.freedesktop.DBus.Error.UnknownObject",
                    "org.freedesktop.DBus.Error.UnknownMethod",
                    "org.freedesktop.DBus.Error.UnknownInterface",
                ),
            )
        else:
            self.fail("a call to another path was answered")

    def test_name_has_one_owner(self):
        self.assertTrue(self.client.has_owner(NAME))
        self.assertEqual(self.client.owner_pid(), self.bench.daemon.pid)
