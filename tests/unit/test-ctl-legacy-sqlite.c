/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-sqlite.c: databases of the old system, and those that only look like one. */

#include "ctl/legacy-sqlite.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "base/json.h"

#define TABLES                                                                                              \
    "CREATE TABLE system_settings (key VARCHAR(255) PRIMARY KEY, value VARCHAR(4000) NOT NULL,"             \
    " last_modified DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, description VARCHAR(500));"                \
    "CREATE TABLE user_settings (key VARCHAR(255) PRIMARY KEY, value VARCHAR(4000) NOT NULL,"               \
    " last_modified DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, category VARCHAR(100),"                    \
    " description VARCHAR(500));"

typedef struct Fixture {
    char *folder;
    char *file;
} Fixture;

static void set_up(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("test-legacy-XXXXXX", NULL);
    fixture->file = g_build_filename(fixture->folder, "old.db", NULL);
}

static void tear_down(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *file = g_strconcat(fixture->file, ends[i], NULL);

        g_unlink(file);
    }
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->file);
}

static void write_database(const Fixture *fixture, const char *sql)
{
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(fixture->file, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void test_settings(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(LegacyDatabase) database = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *names = NULL;

    write_database(fixture, TABLES
                   "INSERT INTO system_settings (key, value) VALUES ('active_coach_model', '2021_entegra'),"
                   " ('user_patches_file', '/srv/patches.json'), ('base_model_hash', 'x');"
                   "INSERT INTO user_settings (key, value) VALUES"
                   " ('entity.light.porch.display_name', 'By the door'),"
                   " ('entity.light.living.room.display_name', 'Größe \"1\"'),"
                   " ('entity.tank.fresh.show_percentage', 'true'),"
                   " ('entity.display_name', 'x'), ('entity..display_name', 'x'),"
                   " ('ui.entity.light.a.display_name', 'x'), ('entity.light.b.display_name', ''),"
                   " ('entity.light.c.display_name', x'ff'), ('entity.light.d.display_name', 5);");
    g_assert_true(legacy_sqlite_read(&database, fixture->file, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(database.active_model, ==, "2021_entegra");
    g_assert_cmpstr(database.patches_file, ==, "/srv/patches.json");
    names = json_format(database.names);
    /* The number is text by the affinity of its column. */
    g_assert_cmpstr(
        names, ==,
        "{\"light.d\":\"5\",\"light.living.room\":\"Größe \\\"1\\\"\",\"light.porch\":\"By the door\"}");
}

static void test_nothing(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(LegacyDatabase) database = {0};

    write_database(fixture, "CREATE TABLE entity_states (entity_id TEXT)");
    g_assert_true(legacy_sqlite_read(&database, fixture->file, NULL));
    g_assert_null(database.active_model);
    g_assert_null(database.patches_file);
    g_assert_null(database.names);
}

static void assert_refused(const Fixture *fixture, GFileError code)
{
    g_auto(LegacyDatabase) database = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(legacy_sqlite_read(&database, fixture->file, &error));
    g_assert_error(error, G_FILE_ERROR, (int) code);
    g_test_message("%s", error->message);
    g_assert_null(database.active_model);
}

static void test_no_database(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *contents = NULL;
    gsize length;

    g_assert_true(
        g_file_set_contents(fixture->file, "this is a letter to the owner, of some length\n", -1, NULL));
    assert_refused(fixture, G_FILE_ERROR_INVAL);
    /* One with a page that is another. */
    g_unlink(fixture->file);
    write_database(fixture,
                   TABLES "INSERT INTO system_settings (key, value) VALUES ('active_coach_model', 'a')");
    g_assert_true(g_file_get_contents(fixture->file, &contents, &length, NULL));
    for (gsize i = 4096; i < length; i++)
        contents[i] = (char) (i * 7);
    g_assert_true(g_file_set_contents(fixture->file, contents, (gssize) length, NULL));
    assert_refused(fixture, G_FILE_ERROR_FAILED);
}

/* What somebody wrote into the schema is not run: it could take for ever, or hand us what it likes. */
static void test_hostile_schema(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_auto(LegacyDatabase) database = {0};
    g_autoptr(GError) error = NULL;

    write_database(
        fixture,
        "CREATE VIEW system_settings AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT 'active_coach_model' AS key, 'x' AS value FROM n;"
        "CREATE VIRTUAL TABLE user_settings USING fts5(key, value);");
    g_assert_true(legacy_sqlite_read(&database, fixture->file, &error));
    g_assert_no_error(error);
    g_assert_null(database.active_model);
    g_assert_null(database.names);
}

/* A table that is one, with columns that compute. */
static void test_slow(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    write_database(fixture, "CREATE TABLE t (a); CREATE TABLE system_settings (id INTEGER PRIMARY KEY,"
                            " key TEXT AS (upper(hex(zeroblob(400000)))), value TEXT);"
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
                            " INSERT INTO system_settings (value) SELECT 'x' FROM n;");
    assert_refused(fixture, G_FILE_ERROR_FAILED);
}

static void test_other_columns(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    write_database(fixture, "CREATE TABLE system_settings (name TEXT, setting TEXT)");
    assert_refused(fixture, G_FILE_ERROR_FAILED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                                 \
    g_test_add("/ctl/legacy-sqlite/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("settings", test_settings);
    ADD("nothing", test_nothing);
    ADD("no-database", test_no_database);
    ADD("hostile-schema", test_hostile_schema);
    ADD("slow", test_slow);
    ADD("other-columns", test_other_columns);
    return g_test_run();
}
