/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/override.h"

#include "base/error.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"

#include <string.h>

/* Rounds in which a whole component is turned into overrides; see override_record_component(). */
#define RECORD_ROUNDS_MAX 3

const char *override_op_to_string(OverrideOp op)
{
    return op == OVERRIDE_SET ? "set" : "unset";
}

bool override_op_from_string(const char *text, OverrideOp *ret)
{
    if (g_str_equal(text, "set"))
        *ret = OVERRIDE_SET;
    else if (g_str_equal(text, "unset"))
        *ret = OVERRIDE_UNSET;
    else
        return false;
    return true;
}

static Value *value_ref_or_null(Value *value)
{
    return value ? value_ref(value) : NULL;
}

Override *override_new(const char *field, OverrideOp op, Value *value, Value *vendor)
{
    Override *override = g_new0(Override, 1);

    override->field = g_strdup(field);
    override->op = op;
    override->value = value_ref_or_null(value);
    override->vendor = value_ref_or_null(vendor);
    return override;
}

OverrideAuthor *override_author_new(int64_t change, int64_t time, uint32_t uid, const char *user,
                                    const char *reason)
{
    OverrideAuthor *author = g_rc_box_new0(OverrideAuthor);

    author->change = change;
    author->time = time;
    author->uid = uid;
    author->user = g_strdup(user);
    author->reason = g_strdup(reason);
    return author;
}

static void author_clear(OverrideAuthor *author)
{
    g_free(author->user);
    g_free(author->reason);
}

void override_author_unref(OverrideAuthor *author)
{
    g_rc_box_release_full(author, (GDestroyNotify) author_clear);
}

void override_set_author(Override *override, const OverrideAuthor *author)
{
    /* Only the count changes. */
    OverrideAuthor *own = author ? g_rc_box_acquire((gpointer) author) : NULL;

    g_clear_pointer(&override->author, override_author_unref);
    override->author = own;
}

void override_free(Override *override)
{
    if (!override)
        return;
    g_free(override->field);
    g_clear_pointer(&override->value, value_unref);
    g_clear_pointer(&override->vendor, value_unref);
    g_clear_pointer(&override->edits, value_unref);
    g_clear_pointer(&override->author, override_author_unref);
    g_free(override);
}

Override *override_copy(const Override *override)
{
    Override *copy = override_new(override->field, override->op, override->value, override->vendor);

    copy->edits = value_ref_or_null(override->edits);
    override_set_author(copy, override->author);
    return copy;
}

bool override_same_wish(const Override *a, const Override *b)
{
    return g_str_equal(a->field, b->field) && a->op == b->op && value_equal(a->value, b->value);
}

bool override_equal(const Override *a, const Override *b)
{
    return override_same_wish(a, b) && value_equal(a->vendor, b->vendor) && value_equal(a->edits, b->edits);
}

GPtrArray *override_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) override_free);
}

Override *override_list_find(GPtrArray *overrides, const char *field)
{
    for (guint i = 0; i < overrides->len; i++) {
        Override *override = g_ptr_array_index(overrides, i);
        if (g_str_equal(override->field, field))
            return override;
    }
    return NULL;
}

void override_list_drop(GPtrArray *overrides, const char *field)
{
    for (guint i = overrides->len; i-- > 0;)
        if (g_str_equal(((const Override *) g_ptr_array_index(overrides, i))->field, field))
            g_ptr_array_remove_index(overrides, i);
}

int override_compare_fields(gconstpointer a, gconstpointer b)
{
    const Override *const *left = a, *const *right = b;

    return strcmp((*left)->field, (*right)->field);
}

GHashTable *override_table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

GPtrArray *override_table_get(GHashTable *table, const char *path)
{
    GPtrArray *list = g_hash_table_lookup(table, path);

    if (!list) {
        list = override_list_new();
        g_hash_table_insert(table, g_strdup(path), list);
    }
    return list;
}

bool field_is_inside(const char *field, const char *outer)
{
    size_t length = strlen(outer);

    return strncmp(field, outer, length) == 0 && field[length] == '/';
}

