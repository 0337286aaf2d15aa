/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* input.c: reading of arguments. */

#include "ctl/input.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

/* An RV-C DGN has 17 bits. */
#define DGN_MAX 0x1FFFF

static bool looks_like_container(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return *text == '{' || *text == '[' || *text == '"';
}

Value *input_value(const char *text, InputKind kind, GError **error)
{
    g_autoptr(GError) json_error = NULL;
    Value *value;

    if (kind == INPUT_STRING)
        return value_new_string(text);
    value = json_parse(text, -1, &json_limits_call, &json_error);
    if (value)
        return value;
    if (kind == INPUT_GUESS && !looks_like_container(text) &&
        !g_error_matches(json_error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE))
        return value_new_string(text);
    g_propagate_error(error, g_steal_pointer(&json_error));
    return NULL;
}

static Value *input_boolean(const char *text, GError **error)
{
    static const struct {
        const char *word;
        bool meaning;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i].word) == 0)
            return value_new_boolean(words[i].meaning);
    }
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, _("neither true nor false"));
    return NULL;
}

static bool is_number(ValueType type)
{
    return type == VALUE_INTEGER || type == VALUE_REAL;
}

static const char *type_word(ValueType type)
{
    static const char *const words[] = {
        [VALUE_NULL] = N_("null"), [VALUE_BOOLEAN] = N_("boolean"), [VALUE_INTEGER] = N_("integer"),
        [VALUE_REAL] = N_("real"), [VALUE_STRING] = N_("string"),   [VALUE_LIST] = N_("list"),
        [VALUE_MAP] = N_("map"),
    };

    return _(words[type]);
}

static Value *input_of_type(const char *text, ValueType type, GError **error)
{
    g_autoptr(Value) value = input_value(text, INPUT_JSON, error);

    if (!value)
        return NULL;
    /* 1 and 1.5 may stand for one another. */
    if (is_number(type) ? is_number(value_type(value)) : value_type(value) == type)
        return g_steal_pointer(&value);
    /* Translators: types of values, “string instead of list” */
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, _("%s instead of %s"),
                type_word(value_type(value)), type_word(type));
    return NULL;
}

Value *input_value_like(const char *text, const Value *like, GError **error)
{
    ValueType type = like ? value_type(like) : VALUE_NULL;

    switch (type) {
    case VALUE_NULL:
        return input_value(text, INPUT_GUESS, error);
    case VALUE_STRING:
        return input_value(text, INPUT_STRING, error);
    case VALUE_BOOLEAN:
        return input_boolean(text, error);
    default:
        return input_of_type(text, type, error);
    }
}

char *input_field(const char *text)
{
    if (*text == '\0' || *text == '/')
        return g_strdup(text);
    return g_strconcat("/", text, NULL);
}

bool input_dgn(const char *text, uint32_t *ret)
{
    guint64 number;

    if (g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X"))
        text += 2;
    /* Fewer than four digits are rather an instance in the wrong place. */
    if (strlen(text) < 4 || strlen(text) > 6 ||
        !g_ascii_string_to_unsigned(text, 16, 0, DGN_MAX, &number, NULL))
        return false;
    *ret = (uint32_t) number;
    return true;
}

bool input_instance(const char *text, uint8_t *ret)
{
    /* What listens to a bus shows it in hexadecimal. */
    bool hexadecimal = g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X");
    guint64 number;

    if (!g_ascii_string_to_unsigned(hexadecimal ? text + 2 : text, hexadecimal ? 16 : 10, 0, UINT8_MAX,
                                    &number, NULL))
        return false;
    *ret = (uint8_t) number;
    return true;
}

bool input_binding(const char *text, uint32_t *ret_dgn, uint8_t *ret_instance)
{
    const char *colon = strchr(text, ':');

    if (!colon)
        return false;

    g_autofree char *dgn = g_strndup(text, (gsize) (colon - text));
    return input_dgn(dgn, ret_dgn) && input_instance(colon + 1, ret_instance);
}

GPtrArray *input_match_path(const char *name, GPtrArray *paths)
{
    GPtrArray *matches = g_ptr_array_new();

    for (unsigned i = 0; i < paths->len; i++) {
        const char *path = paths->pdata[i];
        const char *slash = strrchr(path, '/');

        if (strcmp(slash ? slash + 1 : path, name) != 0)
            continue;
        g_ptr_array_insert(matches, g_str_has_prefix(path, "devices/") ? 0 : -1, (void *) path);
    }
    return matches;
}
