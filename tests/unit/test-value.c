/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-value.c: the tree of data: accessors, order, copy on write, equality, and large maps. */

#include <string.h>

#include "base/json.h"
#include "base/value.h"

static void assert_json(const Value *value, const char *expected)
{
    g_autofree char *text = json_format(value);

    g_assert_cmpstr(text, ==, expected);
}

static void test_scalars(void)
{
    g_autoptr(Value) null = value_new_null();
    g_autoptr(Value) boolean = value_new_boolean(true);
    g_autoptr(Value) integer = value_new_integer(INT64_MIN);
    g_autoptr(Value) real = value_new_real(0.1);
    g_autoptr(Value) string = value_new_string("Küche");
    g_autoptr(Value) part = value_new_string_len("Kitchen", 3);

    g_assert_cmpint(value_type(null), ==, VALUE_NULL);
    g_assert_true(value_boolean(boolean));
    g_assert_cmpint(value_integer(integer), ==, INT64_MIN);
    g_assert_cmpfloat(value_real(real), ==, 0.1);
    g_assert_cmpstr(value_string(string), ==, "Küche");
    g_assert_cmpstr(value_string(part), ==, "Kit");
    g_assert_cmpuint(value_length(string), ==, 0);
    g_assert_cmpuint(value_length(NULL), ==, 0);
    g_assert_cmpstr(value_type_name(value_type(real)), ==, "real");
    g_assert_cmpstr(value_type_name(VALUE_MAP), ==, "map");
    g_assert_false(value_is_map(NULL) || value_is_list(string) || !value_is_string(string));
}

static void test_position(void)
{
    g_autoptr(Value) value = value_new_null();

    g_assert_cmpuint(value_line(value), ==, 0);
    g_assert_cmpuint(value_column(value), ==, 0);
    value_set_position(value, 70000, 300);
    g_assert_cmpuint(value_line(value), ==, 70000);
    g_assert_cmpuint(value_column(value), ==, 300);
    value_set_position(value, 1, UINT32_MAX);
    g_assert_cmpuint(value_column(value), ==, (1 << 29) - 1);
    g_assert_cmpint(value_type(value), ==, VALUE_NULL);
}

static void test_list(void)
{
    g_autoptr(Value) list = value_new_list();
    g_autoptr(Value) shared = value_new_string("x");

    for (int i = 0; i < 100; i++)
        value_list_take(&list, value_new_integer(i));
    value_list_append(&list, shared);
    g_assert_cmpuint(value_length(list), ==, 101);
    g_assert_cmpint(value_integer(value_list_item(list, 57)), ==, 57);
    g_assert_true(value_list_item(list, 100) == shared);
}

static void test_list_copy_on_write(void)
{
    g_autoptr(Value) list = value_new_list();
    value_set_position(list, 3, 4);
    value_list_take(&list, value_new_integer(1));

    g_autoptr(Value) copy = value_ref(list);
    value_list_take(&copy, value_new_integer(2));
    assert_json(list, "[1]");
    assert_json(copy, "[1,2]");
    g_assert_cmpuint(value_line(copy), ==, 3);

    value_list_append(&copy, copy);
    assert_json(copy, "[1,2,[1,2]]");
}

static void test_map(void)
{
    g_autoptr(Value) map = value_new_map();

    g_assert_null(value_map_get(map, "a"));
    g_assert_null(value_map_get(NULL, "a"));
    value_map_take(&map, "b", value_new_integer(1));
    value_map_take(&map, "a", value_new_string("x"));
    value_map_take(&map, "", value_new_null());
    value_map_take(&map, "b", value_new_integer(2));
    assert_json(map, "{\"b\":2,\"a\":\"x\",\"\":null}");
    g_assert_cmpstr(value_map_key(map, 1), ==, "a");
    g_assert_cmpstr(value_map_get_string(map, "a"), ==, "x");
    g_assert_null(value_map_get_string(map, "b"));
    g_assert_null(value_map_get_string(map, "none"));
    g_assert_null(value_map_get(value_map_get(map, "a"), "chained"));

    g_assert_false(value_map_remove(&map, "c"));
    g_assert_true(value_map_remove(&map, "b"));
    g_assert_false(value_map_remove(&map, "b"));
    assert_json(map, "{\"a\":\"x\",\"\":null}");

    /* The key and the value may be the map's own. */
    value_map_take(&map, value_map_key(map, 0), value_new_integer(7));
    value_map_set(&map, "self", map);
    g_assert_true(value_map_remove(&map, value_map_key(map, 0)));
    assert_json(map, "{\"\":null,\"self\":{\"a\":7,\"\":null}}");
}

