/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-files.c: files that come in and go out, with a real database; and the laws that what a past change
 * left is found again exactly, whatever happened since, and that edits taken out and brought in elsewhere
 * have the same effect there. */

#include <glib/gstdio.h>
#include <string.h>

#include "coach/path.h"
#include "service-support.h"

#define OTHER "other"

static const UpdateOptions no_update_options = {.allow = MERGE_ALLOW_ALL};

/* Short ways */

static BroughtFile *read_file(Fixture *f, const char *text, const char *name)
{
    g_autoptr(GError) error = NULL;
    BroughtFile *file = service_read_file(f->service, text, strlen(text), name, FILE_ORDINARY, &error);

    check_no_error(error);
    return file;
}

static Plan *plan_file_with(Fixture *f, const char *model, const char *text, const UpdateOptions *update,
                            const WriteOptions *options, GError **error)
{
    g_autoptr(BroughtFile) file =
        service_read_file(f->service, text, strlen(text), "", FILE_ORDINARY, error);
    g_autofree char *id = file ? service_find_model_of_file(f->service, file, model, error) : NULL;

    return id ? service_plan_import_file(f->service, id, file, NULL, update, "brought", options, error)
              : NULL;
}

static Plan *plan_file(Fixture *f, const char *model, const char *text, GError **error)
{
    return plan_file_with(f, model, text, &no_update_options, &forced, error);
}

static int64_t bring(Fixture *f, const char *model, const char *text)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_file(f, model, text, &error);

    check_no_error(error);
    return commit(f, plan);
}

static void assert_file_fails(Fixture *f, const char *model, const char *text, ConfigError code,
                              const char *part)
{
    g_autoptr(GError) error = NULL;
    int64_t before = revision_of(f);

    g_assert_null(plan_file(f, model, text, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    if (!strstr(error->message, part))
        g_error("\"%s\" does not say \"%s\"", error->message, part);
    g_assert_cmpint(revision_of(f), ==, before);
}

static char *take_out(Fixture *f, const char *model, bool edits, int64_t change, GError **error)
{
    const ExportOptions options = {.format = COACH_FORMAT_JSON, .edits = edits, .change = change};

    return service_export(f->service, model, &options, error);
}

static char *edits_of(Fixture *f, int64_t change)
{
    g_autoptr(GError) error = NULL;
    char *text = take_out(f, MODEL, true, change, &error);

    check_no_error(error);
    return text;
}

static void assert_no_such_change(Fixture *f, const char *model, int64_t change)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = take_out(f, model, false, change, &error);

    g_assert_null(text);
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE);
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

static int64_t remove_model(Fixture *f, const char *model, const WriteOptions *options)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_remove(f->service, model, "gone", options, &error);

    check_no_error(error);
    return commit(f, plan);
}

static void activate(Fixture *f, const char *model)
{
    commit(f, service_plan_active_model(f->service, model, &no_options, NULL));
}

static const char *active(Fixture *f)
{
    const char *model = NULL;

    g_assert_true(service_get_active_model(f->service, &model, NULL));
    return model;
}

/* What ListModels says of a model; NULL: nothing. Borrowed from the list. */
static const ModelInfo *info_of(GPtrArray *models, const char *model)
{
    for (guint i = 0; i < models->len; i++) {
        const ModelInfo *info = g_ptr_array_index(models, i);
        if (g_str_equal(info->id, model))
            return info;
    }
    return NULL;
}

/* "custom 2.0", with "*" where an update is announced; "" where it is not imported, NULL where unknown. */
static char *import_of(Fixture *f, const char *model)
{
    g_autoptr(GPtrArray) models = NULL;
    const ModelInfo *info;

    g_assert_true(service_list_models(f->service, &models, NULL));
    info = info_of(models, model);
    if (!info || !info->import)
        return g_strdup(info ? "" : NULL);
    return g_strdup_printf("%s %s%s", info->origin, info->import->version,
                           info->update_available ? "*" : "");
}

