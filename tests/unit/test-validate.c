/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-validate.c: what is wrong with a whole model, and whether the vendor or an edit is to blame. */

#include "coach/validate.h"

#include "support.h"

#define BOUND "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]"

/* Components from a JSON object of path → data. */
static GPtrArray *components(const char *json)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(Value) map = parse(json);

    VALUE_FOREACH_ENTRY (path, data, map)
        g_ptr_array_add(list, component_new(path, data));
    return list;
}

/* The problems as lines "severity path field: message". */
static char *validate(const char *rules, const char *vendor, const char *effective)
{
    g_autoptr(Value) validation = parse(rules);
    g_autoptr(Rules) of = rules_new(NULL, validation);
    g_autoptr(GPtrArray) before = components(vendor), now = components(effective ? effective : vendor);
    g_autoptr(GPtrArray) problems = problem_list_new();
    GString *text = g_string_new(NULL);

    validate_model(of, before, now, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);
        g_string_append_printf(text, "%s%s %s %s: %s", i ? "\n" : "", problem->severity, problem->path,
                               problem->field, problem->message);
    }
    return g_string_free(text, FALSE);
}

static void assert_problems(const char *rules, const char *vendor, const char *effective,
                            const char *expected)
{
    g_autofree char *found = validate(rules, vendor, effective);

    g_assert_cmpstr(found, ==, expected);
}

static void test_clean(void)
{
    assert_problems("{}", "{}", NULL, "");
    assert_problems("{}", "{\"devices/a\":{\"entity_id\":\"a\"," BOUND "},\"areas/x\":{},\"null\":null}",
                    NULL, "");
}

static void test_references(void)
{
    const char *model =
        "{\"devices/a\":{\"entity_id\":\"a\"," BOUND "},"
        "\"lighting_scenes/s\":{\"entities\":[\"a\",{\"entity_id\":\"a\"},\"b\",{\"entity_id\":\"c\"},5,{}]},"
        "\"lighting_groups/g\":{\"entities\":[\"a*\",\"?\",\"z*\"]},"
        "\"areas/x\":{\"entities\":\"b\"}}";

    assert_problems("{}", model, NULL,
                    "warning lighting_scenes/s /entities: there is no device \"b\"\n"
                    "warning lighting_scenes/s /entities: there is no device \"c\"\n"
                    "warning lighting_groups/g /entities: there is no device \"z*\"");
}

/* Thousands of patterns for thousands of devices: an end is more than all of them. */
static void test_many_patterns(void)
{
    g_autoptr(GString) model = g_string_new("{\"scenes/s\":{\"entities\":[\"z*\"");
    g_autofree char *found = NULL;

    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(model, ",\"y%u*\"", i);
    g_string_append(model, "]}");
    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(model, ",\"devices/d%u\":{\"entity_id\":\"d%u\"," BOUND "}", i, i);
    g_string_append(model, "}");
    found = validate("{}", model->str, NULL);
    g_assert_true(g_str_has_prefix(found, "warning scenes/s /entities: there is no device \"z*\"\n"));
}

/* A short file in which each device lacks thousands of fields, or hundreds of thousands of problems in all.
 */
static void test_many_problems(void)
{
    g_autoptr(GString) rules_text = g_string_new("{\"entity_validation\":{\"required_fields\":[\"r\"");
    g_autoptr(GString) model = g_string_new("{\"null\":null");
    g_autofree char *none = NULL, *found = NULL;
    g_auto(GStrv) lines = NULL;

    for (guint i = 0; i < 3000; i++)
        g_string_append_printf(model, ",\"devices/d%u\":{\"entity_id\":\"d%u\"," BOUND "}", i, i);
    g_string_append(model, "}");
    for (guint i = 0; i < 99; i++)
        g_string_append_printf(rules_text, ",\"r%u\"", i);
    g_string_append(rules_text, "]}}");
    found = validate(rules_text->str, model->str, NULL);
    lines = g_strsplit(found, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, PROBLEMS_MAX);

    g_string_truncate(rules_text, rules_text->len - strlen("]}}"));
    for (guint i = 0; i < 30000; i++)
        g_string_append_printf(rules_text, ",\"s%u\"", i);
    g_string_append(rules_text, "]}}");
    none = validate(rules_text->str, model->str, NULL);
    g_assert_cmpstr(none, ==, "");
}

