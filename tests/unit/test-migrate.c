/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-migrate.c: moving an old installation over, with a real database: what is taken, what is there
 * already, what is refused and why; and the laws that readers get what the old system served, that a second
 * run does nothing, that an undo takes all of it back, and that nothing that was edited here is overwritten.
 */

#include <string.h>

#include "base/json-patch.h"
#include "coach/coach-text.h"
#include "coach/device.h"
#include "coach/legacy.h"
#include "coach/path.h"
#include "service-support.h"

/* Another release than the one of service-support.c, which is bundled. */
#define OTHER                                                                                               \
    "file_metadata: {version: '0.9'}\n"                                                                     \
    "areas: {one: {name: One}, two: {name: Two}}\n"                                                         \
    "1FEDA:\n"                                                                                              \
    "  1: [{entity_id: lamp, friendly_name: Lamp, device_type: light, interface: can1, area: one}]\n"       \
    "  2: [{entity_id: spot, friendly_name: Spot, device_type: light, interface: can1, area: one}]\n"       \
    "  3: [{entity_id: fan, friendly_name: Fan, device_type: fan, interface: can0, area: two}]\n"           \
    "1FEDB:\n"                                                                                              \
    "  1: [{entity_id: lamp, friendly_name: Lamp, device_type: light, interface: can1, area: one}]\n"

/* The same with what an owner does to it: a name, a device that is gone, a device of their own. */
#define EDITED                                                                                                \
    "file_metadata: {version: '0.9'}\n"                                                                       \
    "areas: {one: {name: One}, two: {name: Two}}\n"                                                           \
    "1FEDA:\n"                                                                                                \
    "  1: [{entity_id: lamp, friendly_name: Reading Lamp, device_type: light, interface: can1, area: one}]\n" \
    "  3: [{entity_id: fan, friendly_name: Fan, device_type: fan, interface: can0, area: two}]\n"             \
    "1FEDB:\n"                                                                                                \
    "  1: [{entity_id: lamp, friendly_name: Reading Lamp, device_type: light, interface: can1, area: one}]\n"

/* What an old installation has, and what became of it. */
typedef struct Old {
    GArray *files; /* of MigrationFile with texts of their own */
    Value *report;
} Old;

static void old_clear(Old *old)
{
    for (guint i = 0; old->files && i < old->files->len; i++) {
        g_free((char *) g_array_index(old->files, MigrationFile, i).name);
        g_free((char *) g_array_index(old->files, MigrationFile, i).text);
    }
    g_clear_pointer(&old->files, g_array_unref);
    g_clear_pointer(&old->report, value_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Old, old_clear)

static void has(Old *old, const char *name, const char *text)
{
    MigrationFile file = {.name = g_strdup(name), .text = g_strdup(text), .length = strlen(text)};

    if (!old->files)
        old->files = g_array_new(false, false, sizeof(MigrationFile));
    g_array_append_val(old->files, file);
}

static Plan *plan_old(Fixture *f, const Old *old, MigrationReport **report, GError **error)
{
    return service_plan_migration(f->service, (const MigrationFile *) (const void *) old->files->data,
                                  old->files->len, true, "moving", &no_options, report, error);
}

/* Migrates; the number of the change, 0 where there was nothing to do. */
static int64_t migrate(Fixture *f, Old *old)
{
    g_autoptr(MigrationReport) report = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *dry = NULL, *text = NULL;
    g_autoptr(Plan) plan = plan_old(f, old, &report, &error);
    g_autoptr(Value) promised = NULL;
    int64_t change = 0;

    check_no_error(error);
    dry = service_format_migration(f->service, plan, report, true, 0);
    if (!plan_is_empty(plan)) {
        service_commit(f->service, plan, &ann, &change, &error);
        check_no_error(error);
    }
    text = service_format_migration(f->service, plan, report, false, change);
    g_clear_pointer(&old->report, value_unref);
    old->report = parse(text);
    story("report", old->report);
    /* A dry run says what is done. */
    promised = parse(dry);
    assert_equal(value_map_get(promised, "items"), value_map_get(old->report, "items"));
    assert_equal(value_map_get(promised, "counts"), value_map_get(old->report, "counts"));
    return change;
}

static void migrate_nothing(Fixture *f, Old *old)
{
    int64_t change = migrate(f, old);

    check(change == 0);
}

static void migrate_something(Fixture *f, Old *old)
{
    int64_t change = migrate(f, old);

    check(change > 0);
}

static bool is_at(Value *item, const char *what, const char *place)
{
    g_autofree char *at =
        g_strconcat(value_map_get_string(item, "path"), value_map_get_string(item, "field"), NULL);

    return g_str_equal(value_map_get_string(item, "what"), what) && g_str_equal(at, place);
}

/* Whether exactly one item of the kind is at the place ("path/field"), with the result and a part of its
 * reason. */
#define assert_item(old, what, place, result, part)                                                         \
    assert_item_at(G_STRLOC, (old), (what), (place), (result), (part))
static void assert_item_at(const char *where, const Old *old, const char *what, const char *place,
                           const char *result, const char *part)
{
    unsigned n = 0;

    VALUE_FOREACH_ITEM (item, value_map_get(old->report, "items")) {
        if (!is_at(item, what, place) || !g_str_equal(value_map_get_string(item, "result"), result) ||
            !strstr(value_map_get_string(item, "reason"), part))
            continue;
        n++;
    }
    if (n == 1)
        return;
    g_autofree char *text = json_format_pretty(old->report);
    g_error("%s: %u items %s at %s are %s (%s) in %s", where, n, what, place, result, part, text);
}

static void assert_counts(const Old *old, int64_t taken, int64_t present, int64_t refused)
{
    g_autofree char *expected = g_strdup_printf(
        "{\"taken\":%" G_GINT64_FORMAT ",\"present\":%" G_GINT64_FORMAT ",\"refused\":%" G_GINT64_FORMAT "}",
        taken, present, refused);
    g_autofree char *text = json_format_pretty(old->report);

    g_test_message("%s", text);
    assert_json(value_map_get(old->report, "counts"), expected);
}

static int64_t undo(Fixture *f, int64_t number)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_undo(f->service, number, "no", &no_options, &error);

    check_no_error(error);
    return commit(f, plan);
}

