/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* merge.c: asking the service for previews. */

#include "ctl/merge.h"

#include <glib/gi18n.h>

#include "ctl/choices.h"

/* The words of --allow, and what the service calls them. */
static const struct {
    const char *word;
    const char *option;
} allows[] = {
    {"missing-fields", "allow-missing-fields"},
    {"collisions", "allow-collisions"},
    {"device-loss", "allow-device-loss"},
};

static bool is_known_allow(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(allows); i++) {
        if (g_str_equal(allows[i].word, word))
            return true;
    }
    return false;
}

int merge_check_options(Ctl *ctl)
{
    static const char *const policies[] = {"keep-mine", "take-vendor", "manual", NULL};
    const Args *args = &ctl->args;

    if (args->policy && !g_strv_contains(policies, args->policy))
        return ctl_usage(ctl, _("--policy takes keep-mine, take-vendor or manual, not “%s”."), args->policy);
    for (unsigned i = 0; args->allow && i < args->allow->len; i++) {
        if (!is_known_allow(args->allow->pdata[i]))
            return ctl_usage(ctl, _("--allow takes missing-fields, collisions or device-loss, not “%s”."),
                             (const char *) args->allow->pdata[i]);
    }
    return EXIT_OK;
}

int merge_take_model(Ctl *ctl)
{
    const char *model = ctl_argument(ctl, 0);

    if (model && *ctl->args.model)
        return ctl_usage(ctl, _("MODEL and --model exclude each other."));
    if (model)
        ctl->args.model = model;
    return EXIT_OK;
}

bool merge_check(Ctl *ctl, const char *model, Preview *preview, sd_bus_error *error)
{
    g_autoptr(Value) reply = ctl_call(ctl, error, "CheckForUpdates", "bss", NULL, "s", model);

    if (!reply)
        return false;
    preview->model = g_strdup(model);
    preview->available = value_boolean(value_list_item(reply, 0));
    preview->installed = g_strdup(item_text(reply, 1));
    preview->bundled = g_strdup(item_text(reply, 2));
    return true;
}

bool merge_begin(Ctl *ctl, Preview *preview, sd_bus_error *error)
{
    const char *model = ctl->args.model;
    g_autoptr(Value) properties = NULL;

    if (!*model) {
        properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
        if (!properties)
            return false;
        model = dict_text(properties, "ActiveModel");
    }
    preview->allow = ctl->args.allow;
    return merge_check(ctl, model, preview, error);
}

void merge_add_options(CallOptions *options, const Preview *preview, const Args *args)
{
    call_options_text(options, "policy", args->policy);
    if (preview->file) {
        call_options_fd(options, "file", preview->file->fd);
        call_options_text(options, "name", preview->file->name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(allows); i++)
        call_options_flag(options, allows[i].option, preview_is_allowed(preview, allows[i].word));
}

static void set_text(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

/* Takes over one page. One with another token is of another configuration, about which nobody decided. */
static bool add_page(Preview *preview, const Value *page, sd_bus_error *error)
{
    const Value *rows = value_list_item(page, 3);

    if (preview->token && !g_str_equal(preview->token, item_text(page, 0))) {
        sd_bus_error_set(error, CLIENT_ERROR_STALE, NULL);
        return false;
    }
    set_text(&preview->token, item_text(page, 0));
    set_text(&preview->verdict, item_text(page, 1));
    g_clear_pointer(&preview->counts, value_unref);
    preview->counts = value_ref(value_list_item(page, 2));
    VALUE_FOREACH_ITEM (row, rows)
        value_list_take(&preview->items, preview_item(row));
    if (value_length(rows) > 0 || value_length(preview->items) >= preview_total(preview))
        return true;
    sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, _("fewer items than counted"));
    return false;
}

static bool fetch_page(Ctl *ctl, Preview *preview, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) page = NULL;

    merge_add_options(options, preview, &ctl->args);
    call_options_rows(options, "resolutions", preview->resolutions);
    call_options_u32(options, "offset", value_length(preview->items));
    page = ctl_call(ctl, error, "PreviewUpdate", "ssa{su}a(sssssss)", options, "s", preview->model);
    return page && add_page(preview, page, error);
}

bool merge_fetch(Ctl *ctl, Preview *preview, sd_bus_error *error)
{
    g_clear_pointer(&preview->items, value_unref);
    preview->items = value_new_list();
    do {
        if (!fetch_page(ctl, preview, error))
            return false;
    } while (value_length(preview->items) < preview_total(preview));
    return true;
}

int merge_preview(Ctl *ctl, Preview *preview)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GError) why = NULL;

    /* Options name items, so these are asked for first. */
    if (!merge_fetch(ctl, preview, &error))
        return ctl_fail(ctl, &error);
    preview->resolutions = choices_resolve(&ctl->args, preview->items, &why);
    if (why)
        return ctl_usage(ctl, "%s", why->message);
    if (preview->resolutions && !merge_fetch(ctl, preview, &error))
        return ctl_fail(ctl, &error);
    return EXIT_OK;
}
