/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* yaml-export.c: writes each file that is named as YAML, and says so in one line of JSON a file:
 *
 *   yaml-export value FILE…    {"yaml": the data of the file}
 *   yaml-export coach FILE…    {"yaml": the export of the coach file}
 *
 * or {"error": why not}. An error too is an export that does not come back as the same coach: with other
 * components or another hash, from YAML or from JSON, or that is another text when it is exported again. Run
 * by test-export-oracle.py. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/yaml-write.h"
#include "coach/coach-text.h"

static char *export_value(const char *text, size_t length, const char *name, GError **error)
{
    g_autoptr(Value) value = coach_text_read(text, length, name, error);

    return value ? yaml_format(value) : NULL;
}

static bool is_same(const CoachFile *a, const CoachFile *b)
{
    if (a->components->len != b->components->len || !value_equal(a->layout, b->layout) ||
        !g_str_equal(a->content_hash, b->content_hash) || !g_str_equal(a->version, b->version))
        return false;
    for (guint i = 0; i < a->components->len; i++) {
        const Component *component = g_ptr_array_index(a->components, i),
                        *other = g_ptr_array_index(b->components, i);

        if (!g_str_equal(component->path, other->path) || !value_equal(component->data, other->data))
            return false;
    }
    return true;
}

/* The text of a coach file, after it was shown to come back. */
static char *export_checked(const CoachFile *file, CoachFormat format, GError **error)
{
    const CoachTextHeader header = {.model = "a\nb", .version = file->version, .revision = 5};
    g_autofree char *text = coach_text_format(file->components, file->layout, &header, format, error);
    g_autoptr(CoachFile) again = text ? coach_text_parse(text, strlen(text), NULL, error) : NULL;
    g_autofree char *twice =
        again ? coach_text_format(again->components, again->layout, &header, format, error) : NULL;

    if (!twice)
        return NULL;
    if (!is_same(file, again) || !g_str_equal(text, twice)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "comes back otherwise (format %d):\n%s",
                    format, text);
        return NULL;
    }
    return g_steal_pointer(&text);
}

static char *export_coach(const char *text, size_t length, const char *name, GError **error)
{
    g_autoptr(CoachFile) file = coach_text_parse(text, length, name, error);
    g_autofree char *json = file ? export_checked(file, COACH_FORMAT_JSON, error) : NULL;

    return json ? export_checked(file, COACH_FORMAT_YAML, error) : NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "Usage: %s value|coach FILE…\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL, *yaml = NULL, *line = NULL;
        g_autoptr(Value) answer = value_new_map();
        gsize length;

        if (g_file_get_contents(argv[i], &text, &length, &error))
            yaml = g_str_equal(argv[1], "coach") ? export_coach(text, length, argv[i], &error)
                                                 : export_value(text, length, argv[i], &error);
        value_map_take(&answer, yaml ? "yaml" : "error", value_new_string(yaml ? yaml : error->message));
        line = json_format(answer);
        puts(line);
    }
    return EXIT_SUCCESS;
}