static void assert_import(Fixture *f, const char *model, const char *expected)
{
    g_autofree char *found = import_of(f, model);

    g_assert_cmpstr(found, ==, expected);
}

/* path → data of a model. */
static Value *effective(Fixture *f, const char *model)
{
    g_autoptr(GPtrArray) page = NULL;
    Value *map = value_new_map();
    const char *next;

    check(service_get_mappings(f->service, model, "", "", G_MAXUINT, &page, &next, &seen_revision, NULL));
    for (guint i = 0; i < page->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(page, i);
        value_map_take(&map, mapping->path, parse(mapping->data));
    }
    return map;
}

#define FIRST                                                                                               \
    "file_metadata: {version: '1.0', immutable_fields: [entity_id], runtime_editable_fields: [name]}\n"     \
    "areas: {in: {name: Inside, n: 1}, out: {name: Outside}}\n"                                             \
    "1FEDA:\n"                                                                                              \
    "  1: [{entity_id: lamp, name: Lamp, n: 1, m: {a: 1, b: 1}}]\n"                                         \
    "  2: [{entity_id: door, name: Door}]\n"                                                                \
    "  3: [{entity_id: fan, name: Fan}]\n"                                                                  \
    "1FEDB:\n"                                                                                              \
    "  1: [{entity_id: lamp, name: Lamp, n: 1, m: {a: 1, b: 1}, command: x}]\n"

#define SECOND                                                                                              \
    "file_metadata: {version: '2.0'}\n"                                                                     \
    "areas: {in: {name: Inside, n: 2}, out: {name: Outside}}\n"                                             \
    "1FEDA:\n"                                                                                              \
    "  1: [{entity_id: light, renamed_from: lamp, name: Light, n: 1, m: {a: 1, b: 1}}]\n"                   \
    "  3: [{entity_id: fan, name: Fan}]\n"                                                                  \
    "1FEDB:\n"                                                                                              \
    "  1: [{entity_id: light, renamed_from: lamp, name: Light, n: 1, m: {a: 1, b: 1}, command: x}]\n"

#define THIRD                                                                                               \
    "file_metadata: {version: '3.0'}\n"                                                                     \
    "1FEDA:\n"                                                                                              \
    "  3: [{entity_id: fan, name: Fan}]\n"

static void set_up_first(Fixture *f, gconstpointer unused)
{
    story_begin();
    set_up(f, unused);
    write_seed(f, MODEL, FIRST);
    import(f, MODEL);
}

#define ADD_FIRST(path, function) g_test_add(path, Fixture, NULL, set_up_first, function, tear_down)

/* New coaches */

static void test_new_coach(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL;
    int64_t brought = bring(f, OTHER, FIRST), undone;

    assert_import(f, OTHER, "custom 1.0");
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_IMPORTED);
    /* The same again is nothing, in whatever layout. */
    g_assert_cmpint(bring(f, OTHER, FIRST "# a comment\n"), ==, brought);
    before = effective(f, OTHER);
    undone = undo(f, brought);
    assert_import(f, OTHER, NULL);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_REMOVED);
    undo(f, undone);
    assert_import(f, OTHER, "custom 1.0");
    after = effective(f, OTHER);
    assert_equal(before, after);
    assert_intact(f);
}

