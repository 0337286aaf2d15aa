/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/transition.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "service/moves.h"
#include "service/touched.h"

#include <string.h>

/* Planning */

typedef struct Place {
    Value *data; /* borrowed */
    guint position;
} Place;

/* path → Place. */
static GHashTable *places_of(GPtrArray *components)
{
    GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        Place *place = g_new(Place, 1);

        *place = (Place){component->data, i};
        g_hash_table_insert(places, component->path, place);
    }
    return places;
}

static Value *place_data(GHashTable *places, const char *path)
{
    const Place *place = g_hash_table_lookup(places, path);

    return place ? place->data : NULL;
}

/* "path\nfield" → MergeItem, of those that are about overrides. */
static GHashTable *index_items(const Merge *merge)
{
    GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < merge->items->len; i++) {
        MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class == MERGE_VENDOR || item->class == MERGE_ADDED || item->class == MERGE_REMOVED ||
            item->class == MERGE_RENAMED || merge_class_lifted_by(item->class))
            continue;
        g_hash_table_insert(index, g_strjoin("\n", item->path, item->field, NULL), item);
    }
    return index;
}

/* The item of a field, else that of the smallest thing around it. */
static const MergeItem *find_item(GHashTable *index, const char *path, const char *field)
{
    g_autofree char *key = g_strjoin("\n", path, field, NULL);
    char *rest = key + strlen(path) + 1, *slash;
    const MergeItem *item;

    while (!(item = g_hash_table_lookup(index, key)) && (slash = strrchr(rest, '/')))
        *slash = 0;
    return item;
}

/* The paths in which edits were moved, both old and new. */
static GHashTable *index_moves(const Merge *merge)
{
    GHashTable *moved = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < merge->items->len; i++) {
        MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class != MERGE_RENAMED)
            continue;
        g_hash_table_add(moved, item->path);
        if (!item->field[0])
            g_hash_table_add(moved, (gpointer) value_string(item->base));
    }
    return moved;
}

/* Says of the rows of a component which class each override was in, and what the vendor has there. */
static void classify_rows(Plan *plan, const Touched *touched, GHashTable *index, GHashTable *moves)
{
    for (guint i = 0; i < touched->n_entries; i++) {
        HistoryEntry *entry = g_ptr_array_index(plan->history, touched->first_entry + i);
        const MergeItem *item = find_item(index, touched->path, entry->field);

        if (item)
            entry->class = g_strdup(merge_class_to_string(item->class));
        else if (g_hash_table_contains(moves, touched->path))
            entry->class = g_strdup(merge_class_to_string(MERGE_RENAMED));
        entry->vendor = item && item->vendor ? json_format(item->vendor) : NULL;
    }
}

static GPtrArray *overrides_or_none(GHashTable *table, const char *path)
{
    GPtrArray *overrides = g_hash_table_lookup(table, path);

    return overrides ? g_ptr_array_ref(overrides) : override_list_new();
}

/* A passage in the making. */
typedef struct Work {
    Service *service;
    Plan *plan;
    Passage *passage;
    const Transition *transition;
    GHashTable *base, *incoming, *items, *moves;
} Work;

/* What the vendor drops and the owner keeps stands among the owner's from then on, and the other way round:
 * in a row of its own, so that it finds its old place again when it comes back. */
static bool load_row(const Work *work, Touched *touched, GError **error)
{
    const Place *place = g_hash_table_lookup(work->incoming, touched->path);

    if (!store_get_mapping(work->service->store, work->passage->model, touched->path, &touched->row, error))
        return false;
    if ((touched->before != NULL) != (touched->row != NULL)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: component %s of model %s is not what its overrides say",
                    touched->path, work->passage->model);
        return false;
    }
    touched->moves = (place != NULL) != g_hash_table_contains(work->base, touched->path);
    if (touched->row && place)
        touched->row->position = place->position;
    return true;
}

