/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-search.c: the state of a search. */

#include "ctl/legacy-search.h"

#include <glib/gi18n.h>

char *legacy_search_path(LegacySearch *search, const char *path)
{
    char *shown = legacy_tree_path(search->tree, path);

    if (!g_ptr_array_find_with_equal_func(search->looked, shown, g_str_equal, NULL))
        g_ptr_array_add(search->looked, g_strdup(shown));
    return shown;
}

bool legacy_search_first(LegacySearch *search, const struct stat *st)
{
    return g_hash_table_add(search->seen,
                            g_strdup_printf("%ju:%ju", (uintmax_t) st->st_dev, (uintmax_t) st->st_ino));
}

void legacy_search_problem(LegacySearch *search, const char *path, const char *who, const GError *error)
{
    if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        legacy_items_problem(search->items, path, "%s", error->message);
    else if (who)
        legacy_items_problem(search->items, path, _("%s names it, but it is not there"), who);
}

GBytes *legacy_search_read(LegacySearch *search, const char *path, size_t size_max, const char *who)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = NULL;
    struct stat st;

    data = legacy_tree_read(search->tree, path, size_max, &st, &error);
    if (!data) {
        legacy_search_problem(search, path, who, error);
        return NULL;
    }
    return legacy_search_first(search, &st) ? g_steal_pointer(&data) : NULL;
}

void legacy_search_clear(LegacySearch *search)
{
    legacy_env_clear(&search->env);
    g_clear_pointer(&search->seen, g_hash_table_unref);
    g_clear_pointer(&search->model, g_free);
}
