/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-search.h: what the steps of a search of an old installation share. */

#include "ctl/legacy-env.h"
#include "ctl/legacy-items.h"
#include "ctl/legacy-tree.h"

typedef struct LegacySearch {
    LegacyTree *tree;
    LegacyItems *items;
    GPtrArray *looked; /* of char *, where something was looked for */
    LegacyEnv env;     /* all sources together */
    GHashTable *seen;  /* files that were read: each counts once, under its first name */
    char *model;       /* the model that the variables choose; NULL: none */
    bool confined;     /* below a root */
} LegacySearch;

/* Notes that a path is looked at; returns it as it is shown. Free with g_free(). */
char *legacy_search_path(LegacySearch *search, const char *path);
/* Whether a file is read for the first time. */
bool legacy_search_first(LegacySearch *search, const struct stat *st);
/* Reports why something was not read. Where there is nothing that is no problem, unless `who` names it:
 * "COACHIQ_RVC__CONFIG_DIR"; NULL for nobody. */
void legacy_search_problem(LegacySearch *search, const char *path, const char *who, const GError *error);
/* A file that is read for the first time; NULL where there is none, it was read before, or cannot be. */
GBytes *legacy_search_read(LegacySearch *search, const char *path, size_t size_max, const char *who);
void legacy_search_clear(LegacySearch *search);
