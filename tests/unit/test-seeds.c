/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-seeds.c: the coach files that ship with us: each can be read, keeps its own rules, comes back from an
 * export with the same data, says what people need to choose it, and is listed among the releases. */

#include "base/hash.h"
#include "base/yaml.h"
#include "coach/coach-file.h"
#include "coach/device.h"
#include "coach/override.h"
#include "coach/validate-dgn.h"
#include "coach/validate.h"
#include "coach/vin.h"
#include "seed-releases.h"
#include "support.h"

#include <string.h>

#define ENDING ".yml"

static char *read_source(const char *name, gsize *ret_length)
{
    g_autofree char *path = source_file(name);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, ret_length, &error);
    g_assert_no_error(error);
    return text;
}

static char *read_seed(const char *name, gsize *ret_length)
{
    g_autofree char *path = g_build_filename("seeds/coaches", name, NULL);

    return read_source(path, ret_length);
}

/* "2021_Entegra_Aspire_44R.yml" → "2021_Entegra_Aspire_44R" */
static char *model_of(const char *name)
{
    return g_strndup(name, strlen(name) - strlen(ENDING));
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The names of all files, sorted. */
static GPtrArray *seed_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = source_file("seeds/coaches");
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory)))
        if (g_str_has_suffix(name, ENDING))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_texts);
    return names;
}

/* What is known of DGNs. */
static DgnTable *read_dgns(void)
{
    gsize length;
    g_autofree char *text = read_source("seeds/rvc.json", &length), *hash = hash_bytes(text, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) content = json_parse(text, (gssize) length, &json_limits_stored, &error);
    DgnTable *table = dgn_table_new(content, hash, &error);

    g_assert_no_error(error);
    return table;
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

/* Adds what `coachiqctl validate` says of a file, as the lines of seeds/known-warnings. */
static void add_warnings(const char *name, const DgnTable *dgns, GHashTable *lines)
{
    g_autofree char *model = model_of(name);
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autoptr(Rules) rules = rules_new_from_components(file->components);
    g_autoptr(GPtrArray) problems = problem_list_new();

    validate_model(rules, file->components, file->components, problems);
    validate_dgns(dgns, rules, file->components, problems);
    for (guint i = 0; i < problems->len; i++) {
        const Problem *problem = g_ptr_array_index(problems, i);

        g_hash_table_add(
            lines, g_strdup_printf("%s: %s%s: %s", model, problem->path, problem->field, problem->message));
    }
}

/* The lines of seeds/known-warnings; each stands below a comment of its own or of its neighbours. */
static GHashTable *known_warnings(void)
{
    g_autofree char *text = read_source("seeds/known-warnings", NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool explained = false;

    for (unsigned i = 0; lines[i]; i++) {
        if (!*lines[i]) {
            explained = false;
        } else if (lines[i][0] == '#') {
            explained = true;
        } else {
            if (!explained)
                g_error("seeds/known-warnings, line %u: no comment above it says why it stays", i + 1);
            g_hash_table_add(known, g_strdup(lines[i]));
        }
    }
    return known;
}

/* Prints what one has and the other lacks. */
static unsigned print_missing(GHashTable *these, GHashTable *those, const char *what)
{
    g_autoptr(GList) lines = g_list_sort(g_hash_table_get_keys(these), (GCompareFunc) strcmp);
    unsigned n = 0;

    for (GList *line = lines; line; line = line->next) {
        if (g_hash_table_contains(those, line->data))
            continue;
        g_test_message("%s: %s", what, (const char *) line->data);
        n++;
    }
    return n;
}

static void test_warnings(void)
{
    g_autoptr(GPtrArray) names = seed_names();
    g_autoptr(DgnTable) dgns = read_dgns();
    g_autoptr(GHashTable) known = known_warnings();
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < names->len; i++)
        add_warnings(g_ptr_array_index(names, i), dgns, found);
    unsigned n = print_missing(found, known, "mend it, or list it with the reason in seeds/known-warnings");
    n += print_missing(known, found, "nothing warns of this any more, remove it from seeds/known-warnings");
    g_assert_cmpuint(n, ==, 0);
}

static void check_dgn(const DgnTable *dgns, const char *path, const char *text)
{
    uint32_t dgn;

    if (!dgn_parse(text, &dgn) || !dgn_table_find(dgns, dgn))
        g_error("%s: seeds/rvc.json knows no DGN %s", path, text);
}

/* Whatever stands for a DGN is one that rvc.json describes. */
static void test_dgns(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    g_autoptr(DgnTable) dgns = read_dgns();
    g_autoptr(Value) pairs = section_of(file, "dgn_pairs");
    unsigned n = 0;

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);

        VALUE_FOREACH_ITEM (binding, value_map_get(component->data, DEVICE_BINDINGS)) {
            const char *status = value_map_get_string(binding, "status_dgn");

            check_dgn(dgns, component->path, value_map_get_string(binding, "dgn"));
            if (status)
                check_dgn(dgns, component->path, status);
            n++;
        }
    }
    VALUE_FOREACH_ENTRY (command, status, pairs) {
        check_dgn(dgns, "dgn_pairs", command);
        check_dgn(dgns, "dgn_pairs", value_string(status));
    }
    g_assert_cmpuint(n, >=, file->n_devices);
}

