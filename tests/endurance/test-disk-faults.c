/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-disk-faults.c: the disk is full, or breaks, at each operation of an import, an edit, an update and so
 * on. The error has its name, nothing is half-done, reads go on, and once the disk is well all is. */

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "coach.h"
#include "disk.h"
#include "unit/support.h"

/* Faults of a kind in an action, in the short form. */
#define SHORT_FAULTS 25

/* What a run begins with: the state directory of each is copied from a folder that is made once. */
typedef enum Beginning { NOTHING, A_COACH } Beginning;

static struct {
    char *folder; /* that all are in */
    char *seeds;
    char *coach, *nothing; /* the state directories */
    char *backup;          /* that is in it */
    int64_t edit;          /* a change that can be undone */
} scene;

/* Actions */

static bool do_start(Coach *coach, int64_t *ret, GError **error)
{
    return service_open(coach->service, error);
}

static bool do_edit(Coach *coach, int64_t *ret, GError **error)
{
    return coach_edit(coach, "devices/light_1", "/friendly_name", "\"Another\"", ret, error);
}

static bool do_restore(Coach *coach, int64_t *ret, GError **error)
{
    return coach_restore(coach, scene.backup, ret, error);
}

static bool do_undo(Coach *coach, int64_t *ret, GError **error)
{
    return coach_undo(coach, scene.edit, ret, error);
}

static bool do_backup(Coach *coach, int64_t *ret, GError **error)
{
    g_autofree char *id = NULL;

    return coach_backup(coach, &id, error);
}

typedef struct Action {
    const char *name;
    Beginning beginning;
    bool starts; /* the service is opened within it, not before */
    bool (*run)(Coach *coach, int64_t *ret, GError **error);
} Action;

static const Action actions[] = {
    {"first-start", NOTHING, true, do_start}, {"start", A_COACH, true, do_start},
    {"import", NOTHING, false, coach_import}, {"edit", A_COACH, false, do_edit},
    {"update", A_COACH, false, coach_update}, {"reset", A_COACH, false, coach_reset},
    {"restore", A_COACH, false, do_restore},  {"undo", A_COACH, false, do_undo},
    {"backup", A_COACH, false, do_backup},
};

typedef struct Trouble {
    const char *name;
    DiskFault fault;
    ConfigError expected;
    ConfigError otherwise; /* where the cause cannot be told any more, by SQLite or by looking */
} Trouble;

#define FULL CONFIG_ERROR_NO_SPACE
#define BROKEN CONFIG_ERROR_IO
static const Trouble troubles[] = {
    {"full", {.kinds = DISK_GROWS, .error = ENOSPC, .lasting = true, .partly = true}, FULL, FULL},
    {"full-once", {.kinds = DISK_GROWS, .error = ENOSPC}, FULL, BROKEN},
    {"quota", {.kinds = DISK_GROWS, .error = EDQUOT, .lasting = true}, FULL, BROKEN},
    {"broken", {.kinds = DISK_ANY, .error = EIO, .lasting = true}, BROKEN, BROKEN},
    {"broken-once", {.kinds = DISK_ANY, .error = EIO}, BROKEN, BROKEN},
};

typedef struct Case {
    const Action *action;
    const Trouble *trouble;
} Case;

/* Folders */

