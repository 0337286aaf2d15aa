/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff.c: comparing and showing. */

#include "ctl/diff.h"

#include <glib/gi18n.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "coach/coach-file.h"
#include "ctl/component.h"
#include "ctl/outline.h"
#include "ctl/text.h"

/* Of what a line leaves, the values have at least so much. */
#define VALUES_WIDTH_LEAST 24
#define INDENT "    "

static void field_diff_free(void *data)
{
    FieldDiff *field = data;

    g_free(field->field);
    g_clear_pointer(&field->before, value_unref);
    g_clear_pointer(&field->after, value_unref);
    g_free(field);
}

static void diff_entry_free(void *data)
{
    DiffEntry *entry = data;

    g_free(entry->path);
    g_clear_pointer(&entry->whole, value_unref);
    g_ptr_array_unref(entry->fields);
    g_free(entry);
}

GPtrArray *diff_new(void)
{
    return g_ptr_array_new_with_free_func(diff_entry_free);
}

/* Takes over the fields. */
static void add_entry(GPtrArray *diff, const char *path, DiffKind kind, Value *whole, GPtrArray *fields)
{
    DiffEntry *entry = g_new0(DiffEntry, 1);

    entry->path = g_strdup(path);
    entry->kind = kind;
    entry->whole = whole ? value_ref(whole) : NULL;
    entry->fields = fields;
    g_ptr_array_add(diff, entry);
}

void diff_add(GPtrArray *diff, const char *path, Value *before, Value *after)
{
    g_autoptr(GPtrArray) fields = NULL;

    if (value_equal(before, after))
        return;
    fields = before && after ? component_diff(path, before, after) : g_ptr_array_new();
    if (!before)
        add_entry(diff, path, DIFF_ADDED, after, g_steal_pointer(&fields));
    else if (!after)
        add_entry(diff, path, DIFF_REMOVED, before, g_steal_pointer(&fields));
    /* The order of bindings alone says nothing. */
    else if (fields->len > 0)
        add_entry(diff, path, DIFF_CHANGED, NULL, g_steal_pointer(&fields));
}

void diff_add_field(GPtrArray *diff, const char *path, const char *field, Value *before, Value *after)
{
    const DiffEntry *last = diff->len > 0 ? diff->pdata[diff->len - 1] : NULL;
    FieldDiff *one = g_new0(FieldDiff, 1);

    if (!last || last->kind != DIFF_CHANGED || !g_str_equal(last->path, path)) {
        add_entry(diff, path, DIFF_CHANGED, NULL, g_ptr_array_new_with_free_func(field_diff_free));
        last = diff->pdata[diff->len - 1];
    }
    one->field = g_strdup(field);
    one->before = before ? value_ref(before) : NULL;
    one->after = after ? value_ref(after) : NULL;
    g_ptr_array_add(last->fields, one);
}

/* The places of a component on both sides. */
typedef struct Pair {
    Value *before, *after;
} Pair;

static Pair *pair_at(GHashTable *pairs, const char *path)
{
    Pair *pair = g_hash_table_lookup(pairs, path);

    if (!pair) {
        pair = g_new0(Pair, 1);
        g_hash_table_insert(pairs, (void *) path, pair);
    }
    return pair;
}

GPtrArray *diff_components(GPtrArray *before, GPtrArray *after)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    g_autoptr(GList) paths = NULL;
    GPtrArray *diff = diff_new();

    for (unsigned i = 0; i < before->len; i++) {
        const Component *component = before->pdata[i];

        pair_at(pairs, component->path)->before = component->data;
    }
    for (unsigned i = 0; i < after->len; i++) {
        const Component *component = after->pdata[i];

        pair_at(pairs, component->path)->after = component->data;
    }
    paths = g_list_sort(g_hash_table_get_keys(pairs), text_compare);
    for (GList *l = paths; l; l = l->next) {
        const Pair *pair = g_hash_table_lookup(pairs, l->data);

        diff_add(diff, l->data, pair->before, pair->after);
    }
    return diff;
}

/* A value on a line: in short, or whole. */
static char *value_text(const Value *value, bool full)
{
    if (!value)
        return g_strdup(_("(nothing)"));
    return full ? outline_scalar(value) : outline_short(value);
}

static unsigned room(const Term *term, unsigned used)
{
    if (term->columns == 0)
        return UINT_MAX;
    return MAX(term->columns > used ? term->columns - used : 0, VALUES_WIDTH_LEAST);
}

