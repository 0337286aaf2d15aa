/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-complete.c: what words are, and candidates as bash wants them. */

#include "ctl/complete.h"

#include <string.h>

#include "ctl/complete-bash.h"
#include "ctl/verbs.h"

/* More than any usage has. */
#define WORDS_MAX 6

/* A new verb or option whose words nobody has thought about fails here. */
static void test_every_word_is_known(void)
{
    const char *words;
    unsigned kinds;

    for (const Verb *verb = verbs; verb->name; verb++) {
        for (unsigned i = 0; i < WORDS_MAX && verb->family != FAMILY_HIDDEN; i++) {
            if (!complete_kinds(verb->name, verb->arguments, i, &kinds, &words))
                g_error("%s: word %u of “%s” is in no row of complete.c", verb->name, i, verb->arguments);
        }
    }
    for (const OptionSpec *spec = option_specs; spec->name; spec++) {
        g_autofree char *owner = g_strconcat("--", spec->name, NULL);

        for (unsigned i = 0; i < WORDS_MAX && spec->argument; i++) {
            if (!complete_kinds(owner, spec->argument, i, &kinds, &words))
                g_error("%s: word %u of “%s” is in no row of complete.c", owner, i, spec->argument);
        }
    }
}

/* The words that an option takes are those that its help names. */
static void test_fixed_words_are_those_of_the_help(void)
{
    unsigned seen = 0;

    for (const OptionSpec *spec = option_specs; spec->name; spec++) {
        g_autofree char *owner = g_strconcat("--", spec->name, NULL);
        const char *words = "";
        unsigned kinds;

        if (!spec->argument || !complete_kinds(owner, spec->argument, 0, &kinds, &words) || !*words)
            continue;

        g_auto(GStrv) list = g_strsplit(words, " ", -1);
        for (unsigned i = 0; list[i]; i++) {
            if (!strstr(spec->help, list[i]))
                g_error("%s: the help has no “%s”", owner, list[i]);
        }
        g_autofree char *commas = g_strjoinv(", ", list);
        /* Those with a plain list have all of it. */
        if (g_str_has_suffix(owner, "--kind") || g_str_has_suffix(owner, "--direction"))
            g_assert_true(g_str_has_suffix(spec->help, commas));
        seen++;
    }
    g_assert_cmpuint(seen, >=, 5);
}

static void test_alternatives(void)
{
    const char *words;
    unsigned kinds;

    g_assert_true(complete_kinds("x", "MODEL|--none", 0, &kinds, &words));
    g_assert_cmpuint(kinds, ==, COMPLETE_MODEL);
    g_assert_true(complete_kinds("x", "FILE|MODEL", 0, &kinds, &words));
    g_assert_cmpuint(kinds, ==, COMPLETE_MODEL | COMPLETE_FILE);
    g_assert_true(complete_kinds("x", "[LOGICAL [PHYSICAL]]", 1, &kinds, &words));
    g_assert_cmpuint(kinds, ==, COMPLETE_PHYSICAL);
    g_assert_true(complete_kinds("x", "PATH", 1, &kinds, &words));
    g_assert_cmpuint(kinds, ==, 0);
    g_assert_false(complete_kinds("x", "WHATEVER", 0, &kinds, &words));
}

static void assert_bash(const char *typed, const char *values, ShellQuote open, int type,
                        const char *expected)
{
    g_auto(GStrv) list = g_strsplit(values, "|", -1);
    Candidates candidates;

    candidates_init(&candidates, typed, 0);
    for (unsigned i = 0; list[i]; i++)
        candidates_add(&candidates, list[i], NULL);

    g_autofree char *lines = complete_bash(&candidates, typed, open, type);
    g_assert_cmpstr(lines, ==, expected);
    candidates_clear(&candidates);
}

static void test_bash(void)
{
    assert_bash("a", "", SHELL_QUOTE_NONE, '\t', "");
    assert_bash("a", "a b", SHELL_QUOTE_NONE, '\t', "a\\ b\n");
    assert_bash("a", "a b", SHELL_QUOTE_SINGLE, '\t', "a b\n");
    assert_bash("a", "a b", SHELL_QUOTE_ESCAPE, '\t', "");
    /* Half an escape, or half a character, is not common to both. */
    assert_bash("a", "a b|a$c", SHELL_QUOTE_NONE, '\t', "a b\na$c\n");
    assert_bash("a", "a b$|a b`", SHELL_QUOTE_NONE, '\t', "a\\ b$\na\\ b`\n");
    assert_bash("a", "aü$|aö$", SHELL_QUOTE_NONE, '\t', "aü$\naö$\n");
    assert_bash("a", "a |a b", SHELL_QUOTE_NONE, '\t', "a\\ \na\\ b\n");
    /* All of them in the line. */
    assert_bash("a", "a b|a$c", SHELL_QUOTE_NONE, BASH_INSERT_ALL, "a\\ b\na\\$c\n");
    assert_bash("a", "a b|a$c", SHELL_QUOTE_NONE, BASH_MENU, "a\\ b\na\\$c\n");
    /* Bash takes a quote at the end for the one that closes the word. */
    assert_bash("a", "a'", SHELL_QUOTE_SINGLE, '\t', "a'\\'''\n");
    assert_bash("a", "a\"", SHELL_QUOTE_DOUBLE, '\t', "a\\\"\"\n");
    assert_bash("a\"", "a\"", SHELL_QUOTE_DOUBLE, '\t', "a\"\"\n");
    assert_bash("a", "a", SHELL_QUOTE_DOUBLE, '\t', "a\n");
    assert_bash("a", "a!", SHELL_QUOTE_DOUBLE, '\t', "a\"\\!\"\"\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/complete/every-word", test_every_word_is_known);
    g_test_add_func("/ctl/complete/fixed-words", test_fixed_words_are_those_of_the_help);
    g_test_add_func("/ctl/complete/alternatives", test_alternatives);
    g_test_add_func("/ctl/complete/bash", test_bash);
    return g_test_run();
}
