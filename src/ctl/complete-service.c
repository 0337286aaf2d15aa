/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete-service.c: candidates that the service lists: models, changes, backups, DGNs, resources. */

#include "ctl/complete.h"

#include <glib/gi18n.h>
#include <net/if_arp.h>
#include <string.h>

#include "ctl/format.h"

/* Of the newest of them people speak. */
#define CHANGES_MAX 100

/* The first argument of a reply; NULL when there was none. */
static Value *first_of(Value *reply)
{
    Value *first = reply ? value_ref(value_list_item(reply, 0)) : NULL;

    value_unref(reply);
    return first;
}

static Value *list_models(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();

    return first_of(ctl_call(ctl, &error, "ListModels", "aa{sv}", options, ""));
}

static Value *properties(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    return ctl_client(ctl, &error) ? client_properties(ctl->client, &error) : NULL;
}

bool complete_is_imported(Ctl *ctl)
{
    g_autoptr(Value) models = list_models(ctl);
    const char *id = ctl->args.model;

    VALUE_FOREACH_ITEM (model, models) {
        if (*id ? g_str_equal(dict_text(model, "Id"), id) : dict_flag(model, "Active"))
            return dict_flag(model, "Imported");
    }
    return false;
}

void complete_models(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(Value) models = list_models(ctl);

    VALUE_FOREACH_ITEM (model, models) {
        g_autofree char *title =
            g_strjoin(" ", dict_text(model, "Year"), dict_text(model, "Make"), dict_text(model, "Model"),
                      dict_text(model, "Trim"), dict_flag(model, "Active") ? _("(active)") : "", NULL);

        candidates_add(candidates, dict_text(model, "Id"), g_strstrip(title));
    }
}

/* Once each, as often as it comes. Takes the text. */
static void add_distinct(Candidates *candidates, GHashTable *seen, char *text)
{
    g_autofree char *own = g_strstrip(text);

    if (!*own || g_hash_table_contains(seen, own))
        return;
    candidates_add(candidates, own, NULL);
    g_hash_table_add(seen, g_steal_pointer(&own));
}

void complete_coaches(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(Value) models = list_models(ctl);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    VALUE_FOREACH_ITEM (model, models) {
        const char *make = dict_text(model, "Make");

        add_distinct(candidates, seen, g_strdup(make));
        add_distinct(candidates, seen,
                     g_strjoin(" ", make, dict_text(model, "Model"), dict_text(model, "Trim"), NULL));
    }
}

void complete_years(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(Value) models = list_models(ctl);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    VALUE_FOREACH_ITEM (model, models)
        add_distinct(candidates, seen, g_strdup(dict_text(model, "Year")));
}

void complete_changes(Ctl *ctl, Candidates *candidates)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();
    const char *at = strchr(candidates->typed, '@');
    /* "MODEL@" is kept, and asks for the changes of that model. */
    g_autofree char *before = g_strndup(candidates->typed, at ? (size_t) (at + 1 - candidates->typed) : 0);
    g_autofree char *model =
        at ? g_strndup(candidates->typed, (size_t) (at - candidates->typed)) : g_strdup(ctl->args.model);

    call_options_u32(options, "limit", CHANGES_MAX);
    call_options_text(options, "model", *model ? model : NULL);

    g_autoptr(Value) changes = first_of(ctl_call(ctl, &error, "ListChanges", "aa{sv}t", options, ""));
    VALUE_FOREACH_ITEM (change, changes) {
        g_autofree char *number =
            g_strdup_printf("%s%" G_GINT64_FORMAT, before, dict_number(change, "Change"));
        g_autofree char *time = format_time(dict_number(change, "Time"));
        g_autofree char *what = g_strjoin(" ", time, dict_text(change, "Kind"), dict_text(change, "User"),
                                          dict_text(change, "Reason"), NULL);

        candidates_add(candidates, number, g_strchomp(what));
    }
}

void complete_backups(Ctl *ctl, Candidates *candidates)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) backups = first_of(ctl_call(ctl, &error, "ListBackups", "aa{sv}", options, ""));

    VALUE_FOREACH_ITEM (backup, backups) {
        g_autofree char *time = format_time(dict_number(backup, "Time"));
        g_autofree char *what = g_strjoin(" ", time, dict_text(backup, "Reason"), NULL);

        candidates_add(candidates, dict_text(backup, "Id"), g_strchomp(what));
    }
}

void complete_dgns(Ctl *ctl, Candidates *candidates)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) query = call_options_new();
    g_autoptr(Value) dgns = first_of(ctl_call(ctl, &error, "ListDgns", "a(uss)", query, ""));

    VALUE_FOREACH_ITEM (dgn, dgns) {
        g_autofree char *text = format_dgn((uint32_t) item_number(dgn, 0));

        candidates_add(candidates, text, item_text(dgn, 1));
    }
}

void complete_resources(Ctl *ctl, Candidates *candidates)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) resources = first_of(ctl_call(ctl, &error, "ListResources", "a(sts)", NULL, ""));

    VALUE_FOREACH_ITEM (resource, resources) {
        g_autofree char *size = format_size(item_number(resource, 1));

        candidates_add(candidates, item_text(resource, 0), size);
    }
}

void complete_revision(Ctl *ctl, Candidates *candidates)
{
    g_autoptr(Value) all = properties(ctl);
    g_autofree char *number =
        all ? g_strdup_printf("%" G_GINT64_FORMAT, dict_number(all, "Revision")) : g_strdup("");

    candidates_add(candidates, number, _("now"));
}

/* What the kernel says of a network interface: a number of if_arp.h. */
static bool is_can(const char *interface)
{
    g_autofree char *path = g_build_filename("/sys/class/net", interface, "type", NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && g_ascii_strtoll(text, NULL, 10) == ARPHRD_CAN;
}

void complete_physical(Candidates *candidates)
{
    g_autoptr(GDir) folder = g_dir_open("/sys/class/net", 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        if (is_can(name))
            candidates_add(candidates, name, NULL);
    }
}
