/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/validate.h"

#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"

#include <string.h>

/* Each pattern is tried with each id, and both are as many as a file has room for. */
#define TRIES_MAX 500000

/* What the checks between components look things up in. */
typedef struct Model {
    const Rules *rules;
    GPtrArray *components;
    GHashTable *by_path; /* path → Component, borrowed */
    Value *dgn_pairs;    /* borrowed, may be NULL */
    guint tries_left;    /* of patterns with ids; what comes after is not checked */
} Model;

static Value *model_get(const Model *model, const char *path)
{
    const Component *component = g_hash_table_lookup(model->by_path, path);

    return component ? component->data : NULL;
}

static bool entity_exists(Model *model, const char *pattern)
{
    g_autofree char *path = NULL;

    if (!strpbrk(pattern, "*?")) {
        path = path_new(PATH_DEVICES, pattern);
        return model_get(model, path) != NULL;
    }

    if (model->tries_left < model->components->len)
        return true;
    model->tries_left -= model->components->len;

    g_autoptr(GPatternSpec) spec = g_pattern_spec_new(pattern);
    for (guint i = 0; i < model->components->len; i++) {
        const Component *component = g_ptr_array_index(model->components, i);
        const char *id =
            path_is_device(component->path) ? value_map_get_string(component->data, "entity_id") : NULL;
        if (id && g_pattern_spec_match_string(spec, id))
            return true;
    }
    return false;
}

/* Scenes and groups name devices in "entities", as text or as a map with an entity_id. */
static void check_references(Model *model, const Component *component, GPtrArray *problems)
{
    Value *entities = value_map_get(component->data, "entities");

    VALUE_FOREACH_ITEM (item, entities) {
        const char *id =
            value_is_string(item) ? value_string(item) : value_map_get_string(item, "entity_id");

        if (id && !entity_exists(model, id))
            problem_add(problems, PROBLEM_WARNING, component->path, "/entities", "there is no device \"%s\"",
                        id);
    }
}

static GHashTable *bound_dgns(Value *keyed)
{
    GHashTable *dgns = g_hash_table_new(NULL, NULL);

    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        uint32_t dgn;
        int instance;

        if (binding_key_parse(key, &dgn, &instance))
            g_hash_table_add(dgns, GUINT_TO_POINTER(dgn));
    }
    return dgns;
}

/* RV-C: a command DGN and its status DGN belong together, so a device that is commanded should be heard too.
 */
static void check_pairs(const Model *model, const Component *component, Value *keyed, GPtrArray *problems)
{
    g_autoptr(GHashTable) bound = NULL;

    if (!rules_check_dgn_pairs(model->rules))
        return;

    bound = bound_dgns(keyed);
    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        g_autofree char *command = g_strndup(key, strcspn(key, ":"));
        const char *status = value_map_get_string(model->dgn_pairs, command);
        uint32_t dgn;

        if (!status || !dgn_parse(status, &dgn) || g_hash_table_contains(bound, GUINT_TO_POINTER(dgn)))
            continue;
        g_autoptr(Value) flat = device_flatten(keyed, key);
        const char *says = value_map_get_string(flat, "status_dgn");
        uint32_t other;
        if (says && dgn_parse(says, &other))
            continue;
        g_autofree char *field = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);
        problem_add(problems, PROBLEM_WARNING, component->path, field,
                    "commanded by %s, but nothing tells its state: no binding at %s and no status_dgn",
                    command, status);
    }
}

static void check_logical_interface(const Model *model, const Component *component, Value *requirements,
                                    GPtrArray *problems)
{
    const char *interface = value_map_get_string(component->data, "interface");
    g_autofree char *path = interface ? path_new("interface_requirements", interface) : NULL;

    if (path && requirements && !model_get(model, path) && !rules_logical_interfaces(model->rules))
        problem_add(problems, PROBLEM_WARNING, component->path, "/interface",
                    "interface \"%s\" is not in interface_requirements", interface);
}

