/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pointer.c: JSON Pointers, and the fields of a value that they name. */

#include "base/pointer.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

enum {
    POINTER_MAX = 1024,
    TOKENS_MAX = 64,
};

/* RFC 6901 section 4: "~1" is "/", then "~0" is "~". NULL for any other "~". */
static char *token_unescape(const char *token)
{
    GString *plain = g_string_sized_new(strlen(token));

    for (const char *at = token; *at; at++) {
        if (*at != '~') {
            g_string_append_c(plain, *at);
            continue;
        }
        at++;
        if (*at != '0' && *at != '1') {
            g_string_free(plain, TRUE);
            return NULL;
        }
        g_string_append_c(plain, *at == '0' ? '~' : '/');
    }
    return g_string_free(plain, FALSE);
}

static bool pointer_check(const char *pointer, GError **error)
{
    if (strlen(pointer) > POINTER_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS, "a field pointer has at most %d bytes",
                    POINTER_MAX);
        return false;
    }
    if (!g_utf8_validate(pointer, -1, NULL)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                            "the field pointer is not UTF-8");
        return false;
    }
    if (*pointer != '\0' && *pointer != '/') {
        g_autofree char *quoted = json_quote(pointer);
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "the field pointer %s does not start with \"/\"", quoted);
        return false;
    }
    return true;
}

char **pointer_split(const char *pointer, GError **error)
{
    if (!pointer_check(pointer, error))
        return NULL;
    if (*pointer == '\0')
        return g_new0(char *, 1);

    g_auto(GStrv) tokens = g_strsplit(pointer + 1, "/", -1);
    /* g_strsplit() makes nothing of "", but "/" names the empty key. */
    if (!tokens[0]) {
        g_free(tokens);
        tokens = g_new0(char *, 2);
        tokens[0] = g_strdup("");
    }
    if (g_strv_length(tokens) > TOKENS_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS, "a field pointer has at most %d parts",
                    TOKENS_MAX);
        return NULL;
    }
    for (char **token = tokens; *token; token++) {
        char *plain = token_unescape(*token);
        if (!plain) {
            g_autofree char *quoted = json_quote(pointer);
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                        "the field pointer %s has a \"~\" that neither 0 nor 1 follows", quoted);
            return NULL;
        }
        g_free(*token);
        *token = plain;
    }
    return g_steal_pointer(&tokens);
}

void pointer_append(GString *pointer, const char *token)
{
    g_string_append_c(pointer, '/');
    for (const char *at = token; *at; at++) {
        if (*at == '~')
            g_string_append(pointer, "~0");
        else if (*at == '/')
            g_string_append(pointer, "~1");
        else
            g_string_append_c(pointer, *at);
    }
}

char *pointer_join(const char *const *tokens)
{
    GString *pointer = g_string_new(NULL);

    for (; *tokens; tokens++)
        pointer_append(pointer, *tokens);
    return g_string_free(pointer, FALSE);
}

Value *value_get(const Value *root, const char *const *tokens)
{
    Value *value = (Value *) root;

    for (; value && *tokens; tokens++)
        value = value_map_get(value, *tokens);
    return value;
}

/* Whether maps, or nothing, stand on the way to the last token. */
static bool way_is_free(const Value *root, const char *const *tokens)
{
    for (; root && *tokens; tokens++) {
        if (!value_is_map(root))
            return false;
        root = value_map_get(root, *tokens);
    }
    return true;
}

bool value_set(Value **root, const char *const *tokens, Value *value)
{
    if (!way_is_free(*root, tokens))
        return false;

    /* The reference comes first: a value may be set inside itself, and what is shared is then copied. */
    value_ref(value);
    if (!*tokens) {
        value_unref(*root);
        *root = value;
        return true;
    }
    Value **place = root;
    for (; tokens[1]; tokens++) {
        if (!*place)
            *place = value_new_map();
        Value **next = value_map_own(place, *tokens);
        if (!next) {
            value_map_take(place, *tokens, value_new_map());
            next = value_map_own(place, *tokens);
        }
        place = next;
    }
    if (!*place)
        *place = value_new_map();
    value_map_take(place, *tokens, value);
    return true;
}

bool value_remove(Value **root, const char *const *tokens)
{
    if (!*root || !value_get(*root, tokens))
        return false;
    if (!*tokens) {
        g_clear_pointer(root, value_unref);
        return true;
    }

    Value **place = root;
    for (; tokens[1]; tokens++)
        place = value_map_own(place, *tokens);
    return value_map_remove(place, *tokens);
}
