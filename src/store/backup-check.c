/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what lies in a file is a backup: somebody may have made it to do harm. */
#include "store/backup-private.h"

#include "base/error.h"
#include "base/text.h"
#include "store/store-private.h"

sqlite3 *backup_open_as_it_lies(const char *path, int *ret_result)
{
    g_autofree char *file_uri = g_filename_to_uri(path, NULL, NULL);
    g_autofree char *uri = file_uri ? g_strconcat(file_uri, "?immutable=1", NULL) : NULL;
    sqlite3 *handle = NULL;

    *ret_result =
        sqlite3_open_v2(uri, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    return handle;
}

bool backup_check_schema(const char *path, GError **error)
{
    int result;
    sqlite3 *handle = backup_open_as_it_lies(path, &result);
    bool ok = result == SQLITE_OK && schema_is_ours(handle, error);

    if (result != SQLITE_OK)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "%s", sqlite3_errmsg(handle));
    sqlite3_close(handle);
    return ok;
}

/* A text that cannot be sent could never be read again by anybody, and no column holds bytes. */
static bool column_is_sound(sqlite3_stmt *statement, int column)
{
    const char *text;
    size_t length;

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_TEXT:
        text = (const char *) sqlite3_column_text(statement, column);
        length = (size_t) sqlite3_column_bytes(statement, column);
        return text && g_utf8_validate_len(text, length, NULL) && !text_find_noncharacter(text, length);
    case SQLITE_BLOB:
        return false;
    default:
        return true;
    }
}

/* `*ret_problem` is set where a text of the table is none. */
static bool check_table(Database *database, const char *table, char **ret_problem, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT * FROM \"%s\"", table);
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);

    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    while (r == SQLITE_ROW && !*ret_problem) {
        for (int i = 0; i < sqlite3_column_count(statement) && !*ret_problem; i++)
            if (!column_is_sound(statement, i))
                *ret_problem = g_strdup_printf("table %s has a text that is none, in column %s", table,
                                               sqlite3_column_name(statement, i));
        r = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return *ret_problem || r == SQLITE_DONE || database_fail(database, "reading its texts", error);
}

static bool check_texts(Store *store, char **ret_problem, GError **error)
{
    STATEMENT statement = database_prepare(
        store->database,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' ORDER BY name",
        error);
    int r = statement ? 1 : -1;

    while (!*ret_problem && r > 0 && (r = database_step(store->database, statement, error)) > 0)
        if (!check_table(store->database, statement_text(statement, 0), ret_problem, error))
            return false;
    return r >= 0;
}

/* What can be read; `*ret_problem` is what is wrong with it. */
static bool check_content(Store *store, char **ret_problem, GError **error)
{
    int64_t checked, from;

    if (!check_texts(store, ret_problem, error))
        return false;
    if (!*ret_problem && !store_verify_history(store, &checked, &from, ret_problem, error))
        return false;
    return *ret_problem || store_verify_components(store, ret_problem, error);
}

bool backup_check_store(Store *store, GError **error)
{
    Database *database = store->database;
    g_autofree char *damage = backup_find_damage(database->handle), *problem = NULL;

    /* What hinders the check is no damage; SQLite says it in a row like what it found. */
    if (damage && database_read_failed(database->handle)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "%s cannot be read: %s", database->path, damage);
        return false;
    }
    if (damage && (sqlite3_errcode(database->handle) & 0xFF) != SQLITE_OK &&
        database_error_code(database->handle, database->path) != CONFIG_ERROR_CORRUPT)
        return database_fail(database, "checking it", error);
    if (!damage && (!schema_is_ours(database->handle, error) || !check_content(store, &problem, error)))
        return false;
    if (!damage && !problem)
        return true;
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, damage ? damage : problem);
    return false;
}
