/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Merging one component: its overrides, from what the vendor had to what the vendor has now. */
#include "coach/merge-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/path.h"

#include <string.h>

/* Fields whose lists are sets, at a device or at one of its bindings: they merge element by element. */
static const char *const set_fields[] = {"capabilities", "groups", NULL};

/* What a resolution sets: done after all overrides have been merged, as an edit of the result. */
typedef struct Decision {
    char *field;
    Value *value; /* NULL: nothing shall be there */
} Decision;

typedef struct Work {
    Merger *merger;
    const char *path;
    Value *base, *incoming;             /* NULL: none */
    Value *base_keyed, *incoming_keyed; /* the same as field pointers see them */
    GPtrArray *overrides;               /* before */
    GPtrArray *list;                    /* after */
    GPtrArray *decisions;
    GHashTable *covered; /* set of the fields that overrides speak of, so that no other item does */
    guint first_item;
} Work;

static void decision_free(Decision *decision)
{
    g_free(decision->field);
    g_clear_pointer(&decision->value, value_unref);
    g_free(decision);
}

static void decide(Work *work, const char *field, Value *value)
{
    Decision *decision = g_new0(Decision, 1);

    decision->field = g_strdup(field);
    decision->value = value ? value_ref(value) : NULL;
    g_ptr_array_add(work->decisions, decision);
}

static MergeItem *add_item(Work *work, const char *field, MergeClass class, Value *base, Value *mine,
                           Value *vendor)
{
    return merger_add_item(work->merger, work->path, field, class, base, mine, vendor);
}

/* `author` is NULL for who makes the update. */
static void keep(Work *work, const char *field, OverrideOp op, Value *value, Value *vendor,
                 const OverrideAuthor *author)
{
    Override *override = override_new(field, op, value, vendor);

    override_set_author(override, author);
    g_ptr_array_add(work->list, override);
}

/* Of several that become one: the last. */
static const OverrideAuthor *last_author(GPtrArray *overrides)
{
    const OverrideAuthor *last = NULL;

    for (guint i = 0; i < overrides->len; i++) {
        const OverrideAuthor *author = ((const Override *) g_ptr_array_index(overrides, i))->author;
        if (author && (!last || author->change > last->change))
            last = author;
    }
    return last;
}

/* The last override that was kept is of a component that the vendor dropped. */
static void remember_edits(Work *work, Value *edits)
{
    Override *override = g_ptr_array_index(work->list, work->list->len - 1);

    g_clear_pointer(&override->edits, value_unref);
    override->edits = value_ref(edits);
}

/* What is to be done about an item that is about an override: a resolution, else the policy. A value is
 * noted for later; until then the owner's stands. True: the override stays. */
static bool keeps_mine(Work *work, MergeItem *item, bool *ret_explicit)
{
    const MergeResolution *resolution = merger_take_resolution(work->merger, item->path, item->field);

    item->resolved = resolution != NULL;
    *ret_explicit = resolution && resolution->choice == MERGE_CHOOSE_MINE;
    if (!resolution)
        return !merge_class_is_flagged(item->class) || work->merger->input->policy != MERGE_TAKE_VENDOR;
    if (resolution->choice == MERGE_CHOOSE_VALUE)
        decide(work, item->field, resolution->value);
    return resolution->choice != MERGE_CHOOSE_VENDOR;
}

/* Sets */

/* The elements of a list by what they are; owns the texts. */
static GHashTable *elements_of(Value *list)
{
    GHashTable *elements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    VALUE_FOREACH_ITEM (item, list) {
        GString *text = g_string_new(NULL);
        json_append_canonical(text, item);
        g_hash_table_add(elements, g_string_free(text, false));
    }
    return elements;
}

static bool has_element(GHashTable *elements, Value *item)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_append_canonical(text, item);
    return g_hash_table_contains(elements, text->str);
}

/* A list of a device, or of one of its bindings, that is a set. */
static bool is_set_field(const char *path, const char *field)
{
    g_auto(GStrv) tokens = path_is_device(path) ? pointer_split(field, NULL) : NULL;
    guint n = tokens ? g_strv_length(tokens) : 0;

    if (n == 3 && g_str_equal(tokens[0], DEVICE_BINDINGS))
        return g_strv_contains(set_fields, tokens[2]);
    return n == 1 && g_strv_contains(set_fields, tokens[0]);
}

