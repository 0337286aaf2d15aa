/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-settings.c: reading of values. */

#include "ctl/legacy-settings.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "ctl/legacy-tree.h"

static Value *fail(GError **error, const char *pair)
{
    g_autofree char *quoted = json_quote(pair);

    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                _("%s is no pair of a logical and a physical name, as “house:can0” is"), quoted);
    return NULL;
}

static Value *interfaces_of_json(const char *text, GError **error)
{
    g_autoptr(Value) map = json_parse(text, -1, &json_limits_call, error);

    if (!map)
        return NULL;
    VALUE_FOREACH_ENTRY (logical, physical, map) {
        if (*logical == '\0' || !value_is_string(physical) || *value_string(physical) == '\0')
            return fail(error, logical);
    }
    return g_steal_pointer(&map);
}

static bool add_pair(Value **map, const char *pair)
{
    const char *separator = strchr(pair, ':');

    if (!separator)
        separator = strchr(pair, '=');
    if (!separator)
        return false;

    g_autofree char *logical = g_strstrip(g_strndup(pair, (size_t) (separator - pair)));
    g_autofree char *physical = g_strstrip(g_strdup(separator + 1));

    if (*logical == '\0' || *physical == '\0')
        return false;
    value_map_take(map, logical, value_new_string(physical));
    return true;
}

Value *legacy_settings_interfaces(const char *text, GError **error)
{
    g_auto(GStrv) pairs = g_strsplit(text, ",", -1);
    g_autoptr(Value) map = value_new_map();

    if (text[strspn(text, " \t\r\n")] == '{')
        return interfaces_of_json(text, error);
    for (unsigned i = 0; pairs[i]; i++) {
        g_strstrip(pairs[i]);
        /* A comma at the end is no pair that is wrong. */
        if (*pairs[i] && !add_pair(&map, pairs[i]))
            return fail(error, pairs[i]);
    }
    return value_length(map) > 0 ? g_steal_pointer(&map) : fail(error, text);
}

char *legacy_settings_model(const char *text)
{
    g_autofree char *name = g_path_get_basename(text);
    g_autofree char *model = g_strstrip(g_utf8_make_valid(name, -1));

    if (legacy_is_yaml_name(model))
        *strrchr(model, '.') = '\0';
    g_strdelimit(model, " ", '_');
    if (*model == '\0' || *model == '.' || *model == '/')
        return NULL;
    return g_steal_pointer(&model);
}
