/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CheckForUpdates, PreviewUpdate, ApplyUpdate. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"
#include "daemon/update-arguments.h"

HANDLER(handle_check_for_updates)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    g_autofree char *installed = NULL, *bundled = NULL;
    const char *model;
    bool available;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r < 0)
        return r;
    if (!service_check_for_updates(daemon->service, model, &available, &installed, &bundled, &local))
        return errors_set(daemon, &local, error);
    service_look_for_updates(daemon->service);
    return sd_bus_reply_method_return(message, "bss", available, installed, bundled);
}

static int append_json(sd_bus_message *reply, const Value *value, size_t *size)
{
    g_autofree char *text = json_format(value);

    *size += strlen(text) + ANSWER_TEXT_OVERHEAD;
    return sd_bus_message_append_basic(reply, 's', text);
}

static int append_item(sd_bus_message *reply, const MergeItem *item, size_t *size)
{
    const Value *const values[] = {item->base, item->mine, item->vendor, item->result};
    int r;

    r = sd_bus_message_open_container(reply, 'r', "sssssss");
    if (r >= 0)
        r = sd_bus_message_append(reply, "sss", item->path, item->field, merge_class_to_string(item->class));
    for (guint i = 0; r >= 0 && i < G_N_ELEMENTS(values); i++)
        r = append_json(reply, values[i], size);
    *size += strlen(item->path) + strlen(item->field) + 3 * ANSWER_TEXT_OVERHEAD;
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_counts(sd_bus_message *reply, const Merge *merge)
{
    int r = sd_bus_message_open_container(reply, 'a', "{su}");

    for (guint i = 0; r >= 0 && i < MERGE_CLASSES; i++)
        if (merge->counts[i] > 0)
            r = sd_bus_message_append(reply, "{su}", merge_class_to_string((MergeClass) i),
                                      merge->counts[i]);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* A page of the items, which ends at a size too. */
static int append_items(sd_bus_message *reply, const Merge *merge, uint32_t offset, uint32_t limit)
{
    size_t size = 0;
    int r = sd_bus_message_open_container(reply, 'a', "(sssssss)");

    for (guint i = offset; r >= 0 && i < merge->items->len && i - offset < limit && size < PAGE_SIZE_MAX;
         i++)
        r = append_item(reply, g_ptr_array_index(merge->items, i), &size);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

HANDLER(handle_preview_update)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_auto(UpdateArguments) arguments = {0};
    g_autoptr(UpdatePreview) preview = NULL;
    g_autoptr(GError) local = NULL;
    uint32_t offset = 0, limit = UINT32_MAX;
    const Option options[] = {
        UPDATE_OPTIONS_DECISIONS(&arguments), UPDATE_OPTION_RESOLUTIONS(&arguments),
        UPDATE_OPTION_FILE(&arguments),       UPDATE_OPTION_NAME(&arguments),
        {"offset", "u", &offset, NULL, NULL}, {"limit", "u", &limit, NULL, NULL},
    };
    const char *model;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = update_arguments_finish(daemon, &arguments, error);
    if (r >= 0)
        r = handler_check_limit(limit, UINT32_MAX, error);
    if (r < 0)
        return r;
    r = update_arguments_read_file(daemon, message, &arguments, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    preview = service_preview_update(daemon->service, model, &arguments.update, &local);
    if (!preview)
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_append(reply, "ss", preview->token,
                                  merge_verdict_to_string(preview->merge->verdict));
    if (r >= 0)
        r = append_counts(reply, preview->merge);
    if (r >= 0)
        r = append_items(reply, preview->merge, offset, limit);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_apply_update)
{
    Daemon *daemon = userdata;
    g_auto(UpdateArguments) arguments = {0};
    g_autoptr(GError) local = NULL;
    WriteOptions write = {0};
    const Option options[] = {
        UPDATE_OPTIONS_DECISIONS(&arguments),
        UPDATE_OPTION_ONLY_CLEAN(&arguments),
        UPDATE_OPTION_FILE(&arguments),
        UPDATE_OPTION_NAME(&arguments),
        {"expected-revision", "t", &write.expected_revision, &write.has_expected_revision, NULL},
    };
    const char *model = NULL, *token = NULL, *reason = NULL;
    Plan *plan = NULL;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &token);
    if (r >= 0)
        r = update_arguments_read_resolutions(message, &arguments);
    if (r >= 0)
        r = sd_bus_message_read(message, "s", &reason);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = update_arguments_finish(daemon, &arguments, error);
    if (r < 0)
        return r;
    r = update_arguments_read_file(daemon, message, &arguments, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    r = handler_prepare_write(daemon, message, model, &write, error);
    if (r < 0)
        return r;
    plan = service_plan_update(daemon->service, model, token, &arguments.update, reason, &write, &local);
    if (arguments.asked)
        return handler_commit(daemon, message, plan, &arguments.actor, &local, error);
    /* What somebody brings is an import, also as a release; what ships may be installed unattended. */
    return handler_write(daemon, message,
                         arguments.has_file ? POLKIT_ACTION("import") : POLKIT_ACTION("update"), plan,
                         &local, error);
}
