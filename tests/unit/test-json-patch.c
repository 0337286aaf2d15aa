/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-json-patch.c: operations of a JSON Patch: the examples of RFC 6902, what it forbids, and that what
 * cannot be done changes nothing. */

#include "base/json-patch.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define PLENTY ((JsonPatchBudget){.nodes = 1000, .bytes = 100000})

static Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = json_parse(text, -1, &json_limits_call, &error);

    g_assert_no_error(error);
    return value;
}

/* NULL `after`: it fails, with `part` in the message. */
static void check(const char *before, const char *operation, const char *after, const char *part)
{
    g_autoptr(Value) document = parse(before), original = parse(before), op = parse(operation);
    g_autoptr(Value) shared = value_ref(document), expected = after ? parse(after) : parse(before);
    g_autoptr(GError) error = NULL;
    JsonPatchBudget budget = PLENTY;
    bool done = json_patch_apply(&document, op, &budget, &error);

    g_test_message("%s %s: %s", before, operation, error ? error->message : "done");
    g_assert_true(done == (after != NULL));
    g_assert_true(value_equal(document, expected));
    g_assert_true(value_equal(shared, original));
    if (after) {
        g_assert_no_error(error);
        return;
    }
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    g_assert_true(part && strstr(error->message, part));
}

/* RFC 6902, appendix A, with its numbers. */
static void test_examples(void)
{
    static const char *const cases[][3] = {
        /* A.1 to A.5 */
        {"{\"foo\":\"bar\"}", "{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}",
         "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
        {"{\"foo\":[\"bar\",\"baz\"]}", "{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}",
         "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
        {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "{\"op\":\"remove\",\"path\":\"/baz\"}", "{\"foo\":\"bar\"}"},
        {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "{\"op\":\"remove\",\"path\":\"/foo/1\"}",
         "{\"foo\":[\"bar\",\"baz\"]}"},
        {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}",
         "{\"baz\":\"boo\",\"foo\":\"bar\"}"},
        /* A.6 and A.7 */
        {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
         "{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}",
         "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
        {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
         "{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}",
         "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
        /* A.8 */
        {"{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}", "{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}",
         "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
        /* A.10, A.11, A.14, A.16 */
        {"{\"foo\":\"bar\"}", "{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}",
         "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}"},
        {"{\"foo\":\"bar\"}", "{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}",
         "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
        {"{\"/\":9,\"~1\":10}", "{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}", "{\"/\":9,\"~1\":10}"},
        {"{\"foo\":[\"bar\"]}", "{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}",
         "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},
        /* What stands in its sections */
        {"{\"a\":1}", "{\"op\":\"add\",\"path\":\"\",\"value\":{\"b\":2}}", "{\"b\":2}"},
        {"{\"a\":1}", "{\"op\":\"replace\",\"path\":\"\",\"value\":[1]}", "[1]"},
        {"{\"a\":1}", "{\"op\":\"add\",\"path\":\"/a\",\"value\":null}", "{\"a\":null}"},
        {"{\"a\":[1]}", "{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2}", "{\"a\":[1,2]}"},
        {"{\"a\":{\"b\":[1]}}", "{\"op\":\"copy\",\"from\":\"/a/b\",\"path\":\"/c\"}",
         "{\"a\":{\"b\":[1]},\"c\":[1]}"},
        {"{\"a\":{\"b\":1}}", "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/c\"}",
         "{\"a\":{\"b\":1},\"c\":{\"a\":{\"b\":1}}}"},
        {"{\"a\":{\"b\":1}}", "{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/a\"}", "{\"a\":1}"},
        {"{\"a\":1}", "{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}", "{\"a\":1}"},
        {"{\"a\":[1,{\"b\":2.0}]}", "{\"op\":\"test\",\"path\":\"/a\",\"value\":[1.0,{\"b\":2}]}",
         "{\"a\":[1,{\"b\":2.0}]}"},
        {"{\"\":{\"\":1}}", "{\"op\":\"replace\",\"path\":\"//\",\"value\":2}", "{\"\":{\"\":2}}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check(cases[i][0], cases[i][1], cases[i][2], NULL);
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        /* A.9, A.12, A.15 */
        {"{\"op\":\"test\",\"path\":\"/text\",\"value\":\"bar\"}", "the test fails: /text is \"foo\""},
        {"{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":1}", "there is no \"baz\" on the way"},
        {"{\"op\":\"test\",\"path\":\"/number\",\"value\":\"10\"}", "the test fails"},
        {"{\"op\":\"test\",\"path\":\"/list\",\"value\":[1,2]}", "the test fails"},
        {"{\"op\":\"test\",\"path\":\"/map\",\"value\":{\"b\":1}}", "the test fails"},
        {"{\"op\":\"remove\",\"path\":\"/none\"}", "there is nothing at /none"},
        {"{\"op\":\"remove\",\"path\":\"\"}", "cannot be taken away"},
        {"{\"op\":\"replace\",\"path\":\"/none\",\"value\":1}", "there is nothing at /none"},
        {"{\"op\":\"replace\",\"path\":\"/list/-\",\"value\":1}", "there is nothing at"},
        {"{\"op\":\"remove\",\"path\":\"/list/1\"}", "there is nothing at"},
        {"{\"op\":\"add\",\"path\":\"/list/2\",\"value\":1}", "has 1 items"},
        {"{\"op\":\"add\",\"path\":\"/list/01\",\"value\":1}", "is no index"},
        {"{\"op\":\"add\",\"path\":\"/list/-1\",\"value\":1}", "is no index"},
        {"{\"op\":\"add\",\"path\":\"/list/1e0\",\"value\":1}", "is no index"},
        {"{\"op\":\"add\",\"path\":\"/list/99999999999\",\"value\":1}", "is no index"},
        {"{\"op\":\"add\",\"path\":\"/text/x\",\"value\":1}", "is a string and has no members"},
        {"{\"op\":\"move\",\"from\":\"/map\",\"path\":\"/map/c\"}", "lies inside"},
        {"{\"op\":\"move\",\"from\":\"/none\",\"path\":\"/c\"}", "there is nothing at /none"},
        {"{\"op\":\"move\",\"from\":\"/text\",\"path\":\"/none/c\"}", "there is no \"none\""},
        {"{\"op\":\"copy\",\"from\":\"/none\",\"path\":\"/c\"}", "there is nothing at /none"},
        {"{\"op\":\"copy\",\"path\":\"/c\"}", "it needs a \"from\""},
        {"{\"op\":\"add\",\"path\":\"/c\"}", "\"add\" needs a \"value\""},
        {"{\"op\":\"add\",\"value\":1}", "it needs a \"path\""},
        {"{\"path\":\"/c\",\"value\":1}", "it needs an \"op\""},
        {"{\"op\":1,\"path\":\"/c\"}", "it needs an \"op\""},
        {"{\"op\":\"Add\",\"path\":\"/c\",\"value\":1}", "there is no operation \"Add\""},
        {"[]", "an operation is an object"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check("{\"text\":\"foo\",\"number\":10,\"list\":[1],\"map\":{\"a\":1}}", cases[i][0], NULL,
              cases[i][1]);
}

static void test_pointers(void)
{
    g_autoptr(Value) document = parse("{}"), bad = parse("{\"op\":\"add\",\"path\":\"x\",\"value\":1}");
    g_autoptr(GError) error = NULL;
    JsonPatchBudget budget = PLENTY;

    g_assert_false(json_patch_apply(&document, bad, &budget, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
}

/* Copies of copies end where the budget does, and so does depth; nothing is taken from the budget then. */
static void test_budget(void)
{
    g_autoptr(Value) document = parse("{\"a\":{\"b\":{}}}"),
                     copy = parse("{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a/b/c\"}"),
                     text = parse("{\"op\":\"add\",\"path\":\"/t\",\"value\":\"0123456789\"}");
    JsonPatchBudget budget = PLENTY;
    unsigned n = 0;

    while (true) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) same = value_ref(document);
        const JsonPatchBudget before = budget;

        if (json_patch_apply(&document, copy, &budget, &error)) {
            g_assert_cmpuint(budget.nodes, <, before.nodes);
            n++;
            g_assert_cmpuint(n, <, 100);
            continue;
        }
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
        g_assert_cmpuint(budget.nodes, ==, before.nodes);
        g_assert_true(document == same);
        break;
    }
    g_assert_cmpuint(n, >, 3);

    budget.bytes = 15;
    g_assert_true(json_patch_apply(&document, text, &budget, NULL));
    g_assert_cmpuint(budget.bytes, ==, 5);
    g_assert_false(json_patch_apply(&document, text, &budget, NULL));
}

/* A random document in which no map is in a list, so that an operation is the same on both. */
static Value *random_document(unsigned depth)
{
    Value *map = value_new_map();

    for (int i = g_test_rand_int_range(0, 4); i > 0; i--) {
        char key[2] = {(char) ('a' + g_test_rand_int_range(0, 4)), 0};

        value_map_take(&map, key,
                       depth > 0 && g_test_rand_bit() ? random_document(depth - 1)
                                                      : value_new_integer(g_test_rand_int_range(0, 3)));
    }
    return map;
}

/* What was added is there; removing it again gives back what was; a move is a copy and a removal. */
static void test_laws(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        g_autoptr(Value) document = random_document(3), original = value_ref(document),
                         value = random_document(1);
        g_autoptr(Value) add = value_new_map(), take = value_new_map(), test = NULL;
        g_autoptr(GError) error = NULL;
        JsonPatchBudget budget = PLENTY;
        const char *pointer = g_test_rand_bit() ? "/new" : "/a/new";

        value_map_take(&add, "op", value_new_string("add"));
        value_map_take(&add, "path", value_new_string(pointer));
        value_map_set(&add, "value", value);
        test = value_ref(add);
        value_map_take(&test, "op", value_new_string("test"));
        value_map_take(&take, "op", value_new_string("remove"));
        value_map_take(&take, "path", value_new_string(pointer));
        if (!json_patch_apply(&document, add, &budget, &error)) {
            g_assert_true(value_equal(document, original));
            continue;
        }
        g_assert_true(json_patch_apply(&document, test, &budget, NULL));
        g_assert_true(json_patch_apply(&document, take, &budget, NULL));
        g_assert_true(value_equal(document, original));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-patch/examples", test_examples);
    g_test_add_func("/json-patch/refused", test_refused);
    g_test_add_func("/json-patch/pointers", test_pointers);
    g_test_add_func("/json-patch/budget", test_budget);
    g_test_add_func("/json-patch/laws", test_laws);
    return g_test_run();
}
