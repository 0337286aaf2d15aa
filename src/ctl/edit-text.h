/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* edit-text.h: the text that goes to the editor: what it is, as comments; the data; and, when it comes back
 * with an error, that error above all. */

#include "base/value.h"

typedef enum TextFormat {
    TEXT_YAML,
    TEXT_JSON,
} TextFormat;

/* Appends lines as comments, "# …", broken between words; an empty line of the text stays empty. */
void edit_text_append_comment(GString *out, const char *text);

/* A component as text, without comments. Free with g_free(). */
char *edit_text_format(const Value *component, TextFormat format);
/* And back: comment lines, which JSON does not know, are skipped. Sets CONFIG_ERROR_INVALID_FILE or
 * CONFIG_ERROR_INVALID_DATA with line and column, or CONFIG_ERROR_TOO_LARGE. Returns NULL on error. */
Value *edit_text_parse(const char *text, size_t length, TextFormat format, GError **error);

/* Whether there is anything but comments and blank lines. */
bool edit_text_is_empty(const char *text);

/* An error has this many lines above the text, so that what is parsed with so many empty lines in front
 * names the lines that the person will see. */
#define EDIT_TEXT_ERROR_LINES 3
/* The text below the error. Free with g_free(). */
char *edit_text_with_error(const char *text, const char *message);
/* The text without such an error. Borrowed. */
const char *edit_text_without_error(const char *text);
/* The text with empty lines in place of it. Free with g_free(). */
char *edit_text_numbered(const char *text);
