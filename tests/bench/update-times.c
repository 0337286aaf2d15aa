/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times updates of edited coaches inside the service, and their undo, interleaved with imports of the same
 * new files. Prints one line of JSON a run: the time of each in µs; or the memory that one of them takes, in
 * KiB.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "measure.h"
#include "service/service.h"

enum {
    CASES_MAX = 6,
    EDITS_AT_ONCE = 100,
    STRIDE = 7919, /* a prime, so that the edits are spread over all devices and none is met twice */
};

static const Actor root = {.user = (char *) "root", .process = (char *) "update-times"};

static void commit(Service *service, Plan *plan, GError *error)
{
    int64_t change;

    if (!plan || !service_commit(service, plan, &root, &change, &error))
        die("commit", error->message);
    plan_free(plan);
}

static Service *open_service(const char *state, const char *folder)
{
    g_autoptr(GError) error = NULL;
    Service *service;

    if (mkdir(state, 0700) < 0 && !g_file_test(state, G_FILE_TEST_IS_DIR))
        die(state, "cannot be made");
    service = service_new(state, folder);
    if (!service_open(service, &error))
        die(state, error->message);
    return service;
}

/* The work */

static void import(Service *service, const char *model)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_import(service, model, "", &(WriteOptions){0}, &error);

    commit(service, plan, error);
}

/* "devices" of the n-th edit has one of the kinds that owners make. */
static Edit *make_edit(guint n, guint n_devices, GError **error)
{
    guint device = (n * STRIDE) % n_devices;
    g_autofree char *path = g_strdup_printf("devices/device_%05u", device), *own = NULL, *value = NULL;

    switch (n % 10) {
    case 4:
        return edit_new(EDIT_SET, path, "/capabilities", "[\"on_off\", \"brightness\", \"scenes\"]", error);
    case 5:
        value = g_strdup_printf("/bindings/%05X:%u/notes", 0x1F000 + 2 * (device / 500), device / 2 % 250);
        return edit_new(EDIT_SET, path, value, "\"dims slowly\"", error);
    case 6:
        return edit_new(EDIT_SET, path, "/groups", "[\"evening\", \"guests\"]", error);
    case 7:
        return edit_new(EDIT_SET, path, "/area", "\"interior.bedroom\"", error);
    case 8:
        return edit_new(EDIT_DELETE, path, "", "", error);
    case 9:
        own = g_strdup_printf("devices/own_%05u", n);
        value = g_strdup_printf("{\"entity_id\": \"own_%05u\", \"friendly_name\": \"My own %u\", "
                                "\"device_type\": \"light\", \"capabilities\": [\"on_off\"], "
                                "\"bindings\": [{\"dgn\": \"1E%03X\", \"instance\": %u}]}",
                                n, n, n / 200, n % 200);
        return edit_new(EDIT_PUT, own, "", value, error);
    default:
        value = g_strdup_printf("\"A name that is mine %u\"", n);
        return edit_new(EDIT_SET, path, "/friendly_name", value, error);
    }
}

static void edit(Service *service, const char *model, guint n_devices, guint n_edits)
{
    for (guint n = 0; n < n_edits;) {
        g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
        g_autoptr(GError) error = NULL;
        Plan *plan = NULL;

        for (guint end = MIN(n + EDITS_AT_ONCE, n_edits); n < end; n++) {
            Edit *one = make_edit(n, n_devices, &error);
            if (!one)
                die(model, error->message);
            g_ptr_array_add(edits, one);
        }
        plan = service_plan_edits(service, model, edits, "", &(WriteOptions){.force = true}, &error);
        commit(service, plan, error);
    }
}

static UpdatePreview *preview(Service *service, const char *model)
{
    g_autoptr(GError) error = NULL;
    UpdatePreview *result = service_preview_update(service, model, &(UpdateOptions){0}, &error);

    if (!result)
        die(model, error->message);
    return result;
}

static void apply(Service *service, const char *model, const char *token)
{
    const UpdateOptions options = {.allow = MERGE_ALLOW_ALL};
    g_autoptr(GError) error = NULL;
    Plan *plan = service_plan_update(service, model, token, &options, "", &(WriteOptions){0}, &error);

    commit(service, plan, error);
}

static void undo(Service *service)
{
    g_autoptr(GError) error = NULL;
    int64_t newest;
    Plan *plan = NULL;

    if (service_get_revision(service, &newest, &error))
        plan = service_plan_undo(service, newest, "", &(WriteOptions){0}, &error);
    commit(service, plan, error);
}

/* Times */

typedef struct Case {
    char *prepared; /* the state with the older file and the edits */
    char *folder;   /* with the newer file */
    char *model;
    Samples import, preview, apply, undo;
} Case;

/* A copy of a state that nobody has open. */
static void copy_state(const char *from, const char *to)
{
    g_autofree char *source = g_build_filename(from, "config.db", NULL),
                    *target = g_build_filename(to, "config.db", NULL);
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    if (mkdir(to, 0700) < 0)
        die(to, "cannot be made");
    if (!g_file_get_contents(source, &data, &length, &error) ||
        !g_file_set_contents_full(target, data, (gssize) length, G_FILE_SET_CONTENTS_DURABLE, 0600, &error))
        die(to, error->message);
}

