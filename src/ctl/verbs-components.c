/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-components.c: show, get, find, lookup, validate. */

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/component.h"
#include "ctl/explain.h"
#include "ctl/format.h"
#include "ctl/input.h"
#include "ctl/outline.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

/* (path, data, source, revision) as the service gives them, with the data taken apart. */
static Value *mapping_object(const Value *mapping)
{
    Value *object = value_new_map();
    Value *data = format_parse(item_text(mapping, 1));

    value_map_set(&object, "path", value_list_item(mapping, 0));
    value_map_set(&object, "source", value_list_item(mapping, 2));
    value_map_set(&object, "revision", value_list_item(mapping, 3));
    value_map_take(&object, "data", data ? data : value_new_null());
    return object;
}

static Value *mapping_objects(const Value *mappings)
{
    Value *objects = value_new_list();

    VALUE_FOREACH_ITEM (mapping, mappings)
        value_list_take(&objects, mapping_object(mapping));
    return objects;
}

static const TableColumn mapping_columns[] = {
    {N_("PATH"), TABLE_LEFT},
    {N_("NAME"), TABLE_SHRINK},
    {N_("SOURCE"), TABLE_LEFT},
    {N_("AREA"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("BINDINGS"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("DATA"), TABLE_HIDE_EMPTY},
    {0},
};

/* What its file is not sure of should look so wherever somebody reads it. */
static void add_certainty(Table *table, const Value *data)
{
    table_add(table, dict_denies(data, "verified") ? _("unverified") : "", STYLE_WARN);
}

static void add_mapping(Table *table, const Value *object)
{
    const Value *data = value_map_get(object, "data");
    const char *source = dict_text(object, "source");
    g_autofree char *bindings = component_bindings(data);

    table_add(table, dict_text(object, "path"), STYLE_PLAIN);
    table_add(table, component_name(data), STYLE_PLAIN);
    table_add(table, source, g_str_equal(source, "user") ? STYLE_EDITED : STYLE_PLAIN);
    table_add(table, dict_text(data, "area"), STYLE_PLAIN);
    table_add(table, bindings, STYLE_PLAIN);
    add_certainty(table, data);
}

static int print_mappings(Ctl *ctl, const Value *mappings)
{
    g_autoptr(Value) objects = mapping_objects(mappings);
    g_autoptr(Table) table = table_new(mapping_columns);

    if (ctl->args.json)
        report_json(ctl, objects);
    else {
        VALUE_FOREACH_ITEM (object, objects)
            add_mapping(table, object);
        table_print(table, &ctl->out, stdout);
    }
    return report_found(ctl, value_length(objects) > 0);
}

static int list_components(Ctl *ctl, const char *prefix)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) mappings = paths_mappings(ctl, prefix, &error);

    return mappings ? print_mappings(ctl, mappings) : ctl_fail(ctl, &error);
}

/* Whether a word names a section with components in it, "devices" or "devices/". */
static char *section_prefix(Ctl *ctl, const char *word)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    const char *slash = strchr(word, '/');
    g_autofree char *prefix = slash ? g_strdup(word) : g_strconcat(word, "/", NULL);
    g_autoptr(CallOptions) options = call_options_new();

    if (slash && slash[1])
        return NULL;
    call_options_text(options, "prefix", prefix);
    call_options_u32(options, "limit", 1);

    g_autoptr(Value) reply = ctl_call(ctl, &error, "GetMappings", "a(ssst)s", options, "s", ctl->args.model);
    return reply && value_length(value_list_item(reply, 0)) > 0 ? g_steal_pointer(&prefix) : NULL;
}

/* What GetMapping says of ctl->path, in the order of the GetMappings rows. */
static Value *get_mapping(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(Value) reply =
        ctl_call(ctl, error, "GetMapping", "sst", NULL, "ss", ctl->args.model, ctl->path);
    Value *mapping;

    if (!reply)
        return NULL;
    mapping = value_new_list();
    value_list_take(&mapping, value_new_string(ctl->path));
    VALUE_FOREACH_ITEM (argument, reply)
        value_list_append(&mapping, argument);
    return mapping;
}

static const char *source_words(const char *source)
{
    static const struct {
        const char *source;
        const char *words;
    } table[] = {
        {"factory", N_("as the vendor ships it")},
        {"import", N_("as in the imported file")},
        {"user", N_("edited")},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (g_str_equal(source, table[i].source))
            return _(table[i].words);
    }
    return source;
}

