/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/model-cache.h"

#include "base/error.h"
#include "base/json.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"

#include <string.h>

struct ModelCache {
    ImportStatus *status;
    Rules *rules;
    GHashTable *by_path;    /* path → CachedMapping; owns them */
    GPtrArray *sorted;      /* the same by path; NULL until complete */
    GHashTable *by_binding; /* binding → array of CachedMapping; NULL until the index is made */
};

static void facet_free(char **facet)
{
    for (char **text = facet; text && *text; text++)
        g_ref_string_release(*text);
    g_free(facet);
}

static void cached_mapping_free(CachedMapping *mapping)
{
    g_free(mapping->path);
    g_free(mapping->data);
    facet_free(mapping->device_types);
    facet_free(mapping->areas);
    facet_free(mapping->suggested_areas);
    facet_free(mapping->interfaces);
    g_free(mapping->words);
    g_clear_pointer(&mapping->bound, g_array_unref);
    g_free(mapping);
}

static const char *intern_source(const char *source)
{
    if (g_str_equal(source, "user"))
        return "user";
    return g_str_equal(source, "import") ? "import" : "factory";
}

static CachedMapping *cached_mapping_new(const char *path, const char *data, const char *source,
                                         int64_t position)
{
    CachedMapping *mapping = g_new0(CachedMapping, 1);

    mapping->path = g_strdup(path);
    mapping->data = g_strdup(data);
    mapping->source = intern_source(source);
    mapping->position = position;
    return mapping;
}

ModelCache *model_cache_new(ImportStatus *status)
{
    ModelCache *cache = g_new0(ModelCache, 1);

    cache->status = status;
    cache->by_path =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) cached_mapping_free);
    return cache;
}

void model_cache_free(ModelCache *cache)
{
    if (!cache)
        return;
    g_clear_pointer(&cache->by_binding, g_hash_table_unref);
    g_clear_pointer(&cache->sorted, g_ptr_array_unref);
    g_hash_table_unref(cache->by_path);
    rules_free(cache->rules);
    import_status_free(cache->status);
    g_free(cache);
}

const ImportStatus *model_cache_status(const ModelCache *cache)
{
    return cache->status;
}

const Rules *model_cache_rules(ModelCache *cache, Store *store, GError **error)
{
    g_autoptr(Value) metadata = NULL, validation = NULL;

    if (cache->rules)
        return cache->rules;
    if (!store_get_vendor_section(store, cache->status->revision_id, "file_metadata", &metadata, error) ||
        !store_get_vendor_section(store, cache->status->revision_id, "validation_rules", &validation, error))
        return NULL;
    cache->rules = rules_new(metadata, validation);
    return cache->rules;
}

bool model_cache_is_complete(const ModelCache *cache)
{
    return cache->sorted != NULL;
}

static bool fail_damaged(const ModelCache *cache, const char *path, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                "The database is damaged: component %s of model %s is not what vendor and owner say", path,
                cache->status->model);
    return false;
}

bool model_cache_get(ModelCache *cache, Store *store, const char *path, const CachedMapping **ret,
                     GError **error)
{
    CachedMapping *mapping = g_hash_table_lookup(cache->by_path, path);
    g_autoptr(Mapping) stored = NULL;
    bool sound;

    if (!mapping && !cache->sorted) {
        if (!store_get_mapping(store, cache->status->model, path, &stored, error) ||
            !store_component_is_sound(store, cache->status, path, &sound, error))
            return false;
        if (!sound)
            return fail_damaged(cache, path, error);
        if (stored) {
            mapping = cached_mapping_new(stored->path, stored->data, stored->source, stored->position);
            g_hash_table_insert(cache->by_path, mapping->path, mapping);
        }
    }
    *ret = mapping;
    return true;
}

bool model_cache_load(ModelCache *cache, Store *store, GError **error)
{
    g_autoptr(GPtrArray) stored = NULL;
    g_autofree char *damaged = NULL;

    if (cache->sorted)
        return true;
    if (!store_list_mappings(store, cache->status->model, &stored, error) ||
        !store_find_damaged_component(store, cache->status, &damaged, error))
        return false;
    if (damaged)
        return fail_damaged(cache, damaged, error);

    cache->sorted = g_ptr_array_new_full(stored->len, NULL);
    for (guint i = 0; i < stored->len; i++) {
        const Mapping *row = g_ptr_array_index(stored, i);
        CachedMapping *mapping = g_hash_table_lookup(cache->by_path, row->path);

        if (!mapping) {
            mapping = cached_mapping_new(row->path, row->data, row->source, row->position);
            g_hash_table_insert(cache->by_path, mapping->path, mapping);
        }
        g_ptr_array_add(cache->sorted, mapping);
    }
    return true;
}

