/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edit-text.c: comments, data and errors as one text. */

#include "ctl/edit-text.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml-write.h"
#include "base/yaml.h"
#include "ctl/text.h"

#define COMMENT_WIDTH 96
/* What nobody writes by himself; the space makes it no "#!" of a shell. */
#define ERROR_MARK "#! "

static void append_comment_line(GString *out, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    unsigned used = 0;

    g_string_append_c(out, '#');
    for (unsigned i = 0; words[i]; i++) {
        unsigned width = text_width(words[i]) + 1;

        if (used > 0 && used + width > COMMENT_WIDTH) {
            g_string_append(out, "\n#");
            used = 0;
        }
        if (*words[i])
            g_string_append_printf(out, " %s", words[i]);
        used += width;
    }
    g_string_append_c(out, '\n');
}

void edit_text_append_comment(GString *out, const char *text)
{
    g_autofree char *clean = text_clean_lines(text);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);

    for (unsigned i = 0; lines[i]; i++)
        append_comment_line(out, lines[i]);
}

char *edit_text_format(const Value *component, TextFormat format)
{
    g_autofree char *json = NULL;

    if (format == TEXT_YAML)
        return yaml_format(component);
    json = json_format_pretty(component);
    return g_strconcat(json, "\n", NULL);
}

static bool is_comment(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '\0' || *line == '\n' || *line == '#';
}

/* The same text with comment lines at its head blanked, so that the lines keep their numbers. */
static char *blank_comments(const char *text, size_t length)
{
    char *blanked = g_memdup2(text, length + 1);
    char *line = blanked;

    while (*line && is_comment(line)) {
        size_t n = strcspn(line, "\n");

        memset(line, ' ', n);
        line += n + (line[n] == '\n');
    }
    return blanked;
}

Value *edit_text_parse(const char *text, size_t length, TextFormat format, GError **error)
{
    g_autofree char *json = NULL;

    if (format == TEXT_YAML)
        return yaml_parse(text, length, &yaml_limits_default, error);
    json = blank_comments(text, length);
    return json_parse(json, (gssize) length, &json_limits_component, error);
}

bool edit_text_is_empty(const char *text)
{
    while (*text && is_comment(text)) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return *text == '\0';
}

static void append_error_line(GString *out, const char *line)
{
    g_autofree char *clean = text_clean(line);

    g_string_append_printf(out, ERROR_MARK "%s\n", clean);
}

char *edit_text_with_error(const char *text, const char *message)
{
    GString *out = g_string_new(NULL);

    append_error_line(out, _("This was not taken:"));
    append_error_line(out, message);
    append_error_line(
        out, _("Mend it and save. If you leave it as it is, nothing is written, and the text is kept."));
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

const char *edit_text_without_error(const char *text)
{
    for (unsigned i = 0; i < EDIT_TEXT_ERROR_LINES && g_str_has_prefix(text, ERROR_MARK); i++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

char *edit_text_numbered(const char *text)
{
    g_autofree char *lines = g_strnfill(EDIT_TEXT_ERROR_LINES, '\n');

    return g_strconcat(lines, text, NULL);
}
