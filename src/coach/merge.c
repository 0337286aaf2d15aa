/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/merge.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "coach/merge-private.h"
#include "coach/path.h"

#include <string.h>

/* Names */

static const struct {
    const char *name;
    bool flagged;
    MergeAllow lifted_by;
} classes[MERGE_CLASSES] = {
    [MERGE_VENDOR] = {"vendor", false, 0},
    [MERGE_KEPT] = {"kept", false, 0},
    [MERGE_CONVERGED] = {"converged", false, 0},
    [MERGE_MERGED] = {"merged", false, 0},
    [MERGE_ADDED] = {"added", false, 0},
    [MERGE_REMOVED] = {"removed", false, 0},
    [MERGE_DELETED_KEPT] = {"deleted-kept", false, 0},
    [MERGE_RENAMED] = {"renamed", false, 0},
    [MERGE_CONFLICT] = {"conflict", true, 0},
    [MERGE_ORPHANED] = {"orphaned", true, 0},
    [MERGE_UNSET_CHANGED] = {"unset-changed", true, 0},
    [MERGE_REMOVED_EDITED] = {"removed-edited", true, 0},
    [MERGE_DELETED_CHANGED] = {"deleted-changed", true, 0},
    [MERGE_MISSING_FIELD] = {"missing-field", false, MERGE_ALLOW_MISSING_FIELDS},
    [MERGE_ID_COLLISION] = {"id-collision", false, MERGE_ALLOW_COLLISIONS},
    [MERGE_BINDING_COLLISION] = {"binding-collision", false, MERGE_ALLOW_COLLISIONS},
    [MERGE_SECTION_COLLISION] = {"section-collision", false, MERGE_ALLOW_NOTHING},
    [MERGE_DEVICE_LOSS] = {"device-loss", false, MERGE_ALLOW_DEVICE_LOSS},
};

static const char *const policies[MERGE_POLICIES] = {
    [MERGE_KEEP_MINE] = "keep-mine",
    [MERGE_TAKE_VENDOR] = "take-vendor",
    [MERGE_MANUAL] = "manual",
};

const char *merge_class_to_string(MergeClass class)
{
    return classes[class].name;
}

bool merge_class_is_flagged(MergeClass class)
{
    return classes[class].flagged;
}

MergeAllow merge_class_lifted_by(MergeClass class)
{
    return classes[class].lifted_by;
}

const char *merge_policy_to_string(MergePolicy policy)
{
    return policies[policy];
}

bool merge_policy_from_string(const char *text, MergePolicy *ret)
{
    for (guint i = 0; i < MERGE_POLICIES; i++)
        if (g_str_equal(text, policies[i])) {
            *ret = (MergePolicy) i;
            return true;
        }
    return false;
}

const char *merge_verdict_to_string(MergeVerdict verdict)
{
    static const char *const names[] = {
        [MERGE_CLEAN] = "clean",
        [MERGE_REVIEW] = "review",
        [MERGE_BLOCKED] = "blocked",
    };

    return names[verdict];
}

/* Resolutions */

#define CHOICE_VALUE "value:"

static bool parse_choice(MergeResolution *resolution, const char *choice, GError **error)
{
    if (g_str_equal(choice, "mine")) {
        resolution->choice = MERGE_CHOOSE_MINE;
        return true;
    }
    if (g_str_equal(choice, "vendor")) {
        resolution->choice = MERGE_CHOOSE_VENDOR;
        return true;
    }
    if (!g_str_has_prefix(choice, CHOICE_VALUE)) {
        g_autofree char *quoted = json_quote(choice);
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "%s is no choice; those are \"mine\", \"vendor\", and \"value:\" and JSON text", quoted);
        return false;
    }
    resolution->choice = MERGE_CHOOSE_VALUE;
    resolution->value = json_parse(choice + strlen(CHOICE_VALUE), -1, &json_limits_call, error);
    return resolution->value != NULL;
}

MergeResolution *merge_resolution_new(const char *path, const char *field, const char *choice,
                                      GError **error)
{
    MergeResolution *resolution = g_new0(MergeResolution, 1);

    resolution->path = g_strdup(path);
    /* The device that is lost is no component. */
    if (path_split(path, NULL, NULL, error))
        resolution->field = override_field_normalize(field, error);
    if (!resolution->field || !parse_choice(resolution, choice, error)) {
        g_prefix_error(error, "The resolution of %s%s: ", path, field);
        merge_resolution_free(resolution);
        return NULL;
    }
    return resolution;
}

