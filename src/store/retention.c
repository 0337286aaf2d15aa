/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pruning the past: what is older than anybody wants to keep. The chain of changes stays provable: the
 * change that prunes says in its detail, which is hashed, where the chain begins from then on. */
#include "store/store-private.h"

#include "base/json.h"

#define USEC_PER_DAY (INT64_C(24) * 60 * 60 * 1000 * 1000)

/* The first change that is young enough to stay, among those that are too many; `beyond` when all are old.
 */
static bool first_young(Store *store, int64_t beyond, int64_t cutoff, int64_t *ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database, "SELECT id FROM changes WHERE id < ?1 AND time >= ?2 ORDER BY id LIMIT 1", error);
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, beyond);
    statement_bind_integer(statement, 2, cutoff);
    r = database_step(store->database, statement, error);
    *ret = r > 0 ? statement_integer(statement, 0) : beyond;
    return r >= 0;
}

/* The hash of a change; NULL without an error when it is not there. */
static bool get_hash(Store *store, int64_t id, char **ret, GError **error)
{
    STATEMENT statement = database_prepare(store->database, "SELECT hash FROM changes WHERE id = ?1", error);
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, id);
    r = database_step(store->database, statement, error);
    *ret = r > 0 ? statement_dup_text(statement, 0) : NULL;
    return r >= 0;
}

/* The revisions that are imported, model → content hash: nothing else may be left to vouch for them. */
static bool list_revisions(Store *store, Value **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT s.coach_model, r.content_hash FROM coach_import_status s JOIN vendor_revisions r "
        "ON r.id = s.revision_id ORDER BY s.coach_model",
        error);
    g_autoptr(Value) revisions = value_new_map();
    int r;

    if (!statement)
        return false;
    while ((r = database_step(store->database, statement, error)) > 0)
        value_map_take(&revisions, statement_text(statement, 0),
                       value_new_string(statement_text(statement, 1)));
    *ret = r < 0 ? NULL : g_steal_pointer(&revisions);
    return r >= 0;
}

static bool add_note(Store *store, Change *change, int64_t through, const char *hash, GError **error)
{
    g_autoptr(Value) detail = NULL, note = value_new_map(), revisions = NULL;

    if (!store_parse_column(store, change->detail, &detail, error) ||
        !list_revisions(store, &revisions, error))
        return false;
    if (!detail)
        detail = value_new_map();
    value_map_take(&note, "through", value_new_integer(through));
    value_map_take(&note, "hash", value_new_string(hash));
    value_map_set(&note, "revisions", revisions);
    value_map_set(&detail, "pruned", note);
    g_free(change->detail);
    change->detail = json_format(detail);
    return true;
}

bool store_plan_pruning(Store *store, const Retention *retention, Change *change, int64_t *ret_through,
                        GError **error)
{
    g_autofree char *hash = NULL;
    int64_t next, kept;

    *ret_through = 0;
    if (!store_next_change(store, &next, error))
        return false;
    kept = next + 1 - (int64_t) retention->changes; /* the first of the newest ones */
    if (kept <= 1)
        return true;
    if (retention->days > 0 &&
        !first_young(store, kept, change->time - (int64_t) retention->days * USEC_PER_DAY, &kept, error))
        return false;
    if (!get_hash(store, kept - 1, &hash, error))
        return false;
    if (!hash)
        return true; /* they are gone already */
    *ret_through = kept - 1;
    return add_note(store, change, *ret_through, hash, error);
}

static const char *const prune_steps[] = {
    /* Rows of components that are no more, with their history. */
    "DELETE FROM coach_mappings WHERE NOT is_active AND id IN (SELECT mapping_id FROM coach_mapping_history "
    "WHERE change_id <= ?1) AND NOT EXISTS (SELECT 1 FROM coach_mapping_history h "
    "WHERE h.mapping_id = coach_mappings.id AND h.change_id > ?1)",
    /* And those without any that releases left behind: looked for only where a change of one goes. */
    "DELETE FROM coach_mappings WHERE EXISTS (SELECT 1 FROM changes WHERE id <= ?1 "
    "AND (content_hash IS NOT NULL OR base_hash IS NOT NULL)) AND NOT is_active AND NOT EXISTS ("
    "SELECT 1 FROM coach_mapping_history h WHERE h.mapping_id = coach_mappings.id AND h.change_id > ?1)",
    "DELETE FROM coach_mapping_history WHERE change_id <= ?1",
    "DELETE FROM changes WHERE id <= ?1",
    "DELETE FROM vendor_revisions WHERE id NOT IN (SELECT revision_id FROM coach_import_status) "
    "AND ?1 > 0 AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.coach_model = vendor_revisions.coach_model "
    "AND vendor_revisions.content_hash IN (c.content_hash, c.base_hash))",
};

bool store_prune(Store *store, int64_t through, GError **error)
{
    g_autofree char *hash = NULL, *start = NULL;

    if (!get_hash(store, through, &hash, error))
        return false;
    start = change_mark_format(through, hash ? hash : "");
    /* The rows go before the history that refers to them. */
    if (!database_execute(store->database, "PRAGMA defer_foreign_keys = ON", error))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(prune_steps); i++) {
        STATEMENT statement = database_prepare(store->database, prune_steps[i], error);

        if (!statement)
            return false;
        statement_bind_integer(statement, 1, through);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return store_set_setting(store, SETTING_HISTORY_START, start, error);
}
