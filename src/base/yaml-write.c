/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* yaml-write.c: see yaml-write.h. */

#include "base/yaml-write.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum {
    INDENT = 2,
    LINE_MAX_CHARACTERS = 100, /* of a list in one line */
    /* YAML 1.1 and 1.2 let a key in front of ":" have 1024 characters, quotes and escapes included. */
    SIMPLE_KEY_MAX = 1024,
};

#define BYTE_ORDER_MARK 0xFEFF

/* What stands around a scalar decides what may stand in it without quotes. */
typedef enum Context {
    CONTEXT_BLOCK,  /* alone on the rest of its line */
    CONTEXT_STRICT, /* a key, or in a list in one line */
} Context;

/* ---- Scalars ---- */

static bool must_be_escaped(gunichar c)
{
    return text_is_misleading_character(c) || c == BYTE_ORDER_MARK;
}

/* Booleans and null in any dialect: YAML 1.1 takes "y" and "on" for booleans, and letters of either case. */
static bool is_word(const char *text)
{
    static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Whether a text that starts with a digit may be a number, a time or a date to anybody: 025, 0x1F, 1_000,
 * 1,000, 1e5, 12:30, 2024-12-07 10:00:00 Z, or all that an old reader makes of 1.2.3. */
static bool is_like_number(const char *text)
{
    if (text[0] == '0' && text[1] && strchr("xXoObB", text[1]))
        return true;
    return g_ascii_isdigit(text[0]) && text[strspn(text, "0123456789_.,:+-eEtTzZ ")] == '\0';
}

static bool may_start_plain(gunichar c)
{
    return c >= 0x80 || g_ascii_isalnum((char) c) || (c != 0 && strchr("_/($", (int) c));
}

/* Whether a character may stand inside a text without quotes. */
static bool may_be_plain(gunichar c, char before, char after, Context context)
{
    if (c >= 0x80)
        return g_unichar_isprint(c) && !g_unichar_isspace(c) && !must_be_escaped(c);
    if (c < 0x20 || c == 0x7f)
        return false;
    if (context == CONTEXT_STRICT)
        return g_ascii_isalnum((char) c) || strchr(" _-./+()", (int) c);
    if (c == ':')
        return after != ' ' && after != '\0';
    return c != '#' || before != ' ';
}

static bool is_plain(const char *text, Context context)
{
    char before = '\0';

    if (!may_start_plain(g_utf8_get_char(text)) || is_word(text) || is_like_number(text))
        return false;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        if (!may_be_plain(g_utf8_get_char(at), before, at[1], context))
            return false;
        before = *at;
    }
    return before != ' ';
}

static bool needs_escapes(const char *text)
{
    for (; *text; text = g_utf8_next_char(text))
        if (must_be_escaped(g_utf8_get_char(text)))
            return true;
    return false;
}

/* The escapes are those of JSON, which all of YAML has too. */
static void append_double_quoted(GString *text, const char *string)
{
    g_string_append_c(text, '"');
    for (; *string; string = g_utf8_next_char(string)) {
        gunichar c = g_utf8_get_char(string);

        if (c == '"' || c == '\\')
            g_string_append_printf(text, "\\%c", (char) c);
        else if (c == '\n')
            g_string_append(text, "\\n");
        else if (c == '\t')
            g_string_append(text, "\\t");
        else if (c == '\r')
            g_string_append(text, "\\r");
        else if (must_be_escaped(c))
            g_string_append_printf(text, "\\u%04x", c);
        else
            g_string_append_unichar(text, c);
    }
    g_string_append_c(text, '"');
}

static void append_string(GString *text, const char *string, Context context)
{
    if (is_plain(string, context))
        g_string_append(text, string);
    else if (strpbrk(string, "\"\\") && !strchr(string, '\'') && !needs_escapes(string))
        g_string_append_printf(text, "'%s'", string);
    else
        append_double_quoted(text, string);
}

void yaml_append_string(GString *text, const char *string)
{
    append_string(text, string, CONTEXT_BLOCK);
}

/* A real to YAML 1.1 needs a point, and its exponent a sign, which C writes. */
static void append_real(GString *text, const Value *real)
{
    g_autofree char *json = json_format(real);
    const char *exponent = strchr(json, 'e');

    if (exponent && !strchr(json, '.'))
        g_string_append_printf(text, "%.*s.0%s", (int) (exponent - json), json, exponent);
    else
        g_string_append(text, json);
}

static void append_scalar(GString *text, const Value *value, Context context)
{
    switch (value_type(value)) {
    case VALUE_STRING:
        append_string(text, value_string(value), context);
        return;
    case VALUE_REAL:
        append_real(text, value);
        return;
    default:
        json_append(text, value);
    }
}

/* ---- Literal blocks ---- */

/* Whether "|" and the lines give the text back, in any reader and after any editor: no escapes, no space
 * that nobody sees, nothing at the start that could be taken for the indentation, at most one newline at the
 * end. */
static bool is_literal(const char *text)
{
    if (!strchr(text, '\n') || strchr(" \t\n", text[0]) || g_str_has_suffix(text, "\n\n"))
        return false;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        bool line_starts = at == text || at[-1] == '\n', line_ends = at[1] == '\n' || at[1] == '\0';

        if (*at == '\t' ? line_starts || line_ends : *at != '\n' && must_be_escaped(g_utf8_get_char(at)))
            return false;
        if (*at == ' ' && line_ends)
            return false;
    }
    return true;
}

