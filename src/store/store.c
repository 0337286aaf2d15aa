/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the store, and its transactions. */
#include "store/store-private.h"

#include "base/json.h"

static Store *open_path(const char *path, GError **error)
{
    Database *database = database_open(path, error);
    Store *store;

    if (!database)
        return NULL;
    store = g_new0(Store, 1);
    store->database = database;
    return store;
}

Store *store_open(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, STORE_DATABASE, NULL);

    return open_path(path, error);
}

Store *store_open_private(const char *path, GError **error)
{
    Store *store = open_path(path, error);

    if (store)
        store->private_path = g_strdup(path);
    else
        database_remove_files(path);
    return store;
}

void store_close(Store *store)
{
    if (!store)
        return;
    database_close(store->database);
    if (store->private_path)
        database_remove_files(store->private_path);
    g_free(store->private_path);
    g_free(store);
}

bool store_is_writable(Store *store, GError **error)
{
    const GError *reason = store->database->read_only;

    if (!reason)
        return true;
    g_propagate_error(error, g_error_copy(reason));
    return false;
}

int64_t store_data_version(Store *store)
{
    int64_t version = 0;

    database_query_integer(store->database, "PRAGMA data_version", 0, &version, NULL);
    return version;
}

bool transaction_begin(Transaction *transaction, Store *store, GError **error)
{
    STATEMENT statement = NULL;

    if (!store_is_writable(store, error) || !database_is_in_place(store->database, error))
        return false;
    statement = database_prepare(store->database, "BEGIN IMMEDIATE", error);
    if (!statement || !database_run(store->database, statement, error))
        return false;
    transaction->store = store;
    return true;
}

bool transaction_commit(Transaction *transaction, GError **error)
{
    Store *store = transaction->store;
    STATEMENT statement = database_prepare(store->database, "COMMIT", error);

    if (!statement || !database_run(store->database, statement, error))
        return false;
    transaction->store = NULL;
    /* It may have gone in the meantime. */
    return database_is_in_place(store->database, error);
}

void transaction_clear(Transaction *transaction)
{
    if (!transaction->store)
        return;
    /* After some errors SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(transaction->store->database->handle))
        sqlite3_exec(transaction->store->database->handle, "ROLLBACK", NULL, NULL, NULL);
    transaction->store = NULL;
}

bool store_check_columns(Store *store, sqlite3_stmt *statement, int first, int last, GError **error)
{
    for (int i = first; i <= last; i++)
        if (sqlite3_column_type(statement, i) == SQLITE_NULL) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                        "The database is damaged: %s has a row without %s", store->database->path,
                        sqlite3_column_name(statement, i));
            return false;
        }
    return true;
}

bool store_parse_column(Store *store, const char *text, Value **ret, GError **error)
{
    g_autoptr(GError) local = NULL;
    Value *value;

    if (!text) {
        *ret = NULL;
        return true;
    }
    value = json_parse(text, -1, &json_limits_stored, &local);
    if (!value) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: %s holds data that is not JSON: %s", store->database->path,
                    local->message);
        return false;
    }
    *ret = value;
    return true;
}
