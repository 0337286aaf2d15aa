/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an old installation had of one coach, beside what the service has of it by now.
 *
 * The file, with its patches and names laid upon it, is what the old system served. What lies between the
 * release that the file follows and that are the owner's edits. Where the service has nothing of the coach,
 * or only what ships and nobody has touched, the release comes in with the edits upon it, and readers get
 * what they got. Where somebody has done more, the release that the service has stays, the edits are merged
 * onto it as an update would, and one that meets what was done here gives way. */
#include "service/migrate-private.h"

#include "base/error.h"
#include "service/transition.h"

static void judge_clear(LegacyJudge *judge)
{
    import_status_free(judge->status);
    g_clear_pointer(&judge->by_path, g_hash_table_unref);
    g_clear_pointer(&judge->vendor, g_ptr_array_unref);
    g_clear_pointer(&judge->overrides, g_hash_table_unref);
    legacy_past_clear(&judge->past);
    legacy_base_clear(&judge->base);
    g_clear_pointer(&judge->wanted, g_ptr_array_unref);
    g_clear_pointer(&judge->wishes, g_hash_table_unref);
    g_clear_pointer(&judge->renamed, g_hash_table_unref);
    g_clear_pointer(&judge->decisions, g_hash_table_unref);
    g_clear_pointer(&judge->pinned, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyJudge, judge_clear)

/* What the service has */

static bool load_components(LegacyJudge *judge, GError **error)
{
    Service *service = judge->migration->service;

    if (judge->status)
        return store_list_vendor_components(service->store, judge->status->revision_id, &judge->vendor,
                                            error) &&
               store_list_overrides(service->store, judge->coach->id, &judge->overrides, error);
    judge->vendor = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    judge->overrides = override_table_new();
    return true;
}

static bool load_state(LegacyJudge *judge, GError **error)
{
    Service *service = judge->migration->service;

    if (!legacy_past_load(service, judge->coach->id, &judge->past, error) ||
        !store_get_import(service->store, judge->coach->id, &judge->status, error) ||
        !load_components(judge, error))
        return false;
    judge->by_path = component_table(judge->vendor);
    return true;
}

/* The owner's wishes upon the release that it will be */

static GHashTable *take_merged(const Merge *merge)
{
    GHashTable *wishes = override_table_new();

    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);
        if (component->after->len > 0)
            g_hash_table_insert(wishes, g_strdup(component->path), g_ptr_array_ref(component->after));
    }
    return wishes;
}

static GHashTable *list_renamed(const Merge *merge)
{
    GHashTable *renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        if (item->class == MERGE_RENAMED && !item->field[0])
            g_hash_table_insert(renamed, g_strdup(value_string(item->base)), g_strdup(item->path));
    }
    return renamed;
}

static bool merge_wishes(LegacyJudge *judge, GHashTable *wishes, GError **error)
{
    const MergeInput input = {.base = judge->base.components,
                              .incoming = judge->vendor,
                              .overrides = wishes,
                              .allow = MERGE_ALLOW_ALL};
    g_autoptr(Merge) merge = merge_plan(&input, error);

    if (!merge)
        return false;
    judge->wishes = take_merged(merge);
    judge->renamed = list_renamed(merge);
    return true;
}

static bool find_wishes(LegacyJudge *judge, GError **error)
{
    g_autoptr(GHashTable) wishes = coach_difference(judge->base.components, judge->wanted, error);

    if (!wishes)
        return false;
    if (judge->keeps_vendor && !g_str_equal(judge->status->content_hash, judge->base.content_hash))
        return merge_wishes(judge, wishes, error);
    judge->wishes = g_steal_pointer(&wishes);
    return true;
}

/* The plan */

static Passage *passage_for(LegacyJudge *judge)
{
    LegacyBase *base = &judge->base;
    Passage *passage = passage_new(judge->coach->id);

    if (base->to) {
        passage->to = g_steal_pointer(&base->to);
        return passage;
    }
    passage->file = g_steal_pointer(&base->file);
    passage->byte_hash = g_strdup(base->byte_hash);
    passage->origin = g_strdup(base->origin);
    return passage;
}

/* The one that the service has. */
static bool set_vendor(LegacyJudge *judge, Passage *passage, GError **error)
{
    if (!store_find_vendor_revision(judge->migration->service->store, judge->coach->id,
                                    judge->status->content_hash, &passage->to, error))
        return false;
    if (passage->to)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                "The database is damaged: the release of %s that is imported is not there",
                judge->coach->id);
    return false;
}

static bool add_passage(LegacyJudge *judge, GError **error)
{
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *incoming = judge->keeps_vendor ? judge->vendor : judge->base.components;
    const MergeInput input = {.base = judge->vendor,
                              .incoming = incoming,
                              .overrides = none,
                              .pinned = judge->pinned,
                              .renames = none,
                              .allow = MERGE_ALLOW_ALL};
    g_autoptr(Merge) merge = merge_plan(&input, error);
    Passage *passage;

    if (!merge)
        return false;
    const Transition transition = {.from = judge->status,
                                   .base = judge->vendor,
                                   .incoming = incoming,
                                   .overrides = judge->overrides,
                                   .merge = merge};
    passage = judge->keeps_vendor ? passage_new(judge->coach->id) : passage_for(judge);
    if (judge->keeps_vendor && !set_vendor(judge, passage, error)) {
        passage_free(passage);
        return false;
    }
    return plan_add_passage(judge->migration->service, judge->migration->plan, passage, &transition, error);
}

/* The report */