static bool touch(const Work *work, const char *path, GError **error)
{
    const MergedComponent *merged = merge_find_component(work->transition->merge, path);
    Value *vendor = place_data(work->incoming, path);
    Touched *touched = touched_new(work->passage->model, path);

    touched->vendor = vendor ? value_ref(vendor) : NULL;
    touched->overrides = overrides_or_none(work->transition->overrides, path);
    touched->new_overrides = merged ? g_ptr_array_ref(merged->after) : override_list_new();
    touched->before = override_apply(path, place_data(work->base, path), touched->overrides);
    if (!load_row(work, touched, error)) {
        touched_free(touched);
        return false;
    }
    touched_settle(touched);
    touched_add_history(work->plan, touched, work->plan->kind);
    classify_rows(work->plan, touched, work->items, work->moves);
    g_ptr_array_add(work->passage->components, touched);
    return true;
}

/* The paths that have overrides, or come to have some. */
static GPtrArray *edited_paths(const Transition *transition)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, transition->overrides);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_hash_table_add(paths, path);
    for (guint i = 0; i < transition->merge->components->len; i++)
        g_hash_table_add(paths,
                         ((MergedComponent *) g_ptr_array_index(transition->merge->components, i))->path);
    g_hash_table_iter_init(&iter, paths);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_ptr_array_add(sorted, path);
    g_ptr_array_sort(sorted, text_compare_elements);
    return sorted;
}

/* The components that become something else for a reader, or for a later merge: by what the vendor has, or
 * by edits that come or go, which have rows in the history. */
static unsigned count_components(const Merge *merge, GPtrArray *history, guint first_row)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < merge->items->len; i++) {
        MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class != MERGE_KEPT && item->class != MERGE_DELETED_KEPT &&
            !merge_class_lifted_by(item->class))
            g_hash_table_add(paths, item->path);
    }
    for (guint i = first_row; i < history->len; i++)
        g_hash_table_add(paths, ((HistoryEntry *) g_ptr_array_index(history, i))->path);
    return g_hash_table_size(paths);
}

/* Carrying out */

static const char *passage_version(const Passage *passage)
{
    return passage->file ? passage->file->version : passage->to ? passage->to->version : NULL;
}

static const char *passage_hash(const Passage *passage)
{
    return passage->file ? passage->file->content_hash : passage->to ? passage->to->content_hash : NULL;
}

bool passage_removes(const Passage *passage)
{
    return !passage_version(passage);
}

static bool write_touched(Service *service, Plan *plan, const Passage *passage, const char *origin,
                          const char *version, const Change *change, GError **error)
{
    for (guint i = 0; i < passage->components->len; i++)
        if (!touched_write(service, plan, origin, version, g_ptr_array_index(passage->components, i), change,
                           error))
            return false;
    return true;
}

static bool write_nothing(Service *service, Plan *plan, const Passage *passage, const Change *change,
                          GError **error)
{
    return write_touched(service, plan, passage, "bundled", "", change, error) &&
           store_remove_mappings(service->store, passage->model, change->actor.user, error) &&
           store_remove_import(service->store, passage->model, error);
}

static bool write_passage(Service *service, Plan *plan, const Passage *passage, const Change *change,
                          GError **error)
{
    const VendorRevision *to = passage->to;
    const char *version = passage_version(passage), *origin = to ? to->origin : passage->origin;
    const char *byte_hash = to ? to->byte_hash : passage->byte_hash;
    int64_t revision_id = to ? to->id : 0;

    if (!version)
        return write_nothing(service, plan, passage, change, error);
    if (passage->file && !store_add_vendor_revision(service->store, passage->model, passage->file, byte_hash,
                                                    origin, &revision_id, error))
        return false;
    /* First what says where components stand, then those with overrides, then all that have none. */
    return store_set_import(service->store, passage->model, version, byte_hash, revision_id, change->time,
                            error) &&
           write_touched(service, plan, passage, origin, version, change, error) &&
           store_apply_revision(service->store, passage->model, revision_id, origin_source(origin), version,
                                change->actor.user, error);
}

static bool write_passages(Service *service, Plan *plan, const Change *change, GError **error)
{
    for (guint i = 0; plan->passages && i < plan->passages->len; i++)
        if (!write_passage(service, plan, g_ptr_array_index(plan->passages, i), change, error))
            return false;
    return plan_write_settings(service, plan, error);
}

static void announce_edits(Service *service, const Plan *plan, const Passage *passage, const Change *change)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (guint i = 0; i < passage->components->len; i++) {
        Touched *touched = g_ptr_array_index(passage->components, i);
        if (touched->n_entries > 0)
            g_ptr_array_add(paths, touched->path);
    }
    g_ptr_array_add(paths, NULL);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_MAPPINGS_CHANGED,
                                          .model = passage->model,
                                          .paths = (const char *const *) paths->pdata,
                                          .kind = plan->kind,
                                          .change = change->id});
}

