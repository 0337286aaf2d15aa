/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* backup-private.h: what making and keeping backups share: the folder, the names, the errors. */

#include <sqlite3.h>

#include "store/backup.h"

#define BACKUP_SUFFIX ".db"
/* Files in the making, and copies that are only looked into. */
#define BACKUP_UNFINISHED ".tmp"
/* A path for one, that no other thread gets. Free with g_free(). */
char *backup_unfinished_path(const char *folder);
/* Removes what a process that was killed left behind. */
void backup_remove_unfinished(const char *folder);
/* What a copy says of itself, in its settings: JSON with time, revision, reason, automatic. */
#define SETTING_BACKUP "backup"

/* The folder; made when it is not there. Free with g_free(); NULL on error. */
char *backup_folder(const char *directory, GError **error);
/* Turns errno into an error of the storage. Returns false. */
bool backup_fail_errno(const char *path, const char *what, GError **error);
/* Whether the disk has room for so many bytes more. Sets NO_SPACE with the sizes. */
bool backup_check_space(const char *folder, uint64_t bytes, GError **error);
/* Writes a file, or the names in a folder, to disk. */
bool backup_sync(const char *path, int flags, GError **error);
/* Checks all of an open database: its pages, its tables, its texts, its chain of changes, its components.
 * Sets CORRUPT, or what keeps it from being read (backup-check.c). */
bool backup_check_store(Store *store, GError **error);
/* The result of SQLite's own check of a database: NULL when it is sound, else what is wrong, from its rows
 * as well as from its codes. Free with g_free(). */
char *backup_find_damage(sqlite3 *handle);

/* Opens a file for reading as it lies there, without a log beside it: nobody writes to it. To be closed in
 * any case. */
sqlite3 *backup_open_as_it_lies(const char *path, int *ret_result);
/* Whether it has the tables of its version and nothing else; one of a newer version is not looked into. Runs
 * nothing that the file brings. Sets CORRUPT. */
bool backup_check_schema(const char *path, GError **error);
