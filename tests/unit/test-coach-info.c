/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-coach-info.c: what a file says of its coach, and what is wrong with that. */

#include "coach/coach-info-check.h"

#include <string.h>

#include "support.h"

static void test_read(void)
{
    g_autoptr(Value) section = parse("{\"year\":2021,\"make\":\"Entegra\",\"model\":[1],\"trim\":null,"
                                     "\"vin_pattern\":\"4VZ.*\",\"data_quality\":\"derived\",\"other\":1}");
    g_autoptr(Value) back = NULL;
    CoachInfo info, none, copy, again;

    coach_info_read(&info, section);
    back = coach_info_to_value(&info);
    assert_json(back, "{\"year\":\"2021\",\"make\":\"Entegra\",\"model\":\"\",\"trim\":\"\",\"notes\":\"\","
                      "\"vin_pattern\":\"4VZ.*\",\"data_quality\":\"derived\",\"data_note\":\"\"}");
    coach_info_read(&again, back);
    g_assert_cmpstr(again.vin_pattern, ==, "4VZ.*");
    coach_info_copy(&copy, &info);
    g_assert_cmpstr(copy.data_quality, ==, "derived");
    coach_info_read(&none, NULL);
    g_assert_cmpstr(none.year, ==, "");
    g_assert_cmpstr(none.data_note, ==, "");

    coach_info_clear(&info);
    coach_info_clear(&none);
    coach_info_clear(&copy);
    coach_info_clear(&again);
    g_assert_null(info.year);
}

/* ListModels says these texts to anybody, whatever an imported file has. */
static void test_long_texts_are_cut(void)
{
    g_autoptr(GString) text = g_string_new("x");
    g_autoptr(Value) section = value_new_map();
    CoachInfo info;

    for (unsigned i = 0; i < COACH_INFO_TEXT_MAX; i++)
        g_string_append(text, "é");
    value_map_take(&section, "notes", value_new_string(text->str));
    coach_info_read(&info, section);
    g_assert_true(g_utf8_validate(info.notes, -1, NULL));
    g_assert_cmpuint(strlen(info.notes), ==, COACH_INFO_TEXT_MAX - 1);
    g_assert_true(g_str_has_prefix(text->str, info.notes));
    coach_info_clear(&info);
}

static void test_years(void)
{
    static const char *const bad[] = {"",       "21",        "202",       "20211",      "2021-",
                                      "2021..", "2021-20",   "2021-2019", "0000",       "x2021",
                                      "2021 ",  "2021,2022", "unknown",   "2019--2021", "2019-2021x"};
    static const char *const ranges[] = {"2019-2021", "2019..2021", "2019\u20132021"};
    unsigned first = 0, last = 0;

    g_assert_true(coach_info_parse_years("2021", &first, &last));
    g_assert_cmpuint(first, ==, 2021);
    g_assert_cmpuint(last, ==, 2021);
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        g_assert_true(coach_info_parse_years(ranges[i], &first, &last));
        g_assert_cmpuint(first, ==, 2019);
        g_assert_cmpuint(last, ==, 2021);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (coach_info_parse_years(bad[i], &first, &last))
            g_error("“%s” is no year", bad[i]);
    }
}

static void assert_problems(const char *path, const char *section, const char *expected)
{
    g_autoptr(Value) data = parse(section);
    g_autoptr(GPtrArray) problems = problem_list_new();
    g_autoptr(GString) found = g_string_new(NULL);

    coach_info_check(path, data, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);

        g_string_append_printf(found, "%s %s%s: %s\n", problem->severity, problem->path, problem->field,
                               problem->message);
    }
    g_assert_cmpstr(found->str, ==, expected);
}

static void test_check(void)
{
    assert_problems("coach_info", "{}", "");
    assert_problems(
        "coach_info",
        "{\"year\":2021,\"vin_pattern\":\"4VZ.{14}\",\"data_quality\":\"one-owner\",\"make\":null}", "");
    assert_problems("coach_info", "{\"year\":\"2019-2021\",\"vin_pattern\":null}", "");
    assert_problems("coach_info", "{\"year\":\"0000\"}", "");
    assert_problems("coach_info", "{\"year\":\"late 2020\"}",
                    "warning coach_info/year: \"late 2020\" is no year: write \"2021\" or \"2019-2021\", or "
                    "leave it out\n");
    assert_problems(
        "_coach_info", "{\"data_quality\":\"sure\"}",
        "warning _coach_info/data_quality: \"sure\" is none of verified, one-owner, derived, generic\n");
    assert_problems("coach_info", "{\"vin_pattern\":[\"4VZ\"]}",
                    "warning coach_info/vin_pattern: a VIN pattern is a text\n");
    assert_problems(
        "coach_info", "{\"vin_pattern\":\"(((.+)+)+)+\"}",
        "warning coach_info/vin_pattern: VIN pattern \"(((.+)+)+)+\", character 7: + repeats one "
        "character or [ ], no group; write the group out\n");
    assert_problems("coach_notes", "{\"year\":\"late 2020\"}", "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coach-info/read", test_read);
    g_test_add_func("/coach-info/long-texts-are-cut", test_long_texts_are_cut);
    g_test_add_func("/coach-info/years", test_years);
    g_test_add_func("/coach-info/check", test_check);
    return g_test_run();
}
