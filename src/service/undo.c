/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking changes back. The history has each override before and after; the vendor's data of before are kept
 * as long as the change is. What somebody changed since stays as it is, and is listed. An undo is a change
 * like any other, with a history of the same form, so that undoing it is a redo. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "service/touched.h"
#include "service/transition.h"

/* What a change lists, and an error message. */
#define SKIPPED_MAX 100
#define REASONS_MAX 5

/* Kinds of settings, as changes and undone changes name them. */
#define SETTING_KIND "setting"

/* What one row of the history says. */
typedef struct Step {
    char *path;
    char *field;
    Override *before, *after; /* NULL: no override */
    bool matches; /* the override is now as the change left it, or shall be undone all the same */
} Step;

typedef struct Undo {
    Service *service;
    Plan *plan; /* owned; the result */
    Change *change;
    bool force;
    ImportStatus *status;   /* NULL: not imported */
    GPtrArray *steps;       /* of Step */
    GHashTable *by_place;   /* "path\nfield" → Step */
    GHashTable *current;    /* path → array of Override: as it is */
    GHashTable *free;       /* the same, without what is undone */
    GHashTable *pinned;     /* path → array of Override: what comes back */
    Value *skipped;         /* list of maps */
    VendorRevision *target; /* the vendor's data of before; NULL: none */
} Undo;

static void step_free(Step *step)
{
    g_free(step->path);
    g_free(step->field);
    override_free(step->before);
    override_free(step->after);
    g_free(step);
}

static void undo_clear(Undo *undo)
{
    plan_free(undo->plan);
    change_free(undo->change);
    import_status_free(undo->status);
    g_clear_pointer(&undo->by_place, g_hash_table_unref);
    g_clear_pointer(&undo->steps, g_ptr_array_unref);
    g_clear_pointer(&undo->current, g_hash_table_unref);
    g_clear_pointer(&undo->free, g_hash_table_unref);
    g_clear_pointer(&undo->pinned, g_hash_table_unref);
    g_clear_pointer(&undo->skipped, value_unref);
    vendor_revision_free(undo->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Undo, undo_clear)

/* What is left as it is */

/* Who changed a field since: the newest change that did, or did so around it or inside it. */
static bool find_later(Undo *undo, const char *path, const char *field, const char **ret_user,
                       int64_t *ret_change, GPtrArray **ret_owner, GError **error)
{
    *ret_user = "";
    *ret_change = 0;
    if (!store_list_later_changes(undo->service->store, undo->change->model, path, undo->change->id,
                                  ret_owner, error))
        return false;
    for (guint i = 0; i < (*ret_owner)->len; i++) {
        const LaterChange *later = g_ptr_array_index(*ret_owner, i);

        if (later->field[0] && !g_str_equal(later->field, field) && !field_is_inside(later->field, field) &&
            !field_is_inside(field, later->field))
            continue;
        *ret_user = later->user;
        *ret_change = later->change;
        break;
    }
    return true;
}

static bool skip(Undo *undo, const char *path, const char *field, GError **error)
{
    g_autoptr(GPtrArray) later = NULL;
    Value *entry = NULL;
    const char *user;
    int64_t change;

    if (!find_later(undo, path, field, &user, &change, &later, error))
        return false;
    entry = value_new_map();
    value_map_take(&entry, "path", value_new_string(path));
    value_map_take(&entry, "field", value_new_string(field));
    value_map_take(&entry, "user", value_new_string(user));
    value_map_take(&entry, "change", value_new_integer(change));
    value_list_take(&undo->skipped, entry);
    return true;
}

static bool refuse_skipped(const Undo *undo, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = value_length(undo->skipped);

    for (size_t i = 0; i < MIN(n, (size_t) REASONS_MAX); i++) {
        const Value *entry = value_list_item(undo->skipped, i);
        const char *path = value_map_get_string(entry, "path");

        g_string_append_printf(text, "%s%s%s was changed by %s in change %" G_GINT64_FORMAT,
                               i > 0 ? "; " : "", path[0] ? path : "the vendor's data",
                               value_map_get_string(entry, "field"), value_map_get_string(entry, "user"),
                               value_integer(value_map_get(entry, "change")));
    }
    if (n > REASONS_MAX)
        g_string_append_printf(text, "; and %zu more", n - REASONS_MAX);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                "Change %" G_GINT64_FORMAT
                " cannot be undone: %s. The option \"force\" undoes it all the same",
                undo->change->id, text->str);
    return false;
}

