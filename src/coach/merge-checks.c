/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a plan as a whole: devices that come to share a binding, devices that get lost. */
#include "coach/merge-private.h"

#include "base/text.h"
#include "coach/device.h"
#include "coach/path.h"

#include <string.h>

/* A file that loses more than one device in so many is taken for a truncated one. */
#define LOSS_LIMIT 4

/* The bindings of a device by name; NULL when it has none. Borrowed from `*keyed`, which the caller frees.
 */
static Value *bindings_of(const char *path, Value *component, Value **keyed)
{
    *keyed = component ? component_to_keyed(path, component) : NULL;
    return value_map_get(*keyed, DEVICE_BINDINGS);
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

/* Who is at a binding that an owner gave to a device. */
typedef struct Place {
    GPtrArray *paths;  /* of all devices there in the result; borrowed */
    GPtrArray *own;    /* of those that an owner put there */
    unsigned n_before; /* how many of `paths` were there before */
} Place;

static void place_free(Place *place)
{
    g_ptr_array_unref(place->paths);
    g_ptr_array_unref(place->own);
    g_free(place);
}

static Place *place_of(GHashTable *places, const char *key)
{
    Place *place = g_hash_table_lookup(places, key);

    if (!place) {
        place = g_new0(Place, 1);
        place->paths = g_ptr_array_new();
        place->own = g_ptr_array_new();
        g_hash_table_insert(places, g_strdup(key), place);
    }
    return place;
}

/* Bindings that owners gave to devices: name → Place. */
static GHashTable *find_own_bindings(const Merger *merger)
{
    GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) place_free);

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
                g_ptr_array_add(place_of(places, key)->own, component->path);
    }
    return places;
}

static void add_device(const Merger *merger, GHashTable *places, const char *path, Value *result)
{
    g_autoptr(Value) keyed = NULL, was = NULL, was_keyed = NULL;
    Value *bindings = bindings_of(path, result, &keyed), *old = NULL;

    VALUE_FOREACH_ENTRY (key, fields, bindings) {
        Place *place = g_hash_table_lookup(places, key);

        if (!place)
            continue;
        if (!was) {
            was = before(merger, path);
            old = bindings_of(path, was, &was_keyed);
        }
        g_ptr_array_add(place->paths, (char *) path);
        place->n_before += value_map_get(old, key) != NULL;
    }
}

static void add_devices(const Merger *merger, GHashTable *places)
{
    g_autoptr(GHashTable) merged = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < merger->merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merger->merge->components, i);

        g_hash_table_add(merged, component->path);
        if (path_is_device(component->path) && component->result)
            add_device(merger, places, component->path, component->result);
    }
    for (guint i = 0; i < merger->input->incoming->len; i++) {
        const Component *component = g_ptr_array_index(merger->input->incoming, i);

        if (path_is_device(component->path) && !g_hash_table_contains(merged, component->path))
            add_device(merger, places, component->path, component->data);
    }
}

/* One item for each device that an owner put there, with the first other one. */
static void check_place(Merger *merger, const char *key, Place *place)
{
    g_autofree char *field = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);

    /* Alone, or all were there together before. */
    if (place->paths->len < 2 || place->n_before == place->paths->len)
        return;
    g_ptr_array_sort(place->paths, text_compare_elements);
    for (guint i = 0; i < place->own->len; i++) {
        const char *path = g_ptr_array_index(place->own, i), *other = g_ptr_array_index(place->paths, 0);
        g_autofree char *sentence = NULL;
        g_autoptr(Value) mine = NULL, theirs = NULL;

        if (g_str_equal(path, other))
            other = g_ptr_array_index(place->paths, 1);
        sentence = g_strdup_printf("%s and %s would both be at %s", path, other, key);
        mine = value_new_string(path);
        theirs = value_new_string(other);
        merger_add_item(merger, path, field, MERGE_BINDING_COLLISION, NULL, mine, theirs)->result =
            value_new_string(sentence);
    }
}

void merge_check_collisions(Merger *merger)
{
    g_autoptr(GHashTable) places = find_own_bindings(merger);
    GHashTableIter iter;
    gpointer key, place;

    if (g_hash_table_size(places) == 0)
        return;
    add_devices(merger, places);
    g_hash_table_iter_init(&iter, places);
    while (g_hash_table_iter_next(&iter, &key, &place))
        check_place(merger, key, place);
}

/* Sections */

static bool is_whole(const char *path, Value *data)
{
    /* An empty map may be a section without children as well. */
    return data && !strchr(path, '/') && !(value_is_map(data) && value_length(data) == 0);
}

static char *section_of(const char *path)
{
    return g_strndup(path, strcspn(path, "/"));
}

#define WHOLE 1U
#define DIVIDED 2U

/* Section → WHOLE, DIVIDED, or both. */
static void note_section(GHashTable *sections, const char *path, Value *data)
{
    char *section = section_of(path);
    guint what = !data ? 0 : strchr(path, '/') ? DIVIDED : is_whole(path, data) ? WHOLE : 0;
    guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(sections, section));

    g_hash_table_insert(sections, section, GUINT_TO_POINTER(so_far | what));
}

static void note_untouched(GHashTable *sections, GPtrArray *components, GHashTable *touched)
{
    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);

        if (!g_hash_table_contains(touched, component->path))
            note_section(sections, component->path, component->data);
    }
}

static GHashTable *sections_after(Merger *merger)
{
    GHashTable *sections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) touched = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *components = merger->merge->components;

    for (guint i = 0; i < components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(components, i);

        g_hash_table_add(touched, component->path);
        note_section(sections, component->path, component->result);
    }
    note_untouched(sections, merger->input->incoming, touched);
    return sections;
}

static GHashTable *sections_before(Merger *merger)
{
    GHashTable *sections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer path, overrides;

    note_untouched(sections, merger->input->base, merger->input->overrides);
    g_hash_table_iter_init(&iter, merger->input->overrides);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        g_autoptr(Value) mine = override_apply(path, g_hash_table_lookup(merger->base, path), overrides);
        note_section(sections, path, mine);
    }
    return sections;
}

static bool is_both(GHashTable *sections, const char *section)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(sections, section)) == (WHOLE | DIVIDED);
}

void merge_check_sections(Merger *merger)
{
    g_autoptr(GHashTable) after = sections_after(merger), before = NULL;
    GPtrArray *components = merger->merge->components;

    for (guint i = 0; i < components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(components, i);
        g_autofree char *section = section_of(component->path), *sentence = NULL;

        if (!component->result || !is_both(after, section))
            continue;
        /* Not for what was so before. */
        if (!before)
            before = sections_before(merger);
        if (is_both(before, section))
            continue;
        sentence =
            g_strdup_printf("%s has no place: \"%s\" would be one component and divided at once; take the "
                            "vendor's side for it",
                            component->path, section);
        merger_add_item(merger, component->path, "", MERGE_SECTION_COLLISION, NULL, component->result,
                        g_hash_table_lookup(merger->incoming, component->path))
            ->result = value_new_string(sentence);
    }
}

/* Devices */

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
