/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preview-lines.c: the lines of groups. */

#include "ctl/preview-lines.h"

#include <glib/gi18n.h>
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "ctl/bus-value.h"
#include "ctl/format.h"
#include "ctl/outline.h"
#include "ctl/text.h"

/* "  missing-field  " */
#define LABEL_WIDTH 17
/* What a line of the terminal leaves a value at least. */
#define VALUE_WIDTH_LEAST 16
/* More names of a group tell little. */
#define NAMES_MAX 3
/* So many components are named, more are counted. */
#define WHO_MAX 2

#define BINDINGS "/bindings/"
#define DEVICES "devices/"

static const Style kind_styles[] = {
    [PREVIEW_BLOCKS] = STYLE_BAD,    [PREVIEW_DECIDES] = STYLE_WARN, [PREVIEW_CHANGES] = STYLE_GOOD,
    [PREVIEW_RENAMES] = STYLE_PLAIN, [PREVIEW_KEEPS] = STYLE_EDITED,
};

unsigned preview_line_room(const Term *term, unsigned used)
{
    if (term->columns == 0)
        return UINT_MAX;
    return MAX(term->columns > used ? term->columns - used : 0, VALUE_WIDTH_LEAST);
}

char *preview_value_text(const Value *value)
{
    return value ? outline_short(value) : g_strdup(_("(nothing)"));
}

char *preview_some(GPtrArray *words, unsigned most)
{
    GString *some = g_string_new(NULL);
    unsigned more = words->len > most ? words->len - most : 0;

    for (unsigned i = 0; i < words->len - more; i++)
        g_string_append_printf(some, "%s%s", i > 0 ? ", " : "", (const char *) words->pdata[i]);
    if (more > 0)
        /* Translators: the end of a list that is cut short */
        g_string_append_printf(some, ngettext(" and %u more", " and %u more", more), more);
    return g_string_free(some, FALSE);
}

static const Value *first_item(const PreviewGroup *group)
{
    return group->items->pdata[0];
}

/* "  vendor         ", what begins a group. */
static void append_label(GString *out, const Term *term, const PreviewFold *fold)
{
    const char *name = dict_text(first_item(fold->groups->pdata[0]), "class");
    g_autofree char *label = text_clean(name);
    g_autofree char *styled = term_styled(term, kind_styles[fold->item_class->kind], name);
    unsigned used = text_width(label) + 2;

    g_string_append_printf(out, "  %s%*s", styled, used < LABEL_WIDTH ? (int) (LABEL_WIDTH - used) : 1, "");
}

static void append_line(GString *out, const Term *term, const char *line)
{
    g_autofree char *clean = text_clean(line);
    g_autofree char *fitted =
        text_ellipsize(clean, preview_line_room(term, LABEL_WIDTH), term_ellipsis(term));

    g_string_append_printf(out, "%s\n", fitted);
}

void preview_lines_append_note(GString *out, const PreviewText *text, const char *line)
{
    g_string_append_printf(out, "%*s", LABEL_WIDTH, "");
    append_line(out, text->term, line);
}

/* "devices/old → devices/new", "devices/tank /bindings: 1FEDA:1 → 1FEDA:2" */
static char *rename_text(const Term *term, const Value *item)
{
    const char *field = dict_text(item, "field");
    const char *slash = strrchr(field, '/');
    g_autofree char *parent = slash ? g_strndup(field, (gsize) (slash - field)) : NULL;

    if (!slash)
        return g_strdup_printf("%s %s %s", dict_text(item, "base"), term_arrow(term),
                               dict_text(item, "path"));
    return g_strdup_printf("%s %s: %s %s %s", dict_text(item, "path"), parent, dict_text(item, "base"),
                           term_arrow(term), slash + 1);
}

/* "Porch → Patio" within what a line leaves behind `used` columns. */
static char *transition_text(const Term *term, const Value *item, unsigned used)
{
    g_autofree char *from = preview_value_text(value_map_get(item, "base"));
    g_autofree char *to = preview_value_text(value_map_get(item, "result"));

    text_share(&from, &to, preview_line_room(term, used + (unsigned) strlen(" -> ")), term_ellipsis(term));
    return g_strdup_printf("%s %s %s", from, term_arrow(term), to);
}

