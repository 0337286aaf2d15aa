/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hint.c: the table of errors, and the close names behind "did you mean". */

#include "ctl/hint.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/backup.h"
#include "ctl/component.h"
#include "ctl/explain.h"
#include "ctl/format.h"
#include "ctl/models.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/suggest.h"
#include "ctl/text.h"

#define SUGGESTIONS 3
/* How the service speaks of its option in a message. */
#define SERVICE_FORCE "; the option \"force\""

static char *did_you_mean(const char *word, GPtrArray *candidates)
{
    g_autoptr(GPtrArray) close = suggest_close(word, candidates, SUGGESTIONS);

    if (close->len == 0)
        return NULL;
    g_ptr_array_add(close, NULL);

    g_autofree char *list = g_strjoinv(", ", (char **) close->pdata);
    return g_strdup_printf(_("Did you mean %s?"), list);
}

char *hint_field(const char *field, const Value *component)
{
    g_autoptr(GPtrArray) fields = component_fields(component);
    const char *word = *field == '/' ? field + 1 : field;
    g_autoptr(GPtrArray) close = NULL;

    if (*word == '\0' || component_field(component, field))
        return NULL;
    close = suggest_close(field, fields, SUGGESTIONS);
    /* Perhaps it is the end of one that lies deeper. */
    if (close->len == 0) {
        g_ptr_array_unref(close);
        close = suggest_close(word, fields, SUGGESTIONS);
    }
    if (close->len == 0)
        return NULL;
    /* As people type them. */
    for (unsigned i = 0; i < close->len; i++)
        close->pdata[i] = (char *) close->pdata[i] + 1;
    g_ptr_array_add(close, NULL);

    g_autofree char *list = g_strjoinv(", ", (char **) close->pdata);
    return g_strdup_printf(_("Did you mean %s?"), list);
}

/* The model the person named, as an argument of the verb or with --model. */
static const char *model_named(const Ctl *ctl)
{
    const char *argument = ctl_argument(ctl, 0);

    return *ctl->args.model || ctl->path || !argument ? ctl->args.model : argument;
}

static bool is_verb(const Ctl *ctl, const char *name)
{
    const char *verb = ctl->args.words && ctl->args.words->len > 0 ? ctl->args.words->pdata[0] : "";

    return g_str_equal(verb, name);
}

static char *look_up_model(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    if (is_verb(ctl, "import") && g_file_test(model_named(ctl), G_FILE_TEST_EXISTS))
        return g_strdup_printf(_("There is a file of that name: “coachiqctl import ./%s” imports it."),
                               model_named(ctl));
    if (!*model_named(ctl))
        return g_strdup(
            _("Say which coach this is with “coachiqctl activate MODEL”, or name it with --model."));

    g_autoptr(Value) models = models_list(ctl, &error);
    if (!models)
        return NULL;
    VALUE_FOREACH_ITEM (model, models)
        g_ptr_array_add(ids, (void *) dict_text(model, "Id"));
    return did_you_mean(model_named(ctl), ids);
}

/* Whether the owner deleted the component, so that it can be had back. */
static bool is_deleted(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) explanation = explain_fetch(ctl, &error);

    return explanation && dict_flag(explanation, "deleted");
}

/* Whether there was such a component. */
static bool has_history(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = NULL;

    if (!*ctl->path)
        return false;
    call_options_u32(options, "limit", 1);
    reply = ctl_call(ctl, &error, "GetHistory", "aa{sv}t", options, "ss", ctl->args.model, ctl->path);
    return reply && value_length(value_list_item(reply, 0)) > 0;
}

static char *look_up_mapping(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GPtrArray) paths = NULL;

    if (!ctl->path)
        return NULL;
    if (is_deleted(ctl)) {
        g_autofree char *reset = report_command(ctl, "reset", "");

        return g_strdup_printf(_("It was deleted. “%s” brings it back."), reset);
    }
    if (has_history(ctl)) {
        g_autofree char *history = report_command(ctl, "history", " --json");

        return g_strdup_printf(_("It was there once. “%s” still has it, for “coachiqctl put”."), history);
    }
    paths = paths_list(ctl, "", &error);
    if (!paths)
        return NULL;
    /* The section may be what was mistyped, or have been added by us. */
    const char *slash = strrchr(ctl->path, '/');
    return did_you_mean(slash ? slash + 1 : ctl->path, paths);
}

