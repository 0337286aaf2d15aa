/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole state as JSON, for a person. */
#include "service/service-private.h"

#include "base/hash.h"
#include "base/json.h"

static void set_text(Value **map, const char *key, const char *text)
{
    value_map_take(map, key, value_new_string(text ? text : ""));
}

/* The keys of ListModels. */
static Value *describe_model(const ModelInfo *info)
{
    Value *map = value_new_map();

    set_text(&map, "Id", info->id);
    set_text(&map, "Year", info->coach.year);
    set_text(&map, "Make", info->coach.make);
    set_text(&map, "Model", info->coach.model);
    set_text(&map, "Trim", info->coach.trim);
    set_text(&map, "Notes", info->coach.notes);
    set_text(&map, "VinPattern", info->coach.vin_pattern);
    set_text(&map, "DataQuality", info->coach.data_quality);
    set_text(&map, "DataNote", info->coach.data_note);
    set_text(&map, "Origin", info->origin);
    set_text(&map, "BundledVersion", info->bundled_version);
    set_text(&map, "BundledHash", info->bundled_hash);
    if (info->problem)
        set_text(&map, "Problem", info->problem);
    value_map_take(&map, "Active", value_new_boolean(info->active));
    value_map_take(&map, "Imported", value_new_boolean(info->import != NULL));
    value_map_take(&map, "Devices", value_new_integer(info->n_devices));
    value_map_take(&map, "UpdateAvailable", value_new_boolean(info->update_available));
    set_text(&map, "ImportedVersion", info->import ? info->import->version : "");
    set_text(&map, "ImportedHash", info->import ? info->import->content_hash : "");
    value_map_take(&map, "ImportedAt", value_new_integer(info->import ? info->import->time : 0));
    value_map_take(&map, "Edits", value_new_integer(info->import ? info->import->n_edits : 0));
    return map;
}

static void describe_storage(Service *service, Value **map)
{
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(Value) interfaces = value_new_map(), retention = value_new_map(), updates = value_new_list();
    Value *models = value_new_list();
    GHashTableIter iter;
    gpointer logical, physical;

    if (!service_list_models(service, &infos, &local)) {
        service_note_failure(service, local);
        value_unref(models);
        return;
    }
    for (guint i = 0; i < infos->len; i++) {
        const ModelInfo *info = g_ptr_array_index(infos, i);

        value_list_take(&models, describe_model(info));
        if (info->update_available)
            value_list_take(&updates, value_new_string(info->id));
    }
    g_hash_table_iter_init(&iter, service->interfaces);
    while (g_hash_table_iter_next(&iter, &logical, &physical))
        set_text(&interfaces, logical, physical);

    set_text(map, "ActiveModel", service->active_model);
    value_map_take(map, "Revision", value_new_integer(service->revision));
    value_map_set(map, "UpdatesAvailable", updates);
    value_map_set(map, "Interfaces", interfaces);
    value_map_take(&retention, "Changes", value_new_integer(service->retention.changes));
    value_map_take(&retention, "Days", value_new_integer(service->retention.days));
    value_map_take(&retention, "Backups", value_new_integer(service->retention.backups));
    value_map_set(map, "Retention", retention);
    value_map_take(map, "Models", models);
}

/* More than any coach uses; a file can have a hundred times as many. */
#define DGNS_MAX 1000

static Value *describe_dgn(const DgnTable *table, const BoundDgn *bound)
{
    const DgnRow *row = table ? dgn_table_find(table, bound->dgn) : NULL;
    Value *map = value_new_map();
    char number[8];

    g_snprintf(number, sizeof number, "%05X", bound->dgn);
    set_text(&map, "Dgn", number);
    set_text(&map, "Name", row ? dgn_table_text(table, row->name) : "");
    set_text(&map, "Direction", row ? dgn_direction_to_string((DgnDirection) row->direction) : "");
    value_map_take(&map, "Devices", value_new_integer(bound->n_devices));
    return map;
}

/* The DGNs that the active model uses, where it is imported. */
static Value *describe_dgns(Service *service, const DgnTable *table)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GArray) dgns = NULL;
    Value *list = value_new_list();
    ModelCache *cache = service_get_cache(service, "", &local);

    if (!cache || !model_cache_index(cache, service->store, &local)) {
        service_note_failure(service, local);
        return list;
    }
    dgns = model_cache_dgns(cache);
    for (guint i = 0; i < MIN(dgns->len, DGNS_MAX); i++)
        value_list_take(&list, describe_dgn(table, &g_array_index(dgns, BoundDgn, i)));
    return list;
}

static void describe_protocol(Service *service, Value **map)
{
    g_autoptr(GError) error = NULL;
    const DgnTable *table = service_dgns(service, &error);
    Value *protocol = value_new_map();

    set_text(&protocol, "Version", table ? table->version : "");
    value_map_take(&protocol, "Dgns", value_new_integer(table ? (int64_t) table->n_rows : 0));
    if (error)
        set_text(&protocol, "Problem", error->message);
    value_map_take(map, "Protocol", protocol);
    value_map_take(map, "Dgns", describe_dgns(service, table));
}

static Value *describe_resource(Service *service, const char *name)
{
    g_autoptr(GBytes) bytes = bundle_get_resource(service->bundle, name, NULL);
    Value *map = value_new_map();

    set_text(&map, "Name", name);
    if (bytes) {
        gsize length;
        const void *data = g_bytes_get_data(bytes, &length);
        g_autofree char *hash = hash_bytes(data, length);

        value_map_take(&map, "Size", value_new_integer((int64_t) length));
        set_text(&map, "Sha256", hash);
    }
    return map;
}

char *service_describe(Service *service, const char *version)
{
    g_autoptr(Value) map = value_new_map();
    Value *resources = value_new_list();

    set_text(&map, "Version", version);
    value_map_take(&map, "DevelopmentMode", value_new_boolean(bundle_development(service->bundle) != NULL));
    for (const char *const *name = bundle_list_resources(); *name; name++)
        value_list_take(&resources, describe_resource(service, *name));
    value_map_take(&map, "Resources", resources);
    /* A state that cannot be read is told by its health, not by an error: this is what one looks at then. */
    describe_storage(service, &map);
    describe_protocol(service, &map);
    set_text(&map, "Health", service_health(service));
    return json_format(map);
}
