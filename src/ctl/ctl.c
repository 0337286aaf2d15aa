/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ctl.c: the context of a verb. */

#include "ctl/ctl.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "ctl/text.h"

void ctl_clear(Ctl *ctl)
{
    g_clear_pointer(&ctl->client, client_close);
    g_clear_pointer(&ctl->path, g_free);
    g_clear_pointer(&ctl->field, g_free);
    args_clear(&ctl->args);
}

const char *ctl_argument(const Ctl *ctl, unsigned index)
{
    /* The first word is the verb. */
    return index + 1 < ctl->args.words->len ? ctl->args.words->pdata[index + 1] : NULL;
}

Client *ctl_client(Ctl *ctl, sd_bus_error *error)
{
    const ClientTarget target = {
        .address = ctl->args.address,
        .socket = ctl->args.socket,
        .ask = !ctl->args.no_ask_password,
    };

    if (!ctl->client)
        ctl->client = client_open(&target, error);
    return ctl->client;
}

CallOptions *ctl_write_options(const Ctl *ctl)
{
    CallOptions *options = call_options_new();

    call_options_u64(options, "expected-revision", ctl->args.expected_revision);
    call_options_flag(options, "force", ctl->args.force);
    return options;
}

void ctl_complain(const Ctl *ctl, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    g_autofree char *line = term_styled(&ctl->err, STYLE_PLAIN, text);
    fprintf(stderr, "%scoachiqctl:%s %s\n", term_on(&ctl->err, STYLE_BAD), term_off(&ctl->err, STYLE_BAD),
            line);
}

int ctl_usage(Ctl *ctl, const char *format, ...)
{
    const char *verb = ctl->args.words && ctl->args.words->len > 0 ? ctl->args.words->pdata[0] : NULL;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    ctl_complain(ctl, "%s", text);
    g_autofree char *word = verb ? text_clean(verb) : NULL;
    if (word)
        fprintf(stderr, _("  See “coachiqctl %s --help”.\n"), word);
    else
        fputs(_("  See “coachiqctl --help”.\n"), stderr);
    return EXIT_USAGE;
}

void ctl_print_json(const Ctl *ctl, const Value *value)
{
    g_autofree char *text = ctl->out.tty ? json_format_pretty(value) : json_format(value);

    puts(text);
}

void ctl_print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    puts(line);
}
