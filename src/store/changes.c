/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables `changes` and `coach_mapping_history`: what happened, linked by hashes so that nothing can be
 * edited, removed or moved unnoticed. */
#include "store/store-private.h"

#include "base/hash.h"

#include <string.h>

/* Bytes of values after which a page of history ends, with the change it is in. */
#define HISTORY_PAGE_SIZE (4 * 1024 * 1024)

#define CHANGE_COLUMNS                                                                                      \
    "id, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, detail"
/* A time in µs as the columns of the first plan have it, "2026-01-31 12:00:00". */
#define DATE_OF(time) "datetime(" time " / 1000000, 'unixepoch')"

void history_entry_free(HistoryEntry *entry)
{
    if (!entry)
        return;
    g_free(entry->path);
    g_free(entry->kind);
    g_free(entry->field);
    g_free(entry->before);
    g_free(entry->after);
    g_free(entry->override_before);
    g_free(entry->override_after);
    g_free(entry->previous_data);
    g_free(entry);
}

GPtrArray *history_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) history_entry_free);
}

void change_clear(Change *change)
{
    g_clear_pointer(&change->kind, g_free);
    g_clear_pointer(&change->model, g_free);
    g_clear_pointer(&change->reason, g_free);
    g_clear_pointer(&change->actor.user, g_free);
    g_clear_pointer(&change->actor.process, g_free);
    g_clear_pointer(&change->content_hash, g_free);
    g_clear_pointer(&change->detail, g_free);
}

void change_free(Change *change)
{
    if (!change)
        return;
    change_clear(change);
    g_free(change);
}

/* The chain */

static HashRecord *hash_change(const Change *change, const char *previous_hash)
{
    HashRecord *record = hash_record_new();

    hash_record_text(record, previous_hash);
    hash_record_integer(record, change->id);
    hash_record_integer(record, change->time);
    hash_record_text(record, change->kind);
    hash_record_text(record, change->model);
    hash_record_text(record, change->reason);
    hash_record_text(record, change->actor.user);
    hash_record_integer(record, change->actor.uid);
    hash_record_integer(record, change->actor.pid);
    hash_record_text(record, change->actor.process);
    hash_record_integer(record, change->n_entries);
    hash_record_text(record, change->content_hash);
    hash_record_text(record, change->detail);
    return record;
}

static void hash_history(HashRecord *record, const char *const fields[8])
{
    for (guint i = 0; i < 8; i++)
        hash_record_text(record, fields[i]);
}

static void hash_history_entry(HashRecord *record, const HistoryEntry *entry)
{
    const char *const fields[8] = {entry->path,           entry->kind,         entry->field,
                                   entry->before,         entry->after,        entry->override_before,
                                   entry->override_after, entry->previous_data};

    hash_history(record, fields);
}

static bool split_head(const char *head, int64_t *ret_id, const char **ret_hash)
{
    char *end;

    *ret_id = g_ascii_strtoll(head, &end, 10);
    *ret_hash = end + 1;
    return *end == ':';
}

/* The newest change and its hash; 0 and "" when there is none. */
static bool get_tip(Store *store, int64_t *ret_id, char **ret_hash, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT id, hash FROM changes ORDER BY id DESC LIMIT 1", error);
    int r;

    if (!statement)
        return false;
    r = database_step(store->database, statement, error);
    if (r < 0)
        return false;
    *ret_id = r > 0 ? statement_integer(statement, 0) : 0;
    if (ret_hash)
        *ret_hash = r > 0 ? statement_dup_text(statement, 1) : g_strdup("");
    return true;
}

bool store_get_revision(Store *store, int64_t *ret, GError **error)
{
    return get_tip(store, ret, NULL, error);
}

bool store_get_seen_revision(Store *store, const char *first_use, int64_t *ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT id FROM changes WHERE NOT (kind = 'import' AND reason = ?1) "
                         "ORDER BY id DESC LIMIT 1",
                         error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, first_use);
    r = database_step(store->database, statement, error);
    *ret = r > 0 ? statement_integer(statement, 0) : 0;
    return r >= 0;
}

bool store_next_change(Store *store, int64_t *ret, GError **error)
{
    if (!get_tip(store, ret, NULL, error))
        return false;
    (*ret)++;
    return true;
}

