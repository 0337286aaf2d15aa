/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking back what a change did to one model. */
#include "base/error.h"
#include "base/json.h"
#include "service/touched.h"
#include "service/transition.h"
#include "service/undo.h"

/* What one row of the history says. */
typedef struct Step {
    char *path;
    char *field;
    Override *before, *after; /* NULL: no override */
    bool matches; /* the override is now as the change left it, or shall be undone all the same */
} Step;

typedef struct ModelUndo {
    Undo *undo;
    const char *model;
    const Release *release; /* NULL: the change did not bring other data of the vendor */
    ImportStatus *status;   /* NULL: not imported */
    GPtrArray *steps;       /* of Step */
    GHashTable *by_place;   /* "path\nfield" → Step */
    GHashTable *current;    /* path → array of Override: as it is */
    GHashTable *free;       /* the same, without what is undone */
    GHashTable *pinned;     /* path → array of Override: what comes back */
    VendorRevision *target; /* the vendor's data of before; NULL: none */
} ModelUndo;

static void step_free(Step *step)
{
    g_free(step->path);
    g_free(step->field);
    override_free(step->before);
    override_free(step->after);
    g_free(step);
}

static void model_undo_clear(ModelUndo *undo)
{
    import_status_free(undo->status);
    g_clear_pointer(&undo->by_place, g_hash_table_unref);
    g_clear_pointer(&undo->steps, g_ptr_array_unref);
    g_clear_pointer(&undo->current, g_hash_table_unref);
    g_clear_pointer(&undo->free, g_hash_table_unref);
    g_clear_pointer(&undo->pinned, g_hash_table_unref);
    vendor_revision_free(undo->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModelUndo, model_undo_clear)

static bool skip(ModelUndo *undo, const char *path, const char *field, GError **error)
{
    return undo_skip(undo->undo, undo->model, path, field, error);
}

/* Overrides */

static char *place_key(const char *path, const char *field)
{
    return g_strjoin("\n", path, field, NULL);
}

static bool load_steps(ModelUndo *undo, GError **error)
{
    GPtrArray *entries = undo->undo->history;

    undo->steps = g_ptr_array_new_with_free_func((GDestroyNotify) step_free);
    undo->by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < entries->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(entries, i);
        Step *step;

        if (!g_str_equal(entry->model ? entry->model : undo->undo->change->model, undo->model))
            continue;
        step = g_new0(Step, 1);
        g_ptr_array_add(undo->steps, step);
        step->path = g_strdup(entry->path);
        step->field = g_strdup(entry->field);
        g_hash_table_insert(undo->by_place, place_key(step->path, step->field), step);
        if (!touched_parse_override(entry->field, entry->override_before, &step->before, error) ||
            !touched_parse_override(entry->field, entry->override_after, &step->after, error))
            return false;
    }
    return true;
}

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

static GPtrArray *table_get(GHashTable *table, const char *path)
{
    GPtrArray *list = g_hash_table_lookup(table, path);

    if (!list) {
        list = override_list_new();
        g_hash_table_insert(table, g_strdup(path), list);
    }
    return list;
}

static bool same(const Override *a, const Override *b)
{
    return a && b ? override_same_wish(a, b) : a == b;
}

static const Step *find_step(const ModelUndo *undo, const char *path, const char *field)
{
    g_autofree char *key = place_key(path, field);

    return g_hash_table_lookup(undo->by_place, key);
}

/* Whether an override that is neither there because of this change nor because it is undone already lies
 * around or inside the place of a step. */
static bool is_in_the_way(const ModelUndo *undo, const Step *step, GPtrArray *overrides, bool undone)
{
    for (guint i = 0; i < overrides->len; i++) {
        const Override *other = g_ptr_array_index(overrides, i);
        const Step *own;

        if (!field_is_inside(other->field, step->field) && !field_is_inside(step->field, other->field))
            continue;
        own = find_step(undo, step->path, other->field);
        if (!own || !same(undone ? own->before : own->after, other))
            return true;
    }
    return false;
}

static void remove_related(GPtrArray *list, const char *field)
{
    for (guint i = list->len; i-- > 0;) {
        const Override *override = g_ptr_array_index(list, i);

        if (g_str_equal(override->field, field) || field_is_inside(override->field, field) ||
            field_is_inside(field, override->field))
            g_ptr_array_remove_index(list, i);
    }
}

