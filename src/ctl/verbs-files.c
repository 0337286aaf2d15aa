/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-files.c: export and remove: a configuration out, and away. */

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/merge.h"
#include "ctl/models.h"
#include "ctl/output.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#define STANDARD_OUTPUT "-"

/* export */

static bool is_to_file(const Args *args)
{
    return args->output && !g_str_equal(args->output, STANDARD_OUTPUT);
}

/* What can be said before the service is asked. */
static int check_export(Ctl *ctl)
{
    const Args *args = &ctl->args;
    g_autoptr(GError) error = NULL;

    if (args->format && !g_str_equal(args->format, "yaml") && !g_str_equal(args->format, "json"))
        return ctl_usage(ctl, _("--format takes yaml or json, not “%s”."), args->format);
    if (args->force && !is_to_file(args))
        return ctl_usage(ctl, _("--force goes with --output."));
    if (is_to_file(args) && !output_check(args->output, args->force, &error)) {
        ctl_complain(ctl, "%s", error->message);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* What is asked for, else what the file's name says, else JSON where all output is. */
static const char *export_format(const Args *args)
{
    if (args->format)
        return args->format;
    if (is_to_file(args))
        return g_str_has_suffix(args->output, ".json") ? "json" : "yaml";
    return args->json ? "json" : "yaml";
}

static int fetch_export(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();

    call_options_text(options, "format", export_format(&ctl->args));
    call_options_text(options, "contents", ctl->args.edits ? "edits" : NULL);
    call_options_u64(options, "change", ctl->args.at);
    return ctl_client(ctl, error)
               ? client_call_fd(ctl->client, error, "Export", "sa{sv}", ctl->args.model, options)
               : -1;
}

/* What a person reads on a terminal must not steer it. */
static int print_to_terminal(int fd)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, NULL);
    g_autofree char *text = NULL, *clean = NULL;

    if (!file)
        return EIO;
    text = g_strndup(g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
    clean = text_clean_lines(text);
    fputs(clean, stdout);
    return 0;
}

static int write_to_stdout(const Ctl *ctl, int fd)
{
    int failure = ctl->out.tty ? print_to_terminal(fd) : output_copy(fd, STDOUT_FILENO);

    if (failure == 0)
        return EXIT_OK;
    ctl_complain(ctl, _("Cannot write the output: %s"), g_strerror(failure));
    return EXIT_FAILED;
}

static int report_export(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) properties = NULL;
    g_autofree char *model = NULL, *output = text_clean(ctl->args.output);

    properties = client_properties(ctl->client, &error);
    if (!properties)
        return ctl_fail(ctl, &error);
    model = text_clean(*ctl->args.model ? ctl->args.model : dict_text(properties, "ActiveModel"));
    if (ctl->args.json) {
        g_autoptr(Value) result = value_new_map();

        value_map_take(&result, "model", value_new_string(model));
        value_map_take(&result, "output", value_new_string(ctl->args.output));
        return report_json(ctl, result);
    }
    ctl_print(ctl->args.edits ? _("Exported the edits of %s to %s") : _("Exported %s to %s"), model, output);
    return EXIT_OK;
}

static int write_to_file(Ctl *ctl, int fd)
{
    g_autoptr(GError) error = NULL;

    if (output_file(fd, ctl->args.output, ctl->args.force, &error))
        return report_export(ctl);
    ctl_complain(ctl, "%s", error->message);
    return EXIT_FAILED;
}

int verb_export(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    int code = merge_take_model(ctl);
    int fd;

    code = code == EXIT_OK ? check_export(ctl) : code;
    if (code != EXIT_OK)
        return code;
    fd = fetch_export(ctl, &error);
    if (fd < 0)
        return ctl_fail(ctl, &error);
    code = is_to_file(&ctl->args) ? write_to_file(ctl, fd) : write_to_stdout(ctl, fd);
    close(fd);
    return code;
}

