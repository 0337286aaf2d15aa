/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the history: of a component, of a model, of a change. */
#include "store/store-private.h"

#include <string.h>

/* Bytes of values after which a page of history ends, with the change it is in. */
#define HISTORY_PAGE_SIZE (4 * 1024 * 1024)
/* Bytes of values after which the rest of one change goes without them: an update has a row for each edit
 * that it met, and all have to fit into one message. */
#define HISTORY_CHANGE_SIZE (8 * 1024 * 1024)

static void history_row_free(HistoryRow *row)
{
    g_free(row->kind);
    g_free(row->path);
    g_free(row->field);
    g_free(row->before);
    g_free(row->after);
    g_free(row->user);
    g_free(row->reason);
    g_free(row->class);
    g_free(row->vendor);
    g_free(row);
}

static HistoryRow *read_history_row(sqlite3_stmt *statement)
{
    HistoryRow *row = g_new0(HistoryRow, 1);

    row->change = statement_integer(statement, 0);
    row->time = statement_integer(statement, 1);
    row->kind = statement_dup_text(statement, 2);
    row->path = statement_dup_text(statement, 3);
    row->field = statement_dup_text(statement, 4);
    row->before = statement_dup_text(statement, 5);
    row->after = statement_dup_text(statement, 6);
    row->user = statement_dup_text(statement, 7);
    row->reason = statement_dup_text(statement, 8);
    row->uid = (uint32_t) statement_integer(statement, 9);
    row->class = statement_dup_text(statement, 10);
    row->vendor = statement_dup_text(statement, 11);
    return row;
}

/* The rows of one component: its edits, and what came with releases of the vendor's file, unless a row of
 * its own says more. */
#define COMPONENT_HISTORY                                                                                       \
    "SELECT c.id, c.time, h.kind, ?2, h.field, h.before, h.after, c.user, c.reason, c.uid, h.class, h.vendor, " \
    "h.id AS row, FALSE "                                                                                       \
    "FROM coach_mappings m JOIN coach_mapping_history h ON h.mapping_id = m.id "                                \
    "JOIN changes c ON c.id = h.change_id "                                                                     \
    "WHERE m.coach_model = ?1 AND m.component_path = ?2 AND (?3 = 0 OR c.id < ?3) "                             \
    "UNION ALL "                                                                                                \
    "SELECT c.id, c.time, c.kind, ?2, '', old.data, new.data, c.user, c.reason, c.uid, "                        \
    "CASE WHEN l.base_hash IS NULL OR l.content_hash IS NULL THEN NULL WHEN old.data IS NULL THEN 'added' "     \
    "WHEN new.data IS NULL THEN 'removed' ELSE 'vendor' END, "                                                  \
    "iif(l.base_hash IS NULL, NULL, new.data), 0, FALSE "                                                       \
    "FROM releases l JOIN changes c ON c.id = l.change_id "                                                     \
    "LEFT JOIN vendor_revisions r ON r.coach_model = ?1 AND r.content_hash = l.content_hash "                   \
    "LEFT JOIN vendor_components new ON new.revision_id = r.id AND new.component_path = ?2 "                    \
    "LEFT JOIN vendor_revisions b ON b.coach_model = ?1 AND b.content_hash = l.base_hash "                      \
    "LEFT JOIN vendor_components old ON old.revision_id = b.id AND old.component_path = ?2 "                    \
    "WHERE l.coach_model = ?1 AND new.data IS NOT old.data AND (?3 = 0 OR c.id < ?3) AND NOT EXISTS ("          \
    "SELECT 1 FROM coach_mapping_history h JOIN coach_mappings m ON m.id = h.mapping_id "                       \
    "WHERE h.change_id = c.id AND h.field = '' AND m.coach_model = ?1 AND m.component_path = ?2) "              \
    "ORDER BY 1 DESC, row"

/* Those of a model: all edits; each change that has no rows of its own has one. The last column tells
 * whether the change brought data of the vendor. */
#define MODEL_HISTORY                                                                                        \
    "SELECT c.id, c.time, coalesce(h.kind, c.kind), coalesce(m.component_path, ''), coalesce(h.field, ''), " \
    "h.before, h.after, c.user, c.reason, c.uid, h.class, h.vendor, h.id, "                                  \
    "h.id IS NOT NULL AND (c.content_hash IS NOT NULL OR l.change_id IS NOT NULL) "                          \
    "FROM changes c LEFT JOIN change_releases l ON l.change_id = c.id AND l.coach_model = ?1 "               \
    "LEFT JOIN coach_mapping_history h ON h.change_id = c.id AND EXISTS (SELECT 1 FROM coach_mappings o "    \
    "WHERE o.id = h.mapping_id AND o.coach_model = ?1) "                                                     \
    "LEFT JOIN coach_mappings m ON m.id = h.mapping_id "                                                     \
    "WHERE (c.coach_model = ?1 OR l.change_id IS NOT NULL) AND (?3 = 0 OR c.id < ?3) ORDER BY c.id DESC, h.id"

