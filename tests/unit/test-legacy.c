/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-legacy.c: what older coach files and patches write in another way. */

#include "coach/legacy.h"

#include <string.h>

#include "base/yaml.h"
#include "support.h"

static Value *read_data(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *data = yaml_parse(text, strlen(text), &yaml_limits_default, &error);

    g_assert_no_error(error);
    return data;
}

static void test_model_id(void)
{
    static const char *const cases[][2] = {
        {"/var/lib/coachiq/reference/2021_entegra_aspire_44r.yml", "2021_entegra_aspire_44r"},
        {"config/2021 Entegra Aspire 44R.YAML", "2021_Entegra_Aspire_44R"},
        {"coach_mapping.default.yml", "coach_mapping.default"},
        {"x.json", "x"},
        {"a.b.yml.yml", "a.b.yml"},
        {"plain", "plain"},
        {".yml", ".yml"}, /* which is no id */
        {"/folder/", NULL},
        {"", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = legacy_model_id(cases[i][0]);
        g_assert_cmpstr(id, ==, cases[i][1]);
    }
}

/* "house=can1 chassis=can0" */
static GHashTable *interfaces_of(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (char **word = words; *word; word++) {
        g_auto(GStrv) sides = g_strsplit(*word, "=", 2);
        if (sides[0] && sides[1])
            g_hash_table_insert(table, g_strdup(sides[0]), g_strdup(sides[1]));
    }
    return table;
}

static void check_names(const char *interfaces, const char *known, const char *before, const char *after,
                        unsigned n)
{
    g_autoptr(GHashTable) table = interfaces_of(interfaces);
    g_autoptr(CoachFile) release = known ? coach_file_parse(known, strlen(known), NULL) : NULL;
    g_autoptr(Value) data = read_data(before), original = value_ref(data), expected = read_data(after),
                     copy = read_data(before);

    g_test_message("%s: %s", interfaces, before);
    g_assert_true((known != NULL) == (release != NULL));
    g_assert_cmpuint(legacy_name_interfaces(&data, table, release ? release->components : NULL), ==, n);
    assert_equal(data, expected);
    assert_equal(original, copy);
    /* Doing it again changes nothing. */
    g_assert_cmpuint(legacy_name_interfaces(&data, table, release ? release->components : NULL), ==, 0);
}

#define ONE(interface) "1FEDA: {1: [{entity_id: a, interface: " interface "}], x: 5}\ninterface: can1\n"

#define RELEASE(interface) "1FEDA: {1: [{entity_id: a, interface: " interface "}]}\n"

static void test_interfaces(void)
{
    check_names("house=can1 chassis=can0", NULL, ONE("can1"), ONE("house"), 1);
    check_names("house=can1", NULL, ONE("can0"), ONE("can0"), 0);
    check_names("house=can1 galley=can1", NULL, ONE("can1"), ONE("can1"), 0);
    check_names("can1=can0 house=can1", NULL, ONE("can1"), ONE("can1"), 0);
    check_names("house=can1", NULL, ONE("5"), ONE("5"), 0);
    check_names("", NULL, ONE("can1"), ONE("can1"), 0);
    check_names("house=can1", NULL, "[1]", "[1]", 0);
    /* What the release has is the vendor's. */
    check_names("house=can1", RELEASE("can1"), ONE("can1"), ONE("can1"), 0);
    check_names("house=can1", RELEASE("house"), ONE("can1"), ONE("house"), 1);
    check_names("house=can1",
                "1FEDA: {1: [{entity_id: a, interface: can1}, {entity_id: b, interface: house}]}",
                "1feda: {0x01: [{entity_id: a, interface: can1}, {entity_id: b, interface: can1}]}",
                "1feda: {0x01: [{entity_id: a, interface: can1}, {entity_id: b, interface: house}]}", 1);
}

#define TREE                                                                                                \
    "1FEDA:\n"                                                                                              \
    "  0x19: [{entity_id: lamp, m: {a: 1}}, {entity_id: spot}]\n"                                           \
    "  default: [{entity_id: any}]\n"                                                                       \
    "areas: {in: {name: In}, 'a/b': {name: Ab}}\n"                                                          \
    "coach_info: {year: 1}\n"

static void test_respell(void)
{
    static const char *const cases[][2] = {
        {"/1FEDA/25/0/m", "/1FEDA/0x19/0/m"},
        {"/1feda/0x19", "/1FEDA/0x19"},
        {"/1fEdA/default", "/1FEDA/default"},
        {"/1FEDA/26/-", "/1FEDA/26/-"},
        {"/1FEDB/25", "/1FEDB/25"},
        {"/areas/a~1b", "/areas/a~1b"},
        {"", ""},
        {"/", "/"},
    };
    g_autoptr(Value) data = read_data(TREE);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *pointer = legacy_pointer_respell(data, cases[i][0], &error);
        g_assert_no_error(error);
        g_assert_cmpstr(pointer, ==, cases[i][1]);
    }
    g_assert_null(legacy_pointer_respell(data, "x", &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
}

static void test_locate(void)
{
    static const char *const cases[][2] = {
        {"/1FEDA/0x19/0/m/a", "devices/lamp /m/a"},
        {"/1FEDA/0x19/1", "devices/spot "},
        {"/1FEDA/0x19/-", "devices/spot "},
        {"/1FEDA/0x19/7", ""},
        {"/1FEDA/0x19", "devices/lamp ,devices/spot "},
        {"/1FEDA", "devices/lamp ,devices/spot ,devices/any "},
        {"/1FEDB", ""},
        {"/areas/in/name", "areas/in /name"},
        {"/areas/a~1b", "areas/a~1b "},
        {"/areas", "areas/in ,areas/a~1b "},
        {"/coach_info/year", "coach_info /year"},
        {"/new/x/y", "new /x/y"},
        {"", ""},
        {"x", ""},
    };
    g_autoptr(Value) data = read_data(TREE);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify) legacy_place_free);
        g_autoptr(GString) text = g_string_new(NULL);

        legacy_locate(data, cases[i][0], places);
        for (guint j = 0; j < places->len; j++) {
            const LegacyPlace *place = g_ptr_array_index(places, j);
            g_string_append_printf(text, "%s%s %s", j > 0 ? "," : "", place->path, place->field);
        }
        g_test_message("%s", cases[i][0]);
        g_assert_cmpstr(text->str, ==, cases[i][1]);
    }
}

