/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* hint.h: errors of the service and of the bus, what they mean to a person, and what to do about them. */

#include "ctl/ctl.h"

/* The row of the table for an error; never NULL. */
typedef struct Hint {
    const char *error; /* its name on the bus; one that ends in "." stands for all that begin so */
    ExitCode code;
    const char *sentence; /* translated; NULL: the service's own message says it best. One %s stands for that
                             message */
    const char *advice;   /* translated; NULL for none */
    /* Adds to the advice what takes looking things up; may be NULL. Given the message of the service. Free
     * the result with g_free(); NULL for nothing. */
    char *(*look_up)(Ctl *ctl, const char *message);
} Hint;

const Hint *hint_for(const char *error);
/* The advice for an error with this message of the service; NULL for none. */
const char *hint_advice(const Hint *hint, const char *message);
/* An error as a sentence, with the advice that took looking things up behind it. Free with g_free(). */
char *hint_sentences(Ctl *ctl, const sd_bus_error *error);
/* "Did you mean friendly_name?", for a field that the component does not have; NULL when it has it, or
 * nothing that is close. Free with g_free(). */
char *hint_field(const char *field, const Value *component);
