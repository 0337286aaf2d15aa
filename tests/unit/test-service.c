/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-service.c: the operations, with a real database and a folder of coach files of their own; and the law
 * that memory, database and record never disagree, whatever is edited. */

#include "service/service.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "coach/dgn.h"
#include "coach/path.h"
#include "service-support.h"

/* A model with rules of its own. */
static const char *const strict_text = "file_metadata:\n"
                                       "  immutable_fields: [device_type]\n"
                                       "  runtime_editable_fields: [name]\n"
                                       "validation_rules:\n"
                                       "  entity_validation: {required_fields: [name]}\n"
                                       "  interface_validation: {allowed_logical_interfaces: [house], "
                                       "allowed_physical_interfaces: [can0]}\n"
                                       "1FEDA:\n"
                                       "  1: [{entity_id: lamp, name: Lamp, device_type: light, z: 1}]\n";

/* Models and import */

static const ModelInfo *find_model(GPtrArray *models, const char *id)
{
    for (guint i = 0; i < models->len; i++)
        if (g_str_equal(((const ModelInfo *) g_ptr_array_index(models, i))->id, id))
            return g_ptr_array_index(models, i);
    return NULL;
}

static void test_import(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) before = NULL, after = NULL, page = NULL, changes = NULL;
    g_autoptr(GError) error = NULL;
    const char *next;
    bool needed = false;
    int64_t revision, next_change;
    const ModelInfo *info;

    g_assert_true(service_list_models(f->service, &before, NULL));
    info = find_model(before, MODEL);
    g_assert_nonnull(info);
    g_assert_true(info->bundled && !info->import && !info->active && !info->update_available);
    g_assert_cmpstr(info->coach.year, ==, "2021");
    g_assert_cmpstr(info->bundled_version, ==, "1.0");
    g_assert_cmpuint(info->n_devices, ==, 4);
    /* What is compiled in is there too. */
    g_assert_nonnull(find_model(before, "2021_Entegra_Aspire_44R"));

    g_assert_false(
        service_get_mappings(f->service, MODEL, "", "", 10, &page, &next, &seen_revision, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED);
    g_clear_error(&error);
    g_assert_true(service_needs_import(f->service, MODEL, &needed, NULL));
    g_assert_true(needed);

    import(f, MODEL);
    g_assert_cmpuint(f->n_events, ==, 1);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_IMPORTED);
    g_assert_cmpstr(f->event_model, ==, MODEL);
    g_assert_cmpint(f->event_change, ==, 1);
    g_assert_true(service_needs_import(f->service, MODEL, &needed, NULL));
    g_assert_false(needed);
    g_assert_true(service_list_models(f->service, &after, NULL));
    info = find_model(after, MODEL);
    g_assert_nonnull(info->import);
    g_assert_cmpstr(info->import->content_hash, ==, info->bundled_hash);

    /* Once more changes nothing. */
    import(f, MODEL);
    g_assert_cmpuint(f->n_events, ==, 1);
    g_assert_true(service_get_revision(f->service, &revision, NULL));
    g_assert_cmpint(revision, ==, 1);
    g_assert_true(service_list_changes(f->service, 0, 10, NULL, NULL, &changes, &next_change, NULL));
    g_assert_cmpuint(changes->len, ==, 1);
    assert_fresh(f);
    assert_intact(f);
}

