/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-coach-text.c: coach files as text: what is written, that it comes back, and what is wrong with a text
 * that is none. That other readers get the same data is shown by test-export-oracle.py. */

#include "coach/coach-text.h"

#include <stdio.h>
#include <string.h>

#include "coach/rules.h"
#include "support.h"

static CoachFile *file_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    CoachFile *file = coach_text_parse(text, strlen(text), NULL, &error);

    if (error)
        story_text("%s", text);
    check_no_error(error);
    return file;
}

static char *file_format(const CoachFile *file, const CoachTextHeader *header, CoachFormat format)
{
    g_autoptr(GError) error = NULL;
    char *text = coach_text_format(file->components, file->layout, header, format, &error);

    check_no_error(error);
    return text;
}

/* ---- Writing ---- */

static const char *const example =
    "# Model: 2024_Example\n"
    "# Version: \"1.2.0\"\n"
    "# Revision: 17\n"
    "#\n"
    "# The configuration of this coach with the edits of its owner, written by "
    "coachiq-config.\n"
    "# It can be imported again: coachiqctl import FILE\n"
    "\n"
    "coach_info:\n"
    "  year: \"2024\"\n"
    "  make: Example\n"
    "\n"
    "1FEDA:\n"
    "  25:\n"
    "    - entity_id: ceiling_light\n"
    "      friendly_name: \"on\"\n"
    "      groups: [a, b c, \"12:30\"]\n"
    "      zones: {}\n"
    "    - entity_id: second\n"
    "      note: |-\n"
    "        two\n"
    "        lines\n"
    "  0x1F: []\n"
    "  default:\n"
    "    - entity_id: other\n"
    "\n"
    "1feb9: null\n"
    "\n"
    "unbound_devices:\n"
    "  - entity_id: spare\n"
    "    bindings: []\n"
    "\n"
    "rules:\n"
    "  \"25\": 5\n";

static void test_yaml(void)
{
    const CoachTextHeader header = {.model = "2024_Example", .version = "1.2.0", .revision = 17};
    g_autoptr(CoachFile) file = file_parse(example);
    g_autofree char *text = file_format(file, &header, COACH_FORMAT_YAML);
    g_autofree char *bare = file_format(file, NULL, COACH_FORMAT_YAML);

    g_assert_cmpstr(text, ==, example);
    g_assert_cmpstr(bare, ==, strstr(example, "coach_info"));
    g_assert_cmpuint(file->n_devices, ==, 4);
}

/* What the documentation shows is what is written. */
static void test_documented(void)
{
    const CoachTextHeader header = {.model = "2024_Example", .version = "1.2.0", .revision = 17};
    g_autofree char *text = documented("# Model:"), *again = NULL;
    g_autoptr(CoachFile) file = file_parse(text);

    again = file_format(file, &header, COACH_FORMAT_YAML);
    g_assert_cmpstr(again, ==, text);
}

static void test_json(void)
{
    const CoachTextHeader header = {.model = "2024_Example", .version = "1.2.0", .revision = 17};
    g_autoptr(CoachFile) file = file_parse(example), again = NULL;
    g_autofree char *text = file_format(file, &header, COACH_FORMAT_JSON);

    g_assert_true(g_str_has_prefix(text, "{\n  \"coach_info\": {\n"));
    g_assert_true(g_str_has_suffix(text, "\n}\n"));
    again = file_parse(text);
    g_assert_cmpstr(again->content_hash, ==, file->content_hash);
}

/* What a file says of itself cannot leave the comment. */
static void test_header(void)
{
    const CoachTextHeader header = {.model = "m", .version = "1\n- x\r\xe2\x80\xa8y", .revision = 0};
    g_autoptr(CoachFile) file = file_parse("{}");
    g_autofree char *text = file_format(file, &header, COACH_FORMAT_YAML);
    g_autoptr(CoachFile) again = file_parse(text);

    g_assert_nonnull(strstr(text, "# Version: \"1\\n- x\\r\\u2028y\"\n"));
    g_assert_true(g_str_has_suffix(text, "\n\n{}\n"));
    g_assert_cmpuint(again->components->len, ==, 0);
}

