/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened after a change: what stands against its undo. */
#include "store/store-private.h"

void later_change_free(LaterChange *later)
{
    if (!later)
        return;
    g_free(later->field);
    g_free(later->user);
    g_free(later);
}

static void add_later(GHashTable *by_path, const char *path, LaterChange *later)
{
    GPtrArray *changes = g_hash_table_lookup(by_path, path);

    if (!changes) {
        changes = g_ptr_array_new_with_free_func((GDestroyNotify) later_change_free);
        g_hash_table_insert(by_path, g_strdup(path), changes);
    }
    g_ptr_array_add(changes, later);
}

/* A wish of an override in the history, in SQL: what the vendor had and who wanted it is none. */
#define WISH(column) "json_remove(h." column ", '$.vendor', '$.by', '$.edits')"
/* Whether a row has made another wish of it. */
#define WISH_CHANGED WISH("override_before") " IS NOT " WISH("override_after")

/* Of a field that changed often only the newest counts: that many rows there can be, and no more. */
bool store_list_later_changes(Store *store, const char *model, int64_t after, GHashTable **ret,
                              GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT m.component_path, h.field, max(c.id), c.user FROM changes c "
        "JOIN coach_mapping_history h ON h.change_id = c.id JOIN coach_mappings m ON m.id = h.mapping_id "
        "WHERE m.coach_model = ?1 AND c.id > ?2 "
        "AND " WISH_CHANGED " GROUP BY 1, 2 "
        "UNION ALL SELECT '', NULL, max(c.id), c.user FROM releases l JOIN changes c ON c.id = l.change_id "
        "WHERE l.coach_model = ?1 AND l.change_id > ?2 GROUP BY 1 ORDER BY 3 DESC",
        error);
    g_autoptr(GHashTable) by_path =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_integer(statement, 2, after);
    while ((r = database_step(store->database, statement, error)) > 0) {
        LaterChange *later = g_new0(LaterChange, 1);

        later->field = statement_dup_text(statement, 1);
        later->change = statement_integer(statement, 2);
        later->user = statement_dup_text(statement, 3);
        add_later(by_path, statement_text(statement, 0), later);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&by_path);
    return true;
}

static void past_edit_free(PastEdit *edit)
{
    g_free(edit->kind);
    g_free(edit->user);
    g_free(edit->path);
    g_free(edit->field);
    g_free(edit);
}

static PastEdit *read_past_edit(sqlite3_stmt *statement)
{
    PastEdit *edit = g_new0(PastEdit, 1);

    edit->change = statement_integer(statement, 0);
    edit->time = statement_integer(statement, 1);
    edit->kind = statement_dup_text(statement, 2);
    edit->user = statement_dup_text(statement, 3);
    edit->path = statement_dup_text(statement, 4);
    edit->field = statement_dup_text(statement, 5);
    edit->refers = statement_integer(statement, 6);
    return edit;
}

bool store_list_past_edits(Store *store, const char *model, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT c.id, c.time, c.kind, c.user, m.component_path, h.field, CASE WHEN NOT json_valid(c.detail) THEN 0 "
        "ELSE coalesce(json_extract(c.detail, '$.undoes'), json_extract(c.detail, '$.restored_revision'), 0) END "
        "FROM changes c JOIN coach_mapping_history h ON h.change_id = c.id JOIN coach_mappings m ON m.id = h.mapping_id "
        "WHERE m.coach_model = ?1 AND " WISH_CHANGED " ORDER BY c.id DESC",
        error);
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) past_edit_free);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    while ((r = database_step(store->database, statement, error)) > 0)
        g_ptr_array_add(edits, read_past_edit(statement));
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&edits);
    return true;
}

static void later_release_free(LaterRelease *later)
{
    g_free(later->kind);
    g_free(later->base_hash);
    g_free(later->content_hash);
    g_free(later->detail);
    g_free(later);
}

bool store_list_later_releases(Store *store, const char *model, int64_t after, GPtrArray **ret,
                               GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT l.base_hash, l.content_hash, c.detail, c.kind FROM releases l JOIN changes c ON c.id = l.change_id "
        "WHERE l.coach_model = ?1 AND l.change_id > ?2 ORDER BY l.change_id",
        error);
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify) later_release_free);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_integer(statement, 2, after);
    while ((r = database_step(store->database, statement, error)) > 0) {
        LaterRelease *later = g_new0(LaterRelease, 1);

        later->base_hash = statement_dup_text(statement, 0);
        later->content_hash = statement_dup_text(statement, 1);
        later->detail = statement_dup_text(statement, 2);
        later->kind = statement_dup_text(statement, 3);
        g_ptr_array_add(releases, later);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&releases);
    return true;
}

/* The first row since of each field says it: one that took an edit to another name has one at either. */
bool store_list_overrides_then(Store *store, const char *model, int64_t after, GPtrArray **ret,
                               GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT m.component_path, h.field, h.override_before, min(h.id) FROM coach_mapping_history h "
        "JOIN coach_mappings m ON m.id = h.mapping_id WHERE m.coach_model = ?1 AND h.change_id > ?2 "
        "GROUP BY 1, 2",
        error);
    g_autoptr(GPtrArray) entries = history_list_new();
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    statement_bind_integer(statement, 2, after);
    while ((r = database_step(store->database, statement, error)) > 0) {
        HistoryEntry *entry = g_new0(HistoryEntry, 1);

        entry->path = statement_dup_text(statement, 0);
        entry->field = statement_dup_text(statement, 1);
        entry->override_before = statement_dup_text(statement, 2);
        g_ptr_array_add(entries, entry);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&entries);
    return true;
}

bool store_find_setting_change(Store *store, int64_t after, const char *kind, const char *name,
                               LaterChange **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT id, user FROM changes WHERE id > ?1 AND json_valid(detail) AND ("
        "(kind = ?2 AND json_extract(detail, '$.name') IS ?3) OR "
        "EXISTS (SELECT 1 FROM json_each(detail, '$.settings') s WHERE json_extract(s.value, '$.setting') = ?2 "
        "AND json_extract(s.value, '$.name') IS ?3)) ORDER BY id DESC LIMIT 1",
        error);
    int r;

    *ret = NULL;
    if (!statement)
        return false;
    statement_bind_integer(statement, 1, after);
    statement_bind_text(statement, 2, kind);
    statement_bind_text(statement, 3, name);
    r = database_step(store->database, statement, error);
    if (r > 0) {
        *ret = g_new0(LaterChange, 1);
        (*ret)->change = statement_integer(statement, 0);
        (*ret)->user = statement_dup_text(statement, 1);
    }
    return r >= 0;
}
