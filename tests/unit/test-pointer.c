/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-pointer.c: JSON Pointers (the examples of RFC 6901 among them), and getting, setting and removing
 * fields. */

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"

static Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = json_parse(text, -1, &json_limits_call, &error);

    g_assert_no_error(error);
    return value;
}

static char **split(const char *pointer)
{
    g_autoptr(GError) error = NULL;
    char **tokens = pointer_split(pointer, &error);

    g_assert_no_error(error);
    return tokens;
}

static void assert_json(const Value *value, const char *expected)
{
    g_autofree char *text = json_format(value);

    g_assert_cmpstr(text, ==, expected);
}

static Value *get(const Value *root, const char *pointer)
{
    g_auto(GStrv) tokens = split(pointer);

    return value_get(root, (const char *const *) tokens);
}

static bool set(Value **root, const char *pointer, const char *json)
{
    g_auto(GStrv) tokens = split(pointer);
    g_autoptr(Value) value = parse(json);

    return value_set(root, (const char *const *) tokens, value);
}

static bool unset(Value **root, const char *pointer)
{
    g_auto(GStrv) tokens = split(pointer);

    return value_remove(root, (const char *const *) tokens);
}

static void test_rfc6901(void)
{
    g_autoptr(Value) root =
        parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
              "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}");

    g_assert_true(get(root, "") == root);
    g_assert_true(value_is_list(get(root, "/foo")));
    assert_json(get(root, "/"), "0");
    assert_json(get(root, "/a~1b"), "1");
    assert_json(get(root, "/c%d"), "2");
    assert_json(get(root, "/e^f"), "3");
    assert_json(get(root, "/g|h"), "4");
    assert_json(get(root, "/i\\j"), "5");
    assert_json(get(root, "/k\"l"), "6");
    assert_json(get(root, "/ "), "7");
    assert_json(get(root, "/m~0n"), "8");
    /* Lists are atomic. */
    g_assert_null(get(root, "/foo/0"));
    g_assert_null(get(root, "/none/deeper"));
}

static void test_split(void)
{
    static const struct {
        const char *pointer;
        const char *tokens[4];
    } cases[] = {
        {"", {NULL}},
        {"/", {"", NULL}},
        {"//", {"", "", NULL}},
        {"/a", {"a", NULL}},
        {"/a/", {"a", "", NULL}},
        {"/~01/~10/é", {"~1", "/0", "é", NULL}},
        {"/bindings/1FEDA:25/status_dgn", {"bindings", "1FEDA:25", "status_dgn", NULL}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) tokens = split(cases[i].pointer);
        g_assert_true(g_strv_equal((const gchar *const *) tokens, cases[i].tokens));
        g_autofree char *joined = pointer_join(cases[i].tokens);
        g_assert_cmpstr(joined, ==, cases[i].pointer);
    }
}

