/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report.c: reporting of results. */

#include "ctl/report.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "base/json.h"

int report_json(const Ctl *ctl, const Value *value)
{
    ctl_print_json(ctl, value);
    return EXIT_OK;
}

int report_json_text(Ctl *ctl, const char *json)
{
    g_autoptr(Value) value = json_parse(json, -1, &json_limits_stored, NULL);

    if (!value) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        sd_bus_error_set(&error, CLIENT_ERROR_PROTOCOL, "JSON");
        return ctl_fail(ctl, &error);
    }
    return report_json(ctl, value);
}

int report_raw(const Ctl *ctl, const Value *value)
{
    if (ctl->args.json || !value_is_string(value))
        return report_json(ctl, value);
    if (ctl->out.tty) {
        g_autofree char *clean = text_clean_lines(value_string(value));

        puts(clean);
    } else {
        puts(value_string(value));
    }
    return EXIT_OK;
}

bool report_revision(Ctl *ctl, uint64_t *ret, sd_bus_error *error)
{
    g_autoptr(Value) properties = NULL;

    *ret = ARGS_ABSENT;
    if (ctl->args.json)
        return true;
    properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
    if (!properties)
        return false;
    *ret = (uint64_t) dict_number(properties, "Revision");
    return true;
}

int report_change(const Ctl *ctl, uint64_t before, uint64_t change, const char *format, ...)
{
    va_list arguments;

    if (ctl->args.json) {
        g_autoptr(Value) result = value_new_map();

        value_map_take(&result, "change", value_new_integer((int64_t) change));
        return report_json(ctl, result);
    }
    if (change == before) {
        ctl_print(_("Nothing to change: it is so already (revision %" PRIu64 ")."), change);
        return EXIT_OK;
    }
    va_start(arguments, format);
    g_autofree char *done = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* Translators: behind what was done: the number of the change that did it */
    g_autofree char *number = g_strdup_printf(_("(change %" PRIu64 ")"), change);
    ctl_print("%s  %s%s%s", done, term_on(&ctl->out, STYLE_DIM), number, term_off(&ctl->out, STYLE_DIM));
    return EXIT_OK;
}

int report_undoable(const Ctl *ctl, int64_t before, uint64_t change, const char *format, ...)
{
    va_list arguments;
    g_autofree char *done = NULL;

    va_start(arguments, format);
    done = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_change(ctl, (uint64_t) before, change, "%s", done);
    if (!ctl->args.json && change != (uint64_t) before)
        ctl_print(_("  “coachiqctl undo %" PRIu64 "” takes it back."), change);
    return EXIT_OK;
}

void report_rows(const ReportRow *rows)
{
    unsigned width = 0;

    for (const ReportRow *row = rows; row->label; row++)
        width = MAX(width, text_width(row->label));
    for (const ReportRow *row = rows; row->label; row++) {
        if (*row->text)
            ctl_print("  %s%*s  %s", row->label, (int) (width - text_width(row->label)), "", row->text);
    }
}

int report_found(const Ctl *ctl, bool found)
{
    if (found)
        return EXIT_OK;
    if (!ctl->args.json)
        ctl_complain(ctl, _("Nothing found."));
    return EXIT_NOT_FOUND;
}

char *report_command(const Ctl *ctl, const char *verb, const char *options)
{
    g_autofree char *path = text_shell_word(ctl->path);
    g_autofree char *model = text_shell_word(ctl->args.model);
    bool named = *ctl->args.model != '\0';

    return g_strconcat("coachiqctl ", verb, " ", path, named ? " --model " : "", named ? model : "", options,
                       NULL);
}

char *report_model_command(const Ctl *ctl, const char *verb)
{
    g_autofree char *model = text_shell_word(ctl->args.model);
    bool named = *ctl->args.model != '\0';

    return g_strconcat("coachiqctl ", verb, named ? " " : "", named ? model : "", NULL);
}
