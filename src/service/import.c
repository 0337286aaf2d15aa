/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Importing a model that is not there. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/hash.h"
#include "service/touched.h"

static bool write_import(Service *service, Plan *plan, const Change *change, GError **error)
{
    int64_t revision_id;

    return store_add_vendor_revision(service->store, plan->model, plan->file, plan->byte_hash, plan->origin,
                                     &revision_id, error) &&
           store_add_mappings(service->store, plan->model, revision_id, origin_source(plan->origin),
                              plan->file->version, change->actor.user, error) &&
           store_set_import(service->store, plan->model, plan->file->version, plan->byte_hash, revision_id,
                            change->time, error);
}

static void finish_import(Service *service, Plan *plan, const Change *change)
{
    g_hash_table_remove(service->caches, plan->model);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_MODEL_IMPORTED,
                                          .model = plan->model,
                                          .version = plan->file->version,
                                          .change = change->id});
}

void plan_set_import(Plan *plan, CoachFile *file, const char *byte_hash, const char *origin)
{
    plan->file = file;
    plan->byte_hash = g_strdup(byte_hash);
    plan->origin = origin;
    plan->content_hash = g_strdup(file->content_hash);
    plan_add_detail(plan, "version", value_new_string(file->version));
    g_free(plan->subject);
    plan->subject = g_strdup(file->version);
    plan->n_entries = file->components->len;
    plan->write = write_import;
    plan->finish = finish_import;
}

bool service_read_bundled(Service *service, const char *model, const ImportStatus *imported,
                          CoachFile **ret_file, char **ret_byte_hash, GError **error)
{
    g_autoptr(GBytes) bytes = bundle_get_model(service->bundle, model, error);
    g_autoptr(CoachFile) file = NULL;
    g_autofree char *byte_hash = NULL;
    gsize length;

    *ret_file = NULL;
    if (!bytes)
        return false;
    const char *text = g_bytes_get_data(bytes, &length);
    byte_hash = hash_bytes(text, length);
    if (imported && g_str_equal(byte_hash, imported->byte_hash))
        return true;
    service->idle_work = true;
    file = coach_file_parse(text, length, error);
    if (!file) {
        g_prefix_error(error, "%s.yml: ", model);
        return false;
    }
    if (imported && g_str_equal(file->content_hash, imported->content_hash))
        return true;
    *ret_file = g_steal_pointer(&file);
    *ret_byte_hash = g_steal_pointer(&byte_hash);
    return true;
}

Plan *service_plan_import(Service *service, const char *model, const char *reason,
                          const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = NULL;
    g_autoptr(ImportStatus) status = NULL;
    g_autoptr(CoachFile) file = NULL;
    g_autofree char *id = NULL, *byte_hash = NULL;

    model = service_resolve_model(service, model, error);
    if (!model)
        return NULL;
    /* A copy: planning may read the settings again, and with them the active model. */
    id = g_strdup(model);
    plan = plan_new(service, "import", id, reason, options, error);
    if (!plan || !store_get_import(service->store, id, &status, error))
        return NULL;
    plan->empty = status != NULL;
    if (plan->empty)
        return g_steal_pointer(&plan);

    if (!service_read_bundled(service, id, NULL, &file, &byte_hash, error))
        return NULL;
    plan_add_detail(plan, "byte_hash", value_new_string(byte_hash));
    plan_set_import(plan, g_steal_pointer(&file), byte_hash, "bundled");
    return g_steal_pointer(&plan);
}