static char *look_up_field(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    if (!ctl->path || !ctl->field)
        return NULL;

    g_autoptr(Value) reply =
        ctl_call(ctl, &error, "GetMapping", "sst", NULL, "ss", ctl->args.model, ctl->path);
    if (!reply)
        return NULL;

    g_autoptr(Value) data = format_parse(item_text(reply, 0));
    return hint_field(ctl->field, data);
}

/* Why nobody was asked. */
static char *look_up_prompt(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    return g_strdup(
        ctl->args.no_ask_password
            ? _("Leave --no-ask-password out to be asked.")
            : _("There was nobody to ask: run this on a terminal, or with an authentication agent."));
}

/* The service names its option where that would help. What may never be edited was not mistyped, and --force
 * is no way round it. */
static char *look_up_force(Ctl *ctl, const char *message)
{
    const char *force =
        _("--force edits fields outside runtime_editable_fields, but never immutable_fields.");
    g_autofree char *close = NULL;

    if (!strstr(message, SERVICE_FORCE))
        return NULL;
    close = look_up_field(ctl, message);
    return close ? g_strdup_printf(_("%s Else: %s"), close, force) : g_strdup(force);
}

static char *look_up_interface(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    return is_verb(ctl, "interface") && !ctl->args.force
               ? g_strdup(_("--force assigns what the coach file does not list."))
               : NULL;
}

static char *look_up_revision(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) properties = ctl_client(ctl, &error) ? client_properties(ctl->client, &error) : NULL;

    return properties ? g_strdup_printf(_("It is at revision %" PRId64 " now."),
                                        dict_number(properties, "Revision"))
                      : NULL;
}

static char *look_up_backup(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) backups = backup_list(ctl, &error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    const char *id = ctl_argument(ctl, 0);

    VALUE_FOREACH_ITEM (backup, backups)
        g_ptr_array_add(ids, (void *) dict_text(backup, "Id"));
    return id ? did_you_mean(id, ids) : NULL;
}

/* What backups take could be given back. */
static char *look_up_room(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) backups = backup_list(ctl, &error);
    g_autofree char *size = NULL;
    int64_t bytes = 0;

    VALUE_FOREACH_ITEM (backup, backups)
        bytes += dict_number(backup, "Size");
    if (bytes == 0)
        return NULL;
    size = format_size(bytes);
    return g_strdup_printf(ngettext("%zu backup takes %s; “coachiqctl delete-backup” gives that back.",
                                    "%zu backups take %s; “coachiqctl delete-backup” gives that back.",
                                    value_length(backups)),
                           value_length(backups), size);
}

/* A coach file is another matter than a backup. */
static char *look_up_file(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    return is_verb(ctl, "restore")
               ? g_strdup(_("Nothing was changed. “coachiqctl backups” lists the backups that are here."))
               : NULL;
}

static char *look_up_preview(Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    g_autofree char *command = NULL;

    if (is_verb(ctl, "remove"))
        return g_strdup(_("--force removes it all the same, and then no model is active."));
    if (is_verb(ctl, "import"))
        return NULL;
    command = report_model_command(ctl, "preview");
    return g_strdup_printf(_("“%s” shows what it is, and the options for it."), command);
}

static char *look_up_socket(G_GNUC_UNUSED Ctl *ctl, G_GNUC_UNUSED const char *message)
{
    return g_strdup_printf(_("Without a system bus, try the service's own socket: --socket=%s"),
                           SERVICE_SOCKET);
}

#define START_ADVICE                                                                                        \
    N_("Start it with “systemctl start coachiq-configd”; “systemctl status coachiq-configd” says why it is not running.")
#define LOG_ADVICE N_("“journalctl -u coachiq-configd” has more.")

#define ADMIN_ADVICE                                                                                        \
    N_("An administrator can allow you to edit the configuration by adding you to the group coachiq.")

#define POLKIT_ADVICE                                                                                       \
    N_("polkit decides who may edit. “systemctl status polkit” says whether it runs; root may edit without it.")

