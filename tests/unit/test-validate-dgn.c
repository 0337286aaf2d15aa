/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-validate-dgn.c: what is odd about DGNs and instances, and by which fact. */

#include "coach/validate-dgn.h"

#include <string.h>

#include "support.h"

#define FACTS                                                                                                       \
    "{\"pgns\":{"                                                                                                   \
    "\"1FEDA\":{\"name\":\"LAMP_STATUS\",\"direction\":\"status\",\"pair\":\"1FEDB\",\"pair_basis\":\"stated\","    \
    "\"pair_sources\":[\"one\"],\"sources\":[\"one\",\"two\"],\"instanced\":true,"                                  \
    "\"instances\":{\"ranges\":[[0,250]],\"basis\":\"usual\",\"sources\":[\"two\"]}},"                              \
    "\"1FEDB\":{\"name\":\"LAMP_COMMAND\",\"direction\":\"command\",\"pair\":\"1FEDA\",\"pair_basis\":\"stated\","  \
    "\"pair_sources\":[\"one\"],\"sources\":[\"one\"],\"instanced\":true,"                                          \
    "\"instances\":{\"ranges\":[[1,250]],\"all\":0,\"basis\":\"stated\",\"sources\":[\"one\"]}},"                   \
    "\"1FFB2\":{\"name\":\"PUMP_COMMAND\",\"direction\":\"command\",\"pair\":\"1FFB3\",\"pair_basis\":\"name\"},"   \
    "\"1FFB3\":{\"name\":\"PUMP_STATUS\",\"direction\":\"status\",\"pair\":\"1FFB2\",\"pair_basis\":\"name\","      \
    "\"sources\":[\"one\",\"two\"],\"layout_sources\":[\"two\"],\"instanced\":false},"                              \
    "\"1FFB6\":{\"name\":\"TANK_COMMAND\",\"direction\":\"command\",\"pair\":\"1FFB7\",\"pair_basis\":\"family\"}," \
    "\"1FFB7\":{\"name\":\"TANK_STATUS\",\"direction\":\"status\",\"instanced\":true,\"instances\":{\"ranges\":"    \
    "[[0,3],[8,8],[16,19]],\"basis\":\"values\",\"sources\":[\"one\",\"two\"]}},"                                   \
    "\"1FFCA\":{\"name\":\"AC_STATUS\",\"direction\":\"status\",\"instanced\":true,\"instances\":{\"ranges\":"      \
    "[[0,14]],\"basis\":\"width\",\"sources\":[\"one\"]}},"                                                         \
    "\"1FEA7\":{\"name\":\"FAN_STATUS\",\"direction\":\"status\",\"instanced\":null},"                              \
    "\"17F00\":{\"name\":\"RESET\",\"direction\":\"command\"}}}"

/* The problems of one device with these bindings, beside other components, as lines "path field: message".
 */
static char *validate_with(const char *rules, const char *bindings, const char *others)
{
    g_autofree char *text = g_strdup_printf("{\"devices/a\":{\"entity_id\":\"a\",\"bindings\":[%s]}%s}",
                                            bindings, others ? others : "");
    g_autoptr(Value) map = parse(text), content = parse(FACTS), validation = parse(rules);
    g_autoptr(DgnTable) table = dgn_table_new(content, "", NULL);
    g_autoptr(Rules) of = rules_new(NULL, validation);
    g_autoptr(GPtrArray) components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(GPtrArray) problems = problem_list_new();
    GString *lines = g_string_new(NULL);

    VALUE_FOREACH_ENTRY (path, data, map)
        g_ptr_array_add(components, component_new(path, data));
    validate_dgns(table, of, components, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);

        g_assert_cmpstr(problem->severity, ==, PROBLEM_WARNING);
        g_string_append_printf(lines, "%s%s %s: %s", i ? "\n" : "", problem->path, problem->field,
                               problem->message);
    }
    return g_string_free(lines, false);
}

static void assert_problems(const char *bindings, const char *expected)
{
    g_autofree char *found = validate_with("{}", bindings, NULL);

    g_assert_cmpstr(found, ==, expected);
}

static void assert_pairs(const char *rules, const char *bindings, const char *pairs, const char *expected)
{
    g_autofree char *others = g_strdup_printf(",\"dgn_pairs\":%s", pairs);
    g_autofree char *found = validate_with(rules, bindings, others);

    g_assert_cmpstr(found, ==, expected);
}

#define AT(dgn, instance) "{\"dgn\":\"" dgn "\",\"instance\":" instance "}"
#define DEFAULT "\"default\""

