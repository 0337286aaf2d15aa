/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a change, and which of them can be taken back. */
#include "service/moves.h"
#include "service/touched.h"
#include "service/undo.h"

void undo_step_free(Step *step)
{
    g_free(step->path);
    g_free(step->field);
    g_free(step->path_now);
    g_free(step->field_now);
    override_free(step->before);
    override_free(step->after);
    g_free(step);
}

static char *place_key(const char *path, const char *field)
{
    return g_strjoin("\n", path, field, NULL);
}

static Step *find(GHashTable *by_place, const char *path, const char *field)
{
    g_autofree char *key = place_key(path, field);

    return g_hash_table_lookup(by_place, key);
}

const Step *undo_find_step(const ModelUndo *undo, const char *path, const char *field)
{
    return find(undo->by_place, path, field);
}

/* Loading */

static bool load(ModelUndo *undo, GError **error)
{
    GPtrArray *entries = undo->undo->history;

    undo->steps = g_ptr_array_new_with_free_func((GDestroyNotify) undo_step_free);
    for (guint i = 0; i < entries->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(entries, i);
        Step *step;

        if (!g_str_equal(entry->model ? entry->model : undo->undo->change->model, undo->model))
            continue;
        step = g_new0(Step, 1);
        g_ptr_array_add(undo->steps, step);
        step->path = g_strdup(entry->path);
        step->field = g_strdup(entry->field);
        step->path_now = g_strdup(entry->path);
        step->field_now = g_strdup(entry->field);
        if (!touched_parse_override(entry->field, entry->override_before, &step->before, error) ||
            !touched_parse_override(entry->field, entry->override_after, &step->after, error))
            return false;
    }
    return true;
}

/* The owner's own component that the change deleted is nowhere that a release could take it. */
static bool can_move(const Step *step)
{
    return step->after || step->field[0] || !step->before || step->before->vendor;
}

static void follow(ModelUndo *undo, const char *detail)
{
    g_autoptr(Moves) moves = moves_parse(detail, undo->model);

    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        char *path, *field;

        if (!can_move(step) || !moves_find_new(moves, step->path_now, step->field_now, &path, &field))
            continue;
        g_free(step->path_now);
        g_free(step->field_now);
        step->path_now = path;
        step->field_now = field;
    }
}

/* The releases that lead from the data of the change to those of now, without the ways that only went there
 * and back by an undo: that took every edit to where it had been. A release that has an older content again
 * need not have. Borrowed members. */
static GPtrArray *straighten(GPtrArray *releases)
{
    GPtrArray *way = g_ptr_array_new();

    for (guint i = 0; i < releases->len; i++) {
        const LaterRelease *release = g_ptr_array_index(releases, i);
        bool back = g_str_equal(release->kind, "undo") || g_str_equal(release->kind, "restore");

        g_ptr_array_add(way, (gpointer) release);
        for (guint k = way->len; back && k-- > 0;)
            if (g_strcmp0(((const LaterRelease *) g_ptr_array_index(way, k))->base_hash,
                          release->content_hash) == 0) {
                g_ptr_array_set_size(way, (gint) k);
                break;
            }
    }
    return way;
}

/* The releases that came since have moved edits with what they renamed, and those of the steps too. */
static bool follow_all(ModelUndo *undo, GError **error)
{
    g_autoptr(GPtrArray) releases = NULL, way = NULL;

    /* Then all names are those of before the change. */
    if (undo->went_back)
        return true;
    if (!store_list_later_releases(undo->undo->service->store, undo->model, undo->undo->change->id,
                                   &releases, error))
        return false;
    way = straighten(releases);
    for (guint i = 0; i < way->len; i++)
        follow(undo, ((const LaterRelease *) g_ptr_array_index(way, i))->detail);
    return true;
}

/* An edit that the change dropped, in something that it renamed: what was edited since is under the new
 * name. */
static void move_dropped(const ModelUndo *undo, const Moves *moves, Step *step)
{
    char *path, *field;

    if (undo->went_back || step->newer || step->after ||
        !moves_find_new(moves, step->path, step->field, &path, &field))
        return;
    g_free(step->path_now);
    g_free(step->field_now);
    step->path_now = path;
    step->field_now = field;
}

/* An edit that the change itself moved has two steps: one at the old place, where it went, and one at the
 * new, where it came. They are undone together or not at all. */