/* The effective components of a model, as text by path; NULL: it is not here. */
static Value *state_of(Fixture *f, const char *model)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT component_path, mapping_data FROM coach_mappings WHERE is_active AND coach_model = '%s'",
        model);
    Value *raw, *state = value_new_map();

    check(service_open(f->service, NULL));
    raw = raw_map(f->state, sql);

    VALUE_FOREACH_ENTRY (path, data, raw) {
        g_autoptr(Value) same = meaning(path, data);
        value_map_set(&state, path, same);
    }
    value_unref(raw);
    return state;
}

/* What the old system served of a file, in the same form. */
static Value *served(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoachFile) file = coach_text_parse(text, strlen(text), NULL, &error);
    Value *state = value_new_map();

    check_no_error(error);
    for (guint i = 0; i < file->components->len; i++) {
        const Component *component = g_ptr_array_index(file->components, i);
        g_autoptr(Value) same = meaning(component->path, component->data);
        value_map_set(&state, component->path, same);
    }
    return state;
}

static void assert_serves(Fixture *f, const char *model, const char *text)
{
    g_autoptr(Value) state = state_of(f, model), expected = served(text);

    assert_equal(state, expected);
}

static char *count_overrides(Fixture *f)
{
    return raw_text(f->state, "SELECT count(*) FROM overrides");
}

static void assert_overrides(Fixture *f, const char *number)
{
    g_autofree char *n = count_overrides(f);

    g_assert_cmpstr(n, ==, number);
}

/* Coach files */

static void test_release_as_it_ships(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    int64_t change;

    has(&old, "coach:/config/" MODEL ".yml", coach_text);
    change = migrate(f, &old);
    g_assert_cmpint(change, ==, 1);
    assert_item(&old, "coach", "", "taken", "release 1.0");
    assert_serves(f, MODEL, coach_text);
    assert_overrides(f, "0");
    migrate_nothing(f, &old);
    assert_item(&old, "coach", "", "present", "here already");
    assert_intact(f);
    undo(f, change);
    g_autoptr(Value) gone = state_of(f, MODEL);
    g_assert_cmpuint(value_length(gone), ==, 0);
    migrate_something(f, &old);
    assert_intact(f);
}

static void test_edited_copy(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) text = g_string_new(coach_text);
    g_auto(Old) old = {0};
    int64_t change;

    g_string_replace(text, "friendly_name: Bed Light", "friendly_name: Reading", 0);
    g_string_replace(text, "friendly_name: Door, ", "", 0);
    has(&old, "coach:/config/COACH.yaml", text->str);
    change = migrate(f, &old);
    g_assert_cmpint(change, >, 0);
    assert_serves(f, MODEL, text->str);
    assert_overrides(f, "2");
    assert_item(&old, "coach", "", "taken", "edited copy of release 1.0");
    assert_item(&old, "edit", "devices/bed/friendly_name", "taken", "");
    assert_item(&old, "edit", "devices/door/friendly_name", "taken", "");
    g_autofree char *vendor = raw_text(
        f->state, "SELECT vendor_value || user FROM overrides WHERE component_path = 'devices/bed'");
    g_assert_cmpstr(vendor, ==, "\"Bed Light\"ann");

    migrate_nothing(f, &old);
    assert_counts(&old, 0, 3, 0);
    check_effective(f);
    check_history_tells_overrides(f);
    assert_fresh(f);
    undo(f, change);
    assert_overrides(f, "0");
    assert_intact(f);
}

/* The bundled release is offered, and not merged. */
static void assert_offers_bundled(Fixture *f)
{
    g_autofree char *installed = NULL, *bundled = NULL;
    bool available;

    g_assert_true(service_check_for_updates(f->service, MODEL, &available, &installed, &bundled, NULL));
    g_assert_true(available);
    g_assert_cmpstr(bundled, ==, "1.0");
}

static void test_reference_is_the_base(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    g_autofree char *version = NULL;

    has(&old, "coach:/var/lib/coachiq/config/models/" MODEL ".yml", EDITED);
    has(&old, "reference:/var/lib/coachiq/reference/" MODEL ".yml", OTHER);
    migrate(f, &old);
    assert_serves(f, MODEL, EDITED);
    assert_overrides(f, "2");
    assert_item(&old, "coach", "", "taken", "edited copy of release 0.9");
    assert_item(&old, "coach", "", "present", "to compare with");
    assert_item(&old, "edit", "devices/spot", "taken", "");
    version = raw_text(f->state, "SELECT imported_version FROM coach_import_status");
    g_assert_cmpstr(version, ==, "0.9");
    assert_offers_bundled(f);
    migrate_nothing(f, &old);
}

/* A read has imported what ships; nobody has decided anything. */
static void test_first_use_gives_way(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_auto(Old) old = {0};
    int64_t change;
    Plan *plan = service_plan_import(f->service, MODEL, FIRST_USE_REASON, &no_options, &error);

    check_no_error(error);
    commit(f, plan);
    has(&old, "coach:/config/" MODEL ".yml", EDITED);
    has(&old, "reference:/reference/" MODEL ".yml", OTHER);
    change = migrate(f, &old);
    assert_serves(f, MODEL, EDITED);
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_UPDATE_APPLIED);
    assert_offers_bundled(f);
    undo(f, change);
    assert_serves(f, MODEL, coach_text);
    migrate_something(f, &old);
    assert_serves(f, MODEL, EDITED);
    assert_intact(f);
}

