/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CheckForUpdates, PreviewUpdate, ApplyUpdate. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

/* Resolutions of one call, and the bytes of all of them. */
#define RESOLUTIONS_MAX 10000
#define RESOLUTIONS_SIZE_MAX (1024 * 1024)

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

/* What both methods take. */
typedef struct UpdateArguments {
    UpdateOptions update;
    const char *policy;
    int missing_fields, collisions, device_loss, only_clean; /* booleans of D-Bus */
    bool has_policy;
} UpdateArguments;

static void arguments_clear(UpdateArguments *arguments)
{
    g_clear_pointer(&arguments->update.resolutions, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpdateArguments, arguments_clear)

static int finish_arguments(UpdateArguments *arguments, sd_bus_error *error)
{
    UpdateOptions *update = &arguments->update;

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

/* Reads an a(sss). What is wrong with a resolution is in `*list_error`; a negative errno where the message
 * is wrong. */
static int read_resolutions(sd_bus_message *message, GPtrArray **ret, GError **list_error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) merge_resolution_free);
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
    *ret = g_steal_pointer(&list);
    return sd_bus_message_exit_container(message);
}

typedef struct ResolutionsOption {
    GPtrArray **list;
    GError *error;
} ResolutionsOption;

static int read_resolutions_option(sd_bus_message *message, void *target)
{
    ResolutionsOption *option = target;

    return read_resolutions(message, option->list, &option->error);
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
    ResolutionsOption resolutions = {.list = &arguments.update.resolutions};
    uint32_t offset = 0, limit = UINT32_MAX;
    const Option options[] = {
        {"policy", "s", &arguments.policy, &arguments.has_policy, NULL},
        {"allow-missing-fields", "b", &arguments.missing_fields, NULL, NULL},
        {"allow-collisions", "b", &arguments.collisions, NULL, NULL},
        {"allow-device-loss", "b", &arguments.device_loss, NULL, NULL},
        {"resolutions", "a(sss)", &resolutions, NULL, read_resolutions_option},
        {"offset", "u", &offset, NULL, NULL},
        {"limit", "u", &limit, NULL, NULL},
    };
    const char *model;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0 && resolutions.error)
        return errors_set(daemon, &resolutions.error, error);
    g_clear_error(&resolutions.error);
    if (r >= 0)
        r = finish_arguments(&arguments, error);
    if (r >= 0)
        r = handler_check_limit(limit, UINT32_MAX, error);
    if (r >= 0)
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
        {"policy", "s", &arguments.policy, &arguments.has_policy, NULL},
        {"allow-missing-fields", "b", &arguments.missing_fields, NULL, NULL},
        {"allow-collisions", "b", &arguments.collisions, NULL, NULL},
        {"allow-device-loss", "b", &arguments.device_loss, NULL, NULL},
        {"only-clean", "b", &arguments.only_clean, NULL, NULL},
        {"expected-revision", "t", &write.expected_revision, &write.has_expected_revision, NULL},
    };
    const char *model = NULL, *token = NULL, *reason = NULL;
    Plan *plan = NULL;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &token);
    if (r >= 0)
        r = read_resolutions(message, &arguments.update.resolutions, &local);
    if (r >= 0)
        r = sd_bus_message_read(message, "s", &reason);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = finish_arguments(&arguments, error);
    if (r < 0)
        return r;
    if (local)
        return errors_set(daemon, &local, error);
    r = handler_prepare_write(daemon, message, model, &write, error);
    if (r < 0)
        return r;
    plan = service_plan_update(daemon->service, model, token, &arguments.update, reason, &write, &local);
    return handler_write(daemon, message, POLKIT_ACTION("update"), plan, &local, error);
}
