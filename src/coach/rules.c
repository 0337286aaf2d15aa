/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/rules.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/override.h"
#include "coach/path.h"

#include <string.h>

#define ENTITY_ID "entity_id"
/* Anybody who brings a file writes the pattern, and one like "(a+)+$" would be tried for minutes. One for
 * ids takes some dozen steps. */
#define PATTERN_LIMIT "(*LIMIT_MATCH=2000)"
#define PATTERN_LENGTH_MAX 1024
/* Each is checked with each entry of each device. A longer list is no rule. */
#define LIST_MAX 1000
#define REQUIRED_MAX 100
#define NAME_LENGTH_MAX 512

struct Rules {
    Value *metadata;   /* file_metadata */
    Value *entity;     /* validation_rules/entity_validation */
    Value *interface;  /* validation_rules/interface_validation */
    Value *config;     /* validation_rules/config_validation */
    Value *integrity;  /* validation_rules/integrity_validation */
    GRegex *entity_id; /* entity_validation/entity_id_pattern */
};

static Value *child(Value *map, const char *key)
{
    Value *value = value_map_get(map, key);

    return value ? value_ref(value) : NULL;
}

static const char *entity_id_pattern(const Rules *rules)
{
    return value_map_get_string(rules->entity, "entity_id_pattern");
}

static GRegex *make_pattern(const char *pattern)
{
    g_autofree char *bounded = NULL;

    /* "(*" at its beginning would set another limit. */
    if (!pattern || strlen(pattern) > PATTERN_LENGTH_MAX || g_str_has_prefix(pattern, "(*"))
        return NULL;
    bounded = g_strconcat(PATTERN_LIMIT, pattern, NULL);
    return g_regex_new(bounded, G_REGEX_DOLLAR_ENDONLY | G_REGEX_ANCHORED, 0, NULL);
}

Rules *rules_new(Value *file_metadata, Value *validation_rules)
{
    Rules *rules = g_new0(Rules, 1);

    rules->metadata = file_metadata ? value_ref(file_metadata) : NULL;
    rules->entity = child(validation_rules, "entity_validation");
    rules->interface = child(validation_rules, "interface_validation");
    rules->config = child(validation_rules, "config_validation");
    rules->integrity = child(validation_rules, "integrity_validation");

    rules->entity_id = make_pattern(entity_id_pattern(rules));
    return rules;
}

Rules *rules_new_from_components(GPtrArray *components)
{
    g_autoptr(Value) metadata = coach_file_section(components, "file_metadata");
    g_autoptr(Value) validation = coach_file_section(components, "validation_rules");

    return rules_new(metadata, validation);
}

void rules_free(Rules *rules)
{
    if (!rules)
        return;
    g_clear_pointer(&rules->metadata, value_unref);
    g_clear_pointer(&rules->entity, value_unref);
    g_clear_pointer(&rules->interface, value_unref);
    g_clear_pointer(&rules->config, value_unref);
    g_clear_pointer(&rules->integrity, value_unref);
    g_clear_pointer(&rules->entity_id, g_regex_unref);
    g_free(rules);
}

static void problem_free(Problem *problem)
{
    g_free(problem->path);
    g_free(problem->field);
    g_free(problem->message);
    g_free(problem);
}

GPtrArray *problem_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) problem_free);
}

void problem_add(GPtrArray *problems, const char *severity, const char *path, const char *field,
                 const char *format, ...)
{
    Problem *problem;
    va_list arguments;

    if (problems->len >= PROBLEMS_MAX)
        return;
    problem = g_new0(Problem, 1);
    va_start(arguments, format);
    problem->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    problem->severity = severity;
    problem->path = g_strdup(path);
    problem->field = g_strdup(field);
    g_ptr_array_add(problems, problem);
}

static bool problem_list_contains(GPtrArray *problems, const Problem *problem)
{
    for (guint i = 0; i < problems->len; i++) {
        const Problem *other = g_ptr_array_index(problems, i);
        if (g_str_equal(other->path, problem->path) && g_str_equal(other->field, problem->field) &&
            g_str_equal(other->message, problem->message))
            return true;
    }
    return false;
}

static bool list_contains(Value *list, const char *text)
{
    VALUE_FOREACH_ITEM (item, list)
        if (value_is_string(item) && g_str_equal(value_string(item), text))
            return true;
    return false;
}

static bool flag(Value *map, const char *key, bool otherwise)
{
    Value *value = value_map_get(map, key);

    return value && value_type(value) == VALUE_BOOLEAN ? value_boolean(value) : otherwise;
}

static Value *bounded_list(Value *map, const char *key, size_t most)
{
    Value *list = value_map_get(map, key);

    return value_is_list(list) && value_length(list) <= most ? list : NULL;
}

