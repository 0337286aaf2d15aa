/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-rules.c: the rules that a coach file states about itself, for components and for edits. */

#include "coach/rules.h"

#include <string.h>

#include "support.h"

#define LAMP "devices/lamp"

static Rules *rules(const char *metadata, const char *validation)
{
    g_autoptr(Value) first = metadata ? parse(metadata) : NULL,
                     second = validation ? parse(validation) : NULL;

    return rules_new(first, second);
}

/* Problems as JSON: [[field, message], …]. */
static Value *problems_of(const Rules *of, const char *path, const char *component)
{
    g_autoptr(GPtrArray) problems = problem_list_new();
    g_autoptr(Value) data = parse(component);
    Value *list = value_new_list();

    rules_check_component(of, path, data, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);
        Value *row = value_new_list();

        g_assert_cmpstr(problem->severity, ==, PROBLEM_WARNING);
        g_assert_cmpstr(problem->path, ==, path);
        value_list_take(&row, value_new_string(problem->field));
        value_list_take(&row, value_new_string(problem->message));
        value_list_take(&list, row);
    }
    return list;
}

static void assert_fields(const Rules *of, const char *component, const char *fields)
{
    g_autoptr(Value) problems = problems_of(of, LAMP, component);
    g_autoptr(GString) found = g_string_new(NULL);

    VALUE_FOREACH_ITEM (row, problems)
        g_string_append_printf(found, "%s%s", found->len ? " " : "", value_string(value_list_item(row, 0)));
    g_test_message("%s", component);
    g_assert_cmpstr(found->str, ==, fields);
}

static void test_settings(void)
{
    g_autoptr(Rules) none = rules(NULL, NULL),
                     malformed = rules("[]", "{\"entity_validation\":5,\"interface_validation\":[]}");
    g_autoptr(Rules) some =
        rules(NULL, "{\"entity_validation\":{\"max_instances_per_dgn\":3},"
                    "\"interface_validation\":{\"allowed_logical_interfaces\":[\"house\"]},"
                    "\"integrity_validation\":{\"check_dgn_pairs\":false}}");

    g_assert_null(rules_logical_interfaces(none));
    g_assert_true(rules_check_dgn_pairs(none));
    g_assert_cmpint(rules_max_instances(none), ==, 256);
    g_assert_null(rules_logical_interfaces(malformed));
    g_assert_true(rules_check_dgn_pairs(malformed));
    assert_json(rules_logical_interfaces(some), "[\"house\"]");
    g_assert_false(rules_check_dgn_pairs(some));
    g_assert_cmpint(rules_max_instances(some), ==, 3);
}

/* A rule of the wrong shape is no rule. */
static void test_malformed(void)
{
    g_autoptr(Rules) of = rules(
        "{\"immutable_fields\":{\"name\":1},\"runtime_editable_fields\":{\"name\":1}}",
        "{\"entity_validation\":{\"required_fields\":{\"name\":1},\"supported_device_types\":{\"light\":1},"
        "\"entity_id_pattern\":5,\"max_instances_per_dgn\":\"many\"},\"interface_validation\":{"
        "\"allowed_logical_interfaces\":{\"house\":1},\"allowed_physical_interfaces\":{\"can0\":1},"
        "\"require_logical_interfaces\":1},\"config_validation\":5}");
    g_autoptr(Value) lamp =
        parse("{\"entity_id\":\"lamp\",\"device_type\":\"x\",\"interface\":\"y\",\"name\":1}");
    g_autoptr(Value) renamed =
        parse("{\"entity_id\":\"lamp\",\"device_type\":\"x\",\"interface\":\"z\",\"name\":2}");
    g_autoptr(GPtrArray) fields = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    assert_fields(of, "{\"entity_id\":\"lamp\",\"device_type\":\"x\",\"interface\":\"y\"}", "");
    g_ptr_array_add(fields, (char *) "/name");
    g_assert_true(rules_check_edit(of, LAMP, lamp, lamp, renamed, fields, false, &error));
    g_assert_no_error(error);
    g_assert_cmpint(rules_max_instances(of), ==, 256);
}

