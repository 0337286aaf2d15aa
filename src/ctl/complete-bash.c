/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete-bash.c: candidates for COMPREPLY. */

#include "ctl/complete-bash.h"

#include <string.h>

/* The bytes that all rests begin with, whole characters. */
static size_t common_length(const Candidates *candidates)
{
    const char *first = candidates_rest(candidates, 0);
    size_t length = strlen(first);

    for (unsigned i = 1; i < candidates->array->len; i++) {
        const char *rest = candidates_rest(candidates, i);
        size_t same = 0;

        while (same < length && rest[same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char) first[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* The whole of it. Bash closes a quote that is open, unless that seems to be done. */
static char *whole_rest(const char *rest, ShellQuote open)
{
    char *quoted = shell_word_quote(rest, open);
    const char *quote = open == SHELL_QUOTE_DOUBLE ? "\"" : "'";
    char *closed;

    if (open == SHELL_QUOTE_NONE || !g_str_has_suffix(quoted, quote))
        return quoted;
    closed = g_strconcat(quoted, quote, NULL);
    g_free(quoted);
    return closed;
}

char *complete_bash(const Candidates *candidates, const char *text, ShellQuote open, int type)
{
    GString *lines = g_string_new(NULL);
    unsigned n = candidates->array->len;
    bool whole = n == 1 || type == BASH_INSERT_ALL || type == BASH_MENU;

    /* Whatever follows the backslash, it is no start of a candidate. */
    if (open == SHELL_QUOTE_ESCAPE)
        n = 0;

    size_t common = n > 0 && !whole ? common_length(candidates) : 0;
    for (unsigned i = 0; i < n; i++) {
        const char *rest = candidates_rest(candidates, i);
        g_autofree char *start = g_strndup(rest, common);
        g_autofree char *quoted = whole ? whole_rest(rest, open) : shell_word_quote(start, open);

        g_string_append_printf(lines, "%s%s%s\n", text, quoted, whole ? "" : rest + common);
    }
    return g_string_free(lines, FALSE);
}
