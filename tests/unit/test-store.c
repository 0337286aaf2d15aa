/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-store.c: the database on a real disk: opening, transactions, the tables, and whether the record of
 * what happened notices that somebody touched it; what is kept of the past, and databases of older versions.
 */

#include "store/backup.h"
#include "store/store.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "support.h"

#define MODEL "coach"

/* What is done behind the store's back */

static char *database_path(const char *folder)
{
    return g_build_filename(folder, "config.db", NULL);
}

static sqlite3 *raw_open(const char *folder)
{
    g_autofree char *path = database_path(folder);
    sqlite3 *handle;

    g_assert_cmpint(sqlite3_open(path, &handle), ==, SQLITE_OK);
    return handle;
}

static void raw(const char *folder, const char *sql)
{
    sqlite3 *handle = raw_open(folder);
    char *message = NULL;

    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
        g_test_message("%s: %s", sql, message);
    g_assert_null(message);
    g_assert_cmpint(sqlite3_close(handle), ==, SQLITE_OK);
}

static char *raw_text(const char *folder, const char *sql)
{
    sqlite3 *handle = raw_open(folder);
    sqlite3_stmt *statement;
    char *text;

    g_assert_cmpint(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    text = g_strdup((const char *) sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return text;
}

static char *file_hash(const char *folder)
{
    g_autofree char *path = database_path(folder), *data = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    return hash_bytes(data, length);
}

/* A folder with a database */

typedef struct Fixture {
    char *folder;
    Store *store;
} Fixture;

static void open_store(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(f->store);
    f->store = store_open(f->folder, &error);
    g_assert_no_error(error);
}

static void close_store(Fixture *f)
{
    g_clear_pointer(&f->store, store_close);
}

static void set_up(Fixture *f, gconstpointer unused)
{
    f->folder = folder_new();
    open_store(f);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    close_store(f);
    folder_remove(f->folder);
}

static void begin(Fixture *f, Transaction *transaction)
{
    g_autoptr(GError) error = NULL;

    transaction_begin(transaction, f->store, &error);
    g_assert_no_error(error);
}

static void commit(Transaction *transaction)
{
    g_autoptr(GError) error = NULL;

    transaction_commit(transaction, &error);
    g_assert_no_error(error);
}

/* Opening */

static void test_new(Fixture *f, gconstpointer unused)
{
    static const char *const tables[] = {"change_releases",
                                         "changes",
                                         "coach_import_status",
                                         "coach_mapping_history",
                                         "coach_mappings",
                                         "interfaces",
                                         "overrides",
                                         "settings",
                                         "vendor_components",
                                         "vendor_revisions",
                                         NULL};
    g_autofree char *journal = raw_text(f->folder, "PRAGMA journal_mode"),
                    *version = raw_text(f->folder, "PRAGMA user_version");
    g_autofree char *application = raw_text(f->folder, "PRAGMA application_id");
    g_autofree char *found =
        raw_text(f->folder, "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema "
                            "WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name)");
    g_autofree char *wanted = g_strjoinv(" ", (char **) tables);
    g_autofree char *check = raw_text(f->folder, "PRAGMA integrity_check");
    int64_t revision = -1;

    g_assert_cmpstr(journal, ==, "wal");
    g_assert_cmpstr(version, ==, "2");
    g_assert_cmpstr(application, ==, "1131496294"); /* 0x43714366, "CqCf" */
    g_assert_cmpstr(found, ==, wanted);
    g_assert_cmpstr(check, ==, "ok");
    g_assert_true(store_is_writable(f->store, NULL));
    g_assert_true(store_get_revision(f->store, &revision, NULL));
    g_assert_cmpint(revision, ==, 0);
}

/* The columns of the first plan keep their names. */
static void test_planned_columns(Fixture *f, gconstpointer unused)
{
    raw(f->folder,
        "SELECT id, coach_model, component_path, mapping_data, source, source_version, is_active, "
        "created_at, created_by, modified_at, modified_by FROM coach_mappings");
    raw(f->folder, "SELECT id, mapping_id, previous_data, change_reason, changed_at, changed_by "
                   "FROM coach_mapping_history");
    raw(f->folder, "SELECT coach_model, yaml_hash, imported_at, imported_version FROM coach_import_status");
}

static void test_reopen(Fixture *f, gconstpointer unused)
{
    g_autofree char *value = NULL;

    g_assert_true(store_set_setting(f->store, "a", "1", NULL));
    close_store(f);
    open_store(f);
    g_assert_true(store_get_setting(f->store, "a", &value, NULL));
    g_assert_cmpstr(value, ==, "1");
}

static void assert_refused(Fixture *f, ConfigError code)
{
    g_autofree char *before = file_hash(f->folder), *after = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_null(store_open(f->folder, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    after = file_hash(f->folder);
    g_assert_cmpstr(before, ==, after);
}

static void test_newer_schema(Fixture *f, gconstpointer unused)
{
    g_autofree char *version = NULL;

    close_store(f);
    raw(f->folder, "PRAGMA user_version = 3; PRAGMA journal_mode = DELETE");
    assert_refused(f, CONFIG_ERROR_NOT_SUPPORTED);
    version = raw_text(f->folder, "PRAGMA user_version");
    g_assert_cmpstr(version, ==, "3");

    raw(f->folder, "PRAGMA user_version = 2");
    open_store(f);
}

static void test_foreign_database(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = database_path(f->folder);

    close_store(f);
    g_assert_cmpint(g_unlink(path), ==, 0);
    raw(f->folder, "CREATE TABLE people (name TEXT)");
    assert_refused(f, CONFIG_ERROR_CORRUPT);

    g_assert_cmpint(g_unlink(path), ==, 0);
    raw(f->folder, "PRAGMA application_id = 5; CREATE TABLE people (name TEXT)");
    assert_refused(f, CONFIG_ERROR_CORRUPT);
    g_assert_cmpint(g_unlink(path), ==, 0);
}

static void test_no_database(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = database_path(f->folder), *garbage = g_strnfill(8192, 'x');

    close_store(f);
    g_assert_true(g_file_set_contents(path, garbage, -1, NULL));
    assert_refused(f, CONFIG_ERROR_CORRUPT);

    /* Made, but never written to. */
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    open_store(f);
}

static void test_step_is_whole(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = database_path(f->folder);

    /* A step that did not come to its end left nothing: neither tables nor a number. */
    close_store(f);
    g_assert_cmpint(g_unlink(path), ==, 0);
    raw(f->folder, "PRAGMA application_id = 1131496294; CREATE TABLE overrides (x)");
    g_autoptr(GError) error = NULL;
    g_assert_null(store_open(f->folder, &error));
    g_assert_nonnull(error);
    g_autofree char *version = raw_text(f->folder, "PRAGMA user_version");
    g_autofree char *tables = raw_text(f->folder, "SELECT group_concat(name) FROM sqlite_schema");
    g_assert_cmpstr(version, ==, "0");
    g_assert_cmpstr(tables, ==, "overrides");
}

static void test_no_folder(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(store_open("/nonexistent/folder", &error));
    g_assert_nonnull(error);
    g_assert_true(error->domain == CONFIG_ERROR);
}

static void test_read_only(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = database_path(f->folder), *value = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Transaction) transaction = {0};

    if (getuid() == 0) {
        g_test_skip("root may write to any file; the integration tests use a read-only mount");
        return;
    }
    g_assert_true(store_set_setting(f->store, "a", "1", NULL));
    close_store(f);
    g_assert_cmpint(g_chmod(path, 0400), ==, 0);
    g_assert_cmpint(g_chmod(f->folder, 0500), ==, 0);
    open_store(f);
    g_assert_false(store_is_writable(f->store, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY);
    g_clear_error(&error);
    g_assert_true(store_get_setting(f->store, "a", &value, NULL));
    g_assert_cmpstr(value, ==, "1");
    g_assert_false(transaction_begin(&transaction, f->store, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY);
    g_assert_cmpint(g_chmod(f->folder, 0700), ==, 0);
}

/* Transactions */

static char *get_setting(Fixture *f, const char *name)
{
    char *value = NULL;

    g_assert_true(store_get_setting(f->store, name, &value, NULL));
    return value;
}

static void write_and_forget(Fixture *f)
{
    g_auto(Transaction) transaction = {0};

    begin(f, &transaction);
    g_assert_true(store_set_setting(f->store, "a", "2", NULL));
}

static void test_rolled_back(Fixture *f, gconstpointer unused)
{
    g_assert_true(store_set_setting(f->store, "a", "1", NULL));
    write_and_forget(f);
    g_autofree char *value = get_setting(f, "a");
    g_assert_cmpstr(value, ==, "1");

    /* The next one starts afresh. */
    g_auto(Transaction) transaction = {0};
    begin(f, &transaction);
    g_assert_true(store_set_setting(f->store, "a", "3", NULL));
    commit(&transaction);
    g_autofree char *after = raw_text(f->folder, "SELECT value FROM settings WHERE name = 'a'");
    g_assert_cmpstr(after, ==, "3");
}

static void test_locked(Fixture *f, gconstpointer unused)
{
    sqlite3 *other = raw_open(f->folder);
    g_auto(Transaction) transaction = {0};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_false(transaction_begin(&transaction, f->store, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_LOCKED);
    sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(other);
    begin(f, &transaction);
}

static void test_data_version(Fixture *f, gconstpointer unused)
{
    int64_t before = store_data_version(f->store);

    g_assert_true(store_set_setting(f->store, "a", "1", NULL));
    g_assert_cmpint(store_data_version(f->store), ==, before);
    raw(f->folder, "INSERT INTO settings VALUES ('b', '1')");
    g_assert_cmpint(store_data_version(f->store), !=, before);
}

/* Settings */

static void test_settings(Fixture *f, gconstpointer unused)
{
    g_autofree char *none = get_setting(f, "a");

    g_assert_null(none);
    g_assert_true(store_set_setting(f->store, "a", "", NULL));
    g_assert_true(store_set_setting(f->store, "b", "x", NULL));
    g_assert_true(store_set_setting(f->store, "b", "y'; DROP TABLE settings; --", NULL));
    g_autofree char *a = get_setting(f, "a"), *b = get_setting(f, "b");
    g_assert_cmpstr(a, ==, "");
    g_assert_cmpstr(b, ==, "y'; DROP TABLE settings; --");
}

static void test_interfaces(Fixture *f, gconstpointer unused)
{
    g_autoptr(GHashTable) interfaces = NULL;

    g_assert_true(store_set_interface(f->store, "house", "can0", NULL));
    g_assert_true(store_set_interface(f->store, "chassis", "can1", NULL));
    g_assert_true(store_set_interface(f->store, "house", "can2", NULL));
    g_assert_true(store_set_interface(f->store, "chassis", NULL, NULL));
    g_assert_true(store_set_interface(f->store, "none", NULL, NULL));
    g_assert_true(store_get_interfaces(f->store, &interfaces, NULL));
    g_assert_cmpuint(g_hash_table_size(interfaces), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(interfaces, "house"), ==, "can2");
}

/* Vendor revisions */

static const char *const coach =
    "{\"coach_info\":{\"year\":2021,\"make\":\"Entegra\"},\"file_metadata\":{\"version\":\"1.0\"},"
    "\"areas\":{\"in\":{\"n\":1},\"out\":{\"n\":2}},"
    "\"1FEDA\":{\"1\":[{\"entity_id\":\"a\"},{\"entity_id\":\"b\"}]}}";

static CoachFile *coach_file(const char *json)
{
    g_autoptr(Value) data = parse(json);
    CoachFile *file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);

    g_assert_nonnull(file);
    return file;
}

static const Actor actor = {.uid = 1000, .pid = 42, .user = (char *) "ann", .process = (char *) "panel"};

/* Imports a file as the change that it is. */
static int64_t import(Fixture *f, const char *model, const char *json)
{
    g_autoptr(CoachFile) file = coach_file(json);
    g_autoptr(GPtrArray) none = history_list_new();
    g_autoptr(GError) error = NULL;
    g_auto(Transaction) transaction = {0};
    int64_t revision_id;
    Change change = {.time = 1700000000000000,
                     .kind = (char *) "import",
                     .model = (char *) model,
                     .reason = (char *) "",
                     .actor = actor,
                     .n_entries = file->components->len,
                     .content_hash = file->content_hash,
                     .detail = (char *) "{}"};

    begin(f, &transaction);
    store_add_change(f->store, &change, none, &error);
    g_assert_no_error(error);
    store_add_vendor_revision(f->store, model, file, "bytes", "bundled", &revision_id, &error);
    g_assert_no_error(error);
    store_apply_revision(f->store, model, revision_id, "factory", file->version, "ann", &error);
    g_assert_no_error(error);
    store_set_import(f->store, model, file->version, "bytes", revision_id, change.time, &error);
    g_assert_no_error(error);
    commit(&transaction);
    return revision_id;
}

static void test_import(Fixture *f, gconstpointer unused)
{
    g_autoptr(CoachFile) file = coach_file(coach);
    g_autoptr(ImportStatus) status = NULL, none = NULL;
    g_autoptr(GPtrArray) imports = NULL, components = NULL;
    g_autoptr(Value) layout = NULL, expanded = NULL, original = parse(coach);
    g_autofree char *layout_text = NULL;
    int64_t id = import(f, MODEL, coach), again;

    g_assert_true(store_get_import(f->store, MODEL, &status, NULL));
    g_assert_cmpstr(status->model, ==, MODEL);
    g_assert_cmpstr(status->byte_hash, ==, "bytes");
    g_assert_cmpstr(status->content_hash, ==, file->content_hash);
    g_assert_cmpstr(status->version, ==, "1.0");
    g_assert_cmpstr(status->origin, ==, "bundled");
    assert_json(status->identity,
                "{\"year\":\"2021\",\"make\":\"Entegra\",\"model\":\"\",\"trim\":\"\",\"notes\":\"\","
                "\"vin_pattern\":\"\",\"data_quality\":\"\",\"data_note\":\"\"}");
    g_assert_cmpint(status->revision_id, ==, id);
    g_assert_cmpint(status->time, ==, 1700000000000000);

    g_assert_true(store_get_import(f->store, "other", &none, NULL));
    g_assert_null(none);
    import(f, "another", "{\"a\":1}");
    g_assert_true(store_list_imports(f->store, true, &imports, NULL));
    g_assert_cmpuint(imports->len, ==, 2);
    g_assert_cmpstr(((const ImportStatus *) g_ptr_array_index(imports, 0))->model, ==, "another");

    /* What was stored is the file. */
    g_assert_true(store_list_vendor_components(f->store, id, &components, NULL));
    layout_text = raw_text(f->folder, "SELECT layout FROM vendor_revisions WHERE coach_model = '" MODEL "'");
    layout = parse(layout_text);
    expanded = coach_file_expand(components, layout, NULL);
    assert_equal(expanded, original);

    /* The same content is one revision. */
    g_assert_true(store_add_vendor_revision(f->store, MODEL, file, "other bytes", "bundled", &again, NULL));
    g_assert_cmpint(again, ==, id);
}

static void test_vendor_components(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) one = NULL, none = NULL, section = NULL, whole = NULL, no_section = NULL;
    int64_t id = import(f, MODEL, coach);

    g_assert_true(store_get_vendor_component(f->store, id, "areas/in", &one, NULL));
    assert_json(one, "{\"n\":1}");
    g_assert_true(store_get_vendor_component(f->store, id, "areas/none", &none, NULL));
    g_assert_null(none);
    g_assert_true(store_get_vendor_section(f->store, id, "areas", &section, NULL));
    assert_json(section, "{\"in\":{\"n\":1},\"out\":{\"n\":2}}");
    g_assert_true(store_get_vendor_section(f->store, id, "coach_info", &whole, NULL));
    assert_json(whole, "{\"year\":2021,\"make\":\"Entegra\"}");
    g_assert_true(store_get_vendor_section(f->store, id, "area", &no_section, NULL));
    g_assert_null(no_section);
}

static void test_damaged_component(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) data = NULL;
    g_autoptr(GError) error = NULL;
    int64_t id = import(f, MODEL, coach);

    raw(f->folder, "UPDATE vendor_components SET data = '{' WHERE component_path = 'areas/in'");
    g_assert_false(store_get_vendor_component(f->store, id, "areas/in", &data, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT);
}

/* Mappings */

static char *mapping_data(Fixture *f, const char *path)
{
    g_autoptr(Mapping) mapping = NULL;

    g_assert_true(store_get_mapping(f->store, MODEL, path, &mapping, NULL));
    return mapping ? g_strdup(mapping->data) : NULL;
}

/* Puts a component and gives its row. */
static int64_t put(Fixture *f, const char *path, const char *data, const char *source)
{
    g_autoptr(Mapping) row = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(store_get_mapping(f->store, MODEL, path, &row, &error));
    store_put_mapping(f->store, MODEL, path, data, source, "1.0", "ann", &row, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(row->path, ==, path);
    return row->id;
}

static void test_mappings(Fixture *f, gconstpointer unused)
{
    static const char *const paths[] = {"areas/in",  "areas/new", "areas/out",    "coach_info",
                                        "devices/a", "devices/b", "file_metadata"};
    g_autoptr(GPtrArray) mappings = NULL;
    g_autofree char *in = NULL, *gone = NULL, *back = NULL;
    int64_t id;

    import(f, MODEL, coach);
    import(f, "other", "{\"areas\":{\"in\":{\"n\":9}}}");
    id = put(f, "areas/in", "{\"n\":5}", "user");
    g_assert_cmpint(put(f, "areas/in", "{\"n\":6}", "user"), ==, id);
    g_assert_cmpint(put(f, "areas/new", "{}", "user"), >, id);
    in = mapping_data(f, "areas/in");
    g_assert_cmpstr(in, ==, "{\"n\":6}");

    g_assert_true(store_list_mappings(f->store, MODEL, &mappings, NULL));
    g_assert_cmpuint(mappings->len, ==, G_N_ELEMENTS(paths));
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        g_assert_cmpstr(((const Mapping *) g_ptr_array_index(mappings, i))->path, ==, paths[i]);

    /* Away and back, twice: the rows of old stay for the history. */
    for (guint i = 0; i < 2; i++) {
        g_assert_true(store_remove_mapping(f->store, MODEL, "areas/in", "ann", NULL));
        g_assert_null(mapping_data(f, "areas/in"));
        int64_t updated = put(f, "areas/in", "{}", "factory");
        g_assert_cmpint(updated, !=, id);
        id = updated;
    }
    gone =
        raw_text(f->folder,
                 "SELECT count(*) FROM coach_mappings WHERE component_path = 'areas/in' AND NOT is_active");
    g_assert_cmpstr(gone, ==, "2");
    back = raw_text(f->folder,
                    "SELECT count(DISTINCT position) FROM coach_mappings WHERE component_path = 'areas/in' "
                    "AND coach_model = '" MODEL "'");
    g_assert_cmpstr(back, ==, "1");
}

static void test_one_active(Fixture *f, gconstpointer unused)
{
    sqlite3 *handle;

    import(f, MODEL, coach);
    handle = raw_open(f->folder);
    g_assert_cmpint(
        sqlite3_exec(
            handle,
            "INSERT INTO coach_mappings (coach_model, component_path, mapping_data, source, source_version, position) "
            "VALUES ('" MODEL "', 'areas/in', '{}', 'user', '', 0)",
            NULL, NULL, NULL),
        ==, SQLITE_CONSTRAINT);
    sqlite3_close(handle);
}

/* Overrides */

static void test_damaged_override(Fixture *f, gconstpointer unused)
{
    static const char *const rows[] = {"'set', NULL", "'set', '{'", "'unset', '1'"};

    import(f, MODEL, coach);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *sql = g_strdup_printf(
            "DELETE FROM overrides; INSERT INTO overrides (coach_model, component_path, field, op, value, "
            "change_id, time, uid, user, reason) VALUES ('" MODEL
            "', 'areas/in', '/n', %s, 1, 1, 0, '', '')",
            rows[i]);
        g_autoptr(GPtrArray) overrides = NULL;
        g_autoptr(GError) error = NULL;

        raw(f->folder, sql);
        g_assert_false(store_get_overrides(f->store, MODEL, "areas/in", &overrides, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT);
    }
}

static Fixture *shared;

static GPtrArray *random_overrides(void)
{
    static const char *const fields[] = {"",           "/a", "/b", "/a~1b/c", "/bindings/1FEDA:1",
                                         "/caf\u00e9", "/'", NULL};
    GPtrArray *list = override_list_new();

    for (guint i = 0; fields[i]; i++) {
        bool set = one_in(2);
        g_autoptr(Value) value = set ? random_value(3) : NULL, vendor = one_in(2) ? random_value(3) : NULL;

        if (one_in(2))
            g_ptr_array_add(list,
                            override_new(fields[i], set ? OVERRIDE_SET : OVERRIDE_UNSET, value, vendor));
    }
    return list;
}

static void assert_lists_equal(GPtrArray *a, GPtrArray *b)
{
    check(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const Override *override = g_ptr_array_index(a, i), *other = override_list_find(b, override->field);
        check(other && override_equal(override, other));
    }
}

/* Law: the overrides that were stored are the ones that come back; those that want the same keep their
 * author. */
static void overrides_round_trip(void)
{
    g_autoptr(GPtrArray) before = NULL, now = random_overrides(), again = NULL;
    g_autoptr(GPtrArray) none = history_list_new();
    g_autoptr(GError) error = NULL;
    g_auto(Transaction) transaction = {0};
    Change change = {.time = 5,
                     .kind = (char *) "edit",
                     .model = (char *) MODEL,
                     .reason = (char *) "why",
                     .actor = actor};

    check(store_get_overrides(shared->store, MODEL, "areas/in", &before, &error));
    for (guint i = 0; i < before->len; i++) {
        const Override *old = g_ptr_array_index(before, i);
        Override *new = override_list_find(now, old->field);

        if (!new || one_in(2))
            continue;
        g_ptr_array_remove(now, new);
        g_ptr_array_add(now, override_copy(old));
    }
    begin(shared, &transaction);
    check(store_add_change(shared->store, &change, none, &error));
    check(store_replace_overrides(shared->store, MODEL, "areas/in", before, now, &change, &error));
    commit(&transaction);
    check(store_get_overrides(shared->store, MODEL, "areas/in", &again, &error));
    assert_lists_equal(now, again);

    for (guint i = 0; i < again->len; i++) {
        const Override *new = g_ptr_array_index(again, i), *old = override_list_find(before, new->field),
                       *given = override_list_find(now, new->field);
        const OverrideAuthor *author = new->author;
        int64_t expected = given->author                           ? given->author->change
                           : old && override_same_wish(old, given) ? old->author->change
                                                                   : change.id;

        check(author->change == expected);
        check(author->uid == 1000 && g_str_equal(author->user, "ann") && g_str_equal(author->reason, "why"));
    }
}

static void test_overrides_round_trip(Fixture *f, gconstpointer unused)
{
    import(f, MODEL, coach);
    shared = f;
    repeat(300, overrides_round_trip);
    shared = NULL;
}

/* Changes and history */

static void add_entry(GPtrArray *history, int64_t mapping_id, const char *path, const char *kind,
                      const char *field, const char *before, const char *after)
{
    HistoryEntry *entry = g_new0(HistoryEntry, 1);

    entry->mapping_id = mapping_id;
    entry->path = g_strdup(path);
    entry->kind = g_strdup(kind);
    entry->field = g_strdup(field);
    entry->before = g_strdup(before);
    entry->after = g_strdup(after);
    entry->override_before = before ? g_strdup("{\"op\":\"set\"}") : NULL;
    entry->override_after = g_strdup("{\"op\":\"set\",\"value\":1}");
    entry->previous_data = g_strdup("{\"n\":1}");
    g_ptr_array_add(history, entry);
}

/* Adds a change with some rows of history, which is to get this number. */
static void add_edit(Fixture *f, unsigned n_rows, int64_t number)
{
    g_autoptr(GPtrArray) history = history_list_new();
    g_autoptr(GError) error = NULL;
    g_auto(Transaction) transaction = {0};
    Change change = {.time = 1700000001000000,
                     .kind = (char *) "edit",
                     .model = (char *) MODEL,
                     .reason = (char *) "why",
                     .actor = actor,
                     .n_entries = 1};
    static const char *const paths[] = {"areas/in", "areas/out"};

    for (unsigned i = 0; i < n_rows; i++) {
        g_autoptr(Mapping) mapping = NULL;
        g_autofree char *after = g_strdup_printf("%u", i);

        g_assert_true(store_get_mapping(f->store, MODEL, paths[i % 2], &mapping, NULL));
        add_entry(history, mapping->id, paths[i % 2], "set", i % 2 ? "/m" : "/n", i % 3 ? NULL : "1", after);
    }
    begin(f, &transaction);
    store_add_change(f->store, &change, history, &error);
    g_assert_no_error(error);
    store_add_history(f->store, &change, history, &error);
    g_assert_no_error(error);
    commit(&transaction);
    g_assert_cmpint(change.id, ==, number);
}

/* Changes 1 to 6: two imports, then edits with 1, 2, 0 and 3 rows. */
static void fill(Fixture *f)
{
    import(f, MODEL, coach);
    import(f, "other", "{\"a\":{\"b\":1}}");
    add_edit(f, 1, 3);
    add_edit(f, 2, 4);
    add_edit(f, 0, 5);
    add_edit(f, 3, 6);
}

static void test_changes(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) all = NULL, page = NULL, rest = NULL, of_kind = NULL, none = NULL;
    int64_t next = -1, revision, following;

    fill(f);
    g_assert_true(store_get_revision(f->store, &revision, NULL));
    g_assert_true(store_next_change(f->store, &following, NULL));
    g_assert_cmpint(revision, ==, 6);
    g_assert_cmpint(following, ==, 7);

    g_assert_true(store_list_changes(f->store, 0, 100, NULL, NULL, &all, &next, NULL));
    g_assert_cmpuint(all->len, ==, 6);
    g_assert_cmpint(next, ==, 0);
    for (guint i = 0; i < all->len; i++)
        g_assert_cmpint(((const Change *) g_ptr_array_index(all, i))->id, ==, 6 - i);
    const Change *change = g_ptr_array_index(all, 0);
    g_assert_cmpstr(change->kind, ==, "edit");
    g_assert_cmpstr(change->model, ==, MODEL);
    g_assert_cmpstr(change->reason, ==, "why");
    g_assert_cmpstr(change->actor.user, ==, "ann");
    g_assert_cmpstr(change->actor.process, ==, "panel");
    g_assert_cmpuint(change->actor.uid, ==, 1000);
    g_assert_cmpint(change->actor.pid, ==, 42);
    g_assert_cmpint(change->time, ==, 1700000001000000);
    g_assert_null(change->content_hash);

    g_assert_true(store_list_changes(f->store, 0, 4, NULL, NULL, &page, &next, NULL));
    g_assert_cmpuint(page->len, ==, 4);
    g_assert_cmpint(next, ==, 3);
    g_assert_true(store_list_changes(f->store, next, 2, NULL, NULL, &rest, &next, NULL));
    g_assert_cmpuint(rest->len, ==, 2);
    g_assert_cmpint(next, ==, 0);
    g_assert_true(store_list_changes(f->store, 0, 100, "other", "import", &of_kind, &next, NULL));
    g_assert_cmpuint(of_kind->len, ==, 1);
    g_assert_cmpint(((const Change *) g_ptr_array_index(of_kind, 0))->id, ==, 2);
    g_assert_true(store_list_changes(f->store, 0, 100, "none", NULL, &none, &next, NULL));
    g_assert_cmpuint(none->len, ==, 0);
}

/* Pages of any size, laid together, are the whole, and each ends with a change. */
static void assert_pages(Fixture *f, const char *path, guint wanted)
{
    for (unsigned limit = 1; limit < 10; limit++) {
        int64_t before = 0, last = INT64_MAX;
        guint n = 0;

        do {
            g_autoptr(GPtrArray) rows = NULL;

            g_assert_true(store_list_history(f->store, MODEL, path, before, limit, &rows, &before, NULL));
            n += rows->len;
            for (guint i = 0; i < rows->len; i++) {
                const HistoryRow *row = g_ptr_array_index(rows, i);
                if (i == 0)
                    g_assert_cmpint(row->change, <, last);
                else
                    g_assert_cmpint(row->change, <=, last);
                last = row->change;
            }
            g_assert_true(before == 0 || before == last);
        } while (before != 0);
        g_assert_cmpuint(n, ==, wanted);
    }
}

static void test_history(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) rows = NULL, of_path = NULL;
    int64_t next;

    fill(f);
    g_assert_true(store_list_history(f->store, MODEL, "", 0, 100, &rows, &next, NULL));
    /* 3 + 1 + 2 + 1: the changes without rows of their own stand for themselves. */
    g_assert_cmpuint(rows->len, ==, 8);
    g_assert_cmpint(next, ==, 0);
    const HistoryRow *row = g_ptr_array_index(rows, 1);
    g_assert_cmpint(row->change, ==, 6);
    g_assert_cmpstr(row->path, ==, "areas/out");
    g_assert_cmpstr(row->field, ==, "/m");
    g_assert_cmpstr(row->before, ==, NULL);
    g_assert_cmpstr(row->after, ==, "1");

    g_assert_true(store_list_history(f->store, MODEL, "areas/out", 0, 100, &of_path, &next, NULL));
    /* The edits of 6 and 4, and the import that brought it. */
    g_assert_cmpuint(of_path->len, ==, 3);
    row = g_ptr_array_index(of_path, 2);
    g_assert_cmpstr(row->kind, ==, "import");
    g_assert_cmpstr(row->after, ==, "{\"n\":2}");
    assert_pages(f, "", 8);
    assert_pages(f, "areas/out", 3);
    assert_pages(f, "areas/in", 5);
}

/* The record */

static char *verify(Fixture *f, int64_t *ret_checked)
{
    g_autoptr(GError) error = NULL;
    char *problem = (char *) "unset";
    int64_t from;
    bool ok = store_verify_history(f->store, ret_checked, &from, &problem, &error);

    /* Data that cannot be read at all are found as well. */
    if (!ok) {
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT);
        return g_strdup(error->message);
    }
    return problem;
}

static void assert_intact(Fixture *f, int64_t n)
{
    int64_t checked = -1;
    g_autofree char *problem = verify(f, &checked);

    g_assert_cmpstr(problem, ==, NULL);
    g_assert_cmpint(checked, ==, n);
}

static void test_intact(Fixture *f, gconstpointer unused)
{
    assert_intact(f, 0);
    fill(f);
    assert_intact(f, 6);
    close_store(f);
    open_store(f);
    assert_intact(f, 6);
    /* It goes on after that. */
    add_edit(f, 2, 7);
    assert_intact(f, 7);
}

static void test_rolled_back_change(Fixture *f, gconstpointer unused)
{
    fill(f);
    {
        g_autoptr(GPtrArray) none = history_list_new();
        g_auto(Transaction) transaction = {0};
        Change change = {.time = 1,
                         .kind = (char *) "edit",
                         .model = (char *) MODEL,
                         .reason = (char *) "",
                         .actor = actor};

        begin(f, &transaction);
        g_assert_true(store_add_change(f->store, &change, none, NULL));
        g_assert_cmpint(change.id, ==, 7);
    }
    assert_intact(f, 6);
    add_edit(f, 1, 7);
    assert_intact(f, 7);
}

typedef struct Tampering {
    const char *name, *sql;
} Tampering;

#define COLUMNS                                                                                             \
    "id, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, detail, previous_hash, hash"
#define MOVE_CHANGE(from, to)                                                                               \
    "UPDATE changes SET id = " to " WHERE id = " from ";"                                                   \
    "UPDATE coach_mapping_history SET change_id = " to " WHERE change_id = " from ";"

static const Tampering tamperings[] = {
    /* An edited row. */
    {"change/time", "UPDATE changes SET time = time + 1 WHERE id = 3"},
    {"change/kind", "UPDATE changes SET kind = 'import' WHERE id = 3"},
    {"change/model", "UPDATE changes SET coach_model = 'other' WHERE id = 3"},
    {"change/reason", "UPDATE changes SET reason = '' WHERE id = 3"},
    {"change/user", "UPDATE changes SET user = 'bob' WHERE id = 3"},
    {"change/uid", "UPDATE changes SET uid = 0 WHERE id = 3"},
    {"change/pid", "UPDATE changes SET pid = 43 WHERE id = 3"},
    {"change/process", "UPDATE changes SET process = '' WHERE id = 3"},
    {"change/entries", "UPDATE changes SET entries = 2 WHERE id = 3"},
    {"change/content-hash", "UPDATE changes SET content_hash = 'x' WHERE id = 1"},
    {"change/content-hash-added", "UPDATE changes SET content_hash = '' WHERE id = 3"},
    {"change/detail", "UPDATE changes SET detail = '{\"a\":1}' WHERE id = 1"},
    {"change/detail-removed", "UPDATE changes SET detail = NULL WHERE id = 1"},
    {"change/previous-hash", "UPDATE changes SET previous_hash = '' WHERE id = 3"},
    {"change/hash", "UPDATE changes SET hash = 'x' WHERE id = 3"},
    {"change/hash-of-newest", "UPDATE changes SET hash = 'x' WHERE id = 6"},
    {"change/newest", "UPDATE changes SET user = 'bob' WHERE id = 6"},
    {"history/previous-data", "UPDATE coach_mapping_history SET previous_data = '{}' WHERE id = 2"},
    {"history/kind", "UPDATE coach_mapping_history SET kind = 'unset' WHERE id = 2"},
    {"history/field", "UPDATE coach_mapping_history SET field = '/o' WHERE id = 2"},
    {"history/before", "UPDATE coach_mapping_history SET before = '2' WHERE id = 2"},
    {"history/before-removed", "UPDATE coach_mapping_history SET before = NULL WHERE id = 2"},
    {"history/after", "UPDATE coach_mapping_history SET after = '9' WHERE id = 2"},
    {"history/override-before", "UPDATE coach_mapping_history SET override_before = NULL WHERE id = 2"},
    {"history/override-after", "UPDATE coach_mapping_history SET override_after = NULL WHERE id = 2"},
    {"history/component",
     "UPDATE coach_mapping_history SET mapping_id = (SELECT id FROM coach_mappings WHERE component_path = 'areas/out') "
     "WHERE id = 2"},
    {"history/no-component", "UPDATE coach_mapping_history SET mapping_id = 9999 WHERE id = 2"},
    {"history/component-renamed",
     "UPDATE coach_mappings SET component_path = 'areas/x' WHERE component_path = 'areas/in'"},
    {"history/reason", "UPDATE coach_mapping_history SET change_reason = 'other' WHERE id = 2"},
    {"history/user", "UPDATE coach_mapping_history SET changed_by = 'bob' WHERE id = 2"},
    {"history/time", "UPDATE coach_mapping_history SET changed_at = '2020-01-01 00:00:00' WHERE id = 2"},
    /* A missing row. */
    {"missing/first", "DELETE FROM changes WHERE id = 1"},
    {"missing/change", "DELETE FROM changes WHERE id = 5"},
    {"missing/change-and-history",
     "DELETE FROM coach_mapping_history WHERE change_id = 4; DELETE FROM changes WHERE id = 4"},
    {"missing/newest",
     "DELETE FROM coach_mapping_history WHERE change_id = 6; DELETE FROM changes WHERE id = 6"},
    {"missing/newest-two",
     "DELETE FROM coach_mapping_history WHERE change_id > 4; DELETE FROM changes WHERE id > 4"},
    {"missing/all", "DELETE FROM coach_mapping_history; DELETE FROM changes"},
    {"missing/renumbered",
     "DELETE FROM coach_mapping_history WHERE change_id = 4; DELETE FROM changes WHERE id = 4;" MOVE_CHANGE(
         "5", "4") MOVE_CHANGE("6", "5")},
    {"missing/history-row", "DELETE FROM coach_mapping_history WHERE id = 2"},
    {"missing/history-of-newest", "DELETE FROM coach_mapping_history WHERE change_id = 6"},
    {"missing/history-last-row",
     "DELETE FROM coach_mapping_history WHERE id = (SELECT max(id) FROM coach_mapping_history)"},
    {"missing/head", "DELETE FROM settings WHERE name = 'history.head'"},
    {"missing/head-text", "UPDATE settings SET value = '' WHERE name = 'history.head'"},
    {"missing/head-older",
     "UPDATE settings SET value = (SELECT '5:' || hash FROM changes WHERE id = 5) WHERE name = 'history.head'"},
    {"missing/head-newer", "UPDATE settings SET value = '9:x' WHERE name = 'history.head'"},
    /* Rows in another order. */
    {"reordered/changes", MOVE_CHANGE("3", "99") MOVE_CHANGE("4", "3") MOVE_CHANGE("99", "4")},
    {"reordered/newest", MOVE_CHANGE("5", "99") MOVE_CHANGE("6", "5") MOVE_CHANGE("99", "6")},
    {"reordered/history",
     "UPDATE coach_mapping_history SET id = 99 WHERE id = 2; UPDATE coach_mapping_history SET id = 2 WHERE id = 3;"
     "UPDATE coach_mapping_history SET id = 3 WHERE id = 99"},
    {"reordered/history-to-other-change", "UPDATE coach_mapping_history SET change_id = 5 WHERE id = 2"},
    /* An added row. */
    {"inserted/change",
     "INSERT INTO changes (" COLUMNS
     ") SELECT 7, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, detail, "
     "hash, hash FROM changes WHERE id = 6"},
    {"inserted/change-before",
     "INSERT INTO changes (" COLUMNS
     ") SELECT 0, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, "
     "detail, '', hash FROM changes WHERE id = 1"},
    {"inserted/change-far",
     "INSERT INTO changes (" COLUMNS
     ") SELECT 50, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, "
     "detail, hash, hash FROM changes WHERE id = 6"},
    {"inserted/history",
     "INSERT INTO coach_mapping_history (mapping_id, change_id, kind, field, after) VALUES (1, 5, 'set', '/n', '1')"},
    {"inserted/history-of-nothing",
     "INSERT INTO coach_mapping_history (mapping_id, change_id, kind, field, after) VALUES (1, 50, 'set', '/n', '1')"},
    {"inserted/history-before",
     "INSERT INTO coach_mapping_history (mapping_id, change_id, kind, field, after) VALUES (1, 0, 'set', '/n', '1')"},
    /* The vendor's data. */
    {"vendor/edited", "UPDATE vendor_components SET data = '{\"n\":7}' WHERE component_path = 'areas/in'"},
    {"vendor/damaged", "UPDATE vendor_components SET data = '{' WHERE component_path = 'areas/in'"},
    {"vendor/renamed",
     "UPDATE vendor_components SET component_path = 'areas/inn' WHERE component_path = 'areas/in'"},
    {"vendor/removed", "DELETE FROM vendor_components WHERE component_path = 'areas/in'"},
    {"vendor/added", "INSERT INTO vendor_components VALUES (1, 99, 'areas/x', '{}')"},
    {"vendor/moved", "UPDATE vendor_components SET revision_id = 2 WHERE component_path = 'areas/in'"},
    {"vendor/hash", "UPDATE vendor_revisions SET content_hash = 'x' WHERE id = 1"},
    {"vendor/model", "UPDATE vendor_revisions SET coach_model = 'x' WHERE id = 1"},
    {"vendor/revision-removed",
     "DELETE FROM vendor_components WHERE revision_id = 2; DELETE FROM vendor_revisions WHERE id = 2"},
};

static void test_tampering(Fixture *f, gconstpointer data)
{
    const Tampering *tampering = data;
    g_autofree char *problem = NULL;
    int64_t checked;

    fill(f);
    assert_intact(f, 6);
    close_store(f);
    raw(f->folder, tampering->sql);
    open_store(f);
    problem = verify(f, &checked);
    g_test_message("found: %s", problem);
    g_assert_nonnull(problem);
}

/* The same with a store that is open and has read it all before. */
static void test_tampering_while_open(Fixture *f, gconstpointer unused)
{
    g_autofree char *problem = NULL;
    int64_t checked;

    fill(f);
    assert_intact(f, 6);
    raw(f->folder, "UPDATE changes SET user = 'bob' WHERE id = 2");
    problem = verify(f, &checked);
    g_assert_nonnull(problem);
}

/* Vendor data that were edited with a hash that fits them: no import in the record speaks of that hash. */
static void test_tampering_vendor_with_hash(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) components = NULL;
    g_autofree char *hash = NULL, *sql = NULL, *problem = NULL;
    int64_t checked;

    fill(f);
    raw(f->folder, "UPDATE vendor_components SET data = '{\"n\":7}' WHERE component_path = 'areas/in'");
    g_assert_true(store_list_vendor_components(f->store, 1, &components, NULL));
    hash = coach_file_content_hash(components);
    sql = g_strdup_printf("UPDATE vendor_revisions SET content_hash = '%s' WHERE id = 1", hash);
    raw(f->folder, sql);
    problem = verify(f, &checked);
    g_test_message("found: %s", problem);
    g_assert_nonnull(problem);
}

/* Law: whatever single byte of text changes in the record, it is found. */
static void random_tampering(void)
{
    static const char *const columns[][2] = {
        {"changes", "kind"},
        {"changes", "reason"},
        {"changes", "user"},
        {"changes", "process"},
        {"changes", "hash"},
        {"changes", "detail"},
        {"changes", "coach_model"},
        {"coach_mapping_history", "field"},
        {"coach_mapping_history", "after"},
        {"coach_mapping_history", "override_after"},
        {"coach_mapping_history", "previous_data"},
        {"vendor_components", "data"},
        {"vendor_components", "component_path"},
        {"vendor_revisions", "content_hash"},
    };
    const char *const *column = columns[below(G_N_ELEMENTS(columns))];
    g_autofree char *row =
        g_strdup_printf("(SELECT rowid FROM %s WHERE %s IS NOT NULL ORDER BY (rowid * %u) %% 997 LIMIT 1)",
                        column[0], column[1], 1 + below(996));
    g_autofree char *sql = g_strdup_printf(
        "BEGIN; CREATE TEMP TABLE kept AS SELECT rowid AS r, %s AS old FROM %s WHERE rowid = %s; "
        "UPDATE %s SET %s = %s || char(%u) WHERE rowid = (SELECT r FROM kept); COMMIT",
        column[1], column[0], row, column[0], column[1], column[1], 32 + below(90));
    g_autofree char *back = g_strdup_printf(
        "UPDATE %s SET %s = (SELECT old FROM kept) WHERE rowid = (SELECT r FROM kept); DROP TABLE kept",
        column[0], column[1]);
    sqlite3 *handle = raw_open(shared->folder);
    g_autofree char *problem = NULL;
    int64_t checked;

    story_text("%s", sql);
    check(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK);
    problem = verify(shared, &checked);
    /* Space after JSON text is the one thing that says nothing. */
    check(problem || g_str_has_suffix(sql, "char(32) WHERE rowid = (SELECT r FROM kept); COMMIT"));
    check(sqlite3_exec(handle, back, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(handle);
    assert_intact(shared, 6);
}

static void test_random_tampering(Fixture *f, gconstpointer unused)
{
    fill(f);
    shared = f;
    repeat(200, random_tampering);
    shared = NULL;
}

/* Databases of older versions */

/* The database as schema 1 left it. */
static void write_schema_1(Fixture *f)
{
    g_autofree char *path = database_path(f->folder),
                    *name = source_file("tests/data/databases/schema-1.sql"), *sql = NULL;
    g_autoptr(GError) error = NULL;

    close_store(f);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_file_get_contents(name, &sql, NULL, &error);
    g_assert_no_error(error);
    raw(f->folder, sql);
}

static void test_upgrade(Fixture *f, gconstpointer unused)
{
    g_autofree char *before = NULL, *after = NULL, *rows = NULL, *own = NULL, *version = NULL, *check = NULL,
                    *broken = NULL;
    int64_t n;

    write_schema_1(f);
    before = raw_text(f->folder, "SELECT json_group_array(json_array(component_path, field, op, value, "
                                 "vendor_value, o.change_id, c.time, c.uid, c.user, c.reason)) FROM ("
                                 "SELECT * FROM overrides ORDER BY component_path, field) o "
                                 "JOIN changes c ON c.id = o.change_id");
    rows = raw_text(f->folder, "SELECT count(*) FROM changes");
    n = g_ascii_strtoll(rows, NULL, 10);
    g_assert_cmpint(n, >, 5);

    open_store(f);
    version = raw_text(f->folder, "PRAGMA user_version");
    g_assert_cmpstr(version, ==, "2");
    after = raw_text(f->folder,
                     "SELECT json_group_array(json_array(component_path, field, op, value, vendor_value, "
                     "change_id, time, uid, user, reason)) FROM (SELECT * FROM overrides ORDER BY "
                     "component_path, field)");
    g_assert_cmpstr(before, ==, after);
    assert_intact(f, n);
    /* The owner's own comes after all the vendor's. */
    own = raw_text(
        f->folder,
        "SELECT (SELECT count(*) FROM coach_mappings WHERE component_path = 'devices/my_fan') = 1 "
        "AND (SELECT position FROM coach_mappings WHERE component_path = 'devices/my_fan') > 1000 + "
        "(SELECT max(position) FROM coach_mappings WHERE component_path != 'devices/my_fan')");
    g_assert_cmpstr(own, ==, "1");
    check = raw_text(f->folder, "PRAGMA integrity_check");
    g_assert_cmpstr(check, ==, "ok");
    broken = raw_text(f->folder, "SELECT count(*) FROM pragma_foreign_key_check");
    g_assert_cmpstr(broken, ==, "0");
}

static void test_interrupted_upgrade(Fixture *f, gconstpointer unused)
{
    g_autofree char *version = NULL, *columns = NULL, *overrides = NULL, *positions = NULL;
    g_autoptr(GError) error = NULL;

    write_schema_1(f);
    /* In the middle of the step. */
    raw(f->folder, "CREATE TABLE new_overrides (x)");
    g_assert_null(store_open(f->folder, &error));
    g_assert_nonnull(error);
    version = raw_text(f->folder, "PRAGMA user_version");
    g_assert_cmpstr(version, ==, "1");
    columns =
        raw_text(f->folder, "SELECT count(*) FROM pragma_table_info('changes') WHERE name = 'base_hash'");
    g_assert_cmpstr(columns, ==, "0");
    overrides = raw_text(f->folder, "SELECT count(*) FROM overrides");
    g_assert_cmpstr(overrides, ==, "5");
    raw(f->folder, "DROP TABLE new_overrides");
    open_store(f);
    positions = raw_text(f->folder, "SELECT position >> 40 FROM coach_mappings WHERE component_path = "
                                    "'devices/my_fan'");
    g_assert_cmpstr(positions, ==, "1");
}

/* Retention */

#define DAY (INT64_C(24) * 60 * 60 * G_USEC_PER_SEC)
#define START INT64_C(1700000000000000)

/* Adds a change as the service does: what is too old goes with it. The change is freed. */
static void add_pruning(Fixture *f, Change change, GPtrArray *history, unsigned changes, unsigned days)
{
    const Retention retention = {.changes = changes, .days = days, .backups = 1};
    g_autoptr(GError) error = NULL;
    g_auto(Transaction) transaction = {0};
    int64_t through;

    begin(f, &transaction);
    store_plan_pruning(f->store, &retention, &change, &through, &error);
    g_assert_no_error(error);
    store_add_change(f->store, &change, history, &error);
    g_assert_no_error(error);
    store_add_history(f->store, &change, history, &error);
    g_assert_no_error(error);
    g_assert_true(through == 0 || store_prune(f->store, through, &error));
    g_assert_no_error(error);
    commit(&transaction);
    g_free(change.detail);
}

static Change edit_at(int64_t time)
{
    return (Change){.time = time,
                    .kind = (char *) "edit",
                    .model = (char *) MODEL,
                    .reason = (char *) "why",
                    .actor = actor,
                    .n_entries = 1};
}

static void add_at(Fixture *f, int64_t time, unsigned changes, unsigned days)
{
    g_autoptr(GPtrArray) none = history_list_new();

    add_pruning(f, edit_at(time), none, changes, days);
}

/* The history is intact, and goes from one change to another. */
static void assert_kept(Fixture *f, int64_t first, int64_t last)
{
    g_autofree char *problem = NULL, *oldest = raw_text(f->folder, "SELECT min(id) FROM changes");
    g_autoptr(GError) error = NULL;
    int64_t checked, from, revision;

    g_assert_true(store_verify_history(f->store, &checked, &from, &problem, &error));
    g_assert_cmpstr(problem, ==, NULL);
    g_assert_cmpint(from, ==, first);
    g_assert_cmpint(checked, ==, last - first + 1);
    g_assert_cmpint(g_ascii_strtoll(oldest, NULL, 10), ==, first);
    g_assert_true(store_get_revision(f->store, &revision, NULL));
    g_assert_cmpint(revision, ==, last);
}

static void test_retention_by_number(Fixture *f, gconstpointer unused)
{
    import(f, MODEL, coach);
    for (int64_t i = 2; i <= 12; i++) {
        add_at(f, START + i * DAY, 5, 0);
        assert_kept(f, MAX(1, i - 4), i);
    }
    /* More are kept from now on, fewer, one. */
    add_at(f, START + 13 * DAY, 7, 0);
    assert_kept(f, 8, 13);
    add_at(f, START + 14 * DAY, 3, 0);
    assert_kept(f, 12, 14);
    add_at(f, START + 15 * DAY, 1, 0);
    assert_kept(f, 15, 15);
    close_store(f);
    open_store(f);
    assert_kept(f, 15, 15);
}

static void test_retention_by_age(Fixture *f, gconstpointer unused)
{
    import(f, MODEL, coach);
    /* One a day, but the second, which comes after two; ten days stay, though that is more than two. */
    for (int64_t i = 2; i <= 20; i++) {
        add_at(f, START + i * DAY, 2, 10);
        assert_kept(f, i <= 10 ? 1 : MAX(2, i - 10), i);
    }
    /* The number keeps more than three days do. */
    add_at(f, START + 21 * DAY, 8, 3);
    assert_kept(f, 14, 21);
    /* A long pause: the newest ones stay, however old. */
    add_at(f, START + 1000 * DAY, 4, 3);
    assert_kept(f, 19, 22);
    /* A clock that goes back takes nothing that is young. */
    add_at(f, START + 5 * DAY, 1, 3);
    assert_kept(f, 19, 23);
}

/* A pruned history whose beginning somebody changed. */
static const Tampering start_tamperings[] = {
    {"mark-removed", "DELETE FROM settings WHERE name = 'history.start'"},
    {"mark-empty", "UPDATE settings SET value = '' WHERE name = 'history.start'"},
    {"mark-later",
     "UPDATE settings SET value = (SELECT '6:' || hash FROM changes WHERE id = 6) WHERE name = 'history.start'"},
    {"mark-later-and-removed",
     "UPDATE settings SET value = (SELECT '6:' || hash FROM changes WHERE id = 6) WHERE name = 'history.start'; "
     "DELETE FROM changes WHERE id = 6"},
    {"mark-other-hash", "UPDATE settings SET value = '5:x' WHERE name = 'history.start'"},
    {"first-removed", "DELETE FROM changes WHERE id = 6"},
    {"first-edited", "UPDATE changes SET user = 'bob' WHERE id = 6"},
    {"note-removed", "UPDATE changes SET detail = json_remove(detail, '$.pruned') WHERE id = 10"},
    {"note-edited", "UPDATE changes SET detail = json_set(detail, '$.pruned.through', 6) WHERE id = 10"},
    {"note-revisions",
     "UPDATE changes SET detail = json_remove(detail, '$.pruned.revisions') WHERE id = 10"},
    {"notes-removed", "UPDATE changes SET detail = NULL"},
    {"vendor-edited", "UPDATE vendor_components SET data = '{\"n\":7}' WHERE component_path = 'areas/in'"},
};

static void test_start_tampering(Fixture *f, gconstpointer data)
{
    const Tampering *tampering = data;
    g_autofree char *problem = NULL;
    int64_t checked;

    import(f, MODEL, coach);
    for (int64_t i = 2; i <= 10; i++)
        add_at(f, START + i, 5, 0);
    assert_kept(f, 6, 10);
    raw(f->folder, tampering->sql);
    problem = verify(f, &checked);
    g_test_message("found: %s", problem);
    g_assert_nonnull(problem);
}

static void assert_text(Fixture *f, const char *sql, const char *expected)
{
    g_autofree char *text = raw_text(f->folder, sql);

    g_test_message("%s", sql);
    g_assert_cmpstr(text, ==, expected);
}

#define N_REVISIONS "SELECT count(*) FROM vendor_revisions"
#define N_INACTIVE "SELECT count(*) FROM coach_mappings WHERE NOT is_active"

/* Goes to another release as an update does. */
static void bring(Fixture *f, const char *json, unsigned changes)
{
    g_autoptr(CoachFile) file = coach_file(json);
    g_autoptr(ImportStatus) status = NULL;
    g_autoptr(GPtrArray) none = history_list_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify) release_free);
    int64_t id;
    Change change = edit_at(START);

    g_assert_true(store_get_import(f->store, MODEL, &status, &error));
    g_assert_true(store_add_vendor_revision(f->store, MODEL, file, "bytes", "bundled", &id, &error));
    g_assert_true(store_apply_revision(f->store, MODEL, id, "factory", "", "ann", &error));
    g_assert_true(store_set_import(f->store, MODEL, "", "bytes", id, START, &error));
    change.kind = (char *) "update";
    g_ptr_array_add(releases, release_new(MODEL, status->content_hash, file->content_hash));
    change.releases = releases;
    add_pruning(f, change, none, changes, 0);
}

/* Whatever order a change has its models in, the chain is over the one in which they are read. */
static void test_order_of_releases(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify) release_free);
    g_autoptr(GPtrArray) none = history_list_new();
    g_autoptr(ImportStatus) status = NULL;
    g_autofree char *problem = NULL;
    Change change = edit_at(START);
    int64_t checked;

    import(f, MODEL, coach);
    g_assert_true(store_get_import(f->store, MODEL, &status, NULL));
    g_ptr_array_add(releases, release_new("b", NULL, status->content_hash));
    g_ptr_array_add(releases, release_new("c", NULL, status->content_hash));
    g_ptr_array_add(releases, release_new("a", NULL, status->content_hash));
    change.kind = (char *) "migration";
    change.releases = releases;
    add_pruning(f, change, none, 100, 0);
    problem = verify(f, &checked);
    g_assert_cmpstr(problem, ==, NULL);
    g_assert_cmpint(checked, ==, 2);
}