/* Decides about one step: is it as the change left it? Steps that are undone already are left out. */
static bool take_step(ModelUndo *undo, Step *step, GError **error)
{
    GPtrArray *now = table_get(undo->current, step->path);
    const Override *override = override_list_find(now, step->field);

    if (same(override, step->before) && !same(override, step->after) &&
        !is_in_the_way(undo, step, now, true))
        return true;
    step->matches =
        undo->undo->force || (same(override, step->after) && !is_in_the_way(undo, step, now, false));
    if (!step->matches)
        return skip(undo, step->path, step->field, error);
    return true;
}

static void copy_current(ModelUndo *undo)
{
    GHashTableIter iter;
    gpointer path, overrides;

    undo->free = table_new();
    undo->pinned = table_new();
    g_hash_table_iter_init(&iter, undo->current);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        GPtrArray *list = table_get(undo->free, path);
        for (guint i = 0; i < ((GPtrArray *) overrides)->len; i++)
            g_ptr_array_add(list, override_copy(g_ptr_array_index((GPtrArray *) overrides, i)));
    }
}

static bool take_steps(ModelUndo *undo, GError **error)
{
    if (undo->status) {
        if (!store_list_overrides(undo->undo->service->store, undo->model, &undo->current, error))
            return false;
    } else {
        undo->current = table_new();
    }
    for (guint i = 0; i < undo->steps->len; i++)
        if (!take_step(undo, g_ptr_array_index(undo->steps, i), error))
            return false;

    copy_current(undo);
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);

        if (!step->matches)
            continue;
        remove_related(table_get(undo->free, step->path), step->field);
        if (step->before)
            g_ptr_array_add(table_get(undo->pinned, step->path), override_copy(step->before));
    }
    return true;
}

/* Edits: the vendor's data stay as they are */

/* Whether what comes back has a place: a field in a component of the vendor's that is still there, or a
 * component where the vendor has none by now. */
static bool has_place(const ModelUndo *undo, const Touched *touched, const Override *override)
{
    if (override->field[0])
        return touched->vendor != NULL;
    return undo->undo->force || override->op == OVERRIDE_UNSET || override->vendor || !touched->vendor;
}

static bool restore(ModelUndo *undo, Touched *touched, GPtrArray *list, GError **error)
{
    GPtrArray *pinned = table_get(undo->pinned, touched->path);

    for (guint i = 0; i < pinned->len; i++) {
        const Override *override = g_ptr_array_index(pinned, i);
        g_autoptr(Value) vendor = NULL;

        if (!has_place(undo, touched, override)) {
            if (!skip(undo, touched->path, override->field, error))
                return false;
            continue;
        }
        if (override->field[0])
            vendor = component_get_field(touched->path, touched->vendor, override->field);
        else
            vendor = touched->vendor ? value_ref(touched->vendor) : NULL;
        g_ptr_array_add(list, override_new(override->field, override->op, override->value, vendor));
    }
    return true;
}

static bool undo_component(ModelUndo *undo, const char *path, GPtrArray *touched, GHashTable *by_path,
                           GError **error)
{
    Touched *component;

    if (g_hash_table_contains(by_path, path))
        return true;
    component = touched_load(undo->undo->service, undo->status, path, error);
    if (!component)
        return false;
    g_ptr_array_add(touched, component);
    g_hash_table_insert(by_path, component->path, component);
    g_ptr_array_unref(component->new_overrides);
    component->new_overrides = g_ptr_array_ref(table_get(undo->free, path));
    if (!restore(undo, component, component->new_overrides, error))
        return false;
    touched_settle(component);
    return touched_check_size(component, error);
}

static bool undo_edits(ModelUndo *undo, GError **error)
{
    g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    ModelCache *cache = service_get_cache(undo->undo->service, undo->model, error);

    if (!cache)
        return false;
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);
        if (step->matches && !undo_component(undo, step->path, touched, by_path, error))
            return false;
    }
    if (!touched_check_paths(undo->undo->service, cache, touched, by_path, error))
        return false;

    undo->undo->plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    while (touched->len > 0) {
        Touched *component = g_ptr_array_steal_index(touched, 0);

        if (!touched_differs(component)) {
            touched_free(component);
            continue;
        }
        touched_add_history(undo->undo->plan, component, undo->undo->plan->kind);
        g_ptr_array_add(undo->undo->plan->components, component);
    }
    return true;
}

