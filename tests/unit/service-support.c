/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* service-support.c: see service-support.h. */

#include "service-support.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "coach/dgn.h"
#include "coach/path.h"

/* What most tests do not look at. */
int64_t seen_revision;

const char *const coach_text =
    "coach_info: {year: 2021, make: Entegra}\n"
    "file_metadata: {version: '1.0'}\n"
    "areas:\n"
    "  interior: {name: Inside}\n"
    "1FEDA:\n"
    "  25:\n"
    "    - {entity_id: bed, friendly_name: Bed Light, device_type: light, area: interior.bedroom, interface: house, role: s}\n"
    "    - {entity_id: bath, friendly_name: Bath, device_type: light, suggested_area: Bath}\n"
    "  default: [{entity_id: any, device_type: light}]\n"
    "1FEDB:\n"
    "  25:\n"
    "    - {entity_id: bed, friendly_name: Bed Light, device_type: light, area: interior.bedroom, interface: house, role: c}\n"
    "1FEE5:\n"
    "  1: [{entity_id: door, friendly_name: Door, device_type: lock, area: interior}]\n";

/* A service in a folder */

static void observe(const ServiceEvent *event, void *userdata)
{
    Fixture *f = userdata;

    f->n_events++;
    f->event = event->type;
    f->event_change = event->change;
    g_free(f->paths);
    f->paths = event->paths ? g_strjoinv("\n", (char **) event->paths) : NULL;
    g_free(f->event_model);
    f->event_model = g_strdup(event->model);
    g_free(f->event_kind);
    f->event_kind = g_strdup(event->kind);
}

void write_seed(Fixture *f, const char *model, const char *text)
{
    g_autofree char *name = g_strconcat(model, ".yml", NULL);
    g_autofree char *path = g_build_filename(f->seeds, "coaches", name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

void start(Fixture *f)
{
    f->service = service_new(f->state, f->seeds);
    service_set_observer(f->service, observe, f);
}

void stop(Fixture *f)
{
    g_clear_pointer(&f->service, service_free);
}

void set_up(Fixture *f, gconstpointer where)
{
    f->state = where ? folder_new_in_memory() : folder_new();
    f->seeds = where ? folder_new_in_memory() : folder_new();
    g_autofree char *coaches = g_build_filename(f->seeds, "coaches", NULL);
    g_assert_cmpint(g_mkdir(coaches, 0700), ==, 0);
    write_seed(f, MODEL, coach_text);
    start(f);
}

void tear_down(Fixture *f, gconstpointer unused)
{
    stop(f);
    folder_remove(f->state);
    folder_remove(f->seeds);
    g_free(f->paths);
    g_free(f->event_model);
    g_free(f->event_kind);
}

char *raw_text(const char *folder, const char *sql)
{
    g_autofree char *path = g_build_filename(folder, "config.db", NULL);
    sqlite3 *handle;
    sqlite3_stmt *statement;
    char *text = NULL;

    g_assert_cmpint(sqlite3_open(path, &handle), ==, SQLITE_OK);
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(handle));
    int r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        text = g_strdup((const char *) sqlite3_column_text(statement, 0));
    else if (r != SQLITE_DONE)
        g_error("%s: %s", sql, sqlite3_errmsg(handle));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return text;
}

/* Short ways to write */

const Actor ann = {.uid = 1000, .pid = 42, .user = (char *) "ann", .process = (char *) "panel"};
const WriteOptions no_options = {0};
const WriteOptions forced = {.force = true};

int64_t commit(Fixture *f, Plan *plan)
{
    g_autoptr(GError) error = NULL;
    int64_t change = -1;

    g_assert_nonnull(plan);
    service_commit(f->service, plan, &ann, &change, &error);
    g_assert_no_error(error);
    plan_free(plan);
    return change;
}

void import(Fixture *f, const char *model)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_import(f->service, model, "", &no_options, &error);

    g_assert_no_error(error);
    commit(f, plan);
}

