/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-table.c: aligned tables, on a pipe and on terminals of many widths. */

#include "ctl/table.h"

#include <string.h>

#include "ctl/text.h"

static const TableColumn columns[] = {
    {"PATH", TABLE_LEFT},
    {"NAME", TABLE_SHRINK},
    {"N", TABLE_RIGHT},
    {"REASON", TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

static const Term pipe_term = {.unicode = true};

static Term terminal(unsigned width)
{
    return (Term){.tty = true, .unicode = true, .columns = width};
}

static void add_row(Table *table, const char *path, const char *name, int number, const char *reason)
{
    table_add(table, path, STYLE_PLAIN);
    table_add(table, name, STYLE_PLAIN);
    table_add_format(table, "%d", number);
    table_add(table, reason, STYLE_PLAIN);
}

static void assert_table(const Table *table, Term term, const char *expected)
{
    g_autofree char *text = table_format(table, &term);

    g_assert_cmpstr(text, ==, expected);
}

static void test_pipe(void)
{
    g_autoptr(Table) table = table_new(columns);

    assert_table(table, pipe_term, "");
    g_assert_cmpuint(table_rows(table), ==, 0);
    add_row(table, "devices/porch", "Porch Light", 1, NULL);
    add_row(table, "a", "Küche", 200, "");
    g_assert_cmpuint(table_rows(table), ==, 2);
    /* All columns, nothing shortened, no blanks at the end. */
    assert_table(table, pipe_term,
                 "PATH           NAME           N  REASON\n"
                 "devices/porch  Porch Light    1\n"
                 "a              Küche        200\n");
}

static void test_wide_characters(void)
{
    g_autoptr(Table) table = table_new(columns);

    add_row(table, "漢字", "x", 1, "end");
    add_row(table, "e\u0301", "🚐", 2, "end");
    assert_table(table, pipe_term,
                 "PATH  NAME  N  REASON\n"
                 "漢字  x     1  end\n"
                 "e\u0301     🚐    2  end\n");
}

static void test_terminal(void)
{
    g_autoptr(Table) table = table_new(columns);

    add_row(table, "devices/porch", "Exterior Porch Light", 1, NULL);
    /* Wide enough: as it is, less the empty column. */
    assert_table(table, terminal(80),
                 "PATH           NAME                  N\n"
                 "devices/porch  Exterior Porch Light  1\n");
    assert_table(table, terminal(30),
                 "PATH           NAME          N\n"
                 "devices/porch  Exterior Po…  1\n");
    /* Below its least, a table is wider than the terminal rather than cut to nothing. */
    assert_table(table, terminal(10),
                 "PATH           NAME      N\n"
                 "devices/porch  Exterio…  1\n");
}

static void test_hostile(void)
{
    g_autoptr(Table) table = table_new(columns);

    add_row(table, "a\nb", "\033[31mred", 1, "\xff");
    assert_table(table, pipe_term,
                 "PATH  NAME           N  REASON\n"
                 "a\\nb  \\u001B[31mred  1  \ufffd\n");
}

static void test_color(void)
{
    g_autoptr(Table) table = table_new(columns);
    Term term = {.color = true, .unicode = true};
    g_autofree char *text = NULL;

    table_add(table, "a", STYLE_GOOD);
    table_add(table, "b", STYLE_PLAIN);
    table_add(table, "3", STYLE_PLAIN);
    table_add(table, NULL, STYLE_BAD);
    text = table_format(table, &term);
    g_assert_true(g_str_has_prefix(text, "\033[1mPATH\033[0m  "));
    g_assert_nonnull(strstr(text, "\n\033[32ma\033[0m     b     3\n"));
}

static void fill(Table *table)
{
    static const char *const words[] = {
        "", "a", "Bedroom Ceiling Light", "Küche", "漢字漢字漢字", "devices/bedroom_light", "🚐 🚐"};

    for (int row = g_test_rand_int_range(1, 6); row > 0; row--)
        add_row(table, words[g_test_rand_int_range(0, G_N_ELEMENTS(words))],
                words[g_test_rand_int_range(0, G_N_ELEMENTS(words))], g_test_rand_int_range(0, 100000),
                words[g_test_rand_int_range(0, G_N_ELEMENTS(words))]);
}

static unsigned widest_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned widest = 0;

    for (unsigned i = 0; lines[i]; i++) {
        widest = MAX(widest, text_width(lines[i]));
        g_assert_false(g_str_has_suffix(lines[i], " "));
    }
    return widest;
}

/* Laws: a table fits a terminal that is not too narrow; on one that is wide enough nothing is cut; rows stay
 * rows. */
static void test_laws(void)
{
    /* The widest path, the least of two columns that shrink, a number, and gaps. */
    const unsigned least = 21 + 8 + 5 + 8 + 3 * 2;

    for (int i = 0; i < 2000; i++) {
        g_autoptr(Table) table = table_new(columns);
        Term term = terminal((unsigned) g_test_rand_int_range((int) least, 120));
        g_autofree char *fitted = NULL, *whole = NULL, *wide = NULL;
        Term endless = terminal(1000);

        fill(table);
        fitted = table_format(table, &term);
        whole = table_format(table, &pipe_term);
        wide = table_format(table, &endless);
        g_assert_cmpuint(widest_line(fitted), <=, term.columns);
        g_assert_null(strstr(whole, "…"));
        g_assert_null(strstr(wide, "…"));
        if (widest_line(wide) <= term.columns)
            g_assert_cmpstr(fitted, ==, wide);
        g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, table_rows(table) + 2);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/table/pipe", test_pipe);
    g_test_add_func("/ctl/table/wide-characters", test_wide_characters);
    g_test_add_func("/ctl/table/terminal", test_terminal);
    g_test_add_func("/ctl/table/hostile", test_hostile);
    g_test_add_func("/ctl/table/color", test_color);
    g_test_add_func("/ctl/table/laws", test_laws);
    return g_test_run();
}