const char *field_at_binding(const char *path, const char *field)
{
    static const char bindings[] = "/" DEVICE_BINDINGS "/";

    if (!path_is_device(path) || !g_str_has_prefix(field, bindings))
        return NULL;
    field += strlen(bindings);
    return field + strcspn(field, "/");
}

Override *override_list_find_around(GPtrArray *overrides, const char *field)
{
    for (guint i = 0; i < overrides->len; i++) {
        Override *override = g_ptr_array_index(overrides, i);
        if (field_is_inside(field, override->field))
            return override;
    }
    return NULL;
}

char *override_field_normalize(const char *field, GError **error)
{
    g_auto(GStrv) tokens = pointer_split(field, error);
    uint32_t dgn;
    int instance;

    if (!tokens)
        return NULL;
    if (tokens[0] && g_str_equal(tokens[0], DEVICE_BINDINGS) && tokens[1] &&
        binding_key_parse(tokens[1], &dgn, &instance)) {
        char key[BINDING_KEY_SIZE];

        binding_key_format(dgn, instance, key);
        g_free(tokens[1]);
        tokens[1] = g_strdup(key);
    }
    return pointer_join((const char *const *) tokens);
}

Value *component_to_keyed(const char *path, Value *component)
{
    Value *keyed = path_is_device(path) ? device_to_keyed(component, NULL) : NULL;

    return keyed ? keyed : value_ref(component);
}

static Value *from_keyed(const char *path, Value *keyed)
{
    return path_is_device(path) ? device_from_keyed(keyed) : value_ref(keyed);
}

/* Applying */

/* Removes whatever is no map on the way to the last token. True when something was removed. */
static bool clear_way(Value **root, char **tokens)
{
    for (guint i = 1; tokens[i - 1] && tokens[i]; i++) {
        g_autofree char *next = g_steal_pointer(&tokens[i]);
        Value *there = value_get(*root, (const char *const *) tokens);
        bool blocks = there && !value_is_map(there);

        if (blocks)
            value_remove(root, (const char *const *) tokens);
        tokens[i] = g_steal_pointer(&next);
        if (blocks)
            return true;
        if (!there)
            return false;
    }
    return false;
}

/* Removes the value at the tokens and the maps around it that this leaves empty. */
static bool remove_and_prune(Value **root, char **tokens)
{
    if (!value_remove(root, (const char *const *) tokens))
        return false;

    for (guint n = g_strv_length(tokens) - 1; n > 0; n--) {
        g_autofree char *last = g_steal_pointer(&tokens[n]);
        Value *parent = value_get(*root, (const char *const *) tokens);
        bool empty = value_is_map(parent) && value_length(parent) == 0;

        if (empty)
            value_remove(root, (const char *const *) tokens);
        tokens[n] = g_steal_pointer(&last);
        if (!empty)
            break;
    }
    return true;
}

/* A device-level override holds for every binding: what the bindings have at that field gives way, and so
 * does what stands in the way of a field that is set. */
static void strip_bindings(Value **keyed, char **tokens, OverrideOp op)
{
    g_autoptr(Value) bindings = NULL;
    bool changed = false;

    if (!value_is_map(value_map_get(*keyed, DEVICE_BINDINGS)))
        return;

    bindings = value_ref(value_map_get(*keyed, DEVICE_BINDINGS));
    for (size_t i = 0; i < value_length(bindings); i++) {
        g_autoptr(Value) fields = value_ref(value_map_at(bindings, i));

        if (!remove_and_prune(&fields, tokens) && (op == OVERRIDE_UNSET || !clear_way(&fields, tokens)))
            continue;
        g_autofree char *key = g_strdup(value_map_key(bindings, i));
        value_map_set(&bindings, key, fields);
        changed = true;
    }
    if (changed)
        value_map_set(keyed, DEVICE_BINDINGS, bindings);
}

static bool is_binding_field(const char *path, char **tokens)
{
    return path_is_device(path) && tokens[0] && g_str_equal(tokens[0], DEVICE_BINDINGS);
}

