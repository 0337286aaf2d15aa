/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preview-text.c: the lines of a preview. */

#include "ctl/preview-text.h"

#include <glib/gi18n.h>
#include <limits.h>
#include <string.h>

#include "ctl/bus-value.h"
#include "ctl/outline.h"
#include "ctl/text.h"

/* "  missing-field  " */
#define LABEL_WIDTH 17
/* "    vendor  " */
#define ROW_INDENT 12
/* What a line of the terminal leaves a value at least. */
#define VALUE_WIDTH_LEAST 16
/* More names of a group tell little. */
#define NAMES_MAX 3

static const Style kind_styles[] = {
    [PREVIEW_BLOCKS] = STYLE_BAD,    [PREVIEW_DECIDES] = STYLE_WARN, [PREVIEW_CHANGES] = STYLE_GOOD,
    [PREVIEW_RENAMES] = STYLE_PLAIN, [PREVIEW_KEEPS] = STYLE_EDITED,
};

static void append_styled(GString *out, const Term *term, Style style, const char *text)
{
    g_autofree char *styled = term_styled(term, style, text);

    g_string_append(out, styled);
}

static void append_title(GString *out, const Term *term, const char *title)
{
    g_string_append_printf(out, "\n%s%s:%s\n", term_on(term, STYLE_HEADER), title,
                           term_off(term, STYLE_HEADER));
}

/* What a line leaves behind `used` columns, though never too little to tell something. */
static unsigned line_room(const Term *term, unsigned used)
{
    if (term->columns == 0)
        return UINT_MAX;
    return MAX(term->columns > used ? term->columns - used : 0, VALUE_WIDTH_LEAST);
}

static void append_verdict(GString *out, const PreviewText *text)
{
    unsigned n_open = preview_n_open(text->preview);
    g_autofree char *open = g_strdup_printf(
        ngettext("Review: %u item needs a decision.", "Review: %u items need a decision.", n_open), n_open);

    if (preview_is(text->preview, "blocked"))
        append_styled(out, text->term, STYLE_BAD,
                      _("Blocked: not applied unless what stands in the way is allowed."));
    else if (preview_is(text->preview, "review"))
        append_styled(out, text->term, STYLE_WARN, open);
    else
        append_styled(out, text->term, STYLE_GOOD, _("Clean: nothing waits for a decision."));
    g_string_append_c(out, '\n');
}

static void append_count(GString *out, const Value *counts, const char *name)
{
    int64_t n = dict_number(counts, name);
    g_autofree char *clean = text_clean(name);

    if (n > 0)
        g_string_append_printf(out, "%s%" G_GINT64_FORMAT " %s", out->len > 0 ? ", " : "", n, clean);
}

/* "2 conflict, 40 vendor": known classes in their order, then the others. */
static char *counts_text(const Value *counts)
{
    GString *out = g_string_new(NULL);
    g_autoptr(Value) others = value_ref((Value *) counts);

    for (const PreviewClass *row = preview_classes; *row->name; row++) {
        append_count(out, counts, row->name);
        value_map_remove(&others, row->name);
    }
    VALUE_FOREACH_ENTRY (name, item, others)
        append_count(out, others, name);
    return g_string_free(out, FALSE);
}

void preview_text_head(GString *out, const PreviewText *text)
{
    const Preview *preview = text->preview;
    g_autofree char *counts = counts_text(preview->counts);

    append_styled(out, text->term, STYLE_STRONG, preview->model);
    g_string_append(out, ": ");
    append_styled(out, text->term, STYLE_PLAIN, preview->installed);
    g_string_append_printf(out, " %s ", term_arrow(text->term));
    append_styled(out, text->term, STYLE_STRONG, preview->bundled);
    g_string_append_c(out, '\n');
    append_verdict(out, text);
    if (*counts)
        g_string_append_printf(out, "%s\n", counts);
}

