/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-input.c: what people type: values, fields, DGNs, short names. */

#include "ctl/input.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

static void assert_value(const char *text, InputKind kind, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) value = input_value(text, kind, &error);

    g_assert_no_error(error);
    g_autofree char *found = json_format(value);
    g_assert_cmpstr(found, ==, json);
}

static void assert_no_value(const char *text, InputKind kind, ConfigError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) value = input_value(text, kind, &error);

    g_assert_null(value);
    g_assert_error(error, CONFIG_ERROR, (int) code);
}

static void test_guess(void)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"Reading nook", "\"Reading nook\""},
        {"", "\"\""},
        {"25", "25"},
        {" 25 ", "25"},
        {"-5", "-5"},
        {"0.5", "0.5"},
        {"true", "true"},
        {"null", "null"},
        {"\"25\"", "\"25\""},
        {"[\"on_off\", 1]", "[\"on_off\",1]"},
        {"{\"a\": {}}", "{\"a\":{}}"},
        /* what JSON does not know is text, also where YAML would know it */
        {"yes", "\"yes\""},
        {"0x7C", "\"0x7C\""},
        {"1FEDA", "\"1FEDA\""},
        {"025", "\"025\""},
        {"NaN", "\"NaN\""},
        {"12:30", "\"12:30\""},
        {"Küche", "\"Küche\""},
        {"a \"quoted\" word", "\"a \\\"quoted\\\" word\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_value(rows[i].text, INPUT_GUESS, rows[i].json);
}

/* Text that was surely meant as JSON is not taken for text because of a slip in it. */
static void test_slip(void)
{
    static const char *const rows[] = {"[\"on_off\",]", "{\"a\" 1}",         " {",
                                       "\"open",        "{\"a\":1,\"a\":2}", "[1] 2"};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *json = NULL;
        g_autoptr(Value) text = value_new_string(rows[i]);

        assert_no_value(rows[i], INPUT_GUESS, CONFIG_ERROR_INVALID_DATA);
        json = json_format(text);
        assert_value(rows[i], INPUT_STRING, json);
    }
}

static void test_forced(void)
{
    assert_value("25", INPUT_STRING, "\"25\"");
    assert_value("true", INPUT_STRING, "\"true\"");
    assert_value("25", INPUT_JSON, "25");
    assert_no_value("Reading nook", INPUT_JSON, CONFIG_ERROR_INVALID_DATA);
    assert_no_value("", INPUT_JSON, CONFIG_ERROR_INVALID_DATA);
}

/* A value stays what it is: no "no" where a boolean stands, no 25 where a text does. */
static void test_like(void)
{
    static const struct {
        const char *like, *text, *json; /* json NULL: refused */
    } rows[] = {
        {"\"a\"", "no", "\"no\""},
        {"\"a\"", "25", "\"25\""},
        {"\"a\"", "null", "\"null\""},
        {"\"a\"", "[1", "\"[1\""},
        {"\"a\"", "", "\"\""},
        {"true", "false", "false"},
        {"false", "YES", "true"},
        {"true", "no", "false"},
        {"true", "On", "true"},
        {"true", "off", "false"},
        {"true", "maybe", NULL},
        {"true", "1", NULL},
        {"true", "", NULL},
        {"true", "null", NULL},
        {"5", "25", "25"},
        {"5", "-0.5", "-0.5"},
        {"0.5", "25", "25"},
        {"5", "five", NULL},
        {"5", "true", NULL},
        {"5", "0x7C", NULL},
        {"5", "\"5\"", NULL},
        {"5", "", NULL},
        {"[1]", "[\"on_off\"]", "[\"on_off\"]"},
        {"[1]", "on_off", NULL},
        {"[1]", "{}", NULL},
        {"{}", "{\"a\":1}", "{\"a\":1}"},
        {"{}", "a", NULL},
        {"null", "no", "\"no\""},
        {"null", "25", "25"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) like = json_parse(rows[i].like, -1, &json_limits_call, NULL);
        g_autoptr(Value) value = input_value_like(rows[i].text, like, &error);
        g_autofree char *found = value ? json_format(value) : NULL;

        g_assert_nonnull(like);
        g_assert_cmpstr(found, ==, rows[i].json);
        if (!value)
            g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    }
}

/* Where nothing stands yet, JSON is what reads as JSON. */
static void test_like_nothing(void)
{
    g_autoptr(Value) text = input_value_like("no", NULL, NULL);
    g_autoptr(Value) number = input_value_like("25", NULL, NULL);

    g_assert_cmpstr(value_string(text), ==, "no");
    g_assert_cmpint(value_integer(number), ==, 25);
}