/* One device at all places of a hundred DGNs. */
static void test_many_bindings(void)
{
    g_autoptr(GString) model = g_string_new("{\"dgn_pairs\":{\"10000\":\"1FFFF\",\"10001\":\"10002\"},"
                                            "\"devices/a\":{\"entity_id\":\"a\",\"bindings\":[");
    g_autofree char *found = NULL;
    g_auto(GStrv) lines = NULL;

    for (guint i = 0; i < 40000; i++)
        g_string_append_printf(model, "%s{\"dgn\":\"%05X\",\"instance\":%u}", i ? "," : "",
                               0x10000 + i / 250, i % 250);
    g_string_append(model, "]}}");
    found = validate("{}", model->str, NULL);
    lines = g_strsplit(found, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 250);
}

/* A device that an owner deletes leaves scenes behind that name it. */
static void test_vendor_or_edit(void)
{
    const char *vendor =
        "{\"devices/a\":{\"entity_id\":\"a\"," BOUND "},\"devices/b\":{\"entity_id\":\"b\"," BOUND "},"
        "\"lighting_scenes/s\":{\"entities\":[\"a\",\"gone\"]}}";
    const char *effective = "{\"devices/b\":{\"entity_id\":\"b\"," BOUND
                            "},\"lighting_scenes/s\":{\"entities\":[\"a\",\"gone\"]}}";

    assert_problems("{}", vendor, effective,
                    "error lighting_scenes/s /entities: there is no device \"a\"\n"
                    "warning lighting_scenes/s /entities: there is no device \"gone\"");
}

static void test_rules_of_components(void)
{
    const char *rules = "{\"entity_validation\":{\"required_fields\":[\"name\"]}}";

    assert_problems(rules,
                    "{\"devices/a\":{\"entity_id\":\"a\"," BOUND
                    "},\"devices/b\":{\"entity_id\":\"b\",\"name\":1," BOUND "}}",
                    "{\"devices/a\":{\"entity_id\":\"a\"," BOUND
                    "},\"devices/b\":{\"entity_id\":\"b\"," BOUND "}}",
                    "warning devices/a /name: required field \"name\" is missing\n"
                    "error devices/b /name: required field \"name\" is missing");
}

static void test_pairs(void)
{
    const char *pairs = "\"dgn_pairs\":{\"1FEDB\":\"1FEDA\"}";
    g_autofree char *lonely = g_strdup_printf(
        "{%s,\"devices/a\":{\"entity_id\":\"a\",\"bindings\":[{\"dgn\":\"1FEDB\",\"instance\":1}]}}", pairs);
    g_autofree char *bound =
        g_strdup_printf("{%s,\"devices/a\":{\"entity_id\":\"a\",\"bindings\":["
                        "{\"dgn\":\"1FEDB\",\"instance\":1},{\"dgn\":\"1FEDA\",\"instance\":9}]}}",
                        pairs);
    g_autofree char *says = g_strdup_printf(
        "{%s,\"devices/a\":{\"entity_id\":\"a\",\"status_dgn\":\"1FEDA\",\"bindings\":[{\"dgn\":\"1FEDB\",\"instance\":1}]}}",
        pairs);
    const char *problem =
        "warning devices/a /bindings/1FEDB:1: commanded by 1FEDB, but nothing tells its state: no binding at 1FEDA and "
        "no status_dgn";

    assert_problems("{}", lonely, NULL, problem);
    assert_problems("{}", bound, NULL, "");
    assert_problems("{}", says, NULL, "");
    assert_problems("{\"integrity_validation\":{\"check_dgn_pairs\":false}}", lonely, NULL, "");
}

static void test_pairs_section(void)
{
    assert_problems(
        "{}",
        "{\"dgn_pairs\":{\"1FEDB\":\"1FEDA\",\"2FEDB\":\"1FEDA\",\"1FEDC\":\"x\",\"a/b\":1,\"1FEDD\":null}}",
        NULL,
        "warning dgn_pairs /2FEDB: a pair is a command DGN and a status DGN of 17 bits\n"
        "warning dgn_pairs /1FEDC: a pair is a command DGN and a status DGN of 17 bits\n"
        "warning dgn_pairs /a~1b: a pair is a command DGN and a status DGN of 17 bits");
}

