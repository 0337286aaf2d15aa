/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-yaml-write.c: the YAML that is written, and that our reader gets the same value back. That the other
 * readers do is shown by test-export-oracle.py. */

#include <string.h>

#include "base/yaml-write.h"
#include "base/yaml.h"
#include "support.h"

static Value *read_back(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = yaml_parse(text, strlen(text), &yaml_limits_default, &error);

    if (error)
        story_text("%s", text);
    check_no_error(error);
    return value;
}

static void assert_written(const char *json, const char *yaml)
{
    g_autoptr(Value) value = parse(json), again = NULL;
    g_autofree char *text = yaml_format(value);

    g_assert_cmpstr(text, ==, yaml);
    again = read_back(text);
    assert_equal(again, value);
}

static void test_style(void)
{
    assert_written("{}", "{}\n");
    assert_written("[]", "[]\n");
    assert_written("null", "null\n");
    assert_written("\"a\\nb\"", "|-\n  a\n  b\n");
    assert_written("{\"a\":{\"b\":{\"c\":1,\"d\":{}},\"e\":null},\"f\":true}", "a:\n"
                                                                               "  b:\n"
                                                                               "    c: 1\n"
                                                                               "    d: {}\n"
                                                                               "  e: null\n"
                                                                               "f: true\n");
    assert_written("{\"a\":[1,\"x y\",\"on\",null,2.5],\"b\":[]}",
                   "a: [1, x y, \"on\", null, 2.5]\nb: []\n");
    assert_written("{\"a\":[{\"b\":1,\"c\":[2,[3,{}]]},[[4],[{\"d\":5}]]]}", "a:\n"
                                                                             "  - b: 1\n"
                                                                             "    c:\n"
                                                                             "      - 2\n"
                                                                             "      - - 3\n"
                                                                             "        - {}\n"
                                                                             "  - - [4]\n"
                                                                             "    - - d: 5\n");
}

/* A list that is too long for a line has one for each item. */
static void test_long_list(void)
{
    g_autoptr(GString) json = g_string_new("{\"list\":["), flow = g_string_new("list: ["),
                       block = g_string_new("list:\n");

    for (unsigned i = 0; i < 8; i++) {
        g_string_append_printf(json, "%s\"word_%u\"", i > 0 ? "," : "", i);
        g_string_append_printf(flow, "%sword_%u", i > 0 ? ", " : "", i);
        g_string_append_printf(block, "  - word_%u\n", i);
    }
    g_autofree char *fits = g_strconcat(json->str, "]}", NULL), *line = g_strconcat(flow->str, "]\n", NULL);
    assert_written(fits, line);

    for (unsigned i = 8; i < 20; i++) {
        g_string_append_printf(json, ",\"word_%u\"", i);
        g_string_append_printf(block, "  - word_%u\n", i);
    }
    g_string_append(json, "]}");
    assert_written(json->str, block->str);
}

static void test_numbers(void)
{
    assert_written("[0,-1,9223372036854775807,-9223372036854775808]",
                   "[0, -1, 9223372036854775807, -9223372036854775808]\n");
    assert_written("[1.0,-0.0,0.1,1e20,1.5e-7,1e300,5e-324]",
                   "[1.0, -0.0, 0.1, 1.0e+20, 1.5e-07, 1.0e+300, 4.94065645841247e-324]\n");
}