static void test_too_large(void)
{
    g_autofree char *deep = g_strnfill(1000, '[');
    g_autofree char *long_text = g_strnfill(json_limits_call.size + 1, 'a');

    assert_no_value(deep, INPUT_GUESS, CONFIG_ERROR_TOO_LARGE);
    assert_no_value(long_text, INPUT_GUESS, CONFIG_ERROR_TOO_LARGE);
}

static void test_field(void)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"friendly_name", "/friendly_name"},
        {"/friendly_name", "/friendly_name"},
        {"protocol_metadata/firefly_zone_id", "/protocol_metadata/firefly_zone_id"},
        {"bindings/1FEDB:25/status_dgn", "/bindings/1FEDB:25/status_dgn"},
        {"a~1b", "/a~1b"},
        {"", ""},
        {"/", "/"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *field = input_field(rows[i].text);

        g_assert_cmpstr(field, ==, rows[i].field);
    }
}

static void test_dgn(void)
{
    static const char *const bad[] = {"",   "25",    "1FE",   "20000", "0x20000",   "FFFFFF", "1FEDG",
                                      "0x", "-1FED", "+1FED", " 1FED", "0x0x1FEDA", "1234567"};
    static const struct {
        const char *text;
        uint32_t dgn;
    } good[] = {{"1FEDA", 0x1FEDA}, {"1feda", 0x1FEDA},  {"0x1FEDA", 0x1FEDA}, {"0X1FEDA", 0x1FEDA},
                {"EF00", 0xEF00},   {"01FEDA", 0x1FEDA}, {"1FFFF", 0x1FFFF}};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint32_t dgn = 7;

        g_assert_false(input_dgn(bad[i], &dgn));
        g_assert_cmpuint(dgn, ==, 7);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        uint32_t dgn;

        g_assert_true(input_dgn(good[i].text, &dgn));
        g_assert_cmphex(dgn, ==, good[i].dgn);
    }
}

static void test_binding(void)
{
    static const char *const bad[] = {"1FEDA",    "1FEDA:",        ":25",        "1FEDA:256",
                                      "1FEDA:-1", "1FEDA:default", "1FEDA:25:1", "1FEDA: 25"};
    uint8_t instance;
    uint32_t dgn;

    g_assert_true(input_binding("1FEDA:25", &dgn, &instance));
    g_assert_cmphex(dgn, ==, 0x1FEDA);
    g_assert_cmpuint(instance, ==, 25);
    g_assert_true(input_binding("1FEDA:0x1a", &dgn, &instance));
    g_assert_cmpuint(instance, ==, 26);
    g_assert_true(input_binding("0x1feda:255", &dgn, &instance));
    g_assert_cmpuint(instance, ==, 255);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(input_binding(bad[i], &dgn, &instance));
}

static void test_match_path(void)
{
    static const char *const all[] = {"areas/interior",          "coach_info",
                                      "devices/evening",         "devices/porch_light",
                                      "lighting_scenes/evening", "porch_light"};
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_insert(paths, 0, (void *) all[i]);

    g_autoptr(GPtrArray) one = input_match_path("interior", paths);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_cmpstr(one->pdata[0], ==, "areas/interior");
    g_autoptr(GPtrArray) section = input_match_path("coach_info", paths);
    g_assert_cmpuint(section->len, ==, 1);
    /* A device comes first, whatever the order was. */
    g_autoptr(GPtrArray) two = input_match_path("evening", paths);
    g_assert_cmpuint(two->len, ==, 2);
    g_assert_cmpstr(two->pdata[0], ==, "devices/evening");
    /* A part of a name, or of a path, is no name. */
    g_autoptr(GPtrArray) part = input_match_path("porch", paths);
    g_assert_cmpuint(part->len, ==, 0);
    g_autoptr(GPtrArray) prefix = input_match_path("devices", paths);
    g_assert_cmpuint(prefix->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/input/value/guess", test_guess);
    g_test_add_func("/ctl/input/value/slip", test_slip);
    g_test_add_func("/ctl/input/value/forced", test_forced);
    g_test_add_func("/ctl/input/value/like", test_like);
    g_test_add_func("/ctl/input/value/like-nothing", test_like_nothing);
    g_test_add_func("/ctl/input/value/too-large", test_too_large);
    g_test_add_func("/ctl/input/field", test_field);
    g_test_add_func("/ctl/input/dgn", test_dgn);
    g_test_add_func("/ctl/input/binding", test_binding);
    g_test_add_func("/ctl/input/match-path", test_match_path);
    return g_test_run();
}