/* The index */

static gpointer binding_key(uint32_t dgn, int instance)
{
    return GUINT_TO_POINTER((dgn << 9) | (guint) (instance + 1));
}

static uint32_t key_dgn(gpointer key)
{
    return GPOINTER_TO_UINT(key) >> 9;
}

static int key_instance(gpointer key)
{
    return (int) (GPOINTER_TO_UINT(key) & 0x1FF) - 1;
}

static char *fold_words(const CachedMapping *mapping, Value *data)
{
    static const char *const fields[] = {"friendly_name", "name", "description", "notes"};
    g_autoptr(GString) words = g_string_new(mapping->path);

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *text = value_map_get_string(data, fields[i]);
        if (text)
            g_string_append_printf(words, "\n%s", text);
    }
    return g_utf8_casefold(words->str, (gssize) words->len);
}

static void add_text(GPtrArray *texts, const char *text)
{
    for (guint i = 0; text && i < texts->len; i++)
        if (g_str_equal(g_ptr_array_index(texts, i), text))
            return;
    /* Many devices share these texts, so that each is kept once. */
    if (text)
        g_ptr_array_add(texts, g_ref_string_new_intern(text));
}

static void set_facet(char ***facet, Value *data, const char *field)
{
    GPtrArray *texts = g_ptr_array_new();
    Value *bindings = value_map_get(data, DEVICE_BINDINGS);

    add_text(texts, value_map_get_string(data, field));
    VALUE_FOREACH_ITEM (binding, bindings)
        add_text(texts, value_map_get_string(binding, field));
    if (texts->len > 0)
        g_ptr_array_add(texts, NULL);
    facet_free(*facet);
    *facet = (char **) g_ptr_array_free(texts, texts->len == 0);
}

static void read_facets(CachedMapping *mapping, Value *data)
{
    set_facet(&mapping->device_types, data, "device_type");
    set_facet(&mapping->areas, data, "area");
    set_facet(&mapping->suggested_areas, data, "suggested_area");
    set_facet(&mapping->interfaces, data, "interface");
    g_free(mapping->words);
    mapping->words = fold_words(mapping, data);
}

static void add_in_order(GPtrArray *devices, CachedMapping *mapping)
{
    guint i = devices->len;

    while (i > 0 &&
           ((const CachedMapping *) g_ptr_array_index(devices, i - 1))->position > mapping->position)
        i--;
    g_ptr_array_insert(devices, (gint) i, mapping);
}

static GArray *binding_keys(const CachedMapping *mapping, Value *data)
{
    g_autoptr(Value) keyed = data && path_is_device(mapping->path) ? device_to_keyed(data, NULL) : NULL;
    GArray *keys = g_array_new(false, false, sizeof(gpointer));

    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        uint32_t dgn;
        int instance;

        if (binding_key_parse(key, &dgn, &instance)) {
            gpointer index_key = binding_key(dgn, instance);
            g_array_append_val(keys, index_key);
        }
    }
    return keys;
}

/* Takes a mapping out of the index, by what it was put in with: its data may be other by now. */
static void unbind_mapping(ModelCache *cache, CachedMapping *mapping)
{
    for (guint i = 0; mapping->bound && i < mapping->bound->len; i++) {
        gpointer key = g_array_index(mapping->bound, gpointer, i);
        GPtrArray *devices = g_hash_table_lookup(cache->by_binding, key);

        if (devices && g_ptr_array_remove(devices, mapping) && devices->len == 0)
            g_hash_table_remove(cache->by_binding, key);
    }
    g_clear_pointer(&mapping->bound, g_array_unref);
}

/* Takes over the keys. */
static void bind_mapping(ModelCache *cache, CachedMapping *mapping, GArray *keys)
{
    mapping->bound = keys;
    for (guint i = 0; i < keys->len; i++) {
        gpointer key = g_array_index(keys, gpointer, i);
        GPtrArray *devices = g_hash_table_lookup(cache->by_binding, key);

        if (!devices) {
            devices = g_ptr_array_new();
            g_hash_table_insert(cache->by_binding, key, devices);
        }
        add_in_order(devices, mapping);
    }
}

