/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-models.c: status, models, activate, interface. */

#include <glib/gi18n.h>

#include "base/json.h"
#include "ctl/format.h"
#include "ctl/model-query.h"
#include "ctl/models.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

/* With its colon. */
#define LABEL_WIDTH 15

/* "      Revision: 12", the text in a style. */
static void print_status(const Ctl *ctl, const char *label, Style style, const char *text)
{
    g_autofree char *styled = term_styled(&ctl->out, style, text);
    g_autofree char *titled = g_strdup_printf(_("%s:"), label);
    unsigned width = text_width(titled);

    ctl_print("%*s%s %s", width < LABEL_WIDTH ? (int) (LABEL_WIDTH - width) : 0, "", titled, styled);
}

static char *model_origin(const Value *model)
{
    if (!dict_flag(model, "Imported"))
        return g_strdup_printf(_("bundled, version %s, not imported yet (the first read does that)"),
                               dict_text(model, "BundledVersion"));

    const char *version = dict_text(model, "ImportedVersion");
    g_autofree char *when = format_time_ago(dict_number(model, "ImportedAt"));
    bool bundled = g_str_equal(dict_text(model, "Origin"), "bundled");

    return g_strdup_printf(bundled ? _("bundled, version %s, imported %s")
                                   : _("a custom file, version %s, imported %s"),
                           version, when);
}

/* What coach_info/data_quality means, for a person. */
static const struct {
    const char *quality, *meaning;
} quality_rows[] = {
    {"verified", N_("its facts were checked in such a coach")},
    {"one-owner", N_("after one owner's map; try a device before you rely on it")},
    {"derived",
     N_("after the map of a similar coach; expect differences, and try a device before you rely on it")},
    {"generic", N_("standard messages of RV-C, not the map of a certain coach")},
};

/* A word that we do not know stands for itself. */
static char *quality_text(const char *quality)
{
    for (size_t i = 0; i < G_N_ELEMENTS(quality_rows); i++) {
        if (g_str_equal(quality_rows[i].quality, quality))
            return g_strdup_printf("%s (%s)", quality, _(quality_rows[i].meaning));
    }
    return g_strdup(*quality ? quality : _("its file does not say how sure it is"));
}

static void print_quality(const Ctl *ctl, const Value *model)
{
    const char *quality = dict_text(model, "DataQuality"), *note = dict_text(model, "DataNote");
    g_autofree char *text = quality_text(quality);

    /* Translators: how sure the facts about this coach are */
    print_status(ctl, _("Data"), g_str_equal(quality, "verified") ? STYLE_GOOD : STYLE_WARN, text);
    if (*note)
        print_status(ctl, _("Note"), STYLE_PLAIN, note);
}

static void print_active(const Ctl *ctl, const Value *model)
{
    g_autofree char *title = models_title(model);
    g_autofree char *origin = model_origin(model);
    g_autofree char *name = *title ? g_strdup_printf("%s (%s)", dict_text(model, "Id"), title)
                                   : g_strdup(dict_text(model, "Id"));
    g_autofree char *devices = g_strdup_printf("%" G_GINT64_FORMAT, dict_number(model, "Devices"));
    g_autofree char *edits = g_strdup_printf("%" G_GINT64_FORMAT, dict_number(model, "Edits"));

    print_status(ctl, _("Active model"), STYLE_STRONG, name);
    print_status(ctl, _("From"), STYLE_PLAIN, origin);
    print_quality(ctl, model);
    if (dict_flag(model, "UpdateAvailable")) {
        g_autofree char *update =
            g_strdup_printf(_("version %s is bundled; “coachiqctl preview” shows what it brings"),
                            dict_text(model, "BundledVersion"));

        print_status(ctl, _("Update"), STYLE_WARN, update);
    }
    print_status(ctl, _("Devices"), STYLE_PLAIN, devices);
    print_status(ctl, _("Edits"), STYLE_PLAIN, edits);
}

static char *interfaces_text(const Ctl *ctl, const Value *interfaces)
{
    GString *text = g_string_new(NULL);

    VALUE_FOREACH_ENTRY (logical, physical, interfaces)
        g_string_append_printf(text, "%s%s %s %s", text->len > 0 ? ", " : "", logical, term_arrow(&ctl->out),
                               value_is_string(physical) ? value_string(physical) : "?");
    if (text->len == 0)
        g_string_append(text, _("none assigned"));
    return g_string_free(text, FALSE);
}

static bool is_healthy(const Value *properties)
{
    return g_str_equal(dict_text(properties, "Health"), "ok");
}

static void print_service(const Ctl *ctl, const Value *properties)
{
    const char *health = dict_text(properties, "Health");
    bool healthy = is_healthy(properties);
    Style style = healthy ? STYLE_GOOD : STYLE_BAD;

    g_autofree char *version = text_clean(dict_text(properties, "Version"));
    ctl_print("%s%s%s coachiq-configd %s", term_on(&ctl->out, style), term_dot(&ctl->out),
              term_off(&ctl->out, style), version);
    print_status(ctl, _("Health"), style, healthy ? _("ok") : health);
    if (dict_flag(properties, "DevelopmentMode"))
        print_status(ctl, _("Development"), STYLE_WARN,
                     _("coach files and rvc.json come from a folder, not from the bundle"));
}