/* What the file is, in words. */
static char *describe_base(const LegacyJudge *judge)
{
    const LegacyBase *base = &judge->base;
    const CoachDistance *distance = &base->distance;
    g_autofree char *named = base->n_named == 0 ? g_strdup("")
                             : base->n_named == 1
                                 ? g_strdup("; one interface got its logical name")
                                 : g_strdup_printf("; %u interfaces got their logical name", base->n_named);

    if (base->exact)
        return g_strdup_printf("It is release %s", base->version);
    if (!base->custom)
        return g_strdup_printf("It is an edited copy of release %s, other than that in %zu of %zu fields%s",
                               base->version, distance->different, distance->fields, named);
    if (distance->fields == 0)
        return g_strdup_printf("It is a coach of its own%s", named);
    return g_strdup_printf(
        "It is a coach of its own: other than the nearest release that is known, %s, in %zu of %zu fields%s",
        base->nearest, distance->different, distance->fields, named);
}

static void judge_file(const LegacyJudge *judge, MigrationItem *item)
{
    g_autofree char *what = describe_base(judge);

    if (!judge->keeps_vendor)
        migration_item_judge(item, MIGRATION_TAKEN, "%s", what);
    else if (g_str_equal(judge->status->content_hash, judge->base.content_hash))
        migration_item_judge(item, MIGRATION_PRESENT, "%s, which is here already", what);
    else if (judge->base.custom)
        migration_item_judge(
            item, MIGRATION_REFUSED,
            "%s; %s is here since somebody worked with it, and stays. The old file was not taken: "
            "import it as a release of %s to have what it says",
            what, judge->status->version, judge->coach->id);
    else
        migration_item_judge(
            item, MIGRATION_PRESENT,
            "%s; %s is here since somebody worked with it, and stays: what the owner changed is merged onto it",
            what, judge->status->version);
}

static void judge_references(const LegacyJudge *judge)
{
    for (guint i = 0; i < judge->coach->references->len; i++) {
        const LegacyFile *reference = g_ptr_array_index(judge->coach->references, i);

        if (reference != judge->file)
            migration_item_judge(reference->item, MIGRATION_PRESENT, "Release %s, to compare with",
                                 reference->file->version);
    }
}

/* All of a coach that cannot be taken. */
static void refuse_all(LegacyJudge *judge, const char *reason)
{
    if (judge->file)
        migration_item_judge(judge->file->item, MIGRATION_REFUSED, "%s", reason);
    for (guint i = 0; i < judge->coach->patches->len; i++)
        migration_item_judge(((const LegacyPatch *) g_ptr_array_index(judge->coach->patches, i))->item,
                             MIGRATION_REFUSED, "%s", reason);
    for (guint i = 0; i < judge->coach->names->len; i++)
        migration_item_judge(((const LegacyName *) g_ptr_array_index(judge->coach->names, i))->item,
                             MIGRATION_REFUSED, "%s", reason);
}

static bool is_removed(LegacyJudge *judge)
{
    g_autofree char *who = NULL, *reason = NULL;

    if (judge->status || !judge->past.removed)
        return false;
    who = legacy_describe_author(judge->past.last->actor.user, judge->past.last->id, judge->past.last->time);
    reason = g_strdup_printf(
        "The coach was removed here by %s; to have it back, undo that or import the file", who);
    refuse_all(judge, reason);
    return true;
}

/* Files that only say what ships need not be brought. */
static bool has_nothing_to_bring(const LegacyJudge *judge)
{
    const LegacyCoach *coach = judge->coach;

    return !coach->own && coach->patches->len == 0 && coach->names->len == 0 && !coach->activate &&
           (!judge->file || g_str_equal(judge->base.origin, "bundled"));
}

static void choose_file(LegacyJudge *judge)
{
    judge->file = judge->coach->own;
    if (!judge->file && judge->coach->references->len > 0)
        judge->file = g_ptr_array_index(judge->coach->references, 0);
}

static bool judge_content(LegacyJudge *judge, GError **error)
{
    judge->keeps_vendor =
        judge->status &&
        (g_str_equal(judge->status->content_hash, judge->base.content_hash) || judge->past.decided ||
         g_hash_table_size(judge->overrides) > 0 || !g_str_equal(judge->status->origin, "bundled"));
    if (!legacy_list_own_edits(judge, error) || !legacy_find_wanted(judge, error) ||
        !find_wishes(judge, error))
        return false;
    legacy_decide_all(judge);
    if (judge->file)
        judge_file(judge, judge->file->item);
    legacy_resolve_items(judge);
    judge->coach->usable = true;
    return add_passage(judge, error);
}

bool legacy_judge_coach(Migration *migration, LegacyCoach *coach, GError **error)
{
    g_auto(LegacyJudge) judge = {.migration = migration, .coach = coach};

    choose_file(&judge);
    judge_references(&judge);
    if (!load_state(&judge, error))
        return false;
    if (is_removed(&judge))
        return true;
    if (!legacy_find_base(migration, coach, judge.status, judge.file, &judge.base, error))
        return false;
    if (!judge.base.components) {
        refuse_all(
            &judge,
            "There is no file of this coach, neither here nor in the old installation; bring one along");
        return true;
    }
    if (has_nothing_to_bring(&judge)) {
        if (judge.file)
            migration_item_judge(judge.file->item, MIGRATION_PRESENT,
                                 "It is release %s, which ships with the service", judge.base.version);
        coach->usable = true;
        return true;
    }
    return judge_content(&judge, error);
}
