/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-seeds.c: the coach files that ship with us: each can be read, keeps its own rules, and comes back
 * from an export with the same data. */

#include "base/yaml.h"
#include "coach/coach-file.h"
#include "coach/override.h"
#include "coach/validate.h"
#include "support.h"

#include <string.h>

static char *read_seed(const char *name, gsize *ret_length)
{
    g_autofree char *in_folder = g_build_filename("seeds/coaches", name, NULL),
                    *path = source_file(in_folder);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, ret_length, &error);
    g_assert_no_error(error);
    return text;
}

static CoachFile *parse_seed(const char *name)
{
    gsize length;
    g_autofree char *text = read_seed(name, &length);
    g_autoptr(GError) error = NULL;
    CoachFile *file = coach_file_parse(text, length, &error);

    g_assert_no_error(error);
    return file;
}

/* The children of a section as one map, or NULL. */
static Value *section_of(const CoachFile *file, const char *section)
{
    g_autoptr(Value) expanded = coach_file_expand(file->components, NULL, NULL);
    Value *value = value_map_get(expanded, section);

    return value ? value_ref(value) : NULL;
}

static void test_identity(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);

    g_assert_cmpuint(file->n_devices, >, 0);
    g_assert_cmpstr(file->version, !=, "");
    /* A version of its own, not a hash that stands in for one. */
    g_assert_false(g_str_has_prefix(file->version, "sha256:"));
}

static void test_paths(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < file->components->len; i++)
        g_assert_true(
            g_hash_table_add(paths, ((const Component *) g_ptr_array_index(file->components, i))->path));
}

static void test_valid(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autoptr(Value) metadata = section_of(file, "file_metadata"),
                     validation = section_of(file, "validation_rules");
    g_autoptr(Rules) rules = rules_new(metadata, validation);
    g_autoptr(GPtrArray) problems = problem_list_new();

    validate_model(rules, file->components, file->components, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);
        g_test_message("%s%s: %s", problem->path, problem->field, problem->message);
    }
    g_assert_cmpuint(problems->len, ==, 0);
}

static void test_export(gconstpointer name)
{
    gsize length;
    g_autofree char *text = read_seed(name, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) data = yaml_parse(text, length, &yaml_limits_default, &error), expanded = NULL,
                     other = NULL;
    g_autoptr(CoachFile) file = parse_seed(name), again = NULL, shuffled_file = NULL;

    g_assert_no_error(error);
    expanded = coach_file_expand(file->components, file->layout, &error);
    g_assert_no_error(error);
    assert_equal(expanded, data);
    for (size_t i = 0; i < value_length(data); i++)
        g_assert_cmpstr(value_map_key(expanded, i), ==, value_map_key(data, i));

    again = coach_file_new(expanded, COACH_FILE_COMPONENTS_MAX, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(again->content_hash, ==, file->content_hash);
    g_assert_cmpuint(again->components->len, ==, file->components->len);

    other = shuffled(data);
    shuffled_file = coach_file_new(other, COACH_FILE_COMPONENTS_MAX, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(shuffled_file->content_hash, ==, file->content_hash);
}

/* A seed that an owner may not rename a device of would be of little use. */
static void test_editable(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autoptr(Value) metadata = section_of(file, "file_metadata"),
                     validation = section_of(file, "validation_rules");
    g_autoptr(Rules) rules = rules_new(metadata, validation);
    g_autoptr(Value) value = value_new_string("A name of my own");
    unsigned n = 0;

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        g_autoptr(GPtrArray) none = override_list_new(), list = NULL, fields = g_ptr_array_new();
        g_autoptr(Value) after = NULL;
        g_autoptr(GError) error = NULL;

        if (!g_str_has_prefix(component->path, "devices/"))
            continue;
        list = override_record(component->path, component->data, none, "/friendly_name", value, &error);
        g_assert_no_error(error);
        after = override_apply(component->path, component->data, list);
        g_ptr_array_add(fields, (char *) "/friendly_name");
        g_assert_true(rules_check_edit(rules, component->path, component->data, component->data, after,
                                       fields, false, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(value_map_get_string(after, "friendly_name"), ==, "A name of my own");
        n++;
    }
    g_assert_cmpuint(n, ==, file->n_devices);
}

/* The list of roles in the documentation, as it is written there. */
static char *documented_roles(void)
{
    g_autofree char *path = source_file("docs/coach-files.md"), *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    const char *start = strstr(text, "\n## Roles\n");
    g_assert_nonnull(start);
    const char *end = strstr(start, "\nFrom `lock` on");
    g_assert_nonnull(end);
    return g_strndup(start, (size_t) (end - start));
}

/* What a role means to programs is in one list; a seed has no word of its own. */
static void test_roles(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autofree char *roles = documented_roles();

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        VALUE_FOREACH_ITEM (binding, value_map_get(component->data, "bindings")) {
            const char *own = value_map_get_string(binding, "role"),
                       *role = own ? own : value_map_get_string(component->data, "role");
            g_autofree char *word = g_strdup_printf("`%s`", role ? role : "status");
            g_test_message("%s: %s", component->path, word);
            g_assert_nonnull(strstr(roles, word));
        }
    }
}

static void add(const char *test, const char *name, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf("/seeds/%s/%s", test, name);

    g_test_add_data_func_full(path, g_strdup(name), function, g_free);
}

static void test_there_are_some(void)
{
    g_autofree char *folder = source_file("seeds/coaches");

    g_assert_true(g_file_test(folder, G_FILE_TEST_IS_DIR));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seeds/there-are-some", test_there_are_some);

    g_autofree char *folder = source_file("seeds/coaches");
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name(directory))) {
        if (!g_str_has_suffix(name, ".yml"))
            continue;
        add("identity", name, test_identity);
        add("paths", name, test_paths);
        add("valid", name, test_valid);
        add("export", name, test_export);
        add("editable", name, test_editable);
        add("roles", name, test_roles);
    }
    return g_test_run();
}
