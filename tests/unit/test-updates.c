/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-updates.c: updates to a newer coach file and the taking back of any change, with a real database; and
 * the laws that a preview says what is done, that an undo gives back what was, and that whatever is edited,
 * updated and undone in any order leaves a database that agrees with itself. */

#include <glib/gstdio.h>
#include <string.h>

#include "coach/path.h"
#include "service-support.h"

/* Short ways */

#define FIRST                                                                                               \
    "file_metadata: {version: '1.0'}\n"                                                                     \
    "areas: {in: {name: Inside, n: 1}, out: {name: Outside}}\n"                                             \
    "1FEDA:\n"                                                                                              \
    "  1: [{entity_id: lamp, name: Lamp, n: 1, m: {a: 1, b: 1}}]\n"                                         \
    "  2: [{entity_id: door, name: Door}]\n"                                                                \
    "  3: [{entity_id: fan, name: Fan}]\n"                                                                  \
    "  4: [{entity_id: pump, name: Pump}]\n"

/* Another order; lamp has another name, door is gone, horn is new. */
#define SECOND                                                                                              \
    "file_metadata: {version: '2.0'}\n"                                                                     \
    "1FEDA:\n"                                                                                              \
    "  4: [{entity_id: pump, name: Pump}]\n"                                                                \
    "  5: [{entity_id: horn, name: Horn}]\n"                                                                \
    "  3: [{entity_id: fan, name: Fan}]\n"                                                                  \
    "  1: [{entity_id: lamp, name: Light, n: 1, m: {a: 1, b: 2}}]\n"                                        \
    "areas: {in: {name: Inside, n: 2}, out: {name: Outside}}\n"

#define THIRD                                                                                               \
    "file_metadata: {version: '3.0'}\n"                                                                     \
    "areas: {in: {name: Within, n: 3}}\n"                                                                   \
    "1FEDA:\n"                                                                                              \
    "  1: [{entity_id: lamp, name: Torch, n: 3}]\n"                                                         \
    "  3: [{entity_id: fan, name: Fan}]\n"                                                                  \
    "  4: [{entity_id: pump, name: Pump}]\n"

static void set_up_first(Fixture *f, gconstpointer unused)
{
    story_begin();
    set_up(f, unused);
    write_seed(f, MODEL, FIRST);
    import(f, MODEL);
}

#define ADD_FIRST(path, function) g_test_add(path, Fixture, NULL, set_up_first, function, tear_down)

static const UpdateOptions no_update_options = {0};
static const UpdateOptions allow_all = {.allow = MERGE_ALLOW_ALL};

static UpdatePreview *preview(Fixture *f, const UpdateOptions *options)
{
    g_autoptr(GError) error = NULL;
    UpdatePreview *result = service_preview_update(f->service, MODEL, options, &error);

    check_no_error(error);
    return result;
}

/* What no option lifts changes nothing. */
static int64_t apply(Fixture *f, const UpdatePreview *seen, const UpdateOptions *options)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_update(f->service, MODEL, seen->token, options, "newer", &no_options, &error);

    if (seen->merge->counts[MERGE_SECTION_COLLISION] > 0) {
        check(!plan && error->code == CONFIG_ERROR_BLOCKED);
        return revision_of(f);
    }
    check_no_error(error);
    return commit(f, plan);
}

/* Updates to what is bundled now. */
static int64_t update(Fixture *f)
{
    g_autoptr(UpdatePreview) seen = preview(f, &allow_all);

    return apply(f, seen, &allow_all);
}

static int64_t update_to(Fixture *f, const char *text)
{
    write_seed(f, MODEL, text);
    return update(f);
}

static int64_t undo_with(Fixture *f, int64_t number, const WriteOptions *options)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_undo(f->service, number, "no", options, &error);

    check_no_error(error);
    return commit(f, plan);
}

static int64_t undo(Fixture *f, int64_t number)
{
    return undo_with(f, number, &no_options);
}