/* What was edited since the migration goes along with the names of the release that an undo brings back. */
static void test_undo_follows_names(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) newer = g_string_new(coach_text);
    g_autoptr(GError) error = NULL;
    g_auto(Old) old = {0};
    int64_t change;

    g_string_replace(newer, "version: '1.0'", "version: '2.0'", 0);
    g_string_replace(newer, "entity_id: bath", "entity_id: shower, renamed_from: bath", 0);
    write_seed(f, MODEL, newer->str);
    commit(f, service_plan_import(f->service, MODEL, FIRST_USE_REASON, &no_options, &error));
    check_no_error(error);
    has(&old, "coach:/config/" MODEL ".yml", coach_text);
    has(&old, "reference:/reference/" MODEL ".yml", coach_text);
    change = migrate(f, &old);
    do_edits(f, "set devices/bath /friendly_name \"Tub\"");
    undo(f, change);
    assert_data(f, "devices/bath", NULL);
    assert_data(f, "devices/shower",
                "{\"entity_id\":\"shower\",\"renamed_from\":\"bath\",\"friendly_name\":\"Tub\","
                "\"device_type\":\"light\",\"suggested_area\":\"Bath\","
                "\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25}]}");
    assert_intact(f);
}

static void test_far_file_is_custom(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    g_autofree char *origin = NULL;

    has(&old, "coach:/config/" MODEL ".yml", OTHER);
    has(&old, "settings:environment",
        "{\"interface_mappings\": {\"house\": \"can1\", \"chassis\": \"can0\"}}");
    migrate(f, &old);
    assert_item(&old, "coach", "", "taken", "4 interfaces got their logical name");
    assert_overrides(f, "0");
    assert_data(f, "devices/fan",
                "{\"entity_id\":\"fan\",\"friendly_name\":\"Fan\",\"device_type\":\"fan\",\"interface\":"
                "\"chassis\",\"area\":\"two\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":3}]}");
    origin = raw_text(f->state, "SELECT origin FROM vendor_revisions");
    g_assert_cmpstr(origin, ==, "custom");
    migrate_nothing(f, &old);
    assert_item(&old, "coach", "", "present", "");
}

/* One edit here, and the bundled release stays: then the old file is not there, and is not said to be. */
static void test_far_file_after_an_edit(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    import(f, MODEL);
    do_edits(f, "set devices/bed /friendly_name \"Nook\"");
    has(&old, "coach:/config/" MODEL ".yml", OTHER);
    migrate_nothing(f, &old);
    assert_item(&old, "coach", "", "refused", "The old file was not taken");
    assert_overrides(f, "1");
}

static void test_unknown_coach(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    has(&old, "coach:/config/My Coach.yml", OTHER);
    has(&old, "coach:/var/lib/coachiq/user/my_coach.yml", EDITED);
    has(&old, "reference:/reference/my_coach.yml", OTHER);
    has(&old, "coach:/config/m\xc3\xa4.yml", OTHER);
    has(&old, "coach:/config/coach_mapping.yml", "coach_info: {year: 1, make: A b, model: 'C!'}\n" OTHER);
    migrate(f, &old);
    assert_item(&old, "coach", "", "taken", "It is release 0.9");
    assert_item(&old, "coach", "", "refused", "The old system used /config/My Coach.yml");
    assert_item(&old, "coach", "", "refused", "cannot be the name of a coach");
    assert_intact(f);
    assert_serves(f, "My_Coach", OTHER);
    g_autoptr(Value) by_identity = state_of(f, "1_A_b_C");
    g_assert_cmpuint(value_length(by_identity), >, 3);
}

static void test_reference_alone(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    has(&old, "reference:/reference/" MODEL ".yml", coach_text);
    has(&old, "reference:/reference/models/Other.yml", OTHER);
    migrate(f, &old);
    assert_item(&old, "coach", "", "present", "ships with the service");
    assert_item(&old, "coach", "", "taken", "release 0.9");
    assert_serves(f, "Other", OTHER);
    g_autoptr(Value) none = state_of(f, MODEL);
    g_assert_cmpuint(value_length(none), ==, 0);
}

static void test_bad_files(Fixture *f, gconstpointer unused)
{
    static const char *const texts[] = {
        "",         "a: [",  "[1, 2]",       "1FEDA: {1: [{friendly_name: x}]}",
        "\xff\xfe", "a: *x", "a: 1\na: 2\n", "3FEDA: {1: [{entity_id: x}]}"};
    g_auto(Old) old = {0};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *name = g_strdup_printf("coach:/config/bad%u.yml", i);
        has(&old, name, texts[i]);
    }
    has(&old, "coach:/config/good.yml", OTHER);
    has(&old, "patches::/user/user_patches.json", "{\"op\": 1}");
    has(&old, "patches::/user/more.json", "[");
    has(&old, "settings:environment", "[]");
    has(&old, "settings:/etc/env", "{");
    has(&old, "problem:/run/fifo\nx\xe2\x80\xa8", "{\"reason\": \"It is a FIFO\\u0007\"}");
    migrate(f, &old);
    assert_counts(&old, 1, 0, (int64_t) G_N_ELEMENTS(texts) + 5);
    assert_serves(f, "good", OTHER);
    g_autofree char *text = json_format(old.report);
    g_assert_nonnull(strstr(text, "/run/fifo?x?"));
    g_assert_nonnull(strstr(text, "It is a FIFO?"));
}

