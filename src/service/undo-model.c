/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking back what a change did to one model: its edits, or with the vendor's data that it brought. */
#include "base/error.h"
#include "service/moves.h"
#include "service/transition.h"
#include "service/undo.h"

static void model_undo_clear(ModelUndo *undo)
{
    import_status_free(undo->status);
    g_clear_pointer(&undo->by_place, g_hash_table_unref);
    g_clear_pointer(&undo->steps, g_ptr_array_unref);
    g_clear_pointer(&undo->current, g_hash_table_unref);
    vendor_revision_free(undo->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModelUndo, model_undo_clear)

/* The overrides on the way back */

/* path → array of Override. */
typedef struct Split {
    GHashTable *free;   /* what is merged with the vendor's data of before */
    GHashTable *pinned; /* what is there again as it was */
} Split;

static void split_clear(Split *split)
{
    g_clear_pointer(&split->free, g_hash_table_unref);
    g_clear_pointer(&split->pinned, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Split, split_clear)

/* Whether an override that is no step of the change is as it was then, because nobody touched it since. */
static bool is_untouched(GHashTable *later, const char *path, const char *field)
{
    GPtrArray *changes = g_hash_table_lookup(later, path);

    for (guint i = 0; changes && i < changes->len; i++) {
        const LaterChange *change = g_ptr_array_index(changes, i);
        if (g_str_equal(change->field, field))
            return false;
    }
    return true;
}

static void remove_related(GHashTable *table, const char *path, const char *field)
{
    GPtrArray *list = g_hash_table_lookup(table, path);

    for (guint i = list ? list->len : 0; i-- > 0;) {
        const Override *override = g_ptr_array_index(list, i);

        if (g_str_equal(override->field, field) || field_is_inside(override->field, field) ||
            field_is_inside(field, override->field))
            g_ptr_array_remove_index(list, i);
    }
}

/* A merge would give some of what nobody touched another form, with the same meaning: a set that both sides
 * changed, a component that the vendor had for a while. */
static bool split_current(ModelUndo *undo, Split *split, GError **error)
{
    bool pins = undo->target && undo->still_there;
    GHashTable *later = pins ? undo_later_changes(undo->undo, undo->model, error) : NULL;
    GHashTableIter iter;
    gpointer path, overrides;

    if (pins && !later)
        return false;
    g_hash_table_iter_init(&iter, undo->current);
    while (g_hash_table_iter_next(&iter, &path, &overrides))
        for (guint i = 0; i < ((GPtrArray *) overrides)->len; i++) {
            const Override *override = g_ptr_array_index((GPtrArray *) overrides, i);
            bool pinned = pins && !undo_find_step(undo, path, override->field) &&
                          is_untouched(later, path, override->field);

            g_ptr_array_add(override_table_get(pinned ? split->pinned : split->free, path),
                            override_copy(override));
        }
    return true;
}

static bool split_overrides(ModelUndo *undo, Split *split, GError **error)
{
    split->free = override_table_new();
    split->pinned = override_table_new();
    if (!split_current(undo, split, error))
        return false;
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);

        if (step->state != STEP_MATCHES)
            continue;
        remove_related(split->free, step->path_now, step->field_now);
        remove_related(split->pinned, step->path_now, step->field_now);
    }
    for (guint i = 0; i < undo->steps->len; i++) {
        const Step *step = g_ptr_array_index(undo->steps, i);
        if (step->state == STEP_MATCHES && step->before)
            g_ptr_array_add(override_table_get(split->pinned, step->path), override_copy(step->before));
    }
    return true;
}

/* The vendor's data on the way back */

static bool list_components(ModelUndo *undo, int64_t revision_id, GPtrArray **ret, GError **error)
{
    if (revision_id)
        return store_list_vendor_components(undo->undo->service->store, revision_id, ret, error);
    *ret = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    return true;
}

/* Past other releases, names go back and forth as the files say. */
static GHashTable *stated_renames(GPtrArray *base, GPtrArray *incoming)
{
    GHashTable *renames = merge_find_renames(base, incoming);
    g_autoptr(GHashTable) back = merge_find_renames(incoming, base);
    GHashTableIter iter;
    gpointer path, old_path;

    g_hash_table_iter_init(&iter, back);
    while (g_hash_table_iter_next(&iter, &path, &old_path))
        g_hash_table_insert(renames, g_strdup(old_path), g_strdup(path));
    return renames;
}

/* Names that the change changed go back. Not all that a file says were: an owner may have had the new name
 * already. */
static GHashTable *find_renames(const ModelUndo *undo, GPtrArray *base, GPtrArray *incoming)
{
    g_autoptr(Moves) moves = NULL;

    /* A restore or a migration changes no names by itself; the coach that it brought may have others. */
    if (!undo->still_there || g_str_equal(undo->undo->change->kind, "restore") ||
        g_str_equal(undo->undo->change->kind, "migration"))
        return stated_renames(base, incoming);
    moves = moves_parse(undo->undo->change->detail, undo->model);
    return moves_renames(moves, true);
}

/* Whether what stands against it is named already. */
static bool is_listed(const ModelUndo *undo, const char *path, const char *field)
{
    const Step *step = undo_find_step(undo, path, field);

    return step && step->state == STEP_CHANGED;
}