/* What the vendor had stays as long as a change can go back to it; what is imported stays. */
static void test_retention_of_revisions(Fixture *f, gconstpointer unused)
{
    import(f, MODEL, coach);
    bring(f, "{\"areas\":{\"out\":{\"n\":2}}}", 100);
    assert_text(f, N_REVISIONS, "2");
    /* "areas/in", the devices and what else went with the update, and no history speaks of it. */
    assert_text(f, N_INACTIVE, "0");
    add_at(f, START, 2, 0);
    /* The import is pruned, the update that came from it is not. */
    assert_kept(f, 2, 3);
    assert_text(f, N_REVISIONS, "2");
    add_at(f, START, 2, 0);
    assert_kept(f, 3, 4);
    assert_text(f, N_REVISIONS, "1");
    assert_text(f, "SELECT count(*) FROM vendor_components", "1");
    assert_text(f, N_INACTIVE, "0");
    add_at(f, START, 1, 0);
    assert_kept(f, 5, 5);
    assert_text(f, N_REVISIONS, "1");
    /* One that was imported once and is no more. */
    g_assert_true(store_remove_mappings(f->store, MODEL, "ann", NULL));
    g_assert_true(store_remove_import(f->store, MODEL, NULL));
    add_at(f, START, 1, 0);
    assert_kept(f, 6, 6);
    assert_text(f, N_REVISIONS, "0");
}

