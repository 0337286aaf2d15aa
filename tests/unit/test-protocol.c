/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-protocol.c: the table of RV-C messages as the service has it: the compact one that is built in says
 * what rvc.json says, and a development folder's is always the one that lies there. */

#include <glib/gstdio.h>
#include <string.h>

#include "base/hash.h"
#include "service-support.h"
#include "service/rvc-table.h"

static char *rvc_json(void)
{
    g_autofree char *path = source_file("seeds/rvc.json");
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return g_steal_pointer(&text);
}

static void assert_same_row(const DgnRow *a, const DgnTable *of_a, const DgnRow *b, const DgnTable *of_b)
{
    g_assert_cmphex(a->dgn, ==, b->dgn);
    g_assert_cmphex(a->pair, ==, b->pair);
    g_assert_cmpstr(dgn_table_text(of_a, a->name), ==, dgn_table_text(of_b, b->name));
    g_assert_cmpstr(dgn_table_text(of_a, a->layout_sources), ==, dgn_table_text(of_b, b->layout_sources));
    g_assert_cmpstr(dgn_table_text(of_a, a->pair_sources), ==, dgn_table_text(of_b, b->pair_sources));
    g_assert_cmpstr(dgn_table_text(of_a, a->instance_sources), ==,
                    dgn_table_text(of_b, b->instance_sources));
    g_assert_cmpuint(a->direction, ==, b->direction);
    g_assert_cmpuint(a->instanced, ==, b->instanced);
    g_assert_cmpuint(a->pair_basis, ==, b->pair_basis);
    g_assert_cmpuint(a->instance_basis, ==, b->instance_basis);
    g_assert_cmpint(a->all, ==, b->all);
    g_assert_cmpmem(a->ranges, sizeof a->ranges, b->ranges, sizeof b->ranges);
    g_assert_cmpuint(a->n_ranges, ==, b->n_ranges);
}

static void test_built_in(void)
{
    g_autofree char *text = rvc_json(), *hash = NULL;
    g_autoptr(Value) content = parse(text);
    g_autoptr(DgnTable) table = dgn_table_new(content, "", NULL);
    const Value *entries = value_map_get(content, "pgns");

    hash = hash_bytes(text, strlen(text));
    g_assert_cmpstr(rvc_table.hash, ==, hash);
    g_assert_cmpstr(rvc_table.version, ==, table->version);
    g_assert_cmpuint(rvc_table.n_rows, ==, table->n_rows);
    g_assert_cmpuint(rvc_table.n_rows, ==, value_length(entries));
    for (size_t i = 0; i < table->n_rows; i++) {
        const DgnRow *row = &rvc_table.rows[i];
        g_autofree char *slice = g_strndup(text + row->start, row->size), *key = NULL;
        g_autoptr(Value) entry = parse(slice);

        assert_same_row(row, &rvc_table, &table->rows[i], table);
        key = g_strdup_printf("%05X", row->dgn);
        assert_equal(entry, value_map_get(entries, key));
    }
}

static char *describe(Fixture *f, uint32_t dgn)
{
    g_autoptr(GError) error = NULL;
    char *json = NULL;

    if (!service_describe_dgn(f->service, dgn, &json, &error))
        return g_strdup(error->message);
    return json;
}

static void assert_described(Fixture *f, uint32_t dgn, const char *name)
{
    g_autofree char *json = describe(f, dgn);
    g_autoptr(Value) entry = json[0] == '{' ? parse(json) : NULL;

    g_assert_cmpstr(value_map_get_string(entry, "name"), ==, name);
}

static unsigned count(Fixture *f, const char *name, const char *direction)
{
    g_autoptr(GArray) dgns = NULL;
    g_autoptr(GError) error = NULL;

    service_list_dgns(f->service, name, direction, &dgns, &error);
    g_assert_no_error(error);
    return dgns->len;
}