/* "    /friendly_name: Porch Light → Patio Light" */
static void append_field(GString *out, const Term *term, const FieldDiff *field, bool full)
{
    g_autofree char *name = text_clean(*field->field ? field->field : _("all of it"));
    g_autofree char *from = value_text(field->before, full);
    g_autofree char *to = value_text(field->after, full);
    Style old = field->before ? STYLE_BAD : STYLE_DIM;
    Style new = field->after ? STYLE_GOOD : STYLE_DIM;

    if (!full)
        text_share(&from, &to,
                   room(term, (unsigned) strlen(INDENT) + text_width(name) + (unsigned) strlen(":  -> ")),
                   term_ellipsis(term));
    g_string_append_printf(out, INDENT "%s: %s%s%s %s %s%s%s\n", name, term_on(term, old), from,
                           term_off(term, old), term_arrow(term), term_on(term, new), to,
                           term_off(term, new));
}

/* The lines of a whole component, set in. */
static void append_whole(GString *out, const Term *term, const Value *component)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    outline_append(text, term, component, NULL);
    lines = g_strsplit(text->str, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        if (*lines[i])
            g_string_append_printf(out, INDENT "%s\n", lines[i]);
    }
}

/* "+ devices/reading_light: Reading Light (1FEDA:40)" */
static void append_head(GString *out, const Term *term, const DiffEntry *entry)
{
    static const struct {
        const char *mark;
        Style style;
    } heads[] = {
        [DIFF_CHANGED] = {"  ", STYLE_STRONG},
        [DIFF_ADDED] = {"+ ", STYLE_GOOD},
        [DIFF_REMOVED] = {"- ", STYLE_BAD},
    };
    const char *mark = heads[entry->kind].mark;
    Style style = heads[entry->kind].style;
    const char *name = component_name(entry->whole);
    g_autofree char *bindings = component_bindings(entry->whole);
    g_autofree char *about =
        g_strconcat(*name ? ": " : "", name, *bindings ? " (" : "", bindings, *bindings ? ")" : "", NULL);
    g_autofree char *path = text_clean(entry->path);
    g_autofree char *clean = text_clean(about);
    g_autofree char *fitted =
        text_ellipsize(clean, room(term, (unsigned) strlen(mark) + text_width(path)), term_ellipsis(term));

    g_string_append_printf(out, "%s%s%s%s%s\n", term_on(term, style), mark, path, term_off(term, style),
                           fitted);
}

void diff_append(GString *out, const Term *term, GPtrArray *diff, bool full)
{
    for (unsigned i = 0; i < diff->len; i++) {
        const DiffEntry *entry = diff->pdata[i];

        append_head(out, term, entry);
        if (full && entry->whole)
            append_whole(out, term, entry->whole);
        for (unsigned f = 0; f < entry->fields->len; f++)
            append_field(out, term, entry->fields->pdata[f], full);
    }
}

/* What is said of a number of things as a member of a list, where there are any. Takes the text. */
static void append_count(GString *out, unsigned n, char *text)
{
    if (n > 0)
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", text);
    g_free(text);
}

char *diff_summary(GPtrArray *diff)
{
    GString *out = g_string_new(NULL);
    unsigned n_fields = 0, added = 0, removed = 0;

    for (unsigned i = 0; i < diff->len; i++) {
        const DiffEntry *entry = diff->pdata[i];

        added += entry->kind == DIFF_ADDED;
        removed += entry->kind == DIFF_REMOVED;
        n_fields += entry->fields->len;
    }
    append_count(out, n_fields,
                 g_strdup_printf(ngettext("%u field differs", "%u fields differ", n_fields), n_fields));
    append_count(out, added,
                 g_strdup_printf(ngettext("%u component is new", "%u components are new", added), added));
    append_count(
        out, removed,
        g_strdup_printf(ngettext("%u component is gone", "%u components are gone", removed), removed));
    g_string_append(out, out->len > 0 ? "." : _("Nothing differs."));
    return g_string_free(out, FALSE);
}

static void add_json(Value **list, const char *path, const char *field, Value *before, Value *after)
{
    Value *row = value_new_map();

    value_map_take(&row, "path", value_new_string(path));
    value_map_take(&row, "field", value_new_string(field));
    if (before)
        value_map_set(&row, "before", before);
    if (after)
        value_map_set(&row, "after", after);
    value_list_take(list, row);
}

Value *diff_json(GPtrArray *diff)
{
    Value *list = value_new_list();

    for (unsigned i = 0; i < diff->len; i++) {
        const DiffEntry *entry = diff->pdata[i];

        if (entry->whole)
            add_json(&list, entry->path, "", entry->kind == DIFF_REMOVED ? entry->whole : NULL,
                     entry->kind == DIFF_ADDED ? entry->whole : NULL);
        for (unsigned f = 0; f < entry->fields->len; f++) {
            const FieldDiff *field = entry->fields->pdata[f];

            add_json(&list, entry->path, field->field, field->before, field->after);
        }
    }
    return list;
}