/* What the service leaves out when it cannot use its database is left out here too; its health says why. */
static void print_state(const Ctl *ctl, const Value *state)
{
    const Value *models = value_map_get(state, "Models");
    const Value *interfaces = value_map_get(state, "Interfaces");
    const Value *active = models_active(models);

    print_service(ctl, state);
    if (active)
        print_active(ctl, active);
    else if (models)
        print_status(ctl, _("Active model"), STYLE_WARN,
                     _("none; choose one with “coachiqctl activate MODEL”"));
    if (value_map_get(state, "Revision")) {
        g_autofree char *revision = g_strdup_printf("%" G_GINT64_FORMAT, dict_number(state, "Revision"));

        print_status(ctl, _("Revision"), STYLE_PLAIN, revision);
    }
    if (interfaces) {
        g_autofree char *text = interfaces_text(ctl, interfaces);

        print_status(ctl, _("Interfaces"), STYLE_PLAIN, text);
    }
}

int verb_status(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = ctl_call(ctl, &error, "Describe", "s", NULL, "");

    if (!reply)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) state = format_parse(item_text(reply, 0));
    if (!value_is_map(state)) {
        sd_bus_error_set(&error, CLIENT_ERROR_PROTOCOL, "JSON");
        return ctl_fail(ctl, &error);
    }
    if (ctl->args.json)
        report_json(ctl, state);
    else
        print_state(ctl, state);
    return is_healthy(state) ? EXIT_OK : EXIT_FAILED;
}

static const TableColumn model_columns[] = {
    {N_("MODEL"), TABLE_LEFT},        {N_("NAME"), TABLE_SHRINK},
    {N_("STATE"), TABLE_LEFT},        {N_("ORIGIN"), TABLE_LEFT},
    {N_("VERSION"), TABLE_SHRINK},    {N_("DATA"), TABLE_HIDE_EMPTY},
    {N_("DEVICES"), TABLE_RIGHT},     {N_("EDITS"), TABLE_RIGHT},
    {N_("UPDATE"), TABLE_HIDE_EMPTY}, {0},
};

static void add_model(Table *table, const Value *model, bool year_unknown)
{
    bool active = dict_flag(model, "Active");
    bool imported = dict_flag(model, "Imported");
    g_autofree char *known = models_title(model);
    g_autofree char *title = year_unknown ? g_strdup_printf(_("%s (year unknown)"), known) : g_strdup(known);

    table_add(table, dict_text(model, "Id"), active ? STYLE_STRONG : STYLE_PLAIN);
    table_add(table, title, STYLE_PLAIN);
    table_add(table,
              active     ? _("active")
              : imported ? _("imported")
                         : _("available"),
              active     ? STYLE_GOOD
              : imported ? STYLE_PLAIN
                         : STYLE_DIM);
    table_add(table, dict_text(model, "Origin"), STYLE_PLAIN);
    table_add(table, dict_text(model, imported ? "ImportedVersion" : "BundledVersion"), STYLE_PLAIN);
    table_add(table, dict_text(model, "DataQuality"), STYLE_PLAIN);
    table_add_format(table, "%" G_GINT64_FORMAT, dict_number(model, "Devices"));
    table_add_format(table, "%" G_GINT64_FORMAT, dict_number(model, "Edits"));
    table_add(table, dict_flag(model, "UpdateAvailable") ? dict_text(model, "BundledVersion") : "",
              STYLE_WARN);
}

/* What a query finds. */
typedef struct Found {
    Value *models;        /* those that match, then those of an unknown year */
    size_t certain;       /* how many come before those */
    unsigned patternless; /* what may be meant as well: nobody knows the VINs */
} Found;

static Found find_models(const Ctl *ctl, const ModelQuery *query, const Value *models)
{
    Found found = {.models = value_new_list()};
    g_autoptr(Value) later = value_new_list();

    VALUE_FOREACH_ITEM (model, models) {
        g_autoptr(GError) error = NULL;

        switch (model_query_match(query, model, &error)) {
        case MODEL_MATCHES:
            value_list_append(&found.models, model);
            break;
        case MODEL_YEAR_UNKNOWN:
            value_list_append(&later, model);
            break;
        case MODEL_PATTERN_NONE:
            found.patternless++;
            break;
        case MODEL_PATTERN_BAD:
            ctl_complain(ctl, "%s: %s", dict_text(model, "Id"), error->message);
            break;
        case MODEL_DIFFERS:
            break;
        }
    }
    found.certain = value_length(found.models);
    VALUE_FOREACH_ITEM (model, later)
        value_list_append(&found.models, model);
    return found;
}

static void print_models(const Ctl *ctl, const Found *found)
{
    g_autoptr(Table) table = table_new(model_columns);
    size_t n = 0;

    VALUE_FOREACH_ITEM (model, found->models)
        add_model(table, model, n++ >= found->certain);
    table_print(table, &ctl->out, stdout);
}

