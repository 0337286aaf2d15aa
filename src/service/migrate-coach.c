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
#include "base/json.h"
#include "coach/device.h"
#include "coach/path.h"
#include "service/transition.h"

#include <string.h>

#define FRIENDLY_NAME "/friendly_name"

/* What becomes of one edit of the owner's. */
typedef struct Decision {
    char *field;
    MigrationResult result;
    char *reason; /* NULL: none */
} Decision;

static void decision_free(Decision *decision)
{
    g_free(decision->field);
    g_free(decision->reason);
    g_free(decision);
}

typedef struct Judge {
    Migration *migration;
    LegacyCoach *coach;
    const LegacyFile *file; /* NULL: none */
    ImportStatus *status;   /* NULL: not imported */
    GPtrArray *vendor;      /* of Component: what the service has; empty where nothing */
    GHashTable *by_path;    /* path → its data, borrowed */
    GHashTable *overrides;  /* path → array of Override: the same */
    LegacyPast past;
    LegacyBase base;
    bool keeps_vendor;     /* the release that the service has stays */
    GPtrArray *wanted;     /* of Component: what the old system served */
    GHashTable *wishes;    /* path → array of Override, upon the release that it will be */
    GHashTable *renamed;   /* path in the old file → path now */
    GHashTable *decisions; /* path → array of Decision */
    GHashTable *pinned;    /* path → array of Override: all that the coach will have */
} Judge;

static void judge_clear(Judge *judge)
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
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Judge, judge_clear)

static GHashTable *list_table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

static GPtrArray *list_table_get(GHashTable *table, const char *path, GDestroyNotify item_free)
{
    GPtrArray *list = g_hash_table_lookup(table, path);

    if (!list) {
        list = g_ptr_array_new_with_free_func(item_free);
        g_hash_table_insert(table, g_strdup(path), list);
    }
    return list;
}

/* What the service has */

static bool load_components(Judge *judge, GError **error)
{
    Service *service = judge->migration->service;

    if (judge->status)
        return store_list_vendor_components(service->store, judge->status->revision_id, &judge->vendor,
                                            error) &&
               store_list_overrides(service->store, judge->coach->id, &judge->overrides, error);
    judge->vendor = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    judge->overrides = list_table_new();
    return true;
}

static bool load_state(Judge *judge, GError **error)
{
    Service *service = judge->migration->service;

    if (!legacy_past_load(service, judge->coach->id, &judge->past, error) ||
        !store_get_import(service->store, judge->coach->id, &judge->status, error) ||
        !load_components(judge, error))
        return false;
    judge->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < judge->vendor->len; i++) {
        const Component *component = g_ptr_array_index(judge->vendor, i);
        g_hash_table_insert(judge->by_path, component->path, component->data);
    }
    return true;
}

/* What the old system served */

static void add_difference_items(Judge *judge, GHashTable *edits)
{
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(edits), (GCompareFunc) strcmp);

    for (GList *l = paths; l; l = l->next) {
        GPtrArray *list = g_hash_table_lookup(edits, l->data);

        for (guint i = 0; i < list->len; i++) {
            const Override *edit = g_ptr_array_index(list, i);
            MigrationItem *item = migration_report_add(judge->migration->report, "edit", judge->file->origin,
                                                       judge->coach->id);
            LegacyPlace *place = g_new0(LegacyPlace, 1);

            *place = (LegacyPlace){.path = g_strdup(l->data), .field = g_strdup(edit->field)};
            migration_item_set_place(item, l->data, edit->field);
            migration_item_set_value(item, edit->value);
            item->places = g_ptr_array_new_with_free_func((GDestroyNotify) legacy_place_free);
            g_ptr_array_add(item->places, place);
        }
    }
}

static CoachFile *read_named(const Judge *judge, Value *data, unsigned *ret_n, GError **error)
{
    g_autoptr(Value) named = value_ref(data);

    *ret_n = legacy_name_interfaces(&named, judge->migration->interfaces,
                                    judge->base.custom ? NULL : judge->base.components);
    return coach_file_new(named, COACH_FILE_COMPONENTS_MAX, error);
}

