/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that the vendor changed: components by what the file says, bindings by what is unmistakable. */
#include "coach/merge-private.h"

#include "coach/dgn.h"
#include "coach/path.h"

#include <string.h>

#define RENAMED_FROM "renamed_from"

static GHashTable *path_set(GPtrArray *components)
{
    GHashTable *paths = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < components->len; i++)
        g_hash_table_add(paths, ((const Component *) g_ptr_array_index(components, i))->path);
    return paths;
}

typedef struct Renames {
    GHashTable *base, *incoming; /* sets of paths */
    GHashTable *taken;           /* old paths that have a successor; owned by `found` */
    GHashTable *found;
} Renames;

static bool try_rename(Renames *renames, const char *path, Value *name)
{
    g_autofree char *section = NULL, *old_path = NULL;

    if (!value_is_string(name) || !path_split(path, &section, NULL, NULL))
        return false;
    old_path = path_new(section, value_string(name));
    if (!g_hash_table_contains(renames->base, old_path) ||
        g_hash_table_contains(renames->incoming, old_path) ||
        g_hash_table_contains(renames->taken, old_path))
        return false;
    g_hash_table_add(renames->taken, old_path);
    g_hash_table_insert(renames->found, g_strdup(path), g_steal_pointer(&old_path));
    return true;
}

static int compare_components(gconstpointer a, gconstpointer b)
{
    const Component *const *left = a, *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

GHashTable *merge_find_renames(GPtrArray *base, GPtrArray *incoming)
{
    g_autoptr(GHashTable) base_paths = path_set(base), incoming_paths = path_set(incoming);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(incoming, NULL, NULL);
    Renames renames = {.base = base_paths,
                       .incoming = incoming_paths,
                       .taken = taken,
                       .found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};

    /* Where two claim the same old name the first one has it, in whatever order the file has them. */
    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_components);
    for (guint i = 0; i < sorted->len; i++) {
        const Component *component = g_ptr_array_index(sorted, i);
        Value *from = value_map_get(component->data, RENAMED_FROM);

        if (!from || !strchr(component->path, '/') || g_hash_table_contains(base_paths, component->path))
            continue;
        if (try_rename(&renames, component->path, from))
            continue;
        VALUE_FOREACH_ITEM (name, from)
            if (try_rename(&renames, component->path, name))
                break;
    }
    return renames.found;
}

/* The only binding of this DGN that `device` has and `other` has not; NULL when there is none or several. */
static const char *only_one_gone(Value *device, Value *other, uint32_t dgn)
{
    const char *only = NULL;

    VALUE_FOREACH_ENTRY (key, fields, device) {
        uint32_t key_dgn;
        int instance;

        if (value_map_get(other, key) || !binding_key_parse(key, &key_dgn, &instance) || key_dgn != dgn)
            continue;
        if (only)
            return NULL;
        only = key;
    }
    return only;
}

const char *merge_find_moved_binding(Value *old_bindings, Value *new_bindings, const char *key)
{
    const char *gone;
    uint32_t dgn;
    int instance;

    if (value_map_get(new_bindings, key) || !binding_key_parse(key, &dgn, &instance))
        return NULL;
    gone = only_one_gone(old_bindings, new_bindings, dgn);
    return gone && g_str_equal(gone, key) ? only_one_gone(new_bindings, old_bindings, dgn) : NULL;
}