Value *rules_logical_interfaces(const Rules *rules)
{
    return bounded_list(rules->interface, "allowed_logical_interfaces", LIST_MAX);
}

bool rules_check_dgn_pairs(const Rules *rules)
{
    return flag(rules->integrity, "check_dgn_pairs", true);
}

int64_t rules_max_instances(const Rules *rules)
{
    Value *value = value_map_get(rules->entity, "max_instances_per_dgn");

    return value && value_type(value) == VALUE_INTEGER ? value_integer(value) : INSTANCE_MAX + 1;
}

/* Components */

static void check_interface(const Rules *rules, const char *path, const char *field, const char *name,
                            GPtrArray *problems)
{
    Value *logical = rules_logical_interfaces(rules);
    Value *physical = bounded_list(rules->interface, "allowed_physical_interfaces", LIST_MAX);
    bool logical_only = flag(rules->interface, "require_logical_interfaces", false);

    if (!logical || list_contains(logical, name) || (!logical_only && list_contains(physical, name)))
        return;
    problem_add(problems, PROBLEM_WARNING, path, field,
                "interface \"%s\" is none of those that the coach file allows%s", name,
                list_contains(physical, name) ? " (it asks for logical names, not physical ones)" : "");
}

static void check_required(const Rules *rules, const char *path, const char *prefix, Value *flat,
                           GPtrArray *problems)
{
    Value *required_fields = bounded_list(rules->entity, "required_fields", REQUIRED_MAX);

    VALUE_FOREACH_ITEM (required, required_fields) {
        Value *value = value_is_string(required) ? value_map_get(flat, value_string(required)) : NULL;

        if (!value_is_string(required) || strlen(value_string(required)) > NAME_LENGTH_MAX ||
            (value && value_type(value) != VALUE_NULL))
            continue;
        g_autoptr(GString) field = g_string_new(prefix);
        pointer_append(field, value_string(required));
        problem_add(problems, PROBLEM_WARNING, path, field->str, "required field \"%s\" is missing",
                    value_string(required));
    }
}

/* The fields that the rules speak of, as one entry has them. `prefix` is "" or the binding's pointer. */
static void check_entry(const Rules *rules, const char *path, const char *prefix, Value *flat,
                        GPtrArray *problems)
{
    const char *type = value_map_get_string(flat, "device_type"),
               *interface = value_map_get_string(flat, "interface");
    Value *types = bounded_list(rules->entity, "supported_device_types", LIST_MAX);

    check_required(rules, path, prefix, flat, problems);
    if (type && value_is_list(types) && !list_contains(types, type)) {
        g_autofree char *field = g_strconcat(prefix, "/device_type", NULL);
        problem_add(problems, PROBLEM_WARNING, path, field,
                    "device type \"%s\" is none of those that the coach file supports", type);
    }
    if (interface) {
        g_autofree char *field = g_strconcat(prefix, "/interface", NULL);
        check_interface(rules, path, field, interface, problems);
    }
}

typedef void (*EntryCheck)(const Rules *rules, const char *path, const char *prefix, Value *flat,
                           GPtrArray *problems);

/* A problem of the shared fields shows at every binding; say it once. */
static void check_bindings(const Rules *rules, const char *path, Value *keyed, EntryCheck check,
                           GPtrArray *problems)
{
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        g_autoptr(GPtrArray) found = problem_list_new();
        g_autoptr(Value) flat = device_flatten(keyed, key);

        check(rules, path, "", flat, found);
        for (guint i = 0; i < found->len; i++) {
            const Problem *problem = g_ptr_array_index(found, i);
            g_auto(GStrv) tokens = pointer_split(problem->field, NULL);
            g_autofree char *field = NULL;

            if (tokens && value_get(fields, (const char *const *) tokens))
                field = g_strdup_printf("/" DEVICE_BINDINGS "/%s%s", key, problem->field);
            else
                field = g_strdup(problem->field);
            char *once = g_strconcat(field, "\n", problem->message, NULL);
            if (g_hash_table_add(said, once))
                problem_add(problems, problem->severity, path, field, "%s", problem->message);
        }
    }
}

static void check_entries(const Rules *rules, const char *path, Value *component, EntryCheck check,
                          GPtrArray *problems)
{
    g_autoptr(Value) keyed = device_to_keyed(component, NULL);

    if (value_length(value_map_get(keyed, DEVICE_BINDINGS)) > 0)
        check_bindings(rules, path, keyed, check, problems);
    else
        check(rules, path, "", component, problems);
}

/* A pattern that does not come to an end tells nothing of the id. */
static bool has_the_form(const Rules *rules, const char *id)
{
    g_autoptr(GError) error = NULL;

    return !rules->entity_id || g_regex_match_full(rules->entity_id, id, -1, 0, 0, NULL, &error) || error;
}