static bool insert_change(Store *store, const Change *change, const char *previous_hash, const char *hash,
                          GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "INSERT INTO changes (" CHANGE_COLUMNS ", previous_hash, hash) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                         error);

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, change->id);
    statement_bind_integer(statement, 2, change->time);
    statement_bind_text(statement, 3, change->kind);
    statement_bind_text(statement, 4, change->model);
    statement_bind_text(statement, 5, change->reason);
    statement_bind_text(statement, 6, change->actor.user);
    statement_bind_integer(statement, 7, change->actor.uid);
    statement_bind_integer(statement, 8, change->actor.pid);
    statement_bind_text(statement, 9, change->actor.process);
    statement_bind_integer(statement, 10, change->n_entries);
    statement_bind_text(statement, 11, change->content_hash);
    statement_bind_text(statement, 12, change->detail);
    statement_bind_text(statement, 13, previous_hash);
    statement_bind_text(statement, 14, hash);
    return database_run(store->database, statement, error);
}

bool store_add_change(Store *store, Change *change, GPtrArray *history, GError **error)
{
    g_autofree char *previous_hash = NULL, *hash = NULL, *head = NULL;
    HashRecord *record;
    int64_t tip;

    if (!get_tip(store, &tip, &previous_hash, error))
        return false;
    change->id = tip + 1;

    record = hash_change(change, previous_hash);
    for (guint i = 0; i < history->len; i++)
        hash_history_entry(record, g_ptr_array_index(history, i));
    hash = hash_record_finish(record);
    head = g_strdup_printf("%" G_GINT64_FORMAT ":%s", change->id, hash);

    return insert_change(store, change, previous_hash, hash, error) &&
           store_set_setting(store, SETTING_HISTORY_HEAD, head, error);
}

bool store_add_history(Store *store, const Change *change, GPtrArray *history, GError **error)
{
    for (guint i = 0; i < history->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(history, i);
        STATEMENT statement = database_prepare(
            store->database,
            "INSERT INTO coach_mapping_history (mapping_id, previous_data, change_reason, changed_by, change_id, kind, "
            "field, before, after, override_before, override_after, changed_at) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, " DATE_OF("?12") ")",
            error);

        if (!statement)
            return false;
        statement_bind_integer(statement, 1, entry->mapping_id);
        statement_bind_text(statement, 2, entry->previous_data);
        statement_bind_text(statement, 3, change->reason);
        statement_bind_text(statement, 4, change->actor.user);
        statement_bind_integer(statement, 5, change->id);
        statement_bind_text(statement, 6, entry->kind);
        statement_bind_text(statement, 7, entry->field);
        statement_bind_text(statement, 8, entry->before);
        statement_bind_text(statement, 9, entry->after);
        statement_bind_text(statement, 10, entry->override_before);
        statement_bind_text(statement, 11, entry->override_after);
        statement_bind_integer(statement, 12, change->time);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return true;
}

/* Reading */

static Change *read_change(sqlite3_stmt *statement)
{
    Change *change = g_new0(Change, 1);

    change->id = statement_integer(statement, 0);
    change->time = statement_integer(statement, 1);
    change->kind = statement_dup_text(statement, 2);
    change->model = statement_dup_text(statement, 3);
    change->reason = statement_dup_text(statement, 4);
    change->actor.user = statement_dup_text(statement, 5);
    change->actor.uid = (uint32_t) statement_integer(statement, 6);
    change->actor.pid = (int32_t) statement_integer(statement, 7);
    change->actor.process = statement_dup_text(statement, 8);
    change->n_entries = (unsigned) statement_integer(statement, 9);
    change->content_hash = statement_dup_text(statement, 10);
    change->detail = statement_dup_text(statement, 11);
    return change;
}

bool store_list_changes(Store *store, int64_t before, unsigned limit, const char *model, const char *kind,
                        GPtrArray **ret, int64_t *ret_next, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT " CHANGE_COLUMNS " FROM changes WHERE (?1 = 0 OR id < ?1) "
        "AND (?2 IS NULL OR coach_model = ?2) AND (?3 IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4",
        error);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify) change_free);
    int r;

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, before);
    statement_bind_text(statement, 2, model);
    statement_bind_text(statement, 3, kind);
    statement_bind_integer(statement, 4,
                           (int64_t) limit + 1); /* one more tells whether there is a next page */
    while ((r = database_step(store->database, statement, error)) > 0)
        g_ptr_array_add(changes, read_change(statement));
    if (r < 0)
        return false;

    *ret_next = 0;
    if (changes->len > limit) {
        g_ptr_array_set_size(changes, (gint) limit);
        *ret_next = ((const Change *) g_ptr_array_index(changes, limit - 1))->id;
    }
    *ret = g_steal_pointer(&changes);
    return true;
}

static void history_row_free(HistoryRow *row)
{
    g_free(row->kind);
    g_free(row->path);
    g_free(row->field);
    g_free(row->before);
    g_free(row->after);
    g_free(row->user);
    g_free(row->reason);
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
    return row;
}

