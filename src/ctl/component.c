/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* component.c: names, bindings and fields of a component. */

#include "ctl/component.h"

#include "base/pointer.h"

const char *component_name(const Value *component)
{
    static const char *const fields[] = {"friendly_name", "name", "display_name"};

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *name = value_map_get_string(component, fields[i]);

        if (name)
            return name;
    }
    return "";
}

char *binding_key(const Value *binding)
{
    const char *dgn = value_map_get_string(binding, "dgn");
    const Value *instance = value_map_get(binding, "instance");

    dgn = dgn ? dgn : "?";
    if (value_is_string(instance))
        return g_strdup_printf("%s:%s", dgn, value_string(instance));
    if (instance && value_type(instance) == VALUE_INTEGER)
        return g_strdup_printf("%s:%" G_GINT64_FORMAT, dgn, value_integer(instance));
    return g_strdup_printf("%s:?", dgn);
}

char *component_bindings(const Value *component)
{
    const Value *bindings = value_map_get(component, "bindings");
    GString *out = g_string_new(NULL);

    VALUE_FOREACH_ITEM (binding, bindings) {
        g_autofree char *key = binding_key(binding);

        g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", key);
    }
    return g_string_free(out, FALSE);
}

static const Value *binding_named(const Value *bindings, const char *name)
{
    VALUE_FOREACH_ITEM (binding, bindings) {
        g_autofree char *key = binding_key(binding);

        if (g_ascii_strcasecmp(key, name) == 0)
            return binding;
    }
    return NULL;
}

const Value *component_field(const Value *component, const char *field)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    const Value *value = tokens ? component : NULL;

    for (unsigned i = 0; value && tokens[i]; i++) {
        if (i == 1 && value_is_list(value) && g_str_equal(tokens[0], "bindings"))
            value = binding_named(value, tokens[i]);
        else
            value = value_map_get(value, tokens[i]);
    }
    return value;
}

static void add_field(GPtrArray *fields, const char *parent, const char *name, const Value *value);

static void add_members(GPtrArray *fields, const char *pointer, const Value *map)
{
    if (!value_is_map(map))
        return;
    VALUE_FOREACH_ENTRY (name, item, map)
        add_field(fields, pointer, name, item);
}

static void add_field(GPtrArray *fields, const char *parent, const char *name, const Value *value)
{
    GString *pointer = g_string_new(parent);

    pointer_append(pointer, name);
    g_ptr_array_add(fields, g_strdup(pointer->str));
    add_members(fields, pointer->str, value);
    if (*parent == '\0' && g_str_equal(name, "bindings") && value_is_list(value)) {
        VALUE_FOREACH_ITEM (binding, value) {
            g_autofree char *key = binding_key(binding);

            add_field(fields, pointer->str, key, binding);
        }
    }
    g_string_free(pointer, TRUE);
}

GPtrArray *component_fields(const Value *component)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);

    add_members(fields, "", component);
    return fields;
}