static const Hint hints[] = {
    {SD_BUS_ERROR_ACCESS_DENIED, EXIT_DENIED, NULL, ADMIN_ADVICE, NULL},
    {SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_DENIED,
     N_("You have to authenticate for that first."), ADMIN_ADVICE, look_up_prompt},

    {SERVICE_ERROR "NoSuchModel", EXIT_NOT_FOUND, NULL, N_("“coachiqctl models” lists the models."),
     look_up_model},
    {SERVICE_ERROR "NoSuchMapping", EXIT_NOT_FOUND, NULL, N_("“coachiqctl show” lists the components."),
     look_up_mapping},
    {SERVICE_ERROR "NoSuchField", EXIT_NOT_FOUND, NULL, NULL, look_up_field},
    {SERVICE_ERROR "NoSuchChange", EXIT_NOT_FOUND, NULL,
     N_("“coachiqctl changes” lists the changes; the oldest are pruned in time (“coachiqctl retention”)."),
     NULL},
    {SERVICE_ERROR "NoSuchBackup", EXIT_NOT_FOUND, NULL, N_("“coachiqctl backups” lists the backups."),
     look_up_backup},
    {SERVICE_ERROR "NotImported", EXIT_NOT_FOUND, NULL, N_("Bring it in with “coachiqctl import MODEL”."),
     NULL},

    {SERVICE_ERROR "Conflict", EXIT_CONFLICT,
     N_("The configuration has changed meanwhile, so nothing was written."),
     N_("Look at it again (“coachiqctl changes”) before you repeat the edit."), look_up_revision},

    {CLIENT_ERROR_STALE, EXIT_CONFLICT,
     N_("The configuration changed between the preview and the update, so nothing was written."),
     N_("Try again: the update is previewed anew."), NULL},
    {CLIENT_ERROR_MEANWHILE, EXIT_CONFLICT,
     N_("The configuration changed while you were asked, so nothing was written."),
     N_("Try again: what would be done is shown anew."), NULL},
    {CLIENT_ERROR_CHANGED_SINCE, EXIT_CONFLICT, NULL,
     N_("--force undoes it all the same; “coachiqctl history” shows what was done since."), NULL},
    {CLIENT_ERROR_UNDECIDED, EXIT_FAILED, NULL,
     N_("Decide with --take, --keep and --set, or leave it to another --policy."), look_up_preview},

    {SERVICE_ERROR "Blocked", EXIT_FAILED, NULL, NULL, look_up_preview},
    {SERVICE_ERROR "Immutable", EXIT_FAILED, NULL, NULL, look_up_force},
    {SERVICE_ERROR "InvalidData", EXIT_FAILED, NULL, NULL, look_up_interface},
    {SERVICE_ERROR "ReadOnly", EXIT_FAILED, NULL, N_("The disk may be mounted read-only. Reading goes on."),
     NULL},
    {SERVICE_ERROR "NoSpace", EXIT_FAILED, NULL,
     N_("Make room on the disk that holds /var/lib/coachiq-config, then try again."), look_up_room},
    {SERVICE_ERROR "InvalidFile", EXIT_FAILED, NULL, NULL, look_up_file},
    {SERVICE_ERROR "Locked", EXIT_FAILED, NULL,
     N_("Another program has the database open. Close it, then try again."), NULL},
    {SERVICE_ERROR "Corrupt", EXIT_FAILED, NULL, LOG_ADVICE, NULL},
    {SD_BUS_ERROR_IO_ERROR, EXIT_FAILED, NULL, LOG_ADVICE, NULL},
    {SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE, NULL, NULL, NULL},
    {SD_BUS_ERROR_LIMITS_EXCEEDED, EXIT_FAILED, NULL,
     N_("Wait for open requests to end, or answer an open prompt."), NULL},

    {CLIENT_ERROR_NO_SUCH_DGN, EXIT_NOT_FOUND, NULL, N_("“coachiqctl dgns” lists the data groups."), NULL},
    {CLIENT_ERROR_CONNECT, EXIT_FAILED, N_("There is no connection: %s"), NULL, look_up_socket},
    {CLIENT_ERROR_PROTOCOL, EXIT_FAILED,
     N_("The service gave an answer that this version does not understand: %s"),
     N_("coachiqctl and coachiq-configd should be of the same version."), NULL},
    {SD_BUS_ERROR_UNKNOWN_METHOD, EXIT_FAILED, N_("The service cannot do that: %s"),
     N_("coachiqctl and coachiq-configd should be of the same version."), NULL},
    {SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_FAILED,
     N_("The configuration service is not installed on this bus, or not running."), START_ADVICE, NULL},
    {SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_FAILED, N_("The configuration service is not running."),
     START_ADVICE, NULL},
    {"org.freedesktop.DBus.Error.Spawn.", EXIT_FAILED,
     N_("The configuration service could not be started: %s"), LOG_ADVICE, NULL},
    {"org.freedesktop.systemd1.", EXIT_FAILED, N_("The configuration service could not be started: %s"),
     START_ADVICE, NULL},
    {SD_BUS_ERROR_NO_REPLY, EXIT_FAILED, N_("The service went away before it answered."), LOG_ADVICE, NULL},
    {SD_BUS_ERROR_TIMEOUT, EXIT_FAILED, N_("The service did not answer in time."), LOG_ADVICE, NULL},
    {SD_BUS_ERROR_DISCONNECTED, EXIT_FAILED, N_("The connection was closed before an answer came."),
     LOG_ADVICE, NULL},
    {"", EXIT_FAILED, NULL, NULL, NULL},
};

