/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach.h"

#include "base/json.h"
#include "coach/override.h"
#include "store/backup.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define N_LIGHTS 14

static const Actor ann = {.uid = 1000, .pid = 42, .user = (char *) "ann", .process = (char *) "panel"};
static const WriteOptions no_options = {0};

/* The bundled file */

static void add_lights(GString *text, const char *dgn, const char *role, unsigned release)
{
    g_string_append_printf(text, "%s:\n", dgn);
    for (unsigned i = 0; i < N_LIGHTS; i++)
        /* The second release has lost one, and renamed every third. */
        if (release == 1 || i != 5)
            g_string_append_printf(
                text,
                "  %u:\n    - {entity_id: light_%u, friendly_name: '%s %u', device_type: light, "
                "area: interior, interface: house, fade_ms: %u, role: %s}\n",
                i + 1, i, release > 1 && i % 3 == 0 ? "Lamp" : "Light", i, 400 + 100 * release, role);
}

void coach_release(const char *seeds, unsigned release)
{
    g_autofree char *path = g_build_filename(seeds, "coaches", MODEL ".yml", NULL);
    g_autoptr(GString) text = g_string_new("coach_info: {year: 2021, make: Test}\n"
                                           "areas:\n  interior: {name: Inside}\n");

    g_string_append_printf(text, "file_metadata: {version: '%u.0'}\n", release);
    if (release > 1)
        g_string_append(text,
                        "lighting_scenes:\n  evening: {name: Evening, entities: [light_1, light_2]}\n");
    add_lights(text, "1FEDA", "status", release);
    add_lights(text, "1FEDB", "command", release);
    g_assert_true(g_file_set_contents(path, text->str, -1, NULL));
}

char *coach_seeds_new(void)
{
    char *seeds = g_dir_make_tmp("coachiq-seeds-XXXXXX", NULL);
    g_autofree char *coaches = g_build_filename(seeds, "coaches", NULL);

    g_assert_cmpint(g_mkdir(coaches, 0700), ==, 0);
    coach_release(seeds, 1);
    return seeds;
}

Coach *coach_open(const char *state, const char *seeds)
{
    Coach *coach = g_new0(Coach, 1);

    coach->state = g_strdup(state);
    coach->seeds = g_strdup(seeds);
    coach->service = service_new(state, seeds);
    return coach;
}

void coach_close(Coach *coach)
{
    service_free(coach->service);
    g_free(coach->state);
    g_free(coach->seeds);
    g_free(coach);
}

void coach_copy_state(const char *from, const char *to)
{
    g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
    const char *name;

    g_assert_nonnull(folder);
    g_assert_cmpint(g_mkdir(to, 0700), ==, 0);
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL), *data = NULL;
        gsize length;

        if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
            coach_copy_state(source, target);
            continue;
        }
        g_assert_true(g_file_get_contents(source, &data, &length, NULL));
        g_assert_true(
            g_file_set_contents_full(target, data, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

/* Operations */

static bool commit(Coach *coach, Plan *planned, int64_t *ret, GError **error)
{
    g_autoptr(Plan) plan = planned;

    g_assert_true(!plan || !plan_is_empty(plan));
    return plan && service_commit(coach->service, plan, &ann, ret, error);
}

bool coach_import(Coach *coach, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_import(coach->service, MODEL, "", &no_options, error), ret, error);
}

static bool edit(Coach *coach, EditOp op, const char *path, const char *field, const char *value,
                 int64_t *ret, GError **error)
{
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
    Edit *one = edit_new(op, path, field, value, error);

    g_assert_nonnull(one);
    g_ptr_array_add(edits, one);
    return commit(coach, service_plan_edits(coach->service, MODEL, edits, "a test", &no_options, error), ret,
                  error);
}

bool coach_edit(Coach *coach, const char *path, const char *field, const char *value, int64_t *ret,
                GError **error)
{
    return edit(coach, value ? EDIT_SET : EDIT_UNSET, path, field, value ? value : "", ret, error);
}

bool coach_delete(Coach *coach, const char *path, int64_t *ret, GError **error)
{
    return edit(coach, EDIT_DELETE, path, "", "", ret, error);
}

bool coach_put(Coach *coach, const char *path, const char *value, int64_t *ret, GError **error)
{
    return edit(coach, EDIT_PUT, path, "", value, ret, error);
}

bool coach_update(Coach *coach, int64_t *ret, GError **error)
{
    const UpdateOptions options = {0};
    g_autoptr(UpdatePreview) preview = service_preview_update(coach->service, MODEL, &options, error);

    return preview && commit(coach,
                             service_plan_update(coach->service, MODEL, preview->token, &options, "",
                                                 &no_options, error),
                             ret, error);
}

bool coach_reset(Coach *coach, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_reset(coach->service, MODEL, "", "", &no_options, error), ret, error);
}