/* Edits as lines of "op path [field [value]]". */
Plan *plan_lines(Fixture *f, const char *model, const char *lines, const WriteOptions *options,
                 GError **error)
{
    g_auto(GStrv) split = g_strsplit(lines, "\n", -1);
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);

    for (char **line = split; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 4);
        guint n = g_strv_length(words);
        EditOp op;
        Edit *edit;

        g_assert_true(edit_op_from_string(words[0], &op));
        if (op == EDIT_PUT) {
            const char *value = strchr(strchr(*line, ' ') + 1, ' ') + 1;
            edit = edit_new(op, words[1], "", value, error);
        } else {
            edit = edit_new(op, words[1], n > 2 ? words[2] : "", n > 3 ? words[3] : "", error);
        }
        if (!edit)
            return NULL;
        g_ptr_array_add(edits, edit);
    }
    return service_plan_edits(f->service, model, edits, "because", options, error);
}

int64_t do_edits(Fixture *f, const char *lines)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_lines(f, MODEL, lines, &forced, &error);

    g_assert_no_error(error);
    return commit(f, plan);
}

void assert_edit_fails(Fixture *f, const char *model, const char *lines, const WriteOptions *options,
                       ConfigError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;
    int64_t before, after;

    g_test_message("%s", lines);
    g_assert_true(service_get_revision(f->service, &before, NULL));
    plan = plan_lines(f, model, lines, options, &error);
    g_assert_null(plan);
    g_assert_error(error, CONFIG_ERROR, (int) code);
    g_assert_true(service_get_revision(f->service, &after, NULL));
    g_assert_cmpint(before, ==, after);
}

char *data_of(Fixture *f, const char *path)
{
    const CachedMapping *mapping = NULL;
    g_autoptr(GError) error = NULL;
    int64_t revision;

    if (!service_get_mapping(f->service, MODEL, path, &mapping, &revision, &error)) {
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING);
        return NULL;
    }
    return g_strdup(mapping->data);
}

void assert_data(Fixture *f, const char *path, const char *expected)
{
    g_autofree char *data = data_of(f, path);

    if (!expected) {
        g_assert_null(data);
        return;
    }
    g_assert_nonnull(data);
    g_autoptr(Value) value = parse(data);
    assert_json(value, expected);
}

void assert_intact(Fixture *f)
{
    g_autofree char *problem = NULL;
    int64_t checked, from, revision;

    g_assert_true(service_verify_history(f->service, &checked, &from, &problem, NULL));
    g_assert_cmpstr(problem, ==, NULL);
    g_assert_true(service_get_revision(f->service, &revision, NULL));
    g_assert_cmpint(checked, ==, revision);
}

/* Everything that a reader can see, as one value */

static void dump_mappings(Service *service, Value **dump)
{
    g_autoptr(GPtrArray) page = NULL;
    g_autoptr(Value) mappings = value_new_map(), explained = value_new_map();
    const char *next;

    check(service_get_mappings(service, MODEL, "", "", G_MAXUINT, &page, &next, &seen_revision, NULL));
    for (guint i = 0; i < page->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(page, i), *one = NULL;
        g_autofree char *text = NULL;
        Value *row = value_new_list();
        int64_t revision;

        value_list_take(&row, value_new_string(mapping->data));
        value_list_take(&row, value_new_string(mapping->source));
        value_map_take(&mappings, mapping->path, row);
        check(service_get_mapping(service, MODEL, mapping->path, &one, &revision, NULL));
        check(g_str_equal(one->data, mapping->data));
        check(service_explain(service, MODEL, mapping->path, &text, NULL));
        value_map_take(&explained, mapping->path, parse(text));
    }
    value_map_set(dump, "mappings", mappings);
    value_map_set(dump, "explained", explained);
}

