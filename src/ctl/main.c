/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c: coachiqctl: reads the command line and runs the verb. */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>

#include "ctl/help.h"
#include "ctl/suggest.h"
#include "ctl/verbs.h"

static int fail_unknown_verb(Ctl *ctl, const char *word)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const Verb *verb = verbs; verb->name; verb++) {
        if (verb->family != FAMILY_HIDDEN)
            g_ptr_array_add(names, (void *) verb->name);
    }

    g_autoptr(GPtrArray) close = suggest_close(word, names, 1);
    /* “coachiqctl WORD --help” would lead nowhere. */
    g_ptr_array_set_size(ctl->args.words, 0);
    if (close->len > 0)
        return ctl_usage(ctl, _("There is no verb “%s”. Did you mean “%s”?"), word,
                         (const char *) close->pdata[0]);
    return ctl_usage(ctl, _("There is no verb “%s”."), word);
}

/* What does not depend on the verb's own sense. EXIT_OK when it may run. */
static int check_usage(Ctl *ctl, const Verb *verb)
{
    unsigned n_arguments = ctl->args.words->len > 0 ? ctl->args.words->len - 1 : 0;
    const OptionSpec *outside = args_outside(&ctl->args, verb->options);

    if (outside)
        return ctl_usage(ctl, _("“%s” takes no option --%s."), verb->name, outside->name);
    if (n_arguments < verb->least)
        return ctl_usage(ctl, _("“%s” needs %s."), verb->name, _(verb->arguments));
    if (n_arguments > verb->most)
        return ctl_usage(ctl, _("“%s” has too many arguments. Put a value with blanks in quotes."),
                         verb->name);
    if (ctl->args.address && ctl->args.socket)
        return ctl_usage(ctl, _("--address and --socket exclude each other."));
    if (ctl->args.string && ctl->args.json_value)
        return ctl_usage(ctl, _("--string and --json-value exclude each other."));
    return EXIT_OK;
}

static int run_verb(Ctl *ctl)
{
    const char *word = ctl->args.words->len > 0 ? ctl->args.words->pdata[0] : NULL;
    const Verb *verb = verb_find(word ? word : "status");
    int code;

    if (!verb)
        return fail_unknown_verb(ctl, word);
    if (ctl->args.help) {
        if (word)
            help_print_verb(ctl, verb);
        else
            help_print(ctl);
        return EXIT_OK;
    }
    code = check_usage(ctl, verb);
    if (code != EXIT_OK)
        return code;
    if (ctl->args.full)
        ctl->out.columns = 0;
    return verb->run(ctl);
}

static int run(Ctl *ctl, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bool parsed = args_parse(&ctl->args, argc, argv, &error);

    ctl->out = term_probe(stdout, ctl->args.color);
    ctl->err = term_probe(stderr, ctl->args.color);
    if (!parsed)
        return ctl_usage(ctl, "%s", error->message);
    if (ctl->args.version) {
        ctl_print("coachiqctl %s", PACKAGE_VERSION);
        return EXIT_OK;
    }
    return run_verb(ctl);
}

int main(int argc, char *argv[])
{
    Ctl ctl = {0};
    int code;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);

    code = run(&ctl, argc, argv);
    /* Whoever reads our output must know when it is not whole: a full disk is an error. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_OK) {
        ctl_complain(&ctl, _("Cannot write the output: %s"), g_strerror(errno));
        code = EXIT_FAILED;
    }
    ctl_clear(&ctl);
    return code;
}
