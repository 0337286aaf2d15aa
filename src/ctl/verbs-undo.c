/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-undo.c: undo, and retention: how far back undo reaches. */

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/ask.h"
#include "ctl/changes.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

static const TableColumn skipped_columns[] = {
    {N_("PATH"), TABLE_LEFT},
    {N_("FIELD"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("USER"), TABLE_LEFT},
    {N_("CHANGE"), TABLE_RIGHT},
    {0},
};

/* What was left as it is, and how to have that too. */
static void print_skipped(const Ctl *ctl, uint64_t undone, const Value *skipped)
{
    g_autoptr(Table) table = table_new(skipped_columns);

    VALUE_FOREACH_ITEM (entry, skipped) {
        const char *path = dict_text(entry, "path");

        table_add(table, *path ? path : _("(as a whole)"), STYLE_PLAIN);
        table_add(table, dict_text(entry, "field"), STYLE_PLAIN);
        table_add(table, dict_text(entry, "user"), STYLE_PLAIN);
        table_add_format(table, "%" G_GINT64_FORMAT, dict_number(entry, "change"));
    }
    if (table_rows(table) == 0)
        return;
    ctl_print(_("\nLeft as it is, since it was changed afterwards:"));
    table_print(table, &ctl->out, stdout);
    ctl_print(_("  “coachiqctl undo %" PRIu64 " --force” takes that back too."), undone);
}

/* The detail is the one of another change where there was nothing to undo. */
static int report_undo_json(const Ctl *ctl, uint64_t undone, uint64_t change, const Value *detail)
{
    g_autoptr(Value) result = value_new_map();

    value_map_take(&result, "change", value_new_integer((int64_t) change));
    if ((uint64_t) dict_number(detail, "undoes") == undone)
        value_map_merge(&result, detail);
    return report_json(ctl, result);
}

static int report_undo(Ctl *ctl, uint64_t undone, uint64_t before, uint64_t change)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) detail = NULL;

    if (change == before) {
        ctl_print(_("Nothing to undo: all is as it was before change %" PRIu64 "."), undone);
        return EXIT_OK;
    }
    detail = changes_detail(ctl, change, &error);
    if (sd_bus_error_is_set(&error))
        return ctl_fail(ctl, &error);
    if (ctl->args.json)
        return report_undo_json(ctl, undone, change, detail);
    report_change(ctl, before, change, _("Undid change %" PRIu64), undone);
    print_skipped(ctl, undone, value_map_get(detail, "skipped"));
    return EXIT_OK;
}

int verb_undo(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    uint64_t before, change;
    guint64 undone;

    if (!g_ascii_string_to_unsigned(word, 10, 1, INT64_MAX, &undone, NULL))
        return ctl_usage(ctl, _("“%s” is not the number of a change. “coachiqctl changes” lists them."),
                         word);
    if (report_revision(ctl, &before, &error) &&
        ctl_write(ctl, &error, &change, "UndoChange", options, "ts", undone, ctl->args.reason))
        return report_undo(ctl, undone, before, change);
    /* With the option it is the revision that does not fit. */
    if (ctl->args.expected_revision != ARGS_ABSENT)
        return ctl_fail(ctl, &error);
    return ctl_fail_as(ctl, &error, SERVICE_ERROR "Conflict", CLIENT_ERROR_CHANGED_SINCE);
}

/* "the newest 1000 changes and all of the last 730 days, and 10 automatic backups". Days of 0 keep nothing
 * more, so nothing is said of them. */
static char *retention_text(const Value *retention)
{
    gint64 n_changes = dict_number(retention, "Changes"), n_days = dict_number(retention, "Days"),
           n_backups = dict_number(retention, "Backups");
    g_autofree char *changes = g_strdup_printf(
        ngettext("the newest change", "the newest %" PRId64 " changes", (gulong) n_changes), n_changes);
    g_autofree char *days = g_strdup_printf(
        ngettext("all of the last day", "all of the last %" PRId64 " days", (gulong) n_days), n_days);
    g_autofree char *backups =
        g_strdup_printf(ngettext("the newest automatic backup", "the newest %" PRId64 " automatic backups",
                                 (gulong) n_backups),
                        n_backups);

    if (n_days == 0)
        /* Translators: changes, automatic backups: “the newest change, and the newest 3 …” */
        return g_strdup_printf(_("%s, and %s"), changes, backups);
    /* Translators: the same with “all of the last 730 days” in the middle */
    return g_strdup_printf(_("%s and %s, and %s"), changes, days, backups);
}

/* The property; NULL on error. */
static Value *fetch_retention(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(Value) properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
    Value *retention = value_map_get(properties, "Retention");

    if (properties && !value_is_map(retention))
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, "Retention");
    return value_is_map(retention) ? value_ref(retention) : NULL;
}

static int show_retention(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) retention = fetch_retention(ctl, &error);
    g_autofree char *text = NULL;

    if (!retention)
        return ctl_fail(ctl, &error);
    if (ctl->args.json)
        return report_json(ctl, retention);
    text = retention_text(retention);
    /* Translators: what retention keeps: see “%s and %s, and %s” */
    ctl_print(_("Kept are %s."), text);
    return EXIT_OK;
}

/* Whether less of the history is kept than before. */
static bool is_narrower(const Ctl *ctl, const Value *retention)
{
    const Args *args = &ctl->args;

    return (args->changes != ARGS_ABSENT && args->changes < (uint64_t) dict_number(retention, "Changes")) ||
           (args->days != ARGS_ABSENT && args->days < (uint64_t) dict_number(retention, "Days"));
}

/* No undo brings back what is pruned. EXIT_OK when it shall be. */
static int confirm_retention(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(Value) now = ask_is_possible(ctl) ? fetch_retention(ctl, error) : NULL;

    if (sd_bus_error_is_set(error))
        return ctl_fail(ctl, error);
    if (!now || !is_narrower(ctl, now))
        return EXIT_OK;
    ctl_print(
        _("Less of the past would be kept. The changes that are older go at once, and do not come back:\n"
          "they can be neither undone nor looked up any more."));
    if (ask_yes(_("Keep less? (y)es or (n)o, by default no:")))
        return EXIT_OK;
    ctl_print(_("Nothing was written."));
    return EXIT_FAILED;
}

static int set_retention(Ctl *ctl, const CallOptions *settings)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) retention = NULL;
    g_autofree char *text = NULL;
    uint64_t before, change;
    int code = confirm_retention(ctl, &error);

    if (code != EXIT_OK)
        return code;
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "SetRetention", options, "a{sv}", settings) ||
        !(retention = fetch_retention(ctl, &error)))
        return ctl_fail(ctl, &error);
    text = retention_text(retention);
    return report_change(ctl, before, change, _("Kept from now on are %s."), text);
}

int verb_retention(Ctl *ctl)
{
    const Args *args = &ctl->args;
    g_autoptr(CallOptions) settings = call_options_new();

    if (args->changes == ARGS_ABSENT && args->days == ARGS_ABSENT && args->backups == ARGS_ABSENT)
        return show_retention(ctl);
    call_options_u32(settings, "changes", args->changes);
    call_options_u32(settings, "days", args->days);
    call_options_u32(settings, "backups", args->backups);
    return set_retention(ctl, settings);
}
