/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/moves.h"

#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/path.h"

#include <string.h>

/* Saying */

static void describe(Plan *plan, const char *key, const char *model, Value *of_model)
{
    Value *known = value_map_get(plan->detail, key);
    Value *all = known ? value_ref(known) : value_new_map();

    if (value_length(of_model) == 0) {
        value_unref(all);
        return;
    }
    value_map_set(&all, model, of_model);
    plan_add_detail(plan, key, all);
}

/* The binding that a field pointer is at or in; NULL: none. Free with g_free(). */
static char *binding_of(const char *path, const char *field)
{
    g_auto(GStrv) tokens = path_is_device(path) ? pointer_split(field, NULL) : NULL;

    return tokens && tokens[0] && g_str_equal(tokens[0], DEVICE_BINDINGS) ? g_strdup(tokens[1]) : NULL;
}

static void add_binding(Value **bindings, const MergeItem *item)
{
    g_autofree char *new = binding_of(item->path, item->field);
    Value *known = value_map_get(*bindings, item->path);
    Value *of_path = known ? value_ref(known) : value_new_map();

    if (new)
        value_map_set(&of_path, new, item->base);
    value_map_take(bindings, item->path, of_path);
}

void plan_describe_moves(Plan *plan, const char *model, const Merge *merge)
{
    g_autoptr(Value) renames = value_new_map(), bindings = value_new_map();

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class != MERGE_RENAMED)
            continue;
        if (item->field[0])
            add_binding(&bindings, item);
        else
            value_map_set(&renames, item->path, item->base);
    }
    describe(plan, MOVES_RENAMES, model, renames);
    describe(plan, MOVES_BINDINGS, model, bindings);
}

/* Reading */

static void add(Moves *moves, char *new, char *old)
{
    g_hash_table_insert(moves->to_old, g_strdup(new), g_strdup(old));
    g_hash_table_insert(moves->to_new, old, new);
}

static char *binding_key(const char *path, const char *binding)
{
    return g_strjoin("\n", path, binding, NULL);
}

Moves *moves_parse(const char *detail, const char *model)
{
    Moves *moves = g_new0(Moves, 1);
    g_autoptr(Value) map = detail ? json_parse(detail, -1, &json_limits_stored, NULL) : NULL;

    moves->to_old = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    moves->to_new = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Value *renames = value_map_get(value_map_get(map, MOVES_RENAMES), model);
    VALUE_FOREACH_ENTRY (path, old_path, renames)
        if (value_is_string(old_path))
            add(moves, g_strdup(path), g_strdup(value_string(old_path)));
    Value *paths = value_map_get(value_map_get(map, MOVES_BINDINGS), model);
    VALUE_FOREACH_ENTRY (path, bindings, paths) {
        const char *old_path = g_hash_table_lookup(moves->to_old, path);

        VALUE_FOREACH_ENTRY (new, old, bindings)
            if (value_is_string(old))
                add(moves, binding_key(path, new),
                    binding_key(old_path ? old_path : path, value_string(old)));
    }
    return moves;
}

void moves_free(Moves *moves)
{
    g_hash_table_unref(moves->to_old);
    g_hash_table_unref(moves->to_new);
    g_free(moves);
}

/* A field pointer with its binding by another name. */
static char *rename_binding(const char *field, const char *binding)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);

    g_free(tokens[1]);
    tokens[1] = g_strdup(binding);
    return pointer_join((const char *const *) tokens);
}

static bool find(GHashTable *table, const char *path, const char *field, char **ret_path, char **ret_field)
{
    g_autofree char *binding = binding_of(path, field), *key = binding ? binding_key(path, binding) : NULL;
    const char *other = key ? g_hash_table_lookup(table, key) : NULL;

    if (other) {
        const char *end = strchr(other, '\n');

        *ret_path = g_strndup(other, (size_t) (end - other));
        *ret_field = rename_binding(field, end + 1);
        return true;
    }
    other = g_hash_table_lookup(table, path);
    if (!other)
        return false;
    *ret_path = g_strdup(other);
    *ret_field = g_strdup(field);
    return true;
}

bool moves_find_old(const Moves *moves, const char *path, const char *field, char **ret_path,
                    char **ret_field)
{
    return find(moves->to_old, path, field, ret_path, ret_field);
}

bool moves_find_new(const Moves *moves, const char *path, const char *field, char **ret_path,
                    char **ret_field)
{
    return find(moves->to_new, path, field, ret_path, ret_field);
}

GHashTable *moves_renames(const Moves *moves, bool back)
{
    GHashTable *renames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter iter;
    gpointer from, to;

    g_hash_table_iter_init(&iter, back ? moves->to_new : moves->to_old);
    while (g_hash_table_iter_next(&iter, &from, &to))
        if (!strchr(from, '\n'))
            g_hash_table_insert(renames, g_strdup(from), g_strdup(to));
    return renames;
}
