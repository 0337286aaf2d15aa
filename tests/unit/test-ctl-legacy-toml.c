/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-toml.c: what concerns us in TOML, and errors with their place. */

#include "ctl/legacy-toml.h"

#include <string.h>

static bool parse(LegacyToml *toml, const char *text, GError **error)
{
    return legacy_toml_parse(toml, text, strlen(text), error);
}

static void test_values(void)
{
    g_auto(LegacyToml) toml = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(parse(&toml,
                        "# of the deployment\n[coach]\ndefault_model = \"2021_entegra\"\n"
                        "[server]\nport = 8080\n[can]\nbitrate = 500000\n"
                        "interface_mappings = { house = \"can1\", \"chassis\" = 'can0' }\n",
                        &error));
    g_assert_no_error(error);
    g_assert_cmpstr(toml.default_model, ==, "2021_entegra");
    g_assert_null(toml.interfaces_text);
    g_assert_null(toml.problem);
    g_assert_cmpuint(toml.interfaces->len, ==, 4);
    /* Sorted by toml++. */
    g_assert_cmpstr(toml.interfaces->pdata[0], ==, "chassis");
    g_assert_cmpstr(toml.interfaces->pdata[1], ==, "can0");
    g_assert_cmpstr(toml.interfaces->pdata[2], ==, "house");
    g_assert_cmpstr(toml.interfaces->pdata[3], ==, "can1");
}

static void test_other_forms(void)
{
    g_auto(LegacyToml) text = {0}, section = {0}, nothing = {0};

    g_assert_true(parse(&text, "can.interface_mappings = \"house:can0\"\n", NULL));
    g_assert_cmpstr(text.interfaces_text, ==, "house:can0");
    g_assert_null(text.interfaces);
    g_assert_true(parse(&section, "[can.interface_mappings]\nhouse = \"can0\"\n", NULL));
    g_assert_cmpuint(section.interfaces->len, ==, 2);
    g_assert_true(parse(&nothing, "can = 5\n[coach]\nname = \"x\"\n", NULL));
    g_assert_null(nothing.default_model);
    g_assert_null(nothing.interfaces);
    g_assert_null(nothing.problem);
}

/* One value of a wrong type does not drop the others. */
static void test_wrong_types(void)
{
    g_auto(LegacyToml) toml = {0}, list = {0};

    g_assert_true(parse(
        &toml, "[coach]\ndefault_model = 5\n[can.interface_mappings]\nhouse = 0\na = \"can1\"\n", NULL));
    g_assert_null(toml.default_model);
    g_assert_true(g_str_has_prefix(toml.problem, "line 2, column 17: default_model "));
    g_assert_cmpuint(toml.interfaces->len, ==, 2);
    g_assert_true(parse(&list, "[can]\ninterface_mappings = [\"can0\"]\n", NULL));
    g_assert_true(g_str_has_prefix(list.problem, "line 2, column 22: interface_mappings "));
    g_assert_null(list.interfaces);
}

static void test_errors(void)
{
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"[can\n", "line 1, column 5: "},        {"a = 1\na = 2\n", "line 2, column 5: "},
        {"a = 1\nb = \"x\n", "line 2, column "}, {"a = 1\n\n  = 2\n", "line 3, column 3: "},
        {"house: can0\n", "line 1, column "},    {"\xff\n", "line 1, column 1: "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(LegacyToml) toml = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(parse(&toml, rows[i].text, &error));
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, rows[i].place));
    }
}

/* Deeper than the stack would take. */
static void test_deep(void)
{
    g_autoptr(GString) text = g_string_new("a = ");
    g_auto(LegacyToml) toml = {0};
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 100000; i++)
        g_string_append_c(text, '[');
    g_assert_false(legacy_toml_parse(&toml, text->str, text->len, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/legacy-toml/values", test_values);
    g_test_add_func("/ctl/legacy-toml/other-forms", test_other_forms);
    g_test_add_func("/ctl/legacy-toml/wrong-types", test_wrong_types);
    g_test_add_func("/ctl/legacy-toml/errors", test_errors);
    g_test_add_func("/ctl/legacy-toml/deep", test_deep);
    return g_test_run();
}