/* The vendor's elements without those the owner removed, then those the owner added. */
static Value *merge_sets(Value *base, Value *mine, Value *vendor)
{
    g_autoptr(GHashTable) in_base = elements_of(base), in_mine = elements_of(mine),
                          in_vendor = elements_of(vendor);
    Value *merged = value_new_list();

    VALUE_FOREACH_ITEM (item, vendor)
        if (has_element(in_mine, item) || !has_element(in_base, item))
            value_list_append(&merged, item);
    VALUE_FOREACH_ITEM (item, mine)
        if (!has_element(in_base, item) && !has_element(in_vendor, item))
            value_list_append(&merged, item);
    return merged;
}

static bool has_all(GHashTable *elements, GHashTable *others)
{
    GHashTableIter iter;
    gpointer text;

    g_hash_table_iter_init(&iter, others);
    while (g_hash_table_iter_next(&iter, &text, NULL))
        if (!g_hash_table_contains(elements, text))
            return false;
    return true;
}

static bool sets_equal(Value *a, Value *b)
{
    g_autoptr(GHashTable) in_a = elements_of(a), in_b = elements_of(b);

    return has_all(in_a, in_b) && has_all(in_b, in_a);
}

/* Fields */

static MergeClass classify(Value *base, Value *mine, Value *vendor)
{
    if (value_equal(base, vendor))
        return MERGE_KEPT;
    if (value_equal(mine, vendor))
        return MERGE_CONVERGED;
    if (!vendor)
        return MERGE_ORPHANED;
    return mine ? MERGE_CONFLICT : MERGE_UNSET_CHANGED;
}

/* Whether the owner has something at this field, or around it, already. */
static bool is_taken(GPtrArray *overrides, const char *field)
{
    for (guint i = 0; i < overrides->len; i++) {
        const Override *other = g_ptr_array_index(overrides, i);
        if (g_str_equal(other->field, field) || field_is_inside(field, other->field))
            return true;
    }
    return false;
}

/* The field where incoming has it: another one when its binding moved. A binding that the owner replaced
 * stays where it is, one that the owner removed moves too. `all` are the overrides that are merged. */
static char *follow_binding(const Work *work, const Override *override, GPtrArray *all)
{
    g_auto(GStrv) tokens = path_is_device(work->path) ? pointer_split(override->field, NULL) : NULL;
    const char *to;

    if (!tokens || !tokens[0] || !g_str_equal(tokens[0], DEVICE_BINDINGS) || !tokens[1] ||
        (!tokens[2] && override->op == OVERRIDE_SET))
        return g_strdup(override->field);

    to = merge_find_moved_binding(value_map_get(work->base_keyed, DEVICE_BINDINGS),
                                  value_map_get(work->incoming_keyed, DEVICE_BINDINGS), tokens[1]);
    if (!to)
        return g_strdup(override->field);
    g_free(tokens[1]);
    tokens[1] = g_strdup(to);
    g_autofree char *followed = pointer_join((const char *const *) tokens);
    return is_taken(all, followed) ? g_strdup(override->field) : g_steal_pointer(&followed);
}

static Value *field_of(Value *keyed, const char *field)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    Value *value = tokens ? value_get(keyed, (const char *const *) tokens) : NULL;

    return value ? value_ref(value) : NULL;
}

/* Says once that a binding moved. */
static void add_moved(Work *work, const char *field, const char *to)
{
    g_auto(GStrv) old = pointer_split(field, NULL), new = pointer_split(to, NULL);
    g_autofree char *new_binding = g_strdup_printf("/" DEVICE_BINDINGS "/%s", new[1]);
    g_autofree char *old_binding = g_strdup_printf("/" DEVICE_BINDINGS "/%s", old[1]);
    g_autoptr(Value) from = value_new_string(old[1]), result = value_new_string(new[1]);

    if (!g_hash_table_add(work->covered, g_steal_pointer(&new_binding)))
        return;
    g_hash_table_add(work->covered, g_steal_pointer(&old_binding));
    g_autofree char *at = g_strdup_printf("/" DEVICE_BINDINGS "/%s", new[1]);
    MergeItem *item = add_item(work, at, MERGE_RENAMED, from, NULL, NULL);
    item->result = g_steal_pointer(&result);
}

