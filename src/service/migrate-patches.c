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
/* Values that may be gone through to find the patches after which there is no coach file. */
#define CHECKED_NODES_MAX 5000000

typedef struct Patcher {
    GPtrArray *patches; /* of LegacyPatch */
    Value *start;       /* the data before; borrowed */
    char **reasons;     /* one a patch: why it is left out for good; NULL: it is not */
    size_t checked;     /* values gone through */
} Patcher;

/* One run */

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

/* Applies the first `n` that are not left out for good, and gives the data. With `report` it also notes what
 * each changes, and why it cannot be applied. */
static Value *run(Patcher *patcher, guint n, bool report)
{
    g_autoptr(GPtrArray) failed = g_ptr_array_new_with_free_func(g_free);
    JsonPatchBudget budget = {.nodes = ADDED_NODES_MAX, .bytes = ADDED_BYTES_MAX};
    Value *data = value_ref(patcher->start);

    for (guint i = 0; i < n; i++) {
        LegacyPatch *patch = g_ptr_array_index(patcher->patches, i);
        g_autoptr(GPtrArray) places = report ? g_ptr_array_new_with_free_func(free_places) : NULL;
        g_autoptr(GError) error = NULL;

        if (patcher->reasons[i])
            continue;
        if (apply_one(&data, patch->operation, failed, places, &budget, &error)) {
            if (report)
                patch->item->places = g_steal_pointer(&places);
        } else if (report && error) {
            migration_item_judge(patch->item, MIGRATION_REFUSED,
                                 "It cannot be applied: %s; edit the coach here if it is still wanted",
                                 error->message);
        }
    }
    return data;
}

/* Finding those after which there is no coach file */

static bool is_coach_file(Patcher *patcher, Value *data, GError **error)
{
    g_autoptr(CoachFile) file = NULL;
    ValueSize size = {0};

    if (value_is_map(data))
        value_map_measure(data, 0, &size, CHECKED_NODES_MAX);
    patcher->checked += size.nodes;
    file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, error);
    return file != NULL;
}

/* Between `low` patches, after which there is a coach file, and `high`, after which there is none, is one
 * that makes the difference. */
static void leave_one_out(Patcher *patcher)
{
    guint low = 0, high = patcher->patches->len;
    g_autoptr(GError) why = NULL;

    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        g_autoptr(Value) data = run(patcher, middle, false);
        g_autoptr(GError) error = NULL;

        if (is_coach_file(patcher, data, &error)) {
            low = middle;
        } else {
            high = middle;
            g_clear_error(&why);
            why = g_steal_pointer(&error);
        }
    }
    if (!why) {
        g_autoptr(Value) data = run(patcher, high, false);
        is_coach_file(patcher, data, &why);
    }
    patcher->reasons[high - 1] =
        g_strdup_printf("After it this is no coach file: %s", why ? why->message : "");
}

static void leave_all_out(Patcher *patcher)
{
    for (guint i = 0; i < patcher->patches->len; i++)
        if (!patcher->reasons[i])
            patcher->reasons[i] =
                g_strdup("Too many of these patches leave no coach file; mend the file, and migrate again");
}

static void settle(Patcher *patcher)
{
    while (true) {
        g_autoptr(Value) data = run(patcher, patcher->patches->len, false);

        if (is_coach_file(patcher, data, NULL))
            return;
        if (patcher->checked >= CHECKED_NODES_MAX) {
            leave_all_out(patcher);
            return;
        }
        leave_one_out(patcher);
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
    Patcher patcher = {.patches = coach->patches, .start = *data};
    Value *patched;

    if (coach->patches->len == 0)
        return;
    patcher.reasons = g_new0(char *, coach->patches->len);
    settle(&patcher);
    patched = run(&patcher, coach->patches->len, true);
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
    *data = patched;
}
