/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-updates.c: updates, preview, update. */

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/ask.h"
#include "ctl/merge.h"
#include "ctl/preview-text.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#define BLOCKED SERVICE_ERROR "Blocked"
#define CONFLICT SERVICE_ERROR "Conflict"

/* {model, installed, bundled} */
static Value *update_object(const Preview *preview)
{
    Value *object = value_new_map();

    value_map_take(&object, "model", value_new_string(preview->model));
    value_map_take(&object, "installed", value_new_string(preview->installed));
    value_map_take(&object, "bundled", value_new_string(preview->bundled));
    return object;
}

static void say_current(const Preview *preview)
{
    g_autofree char *model = text_clean(preview->model);
    g_autofree char *version = text_clean(preview->installed);

    if (!*preview->installed)
        ctl_print(_("%s is not imported, so there is nothing to update."), model);
    else if (!*preview->bundled)
        ctl_print(_("%s is from a file of its own: no update comes with the service."), model);
    else
        ctl_print(_("%s is up to date: version %s."), model, version);
}

/* The ids of UpdatesAvailable. NULL on error. */
static Value *fetch_updates(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(Value) properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
    Value *models = value_map_get(properties, "UpdatesAvailable");

    if (properties && !value_is_list(models))
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, "UpdatesAvailable");
    return value_is_list(models) ? value_ref(models) : NULL;
}

static const TableColumn update_columns[] = {
    {N_("MODEL"), TABLE_LEFT},
    {N_("INSTALLED"), TABLE_SHRINK},
    {N_("BUNDLED"), TABLE_SHRINK},
    {0},
};

static int say_all_current(void)
{
    ctl_print(_("All imported models are up to date."));
    return EXIT_OK;
}

static int print_updates(Ctl *ctl, const Value *objects)
{
    g_autoptr(Table) table = table_new(update_columns);

    if (ctl->args.json)
        return report_json(ctl, objects);
    if (value_length(objects) == 0)
        return say_all_current();
    VALUE_FOREACH_ITEM (object, objects) {
        table_add(table, dict_text(object, "model"), STYLE_STRONG);
        table_add(table, dict_text(object, "installed"), STYLE_PLAIN);
        table_add(table, dict_text(object, "bundled"), STYLE_WARN);
    }
    table_print(table, &ctl->out, stdout);
    return EXIT_OK;
}

int verb_updates(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) models = fetch_updates(ctl, &error);
    g_autoptr(Value) objects = value_new_list();

    if (!models)
        return ctl_fail(ctl, &error);
    VALUE_FOREACH_ITEM (model, models) {
        g_auto(Preview) preview = {0};

        if (!merge_check(ctl, value_is_string(model) ? value_string(model) : "", &preview, &error))
            return ctl_fail(ctl, &error);
        if (preview.available)
            value_list_take(&objects, update_object(&preview));
    }
    return print_updates(ctl, objects);
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

static void print_head(const Ctl *ctl, const Preview *preview)
{
    print_part(ctl, preview, preview_text_head, false);
}

/* `options` tells how to choose where a choice is left. */
static void print_body(const Ctl *ctl, const Preview *preview, bool options)
{
    print_part(ctl, preview, preview_text_blocks, options);
    print_part(ctl, preview, preview_text_decisions, options);
    print_part(ctl, preview, preview_text_rest, options);
}

/* What to do next, to be copied. */
static void print_next(const Ctl *ctl, const Preview *preview)
{
    g_autofree char *command = report_model_command(ctl, "update");
    g_autofree char *clean = text_clean(command);

    if (preview_is(preview, "blocked"))
        ctl_print(_("\n“%s” takes these options; what stands in the way needs one."), clean);
    else if (preview_n_open(preview) > 0)
        ctl_print(_("\n“%s” asks about each, or takes these options; --policy decides the rest."), clean);
    else
        ctl_print(_("\n“%s” does it."), clean);
}

int verb_preview(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Preview) preview = {0};
    int code = merge_check_options(ctl);

    code = code == EXIT_OK ? merge_take_model(ctl) : code;
    if (code != EXIT_OK)
        return code;
    if (!merge_begin(ctl, &preview, &error))
        return ctl_fail(ctl, &error);
    if (!preview.available && !ctl->args.json) {
        say_current(&preview);
        return EXIT_OK;
    }
    code = merge_preview(ctl, &preview);
    if (code != EXIT_OK)
        return code;
    if (ctl->args.json) {
        g_autoptr(Value) object = preview_json(&preview);

        return report_json(ctl, object);
    }
    print_head(ctl, &preview);
    print_body(ctl, &preview, true);
    print_next(ctl, &preview);
    return EXIT_OK;
}

/* One update in the making. */
typedef struct Update {
    Ctl *ctl;
    Preview preview;
    Value *report; /* what is told to programs */
} Update;

static void update_clear(Update *update)
{
    preview_clear(&update->preview);
    value_unref(update->report);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Update, update_clear)

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

    print_body(ctl, &update->preview, false);
    if (!ctl->args.json)
        putchar('\n');
    if (ask_is_possible(ctl) && !ask_yes(_("Update? (y)es or (n)o, by default no:")))
        return say_nothing_written();
    return apply(update);
}

/* From the preview on. */
static int run_update(Update *update)
{
    Ctl *ctl = update->ctl;
    Preview *preview = &update->preview;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    print_head(ctl, preview);
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

/* Updates the model of ctl->args. Adds what became of it to `reports`. */
static int update_model(Ctl *ctl, Value **reports)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Update) update = {.ctl = ctl};
    int code = EXIT_OK;

    if (!merge_begin(ctl, &update.preview, &error))
        return ctl_fail(ctl, &error);
    update.report = update_object(&update.preview);
    if (update.preview.available) {
        code = merge_preview(ctl, &update.preview);
        code = code == EXIT_OK ? run_update(&update) : code;
    } else if (!ctl->args.json) {
        say_current(&update.preview);
    }
    value_list_append(reports, update.report);
    return code;
}

/* One that fails does not keep the others from it. */
static int update_all(Ctl *ctl, Value **reports)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) models = fetch_updates(ctl, &error);
    int code = EXIT_OK;

    if (!models)
        return ctl_fail(ctl, &error);
    if (value_length(models) == 0 && !ctl->args.json)
        return say_all_current();
    VALUE_FOREACH_ITEM (model, models) {
        int one;

        if (value_length(*reports) > 0 && !ctl->args.json)
            putchar('\n');
        ctl->args.model = value_is_string(model) ? value_string(model) : "";
        one = update_model(ctl, reports);
        code = code == EXIT_OK ? one : code;
    }
    /* The texts go with the list. */
    ctl->args.model = "";
    return code;
}

static bool is_about_one(const Ctl *ctl)
{
    const Args *args = &ctl->args;

    return *args->model || args->take || args->keep || args->set || args->expected_revision != ARGS_ABSENT;
}

int verb_update(Ctl *ctl)
{
    g_autoptr(Value) reports = value_new_list();
    int code = merge_check_options(ctl);

    code = code == EXIT_OK ? merge_take_model(ctl) : code;
    if (code != EXIT_OK)
        return code;
    if (ctl->args.all && is_about_one(ctl))
        return ctl_usage(ctl, _("--all goes without MODEL, --take, --keep, --set and --expected-revision."));
    code = ctl->args.all ? update_all(ctl, &reports) : update_model(ctl, &reports);
    if (ctl->args.json && ctl->args.all)
        report_json(ctl, reports);
    else if (ctl->args.json && code == EXIT_OK)
        report_json(ctl, value_list_item(reports, 0));
    return code;
}