bool coach_undo(Coach *coach, int64_t change, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_undo(coach->service, change, "", &no_options, error), ret, error);
}

bool coach_restore(Coach *coach, const char *id, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_restore(coach->service, id, -1, "", &no_options, error), ret, error);
}

bool coach_activate(Coach *coach, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_active_model(coach->service, MODEL, &no_options, error), ret, error);
}

bool coach_set_interface(Coach *coach, const char *physical, int64_t *ret, GError **error)
{
    return commit(coach, service_plan_interface(coach->service, "house", physical, &no_options, error), ret,
                  error);
}

bool coach_backup(Coach *coach, char **ret_id, GError **error)
{
    return backup_make(coach->state, g_get_real_time(), "a test", false, ret_id, error);
}

/* Reading */

char *coach_read(Coach *coach, GError **error)
{
    g_autoptr(GPtrArray) page = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    const char *next;
    int64_t revision;

    if (!service_get_mappings(coach->service, MODEL, "", "", G_MAXUINT, &page, &next, &revision, error))
        return NULL;
    for (guint i = 0; i < page->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(page, i);
        g_string_append_printf(text, "%s %s %s\n", mapping->path, mapping->source, mapping->data);
    }
    return g_strdup(text->str);
}

static sqlite3 *open_raw(const Coach *coach)
{
    g_autofree char *path = g_build_filename(coach->state, STORE_DATABASE, NULL);
    sqlite3 *handle;

    g_assert_cmpint(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    return handle;
}

static int add_row(void *text, int n, char **values, char **names)
{
    for (int i = 0; i < n; i++)
        g_string_append_printf(text, "%s|", values[i] ? values[i] : "");
    g_string_append_c(text, '\n');
    return 0;
}

char *coach_dump(Coach *coach)
{
    static const char *const queries[] = {
        "SELECT coach_model, yaml_hash, imported_version FROM coach_import_status ORDER BY 1",
        "SELECT coach_model, component_path, source, mapping_data FROM coach_mappings WHERE is_active ORDER BY 1, 2",
        "SELECT coach_model, component_path, field, op, value, vendor_value, change_id FROM overrides ORDER BY 1, 2, 3",
        "SELECT * FROM interfaces ORDER BY 1",
        "SELECT name, value FROM settings WHERE name NOT LIKE 'history.%' ORDER BY 1",
    };
    g_autoptr(GString) text = g_string_new(NULL);
    sqlite3 *handle = open_raw(coach);

    for (guint i = 0; i < G_N_ELEMENTS(queries); i++)
        if (sqlite3_exec(handle, queries[i], add_row, text, NULL) != SQLITE_OK)
            g_string_append_printf(text, "%s: %s\n", queries[i], sqlite3_errmsg(handle));
    sqlite3_close(handle);
    return g_strdup(text->str);
}

/* Damage */

static char *find_damaged_page(const Coach *coach)
{
    g_autoptr(GString) text = g_string_new(NULL);
    sqlite3 *handle = open_raw(coach);
    int r = sqlite3_exec(handle, "PRAGMA integrity_check", add_row, text, NULL);

    sqlite3_close(handle);
    return r == SQLITE_OK && g_str_equal(text->str, "ok|\n")
               ? NULL
               : g_strdup_printf("integrity_check says %s", text->str);
}

static char *find_damage_in_history(Coach *coach)
{
    g_autoptr(GError) error = NULL;
    char *problem = NULL;
    int64_t checked, from, revision;

    if (!service_verify_history(coach->service, &checked, &from, &problem, &error) ||
        !service_get_revision(coach->service, &revision, &error))
        return g_strdup_printf("the history cannot be verified: %s", error->message);
    /* Older ones may have been pruned. */
    if (!problem && checked != (revision > 0 ? revision - from + 1 : 0))
        problem = g_strdup_printf("revision %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT " changes",
                                  revision, checked);
    return problem;
}

static Value *parse_stored(const Mapping *mapping)
{
    return mapping ? json_parse(mapping->data, -1, &json_limits_stored, NULL) : NULL;
}

static char *find_wrong_component(Store *store, const ImportStatus *status, GHashTable *overrides,
                                  const char *path)
{
    g_autoptr(GPtrArray) none = override_list_new();
    GPtrArray *own = g_hash_table_lookup(overrides, path);
    g_autoptr(Value) vendor = NULL, effective = NULL, stored = NULL;
    g_autoptr(Mapping) mapping = NULL;

    if (!store_get_vendor_component(store, status->revision_id, path, &vendor, NULL) ||
        !store_get_mapping(store, status->model, path, &mapping, NULL))
        return g_strdup_printf("%s cannot be read", path);
    effective = override_apply(path, vendor, own ? own : none);
    stored = parse_stored(mapping);
    if ((!effective && !stored) || (effective && stored && value_equal(effective, stored)))
        return NULL;
    return g_strdup_printf("%s is not what the vendor and the owner say", path);
}

static char *find_wrong_components(Store *store, const ImportStatus *status)
{
    g_autoptr(GPtrArray) vendor = NULL, mappings = NULL;
    g_autoptr(GHashTable) overrides = NULL;
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer path;

    if (!store_list_vendor_components(store, status->revision_id, &vendor, NULL) ||
        !store_list_mappings(store, status->model, &mappings, NULL) ||
        !store_list_overrides(store, status->model, &overrides, NULL))
        return g_strdup("the components cannot be read");
    for (guint i = 0; i < vendor->len; i++)
        g_hash_table_add(paths, ((Component *) g_ptr_array_index(vendor, i))->path);
    for (guint i = 0; i < mappings->len; i++)
        g_hash_table_add(paths, ((Mapping *) g_ptr_array_index(mappings, i))->path);
    g_hash_table_iter_init(&iter, overrides);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_hash_table_add(paths, path);
    g_hash_table_iter_init(&iter, paths);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        char *problem = find_wrong_component(store, status, overrides, path);
        if (problem)
            return problem;
    }
    return NULL;
}