/* "porch_light", "porch_light 1FEDA:25": a member of a group in short. */
static char *short_name(const Value *item)
{
    const char *path = dict_text(item, "path");
    const char *field = dict_text(item, "field");
    const char *name = g_str_has_prefix(path, DEVICES) ? path + strlen(DEVICES) : path;
    size_t length;

    if (!g_str_has_prefix(field, BINDINGS))
        return g_strdup(name);
    field += strlen(BINDINGS);
    length = strcspn(field, "/");
    return g_strdup_printf("%s %.*s", name, (int) length, field);
}

/* The different members of a group in short. Items are sorted by path. */
static GPtrArray *short_names(const PreviewGroup *group)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < group->items->len; i++) {
        g_autofree char *name = short_name(group->items->pdata[i]);

        if (names->len == 0 || !g_str_equal(names->pdata[names->len - 1], name))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    return names;
}

/* "27 devices", of all groups together. */
static char *how_many(GPtrArray *groups)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    bool devices = true;
    unsigned n;

    for (unsigned i = 0; i < groups->len; i++) {
        const PreviewGroup *group = groups->pdata[i];

        for (unsigned at = 0; at < group->items->len; at++) {
            const char *path = dict_text(group->items->pdata[at], "path");

            g_hash_table_add(paths, (void *) path);
            devices = devices && g_str_has_prefix(path, DEVICES);
        }
    }
    n = g_hash_table_size(paths);
    return devices ? g_strdup_printf(ngettext("%u device", "%u devices", n), n)
                   : g_strdup_printf(ngettext("%u component", "%u components", n), n);
}

static char *how_many_in(const PreviewGroup *group)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new();

    g_ptr_array_add(groups, (void *) group);
    return how_many(groups);
}

/* "porch_light, sink_light"; "27 devices" where names would be too many. */
static char *who(const PreviewGroup *group)
{
    g_autoptr(GPtrArray) names = short_names(group);

    return names->len <= WHO_MAX ? preview_some(names, WHO_MAX) : how_many_in(group);
}

/* The same by components, whatever bindings are meant. */
static char *which_components(const PreviewGroup *group)
{
    const Value *first = first_item(group), *last = group->items->pdata[group->items->len - 1];

    return g_str_equal(dict_text(first, "path"), dict_text(last, "path"))
               ? g_strdup(dict_text(first, "path"))
               : how_many_in(group);
}

static bool has_values(const PreviewGroup *group)
{
    return group->item_class->kind == PREVIEW_CHANGES && *dict_text(first_item(group), "field");
}

/* What many items that say the same say; `behind` follows it. */
static void append_shared(GString *out, const Term *term, const PreviewGroup *group, const char *behind)
{
    g_autofree char *pattern = preview_field_pattern(dict_text(first_item(group), "field"));
    g_autofree char *place = text_clean(pattern);
    unsigned used = LABEL_WIDTH + text_width(place) + 2 + text_width(behind);
    g_autofree char *transition = transition_text(term, first_item(group), used);
    g_autofree char *line = g_strconcat(place, ": ", transition, behind, NULL);

    append_line(out, term, line);
}

/* "/interface: can1 → house (27 devices)", "2 devices: porch_light, sink_light" */
static void append_short(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    g_autoptr(GPtrArray) names = short_names(group);
    g_autofree char *some = preview_some(names, NAMES_MAX);
    g_autofree char *many = how_many_in(group);
    g_autofree char *line = g_strdup_printf("%s: %s", many, some);
    g_autofree char *whom = who(group);
    g_autofree char *clean = text_clean(whom);
    g_autofree char *behind = g_strdup_printf(" (%s)", clean);

    if (has_values(group))
        append_shared(out, text->term, group, behind);
    else
        append_line(out, text->term, line);
}

/* The same with all members on lines of their own. */
static void append_long(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    g_autofree char *many = how_many_in(group);

    if (has_values(group)) {
        append_shared(out, text->term, group, "");
        preview_lines_append_note(out, text, many);
    } else {
        append_line(out, text->term, many);
    }
    for (unsigned i = 0; i < group->items->len; i++) {
        g_autofree char *place = format_place(group->items->pdata[i]);

        preview_lines_append_note(out, text, place);
    }
}

