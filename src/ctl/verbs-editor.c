/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-editor.c: edit: a component, or all devices, in the person's editor. What was typed is never lost:
 * when it cannot be written, it goes back to the editor, or stays in a file that is named. */

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/edit-form.h"
#include "ctl/editor.h"
#include "ctl/hint.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

#define DEVICES "devices"

/* What to do after a round in the editor. */
typedef enum Turn {
    TURN_AGAIN, /* back to the editor */
    TURN_DONE,  /* with the code of the session */
} Turn;

/* Times that a text with an error goes back to an editor where nobody is there. */
#define ERRORS_MAX 10

typedef struct Session {
    Ctl *ctl;
    EditForm form;
    Editor editor;
    char *text;  /* the person's, as it was last */
    char *error; /* what was wrong with it; NULL: nothing */
    unsigned n_errors;
    int code;
} Session;

static void session_clear(Session *session)
{
    edit_form_clear(&session->form);
    editor_clear(&session->editor);
    g_clear_pointer(&session->text, g_free);
    g_clear_pointer(&session->error, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

static Turn done(Session *session, int code)
{
    session->code = code;
    return TURN_DONE;
}

static Turn go_back(Session *session, const char *error)
{
    g_free(session->error);
    session->error = g_strdup(error);
    return TURN_AGAIN;
}

/* "coachiqctl edit devices/porch_light --model … --file …" */
static char *resume_command(const Session *session)
{
    const Ctl *ctl = session->ctl;
    g_autofree char *path = text_shell_word(session->form.title ? session->form.title : DEVICES);
    g_autofree char *model = text_shell_word(ctl->args.model);
    g_autofree char *file = text_shell_word(session->editor.path);
    bool named = *ctl->args.model != '\0';
    bool json = session->form.format == TEXT_JSON;

    return g_strconcat("coachiqctl edit ", path, named ? " --model " : "", named ? model : "",
                       json ? " --format json" : "", " --file ", file, NULL);
}

/* Leaves the text where it is, and says where, unless the person wrote nothing. */
static Turn keep(Session *session, int code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *command = NULL;

    if (g_str_equal(session->text, session->form.text))
        return done(session, code);
    editor_keep(&session->editor);
    /* What lies there may be an empty text, or one with an error above it. */
    if (!editor_write(&session->editor, session->text, &error)) {
        ctl_complain(session->ctl, "%s", error->message);
        fputs(session->text, stderr);
        return done(session, code);
    }
    command = resume_command(session);
    fflush(stdout);
    fprintf(stderr, _("  Your text is kept in %s.\n  “%s” goes on with it.\n"), session->editor.path,
            command);
    return done(session, code);
}

/* Nothing is to be written, because the person wants it so. */
static Turn leave(Session *session, const char *sentence, int code)
{
    if (!session->ctl->args.json)
        ctl_print("%s", sentence);
    return keep(session, code);
}

static Turn leave_unchanged(Session *session)
{
    g_autofree char *original = g_strdup(session->form.text);

    /* What only looks different is nothing that anybody misses. */
    g_free(session->text);
    session->text = g_steal_pointer(&original);
    if (session->ctl->args.json)
        report_change(session->ctl, ARGS_ABSENT, (uint64_t) session->form.revision, "%s", "");
    else
        ctl_print(_("Nothing was changed, so nothing was written."));
    return done(session, EXIT_OK);
}

/* Whether the service refused what is in the text, rather than the write as such. */
static bool is_about_the_text(const sd_bus_error *error)
{
    static const char *const names[] = {
        SERVICE_ERROR "InvalidData", SERVICE_ERROR "Immutable", SERVICE_ERROR "NoSuchField",
        SERVICE_ERROR "TooLarge",    SD_BUS_ERROR_INVALID_ARGS,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (sd_bus_error_has_name(error, names[i]))
            return true;
    }
    return false;
}

static bool apply(Session *session, const Plan *plan, uint64_t *ret_change, sd_bus_error *error)
{
    Ctl *ctl = session->ctl;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);

    /* What was shown is what is edited. */
    if (ctl->args.expected_revision == ARGS_ABSENT)
        call_options_u64(options, "expected-revision", (uint64_t) session->form.revision);
    return ctl_write(ctl, error, ret_change, "ApplyEdits", options, "sa(ssss)s", ctl->args.model,
                     plan->edits, ctl->args.reason);
}

/* An editor may be open for long, and somebody else edit something else meanwhile: that is no conflict for a
 * person. */
static bool apply_to_what_was_shown(Session *session, const Plan *plan, uint64_t *ret_change,
                                    sd_bus_error *error)
{
    bool named = session->ctl->args.expected_revision != ARGS_ABSENT;

    while (!apply(session, plan, ret_change, error)) {
        if (named || !sd_bus_error_has_name(error, SERVICE_ERROR "Conflict") ||
            !edit_form_renew(session->ctl, &session->form))
            return false;
        sd_bus_error_free(error);
    }
    return true;
}

static Turn refused(Session *session, const sd_bus_error *error)
{
    Ctl *ctl = session->ctl;
    g_autofree char *why = NULL;
    bool named = ctl->args.expected_revision != ARGS_ABSENT;

    if (is_about_the_text(error)) {
        why = hint_sentences(ctl, error);
        return go_back(session, why);
    }
    return keep(session, named ? ctl_fail(ctl, error)
                               : ctl_fail_as(ctl, error, SERVICE_ERROR "Conflict", CLIENT_ERROR_MEANWHILE));
}

static Turn write_plan(Session *session, const Plan *plan)
{
    Ctl *ctl = session->ctl;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    unsigned n = plan->diff->len;
    uint64_t change;

    if (!apply_to_what_was_shown(session, plan, &change, &error))
        return refused(session, &error);
    return done(session, report_undoable(ctl, session->form.revision, change,
                                         ngettext("Edited %u component", "Edited %u components", n), n));
}

/* Asks; without a terminal --yes has said yes before. */
static AskEdit ask(const Session *session, const char *question)
{
    return ask_is_possible(session->ctl) ? ask_edit(question) : ASK_YES;
}

static Turn answered_otherwise(Session *session, AskEdit answer)
{
    if (answer == ASK_EDIT)
        return go_back(session, NULL);
    return leave(session, _("Nothing was written."), EXIT_FAILED);
}

/* A line may have gone by mistake, so that devices do not go with what else is written. */
static Turn confirm_deletions(Session *session, const Plan *plan, bool *ret_confirmed)
{
    unsigned n = plan->deleted->len;
    g_autofree char *question = NULL;
    AskEdit answer;

    *ret_confirmed = true;
    if (n == 0)
        return TURN_DONE;
    *ret_confirmed = false;
    if (!ask_is_possible(session->ctl)) {
        ctl_complain(
            session->ctl,
            ngettext(
                "The line of %u device is gone, and there is nobody to ask whether to delete it. Nothing "
                "was written; “coachiqctl delete” deletes a device.",
                "The lines of %u devices are gone, and there is nobody to ask whether to delete them. "
                "Nothing was written; “coachiqctl delete” deletes a device.",
                n),
            n);
        return keep(session, EXIT_FAILED);
    }
    question = g_strdup_printf(
        ngettext(
            "The line of %u device is gone. Delete it? (y)es, (n)o or (e)dit again, by default no:",
            "The lines of %u devices are gone. Delete them? (y)es, (n)o or (e)dit again, by default no:", n),
        n);
    answer = ask_edit(question);
    *ret_confirmed = answer == ASK_YES;
    return *ret_confirmed ? TURN_DONE : answered_otherwise(session, answer);
}

static void show(const Session *session, const Plan *plan)
{
    const Ctl *ctl = session->ctl;
    g_autoptr(GString) out = g_string_new(NULL);

    if (ctl->args.json)
        return;
    diff_append(out, &ctl->out, plan->diff, ctl->args.full);
    fputs(out->str, stdout);
}

/* Shows what will be written, asks, writes. */
static Turn confirm_and_write(Session *session, const Plan *plan)
{
    bool confirmed;
    Turn turn;
    AskEdit answer;

    show(session, plan);
    turn = confirm_deletions(session, plan, &confirmed);
    if (!confirmed)
        return turn;
    answer = ask(session, _("Write this? (y)es, (n)o or (e)dit again, by default no:"));
    return answer == ASK_YES ? write_plan(session, plan) : answered_otherwise(session, answer);
}

static Turn take(Session *session)
{
    g_auto(Plan) plan = {0};
    g_autoptr(GError) error = NULL;

    plan_init(&plan);
    if (!edit_form_read(&session->form, session->text, &plan, &error))
        return go_back(session, error->message);
    return plan_is_empty(&plan) ? leave_unchanged(session) : confirm_and_write(session, &plan);
}

/* Where nobody can be asked whether to go on, a program edits, and may never mend what is wrong. */
static bool is_hopeless(Session *session)
{
    return !ask_is_possible(session->ctl) && ++session->n_errors == ERRORS_MAX;
}

/* The text as it came back. */
static Turn look_at(Session *session, const Intake *intake)
{
    const char *text = edit_text_without_error(intake->text);
    bool same = g_str_equal(text, session->text);

    if (edit_text_is_empty(text))
        return leave(session, _("There is nothing but comments in the text, so nothing was written."),
                     EXIT_FAILED);
    /* An error that nobody mends would come back for ever. */
    if (session->error && (same || is_hopeless(session))) {
        ctl_complain(session->ctl, _("Nothing was written: %s"), session->error);
        return keep(session, EXIT_FAILED);
    }
    if (!same) {
        g_free(session->text);
        session->text = g_strdup(text);
    }
    g_clear_pointer(&session->error, g_free);
    if (strlen(intake->text) != intake->length)
        return go_back(session, _("There is a NUL in the text, which no text has; it was cut there."));
    return g_str_equal(text, session->form.text) ? leave_unchanged(session) : take(session);
}

/* One visit to the editor. */
static Turn visit(Session *session)
{
    g_autofree char *text =
        session->error ? edit_text_with_error(session->text, session->error) : g_strdup(session->text);
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    if (editor_run(&session->editor, text, &intake, &error))
        return look_at(session, &intake);
    ctl_complain(session->ctl, "%s", error->message);
    /* An editor that failed may have written something before. */
    intake_clear(&intake);
    if (intake_read(&intake, session->editor.path, NULL) && !edit_text_is_empty(intake.text)) {
        g_free(session->text);
        session->text = g_strdup(edit_text_without_error(intake.text));
    }
    return keep(session, EXIT_FAILED);
}

/* The text to begin with: what is there, or what was kept. */
static int begin(Session *session)
{
    const char *file = session->ctl->args.file;
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    if ((file && !intake_read(&intake, file, &error)) ||
        !editor_open(&session->editor, session->form.file, &error)) {
        ctl_complain(session->ctl, "%s", error->message);
        return EXIT_FAILED;
    }
    session->text = g_strdup(file ? edit_text_without_error(intake.text) : session->form.text);
    return EXIT_OK;
}

static int edit(Session *session)
{
    int code = begin(session);

    if (code != EXIT_OK)
        return code;
    while (visit(session) == TURN_AGAIN)
        ;
    return session->code;
}

/* --format, or yaml. */
static int check_format(Ctl *ctl, bool devices, TextFormat *ret)
{
    const char *format = ctl->args.format;

    *ret = g_strcmp0(format, "json") == 0 ? TEXT_JSON : TEXT_YAML;
    if (format && devices)
        return ctl_usage(ctl, _("The table of devices has one form: --format is for a component."));
    if (format && *ret == TEXT_YAML && !g_str_equal(format, "yaml"))
        return ctl_usage(ctl, _("--format takes yaml or json, not “%s”."), format);
    return EXIT_OK;
}

int verb_edit(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    bool devices = !word || g_str_equal(word, DEVICES) || g_str_equal(word, DEVICES "/");
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Session) session = {.ctl = ctl};
    TextFormat format;
    int code = check_format(ctl, devices, &format);

    code = code == EXIT_OK ? ask_consent(ctl) : code;
    code = code == EXIT_OK && !devices ? paths_resolve(ctl, word) : code;
    if (code != EXIT_OK)
        return code;
    if (!(devices ? edit_form_devices(ctl, &session.form, &error)
                  : edit_form_component(ctl, &session.form, format, &error)))
        return ctl_fail(ctl, &error);
    return edit(&session);
}
