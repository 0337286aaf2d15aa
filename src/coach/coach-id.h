/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach-id.h: which model a file is of, where nobody says. */

#include "coach/coach-file.h"

/* The ending that the name of a coach file has, .yml, .yaml or .json in any case; NULL: it has none. Points
 * into `name`. */
const char *coach_name_ending(const char *name);

/* The id of the model: what `name`, a path or NULL, calls the file, without its folder and its ending, else
 * year, make, model and trim, joined by "_". Blanks become "_", and what no id has is left out; "" where
 * nothing is left. A name with another ending says nothing. Free with g_free(). */
char *coach_id_new(const CoachFile *file, const char *name);
