/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* shell-word.h: words as they stand on the command line of a shell, with quotes that may be open still. The
 * rules are those of POSIX (Shell Command Language, 2.2), which bash and zsh share, and of their history
 * expansion. */

#include <glib.h>

typedef enum ShellQuote {
    SHELL_QUOTE_NONE,   /* no quote is open */
    SHELL_QUOTE_SINGLE, /* within '…' */
    SHELL_QUOTE_DOUBLE, /* within "…" */
    SHELL_QUOTE_ESCAPE, /* behind a backslash */
} ShellQuote;

/* The text that a shell makes of a word, and which quote is open at its end; 'a b, "a b" and a\ b are
 * “a b”. Nothing is expanded. `ret_open` may be NULL. Free with g_free(). */
char *shell_word_text(const char *word, ShellQuote *ret_open);

/* A text as it has to stand behind the start of a word whose quote is open, so that the shell takes it
 * literally; the quote stays open. Not for SHELL_QUOTE_ESCAPE. Free with g_free(). */
char *shell_word_quote(const char *text, ShellQuote open);
