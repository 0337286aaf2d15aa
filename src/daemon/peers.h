/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* peers.h: callers that connect to our own socket and speak D-Bus with us directly, without a bus daemon:
 * early in the boot, or for the shortest way. */

#include "daemon/daemon.h"

/* Connections at the same time, in all and of one user. */
#define PEERS_MAX 128
#define PEERS_PER_USER_MAX 32

/* Takes the sockets that the service manager passed. Returns their number or a negative errno. */
int peers_listen(Daemon *daemon);
/* Stops taking connections; those that come wait for the next start. */
void peers_stop_listening(Daemon *daemon);
unsigned peers_count(const Daemon *daemon);
/* Answers what the peers have sent so far and sends the replies on their way. */
void peers_drain(Daemon *daemon);
/* Calls a function for each connection with its bus. */
void peers_foreach(Daemon *daemon, void (*function)(sd_bus *bus, void *userdata), void *userdata);
void peers_free(Daemon *daemon);
