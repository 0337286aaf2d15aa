/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/past.h"

#include "base/error.h"
#include "service/touched.h"

#include <string.h>

void past_clear(Past *past)
{
    g_clear_pointer(&past->vendor, coach_file_free);
    g_clear_pointer(&past->overrides, g_hash_table_unref);
}

static bool refuse_pruned(int64_t change, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                "Change %" G_GINT64_FORMAT " was pruned, and what was then is not known any more", change);
    return false;
}

static bool check_change(Service *service, int64_t number, GError **error)
{
    g_autoptr(Change) change = NULL;

    if (!store_get_change(service->store, number, &change, error))
        return false;
    if (change)
        return true;
    if (number > 0 && number <= service->revision)
        return refuse_pruned(number, error);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE, "There is no change %" G_GINT64_FORMAT,
                number);
    return false;
}

/* The content that the model had: what the first release since went away from, else that of now. `*ret` is
 * NULL where it was not there. */
static bool find_content(Service *service, const char *model, int64_t change, const ImportStatus *status,
                         char **ret, GError **error)
{
    g_autoptr(GPtrArray) releases = NULL;

    if (!store_list_later_releases(service->store, model, change, &releases, error))
        return false;
    if (releases->len > 0)
        *ret = g_strdup(((const LaterRelease *) g_ptr_array_index(releases, 0))->base_hash);
    else
        *ret = status ? g_strdup(status->content_hash) : NULL;
    return true;
}

static bool load_vendor(Service *service, const char *model, int64_t change, const char *hash, Past *past,
                        GError **error)
{
    g_autoptr(VendorRevision) revision = NULL;

    if (!store_find_vendor_revision(service->store, model, hash, &revision, error))
        return false;
    if (!revision)
        return refuse_pruned(change, error);
    return store_load_vendor_file(service->store, revision->id, &past->vendor, error);
}

/* Takes back at each field what was done since. */
static bool walk_back(Service *service, const char *model, int64_t change, GHashTable *overrides,
                      GError **error)
{
    g_autoptr(GPtrArray) entries = NULL;

    if (!store_list_overrides_then(service->store, model, change, &entries, error))
        return false;
    for (guint i = 0; i < entries->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(entries, i);
        GPtrArray *list = override_table_get(overrides, entry->path);
        Override *then;

        if (!touched_parse_override(entry->field, entry->override_before, &then, error))
            return false;
        override_list_drop(list, entry->field);
        if (then)
            g_ptr_array_add(list, then);
    }
    return true;
}

static bool load_now(Service *service, const char *model, Past *past, GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    const ImportStatus *status = cache ? model_cache_status(cache) : NULL;

    return status && service_store(service, error) &&
           store_load_vendor_file(service->store, status->revision_id, &past->vendor, error) &&
           store_list_overrides(service->store, status->model, &past->overrides, error);
}

static bool load_then(Service *service, const char *model, int64_t change, Past *past, GError **error)
{
    g_autoptr(ImportStatus) status = NULL;
    g_autofree char *hash = NULL;
    Store *store = service_store(service, error);

    if (!store || !check_change(service, change, error) || !store_get_import(store, model, &status, error) ||
        !find_content(service, model, change, status, &hash, error))
        return false;
    if (!hash) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                    "There was no coach %s after change %" G_GINT64_FORMAT, model, change);
        return false;
    }
    return load_vendor(service, model, change, hash, past, error) &&
           store_list_overrides(store, model, &past->overrides, error) &&
           walk_back(service, model, change, past->overrides, error);
}

bool past_load(Service *service, const char *model, int64_t change, Past *ret, GError **error)
{
    g_auto(Past) past = {0};

    if (!(change == 0 ? load_now(service, model, &past, error)
                      : load_then(service, model, change, &past, error)))
        return false;
    *ret = past;
    past = (Past){0};
    return true;
}

/* Putting it together */

/* The owner's own component and when it came. */
typedef struct Own {
    const char *path;
    Value *data;
    int64_t change;
} Own;

static void own_clear(void *data)
{
    value_unref(((Own *) data)->data);
}

static int compare_own(gconstpointer a, gconstpointer b)
{
    const Own *left = a, *right = b;

    return left->change != right->change ? (left->change > right->change ? 1 : -1)
                                         : strcmp(left->path, right->path);
}

static GArray *list_own(const Past *past, GHashTable *vendors)
{
    GArray *own = g_array_new(false, false, sizeof(Own));
    GHashTableIter iter;
    gpointer path, overrides;

    g_array_set_clear_func(own, own_clear);
    g_hash_table_iter_init(&iter, past->overrides);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        const Override *whole = override_list_find(overrides, "");
        Own entry = {.path = path, .change = whole && whole->author ? whole->author->change : 0};

        if (g_hash_table_contains(vendors, path))
            continue;
        entry.data = override_apply(path, NULL, overrides);
        if (entry.data)
            g_array_append_val(own, entry);
    }
    g_array_sort(own, compare_own);
    return own;
}

GPtrArray *past_list_components(const Past *past)
{
    GPtrArray *components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(GHashTable) vendors = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) own = NULL;

    for (guint i = 0; i < past->vendor->components->len; i++) {
        const Component *component = g_ptr_array_index(past->vendor->components, i);
        GPtrArray *overrides = g_hash_table_lookup(past->overrides, component->path);
        g_autoptr(Value) data = overrides ? override_apply(component->path, component->data, overrides)
                                          : value_ref(component->data);

        g_hash_table_add(vendors, component->path);
        if (data)
            g_ptr_array_add(components, component_new(component->path, data));
    }
    own = list_own(past, vendors);
    for (guint i = 0; i < own->len; i++) {
        const Own *entry = &g_array_index(own, Own, i);
        g_ptr_array_add(components, component_new(entry->path, entry->data));
    }
    return components;
}
