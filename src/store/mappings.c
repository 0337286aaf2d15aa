/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table `coach_mappings`: the effective components. */
#include "store/store-private.h"

/* Where what the owner added begins, after all that any release of a file has. */
#define OWN_POSITION "1099511627776"

void mapping_free(Mapping *mapping)
{
    if (!mapping)
        return;
    g_free(mapping->path);
    g_free(mapping->data);
    g_free(mapping->source);
    g_free(mapping);
}

static Mapping *read_mapping(sqlite3_stmt *statement)
{
    Mapping *mapping = g_new0(Mapping, 1);

    mapping->id = statement_integer(statement, 0);
    mapping->path = statement_dup_text(statement, 1);
    mapping->data = statement_dup_text(statement, 2);
    mapping->source = statement_dup_text(statement, 3);
    mapping->position = statement_integer(statement, 4);
    return mapping;
}

bool store_get_mapping(Store *store, const char *model, const char *path, Mapping **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT id, component_path, mapping_data, source, position FROM coach_mappings "
                         "WHERE coach_model = ?1 AND component_path = ?2 AND is_active",
                         error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    r = database_step(store->database, statement, error);
    if (r < 0 || (r > 0 && !store_check_columns(store, statement, 0, 4, error)))
        return false;
    *ret = r > 0 ? read_mapping(statement) : NULL;
    return true;
}

bool store_list_mappings(Store *store, const char *model, GPtrArray **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT id, component_path, mapping_data, source, position FROM coach_mappings "
                         "WHERE coach_model = ?1 AND is_active ORDER BY component_path",
                         error);
    g_autoptr(GPtrArray) mappings = g_ptr_array_new_with_free_func((GDestroyNotify) mapping_free);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    while ((r = database_step(store->database, statement, error)) > 0) {
        if (!store_check_columns(store, statement, 0, 4, error))
            return false;
        g_ptr_array_add(mappings, read_mapping(statement));
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&mappings);
    return true;
}

static bool insert_mapping(Store *store, const char *model, const char *path, const char *data,
                           const char *source, const char *version, const char *user, int64_t position,
                           GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "INSERT INTO coach_mappings (coach_model, component_path, mapping_data, source, source_version, "
        "created_by, modified_by, position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, data);
    statement_bind_text(statement, 4, source);
    statement_bind_text(statement, 5, version);
    statement_bind_text(statement, 6, user);
    statement_bind_integer(statement, 7, position);
    return database_run(store->database, statement, error);
}

static bool update_mapping(Store *store, const Mapping *row, const char *data, const char *source,
                           const char *version, const char *user, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "UPDATE coach_mappings SET mapping_data = ?2, source = ?3, source_version = ?4, modified_by = ?5, "
        "modified_at = CURRENT_TIMESTAMP, position = ?6 WHERE id = ?1",
        error);

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, row->id);
    statement_bind_text(statement, 2, data);
    statement_bind_text(statement, 3, source);
    statement_bind_text(statement, 4, version);
    statement_bind_text(statement, 5, user);
    statement_bind_integer(statement, 6, row->position);
    return database_run(store->database, statement, error);
}

/* Where a component stands: as in the imported file, else where it stood before it was removed, else after
 * all others. An id never shrinks, so that of the row to come serves for the last. */
