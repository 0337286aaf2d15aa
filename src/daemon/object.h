/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* object.h: the object /org/coachiq/Config1 on a connection: its interface as a table, its properties and
 * its signals. */

#include "daemon/daemon.h"

/* Puts the object on a connection. Returns a negative errno on error. */
int object_add(Daemon *daemon, sd_bus *bus);
/* Sends what the service tells (ServiceObserver) to the bus and to all peers. `userdata` is the Daemon. */
void object_on_event(const ServiceEvent *event, void *userdata);
