/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Importing a file of edits: the wishes of another owner, or of oneself on another day, are laid over what
 * the coach has. Where both want something, the file wins. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/text.h"
#include "coach/merge.h"
#include "service/touched.h"

/* The paths of a table, sorted; borrowed. */
static GPtrArray *sorted_paths(GHashTable *overrides)
{
    GPtrArray *paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, overrides);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_ptr_array_add(paths, path);
    g_ptr_array_sort(paths, text_compare_elements);
    return paths;
}

/* Names */

/* What the owner alone has keeps its name. */
static bool is_own(GPtrArray *wishes)
{
    const Override *whole = override_list_find(wishes, "");

    return whole && whole->op == OVERRIDE_SET && !whole->vendor;
}

/* Edits of an older release may be of what has another name by now: old path → new path. Not where the file
 * has edits of that too. */
static GHashTable *find_new_names(GPtrArray *components, const EditsFile *edits, GPtrArray *paths)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) edited = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(GHashTable) renames = NULL;
    GHashTableIter iter;
    gpointer path, old_path;

    for (guint i = 0; i < paths->len; i++)
        g_ptr_array_add(edited, component_new(g_ptr_array_index(paths, i), NULL));
    renames = merge_find_renames(edited, components);
    g_hash_table_iter_init(&iter, renames);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        if (!is_own(g_hash_table_lookup(edits->overrides, old_path)))
            g_hash_table_insert(names, g_strdup(old_path), g_strdup(path));
    return names;
}

/* One component */

/* An edit inside something that the owner replaced as a whole, or of such a thing. */
static bool fold(Touched *touched, const Override *wish, GError **error)
{
    GPtrArray *next = override_record(touched->path, touched->vendor, touched->new_overrides, wish->field,
                                      wish->value, error);

    if (!next)
        return false;
    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = next;
    return true;
}

/* The wish as it is here: beside what this coach's vendor has. */
static Override *adopt(const Touched *touched, const Override *wish)
{
    g_autoptr(Value) vendor = NULL;
    Override *override;

    if (!wish->field[0])
        vendor = touched->vendor ? value_ref(touched->vendor) : NULL;
    else if (touched->vendor)
        vendor = component_get_field(touched->path, touched->vendor, wish->field);
    override = override_new(wish->field, wish->op, wish->value, vendor);
    /* What the vendor dropped, with the edits that were in it, for when he brings it back. */
    if (wish->edits && !touched->vendor) {
        override->edits = value_ref(wish->edits);
        g_clear_pointer(&override->vendor, value_unref);
        override->vendor = wish->vendor ? value_ref(wish->vendor) : NULL;
    }
    return override;
}

/* Whether a wish takes the place of an override: at its field or inside it, of a field of the device also
 * what a binding has there, and a deletion all around it. */
static bool takes_place_of(const char *path, const Override *wish, const Override *override)
{
    const char *at_binding =
        field_at_binding(path, wish->field) ? NULL : field_at_binding(path, override->field);

    if (g_str_equal(override->field, wish->field) || field_is_inside(override->field, wish->field) ||
        (!override->field[0] && override->op == OVERRIDE_UNSET))
        return true;
    return at_binding && (g_str_equal(at_binding, wish->field) || field_is_inside(at_binding, wish->field));
}

/* The list without what a wish takes the place of. */
static GPtrArray *make_way(const Touched *touched, const Override *wish)
{
    GPtrArray *list = override_list_new();

    for (guint i = 0; i < touched->new_overrides->len; i++) {
        const Override *override = g_ptr_array_index(touched->new_overrides, i);

        if (!takes_place_of(touched->path, wish, override))
            g_ptr_array_add(list, override_copy(override));
    }
    return list;
}

static bool lay_wish(Touched *touched, const Override *wish, GError **error)
{
    const Override *now = override_list_find(touched->new_overrides, wish->field);
    const Override *around = override_list_find_around(touched->new_overrides, wish->field);
    GPtrArray *list;

    if (now && override_same_wish(now, wish))
        return true;
    if (wish->field[0] && around && (around->field[0] || around->op == OVERRIDE_SET))
        return fold(touched, wish, error);
    list = make_way(touched, wish);
    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = list;
    /* To delete what only the owner had is to have nothing there. */
    if (wish->field[0] || wish->op == OVERRIDE_SET || touched->vendor)
        g_ptr_array_add(list, adopt(touched, wish));
    return true;
}

static bool has_component(const Touched *touched, GPtrArray *wishes)
{
    return touched->vendor || touched->before || override_list_find(wishes, "");
}

/* An import of edits in the making. */
typedef struct Work {
    Service *service;
    ModelCache *cache;
    const EditsFile *edits;
    GPtrArray *touched; /* of Touched, owned */
    GHashTable *by_path;
    bool force;
} Work;

