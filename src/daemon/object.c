/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/object.h"

#include "config.h"
#include "daemon/files.h"
#include "daemon/handlers.h"
#include "daemon/lifecycle.h"
#include "daemon/peers.h"
#include "daemon/polkit.h"

/* Properties. What cannot be read because of the storage is empty, so that the others can be had; Health
 * says why. */

static int get_version(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                       const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                       sd_bus_message *reply, void *userdata G_GNUC_UNUSED,
                       sd_bus_error *error G_GNUC_UNUSED)
{
    return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

static int get_development_mode(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                                const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                                sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;

    return sd_bus_message_append(reply, "b", bundle_development(service_bundle(daemon->service)) != NULL);
}

static int get_active_model(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                            const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;
    const char *model = "";

    service_get_active_model(daemon->service, &model, NULL);
    return sd_bus_message_append(reply, "s", model);
}

static int get_revision(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                        const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;
    int64_t revision = 0;

    service_get_revision(daemon->service, &revision, NULL);
    return sd_bus_message_append(reply, "t", (uint64_t) revision);
}

static int get_interfaces(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                          const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;
    GHashTable *interfaces = NULL;
    GHashTableIter iter;
    gpointer logical, physical;
    int r = sd_bus_message_open_container(reply, 'a', "{ss}");

    if (r >= 0 && service_get_interfaces(daemon->service, &interfaces, NULL)) {
        g_hash_table_iter_init(&iter, interfaces);
        while (r >= 0 && g_hash_table_iter_next(&iter, &logical, &physical))
            r = sd_bus_message_append(reply, "{ss}", logical, physical);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_updates_available(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                                 const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                                 sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;
    g_auto(GStrv) models = NULL;

    service_list_updates(daemon->service, &models, NULL);
    return sd_bus_message_append_strv(reply, models);
}

static int get_retention(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                         const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;
    Retention retention;

    if (!service_get_retention(daemon->service, &retention, NULL))
        return sd_bus_message_append(reply, "a{sv}", 0);
    return sd_bus_message_append(reply, "a{sv}", 3, "Changes", "u", retention.changes, "Days", "u",
                                 retention.days, "Backups", "u", retention.backups);
}

static int get_health(sd_bus *bus G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
                      const char *interface G_GNUC_UNUSED, const char *property G_GNUC_UNUSED,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Daemon *daemon = userdata;

    return sd_bus_message_append(reply, "s", service_health(daemon->service));
}

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    SD_BUS_METHOD_WITH_ARGS("ListModels", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", models),
                            handle_list_models, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Import", SD_BUS_ARGS("s", model, "a{sv}", options), SD_BUS_RESULT("t", change),
                            handle_import, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ImportFile", SD_BUS_ARGS("h", file, "s", model, "a{sv}", options),
                            SD_BUS_RESULT("s", id, "t", change), handle_import_file, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("s", model, "a{sv}", options), SD_BUS_RESULT("h", file),
                            handle_export, OPEN),
    SD_BUS_METHOD_WITH_ARGS("RemoveModel", SD_BUS_ARGS("s", model, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_remove_model, OPEN),
    SD_BUS_METHOD_WITH_ARGS("SetActiveModel", SD_BUS_ARGS("s", model, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_set_active_model, OPEN),

    SD_BUS_METHOD_WITH_ARGS("GetMapping", SD_BUS_ARGS("s", model, "s", path),
                            SD_BUS_RESULT("s", data, "s", source, "t", revision), handle_get_mapping, OPEN),
    SD_BUS_METHOD_WITH_ARGS("GetMappings", SD_BUS_ARGS("s", model, "a{sv}", options),
                            SD_BUS_RESULT("a(ssst)", mappings, "s", next), handle_get_mappings, OPEN),
    SD_BUS_METHOD_WITH_ARGS("FindMappings", SD_BUS_ARGS("s", model, "a{sv}", query),
                            SD_BUS_RESULT("a(ssst)", mappings), handle_find_mappings, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Lookup", SD_BUS_ARGS("s", model, "u", dgn, "y", instance),
                            SD_BUS_RESULT("a(ss)", devices), handle_lookup, OPEN),
    SD_BUS_METHOD_WITH_ARGS("UpdateMapping",
                            SD_BUS_ARGS("s", model, "s", path, "s", data, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_update_mapping, OPEN),
    SD_BUS_METHOD_WITH_ARGS(
        "SetField",
        SD_BUS_ARGS("s", model, "s", path, "s", field, "s", value, "s", reason, "a{sv}", options),
        SD_BUS_RESULT("t", change), handle_set_field, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ResetMapping",
                            SD_BUS_ARGS("s", model, "s", path, "s", field, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_reset_mapping, OPEN),
    SD_BUS_METHOD_WITH_ARGS("DeleteMapping",
                            SD_BUS_ARGS("s", model, "s", path, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_delete_mapping, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ApplyEdits",
                            SD_BUS_ARGS("s", model, "a(ssss)", edits, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_apply_edits, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", model, "s", path), SD_BUS_RESULT("s", json),
                            handle_explain, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Validate", SD_BUS_ARGS("s", model), SD_BUS_RESULT("a(ssss)", problems),
                            handle_validate, OPEN),

    SD_BUS_METHOD_WITH_ARGS("CheckForUpdates", SD_BUS_ARGS("s", model),
                            SD_BUS_RESULT("b", available, "s", installed, "s", bundled),
                            handle_check_for_updates, OPEN),
    SD_BUS_METHOD_WITH_ARGS("PreviewUpdate", SD_BUS_ARGS("s", model, "a{sv}", options),
                            SD_BUS_RESULT("s", token, "s", verdict, "a{su}", counts, "a(sssssss)", items),
                            handle_preview_update, OPEN),
    SD_BUS_METHOD_WITH_ARGS(
        "ApplyUpdate",
        SD_BUS_ARGS("s", model, "s", token, "a(sss)", resolutions, "s", reason, "a{sv}", options),
        SD_BUS_RESULT("t", change), handle_apply_update, OPEN),

    SD_BUS_METHOD_WITH_ARGS("ListChanges", SD_BUS_ARGS("a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", changes, "t", next), handle_list_changes, OPEN),
    SD_BUS_METHOD_WITH_ARGS("GetHistory", SD_BUS_ARGS("s", model, "s", path, "a{sv}", options),
                            SD_BUS_RESULT("aa{sv}", entries, "t", next), handle_get_history, OPEN),
    SD_BUS_METHOD_WITH_ARGS("UndoChange", SD_BUS_ARGS("t", change, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_undo_change, OPEN),
    SD_BUS_METHOD_WITH_ARGS("VerifyHistory", SD_BUS_NO_ARGS,
                            SD_BUS_RESULT("b", intact, "t", checked, "s", problem), handle_verify_history,
                            OPEN),

    SD_BUS_METHOD_WITH_ARGS("CreateBackup", SD_BUS_ARGS("s", reason, "a{sv}", options),
                            SD_BUS_RESULT("s", id), handle_create_backup, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ListBackups", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", backups),
                            handle_list_backups, OPEN),
    SD_BUS_METHOD_WITH_ARGS("OpenBackup", SD_BUS_ARGS("s", id), SD_BUS_RESULT("h", file), handle_open_backup,
                            OPEN),
    SD_BUS_METHOD_WITH_ARGS("RestoreBackup", SD_BUS_ARGS("s", id, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_restore_backup, OPEN),
    SD_BUS_METHOD_WITH_ARGS("DeleteBackup", SD_BUS_ARGS("s", id, "a{sv}", options), SD_BUS_NO_RESULT,
                            handle_delete_backup, OPEN),
    SD_BUS_METHOD_WITH_ARGS("FactoryReset",
                            SD_BUS_ARGS("s", model, "s", scope, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_factory_reset, OPEN),

    SD_BUS_METHOD_WITH_ARGS("MigrateLegacy", SD_BUS_ARGS("a(sh)", files, "a{sv}", options),
                            SD_BUS_RESULT("s", report, "t", change), handle_migrate_legacy, OPEN),

    SD_BUS_METHOD_WITH_ARGS("ListResources", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sts)", resources),
                            handle_list_resources, OPEN),
    SD_BUS_METHOD_WITH_ARGS("GetResource", SD_BUS_ARGS("s", name), SD_BUS_RESULT("h", file),
                            handle_get_resource, OPEN),
    SD_BUS_METHOD_WITH_ARGS("DescribeDgn", SD_BUS_ARGS("u", dgn), SD_BUS_RESULT("s", json),
                            handle_describe_dgn, OPEN),
    SD_BUS_METHOD_WITH_ARGS("ListDgns", SD_BUS_ARGS("a{sv}", query), SD_BUS_RESULT("a(uss)", dgns),
                            handle_list_dgns, OPEN),
    SD_BUS_METHOD_WITH_ARGS("SetInterface", SD_BUS_ARGS("s", logical, "s", physical, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_set_interface, OPEN),
    SD_BUS_METHOD_WITH_ARGS("SetRetention", SD_BUS_ARGS("a{sv}", settings, "a{sv}", options),
                            SD_BUS_RESULT("t", change), handle_set_retention, OPEN),
    SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), handle_describe, OPEN),

    SD_BUS_SIGNAL_WITH_ARGS("MappingsChanged", SD_BUS_ARGS("s", model, "as", paths, "s", kind, "t", change),
                            0),
    SD_BUS_SIGNAL_WITH_ARGS("ModelImported", SD_BUS_ARGS("s", model, "s", version, "t", change), 0),
    SD_BUS_SIGNAL_WITH_ARGS("ModelRemoved", SD_BUS_ARGS("s", model, "t", change), 0),
    SD_BUS_SIGNAL_WITH_ARGS("UpdateAvailable", SD_BUS_ARGS("s", model, "s", installed, "s", bundled), 0),
    SD_BUS_SIGNAL_WITH_ARGS("BackupCreated", SD_BUS_ARGS("s", id, "s", reason), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Restored", SD_BUS_ARGS("s", backup, "t", change), 0),
    SD_BUS_SIGNAL_WITH_ARGS("UpdateApplied", SD_BUS_ARGS("s", model, "s", from, "s", to, "t", change), 0),

    SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("DevelopmentMode", "b", get_development_mode, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ActiveModel", "s", get_active_model, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Revision", "t", get_revision, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("UpdatesAvailable", "as", get_updates_available, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Interfaces", "a{ss}", get_interfaces, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Retention", "a{sv}", get_retention, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Health", "s", get_health, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),

    SD_BUS_VTABLE_END,
};

/* Sees every message first. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Daemon *daemon = userdata;

    if (!sd_bus_message_is_method_call(message, NULL, NULL))
        return 0;
    lifecycle_touch(daemon);
    polkit_before_dispatch(daemon, message);
    files_before_dispatch(daemon, message);
    return 0;
}

int object_add(Daemon *daemon, sd_bus *bus)
{
    int r;

    r = sd_bus_add_filter(bus, NULL, on_message, daemon);
    return r < 0 ? r : sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, vtable, daemon);
}

/* Signals */

static int send_mappings_changed(sd_bus *bus, const ServiceEvent *event)
{
    CLEANUP(bus_message_unrefp) sd_bus_message *signal = NULL;
    int r;

    r = sd_bus_message_new_signal(bus, &signal, BUS_PATH, BUS_INTERFACE, "MappingsChanged");
    if (r >= 0)
        r = sd_bus_message_append(signal, "s", event->model);
    if (r >= 0)
        r = sd_bus_message_append_strv(signal, (char **) event->paths);
    if (r >= 0)
        r = sd_bus_message_append(signal, "st", event->kind, (uint64_t) event->change);
    return r < 0 ? r : sd_bus_send(bus, signal, NULL);
}

static int send_properties_changed(sd_bus *bus, const char *property, bool revision)
{
    return sd_bus_emit_properties_changed(bus, BUS_PATH, BUS_INTERFACE, property,
                                          revision ? "Revision" : NULL, NULL);
}

static void send_event(sd_bus *bus, void *userdata)
{
    const ServiceEvent *event = userdata;
    int r = 0;

    switch (event->type) {
    case SERVICE_EVENT_MAPPINGS_CHANGED:
        r = send_mappings_changed(bus, event);
        if (r >= 0)
            r = send_properties_changed(bus, "Revision", false);
        break;
    case SERVICE_EVENT_MODEL_IMPORTED:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "ModelImported", "sst", event->model,
                               event->version, (uint64_t) event->change);
        if (r >= 0)
            r = send_properties_changed(bus, "UpdatesAvailable", true);
        break;
    case SERVICE_EVENT_MODEL_REMOVED:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "ModelRemoved", "st", event->model,
                               (uint64_t) event->change);
        if (r >= 0)
            r = send_properties_changed(bus, "UpdatesAvailable", true);
        break;
    case SERVICE_EVENT_UPDATE_APPLIED:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "UpdateApplied", "ssst", event->model,
                               event->version_from, event->version, (uint64_t) event->change);
        if (r >= 0)
            r = send_properties_changed(bus, "UpdatesAvailable", true);
        break;
    case SERVICE_EVENT_UPDATE_AVAILABLE:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "UpdateAvailable", "sss", event->model,
                               event->version_from, event->version);
        if (r >= 0)
            r = send_properties_changed(bus, "UpdatesAvailable", false);
        break;
    case SERVICE_EVENT_BACKUP_CREATED:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "BackupCreated", "ss", event->backup,
                               event->reason);
        break;
    case SERVICE_EVENT_RESTORED:
        r = sd_bus_emit_signal(bus, BUS_PATH, BUS_INTERFACE, "Restored", "st", event->backup,
                               (uint64_t) event->change);
        if (r >= 0)
            r = sd_bus_emit_properties_changed(bus, BUS_PATH, BUS_INTERFACE, "ActiveModel", "Interfaces",
                                               "Retention", "Revision", "UpdatesAvailable", NULL);
        break;
    case SERVICE_EVENT_RETENTION_CHANGED:
        r = send_properties_changed(bus, "Retention", true);
        break;
    case SERVICE_EVENT_ACTIVE_MODEL_CHANGED:
        r = send_properties_changed(bus, "ActiveModel", true);
        break;
    case SERVICE_EVENT_INTERFACES_CHANGED:
        r = send_properties_changed(bus, "Interfaces", true);
        break;
    case SERVICE_EVENT_HEALTH_CHANGED:
        r = send_properties_changed(bus, "Health", false);
        break;
    }
    /* A peer that is just leaving need not hear it. */
    if (r < 0)
        g_debug("A signal could not be sent: %s", g_strerror(-r));
}

void object_on_event(const ServiceEvent *event, void *userdata)
{
    Daemon *daemon = userdata;

    if (event->type == SERVICE_EVENT_HEALTH_CHANGED) {
        const char *health = service_health(daemon->service);

        if (g_str_equal(health, "ok"))
            g_message("The storage works again.");
        else if (!event->kind) /* a recovery has said so already, with a message id */
            g_warning("%s", health);
    }
    if (daemon->bus_is_ready)
        send_event(daemon->bus, (void *) event);
    peers_foreach(daemon, send_event, (void *) event);
}
