/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking edits back, upon the vendor's data as they are. */
#include "base/error.h"
#include "service/touched.h"
#include "service/undo.h"

/* One component with the steps to be taken back in it. */
typedef struct Work {
    ModelUndo *undo;
    Touched *touched;
    GPtrArray *steps; /* of Step, borrowed */
    GPtrArray *list;  /* of Override: what it shall have; owned by `touched` */
    unsigned n_folded;
} Work;

/* What somebody set as a whole around a place; NULL: nothing. */
static const Override *find_around(const Work *work, const Step *step)
{
    const Override *around = override_list_find_around(work->list, step->field_now);

    return around && around->op == OVERRIDE_SET ? around : NULL;
}

/* Whether what comes back has a place: a field in a component that is still there, or a component where the
 * vendor has none by now. */
static bool has_place(const Work *work, const Step *step)
{
    const Override *before = step->before;
    Value *vendor = work->touched->vendor;

    if (!before)
        return true;
    if (step->field_now[0])
        return vendor || find_around(work, step);
    return work->undo->undo->force || before->op == OVERRIDE_UNSET || before->vendor || !vendor;
}

static bool drop_steps_without_place(Work *work, GError **error)
{
    for (guint i = work->steps->len; i-- > 0;) {
        Step *step = g_ptr_array_index(work->steps, i);

        if (has_place(work, step))
            continue;
        step->state = STEP_CHANGED;
        g_ptr_array_remove_index(work->steps, i);
        if (!undo_skip(work->undo->undo, work->undo->model, step->path_now, step->field_now, error))
            return false;
    }
    return true;
}

/* What the change made, what lies inside it by now, and what took it away since. */
static void take_away(Work *work, const Step *step)
{
    for (guint i = work->list->len; i-- > 0;) {
        const Override *override = g_ptr_array_index(work->list, i);

        if (g_str_equal(override->field, step->field_now) ||
            field_is_inside(override->field, step->field_now) ||
            (field_is_inside(step->field_now, override->field) && override->op == OVERRIDE_UNSET))
            g_ptr_array_remove_index(work->list, i);
    }
}

/* What comes back knows what the vendor has there now; one's own component that he dropped, what he had. */
static Override *renew(const Work *work, const Step *step)
{
    const Override *before = step->before;
    Value *component = work->touched->vendor;
    g_autoptr(Value) vendor = NULL;
    Override *back;

    if (step->field_now[0])
        vendor = component_get_field(work->touched->path, component, step->field_now);
    else if (component || before->vendor)
        vendor = value_ref(component ? component : before->vendor);
    back = override_new(step->field_now, before->op, before->value, vendor);
    if (before->edits && !component)
        back->edits = value_ref(before->edits);
    override_set_author(back, before->author);
    return back;
}

/* The vendor's value at a field: of now, or of when he still had the component. */
static Value *vendor_value(const Work *work, const Override *around, const char *field)
{
    Value *component = work->touched->vendor;

    if (!component && !around->field[0])
        component = around->vendor;
    return component ? component_get_field(work->touched->path, component, field) : NULL;
}

/* Inside what somebody replaced since as a whole, which only force lets happen, it is an edit of that. */
static bool fold(Work *work, const Step *step, const Override *around, GError **error)
{
    const char *path = work->touched->path;
    g_autoptr(Value) value = NULL;
    GError *local = NULL;
    GPtrArray *next;

    if (++work->n_folded > EDITS_PER_COMPONENT_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "%s: more than %d fields lie inside what was set as a whole since", path,
                    EDITS_PER_COMPONENT_MAX);
        return false;
    }
    if (!step->before)
        value = vendor_value(work, around, step->field_now);
    else if (step->before->value)
        value = value_ref(step->before->value);
    next = override_record(path, work->touched->vendor, work->list, step->field_now, value, &local);
    if (!next && g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD)) {
        /* Nothing is there, as it shall be. */
        g_error_free(local);
        return true;
    }
    if (!next) {
        g_propagate_error(error, local);
        return false;
    }
    g_ptr_array_unref(work->list);
    work->list = work->touched->new_overrides = next;
    return true;
}