static void test_clean(void)
{
    assert_problems("", "");
    assert_problems(AT("1FEDA", "25") "," AT("1FEDB", "25"), "");
    assert_problems(AT("1FEDA", "0") "," AT("1FEDA", "250"), "");
    assert_problems(AT("1FFB3", DEFAULT) "," AT("1FFB7", "8") "," AT("1FFB7", "19"), "");
    /* Nothing is known of its instances, so none is unusual. */
    assert_problems(AT("1FEA7", "255"), "");
    /* An address in the low byte. */
    assert_problems(AT("17F9D", DEFAULT), "");
}

static void test_unknown(void)
{
    assert_problems(
        AT("1FABC", "1"),
        "devices/a /bindings/1FABC:1: DGN 1FABC is not in rvc.json: none of its sources knows it");
}

static void test_instances(void)
{
    assert_problems(
        AT("1FEDA", "251"),
        "devices/a /bindings/1FEDA:251: instance 251 of 1FEDA LAMP_STATUS is unusual; usual are 0 to "
        "250 (rvc.json: as two state of other messages)");
    assert_problems(
        AT("1FFB7", "20"),
        "devices/a /bindings/1FFB7:20: instance 20 of 1FFB7 TANK_STATUS is unusual; usual are 0 to 3, "
        "8 and 16 to 19 (rvc.json: values of one, two)");
    assert_problems(
        AT("1FFCA", "15"),
        "devices/a /bindings/1FFCA:15: instance 15 of 1FFCA AC_STATUS is unusual; usual are 0 to 14 "
        "(rvc.json: all that its bits can say, by one)");
    assert_problems(
        AT("1FEDB", "0") "," AT("1FEDA", "0"),
        "devices/a /bindings/1FEDB:0: instance 0 of 1FEDB LAMP_COMMAND means all of them; usual are 1 "
        "to 250 (rvc.json: one)");
    assert_problems(
        AT("1FFB3", "5"),
        "devices/a /bindings/1FFB3:5: 1FFB3 PUMP_STATUS says no instance, so none of its frames is of "
        "instance 5; \"default\" is the place for it (rvc.json: two)");
}

static void test_pairs(void)
{
    const char *lonely =
        "devices/a /bindings/1FEDB:1: commanded by 1FEDB LAMP_COMMAND, but nothing tells its state: no binding at "
        "1FEDA LAMP_STATUS and no status_dgn (rvc.json: one)";

    assert_problems(AT("1FEDB", "1"), lonely);
    assert_problems(
        AT("1FFB2", DEFAULT),
        "devices/a /bindings/1FFB2:default: commanded by 1FFB2 PUMP_COMMAND, but nothing tells its "
        "state: no binding at 1FFB3 PUMP_STATUS and no status_dgn (rvc.json: by their names)");
    assert_problems(
        AT("1FFB6", "1"),
        "devices/a /bindings/1FFB6:1: commanded by 1FFB6 TANK_COMMAND, but nothing tells its state: no "
        "binding at 1FFB7 TANK_STATUS and no status_dgn (rvc.json: a judgement, as messages of one "
        "device)");
    /* A status elsewhere is one, and so is a status_dgn. */
    assert_problems(AT("1FEDB", "1") "," AT("1FEDA", DEFAULT), "");
    assert_problems("{\"dgn\":\"1FEDB\",\"instance\":1,\"status_dgn\":\"1FFB7\"}", "");
    assert_problems("{\"dgn\":\"1FEDB\",\"instance\":1,\"status_dgn\":\"none\"}", lonely);
    assert_pairs("{\"integrity_validation\":{\"check_dgn_pairs\":false}}", AT("1FEDB", "1"), "{}", "");
    /* What the file says itself is checked with the rest of the model. */
    assert_pairs("{}", AT("1FEDB", "1"), "{\"1FEDB\":\"1FEDA\"}", "");
    assert_pairs("{}", AT("1FEDB", "1"), "{\"0x1fedb\":\"1FEDA\"}", "");
}

/* A status_dgn of the device counts at each binding that has none of its own. */
static void test_common_status(void)
{
    g_autofree char *found =
        validate_with("{}", "",
                      ",\"devices/b\":{\"entity_id\":\"b\",\"status_dgn\":\"1FEDA\",\"bindings\":[" AT(
                          "1FEDB", "1") ","
                                        "{\"dgn\":\"1FEDB\",\"instance\":2,\"status_dgn\":null}]}");

    g_assert_cmpstr(
        found, ==,
        "devices/b /bindings/1FEDB:2: commanded by 1FEDB LAMP_COMMAND, but nothing tells its state: no "
        "binding at 1FEDA LAMP_STATUS and no status_dgn (rvc.json: one)");
}

