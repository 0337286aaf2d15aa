/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-args.c: the command line. */

#include "ctl/args.h"

#include <string.h>

static bool parse_words(Args *args, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("coachiqctl ", line, NULL);
    /* Arguments are borrowed by what is parsed, so they live as long as the test. */
    char **argv = g_strsplit(whole, " ", -1);

    g_test_queue_destroy((GDestroyNotify) g_strfreev, argv);
    return args_parse(args, (int) g_strv_length(argv), argv, error);
}

static void parse_good(Args *args, const char *line)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(parse_words(args, line, &error));
    g_assert_no_error(error);
}

static void assert_words(const Args *args, const char *expected)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (unsigned i = 0; i < args->words->len; i++)
        g_string_append_printf(words, "%s%s", i > 0 ? "|" : "", (const char *) args->words->pdata[i]);
    g_assert_cmpstr(words->str, ==, expected);
}

static void test_defaults(void)
{
    Args args;

    parse_good(&args, "status");
    assert_words(&args, "status");
    g_assert_cmpstr(args.model, ==, "");
    g_assert_cmpstr(args.reason, ==, "");
    g_assert_null(args.kind);
    g_assert_cmpuint(args.lines, ==, ARGS_ABSENT);
    g_assert_cmpuint(args.expected_revision, ==, ARGS_ABSENT);
    g_assert_cmpint(args.color, ==, COLOR_AUTO);
    g_assert_false(args.json || args.force || args.help);
    args_clear(&args);
}

static void test_options(void)
{
    static const char *const lines[] = {
        "--model M set a b c --json -n 5 --reason why --expected-revision=12 --color always",
        "set --model=M -j a --lines=5 b --reason=why c --expected-revision 12 --color=always",
        "-mM -jn5 set a b c --reason why --expected-revision 12 --color=yes",
        "-j -m M -n 5 --color=always --reason=why --expected-revision=12 -- set a b c",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        Args args;

        parse_good(&args, lines[i]);
        assert_words(&args, "set|a|b|c");
        g_assert_cmpstr(args.model, ==, "M");
        g_assert_cmpstr(args.reason, ==, "why");
        g_assert_cmpuint(args.lines, ==, 5);
        g_assert_cmpuint(args.expected_revision, ==, 12);
        g_assert_cmpint(args.color, ==, COLOR_ALWAYS);
        g_assert_true(args.json);
        g_assert_false(args.force);
        args_clear(&args);
    }
}

/* A value may look like an option. */
static void test_values(void)
{
    Args args;

    parse_good(&args, "set a b -5");
    assert_words(&args, "set|a|b|-5");
    args_clear(&args);
    parse_good(&args, "set a b -.5");
    assert_words(&args, "set|a|b|-.5");
    args_clear(&args);
    parse_good(&args, "put a -");
    assert_words(&args, "put|a|-");
    args_clear(&args);
    parse_good(&args, "set a b -- --force");
    assert_words(&args, "set|a|b|--force");
    g_assert_false(args.force);
    args_clear(&args);
    parse_good(&args, "set a b --reason --force");
    g_assert_cmpstr(args.reason, ==, "--force");
    g_assert_false(args.force);
    args_clear(&args);
}

static void assert_bad(const char *line, GOptionError code, const char *part)
{
    g_autoptr(GError) error = NULL;
    Args args;

    g_assert_false(parse_words(&args, line, &error));
    g_assert_error(error, G_OPTION_ERROR, (int) code);
    g_assert_nonnull(strstr(error->message, part));
    args_clear(&args);
}