static void assert_undo_fails(Fixture *f, int64_t number, const WriteOptions *options, ConfigError code,
                              const char *part)
{
    g_autoptr(GError) error = NULL;
    int64_t before = revision_of(f);

    g_assert_null(service_plan_undo(f->service, number, "no", options, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    if (part && !strstr(error->message, part))
        g_test_message("%s", error->message);
    g_assert_true(!part || strstr(error->message, part));
    g_assert_cmpint(revision_of(f), ==, before);
}

static void assert_update_fails(Fixture *f, const char *token, const UpdateOptions *options,
                                ConfigError code)
{
    g_autoptr(GError) error = NULL;
    int64_t before = revision_of(f);

    g_assert_null(service_plan_update(f->service, MODEL, token, options, "", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    g_assert_cmpint(revision_of(f), ==, before);
}

/* What a change says of itself. */
static Value *detail_of(Fixture *f, int64_t number)
{
    g_autoptr(GPtrArray) changes = NULL;
    int64_t next;

    g_assert_true(service_list_changes(f->service, number + 1, 1, NULL, NULL, &changes, &next, NULL));
    const Change *change = g_ptr_array_index(changes, 0);
    g_assert_cmpint(change->id, ==, number);
    return change->detail ? parse(change->detail) : value_new_map();
}

/* The rows of a dump with their data as a value: the order of keys may be that of another edit which says
 * the same. */
static Value *parse_rows(Value *mappings)
{
    Value *parsed = value_new_map();

    VALUE_FOREACH_ENTRY (path, row, mappings) {
        Value *list = value_new_list();

        value_list_take(&list, parse(value_string(value_list_item(row, 0))));
        value_list_append(&list, value_list_item(row, 1));
        value_map_take(&parsed, path, list);
    }
    return parsed;
}

/* What a model is, without who made it that: its components with their places and sources, what searches
 * find, overrides with the vendor's values, the imported release. */
static Value *state_of(Fixture *f)
{
    static const char *const members[] = {"lookups", "finds", "problems", "devices", "edits", NULL};
    Value *state = value_new_map();
    g_autofree char *imported = raw_text(
        f->state, "SELECT s.imported_version || ' ' || r.content_hash FROM coach_import_status s JOIN "
                  "vendor_revisions r ON r.id = s.revision_id WHERE s.coach_model = '" MODEL "'");

    value_map_take(&state, "imported", value_new_string(imported ? imported : ""));
    value_map_take(&state, "places",
                   raw_map(f->state, "SELECT component_path, position FROM coach_mappings WHERE is_active"));
    value_map_take(&state, "overrides",
                   raw_map(f->state,
                           "SELECT component_path || ' ' || field, json_array(op, value, vendor_value) "
                           "FROM overrides"));
    if (!imported)
        return state;
    g_autoptr(Value) dump = dump_service(f->service);
    value_map_take(&state, "mappings", parse_rows(value_map_get(dump, "mappings")));
    for (guint i = 0; members[i]; i++)
        value_map_set(&state, members[i], value_map_get(dump, members[i]));
    return state;
}

static void assert_state(Fixture *f, Value *expected)
{
    g_autoptr(Value) state = state_of(f);

    assert_equal(state, expected);
}

/* Noticing */

static void assert_available(Fixture *f, bool expected, const char *installed, const char *bundled)
{
    g_autofree char *from = NULL, *to = NULL;
    g_autoptr(GError) error = NULL;
    bool available = !expected;

    service_check_for_updates(f->service, MODEL, &available, &from, &to, &error);
    g_assert_no_error(error);
    g_assert_true(available == expected);
    g_assert_cmpstr(from, ==, installed);
    g_assert_cmpstr(to, ==, bundled);
    g_auto(GStrv) models = NULL;
    g_assert_true(service_list_updates(f->service, &models, NULL));
    g_assert_true(g_strv_contains((const char *const *) models, MODEL) == expected);
}

static void test_check(Fixture *f, gconstpointer unused)
{
    g_autoptr(UpdatePreview) none = NULL;
    g_autofree char *comments = g_strconcat("# A comment.\n", FIRST, NULL);
    int64_t revision;

    write_seed(f, MODEL, FIRST);
    assert_available(f, false, "", "1.0");
    import(f, MODEL);
    revision = revision_of(f);
    assert_available(f, false, "1.0", "1.0");
    /* The same in other bytes, and in another order, is no update; applying it does nothing. */
    write_seed(f, MODEL, comments);
    assert_available(f, false, "1.0", "1.0");
    none = preview(f, &no_update_options);
    g_assert_cmpuint(none->merge->items->len, ==, 0);
    g_assert_cmpint(none->merge->verdict, ==, MERGE_CLEAN);
    g_assert_cmpint(apply(f, none, &no_update_options), ==, revision);
    g_assert_cmpint(revision_of(f), ==, revision);
    write_seed(f, MODEL, SECOND);
    assert_available(f, true, "1.0", "2.0");
    update(f);
    assert_available(f, false, "2.0", "2.0");
}

static void test_announced_once(Fixture *f, gconstpointer unused)
{
    unsigned n = f->n_events;

    service_look_for_updates(f->service);
    g_assert_cmpuint(f->n_events, ==, n);
    write_seed(f, MODEL, SECOND);
    service_look_for_updates(f->service);
    g_assert_cmpuint(f->n_events, ==, n + 1);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_UPDATE_AVAILABLE);
    service_look_for_updates(f->service);
    g_assert_cmpuint(f->n_events, ==, n + 1);
    write_seed(f, MODEL, THIRD);
    service_look_for_updates(f->service);
    g_assert_cmpuint(f->n_events, ==, n + 2);
}

/* Applying */

static void test_update(Fixture *f, gconstpointer unused)
{
    g_autoptr(UpdatePreview) seen = NULL;
    g_autoptr(Value) detail = NULL;
    g_autofree char *backups = g_build_filename(f->state, "backups", NULL), *backup = NULL;
    unsigned n_events;
    int64_t change;

    do_edits(f, "set devices/lamp /name \"Mine\"\nset devices/fan /n 5\nset devices/door /n 7");
    write_seed(f, MODEL, SECOND);
    seen = preview(f, &no_update_options);
    g_assert_cmpint(seen->merge->verdict, ==, MERGE_REVIEW);
    g_assert_cmpuint(seen->merge->counts[MERGE_CONFLICT], ==, 1);
    g_assert_cmpuint(seen->merge->counts[MERGE_KEPT], ==, 1);
    g_assert_cmpuint(seen->merge->counts[MERGE_REMOVED_EDITED], ==, 1);
    g_assert_cmpuint(seen->merge->counts[MERGE_ADDED], ==, 1);
    /* A preview writes nothing. */
    g_assert_cmpint(revision_of(f), ==, 2);
    assert_data(f, "areas/in", "{\"name\":\"Inside\",\"n\":1}");

    n_events = f->n_events;
    change = apply(f, seen, &no_update_options);
    g_assert_cmpint(change, ==, 3);
    g_assert_cmpuint(f->n_events, ==, n_events + 1);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_UPDATE_APPLIED);
    g_assert_cmpint(f->event_change, ==, change);
    assert_data(f, "areas/in", "{\"name\":\"Inside\",\"n\":2}");
    assert_data(f, "devices/lamp",
                "{\"entity_id\":\"lamp\",\"name\":\"Mine\",\"n\":1,\"m\":{\"a\":1,\"b\":2},"
                "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]}");
    assert_data(f, "devices/door",
                "{\"entity_id\":\"door\",\"name\":\"Door\",\"n\":7,\"bindings\":[{\"dgn\":\"1FEDA\","
                "\"instance\":2}]}");
    detail = detail_of(f, change);
    g_assert_cmpstr(value_map_get_string(detail, "from"), ==, "1.0");
    g_assert_cmpstr(value_map_get_string(detail, "to"), ==, "2.0");
    backup = g_strconcat(backups, "/", value_map_get_string(detail, "backup"), ".db", NULL);
    g_assert_true(g_file_test(backup, G_FILE_TEST_IS_REGULAR));
    check_effective(f);
    check_history_tells_overrides(f);
    assert_fresh(f);
    assert_intact(f);
}

/* A token stands for a revision and a content. */
static void test_token(Fixture *f, gconstpointer unused)
{
    g_autoptr(UpdatePreview) first = NULL, again = NULL, edited = NULL, third = NULL;

    write_seed(f, MODEL, SECOND);
    first = preview(f, &no_update_options);
    again = preview(f, &no_update_options);
    g_assert_cmpstr(first->token, ==, again->token);
    /* The first use of another model changes nothing that anybody has seen. */
    write_seed(f, "other", "a: {b: 1}\n");
    commit(f, service_plan_import(f->service, "other", FIRST_USE_REASON, &no_options, NULL));
    g_clear_pointer(&again, update_preview_free);
    again = preview(f, &no_update_options);
    g_assert_cmpstr(first->token, ==, again->token);

    do_edits(f, "set areas/in /x 1");
    assert_update_fails(f, first->token, &no_update_options, CONFIG_ERROR_CONFLICT);
    edited = preview(f, &no_update_options);
    write_seed(f, MODEL, THIRD);
    assert_update_fails(f, edited->token, &allow_all, CONFIG_ERROR_CONFLICT);
    third = preview(f, &allow_all);
    apply(f, third, &allow_all);
    /* And once it is used. */
    assert_update_fails(f, third->token, &allow_all, CONFIG_ERROR_CONFLICT);
    assert_update_fails(f, "", &allow_all, CONFIG_ERROR_CONFLICT);
    assert_update_fails(f, "keep-mine", &allow_all, CONFIG_ERROR_CONFLICT);
}

static void test_refused(Fixture *f, gconstpointer unused)
{
    const UpdateOptions clean = {.only_clean = true}, manual = {.has_policy = true, .policy = MERGE_MANUAL};
    g_autoptr(UpdatePreview) seen = NULL, other = NULL;
    g_autoptr(GPtrArray) resolutions =
        g_ptr_array_new_with_free_func((GDestroyNotify) merge_resolution_free);
    UpdateOptions resolved = {.only_clean = true, .resolutions = resolutions};

    do_edits(f, "set devices/lamp /name \"Mine\"");
    write_seed(f, MODEL, SECOND);
    seen = preview(f, &no_update_options);
    assert_update_fails(f, seen->token, &clean, CONFIG_ERROR_BLOCKED);
    assert_update_fails(f, seen->token, &manual, CONFIG_ERROR_CONFLICT);
    g_ptr_array_add(resolutions, merge_resolution_new("devices/lamp", "/none", "mine", NULL));
    assert_update_fails(f, seen->token, &resolved, CONFIG_ERROR_INVALID_ARGS);
    g_ptr_array_set_size(resolutions, 0);
    g_ptr_array_add(resolutions, merge_resolution_new("devices/lamp", "/name", "value:\"Both\"", NULL));
    apply(f, seen, &resolved);
    assert_data(f, "devices/lamp",
                "{\"entity_id\":\"lamp\",\"name\":\"Both\",\"n\":1,\"m\":{\"a\":1,\"b\":2},"
                "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]}");
    /* Resolutions of no update. */
    other = preview(f, &no_update_options);
    assert_update_fails(f, other->token, &resolved, CONFIG_ERROR_INVALID_ARGS);
    /* A truncated file. */
    write_seed(f, MODEL, "1FEDA: {3: [{entity_id: fan, name: Fan}]}\n");
    g_clear_pointer(&other, update_preview_free);
    other = preview(f, &no_update_options);
    g_assert_cmpint(other->merge->verdict, ==, MERGE_BLOCKED);
    assert_update_fails(f, other->token, &no_update_options, CONFIG_ERROR_BLOCKED);
    write_seed(f, MODEL, "a: {b: 1\n");
    g_autoptr(GError) error = NULL;
    g_assert_null(service_preview_update(f->service, MODEL, &no_update_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
    assert_intact(f);
}

/* The policy of the preview goes with its token. */
static void test_policy_in_token(Fixture *f, gconstpointer unused)
{
    const UpdateOptions take = {.has_policy = true, .policy = MERGE_TAKE_VENDOR};
    g_autoptr(UpdatePreview) seen = NULL;
    g_autofree char *edits = NULL;

    do_edits(f, "set devices/lamp /name \"Mine\"");
    write_seed(f, MODEL, SECOND);
    seen = preview(f, &take);
    apply(f, seen, &no_update_options);
    edits = raw_text(f->state, "SELECT count(*) FROM overrides");
    g_assert_cmpstr(edits, ==, "0");
}

/* Undo of edits */

static void test_undo_edit(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = state_of(f), after = NULL;
    int64_t edit, undone;

    edit = do_edits(f, "set areas/in /n 5\nunset areas/out /name\nput areas/new {\"a\":1}\n"
                       "delete devices/door\nset devices/lamp /m/a 9");
    after = state_of(f);
    undone = undo(f, edit);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MAPPINGS_CHANGED);
    g_assert_cmpstr(f->event_kind, ==, "undo");
    assert_state(f, before);
    /* Twice writes nothing; the undo of the undo is a redo. */
    g_assert_cmpint(undo(f, edit), ==, undone);
    g_assert_cmpint(undo(f, undone), ==, undone + 1);
    assert_state(f, after);
    g_assert_cmpint(undo(f, undone), ==, undone + 1);
    /* And so on. */
    undo(f, undone + 1);
    assert_state(f, before);
    check_history_tells_overrides(f);
    assert_fresh(f);
    assert_intact(f);
}

/* What was edited since at the field, inside it or around it stays; edits elsewhere are nobody's concern. */
static void test_undo_with_later_edits(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *edit, *later, *subject; /* subject: what stands against it; NULL: nothing does */
        const char *rest;                   /* edits that take back what even force leaves */
    } rows[] = {
        {"set devices/lamp /n 5", "set devices/lamp /n 6", "devices/lamp/n", NULL},
        {"set devices/lamp /n 5", "reset devices/lamp /n\nset devices/lamp /n 7", "devices/lamp/n", NULL},
        {"set devices/lamp /m {\"a\":5}", "set devices/lamp /m/a 6", "devices/lamp/m", NULL},
        /* Around it only the field itself goes back. */
        {"set devices/lamp /m/a 5", "set devices/lamp /m {\"a\":6}", "devices/lamp/m/a",
         "reset devices/lamp /m"},
        {"set devices/lamp /m/a 5", "delete devices/lamp", "devices/lamp/m/a", NULL},
        {"delete devices/lamp", "put devices/lamp {\"entity_id\":\"lamp\",\"n\":7}", "devices/lamp", NULL},
        {"put areas/new {\"a\":1}", "set areas/new /b 2", "areas/new", NULL},
        {"put areas/new {\"a\":1}", "delete areas/new", NULL, NULL},
        {"set devices/lamp /n 5", "set devices/lamp /name \"x\"", NULL, NULL},
        {"set devices/lamp /m/a 5", "set devices/lamp /m/b 6", NULL, NULL},
        {"set devices/lamp /n 5", "set devices/fan /n 6", NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) before = state_of(f), between = NULL;
        int64_t edit, later;

        g_test_message("%s, then %s", rows[i].edit, rows[i].later);
        edit = do_edits(f, rows[i].edit);
        later = do_edits(f, rows[i].later);
        between = state_of(f);
        if (rows[i].subject) {
            assert_undo_fails(f, edit, &no_options, CONFIG_ERROR_CONFLICT, rows[i].subject);
            assert_state(f, between);
            /* With force all is as before, also what was changed since there. */
            undo_with(f, edit, &forced);
            if (rows[i].rest)
                do_edits(f, rows[i].rest);
        } else {
            undo(f, edit);
            if (!g_str_has_prefix(rows[i].later, "delete"))
                undo(f, later);
        }
        assert_state(f, before);
        check_effective(f);
        check_history_tells_overrides(f);
    }
    assert_intact(f);
}

/* A change of several fields: what can go back does, the rest is listed. */
static void test_undo_in_part(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) detail = NULL;
    int64_t edit = do_edits(f, "set devices/lamp /n 5\nset devices/fan /n 5\nset areas/in /n 5"), later,
            undone;

    later = do_edits(f, "set devices/fan /n 6");
    undone = undo(f, edit);
    g_assert_cmpint(undone, ==, later + 1);
    assert_data(f, "areas/in", "{\"name\":\"Inside\",\"n\":1}");
    detail = detail_of(f, undone);
    g_assert_cmpint(value_integer(value_map_get(detail, "undoes")), ==, edit);
    Value *skipped = value_map_get(detail, "skipped");
    g_assert_cmpuint(value_length(skipped), ==, 1);
    const Value *entry = value_list_item(skipped, 0);
    g_assert_cmpstr(value_map_get_string(entry, "path"), ==, "devices/fan");
    g_assert_cmpstr(value_map_get_string(entry, "field"), ==, "/n");
    g_assert_cmpstr(value_map_get_string(entry, "user"), ==, "ann");
    g_assert_cmpint(value_integer(value_map_get(entry, "change")), ==, later);
    /* The rest still stands against it. */
    assert_undo_fails(f, edit, &no_options, CONFIG_ERROR_CONFLICT, "devices/fan/n");
    assert_intact(f);
}

static void test_no_such_change(Fixture *f, gconstpointer unused)
{
    static const int64_t numbers[] = {0, -1, 2, INT64_MAX, INT64_MIN};

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        assert_undo_fails(f, numbers[i], &no_options, CONFIG_ERROR_NO_SUCH_CHANGE, NULL);
}

/* Undo of imports */

static void test_undo_import(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) imported = state_of(f);
    g_autoptr(GError) error = NULL;
    const CachedMapping *mapping;
    int64_t revision;

    g_assert_cmpint(undo(f, 1), ==, 2);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_REMOVED);
    g_assert_false(service_get_mapping(f->service, MODEL, "areas/in", &mapping, &revision, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED);
    g_assert_cmpint(undo(f, 1), ==, 2);
    /* Back by undo, or by another import. */
    g_assert_cmpint(undo(f, 2), ==, 3);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_IMPORTED);
    assert_state(f, imported);
    assert_fresh(f);
    undo(f, 3);
    import(f, MODEL);
    assert_state(f, imported);
    assert_intact(f);
}

