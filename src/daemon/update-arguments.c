/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/update-arguments.h"

#include "base/error.h"
#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/files.h"
#include "daemon/polkit.h"

#include <string.h>

/* Resolutions of one call, and the bytes of all of them. */
#define RESOLUTIONS_MAX 10000
#define RESOLUTIONS_SIZE_MAX (1024 * 1024)

void update_arguments_clear(UpdateArguments *arguments)
{
    g_clear_pointer(&arguments->update.resolutions, g_ptr_array_unref);
    g_clear_pointer(&arguments->update.file, brought_file_free);
    actor_clear(&arguments->actor);
    g_clear_error(&arguments->resolutions_error);
}

int update_arguments_read_resolutions(sd_bus_message *message, void *userdata)
{
    UpdateArguments *arguments = userdata;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) merge_resolution_free);
    GError **list_error = &arguments->resolutions_error;
    const char *path, *field, *choice;
    size_t size = 0;
    int r;

    r = sd_bus_message_enter_container(message, 'a', "(sss)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "(sss)", &path, &field, &choice)) > 0) {
        MergeResolution *resolution;

        if (*list_error)
            continue;
        size += strlen(path) + strlen(field) + strlen(choice);
        if (list->len == RESOLUTIONS_MAX || size > RESOLUTIONS_SIZE_MAX) {
            g_set_error(list_error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                        "One call takes at most %d resolutions, of %d bytes together", RESOLUTIONS_MAX,
                        RESOLUTIONS_SIZE_MAX);
            continue;
        }
        resolution = merge_resolution_new(path, field, choice, list_error);
        if (resolution)
            g_ptr_array_add(list, resolution);
    }
    if (r < 0)
        return r;
    arguments->update.resolutions = g_steal_pointer(&list);
    return sd_bus_message_exit_container(message);
}

int update_arguments_finish(Daemon *daemon, UpdateArguments *arguments, sd_bus_error *error)
{
    UpdateOptions *update = &arguments->update;

    if (arguments->resolutions_error)
        return errors_set(daemon, &arguments->resolutions_error, error);
    update->has_policy = arguments->has_policy;
    if (arguments->has_policy && !merge_policy_from_string(arguments->policy, &update->policy))
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "Option \"policy\" is \"keep-mine\", \"take-vendor\" or \"manual\"");
    update->only_clean = arguments->only_clean;
    update->allow = (arguments->missing_fields ? MERGE_ALLOW_MISSING_FIELDS : 0U) |
                    (arguments->collisions ? MERGE_ALLOW_COLLISIONS : 0U) |
                    (arguments->device_loss ? MERGE_ALLOW_DEVICE_LOSS : 0U);
    return 0;
}

/* Whether a large file is read; as files_read(). */
static int authorize_large(Daemon *daemon, sd_bus_message *message, UpdateArguments *arguments,
                           const char *name, sd_bus_error *error)
{
    int r;

    if (files_large_is_allowed(daemon, message))
        return 1;
    r = polkit_authorize(daemon, message, POLKIT_ACTION("import"), "", name[0] ? name : "a large file",
                         &arguments->actor, error);
    if (r > 0) {
        arguments->asked = true;
        files_allow_large(daemon, message);
    }
    return r;
}

/* Takes the file apart; as update_arguments_read_file(). */
static int take_file(Daemon *daemon, sd_bus_message *message, UpdateArguments *arguments, GBytes *bytes,
                     const char *name, sd_bus_error *error)
{
    BroughtFile **file = &arguments->update.file;
    g_autoptr(GError) local = NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);

    text = text ? text : "";
    *file = service_read_file(daemon->service, text, length, name, FILE_ORDINARY, &local);
    if (!*file && g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE)) {
        int r = authorize_large(daemon, message, arguments, name, error);

        if (r <= 0)
            return r;
        g_clear_error(&local);
        *file = service_read_file(daemon->service, text, length, name, FILE_LARGE, &local);
    }
    if (!*file)
        return errors_set(daemon, &local, error);
    /* To bring edits in takes another action, which was not asked about. */
    arguments->asked = arguments->asked && !brought_file_has_edits(*file);
    return 1;
}

int update_arguments_read_file(Daemon *daemon, sd_bus_message *message, UpdateArguments *arguments,
                               sd_bus_error *error)
{
    g_autofree char *name = files_clean_name(arguments->name);
    g_autoptr(GPtrArray) contents = NULL;
    int r;

    if (!arguments->has_file)
        return 1;
    r = files_read(daemon, message, &(FileArgument){arguments->file, name}, 1, &contents, error);
    if (r <= 0)
        return r;
    return take_file(daemon, message, arguments, g_ptr_array_index(contents, 0), name, error);
}
