/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* patience.h: work that may never end, such as reading a file from a server that does not answer. */

#include <glib.h>
#include <stdbool.h>

typedef void (*PatienceFunc)(gpointer job);

/* Runs `func` with a job in a thread of its own and waits until it is done, at most `usec` µs. True when it
 * is done; the job is the caller's again. False when it is not: the job, and all that it uses, belongs to
 * the thread then, which frees it with `free_job` if it ever comes back; the end of the program does not
 * wait for it. */
bool patience_run(PatienceFunc func, gpointer job, GDestroyNotify free_job, gint64 usec);
