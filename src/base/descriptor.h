/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* descriptor.h: the content of a file that somebody else opened. */

#include <glib.h>
#include <stdbool.h>

/* Whether a descriptor was opened for reading. Never waits. Sets CONFIG_ERROR_INVALID_FILE. `what` is what
 * messages call the file. */
bool descriptor_check(int fd, const char *what, GError **error);

/* All of a regular file or memfd, from its beginning, wherever the descriptor stands, which stays there. May
 * wait as long as the file system lets us: call it in a thread. Sets CONFIG_ERROR_INVALID_FILE for anything
 * else, and for a file that changes its size meanwhile; CONFIG_ERROR_TOO_LARGE beyond `size_max` bytes. */
GBytes *descriptor_read(int fd, const char *what, size_t size_max, GError **error);