static void check_entity_id(const Rules *rules, const char *path, Value *component, GPtrArray *problems)
{
    const char *id = value_map_get_string(component, ENTITY_ID);

    if (id && !has_the_form(rules, id))
        problem_add(problems, PROBLEM_WARNING, path, "/" ENTITY_ID,
                    "\"%s\" does not have the form that the coach file asks for, %s", id,
                    entity_id_pattern(rules));
}

void rules_check_component(const Rules *rules, const char *path, Value *component, GPtrArray *problems)
{
    if (!path_is_device(path))
        return;
    check_entity_id(rules, path, component, problems);
    check_entries(rules, path, component, check_entry, problems);
}

GPtrArray *rules_missing_fields(const Rules *rules, const char *path, Value *component)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) problems = problem_list_new();

    if (path_is_device(path))
        check_entries(rules, path, component, check_required, problems);
    for (guint i = 0; i < problems->len; i++)
        g_ptr_array_add(fields, g_strdup(((const Problem *) g_ptr_array_index(problems, i))->field));
    return fields;
}

/* Edits */

/* The name by which a rule calls a field: its first token, at a binding the one after the binding's key; a
 * binding itself is "bindings". Free with g_free(). */
static char *field_name(const char *path, const char *field)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);

    if (!tokens || !tokens[0])
        return g_strdup("");
    if (path_is_device(path) && g_str_equal(tokens[0], DEVICE_BINDINGS) && tokens[1] && tokens[2])
        return g_strdup(tokens[2]);
    return g_strdup(tokens[0]);
}

/* Where a device lives is immutable when the file says so of its instance or DGN. */
static const char *immutable_name(const Rules *rules, const char *name)
{
    Value *immutable = value_map_get(rules->metadata, "immutable_fields");
    static const char *const address[] = {"instance", "dgn_hex", "dgn", NULL};

    if (list_contains(immutable, name))
        return name;
    for (guint i = 0; g_str_equal(name, DEVICE_BINDINGS) && address[i]; i++)
        if (list_contains(immutable, address[i]))
            return address[i];
    return NULL;
}

static bool check_field(const Rules *rules, const char *path, Value *vendor, const char *field, bool force,
                        GError **error)
{
    g_autofree char *name = field_name(path, field);
    const char *immutable = immutable_name(rules, name);
    Value *editable = value_map_get(rules->metadata, "runtime_editable_fields");

    if (path_is_device(path) && g_str_equal(field, "/" ENTITY_ID)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE,
                    "%s: \"" ENTITY_ID "\" is the name of the device and cannot be edited", path);
        return false;
    }
    if (immutable && vendor) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE,
                    "%s%s: the coach file says that \"%s\" is immutable", path, field, immutable);
        return false;
    }
    if (vendor && path_is_device(path) && value_is_list(editable) && !force &&
        !list_contains(editable, name)) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE,
            "%s%s: \"%s\" is none of the fields that the coach file means to be edited (runtime_editable_fields); the option \"force\" "
            "edits it all the same",
            path, field, name);
        return false;
    }
    return true;
}

/* Whether an edit that changed these fields changed this one, or what is around it. */
static bool touches(GPtrArray *changed, const char *field)
{
    for (guint i = 0; i < changed->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(changed, i);
        size_t length = strlen(diff->field);

        if (strncmp(field, diff->field, length) == 0 && (field[length] == '/' || field[length] == 0))
            return true;
    }
    return false;
}

/* A binding that was unset and comes back is the vendor's again: what is immutable in it has to be as the
 * vendor has it. */
static bool check_against_vendor(const Rules *rules, const char *path, Value *vendor, Value *after,
                                 GPtrArray *changed, GError **error)
{
    g_autoptr(GPtrArray) diffs = NULL;

    if (!vendor || !path_is_device(path) || changed->len == 0)
        return true;
    diffs = component_diff(path, vendor, after);
    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        g_autofree char *name = field_name(path, diff->field);
        const char *immutable = immutable_name(rules, name);

        if (!immutable || !touches(changed, diff->field))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE,
                    "%s%s: the coach file says that \"%s\" is immutable", path, diff->field, immutable);
        return false;
    }
    return true;
}

static bool check_fields(const Rules *rules, const char *path, Value *vendor, Value *before, Value *after,
                         GPtrArray *fields, bool force, GError **error)
{
    g_autoptr(GPtrArray) diffs = NULL;

    /* What comes back after it was deleted is an edit of the vendor's. */
    if (!before)
        before = vendor;
    for (guint i = 0; before && i < fields->len; i++)
        if (!check_field(rules, path, vendor, g_ptr_array_index(fields, i), force, error))
            return false;
    if (!before || !after)
        return true;

    diffs = component_diff(path, before, after);
    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        g_autoptr(Value) at_vendor = component_get_field(path, vendor, diff->field);

        /* One may always go back to what the vendor has. */
        if (!value_equal(at_vendor, diff->after) &&
            !check_field(rules, path, vendor, diff->field, force, error))
            return false;
    }
    return check_against_vendor(rules, path, vendor, after, diffs, error);
}