static int print_component(Ctl *ctl, const Value *object, const Value *explanation)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GHashTable) remarks = explain_remarks(explanation);
    /* Translators: a path, what source_words() says of where it is from, a number */
    g_autofree char *head =
        g_strdup_printf(_("# %s, %s, revision %" PRId64), dict_text(object, "path"),
                        source_words(dict_text(object, "source")), dict_number(object, "revision"));
    g_autofree char *styled = term_styled(&ctl->out, STYLE_DIM, head);

    g_string_append_printf(out, "%s\n", styled);
    outline_append(out, &ctl->out, value_map_get(object, "data"), remarks);
    explain_append_removed(out, &ctl->out, explanation);
    fputs(out->str, stdout);
    return EXIT_OK;
}

static int show_component(Ctl *ctl, const char *word)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) mapping = NULL;
    g_autoptr(Value) explanation = NULL;
    int code = paths_resolve(ctl, word);

    if (code != EXIT_OK)
        return code;
    mapping = get_mapping(ctl, &error);
    if (!mapping)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) object = mapping_object(mapping);
    if (ctl->args.json)
        return report_json(ctl, object);
    /* Only what was edited is worth a remark. */
    if (g_str_equal(dict_text(object, "source"), "user") && !(explanation = explain_fetch(ctl, &error)))
        return ctl_fail(ctl, &error);
    return print_component(ctl, object, explanation);
}

int verb_show(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    g_autofree char *prefix = NULL;

    if (!word)
        return list_components(ctl, "");
    prefix = section_prefix(ctl, word);
    return prefix ? list_components(ctl, prefix) : show_component(ctl, word);
}

int verb_get(Ctl *ctl)
{
    const char *field = ctl_argument(ctl, 1);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    const Value *value;
    int code = paths_resolve(ctl, ctl_argument(ctl, 0));

    if (code != EXIT_OK)
        return code;
    ctl->field = input_field(field ? field : "");

    g_autoptr(Value) mapping = get_mapping(ctl, &error);
    if (!mapping)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) data = format_parse(item_text(mapping, 1));
    value = component_field(data, ctl->field);
    if (value)
        return report_raw(ctl, value);
    sd_bus_error_setf(&error, SERVICE_ERROR "NoSuchField", _("%s has no field %s."), ctl->path, ctl->field);
    return ctl_fail(ctl, &error);
}

int verb_find_components(Ctl *ctl)
{
    const char *text = ctl_argument(ctl, 0);
    const Args *args = &ctl->args;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) query = call_options_new();

    if (text && args->text)
        return ctl_usage(ctl, _("The text is given twice."));
    call_options_text(query, "text", text ? text : args->text);
    call_options_text(query, "dgn", args->dgn);
    call_options_text(query, "instance", args->instance);
    call_options_text(query, "device-type", args->type);
    call_options_text(query, "area", args->area);
    call_options_text(query, "interface", args->interface);

    g_autoptr(Value) reply = ctl_call(ctl, &error, "FindMappings", "a(ssst)", query, "s", args->model);
    return reply ? print_mappings(ctl, value_list_item(reply, 0)) : ctl_fail(ctl, &error);
}

