/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/device.h"

#include "base/error.h"
#include "coach/dgn.h"

/* The names by which the public shape gives the address of a binding. */
#define BINDING_DGN "dgn"
#define BINDING_INSTANCE "instance"

/* Divides `n` maps into what all share (returned) and what each has for itself (`rest`: new maps, or NULL
 * where nothing is left). The depth of the recursion is that of the data, which the parsers bound. */
static Value *divide(Value *const *maps, size_t n, Value **rest)
{
    Value *shared = value_new_map();
    g_autofree Value **members = g_new(Value *, n);
    g_autofree Value **member_rest = g_new(Value *, n);

    for (size_t i = 0; i < n; i++)
        rest[i] = NULL;

    for (size_t at = 0; at < value_length(maps[0]); at++) {
        Value *first = value_map_at(maps[0], at);
        bool everywhere = true, equal = true, all_maps = true;

        for (size_t i = 0; i < n && everywhere; i++) {
            members[i] = value_map_get_same(maps[i], maps[0], at);
            everywhere = members[i] != NULL;
            equal = equal && value_equal(members[i], first);
            all_maps = all_maps && value_is_map(members[i]);
        }
        if (everywhere && equal) {
            value_map_set_same(&shared, maps[0], at, first);
        } else if (everywhere && all_maps) {
            const char *key = value_map_key(maps[0], at);

            value_map_take(&shared, key, divide(members, n, member_rest));
            for (size_t i = 0; i < n; i++) {
                if (!member_rest[i])
                    continue;
                if (!rest[i])
                    rest[i] = value_new_map();
                value_map_take(&rest[i], key, member_rest[i]);
            }
        }
    }

    for (size_t i = 0; i < n; i++)
        for (size_t at = 0; at < value_length(maps[i]); at++) {
            if (value_map_get_same(shared, maps[i], at))
                continue;
            if (!rest[i])
                rest[i] = value_new_map();
            value_map_set_same(&rest[i], maps[i], at, value_map_at(maps[i], at));
        }

    return shared;
}

static Value *binding_new(uint32_t dgn, int instance, const Value *fields)
{
    Value *binding = value_new_map();
    char text[8];

    g_snprintf(text, sizeof text, "%05X", dgn & DGN_MAX);
    value_map_take(&binding, BINDING_DGN, value_new_string(text));
    value_map_take(&binding, BINDING_INSTANCE,
                   instance == INSTANCE_DEFAULT ? value_new_string("default") : value_new_integer(instance));
    for (size_t i = 0; i < value_length(fields); i++)
        value_map_set_same(&binding, fields, i, value_map_at(fields, i));
    return binding;
}

Value *device_from_entries(const DeviceEntry *entries, size_t n_entries, GError **error)
{
    g_autofree Value **maps = g_new(Value *, n_entries);
    g_autofree Value **rest = g_new0(Value *, n_entries);
    g_autoptr(Value) device = NULL;
    g_autoptr(Value) bindings = value_new_list();
    const char *reserved = NULL;

    for (size_t i = 0; i < n_entries; i++)
        maps[i] = entries[i].data;
    device = n_entries == 1 ? value_ref(maps[0]) : divide(maps, n_entries, rest);

    for (size_t i = 0; i < n_entries; i++) {
        g_autoptr(Value) own = rest[i];

        if (value_map_get(own, BINDING_DGN))
            reserved = BINDING_DGN;
        if (value_map_get(own, BINDING_INSTANCE))
            reserved = BINDING_INSTANCE;
        value_list_take(&bindings, binding_new(entries[i].dgn, entries[i].instance, own));
    }
    if (reserved) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
            "the entries of one device may not differ in a field named \"%s\": where they stand in the file says that",
            reserved);
        return NULL;
    }
    if (value_map_get(device, DEVICE_BINDINGS)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                            "a device may not have a field named \"" DEVICE_BINDINGS "\"");
        return NULL;
    }

    value_map_set(&device, DEVICE_BINDINGS, bindings);
    return g_steal_pointer(&device);
}

static bool binding_address(Value *binding, size_t number, uint32_t *ret_dgn, int *ret_instance,
                            GError **error)
{
    const char *dgn = value_map_get_string(binding, BINDING_DGN);
    Value *instance = value_map_get(binding, BINDING_INSTANCE);

    if (!dgn || !dgn_parse(dgn, ret_dgn)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "/bindings: item %zu needs a \"dgn\" of 17 bits in hexadecimal digits, like \"1FEDA\"",
                    number);
        return false;
    }
    if (instance && value_type(instance) == VALUE_INTEGER && value_integer(instance) >= 0 &&
        value_integer(instance) <= INSTANCE_MAX) {
        *ret_instance = (int) value_integer(instance);
        return true;
    }
    if (value_is_string(instance) && instance_parse(value_string(instance), ret_instance))
        return true;

    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                "/bindings: item %zu needs an \"instance\" from 0 to 255 or \"default\"", number);
    return false;
}

Value *device_to_keyed(Value *device, GError **error)
{
    Value *bindings = value_map_get(device, DEVICE_BINDINGS);
    g_autoptr(Value) keyed = NULL;
    size_t number = 0;

    if (!bindings)
        return value_ref(device);
    if (!value_is_list(bindings)) {
        g_set_error_literal(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
            "/bindings is a list of {\"dgn\": …, \"instance\": …, fields that differ there}");
        return NULL;
    }

    keyed = value_new_map();
    VALUE_FOREACH_ITEM (binding, bindings) {
        char key[BINDING_KEY_SIZE];
        uint32_t dgn;
        int instance;

        number++;
        if (!binding_address(binding, number, &dgn, &instance, error))
            return NULL;
        binding_key_format(dgn, instance, key);
        if (value_map_get(keyed, key)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "/bindings: %s stands there twice",
                        key);
            return NULL;
        }

        g_autoptr(Value) fields = value_ref(binding);
        value_map_remove(&fields, BINDING_DGN);
        value_map_remove(&fields, BINDING_INSTANCE);
        value_map_set(&keyed, key, fields);
    }

    g_autoptr(Value) result = value_ref(device);
    value_map_set(&result, DEVICE_BINDINGS, keyed);
    return g_steal_pointer(&result);
}

Value *device_from_keyed(Value *keyed)
{
    Value *bindings = value_map_get(keyed, DEVICE_BINDINGS);
    g_autoptr(Value) list = NULL;

    if (!value_is_map(bindings))
        return value_ref(keyed);

    list = value_new_list();
    VALUE_FOREACH_ENTRY (key, fields, bindings) {
        uint32_t dgn;
        int instance;

        if (binding_key_parse(key, &dgn, &instance))
            value_list_take(&list, binding_new(dgn, instance, fields));
    }

    Value *device = value_ref(keyed);
    value_map_set(&device, DEVICE_BINDINGS, list);
    return device;
}

void device_lay_over(Value **base, const Value *top)
{
    VALUE_FOREACH_ENTRY (key, member, top) {
        Value *below = value_map_get(*base, key);

        if (value_is_map(member) && value_is_map(below)) {
            g_autoptr(Value) both = value_ref(below);
            device_lay_over(&both, member);
            value_map_set(base, key, both);
        } else {
            value_map_set(base, key, member);
        }
    }
}

Value *device_flatten(Value *keyed, const char *binding_key)
{
    Value *own = value_map_get(value_map_get(keyed, DEVICE_BINDINGS), binding_key);
    Value *flat = value_ref(keyed);

    value_map_remove(&flat, DEVICE_BINDINGS);
    if (own)
        device_lay_over(&flat, own);
    return flat;
}
