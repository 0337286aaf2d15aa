/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-gather.c: what is found in old installations, in which order, and what is said of the
 * rest. */

#include "ctl/legacy-gather.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES                                                                                              \
    "CREATE TABLE system_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);"                             \
    "CREATE TABLE user_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
#define LIB "var/lib/coachiq/"

typedef struct Fixture {
    char *root;
    char *before; /* the current folder */
} Fixture;

static void set_up(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    fixture->root = g_dir_make_tmp("test-legacy-XXXXXX", NULL);
    fixture->before = g_get_current_dir();
}

static void tear_down(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const char *argv[] = {"rm", "-rf", fixture->root, NULL};

    g_assert_cmpint(chdir(fixture->before), ==, 0);
    g_assert_true(
        g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(fixture->root);
    g_free(fixture->before);
}

static char *path_of(const Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->root, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    return g_steal_pointer(&path);
}

static void put(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = path_of(fixture, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void put_database(const Fixture *fixture, const char *name, const char *sql)
{
    g_autofree char *path = path_of(fixture, name);
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void gather(LegacyGathered *gathered, const LegacyRequest *request)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(legacy_gather(gathered, request, &error));
    g_assert_no_error(error);
}

static char *data_of(const LegacyItem *item)
{
    size_t length;
    const char *data = g_bytes_get_data(item->data, &length);

    return g_strndup(data ? data : "", length);
}

/* The names, in order, one a line; settings and problems with what is in them. */
static char *listed(const LegacyGathered *gathered)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < legacy_items_length(gathered->items); i++) {
        const LegacyItem *item = legacy_items_at(gathered->items, i);
        g_autofree char *data = data_of(item);
        bool made = g_str_has_prefix(item->name, "settings:") || g_str_has_prefix(item->name, "problem:");

        g_string_append_printf(text, "%s%s%s\n", item->name, made ? " " : "", made ? data : "");
    }
    return g_string_free(text, FALSE);
}

static void assert_gathered(const LegacyRequest *request, const char *expected)
{
    g_auto(LegacyGathered) gathered = {0};
    g_autofree char *text = NULL;

    gather(&gathered, request);
    text = listed(&gathered);
    g_assert_cmpstr(text, ==, expected);
}

/* Every source at once. */
static void test_order(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const LegacyRequest request = {.root = fixture->root};

    put(fixture, ".env",
        "COACHIQ_RVC__COACH_MAPPING_PATH=srv/Mine.yml\nRVC_COACH_MODEL='2021 b.yml'\n"
        "COACHIQ_CAN__INTERFACE_MAPPINGS=house:can0\nCOACHIQ_RVC__CONFIG_DIR=/srv/coaches\n"
        "COACHIQ_AUTH__SECRET_KEY=secret\n");
    put(fixture, LIB ".env", "RVC_COACH_MODEL='2021 b.yml'\n");
    put(fixture, "srv/Mine.yml", "1FEDA: {}\n");
    put_database(fixture, LIB "user/coachiq.db",
                 TABLES "INSERT INTO system_settings VALUES ('active_coach_model', '2021_c'),"
                        " ('user_patches_file', '/srv/patches.json');"
                        "INSERT INTO user_settings VALUES ('entity.light.a.display_name', 'A');");
    put_database(fixture, LIB "database/coachiq.db",
                 TABLES "INSERT INTO system_settings VALUES ('active_coach_model', '2021_d')");
    put(fixture, LIB "user/config-overrides.toml", "[can]\ninterface_mappings = {house = 'can1'}\n");
    put(fixture, LIB "config/system.toml", "[coach]\ndefault_model = '2021_e'\n");
    put(fixture, "srv/patches.json", "[]");
    put(fixture, LIB "user/user_patches.json", "[]");
    put(fixture, "config/2021_a.yml", "a");
    put(fixture, "config/security.yml", "a");
    put(fixture, "config/rvc.json", "{}");
    put(fixture, "backend/config/2021_a.yaml", "a");
    put(fixture, "srv/coaches/b.YML", "b");
    put(fixture, LIB "config/models/2021_a.yml", "a");
    put(fixture, LIB "config/c.yml", "a");
    put(fixture, LIB "user/d.yml", "a");
    put(fixture, LIB "reference/models/2021_a.yml", "a");
    put(fixture, LIB "reference/coach_mapping.default.yml", "a");
    assert_gathered(
        &request,
        "coach:/srv/Mine.yml\n"
        "settings:/.env {\"interface_mappings\":{\"house\":\"can0\"},\"active_model\":\"Mine\","
        "\"active_file\":\"/srv/Mine.yml\"}\n"
        "settings:/var/lib/coachiq/.env {\"active_model\":\"2021_b\"}\n"
        "settings:/var/lib/coachiq/user/coachiq.db {\"active_model\":\"2021_c\",\"display_names\":{\"light.a\":\"A\"}}\n"
        "settings:/var/lib/coachiq/database/coachiq.db {\"active_model\":\"2021_d\"}\n"
        "settings:/var/lib/coachiq/user/config-overrides.toml {\"interface_mappings\":{\"house\":\"can1\"}}\n"
        "settings:/var/lib/coachiq/config/system.toml {\"active_model\":\"2021_e\"}\n"
        "patches:2021_c:/srv/patches.json\n"
        "problem:/var/lib/coachiq/user/user_patches.json {\"reason\":\"The old system did not use these patches, but "
        "those in /srv/patches.json; if these shall count, put them there\"}\n"
        "coach:/config/2021_a.yml\n"
        "coach:/backend/config/2021_a.yaml\n"
        "coach:/srv/coaches/b.YML\n"
        "coach:/var/lib/coachiq/config/models/2021_a.yml\n"
        "coach:/var/lib/coachiq/config/c.yml\n"
        "coach:/var/lib/coachiq/user/d.yml\n"
        "reference:/var/lib/coachiq/reference/coach_mapping.default.yml\n"
        "reference:/var/lib/coachiq/reference/models/2021_a.yml\n");
}

/* The most specific variable decides which coach it is; one whose file is missing does not. */
static void test_active(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    static const struct {
        const char *text, *model;
    } rows[] = {
        {"RVC_COACH_MODEL=m1\n", "m1"},
        {"RVC_COACH_MODEL=m1\nRVC_COACH_MAPPING_PATH=/f1.yml\n", "f1"},
        {"RVC_COACH_MAPPING_PATH=/f1.yml\nCOACHIQ_RVC__COACH_MODEL=m2\n", "m2"},
        {"COACHIQ_RVC__COACH_MODEL=m2\nCOACHIQ_RVC_COACH_MAPPING_PATH=/f2.yml\n", "f2"},
        {"COACHIQ_RVC_COACH_MAPPING_PATH=/f2.yml\nCOACHIQ_RVC__COACH_MAPPING_PATH=/f3.yml\n", "f3"},
        {"COACHIQ_RVC__COACH_MAPPING_PATH=/none.yml\nRVC_COACH_MODEL=m1\n", "m1"},
    };
    const LegacyRequest request = {.root = fixture->root};

    put(fixture, "f1.yml", "1");
    put(fixture, "f2.yml", "2");
    put(fixture, "f3.yml", "3");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(LegacyGathered) gathered = {0};
        g_autofree char *text = NULL;
        g_autofree char *wanted = g_strdup_printf("\"active_model\":\"%s\"", rows[i].model);

        put(fixture, ".env", rows[i].text);
        gather(&gathered, &request);
        text = listed(&gathered);
        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, wanted));
    }
}

