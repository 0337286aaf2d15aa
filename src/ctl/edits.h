/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* edits.h: all that the owner changed within a scope: what a factory reset would drop. */

#include "ctl/ctl.h"

typedef struct Edits {
    GPtrArray *added;   /* paths of components of the owner's own */
    GPtrArray *deleted; /* paths of the vendor's that the owner deleted */
    Value *fields;      /* path → list of the fields that the owner set or removed */
} Edits;

void edits_clear(Edits *edits);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edits, edits_clear)

/* Whether a path is the scope or lies within it; "" is everything. */
bool edits_is_within(const char *path, const char *scope);

/* Adds what Explain says of one component; nothing where it has no edit. */
void edits_add(Edits *edits, const Value *explanation);
bool edits_are_none(const Edits *edits);
/* In groups, with counts. With `full` all are named, else the first of many. */
void edits_append(GString *out, const Term *term, const Edits *edits, bool full);

/* Sets ctl->path to the scope that is meant by `word`: "", a section, or a component as paths_resolve()
 * finds it. Finds the edits in it. Returns 0, or the code to exit with, all said. */
int edits_fetch(Ctl *ctl, const char *word, Edits *ret);
