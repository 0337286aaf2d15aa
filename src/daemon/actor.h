/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* actor.h: who sent a message, by the word of the bus or of the kernel. */

#include "daemon/daemon.h"

void actor_clear(Actor *actor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Actor, actor_clear)

/* The caller of a method: on the bus as its daemon says, on a direct connection by the credentials of the
 * socket. Returns a negative errno on error. */
int actor_from_message(sd_bus_message *message, Actor *ret);
/* Only the user id, which is all that authorisation needs first. */
int actor_uid(sd_bus_message *message, uint32_t *ret);
