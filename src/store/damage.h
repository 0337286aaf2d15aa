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
/* Whether the database is gone, although its log or backups of it are there. */
bool damage_is_missing(const char *directory);
/* Whether something lies under this name that damage_move_aside() would overwrite. */
bool damage_is_moved(const char *directory, const char *name);
/* Moves the database aside, with what belongs to it, to `name`, which is free, as damage_free_name() gives
 * it: with the time in it. `*ret_moved` says whether there was anything. */
char *damage_free_name(const char *directory, int64_t time);
bool damage_move_aside(const char *directory, const char *name, bool *ret_moved, GError **error);
/* Notes on disk that a recovery is going on, so that the next start goes on with it should the power fail:
 * the name that the database gets, and what is wrong with it. */
bool damage_begin(const char *directory, const char *name, const char *damage, GError **error);
/* Whether one is going on. */
bool damage_is_begun(const char *directory, char **ret_name, char **ret_damage);
bool damage_end(const char *directory, GError **error);
/* Makes the content of a loaded backup the database. Takes the store over. */
bool damage_replace(const char *directory, Store *backup, GError **error);
/* A private copy of what was moved aside, opened for reading; `*ret` is NULL where it cannot be opened any
 * more. Sets what kept it from being copied. */
bool damage_open(const char *directory, const char *name, Store **ret, GError **error);

/* Reads a change with its releases and history, if all of it can be read and follows the one before by its
 * hash. `*ret` is NULL where not. `*ret_hash` is its own hash. Free with change_free(), g_ptr_array_unref(),
 * g_free(). */
void damage_read_change(Store *store, int64_t id, const char *previous_hash, Change **ret,
                        GPtrArray **ret_history, char **ret_hash);
/* The newest change and its hash, "" where there is none. Free with g_free(). */
bool store_get_head(Store *store, int64_t *ret_id, char **ret_hash, GError **error);