/* The owner's differences from the release, before patches and names. */
static bool list_own_edits(Judge *judge, GError **error)
{
    g_autoptr(GHashTable) edits = NULL;
    g_autoptr(CoachFile) file = NULL;

    if (!judge->file || judge->base.exact || judge->base.custom)
        return true;
    file = read_named(judge, judge->file->data, &judge->base.n_named, error);
    edits = file ? coach_difference(judge->base.components, file->components, error) : NULL;
    if (!edits)
        return false;
    add_difference_items(judge, edits);
    return true;
}

static Component *find_component(GPtrArray *components, const char *path)
{
    for (guint i = 0; i < components->len; i++) {
        Component *component = g_ptr_array_index(components, i);
        if (g_str_equal(component->path, path))
            return component;
    }
    return NULL;
}

static bool give_name(Component *device, Value *name, GError **error)
{
    g_autoptr(GPtrArray) none = override_list_new(), edits = NULL;
    Value *named;

    edits = override_record(device->path, device->data, none, FRIENDLY_NAME, name, error);
    if (!edits)
        return false;
    named = override_apply(device->path, device->data, edits);
    value_unref(device->data);
    device->data = named;
    return true;
}

static void take_name(Judge *judge, const LegacyName *name)
{
    g_autofree char *path = path_new(PATH_DEVICES, name->id);
    Component *device = find_component(judge->wanted, path);
    g_autoptr(GError) error = NULL;
    LegacyPlace *place;
    const char *type;

    migration_item_set_place(name->item, path, FRIENDLY_NAME);
    if (!device) {
        migration_item_judge(name->item, MIGRATION_REFUSED,
                             "The coach has no such device; give the name to one that it has");
        return;
    }
    if (!give_name(device, name->value, &error)) {
        migration_item_judge(name->item, MIGRATION_REFUSED, "%s", error->message);
        return;
    }
    type = value_map_get_string(device->data, "device_type");
    if (type && name->type[0] && !g_str_equal(type, name->type))
        migration_item_judge(name->item, MIGRATION_TAKEN, "It is a %s here, not a %s", type, name->type);
    place = g_new0(LegacyPlace, 1);
    *place = (LegacyPlace){.path = g_steal_pointer(&path), .field = g_strdup(FRIENDLY_NAME)};
    name->item->places = g_ptr_array_new_with_free_func((GDestroyNotify) legacy_place_free);
    g_ptr_array_add(name->item->places, place);
}

static GPtrArray *copy_components(GPtrArray *components)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        g_ptr_array_add(copy, component_new(component->path, component->data));
    }
    return copy;
}

/* Where the coach has no file here, patches are of what the service has. */
static Value *legacy_data(const Judge *judge, GError **error)
{
    g_autoptr(CoachFile) file = NULL;

    if (judge->file)
        return value_ref(judge->file->data);
    if (judge->base.file)
        return coach_file_expand(judge->base.file->components, judge->base.file->layout, error);
    if (!store_load_vendor_file(judge->migration->service->store, judge->base.to->id, &file, error))
        return NULL;
    return coach_file_expand(file->components, file->layout, error);
}

static bool find_wanted(Judge *judge, GError **error)
{
    g_autoptr(Value) data = legacy_data(judge, error);
    g_autoptr(CoachFile) file = NULL;
    unsigned ignored;

    if (!data)
        return false;
    legacy_patch(judge->migration, judge->coach, &data);
    /* Without a file and patches nothing of it may change by being written out and read again. */
    if (!judge->file && judge->coach->patches->len == 0) {
        judge->wanted = copy_components(judge->base.components);
    } else {
        file = read_named(judge, data, &ignored, error);
        if (!file)
            return false;
        judge->wanted = g_ptr_array_ref(file->components);
    }
    for (guint i = 0; i < judge->coach->names->len; i++)
        take_name(judge, g_ptr_array_index(judge->coach->names, i));
    return true;
}