static void test_which_model(Fixture *f, gconstpointer unused)
{
    static const char *const coach =
        "coach_info: {year: '2020', make: Ex Ample, model: C/oach, trim: null}\n";
    static const struct {
        const char *text, *name, *model, *id;
    } cases[] = {
        {NULL, "", "", "2020_Ex_Ample_Coach"},
        {NULL, "/home/me/My Coach.yml", "", "My_Coach"},
        {"{}", "x.json", "", "x"},
        {NULL, "x.txt", "", "2020_Ex_Ample_Coach"},
        {NULL, ".yml", "", "2020_Ex_Ample_Coach"},
        {NULL, "x.yml", "named", "named"},
        /* A known one by another case. */
        {NULL, "COACH.yaml", "", MODEL},
        {NULL, "COACH.YML", "", MODEL},
        {NULL, "", "COACH", MODEL},
        {"{}", "", "", NULL},
        {"{}", "x.yml", "", "x"},
        {NULL, "", "a/b", NULL},
        {NULL, "", ".hidden", NULL},
        {"coachiq_edits: {format: 1, model: known, version: '1', content_hash: '', revision: 1}\nedits: []\n",
         "x.yml", "", "known"},
        {"coachiq_edits: {format: 1, model: known, version: '1', content_hash: '', revision: 1}\nedits: []\n",
         "", "another", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(BroughtFile) file = read_file(f, cases[i].text ? cases[i].text : coach, cases[i].name);
        g_autoptr(GError) error = NULL;
        g_autofree char *id = service_find_model_of_file(f->service, file, cases[i].model, &error);

        g_assert_cmpstr(id, ==, cases[i].id);
        if (!cases[i].id)
            g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
    }
}

/* Releases */

static void test_release(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL, back = NULL, again = NULL;
    int64_t brought, undone;

    do_edits(f, "set devices/lamp /name \"Mine\"");
    before = effective(f, MODEL);
    brought = bring(f, MODEL, SECOND);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_UPDATE_APPLIED);
    assert_import(f, MODEL, "custom 2.0");
    assert_data(f, "devices/lamp", NULL);
    after = effective(f, MODEL);
    g_assert_cmpint(bring(f, MODEL, SECOND), ==, brought);
    undone = undo(f, brought);
    assert_import(f, MODEL, "bundled 1.0");
    back = effective(f, MODEL);
    assert_equal(back, before);
    undo(f, undone);
    again = effective(f, MODEL);
    assert_equal(again, after);
    assert_intact(f);
}

/* Law of a bundled one: what is announced is what the owner has never had. */
static void test_custom_over_bundled(Fixture *f, gconstpointer unused)
{
    g_autofree char *installed = NULL, *bundled = NULL;
    g_autoptr(UpdatePreview) seen = NULL;
    g_auto(GStrv) updates = NULL;
    bool available = true;

    bring(f, MODEL, SECOND);
    assert_import(f, MODEL, "custom 2.0");
    g_assert_true(service_check_for_updates(f->service, MODEL, &available, &installed, &bundled, NULL));
    g_assert_false(available);
    g_assert_cmpstr(installed, ==, "2.0");
    g_assert_cmpstr(bundled, ==, "1.0");
    g_assert_true(service_list_updates(f->service, &updates, NULL));
    g_assert_null(updates[0]);
    /* Who asks goes there all the same. */
    seen = service_preview_update(f->service, MODEL, &no_update_options, NULL);
    g_assert_cmpuint(seen->merge->items->len, >, 0);
    write_seed(f, MODEL, THIRD);
    assert_import(f, MODEL, "custom 2.0*");
    bring(f, MODEL, THIRD);
    assert_import(f, MODEL, "bundled 3.0");
    bring(f, MODEL, FIRST);
    assert_import(f, MODEL, "bundled 1.0*");
}

/* A release that was brought first and ships later is the bundled one then. */
static void test_brought_before_bundled(Fixture *f, gconstpointer unused)
{
    bring(f, MODEL, SECOND);
    write_seed(f, MODEL, SECOND);
    assert_import(f, MODEL, "bundled 2.0");
    write_seed(f, MODEL, THIRD);
    assert_import(f, MODEL, "custom 2.0*");
}

