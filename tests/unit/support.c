/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* support.c: see support.h. */

#include "support.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pointer.h"
#include "coach/coach-file.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"

/* Saying things */

static GString *told;

Value *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = json_parse(text, -1, &json_limits_stored, &error);

    g_assert_no_error(error);
    return value;
}

void story_begin(void)
{
    if (!told)
        told = g_string_new(NULL);
    g_string_truncate(told, 0);
}

void story_text(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_string_append_vprintf(told, format, arguments);
    va_end(arguments);
    g_string_append_c(told, '\n');
}

void story(const char *what, const Value *value)
{
    g_string_append_printf(told, "%s: ", what);
    if (value)
        json_append(told, value);
    else
        g_string_append(told, "(none)");
    g_string_append_c(told, '\n');
}

void story_fail(const char *where, const char *what)
{
    if (told && told->len > 0)
        g_test_message("the case was:\n%s", told->str);
    g_test_message("%s: failed: %s", where, what);
    g_assertion_message(G_LOG_DOMAIN, __FILE__, __LINE__, where,
                        "a check failed; the lines before this one say how");
    abort();
}

void assert_equal_at(const char *where, const Value *a, const Value *b)
{
    if (!value_equal(a, b)) {
        g_autofree char *left = json_format(a), *right = json_format(b);
        g_autofree char *what = g_strdup_printf("\n  %s\nis not\n  %s", left, right);

        story_fail(where, what);
    }
}

void assert_json_at(const char *where, const Value *value, const char *expected)
{
    g_autoptr(Value) other = parse(expected);

    assert_equal_at(where, value, other);
}

void repeat(unsigned n, void (*one)(void))
{
    if (g_test_slow())
        n *= 10;
    for (unsigned i = 0; i < n; i++) {
        story_begin();
        one();
    }
    story_begin();
}

/* Values */

unsigned below(unsigned n)
{
    return (unsigned) g_test_rand_int_range(0, (gint32) n);
}

bool one_in(unsigned n)
{
    return below(n) == 0;
}

const char *one_of(const char *const *texts)
{
    return texts[below(g_strv_length((char **) texts))];
}

static const char *random_key(void)
{
    static const char *const keys[] = {"a",         "b",   "c",  "d",    "x/y",       "m~n",  "~1", "",
                                       "caf\u00e9", "a b", "25", "null", "bindings2", "area", NULL};

    return one_of(keys);
}

static Value *random_scalar(void)
{
    static const char *const texts[] = {"",   "a",    "on", "1FEDA", "~", "x/y", "gr\u00fcn \"1\"\n",
                                        "25", "null", NULL};
    static const int64_t integers[] = {INT64_MIN, INT64_MAX, INT64_C(1) << 53};
    static const double reals[] = {0.5, 1.0, -3.25, 1e300, 0.1};

    switch (below(7)) {
    case 0:
        return value_new_null();
    case 1:
        return value_new_boolean(one_in(2));
    case 2:
        return value_new_integer(one_in(8) ? integers[below(3)] : below(4));
    case 3:
        return value_new_real(reals[below(5)]);
    default:
        return value_new_string(one_of(texts));
    }
}

Value *random_map(unsigned depth)
{
    Value *map = value_new_map();

    for (unsigned i = below(5); i > 0; i--)
        value_map_take(&map, random_key(), random_value(depth - 1));
    return map;
}

Value *random_value(unsigned depth)
{
    if (depth > 0 && one_in(3))
        return random_map(depth);
    if (depth > 0 && one_in(6)) {
        Value *list = value_new_list();
        for (unsigned i = below(4); i > 0; i--)
            value_list_take(&list, random_value(depth - 1));
        return list;
    }
    return random_scalar();
}

static void shuffle(unsigned *places, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        places[i] = i;
    for (unsigned i = n; i > 1; i--) {
        unsigned other = below(i), place = places[i - 1];
        places[i - 1] = places[other];
        places[other] = place;
    }
}

Value *shuffled(const Value *value)
{
    if (value_is_list(value)) {
        Value *list = value_new_list();
        VALUE_FOREACH_ITEM (item, value)
            value_list_take(&list, shuffled(item));
        return list;
    }
    if (!value_is_map(value))
        return value_ref((Value *) value);

    unsigned n = (unsigned) value_length(value);
    g_autofree unsigned *places = g_new(unsigned, n);
    Value *map = value_new_map();
    shuffle(places, n);
    for (unsigned i = 0; i < n; i++)
        value_map_take(&map, value_map_key(value, places[i]), shuffled(value_map_at(value, places[i])));
    return map;
}