void merge_resolution_free(MergeResolution *resolution)
{
    g_free(resolution->path);
    g_free(resolution->field);
    g_clear_pointer(&resolution->value, value_unref);
    g_free(resolution);
}

static char *item_key(const char *path, const char *field)
{
    return g_strjoin("\n", path, field, NULL);
}

const MergeResolution *merger_take_resolution(Merger *merger, const char *path, const char *field)
{
    g_autofree char *key = NULL;
    MergeResolution *resolution;

    if (g_hash_table_size(merger->resolutions) == 0)
        return NULL;
    key = item_key(path, field);
    resolution = g_hash_table_lookup(merger->resolutions, key);
    g_hash_table_remove(merger->resolutions, key);
    return resolution;
}

static bool read_resolutions(Merger *merger, GError **error)
{
    GPtrArray *resolutions = merger->input->resolutions;

    for (guint i = 0; resolutions && i < resolutions->len; i++) {
        MergeResolution *resolution = g_ptr_array_index(resolutions, i);

        if (g_hash_table_insert(merger->resolutions, item_key(resolution->path, resolution->field),
                                resolution))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS, "%s%s has two resolutions",
                    resolution->path, resolution->field);
        return false;
    }
    return true;
}

static bool check_resolutions(const Merger *merger, GError **error)
{
    GPtrArray *resolutions = merger->input->resolutions;

    for (guint i = 0; resolutions && i < resolutions->len; i++) {
        const MergeResolution *resolution = g_ptr_array_index(resolutions, i);
        g_autofree char *key = item_key(resolution->path, resolution->field);

        if (!g_hash_table_contains(merger->resolutions, key))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "There is nothing to resolve at %s%s; the preview lists what there is", resolution->path,
                    resolution->field);
        return false;
    }
    return true;
}

/* Items */

static void item_free(MergeItem *item)
{
    g_free(item->path);
    g_free(item->field);
    g_clear_pointer(&item->base, value_unref);
    g_clear_pointer(&item->mine, value_unref);
    g_clear_pointer(&item->vendor, value_unref);
    g_clear_pointer(&item->result, value_unref);
    g_free(item);
}

static void component_free_merged(MergedComponent *component)
{
    g_free(component->path);
    g_ptr_array_unref(component->before);
    g_ptr_array_unref(component->after);
    g_clear_pointer(&component->result, value_unref);
    g_free(component);
}

static Value *ref_or_null(Value *value)
{
    return value ? value_ref(value) : NULL;
}

MergeItem *merger_add_item(Merger *merger, const char *path, const char *field, MergeClass class,
                           Value *base, Value *mine, Value *vendor)
{
    MergeItem *item = g_new0(MergeItem, 1);

    item->path = g_strdup(path);
    item->field = g_strdup(field);
    item->class = class;
    item->base = ref_or_null(base);
    item->mine = ref_or_null(mine);
    item->vendor = ref_or_null(vendor);
    g_ptr_array_add(merger->merge->items, item);
    return item;
}

static bool is_pressing(const MergeItem *item)
{
    return merge_class_is_flagged(item->class) || merge_class_lifted_by(item->class);
}

static int compare_items(gconstpointer a, gconstpointer b)
{
    const MergeItem *left = *(const MergeItem *const *) a, *right = *(const MergeItem *const *) b;
    int order = (int) is_pressing(right) - (int) is_pressing(left);

    if (order == 0)
        order = strcmp(left->path, right->path);
    if (order == 0)
        order = strcmp(left->field, right->field);
    if (order == 0)
        order = (int) left->class - (int) right->class;
    /* A device may meet several others at one place; the sentences name them. */
    return order == 0 && merge_class_lifted_by(left->class)
               ? strcmp(value_string(left->result), value_string(right->result))
               : order;
}

