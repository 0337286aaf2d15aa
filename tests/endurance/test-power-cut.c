/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-power-cut.c: the power goes at any moment. Whatever the disk then holds, the service opens it, what
 * was acknowledged is there, and the rest is there wholly or not at all. */

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "coach.h"
#include "disk.h"
#include "unit/support.h"

#define SHORT_CUTS 250
/* In the long form the power is cut at each operation, and more than once: the disk may lose other things.
 */
#define LONG_ROUNDS 4

/* What was acknowledged, and when. */
typedef struct Step {
    size_t position; /* in the record of the disk */
    int64_t revision;
    char *dump;   /* of all that the database says by then */
    char *backup; /* that was made; NULL: none */
} Step;

static void step_free(gpointer data)
{
    Step *step = data;

    g_free(step->dump);
    g_free(step->backup);
    g_free(step);
}

typedef struct Story {
    char *folder, *seeds, *state;
    Coach *coach;
    GPtrArray *steps; /* of Step */
    GPtrArray *dumps; /* by revision */
    bool is_sequel; /* begins with what an earlier cut left, and maybe a change that was not acknowledged */
} Story;

static void acknowledge(Story *story, char *backup)
{
    Step *step = g_new0(Step, 1);
    int64_t revision;

    g_assert_true(service_get_revision(story->coach->service, &revision, NULL));

    step->position = disk_position();
    step->revision = revision;
    step->backup = backup;
    step->dump = coach_dump(story->coach);
    /* Looking is not writing. */
    g_assert_cmpuint(disk_position(), ==, step->position);
    g_ptr_array_add(story->steps, step);
    if (revision == (int64_t) story->dumps->len)
        g_ptr_array_add(story->dumps, g_strdup(step->dump));
    g_assert_cmpint(revision + 1, ==, story->dumps->len);
    g_assert_cmpstr(g_ptr_array_index(story->dumps, revision), ==, step->dump);
}

/* The backup that a change says it was preceded by. */
static char *newest_backup(Story *story, GHashTable *before)
{
    g_autoptr(GHashTable) now = coach_backups(story->coach);
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, now);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        if (!g_hash_table_contains(before, id))
            return g_strdup(id);
    return NULL;
}

#define DO(function, ...)                                                                                   \
    do {                                                                                                    \
        g_autoptr(GHashTable) backups = coach_backups(story->coach);                                        \
        g_autoptr(GError) error = NULL;                                                                     \
        function(story->coach, __VA_ARGS__, &error);                                                        \
        g_assert_no_error(error);                                                                           \
        acknowledge(story, newest_backup(story, backups));                                                  \
    } while (0)

static void edit_all_sorts(Story *story)
{
    int64_t revision;

    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *path = g_strdup_printf("devices/light_%u", i % 4);
        g_autofree char *value = g_strdup_printf("\"Light %u of mine\"", i);

        DO(coach_edit, path, "/friendly_name", value, &revision);
    }
    DO(coach_edit, "devices/light_4", "/fade_ms", NULL, &revision);
    DO(coach_put, "areas/exterior", "{\"name\":\"Outside\"}", &revision);
    DO(coach_put, "devices/mine",
       "{\"entity_id\":\"mine\",\"device_type\":\"light\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":99}]}",
       &revision);
    DO(coach_activate, &revision);
    DO(coach_set_interface, "can0", &revision);
    DO(coach_delete, "devices/light_7", &revision);
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *field = g_strdup_printf("/note_%u", i % 3);
        g_autofree char *value = g_strdup_printf("%u", i);

        DO(coach_edit, "coach_info", field, value, &revision);
    }
}

/* The database is closed and opened in between: its log comes to an end, and begins anew. */
static void reopen(Story *story)
{
    g_autoptr(GError) error = NULL;

    coach_close(story->coach);
    story->coach = coach_open(story->state, story->seeds);
    service_open(story->coach->service, &error);
    g_assert_no_error(error);
}

static void tell(Story *story)
{
    g_autofree char *backup = NULL;
    int64_t revision = 0, update;

    DO(coach_import, &revision);
    edit_all_sorts(story);
    DO(coach_backup, &backup);
    reopen(story);
    coach_release(story->seeds, 2);
    DO(coach_update, &revision);
    update = revision;
    DO(coach_edit, "devices/light_2", "/friendly_name", "\"After the update\"", &revision);
    DO(coach_reset, &revision);
    DO(coach_undo, revision, &revision);
    DO(coach_restore, backup, &revision);
    DO(coach_undo, revision, &revision);
    reopen(story);
    DO(coach_undo, update, &revision);
    DO(coach_edit, "devices/light_2", "/friendly_name", "\"The last\"", &revision);
}

