/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-preview.c: items of an update, and which of them say the same. */

#include "ctl/preview.h"

#include "base/json.h"

static Value *parse(const char *json)
{
    Value *value = json_parse(json, -1, &json_limits_call, NULL);

    g_assert_nonnull(value);
    return value;
}

static void assert_json(const Value *value, const char *json)
{
    g_autofree char *found = json_format(value);

    g_assert_cmpstr(found, ==, json);
}

/* Rows as the service gives them. */
static Value *items_of(const char *json)
{
    g_autoptr(Value) rows = parse(json);
    Value *items = value_new_list();

    VALUE_FOREACH_ITEM (row, rows)
        value_list_take(&items, preview_item(row));
    return items;
}

/* What is absent has no key; what is no JSON is the text that it is; null and "" are values. */
static void test_item(void)
{
    g_autoptr(Value) items =
        items_of("[[\"devices/a\",\"/x\",\"conflict\",\"1\",\"null\",\"\",\"\\\"\\\"\"],"
                 "[\"devices/b\",\"\",\"renamed\",\"devices/a\",\"\",\"\",\"\"],"
                 "[\"\",\"\",\"device-loss\",\"\",\"\",\"\",\"120 of 320 devices would go\"]]");

    assert_json(items,
                "[{\"path\":\"devices/a\",\"field\":\"/x\",\"class\":\"conflict\",\"base\":1,\"mine\":null,"
                "\"result\":\"\"},"
                "{\"path\":\"devices/b\",\"field\":\"\",\"class\":\"renamed\",\"base\":\"devices/a\"},"
                "{\"path\":\"\",\"field\":\"\",\"class\":\"device-loss\","
                "\"result\":\"120 of 320 devices would go\"}]");
}

/* Each class of the interface is there; what is new some day is shown too. */
static void test_classes(void)
{
    static const struct {
        const char *name;
        PreviewKind kind;
    } rows[] = {
        {"vendor", PREVIEW_CHANGES},
        {"kept", PREVIEW_KEEPS},
        {"converged", PREVIEW_KEEPS},
        {"merged", PREVIEW_CHANGES},
        {"added", PREVIEW_CHANGES},
        {"removed", PREVIEW_CHANGES},
        {"deleted-kept", PREVIEW_KEEPS},
        {"renamed", PREVIEW_RENAMES},
        {"conflict", PREVIEW_DECIDES},
        {"orphaned", PREVIEW_DECIDES},
        {"unset-changed", PREVIEW_DECIDES},
        {"removed-edited", PREVIEW_DECIDES},
        {"deleted-changed", PREVIEW_DECIDES},
        {"missing-field", PREVIEW_BLOCKS},
        {"id-collision", PREVIEW_BLOCKS},
        {"binding-collision", PREVIEW_BLOCKS},
        {"section-collision", PREVIEW_BLOCKS},
        {"device-loss", PREVIEW_BLOCKS},
        {"unheard-of", PREVIEW_CHANGES},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) item = value_new_map();
        const PreviewClass *row;

        value_map_take(&item, "class", value_new_string(rows[i].name));
        row = preview_item_class(item);
        g_assert_cmpint(row->kind, ==, rows[i].kind);
        /* Two components cannot be at one place, whatever anybody allows. */
        if (!g_str_equal(row->name, "section-collision"))
            g_assert_true((row->kind == PREVIEW_BLOCKS) == (row->allow != NULL));
        g_assert_true((row->kind == PREVIEW_BLOCKS || row->kind == PREVIEW_DECIDES) == (row->words != NULL));
    }
}

static void test_pattern(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"/area", "/area"},
        {"/bindings", "/bindings"},
        {"/bindings/1FEDA:25", "/bindings/*"},
        {"/bindings/1FEDA:25/status_dgn", "/bindings/*/status_dgn"},
        {"/bindings/1FEDA:25/meta/zone", "/bindings/*/meta/zone"},
        {"/bindingsx/y", "/bindingsx/y"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *pattern = preview_field_pattern(rows[i][0]);

        g_assert_cmpstr(pattern, ==, rows[i][1]);
    }
}

/* "class:n path path": the groups of a kind, in their order. */
static char *groups_text(const Value *items, PreviewKind kind)
{
    g_autoptr(GPtrArray) groups = preview_groups(items, kind);
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < groups->len; i++) {
        const PreviewGroup *group = groups->pdata[i];

        g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", group->item_class->name);
        for (unsigned j = 0; j < group->items->len; j++)
            g_string_append_printf(text, " %s", value_map_get_string(group->items->pdata[j], "path"));
    }
    return g_string_free(text, FALSE);
}

static void assert_groups(const char *rows, PreviewKind kind, const char *expected)
{
    g_autoptr(Value) items = items_of(rows);
    g_autofree char *text = groups_text(items, kind);

    g_assert_cmpstr(text, ==, expected);
}