static void dump_lookups(Service *service, Value **dump)
{
    static const uint32_t dgns[] = {0x1FEDA, 0x1FEDB, 0x1FEE5, 0x0EF00, 0x19FED, 0};
    static const int instances[] = {0, 1, 25, 26, 255, 7, INSTANCE_DEFAULT};
    g_autoptr(Value) lookups = value_new_map();

    for (guint i = 0; i < G_N_ELEMENTS(dgns) * G_N_ELEMENTS(instances); i++) {
        g_autoptr(GPtrArray) devices = NULL;
        char key[BINDING_KEY_SIZE];
        Value *list = value_new_list();

        binding_key_format(dgns[i / G_N_ELEMENTS(instances)], instances[i % G_N_ELEMENTS(instances)], key);
        check(service_lookup(service, MODEL, dgns[i / G_N_ELEMENTS(instances)],
                             instances[i % G_N_ELEMENTS(instances)], &devices, NULL));
        for (guint j = 0; j < devices->len; j++) {
            const LookupResult *device = g_ptr_array_index(devices, j);
            value_list_take(&list, value_new_string(device->path));
            value_list_take(&list, parse(device->data));
        }
        value_map_take(&lookups, key, list);
    }
    value_map_set(dump, "lookups", lookups);
}

char *find(Service *service, const FindQuery *query)
{
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);

    service_find_mappings(service, MODEL, query, &found, &seen_revision, &error);
    check_no_error(error);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "",
                               ((const CachedMapping *) g_ptr_array_index(found, i))->path);
    return g_string_free(text, FALSE);
}

static void dump_finds(Service *service, Value **dump)
{
    static const FindQuery queries[] = {
        {.text = "a"},
        {.text = "light"},
        {.device_type = "light"},
        {.area = "on"},
        {.interface = "house"},
        {.has_dgn = true, .dgn = 0x1FEDA},
        {.has_instance = true, .instance = 25},
        {.has_instance = true, .instance = INSTANCE_DEFAULT},
    };
    g_autoptr(Value) finds = value_new_list();

    for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
        g_autofree char *found = find(service, &queries[i]);
        value_list_take(&finds, value_new_string(found));
    }
    value_map_set(dump, "finds", finds);
}

Value *dump_service(Service *service)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) models = NULL, problems = NULL;
    g_autoptr(Value) said = value_new_list();
    Value *dump = value_new_map();
    int64_t revision;

    service_get_revision(service, &revision, &error);
    check_no_error(error);
    value_map_take(&dump, "revision", value_new_integer(revision));
    dump_mappings(service, &dump);
    dump_lookups(service, &dump);
    dump_finds(service, &dump);
    check(service_validate(service, MODEL, &problems, NULL));
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);
        value_list_take(&said, value_new_string(problem->severity));
        value_list_take(&said, value_new_string(problem->path));
        value_list_take(&said, value_new_string(problem->field));
        value_list_take(&said, value_new_string(problem->message));
    }
    value_map_set(&dump, "problems", said);
    check(service_list_models(service, &models, NULL));
    for (guint i = 0; i < models->len; i++) {
        const ModelInfo *info = g_ptr_array_index(models, i);
        if (!g_str_equal(info->id, MODEL))
            continue;
        value_map_take(&dump, "devices", value_new_integer(info->n_devices));
        value_map_take(&dump, "edits", value_new_integer(info->import->n_edits));
    }
    return dump;
}

/* A service that starts anew on a copy of the database knows the same. */
void check_fresh(Fixture *f, Value *dump)
{
    char *folder = folder_new_in_memory();
    g_autofree char *sql = g_strdup_printf("VACUUM INTO '%s/config.db'", folder);
    Service *fresh;

    g_assert_null(raw_text(f->state, sql));
    fresh = service_new(folder, f->seeds);
    g_autoptr(Value) other = dump_service(fresh);
    assert_equal(dump, other);
    service_free(fresh);
    folder_remove(folder);
}

void assert_fresh(Fixture *f)
{
    g_autoptr(Value) dump = dump_service(f->service);

    check_fresh(f, dump);
}

/* What holds of any database */