static void assert_refused(const char *pointer)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pointer_split(pointer, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void test_split_refused(void)
{
    g_autofree char *longest = g_strnfill(1024, 'a');
    g_autofree char *longer = g_strnfill(1025, 'a');
    g_autofree char *deepest = g_strnfill(64, '/');
    g_autofree char *deeper = g_strnfill(65, '/');

    assert_refused("a");
    assert_refused("a/b");
    assert_refused("~");
    assert_refused("/~");
    assert_refused("/a~");
    assert_refused("/~2");
    assert_refused("/a/b~/c");
    assert_refused("/\xff");
    longest[0] = longer[0] = '/';
    assert_refused(longer);
    assert_refused(deeper);
    g_auto(GStrv) long_tokens = split(longest);
    g_assert_cmpuint(g_strv_length(long_tokens), ==, 1);
    g_auto(GStrv) deep_tokens = split(deepest);
    g_assert_cmpuint(g_strv_length(deep_tokens), ==, 64);
}

static void test_round_trip(void)
{
    static const char letters[] = "~/01ab";

    for (int round = 0; round < 2000; round++) {
        g_auto(GStrv) tokens = g_new0(char *, 5);
        int count = g_test_rand_int_range(0, 5);
        for (int i = 0; i < count; i++) {
            tokens[i] = g_strnfill((gsize) g_test_rand_int_range(0, 6), '\0');
            for (int j = 0, n = g_test_rand_int_range(0, 6); j < n; j++) {
                g_autofree char *old = tokens[i];
                tokens[i] = g_strdup_printf("%s%c", old, letters[g_test_rand_int_range(0, 6)]);
            }
        }
        g_autofree char *pointer = pointer_join((const char *const *) tokens);
        g_auto(GStrv) back = split(pointer);
        g_assert_true(g_strv_equal((const gchar *const *) back, (const gchar *const *) tokens));
    }
}

static void test_set(void)
{
    g_autoptr(Value) root = parse("{\"a\":{\"b\":1},\"l\":[1],\"n\":null}");
    g_autoptr(Value) before = value_ref(root);
    g_autoptr(Value) copy = parse("{\"a\":{\"b\":1},\"l\":[1],\"n\":null}");

    g_assert_true(set(&root, "/a/b", "2"));
    g_assert_true(set(&root, "/a/c/d", "[3]"));
    g_assert_true(set(&root, "/l", "[]"));
    assert_json(root, "{\"a\":{\"b\":2,\"c\":{\"d\":[3]}},\"l\":[],\"n\":null}");
    g_assert_true(value_equal(before, copy));

    /* A null is a value and stands in the way like any other. */
    g_assert_false(set(&root, "/n/x", "1"));
    g_assert_false(set(&root, "/l/0", "1"));
    g_assert_false(set(&root, "/a/b/c/d", "1"));
    assert_json(root, "{\"a\":{\"b\":2,\"c\":{\"d\":[3]}},\"l\":[],\"n\":null}");

    g_assert_true(set(&root, "", "7"));
    assert_json(root, "7");
    g_assert_false(set(&root, "/a", "1"));
}

static void test_set_from_nothing(void)
{
    g_autoptr(Value) root = NULL;
    g_autoptr(Value) other = NULL;

    g_assert_true(set(&root, "/a/b", "1"));
    assert_json(root, "{\"a\":{\"b\":1}}");
    g_assert_true(set(&other, "", "1"));
    assert_json(other, "1");
    g_assert_false(value_remove(&(Value *){NULL}, (const char *const[]){"a", NULL}));
}

/* A value set inside itself is the value as it was. */
static void test_set_inside_itself(void)
{
    g_autoptr(Value) root = parse("{\"a\":{\"b\":1}}");
    const char *const inner[] = {"a", "c", NULL};

    g_assert_true(value_set(&root, inner, value_map_get(root, "a")));
    g_assert_true(value_set(&root, (const char *const[]){"r", NULL}, root));
    assert_json(root, "{\"a\":{\"b\":1,\"c\":{\"b\":1}},\"r\":{\"a\":{\"b\":1,\"c\":{\"b\":1}}}}");
    g_assert_true(value_set(&root, (const char *const[]){NULL}, value_map_get(root, "a")));
    assert_json(root, "{\"b\":1,\"c\":{\"b\":1}}");
}

static void test_remove(void)
{
    g_autoptr(Value) root = parse("{\"a\":{\"b\":1,\"c\":2},\"l\":[1]}");
    g_autoptr(Value) before = value_ref(root);

    g_assert_false(unset(&root, "/a/x"));
    g_assert_false(unset(&root, "/x/y"));
    g_assert_false(unset(&root, "/l/0"));
    g_assert_true(root == before);
    g_assert_true(unset(&root, "/a/b"));
    g_assert_true(unset(&root, "/a/c"));
    assert_json(root, "{\"a\":{},\"l\":[1]}");
    assert_json(before, "{\"a\":{\"b\":1,\"c\":2},\"l\":[1]}");
    g_assert_true(unset(&root, ""));
    g_assert_null(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pointer/rfc6901", test_rfc6901);
    g_test_add_func("/pointer/split", test_split);
    g_test_add_func("/pointer/split/refused", test_split_refused);
    g_test_add_func("/pointer/round-trip", test_round_trip);
    g_test_add_func("/pointer/set", test_set);
    g_test_add_func("/pointer/set/from-nothing", test_set_from_nothing);
    g_test_add_func("/pointer/set/inside-itself", test_set_inside_itself);
    g_test_add_func("/pointer/remove", test_remove);
    return g_test_run();
}