static void apply_one(const char *path, Value **keyed, const Override *override, bool at_bindings)
{
    g_auto(GStrv) tokens = pointer_split(override->field, NULL);

    if (!tokens || !tokens[0] || is_binding_field(path, tokens) != at_bindings)
        return;
    if (at_bindings && tokens[1] && tokens[2] &&
        !value_map_get(value_map_get(*keyed, DEVICE_BINDINGS), tokens[1]))
        return;

    if (override->op == OVERRIDE_SET) {
        clear_way(keyed, tokens);
        value_set(keyed, (const char *const *) tokens, override->value);
    } else {
        value_remove(keyed, (const char *const *) tokens);
    }
    if (!at_bindings && path_is_device(path))
        strip_bindings(keyed, tokens, override->op);
}

Value *override_apply(const char *path, Value *vendor, GPtrArray *overrides)
{
    Override *whole = override_list_find(overrides, "");
    g_autoptr(GPtrArray) sorted = NULL;

    if (whole)
        return value_ref_or_null(whole->value);
    if (!vendor || overrides->len == 0)
        return value_ref_or_null(vendor);

    /* The order shows in that of new fields and bindings, which must not depend on when each was recorded.
     */
    sorted = g_ptr_array_copy(overrides, NULL, NULL);
    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, override_compare_fields);

    g_autoptr(Value) keyed = component_to_keyed(path, vendor);
    for (guint i = 0; i < sorted->len; i++)
        apply_one(path, &keyed, g_ptr_array_index(sorted, i), false);
    for (guint i = 0; i < sorted->len; i++)
        apply_one(path, &keyed, g_ptr_array_index(sorted, i), true);
    return from_keyed(path, keyed);
}

Value *component_get_field(const char *path, Value *component, const char *field)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    g_autoptr(Value) keyed = NULL;

    if (!tokens || !component)
        return NULL;
    keyed = component_to_keyed(path, component);
    return value_ref_or_null(value_get(keyed, (const char *const *) tokens));
}

/* What a binding has at a field, its own laid over what is shared, without putting all of it together. */
static Value *view_at_binding(Value *shared, Value *own, const char *const *tokens)
{
    for (; *tokens; tokens++) {
        Value *below = value_map_get(shared, *tokens), *above = value_map_get(own, *tokens);
        bool both = value_is_map(below) && value_is_map(above);

        shared = both || !above ? below : NULL;
        own = above;
    }
    if (shared && own) {
        Value *view = value_ref(shared);
        device_lay_over(&view, own);
        return view;
    }
    return value_ref_or_null(own ? own : shared);
}

Value *keyed_view_field(const char *path, Value *keyed, const char *field)
{
    g_auto(GStrv) split = pointer_split(field, NULL);
    const char *const *tokens = (const char *const *) split;
    g_autoptr(Value) views = NULL, first = NULL;
    Value *bindings = path_is_device(path) ? value_map_get(keyed, DEVICE_BINDINGS) : NULL;
    bool same = true;

    if (!split)
        return NULL;
    if (!tokens[0] || !value_is_map(bindings) || value_length(bindings) == 0)
        return value_ref_or_null(value_get(keyed, tokens));
    if (g_str_equal(tokens[0], DEVICE_BINDINGS)) {
        Value *own = tokens[1] && tokens[2] ? value_map_get(bindings, tokens[1]) : NULL;

        return own ? view_at_binding(keyed, own, tokens + 2) : value_ref_or_null(value_get(keyed, tokens));
    }

    views = value_new_map();
    for (size_t i = 0; i < value_length(bindings); i++) {
        g_autoptr(Value) at = view_at_binding(keyed, value_map_at(bindings, i), tokens);

        if (i == 0)
            first = value_ref_or_null(at);
        same = same && value_equal(at, first);
        if (at)
            value_map_set(&views, value_map_key(bindings, i), at);
    }
    return same ? g_steal_pointer(&first) : g_steal_pointer(&views);
}

Value *component_view_field(const char *path, Value *component, const char *field)
{
    g_autoptr(Value) keyed = NULL;

    if (!component || !field[0])
        return value_ref_or_null(component);
    keyed = component_to_keyed(path, component);
    return keyed_view_field(path, keyed, field);
}

bool override_is_redundant(const char *path, Value *vendor, const Override *override)
{
    g_autoptr(Value) at_vendor = component_view_field(path, vendor, override->field);

    return value_equal(override->value, at_vendor);
}