static void test_required_fields(void)
{
    g_autoptr(Rules) of =
        rules(NULL, "{\"entity_validation\":{\"required_fields\":[\"entity_id\",\"name\",5]}}");

    assert_fields(of, "{\"entity_id\":\"lamp\",\"name\":\"\"}", "");
    assert_fields(of, "{\"entity_id\":\"lamp\"}", "/name");
    assert_fields(of, "{\"entity_id\":\"lamp\",\"name\":null}", "/name");
    /* Each binding has to have it, said once where all lack it. */
    assert_fields(of,
                  "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
                  "{\"dgn\":\"1FEDB\",\"instance\":1}]}",
                  "/name");
    assert_fields(of,
                  "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"name\":\"x\"},"
                  "{\"dgn\":\"1FEDB\",\"instance\":1,\"name\":\"y\"}]}",
                  "");
    /* No rule speaks of other sections. */
    g_autoptr(Value) problems = problems_of(of, "areas/lamp", "{}");
    assert_json(problems, "[]");
}

/* The pointer of a problem names the field also where its name has a slash. */
static void test_required_field_name(void)
{
    g_autoptr(Rules) of = rules(NULL, "{\"entity_validation\":{\"required_fields\":[\"a/b\",\"m~n\"]}}");

    assert_fields(of, "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]}", "/a~1b /m~0n");
}

static void test_device_types(void)
{
    g_autoptr(Rules) of = rules(NULL, "{\"entity_validation\":{\"supported_device_types\":[\"light\"]}}");

    assert_fields(of, "{\"device_type\":\"light\"}", "");
    assert_fields(of, "{\"device_type\":\"lock\"}", "/device_type");
    assert_fields(of, "{}", "");
    assert_fields(of,
                  "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"device_type\":\"lock\"},"
                  "{\"dgn\":\"1FEDA\",\"instance\":2,\"device_type\":\"light\"}]}",
                  "/bindings/1FEDA:1/device_type");
}

static void test_entity_id_pattern(void)
{
    g_autoptr(Rules) of =
        rules(NULL, "{\"entity_validation\":{\"entity_id_pattern\":\"^[a-z][a-z0-9_]*$\"}}");
    g_autoptr(Rules) broken = rules(NULL, "{\"entity_validation\":{\"entity_id_pattern\":\"[\"}}");

    assert_fields(of, "{\"entity_id\":\"lamp_1\"}", "");
    assert_fields(of, "{\"entity_id\":\"Lamp\"}", "/entity_id");
    assert_fields(of, "{\"entity_id\":\"lamp\\n\"}", "/entity_id");
    assert_fields(broken, "{\"entity_id\":\"Lamp\"}", "");
}

/* What would take hours is given up, and tells nothing. */
static void test_pattern_without_an_end(void)
{
    const char *patterns[] = {"(a+)+$", "(a|a)*[bc]", "(*LIMIT_MATCH=4000000000)(a|aa)+[bc]"};
    g_autofree char *id = g_strnfill(400, 'a');
    g_autofree char *device = g_strdup_printf("{\"entity_id\":\"%s!\"}", id);
    g_autofree char *length = g_strnfill(1025, 'b');

    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"entity_validation\":{\"entity_id_pattern\":\"%s\"}}", patterns[i]);
        g_autoptr(Rules) of = rules(NULL, text);

        for (int times = 0; times < 1000; times++)
            assert_fields(of, device, "");
    }
    {
        g_autofree char *text =
            g_strdup_printf("{\"entity_validation\":{\"entity_id_pattern\":\"%s\"}}", length);
        g_autoptr(Rules) of = rules(NULL, text);

        assert_fields(of, device, "");
    }
}

static void test_interfaces(void)
{
    g_autoptr(Rules) both =
        rules(NULL, "{\"interface_validation\":{\"allowed_logical_interfaces\":[\"house\"],"
                    "\"allowed_physical_interfaces\":[\"can0\"]}}");
    g_autoptr(Rules) logical =
        rules(NULL, "{\"interface_validation\":{\"allowed_logical_interfaces\":[\"house\"],"
                    "\"allowed_physical_interfaces\":[\"can0\"],\"require_logical_interfaces\":true}}");
    g_autoptr(Rules) none = rules(NULL, NULL);

    assert_fields(both, "{\"interface\":\"house\"}", "");
    assert_fields(both, "{\"interface\":\"can0\"}", "");
    assert_fields(both, "{\"interface\":\"can1\"}", "/interface");
    assert_fields(logical, "{\"interface\":\"can0\"}", "/interface");
    assert_fields(none, "{\"interface\":\"anything\"}", "");
    assert_fields(both, "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"interface\":\"x\"}]}",
                  "/bindings/1FEDA:1/interface");
}

