/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened: changes, the history of components, and whether the record of it is whole. */
#include "service/service-private.h"

#include "base/error.h"
#include "coach/path.h"

bool service_list_changes(Service *service, int64_t before, unsigned limit, const char *model,
                          const char *kind, GPtrArray **ret, int64_t *ret_next, GError **error)
{
    Store *store = service_store(service, error);

    return store && store_list_changes(store, before, limit, model, kind, ret, ret_next, error);
}

/* Whether there is such a component, for a reader or in the vendor's file. */
static bool component_exists(Store *store, const ImportStatus *status, const char *path, bool *ret,
                             GError **error)
{
    g_autoptr(Value) vendor = NULL;
    Mapping *row = NULL;

    if (!store_get_mapping(store, status->model, path, &row, error) ||
        (!row && !store_get_vendor_component(store, status->revision_id, path, &vendor, error)))
        return false;
    *ret = row || vendor;
    mapping_free(row);
    return true;
}

bool service_list_history(Service *service, const char *model, const char *path, int64_t before,
                          unsigned limit, GPtrArray **ret, int64_t *ret_next, GError **error)
{
    Store *store = service_store(service, error);
    ModelCache *cache = store ? service_get_cache(service, model, error) : NULL;
    g_autoptr(GPtrArray) rows = NULL;
    bool exists = true;

    if (!cache || (path[0] && !path_split(path, NULL, NULL, error)))
        return false;
    if (!store_list_history(store, model_cache_status(cache)->model, path, before, limit, &rows, ret_next,
                            error))
        return false;
    /* What it had may be pruned. */
    if (path[0] && rows->len == 0 && before == 0 &&
        !component_exists(store, model_cache_status(cache), path, &exists, error))
        return false;
    if (!exists) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING,
                    "Model \"%s\" has no component \"%s\", and no history of one",
                    model_cache_status(cache)->model, path);
        return false;
    }
    *ret = g_steal_pointer(&rows);
    return true;
}

bool service_verify_history(Service *service, int64_t *ret_checked, int64_t *ret_from, char **ret_problem,
                            GError **error)
{
    Store *store = service_store(service, error);

    return store && store_verify_history(store, ret_checked, ret_from, ret_problem, error) &&
           (*ret_problem || store_verify_components(store, ret_problem, error));
}
