/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-edits-file.c: the edits of an owner as a file, and back. */

#include "coach/edits-file.h"

#include <string.h>

#include "base/pointer.h"
#include "coach/path.h"
#include "support.h"

static EditsFile *file_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) data = coach_text_read(text, strlen(text), NULL, &error);

    check_no_error(error);
    check(edits_file_is(data));
    EditsFile *file = edits_file_parse(data, &error);
    if (error)
        story_text("%s", text);
    check_no_error(error);
    return file;
}

static const char *const example =
    "# The edits of a coach's owner, written by coachiq-config.\n"
    "# They can be applied to another coach of the same model: coachiqctl import FILE\n"
    "\n"
    "coachiq_edits:\n"
    "  format: 1\n"
    "  model: 2021_Entegra_Aspire_44R\n"
    "  version: \"1.2.0\"\n"
    "  content_hash: abc\n"
    "  revision: 17\n"
    "\n"
    "edits:\n"
    "  - path: areas/a~1b\n"
    "    field: \"\"\n"
    "    op: unset\n"
    "    vendor:\n"
    "      name: null\n"
    "  - path: devices/lamp\n"
    "    field: /bindings/1FEDA:25/zone\n"
    "    op: set\n"
    "    value: null\n"
    "  - path: devices/lamp\n"
    "    field: /friendly_name\n"
    "    op: set\n"
    "    value: \"on\"\n"
    "    vendor: Lamp\n"
    "    by:\n"
    "      user: anna\n"
    "      time: \"2024-12-07T10:00:00.000001Z\"\n"
    "      reason: \"so: better\"\n";

static void test_example(void)
{
    g_autoptr(EditsFile) file = file_parse(example);
    GPtrArray *lamp = g_hash_table_lookup(file->overrides, "devices/lamp"),
              *area = g_hash_table_lookup(file->overrides, "areas/a~1b");
    g_autofree char *again = edits_file_format(file, COACH_FORMAT_YAML);

    g_assert_cmpstr(file->model, ==, "2021_Entegra_Aspire_44R");
    g_assert_cmpstr(file->version, ==, "1.2.0");
    g_assert_cmpstr(file->content_hash, ==, "abc");
    g_assert_cmpint(file->revision, ==, 17);
    g_assert_cmpuint(g_hash_table_size(file->overrides), ==, 2);
    g_assert_cmpuint(area->len, ==, 1);
    g_assert_cmpuint(lamp->len, ==, 2);

    const Override *removed = g_ptr_array_index(area, 0);
    g_assert_cmpint(removed->op, ==, OVERRIDE_UNSET);
    g_assert_null(removed->value);
    assert_json(removed->vendor, "{\"name\":null}");
    const Override *zone = override_list_find(lamp, "/bindings/1FEDA:25/zone");
    assert_json(zone->value, "null");
    g_assert_null(zone->vendor);
    g_assert_null(zone->author);
    const Override *name = override_list_find(lamp, "/friendly_name");
    assert_json(name->value, "\"on\"");
    g_assert_cmpstr(name->author->user, ==, "anna");
    g_assert_cmpstr(name->author->reason, ==, "so: better");
    g_assert_cmpint(name->author->time, ==, G_GINT64_CONSTANT(1733565600000001));

    g_assert_cmpstr(again, ==, example);
}

/* What the documentation shows is what is written. */
static void test_documented(void)
{
    g_autofree char *text = documented("coachiq_edits:"), *again = NULL;
    g_autoptr(EditsFile) file = file_parse(text);

    again = edits_file_format(file, COACH_FORMAT_YAML);
    g_assert_cmpstr(strstr(again, "coachiq_edits:"), ==, text);
}

#define HEAD "coachiq_edits: {format: 1, model: m}\n"
#define EDIT(text) HEAD "edits:\n- " text

