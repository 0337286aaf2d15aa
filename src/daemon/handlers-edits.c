/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UpdateMapping, SetField, ResetMapping, DeleteMapping, ApplyEdits: all of them are lists of edits. */
#include <string.h>

#include "base/error.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/polkit.h"

static GPtrArray *edit_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
}

/* `edits` is NULL when `*edits_error` is set. */
static int write_edits(Daemon *daemon, sd_bus_message *message, const char *model, GPtrArray *edits,
                       GError **edits_error, const char *reason, const WriteOptions *options,
                       sd_bus_error *error)
{
    int r;
    Plan *plan;

    if (!edits)
        return errors_set(daemon, edits_error, error);
    r = handler_prepare_write(daemon, message, model, options, error);
    if (r < 0)
        return r;
    plan = service_plan_edits(daemon->service, model, edits, reason, options, edits_error);
    return handler_write(daemon, message, POLKIT_ACTION("edit"), plan, edits_error, error);
}

static int write_one(Daemon *daemon, sd_bus_message *message, EditOp op, const char *model, const char *path,
                     const char *field, const char *value, const char *reason, sd_bus_error *error)
{
    g_autoptr(GPtrArray) edits = edit_list_new();
    g_autoptr(GError) local = NULL;
    WriteOptions options = {0};
    Edit *edit;
    int r;

    r = handler_read_write_options(message, true, &options, error);
    if (r < 0)
        return r;
    edit = edit_new(op, path, field, value, &local);
    if (edit)
        g_ptr_array_add(edits, edit);
    return write_edits(daemon, message, model, edit ? edits : NULL, &local, reason, &options, error);
}

HANDLER(handle_update_mapping)
{
    const char *model, *path, *data, *reason;
    int r = sd_bus_message_read(message, "ssss", &model, &path, &data, &reason);

    return r < 0 ? r : write_one(userdata, message, EDIT_PUT, model, path, "", data, reason, error);
}

HANDLER(handle_set_field)
{
    const char *model, *path, *field, *value, *reason;
    int r = sd_bus_message_read(message, "sssss", &model, &path, &field, &value, &reason);

    /* No value means no field; null is a value. */
    return r < 0 ? r
                 : write_one(userdata, message, value[0] ? EDIT_SET : EDIT_UNSET, model, path, field, value,
                             reason, error);
}

HANDLER(handle_reset_mapping)
{
    const char *model, *path, *field, *reason;
    int r = sd_bus_message_read(message, "ssss", &model, &path, &field, &reason);

    return r < 0 ? r : write_one(userdata, message, EDIT_RESET, model, path, field, "", reason, error);
}

HANDLER(handle_delete_mapping)
{
    const char *model, *path, *reason;
    int r = sd_bus_message_read(message, "sss", &model, &path, &reason);

    return r < 0 ? r : write_one(userdata, message, EDIT_DELETE, model, path, "", "", reason, error);
}

/* `*ret` is NULL and `*edits_error` set where an edit is bad; a negative errno where the message is. */
static int read_edits(sd_bus_message *message, GPtrArray **ret, GError **edits_error)
{
    g_autoptr(GPtrArray) edits = edit_list_new();
    const char *name, *path, *field, *value;
    size_t size = 0;
    int r;

    r = sd_bus_message_enter_container(message, 'a', "(ssss)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "(ssss)", &name, &path, &field, &value)) > 0) {
        EditOp op;
        Edit *edit = NULL;

        if (*edits_error)
            continue;
        size += strlen(value);
        if (edits->len == EDITS_MAX)
            g_set_error(edits_error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "One call takes at most %d edits",
                        EDITS_MAX);
        else if (size > EDITS_SIZE_MAX)
            g_set_error(edits_error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                        "The values of one call have at most %d bytes", EDITS_SIZE_MAX);
        else if (!edit_op_from_string(name, &op))
            g_set_error(edits_error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                        "\"%s\" is no operation; those are set, unset, reset, put and delete", name);
        else
            edit = edit_new(op, path, field, value, edits_error);
        if (edit)
            g_ptr_array_add(edits, edit);
        else
            g_prefix_error(edits_error, "Edit %u: ", edits->len + 1);
    }
    if (r < 0)
        return r;
    *ret = *edits_error ? NULL : g_steal_pointer(&edits);
    return sd_bus_message_exit_container(message);
}

HANDLER(handle_apply_edits)
{
    g_autoptr(GPtrArray) edits = NULL;
    g_autoptr(GError) local = NULL;
    WriteOptions options = {0};
    const char *model = NULL, *reason = NULL;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = read_edits(message, &edits, &local);
    if (r >= 0)
        r = sd_bus_message_read(message, "s", &reason);
    if (r >= 0)
        r = handler_read_write_options(message, true, &options, error);
    return r < 0 ? r : write_edits(userdata, message, model, edits, &local, reason, &options, error);
}
