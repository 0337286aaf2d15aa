/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The patches that an owner laid upon a coach file. The old system applied all of them or none; here one
 * that cannot be applied, or that leaves no coach file, is left out, and the others are taken. */
#include "service/migrate-private.h"

#include "base/error.h"
#include "base/json-patch.h"
#include "base/pointer.h"

/* What all patches of a coach may add. */
#define ADDED_NODES_MAX 100000
#define ADDED_BYTES_MAX (4 * 1024 * 1024)
/* What may be done for the patches of one coach, in values that are gone through: about a second. */
#define WORK_MAX 40000000
/* One patch costs about as much as so many values, and copies what is around its place. */
#define WORK_PER_PATCH 500
#define NODES_PER_COPY 10
/* At worst each patch copies all of the file. Of the largest real one a thousand copy a tenth of this. */
#define COPIED_MAX 100000000
/* Times in which it is looked whether all that follows makes a coach file again. */
#define EARLY_ROUNDS 8

typedef struct Patcher {
    GPtrArray *patches; /* of LegacyPatch */
    char **reasons;     /* one a patch: why it is left out for good; NULL: it is not */
    size_t nodes;       /* values in the file */
    size_t work;        /* that was done */
} Patcher;

/* The data after some of the patches. */
typedef struct Stage {
    guint n; /* how many of them */
    Value *data;
    GPtrArray *failed; /* of char *: what tests that failed have tested */
    JsonPatchBudget budget;
} Stage;

static void stage_clear(Stage *stage)
{
    g_clear_pointer(&stage->data, value_unref);
    g_clear_pointer(&stage->failed, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stage, stage_clear)

static Stage stage_new(Value *data)
{
    return (Stage){.data = value_ref(data),
                   .failed = g_ptr_array_new_with_free_func(g_free),
                   .budget = {.nodes = ADDED_NODES_MAX, .bytes = ADDED_BYTES_MAX}};
}

static gpointer copy_text(gconstpointer text, gpointer unused G_GNUC_UNUSED)
{
    return g_strdup(text);
}

static Stage stage_copy(const Stage *stage)
{
    Stage copy = *stage;

    copy.data = value_ref(stage->data);
    copy.failed = g_ptr_array_copy(stage->failed, copy_text, NULL);
    return copy;
}

/* Takes over the other stage. */
static void stage_replace(Stage *stage, Stage *other)
{
    stage_clear(stage);
    *stage = *other;
    *other = (Stage){0};
}

/* One patch */

static void free_places(gpointer place)
{
    legacy_place_free(place);
}

/* "/1FEDA/25/0" as the file spells it. The operation is copied, and has the new pointers. */
static Value *respell(Value *data, Value *operation, GError **error)
{
    static const char *const names[] = {"path", "from"};
    g_autoptr(Value) respelt = value_ref(operation);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *pointer = value_map_get_string(operation, names[i]);
        char *text = pointer ? legacy_pointer_respell(data, pointer, error) : NULL;

        if (pointer && !text)
            return NULL;
        if (text)
            value_map_take(&respelt, names[i], value_new_string(text));
        g_free(text);
    }
    return g_steal_pointer(&respelt);
}

/* A test that failed holds what follows at that place off. */
static bool is_guarded(GPtrArray *failed, const Value *operation)
{
    const char *path = value_map_get_string(operation, "path");

    for (guint i = 0; path && i < failed->len; i++) {
        const char *tested = g_ptr_array_index(failed, i);

        if (g_str_equal(path, tested) || field_is_inside(path, tested) || field_is_inside(tested, path))
            return true;
    }
    return false;
}

/* The places that an operation takes something from, and those that have something else after it. */
static void locate(Value *data, const Value *operation, bool after, GPtrArray *places)
{
    static const struct {
        const char *op, *pointer;
        bool after;
    } touched[] = {
        {"remove", "path", false}, {"replace", "path", false}, {"replace", "path", true},
        {"test", "path", false},   {"add", "path", true},      {"copy", "path", true},
        {"move", "from", false},   {"move", "path", true},
    };
    const char *op = value_map_get_string(operation, "op");

    for (guint i = 0; op && i < G_N_ELEMENTS(touched); i++) {
        const char *pointer = value_map_get_string(operation, touched[i].pointer);

        if (pointer && touched[i].after == after && g_str_equal(touched[i].op, op))
            legacy_locate(data, pointer, places);
    }
}

static bool apply_one(Value **data, Value *operation, GPtrArray *failed, GPtrArray *places,
                      JsonPatchBudget *budget, GError **error)
{
    g_autoptr(Value) respelt =
        value_is_map(operation) ? respell(*data, operation, error) : value_ref(operation);
    bool test = g_strcmp0(value_map_get_string(respelt, "op"), "test") == 0;
    const char *path = value_map_get_string(respelt, "path");

    if (!respelt)
        return false;
    if (!test && is_guarded(failed, respelt)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "a test before it failed");
        return false;
    }
    if (places)
        locate(*data, respelt, false, places);
    if (!json_patch_apply(data, respelt, budget, error)) {
        if (test && path)
            g_ptr_array_add(failed, g_strdup(path));
        return false;
    }
    if (places)
        locate(*data, respelt, true, places);
    return true;
}

/* Applies those up to the `n`th that are not left out for good. With `report` it also notes what each
 * changes, and why it cannot be applied. */
