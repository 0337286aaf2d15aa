/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* encoding.h: whether the bytes of a file are text. */

#include <glib.h>
#include <stdbool.h>

/* Checks that the bytes are UTF-8 text and steps over a byte order mark at their start: `*text` and
 * `*length` are then those of the rest. Refuses UTF-16 and UTF-32, with a byte order mark or (where the text
 * is mostly ASCII) without, invalid UTF-8, and what is no text at all: NUL bytes, and the well-known kinds
 * of archives, databases and pictures. Sets CONFIG_ERROR_INVALID_FILE; the message starts with "line L,
 * column C: " and says what to do. */
bool encoding_check(const char **text, size_t *length, GError **error);
