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

static void append_name(GString *id, const char *name)
{
    static const char *const endings[] = {".yml", ".yaml", ".json"};
    g_autofree char *base = g_path_get_basename(name);

    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(base, endings[i])) {
            base[strlen(base) - strlen(endings[i])] = 0;
            append_part(id, base);
            return;
        }
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