/* What a binding must not have for itself: then it would be the entry of another device, or none that a
 * coach file can have. */
static bool check_own_fields(const char *path, const char *id, Value *keyed, GError **error)
{
    g_autoptr(Value) type = NULL;

    VALUE_FOREACH_ENTRY (key, own, value_map_get(keyed, DEVICE_BINDINGS)) {
        g_autoptr(Value) flat = device_flatten(keyed, key);
        Value *own_id = value_map_get(own, ENTITY_ID), *own_type = value_map_get(flat, "device_type");
        const char *field = NULL;

        if (own_id && !(value_is_string(own_id) && g_str_equal(value_string(own_id), id)))
            field = ENTITY_ID;
        else if (value_map_get(own, DEVICE_BINDINGS))
            field = DEVICE_BINDINGS;
        else if (own_type && type && !value_equal(own_type, type))
            field = "device_type";
        if (field) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                        "%s/" DEVICE_BINDINGS "/%s: a binding cannot have a \"%s\" of its own", path, key,
                        field);
            return false;
        }
        if (own_type && !type)
            type = value_ref(own_type);
    }
    return true;
}

/* A section that has nothing but maps in it is divided when its file is read, so each needs a possible name.
 */
static bool check_children(const char *path, Value *after, GError **error)
{
    g_autofree char *section = NULL, *child = NULL;

    if (!path_split(path, &section, &child, error))
        return false;
    if (child || !coach_file_section_is_divided(after))
        return true;
    VALUE_FOREACH_ENTRY (key, member, after) {
        g_autofree char *inner = path_new(section, key);

        if (path_split(inner, NULL, NULL, NULL))
            continue;
        g_autofree char *quoted = json_quote(key);
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: a section of maps has a component for each, and none can be called %s", path,
                    quoted);
        return false;
    }
    return true;
}

static bool check_identity(const char *path, Value *after, GError **error)
{
    g_autofree char *id = NULL;
    const char *field;

    if (!path_is_device(path))
        return check_children(path, after, error);
    if (!path_split(path, NULL, &id, NULL))
        return true;
    if (!value_is_map(after)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: a device is an object, this is a %s", path, value_type_name(value_type(after)));
        return false;
    }
    field = value_map_get_string(after, ENTITY_ID);
    if (!field || !g_str_equal(field, id)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: \"" ENTITY_ID "\" has to be \"%s\", as the path says", path, id);
        return false;
    }
    g_autoptr(Value) keyed = device_to_keyed(after, error);
    return keyed && check_own_fields(path, id, keyed, error);
}

bool rules_check_edit(const Rules *rules, const char *path, Value *vendor, Value *before, Value *after,
                      GPtrArray *fields, bool force, GError **error)
{
    g_autoptr(GPtrArray) old = problem_list_new();
    g_autoptr(GPtrArray) new = problem_list_new();

    if (!flag(rules->config, "allow_runtime_modification", true)) {
        g_set_error_literal(
            error, CONFIG_ERROR, CONFIG_ERROR_IMMUTABLE,
            "The coach file does not allow edits (validation_rules: allow_runtime_modification is false)");
        return false;
    }
    if (after && !value_is_map(after) && (!before || value_is_map(before))) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: a component is a JSON object, this is a %s", path,
                    value_type_name(value_type(after)));
        return false;
    }
    if (!check_fields(rules, path, vendor, before, after, fields, force, error))
        return false;
    if (!after)
        return true;
    if (!check_identity(path, after, error))
        return false;

    /* What was wrong before, or is so in the vendor's own data, is no fault of this edit. */
    if (before)
        rules_check_component(rules, path, before, old);
    if (vendor)
        rules_check_component(rules, path, vendor, old);
    rules_check_component(rules, path, after, new);
    for (guint i = 0; i < new->len; i++) {
        const Problem *problem = g_ptr_array_index(new, i);

        if (problem_list_contains(old, problem))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "%s%s: %s", problem->path,
                    problem->field, problem->message);
        return false;
    }
    return true;
}

bool rules_check_interface(const Rules *rules, const char *logical, const char *physical, GError **error)
{
    Value *physicals = bounded_list(rules->interface, "allowed_physical_interfaces", LIST_MAX);
    Value *logicals = rules_logical_interfaces(rules);

    if (logicals && !list_contains(logicals, logical)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is none of the logical interfaces that the coach file allows", logical);
        return false;
    }
    if (physical[0] && value_is_list(physicals) && !list_contains(physicals, physical)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is none of the network interfaces that the coach file allows", physical);
        return false;
    }
    return true;
}