/* The owner's wishes upon the release that it will be */

static GHashTable *take_merged(const Merge *merge)
{
    GHashTable *wishes = list_table_new();

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

static bool merge_wishes(Judge *judge, GHashTable *wishes, GError **error)
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

static bool find_wishes(Judge *judge, GError **error)
{
    g_autoptr(GHashTable) wishes = coach_difference(judge->base.components, judge->wanted, error);

    if (!wishes)
        return false;
    if (judge->keeps_vendor && !g_str_equal(judge->status->content_hash, judge->base.content_hash))
        return merge_wishes(judge, wishes, error);
    judge->wishes = g_steal_pointer(&wishes);
    return true;
}

/* Deciding */

static Decision *decide(Judge *judge, const char *path, const char *field, MigrationResult result)
{
    Decision *decision = g_new0(Decision, 1);

    decision->field = g_strdup(field);
    decision->result = result;
    g_ptr_array_add(list_table_get(judge->decisions, path, (GDestroyNotify) decision_free), decision);
    return decision;
}

/* The owner's edit here that a wish would touch; NULL: none. */
static const Override *find_met(GPtrArray *overrides, const char *path, const Override *wish)
{
    const Override *met = overrides ? override_list_find(overrides, wish->field) : NULL;

    for (guint i = 0; !met && overrides && i < overrides->len; i++) {
        const Override *override = g_ptr_array_index(overrides, i);
        if (legacy_fields_meet(path, wish->field, override->field))
            met = override;
    }
    return met;
}

static bool is_so_already(const char *path, Value *effective, const Override *wish)
{
    g_autoptr(Value) now = component_view_field(path, effective, wish->field);

    return value_equal(now, wish->value);
}

static char *describe_edit(const Override *override)
{
    const OverrideAuthor *author = override->author;
    g_autofree char *who =
        author ? legacy_describe_author(author->user, author->change, author->time) : g_strdup("somebody");

    return g_strdup_printf("It was edited here by %s, and stays so; edit it here if the old one is right",
                           who);
}

static char *describe_past(const PastEdit *edit)
{
    g_autofree char *who = legacy_describe_author(edit->user, edit->change, edit->time);

    return g_strdup_printf(
        "It was changed here by %s (%s), and stays so; edit it here if the old one is right", who,
        edit->kind);
}

/* Sections: each is one component, or is divided into components */

static char *section_of(const char *path)
{
    return g_strndup(path, strcspn(path, "/"));
}

/* What a component will be, by what is decided so far; NULL: none. A new reference. */
static Value *outcome_of(const Judge *judge, const char *path)
{
    GPtrArray *pinned = g_hash_table_lookup(judge->pinned, path);
    g_autoptr(GPtrArray) none = override_list_new();

    return override_apply(path, g_hash_table_lookup(judge->by_path, path), pinned ? pinned : none);
}

/* Whether a component stands in the way of another in its section. An empty map is in nobody's way. */
static bool stands_in_way(const Judge *judge, const char *path, const char *other)
{
    g_autofree char *section = section_of(path);
    bool whole = g_str_equal(other, section),
         child = g_str_has_prefix(other, section) && other[strlen(section)] == '/';
    g_autoptr(Value) outcome = NULL;

    if (g_str_equal(path, section) ? !child : !whole)
        return false;
    outcome = outcome_of(judge, other);
    return outcome && (child || !value_is_map(outcome) || value_length(outcome) > 0);
}

static bool has_room(const Judge *judge, const char *path)
{
    GHashTableIter iter;
    gpointer other;

    for (guint i = 0; i < judge->vendor->len; i++)
        if (stands_in_way(judge, path, ((const Component *) g_ptr_array_index(judge->vendor, i))->path))
            return false;
    g_hash_table_iter_init(&iter, judge->pinned);
    while (g_hash_table_iter_next(&iter, &other, NULL))
        if (stands_in_way(judge, path, other))
            return false;
    return true;
}

static void refuse_decision(Judge *judge, const char *path, Decision *decision)
{
    GPtrArray *pinned = g_hash_table_lookup(judge->pinned, path);

    decision->result = MIGRATION_REFUSED;
    g_free(decision->reason);
    decision->reason = g_strdup(
        "The section was edited here, and cannot be divided as it was in the old installation; edit it "
        "here if the old one is right");
    for (guint i = pinned ? pinned->len : 0; i-- > 0;)
        if (g_str_equal(((const Override *) g_ptr_array_index(pinned, i))->field, decision->field))
            g_ptr_array_remove_index(pinned, i);
}

/* Where a section cannot be what it was, what would have made room for it stays too. */
static void refuse_section(Judge *judge, const char *path)
{
    g_autofree char *section = section_of(path), *prefix = g_strconcat(section, "/", NULL);
    GHashTableIter iter;
    gpointer other, decisions;

    g_hash_table_iter_init(&iter, judge->decisions);
    while (g_hash_table_iter_next(&iter, &other, &decisions)) {
        if (!g_str_equal(other, section) && !g_str_has_prefix(other, prefix))
            continue;
        for (guint i = 0; i < ((GPtrArray *) decisions)->len; i++) {
            Decision *decision = g_ptr_array_index((GPtrArray *) decisions, i);
            if (!decision->field[0] && decision->result == MIGRATION_TAKEN)
                refuse_decision(judge, other, decision);
        }
    }
}

/* What is new, once all else is decided. */
static void check_sections(Judge *judge)
{
    GHashTableIter iter;
    gpointer path, wishes;

    g_hash_table_iter_init(&iter, judge->wishes);
    while (g_hash_table_iter_next(&iter, &path, &wishes)) {
        const Override *whole = override_list_find(wishes, "");

        if (whole && whole->op == OVERRIDE_SET && !path_is_device(path) && !has_room(judge, path))
            refuse_section(judge, path);
    }
}

/* One component while it is decided about. */
typedef struct Deciding {
    const char *path;
    Value *vendor;        /* NULL: none */
    GPtrArray *overrides; /* NULL: none */
    GPtrArray *pinned;    /* what it will have so far */
} Deciding;

/* Why a wish has no place beside what was done here; NULL: it has one. Free with g_free(). */
static char *find_obstacle(const Judge *judge, const Deciding *component, const Override *met,
                           const Override *wish)
{
    const PastEdit *past;

    if (met)
        return describe_edit(met);
    past = legacy_past_find(&judge->past, component->path, wish->field);
    return past ? describe_past(past) : NULL;
}

/* Decides about a wish, unless all is as it says already: then it is left for when the others are laid. */
static Decision *decide_wish(Judge *judge, const Deciding *component, const Override *wish)
{
    const Override *met = find_met(component->overrides, component->path, wish);
    g_autoptr(Value) now = override_apply(component->path, component->vendor, component->pinned);
    g_autofree char *obstacle = NULL;
    Decision *decision;

    if ((met && override_same_wish(met, wish)) || is_so_already(component->path, now, wish))
        return decide(judge, component->path, wish->field, MIGRATION_PRESENT);
    obstacle = find_obstacle(judge, component, met, wish);
    decision = decide(judge, component->path, wish->field, obstacle ? MIGRATION_REFUSED : MIGRATION_TAKEN);
    decision->reason = g_steal_pointer(&obstacle);
    return decision;
}

/* A wish at the device takes from its bindings what was as others wish it to be. */
static bool lay_again(const Deciding *component, const Override *wish, Decision *decision)
{
    g_autoptr(Value) now = NULL;

    if (decision->result != MIGRATION_PRESENT || find_met(component->overrides, component->path, wish))
        return false;
    now = override_apply(component->path, component->vendor, component->pinned);
    if (is_so_already(component->path, now, wish))
        return false;
    decision->result = MIGRATION_TAKEN;
    g_ptr_array_add(component->pinned, override_copy(wish));
    return true;
}

static void decide_component(Judge *judge, const char *path, GPtrArray *wishes)
{
    g_autoptr(GPtrArray) decisions = g_ptr_array_new();
    const Deciding component = {.path = path,
                                .vendor = g_hash_table_lookup(judge->by_path, path),
                                .overrides = g_hash_table_lookup(judge->overrides, path),
                                .pinned =
                                    list_table_get(judge->pinned, path, (GDestroyNotify) override_free)};
    bool again;

    for (guint i = 0; i < wishes->len; i++) {
        const Override *wish = g_ptr_array_index(wishes, i);
        Decision *decision = decide_wish(judge, &component, wish);

        g_ptr_array_add(decisions, decision);
        if (decision->result == MIGRATION_TAKEN)
            g_ptr_array_add(component.pinned, override_copy(wish));
    }
    do {
        again = false;
        for (guint i = 0; i < wishes->len; i++)
            again = lay_again(&component, g_ptr_array_index(wishes, i), g_ptr_array_index(decisions, i)) ||
                    again;
    } while (again);
}

static void pin_overrides(Judge *judge)
{
    GHashTableIter iter;
    gpointer path, overrides;

    judge->pinned = list_table_new();
    g_hash_table_iter_init(&iter, judge->overrides);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        GPtrArray *list = list_table_get(judge->pinned, path, (GDestroyNotify) override_free);

        for (guint i = 0; i < ((GPtrArray *) overrides)->len; i++)
            g_ptr_array_add(list, override_copy(g_ptr_array_index((GPtrArray *) overrides, i)));
    }
}

