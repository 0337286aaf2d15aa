/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* update-arguments.h: what the methods that merge a release take: how to decide, and the release as a file
 * that the caller brings. */

#include "daemon/daemon.h"

typedef struct UpdateArguments {
    UpdateOptions update; /* its resolutions and its file are owned */
    const char *policy;
    int missing_fields, collisions, device_loss, only_clean; /* booleans of D-Bus */
    bool has_policy;
    int file; /* descriptor, of the message */
    bool has_file;
    const char *name; /* of the file; borrowed from the message */
    bool asked;  /* whether polkit was asked about the import already, since the file is large; then … */
    Actor actor; /* … who the caller is */
    GError *resolutions_error; /* what is wrong with the option "resolutions" */
} UpdateArguments;

void update_arguments_clear(UpdateArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpdateArguments, update_arguments_clear)

/* Rows for the table of options (options.h), of a pointer. */
#define UPDATE_OPTIONS_DECISIONS(arguments)                                                                 \
    {"policy", "s", &(arguments)->policy, &(arguments)->has_policy, NULL},                                  \
        {"allow-missing-fields", "b", &(arguments)->missing_fields, NULL, NULL},                            \
        {"allow-collisions", "b", &(arguments)->collisions, NULL, NULL},                                    \
    {                                                                                                       \
        "allow-device-loss", "b", &(arguments)->device_loss, NULL, NULL                                     \
    }
#define UPDATE_OPTION_ONLY_CLEAN(arguments)                                                                 \
    {                                                                                                       \
        "only-clean", "b", &(arguments)->only_clean, NULL, NULL                                             \
    }
#define UPDATE_OPTION_RESOLUTIONS(arguments)                                                                \
    {                                                                                                       \
        "resolutions", "a(sss)", (arguments), NULL, update_arguments_read_resolutions                       \
    }
#define UPDATE_OPTION_FILE(arguments)                                                                       \
    {                                                                                                       \
        "file", "h", &(arguments)->file, &(arguments)->has_file, NULL                                       \
    }
#define UPDATE_OPTION_NAME(arguments)                                                                       \
    {                                                                                                       \
        "name", "s", &(arguments)->name, NULL, NULL                                                         \
    }

/* Reads an a(sss) into the resolutions; `userdata` is an UpdateArguments. What is wrong with one of them is
 * in resolutions_error; returns a negative errno where the message is wrong. */
int update_arguments_read_resolutions(sd_bus_message *message, void *userdata);
/* When all is read: checks it. Returns a negative errno on error, with `error` set. */
int update_arguments_finish(Daemon *daemon, UpdateArguments *arguments, sd_bus_error *error);
/* Reads the file, where there is one. As files_read(): 1, 0 when the message comes again, or negative. A
 * large one is read only for those who may import it; they are not asked a second time, but for edits, which
 * take another action. */
int update_arguments_read_file(Daemon *daemon, sd_bus_message *message, UpdateArguments *arguments,
                               sd_bus_error *error);