static void describe(Undo *undo)
{
    size_t n = value_length(undo->skipped);

    plan_add_detail(undo->plan, "undoes", value_new_integer(undo->change->id));
    if (n == 0)
        return;
    if (n <= SKIPPED_MAX) {
        plan_add_detail(undo->plan, "skipped", value_ref(undo->skipped));
        return;
    }
    Value *first = value_new_list();
    for (size_t i = 0; i < SKIPPED_MAX; i++)
        value_list_append(&first, value_list_item(undo->skipped, i));
    plan_add_detail(undo->plan, "skipped", first);
    plan_add_detail(undo->plan, "skipped_more", value_new_integer((int64_t) (n - SKIPPED_MAX)));
}

/* Overrides */

static char *place_key(const char *path, const char *field)
{
    return g_strjoin("\n", path, field, NULL);
}

static bool load_steps(Undo *undo, GError **error)
{
    g_autoptr(GPtrArray) entries = NULL;

    if (!store_list_change_history(undo->service->store, undo->change->id, &entries, error))
        return false;
    undo->steps = g_ptr_array_new_with_free_func((GDestroyNotify) step_free);
    undo->by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < entries->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(entries, i);
        Step *step = g_new0(Step, 1);

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

static const Step *find_step(const Undo *undo, const char *path, const char *field)
{
    g_autofree char *key = place_key(path, field);

    return g_hash_table_lookup(undo->by_place, key);
}

/* Whether an override that this change neither made nor found lies around or inside the place of a step. */
static bool is_in_the_way(const Undo *undo, const Step *step, GPtrArray *overrides)
{
    for (guint i = 0; i < overrides->len; i++) {
        const Override *other = g_ptr_array_index(overrides, i);
        const Step *own;

        if (!field_is_inside(other->field, step->field) && !field_is_inside(step->field, other->field))
            continue;
        own = find_step(undo, step->path, other->field);
        if (!own || (!same(own->after, other) && !same(own->before, other)))
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

/* Decides about one step: is it as the change left it? Steps that are undone already are left out, but not
 * those that another edit swallowed. */
static bool take_step(Undo *undo, Step *step, GError **error)
{
    GPtrArray *now = table_get(undo->current, step->path);
    const Override *override = override_list_find(now, step->field);
    bool in_the_way = is_in_the_way(undo, step, now);

    if (same(override, step->before) && !same(override, step->after) && !in_the_way)
        return true;
    step->matches = undo->force || (same(override, step->after) && !in_the_way);
    if (!step->matches)
        return skip(undo, step->path, step->field, error);
    return true;
}

static void copy_current(Undo *undo)
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

static bool take_steps(Undo *undo, GError **error)
{
    if (undo->status) {
        if (!store_list_overrides(undo->service->store, undo->change->model, &undo->current, error))
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
static bool has_place(const Undo *undo, const Touched *touched, const Override *override)
{
    if (override->field[0])
        return touched->vendor != NULL;
    return undo->force || override->op == OVERRIDE_UNSET || override->vendor || !touched->vendor;
}

/* What comes back knows what the vendor has there now; one's own component that he dropped, what he had. */
static bool restore(Undo *undo, Touched *touched, GPtrArray *list, GError **error)
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
        else if (touched->vendor || override->vendor)
            vendor = value_ref(touched->vendor ? touched->vendor : override->vendor);
        g_ptr_array_add(list, override_new(override->field, override->op, override->value, vendor));
    }
    return true;
}

static bool undo_component(Undo *undo, const char *path, GPtrArray *touched, GHashTable *by_path,
                           GError **error)
{
    Touched *component;

    if (g_hash_table_contains(by_path, path))
        return true;
    component = touched_load(undo->service, undo->status, path, error);
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

static bool undo_edits(Undo *undo, GError **error)
{
    g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    ModelCache *cache = service_get_cache(undo->service, undo->change->model, error);

    if (!cache)
        return false;
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);
        if (step->matches && !undo_component(undo, step->path, touched, by_path, error))
            return false;
    }
    if (!touched_check_paths(undo->service, cache, touched, by_path, error))
        return false;

    undo->plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    while (touched->len > 0) {
        Touched *component = g_ptr_array_steal_index(touched, 0);

        if (!touched_differs(component)) {
            touched_free(component);
            continue;
        }
        touched_add_history(undo->plan, component, undo->plan->kind);
        g_ptr_array_add(undo->plan->components, component);
    }
    plan_set_touched(undo->plan);
    return true;
}

/* Releases: the vendor's data go back too */

static bool list_components(Undo *undo, int64_t revision_id, GPtrArray **ret, GError **error)
{
    if (revision_id)
        return store_list_vendor_components(undo->service->store, revision_id, ret, error);
    *ret = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    return true;
}

/* Whether somebody had edits at a path before the change: then nothing was renamed to it. */
static bool had_edits(const Undo *undo, const char *path)
{
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);

        if (step->before && g_str_equal(step->path, path))
            return true;
    }
    return false;
}

