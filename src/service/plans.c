/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans: what all kinds of changes share, their commit, and the plans for settings. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define INTERFACE_NAME_LENGTH_MAX 64
/* The kernel's IFNAMSIZ less its NUL. */
#define PHYSICAL_NAME_LENGTH_MAX 15

bool service_check_revision(Service *service, const WriteOptions *options, GError **error)
{
    uint64_t expected = options->expected_revision;
    int64_t seen;

    if (!service_store(service, error))
        return false;
    if (!options->has_expected_revision || expected == (uint64_t) service->revision)
        return true;
    if (!store_get_seen_revision(service->store, FIRST_USE_REASON, &seen, error))
        return false;
    if (expected >= (uint64_t) seen && expected <= (uint64_t) service->revision)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                "The configuration has changed: it is at revision %" G_GINT64_FORMAT
                ", not %" G_GUINT64_FORMAT "; nothing was written",
                service->revision, expected);
    return false;
}

Plan *plan_new(Service *service, const char *kind, const char *model, const char *reason,
               const WriteOptions *options, GError **error)
{
    Plan *plan;

    if (strlen(reason) > REASON_LENGTH_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "A reason has at most %d bytes",
                    REASON_LENGTH_MAX);
        return NULL;
    }
    if (!service_writable_store(service, error) || !service_check_revision(service, options, error))
        return NULL;

    plan = g_new0(Plan, 1);
    plan->kind = g_strdup(kind);
    plan->model = g_strdup(model);
    plan->subject = g_strdup("");
    plan->reason = g_strdup(reason);
    plan->revision = service->revision;
    plan->history = history_list_new();
    return plan;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    g_free(plan->kind);
    g_free(plan->model);
    g_free(plan->subject);
    g_free(plan->reason);
    g_ptr_array_unref(plan->history);
    g_free(plan->content_hash);
    g_free(plan->detail);
    g_clear_pointer(&plan->components, g_ptr_array_unref);
    g_clear_pointer(&plan->file, coach_file_free);
    g_free(plan->byte_hash);
    g_free(plan->name);
    g_free(plan->value);
    g_free(plan);
}

bool plan_is_empty(const Plan *plan)
{
    return plan->empty;
}

const char *plan_kind(const Plan *plan)
{
    return plan->kind;
}

const char *plan_model(const Plan *plan)
{
    return plan->model;
}

const char *plan_subject(const Plan *plan)
{
    return plan->subject;
}

static bool write_change(Service *service, Plan *plan, Change *change, GError **error)
{
    g_auto(Transaction) transaction = {0};
    int64_t revision;

    if (!transaction_begin(&transaction, service->store, error) ||
        !store_get_revision(service->store, &revision, error))
        return false;
    if (revision != plan->revision) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                    "The database was written to by another process; nothing was written");
        return false;
    }
    return store_add_change(service->store, change, plan->history, error) &&
           plan->write(service, plan, change, error) &&
           store_add_history(service->store, change, plan->history, error) &&
           transaction_commit(&transaction, error);
}

bool service_commit(Service *service, Plan *plan, const Actor *actor, int64_t *ret_change, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_auto(Change) change = {0};

    if (plan->empty) {
        *ret_change = service->revision;
        return true;
    }
    if (!service_writable_store(service, error))
        return false;

    change.time = now_usec();
    change.kind = g_strdup(plan->kind);
    change.model = g_strdup(plan->model);
    change.reason = g_strdup(plan->reason);
    change.actor = (Actor){.uid = actor->uid,
                           .pid = actor->pid,
                           .user = g_strdup(actor->user),
                           .process = g_strdup(actor->process)};
    change.n_entries = plan->n_entries;
    change.content_hash = g_strdup(plan->content_hash);
    change.detail = g_strdup(plan->detail);

    if (!write_change(service, plan, &change, &local)) {
        service_note_failure(service, local);
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }

    service->revision = change.id;
    service_note_success(service);
    plan->finish(service, plan, &change);
    *ret_change = change.id;
    return true;
}

/* Settings */

static char *format_setting(const char *name, const char *before, const char *after)
{
    g_autoptr(Value) detail = value_new_map();

    if (name)
        value_map_take(&detail, "name", value_new_string(name));
    value_map_take(&detail, "before", value_new_string(before));
    value_map_take(&detail, "after", value_new_string(after));
    return json_format(detail);
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
    plan->detail = format_setting(NULL, service->active_model, model);
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
    plan->detail = format_setting(logical, before ? before : "", physical);
    plan->n_entries = 1;
    plan->write = write_interface;
    plan->finish = finish_interface;
    return g_steal_pointer(&plan);
}
