/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-changes.c: what a change did, in a few words. */

#include "ctl/changes.h"

static void test_text(void)
{
    static const struct {
        const char *kind, *detail, *text;
    } rows[] = {
        {"update", "{\"from\": \"1.0\", \"to\": \"1.1\"}", "1.0 -> 1.1"},
        {"update", "{\"from\": \"1.0\", \"to\": \"1.1\", \"file\": \"/home/me/coach.yml\"}",
         "1.0 -> 1.1, coach.yml"},
        {"import", "{\"file\": \"coach.yml\", \"version\": \"1.0\"}", "coach.yml"},
        {"edit", "{\"file\": \"./my-edits.json\"}", "my-edits.json"},
        {"import", "{\"version\": \"1.0\"}", ""},
        {"remove", "{\"version\": \"1.0\"}", "1.0"},
        {"undo", "{\"undoes\": 12}", "of change 12"},
        {"restore", "{\"restored\": \"20260131T120000Z-r4-manual\", \"restored_revision\": 4}",
         "of 20260131T120000Z-r4-manual"},
        {"restore", "{\"restored\": \"\", \"restored_revision\": 4}", "of a file, revision 4"},
        {"reset", "{\"scope\": \"devices\"}", "of devices"},
        {"reset", "{\"scope\": \"\"}", ""},
        {"migration", "{\"models\": [\"a\", \"b\"], \"counts\": {\"taken\": 4}}", "a, b"},
        {"migration", "{\"models\": [\"a\", \"b\", \"c\", \"d\"]}", "a, b, c, ..."},
        {"migration", "{\"models\": []}", ""},
        {"interface", "{\"name\": \"house\"}", ""},
        {"edit", "", ""},
        {"edit", "no JSON", ""},
        {"of a later version", "{\"from\": \"1.0\"}", ""},
    };
    const Term term = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) change = value_new_map();
        g_autofree char *text = NULL;

        value_map_take(&change, "Kind", value_new_string(rows[i].kind));
        value_map_take(&change, "Detail", value_new_string(rows[i].detail));
        text = changes_text(&term, change);
        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/changes/text", test_text);
    return g_test_run();
}
