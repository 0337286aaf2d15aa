/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading components: one, a page, by what they are, by where they live on the bus. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "coach/validate.h"

#include <string.h>

bool service_get_mapping(Service *service, const char *model, const char *path, const CachedMapping **ret,
                         int64_t *ret_revision, GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);

    if (!cache || !model_cache_get(cache, service->store, path, ret, error))
        return false;
    if (!*ret) {
        if (!path_split(path, NULL, NULL, error))
            return false;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING,
                    "Model \"%s\" has no component \"%s\"", model_cache_status(cache)->model, path);
        return false;
    }
    *ret_revision = service->revision;
    return true;
}

bool service_get_mappings(Service *service, const char *model, const char *prefix, const char *after,
                          unsigned limit, GPtrArray **ret, const char **ret_next, GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    g_autoptr(GPtrArray) page = g_ptr_array_new();
    GPtrArray *sorted;
    size_t size = 0;

    if (!cache || !model_cache_load(cache, service->store, error))
        return false;

    /* Whichever of the two lies further on. */
    sorted = model_cache_sorted(cache);
    guint i = strcmp(after, prefix) >= 0 && after[0] ? model_cache_position(cache, after, false)
                                                     : model_cache_position(cache, prefix, true);
    *ret_next = "";
    for (; i < sorted->len; i++) {
        CachedMapping *mapping = g_ptr_array_index(sorted, i);

        if (!g_str_has_prefix(mapping->path, prefix))
            break;
        size += strlen(mapping->data);
        if (page->len == limit || (size > PAGE_SIZE_MAX && page->len > 0)) {
            *ret_next = ((const CachedMapping *) g_ptr_array_index(page, page->len - 1))->path;
            break;
        }
        g_ptr_array_add(page, mapping);
    }
    *ret = g_steal_pointer(&page);
    return true;
}

/* Finding */

static bool area_fits(const CachedMapping *mapping, const char *area)
{
    size_t length = strlen(area);

    if (mapping->area && strncmp(mapping->area, area, length) == 0 &&
        (mapping->area[length] == 0 || mapping->area[length] == '.'))
        return true;
    return mapping->suggested_area && g_ascii_strcasecmp(mapping->suggested_area, area) == 0;
}

static bool instance_fits(const CachedMapping *mapping, int instance)
{
    g_autoptr(Value) data = json_parse(mapping->data, -1, &json_limits_stored, NULL);
    g_autoptr(Value) keyed = data ? device_to_keyed(data, NULL) : NULL;

    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        uint32_t dgn;
        int other;

        if (binding_key_parse(key, &dgn, &other) && other == instance)
            return true;
    }
    return false;
}

static bool dgn_fits(const ModelCache *cache, const CachedMapping *mapping, uint32_t dgn, int first,
                     int last)
{
    for (int instance = first; instance <= last; instance++) {
        GPtrArray *devices = model_cache_lookup(cache, dgn, instance);
        if (devices && g_ptr_array_find(devices, mapping, NULL))
            return true;
    }
    return false;
}

static bool fits(const ModelCache *cache, const CachedMapping *mapping, const FindQuery *query,
                 const char *folded)
{
    bool devices_only =
        query->has_dgn || query->has_instance || query->device_type || query->area || query->interface;

    if (devices_only && !path_is_device(mapping->path))
        return false;
    if (query->device_type && g_strcmp0(mapping->device_type, query->device_type) != 0)
        return false;
    if (query->interface && g_strcmp0(mapping->interface, query->interface) != 0)
        return false;
    if (query->area && !area_fits(mapping, query->area))
        return false;
    if (folded && !strstr(mapping->words, folded))
        return false;
    if (query->has_dgn && query->has_instance)
        return dgn_fits(cache, mapping, query->dgn, query->instance, query->instance);
    if (query->has_dgn)
        return dgn_fits(cache, mapping, query->dgn, INSTANCE_DEFAULT, INSTANCE_MAX);
    return !query->has_instance || instance_fits(mapping, query->instance);
}