static char *find_wrong_model(const Coach *coach)
{
    g_autoptr(Store) store = store_open(coach->state, NULL);
    g_autoptr(GPtrArray) imports = NULL;

    if (!store || !store_list_imports(store, false, &imports, NULL))
        return g_strdup("the imports cannot be read");
    for (guint i = 0; i < imports->len; i++) {
        char *problem = find_wrong_components(store, g_ptr_array_index(imports, i));
        if (problem)
            return problem;
    }
    return NULL;
}

static char *find_wrong_backup(const Coach *coach)
{
    g_autoptr(GPtrArray) backups = NULL;
    g_autoptr(GError) error = NULL;

    if (!backup_list(coach->state, &backups, &error))
        return g_strdup(error->message);
    for (guint i = 0; i < backups->len; i++) {
        const Backup *backup = g_ptr_array_index(backups, i);
        g_autoptr(Store) store = backup->problem ? NULL : backup_load(coach->state, backup->id, &error);

        if (!store)
            return g_strdup_printf("backup %s: %s", backup->id,
                                   backup->problem ? backup->problem : error->message);
    }
    return NULL;
}

char *coach_find_damage(Coach *coach)
{
    char *problem = find_damage_in_history(coach);

    if (!problem && !g_str_equal(service_health(coach->service), "ok"))
        problem = g_strdup_printf("Health is \"%s\"", service_health(coach->service));
    if (!problem)
        problem = find_damaged_page(coach);
    if (!problem)
        problem = find_wrong_model(coach);
    if (!problem)
        problem = find_wrong_backup(coach);
    return problem;
}

GHashTable *coach_backups(Coach *coach)
{
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) backups = NULL;

    g_assert_true(backup_list(coach->state, &backups, NULL));
    for (guint i = 0; i < backups->len; i++)
        g_hash_table_add(ids, g_strdup(((const Backup *) g_ptr_array_index(backups, i))->id));
    return ids;
}
