# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests against PyYAML share: PyYAML as our reader means to be, comparing, TAP.

The differences that base/yaml.h declares are made on PyYAML's side: keys are text as written, a duplicate key is
refused, dates and numbers to the base of 60 are text, and so is "="; what JSON cannot say is refused.
"""

import math
import os
import struct
import sys

import yaml


class Refused(Exception):
    """What PyYAML takes and our reader must not."""


class Oracle(yaml.SafeLoader):
    """safe_load with the declared differences."""

    def compose_mapping_node(self, anchor):
        # Here, since merging later writes into the node.
        node = super().compose_mapping_node(anchor)
        check_keys(node)
        return node

    def construct_mapping(self, node, deep=False):
        if not isinstance(node, yaml.MappingNode):
            return super().construct_mapping(node, deep)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_integer(self, node):
        if ":" in node.value:
            return self.construct_scalar(node)
        integer = self.construct_yaml_int(node)
        if not -(2**63) <= integer < 2**63:
            raise Refused("beyond 64 bits")
        return integer

    def construct_real(self, node):
        if ":" in node.value:
            return self.construct_scalar(node)
        real = self.construct_yaml_float(node)
        if not math.isfinite(real):
            raise Refused("not finite")
        return real


def check_keys(node):
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Refused("a key that is no scalar")
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.value in seen:
            raise Refused("duplicate key")
        seen.add(key.value)


for name, constructor in (
    ("int", Oracle.construct_integer),
    ("float", Oracle.construct_real),
    ("timestamp", Oracle.construct_scalar),
    ("value", Oracle.construct_scalar),
):
    Oracle.add_constructor("tag:yaml.org,2002:" + name, constructor)
for name in ("binary", "set", "omap", "pairs"):
    Oracle.add_constructor("tag:yaml.org,2002:" + name, Oracle.construct_undefined)


def oracle(data):
    """What PyYAML makes of some bytes: (True, value), or (False, None) where it refuses them."""
    try:
        return True, yaml.load(data, Loader=Oracle)
    except (yaml.YAMLError, Refused, ValueError, KeyError, IndexError, RecursionError, UnicodeError):
        return False, None


def same(ours, theirs):
    """Equal in type and value: 1 is not 1.0 is not True, and -0.0 is not 0.0."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float):
        return struct.pack("d", ours) == struct.pack("d", theirs)
    return ours == theirs


def difference(ours, theirs, where=""):
    """The first place where two values differ, for the message."""
    if type(ours) is type(theirs) is dict:
        for key in list(ours) + list(theirs):
            if key not in ours or key not in theirs:
                return f"{where}/{key} is only in {'ours' if key in ours else 'PyYAML'}"
            if not same(ours[key], theirs[key]):
                return difference(ours[key], theirs[key], f"{where}/{key}")
    if type(ours) is type(theirs) is list and len(ours) == len(theirs):
        for i, (a, b) in enumerate(zip(ours, theirs)):
            if not same(a, b):
                return difference(a, b, f"{where}/{i}")
    return f"{where}: ours {ours!r}, PyYAML {theirs!r}"


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def point(self, name, problems=(), skip=None):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}" + (f" # SKIP {skip}" if skip else ""))
        for problem in list(problems)[:20]:
            print("# " + str(problem).replace("\n", "\n# "))
        sys.stdout.flush()


def files_of(folder, endings):
    if not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(endings)]
