/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* options.h: the a{sv} at the end of a call, read by a table. */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/* One option. A name may stand there with several types. */
typedef struct Option {
    const char *name;
    const char *type; /* D-Bus type: "b" (int), "y" (uint8_t), "u" (uint32_t), "t" (uint64_t), "s" (const
                         char *, borrowed from the message), or any that `read` reads */
    void *target;     /* where the value goes */
    bool *given;      /* set to true when it is there; may be NULL */
    int (*read)(sd_bus_message *message, void *target); /* for types that are not basic, else NULL */
} Option;

/* Reads the options. An unknown key, a wrong type or a key given twice is InvalidArgs. Returns a negative
 * errno on error, with `error` set. */
int options_read(sd_bus_message *message, const Option *options, size_t n_options, sd_bus_error *error);