static const TableColumn lookup_columns[] = {
    {N_("PATH"), TABLE_LEFT},
    {N_("NAME"), TABLE_SHRINK},
    {N_("TYPE"), TABLE_LEFT},
    {N_("AREA"), TABLE_SHRINK},
    {N_("INTERFACE"), TABLE_SHRINK},
    {N_("COMMAND"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("MESSAGE"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("DATA"), TABLE_HIDE_EMPTY},
    {0},
};

static Value *device_objects(const Value *devices)
{
    Value *objects = value_new_list();

    VALUE_FOREACH_ITEM (device, devices) {
        Value *object = value_new_map();
        Value *data = format_parse(item_text(device, 1));

        value_map_set(&object, "path", value_list_item(device, 0));
        value_map_take(&object, "data", data ? data : value_new_null());
        value_list_take(&objects, object);
    }
    return objects;
}

/* "house → can0" */
static char *interface_text(const Ctl *ctl, const Value *device)
{
    const char *logical = dict_text(device, "interface");
    const char *physical = dict_text(device, "physical_interface");

    return *physical ? g_strdup_printf("%s %s %s", logical, term_arrow(&ctl->out), physical)
                     : g_strdup(logical);
}

static int print_devices(Ctl *ctl, const Value *devices)
{
    g_autoptr(Value) objects = device_objects(devices);
    g_autoptr(Table) table = table_new(lookup_columns);

    if (ctl->args.json) {
        report_json(ctl, objects);
        return report_found(ctl, value_length(objects) > 0);
    }
    VALUE_FOREACH_ITEM (object, objects) {
        const Value *data = value_map_get(object, "data");
        g_autofree char *interface = interface_text(ctl, data);

        table_add(table, dict_text(object, "path"), STYLE_PLAIN);
        table_add(table, component_name(data), STYLE_PLAIN);
        table_add(table, dict_text(data, "device_type"), STYLE_PLAIN);
        table_add(table, dict_text(data, "area"), STYLE_PLAIN);
        table_add(table, interface, STYLE_PLAIN);
        table_add(table, dict_text(data, "command_type"), STYLE_PLAIN);
        table_add(table, dict_text(data, "dgn_name"), STYLE_PLAIN);
        add_certainty(table, data);
    }
    table_print(table, &ctl->out, stdout);
    return report_found(ctl, value_length(objects) > 0);
}

int verb_lookup(Ctl *ctl)
{
    const char *first = ctl_argument(ctl, 0);
    const char *second = ctl_argument(ctl, 1);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    uint8_t instance;
    uint32_t dgn;

    if (second && !input_dgn(first, &dgn))
        return ctl_usage(ctl, _("“%s” is not a DGN of at most 17 bits in hexadecimal."), first);
    if (!second && !input_binding(first, &dgn, &instance))
        return ctl_usage(
            ctl, _("“%s” is not a DGN of at most 17 bits in hexadecimal, with an instance: “1FEDA:25”."),
            first);
    if (second && !input_instance(second, &instance))
        return ctl_usage(ctl, _("“%s” is not an instance from 0 to 255."), second);

    g_autoptr(Value) reply =
        ctl_call(ctl, &error, "Lookup", "a(ss)", NULL, "suy", ctl->args.model, dgn, instance);
    return reply ? print_devices(ctl, value_list_item(reply, 0)) : ctl_fail(ctl, &error);
}

static const TableColumn problem_columns[] = {
    {N_("SEVERITY"), TABLE_LEFT},
    {N_("PATH"), TABLE_LEFT},
    {N_("FIELD"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {N_("PROBLEM"), TABLE_LEFT},
    {0},
};

static Value *problem_objects(const Value *problems)
{
    static const char *const keys[] = {"severity", "path", "field", "message"};
    Value *objects = value_new_list();

    VALUE_FOREACH_ITEM (problem, problems) {
        Value *object = value_new_map();

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
            value_map_set(&object, keys[i], value_list_item(problem, i));
        value_list_take(&objects, object);
    }
    return objects;
}

static void print_problems(Ctl *ctl, const Value *objects, unsigned n_errors)
{
    g_autoptr(Table) table = table_new(problem_columns);
    unsigned n_warnings = (unsigned) value_length(objects) - n_errors;

    VALUE_FOREACH_ITEM (object, objects) {
        const char *severity = dict_text(object, "severity");

        table_add(table, severity, g_str_equal(severity, "error") ? STYLE_BAD : STYLE_WARN);
        table_add(table, dict_text(object, "path"), STYLE_PLAIN);
        table_add(table, dict_text(object, "field"), STYLE_PLAIN);
        table_add(table, dict_text(object, "message"), STYLE_PLAIN);
    }
    table_print(table, &ctl->out, stdout);
    if (value_length(objects) == 0) {
        ctl_print(_("The configuration keeps all its rules."));
        return;
    }

    g_autofree char *errors = g_strdup_printf(ngettext("%u error", "%u errors", n_errors), n_errors);
    g_autofree char *warnings =
        g_strdup_printf(ngettext("%u warning", "%u warnings", n_warnings), n_warnings);
    ctl_print("\n%s, %s", errors, warnings);
}

int verb_validate(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = ctl_call(ctl, &error, "Validate", "a(ssss)", NULL, "s", ctl->args.model);
    unsigned n_errors = 0;

    if (!reply)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) objects = problem_objects(value_list_item(reply, 0));
    VALUE_FOREACH_ITEM (object, objects) {
        if (g_str_equal(dict_text(object, "severity"), "error"))
            n_errors++;
    }
    if (ctl->args.json)
        report_json(ctl, objects);
    else
        print_problems(ctl, objects, n_errors);
    return n_errors > 0 ? EXIT_FAILED : EXIT_OK;
}