static void remove_state(const char *state)
{
    char *argv[] = {(char *) "rm", (char *) "-r", (char *) state, NULL};

    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL))
        die(state, "cannot be removed");
}

static void time_import(Case *this, const char *state)
{
    Service *service = open_service(state, this->folder);
    int64_t start = clock_ns();

    import(service, this->model);
    samples_add(&this->import, clock_ns() - start);
    service_free(service);
    remove_state(state);
}

static void time_update(Case *this, const char *state)
{
    UpdatePreview *previewed;
    Service *service;
    int64_t start;

    copy_state(this->prepared, state);
    service = open_service(state, this->folder);
    start = clock_ns();
    previewed = preview(service, this->model);
    samples_add(&this->preview, clock_ns() - start);
    start = clock_ns();
    apply(service, this->model, previewed->token);
    samples_add(&this->apply, clock_ns() - start);
    update_preview_free(previewed);
    start = clock_ns();
    undo(service);
    samples_add(&this->undo, clock_ns() - start);
    service_free(service);
    remove_state(state);
}

static void read_case(Case *this, char **words)
{
    *this = (Case){words[1], words[2], words[3], {0}, {0}, {0}, {0}};
    samples_init(&this->import, g_strconcat(words[0], "-import", NULL));
    samples_init(&this->preview, g_strconcat(words[0], "-preview", NULL));
    samples_init(&this->apply, g_strconcat(words[0], "-apply", NULL));
    samples_init(&this->undo, g_strconcat(words[0], "-undo", NULL));
}

static void print_run(Case *cases, guint n)
{
    Samples all[CASES_MAX * 4];

    for (guint i = 0; i < n; i++) {
        all[4 * i] = cases[i].import;
        all[4 * i + 1] = cases[i].preview;
        all[4 * i + 2] = cases[i].apply;
        all[4 * i + 3] = cases[i].undo;
    }
    samples_print(all, 4 * n);
}

/* The first run warms up and does not count. */
static void time_cases(Case *cases, guint n, int runs, const char *scratch)
{
    guint order[CASES_MAX * 2], serial = 0;

    for (guint i = 0; i < 2 * n; i++)
        order[i] = i;
    for (int run = -1; run < runs; run++) {
        shuffle(order, 2 * n);
        for (guint i = 0; i < 2 * n; i++) {
            g_autofree char *state = g_strdup_printf("%s/state-%u", scratch, serial++);

            if (order[i] < n)
                time_import(&cases[order[i]], state);
            else
                time_update(&cases[order[i] - n], state);
        }
        if (run >= 0)
            print_run(cases, n);
        for (guint i = 0; run < 0 && i < n; i++) {
            g_array_set_size(cases[i].import.times, 0);
            g_array_set_size(cases[i].preview.times, 0);
            g_array_set_size(cases[i].apply.times, 0);
            g_array_set_size(cases[i].undo.times, 0);
        }
    }
}

/* Memory */

/* Each in a process of its own, because a peak stays. */
static void measure(const char *state, const char *folder, const char *model, const char *work)
{
    Service *service = open_service(state, folder);
    struct rusage usage;

    if (strcmp(work, "import") == 0) {
        import(service, model);
    } else {
        UpdatePreview *previewed = preview(service, model);
        g_autofree char *token = g_strdup(previewed->token);

        update_preview_free(previewed);
        if (strcmp(work, "preview") != 0)
            apply(service, model, token);
        if (strcmp(work, "undo") == 0)
            undo(service);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"peak\": %ld}\n", usage.ru_maxrss);
    service_free(service);
}

static const char usage_text[] =
    "prepare STATE FOLDER MODEL DEVICES EDITS | memory STATE FOLDER MODEL import|preview|apply|undo | "
    "times RUNS SCRATCH {LABEL PREPARED-STATE NEWER-FOLDER MODEL}…";

int main(int argc, char **argv)
{
    Case cases[CASES_MAX];
    guint n = 0;

    if (argc == 7 && strcmp(argv[1], "prepare") == 0) {
        Service *service = open_service(argv[2], argv[3]);

        import(service, argv[4]);
        edit(service, argv[4], (guint) atoi(argv[5]), (guint) atoi(argv[6]));
        service_free(service);
    } else if (argc == 6 && strcmp(argv[1], "memory") == 0) {
        measure(argv[2], argv[3], argv[4], argv[5]);
    } else if (argc >= 8 && argc <= 4 + 4 * CASES_MAX && strcmp(argv[1], "times") == 0) {
        for (char **words = argv + 4; *words && words[1] && words[2] && words[3]; words += 4)
            read_case(&cases[n++], words);
        time_cases(cases, n, atoi(argv[2]), argv[3]);
    } else {
        die(argv[0], usage_text);
    }
    return EXIT_SUCCESS;
}