static char *one_text(const Term *term, const PreviewGroup *group)
{
    const Value *item = first_item(group);
    g_autofree char *raw = format_place(item);
    g_autofree char *place = text_clean(raw);
    g_autofree char *transition = NULL;

    if (group->item_class->kind == PREVIEW_RENAMES)
        return rename_text(term, item);
    if (!*place)
        return g_strdup(_(group->item_class->words));
    if (!has_values(group))
        return g_steal_pointer(&place);
    transition = transition_text(term, item, LABEL_WIDTH + text_width(place) + 2);
    return g_strconcat(place, ": ", transition, NULL);
}

static void append_group(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    g_autofree char *one = NULL;

    if (group->items->len > 1 && text->full) {
        append_long(out, text, group);
    } else if (group->items->len > 1) {
        append_short(out, text, group);
    } else {
        one = one_text(text->term, group);
        append_line(out, text->term, one);
    }
}

static const Value *value_at(const PreviewFold *fold, unsigned at, const char *name)
{
    return value_map_get(first_item(fold->groups->pdata[at]), name);
}

/* The number of different values at one end of the transitions of a fold. */
static unsigned count_values(const PreviewFold *fold, const char *name)
{
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < fold->groups->len; i++) {
        const Value *value = value_at(fold, i, name);
        GString *json = g_string_new(NULL);

        if (value)
            json_append_canonical(json, value);
        g_hash_table_add(texts, g_string_free(json, FALSE));
    }
    return g_hash_table_size(texts);
}

/* The value that all have there, or how many they are. */
static char *end_text(const PreviewFold *fold, const char *name, unsigned n)
{
    return n == 1 ? preview_value_text(value_at(fold, 0, name))
                  : g_strdup_printf(_("%u different values"), n);
}

/* "Cargo Light → Basement Cargo Light (basement_cargo_light), … and 9 more" */
static char *some_transitions(const Term *term, const PreviewFold *fold)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < fold->groups->len; i++) {
        g_autofree char *transition = transition_text(term, first_item(fold->groups->pdata[i]), LABEL_WIDTH);
        g_autofree char *whom = who(fold->groups->pdata[i]);

        g_ptr_array_add(texts, g_strdup_printf("%s (%s)", transition, whom));
    }
    return preview_some(texts, NAMES_MAX);
}

/* "/physical_id: (nothing) → 26 different values (26 devices)", "/friendly_name: 12 devices get another
 * value: …" */
static char *values_text(const Term *term, const PreviewFold *fold)
{
    unsigned n_from = count_values(fold, "base"), n_to = count_values(fold, "result");
    g_autofree char *field = preview_field_pattern(dict_text(first_item(fold->groups->pdata[0]), "field"));
    g_autofree char *many = how_many(fold->groups);
    g_autofree char *from = end_text(fold, "base", n_from);
    g_autofree char *to = end_text(fold, "result", n_to);
    g_autofree char *some = NULL;

    if (n_from == 1 || n_to == 1)
        return g_strdup_printf("%s: %s %s %s (%s)", field, from, term_arrow(term), to, many);
    some = some_transitions(term, fold);
    /* Translators: a field, “12 devices”, examples */
    return g_strdup_printf(_("%s: %s get another value: %s"), field, many, some);
}

/* "27 devices: 10 new fields: /enabled, /manufacturer, /model_year and 7 more" */
static char *fields_text(const PreviewFold *fold)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *whom = which_components(fold->groups->pdata[0]);
    g_autofree char *some = NULL;

    for (unsigned i = 0; i < fold->groups->len; i++)
        g_ptr_array_add(fields,
                        preview_field_pattern(dict_text(first_item(fold->groups->pdata[i]), "field")));
    some = preview_some(fields, NAMES_MAX);
    /* Translators: a device or a number of them, a number of fields, the names of some. */
    return g_strdup_printf(fold->kind == FOLD_NEW
                               ? ngettext("%s: %u new field: %s", "%s: %u new fields: %s", fields->len)
                               : ngettext("%s: %u field goes: %s", "%s: %u fields go: %s", fields->len),
                           whom, fields->len, some);
}

void preview_lines_append(GString *out, const PreviewText *text, const PreviewFold *fold)
{
    g_autofree char *line = NULL;

    append_label(out, text->term, fold);
    if (fold->kind == FOLD_NONE) {
        append_group(out, text, fold->groups->pdata[0]);
        return;
    }
    line = fold->kind == FOLD_VALUES ? values_text(text->term, fold) : fields_text(fold);
    append_line(out, text->term, line);
}