/* Changes one member of a map, at any depth, in place. */
static void mutate_once(Value **map)
{
    size_t n = value_length(*map);

    if (n == 0 || one_in(4)) {
        value_map_take(map, random_key(), random_value(2));
        return;
    }
    g_autofree char *key = g_strdup(value_map_key(*map, below((unsigned) n)));
    if (value_is_map(value_map_get(*map, key)) && !one_in(4))
        mutate_once(value_map_own(map, key));
    else if (one_in(3))
        value_map_remove(map, key);
    else
        value_map_take(map, key, random_value(2));
}

Value *mutated(Value *root)
{
    Value *changed = value_ref(root);

    for (unsigned i = below(4); i > 0; i--)
        mutate_once(&changed);
    return changed;
}

/* Coach files */

enum {
    N_DGNS = 5,
    N_INSTANCES = 6,
};

/* Different spellings of the same five DGNs and six instances. */
static const char *const dgn_spellings[N_DGNS][4] = {
    {"1FEDA", "1feda", "01FEDA", "1FeDa"}, {"1FEDB", "1fedb", "01fedb", "1FEDB"},
    {"0EF00", "EF00", "ef00", "00EF00"},   {"19FED", "19fed", "019FED", "19FED"},
    {"00000", "0000", "000000", "00000"},
};
static const char *const instance_spellings[N_INSTANCES][3] = {
    {"0", "0x0", "0x00"}, {"1", "1", "0x01"},      {"25", "0x19", "25"},
    {"26", "26", "26"},   {"255", "0xFF", "0xff"}, {"default", "default", "default"},
};

typedef struct Draft {
    const char *dgns[N_DGNS];
    const char *instances[N_DGNS][N_INSTANCES];
    Value *file;
} Draft;

/* The place of a section or an instance in the file, made when it is needed. */
static Value **draft_list(Draft *draft, unsigned dgn, unsigned instance)
{
    const char *section = draft->dgns[dgn], *key = draft->instances[dgn][instance];
    Value **instances;

    if (!value_is_map(value_map_get(draft->file, section)))
        value_map_take(&draft->file, section, value_new_map());
    instances = value_map_own(&draft->file, section);
    if (!value_map_get(*instances, key))
        value_map_take(instances, key, value_new_list());
    return value_map_own(instances, key);
}

static void draft_device(Draft *draft, const char *id)
{
    static const char *const types[] = {"light", "lock", NULL};
    g_autoptr(Value) base = random_map(3), type = value_new_string(one_of(types));
    bool taken[N_DGNS][N_INSTANCES] = {{false}};

    if (one_in(10))
        value_map_take(&base, one_in(2) ? "dgn" : "instance", random_value(1));
    for (unsigned i = 1 + below(4); i > 0; i--) {
        unsigned dgn = below(N_DGNS), instance = below(N_INSTANCES);
        g_autoptr(Value) entry = one_in(3) ? value_ref(base) : mutated(base);

        if (taken[dgn][instance])
            continue;
        taken[dgn][instance] = true;
        value_map_take(&entry, "entity_id", value_new_string(id));
        if (!one_in(4))
            value_map_set(&entry, "device_type", type);
        /* These two may stand in an entry, but the entries may not differ in them. */
        for (const char *const *name = (const char *const[]){"dgn", "instance", NULL}; *name; name++) {
            Value *common = value_map_get(base, *name);
            value_map_remove(&entry, *name);
            if (common)
                value_map_set(&entry, *name, common);
        }
        value_list_append(draft_list(draft, dgn, instance), entry);
    }
}

static void draft_section(Draft *draft)
{
    static const char *const names[] = {"areas", "coach_info", "dgn_pairs", "templates", "cafe",
                                        "x/y",   "~",          "_x",        NULL};
    const char *name = one_of(names);
    Value *section;

    if (value_map_get(draft->file, name))
        return;
    switch (below(4)) {
    case 0:
        section = random_value(3);
        break;
    case 1:
        section = value_new_map();
        break;
    default:
        section = value_new_map();
        for (unsigned i = below(4); i > 0; i--) {
            static const char *const children[] = {"interior", "a/b", "~0", "25", "\u00e9", NULL};
            value_map_take(&section, one_of(children), random_map(2));
        }
    }
    /* An empty name is no component's. */
    if (value_is_map(section))
        value_map_remove(&section, "");
    value_map_take(&draft->file, name, section);
}

