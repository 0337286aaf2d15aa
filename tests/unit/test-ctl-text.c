/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-text.c: widths, shortening and cleaning of text. */

#include "ctl/text.h"

#include <string.h>

static void test_width(void)
{
    static const struct {
        const char *text;
        unsigned width;
    } rows[] = {
        {"", 0},
        {"light", 5},
        {"Küche", 5},
        {"Ku\u0308che", 5}, /* a combining mark takes none */
        {"漢字", 4},
        {"🚐", 2},
        {"a\u200bb", 2} /* zero width space */,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(text_width(rows[i].text), ==, rows[i].width);
}

static void test_ellipsize(void)
{
    static const struct {
        const char *text;
        unsigned width;
        const char *result;
    } rows[] = {
        {"Bedroom", 7, "Bedroom"},
        {"Bedroom", 20, "Bedroom"},
        {"Bedroom", 6, "Bedro…"},
        {"Bedroom", 1, "…"},
        {"Bedroom", 0, ""},
        {"Bed room", 5, "Bed…"} /* no blank before it */,
        {"漢字漢", 5, "漢字…"},
        {"漢字漢", 4, "漢…"} /* half a character does not fit */,
        {"Ku\u0308che", 3, "Ku\u0308…"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *result = text_ellipsize(rows[i].text, rows[i].width, "…");

        g_assert_cmpstr(result, ==, rows[i].result);
    }
    g_autofree char *ascii = text_ellipsize("Bedroom", 5, "...");
    g_assert_cmpstr(ascii, ==, "Be...");
    g_autofree char *tiny = text_ellipsize("Bedroom", 2, "...");
    g_assert_cmpstr(tiny, ==, "..");
}

static void test_clean(void)
{
    static const struct {
        const char *text, *line, *lines;
    } rows[] = {
        {"Küche 漢字", "Küche 漢字", "Küche 漢字"},
        {"a\nb\tc", "a\\nb\\tc", "a\nb\tc"},
        {"\033[31mred", "\\u001B[31mred", "\\u001B[31mred"},
        {"\r\b\x7f", "\\u000D\\u0008\\u007F", "\\u000D\\u0008\\u007F"},
        {"\xc2\x9b"
         "31m",
         "\\u009B31m", "\\u009B31m"}, /* a control sequence in one character */
        {"a\u202eb\u202cc", "a\\u202Eb\\u202Cc", "a\\u202Eb\\u202Cc"}, /* reordered text */
        {"a\u2028b", "a\\u2028b", "a\\u2028b"},
        {"bad\xff", "bad\ufffd", "bad\ufffd"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = text_clean(rows[i].text);
        g_autofree char *lines = text_clean_lines(rows[i].text);

        g_assert_cmpstr(line, ==, rows[i].line);
        g_assert_cmpstr(lines, ==, rows[i].lines);
    }
}

/* Any bytes. */
static char *random_text(void)
{
    static const char *const pieces[] = {"a",  " ",    "ü",      "漢",   "\u0308",   "🚐",
                                         "\n", "\033", "\u200e", "\xff", "\xe6\xbc", "…"};
    GString *text = g_string_new(NULL);

    for (int i = g_test_rand_int_range(0, 12); i > 0; i--)
        g_string_append(text, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
    return g_string_free(text, FALSE);
}

/* Laws: a clean text is UTF-8 and has nothing to clean; a shortened one fits, and is whole where it fitted
 * before. */
static void test_laws(void)
{
    for (int i = 0; i < 20000; i++) {
        g_autofree char *text = random_text();
        g_autofree char *clean = text_clean(text);
        g_autofree char *again = text_clean(clean);
        unsigned width = (unsigned) g_test_rand_int_range(0, 20);
        g_autofree char *fitted = text_ellipsize(clean, width, "…");

        g_assert_true(g_utf8_validate(clean, -1, NULL));
        g_assert_cmpstr(again, ==, clean);
        g_assert_null(strpbrk(clean, "\n\033"));
        g_assert_true(g_utf8_validate(fitted, -1, NULL));
        g_assert_cmpuint(text_width(fitted), <=, width);
        if (text_width(clean) <= width)
            g_assert_cmpstr(fitted, ==, clean);
    }
}

static void assert_shared(const char *first, const char *second, unsigned width, const char *a,
                          const char *b)
{
    g_autofree char *x = g_strdup(first);
    g_autofree char *y = g_strdup(second);

    text_share(&x, &y, width, "…");
    g_assert_cmpstr(x, ==, a);
    g_assert_cmpstr(y, ==, b);
}

static void test_share(void)
{
    assert_shared("abc", "defgh", 8, "abc", "defgh");
    assert_shared("abc", "defghijk", 8, "abc", "defg…");
    assert_shared("abcdefgh", "xyz", 8, "abcd…", "xyz");
    assert_shared("abcdefgh", "ijklmnop", 9, "abc…", "ijkl…");
    assert_shared("漢漢漢漢", "x", 6, "漢漢…", "x");
    assert_shared("abcdefgh", "", 4, "abc…", "");
}

/* A command can be copied from a message and means the same. */
static void test_shell_word(void)
{
    static const char *const rows[][2] = {
        {"devices/porch_light", "devices/porch_light"},
        {"/bindings/1FEDB:25/status_dgn", "/bindings/1FEDB:25/status_dgn"},
        {"a b", "'a b'"},
        {"", "''"},
        {"~", "'~'"},
        {"a~1b", "a~1b"},
        {"$(x)", "'$(x)'"},
        {"it's", "'it'\\''s'"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *word = text_shell_word(rows[i][0]);

        g_assert_cmpstr(word, ==, rows[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/text/width", test_width);
    g_test_add_func("/ctl/text/ellipsize", test_ellipsize);
    g_test_add_func("/ctl/text/clean", test_clean);
    g_test_add_func("/ctl/text/share", test_share);
    g_test_add_func("/ctl/text/shell-word", test_shell_word);
    g_test_add_func("/ctl/text/laws", test_laws);
    return g_test_run();
}
