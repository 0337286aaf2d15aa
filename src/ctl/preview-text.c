/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preview-text.c: the lines of a preview. */

#include "ctl/preview-text.h"

#include <glib/gi18n.h>
#include <limits.h>
#include <string.h>

#include "ctl/bus-value.h"
#include "ctl/format.h"
#include "ctl/preview-lines.h"
#include "ctl/text.h"

/* "    vendor  ": a wider word than this one makes it wider. */
#define ROW_INDENT 12
/* "  devices/porch_light" */
#define PLACE_INDENT 2
/* So many differences of a component are shown. */
#define DIFFERENCES_MAX 3
/* So much of each, lest the first one fills the screen. */
#define DIFFERENCE_WIDTH 40
/* Options stand below one another as far as values are no longer. */
#define OPTIONS_COLUMN 40

static void append_styled(GString *out, const Term *term, Style style, const char *text)
{
    g_autofree char *styled = term_styled(term, style, text);

    g_string_append(out, styled);
}

static void append_title(GString *out, const Term *term, const char *title)
{
    g_autofree char *line = g_strdup_printf(_("%s:"), title);

    g_string_append_printf(out, "\n%s%s%s\n", term_on(term, STYLE_HEADER), line,
                           term_off(term, STYLE_HEADER));
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

static char *count_text(PreviewKind kind, unsigned n)
{
    switch (kind) {
    case PREVIEW_BLOCKS:
        /* Translators: items of a list: “3 where you and the vendor disagree, 2 from the vendor” */
        return g_strdup_printf(ngettext("%u in the way", "%u in the way", n), n);
    case PREVIEW_DECIDES:
        return g_strdup_printf(
            ngettext("%u where you and the vendor disagree", "%u where you and the vendor disagree", n), n);
    case PREVIEW_CHANGES:
        return g_strdup_printf(ngettext("%u from the vendor", "%u from the vendor", n), n);
    case PREVIEW_RENAMES:
        return g_strdup_printf(ngettext("%u renamed", "%u renamed", n), n);
    case PREVIEW_KEEPS:
        return g_strdup_printf(ngettext("%u kept as yours", "%u kept as yours", n), n);
    }
    g_assert_not_reached();
}

/* "3 where you and the vendor disagree, 750 from the vendor, 1 kept as yours" */
static char *counts_text(const Value *counts)
{
    static const PreviewKind kinds[] = {PREVIEW_BLOCKS, PREVIEW_DECIDES, PREVIEW_CHANGES, PREVIEW_RENAMES,
                                        PREVIEW_KEEPS};
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        int64_t n = preview_count(counts, kinds[i]);
        g_autofree char *text = count_text(kinds[i], (unsigned) n);

        if (n > 0)
            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", text);
    }
    return g_string_free(out, FALSE);
}

void preview_text_head(GString *out, const PreviewText *text)
{
    const Preview *preview = text->preview;
    g_autofree char *all_counts = counts_text(preview->counts);
    g_autofree char *counts =
        text_ellipsize(all_counts, preview_line_room(text->term, 0), term_ellipsis(text->term));

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

/* The groups of a kind under a title; nothing for none. `also`, unless NULL, adds lines to each. */
static void append_section(GString *out, const PreviewText *text, PreviewKind kind, const char *title,
                           void (*also)(GString *out, const PreviewText *text, const PreviewGroup *group))
{
    g_autoptr(GPtrArray) groups = preview_groups(text->preview->items, kind);
    g_autoptr(GPtrArray) folds = text->full ? preview_fold_none(groups) : preview_fold(groups);

    if (folds->len == 0)
        return;
    append_title(out, text->term, title);
    for (unsigned i = 0; i < folds->len; i++) {
        const PreviewFold *fold = folds->pdata[i];

        preview_lines_append(out, text, fold);
        if (also)
            also(out, text, fold->groups->pdata[0]);
    }
}

/* Why it blocks, in the service's own sentence where it has one, and what lifts it. */
static void append_lift(GString *out, const PreviewText *text, const PreviewGroup *group)
{
    const char *sentence = dict_text(group->items->pdata[0], "result");
    const char *allow = group->item_class->allow;
    g_autofree char *lift = NULL;

    preview_lines_append_note(out, text, *sentence ? sentence : _(group->item_class->words));
    if (!allow)
        return;
    lift = g_strdup_printf(preview_is_allowed(text->preview, allow) ? _("allowed by --allow=%s")
                                                                    : _("--allow=%s lifts it"),
                           allow);
    preview_lines_append_note(out, text, lift);
}

void preview_text_blocks(GString *out, const PreviewText *text)
{
    append_section(out, text, PREVIEW_BLOCKS, _("Stands in the way"), append_lift);
}

/* What differs in a component: "friendly_name: Patio", or "-groups" for what it lacks; what both have comes
 * first, since that is what was changed. */
static GPtrArray *differences(const Term *term, const Value *base, const Value *other)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *added = g_ptr_array_new();

    VALUE_FOREACH_ENTRY (name, value, other) {
        const Value *before = value_map_get(base, name);
        g_autofree char *whole = preview_value_text(value);
        g_autofree char *text = text_ellipsize(whole, DIFFERENCE_WIDTH, term_ellipsis(term));

        if (!value_equal(before, value))
            g_ptr_array_add(before ? texts : added, g_strdup_printf("%s: %s", name, text));
    }
    g_ptr_array_extend_and_steal(texts, added);
    VALUE_FOREACH_ENTRY (name, value, base) {
        if (!value_map_get(other, name))
            /* Translators: a field that a component lacks, “no area” */
            g_ptr_array_add(texts, g_strdup_printf(_("no %s"), name));
    }
    return texts;
}

