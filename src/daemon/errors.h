/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* errors.h: the one table that turns our errors into names on the bus. */

#include "daemon/daemon.h"

/* Sets the bus error from ours and tells the service, so that trouble with the storage shows in Health.
 * Frees `error` when it is done. Returns a negative errno for a handler to return. */
int errors_set(Daemon *daemon, GError **error, sd_bus_error *bus_error);
