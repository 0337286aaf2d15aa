/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was done to a model since it is here. A migration overwrites nothing of that; but what was undone, or
 * gone back behind, is as if it had never been. */
#include "service/migrate-private.h"

#include "base/json.h"

#define PAGE 500

void legacy_past_clear(LegacyPast *past)
{
    g_clear_pointer(&past->edits, g_ptr_array_unref);
    g_clear_pointer(&past->last, change_free);
}

/* Goes through what was done from the newest on, and tells what of it was taken back by something newer that
 * was not taken back itself. */
typedef struct Taker {
    GHashTable *undone; /* set of texts */
    int64_t back_to;    /* everything after this was gone behind, from here on; G_MAXINT64: nothing */
} Taker;

/* `refers` is what an undo undoes, or what a restore went back to. */
static bool is_taken_back(Taker *taker, const char *kind, int64_t change, int64_t refers, const char *suffix)
{
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT "%s", change, suffix);

    if (change > taker->back_to || g_hash_table_contains(taker->undone, key))
        return true;
    if (g_str_equal(kind, "restore") && refers < change)
        taker->back_to = MIN(taker->back_to, refers);
    else if (g_str_equal(kind, "undo"))
        g_hash_table_add(taker->undone, g_strdup_printf("%" G_GINT64_FORMAT "%s", refers, suffix));
    else
        return false;
    return true;
}

static void taker_clear(Taker *taker)
{
    g_hash_table_unref(taker->undone);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Taker, taker_clear)

#define TAKER_NEW                                                                                           \
    {                                                                                                       \
        .undone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), .back_to = G_MAXINT64       \
    }

/* An undo may leave fields that somebody changed since: each field is looked at by itself. */
static void drop_taken_back(GPtrArray *edits)
{
    g_auto(Taker) taker = TAKER_NEW;
    guint n = 0;

    for (guint i = 0; i < edits->len; i++) {
        PastEdit *edit = g_ptr_array_index(edits, i);
        g_autofree char *place = g_strjoin("\n", "", edit->path, edit->field, NULL);

        if (is_taken_back(&taker, edit->kind, edit->change, edit->refers, place))
            continue;
        edits->pdata[i] = edits->pdata[n];
        edits->pdata[n++] = edit;
    }
    g_ptr_array_set_size(edits, (gint) n);
}

static int64_t refers_to(const Change *change)
{
    g_autoptr(Value) detail =
        change->detail ? json_parse(change->detail, -1, &json_limits_stored, NULL) : NULL;
    Value *number = value_map_get(detail, "undoes");

    if (!number)
        number = value_map_get(detail, "restored_revision");
    return number && value_type(number) == VALUE_INTEGER ? value_integer(number) : 0;
}

static void look_at_change(LegacyPast *past, Taker *taker, Change *change)
{
    if (is_taken_back(taker, change->kind, change->id, refers_to(change), "") ||
        g_str_equal(change->kind, SETTING_ACTIVATE))
        return;
    past->decided = past->decided || !g_str_equal(change->kind, "import");
    if (past->last)
        return;
    past->removed = g_str_equal(change->kind, "remove");
    past->last = g_new0(Change, 1);
    past->last->id = change->id;
    past->last->time = change->time;
    past->last->kind = g_strdup(change->kind);
    past->last->actor.user = g_strdup(change->actor.user);
}

static bool look_at_changes(Service *service, const char *model, LegacyPast *past, GError **error)
{
    g_auto(Taker) taker = TAKER_NEW;
    int64_t before = 0;

    do {
        g_autoptr(GPtrArray) changes = NULL;

        if (!store_list_changes(service->store, before, PAGE, model, NULL, &changes, &before, error))
            return false;
        for (guint i = 0; i < changes->len; i++)
            look_at_change(past, &taker, g_ptr_array_index(changes, i));
    } while (before > 0);
    return true;
}

bool legacy_past_load(Service *service, const char *model, LegacyPast *ret, GError **error)
{
    if (!store_list_past_edits(service->store, model, &ret->edits, error) ||
        !look_at_changes(service, model, ret, error))
        return false;
    drop_taken_back(ret->edits);
    /* What was pruned may have been a decision. */
    ret->decided = ret->decided || !ret->last;
    return true;
}

static bool fields_overlap(const char *a, const char *b)
{
    return g_str_equal(a, b) || field_is_inside(a, b) || field_is_inside(b, a);
}

/* A wish at a binding wins there over one at the device; the other way round each keeps its own. */
bool legacy_fields_meet(const char *path, const char *field, const char *other)
{
    const char *part = field_at_binding(path, field);

    return fields_overlap(field, other) ||
           (part && part[0] && !field_at_binding(path, other) && fields_overlap(part, other));
}

const PastEdit *legacy_past_find(const LegacyPast *past, const char *path, const char *field)
{
    for (guint i = 0; i < past->edits->len; i++) {
        const PastEdit *edit = g_ptr_array_index(past->edits, i);

        /* What was taken back at a binding has nothing that would hold a wish at the device off. */
        if (g_str_equal(edit->path, path) &&
            (legacy_fields_meet(path, field, edit->field) || legacy_fields_meet(path, edit->field, field)))
            return edit;
    }
    return NULL;
}

char *legacy_describe_author(const char *user, int64_t change, int64_t time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *day = date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("an unknown day");

    return g_strdup_printf("%s, in change %" G_GINT64_FORMAT " on %s", user && user[0] ? user : "somebody",
                           change, day);
}