static void test_token(Fixture *f, gconstpointer unused)
{
    g_autoptr(BroughtFile) file = read_file(f, SECOND, "x.yml");
    UpdateOptions options = {.file = file, .allow = MERGE_ALLOW_ALL};
    g_autoptr(UpdatePreview) seen = service_preview_update(f->service, MODEL, &options, NULL);
    g_autoptr(BroughtFile) same = read_file(f, SECOND "# the same\n", ""), other = read_file(f, THIRD, ""),
                           edits = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;

    g_assert_nonnull(seen);
    plan = service_plan_import_file(f->service, MODEL, same, seen->token, &no_update_options, "",
                                    &no_options, &error);
    g_assert_no_error(error);
    g_assert_nonnull(plan);
    g_assert_null(service_plan_import_file(f->service, MODEL, other, seen->token, &no_update_options, "",
                                           &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT);
    g_clear_error(&error);
    text = edits_of(f, 0);
    edits = read_file(f, text, "");
    options.file = edits;
    g_assert_null(service_preview_update(f->service, MODEL, &options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
}

/* Edits */

#define EDITS(list)                                                                                         \
    "{\"coachiq_edits\": {\"format\": 1, \"model\": \"" MODEL "\", \"version\": \"1.0\", "                  \
    "\"content_hash\": \"\", \"revision\": 1}, \"edits\": [" list "]}"

static void test_edits(Fixture *f, gconstpointer unused)
{
    int64_t edited;

    do_edits(f,
             "set devices/lamp /m/a 5\nset devices/lamp /bindings/1FEDB:1/n 7\nset devices/fan /name \"F\"");
    edited = bring(
        f, "",
        EDITS("{\"path\": \"devices/lamp\", \"field\": \"/n\", \"op\": \"set\", \"value\": 9},"
              "{\"path\": \"devices/lamp\", \"field\": \"/m\", \"op\": \"unset\"},"
              "{\"path\": \"devices/door\", \"field\": \"\", \"op\": \"unset\"},"
              "{\"path\": \"areas/own\", \"field\": \"\", \"op\": \"set\", \"value\": {\"x\": null}}"));
    /* The file's wish for all of the lamp takes the place of one for a binding of it. */
    assert_data(
        f, "devices/lamp",
        "{\"entity_id\":\"lamp\",\"name\":\"Lamp\",\"n\":9,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
        "{\"dgn\":\"1FEDB\",\"instance\":1,\"command\":\"x\"}]}");
    assert_data(f, "devices/door", NULL);
    assert_data(f, "areas/own", "{\"x\":null}");
    assert_data(f, "devices/fan",
                "{\"entity_id\":\"fan\",\"name\":\"F\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":3}]}");
    g_assert_cmpstr(f->event_kind, ==, "edit");
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MAPPINGS_CHANGED);
    undo(f, edited);
    assert_data(
        f, "devices/lamp",
        "{\"entity_id\":\"lamp\",\"name\":\"Lamp\",\"n\":1,\"m\":{\"a\":5,\"b\":1},\"bindings\":["
        "{\"dgn\":\"1FEDA\",\"instance\":1},{\"dgn\":\"1FEDB\",\"instance\":1,\"command\":\"x\",\"n\":7}]}");
    assert_intact(f);
}

static void test_edits_of_deleted(Fixture *f, gconstpointer unused)
{
    do_edits(f, "delete devices/fan");
    bring(f, "",
          EDITS("{\"path\": \"devices/fan\", \"field\": \"/name\", \"op\": \"set\", \"value\": \"Ours\"}"));
    assert_data(
        f, "devices/fan",
        "{\"entity_id\":\"fan\",\"name\":\"Ours\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":3}]}");
    check_effective(f);
}

