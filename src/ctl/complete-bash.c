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

/* All of a candidate. Bash closes a quote that is open, unless a quote stands at the end already: then it
 * seems to be done. */
static char *whole_word(const char *text, const char *rest, ShellQuote open)
{
    const char *quote = open == SHELL_QUOTE_DOUBLE ? "\"" : "'";
    g_autofree char *quoted = shell_word_quote(rest, open);
    char *word = g_strconcat(text, quoted, NULL);

    if (open != SHELL_QUOTE_NONE && (!*word || g_str_has_suffix(word, quote))) {
        char *closed = g_strconcat(word, quote, NULL);

        g_free(word);
        return closed;
    }
    return word;
}

/* What all candidates begin with, quoted, and what this one has beside. */
static char *word_to_show(const char *text, const char *rest, size_t common, ShellQuote open)
{
    g_autofree char *start = g_strndup(rest, common);
    g_autofree char *quoted = shell_word_quote(start, open);

    return g_strconcat(text, quoted, rest + common, NULL);
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
        g_autofree char *word =
            whole ? whole_word(text, rest, open) : word_to_show(text, rest, common, open);

        g_string_append_printf(lines, "%s\n", word);
    }
    return g_string_free(lines, FALSE);
}
