/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading components: one, a page, by what they are, by where they live on the bus. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "coach/validate-dgn.h"
#include "coach/validate.h"

#include <string.h>

static bool check_answer(size_t size, GError **error)
{
    if (size <= ANSWER_SIZE_MAX)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "The answer would have more than %d bytes",
                ANSWER_SIZE_MAX);
    return false;
}

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
    return check_answer(strlen((*ret)->data), error);
}

bool service_get_mappings(Service *service, const char *model, const char *prefix, const char *after,
                          unsigned limit, GPtrArray **ret, const char **ret_next, int64_t *ret_revision,
                          GError **error)
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
        if (!check_answer(strlen(mapping->data), error))
            return false;
        size += strlen(mapping->data);
        if (page->len == limit || (size > PAGE_SIZE_MAX && page->len > 0)) {
            *ret_next = ((const CachedMapping *) g_ptr_array_index(page, page->len - 1))->path;
            break;
        }
        g_ptr_array_add(page, mapping);
    }
    *ret = g_steal_pointer(&page);
    *ret_revision = service->revision;
    return true;
}

/* Finding */

static bool has(char **texts, const char *text)
{
    for (; texts && *texts; texts++)
        if (g_str_equal(*texts, text))
            return true;
    return false;
}

static bool area_fits(const CachedMapping *mapping, const char *area)
{
    size_t length = strlen(area);

    for (char **own = mapping->areas; own && *own; own++)
        if (strncmp(*own, area, length) == 0 && ((*own)[length] == 0 || (*own)[length] == '.'))
            return true;
    for (char **own = mapping->suggested_areas; own && *own; own++)
        if (g_ascii_strcasecmp(*own, area) == 0)
            return true;
    return false;
}

static bool fits(const CachedMapping *mapping, const FindQuery *query, const char *folded)
{
    if ((query->device_type || query->area || query->interface) && !path_is_device(mapping->path))
        return false;
    if (query->device_type && !has(mapping->device_types, query->device_type))
        return false;
    if (query->interface && !has(mapping->interfaces, query->interface))
        return false;
    if (query->area && !area_fits(mapping, query->area))
        return false;
    return !folded || strstr(mapping->words, folded);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    const CachedMapping *const *left = a, *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

/* Those that the index gives for the query, sorted by path. */
static GPtrArray *candidates(const ModelCache *cache, const FindQuery *query)
{
    g_autoptr(GHashTable) bound = NULL;
    GHashTableIter iter;
    gpointer mapping;
    GPtrArray *found;

    if (!query->has_dgn && !query->has_instance)
        return g_ptr_array_ref(model_cache_sorted(cache));

    bound = model_cache_bound(cache, query->has_dgn ? &query->dgn : NULL,
                              query->has_instance ? &query->instance : NULL);
    found = g_ptr_array_sized_new(g_hash_table_size(bound));
    g_hash_table_iter_init(&iter, bound);
    while (g_hash_table_iter_next(&iter, &mapping, NULL))
        g_ptr_array_add(found, mapping);
    g_ptr_array_sort(found, compare_paths);
    return found;
}

bool service_find_mappings(Service *service, const char *model, const FindQuery *query, GPtrArray **ret,
                           int64_t *ret_revision, GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    g_autofree char *folded = query->text ? g_utf8_casefold(query->text, -1) : NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GPtrArray) sorted = NULL;
    size_t size = 0;

    if (!cache || !model_cache_index(cache, service->store, error))
        return false;

    sorted = candidates(cache, query);
    for (guint i = 0; i < sorted->len; i++) {
        CachedMapping *mapping = g_ptr_array_index(sorted, i);
        if (!fits(mapping, query, folded))
            continue;
        size += strlen(mapping->data) + strlen(mapping->path) + 4 * ANSWER_TEXT_OVERHEAD;
        if (!check_answer(size, error))
            return false;
        g_ptr_array_add(found, mapping);
    }
    *ret = g_steal_pointer(&found);
    *ret_revision = service->revision;
    return true;
}

/* Looking up */

static void lookup_result_free(LookupResult *result)
{
    g_free(result->data);
    g_free(result);
}

/* `dgn_name` may be NULL. */
static LookupResult *lookup_result_new(Service *service, const CachedMapping *mapping, const char *key,
                                       const char *dgn_name)
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
    if (dgn_name)
        value_map_take(&flat, "dgn_name", value_new_string(dgn_name));
    result->path = mapping->path;
    result->data = json_format(flat);
    return result;
}

/* NULL where none is known. A broken rvc.json of a development folder keeps nobody from their devices. */
static const char *dgn_name(Service *service, uint32_t dgn)
{
    const DgnTable *table = service_dgns(service, NULL);
    const DgnRow *row = table ? dgn_table_find(table, dgn) : NULL;

    return row ? dgn_table_text(table, row->name) : NULL;
}

bool service_lookup(Service *service, const char *model, uint32_t dgn, int instance, GPtrArray **ret,
                    GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify) lookup_result_free);
    GPtrArray *devices;
    char key[BINDING_KEY_SIZE];
    const char *name;
    size_t size = 0;

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
    name = devices ? dgn_name(service, dgn) : NULL;
    for (guint i = 0; devices && i < devices->len; i++) {
        LookupResult *result = lookup_result_new(service, g_ptr_array_index(devices, i), key, name);

        g_ptr_array_add(results, result);
        size += strlen(result->path) + strlen(result->data) + 2 * ANSWER_TEXT_OVERHEAD;
        if (!check_answer(size, error))
            return false;
    }
    *ret = g_steal_pointer(&results);
    return true;
}

static void validate_protocol(Service *service, const Rules *rules, GPtrArray *effective,
                              GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    const DgnTable *table = service_dgns(service, &error);

    if (table)
        validate_dgns(table, rules, effective, problems);
    else
        problem_add(problems, PROBLEM_WARNING, "", "", "DGNs are not checked: %s", error->message);
}

/* A file can have more problems than a message can carry, or than are kept; nobody reads so many. The last
 * entry says that there are more. */
static void shorten(GPtrArray *problems)
{
    size_t size = 0;
    guint n = 0;

    for (; n < problems->len && size <= PAGE_SIZE_MAX; n++) {
        const Problem *problem = g_ptr_array_index(problems, n);

        size += strlen(problem->path) + strlen(problem->field) + strlen(problem->message) +
                4 * ANSWER_TEXT_OVERHEAD;
    }
    if (n == problems->len && n < PROBLEMS_MAX)
        return;
    g_ptr_array_set_size(problems, (gint) MIN(n, PROBLEMS_MAX - 1));
    problem_add(problems, PROBLEM_WARNING, "", "", "there are more problems, which are not listed");
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
    validate_protocol(service, rules, effective, problems);
    shorten(problems);
    *ret = g_steal_pointer(&problems);
    return true;
}
