/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-env.c: variables of the old system, from environments and from files. */

#include "ctl/legacy-env.h"

#include <string.h>

/* What COACHIQ_RVC__COACH_MODEL is after a text. */
static void assert_model(const char *text, const char *model)
{
    g_auto(LegacyEnv) env = {0};
    g_autoptr(GError) error = NULL;

    g_test_message("%s", text);
    g_assert_true(legacy_env_parse(&env, text, strlen(text), &error));
    g_assert_no_error(error);
    g_assert_cmpstr(env.values[LEGACY_COACH_MODEL], ==, model);
}

#define NAME "COACHIQ_RVC__COACH_MODEL"

static void test_assignments(void)
{
    static const struct {
        const char *text, *model;
    } rows[] = {
        {"", NULL},
        {NAME "=a", "a"},
        {NAME "=a\n", "a"},
        {NAME "=a\r\n", "a"},
        {"\xef\xbb\xbf" NAME "=a\n", "a"},
        {"coachiq_rvc__coach_model=a\n", "a"},
        {"  export  " NAME "=a\n", "a"},
        {NAME " = a b \n", "a b"},
        {"export" NAME "=a\n", NULL},
        {"X" NAME "=a\n", NULL},
        /* the last one wins, and one that is empty is none */
        {NAME "=a\n" NAME "=b\n", "b"},
        {NAME "=a\n" NAME "=\n", NULL},
        {NAME "=\"\"\n", NULL},
        /* what is no assignment is passed over */
        {"if true; then\n" NAME "=a\nfi\n\n=x\n1A=2\n", "a"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_model(rows[i].text, rows[i].model);
}

static void test_comments(void)
{
    static const struct {
        const char *text, *model;
    } rows[] = {
        {"# " NAME "=a\n", NULL}, {"; " NAME "=a\n", NULL},    {NAME "=a # not more\n", "a"},
        {NAME "=a#b\n", "a#b"},   {NAME "=# nothing\n", NULL}, {NAME "='a # b' # c\n", "a # b"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_model(rows[i].text, rows[i].model);
}

static void test_quotes(void)
{
    static const struct {
        const char *text, *model;
    } rows[] = {
        {NAME "='a b'\n", "a b"},
        {NAME "=\"a b\"\n", "a b"},
        {NAME "='a\\b'\n", "a\\b"},
        {NAME "=\"a\\\"b\\\\c\\d\\$e\"\n", "a\"b\\c\\d$e"},
        {NAME "=a\\ b\\\"c\n", "a b\"c"},
        {NAME "='a'\"b\"c\n", "abc"},
        {NAME "=a\"b\"\n", "a\"b\""},
        {NAME "='a\nb'\n", "a\nb"},
        {NAME "=\"a\\\nb\"\n", "ab"},
        {NAME "=a\\\nb\n", "ab"},
        {NAME "=a\\\r\nb\n", "ab"},
        {NAME "={\"house\": \"can0\"}\n", "{\"house\": \"can0\"}"},
        {NAME "=a\\", "a"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_model(rows[i].text, rows[i].model);
}

/* What stands before is kept. */
static void test_open_quote(void)
{
    static const char text[] = NAME "=a\nX=1\nCOACHIQ_RVC__CONFIG_DIR='b\n" NAME "=c\n";
    g_auto(LegacyEnv) env = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(legacy_env_parse(&env, text, strlen(text), &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_assert_true(g_str_has_prefix(error->message, "line 3: "));
    g_assert_cmpstr(env.values[LEGACY_COACH_MODEL], ==, "a");
    g_assert_null(env.values[LEGACY_CONFIG_DIR]);
}

static void test_no_text(void)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {{NAME "=\xff", strlen(NAME) + 2},
                {NAME "=a\0b", strlen(NAME) + 4},
                {"\xff\xfe"
                 "A\0",
                 4}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(LegacyEnv) env = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(legacy_env_parse(&env, rows[i].text, rows[i].length, &error));
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
        g_assert_true(legacy_env_is_empty(&env));
    }
}

/* Every variable that concerns us, and no other: files of this kind hold passwords. */
static void test_environment(void)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(LegacyEnv) env = {0};

    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        g_autofree char *entry = g_strdup_printf("%s= value %u ", legacy_variable_name(i), i);

        g_strv_builder_add(builder, entry);
    }
    g_strv_builder_add(builder, "COACHIQ_AUTH__SECRET_KEY=secret");
    g_strv_builder_add(builder, "no assignment");

    g_auto(GStrv) environment = g_strv_builder_end(builder);
    g_assert_true(legacy_env_is_empty(&env));
    legacy_env_read(&env, environment);
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        g_autofree char *value = g_strdup_printf("value %u", i);

        g_assert_cmpstr(env.values[i], ==, value);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/legacy-env/assignments", test_assignments);
    g_test_add_func("/ctl/legacy-env/comments", test_comments);
    g_test_add_func("/ctl/legacy-env/quotes", test_quotes);
    g_test_add_func("/ctl/legacy-env/open-quote", test_open_quote);
    g_test_add_func("/ctl/legacy-env/no-text", test_no_text);
    g_test_add_func("/ctl/legacy-env/environment", test_environment);
    return g_test_run();
}
