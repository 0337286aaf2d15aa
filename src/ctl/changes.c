/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* changes.c: what changes say of themselves. */

#include "ctl/changes.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/format.h"
#include "ctl/table.h"

/* Coaches of one migration that are named. */
#define MODELS_SHOWN_MAX 3

Value *changes_detail(Ctl *ctl, uint64_t change, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = NULL;

    call_options_u64(options, "before", change + 1);
    call_options_u32(options, "limit", 1);
    reply = ctl_call(ctl, error, "ListChanges", "aa{sv}t", options, "");
    VALUE_FOREACH_ITEM (entry, reply ? value_list_item(reply, 0) : NULL)
        return format_parse(dict_text(entry, "Detail"));
    return NULL;
}

static char *restore_text(const Value *detail)
{
    const char *id = dict_text(detail, "restored");

    return *id ? g_strdup_printf(_("of %s"), id)
               : g_strdup_printf(_("of a file, revision %" PRId64),
                                 dict_number(detail, "restored_revision"));
}

/* What the file was called that somebody brought; "" where nobody did. */
static char *file_text(const Value *detail)
{
    const char *file = dict_text(detail, "file");

    return *file ? g_path_get_basename(file) : g_strdup("");
}

/* "1.0.0 → 1.1.0", "1.0.0 → 1.1.0, my-coach.yml" */
static char *update_text(const Term *term, const Value *detail)
{
    g_autofree char *file = file_text(detail);

    return g_strdup_printf("%s %s %s%s%s", dict_text(detail, "from"), term_arrow(term),
                           dict_text(detail, "to"), *file ? ", " : "", file);
}

/* The coaches that came from an old installation, the first of many. */
static char *migration_text(const Term *term, const Value *detail)
{
    GString *text = g_string_new(NULL);
    unsigned n = 0;

    VALUE_FOREACH_ITEM (model, value_map_get(detail, "models")) {
        if (n++ == MODELS_SHOWN_MAX) {
            g_string_append_printf(text, ", %s", term_ellipsis(term));
            break;
        }
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                               value_is_string(model) ? value_string(model) : "");
    }
    return g_string_free(text, false);
}

char *changes_text(const Term *term, const Value *change)
{
    const char *kind = dict_text(change, "Kind");
    g_autoptr(Value) detail = format_parse(dict_text(change, "Detail"));

    if (!value_is_map(detail))
        return g_strdup("");
    if (g_str_equal(kind, "update"))
        return update_text(term, detail);
    if (g_str_equal(kind, "remove"))
        return g_strdup(dict_text(detail, "version"));
    if (g_str_equal(kind, "undo"))
        return g_strdup_printf(_("of change %" PRId64), dict_number(detail, "undoes"));
    if (g_str_equal(kind, "restore"))
        return restore_text(detail);
    if (g_str_equal(kind, "migration"))
        return migration_text(term, detail);
    if (g_str_equal(kind, "reset") && *dict_text(detail, "scope"))
        return g_strdup_printf(_("of %s"), dict_text(detail, "scope"));
    return file_text(detail);
}

static const TableColumn columns[] = {
    {N_("CHANGE"), TABLE_RIGHT},
    {N_("TIME"), TABLE_LEFT},
    {N_("KIND"), TABLE_LEFT},
    {N_("MODEL"), TABLE_SHRINK},
    {N_("USER"), TABLE_LEFT},
    {N_("ENTRIES"), TABLE_RIGHT},
    /* Translators: what a change is of: “of change 12” for an undo */
    {N_("WHAT"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("REASON"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

static void add_change(Table *table, const Term *term, const Value *change)
{
    g_autofree char *time = format_time(dict_number(change, "Time"));
    g_autofree char *what = changes_text(term, change);

    table_add_format(table, "%" G_GINT64_FORMAT, dict_number(change, "Change"));
    table_add(table, time, STYLE_PLAIN);
    table_add(table, dict_text(change, "Kind"), STYLE_PLAIN);
    table_add(table, dict_text(change, "Model"), STYLE_PLAIN);
    table_add(table, dict_text(change, "User"), STYLE_PLAIN);
    table_add_format(table, "%" G_GINT64_FORMAT, dict_number(change, "Entries"));
    table_add(table, what, STYLE_PLAIN);
    table_add(table, dict_text(change, "Reason"), STYLE_PLAIN);
}

void changes_print(const Term *term, const Value *changes)
{
    g_autoptr(Table) table = table_new(columns);

    VALUE_FOREACH_ITEM (change, changes)
        add_change(table, term, change);
    table_print(table, term, stdout);
}
