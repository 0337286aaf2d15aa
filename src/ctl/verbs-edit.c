/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-edit.c: set, unset, reset, put, delete. */

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "ctl/component.h"
#include "ctl/explain.h"
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

/* The field in the component as it is, with `inherited` also what a binding takes from its device; NULL when
 * there is none, or no answer: the write will say why. */
static Value *fetch_value(Ctl *ctl, const char *field, bool inherited)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = NULL;
    g_autoptr(Value) component = NULL;
    const Value *value;

    reply = ctl_call(ctl, &error, "GetMapping", "sst", NULL, "ss", ctl->args.model, ctl->path);
    if (!reply)
        return NULL;
    component = format_parse(item_text(reply, 0));
    value = component_field(component, field);
    if (!value && inherited && g_str_has_prefix(field, "/bindings/")) {
        const char *rest = strchr(field + strlen("/bindings/"), '/');

        value = rest ? component_field(component, rest) : NULL;
    }
    return value ? value_ref((Value *) value) : NULL;
}

/* The value at the field that the verb is about, NULL when there is none (or nobody will see it). */
static Value *value_now(Ctl *ctl)
{
    return ctl->args.json ? NULL : fetch_value(ctl, ctl->field, false);
}

/* What the vendor has at a field that the owner removed; NULL when there is nothing of the kind. */
static Value *fetch_removed(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) explanation = explain_fetch(ctl, &error);

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        const char *name = dict_text(field, "field");
        const char *rest = g_str_has_prefix(ctl->field, name) ? ctl->field + strlen(name) : NULL;
        const Value *vendor = value_map_get(field, "vendor");

        if (!rest || !vendor || (*rest != '\0' && *rest != '/'))
            continue;
        vendor = component_field(vendor, rest);
        if (vendor)
            return value_ref((Value *) vendor);
    }
    return NULL;
}

static char *value_text(const Value *value)
{
    g_autofree char *json = value ? json_format(value) : NULL;

    return json ? text_clean(json) : g_strdup(_("(nothing)"));
}

/* What is left for a value on a line of the terminal, however narrow that is. */
#define VALUES_WIDTH_LEAST 40
/* ":  →   (change 1234567)" */
#define REPORT_WIDTH 24

/* Keeps a report on one line: whole values are there with “coachiqctl get” and “history”. */
static void fit_values(const Ctl *ctl, const char *subject, char **from, char **to)
{
    unsigned used = text_width(subject) + REPORT_WIDTH;
    unsigned columns = ctl->out.columns;

    if (columns > 0)
        text_share(from, to, MAX(columns > used ? columns - used : 0, VALUES_WIDTH_LEAST),
                   term_ellipsis(&ctl->out));
}

/* "devices/porch_light /friendly_name: "Porch Light" → "Porch"  (change 12)" */
static int report_field(Ctl *ctl, uint64_t before, uint64_t change, const Value *old)
{
    g_autofree char *subject = g_strconcat(ctl->path, " ", ctl->field, NULL);
    g_autofree char *clean = text_clean(subject);
    g_autoptr(Value) new = value_now(ctl);
    g_autofree char *from = value_text(old);
    g_autofree char *to = value_text(new);

    fit_values(ctl, clean, &from, &to);
    return report_change(ctl, before, change, "%s%s%s: %s %s %s", term_on(&ctl->out, STYLE_STRONG), clean,
                         term_off(&ctl->out, STYLE_STRONG), from, term_arrow(&ctl->out), to);
}

static int set_field(Ctl *ctl, const char *json)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) old = value_now(ctl);
    uint64_t before, change;

    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "SetField", options, "sssss", ctl->args.model, ctl->path,
                   ctl->field, json, ctl->args.reason))
        return ctl_fail(ctl, &error);
    return report_field(ctl, before, change, old);
}