static void test_canonical(void)
{
    g_autoptr(EditsFile) file =
        file_parse(EDIT("{path: devices/a, field: /bindings/1feda:0x19/x, op: unset}\n"
                        "- {path: devices/a, field: /bindings/01FEDB:default, op: set, value: {}}\n"));
    GPtrArray *list = g_hash_table_lookup(file->overrides, "devices/a");

    g_assert_cmpuint(list->len, ==, 2);
    g_assert_nonnull(override_list_find(list, "/bindings/1FEDA:25/x"));
    g_assert_nonnull(override_list_find(list, "/bindings/1FEDB:default"));
    g_assert_cmpstr(file->version, ==, "");
    g_assert_cmpint(file->revision, ==, 0);

    g_autoptr(EditsFile) none = file_parse(HEAD "edits: []\n");
    g_assert_cmpuint(g_hash_table_size(none->overrides), ==, 0);
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *message;
    } rows[] = {
        {HEAD, 1, 1, "a file of edits has a \"edits\""},
        {HEAD "edits: {}\n", 2, 8, "\"edits\" is a list of edits, this is a map"},
        {HEAD "edits: []\nmore: 1\n", 3, 7, "has no \"more\"; it has coachiq_edits, edits"},
        {"coachiq_edits: 5\nedits: []\n", 1, 16, "is a map, this is an integer"},
        {"coachiq_edits: {model: m}\nedits: []\n", 1, 16, "needs the \"format\""},
        {"coachiq_edits: {format: one, model: m}\nedits: []\n", 1, 25, "needs the \"format\""},
        {"coachiq_edits: {format: 2, model: m}\nedits: []\n", 1, 25, "a newer version wrote this file"},
        {"coachiq_edits: {format: 1}\nedits: []\n", 1, 16, "\"model\" is missing"},
        {"coachiq_edits: {format: 1, model: ''}\nedits: []\n", 1, 16, "not empty"},
        {"coachiq_edits: {format: 1, model: 2021}\nedits: []\n", 1, 35,
         "is a text, this is an integer; put it in quotes"},
        {"coachiq_edits: {format: 1, model: m, revision: -1}\nedits: []\n", 1, 48, "the number of a change"},
        {"coachiq_edits: {format: 1, model: m, versoin: x}\nedits: []\n", 1, 47, "has no \"versoin\""},
        {EDIT("5"), 3, 3, "an edit is a map, this is an integer"},
        {EDIT("{path: a, field: /b, op: set, vaule: 1}"), 3, 40,
         "an edit has no \"vaule\"; it has path, field"},
        {EDIT("{field: /b, op: unset}"), 3, 3, "\"path\" is missing"},
        {EDIT("{path: a, op: unset}"), 3, 3, "\"field\" is missing"},
        {EDIT("{path: a, field: /b}"), 3, 3, "\"op\" is missing"},
        {EDIT("{path: '', field: /b, op: unset}"), 3, 10, "not a component path"},
        {EDIT("{path: a/b/c, field: /b, op: unset}"), 3, 10, "not a component path"},
        {EDIT("{path: devices, field: /b, op: unset}"), 3, 10, "no component is called"},
        {EDIT("{path: 1FEDA/25, field: /b, op: unset}"), 3, 10, "no component is called"},
        {EDIT("{path: unbound_devices, field: /b, op: unset}"), 3, 10, "no component is called"},
        {EDIT("{path: a, field: b, op: unset}"), 3, 20, ""},
        {EDIT("{path: a, field: /~2, op: unset}"), 3, 20, ""},
        {EDIT("{path: a, field: /b, op: reset}"), 3, 28, "\"op\" is \"set\" or \"unset\""},
        {EDIT("{path: a, field: /b, op: set}"), 3, 3, "needs a \"value\""},
        {EDIT("{path: a, field: /b, op: unset, value: 1}"), 3, 42, "has no \"value\"; leave it out"},
        {EDIT("{path: devices/a, field: /bindings, op: unset}"), 3, 28, "names one binding"},
        {EDIT("{path: devices/a, field: /bindings/x, op: unset}"), 3, 28, "\"x\" names no binding"},
        {EDIT("{path: devices/a, field: '/bindings/1FEDA:25/dgn', op: unset}"), 3, 28, "no fields of it"},
        {EDIT("{path: devices/a, field: '/bindings/1FEDA:25', op: set, value: {dgn: x}}"), 3, 28,
         "no fields of it"},
        {EDIT("{path: devices/a, field: '/bindings/1FEDA:25', op: set, value: 5}"), 3, 66,
         "a binding is a map"},
        {EDIT("{path: devices/a, field: '', op: set, value: 5}"), 3, 48, "a device is a map"},
        {EDIT("{path: devices/a, field: '', op: set, value: {bindings: [1]}}"), 3, 48, "/bindings"},
        {EDIT("{path: a, field: /b, op: unset, edits: {}}"), 3, 42,
         "only an edit that sets a whole component"},
        {EDIT("{path: a, field: '', op: set, value: {}, edits: 5}"), 3, 51, "a map from fields to edits"},
        {EDIT("{path: a, field: '', op: set, value: {}, edits: {/b: {op: set}}}"), 3, 56, "this is no edit"},
        {EDIT("{path: a, field: '', op: set, value: {}, edits: {b: {op: unset}}}"), 3, 55,
         "this is no edit"},
        {EDIT("{path: a, field: /b, op: unset, by: 5}"), 3, 39, "\"by\" is a map"},
        {EDIT("{path: a, field: /b, op: unset, by: {uid: 5}}"), 3, 45, "\"by\" has no \"uid\""},
        {EDIT("{path: a, field: /b, op: unset, by: {time: 5}}"), 3, 46, "is a text"},
        {EDIT("{path: a, field: /b, op: unset, by: {time: yesterday}}"), 3, 46, "is written like"},
        {EDIT("{path: a, field: /b, op: unset}\n- {path: a, field: /b, op: unset}"), 4, 3,
         "at line 3 already"},
        {EDIT("{path: a, field: /b/c, op: unset}\n- {path: a, field: /b, op: unset}"), 3, 3,
         "a \"/b/c\" lies within \"/b\", which line 4 edits"},
        {EDIT("{path: a, field: '', op: unset}\n- {path: a, field: /b, op: unset}"), 4, 3,
         "lies within \"\""},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *place = g_strdup_printf("line %u, column %u: ", rows[i].line, rows[i].column);
        g_autoptr(Value) data = coach_text_read(rows[i].text, strlen(rows[i].text), NULL, &error);

        g_assert_no_error(error);
        g_assert_null(edits_file_parse(data, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
        g_test_message("%u: %s", i, error->message);
        g_assert_true(g_str_has_prefix(error->message, place));
        g_assert_nonnull(strstr(error->message, rows[i].message));
    }
}

/* More fields of one component than an owner can edit, and longer texts than anybody writes. */
static void test_bounds(void)
{
    g_autoptr(GString) text = g_string_new(HEAD "edits:\n");
    g_autofree char *reason = g_strnfill(1025, 'x');
    g_autofree char *by = g_strdup_printf(EDIT("{path: a, field: /b, op: unset, by: {reason: %s}}"), reason);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < OVERRIDES_MAX; i++)
        g_string_append_printf(text, "- {path: a, field: /%u, op: unset}\n", i);
    g_autoptr(EditsFile) fits = file_parse(text->str);
    g_assert_cmpuint(((GPtrArray *) g_hash_table_lookup(fits->overrides, "a"))->len, ==, OVERRIDES_MAX);
    g_string_append(text, "- {path: a, field: /more, op: unset}\n");

    for (const char *const *one = (const char *const[]){text->str, by, NULL}; *one; one++) {
        g_autoptr(Value) data = coach_text_read(*one, strlen(*one), NULL, &error);
        g_assert_no_error(error);
        g_assert_null(edits_file_parse(data, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
        g_clear_error(&error);
    }
}

/* Law: what is written reads back as the same edits, in either format, and is written the same again. */
static void assert_same_overrides(GPtrArray *a, GPtrArray *b)
{
    check(b && a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const Override *override = g_ptr_array_index(a, i);
        const Override *other = override_list_find(b, override->field);

        check(other && override_equal(override, other));
        check(!override->author == !other->author);
        if (override->author) {
            check(g_str_equal(override->author->user, other->author->user));
            check(g_str_equal(override->author->reason, other->author->reason));
            check(override->author->time == other->author->time);
        }
    }
}

static void set_random_author(Override *override)
{
    static const char *const texts[] = {"", "anna", "line 1\nline 2", "on", "2024-12-07", NULL};
    int64_t time = ((int64_t) below(1000000000) * 4 + below(4)) * 1000000 + below(1000000);
    OverrideAuthor *author = override_author_new(5, time, 1000, one_of(texts), one_of(texts));

    override_set_author(override, author);
    override_author_unref(author);
}

/* Edits as they come about: recorded one after the other. */
static GPtrArray *random_overrides(const char *path)
{
    g_autoptr(Value) vendor = one_in(8) ? NULL : random_component(path), wished = random_component(path);
    g_autoptr(GPtrArray) none = override_list_new();
    GPtrArray *list = override_record_component(path, vendor, none, wished, NULL);

    for (guint i = 0; list && i < list->len; i++) {
        Override *override = g_ptr_array_index(list, i);

        if (one_in(2))
            set_random_author(override);
        if (!override->field[0] && override->value && one_in(2)) {
            g_autoptr(Override) inner = override_new("/a", OVERRIDE_SET, wished, NULL);
            g_autoptr(Value) inner_data = override_to_value(inner);

            override->edits = value_new_map();
            value_map_set(&override->edits, "/a", inner_data);
        }
    }
    return list ? list : g_steal_pointer(&none);
}

static void edits_read_back(void)
{
    static const char *const paths[] = {"devices/lamp", "devices/a~1b", "coach_info", "areas/x", NULL};
    g_autoptr(EditsFile) file = edits_file_new("m", "2024-12-07", "0x1F", below(1000));

    for (unsigned i = 0; paths[i]; i++) {
        g_autoptr(GPtrArray) list = random_overrides(paths[i]);
        for (guint j = 0; j < list->len; j++)
            edits_file_add(file, paths[i], g_ptr_array_index(list, j));
    }
    for (CoachFormat format = COACH_FORMAT_YAML; format <= COACH_FORMAT_JSON; format++) {
        g_autofree char *text = edits_file_format(file, format), *twice = NULL;
        g_autoptr(EditsFile) again = NULL;
        GHashTableIter iter;
        gpointer path, list;

        story_text("%s", text);
        again = file_parse(text);
        check(g_str_equal(again->model, "m") && g_str_equal(again->version, "2024-12-07"));
        check(g_str_equal(again->content_hash, "0x1F") && again->revision == file->revision);
        check(g_hash_table_size(again->overrides) == g_hash_table_size(file->overrides));
        g_hash_table_iter_init(&iter, file->overrides);
        while (g_hash_table_iter_next(&iter, &path, &list))
            assert_same_overrides(list, g_hash_table_lookup(again->overrides, path));
        twice = edits_file_format(again, format);
        check(g_str_equal(text, twice));
    }
}

static void test_edits_read_back(void)
{
    repeat(1000, edits_read_back);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edits-file/example", test_example);
    g_test_add_func("/edits-file/documented", test_documented);
    g_test_add_func("/edits-file/canonical", test_canonical);
    g_test_add_func("/edits-file/refused", test_refused);
    g_test_add_func("/edits-file/bounds", test_bounds);
    g_test_add_func("/edits-file/laws/read-back", test_edits_read_back);
    return g_test_run();
}