/* Letters and digits alone, in small letters. */
static char *bare(const char *text)
{
    GString *letters = g_string_new(NULL);

    for (; *text; text++)
        if (g_ascii_isalnum(*text))
            g_string_append_c(letters, g_ascii_tolower(*text));
    return g_string_free(letters, FALSE);
}

/* What people choose by: which coach it is, and how sure the file is. */
static void test_info(gconstpointer name)
{
    g_autoptr(CoachFile) file = parse_seed(name);
    const CoachInfo *info = &file->info;
    g_autofree char *model = model_of(name), *id = bare(model);
    const char *const parts[] = {info->year, info->make, info->model, info->trim};
    unsigned first, last;

    g_assert_true(g_regex_match_simple("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", model, 0, 0));
    g_assert_cmpstr(info->make, !=, "");
    g_assert_cmpstr(info->notes, !=, "");
    g_assert_cmpstr(info->data_note, !=, "");
    g_assert_true(g_strv_contains(coach_info_qualities, info->data_quality));
    g_assert_true(!*info->year || coach_info_parse_years(info->year, &first, &last));
    g_assert_true(!*info->vin_pattern || vin_pattern_check(info->vin_pattern, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(parts) && !g_str_equal(info->data_quality, "generic"); i++) {
        g_autofree char *part = bare(parts[i]);

        if (!strstr(id, part))
            g_error("%s: “%s” is not in the name of the file", (const char *) name, parts[i]);
    }
}

/* Each file is in the program, and says where it is from; and no two differ in case alone. */
static void test_lists(void)
{
    g_autofree char *bundle = read_source("seeds/seeds.gresource.xml", NULL),
                    *sources = read_source("seeds/SOURCES.md", NULL);
    g_autoptr(GPtrArray) names = seed_names();
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_assert_cmpuint(names->len, >, 0);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *element = g_strdup_printf("<file>coaches/%s</file>", name);
        g_autofree char *source = g_strdup_printf("`coaches/%s`", name);

        if (!strstr(bundle, element))
            g_error("%s is not in seeds/seeds.gresource.xml", name);
        if (!strstr(sources, source))
            g_error("seeds/SOURCES.md does not say where %s is from", name);
        g_assert_true(g_hash_table_add(ids, g_ascii_strdown(name, -1)));
    }
}

/* Releases */

static void assert_listed(const char *name, const char *version, const char *content_hash)
{
    g_autofree char *text = read_source("seeds/versions", NULL), *advice = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) releases = seed_releases_parse(text, &error);

    g_assert_no_error(error);
    if (seed_releases_compare(releases, name, version, content_hash, &advice) != SEED_LISTED)
        g_error("%s", advice);
}

static void test_release(gconstpointer name)
{
    g_autofree char *model = model_of(name);
    g_autoptr(CoachFile) file = parse_seed(name);

    assert_listed(model, file->version, file->content_hash);
}

