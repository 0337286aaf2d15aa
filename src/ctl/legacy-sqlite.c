/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-sqlite.c: two tables of a database that is not ours. */

#include "ctl/legacy-sqlite.h"

#include <glib/gi18n.h>
#include <sqlite3.h>
#include <string.h>

/* The old system kept 4,000 characters. */
#define TEXT_MAX (64 << 10)
#define NAMES_MAX 10000
#define TIME_MAX_USEC (5 * G_USEC_PER_SEC)
/* So many instructions of SQLite's machine between two looks at the clock. */
#define STEPS_BETWEEN 1000

#define NAME_PREFIX "entity."
#define NAME_SUFFIX ".display_name"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close_v2)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

static bool fail(sqlite3 *db, int code, GError **error)
{
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    _("Reading this database takes too long, as one of the old system never does"));
        break;
    case SQLITE_NOTADB:
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, _("This is no SQLite database"));
        break;
    default:
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
            _("The database cannot be read: %s; look at it with “sqlite3 FILE 'PRAGMA integrity_check'”"),
            db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    }
    return false;
}

static int check_time(void *data)
{
    const int64_t *deadline = data;

    return g_get_monotonic_time() > *deadline;
}

/* https://sqlite.org/security.html */
static int harden(sqlite3 *db)
{
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 1 << 20},
        {SQLITE_LIMIT_SQL_LENGTH, 1 << 20},
        {SQLITE_LIMIT_COLUMN, 100},
        {SQLITE_LIMIT_EXPR_DEPTH, 20},
        {SQLITE_LIMIT_COMPOUND_SELECT, 2},
        {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_FUNCTION_ARG, 8},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 10},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    static const struct {
        int id, value;
    } switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    };
    int code = SQLITE_OK;

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        sqlite3_limit(db, limits[i].id, limits[i].value);
    for (size_t i = 0; i < G_N_ELEMENTS(switches) && code == SQLITE_OK; i++)
        code = sqlite3_db_config(db, switches[i].id, switches[i].value, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0", NULL, NULL, NULL);
    return code;
}

/* A real table of that name, and no view or virtual table, which would run what somebody wrote. */
static int has_table(sqlite3 *db, const char *name, bool *ret)
{
    g_autoptr(sqlite3_stmt) statement = NULL;
    int code = sqlite3_prepare_v2(db,
                                  "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND "
                                  "rootpage > 0",
                                  -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    code = sqlite3_step(statement);
    *ret = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

typedef void (*RowFunc)(LegacyDatabase *database, const char *key, const char *value);

/* The text of a column; NULL for another type, one that is too long, and what is no UTF-8 text. */
static const char *column_text(sqlite3_stmt *statement, int column)
{
    const char *text;

    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return NULL;
    text = (const char *) sqlite3_column_text(statement, column);
    if (!text || sqlite3_column_bytes(statement, column) > TEXT_MAX || !g_utf8_validate(text, -1, NULL))
        return NULL;
    return text;
}

/* Rows of (key, value), each a text. */
static int read_rows(sqlite3 *db, const char *table, const char *query, RowFunc row,
                     LegacyDatabase *database)
{
    g_autoptr(sqlite3_stmt) statement = NULL;
    bool there = false;
    int code = has_table(db, table, &there);

    if (code != SQLITE_OK || !there)
        return code;
    code = sqlite3_prepare_v2(db, query, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *key = column_text(statement, 0);
        const char *value = key ? column_text(statement, 1) : NULL;

        if (value && *value)
            row(database, key, value);
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void take_system_setting(LegacyDatabase *database, const char *key, const char *value)
{
    char **member = strcmp(key, "active_coach_model") == 0  ? &database->active_model
                    : strcmp(key, "user_patches_file") == 0 ? &database->patches_file
                                                            : NULL;

    if (!member)
        return;
    g_free(*member);
    *member = g_strdup(value);
}

/* "entity.light.porch.display_name" */
static void take_user_setting(LegacyDatabase *database, const char *key, const char *value)
{
    size_t length = strlen(key);

    if (length <= strlen(NAME_PREFIX NAME_SUFFIX) || !g_str_has_prefix(key, NAME_PREFIX) ||
        !g_str_has_suffix(key, NAME_SUFFIX))
        return;

    g_autofree char *name =
        g_strndup(key + strlen(NAME_PREFIX), length - strlen(NAME_PREFIX) - strlen(NAME_SUFFIX));

    if (!database->names)
        database->names = value_new_map();
    if (value_length(database->names) < NAMES_MAX)
        value_map_take(&database->names, name, value_new_string(value));
}

static int read_tables(sqlite3 *db, LegacyDatabase *database)
{
    int code = read_rows(db, "system_settings",
                         "SELECT key, value FROM system_settings "
                         "WHERE key IN ('active_coach_model', 'user_patches_file')",
                         take_system_setting, database);

    if (code == SQLITE_OK)
        code = read_rows(db, "user_settings",
                         "SELECT key, value FROM user_settings "
                         "WHERE substr(key, 1, 7) = 'entity.' ORDER BY key LIMIT 20000",
                         take_user_setting, database);
    return code;
}

bool legacy_sqlite_read(LegacyDatabase *database, const char *file, GError **error)
{
    int64_t deadline = g_get_monotonic_time() + TIME_MAX_USEC;
    g_autoptr(sqlite3) db = NULL;
    int code;

    *database = (LegacyDatabase){0};
    code = sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code == SQLITE_OK) {
        sqlite3_progress_handler(db, STEPS_BETWEEN, check_time, &deadline);
        code = harden(db);
    }
    if (code == SQLITE_OK)
        code = read_tables(db, database);
    if (code == SQLITE_OK)
        return true;
    legacy_database_clear(database);
    return fail(db, code, error);
}

void legacy_database_clear(LegacyDatabase *database)
{
    g_clear_pointer(&database->active_model, g_free);
    g_clear_pointer(&database->patches_file, g_free);
    g_clear_pointer(&database->names, value_unref);
}
