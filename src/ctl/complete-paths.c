/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete-paths.c: candidates that are components, and sections of them. */

#include "ctl/complete.h"

#include <string.h>

#include "ctl/format.h"
#include "ctl/paths.h"

/* Behind every name that a component has: the last character that is for private use. */
#define LAST_NAME "\U0010FFFD"

/* The first component behind the path `after`, NULL when there is none. Free with g_free(). */
static char *next_path(Ctl *ctl, const char *after)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();

    call_options_text(options, "after", after);
    call_options_u32(options, "limit", 1);

    g_autoptr(Value) reply = ctl_call(ctl, &error, "GetMappings", "a(ssst)s", options, "s", ctl->args.model);
    VALUE_FOREACH_ITEM (mapping, reply ? value_list_item(reply, 0) : NULL)
        return g_strdup(item_text(mapping, 0));
    return NULL;
}

GPtrArray *complete_section_names(Ctl *ctl)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *after = g_strdup("");
    char *path;

    while ((path = next_path(ctl, after))) {
        const char *slash = strchr(path, '/');
        char *name = slash ? g_strndup(path, (gsize) (slash + 1 - path)) : g_strdup(path);

        g_free(after);
        after = slash ? g_strconcat(name, LAST_NAME, NULL) : g_strdup(path);
        g_ptr_array_add(names, name);
        g_free(path);
    }
    return names;
}

/* What a component calls itself; "" when it does not. Free with g_free(). */
static char *title(const Value *mapping)
{
    g_autoptr(Value) data = format_parse(item_text(mapping, 1));
    const char *name = dict_text(data, "friendly_name");

    return g_strdup(*name ? name : dict_text(data, "name"));
}

static void add_whole_paths(Ctl *ctl, Candidates *candidates)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) mappings = paths_mappings(ctl, candidates->typed, &error);

    VALUE_FOREACH_ITEM (mapping, mappings) {
        g_autofree char *name = title(mapping);

        candidates_add(candidates, item_text(mapping, 0), name);
    }
}

/* Short names: the last parts of paths that begin with what is typed. One that several have can be meant
 * only where a device has it; see input_match_path(). */
static void add_short_names(Ctl *ctl, Candidates *candidates, const GPtrArray *sections)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) twice = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Value) found = value_new_list();

    for (unsigned i = 0; i < sections->len; i++) {
        const char *section = sections->pdata[i];
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *prefix = g_strconcat(section, candidates->typed, NULL);
        g_autoptr(Value) mappings =
            g_str_has_suffix(section, "/") ? paths_mappings(ctl, prefix, &error) : NULL;

        VALUE_FOREACH_ITEM (mapping, mappings) {
            const char *name = item_text(mapping, 0) + strlen(section);

            if (!g_hash_table_add(seen, g_strdup(name)) && !g_str_equal(section, "devices/"))
                g_hash_table_add(twice, g_strdup(name));
            value_list_append(&found, mapping);
        }
    }
    VALUE_FOREACH_ITEM (mapping, found) {
        const char *name = strchr(item_text(mapping, 0), '/') + 1;
        g_autofree char *text = title(mapping);
        bool device = g_str_has_prefix(item_text(mapping, 0), "devices/");

        if (device || !g_hash_table_contains(twice, name))
            candidates_add(candidates, name, text);
    }
}

void complete_paths(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(GPtrArray) sections = NULL;

    if (!complete_is_imported(ctl))
        return;
    if (strchr(candidates->typed, '/')) {
        add_whole_paths(ctl, candidates);
        return;
    }
    sections = complete_section_names(ctl);
    for (unsigned i = 0; i < sections->len; i++)
        candidates_add(candidates, sections->pdata[i], NULL);
    /* All of them would hide the sections. */
    if (*candidates->typed)
        add_short_names(ctl, candidates, sections);
}

void complete_sections(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(GPtrArray) sections = NULL;

    if (strchr(candidates->typed, '/') || !complete_is_imported(ctl))
        return;
    sections = complete_section_names(ctl);
    for (unsigned i = 0; i < sections->len; i++) {
        char *name = sections->pdata[i];

        if (!g_str_has_suffix(name, "/"))
            continue;
        name[strlen(name) - 1] = '\0';
        candidates_add(candidates, name, NULL);
    }
}