static void test_no_such_model(Fixture *f, gconstpointer unused)
{
    static const char *const names[] = {"none", "../coach", "coach.yml", "", ".hidden", "a/b", NULL};
    bool needed;

    for (guint i = 0; names[i]; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(service_plan_import(f->service, names[i], "", &no_options, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL);
        g_clear_error(&error);
        g_assert_false(service_needs_import(f->service, names[i], &needed, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL);
    }
}

static void test_import_of_broken_file(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) models = NULL;
    g_autofree char *rows = NULL;

    write_seed(f, "broken", "a: 1\na: 2\n");
    g_assert_null(service_plan_import(f->service, "broken", "", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
    g_assert_nonnull(strstr(error->message, "line 2, column 1"));
    /* It stands in the list, with what is wrong with it. */
    g_assert_true(service_list_models(f->service, &models, NULL));
    g_assert_nonnull(find_model(models, "broken")->problem);
    rows = raw_text(f->state, "SELECT count(*) FROM changes");
    g_assert_cmpstr(rows, ==, "0");
}

static void test_newer_bundled_file(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) models = NULL, same = NULL;
    g_autofree char *commented = g_strconcat("# The same.\n", coach_text, NULL);
    g_autofree char *changed = g_strconcat(coach_text, "new: 1\n", NULL);

    import(f, MODEL);
    write_seed(f, MODEL, commented);
    g_assert_true(service_list_models(f->service, &same, NULL));
    g_assert_false(find_model(same, MODEL)->update_available);
    write_seed(f, MODEL, changed);
    g_assert_true(service_list_models(f->service, &models, NULL));
    g_assert_true(find_model(models, MODEL)->update_available);
    /* It does not replace what is imported. */
    import(f, MODEL);
    assert_data(f, "new", NULL);
}

/* Reading */

static void test_pages(Fixture *f, gconstpointer unused)
{
    static const char *const prefixes[] = {"", "devices/", "devices/b", "areas", "z", NULL};

    import(f, MODEL);
    for (guint p = 0; prefixes[p]; p++) {
        g_autoptr(GPtrArray) all = NULL;
        const char *next;

        g_assert_true(service_get_mappings(f->service, MODEL, prefixes[p], "", 1000, &all, &next,
                                           &seen_revision, NULL));
        g_assert_cmpstr(next, ==, "");
        for (unsigned limit = 1; limit < 4; limit++) {
            g_autofree char *after = g_strdup("");
            guint n = 0;

            do {
                g_autoptr(GPtrArray) page = NULL;

                g_assert_true(service_get_mappings(f->service, MODEL, prefixes[p], after, limit, &page,
                                                   &next, &seen_revision, NULL));
                g_assert_cmpuint(page->len, <=, limit);
                for (guint i = 0; i < page->len; i++)
                    g_assert_true(g_ptr_array_index(page, i) == g_ptr_array_index(all, n + i));
                n += page->len;
                g_free(after);
                after = g_strdup(next);
            } while (next[0]);
            g_assert_cmpuint(n, ==, all->len);
        }
    }
}

static void assert_found(Fixture *f, FindQuery query, const char *expected)
{
    g_autofree char *found = find(f->service, &query);

    g_assert_cmpstr(found, ==, expected);
}

static void test_find(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    assert_found(f, (FindQuery){.device_type = "light"}, "devices/any devices/bath devices/bed");
    assert_found(f, (FindQuery){.area = "interior"}, "devices/bed devices/door");
    assert_found(f, (FindQuery){.area = "interior.bedroom"}, "devices/bed");
    assert_found(f, (FindQuery){.area = "interior.bed"}, "");
    assert_found(f, (FindQuery){.area = "bath"}, "devices/bath");
    assert_found(f, (FindQuery){.interface = "house"}, "devices/bed");
    assert_found(f, (FindQuery){.text = "BED light"}, "devices/bed");
    assert_found(f, (FindQuery){.text = "inside"}, "areas/interior");
    assert_found(f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA}, "devices/any devices/bath devices/bed");
    assert_found(f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA, .has_instance = true, .instance = 25},
                 "devices/bath devices/bed");
    assert_found(
        f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA, .has_instance = true, .instance = INSTANCE_DEFAULT},
        "devices/any");
    assert_found(f, (FindQuery){.has_instance = true, .instance = 1}, "devices/door");
    assert_found(f, (FindQuery){.device_type = "light", .text = "bath"}, "devices/bath");
    assert_found(f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA, .device_type = "lock"}, "");
    /* And after each kind of edit. */
    do_edits(f, "set devices/bath /device_type \"lock\"\ndelete devices/any");
    assert_found(f, (FindQuery){.device_type = "light"}, "devices/bed");
    assert_found(f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA}, "devices/bath devices/bed");
    do_edits(f, "reset devices/any\nreset devices/bath");
    assert_found(f, (FindQuery){.device_type = "light"}, "devices/any devices/bath devices/bed");
}

/* A field that differs between the places of a device is looked for at each. */
static void test_find_at_bindings(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    do_edits(f, "set devices/bed /bindings/1FEDB:25/interface \"chassis\"");
    assert_found(f, (FindQuery){.interface = "chassis"}, "devices/bed");
    assert_found(f, (FindQuery){.interface = "house"}, "devices/bed");
}

static void assert_looked_up(Fixture *f, uint32_t dgn, int instance, const char *expected)
{
    g_autoptr(GPtrArray) devices = NULL;
    g_autoptr(Value) list = value_new_list();
    g_autoptr(GError) error = NULL;

    service_lookup(f->service, MODEL, dgn, instance, &devices, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < devices->len; i++) {
        const LookupResult *device = g_ptr_array_index(devices, i);
        value_list_take(&list, value_new_string(device->path));
        value_list_take(&list, parse(device->data));
    }
    assert_json(list, expected);
}

