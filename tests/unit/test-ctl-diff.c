/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-diff.c: what differs between configurations, in words and as data. */

#include "ctl/diff.h"

#include "base/json.h"
#include "coach/coach-file.h"

static const Term plain = {.unicode = true};

static Value *parse(const char *json)
{
    Value *value = json_parse(json, -1, &json_limits_call, NULL);

    g_assert_nonnull(value);
    return value;
}

/* Components of a JSON object, path → data. */
static GPtrArray *components(const char *json)
{
    g_autoptr(Value) map = parse(json);
    GPtrArray *array = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    VALUE_FOREACH_ENTRY (path, data, map)
        g_ptr_array_add(array, component_new(path, data));
    return array;
}

#define PORCH                                                                                               \
    "\"devices/porch\": {\"entity_id\": \"porch\", \"friendly_name\": \"Porch\", \"groups\": [\"night\"],"  \
    " \"bindings\": [{\"dgn\": \"1FEDA\", \"instance\": 27}, {\"dgn\": \"1FEDB\", \"instance\": 27}]}"
#define PORCH_OTHER                                                                                         \
    "\"devices/porch\": {\"entity_id\": \"porch\", \"friendly_name\": \"Patio\", \"area\": \"exterior\","   \
    " \"bindings\": [{\"dgn\": \"1FEDB\", \"instance\": 27, \"fade\": 1}, {\"dgn\": \"1FEDA\", \"instance\": 27}]}"
#define TANK                                                                                                \
    "\"devices/tank\": {\"entity_id\": \"tank\", \"name\": \"Tank\", \"bindings\": [{\"dgn\": \"1FFB7\", \"instance\": 0}]}"
#define SCENE "\"scenes/movie\": {\"lights\": [1, 2]}"

static void assert_text(const char *before, const char *after, const Term *term, bool full,
                        const char *expected)
{
    g_autoptr(GPtrArray) old = components(before);
    g_autoptr(GPtrArray) new = components(after);
    g_autoptr(GPtrArray) diff = diff_components(old, new);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *summary = diff_summary(diff);

    diff_append(out, term, diff, full);
    g_string_append(out, summary);
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_same(void)
{
    assert_text("{" PORCH "," TANK "}", "{" TANK "," PORCH "}", &plain, false, "Nothing differs.");
}

/* Bindings are found by their names: their order says nothing. */
static void test_text(void)
{
    assert_text("{" PORCH "," TANK "}", "{" SCENE "," PORCH_OTHER "}", &plain, false,
                "  devices/porch\n"
                "    /friendly_name: Porch → Patio\n"
                "    /groups: [night] → (nothing)\n"
                "    /area: (nothing) → exterior\n"
                "    /bindings/1FEDB:27/fade: (nothing) → 1\n"
                "- devices/tank: Tank (1FFB7:0)\n"
                "+ scenes/movie\n"
                "4 fields differ, 1 component is new, 1 component is gone.");
    assert_text("{" TANK "}", "{" TANK "," SCENE "}", &plain, true,
                "+ scenes/movie\n"
                "    lights: [1, 2]\n"
                "1 component is new.");
}

static void test_binding_order(void)
{
    assert_text(
        "{\"devices/a\": {\"bindings\": [{\"dgn\": \"1FEDA\", \"instance\": 1}, {\"dgn\": \"1FEDA\", "
        "\"instance\": 2}]}}",
        "{\"devices/a\": {\"bindings\": [{\"dgn\": \"1FEDA\", \"instance\": 2}, {\"dgn\": \"1FEDA\", "
        "\"instance\": 1}]}}",
        &plain, false, "Nothing differs.");
}

static void test_narrow(void)
{
    const Term narrow = {.unicode = true, .columns = 40};

    assert_text("{\"a\": {\"x\": \"One two three four five\"}}",
                "{\"a\": {\"x\": \"Six seven eight nine ten\"}}", &narrow, false,
                "  a\n"
                "    /x: One two three… → Six seven eig…\n"
                "1 field differs.");
    assert_text("{\"a\": {\"x\": \"One two three four five\"}}",
                "{\"a\": {\"x\": \"Six seven eight nine ten\"}}", &narrow, true,
                "  a\n"
                "    /x: One two three four five → Six seven eight nine ten\n"
                "1 field differs.");
}

/* Data from anywhere must not steer the terminal. */
static void test_hostile(void)
{
    assert_text("{}", "{\"a\": {\"name\": \"\\u001b[2Jgone\"}}", &plain, false,
                "+ a: \\u001B[2Jgone\n1 component is new.");
}

static void test_json(void)
{
    g_autoptr(GPtrArray) old = components("{" TANK ", \"info\": {\"a\": 1, \"b\": null}}");
    g_autoptr(GPtrArray) new = components("{\"info\": {\"a\": 1, \"b\": {\"c\": 2}}, \"new\": 5}");
    g_autoptr(GPtrArray) diff = diff_components(old, new);
    g_autoptr(Value) found = diff_json(diff);
    g_autoptr(Value) expected = parse(
        "[{\"path\": \"devices/tank\", \"field\": \"\", \"before\": {\"entity_id\": \"tank\", \"name\": "
        "\"Tank\", \"bindings\": [{\"dgn\": \"1FFB7\", \"instance\": 0}]}},"
        "{\"path\": \"info\", \"field\": \"/b\", \"before\": null, \"after\": {\"c\": 2}},"
        "{\"path\": \"new\", \"field\": \"\", \"after\": 5}]");

    g_assert_true(value_equal(found, expected));
}

static void test_fields(void)
{
    g_autoptr(GPtrArray) diff = diff_new();
    g_autoptr(Value) one = value_new_integer(1);
    g_autoptr(GString) out = g_string_new(NULL);

    diff_add_field(diff, "a", "/x", NULL, one);
    diff_add_field(diff, "a", "/y", one, NULL);
    diff_add_field(diff, "b", "/x", one, one);
    g_assert_cmpuint(diff->len, ==, 2);
    diff_append(out, &plain, diff, false);
    g_assert_cmpstr(out->str, ==, "  a\n    /x: (nothing) → 1\n    /y: 1 → (nothing)\n  b\n    /x: 1 → 1\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/diff/same", test_same);
    g_test_add_func("/ctl/diff/text", test_text);
    g_test_add_func("/ctl/diff/binding-order", test_binding_order);
    g_test_add_func("/ctl/diff/narrow", test_narrow);
    g_test_add_func("/ctl/diff/hostile", test_hostile);
    g_test_add_func("/ctl/diff/json", test_json);
    g_test_add_func("/ctl/diff/fields", test_fields);
    return g_test_run();
}