static bool is_whole_binding(const char *path, const char *field)
{
    g_auto(GStrv) tokens = path_is_device(path) ? pointer_split(field, NULL) : NULL;

    return tokens && g_strv_length(tokens) == 2 && g_str_equal(tokens[0], DEVICE_BINDINGS);
}

/* Whether what an override lies upon went with its binding, also where the vendor had no such field. */
static bool lost_its_binding(const Work *work, const char *field)
{
    g_auto(GStrv) tokens = path_is_device(work->path) ? pointer_split(field, NULL) : NULL;

    return tokens && g_strv_length(tokens) > 2 && g_str_equal(tokens[0], DEVICE_BINDINGS) &&
           value_map_get(value_map_get(work->base_keyed, DEVICE_BINDINGS), tokens[1]) &&
           !value_map_get(value_map_get(work->incoming_keyed, DEVICE_BINDINGS), tokens[1]);
}

static void merge_override(Work *work, const Override *override, GPtrArray *all)
{
    g_autofree char *field = follow_binding(work, override, all);
    g_autoptr(Value) base = keyed_view_field(work->path, work->base_keyed, override->field),
                     vendor = keyed_view_field(work->path, work->incoming_keyed, field),
                     recorded = field_of(work->incoming_keyed, field), merged = NULL;
    bool moved = !g_str_equal(field, override->field), as_it_is;
    Value *mine = override->value;
    MergeClass class = classify(base, mine, vendor);
    MergeItem *item;

    if (moved)
        add_moved(work, override->field, field);
    g_hash_table_add(work->covered, g_strdup(override->field));
    g_hash_table_add(work->covered, g_strdup(field));
    if (moved && is_whole_binding(work->path, field))
        class = MERGE_UNSET_CHANGED; /* the owner did not want it there; whether here is not known */
    else if (!moved && class == MERGE_KEPT && mine && lost_its_binding(work, field))
        class = MERGE_ORPHANED;

    if (class == MERGE_CONFLICT && is_set_field(work->path, field) && value_is_list(mine) &&
        value_is_list(vendor) && (!base || value_is_list(base))) {
        merged = merge_sets(base, mine, vendor);
        class = sets_equal(merged, vendor) ? MERGE_CONVERGED : MERGE_MERGED;
    }
    item = add_item(work, field, class, base, mine, vendor);
    if (keeps_mine(work, item, &as_it_is))
        keep(work, field, override->op, merged && !as_it_is ? merged : mine, recorded, override->author);
}

static bool is_covered(const Work *work, const char *field)
{
    g_autofree char *prefix = g_strdup(field);
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    char *slash;

    for (; (slash = strrchr(prefix, '/')); *slash = 0)
        if (g_hash_table_contains(work->covered, prefix))
            return true;
    /* An override at the device holds for its bindings. */
    if (path_is_device(work->path) && tokens && tokens[0] && g_str_equal(tokens[0], DEVICE_BINDINGS) &&
        tokens[1] && tokens[2]) {
        g_autofree char *at_device = pointer_join((const char *const *) tokens + 2);
        return is_covered(work, at_device);
    }
    return false;
}

/* What the vendor changed and the owner did not touch. `seen` is what the owner sees so far. */
static void merge_untouched(Work *work, Value *seen)
{
    g_autoptr(GPtrArray) diffs = component_diff(work->path, work->base, work->incoming);

    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        const MergeResolution *resolution;
        MergeItem *item;

        if (is_covered(work, diff->field))
            continue;
        item = add_item(work, diff->field, MERGE_VENDOR, diff->before, NULL, diff->after);
        resolution = merger_take_resolution(work->merger, work->path, diff->field);
        item->resolved = resolution != NULL;
        if (!resolution || resolution->choice == MERGE_CHOOSE_VENDOR)
            continue;
        /* Mine is what the owner sees there, edits inside included. */
        g_autoptr(Value) mine = field_of(seen, diff->field);
        decide(work, diff->field, resolution->choice == MERGE_CHOOSE_MINE ? mine : resolution->value);
    }
}