/* Variables move the places; relative ones begin at the top of the root. */
static void test_moved(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *env_file = path_of(fixture, "outside.env");
    g_autofree char *root = path_of(fixture, "root");
    const LegacyRequest request = {.root = root, .env_file = env_file};
    g_autofree char *expected = NULL;

    put(fixture, "outside.env",
        "export COACHIQ_PERSISTENCE__DATA_DIR=/data\nCOACHIQ_CONFIG_SYSTEM_ROOT=\"sys\"\n"
        "COACHIQ_CONFIG_USER_ROOT='/home/me'\nCOACHIQ_CONFIG_DB_PATH=/my.db\n"
        "COACHIQ_RVC__CONFIG_DIR=/var/lib/coachiq/reference\nRVC_COACH_MODEL=m\n");
    put_database(fixture, "root/my.db",
                 TABLES "INSERT INTO system_settings VALUES ('active_coach_model', 'x')");
    /* not looked at, since the variable names another */
    put_database(fixture, "root/home/me/coachiq.db",
                 TABLES "INSERT INTO system_settings VALUES ('active_coach_model', 'y')");
    put(fixture, "root/data/config/models/a.yml", "");
    put(fixture, "root/sys/config/models/b.yml", "");
    put(fixture, "root/home/me/c.yml", "");
    put(fixture, "root/home/me/user_patches.json", "[]");
    put(fixture, "root/var/lib/coachiq/reference/d.yml", "");
    put(fixture, "root/sys/reference/e.yml", "");
    put(fixture, "root/var/lib/coachiq/user/f.yml", "");
    expected = g_strdup_printf("settings:%s {\"active_model\":\"m\"}\n"
                               "settings:/my.db {\"active_model\":\"x\"}\n"
                               "patches:x:/home/me/user_patches.json\n"
                               "coach:/sys/config/models/b.yml\n"
                               "coach:/data/config/models/a.yml\n"
                               "coach:/home/me/c.yml\n"
                               "reference:/var/lib/coachiq/reference/d.yml\n"
                               "reference:/sys/reference/e.yml\n",
                               env_file);
    assert_gathered(&request, expected);
}