/* The same class, field, old and new value; anything else is another group. */
static void test_groups(void)
{
    assert_groups("[[\"a\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"b\",\"/x\",\"vendor\",\"1\",\"\",\"3\",\"3\"],"
                  "[\"c\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"d\",\"/y\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"e\",\"/x\",\"vendor\",\"\",\"\",\"2\",\"2\"],"
                  "[\"f\",\"/x\",\"vendor\",\"\\\"\\\"\",\"\",\"2\",\"2\"],"
                  "[\"g\",\"/x\",\"merged\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"h\",\"/x\",\"kept\",\"1\",\"\",\"2\",\"2\"]]",
                  PREVIEW_CHANGES, "vendor a c; vendor b; vendor d; vendor e; vendor f; merged g");
}

/* Keys in another order are the same value. */
static void test_groups_values(void)
{
    assert_groups("[[\"a\",\"/x\",\"vendor\",\"1\",\"\",\"\",\"{\\\"p\\\":1,\\\"q\\\":2}\"],"
                  "[\"b\",\"/x\",\"vendor\",\"1\",\"\",\"\",\"{\\\"q\\\":2,\\\"p\\\":1}\"]]",
                  PREVIEW_CHANGES, "vendor a b");
}

/* Bindings have names of their own, the field in them is the same one. */
static void test_groups_bindings(void)
{
    assert_groups("[[\"a\",\"/bindings/1FEDA:1/cmd\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"a\",\"/bindings/1FEDA:2/cmd\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                  "[\"b\",\"/bindings/1FEDA:3/other\",\"vendor\",\"1\",\"\",\"2\",\"2\"]]",
                  PREVIEW_CHANGES, "vendor a a; vendor b");
}

/* Whole components by class, however different they are; so is all that is kept. Large groups first. */
static void test_groups_whole(void)
{
    static const char rows[] = "[[\"a\",\"\",\"added\",\"\",\"\",\"{}\",\"{}\"],"
                               "[\"b\",\"\",\"added\",\"\",\"\",\"{\\\"x\\\":1}\",\"{\\\"x\\\":1}\"],"
                               "[\"c\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
                               "[\"d\",\"/x\",\"vendor\",\"5\",\"\",\"6\",\"6\"],"
                               "[\"e\",\"/x\",\"vendor\",\"5\",\"\",\"6\",\"6\"],"
                               "[\"f\",\"/x\",\"kept\",\"1\",\"7\",\"1\",\"7\"],"
                               "[\"g\",\"/y\",\"kept\",\"2\",\"8\",\"2\",\"8\"],"
                               "[\"h\",\"\",\"deleted-kept\",\"{}\",\"\",\"{}\",\"\"],"
                               "[\"i\",\"\",\"renamed\",\"old_i\",\"\",\"\",\"\"],"
                               "[\"j\",\"\",\"renamed\",\"old_j\",\"\",\"\",\"\"]]";

    assert_groups(rows, PREVIEW_CHANGES, "vendor d e; vendor c; added a b");
    assert_groups(rows, PREVIEW_KEEPS, "kept f g; deleted-kept h");
    assert_groups(rows, PREVIEW_RENAMES, "renamed i; renamed j");
    assert_groups(rows, PREVIEW_BLOCKS, "");
}

static void test_open(void)
{
    g_autoptr(Value) items = items_of("[[\"a\",\"/x\",\"conflict\",\"1\",\"2\",\"3\",\"2\"],"
                                      "[\"a\",\"/y\",\"orphaned\",\"1\",\"2\",\"\",\"2\"],"
                                      "[\"a\",\"/z\",\"vendor\",\"1\",\"\",\"2\",\"2\"]]");
    g_autoptr(Value) counts = parse("{\"conflict\":1,\"orphaned\":1,\"vendor\":1000}");
    g_autoptr(Value) resolutions = parse("[[\"a\",\"/y\",\"vendor\"],[\"b\",\"/x\",\"mine\"]]");
    Preview preview = {.items = items, .counts = counts};

    g_assert_cmpuint(preview_n_open(&preview), ==, 2);
    g_assert_cmpuint(preview_total(&preview), ==, 1002);
    preview.resolutions = resolutions;
    g_assert_cmpuint(preview_n_open(&preview), ==, 1);
    g_assert_true(preview_is_open(&preview, value_list_item(items, 0)));
    g_assert_cmpstr(preview_choice(&preview, value_list_item(items, 1)), ==, "vendor");
    g_assert_null(preview_choice(&preview, value_list_item(items, 2)));
}

static void test_allowed(void)
{
    g_autoptr(GPtrArray) allow = g_ptr_array_new();
    Preview preview = {0};

    g_assert_false(preview_is_allowed(&preview, "collisions"));
    g_ptr_array_add(allow, (void *) "device-loss");
    preview.allow = allow;
    g_assert_true(preview_is_allowed(&preview, "device-loss"));
    g_assert_false(preview_is_allowed(&preview, "collisions"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/preview/item", test_item);
    g_test_add_func("/ctl/preview/classes", test_classes);
    g_test_add_func("/ctl/preview/pattern", test_pattern);
    g_test_add_func("/ctl/preview/groups", test_groups);
    g_test_add_func("/ctl/preview/groups-values", test_groups_values);
    g_test_add_func("/ctl/preview/groups-bindings", test_groups_bindings);
    g_test_add_func("/ctl/preview/groups-whole", test_groups_whole);
    g_test_add_func("/ctl/preview/open", test_open);
    g_test_add_func("/ctl/preview/allowed", test_allowed);
    return g_test_run();
}