/* Overrides outlive the change that they come from, with their author; rows of what was deleted do not. */
static void test_retention_of_rows(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) none = override_list_new(), list = override_list_new(), kept = NULL,
                         history = history_list_new(), later = history_list_new();
    g_autoptr(Value) value = value_new_integer(5);
    g_autoptr(Mapping) in = NULL, out = NULL;
    Change change = edit_at(START);

    import(f, MODEL, coach);
    change.id = 2;
    g_ptr_array_add(list, override_new("/n", OVERRIDE_SET, value, NULL));
    g_assert_true(store_replace_overrides(f->store, MODEL, "areas/in", none, list, &change, NULL));
    g_assert_true(store_get_mapping(f->store, MODEL, "areas/in", &in, NULL));
    g_assert_true(store_get_mapping(f->store, MODEL, "areas/out", &out, NULL));
    add_entry(history, in->id, "areas/in", "set", "/n", "1", "5");
    add_entry(history, out->id, "areas/out", "delete", "", "1", NULL);
    add_pruning(f, change, history, 100, 0);
    g_assert_true(store_remove_mapping(f->store, MODEL, "areas/out", "ann", NULL));
    assert_text(f, N_INACTIVE, "1");
    add_entry(later, out->id, "areas/out", "reset", "", NULL, NULL);
    add_pruning(f, edit_at(START + 1), later, 1, 0);
    assert_kept(f, 3, 3);
    /* A later change speaks of it. */
    assert_text(f, N_INACTIVE, "1");
    add_at(f, START + 2, 1, 0);
    assert_kept(f, 4, 4);
    assert_text(f, N_INACTIVE, "0");
    assert_text(f, "SELECT count(*) FROM coach_mapping_history", "0");
    assert_text(f, "SELECT count(*) FROM pragma_foreign_key_check", "0");

    g_assert_true(store_get_overrides(f->store, MODEL, "areas/in", &kept, NULL));
    g_assert_cmpuint(kept->len, ==, 1);
    const OverrideAuthor *author = ((const Override *) g_ptr_array_index(kept, 0))->author;
    g_assert_cmpint(author->change, ==, 2);
    g_assert_cmpint(author->time, ==, START);
    g_assert_cmpuint(author->uid, ==, 1000);
    g_assert_cmpstr(author->user, ==, "ann");
    g_assert_cmpstr(author->reason, ==, "why");
}

