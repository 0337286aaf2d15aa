/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* exports.h: the files that Export hands out. They are memory of ours for as long as anybody holds one, so
 * that the same content is made once, and what is out is counted: for the user who asked for it, and in all.
 */

#include "daemon/daemon.h"

/* Bytes that one user can hold of files that were made for them, and all users. */
#define EXPORTS_PER_USER_MAX (32 * 1024 * 1024)
#define EXPORTS_MAX (128 * 1024 * 1024)

/* A descriptor of the file, borrowed; or a negative errno with `error` set. */
int exports_open(Daemon *daemon, sd_bus_message *message, const char *model, const ExportOptions *options,
                 sd_bus_error *error);
void exports_free(Daemon *daemon);
