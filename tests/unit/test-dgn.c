/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-dgn.c: DGNs, instances and the names of bindings. */

#include "coach/dgn.h"

#include "support.h"

static void test_dgn_parse(void)
{
    static const struct {
        const char *text;
        int64_t dgn; /* -1: refused */
    } rows[] = {
        {"1FEDA", 0x1FEDA},   {"1feda", 0x1FEDA},
        {"01FEDA", 0x1FEDA},  {"0x1FEDA", 0x1FEDA},
        {"0X1feda", 0x1FEDA}, {"EF00", 0xEF00},
        {"0xEF00", 0xEF00},   {"0000", 0},
        {"1FFFF", 0x1FFFF},   {"01FFFF", 0x1FFFF},
        {"20000", -1},        {"FFFFF", -1},
        {"FFFFFF", -1},       {"", -1},
        {"0x", -1},           {"EF0", -1},
        {"001FEDA", -1},      {"1FEDG", -1},
        {" 1FEDA", -1},       {"1FEDA ", -1},
        {"-1FEDA", -1},       {"+1FED", -1},
        {"1FEDA\n", -1},      {"0x0x1FE", -1},
        {"1FEDA:25", -1},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t dgn = 0xABCDEF;
        bool ok = dgn_parse(rows[i].text, &dgn);

        g_test_message("%s", rows[i].text);
        g_assert_cmpint(ok, ==, rows[i].dgn >= 0);
        g_assert_cmpuint(dgn, ==, ok ? (uint32_t) rows[i].dgn : 0xABCDEF);
    }
}

static void test_dgn_looks_like(void)
{
    static const char *const dgns[] = {"1FEDA", "1feda", "faced",  "FFFFF",  "EF00",
                                       "ef00",  "0000",  "01FEDA", "FFFFF0", NULL};
    static const char *const sections[] = {"cafe",       "CAFE",    "decade",   "facade", "areas",
                                           "",           "0x1FEDA", "1FEDA ",   "1FE",    "1FEDA25",
                                           "coach_info", "-1FED",   "1FEDA:25", NULL};

    for (unsigned i = 0; dgns[i]; i++)
        g_assert_true(dgn_looks_like(dgns[i]));
    for (unsigned i = 0; sections[i]; i++)
        g_assert_false(dgn_looks_like(sections[i]));
}

static void test_instance_parse(void)
{
    static const struct {
        const char *text;
        int instance; /* -2: refused */
    } rows[] = {
        {"0", 0},      {"7", 7},        {"25", 25},
        {"255", 255},  {"0x0", 0},      {"0x19", 25},
        {"0XfF", 255}, {"0x0a", 10},    {"default", INSTANCE_DEFAULT},
        {"256", -2},   {"1000", -2},    {"", -2},
        {"-1", -2},    {"+1", -2},      {"025", -2},
        {"00", -2},    {"0x", -2},      {"0x100", -2},
        {"0xG", -2},   {"25 ", -2},     {" 25", -2},
        {"2.0", -2},   {"Default", -2}, {"defaults", -2},
        {"1e1", -2},   {"0b1", -2},     {"1_0", -2},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        int instance = 4711;
        bool ok = instance_parse(rows[i].text, &instance);

        g_test_message("%s", rows[i].text);
        g_assert_cmpint(ok, ==, rows[i].instance != -2);
        g_assert_cmpint(instance, ==, ok ? rows[i].instance : 4711);
    }
}

static void test_binding_key(void)
{
    static const char *const refused[] = {
        "",          "1FEDA",     ":",        "1FEDA:",       ":25",     "1FEDA:256",     "20000:1",
        "1FEDA:1:2", "1FEDA:025", "1FEDA :1", "000001FEDA:1", "1FEDA/1", "1FEDA:Default", NULL};
    char key[BINDING_KEY_SIZE];
    uint32_t dgn = 1;
    int instance = 2;

    binding_key_format(0xEF00, 7, key);
    g_assert_cmpstr(key, ==, "0EF00:7");
    binding_key_format(0x1FFFF, INSTANCE_DEFAULT, key);
    g_assert_cmpstr(key, ==, "1FFFF:default");

    g_assert_true(binding_key_parse("0x1feda:0xFF", &dgn, &instance));
    g_assert_cmpuint(dgn, ==, 0x1FEDA);
    g_assert_cmpint(instance, ==, 255);
    for (unsigned i = 0; refused[i]; i++) {
        g_assert_false(binding_key_parse(refused[i], &dgn, &instance));
        g_assert_cmpuint(dgn, ==, 0x1FEDA);
        g_assert_cmpint(instance, ==, 255);
    }
}

/* Law: a binding's name reads back as the binding, and writes back as the name. */
static void binding_key_round_trip(void)
{
    uint32_t dgn = below(DGN_MAX + 1), dgn_again = 0;
    int instance = (int) below(INSTANCE_MAX + 2) - 1, instance_again = -2;
    char key[BINDING_KEY_SIZE], key_again[BINDING_KEY_SIZE];

    binding_key_format(dgn, instance, key);
    story_text("%s", key);
    check(binding_key_parse(key, &dgn_again, &instance_again));
    check(dgn == dgn_again && instance == instance_again);
    binding_key_format(dgn_again, instance_again, key_again);
    check(g_str_equal(key, key_again));
}

static void test_binding_key_round_trip(void)
{
    repeat(20000, binding_key_round_trip);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dgn/parse", test_dgn_parse);
    g_test_add_func("/dgn/looks-like", test_dgn_looks_like);
    g_test_add_func("/dgn/instance", test_instance_parse);
    g_test_add_func("/dgn/binding-key", test_binding_key);
    g_test_add_func("/dgn/binding-key/round-trip", test_binding_key_round_trip);
    return g_test_run();
}
