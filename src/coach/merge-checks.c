/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a plan as a whole: devices that come to share a binding, devices that get lost. */
#include "coach/merge-private.h"

#include "coach/device.h"
#include "coach/path.h"

/* A file that loses more than one device in so many is taken for a truncated one. */
#define LOSS_LIMIT 4

/* The bindings of a device by name; NULL when it has none. Borrowed from `*keyed`, which the caller frees.
 */
static Value *bindings_of(const char *path, Value *component, Value **keyed)
{
    *keyed = component ? component_to_keyed(path, component) : NULL;
    return value_map_get(*keyed, DEVICE_BINDINGS);
}

static bool has_binding(const char *path, Value *component, const char *key)
{
    g_autoptr(Value) keyed = NULL;

    return value_map_get(bindings_of(path, component, &keyed), key) != NULL;
}

/* The component as it is before the plan is carried out. NULL: none. */
static Value *before(const Merger *merger, const char *path)
{
    const char *old_path = g_hash_table_lookup(merger->renames, path);
    GPtrArray *overrides;
    Value *base;

    if (!old_path)
        old_path = path;
    base = g_hash_table_lookup(merger->base, old_path);
    overrides = merger_overrides(merger->input->overrides, old_path);
    return overrides ? override_apply(old_path, base, overrides) : base ? value_ref(base) : NULL;
}

static void add_at(GHashTable *places, const char *key, const char *path)
{
    GPtrArray *paths = g_hash_table_lookup(places, key);

    if (!paths) {
        paths = g_ptr_array_new();
        g_hash_table_insert(places, g_strdup(key), paths);
    }
    g_ptr_array_add(paths, (char *) path);
}

/* Bindings that owners gave to devices: name → paths. */
static GHashTable *find_own_bindings(const Merger *merger)
{
    GHashTable *places =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

    for (guint i = 0; i < merger->merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merger->merge->components, i);
        Value *incoming = g_hash_table_lookup(merger->incoming, component->path);
        g_autoptr(Value) keyed = NULL, vendor = NULL;
        Value *bindings, *vendor_bindings;

        if (!path_is_device(component->path))
            continue;
        bindings = bindings_of(component->path, component->result, &keyed);
        vendor_bindings = bindings_of(component->path, incoming, &vendor);
        VALUE_FOREACH_ENTRY (key, fields, bindings)
            if (!value_map_get(vendor_bindings, key))
                add_at(places, key, component->path);
    }
    return places;
}

static bool was_shared(const Merger *merger, const char *path, const char *other, const char *key)
{
    g_autoptr(Value) one = before(merger, path), two = before(merger, other);

    return has_binding(path, one, key) && has_binding(other, two, key);
}

static void check_binding(Merger *merger, const char *key, const char *path, const char *other)
{
    g_autofree char *field = NULL, *sentence = NULL;
    g_autoptr(Value) mine = NULL, theirs = NULL;

    if (g_str_equal(path, other) || was_shared(merger, path, other, key))
        return;
    field = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);
    sentence = g_strdup_printf("%s and %s would both be at %s", path, other, key);
    mine = value_new_string(path);
    theirs = value_new_string(other);
    merger_add_item(merger, path, field, MERGE_BINDING_COLLISION, NULL, mine, theirs)->result =
        value_new_string(sentence);
}

static void check_device(Merger *merger, GHashTable *own, const char *path, Value *result)
{
    g_autoptr(Value) keyed = NULL;
    Value *bindings = bindings_of(path, result, &keyed);

    VALUE_FOREACH_ENTRY (key, fields, bindings) {
        GPtrArray *paths = g_hash_table_lookup(own, key);

        for (guint i = 0; paths && i < paths->len; i++)
            check_binding(merger, key, g_ptr_array_index(paths, i), path);
    }
}

void merge_check_collisions(Merger *merger)
{
    g_autoptr(GHashTable) own = find_own_bindings(merger),
                          merged = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *components = merger->merge->components;

    if (g_hash_table_size(own) == 0)
        return;
    for (guint i = 0; i < components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(components, i);

        g_hash_table_add(merged, component->path);
        if (path_is_device(component->path) && component->result)
            check_device(merger, own, component->path, component->result);
    }
    for (guint i = 0; i < merger->input->incoming->len; i++) {
        const Component *component = g_ptr_array_index(merger->input->incoming, i);

        if (path_is_device(component->path) && !g_hash_table_contains(merged, component->path))
            check_device(merger, own, component->path, component->data);
    }
}

void merge_check_devices(Merger *merger)
{
    unsigned total = 0, lost = 0;
    g_autofree char *sentence = NULL;
    MergeItem *item;

    for (guint i = 0; i < merger->input->base->len; i++) {
        const char *path = ((const Component *) g_ptr_array_index(merger->input->base, i))->path;

        if (!path_is_device(path))
            continue;
        total++;
        lost += !g_hash_table_contains(merger->incoming, path) &&
                !g_hash_table_contains(merger->renamed_away, path);
    }
    if ((size_t) lost * LOSS_LIMIT <= total)
        return;
    sentence = g_strdup_printf("%u of %u devices would go; the new file may be truncated", lost, total);
    g_autoptr(Value) before = value_new_integer(total), after = value_new_integer((int64_t) total - lost);
    item = merger_add_item(merger, "", "", MERGE_DEVICE_LOSS, before, NULL, after);
    item->result = value_new_string(sentence);
}
