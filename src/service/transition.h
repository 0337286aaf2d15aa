/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* transition.h: the passage of models from one vendor revision to another, or from or to none, with their
 * overrides merged: what updates, restores, and the undo of them and of imports have in common. */

#include "service/service-private.h"

/* The passage of one model. */
typedef struct Passage {
    char *model;
    CoachFile *file; /* the content that is brought; NULL: `to`, or nothing */
    char *byte_hash; /* of the file */
    char *origin;    /* likewise */
    VendorRevision *to;

    char *version_from;    /* NULL: it was not imported */
    char *base_hash;       /* the same */
    GPtrArray *components; /* of Touched: those with overrides, before or after */
} Passage;

Passage *passage_new(const char *model);
void passage_free(Passage *passage);

/* Whether it leads to nothing: the model is imported no more. */
bool passage_removes(const Passage *passage);

/* What it is planned from. */
typedef struct Transition {
    const ImportStatus *from; /* NULL: not imported */
    GPtrArray *base;          /* of Component: what `from` has; may be empty */
    GPtrArray *incoming;      /* of Component, in the order of the file; may be empty */
    GHashTable *overrides;    /* path → array of Override: all that the model has now */
    const Merge *merge;
} Transition;

/* Adds a passage to what the plan does, with the rows of the history. Takes it over, also on failure. Sets
 * CORRUPT where the database contradicts itself. */
bool plan_add_passage(Service *service, Plan *plan, Passage *passage, const Transition *transition,
                      GError **error);
/* Makes the passages, and the settings, what the plan does. */
void plan_set_passages(Plan *plan);
