/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-restore.c: restore and factory-reset: what goes a long way back, and so is shown and asked about
 * first. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/backup.h"
#include "ctl/changes.h"
#include "ctl/edits.h"
#include "ctl/format.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* So many of the changes since are shown. */
#define CHANGES_SHOWN 5

static bool fetch_revision(Ctl *ctl, int64_t *ret, sd_bus_error *error)
{
    g_autoptr(Value) properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;

    *ret = dict_number(properties, "Revision");
    return properties != NULL;
}

/* Asks, and from then on the write is for what was shown alone. EXIT_OK when it shall be. */
static int confirm(Ctl *ctl, int64_t shown, const char *question)
{
    if (!ctl->args.json)
        ctl_print(_("\nA backup of what is there now is made first."));
    if (!ask_is_possible(ctl))
        return EXIT_OK;
    if (!ask_yes(question)) {
        ctl_print(_("Nothing was written."));
        return EXIT_FAILED;
    }
    if (ctl->args.expected_revision == ARGS_ABSENT)
        ctl->args.expected_revision = (uint64_t) shown;
    return EXIT_OK;
}

/* A conflict with what the person was shown, unless they named the revision themselves. */
static int fail_write(Ctl *ctl, const sd_bus_error *error, bool named)
{
    return named ? ctl_fail(ctl, error)
                 : ctl_fail_as(ctl, error, SERVICE_ERROR "Conflict", CLIENT_ERROR_MEANWHILE);
}

/* restore */

typedef struct Restore {
    const char *id; /* "" for a file */
    int fd;         /* -1: none */
    int64_t now;    /* the revision that was shown */
} Restore;

static void restore_clear(Restore *restore)
{
    if (restore->fd >= 0)
        close(restore->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Restore, restore_clear)

static bool show_changes_since(Ctl *ctl, int64_t revision, int64_t now, sd_bus_error *error)
{
    g_autofree char *distance = backup_distance(revision, now);
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) newest = value_new_list();
    g_autoptr(Value) reply = NULL;

    ctl_print("\n%s", distance);
    if (now <= revision)
        return true;
    call_options_u32(options, "limit", CHANGES_SHOWN);
    reply = ctl_call(ctl, error, "ListChanges", "aa{sv}t", options, "");
    if (!reply)
        return false;
    VALUE_FOREACH_ITEM (change, value_list_item(reply, 0)) {
        if (dict_number(change, "Change") > revision)
            value_list_append(&newest, change);
    }
    if (now - revision > CHANGES_SHOWN)
        ctl_print(_("The newest of them:"));
    changes_print(&ctl->out, newest);
    return true;
}

static bool show_backup(Ctl *ctl, const Restore *restore, sd_bus_error *error)
{
    g_autoptr(Value) backups = backup_list(ctl, error);
    g_autoptr(GString) out = g_string_new(NULL);
    const Value *backup = backup_find(backups, restore->id);

    if (!backups)
        return false;
    if (!backup) {
        sd_bus_error_setf(error, SERVICE_ERROR "NoSuchBackup", _("There is no backup “%s”."), restore->id);
        return false;
    }
    if (ctl->args.json)
        return true;
    backup_append(out, &ctl->out, backup);
    fputs(out->str, stdout);
    return show_changes_since(ctl, dict_number(backup, "Revision"), restore->now, error);
}

/* What is in it, only the service can read. */
static bool show_file(const Ctl *ctl, const struct stat *st)
{
    g_autofree char *name = term_styled(&ctl->out, STYLE_STRONG, ctl->args.file);
    g_autofree char *size = format_size(st->st_size);
    g_autofree char *time = format_time_ago((int64_t) st->st_mtime * G_USEC_PER_SEC);
    g_autoptr(GString) rows = g_string_new(NULL);

    if (ctl->args.json)
        return true;
    backup_append_row(rows, &ctl->out, _("written"), STYLE_PLAIN, time);
    backup_append_row(rows, &ctl->out, _("size"), STYLE_PLAIN, size);
    ctl_print("%s\n%s", name, rows->str);
    ctl_print(_("All that was changed since it was made goes back to what it was then."));
    return true;
}

