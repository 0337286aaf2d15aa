/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-coach-file.c: coach files taken apart into components and put together again. */

#include "coach/coach-file.h"

#include <string.h>

#include "base/yaml.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "support.h"

static CoachFile *file_new(Value *data)
{
    g_autoptr(GError) error = NULL;
    CoachFile *file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, &error);

    check_no_error(error);
    return file;
}

static CoachFile *file_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    CoachFile *file = coach_file_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    return file;
}

static Value *get(const CoachFile *file, const char *path)
{
    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        if (g_str_equal(component->path, path))
            return component->data;
    }
    return NULL;
}

static const char *const example = "coach_info: {year: 2021, make: Entegra, model: Aspire, trim: 44R}\n"
                                   "areas:\n"
                                   "  interior: {name: Inside}\n"
                                   "  out/side: {name: Outside}\n"
                                   "dgn_pairs: {1FEDB: 1FEDA}\n"
                                   "mixed: {a: {}, b: 1}\n"
                                   "nothing:\n"
                                   "empty: {}\n"
                                   "1FEDA:\n"
                                   "  25:\n"
                                   "    - {entity_id: bed, name: Bed, role: status}\n"
                                   "    - {entity_id: bath, name: Bath}\n"
                                   "  default: []\n"
                                   "1feb9:\n"
                                   "1fedb:\n"
                                   "  25:\n"
                                   "    - {entity_id: bed, name: Bed, role: command}\n";

static void test_components(void)
{
    static const char *const paths[] = {
        "coach_info", "areas/interior", "areas/out~1side", "dgn_pairs",    "mixed",
        "nothing",    "empty",          "devices/bed",     "devices/bath", NULL};
    g_autoptr(CoachFile) file = file_parse(example);

    g_assert_cmpuint(file->components->len, ==, g_strv_length((char **) paths));
    for (guint i = 0; paths[i]; i++)
        g_assert_cmpstr(((const Component *) g_ptr_array_index(file->components, i))->path, ==, paths[i]);
    assert_json(get(file, "areas/out~1side"), "{\"name\":\"Outside\"}");
    assert_json(get(file, "mixed"), "{\"a\":{},\"b\":1}");
    assert_json(get(file, "nothing"), "null");
    assert_json(get(file, "devices/bed"), "{\"entity_id\":\"bed\",\"name\":\"Bed\",\"bindings\":["
                                          "{\"dgn\":\"1FEDA\",\"instance\":25,\"role\":\"status\"},"
                                          "{\"dgn\":\"1FEDB\",\"instance\":25,\"role\":\"command\"}]}");
    g_assert_cmpuint(file->n_devices, ==, 2);
    g_assert_cmpuint(strlen(file->content_hash), ==, 64);
}

static void test_identity(void)
{
    g_autoptr(CoachFile) full = file_parse(example);
    g_autoptr(CoachFile) older =
        file_parse("_coach_info: {year: '2020', make: X, model: [1], trim: null}\n");
    g_autoptr(CoachFile) none = file_parse("coach_info: text\n");

    g_assert_cmpstr(full->info.year, ==, "2021");
    g_assert_cmpstr(full->info.make, ==, "Entegra");
    g_assert_cmpstr(full->info.model, ==, "Aspire");
    g_assert_cmpstr(full->info.trim, ==, "44R");
    g_assert_cmpstr(older->info.year, ==, "2020");
    g_assert_cmpstr(older->info.make, ==, "X");
    g_assert_cmpstr(older->info.model, ==, "");
    g_assert_cmpstr(older->info.trim, ==, "");
    g_assert_cmpstr(none->info.year, ==, "");
}

