/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shell-word.c: unquoting and quoting. */

#include "ctl/shell-word.h"

#include <string.h>

/* What a backslash takes the meaning from within double quotes (2.2.3). */
#define SPECIAL_IN_DOUBLE "$`\"\\"
/* What no shell makes anything of, wherever in a word it stands. */
#define PLAIN G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/_-.:@%+,="

/* Takes the text within quotes, up to the closing one or the end. Returns where the word goes on. */
static const char *take_quoted(GString *text, const char *p, char quote)
{
    for (; *p && *p != quote; p++) {
        if (quote == '"' && *p == '\\' && p[1] && strchr(SPECIAL_IN_DOUBLE, p[1]))
            p++;
        g_string_append_c(text, *p);
    }
    return p;
}

char *shell_word_text(const char *word, ShellQuote *ret_open)
{
    GString *text = g_string_new(NULL);
    ShellQuote open = SHELL_QUOTE_NONE;

    for (const char *p = word; *p && open == SHELL_QUOTE_NONE; p++) {
        if (*p == '\'' || *p == '"') {
            char quote = *p;

            p = take_quoted(text, p + 1, quote);
            if (*p)
                continue;
            open = quote == '"' ? SHELL_QUOTE_DOUBLE : SHELL_QUOTE_SINGLE;
        } else if (*p == '\\' && !*++p) {
            open = SHELL_QUOTE_ESCAPE;
        } else {
            g_string_append_c(text, *p);
        }
    }
    if (ret_open)
        *ret_open = open;
    return g_string_free(text, FALSE);
}

static void append_quoted(GString *word, char c, ShellQuote open)
{
    switch (open) {
    case SHELL_QUOTE_SINGLE:
        g_string_append(word, c == '\'' ? "'\\''" : (char[]){c, '\0'});
        return;
    case SHELL_QUOTE_DOUBLE:
        /* A history expansion is escaped outside of quotes alone. */
        if (c == '!') {
            g_string_append(word, "\"\\!\"");
            return;
        }
        if (strchr(SPECIAL_IN_DOUBLE, c))
            g_string_append_c(word, '\\');
        break;
    default:
        if (!(c & 0x80) && !strchr(PLAIN, c))
            g_string_append_c(word, '\\');
    }
    g_string_append_c(word, c);
}

char *shell_word_quote(const char *text, ShellQuote open)
{
    GString *word = g_string_new(NULL);

    for (const char *p = text; *p; p++)
        append_quoted(word, *p, open);
    return g_string_free(word, FALSE);
}
