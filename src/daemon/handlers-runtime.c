/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListResources, GetResource, DescribeDgn, ListDgns, SetInterface, SetRetention, Describe. */
#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memfd.h"
#include "config.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

HANDLER(handle_list_resources)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    int r;

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(sts)");
    for (const char *const *name = bundle_list_resources(); r >= 0 && *name; name++) {
        g_autoptr(GError) local = NULL;
        g_autoptr(GBytes) bytes = bundle_get_resource(service_bundle(daemon->service), *name, &local);
        gsize length;

        if (!bytes)
            return errors_set(daemon, &local, error);
        const void *data = g_bytes_get_data(bytes, &length);
        g_autofree char *hash = hash_bytes(data, length);
        r = sd_bus_message_append(reply, "(sts)", *name, (uint64_t) length, hash);
    }
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_get_resource)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) bytes = NULL;
    const char *name;
    gsize length;
    int r, fd;

    r = sd_bus_message_read(message, "s", &name);
    if (r < 0)
        return r;
    bytes = bundle_get_resource(service_bundle(daemon->service), name, &local);
    if (!bytes)
        return errors_set(daemon, &local, error);

    const void *data = g_bytes_get_data(bytes, &length);
    fd = memfd_new_sealed(name, data, length);
    if (fd < 0)
        return fd;
    r = sd_bus_reply_method_return(message, "h", fd);
    close(fd);
    return r;
}

HANDLER(handle_describe_dgn)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    g_autofree char *json = NULL;
    uint32_t dgn;
    int r;

    r = sd_bus_message_read(message, "u", &dgn);
    if (r < 0)
        return r;
    if (!service_describe_dgn(daemon->service, dgn, &json, &local))
        return errors_set(daemon, &local, error);
    return sd_bus_reply_method_return(message, "s", json);
}

HANDLER(handle_list_dgns)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GArray) dgns = NULL;
    g_autoptr(GError) local = NULL;
    const char *name = NULL, *direction = NULL;
    const Option options[] = {{"name", "s", &name, NULL, NULL}, {"direction", "s", &direction, NULL, NULL}};
    int r;

    r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r < 0)
        return r;
    if (!service_list_dgns(daemon->service, name, direction, &dgns, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "(uss)");
    for (guint i = 0; r >= 0 && i < dgns->len; i++) {
        const DgnInfo *info = &g_array_index(dgns, DgnInfo, i);
        r = sd_bus_message_append(reply, "(uss)", info->dgn, info->name, info->direction);
    }
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_set_interface)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *logical, *physical;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "ss", &logical, &physical);
    if (r >= 0)
        r = handler_read_write_options(message, true, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_interface(daemon->service, logical, physical, &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("configure"), plan, &local, error);
}

HANDLER(handle_set_retention)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    Retention retention = {0};
    g_autoptr(GError) local = NULL;
    Plan *plan;
    int r;

    if (!service_get_retention(daemon->service, &retention, &local))
        return errors_set(daemon, &local, error);
    const Option settings[] = {{"changes", "u", &retention.changes, NULL, NULL},
                               {"days", "u", &retention.days, NULL, NULL},
                               {"backups", "u", &retention.backups, NULL, NULL}};
    r = options_read(message, settings, G_N_ELEMENTS(settings), error);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_retention(daemon->service, &retention, &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("configure"), plan, &local, error);
}

HANDLER(handle_describe)
{
    Daemon *daemon = userdata;
    g_autofree char *json = service_describe(daemon->service, PACKAGE_VERSION);

    (void) error;
    return sd_bus_reply_method_return(message, "s", json);
}