/* Without a root variables of the caller count, places begin at the current folder, and what is there may be
 * anybody's. */
static void test_here(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *lib = path_of(fixture, "lib");
    g_autofree char *data_dir = g_strconcat("COACHIQ_PERSISTENCE__DATA_DIR=", lib, NULL);
    g_autofree char *system_root = g_strconcat("COACHIQ_CONFIG_SYSTEM_ROOT=", lib, NULL);
    g_autofree char *user_root = g_strconcat("COACHIQ_CONFIG_USER_ROOT=", lib, "/user", NULL);
    char *environment[] = {data_dir, system_root, user_root, (char *) "COACHIQ_RVC__COACH_MODEL=m", NULL};
    const LegacyRequest request = {.environment = environment};
    g_autofree char *expected = NULL;
    g_autofree char *here = NULL;

    put(fixture, "config/ours.yml", "# a coach\n'1FEDA':\n  1: []\n");
    put(fixture, "config/theirs.yml", "services:\n  web: {}\n");
    put(fixture, "lib/config/any.yml", "services: {}\n");
    g_assert_cmpint(chdir(fixture->root), ==, 0);
    here = g_get_current_dir();
    expected = g_strdup_printf("settings:environment {\"active_model\":\"m\"}\n"
                               "coach:%s/config/ours.yml\ncoach:%s/config/any.yml\n",
                               here, lib);
    assert_gathered(&request, expected);

    /* In the data folder of the old service “config” is no other's. */
    g_assert_cmpint(chdir("lib"), ==, 0);
    g_clear_pointer(&expected, g_free);
    expected =
        g_strdup_printf("settings:environment {\"active_model\":\"m\"}\ncoach:%s/config/any.yml\n", lib);
    assert_gathered(&request, expected);
}