static void announce(Service *service, const Plan *plan, const Passage *passage, const Change *change)
{
    const char *version = passage_version(passage);

    if (g_strcmp0(passage->base_hash, passage_hash(passage)) == 0) {
        announce_edits(service, plan, passage, change);
        return;
    }
    service_emit(service, &(ServiceEvent){.type = !version                 ? SERVICE_EVENT_MODEL_REMOVED
                                                  : !passage->version_from ? SERVICE_EVENT_MODEL_IMPORTED
                                                                           : SERVICE_EVENT_UPDATE_APPLIED,
                                          .model = passage->model,
                                          .version = version,
                                          .version_from = passage->version_from,
                                          .change = change->id});
}

static void finish_passages(Service *service, Plan *plan, const Change *change)
{
    plan_take_settings(service, plan);
    service->idle_work = true;
    for (guint i = 0; plan->passages && i < plan->passages->len; i++)
        g_hash_table_remove(service->caches,
                            ((const Passage *) g_ptr_array_index(plan->passages, i))->model);
    if (plan->restored) {
        service_emit(
            service,
            &(ServiceEvent){.type = SERVICE_EVENT_RESTORED, .backup = plan->restored, .change = change->id});
        return;
    }
    for (guint i = 0; plan->passages && i < plan->passages->len; i++)
        announce(service, plan, g_ptr_array_index(plan->passages, i), change);
    plan_announce_settings(service, plan, change);
}

Passage *passage_new(const char *model)
{
    Passage *passage = g_new0(Passage, 1);

    passage->model = g_strdup(model);
    passage->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    return passage;
}

void passage_free(Passage *passage)
{
    g_free(passage->model);
    coach_file_free(passage->file);
    g_free(passage->byte_hash);
    g_free(passage->origin);
    vendor_revision_free(passage->to);
    g_free(passage->version_from);
    g_free(passage->base_hash);
    g_ptr_array_unref(passage->components);
    g_free(passage);
}

static void add_release(Plan *plan, const Passage *passage)
{
    const char *content_hash = passage_hash(passage);

    if (!plan->releases)
        plan->releases = g_ptr_array_new_with_free_func((GDestroyNotify) release_free);
    g_ptr_array_add(plan->releases, release_new(passage->model, passage->base_hash, content_hash));
}

static bool touch_all(const Work *work, GError **error)
{
    g_autoptr(GPtrArray) paths = edited_paths(work->transition);

    for (guint i = 0; i < paths->len; i++)
        if (!touch(work, g_ptr_array_index(paths, i), error))
            return false;
    return true;
}

/* Whether it leads to where it begins; `rows` is the history of the plan before it. */
static bool changes_nothing(const Work *work, guint rows)
{
    return work->plan->history->len == rows &&
           g_strcmp0(work->passage->base_hash, passage_hash(work->passage)) == 0;
}

bool plan_add_passage(Service *service, Plan *plan, Passage *passage, const Transition *transition,
                      GError **error)
{
    g_autoptr(GHashTable) base = places_of(transition->base), incoming = places_of(transition->incoming);
    g_autoptr(GHashTable) items = index_items(transition->merge), moves = index_moves(transition->merge);
    const Work work = {service, plan, passage, transition, base, incoming, items, moves};
    guint rows = plan->history->len;
    bool ok = touch_all(&work, error);

    passage->base_hash = transition->from ? g_strdup(transition->from->content_hash) : NULL;
    passage->version_from = transition->from ? g_strdup(transition->from->version) : NULL;
    if (!ok || changes_nothing(&work, rows)) {
        passage_free(passage);
        return ok;
    }

    if (!plan->passages)
        plan->passages = g_ptr_array_new_with_free_func((GDestroyNotify) passage_free);
    g_ptr_array_add(plan->passages, passage);
    add_release(plan, passage);
    plan->n_entries += count_components(transition->merge, plan->history, rows);
    plan_describe_moves(plan, passage->model, transition->merge);
    plan_set_passages(plan);
    return true;
}

void plan_set_passages(Plan *plan)
{
    plan->write = write_passages;
    plan->finish = finish_passages;
}