static void check_dgn_pairs_section(const Model *model, GPtrArray *problems)
{
    VALUE_FOREACH_ENTRY (command, status, model->dgn_pairs) {
        g_autoptr(GString) field = g_string_new(NULL);
        uint32_t dgn;

        pointer_append(field, command);
        if (!dgn_parse(command, &dgn) || (value_is_string(status) && !dgn_parse(value_string(status), &dgn)))
            problem_add(problems, PROBLEM_WARNING, "dgn_pairs", field->str,
                        "a pair is a command DGN and a status DGN of 17 bits");
    }
}

static void count_instances(GHashTable *counts, Value *keyed)
{
    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        uint32_t dgn;
        int instance;

        if (!binding_key_parse(key, &dgn, &instance) || instance == INSTANCE_DEFAULT)
            continue;
        GHashTable *instances = g_hash_table_lookup(counts, GUINT_TO_POINTER(dgn));
        if (!instances) {
            instances = g_hash_table_new(NULL, NULL);
            g_hash_table_insert(counts, GUINT_TO_POINTER(dgn), instances);
        }
        g_hash_table_add(instances, GINT_TO_POINTER(instance + 1));
    }
}

static int compare_dgns(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? -1 : 1;
}

static void check_instance_counts(const Model *model, GHashTable *counts, GPtrArray *problems)
{
    g_autoptr(GList) dgns = g_list_sort(g_hash_table_get_keys(counts), compare_dgns);

    for (GList *l = dgns; l; l = l->next) {
        guint n = g_hash_table_size(g_hash_table_lookup(counts, l->data));

        if (n > rules_max_instances(model->rules))
            problem_add(problems, PROBLEM_WARNING, "validation_rules/entity_validation",
                        "/max_instances_per_dgn",
                        "DGN %05X has %u instances, the coach file allows %" G_GINT64_FORMAT,
                        GPOINTER_TO_UINT(l->data), n, rules_max_instances(model->rules));
    }
}

static bool has_section(GPtrArray *components, const char *prefix)
{
    for (guint i = 0; i < components->len; i++)
        if (g_str_has_prefix(((const Component *) g_ptr_array_index(components, i))->path, prefix))
            return true;
    return false;
}

static GPtrArray *problems_of(const Rules *rules, GPtrArray *components)
{
    GPtrArray *problems = problem_list_new();
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) counts =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
    g_autoptr(Value) yes = value_new_boolean(true);
    Value *requirements = has_section(components, "interface_requirements/") ? yes : NULL;
    Model model = {.rules = rules, .components = components, .by_path = by_path, .tries_left = TRIES_MAX};

    for (guint i = 0; i < components->len; i++) {
        Component *component = g_ptr_array_index(components, i);
        g_hash_table_insert(by_path, component->path, component);
    }
    model.dgn_pairs = model_get(&model, "dgn_pairs");

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);

        rules_check_component(rules, component->path, component->data, problems);
        if (!path_is_device(component->path)) {
            check_references(&model, component, problems);
            continue;
        }
        g_autoptr(Value) keyed = device_to_keyed(component->data, NULL);
        check_pairs(&model, component, keyed, problems);
        check_logical_interface(&model, component, requirements, problems);
        count_instances(counts, keyed);
        if (value_length(value_map_get(keyed, DEVICE_BINDINGS)) == 0)
            problem_add(problems, PROBLEM_WARNING, component->path, "/" DEVICE_BINDINGS,
                        "the device has no binding, so no decoder will find it");
    }
    check_dgn_pairs_section(&model, problems);
    check_instance_counts(&model, counts, problems);
    return problems;
}

static char *problem_key(const Problem *problem)
{
    return g_strjoin("\n", problem->path, problem->field, problem->message, NULL);
}

void validate_model(const Rules *rules, GPtrArray *vendor, GPtrArray *effective, GPtrArray *problems)
{
    g_autoptr(GPtrArray) old = problems_of(rules, vendor);
    g_autoptr(GPtrArray) now = problems_of(rules, effective);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < old->len; i++)
        g_hash_table_add(known, problem_key(g_ptr_array_index(old, i)));
    for (guint i = 0; i < now->len; i++) {
        const Problem *problem = g_ptr_array_index(now, i);
        g_autofree char *key = problem_key(problem);

        problem_add(problems, g_hash_table_contains(known, key) ? PROBLEM_WARNING : PROBLEM_ERROR,
                    problem->path, problem->field, "%s", problem->message);
    }
}
