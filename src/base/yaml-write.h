/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* yaml-write.h: values as YAML text that is pleasant to read and that every reader understands alike.
 *
 * YAML has as many dialects as readers: `on`, `025`, `12:30` or `1e5` are text to one and something else to
 * the next. So a text stands without quotes only where YAML 1.1 (PyYAML, libyaml), YAML 1.2 and the mixture
 * of both that Go's yaml.v3 reads all take it for that text; and numbers, booleans and null are written in
 * the one form that all of them share.
 *
 * The style: block maps and lists, two spaces a level, short lists of scalars in one line, texts of several
 * lines as literal blocks where those give exactly that text. Lines are never folded. Unicode stays as it
 * is, but what a reader cannot see is escaped: control characters, line separators of Unicode, marks that
 * change the direction of writing, the byte order mark. (libyaml's emitter is no help here: it escapes all
 * beyond the basic plane, does not indent lists and knows no empty line.) */

#include "base/value.h"

/* How the keys of a map are written. */
typedef enum YamlKeys {
    YAML_KEYS_TEXT,    /* every reader sees text: "25": */
    YAML_KEYS_NUMBERS, /* a number from 0 to 999, or one like 0x19, as such: 25: */
} YamlKeys;

/* The value as a document: ends with a newline, has neither "---" nor comments. Free with g_free(). */
char *yaml_format(const Value *value);

/* Appends one entry of the outermost map. `keys` is for the keys of the value itself, where it is a map;
 * those of the maps inside it are text. */
void yaml_append_entry(GString *text, const char *key, const Value *value, YamlKeys keys);

/* Appends a text as a scalar in one line, in quotes where it needs them. */
void yaml_append_string(GString *text, const char *string);