/* Comparing */

static void field_diff_free(FieldDiff *diff)
{
    g_free(diff->field);
    g_clear_pointer(&diff->before, value_unref);
    g_clear_pointer(&diff->after, value_unref);
    g_free(diff);
}

static void diff_values(GPtrArray *diffs, GString *field, Value *before, Value *after, const char *skip)
{
    size_t length = field->len;

    if (value_equal(before, after))
        return;
    if (!value_is_map(before) || !value_is_map(after)) {
        FieldDiff *diff = g_new0(FieldDiff, 1);

        diff->field = g_strdup(field->str);
        diff->before = value_ref_or_null(before);
        diff->after = value_ref_or_null(after);
        g_ptr_array_add(diffs, diff);
        return;
    }

    VALUE_FOREACH_ENTRY (key, member, before) {
        if (g_strcmp0(key, skip) == 0)
            continue;
        pointer_append(field, key);
        diff_values(diffs, field, member, value_map_get(after, key), NULL);
        g_string_truncate(field, length);
    }
    VALUE_FOREACH_ENTRY (key, member, after) {
        if (g_strcmp0(key, skip) == 0 || value_map_get(before, key))
            continue;
        pointer_append(field, key);
        diff_values(diffs, field, NULL, member, NULL);
        g_string_truncate(field, length);
    }
}

GPtrArray *component_diff(const char *path, Value *before, Value *after)
{
    GPtrArray *diffs = g_ptr_array_new_with_free_func((GDestroyNotify) field_diff_free);
    g_autoptr(GString) field = g_string_new(NULL);
    g_autoptr(Value) old = before ? component_to_keyed(path, before) : NULL;
    g_autoptr(Value) new = after ? component_to_keyed(path, after) : NULL;
    bool device = path_is_device(path) && value_is_map(old) && value_is_map(new);

    diff_values(diffs, field, old, new, device ? DEVICE_BINDINGS : NULL);
    if (!device)
        return diffs;

    Value *old_bindings = value_map_get(old, DEVICE_BINDINGS),
          *new_bindings = value_map_get(new, DEVICE_BINDINGS);
    g_autoptr(Value) none = value_new_map();
    pointer_append(field, DEVICE_BINDINGS);
    diff_values(diffs, field, old_bindings ? old_bindings : none, new_bindings ? new_bindings : none, NULL);
    return diffs;
}

/* Recording */

static GPtrArray *list_copy(GPtrArray *overrides)
{
    GPtrArray *copy = override_list_new();

    for (guint i = 0; i < overrides->len; i++)
        g_ptr_array_add(copy, override_copy(g_ptr_array_index(overrides, i)));
    return copy;
}

static GPtrArray *list_copy_without(GPtrArray *overrides, const char *field)
{
    GPtrArray *copy = override_list_new();

    for (guint i = 0; i < overrides->len; i++) {
        const Override *override = g_ptr_array_index(overrides, i);
        if (!g_str_equal(override->field, field) && !field_is_inside(override->field, field))
            g_ptr_array_add(copy, override_copy(override));
    }
    return copy;
}

static GPtrArray *list_with(GPtrArray *overrides, const char *field, OverrideOp op, Value *value,
                            Value *vendor)
{
    GPtrArray *list = list_copy_without(overrides, field);

    g_ptr_array_add(list, override_new(field, op, value, vendor));
    return list;
}

static bool vendor_has(const char *path, Value *vendor, const char *field, char **tokens)
{
    g_autoptr(Value) at = component_get_field(path, vendor, field);

    if (at)
        return true;
    if (!vendor || !path_is_device(path) || is_binding_field(path, tokens))
        return false;

    g_autoptr(Value) keyed = component_to_keyed(path, vendor);
    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS))
        if (value_get(fields, (const char *const *) tokens))
            return true;
    return false;
}

