/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-sheet.c: the table of devices: what is left alone is no edit, what is changed is one, and
 * mistakes name their line. */

#include "ctl/sheet.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "coach/coach-file.h"
#include "support.h"

static const char devices[] =
    "{\"devices/bed_light\": {\"entity_id\": \"bed_light\", \"friendly_name\": \"Bed Light\", \"area\": \"interior\","
    "  \"groups\": [\"night\", \"sleep mode\"], \"enabled\": true, \"bindings\": []},"
    " \"devices/küche\": {\"entity_id\": \"küche\", \"friendly_name\": \"025\", \"area\": null, \"enabled\": false},"
    " \"devices/odd\": {\"entity_id\": \"odd\", \"friendly_name\": \"a|b \\\"c\\\"\", \"groups\": [], \"enabled\": 3},"
    " \"devices/#tag\": {\"entity_id\": \"#tag\", \"friendly_name\": \"\", \"groups\": [\"on\", \"x|y\"]},"
    " \"devices/pair\": {\"entity_id\": \"pair\", \"friendly_name\": \"Pair\", \"bindings\": ["
    "   {\"dgn\": \"1FEDA\", \"instance\": 1, \"area\": \"left\"}, {\"dgn\": \"1FEDA\", \"instance\": 2, \"area\": \"right\"}]}}";

static const char table[] = "# device  | friendly_name    | area          | groups              | enabled\n"
                            "bed_light | Bed Light        | interior      | [night, sleep mode] | true\n"
                            "küche     | 025              | null          |                     | false\n"
                            "odd       | \"a\\u007Cb \\\"c\\\"\" |               | []                  | 3\n"
                            "\"#tag\"    | \"\"               |               | [\"on\", \"x\\u007Cy\"]  |\n"
                            "pair      | Pair             | (per binding) |                     |\n";

static Sheet *sheet(void)
{
    g_autoptr(Value) map = json_parse(devices, -1, &json_limits_call, NULL);

    g_assert_nonnull(map);
    return sheet_new(map, NULL);
}

/* The edits of the table with one text in it replaced, as JSON. */
static char *edits_of(const char *from, const char *to, GError **error)
{
    g_autoptr(Sheet) made = sheet();
    g_autoptr(GString) text = g_string_new(table);
    g_auto(Plan) plan = {0};

    if (from)
        g_assert_cmpuint(g_string_replace(text, from, to, 0), ==, 1);
    plan_init(&plan);
    if (!sheet_read(made, text->str, &plan, error))
        return NULL;
    g_assert_cmpuint(plan_is_empty(&plan), ==, plan.diff->len == 0);
    return json_format(plan.edits);
}

