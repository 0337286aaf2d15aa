/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* lifecycle.h: leaving when nobody needs us, or when we are told to, without losing a request.
 *
 * The order of leaving: tell the service manager that we are stopping, so that it queues new starts instead
 * of taking us for running; stop taking connections, which then wait in the listening socket for the next
 * start; finish what is open, waiting for prompts for a while, while we still have the name that signals are
 * known by; give up the bus name. The bus delivers all that was sent to us before its answer to that, so
 * when the answer is there and has been worked off, nothing is left; what comes later starts the service
 * anew. */

#include "daemon/daemon.h"

/* Something has happened: the idle time begins again. */
void lifecycle_touch(Daemon *daemon);
/* Sets up the idle timer, and SIGTERM and SIGINT. Returns a negative errno on error. */
int lifecycle_start(Daemon *daemon);
/* Begins to leave. Returns a negative errno on error. */
int lifecycle_leave(Daemon *daemon);
/* A piece of work that was open is done: the idle time begins again, and leaving may go on. */
void lifecycle_work_done(Daemon *daemon);
