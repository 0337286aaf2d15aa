/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restoring a backup: the configuration becomes what it was then, as one more change. The history is not
 * gone back in. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/text.h"
#include "coach/device.h"
#include "coach/path.h"
#include "service/transition.h"

/* Whatever is wrong with what a backup holds is not wrong with our database. */
static bool refuse(const char *why, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "The backup cannot be used: %s", why);
    return false;
}

static bool blame_backup(GError *local, GError **error)
{
    refuse(local->message, error);
    g_error_free(local);
    return false;
}

/* What one side has of a model. */
typedef struct Side {
    ImportStatus *status;  /* NULL: not imported */
    GPtrArray *components; /* of Component */
    GHashTable *overrides; /* path → array of Override */
} Side;

static void side_clear(Side *side)
{
    import_status_free(side->status);
    g_clear_pointer(&side->components, g_ptr_array_unref);
    g_clear_pointer(&side->overrides, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static bool load_side(Store *store, const char *model, Side *side, GError **error)
{
    if (!store_get_import(store, model, &side->status, error))
        return false;
    if (side->status)
        return store_list_vendor_components(store, side->status->revision_id, &side->components, error) &&
               store_list_overrides(store, model, &side->overrides, error);
    side->components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    side->overrides = override_table_new();
    return true;
}

/* No edit could have made these. */
static bool check_overrides(const char *path, GPtrArray *overrides, GError **error)
{
    if (!path_split(path, NULL, NULL, error))
        return false;
    for (guint i = 0; i < overrides->len; i++) {
        const char *field = ((const Override *) g_ptr_array_index(overrides, i))->field;
        g_autofree char *normal = override_field_normalize(field, error);

        if (!normal)
            return false;
        for (guint j = 0; j < overrides->len; j++)
            if (field_is_inside(field, ((const Override *) g_ptr_array_index(overrides, j))->field)) {
                g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "%s has edits within each other",
                            path);
                return false;
            }
    }
    return true;
}

/* A device that is none would be handed to all who read devices. */
static bool check_components(const Merge *merge, GError **error)
{
    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);
        g_autoptr(Value) keyed = NULL;

        if (!check_overrides(component->path, component->after, error))
            return false;
        if (!component->result || !path_is_device(component->path))
            continue;
        if (!value_is_map(component->result)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "%s is no object", component->path);
            return false;
        }
        keyed = device_to_keyed(component->result, error);
        if (!keyed) {
            g_prefix_error(error, "%s: ", component->path);
            return false;
        }
    }
    return true;
}

/* The vendor's data to go to: known here too, or brought from the backup. */
static bool set_target(Service *service, Store *backup, Passage *passage, const ImportStatus *to,
                       GError **error)
{
    GError *local = NULL;

    if (!to)
        return true;
    if (!store_find_vendor_revision(service->store, passage->model, to->content_hash, &passage->to, error))
        return false;
    if (passage->to)
        return true;
    passage->byte_hash = g_strdup(to->byte_hash);
    passage->origin = g_strdup(to->origin);
    return store_load_vendor_file(backup, to->revision_id, &passage->file, &local) ||
           blame_backup(local, error);
}

static bool restore_model(Service *service, Store *backup, Plan *plan, const char *model, GError **error)
{
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(Side) now = {0}, then = {0};
    g_autoptr(Merge) merge = NULL;
    GError *local = NULL;
    Passage *passage;

    if (!load_side(service->store, model, &now, error))
        return false;
    if (!load_side(backup, model, &then, &local))
        return blame_backup(local, error);
    /* What the owner had then holds as it is. */
    const MergeInput input = {.base = now.components,
                              .incoming = then.components,
                              .overrides = none,
                              .pinned = then.overrides,
                              .renames = none,
                              .allow = MERGE_ALLOW_ALL};
    merge = merge_plan(&input, error);
    if (!merge)
        return false;
    if (!check_components(merge, &local))
        return blame_backup(local, error);
    passage = passage_new(model);
    if (!set_target(service, backup, passage, then.status, error)) {
        passage_free(passage);
        return false;
    }
    const Transition transition = {.from = now.status,
                                   .base = now.components,
                                   .incoming = then.components,
                                   .overrides = now.overrides,
                                   .merge = merge};
    return plan_add_passage(service, plan, passage, &transition, error);
}