static void test_version(void)
{
    g_autoptr(CoachFile) metadata =
        file_parse("file_metadata: {version: 2.1}\ncoach_info: {config_version: x}\n");
    g_autoptr(CoachFile) info = file_parse("coach_info: {config_version: x}\n");
    g_autoptr(CoachFile) hash = file_parse("coach_info: {}\n");
    g_autofree char *start = g_strndup(hash->content_hash, 12),
                    *expected = g_strconcat("sha256:", start, NULL);

    g_assert_cmpstr(metadata->version, ==, "2.1");
    g_assert_cmpstr(info->version, ==, "x");
    g_assert_cmpstr(hash->version, ==, expected);
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        int line, column;
        const char *message;
    } rows[] = {
        {"", 1, 1, "the file has no data; a coach file is a map of sections"},
        {"- a\n", 1, 1, "this is a list"},
        {"a: 1\ndevices:\n  x: {}\n", 3, 3, "may not be called \"devices\""},
        {"\"\": 1\n", 1, 5, "cannot be the name of a component"},
        {"areas:\n  \"\": {}\n", 2, 7, "cannot be the name of a component"},
        {"areas:\n  \"a\\tb\": {}\n", 2, 11, "cannot be the name of a component"},
        {"2FEDA:\n  1: []\n", 2, 3, "beyond 17 bits"},
        {"1FEDA:\n  - x\n", 2, 3,
         "DGN 1FEDA holds a map of instances (\"25:\", and below it \"- entity_id: …\"), this is a list"},
        {"1FEDA: 5\n", 1, 8, "this is an integer"},
        {"1FEDA:\n  256: []\n", 2, 8, "instance \"256\" of DGN 1FEDA"},
        {"1FEDA:\n  025: []\n", 2, 8, "instance \"025\""},
        {"1FEDA:\n  25:\n", 2, 6, "holds a list of devices"},
        {"1FEDA:\n  25: {entity_id: x}\n", 2, 7, "this is a map"},
        {"1FEDA:\n  25:\n    - x\n", 3, 7,
         "a device is a map of fields (\"- entity_id: …\"), this is a text"},
        {"1FEDA:\n  25:\n    - {name: x}\n", 3, 7, "a device needs an \"entity_id\""},
        {"1FEDA:\n  25:\n    - entity_id: 5\n", 3, 18, "is a text, this is an integer; put it in quotes"},
        {"1FEDA:\n  25:\n    - entity_id: \"\"\n", 3, 18, "is a text that is not empty"},
        {"1FEDA:\n  25:\n    - entity_id: \"a\\nb\"\n", 3, 7, "cannot be the name of a component"},
        {"1FEDA:\n  25:\n    - entity_id: x\n    - entity_id: x\n", 4, 7, "a second entry at 1FEDA:25"},
        {"1FEDA:\n  25: [{entity_id: x, device_type: a}]\n  26: [{entity_id: x, device_type: b}]\n", 3, 8,
         "another \"device_type\" here than at line 2"},
        {"1FEDA:\n  25: []\n  0x19: []\n", 3, 9, "instance 25 of DGN 1FEDA stands there twice"},
        {"1FEDA: {}\n01feda: {}\n", 2, 9, "DGN 1FEDA has a second section, \"01feda\""},
        {"1FEDA:\n  1: [{entity_id: x, bindings: 1}]\n", 2, 7, "may not have a field named \"bindings\""},
        {"1FEDA:\n  1: [{entity_id: x, dgn: 1}]\n  2: [{entity_id: x, dgn: 2}]\n", 2, 7,
         "may not differ in a field named \"dgn\""},
        {"1FEDA:\n  25:\n    - yes\n", 3, 7, "this is a boolean"},
        {"1FEDA:\n  25: 1.5\n", 2, 7, "this is a real number"},
        {"coachiq_edits:\n  format: 1\n", 2, 3, "the mark of a file with an owner's edits"},
        {"unbound_devices: 5\n", 1, 18, "holds a list of devices (\"- entity_id: …\"), this is an integer"},
        {"unbound_devices: {a: {}}\n", 1, 18, "this is a map"},
        {"unbound_devices:\n  - x\n", 2, 5, "a device is a map of fields"},
        {"unbound_devices:\n  - {}\n", 2, 5, "a device needs an \"entity_id\""},
        {"unbound_devices:\n  - {entity_id: x, bindings: [1]}\n", 2, 30, "has no bindings"},
        {"unbound_devices:\n  - {entity_id: x, bindings: }\n", 2, 30, "has no bindings"},
        {"unbound_devices:\n  - entity_id: x\n  - entity_id: x\n", 3, 5, "two components are called"},
        {"unbound_devices:\n  - entity_id: x\n1FEDA:\n  1: [{entity_id: x}]\n", 4, 7,
         "two components are called"},
        {"1FEDA:\n  1: [{entity_id: x}]\nunbound_devices:\n  - entity_id: x\n", 4, 5,
         "two components are called"},
        {"a: [\n", 2, 1, ""},
        {"a: 1\na: 2\n", 2, 1, ""},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *place = g_strdup_printf("line %d, column %d: ", rows[i].line, rows[i].column);

        g_test_message("%u", i);
        g_assert_null(coach_file_parse(rows[i].text, strlen(rows[i].text), &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, place));
        g_assert_nonnull(strstr(error->message, rows[i].message));
        for (const char *at = error->message; *at; at++)
            g_assert_false(g_ascii_iscntrl(*at));
    }
}