/* Names that the release changed go back, and, for a redo, forth. */
static GHashTable *find_renames(const Undo *undo, GPtrArray *base, GPtrArray *incoming)
{
    GHashTable *renames = merge_find_renames(base, incoming);
    g_autoptr(GHashTable) back = merge_find_renames(incoming, base);
    GHashTableIter iter;
    gpointer path, old_path;

    g_hash_table_iter_init(&iter, back);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        g_hash_table_insert(renames, g_strdup(old_path), g_strdup(path));
    g_hash_table_iter_init(&iter, renames);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        if (had_edits(undo, old_path))
            g_hash_table_iter_remove(&iter);
    return renames;
}

/* Where everything goes, edits that were made since are what stands against it. */
static bool check_removal(Undo *undo, GError **error)
{
    GHashTableIter iter;
    gpointer path, overrides;

    if (undo->target)
        return true;
    g_hash_table_iter_init(&iter, undo->free);
    while (g_hash_table_iter_next(&iter, &path, &overrides))
        for (guint i = 0; !undo->force && i < ((GPtrArray *) overrides)->len; i++)
            if (!skip(undo, path, ((Override *) g_ptr_array_index((GPtrArray *) overrides, i))->field,
                      error))
                return false;
    g_hash_table_remove_all(undo->free);
    return value_length(undo->skipped) == 0 || refuse_skipped(undo, error);
}

/* Components that came with the release and were edited since stay as the owner's own. */
static bool skip_edited(Undo *undo, const Merge *merge, GError **error)
{
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        if (item->class == MERGE_REMOVED_EDITED && !skip(undo, item->path, "", error))
            return false;
    }
    return true;
}

static bool undo_release(Undo *undo, GError **error)
{
    g_autoptr(GPtrArray) base = NULL, incoming = NULL;
    g_autoptr(GHashTable) renames = NULL;
    g_autoptr(Merge) merge = NULL;

    if (!check_removal(undo, error) ||
        !list_components(undo, undo->status ? undo->status->revision_id : 0, &base, error) ||
        !list_components(undo, undo->target ? undo->target->id : 0, &incoming, error))
        return false;
    renames = find_renames(undo, base, incoming);
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
    undo->plan->revision_to = g_steal_pointer(&undo->target);
    return plan_set_transition(undo->service, undo->plan, &transition, error);
}

static bool load_target(Undo *undo, GError **error)
{
    const char *hash = undo->change->base_hash;

    if (!hash)
        return true;
    if (!store_find_vendor_revision(undo->service->store, undo->change->model, hash, &undo->target, error))
        return false;
    if (undo->target)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                "The vendor's data that change %" G_GINT64_FORMAT " went away from are not there any more",
                undo->change->id);
    return false;
}

/* Whether the vendor's data have to go back. `*ret` is false where the change brought none, or they are as
 * before already. They cannot where another release came since. */
static bool needs_release(Undo *undo, bool *ret, GError **error)
{
    const char *now = undo->status ? undo->status->content_hash : NULL;

    *ret = false;
    if (!undo->change->content_hash && !undo->change->base_hash)
        return true;
    if (g_strcmp0(now, undo->change->base_hash) == 0)
        return true;
    *ret = true;
    if (g_strcmp0(now, undo->change->content_hash) == 0 || undo->force)
        return load_target(undo, error);
    return skip(undo, "", "", error);
}

static bool undo_model(Undo *undo, GError **error)
{
    const char *model = undo->change->model;
    bool release;

    undo->skipped = value_new_list();
    if (!store_get_import(undo->service->store, model, &undo->status, error) || !load_steps(undo, error) ||
        !needs_release(undo, &release, error))
        return false;
    if (value_length(undo->skipped) > 0)
        return refuse_skipped(undo, error);
    undo->plan->empty = !undo->status && !release && undo->steps->len == 0;
    if (undo->plan->empty)
        return true;
    if (!undo->status && !release) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED,
                    "Model \"%s\" is not in the database any more; change %" G_GINT64_FORMAT
                    " was one of it",
                    model, undo->change->id);
        return false;
    }

    if (!take_steps(undo, error) || !(release ? undo_release(undo, error) : undo_edits(undo, error)))
        return false;
    if (undo->plan->empty && value_length(undo->skipped) > 0)
        return refuse_skipped(undo, error);
    describe(undo);
    return true;
}

/* Settings */

/* The kind of setting that a change was of, and what its detail says; NULL: of none. */
static const char *setting_of(const Change *change, Value *detail)
{
    const char *kind = value_map_get_string(detail, SETTING_KIND);

    if (kind)
        return kind;
    return g_str_equal(change->kind, "activate") || g_str_equal(change->kind, "interface") ||
                   g_str_equal(change->kind, "retention")
               ? change->kind
               : NULL;
}

