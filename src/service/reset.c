/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Factory reset: a model, a section of it or one component goes back to what the vendor's file says. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/text.h"
#include "coach/path.h"
#include "service/touched.h"

#include <string.h>

/* Whether a component is what is to be reset, or within it. */
static bool is_within(const char *path, const char *scope)
{
    size_t length = strlen(scope);

    return length == 0 || (strncmp(path, scope, length) == 0 && (path[length] == '/' || path[length] == 0));
}

/* The paths in the scope that have overrides, sorted; borrowed from the table. */
static GPtrArray *edited_paths(GHashTable *overrides, const char *scope)
{
    GPtrArray *paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, overrides);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        if (is_within(path, scope))
            g_ptr_array_add(paths, path);
    g_ptr_array_sort(paths, text_compare_elements);
    return paths;
}

/* A scope that is the name of nothing is more likely a slip than a wish. */
static bool check_scope(Service *service, ModelCache *cache, const char *scope, bool edited, GError **error)
{
    GPtrArray *sorted;

    if (!scope[0] || edited)
        return true;
    if (!path_split(scope, NULL, NULL, error) || !model_cache_load(cache, service->store, error))
        return false;
    sorted = model_cache_sorted(cache);
    for (guint i = model_cache_position(cache, scope, true); i < sorted->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(sorted, i);

        if (is_within(mapping->path, scope))
            return true;
        /* "areas-x" sorts between "areas" and "areas/x". */
        if (!g_str_has_prefix(mapping->path, scope))
            break;
    }
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING, "Model \"%s\" has nothing called \"%s\"",
                model_cache_status(cache)->model, scope);
    return false;
}

static bool reset_component(Service *service, Plan *plan, ModelCache *cache, GHashTable *by_path,
                            const char *path, GError **error)
{
    Touched *touched = touched_load(service, model_cache_status(cache), path, error);

    if (!touched)
        return false;
    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = override_list_new();
    touched_settle(touched);
    touched_add_history(plan, touched, NULL);
    g_ptr_array_add(plan->components, touched);
    g_hash_table_insert(by_path, touched->path, touched);
    return true;
}

Plan *service_plan_reset(Service *service, const char *model, const char *scope, const char *reason,
                         const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "reset", "", reason, options, error);
    ModelCache *cache = plan ? service_get_cache(service, model, error) : NULL;
    g_autoptr(GHashTable) overrides = NULL, by_path = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) paths = NULL;

    if (!cache || !store_list_overrides(service->store, model_cache_status(cache)->model, &overrides, error))
        return NULL;
    paths = edited_paths(overrides, scope);
    if (!check_scope(service, cache, scope, paths->len > 0, error))
        return NULL;
    g_free(plan->model);
    plan->model = g_strdup(model_cache_status(cache)->model);

    plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    for (guint i = 0; i < paths->len; i++)
        if (!reset_component(service, plan, cache, by_path, g_ptr_array_index(paths, i), error))
            return NULL;
    if (!touched_check_paths(service, cache, plan->components, by_path, error))
        return NULL;
    plan_set_touched(plan);
    plan_add_detail(plan, "scope", value_new_string(scope));
    plan->backup_reason =
        g_strdup_printf("before the reset of %s%s%s", plan->model, scope[0] ? ", " : "", scope);
    if (scope[0]) {
        g_free(plan->subject);
        plan->subject = g_strdup(scope);
    }
    return g_steal_pointer(&plan);
}
