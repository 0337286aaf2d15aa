/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* database.h: one SQLite connection with its prepared statements and transactions; the floor that the tables
 * of the store stand on. Only for files of the store. */

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Which file it is; zeros: none. */
typedef struct FileMark {
    dev_t device;
    ino_t inode;
} FileMark;

typedef struct Database {
    sqlite3 *handle;
    char *path;
    char *log_path;
    FileMark file, log;     /* that are open; of one that can be written */
    GError *read_only;      /* why it could be opened for reading only; NULL: it can be written */
    GHashTable *statements; /* SQL text by address → sqlite3_stmt, prepared once */
} Database;

/* Opens the file (creating it where that can be done), or for reading only when the disk does not let it be
 * written. Checks that it is ours and not from a newer version before anything is written; WAL,
 * synchronous=FULL, foreign keys. Sets READ_ONLY, LOCKED, NO_SPACE, CORRUPT, NOT_SUPPORTED or IO. */
Database *database_open(const char *path, GError **error);
void database_close(Database *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_close)

/* From now on nothing is written to the file any more, not even what its log holds: it is damaged. */
void database_leave_as_is(Database *database);

/* Whether what is open is still what lies at the path: what is written into a file that was removed or
 * replaced is lost. Costs a stat() of the database and one of its log. Sets IO. */
bool database_is_in_place(Database *database, GError **error);

/* Removes a database that nobody has open, with what lies beside it. */
void database_remove_files(const char *path);

/* What the last error of a connection to the database at `path` is to us. */
ConfigError database_error_code(sqlite3 *handle, const char *path);
/* Whether the disk could not be read. SQLite takes that for damage. */
bool database_read_failed(sqlite3 *handle);
/* Turns the last error of the connection into a GError. Returns false, for `return database_fail(…)`. `what`
 * says what was being done. */
bool database_fail(Database *database, const char *what, GError **error);

/* A prepared statement, reset and with no bindings. `sql` must be a string constant: it is known by its
 * address. Owned by the database. NULL on error. */
sqlite3_stmt *database_prepare(Database *database, const char *sql, GError **error);

/* Resets the statement when it goes out of scope, so that no read stays open. */
static inline void statement_reset(sqlite3_stmt **statement)
{
    if (*statement)
        sqlite3_reset(*statement);
}
#define STATEMENT __attribute__((cleanup(statement_reset))) sqlite3_stmt *

/* Binding. NULL text binds NULL. The text must stay as it is until the statement is reset. */
void statement_bind_text(sqlite3_stmt *statement, int index, const char *text);
void statement_bind_integer(sqlite3_stmt *statement, int index, int64_t integer);
/* Columns. Text is borrowed until the next step; NULL for NULL. */
const char *statement_text(sqlite3_stmt *statement, int column);
char *statement_dup_text(sqlite3_stmt *statement, int column);
int64_t statement_integer(sqlite3_stmt *statement, int column);

/* Steps to the next row: 1 a row, 0 the end, -1 an error that is set. */
int database_step(Database *database, sqlite3_stmt *statement, GError **error);
/* Runs a statement that gives no rows. */
bool database_run(Database *database, sqlite3_stmt *statement, GError **error);
/* Runs SQL text without parameters. */
bool database_execute(Database *database, const char *sql, GError **error);
/* The one integer that a query gives; `fallback` where it gives no row. */
bool database_query_integer(Database *database, const char *sql, int64_t fallback, int64_t *ret,
                            GError **error);
