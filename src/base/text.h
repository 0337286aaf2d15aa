/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* text.h: which Unicode texts may be data and be shown, and their order. */

#include <glib.h>
#include <stdbool.h>

/* The first Unicode noncharacter (U+FDD0 to U+FDEF, and the last two of each plane) in valid UTF-8 text;
 * NULL when there is none. libsystemd refuses to send them (Unicode, section 23.7: they are not for
 * interchange), so that data with one could never be read. */
const char *text_find_noncharacter(const char *text, size_t length);

/* Whether a text has characters that may mislead a person who reads it in a prompt or a terminal: control
 * characters (C0, C1), line and paragraph separators, and those that change the direction of writing. */
bool text_is_misleading(const char *text);
/* The same of one character. */
bool text_is_misleading_character(gunichar c);
/* A text without such characters, in which "?" stands for each of them, and at most `size_max` bytes of it,
 * with "…" where it was longer. `text` is valid UTF-8. Free with g_free(). */
char *text_presentable(const char *text, size_t size_max);

/* The order of two texts by their bytes, for g_list_sort(). */
int text_compare(gconstpointer a, gconstpointer b);
/* The same of two elements of an array of texts, for g_ptr_array_sort() and qsort(). */
int text_compare_elements(gconstpointer a, gconstpointer b);
