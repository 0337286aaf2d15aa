/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* path.h: the address of a component, "devices/bedroom_ceiling_light" or "coach_info": the section, and the
 * child where the section is divided into children. A token is written as in a JSON Pointer (RFC 6901), "~1"
 * for "/" and "~0" for "~". */

#include <glib.h>
#include <stdbool.h>

#define PATH_DEVICES "devices"
#define PATH_DEVICES_PREFIX PATH_DEVICES "/"
#define PATH_LENGTH_MAX 512

/* Makes a path of unescaped tokens; `child` may be NULL. Free with g_free(). */
char *path_new(const char *section, const char *child);
/* Takes a path apart into unescaped tokens; `*ret_child` is NULL where there is none. Sets
 * CONFIG_ERROR_INVALID_ARGS when the text is no path (empty, empty token, more than two tokens, bad escape,
 * too long, control characters). Either output may be NULL. */
bool path_split(const char *path, char **ret_section, char **ret_child, GError **error);
bool path_is_device(const char *path);