static void test_lookup(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = NULL;

    import(f, MODEL);
    assert_looked_up(
        f, 0x1FEDB, 25,
        "[\"devices/bed\",{\"entity_id\":\"bed\",\"friendly_name\":\"Bed Light\",\"device_type\":\"light\","
        "\"area\":\"interior.bedroom\",\"interface\":\"house\",\"role\":\"c\",\"dgn_name\":\"DC_DIMMER_COMMAND_2\"}]");
    /* Nobody at this instance: the default. */
    assert_looked_up(
        f, 0x1FEDA, 7,
        "[\"devices/any\",{\"entity_id\":\"any\",\"device_type\":\"light\",\"dgn_name\":\"DC_DIMMER_STATUS_3\"}]");
    assert_looked_up(f, 0x1FEDB, 7, "[]");
    assert_looked_up(f, 0x12345, 7, "[]");

    commit(f, service_plan_interface(f->service, "house", "can1", &no_options, NULL));
    do_edits(f, "set devices/bed /bindings/1FEDB:25/role \"x\"\nset devices/bed /friendly_name \"Mine\"");
    assert_looked_up(
        f, 0x1FEDB, 25,
        "[\"devices/bed\",{\"entity_id\":\"bed\",\"friendly_name\":\"Mine\",\"device_type\":\"light\","
        "\"area\":\"interior.bedroom\",\"interface\":\"house\",\"role\":\"x\",\"physical_interface\":\"can1\",\"dgn_name\":\"DC_DIMMER_COMMAND_2\"}]");
    /* A binding that goes gives way to the default. */
    do_edits(f, "delete devices/bed\ndelete devices/bath");
    assert_looked_up(
        f, 0x1FEDA, 25,
        "[\"devices/any\",{\"entity_id\":\"any\",\"device_type\":\"light\",\"dgn_name\":\"DC_DIMMER_STATUS_3\"}]");
    g_assert_false(service_lookup(f->service, MODEL, 0x20000, 1, &devices, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
    assert_fresh(f);
}

static Value *explained_field(Value *explained, const char *field)
{
    VALUE_FOREACH_ITEM (row, value_map_get(explained, "fields"))
        if (g_strcmp0(value_map_get_string(row, "field"), field) == 0)
            return row;
    return NULL;
}

static void test_explain(Fixture *f, gconstpointer unused)
{
    g_autofree char *text = NULL, *gone = NULL;
    g_autoptr(GError) error = NULL;
    Value *row;

    import(f, MODEL);
    do_edits(f, "set devices/bed /friendly_name \"Mine\"");
    do_edits(f, "unset devices/bed /area\nset devices/bed /bindings/1FEDA:25/role \"q\"");
    g_assert_true(service_explain(f->service, MODEL, "devices/bed", &text, NULL));
    g_autoptr(Value) explained = parse(text);
    g_assert_cmpstr(value_map_get_string(explained, "source"), ==, "user");

    row = explained_field(explained, "/friendly_name");
    g_assert_cmpstr(value_map_get_string(row, "layer"), ==, "user");
    g_assert_cmpstr(value_map_get_string(row, "value"), ==, "Mine");
    g_assert_cmpstr(value_map_get_string(row, "vendor"), ==, "Bed Light");
    g_assert_cmpstr(value_map_get_string(row, "user"), ==, "ann");
    g_assert_cmpstr(value_map_get_string(row, "reason"), ==, "because");
    g_assert_cmpint(value_integer(value_map_get(row, "change")), ==, 2);
    row = explained_field(explained, "/device_type");
    g_assert_cmpstr(value_map_get_string(row, "layer"), ==, "factory");
    g_assert_null(value_map_get(row, "change"));
    row = explained_field(explained, "/area");
    assert_json(value_map_get(row, "unset"), "true");
    g_assert_cmpstr(value_map_get_string(row, "vendor"), ==, "interior.bedroom");
    row = explained_field(explained, "/bindings/1FEDA:25/role");
    g_assert_cmpint(value_integer(value_map_get(row, "change")), ==, 3);

    do_edits(f, "delete devices/bed");
    g_assert_true(service_explain(f->service, MODEL, "devices/bed", &gone, NULL));
    g_autoptr(Value) deleted = parse(gone);
    assert_json(value_map_get(deleted, "deleted"), "true");
    g_clear_pointer(&text, g_free);
    g_assert_false(service_explain(f->service, MODEL, "devices/none", &text, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING);
}

/* Writing */

static void test_edit(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) changes = NULL, rows = NULL;
    int64_t next;

    import(f, MODEL);
    g_assert_cmpint(
        do_edits(f,
                 "set areas/interior /name \"In\"\nset coach_info /owner \"Ann\"\nunset coach_info /make"),
        ==, 2);
    assert_data(f, "areas/interior", "{\"name\":\"In\"}");
    assert_data(f, "coach_info", "{\"year\":2021,\"owner\":\"Ann\"}");
    g_assert_cmpuint(f->n_events, ==, 2);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MAPPINGS_CHANGED);
    g_assert_cmpint(f->event_change, ==, 2);
    g_assert_cmpstr(f->event_kind, ==, "edit");
    g_assert_cmpstr(f->paths, ==, "areas/interior\ncoach_info");

    g_assert_true(service_list_changes(f->service, 0, 10, MODEL, "edit", &changes, &next, NULL));
    g_assert_cmpuint(changes->len, ==, 1);
    const Change *change = g_ptr_array_index(changes, 0);
    g_assert_cmpstr(change->actor.user, ==, "ann");
    g_assert_cmpstr(change->reason, ==, "because");
    g_assert_cmpuint(change->n_entries, ==, 2);
    g_assert_true(service_list_history(f->service, MODEL, "coach_info", 0, 10, &rows, &next, NULL));
    g_assert_cmpuint(rows->len, ==, 3);
    for (guint i = 0; i < 2; i++) {
        const HistoryRow *row = g_ptr_array_index(rows, i);
        bool owner = g_str_equal(row->field, "/owner");

        g_assert_cmpstr(row->kind, ==, owner ? "set" : "unset");
        g_assert_cmpstr(row->before, ==, owner ? NULL : "\"Entegra\"");
        g_assert_cmpstr(row->after, ==, owner ? "\"Ann\"" : NULL);
    }
    assert_fresh(f);
    assert_intact(f);
}

static void test_no_ops(Fixture *f, gconstpointer unused)
{
    static const char *const rows[] = {
        "set areas/interior /name \"In\"",
        "reset coach_info",
        "reset coach_info /year",
        "put coach_info {\"make\":\"Entegra\",\"year\":2021}",
        "set coach_info /owner 1\nunset coach_info /owner",
        "put areas/new {}\ndelete areas/new",
        "delete coach_info\nreset coach_info",
        NULL,
    };
    int64_t revision;

    import(f, MODEL);
    g_assert_cmpint(do_edits(f, rows[0]), ==, 2);
    for (guint i = 0; rows[i]; i++) {
        g_autoptr(GError) error = NULL;
        Plan *plan = plan_lines(f, MODEL, rows[i], &no_options, &error);

        g_test_message("%s", rows[i]);
        g_assert_no_error(error);
        g_assert_true(plan_is_empty(plan));
        g_assert_cmpint(commit(f, plan), ==, 2);
    }
    g_assert_cmpuint(f->n_events, ==, 2);
    g_assert_true(service_get_revision(f->service, &revision, NULL));
    g_assert_cmpint(revision, ==, 2);
    g_autofree char *n_changes = raw_text(f->state, "SELECT count(*) FROM changes");
    g_assert_cmpstr(n_changes, ==, "2");
    /* The vendor's value is an intent all the same. */
    g_assert_cmpint(do_edits(f, "set coach_info /year 2021"), ==, 3);
}

static void test_all_or_nothing(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    assert_edit_fails(f, MODEL, "set coach_info /year 1\nset areas/none /a 1\nset coach_info /make 1",
                      &no_options, CONFIG_ERROR_NO_SUCH_MAPPING);
    assert_data(f, "coach_info", "{\"year\":2021,\"make\":\"Entegra\"}");
    g_assert_cmpuint(f->n_events, ==, 1);
    assert_fresh(f);
}

static void test_refused(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *lines;
        ConfigError code;
    } rows[] = {
        {"set areas/none /a 1", CONFIG_ERROR_NO_SUCH_MAPPING},
        {"delete areas/none", CONFIG_ERROR_NO_SUCH_MAPPING},
        {"reset areas/none", CONFIG_ERROR_NO_SUCH_MAPPING},
        {"unset coach_info /none", CONFIG_ERROR_NO_SUCH_FIELD},
        {"set coach_info /year/deep 1", CONFIG_ERROR_INVALID_DATA},
        {"set coach_info year 1", CONFIG_ERROR_INVALID_ARGS},
        {"set coach_info /~2 1", CONFIG_ERROR_INVALID_ARGS},
        {"set a/b/c /x 1", CONFIG_ERROR_INVALID_ARGS},
        {"set coach_info /year {", CONFIG_ERROR_INVALID_DATA},
        {"set coach_info /year {\"a\":1,\"a\":2}", CONFIG_ERROR_INVALID_DATA},
        {"set coach_info  1", CONFIG_ERROR_INVALID_ARGS},
        {"put coach_info [1]", CONFIG_ERROR_INVALID_DATA},
        {"put coach_info/child {}", CONFIG_ERROR_INVALID_DATA},
        {"put areas {}", CONFIG_ERROR_INVALID_DATA},
        {"put devices {}", CONFIG_ERROR_INVALID_DATA},
        {"put unbound_devices {}", CONFIG_ERROR_INVALID_DATA},
        {"put unbound_devices/x {}", CONFIG_ERROR_INVALID_DATA},
        {"put coachiq_edits {}", CONFIG_ERROR_INVALID_DATA},
        {"put fresh {\"\":{}}", CONFIG_ERROR_INVALID_DATA},
        {"put 1FEDC {}", CONFIG_ERROR_INVALID_DATA},
        {"put 1FEDC/25 {}", CONFIG_ERROR_INVALID_DATA},
        {"put devices/new {}", CONFIG_ERROR_INVALID_DATA},
        {"put devices/new {\"entity_id\":\"other\"}", CONFIG_ERROR_INVALID_DATA},
        {"put devices/new {\"entity_id\":\"new\",\"bindings\":[{}]}", CONFIG_ERROR_INVALID_DATA},
        {"set devices/bed /entity_id \"x\"", CONFIG_ERROR_IMMUTABLE},
        {"set devices/bed /bindings/1FEDA:25/entity_id \"x\"", CONFIG_ERROR_INVALID_DATA},
    };

    import(f, MODEL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_edit_fails(f, MODEL, rows[i].lines, &forced, rows[i].code);
    assert_edit_fails(f, "none", "set a /b 1", &no_options, CONFIG_ERROR_NO_SUCH_MODEL);
    assert_edit_fails(f, "", "set a /b 1", &no_options, CONFIG_ERROR_NO_SUCH_MODEL);
    assert_edit_fails(f, "2021_Entegra_Aspire_44R", "set a /b 1", &no_options, CONFIG_ERROR_NOT_IMPORTED);
}

/* A section is one component or divided into children, however it comes to be. */
static void test_sections_stay_one_or_divided(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    /* In one call. */
    assert_edit_fails(f, MODEL, "put new {\"a\":1}\nput new/child {}", &no_options,
                      CONFIG_ERROR_INVALID_DATA);
    assert_edit_fails(f, MODEL, "put new/child {}\nput new {\"a\":1}", &no_options,
                      CONFIG_ERROR_INVALID_DATA);
    /* By way of a deletion. */
    do_edits(f, "delete coach_info");
    do_edits(f, "put coach_info/child {}");
    assert_edit_fails(f, MODEL, "reset coach_info", &no_options, CONFIG_ERROR_INVALID_DATA);
    /* By way of an empty section, which may be either. */
    do_edits(f, "put empty {}");
    do_edits(f, "put empty/child {}");
    assert_edit_fails(f, MODEL, "set empty /a 1", &no_options, CONFIG_ERROR_INVALID_DATA);
    do_edits(f, "delete empty/child\nset empty /a 1");
    assert_edit_fails(f, MODEL, "put empty/child {}", &no_options, CONFIG_ERROR_INVALID_DATA);
    do_edits(f, "put empty/child {}\ndelete empty");
    assert_data(f, "empty", NULL);
    /* Also where its name has a slash. */
    do_edits(f, "put o~1p {\"a\":1}\nput q~1r/child {}");
    assert_edit_fails(f, MODEL, "put o~1p/child {}", &no_options, CONFIG_ERROR_INVALID_DATA);
    assert_edit_fails(f, MODEL, "put q~1r {\"a\":1}", &no_options, CONFIG_ERROR_INVALID_DATA);
    do_edits(f, "put o {\"a\":1}");
}

/* Names that only look like bindings' are names like any other where the component is no device. */
static void test_names_like_bindings(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    do_edits(f, "put areas/x {\"bindings\":{\"1feda:0x19\":1}}");
    do_edits(f, "set areas/x /bindings/1feda:0x19 2");
    assert_data(f, "areas/x", "{\"bindings\":{\"1feda:0x19\":2}}");
}

static void test_conflict(Fixture *f, gconstpointer unused)
{
    WriteOptions options = {.has_expected_revision = true, .expected_revision = 1};
    g_autoptr(Plan) first = NULL, second = NULL;
    g_autoptr(GError) error = NULL;
    int64_t change;

    import(f, MODEL);
    first = plan_lines(f, MODEL, "set coach_info /year 1", &options, NULL);
    second = plan_lines(f, MODEL, "set coach_info /year 2", &options, NULL);
    g_assert_nonnull(first);
    g_assert_nonnull(second);
    g_assert_true(service_commit(f->service, first, &ann, &change, NULL));
    g_assert_cmpint(change, ==, 2);
    assert_edit_fails(f, MODEL, "set coach_info /year 3", &options, CONFIG_ERROR_CONFLICT);
    /* A plan that was made before another's commit is stale. */
    g_assert_false(service_commit(f->service, second, &ann, &change, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT);
    assert_data(f, "coach_info", "{\"year\":1,\"make\":\"Entegra\"}");
    g_assert_cmpuint(f->n_events, ==, 2);
    assert_fresh(f);
}

static void test_bounds(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) many = g_string_new("set coach_info /year 1");
    g_autofree char *long_reason = g_strnfill(REASON_LENGTH_MAX + 1, 'r'),
                    *reason = g_strnfill(REASON_LENGTH_MAX, 'r');
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;

    import(f, MODEL);
    for (unsigned i = 0; i < EDITS_MAX; i++)
        g_string_append(many, "\nset coach_info /year 1");
    assert_edit_fails(f, MODEL, many->str, &no_options, CONFIG_ERROR_TOO_LARGE);
    g_assert_null(service_plan_edits(f->service, MODEL, none, long_reason, &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
    plan = service_plan_edits(f->service, MODEL, none, reason, &no_options, NULL);
    g_assert_true(plan_is_empty(plan));
}

static void test_new_component(Fixture *f, gconstpointer unused)
{
    const char *lamp =
        "{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},"
        "{\"dgn\":\"1FEDB\",\"instance\":9}]}";
    g_autofree char *put = g_strconcat("put devices/lamp ", lamp, NULL);

    import(f, MODEL);
    do_edits(f, put);
    assert_data(f, "devices/lamp", lamp);
    assert_looked_up(
        f, 0x1FEDB, 9,
        "[\"devices/lamp\",{\"entity_id\":\"lamp\",\"device_type\":\"light\",\"dgn_name\":\"DC_DIMMER_COMMAND_2\"}]");
    assert_found(f, (FindQuery){.has_dgn = true, .dgn = 0x1FEDA, .has_instance = true, .instance = 25},
                 "devices/bath devices/bed devices/lamp");
    assert_fresh(f);
    assert_edit_fails(f, MODEL, "reset devices/lamp", &no_options, CONFIG_ERROR_NO_SUCH_FIELD);
    do_edits(f, "delete devices/lamp");
    assert_data(f, "devices/lamp", NULL);
    assert_looked_up(f, 0x1FEDB, 9, "[]");
    assert_fresh(f);
    do_edits(f, put);
    assert_data(f, "devices/lamp", lamp);
    assert_fresh(f);
    assert_intact(f);
}

static void test_rules(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    write_seed(f, "strict", strict_text);
    import(f, "strict");
    assert_edit_fails(f, "strict", "set devices/lamp /device_type \"lock\"", &forced,
                      CONFIG_ERROR_IMMUTABLE);
    assert_edit_fails(f, "strict", "set devices/lamp /device_type \"light\"", &forced,
                      CONFIG_ERROR_IMMUTABLE);
    assert_edit_fails(f, "strict", "set devices/lamp /z 2", &no_options, CONFIG_ERROR_IMMUTABLE);
    assert_edit_fails(f, "strict", "unset devices/lamp /name", &no_options, CONFIG_ERROR_INVALID_DATA);
    commit(f, plan_lines(f, "strict", "set devices/lamp /z 2", &forced, &error));
    commit(f, plan_lines(f, "strict", "set devices/lamp /name \"x\"", &no_options, &error));
    /* Where a device was deleted its immutable fields come back as they were. */
    commit(f, plan_lines(f, "strict", "delete devices/lamp", &no_options, &error));
    assert_edit_fails(f, "strict",
                      "put devices/lamp {\"entity_id\":\"lamp\",\"name\":\"x\",\"device_type\":\"lock\"}",
                      &forced, CONFIG_ERROR_IMMUTABLE);
    assert_intact(f);
}

static void test_active_model(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    const char *active;
    const CachedMapping *mapping;
    int64_t revision;

    g_assert_true(service_get_active_model(f->service, &active, NULL));
    g_assert_cmpstr(active, ==, "");
    g_assert_null(service_plan_active_model(f->service, "none", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL);

    import(f, MODEL);
    g_assert_cmpint(commit(f, service_plan_active_model(f->service, MODEL, &no_options, NULL)), ==, 2);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_ACTIVE_MODEL_CHANGED);
    g_assert_cmpint(commit(f, service_plan_active_model(f->service, MODEL, &no_options, NULL)), ==, 2);
    g_assert_cmpuint(f->n_events, ==, 2);
    g_assert_true(service_get_mapping(f->service, "", "coach_info", &mapping, &revision, NULL));

    stop(f);
    start(f);
    g_assert_true(service_get_active_model(f->service, &active, NULL));
    g_assert_cmpstr(active, ==, MODEL);
    commit(f, service_plan_active_model(f->service, "", &no_options, NULL));
    g_assert_true(service_get_active_model(f->service, &active, NULL));
    g_assert_cmpstr(active, ==, "");
    assert_intact(f);
}

static void test_interfaces(Fixture *f, gconstpointer unused)
{
    static const char *const bad[][2] = {
        {"", "can0"}, {"a b", "can0"}, {"house", "a/b"}, {"house", "0123456789abcdef"}, {"..", "can0"}};
    GHashTable *interfaces;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(service_plan_interface(f->service, bad[i][0], bad[i][1], &no_options, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
    }
    g_assert_cmpint(commit(f, service_plan_interface(f->service, "house", "", &no_options, NULL)), ==, 0);
    g_assert_cmpint(commit(f, service_plan_interface(f->service, "house", "can0", &no_options, NULL)), ==,
                    1);
    g_assert_cmpint(commit(f, service_plan_interface(f->service, "house", "can0", &no_options, NULL)), ==,
                    1);
    g_assert_cmpint(commit(f, service_plan_interface(f->service, "chassis", "can1", &no_options, NULL)), ==,
                    2);
    g_assert_cmpint(commit(f, service_plan_interface(f->service, "chassis", "", &no_options, NULL)), ==, 3);
    stop(f);
    start(f);
    g_assert_true(service_get_interfaces(f->service, &interfaces, NULL));
    g_assert_cmpuint(g_hash_table_size(interfaces), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(interfaces, "house"), ==, "can0");
    assert_intact(f);
}

/* Someone with a shell writes to the database while the service runs: to what readers get and to what the
 * vendor has alike, else it would be damage. */
static void write_foreign(Fixture *f, const char *path, const char *data)
{
    g_autofree char *mapping = g_strdup_printf(
                        "UPDATE coach_mappings SET mapping_data = '%s' WHERE component_path = '%s'", data,
                        path),
                    *vendor = g_strdup_printf(
                        "UPDATE vendor_components SET data = '%s' WHERE component_path = '%s'", data, path);

    g_assert_null(raw_text(f->state, mapping));
    g_assert_null(raw_text(f->state, vendor));
}

static void test_foreign_write(Fixture *f, gconstpointer unused)
{
    import(f, MODEL);
    assert_data(f, "areas/interior", "{\"name\":\"Inside\"}");
    write_foreign(f, "areas/interior", "{\"name\":\"Shell\"}");
    do_edits(f, "set coach_info /year 1");
    assert_data(f, "areas/interior", "{\"name\":\"Shell\"}");
    assert_fresh(f);
}

/* The same with what the index stands on. */
static void test_foreign_write_of_bindings(Fixture *f, gconstpointer unused)
{
    static const char at_9[] = "{\"entity_id\":\"door\",\"bindings\":[{\"dgn\":\"1FEE5\",\"instance\":9}]}";
    static const char at_1[] = "{\"entity_id\":\"door\",\"bindings\":[{\"dgn\":\"1FEE5\",\"instance\":1}]}";

    import(f, MODEL);
    write_foreign(f, "devices/door", at_9);
    do_edits(f, "set coach_info /year 1");
    assert_looked_up(f, 0x1FEE5, 9,
                     "[\"devices/door\",{\"entity_id\":\"door\",\"dgn_name\":\"LOCK_STATUS\"}]");
    assert_looked_up(f, 0x1FEE5, 1, "[]");
    do_edits(f, "delete devices/door");
    assert_looked_up(f, 0x1FEE5, 9, "[]");
    assert_looked_up(f, 0x1FEE5, 1, "[]");
    do_edits(f, "reset devices/door");
    assert_looked_up(f, 0x1FEE5, 1, "[]");
    assert_fresh(f);

    write_foreign(f, "devices/door", at_1);
    do_edits(f, "set coach_info /year 2");
    assert_looked_up(f, 0x1FEE5, 9, "[]");
    do_edits(f, "set devices/door /area \"x\"");
    assert_looked_up(f, 0x1FEE5, 9, "[]");
    assert_fresh(f);
}

static void test_second_service(Fixture *f, gconstpointer unused)
{
    g_autoptr(Service) second = NULL;
    g_autoptr(GError) error = NULL;

    import(f, MODEL);
    second = service_new(f->state, NULL);
    g_assert_false(service_open(second, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_LOCKED);
    g_assert_cmpstr(service_health(second), !=, "ok");
    g_assert_cmpstr(service_health(f->service), ==, "ok");
    stop(f);
    g_clear_error(&error);
    service_open(second, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(service_health(second), ==, "ok");
    g_clear_pointer(&second, service_free);
    start(f);
}

/* Protocol table */

static void test_dgns(Fixture *f, gconstpointer unused)
{
    g_autofree char *text = NULL;
    g_autoptr(GArray) all = NULL, some = NULL, commands = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(service_describe_dgn(f->service, 0x1FEDA, &text, &error));
    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, "DC_DIMMER_STATUS_3"));
    g_clear_pointer(&text, g_free);
    g_assert_false(service_describe_dgn(f->service, 0x20000, &text, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
    g_clear_error(&error);
    g_assert_false(service_describe_dgn(f->service, 0x00001, &text, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING);

    g_assert_true(service_list_dgns(f->service, NULL, NULL, &all, NULL));
    g_assert_true(service_list_dgns(f->service, "dimmer", NULL, &some, NULL));
    g_assert_true(service_list_dgns(f->service, "dimmer", "command", &commands, NULL));
    g_assert_cmpuint(all->len, >, some->len);
    g_assert_cmpuint(some->len, >, commands->len);
    g_assert_cmpuint(commands->len, >, 0);
    for (guint i = 0; i < commands->len; i++)
        g_assert_nonnull(strstr(g_array_index(commands, DgnInfo, i).name, "DIMMER"));
}

/* Properties: random coach files, random edits */

static unsigned n_refused, n_empty, n_done;

/* One call with a few edits; checks that it was done whole or not at all. */
static void random_call(Fixture *f)
{
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) before = dump_service(f->service), after = NULL;
    g_autoptr(Plan) plan = NULL;
    unsigned n_events = f->n_events;
    int64_t revision = value_integer(value_map_get(before, "revision")), change = -1;

    story_begin();
    story("before", value_map_get(before, "mappings"));
    for (unsigned i = 1 + below(3); i > 0; i--)
        g_ptr_array_add(edits, random_edit(f));
    plan = service_plan_edits(f->service, MODEL, edits, "random", &forced, &error);
    if (plan) {
        bool empty = plan_is_empty(plan);

        service_commit(f->service, plan, &ann, &change, &error);
        check_no_error(error);
        check(change == (empty ? revision : revision + 1));
        check(f->n_events == n_events + (empty ? 0 : 1));
        check(empty || f->event_change == change);
        if (!empty)
            revision = change;
        n_empty += empty ? 1 : 0;
        n_done += empty ? 0 : 1;
    } else {
        n_refused++;
    }
    after = dump_service(f->service);
    check(value_integer(value_map_get(after, "revision")) == revision);
    if (change < 0 || f->n_events == n_events)
        assert_equal(value_map_get(before, "mappings"), value_map_get(after, "mappings"));
    check_effective(f);
    check_history_tells_overrides(f);
    check_fresh(f, after);

    /* The event names exactly the components that look different, and those that changed hands. */
    if (f->n_events > n_events) {
        Value *old = value_map_get(before, "mappings"), *new = value_map_get(after, "mappings");
        g_auto(GStrv) paths = g_strsplit(f->paths, "\n", -1);

        VALUE_FOREACH_ENTRY (path, row, old)
            check(value_equal(row, value_map_get(new, path)) ||
                  g_strv_contains((const char *const *) paths, path));
        VALUE_FOREACH_ENTRY (path, row, new)
            check(value_map_get(old, path) || g_strv_contains((const char *const *) paths, path));
    }
}

/* Law: what was edited can be put together to a coach file, which is read as the same components. */
static void check_export(Fixture *f)
{
    g_autoptr(GPtrArray) page = NULL,
                         components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) expanded = NULL, layout = NULL, twice = NULL;
    g_autofree char *layout_text = raw_text(f->state, "SELECT layout FROM vendor_revisions");
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *next;

    check(service_get_mappings(f->service, MODEL, "", "", G_MAXUINT, &page, &next, &seen_revision, NULL));
    for (guint i = 0; i < page->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(page, i);
        g_autoptr(Value) data = parse(mapping->data);

        if (!can_be_exported(mapping->path, data))
            continue;
        g_ptr_array_add(components, component_new(mapping->path, data));
        g_hash_table_add(paths, g_strdup(mapping->path));
    }
    layout = parse(layout_text);
    expanded = coach_file_expand(components, layout, &error);
    check_no_error(error);
    story_begin();
    story("export", expanded);
    for (guint i = 0; i < components->len; i++)
        story_text("of %s", ((const Component *) g_ptr_array_index(components, i))->path);
    g_autoptr(CoachFile) again = coach_file_new(expanded, COACH_FILE_COMPONENTS_MAX, &error);
    check_no_error(error);
    check(again->components->len == components->len);
    for (guint i = 0; i < again->components->len; i++)
        check(g_hash_table_contains(paths,
                                    ((const Component *) g_ptr_array_index(again->components, i))->path));
    twice = coach_file_expand(again->components, again->layout, &error);
    check_no_error(error);
    assert_equal(twice, expanded);
}

static void edit_sequence(void)
{
    Fixture f = {0};
    g_autoptr(Value) data = random_coach_data();
    g_autofree char *text = json_format(data);

    set_up(&f, NULL);
    write_seed(&f, MODEL, text);
    import(&f, MODEL);
    for (unsigned i = 0; i < 25; i++)
        random_call(&f);
    check_export(&f);
    assert_intact(&f);
    stop(&f);
    start(&f);
    assert_intact(&f);
    tear_down(&f, NULL);
}

static void test_edit_sequence(void)
{
    repeat(12, edit_sequence);
    g_test_message("calls: %u done, %u without a change, %u refused", n_done, n_empty, n_refused);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/service/import", test_import);
    ADD("/service/import/no-such-model", test_no_such_model);
    ADD("/service/import/broken-file", test_import_of_broken_file);
    ADD("/service/import/newer-bundled-file", test_newer_bundled_file);
    ADD("/service/pages", test_pages);
    ADD("/service/find", test_find);
    ADD("/service/find/at-bindings", test_find_at_bindings);
    ADD("/service/lookup", test_lookup);
    ADD("/service/explain", test_explain);
    ADD("/service/edit", test_edit);
    ADD("/service/edit/no-ops", test_no_ops);
    ADD("/service/edit/all-or-nothing", test_all_or_nothing);
    ADD("/service/edit/refused", test_refused);
    ADD("/service/edit/sections-stay-one-or-divided", test_sections_stay_one_or_divided);
    ADD("/service/edit/names-like-bindings", test_names_like_bindings);
    ADD("/service/edit/conflict", test_conflict);
    ADD("/service/edit/bounds", test_bounds);
    ADD("/service/edit/new-component", test_new_component);
    ADD("/service/edit/rules", test_rules);
    ADD("/service/active-model", test_active_model);
    ADD("/service/interfaces", test_interfaces);
    ADD("/service/foreign-write", test_foreign_write);
    ADD("/service/foreign-write/of-bindings", test_foreign_write_of_bindings);
    ADD("/service/second-service", test_second_service);
    ADD("/service/dgns", test_dgns);
    g_test_add_func("/service/laws/edit-sequence", test_edit_sequence);
    return g_test_run();
}
