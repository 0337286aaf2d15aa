/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-plan.c: edits as the service takes them, beside what they do. */

#include "ctl/plan.h"

#include "base/json.h"

static void test_put(void)
{
    g_autoptr(Value) before = json_parse("{\"a\": 1, \"b\": 2}", -1, &json_limits_call, NULL);
    g_autoptr(Value) same = json_parse("{\"b\": 2, \"a\": 1}", -1, &json_limits_call, NULL);
    g_autoptr(Value) after = json_parse("{\"a\": 1, \"b\": 3}", -1, &json_limits_call, NULL);
    g_auto(Plan) plan = {0};
    g_autofree char *json = NULL;

    plan_init(&plan);
    g_assert_true(plan_is_empty(&plan));
    plan_put(&plan, "info", before, same);
    g_assert_true(plan_is_empty(&plan));
    plan_put(&plan, "info", before, after);
    g_assert_false(plan_is_empty(&plan));
    g_assert_cmpuint(plan.diff->len, ==, 1);
    json = json_format(plan.edits);
    g_assert_cmpstr(json, ==, "[[\"put\",\"info\",\"\",\"{\\\"a\\\":1,\\\"b\\\":3}\"]]");
}

static void test_delete(void)
{
    g_autoptr(Value) before = value_new_map();
    g_auto(Plan) plan = {0};
    g_autofree char *json = NULL;

    plan_init(&plan);
    plan_delete(&plan, "devices/a", before);
    plan_add(&plan, "unset", "devices/b", "/x", NULL);
    g_assert_cmpuint(plan.deleted->len, ==, 1);
    g_assert_cmpstr(plan.deleted->pdata[0], ==, "devices/a");
    g_assert_cmpint(((const DiffEntry *) plan.diff->pdata[0])->kind, ==, DIFF_REMOVED);
    json = json_format(plan.edits);
    g_assert_cmpstr(json, ==,
                    "[[\"delete\",\"devices/a\",\"\",\"\"],[\"unset\",\"devices/b\",\"/x\",\"\"]]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/plan/put", test_put);
    g_test_add_func("/ctl/plan/delete", test_delete);
    return g_test_run();
}