static void test_undo_edited_import(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) edited = NULL;
    int64_t edit = do_edits(f, "set areas/in /n 5\nput areas/new {\"a\":1}\ndelete areas/out"), gone;

    edited = state_of(f);
    assert_undo_fails(f, 1, &no_options, CONFIG_ERROR_CONFLICT, "areas/");
    assert_state(f, edited);
    gone = undo_with(f, 1, &forced);
    assert_undo_fails(f, edit, &no_options, CONFIG_ERROR_NOT_IMPORTED, NULL);
    /* The redo has the edits too. */
    undo(f, gone);
    assert_state(f, edited);
    check_history_tells_overrides(f);
    assert_fresh(f);
    /* Without its edits it goes without force. */
    undo(f, edit);
    undo(f, 1);
    assert_intact(f);
}

/* Undo of settings */

static void test_undo_settings(Fixture *f, gconstpointer unused)
{
    GHashTable *interfaces;
    const char *active;
    Retention retention;
    const Retention other = {.changes = 500, .days = 7, .backups = 3};
    int64_t activate, interface, kept, undone, revision;

    activate = commit(f, service_plan_active_model(f->service, MODEL, &no_options, NULL));
    interface = commit(f, service_plan_interface(f->service, "house", "can1", &no_options, NULL));
    kept = commit(f, service_plan_retention(f->service, &other, &no_options, NULL));

    undone = undo(f, interface);
    g_assert_true(service_get_interfaces(f->service, &interfaces, NULL));
    g_assert_null(g_hash_table_lookup(interfaces, "house"));
    g_assert_cmpint(undo(f, interface), ==, undone);
    undo(f, undone);
    g_assert_true(service_get_interfaces(f->service, &interfaces, NULL));
    g_assert_cmpstr(g_hash_table_lookup(interfaces, "house"), ==, "can1");

    undo(f, activate);
    g_assert_true(service_get_active_model(f->service, &active, NULL));
    g_assert_cmpstr(active, ==, "");
    undone = undo(f, kept);
    g_assert_true(service_get_retention(f->service, &retention, NULL));
    g_assert_cmpuint(retention.changes, ==, 1000);
    undo(f, undone);
    g_assert_true(service_get_retention(f->service, &retention, NULL));
    g_assert_cmpuint(retention.changes, ==, 500);
    g_assert_cmpuint(retention.days, ==, 7);

    /* Another setting since stands against it; one of another name does not. */
    commit(f, service_plan_interface(f->service, "chassis", "can2", &no_options, NULL));
    revision = commit(f, service_plan_interface(f->service, "house", "can3", &no_options, NULL));
    assert_undo_fails(f, interface, &no_options, CONFIG_ERROR_CONFLICT, "ann");
    g_assert_cmpint(undo_with(f, interface, &forced), ==, revision + 1);
    g_assert_true(service_get_interfaces(f->service, &interfaces, NULL));
    g_assert_null(g_hash_table_lookup(interfaces, "house"));
    assert_intact(f);
}

