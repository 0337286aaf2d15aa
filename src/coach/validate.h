/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* validate.h: what is wrong with a whole model: each component by the file's own rules, and what only shows
 * between components. */

#include "coach/coach-file.h"
#include "coach/rules.h"

/* Adds the problems of the effective components of one model (arrays of Component). A problem that the
 * vendor's data has too is a warning, one that came by an edit is an error. `rules` are the vendor's. */
void validate_model(const Rules *rules, GPtrArray *vendor, GPtrArray *effective, GPtrArray *problems);
