/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup.c: what there is to say of a backup. */

#include "ctl/backup.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/format.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define LABEL_WIDTH 10

Value *backup_list(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = ctl_call(ctl, error, "ListBackups", "aa{sv}", options, "");

    return reply ? value_ref(value_list_item(reply, 0)) : NULL;
}

const Value *backup_find(const Value *backups, const char *id)
{
    VALUE_FOREACH_ITEM (backup, backups) {
        if (g_str_equal(dict_text(backup, "Id"), id))
            return backup;
    }
    return NULL;
}

static const char *made_how(const Value *backup)
{
    return dict_flag(backup, "Automatic") ? _("automatic") : _("by hand");
}

static const TableColumn columns[] = {
    {N_("ID"), TABLE_LEFT},
    {N_("TIME"), TABLE_LEFT},
    {N_("REVISION"), TABLE_RIGHT},
    {N_("SIZE"), TABLE_RIGHT},
    /* Translators: how a backup was made: “automatic”, “by hand” */
    {N_("MADE"), TABLE_LEFT},
    {N_("REASON"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("PROBLEM"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

void backup_print_list(const Term *term, const Value *backups)
{
    g_autoptr(Table) table = table_new(columns);

    VALUE_FOREACH_ITEM (backup, backups) {
        g_autofree char *time = format_time(dict_number(backup, "Time"));
        g_autofree char *size = format_size(dict_number(backup, "Size"));

        table_add(table, dict_text(backup, "Id"), STYLE_STRONG);
        table_add(table, time, STYLE_PLAIN);
        table_add_format(table, "%" G_GINT64_FORMAT, dict_number(backup, "Revision"));
        table_add(table, size, STYLE_PLAIN);
        table_add(table, made_how(backup), STYLE_PLAIN);
        table_add(table, dict_text(backup, "Reason"), STYLE_PLAIN);
        table_add(table, dict_text(backup, "Problem"), STYLE_BAD);
    }
    table_print(table, term, stdout);
}

void backup_append_row(GString *out, const Term *term, const char *label, Style style, const char *text)
{
    g_autofree char *styled = term_styled(term, style, text);
    unsigned width = text_width(label);

    g_string_append_printf(out, "  %s%*s%s\n", label, width < LABEL_WIDTH ? (int) (LABEL_WIDTH - width) : 1,
                           "", styled);
}

void backup_append(GString *out, const Term *term, const Value *backup)
{
    g_autofree char *time = format_time_ago(dict_number(backup, "Time"));
    g_autofree char *made = g_strdup_printf("%s, %s", time, made_how(backup));
    g_autofree char *revision = g_strdup_printf("%" G_GINT64_FORMAT, dict_number(backup, "Revision"));
    g_autofree char *size = format_size(dict_number(backup, "Size"));
    g_autofree char *head = term_styled(term, STYLE_STRONG, dict_text(backup, "Id"));

    g_string_append_printf(out, "%s\n", head);
    backup_append_row(out, term, _("made"), STYLE_PLAIN, made);
    backup_append_row(out, term, _("revision"), STYLE_PLAIN, revision);
    backup_append_row(out, term, _("size"), STYLE_PLAIN, size);
    if (*dict_text(backup, "Reason"))
        backup_append_row(out, term, _("reason"), STYLE_PLAIN, dict_text(backup, "Reason"));
    if (*dict_text(backup, "Problem"))
        backup_append_row(out, term, _("problem"), STYLE_BAD, dict_text(backup, "Problem"));
}

char *backup_distance(int64_t revision, int64_t now)
{
    if (now == revision)
        return g_strdup(_("Nothing has changed since."));
    if (now < revision)
        return g_strdup_printf(_("It is newer than what is there now, which is at revision %" PRId64 "."),
                               now);
    return g_strdup_printf(ngettext("%" PRId64 " change was made since.",
                                    "%" PRId64 " changes were made since.", (gulong) (now - revision)),
                           now - revision);
}