/* Undo of updates */

#define EDITS                                                                                               \
    "set devices/lamp /name \"Mine\"\nset devices/lamp /m/b 2\nset devices/door /n 7\ndelete devices/fan\n" \
    "put devices/horn {\"entity_id\":\"horn\",\"own\":1}\nset areas/in /n 3\nunset areas/out /name\n"       \
    "put areas/new {\"a\":1}"

static void test_undo_update(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL;
    int64_t updated, undone, redone;

    do_edits(f, EDITS);
    before = state_of(f);
    updated = update_to(f, SECOND);
    after = state_of(f);
    g_assert_false(value_equal(before, after));
    undone = undo(f, updated);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_UPDATE_APPLIED);
    assert_state(f, before);
    assert_available(f, true, "1.0", "2.0");
    g_assert_cmpint(undo(f, updated), ==, undone);
    redone = undo(f, undone);
    assert_state(f, after);
    undo(f, redone);
    assert_state(f, before);
    check_effective(f);
    check_history_tells_overrides(f);
    assert_fresh(f);
    assert_intact(f);
}

/* Edits since the update stay, also what came with it and was edited since, as the owner's own. */
static void test_undo_update_with_later_edits(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) detail = NULL;
    int64_t updated, undone;

    do_edits(f, "set devices/lamp /name \"Mine\"");
    updated = update_to(f, SECOND);
    do_edits(f, "set devices/horn /n 5\nset devices/pump /n 5\nset devices/lamp /name \"Later\"");
    undone = undo(f, updated);
    assert_data(
        f, "devices/horn",
        "{\"entity_id\":\"horn\",\"name\":\"Horn\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":5}],"
        "\"n\":5}");
    assert_data(
        f, "devices/pump",
        "{\"entity_id\":\"pump\",\"name\":\"Pump\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":4}],"
        "\"n\":5}");
    assert_data(f, "devices/lamp",
                "{\"entity_id\":\"lamp\",\"name\":\"Later\",\"n\":1,\"m\":{\"a\":1,\"b\":1},"
                "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1}]}");
    assert_data(
        f, "devices/door",
        "{\"entity_id\":\"door\",\"name\":\"Door\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":2}]}");
    detail = detail_of(f, undone);
    g_assert_cmpuint(value_length(value_map_get(detail, "skipped")), ==, 2);
    check_effective(f);
    check_history_tells_overrides(f);
    assert_fresh(f);
    assert_intact(f);
}