static void assert_call_fails(Fixture *f, const char *name, const char *text, ConfigError code)
{
    g_autoptr(MigrationReport) report = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Old) old = {0};

    has(&old, name, text);
    g_assert_null(plan_old(f, &old, &report, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    g_assert_null(report);
}

static void test_packs(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    g_autofree char *pack =
        g_strdup_printf("{\"name\": \"coach:/config/One.yml\", \"length\": %zu}\n%s"
                        "{\"name\": \"settings:environment\", \"length\": 23}\n{\"active_model\": \"ONE\"}",
                        strlen(OTHER), OTHER);

    has(&old, "pack:", pack);
    migrate(f, &old);
    assert_counts(&old, 2, 0, 0);
    g_assert_cmpstr(value_map_get_string(old.report, "active_model"), ==, "One");

    assert_call_fails(f, "pack:", "{\"name\": \"coach:x\", \"length\": 5}\nabc", CONFIG_ERROR_INVALID_FILE);
    assert_call_fails(f, "pack:", "{\"name\": \"coach:x\", \"length\": -1}\nabc", CONFIG_ERROR_INVALID_FILE);
    assert_call_fails(f, "pack:", "{\"name\": \"pack:\", \"length\": 0}\n", CONFIG_ERROR_INVALID_FILE);
    assert_call_fails(f, "pack:", "x\n", CONFIG_ERROR_INVALID_FILE);
    assert_call_fails(f, "pack:", "x", CONFIG_ERROR_INVALID_FILE);
    assert_call_fails(f, "what", "x", CONFIG_ERROR_INVALID_ARGS);
}

/* Patches */

static void test_patches(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    int64_t change;

    has(&old, "coach:/config/" MODEL ".yml", coach_text);
    has(&old, "patches::/user/user_patches.json",
        "[{\"op\": \"replace\", \"path\": \"/1FEDA/25/0/friendly_name\", \"value\": \"Status\"},"
        " {\"op\": \"replace\", \"path\": \"/1feda/0x19/1/friendly_name\", \"value\": \"Tub\"},"
        " {\"op\": \"add\", \"path\": \"/1FEE5/2\", \"value\": [{\"entity_id\": \"gate\", \"device_type\": \"lock\"}]},"
        " {\"op\": \"remove\", \"path\": \"/1FEE5/9\"},"
        " {\"op\": \"remove\", \"path\": \"/1FEE5/1/0/entity_id\"},"
        " {\"op\": \"test\", \"path\": \"/areas/interior/name\", \"value\": \"Else\"},"
        " {\"op\": \"replace\", \"path\": \"/areas/interior/name\", \"value\": \"Here\"},"
        " {\"op\": \"add\", \"path\": \"/1FEE5/1/-\", \"value\": {\"entity_id\": \"hatch\"}},"
        " {\"op\": \"replace\", \"path\": \"/coach_info/make\", \"value\": \"Entegra\"},"
        " {\"op\": \"fly\", \"path\": \"/x\"}, 7]");
    change = migrate(f, &old);
    g_assert_cmpint(change, >, 0);
    assert_item(&old, "patch", "devices/bed/friendly_name", "taken", "");
    assert_item(&old, "patch", "devices/bath/friendly_name", "taken", "");
    assert_item(&old, "patch", "devices/gate", "taken", "");
    assert_item(&old, "patch", "/1FEE5/9", "refused", "there is nothing at /1FEE5/9");
    assert_item(&old, "patch", "/1FEE5/1/0/entity_id", "refused", "no coach file: line");
    assert_item(&old, "patch", "/areas/interior/name", "refused",
                "the test fails: /areas/interior/name is \"Inside\"");
    assert_item(&old, "patch", "/areas/interior/name", "refused", "a test before it failed");
    assert_item(&old, "patch", "devices/hatch", "taken", "");
    assert_item(&old, "patch", "coach_info/make", "present", "");
    assert_item(&old, "patch", "/x", "refused", "no operation \"fly\"");
    assert_item(&old, "patch", "", "refused", "an operation is an object");
    assert_data(f, "devices/bath",
                "{\"entity_id\":\"bath\",\"friendly_name\":\"Tub\",\"device_type\":\"light\","
                "\"suggested_area\":\"Bath\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25}]}");
    migrate_nothing(f, &old);
    check_effective(f);
    undo(f, change);
    assert_intact(f);
}

/* What is no coach file in between, but is one in the end. */
static void test_patches_together(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    has(&old, "coach:/config/" MODEL ".yml", coach_text);
    has(&old, "patches:" MODEL ":/user/user_patches.json",
        "[{\"op\": \"remove\", \"path\": \"/1FEE5/1/0/entity_id\"},"
        " {\"op\": \"add\", \"path\": \"/1FEE5/1/0/entity_id\", \"value\": \"portal\"}]");
    migrate(f, &old);
    assert_counts(&old, 3, 0, 0);
    assert_data(f, "devices/door", NULL);
    g_autofree char *portal = data_of(f, "devices/portal");
    g_assert_nonnull(portal);
}

static void test_patches_without_file(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0}, nobody = {0};

    has(&nobody, "patches::/user/user_patches.json", "[{\"op\": \"remove\", \"path\": \"/1FEE5\"}]");
    migrate_nothing(f, &nobody);
    assert_item(&nobody, "patch", "", "refused", "It is not known which coach");

    has(&old, "patches::/user/user_patches.json", "[{\"op\": \"remove\", \"path\": \"/1FEE5\"}]");
    has(&old, "settings:/user/coachiq.db",
        "{\"active_model\": \"" MODEL
        ".yml\", \"display_names\": {\"lamp.bath\": \"Tub\", \"light.no\": \"x\","
        " \"light.bed\": \"Bed Light\", \"odd\": \"x\", \"light.any\": 3}}");
    migrate(f, &old);
    assert_item(&old, "patch", "devices/door", "taken", "");
    assert_item(&old, "name", "devices/bath/friendly_name", "taken", "a light here, not a lamp");
    assert_item(&old, "name", "devices/bed/friendly_name", "present", "");
    assert_item(&old, "name", "devices/no/friendly_name", "refused", "no such device");
    assert_item(&old, "name", "odd", "refused", "");
    assert_item(&old, "name", "light.any", "refused", "");
    assert_item(&old, "active-model", "", "taken", "");
    assert_data(f, "devices/door", NULL);
    assert_overrides(f, "2");
    migrate_nothing(f, &old);
}

/* Settings */