/* Where everything goes, edits that were made since are what stands against it. */
static bool check_removal(ModelUndo *undo, Split *split, bool *ret_possible, GError **error)
{
    GHashTableIter iter;
    gpointer path, overrides;

    if (undo->target)
        return true;
    g_hash_table_iter_init(&iter, split->free);
    while (g_hash_table_iter_next(&iter, &path, &overrides))
        for (guint i = 0; !undo->undo->force && i < ((GPtrArray *) overrides)->len; i++) {
            const Override *override = g_ptr_array_index((GPtrArray *) overrides, i);

            *ret_possible = false;
            if (!is_listed(undo, path, override->field) &&
                !undo_skip(undo->undo, undo->model, path, override->field, error))
                return false;
        }
    g_hash_table_remove_all(split->free);
    return true;
}

/* Components that came with the release and were edited since stay as the owner's own; but not where there
 * is no place for them. */
static bool check_items(ModelUndo *undo, const Merge *merge, GError **error)
{
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);

        if (item->class == MERGE_SECTION_COLLISION) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                        "Change %" G_GINT64_FORMAT " cannot be undone: %s", undo->undo->change->id,
                        value_string(item->result));
            return false;
        }
        if (item->class == MERGE_REMOVED_EDITED && undo->target && !is_listed(undo, item->path, "") &&
            !undo_skip(undo->undo, undo->model, item->path, "", error))
            return false;
    }
    return true;
}

static bool undo_release(ModelUndo *undo, GError **error)
{
    g_autoptr(GPtrArray) base = NULL, incoming = NULL;
    g_autoptr(GHashTable) renames = NULL;
    g_autoptr(Merge) merge = NULL;
    g_auto(Split) split = {0};
    bool possible = true;
    Passage *passage;

    if (!split_overrides(undo, &split, error) || !check_removal(undo, &split, &possible, error))
        return false;
    if (!possible)
        return true;
    if (!list_components(undo, undo->status ? undo->status->revision_id : 0, &base, error) ||
        !list_components(undo, undo->target ? undo->target->id : 0, &incoming, error))
        return false;
    renames = find_renames(undo, base, incoming);
    const MergeInput input = {.base = base,
                              .incoming = incoming,
                              .overrides = split.free,
                              .pinned = split.pinned,
                              .renames = renames,
                              .allow = MERGE_ALLOW_ALL};
    merge = merge_plan(&input, error);
    if (!merge || !check_items(undo, merge, error))
        return false;

    const Transition transition = {.from = undo->status,
                                   .base = base,
                                   .incoming = incoming,
                                   .overrides = undo->current,
                                   .merge = merge};
    passage = passage_new(undo->model);
    passage->to = g_steal_pointer(&undo->target);
    return plan_add_passage(undo->undo->service, undo->undo->plan, passage, &transition, error);
}

static bool load_target(ModelUndo *undo, GError **error)
{
    const char *hash = undo->release->base_hash;

    if (!hash)
        return true;
    if (!store_find_vendor_revision(undo->undo->service->store, undo->model, hash, &undo->target, error))
        return false;
    if (undo->target)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                "The vendor's data that change %" G_GINT64_FORMAT " went away from are not there any more",
                undo->undo->change->id);
    return false;
}

/* Whether of what a change removed only what ships was imported since, as the first use of a bundled model
 * does: that does not stand against its coming back. A file that somebody brought does. */
static bool was_imported_anew(const ModelUndo *undo, bool *ret, GError **error)
{
    g_autoptr(GPtrArray) releases = NULL;

    *ret = false;
    if (undo->release->content_hash || !undo->status || !g_str_equal(undo->status->origin, "bundled"))
        return true;
    if (!store_list_later_releases(undo->undo->service->store, undo->model, undo->undo->change->id,
                                   &releases, error))
        return false;
    *ret = releases->len == 1 &&
           g_str_equal(((const LaterRelease *) g_ptr_array_index(releases, 0))->kind, "import");
    return true;
}

/* Whether the vendor's data have to go back. `*ret` is false where the change brought none, or they are as
 * before already. They cannot where another release came since. */
static bool needs_release(ModelUndo *undo, bool *ret, bool *ret_possible, GError **error)
{
    const char *now = undo->status ? undo->status->content_hash : NULL;
    bool anew;

    *ret = undo->release != NULL;
    if (!undo->release)
        return true;
    undo->still_there = g_strcmp0(now, undo->release->content_hash) == 0;
    undo->went_back = g_strcmp0(now, undo->release->base_hash) == 0;
    if (undo->went_back) {
        *ret = undo->undo->several;
        return !*ret || load_target(undo, error);
    }
    if (!was_imported_anew(undo, &anew, error))
        return false;
    if (undo->still_there || anew || undo->undo->force)
        return load_target(undo, error);
    *ret_possible = false;
    return undo_skip(undo->undo, undo->model, "", "", error);
}

bool undo_model(Undo *whole, const char *model, const Release *release, GError **error)
{
    g_auto(ModelUndo) undo = {.undo = whole, .model = model, .release = release};
    bool goes_back, possible = true;

    if (!store_get_import(whole->service->store, model, &undo.status, error) ||
        !needs_release(&undo, &goes_back, &possible, error))
        return false;
    if (!possible)
        return true;
    if (!undo_load_steps(&undo, error))
        return false;
    if (!undo.status && !goes_back && undo.steps->len == 0)
        return true;
    if (!undo.status && !goes_back) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED,
                    "Model \"%s\" is not in the database any more; change %" G_GINT64_FORMAT
                    " was one of it",
                    model, whole->change->id);
        return false;
    }
    return goes_back ? undo_release(&undo, error) : undo_edits(&undo, error);
}