/* Texts that some reader takes for something else, or for nothing. */
static void test_quoting(void)
{
    static const char *const quoted[] = {"",
                                         " lead",
                                         "trail ",
                                         "on",
                                         "Off",
                                         "y",
                                         "N",
                                         "yes",
                                         "NULL",
                                         "null",
                                         "~",
                                         "true",
                                         "FALSE",
                                         "025",
                                         "0o25",
                                         "0x1F",
                                         "0b1",
                                         "1_000",
                                         "1,000",
                                         "12:30",
                                         "1:2:3",
                                         "1.5:30",
                                         "2024-12-07",
                                         "1e5",
                                         "1E123",
                                         "17E52",
                                         ".5",
                                         "1.",
                                         "+1",
                                         "-1",
                                         "-",
                                         "- x",
                                         "---",
                                         "...",
                                         "#x",
                                         "a #b",
                                         "a: b",
                                         "a:",
                                         ": a",
                                         "?",
                                         "? x",
                                         "!t",
                                         "&a",
                                         "*a",
                                         "%d",
                                         "@x",
                                         "`x",
                                         "=",
                                         "<<",
                                         "[a",
                                         "{a",
                                         "]",
                                         "}",
                                         ",a",
                                         "|",
                                         ">",
                                         "'a",
                                         ".inf",
                                         ".nan",
                                         "-.inf",
                                         "2024-12-07 10:00:00 Z",
                                         "1.2.3",
                                         "a\tb",
                                         "\xc2\xa0",
                                         "a\xe2\x80\xa8",
                                         "\xe2\x80\x8f",
                                         "\xef\xbb\xbf",
                                         "\x01",
                                         "\x7f",
                                         "\xc2\x85",
                                         "2001-12-14t21:59:43.10-05:00",
                                         NULL};
    static const char *const plain[] = {"a",         "1FEDA",      "12V pump",  "44R",    "2021 model",
                                        "gr\u00fcn", "\U0001f600", "a:b",       "a#b",    "http://x/y",
                                        "it's",      "a, b",       "(x)",       "/field", "_x",
                                        "yesterday", "nullable",   "Light [1]", NULL};

    for (const char *const *text = quoted; *text; text++) {
        g_autoptr(GString) out = g_string_new(NULL);

        yaml_append_string(out, *text);
        g_test_message("%s", out->str);
        g_assert_true(out->str[0] == '"' || out->str[0] == '\'');
    }
    for (const char *const *text = plain; *text; text++) {
        g_autoptr(GString) out = g_string_new(NULL);

        yaml_append_string(out, *text);
        g_assert_cmpstr(out->str, ==, *text);
    }
    assert_written("[\"a\\\"b\",\"a\\\\b\",\"'\\\"\",\"\\t\\n\\r\\u0001\\u0085\\u2028\\u200f\\ufeff\"]",
                   "['a\"b', 'a\\b', \"'\\\"\", \"\\t\\n\\r\\u0001\\u0085\\u2028\\u200f\\ufeff\"]\n");
}

static void test_literal(void)
{
    assert_written("{\"a\":\"x\\ny\"}", "a: |-\n  x\n  y\n");
    assert_written("{\"a\":\"x: 1\\n\\n  # y\\n\"}", "a: |\n  x: 1\n\n    # y\n");
    assert_written("{\"a\":[\"x\\ny\\n\"],\"b\":1}", "a: [\"x\\ny\\n\"]\nb: 1\n");
    assert_written("[{\"a\":\"x\\n--- y\"}]", "- a: |-\n    x\n    --- y\n");
    /* What nobody would see, and what a reader could take for the indentation. */
    assert_written("{\"a\":\"x\\n\\n\"}", "a: \"x\\n\\n\"\n");
    assert_written("{\"a\":\"x \\ny\"}", "a: \"x \\ny\"\n");
    assert_written("{\"a\":\"x\\n \\ny\"}", "a: \"x\\n \\ny\"\n");
    assert_written("{\"a\":\" x\\ny\"}", "a: \" x\\ny\"\n");
    assert_written("{\"a\":\"\\nx\"}", "a: \"\\nx\"\n");
    assert_written("{\"a\":\"x\\n\\ty\"}", "a: \"x\\n\\ty\"\n");
    assert_written("{\"a\":\"x\\ty\\nz\"}", "a: |-\n  x\ty\n  z\n");
    assert_written("{\"a\":\"x\\r\\ny\"}", "a: \"x\\r\\ny\"\n");
}