/* The rows of one component: its edits, and the imports whose file had it. Those of a model: all edits, and
 * each change that has no rows of its own. */
static sqlite3_stmt *prepare_history(Store *store, const char *path, GError **error)
{
    if (path[0])
        return database_prepare(
            store->database,
            "SELECT c.id, c.time, h.kind, ?2, h.field, h.before, h.after, c.user, c.reason, c.uid, h.id AS row "
            "FROM coach_mappings m JOIN coach_mapping_history h ON h.mapping_id = m.id JOIN changes c ON c.id = h.change_id "
            "WHERE m.coach_model = ?1 AND m.component_path = ?2 AND (?3 = 0 OR c.id < ?3) "
            "UNION ALL "
            "SELECT c.id, c.time, c.kind, ?2, '', NULL, v.data, c.user, c.reason, c.uid, 0 "
            "FROM changes c JOIN vendor_revisions r ON r.coach_model = c.coach_model AND r.content_hash = c.content_hash "
            "JOIN vendor_components v ON v.revision_id = r.id AND v.component_path = ?2 "
            "WHERE c.coach_model = ?1 AND c.kind = 'import' AND (?3 = 0 OR c.id < ?3) "
            "ORDER BY 1 DESC, row",
            error);
    return database_prepare(
        store->database,
        "SELECT c.id, c.time, coalesce(h.kind, c.kind), coalesce(m.component_path, ''), coalesce(h.field, ''), h.before, h.after, "
        "c.user, c.reason, c.uid "
        "FROM changes c LEFT JOIN coach_mapping_history h ON h.change_id = c.id LEFT JOIN coach_mappings m ON m.id = h.mapping_id "
        "WHERE c.coach_model = ?1 AND (?3 = 0 OR c.id < ?3) ORDER BY c.id DESC, h.id",
        error);
}

bool store_list_history(Store *store, const char *model, const char *path, int64_t before, unsigned limit,
                        GPtrArray **ret, int64_t *ret_next, GError **error)
{
    STATEMENT statement = prepare_history(store, path, error);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) history_row_free);
    int64_t last = 0;
    size_t size = 0;
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, model);
    if (path[0])
        statement_bind_text(statement, 2, path);
    statement_bind_integer(statement, 3, before);

    *ret_next = 0;
    while ((r = database_step(store->database, statement, error)) > 0) {
        if ((rows->len >= limit || size >= HISTORY_PAGE_SIZE) && statement_integer(statement, 0) != last) {
            *ret_next = last;
            break;
        }
        HistoryRow *row = read_history_row(statement);
        last = row->change;
        size += (row->before ? strlen(row->before) : 0) + (row->after ? strlen(row->after) : 0);
        g_ptr_array_add(rows, row);
    }
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&rows);
    return true;
}

/* Verifying */

/* Goes through the history rows of all changes in step with the changes themselves. */
typedef struct Verifier {
    Store *store;
    sqlite3_stmt *rows;
    bool row_is_there;
    int64_t row_change;
    bool copies_differ; /* a row says something else of its change than the change does */
} Verifier;

static bool next_row(Verifier *verifier, GError **error)
{
    int r = database_step(verifier->store->database, verifier->rows, error);

    verifier->row_is_there = r > 0;
    verifier->row_change = r > 0 ? statement_integer(verifier->rows, 0) : 0;
    return r >= 0;
}

static bool hash_rows_of(Verifier *verifier, int64_t change, HashRecord *record, GError **error)
{
    while (verifier->row_is_there && verifier->row_change == change) {
        const char *fields[8];

        for (int i = 0; i < 8; i++)
            fields[i] = statement_text(verifier->rows, i + 1);
        hash_history(record, fields);
        if (!statement_integer(verifier->rows, 9))
            verifier->copies_differ = true;
        if (!next_row(verifier, error))
            return false;
    }
    return true;
}

