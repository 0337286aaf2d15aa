/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-path.c: the addresses of components. */

#include "coach/path.h"

#include <string.h>

#include "support.h"

static void test_new(void)
{
    g_autofree char *whole = path_new("coach_info", NULL);
    g_autofree char *child = path_new("devices", "bedroom_light");
    g_autofree char *escaped = path_new("a/b", "m~n");

    g_assert_cmpstr(whole, ==, "coach_info");
    g_assert_cmpstr(child, ==, "devices/bedroom_light");
    g_assert_cmpstr(escaped, ==, "a~1b/m~0n");
}

static void test_split(void)
{
    static const struct {
        const char *path, *section, *child;
    } rows[] = {
        {"coach_info", "coach_info", NULL},  {"devices/x", "devices", "x"},
        {"a~1b/m~0n", "a/b", "m~n"},         {"~01/~10", "~1", "/0"},
        {"caf\u00e9/25", "caf\u00e9", "25"}, {" /a b", " ", "a b"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *section = NULL, *child = NULL, *again = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_true(path_split(rows[i].path, &section, &child, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(section, ==, rows[i].section);
        g_assert_cmpstr(child, ==, rows[i].child);
        again = path_new(section, child);
        g_assert_cmpstr(again, ==, rows[i].path);
        g_assert_true(path_split(rows[i].path, NULL, NULL, NULL));
    }
}

static void test_refused(void)
{
    static const char *const rows[] = {"",         "/",    "/x",     "x/",   "a//b", "a/b/c",
                                       "devices/", "a~",   "a~2/b",  "a/b~", "a\tb", "a/b\n",
                                       "a\x7f/b",  "\xff", "a/\xc3", "a/b/", NULL};
    g_autofree char *longest = g_strnfill(PATH_LENGTH_MAX, 'a'),
                    *longer = g_strnfill(PATH_LENGTH_MAX + 1, 'a');

    for (unsigned i = 0; rows[i]; i++) {
        g_autoptr(GError) error = NULL;
        char *section = (char *) "kept", *child = (char *) "kept";

        g_assert_false(path_split(rows[i], &section, &child, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
        g_assert_cmpstr(section, ==, "kept");
        g_assert_cmpstr(child, ==, "kept");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
    g_assert_true(path_split(longest, NULL, NULL, NULL));
    g_assert_false(path_split(longer, NULL, NULL, NULL));
}

static void test_is_device(void)
{
    g_assert_true(path_is_device("devices/x"));
    g_assert_false(path_is_device("devices"));
    g_assert_false(path_is_device("devices2/x"));
    g_assert_false(path_is_device("areas/devices"));
}

/* Law: any two tokens of text make a path that gives them back. */
static void round_trip(void)
{
    static const char *const pieces[] = {"a", "/", "~", "~0", "~1", "25", " ", "\u00e9", "%2F", "..", NULL};
    g_autoptr(GString) first = g_string_new(NULL), second = g_string_new(NULL);
    g_autofree char *section = NULL, *child = NULL, *path = NULL;

    for (unsigned i = 2 + below(8); i > 0; i--)
        g_string_append(i % 2 ? first : second, one_of(pieces));
    path = path_new(first->str, second->str);
    story_text("%s", path);
    check(path_split(path, &section, &child, NULL));
    check(g_str_equal(section, first->str) && g_str_equal(child, second->str));
}

static void test_round_trip(void)
{
    repeat(10000, round_trip);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path/new", test_new);
    g_test_add_func("/path/split", test_split);
    g_test_add_func("/path/refused", test_refused);
    g_test_add_func("/path/is-device", test_is_device);
    g_test_add_func("/path/round-trip", test_round_trip);
    return g_test_run();
}
