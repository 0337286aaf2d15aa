/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-preview-text.c: a preview as people read it. */

#include "ctl/preview-text.h"

#include <string.h>

#include "base/json.h"
#include "ctl/text.h"

/* A preview from its verdict, counts and rows. */
static Preview preview_of(const char *verdict, const char *counts, const char *rows)
{
    g_autoptr(Value) list = json_parse(rows, -1, &json_limits_call, NULL);
    Preview preview = {
        .model = g_strdup("M"),
        .installed = g_strdup("1.0"),
        .bundled = g_strdup("1.1"),
        .verdict = g_strdup(verdict),
        .counts = json_parse(counts, -1, &json_limits_call, NULL),
        .items = value_new_list(),
    };

    g_assert_nonnull(preview.counts);
    g_assert_true(value_is_list(list));
    VALUE_FOREACH_ITEM (row, list)
        value_list_take(&preview.items, preview_item(row));
    return preview;
}

static const Term pipe_term = {.unicode = true};

static char *render(const Preview *preview, const Term *term, bool full, bool options,
                    void (*append)(GString *out, const PreviewText *text))
{
    const PreviewText text = {.preview = preview, .term = term, .full = full, .options = options};
    GString *out = g_string_new(NULL);

    append(out, &text);
    return g_string_free(out, FALSE);
}

static void test_head(void)
{
    static const struct {
        const char *verdict, *line;
    } rows[] = {
        {"clean", "Clean: nothing waits for a decision."},
        {"review", "Review: 1 item needs a decision."},
        {"blocked", "Blocked: not applied unless what stands in the way is allowed."},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Preview) preview =
            preview_of(rows[i].verdict, "{\"vendor\":2,\"new-class\":3,\"conflict\":1,\"kept\":0}",
                       "[[\"a\",\"/x\",\"conflict\",\"1\",\"2\",\"3\",\"2\"]]");
        g_autofree char *text = render(&preview, &pipe_term, false, false, preview_text_head);
        g_autofree char *expected = g_strdup_printf(
            "M: 1.0 → 1.1\n%s\n1 where you and the vendor disagree, 5 from the vendor\n", rows[i].line);

        g_assert_cmpstr(text, ==, expected);
    }
}

static const char decisions[] =
    "[[\"devices/porch\",\"/friendly_name\",\"conflict\",\"\\\"Porch\\\"\",\"\\\"Nook\\\"\","
    "\"\\\"Patio\\\"\",\"\\\"Nook\\\"\"],"
    "[\"devices/tank\",\"\",\"removed-edited\",\"{\\\"a\\\":1,\\\"b\\\":2}\","
    "\"{\\\"a\\\":1,\\\"b\\\":3,\\\"c\\\":4}\",\"\",\"{\\\"a\\\":1,\\\"b\\\":3,\\\"c\\\":4}\"]]";

/* Each value with what to type for it, as short as it may be; a component as a whole is "/". */
static void test_decisions(void)
{
    g_auto(Preview) preview = preview_of("review", "{}", decisions);
    g_autofree char *text = render(&preview, &pipe_term, false, true, preview_text_decisions);

    g_assert_cmpstr(text, ==,
                    "\nNeeds a decision:\n"
                    "  devices/porch /friendly_name: you and the vendor both changed it\n"
                    "    base    Porch\n"
                    "    mine    Nook   --keep porch friendly_name\n"
                    "    vendor  Patio  --take porch friendly_name\n"
                    "    result  Nook   --set porch friendly_name VALUE\n"
                    "  devices/tank: you edited it, the vendor removed it\n"
                    "    base    {…}\n"
                    "    mine    {…} but b: 3, c: 4  --keep tank /\n"
                    "    vendor  (nothing)           --take tank /\n"
                    "    result  {…} but b: 3, c: 4  --set tank / VALUE\n");
}

/* What somebody types finds the item again: a name that is a path of its own is not the device's, and no
 * word looks like an option. */
static void test_options(void)
{
    g_auto(Preview) preview =
        preview_of("review", "{}",
                   "[[\"devices/tank\",\"/-5\",\"conflict\",\"1\",\"2\",\"3\",\"2\"],"
                   "[\"devices/-x\",\"/a b\",\"conflict\",\"1\",\"2\",\"3\",\"2\"],"
                   "[\"scenes/x\",\"/bindings/1FEDA:1/c\",\"conflict\",\"1\",\"2\",\"3\",\"2\"],"
                   "[\"tank\",\"/y\",\"vendor\",\"1\",\"\",\"3\",\"3\"]]");
    g_autofree char *text = render(&preview, &pipe_term, false, true, preview_text_decisions);

    g_assert_nonnull(strstr(text, "--keep devices/tank /-5\n"));
    g_assert_nonnull(strstr(text, "--keep devices/-x 'a b'\n"));
    g_assert_nonnull(strstr(text, "--keep scenes/x bindings/1FEDA:1/c\n"));
}