const Hint *hint_for(const char *error)
{
    const Hint *hint = hints;

    for (; *hint->error; hint++) {
        if (g_str_has_suffix(hint->error, ".") ? g_str_has_prefix(error, hint->error)
                                               : g_str_equal(error, hint->error))
            break;
    }
    return hint;
}

const char *hint_advice(const Hint *hint, const char *message)
{
    /* No group helps while nobody can be asked. */
    static const char *const no_polkit[] = {"polkit is not running", "polkit could not be asked",
                                            "polkit cannot be asked", "polkit gave no answer"};

    if (!g_str_equal(hint->error, SD_BUS_ERROR_ACCESS_DENIED))
        return hint->advice;
    for (size_t i = 0; i < G_N_ELEMENTS(no_polkit); i++) {
        if (strstr(message, no_polkit[i]))
            return POLKIT_ADVICE;
    }
    return strstr(message, "was dismissed") ? NULL : hint->advice;
}

static void print_advice(const char *advice)
{
    g_autofree char *clean = advice ? text_clean(advice) : NULL;

    if (clean)
        fprintf(stderr, "  %s\n", clean);
}

/* A sentence of the table has at most one %s, and no other conversion. */
static char *fill_in(const char *sentence, const char *message)
{
    g_auto(GStrv) parts = g_strsplit(sentence, "%s", 2);

    return parts[1] ? g_strconcat(parts[0], message, parts[1], NULL) : g_strdup(sentence);
}

/* Messages of the service have no full stop, whole sentences of ours have one. */
static char *end_sentence(char *text)
{
    size_t length = strlen(text);
    char *ended;

    if (length == 0 || strchr(".!?:", text[length - 1]))
        return text;
    ended = g_strconcat(text, ".", NULL);
    g_free(text);
    return ended;
}

/* The message without what it says of an option that has another name here. */
static char *own_message(const sd_bus_error *error)
{
    const char *message = error->message && *error->message ? error->message : error->name;
    const char *force;

    if (!message)
        return g_strdup("?");
    force = strstr(message, SERVICE_FORCE);
    return force ? g_strndup(message, (gsize) (force - message)) : g_strdup(message);
}

static char *sentence_of(const Hint *hint, const sd_bus_error *error)
{
    g_autofree char *message = own_message(error);

    return end_sentence(fill_in(hint->sentence ? _(hint->sentence) : "%s", message));
}

char *hint_sentences(Ctl *ctl, const sd_bus_error *error)
{
    const Hint *hint = hint_for(error->name ? error->name : "");
    g_autofree char *text = sentence_of(hint, error);
    g_autofree char *found = hint->look_up ? hint->look_up(ctl, error->message ? error->message : "") : NULL;

    return g_strconcat(text, found ? " " : "", found, NULL);
}

int ctl_fail(Ctl *ctl, const sd_bus_error *error)
{
    const Hint *hint = hint_for(error->name ? error->name : "");
    const char *original = error->message ? error->message : "";
    g_autofree char *text = sentence_of(hint, error);
    g_autofree char *found = hint->look_up ? hint->look_up(ctl, original) : NULL;
    const char *advice = hint_advice(hint, original);

    fflush(stdout);
    ctl_complain(ctl, "%s", text);
    print_advice(found);
    /* Close names say more than where the list is; of the rest both are worth reading. */
    if (!found || hint->code != EXIT_NOT_FOUND)
        print_advice(advice ? _(advice) : NULL);
    return hint->code;
}

int ctl_fail_as(Ctl *ctl, const sd_bus_error *error, const char *from, const char *to)
{
    g_auto(sd_bus_error) own = SD_BUS_ERROR_NULL;

    if (!sd_bus_error_has_name(error, from))
        return ctl_fail(ctl, error);
    sd_bus_error_set(&own, to, error->message);
    return ctl_fail(ctl, &own);
}