/* Backups */

/* Of the database as it is, as an update makes it. */
static char *back_up(Fixture *f, int64_t time, unsigned keep)
{
    g_autoptr(GError) error = NULL;
    char *id = NULL;

    backup_make(f->folder, time, "because \"so\"", true, &id, &error);
    g_assert_no_error(error);
    backup_remove_old(f->folder, keep, id);
    return id;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The names in a folder, sorted, in one line. */
static char *list_folder(const char *folder)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while ((name = g_dir_read_name(directory)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **) names->pdata);
}

static void test_backup(Fixture *f, gconstpointer unused)
{
    Fixture copy = {.folder = folder_new()};
    g_autofree char *name = NULL, *path = NULL, *to = database_path(copy.folder), *data = NULL, *said = NULL;
    g_autofree char *ok = NULL, *journal = NULL;
    g_autoptr(Value) description = NULL;
    gsize length;

    fill(f);
    name = back_up(f, START, 10);
    g_assert_cmpstr(name, ==, "20231114T221320Z-r6-auto");
    path = g_strconcat(f->folder, "/backups/", name, ".db", NULL);
    /* One file is all of it, also what still stands in the log of the database. */
    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    g_assert_true(g_file_set_contents(to, data, (gssize) length, NULL));
    ok = raw_text(copy.folder, "PRAGMA integrity_check");
    g_assert_cmpstr(ok, ==, "ok");
    journal = raw_text(copy.folder, "PRAGMA journal_mode");
    g_assert_cmpstr(journal, ==, "delete");
    said = raw_text(copy.folder, "SELECT value FROM settings WHERE name = 'backup'");
    description = parse(said);
    assert_json(description, "{\"time\":1700000000000000,\"revision\":6,\"reason\":\"because \\\"so\\\"\","
                             "\"automatic\":true}");
    open_store(&copy);
    assert_intact(&copy, 6);
    close_store(&copy);
    folder_remove(copy.folder);
    /* The database itself is as before. */
    assert_text(f, "SELECT count(*) FROM settings WHERE name = 'backup'", "0");
    add_edit(f, 1, 7);
    assert_intact(f, 7);
}