static int compare_components(gconstpointer a, gconstpointer b)
{
    const MergedComponent *const *left = a, *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

void merge_free(Merge *merge)
{
    if (!merge)
        return;
    g_ptr_array_unref(merge->items);
    g_ptr_array_unref(merge->components);
    g_free(merge);
}

const MergedComponent *merge_find_component(const Merge *merge, const char *path)
{
    guint low = 0, high = merge->components->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const MergedComponent *component = g_ptr_array_index(merge->components, middle);
        int order = strcmp(component->path, path);

        if (order == 0)
            return component;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Planning */

static void merger_clear(Merger *merger)
{
    rules_free(merger->rules);
    g_hash_table_unref(merger->base);
    g_hash_table_unref(merger->incoming);
    g_hash_table_unref(merger->renames);
    g_hash_table_unref(merger->renamed_away);
    g_hash_table_unref(merger->resolutions);
    merge_free(merger->merge);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Merger, merger_clear)

GPtrArray *merger_overrides(GHashTable *table, const char *path)
{
    GPtrArray *overrides = table ? g_hash_table_lookup(table, path) : NULL;

    return overrides && overrides->len > 0 ? overrides : NULL;
}

/* Where the owner has a component of that name already, nothing is renamed: the two would be one. Nor where
 * what is pinned needs the old name. */
static void take_rename(Merger *merger, const char *path, const char *old_path)
{
    GPtrArray *own = merger_overrides(merger->input->overrides, path);
    const Override *whole = own ? override_list_find(own, "") : NULL;
    g_autofree char *sentence = NULL;
    g_autoptr(Value) from = NULL;

    if (merger_overrides(merger->input->pinned, old_path))
        return;
    if (!own) {
        g_hash_table_insert(merger->renames, g_strdup(path), g_strdup(old_path));
        return;
    }
    if (!whole || whole->op != OVERRIDE_SET)
        return;
    sentence =
        g_strdup_printf("%s is renamed to %s, which you have a component of your own of", old_path, path);
    from = value_new_string(old_path);
    merger_add_item(merger, path, "", MERGE_ID_COLLISION, from, whole->value,
                    g_hash_table_lookup(merger->incoming, path))
        ->result = value_new_string(sentence);
}

static void take_renames(Merger *merger)
{
    g_autoptr(GHashTable) renames = merger->input->renames
                                        ? g_hash_table_ref(merger->input->renames)
                                        : merge_find_renames(merger->input->base, merger->input->incoming);
    GHashTableIter iter;
    gpointer path, old_path;

    g_hash_table_iter_init(&iter, renames);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        take_rename(merger, path, old_path);
    g_hash_table_iter_init(&iter, merger->renames);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        g_hash_table_add(merger->renamed_away, old_path);
}

static void add_paths(GHashTable *paths, GHashTable *table)
{
    GHashTableIter iter;
    gpointer path;

    if (!table)
        return;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_hash_table_add(paths, path);
}

/* All paths that somebody has something at, sorted. Borrowed texts. */
static GPtrArray *all_paths(const Merger *merger)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;

    add_paths(paths, merger->base);
    add_paths(paths, merger->incoming);
    add_paths(paths, merger->input->overrides);
    add_paths(paths, merger->input->pinned);
    g_hash_table_iter_init(&iter, paths);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        if (!g_hash_table_contains(merger->renamed_away, path) ||
            merger_overrides(merger->input->pinned, path))
            g_ptr_array_add(sorted, path);
    g_ptr_array_sort(sorted, text_compare_elements);
    return sorted;
}

static bool merge_components(Merger *merger, GError **error)
{
    g_autoptr(GPtrArray) paths = all_paths(merger);

    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        const char *old_path = g_hash_table_lookup(merger->renames, path);

        if (!merge_component(merger, path, old_path ? old_path : path, error))
            return false;
    }
    g_ptr_array_sort(merger->merge->components, compare_components);
    return true;
}

static void judge(Merger *merger)
{
    Merge *merge = merger->merge;

    g_ptr_array_sort(merge->items, compare_items);
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        MergeAllow lifted_by = merge_class_lifted_by(item->class);

        merge->counts[item->class]++;
        if (lifted_by && !(merger->input->allow & lifted_by))
            merge->verdict = MERGE_BLOCKED;
        else if (merge_class_is_flagged(item->class) && !item->resolved)
            merge->verdict = MAX(merge->verdict, MERGE_REVIEW);
    }
}

Merge *merge_plan(const MergeInput *input, GError **error)
{
    g_auto(Merger) merger = {
        .input = input,
        .rules = rules_new_from_components(input->incoming),
        .base = component_table(input->base),
        .incoming = component_table(input->incoming),
        .renames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .renamed_away = g_hash_table_new(g_str_hash, g_str_equal),
        .resolutions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .merge = g_new0(Merge, 1),
    };

    merger.merge->items = g_ptr_array_new_with_free_func((GDestroyNotify) item_free);
    merger.merge->components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free_merged);
    if (!read_resolutions(&merger, error))
        return NULL;
    take_renames(&merger);
    if (!merge_components(&merger, error) || !check_resolutions(&merger, error))
        return NULL;
    merge_check_collisions(&merger);
    merge_check_sections(&merger);
    merge_check_devices(&merger);
    judge(&merger);
    return g_steal_pointer(&merger.merge);
}