/* Overrides inside something that the vendor replaced or dropped as a whole: what the owner sees there and
 * what the vendor has now are at odds as wholes. */
static void merge_enclosed(Work *work, const FieldDiff *diff, GPtrArray *inside, Value *seen)
{
    g_autoptr(Value) base = keyed_view_field(work->path, work->base_keyed, diff->field),
                     mine = keyed_view_field(work->path, seen, diff->field),
                     vendor = keyed_view_field(work->path, work->incoming_keyed, diff->field);
    MergeItem *item =
        add_item(work, diff->field, vendor ? MERGE_CONFLICT : MERGE_ORPHANED, base, mine, vendor);
    bool as_it_is;

    g_hash_table_add(work->covered, g_strdup(diff->field));
    if (!keeps_mine(work, item, &as_it_is))
        return;
    if (as_it_is) {
        keep(work, diff->field, OVERRIDE_SET, mine, diff->after, last_author(inside));
        return;
    }
    for (guint i = 0; i < inside->len; i++) {
        const Override *override = g_ptr_array_index(inside, i);
        keep(work, override->field, override->op, override->value, NULL, override->author);
    }
}

/* Takes those overrides out of the list that lie inside a difference, and merges them with it. */
static void merge_all_enclosed(Work *work, GPtrArray *overrides, Value *seen)
{
    g_autoptr(GPtrArray) diffs = component_diff(work->path, work->base, work->incoming);

    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        g_autoptr(GPtrArray) inside = g_ptr_array_new();

        /* What lies at a binding goes with the binding. */
        if (!diff->before || is_whole_binding(work->path, diff->field))
            continue;
        for (guint k = 0; k < overrides->len; k++)
            if (field_is_inside(((const Override *) g_ptr_array_index(overrides, k))->field, diff->field))
                g_ptr_array_add(inside, g_ptr_array_index(overrides, k));
        if (inside->len == 0)
            continue;
        merge_enclosed(work, diff, inside, seen);
        for (guint k = 0; k < inside->len; k++)
            g_ptr_array_remove(overrides, g_ptr_array_index(inside, k));
    }
}

static void key_both(Work *work)
{
    g_clear_pointer(&work->base_keyed, value_unref);
    g_clear_pointer(&work->incoming_keyed, value_unref);
    work->base_keyed = component_to_keyed(work->path, work->base);
    work->incoming_keyed = component_to_keyed(work->path, work->incoming);
}

static void merge_fields(Work *work, GPtrArray *overrides)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(overrides, NULL, NULL);
    g_autoptr(Value) component = override_apply(work->path, work->base, overrides),
                     seen = component_to_keyed(work->path, component);

    key_both(work);
    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, override_compare_fields);
    if (sorted->len > 0)
        merge_all_enclosed(work, sorted, seen);
    for (guint i = 0; i < sorted->len; i++)
        merge_override(work, g_ptr_array_index(sorted, i), overrides);
    merge_untouched(work, seen);
}

/* Whole components */

static bool components_equal(const char *path, Value *a, Value *b)
{
    g_autoptr(GPtrArray) diffs = NULL;

    if (!a || !b)
        return a == b;
    diffs = component_diff(path, a, b);
    return diffs->len == 0;
}

/* Without what a rename changes by itself. */
static Value *without_name(Value *component)
{
    Value *rest = component ? value_ref(component) : NULL;

    if (value_is_map(rest)) {
        value_map_remove(&rest, "entity_id");
        value_map_remove(&rest, "renamed_from");
    }
    return rest;
}

static MergeClass classify_deleted(const Work *work, Value *remembered)
{
    /* What the owner deleted may have been gone for a while. */
    g_autoptr(Value) base = without_name(work->base || !work->incoming ? work->base : remembered),
                     incoming = without_name(work->incoming);

    if (components_equal(work->path, base, incoming))
        return MERGE_DELETED_KEPT;
    return work->incoming ? MERGE_DELETED_CHANGED : MERGE_CONVERGED;
}

static MergeClass classify_whole(const Work *work, Value *mine, Value *remembered)
{
    if (!mine)
        return classify_deleted(work, remembered);
    if (components_equal(work->path, work->base, work->incoming))
        return MERGE_KEPT;
    if (!work->incoming)
        return MERGE_REMOVED_EDITED;
    return components_equal(work->path, mine, work->incoming) ? MERGE_CONVERGED : MERGE_CONFLICT;
}

