/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preview.c: classes, items and groups of a preview. */

#include "ctl/preview.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/json.h"
#include "ctl/bus-value.h"

#define BINDINGS "/bindings/"

const PreviewClass preview_classes[] = {
    {"missing-field", PREVIEW_BLOCKS, N_("a field that the new file requires is missing"), "missing-fields"},
    {"id-collision", PREVIEW_BLOCKS, N_("the new name is one of yours already"), "collisions"},
    {"binding-collision", PREVIEW_BLOCKS, N_("two devices would share a binding"), "collisions"},
    {"section-collision", PREVIEW_BLOCKS, N_("it would be one component and divided at once"), NULL},
    {"device-loss", PREVIEW_BLOCKS, N_("many devices would go"), "device-loss"},

    {"conflict", PREVIEW_DECIDES, N_("you and the vendor both changed it"), NULL},
    {"orphaned", PREVIEW_DECIDES, N_("you changed it, the vendor removed it"), NULL},
    {"unset-changed", PREVIEW_DECIDES, N_("you removed it, the vendor changed it"), NULL},
    {"removed-edited", PREVIEW_DECIDES, N_("you edited it, the vendor removed it"), NULL},
    {"deleted-changed", PREVIEW_DECIDES, N_("you deleted it, the vendor changed it"), NULL},

    {"vendor", PREVIEW_CHANGES, NULL, NULL},
    {"merged", PREVIEW_CHANGES, NULL, NULL},
    {"added", PREVIEW_CHANGES, NULL, NULL},
    {"removed", PREVIEW_CHANGES, NULL, NULL},
    {"renamed", PREVIEW_RENAMES, NULL, NULL},
    {"kept", PREVIEW_KEEPS, NULL, NULL},
    {"converged", PREVIEW_KEEPS, NULL, NULL},
    {"deleted-kept", PREVIEW_KEEPS, NULL, NULL},
    {"", PREVIEW_CHANGES, NULL, NULL},
};

void preview_clear(Preview *preview)
{
    g_clear_pointer(&preview->model, g_free);
    g_clear_pointer(&preview->installed, g_free);
    g_clear_pointer(&preview->bundled, g_free);
    g_clear_pointer(&preview->token, g_free);
    g_clear_pointer(&preview->verdict, g_free);
    g_clear_pointer(&preview->counts, value_unref);
    g_clear_pointer(&preview->items, value_unref);
    g_clear_pointer(&preview->resolutions, value_unref);
}

static const PreviewClass *find_class(const char *name)
{
    const PreviewClass *found = preview_classes;

    while (*found->name && !g_str_equal(found->name, name))
        found++;
    return found;
}

const PreviewClass *preview_item_class(const Value *item)
{
    return find_class(dict_text(item, "class"));
}

/* What is no JSON is a sentence, or the old name of something renamed. */
static Value *item_value(const char *text)
{
    Value *value = json_parse(text, -1, &json_limits_stored, NULL);

    return value ? value : value_new_string(text);
}

Value *preview_item(const Value *row)
{
    static const char *const names[] = {"path", "field", "class"};
    static const char *const values[] = {"base", "mine", "vendor", "result"};
    Value *item = value_new_map();

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        value_map_set(&item, names[i], value_list_item(row, i));
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        const char *text = item_text(row, G_N_ELEMENTS(names) + i);

        if (*text)
            value_map_take(&item, values[i], item_value(text));
    }
    return item;
}

size_t preview_total(const Preview *preview)
{
    size_t total = 0;

    VALUE_FOREACH_ENTRY (name, item, preview->counts)
        total += (size_t) dict_number(preview->counts, name);
    return total;
}

int64_t preview_count(const Value *counts, PreviewKind kind)
{
    int64_t n = 0;

    VALUE_FOREACH_ENTRY (name, item, counts)
        n += find_class(name)->kind == kind ? dict_number(counts, name) : 0;
    return n;
}

bool preview_is(const Preview *preview, const char *verdict)
{
    return g_strcmp0(preview->verdict, verdict) == 0;
}

