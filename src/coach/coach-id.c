/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ids of models from what files are called, and from what they say. */
#include "coach/coach-id.h"

#include <string.h>

static void append_part(GString *id, const char *text)
{
    if (id->len > 0 && text[0])
        g_string_append_c(id, '_');
    for (; *text; text++)
        if (*text == ' ')
            g_string_append_c(id, '_');
        else if (g_ascii_isalnum(*text) || strchr("_-.", *text))
            g_string_append_c(id, *text);
}

const char *coach_name_ending(const char *name)
{
    static const char *const endings[] = {".yml", ".yaml", ".json"};
    const char *dot = strrchr(name, '.');

    for (guint i = 0; dot && i < G_N_ELEMENTS(endings); i++)
        if (g_ascii_strcasecmp(dot, endings[i]) == 0)
            return dot;
    return NULL;
}

static void append_name(GString *id, const char *name)
{
    g_autofree char *base = g_path_get_basename(name), *stem = NULL;
    const char *ending = coach_name_ending(base);

    if (!ending)
        return;
    stem = g_strndup(base, (gsize) (ending - base));
    append_part(id, stem);
}

char *coach_id_new(const CoachFile *file, const char *name)
{
    const char *const parts[] = {file->info.year, file->info.make, file->info.model, file->info.trim};
    GString *id = g_string_new(NULL);

    if (name && name[0])
        append_name(id, name);
    if (id->len > 0)
        return g_string_free(id, false);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        append_part(id, parts[i]);
    return g_string_free(id, false);
}
