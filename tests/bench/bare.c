/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bare.h"

#include "measure.h"

static void check(sqlite3 *database, int result)
{
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW)
        die("SQLite", sqlite3_errmsg(database));
}

static void execute(sqlite3 *database, const char *sql)
{
    check(database, sqlite3_exec(database, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    check(database, sqlite3_prepare_v2(database, sql, -1, &statement, NULL));
    return statement;
}

static void run(sqlite3 *database, sqlite3_stmt *statement)
{
    check(database, sqlite3_step(statement));
    check(database, sqlite3_reset(statement));
}

void bare_open(BareStore *bare, const char *path, unsigned n_rows, size_t size)
{
    g_autofree char *fill = NULL;

    *bare = (BareStore){.n_rows = n_rows};
    check(bare->database, sqlite3_open(path, &bare->database));
    execute(bare->database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "CREATE TABLE rows (id INTEGER PRIMARY KEY, data TEXT);"
                            "CREATE TABLE audit (id INTEGER PRIMARY KEY, data TEXT);");
    fill = g_strdup_printf(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
        "INSERT INTO rows (id, data) SELECT i, printf('%%.*c', %zu, 'x') FROM n; PRAGMA wal_checkpoint;",
        n_rows, size);
    execute(bare->database, fill);
    bare->begin = prepare(bare->database, "BEGIN IMMEDIATE");
    bare->update = prepare(bare->database, "UPDATE rows SET data = ?2 WHERE id = ?1");
    bare->audit = prepare(bare->database, "INSERT INTO audit (data) VALUES (printf('%.*c', ?1, 'a'))");
    bare->commit = prepare(bare->database, "COMMIT");
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
    run(bare->database, bare->begin);
    run(bare->database, bare->update);
    run(bare->database, bare->audit);
    run(bare->database, bare->commit);
}

void bare_rows_open(BareRows *rows, const char *path)
{
    static const char *const sql[G_N_ELEMENTS(rows->statements)] = {
        "BEGIN IMMEDIATE",
        "INSERT INTO changes (time, kind, coach_model, reason, user, uid, pid, process, entries, previous_hash, hash) "
        "VALUES (1764000000000000, 'edit', ?1, 'a test', 'root', 0, 0, 'edit-times', 1, printf('%.64c', 'a'), "
        "printf('%.64c', 'b'))",
        "INSERT OR REPLACE INTO settings (name, value) VALUES ('history-head', printf('%.66c', 'c') || random())",
        "UPDATE coach_mappings SET mapping_data = json_set(mapping_data, '$.friendly_name', ?3), source = 'user', "
        "modified_by = 'root', modified_at = CURRENT_TIMESTAMP "
        "WHERE coach_model = ?1 AND component_path = ?2 AND is_active",
        "INSERT OR REPLACE INTO overrides (coach_model, component_path, field, op, value, vendor_value, change_id, "
        "time, uid, user, reason) VALUES (?1, ?2, '/friendly_name', 'set', ?3, ?3, (SELECT max(id) FROM changes), "
        "1764000000000000, 0, 'root', 'a test')",
        "INSERT INTO coach_mapping_history (mapping_id, previous_data, change_reason, changed_by, change_id, kind, "
        "field, before, after, override_before, override_after) SELECT id, mapping_data, 'a test', 'root', "
        "(SELECT max(id) FROM changes), 'set', '/friendly_name', ?3, ?3, ?3, ?3 FROM coach_mappings "
        "WHERE coach_model = ?1 AND component_path = ?2 AND is_active",
        "COMMIT",
    };

    *rows = (BareRows){0};
    check(rows->database, sqlite3_open(path, &rows->database));
    execute(rows->database,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    for (guint i = 0; i < G_N_ELEMENTS(sql); i++)
        rows->statements[i] = prepare(rows->database, sql[i]);
}

void bare_rows_close(BareRows *rows)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows->statements); i++)
        sqlite3_finalize(rows->statements[i]);
    sqlite3_close(rows->database);
}

void bare_rows_commit(BareRows *rows, const char *model, const char *path, const char *text)
{
    const char *const texts[] = {model, path, text};

    for (guint i = 0; i < G_N_ELEMENTS(rows->statements); i++) {
        sqlite3_stmt *statement = rows->statements[i];

        int n_parameters = sqlite3_bind_parameter_count(statement);

        for (int n = 0; n < n_parameters && n < (int) G_N_ELEMENTS(texts); n++)
            sqlite3_bind_text(statement, n + 1, texts[n], -1, SQLITE_STATIC);
        run(rows->database, statement);
    }
}
