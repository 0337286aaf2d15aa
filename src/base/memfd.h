/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* memfd.h: bytes as a sealed file descriptor, so that the reader can map them and nobody can change them. */

#include <stddef.h>

/* Makes a memfd with the bytes, offset at the start, sealed against writing, growing, shrinking and further
 * sealing. `name` shows in /proc/PID/fd. Returns the descriptor (close-on-exec) or a negative errno. */
int memfd_new_sealed(const char *name, const void *data, size_t length);
