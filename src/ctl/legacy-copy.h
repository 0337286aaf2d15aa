/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-copy.h: a private copy of a database, because SQLite writes beside what it reads, and the original
 * is never touched. */

#include "ctl/legacy-tree.h"

typedef struct LegacyCopy {
    char *folder; /* readable to us alone; goes with the copy */
    char *file;   /* the copy */
} LegacyCopy;

/* Copies a database and its write-ahead log, of which both belong to one moment: where the old system writes
 * meanwhile it is done again, a few times. Sets a G_FILE_ERROR as legacy_tree_read(). Clear with
 * legacy_copy_clear() in any case. */
bool legacy_copy_make(LegacyCopy *copy, LegacyTree *tree, const char *path, struct stat *ret_st,
                      GError **error);
void legacy_copy_clear(LegacyCopy *copy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyCopy, legacy_copy_clear)
