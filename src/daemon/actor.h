/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* actor.h: who sent a message, by the word of the bus or of the kernel. */

#include "daemon/daemon.h"

void actor_clear(Actor *actor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Actor, actor_clear)

/* The caller of a method: on the bus as its daemon says, on a direct connection by the credentials of the
 * socket. On the bus this waits for an answer of its daemon. Returns a negative errno on error. */
int actor_from_message(sd_bus_message *message, Actor *ret);
/* The same where the ids are known. */
void actor_fill(Actor *actor, uint32_t uid, int32_t pid);