static void copy_folder(const char *from, const char *to)
{
    g_autoptr(GDir) directory = g_dir_open(from, 0, NULL);
    const char *name;

    g_assert_nonnull(directory);
    g_assert_cmpint(g_mkdir_with_parents(to, 0700), ==, 0);
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *source = g_build_filename(from, name, NULL),
                        *target = g_build_filename(to, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
            copy_folder(source, target);
            continue;
        }
        g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
        g_assert_true(
            g_file_set_contents_full(target, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

static unsigned count_unfinished(const char *state)
{
    g_autofree char *folder = g_build_filename(state, "backups", NULL);
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;
    unsigned n = 0;

    while (directory && (name = g_dir_read_name(directory)))
        n += g_str_has_prefix(name, "unfinished");
    return n;
}

static void set_scene(void)
{
    g_autoptr(GError) error = NULL;
    Coach *coach;
    int64_t change;

    scene.folder = folder_new();
    scene.seeds = coach_seeds_new();
    scene.coach = g_build_filename(scene.folder, "coach", NULL);
    scene.nothing = g_build_filename(scene.folder, "nothing", NULL);
    g_assert_cmpint(g_mkdir_with_parents(scene.nothing, 0700), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(scene.coach, 0700), ==, 0);
    coach = coach_open(scene.coach, scene.seeds);
    coach_import(coach, &change, &error);
    g_assert_no_error(error);
    coach_edit(coach, "devices/light_3", "/friendly_name", "\"Mine\"", &scene.edit, &error);
    g_assert_no_error(error);
    coach_backup(coach, &scene.backup, &error);
    g_assert_no_error(error);
    coach_edit(coach, "devices/light_4", "/fade_ms", "700", &change, &error);
    g_assert_no_error(error);
    coach_close(coach);
    coach_release(scene.seeds, 2);
}

static void clear_scene(void)
{
    folder_remove(scene.folder);
    folder_remove(scene.seeds);
    g_free(scene.coach);
    g_free(scene.nothing);
    g_free(scene.backup);
}

/* One run */

typedef struct Run {
    const Action *action;
    const Trouble *trouble;
    unsigned after; /* so many operations go well */
    char *state;
    Coach *coach;
    char *read_before, *before; /* what readers get, and what the database says; NULL: not looked at */
    char *problem;
    bool ok;         /* the action went well */
    unsigned failed; /* so many operations failed */
    GError *error;
} Run;

static char *dump_of(const char *state)
{
    Coach *coach = coach_open(state, scene.seeds);
    char *dump = service_open(coach->service, NULL) ? coach_dump(coach) : NULL;

    coach_close(coach);
    return dump;
}

G_GNUC_PRINTF(2, 3) static void complain(Run *run, const char *format, ...)
{
    va_list arguments;

    if (run->problem)
        return;
    va_start(arguments, format);
    run->problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static void begin(Run *run)
{
    copy_folder(run->action->beginning == A_COACH ? scene.coach : scene.nothing, run->state);
    run->coach = coach_open(run->state, scene.seeds);
    if (run->action->starts)
        return;
    g_assert_true(service_open(run->coach->service, &run->error));
    if (run->action->beginning == A_COACH) {
        run->read_before = coach_read(run->coach, &run->error);
        g_assert_no_error(run->error);
        while (service_has_idle_work(run->coach->service))
            service_idle_work(run->coach->service);
    }
    run->before = coach_dump(run->coach);
}

/* Readers get what they got, out of memory if need be. */
static void check_reading(Run *run)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *now = NULL;

    if (!run->read_before || run->ok)
        return;
    now = coach_read(run->coach, &error);
    if (!now)
        complain(run, "nothing can be read meanwhile: %s", error->message);
    else if (!g_str_equal(now, run->read_before))
        complain(run, "other components are read meanwhile");
}

static void check_error(Run *run)
{
    const Trouble *trouble = run->trouble;

    if (run->ok)
        return;
    /* A backup that cannot be read is no good, whatever the reason. */
    if (run->action->run == do_restore && trouble->otherwise == BROKEN &&
        g_error_matches(run->error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE))
        return;
    if (!g_error_matches(run->error, CONFIG_ERROR, (gint) trouble->expected) &&
        !g_error_matches(run->error, CONFIG_ERROR, (gint) trouble->otherwise))
        complain(run, "the error is %d: %s", run->error->code, run->error->message);
    if (g_str_equal(service_health(run->coach->service), "ok"))
        complain(run, "Health is ok after the error %s", run->error->message);
}

/* Whether what was to be done is done, which may be where the disk broke. */
static bool is_done(Run *run, const char *expected)
{
    g_autofree char *now = coach_dump(run->coach);
    bool is_before = run->before && g_str_equal(now, run->before), is_after = g_str_equal(now, expected);

    if (!is_before && !is_after && !run->action->starts)
        complain(run, "it is half done");
    if (run->ok && !is_after)
        complain(run, "it is not done, but was acknowledged");
    if (!run->ok && !is_before && !run->action->starts && run->trouble->expected == FULL)
        complain(run, "it is done, but was not acknowledged");
    return !run->ok && !is_before;
}

/* The disk is well again: so is the service with the next write. */
static void check_recovery(Run *run, const char *expected, unsigned *n_done)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *damage = NULL, *now = NULL, *again = NULL;
    bool imports = run->action->beginning == NOTHING && !(run->ok && !run->action->starts);
    int64_t change;

    if (!service_open(run->coach->service, &error)) {
        complain(run, "it does not open again: %s", error->message);
        return;
    }
    if (!run->action->starts && is_done(run, expected)) {
        ++*n_done;
        imports = false;
    }
    if (!(imports ? coach_import(run->coach, &change, &error)
                  : coach_edit(run->coach, "coach_info", "/after", "true", &change, &error))) {
        complain(run, "nothing can be written afterwards: %s", error->message);
        return;
    }
    damage = coach_find_damage(run->coach);
    if (damage)
        complain(run, "afterwards %s", damage);
    /* What failed to be taken away may still be there. */
    if (run->trouble->expected == FULL && count_unfinished(run->state) > 0)
        complain(run, "an unfinished backup lies there");
    now = coach_dump(run->coach);
    g_clear_pointer(&run->coach, coach_close);
    again = dump_of(run->state);
    if (g_strcmp0(now, again) != 0)
        complain(run, "after a restart there is something else");
}

static void run_action(Run *run)
{
    int64_t change;
    DiskFault fault = run->trouble->fault;

    begin(run);
    fault.after = run->after;
    disk_fail(run->state, &fault);
    run->ok = run->action->run(run->coach, &change, &run->error);
    /* As the daemon does with all errors. */
    if (!run->ok)
        service_note_failure(run->coach->service, run->error);
    check_reading(run);
    run->failed = disk_heal();
    if (run->failed == 0 && !run->ok)
        complain(run, "it failed without a reason: %s", run->error->message);
    check_error(run);
}

/* False when the action has not so many operations. */
static bool run_once(const Case *one, unsigned after, const char *expected, unsigned *n_failed,
                     unsigned *n_done)
{
    g_autofree char *folder = folder_new();
    Run run = {.action = one->action,
               .trouble = one->trouble,
               .after = after,
               .state = g_build_filename(folder, "state", NULL)};

    run_action(&run);
    if (run.failed > 0) {
        *n_failed += !run.ok;
        check_recovery(&run, expected, n_done);
    }
    if (run.problem) {
        g_test_message("%s, %s from operation %u on, left in %s: %s (%s)", run.action->name,
                       run.trouble->name, after + 1, folder, run.problem,
                       run.error ? run.error->message : "no error");
        g_test_fail();
    }
    g_clear_pointer(&run.coach, coach_close);
    g_clear_error(&run.error);
    g_free(run.state);
    g_free(run.read_before);
    g_free(run.before);
    if (!run.problem)
        folder_remove(g_steal_pointer(&folder));
    g_free(run.problem);
    return run.failed > 0;
}

/* What the database says when nothing goes wrong; and how many operations that takes. */
static char *do_well(const Case *one, unsigned *ret_operations)
{
    g_autofree char *folder = folder_new();
    Run run = {
        .action = one->action, .trouble = one->trouble, .state = g_build_filename(folder, "state", NULL)};
    DiskFault fault = one->trouble->fault;
    char *dump;
    int64_t change;

    begin(&run);
    fault.after = G_MAXUINT;
    disk_fail(run.state, &fault);
    one->action->run(run.coach, &change, &run.error);
    g_assert_no_error(run.error);
    *ret_operations = disk_seen();
    disk_heal();
    dump = coach_dump(run.coach);
    coach_close(run.coach);
    g_free(run.before);
    g_free(run.read_before);
    g_free(run.state);
    folder_remove(g_steal_pointer(&folder));
    return dump;
}

static void test_case(gconstpointer data)
{
    const Case *one = data;
    unsigned n, n_runs = 0, n_failed = 0, n_done = 0, after = 0;
    g_autofree char *expected = do_well(one, &n);
    gint32 step = g_test_slow() ? 1 : (gint32) (1 + 2 * n / SHORT_FAULTS);

    while (after < n && run_once(one, after, expected, &n_failed, &n_done)) {
        n_runs++;
        after += g_test_slow() ? 1 : (unsigned) g_test_rand_int_range(1, step + 1);
    }
    g_test_message("%s, %s: %u faults in %u operations; %u times it failed, %u of them after it was done",
                   one->action->name, one->trouble->name, n_runs, n, n_failed, n_done);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    set_scene();
    for (guint i = 0; i < G_N_ELEMENTS(troubles); i++)
        for (guint j = 0; j < G_N_ELEMENTS(actions); j++) {
            g_autofree char *path = g_strdup_printf("/disk-faults/%s/%s", troubles[i].name, actions[j].name);
            Case *one = g_new(Case, 1);

            *one = (Case){&actions[j], &troubles[i]};
            g_test_add_data_func_full(path, one, test_case, g_free);
        }
    status = g_test_run();
    clear_scene();
    return status;
}
