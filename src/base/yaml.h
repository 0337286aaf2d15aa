/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* yaml.h: YAML text to a value, with the same result as PyYAML's safe_load (YAML 1.1), because that is what
 * coach files were written for. */

#include "base/value.h"

/* The bounds of a text. With aliases and merges expanded, keys and scalars may have 8 × `size` bytes. */
typedef struct YamlLimits {
    size_t size;  /* bytes of text */
    size_t depth; /* nested containers, aliases expanded */
    size_t nodes; /* values, aliases and merges expanded */
} YamlLimits;

/* 8 MiB, 64 levels, 1,000,000 nodes. */
extern const YamlLimits yaml_limits_default;

/* Parses one document from `text`. Scalars resolve as YAML 1.1 says and PyYAML does: booleans (yes, On, …),
 * integers (0x7C, 017, 0b1, 1_000), floats, nulls; `<<` merges shallowly a map, an alias of one, or a list
 * of maps (the first wins), explicit keys win wherever `<<` stands, and of two `<<` in a map the last wins.
 * In a map, explicit keys come first in file order, then merged ones. An anchor that is defined twice is an
 * error.
 *
 * Differences from safe_load, on purpose: dates and sexagesimals (12:30) stay text, and so does "="; keys
 * are always text as written (25 and "25" are one key) and a duplicate key is an error; what JSON cannot say
 * (.nan, .inf, !!binary, !!set, integers beyond 64 bits, NUL characters, lists inside themselves) is an
 * error. The grammar is libyaml's, which takes a little more than safe_load (a tab after "key:", "?" inside
 * a word of a flow list).
 *
 * Aliases share the value of their anchor. Sets CONFIG_ERROR_INVALID_FILE, or CONFIG_ERROR_TOO_LARGE for a
 * bound; every message starts with "line L, column C: ". Values carry their position. Returns NULL on error.
 * An empty text is null. */
Value *yaml_parse(const char *text, size_t length, const YamlLimits *limits, GError **error);