/* Whether the component as it is now lets one set or unset this field. */
static bool check_place(const char *path, Value *effective, const char *field, char **tokens, bool unset,
                        bool vendor_has_it, GError **error)
{
    g_autoptr(Value) keyed = component_to_keyed(path, effective);
    Value *at = keyed;
    uint32_t dgn;
    int instance;

    if (is_binding_field(path, tokens) && tokens[1]) {
        bool exists = value_map_get(value_map_get(keyed, DEVICE_BINDINGS), tokens[1]) != NULL;

        if (!binding_key_parse(tokens[1], &dgn, &instance)) {
            g_set_error(
                error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                "%s: \"%s\" names no binding; one is written DGN:instance, like 1FEDA:25 or 1FEDA:default",
                field, tokens[1]);
            return false;
        }
        if (tokens[2] && !exists) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD, "%s has no binding %s", path,
                        tokens[1]);
            return false;
        }
        if (tokens[2] && (g_str_equal(tokens[2], "dgn") || g_str_equal(tokens[2], "instance"))) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                        "%s: a binding is named by its DGN and instance; add the new one and unset this one",
                        field);
            return false;
        }
    }

    for (guint i = 0; tokens[i]; i++) {
        if (!value_is_map(at)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                        "%s: \"%s\" has no members, it is a %s%s", field, i == 0 ? path : tokens[i - 1],
                        value_type_name(value_type(at)),
                        value_is_list(at) ? "; a list is set as a whole" : "");
            return false;
        }
        at = value_map_get(at, tokens[i]);
        if (!at)
            break;
    }

    if (unset && !at && !vendor_has_it) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD, "%s has no field %s%s", path, field,
                    is_binding_field(path, tokens) ? " of its own at that binding" : "");
        return false;
    }
    return true;
}

/* Edits inside an override that lies around the field. */
static GPtrArray *fold(const char *path, GPtrArray *overrides, const Override *around, const char *field,
                       Value *value)
{
    const char *inside = field + strlen(around->field);
    g_autoptr(Value) changed = NULL;

    if (!value && around->op == OVERRIDE_UNSET)
        return list_copy(overrides);
    if (around->field[0] == 0) {
        g_autoptr(GPtrArray) edit = override_list_new();

        g_ptr_array_add(edit, override_new(field, value ? OVERRIDE_SET : OVERRIDE_UNSET, value, NULL));
        changed = override_apply(path, around->value, edit);
    } else {
        g_auto(GStrv) tokens = pointer_split(inside, NULL);

        changed = around->value ? value_ref(around->value) : value_new_map();
        if (value) {
            clear_way(&changed, tokens);
            value_set(&changed, (const char *const *) tokens, value);
        } else {
            value_remove(&changed, (const char *const *) tokens);
        }
    }
    return list_with(overrides, around->field, OVERRIDE_SET, changed, around->vendor);
}

static GPtrArray *record_whole(Value *vendor, Value *effective, Value *value, GError **error)
{
    GPtrArray *list;

    if (!value && !effective) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD,
                            "There is no such component to delete");
        return NULL;
    }
    list = override_list_new();
    if (value || vendor)
        g_ptr_array_add(list, override_new("", value ? OVERRIDE_SET : OVERRIDE_UNSET, value, vendor));
    return list;
}

/* A binding as a value: its address is its name and not a field. It may stand there as in the public shape,
 * but has to be the same. NULL on error. */
static Value *strip_address(const char *field, const char *key, Value *value, GError **error)
{
    g_autoptr(Value) address = NULL, bindings = value_new_list(), device = value_new_map(), keyed = NULL;
    g_auto(GStrv) parts = g_strsplit(key, ":", 2);
    static const char *const names[] = {"dgn", "instance"};

    if (!value_is_map(value)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: a binding is a map of the fields that differ there", field);
        return NULL;
    }
    address = value_ref(value);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (!value_map_get(address, names[i]))
            value_map_take(&address, names[i], value_new_string(parts[i]));
    value_list_append(&bindings, address);
    value_map_set(&device, DEVICE_BINDINGS, bindings);

    keyed = device_to_keyed(device, NULL);
    Value *own = value_map_get(value_map_get(keyed, DEVICE_BINDINGS), key);
    if (!own) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: the \"dgn\" and \"instance\" inside are not those of this binding", field);
        return NULL;
    }
    return value_ref(own);
}