/* The owner's own component, or one replaced or deleted as a whole. `whole` is the override, NULL where
 * there are several that have become one. */
static void merge_whole(Work *work, Value *mine, const Override *whole)
{
    Value *remembered = whole ? whole->vendor : NULL, *vendor = work->incoming ? work->incoming : remembered;
    MergeItem *item =
        add_item(work, "", classify_whole(work, mine, remembered), work->base, mine, work->incoming);
    bool ignored;

    if (!keeps_mine(work, item, &ignored))
        return;
    keep(work, "", mine ? OVERRIDE_SET : OVERRIDE_UNSET, mine, vendor,
         whole ? whole->author : last_author(work->overrides));
    if (whole && whole->edits && !work->incoming)
        remember_edits(work, whole->edits);
}

/* The overrides that an owner had in a component that the vendor dropped. */
static Value *format_edits(GPtrArray *overrides)
{
    Value *edits = value_new_map();

    for (guint i = 0; i < overrides->len; i++) {
        const Override *override = g_ptr_array_index(overrides, i);
        value_map_take(&edits, override->field, override_to_value(override));
    }
    return edits;
}

static GPtrArray *parse_edits(Value *edits)
{
    GPtrArray *overrides = override_list_new();

    VALUE_FOREACH_ENTRY (field, edit, edits) {
        Override *override = override_from_value(field, edit);
        if (override)
            g_ptr_array_add(overrides, override);
    }
    return overrides;
}

/* A component that the vendor had dropped while the owner had edits in it, and brings back: those edits, as
 * they are remembered, else found again from what the vendor had. False where that cannot be said field by
 * field, also because it is all as it was: that the owner wants it is an override still. */
static bool merge_returned(Work *work, const Override *whole)
{
    g_autoptr(GPtrArray) none = override_list_new(), edits = NULL;

    if (work->base || !work->incoming || !whole->value || !whole->vendor || !value_is_map(work->incoming))
        return false;
    edits = whole->edits ? parse_edits(whole->edits)
                         : override_record_component(work->path, whole->vendor, none, whole->value, NULL);
    if (!edits || edits->len == 0 || override_list_find(edits, ""))
        return false;
    for (guint i = 0; i < edits->len; i++) {
        Override *edit = g_ptr_array_index(edits, i);
        if (!edit->author)
            override_set_author(edit, whole->author);
    }
    work->base = whole->vendor;
    merge_fields(work, edits);
    return true;
}

/* A component without overrides that came or went. */
static void merge_unedited_whole(Work *work)
{
    MergeItem *item =
        add_item(work, "", work->incoming ? MERGE_ADDED : MERGE_REMOVED, work->base, NULL, work->incoming);
    const MergeResolution *resolution = merger_take_resolution(work->merger, work->path, "");

    item->resolved = resolution != NULL;
    if (resolution && resolution->choice == MERGE_CHOOSE_VALUE)
        decide(work, "", resolution->value);
    else if (resolution && resolution->choice == MERGE_CHOOSE_MINE)
        keep(work, "", work->incoming ? OVERRIDE_UNSET : OVERRIDE_SET, work->base,
             work->incoming ? work->incoming : work->base, NULL);
}

/* The owner's replacement of a component that the vendor renamed goes by the new name too. */
static Value *rename_value(const char *path, const char *old_path, Value *mine)
{
    g_autofree char *id = NULL;
    Value *renamed = value_ref(mine);

    if (!g_str_equal(path, old_path) && path_is_device(path) && value_is_map(mine) &&
        path_split(path, NULL, &id, NULL))
        value_map_take(&renamed, "entity_id", value_new_string(id));
    return renamed;
}