/* A value of an item; of a whole component what is different in it. */
static char *decision_value(const PreviewText *text, const Value *item, const char *name)
{
    const Value *base = value_map_get(item, "base");
    const Value *value = value_map_get(item, name);
    g_autoptr(GPtrArray) differing = NULL;
    g_autofree char *some = NULL;
    g_autofree char *raw = NULL;

    if (base == value || *dict_text(item, "field") || !value_is_map(base) || !value_is_map(value))
        return preview_value_text(value);
    differing = differences(text->term, base, value);
    some = preview_some(differing, text->full ? UINT_MAX : DIFFERENCES_MAX);
    /* Translators: the same as above, except for “friendly_name: Patio, no area” */
    raw = *some ? g_strdup_printf(_("{…} but %s"), some) : g_strdup("{…}");
    return text_clean(raw);
}

typedef struct DecisionRow {
    const char *value;    /* key of the item */
    const char *label;    /* translated */
    const char *option;   /* that chooses it; NULL for none */
    const char *argument; /* of it behind PATH and FIELD */
} DecisionRow;

static const DecisionRow decision_rows[] = {
    /* Translators: labels of values: the vendor's old one, yours, the vendor's new one, what will be */
    {"base", N_("base"), NULL, NULL},
    {"mine", N_("mine"), "--keep ", ""},
    {"vendor", N_("vendor"), "--take ", ""},
    {"result", N_("result"), "--set ", N_("VALUE")},
};

static bool is_path(const Value *items, const char *word)
{
    VALUE_FOREACH_ITEM (item, items) {
        if (g_str_equal(dict_text(item, "path"), word))
            return true;
    }
    return false;
}

/* A path as it may be typed: a device by its name alone, unless something else has that for its path. */
static const char *short_path(const Value *items, const char *path)
{
    static const char devices[] = "devices/";
    const char *name = g_str_has_prefix(path, devices) ? path + strlen(devices) : path;

    return *name == '-' || is_path(items, name) ? path : name;
}

/* A field as it may be typed: without its first slash, unless it would look like an option then. */
static const char *short_field(const char *field)
{
    return field[0] == '\0' ? "/" : field[1] == '\0' || field[1] == '-' ? field : field + 1;
}

/* What chooses a row, as it is typed: "--take porch_light area"; "" where there is nothing to type. */
static char *option_text(const PreviewText *text, const Value *item, const DecisionRow *row)
{
    g_autofree char *path_word = text_shell_word(short_path(text->preview->items, dict_text(item, "path")));
    g_autofree char *field_word = text_shell_word(short_field(dict_text(item, "field")));
    g_autofree char *line = NULL;

    if (!row->option || !text->options || !preview_is_open(text->preview, item))
        return g_strdup("");
    line = g_strconcat(row->option, path_word, " ", field_word, *row->argument ? " " : "",
                       *row->argument ? _(row->argument) : "", NULL);
    return text_clean(line);
}

/* Where the values begin: behind the widest label. */
static unsigned row_indent(void)
{
    unsigned indent = ROW_INDENT;

    for (size_t i = 0; i < G_N_ELEMENTS(decision_rows); i++)
        indent = MAX(indent, text_width(_(decision_rows[i].label)) + 6);
    return indent;
}

/* Where the options begin: behind the widest value, unless that is very wide. */
static unsigned options_column(const PreviewText *text, const Value *item)
{
    unsigned column = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(decision_rows); i++) {
        g_autofree char *value = decision_value(text, item, decision_rows[i].value);

        column = MAX(column, text_width(value));
    }
    return MIN(column, OPTIONS_COLUMN);
}

/* Of a line that is too long the value is cut: an option that was cut could not be typed. */
static void append_decision_row(GString *out, const PreviewText *text, const Value *item,
                                const DecisionRow *row, unsigned column)
{
    const Term *term = text->term;
    g_autofree char *option = option_text(text, item, row);
    g_autofree char *value = decision_value(text, item, row->value);
    unsigned indent = row_indent();
    unsigned room = preview_line_room(term, indent + (*option ? text_width(option) + 2 : 0));
    g_autofree char *fitted = text_ellipsize(value, room, term_ellipsis(term));
    unsigned label = text_width(_(row->label)) + 4, used = text_width(fitted);

    column = MIN(column, room);
    g_string_append_printf(out, "    %s%s%s%*s%s", term_on(term, STYLE_DIM), _(row->label),
                           term_off(term, STYLE_DIM), (int) (indent - label), "", fitted);
    if (*option)
        g_string_append_printf(out, "%*s  %s", used < column ? (int) (column - used) : 0, "", option);
    g_string_append_c(out, '\n');
}

void preview_text_decision(GString *out, const PreviewText *text, const Value *item)
{
    const Term *term = text->term;
    g_autofree char *place = format_place(item);
    g_autofree char *clean = text_clean(place);
    g_autofree char *fitted =
        text_ellipsize(clean, preview_line_room(term, PLACE_INDENT), term_ellipsis(term));
    g_autofree char *styled = term_styled(term, STYLE_STRONG, fitted);
    const char *words = _(preview_item_class(item)->words);
    g_autofree char *why = text_ellipsize(
        words, preview_line_room(term, PLACE_INDENT + text_width(fitted) + 2), term_ellipsis(term));
    unsigned column = options_column(text, item);

    g_string_append_printf(out, "  %s: %s\n", styled, why);
    for (size_t i = 0; i < G_N_ELEMENTS(decision_rows); i++)
        append_decision_row(out, text, item, &decision_rows[i], column);
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
