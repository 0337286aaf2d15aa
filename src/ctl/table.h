/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* table.h: aligned tables. Whole on a pipe; on a terminal they are fitted into its width where columns may
 * shrink. */

#include "ctl/term.h"

typedef enum TableFlags {
    TABLE_LEFT = 0,
    TABLE_RIGHT = 1 << 0,      /* numbers */
    TABLE_SHRINK = 1 << 1,     /* may be cut short on a narrow terminal */
    TABLE_HIDE_EMPTY = 1 << 2, /* left out on a terminal when no row has something there */
} TableFlags;

typedef struct TableColumn {
    const char *title; /* translated by the table */
    TableFlags flags;
} TableColumn;

typedef struct Table Table;

/* `columns` ends with an entry without title and must outlive the table. */
Table *table_new(const TableColumn *columns);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Adds the next cell, row by row; the text is cleaned (text_clean()). NULL is an empty cell. */
void table_add(Table *table, const char *text, Style style);
G_GNUC_PRINTF(2, 3)
void table_add_format(Table *table, const char *format, ...);

/* The number of complete rows. */
size_t table_rows(const Table *table);

/* The table with its header, every line ended by a newline and without blanks at its end. No row, no header.
 * With term->columns at 0 nothing is shortened or left out. Free with g_free(). */
char *table_format(const Table *table, const Term *term);
/* Writes that to a stream. */
void table_print(const Table *table, const Term *term, FILE *stream);
