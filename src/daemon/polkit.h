/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* polkit.h: may this caller do this? Asked without blocking.
 *
 * The contract between a handler and polkit_authorize():
 *
 *  - The handler calls it after it has read, checked and planned everything, and before it changes anything.
 *  - 1: go on, now; `ret_actor` says who the caller is.
 *  - 0: polkit is being asked. The handler returns 1 to sd-bus and leaves nothing behind: the same message
 * is dispatched again when the answer is there. The handler then runs from its start, so that everything is
 * checked again against the state as it is by then, and this function gives the answer. An answer counts
 *    only for the action, model and subject that were asked about; if the plan has become another one,
 * polkit is asked again.
 *  - negative: refused or failed, `error` is set; the handler returns it.
 *
 * The check is dropped, and the prompt with it, when the caller leaves. A caller is asked about
 * interactively only when its message allows it. Root is not asked about: polkit would say yes, and root has
 * to get in when polkit is missing. */

#include "daemon/daemon.h"

/* Prompts that one user can have open at the same time. */
#define POLKIT_PROMPTS_MAX 8
/* Requests of one user that wait for an answer, prompts or not. */
#define POLKIT_CHECKS_PER_USER_MAX 128
/* Requests of callers of whom the bus has not told yet who they are. */
#define POLKIT_UNKNOWN_MAX 512

#define POLKIT_ACTION(name) "org.coachiq.config1." name

int polkit_authorize(Daemon *daemon, sd_bus_message *message, const char *action, const char *model,
                     const char *subject, Actor *ret_actor, sd_bus_error *error);

/* Call this for every method call before it is dispatched: forgets answers that a handler did not come to
 * fetch, because by then it had another reason to fail. */
void polkit_before_dispatch(Daemon *daemon, sd_bus_message *message);
/* Whether a question is open, or its answer not yet fetched. */
bool polkit_is_busy(const Daemon *daemon);
/* Whether a message waits for an answer, or for its handler to fetch it. */
bool polkit_waits_for(Daemon *daemon, sd_bus_message *message);
/* Drops all checks of a caller that has left the bus. */
void polkit_drop_caller(Daemon *daemon, const char *name);
/* Drops all checks of a connection that is closing. */
void polkit_drop_connection(Daemon *daemon, sd_bus *connection);
/* Answers callers that still wait with an error, since the daemon is leaving: those whom a person has to say
 * yes for, or all. */
void polkit_abandon(Daemon *daemon, bool prompts_only);
