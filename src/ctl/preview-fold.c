/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preview-fold.c: which groups of a preview are read as one. */

#include "ctl/preview-fold.h"

#include "ctl/bus-value.h"

/* Fewer say more one by one. */
#define FOLD_LEAST 4

static const Value *first_item(const PreviewGroup *group)
{
    return group->items->pdata[0];
}

static void fold_free(void *data)
{
    PreviewFold *fold = data;

    g_ptr_array_unref(fold->groups);
    g_free(fold);
}

static PreviewFold *fold_new(FoldKind kind, PreviewGroup *group)
{
    PreviewFold *fold = g_new(PreviewFold, 1);

    *fold = (PreviewFold){kind, group->item_class, g_ptr_array_new(), group->items->len};
    g_ptr_array_add(fold->groups, group);
    return fold;
}

/* What groups have in common that could be one fold of a kind; NULL for one that could not be in any. */
static char *fold_key(const PreviewGroup *group, FoldKind kind)
{
    const Value *item = first_item(group);
    const char *absent = kind == FOLD_NEW ? "base" : "result";
    const char *last = NULL;
    GString *key;

    if (group->item_class->kind != PREVIEW_CHANGES || !*dict_text(item, "field"))
        return NULL;
    if (kind == FOLD_VALUES)
        return g_str_has_prefix(dict_text(item, "path"), "devices/")
                   ? preview_field_pattern(dict_text(item, "field"))
                   : NULL;
    if (value_map_get(item, absent))
        return NULL;
    /* Items are sorted by path. */
    key = g_string_new(NULL);
    for (unsigned i = 0; i < group->items->len; i++) {
        const char *path = dict_text(group->items->pdata[i], "path");

        if (g_strcmp0(path, last) != 0)
            g_string_append_printf(key, "%s\n", path);
        last = path;
    }
    return g_string_free(key, FALSE);
}

/* The same with the class before it, since folds are of one. */
static char *class_key(const PreviewGroup *group, FoldKind kind)
{
    g_autofree char *key = fold_key(group, kind);

    return key ? g_strconcat(dict_text(first_item(group), "class"), "\n", key, NULL) : NULL;
}

/* The groups that have a key in common, for each key; borrowed. */
static GHashTable *groups_by_key(GPtrArray *groups, FoldKind kind)
{
    GHashTable *by_key =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

    for (unsigned i = 0; i < groups->len; i++) {
        char *key = class_key(groups->pdata[i], kind);
        GPtrArray *same = key ? g_hash_table_lookup(by_key, key) : NULL;

        if (same) {
            g_free(key);
        } else if (key) {
            same = g_ptr_array_new();
            g_hash_table_insert(by_key, key, same);
        }
        if (same)
            g_ptr_array_add(same, groups->pdata[i]);
    }
    return by_key;
}

static PreviewFold *fold_of(FoldKind kind, GPtrArray *groups)
{
    PreviewFold *fold = fold_new(kind, groups->pdata[0]);

    for (unsigned i = 1; i < groups->len; i++) {
        const PreviewGroup *group = groups->pdata[i];

        g_ptr_array_add(fold->groups, (void *) group);
        fold->n_items += group->items->len;
    }
    return fold;
}

/* Moves what makes a fold of this kind from the groups that are left to the folds. */
static void fold_kind(GPtrArray *left, GPtrArray *folds, FoldKind kind)
{
    g_autoptr(GHashTable) by_key = groups_by_key(left, kind);

    for (unsigned i = 0; i < left->len;) {
        g_autofree char *key = class_key(left->pdata[i], kind);
        GPtrArray *same = key ? g_hash_table_lookup(by_key, key) : NULL;

        if (!same || same->len < FOLD_LEAST) {
            i++;
            continue;
        }
        if (same->pdata[0] == left->pdata[i])
            g_ptr_array_add(folds, fold_of(kind, same));
        g_ptr_array_remove_index(left, i);
    }
}

/* Sorting is stable, so those of one size stay in the order of the service. */
static int compare_folds(const void *a, const void *b)
{
    const PreviewFold *first = *(PreviewFold *const *) a;
    const PreviewFold *second = *(PreviewFold *const *) b;

    if (first->item_class != second->item_class)
        return first->item_class < second->item_class ? -1 : 1;
    return (first->n_items < second->n_items) - (first->n_items > second->n_items);
}

static void add_unfolded(GPtrArray *folds, GPtrArray *groups)
{
    for (unsigned i = 0; i < groups->len; i++)
        g_ptr_array_add(folds, fold_new(FOLD_NONE, groups->pdata[i]));
}

GPtrArray *preview_fold_none(GPtrArray *groups)
{
    GPtrArray *folds = g_ptr_array_new_with_free_func(fold_free);

    add_unfolded(folds, groups);
    return folds;
}

GPtrArray *preview_fold(GPtrArray *groups)
{
    static const FoldKind kinds[] = {FOLD_VALUES, FOLD_NEW, FOLD_GONE};
    GPtrArray *folds = g_ptr_array_new_with_free_func(fold_free);
    g_autoptr(GPtrArray) left = g_ptr_array_copy(groups, NULL, NULL);

    g_ptr_array_set_free_func(left, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        fold_kind(left, folds, kinds[i]);
    add_unfolded(folds, left);
    g_ptr_array_sort(folds, compare_folds);
    return folds;
}
