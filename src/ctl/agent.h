/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* agent.h: polkit's text agent, which asks for a password on our terminal while we wait for an answer. */

#include <sys/types.h>

/* Starts pkttyagent for this process and waits until it is registered; in a login session, an agent of the
 * desktop goes first. Returns 0 when there is no terminal to ask on or no agent to start: the call then goes
 * without one. */
pid_t agent_open(void);
/* Ends it and waits for its end, so that it leaves the terminal as it was. 0 does nothing. */
void agent_close(pid_t agent);