static bool find_position(Store *store, const char *model, const char *path, int64_t *ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT coalesce((SELECT v.position FROM coach_import_status s JOIN vendor_components v "
        "ON v.revision_id = s.revision_id WHERE s.coach_model = ?1 AND v.component_path = ?2), "
        "(SELECT position FROM coach_mappings WHERE coach_model = ?1 AND component_path = ?2 "
        "AND position >= " OWN_POSITION " ORDER BY id DESC LIMIT 1), "
        "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'coach_mappings'), 0) + 1 + " OWN_POSITION
        ")",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    if (database_step(store->database, statement, error) <= 0)
        return false;
    *ret = statement_integer(statement, 0);
    return true;
}

bool store_put_mapping(Store *store, const char *model, const char *path, const char *data,
                       const char *source, const char *version, const char *user, Mapping **row,
                       GError **error)
{
    int64_t position;

    if (*row)
        return update_mapping(store, *row, data, source, version, user, error);
    if (!find_position(store, model, path, &position, error) ||
        !insert_mapping(store, model, path, data, source, version, user, position, error))
        return false;

    *row = g_new0(Mapping, 1);
    (*row)->id = sqlite3_last_insert_rowid(store->database->handle);
    (*row)->position = position;
    (*row)->path = g_strdup(path);
    return true;
}

/* Statements that bring in a vendor revision; ?1 model, ?2 revision, ?3 source, ?4 version, ?5 user. */
#define ADD_COMPONENTS                                                                                      \
    "INSERT INTO coach_mappings (coach_model, component_path, mapping_data, source, source_version, "       \
    "created_by, modified_by, position) SELECT ?1, v.component_path, v.data, ?3, ?4, ?5, ?5, v.position "   \
    "FROM vendor_components v WHERE v.revision_id = ?2"
#define MARK_MODIFIED "modified_by = ?5, modified_at = CURRENT_TIMESTAMP "
/* What has overrides is left to its own. */
#define WITHOUT_OVERRIDES(path)                                                                             \
    " AND NOT EXISTS (SELECT 1 FROM overrides o WHERE o.coach_model = ?1 AND o.component_path = " path ")"

/* Rows that no history speaks of serve nobody once they are not active. */
#define WITHOUT_HISTORY                                                                                     \
    "NOT EXISTS (SELECT 1 FROM coach_mapping_history h WHERE h.mapping_id = coach_mappings.id)"

#define LEFT_BY_THE_VENDOR                                                                                  \
    "coach_model = ?1 AND is_active AND NOT EXISTS (SELECT 1 FROM vendor_components v "                     \
    "WHERE v.revision_id = ?2 AND v.component_path = coach_mappings.component_path)" WITHOUT_OVERRIDES(     \
        "coach_mappings.component_path")

static const char *const apply_steps[] = {
    "DELETE FROM coach_mappings WHERE " LEFT_BY_THE_VENDOR " AND " WITHOUT_HISTORY,
    "UPDATE coach_mappings SET is_active = FALSE, " MARK_MODIFIED "WHERE " LEFT_BY_THE_VENDOR,
    "UPDATE coach_mappings AS m SET mapping_data = v.data, position = v.position, source = ?3, "
    "source_version = ?4, modified_by = CASE WHEN mapping_data IS v.data THEN modified_by ELSE ?5 END, "
    "modified_at = CASE WHEN mapping_data IS v.data THEN modified_at ELSE CURRENT_TIMESTAMP END "
    "FROM vendor_components v WHERE v.revision_id = ?2 "
    "AND v.component_path = m.component_path AND m.coach_model = ?1 AND m.is_active" WITHOUT_OVERRIDES(
        "m.component_path"),
    /* SQLite sets all rows aside first where it asks the table that it adds to. */
    ADD_COMPONENTS
    " AND NOT EXISTS (SELECT 1 FROM coach_mappings m WHERE m.coach_model = ?1 "
    "AND m.component_path = v.component_path AND m.is_active)" WITHOUT_OVERRIDES("v.component_path"),
};

static bool apply_step(Store *store, const char *sql, const char *model, int64_t revision_id,
                       const char *source, const char *version, const char *user, GError **error)
{
    STATEMENT statement = database_prepare(store->database, sql, error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_integer(statement, 2, revision_id);
    statement_bind_text(statement, 3, source);
    statement_bind_text(statement, 4, version);
    statement_bind_text(statement, 5, user);
    return database_run(store->database, statement, error);
}

bool store_add_mappings(Store *store, const char *model, int64_t revision_id, const char *source,
                        const char *version, const char *user, GError **error)
{
    return apply_step(store, ADD_COMPONENTS, model, revision_id, source, version, user, error);
}

bool store_apply_revision(Store *store, const char *model, int64_t revision_id, const char *source,
                          const char *version, const char *user, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(apply_steps); i++)
        if (!apply_step(store, apply_steps[i], model, revision_id, source, version, user, error))
            return false;
    return true;
}

bool store_remove_mappings(Store *store, const char *model, const char *user, GError **error)
{
    static const char *const steps[] = {
        "DELETE FROM coach_mappings WHERE coach_model = ?1 AND is_active AND " WITHOUT_HISTORY,
        "UPDATE coach_mappings SET is_active = FALSE, modified_by = ?2, modified_at = CURRENT_TIMESTAMP "
        "WHERE coach_model = ?1 AND is_active",
    };

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        STATEMENT statement = database_prepare(store->database, steps[i], error);

        if (!statement)
            return false;
        statement_bind_text(statement, 1, model);
        statement_bind_text(statement, 2, user);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return true;
}

/* A row that was never active, so that the history of a component that never was has something to refer to:
 * a deletion outlives what was deleted. */
static bool insert_placeholder(Store *store, const char *model, const char *path, const char *user,
                               GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "INSERT INTO coach_mappings (coach_model, component_path, mapping_data, source, source_version, is_active, "
        "created_by, modified_by, position) VALUES (?1, ?2, 'null', 'user', '', FALSE, ?3, ?3, 0)",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, user);
    return database_run(store->database, statement, error);
}

bool store_get_mapping_id(Store *store, const char *model, const char *path, const char *user, int64_t *ret,
                          GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT id FROM coach_mappings WHERE coach_model = ?1 "
                         "AND component_path = ?2 ORDER BY is_active DESC, id DESC LIMIT 1",
                         error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    r = database_step(store->database, statement, error);
    if (r > 0)
        *ret = statement_integer(statement, 0);
    if (r != 0)
        return r > 0;
    if (!insert_placeholder(store, model, path, user, error))
        return false;
    *ret = sqlite3_last_insert_rowid(store->database->handle);
    return true;
}

bool store_remove_mapping(Store *store, const char *model, const char *path, const char *user,
                          GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "UPDATE coach_mappings SET is_active = FALSE, modified_by = ?3, modified_at = CURRENT_TIMESTAMP "
        "WHERE coach_model = ?1 AND component_path = ?2 AND is_active",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, user);
    return database_run(store->database, statement, error);
}
