/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* store-private.h: what the files of the store share. */

#include "base/hash.h"
#include "store/database.h"
#include "store/schema.h"
#include "store/store.h"

struct Store {
    Database *database;
    char *private_path; /* a copy that goes when the store is closed; NULL: none */
};

/* Opens a copy that is only ours: it is removed when the store is closed, or cannot be opened. */
Store *store_open_private(const char *path, GError **error);

/* The head of the chain of changes, "NUMBER:HASH": without it nobody would notice that the newest changes
 * are missing. */
#define SETTING_HISTORY_HEAD "history.head"
/* The last change that was pruned, in the same form: what the first one that is left follows. */
#define SETTING_HISTORY_START "history.start"

/* "NUMBER:HASH" of a change. Free with g_free(). */
char *change_mark_format(int64_t id, const char *hash);
bool change_mark_split(const char *mark, int64_t *ret_id, const char **ret_hash);

/* The columns of `changes` that change_read() reads. */
#define CHANGE_COLUMNS                                                                                      \
    "id, time, kind, coach_model, reason, user, uid, pid, process, entries, content_hash, detail"
#define CHANGE_N_COLUMNS 12
Change *change_read(sqlite3_stmt *statement);
bool change_read_releases(Store *store, Change *change, GError **error);

/* The columns of the history, h, and of the mappings, m, that history_borrow() reads, from the column
 * `first` on. The texts of the entry are those of the statement. */
#define HISTORY_COLUMNS                                                                                     \
    "nullif(m.coach_model, c.coach_model), m.component_path, h.kind, h.field, h.before, h.after, "          \
    "h.override_before, h.override_after, h.previous_data, h.class, h.vendor"
#define HISTORY_N_COLUMNS 11
HistoryEntry history_borrow(sqlite3_stmt *statement, int first);

/* The hash of a change: over the hash of the one before it, its own fields, and then each of its history
 * rows. */
HashRecord *change_hash_begin(const Change *change, const char *previous_hash);
void change_hash_entry(HashRecord *record, const HistoryEntry *entry);

/* A time in µs as the columns of the first plan have it, "2026-01-31 12:00:00". */
#define DATE_OF(time) "datetime(" time " / 1000000, 'unixepoch')"

/* Whether the columns from `first` to `last` have values, which the schema promises, and damage breaks
 * (CORRUPT).
 */
bool store_check_columns(Store *store, sqlite3_stmt *statement, int first, int last, GError **error);
/* JSON text of a column as a value; NULL stays NULL. A text that does not parse is damage (CORRUPT). */
bool store_parse_column(Store *store, const char *text, Value **ret, GError **error);