/* An update below a newer one. */
static void test_undo_older_update(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, between = NULL;
    int64_t first, second;

    do_edits(f, "set devices/lamp /name \"Mine\"");
    before = state_of(f);
    first = update_to(f, SECOND);
    between = state_of(f);
    second = update_to(f, THIRD);
    assert_undo_fails(f, first, &no_options, CONFIG_ERROR_CONFLICT, "ann");
    undo_with(f, first, &forced);
    assert_state(f, before);
    check_history_tells_overrides(f);
    /* Both are done and undone in turns. */
    update(f);
    assert_undo_fails(f, first, &no_options, CONFIG_ERROR_CONFLICT, NULL);
    undo(f, second);
    assert_state(f, between);
    undo(f, first);
    assert_state(f, before);
    check_history_tells_overrides(f);
    assert_intact(f);
}

/* A name that the vendor gave to what the owner has one of already: nothing of the owner's is lost, there or
 * back. */
static void test_undo_of_collision(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL;
    int64_t updated, undone;

    do_edits(f, "set areas/in /n 5\nput areas/new {\"own\":1}");
    before = state_of(f);
    updated = update_to(f, "file_metadata: {version: '2.0'}\n"
                           "areas: {new: {name: Inside, renamed_from: in}, out: {name: Outside}}\n"
                           "1FEDA:\n"
                           "  1: [{entity_id: lamp, name: Lamp, n: 1, m: {a: 1, b: 1}}]\n"
                           "  2: [{entity_id: door, name: Door}]\n"
                           "  3: [{entity_id: fan, name: Fan}]\n");
    assert_data(f, "areas/new", "{\"own\":1}");
    assert_data(f, "areas/in", "{\"name\":\"Inside\",\"n\":5}");
    after = state_of(f);
    undone = undo(f, updated);
    assert_state(f, before);
    undo(f, undone);
    assert_state(f, after);
    /* Also where it was edited since. */
    do_edits(f, "set areas/new /own 2");
    undo(f, updated);
    assert_data(f, "areas/new", "{\"own\":2}");
    assert_data(f, "areas/in", "{\"name\":\"Inside\",\"n\":5}");
    check_effective(f);
    check_history_tells_overrides(f);
    assert_intact(f);
}

