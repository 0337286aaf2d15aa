/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* outline.c: values as YAML for people. */

#include "ctl/outline.h"

#include <string.h>

#include "base/json.h"
#include "base/pointer.h"
#include "ctl/component.h"
#include "ctl/text.h"

/* A list of scalars stays on one line up to this width. */
#define FLOW_WIDTH 72

/* Words that YAML 1.1 takes for something else than a text. */
static bool is_yaml_word(const char *text)
{
    static const char *const words[] = {"y",  "n",   "yes",  "no",  "true", "false",
                                        "on", "off", "null", "nan", "inf"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

/* "12V_DC" and "1FEDA" are texts in YAML too: a letter that no number has, and no leading 0 ("0x7C" is a
 * number). */
static bool is_plain_with_digit(const char *text)
{
    return *text != '0' && text[strspn(text, "0123456789eE_.xXoObB")] != '\0' &&
           text[strspn(text, "0123456789_" G_CSET_A_2_Z G_CSET_a_2_z)] == '\0';
}

/* Whether a text can stand without quotes: letters first, and nothing in it that YAML gives a meaning. */
static bool is_plain(const char *text)
{
    gunichar first = g_utf8_get_char(text);

    if (g_ascii_isdigit(*text))
        return is_plain_with_digit(text);
    if (!g_unichar_isalpha(first) && first != '_')
        return false;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (!g_unichar_isalnum(c) && !(c < 128 && strchr(" _-./()+'", (int) c)))
            return false;
    }
    return !g_str_has_suffix(text, " ") && !is_yaml_word(text);
}

static void append_word(GString *out, const char *text)
{
    if (is_plain(text)) {
        g_string_append(out, text);
        return;
    }

    /* A JSON string is a YAML one too. What JSON leaves raw but a terminal would obey is escaped the same
     * way. */
    g_autoptr(GString) quoted = g_string_new(NULL);
    json_append_string(quoted, text);
    g_autofree char *clean = text_clean(quoted->str);
    g_string_append(out, clean);
}

static bool is_container(const Value *value)
{
    return value_is_map(value) || value_is_list(value);
}

static bool is_flat_list(const Value *value)
{
    if (!value_is_list(value))
        return false;
    VALUE_FOREACH_ITEM (item, value) {
        if (is_container(item))
            return false;
    }
    return true;
}

static void append_flow(GString *out, const Value *list)
{
    const char *separator = "";

    g_string_append_c(out, '[');
    VALUE_FOREACH_ITEM (item, list) {
        g_autofree char *word = outline_scalar(item);

        g_string_append_printf(out, "%s%s", separator, word);
        separator = ", ";
    }
    g_string_append_c(out, ']');
}

char *outline_scalar(const Value *value)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (value_is_string(value)) {
        append_word(out, value_string(value));
    } else if (is_flat_list(value)) {
        append_flow(out, value);
    } else {
        g_autofree char *json = json_format(value);
        g_autofree char *clean = text_clean(json);

        g_string_append(out, clean);
    }
    return g_strdup(out->str);
}

char *outline_short(const Value *value)
{
    return value_is_map(value) && value_length(value) > 0 ? g_strdup("{…}") : outline_scalar(value);
}

/* The lines of a component in the making. */
typedef struct Outline {
    GString *out;
    const Term *term;
    GHashTable *remarks;
    GString *pointer; /* to where we are */
} Outline;

static void append_members(Outline *outline, const Value *map, unsigned indent);
static void append_items(Outline *outline, const Value *list, unsigned indent);

static void append_remark(Outline *outline)
{
    const char *remark =
        outline->remarks ? g_hash_table_lookup(outline->remarks, outline->pointer->str) : NULL;

    if (remark) {
        g_autofree char *styled = term_styled(outline->term, STYLE_EDITED, remark);

        g_string_append_printf(outline->out, "  %s# %s%s", term_on(outline->term, STYLE_EDITED),
                               term_off(outline->term, STYLE_EDITED), styled);
    }
    g_string_append_c(outline->out, '\n');
}

/* Whether a value goes behind its key, rather than on lines of its own. */
static bool fits_on_line(const Value *value)
{
    if (!is_container(value) || value_length(value) == 0)
        return true;
    if (!is_flat_list(value))
        return false;

    g_autofree char *flow = outline_scalar(value);
    return text_width(flow) <= FLOW_WIDTH;
}

/* What comes after "key:" or "-", to the end of the value. */
static void append_value(Outline *outline, const Value *value, unsigned indent)
{
    if (fits_on_line(value)) {
        g_autofree char *word = outline_scalar(value);

        g_string_append_printf(outline->out, " %s", word);
        append_remark(outline);
        return;
    }
    append_remark(outline);
    if (value_is_map(value))
        append_members(outline, value, indent);
    else
        append_items(outline, value, indent);
}

static void append_member(Outline *outline, const char *name, const Value *value, unsigned indent)
{
    size_t length = outline->pointer->len;
    g_autoptr(GString) key = g_string_new(NULL);

    pointer_append(outline->pointer, name);
    append_word(key, name);
    g_string_append_printf(outline->out, "%s%s%s:", term_on(outline->term, STYLE_STRONG), key->str,
                           term_off(outline->term, STYLE_STRONG));
    append_value(outline, value, indent + 2);
    g_string_truncate(outline->pointer, length);
}

static void append_indent(Outline *outline, unsigned indent)
{
    g_string_append_printf(outline->out, "%*s", (int) indent, "");
}

static void append_members(Outline *outline, const Value *map, unsigned indent)
{
    VALUE_FOREACH_ENTRY (name, item, map) {
        append_indent(outline, indent);
        append_member(outline, name, item, indent);
    }
}

/* "- " and the first member on the same line, the others below it. */
static void append_map_item(Outline *outline, const Value *map, unsigned indent)
{
    bool first = true;

    VALUE_FOREACH_ENTRY (name, item, map) {
        if (first)
            g_string_append(outline->out, " ");
        else
            append_indent(outline, indent + 2);
        first = false;
        append_member(outline, name, item, indent + 2);
    }
}

static void append_item(Outline *outline, const Value *item, unsigned indent)
{
    append_indent(outline, indent);
    g_string_append_c(outline->out, '-');
    if (value_is_map(item) && value_length(item) > 0)
        append_map_item(outline, item, indent);
    else
        append_value(outline, item, indent + 2);
}

static void append_items(Outline *outline, const Value *list, unsigned indent)
{
    bool bindings = g_str_equal(outline->pointer->str, "/bindings");

    VALUE_FOREACH_ITEM (item, list) {
        size_t length = outline->pointer->len;
        g_autofree char *key = bindings ? binding_key(item) : g_strdup("-");

        /* Items of a list have no pointer, so no remark can meet them; bindings are addressed by their
         * names. */
        pointer_append(outline->pointer, key);
        append_item(outline, item, indent);
        g_string_truncate(outline->pointer, length);
    }
}

void outline_append(GString *out, const Term *term, const Value *component, GHashTable *remarks)
{
    g_autoptr(GString) pointer = g_string_new(NULL);
    Outline outline = {.out = out, .term = term, .remarks = remarks, .pointer = pointer};

    if (value_is_map(component)) {
        append_members(&outline, component, 0);
        return;
    }
    append_value(&outline, component, 0);
}