/* Says why a value does not fit the one that stands there. */
static int refuse_value(Ctl *ctl, const Value *like, const GError *why)
{
    const char *field = ctl->field;
    const char *text = ctl_argument(ctl, 2);

    if (like && g_error_matches(why, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA)) {
        switch (value_type(like)) {
        case VALUE_BOOLEAN:
            return ctl_usage(
                ctl,
                _("%s is true or false, and “%s” is neither. Say true or false (yes, no, on, off); --string "
                  "stores a text all the same."),
                field, text);
        case VALUE_INTEGER:
        case VALUE_REAL:
            return ctl_usage(ctl,
                             _("%s is a number, and “%s” is none. --string stores a text all the same."),
                             field, text);
        case VALUE_LIST:
            return ctl_usage(
                ctl,
                _("%s is a list, so say it in JSON, '[\"on_off\", \"dim\"]' (%s). --json-value stores "
                  "another kind of value."),
                field, why->message);
        case VALUE_MAP:
            return ctl_usage(
                ctl,
                _("%s is a map, so say it in JSON, '{\"zone\": 3}' (%s), or name one field of it. "
                  "--json-value stores another kind of value."),
                field, why->message);
        default:
            break;
        }
    }
    return ctl_usage(ctl, _("The value is not valid JSON (%s). Use --string to set it as text."),
                     why->message);
}

/* VALUE as it is to be stored: of the kind that is there, unless an option says what it is. NULL with
 * everything said. */
static Value *value_wanted(Ctl *ctl)
{
    const char *text = ctl_argument(ctl, 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) like = NULL;
    Value *value;

    if (ctl->args.string || ctl->args.json_value) {
        value = input_value(text, ctl->args.string ? INPUT_STRING : INPUT_JSON, &error);
    } else {
        like = fetch_value(ctl, ctl->field, true);
        if (!like)
            like = fetch_removed(ctl);
        value = input_value_like(text, like, &error);
    }
    if (!value)
        refuse_value(ctl, like, error);
    return value;
}

int verb_set(Ctl *ctl)
{
    int code = address(ctl);
    g_autoptr(Value) value = code == EXIT_OK ? value_wanted(ctl) : NULL;

    if (!value)
        return code == EXIT_OK ? EXIT_USAGE : code;

    g_autofree char *json = json_format(value);
    return set_field(ctl, json);
}

int verb_unset(Ctl *ctl)
{
    int code = address(ctl);

    return code == EXIT_OK ? set_field(ctl, "") : code;
}

static int reset_field(Ctl *ctl, const char *field)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *path = text_clean(ctl->path);
    g_autoptr(Value) old = *field ? value_now(ctl) : NULL;
    uint64_t before, change;

    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "ResetMapping", options, "ssss", ctl->args.model, ctl->path, field,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    return *field ? report_field(ctl, before, change, old)
                  : report_change(ctl, before, change, _("Reset %s"), path);
}

int verb_reset(Ctl *ctl)
{
    int code = address(ctl);

    return code == EXIT_OK ? reset_field(ctl, ctl->field ? ctl->field : "") : code;
}

typedef enum Origin {
    ORIGIN_UNKNOWN,
    ORIGIN_VENDOR,
    ORIGIN_OWNER,
} Origin;

/* Who brought the component; nobody asks where nobody will read it. */
static Origin component_origin(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) explanation = ctl->args.json ? NULL : explain_fetch(ctl, &error);

    if (!explanation)
        return ORIGIN_UNKNOWN;
    return dict_flag(explanation, "in_vendor_file") ? ORIGIN_VENDOR : ORIGIN_OWNER;
}

/* Says how to get it back. */
static void report_way_back(const Ctl *ctl, Origin origin)
{
    bool vendor = origin == ORIGIN_VENDOR;
    g_autofree char *command = report_command(ctl, vendor ? "reset" : "history", vendor ? "" : " --json");
    g_autofree char *clean = text_clean(command);

    if (origin == ORIGIN_UNKNOWN)
        return;
    ctl_print(vendor ? _("  “%s” brings it back.")
                     : _("  It is gone for good, except in the history: “%s” still has it."),
              clean);
}

int verb_delete(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *path = NULL;
    uint64_t before, change;
    Origin origin;
    int code = address(ctl);

    if (code != EXIT_OK)
        return code;
    origin = component_origin(ctl);
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "DeleteMapping", options, "sss", ctl->args.model, ctl->path,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    path = text_clean(ctl->path);
    code = report_change(ctl, before, change, _("Deleted %s"), path);
    report_way_back(ctl, origin);
    return code;
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
    g_autofree char *path = NULL;
    uint64_t before, change;

    if (!data)
        return EXIT_USAGE;
    /* A new component must not land in another one that merely ends alike. */
    ctl->path = g_strdup(ctl_argument(ctl, 0));
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "UpdateMapping", options, "ssss", ctl->args.model, ctl->path, data,
                   ctl->args.reason))
        return ctl_fail(ctl, &error);
    path = text_clean(ctl->path);
    return report_change(ctl, before, change, _("Stored %s"), path);
}