static void test_settings(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    g_autoptr(GError) error = NULL;
    int64_t change;

    commit(f, service_plan_interface(f->service, "entertainment", "can7", &no_options, &error));
    has(&old, "coach:/etc/it/mapping.yml", OTHER);
    has(&old, "settings:environment",
        "{\"interface_mappings\": {\"house\": \"can0\", \"entertainment\": \"can2\", \"a b\": \"can1\", \"x\": 5},"
        " \"active_model\": \"nothing\", \"active_file\": \"/etc/it/mapping.yml\"}");
    has(&old, "settings:/var/lib/coachiq/system.toml",
        "{\"interface_mappings\": {\"house\": \"can0\", \"chassis\": \"can1\"}, \"active_model\": \"" MODEL
        "\"}");
    has(&old, "settings:/x", "{\"active_model\": \"Z\"}");
    change = migrate(f, &old);
    assert_item(&old, "interface", "house", "taken", "");
    assert_item(&old, "interface", "house", "present", "environment says the same");
    assert_item(&old, "interface", "chassis", "refused", "environment has precedence");
    assert_item(&old, "interface", "entertainment", "refused", "It is can7 here: set by ann");
    assert_item(&old, "interface", "a b", "refused", "logical name");
    assert_item(&old, "interface", "x", "refused", "logical name");
    assert_item(&old, "active-model", "", "taken", "");
    assert_item(&old, "active-model", "", "refused", "environment has precedence");
    assert_item(&old, "active-model", "", "refused", "There is no coach \"Z\"; make one of these active: ");
    g_assert_cmpstr(value_map_get_string(old.report, "active_model"), ==, "mapping");
    migrate_nothing(f, &old);

    /* What is undone is taken again; what somebody takes away stays away. */
    undo(f, change);
    change = migrate(f, &old);
    g_assert_cmpint(change, >, 0);
    assert_item(&old, "interface", "house", "taken", "");
    commit(f, service_plan_interface(f->service, "house", "", &no_options, &error));
    commit(f, service_plan_active_model(f->service, "", &no_options, &error));
    check_no_error(error);
    migrate_nothing(f, &old);
    assert_item(&old, "interface", "house", "refused", "It is nothing here: set by ann");
    assert_item(&old, "active-model", "", "refused", "It is nothing here: set by ann");
    assert_intact(f);
}

static void test_only_settings(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    int64_t change;

    has(&old, "settings:environment",
        "{\"interface_mappings\": {\"house\": \"can0\"}, \"active_model\": \"" MODEL "\"}");
    change = migrate(f, &old);
    assert_counts(&old, 2, 0, 0);
    /* An active coach is there. */
    assert_serves(f, MODEL, coach_text);
    undo(f, change);
    const char *active;
    g_assert_true(service_get_active_model(f->service, &active, NULL));
    g_assert_cmpstr(active, ==, "");
    assert_intact(f);
}

/* Beside what was done here */

static void has_edited_copy(Old *old)
{
    g_autoptr(GString) text = g_string_new(coach_text);

    g_string_replace(text, "friendly_name: Bed Light", "friendly_name: Reading", 0);
    g_string_replace(text, "friendly_name: Door", "friendly_name: Gate", 0);
    g_string_replace(text, "friendly_name: Bath", "friendly_name: Tub", 0);
    has(old, "coach:/config/" MODEL ".yml", text->str);
}

static void test_edits_here_stay(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    import(f, MODEL);
    do_edits(f, "set devices/bed /friendly_name \"Mine\"\nset devices/door /friendly_name \"Gate\"");
    has_edited_copy(&old);
    migrate(f, &old);
    assert_item(&old, "coach", "", "present", "");
    assert_item(&old, "edit", "devices/bed/friendly_name", "refused", "edited here by ann, in change 2");
    assert_item(&old, "edit", "devices/door/friendly_name", "present", "");
    assert_item(&old, "edit", "devices/bath/friendly_name", "taken", "");
    g_assert_cmpint(f->event, ==, SERVICE_EVENT_MAPPINGS_CHANGED);
    g_assert_cmpstr(f->paths, ==, "devices/bath");
    g_assert_cmpstr(f->event_kind, ==, "migration");
    migrate_nothing(f, &old);
    check_effective(f);
}

static void test_reset_here_stays(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};
    int64_t change, edit;

    has_edited_copy(&old);
    change = migrate(f, &old);
    do_edits(f, "reset devices/bed /friendly_name");
    edit = do_edits(f, "delete devices/door");
    migrate_nothing(f, &old);
    assert_item(&old, "edit", "devices/bed/friendly_name", "refused", "changed here by ann, in change");
    assert_item(&old, "edit", "devices/door/friendly_name", "refused", "edited here by ann");
    assert_item(&old, "edit", "devices/bath/friendly_name", "present", "");
    /* What was undone is no decision. */
    undo(f, edit);
    migrate_nothing(f, &old);
    assert_item(&old, "edit", "devices/door/friendly_name", "present", "");
    undo(f, change);
    migrate_something(f, &old);
    assert_intact(f);
}

/* A binding's own value here wins over a wish at the device; a wish at a binding would win over one here. */
static void test_bindings_here_stay(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) text = g_string_new(coach_text);
    g_auto(Old) old = {0};

    import(f, MODEL);
    do_edits(f, "set devices/bed /role \"both\"");
    g_string_replace(text, "role: c", "role: mine", 0);
    has(&old, "coach:/config/" MODEL ".yml", text->str);
    migrate_nothing(f, &old);
    assert_item(&old, "edit", "devices/bed/bindings/1FEDB:25/role", "refused", "edited here");
}

/* The owner has gone on to another release: what was edited in the old one is merged onto it. */
static void test_other_release_here(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) newer = g_string_new(coach_text);
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdatePreview) seen = NULL;
    const UpdateOptions none = {0};
    g_auto(Old) old = {0};

    import(f, MODEL);
    g_string_replace(newer, "version: '1.0'", "version: '2.0'", 0);
    g_string_replace(newer, "entity_id: bath", "entity_id: shower, renamed_from: bath", 0);
    g_string_replace(newer, "friendly_name: Door", "friendly_name: Gate", 0);
    write_seed(f, MODEL, newer->str);
    seen = service_preview_update(f->service, MODEL, &none, &error);
    check_no_error(error);
    commit(f, service_plan_update(f->service, MODEL, seen->token, &none, "", &no_options, &error));

    has_edited_copy(&old);
    migrate(f, &old);
    assert_item(&old, "coach", "", "present", "2.0 is here since somebody worked with it, and stays");
    assert_item(&old, "edit", "devices/bed/friendly_name", "taken", "");
    assert_item(&old, "edit", "devices/bath/friendly_name", "taken", "");
    assert_item(&old, "edit", "devices/door/friendly_name", "present", "");
    g_autofree char *version = raw_text(f->state, "SELECT imported_version FROM coach_import_status");
    g_assert_cmpstr(version, ==, "2.0");
    assert_overrides(f, "2");
    migrate_nothing(f, &old);
    check_effective(f);
    assert_intact(f);
}