const char *preview_choice(const Preview *preview, const Value *item)
{
    VALUE_FOREACH_ITEM (row, preview->resolutions) {
        if (g_str_equal(item_text(row, 0), dict_text(item, "path")) &&
            g_str_equal(item_text(row, 1), dict_text(item, "field")))
            return item_text(row, 2);
    }
    return NULL;
}

bool preview_is_open(const Preview *preview, const Value *item)
{
    return preview_item_class(item)->kind == PREVIEW_DECIDES && !preview_choice(preview, item);
}

unsigned preview_n_open(const Preview *preview)
{
    unsigned n = 0;

    VALUE_FOREACH_ITEM (item, preview->items)
        n += preview_is_open(preview, item);
    return n;
}

bool preview_is_allowed(const Preview *preview, const char *allow)
{
    return preview->allow && g_ptr_array_find_with_equal_func(preview->allow, allow, g_str_equal, NULL);
}

char *preview_field_pattern(const char *field)
{
    const char *rest = g_str_has_prefix(field, BINDINGS) ? strchr(field + strlen(BINDINGS), '/') : NULL;

    if (!g_str_has_prefix(field, BINDINGS))
        return g_strdup(field);
    return g_strconcat(BINDINGS "*", rest, NULL);
}

static void append_value(GString *key, const Value *item, const char *name)
{
    const Value *value = value_map_get(item, name);

    /* No JSON begins with a newline, so what is absent is not what says "". */
    g_string_append_c(key, '\n');
    if (value)
        json_append_canonical(key, value);
}

/* What items that say the same have in common. */
static char *group_key(const Value *item, PreviewKind kind)
{
    const char *field = dict_text(item, "field");
    g_autofree char *pattern = preview_field_pattern(field);
    GString *key = g_string_new(dict_text(item, "class"));

    if (kind == PREVIEW_RENAMES)
        g_string_append_printf(key, "\n%s\n%s", dict_text(item, "path"), field);
    else if (kind == PREVIEW_BLOCKS || (kind == PREVIEW_CHANGES && *field)) {
        g_string_append_printf(key, "\n%s", pattern);
        append_value(key, item, "base");
        append_value(key, item, "result");
    }
    return g_string_free(key, FALSE);
}

static void group_free(void *data)
{
    PreviewGroup *group = data;

    g_ptr_array_unref(group->items);
    g_free(group);
}

static PreviewGroup *group_new(const Value *item)
{
    PreviewGroup *group = g_new(PreviewGroup, 1);

    group->item_class = preview_item_class(item);
    group->items = g_ptr_array_new();
    return group;
}

/* Sorting is stable, so groups of one size stay in the order of the service. */
static int compare_groups(const void *a, const void *b)
{
    const PreviewGroup *first = *(PreviewGroup *const *) a;
    const PreviewGroup *second = *(PreviewGroup *const *) b;

    if (first->item_class != second->item_class)
        return first->item_class < second->item_class ? -1 : 1;
    return (first->items->len < second->items->len) - (first->items->len > second->items->len);
}

static void add_to_groups(GPtrArray *groups, GHashTable *by_key, const Value *item)
{
    g_autofree char *key = group_key(item, preview_item_class(item)->kind);
    PreviewGroup *group = g_hash_table_lookup(by_key, key);

    if (!group) {
        group = group_new(item);
        g_ptr_array_add(groups, group);
        g_hash_table_insert(by_key, g_steal_pointer(&key), group);
    }
    g_ptr_array_add(group->items, (void *) item);
}

GPtrArray *preview_groups(const Value *items, PreviewKind kind)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    VALUE_FOREACH_ITEM (item, items) {
        if (preview_item_class(item)->kind == kind)
            add_to_groups(groups, by_key, item);
    }
    g_ptr_array_sort(groups, compare_groups);
    return groups;
}

Value *preview_json(const Preview *preview)
{
    Value *object = value_new_map();

    value_map_take(&object, "model", value_new_string(preview->model));
    value_map_take(&object, "installed", value_new_string(preview->installed));
    value_map_take(&object, "bundled", value_new_string(preview->bundled));
    value_map_take(&object, "token", value_new_string(preview->token));
    value_map_take(&object, "verdict", value_new_string(preview->verdict));
    value_map_set(&object, "counts", preview->counts);
    value_map_set(&object, "items", preview->items);
    return object;
}
