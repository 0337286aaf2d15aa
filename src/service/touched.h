/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* touched.h: one component while a plan lays other overrides upon it: what it was and what it becomes, its
 * rows in the history, its writing. */

#include "service/service-private.h"

typedef struct Touched {
    char *model;
    char *path;
    Value *vendor;                /* what the overrides will lie upon; NULL: the vendor has none */
    GPtrArray *overrides;         /* before */
    GPtrArray *new_overrides;     /* so far */
    Value *before;                /* effective, NULL: none */
    Value *after;                 /* effective in the end */
    char *data;                   /* its text, NULL: none */
    Mapping *row;                 /* the active row, NULL: none; with the position that it shall have */
    bool moves;                   /* comes to stand elsewhere, in another row */
    GPtrArray *fields;            /* fields that the caller named */
    guint n_edits;                /* in this call */
    guint first_entry, n_entries; /* its rows in the plan's history */
} Touched;

/* One of which only the path is known. */
Touched *touched_new(const char *model, const char *path);
/* One as the database has it. Sets CORRUPT where its row is not what vendor and overrides say. */
Touched *touched_load(Service *service, const ImportStatus *status, const char *path, GError **error);
void touched_free(Touched *touched);
/* Whether its overrides become others. */
bool touched_differs(const Touched *touched);
/* Makes the effective component of the overrides. */
void touched_settle(Touched *touched);

/* Whether the components that come to be, or are empty no longer, can be where they are: a section is either
 * one component or divided. `by_path` has all of `touched`. Sets INVALID_DATA, TOO_LARGE. */
bool touched_check_paths(Service *service, ModelCache *cache, GPtrArray *touched, GHashTable *by_path,
                         GError **error);
/* Many small edits must not add up to a component that nobody can carry. A vendor's that is larger may stay
 * as large as it is. Sets TOO_LARGE. */
bool touched_check_size(const Touched *touched, GError **error);
/* A change of edits is never torn apart when its history is read, so that it may not be larger than an
 * answer. Sets TOO_LARGE. */
bool touched_check_history(const Plan *plan, GError **error);

/* Adds a row to the plan's history for each override that becomes another one. `kind` NULL: each row says
 * what it did. */
void touched_add_history(Plan *plan, Touched *touched, const char *kind);
/* An override as the history has it; `*ret` is NULL where the text is. Sets CORRUPT. */
bool touched_parse_override(const char *field, const char *text, Override **ret, GError **error);

/* The source of components that come from files of an origin. */
const char *origin_source(const char *origin);
/* Writes row, overrides and the ids of the history rows. `origin` and `version` are those of the vendor's
 * file. */
bool touched_write(Service *service, Plan *plan, const char *origin, const char *version, Touched *touched,
                   const Change *change, GError **error);

/* Makes plan->components, whose history is there, what the plan writes and announces as changed. */
void plan_set_touched(Plan *plan);
