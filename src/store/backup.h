/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* backup.h: copies of the whole database, each a file of its own in the folder "backups" of the state
 * directory. The name says when it was made and at which revision; why, it says inside. A copy is never
 * written to again.
 *
 * Making one with backup_make() opens the database by itself, and may be done in a thread of its own. */

#include <stdint.h>

#include "store/store.h"

typedef struct Backup {
    char *id; /* the file name without its suffix, "20260131T120000Z-r42-manual" */
    char *reason;
    int64_t time; /* µs since the epoch */
    int64_t revision;
    uint64_t size;
    bool automatic;
    char *problem; /* why it cannot be read; NULL */
} Backup;

void backup_free(Backup *backup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backup, backup_free)

/* Copies the database of a state directory, as it is on disk, and verifies the copy. `*ret_id` is the id of
 * the new backup. Sets NO_SPACE before anything is written when the disk has no room for it, CORRUPT when
 * the database is damaged, and what else opening it can set. */
bool backup_make(const char *directory, int64_t time, const char *reason, bool automatic, char **ret_id,
                 GError **error);
/* Whether opening the database would change its tables, so that a backup is due before. */
bool backup_is_due_for_upgrade(const char *directory);
/* All of them, the highest revision first, and the newest of each; an array of Backup. */
bool backup_list(const char *directory, GPtrArray **ret, GError **error);
/* Sets NO_SUCH_BACKUP. */
bool backup_remove(const char *directory, const char *id, GError **error);
/* Removes the oldest automatic ones beyond `keep`, but never `newest`, the one just made, if any. One that
 * cannot be removed stays. */
void backup_remove_old(const char *directory, unsigned keep, const char *newest);
/* The file for reading, close-on-exec; -1 on error. Sets NO_SUCH_BACKUP. */
int backup_open_file(const char *directory, const char *id, GError **error);

/* Opens the content of a backup, or of a file that somebody brought, for reading: a private copy of it,
 * brought to the newest schema and checked from its pages to its chain of changes; it is gone when the store
 * is closed. Sets INVALID_FILE for what is no database of ours or is damaged, NOT_SUPPORTED for one from a
 * newer version, NO_SUCH_BACKUP, TOO_LARGE, NO_SPACE. */
Store *backup_load(const char *directory, const char *id, GError **error);
Store *backup_load_file(const char *directory, int fd, GError **error);
