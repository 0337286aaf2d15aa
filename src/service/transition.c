/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/transition.h"

#include "base/error.h"
#include "base/json.h"
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

static const MergeItem *find_item(GHashTable *index, const char *path, const char *field)
{
    g_autofree char *key = g_strjoin("\n", path, field, NULL), *whole = g_strjoin("\n", path, "", NULL);
    const MergeItem *item = g_hash_table_lookup(index, key);

    return item ? item : g_hash_table_lookup(index, whole);
}

/* Says of the rows of a component which class each override was in, and what the vendor has there. */
static void classify_rows(Plan *plan, const Touched *touched, GHashTable *index)
{
    for (guint i = 0; i < touched->n_entries; i++) {
        HistoryEntry *entry = g_ptr_array_index(plan->history, touched->first_entry + i);
        const MergeItem *item = find_item(index, touched->path, entry->field);

        entry->class = g_strdup(merge_class_to_string(item ? item->class : MERGE_RENAMED));
        entry->vendor = item && item->vendor ? json_format(item->vendor) : NULL;
    }
}

static GPtrArray *overrides_or_none(GHashTable *table, const char *path)
{
    GPtrArray *overrides = g_hash_table_lookup(table, path);

    return overrides ? g_ptr_array_ref(overrides) : override_list_new();
}

typedef struct Passage {
    Service *service;
    Plan *plan;
    const Transition *transition;
    GHashTable *base, *incoming, *items;
} Passage;

static bool load_row(const Passage *passage, Touched *touched, GError **error)
{
    const Place *place = g_hash_table_lookup(passage->incoming, touched->path);

    if (!store_get_mapping(passage->service->store, passage->plan->model, touched->path, &touched->row,
                           error))
        return false;
    if ((touched->before != NULL) != (touched->row != NULL)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: component %s of model %s is not what its overrides say",
                    touched->path, passage->plan->model);
        return false;
    }
    if (touched->row && place)
        touched->row->position = place->position;
    return !touched->row || place ||
           store_move_to_own(passage->service->store, passage->plan->model, touched->row, error);
}

static bool touch(const Passage *passage, const char *path, GError **error)
{
    const MergedComponent *merged = merge_find_component(passage->transition->merge, path);
    Value *vendor = place_data(passage->incoming, path);
    Touched *touched = touched_new(path);

    touched->vendor = vendor ? value_ref(vendor) : NULL;
    touched->overrides = overrides_or_none(passage->transition->overrides, path);
    touched->new_overrides = merged ? g_ptr_array_ref(merged->after) : override_list_new();
    touched->before = override_apply(path, place_data(passage->base, path), touched->overrides);
    if (!load_row(passage, touched, error)) {
        touched_free(touched);
        return false;
    }
    touched_settle(touched);
    touched_add_history(passage->plan, touched, passage->plan->kind);
    classify_rows(passage->plan, touched, passage->items);
    g_ptr_array_add(passage->plan->components, touched);
    return true;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
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
    g_ptr_array_sort(sorted, compare_texts);
    return sorted;
}

/* The components that become something else for a reader, or for a later merge. */
static unsigned count_components(const Merge *merge)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < merge->items->len; i++) {
        MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class != MERGE_KEPT && item->class != MERGE_DELETED_KEPT &&
            !merge_class_lifted_by(item->class))
            g_hash_table_add(paths, item->path);
    }
    return g_hash_table_size(paths);
}

/* Carrying out */

static bool write_touched(Service *service, Plan *plan, const char *origin, const char *version,
                          const Change *change, GError **error)
{
    for (guint i = 0; i < plan->components->len; i++)
        if (!touched_write(service, plan, origin, version, g_ptr_array_index(plan->components, i), change,
                           error))
            return false;
    return true;
}

static bool write_nothing(Service *service, Plan *plan, const Change *change, GError **error)
{
    return write_touched(service, plan, "bundled", "", change, error) &&
           store_remove_mappings(service->store, plan->model, change->actor.user, error) &&
           store_remove_import(service->store, plan->model, error);
}

static bool write_transition(Service *service, Plan *plan, const Change *change, GError **error)
{
    const VendorRevision *to = plan->revision_to;
    const char *version = plan->file ? plan->file->version : to ? to->version : NULL;
    const char *origin = to ? to->origin : "bundled";
    const char *byte_hash = to ? to->byte_hash : plan->byte_hash;
    int64_t revision_id = to ? to->id : 0;

    if (!version)
        return write_nothing(service, plan, change, error);
    if (plan->file && !store_add_vendor_revision(service->store, plan->model, plan->file, byte_hash, origin,
                                                 &revision_id, error))
        return false;
    /* First what says where components stand, then those with overrides, then all that have none. */
    return store_set_import(service->store, plan->model, version, byte_hash, revision_id, change->time,
                            error) &&
           write_touched(service, plan, origin, version, change, error) &&
           store_apply_revision(service->store, plan->model, revision_id, origin_source(origin), version,
                                change->actor.user, error);
}

static void finish_transition(Service *service, Plan *plan, const Change *change)
{
    const char *version = plan->file          ? plan->file->version
                          : plan->revision_to ? plan->revision_to->version
                                              : NULL;

    g_hash_table_remove(service->caches, plan->model);
    service_emit(service, &(ServiceEvent){.type = !version              ? SERVICE_EVENT_MODEL_REMOVED
                                                  : !plan->version_from ? SERVICE_EVENT_MODEL_IMPORTED
                                                                        : SERVICE_EVENT_UPDATE_APPLIED,
                                          .model = plan->model,
                                          .version = version,
                                          .version_from = plan->version_from,
                                          .change = change->id});
}

bool plan_set_transition(Service *service, Plan *plan, const Transition *transition, GError **error)
{
    g_autoptr(GHashTable) base = places_of(transition->base), incoming = places_of(transition->incoming);
    g_autoptr(GHashTable) items = index_items(transition->merge);
    g_autoptr(GPtrArray) paths = edited_paths(transition);
    const Passage passage = {service, plan, transition, base, incoming, items};

    plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    for (guint i = 0; i < paths->len; i++)
        if (!touch(&passage, g_ptr_array_index(paths, i), error))
            return false;
    plan->content_hash = plan->file          ? g_strdup(plan->file->content_hash)
                         : plan->revision_to ? g_strdup(plan->revision_to->content_hash)
                                             : NULL;
    plan->base_hash = transition->from ? g_strdup(transition->from->content_hash) : NULL;
    plan->version_from = transition->from ? g_strdup(transition->from->version) : NULL;
    plan->n_entries = count_components(transition->merge);
    plan->write = write_transition;
    plan->finish = finish_transition;
    return true;
}