static void test_map_copy_on_write(void)
{
    g_autoptr(Value) template = value_new_map();
    value_map_take(&template, "a", value_new_integer(1));
    value_map_take(&template, "b", value_new_integer(2));

    g_autoptr(Value) set = value_ref(template);
    g_autoptr(Value) removed = value_ref(template);
    g_autoptr(Value) kept = value_ref(template);
    value_map_take(&set, "a", value_new_integer(3));
    g_assert_true(value_map_remove(&removed, "a"));
    g_assert_false(value_map_remove(&kept, "c"));
    g_assert_true(kept == template);
    assert_json(template, "{\"a\":1,\"b\":2}");
    assert_json(set, "{\"a\":3,\"b\":2}");
    assert_json(removed, "{\"b\":2}");
}

static void test_map_own(void)
{
    g_autoptr(Value) outer = value_new_map();
    value_map_take(&outer, "in", value_new_map());
    g_autoptr(Value) before = value_ref(outer);

    g_assert_null(value_map_own(&outer, "none"));
    g_assert_true(outer == before);
    value_map_take(value_map_own(&outer, "in"), "x", value_new_integer(1));
    assert_json(outer, "{\"in\":{\"x\":1}}");
    assert_json(before, "{\"in\":{}}");
}

static void test_map_merge(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) map = json_parse("{\"a\":1,\"b\":2}", -1, &json_limits_call, &error);
    g_autoptr(Value) from = json_parse("{\"c\":3,\"b\":9,\"d\":[4]}", -1, &json_limits_call, &error);
    g_autoptr(Value) empty = value_new_map();
    g_autoptr(Value) before = value_ref(map);
    g_assert_no_error(error);

    value_map_merge(&map, from);
    assert_json(map, "{\"a\":1,\"b\":2,\"c\":3,\"d\":[4]}");
    assert_json(before, "{\"a\":1,\"b\":2}");
    g_assert_true(value_map_get(map, "d") == value_map_get(from, "d"));
    value_map_merge(&map, empty);
    value_map_merge(&map, map);
    g_assert_cmpuint(value_length(map), ==, 4);
    value_map_merge(&empty, map);
    g_assert_true(value_equal(empty, map));
}

static void test_map_merge_large(void)
{
    g_autoptr(Value) map = value_new_map();

    /* Past the bound where a map changes from stamps to its index. */
    for (int round = 0; round < 40; round++) {
        g_autoptr(Value) from = value_new_map();
        for (int i = 0; i < 10; i++) {
            g_autofree char *key = g_strdup_printf("%d", round * 5 + i);
            value_map_take(&from, key, value_new_integer(round));
        }
        value_map_merge(&map, from);
    }
    g_assert_cmpuint(value_length(map), ==, 205);
    for (int i = 0; i < 205; i++) {
        g_autofree char *key = g_strdup_printf("%d", i);
        g_assert_cmpstr(value_map_key(map, (size_t) i), ==, key);
        g_assert_cmpint(value_integer(value_map_get(map, key)), ==, MAX(i / 5 - 1, 0));
    }
}

static void test_map_add(void)
{
    g_autoptr(Value) map = value_new_map();
    g_autoptr(Value) unfinished = value_new_map();

    *value_map_add(&map, "key and more", 3) = value_new_integer(1);
    g_assert_null(value_map_add(&map, "key", 3));
    assert_json(map, "{\"key\":1}");
    g_assert_nonnull(value_map_add(&unfinished, "a", 1));
}

