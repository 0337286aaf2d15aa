/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain.c: the verb explain, and the remarks that show takes from it. */

#include "ctl/explain.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "ctl/format.h"
#include "ctl/input.h"
#include "ctl/outline.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

Value *explain_fetch(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(Value) reply = ctl_call(ctl, error, "Explain", "s", NULL, "ss", ctl->args.model, ctl->path);
    Value *explanation;

    if (!reply)
        return NULL;
    explanation = json_parse(item_text(reply, 0), -1, &json_limits_stored, NULL);
    if (!explanation)
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, "JSON");
    return explanation;
}

static bool is_edited(const Value *field)
{
    return g_str_equal(dict_text(field, "layer"), "user");
}

/* "anna, 2025-06-08 14:03:21" */
static char *who_and_when(const Value *field)
{
    g_autofree char *time = format_time(dict_number(field, "time"));

    return g_strdup_printf("%s, %s", dict_text(field, "user"), time);
}

static char *remark(const Value *field)
{
    const Value *vendor = value_map_get(field, "vendor");
    g_autofree char *who = who_and_when(field);
    g_autofree char *value = vendor ? outline_scalar(vendor) : NULL;

    /* Translators: a user and a time, and what the vendor has */
    if (dict_flag(field, "redundant"))
        return g_strdup_printf(_("%s; same as the vendor's now"), who);
    return value ? g_strdup_printf(_("%s; vendor: %s"), who, value) : g_strdup_printf(_("%s; added"), who);
}

GHashTable *explain_remarks(const Value *explanation)
{
    GHashTable *remarks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        if (is_edited(field))
            g_hash_table_replace(remarks, g_strdup(dict_text(field, "field")), remark(field));
    }
    return remarks;
}

void explain_append_removed(GString *out, const Term *term, const Value *explanation)
{
    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        g_autofree char *text = NULL;
        g_autofree char *line = NULL;
        g_autofree char *styled = NULL;

        if (!is_edited(field) || value_map_get(field, "value"))
            continue;
        text = remark(field);
        line = g_strdup_printf(_("# %s removed by %s"), dict_text(field, "field"), text);
        styled = term_styled(term, STYLE_EDITED, line);
        g_string_append_printf(out, "%s\n", styled);
    }
}

static const TableColumn explain_columns[] = {
    {N_("FIELD"), TABLE_LEFT},
    {N_("VALUE"), TABLE_SHRINK},
    {N_("LAYER"), TABLE_LEFT},
    {N_("VENDOR"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("WHO AND WHEN"), TABLE_HIDE_EMPTY},
    {N_("CHANGE"), TABLE_RIGHT | TABLE_HIDE_EMPTY},
    {N_("NOTE"), TABLE_HIDE_EMPTY},
    {N_("REASON"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

static void add_value(Table *table, const Value *value, const char *absent)
{
    g_autofree char *text = value ? outline_short(value) : g_strdup(absent);

    table_add(table, text, STYLE_PLAIN);
}

static void add_field(Table *table, const Value *field)
{
    bool edited = is_edited(field);
    const char *name = dict_text(field, "field");
    Style style = edited ? STYLE_EDITED : STYLE_PLAIN;
    g_autofree char *who = edited ? who_and_when(field) : NULL;
    g_autofree char *change =
        edited ? g_strdup_printf("%" G_GINT64_FORMAT, dict_number(field, "change")) : NULL;

    table_add(table, *name ? name : _("(all)"), style);
    add_value(table, value_map_get(field, "value"), _("(removed)"));
    table_add(table, dict_text(field, "layer"), style);
    /* The vendor's value is the value itself where nobody edited it. */
    add_value(table, edited ? value_map_get(field, "vendor") : NULL, edited ? _("(none)") : "");
    table_add(table, who, STYLE_PLAIN);
    table_add(table, change, STYLE_PLAIN);
    table_add(table, dict_flag(field, "redundant") ? _("same as the vendor's now") : NULL, STYLE_DIM);
    table_add(table, dict_text(field, "reason"), STYLE_PLAIN);
}

/* Whether a field is the one asked for, or lies within it or around it. */
static bool is_wanted(const char *wanted, const char *field)
{
    size_t length = strlen(wanted);

    if (length == 0 || *field == '\0')
        return true;
    if (g_str_has_prefix(field, wanted))
        return field[length] == '\0' || field[length] == '/';
    return g_str_has_prefix(wanted, field) && wanted[strlen(field)] == '/';
}

/* The explanation with only the fields that are wanted. */
static Value *narrow(const Value *explanation, const char *wanted, size_t *ret_n)
{
    Value *narrowed = value_new_map();
    Value *fields = value_new_list();

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        if (is_wanted(wanted, dict_text(field, "field")))
            value_list_append(&fields, field);
    }
    *ret_n = value_length(fields);
    VALUE_FOREACH_ENTRY (name, item, explanation)
        value_map_set(&narrowed, name, item);
    value_map_take(&narrowed, "fields", fields);
    return narrowed;
}

static int print_explanation(Ctl *ctl, const Value *explanation)
{
    g_autoptr(Table) table = table_new(explain_columns);
    g_autofree char *path = text_clean(ctl->path);

    if (ctl->args.json)
        return report_json(ctl, explanation);
    if (dict_flag(explanation, "deleted"))
        ctl_print(_("%s was deleted."), path);
    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields"))
        add_field(table, field);
    table_print(table, &ctl->out, stdout);
    return EXIT_OK;
}

int verb_explain(Ctl *ctl)
{
    const char *field = ctl_argument(ctl, 1);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    size_t n_fields;
    int code = paths_resolve(ctl, ctl_argument(ctl, 0));

    if (code != EXIT_OK)
        return code;
    ctl->field = input_field(field ? field : "");

    g_autoptr(Value) explanation = explain_fetch(ctl, &error);
    if (!explanation)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) narrowed = narrow(explanation, ctl->field, &n_fields);
    if (n_fields > 0 || !*ctl->field)
        return print_explanation(ctl, narrowed);
    sd_bus_error_setf(&error, SERVICE_ERROR "NoSuchField", _("%s has no field %s."), ctl->path, ctl->field);
    return ctl_fail(ctl, &error);
}