/* Each one item with its reason, and the rest is found all the same. */
static void test_bad(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *fifo = path_of(fixture, LIB "config/models/fifo.yml");
    g_autofree char *out = path_of(fixture, LIB "config/models/out.yml");
    g_autofree char *loop = path_of(fixture, LIB "config/models/loop.yml");
    g_autofree char *huge = path_of(fixture, LIB "config/models/huge.yml");
    const LegacyRequest request = {.root = fixture->root};
    g_auto(LegacyGathered) gathered = {0};
    g_autofree char *text = NULL;
    static const char *const expected[] = {
        "problem:/.env {\"reason\":\"line 4: the quote ' that begins there",
        "problem:/.env {\"reason\":\"COACHIQ_RVC__CONFIG_DIR refers to something that only a shell",
        "problem:/.env {\"reason\":\"COACHIQ_CAN__INTERFACE_MAPPINGS: \\\"can0\\\" is no pair",
        "problem:/var/lib/coachiq/user/coachiq.db {\"reason\":\"This is no SQLite database",
        "problem:/var/lib/coachiq/user/config-overrides.toml {\"reason\":\"line 1, column ",
        "problem:/var/lib/coachiq/config/system.toml {\"reason\":\"line 2, column 17: default_model",
        "problem:/var/lib/coachiq/config/models/fifo.yml {\"reason\":\"This is a FIFO",
        "problem:/var/lib/coachiq/config/models/folder.yml {\"reason\":\"This is a folder",
        "problem:/var/lib/coachiq/config/models/huge.yml {\"reason\":\"It is larger than 8.0 MiB,",
        "problem:/var/lib/coachiq/config/models/loop.yml {\"reason\":\"Symbolic links lead in a circle",
        "problem:/var/lib/coachiq/config/models/out.yml {\"reason\":\"A symbolic link leads out of ",
        "problem:/var/lib/coachiq/reference {\"reason\":\"This is a file, not a folder",
        "coach:/var/lib/coachiq/config/models/good.yml\n",
    };

    put(fixture, ".env",
        "COACHIQ_RVC__CONFIG_DIR=~/coaches\nCOACHIQ_CAN__INTERFACE_MAPPINGS=can0\n\nX='open\n");
    put(fixture, LIB "user/coachiq.db",
        "no database at all, but a text of some length, to be read by nobody");
    put(fixture, LIB "user/config-overrides.toml", "[can\n");
    put(fixture, LIB "config/system.toml", "[coach]\ndefault_model = 5\n");
    put(fixture, LIB "config/models/good.yml", "good");
    put(fixture, LIB "config/models/folder.yml/x", "");
    put(fixture, LIB "reference", "a file");
    put(fixture, LIB "config/models/huge.yml", "");
    g_assert_cmpint(truncate(huge, LEGACY_FILE_MAX + 1), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink("/etc/passwd", out), ==, 0);
    g_assert_cmpint(symlink("loop.yml", loop), ==, 0);
    gather(&gathered, &request);
    text = listed(&gathered);
    g_test_message("%s", text);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_nonnull(strstr(text, expected[i]));
}

/* What a variable or a setting names has to be there. */
static void test_missing(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const LegacyRequest request = {.root = fixture->root};

    put(fixture, ".env",
        "COACHIQ_RVC__COACH_MAPPING_PATH=/none.yml\nCOACHIQ_RVC__CONFIG_DIR=/none\nCOACHIQ_CONFIG_DB_PATH=/none.db\n");
    put_database(fixture, LIB "database/coachiq.db",
                 TABLES "INSERT INTO system_settings VALUES ('user_patches_file', '/none.json')");
    assert_gathered(
        &request,
        "problem:/none.yml {\"reason\":\"COACHIQ_RVC__COACH_MAPPING_PATH names it, but it is not there\"}\n"
        "problem:/none.db {\"reason\":\"COACHIQ_CONFIG_DB_PATH names it, but it is not there\"}\n"
        "problem:/none.json {\"reason\":\"/var/lib/coachiq/database/coachiq.db, user_patches_file names it, "
        "but it is not there\"}\n"
        "problem:/none {\"reason\":\"COACHIQ_RVC__CONFIG_DIR names it, but it is not there\"}\n");
}

