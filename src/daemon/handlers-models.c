/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListModels, Import, SetActiveModel. */
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

static int append_model(sd_bus_message *reply, const ModelInfo *info)
{
    const ImportStatus *import = info->import;
    int r;

    if ((r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0 ||
        (r = handler_append_entry(reply, "Id", 's', info->id)) < 0 ||
        (r = handler_append_entry(reply, "Year", 's', info->coach.year)) < 0 ||
        (r = handler_append_entry(reply, "Make", 's', info->coach.make)) < 0 ||
        (r = handler_append_entry(reply, "Model", 's', info->coach.model)) < 0 ||
        (r = handler_append_entry(reply, "Trim", 's', info->coach.trim)) < 0 ||
        (r = handler_append_entry(reply, "Notes", 's', info->coach.notes)) < 0 ||
        (r = handler_append_entry(reply, "VinPattern", 's', info->coach.vin_pattern)) < 0 ||
        (r = handler_append_entry(reply, "DataQuality", 's', info->coach.data_quality)) < 0 ||
        (r = handler_append_entry(reply, "DataNote", 's', info->coach.data_note)) < 0 ||
        (r = handler_append_entry(reply, "Origin", 's', info->origin)) < 0 ||
        (r = handler_append_entry(reply, "BundledVersion", 's', info->bundled_version)) < 0 ||
        (r = handler_append_entry(reply, "BundledHash", 's', info->bundled_hash)) < 0 ||
        (r = handler_append_entry(reply, "ImportedVersion", 's', import ? import->version : "")) < 0 ||
        (r = handler_append_entry(reply, "ImportedHash", 's', import ? import->content_hash : "")) < 0 ||
        (r = handler_append_entry(reply, "ImportedAt", 't', (uint64_t) (import ? import->time : 0))) < 0 ||
        (r = handler_append_entry(reply, "Imported", 'b', import != NULL)) < 0 ||
        (r = handler_append_entry(reply, "UpdateAvailable", 'b', info->update_available)) < 0 ||
        (r = handler_append_entry(reply, "Active", 'b', info->active)) < 0 ||
        (r = handler_append_entry(reply, "Devices", 'u', info->n_devices)) < 0 ||
        (r = handler_append_entry(reply, "Edits", 'u', import ? import->n_edits : 0)) < 0)
        return r;
    if (info->problem && (r = handler_append_entry(reply, "Problem", 's', info->problem)) < 0)
        return r;
    return sd_bus_message_close_container(reply);
}

HANDLER(handle_list_models)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) models = NULL;
    g_autoptr(GError) local = NULL;
    int r;

    r = options_read(message, NULL, 0, error);
    if (r < 0)
        return r;
    if (!service_list_models(daemon->service, &models, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (guint i = 0; r >= 0 && i < models->len; i++)
        r = append_model(reply, g_ptr_array_index(models, i));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_import)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *model;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_import(daemon->service, model, "", &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("import"), plan, &local, error);
}

HANDLER(handle_set_active_model)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *model;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r >= 0 && model[0])
        r = handler_prepare_write(daemon, message, model, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_active_model(daemon->service, model, &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("configure"), plan, &local, error);
}
