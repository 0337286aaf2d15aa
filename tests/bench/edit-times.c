/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times edits inside the service, for models of several sizes, interleaved at random with bare commits.
 * Prints one line of JSON a run: the median of each in µs. */
#include <stdlib.h>

#include "bare.h"
#include "measure.h"
#include "service/service.h"

enum {
    SIZES_MAX = 4,
    DATA_SIZE = 1000,
    AUDIT_SIZE = 1500,
};

typedef struct Model {
    Service *service;
    const char *name;
    guint n_devices;
} Model;

static void edit(const Model *model)
{
    static guint serial = 0;
    const Actor root = {.user = (char *) "root", .process = (char *) "edit-times"};
    g_autofree char *path =
        g_strdup_printf("devices/device_%05d", g_random_int_range(0, (gint32) model->n_devices));
    g_autofree char *value = g_strdup_printf("\"A name that is new %u\"", serial++);
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func((GDestroyNotify) edit_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;
    Edit *one = edit_new(EDIT_SET, path, "/friendly_name", value, &error);
    int64_t change;

    if (one) {
        g_ptr_array_add(edits, one);
        plan = service_plan_edits(model->service, model->name, edits, "a test", &(WriteOptions){0}, &error);
    }
    if (!plan || !service_commit(model->service, plan, &root, &change, &error))
        die(path, error->message);
}

static void commit_bare(BareStore *bare)
{
    static guint serial = 0;
    g_autofree char *text = g_strdup_printf("%0*u", DATA_SIZE, serial++);

    bare_commit(bare, g_random_int(), text, AUDIT_SIZE);
}

static void commit_rows(BareRows *rows, const Model *model)
{
    static guint serial = 0;
    g_autofree char *path =
        g_strdup_printf("devices/device_%05d", g_random_int_range(0, (gint32) model->n_devices));
    g_autofree char *text = g_strdup_printf("A name that is new %u", serial++);

    bare_rows_commit(rows, model->name, path, text);
}

/* Loads the model and makes its index, as a daemon in use has it. */
static void open_model(Model *model, const char *state, const char *name, guint n_devices)
{
    g_autoptr(GPtrArray) devices = NULL;
    g_autoptr(GError) error = NULL;

    *model = (Model){.service = service_new(state, NULL), .name = name, .n_devices = n_devices};
    if (!service_lookup(model->service, name, 1, 1, &devices, &error))
        die(state, error->message);
}

/* edit-times RUNS EDITS NEW-DATABASE COPIED-DATABASE {STATE MODEL DEVICES}…; the copy is of the last one. */
int main(int argc, char **argv)
{
    Model models[SIZES_MAX] = {0};
    Samples samples[SIZES_MAX + 2];
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint));
    BareStore bare;
    BareRows rows;
    guint n = 0;

    if (argc < 8 || argc > 5 + 3 * SIZES_MAX)
        die(argv[0], "RUNS EDITS NEW-DATABASE COPIED-DATABASE {STATE MODEL DEVICES}…");
    for (char **words = argv + 5; *words && words[1] && words[2]; words += 3, n++) {
        open_model(&models[n], words[0], words[1], (guint) atoi(words[2]));
        samples_init(&samples[n], words[2]);
    }
    bare_open(&bare, argv[3], 10000, DATA_SIZE);
    bare_rows_open(&rows, argv[4]);
    samples_init(&samples[n], "bare");
    samples_init(&samples[n + 1], "bare-rows");

    for (guint kind = 0; kind < n + 2; kind++)
        for (int i = 0; i < atoi(argv[2]); i++)
            g_array_append_val(order, kind);
    for (int run = -1; run < atoi(argv[1]); run++) {
        shuffle((guint *) order->data, order->len);
        for (guint i = 0; i < order->len; i++) {
            guint kind = g_array_index(order, guint, i);
            int64_t start = clock_ns();

            if (kind < n)
                edit(&models[kind]);
            else if (kind == n)
                commit_bare(&bare);
            else
                commit_rows(&rows, &models[n - 1]);
            samples_add(&samples[kind], clock_ns() - start);
        }
        if (run >= 0)
            samples_print(samples, n + 2);
        else
            for (guint i = 0; i < n + 2; i++)
                g_array_set_size(samples[i].times, 0); /* the first warms the logs up */
    }

    bare_close(&bare);
    bare_rows_close(&rows);
    for (guint i = 0; i < n; i++)
        service_free(models[i].service);
    for (guint i = 0; i < n + 2; i++)
        samples_clear(&samples[i]);
    return EXIT_SUCCESS;
}
