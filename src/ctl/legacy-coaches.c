/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-coaches.c: files that variables name, and folders. */

#include "ctl/legacy-coaches.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/legacy-places.h"
#include "ctl/legacy-settings.h"

/* Of a folder; an installation has a few, and the whole bundle of one maker dozens. */
#define COACHES_MAX 500U

/* YAML that lies among coach files and has nothing to do with them. */
static const char *const other_files[] = {"security.yml", "security.yaml", "feature_flags.yml",
                                          "feature_flags.yaml"};

static bool is_other_file(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(other_files); i++) {
        if (g_ascii_strcasecmp(name, other_files[i]) == 0)
            return true;
    }
    return false;
}

bool legacy_coaches_add_named(LegacySearch *search, const char *path, const char *variable)
{
    g_autofree char *shown = legacy_search_path(search, path);
    g_autoptr(GError) error = NULL;
    struct stat st;
    g_autoptr(GBytes) data = legacy_tree_read(search->tree, path, LEGACY_FILE_MAX, &st, &error);

    if (!data)
        legacy_search_problem(search, shown, variable, error);
    else if (legacy_search_first(search, &st))
        legacy_items_add(search->items, "coach", shown, data);
    return data != NULL;
}

/* "1FEDA:", "coach_info:" … at the start of a line. Only for folders that may be anybody's. */
static bool looks_like_coach(GBytes *data)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^[\"']?([0-9A-Fa-f]{4,6}|_?coach_info|dgn_pairs|global_defaults)[\"']?\\s*:",
                    G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    size_t length;
    const char *text = g_bytes_get_data(data, &length);

    return length > 0 && g_regex_match_full(regex, text, (gssize) length, 0, 0, NULL, NULL);
}

/* “config” in the current folder may belong to something else, unless it is a place for another reason too:
 * the old service ran in its data folder. */
static bool is_anybodys(LegacySearch *search, const LegacyPlace *place, const char *folder)
{
    if (place->base != BASE_PROGRAM || search->confined)
        return false;
    for (size_t i = 0; i < legacy_places_length; i++) {
        const LegacyPlace *other = &legacy_places[i];
        g_autofree char *path = other->base == BASE_PROGRAM ? NULL : legacy_place_path(other, &search->env);
        g_autofree char *shown = path ? legacy_tree_path(search->tree, path) : NULL;

        if (other->kind == place->kind && g_strcmp0(shown, folder) == 0)
            return false;
    }
    return true;
}

static void add_file(LegacySearch *search, const LegacyPlace *place, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *shown = legacy_search_path(search, path);
    g_autoptr(GBytes) data = legacy_search_read(search, shown, LEGACY_FILE_MAX, NULL);

    if (!data)
        return;
    if (is_anybodys(search, place, folder) && !looks_like_coach(data))
        return;
    legacy_items_add(search->items, place->kind == PLACE_COACHES ? "coach" : "reference", shown, data);
}

/* Brings the model that is used to the front, so that it is not among those that are left out. */
static void prefer_model(GPtrArray *names, const char *model)
{
    for (unsigned i = 0; model && i < names->len; i++) {
        g_autofree char *stem = legacy_settings_model(names->pdata[i]);

        if (stem && g_ascii_strcasecmp(stem, model) == 0) {
            gpointer name = names->pdata[i];

            names->pdata[i] = names->pdata[0];
            names->pdata[0] = name;
            return;
        }
    }
}

static void add_folder(LegacySearch *search, const LegacyPlace *place, const char *folder, const char *who)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = legacy_tree_list_yaml(search->tree, folder, &error);

    if (!names) {
        legacy_search_problem(search, folder, who, error);
        return;
    }
    prefer_model(names, search->model);
    if (names->len > COACHES_MAX)
        legacy_items_problem(
            search->items, folder,
            _("There are %u coach files in this folder, of which %u are looked at; move away those that "
              "are not needed"),
            names->len, COACHES_MAX);
    for (unsigned i = 0; i < MIN(names->len, COACHES_MAX); i++) {
        if (!is_other_file(names->pdata[i]))
            add_file(search, place, folder, names->pdata[i]);
    }
}

static GHashTable *reference_folders(LegacySearch *search)
{
    GHashTable *folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < legacy_places_length; i++) {
        g_autofree char *path = legacy_place_path(&legacy_places[i], &search->env);

        if (legacy_places[i].kind == PLACE_REFERENCES)
            g_hash_table_add(folders, legacy_tree_path(search->tree, path));
    }
    return folders;
}

void legacy_coaches_add_folders(LegacySearch *search)
{
    g_autoptr(GHashTable) references = reference_folders(search);
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < legacy_places_length; i++) {
        const LegacyPlace *place = &legacy_places[i];
        g_autofree char *path = legacy_place_path(place, &search->env);
        g_autofree char *shown = NULL;

        if (!path || (place->kind != PLACE_COACHES && place->kind != PLACE_REFERENCES))
            continue;
        shown = legacy_search_path(search, path);
        /* A variable may name the folder of what was released. */
        if (place->kind == PLACE_COACHES && g_hash_table_contains(references, shown))
            continue;
        if (g_hash_table_add(done, g_strdup(shown)))
            add_folder(search, place, shown, legacy_place_variable(place, &search->env));
    }
}
