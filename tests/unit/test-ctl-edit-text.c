/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-edit-text.c: what goes to the editor comes back as the same data, and errors name the lines that
 * the person sees. */

#include "ctl/edit-text.h"

#include <string.h>

#include "base/json.h"
#include "coach/coach-file.h"
#include "support.h"

static void assert_round_trip(const Value *value, TextFormat format)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = edit_text_format(value, format);
    g_autofree char *whole = g_strconcat("# a comment\n\n", text, NULL);
    g_autoptr(Value) back = edit_text_parse(whole, strlen(whole), format, &error);

    g_assert_no_error(error);
    g_assert_true(value_equal(value, back));
    g_assert_true(g_str_has_suffix(text, "\n"));
}

static void test_round_trip(void)
{
    static const char *const values[] = {
        "{\"friendly_name\": \"Porch\", \"on\": \"on\", \"n\": null, \"e\": \"\", \"i\": 25, \"r\": 1.0, \"s\": \"025\"}",
        "{\"bindings\": [{\"dgn\": \"1FEDA\", \"instance\": 25}, {\"dgn\": \"1FEDB\", \"instance\": \"default\"}]}",
        "{\"text\": \"two\\nlines\\n\", \"time\": \"12:30\", \"# no comment\": \"#\", \"u\": \"Küche 🛏 \\u200e\"}",
        "[1, [2, {}], []]",
        "5",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(Value) value = json_parse(values[i], -1, &json_limits_call, NULL);

        assert_round_trip(value, TEXT_YAML);
        assert_round_trip(value, TEXT_JSON);
    }
}

static void test_random(void)
{
    for (unsigned i = 0; i < 500; i++) {
        g_autoptr(Value) component = random_component(i % 2 ? "devices/a" : "areas/inside");

        assert_round_trip(component, TEXT_YAML);
        assert_round_trip(component, TEXT_JSON);
    }
}

static void assert_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoachFile) file = NULL;
    g_autofree char *text = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    file = coach_file_parse(text, length, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < file->components->len; i++) {
        const Component *component = file->components->pdata[i];

        assert_round_trip(component->data, TEXT_YAML);
        assert_round_trip(component->data, TEXT_JSON);
    }
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

static void test_empty(void)
{
    static const char *const empty[] = {"", "\n \t\r\n", "# a comment", "#! an error\n  # and more\n\n"};
    static const char *const full[] = {"a", "# a comment\na: 1", "\n\n-\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++)
        g_assert_true(edit_text_is_empty(empty[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(full); i++)
        g_assert_false(edit_text_is_empty(full[i]));
}

static void test_error(void)
{
    static const char text[] = "# mine\na: [1\n";
    g_autofree char *once = edit_text_with_error(text, "line 6: two\nlines");
    g_autofree char *numbered = edit_text_numbered(text);
    const char *back = edit_text_without_error(once);

    g_assert_cmpstr(back, ==, text);
    g_assert_cmpuint(strlen(once) - strlen(text), >, 0);
    g_assert_nonnull(strstr(once, "#! line 6: two\\nlines\n"));
    g_assert_true(g_str_has_suffix(numbered, text));
    g_assert_cmpuint(strlen(numbered) - strlen(text), ==, EDIT_TEXT_ERROR_LINES);
    /* What is no error of ours stays. */
    g_assert_cmpstr(edit_text_without_error("#!/bin/sh\n"), ==, "#!/bin/sh\n");
    g_assert_cmpstr(edit_text_without_error("#! cut"), ==, "");
}

/* The number in the message is that of the line with the error above the text. */
static void assert_line(const char *text, TextFormat format, unsigned line)
{
    g_autofree char *numbered = edit_text_numbered(text);
    g_autofree char *start = g_strdup_printf("line %u,", line);
    g_autoptr(GError) error = NULL;

    g_assert_null(edit_text_parse(numbered, strlen(numbered), format, &error));
    g_assert_nonnull(error);
    g_assert_true(g_str_has_prefix(error->message, start));
}

static void test_lines(void)
{
    assert_line("# c\na: 1\na: 2\n", TEXT_YAML, EDIT_TEXT_ERROR_LINES + 3);
    assert_line("# c\n# d\n{\"a\": 1,\n oops}", TEXT_JSON, EDIT_TEXT_ERROR_LINES + 4);
}

static void test_comment(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    edit_text_append_comment(out, "short\n\n\033[2J");
    g_assert_cmpstr(out->str, ==, "# short\n#\n# \\u001B[2J\n");
    g_string_truncate(out, 0);
    for (unsigned i = 0; i < 40; i++)
        g_string_append(out, "words ");
    g_autofree char *many = g_strdup(out->str);
    g_string_truncate(out, 0);
    edit_text_append_comment(out, many);

    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >, 2);
    for (unsigned i = 0; lines[i] && lines[i + 1]; i++) {
        g_assert_true(g_str_has_prefix(lines[i], "# words"));
        g_assert_cmpuint(strlen(lines[i]), <=, 100);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/edit-text/round-trip", test_round_trip);
    g_test_add_func("/ctl/edit-text/random", test_random);
    g_test_add_func("/ctl/edit-text/seed", test_seed);
    g_test_add_func("/ctl/edit-text/real", test_real);
    g_test_add_func("/ctl/edit-text/empty", test_empty);
    g_test_add_func("/ctl/edit-text/error", test_error);
    g_test_add_func("/ctl/edit-text/lines", test_lines);
    g_test_add_func("/ctl/edit-text/comment", test_comment);
    return g_test_run();
}
