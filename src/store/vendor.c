/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables `vendor_revisions`, `vendor_components` and `coach_import_status`: what came from coach files.
 */
#include "store/store-private.h"

#include "base/json.h"
#include "coach/path.h"

#include <string.h>

void import_status_free(ImportStatus *status)
{
    if (!status)
        return;
    g_free(status->model);
    g_free(status->byte_hash);
    g_free(status->content_hash);
    g_free(status->version);
    g_free(status->origin);
    g_clear_pointer(&status->identity, value_unref);
    g_free(status);
}

#define IMPORT_COLUMNS                                                                                      \
    "s.coach_model, s.yaml_hash, r.content_hash, s.imported_version, r.origin, r.identity, r.id, "          \
    "s.imported_time"
#define IMPORT_TABLES "FROM coach_import_status s JOIN vendor_revisions r ON r.id = s.revision_id "
/* These read an entry of an index for each component, which nobody should wait for who only wants one. */
#define IMPORT_COUNTS                                                                                       \
    "(SELECT count(*) FROM coach_mappings m WHERE m.coach_model = s.coach_model AND m.is_active "           \
    "  AND m.component_path > 'devices/' AND m.component_path < 'devices0'), "                              \
    "(SELECT count(*) FROM overrides o WHERE o.coach_model = s.coach_model) "

static bool read_import(Store *store, sqlite3_stmt *statement, ImportStatus **ret, GError **error)
{
    g_autoptr(ImportStatus) status = NULL;

    if (!store_check_columns(store, statement, 0, 7, error))
        return false;
    status = g_new0(ImportStatus, 1);
    status->model = statement_dup_text(statement, 0);
    status->byte_hash = statement_dup_text(statement, 1);
    status->content_hash = statement_dup_text(statement, 2);
    status->version = statement_dup_text(statement, 3);
    status->origin = statement_dup_text(statement, 4);
    status->revision_id = statement_integer(statement, 6);
    status->time = statement_integer(statement, 7);
    if (!store_parse_column(store, statement_text(statement, 5), &status->identity, error))
        return false;
    *ret = g_steal_pointer(&status);
    return true;
}

bool store_get_import(Store *store, const char *model, ImportStatus **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database, "SELECT " IMPORT_COLUMNS " " IMPORT_TABLES "WHERE s.coach_model = ?1", error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    r = database_step(store->database, statement, error);
    if (r > 0)
        return read_import(store, statement, ret, error);
    *ret = NULL;
    return r == 0;
}

bool store_list_imports(Store *store, bool with_counts, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        with_counts ? "SELECT " IMPORT_COLUMNS ", " IMPORT_COUNTS IMPORT_TABLES "ORDER BY s.coach_model"
                    : "SELECT " IMPORT_COLUMNS ", 0, 0 " IMPORT_TABLES "ORDER BY s.coach_model",
        error);
    g_autoptr(GPtrArray) imports = g_ptr_array_new_with_free_func((GDestroyNotify) import_status_free);
    int r;

    if (!statement)
        return false;
    while ((r = database_step(store->database, statement, error)) > 0) {
        ImportStatus *status;

        if (!read_import(store, statement, &status, error))
            return false;
        status->n_devices = (unsigned) statement_integer(statement, 8);
        status->n_edits = (unsigned) statement_integer(statement, 9);
        g_ptr_array_add(imports, status);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&imports);
    return true;
}

void vendor_revision_free(VendorRevision *revision)
{
    if (!revision)
        return;
    g_free(revision->content_hash);
    g_free(revision->byte_hash);
    g_free(revision->version);
    g_free(revision->origin);
    g_free(revision);
}

#define REVISION_COLUMNS "id, content_hash, byte_hash, version, origin"