static void test_release_of_rvc(void)
{
    g_autoptr(DgnTable) dgns = read_dgns();

    assert_listed(SEED_RVC, dgns->version, dgns->hash);
}

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void assert_state(const char *model, const char *version, const char *hash, SeedState state,
                         const char *advice)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) releases = seed_releases_parse(
        "# Comment\n\nvan 1.10.0 " HASH_B "\nvan 1.9.0 " HASH_A "\nbus 2.0.0 " HASH_A "\n", &error);
    g_autofree char *found = NULL;

    g_assert_no_error(error);
    g_assert_cmpint(seed_releases_compare(releases, model, version, hash, &found), ==, state);
    g_assert_true(advice ? found && strstr(found, advice) : !found);
}

static void test_releases_compare(void)
{
    assert_state("van", "1.10.0", HASH_B, SEED_LISTED, NULL);
    assert_state("van", "1.9.0", HASH_A, SEED_LISTED, NULL);
    /* What the list is for. */
    assert_state("van", "1.10.0", HASH_A, SEED_CHANGED, "says something else than version 1.10.0 did");
    assert_state("van", "1.10.1", HASH_A, SEED_NEW, "run tools/seeds add");
    assert_state("van", "2.0.0", HASH_A, SEED_NEW, "run tools/seeds add");
    assert_state("van", "1.9.9", HASH_A, SEED_CHANGED, "1.10.0 was there already");
    assert_state("boat", "0.1.0", HASH_A, SEED_NEW, "version 0.1.0 of boat is not in seeds/versions");
    assert_state("van", "2.0", HASH_A, SEED_CHANGED, "three numbers");
    assert_state("van", "sha256:123456789abc", HASH_A, SEED_CHANGED, "three numbers");
    assert_state("van", "2.0.x", HASH_A, SEED_CHANGED, "three numbers");
}

static void test_releases_bad_lists(void)
{
    static const char *const lists[][2] = {
        {"van 1.0.0\n", "line 1: a line is"},
        {"# x\nvan  1.0.0 " HASH_A "\n", "line 2: a line is"},
        {"van 1.0 " HASH_A "\n", "line 1: a line is"},
        {"van 1.0.0 AAAA\n", "line 1: a line is"},
        {"van 1.0.0 " HASH_A "\nvan 1.0.0 " HASH_B "\n", "line 2: version 1.0.0 of van stands there twice"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(seed_releases_parse(lists[i][0], &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
        g_assert_nonnull(strstr(error->message, lists[i][1]));
    }
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

/* What does harm where somebody sets it who does not look says so. */
static void test_cautions(gconstpointer name)
{
    static const char *const types[] = {"awning", "furnace", "generator",    "heater",
                                        "lift",   "slide",   "water_heater", NULL};
    g_autoptr(CoachFile) file = parse_seed(name);

    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        const char *type = value_map_get_string(component->data, "device_type");
        bool is_set = false;

        VALUE_FOREACH_ITEM (binding, value_map_get(component->data, DEVICE_BINDINGS))
            is_set |= value_map_get(binding, "status_dgn") != NULL;
        if (is_set && type && g_strv_contains(types, type) && !value_map_get(component->data, "caution"))
            g_error("%s: %s says no caution", (const char *) name, component->path);
    }
}

static void add(const char *test, const char *name, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf("/seeds/%s/%s", test, name);

    g_test_add_data_func_full(path, g_strdup(name), function, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seeds/lists", test_lists);
    g_test_add_func("/seeds/warnings", test_warnings);
    g_test_add_func("/seeds/releases/rvc", test_release_of_rvc);
    g_test_add_func("/seeds/releases/compare", test_releases_compare);
    g_test_add_func("/seeds/releases/bad-lists", test_releases_bad_lists);

    g_autoptr(GPtrArray) names = seed_names();
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);

        add("identity", name, test_identity);
        add("info", name, test_info);
        add("paths", name, test_paths);
        add("dgns", name, test_dgns);
        add("export", name, test_export);
        add("editable", name, test_editable);
        add("roles", name, test_roles);
        add("cautions", name, test_cautions);
        add("release", name, test_release);
    }
    return g_test_run();
}