/* Most edits leave the bindings as they are. */
static void index_mapping(ModelCache *cache, CachedMapping *mapping, Value *data)
{
    GArray *keys = binding_keys(mapping, data);

    read_facets(mapping, data);
    if (mapping->bound && mapping->bound->len == keys->len &&
        (keys->len == 0 || memcmp(mapping->bound->data, keys->data, keys->len * sizeof(gpointer)) == 0)) {
        g_array_unref(keys);
        return;
    }
    unbind_mapping(cache, mapping);
    bind_mapping(cache, mapping, keys);
}

bool model_cache_index(ModelCache *cache, Store *store, GError **error)
{
    if (cache->by_binding)
        return true;
    if (!model_cache_load(cache, store, error))
        return false;

    cache->by_binding = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    for (guint i = 0; i < cache->sorted->len; i++) {
        CachedMapping *mapping = g_ptr_array_index(cache->sorted, i);
        g_autoptr(Value) data = json_parse(mapping->data, -1, &json_limits_stored, NULL);

        index_mapping(cache, mapping, data);
    }
    return true;
}

GPtrArray *model_cache_sorted(const ModelCache *cache)
{
    return cache->sorted;
}

guint model_cache_position(const ModelCache *cache, const char *path, bool inclusive)
{
    guint low = 0, high = cache->sorted->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(((const CachedMapping *) g_ptr_array_index(cache->sorted, middle))->path, path);

        if (order < 0 || (order == 0 && !inclusive))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

GPtrArray *model_cache_lookup(const ModelCache *cache, uint32_t dgn, int instance)
{
    return g_hash_table_lookup(cache->by_binding, binding_key(dgn, instance));
}

static int compare_dgns(gconstpointer a, gconstpointer b)
{
    const BoundDgn *left = a, *right = b;

    return left->dgn < right->dgn ? -1 : left->dgn > right->dgn;
}

GArray *model_cache_dgns(const ModelCache *cache)
{
    g_autoptr(GHashTable) sets =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
    GArray *dgns = g_array_new(false, false, sizeof(BoundDgn));
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, cache->by_binding);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const GPtrArray *devices = value;
        gpointer dgn = GUINT_TO_POINTER(key_dgn(key));
        GHashTable *set = g_hash_table_lookup(sets, dgn);

        if (!set) {
            set = g_hash_table_new(NULL, NULL);
            g_hash_table_insert(sets, dgn, set);
        }
        for (guint i = 0; i < devices->len; i++)
            g_hash_table_add(set, g_ptr_array_index(devices, i));
    }
    g_hash_table_iter_init(&iter, sets);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        BoundDgn bound = {.dgn = GPOINTER_TO_UINT(key), .n_devices = g_hash_table_size(value)};

        g_array_append_val(dgns, bound);
    }
    g_array_sort(dgns, compare_dgns);
    return dgns;
}

GHashTable *model_cache_bound(const ModelCache *cache, const uint32_t *dgn, const int *instance)
{
    GHashTable *bound = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer key, devices;

    g_hash_table_iter_init(&iter, cache->by_binding);
    while (g_hash_table_iter_next(&iter, &key, &devices)) {
        const GPtrArray *array = devices;

        if ((dgn && key_dgn(key) != *dgn) || (instance && key_instance(key) != *instance))
            continue;
        for (guint i = 0; i < array->len; i++)
            g_hash_table_add(bound, g_ptr_array_index(array, i));
    }
    return bound;
}

void model_cache_put(ModelCache *cache, const char *path, Value *value, const char *data, const char *source,
                     int64_t position)
{
    CachedMapping *mapping = g_hash_table_lookup(cache->by_path, path);

    if (mapping) {
        g_free(mapping->data);
        mapping->data = g_strdup(data);
        mapping->source = intern_source(source);
    } else {
        mapping = cached_mapping_new(path, data, source, position);
        g_hash_table_insert(cache->by_path, mapping->path, mapping);
        if (cache->sorted)
            g_ptr_array_insert(cache->sorted, (gint) model_cache_position(cache, path, true), mapping);
    }
    if (cache->by_binding)
        index_mapping(cache, mapping, value);
}

void model_cache_remove(ModelCache *cache, const char *path)
{
    CachedMapping *mapping = g_hash_table_lookup(cache->by_path, path);

    if (!mapping)
        return;
    if (cache->by_binding)
        unbind_mapping(cache, mapping);
    if (cache->sorted)
        g_ptr_array_remove_index(cache->sorted, model_cache_position(cache, path, true));
    g_hash_table_remove(cache->by_path, path);
}