/* Without waiting for somebody to write into a pipe. */
static int open_file(Ctl *ctl, Restore *restore, struct stat *st)
{
    restore->fd = open(ctl->args.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (restore->fd < 0 || fstat(restore->fd, st) < 0) {
        ctl_complain(ctl, _("Cannot read %s: %s."), ctl->args.file, g_strerror(errno));
        return EXIT_FAILED;
    }
    if (S_ISREG(st->st_mode))
        return EXIT_OK;
    ctl_complain(ctl, _("%s is no regular file."), ctl->args.file);
    return EXIT_FAILED;
}

static int apply_restore(Ctl *ctl, const Restore *restore, bool named)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *subject = text_clean(*restore->id ? restore->id : ctl->args.file);
    g_autoptr(Value) detail = NULL;
    uint64_t change;

    call_options_fd(options, "file", restore->fd);
    if (!ctl_write(ctl, &error, &change, "RestoreBackup", options, "ss", restore->id, ctl->args.reason))
        return fail_write(ctl, &error, named);
    if (!ctl->args.json && change != (uint64_t) restore->now)
        detail = changes_detail(ctl, change, &error);
    if (!detail)
        return report_undoable(ctl, restore->now, change, _("Restored %s"), subject);
    return report_undoable(ctl, restore->now, change, _("Restored %s, of revision %" PRId64), subject,
                           dict_number(detail, "restored_revision"));
}

int verb_restore(Ctl *ctl)
{
    const char *id = ctl_argument(ctl, 0);
    bool named = ctl->args.expected_revision != ARGS_ABSENT;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Restore) restore = {.id = id ? id : "", .fd = -1};
    struct stat st = {0};
    int code;

    if (!id == !ctl->args.file)
        return ctl_usage(ctl, _("“restore” takes the ID of a backup, or --file."));
    code = ask_consent(ctl);
    if (code == EXIT_OK && !id)
        code = open_file(ctl, &restore, &st);
    if (code != EXIT_OK)
        return code;
    if (!fetch_revision(ctl, &restore.now, &error) ||
        !(id ? show_backup(ctl, &restore, &error) : show_file(ctl, &st)))
        return ctl_fail(ctl, &error);
    code = confirm(ctl, restore.now, _("Restore? (y)es or (n)o, by default no:"));
    return code == EXIT_OK ? apply_restore(ctl, &restore, named) : code;
}

/* factory-reset */

/* "2021_Entegra_Aspire_44R, devices" */
static char *reset_subject(const Ctl *ctl, const char *model)
{
    g_autofree char *subject = g_strconcat(model, *ctl->path ? ", " : "", ctl->path, NULL);

    return text_clean(subject);
}

static void show_edits(const Ctl *ctl, const char *subject, const Edits *edits)
{
    g_autofree char *styled = term_styled(&ctl->out, STYLE_STRONG, subject);
    g_autoptr(GString) out = g_string_new(NULL);

    if (ctl->args.json)
        return;
    ctl_print(_("Factory reset of %s\n"), styled);
    edits_append(out, &ctl->out, edits, ctl->args.full);
    fputs(out->str, stdout);
}

/* The model by its id, and the revision at which it is looked at. */
static char *fetch_model(Ctl *ctl, int64_t *ret_now, sd_bus_error *error)
{
    g_autoptr(Value) properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;

    *ret_now = dict_number(properties, "Revision");
    if (!properties)
        return NULL;
    return g_strdup(*ctl->args.model ? ctl->args.model : dict_text(properties, "ActiveModel"));
}

int verb_factory_reset(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    bool named = ctl->args.expected_revision != ARGS_ABSENT;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = NULL;
    g_autofree char *model = NULL, *subject = NULL;
    g_auto(Edits) edits = {0};
    uint64_t change;
    int64_t shown, now;
    int code = ask_consent(ctl);

    if (code != EXIT_OK)
        return code;
    /* Hints about names are about this one. */
    ctl->path = g_strdup(word ? word : "");
    model = fetch_model(ctl, &shown, &error);
    if (!model)
        return ctl_fail(ctl, &error);
    code = edits_fetch(ctl, word ? word : "", &edits);
    if (code != EXIT_OK)
        return code;
    /* Reading may have imported the model. */
    if (!fetch_revision(ctl, &now, &error))
        return ctl_fail(ctl, &error);
    subject = reset_subject(ctl, model);
    /* Where there is nothing to drop the service still says whether there is such a scope. */
    if (!edits_are_none(&edits)) {
        show_edits(ctl, subject, &edits);
        code = confirm(ctl, shown, _("Reset? (y)es or (n)o, by default no:"));
    }
    if (code != EXIT_OK)
        return code;
    options = ctl_write_options(ctl);
    if (!ctl_write(ctl, &error, &change, "FactoryReset", options, "sss", ctl->args.model, ctl->path,
                   ctl->args.reason))
        return fail_write(ctl, &error, named);
    return report_undoable(ctl, now, change, _("Reset %s"), subject);
}
