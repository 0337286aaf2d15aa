/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* diff.h: how two configurations differ, component by component and field by field, for people and for
 * programs. */

#include "ctl/term.h"

#include "base/value.h"
#include "coach/override.h"

typedef enum DiffKind {
    DIFF_CHANGED,
    DIFF_ADDED,
    DIFF_REMOVED,
} DiffKind;

/* One component that differs. */
typedef struct DiffEntry {
    char *path;
    DiffKind kind;
    Value *whole;      /* the one that comes or goes; NULL for DIFF_CHANGED */
    GPtrArray *fields; /* of FieldDiff, for DIFF_CHANGED; empty else */
} DiffEntry;

/* An array of DiffEntry that frees its members. */
GPtrArray *diff_new(void);
/* Adds how a component differs (NULL: there is none): nothing where it does not. */
void diff_add(GPtrArray *diff, const char *path, Value *before, Value *after);
/* Adds one field, to the component that was added last if that is its. */
void diff_add_field(GPtrArray *diff, const char *path, const char *field, Value *before, Value *after);
/* How two configurations differ, each an array of Component; sorted by path. */
GPtrArray *diff_components(GPtrArray *before, GPtrArray *after);

/* What there is to read: for each component its fields, "old → new"; a line for one that comes or goes. With
 * `full` these are shown whole, and no value is cut short. */
void diff_append(GString *out, const Term *term, GPtrArray *diff, bool full);
/* "3 fields differ, 1 component is new." Free with g_free(). */
char *diff_summary(GPtrArray *diff);
/* [{path, field, before, after}]: field "" is the component as a whole, what is absent has no key. */
Value *diff_json(GPtrArray *diff);