static bool refuse_missing(const Work *work, const Touched *touched, GError **error)
{
    const ImportStatus *status = model_cache_status(work->cache);

    g_set_error(
        error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING,
        "The file edits %s, which the coach %s (version %s) does not have; the edits were made on version %s. "
        "Take them out of the file, or bring the coach to that version first",
        touched->path, status->model, status->version, work->edits->version);
    return false;
}

/* At most once a component, but two names may lead to one. */
static Touched *get_touched(Work *work, const char *path, GError **error)
{
    Touched *touched = g_hash_table_lookup(work->by_path, path);

    if (touched)
        return touched;
    touched = touched_load(work->service, model_cache_status(work->cache), path, error);
    if (!touched)
        return NULL;
    g_ptr_array_add(work->touched, touched);
    g_hash_table_insert(work->by_path, touched->path, touched);
    return touched;
}

static bool lay_component(Work *work, const char *path, GPtrArray *wishes, GError **error)
{
    Touched *touched = get_touched(work, path, error);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    if (!touched)
        return false;
    if (!has_component(touched, wishes))
        return refuse_missing(work, touched, error);
    /* Fields of the device before those of its bindings, which win over them. */
    for (guint i = 0; i < wishes->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(wishes, i));
    g_ptr_array_sort(sorted, override_compare_fields);
    for (guint pass = 0; pass < 2; pass++)
        for (guint i = 0; i < sorted->len; i++) {
            const Override *wish = g_ptr_array_index(sorted, i);

            if ((field_at_binding(path, wish->field) != NULL) == (pass == 1) &&
                !lay_wish(touched, wish, error))
                return false;
        }
    return true;
}

static bool lay_all(Work *work, GError **error)
{
    const ImportStatus *status = model_cache_status(work->cache);
    g_autoptr(GPtrArray) paths = sorted_paths(work->edits->overrides), components = NULL;
    g_autoptr(GHashTable) names = NULL;

    if (!store_list_vendor_components(work->service->store, status->revision_id, &components, error))
        return false;
    /* Edits of this very release have the names of this release. */
    if (g_str_equal(work->edits->content_hash, status->content_hash))
        g_ptr_array_set_size(components, 0);
    names = find_new_names(components, work->edits, paths);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i), *name = g_hash_table_lookup(names, path);

        if (!lay_component(work, name ? name : path, g_hash_table_lookup(work->edits->overrides, path),
                           error))
            return false;
    }
    for (guint i = 0; i < work->touched->len; i++)
        touched_settle(g_ptr_array_index(work->touched, i));
    return touched_check_paths(work->service, work->cache, work->touched, work->by_path, error);
}

/* As somebody who made these edits by hand would have named them. */
static void name_fields(Touched *touched)
{
    for (guint i = 0; i < touched->new_overrides->len; i++) {
        const Override *after = g_ptr_array_index(touched->new_overrides, i);
        const Override *before = override_list_find(touched->overrides, after->field);

        if (after->field[0] && !(before && override_same_wish(before, after)))
            g_ptr_array_add(touched->fields, g_strdup(after->field));
    }
}

static bool check(const Work *work, Touched *touched, GError **error)
{
    const Rules *rules = model_cache_rules(work->cache, work->service->store, error);

    name_fields(touched);
    return rules && touched_check_size(touched, error) &&
           rules_check_edit(rules, touched->path, touched->vendor, touched->before, touched->after,
                            touched->fields, work->force, error);
}

static bool take_touched(const Work *work, Plan *plan, GError **error)
{
    plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    while (work->touched->len > 0) {
        Touched *touched = g_ptr_array_steal_index(work->touched, 0);

        if (!touched_differs(touched)) {
            touched_free(touched);
            continue;
        }
        g_ptr_array_add(plan->components, touched);
        if (!check(work, touched, error))
            return false;
        touched_add_history(plan, touched, NULL);
    }
    return touched_check_history(plan, error);
}

Plan *service_plan_import_edits(Service *service, const char *model, const BroughtFile *file,
                                const char *reason, const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "edit", "", reason, options, error);
    g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    Work work = {.service = service,
                 .cache = plan ? service_get_cache(service, model, error) : NULL,
                 .edits = file->edits,
                 .touched = touched,
                 .by_path = by_path,
                 .force = options->force};

    if (!work.cache)
        return NULL;
    g_free(plan->model);
    plan->model = g_strdup(model_cache_status(work.cache)->model);
    if (!lay_all(&work, error) || !take_touched(&work, plan, error)) {
        coach_text_prefix_error(error, file->name[0] ? file->name : NULL);
        return NULL;
    }
    plan_set_touched(plan);
    plan_add_file(plan, file);
    if (file->name[0]) {
        g_autofree char *components = g_steal_pointer(&plan->subject);
        plan->subject = g_strdup_printf("%s, by \"%s\"", components, file->name);
    }
    return g_steal_pointer(&plan);
}