static VendorRevision *read_revision(sqlite3_stmt *statement)
{
    VendorRevision *revision = g_new0(VendorRevision, 1);

    revision->id = statement_integer(statement, 0);
    revision->content_hash = statement_dup_text(statement, 1);
    revision->byte_hash = statement_dup_text(statement, 2);
    revision->version = statement_dup_text(statement, 3);
    revision->origin = statement_dup_text(statement, 4);
    return revision;
}

bool store_list_vendor_revisions(Store *store, const char *model, unsigned limit, GPtrArray **ret,
                                 GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT " REVISION_COLUMNS " FROM vendor_revisions "
                                           "WHERE coach_model = ?1 ORDER BY id DESC LIMIT ?2",
                                           error);
    g_autoptr(GPtrArray) revisions = g_ptr_array_new_with_free_func((GDestroyNotify) vendor_revision_free);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_integer(statement, 2, limit);
    while ((r = database_step(store->database, statement, error)) > 0)
        g_ptr_array_add(revisions, read_revision(statement));
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&revisions);
    return true;
}

bool store_find_vendor_revision(Store *store, const char *model, const char *content_hash,
                                VendorRevision **ret, GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT " REVISION_COLUMNS " FROM vendor_revisions "
                                           "WHERE coach_model = ?1 AND content_hash = ?2",
                                           error);
    int r;

    *ret = NULL;
    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, content_hash);
    r = database_step(store->database, statement, error);
    if (r <= 0)
        return r == 0;
    *ret = read_revision(statement);
    return true;
}

static char *format_identity(const CoachFile *file)
{
    g_autoptr(Value) identity = coach_info_to_value(&file->info);

    return json_format(identity);
}

static bool insert_revision(Store *store, const char *model, const CoachFile *file, const char *byte_hash,
                            const char *origin, GError **error)
{
    g_autofree char *identity = format_identity(file);
    g_autofree char *layout = json_format(file->layout);
    STATEMENT statement = database_prepare(
        store->database,
        "INSERT INTO vendor_revisions (coach_model, content_hash, byte_hash, version, origin, identity, layout) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, file->content_hash);
    statement_bind_text(statement, 3, byte_hash);
    statement_bind_text(statement, 4, file->version);
    statement_bind_text(statement, 5, origin);
    statement_bind_text(statement, 6, identity);
    statement_bind_text(statement, 7, layout);
    return database_run(store->database, statement, error);
}

bool store_add_vendor_revision(Store *store, const char *model, const CoachFile *file, const char *byte_hash,
                               const char *origin, int64_t *ret_id, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(VendorRevision) known = NULL;

    if (!store_find_vendor_revision(store, model, file->content_hash, &known, error))
        return false;
    if (known) {
        *ret_id = known->id;
        return true;
    }
    if (!insert_revision(store, model, file, byte_hash, origin, error))
        return false;
    *ret_id = sqlite3_last_insert_rowid(store->database->handle);

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        STATEMENT statement = database_prepare(
            store->database,
            "INSERT INTO vendor_components (revision_id, position, component_path, data) VALUES (?1, ?2, ?3, ?4)",
            error);

        if (!statement)
            return false;
        g_string_truncate(text, 0);
        json_append(text, component->data);
        statement_bind_integer(statement, 1, *ret_id);
        statement_bind_integer(statement, 2, i);
        statement_bind_text(statement, 3, component->path);
        statement_bind_text(statement, 4, text->str);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return true;
}

bool store_set_import(Store *store, const char *model, const char *version, const char *byte_hash,
                      int64_t revision_id, int64_t time, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "INSERT OR REPLACE INTO coach_import_status (coach_model, yaml_hash, imported_at, imported_version, "
        "revision_id, imported_time) VALUES (?1, ?2, CURRENT_TIMESTAMP, ?3, ?4, ?5)",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, byte_hash);
    statement_bind_text(statement, 3, version);
    statement_bind_integer(statement, 4, revision_id);
    statement_bind_integer(statement, 5, time);
    return database_run(store->database, statement, error);
}

