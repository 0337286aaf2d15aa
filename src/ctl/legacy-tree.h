/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-tree.h: reading below a root, which may hold anything: symbolic links that lead out of it, pipes,
 * devices, folders without end. Nothing is written, no device is opened, and where the system allows it not
 * even the time of the last access changes. */

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct LegacyTree LegacyTree;

/* `root` is the folder that stands for "/", and nothing outside of it is read; NULL for this machine, where
 * relative paths begin at the current folder. Sets a G_FILE_ERROR with a whole sentence. */
LegacyTree *legacy_tree_open(const char *root, GError **error);
void legacy_tree_close(LegacyTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LegacyTree, legacy_tree_close)

/* A path as the old system knew it, absolute, without "." and "..": below a root a relative one begins at
 * its top. Free with g_free(). */
char *legacy_tree_path(const LegacyTree *tree, const char *path);

/* What a regular file is. False with a G_FILE_ERROR: G_FILE_ERROR_NOENT where there is nothing, else what
 * there is and what to do, as a sentence without the path. One that does not answer is given up after some
 * seconds, here and below. */
bool legacy_tree_look(LegacyTree *tree, const char *path, struct stat *ret_st, GError **error);
/* All bytes of a regular file of at most `size_max`. Errors likewise; `ret_st` may be NULL. */
GBytes *legacy_tree_read(LegacyTree *tree, const char *path, size_t size_max, struct stat *ret_st,
                         GError **error);
/* At most `length` bytes from its start. */
GBytes *legacy_tree_read_head(LegacyTree *tree, const char *path, size_t length, GError **error);
/* All bytes, written to a descriptor, which it closes. */
bool legacy_tree_copy(LegacyTree *tree, const char *path, size_t size_max, int to, struct stat *ret_st,
                      GError **error);
/* The names in a folder that end in .yml or .yaml, in any case, sorted. Errors likewise. */
GPtrArray *legacy_tree_list_yaml(LegacyTree *tree, const char *path, GError **error);

/* Says that a copy cannot be made, by the number of an error. Returns false. */
bool legacy_fail_copy(int number, GError **error);

/* Whether a name ends in .yml or .yaml, in any case. */
bool legacy_is_yaml_name(const char *name);
