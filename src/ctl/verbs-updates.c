/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-updates.c: updates, preview, update. */

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/merge.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/update.h"
#include "ctl/verbs.h"

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
            value_list_take(&objects, update_object_new(&preview));
    }
    return print_updates(ctl, objects);
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
    update_print_head(ctl, &preview);
    update_print_body(ctl, &preview, true);
    print_next(ctl, &preview);
    return EXIT_OK;
}

/* Updates the model of ctl->args. Adds what became of it to `reports`. */
static int update_model(Ctl *ctl, Value **reports)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Update) update = {.ctl = ctl};
    int code = EXIT_OK;

    if (!merge_begin(ctl, &update.preview, &error))
        return ctl_fail(ctl, &error);
    update.report = update_object_new(&update.preview);
    if (update.preview.available) {
        code = merge_preview(ctl, &update.preview);
        code = code == EXIT_OK ? update_run(&update) : code;
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