static bool add_models(Store *store, GHashTable *models, GError **error)
{
    g_autoptr(GPtrArray) imports = NULL;

    if (!store_list_imports(store, false, &imports, error))
        return false;
    for (guint i = 0; i < imports->len; i++)
        g_hash_table_add(models, g_strdup(((const ImportStatus *) g_ptr_array_index(imports, i))->model));
    return true;
}

static bool restore_models(Service *service, Store *backup, Plan *plan, GError **error)
{
    g_autoptr(GHashTable) models = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GList) sorted = NULL;
    GError *local = NULL;

    if (!add_models(service->store, models, error))
        return false;
    if (!add_models(backup, models, &local))
        return blame_backup(local, error);
    sorted = g_list_sort(g_hash_table_get_keys(models), text_compare);
    for (GList *l = sorted; l; l = l->next)
        if (!model_id_is_valid(l->data))
            return refuse("it has a model of an impossible name", error);
    for (GList *l = sorted; l; l = l->next)
        if (!restore_model(service, backup, plan, l->data, error))
            return false;
    return true;
}

static void restore_setting(Service *service, Plan *plan, const char *kind, const char *name,
                            const char *then)
{
    g_autofree char *now = setting_now(service, kind, name);

    if (!g_str_equal(now, then))
        plan_add_setting(plan, setting_new(kind, name, now, then));
}

static bool restore_interfaces(Service *service, Store *backup, Plan *plan, GError **error)
{
    g_autoptr(GHashTable) then = NULL;
    g_autoptr(GList) names = NULL;

    if (!store_get_interfaces(backup, &then, error))
        return false;
    names = g_list_concat(g_hash_table_get_keys(service->interfaces), g_hash_table_get_keys(then));
    names = g_list_sort(names, text_compare);
    for (GList *l = names; l; l = l->next) {
        const char *physical = g_hash_table_lookup(then, l->data);

        if (physical && !interface_is_valid(l->data, physical))
            return refuse("it has an interface of an impossible name", error);
        if (!l->prev || !g_str_equal(l->prev->data, l->data))
            restore_setting(service, plan, SETTING_INTERFACE, l->data, physical ? physical : "");
    }
    return true;
}

static bool restore_settings(Service *service, Store *backup, Plan *plan, GError **error)
{
    g_autofree char *active = NULL, *retention = NULL, *canonical = NULL;

    if (!store_get_setting(backup, SETTING_ACTIVE_MODEL, &active, error) ||
        !store_get_setting(backup, SETTING_RETENTION, &retention, error))
        return false;
    if (active && active[0] && !model_id_is_valid(active))
        return refuse("its active model has an impossible name", error);
    canonical = retention_format(retention_parse(retention));
    restore_setting(service, plan, SETTING_ACTIVATE, NULL, active ? active : "");
    restore_setting(service, plan, SETTING_RETENTION, NULL, canonical);
    return restore_interfaces(service, backup, plan, error);
}

static Plan *plan_restore(Service *service, Store *backup, const char *id, const char *reason,
                          const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "restore", "", reason, options, error);
    int64_t revision;

    if (!plan || !restore_models(service, backup, plan, error) ||
        !restore_settings(service, backup, plan, error) || !store_get_revision(backup, &revision, error))
        return NULL;
    plan->empty = !plan->passages && !plan->settings;
    plan->restored = g_strdup(id);
    g_free(plan->subject);
    plan->subject = g_strdup(id[0] ? id : "a file");
    plan->backup_reason = g_strdup_printf("before the restore of %s", plan->subject);
    plan_add_detail(plan, "restored", value_new_string(id));
    plan_add_detail(plan, "restored_revision", value_new_integer(revision));
    plan_describe_settings(plan);
    plan_set_passages(plan);
    return g_steal_pointer(&plan);
}

Plan *service_plan_restore(Service *service, const char *id, int fd, const char *reason,
                           const WriteOptions *options, GError **error)
{
    g_autoptr(Store) backup = NULL;

    if (!service_writable_store(service, error))
        return NULL;
    backup = fd >= 0 ? backup_load_file(service->state_directory, fd, error)
                     : backup_load(service->state_directory, id, error);
    return backup ? plan_restore(service, backup, fd >= 0 ? "" : id, reason, options, error) : NULL;
}
