/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bare.h"

#include "measure.h"

static void check(BareStore *bare, int result)
{
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW)
        die("SQLite", sqlite3_errmsg(bare->database));
}

static void execute(BareStore *bare, const char *sql)
{
    check(bare, sqlite3_exec(bare->database, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(BareStore *bare, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    check(bare, sqlite3_prepare_v2(bare->database, sql, -1, &statement, NULL));
    return statement;
}

static void run(BareStore *bare, sqlite3_stmt *statement)
{
    check(bare, sqlite3_step(statement));
    check(bare, sqlite3_reset(statement));
}

void bare_open(BareStore *bare, const char *path, unsigned n_rows, size_t size)
{
    g_autofree char *fill = NULL;

    *bare = (BareStore){.n_rows = n_rows};
    check(bare, sqlite3_open(path, &bare->database));
    execute(bare, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                  "CREATE TABLE rows (id INTEGER PRIMARY KEY, data TEXT);"
                  "CREATE TABLE audit (id INTEGER PRIMARY KEY, data TEXT);");
    fill = g_strdup_printf(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
        "INSERT INTO rows (id, data) SELECT i, printf('%%.*c', %zu, 'x') FROM n; PRAGMA wal_checkpoint;",
        n_rows, size);
    execute(bare, fill);
    bare->begin = prepare(bare, "BEGIN IMMEDIATE");
    bare->update = prepare(bare, "UPDATE rows SET data = ?2 WHERE id = ?1");
    bare->audit = prepare(bare, "INSERT INTO audit (data) VALUES (printf('%.*c', ?1, 'a'))");
    bare->commit = prepare(bare, "COMMIT");
}

void bare_close(BareStore *bare)
{
    sqlite3_finalize(bare->begin);
    sqlite3_finalize(bare->update);
    sqlite3_finalize(bare->audit);
    sqlite3_finalize(bare->commit);
    sqlite3_close(bare->database);
}

void bare_commit(BareStore *bare, unsigned row, const char *text, size_t audit_size)
{
    sqlite3_bind_int(bare->update, 1, (int) (row % bare->n_rows) + 1);
    sqlite3_bind_text(bare->update, 2, text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(bare->audit, 1, (sqlite3_int64) audit_size);
    run(bare, bare->begin);
    run(bare, bare->update);
    run(bare, bare->audit);
    run(bare, bare->commit);
}
