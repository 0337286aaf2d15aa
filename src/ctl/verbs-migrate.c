/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-migrate.c: migrate: taking over what an old installation has. */

#include <glib/gi18n.h>
#include <inttypes.h>
#include <locale.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/ask.h"
#include "ctl/legacy-gather.h"
#include "ctl/legacy-report.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* What the service said. */
typedef struct Migration {
    Value *report;
    uint64_t change; /* the revision that was judged, or the change that was made */
} Migration;

static void migration_clear(Migration *migration)
{
    g_clear_pointer(&migration->report, value_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Migration, migration_clear)

static int check_consent(Ctl *ctl)
{
    if (ctl->args.yes || ctl->args.dry_run || ask_is_possible(ctl))
        return EXIT_OK;
    return ctl_usage(
        ctl, _("“migrate” asks before it writes, and there is nobody to ask here: --yes says yes, --dry-run "
               "only shows what it would do."));
}

/* What another source has precedence over is refused too, so that only a run of which nothing came is none.
 */
static int exit_code(const Value *report)
{
    bool refused = legacy_report_count(report, "refused") > 0;
    bool any = legacy_report_count(report, "taken") > 0 || legacy_report_count(report, "present") > 0;

    return refused && !any ? EXIT_FAILED : EXIT_OK;
}

static int say_none(const Ctl *ctl, const LegacyGathered *gathered)
{
    if (ctl->args.json) {
        g_autoptr(Value) result = value_new_map();
        Value *looked = value_new_list();

        for (unsigned i = 0; i < gathered->looked->len; i++) {
            g_autofree char *path = g_utf8_make_valid(gathered->looked->pdata[i], -1);

            value_list_take(&looked, value_new_string(path));
        }
        value_map_take(&result, "items", value_new_list());
        value_map_take(&result, "looked_at", looked);
        report_json(ctl, result);
        return EXIT_NOT_FOUND;
    }
    if (ctl->args.root)
        ctl_complain(ctl, _("There is no old installation below %s. Nothing is at:"), ctl->args.root);
    else
        ctl_complain(ctl, _("There is no old installation here. Nothing is at:"));
    for (unsigned i = 0; i < gathered->looked->len; i++) {
        g_autofree char *line = term_styled(&ctl->err, STYLE_PLAIN, gathered->looked->pdata[i]);

        fprintf(stderr, "  %s\n", line);
    }
    fputs(_("  --root says where the old system lies, --env-file where its variables are.\n"), stderr);
    return EXIT_NOT_FOUND;
}

static bool call_service(Ctl *ctl, const GArray *files, bool dry_run, Migration *ret, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = NULL;

    call_options_u64(options, "expected-revision", ctl->args.expected_revision);
    call_options_flag(options, "dry-run", dry_run);
    if (*ctl->args.reason && !dry_run)
        call_options_text(options, "reason", ctl->args.reason);
    reply = ctl_command(ctl, error, "MigrateLegacy", "st", options, "a(sh)", files);
    if (!reply)
        return false;
    ret->report = json_parse(item_text(reply, 0), -1, &json_limits_stored, NULL);
    ret->change = (uint64_t) item_number(reply, 1);
    if (!value_is_map(ret->report))
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, "JSON");
    return value_is_map(ret->report);
}

static void show(const Ctl *ctl, const Value *report)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *counts = legacy_report_counts(report);

    if (ctl->args.json)
        return;
    legacy_report_append(out, &ctl->out, report, false, ctl->args.full);
    fputs(out->str, stdout);
    ctl_print("%s.", counts);
}

/* EXIT_OK when it shall be written; then only what was shown. */
static int confirm(Ctl *ctl, uint64_t revision)
{
    if (!ctl->args.json)
        ctl_print("%s",
                  revision > 0
                      ? _("The old files stay as they are. A backup of what is there now is made first.")
                      : _("The old files stay as they are."));
    if (ask_is_possible(ctl) && !ask_yes(_("Take it over? (y)es or (n)o, by default no:"))) {
        ctl_print(_("Nothing was written."));
        return EXIT_FAILED;
    }
    if (ctl->args.expected_revision == ARGS_ABSENT)
        ctl->args.expected_revision = revision;
    return EXIT_OK;
}

static int report_written(const Ctl *ctl, const Migration *migration)
{
    g_autofree char *counts = NULL;

    if (ctl->args.json) {
        report_json(ctl, migration->report);
        return exit_code(migration->report);
    }
    counts = legacy_report_counts(migration->report);
    report_change(ctl, ARGS_ABSENT, migration->change, _("Moved over: %s"), counts);
    ctl_print(_("  “coachiqctl undo %" PRIu64 "” takes it back."), migration->change);
    return exit_code(migration->report);
}

/* Nothing is left to write, or it was not wanted. */
static int report_planned(const Ctl *ctl, const Value *report)
{
    if (ctl->args.json)
        report_json(ctl, report);
    else if (legacy_report_count(report, "taken") == 0)
        ctl_print(_("Nothing is left to take over."));
    else
        ctl_print(_("Nothing was written, as --dry-run wants it."));
    return exit_code(report);
}

static int migrate(Ctl *ctl, const GArray *files)
{
    bool named = ctl->args.expected_revision != ARGS_ABSENT;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Migration) planned = {0}, written = {0};
    int code;

    if (!call_service(ctl, files, true, &planned, &error))
        return ctl_fail(ctl, &error);
    show(ctl, planned.report);
    if (ctl->args.dry_run || legacy_report_count(planned.report, "taken") == 0)
        return report_planned(ctl, planned.report);
    code = confirm(ctl, planned.change);
    if (code != EXIT_OK)
        return code;
    if (!call_service(ctl, files, false, &written, &error))
        return named ? ctl_fail(ctl, &error)
                     : ctl_fail_as(ctl, &error, SERVICE_ERROR "Conflict", CLIENT_ERROR_MEANWHILE);
    return report_written(ctl, &written);
}

int verb_migrate(Ctl *ctl)
{
    const LegacyRequest request = {
        .root = ctl->args.root,
        .env_file = ctl->args.env_file,
        .environment = environ,
    };
    g_auto(LegacyGathered) gathered = {0};
    g_autoptr(GArray) files = NULL;
    g_autoptr(GError) error = NULL;
    int code = check_consent(ctl);

    if (code != EXIT_OK)
        return code;
    /* Why something could not be read becomes a part of the report, and programs get that in no language. */
    if (ctl->args.json)
        setlocale(LC_MESSAGES, "C");
    if (legacy_gather(&gathered, &request, &error)) {
        if (legacy_items_length(gathered.items) == 0)
            return say_none(ctl, &gathered);
        files = legacy_items_pack(gathered.items, &error);
    }
    if (!files) {
        ctl_complain(ctl, "%s", error->message);
        return EXIT_FAILED;
    }
    return migrate(ctl, files);
}
