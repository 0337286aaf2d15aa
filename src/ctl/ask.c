/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ask.c: questions and their answers, line by line. */

#include "ctl/ask.h"

#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/choices.h"
#include "ctl/preview-text.h"

bool ask_is_possible(const Ctl *ctl)
{
    return ctl->out.tty && isatty(STDIN_FILENO) && !ctl->args.yes && !ctl->args.json;
}

int ask_consent(Ctl *ctl)
{
    if (ctl->args.yes || ask_is_possible(ctl))
        return EXIT_OK;
    return ctl_usage(ctl, _("“%s” asks before it writes, and there is nobody to ask here: --yes says yes."),
                     (const char *) ctl->args.words->pdata[0]);
}

static void print_question(const char *question)
{
    printf("%s ", question);
    fflush(stdout);
}

/* The line that is typed, without its newline; NULL at the end of the input. */
static char *read_line(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, stdin);
    char *copy;

    /* What follows shall not stand behind the question. */
    if (length < 0)
        putchar('\n');
    copy = length < 0 ? NULL : g_utf8_make_valid(line, length);
    free(line);
    return copy ? g_strchomp(copy) : NULL;
}

static char *ask_line(const char *question)
{
    print_question(question);
    return read_line();
}

bool ask_is_yes(const char *answer)
{
    static const char *const everywhere[] = {"y", "yes", NULL};
    /* Translators: all words for yes, lower case, a blank between each: “y yes j ja” in German. */
    g_auto(GStrv) here = g_strsplit(C_("answer", "y yes"), " ", -1);
    g_autofree char *word = g_strstrip(g_utf8_strdown(answer, -1));

    return g_strv_contains(everywhere, word) || (*word && g_strv_contains((const char *const *) here, word));
}

bool ask_yes(const char *question)
{
    g_autofree char *line = ask_line(question);

    return line && ask_is_yes(line);
}

static void be_interrupted(int number)
{
    (void) number;
}

/* Whether a line comes before an interrupt does. A terminal gives whole lines, so none waits in a buffer. */
static bool wait_for_line(const sigset_t *mask)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return ppoll(&input, 1, NULL, mask) >= 0;
}

/* The same, and NULL for an interrupt. */
static char *ask_line_unless_interrupted(const char *question)
{
    struct sigaction catching = {.sa_handler = be_interrupted}, before;
    sigset_t interrupt, mask, open;
    char *line = NULL;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    /* It is let in while we wait, and not between a look and the wait. */
    sigprocmask(SIG_BLOCK, &interrupt, &mask);
    sigaction(SIGINT, &catching, &before);
    open = mask;
    sigdelset(&open, SIGINT);
    print_question(question);
    if (wait_for_line(&open))
        line = read_line();
    else
        putchar('\n');
    sigaction(SIGINT, &before, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return line;
}

/* A person who interrupts a question says no, but must not lose what was typed before. */
AskEdit ask_edit(const char *question)
{
    g_autofree char *line = ask_line_unless_interrupted(question);
    g_autofree char *word = line ? g_ascii_strdown(line, -1) : NULL;

    if (!line)
        return ASK_NO;
    /* The letter is the same in each language, as those of decisions are. */
    if (g_str_equal(word, "e") || g_str_equal(word, "edit"))
        return ASK_EDIT;
    return ask_is_yes(line) ? ASK_YES : ASK_NO;
}

/* A value until one fits; NULL when there is none. */
static char *ask_value(const Ctl *ctl, const Value *item)
{
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = ask_line(_("  Value:"));
        char *choice = line ? choices_value(item, line, &error) : NULL;

        if (choice || !line)
            return choice;
        ctl_complain(ctl, _("That is no value for this field (%s)."), error->message);
    }
}

/* What to do about an item; NULL to leave. */
static char *ask_choice(const Ctl *ctl, const Value *item)
{
    for (;;) {
        /* The letters are the same in each language, as options are. */
        g_autofree char *line = ask_line(_("  (m)ine, (v)endor, (e)dit a value or (q)uit?"));

        switch (line ? choices_answer(line) : ANSWER_QUIT) {
        case ANSWER_MINE:
            return g_strdup("mine");
        case ANSWER_VENDOR:
            return g_strdup("vendor");
        case ANSWER_EDIT:
            return ask_value(ctl, item);
        case ANSWER_QUIT:
            return NULL;
        case ANSWER_UNCLEAR:
            break;
        }
    }
}

static bool ask_decision(const Ctl *ctl, Preview *preview, const Value *item)
{
    const PreviewText text = {.preview = preview, .term = &ctl->out};
    g_autoptr(GString) out = g_string_new("\n");
    g_autofree char *choice = NULL;

    preview_text_decision(out, &text, item);
    fputs(out->str, stdout);
    choice = ask_choice(ctl, item);
    if (!choice)
        return false;
    if (!preview->resolutions)
        preview->resolutions = value_new_list();
    choices_add(&preview->resolutions, item, choice);
    return true;
}

bool ask_decisions(const Ctl *ctl, Preview *preview)
{
    VALUE_FOREACH_ITEM (item, preview->items) {
        if (preview_is_open(preview, item) && !ask_decision(ctl, preview, item))
            return false;
    }
    return true;
}
