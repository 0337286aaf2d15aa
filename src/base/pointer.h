/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* pointer.h: JSON Pointer (RFC 6901) as the address of a field in a value. Lists are atomic here: a pointer
 * walks through maps only. */

#include "base/value.h"

/* Splits a pointer into its unescaped reference tokens; "" gives an empty array. NULL-terminated, free with
 * g_strfreev(). Sets CONFIG_ERROR_INVALID_ARGS for text that RFC 6901 does not allow: no leading slash, "~"
 * not followed by 0 or 1; and for what is beyond our bounds (1,024 bytes, 64 tokens, not UTF-8). */
char **pointer_split(const char *pointer, GError **error);
/* Appends "/token" with "~" and "/" escaped. */
void pointer_append(GString *pointer, const char *token);
/* A pointer from tokens. Free with g_free(). */
char *pointer_join(const char *const *tokens);

/* The value at the tokens; borrowed; NULL when absent. */
Value *value_get(const Value *root, const char *const *tokens);
/* Sets the value at the tokens, making the maps on the way. False, with nothing changed, when a value that
 * is no map stands on the way. An empty list of tokens replaces the root. */
bool value_set(Value **root, const char *const *tokens, Value *value);
/* Removes the value at the tokens; false when it was not there. Parents stay, also when they become empty.
 */
bool value_remove(Value **root, const char *const *tokens);