/* However many places a device has, it has each once. */
static void test_many_places(void)
{
    g_autoptr(GString) text = g_string_new("1FEDA:\n");
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < 256; i++)
        g_string_append_printf(text, "  %u: [{entity_id: x}]\n", i);
    g_autoptr(CoachFile) file = file_parse(text->str);
    g_assert_cmpuint(value_length(value_map_get(get(file, "devices/x"), DEVICE_BINDINGS)), ==, 256);

    g_string_append(text, "1FEDB:\n  1: [{entity_id: x}]\n  255: [{entity_id: x}, {entity_id: x}]\n");
    g_assert_null(coach_file_parse(text->str, text->len, &error));
    g_assert_cmpstr(
        error->message, ==,
        "line 260, column 25: device \"x\" has a second entry at 1FEDB:255; join the two, or give one "
        "another \"entity_id\"");
}

static void test_bounds(void)
{
    g_autoptr(Value) data = parse("{\"a\":{\"x\":{},\"y\":{}},\"1FEDA\":{\"1\":[{\"entity_id\":\"d\"}],"
                                  "\"2\":[{\"entity_id\":\"d\"}]}}");
    g_autoptr(CoachFile) fits = coach_file_new(data, 3, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(fits);
    g_assert_null(coach_file_new(data, 2, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE);
}

static void assert_expands(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) data = yaml_parse(text, strlen(text), &yaml_limits_default, &error);
    g_autoptr(CoachFile) file = file_new(data);
    g_autoptr(Value) again = coach_file_expand(file->components, file->layout, &error);

    g_assert_no_error(error);
    assert_equal(again, data);
    /* The order of the sections too. */
    for (size_t i = 0; i < value_length(data); i++)
        g_assert_cmpstr(value_map_key(again, i), ==, value_map_key(data, i));
}

static void test_expand(void)
{
    assert_expands(example);
    assert_expands("{}\n");
    assert_expands("z: 1\n1FEDA: {1: [{entity_id: x}]}\na: 2\n");
    assert_expands("1FEDA: {0x19: [{entity_id: x}], 0x1A: [{entity_id: y}, {entity_id: x}]}\n");
    assert_expands("1FEDA: {0x19: []}\n");
    assert_expands("a: 1\nunbound_devices:\nb: 2\n");
    assert_expands("a: 1\nunbound_devices: []\nb: 2\n");
    assert_expands("unbound_devices: [{entity_id: b, n: 1}, {entity_id: a, bindings: []}]\nb: 2\n");
    assert_expands("1FEDA: {1: [{entity_id: b}, {entity_id: a}], 2: [{entity_id: a}, {entity_id: b}]}\n");
}

static void add(GPtrArray *components, const char *path, const char *data)
{
    g_autoptr(Value) value = parse(data);

    g_ptr_array_add(components, component_new(path, value));
}

/* What an owner added stands after what the file had. */
static void test_expand_additions(void)
{
    g_autoptr(CoachFile) file =
        file_parse("1FEDA:\n  1: [{entity_id: b}, {entity_id: c}]\n  2: []\n1FEDB:\nareas: {x: {}}\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) expanded = NULL, without_layout = NULL;

    add(file->components, "devices/a",
        "{\"entity_id\":\"a\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"n\":1},"
        "{\"dgn\":\"1FEDB\",\"instance\":\"default\"},{\"dgn\":\"0EF00\",\"instance\":2},"
        "{\"dgn\":\"1FEDA\",\"instance\":2}]}");
    add(file->components, "areas/y~1z", "{\"n\":1}");
    add(file->components, "new", "[1]");
    expanded = coach_file_expand(file->components, file->layout, &error);
    g_assert_no_error(error);
    assert_json(
        expanded,
        "{\"1FEDA\":{\"1\":[{\"entity_id\":\"b\"},{\"entity_id\":\"c\"},{\"entity_id\":\"a\",\"n\":1}],"
        "\"2\":[{\"entity_id\":\"a\"}]},\"1FEDB\":{\"default\":[{\"entity_id\":\"a\"}]},"
        "\"areas\":{\"x\":{},\"y/z\":{\"n\":1}},\"new\":[1],\"0EF00\":{\"2\":[{\"entity_id\":\"a\"}]}}");

    without_layout = coach_file_expand(file->components, NULL, &error);
    g_assert_no_error(error);
    assert_equal(value_map_get(without_layout, "areas"), value_map_get(expanded, "areas"));
    assert_equal(value_map_get(without_layout, "1FEDB"), value_map_get(expanded, "1FEDB"));
}

/* Instances stand as in the file, new ones and those of an unknown file by number. */
static void test_expand_instance_order(void)
{
    static const char *const known[] = {"30", "default", "0x01", "26", "4", "40", NULL};
    static const char *const unknown[] = {"1", "4", "26", "30", "40", "default", NULL};
    g_autoptr(CoachFile) file =
        file_parse("1FEDA: {30: [{entity_id: a}], default: [], 0x01: [{entity_id: b}], "
                   "26: [{entity_id: a}]}\n");
    g_autoptr(Value) expanded = NULL, bare = NULL;

    add(file->components, "devices/c",
        "{\"entity_id\":\"c\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":40},"
        "{\"dgn\":\"1FEDA\",\"instance\":\"default\"},{\"dgn\":\"1FEDA\",\"instance\":4}]}");
    expanded = coach_file_expand(file->components, file->layout, NULL);
    bare = coach_file_expand(file->components, NULL, NULL);
    Value *instances = value_map_get(expanded, "1FEDA"), *others = value_map_get(bare, "1FEDA");
    g_assert_cmpuint(value_length(instances), ==, 6);
    g_assert_cmpuint(value_length(others), ==, 6);
    for (size_t i = 0; i < 6; i++) {
        g_assert_cmpstr(value_map_key(instances, i), ==, known[i]);
        g_assert_cmpstr(value_map_key(others, i), ==, unknown[i]);
    }
}

/* Devices that nothing is bound to. Whether one says so with an empty list is its own affair. */
static void test_expand_unbound(void)
{
    g_autoptr(CoachFile) file =
        file_parse("1FEDA:\n  1: [{entity_id: b}]\nunbound_devices: []\nareas: {x: {}}\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) expanded = NULL, without_layout = NULL;

    add(file->components, "devices/a", "{\"entity_id\":\"a\",\"n\":1}");
    add(file->components, "devices/c", "{\"entity_id\":\"c\",\"bindings\":[]}");
    expanded = coach_file_expand(file->components, file->layout, &error);
    g_assert_no_error(error);
    assert_json(value_map_get(expanded, "unbound_devices"),
                "[{\"entity_id\":\"a\",\"n\":1},{\"entity_id\":\"c\",\"bindings\":[]}]");
    g_assert_cmpstr(value_map_key(expanded, 1), ==, "unbound_devices");
    without_layout = coach_file_expand(file->components, NULL, &error);
    g_assert_no_error(error);
    assert_equal(expanded, without_layout);

    g_autoptr(CoachFile) again = file_new(expanded);
    assert_json(get(again, "devices/a"), "{\"entity_id\":\"a\",\"n\":1}");
    assert_json(get(again, "devices/c"), "{\"entity_id\":\"c\",\"bindings\":[]}");
    g_assert_cmpuint(again->n_devices, ==, 3);
    g_autofree char *hash = coach_file_content_hash(file->components);
    g_assert_cmpstr(again->content_hash, ==, hash);
}

/* A device that an owner binds at an instance that the file spells its own way. */
static void test_expand_spelled_instance(void)
{
    g_autoptr(CoachFile) file = file_parse("1feda:\n  0x19: [{entity_id: b}]\n  0x1A: []\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) expanded = NULL;

    add(file->components, "devices/a",
        "{\"entity_id\":\"a\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},"
        "{\"dgn\":\"1FEDA\",\"instance\":26},{\"dgn\":\"1FEDA\",\"instance\":27}]}");
    expanded = coach_file_expand(file->components, file->layout, &error);
    g_assert_no_error(error);
    assert_json(expanded, "{\"1feda\":{\"0x19\":[{\"entity_id\":\"b\"},{\"entity_id\":\"a\"}],"
                          "\"0x1A\":[{\"entity_id\":\"a\"}],\"27\":[{\"entity_id\":\"a\"}]}}");
}

static void test_expand_refused(void)
{
    g_autoptr(GPtrArray) components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    g_autoptr(GError) error = NULL;

    add(components, "devices/a", "{\"entity_id\":\"a\",\"bindings\":[{\"dgn\":\"1FEDA\"}]}");
    g_assert_null(coach_file_expand(components, NULL, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    g_clear_error(&error);

    g_ptr_array_set_size(components, 0);
    add(components, "devices/a", "5");
    g_assert_null(coach_file_expand(components, NULL, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    g_clear_error(&error);

    g_ptr_array_set_size(components, 0);
    add(components, "devices/a", "{\"entity_id\":\"a\"}");
    add(components, "unbound_devices", "{}");
    g_assert_null(coach_file_expand(components, NULL, &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
}

/* Properties */

static void assert_same_components(const CoachFile *a, const CoachFile *b)
{
    check(a->components->len == b->components->len);
    for (guint i = 0; i < a->components->len; i++) {
        const Component *component = g_ptr_array_index(a->components, i);
        g_autoptr(Value) left = meaning(component->path, component->data);
        g_autoptr(Value) other = meaning(component->path, get(b, component->path));

        assert_equal(left, other);
    }
    check(a->n_devices == b->n_devices);
}

static void assert_laws(Value *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoachFile) file = file_new(data), again = NULL;
    g_autoptr(Value) expanded = coach_file_expand(file->components, file->layout, &error), bare = NULL;

    check_no_error(error);
    /* expand(new(x)) = x */
    assert_equal(expanded, data);
    for (size_t i = 0; i < value_length(data); i++)
        check(g_str_equal(value_map_key(expanded, i), value_map_key(data, i)));

    /* import → export → import is the identity. */
    again = file_new(expanded);
    assert_same_components(file, again);
    check(g_str_equal(file->content_hash, again->content_hash));
    assert_equal(again->layout, file->layout);

    /* Without the layout the spelling goes, the components stay. */
    bare = coach_file_expand(file->components, NULL, &error);
    check_no_error(error);
    g_autoptr(CoachFile) from_bare = file_new(bare);
    assert_same_components(file, from_bare);
    check(g_str_equal(file->content_hash, from_bare->content_hash));
}

static void random_laws(void)
{
    g_autoptr(Value) data = random_coach_data();

    story("file", data);
    assert_laws(data);
}

static void test_laws(void)
{
    repeat(5000, random_laws);
}

/* The layout goes through the database as JSON text. */
static void layout_survives_json(void)
{
    g_autoptr(Value) data = random_coach_data(), layout = NULL, expanded = NULL;
    g_autoptr(CoachFile) file = file_new(data);
    g_autofree char *text = json_format(file->layout);

    story("file", data);
    layout = parse(text);
    for (guint i = 0; i < file->components->len; i++) {
        Component *component = g_ptr_array_index(file->components, i);
        g_autofree char *json = json_format(component->data);

        value_unref(component->data);
        component->data = parse(json);
    }
    expanded = coach_file_expand(file->components, layout, NULL);
    assert_equal(expanded, data);
}

static void test_layout_survives_json(void)
{
    repeat(2000, layout_survives_json);
}

/* Law: the content hash sees neither the order of keys nor that of sections and instances. */
static void hash_ignores_order(void)
{
    g_autoptr(Value) data = random_coach_data(), other = shuffled(data);
    g_autoptr(CoachFile) file = file_new(data), shuffled_file = file_new(other);

    story("file", data);
    story("shuffled", other);
    assert_same_components(file, shuffled_file);
    check(g_str_equal(file->content_hash, shuffled_file->content_hash));
}

static void test_hash_ignores_order(void)
{
    repeat(5000, hash_ignores_order);
}

/* Law: two files with one content hash have the same components. */
static void hash_sees_content(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = file_new(data);

    story("file", data);
    for (guint i = 0; i < file->components->len; i++) {
        Component *component = g_ptr_array_index(file->components, i);
        Value *before = component->data;

        if (!value_is_map(before) || path_is_device(component->path))
            continue;
        g_autoptr(Value) after = mutated(before);
        component->data = after;
        g_autofree char *hash = coach_file_content_hash(file->components);
        component->data = before;
        check(g_str_equal(hash, file->content_hash) == value_equal(before, after));
    }
}

static void test_hash_sees_content(void)
{
    repeat(2000, hash_sees_content);
}

/* Law: a device at each of its bindings, flat, is the entry of the file. */
static void devices_flatten_to_entries(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = file_new(data);
    unsigned n_entries = 0, n_bindings = 0;

    story("file", data);
    VALUE_FOREACH_ENTRY (name, instances, data) {
        uint32_t dgn;

        if (!dgn_looks_like(name) || !dgn_parse(name, &dgn))
            continue;
        VALUE_FOREACH_ENTRY (instance_key, list, instances)
            VALUE_FOREACH_ITEM (entry, list) {
                g_autofree char *path = path_new(PATH_DEVICES, value_map_get_string(entry, "entity_id"));
                g_autoptr(Value) keyed = device_to_keyed(get(file, path), NULL), flat = NULL;
                char key[BINDING_KEY_SIZE];
                int instance;

                check(instance_parse(instance_key, &instance));
                binding_key_format(dgn, instance, key);
                check(value_map_get(value_map_get(keyed, DEVICE_BINDINGS), key));
                flat = device_flatten(keyed, key);
                assert_equal(flat, entry);
                n_entries++;
            }
    }
    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        if (path_is_device(component->path))
            n_bindings += (unsigned) value_length(value_map_get(component->data, DEVICE_BINDINGS));
    }
    check(n_entries == n_bindings);
}

static void test_devices_flatten_to_entries(void)
{
    repeat(3000, devices_flatten_to_entries);
}

/* Law: taking a file apart leaves its data as they are. */
static void data_stay(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autofree char *before = json_format(data), *after = NULL;
    g_autoptr(CoachFile) file = file_new(data);
    g_autoptr(Value) expanded = coach_file_expand(file->components, file->layout, NULL);

    check(expanded);
    after = json_format(data);
    check(g_str_equal(before, after));
}

static void test_data_stay(void)
{
    repeat(1000, data_stay);
}

static void test_real_files(void)
{
    g_autoptr(GPtrArray) files = real_coach_files();

    for (guint i = 0; files && i < files->len; i++) {
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) data = NULL, other = NULL;
        gsize length;

        g_test_message("%s", (const char *) g_ptr_array_index(files, i));
        g_assert_true(g_file_get_contents(g_ptr_array_index(files, i), &text, &length, &error));
        data = yaml_parse(text, length, &yaml_limits_default, &error);
        g_assert_no_error(error);
        assert_laws(data);

        g_autoptr(CoachFile) file = file_new(data), shuffled_file = NULL;
        other = shuffled(data);
        shuffled_file = file_new(other);
        g_assert_cmpuint(file->n_devices, >, 0);
        g_assert_cmpstr(file->content_hash, ==, shuffled_file->content_hash);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coach-file/components", test_components);
    g_test_add_func("/coach-file/identity", test_identity);
    g_test_add_func("/coach-file/version", test_version);
    g_test_add_func("/coach-file/refused", test_refused);
    g_test_add_func("/coach-file/many-places", test_many_places);
    g_test_add_func("/coach-file/bounds", test_bounds);
    g_test_add_func("/coach-file/expand", test_expand);
    g_test_add_func("/coach-file/expand/additions", test_expand_additions);
    g_test_add_func("/coach-file/expand/instance-order", test_expand_instance_order);
    g_test_add_func("/coach-file/expand/unbound", test_expand_unbound);
    g_test_add_func("/coach-file/expand/spelled-instance", test_expand_spelled_instance);
    g_test_add_func("/coach-file/expand/refused", test_expand_refused);
    g_test_add_func("/coach-file/laws", test_laws);
    g_test_add_func("/coach-file/laws/layout-survives-json", test_layout_survives_json);
    g_test_add_func("/coach-file/laws/hash-ignores-order", test_hash_ignores_order);
    g_test_add_func("/coach-file/laws/hash-sees-content", test_hash_sees_content);
    g_test_add_func("/coach-file/laws/devices-flatten-to-entries", test_devices_flatten_to_entries);
    g_test_add_func("/coach-file/laws/data-stay", test_data_stay);
    g_test_add_func("/coach-file/real-files", test_real_files);
    return g_test_run();
}