/* Releases: the vendor's data go back too */

static bool list_components(ModelUndo *undo, int64_t revision_id, GPtrArray **ret, GError **error)
{
    if (revision_id)
        return store_list_vendor_components(undo->undo->service->store, revision_id, ret, error);
    *ret = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    return true;
}

/* Names that the change changed go back. Not all that a file says were: an owner may have had the new name
 * already. */
static bool recorded_renames(const ModelUndo *undo, GHashTable **ret, GError **error)
{
    g_autoptr(GHashTable) renames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *text = undo->undo->change->detail;
    g_autoptr(Value) detail = NULL;

    if (text) {
        detail = json_parse(text, -1, &json_limits_stored, error);
        if (!detail)
            return false;
    }
    Value *of_model = value_map_get(value_map_get(detail, TRANSITION_RENAMES), undo->model);
    VALUE_FOREACH_ENTRY (path, old_path, of_model)
        if (value_is_string(old_path))
            g_hash_table_insert(renames, g_strdup(value_string(old_path)), g_strdup(path));
    *ret = g_steal_pointer(&renames);
    return true;
}

/* Past other releases, names go back and forth as the files say. */
static GHashTable *stated_renames(GPtrArray *base, GPtrArray *incoming)
{
    GHashTable *renames = merge_find_renames(base, incoming);
    g_autoptr(GHashTable) back = merge_find_renames(incoming, base);
    GHashTableIter iter;
    gpointer path, old_path;

    g_hash_table_iter_init(&iter, back);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        g_hash_table_insert(renames, g_strdup(old_path), g_strdup(path));
    return renames;
}

static bool find_renames(const ModelUndo *undo, GPtrArray *base, GPtrArray *incoming, GHashTable **ret,
                         GError **error)
{
    if (g_strcmp0(undo->status ? undo->status->content_hash : NULL, undo->release->content_hash) == 0)
        return recorded_renames(undo, ret, error);
    *ret = stated_renames(base, incoming);
    return true;
}

/* Where everything goes, edits that were made since are what stands against it. */
static bool check_removal(ModelUndo *undo, bool *ret_possible, GError **error)
{
    GHashTableIter iter;
    gpointer path, overrides;

    if (undo->target)
        return true;
    g_hash_table_iter_init(&iter, undo->free);
    while (g_hash_table_iter_next(&iter, &path, &overrides))
        for (guint i = 0; !undo->undo->force && i < ((GPtrArray *) overrides)->len; i++) {
            *ret_possible = false;
            if (!skip(undo, path, ((Override *) g_ptr_array_index((GPtrArray *) overrides, i))->field,
                      error))
                return false;
        }
    g_hash_table_remove_all(undo->free);
    return true;
}

/* Components that came with the release and were edited since stay as the owner's own. */
static bool skip_edited(ModelUndo *undo, const Merge *merge, GError **error)
{
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        if (item->class == MERGE_REMOVED_EDITED && !skip(undo, item->path, "", error))
            return false;
    }
    return true;
}

/* Whether an override that the change did not touch is still what it was then. */
static bool is_untouched(ModelUndo *undo, const char *path, const Override *override, bool *ret,
                         GError **error)
{
    g_autofree char *text = NULL;
    Override *then = NULL;
    bool found;

    if (!store_get_override_after(undo->undo->service->store, undo->model, path, override->field,
                                  undo->undo->change->id, &found, &text, error) ||
        !touched_parse_override(override->field, text, &then, error))
        return false;
    *ret = !found || same(then, override);
    override_free(then);
    return true;
}

/* A component that the owner had already when the vendor dropped the like of it, and that nobody touched
 * since, comes back as it is, as a whole. A merge would take it for edits of the vendor's. */
