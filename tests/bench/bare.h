/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* bare.h: the floor of an edit: what SQLite takes to make a text durable with its audit rows, and nothing
 * else. */

#include <glib.h>
#include <sqlite3.h>

typedef struct BareStore {
    sqlite3 *database;
    sqlite3_stmt *begin, *update, *audit, *commit;
    unsigned n_rows;
} BareStore;

/* A new database with `n_rows` rows of `size` bytes: WAL, synchronous=FULL. Ends the program on error. */
void bare_open(BareStore *bare, const char *path, unsigned n_rows, size_t size);
void bare_close(BareStore *bare);
/* One transaction: replaces a row's text, adds `audit_size` bytes of audit in one row. `text` must differ
 * from what stands there: SQLite skips a commit that changes no byte. */
void bare_commit(BareStore *bare, unsigned row, const char *text, size_t audit_size);

/* The same in a copy of the service's own database: the rows that an edit writes, into all tables that it
 * writes, as plain SQL. */
typedef struct BareRows {
    sqlite3 *database;
    sqlite3_stmt *statements[7]; /* in the order of an edit */
} BareRows;

void bare_rows_open(BareRows *rows, const char *path);
void bare_rows_close(BareRows *rows);
void bare_rows_commit(BareRows *rows, const char *model, const char *path, const char *text);