static void test_map_measure(void)
{
    g_autoptr(Value) map =
        json_parse("{\"ab\":[1,\"xyz\",{}],\"c\":{\"d\":null}}", -1, &json_limits_call, NULL);
    ValueSize all = {0}, rest = {0}, stopped = {0};

    value_map_measure(map, 0, &all, 100);
    g_assert_cmpuint(all.nodes, ==, 6);
    g_assert_cmpuint(all.bytes, ==, 7);
    value_map_measure(map, 1, &rest, 100);
    g_assert_cmpuint(rest.nodes, ==, 2);
    value_map_measure(map, 0, &stopped, 2);
    g_assert_cmpuint(stopped.nodes, ==, 3);
}

/* ---- Large maps against a simple model ---- */

enum {
    MODEL_KEYS = 300,
    MODEL_STEPS = 20000,
};

typedef struct Model {
    int keys[MODEL_KEYS]; /* in order */
    int values[MODEL_KEYS];
    int length;
} Model;

static int model_find(const Model *model, int key)
{
    for (int i = 0; i < model->length; i++)
        if (model->keys[i] == key)
            return i;
    return -1;
}

static void model_set(Model *model, int key, int value)
{
    int at = model_find(model, key);

    if (at < 0)
        at = model->length++;
    model->keys[at] = key;
    model->values[at] = value;
}

static bool model_remove(Model *model, int key)
{
    int at = model_find(model, key);

    if (at < 0)
        return false;
    for (int i = at; i + 1 < model->length; i++) {
        model->keys[i] = model->keys[i + 1];
        model->values[i] = model->values[i + 1];
    }
    model->length--;
    return true;
}

static void model_check(const Model *model, const Value *map)
{
    int i = 0;

    g_assert_cmpuint(value_length(map), ==, (size_t) model->length);
    VALUE_FOREACH_ENTRY (key, value, map) {
        g_autofree char *expected = g_strdup_printf("key %d", model->keys[i]);
        g_assert_cmpstr(key, ==, expected);
        g_assert_cmpint(value_integer(value), ==, model->values[i]);
        g_assert_true(value_map_get(map, key) == value);
        i++;
    }
}

static void test_map_model(void)
{
    g_autoptr(Value) map = value_new_map();
    g_autoptr(Value) snapshot = value_ref(map);
    Model model = {0}, snapshot_model = {0};

    for (int step = 0; step < MODEL_STEPS; step++) {
        int number = g_test_rand_int_range(0, MODEL_KEYS);
        /* Phases of growing and shrinking, so that small and large maps both come up. */
        bool grow = g_test_rand_int_range(0, 10) < ((step / 1000) % 2 ? 3 : 7);
        g_autofree char *key = g_strdup_printf("key %d", number);

        if (grow) {
            value_map_take(&map, key, value_new_integer(step));
            model_set(&model, number, step);
        } else {
            bool there = model_remove(&model, number);
            g_assert_true(value_map_remove(&map, key) == there);
        }
        if (step % 97 == 0) {
            model_check(&snapshot_model, snapshot);
            value_unref(snapshot);
            snapshot = value_ref(map);
            snapshot_model = model;
        }
        if (step % 31 == 0)
            model_check(&model, map);
    }
    model_check(&model, map);
}

static void test_many_keys(void)
{
    /* Twice, so that the table of keys grows, shrinks to nothing and grows again. */
    for (int round = 0; round < 2; round++) {
        g_autoptr(Value) map = value_new_map();
        for (int i = 0; i < 100000; i++) {
            g_autofree char *key = g_strdup_printf("%d", i);
            *value_map_add(&map, key, strlen(key)) = value_new_integer(i);
        }
        g_assert_null(value_map_add(&map, "99999", 5));
        g_assert_cmpint(value_integer(value_map_get(map, "77777")), ==, 77777);
        g_assert_null(value_map_get(map, "100000"));
    }
}