/* Where the release comes in new, nothing stands against any wish. */
static void take_all(Judge *judge, const char *path, GPtrArray *wishes)
{
    GPtrArray *list = list_table_get(judge->pinned, path, (GDestroyNotify) override_free);

    for (guint i = 0; i < wishes->len; i++) {
        const Override *wish = g_ptr_array_index(wishes, i);

        decide(judge, path, wish->field, MIGRATION_TAKEN);
        g_ptr_array_add(list, override_copy(wish));
    }
}

static void decide_all(Judge *judge)
{
    GHashTableIter iter;
    gpointer path, wishes;

    judge->decisions = list_table_new();
    pin_overrides(judge);
    g_hash_table_iter_init(&iter, judge->wishes);
    while (g_hash_table_iter_next(&iter, &path, &wishes)) {
        if (judge->keeps_vendor)
            decide_component(judge, path, wishes);
        else
            take_all(judge, path, wishes);
    }
    if (judge->keeps_vendor)
        check_sections(judge);
}

/* The plan */

static Passage *passage_for(Judge *judge)
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
static bool set_vendor(Judge *judge, Passage *passage, GError **error)
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

static bool add_passage(Judge *judge, GError **error)
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

static void resolve_place(const Judge *judge, const LegacyPlace *place, const Decision **worst)
{
    const char *now = judge->renamed ? g_hash_table_lookup(judge->renamed, place->path) : NULL;
    const char *path = now ? now : place->path;
    GPtrArray *decisions = g_hash_table_lookup(judge->decisions, path);

    for (guint i = 0; decisions && i < decisions->len; i++) {
        const Decision *decision = g_ptr_array_index(decisions, i);
        const LegacyPlace moved = {.path = (char *) path, .field = place->field};
        bool exact = g_str_equal(place->field, decision->field);
        static const int rank[] = {[MIGRATION_PRESENT] = 0, [MIGRATION_TAKEN] = 1, [MIGRATION_REFUSED] = 2};

        if (!exact && !legacy_place_concerns(&moved, path, decision->field))
            continue;
        if (!*worst || rank[decision->result] > rank[(*worst)->result])
            *worst = decision;
    }
}

