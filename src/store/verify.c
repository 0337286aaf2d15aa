/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the record of changes is as it was written. */
#include "store/store-private.h"

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
        HistoryEntry entry = history_borrow(verifier->rows, 1);

        change_hash_entry(record, &entry);
        if (!statement_integer(verifier->rows, 1 + HISTORY_N_COLUMNS))
            verifier->copies_differ = true;
        if (!next_row(verifier, error))
            return false;
    }
    return true;
}

/* What is wrong with one change, of which the rows are next; NULL: nothing. Its hash is `*ret_hash` then. */
static bool verify_change(Verifier *verifier, sqlite3_stmt *statement, int64_t expected,
                          const char *previous, char **ret_hash, char **ret_problem, GError **error)
{
    g_autoptr(Change) change = change_read(statement);
    g_autofree char *hash = NULL;
    HashRecord *record;
    bool rows_ok;

    if (!change_read_releases(verifier->store, change, error))
        return false;
    record = change_hash_begin(change, previous);
    rows_ok = hash_rows_of(verifier, change->id, record, error);
    hash = hash_record_finish(record);
    if (!rows_ok)
        return false;
    if (change->id != expected)
        *ret_problem = g_strdup_printf("change %" G_GINT64_FORMAT " is missing", expected);
    else if (g_strcmp0(statement_text(statement, CHANGE_N_COLUMNS), previous) != 0)
        *ret_problem =
            g_strdup_printf("change %" G_GINT64_FORMAT " does not follow the one before it", change->id);
    else if (g_strcmp0(statement_text(statement, CHANGE_N_COLUMNS + 1), hash) != 0 ||
             verifier->copies_differ)
        *ret_problem = g_strdup_printf("change %" G_GINT64_FORMAT " or its history is not as it was written",
                                       change->id);
    *ret_hash = g_steal_pointer(&hash);
    return true;
}

static bool verify_head(Store *store, int64_t last, const char *hash, char **ret_problem, GError **error)
{
    g_autofree char *head = NULL;
    const char *head_hash = "";
    int64_t head_id = 0;

    if (!store_get_setting(store, SETTING_HISTORY_HEAD, &head, error))
        return false;
    if (!head && last == 0)
        return true;
    if (head && change_mark_split(head, &head_id, &head_hash) && head_id == last &&
        g_str_equal(head_hash, hash))
        return true;
    *ret_problem = head_id > last ? g_strdup_printf("the newest changes are missing: %" G_GINT64_FORMAT
                                                    " to %" G_GINT64_FORMAT,
                                                    last + 1, head_id)
                                  : g_strdup("the head of the history is not as it was written");
    return true;
}

/* The change that the chain begins after, and its hash; 0 and "" where nothing was pruned. A change that is
 * still there has to say that it was pruned. */
static bool verify_start(Store *store, int64_t *ret_id, char **ret_hash, char **ret_problem, GError **error)
{
    g_autofree char *start = NULL;
    const char *hash = "";
    int64_t vouched = 0;
    STATEMENT statement = NULL;

    *ret_id = 0;
    if (!store_get_setting(store, SETTING_HISTORY_START, &start, error))
        return false;
    if (start && change_mark_split(start, ret_id, &hash)) {
        statement = database_prepare(
            store->database,
            "SELECT count(*) FROM changes WHERE json_valid(detail) AND json_extract(detail, '$.pruned.through') = ?1 "
            "AND json_extract(detail, '$.pruned.hash') = ?2",
            error);
        if (!statement)
            return false;
        statement_bind_integer(statement, 1, *ret_id);
        statement_bind_text(statement, 2, hash);
        if (database_step(store->database, statement, error) < 0)
            return false;
        vouched = statement_integer(statement, 0);
    }
    if (start && vouched == 0)
        *ret_problem = g_strdup("the beginning of the history is not as it was written");
    *ret_hash = g_strdup(hash);
    return true;
}

static bool verify_chain(Verifier *verifier, int64_t *ret_checked, int64_t *ret_from, char **ret_problem,
                         GError **error)
{
    Store *store = verifier->store;
    STATEMENT statement = database_prepare(
        store->database, "SELECT " CHANGE_COLUMNS ", previous_hash, hash FROM changes ORDER BY id", error);
    g_autofree char *previous = NULL;
    int64_t last;
    int r;

    if (!statement || !verify_start(store, &last, &previous, ret_problem, error) ||
        !next_row(verifier, error))
        return false;
    *ret_from = last + 1;
    while (!*ret_problem && (r = database_step(store->database, statement, error)) > 0) {
        char *hash = NULL;

        if (!verify_change(verifier, statement, last + 1, previous, &hash, ret_problem, error))
            return false;
        g_free(previous);
        previous = hash;
        if (*ret_problem)
            return true;
        last++;
        (*ret_checked)++;
    }
    if (*ret_problem)
        return true;
    if (r < 0)
        return false;
    if (*ret_checked == 0)
        *ret_from = 0;
    if (verifier->row_is_there) {
        *ret_problem =
            g_strdup_printf("the history has a row for change %" G_GINT64_FORMAT ", which does not exist",
                            verifier->row_change);
        return true;
    }
    return verify_head(store, last, previous, ret_problem, error);
}

/* The changes in the chain vouch for the vendor revisions by their content hash, and this for their
 * components. For those whose import was pruned, the change that pruned it does. */
