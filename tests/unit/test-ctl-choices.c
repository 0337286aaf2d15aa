/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-choices.c: --take, --keep, --set and answers as resolutions. */

#include "ctl/choices.h"

#include <string.h>

#include "base/json.h"

static const char rows[] =
    "[[\"coach_info\",\"/name\",\"conflict\",\"\\\"a\\\"\",\"\\\"b\\\"\",\"\\\"c\\\"\",\"\\\"b\\\"\"],"
    "[\"devices/evening\",\"/on\",\"unset-changed\",\"true\",\"\",\"false\",\"\"],"
    "[\"devices/porch\",\"/area\",\"missing-field\",\"\",\"\",\"\",\"no area\"],"
    "[\"devices/porch\",\"/friendly_name\",\"conflict\",\"\\\"a\\\"\",\"\\\"b\\\"\",\"\\\"c\\\"\",\"\\\"b\\\"\"],"
    "[\"devices/porch\",\"/level\",\"orphaned\",\"1\",\"2\",\"\",\"2\"],"
    "[\"devices/porch\",\"/notes\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
    "[\"devices/tank\",\"\",\"removed-edited\",\"{}\",\"{}\",\"\",\"{}\"],"
    "[\"groups/all\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
    "[\"lighting_scenes/all\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
    "[\"lighting_scenes/evening\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"]]";

static Value *items_new(void)
{
    g_autoptr(Value) list = json_parse(rows, -1, &json_limits_call, NULL);
    Value *items = value_new_list();

    VALUE_FOREACH_ITEM (row, list)
        value_list_take(&items, preview_item(row));
    return items;
}

/* The resolutions of a command line, words apart by "|". */
static Value *resolve(const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("coachiqctl|update|", line, NULL);
    g_auto(GStrv) argv = g_strsplit(whole, "|", -1);
    g_autoptr(Value) items = items_new();
    Value *resolutions;
    Args args;

    g_assert_true(args_parse(&args, (int) g_strv_length(argv), argv, NULL));
    resolutions = choices_resolve(&args, items, error);
    args_clear(&args);
    return resolutions;
}

static void assert_resolved(const char *line, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) resolutions = resolve(line, &error);
    g_autofree char *found = json_format(resolutions);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, json);
}

static void assert_refused(const char *line, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(resolve(line, &error));
    g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_none(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(resolve("--yes", &error));
    g_assert_no_error(error);
}

static void test_choices(void)
{
    assert_resolved("--take|devices/porch|/friendly_name",
                    "[[\"devices/porch\",\"/friendly_name\",\"vendor\"]]");
    assert_resolved("--keep|devices/porch|notes", "[[\"devices/porch\",\"/notes\",\"mine\"]]");
    assert_resolved("--set|devices/porch|friendly_name|25",
                    "[[\"devices/porch\",\"/friendly_name\",\"value:\\\"25\\\"\"]]");
    assert_resolved("--take|porch|level|--keep|tank|/|--take|coach_info|name",
                    "[[\"devices/tank\",\"\",\"mine\"],[\"devices/porch\",\"/level\",\"vendor\"],"
                    "[\"coach_info\",\"/name\",\"vendor\"]]");
}

/* A value is of the kind that stands there: the owner's, else the vendor's. */
static void test_values(void)
{
    assert_resolved("--set|porch|level|-5", "[[\"devices/porch\",\"/level\",\"value:-5\"]]");
    assert_resolved("--set|devices/evening|on|yes", "[[\"devices/evening\",\"/on\",\"value:true\"]]");
    assert_resolved("--set|tank|/|{\"a\":1}", "[[\"devices/tank\",\"\",\"value:{\\\"a\\\":1}\"]]");
    assert_refused("--set|porch|level|much", "“much” is no value for level");
    assert_refused("--set|devices/evening|on|maybe", "no value");
}

/* Short names as everywhere: a device first, else the only one. */
static void test_names(void)
{
    assert_resolved("--take|evening|on", "[[\"devices/evening\",\"/on\",\"vendor\"]]");
    assert_refused("--take|all|x", "can mean groups/all, lighting_scenes/all");
    assert_refused("--take|porhc|level", "Did you mean devices/porch?");
    assert_refused("--take|xyzzy|level", "does not touch “xyzzy”");
    assert_refused("--take|porch|lvl", "does not touch devices/porch /lvl");
}

/* The component as a whole, else what needs a decision in it; what blocks is not resolved. */
static void test_whole(void)
{
    assert_resolved("--take|tank|", "[[\"devices/tank\",\"\",\"vendor\"]]");
    assert_resolved("--take|porch|/", "[[\"devices/porch\",\"/friendly_name\",\"vendor\"],"
                                      "[\"devices/porch\",\"/level\",\"vendor\"]]");
    assert_refused("--take|lighting_scenes/evening|/", "Name the FIELD");
    assert_refused("--set|porch|/|5", "needs one FIELD");
    assert_refused("--take|porch|area", "does not touch");
}

static void test_twice(void)
{
    assert_refused("--take|porch|level|--keep|porch|/level", "said twice");
    assert_refused("--keep|porch|/|--set|porch|level|5", "said twice");
}

static void test_answers(void)
{
    static const struct {
        const char *line;
        Answer answer;
    } answers[] = {
        {"m", ANSWER_MINE},   {"Mine", ANSWER_MINE},   {" v ", ANSWER_VENDOR}, {"vendor", ANSWER_VENDOR},
        {"e", ANSWER_EDIT},   {"EDIT", ANSWER_EDIT},   {"q", ANSWER_QUIT},     {"quit", ANSWER_QUIT},
        {"", ANSWER_UNCLEAR}, {"yes", ANSWER_UNCLEAR}, {"mv", ANSWER_UNCLEAR},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
        g_assert_cmpint(choices_answer(answers[i].line), ==, answers[i].answer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/choices/none", test_none);
    g_test_add_func("/ctl/choices/choices", test_choices);
    g_test_add_func("/ctl/choices/values", test_values);
    g_test_add_func("/ctl/choices/names", test_names);
    g_test_add_func("/ctl/choices/whole", test_whole);
    g_test_add_func("/ctl/choices/twice", test_twice);
    g_test_add_func("/ctl/choices/answers", test_answers);
    return g_test_run();
}