static void advance(Patcher *patcher, Stage *stage, guint n, bool report)
{
    for (; stage->n < n; stage->n++) {
        LegacyPatch *patch = g_ptr_array_index(patcher->patches, stage->n);
        g_autoptr(GPtrArray) places = report ? g_ptr_array_new_with_free_func(free_places) : NULL;
        g_autoptr(GError) error = NULL;

        if (patcher->reasons[stage->n])
            continue;
        patcher->work += WORK_PER_PATCH + patcher->nodes / NODES_PER_COPY;
        if (apply_one(&stage->data, patch->operation, stage->failed, places, &stage->budget, &error)) {
            if (report)
                patch->item->places = g_steal_pointer(&places);
        } else if (report && error) {
            migration_item_judge(patch->item, MIGRATION_REFUSED,
                                 "It cannot be applied: %s; edit the coach here if it is still wanted",
                                 error->message);
        }
    }
}

/* Finding those after which there is no coach file */

static size_t count_nodes(const Value *data)
{
    ValueSize size = {0};

    if (value_is_map(data))
        value_map_measure(data, 0, &size, WORK_MAX);
    return size.nodes;
}

static bool is_coach_file(Patcher *patcher, const Stage *stage, GError **error)
{
    g_autoptr(CoachFile) file = NULL;

    patcher->work += count_nodes(stage->data);
    file = coach_file_new(stage->data, COACH_FILE_COMPONENTS_MAX, error);
    return file != NULL;
}

/* Moves the stage, after which there is a coach file, on to the `n`th patch if there is one after that too;
 * else says why not. */
static bool try_advance(Patcher *patcher, Stage *stage, guint n, char **why)
{
    g_auto(Stage) trial = stage_copy(stage);
    g_autoptr(GError) error = NULL;

    advance(patcher, &trial, n, false);
    if (is_coach_file(patcher, &trial, &error)) {
        stage_replace(stage, &trial);
        return true;
    }
    g_free(*why);
    *why = g_strdup(error->message);
    return false;
}

/* Moves the stage on as far as there is a coach file, in steps that grow and then shrink, and leaves the one
 * out that makes the difference. True where all are done. */
static bool leave_one_out(Patcher *patcher, Stage *stage)
{
    guint high = patcher->patches->len, step = 1;
    g_autofree char *why = NULL;

    while (stage->n < high) {
        guint next = MIN(stage->n + step, high);

        if (!try_advance(patcher, stage, next, &why)) {
            high = next;
            break;
        }
        step *= 2;
    }
    if (!why)
        return true;
    while (high - stage->n > 1) {
        guint middle = stage->n + (high - stage->n) / 2;
        if (!try_advance(patcher, stage, middle, &why))
            high = middle;
    }
    patcher->reasons[high - 1] = g_strdup_printf("After it this is no coach file: %s", why);
    return false;
}

static void leave_rest_out(Patcher *patcher, guint from, const char *why)
{
    for (guint i = from; i < patcher->patches->len; i++)
        if (!patcher->reasons[i])
            patcher->reasons[i] = g_strdup(why);
}

/* What is no coach file in between may be one in the end: first that is looked at. */
static void settle(Patcher *patcher, Value *data)
{
    g_auto(Stage) stage = stage_new(data);
    g_autofree char *ignored = NULL;

    if (patcher->patches->len * patcher->nodes > COPIED_MAX) {
        leave_rest_out(patcher, 0, "There are too many patches for so large a file; mend the file instead");
        return;
    }
    for (guint round = 1;; round++) {
        bool looks = round <= EARLY_ROUNDS || (round & (round - 1)) == 0;

        if (looks && try_advance(patcher, &stage, patcher->patches->len, &ignored))
            return;
        if (leave_one_out(patcher, &stage))
            return;
        if (patcher->work >= WORK_MAX) {
            leave_rest_out(patcher, stage.n,
                           "Too many of these patches leave no coach file; mend the file instead");
            return;
        }
    }
}

/* Where one thing is changed, that is the place; else the pointer says it. */
static void show_place(MigrationItem *item)
{
    const LegacyPlace *first =
        item->places && item->places->len > 0 ? g_ptr_array_index(item->places, 0) : NULL;

    for (guint i = 1; first && i < item->places->len; i++) {
        const LegacyPlace *place = g_ptr_array_index(item->places, i);
        if (!g_str_equal(place->path, first->path) || !g_str_equal(place->field, first->field))
            return;
    }
    if (first)
        migration_item_set_place(item, first->path, first->field);
}

void legacy_patch(LegacyCoach *coach, Value **data)
{
    Patcher patcher = {.patches = coach->patches, .nodes = count_nodes(*data)};
    g_auto(Stage) patched = stage_new(*data);

    if (coach->patches->len == 0)
        return;
    patcher.reasons = g_new0(char *, coach->patches->len);
    settle(&patcher, *data);
    advance(&patcher, &patched, coach->patches->len, true);
    for (guint i = 0; i < coach->patches->len; i++) {
        LegacyPatch *patch = g_ptr_array_index(coach->patches, i);

        if (patcher.reasons[i])
            migration_item_judge(patch->item, MIGRATION_REFUSED, "%s", patcher.reasons[i]);
        else if (patch->item->places)
            show_place(patch->item);
        g_free(patcher.reasons[i]);
    }
    g_free(patcher.reasons);
    value_unref(*data);
    *data = g_steal_pointer(&patched.data);
}
