/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* update.c: carrying out one update. */

#include "ctl/update.h"

#include <glib/gi18n.h>

#include "ctl/ask.h"
#include "ctl/merge.h"
#include "ctl/preview-text.h"
#include "ctl/report.h"

#define BLOCKED SERVICE_ERROR "Blocked"
#define CONFLICT SERVICE_ERROR "Conflict"

Value *update_object_new(const Preview *preview)
{
    Value *object = value_new_map();

    value_map_take(&object, "model", value_new_string(preview->model));
    value_map_take(&object, "installed", value_new_string(preview->installed));
    value_map_take(&object, "bundled", value_new_string(preview->bundled));
    return object;
}

void update_clear(Update *update)
{
    preview_clear(&update->preview);
    value_unref(update->report);
}

typedef void (*AppendPart)(GString *out, const PreviewText *text);

static void print_part(const Ctl *ctl, const Preview *preview, AppendPart append, bool options)
{
    const PreviewText text = {
        .preview = preview, .term = &ctl->out, .full = ctl->args.full, .options = options};
    g_autoptr(GString) out = g_string_new(NULL);

    if (ctl->args.json)
        return;
    append(out, &text);
    fputs(out->str, stdout);
}

void update_print_head(const Ctl *ctl, const Preview *preview)
{
    print_part(ctl, preview, preview_text_head, false);
}

void update_print_body(const Ctl *ctl, const Preview *preview, bool options)
{
    print_part(ctl, preview, preview_text_blocks, options);
    print_part(ctl, preview, preview_text_decisions, options);
    print_part(ctl, preview, preview_text_rest, options);
}

/* With --all, what needs a person is left to one. */
static int leave(const Update *update)
{
    g_autofree char *command = report_model_command(update->ctl, "preview");

    fflush(stdout);
    ctl_complain(update->ctl, _("%s is left as it is, since it needs a person. “%s” shows why."),
                 update->preview.model, command);
    return EXIT_OK;
}

/* Tells why there is no update. */
static int give_up(Update *update, const sd_bus_error *error)
{
    const Args *args = &update->ctl->args;

    if (args->all && args->only_clean && sd_bus_error_has_name(error, BLOCKED))
        return leave(update);
    /* With the option it is the revision that does not fit. */
    if (args->expected_revision != ARGS_ABSENT)
        return ctl_fail(update->ctl, error);
    return ctl_fail_as(update->ctl, error, CONFLICT, CLIENT_ERROR_STALE);
}

/* Whether the service would refuse, which is better said before anybody is asked for a password; with the
 * error set to why. */
static bool would_be_refused(const Update *update, sd_bus_error *error)
{
    const Preview *preview = &update->preview;
    const Args *args = &update->ctl->args;

    if (preview_is(preview, "blocked"))
        sd_bus_error_set(error, BLOCKED,
                         _("Nothing was written, since something stands in the way of the update."));
    else if (args->only_clean && !preview_is(preview, "clean"))
        sd_bus_error_set(error, BLOCKED, _("Nothing was written, since the update needs a person."));
    else if (g_strcmp0(args->policy, "manual") == 0 && preview_n_open(preview) > 0)
        sd_bus_error_set(error, CLIENT_ERROR_UNDECIDED, _("Nothing was written, since decisions are open."));
    return sd_bus_error_is_set(error);
}

/* Whether a person is to be asked about each item: a policy that decides was a decision. */
static bool asks_about_items(const Ctl *ctl, const Preview *preview)
{
    bool decided = ctl->args.policy && !g_str_equal(ctl->args.policy, "manual");

    return ask_is_possible(ctl) && !decided && !ctl->args.only_clean && !preview_is(preview, "blocked") &&
           preview_n_open(preview) > 0;
}

static int say_nothing_written(void)
{
    ctl_print(_("Nothing was written."));
    return EXIT_FAILED;
}

static int apply(Update *update)
{
    Ctl *ctl = update->ctl;
    const Preview *preview = &update->preview;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    uint64_t change;

    merge_add_options(options, preview, &ctl->args);
    call_options_flag(options, "only-clean", ctl->args.only_clean);
    if (!ctl_write(ctl, &error, &change, "ApplyUpdate", options, "ssa(sss)s", preview->model, preview->token,
                   preview->resolutions, ctl->args.reason))
        return give_up(update, &error);
    value_map_take(&update->report, "change", value_new_integer((int64_t) change));
    if (ctl->args.json)
        return EXIT_OK;

    g_autofree char *model = text_clean(preview->model);
    g_autofree char *from = text_clean(preview->installed);
    g_autofree char *to = text_clean(preview->bundled);
    report_change(ctl, ARGS_ABSENT, change, _("Updated %s: %s %s %s"), model, from, term_arrow(&ctl->out),
                  to);
    ctl_print(_("  “coachiqctl undo %" PRIu64 "” takes it back."), change);
    return EXIT_OK;
}

/* Shows what will be done, asks whether it shall, does it. */
static int confirm_and_apply(Update *update)
{
    const Ctl *ctl = update->ctl;

    update_print_body(ctl, &update->preview, false);
    if (!ctl->args.json)
        putchar('\n');
    if (ask_is_possible(ctl) && !ask_yes(_("Update? (y)es or (n)o, by default no:")))
        return say_nothing_written();
    return apply(update);
}

int update_run(Update *update)
{
    Ctl *ctl = update->ctl;
    Preview *preview = &update->preview;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    update_print_head(ctl, preview);
    if (asks_about_items(ctl, preview)) {
        if (!ask_decisions(ctl, preview))
            return say_nothing_written();
        if (!merge_fetch(ctl, preview, &error))
            return give_up(update, &error);
    }
    value_map_take(&update->report, "verdict", value_new_string(preview->verdict));
    if (preview_is(preview, "blocked"))
        print_part(ctl, preview, preview_text_blocks, true);
    return would_be_refused(update, &error) ? give_up(update, &error) : confirm_and_apply(update);
}
