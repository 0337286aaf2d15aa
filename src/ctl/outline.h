/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* outline.h: a component for reading: `key: value` lines that are YAML, with remarks as comments. */

#include "base/value.h"
#include "ctl/term.h"

/* Appends the lines of a component. `remarks` maps field pointers to texts (const char *) that are put
 * behind their lines, in the style of edits. */
void outline_append(GString *out, const Term *term, const Value *component, GHashTable *remarks);
/* A scalar or a list of scalars as one YAML word or flow list, cleaned; anything else as JSON. Free with
 * g_free(). */
char *outline_scalar(const Value *value);
/* The same, but a map that is not empty is "{…}": a whole component would fill the screen and say little. */
char *outline_short(const Value *value);
