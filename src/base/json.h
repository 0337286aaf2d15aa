/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* json.h: JSON text (RFC 8259) to a value and back. */

#include "base/value.h"

/* The bounds of a text. Hostile input is refused before it costs more than they say. */
typedef struct JsonLimits {
    size_t size;  /* bytes of text */
    size_t depth; /* nested containers */
    size_t nodes; /* values in the whole text */
} JsonLimits;

/* What a caller on the bus may send as one piece of data: 256 KiB, 64 levels, 20,000 values. */
extern const JsonLimits json_limits_call;
/* What a component may grow to by edits: 1 MiB, 64 levels, 50,000 values. */
extern const JsonLimits json_limits_component;
/* What the database may hold as one text; only a guard against a damaged file. */
extern const JsonLimits json_limits_stored;

/* Parses strictly: one value, UTF-8, no duplicate keys, no comments, no NUL (written or escaped), lone
 * surrogates refused, integers within 64 bits (a number with neither fraction nor exponent is an integer),
 * no number that overflows a double. `length` is -1 for a NUL-terminated text. Sets
 * CONFIG_ERROR_INVALID_DATA, or CONFIG_ERROR_TOO_LARGE for a bound; the message names line and column.
 * Values carry their position. Returns NULL on error. */
Value *json_parse(const char *text, gssize length, const JsonLimits *limits, GError **error);

/* One line without needless space, keys in their order. Reals are the shortest text that reads back the same
 * and always have a point or an exponent, so that 1.0 stays a real. NULL gives "". */
char *json_format(const Value *value);
/* The same, appended to a string. */
void json_append(GString *text, const Value *value);
/* For people: two spaces a level, one entry a line. Ends without a newline. */
char *json_format_pretty(const Value *value);
/* The canonical form that is hashed and compared: as json_format(), keys sorted by their bytes. */
void json_append_canonical(GString *text, const Value *value);
/* A text as a JSON string with its quotes. Control characters are escaped, all else stays UTF-8. */
void json_append_string(GString *text, const char *string);
/* A text as a message quotes it: a JSON string, cut short after 60 characters. Free with g_free(). */
char *json_quote(const char *string);