static void record(Story *story)
{
    g_autoptr(GError) error = NULL;

    story->folder = folder_new();
    story->state = g_build_filename(story->folder, "state", NULL);
    g_assert_cmpint(g_mkdir(story->state, 0700), ==, 0);
    story->seeds = coach_seeds_new();
    story->steps = g_ptr_array_new_with_free_func(step_free);
    story->dumps = g_ptr_array_new_with_free_func(g_free);
    disk_record(story->state);
    story->coach = coach_open(story->state, story->seeds);
    service_open(story->coach->service, &error);
    g_assert_no_error(error);
    acknowledge(story, NULL);
    tell(story);
    coach_close(story->coach);
    disk_stop();
}

static void forget(Story *story)
{
    folder_remove(story->folder);
    folder_remove(story->seeds);
    g_free(story->state);
    g_ptr_array_unref(story->steps);
    g_ptr_array_unref(story->dumps);
    disk_clear();
}

/* After a cut */

/* The number of steps that were acknowledged before it. */
static guint acknowledged_by(const Story *story, size_t position)
{
    guint n = 0;

    while (n < story->steps->len &&
           ((const Step *) g_ptr_array_index(story->steps, n))->position <= position)
        n++;
    return n;
}

static char *find_lost_backup(const Story *story, Coach *coach, guint n)
{
    g_autoptr(GHashTable) backups = coach_backups(coach);

    for (guint i = 0; i < n; i++) {
        const Step *step = g_ptr_array_index(story->steps, i);

        if (step->backup && !g_hash_table_contains(backups, step->backup))
            return g_strdup_printf("backup %s is lost", step->backup);
    }
    return NULL;
}

static char *find_loss(const Story *story, Coach *coach, size_t position, unsigned *n_whole)
{
    guint n = acknowledged_by(story, position);
    int64_t acknowledged = n > 0 ? ((const Step *) g_ptr_array_index(story->steps, n - 1))->revision : 0,
            revision;
    g_autofree char *dump = coach_dump(coach);

    g_assert_true(service_get_revision(coach->service, &revision, NULL));
    if (revision < acknowledged)
        return g_strdup_printf("change %" G_GINT64_FORMAT
                               " was acknowledged, but the newest is %" G_GINT64_FORMAT,
                               acknowledged, revision);
    if (revision > acknowledged + 1 + story->is_sequel || revision >= story->dumps->len)
        return g_strdup_printf("change %" G_GINT64_FORMAT " was never made", revision);
    if (revision > acknowledged)
        ++*n_whole;
    if (!g_str_equal(dump, g_ptr_array_index(story->dumps, revision)))
        return g_strdup_printf("revision %" G_GINT64_FORMAT " has another content", revision);
    return find_lost_backup(story, coach, n);
}

/* And life goes on. */
static char *find_obstacle(Coach *coach)
{
    g_autoptr(GError) error = NULL;
    int64_t revision;
    bool ok;

    if (!service_get_revision(coach->service, &revision, &error))
        return g_strdup(error->message);
    ok = revision == 0 ? coach_import(coach, &revision, &error)
                       : coach_edit(coach, "coach_info", "/after", "true", &revision, &error);
    return ok ? NULL : g_strdup(error->message);
}

static char *find_problem(const Story *story, Coach *coach, size_t position, unsigned *n_whole)
{
    g_autoptr(GError) error = NULL;
    char *problem;

    if (!service_open(coach->service, &error))
        return g_strdup(error->message);
    problem = find_loss(story, coach, position, n_whole);
    if (!problem)
        problem = coach_find_damage(coach);
    if (!problem)
        problem = find_obstacle(coach);
    return problem;
}

static void cut(const Story *story, size_t position, unsigned *n_whole)
{
    g_autofree char *folder = folder_new(), *state = g_build_filename(folder, "state", NULL);
    const char *how = disk_materialise(state);
    Coach *coach = coach_open(state, story->seeds);
    g_autofree char *problem = find_problem(story, coach, position, n_whole);

    coach_close(coach);
    if (problem) {
        g_autofree char *where = disk_describe();

        g_test_message("power cut after %s, %s, disk left in %s: %s", where, how, folder, problem);
        g_test_fail();
        return;
    }
    folder_remove(g_steal_pointer(&folder));
}