/* False where no option lets the release in. */
static bool update_to(Fixture *f, const char *text)
{
    const UpdateOptions all = {.allow = MERGE_ALLOW_ALL};
    g_autoptr(UpdatePreview) seen = NULL;
    g_autoptr(GError) error = NULL;
    Plan *plan;

    write_seed(f, MODEL, text);
    seen = service_preview_update(f->service, MODEL, &all, &error);
    check_no_error(error);
    plan = service_plan_update(f->service, MODEL, seen->token, &all, "", &no_options, &error);
    if (!plan) {
        check(error->code == CONFIG_ERROR_BLOCKED);
        return false;
    }
    commit(f, plan);
    return true;
}

/* That somebody took the newer release is pruned; it stays all the same. */
static void test_pruned_decision(Fixture *f, gconstpointer unused)
{
    const Retention little = {.changes = 1, .days = 0, .backups = 1};
    g_autoptr(GString) newer = g_string_new(coach_text);
    g_autoptr(GError) error = NULL;
    g_autofree char *left = NULL, *version = NULL;
    g_auto(Old) old = {0};

    import(f, MODEL);
    g_string_replace(newer, "version: '1.0'", "version: '2.0'", 0);
    check(update_to(f, newer->str));
    commit(f, service_plan_retention(f->service, &little, &no_options, &error));
    commit(f, service_plan_interface(f->service, "house", "can0", &no_options, &error));
    check_no_error(error);
    left = raw_text(f->state, "SELECT count(*) FROM changes WHERE kind = 'update'");
    g_assert_cmpstr(left, ==, "0");
    has_edited_copy(&old);
    has(&old, "reference:/reference/" MODEL ".yml", coach_text);
    migrate(f, &old);
    version = raw_text(f->state, "SELECT imported_version FROM coach_import_status");
    g_assert_cmpstr(version, ==, "2.0");
    assert_overrides(f, "3");
}

static void test_removed_devices_count_as_removed(Fixture *f, gconstpointer unused)
{
    g_auto(Old) old = {0};

    has(&old, "reference:/r/" MODEL ".yml", OTHER);
    has(&old, "coach:/c/" MODEL ".yml", EDITED);
    migrate(f, &old);
    do_edits(f, "reset devices/spot");
    migrate_nothing(f, &old);
    assert_item(&old, "edit", "devices/spot", "refused", "changed here by ann");
}

/* An interface that the owner gave by hand gets its logical name; those of the release stay the vendor's. */
static void test_interfaces_of_edited_copy(Fixture *f, gconstpointer unused)
{
    g_autoptr(GString) text = g_string_new(coach_text);
    g_auto(Old) old = {0};

    g_string_replace(text, "device_type: lock,", "device_type: lock, interface: can1,", 0);
    has(&old, "coach:/config/" MODEL ".yml", text->str);
    has(&old, "settings:environment", "{\"interface_mappings\": {\"house\": \"can1\"}}");
    migrate(f, &old);
    assert_item(&old, "coach", "", "taken", "one interface got its logical name");
    assert_data(f, "devices/door",
                "{\"entity_id\":\"door\",\"friendly_name\":\"Door\",\"device_type\":\"lock\",\"interface\":"
                "\"house\",\"area\":\"interior\",\"bindings\":[{\"dgn\":\"1FEE5\",\"instance\":1}]}");
    migrate_nothing(f, &old);
}

/* Ids that differ in case alone: the same one goes before another. */
static void test_ids_in_case(Fixture *f, gconstpointer unused)
{
    g_auto(Old) first = {0}, second = {0};

    write_seed(f, "COACH", OTHER);
    has(&first, "coach:/config/COACH.yml", OTHER);
    has(&first, "settings:environment", "{\"active_model\": \"COACH\"}");
    migrate(f, &first);
    g_assert_cmpstr(value_map_get_string(first.report, "active_model"), ==, "COACH");
    has(&second, "coach:/config/" MODEL ".yml", coach_text);
    migrate(f, &second);
    assert_serves(f, MODEL, coach_text);
    assert_serves(f, "COACH", OTHER);
}

/* Laws */

/* A few bytes of a text are other ones, or it ends early. */
static char *mutilated(const char *text)
{
    static const char bytes[] = "\0{}[]\"':,-/&*<>0aZ~\n\t\xff\xc3";
    GString *other = g_string_new(text);
    guint n = below(4);

    for (guint i = 0; i < n && other->len > 0; i++) {
        guint at = below((unsigned) other->len);

        if (one_in(8))
            g_string_truncate(other, at);
        else if (one_in(4))
            g_string_erase(other, at, 1);
        else
            other->str[at] = bytes[below(sizeof bytes - 1)];
    }
    return g_string_free(other, FALSE);
}

/* Whatever is sent, it is judged; what is taken leaves a sound database, and is there when it comes again.
 */
static void survives_anything(void)
{
    static const char *const items[][2] = {
        {"coach:/config/" MODEL ".yml", EDITED},
        {"coach:/config/other.yml", OTHER},
        {"reference:/reference/" MODEL ".yml", OTHER},
        {"patches::/p.json",
         "[{\"op\": \"replace\", \"path\": \"/1FEDA/1/0/friendly_name\", \"value\": \"X\"},"
         " {\"op\": \"move\", \"from\": \"/areas/one\", \"path\": \"/areas/three\"},"
         " {\"op\": \"copy\", \"from\": \"/1FEDA\", \"path\": \"/1FEDC\"}]"},
        {"settings:environment",
         "{\"interface_mappings\": {\"house\": \"can1\"}, \"active_model\": \"" MODEL "\","
         " \"display_names\": {\"light.lamp\": \"L\"}}"},
        {"problem:/x", "{\"reason\": \"r\"}"},
        {"pack:", "{\"name\": \"coach:/config/p.yml\", \"length\": 4}\na: 1"},
    };
    g_autoptr(MigrationReport) report = NULL;
    g_autoptr(Plan) plan = NULL;
    g_auto(Old) old = {0};
    Fixture f = {0};

    for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
        g_autofree char *name = one_in(10) ? mutilated(items[i][0]) : g_strdup(items[i][0]),
                        *text = one_in(3) ? mutilated(items[i][1]) : g_strdup(items[i][1]);

        if (one_in(4) || !g_utf8_validate(name, -1, NULL))
            continue;
        has(&old, name, text);
    }
    if (!old.files)
        return;
    set_up(&f, IN_MEMORY);
    plan = plan_old(&f, &old, &report, NULL);
    if (plan) {
        migrate(&f, &old);
        migrate_nothing(&f, &old);
        assert_intact(&f);
    }
    tear_down(&f, NULL);
}