static void draft_empty(Draft *draft)
{
    unsigned dgn = below(N_DGNS);

    if (one_in(2))
        draft_list(draft, dgn, below(N_INSTANCES));
    else if (!value_map_get(draft->file, draft->dgns[dgn]))
        value_map_take(&draft->file, draft->dgns[dgn], one_in(2) ? value_new_null() : value_new_map());
}

/* Devices without a binding; their ids are none of the others'. */
static void draft_unbound(Draft *draft)
{
    static const char *const ids[] = {"spare", "x/~", NULL};
    Value *list = value_new_list();

    for (unsigned i = 0; ids[i]; i++) {
        Value *device;

        if (one_in(2))
            continue;
        device = random_map(3);
        value_map_take(&device, "entity_id", value_new_string(ids[i]));
        if (one_in(3))
            value_map_take(&device, "bindings", value_new_list());
        value_list_take(&list, device);
    }
    if (value_length(list) == 0 && one_in(2)) {
        value_unref(list);
        list = value_new_null();
    }
    value_map_take(&draft->file, "unbound_devices", list);
}

Value *random_coach_data(void)
{
    static const char *const ids[] = {"light_1", "light_2", "lock", "a/b", "~", "Caf\u00e9", NULL};
    Draft draft = {.file = value_new_map()};

    for (unsigned i = 0; i < N_DGNS; i++) {
        draft.dgns[i] = dgn_spellings[i][one_in(2) ? 0 : below(4)];
        for (unsigned j = 0; j < N_INSTANCES; j++)
            draft.instances[i][j] = instance_spellings[j][one_in(2) ? 0 : below(3)];
    }
    for (unsigned i = below(4); i > 0; i--)
        draft_section(&draft);
    for (unsigned i = 0; ids[i]; i++)
        if (one_in(2))
            draft_device(&draft, ids[i]);
    for (unsigned i = below(3); i > 0; i--)
        draft_empty(&draft);
    if (one_in(4))
        draft_unbound(&draft);

    g_autoptr(Value) file = draft.file;
    return shuffled(file);
}

/* Components */

char *random_binding_key(void)
{
    char key[BINDING_KEY_SIZE];
    uint32_t dgn = 0;
    int instance = 0;

    dgn_parse(dgn_spellings[below(N_DGNS)][0], &dgn);
    instance_parse(instance_spellings[below(N_INSTANCES)][0], &instance);
    binding_key_format(dgn, instance, key);
    return g_strdup(key);
}

Value *random_device(const char *id)
{
    g_autoptr(Value) keyed = random_map(3), bindings = value_new_map();

    for (unsigned i = below(4); i > 0; i--) {
        g_autofree char *key = random_binding_key();
        value_map_take(&bindings, key, random_map(3));
    }
    value_map_take(&keyed, "entity_id", value_new_string(id));
    value_map_set(&keyed, DEVICE_BINDINGS, bindings);
    return device_from_keyed(keyed);
}

Value *meaning(const char *path, Value *component)
{
    g_autoptr(GError) error = NULL;
    Value *keyed;

    if (!component || !path_is_device(path) || !value_is_map(component))
        return component ? value_ref(component) : NULL;
    keyed = device_to_keyed(component, &error);
    check_no_error(error);
    if (!value_map_get(keyed, DEVICE_BINDINGS))
        value_map_take(&keyed, DEVICE_BINDINGS, value_new_map());
    return keyed;
}

/* A device as a coach file has it, or NULL. */
static Value *device_of_random_file(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        if (path_is_device(component->path))
            return value_ref(component->data);
    }
    return NULL;
}

Value *random_component(const char *path)
{
    Value *device = path_is_device(path) && one_in(2) ? device_of_random_file() : NULL;

    if (device)
        return device;
    if (path_is_device(path))
        return random_device("x");
    return one_in(20) ? random_value(2) : random_map(3);
}

