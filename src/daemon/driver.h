/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* driver.h: on direct connections, the few calls that clients made for a bus daemon begin with, so that
 * busctl and gdbus can be pointed at our socket too. There is no bus behind it: one caller, one service, all
 * signals to everybody. */

#include <systemd/sd-bus.h>

/* Adds org.freedesktop.DBus to a direct connection. Returns a negative errno on error. */
int driver_add(sd_bus *bus);
