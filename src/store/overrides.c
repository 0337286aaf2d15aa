/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table `overrides`: what owners changed. */
#include "store/store-private.h"

#include "base/json.h"

/* The columns field, op, value, vendor_value, edits. */
static bool read_override(Store *store, sqlite3_stmt *statement, Override **ret, GError **error)
{
    g_autoptr(Override) override = override_new(statement_text(statement, 0), OVERRIDE_SET, NULL, NULL);
    const char *op = statement_text(statement, 1);

    if (!op || !override_op_from_string(op, &override->op)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: an override says \"%s\"", op ? op : "");
        return false;
    }
    if (!store_parse_column(store, statement_text(statement, 2), &override->value, error) ||
        !store_parse_column(store, statement_text(statement, 3), &override->vendor, error) ||
        !store_parse_column(store, statement_text(statement, 4), &override->edits, error))
        return false;
    if ((override->op == OVERRIDE_SET) != (override->value != NULL)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                            "The database is damaged: an override and its value do not fit");
        return false;
    }
    *ret = g_steal_pointer(&override);
    return true;
}

bool store_get_overrides(Store *store, const char *model, const char *path, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT field, op, value, vendor_value, edits FROM overrides "
                                           "WHERE coach_model = ?1 AND component_path = ?2 ORDER BY field",
                                           error);
    g_autoptr(GPtrArray) overrides = override_list_new();
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    while ((r = database_step(store->database, statement, error)) > 0) {
        Override *override;

        if (!read_override(store, statement, &override, error))
            return false;
        g_ptr_array_add(overrides, override);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&overrides);
    return true;
}

bool store_list_overrides(Store *store, const char *model, GHashTable **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT field, op, value, vendor_value, edits, component_path FROM overrides "
                         "WHERE coach_model = ?1 ORDER BY component_path, field",
                         error);
    g_autoptr(GHashTable) by_path =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    while ((r = database_step(store->database, statement, error)) > 0) {
        GPtrArray *overrides = g_hash_table_lookup(by_path, statement_text(statement, 5));
        Override *override;

        if (!read_override(store, statement, &override, error))
            return false;
        if (!overrides) {
            overrides = override_list_new();
            g_hash_table_insert(by_path, statement_dup_text(statement, 5), overrides);
        }
        g_ptr_array_add(overrides, override);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&by_path);
    return true;
}

static bool delete_override(Store *store, const char *model, const char *path, const char *field,
                            GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "DELETE FROM overrides WHERE coach_model = ?1 AND component_path = ?2 AND field = ?3", error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, field);
    return database_run(store->database, statement, error);
}

static bool put_override(Store *store, const char *model, const char *path, const Override *override,
                         const Change *change, GError **error)
{
    g_autofree char *value = override->value ? json_format(override->value) : NULL;
    g_autofree char *vendor = override->vendor ? json_format(override->vendor) : NULL;
    g_autofree char *edits = override->edits ? json_format(override->edits) : NULL;
    STATEMENT statement = database_prepare(
        store->database,
        "INSERT OR REPLACE INTO overrides (coach_model, component_path, field, op, value, vendor_value, change_id, "
        "time, uid, user, reason, edits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, override->field);
    statement_bind_text(statement, 4, override_op_to_string(override->op));
    statement_bind_text(statement, 5, value);
    statement_bind_text(statement, 6, vendor);
    statement_bind_integer(statement, 7, change->id);
    statement_bind_integer(statement, 8, change->time);
    statement_bind_integer(statement, 9, change->actor.uid);
    statement_bind_text(statement, 10, change->actor.user);
    statement_bind_text(statement, 11, change->reason);
    statement_bind_text(statement, 12, edits);
    return database_run(store->database, statement, error);
}

/* The wish stays, and so does its author; only what the vendor has there is another. */
static bool rebase_override(Store *store, const char *model, const char *path, const Override *override,
                            GError **error)
{
    g_autofree char *vendor = override->vendor ? json_format(override->vendor) : NULL;
    g_autofree char *edits = override->edits ? json_format(override->edits) : NULL;
    STATEMENT statement = database_prepare(store->database,
                                           "UPDATE overrides SET vendor_value = ?4, edits = ?5 "
                                           "WHERE coach_model = ?1 AND component_path = ?2 AND field = ?3",
                                           error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    statement_bind_text(statement, 3, override->field);
    statement_bind_text(statement, 4, vendor);
    statement_bind_text(statement, 5, edits);
    return database_run(store->database, statement, error);
}

bool store_replace_overrides(Store *store, const char *model, const char *path, GPtrArray *before,
                             GPtrArray *now, const Change *change, GError **error)
{
    for (guint i = 0; i < before->len; i++) {
        const Override *old = g_ptr_array_index(before, i);
        if (!override_list_find(now, old->field) && !delete_override(store, model, path, old->field, error))
            return false;
    }
    for (guint i = 0; i < now->len; i++) {
        const Override *new = g_ptr_array_index(now, i);
        const Override *old = override_list_find(before, new->field);

        if (old && override_equal(old, new))
            continue;
        if (!(old && override_same_wish(old, new) ? rebase_override(store, model, path, new, error)
                                                  : put_override(store, model, path, new, change, error)))
            return false;
    }
    return true;
}

static void override_origin_free(OverrideOrigin *origin)
{
    g_free(origin->field);
    g_free(origin->user);
    g_free(origin->reason);
    g_free(origin);
}

bool store_list_override_origins(Store *store, const char *model, const char *path, GPtrArray **ret,
                                 GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT field, change_id, time, user, reason, uid FROM overrides "
                                           "WHERE coach_model = ?1 AND component_path = ?2 ORDER BY field",
                                           error);
    g_autoptr(GPtrArray) origins = g_ptr_array_new_with_free_func((GDestroyNotify) override_origin_free);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_text(statement, 2, path);
    while ((r = database_step(store->database, statement, error)) > 0) {
        OverrideOrigin *origin = g_new0(OverrideOrigin, 1);

        origin->field = statement_dup_text(statement, 0);
        origin->change = statement_integer(statement, 1);
        origin->time = statement_integer(statement, 2);
        origin->user = statement_dup_text(statement, 3);
        origin->reason = statement_dup_text(statement, 4);
        origin->uid = (uint32_t) statement_integer(statement, 5);
        g_ptr_array_add(origins, origin);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&origins);
    return true;
}
