/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* output.h: files that are written for the person, whole or not at all. */

#include <glib.h>
#include <stdbool.h>

/* Whether a file of this name may be written: nothing is there, in a folder that is, or with `force` a
 * regular file. What is no regular file is never replaced. Sets a G_FILE_ERROR with a whole sentence. */
bool output_check(const char *path, bool force, GError **error);

/* Writes what is in a descriptor, from its start on, to a file that only its owner may read: beside it
 * first, and to its name once it is on disk. Errors as output_check(). */
bool output_file(int fd, const char *path, bool force, GError **error);

/* Copies what is in a descriptor, from its start whatever its offset is, to another. Returns 0 or an errno.
 */
int output_copy(int from, int to);
