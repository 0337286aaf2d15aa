/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* transition.h: the passage of a model from one vendor revision to another, or from or to none, with its
 * overrides merged: what an update, and the undo of one or of an import, have in common. */

#include "service/service-private.h"

typedef struct Transition {
    const ImportStatus *from; /* NULL: not imported */
    GPtrArray *base;          /* of Component: what `from` has; may be empty */
    GPtrArray *incoming;      /* of Component, in the order of the file; may be empty */
    GHashTable *overrides;    /* path → array of Override: all that the model has now */
    const Merge *merge;
} Transition;

/* In the detail of the change: which names it changed, new path → old path. */
#define TRANSITION_RENAMES "renames"

/* Makes the passage what the plan does. Where to is in plan->file or plan->revision_to; both NULL: to
 * nothing. Sets CORRUPT where the database contradicts itself. */
bool plan_set_transition(Service *service, Plan *plan, const Transition *transition, GError **error);
