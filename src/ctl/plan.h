/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* plan.h: what a person who edited a text wants of the service, and how that is shown first. */

#include "ctl/diff.h"

typedef struct Plan {
    Value *edits;       /* rows (op, path, field, value) as ApplyEdits takes them */
    GPtrArray *diff;    /* what they do (diff.h) */
    GPtrArray *deleted; /* paths of components that go; owned texts */
} Plan;

void plan_init(Plan *plan);
void plan_clear(Plan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

/* Adds one edit; `value` is NULL where the operation has none. */
void plan_add(Plan *plan, const char *op, const char *path, const char *field, const Value *value);
/* Adds what makes `after` of a component that is `before`: nothing where that is the same. */
void plan_put(Plan *plan, const char *path, Value *before, Value *after);
/* Adds that a component goes. */
void plan_delete(Plan *plan, const char *path, Value *before);
bool plan_is_empty(const Plan *plan);