static bool verify_chain(Verifier *verifier, int64_t *ret_checked, char **ret_problem, GError **error)
{
    Store *store = verifier->store;
    STATEMENT statement = database_prepare(
        store->database, "SELECT " CHANGE_COLUMNS ", previous_hash, hash FROM changes ORDER BY id", error);
    g_autofree char *previous = g_strdup(""), *head = NULL;
    const char *head_hash;
    int64_t last = 0, head_id = 0;
    int r;

    if (!statement || !next_row(verifier, error))
        return false;
    while ((r = database_step(store->database, statement, error)) > 0) {
        Change *change = read_change(statement);
        HashRecord *record = hash_change(change, previous);
        int64_t id = change->id;

        change_free(change);
        bool rows_ok = hash_rows_of(verifier, id, record, error);
        g_autofree char *hash = hash_record_finish(record);
        if (!rows_ok)
            return false;
        if (id != last + 1) {
            *ret_problem = g_strdup_printf("change %" G_GINT64_FORMAT " is missing", last + 1);
            return true;
        }
        if (g_strcmp0(statement_text(statement, 12), previous) != 0) {
            *ret_problem =
                g_strdup_printf("change %" G_GINT64_FORMAT " does not follow the one before it", id);
            return true;
        }
        if (g_strcmp0(statement_text(statement, 13), hash) != 0 || verifier->copies_differ) {
            *ret_problem =
                g_strdup_printf("change %" G_GINT64_FORMAT " or its history is not as it was written", id);
            return true;
        }
        g_free(previous);
        previous = g_steal_pointer(&hash);
        last = id;
        (*ret_checked)++;
    }
    if (r < 0)
        return false;

    if (verifier->row_is_there) {
        *ret_problem =
            g_strdup_printf("the history has a row for change %" G_GINT64_FORMAT ", which does not exist",
                            verifier->row_change);
        return true;
    }
    if (!store_get_setting(store, SETTING_HISTORY_HEAD, &head, error))
        return false;
    if ((head || last > 0) && (!head || !split_head(head, &head_id, &head_hash) || head_id != last ||
                               !g_str_equal(head_hash, previous)))
        *ret_problem = head_id > last ? g_strdup_printf("the newest changes are missing: %" G_GINT64_FORMAT
                                                        " to %" G_GINT64_FORMAT,
                                                        last + 1, head_id)
                                      : g_strdup("the head of the history is not as it was written");
    return true;
}

/* The imports in the chain vouch for the vendor revisions by their content hash, and this for their
 * components. */
static bool verify_revisions(Store *store, char **ret_problem, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT id, coach_model, content_hash, EXISTS (SELECT 1 FROM changes c "
                         "WHERE c.coach_model = r.coach_model AND c.content_hash = r.content_hash) "
                         "FROM vendor_revisions r ORDER BY id",
                         error);
    int r;

    if (!statement)
        return false;
    while ((r = database_step(store->database, statement, error)) > 0) {
        g_autoptr(GPtrArray) components = NULL;
        g_autofree char *hash = NULL;

        if (!store_list_vendor_components(store, statement_integer(statement, 0), &components, error))
            return false;
        hash = coach_file_content_hash(components);
        if (!g_str_equal(hash, statement_text(statement, 2)) || !statement_integer(statement, 3)) {
            *ret_problem = g_strdup_printf("the vendor's data of model %s is not as it was imported",
                                           statement_text(statement, 1));
            return true;
        }
    }
    return r == 0;
}

/* Each imported model has the vendor revision that it was imported from. */
static bool verify_imports(Store *store, char **ret_problem, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT s.coach_model FROM coach_import_status s LEFT JOIN vendor_revisions r ON r.id = s.revision_id "
        "AND r.coach_model = s.coach_model WHERE r.id IS NULL ORDER BY s.coach_model LIMIT 1",
        error);
    int r;

    if (!statement)
        return false;
    r = database_step(store->database, statement, error);
    if (r > 0)
        *ret_problem =
            g_strdup_printf("the vendor's data of model %s is missing", statement_text(statement, 0));
    return r >= 0;
}

bool store_verify_history(Store *store, int64_t *ret_checked, char **ret_problem, GError **error)
{
    STATEMENT rows = database_prepare(
        store->database,
        "SELECT h.change_id, m.component_path, h.kind, h.field, h.before, h.after, h.override_before, h.override_after, "
        "h.previous_data, "
        "h.change_reason IS c.reason AND h.changed_by IS c.user AND h.changed_at IS " DATE_OF(
            "c.time") " "
                      "FROM coach_mapping_history h LEFT JOIN coach_mappings m ON m.id = h.mapping_id "
                      "LEFT JOIN changes c ON c.id = h.change_id ORDER BY h.change_id, h.id",
        error);
    g_autofree char *problem = NULL;
    int64_t checked = 0;
    Verifier verifier = {.store = store, .rows = rows};

    if (!rows || !verify_chain(&verifier, &checked, &problem, error))
        return false;
    if (!problem && !verify_revisions(store, &problem, error))
        return false;
    if (!problem && !verify_imports(store, &problem, error))
        return false;
    *ret_checked = checked;
    *ret_problem = g_steal_pointer(&problem);
    return true;
}
