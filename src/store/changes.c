/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables `changes` and `coach_mapping_history`: what happened, linked by hashes so that nothing can be
 * edited, removed or moved unnoticed. */
#include "store/store-private.h"

#include "base/hash.h"

#include <string.h>

void history_entry_free(HistoryEntry *entry)
{
    if (!entry)
        return;
    g_free(entry->model);
    g_free(entry->path);
    g_free(entry->kind);
    g_free(entry->field);
    g_free(entry->before);
    g_free(entry->after);
    g_free(entry->override_before);
    g_free(entry->override_after);
    g_free(entry->previous_data);
    g_free(entry->class);
    g_free(entry->vendor);
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
    g_clear_pointer(&change->releases, g_ptr_array_unref);
}

Release *release_new(const char *model, const char *base_hash, const char *content_hash)
{
    Release *release = g_new0(Release, 1);

    release->model = g_strdup(model);
    release->base_hash = g_strdup(base_hash);
    release->content_hash = g_strdup(content_hash);
    return release;
}

void release_free(Release *release)
{
    g_free(release->model);
    g_free(release->base_hash);
    g_free(release->content_hash);
    g_free(release);
}

void change_free(Change *change)
{
    if (!change)
        return;
    change_clear(change);
    g_free(change);
}

/* The chain */

/* Fields that came with later versions of the database are hashed where they are there, behind a number that
 * says so: the hashes of older rows stay what they are. */
#define HASH_RELEASE 2
#define HASH_CLASS 3
#define HASH_MODEL 4

HashRecord *change_hash_begin(const Change *change, const char *previous_hash)
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
    for (guint i = 0; change->releases && i < change->releases->len; i++) {
        const Release *release = g_ptr_array_index(change->releases, i);

        hash_record_integer(record, HASH_RELEASE);
        hash_record_text(record, release->model);
        hash_record_text(record, release->base_hash);
        hash_record_text(record, release->content_hash);
    }
    return record;
}

void change_hash_entry(HashRecord *record, const HistoryEntry *entry)
{
    if (entry->model) {
        hash_record_integer(record, HASH_MODEL);
        hash_record_text(record, entry->model);
    }
    hash_record_text(record, entry->path);
    hash_record_text(record, entry->kind);
    hash_record_text(record, entry->field);
    hash_record_text(record, entry->before);
    hash_record_text(record, entry->after);
    hash_record_text(record, entry->override_before);
    hash_record_text(record, entry->override_after);
    hash_record_text(record, entry->previous_data);
    if (entry->class || entry->vendor) {
        hash_record_integer(record, HASH_CLASS);
        hash_record_text(record, entry->class);
        hash_record_text(record, entry->vendor);
    }
}

char *change_mark_format(int64_t id, const char *hash)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ":%s", id, hash);
}

bool change_mark_split(const char *mark, int64_t *ret_id, const char **ret_hash)
{
    char *end;

    *ret_id = g_ascii_strtoll(mark, &end, 10);
    *ret_hash = *end == ':' ? end + 1 : "";
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
    if (r > 0 && !store_check_columns(store, statement, 0, 1, error))
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
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT coalesce((SELECT id FROM changes WHERE NOT (kind = 'import' AND reason = ?1) "
        "ORDER BY id DESC LIMIT 1), (SELECT min(id) - 1 FROM changes), 0)",
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

static bool insert_releases(Store *store, const Change *change, GError **error)
{
    for (guint i = 0; change->releases && i < change->releases->len; i++) {
        const Release *release = g_ptr_array_index(change->releases, i);
        STATEMENT statement = database_prepare(
            store->database,
            "INSERT INTO change_releases (change_id, coach_model, base_hash, content_hash) VALUES (?1, ?2, ?3, ?4)",
            error);

        if (!statement)
            return false;
        statement_bind_integer(statement, 1, change->id);
        statement_bind_text(statement, 2, release->model);
        statement_bind_text(statement, 3, release->base_hash);
        statement_bind_text(statement, 4, release->content_hash);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return true;
}

static int compare_releases(gconstpointer a, gconstpointer b)
{
    const Release *const *first = a, *const *second = b;

    return strcmp((*first)->model, (*second)->model);
}

bool store_add_change(Store *store, Change *change, GPtrArray *history, GError **error)
{
    g_autofree char *previous_hash = NULL, *hash = NULL, *head = NULL;
    HashRecord *record;
    int64_t tip;

    if (!get_tip(store, &tip, &previous_hash, error))
        return false;
    change->id = tip + 1;
    /* In the order in which they are read again, since that is what the hash is over. */
    if (change->releases)
        g_ptr_array_sort(change->releases, compare_releases);

    record = change_hash_begin(change, previous_hash);
    for (guint i = 0; i < history->len; i++)
        change_hash_entry(record, g_ptr_array_index(history, i));
    hash = hash_record_finish(record);
    head = change_mark_format(change->id, hash);

    return insert_change(store, change, previous_hash, hash, error) &&
           insert_releases(store, change, error) &&
           store_set_setting(store, SETTING_HISTORY_HEAD, head, error);
}

bool store_add_history(Store *store, const Change *change, GPtrArray *history, GError **error)
{
    for (guint i = 0; i < history->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(history, i);
        STATEMENT statement = database_prepare(
            store->database,
            "INSERT INTO coach_mapping_history (mapping_id, previous_data, change_reason, changed_by, change_id, kind, "
            "field, before, after, override_before, override_after, changed_at, class, vendor) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, " DATE_OF("?12") ", ?13, ?14)",
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
        statement_bind_text(statement, 13, entry->class);
        statement_bind_text(statement, 14, entry->vendor);
        if (!database_run(store->database, statement, error))
            return false;
    }
    return true;
}

/* Reading */

Change *change_read(sqlite3_stmt *statement)
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

bool change_read_releases(Store *store, Change *change, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database,
                         "SELECT coach_model, base_hash, content_hash FROM change_releases "
                         "WHERE change_id = ?1 ORDER BY coach_model",
                         error);
    int r;

    if (!statement)
        return false;
    change->releases = g_ptr_array_new_with_free_func((GDestroyNotify) release_free);
    statement_bind_integer(statement, 1, change->id);
    while ((r = database_step(store->database, statement, error)) > 0)
        g_ptr_array_add(change->releases,
                        release_new(statement_text(statement, 0), statement_text(statement, 1),
                                    statement_text(statement, 2)));
    return r >= 0;
}

bool store_get_change(Store *store, int64_t id, Change **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT " CHANGE_COLUMNS " FROM changes WHERE id = ?1", error);
    g_autoptr(Change) change = NULL;
    int r;

    *ret = NULL;
    if (!statement)
        return false;
    statement_bind_integer(statement, 1, id);
    r = database_step(store->database, statement, error);
    if (r <= 0)
        return r == 0;
    change = change_read(statement);
    if (!change_read_releases(store, change, error))
        return false;
    *ret = g_steal_pointer(&change);
    return true;
}

bool store_list_changes(Store *store, int64_t before, unsigned limit, const char *model, const char *kind,
                        GPtrArray **ret, int64_t *ret_next, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT " CHANGE_COLUMNS " FROM changes WHERE (?1 = 0 OR id < ?1) "
        "AND (?2 IS NULL OR coach_model = ?2 OR EXISTS (SELECT 1 FROM change_releases l WHERE l.change_id = changes.id "
        "AND l.coach_model = ?2)) AND (?3 IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4",
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
        g_ptr_array_add(changes, change_read(statement));
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
