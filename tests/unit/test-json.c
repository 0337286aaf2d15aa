/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-json.c: the JSON reader and writer: what is read, what is refused and where, and that both ways
 * agree. */

#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

static Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = json_parse(text, -1, &json_limits_call, &error);

    g_assert_no_error(error);
    return value;
}

static void assert_refused_as(const char *text, gssize length, ConfigError code, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(json_parse(text, length, &json_limits_call, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    g_assert_cmpstr(error->message, ==, message);
}

static void assert_refused(const char *text, const char *message)
{
    assert_refused_as(text, -1, CONFIG_ERROR_INVALID_DATA, message);
}

/* Reads a text and writes it again. */
static void assert_becomes(const char *text, const char *expected)
{
    g_autoptr(Value) value = parse(text);
    g_autofree char *again = json_format(value);

    g_assert_cmpstr(again, ==, expected);
}

static void test_values(void)
{
    assert_becomes(" null\n", "null");
    assert_becomes("true", "true");
    assert_becomes("\t[ false , {} ,[ ] ]\r\n", "[false,{},[]]");
    assert_becomes("{\"b\":{\"x\":[1,[2]]},\"a\":\"\"}", "{\"b\":{\"x\":[1,[2]]},\"a\":\"\"}");
}

static void test_integers(void)
{
    assert_becomes("0", "0");
    assert_becomes("-0", "0");
    assert_becomes("-12", "-12");
    assert_becomes("9223372036854775807", "9223372036854775807");
    assert_becomes("-9223372036854775808", "-9223372036854775808");
    assert_refused("9223372036854775808", "line 1, column 1: the integer does not fit into 64 bits");
    assert_refused("[-9223372036854775809]", "line 1, column 2: the integer does not fit into 64 bits");
    assert_refused("100000000000000000000000000000",
                   "line 1, column 1: the integer does not fit into 64 bits");

    g_autoptr(Value) zero = parse("-0");
    g_assert_cmpint(value_type(zero), ==, VALUE_INTEGER);
}

static void test_reals(void)
{
    assert_becomes("0.1", "0.1");
    assert_becomes("1.0", "1.0");
    assert_becomes("-0.0", "-0.0");
    assert_becomes("-0e0", "-0.0");
    assert_becomes("1e2", "100.0");
    assert_becomes("1E+22", "1e+22");
    assert_becomes("1e-7", "1e-07");
    assert_becomes("0.30000000000000004", "0.30000000000000004");
    assert_becomes("123456789012345678.0", "1.2345678901234568e+17");
    assert_becomes("5e-324", "4.94065645841247e-324");
    assert_becomes("1e-400", "0.0");
    assert_becomes("1.7976931348623157e308", "1.7976931348623157e+308");
    assert_refused("1e309", "line 1, column 1: the number is too large");
    assert_refused("[-1e999]", "line 1, column 2: the number is too large");
}

static void test_strings(void)
{
    assert_becomes("\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\"é€😀\"");
    assert_becomes("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"");
    assert_becomes("\"plain \\u0041 plain\"", "\"plain A plain\"");
    assert_becomes("\"\\u001f\x7f\\u0080\\u009b\\u00a0\"", "\"\\u001f\\u007f\\u0080\\u009b\u00a0\"");
    assert_becomes("{\"k\\u0065y\":1}", "{\"key\":1}");
    assert_becomes("\"\ufffd\U0010fffd\"", "\"\ufffd\U0010fffd\"");
    assert_refused("\"\uffff\"", "line 1, column 2: a Unicode noncharacter");
    assert_refused("\"a\\ufdd0\"", "line 1, column 3: a Unicode noncharacter (U+FDD0)");
}

static void test_refused(void)
{
    assert_refused("", "line 1, column 1: the text ends where a value should be");
    assert_refused("  ", "line 1, column 3: the text ends where a value should be");
    assert_refused("nul", "line 1, column 1: found \"n\" where a value should be");
    assert_refused("nulll", "line 1, column 5: found \"l\" where the end of the text should be");
    assert_refused("TRUE", "line 1, column 1: found \"T\" where a value should be");
    assert_refused("NaN", "line 1, column 1: found \"N\" where a value should be");
    assert_refused("1 2", "line 1, column 3: found \"2\" where the end of the text should be");
    assert_refused("\xef\xbb\xbf{}", "line 1, column 1: found the character U+FEFF where a value should be");
    assert_refused("// x\n1", "line 1, column 1: found \"/\" where a value should be");
    assert_refused("[1,]", "line 1, column 4: found \"]\" where a value should be");
    assert_refused("[1 2]", "line 1, column 4: found \"2\" where \",\" or \"]\" should be");
    assert_refused("[1", "line 1, column 3: the text ends where \",\" or \"]\" should be");
    assert_refused("{\"a\":1,}", "line 1, column 8: found \"}\" where a key in double quotes should be");
    assert_refused("{a:1}", "line 1, column 2: found \"a\" where a key in double quotes should be");
    assert_refused("{\"a\" 1}", "line 1, column 6: found \"1\" where \":\" should be");
    assert_refused("{\"a\":}", "line 1, column 6: found \"}\" where a value should be");
    assert_refused("{\"a\":1]", "line 1, column 7: found \"]\" where \",\" or \"}\" should be");
    assert_refused("[}", "line 1, column 2: found \"}\" where a value should be");
    assert_refused("\f1", "line 1, column 1: found the character U+000C where a value should be");
    assert_refused("\u00a01", "line 1, column 1: found \"\u00a0\" where a value should be");
}

static void test_numbers_refused(void)
{
    assert_refused("01", "line 1, column 1: a number must not start with a needless 0");
    assert_refused("-01", "line 1, column 1: a number must not start with a needless 0");
    assert_refused("-", "line 1, column 2: the text ends where a digit should be");
    assert_refused("+1", "line 1, column 1: found \"+\" where a value should be");
    assert_refused(".5", "line 1, column 1: found \".\" where a value should be");
    assert_refused("1.", "line 1, column 3: the text ends where a digit should be");
    assert_refused("1.e3", "line 1, column 3: found \"e\" where a digit should be");
    assert_refused("1e", "line 1, column 3: the text ends where a digit should be");
    assert_refused("1e+x", "line 1, column 4: found \"x\" where a digit should be");
    assert_refused("0x10", "line 1, column 2: found \"x\" where the end of the text should be");
    assert_refused("-Infinity", "line 1, column 2: found \"I\" where a digit should be");
}

static void test_strings_refused(void)
{
    assert_refused("[\"a", "line 1, column 2: the text that starts here has no closing quote");
    assert_refused("\"a\\",
                   "line 1, column 4: the text ends where one of \" \\ / b f n r t u after the backslash "
                   "should be");
    assert_refused("\"\\x\"",
                   "line 1, column 3: found \"x\" where one of \" \\ / b f n r t u after the backslash "
                   "should be");
    assert_refused("\"a\nb\"", "line 1, column 3: the control character U+000A must be escaped in a text");
    assert_refused("\"\\u12g4\"",
                   "line 1, column 6: found \"g\" where four hexadecimal digits after \\u should be");
    assert_refused("\"\\u0000\"", "line 1, column 2: a text cannot hold the NUL character (\\u0000)");
    assert_refused("\"\\ud800\"", "line 1, column 2: half of a surrogate pair (\\ud800)");
    assert_refused("\"\\udc00\"", "line 1, column 2: half of a surrogate pair (\\udc00)");
    assert_refused("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair (\\ud800)");
    assert_refused("\"\\ud800\\ud800\"", "line 1, column 2: half of a surrogate pair (\\ud800)");
    assert_refused("\"\\ud800\\", "line 1, column 2: half of a surrogate pair (\\ud800)");
    assert_refused("\"é\xff\"", "line 1, column 3: not UTF-8");
    assert_refused("\"\xed\xa0\x80\"", "line 1, column 2: not UTF-8");
    assert_refused("\"\xc0\x80\"", "line 1, column 2: not UTF-8");
    assert_refused_as("\"a\0b\"", 5, CONFIG_ERROR_INVALID_DATA, "line 1, column 3: a NUL character");
    assert_refused_as("1\0", 2, CONFIG_ERROR_INVALID_DATA, "line 1, column 2: a NUL character");
}

static void test_duplicate_keys(void)
{
    assert_refused("{\"a\":1,\"a\":1}", "line 1, column 8: duplicate key \"a\"");
    assert_refused("{\"a\":1,\n \"\\u0061\":2}", "line 2, column 2: duplicate key \"a\"");
    assert_refused("{\"\":1,\"\":1}", "line 1, column 7: duplicate key \"\"");
    assert_becomes("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}");

    /* A long key is cut where a character ends. */
    g_autoptr(GString) text = g_string_new("{\"");
    for (int i = 0; i < 100; i++)
        g_string_append(text, "é");
    g_autofree char *key = g_strdup(text->str + 1);
    g_string_append_printf(text, "\":1,%s\":2}", key);
    g_autoptr(GError) error = NULL;
    g_assert_null(json_parse(text->str, -1, &json_limits_call, &error));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_true(g_str_has_suffix(error->message, "éé…\""));
}

static char *nested(size_t depth)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < depth; i++)
        g_string_append(text, i % 2 ? "{\"a\":" : "[");
    g_string_append(text, "1");
    for (size_t i = depth; i > 0; i--)
        g_string_append(text, (i - 1) % 2 ? "}" : "]");
    return g_string_free(text, FALSE);
}

static void test_limits(void)
{
    static const JsonLimits limits = {.size = 100, .depth = 100, .nodes = 5};
    g_autoptr(GError) error = NULL;
    g_autofree char *deepest = nested(64);
    g_autofree char *deeper = nested(65);
    g_autofree char *deep = g_strnfill(200000, '[');
    g_autofree char *large = g_strnfill(300000, ' ');

    g_autoptr(Value) value = parse(deepest);
    g_assert_nonnull(value);
    assert_refused_as(deeper, -1, CONFIG_ERROR_TOO_LARGE,
                      "line 1, column 193: nested deeper than 64 levels");
    assert_refused_as(deep, -1, CONFIG_ERROR_TOO_LARGE, "line 1, column 65: nested deeper than 64 levels");
    assert_refused_as(large, -1, CONFIG_ERROR_TOO_LARGE,
                      "line 1, column 1: the text has 300000 bytes; 262144 are allowed");

    g_autoptr(Value) five = json_parse("[1,{\"a\":2},3]", -1, &limits, &error);
    g_assert_no_error(error);
    g_assert_nonnull(five);
    g_assert_null(json_parse("[1,{\"a\":2},3,4]", -1, &limits, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
    g_assert_cmpstr(error->message, ==, "line 1, column 14: more than 5 values");
}

static void test_positions(void)
{
    g_autoptr(Value) root = parse("{\"é\": 1,\r\n  \"b\": [\"\\n\",\n\ttrue]}");
    const Value *list = value_map_get(root, "b");

    g_assert_cmpuint(value_line(root), ==, 1);
    g_assert_cmpuint(value_column(root), ==, 1);
    g_assert_cmpuint(value_column(value_map_get(root, "é")), ==, 7);
    g_assert_cmpuint(value_line(list), ==, 2);
    g_assert_cmpuint(value_column(list), ==, 8);
    g_assert_cmpuint(value_line(value_list_item(list, 1)), ==, 3);
    g_assert_cmpuint(value_column(value_list_item(list, 1)), ==, 2);
}

static void test_length(void)
{
    g_autoptr(GError) error = NULL;
    /* Bytes beyond the length are not looked at, not even after a number. */
    g_autoptr(Value) value = json_parse("123456", 3, &json_limits_call, &error);

    g_assert_no_error(error);
    g_assert_cmpint(value_integer(value), ==, 123);
    g_autoptr(Value) real = json_parse("1.56", 3, &json_limits_call, &error);
    g_assert_cmpfloat(value_real(real), ==, 1.5);
    assert_refused_as("null", 3, CONFIG_ERROR_INVALID_DATA,
                      "line 1, column 1: found \"n\" where a value should be");
}

static void test_write(void)
{
    g_autoptr(Value) value = parse("{\"b\":[1,{}],\"a\":{\"z\":[],\"é\":null,\"Z\":1.5},\"\":\"x\"}");
    g_autoptr(GString) canonical = g_string_new("> ");
    g_autoptr(GString) plain = g_string_new("> ");
    g_autofree char *pretty = json_format_pretty(value);
    g_autofree char *nothing = json_format(NULL);
    g_autofree char *nothing_pretty = json_format_pretty(NULL);

    json_append_canonical(canonical, value);
    json_append(plain, value);
    g_assert_cmpstr(canonical->str, ==, "> {\"\":\"x\",\"a\":{\"Z\":1.5,\"z\":[],\"é\":null},\"b\":[1,{}]}");
    g_assert_cmpstr(plain->str, ==, "> {\"b\":[1,{}],\"a\":{\"z\":[],\"é\":null,\"Z\":1.5},\"\":\"x\"}");
    g_assert_cmpstr(pretty, ==,
                    "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"z\": [],\n    \"é\": null,\n"
                    "    \"Z\": 1.5\n  },\n  \"\": \"x\"\n}");
    g_assert_cmpstr(nothing, ==, "");
    g_assert_cmpstr(nothing_pretty, ==, "");
}

static void test_quote(void)
{
    g_autofree char *plain = json_quote("a\"b\x1b");
    g_autofree char *sixty = g_strnfill(60, 'x');
    g_autofree char *longer = g_strnfill(61, 'x');
    g_autofree char *quoted_sixty = json_quote(sixty);
    g_autofree char *quoted_longer = json_quote(longer);
    g_autofree char *expected_sixty = g_strdup_printf("\"%s\"", sixty);
    g_autofree char *expected_longer = g_strdup_printf("\"%s…\"", sixty);

    g_assert_cmpstr(plain, ==, "\"a\\\"b\\u001b\"");
    g_assert_cmpstr(quoted_sixty, ==, expected_sixty);
    g_assert_cmpstr(quoted_longer, ==, expected_longer);
}

static bool run(const char *const *argv)
{
    int status;

    return g_spawn_sync(NULL, (char **) argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                        NULL, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* Writers and readers must not ask the locale for its decimal point. The locale is made here, since few
 * machines have it. */
static void test_locale(void)
{
    g_autofree char *folder = g_dir_make_tmp("json-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "de_DE.UTF-8", NULL);
    const char *const make[] = {"localedef", "-i", "de_DE", "-f", "UTF-8", "--no-archive", path, NULL};
    const char *const remove[] = {"rm", "-rf", folder, NULL};

    if (run(make)) {
        g_autofree char *comma = NULL;

        g_setenv("LOCPATH", folder, TRUE);
        g_assert_nonnull(setlocale(LC_NUMERIC, "de_DE.UTF-8"));
        comma = g_strdup_printf("%.1f", 0.5);
        g_assert_cmpstr(comma, ==, "0,5");
        assert_becomes("[0.5,1e-3]", "[0.5,0.001]");
        setlocale(LC_NUMERIC, "C");
        g_unsetenv("LOCPATH");
    } else {
        g_test_skip("localedef cannot make the locale de_DE.UTF-8: the package locales has its source");
    }
    g_assert_true(run(remove));
}

/* ---- Random values ---- */

static double random_real(void)
{
    union {
        guint64 bits;
        double real;
    } any;

    do
        any.bits = (guint64) (guint32) g_test_rand_int() << 32 | (guint32) g_test_rand_int();
    while (!isfinite(any.real));
    return any.real;
}

static Value *random_string(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = g_test_rand_int_range(0, 12); i > 0; i--) {
        gunichar c = (gunichar) g_test_rand_int_range(1, i % 3 ? 0x100 : 0x110000);
        /* Neither surrogates nor noncharacters are text. */
        bool none = (c >= 0xd800 && c <= 0xdfff) || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
        g_string_append_unichar(text, none ? '?' : c);
    }
    return value_new_string(text->str);
}

static Value *random_value(int depth)
{
    switch (g_test_rand_int_range(0, depth > 0 ? 8 : 6)) {
    case 0:
        return value_new_null();
    case 1:
        return value_new_boolean(g_test_rand_bit());
    case 2:
        return value_new_integer(
            (gint64) ((guint64) (guint32) g_test_rand_int() << g_test_rand_int_range(0, 33)));
    case 3:
        return value_new_real(random_real());
    case 4:
        return value_new_real(g_test_rand_int_range(-1000, 1000) / 8.0);
    case 5:
        return random_string();
    case 6: {
        Value *list = value_new_list();
        for (int i = g_test_rand_int_range(0, 5); i > 0; i--)
            value_list_take(&list, random_value(depth - 1));
        return list;
    }
    default: {
        Value *map = value_new_map();
        for (int i = g_test_rand_int_range(0, 12); i > 0; i--) {
            g_autoptr(Value) key = random_string();
            value_map_take(&map, value_string(key), random_value(depth - 1));
        }
        return map;
    }
    }
}

static void assert_reads_back(const char *text, const Value *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) again = json_parse(text, -1, &json_limits_stored, &error);

    g_assert_no_error(error);
    g_assert_true(value_equal(again, value));
}

/* Every form reads back the same, and the canonical form of what was read is the same text. */
static void test_round_trip(void)
{
    for (int round = 0; round < 3000; round++) {
        g_autoptr(Value) value = random_value(4);
        g_autofree char *text = json_format(value);
        g_autofree char *pretty = json_format_pretty(value);
        g_autoptr(GString) canonical = g_string_new(NULL);
        g_autoptr(GString) again = g_string_new(NULL);

        json_append_canonical(canonical, value);
        assert_reads_back(text, value);
        assert_reads_back(pretty, value);
        assert_reads_back(canonical->str, value);
        g_autoptr(Value) parsed = json_parse(pretty, -1, &json_limits_stored, NULL);
        json_append_canonical(again, parsed);
        g_assert_cmpstr(again->str, ==, canonical->str);
    }
}

/* ---- Damaged texts ---- */

static const char sample[] =
    "{\"coach_info\": {\"year\": \"2021\", \"weight\": 20.25e3, \"name\": \"K\\u00fcche\\n😀\"},\n"
    " \"list\": [1, -2, 0.5, true, false, null, [], {}, \"\\ud83d\\ude00\"],\n"
    " \"deep\": [[[[[[{\"a\": [{\"b\": {\"c\": 9223372036854775807}}]}]]]]]]}\n";

static void mutate(GByteArray *bytes)
{
    static const guint8 telling[] = "{}[]\",:\\u0-+.eE\n\t nft\x00\x80\xc3\xff";

    for (int i = g_test_rand_int_range(1, 6); i > 0 && bytes->len > 0; i--) {
        guint at = (guint) g_test_rand_int_range(0, (gint32) bytes->len);
        guint8 byte = g_test_rand_bit() ? telling[g_test_rand_int_range(0, sizeof telling - 1)]
                                        : (guint8) g_test_rand_int_range(0, 256);
        switch (g_test_rand_int_range(0, 4)) {
        case 0:
            bytes->data[at] = byte;
            break;
        case 1:
            g_byte_array_remove_index(bytes, at);
            break;
        case 2:
            g_byte_array_append(bytes, &byte, 1);
            break;
        default:
            g_byte_array_set_size(bytes, at);
            break;
        }
    }
}

static void test_damaged(void)
{
    for (int round = 0; round < 20000; round++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        g_byte_array_append(bytes, (const guint8 *) sample, sizeof sample - 1);
        mutate(bytes);
        /* A block of just that size, so that a sanitizer sees a read beyond it. */
        g_autofree char *text = g_memdup2(bytes->data, bytes->len);
        g_autoptr(Value) value = json_parse(text ? text : "", bytes->len, &json_limits_call, &error);

        g_assert_true((value != NULL) != (error != NULL));
        if (error) {
            g_assert_true(
                g_regex_match_simple("^line [1-9][0-9]*, column [1-9][0-9]*: .", error->message, 0, 0));
            g_assert_true(g_utf8_validate(error->message, -1, NULL));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/values", test_values);
    g_test_add_func("/json/integers", test_integers);
    g_test_add_func("/json/reals", test_reals);
    g_test_add_func("/json/strings", test_strings);
    g_test_add_func("/json/refused", test_refused);
    g_test_add_func("/json/refused/numbers", test_numbers_refused);
    g_test_add_func("/json/refused/strings", test_strings_refused);
    g_test_add_func("/json/refused/duplicate-keys", test_duplicate_keys);
    g_test_add_func("/json/limits", test_limits);
    g_test_add_func("/json/positions", test_positions);
    g_test_add_func("/json/length", test_length);
    g_test_add_func("/json/write", test_write);
    g_test_add_func("/json/quote", test_quote);
    g_test_add_func("/json/locale", test_locale);
    g_test_add_func("/json/round-trip", test_round_trip);
    g_test_add_func("/json/damaged", test_damaged);
    return g_test_run();
}