/* What coach_mappings holds is vendor ⊕ overrides, for every component that either has. */
void check_effective(Fixture *f)
{
    g_autoptr(Store) store = store_open(f->state, NULL);
    g_autoptr(ImportStatus) status = NULL;
    g_autoptr(GPtrArray) vendor = NULL, mappings = NULL;
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *edited = raw_text(
        f->state,
        "SELECT group_concat(component_path, char(10)) FROM (SELECT DISTINCT component_path FROM overrides)");
    GHashTableIter iter;
    gpointer path;

    check(store && store_get_import(store, MODEL, &status, NULL));
    check(store_list_vendor_components(store, status->revision_id, &vendor, NULL));
    check(store_list_mappings(store, MODEL, &mappings, NULL));
    for (guint i = 0; i < vendor->len; i++)
        g_hash_table_add(paths, g_strdup(((const Component *) g_ptr_array_index(vendor, i))->path));
    for (guint i = 0; i < mappings->len; i++)
        g_hash_table_add(paths, g_strdup(((const Mapping *) g_ptr_array_index(mappings, i))->path));
    g_auto(GStrv) split = g_strsplit(edited ? edited : "", "\n", -1);
    for (char **line = split; *line; line++)
        g_hash_table_add(paths, g_strdup(*line));

    g_hash_table_iter_init(&iter, paths);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        g_autoptr(Value) own = NULL, effective = NULL;
        g_autoptr(GPtrArray) overrides = NULL;
        g_autoptr(Mapping) mapping = NULL;
        g_autofree char *text = NULL;

        check(store_get_vendor_component(store, status->revision_id, path, &own, NULL));
        check(store_get_overrides(store, MODEL, path, &overrides, NULL));
        check(store_get_mapping(store, MODEL, path, &mapping, NULL));
        effective = override_apply(path, own, overrides);
        text = json_format(effective);
        story_text("%s: %s, stored %s", (const char *) path, text, mapping ? mapping->data : "(none)");
        /* As data: the order of keys may be that of another edit which says the same. */
        g_autoptr(Value) stored = mapping ? parse(mapping->data) : NULL;
        assert_equal(stored, effective);
        check(!mapping || g_str_equal(mapping->source, overrides->len > 0 ? "user" : "factory"));
    }
}

/* Rows of a key and JSON text, as a map. */
Value *raw_map(const char *folder, const char *sql)
{
    g_autofree char *path = g_build_filename(folder, "config.db", NULL);
    Value *map = value_new_map();
    sqlite3 *handle;
    sqlite3_stmt *statement;

    g_assert_cmpint(sqlite3_open(path, &handle), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), ==, SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        value_map_take(&map, (const char *) sqlite3_column_text(statement, 0),
                       parse((const char *) sqlite3_column_text(statement, 1)));
    g_assert_cmpint(sqlite3_finalize(statement), ==, SQLITE_OK);
    sqlite3_close(handle);
    return map;
}

/* The newest row of the history of each field says what its override is now; an undo relies on it. */
void check_history_tells_overrides(Fixture *f)
{
    g_autoptr(Value) told = raw_map(
        f->state,
        "SELECT path || field, json_remove(override_after, '$.by') FROM (SELECT m.component_path || ' ' AS path, h.field, "
        "h.override_after, max(h.id) FROM coach_mapping_history h "
        "JOIN coach_mappings m ON m.id = h.mapping_id GROUP BY 1, 2) "
        "WHERE override_after IS NOT NULL");
    g_autoptr(Value) held =
        raw_map(f->state, "SELECT component_path || ' ' || field, '{\"op\":\"' || op || '\"' || "
                          "coalesce(',\"value\":' || value, '') || "
                          "coalesce(',\"vendor\":' || vendor_value, '') || "
                          "coalesce(',\"edits\":' || edits, '') || '}' FROM overrides");

    assert_equal(told, held);
}

static char *random_path(Fixture *f)
{
    static const char *const fresh[] = {"devices/new_1",   "devices/new~12", "areas/new",  "areas/interior",
                                        "fresh",           "fresh/child",    "coach_info", "devices/lock",
                                        "devices/light_1", "templates/25",   NULL};
    g_autoptr(GPtrArray) page = NULL;
    const char *next;

    check(service_get_mappings(f->service, MODEL, "", "", G_MAXUINT, &page, &next, &seen_revision, NULL));
    if (page->len == 0 || one_in(4))
        return g_strdup(one_of(fresh));
    return g_strdup(((const CachedMapping *) g_ptr_array_index(page, below(page->len)))->path);
}

