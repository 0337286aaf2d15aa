/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach.h: a coach to work on while things go wrong: a service with a state directory of its own, the
 * operations on it in short form, and whether what is there is sound. */

#include "service/service.h"

#define MODEL "coach"

typedef struct Coach {
    char *state, *seeds;
    Service *service;
} Coach;

/* A folder with the bundled file; `state` need not be there yet. */
char *coach_seeds_new(void);
/* The bundled file is release 1 or 2. */
void coach_release(const char *seeds, unsigned release);
/* A service on it. Both are copied. */
Coach *coach_open(const char *state, const char *seeds);
void coach_close(Coach *coach);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Coach, coach_close)

/* Copies a state directory, as it lies there, to a new one. */
void coach_copy_state(const char *from, const char *to);

/* Operations; each is acknowledged when it returns true. `ret` is the number of the change. */
bool coach_import(Coach *coach, int64_t *ret, GError **error);
/* `value` is JSON text; NULL: the field goes. */
bool coach_edit(Coach *coach, const char *path, const char *field, const char *value, int64_t *ret,
                GError **error);
bool coach_delete(Coach *coach, const char *path, int64_t *ret, GError **error);
bool coach_put(Coach *coach, const char *path, const char *value, int64_t *ret, GError **error);
bool coach_update(Coach *coach, int64_t *ret, GError **error);
bool coach_reset(Coach *coach, int64_t *ret, GError **error);
bool coach_undo(Coach *coach, int64_t change, int64_t *ret, GError **error);
bool coach_restore(Coach *coach, const char *id, int64_t *ret, GError **error);
bool coach_activate(Coach *coach, int64_t *ret, GError **error);
bool coach_set_interface(Coach *coach, const char *physical, int64_t *ret, GError **error);
/* Free the id with g_free(). */
bool coach_backup(Coach *coach, char **ret_id, GError **error);

/* The components that readers get, as text. Free with g_free(); NULL on error. */
char *coach_read(Coach *coach, GError **error);
/* All that the database says, but for the history. */
char *coach_dump(Coach *coach);
/* What is wrong: with the pages of the database, its history, its health, the effective components, or with
 * a backup; NULL: nothing. Free with g_free(). */
char *coach_find_damage(Coach *coach);
/* The ids of the backups, a set. Free with g_hash_table_unref(). */
GHashTable *coach_backups(Coach *coach);
