/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* json-write.c: values as JSON text: short, for people, and canonical. */

#include "base/json.h"

#include <string.h>

enum {
    QUOTE_MAX = 60, /* characters */
};

typedef struct Style {
    bool pretty;
    bool sorted;
} Style;

static void append_value(GString *text, const Value *value, Style style, unsigned level);

/* RFC 8259 section 7 asks for quote, backslash and U+0000 to U+001F. U+007F to U+009F go the same way, so
 * that data printed on a terminal cannot command it. */
void json_append_string(GString *text, const char *string)
{
    const char *plain = string;

    g_string_append_c(text, '"');
    for (const char *at = string; *at; at++) {
        unsigned char byte = (unsigned char) *at, next = (unsigned char) at[1];
        bool c1 = byte == 0xc2 && next >= 0x80 && next <= 0x9f;

        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f && !c1)
            continue;
        g_string_append_len(text, plain, at - plain);
        if (byte == '"' || byte == '\\')
            g_string_append_printf(text, "\\%c", byte);
        else if (byte == '\n')
            g_string_append(text, "\\n");
        else if (byte == '\t')
            g_string_append(text, "\\t");
        else if (byte == '\r')
            g_string_append(text, "\\r");
        else
            g_string_append_printf(text, "\\u%04x", c1 ? next : byte);
        at += c1;
        plain = at + 1;
    }
    g_string_append(text, plain);
    g_string_append_c(text, '"');
}

char *json_quote(const char *string)
{
    GString *text = g_string_new(NULL);

    if (g_utf8_strlen(string, 4 * QUOTE_MAX) <= QUOTE_MAX) {
        json_append_string(text, string);
    } else {
        g_autofree char *start = g_utf8_substring(string, 0, QUOTE_MAX);
        json_append_string(text, start);
        g_string_insert(text, (gssize) text->len - 1, "…");
    }
    return g_string_free(text, FALSE);
}

/* The shortest of 15, 16 and 17 digits that reads back the same; 17 always do. */
static void append_real(GString *text, double real)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(buffer, sizeof buffer, "%.15g", real);
    if (g_ascii_strtod(buffer, NULL) != real)
        g_ascii_formatd(buffer, sizeof buffer, "%.16g", real);
    if (g_ascii_strtod(buffer, NULL) != real)
        g_ascii_formatd(buffer, sizeof buffer, "%.17g", real);
    g_string_append(text, buffer);
    if (!strpbrk(buffer, ".e"))
        g_string_append(text, ".0");
}

static void append_integer(GString *text, int64_t integer)
{
    char buffer[24];
    char *at = buffer + sizeof buffer;
    uint64_t left = integer < 0 ? -(uint64_t) integer : (uint64_t) integer;

    do
        *--at = (char) ('0' + left % 10);
    while ((left /= 10) > 0);
    if (integer < 0)
        *--at = '-';
    g_string_append_len(text, at, buffer + sizeof buffer - at);
}

static void append_break(GString *text, Style style, unsigned level)
{
    if (!style.pretty)
        return;
    g_string_append_c(text, '\n');
    for (unsigned i = 0; i < level; i++)
        g_string_append(text, "  ");
}

static void append_list(GString *text, const Value *list, Style style, unsigned level)
{
    size_t length = value_length(list);

    g_string_append_c(text, '[');
    for (size_t i = 0; i < length; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        append_break(text, style, level + 1);
        append_value(text, value_list_item(list, i), style, level + 1);
    }
    if (length > 0)
        append_break(text, style, level);
    g_string_append_c(text, ']');
}

typedef struct Pair {
    const char *key;
    const Value *value;
} Pair;

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const Pair *) a)->key, ((const Pair *) b)->key);
}

/* The entries in the order to write them. */
static Pair *map_pairs(const Value *map, size_t length, bool sorted)
{
    Pair *pairs = g_new(Pair, length);

    for (size_t i = 0; i < length; i++)
        pairs[i] = (Pair){.key = value_map_key(map, i), .value = value_map_at(map, i)};
    if (sorted && length > 1)
        qsort(pairs, length, sizeof *pairs, compare_pairs);
    return pairs;
}

static void append_map(GString *text, const Value *map, Style style, unsigned level)
{
    size_t length = value_length(map);
    g_autofree Pair *pairs = map_pairs(map, length, style.sorted);

    g_string_append_c(text, '{');
    for (size_t i = 0; i < length; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        append_break(text, style, level + 1);
        json_append_string(text, pairs[i].key);
        g_string_append(text, style.pretty ? ": " : ":");
        append_value(text, pairs[i].value, style, level + 1);
    }
    if (length > 0)
        append_break(text, style, level);
    g_string_append_c(text, '}');
}

/* Recurses; value_unref() says why the depth of a value is small. */
static void append_value(GString *text, const Value *value, Style style, unsigned level)
{
    switch (value_type(value)) {
    case VALUE_NULL:
        g_string_append(text, "null");
        break;
    case VALUE_BOOLEAN:
        g_string_append(text, value_boolean(value) ? "true" : "false");
        break;
    case VALUE_INTEGER:
        append_integer(text, value_integer(value));
        break;
    case VALUE_REAL:
        append_real(text, value_real(value));
        break;
    case VALUE_STRING:
        json_append_string(text, value_string(value));
        break;
    case VALUE_LIST:
        append_list(text, value, style, level);
        break;
    case VALUE_MAP:
        append_map(text, value, style, level);
        break;
    }
}

static char *format(const Value *value, Style style)
{
    if (!value)
        return g_strdup("");

    GString *text = g_string_new(NULL);
    append_value(text, value, style, 0);
    return g_string_free(text, FALSE);
}

char *json_format(const Value *value)
{
    return format(value, (Style){0});
}

void json_append(GString *text, const Value *value)
{
    if (value)
        append_value(text, value, (Style){0}, 0);
}

char *json_format_pretty(const Value *value)
{
    return format(value, (Style){.pretty = true});
}

void json_append_canonical(GString *text, const Value *value)
{
    if (value)
        append_value(text, value, (Style){.sorted = true}, 0);
}
