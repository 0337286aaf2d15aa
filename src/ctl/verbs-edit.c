/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-edit.c: set, unset, reset, put, delete. */

#include <errno.h>
#include <glib/gi18n.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/component.h"
#include "ctl/format.h"
#include "ctl/input.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* Resolves PATH, and FIELD where the verb has one. EXIT_OK or the code to exit with. */
static int address(Ctl *ctl)
{
    const char *field = ctl_argument(ctl, 1);

    if (field)
        ctl->field = input_field(field);
    return paths_resolve(ctl, ctl_argument(ctl, 0));
}

/* The value at the field that the verb is about, NULL when there is none (or nobody will see it). */
static Value *value_now(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = NULL;
    g_autoptr(Value) component = NULL;
    const Value *value;

    if (ctl->args.json)
        return NULL;
    reply = ctl_call(ctl, &error, "GetMapping", "sst", NULL, "ss", ctl->args.model, ctl->path);
    if (!reply)
        return NULL;
    component = format_parse(item_text(reply, 0));
    value = component_field(component, ctl->field);
    return value ? value_ref((Value *) value) : NULL;
}

static char *value_text(const Value *value)
{
    g_autofree char *json = value ? json_format(value) : NULL;

    return json ? text_clean(json) : g_strdup(_("(nothing)"));
}

/* "devices/porch_light /friendly_name: "Porch Light" → "Porch"  (change 12)" */
static int report_field(Ctl *ctl, uint64_t before, uint64_t change, const Value *old)
{
    g_autofree char *subject = g_strconcat(ctl->path, " ", ctl->field, NULL);
    g_autofree char *clean = text_clean(subject);
    g_autoptr(Value) new = value_now(ctl);
    g_autofree char *from = value_text(old);
    g_autofree char *to = value_text(new);

    return report_change(ctl, before, change, "%s%s%s: %s %s %s", term_on(&ctl->out, STYLE_STRONG), clean,
                         term_off(&ctl->out, STYLE_STRONG), from, term_arrow(&ctl->out), to);
}

static const char *type_words(ValueType type)
{
    static const char *const words[] = {
        [VALUE_NULL] = N_("null"),        [VALUE_BOOLEAN] = N_("true or false"),
        [VALUE_INTEGER] = N_("a number"), [VALUE_REAL] = N_("a number"),
        [VALUE_STRING] = N_("a text"),    [VALUE_LIST] = N_("a list"),
        [VALUE_MAP] = N_("a map"),
    };

    return _(words[type]);
}

/* A text that became a number by looking like one is the usual slip. */
static void warn_of_type(const Ctl *ctl, const Value *old, const Value *value)
{
    if (ctl->args.json || ctl->args.json_value || !value_is_string(old) || value_is_string(value))
        return;
    ctl_complain(ctl, _("%s was a text and is %s now. Use --string to set a text."), ctl->field,
                 type_words(value_type(value)));
}

static int set_field(Ctl *ctl, const Value *value, const char *json)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) old = value_now(ctl);
    uint64_t before, change;
    int code;

    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "SetField", options, "sssss", ctl->args.model, ctl->path,
                   ctl->field, json, ctl->args.reason))
        return ctl_fail(ctl, &error);
    code = report_field(ctl, before, change, old);
    fflush(stdout);
    if (value && change != before)
        warn_of_type(ctl, old, value);
    return code;
}

int verb_set(Ctl *ctl)
{
    InputKind kind = ctl->args.string ? INPUT_STRING : ctl->args.json_value ? INPUT_JSON : INPUT_GUESS;
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) value = input_value(ctl_argument(ctl, 2), kind, &error);
    int code;

    if (!value)
        return ctl_usage(ctl, _("The value is not valid JSON (%s). Use --string to set it as text."),
                         error->message);
    code = address(ctl);
    if (code != EXIT_OK)
        return code;

    g_autofree char *json = json_format(value);
    return set_field(ctl, value, json);
}

int verb_unset(Ctl *ctl)
{
    int code = address(ctl);

    return code == EXIT_OK ? set_field(ctl, NULL, "") : code;
}

static int report_component(Ctl *ctl, uint64_t before, uint64_t change, const char *done)
{
    g_autofree char *clean = text_clean(ctl->path);

    return report_change(ctl, before, change, "%s %s", done, clean);
}

static int reset_field(Ctl *ctl, const char *field)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) old = *field ? value_now(ctl) : NULL;
    uint64_t before, change;

    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "ResetMapping", options, "ssss", ctl->args.model, ctl->path, field,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    return *field ? report_field(ctl, before, change, old)
                  : report_component(ctl, before, change, _("Reset"));
}

int verb_reset(Ctl *ctl)
{
    int code = address(ctl);

    return code == EXIT_OK ? reset_field(ctl, ctl->field ? ctl->field : "") : code;
}

int verb_delete(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    uint64_t before, change;
    int code = address(ctl);

    if (code != EXIT_OK)
        return code;
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "DeleteMapping", options, "sss", ctl->args.model, ctl->path,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    return report_component(ctl, before, change, _("Deleted"));
}

/* All of standard input, or little more than the service takes of it. NULL with errno. */
static GString *read_input(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    ssize_t n;

    while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        g_string_append_len(text, buffer, n);
        if (text->len > json_limits_call.size)
            break;
    }
    return g_steal_pointer(&text);
}

/* DATA, or standard input, as the service takes it. NULL with everything said. */
static char *put_data(Ctl *ctl)
{
    const char *argument = ctl_argument(ctl, 1);
    bool given = argument && !g_str_equal(argument, "-");
    g_autoptr(GString) text = given ? g_string_new(argument) : read_input();
    g_autoptr(GError) error = NULL;

    if (!text) {
        ctl_usage(ctl, _("Cannot read standard input: %s"), g_strerror(errno));
        return NULL;
    }

    g_autoptr(Value) value = json_parse(text->str, (gssize) text->len, &json_limits_call, &error);
    if (!value) {
        ctl_usage(ctl, _("The data is not valid JSON: %s"), error->message);
        return NULL;
    }
    return json_format(value);
}

int verb_put(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *data = put_data(ctl);
    uint64_t before, change;

    if (!data)
        return EXIT_USAGE;
    /* A new component must not land in another one that merely ends alike. */
    ctl->path = g_strdup(ctl_argument(ctl, 0));
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "UpdateMapping", options, "ssss", ctl->args.model, ctl->path, data,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    return report_component(ctl, before, change, _("Stored"));
}
