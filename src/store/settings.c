/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables `settings` and `interfaces`. */
#include "store/store-private.h"

bool store_get_setting(Store *store, const char *name, char **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT value FROM settings WHERE name = ?1", error);
    int r;

    if (!statement)
        return false;
    statement_bind_text(statement, 1, name);
    r = database_step(store->database, statement, error);
    if (r < 0)
        return false;
    *ret = r > 0 ? statement_dup_text(statement, 0) : NULL;
    return true;
}

bool store_set_setting(Store *store, const char *name, const char *value, GError **error)
{
    STATEMENT statement = database_prepare(store->database,
                                           "INSERT INTO settings (name, value) VALUES (?1, ?2) "
                                           "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                           error);

    if (!statement)
        return false;
    statement_bind_text(statement, 1, name);
    statement_bind_text(statement, 2, value);
    return database_run(store->database, statement, error);
}

bool store_get_interfaces(Store *store, GHashTable **ret, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT logical, physical FROM interfaces", error);
    g_autoptr(GHashTable) interfaces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    int r;

    if (!statement)
        return false;
    while ((r = database_step(store->database, statement, error)) > 0)
        g_hash_table_insert(interfaces, statement_dup_text(statement, 0), statement_dup_text(statement, 1));
    if (r < 0)
        return false;
    *ret = g_steal_pointer(&interfaces);
    return true;
}

bool store_set_interface(Store *store, const char *logical, const char *physical, GError **error)
{
    STATEMENT statement = NULL;

    if (!physical) {
        statement = database_prepare(store->database, "DELETE FROM interfaces WHERE logical = ?1", error);
    } else {
        statement = database_prepare(store->database,
                                     "INSERT INTO interfaces (logical, physical) VALUES (?1, ?2) "
                                     "ON CONFLICT (logical) DO UPDATE SET physical = excluded.physical",
                                     error);
    }
    if (!statement)
        return false;
    statement_bind_text(statement, 1, logical);
    if (physical)
        statement_bind_text(statement, 2, physical);
    return database_run(store->database, statement, error);
}