static void test_survives_anything(void)
{
    repeat(200, survives_anything);
}

/* The components as a coach file; NULL where they make none. */
static char *format_file(GPtrArray *components)
{
    g_autoptr(Value) data = NULL;
    g_autoptr(CoachFile) file = NULL;
    g_autofree char *text = NULL;

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        if (!can_be_exported(component->path, component->data))
            return NULL;
    }
    data = coach_file_expand(components, NULL, NULL);
    text = data ? json_format(data) : NULL;
    file = text ? coach_text_parse(text, strlen(text), NULL, NULL) : NULL;
    return file ? g_steal_pointer(&text) : NULL;
}

static Value *random_patches(Value *data)
{
    Value *patches = value_new_list();
    guint n = below(6);

    for (guint i = 0; i < n && value_length(data) > 0; i++) {
        static const char *const ops[] = {"add", "replace", "remove", "test", NULL};
        g_autoptr(GString) pointer = g_string_new(NULL);
        Value *at = data, *patch = value_new_map();

        for (guint depth = 0; depth < 5 && at && value_length(at) > 0 && !(depth > 1 && one_in(4));
             depth++) {
            guint index = below((unsigned) value_length(at));

            if (value_is_map(at)) {
                const char *key = value_map_key(at, index);
                g_string_append_c(pointer, '/');
                for (const char *c = key; *c; c++)
                    g_string_append(pointer, *c == '~' ? "~0" : *c == '/' ? "~1" : (char[]){*c, 0});
                at = value_map_at(at, index);
            } else {
                g_string_append_printf(pointer, "/%u", index);
                at = value_list_item(at, index);
            }
        }
        value_map_take(&patch, "op", value_new_string(one_of(ops)));
        value_map_take(&patch, "path", value_new_string(pointer->str));
        value_map_take(&patch, "value", random_value(2));
        value_list_take(&patches, patch);
    }
    return patches;
}

/* As RFC 6902 has it, by what the report says was taken. */
static Value *apply_taken(Value *data, Value *patches, Value *items)
{
    Value *patched = value_ref(data);
    size_t i = 0;

    VALUE_FOREACH_ITEM (item, items) {
        JsonPatchBudget budget = {.nodes = 1000000, .bytes = 1000000};

        if (!g_str_equal(value_map_get_string(item, "what"), "patch"))
            continue;
        Value *patch = value_list_item(patches, i++);
        g_autofree char *pointer =
            legacy_pointer_respell(patched, value_map_get_string(patch, "path"), NULL);
        g_autoptr(Value) respelt = value_ref(patch);
        value_map_take(&respelt, "path", value_new_string(pointer));
        if (!g_str_equal(value_map_get_string(item, "result"), "refused"))
            check(json_patch_apply(&patched, respelt, &budget, NULL));
    }
    check(i == value_length(patches));
    return patched;
}

static void serves_what_was_served(void)
{
    g_autoptr(GPtrArray) release = random_coach(), copy = next_release(release);
    g_autofree char *release_text = NULL, *copy_text = NULL, *patch_text = NULL, *expected = NULL;
    g_autoptr(Value) data = NULL, patches = NULL, patched = NULL;
    g_auto(Old) old = {0};
    Fixture f = {0};
    int64_t change;

    release_text = format_file(release);
    copy_text = format_file(copy);
    if (!release_text || !copy_text)
        return;
    set_up(&f, IN_MEMORY);
    data = parse(copy_text);
    patches = random_patches(data);
    patch_text = json_format(patches);
    story_text("release %s", release_text);
    story_text("copy %s", copy_text);
    story_text("patches %s", patch_text);

    write_seed(&f, MODEL, release_text);
    if (one_in(2))
        import(&f, MODEL);
    has(&old, "coach:/config/" MODEL ".yml", copy_text);
    has(&old, "patches:" MODEL ":/user/user_patches.json", patch_text);
    g_autoptr(Value) before = state_of(&f, MODEL);
    change = migrate(&f, &old);
    patched = apply_taken(data, patches, value_map_get(old.report, "items"));
    expected = json_format(patched);
    story_text("served %s", expected);
    assert_serves(&f, MODEL, expected);
    check_history_tells_overrides(&f);
    migrate_nothing(&f, &old);
    assert_serves(&f, MODEL, expected);
    if (change > 0) {
        undo(&f, change);
        g_autoptr(Value) after = state_of(&f, MODEL);
        assert_equal(after, before);
    }
    assert_intact(&f);
    tear_down(&f, NULL);
}

static void test_serves_what_was_served(void)
{
    repeat(150, serves_what_was_served);
}

/* Whether the report of the file begins with this. */
static bool says_of_file(const Old *old, const char *text)
{
    Value *item = value_list_item(value_map_get(old->report, "items"), 0);

    return g_str_has_prefix(value_map_get_string(item, "reason"), text);
}

/* The state with devices as the old system had them: what each binding has, wherever it is stored. */
static Value *entries_of(Fixture *f)
{
    g_autoptr(Value) state = state_of(f, MODEL);
    Value *entries = value_new_map();

    VALUE_FOREACH_ENTRY (path, data, state) {
        Value *bindings = path_is_device(path) ? value_map_get(data, DEVICE_BINDINGS) : NULL;

        if (value_length(bindings) == 0)
            value_map_set(&entries, path, data);
        VALUE_FOREACH_ENTRY (key, own, bindings) {
            g_autofree char *place = g_strconcat(path, " ", key, NULL);
            value_map_take(&entries, place, device_flatten(data, key));
        }
    }
    return entries;
}

