/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-report.c: layout of a report. */

#include "ctl/legacy-report.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/bus-value.h"
#include "ctl/format.h"
#include "ctl/text.h"

/* Items of one source that are listed unless all are wanted. */
#define ITEMS_SHOWN 12
#define ITEM_INDENT 4
#define REASON_INDENT 6
/* Of reasons where the place that we write to has no width. */
#define TEXT_WIDTH 100

typedef struct Group {
    const char *result;
    const char *planned; /* titles; translated */
    const char *done;
    Style style;
} Group;

static const Group groups[] = {
    {"taken", N_("To be taken over"), N_("Taken over"), STYLE_GOOD},
    {"present", N_("Already there"), N_("Already there"), STYLE_DIM},
    {"refused", N_("Refused"), N_("Refused"), STYLE_BAD},
};

typedef struct Layout {
    GString *out;
    const Term *term;
    bool full;
} Layout;

int64_t legacy_report_count(const Value *report, const char *result)
{
    /* The items may be fewer: a report has bounds. */
    return dict_number(value_map_get(report, "counts"), result);
}

char *legacy_report_counts(const Value *report)
{
    /* Translators: items of the old system */
    return g_strdup_printf(_("%" PRId64 " taken, %" PRId64 " already there, %" PRId64 " refused"),
                           legacy_report_count(report, "taken"), legacy_report_count(report, "present"),
                           legacy_report_count(report, "refused"));
}

static char *value_text(const Layout *layout, const Value *item)
{
    const Value *value = value_map_get(item, "value");
    g_autofree char *text = NULL;

    if (!value || (value_is_string(value) && *value_string(value) == '\0'))
        return g_strdup("");
    text = format_value(value);
    return g_strconcat(" ", term_arrow(layout->term), " ", text, NULL);
}

static char *interface_text(const char *place, const char *value)
{
    g_autofree char *text = g_strconcat(place, value, NULL);

    /* Translators: “interface house → can0” */
    return g_strdup_printf(_("interface %s"), text);
}

/* What an item is; NULL where its source says it all. */
static char *item_text_of(const Layout *layout, const Value *item)
{
    const char *what = dict_text(item, "what");
    const char *model = dict_text(item, "model");
    g_autofree char *place = format_place(item);
    g_autofree char *value = value_text(layout, item);

    if (g_str_equal(what, "coach"))
        return *model ? g_strdup_printf(_("coach %s"), model) : NULL;
    if (g_str_equal(what, "active-model"))
        return g_strdup_printf(_("active model %s"), *model ? model : dict_text(item, "value"));
    if (g_str_equal(what, "interface"))
        return interface_text(place, value);
    if (*place == '\0' && *value == '\0')
        return g_str_equal(what, "patch") ? g_strdup(_("a patch")) : NULL;
    return g_strconcat(place, value, NULL);
}

static void append_line(const Layout *layout, unsigned indent, Style style, const char *text)
{
    const Term *term = layout->term;
    g_autofree char *clean = text_clean(text);
    g_autofree char *fitted = NULL;

    if (term->columns > indent + 10 && !layout->full)
        fitted = text_ellipsize(clean, term->columns - indent, term_ellipsis(term));
    g_string_append_printf(layout->out, "%*s%s%s%s\n", (int) indent, "", term_on(term, style),
                           fitted ? fitted : clean, term_off(term, style));
}

/* A sentence, broken between words. */
static void append_reason(const Layout *layout, unsigned indent, Style style, const char *reason)
{
    unsigned width = layout->term->columns > indent + 20 ? layout->term->columns : TEXT_WIDTH;
    g_autofree char *clean = text_clean(reason);
    g_auto(GStrv) words = g_strsplit(clean, " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);
    const Layout whole = {.out = layout->out, .term = layout->term, .full = true};

    for (unsigned i = 0; words[i]; i++) {
        if (line->len > 0 && indent + text_width(line->str) + 1 + text_width(words[i]) > width) {
            append_line(&whole, indent, style, line->str);
            g_string_truncate(line, 0);
        }
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", words[i]);
    }
    append_line(&whole, indent, style, line->str);
}

static void append_item(const Layout *layout, const Group *group, const Value *item)
{
    g_autofree char *text = item_text_of(layout, item);
    const char *reason = dict_text(item, "reason");
    Style style = g_str_equal(group->result, "refused") ? STYLE_WARN : STYLE_DIM;

    if (text)
        append_line(layout, ITEM_INDENT, STYLE_PLAIN, text);
    if (*reason)
        append_reason(layout, text ? REASON_INDENT : ITEM_INDENT, style, reason);
}

/* The items of a group that come from one source, from the first one on. */
static void append_source(const Layout *layout, const Group *group, const Value *items, size_t first)
{
    const char *source = dict_text(value_list_item(items, first), "source");
    const Layout whole = {.out = layout->out, .term = layout->term, .full = true};
    unsigned shown = 0, left = 0;

    append_line(&whole, 2, STYLE_STRONG, source);
    for (size_t i = first; i < value_length(items); i++) {
        const Value *item = value_list_item(items, i);

        if (!g_str_equal(dict_text(item, "result"), group->result) ||
            !g_str_equal(dict_text(item, "source"), source))
            continue;
        /* Why something was refused is never left out. */
        if (shown < ITEMS_SHOWN || layout->full || g_str_equal(group->result, "refused")) {
            append_item(layout, group, item);
            shown++;
        } else {
            left++;
        }
    }
    if (left > 0) {
        g_autofree char *more =
            /* Translators: an ellipsis, a number */
            g_strdup_printf(ngettext("%s %u more; --full lists it", "%s %u more; --full lists them", left),
                            term_ellipsis(layout->term), left);

        append_line(layout, ITEM_INDENT, STYLE_DIM, more);
    }
}

static void append_group(const Layout *layout, const Group *group, const Value *report, bool written)
{
    const Value *items = value_map_get(report, "items");
    g_autoptr(GHashTable) sources = g_hash_table_new(g_str_hash, g_str_equal);
    int64_t count = legacy_report_count(report, group->result);
    g_autofree char *title = NULL;

    if (count == 0)
        return;
    title = g_strdup_printf("%s%s%s (%" PRId64 ")", term_on(layout->term, group->style),
                            written ? _(group->done) : _(group->planned),
                            term_off(layout->term, group->style), count);
    g_string_append_printf(layout->out, _("%s:"), title);
    g_string_append_c(layout->out, '\n');
    for (size_t i = 0; i < value_length(items); i++) {
        const Value *item = value_list_item(items, i);

        if (g_str_equal(dict_text(item, "result"), group->result) &&
            g_hash_table_add(sources, (void *) dict_text(item, "source")))
            append_source(layout, group, items, i);
    }
    g_string_append_c(layout->out, '\n');
}

void legacy_report_append(GString *out, const Term *term, const Value *report, bool written, bool full)
{
    const Layout layout = {.out = out, .term = term, .full = full};
    int64_t left_out = dict_number(report, "items_left_out");

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        append_group(&layout, &groups[i], report, written);
    if (left_out > 0) {
        g_autofree char *text = g_strdup_printf(
            ngettext("%" PRId64 " item is not listed, for there are too many.",
                     "%" PRId64 " items are not listed, for there are too many.", (gulong) left_out),
            left_out);

        append_reason(&layout, 0, STYLE_WARN, text);
        g_string_append_c(out, '\n');
    }
}