static void test_edits_refused(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    do_edits(f, "set devices/fan /name \"Fan Two\"");
    assert_file_fails(
        f, "",
        EDITS("{\"path\": \"devices/fan\", \"field\": \"/name\", \"op\": \"set\", \"value\": \"x\"},"
              "{\"path\": \"devices/none\", \"field\": \"/name\", \"op\": \"set\", \"value\": \"x\"}"),
        CONFIG_ERROR_NO_SUCH_MAPPING, "devices/none");
    assert_file_fails(
        f, "",
        EDITS("{\"path\": \"devices/fan\", \"field\": \"/entity_id\", \"op\": \"set\", \"value\": \"x\"}"),
        CONFIG_ERROR_IMMUTABLE, "entity_id");
    assert_file_fails(
        f, "", EDITS("{\"path\": \"areas\", \"field\": \"\", \"op\": \"set\", \"value\": {\"a\": 1}}"),
        CONFIG_ERROR_INVALID_DATA, "divided");
    /* The coach file says what is meant to be edited; force lifts that. */
    g_assert_null(plan_file_with(
        f, "", EDITS("{\"path\": \"devices/fan\", \"field\": \"/n\", \"op\": \"set\", \"value\": 1}"),
        &no_update_options, &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE);
    /* What is there already is nothing, whoever forced it. */
    do_edits(f, "set devices/fan /n 1");
    g_assert_cmpint(
        bring(f, "", EDITS("{\"path\": \"devices/fan\", \"field\": \"/n\", \"op\": \"set\", \"value\": 1}")),
        ==, revision_of(f));
}

/* Edits of an older release of the coach. */
static void test_edits_of_renamed(Fixture *f, gconstpointer unused)
{
    g_autofree char *edits = NULL;

    do_edits(f, "set devices/lamp /name \"Mine\"");
    edits = edits_of(f, 0);
    undo(f, revision_of(f));
    bring(f, MODEL, SECOND);
    bring(f, "", edits);
    assert_data(
        f, "devices/light",
        "{\"entity_id\":\"light\",\"renamed_from\":\"lamp\",\"name\":\"Mine\",\"n\":1,\"m\":{\"a\":1,\"b\":1},"
        "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1},"
        "{\"dgn\":\"1FEDB\",\"instance\":1,\"command\":\"x\"}]}");
    check_history_tells_overrides(f);
}

/* Removal */

static void test_remove(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL;
    g_autofree char *edits = NULL, *then = NULL;
    int64_t edited, removed, undone;

    bring(f, OTHER, FIRST);
    edited = do_edits(f, "set devices/lamp /name \"Mine\"\ndelete devices/door\nput areas/own {\"x\":1}");
    before = effective(f, MODEL);
    edits = edits_of(f, 0);
    removed = remove_model(f, MODEL, &no_options);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_REMOVED);
    assert_import(f, MODEL, "");
    /* It is not there any more to be removed, but known. */
    g_assert_cmpint(remove_model(f, MODEL, &no_options), ==, removed);
    then = edits_of(f, edited);
    g_assert_cmpstr(then, ==, edits);
    assert_no_such_change(f, MODEL, removed);
    undone = undo(f, removed);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MODEL_IMPORTED);
    after = effective(f, MODEL);
    assert_equal(after, before);
    g_free(then);
    then = edits_of(f, edited);
    g_assert_cmpstr(then, ==, edits);
    check_effective(f);
    check_history_tells_overrides(f);
    undo(f, undone);
    assert_import(f, MODEL, "");
    assert_intact(f);
    remove_model(f, OTHER, &no_options);
    assert_import(f, OTHER, NULL);
}

/* The first read after it imports it anew, which is nothing that an undo would have to spare. */
static void test_remove_and_use(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = NULL, after = NULL;
    int64_t removed;

    bring(f, MODEL, SECOND);
    do_edits(f, "set devices/light /name \"Mine\"");
    before = effective(f, MODEL);
    removed = remove_model(f, MODEL, &no_options);
    import(f, MODEL);
    assert_import(f, MODEL, "bundled 1.0");
    undo(f, removed);
    assert_import(f, MODEL, "custom 2.0");
    after = effective(f, MODEL);
    assert_equal(after, before);
    /* The same where it has the content of then. */
    removed = remove_model(f, MODEL, &no_options);
    import(f, MODEL);
    bring(f, MODEL, SECOND);
    undo(f, removed);
    g_clear_pointer(&after, value_unref);
    after = effective(f, MODEL);
    assert_equal(after, before);
    check_history_tells_overrides(f);
    assert_intact(f);
}

