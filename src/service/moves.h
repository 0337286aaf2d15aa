/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* moves.h: the names that a release changed, of components and of bindings, as the detail of its change has
 * them. Edits follow them; so does their undo. */

#include "service/service-private.h"

typedef struct Moves {
    GHashTable *to_old; /* path, or "path\nbinding" → the same as it was called before */
    GHashTable *to_new;
} Moves;

/* Says in the detail of a plan what a merge moved of a model. */
void plan_describe_moves(Plan *plan, const char *model, const Merge *merge);
/* What the detail of a change says of a model; NULL detail: nothing. */
Moves *moves_parse(const char *detail, const char *model);
void moves_free(Moves *moves);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Moves, moves_free)
/* Whether a place had another name before, or has one since. Free the results with g_free(). */
bool moves_find_old(const Moves *moves, const char *path, const char *field, char **ret_path,
                    char **ret_field);
bool moves_find_new(const Moves *moves, const char *path, const char *field, char **ret_path,
                    char **ret_field);
/* The renames of components alone, new path → old path; or back, old path → new path. A new table. */
GHashTable *moves_renames(const Moves *moves, bool back);

/* The keys in the detail: model → new path → old path; model → new path → new binding → old binding. */
#define MOVES_RENAMES "renames"
#define MOVES_BINDINGS "moved"
