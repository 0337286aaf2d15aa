/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which edits of an old installation have a place beside what was done here, and what that makes of the
 * items of the report that lead to them. */
#include "service/migrate-private.h"

#include "base/error.h"
#include "coach/path.h"

#include <string.h>

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

/* Those of one component, made when there are none. */
static GPtrArray *decisions_of(const LegacyJudge *judge, const char *path)
{
    GPtrArray *list = g_hash_table_lookup(judge->decisions, path);

    if (!list) {
        list = g_ptr_array_new_with_free_func((GDestroyNotify) decision_free);
        g_hash_table_insert(judge->decisions, g_strdup(path), list);
    }
    return list;
}

static Decision *decide(LegacyJudge *judge, const char *path, const char *field, MigrationResult result)
{
    Decision *decision = g_new0(Decision, 1);

    decision->field = g_strdup(field);
    decision->result = result;
    g_ptr_array_add(decisions_of(judge, path), decision);
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
static Value *outcome_of(const LegacyJudge *judge, const char *path)
{
    GPtrArray *pinned = g_hash_table_lookup(judge->pinned, path);
    g_autoptr(GPtrArray) none = override_list_new();

    return override_apply(path, g_hash_table_lookup(judge->by_path, path), pinned ? pinned : none);
}

/* Whether a component stands in the way of another in its section. An empty map is in nobody's way. */
static bool stands_in_way(const LegacyJudge *judge, const char *path, const char *other)
{
    size_t length = strcspn(path, "/");
    bool same = strncmp(other, path, length) == 0, child = same && other[length] == '/',
         whole = same && other[length] == '\0';
    g_autoptr(Value) outcome = NULL;

    /* Most are of another section, and there are many pairs. */
    if (path[length] ? !whole : !child)
        return false;
    outcome = outcome_of(judge, other);
    return outcome && (child || !value_is_map(outcome) || value_length(outcome) > 0);
}

static bool has_room(const LegacyJudge *judge, const char *path)
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

static void refuse_decision(LegacyJudge *judge, const char *path, Decision *decision)
{
    GPtrArray *pinned = g_hash_table_lookup(judge->pinned, path);

    decision->result = MIGRATION_REFUSED;
    g_free(decision->reason);
    decision->reason = g_strdup(
        "The section was edited here, and cannot be divided as it was in the old installation; edit it "
        "here if the old one is right");
    if (pinned)
        override_list_drop(pinned, decision->field);
}

/* Where a section cannot be what it was, what would have made room for it stays too. */
static void refuse_section(LegacyJudge *judge, const char *path)
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
static void check_sections(LegacyJudge *judge)
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
static char *find_obstacle(const LegacyJudge *judge, const Deciding *component, const Override *met,
                           const Override *wish)
{
    const PastEdit *past;

    if (met)
        return describe_edit(met);
    past = legacy_past_find(&judge->past, component->path, wish->field);
    return past ? describe_past(past) : NULL;
}

/* Decides about a wish, unless all is as it says already: then it is left for when the others are laid. */
static Decision *decide_wish(LegacyJudge *judge, const Deciding *component, const Override *wish)
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

static void decide_component(LegacyJudge *judge, const char *path, GPtrArray *wishes)
{
    g_autoptr(GPtrArray) decisions = g_ptr_array_new();
    const Deciding component = {.path = path,
                                .vendor = g_hash_table_lookup(judge->by_path, path),
                                .overrides = g_hash_table_lookup(judge->overrides, path),
                                .pinned = override_table_get(judge->pinned, path)};
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

static void pin_overrides(LegacyJudge *judge)
{
    GHashTableIter iter;
    gpointer path, overrides;

    judge->pinned = override_table_new();
    g_hash_table_iter_init(&iter, judge->overrides);
    while (g_hash_table_iter_next(&iter, &path, &overrides)) {
        GPtrArray *list = override_table_get(judge->pinned, path);

        for (guint i = 0; i < ((GPtrArray *) overrides)->len; i++)
            g_ptr_array_add(list, override_copy(g_ptr_array_index((GPtrArray *) overrides, i)));
    }
}

/* Where the release comes in new, nothing stands against any wish. */
static void take_all(LegacyJudge *judge, const char *path, GPtrArray *wishes)
{
    GPtrArray *list = override_table_get(judge->pinned, path);

    for (guint i = 0; i < wishes->len; i++) {
        const Override *wish = g_ptr_array_index(wishes, i);

        decide(judge, path, wish->field, MIGRATION_TAKEN);
        g_ptr_array_add(list, override_copy(wish));
    }
}

void legacy_decide_all(LegacyJudge *judge)
{
    GHashTableIter iter;
    gpointer path, wishes;

    judge->decisions =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
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

/* What becomes of the items that lead to edits */

static void resolve_place(const LegacyJudge *judge, const LegacyPlace *place, const Decision **worst)
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
static void resolve_item(const LegacyJudge *judge, MigrationItem *item)
{
    const Decision *worst = NULL;

    for (guint i = 0; i < item->places->len; i++)
        resolve_place(judge, g_ptr_array_index(item->places, i), &worst);
    g_clear_pointer(&item->places, g_ptr_array_unref);
    item->result = worst ? worst->result : MIGRATION_PRESENT;
    if (worst && worst->reason)
        migration_item_judge(item, worst->result, "%s", worst->reason);
}

void legacy_resolve_items(const LegacyJudge *judge)
{
    GPtrArray *items = judge->migration->report->items;

    for (guint i = 0; i < items->len; i++) {
        MigrationItem *item = g_ptr_array_index(items, i);
        if (item->places)
            resolve_item(judge, item);
    }
}
