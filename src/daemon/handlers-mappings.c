/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetMapping, GetMappings, FindMappings, Lookup, Explain, Validate. */
#include "coach/dgn.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"

#define PAGE_MAX 1000

HANDLER(handle_get_mapping)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    const CachedMapping *mapping;
    const char *model, *path;
    int64_t revision;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &path);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_get_mapping(daemon->service, model, path, &mapping, &revision, &local))
        return errors_set(daemon, &local, error);
    return sd_bus_reply_method_return(message, "sst", mapping->data, mapping->source, (uint64_t) revision);
}

/* An array of (path, data, source, revision). */
static int append_mappings(sd_bus_message *reply, GPtrArray *mappings, int64_t revision)
{
    int r = sd_bus_message_open_container(reply, 'a', "(ssst)");

    for (guint i = 0; r >= 0 && i < mappings->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(mappings, i);
        r = sd_bus_message_append(reply, "(ssst)", mapping->path, mapping->data, mapping->source,
                                  (uint64_t) revision);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

HANDLER(handle_get_mappings)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) mappings = NULL;
    g_autoptr(GError) local = NULL;
    const char *model, *prefix = "", *after = "", *next;
    uint32_t limit = PAGE_MAX;
    const Option options[] = {{"prefix", "s", &prefix, NULL, NULL},
                              {"after", "s", &after, NULL, NULL},
                              {"limit", "u", &limit, NULL, NULL}};
    int64_t revision;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = handler_check_limit(limit, PAGE_MAX, error);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_get_mappings(daemon->service, model, prefix, after, limit, &mappings, &next, &revision,
                              &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = append_mappings(reply, mappings, revision);
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", next);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* DGN and instance may be given as numbers or as a person writes them. */
static int read_query(sd_bus_message *message, FindQuery *query, sd_bus_error *error)
{
    const char *dgn = NULL, *instance = NULL;
    uint8_t instance_number = 0;
    bool has_number = false;
    const Option options[] = {
        {"dgn", "u", &query->dgn, &query->has_dgn, NULL},       {"dgn", "s", &dgn, NULL, NULL},
        {"instance", "y", &instance_number, &has_number, NULL}, {"instance", "s", &instance, NULL, NULL},
        {"device-type", "s", &query->device_type, NULL, NULL},  {"area", "s", &query->area, NULL, NULL},
        {"interface", "s", &query->interface, NULL, NULL},      {"text", "s", &query->text, NULL, NULL},
    };
    int r;

    r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r < 0)
        return r;
    if (dgn && !dgn_parse(dgn, &query->dgn))
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "\"%s\" is no DGN: those are hexadecimal with 17 bits, like \"1FEDA\"",
                                 dgn);
    if (query->has_dgn && query->dgn > DGN_MAX)
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "%X is no DGN: those have 17 bits, the largest is 1FFFF", query->dgn);
    if (instance && !instance_parse(instance, &query->instance))
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "\"%s\" is no instance: those are 0 to 255 or \"default\"", instance);
    if (has_number)
        query->instance = instance_number;
    query->has_dgn = query->has_dgn || dgn;
    query->has_instance = has_number || instance;
    return 0;
}

HANDLER(handle_find_mappings)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) mappings = NULL;
    g_autoptr(GError) local = NULL;
    FindQuery query = {0};
    const char *model;
    int64_t revision;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = read_query(message, &query, error);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_find_mappings(daemon->service, model, &query, &mappings, &revision, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = append_mappings(reply, mappings, revision);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_lookup)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) devices = NULL;
    g_autoptr(GError) local = NULL;
    const char *model;
    uint32_t dgn;
    uint8_t instance;
    int r;

    r = sd_bus_message_read(message, "suy", &model, &dgn, &instance);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_lookup(daemon->service, model, dgn, instance, &devices, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(ss)");
    for (guint i = 0; r >= 0 && i < devices->len; i++) {
        const LookupResult *device = g_ptr_array_index(devices, i);
        r = sd_bus_message_append(reply, "(ss)", device->path, device->data);
    }
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_explain)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    g_autofree char *json = NULL;
    const char *model, *path;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &path);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_explain(daemon->service, model, path, &json, &local))
        return errors_set(daemon, &local, error);
    return sd_bus_reply_method_return(message, "s", json);
}

HANDLER(handle_validate)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) local = NULL;
    const char *model;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_validate(daemon->service, model, &problems, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(ssss)");
    for (guint i = 0; r >= 0 && i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);
        r = sd_bus_message_append(reply, "(ssss)", problem->severity, problem->path, problem->field,
                                  problem->message);
    }
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
