/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-ask.c: what counts as a yes where there is no catalogue. Other languages have a test on a
 * terminal. */

#include "ctl/ask.h"

static void test_yes(void)
{
    static const char *const words[] = {"y", "Y", "yes", "YES", " yes\t", "Yes\r"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_test_message("“%s”", words[i]);
        g_assert_true(ask_is_yes(words[i]));
    }
}

static void test_no(void)
{
    static const char *const words[] = {"", " ", "n", "no", "ye", "yess", "y y", "y yes", "ja", "ÿ", "1"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_test_message("“%s”", words[i]);
        g_assert_false(ask_is_yes(words[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/ask/yes", test_yes);
    g_test_add_func("/ctl/ask/no", test_no);
    return g_test_run();
}