Value *neighbour(const char *path, Value *component)
{
    g_autoptr(Value) keyed = NULL, bindings = NULL;

    if (!component || one_in(10))
        return random_component(path);
    if (!value_is_map(component))
        return value_ref(component);
    if (!path_is_device(path))
        return mutated(component);

    keyed = meaning(path, component);
    bindings = value_ref(value_map_get(keyed, DEVICE_BINDINGS));
    value_map_remove(&keyed, DEVICE_BINDINGS);
    g_autoptr(Value) fields = mutated(keyed), changed = value_new_map();
    VALUE_FOREACH_ENTRY (key, own, bindings)
        if (!one_in(8))
            value_map_take(&changed, key, one_in(2) ? value_ref(own) : mutated(own));
    if (one_in(4)) {
        g_autofree char *key = random_binding_key();
        value_map_take(&changed, key, random_map(2));
    }
    value_map_set(&fields, DEVICE_BINDINGS, changed);
    return device_from_keyed(fields);
}

char *random_field(const char *path, Value *component)
{
    g_autoptr(GString) field = g_string_new(NULL);
    g_autoptr(Value) keyed = meaning(path, component);
    Value *at = keyed;

    while (value_length(at) > 0 && value_is_map(at) && (field->len == 0 || !one_in(3))) {
        size_t place = below((unsigned) value_length(at));
        pointer_append(field, value_map_key(at, place));
        at = value_map_at(at, place);
    }
    if (path_is_device(path) && one_in(6)) {
        g_autofree char *key = random_binding_key();

        g_string_assign(field, "/" DEVICE_BINDINGS);
        pointer_append(field, key);
    }
    for (unsigned i = field->len == 0 || one_in(4) ? 1 + below(2) : 0; i > 0; i--)
        pointer_append(field, random_key());
    return g_strdup(field->str);
}

Value *find_data(GPtrArray *components, const char *path)
{
    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        if (g_str_equal(component->path, path))
            return component->data;
    }
    return NULL;
}

/* Coaches and their releases */

/* The component with a list that is a set, at the device or at a binding. */
static Value *with_sets(const char *path, Value *component)
{
    static const char *const names[] = {"capabilities", "groups", NULL};
    static const char *const elements[] = {"a", "b", "c", "d", NULL};
    g_autoptr(Value) keyed = meaning(path, component);
    Value *list = value_new_list(), *bindings;

    for (guint i = 0; elements[i]; i++)
        if (one_in(2))
            value_list_take(&list, value_new_string(elements[i]));
    bindings = value_map_get(keyed, DEVICE_BINDINGS);
    if (path_is_device(path) && value_length(bindings) > 0 && one_in(2)) {
        g_autofree char *key = g_strdup(value_map_key(bindings, below((unsigned) value_length(bindings))));
        Value **at = value_map_own(value_map_own(&keyed, DEVICE_BINDINGS), key);

        value_map_take(at, one_of(names), list);
    } else {
        value_map_take(&keyed, one_of(names), list);
    }
    return path_is_device(path) ? device_from_keyed(keyed) : g_steal_pointer(&keyed);
}

/* A component that is what its path says. */
Component *fitting(const char *path, Value *data)
{
    g_autofree char *id = NULL;
    g_autoptr(Value) fit = value_ref(data);

    if (path_is_device(path) && path_split(path, NULL, &id, NULL))
        value_map_take(&fit, "entity_id", value_new_string(id));
    if (value_is_map(fit) && one_in(3)) {
        g_autoptr(Value) more = with_sets(path, fit);
        return component_new(path, more);
    }
    return component_new(path, fit);
}

GPtrArray *random_coach(void)
{
    g_autoptr(Value) data = random_coach_data();
    g_autoptr(CoachFile) file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, NULL);
    GPtrArray *coach = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        g_ptr_array_add(coach, fitting(component->path, component->data));
    }
    return coach;
}

const char *const fresh_paths[] = {
    "devices/new_1", "devices/new_2", "devices/light_1", "areas/new", "areas/interior", "fresh", NULL};