/* First inside what is there, before others are. */
static bool bring_back(Work *work, GError **error)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();

    for (guint i = 0; i < work->steps->len; i++) {
        Step *step = g_ptr_array_index(work->steps, i);
        const Override *around = find_around(work, step);

        if (!around)
            g_ptr_array_add(rest, step);
        else if (!fold(work, step, around, error))
            return false;
    }
    for (guint i = 0; i < rest->len; i++) {
        const Step *step = g_ptr_array_index(rest, i);
        if (step->before)
            g_ptr_array_add(work->list, renew(work, step));
    }
    return true;
}

static bool check(Work *work, ModelCache *cache, GError **error)
{
    Service *service = work->undo->undo->service;
    g_autoptr(GPtrArray) no_fields = g_ptr_array_new();
    const Touched *touched = work->touched;
    const Rules *rules = model_cache_rules(cache, service->store, error);

    /* It was allowed once to be as it was; but by other rules, maybe. */
    if (rules && touched_check_size(touched, error) &&
        rules_check_edit(rules, touched->path, touched->vendor, touched->before, touched->after, no_fields,
                         true, error))
        return true;
    g_prefix_error(error, "Change %" G_GINT64_FORMAT " cannot be undone: ", work->undo->undo->change->id);
    return false;
}

static bool undo_component(Work *work, ModelCache *cache, GError **error)
{
    Touched *touched = work->touched;

    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = work->list = override_list_new();
    for (guint i = 0; i < touched->overrides->len; i++)
        g_ptr_array_add(work->list, override_copy(g_ptr_array_index(touched->overrides, i)));

    if (!drop_steps_without_place(work, error))
        return false;
    for (guint i = 0; i < work->steps->len; i++)
        take_away(work, g_ptr_array_index(work->steps, i));
    if (!bring_back(work, error))
        return false;
    touched_settle(touched);
    return check(work, cache, error);
}

/* path → array of the Steps to be taken back there. */
static GHashTable *steps_by_path(const ModelUndo *undo)
{
    GHashTable *by_path =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        GPtrArray *steps = g_hash_table_lookup(by_path, step->path_now);

        if (step->state != STEP_MATCHES)
            continue;
        if (!steps) {
            steps = g_ptr_array_new();
            g_hash_table_insert(by_path, step->path_now, steps);
        }
        g_ptr_array_add(steps, step);
    }
    return by_path;
}

static bool undo_all(ModelUndo *undo, ModelCache *cache, GPtrArray *touched, GHashTable *by_path,
                     GError **error)
{
    g_autoptr(GHashTable) steps = steps_by_path(undo);

    /* In the order of the steps, for a history that reads like that of the change. */
    for (guint i = 0; i < undo->steps->len; i++) {
        const char *path = ((const Step *) g_ptr_array_index(undo->steps, i))->path_now;
        Work work = {.undo = undo, .steps = g_hash_table_lookup(steps, path)};

        if (!work.steps || g_hash_table_contains(by_path, path))
            continue;
        work.touched = touched_load(undo->undo->service, undo->status, path, error);
        if (!work.touched)
            return false;
        g_ptr_array_add(touched, work.touched);
        g_hash_table_insert(by_path, work.touched->path, work.touched);
        if (!undo_component(&work, cache, error))
            return false;
    }
    return true;
}

bool undo_edits(ModelUndo *undo, GError **error)
{
    g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    ModelCache *cache = service_get_cache(undo->undo->service, undo->model, error);
    Plan *plan = undo->undo->plan;

    if (!cache || !undo_all(undo, cache, touched, by_path, error) ||
        !touched_check_paths(undo->undo->service, cache, touched, by_path, error))
        return false;

    plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    while (touched->len > 0) {
        Touched *component = g_ptr_array_steal_index(touched, 0);

        if (!touched_differs(component)) {
            touched_free(component);
            continue;
        }
        touched_add_history(plan, component, plan->kind);
        g_ptr_array_add(plan->components, component);
    }
    return true;
}