/* But another file under the same name is somebody's, and an undo leaves it. */
static void test_remove_and_bring(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) brought = NULL, after = NULL;
    int64_t removed, undone;

    bring(f, OTHER, FIRST);
    removed = remove_model(f, OTHER, &no_options);
    bring(f, OTHER, SECOND);
    brought = effective(f, OTHER);
    g_assert_null(service_plan_undo(f->service, removed, "no", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT);
    after = effective(f, OTHER);
    assert_equal(after, brought);
    /* Unless that is wanted. */
    undone = undo_with(f, removed, &forced);
    assert_import(f, OTHER, "custom 1.0");
    undo(f, undone);
    assert_import(f, OTHER, "custom 2.0");
    assert_intact(f);
}

static void test_remove_active(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int64_t removed, undone;

    activate(f, MODEL);
    g_assert_null(service_plan_remove(f->service, "", "", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED);
    g_clear_error(&error);
    removed = remove_model(f, "", &forced);
    g_assert_cmpstr(active(f), ==, "");
    assert_import(f, MODEL, "");
    undone = undo(f, removed);
    g_assert_cmpstr(active(f), ==, MODEL);
    assert_import(f, MODEL, "bundled 1.0");
    undo(f, undone);
    g_assert_cmpstr(active(f), ==, "");
    g_assert_null(service_plan_remove(f->service, "unknown", "", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL);
    assert_intact(f);
}

/* A coach that is gone for good cannot be the active one. */
static void test_undo_of_active(Fixture *f, gconstpointer unused)
{
    int64_t brought = bring(f, OTHER, FIRST);
    g_autoptr(GError) error = NULL;

    activate(f, OTHER);
    g_assert_null(service_plan_undo(f->service, brought, "", &no_options, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED);
    undo_with(f, brought, &forced);
    g_assert_cmpstr(active(f), ==, "");
    assert_import(f, OTHER, NULL);
    undo(f, revision_of(f));
    g_assert_cmpstr(active(f), ==, OTHER);
    assert_import(f, OTHER, "custom 1.0");
    assert_intact(f);
}

/* The past */

static void test_past(Fixture *f, gconstpointer unused)
{
    int64_t brought = bring(f, OTHER, FIRST);

    assert_no_such_change(f, OTHER, brought - 1);
    assert_no_such_change(f, OTHER, brought + 1);
    assert_no_such_change(f, OTHER, -1);
    assert_no_such_change(f, "unknown", brought);
}

/* Laws */

static unsigned n_compared;

/* What there was after a change, as texts; NULL where the model was not there, or is no coach file. */
typedef struct Snapshot {
    int64_t change;
    char *edits, *merged;
} Snapshot;

static void snapshot_clear(void *data)
{
    g_free(((Snapshot *) data)->edits);
    g_free(((Snapshot *) data)->merged);
}

static bool is_imported(Fixture *f)
{
    bool needed = false;

    check(service_needs_import(f->service, MODEL, &needed, NULL));
    return !needed;
}

static void remember(Fixture *f, GArray *snapshots)
{
    Snapshot snapshot = {.change = revision_of(f)};

    if (is_imported(f)) {
        snapshot.edits = edits_of(f, 0);
        snapshot.merged = take_out(f, MODEL, false, 0, NULL);
    }
    g_array_append_val(snapshots, snapshot);
}

static void check_past(Fixture *f, GArray *snapshots)
{
    for (guint i = 0; i < snapshots->len; i++) {
        const Snapshot *snapshot = &g_array_index(snapshots, Snapshot, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *edits = take_out(f, MODEL, true, snapshot->change, &error),
                        *merged = take_out(f, MODEL, false, snapshot->change, NULL);

        story_text("after change %d: %s, then %s", (int) snapshot->change, edits, snapshot->edits);
        check(edits || g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE));
        check(g_strcmp0(edits, snapshot->edits) == 0);
        check(g_strcmp0(merged, snapshot->merged) == 0);
        n_compared++;
    }
}

static void random_undo(Fixture *f)
{
    WriteOptions options = {.force = one_in(3)};
    int64_t number = 1 + below((unsigned) revision_of(f)), change;
    g_autoptr(Plan) plan = service_plan_undo(f->service, number, "random", &options, NULL);

    story_text("undo %d%s", (int) number, options.force ? " with force" : "");
    if (plan)
        check(service_commit(f->service, plan, &ann, &change, NULL));
}

/* Brings the next release, or an older state, as a file. */
static void random_file(Fixture *f, CoachFile **file)
{
    g_autofree char *text = NULL;
    g_autoptr(Plan) plan = NULL;
    g_autoptr(GError) error = NULL;
    int64_t change;

    if (one_in(2)) {
        text = take_out(f, MODEL, one_in(2), 1 + below((unsigned) revision_of(f)), NULL);
    } else {
        random_release(f, file);
        text = coach_text_format((*file)->components, (*file)->layout, NULL, COACH_FORMAT_YAML, NULL);
    }
    plan = text ? plan_file(f, MODEL, text, &error) : NULL;
    story_text("file: %s", error ? error->message : plan ? plan_kind(plan) : "none");
    check(!g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT));
    if (plan)
        check(service_commit(f->service, plan, &ann, &change, NULL));
}

static void random_step(Fixture *f, CoachFile **file)
{
    if (!is_imported(f)) {
        if (one_in(2))
            import(f, MODEL);
        else
            random_undo(f);
        return;
    }
    switch (below(8)) {
    case 0:
    case 1:
        random_file(f, file);
        break;
    case 2:
        if (one_in(2))
            remove_model(f, MODEL, &no_options);
        break;
    case 3:
    case 4:
        random_undo(f);
        break;
    default:
        random_edits(f, 1);
        break;
    }
}

/* Law: what a change left is found again exactly, whatever happened since. */
static void past_is_exact(void)
{
    g_autoptr(GArray) snapshots = g_array_new(false, false, sizeof(Snapshot));
    Fixture f = {0};
    CoachFile *file = NULL;

    g_array_set_clear_func(snapshots, snapshot_clear);
    set_up(&f, IN_MEMORY);
    random_release(&f, &file);
    import(&f, MODEL);
    for (unsigned i = 0; i < 20; i++) {
        int64_t before = revision_of(&f);

        random_step(&f, &file);
        if (revision_of(&f) != before)
            remember(&f, snapshots);
    }
    check_past(&f, snapshots);
    check_intact(&f);
    coach_file_free(file);
    tear_down(&f, NULL);
}

static void test_past_is_exact(void)
{
    repeat(25, past_is_exact);
    g_assert_cmpuint(n_compared, >, 0);
}

/* The vendor's data that a model has, as a file. */
static char *vendor_of(Fixture *f)
{
    g_autoptr(Store) store = store_open(f->state, NULL);
    g_autoptr(ImportStatus) status = NULL;
    g_autoptr(CoachFile) file = NULL;
    char *text;

    check(store && store_get_import(store, MODEL, &status, NULL));
    check(store_load_vendor_file(store, status->revision_id, &file, NULL));
    text = coach_text_format(file->components, file->layout, NULL, COACH_FORMAT_YAML, NULL);
    check(text);
    return text;
}

static unsigned n_carried;

/* Brings edits in where nobody edited; false where rules are in the way. What releases left may be what no
 * edit could make: only then. */
static bool carry_over(Fixture *f, const char *edits, bool released)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_file(f, "", edits, &error);
    int64_t change;

    if (!plan && released &&
        (g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA) ||
         g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE)))
        return false;
    check_no_error(error);
    check(service_commit(f->service, plan, &ann, &change, NULL));
    return true;
}

