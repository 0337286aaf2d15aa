/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan.c: collecting edits. */

#include "ctl/plan.h"

#include "base/json.h"

void plan_init(Plan *plan)
{
    *plan = (Plan){
        .edits = value_new_list(),
        .diff = diff_new(),
        .deleted = g_ptr_array_new_with_free_func(g_free),
    };
}

void plan_clear(Plan *plan)
{
    g_clear_pointer(&plan->edits, value_unref);
    g_clear_pointer(&plan->diff, g_ptr_array_unref);
    g_clear_pointer(&plan->deleted, g_ptr_array_unref);
}

void plan_add(Plan *plan, const char *op, const char *path, const char *field, const Value *value)
{
    g_autofree char *json = value ? json_format(value) : g_strdup("");
    const char *const texts[] = {op, path, field, json};
    Value *row = value_new_list();

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        value_list_take(&row, value_new_string(texts[i]));
    value_list_take(&plan->edits, row);
}

void plan_put(Plan *plan, const char *path, Value *before, Value *after)
{
    unsigned n = plan->diff->len;

    diff_add(plan->diff, path, before, after);
    if (plan->diff->len > n)
        plan_add(plan, "put", path, "", after);
}

void plan_delete(Plan *plan, const char *path, Value *before)
{
    diff_add(plan->diff, path, before, NULL);
    plan_add(plan, "delete", path, "", NULL);
    g_ptr_array_add(plan->deleted, g_strdup(path));
}

bool plan_is_empty(const Plan *plan)
{
    return value_length(plan->edits) == 0;
}
