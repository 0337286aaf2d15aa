/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/errors.h"

#include "base/error.h"

#define OWN(name) BUS_NAME ".Error." name

static const char *const names[] = {
    [CONFIG_ERROR_INVALID_ARGS] = SD_BUS_ERROR_INVALID_ARGS,
    [CONFIG_ERROR_NO_SUCH_MODEL] = OWN("NoSuchModel"),
    [CONFIG_ERROR_NO_SUCH_MAPPING] = OWN("NoSuchMapping"),
    [CONFIG_ERROR_NO_SUCH_FIELD] = OWN("NoSuchField"),
    [CONFIG_ERROR_NO_SUCH_CHANGE] = OWN("NoSuchChange"),
    [CONFIG_ERROR_NO_SUCH_BACKUP] = OWN("NoSuchBackup"),
    [CONFIG_ERROR_INVALID_DATA] = OWN("InvalidData"),
    [CONFIG_ERROR_INVALID_FILE] = OWN("InvalidFile"),
    [CONFIG_ERROR_IMMUTABLE] = OWN("Immutable"),
    [CONFIG_ERROR_CONFLICT] = OWN("Conflict"),
    [CONFIG_ERROR_BLOCKED] = OWN("Blocked"),
    [CONFIG_ERROR_TOO_LARGE] = OWN("TooLarge"),
    [CONFIG_ERROR_EXISTS] = OWN("Exists"),
    [CONFIG_ERROR_NOT_IMPORTED] = OWN("NotImported"),
    [CONFIG_ERROR_CORRUPT] = OWN("Corrupt"),
    [CONFIG_ERROR_READ_ONLY] = OWN("ReadOnly"),
    [CONFIG_ERROR_LOCKED] = OWN("Locked"),
    [CONFIG_ERROR_NO_SPACE] = OWN("NoSpace"),
    [CONFIG_ERROR_IO] = SD_BUS_ERROR_IO_ERROR,
    [CONFIG_ERROR_NOT_SUPPORTED] = SD_BUS_ERROR_NOT_SUPPORTED,
};

int errors_set(Daemon *daemon, GError **error, sd_bus_error *bus_error)
{
    const char *name = SD_BUS_ERROR_FAILED;
    int r;

    if ((*error)->domain == CONFIG_ERROR && (guint) (*error)->code < G_N_ELEMENTS(names))
        name = names[(*error)->code];
    service_note_failure(daemon->service, *error);
    if (service_has_idle_work(daemon->service) && daemon->idle_work)
        sd_event_source_set_enabled(daemon->idle_work, SD_EVENT_ONESHOT);
    r = sd_bus_error_set(bus_error, name, (*error)->message);
    g_clear_error(error);
    return r;
}