/* remove */

static void show_removal(const Ctl *ctl, const Value *model)
{
    bool ships = *dict_text(model, "BundledVersion");
    g_autofree char *id = term_styled(&ctl->out, STYLE_STRONG, dict_text(model, "Id"));
    g_autofree char *raw_title = models_title(model);
    g_autofree char *title = text_clean(raw_title);
    g_autofree char *version = text_clean(dict_text(model, "ImportedVersion"));
    g_autofree char *devices = g_strdup_printf("%" PRIi64, dict_number(model, "Devices"));
    g_autofree char *edits = g_strdup_printf("%" PRIi64, dict_number(model, "Edits"));
    const ReportRow rows[] = {
        {_("name"), title}, {_("version"), version}, {_("devices"), devices}, {_("edits"), edits}, {0}};

    if (ctl->args.json)
        return;
    ctl_print(_("To be removed: %s"), id);
    report_rows(rows);
    ctl_print(
        "\n%s",
        ships ? _("It ships with the service: when it is read again, it is there again, without the edits.")
              : _("It came from a file: it is gone then until that is imported again."));
    if (dict_flag(model, "Active"))
        ctl_print(_("It is the active model; none is active then."));
    ctl_print(_("A backup of what is there now is made first."));
}

/* Whether it is to be done, as far as that is known before. EXIT_OK or the code to exit with. */
static int check_removal(Ctl *ctl, const Value *model)
{
    const char *id = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    if (!model)
        sd_bus_error_setf(&error, SERVICE_ERROR "NoSuchModel", _("There is no model “%s”"), id);
    else if (dict_flag(model, "Active") && !ctl->args.force)
        sd_bus_error_setf(&error, SERVICE_ERROR "Blocked",
                          _("%s is the active model, so it was not removed"), id);
    return sd_bus_error_is_set(&error) ? ctl_fail(ctl, &error) : EXIT_OK;
}

/* Shows and asks; where nothing is imported there is nothing to ask about. */
static bool confirm_removal(Ctl *ctl, const Value *model, int64_t revision)
{
    if (!dict_flag(model, "Imported"))
        return true;
    show_removal(ctl, model);
    if (!ask_is_possible(ctl))
        return true;
    if (!ask_yes(_("Remove? (y)es or (n)o, by default no:"))) {
        ctl_print(_("Nothing was written."));
        return false;
    }
    if (ctl->args.expected_revision == ARGS_ABSENT)
        ctl->args.expected_revision = (uint64_t) revision;
    return true;
}

static int apply_removal(Ctl *ctl, const char *id, int64_t revision, bool named)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *subject = text_clean(id);
    uint64_t change;

    if (ctl_write(ctl, &error, &change, "RemoveModel", options, "ss", id, ctl->args.reason))
        return report_undoable(ctl, revision, change, _("Removed %s"), subject);
    return named ? ctl_fail(ctl, &error)
                 : ctl_fail_as(ctl, &error, SERVICE_ERROR "Conflict", CLIENT_ERROR_MEANWHILE);
}

int verb_remove(Ctl *ctl)
{
    const char *id = ctl_argument(ctl, 0);
    bool named = ctl->args.expected_revision != ARGS_ABSENT;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) models = NULL;
    g_autoptr(Value) properties = NULL;
    const Value *model;
    int64_t revision;
    int code = ask_consent(ctl);

    if (code != EXIT_OK)
        return code;
    properties = ctl_client(ctl, &error) ? client_properties(ctl->client, &error) : NULL;
    models = properties ? models_list(ctl, &error) : NULL;
    if (!models)
        return ctl_fail(ctl, &error);
    revision = dict_number(properties, "Revision");
    model = models_find(models, id);
    code = check_removal(ctl, model);
    if (code != EXIT_OK)
        return code;
    return confirm_removal(ctl, model, revision) ? apply_removal(ctl, id, revision, named) : EXIT_FAILED;
}