/* Edits */

typedef struct EditRow {
    const char *vendor, *before, *after, *fields;
    bool force;
    int code; /* -1: allowed */
} EditRow;

static void assert_edits(const Rules *of, const char *path, const EditRow *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(Value) vendor = rows[i].vendor ? parse(rows[i].vendor) : NULL;
        g_autoptr(Value) before = rows[i].before ? parse(rows[i].before) : NULL;
        g_autoptr(Value) after = rows[i].after ? parse(rows[i].after) : NULL;
        g_auto(GStrv) fields = g_strsplit(rows[i].fields ? rows[i].fields : "", " ", -1);
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        g_autoptr(GError) error = NULL;

        for (char **field = fields; *field; field++)
            g_ptr_array_add(list, *field);
        g_test_message("row %u: %s", i, rows[i].after ? rows[i].after : "(none)");
        bool ok = rules_check_edit(of, path, vendor, before, after, list, rows[i].force, &error);
        if (rows[i].code < 0) {
            g_assert_no_error(error);
            g_assert_true(ok);
        } else {
            g_assert_false(ok);
            g_assert_error(error, CONFIG_ERROR, rows[i].code);
        }
    }
}

#define LAMP_DATA                                                                                           \
    "{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"name\":\"Lamp\",\"z\":1,"                          \
    "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"role\":\"s\"},{\"dgn\":\"1FEDB\",\"instance\":1}]}"

static void test_edit_fields(void)
{
    g_autoptr(Rules) of = rules(
        "{\"immutable_fields\":[\"entity_id\",\"device_type\",\"instance\"],\"runtime_editable_fields\":[\"name\",\"role\"]}",
        NULL);
    static const EditRow rows[] = {
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "", false, -1},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"name\":\"New\",\"z\":1,"
         "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"role\":\"s\"},{\"dgn\":\"1FEDB\",\"instance\":1}]}",
         "/name", false, -1},
        /* An immutable field, also where its value stays, also with force. */
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/device_type", false, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/device_type", true, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/bindings/1FEDA:1/device_type", true, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/bindings/1FEDA:1", true, CONFIG_ERROR_IMMUTABLE},
        /* Found by what differs when nobody named it. */
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"device_type\":\"lock\",\"name\":\"Lamp\",\"z\":1,"
         "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"role\":\"s\"},{\"dgn\":\"1FEDB\",\"instance\":1}]}",
         NULL, true, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"name\":\"Lamp\",\"z\":1,"
         "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":2,\"role\":\"s\"},{\"dgn\":\"1FEDB\",\"instance\":1}]}",
         NULL, true, CONFIG_ERROR_IMMUTABLE},
        /* Not meant to be edited: force. */
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/z", false, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/z", true, -1},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/z/deep", false, CONFIG_ERROR_IMMUTABLE},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/bindings/1FEDA:1/role", false, -1},
        {LAMP_DATA, LAMP_DATA, LAMP_DATA, "/bindings/1FEDA:1/z", false, CONFIG_ERROR_IMMUTABLE},
        /* An owner's own device is the owner's. */
        {NULL, LAMP_DATA, LAMP_DATA, "/device_type /z", false, -1},
        {NULL, NULL, LAMP_DATA, NULL, false, -1},
        /* But for its name. */
        {NULL, LAMP_DATA, LAMP_DATA, "/entity_id", true, CONFIG_ERROR_IMMUTABLE},
        /* A whole device may go and come back. */
        {LAMP_DATA, LAMP_DATA, NULL, NULL, false, -1},
        {LAMP_DATA, NULL, LAMP_DATA, NULL, false, -1},
    };

    assert_edits(of, LAMP, rows, G_N_ELEMENTS(rows));
}

