/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a model: its data and edits go, and come back with an undo. */
#include "service/service-private.h"

#include "base/error.h"
#include "coach/coach-file.h"
#include "service/transition.h"

static bool check_active(Service *service, const char *model, bool force, GError **error)
{
    if (force || !g_str_equal(service->active_model, model))
        return true;
    g_set_error(
        error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED,
        "%s is the active coach; make another one active first, or none. The option \"force\" removes it "
        "all the same, and then none is active",
        model);
    return false;
}

static bool plan_nothing_left(Service *service, Plan *plan, const ImportStatus *status, GError **error)
{
    g_autoptr(GHashTable) overrides = NULL, none = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) base = NULL, nothing = g_ptr_array_new();
    g_autoptr(Merge) merge = NULL;

    if (!store_list_vendor_components(service->store, status->revision_id, &base, error) ||
        !store_list_overrides(service->store, status->model, &overrides, error))
        return false;
    const MergeInput input = {.base = base,
                              .incoming = nothing,
                              .overrides = none,
                              .pinned = none,
                              .renames = none,
                              .allow = MERGE_ALLOW_ALL};
    merge = merge_plan(&input, error);
    if (!merge)
        return false;
    const Transition transition = {
        .from = status, .base = base, .incoming = nothing, .overrides = overrides, .merge = merge};
    return plan_add_passage(service, plan, passage_new(status->model), &transition, error);
}

static void describe(Service *service, Plan *plan, const ImportStatus *status)
{
    plan_add_detail(plan, "version", value_new_string(status->version));
    plan->backup_reason = g_strdup_printf("before the removal of %s", status->model);
    g_free(plan->subject);
    plan->subject = g_strdup(status->version);
    if (!g_str_equal(service->active_model, status->model))
        return;
    plan_add_setting(plan, setting_new(SETTING_ACTIVATE, NULL, status->model, ""));
    plan_describe_settings(plan);
}

Plan *service_plan_remove(Service *service, const char *model, const char *reason,
                          const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = NULL;
    g_autoptr(ImportStatus) status = NULL;
    g_autofree char *id = NULL;
    bool known;

    model = service_resolve_model(service, model, error);
    if (!model)
        return NULL;
    /* A copy: planning may read the settings again, and with them the active model. */
    id = g_strdup(model);
    plan = plan_new(service, "remove", id, reason, options, error);
    if (!plan || !store_get_import(service->store, id, &status, error) ||
        !service_knows_model(service, id, &known, error))
        return NULL;
    if (!known) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL, "There is no coach model \"%s\"", id);
        return NULL;
    }
    plan->empty = !status;
    if (plan->empty)
        return g_steal_pointer(&plan);
    if (!check_active(service, id, options->force, error) ||
        !plan_nothing_left(service, plan, status, error))
        return NULL;
    describe(service, plan, status);
    return g_steal_pointer(&plan);
}
