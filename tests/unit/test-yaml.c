/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-yaml.c: the YAML reader: what scalars and merges become, every refusal with its place, the bounds,
 * and damaged files. That the data equal PyYAML's is shown by test-yaml-oracle.py. Takes the source root, or
 * COACHIQ_SOURCE_ROOT, for the files to damage. */

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"

static const char *source_root;

static Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = yaml_parse(text, strlen(text), &yaml_limits_default, &error);

    g_assert_no_error(error);
    return value;
}

static void assert_becomes(const char *text, const char *json)
{
    g_autoptr(Value) value = parse(text);
    g_autofree char *again = json_format(value);

    g_assert_cmpstr(again, ==, json);
}

static void assert_refused_bytes(const char *text, size_t length, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(yaml_parse(text, length, &yaml_limits_default, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
    g_assert_cmpstr(error->message, ==, message);
}

static void assert_refused(const char *text, const char *message)
{
    assert_refused_bytes(text, strlen(text), message);
}

static void assert_too_large(const char *text, const YamlLimits *limits, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(yaml_parse(text, strlen(text), limits, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_scalars(void)
{
    assert_becomes("[yes, Off, y, ~, null, nULL, '', \"yes\"]",
                   "[true,false,\"y\",null,null,\"nULL\",\"\",\"yes\"]");
    assert_becomes("[0x7C, 017, 08, 0b1_0, 1_000, -0, +5, 0o17]", "[124,15,\"08\",2,1000,0,5,\"0o17\"]");
    assert_becomes("[1.5e+3, 1e5, 1.5e3, .5, -.5, 1., 1_0.5]",
                   "[1500.0,\"1e5\",\"1.5e3\",0.5,\"-.5\",1.0,10.5]");
    assert_becomes("[-9223372036854775808, 0xff, -0x80]", "[-9223372036854775808,255,-128]");
    assert_becomes("[2001-01-01, 12:30, 1:30.5, =, 2001-01-01 10:00:00]",
                   "[\"2001-01-01\",\"12:30\",\"1:30.5\",\"=\",\"2001-01-01 10:00:00\"]");
    assert_becomes("{25: a, yes: b, ~: c, 0x1F: d, '1.0': e, ? : f}",
                   "{\"25\":\"a\",\"yes\":\"b\",\"~\":\"c\",\"0x1F\":\"d\",\"1.0\":\"e\",\"\":\"f\"}");
}

static void test_tags(void)
{
    assert_becomes(
        "[!!str 1, !!int '0x1F', !!float 1, !!bool 'YES', !!null x, !!int ' 12 ', !!float ' 1e3 ']",
        "[\"1\",31,1.0,true,null,12,1000.0]");
    assert_becomes("[!!seq [a], !!map {a: b}, ! '12', !!timestamp 2001-01-01]",
                   "[[\"a\"],{\"a\":\"b\"},12,\"2001-01-01\"]");
    assert_becomes("a: !\n!!int 1: !!str\n", "{\"a\":null,\"1\":\"\"}");
}

static void test_empty(void)
{
    assert_becomes("", "null");
    assert_becomes("# only a comment\n", "null");
    assert_becomes("---\n...\n", "null");
    assert_becomes("\xef\xbb\xbf", "null");

    g_autoptr(GError) error = NULL;
    g_autoptr(Value) value = yaml_parse(NULL, 0, &yaml_limits_default, &error);
    g_assert_no_error(error);
    g_assert_cmpint(value_type(value), ==, VALUE_NULL);
}

/* Explicit keys first and in file order, wherever "<<" stands; then what is merged. */
static void test_merge(void)
{
    assert_becomes("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3, z: 4}\n",
                   "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"y\":3,\"z\":4,\"x\":1}}");
    assert_becomes("{z: 4, <<: {x: 1, y: 2}, y: 3}", "{\"z\":4,\"y\":3,\"x\":1}");
    assert_becomes("{<<: [{a: 1}, {a: 2, b: 3}]}", "{\"a\":1,\"b\":3}");
    assert_becomes("{<<: {a: 1, c: 1}, <<: {a: 2, b: 2}}", "{\"a\":2,\"b\":2,\"c\":1}");
    assert_becomes("{<<: [], <<: {}}", "{}");
    assert_becomes("l: &l [{a: 1}]\nm: {<<: *l, b: 2}\n", "{\"l\":[{\"a\":1}],\"m\":{\"b\":2,\"a\":1}}");
    assert_becomes("{'<<': 1}", "{\"<<\":1}");
    assert_becomes("{!!str <<: 1}", "{\"<<\":1}");
    assert_becomes("{!!merge m: {a: 1}}", "{\"a\":1}");
}

static void test_merge_refused(void)
{
    assert_refused(
        "a: 1\n<<: 3\n",
        "line 2, column 5: \"<<\" merges a map or a list of maps, this is of type integer; name an anchored map, like \"<<: *name\"");
    assert_refused(
        "<<:\n",
        "line 1, column 4: \"<<\" merges a map or a list of maps, this is of type null; name an anchored map, like \"<<: *name\"");
    assert_refused(
        "<<: [{a: 1}, [b]]\n",
        "line 1, column 5: \"<<\" merges a map or a list of maps, this is of type list; name an anchored map, like \"<<: *name\"");
    assert_refused(
        "- &a x\n- <<: *a\n",
        "line 2, column 7: \"<<\" merges a map or a list of maps, this is of type string; name an anchored map, like \"<<: *name\"");
    assert_refused(
        "[<<]",
        "line 1, column 2: \"<<\" is the merge key and cannot be a value; put it in quotes to have it as text");
    assert_refused("- {&m <<: {}}\n- *m\n",
                   "line 2, column 3: this alias names a merge key, which cannot be a value; name a map");
}

static void test_anchors(void)
{
    assert_becomes("- &a {x: &l [1]}\n- *a\n- *l\n- &k key: &v 2\n- *k\n- {*k : *v}\n",
                   "[{\"x\":[1]},{\"x\":[1]},[1],{\"key\":2},\"key\",{\"key\":2}]");
    assert_becomes("- &n 0x1F\n- {*n : *n}\n", "[31,{\"0x1F\":31}]");
    assert_becomes("&root {a: 1}", "{\"a\":1}");

    g_autoptr(Value) root = parse("- &a {x: 1}\n- *a\n");
    g_assert_true(value_list_item(root, 0) == value_list_item(root, 1));

    assert_refused(
        "- *a\n",
        "line 1, column 3: no anchor \"a\" stands before this alias; put \"&a\" above, or a text that starts with \"*\" in quotes");
    assert_refused(
        "- *a\n- &a 1\n",
        "line 1, column 3: no anchor \"a\" stands before this alias; put \"&a\" above, or a text that starts with \"*\" in quotes");
    assert_refused(
        "a: &a\n  b: [*a]\n",
        "line 2, column 7: cyclic: the alias \"a\" stands inside of what it names; write out what is meant");
    assert_refused(
        "&a {<<: *a}",
        "line 1, column 9: cyclic: the alias \"a\" stands inside of what it names; write out what is meant");
    assert_refused("- &a 1\n- &a 2\n",
                   "line 2, column 3: the anchor \"a\" is defined twice; rename one of them");
}

static void test_keys_refused(void)
{
    assert_refused(
        "a: 1\nb: 2\na: 3\n",
        "line 3, column 1: duplicate key \"a\"; it stands above already: remove one, or join the two");
    assert_refused(
        "25: 1\n\"25\": 2\n",
        "line 2, column 1: duplicate key \"25\"; it stands above already: remove one, or join the two");
    assert_refused(
        "{a: 1, <<: {a: 2}, a: 3}",
        "line 1, column 20: duplicate key \"a\"; it stands above already: remove one, or join the two");
    assert_refused(
        "? [a]\n: b\n",
        "line 1, column 3: a key is a text, not a list or a map; put it in quotes if it is meant as one");
    assert_refused(
        "{{a: b}: c}",
        "line 1, column 2: a key is a text, not a list or a map; put it in quotes if it is meant as one");
    assert_refused(
        "- &l [a]\n- {*l : b}\n",
        "line 2, column 4: a key is a text, not a list or a map; put it in quotes if it is meant as one");
    assert_refused(
        "{!x a: b}",
        "line 1, column 2: the tag \"!x\" is unknown or has no meaning here; leave it out, or put the text in quotes");
    assert_refused("{\"a\\0b\": 1}", "line 1, column 2: a text cannot hold the NUL character; leave it out");
}

static void test_values_refused(void)
{
    assert_refused(
        "a: .nan",
        "line 1, column 4: \".nan\" is not a finite number; use null, or put it in quotes to have it as text");
    assert_refused(
        "a: -.INF",
        "line 1, column 4: \"-.INF\" is not a finite number; use null, or put it in quotes to have it as text");
    assert_refused(
        "a: 1.0e+999",
        "line 1, column 4: \"1.0e+999\" is not a finite number; use null, or put it in quotes to have it as text");
    assert_refused(
        "a: 9223372036854775808",
        "line 1, column 4: \"9223372036854775808\" does not fit into 64 bits; put it in quotes to have it as text");
    assert_refused(
        "a: -0x8000000000000001",
        "line 1, column 4: \"-0x8000000000000001\" does not fit into 64 bits; put it in quotes to have it as text");
    assert_refused("a: 0x_",
                   "line 1, column 4: \"0x_\" is not an integer; put it in quotes to have it as text");
    assert_refused("a: !!int x",
                   "line 1, column 4: \"x\" is not an integer; put it in quotes to have it as text");
    assert_refused("a: !!int ''",
                   "line 1, column 4: \"\" is not an integer; put it in quotes to have it as text");
    assert_refused("a: !!int 1:30",
                   "line 1, column 4: \"1:30\" is not an integer; put it in quotes to have it as text");
    assert_refused("a: !!float 0x10",
                   "line 1, column 4: \"0x10\" is not a number; put it in quotes to have it as text");
    assert_refused("a: !!float inf",
                   "line 1, column 4: \"inf\" is not a number; put it in quotes to have it as text");
    assert_refused("a: !!bool y", "line 1, column 4: \"y\" is not a boolean; write true or false");
    assert_refused("a: \"x\\0\"", "line 1, column 4: a text cannot hold the NUL character; leave it out");
    assert_refused(
        "a: !!binary aGk=",
        "line 1, column 4: the tag \"tag:yaml.org,2002:binary\" is unknown or has no meaning here; leave it out, or put the text in quotes");
    assert_refused(
        "!!set {a}",
        "line 1, column 1: the tag \"tag:yaml.org,2002:set\" is unknown or has no meaning here; leave it out, or put the text in quotes");
    assert_refused(
        "!!map [a]",
        "line 1, column 1: the tag \"tag:yaml.org,2002:map\" is unknown or has no meaning here; leave it out, or put the text in quotes");
    assert_refused(
        "a: !!python/none x",
        "line 1, column 4: the tag \"tag:yaml.org,2002:python/none\" is unknown or has no meaning here; leave it out, or put the text in quotes");
}

static void test_syntax_refused(void)
{
    /* What to do about a character depends on which it is, wherever a byte order mark moves it. */
    for (const char *const *text =
             (const char *const[]){"\u00e9:\n\tb: 1\n", "\xef\xbb\xbf\u00e9:\n\tb: 1\n", NULL};
         *text; text++)
        assert_refused(
            *text,
            "line 2, column 1: found character that cannot start any token, while scanning for the next "
            "token that starts at line 2, column 1; indent with spaces, not with tabs");
    assert_refused(
        "a: 1\n---\nb: 2\n",
        "line 2, column 1: a second document starts here; a file has one, so remove what follows or the \"---\"");
    assert_refused(
        "a: [1,\n b: }",
        "line 2, column 5: did not find expected node content, while parsing a flow node that starts at line 2, column 5; a value is missing here, or a sign is too much");
    assert_refused(
        "a:\n  b: 1\n c: 2\n",
        "line 3, column 2: did not find expected key, while parsing a block mapping that starts at line 1, column 1; check the indentation of this line and the lines above, and the quotes");
    assert_refused(
        "a: 'x\n",
        "line 2, column 1: found unexpected end of stream, while scanning a quoted scalar that starts at line 1, column 4; a closing quote is missing");
    assert_refused(
        "a: b: c",
        "line 1, column 5: mapping values are not allowed in this context; put a text that has \": \" in quotes, or correct the indentation");
}

static void test_encoding(void)
{
    static const char little[] = "\xff\xfe"
                                 "a\0:\0 \0\xe9\0\n\0";
    static const char big[] = "\xfe\xff"
                              "\0a\0:\0 \0\xe9\0\n";
    static const char lone[] = "\xff\xfe"
                               "a\0\n\0b\0\0\xd8x\0";
    const char *const utf16[] = {little, big};

    for (size_t i = 0; i < G_N_ELEMENTS(utf16); i++) {
        g_autoptr(Value) value = yaml_parse(utf16[i], 12, &yaml_limits_default, NULL);
        g_assert_cmpstr(value_map_get_string(value, "a"), ==, "é");
    }
    assert_becomes("\xef\xbb\xbf"
                   "a: 1",
                   "{\"a\":1}");
    assert_refused_bytes(lone, sizeof lone - 1, "line 2, column 3: expected low surrogate area");
    assert_refused("é: b\nc: \xff\n", "line 2, column 4: invalid leading UTF-8 octet");
    assert_refused("\xef\xbb\xbf"
                   "é\xff\n",
                   "line 1, column 2: invalid leading UTF-8 octet");
    assert_refused("a: \xc3(\n", "line 1, column 5: invalid trailing UTF-8 octet");
    assert_refused("a: \xed\xa0\x80\n", "line 1, column 4: invalid Unicode character");
    assert_refused(
        "é: \x01\n",
        "line 1, column 4: control characters are not allowed; remove it, or write it as an escape in double quotes, like \"\\x07\"");
    assert_refused_bytes(
        "a: b\0c", 6,
        "line 1, column 5: control characters are not allowed; remove it, or write it as an escape in double quotes, like \"\\x07\"");
}

static void assert_position(const Value *value, unsigned line, unsigned column)
{
    g_assert_cmpuint(value_line(value), ==, line);
    g_assert_cmpuint(value_column(value), ==, column);
}

static void test_positions(void)
{
    g_autoptr(Value) root =
        parse("# é\nk: &a\n  éé: 1\n  l: [x,\n   'y']\nm: {<<: *a, n: 2}\no: |\n  text\n");
    const Value *k = value_map_get(root, "k"), *m = value_map_get(root, "m");

    assert_position(root, 2, 1);
    assert_position(k, 2, 4);
    assert_position(value_map_get(k, "éé"), 3, 7);
    assert_position(value_map_get(k, "l"), 4, 6);
    assert_position(value_list_item(value_map_get(k, "l"), 1), 5, 4);
    assert_position(m, 6, 4);
    /* What is merged stays where it was written. */
    assert_position(value_map_get(m, "l"), 4, 6);
    assert_position(value_map_get(m, "n"), 6, 16);
    assert_position(value_map_get(root, "o"), 7, 4);
}

/* ---- Bounds ---- */

static void test_size(void)
{
    static const YamlLimits limits = {.size = 5, .depth = 64, .nodes = 100};

    assert_too_large("a: 123", &limits, "line 1, column 1: the file has 6 bytes; 5 are allowed");
}

static void test_depth(void)
{
    static const YamlLimits limits = {.size = 1000, .depth = 3, .nodes = 100};
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autoptr(GString) block = g_string_new(NULL);

    for (int i = 0; i < 5000; i++)
        g_string_append(block, "- ");
    assert_too_large(deep, &yaml_limits_default,
                     "line 1, column 65: nested deeper than 64 levels, aliases expanded; nest less");
    assert_too_large(block->str, &yaml_limits_default,
                     "line 1, column 129: nested deeper than 64 levels, aliases expanded; nest less");
    assert_too_large("- &a [[]]\n- [*a]\n", &limits,
                     "line 2, column 4: nested deeper than 3 levels, aliases expanded; nest less");
    assert_too_large("- - <<: {a: [1]}\n    b: {c: 1}\n", &limits,
                     "line 1, column 9: nested deeper than 3 levels, aliases expanded; nest less");
    assert_too_large("- &a {b: [1]}\n- - <<: *a\n", &limits,
                     "line 2, column 9: nested deeper than 3 levels, aliases expanded; nest less");

    /* What is merged rises by a level. */
    g_autoptr(GError) error = NULL;
    const char *text = "- &a {b: [1]}\n- <<: *a\n- &l [{b: 1}]\n- {<<: *l}\n";
    g_autoptr(Value) value = yaml_parse(text, strlen(text), &limits, &error);
    g_assert_no_error(error);
    g_assert_nonnull(value);
}

/* The bound counts the values of the result, shared ones as often as they stand. */
static void test_nodes(void)
{
    static const YamlLimits limits = {.size = 1000, .depth = 64, .nodes = 9};
    g_autoptr(GError) error = NULL;
    static const char *const nine[] = {
        "[1, 2, 3, 4, 5, 6, 7, 8]",
        "- &a [1, 2]\n- *a\n- 8\n- 9\n",
        "- &a {b: 1, c: 2}\n- {<<: *a, c: 3, d: [5]}\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(nine); i++) {
        g_autoptr(Value) value = yaml_parse(nine[i], strlen(nine[i]), &limits, &error);
        g_assert_no_error(error);
        g_assert_nonnull(value);
    }
    assert_too_large("[1, 2, 3, 4, 5, 6, 7, 8, 9]", &limits,
                     "line 1, column 26: more than 9 values, aliases expanded; repeat less");
    assert_too_large("- &a [1, 2]\n- *a\n- *a\n", &limits,
                     "line 3, column 3: more than 9 values, aliases expanded; repeat less");
    assert_too_large("- &a {b: 1, c: 2}\n- {<<: *a, d: [5, 6, 7]}\n", &limits,
                     "line 2, column 3: more than 9 values, aliases expanded; repeat less");
}

static void test_alias_bomb(void)
{
    g_autoptr(GString) lists = g_string_new("- &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    g_autoptr(GString) maps = g_string_new("- &a0 {k: x}\n");
    g_autoptr(GString) merged = g_string_new("- &a0 {k0: x}\n");
    g_autoptr(GError) error = NULL;

    for (int i = 1; i < 12; i++) {
        g_string_append_printf(lists, "- &a%d [", i);
        g_string_append_printf(maps, "- &a%d {", i);
        for (int j = 0; j < 10; j++) {
            g_string_append_printf(lists, "*a%d, ", i - 1);
            g_string_append_printf(maps, "k%d: *a%d, ", j, i - 1);
        }
        g_string_append(lists, "]\n");
        g_string_append(maps, "}\n");
        g_string_append_printf(merged, "- &a%d {<<: &l%d [*a%d, *a%d], a%d: *a%d, b%d: *l%d}\n", i, i, i - 1,
                               i - 1, i, i - 1, i, i);
    }
    assert_too_large(lists->str, &yaml_limits_default,
                     "line 6, column 43: more than 1000000 values, aliases expanded; repeat less");
    assert_too_large(maps->str, &yaml_limits_default,
                     "line 7, column 39: more than 1000000 values, aliases expanded; repeat less");
    g_assert_null(yaml_parse(merged->str, merged->len, &yaml_limits_default, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
}

/* Long texts count too, or a small file could become terabytes of JSON. */
static void test_text_bomb(void)
{
    static const YamlLimits limits = {.size = 1000, .depth = 64, .nodes = 100000};
    g_autofree char *word = g_strnfill(500, 'x');
    g_autofree char *aliases =
        g_strdup_printf("- &a %s\n- [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", word);
    g_autofree char *merges =
        g_strdup_printf("- &a {%s: 1}\n- [{<<: *a},{<<: *a},{<<: *a},{<<: *a},{<<: *a},{<<: *a},"
                        "{<<: *a},{<<: *a},{<<: *a},{<<: *a},{<<: *a},{<<: *a},{<<: *a},"
                        "{<<: *a},{<<: *a},{<<: *a}]\n",
                        word);

    assert_too_large(aliases, &limits,
                     "line 2, column 49: more than 8000 bytes of text, aliases expanded; repeat less");
    assert_too_large(merges, &limits,
                     "line 2, column 130: more than 8000 bytes of text, aliases expanded; repeat less");
}

/* Merges that add nothing cost time all the same. */
static void test_merge_bomb(void)
{
    g_autoptr(GString) list = g_string_new("- &a {");
    g_autoptr(GString) maps = g_string_new("- &l [");

    for (int i = 0; i < 1000; i++) {
        g_string_append_printf(list, "k%d: 1, ", i);
        g_string_append(maps, "{}, ");
    }
    g_string_append(list, "}\n- {");
    g_string_append(maps, "]\n- {");
    for (int i = 0; i < 20000; i++) {
        g_string_append(list, "<<: *a, ");
        g_string_append(maps, "<<: *l, ");
    }
    g_string_append(list, "}\n");
    g_string_append(maps, "}\n");
    assert_too_large(list->str, &yaml_limits_default,
                     "line 2, column 3: the merges go over more than 8000000 entries; merge less");
    g_autoptr(GError) error = NULL;
    g_assert_null(yaml_parse(maps->str, maps->len, &yaml_limits_default, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
}

/* ---- Damaged files ---- */

static const char sample[] =
    "# coach\ncoach_info: &info {year: \"2021\", make: 'A', weight: 1.5e+3, \"k\\u00fc\": [~, yes]}\n"
    "templates:\n  base: &base\n    enabled: on\n    mask: 0x7C\n  light: &light\n"
    "    <<: [*base, *info]\n    text: |\n      two\n      lines 😀\n    more: >-\n      folded\n      text\n"
    "1FEDA:\n  25: &s25\n    - entity_id: a\n      <<: *light\n  ? 26\n  : [{<<: *s25, x: !!int '0x1F'}]\n"
    "...\n";

static void mutate(GByteArray *bytes)
{
    static const guint8 telling[] = "{}[]\",:\\'&*!|>%@?-+.<#~_\n\t 0x\x00\x80\xc3\xff";

    for (int i = g_test_rand_int_range(1, 6); i > 0 && bytes->len > 0; i--) {
        guint at = (guint) g_test_rand_int_range(0, (gint32) bytes->len);
        guint other = (guint) g_test_rand_int_range(0, (gint32) bytes->len);
        guint8 byte = g_test_rand_bit() ? telling[g_test_rand_int_range(0, sizeof telling - 1)]
                                        : (guint8) g_test_rand_int_range(0, 256);
        switch (g_test_rand_int_range(0, 5)) {
        case 0:
            bytes->data[at] = byte;
            break;
        case 1:
            bytes->data[at] = bytes->data[other];
            break;
        case 2:
            g_byte_array_remove_index(bytes, at);
            break;
        case 3:
            g_byte_array_remove_range(bytes, MIN(at, other), MIN(MAX(at, other) - MIN(at, other), 40));
            break;
        default:
            if (g_test_rand_int_range(0, 4) == 0)
                g_byte_array_set_size(bytes, at);
            break;
        }
    }
}

static void damage(const char *contents, size_t length, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        g_byte_array_append(bytes, (const guint8 *) contents, (guint) length);
        mutate(bytes);
        g_autofree char *text = g_memdup2(bytes->data, bytes->len);
        g_autoptr(Value) value = yaml_parse(text, bytes->len, &yaml_limits_default, &error);

        g_assert_true((value != NULL) != (error != NULL));
        if (error) {
            g_assert_true(
                g_regex_match_simple("^line [1-9][0-9]*, column [1-9][0-9]*: .", error->message, 0, 0));
            g_assert_true(g_utf8_validate(error->message, -1, NULL));
        } else {
            g_autofree char *json = json_format(value);
            g_autoptr(Value) again = json_parse(json, -1, &json_limits_stored, &error);
            g_assert_no_error(error);
            g_assert_true(value_equal(again, value));
        }
    }
}

static void test_damaged(void)
{
    g_autoptr(Value) whole = parse(sample);
    g_assert_nonnull(whole);
    damage(sample, sizeof sample - 1, 20000);
}

static void test_damaged_files(void)
{
    g_autofree char *folder =
        g_build_filename(source_root ? source_root : "", "tests", "data", "yaml", NULL);
    g_autoptr(GDir) dir = source_root ? g_dir_open(folder, 0, NULL) : NULL;

    if (!dir) {
        g_test_skip("no source root was given, or it has no tests/data/yaml");
        return;
    }
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *contents = NULL;
        gsize length;
        g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
        damage(contents, length, 500);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    source_root = argc > 1 ? argv[1] : g_getenv("COACHIQ_SOURCE_ROOT");
    g_test_add_func("/yaml/scalars", test_scalars);
    g_test_add_func("/yaml/tags", test_tags);
    g_test_add_func("/yaml/empty", test_empty);
    g_test_add_func("/yaml/merge", test_merge);
    g_test_add_func("/yaml/merge/refused", test_merge_refused);
    g_test_add_func("/yaml/anchors", test_anchors);
    g_test_add_func("/yaml/refused/keys", test_keys_refused);
    g_test_add_func("/yaml/refused/values", test_values_refused);
    g_test_add_func("/yaml/refused/syntax", test_syntax_refused);
    g_test_add_func("/yaml/encoding", test_encoding);
    g_test_add_func("/yaml/positions", test_positions);
    g_test_add_func("/yaml/bounds/size", test_size);
    g_test_add_func("/yaml/bounds/depth", test_depth);
    g_test_add_func("/yaml/bounds/nodes", test_nodes);
    g_test_add_func("/yaml/bounds/alias-bomb", test_alias_bomb);
    g_test_add_func("/yaml/bounds/text-bomb", test_text_bomb);
    g_test_add_func("/yaml/bounds/merge-bomb", test_merge_bomb);
    g_test_add_func("/yaml/damaged", test_damaged);
    g_test_add_func("/yaml/damaged/files", test_damaged_files);
    return g_test_run();
}