/* The component with a binding of its own under another instance. */
static Value *with_moved_binding(const char *path, Value *data)
{
    g_autoptr(Value) keyed = meaning(path, data), moved = value_new_map();
    Value *bindings = value_map_get(keyed, DEVICE_BINDINGS);
    g_autofree char *to = random_binding_key();
    size_t n = value_length(bindings), which;

    if (n == 0)
        return value_ref(data);
    which = below((unsigned) n);
    for (size_t i = 0; i < n; i++)
        if (i == which && !value_map_get(bindings, to))
            value_map_set(&moved, to, value_map_at(bindings, i));
        else
            value_map_set(&moved, value_map_key(bindings, i), value_map_at(bindings, i));
    value_map_set(&keyed, DEVICE_BINDINGS, moved);
    return device_from_keyed(keyed);
}

/* A component in the next release: mostly as it was. */
static Component *next_component(const char *path, Value *data)
{
    g_autoptr(Value) next = NULL;

    if (one_in(2))
        return component_new(path, data);
    next = path_is_device(path) && one_in(4) ? with_moved_binding(path, data) : neighbour(path, data);
    if (path_is_device(path) && !value_is_map(next))
        return component_new(path, data);
    return fitting(path, next);
}

static void add_unless_there(GPtrArray *coach, Component *component)
{
    if (find_data(coach, component->path))
        component_free(component);
    else
        g_ptr_array_add(coach, component);
}

/* The same component under a new name. */
static void add_renamed(GPtrArray *coach, const char *path, Value *data)
{
    g_autofree char *section = NULL, *child = NULL, *name = g_strdup_printf("renamed_%u", below(3)),
                    *renamed = NULL;
    g_autoptr(Value) from = NULL;
    Component *component;

    g_assert_true(path_split(path, &section, &child, NULL));
    if (!child || !value_is_map(data)) {
        add_unless_there(coach, component_new(path, data));
        return;
    }
    renamed = path_new(section, name);
    component = next_component(renamed, data);
    if (path_is_device(path))
        value_map_take(&component->data, "entity_id", value_new_string(name));
    from = value_new_string(child);
    if (value_is_map(component->data) && one_in(2)) {
        Value *list = value_new_list();
        value_list_take(&list, value_new_string("older"));
        value_list_append(&list, from);
        value_map_take(&component->data, "renamed_from", list);
    } else if (value_is_map(component->data)) {
        value_map_set(&component->data, "renamed_from", from);
    }
    add_unless_there(coach, component);
}

/* The next release of a coach, in another order. */
GPtrArray *next_release(GPtrArray *coach)
{
    GPtrArray *next = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < coach->len; i++) {
        const Component *component = g_ptr_array_index(coach, i);

        if (one_in(8))
            continue;
        if (one_in(8))
            add_renamed(next, component->path, component->data);
        else
            add_unless_there(next, next_component(component->path, component->data));
    }
    for (unsigned i = below(3); i > 0; i--) {
        const char *path = one_of(fresh_paths);
        g_autoptr(Value) data = random_component(path);
        add_unless_there(next, fitting(path, data));
    }
    return next;
}

/* Files */

char *source_file(const char *name)
{
    const char *root = g_getenv("COACHIQ_SOURCE_ROOT");

    return g_build_filename(root ? root : ".", name, NULL);
}

char *documented(const char *start)
{
    g_autofree char *path = source_file("docs/coach-files.md"), *text = NULL;
    g_autofree char *opening = g_strconcat("```yaml\n", start, NULL);
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    const char *from = strstr(text, opening);
    g_assert_nonnull(from);
    from += strlen("```yaml\n");
    return g_strndup(from, (gsize) (strstr(from, "```") - from));
}

GPtrArray *real_coach_files(void)
{
    g_autofree char *folder = source_file("../shared/data/real");
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (directory && (name = g_dir_read_name(directory)))
        if (g_str_has_suffix(name, ".yml"))
            g_ptr_array_add(files, g_build_filename(folder, name, NULL));
    if (files->len > 0)
        return g_steal_pointer(&files);
    g_test_skip("there are no real coach files beside the source tree (../shared/data/real)");
    return NULL;
}

char *folder_new(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("coachiq-test-XXXXXX", &error);

    g_assert_no_error(error);
    return folder;
}

char *folder_new_in_memory(void)
{
    char *folder = g_strdup("/dev/shm/coachiq-test-XXXXXX");

    if (g_mkdtemp(folder))
        return folder;
    g_free(folder);
    return folder_new();
}

void folder_remove(char *folder)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            folder_remove(path);
            continue;
        }
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_free(path);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(folder);
}