/* An item becomes what the edits become that it leads to. Where it leads to none, all is as it says. */
static void resolve_item(const Judge *judge, MigrationItem *item)
{
    const Decision *worst = NULL;

    for (guint i = 0; i < item->places->len; i++)
        resolve_place(judge, g_ptr_array_index(item->places, i), &worst);
    g_clear_pointer(&item->places, g_ptr_array_unref);
    item->result = worst ? worst->result : MIGRATION_PRESENT;
    if (worst && worst->reason)
        migration_item_judge(item, worst->result, "%s", worst->reason);
}

static void resolve_items(const Judge *judge)
{
    GPtrArray *items = judge->migration->report->items;

    for (guint i = 0; i < items->len; i++) {
        MigrationItem *item = g_ptr_array_index(items, i);
        if (item->places)
            resolve_item(judge, item);
    }
}

/* What the file is, in words. */
static char *describe_base(const Judge *judge)
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
        return g_strdup_printf("It is an edited copy of release %s: %zu of %zu fields differ%s",
                               base->version, distance->different, distance->fields, named);
    if (distance->fields == 0)
        return g_strdup_printf("It is a coach of its own%s", named);
    return g_strdup_printf(
        "It is a coach of its own: from the nearest release that is known, %s, %zu of %zu fields differ%s",
        base->nearest, distance->different, distance->fields, named);
}

