/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-runtime.c: dgn, dgns, resources, resource. */

#include <glib/gi18n.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/format.h"
#include "ctl/input.h"
#include "ctl/outline.h"
#include "ctl/output.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

static const TableColumn signal_columns[] = {
    {N_("SIGNAL"), TABLE_LEFT},
    {N_("BIT"), TABLE_RIGHT},
    {N_("BITS"), TABLE_RIGHT},
    {N_("TYPE"), TABLE_LEFT},
    {N_("UNIT"), TABLE_HIDE_EMPTY},
    {N_("SCALE"), TABLE_RIGHT | TABLE_HIDE_EMPTY},
    {N_("OFFSET"), TABLE_RIGHT | TABLE_HIDE_EMPTY},
    {N_("VALUES"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("NOTE"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

static void add_any(Table *table, const Value *value)
{
    g_autofree char *text = value && value_type(value) != VALUE_NULL ? format_value(value) : NULL;

    table_add(table, text, STYLE_PLAIN);
}

/* {"0": "off", "1": "on"} as "0 off, 1 on" */
static char *enum_text(const Value *values)
{
    GString *text = g_string_new(NULL);

    VALUE_FOREACH_ENTRY (number, label, values) {
        g_autofree char *word = format_value(label);

        g_string_append_printf(text, "%s%s %s", text->len > 0 ? ", " : "", number, word);
    }
    return g_string_free(text, FALSE);
}

/* "uint8 bitmap" */
static char *type_text(const Value *signal)
{
    const char *form = dict_text(signal, "form");

    return g_strdup_printf("%s%s%s", dict_text(signal, "type"), *form ? " " : "", form);
}

/* What a reader has to know beside the columns. */
static char *note_text(const Value *signal)
{
    const char *note = dict_text(signal, "note");
    bool doubtful = dict_denies(signal, "verified");

    return g_strdup_printf("%s%s%s", doubtful ? _("unverified") : "", doubtful && *note ? "; " : "", note);
}

static void add_signal(Table *table, const Value *signal)
{
    g_autofree char *values = enum_text(value_map_get(signal, "enum")), *type = type_text(signal),
                    *note = note_text(signal);

    add_any(table, value_map_get(signal, "name"));
    add_any(table, value_map_get(signal, "start_bit"));
    add_any(table, value_map_get(signal, "length"));
    table_add(table, type, STYLE_PLAIN);
    add_any(table, value_map_get(signal, "unit"));
    /* A quantity whose scale nobody knows is not a number that stands for itself. */
    if (dict_flag(signal, "scale_unknown"))
        table_add(table, "?", STYLE_WARN);
    else
        add_any(table, value_map_get(signal, "scale"));
    add_any(table, value_map_get(signal, "offset"));
    table_add(table, values, STYLE_PLAIN);
    table_add(table, note, STYLE_PLAIN);
}

static void print_dgn(Ctl *ctl, const Value *description)
{
    g_autoptr(Table) table = table_new(signal_columns);
    g_autoptr(GString) head = g_string_new(NULL);
    g_autoptr(Value) rest = value_new_map();

    /* For a person a DGN is its hexadecimal form. */
    value_map_take(&rest, "dgn", value_new_string(dict_text(description, "pgn")));
    VALUE_FOREACH_ENTRY (name, item, description) {
        if (!g_str_equal(name, "signals") && !g_str_equal(name, "pgn") && !g_str_equal(name, "dgn"))
            value_map_set(&rest, name, item);
    }
    outline_append(head, &ctl->out, rest, NULL);
    fputs(head->str, stdout);

    VALUE_FOREACH_ITEM (signal, value_map_get(description, "signals"))
        add_signal(table, signal);
    if (table_rows(table) > 0)
        putchar('\n');
    table_print(table, &ctl->out, stdout);
}

int verb_dgn(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = NULL;
    const char *json;
    uint32_t dgn;

    if (!input_dgn(word, &dgn))
        return ctl_usage(ctl, _("“%s” is not a DGN of at most 17 bits in hexadecimal."), word);
    reply = ctl_call(ctl, &error, "DescribeDgn", "s", NULL, "u", dgn);
    /* The service has one error for all that it does not find; here it is no component. */
    if (!reply)
        return ctl_fail_as(ctl, &error, SERVICE_ERROR "NoSuchMapping", CLIENT_ERROR_NO_SUCH_DGN);
    json = item_text(reply, 0);
    if (ctl->args.json)
        return report_json_text(ctl, json);

    g_autoptr(Value) description = format_parse(json);
    print_dgn(ctl, description);
    return EXIT_OK;
}

static const TableColumn dgn_columns[] = {
    {N_("DGN"), TABLE_LEFT},
    {N_("NAME"), TABLE_LEFT},
    {N_("DIRECTION"), TABLE_LEFT},
    {0},
};

static Value *dgn_objects(const Value *dgns)
{
    Value *objects = value_new_list();

    VALUE_FOREACH_ITEM (dgn, dgns) {
        Value *object = value_new_map();
        g_autofree char *text = format_dgn((uint32_t) item_number(dgn, 0));

        value_map_take(&object, "dgn", value_new_string(text));
        value_map_set(&object, "number", value_list_item(dgn, 0));
        value_map_set(&object, "name", value_list_item(dgn, 1));
        value_map_set(&object, "direction", value_list_item(dgn, 2));
        value_list_take(&objects, object);
    }
    return objects;
}

int verb_dgns(Ctl *ctl)
{
    const char *name = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) query = call_options_new();
    g_autoptr(Table) table = table_new(dgn_columns);

    if (name && ctl->args.name)
        return ctl_usage(ctl, _("The name is given twice."));
    call_options_text(query, "name", name ? name : ctl->args.name);
    call_options_text(query, "direction", ctl->args.direction);

    g_autoptr(Value) reply = ctl_call(ctl, &error, "ListDgns", "a(uss)", query, "");
    if (!reply)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) objects = dgn_objects(value_list_item(reply, 0));
    if (ctl->args.json) {
        report_json(ctl, objects);
        return report_found(ctl, value_length(objects) > 0);
    }
    VALUE_FOREACH_ITEM (object, objects) {
        table_add(table, dict_text(object, "dgn"), STYLE_PLAIN);
        table_add(table, dict_text(object, "name"), STYLE_PLAIN);
        table_add(table, dict_text(object, "direction"), STYLE_PLAIN);
    }
    table_print(table, &ctl->out, stdout);
    return report_found(ctl, value_length(objects) > 0);
}

static const TableColumn resource_columns[] = {
    {N_("NAME"), TABLE_LEFT},
    {N_("SIZE"), TABLE_RIGHT},
    {N_("SHA-256"), TABLE_SHRINK},
    {0},
};

static int print_resources(Ctl *ctl, const Value *resources)
{
    g_autoptr(Value) objects = value_new_list();
    g_autoptr(Table) table = table_new(resource_columns);

    VALUE_FOREACH_ITEM (resource, resources) {
        Value *object = value_new_map();
        g_autofree char *size = format_size(item_number(resource, 1));

        table_add(table, item_text(resource, 0), STYLE_PLAIN);
        table_add(table, size, STYLE_PLAIN);
        table_add(table, item_text(resource, 2), STYLE_PLAIN);
        value_map_set(&object, "name", value_list_item(resource, 0));
        value_map_set(&object, "size", value_list_item(resource, 1));
        value_map_set(&object, "sha256", value_list_item(resource, 2));
        value_list_take(&objects, object);
    }
    if (ctl->args.json)
        return report_json(ctl, objects);
    table_print(table, &ctl->out, stdout);
    return EXIT_OK;
}

int verb_resources(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = ctl_call(ctl, &error, "ListResources", "a(sts)", NULL, "");

    return reply ? print_resources(ctl, value_list_item(reply, 0)) : ctl_fail(ctl, &error);
}

int verb_resource(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    int fd = ctl_client(ctl, &error)
                 ? client_call_fd(ctl->client, &error, "GetResource", "s", ctl_argument(ctl, 0))
                 : -1;
    int failure;

    if (fd < 0)
        return ctl_fail(ctl, &error);
    failure = output_copy(fd, STDOUT_FILENO);
    close(fd);
    if (failure == 0)
        return EXIT_OK;
    ctl_complain(ctl, _("Cannot copy the file: %s"), g_strerror(failure));
    return EXIT_FAILED;
}