static void test_stated_pairs(void)
{
    const char *off = "{\"integrity_validation\":{\"check_dgn_pairs\":false}}";

    assert_pairs("{}", "", "{\"1FEDB\":\"1FEDA\",\"17F00\":\"1FEDA\"}", "");
    assert_pairs(
        "{}", "", "{\"1FFB7\":\"1FEDA\"}",
        "dgn_pairs /1FFB7: 1FFB7 TANK_STATUS is a status and no command (rvc.json: no source named)");
    assert_pairs("{}", "", "{\"1FEDB\":\"1FFB7\"}",
                 "dgn_pairs /1FEDB: the status of 1FEDB LAMP_COMMAND is 1FEDA LAMP_STATUS, and not 1FFB7 "
                 "TANK_STATUS (rvc.json: one)");
    assert_pairs("{}", "", "{\"1FABC\":\"1FEDA\"}",
                 "dgn_pairs /1FABC: DGN 1FABC is not in rvc.json: none of its sources knows it");
    assert_pairs("{}", "", "{\"1FEDB\":\"1FABC\"}",
                 "dgn_pairs /1FEDB: DGN 1FABC is not in rvc.json: none of its sources knows it");
    assert_pairs(off, "", "{\"1FABC\":\"1FEDA\",\"1FFB7\":\"1FEDA\"}", "");
    /* No pairs at all. */
    assert_pairs("{}", "", "{\"x/y\":\"1FEDA\",\"1FEDB\":\"x\",\"1FEDA\":[\"1FEDA\"],\"1FFB7\":null}", "");
    assert_pairs("{}", "", "[\"1FEDB\"]", "");
}

/* Law: any coach is judged without a change to it, and without an error. */
static void any_coach(void)
{
    g_autoptr(GPtrArray) components = random_coach();
    g_autoptr(Value) content = parse(FACTS);
    g_autoptr(DgnTable) table = dgn_table_new(content, "", NULL);
    g_autoptr(Rules) rules = rules_new_from_components(components);
    g_autoptr(GPtrArray) problems = problem_list_new();
    g_autofree char *before = coach_file_content_hash(components), *after = NULL;

    validate_dgns(table, rules, components, problems);
    for (guint i = 0; i < problems->len; i++)
        check(g_str_equal(((const Problem *) g_ptr_array_index(problems, i))->severity, PROBLEM_WARNING));
    after = coach_file_content_hash(components);
    check(g_str_equal(before, after));
}

static void test_any_coach(void)
{
    repeat(1000, any_coach);
}

/* The facts that ship against coach files that people have. */
static void test_real_files(void)
{
    g_autoptr(GPtrArray) files = real_coach_files();
    g_autofree char *path = source_file("seeds/rvc.json"), *json = NULL;
    g_autoptr(Value) content = NULL;
    g_autoptr(DgnTable) table = NULL;

    g_assert_true(g_file_get_contents(path, &json, NULL, NULL));
    content = parse(json);
    table = dgn_table_new(content, "", NULL);
    for (guint i = 0; files && i < files->len; i++) {
        g_autofree char *text = NULL;
        g_autoptr(CoachFile) file = NULL;
        g_autoptr(Rules) rules = NULL;
        g_autoptr(GPtrArray) problems = problem_list_new();
        gsize length;

        g_assert_true(g_file_get_contents(g_ptr_array_index(files, i), &text, &length, NULL));
        file = coach_file_parse(text, length, NULL);
        rules = rules_new_from_components(file->components);
        validate_dgns(table, rules, file->components, problems);
        for (guint j = 0; j < problems->len; j++) {
            const Problem *problem = g_ptr_array_index(problems, j);

            g_test_message("%s%s: %s", problem->path, problem->field, problem->message);
            g_assert_cmpstr(problem->path, ==, "dgn_pairs");
            g_assert_cmpstr(problem->field, ==, "/1FED8");
        }
        g_assert_cmpuint(problems->len, ==, strstr(text, "1FED8\": \"1FEDA") ? 1 : 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/validate-dgn/clean", test_clean);
    g_test_add_func("/validate-dgn/unknown", test_unknown);
    g_test_add_func("/validate-dgn/instances", test_instances);
    g_test_add_func("/validate-dgn/pairs", test_pairs);
    g_test_add_func("/validate-dgn/common-status", test_common_status);
    g_test_add_func("/validate-dgn/stated-pairs", test_stated_pairs);
    g_test_add_func("/validate-dgn/any-coach", test_any_coach);
    g_test_add_func("/validate-dgn/real-files", test_real_files);
    return g_test_run();
}