static void test_power_cut(void)
{
    Story story = {0};
    size_t n, position = 0, next = 1;
    unsigned n_cuts = 0, n_whole = 0, rounds = g_test_slow() ? LONG_ROUNDS : 1;

    record(&story);
    n = disk_position();
    disk_rewind();
    while (disk_advance() && !g_test_failed()) {
        if (++position < next)
            continue;
        for (unsigned i = 0; i < rounds; i++, n_cuts++)
            cut(&story, position, &n_whole);
        next = position +
               (g_test_slow() ? 1 : (size_t) g_test_rand_int_range(1, (gint32) (2 * n / SHORT_CUTS)));
    }
    g_test_message("%u power cuts in %zu operations of %u acknowledged steps, %" G_GINT64_FORMAT
                   " changes; %u times a change was there before it was acknowledged",
                   n_cuts, n, story.steps->len, (int64_t) story.dumps->len - 1, n_whole);
    forget(&story);
}

/* The power goes again while the service gets over it. */

typedef struct Remains {
    char *folder, *state;
    int64_t acknowledged; /* the revision */
} Remains;

static void remains_free(gpointer data)
{
    Remains *remains = data;

    folder_remove(remains->folder);
    g_free(remains->state);
    g_free(remains);
}

/* What some cuts leave, of Remains. */
static GPtrArray *collect_remains(const Story *story, unsigned n)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(remains_free);
    size_t position = 0, step = disk_position() / n;

    disk_rewind();
    while (disk_advance()) {
        guint n_steps = acknowledged_by(story, ++position);
        Remains *remains;

        if (g_test_rand_int_range(0, (gint32) step) > 0)
            continue;
        remains = g_new0(Remains, 1);
        remains->folder = folder_new();
        remains->state = g_build_filename(remains->folder, "state", NULL);
        if (n_steps > 0)
            remains->acknowledged = ((const Step *) g_ptr_array_index(story->steps, n_steps - 1))->revision;
        disk_materialise(remains->state);
        g_ptr_array_add(all, remains);
    }
    return all;
}

/* Opens what is left, and makes one more change. */
static void record_sequel(Story *sequel, const Story *story, const Remains *remains)
{
    g_autoptr(GError) error = NULL;
    int64_t revision;
    Step *first = g_new0(Step, 1);

    *sequel = (Story){.seeds = story->seeds, .state = remains->state, .is_sequel = true};
    sequel->steps = g_ptr_array_new_with_free_func(step_free);
    sequel->dumps = g_ptr_array_new_with_free_func(g_free);
    first->revision = remains->acknowledged;
    g_ptr_array_add(sequel->steps, first);
    disk_record(sequel->state);
    sequel->coach = coach_open(sequel->state, sequel->seeds);
    service_open(sequel->coach->service, &error);
    g_assert_no_error(error);
    g_assert_true(service_get_revision(sequel->coach->service, &revision, NULL));
    for (int64_t i = 0; i <= revision; i++)
        g_ptr_array_add(sequel->dumps, g_strdup(g_ptr_array_index(story->dumps, i)));
    if (revision == 0)
        coach_import(sequel->coach, &revision, &error);
    else
        coach_edit(sequel->coach, "coach_info", "/sequel", "true", &revision, &error);
    g_assert_no_error(error);
    acknowledge(sequel, NULL);
    coach_close(sequel->coach);
    disk_stop();
}

static void test_second_cut(void)
{
    Story story = {0};
    g_autoptr(GPtrArray) all = NULL;
    unsigned n_cuts = 0, n_whole = 0;

    record(&story);
    all = collect_remains(&story, g_test_slow() ? 60 : 6);
    for (guint i = 0; i < all->len && !g_test_failed(); i++) {
        Story sequel;
        size_t position = 0;

        record_sequel(&sequel, &story, g_ptr_array_index(all, i));
        disk_rewind();
        while (disk_advance() && !g_test_failed()) {
            position++;
            if (!g_test_slow() && g_test_rand_int_range(0, 4) > 0)
                continue;
            cut(&sequel, position, &n_whole);
            n_cuts++;
        }
        g_ptr_array_unref(sequel.steps);
        g_ptr_array_unref(sequel.dumps);
    }
    g_test_message("%u second power cuts after %u first ones", n_cuts, all->len);
    forget(&story);
}

/* The power goes while the service recovers from damage. */

/* What an unclean stop has left, with a component that is not what it was, a backup, and two changes after
 * it. */