static void test_bad(void)
{
    assert_bad("--jsn", G_OPTION_ERROR_UNKNOWN_OPTION, "--json");
    assert_bad("--xyzzy", G_OPTION_ERROR_UNKNOWN_OPTION, "--xyzzy");
    assert_bad("-x", G_OPTION_ERROR_UNKNOWN_OPTION, "-x");
    assert_bad("-jx", G_OPTION_ERROR_UNKNOWN_OPTION, "-jx");
    assert_bad("--json=yes", G_OPTION_ERROR_BAD_VALUE, "--json");
    assert_bad("--model", G_OPTION_ERROR_BAD_VALUE, "--model");
    assert_bad("-m", G_OPTION_ERROR_BAD_VALUE, "--model");
    assert_bad("--color=pink", G_OPTION_ERROR_BAD_VALUE, "pink");
    assert_bad("-n x", G_OPTION_ERROR_BAD_VALUE, "--lines");
    assert_bad("-n -1", G_OPTION_ERROR_BAD_VALUE, "--lines");
    assert_bad("--expected-revision=99999999999999999999", G_OPTION_ERROR_BAD_VALUE, "--expected-revision");
    assert_bad("--expected-revision=18446744073709551615", G_OPTION_ERROR_BAD_VALUE, "--expected-revision");
    assert_bad("get \xff", G_OPTION_ERROR_BAD_VALUE, "2");
    assert_bad("set a b c --reason \xff", G_OPTION_ERROR_BAD_VALUE, "6");
}

static void test_outside(void)
{
    Args args;

    parse_good(&args, "show --json --force --kind edit");
    g_assert_cmpstr(args_outside(&args, 0)->name, ==, "force");
    g_assert_cmpstr(args_outside(&args, OPTIONS_EDIT)->name, ==, "kind");
    g_assert_null(args_outside(&args, OPTIONS_EDIT | OPTIONS_KIND));
    args_clear(&args);
}

/* An option that belongs to two groups is taken by the verbs of either. */
static void test_force(void)
{
    Args args;

    parse_good(&args, "interface house can7 --force");
    g_assert_true(args.force);
    g_assert_null(args_outside(&args, OPTIONS_FORCE));
    g_assert_null(args_outside(&args, OPTIONS_EDIT));
    args_clear(&args);
    parse_good(&args, "interface house can7 --reason x");
    g_assert_cmpstr(args_outside(&args, OPTIONS_FORCE)->name, ==, "reason");
    args_clear(&args);
    parse_good(&args, "restore --yes --file x");
    g_assert_null(args_outside(&args, OPTIONS_YES | OPTIONS_FILE));
    g_assert_cmpstr(args_outside(&args, OPTIONS_APPLY)->name, ==, "file");
    g_assert_cmpstr(args.file, ==, "x");
    args_clear(&args);
    parse_good(&args, "backup -o - x --force");
    assert_words(&args, "backup|x");
    g_assert_cmpstr(args.output, ==, "-");
    args_clear(&args);
    parse_good(&args, "activate --none");
    assert_words(&args, "activate");
    g_assert_true(args.none);
    g_assert_null(args_outside(&args, OPTIONS_NONE));
    g_assert_cmpstr(args_outside(&args, OPTIONS_EDIT)->name, ==, "none");
    args_clear(&args);
}

static void assert_list(const GPtrArray *list, const char *expected)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (unsigned i = 0; list && i < list->len; i++)
        g_string_append_printf(words, "%s%s", i > 0 ? "|" : "", (const char *) list->pdata[i]);
    g_assert_cmpstr(words->str, ==, expected);
}

/* Options that take several words, again and again; words that look like options are theirs too. */
static void test_lists(void)
{
    Args args;

    parse_good(
        &args,
        "update --take a /x --set b y -5 M --keep=c / --take d -- --allow=x --allow y --set=e z --yes");
    assert_words(&args, "update|M");
    assert_list(args.take, "a|/x|d|--");
    assert_list(args.keep, "c|/");
    assert_list(args.set, "b|y|-5|e|z|--yes");
    assert_list(args.allow, "x|y");
    g_assert_false(args.yes);
    g_assert_null(args_outside(&args, OPTIONS_MERGE));
    args_clear(&args);
    parse_good(&args, "update --yes");
    g_assert_null(args.take);
    args_clear(&args);
    assert_bad("update --take a", G_OPTION_ERROR_BAD_VALUE, "PATH FIELD");
    assert_bad("update --set a b", G_OPTION_ERROR_BAD_VALUE, "PATH FIELD VALUE");
    assert_bad("update --set=a b", G_OPTION_ERROR_BAD_VALUE, "PATH FIELD VALUE");
}

