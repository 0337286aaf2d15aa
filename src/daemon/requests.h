/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* requests.h: requests that have to wait for something, and are dispatched again when it is there: who sent
 * them, without waiting for the answer of the bus, and whether they still care. */

#include "daemon/daemon.h"

/* The unique name of a caller on the bus; NULL for a peer. A peer writes the header of its messages itself:
 * only the bus vouches for the sender that stands in it. */
const char *request_sender(const Daemon *daemon, sd_bus_message *request);

/* Asks the bus who sent a request. Not for those of peers, of whom the kernel has told already
 * (actor_from_message()). Returns a negative errno on error. */
int request_ask_credentials(Daemon *daemon, sd_bus_message *request, sd_bus_slot **ret_slot,
                            sd_bus_message_handler_t handler, void *userdata);
/* What the answer says; uid UINT32_MAX and pid 0 where it does not. Not for an error. */
void request_read_credentials(sd_bus_message *reply, uint32_t *ret_uid, int32_t *ret_pid);

/* Gives a request back to its handler, which runs from its start. Where that fails the caller is told, and a
 * negative errno returned. */
int request_dispatch_again(sd_bus_message *request);

/* Watches the bus for callers that leave: what waits for them is dropped. Returns a negative errno on error.
 */
int requests_start(Daemon *daemon);
/* Drops all that waits for a connection that is closing. */
void requests_drop_connection(Daemon *daemon, sd_bus *connection);