/* A migration and then an update lead to what an update and then the migration lead to: an owner who was
 * faster loses nothing. */
static void comes_late(void)
{
    g_autoptr(GPtrArray) release = random_coach(), copy = next_release(release),
                         newer = next_release(release);
    g_autofree char *release_text = format_file(release), *copy_text = format_file(copy),
                    *newer_text = format_file(newer);
    g_autoptr(Value) early_state = NULL, late_state = NULL;
    g_auto(Old) early = {0}, late = {0};
    Fixture f = {0}, g = {0};
    bool possible;

    if (!release_text || !copy_text || !newer_text)
        return;
    story_text("release %s", release_text);
    story_text("copy %s", copy_text);
    story_text("newer %s", newer_text);
    g_autoptr(CoachFile) file = coach_text_parse(release_text, strlen(release_text), NULL, NULL);
    g_autofree char *follows = g_strdup_printf("It is an edited copy of release %s,", file->version);
    set_up(&f, IN_MEMORY);
    set_up(&g, IN_MEMORY);
    write_seed(&f, MODEL, release_text);
    write_seed(&g, MODEL, release_text);
    import(&f, MODEL);
    import(&g, MODEL);
    has(&early, "coach:/config/" MODEL ".yml", copy_text);
    has(&late, "coach:/config/" MODEL ".yml", copy_text);

    migrate(&f, &early);
    possible = says_of_file(&early, follows) && update_to(&f, newer_text) && update_to(&g, newer_text);
    if (possible) {
        migrate(&g, &late);
        /* Where the newer release is the nearer one, there is nothing to merge. */
        possible = says_of_file(&late, follows);
    }
    if (possible) {
        early_state = entries_of(&f);
        late_state = entries_of(&g);
        assert_equal(late_state, early_state);
        migrate_nothing(&f, &early);
        migrate_nothing(&g, &late);
    }
    tear_down(&f, NULL);
    tear_down(&g, NULL);
}

static void test_comes_late(void)
{
    repeat(1000, comes_late);
}

/* Whatever was edited here before is as it was, whatever comes. */
static void overwrites_nothing(void)
{
    g_autoptr(GPtrArray) release = random_coach(), copy = next_release(release);
    g_autofree char *release_text = NULL, *copy_text = NULL;
    g_auto(Old) old = {0};
    Fixture f = {0};

    release_text = format_file(release);
    copy_text = format_file(copy);
    if (!release_text || !copy_text)
        return;
    set_up(&f, IN_MEMORY);
    story_text("release %s", release_text);
    story_text("copy %s", copy_text);
    write_seed(&f, MODEL, release_text);
    import(&f, MODEL);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
        g_autoptr(GError) error = NULL;
        Plan *plan;

        g_ptr_array_add(edits, random_edit(&f));
        plan = service_plan_edits(f.service, MODEL, edits, "", &forced, &error);
        if (plan)
            commit(&f, plan);
    }
    g_autoptr(Value) before = raw_map(
        f.state,
        "SELECT component_path || ' ' || field, json_array(op, value, user, change_id) FROM overrides");
    has(&old, "coach:/config/" MODEL ".yml", copy_text);
    migrate(&f, &old);
    g_autoptr(Value) after = raw_map(
        f.state,
        "SELECT component_path || ' ' || field, json_array(op, value, user, change_id) FROM overrides");
    VALUE_FOREACH_ENTRY (place, row, before)
        assert_equal(value_map_get(after, place), row);
    migrate_nothing(&f, &old);
    assert_intact(&f);
    tear_down(&f, NULL);
}

static void test_overwrites_nothing(void)
{
    repeat(100, overwrites_nothing);
}

static void set_up_story(Fixture *f, gconstpointer unused)
{
    story_begin();
    set_up(f, unused);
}

#define ADD_STORY(path, function) g_test_add(path, Fixture, NULL, set_up_story, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_STORY("/migrate/release-as-it-ships", test_release_as_it_ships);
    ADD_STORY("/migrate/edited-copy", test_edited_copy);
    ADD_STORY("/migrate/reference-is-the-base", test_reference_is_the_base);
    ADD_STORY("/migrate/first-use-gives-way", test_first_use_gives_way);
    ADD_STORY("/migrate/undo-follows-names", test_undo_follows_names);
    ADD_STORY("/migrate/interfaces-of-edited-copy", test_interfaces_of_edited_copy);
    ADD_STORY("/migrate/ids-in-case", test_ids_in_case);
    ADD_STORY("/migrate/far-file-is-custom", test_far_file_is_custom);
    ADD_STORY("/migrate/far-file-after-an-edit", test_far_file_after_an_edit);
    ADD_STORY("/migrate/unknown-coach", test_unknown_coach);
    ADD_STORY("/migrate/reference-alone", test_reference_alone);
    ADD_STORY("/migrate/bad-files", test_bad_files);
    ADD_STORY("/migrate/packs", test_packs);
    ADD_STORY("/migrate/patches", test_patches);
    ADD_STORY("/migrate/patches-together", test_patches_together);
    ADD_STORY("/migrate/patches-without-file", test_patches_without_file);
    ADD_STORY("/migrate/settings", test_settings);
    ADD_STORY("/migrate/only-settings", test_only_settings);
    ADD_STORY("/migrate/edits-here-stay", test_edits_here_stay);
    ADD_STORY("/migrate/reset-here-stays", test_reset_here_stays);
    ADD_STORY("/migrate/bindings-here-stay", test_bindings_here_stay);
    ADD_STORY("/migrate/other-release-here", test_other_release_here);
    ADD_STORY("/migrate/pruned-decision", test_pruned_decision);
    ADD_STORY("/migrate/removed-device-reset", test_removed_devices_count_as_removed);
    g_test_add_func("/migrate/serves-what-was-served", test_serves_what_was_served);
    g_test_add_func("/migrate/survives-anything", test_survives_anything);
    g_test_add_func("/migrate/comes-late", test_comes_late);
    g_test_add_func("/migrate/overwrites-nothing", test_overwrites_nothing);
    return g_test_run();
}