static bool verify_revisions(Store *store, char **ret_problem, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT id, coach_model, content_hash, EXISTS (SELECT 1 FROM releases l "
        "WHERE l.coach_model = r.coach_model AND r.content_hash IN (l.content_hash, l.base_hash)) "
        "OR EXISTS (SELECT 1 FROM changes c WHERE json_valid(c.detail) AND r.content_hash = "
        "json_extract(c.detail, '$.pruned.revisions.\"' || r.coach_model || '\"')) "
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
        if (g_strcmp0(hash, statement_text(statement, 2)) != 0 || !statement_integer(statement, 3)) {
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

static bool same_value(Store *store, const char *text, const Value *expected, bool *ret, GError **error)
{
    g_autoptr(Value) value = NULL;

    if (!store_parse_column(store, text, &value, error))
        return false;
    *ret = value && expected ? value_equal(value, expected) : !value && !expected;
    return true;
}

static bool check_component(Store *store, const ImportStatus *status, const char *path, GPtrArray *overrides,
                            bool *ret, GError **error)
{
    g_autoptr(Value) vendor = NULL, effective = NULL;
    Mapping *row = NULL;
    bool ok;

    if (!store_get_vendor_component(store, status->revision_id, path, &vendor, error) ||
        !store_get_mapping(store, status->model, path, &row, error))
        return false;
    effective = override_apply(path, vendor, overrides);
    ok = same_value(store, row ? row->data : NULL, effective, ret, error);
    *ret = ok && *ret && (!row || g_str_equal(row->source, "user") == (overrides->len > 0));
    mapping_free(row);
    return ok;
}

bool store_component_is_sound(Store *store, const ImportStatus *status, const char *path, bool *ret,
                              GError **error)
{
    g_autoptr(GPtrArray) overrides = NULL;

    return store_get_overrides(store, status->model, path, &overrides, error) &&
           check_component(store, status, path, overrides, ret, error);
}

#define NO_OVERRIDE(path)                                                                                   \
    "AND NOT EXISTS (SELECT 1 FROM overrides o WHERE o.coach_model = ?1 AND o.component_path = " path ") "

/* Those without overrides are what the vendor has. SQLite compares the texts; where they differ, what they
 * say. */
static bool find_unlike_vendor(Store *store, const ImportStatus *status, char **ret_path, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT m.component_path, m.mapping_data, v.data, m.source = 'user' FROM coach_mappings m LEFT JOIN vendor_components v "
        "ON v.revision_id = ?2 AND v.component_path = m.component_path "
        "WHERE m.coach_model = ?1 AND m.is_active AND (m.mapping_data IS NOT v.data OR m.source = 'user') " NO_OVERRIDE(
            "m.component_path") "UNION ALL SELECT v.component_path, NULL, v.data, FALSE FROM vendor_components v "
                                "WHERE v.revision_id = ?2 AND NOT EXISTS (SELECT 1 FROM coach_mappings m "
                                "WHERE m.coach_model = ?1 AND m.component_path = v.component_path "
                                "AND m.is_active) " NO_OVERRIDE("v.component_path"),
        error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, status->model);
    statement_bind_integer(statement, 2, status->revision_id);
    while ((r = database_step(store->database, statement, error)) > 0) {
        g_autoptr(Value) vendor = NULL;
        bool same;

        if (!store_parse_column(store, statement_text(statement, 2), &vendor, error) ||
            !same_value(store, statement_text(statement, 1), vendor, &same, error))
            return false;
        if (!same || statement_integer(statement, 3)) {
            *ret_path = statement_dup_text(statement, 0);
            return true;
        }
    }
    return r == 0;
}

bool store_find_damaged_component(Store *store, const ImportStatus *status, char **ret_path, GError **error)
{
    g_autoptr(GHashTable) overrides = NULL;
    GHashTableIter iter;
    gpointer path, list;

    *ret_path = NULL;
    if (!find_unlike_vendor(store, status, ret_path, error) ||
        !store_list_overrides(store, status->model, &overrides, error))
        return false;
    g_hash_table_iter_init(&iter, overrides);
    while (!*ret_path && g_hash_table_iter_next(&iter, &path, &list)) {
        bool sound;

        if (!check_component(store, status, path, list, &sound, error))
            return false;
        if (!sound)
            *ret_path = g_strdup(path);
    }
    return true;
}

/* What readers get is what vendor and owner say, which are kept apart from it: damage to one shows. */
bool store_verify_components(Store *store, char **ret_problem, GError **error)
{
    g_autoptr(GPtrArray) imports = NULL;

    *ret_problem = NULL;
    if (!store_list_imports(store, false, &imports, error))
        return false;
    for (guint i = 0; !*ret_problem && i < imports->len; i++) {
        const ImportStatus *status = g_ptr_array_index(imports, i);
        g_autofree char *path = NULL;

        if (!store_find_damaged_component(store, status, &path, error))
            return false;
        if (path)
            *ret_problem = g_strdup_printf("component %s of model %s is not what vendor and owner say", path,
                                           status->model);
    }
    return true;
}

bool store_verify_history(Store *store, int64_t *ret_checked, int64_t *ret_from, char **ret_problem,
                          GError **error)
{
    STATEMENT rows = database_prepare(
        store->database,
        "SELECT h.change_id, " HISTORY_COLUMNS ", "
        "h.change_reason IS c.reason AND h.changed_by IS c.user AND h.changed_at IS " DATE_OF(
            "c.time") " "
                      "FROM coach_mapping_history h LEFT JOIN coach_mappings m ON m.id = h.mapping_id "
                      "LEFT JOIN changes c ON c.id = h.change_id ORDER BY h.change_id, h.id",
        error);
    g_autofree char *problem = NULL;
    int64_t checked = 0, from = 0;
    Verifier verifier = {.store = store, .rows = rows};

    if (!rows || !verify_chain(&verifier, &checked, &from, &problem, error))
        return false;
    if (!problem && !verify_revisions(store, &problem, error))
        return false;
    if (!problem && !verify_imports(store, &problem, error))
        return false;
    *ret_checked = checked;
    *ret_from = from;
    *ret_problem = g_steal_pointer(&problem);
    return true;
}