bool service_find_mappings(Service *service, const char *model, const FindQuery *query, GPtrArray **ret,
                           GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    g_autofree char *folded = query->text ? g_utf8_casefold(query->text, -1) : NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    GPtrArray *sorted;
    size_t size = 0;

    if (!cache || !model_cache_index(cache, service->store, error))
        return false;

    sorted = model_cache_sorted(cache);
    for (guint i = 0; i < sorted->len; i++) {
        CachedMapping *mapping = g_ptr_array_index(sorted, i);
        if (!fits(cache, mapping, query, folded))
            continue;
        size += strlen(mapping->data);
        if (size > FIND_SIZE_MAX) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                        "More than %d bytes were found; ask for less, or in pages", FIND_SIZE_MAX);
            return false;
        }
        g_ptr_array_add(found, mapping);
    }
    *ret = g_steal_pointer(&found);
    return true;
}

/* Looking up */

static void lookup_result_free(LookupResult *result)
{
    g_free(result->data);
    g_free(result);
}

static LookupResult *lookup_result_new(Service *service, const CachedMapping *mapping, const char *key)
{
    g_autoptr(Value) data = json_parse(mapping->data, -1, &json_limits_stored, NULL);
    g_autoptr(Value) keyed = data ? device_to_keyed(data, NULL) : NULL;
    g_autoptr(Value) flat = keyed ? device_flatten(keyed, key) : value_new_map();
    const char *interface = value_map_get_string(flat, "interface");
    const char *physical =
        interface && service->interfaces ? g_hash_table_lookup(service->interfaces, interface) : NULL;
    LookupResult *result = g_new0(LookupResult, 1);

    if (physical)
        value_map_take(&flat, "physical_interface", value_new_string(physical));
    result->path = mapping->path;
    result->data = json_format(flat);
    return result;
}

bool service_lookup(Service *service, const char *model, uint32_t dgn, int instance, GPtrArray **ret,
                    GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify) lookup_result_free);
    GPtrArray *devices;
    char key[BINDING_KEY_SIZE];

    if (dgn > DGN_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "%X is no DGN: those have 17 bits, the largest is 1FFFF", dgn);
        return false;
    }
    if (!cache || !model_cache_index(cache, service->store, error))
        return false;

    devices = model_cache_lookup(cache, dgn, instance);
    if (!devices) {
        instance = INSTANCE_DEFAULT;
        devices = model_cache_lookup(cache, dgn, instance);
    }
    binding_key_format(dgn, instance, key);
    for (guint i = 0; devices && i < devices->len; i++)
        g_ptr_array_add(results, lookup_result_new(service, g_ptr_array_index(devices, i), key));
    *ret = g_steal_pointer(&results);
    return true;
}

bool service_validate(Service *service, const char *model, GPtrArray **ret, GError **error)
{
    g_autoptr(GPtrArray) vendor = NULL, problems = problem_list_new();
    g_autoptr(GPtrArray) effective = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    Store *store = service_store(service, error);
    ModelCache *cache = store ? service_get_cache(service, model, error) : NULL;
    const Rules *rules;

    if (!cache || !model_cache_load(cache, store, error) ||
        !store_list_vendor_components(store, model_cache_status(cache)->revision_id, &vendor, error))
        return false;
    rules = model_cache_rules(cache, store, error);
    if (!rules)
        return false;

    GPtrArray *sorted = model_cache_sorted(cache);
    for (guint i = 0; i < sorted->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(sorted, i);
        g_autoptr(Value) data = json_parse(mapping->data, -1, &json_limits_stored, error);

        if (!data)
            return false;
        g_ptr_array_add(effective, component_new(mapping->path, data));
    }
    validate_model(rules, vendor, effective, problems);
    *ret = g_steal_pointer(&problems);
    return true;
}
