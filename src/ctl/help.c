/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* help.c: the help of the program and of each verb. */

#include "ctl/help.h"

#include <glib/gi18n.h>

#include "ctl/text.h"

#define TEXT_WIDTH 79

static const char *const family_titles[FAMILY_COUNT] = {
    [FAMILY_MODELS] = N_("Service and models"),
    [FAMILY_COMPONENTS] = N_("Components"),
    [FAMILY_EDITS] = N_("Edits"),
    [FAMILY_UPDATES] = N_("Updates"),
    [FAMILY_HISTORY] = N_("History"),
    [FAMILY_BACKUPS] = N_("Backups"),
    [FAMILY_RUNTIME] = N_("RV-C and help"),
};

static const char *const exit_codes[] = {
    [EXIT_OK] = N_("all went well"),
    [EXIT_FAILED] = N_("the operation failed, or a check found errors"),
    [EXIT_USAGE] = N_("the command line is wrong"),
    [EXIT_DENIED] = N_("access denied, or the prompt was dismissed"),
    [EXIT_NOT_FOUND] = N_("no such model, component, field, change or backup, or nothing found"),
    [EXIT_CONFLICT] = N_("the configuration is not at the expected revision, or was changed meanwhile"),
};

static void print_title(const Ctl *ctl, const char *title)
{
    /* Translators: a title before what it is about, “Options:” */
    g_autofree char *line = g_strdup_printf(_("%s:"), title);

    ctl_print("\n%s%s%s", term_on(&ctl->out, STYLE_HEADER), line, term_off(&ctl->out, STYLE_HEADER));
}

/* Text broken between words at TEXT_WIDTH, behind what stands in the first `indent` columns already. */
static void print_wrapped(const char *text, unsigned indent)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned column = indent;

    for (unsigned i = 0; words[i]; i++) {
        unsigned width = text_width(words[i]);

        if (column > indent && column + 1 + width > TEXT_WIDTH) {
            printf("\n%*s", (int) indent, "");
            column = indent;
        }
        printf("%s%s", column > indent ? " " : "", words[i]);
        column += width + (column > indent ? 1 : 0);
    }
    putchar('\n');
}

/* Two columns, the first at least `width` wide. */
static void print_row(const char *left, unsigned width, const char *right)
{
    unsigned used = text_width(left), wide = MAX(used, width);

    printf("  %s%*s  ", left, (int) (wide - used), "");
    print_wrapped(right, wide + 4);
}

static char *verb_usage(const Verb *verb)
{
    return *verb->arguments ? g_strconcat(verb->name, " ", _(verb->arguments), NULL) : g_strdup(verb->name);
}

static unsigned widest_verb(void)
{
    unsigned width = 0;

    for (const Verb *verb = verbs; verb->name; verb++) {
        g_autofree char *usage = verb_usage(verb);

        if (verb->family != FAMILY_HIDDEN)
            width = MAX(width, text_width(usage));
    }
    return width;
}

static void print_family(const Ctl *ctl, VerbFamily family, unsigned width)
{
    print_title(ctl, _(family_titles[family]));
    for (const Verb *verb = verbs; verb->name; verb++) {
        g_autofree char *usage = verb_usage(verb);

        if (verb->family == family)
            print_row(usage, width, _(verb->summary));
    }
}

/* The options of these groups, with what they mean to a verb (NULL: to any); `global` chooses the ones that
 * every verb takes instead. */
static void print_options(unsigned groups, bool global, const Verb *verb)
{
    unsigned width = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (const OptionSpec *spec = option_specs; spec->name; spec++) {
            g_autofree char *usage = option_usage(spec);

            if (global ? spec->group != OPTIONS_GLOBAL : !(spec->group & groups))
                continue;
            if (pass == 0)
                width = MAX(width, text_width(usage));
            else
                print_row(usage, width, _(verb_option_help(verb, spec)));
        }
    }
}

/* A paragraph, broken between words at TEXT_WIDTH; one that is indented is left as it is. */
static void print_paragraph(const char *paragraph)
{
    if (*paragraph == ' ')
        ctl_print("%s", paragraph);
    else
        print_wrapped(paragraph, 0);
}

void help_print(const Ctl *ctl)
{
    unsigned width = widest_verb();

    ctl_print(_("coachiqctl [OPTION…] VERB [ARGUMENT…]\n\nShow and edit the configuration of a coach."));
    for (VerbFamily family = 0; family < FAMILY_COUNT; family++)
        print_family(ctl, family, width);
    print_title(ctl, _("Options"));
    print_options(0, true, NULL);
    print_title(ctl, _("Options of edits"));
    print_options(OPTIONS_WRITE | OPTIONS_EDIT, false, NULL);
    print_title(ctl, _("Exit codes"));
    for (size_t i = 0; i < G_N_ELEMENTS(exit_codes); i++)
        ctl_print("  %zu  %s", i, _(exit_codes[i]));
    putchar('\n');
    print_paragraph(
        _("“coachiqctl VERB --help” says more about a verb. Without a verb, the status is shown."));
}

void help_print_verb(const Ctl *ctl, const Verb *verb)
{
    g_autofree char *usage = verb_usage(verb);

    /* Translators: a verb with its arguments, what it does */
    ctl_print(_("coachiqctl [OPTION…] %s\n\n%s."), usage, _(verb->summary));
    if (verb->help) {
        g_auto(GStrv) lines = g_strsplit(_(verb->help), "\n", -1);

        putchar('\n');
        for (unsigned i = 0; lines[i]; i++)
            print_paragraph(lines[i]);
    }
    if (verb->options) {
        print_title(ctl, _("Options"));
        print_options(verb->options, false, verb);
    }
    putchar('\n');
    print_paragraph(_("“coachiqctl --help” lists the options that every verb takes, and the exit codes."));
}

int verb_help(Ctl *ctl)
{
    const char *name = ctl_argument(ctl, 0);
    const Verb *verb = name ? verb_find(name) : NULL;

    if (name && !verb)
        return ctl_usage(ctl, _("There is no verb “%s”."), name);
    if (verb)
        help_print_verb(ctl, verb);
    else
        help_print(ctl);
    return EXIT_OK;
}