static void append_indent(GString *text, unsigned indent)
{
    g_string_append_printf(text, "%*s", (int) indent, "");
}

static void append_literal(GString *text, const char *string, unsigned indent)
{
    bool newline = g_str_has_suffix(string, "\n");
    g_auto(GStrv) lines = g_strsplit(string, "\n", -1);
    guint n = g_strv_length(lines) - newline;

    g_string_append(text, newline ? "|" : "|-");
    for (guint i = 0; i < n; i++) {
        g_string_append_c(text, '\n');
        if (lines[i][0])
            append_indent(text, indent);
        g_string_append(text, lines[i]);
    }
}

/* ---- Containers ---- */

/* Recurses; value_unref() says why the depth of a value is small. `indent` is that of the lines inside. */
static void append_block(GString *text, const Value *value, unsigned indent, YamlKeys keys, bool go_on);

static long column(const GString *text)
{
    const char *newline = memrchr(text->str, '\n', text->len);

    return g_utf8_strlen(newline ? newline + 1 : text->str, -1);
}

static bool is_container(const Value *value)
{
    return value_is_map(value) || value_is_list(value);
}

/* Appends a list in one line; false, with nothing appended, where it would not read well. */
static bool append_flow(GString *text, const Value *list)
{
    size_t start = text->len;
    long line = column(text);

    if (!value_is_list(list))
        return false;
    g_string_append_c(text, '[');
    VALUE_FOREACH_ITEM (item, list) {
        size_t at = text->len;

        if (at > start + 1)
            g_string_append(text, ", ");
        if (!is_container(item))
            append_scalar(text, item, CONTEXT_STRICT);
        line += g_utf8_strlen(text->str + at, -1);
        if (is_container(item) || line + 2 > LINE_MAX_CHARACTERS) {
            g_string_truncate(text, start);
            return false;
        }
    }
    g_string_append_c(text, ']');
    return true;
}

/* A value that goes on in the line that has begun, without the newline; false when it needs a block. */
static bool append_inline(GString *text, const Value *value, unsigned indent)
{
    if (value_is_map(value)) {
        if (value_length(value) == 0)
            g_string_append(text, "{}");
        return value_length(value) == 0;
    }
    if (value_is_list(value))
        return append_flow(text, value);
    if (value_is_string(value) && is_literal(value_string(value)))
        append_literal(text, value_string(value), indent);
    else
        append_scalar(text, value, CONTEXT_BLOCK);
    return true;
}

/* A value after "- " or ": ". */
static void append_after_indicator(GString *text, const Value *value, unsigned indent, YamlKeys keys)
{
    if (append_inline(text, value, indent))
        g_string_append_c(text, '\n');
    else
        append_block(text, value, indent, keys, true);
}

static bool is_number_key(const char *key)
{
    size_t digits = strspn(key, "0123456789");

    if (g_str_has_prefix(key, "0x")) {
        digits = strspn(key + 2, "0123456789abcdefABCDEF");
        return digits > 0 && digits <= 2 && key[2 + digits] == '\0';
    }
    return digits > 0 && digits <= 3 && key[digits] == '\0' && (key[0] != '0' || digits == 1);
}

static void append_key(GString *text, const char *key, YamlKeys keys)
{
    if (keys == YAML_KEYS_NUMBERS && is_number_key(key))
        g_string_append(text, key);
    else
        append_string(text, key, CONTEXT_STRICT);
}

/* An entry of a map, from its key on to the newline at its end. `keys` are those of the map, `inner` those
 * of the value. */
static void append_entry(GString *text, const char *key, const Value *value, unsigned indent, YamlKeys keys,
                         YamlKeys inner)
{
    size_t start = text->len;

    append_key(text, key, keys);
    if (g_utf8_strlen(text->str + start, -1) > SIMPLE_KEY_MAX) {
        g_string_insert(text, (gssize) start, "? ");
        g_string_append_c(text, '\n');
        append_indent(text, indent);
        g_string_append(text, ": ");
        append_after_indicator(text, value, indent + INDENT, inner);
        return;
    }

    g_string_append(text, ": ");
    if (append_inline(text, value, indent + INDENT)) {
        g_string_append_c(text, '\n');
        return;
    }
    g_string_overwrite(text, text->len - 1, "\n");
    append_block(text, value, indent + INDENT, inner, false);
}

/* The lines of a container. `go_on`: the first of them has begun. */
static void append_block(GString *text, const Value *value, unsigned indent, YamlKeys keys, bool go_on)
{
    VALUE_FOREACH_ITEM (item, value) {
        if (!go_on)
            append_indent(text, indent);
        go_on = false;
        g_string_append(text, "- ");
        append_after_indicator(text, item, indent + INDENT, YAML_KEYS_TEXT);
    }
    VALUE_FOREACH_ENTRY (key, member, value) {
        if (!go_on)
            append_indent(text, indent);
        go_on = false;
        append_entry(text, key, member, indent, keys, YAML_KEYS_TEXT);
    }
}

void yaml_append_entry(GString *text, const char *key, const Value *value, YamlKeys keys)
{
    append_entry(text, key, value, 0, YAML_KEYS_TEXT, keys);
}

char *yaml_format(const Value *value)
{
    GString *text = g_string_new(NULL);

    if (append_inline(text, value, INDENT))
        g_string_append_c(text, '\n');
    else
        append_block(text, value, 0, YAML_KEYS_TEXT, false);
    return g_string_free(text, FALSE);
}
