/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-outline.c: components as YAML for people. What is shown has to be true: a YAML reader gets the
 * data back. */

#include "ctl/outline.h"

#include "base/json.h"
#include "base/yaml.h"

static const Term term = {.unicode = true};

static void test_layout(void)
{
    g_autoptr(Value) data = json_parse(
        "{\"friendly_name\":\"Nook\",\"mask\":\"0x7C\",\"power\":\"12V_DC\",\"on\":true,\"none\":null,"
        "\"meta\":{\"zone\":-5,\"empty\":{}},\"caps\":[\"on_off\",\"fade\"],\"no\":[],"
        "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},{\"dgn\":\"1FEDB\",\"instance\":25,\"cmd\":\"x\"}]}",
        -1, &json_limits_call, NULL);
    g_autoptr(GHashTable) remarks = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) out = g_string_new(NULL);

    g_hash_table_insert(remarks, (void *) "/friendly_name", (void *) "anna; vendor: Light");
    g_hash_table_insert(remarks, (void *) "/meta/zone", (void *) "anna\nbob");
    g_hash_table_insert(remarks, (void *) "/bindings/1FEDB:25/cmd", (void *) "bob");
    outline_append(out, &term, data, remarks);
    g_assert_cmpstr(out->str, ==,
                    "friendly_name: Nook  # anna; vendor: Light\n"
                    "mask: \"0x7C\"\n"
                    "power: 12V_DC\n"
                    "\"on\": true\n"
                    "none: null\n"
                    "meta:\n"
                    "  zone: -5  # anna\\nbob\n"
                    "  empty: {}\n"
                    "caps: [on_off, fade]\n"
                    "\"no\": []\n"
                    "bindings:\n"
                    "  - dgn: 1FEDA\n"
                    "    instance: 25\n"
                    "  - dgn: 1FEDB\n"
                    "    instance: 25\n"
                    "    cmd: x  # bob\n");
}

static Value *random_text(void)
{
    static const char *const texts[] = {"",           "a",      "Bedroom Light",
                                        "yes",        "No",     "null",
                                        "~",          "12V_DC", "1FEDA",
                                        "0x7C",       "017",    "1e5",
                                        "1_000",      "12:30",  "-5",
                                        "+1",         ".5",     ".inf",
                                        "<<",         "=",      "# no",
                                        "a #b",       "a: b",   "- a",
                                        "[a]",        "{a}",    "a, b",
                                        "\"q\"",      "don't",  "'x'",
                                        "a\nb",       "\ttab",  " lead",
                                        "trail ",     "&a",     "*a",
                                        "!t",         "|",      ">",
                                        "%x",         "@x",     "`x`",
                                        "Küche",      "漢字",   "🚐",
                                        "\u200e",     "\u2028", "\x7f",
                                        "\\",         "?",      "? a",
                                        "-",          "--- a",  "...",
                                        "2024-01-01", "0b1",    "0o17",
                                        "1E123",      "8b",     "NaN"};

    return value_new_string(texts[g_test_rand_int_range(0, G_N_ELEMENTS(texts))]);
}

static Value *random_value(int depth);

static Value *random_list(int depth)
{
    Value *list = value_new_list();

    for (int i = g_test_rand_int_range(0, 5); i > 0; i--)
        value_list_take(&list, random_value(depth - 1));
    return list;
}

static Value *random_map(int depth)
{
    Value *map = value_new_map();

    for (int i = g_test_rand_int_range(0, 5); i > 0; i--) {
        g_autoptr(Value) key = random_text();

        value_map_take(&map, value_string(key), random_value(depth - 1));
    }
    return map;
}

static Value *random_value(int depth)
{
    switch (g_test_rand_int_range(0, depth > 0 ? 9 : 6)) {
    case 0:
        return value_new_null();
    case 1:
        return value_new_boolean(g_test_rand_bit());
    case 2:
        return value_new_integer(g_test_rand_int());
    case 3:
        return value_new_real(g_test_rand_int_range(-1000, 1000) / 8.0);
    case 4:
    case 5:
        return random_text();
    case 6:
        return random_list(depth);
    default:
        return random_map(depth);
    }
}

/* A whole component is not spread out; all else is as it is. */
static void test_short(void)
{
    static const char *const rows[][2] = {
        {"{\"a\":1}", "{…}"}, {"{}", "{}"}, {"[1,\"a\"]", "[1, a]"}, {"\"a\"", "a"}, {"null", "null"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) value = json_parse(rows[i][0], -1, &json_limits_call, NULL);
        g_autofree char *text = outline_short(value);

        g_assert_cmpstr(text, ==, rows[i][1]);
    }
}

/* Law: reading what is shown as YAML gives the component. */
static void test_true(void)
{
    for (int i = 0; i < 20000; i++) {
        g_autoptr(Value) data = random_map(4);
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) again = NULL;
        g_autofree char *json = json_format(data);

        if (value_length(data) == 0)
            continue;
        outline_append(out, &term, data, NULL);
        again = yaml_parse(out->str, out->len, &yaml_limits_default, &error);
        if (error || !value_equal(again, data))
            g_error("%s\nis shown as\n%s%s", json, out->str, error ? error->message : "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/outline/layout", test_layout);
    g_test_add_func("/ctl/outline/short", test_short);
    g_test_add_func("/ctl/outline/true", test_true);
    return g_test_run();
}