static void check_carried(Fixture *f, Value *there)
{
    g_autoptr(Value) here = effective(f, MODEL);

    assert_equal(here, there);
    check_effective(f);
    check_history_tells_overrides(f);
    n_carried++;
}

/* Law: edits that are taken out and brought in where nobody edited have the same effect there. */
static void edits_carry_over(void)
{
    Fixture one = {0}, other = {0};
    CoachFile *file = NULL;
    g_autofree char *edits = NULL, *vendor = NULL;
    g_autoptr(Value) there = NULL;
    bool released = one_in(2);

    set_up(&one, IN_MEMORY);
    set_up(&other, IN_MEMORY);
    random_release(&one, &file);
    import(&one, MODEL);
    random_edits(&one, 6);
    if (released)
        random_file(&one, &file);
    random_edits(&one, 2);
    vendor = vendor_of(&one);
    edits = edits_of(&one, 0);
    story_text("edits %s", edits);
    there = effective(&one, MODEL);
    write_seed(&other, MODEL, vendor);
    import(&other, MODEL);
    if (carry_over(&other, edits, released)) {
        check_carried(&other, there);
        /* And once more does nothing. */
        check(bring(&other, "", edits) == revision_of(&other));
    }
    coach_file_free(file);
    tear_down(&one, NULL);
    tear_down(&other, NULL);
}

