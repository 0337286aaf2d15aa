/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-edits.c: what a factory reset would drop, in groups. */

#include "ctl/edits.h"

#include <string.h>

#include "base/json.h"

static void test_within(void)
{
    static const struct {
        const char *path, *scope;
        bool within;
    } rows[] = {
        {"devices/a", "", true},
        {"devices/a", "devices", true},
        {"devices/a", "devices/a", true},
        {"devices/ab", "devices/a", false},
        {"devices", "devices/a", false},
        {"devices-x/a", "devices", false},
        {"coach_info", "coach_info", true},
        {"devices/a", "devices/", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_true(edits_is_within(rows[i].path, rows[i].scope) == rows[i].within);
}

static void add(Edits *edits, const char *json)
{
    g_autoptr(Value) explanation = json_parse(json, -1, &json_limits_call, NULL);

    g_assert_nonnull(explanation);
    edits_add(edits, explanation);
}

static void assert_text(const Edits *edits, bool full, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const Term term = {0};

    edits_append(out, &term, edits, full);
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_groups(void)
{
    g_auto(Edits) edits = {0};

    g_assert_true(edits_are_none(&edits));
    assert_text(&edits, false, "");
    add(&edits, "{\"path\": \"devices/same\", \"in_vendor_file\": true,"
                " \"fields\": [{\"field\": \"/x\", \"layer\": \"factory\"}]}");
    g_assert_true(edits_are_none(&edits));
    add(&edits, "{\"path\": \"devices/one\", \"in_vendor_file\": true, \"fields\": ["
                "{\"field\": \"/x\", \"layer\": \"user\"}, {\"field\": \"/y\", \"layer\": \"factory\"},"
                "{\"field\": \"/z\", \"layer\": \"user\", \"unset\": true}]}");
    add(&edits, "{\"path\": \"devices/gone\", \"in_vendor_file\": true, \"deleted\": true,"
                " \"fields\": [{\"field\": \"\", \"layer\": \"user\", \"unset\": true}]}");
    add(&edits, "{\"path\": \"devices/own\", \"in_vendor_file\": false,"
                " \"fields\": [{\"field\": \"/x\", \"layer\": \"user\"}]}");
    g_assert_false(edits_are_none(&edits));
    assert_text(&edits, false,
                "2 fields go back to the vendor's values:\n"
                "  devices/one: /x, /z\n"
                "1 component that was deleted comes back:\n"
                "  devices/gone\n"
                "1 component of your own goes:\n"
                "  devices/own\n");
}

/* Many are not all named, unless that is asked for; the counts are of all. */
static void test_many(void)
{
    g_auto(Edits) edits = {0};
    g_autoptr(GString) short_text = g_string_new(NULL), full_text = g_string_new(NULL);
    const Term term = {0};

    for (int i = 0; i < 25; i++) {
        g_autofree char *json = g_strdup_printf("{\"path\": \"devices/own_%d\", \"fields\": []}", i);

        add(&edits, json);
    }
    edits_append(short_text, &term, &edits, false);
    edits_append(full_text, &term, &edits, true);
    g_assert_true(g_str_has_prefix(short_text->str, "25 components of your own go:\n  devices/own_0\n"));
    g_assert_true(g_str_has_suffix(short_text->str, "  devices/own_9\n  and 15 more; --full names them\n"));
    g_assert_true(g_str_has_suffix(full_text->str, "  devices/own_24\n"));
}

/* A line stays within the terminal, and names cannot steer it. */
static void test_terminal(void)
{
    g_auto(Edits) edits = {0};
    g_autoptr(GString) out = g_string_new(NULL);
    const Term term = {.tty = true, .columns = 30};

    add(&edits, "{\"path\": \"devices/a\\u001b[2Jname_that_is_longer_than_the_line\", \"fields\": []}");
    edits_append(out, &term, &edits, false);
    g_assert_null(strchr(out->str, '\033'));
    g_assert_cmpuint(strlen(strchr(out->str, '\n') + 1), ==, 31);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/edits/within", test_within);
    g_test_add_func("/ctl/edits/groups", test_groups);
    g_test_add_func("/ctl/edits/many", test_many);
    g_test_add_func("/ctl/edits/terminal", test_terminal);
    return g_test_run();
}
