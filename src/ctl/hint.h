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
    /* Adds to the advice what takes looking things up; may be NULL. Free the result with g_free(); NULL for
     * nothing. */
    char *(*look_up)(Ctl *ctl);
} Hint;

const Hint *hint_for(const char *error);