static void assert_edits(const char *from, const char *to, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *edits = edits_of(from, to, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(edits, ==, expected);
}

static void assert_refused(const char *from, const char *to, const char *line, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(edits_of(from, to, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    g_assert_true(g_str_has_prefix(error->message, line));
    g_assert_nonnull(strstr(error->message, part));
}

static void test_format(void)
{
    g_autoptr(Sheet) made = sheet();
    g_autofree char *text = sheet_format(made);

    g_assert_cmpstr(text, ==, table);
}

static void test_unchanged(void)
{
    assert_edits(NULL, NULL, "[]");
    /* Blanks, order and comments say nothing. */
    assert_edits("# device", "  # anything | at all", "[]");
    assert_edits("bed_light | Bed Light        |", "  bed_light|Bed Light|", "[]");
    assert_edits("025              | null          |                     | false\n",
                 "025|null||false\r\n\r\n", "[]");
}

static void test_texts(void)
{
    assert_edits("Bed Light ", "Reading nook",
                 "[[\"set\",\"devices/bed_light\",\"/friendly_name\",\"\\\"Reading nook\\\"\"]]");
    /* What was a text stays one. */
    assert_edits("025 ", "26 ", "[[\"set\",\"devices/küche\",\"/friendly_name\",\"\\\"26\\\"\"]]");
    assert_edits("Bed Light ", "true",
                 "[[\"set\",\"devices/bed_light\",\"/friendly_name\",\"\\\"true\\\"\"]]");
    assert_edits("Bed Light ", "\"a\\u007C \\n\"",
                 "[[\"set\",\"devices/bed_light\",\"/friendly_name\",\"\\\"a| \\\\n\\\"\"]]");
    /* Where there was nothing, or null, what others have says what is meant. */
    assert_edits("null ", "galley", "[[\"set\",\"devices/küche\",\"/area\",\"\\\"galley\\\"\"]]");
    assert_edits("(per binding)", "middle", "[[\"set\",\"devices/pair\",\"/area\",\"\\\"middle\\\"\"]]");
}

static void test_removed(void)
{
    assert_edits("| Bed Light ", "| ", "[[\"unset\",\"devices/bed_light\",\"/friendly_name\",\"\"]]");
    assert_edits("(per binding)", "", "[[\"unset\",\"devices/pair\",\"/area\",\"\"]]");
}

static void test_others(void)
{
    assert_edits("true", "off", "[[\"set\",\"devices/bed_light\",\"/enabled\",\"false\"]]");
    assert_edits("| 3", "| 4", "[[\"set\",\"devices/odd\",\"/enabled\",\"4\"]]");
    assert_edits("[night, sleep mode]", "[night]",
                 "[[\"set\",\"devices/bed_light\",\"/groups\",\"[\\\"night\\\"]\"]]");
    assert_edits("[]", "[day, \"off\"]",
                 "[[\"set\",\"devices/odd\",\"/groups\",\"[\\\"day\\\",\\\"off\\\"]\"]]");
}

static void test_deleted(void)
{
    g_autoptr(Sheet) made = sheet();
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    g_assert_true(sheet_read(made, strchr(table, '\n') + 1, &plan, NULL));
    g_assert_cmpuint(plan.deleted->len, ==, 0);
    assert_edits("odd       | \"a\\u007Cb \\\"c\\\"\" |               | []                  | 3\n", "",
                 "[[\"delete\",\"devices/odd\",\"\",\"\"]]");
}

static void test_mistakes(void)
{
    assert_refused("Bed Light ", "Bed|Light ", "line 2:", "6 cells where 5 belong");
    assert_refused("bed_light |", "bed_lamp |", "line 2:", "no device “bed_lamp”");
    assert_refused("küche     ", "pair ", "line 6:", "has a line already");
    assert_refused("true", "perhaps", "line 2:", "boolean");
    assert_refused("| 3", "| many", "line 4:", "integer");
    assert_refused("[night, sleep mode]", "night", "line 2:", "is no list");
    assert_refused("[night, sleep mode]", "[night", "line 2:", "is no list");
    assert_refused("[night, sleep mode]", "[night, off]", "line 2:", "put it in quotes");
    assert_refused("Bed Light ", "\"Bed ", "line 2:", "is no text in quotes");
    assert_refused("Bed Light", "Bed \xff", "line 2:", "UTF-8");
}

static void test_columns(void)
{
    g_autoptr(Value) map =
        json_parse("{\"devices/a\": {\"area\": \"x\", \"suggested_area\": \"y\", \"icon\": {}, "
                   "\"notes\": \"n\", \"tags\": []}}",
                   -1, &json_limits_call, NULL);
    g_autoptr(Value) editable =
        json_parse("[\"friendly_name\", \"area\", \"notes\"]", -1, &json_limits_call, NULL);
    g_autoptr(Sheet) all = sheet_new(map, NULL);
    g_autoptr(Sheet) some = sheet_new(map, editable);
    g_autofree char *all_text = sheet_format(all);
    g_autofree char *some_text = sheet_format(some);

    g_assert_cmpstr(all_text, ==,
                    "# device | friendly_name | area | tags | notes\n"
                    "a        |               | x    | []   | n\n");
    g_assert_cmpstr(some_text, ==,
                    "# device | friendly_name | area | notes\n"
                    "a        |               | x    | n\n");
}

/* What nobody touches is no edit, whatever it is. */
static void assert_no_edits(const Value *map)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sheet) made = sheet_new(map, NULL);
    g_autofree char *lines = sheet_format(made);
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    g_assert_true(sheet_read(made, lines, &plan, &error));
    g_assert_no_error(error);
    g_assert_true(plan_is_empty(&plan));
}

/* Whatever an editor leaves is understood, or refused with its line. */
static void test_mutated(void)
{
    static const char *const pieces[] = {"|",    "\"", "[",    "]", "\n", "#", "\\u0000",
                                         "\xff", " ",  "true", "",  "{",  "\\"};

    for (unsigned round = 0; round < 5000; round++) {
        g_autoptr(Sheet) made = sheet();
        g_autoptr(GString) text = g_string_new(table);
        g_autoptr(GError) error = NULL;
        g_auto(Plan) plan = {0};

        for (unsigned n = below(4) + 1; n > 0; n--) {
            unsigned at = below((unsigned) text->len), gone = below(12);

            g_string_erase(text, at, (gssize) MIN(gone, text->len - at));
            g_string_insert(text, at, pieces[below(G_N_ELEMENTS(pieces))]);
        }
        plan_init(&plan);
        if (sheet_read(made, text->str, &plan, &error)) {
            g_assert_no_error(error);
            g_assert_cmpuint(plan_is_empty(&plan), ==, plan.diff->len == 0);
        } else {
            g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
            g_assert_true(g_str_has_prefix(error->message, "line "));
        }
    }
}

static void test_random(void)
{
    static const char *const paths[] = {"devices/a", "devices/b|c", "devices/#d", "devices/e~1f",
                                        "devices/ g"};

    for (unsigned round = 0; round < 200; round++) {
        g_autoptr(Value) map = value_new_map();

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
            value_map_take(&map, paths[i], random_component(paths[i]));
        assert_no_edits(map);
    }
}

static void assert_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) map = value_new_map();
    g_autoptr(CoachFile) file = NULL;
    g_autofree char *text = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    file = coach_file_parse(text, length, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < file->components->len; i++) {
        const Component *component = file->components->pdata[i];

        if (g_str_has_prefix(component->path, "devices/"))
            value_map_set(&map, component->path, component->data);
    }
    g_assert_cmpuint(value_length(map), ==, file->n_devices);
    assert_no_edits(map);
}

static void test_seed(void)
{
    g_autofree char *path = source_file("seeds/coaches/2021_Entegra_Aspire_44R.yml");

    assert_file(path);
}

static void test_real(void)
{
    g_autoptr(GPtrArray) files = real_coach_files();

    for (unsigned i = 0; files && i < files->len; i++)
        assert_file(files->pdata[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/sheet/format", test_format);
    g_test_add_func("/ctl/sheet/unchanged", test_unchanged);
    g_test_add_func("/ctl/sheet/texts", test_texts);
    g_test_add_func("/ctl/sheet/removed", test_removed);
    g_test_add_func("/ctl/sheet/others", test_others);
    g_test_add_func("/ctl/sheet/deleted", test_deleted);
    g_test_add_func("/ctl/sheet/mistakes", test_mistakes);
    g_test_add_func("/ctl/sheet/columns", test_columns);
    g_test_add_func("/ctl/sheet/mutated", test_mutated);
    g_test_add_func("/ctl/sheet/random", test_random);
    g_test_add_func("/ctl/sheet/seed", test_seed);
    g_test_add_func("/ctl/sheet/real", test_real);
    return g_test_run();
}