/* Of a whole component what differs, first what both have; a long value does not push the options out. */
static void test_differences(void)
{
    static const char rows[] =
        "[[\"devices/tank\",\"\",\"deleted-changed\",\"{\\\"a\\\":1,\\\"b\\\":2,\\\"z\\\":0}\",\"\","
        "\"{\\\"new\\\":1,\\\"newer\\\":[1,2],\\\"a\\\":1,\\\"b\\\":\\\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\\"}\",\"\"]]";
    g_auto(Preview) preview = preview_of("review", "{}", rows);
    g_autofree char *text = render(&preview, &pipe_term, false, true, preview_text_decisions);
    g_autofree char *full = render(&preview, &pipe_term, true, true, preview_text_decisions);

    g_assert_nonnull(strstr(
        text, "    vendor  {…} but b: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, new: 1, newer: [1, 2] "
              "and 1 more  --take tank /\n"));
    g_assert_nonnull(strstr(text, "    mine    (nothing)                                 --keep tank /\n"));
    g_assert_nonnull(strstr(full, "newer: [1, 2], no z  --take"));
}

/* Nothing to type for what is decided. */
static void test_decided(void)
{
    g_auto(Preview) preview = preview_of("clean", "{}", decisions);
    g_autofree char *open = NULL, *decided = NULL;

    preview.resolutions = json_parse("[[\"devices/tank\",\"\",\"mine\"]]", -1, &json_limits_call, NULL);
    open = render(&preview, &pipe_term, false, true, preview_text_decisions);
    g_assert_nonnull(strstr(open, "--keep porch"));
    g_assert_null(strstr(open, "--keep tank"));
    decided = render(&preview, &pipe_term, false, false, preview_text_decisions);
    g_assert_true(g_str_has_prefix(decided, "\nDecided:\n"));
    g_assert_null(strstr(decided, "--"));
}

static void test_blocks(void)
{
    g_auto(Preview) preview =
        preview_of("blocked", "{}",
                   "[[\"devices/a\",\"/area\",\"missing-field\",\"\",\"\",\"\",\"area is required\"],"
                   "[\"devices/b\",\"/area\",\"missing-field\",\"\",\"\",\"\",\"area is required\"],"
                   "[\"\",\"\",\"device-loss\",\"\",\"\",\"\",\"120 of 320 devices would go\"],"
                   "[\"devices/c\",\"/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"]]");
    g_autoptr(GPtrArray) allow = g_ptr_array_new();
    g_autofree char *text = NULL;

    g_ptr_array_add(allow, (void *) "device-loss");
    preview.allow = allow;
    text = render(&preview, &pipe_term, false, true, preview_text_blocks);
    g_assert_cmpstr(text, ==,
                    "\nStands in the way:\n"
                    "  missing-field  2 devices: a, b\n"
                    "                 area is required\n"
                    "                 --allow=missing-fields lifts it\n"
                    "  device-loss    many devices would go\n"
                    "                 120 of 320 devices would go\n"
                    "                 allowed by --allow=device-loss\n");
}

static const char rest[] =
    "[[\"devices/a\",\"/area\",\"vendor\",\"\\\"bay\\\"\",\"\",\"\\\"hall\\\"\",\"\\\"hall\\\"\"],"
    "[\"devices/b\",\"/area\",\"vendor\",\"\\\"bay\\\"\",\"\",\"\\\"hall\\\"\",\"\\\"hall\\\"\"],"
    "[\"devices/c\",\"/area\",\"vendor\",\"\\\"bay\\\"\",\"\",\"\\\"hall\\\"\",\"\\\"hall\\\"\"],"
    "[\"devices/d\",\"/area\",\"vendor\",\"\\\"bay\\\"\",\"\",\"\\\"hall\\\"\",\"\\\"hall\\\"\"],"
    "[\"devices/e\",\"/bindings/1FEDA:1/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
    "[\"devices/e\",\"/bindings/1FEDA:2/x\",\"vendor\",\"1\",\"\",\"2\",\"2\"],"
    "[\"devices/f\",\"/n\",\"vendor\",\"\",\"\",\"1\",\"1\"],"
    "[\"lighting_scenes/x\",\"\",\"added\",\"\",\"\",\"{}\",\"{}\"],"
    "[\"devices/g\",\"\",\"added\",\"\",\"\",\"{}\",\"{}\"],"
    "[\"devices/new\",\"\",\"renamed\",\"devices/old\",\"\",\"\",\"\"],"
    "[\"devices/h\",\"/bindings/1FEDA:7\",\"renamed\",\"1FEDA:6\",\"\",\"\",\"\"],"
    "[\"devices/i\",\"/x\",\"kept\",\"1\",\"2\",\"1\",\"2\"],"
    "[\"devices/i\",\"/y\",\"kept\",\"1\",\"2\",\"1\",\"2\"],"
    "[\"devices/j\",\"/z\",\"kept\",\"1\",\"3\",\"1\",\"3\"]]";