Edit *random_edit(Fixture *f)
{
    g_autofree char *path = random_path(f), *field = NULL, *text = NULL, *data = data_of(f, path),
                    *id = NULL;
    g_autoptr(Value) component = data ? parse(data) : NULL, value = NULL;
    static const EditOp ops[] = {EDIT_SET,   EDIT_SET, EDIT_SET, EDIT_UNSET,
                                 EDIT_RESET, EDIT_PUT, EDIT_PUT, EDIT_DELETE};
    EditOp op = component ? ops[below(G_N_ELEMENTS(ops))] : one_in(3) ? EDIT_RESET : EDIT_PUT;
    g_autoptr(GError) error = NULL;

    if (op == EDIT_PUT) {
        value = neighbour(path, component);
        if (path_is_device(path) && value_is_map(value) && path_split(path, NULL, &id, NULL))
            value_map_take(&value, "entity_id", value_new_string(id));
    } else if (op == EDIT_SET) {
        field = random_field(path, component);
        value = random_value(2);
    } else if (op == EDIT_UNSET || (op == EDIT_RESET && !one_in(3))) {
        field = random_field(path, component);
    }
    text = value ? json_format(value) : g_strdup("");
    Edit *edit = edit_new(op, path, field ? field : "", text, &error);
    story_text("op %d %s%s %s", (int) op, path, field ? field : "", text);
    check_no_error(error);
    return edit;
}

/* Whether a coach file can say this component as it is: a device needs a place to stand, a section whose
 * members are all maps is read as divided, and one without members gives way to children. */
bool can_be_exported(const char *path, Value *data)
{
    if (path_is_device(path))
        return value_length(value_map_get(data, "bindings")) > 0;
    if (strchr(path, '/') || !value_is_map(data))
        return true;
    VALUE_FOREACH_ENTRY (key, member, data)
        if (!value_is_map(member))
            return true;
    return false;
}

int64_t revision_of(Fixture *f)
{
    int64_t revision = -1;

    check(service_get_revision(f->service, &revision, NULL));
    return revision;
}

void check_intact(Fixture *f)
{
    g_autofree char *problem = NULL;
    int64_t checked, from;

    check(service_verify_history(f->service, &checked, &from, &problem, NULL));
    if (problem)
        story_text("%s", problem);
    check(!problem && from == 1 && checked == revision_of(f));
}

static GPtrArray *exportable(GPtrArray *coach)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < coach->len; i++) {
        const Component *component = g_ptr_array_index(coach, i);

        if (can_be_exported(component->path, component->data))
            g_ptr_array_add(kept, component_new(component->path, component->data));
    }
    return kept;
}

/* A coach file of components; NULL where they are none that a file can have. */
static CoachFile *file_of(GPtrArray *coach, char **ret_text)
{
    g_autoptr(GPtrArray) kept = exportable(coach);
    g_autoptr(Value) data = coach_file_expand(kept, NULL, NULL);
    CoachFile *file = data ? coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL) : NULL;

    if (file)
        *ret_text = json_format(data);
    return file;
}

/* Bundles a random coach file, or the next release of `file`, which becomes it. */
void random_release(Fixture *f, CoachFile **file)
{
    g_autofree char *text = NULL;
    CoachFile *next = NULL;

    for (unsigned i = 0; !next && i < 50; i++) {
        g_autoptr(GPtrArray) coach = *file ? next_release((*file)->components) : random_coach();
        next = file_of(coach, &text);
    }
    if (!next)
        return;
    coach_file_free(*file);
    *file = next;
    write_seed(f, MODEL, text);
    story_text("release %s", text);
}

void random_edits(Fixture *f, unsigned n)
{
    while (n-- > 0) {
        g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = NULL;
        int64_t change;

        for (unsigned i = 1 + below(3); i > 0; i--)
            g_ptr_array_add(edits, random_edit(f));
        plan = service_plan_edits(f->service, MODEL, edits, "random", &forced, &error);
        if (!plan) {
            check(error->code != CONFIG_ERROR_CORRUPT);
            story_text("refused");
            continue;
        }
        service_commit(f->service, plan, &ann, &change, NULL);
        story_text("change %d", (int) change);
    }
}