static void merge_edited(Work *work, const char *old_path)
{
    const Override *whole = override_list_find(work->overrides, "");

    if (whole) {
        g_autoptr(Value) mine = whole->value ? rename_value(work->path, old_path, whole->value) : NULL;

        if (!merge_returned(work, whole))
            merge_whole(work, mine, whole);
    } else if (!work->incoming) {
        g_autoptr(Value) mine = override_apply(work->path, work->base, work->overrides);
        MergeItem *item = add_item(work, "", MERGE_REMOVED_EDITED, work->base, mine, NULL);
        bool ignored;

        if (keeps_mine(work, item, &ignored)) {
            g_autoptr(Value) edits = format_edits(work->overrides);

            keep(work, "", OVERRIDE_SET, mine, work->base, last_author(work->overrides));
            remember_edits(work, edits);
        }
    } else if (!value_is_map(work->incoming)) {
        /* It has no fields any more that an override could lie at. */
        g_autoptr(Value) mine = override_apply(work->path, work->base, work->overrides);

        merge_whole(work, mine, NULL);
    } else {
        merge_fields(work, work->overrides);
    }
}

static bool record_decision(Work *work, const Decision *decision, GPtrArray **list, GError **error)
{
    GPtrArray *next;

    if (decision->field[0] == 0 && decision->value)
        next = override_record_component(work->path, work->incoming, *list, decision->value, error);
    else
        next = override_record(work->path, work->incoming, *list, decision->field, decision->value, error);
    if (!next) {
        /* The item is there, only its value has no place. */
        if (error && g_error_matches(*error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD))
            (*error)->code = CONFIG_ERROR_INVALID_DATA;
        g_prefix_error(error, "The resolution of %s%s: ", work->path, decision->field);
        return false;
    }
    g_ptr_array_unref(*list);
    *list = next;
    return true;
}

/* Lays the decisions over what was merged, and holds them to the incoming rules, as an edit would be. */
static bool apply_decisions(Work *work, GError **error)
{
    g_autoptr(GPtrArray) list = NULL, fields = g_ptr_array_new();
    g_autoptr(Value) before = NULL, after = NULL;

    if (work->decisions->len == 0)
        return true;
    list = g_ptr_array_ref(work->list);
    for (guint i = 0; i < work->decisions->len; i++) {
        const Decision *decision = g_ptr_array_index(work->decisions, i);

        if (!record_decision(work, decision, &list, error))
            return false;
        if (decision->field[0])
            g_ptr_array_add(fields, decision->field);
    }
    before = override_apply(work->path, work->incoming, work->list);
    after = override_apply(work->path, work->incoming, list);
    if (!rules_check_edit(work->merger->rules, work->path, work->incoming, before, after, fields, true,
                          error)) {
        g_prefix_error(error, "A resolution is not possible: ");
        return false;
    }
    g_ptr_array_unref(work->list);
    work->list = g_steal_pointer(&list);
    return true;
}

static bool is_at_pinned(const Override *override, GPtrArray *pinned)
{
    for (guint i = 0; i < pinned->len; i++) {
        const Override *other = g_ptr_array_index(pinned, i);

        if (g_str_equal(override->field, other->field) || field_is_inside(override->field, other->field) ||
            field_is_inside(other->field, override->field))
            return true;
    }
    return false;
}

/* What was merged to the place of a pinned one, around it or inside it gives way. */
static void pin(Work *work, GPtrArray *pinned)
{
    for (guint i = work->list->len; i-- > 0;)
        if (is_at_pinned(g_ptr_array_index(work->list, i), pinned))
            g_ptr_array_remove_index(work->list, i);
    for (guint i = 0; i < pinned->len; i++)
        g_ptr_array_add(work->list, override_copy(g_ptr_array_index(pinned, i)));
}

static void check_missing(Work *work, Value *result)
{
    g_autoptr(GPtrArray) vendor = NULL, mine = NULL;

    if (!work->incoming || !result || work->list->len == 0)
        return;
    vendor = rules_missing_fields(work->merger->rules, work->path, work->incoming);
    mine = rules_missing_fields(work->merger->rules, work->path, result);
    for (guint i = 0; i < mine->len; i++) {
        const char *field = g_ptr_array_index(mine, i);
        MergeItem *item;

        if (g_ptr_array_find_with_equal_func(vendor, field, g_str_equal, NULL))
            continue;
        g_autoptr(Value) at_vendor = component_view_field(work->path, work->incoming, field);
        g_autofree char *sentence =
            g_strdup_printf("%s would lack %s, which the new file requires", work->path, field);
        item = add_item(work, field, MERGE_MISSING_FIELD, NULL, NULL, at_vendor);
        item->result = value_new_string(sentence);
    }
}