static void test_edit_other_sections(void)
{
    g_autoptr(Rules) of =
        rules("{\"immutable_fields\":[\"year\"],\"runtime_editable_fields\":[\"name\"]}", NULL);
    static const EditRow rows[] = {
        /* What is meant for devices does not bind other sections, immutable does. */
        {"{\"year\":1,\"note\":1}", "{\"year\":1,\"note\":1}", "{\"year\":1,\"note\":2}", "/note", false,
         -1},
        {"{\"year\":1}", "{\"year\":1}", "{\"year\":2}", "/year", true, CONFIG_ERROR_IMMUTABLE},
        {"{}", "{}", "{\"entity_id\":5}", "/entity_id", false, -1},
        {NULL, NULL, "[1]", NULL, true, CONFIG_ERROR_INVALID_DATA},
    };

    assert_edits(of, "areas/x", rows, G_N_ELEMENTS(rows));
}

static void test_edit_locked_file(void)
{
    g_autoptr(Rules) of = rules(NULL, "{\"config_validation\":{\"allow_runtime_modification\":false}}");
    g_autoptr(Rules) open = rules(NULL, "{\"config_validation\":{\"allow_runtime_modification\":\"no\"}}");
    static const EditRow refused[] = {{"{}", "{}", "{\"a\":1}", "/a", true, CONFIG_ERROR_IMMUTABLE}};
    static const EditRow allowed[] = {{"{}", "{}", "{\"a\":1}", "/a", false, -1}};

    assert_edits(of, "areas/x", refused, 1);
    assert_edits(open, "areas/x", allowed, 1);
}

static void test_edit_identity(void)
{
    g_autoptr(Rules) of = rules(NULL, NULL);
    static const EditRow rows[] = {
        {NULL, NULL, "{\"entity_id\":\"lamp\"}", NULL, false, -1},
        {NULL, NULL, "{\"entity_id\":\"lamp\",\"bindings\":[]}", NULL, false, -1},
        {NULL, NULL, "{}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":\"other\"}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":5}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "[1]", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":\"lamp\",\"bindings\":{}}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\"}]}", NULL, true,
         CONFIG_ERROR_INVALID_DATA},
    };

    assert_edits(of, LAMP, rows, G_N_ELEMENTS(rows));
}

/* A section of maps has a component for each when its file is read. */
static void test_edit_children(void)
{
    g_autoptr(Rules) of = rules(NULL, NULL);
    static const EditRow whole[] = {
        {NULL, NULL, "{\"\":{}}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, "{}", "{\"a\\tb\":{},\"c\":{}}", NULL, true, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"\":{},\"a\":1}", NULL, true, -1},
        {NULL, NULL, "{\"a/b\":{}}", NULL, true, -1},
    };
    static const EditRow child[] = {{NULL, NULL, "{\"\":{}}", NULL, true, -1}};

    assert_edits(of, "cafe", whole, G_N_ELEMENTS(whole));
    assert_edits(of, "cafe/x", child, G_N_ELEMENTS(child));
}

/* A binding that says to be another device would come back as that when its file is read again. */
static void test_edit_identity_of_bindings(void)
{
    g_autoptr(Rules) of = rules(NULL, NULL);
    static const EditRow rows[] = {
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"entity_id\":\"other\"}]}",
         NULL, true, CONFIG_ERROR_INVALID_DATA},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"entity_id\":null}]}",
         NULL, true, CONFIG_ERROR_INVALID_DATA},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"entity_id\":\"lamp\"}]}",
         NULL, true, -1},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"bindings\":1}]}", NULL,
         true, CONFIG_ERROR_INVALID_DATA},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
         "{\"dgn\":\"1FEDA\",\"instance\":2,\"device_type\":\"lock\"}]}",
         NULL, true, CONFIG_ERROR_INVALID_DATA},
        {LAMP_DATA, LAMP_DATA,
         "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
         "{\"dgn\":\"1FEDA\",\"instance\":2,\"device_type\":\"lock\"}]}",
         NULL, true, -1},
    };

    assert_edits(of, LAMP, rows, G_N_ELEMENTS(rows));
}

