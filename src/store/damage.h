/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* damage.h: what is left when the database is damaged: moving it aside, taking a backup in its place, and
 * reading what of it can still be trusted. Nothing is ever erased. */

#include "store/backup.h"

/* Whether the last process to use the database did not come to close it. Costs a stat(). */
bool damage_is_suspected(const char *directory);
/* Whether the file is there but empty, although there are backups: a new one is empty too, but has none. */
bool damage_is_emptied(const char *directory);
/* Checks all of it: pages, tables, the chain of changes, vendor revisions, effective components. Takes long.
 * Sets CORRUPT, or what keeps it from being read. */
bool damage_check(Store *store, GError **error);
/* Closes a damaged database as it is, without what a last look at it would write. */
void damage_close(Store *store);
/* Whether the file is a sound database of somebody else, which is none of our business. */
bool damage_is_foreign(const char *directory);
/* Moves the database aside, with what belongs to it, to a name with a time in it. `*ret_name` is that name.
 */
bool damage_move_aside(const char *directory, int64_t time, char **ret_name, GError **error);
/* Makes the content of a loaded backup the database. Takes the store over. */
bool damage_replace(const char *directory, Store *backup, GError **error);
/* A private copy of what was moved aside, opened for reading; NULL where it cannot be opened any more. */
Store *damage_open(const char *directory, const char *name);

/* Reads a change with its releases and history, if all of it can be read and follows the one before by its
 * hash. `*ret` is NULL where not. `*ret_hash` is its own hash. Free with change_free(), g_ptr_array_unref(),
 * g_free(). */
void damage_read_change(Store *store, int64_t id, const char *previous_hash, Change **ret,
                        GPtrArray **ret_history, char **ret_hash);
/* The newest change and its hash, "" where there is none. Free with g_free(). */
bool store_get_head(Store *store, int64_t *ret_id, char **ret_hash, GError **error);
