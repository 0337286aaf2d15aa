/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* job.h: work that takes long, in a thread beside the loop, so that everybody else is served meanwhile. */

#include "daemon/daemon.h"

typedef struct JobType {
    /* In the thread: must not touch anything that the daemon shares. */
    void (*work)(void *data);
    /* In the loop, afterwards; frees the data. */
    void (*done)(Daemon *daemon, void *data);
    unsigned at_once; /* how many of these run at the same time */
    bool can_be_left; /* the daemon may leave while it runs; else it does not */
} JobType;

/* Starts one. Returns a negative errno on error, -EBUSY while as many of its type run as may; then `data`
 * stays the caller's. */
int job_start(Daemon *daemon, const JobType *type, void *data);
/* Whether one runs that the daemon has to wait for. */
bool job_is_running(const Daemon *daemon);
/* The daemon is about to end: threads that still run are not listened to any more. What they use is left to
 * them. */
void jobs_leave(Daemon *daemon);
