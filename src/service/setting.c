/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings as parts of plans: what one is, becomes, and was before, each as a text. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"

#include <stddef.h>
#include <string.h>

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
char *retention_format(Retention retention)
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

bool retention_check(Retention retention, GError **error)
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

/* One setting */

void setting_free(Setting *setting)
{
    g_free(setting->kind);
    g_free(setting->name);
    g_free(setting->before);
    g_free(setting->after);
    g_free(setting);
}

Setting *setting_new(const char *kind, const char *name, const char *before, const char *after)
{
    Setting *setting = g_new0(Setting, 1);

    setting->kind = g_strdup(kind);
    setting->name = g_strdup(name);
    setting->before = g_strdup(before);
    setting->after = g_strdup(after);
    return setting;
}

char *setting_now(Service *service, const char *kind, const char *name)
{
    const char *physical;

    if (g_str_equal(kind, SETTING_ACTIVATE))
        return g_strdup(service->active_model);
    if (g_str_equal(kind, SETTING_RETENTION))
        return retention_format(service->retention);
    physical = name ? g_hash_table_lookup(service->interfaces, name) : NULL;
    return g_strdup(physical ? physical : "");
}

static bool write_setting(Service *service, const Setting *setting, GError **error)
{
    if (g_str_equal(setting->kind, SETTING_INTERFACE))
        return store_set_interface(service->store, setting->name, setting->after[0] ? setting->after : NULL,
                                   error);
    return store_set_setting(service->store,
                             g_str_equal(setting->kind, SETTING_ACTIVATE) ? SETTING_ACTIVE_MODEL
                                                                          : SETTING_RETENTION,
                             setting->after, error);
}

static void take_setting(Service *service, const Setting *setting)
{
    if (g_str_equal(setting->kind, SETTING_ACTIVATE)) {
        g_free(service->active_model);
        service->active_model = g_strdup(setting->after);
    } else if (g_str_equal(setting->kind, SETTING_RETENTION)) {
        service->retention = retention_parse(setting->after);
    } else if (setting->after[0]) {
        g_hash_table_insert(service->interfaces, g_strdup(setting->name), g_strdup(setting->after));
    } else {
        g_hash_table_remove(service->interfaces, setting->name);
    }
}

static ServiceEventType event_of(const Setting *setting)
{
    if (g_str_equal(setting->kind, SETTING_ACTIVATE))
        return SERVICE_EVENT_ACTIVE_MODEL_CHANGED;
    return g_str_equal(setting->kind, SETTING_RETENTION) ? SERVICE_EVENT_RETENTION_CHANGED
                                                         : SERVICE_EVENT_INTERFACES_CHANGED;
}

/* Those of a plan */

bool plan_write_settings(Service *service, const Plan *plan, GError **error)
{
    for (guint i = 0; plan->settings && i < plan->settings->len; i++)
        if (!write_setting(service, g_ptr_array_index(plan->settings, i), error))
            return false;
    return true;
}

void plan_take_settings(Service *service, const Plan *plan)
{
    for (guint i = 0; plan->settings && i < plan->settings->len; i++)
        take_setting(service, g_ptr_array_index(plan->settings, i));
}

static bool write_settings(Service *service, Plan *plan, const Change *change G_GNUC_UNUSED, GError **error)
{
    return plan_write_settings(service, plan, error);
}

void plan_announce_settings(Service *service, const Plan *plan, const Change *change)
{
    for (guint i = 0; plan->settings && i < plan->settings->len; i++)
        service_emit(service, &(ServiceEvent){.type = event_of(g_ptr_array_index(plan->settings, i)),
                                              .change = change->id});
}

static void finish_settings(Service *service, Plan *plan, const Change *change)
{
    plan_take_settings(service, plan);
    plan_announce_settings(service, plan, change);
}

void plan_add_setting(Plan *plan, Setting *setting)
{
    if (!plan->settings)
        plan->settings = g_ptr_array_new_with_free_func((GDestroyNotify) setting_free);
    if (g_str_equal(setting->kind, SETTING_RETENTION))
        plan->retention = retention_parse(setting->after);
    g_ptr_array_add(plan->settings, setting);
    plan->n_entries++;
}

#define PLAN_SETTINGS "settings"

void plan_describe_settings(Plan *plan)
{
    Value *list;

    if (!plan->settings)
        return;
    list = value_new_list();
    for (guint i = 0; i < plan->settings->len; i++) {
        const Setting *setting = g_ptr_array_index(plan->settings, i);
        Value *entry = value_new_map();

        value_map_take(&entry, "setting", value_new_string(setting->kind));
        if (setting->name)
            value_map_take(&entry, "name", value_new_string(setting->name));
        value_map_take(&entry, "before", value_new_string(setting->before));
        value_map_take(&entry, "after", value_new_string(setting->after));
        value_list_take(&list, entry);
    }
    plan_add_detail(plan, PLAN_SETTINGS, list);
}

static void add_setting(GPtrArray *settings, const char *kind, const Value *entry)
{
    const char *before = value_map_get_string(entry, "before"),
               *after = value_map_get_string(entry, "after"), *name = value_map_get_string(entry, "name");

    if (kind && before && after && (name || !g_str_equal(kind, SETTING_INTERFACE)))
        g_ptr_array_add(settings, setting_new(kind, name, before, after));
}

GPtrArray *change_list_settings(const Change *change)
{
    GPtrArray *settings = g_ptr_array_new_with_free_func((GDestroyNotify) setting_free);
    g_autoptr(Value) detail =
        change->detail ? json_parse(change->detail, -1, &json_limits_stored, NULL) : NULL;

    if (g_str_equal(change->kind, SETTING_ACTIVATE) || g_str_equal(change->kind, SETTING_INTERFACE) ||
        g_str_equal(change->kind, SETTING_RETENTION))
        add_setting(settings, change->kind, detail);
    VALUE_FOREACH_ITEM (entry, value_map_get(detail, PLAN_SETTINGS))
        add_setting(settings, value_map_get_string(entry, "setting"), entry);
    return settings;
}

void plan_set_settings(Plan *plan)
{
    plan->write = write_settings;
    plan->finish = finish_settings;
}

void plan_set_setting(Service *service, Plan *plan, const char *kind, const char *name, const char *after)
{
    g_autofree char *before = setting_now(service, kind, name);

    plan->empty = g_str_equal(before, after);
    if (name)
        plan_add_detail(plan, "name", value_new_string(name));
    plan_add_detail(plan, "before", value_new_string(before));
    plan_add_detail(plan, "after", value_new_string(after));
    plan_add_setting(plan, setting_new(kind, name, before, after));
    plan_set_settings(plan);
}