/* Laws */

/* The row of a component in a state: its data, NULL where there is none. */
static Value *data_in(Value *state, const char *path)
{
    Value *row = value_map_get(value_map_get(state, "mappings"), path);

    return row ? value_ref(value_list_item(row, 0)) : NULL;
}

/* Each item says what is there now; what no item is about is as it was, though maybe in another order. */
static void check_preview(const Merge *merge, Value *before, Value *after)
{
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        g_autoptr(Value) data = data_in(after, item->path), at = NULL;

        g_hash_table_add(named, item->path);
        if (item->class == MERGE_RENAMED) {
            if (!item->field[0])
                g_hash_table_add(named, (char *) value_string(item->base));
            continue;
        }
        if (merge_class_lifted_by(item->class))
            continue;
        at = item->class == MERGE_VENDOR ? component_get_field(item->path, data, item->field)
                                         : component_view_field(item->path, data, item->field);
        assert_equal(at, item->result);
    }
    VALUE_FOREACH_ENTRY (path, row, value_map_get(before, "mappings"))
        if (!g_hash_table_contains(named, path)) {
            g_autoptr(Value) was = data_in(before, path), is = data_in(after, path);
            g_autoptr(Value) one = meaning(path, was), two = meaning(path, is);
            Value *now = value_map_get(value_map_get(after, "mappings"), path);

            story_text("no item is about %s", path);
            assert_equal(one, two);
            assert_equal(value_list_item(row, 1), value_list_item(now, 1));
        }
    VALUE_FOREACH_ENTRY (path, row, value_map_get(after, "mappings"))
        check(g_hash_table_contains(named, path) || value_map_get(value_map_get(before, "mappings"), path));
}