static bool pin_untouched(ModelUndo *undo, GPtrArray *base, GError **error)
{
    g_autoptr(GHashTable) vendors = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer path, overrides;

    for (guint i = 0; i < base->len; i++)
        g_hash_table_add(vendors, ((const Component *) g_ptr_array_index(base, i))->path);
    g_hash_table_iter_init(&iter, undo->free);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        const Override *whole = override_list_find(overrides, "");
        bool untouched;

        if (!whole || whole->op != OVERRIDE_SET || find_step(undo, path, "") ||
            g_hash_table_contains(vendors, path))
            continue;
        if (!is_untouched(undo, path, whole, &untouched, error))
            return false;
        if (!untouched)
            continue;
        g_ptr_array_add(table_get(undo->pinned, path), override_copy(whole));
        g_ptr_array_set_size(overrides, 0);
    }
    return true;
}

static bool undo_release(ModelUndo *undo, bool *ret_possible, GError **error)
{
    g_autoptr(GPtrArray) base = NULL, incoming = NULL;
    g_autoptr(GHashTable) renames = NULL;
    g_autoptr(Merge) merge = NULL;
    Passage *passage;

    if (!check_removal(undo, ret_possible, error))
        return false;
    if (!*ret_possible)
        return true;
    if (!list_components(undo, undo->status ? undo->status->revision_id : 0, &base, error) ||
        !list_components(undo, undo->target ? undo->target->id : 0, &incoming, error) ||
        !pin_untouched(undo, base, error) || !find_renames(undo, base, incoming, &renames, error))
        return false;
    const MergeInput input = {.base = base,
                              .incoming = incoming,
                              .overrides = undo->free,
                              .pinned = undo->pinned,
                              .renames = renames,
                              .allow = MERGE_ALLOW_ALL};
    merge = merge_plan(&input, error);
    if (!merge || (undo->target && !skip_edited(undo, merge, error)))
        return false;

    const Transition transition = {.from = undo->status,
                                   .base = base,
                                   .incoming = incoming,
                                   .overrides = undo->current,
                                   .merge = merge};
    passage = passage_new(undo->model);
    passage->to = g_steal_pointer(&undo->target);
    return plan_add_passage(undo->undo->service, undo->undo->plan, passage, &transition, error);
}

static bool load_target(ModelUndo *undo, GError **error)
{
    const char *hash = undo->release->base_hash;

    if (!hash)
        return true;
    if (!store_find_vendor_revision(undo->undo->service->store, undo->model, hash, &undo->target, error))
        return false;
    if (undo->target)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                "The vendor's data that change %" G_GINT64_FORMAT " went away from are not there any more",
                undo->undo->change->id);
    return false;
}

/* Whether the vendor's data have to go back. `*ret` is false where the change brought none, or they are as
 * before already. They cannot where another release came since. */
static bool needs_release(ModelUndo *undo, bool *ret, bool *ret_possible, GError **error)
{
    const char *now = undo->status ? undo->status->content_hash : NULL;

    *ret = undo->release != NULL;
    if (!undo->release)
        return true;
    if (g_strcmp0(now, undo->release->base_hash) == 0) {
        *ret = undo->undo->several;
        return !*ret || load_target(undo, error);
    }
    if (g_strcmp0(now, undo->release->content_hash) == 0 || undo->undo->force)
        return load_target(undo, error);
    *ret_possible = false;
    return skip(undo, "", "", error);
}

bool undo_model(Undo *whole, const char *model, const Release *release, bool *ret_possible, GError **error)
{
    g_auto(ModelUndo) undo = {.undo = whole, .model = model, .release = release};
    bool goes_back;

    *ret_possible = true;
    if (!store_get_import(whole->service->store, model, &undo.status, error) || !load_steps(&undo, error) ||
        !needs_release(&undo, &goes_back, ret_possible, error))
        return false;
    if (!*ret_possible || (!undo.status && !goes_back && undo.steps->len == 0))
        return true;
    if (!undo.status && !goes_back) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED,
                    "Model \"%s\" is not in the database any more; change %" G_GINT64_FORMAT
                    " was one of it",
                    model, whole->change->id);
        return false;
    }
    return take_steps(&undo, error) &&
           (goes_back ? undo_release(&undo, ret_possible, error) : undo_edits(&undo, error));
}
