/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* files.h: the contents of files that come with a request as descriptors, read without blocking.
 *
 * The contract between a handler and files_read(), which is that of polkit.h:
 *
 *  - The handler calls it when it has read its arguments, before it uses what the files say and before it
 *    changes anything.
 *  - 1: go on; `*ret` has the contents, one for each file, in their order.
 *  - 0: they are being read, in a thread, because a file system may take its time, or never answer. The
 *    handler returns 1 to sd-bus and leaves nothing behind: the same message is dispatched again when they
 *    are there, or cannot be had. The handler then runs from its start.
 *  - negative: refused or failed, `error` is set; the handler returns it.
 *
 * What was read is kept while polkit is asked about the request, so that each file is read once: what was
 * looked at first is what is used in the end, whoever writes to the file meanwhile. It is dropped when the
 * request is answered, and when the caller leaves. */

#include "daemon/daemon.h"

/* Bytes of one file; as many as a coach file may have. */
#define FILES_SIZE_MAX (8 * 1024 * 1024)
/* Bytes of all files of one request. */
#define FILES_REQUEST_SIZE_MAX (16 * 1024 * 1024)
/* Files of one request. A bus passes 16 at the most, as it is set up by default. */
#define FILES_PER_REQUEST_MAX 64
/* Requests with files that are open for one user, and of callers of whom the bus has not told yet who they
 * are. */
#define FILES_REQUESTS_PER_USER_MAX 16
#define FILES_UNKNOWN_MAX 256
/* Bytes that are kept for the open requests of one user, and for all. */
#define FILES_KEPT_PER_USER_MAX (32 * 1024 * 1024)
#define FILES_KEPT_MAX (96 * 1024 * 1024)

/* A file as a handler has it from the message. */
typedef struct FileArgument {
    int fd;           /* the message's */
    const char *name; /* what messages call it; "" or NULL: "The file" */
} FileArgument;

/* `*ret` is an array of GBytes, the caller's to unref. */
int files_read(Daemon *daemon, sd_bus_message *message, const FileArgument *arguments, size_t n_arguments,
               GPtrArray **ret, sd_bus_error *error);

/* Whether the caller may have large files of a request read: kept with what was read, since polkit's answer
 * is gone when the same request has something else to ask. */
void files_allow_large(Daemon *daemon, sd_bus_message *message);
bool files_large_is_allowed(const Daemon *daemon, sd_bus_message *message);

/* A name that somebody gives to a file, as it may stand in messages, logs and prompts: short, and nothing
 * that misleads who reads it. Free with g_free(). */
char *files_clean_name(const char *name);

/* Call this for every method call before it is dispatched. */
void files_before_dispatch(Daemon *daemon, sd_bus_message *message);
/* Call this between events: drops what was read for requests that are answered. */
void files_tidy(Daemon *daemon);
/* Whether a request waits for its files. */
bool files_are_busy(const Daemon *daemon);
void files_drop_caller(Daemon *daemon, const char *name);
void files_drop_connection(Daemon *daemon, sd_bus *connection);
/* Told to stop: files that do not answer are waited for a moment, and not longer. */
void files_hurry(Daemon *daemon);
/* Answers callers whose files are still being read with an error, since the daemon is leaving. */
void files_abandon(Daemon *daemon);
void files_free(Daemon *daemon);