static bool check_count(const char *path, size_t n, GError **error)
{
    if (n <= OVERRIDES_MAX)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                "%s: more than %d fields of one component would be edited", path, OVERRIDES_MAX);
    return false;
}

GPtrArray *override_record(const char *path, Value *vendor, GPtrArray *overrides, const char *field,
                           Value *value, GError **error)
{
    g_autoptr(Value) effective = override_apply(path, vendor, overrides);
    g_auto(GStrv) tokens = pointer_split(field, error);
    g_autoptr(Value) at_vendor = NULL, own = NULL;

    if (!tokens)
        return NULL;
    if (!tokens[0])
        return record_whole(vendor, effective, value, error);
    if (!effective) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD, "There is no component %s", path);
        return NULL;
    }

    if (is_binding_field(path, tokens) && !tokens[1]) {
        g_autoptr(Value) data = value_ref(effective);

        value_map_remove(&data, DEVICE_BINDINGS);
        if (value)
            value_map_set(&data, DEVICE_BINDINGS, value);
        g_autoptr(Value) keyed = device_to_keyed(data, error);
        return keyed ? override_record_component(path, vendor, overrides, data, error) : NULL;
    }

    bool vendor_has_it = vendor_has(path, vendor, field, tokens);
    if (!check_place(path, effective, field, tokens, value == NULL, vendor_has_it, error))
        return NULL;
    if (value && is_binding_field(path, tokens) && !tokens[2]) {
        own = strip_address(field, tokens[1], value, error);
        if (!own)
            return NULL;
        value = own;
    }

    Override *around = override_list_find_around(overrides, field);
    if (around)
        return fold(path, overrides, around, field, value);
    if (!value && !vendor_has_it)
        return list_copy_without(overrides, field);
    if (!check_count(path, (size_t) overrides->len + 1, error))
        return NULL;
    at_vendor = component_get_field(path, vendor, field);
    return list_with(overrides, field, value ? OVERRIDE_SET : OVERRIDE_UNSET, value, at_vendor);
}

/* The override that a field lies strictly inside of, looked up by each of its prefixes. */
static Override *lookup_around(GHashTable *by_field, const char *field)
{
    g_autofree char *prefix = g_strdup(field);
    char *slash;

    while ((slash = strrchr(prefix, '/'))) {
        Override *override;

        *slash = 0;
        override = g_hash_table_lookup(by_field, prefix);
        if (override)
            return override;
    }
    return NULL;
}

/* Lays one difference into an override around it. */
static void fold_diff(Override *around, const FieldDiff *diff)
{
    g_auto(GStrv) tokens = pointer_split(diff->field + strlen(around->field), NULL);

    if (!tokens)
        return;
    /* From now on it is of who makes this edit. */
    g_clear_pointer(&around->author, override_author_unref);
    g_clear_pointer(&around->edits, value_unref);
    if (!diff->after) {
        if (around->value)
            value_remove(&around->value, (const char *const *) tokens);
        return;
    }
    if (!around->value)
        around->value = value_new_map();
    around->op = OVERRIDE_SET;
    clear_way(&around->value, tokens);
    value_set(&around->value, (const char *const *) tokens, diff->after);
}

/* Overrides at the fields that differ, or inside them, give way. */
static void remove_superseded(GPtrArray *list, GPtrArray *diffs)
{
    g_autoptr(GHashTable) fields = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < diffs->len; i++) {
        FieldDiff *diff = g_ptr_array_index(diffs, i);
        g_hash_table_insert(fields, diff->field, diff);
    }
    for (guint i = list->len; i-- > 0;) {
        const Override *override = g_ptr_array_index(list, i);

        if (g_hash_table_contains(fields, override->field) || lookup_around(fields, override->field))
            g_ptr_array_remove_index(list, i);
    }
}

/* One round: an override for each field that differs, in one go, so that the work grows with their number
 * only. Setting a device-level field takes it from the bindings, so that another round may be needed to put
 * it back where the caller wants it to differ. The differences are of valid components, so that no place
 * needs to be checked but for its length. */