/* What a person should know about what was found, or was not. */
static void advise(const Ctl *ctl, const ModelQuery *query, const Found *found, const Value *models)
{
    if (query->vin[0] && !vin_check_digit_is_right(query->vin))
        ctl_complain(
            ctl,
            _("The check digit of %s is not right. If the coach is from North America, a character is wrong."),
            query->vin);
    if (found->patternless > 0)
        ctl_complain(
            ctl,
            ngettext(
                "%u model has no VIN pattern and may be yours all the same; look for it with --match.",
                "%u models have no VIN pattern and may be yours all the same; look for them with --match.",
                found->patternless),
            found->patternless);
    if (value_length(found->models) == 0 && models_find(models, MODEL_GENERIC))
        ctl_complain(ctl, _("“%s” shows something in any RV-C coach."), MODEL_GENERIC);
}

int verb_models(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(Value) models = NULL, matching = NULL;
    g_auto(ModelQuery) query = {0};

    if (!model_query_init(&query, &ctl->args, &local))
        return ctl_usage(ctl, "%s", local->message);
    models = models_list(ctl, &error);
    if (!models)
        return ctl_fail(ctl, &error);

    Found found = find_models(ctl, &query, models);
    matching = found.models;
    if (ctl->args.json)
        report_json(ctl, matching);
    else
        print_models(ctl, &found);
    if (model_query_is_empty(&query))
        return EXIT_OK;
    int r = report_found(ctl, value_length(matching) > 0);
    if (!ctl->args.json)
        advise(ctl, &query, &found, models);
    return r;
}

/* An empty model makes none active. `done` says what was done. */
static int activate(Ctl *ctl, const char *model, const char *done)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    uint64_t before, change;

    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "SetActiveModel", options, "s", model))
        return ctl_fail(ctl, &error);
    return report_change(ctl, before, change, "%s", done);
}

int verb_activate(Ctl *ctl)
{
    const char *model = ctl_argument(ctl, 0);

    if (ctl->args.none && model)
        return ctl_usage(ctl, _("MODEL and --none exclude each other."));
    if (ctl->args.none)
        return activate(ctl, "", _("No model is active now."));
    /* An empty one is rather a variable that was not set than a wish. */
    if (!model || !*model)
        return ctl_usage(ctl, _("“activate” needs MODEL, or --none to make none active."));

    g_autofree char *clean = text_clean(model);
    g_autofree char *done = g_strdup_printf(_("Activated %s"), clean);
    return activate(ctl, model, done);
}

static const TableColumn interface_columns[] = {
    {N_("LOGICAL"), TABLE_LEFT},
    {N_("PHYSICAL"), TABLE_LEFT},
    {0},
};

static int print_interfaces(Ctl *ctl, const Value *interfaces)
{
    g_autoptr(Table) table = table_new(interface_columns);

    if (ctl->args.json)
        return report_json(ctl, interfaces);
    VALUE_FOREACH_ENTRY (logical, physical, interfaces) {
        table_add(table, logical, STYLE_PLAIN);
        table_add(table, value_is_string(physical) ? value_string(physical) : NULL, STYLE_STRONG);
    }
    if (table_rows(table) == 0)
        fputs(_("No interface is assigned. Assign one with “coachiqctl interface house can0”.\n"), stderr);
    table_print(table, &ctl->out, stdout);
    return EXIT_OK;
}

static int print_interface(Ctl *ctl, const Value *interfaces, const char *logical)
{
    const Value *physical = value_map_get(interfaces, logical);

    if (!physical) {
        ctl_complain(ctl, _("“%s” is not assigned."), logical);
        return EXIT_NOT_FOUND;
    }
    return report_raw(ctl, physical);
}

static int show_interfaces(Ctl *ctl, const char *logical)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) properties = ctl_client(ctl, &error) ? client_properties(ctl->client, &error) : NULL;
    const Value *interfaces;

    if (!properties)
        return ctl_fail(ctl, &error);
    interfaces = value_map_get(properties, "Interfaces");
    if (!value_is_map(interfaces)) {
        sd_bus_error_set(&error, CLIENT_ERROR_PROTOCOL, "Interfaces");
        return ctl_fail(ctl, &error);
    }
    return logical ? print_interface(ctl, interfaces, logical) : print_interfaces(ctl, interfaces);
}

int verb_interface(Ctl *ctl)
{
    const char *logical = ctl_argument(ctl, 0);
    const char *physical = ctl_argument(ctl, 1);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    uint64_t before, change;

    if (!physical)
        return show_interfaces(ctl, logical);

    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autofree char *from = text_clean(logical);
    g_autofree char *to = text_clean(physical);
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "SetInterface", options, "ss", logical, physical))
        return ctl_fail(ctl, &error);
    return report_change(ctl, before, change, "%s %s %s", from, term_arrow(&ctl->out),
                         *to ? to : _("not assigned"));
}
