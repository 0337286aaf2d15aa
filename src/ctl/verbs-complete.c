/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-complete.c: the hidden verb complete, which the files in data/completion call.
 *
 *     coachiqctl complete -- zsh WORD…
 *     coachiqctl complete -- bash COMP_TYPE TEXT WORD…
 *
 * The WORDs are those of the command line without the program's name, up to the cursor and as they were
 * typed, with their quotes; the last one is to be completed. TEXT is its end that bash will replace: it
 * completes behind the last "=", ":", "@" or quote.
 *
 * The first line of the answer has three words: "words", or "files" or "folders" where names of those can
 * stand there too; "open" where nothing is to be put behind the word, since it goes on, else "closed"; and
 * the number of characters of the word before a file's name. Then comes a line for each candidate. For bash
 * that is what stands for TEXT, quoted; for zsh the word, not quoted, a tab, and what it is. Nothing else is
 * printed, whatever fails. */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ctl/complete-bash.h"
#include "ctl/complete.h"
#include "ctl/verbs.h"

/* Nobody waits longer for a completion. */
#define SECONDS_MAX 5

static void leave(int signal G_GNUC_UNUSED)
{
    _exit(EXIT_FAILED);
}

/* The words as the shell would give them to us. */
static char **unquote_words(const GPtrArray *words, unsigned from, ShellQuote *ret_open)
{
    GPtrArray *result = g_ptr_array_new();

    for (unsigned i = from; i < words->len; i++)
        g_ptr_array_add(result, shell_word_text(words->pdata[i], ret_open));
    g_ptr_array_add(result, NULL);
    return (char **) g_ptr_array_free(result, FALSE);
}

static const char *kinds_word(unsigned kinds)
{
    if (kinds & COMPLETE_FILE)
        return "files";
    return kinds & COMPLETE_FOLDER ? "folders" : "words";
}

/* The only candidate is one that another word is put behind: a section, the name of an option. */
static bool goes_on(const Candidates *candidates)
{
    const char *word =
        candidates->array->len == 1 ? g_array_index(candidates->array, Candidate, 0).word : "";

    return g_str_has_suffix(word, "/") || g_str_has_suffix(word, "=");
}

static void print_zsh(const Candidates *candidates)
{
    for (unsigned i = 0; i < candidates->array->len; i++) {
        const Candidate *candidate = &g_array_index(candidates->array, Candidate, i);

        ctl_print("%s\t%s", candidate->word, candidate->description);
    }
}

static void print_bash(const Ctl *ctl, const Candidates *candidates, ShellQuote open)
{
    g_autofree char *lines = complete_bash(candidates, ctl_argument(ctl, 2), open,
                                           (int) g_ascii_strtoll(ctl_argument(ctl, 1), NULL, 10));

    fputs(lines, stdout);
}

int verb_complete(Ctl *ctl)
{
    bool bash = g_str_equal(ctl_argument(ctl, 0), "bash");
    ShellQuote open = SHELL_QUOTE_NONE;
    g_auto(GStrv) words = unquote_words(ctl->args.words, bash ? 4 : 2, &open);
    Candidates candidates;
    Ctl typed = {0};
    unsigned kinds;

    if (!words[0])
        return EXIT_USAGE;
    signal(SIGALRM, leave);
    alarm(SECONDS_MAX);
    kinds = complete_line(&typed, words, &candidates);
    ctl_print("%s %s %ld", kinds_word(kinds), goes_on(&candidates) ? "open" : "closed",
              g_utf8_strlen(candidates.before, -1));
    if (bash)
        print_bash(ctl, &candidates, open);
    else
        print_zsh(&candidates);
    candidates_clear(&candidates);
    ctl_clear(&typed);
    return EXIT_OK;
}