bool store_remove_import(Store *store, const char *model, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "DELETE FROM coach_import_status WHERE coach_model = ?1", error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    return database_run(store->database, statement, error);
}

bool store_get_vendor_component(Store *store, int64_t revision_id, const char *path, Value **ret,
                                GError **error)
{
    STATEMENT statement = database_prepare(
        store->database, "SELECT data FROM vendor_components WHERE revision_id = ?1 AND component_path = ?2",
        error);
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, revision_id);
    statement_bind_text(statement, 2, path);
    r = database_step(store->database, statement, error);
    if (r < 0)
        return false;
    return store_parse_column(store, r > 0 ? statement_text(statement, 0) : NULL, ret, error);
}

bool store_list_vendor_components(Store *store, int64_t revision_id, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT component_path, data FROM vendor_components WHERE revision_id = ?1 ORDER BY position",
        error);
    g_autoptr(GPtrArray) components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, revision_id);
    while ((r = database_step(store->database, statement, error)) > 0) {
        g_autoptr(Value) data = NULL;

        if (!store_check_columns(store, statement, 0, 1, error) ||
            !store_parse_column(store, statement_text(statement, 1), &data, error))
            return false;
        g_ptr_array_add(components, component_new(statement_text(statement, 0), data));
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&components);
    return true;
}

static bool read_vendor_file(Store *store, int64_t revision_id, CoachFile *file, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT version, content_hash, identity, layout FROM vendor_revisions WHERE id = ?1", error);
    g_autoptr(Value) identity = NULL;
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, revision_id);
    r = database_step(store->database, statement, error);
    if (r < 0 || !store_parse_column(store, statement_text(statement, 2), &identity, error) ||
        !store_parse_column(store, statement_text(statement, 3), &file->layout, error))
        return false;
    file->version = statement_dup_text(statement, 0);
    file->content_hash = statement_dup_text(statement, 1);
    coach_info_read(&file->info, identity);
    return store_list_vendor_components(store, revision_id, &file->components, error);
}

bool store_load_vendor_file(Store *store, int64_t revision_id, CoachFile **ret, GError **error)
{
    g_autoptr(CoachFile) file = g_new0(CoachFile, 1);

    if (!read_vendor_file(store, revision_id, file, error))
        return false;
    for (guint i = 0; i < file->components->len; i++)
        file->n_devices +=
            path_is_device(((const Component *) g_ptr_array_index(file->components, i))->path);
    *ret = g_steal_pointer(&file);
    return true;
}

bool store_get_vendor_section(Store *store, int64_t revision_id, const char *section, Value **ret,
                              GError **error)
{
    g_autofree char *first = g_strconcat(section, "/", NULL),
                    *end = g_strconcat(section, "0", NULL); /* "0" comes right after "/" */
    STATEMENT statement = NULL;
    g_autoptr(Value) children = value_new_map();
    int r;

    if (!store_get_vendor_component(store, revision_id, section, ret, error))
        return false;
    if (*ret)
        return true;

    statement = database_prepare(
        store->database,
        "SELECT component_path, data FROM vendor_components WHERE revision_id = ?1 AND component_path >= ?2 AND component_path < ?3 "
        "ORDER BY position",
        error);
    if (!statement)
        return false;
    statement_bind_integer(statement, 1, revision_id);
    statement_bind_text(statement, 2, first);
    statement_bind_text(statement, 3, end);
    while ((r = database_step(store->database, statement, error)) > 0) {
        g_autofree char *child = NULL;
        g_autoptr(Value) data = NULL;

        if (!store_parse_column(store, statement_text(statement, 1), &data, error))
            return false;
        if (path_split(statement_text(statement, 0), NULL, &child, NULL) && child)
            value_map_set(&children, child, data);
    }
    if (r < 0)
        return false;
    *ret = value_length(children) > 0 ? g_steal_pointer(&children) : NULL;
    return true;
}
