/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-sqlite.h: the settings in a database of the old system. */

#include "base/value.h"

typedef struct LegacyDatabase {
    char *active_model; /* system_settings.active_coach_model; NULL: absent */
    char *patches_file; /* system_settings.user_patches_file; NULL: absent */
    Value *names;       /* of user_settings, "light.porch": "By the door"; NULL: none */
} LegacyDatabase;

/* Reads a database that may hold anything: nothing in its schema is run, and it has little time and memory.
 * `file` is opened for reading, but SQLite may write its log and locks beside it: give it a copy of its own.
 * A database without our tables is one with nothing in it. Sets a G_FILE_ERROR, a sentence without the path,
 * for what is no database, is damaged, or takes too long. */
bool legacy_sqlite_read(LegacyDatabase *database, const char *file, GError **error);
void legacy_database_clear(LegacyDatabase *database);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyDatabase, legacy_database_clear)
