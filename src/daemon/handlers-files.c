/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportFile, Export, RemoveModel. */
#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/exports.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"
#include "daemon/update-arguments.h"

/* Coming in */

/* What ImportFile takes. */
typedef struct ImportArguments {
    UpdateArguments update;
    WriteOptions write;
    int force; /* boolean of D-Bus */
    const char *model, *reason, *token;
} ImportArguments;

static void import_arguments_clear(ImportArguments *arguments)
{
    update_arguments_clear(&arguments->update);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportArguments, import_arguments_clear)

static int read_import(Daemon *daemon, sd_bus_message *message, ImportArguments *arguments,
                       sd_bus_error *error)
{
    UpdateArguments *update = &arguments->update;
    WriteOptions *write = &arguments->write;
    const Option options[] = {
        {"expected-revision", "t", &write->expected_revision, &write->has_expected_revision, NULL},
        {"force", "b", &arguments->force, NULL, NULL},
        {"reason", "s", &arguments->reason, NULL, NULL},
        {"token", "s", &arguments->token, NULL, NULL},
        UPDATE_OPTIONS_DECISIONS(update),
        UPDATE_OPTION_ONLY_CLEAN(update),
        UPDATE_OPTION_RESOLUTIONS(update),
        UPDATE_OPTION_NAME(update),
    };
    int r;

    arguments->reason = "";
    r = sd_bus_message_read(message, "hs", &update->file, &arguments->model);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r < 0)
        return r;
    update->has_file = true;
    write->force = arguments->force;
    return update_arguments_finish(daemon, update, error);
}

/* Finds out which model it is. One that is bundled and was never imported is imported first, as by a read.
 */
static int prepare_import(Daemon *daemon, sd_bus_message *message, const ImportArguments *arguments,
                          char **ret_model, sd_bus_error *error)
{
    const BroughtFile *file = arguments->update.update.file;
    g_autoptr(GError) local = NULL;
    bool known;

    *ret_model = service_find_model_of_file(daemon->service, file, arguments->model, &local);
    if (!*ret_model || !service_knows_model(daemon->service, *ret_model, &known, &local))
        return errors_set(daemon, &local, error);
    return known ? handler_prepare_write(daemon, message, *ret_model, &arguments->write, error) : 0;
}

static int commit_import(Daemon *daemon, sd_bus_message *message, const ImportArguments *arguments,
                         const char *model, const char *action, Plan *plan, sd_bus_error *error)
{
    int64_t change;
    int r;

    if (arguments->update.asked)
        r = handler_commit_plan(daemon, plan, &arguments->update.actor, &change, error);
    else {
        r = handler_authorize_and_commit(daemon, message, action, plan, &change, error);
        if (r == 0)
            return 1;
    }
    return r < 0 ? r : sd_bus_reply_method_return(message, "st", model, (uint64_t) change);
}

HANDLER(handle_import_file)
{
    Daemon *daemon = userdata;
    g_auto(ImportArguments) arguments = {0};
    g_autoptr(GError) local = NULL;
    g_autoptr(Plan) plan = NULL;
    g_autofree char *model = NULL;
    const char *action;
    int r;

    r = read_import(daemon, message, &arguments, error);
    if (r < 0)
        return r;
    r = update_arguments_read_file(daemon, message, &arguments.update, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    r = prepare_import(daemon, message, &arguments, &model, error);
    if (r < 0)
        return r;
    action = brought_file_has_edits(arguments.update.update.file) ? POLKIT_ACTION("edit")
                                                                  : POLKIT_ACTION("import");
    plan = service_plan_import_file(daemon->service, model, arguments.update.update.file, arguments.token,
                                    &arguments.update.update, arguments.reason, &arguments.write, &local);
    if (!plan)
        return errors_set(daemon, &local, error);
    return commit_import(daemon, message, &arguments, model, action, plan, error);
}

/* Going out */

static int read_export_options(sd_bus_message *message, ExportOptions *ret, sd_bus_error *error)
{
    const char *format = "yaml", *contents = "merged";
    uint64_t change = 0;
    bool has_change = false;
    const Option options[] = {
        {"format", "s", &format, NULL, NULL},
        {"contents", "s", &contents, NULL, NULL},
        {"change", "t", &change, &has_change, NULL},
    };
    int r;

    r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r < 0)
        return r;
    if (!coach_format_from_string(format, &ret->format))
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Option \"format\" is \"yaml\" or \"json\"");
    ret->edits = g_str_equal(contents, "edits");
    if (!ret->edits && !g_str_equal(contents, "merged"))
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Option \"contents\" is \"merged\" or \"edits\"");
    if (has_change && (change == 0 || change > INT64_MAX))
        return sd_bus_error_setf(error, BUS_NAME ".Error.NoSuchChange",
                                 "There is no change %" G_GUINT64_FORMAT, change);
    ret->change = (int64_t) change;
    return 0;
}

HANDLER(handle_export)
{
    Daemon *daemon = userdata;
    ExportOptions options = {0};
    const char *model;
    int r;

    r = sd_bus_message_read(message, "s", &model);
    if (r >= 0)
        r = read_export_options(message, &options, error);
    /* What was there once need not be there now. */
    if (r >= 0 && !options.change)
        r = handler_prepare_read(daemon, message, model, error);
    if (r >= 0)
        r = exports_open(daemon, message, model, &options, error);
    return r < 0 ? r : sd_bus_reply_method_return(message, "h", r);
}

/* Going away */

HANDLER(handle_remove_model)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *model, *reason;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &reason);
    if (r >= 0)
        r = handler_read_write_options(message, true, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_remove(daemon->service, model, reason, &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("remove"), plan, &local, error);
}
