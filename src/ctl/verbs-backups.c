/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-backups.c: backup, backups, delete-backup. */

#include <glib/gi18n.h>
#include <inttypes.h>
#include <unistd.h>

#include "ctl/backup.h"
#include "ctl/format.h"
#include "ctl/output.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#define STANDARD_OUTPUT "-"

static bool is_standard_output(const char *output)
{
    return g_strcmp0(output, STANDARD_OUTPUT) == 0;
}

static int complain(const Ctl *ctl, const GError *error)
{
    ctl_complain(ctl, "%s", error->message);
    return EXIT_FAILED;
}

/* What can be said before a backup is made that could not be copied then. */
static int check_output(Ctl *ctl, const char *id)
{
    const Args *args = &ctl->args;
    g_autoptr(GError) error = NULL;

    if (id && !args->output)
        return ctl_usage(ctl, _("Say with --output where a copy of the backup shall go."));
    if (id && (*args->reason || args->expected_revision != ARGS_ABSENT))
        return ctl_usage(ctl, _("--reason and --expected-revision are for a new backup."));
    if (args->force && !args->output)
        return ctl_usage(ctl, _("--force goes with --output."));
    if (is_standard_output(args->output)) {
        if (args->json)
            return ctl_usage(ctl, _("--json and a backup on standard output exclude each other."));
        return ctl->out.tty ? ctl_usage(ctl, _("A backup is no text: it is not written to a terminal."))
                            : EXIT_OK;
    }
    if (args->output && !output_check(args->output, args->force, &error))
        return complain(ctl, error);
    return EXIT_OK;
}

static int write_out(const Ctl *ctl, int fd)
{
    g_autoptr(GError) error = NULL;
    int failure;

    if (!is_standard_output(ctl->args.output))
        return output_file(fd, ctl->args.output, ctl->args.force, &error) ? EXIT_OK : complain(ctl, error);
    failure = output_copy(fd, STDOUT_FILENO);
    if (failure == 0)
        return EXIT_OK;
    ctl_complain(ctl, _("Cannot copy the backup: %s"), g_strerror(failure));
    return EXIT_FAILED;
}

/* Copies one to where --output says. */
static int copy_backup(Ctl *ctl, const char *id)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    int fd = ctl_client(ctl, &error) ? client_call_fd(ctl->client, &error, "OpenBackup", "s", id) : -1;
    int code;

    if (fd < 0)
        return ctl_fail(ctl, &error);
    code = write_out(ctl, fd);
    close(fd);
    return code;
}

/* NULL on error. Free with g_free(). */
static char *make_backup(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = NULL;

    call_options_u64(options, "expected-revision", ctl->args.expected_revision);
    reply = ctl_command(ctl, error, "CreateBackup", "s", options, "s", ctl->args.reason);
    return reply ? g_strdup(item_text(reply, 0)) : NULL;
}

/* "Made backup … (revision 4, 180.0 KiB)"; the list may not have it any more. */
static void say_made(Ctl *ctl, const char *id)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) backups = backup_list(ctl, &error);
    const Value *backup = backup_find(backups, id);
    g_autofree char *clean = text_clean(id);
    g_autofree char *size = format_size(dict_number(backup, "Size"));

    g_autofree char *made = g_strdup_printf(_("Made backup %s"), clean);
    /* Translators: behind the name of a backup: of which revision it is, and its size */
    g_autofree char *detail =
        g_strdup_printf(_("(revision %" PRId64 ", %s)"), dict_number(backup, "Revision"), size);

    if (backup)
        ctl_print("%s  %s%s%s", made, term_on(&ctl->out, STYLE_DIM), detail, term_off(&ctl->out, STYLE_DIM));
    else
        ctl_print("%s", made);
}

static int report_json_backup(const Ctl *ctl, const char *id)
{
    g_autoptr(Value) result = value_new_map();

    value_map_take(&result, "id", value_new_string(id));
    if (ctl->args.output)
        value_map_take(&result, "output", value_new_string(ctl->args.output));
    return report_json(ctl, result);
}

static void say_copied(const Ctl *ctl, const char *id)
{
    g_autofree char *clean = text_clean(id);
    g_autofree char *output = text_clean(ctl->args.output);

    ctl_print(_("Copied backup %s to %s"), clean, output);
}

int verb_backup(Ctl *ctl)
{
    const char *id = ctl_argument(ctl, 0);
    bool quiet = ctl->args.json || is_standard_output(ctl->args.output);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autofree char *made = NULL;
    int code = check_output(ctl, id);

    if (code != EXIT_OK)
        return code;
    if (!id) {
        id = made = make_backup(ctl, &error);
        if (!made)
            return ctl_fail(ctl, &error);
        if (!quiet)
            say_made(ctl, made);
    }
    code = ctl->args.output ? copy_backup(ctl, id) : EXIT_OK;
    if (code == EXIT_OK && ctl->args.json)
        return report_json_backup(ctl, id);
    if (code == EXIT_OK && ctl->args.output && !quiet)
        say_copied(ctl, id);
    return code;
}

int verb_backups(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) backups = backup_list(ctl, &error);

    if (!backups)
        return ctl_fail(ctl, &error);
    if (ctl->args.json)
        return report_json(ctl, backups);
    if (value_length(backups) == 0)
        ctl_print(_("There are no backups. “coachiqctl backup” makes one."));
    backup_print_list(&ctl->out, backups);
    return EXIT_OK;
}

int verb_delete_backup(Ctl *ctl)
{
    const char *id = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) reply = ctl_command(ctl, &error, "DeleteBackup", "", options, "s", id);
    g_autofree char *clean = text_clean(id);

    if (!reply)
        return ctl_fail(ctl, &error);
    if (ctl->args.json)
        return report_json_backup(ctl, id);
    ctl_print(_("Deleted backup %s"), clean);
    return EXIT_OK;
}