static void test_rest(void)
{
    g_auto(Preview) preview = preview_of("clean", "{}", rest);
    g_autofree char *text = render(&preview, &pipe_term, false, true, preview_text_rest);

    g_assert_cmpstr(text, ==,
                    "\nComes from the vendor:\n"
                    "  vendor         /area: bay → hall (4 devices)\n"
                    "  vendor         /bindings/*/x: 1 → 2 (e 1FEDA:1, e 1FEDA:2)\n"
                    "  vendor         devices/f /n: (nothing) → 1\n"
                    "  added          2 components: lighting_scenes/x, g\n"
                    "\nRenamed, your edits follow:\n"
                    "  renamed        devices/old → devices/new\n"
                    "  renamed        devices/h /bindings: 1FEDA:6 → 1FEDA:7\n"
                    "\nStays yours:\n"
                    "  kept           2 devices: i, j\n");
}

static const char many[] = "[[\"devices/a\",\"/id\",\"vendor\",\"\",\"\",\"\",\"1\"],"
                           "[\"devices/b\",\"/id\",\"vendor\",\"\",\"\",\"\",\"2\"],"
                           "[\"devices/c\",\"/id\",\"vendor\",\"\",\"\",\"\",\"3\"],"
                           "[\"devices/d\",\"/id\",\"vendor\",\"\",\"\",\"\",\"4\"],"
                           "[\"devices/a\",\"/old\",\"vendor\",\"1\",\"\",\"\",\"9\"],"
                           "[\"devices/b\",\"/old\",\"vendor\",\"2\",\"\",\"\",\"9\"],"
                           "[\"devices/c\",\"/old\",\"vendor\",\"3\",\"\",\"\",\"9\"],"
                           "[\"devices/d\",\"/old\",\"vendor\",\"4\",\"\",\"\",\"9\"],"
                           "[\"devices/a\",\"/name\",\"vendor\",\"1\",\"\",\"\",\"2\"],"
                           "[\"devices/b\",\"/name\",\"vendor\",\"3\",\"\",\"\",\"4\"],"
                           "[\"devices/c\",\"/name\",\"vendor\",\"1\",\"\",\"\",\"2\"],"
                           "[\"devices/d\",\"/name\",\"vendor\",\"5\",\"\",\"\",\"6\"],"
                           "[\"devices/e\",\"/name\",\"vendor\",\"7\",\"\",\"\",\"8\"],"
                           "[\"info\",\"/p\",\"vendor\",\"\",\"\",\"\",\"1\"],"
                           "[\"info\",\"/q\",\"vendor\",\"\",\"\",\"\",\"2\"],"
                           "[\"info\",\"/r\",\"vendor\",\"\",\"\",\"\",\"3\"],"
                           "[\"info\",\"/s\",\"vendor\",\"\",\"\",\"\",\"4\"],"
                           "[\"info\",\"/t\",\"vendor\",\"5\",\"\",\"\",\"\"],"
                           "[\"x\",\"\",\"added\",\"\",\"\",\"{}\",\"{}\"]]";

/* One field with many values is one line, and so are many fields of the same components. */
static void test_folded(void)
{
    g_auto(Preview) preview = preview_of("clean", "{}", many);
    g_autofree char *text = render(&preview, &pipe_term, false, true, preview_text_rest);
    g_autofree char *full = render(&preview, &pipe_term, true, true, preview_text_rest);

    g_assert_cmpstr(
        text, ==,
        "\nComes from the vendor:\n"
        "  vendor         /name: 5 devices get another value: 1 → 2 (a, c), 3 → 4 (b), 5 → 6 (d) and "
        "1 more\n"
        "  vendor         /id: (nothing) → 4 different values (4 devices)\n"
        "  vendor         /old: 4 different values → 9 (4 devices)\n"
        "  vendor         info: 4 new fields: /p, /q, /r and 1 more\n"
        "  vendor         info /t: 5 → (nothing)\n"
        "  added          x\n");
    g_assert_nonnull(strstr(full, "  vendor         devices/d /id: (nothing) → 4\n"));
    g_assert_nonnull(strstr(full, "  vendor         info /s: (nothing) → 4\n"));
    g_assert_null(strstr(full, "more"));
}

