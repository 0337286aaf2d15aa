/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for settings: which model is active, what the interfaces stand for, how much of the past is kept. */
#include "service/service-private.h"

#include "base/error.h"

#include <string.h>

#define INTERFACE_NAME_LENGTH_MAX 64
/* The kernel's IFNAMSIZ less its NUL. */
#define PHYSICAL_NAME_LENGTH_MAX 15

static bool model_exists(Service *service, const char *model, GError **error)
{
    bool ignored;

    return service_needs_import(service, model, &ignored, error);
}

Plan *service_plan_active_model(Service *service, const char *model, const WriteOptions *options,
                                GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, SETTING_ACTIVATE, model, "", options, error);

    if (!plan || (model[0] && !model_exists(service, model, error)))
        return NULL;
    plan_set_setting(service, plan, SETTING_ACTIVATE, NULL, model);
    return g_steal_pointer(&plan);
}

static bool name_is_valid(const char *name, size_t length_max)
{
    size_t length = strlen(name);

    if (length == 0 || length > length_max || g_str_equal(name, ".") || g_str_equal(name, ".."))
        return false;
    for (; *name; name++)
        if (!g_ascii_isalnum(*name) && !strchr("_-.@", *name))
            return false;
    return true;
}

bool interface_is_valid(const char *logical, const char *physical)
{
    return name_is_valid(logical, INTERFACE_NAME_LENGTH_MAX) &&
           (!physical[0] || name_is_valid(physical, PHYSICAL_NAME_LENGTH_MAX));
}

/* The coach file of the active model has a say in which interfaces there are. Taking an assignment away is
 * always possible. */
static bool check_interface(Service *service, const char *logical, const char *physical, GError **error)
{
    g_autoptr(GError) local = NULL;
    ModelCache *cache;
    const Rules *rules;

    if (!physical[0] || !service->active_model[0])
        return true;
    cache = service_get_cache(service, service->active_model, &local);
    if (!cache && (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED) ||
                   g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL)))
        return true; /* it has no say yet */
    if (!cache) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    rules = model_cache_rules(cache, service->store, error);
    return rules && rules_check_interface(rules, logical, physical, error);
}

Plan *service_plan_interface(Service *service, const char *logical, const char *physical,
                             const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = NULL;

    if (!name_is_valid(logical, INTERFACE_NAME_LENGTH_MAX)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "\"%s\" is not the name of a logical interface; one looks like \"house\"", logical);
        return NULL;
    }
    if (physical[0] && !name_is_valid(physical, PHYSICAL_NAME_LENGTH_MAX)) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
            "\"%s\" is not the name of a network interface; one has at most %d characters, like \"can0\"",
            physical, PHYSICAL_NAME_LENGTH_MAX);
        return NULL;
    }

    plan = plan_new(service, SETTING_INTERFACE, "", "", options, error);
    if (!plan || (!options->force && !check_interface(service, logical, physical, error)))
        return NULL;
    g_free(plan->subject);
    plan->subject = g_strdup(logical);
    plan_set_setting(service, plan, SETTING_INTERFACE, logical, physical);
    return g_steal_pointer(&plan);
}

Plan *service_plan_retention(Service *service, const Retention *retention, const WriteOptions *options,
                             GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, SETTING_RETENTION, "", "", options, error);

    if (!plan || !retention_check(*retention, error))
        return NULL;
    g_free(plan->subject);
    plan->subject = retention_format(*retention);
    plan_set_setting(service, plan, SETTING_RETENTION, NULL, plan->subject);
    return g_steal_pointer(&plan);
}

bool service_get_retention(Service *service, Retention *ret, GError **error)
{
    if (!service_store(service, error))
        return false;
    *ret = service->retention;
    return true;
}