static void pair(ModelUndo *undo)
{
    g_autoptr(Moves) moves = moves_parse(undo->undo->change->detail, undo->model);
    g_autoptr(GHashTable) by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);

        g_hash_table_insert(by_place, place_key(step->path, step->field), step);
    }
    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        g_autofree char *path = NULL, *field = NULL;

        if (!moves_find_old(moves, step->path, step->field, &path, &field))
            continue;
        step->older = find(by_place, path, field);
        if (step->older)
            step->older->newer = step;
    }
    for (guint i = 0; i < undo->steps->len; i++)
        move_dropped(undo, moves, g_ptr_array_index(undo->steps, i));
}

static void index_places(ModelUndo *undo)
{
    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        g_hash_table_insert(undo->by_place, place_key(step->path_now, step->field_now), step);
    }
}

/* Deciding */

static bool same(const Override *a, const Override *b)
{
    return a && b ? a->op == b->op && value_equal(a->value, b->value) : a == b;
}

/* Whether an override that this change neither made nor found lies around or inside the place of a step. */
static bool is_in_the_way(const ModelUndo *undo, const Step *step, GPtrArray *overrides)
{
    for (guint i = 0; overrides && i < overrides->len; i++) {
        const Override *other = g_ptr_array_index(overrides, i);
        const Step *own;

        if (!field_is_inside(other->field, step->field_now) &&
            !field_is_inside(step->field_now, other->field))
            continue;
        own = undo_find_step(undo, step->path_now, other->field);
        if (!own || (!same(own->after, other) && !same(own->before, other)))
            return true;
    }
    return false;
}

/* Steps that are undone already are left out, but not those that another edit swallowed. */
static void decide(const ModelUndo *undo, Step *step)
{
    GPtrArray *now = g_hash_table_lookup(undo->current, step->path_now);
    const Override *override = now ? override_list_find(now, step->field_now) : NULL;
    bool in_the_way = is_in_the_way(undo, step, now);

    /* Where the vendor's data do not go back, a wish that the change left is no step. */
    bool rebased = same(step->before, step->after) && (undo->went_back || !undo->release);

    if (rebased || (same(override, step->before) && !same(override, step->after) && !in_the_way))
        step->state = STEP_DONE;
    else if (undo->undo->force || (same(override, step->after) && !in_the_way))
        step->state = STEP_MATCHES;
    else
        step->state = STEP_CHANGED;
}

static void leave(Step *step, GPtrArray *queue)
{
    if (!step || step->state != STEP_MATCHES)
        return;
    step->state = STEP_LEFT;
    g_ptr_array_add(queue, step);
}

static void leave_pairs(const ModelUndo *undo)
{
    g_autoptr(GPtrArray) queue = g_ptr_array_new();

    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        if (step->state == STEP_CHANGED)
            g_ptr_array_add(queue, step);
    }
    while (queue->len > 0) {
        Step *step = g_ptr_array_steal_index_fast(queue, queue->len - 1);

        leave(step->older, queue);
        leave(step->newer, queue);
    }
}

/* Where the names went on to the old one by another way, the new step takes the edit away that the old one
 * found there. */
static void bring_pairs(const ModelUndo *undo)
{
    for (guint i = 0; i < undo->steps->len; i++) {
        Step *step = g_ptr_array_index(undo->steps, i);
        if (step->state == STEP_DONE && step->newer && step->newer->state == STEP_MATCHES)
            step->state = STEP_MATCHES;
    }
}

static bool load_current(ModelUndo *undo, GError **error)
{
    if (undo->status)
        return store_list_overrides(undo->undo->service->store, undo->model, &undo->current, error);
    undo->current = override_table_new();
    return true;
}

bool undo_load_steps(ModelUndo *undo, GError **error)
{
    undo->by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!load(undo, error))
        return false;
    pair(undo);
    if (!follow_all(undo, error) || !load_current(undo, error))
        return false;
    index_places(undo);
    for (guint i = 0; i < undo->steps->len; i++)
        decide(undo, g_ptr_array_index(undo->steps, i));
    leave_pairs(undo);
    bring_pairs(undo);
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);

        if (step->state == STEP_CHANGED &&
            !undo_skip(undo->undo, undo->model, step->path_now, step->field_now, error))
            return false;
    }
    return true;
}
