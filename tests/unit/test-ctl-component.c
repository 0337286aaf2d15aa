/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-component.c: looking into the data of a component. */

#include "ctl/component.h"

#include "base/json.h"

static const char light[] =
    "{\"friendly_name\":\"Porch\",\"protocol_metadata\":{\"zone\":1,\"a/b\":2},\"groups\":[1],\"empty\":null,"
    "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":60},"
    "{\"dgn\":\"1FEDB\",\"instance\":\"default\",\"status_dgn\":\"1FEDA\"}]}";

static Value *parse(const char *text)
{
    Value *value = json_parse(text, -1, &json_limits_call, NULL);

    g_assert_nonnull(value);
    return value;
}

static void test_names(void)
{
    static const struct {
        const char *data, *name, *bindings;
    } rows[] = {
        {light, "Porch", "1FEDA:60 1FEDB:default"},
        {"{\"name\":\"Evening\"}", "Evening", ""},
        {"{\"display_name\":\"Interior\",\"bindings\":{}}", "Interior", ""},
        {"{\"name\":\"b\",\"friendly_name\":\"a\"}", "a", ""},
        {"{\"friendly_name\":12,\"bindings\":[]}", "", ""},
        /* malformed data are shown, not obeyed */
        {"{\"bindings\":[1,{},{\"dgn\":1,\"instance\":2},{\"dgn\":\"1FEDA\",\"instance\":null}]}", "",
         "?:? ?:? ?:2 1FEDA:?"},
        {"[1]", "", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) data = parse(rows[i].data);
        g_autofree char *bindings = component_bindings(data);

        g_assert_cmpstr(component_name(data), ==, rows[i].name);
        g_assert_cmpstr(bindings, ==, rows[i].bindings);
    }
}

static void test_field(void)
{
    static const struct {
        const char *field, *json; /* NULL: absent */
    } rows[] = {
        {"/friendly_name", "\"Porch\""},
        {"/protocol_metadata/zone", "1"},
        {"/protocol_metadata/a~1b", "2"},
        {"/empty", "null"},
        {"/groups", "[1]"},
        {"/bindings/1FEDA:60/dgn", "\"1FEDA\""},
        {"/bindings/1feda:60", "{\"dgn\":\"1FEDA\",\"instance\":60}"},
        {"/bindings/1FEDB:default/status_dgn", "\"1FEDA\""},
        {"/bindings/1FEDA:61", NULL},
        {"/bindings/0", NULL},
        {"/groups/0", NULL},
        {"/friendly_name/x", NULL},
        {"/nope", NULL},
        {"friendly_name", NULL},
        {"/a~", NULL},
    };
    g_autoptr(Value) data = parse(light);

    g_assert_true(component_field(data, "") == data);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Value *value = component_field(data, rows[i].field);
        g_autofree char *json = value ? json_format(value) : NULL;

        g_assert_cmpstr(json, ==, rows[i].json);
    }
}

/* Every field that is listed can be read. */
static void test_fields(void)
{
    g_autoptr(Value) data = parse(light);
    g_autoptr(GPtrArray) fields = component_fields(data);

    g_assert_cmpuint(fields->len, ==, 14);
    for (unsigned i = 0; i < fields->len; i++)
        g_assert_nonnull(component_field(data, fields->pdata[i]));
    g_assert_true(
        g_ptr_array_find_with_equal_func(fields, "/bindings/1FEDB:default/status_dgn", g_str_equal, NULL));
    g_assert_true(g_ptr_array_find_with_equal_func(fields, "/protocol_metadata/a~1b", g_str_equal, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/component/names", test_names);
    g_test_add_func("/ctl/component/field", test_field);
    g_test_add_func("/ctl/component/fields", test_fields);
    return g_test_run();
}