/* What is immutable at a binding of the vendor's is so also after the binding was unset for a while. */
static void test_edit_binding_that_comes_back(void)
{
    g_autoptr(Rules) of = rules("{\"immutable_fields\":[\"kind\"]}", NULL);
    static const char vendor[] = "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
                                 "{\"dgn\":\"1FEDB\",\"instance\":1,\"kind\":\"dimmer\"}]}",
                      gone[] = "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]}",
                      other[] = "{\"entity_id\":\"lamp\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
                                "{\"dgn\":\"1FEDB\",\"instance\":1,\"kind\":\"relay\"}]}";
    static const EditRow rows[] = {
        {vendor, vendor, gone, NULL, false, -1},
        {vendor, gone, vendor, NULL, false, -1},
        {vendor, gone, other, NULL, false, CONFIG_ERROR_IMMUTABLE},
        {vendor, vendor, other, NULL, false, CONFIG_ERROR_IMMUTABLE},
    };

    assert_edits(of, LAMP, rows, G_N_ELEMENTS(rows));
}

/* An edit may not break a rule; what was broken before may stay. */
static void test_edit_problems(void)
{
    g_autoptr(Rules) of = rules(
        NULL,
        "{\"entity_validation\":{\"required_fields\":[\"name\"],\"supported_device_types\":[\"light\"]}}");
    static const EditRow rows[] = {
        {NULL, "{\"entity_id\":\"lamp\",\"name\":1}", "{\"entity_id\":\"lamp\"}", "/name", true,
         CONFIG_ERROR_INVALID_DATA},
        {NULL, "{\"entity_id\":\"lamp\"}", "{\"entity_id\":\"lamp\",\"x\":1}", "/x", false, -1},
        {NULL, "{\"entity_id\":\"lamp\"}", "{\"entity_id\":\"lamp\",\"device_type\":\"lock\"}", NULL, false,
         CONFIG_ERROR_INVALID_DATA},
        {NULL, "{\"entity_id\":\"lamp\",\"device_type\":\"lock\"}",
         "{\"entity_id\":\"lamp\",\"device_type\":\"door\"}", NULL, false, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":\"lamp\"}", NULL, false, CONFIG_ERROR_INVALID_DATA},
        {NULL, NULL, "{\"entity_id\":\"lamp\",\"name\":\"x\"}", NULL, false, -1},
    };

    assert_edits(of, LAMP, rows, G_N_ELEMENTS(rows));
}

/* Law: what the rules refuse they refuse for its own sake: an edit that changes nothing and names nothing is
 * always allowed, and checking leaves the components as they are. */
static void checking_is_pure(void)
{
    g_autoptr(Value) metadata = random_map(2), validation = random_map(3), device = random_device("lamp");
    g_autoptr(Rules) of = rules_new(metadata, validation);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *before = json_format(device), *after = NULL;

    story("device", device);
    check(rules_check_edit(of, LAMP, device, device, device, none, false, &error));
    after = json_format(device);
    check(g_str_equal(before, after));
}

static void test_checking_is_pure(void)
{
    repeat(2000, checking_is_pure);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/settings", test_settings);
    g_test_add_func("/rules/malformed", test_malformed);
    g_test_add_func("/rules/required-fields", test_required_fields);
    g_test_add_func("/rules/required-fields/name", test_required_field_name);
    g_test_add_func("/rules/device-types", test_device_types);
    g_test_add_func("/rules/entity-id-pattern", test_entity_id_pattern);
    g_test_add_func("/rules/pattern-without-an-end", test_pattern_without_an_end);
    g_test_add_func("/rules/interfaces", test_interfaces);
    g_test_add_func("/rules/edit/fields", test_edit_fields);
    g_test_add_func("/rules/edit/other-sections", test_edit_other_sections);
    g_test_add_func("/rules/edit/locked-file", test_edit_locked_file);
    g_test_add_func("/rules/edit/children", test_edit_children);
    g_test_add_func("/rules/edit/identity", test_edit_identity);
    g_test_add_func("/rules/edit/identity-of-bindings", test_edit_identity_of_bindings);
    g_test_add_func("/rules/edit/binding-that-comes-back", test_edit_binding_that_comes_back);
    g_test_add_func("/rules/edit/problems", test_edit_problems);
    g_test_add_func("/rules/checking-is-pure", test_checking_is_pure);
    return g_test_run();
}