/* Law: a preview says what is done; an undo gives back what was, a redo what was done. */
static void there_and_back(void)
{
    Fixture f = {0};
    CoachFile *file = NULL;
    g_autoptr(Value) before = NULL, after = NULL;
    g_autoptr(UpdatePreview) seen = NULL;
    UpdateOptions options = {
        .allow = MERGE_ALLOW_ALL, .has_policy = true, .policy = one_in(3) ? MERGE_TAKE_VENDOR : 0};
    int64_t revision, change;

    set_up(&f, IN_MEMORY);
    random_release(&f, &file);
    import(&f, MODEL);
    random_edits(&f, 6);
    random_release(&f, &file);
    revision = revision_of(&f);
    before = state_of(&f);
    seen = preview(&f, &options);
    change = apply(&f, seen, &options);
    after = state_of(&f);
    if (change != revision)
        check_preview(seen->merge, before, after);
    check_effective(&f);
    check_history_tells_overrides(&f);
    if (change != revision) {
        int64_t undone = undo(&f, change);

        assert_state(&f, before);
        check_history_tells_overrides(&f);
        undo(&f, undone);
        assert_state(&f, after);
    }
    check_intact(&f);
    g_autoptr(Value) dump = dump_service(f.service);
    check_fresh(&f, dump);
    coach_file_free(file);
    tear_down(&f, NULL);
}

