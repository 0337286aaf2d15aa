/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* paths.c: lists of components, and short names. */

#include "ctl/paths.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/input.h"

static bool append_page(Ctl *ctl, const char *prefix, Value **mappings, char **next, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();

    call_options_text(options, "prefix", *prefix ? prefix : NULL);
    call_options_text(options, "after", *next);

    g_autoptr(Value) reply = ctl_call(ctl, error, "GetMappings", "a(ssst)s", options, "s", ctl->args.model);
    if (!reply)
        return false;
    VALUE_FOREACH_ITEM (mapping, value_list_item(reply, 0))
        value_list_append(mappings, mapping);
    g_free(*next);
    *next = g_strdup(item_text(reply, 1));
    return true;
}

Value *paths_mappings(Ctl *ctl, const char *prefix, sd_bus_error *error)
{
    g_autoptr(Value) mappings = value_new_list();
    g_autofree char *next = NULL;

    do {
        if (!append_page(ctl, prefix, &mappings, &next, error))
            return NULL;
    } while (*next);
    return g_steal_pointer(&mappings);
}

GPtrArray *paths_list(Ctl *ctl, const char *prefix, sd_bus_error *error)
{
    g_autoptr(Value) mappings = paths_mappings(ctl, prefix, error);
    GPtrArray *paths;

    if (!mappings)
        return NULL;
    paths = g_ptr_array_new_with_free_func(g_free);
    VALUE_FOREACH_ITEM (mapping, mappings)
        g_ptr_array_add(paths, g_strdup(item_text(mapping, 0)));
    return paths;
}

/* 1 when it exists, 0 when it does not, -1 with `error` set when the service cannot say. */
static int exists(Ctl *ctl, const char *path, sd_bus_error *error)
{
    g_autoptr(Value) reply = ctl_call(ctl, error, "GetMapping", "sst", NULL, "ss", ctl->args.model, path);

    if (reply)
        return 1;
    if (!sd_bus_error_has_name(error, SERVICE_ERROR "NoSuchMapping"))
        return -1;
    sd_bus_error_free(error);
    return 0;
}

static int set_path(Ctl *ctl, const char *path)
{
    g_free(ctl->path);
    ctl->path = g_strdup(path);
    return 0;
}

static int resolve_by_list(Ctl *ctl, const char *word, const char *device, sd_bus_error *error)
{
    g_autoptr(GPtrArray) paths = paths_list(ctl, "", error);

    if (!paths)
        return ctl_fail(ctl, error);

    g_autoptr(GPtrArray) matches = input_match_path(word, paths);
    if (matches->len < 2)
        return set_path(ctl, matches->len == 1 ? matches->pdata[0] : device);

    g_ptr_array_add(matches, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **) matches->pdata);
    return ctl_usage(ctl, _("“%s” can mean %s. Give the whole path."), word, list);
}

int paths_resolve(Ctl *ctl, const char *word)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autofree char *device = g_strconcat("devices/", word, NULL);
    const char *const candidates[] = {word, device};

    if (strchr(word, '/') || !*word)
        return set_path(ctl, word);
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        int found = exists(ctl, candidates[i], &error);

        if (found < 0)
            return ctl_fail(ctl, &error);
        if (found > 0)
            return set_path(ctl, candidates[i]);
    }
    return resolve_by_list(ctl, word, device, &error);
}
