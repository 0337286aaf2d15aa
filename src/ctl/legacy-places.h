/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-places.h: where the old system had its files, as one table in order of precedence.
 * docs/migration.md tells the same to people. */

#include "ctl/legacy-env.h"

typedef enum LegacyPlaceKind {
    PLACE_ENV_FILE,   /* a file with assignments */
    PLACE_DATABASE,   /* a SQLite file */
    PLACE_TOML,       /* settings in TOML */
    PLACE_PATCHES,    /* a JSON Patch document */
    PLACE_COACHES,    /* a folder with coach files that the system or the owner put there */
    PLACE_REFERENCES, /* a folder with coach files as they were released */
} LegacyPlaceKind;

/* What a place is relative to. */
typedef enum LegacyBase {
    BASE_PROGRAM, /* the folder that the old program ran in: the current one, or the top of the root */
    BASE_SYSTEM,  /* COACHIQ_CONFIG_SYSTEM_ROOT, else /var/lib/coachiq */
    BASE_USER,    /* COACHIQ_CONFIG_USER_ROOT, else /var/lib/coachiq/user */
    BASE_DATA,    /* COACHIQ_PERSISTENCE__DATA_DIR, else /var/lib/coachiq */
    BASE_FIXED,   /* /var/lib/coachiq, whatever variables say */
    BASE_CONFIG,  /* COACHIQ_RVC__CONFIG_DIR; nowhere without it */
    BASE_DB_PATH, /* COACHIQ_CONFIG_DB_PATH, else coachiq.db in BASE_USER */
} LegacyBase;

typedef struct LegacyPlace {
    LegacyPlaceKind kind;
    LegacyBase base;
    const char *path; /* "" for the base itself */
} LegacyPlace;

extern const LegacyPlace legacy_places[];
extern const size_t legacy_places_length;

/* The path of a place with these variables; NULL where the variable that it needs is not set. Free with
 * g_free(). */
char *legacy_place_path(const LegacyPlace *place, const LegacyEnv *env);
/* The variable that names this very place, so that there should be something; NULL for none. */
const char *legacy_place_variable(const LegacyPlace *place, const LegacyEnv *env);
