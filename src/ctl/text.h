/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* text.h: text as a terminal shows it: how wide it is, how it is shortened, and what must never reach a
 * terminal. */

#include <glib.h>

/* The number of terminal columns that a UTF-8 text takes: two for wide characters (East Asian, most emoji),
 * none for combining ones. The text must be free of control characters, as text_clean() gives it. */
unsigned text_width(const char *text);

/* The text within `width` columns: as it is, or its start and `ellipsis`. Free with g_free(). */
char *text_ellipsize(const char *text, unsigned width, const char *ellipsis);

/* Two texts that share `width` columns, shortened in place: the shorter one keeps what it needs of its half,
 * the other one has the rest. */
void text_share(char **first, char **second, unsigned width, const char *ellipsis);

/* The text with everything made visible that would steer a terminal or break a line of a table: control
 * characters as \n, \t or \u001B, and the marks that reorder text (Unicode's bidirectional controls), which
 * can make one text look like another. Bytes that are no UTF-8 become U+FFFD. Free with g_free(). */
char *text_clean(const char *text);

/* The same for a text of many lines: newlines and tabs stay. */
char *text_clean_lines(const char *text);

/* A word as a shell takes it: as it is where the shell leaves it so, else in quotes. Free with g_free(). */
char *text_shell_word(const char *word);