/* "  vendor         ", what begins a group. */
static void append_label(GString *out, const Term *term, const PreviewGroup *group)
{
    g_autofree char *label = text_clean(dict_text(group->items->pdata[0], "class"));
    unsigned used = text_width(label) + 2;

    g_string_append(out, "  ");
    append_styled(out, term, kind_styles[group->item_class->kind], label);
    g_string_append_printf(out, "%*s", used < LABEL_WIDTH ? (int) (LABEL_WIDTH - used) : 1, "");
}

static void append_line(GString *out, const Term *term, const char *line)
{
    g_autofree char *clean = text_clean(line);
    g_autofree char *fitted = text_ellipsize(clean, line_room(term, LABEL_WIDTH), term_ellipsis(term));

    g_string_append_printf(out, "%s\n", fitted);
}

static void append_indented(GString *out, const Term *term, const char *line)
{
    g_string_append_printf(out, "%*s", LABEL_WIDTH, "");
    append_line(out, term, line);
}

static char *value_text(const Value *value)
{
    return value ? outline_short(value) : g_strdup(_("(nothing)"));
}

/* "devices/porch_light /area"; no field, no path where an item has none. */
static char *item_place(const Value *item)
{
    const char *path = dict_text(item, "path");
    const char *field = dict_text(item, "field");

    return g_strconcat(path, *path && *field ? " " : "", field, NULL);
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

/* ": Porch → Patio"; "" for a component that appears, goes or stays. Values share what the line leaves. */
static char *transition_text(const Term *term, const PreviewGroup *group, const char *place)
{
    const Value *item = group->items->pdata[0];
    unsigned used = LABEL_WIDTH + text_width(place) + (unsigned) strlen(": -> ");
    g_autofree char *from = value_text(value_map_get(item, "base"));
    g_autofree char *to = value_text(value_map_get(item, "result"));

    if (group->item_class->kind != PREVIEW_CHANGES || !*dict_text(item, "field"))
        return g_strdup("");
    text_share(&from, &to, line_room(term, used), term_ellipsis(term));
    return g_strdup_printf(": %s %s %s", from, term_arrow(term), to);
}

/* "porch_light", "porch_light (1FEDA:25)": a member of a group in short. */
static char *short_name(const Value *item)
{
    static const char bindings[] = "/bindings/";
    const char *path = dict_text(item, "path");
    const char *field = dict_text(item, "field");
    const char *name = g_str_has_prefix(path, "devices/") ? path + strlen("devices/") : path;
    size_t length;

    if (!g_str_has_prefix(field, bindings))
        return g_strdup(name);
    field += strlen(bindings);
    length = strcspn(field, "/");
    return g_strdup_printf("%s (%.*s)", name, (int) length, field);
}

/* Items are sorted by path, so those of one component stand together. */
static unsigned count_components(const PreviewGroup *group, bool *ret_devices)
{
    const char *last = NULL;
    unsigned n = 0;

    *ret_devices = true;
    for (unsigned i = 0; i < group->items->len; i++) {
        const char *path = dict_text(group->items->pdata[i], "path");

        *ret_devices = *ret_devices && g_str_has_prefix(path, "devices/");
        n += g_strcmp0(path, last) != 0;
        last = path;
    }
    return n;
}

static char *how_many(const PreviewGroup *group)
{
    bool devices;
    unsigned n = count_components(group, &devices);

    return devices ? g_strdup_printf(ngettext("%u device", "%u devices", n), n)
                   : g_strdup_printf(ngettext("%u component", "%u components", n), n);
}

/* Names of different components, as far as they tell something: "a, b, c and 4 more". */
static char *some_names(const PreviewGroup *group)
{
    GString *names = g_string_new(NULL);
    g_autofree char *last = NULL;
    unsigned n = 0, more = 0;

    for (unsigned i = 0; i < group->items->len; i++) {
        g_autofree char *name = short_name(group->items->pdata[i]);

        if (g_strcmp0(name, last) == 0)
            continue;
        if (n < NAMES_MAX)
            g_string_append_printf(names, "%s%s", n++ > 0 ? ", " : "", name);
        else
            more++;
        g_free(last);
        last = g_steal_pointer(&name);
    }
    if (more > 0)
        g_string_append_printf(names, ngettext(" and %u more", " and %u more", more), more);
    return g_string_free(names, FALSE);
}

static void append_members(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    g_autofree char *many = how_many(group);
    g_autofree char *names = some_names(group);
    g_autofree char *line = g_strdup_printf("%s: %s", many, names);

    if (!text->full) {
        append_line(out, text->term, line);
        return;
    }
    append_line(out, text->term, many);
    for (unsigned i = 0; i < group->items->len; i++) {
        g_autofree char *place = item_place(group->items->pdata[i]);

        append_indented(out, text->term, place);
    }
}

/* Many items that say the same: what they say, and where. */
static void append_many(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    g_autofree char *pattern = preview_field_pattern(dict_text(group->items->pdata[0], "field"));
    g_autofree char *place = text_clean(pattern);
    g_autofree char *transition = transition_text(text->term, group, place);
    g_autofree char *line = g_strconcat(place, transition, NULL);

    append_label(out, text->term, group);
    if (*transition) {
        append_line(out, text->term, line);
        g_string_append_printf(out, "%*s", LABEL_WIDTH, "");
    }
    append_members(out, text, group);
}

static void append_one(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    const Value *item = group->items->pdata[0];
    g_autofree char *raw = item_place(item);
    g_autofree char *place = text_clean(raw);
    g_autofree char *transition = transition_text(text->term, group, place);
    g_autofree char *line = group->item_class->kind == PREVIEW_RENAMES ? rename_text(text->term, item)
                            : *place                                   ? g_strconcat(place, transition, NULL)
                                     : g_strdup(_(group->item_class->words));

    append_label(out, text->term, group);
    append_line(out, text->term, line);
}

static void append_group(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    if (group->items->len > 1)
        append_many(out, text, group);
    else
        append_one(out, text, group);
}

/* The groups of a kind under a title; nothing for none. `also`, unless NULL, adds lines to each. */
static void append_section(GString *out, const PreviewText *text, PreviewKind kind, const char *title,
                           void (*also)(GString *out, const PreviewText *text, const PreviewGroup *group))
{
    g_autoptr(GPtrArray) groups = preview_groups(text->preview->items, kind);

    if (groups->len == 0)
        return;
    append_title(out, text->term, title);
    for (unsigned i = 0; i < groups->len; i++) {
        append_group(out, text, groups->pdata[i]);
        if (also)
            also(out, text, groups->pdata[i]);
    }
}

/* Why it blocks, in the service's own sentence where it has one, and what lifts it. */
static void append_lift(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    const char *sentence = dict_text(group->items->pdata[0], "result");
    const char *allow = group->item_class->allow;
    bool allowed = preview_is_allowed(text->preview, allow);
    g_autofree char *lift =
        g_strdup_printf(allowed ? _("allowed by --allow=%s") : _("--allow=%s lifts it"), allow);

    append_indented(out, text->term, *sentence ? sentence : _(group->item_class->words));
    append_indented(out, text->term, lift);
}

void preview_text_blocks(GString *out, const PreviewText *text)
{
    append_section(out, text, PREVIEW_BLOCKS, _("Stands in the way"), append_lift);
}

/* The names of fields that differ between two maps, or that one of them lacks. */
static char *differing_fields(const Value *base, const Value *other)
{
    GString *names = g_string_new(NULL);
    g_autoptr(Value) all = value_ref((Value *) other);

    value_map_merge(&all, base);
    VALUE_FOREACH_ENTRY (name, item, all) {
        if (!value_equal(value_map_get(base, name), value_map_get(other, name)))
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
    }
    return g_string_free(names, FALSE);
}

/* A value of an item; of a whole component what is different in it. */
static char *decision_value(const Value *item, const char *name)
{
    const Value *base = value_map_get(item, "base");
    const Value *value = value_map_get(item, name);
    g_autofree char *names = NULL;
    g_autofree char *text = NULL;

    if (base == value || *dict_text(item, "field") || !value_is_map(base) || !value_is_map(value))
        return value_text(value);
    names = differing_fields(base, value);
    text = *names ? g_strdup_printf(_("{…} with another %s"), names) : g_strdup("{…}");
    return text_clean(text);
}

typedef struct DecisionRow {
    const char *value;    /* key of the item */
    const char *label;    /* translated */
    const char *option;   /* that chooses it; NULL for none */
    const char *argument; /* of it behind PATH and FIELD */
} DecisionRow;

static const DecisionRow decision_rows[] = {
    {"base", N_("base"), NULL, NULL},
    {"mine", N_("mine"), "--keep ", ""},
    {"vendor", N_("vendor"), "--take ", ""},
    {"result", N_("result"), "--set ", N_(" VALUE")},
};

/* "--take devices/porch_light /area", as it is typed; "" where there is nothing to type. */
static char *option_text(const Value *item, const DecisionRow *row)
{
    const char *field = dict_text(item, "field");
    g_autofree char *path_word = text_shell_word(dict_text(item, "path"));
    g_autofree char *field_word = text_shell_word(*field ? field : "/");
    g_autofree char *line = NULL;

    if (!row->option)
        return g_strdup("");
    line =
        g_strconcat(row->option, path_word, " ", field_word, *row->argument ? _(row->argument) : "", NULL);
    return text_clean(line);
}

/* What the widest value takes of a line, and what the widest option leaves it. */
static unsigned values_width(const Term *term, const Value *item, bool options)
{
    unsigned width = 0, option_width = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(decision_rows); i++) {
        g_autofree char *value = decision_value(item, decision_rows[i].value);
        g_autofree char *option = option_text(item, &decision_rows[i]);

        width = MAX(width, text_width(value));
        option_width = MAX(option_width, options ? text_width(option) + 2 : 0);
    }
    return MIN(width, line_room(term, ROW_INDENT + option_width));
}