static void test_asked(Fixture *f, gconstpointer unused)
{
    g_autoptr(GArray) dgns = NULL;
    g_autoptr(GError) error = NULL;
    unsigned n = 0;

    for (size_t i = 0; i < rvc_table.n_rows; i++)
        assert_described(f, rvc_table.rows[i].dgn, dgn_table_text(&rvc_table, rvc_table.rows[i].name));
    assert_described(f, 0x17F9D, "GENERAL_RESET");
    g_assert_cmpuint(count(f, NULL, NULL), ==, rvc_table.n_rows);
    g_assert_cmpuint(count(f, "dimmer", NULL), ==, 5);
    for (int i = DGN_OTHER; i <= DGN_REQUEST; i++)
        n += count(f, NULL, dgn_direction_to_string((DgnDirection) i));
    g_assert_cmpuint(n, ==, rvc_table.n_rows);
    g_assert_false(service_list_dgns(f->service, NULL, "sideways", &dgns, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
}

static void write_rvc(Fixture *f, const char *text)
{
    g_autofree char *path = g_build_filename(f->seeds, "rvc.json", NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *looked_up(Fixture *f, uint32_t dgn)
{
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(GError) error = NULL;

    service_lookup(f->service, MODEL, dgn, 1, &results, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(results->len, ==, 1);
    g_autoptr(Value) data = parse(((const LookupResult *) g_ptr_array_index(results, 0))->data);
    return g_strdup(value_map_get_string(data, "dgn_name"));
}

static void assert_name(Fixture *f, uint32_t dgn, const char *expected)
{
    g_autofree char *name = looked_up(f, dgn);

    g_assert_cmpstr(name, ==, expected);
}

/* Whether one of the problems has this text. */
static bool is_told(Fixture *f, const char *text)
{
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;

    service_validate(f->service, MODEL, &problems, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);

        g_assert_cmpstr(problem->severity, ==, PROBLEM_WARNING);
        if (strstr(problem->message, text))
            return true;
    }
    return false;
}

static Value *described(Fixture *f)
{
    g_autofree char *json = service_describe(f->service, "1");

    return parse(json);
}

/* The folder's file counts from the moment it lies there, whatever it is, until it goes. */
static void test_development(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->seeds, "rvc.json", NULL), *text = rvc_json();
    g_autoptr(Value) state = NULL;

    write_seed(f, MODEL, "1FEDA: {1: [{entity_id: a}]}\n1FABC: {1: [{entity_id: b}]}\n");
    import(f, MODEL);
    assert_name(f, 0x1FEDA, "DC_DIMMER_STATUS_3");
    assert_name(f, 0x1FABC, NULL);
    g_assert_true(is_told(f, "1FABC is not in rvc.json"));

    write_rvc(f, "{\"version\":\"9.9.9\",\"pgns\":{\"1FABC\":{\"pgn\":\"1FABC\",\"name\":\"MINE\"}}}");
    assert_name(f, 0x1FABC, "MINE");
    assert_name(f, 0x1FEDA, NULL);
    assert_described(f, 0x1FABC, "MINE");
    assert_described(f, 0x1FEDA, NULL);
    g_assert_cmpuint(count(f, NULL, NULL), ==, 1);
    g_assert_true(is_told(f, "1FEDA is not in rvc.json"));
    g_assert_false(is_told(f, "1FABC is not in rvc.json"));
    state = described(f);
    g_assert_cmpstr(value_map_get_string(value_map_get(state, "Protocol"), "Version"), ==, "9.9.9");

    /* Broken: names are missing, and devices are not. */
    static const char *const broken[] = {"{", "[]", "{\"pgns\":1}", ""};
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) dgns = NULL;
        g_autofree char *json = NULL;

        write_rvc(f, broken[i]);
        assert_name(f, 0x1FABC, NULL);
        g_assert_true(is_told(f, "DGNs are not checked: rvc.json: "));
        g_assert_false(service_describe_dgn(f->service, 0x1FABC, &json, &error));
        g_assert_nonnull(strstr(error->message, "rvc.json"));
        g_clear_error(&error);
        g_assert_false(service_list_dgns(f->service, NULL, NULL, &dgns, &error));
        g_autoptr(Value) broken_state = described(f);
        g_assert_nonnull(value_map_get(value_map_get(broken_state, "Protocol"), "Problem"));
    }

    /* The one that ships, and then another one of the same length. */
    write_rvc(f, text);
    assert_described(f, 0x1FEDA, "DC_DIMMER_STATUS_3");
    char *name = strstr(text, "DC_DIMMER_STATUS_3");
    g_assert_nonnull(name);
    *name = 'X';
    write_rvc(f, text);
    assert_name(f, 0x1FEDA, "XC_DIMMER_STATUS_3");
    assert_described(f, 0x1FEDA, "XC_DIMMER_STATUS_3");

    g_assert_cmpint(g_remove(path), ==, 0);
    assert_name(f, 0x1FEDA, "DC_DIMMER_STATUS_3");
    assert_described(f, 0x1FEDA, "DC_DIMMER_STATUS_3");
}

static void test_described(Fixture *f, gconstpointer unused)
{
    g_autoptr(Value) before = described(f), after = NULL;

    g_assert_cmpuint(value_length(value_map_get(before, "Dgns")), ==, 0);
    write_seed(
        f, MODEL,
        "1FEDB: {1: [{entity_id: a}], 2: [{entity_id: b}]}\n1FABC: {default: [{entity_id: a}, {entity_id: c}]}\n");
    import(f, MODEL);
    commit(f, service_plan_active_model(f->service, MODEL, &no_options, NULL));
    after = described(f);
    assert_json(
        value_map_get(after, "Dgns"),
        "[{\"Dgn\":\"1FABC\",\"Name\":\"\",\"Direction\":\"\",\"Devices\":2},"
        "{\"Dgn\":\"1FEDB\",\"Name\":\"DC_DIMMER_COMMAND_2\",\"Direction\":\"command\",\"Devices\":2}]");
    g_assert_cmpint(value_integer(value_map_get(value_map_get(after, "Protocol"), "Dgns")), ==,
                    (int64_t) rvc_table.n_rows);
}

/* Nor does a file with very many make the answer long. */
static void test_many_dgns(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Value) state = NULL;

    for (int i = 0; i < 3000; i++)
        g_string_append_printf(text, "%05X: {1: [{entity_id: d%d}]}\n", 0x1E000 + i, i);
    write_seed(f, MODEL, text->str);
    import(f, MODEL);
    commit(f, service_plan_active_model(f->service, MODEL, &no_options, NULL));
    state = described(f);
    g_assert_cmpuint(value_length(value_map_get(state, "Dgns")), ==, 1000);
}