static void test_keys(void)
{
    g_autofree char *long_key = g_strnfill(1025, 'k'), *key = g_strnfill(1024, 'k');
    g_autofree char *json = g_strdup_printf("{\"%s\":{\"a\":1,\"b\":[{}]},\"%s\":2,\"c\":3}", long_key, key);
    g_autofree char *yaml = g_strdup_printf("? %s\n: a: 1\n  b:\n    - {}\n%s: 2\nc: 3\n", long_key, key);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Value) instances =
        parse("{\"25\":1,\"0x1F\":2,\"0\":3,\"default\":4,\"025\":5,\"1000\":6,\"1e2\":7,\"5\":{\"6\":8}}");

    assert_written(
        "{\"25\":1,\"on\":2,\"\":3,\"a b\":4,\"a:b\":5,\"x\\ny\":6,\"1FEDA\":7,\"1E123\":8,\"<<\":9,\"a\\\"\":0}",
        "\"25\": 1\n\"on\": 2\n\"\": 3\na b: 4\n\"a:b\": 5\n\"x\\ny\": 6\n1FEDA: 7\n\"1E123\": 8\n\"<<\": 9\n"
        "'a\"': 0\n");
    assert_written(json, yaml);

    yaml_append_entry(text, "1FEDA", instances, YAML_KEYS_NUMBERS);
    g_assert_cmpstr(
        text->str, ==,
        "1FEDA:\n  25: 1\n  0x1F: 2\n  0: 3\n  default: 4\n  \"025\": 5\n  \"1000\": 6\n  \"1e2\": 7\n"
        "  5:\n    \"6\": 8\n");
}

/* Law: what is written reads back as the same value, and is written the same again. */
static char *random_text(void)
{
    static const char *const pieces[] = {"a",
                                         "B",
                                         "0",
                                         "1",
                                         "7",
                                         "e",
                                         "x",
                                         "o",
                                         "b",
                                         "_",
                                         "-",
                                         ".",
                                         ":",
                                         ",",
                                         "#",
                                         "?",
                                         "!",
                                         "&",
                                         "*",
                                         "|",
                                         ">",
                                         "'",
                                         "\"",
                                         "%",
                                         "@",
                                         "`",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "=",
                                         "<<",
                                         "~",
                                         "\\",
                                         "/",
                                         " ",
                                         "  ",
                                         "\t",
                                         "\n",
                                         "\n",
                                         "on",
                                         "yes",
                                         "null",
                                         ".inf",
                                         "\r",
                                         "é",
                                         "日",
                                         "😀",
                                         "\a",
                                         "\xc2\x85",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\x8f",
                                         "\xef\xbb\xbf",
                                         "\x7f",
                                         "\xc2\xa0",
                                         "---",
                                         "...",
                                         "\xe2\x80\x8d",
                                         NULL};
    GString *text = g_string_new(NULL);

    for (unsigned i = below(one_in(20) ? 1200 : 8); i > 0; i--)
        g_string_append(text, one_of(pieces));
    return g_string_free(text, FALSE);
}

static Value *random_data(unsigned depth)
{
    g_autofree char *text = random_text();
    Value *value;

    switch (depth > 0 ? below(6) : below(3)) {
    case 0:
        return random_value(0);
    case 3:
        value = value_new_list();
        for (unsigned i = below(4); i > 0; i--)
            value_list_take(&value, random_data(depth - 1));
        return value;
    case 4:
    case 5:
        value = value_new_map();
        for (unsigned i = below(4); i > 0; i--) {
            g_autofree char *key = random_text();
            value_map_take(&value, key, random_data(depth - 1));
        }
        return value;
    default:
        return value_new_string(text);
    }
}

static void reads_back(void)
{
    g_autoptr(Value) value = random_data(4), again = NULL;
    g_autofree char *text = yaml_format(value), *twice = NULL;

    story("value", value);
    story_text("%s", text);
    check(g_str_has_suffix(text, "\n"));
    again = read_back(text);
    assert_equal(again, value);
    twice = yaml_format(again);
    check(g_str_equal(text, twice));
}

static void test_reads_back(void)
{
    repeat(5000, reads_back);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml-write/style", test_style);
    g_test_add_func("/yaml-write/long-list", test_long_list);
    g_test_add_func("/yaml-write/numbers", test_numbers);
    g_test_add_func("/yaml-write/quoting", test_quoting);
    g_test_add_func("/yaml-write/literal", test_literal);
    g_test_add_func("/yaml-write/keys", test_keys);
    g_test_add_func("/yaml-write/laws/reads-back", test_reads_back);
    return g_test_run();
}