static void judge_file(const Judge *judge, MigrationItem *item)
{
    g_autofree char *what = describe_base(judge);

    if (!judge->keeps_vendor)
        migration_item_judge(item, MIGRATION_TAKEN, "%s", what);
    else if (g_str_equal(judge->status->content_hash, judge->base.content_hash))
        migration_item_judge(item, MIGRATION_PRESENT, "%s, which is here already", what);
    else
        migration_item_judge(
            item, MIGRATION_PRESENT,
            "%s; %s is here since somebody worked with it, and stays: what the owner changed is merged onto it",
            what, judge->status->version);
}

static void judge_references(const Judge *judge)
{
    for (guint i = 0; i < judge->coach->references->len; i++) {
        const LegacyFile *reference = g_ptr_array_index(judge->coach->references, i);

        if (reference != judge->file)
            migration_item_judge(reference->item, MIGRATION_PRESENT, "Release %s, to compare with",
                                 reference->file->version);
    }
}

/* All of a coach that cannot be taken. */
static void refuse_all(Judge *judge, const char *reason)
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

static bool is_removed(Judge *judge)
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
static bool has_nothing_to_bring(const Judge *judge)
{
    const LegacyCoach *coach = judge->coach;

    return !coach->own && coach->patches->len == 0 && coach->names->len == 0 && !coach->activate &&
           (!judge->file || g_str_equal(judge->base.origin, "bundled"));
}

static void choose_file(Judge *judge)
{
    judge->file = judge->coach->own;
    if (!judge->file && judge->coach->references->len > 0)
        judge->file = g_ptr_array_index(judge->coach->references, 0);
}

static bool judge_content(Judge *judge, GError **error)
{
    judge->keeps_vendor =
        judge->status &&
        (g_str_equal(judge->status->content_hash, judge->base.content_hash) || judge->past.decided ||
         g_hash_table_size(judge->overrides) > 0 || !g_str_equal(judge->status->origin, "bundled"));
    if (!list_own_edits(judge, error) || !find_wanted(judge, error) || !find_wishes(judge, error))
        return false;
    decide_all(judge);
    if (judge->file)
        judge_file(judge, judge->file->item);
    resolve_items(judge);
    judge->coach->usable = true;
    return add_passage(judge, error);
}

bool legacy_judge_coach(Migration *migration, LegacyCoach *coach, GError **error)
{
    g_auto(Judge) judge = {.migration = migration, .coach = coach};

    choose_file(&judge);
    judge_references(&judge);
    if (!load_state(&judge, error))
        return false;
    if (is_removed(&judge))
        return true;
    if (!legacy_find_base(migration, coach, judge.status, judge.file, &judge.base, error)) {
        if (error && *error)
            return false;
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