static GPtrArray *record_diffs(const char *path, Value *vendor, GPtrArray *overrides, GPtrArray *diffs,
                               GError **error)
{
    g_autoptr(GPtrArray) list = list_copy(overrides);
    g_autoptr(GHashTable) by_field = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(Value) keyed = component_to_keyed(path, vendor);

    if (!check_count(path, diffs->len, error))
        return NULL;
    for (guint i = 0; i < list->len; i++) {
        Override *override = g_ptr_array_index(list, i);
        g_hash_table_insert(by_field, override->field, override);
    }

    g_autoptr(GPtrArray) direct = g_ptr_array_new();
    for (guint i = 0; i < diffs->len; i++) {
        FieldDiff *diff = g_ptr_array_index(diffs, i);
        Override *around = lookup_around(by_field, diff->field);

        if (around)
            fold_diff(around, diff);
        else
            g_ptr_array_add(direct, diff);
    }

    remove_superseded(list, direct);
    for (guint i = 0; i < direct->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(direct, i);
        g_auto(GStrv) tokens = pointer_split(diff->field, error);

        if (!tokens)
            return NULL;
        if (!diff->after && !vendor_has(path, vendor, diff->field, tokens))
            continue;
        g_ptr_array_add(list, override_new(diff->field, diff->after ? OVERRIDE_SET : OVERRIDE_UNSET,
                                           diff->after, value_get(keyed, (const char *const *) tokens)));
    }
    return check_count(path, list->len, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *override_record_component(const char *path, Value *vendor, GPtrArray *overrides, Value *data,
                                     GError **error)
{
    g_autoptr(Value) effective = override_apply(path, vendor, overrides);
    g_autoptr(GPtrArray) list = effective ? list_copy(overrides) : override_list_new();

    if (!vendor || !value_is_map(vendor) || !value_is_map(data) || (effective && !value_is_map(effective)))
        return effective && value_equal(effective, data) ? g_steal_pointer(&list)
                                                         : record_whole(vendor, effective, data, error);

    for (unsigned round = 0; round < RECORD_ROUNDS_MAX; round++) {
        g_autoptr(Value) now = override_apply(path, vendor, list);
        g_autoptr(GPtrArray) diffs = component_diff(path, now, data);

        if (diffs->len == 0)
            return g_steal_pointer(&list);
        g_autoptr(GError) local = NULL;
        GPtrArray *next = record_diffs(path, vendor, list, diffs, &local);
        /* A field whose name is too long for a pointer. */
        if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS))
            return record_whole(vendor, effective, data, error);
        if (!next) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
        g_ptr_array_unref(list);
        list = next;
    }

    g_autoptr(Value) now = override_apply(path, vendor, list);
    g_autoptr(GPtrArray) diffs = component_diff(path, now, data);
    if (diffs->len == 0)
        return g_steal_pointer(&list);
    return record_whole(vendor, effective, data, error);
}

/* Whether the component, or the vendor's, has this field, be it at a binding. */
static bool is_anywhere(const char *path, Value *vendor, GPtrArray *overrides, const char *field)
{
    g_autoptr(Value) effective = override_apply(path, vendor, overrides);
    g_auto(GStrv) tokens = pointer_split(field, NULL);

    return tokens && (vendor_has(path, vendor, field, tokens) || vendor_has(path, effective, field, tokens));
}

GPtrArray *override_reset(const char *path, Value *vendor, GPtrArray *overrides, const char *field,
                          GError **error)
{
    Override *around = override_list_find_around(overrides, field);

    if (!vendor) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD,
                    "%s is not from the vendor's file, so there is nothing to go back to; delete it instead",
                    path);
        return NULL;
    }
    if (!around) {
        g_autoptr(GPtrArray) list = list_copy_without(overrides, field);

        if (list->len == overrides->len && field[0] && !is_anywhere(path, vendor, overrides, field)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD, "%s has no field %s", path, field);
            return NULL;
        }
        return g_steal_pointer(&list);
    }
    if (around->field[0] == 0 && around->op == OVERRIDE_UNSET) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD,
                    "%s is deleted; reset it as a whole to have it back", path);
        return NULL;
    }

    g_autoptr(Value) at_vendor = component_get_field(path, vendor, field);
    return fold(path, overrides, around, field, at_vendor);
}
