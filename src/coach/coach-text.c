/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/coach-text.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml-write.h"
#include "base/yaml.h"
#include "coach/dgn.h"
#include "coach/edits-file.h"

bool coach_format_from_string(const char *text, CoachFormat *ret)
{
    if (g_str_equal(text, "yaml"))
        *ret = COACH_FORMAT_YAML;
    else if (g_str_equal(text, "json"))
        *ret = COACH_FORMAT_JSON;
    else
        return false;
    return true;
}

/* ---- Reading ---- */

void coach_text_prefix_error(GError **error, const char *name)
{
    if (!name || !error || !*error)
        return;
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *quoted = text_is_misleading(valid) ? json_quote(valid) : NULL;

    g_prefix_error(error, "%s: ", quoted ? quoted : valid);
}

/* To the reader of JSON a text is the data of a call, which a program wrote; this one a person did. */
static GError *json_file_error(const GError *error)
{
    bool twice = strstr(error->message, "duplicate key") != NULL;

    if (!g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA))
        return g_error_copy(error);
    return g_error_new(
        CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "%s; %s", error->message,
        twice ? "it stands above already: remove one, or join the two"
              : "JSON has keys and texts in double quotes, a comma between two entries and none "
                "after the last, and no comments");
}

static Value *read_json(const char *text, size_t length, const YamlLimits *limits, GError **error)
{
    const JsonLimits json_limits = {
        .size = limits->size,
        .depth = limits->depth,
        .nodes = limits->nodes,
    };
    g_autoptr(GError) local = NULL;
    Value *value = json_parse(text, (gssize) length, &json_limits, &local);

    if (!value)
        g_propagate_error(error, json_file_error(local));
    return value;
}

/* The place that the message of a reader starts with, so that a later one is larger. */
static uint64_t place_of(const GError *error)
{
    static const char line_word[] = "line ", column_word[] = ", column ";
    char *end;

    if (!g_str_has_prefix(error->message, line_word))
        return 0;
    uint64_t line = g_ascii_strtoull(error->message + strlen(line_word), &end, 10);
    if (!g_str_has_prefix(end, column_word))
        return 0;
    return line << 32 | g_ascii_strtoull(end + strlen(column_word), NULL, 10);
}

static size_t skip_space(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && strchr(" \t\r\n", text[n]))
        n++;
    return n;
}

static Value *read_text(const char *text, size_t length, const char *name, const YamlLimits *limits,
                        GError **error)
{
    g_autoptr(GError) as_json = NULL, as_yaml = NULL;
    g_autofree char *lower = name ? g_ascii_strdown(name, -1) : NULL;
    bool only_json = lower && g_str_has_suffix(lower, ".json");

    if (!only_json && text[skip_space(text, length)] != '{')
        return yaml_parse(text, length, limits, error);

    Value *value = read_json(text, length, limits, &as_json);
    if (!value && !only_json)
        value = yaml_parse(text, length, limits, &as_yaml);
    if (!value)
        g_propagate_error(error, as_yaml && place_of(as_yaml) > place_of(as_json)
                                     ? g_steal_pointer(&as_yaml)
                                     : g_steal_pointer(&as_json));
    return value;
}

static Value *read_checked(const char *text, size_t length, const char *name, const YamlLimits *limits,
                           GError **error)
{
    if (length > limits->size) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
            "line 1, column 1: the file has %zu bytes; %zu are allowed, and a coach file has far less",
            length, limits->size);
        return NULL;
    }
    if (!encoding_check(&text, &length, error))
        return NULL;
    if (skip_space(text, length) == length) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                            "line 1, column 1: the file is empty; a coach file is a map of sections");
        return NULL;
    }
    return read_text(text, length, name, limits, error);
}

Value *coach_text_read_within(const char *text, size_t length, const char *name, const YamlLimits *limits,
                              GError **error)
{
    g_autoptr(GError) local = NULL;
    Value *value = read_checked(text ? text : "", length, name, limits, &local);

    if (!value) {
        coach_text_prefix_error(&local, name);
        g_propagate_error(error, g_steal_pointer(&local));
    }
    return value;
}

Value *coach_text_read(const char *text, size_t length, const char *name, GError **error)
{
    return coach_text_read_within(text, length, name, &yaml_limits_default, error);
}

CoachFile *coach_text_parse(const char *text, size_t length, const char *name, GError **error)
{
    g_autoptr(Value) data = coach_text_read(text, length, name, error);
    g_autoptr(GError) local = NULL;
    CoachFile *file = NULL;

    if (!data)
        return NULL;
    if (edits_file_is(data))
        g_set_error_literal(
            &local, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
            "line 1, column 1: this file has an owner's edits and no coach; it is imported into a "
            "coach that is there");
    else
        file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, &local);
    if (!file) {
        coach_text_prefix_error(&local, name);
        g_propagate_error(error, g_steal_pointer(&local));
    }
    return file;
}

/* ---- Writing ---- */

char *coach_text_format_sections(const char *comment, const Value *sections, CoachFormat format)
{
    if (format == COACH_FORMAT_JSON) {
        g_autofree char *json = json_format_pretty(sections);

        return g_strconcat(json, "\n", NULL);
    }

    GString *text = g_string_new(comment);
    VALUE_FOREACH_ENTRY (name, section, sections) {
        if (text->len > 0)
            g_string_append_c(text, '\n');
        /* An instance is a number to those who read the file, as its author wrote it. */
        yaml_append_entry(text, name, section, dgn_looks_like(name) ? YAML_KEYS_NUMBERS : YAML_KEYS_TEXT);
    }
    if (value_length(sections) == 0)
        g_string_append(text, text->len > 0 ? "\n{}\n" : "{}\n");
    return g_string_free(text, FALSE);
}

static char *header_comment(const CoachTextHeader *header)
{
    GString *text = g_string_new("# Model: ");

    /* As scalars, for what a file says of itself may have several lines. */
    yaml_append_string(text, header->model);
    g_string_append(text, "\n# Version: ");
    yaml_append_string(text, header->version);
    g_string_append_printf(text, "\n# Revision: %" G_GINT64_FORMAT "\n", header->revision);
    g_string_append(
        text, "#\n"
              "# The configuration of this coach with the edits of its owner, written by coachiq-config.\n"
              "# It can be imported again: coachiqctl import FILE\n");
    return g_string_free(text, FALSE);
}

char *coach_text_format(GPtrArray *components, Value *layout, const CoachTextHeader *header,
                        CoachFormat format, GError **error)
{
    g_autoptr(Value) file = coach_file_expand(components, layout, error);
    g_autofree char *comment = header ? header_comment(header) : NULL;

    return file ? coach_text_format_sections(comment, file, format) : NULL;
}