static void test_backups_kept(Fixture *f, gconstpointer unused)
{
    g_autofree char *folder = g_build_filename(f->folder, "backups", NULL);
    g_autofree char *by_hand = NULL, *found = NULL, *fewer = NULL, *one = NULL;

    import(f, MODEL, coach);
    g_assert_true(backup_make(f->folder, START, "", false, &by_hand, NULL));
    for (int64_t i = 0; i < 5; i++) {
        add_at(f, START, 100, 0);
        g_free(back_up(f, START + i * DAY, 3));
    }
    found = list_folder(folder);
    g_assert_cmpstr(found, ==,
                    "20231114T221320Z-r1-manual.db 20231116T221320Z-r4-auto.db 20231117T221320Z-r5-auto.db "
                    "20231118T221320Z-r6-auto.db");
    /* The clock went back: the newest is the one with the highest revision. */
    add_at(f, START, 100, 0);
    g_free(back_up(f, START - 9 * DAY, 2));
    fewer = list_folder(folder);
    g_assert_cmpstr(fewer, ==,
                    "20231105T221320Z-r7-auto.db 20231114T221320Z-r1-manual.db 20231118T221320Z-r6-auto.db");
    /* The one just made stays, also where another one has its revision and a later time. */
    g_free(back_up(f, START - 8 * DAY, 1));
    g_free(back_up(f, START - 9 * DAY, 1));
    one = list_folder(folder);
    g_assert_cmpstr(one, ==, "20231105T221320Z-r7-auto.db 20231114T221320Z-r1-manual.db");
}

