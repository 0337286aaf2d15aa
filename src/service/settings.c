/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings: which model is active, what the interfaces stand for, how much of the past is kept. */
#include "service/service-private.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

#define INTERFACE_NAME_LENGTH_MAX 64
/* The kernel's IFNAMSIZ less its NUL. */
#define PHYSICAL_NAME_LENGTH_MAX 15

/* What the change says of itself, so that it can be undone. */
static void describe_setting(Plan *plan, const char *name, const char *before, const char *after)
{
    if (name)
        plan_add_detail(plan, "name", value_new_string(name));
    plan_add_detail(plan, "before", value_new_string(before));
    plan_add_detail(plan, "after", value_new_string(after));
}

static bool write_active_model(Service *service, Plan *plan, const Change *change G_GNUC_UNUSED,
                               GError **error)
{
    return store_set_setting(service->store, SETTING_ACTIVE_MODEL, plan->value, error);
}

static void finish_active_model(Service *service, Plan *plan, const Change *change)
{
    g_free(service->active_model);
    service->active_model = g_strdup(plan->value);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_ACTIVE_MODEL_CHANGED,
                                          .model = service->active_model,
                                          .change = change->id});
}

static bool model_exists(Service *service, const char *model, GError **error)
{
    bool ignored;

    return service_needs_import(service, model, &ignored, error);
}

Plan *service_plan_active_model(Service *service, const char *model, const WriteOptions *options,
                                GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "activate", model, "", options, error);

    if (!plan || (model[0] && !model_exists(service, model, error)))
        return NULL;
    plan->empty = g_str_equal(service->active_model, model);
    plan->value = g_strdup(model);
    describe_setting(plan, NULL, service->active_model, model);
    plan->n_entries = 1;
    plan->write = write_active_model;
    plan->finish = finish_active_model;
    return g_steal_pointer(&plan);
}

static bool write_interface(Service *service, Plan *plan, const Change *change G_GNUC_UNUSED, GError **error)
{
    return store_set_interface(service->store, plan->name, plan->value, error);
}

static void finish_interface(Service *service, Plan *plan, const Change *change)
{
    if (plan->value)
        g_hash_table_insert(service->interfaces, g_strdup(plan->name), g_strdup(plan->value));
    else
        g_hash_table_remove(service->interfaces, plan->name);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_INTERFACES_CHANGED, .change = change->id});
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
    const char *before;

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

    plan = plan_new(service, "interface", "", "", options, error);
    if (!plan || (!options->force && !check_interface(service, logical, physical, error)))
        return NULL;
    before = g_hash_table_lookup(service->interfaces, logical);
    plan->empty = g_str_equal(before ? before : "", physical);
    g_free(plan->subject);
    plan->subject = g_strdup(logical);
    plan->name = g_strdup(logical);
    plan->value = physical[0] ? g_strdup(physical) : NULL;
    describe_setting(plan, logical, before ? before : "", physical);
    plan->n_entries = 1;
    plan->write = write_interface;
    plan->finish = finish_interface;
    return g_steal_pointer(&plan);
}

/* Retention */

/* The members of a Retention as the database has them, and what they may be. */
static const struct {
    const char *name;
    size_t offset;
    unsigned least, most, otherwise;
} retention_members[] = {
    {"changes", offsetof(Retention, changes), 1, 1000000, 1000},
    {"days", offsetof(Retention, days), 0, 36500, 730},
    {"backups", offsetof(Retention, backups), 1, 1000, 10},
};

static unsigned *retention_member(Retention *retention, guint i)
{
    return (unsigned *) ((char *) retention + retention_members[i].offset);
}

/* "changes=1000 days=730 backups=10" */
static char *format_retention(Retention retention)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(retention_members); i++)
        g_string_append_printf(text, "%s%s=%u", i > 0 ? " " : "", retention_members[i].name,
                               *retention_member(&retention, i));
    return g_string_free(text, false);
}

Retention retention_parse(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", -1);
    Retention retention;

    for (guint i = 0; i < G_N_ELEMENTS(retention_members); i++) {
        g_autofree char *prefix = g_strconcat(retention_members[i].name, "=", NULL);
        unsigned *member = retention_member(&retention, i);

        *member = retention_members[i].otherwise;
        for (char **word = words; *word; word++) {
            guint64 number;

            if (g_str_has_prefix(*word, prefix) &&
                g_ascii_string_to_unsigned(*word + strlen(prefix), 10, retention_members[i].least,
                                           retention_members[i].most, &number, NULL))
                *member = (unsigned) number;
        }
    }
    return retention;
}

static bool write_retention(Service *service, Plan *plan, const Change *change G_GNUC_UNUSED, GError **error)
{
    return store_set_setting(service->store, SETTING_RETENTION, plan->value, error);
}

static void finish_retention(Service *service, Plan *plan, const Change *change)
{
    service->retention = plan->retention;
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_RETENTION_CHANGED, .change = change->id});
}

static bool check_retention(Retention retention, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(retention_members); i++) {
        unsigned number = *retention_member(&retention, i);

        if (number >= retention_members[i].least && number <= retention_members[i].most)
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "\"%s\" is a number from %u to %u, not %u", retention_members[i].name,
                    retention_members[i].least, retention_members[i].most, number);
        return false;
    }
    return true;
}

Plan *service_plan_retention(Service *service, const Retention *retention, const WriteOptions *options,
                             GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "retention", "", "", options, error);
    g_autofree char *before = NULL;

    if (!plan || !check_retention(*retention, error))
        return NULL;
    before = format_retention(service->retention);
    plan->retention = *retention;
    plan->value = format_retention(*retention);
    plan->empty = g_str_equal(before, plan->value);
    describe_setting(plan, NULL, before, plan->value);
    g_free(plan->subject);
    plan->subject = g_strdup(plan->value);
    plan->n_entries = 1;
    plan->write = write_retention;
    plan->finish = finish_retention;
    return g_steal_pointer(&plan);
}

bool service_get_retention(Service *service, Retention *ret, GError **error)
{
    if (!service_store(service, error))
        return false;
    *ret = service->retention;
    return true;
}