static Plan *plan_setting(Service *service, const char *kind, const char *name, const char *value,
                          const WriteOptions *options, GError **error)
{
    WriteOptions all = *options;

    /* It was allowed once. */
    all.force = true;
    if (g_str_equal(kind, "activate"))
        return service_plan_active_model(service, value, &all, error);
    if (g_str_equal(kind, "interface"))
        return service_plan_interface(service, name, value, &all, error);
    Retention retention = retention_parse(value);
    return service_plan_retention(service, &retention, &all, error);
}

/* Who set it last: the newest change of this setting since. */
static bool find_later_setting(Service *service, const Change *change, const char *kind, const char *name,
                               Change **ret, GError **error)
{
    g_autoptr(GPtrArray) changes = NULL;
    int64_t next;

    *ret = NULL;
    if (!store_list_changes(service->store, 0, G_MAXINT32, NULL, NULL, &changes, &next, error))
        return false;
    for (guint i = 0; i < changes->len; i++) {
        const Change *later = g_ptr_array_index(changes, i);
        g_autoptr(Value) detail =
            later->detail ? json_parse(later->detail, -1, &json_limits_stored, NULL) : NULL;

        if (later->id <= change->id)
            break;
        if (g_strcmp0(setting_of(later, detail), kind) != 0 ||
            g_strcmp0(value_map_get_string(detail, "name"), name) != 0)
            continue;
        *ret = g_ptr_array_steal_index(changes, i);
        break;
    }
    return true;
}

static bool refuse_later_setting(const Undo *undo, const char *kind, const char *name, GError **error)
{
    g_autoptr(Change) later = NULL;

    if (find_later_setting(undo->service, undo->change, kind, name, &later, error))
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                    "Change %" G_GINT64_FORMAT
                    " cannot be undone: it was changed by %s in change %" G_GINT64_FORMAT
                    ". The option \"force\" undoes it all the same",
                    undo->change->id, later ? later->actor.user : "somebody", later ? later->id : 0);
    return false;
}

static bool undo_setting(Undo *undo, const char *kind, Value *detail, const char *reason,
                         const WriteOptions *options, GError **error)
{
    const char *name = value_map_get_string(detail, "name"),
               *before = value_map_get_string(detail, "before"),
               *after = value_map_get_string(detail, "after");
    Plan *plan = before && after ? plan_setting(undo->service, kind, name, before, options, error) : NULL;

    if (!plan)
        return false;
    plan_free(undo->plan);
    undo->plan = plan;
    if (!plan->empty && !undo->force && g_strcmp0(value_map_get_string(plan->detail, "before"), after) != 0)
        return refuse_later_setting(undo, kind, name, error);
    g_free(plan->kind);
    plan->kind = g_strdup("undo");
    g_free(plan->reason);
    plan->reason = g_strdup(reason);
    plan_add_detail(plan, SETTING_KIND, value_new_string(kind));
    plan_add_detail(plan, "undoes", value_new_integer(undo->change->id));
    return true;
}

/* Any */

static bool plan_undo(Undo *undo, const char *reason, const WriteOptions *options, GError **error)
{
    g_autoptr(Value) detail = NULL;
    const char *setting;

    if (undo->change->detail) {
        detail = json_parse(undo->change->detail, -1, &json_limits_stored, error);
        if (!detail)
            return false;
    }
    setting = setting_of(undo->change, detail);
    if (setting)
        return undo_setting(undo, setting, detail, reason, options, error);
    g_free(undo->plan->model);
    undo->plan->model = g_strdup(undo->change->model);
    return undo_model(undo, error);
}

static bool load_change(Undo *undo, int64_t number, GError **error)
{
    if (!store_get_change(undo->service->store, number, &undo->change, error))
        return false;
    if (undo->change)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                number > 0 && number <= undo->service->revision
                    ? "Change %" G_GINT64_FORMAT " was pruned, and cannot be undone any more"
                    : "There is no change %" G_GINT64_FORMAT,
                number);
    return false;
}

Plan *service_plan_undo(Service *service, int64_t number, const char *reason, const WriteOptions *options,
                        GError **error)
{
    g_auto(Undo) undo = {.service = service, .force = options->force};

    undo.plan = plan_new(service, "undo", "", reason, options, error);
    if (!undo.plan || !load_change(&undo, number, error) || !plan_undo(&undo, reason, options, error))
        return NULL;
    g_free(undo.plan->subject);
    undo.plan->subject = g_strdup_printf("change %" G_GINT64_FORMAT, number);
    return g_steal_pointer(&undo.plan);
}