/* ---- Equality ---- */

static Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = json_parse(text, -1, &json_limits_call, &error);

    g_assert_no_error(error);
    return value;
}

/* Two values are equal when, and only when, their canonical texts are. */
static void test_equal(void)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "1",
        "1.0",
        "0.0",
        "-0.0",
        "\"1\"",
        "\"\"",
        "[]",
        "{}",
        "[1,2]",
        "[2,1]",
        "[1]",
        "{\"a\":1,\"b\":2}",
        "{\"a\":1}",
        "{\"b\":1}",
        "{\"b\":2,\"a\":1}",
        "{\"a\":1,\"b\":null}",
        "[null]",
        "{\"a\":1.0}",
        "{\"a\":{\"x\":[]}}",
        "{\"a\":{\"x\":{}}}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            g_autoptr(Value) a = parse(texts[i]);
            g_autoptr(Value) b = parse(texts[j]);
            g_autoptr(GString) a_text = g_string_new(NULL);
            g_autoptr(GString) b_text = g_string_new(NULL);

            json_append_canonical(a_text, a);
            json_append_canonical(b_text, b);
            g_assert_true(value_equal(a, b) == g_string_equal(a_text, b_text));
        }
        g_autoptr(Value) value = parse(texts[i]);
        g_assert_false(value_equal(value, NULL) || value_equal(NULL, value));
    }
    g_assert_true(value_equal(NULL, NULL));
}

static void test_equal_large(void)
{
    g_autoptr(Value) up = value_new_map();
    g_autoptr(Value) down = value_new_map();

    for (int i = 0; i < 1000; i++) {
        g_autofree char *low = g_strdup_printf("%d", i);
        g_autofree char *high = g_strdup_printf("%d", 999 - i);
        value_map_take(&up, low, value_new_integer(i));
        value_map_take(&down, high, value_new_integer(999 - i));
    }
    g_assert_true(value_equal(up, down));
    value_map_take(&down, "500", value_new_null());
    g_assert_false(value_equal(up, down));
}

static void test_foreach(void)
{
    g_autoptr(Value) list = parse("[1,2,3,4]");
    g_autoptr(Value) map = parse("{\"a\":1,\"b\":2,\"c\":4}");
    int64_t sum = 0;

    VALUE_FOREACH_ITEM (item, list) {
        if (value_integer(item) == 2)
            continue;
        if (value_integer(item) == 4)
            break;
        sum += value_integer(item);
    }
    g_assert_cmpint(sum, ==, 4);

    sum = 0;
    VALUE_FOREACH_ENTRY (key, item, map) {
        if (*key == 'b')
            continue;
        sum += value_integer(item);
        if (*key == 'c')
            break;
    }
    g_assert_cmpint(sum, ==, 5);

    VALUE_FOREACH_ITEM (item, NULL)
        g_assert_null(item);
    VALUE_FOREACH_ENTRY (key, item, NULL)
        g_assert_null(item ? item : (const Value *) key);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/scalars", test_scalars);
    g_test_add_func("/value/position", test_position);
    g_test_add_func("/value/list", test_list);
    g_test_add_func("/value/list/copy-on-write", test_list_copy_on_write);
    g_test_add_func("/value/map", test_map);
    g_test_add_func("/value/map/copy-on-write", test_map_copy_on_write);
    g_test_add_func("/value/map/own", test_map_own);
    g_test_add_func("/value/map/merge", test_map_merge);
    g_test_add_func("/value/map/merge-large", test_map_merge_large);
    g_test_add_func("/value/map/add", test_map_add);
    g_test_add_func("/value/map/measure", test_map_measure);
    g_test_add_func("/value/map/model", test_map_model);
    g_test_add_func("/value/map/many-keys", test_many_keys);
    g_test_add_func("/value/equal", test_equal);
    g_test_add_func("/value/equal/large", test_equal_large);
    g_test_add_func("/value/foreach", test_foreach);
    return g_test_run();
}
