/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* complete-bash.h: candidates as bash wants them in COMPREPLY. */

#include "ctl/candidates.h"
#include "ctl/shell-word.h"

/* What bash says in COMP_TYPE when it wants all of the candidates in the line, or one after the other. */
#define BASH_INSERT_ALL '*'
#define BASH_MENU '%'

/* What may replace `text`, what bash calls the word being completed: the end of what is typed of the word,
 * with the quote that is open in it. Where bash will insert what all candidates have in common, that is
 * quoted, and what they differ in, which is only shown, is not: half an escape must not be common to them.
 * Bash's own quoting, that of file names, leaves a $ alone that may stand for a folder.
 * One a line. Free with g_free(). */
char *complete_bash(const Candidates *candidates, const char *text, ShellQuote open, int type);
