/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* seed-releases.h: the list of what was released of each coach file that ships, and of rvc.json
 * (seeds/versions), so that no content goes out twice under one version: an update is known by its version
 * to people. */

#include <glib.h>

/* Its name in the list. It stands for the hash of its bytes, coach files for that of their content. */
#define SEED_RVC "rvc.json"

typedef struct SeedRelease {
    char *name;    /* a model, or SEED_RVC */
    char *version; /* "1.2.0" */
    char *content_hash;
} SeedRelease;

/* Reads the list: a line "NAME VERSION CONTENT_HASH" a release; "#" begins a comment. An array of
 * SeedRelease that frees its members. Sets CONFIG_ERROR_INVALID_FILE with the line. */
GPtrArray *seed_releases_parse(const char *text, GError **error);

typedef enum SeedState {
    SEED_LISTED,  /* the list has this content under this version */
    SEED_NEW,     /* the version is a new one, and higher than the others */
    SEED_CHANGED, /* the version stands for another content, or is none, or not the highest */
} SeedState;

/* How a file stands to the list. Where it is not listed, `*ret_advice` says what is to be done. */
SeedState seed_releases_compare(GPtrArray *releases, const char *name, const char *version,
                                const char *content_hash, char **ret_advice);
