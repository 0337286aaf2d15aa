/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* merge-private.h: what the files of the planner share. */

#include "coach/merge.h"

/* A plan in the making. */
typedef struct Merger {
    const MergeInput *input;
    Rules *rules;             /* of incoming */
    GHashTable *base;         /* path → data, borrowed from the input */
    GHashTable *incoming;     /* the same */
    GHashTable *renames;      /* new path → old path */
    GHashTable *renamed_away; /* set of the old paths; borrowed */
    GHashTable *resolutions;  /* "path\nfield" → MergeResolution, borrowed; those not used yet */
    Merge *merge;
} Merger;

/* Adds an item; the values may be NULL. Borrowed. */
MergeItem *merger_add_item(Merger *merger, const char *path, const char *field, MergeClass class,
                           Value *base, Value *mine, Value *vendor);
/* The resolution of an item, which counts as used then; NULL when there is none. */
const MergeResolution *merger_take_resolution(Merger *merger, const char *path, const char *field);
/* The overrides of a path in one of the tables of the input; NULL when there are none. Borrowed. */
GPtrArray *merger_overrides(GHashTable *table, const char *path);

/* Merges one component (merge-component.c). `old_path` is where base has it. */
bool merge_component(Merger *merger, const char *path, const char *old_path, GError **error);

/* Where the binding called `key` went, in the "bindings" of a keyed device: when it is the only one of its
 * DGN that went and there is only one of that DGN that came. Borrowed; NULL where that cannot be told. */
const char *merge_find_moved_binding(Value *old_bindings, Value *new_bindings, const char *key);

/* Adds what blocks the plan as a whole (merge-checks.c). */
void merge_check_collisions(Merger *merger);
void merge_check_sections(Merger *merger);
void merge_check_devices(Merger *merger);
