/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* difference.h: what lies between two contents of one coach: how far they are from each other, and which
 * edits make one of the other. Contents are arrays of Component. Pure. */

#include "coach/coach-file.h"
#include "coach/override.h"

typedef struct CoachDistance {
    size_t fields;    /* that either has; a list is one field, an empty map too */
    size_t different; /* that are not the same in both, or that only one has */
} CoachDistance;

CoachDistance coach_distance(GPtrArray *a, GPtrArray *b);

/* Whether one may be an edited copy of the other: at most a third of the fields differ, and at most 5,000.
 *
 * An owner changes names, adds and removes some devices; a release is a new edition of most of the file. In
 * the smallest real file an owner who renames every device and moves each to another area changes a fifth of
 * the fields; from one real release to the next at least half of them changed. What is taken for a copy
 * wrongly costs a review: what the vendor changed stands there as the owner's edit, and an update shows it
 * as a conflict. What wrongly is not taken for one costs the owner's edits at the next update, which takes
 * them for the vendor's. */
bool coach_distance_is_near(CoachDistance distance);

/* The edits that make `wanted` of `vendor`, exactly the fields that differ: path → array of Override with
 * the values of `vendor`, without authors. Laying them upon `vendor` gives `wanted`. A component with more
 * fields than can be edited is one edit of the whole. Sets CONFIG_ERROR_INVALID_DATA for components that are
 * malformed, which those of a coach file are not. */
GHashTable *coach_difference(GPtrArray *vendor, GPtrArray *wanted, GError **error);
