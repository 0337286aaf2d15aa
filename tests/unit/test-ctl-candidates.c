/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-candidates.c: what may be a candidate. */

#include "ctl/candidates.h"

static void test_add(void)
{
    /* U+202E */
    static const char right_to_left[] = {'2', '0', '\xe2', '\x80', '\xae', '\0'};
    Candidates candidates;

    candidates_init(&candidates, "--model=20", 8);
    candidates_add(&candidates, "2020", "a \x1b[31mred\ttab");
    candidates_add(&candidates, "1999", "does not begin so");
    candidates_add(&candidates, "20\n21", NULL);
    candidates_add(&candidates, "20\x1b[31m", NULL);
    candidates_add(&candidates, right_to_left, NULL);
    candidates_add(&candidates, "20\xff", NULL);
    candidates_add(&candidates, "", NULL);
    candidates_add_words(&candidates, "2021 1998");

    g_assert_cmpuint(candidates.array->len, ==, 2);
    const Candidate *first = &g_array_index(candidates.array, Candidate, 0);
    g_assert_cmpstr(first->word, ==, "--model=2020");
    g_assert_cmpstr(first->description, ==, "a \\u001B[31mred\\ttab");
    g_assert_cmpstr(candidates_rest(&candidates, 0), ==, "20");
    g_assert_cmpstr(candidates_rest(&candidates, 1), ==, "21");
    candidates_clear(&candidates);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/candidates/add", test_add);
    return g_test_run();
}