static void test_there_and_back(void)
{
    repeat(100, there_and_back);
}

static bool is_imported(Fixture *f)
{
    bool needed = false;

    check(service_needs_import(f->service, MODEL, &needed, NULL));
    return !needed;
}

static unsigned n_undone, n_conflicts;

static void random_undo(Fixture *f)
{
    WriteOptions options = {.force = one_in(3)};
    int64_t number = 1 + below((unsigned) revision_of(f)), change;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = service_plan_undo(f->service, number, "random", &options, &error);

    story_text("undo %d%s", (int) number, options.force ? " with force" : "");
    if (!plan) {
        story_text("%s", error->message);
        check(error->code == CONFIG_ERROR_CONFLICT || error->code == CONFIG_ERROR_INVALID_DATA ||
              error->code == CONFIG_ERROR_NOT_IMPORTED);
        n_conflicts++;
        return;
    }
    service_commit(f->service, plan, &ann, &change, &error);
    check_no_error(error);
    n_undone++;
    /* Once more does nothing, unless some of it was left. */
    g_autoptr(Plan) again = service_plan_undo(f->service, number, "random", &options, &error);
    check(again ? plan_is_empty(again) || options.force : error->code != CONFIG_ERROR_CORRUPT);
}

static void random_step(Fixture *f, CoachFile **file)
{
    if (!is_imported(f)) {
        story_text("import");
        import(f, MODEL);
        return;
    }
    switch (below(6)) {
    case 0:
        random_release(f, file);
        update(f);
        story_text("update: %d", (int) revision_of(f));
        break;
    case 1:
    case 2:
    case 3:
        random_undo(f);
        break;
    default:
        random_edits(f, 1);
        break;
    }
}

/* Law: in whatever order things are edited, updated and undone, the database agrees with itself. */
static void any_sequence(void)
{
    Fixture f = {0};
    CoachFile *file = NULL;

    set_up(&f, IN_MEMORY);
    random_release(&f, &file);
    import(&f, MODEL);
    for (unsigned i = 0; i < 25; i++) {
        random_step(&f, &file);
        if (!is_imported(&f))
            continue;
        check_effective(&f);
        check_history_tells_overrides(&f);
    }
    check_intact(&f);
    if (is_imported(&f)) {
        g_autoptr(Value) dump = dump_service(f.service);
        check_fresh(&f, dump);
    }
    coach_file_free(file);
    tear_down(&f, NULL);
}

static void test_any_sequence(void)
{
    repeat(25, any_sequence);
    g_test_message("undone %u, refused %u", n_undone, n_conflicts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/updates/check", test_check);
    ADD_FIRST("/updates/announced-once", test_announced_once);
    ADD_FIRST("/updates/apply", test_update);
    ADD_FIRST("/updates/token", test_token);
    ADD_FIRST("/updates/refused", test_refused);
    ADD_FIRST("/updates/policy-in-token", test_policy_in_token);
    ADD_FIRST("/undo/edit", test_undo_edit);
    ADD_FIRST("/undo/edit/later-edits", test_undo_with_later_edits);
    ADD_FIRST("/undo/edit/in-part", test_undo_in_part);
    ADD_FIRST("/undo/no-such-change", test_no_such_change);
    ADD_FIRST("/undo/import", test_undo_import);
    ADD_FIRST("/undo/import/edited", test_undo_edited_import);
    ADD_FIRST("/undo/settings", test_undo_settings);
    ADD_FIRST("/undo/update", test_undo_update);
    ADD_FIRST("/undo/update/later-edits", test_undo_update_with_later_edits);
    ADD_FIRST("/undo/update/older", test_undo_older_update);
    ADD_FIRST("/undo/update/collision", test_undo_of_collision);
    g_test_add_func("/updates/laws/there-and-back", test_there_and_back);
    g_test_add_func("/updates/laws/any-sequence", test_any_sequence);
    return g_test_run();
}
