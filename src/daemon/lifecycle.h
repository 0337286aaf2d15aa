/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* lifecycle.h: leaving when nobody needs us, or when we are told to, without losing a request.
 *
 * The order of leaving: tell the service manager that we are stopping, so that it queues new starts instead
 * of taking us for running; stop taking connections, which then wait in the listening socket for the next
 * start; give up the bus name. The bus delivers all that was sent to us before its answer to that, so when
 * the answer is there and has been worked off, nothing is left; what comes later starts the service anew.
 * Open prompts are waited for, for a while. */

#include "daemon/daemon.h"

/* Something has happened: the idle time begins again. */
void lifecycle_touch(Daemon *daemon);
/* Sets up the idle timer, and SIGTERM and SIGINT. Returns a negative errno on error. */
int lifecycle_start(Daemon *daemon);
/* Begins to leave. Returns a negative errno on error. */
int lifecycle_leave(Daemon *daemon);
/* Goes on with leaving where nothing is left to be done. */
void lifecycle_check_drained(Daemon *daemon);