static void finish(Work *work, const char *old_path)
{
    GPtrArray *items = work->merger->merge->items, *before = NULL;
    Value *result = override_apply(work->path, work->incoming, work->list);
    g_autoptr(Value) keyed = result ? component_to_keyed(work->path, result) : NULL;
    MergedComponent *component;

    for (guint i = work->first_item; i < items->len; i++) {
        MergeItem *item = g_ptr_array_index(items, i);
        /* As base and vendor of the item: an override is about what holds at the bindings. */
        if (item->class == MERGE_VENDOR)
            item->result = field_of(keyed, item->field);
        else if (item->class != MERGE_RENAMED && !item->field[0])
            item->result = result ? value_ref(result) : NULL;
        else if (item->class != MERGE_RENAMED)
            item->result = keyed_view_field(work->path, keyed, item->field);
    }
    check_missing(work, result);

    if (work->overrides->len == 0 && work->list->len == 0) {
        g_clear_pointer(&result, value_unref);
        return;
    }
    component = g_new0(MergedComponent, 1);
    component->path = g_strdup(work->path);
    if (g_str_equal(work->path, old_path))
        before = merger_overrides(work->merger->input->overrides, work->path);
    component->before = before ? g_ptr_array_ref(before) : override_list_new();
    component->after = g_ptr_array_ref(work->list);
    component->result = result;
    g_ptr_array_add(work->merger->merge->components, component);
}

/* The old name of a renamed component has nothing any more, but for what is pinned there. */
static void finish_old(Work *work, const char *old_path)
{
    MergedComponent *component;

    if (work->overrides->len == 0 || merger_overrides(work->merger->input->pinned, old_path))
        return;
    component = g_new0(MergedComponent, 1);
    component->path = g_strdup(old_path);
    component->before = g_ptr_array_ref(work->overrides);
    component->after = override_list_new();
    g_ptr_array_add(work->merger->merge->components, component);
}

static void add_renamed(Work *work, const char *old_path)
{
    g_autoptr(Value) from = value_new_string(old_path);
    MergeItem *item = add_item(work, "", MERGE_RENAMED, from, NULL, NULL);

    item->result = value_new_string(work->path);
}

bool merge_component(Merger *merger, const char *path, const char *old_path, GError **error)
{
    g_autoptr(GPtrArray) none = override_list_new(), list = override_list_new();
    g_autoptr(GPtrArray) decisions = g_ptr_array_new_with_free_func((GDestroyNotify) decision_free);
    g_autoptr(GHashTable) covered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool renamed = !g_str_equal(path, old_path);
    /* What was here goes by another name. */
    bool left = !renamed && g_hash_table_contains(merger->renamed_away, path);
    GPtrArray *overrides = left ? NULL : merger_overrides(merger->input->overrides, old_path),
              *pinned = merger_overrides(merger->input->pinned, path);
    Work work = {
        .merger = merger,
        .path = path,
        .base = left ? NULL : g_hash_table_lookup(merger->base, old_path),
        .incoming = g_hash_table_lookup(merger->incoming, path),
        .overrides = overrides ? overrides : none,
        .list = g_steal_pointer(&list),
        .decisions = decisions,
        .covered = covered,
        .first_item = merger->merge->items->len,
    };
    bool ok;

    if (!renamed && !overrides && !pinned && value_equal(work.base, work.incoming)) {
        g_ptr_array_unref(work.list);
        return true;
    }
    if (renamed)
        add_renamed(&work, old_path);
    if (work.overrides->len > 0)
        merge_edited(&work, old_path);
    else if (work.base && work.incoming)
        merge_fields(&work, none);
    else if (work.base || work.incoming)
        merge_unedited_whole(&work);

    ok = apply_decisions(&work, error);
    if (ok) {
        if (pinned)
            pin(&work, pinned);
        finish(&work, old_path);
        if (renamed)
            finish_old(&work, old_path);
    }
    g_ptr_array_unref(work.list);
    g_clear_pointer(&work.base_keyed, value_unref);
    g_clear_pointer(&work.incoming_keyed, value_unref);
    return ok;
}
