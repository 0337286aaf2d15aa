/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-dgn-table.c: what is known of DGNs, read from the content of rvc.json. */

#include "coach/dgn-table.h"

#include "support.h"

static DgnTable *table_of(const char *json)
{
    g_autoptr(Value) content = parse(json);
    g_autoptr(GError) error = NULL;
    DgnTable *table = dgn_table_new(content, "hash", &error);

    g_assert_no_error(error);
    return table;
}

#define SMALL                                                                                                              \
    "{\"version\":\"1.2.3\",\"pgns\":{"                                                                                    \
    "\"1FEDB\":{\"name\":\"LAMP_COMMAND\",\"direction\":\"command\",\"pair\":\"1FEDA\",\"pair_basis\":\"name\"},"          \
    "\"1FEDA\":{\"name\":\"LAMP_STATUS\",\"direction\":\"status\",\"pair\":\"1FEDB\",\"pair_basis\":\"stated\","           \
    "\"pair_sources\":[\"one\",\"two\"],\"sources\":[\"one\"],\"layout_sources\":[\"two\",\"three\"],"                     \
    "\"instanced\":true,\"instances\":{\"ranges\":[[1,4],[16,17]],\"all\":0,\"basis\":\"values\",\"sources\":[\"two\"]}}," \
    "\"17F00\":{\"name\":\"RESET\",\"direction\":\"request\",\"instanced\":false,\"sources\":[\"one\"]},"                  \
    "\"0BFC1\":{\"name\":\"TANK\"}}}"

static void test_facts(void)
{
    g_autoptr(DgnTable) table = table_of(SMALL);
    const DgnRow *row = dgn_table_find(table, 0x1FEDA);

    g_assert_cmpuint(table->n_rows, ==, 4);
    g_assert_cmpstr(table->version, ==, "1.2.3");
    g_assert_cmpstr(table->hash, ==, "hash");
    g_assert_nonnull(row);
    g_assert_cmphex(row->dgn, ==, 0x1FEDA);
    g_assert_cmphex(row->pair, ==, 0x1FEDB);
    g_assert_cmpstr(dgn_table_text(table, row->name), ==, "LAMP_STATUS");
    g_assert_cmpstr(dgn_table_text(table, row->pair_sources), ==, "one, two");
    g_assert_cmpstr(dgn_table_text(table, row->layout_sources), ==, "two, three");
    g_assert_cmpstr(dgn_table_text(table, row->instance_sources), ==, "two");
    g_assert_cmpuint(row->direction, ==, DGN_STATUS);
    g_assert_cmpuint(row->instanced, ==, DGN_INSTANCED_YES);
    g_assert_cmpuint(row->pair_basis, ==, DGN_BASIS_STATED);
    g_assert_cmpuint(row->instance_basis, ==, DGN_BASIS_VALUES);
    g_assert_cmpint(row->all, ==, 0);
    g_assert_cmpuint(row->n_ranges, ==, 2);
    g_assert_cmpuint(row->ranges[1][0], ==, 16);
    g_assert_cmpuint(row->ranges[1][1], ==, 17);

    row = dgn_table_find(table, 0x0BFC1);
    g_assert_nonnull(row);
    g_assert_cmphex(row->pair, ==, DGN_NONE);
    g_assert_cmpuint(row->direction, ==, DGN_OTHER);
    g_assert_cmpuint(row->instanced, ==, DGN_INSTANCED_UNKNOWN);
    g_assert_cmpint(row->all, ==, DGN_NO_INSTANCE);
    g_assert_cmpuint(row->n_ranges, ==, 0);
    g_assert_cmpstr(dgn_table_text(table, row->layout_sources), ==, "");
}

static void test_find(void)
{
    g_autoptr(DgnTable) table = table_of(SMALL), none = table_of("{\"pgns\":{}}");

    for (size_t i = 1; i < table->n_rows; i++)
        g_assert_cmphex(table->rows[i - 1].dgn, <, table->rows[i].dgn);
    g_assert_null(dgn_table_find(table, 0x1FEDC));
    g_assert_null(dgn_table_find(table, 0));
    g_assert_null(dgn_table_find(table, UINT32_MAX));
    g_assert_null(dgn_table_find(none, 0x1FEDA));
    g_assert_cmpstr(none->version, ==, "");

    /* An address in the low byte; but not where the low byte is a part of the number. */
    g_assert_nonnull(dgn_table_find(table, 0x17F9D));
    g_assert_true(dgn_table_find(table, 0x17F9D) == dgn_table_find(table, 0x17F00));
    g_assert_null(dgn_table_find(table, 0x0BFC2));
    g_assert_null(dgn_table_find(table, 0x1FE00));
}

