/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* job.h: work that takes long, in a thread beside the loop, so that everybody else is served meanwhile.
 * There is one at a time. The daemon does not leave while it runs. */

#include "daemon/daemon.h"

/* In the thread: must not touch anything that the daemon shares. */
typedef void (*JobWork)(void *data);
/* In the loop, afterwards; frees the data. */
typedef void (*JobDone)(Daemon *daemon, void *data);

/* Starts it. Returns a negative errno on error, -EBUSY while another one runs; then `data` stays the
 * caller's. */
int job_start(Daemon *daemon, JobWork work, JobDone done, void *data);
bool job_is_running(const Daemon *daemon);