static char *damaged_state(const char *folder, const char *seeds, char **ret_read, int64_t *ret_revision)
{
    g_autofree char *origin = g_build_filename(folder, "origin", NULL), *id = NULL;
    g_autofree char *path = g_build_filename(origin, STORE_DATABASE, NULL);
    char *state = g_build_filename(folder, "state", NULL);
    g_autoptr(Coach) coach = NULL;
    sqlite3 *handle;

    g_assert_cmpint(g_mkdir(origin, 0700), ==, 0);
    coach = coach_open(origin, seeds);
    g_assert_true(coach_import(coach, ret_revision, NULL));
    g_assert_true(coach_edit(coach, "devices/light_3", "/friendly_name", "\"Mine\"", ret_revision, NULL));
    g_assert_true(coach_backup(coach, &id, NULL));
    g_assert_true(coach_edit(coach, "devices/light_3", "/friendly_name", "\"Ours\"", ret_revision, NULL));
    g_assert_true(coach_delete(coach, "devices/light_4", ret_revision, NULL));
    *ret_read = coach_read(coach, NULL);
    g_assert_cmpint(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    g_assert_cmpint(
        sqlite3_exec(handle,
                     "UPDATE coach_mappings SET mapping_data = replace(mapping_data, 'Ours', 'Curs')", NULL,
                     NULL, NULL),
        ==, SQLITE_OK);
    coach_copy_state(origin, state);
    sqlite3_close(handle);
    return state;
}

static char *find_unrecovered(Coach *coach, const char *expected, int64_t revision)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *read = NULL, *problem = NULL, *path = NULL;
    const char *health, *name;
    int64_t now, checked, from;

    if (!service_open(coach->service, &error) || !service_get_revision(coach->service, &now, &error) ||
        !service_verify_history(coach->service, &checked, &from, &problem, &error) ||
        !(read = coach_read(coach, &error)))
        return g_strdup(error->message);
    health = service_health(coach->service);
    name = strstr(health, "damaged-");
    path = name ? g_strdup_printf("%s/%.*s", coach->state, (int) strcspn(name, " ") - 1, name) : NULL;
    if (!path || !g_file_test(path, G_FILE_TEST_EXISTS))
        return g_strdup_printf("Health is \"%s\", of which there is no file", health);
    if (problem || now != revision)
        return g_strdup_printf("revision %" G_GINT64_FORMAT ": %s", now,
                               problem ? problem : "changes are lost");
    return g_str_equal(read, expected) ? NULL : g_strdup("readers get something else");
}

static void test_cut_recovery(void)
{
    g_autofree char *folder = folder_new(), *seeds = coach_seeds_new(), *read = NULL, *problem = NULL;
    int64_t revision;
    g_autofree char *state = damaged_state(folder, seeds, &read, &revision);
    unsigned n_cuts = 0;
    Coach *coach;

    disk_record(state);
    coach = coach_open(state, seeds);
    problem = find_unrecovered(coach, read, revision);
    g_assert_cmpstr(problem, ==, NULL);
    coach_close(coach);
    disk_stop();
    disk_rewind();
    while (disk_advance() && !g_test_failed()) {
        g_autofree char *remains = folder_new(), *after = g_build_filename(remains, "state", NULL);
        const char *how = disk_materialise(after);

        n_cuts++;
        coach = coach_open(after, seeds);
        problem = find_unrecovered(coach, read, revision);
        coach_close(coach);
        if (problem) {
            g_autofree char *where = disk_describe();

            g_test_message("power cut after %s, %s, disk left in %s: %s", where, how, remains, problem);
            g_test_fail();
            continue;
        }
        folder_remove(g_steal_pointer(&remains));
    }
    g_test_message("%u power cuts while the service recovered", n_cuts);
    folder_remove(g_steal_pointer(&folder));
    folder_remove(g_steal_pointer(&seeds));
    disk_clear();
}

/* What is said of the damage is wanted. */
static GLogWriterOutput drop_warnings(GLogLevelFlags level, const GLogField *fields, gsize n,
                                      gpointer unused)
{
    return (level & G_LOG_LEVEL_WARNING) != 0 ? G_LOG_WRITER_HANDLED
                                              : g_log_writer_default(level, fields, n, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
    g_log_set_writer_func(drop_warnings, NULL, NULL);
    g_test_add_func("/power-cut/recovery", test_cut_recovery);
    g_test_add_func("/power-cut/once", test_power_cut);
    g_test_add_func("/power-cut/twice", test_second_cut);
    return g_test_run();
}
