/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete-fields.c: candidates that stand in components: fields, their values, and what devices have. */

#include "ctl/complete.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/explain.h"
#include "ctl/format.h"
#include "ctl/input.h"
#include "ctl/paths.h"

static Value *explain_path(Ctl *ctl, const char *section, const char *word)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    g_free(ctl->path);
    ctl->path = g_strconcat(section, word, NULL);
    return explain_fetch(ctl, &error);
}

/* What is known of the component that a word names, as paths_resolve() would find it. */
static Value *explain_word(Ctl *ctl, const char *word)
{
    g_autoptr(GPtrArray) sections = NULL;
    Value *found;

    if (!*word || !complete_is_imported(ctl))
        return NULL;
    found = explain_path(ctl, "", word);
    if (found || strchr(word, '/'))
        return found;
    found = explain_path(ctl, "devices/", word);
    sections = found ? NULL : complete_section_names(ctl);
    for (unsigned i = 0; !found && i < sections->len; i++) {
        if (g_str_has_suffix(sections->pdata[i], "/"))
            found = explain_path(ctl, sections->pdata[i], word);
    }
    return found;
}

void complete_fields(Ctl *ctl, Candidates *candidates, const char *path, bool edited)
{
    g_autoptr(Value) explanation = explain_word(ctl, path);
    /* The first slash may be left out, and mostly is. */
    unsigned skip = *candidates->typed == '/' ? 0 : 1;

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        const char *pointer = dict_text(field, "field");
        const Value *value = value_map_get(field, edited && dict_flag(field, "unset") ? "vendor" : "value");
        bool wanted = edited ? g_str_equal(dict_text(field, "layer"), "user") : value != NULL;
        g_autofree char *text = value ? format_value(value) : NULL;

        if (wanted && *pointer == '/')
            candidates_add(candidates, pointer + skip, text);
    }
}

static void add_value(const Ctl *ctl, Candidates *candidates, const Value *value, const char *whose)
{
    g_autofree char *text = NULL;

    if (!value)
        return;
    text = ctl->args.json_value ? json_format(value) : format_value(value);
    candidates_add(candidates, text, whose);
}

static bool is_boolean(const Value *value)
{
    return value && value_type(value) == VALUE_BOOLEAN;
}

void complete_values(Ctl *ctl, Candidates *candidates, const char *path, const char *field)
{
    g_autoptr(Value) explanation = explain_word(ctl, path);
    g_autofree char *pointer = input_field(field);

    VALUE_FOREACH_ITEM (entry, value_map_get(explanation, "fields")) {
        const Value *now = value_map_get(entry, "value");
        const Value *vendor = value_map_get(entry, "vendor");

        if (!g_str_equal(dict_text(entry, "field"), pointer))
            continue;
        if (is_boolean(now ? now : vendor)) {
            candidates_add_words(candidates, "true false");
            return;
        }
        add_value(ctl, candidates, now, _("now"));
        if (vendor && (!now || !value_equal(now, vendor)))
            add_value(ctl, candidates, vendor, _("the vendor's"));
    }
}

/* Adds the texts that stand at a key of a map to a set. */
static void collect(GHashTable *set, const Value *map, const char *key)
{
    const char *text = dict_text(map, key);

    if (*text)
        g_hash_table_add(set, g_strdup(text));
}

static void collect_device(GHashTable *set, const Value *device, const char *key)
{
    collect(set, device, key);
    VALUE_FOREACH_ITEM (binding, value_map_get(device, "bindings"))
        collect(set, binding, key);
}

/* Adds what the devices of the model have at a key, each once. */
static void add_from_devices(Ctl *ctl, Candidates *candidates, const char *key)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Value) mappings = complete_is_imported(ctl) ? paths_mappings(ctl, "devices/", &error) : NULL;

    VALUE_FOREACH_ITEM (mapping, mappings) {
        g_autoptr(Value) device = format_parse(item_text(mapping, 1));

        collect_device(set, device, key);
    }

    g_autoptr(GList) texts = g_list_sort(g_hash_table_get_keys(set), text_compare);
    for (const GList *text = texts; text; text = text->next)
        candidates_add(candidates, text->data, NULL);
}

void complete_types(Ctl *ctl, Candidates *candidates)
{
    add_from_devices(ctl, candidates, "device_type");
}

void complete_areas(Ctl *ctl, Candidates *candidates)
{
    add_from_devices(ctl, candidates, "area");
}

void complete_logical(Ctl *ctl, Candidates *candidates)
{
    add_from_devices(ctl, candidates, "interface");
}

static void add_instances(Candidates *candidates, const Value *device, uint32_t dgn, const char *path)
{
    VALUE_FOREACH_ITEM (binding, value_map_get(device, "bindings")) {
        const Value *instance = value_map_get(binding, "instance");
        uint32_t here;
        g_autofree char *text = NULL;

        if (!instance || !input_dgn(dict_text(binding, "dgn"), &here) || here != dgn)
            continue;
        text = format_value(instance);
        candidates_add(candidates, text, path);
    }
}

void complete_instances(Ctl *ctl, Candidates *candidates, const char *dgn)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) query = call_options_new();
    uint32_t number;

    if (!dgn || !input_dgn(dgn, &number) || !complete_is_imported(ctl))
        return;
    g_autofree char *text = format_dgn(number);
    call_options_text(query, "dgn", text);

    g_autoptr(Value) reply = ctl_call(ctl, &error, "FindMappings", "a(ssst)", query, "s", ctl->args.model);
    VALUE_FOREACH_ITEM (mapping, reply ? value_list_item(reply, 0) : NULL) {
        g_autoptr(Value) device = format_parse(item_text(mapping, 1));

        add_instances(candidates, device, number, item_text(mapping, 0));
    }
}
