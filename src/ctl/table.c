/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c: layout of aligned tables. */

#include "ctl/table.h"

#include <glib/gi18n.h>

#include "ctl/text.h"

#define GAP 2
/* A column is not cut shorter than this: less tells nothing. */
#define SHRINK_MIN 8

typedef struct Cell {
    char *text;
    Style style;
} Cell;

struct Table {
    const TableColumn *columns;
    size_t n_columns;
    GArray *cells; /* of Cell, row after row */
};

static void cell_clear(void *data)
{
    Cell *cell = data;

    g_free(cell->text);
}

Table *table_new(const TableColumn *columns)
{
    Table *table = g_new0(Table, 1);

    table->columns = columns;
    while (columns[table->n_columns].title)
        table->n_columns++;
    table->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    g_array_set_clear_func(table->cells, cell_clear);
    return table;
}

void table_free(Table *table)
{
    if (!table)
        return;
    g_array_unref(table->cells);
    g_free(table);
}

void table_add(Table *table, const char *text, Style style)
{
    Cell cell = {.text = text_clean(text ? text : ""), .style = style};

    g_array_append_val(table->cells, cell);
}

void table_add_format(Table *table, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    table_add(table, text, STYLE_PLAIN);
}

size_t table_rows(const Table *table)
{
    return table->cells->len / table->n_columns;
}

static const Cell *cell_at(const Table *table, size_t row, size_t column)
{
    return &g_array_index(table->cells, Cell, row * table->n_columns + column);
}

/* What each column takes when nothing is cut: the widest of title and cells, 0 for one that is left out. */
static unsigned *natural_widths(const Table *table, const Term *term)
{
    unsigned *widths = g_new0(unsigned, table->n_columns);

    for (size_t column = 0; column < table->n_columns; column++) {
        unsigned widest = 0;

        for (size_t row = 0; row < table_rows(table); row++)
            widest = MAX(widest, text_width(cell_at(table, row, column)->text));
        if (widest == 0 && term->columns > 0 && (table->columns[column].flags & TABLE_HIDE_EMPTY))
            continue;
        widths[column] = MAX(widest, MAX(text_width(_(table->columns[column].title)), 1));
    }
    return widths;
}

static unsigned total_width(const Table *table, const unsigned *widths)
{
    unsigned total = 0;

    for (size_t column = 0; column < table->n_columns; column++) {
        if (widths[column] > 0)
            total += widths[column] + (total > 0 ? GAP : 0);
    }
    return total;
}

/* The widest column that can still be cut, or -1. A title is never cut. */
static gssize widest_shrinkable(const Table *table, const unsigned *widths)
{
    gssize found = -1;

    for (size_t column = 0; column < table->n_columns; column++) {
        unsigned least = MAX(SHRINK_MIN, text_width(_(table->columns[column].title)));

        if (!(table->columns[column].flags & TABLE_SHRINK) || widths[column] <= least)
            continue;
        if (found < 0 || widths[column] > widths[found])
            found = (gssize) column;
    }
    return found;
}

static void fit_widths(const Table *table, const Term *term, unsigned *widths)
{
    if (term->columns == 0)
        return;
    for (unsigned total = total_width(table, widths); total > term->columns; total--) {
        gssize column = widest_shrinkable(table, widths);

        if (column < 0)
            return;
        widths[column]--;
    }
}

static void append_cell(GString *out, const Term *term, const char *text, Style style, unsigned width,
                        bool right)
{
    g_autofree char *fitted = text_ellipsize(text, width, term_ellipsis(term));
    unsigned used = text_width(fitted);
    int padding = used < width ? (int) (width - used) : 0;

    if (right)
        g_string_append_printf(out, "%*s", padding, "");
    if (*fitted)
        g_string_append_printf(out, "%s%s%s", term_on(term, style), fitted, term_off(term, style));
    if (!right)
        g_string_append_printf(out, "%*s", padding, "");
}

static void end_line(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void append_row(GString *out, const Table *table, const Term *term, const unsigned *widths,
                       gssize row)
{
    bool first = true;

    for (size_t column = 0; column < table->n_columns; column++) {
        const TableColumn *spec = &table->columns[column];
        const char *text = row < 0 ? _(spec->title) : cell_at(table, (size_t) row, column)->text;
        Style style = row < 0 ? STYLE_HEADER : cell_at(table, (size_t) row, column)->style;

        if (widths[column] == 0)
            continue;
        if (!first)
            g_string_append_printf(out, "%*s", GAP, "");
        first = false;
        append_cell(out, term, text, style, widths[column], spec->flags & TABLE_RIGHT);
    }
    end_line(out);
}

char *table_format(const Table *table, const Term *term)
{
    g_autofree unsigned *widths = natural_widths(table, term);
    GString *out = g_string_new(NULL);

    fit_widths(table, term, widths);
    if (table_rows(table) > 0)
        append_row(out, table, term, widths, -1);
    for (size_t row = 0; row < table_rows(table); row++)
        append_row(out, table, term, widths, (gssize) row);
    return g_string_free(out, FALSE);
}

void table_print(const Table *table, const Term *term, FILE *stream)
{
    g_autofree char *text = table_format(table, term);

    fputs(text, stream);
}
