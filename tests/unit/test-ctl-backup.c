/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-backup.c: what is said of a backup before it is restored. */

#include "ctl/backup.h"

#include "base/json.h"

static Value *backups_of(const char *json)
{
    return json_parse(json, -1, &json_limits_call, NULL);
}

static void test_find(void)
{
    g_autoptr(Value) backups = backups_of("[{\"Id\": \"a\"}, {\"Id\": \"b\", \"Revision\": 7}]");

    g_assert_cmpint(dict_number(backup_find(backups, "b"), "Revision"), ==, 7);
    g_assert_null(backup_find(backups, "c"));
    g_assert_null(backup_find(backups, ""));
    g_assert_null(backup_find(NULL, "a"));
}

/* Without a reason and without a problem there is no line of it; what is there cannot steer a terminal. */
static void test_append(void)
{
    g_autoptr(Value) plain = backups_of("{\"Id\": \"x\", \"Revision\": 4, \"Size\": 2048}");
    g_autoptr(Value) full = backups_of("{\"Id\": \"x\", \"Revision\": 4, \"Size\": 12, \"Automatic\": true,"
                                       " \"Reason\": \"a\\u001bb\", \"Problem\": \"is none\"}");
    g_autoptr(GString) out = g_string_new(NULL);
    const Term term = {0};

    backup_append(out, &term, plain);
    g_assert_cmpstr(out->str, ==, "x\n  made      , by hand\n  revision  4\n  size      2.0 KiB\n");
    g_string_truncate(out, 0);
    backup_append(out, &term, full);
    g_assert_cmpstr(out->str, ==,
                    "x\n  made      , automatic\n  revision  4\n  size      12 B\n  reason    a\\u001Bb\n"
                    "  problem   is none\n");
}

static void test_distance(void)
{
    static const struct {
        int64_t revision, now;
        const char *text;
    } rows[] = {
        {4, 4, "Nothing has changed since."},
        {4, 5, "1 change was made since."},
        {4, 1004, "1000 changes were made since."},
        {0, 2, "2 changes were made since."},
        {9, 3, "It is newer than what is there now, which is at revision 3."},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = backup_distance(rows[i].revision, rows[i].now);

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/backup/find", test_find);
    g_test_add_func("/ctl/backup/append", test_append);
    g_test_add_func("/ctl/backup/distance", test_distance);
    return g_test_run();
}