static void append_decision_row(GString *out, const Term *term, const Value *item, const DecisionRow *row,
                                unsigned width, bool options)
{
    g_autofree char *option = options ? option_text(item, row) : g_strdup("");
    g_autofree char *value = decision_value(item, row->value);
    g_autofree char *fitted = text_ellipsize(value, width, term_ellipsis(term));
    unsigned label = text_width(_(row->label)) + 4;

    g_string_append_printf(out, "    %s%s%s%*s%s", term_on(term, STYLE_DIM), _(row->label),
                           term_off(term, STYLE_DIM), label < ROW_INDENT ? (int) (ROW_INDENT - label) : 1,
                           "", fitted);
    if (*option)
        g_string_append_printf(out, "%*s  %s", (int) (width - text_width(fitted)), "", option);
    g_string_append_c(out, '\n');
}

void preview_text_decision(GString *out, const PreviewText *text, const Value *item)
{
    bool options = text->options && preview_is_open(text->preview, item);
    g_autofree char *place = item_place(item);
    unsigned width = values_width(text->term, item, options);

    g_string_append(out, "  ");
    append_styled(out, text->term, STYLE_STRONG, place);
    g_string_append_printf(out, ": %s\n", _(preview_item_class(item)->words));
    for (size_t i = 0; i < G_N_ELEMENTS(decision_rows); i++)
        append_decision_row(out, text->term, item, &decision_rows[i], width, options);
}

void preview_text_decisions(GString *out, const PreviewText *text)
{
    const Preview *preview = text->preview;
    bool open = text->options && preview_n_open(preview) > 0;
    bool first = true;

    VALUE_FOREACH_ITEM (item, preview->items) {
        if (preview_item_class(item)->kind != PREVIEW_DECIDES)
            continue;
        if (first)
            append_title(out, text->term, open ? _("Needs a decision") : _("Decided"));
        first = false;
        preview_text_decision(out, text, item);
    }
}

void preview_text_rest(GString *out, const PreviewText *text)
{
    append_section(out, text, PREVIEW_CHANGES, _("Comes from the vendor"), NULL);
    append_section(out, text, PREVIEW_RENAMES, _("Renamed, your edits follow"), NULL);
    append_section(out, text, PREVIEW_KEEPS, _("Stays yours"), NULL);
}