static void test_nothing(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const LegacyRequest request = {.root = fixture->root};
    g_auto(LegacyGathered) gathered = {0};

    gather(&gathered, &request);
    g_assert_cmpuint(legacy_items_length(gathered.items), ==, 0);
    g_assert_cmpuint(gathered.looked->len, >, 10);
    g_assert_cmpstr(gathered.looked->pdata[0], ==, "/.env");
}

static void test_no_root(void)
{
    const LegacyRequest root = {.root = "/nonexistent"};
    const LegacyRequest env_file = {.root = "/", .env_file = "/nonexistent.env"};
    g_auto(LegacyGathered) first = {0}, second = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(legacy_gather(&first, &root, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_false(legacy_gather(&second, &env_file, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_true(g_str_has_prefix(error->message, "/nonexistent.env: "));
}

/* The coach that is used is not among those that are too many. */
static void test_many(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const LegacyRequest request = {.root = fixture->root};
    g_auto(LegacyGathered) gathered = {0};
    g_autofree char *text = NULL;

    put(fixture, ".env", "COACHIQ_RVC__COACH_MODEL=Z_coach\n");
    for (int i = 0; i < 700; i++) {
        g_autofree char *name = g_strdup_printf("config/%03d.yml", i);

        put(fixture, name, "");
    }
    put(fixture, "config/z_Coach.YML", "");
    gather(&gathered, &request);
    text = listed(&gathered);
    g_assert_cmpuint(legacy_items_found(gathered.items), ==, 501);
    g_assert_nonnull(strstr(
        text, "problem:/config {\"reason\":\"There are 701 coach files in this folder, of which 500 "));
    g_assert_nonnull(strstr(text, "coach:/config/z_Coach.YML\n"));
    g_assert_null(strstr(text, "coach:/config/699.yml\n"));
}

/* A log of SQLite beside the database counts, and is left as it is; so is the database. */
static void test_log(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const LegacyRequest request = {.root = fixture->root};
    g_autofree char *path = path_of(fixture, LIB "user/coachiq.db");
    g_autofree char *shm = g_strconcat(path, "-shm", NULL);
    g_autofree char *before = NULL, *after = NULL;
    gsize length, length_after;
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db,
                                 "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;" TABLES
                                 "INSERT INTO system_settings VALUES ('active_coach_model', 'in_the_log')",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    g_assert_true(g_file_get_contents(shm, &before, &length, NULL));
    assert_gathered(&request,
                    "settings:/var/lib/coachiq/user/coachiq.db {\"active_model\":\"in_the_log\"}\n");
    g_assert_true(g_file_get_contents(shm, &after, &length_after, NULL));
    g_assert_cmpmem(before, length, after, length_after);
    sqlite3_close(db);
}

/* A transaction that was cut short is no state; SQLite would remove what its journal names. */
static void test_journal(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    static const char magic[] = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and what follows";
    const LegacyRequest request = {.root = fixture->root};
    g_auto(LegacyGathered) gathered = {0};
    g_autofree char *text = NULL;

    put_database(fixture, LIB "user/coachiq.db", TABLES);
    put(fixture, LIB "user/coachiq.db-journal", magic);
    gather(&gathered, &request);
    text = listed(&gathered);
    g_assert_true(g_str_has_prefix(
        text, "problem:/var/lib/coachiq/user/coachiq.db {\"reason\":\"The old system was cut short"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                                 \
    g_test_add("/ctl/legacy-gather/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("order", test_order);
    ADD("active", test_active);
    ADD("moved", test_moved);
    ADD("here", test_here);
    ADD("bad", test_bad);
    ADD("missing", test_missing);
    ADD("nothing", test_nothing);
    ADD("many", test_many);
    ADD("log", test_log);
    ADD("journal", test_journal);
    g_test_add_func("/ctl/legacy-gather/no-root", test_no_root);
    return g_test_run();
}