static sqlite3_stmt *prepare_history(Store *store, const char *model, const char *path, int64_t before,
                                     GError **error)
{
    sqlite3_stmt *statement =
        database_prepare(store->database, path[0] ? COMPONENT_HISTORY : MODEL_HISTORY, error);

    if (!statement)
        return NULL;
    statement_bind_text(statement, 1, model);
    if (path[0])
        statement_bind_text(statement, 2, path);
    statement_bind_integer(statement, 3, before);
    return statement;
}

/* The change itself, before its rows, where it concerns the whole model. */
static HistoryRow *whole_row(const HistoryRow *row)
{
    HistoryRow *whole = g_new0(HistoryRow, 1);

    whole->change = row->change;
    whole->time = row->time;
    whole->kind = g_strdup(row->kind);
    whole->path = g_strdup("");
    whole->field = g_strdup("");
    whole->user = g_strdup(row->user);
    whole->reason = g_strdup(row->reason);
    whole->uid = row->uid;
    return whole;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t row_size(const HistoryRow *row)
{
    return text_size(row->before) + text_size(row->after) + text_size(row->vendor) + text_size(row->field) +
           text_size(row->path);
}

bool store_list_history(Store *store, const char *model, const char *path, int64_t before, unsigned limit,
                        GPtrArray **ret, int64_t *ret_next, GError **error)
{
    STATEMENT statement = prepare_history(store, model, path, before, error);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) history_row_free);
    int64_t last = 0;
    size_t size = 0;
    int r;

    if (!statement)
        return false;
    *ret_next = 0;
    while ((r = database_step(store->database, statement, error)) > 0) {
        int64_t change = statement_integer(statement, 0);

        if ((rows->len >= limit || size >= HISTORY_PAGE_SIZE) && change != last) {
            *ret_next = last;
            break;
        }
        HistoryRow *row = read_history_row(statement);
        if (change != last && statement_integer(statement, 13))
            g_ptr_array_add(rows, whole_row(row));
        if (size >= HISTORY_CHANGE_SIZE) {
            g_clear_pointer(&row->before, g_free);
            g_clear_pointer(&row->after, g_free);
            g_clear_pointer(&row->vendor, g_free);
        }
        last = change;
        size += row_size(row);
        g_ptr_array_add(rows, row);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&rows);
    return true;
}

bool store_list_change_history(Store *store, int64_t id, GPtrArray **ret, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT " HISTORY_COLUMNS ", h.mapping_id FROM coach_mapping_history h "
        "LEFT JOIN coach_mappings m ON m.id = h.mapping_id LEFT JOIN changes c ON c.id = h.change_id "
        "WHERE h.change_id = ?1 ORDER BY h.id",
        error);
    g_autoptr(GPtrArray) entries = history_list_new();
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, id);
    while ((r = database_step(store->database, statement, error)) > 0) {
        HistoryEntry borrowed = history_borrow(statement, 0);
        HistoryEntry *entry = g_new0(HistoryEntry, 1);

        entry->mapping_id = statement_integer(statement, HISTORY_N_COLUMNS);
        entry->model = g_strdup(borrowed.model);
        entry->path = g_strdup(borrowed.path);
        entry->kind = g_strdup(borrowed.kind);
        entry->field = g_strdup(borrowed.field);
        entry->before = g_strdup(borrowed.before);
        entry->after = g_strdup(borrowed.after);
        entry->override_before = g_strdup(borrowed.override_before);
        entry->override_after = g_strdup(borrowed.override_after);
        entry->previous_data = g_strdup(borrowed.previous_data);
        entry->class = g_strdup(borrowed.class);
        entry->vendor = g_strdup(borrowed.vendor);
        g_ptr_array_add(entries, entry);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&entries);
    return true;
}

HistoryEntry history_borrow(sqlite3_stmt *statement, int first)
{
    char *fields[HISTORY_N_COLUMNS];

    for (int i = 0; i < HISTORY_N_COLUMNS; i++)
        fields[i] = (char *) statement_text(statement, first + i);
    return (HistoryEntry){.model = fields[0],
                          .path = fields[1],
                          .kind = fields[2],
                          .field = fields[3],
                          .before = fields[4],
                          .after = fields[5],
                          .override_before = fields[6],
                          .override_after = fields[7],
                          .previous_data = fields[8],
                          .class = fields[9],
                          .vendor = fields[10]};
}