static void test_edits_carry_over(void)
{
    repeat(100, edits_carry_over);
    g_assert_cmpuint(n_carried, >, 0);
}

/* Law: a coach that is taken out and brought in is the same. */
static void coaches_carry_over(void)
{
    Fixture f = {0};
    CoachFile *file = NULL;
    g_autofree char *text = NULL;
    g_autoptr(Value) here = NULL, there = NULL;

    set_up(&f, IN_MEMORY);
    random_release(&f, &file);
    import(&f, MODEL);
    text = take_out(&f, MODEL, false, 0, NULL);
    check(text);
    bring(&f, OTHER, text);
    here = effective(&f, MODEL);
    there = effective(&f, OTHER);
    assert_equal(there, here);
    coach_file_free(file);
    tear_down(&f, NULL);
}

static void test_coaches_carry_over(void)
{
    repeat(100, coaches_carry_over);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_FIRST("/files/new-coach", test_new_coach);
    ADD_FIRST("/files/which-model", test_which_model);
    ADD_FIRST("/files/release", test_release);
    ADD_FIRST("/files/release/custom-over-bundled", test_custom_over_bundled);
    ADD_FIRST("/files/release/brought-before-bundled", test_brought_before_bundled);
    ADD_FIRST("/files/release/token", test_token);
    ADD_FIRST("/files/edits", test_edits);
    ADD_FIRST("/files/edits/deleted", test_edits_of_deleted);
    ADD_FIRST("/files/edits/refused", test_edits_refused);
    ADD_FIRST("/files/edits/renamed", test_edits_of_renamed);
    ADD_FIRST("/files/remove", test_remove);
    ADD_FIRST("/files/remove/used-again", test_remove_and_use);
    ADD_FIRST("/files/remove/brought-again", test_remove_and_bring);
    ADD_FIRST("/files/remove/active", test_remove_active);
    ADD_FIRST("/files/undo-of-active", test_undo_of_active);
    ADD_FIRST("/files/past", test_past);
    g_test_add_func("/files/laws/past-is-exact", test_past_is_exact);
    g_test_add_func("/files/laws/edits-carry-over", test_edits_carry_over);
    g_test_add_func("/files/laws/coaches-carry-over", test_coaches_carry_over);
    return g_test_run();
}