static void test_concerns(void)
{
    static const struct {
        const char *path, *field, *of_path, *of_field;
        bool concerns;
    } cases[] = {
        {"devices/a", "/m/a", "devices/a", "/m/a", true},
        {"devices/a", "/m", "devices/a", "/m/a", true},
        {"devices/a", "/m/a", "devices/a", "/m", true},
        {"devices/a", "/m/a", "devices/a", "", true},
        {"devices/a", "", "devices/a", "/m", true},
        {"devices/a", "/m/a", "devices/a", "/bindings/1FEDA:1/m/a", true},
        {"devices/a", "/m/a", "devices/a", "/bindings/1FEDA:1", true},
        {"devices/a", "/m/a", "devices/a", "/bindings/1FEDA:1/n", false},
        {"devices/a", "/m/a", "devices/a", "/m/ab", false},
        {"devices/a", "/m/a", "devices/b", "/m/a", false},
        {"x/a", "/bindings/k/m", "x/a", "/m", false},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const LegacyPlace place = {.path = (char *) cases[i].path, .field = (char *) cases[i].field};

        g_test_message("%u", i);
        g_assert_true(legacy_place_concerns(&place, cases[i].of_path, cases[i].of_field) ==
                      cases[i].concerns);
    }
}

/* What has got its logical names is a coach file as before, with the same components. */
static void stays_a_coach_file(void)
{
    g_autoptr(Value) data = random_coach_data(), named = value_ref(data);
    g_autoptr(GHashTable) table = interfaces_of("house=on b=25");
    g_autoptr(CoachFile) before = NULL, after = NULL;
    g_autoptr(GError) error = NULL;

    story("data", data);
    before = coach_file_new(data, 1000, &error);
    check_no_error(error);
    legacy_name_interfaces(&named, table, NULL);
    after = coach_file_new(named, 1000, &error);
    check_no_error(error);
    check(after->components->len == before->components->len);
    /* Against the file itself nothing is renamed. */
    check(legacy_name_interfaces(&data, table, before->components) == 0);
}

static void test_stays_a_coach_file(void)
{
    repeat(1000, stays_a_coach_file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/legacy/model-id", test_model_id);
    g_test_add_func("/legacy/interfaces", test_interfaces);
    g_test_add_func("/legacy/respell", test_respell);
    g_test_add_func("/legacy/locate", test_locate);
    g_test_add_func("/legacy/concerns", test_concerns);
    g_test_add_func("/legacy/stays-a-coach-file", test_stays_a_coach_file);
    return g_test_run();
}