/* The problems of a file with 25,000 devices that are nowhere in rvc.json, and how long their texts are. */
static GPtrArray *many_problems(Fixture *f, size_t name_length, size_t *ret_size)
{
    g_autoptr(GString) text = g_string_new("1FABC:\n  1:\n");
    g_autofree char *name = g_strnfill(name_length, 'x');
    g_autoptr(GError) error = NULL;
    GPtrArray *problems = NULL;

    for (int i = 0; i < 25000; i++)
        g_string_append_printf(text, "    - {entity_id: %s%d}\n", name, i);
    write_seed(f, MODEL, text->str);
    import(f, MODEL);
    service_validate(f->service, MODEL, &problems, &error);
    g_assert_no_error(error);
    *ret_size = 0;
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);

        *ret_size += strlen(problem->path) + strlen(problem->message);
    }
    const Problem *last = g_ptr_array_index(problems, problems->len - 1);
    g_assert_cmpstr(last->message, ==, "there are more problems, which are not listed");
    return problems;
}

/* A file may have more problems than a message can carry. */
static void test_large_problems(Fixture *f, gconstpointer unused)
{
    size_t size;
    g_autoptr(GPtrArray) problems = many_problems(f, 200, &size);

    g_assert_cmpuint(size, <, PAGE_SIZE_MAX);
    g_assert_cmpuint(problems->len, >, 10000);
    g_assert_cmpuint(problems->len, <, PROBLEMS_MAX);
}

/* Or more than are kept. */
static void test_many_problems(Fixture *f, gconstpointer unused)
{
    size_t size;
    g_autoptr(GPtrArray) problems = many_problems(f, 1, &size);

    g_assert_cmpuint(problems->len, ==, PROBLEMS_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/protocol/built-in", test_built_in);
    ADD("/protocol/asked", test_asked);
    ADD("/protocol/development", test_development);
    ADD("/protocol/described", test_described);
    ADD("/protocol/many-dgns", test_many_dgns);
    ADD("/protocol/large-problems", test_large_problems);
    ADD("/protocol/many-problems", test_many_problems);
    return g_test_run();
}