/* How an option is written tells how it is typed. */
static void test_usage(void)
{
    static const struct {
        const char *name, *usage;
    } rows[] = {
        {"model", "-m, --model=MODEL"},
        {"take", "    --take PATH FIELD"},
        {"set", "    --set PATH FIELD VALUE"},
        {"yes", "-y, --yes"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const OptionSpec *spec = option_specs;
        g_autofree char *usage = NULL;

        while (!g_str_equal(spec->name, rows[i].name))
            spec++;
        usage = option_usage(spec);
        g_assert_cmpstr(usage, ==, rows[i].usage);
    }
}

/* Names and letters are unique, so that the first one found is the one meant. */
static void test_table(void)
{
    for (const OptionSpec *a = option_specs; a->name; a++) {
        for (const OptionSpec *b = a + 1; b->name; b++) {
            g_assert_cmpstr(a->name, !=, b->name);
            g_assert_true(!a->letter || a->letter != b->letter);
        }
        g_assert_true((a->kind == OPTION_FLAG) == (a->argument == NULL));
    }
}

/* Where the word behind the last blank of a line is, "--take 1" for the second word of an option's value. */
static void test_partial(void)
{
    static const struct {
        const char *line, *words, *place;
        size_t start;
    } rows[] = {
        {"", "", "", 0},
        {"set", "set", "", 0},
        {"set --model M -j a ", "set|a|", "", 0},
        {"set -", "set", "name", 0},
        {"set --mod", "set", "name", 0},
        {"set -m", "set", "name", 0},
        {"set --mod=", "set", "", 0},
        {"set --model=", "set", "--model 0", 8},
        {"set --model=2021", "set", "--model 0", 8},
        {"set -m2021", "set", "--model 0", 2},
        {"set --model ", "set", "--model 0", 0},
        {"set -jm 2021", "set", "--model 0", 0},
        {"set --json=x", "set", "", 0},
        {"set -jn", "set", "", 0},
        {"set a -5", "set|a", "name", 0},
        {"set a -- -5", "set|a|-5", "", 0},
        {"set a -- --mod", "set|a|--mod", "", 0},
        {"preview --set p f v", "preview", "--set 2", 0},
        {"preview --set p f", "preview", "--set 1", 0},
        {"preview --set=p f", "preview", "--set 1", 0},
        {"preview --set p", "preview", "--set 0", 0},
        {"preview --set=p", "preview", "--set 0", 6},
        {"preview --set p f v x", "preview|x", "", 0},
        {"--nonsense -q --lines=many --json=1 get x", "get|x", "", 0},
        {"--lines", "", "name", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char **words = *rows[i].line ? g_strsplit(rows[i].line, " ", -1) : g_strsplit(" ", " ", 1);
        g_autofree char *found = NULL;
        ArgsPlace place;
        Args args;

        if (!*rows[i].line)
            *words[0] = '\0';
        args_parse_partial(&args, words, &place);
        assert_words(&args, rows[i].words);
        found = place.option ? g_strdup_printf("--%s %u", place.option->name, place.index)
                             : g_strdup(place.name ? "name" : "");
        g_assert_cmpstr(found, ==, rows[i].place);
        g_assert_cmpuint(place.start, ==, rows[i].start);
        args_clear(&args);
        g_strfreev(words);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/args/defaults", test_defaults);
    g_test_add_func("/ctl/args/options", test_options);
    g_test_add_func("/ctl/args/values", test_values);
    g_test_add_func("/ctl/args/bad", test_bad);
    g_test_add_func("/ctl/args/outside", test_outside);
    g_test_add_func("/ctl/args/force", test_force);
    g_test_add_func("/ctl/args/lists", test_lists);
    g_test_add_func("/ctl/args/usage", test_usage);
    g_test_add_func("/ctl/args/partial", test_partial);
    g_test_add_func("/ctl/args/table", test_table);
    return g_test_run();
}