static void test_instance_counts(void)
{
    const char *model =
        "{\"devices/a\":{\"entity_id\":\"a\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
        "{\"dgn\":\"1FEDA\",\"instance\":2},{\"dgn\":\"1FEDA\",\"instance\":\"default\"}]},"
        "\"devices/b\":{\"entity_id\":\"b\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":2},"
        "{\"dgn\":\"1FEDB\",\"instance\":3}]}}";

    assert_problems("{\"entity_validation\":{\"max_instances_per_dgn\":2}}", model, NULL, "");
    assert_problems(
        "{\"entity_validation\":{\"max_instances_per_dgn\":1}}", model, NULL,
        "warning validation_rules/entity_validation /max_instances_per_dgn: DGN 1FEDA has 2 instances, the coach file allows 1");
}

static void test_interface_requirements(void)
{
    assert_problems("{}",
                    "{\"interface_requirements/house\":{},\"devices/a\":{\"interface\":\"house\"," BOUND "},"
                    "\"devices/b\":{\"interface\":\"attic\"," BOUND "}}",
                    NULL,
                    "warning devices/b /interface: interface \"attic\" is not in interface_requirements");
    assert_problems("{}", "{\"devices/b\":{\"interface\":\"attic\"," BOUND "}}", NULL, "");
}

/* Sections of a shape that nobody speaks of. */
static void test_other_shapes(void)
{
    assert_problems(
        "{}",
        "{\"dgn_pairs\":[\"1FEDB\",\"1FEDA\"],\"lighting_scenes/s\":{\"entities\":{\"a\":{\"state\":\"on\"}}},"
        "\"lighting_scenes/t\":[1],\"devices/a\":{\"entity_id\":\"a\"," BOUND "}}",
        NULL, "");
}

static void test_unbound_device(void)
{
    assert_problems("{}", "{}", "{\"devices/a\":{\"entity_id\":\"a\"}}",
                    "error devices/a /bindings: the device has no binding, so no decoder will find it");
    assert_problems("{}", "{}", "{\"devices/a\":{\"entity_id\":\"a\",\"bindings\":[]}}",
                    "error devices/a /bindings: the device has no binding, so no decoder will find it");
}

static Rules *rules_of(const CoachFile *file)
{
    g_autoptr(Value) sections = value_new_map();

    /* The validator is told the rules; here they come from any component that is there. */
    for (guint i = 0; i < file->components->len && i < 3; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        value_map_set(&sections, i == 0 ? "entity_validation" : "interface_validation", component->data);
    }
    return rules_new(sections, sections);
}

/* Law: the vendor's own data are never an error, whatever they are; and a model is checked without a change
 * to it. */
static void vendor_gives_no_error(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);
    g_autoptr(Rules) of = rules_of(file);
    g_autoptr(GPtrArray) problems = problem_list_new();
    g_autofree char *hash = NULL;

    story("file", data);
    validate_model(of, file->components, file->components, problems);
    for (guint i = 0; i < problems->len; i++)
        check(g_str_equal(((const Problem *) g_ptr_array_index(problems, i))->severity, PROBLEM_WARNING));
    hash = coach_file_content_hash(file->components);
    check(g_str_equal(hash, file->content_hash));
}

static void test_vendor_gives_no_error(void)
{
    repeat(2000, vendor_gives_no_error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/validate/clean", test_clean);
    g_test_add_func("/validate/references", test_references);
    g_test_add_func("/validate/vendor-or-edit", test_vendor_or_edit);
    g_test_add_func("/validate/rules-of-components", test_rules_of_components);
    g_test_add_func("/validate/many-patterns", test_many_patterns);
    g_test_add_func("/validate/many-problems", test_many_problems);
    g_test_add_func("/validate/pairs", test_pairs);
    g_test_add_func("/validate/many-bindings", test_many_bindings);
    g_test_add_func("/validate/pairs/section", test_pairs_section);
    g_test_add_func("/validate/instance-counts", test_instance_counts);
    g_test_add_func("/validate/interface-requirements", test_interface_requirements);
    g_test_add_func("/validate/other-shapes", test_other_shapes);
    g_test_add_func("/validate/unbound-device", test_unbound_device);
    g_test_add_func("/validate/vendor-gives-no-error", test_vendor_gives_no_error);
    return g_test_run();
}
