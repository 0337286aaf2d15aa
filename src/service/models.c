/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models: which there are, and how the bundled and the imported state of each compare. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/hash.h"

#include <string.h>

void bundled_model_free(BundledModel *bundled)
{
    if (!bundled)
        return;
    g_free(bundled->byte_hash);
    g_free(bundled->problem);
    coach_info_clear(&bundled->coach);
    g_free(bundled->version);
    g_free(bundled->content_hash);
    g_free(bundled);
}

static BundledModel *read_bundled(GBytes *bytes, char *byte_hash)
{
    BundledModel *bundled = g_new0(BundledModel, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(CoachFile) file = NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);

    bundled->byte_hash = byte_hash;
    file = coach_file_parse(text, length, &error);
    if (!file) {
        bundled->problem = g_strdup(error->message);
        return bundled;
    }
    coach_info_copy(&bundled->coach, &file->info);
    bundled->version = g_steal_pointer(&file->version);
    bundled->content_hash = g_steal_pointer(&file->content_hash);
    bundled->n_devices = file->n_devices;
    return bundled;
}

bool service_get_bundled(Service *service, const char *model, const ImportStatus *imported,
                         const BundledModel **ret, GError **error)
{
    BundledModel *bundled = g_hash_table_lookup(service->bundled, model);
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *byte_hash = NULL;
    gsize length;

    /* What is compiled in cannot change while we run. */
    if (bundled && !bundle_development(service->bundle)) {
        *ret = bundled;
        return true;
    }

    *ret = NULL;
    bytes = bundle_get_model(service->bundle, model, &local);
    if (!bytes && g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL))
        return true;
    if (!bytes) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }

    const char *text = g_bytes_get_data(bytes, &length);
    byte_hash = hash_bytes(text, length);
    if (imported && g_str_equal(byte_hash, imported->byte_hash))
        return true;
    if (!bundled || !g_str_equal(bundled->byte_hash, byte_hash)) {
        bundled = read_bundled(bytes, g_steal_pointer(&byte_hash));
        service->idle_work = true;
        g_hash_table_insert(service->bundled, g_strdup(model), bundled);
    }
    *ret = bundled;
    return true;
}

static void model_info_free(ModelInfo *info)
{
    g_free(info->id);
    coach_info_clear(&info->coach);
    g_free(info->bundled_version);
    g_free(info->bundled_hash);
    g_free(info->problem);
    import_status_free(info->import);
    g_free(info);
}

static char *dup_or_empty(const char *text)
{
    return g_strdup(text ? text : "");
}

static ModelInfo *info_of_bundled(const char *id, const BundledModel *bundled)
{
    ModelInfo *info = g_new0(ModelInfo, 1);

    info->id = g_strdup(id);
    info->bundled = true;
    info->origin = "bundled";
    coach_info_copy(&info->coach, &bundled->coach);
    info->bundled_version = dup_or_empty(bundled->version);
    info->bundled_hash = dup_or_empty(bundled->content_hash);
    info->problem = g_strdup(bundled->problem);
    info->n_devices = bundled->n_devices;
    return info;
}

static ModelInfo *info_of_import(const ImportStatus *import)
{
    ModelInfo *info = g_new0(ModelInfo, 1);

    info->id = g_strdup(import->model);
    coach_info_read(&info->coach, import->identity);
    info->bundled_version = g_strdup("");
    info->bundled_hash = g_strdup("");
    return info;
}

static int compare_infos(gconstpointer a, gconstpointer b)
{
    const ModelInfo *const *left = a, *const *right = b;

    return strcmp((*left)->id, (*right)->id);
}

static ModelInfo *find_info(GPtrArray *infos, const char *id)
{
    for (guint i = 0; i < infos->len; i++) {
        ModelInfo *info = g_ptr_array_index(infos, i);
        if (g_str_equal(info->id, id))
            return info;
    }
    return NULL;
}

static void add_bundled(Service *service, GPtrArray *infos)
{
    g_auto(GStrv) ids = bundle_list_models(service->bundle);

    for (char **id = ids; *id; id++) {
        g_autoptr(GError) local = NULL;
        const BundledModel *bundled;

        /* One file that cannot be read does not hide the others. */
        if (!service_get_bundled(service, *id, NULL, &bundled, &local))
            g_ptr_array_add(infos, info_of_bundled(*id, &(BundledModel){.problem = local->message}));
        else if (bundled)
            g_ptr_array_add(infos, info_of_bundled(*id, bundled));
    }
}

/* How sure the data is that is in use. Files of databases that do not have it did not say so: a newer
 * bundled file knows nothing about what an older one said. */
static void take_quality(ModelInfo *info, const Value *identity)
{
    CoachInfo imported;

    coach_info_read(&imported, identity);
    g_free(info->coach.data_quality);
    g_free(info->coach.data_note);
    info->coach.data_quality = g_steal_pointer(&imported.data_quality);
    info->coach.data_note = g_steal_pointer(&imported.data_note);
    coach_info_clear(&imported);
}

/* A release that somebody brought before it was bundled is the bundled one by now. */
static const char *origin_of(const ModelInfo *info, const ImportStatus *import)
{
    bool ours =
        g_str_equal(import->origin, "bundled") || g_str_equal(info->bundled_hash, import->content_hash);

    return ours ? "bundled" : "custom";
}

bool service_list_models(Service *service, GPtrArray **ret, GError **error)
{
    g_autoptr(GPtrArray) infos = g_ptr_array_new_with_free_func((GDestroyNotify) model_info_free);
    g_autoptr(GPtrArray) imports = NULL;
    Store *store = service_store(service, error);

    if (!store || !store_list_imports(store, true, &imports, error))
        return false;
    add_bundled(service, infos);

    g_ptr_array_set_free_func(imports, NULL);
    for (guint i = 0; i < imports->len; i++) {
        ImportStatus *import = g_ptr_array_index(imports, i);
        ModelInfo *info = find_info(infos, import->model);

        if (!info) {
            info = info_of_import(import);
            g_ptr_array_add(infos, info);
        }
        info->import = import;
        take_quality(info, import->identity);
        info->origin = origin_of(info, import);
        info->n_devices = import->n_devices;
        if (info->bundled && !info->problem &&
            !service_is_update(service, import, info->bundled_hash, &info->update_available, error))
            return false;
    }
    for (guint i = 0; i < infos->len; i++) {
        ModelInfo *info = g_ptr_array_index(infos, i);
        info->active = g_str_equal(info->id, service->active_model);
    }
    g_ptr_array_sort(infos, compare_infos);
    *ret = g_steal_pointer(&infos);
    return true;
}

bool service_needs_import(Service *service, const char *model, bool *ret, GError **error)
{
    g_autoptr(GError) local = NULL;

    *ret = false;
    if (service_get_cache(service, model, &local))
        return true;
    if (!g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    *ret = true;
    return true;
}