static void test_format_refused(void)
{
    g_autoptr(GPtrArray) components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(Value) device = parse("{\"entity_id\":\"a\",\"bindings\":5}");
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(components, component_new("devices/a", device));
    g_assert_null(coach_text_format(components, NULL, NULL, COACH_FORMAT_YAML, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
}

static void test_format_names(void)
{
    CoachFormat format = COACH_FORMAT_YAML;

    g_assert_true(coach_format_from_string("json", &format));
    g_assert_cmpint(format, ==, COACH_FORMAT_JSON);
    g_assert_true(coach_format_from_string("yaml", &format));
    g_assert_cmpint(format, ==, COACH_FORMAT_YAML);
    g_assert_false(coach_format_from_string("YAML", &format));
    g_assert_false(coach_format_from_string("", &format));
}

/* ---- Reading ---- */

static Value *text_read(const char *text, size_t length, const char *name)
{
    g_autoptr(GError) error = NULL;
    Value *value = coach_text_read(text, length, name, &error);

    g_assert_no_error(error);
    return value;
}

/* What is JSON and what is YAML, and what a byte order mark and the ends of lines of other systems do:
 * nothing. */
static void test_read(void)
{
    static const struct {
        const char *text, *name, *data;
    } rows[] = {
        {"{\"a\": 010}", "x.yml", "{\"a\":8}"},
        {" \r\n\t{\"a\": 1e5}", NULL, "{\"a\":100000.0}"},
        {"{a: 1e5}", NULL, "{\"a\":\"1e5\"}"},
        {"{\"a\": 1e5,}", "x.jsonl", "{\"a\":\"1e5\"}"},
        {"a: 1e5", NULL, "{\"a\":\"1e5\"}"},
        {"[1e5]", NULL, "[\"1e5\"]"},
        {"[1e5]", "x.json", "[100000.0]"},
        {"\xef\xbb\xbf"
         "a: \xc3\xa9\r\nb: 1\r\n",
         "x.yml", "{\"a\":\"\u00e9\",\"b\":1}"},
        {"\xef\xbb\xbf{\"a\": 1}\r\n", "x.json", "{\"a\":1}"},
        {"a:\r  b: 1\r", NULL, "{\"a\":{\"b\":1}}"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) value = text_read(rows[i].text, strlen(rows[i].text), rows[i].name);

        g_test_message("%u", i);
        assert_json(value, rows[i].data);
    }
}

typedef struct Bad {
    const char *text;
    size_t length; /* 0: up to the NUL */
    unsigned line, column;
    const char *message; /* a part of it */
    const char *advice;
} Bad;

static void assert_bad(const Bad *bad, const char *name, ConfigError code)
{
    size_t length = bad->length ? bad->length : strlen(bad->text);
    /* Of the size that it says, so that a sanitizer finds a reader that goes beyond it. */
    g_autofree char *copy = g_memdup2(bad->text, length);
    g_autoptr(GError) error = NULL;
    g_autofree char *place = g_strdup_printf("%s%sline %u, column %u: ", name ? name : "", name ? ": " : "",
                                             bad->line, bad->column);

    g_assert_null(coach_text_parse(copy, length, name, &error));
    g_assert_error(error, CONFIG_ERROR, (gint) code);
    g_test_message("%s", error->message);
    if (!g_str_has_prefix(error->message, place))
        g_test_message("not at %s", place);
    g_assert_true(g_str_has_prefix(error->message, place));
    g_assert_nonnull(strstr(error->message, bad->message));
    g_assert_nonnull(strstr(error->message, bad->advice));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strchr(error->message, '\n'));
}

#define BYTES(text) text, sizeof(text) - 1

static void test_bad_encoding(void)
{
    static const Bad rows[] = {
        {BYTES("\xff\xfe"
               "a\0:\0 \0001\0"),
         1, 1, "this is UTF-16 text", "save it as UTF-8"},
        {BYTES("\xfe\xff\0a\0:\0 \0001"), 1, 1, "this is UTF-16 text", "save it as UTF-8"},
        {BYTES("a\0:\0 \0001\0\n\0"), 1, 1, "this is UTF-16 text", "save it as UTF-8"},
        {BYTES("\0a\0:\0 \0001\0\n"), 1, 1, "this is UTF-16 text", "save it as UTF-8"},
        {BYTES("\xff\xfe\0\0a\0\0\0"), 1, 1, "this is UTF-32 text", "save it as UTF-8"},
        {BYTES("\0\0\xfe\xff\0\0\0a"), 1, 1, "this is UTF-32 text", "save it as UTF-8"},
        {BYTES("coach_info:\n  make: M\xfcller\n"), 2, 10, "the byte 0xFC is not UTF-8",
         "save the file as UTF-8"},
        {BYTES("\xc3\xa9: \xc3"), 1, 4, "the byte 0xC3 is not UTF-8", "save the file as UTF-8"},
        {BYTES("a: \xed\xa0\x80"), 1, 4, "the byte 0xED is not UTF-8", "save the file as UTF-8"},
        {BYTES("\xef\xbb\xbf"
               "a: \xff"),
         1, 4, "the byte 0xFF is not UTF-8", "save the file as UTF-8"},
        {BYTES("coach_info:\n  year: 2021\n  ma\0ke: x\n"), 3, 5, "a NUL byte", "YAML or JSON text"},
        {BYTES("{\"a\": \"\0\"}"), 1, 8, "a NUL byte", "YAML or JSON text"},
        {BYTES("\x1f\x8b\x08\0\0\0"), 1, 1, "compressed by gzip", "unpack it first"},
        {BYTES("PK\x03\x04\x14\0"), 1, 1, "a ZIP archive", "unpack it first"},
        {BYTES("SQLite format 3\0\x10\0"), 1, 1, "an SQLite database", "YAML or JSON text"},
        {BYTES("\x7f"
               "ELF\x02\x01\x01\0\0\0\0"),
         1, 1, "a program", "YAML or JSON text"},
        {BYTES("\x89PNG\r\n\x1a\n"), 1, 1, "a picture", "YAML or JSON text"},
        {BYTES("%PDF-1.4\n%\xe2\xe3"), 1, 1, "a PDF document", "YAML or JSON text"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_bad(&rows[i], i % 2 ? "coach.yml" : NULL, CONFIG_ERROR_INVALID_FILE);
}

static void test_bad_text(void)
{
    static const Bad rows[] = {
        {" \t\n", 0, 1, 1, "the file is empty", "a map of sections"},
        {"\n\n \n", 0, 1, 1, "the file is empty", "a map of sections"},
        {"# only a comment\n", 0, 1, 1, "the file has no data", "a map of sections"},
        {"\xef\xbb\xbf", 0, 1, 1, "the file is empty", "a map of sections"},
        {"hello\n", 0, 1, 1, "this is a text", "a map of sections"},
        {"- a\n", 0, 1, 1, "this is a list", "a map of sections"},
        {"a:\n\tb: 1\n", 0, 2, 1, "cannot start any token", "indent with spaces, not with tabs"},
        {"\xef\xbb\xbf"
         "\xc3\xa9:\n\tb: 1\n",
         0, 2, 1, "cannot start any token", "indent with spaces, not with tabs"},
        {"a: @b\n", 0, 1, 4, "cannot start any token", "put the text in quotes"},
        {"a:\n  b: 1\n c: 2\n", 0, 3, 2, "did not find expected key", "check the indentation"},
        {"a: b: c\n", 0, 1, 5, "mapping values are not allowed", "in quotes"},
        {"a: 'b\nc: 1\n", 0, 3, 1, "unexpected end of stream", "a closing quote is missing"},
        {"a: [1, 2\nb: 1\n", 0, 2, 2, "did not find expected ',' or ']'", "\"]\" at its end"},
        {"a: \"\\d\"\n", 0, 1, 5, "unknown escape", "write a backslash as"},
        {"a: - b\n", 0, 1, 4, "block sequence entries are not allowed", "lines of its own"},
        {"a: 1\nb\nc: 1\n", 0, 3, 1, "could not find expected ':'", "a key is followed by a colon"},
        {"a: 1\nb: 2\na: 3\n", 0, 3, 1, "duplicate key \"a\"", "remove one, or join the two"},
        {"a: *b\n", 0, 1, 4, "no anchor \"b\"", "put \"&b\" above"},
        {"a: &a\n  b: *a\n", 0, 2, 6, "cyclic", "write out what is meant"},
        {"a: &a 5\nb:\n  <<: *a\n", 0, 3, 7, "merges a map", "name an anchored map"},
        {"a: 1\n---\nb: 2\n", 0, 2, 1, "a second document", "remove what follows"},
        {"2FEDA:\n  1: []\n", 0, 2, 3, "DGN 2FEDA is beyond 17 bits", "the largest is 1FFFF"},
        {"1FEDA:\n  256: []\n", 0, 2, 8, "instance \"256\"", "a number from 0 to 255"},
        {"1FEDA:\n  -1: []\n", 0, 2, 7, "instance \"-1\"", "a number from 0 to 255"},
        {"1FEDA:\n  25:\n    - friendly_name: x\n", 0, 3, 7, "a device needs an \"entity_id\"",
         "give it one"},
        {"1FEDA:\n  25:\n    - entity_id: 5\n", 0, 3, 18, "is a text, this is an integer",
         "put it in quotes"},
        {"1FEDA:\n  25: [{entity_id: x, device_type: light}]\n  26: [{entity_id: x, device_type: lock}]\n",
         0, 3, 8, "another \"device_type\" here than at line 2", "give one another \"entity_id\""},
        {"1FEDA:\n  25: [{entity_id: x}, {entity_id: x}]\n", 0, 2, 24, "a second entry at 1FEDA:25",
         "join the two"},
        {"1FEDA:\n  - entity_id: x\n", 0, 2, 3, "this is a list", "holds a map of instances"},
        {"1FEDA:\n  25:\n    entity_id: x\n", 0, 3, 5, "this is a map", "holds a list of devices"},
        {"coachiq_edits: {format: 1, model: m}\nedits: []\n", 0, 1, 1, "an owner's edits and no coach",
         "imported into a coach that is there"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_bad(&rows[i], i % 2 ? "my coach.yml" : NULL, CONFIG_ERROR_INVALID_FILE);
    assert_bad(&(Bad){"", 0, 1, 1, "the file is empty", "a map of sections"}, "x.json",
               CONFIG_ERROR_INVALID_FILE);
    g_autoptr(GError) error = NULL;
    g_assert_null(coach_text_parse(NULL, 0, NULL, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
}

/* A text that starts as JSON does is tried as both; the error is of the one that understood more of it. */
static void test_bad_json(void)
{
    static const Bad as_json[] = {
        {"{\"a\": 1,}", 0, 1, 9, "found \"}\" where a key", "none after the last"},
        {"{\n  \"a\": 1\n  \"b\": 2\n}\n", 0, 3, 3, "\",\" or \"}\"", "a comma between two entries"},
        {"{\n  // comment\n}\n", 0, 2, 3, "found \"/\"", "no comments"},
        {"{'a': 1}", 0, 1, 2, "found \"'\"", "in double quotes"},
        {"{\"a\": 1, \"a\": 2}", 0, 1, 10, "duplicate key \"a\"", "remove one, or join the two"},
        {"{\"1FEDA\": {\"256\": []}}", 0, 1, 19, "instance \"256\"", "a number from 0 to 255"},
        {"a: 1\n", 0, 1, 1, "found \"a\" where a value", "in double quotes"},
    };
    static const Bad as_either[] = {
        {"{\"a\": \"\\ud83d\\ude00\",\n \"b\": nope}", 0, 2, 7, "found \"n\" where a value",
         "in double quotes"},
        {"{a: 1,\n b: [2}\n", 0, 2, 7, "did not find expected ',' or ']'", "\"]\" at its end"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(as_json); i++)
        assert_bad(&as_json[i], i % 2 ? "/x/coach.json" : "COACH.JSON", CONFIG_ERROR_INVALID_FILE);
    for (unsigned i = 0; i < G_N_ELEMENTS(as_either); i++)
        assert_bad(&as_either[i], i % 2 ? NULL : "coach.yml", CONFIG_ERROR_INVALID_FILE);
}

static void test_bad_name(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(coach_text_parse("- a", 3, "a\n\xe2\x80\x8f\xff.yml", &error));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_true(g_str_has_prefix(error->message, "\"a\\n"));
    g_assert_nonnull(strstr(error->message, ": line 1, column 1: "));
}

/* Bombs and giants. */
static void test_bad_size(void)
{
    g_autofree char *giant = g_strnfill(8 * 1024 * 1024 + 1, ' ');
    g_autoptr(GString) bomb = g_string_new("a0: &a0 {x: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}\n"),
                       deep = g_string_new(NULL), json = g_string_new("{\"a\":"), many = g_string_new(NULL);

    for (unsigned i = 1; i < 10; i++)
        g_string_append_printf(
            bomb, "a%u: &a%u {x: [*a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u]}\n", i, i,
            i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    for (unsigned i = 0; i < 65; i++) {
        g_string_append(deep, "[");
        g_string_append(json, "[");
    }
    for (unsigned i = 0; i <= COACH_FILE_COMPONENTS_MAX; i++)
        g_string_append_printf(many, "s%u:\n", i);

    assert_bad(&(Bad){giant, 0, 1, 1, "the file has 8388609 bytes", "8388608 are allowed"}, "x.yml",
               CONFIG_ERROR_TOO_LARGE);
    assert_bad(&(Bad){bomb->str, 0, 6, 49, "more than 1000000 values", "repeat less"}, NULL,
               CONFIG_ERROR_TOO_LARGE);
    assert_bad(&(Bad){deep->str, 0, 1, 65, "nested deeper than 64 levels", "nest less"}, NULL,
               CONFIG_ERROR_TOO_LARGE);
    assert_bad(&(Bad){json->str, 0, 1, 69, "nested deeper than 64 levels", ""}, "x.json",
               CONFIG_ERROR_TOO_LARGE);
    assert_bad(&(Bad){many->str, 0, 50001, 8, "more than 50000 components", "some hundreds"}, NULL,
               CONFIG_ERROR_TOO_LARGE);
}

/* ---- Laws ---- */

/* A coach file comes back as the same components, and its export is the same text again. */
static void comes_back(void)
{
    const CoachTextHeader header = {.model = "m", .version = "1\n2", .revision = 3};
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);

    for (CoachFormat format = COACH_FORMAT_YAML; format <= COACH_FORMAT_JSON; format++) {
        g_autofree char *text = file_format(file, &header, format), *twice = NULL;
        g_autoptr(CoachFile) again = NULL;

        story("data", data);
        story_text("%s", text);
        again = file_parse(text);
        check(g_str_equal(again->content_hash, file->content_hash));
        check(again->components->len == file->components->len && again->n_devices == file->n_devices);
        for (guint i = 0; i < file->components->len; i++) {
            const Component *component = g_ptr_array_index(file->components, i),
                            *other = g_ptr_array_index(again->components, i);

            check(g_str_equal(component->path, other->path));
            assert_equal(component->data, other->data);
        }
        assert_equal(again->layout, file->layout);
        twice = file_format(again, &header, format);
        check(g_str_equal(text, twice));
    }
}

static void test_comes_back(void)
{
    repeat(2000, comes_back);
}

/* A coach after some edits that the rules allow, an array of Component. */
static GPtrArray *random_edited(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);
    g_autoptr(Rules) rules = rules_new(NULL, NULL);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    GPtrArray *edited = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        g_autoptr(Value) after = neighbour(component->path, component->data);
        bool allowed = one_in(2) && rules_check_edit(rules, component->path, component->data,
                                                     component->data, after, none, true, NULL);

        if (!one_in(10))
            g_ptr_array_add(edited, component_new(component->path, allowed ? after : component->data));
    }
    for (guint i = 0; fresh_paths[i]; i++) {
        g_autoptr(Value) fresh = random_component(fresh_paths[i]);

        if (one_in(4) && !find_data(edited, fresh_paths[i]) &&
            rules_check_edit(rules, fresh_paths[i], NULL, NULL, fresh, none, true, NULL))
            g_ptr_array_add(edited, component_new(fresh_paths[i], fresh));
    }
    return edited;
}

/* What an owner made of a coach, as far as the rules let it, is a coach file that says the same. */
static void edited_comes_back(void)
{
    g_autoptr(GPtrArray) edited = random_edited();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = coach_text_format(edited, NULL, NULL, COACH_FORMAT_YAML, &error);
    g_autoptr(Value) expected = NULL, data = NULL;
    g_autoptr(CoachFile) again = NULL;

    for (guint i = 0; i < edited->len; i++)
        story(((const Component *) g_ptr_array_index(edited, i))->path,
              ((const Component *) g_ptr_array_index(edited, i))->data);
    check_no_error(error);
    story_text("%s", text);
    again = file_parse(text);
    expected = coach_file_expand(edited, NULL, NULL);
    data = coach_file_expand(again->components, again->layout, NULL);
    assert_equal(data, expected);
}

static void test_edited_comes_back(void)
{
    repeat(1000, edited_comes_back);
}

/* Whatever bytes there are: an error with a place, or a file that comes back. */
static void damaged(void)
{
    static const char bytes[] = {'\0', '\t', '\n',   '\r',   ' ',    '"',    '#', '&', '\'',
                                 '*',  ',',  '-',    ':',    '<',    '>',    '[', ']', '{',
                                 '}',  '|',  '\x80', '\xc3', '\xff', '\xef', '1', 'a'};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup(example);
    size_t length = strlen(text);
    unsigned line = 0, column = 0;

    for (unsigned i = 1 + below(3); i > 0; i--)
        text[below((unsigned) length)] = bytes[below(sizeof bytes)];
    if (one_in(4))
        length = below((unsigned) length);
    g_autofree char *exact = g_memdup2(text, length + 1);
    g_autofree char *cut = length > 0 ? g_memdup2(exact, length) : NULL;
    g_autoptr(CoachFile) file = coach_text_parse(cut, length, NULL, &error);
    story_text("%.*s", (int) length, exact);
    check(!file == (error != NULL));
    if (file) {
        g_autofree char *again = file_format(file, NULL, COACH_FORMAT_YAML);
        g_autoptr(CoachFile) back = file_parse(again);

        check(g_str_equal(back->content_hash, file->content_hash));
        return;
    }
    check(sscanf(error->message, "line %u, column %u: ", &line, &column) == 2 && line > 0 && column > 0);
    check(g_utf8_validate(error->message, -1, NULL));
}

static void test_damaged(void)
{
    repeat(5000, damaged);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coach-text/yaml", test_yaml);
    g_test_add_func("/coach-text/documented", test_documented);
    g_test_add_func("/coach-text/json", test_json);
    g_test_add_func("/coach-text/header", test_header);
    g_test_add_func("/coach-text/format-refused", test_format_refused);
    g_test_add_func("/coach-text/format-names", test_format_names);
    g_test_add_func("/coach-text/read", test_read);
    g_test_add_func("/coach-text/bad/encoding", test_bad_encoding);
    g_test_add_func("/coach-text/bad/text", test_bad_text);
    g_test_add_func("/coach-text/bad/json", test_bad_json);
    g_test_add_func("/coach-text/bad/name", test_bad_name);
    g_test_add_func("/coach-text/bad/size", test_bad_size);
    g_test_add_func("/coach-text/laws/comes-back", test_comes_back);
    g_test_add_func("/coach-text/laws/edited-comes-back", test_edited_comes_back);
    g_test_add_func("/coach-text/laws/damaged", test_damaged);
    return g_test_run();
}
