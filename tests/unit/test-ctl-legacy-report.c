/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-report.c: how a report of a migration is laid out. */

#include "ctl/legacy-report.h"

#include <string.h>

#include "base/json.h"
#include "ctl/text.h"

static const char items[] =
    "{\"items\": ["
    "{\"source\": \"/a.yml\", \"what\": \"coach\", \"model\": \"M\", \"result\": \"taken\","
    " \"reason\": \"release 1.0.0\"},"
    "{\"source\": \"environment\", \"what\": \"interface\", \"path\": \"house\", \"value\": \"can0\","
    " \"result\": \"taken\"},"
    "{\"source\": \"/a.yml\", \"what\": \"edit\", \"model\": \"M\", \"path\": \"devices/x\","
    " \"field\": \"/groups\", \"value\": [1, 2], \"result\": \"taken\"},"
    "{\"source\": \"environment\", \"what\": \"active-model\", \"model\": \"M\", \"result\": \"present\"},"
    "{\"source\": \"/p\\u001b.json\", \"what\": \"file\", \"result\": \"refused\","
    " \"reason\": \"this is a FIFO,\\nnot a regular file\"}],"
    " \"counts\": {\"taken\": 3, \"present\": 1, \"refused\": 1}}";

static Value *parse(const char *json)
{
    return json_parse(json, -1, &json_limits_stored, NULL);
}

static char *text_of(const char *json, const Term *term, bool written, bool full)
{
    g_autoptr(Value) report = parse(json);
    GString *out = g_string_new(NULL);

    legacy_report_append(out, term, report, written, full);
    return g_string_free(out, FALSE);
}

static void test_groups(void)
{
    const Term term = {.unicode = true};
    g_autofree char *planned = text_of(items, &term, false, false);
    g_autofree char *written = text_of(items, &term, true, false);

    g_assert_cmpstr(planned, ==,
                    "To be taken over (3):\n"
                    "  /a.yml\n"
                    "    coach M\n"
                    "      release 1.0.0\n"
                    "    devices/x /groups → [1,2]\n"
                    "  environment\n"
                    "    interface house → can0\n"
                    "\n"
                    "Already there (1):\n"
                    "  environment\n"
                    "    active model M\n"
                    "\n"
                    "Refused (1):\n"
                    "  /p\\u001B.json\n"
                    "    this is a FIFO,\\nnot a regular file\n"
                    "\n");
    g_assert_true(g_str_has_prefix(written, "Taken over (3):\n"));
}

static void test_counts(void)
{
    g_autoptr(Value) report = parse(items);
    g_autoptr(Value) none = parse("{}");
    g_autofree char *counts = legacy_report_counts(report);
    g_autofree char *zero = legacy_report_counts(none);

    g_assert_cmpstr(counts, ==, "3 taken, 1 already there, 1 refused");
    g_assert_cmpstr(zero, ==, "0 taken, 0 already there, 0 refused");
}

/* Of a coach file that cannot be read its place says all that there is to say. */
static void test_nameless(void)
{
    static const char nameless[] =
        "{\"items\": [{\"source\": \"/b.yml\", \"what\": \"coach\", \"model\": \"\","
        " \"result\": \"refused\", \"reason\": \"line 2\"}], \"counts\": {\"refused\": 1}}";
    const Term term = {.unicode = true};
    g_autofree char *text = text_of(nameless, &term, false, false);

    g_assert_cmpstr(text, ==, "Refused (1):\n  /b.yml\n    line 2\n\n");
}

static char *many(unsigned n, const char *result)
{
    GString *json = g_string_new("{\"items\": [");

    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(
            json,
            "%s{\"source\": \"/s\", \"what\": \"edit\", \"path\": \"p%u\", \"field\": \"/f\","
            " \"value\": \"a rather long text that no narrow terminal has room for\","
            " \"result\": \"%s\", \"reason\": \"word word word word word word word\"}",
            i > 0 ? "," : "", i, result);
    g_string_append_printf(json, "], \"counts\": {\"%s\": %u}, \"items_left_out\": 2}", result, n);
    return g_string_free(json, FALSE);
}

/* Long lists are cut short, but not of what was refused; no line is wider than the terminal. */
static void test_narrow(void)
{
    const Term term = {.unicode = true, .columns = 40, .tty = true};
    g_autofree char *taken = many(15, "taken");
    g_autofree char *refused = many(15, "refused");
    g_autofree char *cut = text_of(taken, &term, false, false);
    g_autofree char *full = text_of(taken, &term, false, true);
    g_autofree char *bad = text_of(refused, &term, false, false);
    g_auto(GStrv) lines = g_strsplit(cut, "\n", -1);

    for (unsigned i = 0; lines[i]; i++)
        g_assert_cmpuint(text_width(lines[i]), <=, 40);
    g_assert_nonnull(strstr(cut, "… 3 more; --full lists them"));
    g_assert_null(strstr(cut, "p12 /f"));
    g_assert_nonnull(strstr(full, "p14 /f → a rather long text that no narrow terminal has room for\n"));
    g_assert_nonnull(strstr(bad, "p14 /f"));
    g_assert_nonnull(strstr(bad, "\n2 items are not listed"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/legacy-report/groups", test_groups);
    g_test_add_func("/ctl/legacy-report/counts", test_counts);
    g_test_add_func("/ctl/legacy-report/nameless", test_nameless);
    g_test_add_func("/ctl/legacy-report/narrow", test_narrow);
    return g_test_run();
}
