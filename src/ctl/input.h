/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* input.h: what people type, made into what the service takes: values, fields, paths, DGNs. */

#include "base/value.h"

typedef enum InputKind {
    INPUT_GUESS,  /* JSON if it reads as JSON, else text */
    INPUT_STRING, /* text, whatever it looks like */
    INPUT_JSON,   /* JSON, else an error */
} InputKind;

/* A value as typed. Guessing: `Reading nook` is a text, `25`, `true`, `null`, `[1,2]` and `"25"` are what
 * JSON says. What begins like a list, a map or a quoted text but does not read as one is an error rather
 * than a text, since that is rarely meant. Sets CONFIG_ERROR_INVALID_DATA or CONFIG_ERROR_TOO_LARGE. */
Value *input_value(const char *text, InputKind kind, GError **error);

/* A value as typed for a field that is `like` now, so that it stays what it is: a text takes anything as
 * text; true or false also yes, no, on, off, in any case; a number, a list and a map take JSON of their
 * kind. NULL and null guess. Sets CONFIG_ERROR_INVALID_DATA for a value of another kind, or
 * CONFIG_ERROR_TOO_LARGE.
 */
Value *input_value_like(const char *text, const Value *like, GError **error);

/* A field as typed: a JSON Pointer, or one without its first slash ("friendly_name",
 * "protocol_metadata/firefly_zone_id"). Free with g_free(). */
char *input_field(const char *text);

/* A DGN in hexadecimal, four to six digits, "1FEDA", "0x1feda": at most 17 bits. */
bool input_dgn(const char *text, uint32_t *ret);
/* An instance, "0" to "255", or "0x00" to "0xFF". */
bool input_instance(const char *text, uint8_t *ret);
/* "1FEDA:25". */
bool input_binding(const char *text, uint32_t *ret_dgn, uint8_t *ret_instance);

/* The paths that a short name without slash can mean, of all that exist: those whose last part it is. An
 * array of borrowed paths. A device comes first, so that `result[0]` alone is meant when it is a device or
 * the only one. */
GPtrArray *input_match_path(const char *name, GPtrArray *paths);