static void test_backup_nowhere(Fixture *f, gconstpointer unused)
{
    g_autofree char *folder = g_build_filename(f->folder, "backups", NULL), *name = NULL;
    g_autofree char *before = list_folder(f->folder), *after = NULL;
    g_autoptr(GError) error = NULL;

    fill(f);
    g_assert_true(g_file_set_contents(folder, "x", 1, NULL));
    g_assert_false(backup_make(f->folder, START, "", true, &name, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_IO);
    g_assert_null(name);
    g_assert_cmpint(g_unlink(folder), ==, 0);
    after = list_folder(f->folder);
    g_assert_cmpstr(before, ==, after);
    /* Something is at the name of the file itself: it takes another. */
    g_clear_error(&error);
    g_autofree char *in_the_way = g_build_filename(folder, "20231114T221320Z-r6-auto.db", "x", NULL);
    g_assert_cmpint(g_mkdir_with_parents(in_the_way, 0700), ==, 0);
    g_assert_true(backup_make(f->folder, START, "", true, &name, &error));
    g_assert_no_error(error);
    g_autofree char *left = list_folder(folder);
    g_assert_cmpstr(left, ==, "20231114T221320Z-r6-2-auto.db 20231114T221320Z-r6-auto.db");
    assert_intact(f, 6);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/store/open/new", test_new);
    ADD("/store/open/planned-columns", test_planned_columns);
    ADD("/store/open/again", test_reopen);
    ADD("/store/open/newer-schema", test_newer_schema);
    ADD("/store/open/foreign-database", test_foreign_database);
    ADD("/store/open/no-database", test_no_database);
    ADD("/store/open/step-is-whole", test_step_is_whole);
    ADD("/store/open/read-only", test_read_only);
    g_test_add_func("/store/open/no-folder", test_no_folder);
    ADD("/store/transaction/rolled-back", test_rolled_back);
    ADD("/store/transaction/locked", test_locked);
    ADD("/store/data-version", test_data_version);
    ADD("/store/settings", test_settings);
    ADD("/store/interfaces", test_interfaces);
    ADD("/store/import", test_import);
    ADD("/store/vendor-components", test_vendor_components);
    ADD("/store/vendor-components/damaged", test_damaged_component);
    ADD("/store/mappings", test_mappings);
    ADD("/store/mappings/one-active", test_one_active);
    ADD("/store/overrides/damaged", test_damaged_override);
    ADD("/store/overrides/round-trip", test_overrides_round_trip);
    ADD("/store/changes", test_changes);
    ADD("/store/history", test_history);
    ADD("/store/verify/intact", test_intact);
    ADD("/store/verify/rolled-back", test_rolled_back_change);
    for (guint i = 0; i < G_N_ELEMENTS(tamperings); i++) {
        g_autofree char *path = g_strconcat("/store/verify/", tamperings[i].name, NULL);
        g_test_add(path, Fixture, &tamperings[i], set_up, test_tampering, tear_down);
    }
    ADD("/store/verify/while-open", test_tampering_while_open);
    ADD("/store/verify/vendor-with-hash", test_tampering_vendor_with_hash);
    ADD("/store/verify/random", test_random_tampering);
    ADD("/store/upgrade", test_upgrade);
    ADD("/store/upgrade/interrupted", test_interrupted_upgrade);
    ADD("/store/retention/by-number", test_retention_by_number);
    ADD("/store/retention/by-age", test_retention_by_age);
    for (guint i = 0; i < G_N_ELEMENTS(start_tamperings); i++) {
        g_autofree char *path = g_strconcat("/store/retention/tampering/", start_tamperings[i].name, NULL);
        g_test_add(path, Fixture, &start_tamperings[i], set_up, test_start_tampering, tear_down);
    }
    ADD("/store/retention/revisions", test_retention_of_revisions);
    ADD("/store/retention/rows", test_retention_of_rows);
    ADD("/store/releases/order", test_order_of_releases);
    ADD("/store/backup", test_backup);
    ADD("/store/backup/kept", test_backups_kept);
    ADD("/store/backup/nowhere", test_backup_nowhere);
    return g_test_run();
}
