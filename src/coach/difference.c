/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/difference.h"

#include "base/error.h"

/* See difference.h for the reasons. */
#define NEAR_DIFFERENT_MAX 5000
#define NEAR_ONE_OF 3 /* fields may differ */

/* Distance */

static size_t count_fields(const Value *value)
{
    size_t n = 0;

    if (!value)
        return 0;
    VALUE_FOREACH_ENTRY (key, member, value)
        n += count_fields(member);
    return MAX(n, 1);
}

static size_t count_component(const char *path, Value *data)
{
    g_autoptr(Value) keyed = data ? component_to_keyed(path, data) : NULL;

    return count_fields(keyed);
}

static void add_distance(CoachDistance *distance, const char *path, Value *a, Value *b)
{
    g_autoptr(GPtrArray) diffs = NULL;
    size_t different = 0, fields = MAX(count_component(path, a), count_component(path, b));

    if (!a || !b) {
        different = fields;
    } else if (!value_equal(a, b)) {
        diffs = component_diff(path, a, b);
        for (guint i = 0; i < diffs->len; i++) {
            const FieldDiff *diff = g_ptr_array_index(diffs, i);
            different += MAX(count_fields(diff->before), count_fields(diff->after));
        }
    }
    distance->different += different;
    distance->fields += MAX(fields, different);
}

CoachDistance coach_distance(GPtrArray *a, GPtrArray *b)
{
    g_autoptr(GHashTable) in_a = component_table(a), in_b = component_table(b);
    CoachDistance distance = {0};

    for (guint i = 0; i < a->len; i++) {
        const Component *component = g_ptr_array_index(a, i);
        add_distance(&distance, component->path, component->data,
                     g_hash_table_lookup(in_b, component->path));
    }
    for (guint i = 0; i < b->len; i++) {
        const Component *component = g_ptr_array_index(b, i);
        if (!g_hash_table_contains(in_a, component->path))
            add_distance(&distance, component->path, NULL, component->data);
    }
    return distance;
}

bool coach_distance_is_near(CoachDistance distance)
{
    return distance.different <= NEAR_DIFFERENT_MAX && distance.different * NEAR_ONE_OF <= distance.fields;
}

/* Edits */

static GPtrArray *record_whole(Value *vendor, Value *wanted)
{
    GPtrArray *list = override_list_new();

    g_ptr_array_add(list, override_new("", wanted ? OVERRIDE_SET : OVERRIDE_UNSET, wanted, vendor));
    return list;
}

/* NULL without an error where both are the same. */
static GPtrArray *record(const char *path, Value *vendor, Value *wanted, GError **error)
{
    g_autoptr(GPtrArray) none = override_list_new();
    g_autoptr(GError) local = NULL;
    GPtrArray *list;

    if (value_equal(vendor, wanted))
        return NULL;
    if (!vendor || !wanted)
        return record_whole(vendor, wanted);
    list = override_record_component(path, vendor, none, wanted, &local);
    if (list)
        return list;
    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE))
        return record_whole(vendor, wanted);
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s: ", path);
    return NULL;
}

static bool add_edits(GHashTable *edits, const char *path, Value *vendor, Value *wanted, GError **error)
{
    GError *local = NULL;
    GPtrArray *list = record(path, vendor, wanted, &local);

    if (local) {
        g_propagate_error(error, local);
        return false;
    }
    if (list && list->len > 0)
        g_hash_table_insert(edits, g_strdup(path), list);
    else if (list)
        g_ptr_array_unref(list);
    return true;
}

GHashTable *coach_difference(GPtrArray *vendor, GPtrArray *wanted, GError **error)
{
    g_autoptr(GHashTable) in_vendor = component_table(vendor), in_wanted = component_table(wanted);
    g_autoptr(GHashTable) edits = override_table_new();

    for (guint i = 0; i < vendor->len; i++) {
        const Component *component = g_ptr_array_index(vendor, i);
        if (!add_edits(edits, component->path, component->data,
                       g_hash_table_lookup(in_wanted, component->path), error))
            return NULL;
    }
    for (guint i = 0; i < wanted->len; i++) {
        const Component *component = g_ptr_array_index(wanted, i);
        if (!g_hash_table_contains(in_vendor, component->path) &&
            !add_edits(edits, component->path, NULL, component->data, error))
            return NULL;
    }
    return g_steal_pointer(&edits);
}
