/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-shell-word.c: words with quotes. */

#include "ctl/shell-word.h"

static void test_text(void)
{
    static const struct {
        const char *word, *text;
        ShellQuote open;
    } rows[] = {
        {"", "", SHELL_QUOTE_NONE},
        {"plain", "plain", SHELL_QUOTE_NONE},
        {"'a b'", "a b", SHELL_QUOTE_NONE},
        {"'a b", "a b", SHELL_QUOTE_SINGLE},
        {"'", "", SHELL_QUOTE_SINGLE},
        {"\"a b\"c", "a bc", SHELL_QUOTE_NONE},
        {"x\"a b", "xa b", SHELL_QUOTE_DOUBLE},
        {"a\\ b", "a b", SHELL_QUOTE_NONE},
        {"a\\", "a", SHELL_QUOTE_ESCAPE},
        {"'it'\\''s'", "it's", SHELL_QUOTE_NONE},
        {"'a\\b'", "a\\b", SHELL_QUOTE_NONE},
        {"\"a\\b\\\"\\$\\`\\\\\"", "a\\b\"$`\\", SHELL_QUOTE_NONE},
        {"$(touch x)`y`$HOME~", "$(touch x)`y`$HOME~", SHELL_QUOTE_NONE},
        {"\"a'b", "a'b", SHELL_QUOTE_DOUBLE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ShellQuote open;
        g_autofree char *text = shell_word_text(rows[i].word, &open);

        g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_cmpint(open, ==, rows[i].open);
    }
}

static void test_quote(void)
{
    static const struct {
        const char *text, *none, *in_single, *in_double;
    } rows[] = {
        {"devices/a_b-c.d", "devices/a_b-c.d", "devices/a_b-c.d", "devices/a_b-c.d"},
        {"a b", "a\\ b", "a b", "a b"},
        {"it's", "it\\'s", "it'\\''s", "it's"},
        {"$x`\\\"", "\\$x\\`\\\\\\\"", "$x`\\\"", "\\$x\\`\\\\\\\""},
        {"!!", "\\!\\!", "!!", "\"\\!\"\"\\!\""},
        {"~1#{}*", "\\~1\\#\\{\\}\\*", "~1#{}*", "~1#{}*"},
        {"Küche", "Küche", "Küche", "Küche"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *none = shell_word_quote(rows[i].text, SHELL_QUOTE_NONE);
        g_autofree char *in_single = shell_word_quote(rows[i].text, SHELL_QUOTE_SINGLE);
        g_autofree char *in_double = shell_word_quote(rows[i].text, SHELL_QUOTE_DOUBLE);

        g_assert_cmpstr(none, ==, rows[i].none);
        g_assert_cmpstr(in_single, ==, rows[i].in_single);
        g_assert_cmpstr(in_double, ==, rows[i].in_double);
    }
}

/* What is quoted is read as the text again, whatever quote it stands in. */
static void test_round_trip(void)
{
    static const char *const starts[] = {"", "'", "\""};
    static const ShellQuote quotes[] = {SHELL_QUOTE_NONE, SHELL_QUOTE_SINGLE, SHELL_QUOTE_DOUBLE};

    for (char c = ' '; c < 127; c++) {
        const char text[] = {c, 'x', c, c, '\0'};

        for (size_t i = 0; i < G_N_ELEMENTS(quotes); i++) {
            g_autofree char *quoted = shell_word_quote(text, quotes[i]);
            g_autofree char *word = g_strconcat(starts[i], quoted, NULL);
            ShellQuote open;
            g_autofree char *back = shell_word_text(word, &open);

            g_assert_cmpstr(back, ==, text);
            g_assert_cmpint(open, ==, quotes[i]);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/shell-word/text", test_text);
    g_test_add_func("/ctl/shell-word/quote", test_quote);
    g_test_add_func("/ctl/shell-word/round-trip", test_round_trip);
    return g_test_run();
}
