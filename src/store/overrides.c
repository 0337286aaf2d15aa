/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table `overrides`: what owners changed. */
#include "store/store-private.h"

#include "base/json.h"

#define COLUMNS "field, op, value, vendor_value, edits, change_id, time, uid, user, reason"
#define N_COLUMNS 10

/* COLUMNS */
static bool read_override(Store *store, sqlite3_stmt *statement, Override **ret, GError **error)
{
    g_autoptr(Override) override = NULL;
    const char *op = statement_text(statement, 1);

    if (!store_check_columns(store, statement, 0, 1, error) ||
        !store_check_columns(store, statement, 5, N_COLUMNS - 1, error))
        return false;
    override = override_new(statement_text(statement, 0), OVERRIDE_SET, NULL, NULL);
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
    override->author = override_author_new(statement_integer(statement, 5), statement_integer(statement, 6),
                                           (uint32_t) statement_integer(statement, 7),
                                           statement_text(statement, 8), statement_text(statement, 9));
    *ret = g_steal_pointer(&override);
    return true;
}

bool store_get_overrides(Store *store, const char *model, const char *path, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT " COLUMNS " FROM overrides "
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
    STATEMENT statement = database_prepare(store->database,
                                           "SELECT " COLUMNS ", component_path FROM overrides "
                                           "WHERE coach_model = ?1 ORDER BY component_path, field",
                                           error);
    g_autoptr(GHashTable) by_path = override_table_new();
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    while ((r = database_step(store->database, statement, error)) > 0) {
        Override *override;

        if (!store_check_columns(store, statement, N_COLUMNS, N_COLUMNS, error) ||
            !read_override(store, statement, &override, error))
            return false;
        g_ptr_array_add(override_table_get(by_path, statement_text(statement, N_COLUMNS)), override);
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
    const OverrideAuthor *author = override->author;
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
    statement_bind_integer(statement, 7, author ? author->change : change->id);
    statement_bind_integer(statement, 8, author ? author->time : change->time);
    statement_bind_integer(statement, 9, author ? author->uid : change->actor.uid);
    statement_bind_text(statement, 10, author ? author->user : change->actor.user);
    statement_bind_text(statement, 11, author ? author->reason : change->reason);
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
        if (!(old && !new->author &&override_same_wish(old, new)
                  ? rebase_override(store, model, path, new, error)
                  : put_override(store, model, path, new, change, error)))
            return false;
    }
    return true;
}