/* A file of a development folder may be anything. */
static void test_other_shapes(void)
{
    static const char *const broken[] = {"[]", "{}", "{\"pgns\":[]}", "null", "{\"pgns\":\"x\"}"};

    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(Value) content = parse(broken[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(dgn_table_new(content, "", &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
    }

    g_autoptr(DgnTable) table = table_of(
        "{\"version\":3,\"pgns\":{\"2FEDA\":{\"name\":\"A\"},\"x\":{\"name\":\"B\"},\"1FEDA\":null,"
        "\"1FEDB\":{\"name\":5},\"1FEDC\":{\"name\":\"C\",\"direction\":\"up\",\"pair\":\"2FFFF\",\"pair_basis\":7,"
        "\"sources\":[1,\"one\"],\"instanced\":\"yes\",\"instances\":{\"all\":256,\"basis\":\"hearsay\",\"ranges\":[[4,1]]}},"
        "\"1FEDD\":{\"name\":\"D\",\"instances\":{\"ranges\":[[0,1],[2,3],[4,5],[6,7],[8,9]]}},"
        "\"1FEDE\":{\"name\":\"E\",\"instances\":{\"ranges\":[[0,256]]}},"
        "\"1FEDF\":{\"name\":\"F\",\"instances\":{\"ranges\":[\"ab\",[1]]}}}}");
    g_assert_cmpuint(table->n_rows, ==, 4);
    const DgnRow *row = dgn_table_find(table, 0x1FEDC);
    g_assert_cmpuint(row->direction, ==, DGN_OTHER);
    g_assert_cmphex(row->pair, ==, DGN_NONE);
    g_assert_cmpuint(row->pair_basis, ==, DGN_BASIS_UNKNOWN);
    g_assert_cmpuint(row->instanced, ==, DGN_INSTANCED_UNKNOWN);
    g_assert_cmpuint(row->instance_basis, ==, DGN_BASIS_UNKNOWN);
    g_assert_cmpint(row->all, ==, DGN_NO_INSTANCE);
    g_assert_cmpstr(dgn_table_text(table, row->layout_sources), ==, "one");
    for (size_t i = 0; i < table->n_rows; i++)
        g_assert_cmpuint(table->rows[i].n_ranges, ==, 0);
}

static void test_directions(void)
{
    for (int i = DGN_OTHER; i <= DGN_REQUEST; i++) {
        DgnDirection direction;

        g_assert_true(dgn_direction_from_string(dgn_direction_to_string((DgnDirection) i), &direction));
        g_assert_cmpint(direction, ==, i);
    }
    DgnDirection untouched = DGN_COMMAND;
    g_assert_false(dgn_direction_from_string("Status", &untouched));
    g_assert_false(dgn_direction_from_string("", &untouched));
    g_assert_false(dgn_direction_from_string(NULL, &untouched));
    g_assert_cmpint(untouched, ==, DGN_COMMAND);
}

/* Law: whatever the tree is, it is a table or an error. */
static void any_tree(void)
{
    g_autoptr(Value) entries = random_map(3), content = value_new_map(), small = parse(SMALL);

    value_map_set(&content, "pgns", one_in(2) ? entries : value_map_get(small, "pgns"));
    g_autoptr(Value) changed = mutated(content);
    story("content", changed);
    g_autoptr(DgnTable) table = dgn_table_new(changed, "", NULL);
    for (size_t i = 0; table && i < table->n_rows; i++) {
        const DgnRow *row = dgn_table_find(table, table->rows[i].dgn);
        check(row && row->dgn == table->rows[i].dgn && row->n_ranges <= DGN_RANGES_MAX);
        check(row->pair == DGN_NONE || row->pair <= DGN_MAX);
    }
}

static void test_any_tree(void)
{
    repeat(2000, any_tree);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dgn-table/facts", test_facts);
    g_test_add_func("/dgn-table/find", test_find);
    g_test_add_func("/dgn-table/other-shapes", test_other_shapes);
    g_test_add_func("/dgn-table/directions", test_directions);
    g_test_add_func("/dgn-table/any-tree", test_any_tree);
    return g_test_run();
}