static void test_full(void)
{
    g_auto(Preview) preview = preview_of("clean", "{}", rest);
    g_autofree char *text = render(&preview, &pipe_term, true, true, preview_text_rest);

    g_assert_nonnull(strstr(text, "                 4 devices\n"
                                  "                 devices/a /area\n"
                                  "                 devices/b /area\n"
                                  "                 devices/c /area\n"
                                  "                 devices/d /area\n"));
    g_assert_nonnull(strstr(text, "                 devices/e /bindings/1FEDA:2/x\n"));
    g_assert_nonnull(strstr(text, "  kept           2 devices\n                 devices/i /x\n"));
}

/* Nothing to say, nothing said. */
static void test_empty(void)
{
    g_auto(Preview) preview = preview_of("clean", "{}", "[]");
    g_autofree char *blocks = render(&preview, &pipe_term, false, true, preview_text_blocks);
    g_autofree char *open = render(&preview, &pipe_term, false, true, preview_text_decisions);
    g_autofree char *others = render(&preview, &pipe_term, false, true, preview_text_rest);

    g_assert_cmpstr(blocks, ==, "");
    g_assert_cmpstr(open, ==, "");
    g_assert_cmpstr(others, ==, "");
}

/* Values of a file cannot steer the terminal. */
static void test_hostile(void)
{
    g_auto(Preview) preview = preview_of(
        "blocked", "{\"\\u001b[31m\":1}",
        "[[\"a\\u001b\",\"/x\\n\",\"conflict\",\"\\\"\\\\u001b\\\"\",\"{\\\"\\\\u001b\\\":1}\",\"1\",\"1\"],"
        "[\"a\\u001b\",\"\",\"removed-edited\",\"{}\",\"{\\\"\\\\u001b\\\":1}\",\"\",\"\"],"
        "[\"b\\u001b\",\"/x\\u001b\",\"vendor\",\"\\\"\\\\u001b\\\"\",\"\",\"1\",\"1\"],"
        "[\"c\\u001b\",\"\",\"renamed\",\"d\\u001b\",\"\",\"\",\"\"],"
        "[\"e\\u001b\",\"/x\",\"new\\u001b\",\"\",\"\",\"\",\"\"],"
        "[\"f\\u001b\",\"\",\"id-collision\",\"\",\"\",\"\",\"g\\u001b\"]]");
    g_autofree char *head = render(&preview, &pipe_term, false, true, preview_text_head);
    g_autofree char *blocks = render(&preview, &pipe_term, false, true, preview_text_blocks);
    g_autofree char *open = render(&preview, &pipe_term, false, true, preview_text_decisions);
    g_autofree char *others = render(&preview, &pipe_term, false, true, preview_text_rest);

    g_assert_null(strchr(head, '\033'));
    g_assert_null(strchr(blocks, '\033'));
    g_assert_null(strchr(open, '\033'));
    g_assert_null(strchr(others, '\033'));
}

/* On a terminal groups fit into its width; what is to be typed is whole all the same. */
static void test_terminal(void)
{
    static const char rows[] =
        "[[\"devices/a\",\"/x\",\"conflict\",\"\\\"Nook\\\"\",\"\\\"a long value that does not fit\\\"\",\"1\",\"1\"],"
        "[\"devices/a\",\"/x\",\"vendor\",\"\\\"a long value that does not fit\\\"\",\"\",\"\","
        "\"\\\"another long value that does not fit\\\"\"]]";
    const Term term = {.unicode = true, .columns = 50};
    g_auto(Preview) preview = preview_of("review", "{}", rows);
    g_autofree char *open = render(&preview, &term, false, true, preview_text_decisions);
    g_autofree char *others = render(&preview, &term, false, true, preview_text_rest);

    g_autofree char *both = g_strconcat(open, others, NULL);
    g_auto(GStrv) lines = g_strsplit(both, "\n", -1);
    for (unsigned i = 0; lines[i]; i++)
        g_assert_cmpuint(text_width(lines[i]), <=, 50);
    g_assert_nonnull(strstr(others, "…"));
    g_assert_nonnull(strstr(open, "  --set a x VALUE\n"));
    g_assert_nonnull(strstr(open, "…"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/preview-text/head", test_head);
    g_test_add_func("/ctl/preview-text/decisions", test_decisions);
    g_test_add_func("/ctl/preview-text/options", test_options);
    g_test_add_func("/ctl/preview-text/differences", test_differences);
    g_test_add_func("/ctl/preview-text/decided", test_decided);
    g_test_add_func("/ctl/preview-text/blocks", test_blocks);
    g_test_add_func("/ctl/preview-text/rest", test_rest);
    g_test_add_func("/ctl/preview-text/folded", test_folded);
    g_test_add_func("/ctl/preview-text/full", test_full);
    g_test_add_func("/ctl/preview-text/empty", test_empty);
    g_test_add_func("/ctl/preview-text/hostile", test_hostile);
    g_test_add_func("/ctl/preview-text/terminal", test_terminal);
    return g_test_run();
}
