/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking changes back: what there is to take back, and what is left as it is. */
#include "service/undo.h"

#include "base/error.h"
#include "base/json.h"
#include "service/touched.h"
#include "service/transition.h"

/* What a change lists, and an error message. */
#define SKIPPED_MAX 100U
#define REASONS_MAX 5U

static void undo_clear(Undo *undo)
{
    plan_free(undo->plan);
    change_free(undo->change);
    g_clear_pointer(&undo->history, g_ptr_array_unref);
    g_clear_pointer(&undo->later, g_hash_table_unref);
    g_clear_pointer(&undo->skipped, value_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Undo, undo_clear)

/* What is left as it is */

/* Whether a later change was of this field, of one around it or inside it. */
static bool concerns(const LaterChange *later, const char *field)
{
    return later->field && (g_str_equal(later->field, field) || field_is_inside(later->field, field) ||
                            field_is_inside(field, later->field));
}

/* Who changed a field since: the newest edit that did; where there is none, the newest release. NULL:
 * nobody. */
static const LaterChange *find_later(GHashTable *later, const char *path, const char *field)
{
    GPtrArray *changes = g_hash_table_lookup(later, path), *releases = g_hash_table_lookup(later, "");

    for (guint i = 0; changes && i < changes->len; i++)
        if (concerns(g_ptr_array_index(changes, i), field))
            return g_ptr_array_index(changes, i);
    return releases ? g_ptr_array_index(releases, 0) : NULL;
}

GHashTable *undo_later_changes(Undo *undo, const char *model, GError **error)
{
    GHashTable *later = g_hash_table_lookup(undo->later, model);

    if (later)
        return later;
    if (!store_list_later_changes(undo->service->store, model, undo->change->id, &later, error))
        return NULL;
    g_hash_table_insert(undo->later, g_strdup(model), later);
    return later;
}

/* What a change lists is bounded; what it counts is not. */
static void add_skipped(Undo *undo, const char *path, const char *field, const LaterChange *later)
{
    Value *entry;

    if (++undo->n_skipped > SKIPPED_MAX)
        return;
    entry = value_new_map();
    value_map_take(&entry, "path", value_new_string(path));
    value_map_take(&entry, "field", value_new_string(field));
    value_map_take(&entry, "user", value_new_string(later ? later->user : ""));
    value_map_take(&entry, "change", value_new_integer(later ? later->change : 0));
    value_list_take(&undo->skipped, entry);
}

bool undo_skip(Undo *undo, const char *model, const char *path, const char *field, GError **error)
{
    GHashTable *later = undo_later_changes(undo, model, error);

    if (!later)
        return false;
    add_skipped(undo, path, field, undo->n_skipped < SKIPPED_MAX ? find_later(later, path, field) : NULL);
    return true;
}

/* "devices/x/friendly_name was changed by ann in change 14" */
static char *describe_skipped(const Value *entry)
{
    const char *path = value_map_get_string(entry, "path"), *field = value_map_get_string(entry, "field"),
               *user = value_map_get_string(entry, "user");

    return g_strdup_printf("%s%s was changed by %s in change %" G_GINT64_FORMAT,
                           path[0] || field[0] ? path : "the vendor's data", field,
                           user[0] ? user : "somebody", value_integer(value_map_get(entry, "change")));
}

static bool refuse_skipped(const Undo *undo, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < MIN(undo->n_skipped, REASONS_MAX); i++) {
        g_autofree char *reason = describe_skipped(value_list_item(undo->skipped, i));

        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", reason);
    }
    if (undo->n_skipped > REASONS_MAX)
        g_string_append_printf(text, "; and %u more", undo->n_skipped - REASONS_MAX);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                "Change %" G_GINT64_FORMAT
                " cannot be undone: %s. The option \"force\" undoes it all the same",
                undo->change->id, text->str);
    return false;
}

static void describe(Undo *undo)
{
    plan_add_detail(undo->plan, "undoes", value_new_integer(undo->change->id));
    plan_describe_settings(undo->plan);
    if (undo->n_skipped > 0)
        plan_add_detail(undo->plan, "skipped", value_ref(undo->skipped));
    if (undo->n_skipped > SKIPPED_MAX)
        plan_add_detail(undo->plan, "skipped_more",
                        value_new_integer((int64_t) undo->n_skipped - SKIPPED_MAX));
}

/* Settings */

/* With the newest change of this setting since. */
static bool skip_setting(Undo *undo, const Setting *setting, GError **error)
{
    g_autofree char *what =
        setting->name ? g_strconcat(setting->kind, " ", setting->name, NULL) : g_strdup(setting->kind);
    g_autoptr(LaterChange) later = NULL;

    if (!store_find_setting_change(undo->service->store, undo->change->id, setting->kind, setting->name,
                                   &later, error))
        return false;
    add_skipped(undo, "", what, later);
    return true;
}

static bool undo_settings(Undo *undo, GPtrArray *settings, GError **error)
{
    for (guint i = 0; i < settings->len; i++) {
        const Setting *setting = g_ptr_array_index(settings, i);
        g_autofree char *now = setting_now(undo->service, setting->kind, setting->name);

        if (g_str_equal(now, setting->before))
            continue;
        if (undo->force || g_str_equal(now, setting->after))
            plan_add_setting(undo->plan, setting_new(setting->kind, setting->name, now, setting->before));
        else if (!skip_setting(undo, setting, error))
            return false;
    }
    return true;
}

/* All of it */

static bool undo_models(Undo *undo, GError **error)
{
    const Change *change = undo->change;

    for (guint i = 0; i < change->releases->len; i++) {
        const Release *release = g_ptr_array_index(change->releases, i);
        if (!undo_model(undo, release->model, release, error))
            return false;
    }
    if (change->releases->len == 0 && (change->content_hash || undo->history->len > 0)) {
        const Release import = {.content_hash = change->content_hash};
        return undo_model(undo, change->model, change->content_hash ? &import : NULL, error);
    }
    return true;
}

/* What the plan has become: passages write the settings too. */
static bool finish(Undo *undo, GError **error)
{
    Plan *plan = undo->plan;
    bool edits = plan->components && plan->components->len > 0;

    plan->empty = !edits && !plan->passages && !plan->settings;
    if (plan->empty && undo->n_skipped > 0)
        return refuse_skipped(undo, error);
    /* One change, one signal; a model that was removed is one, with what it took along. */
    if (undo->several && !(undo->change->model[0] && undo->change->releases->len == 1))
        plan->restored = g_strdup("");
    if (edits)
        plan_set_touched(plan);
    else if (!plan->passages && plan->settings && undo->several)
        plan_set_passages(plan);
    else if (!plan->passages && plan->settings)
        plan_set_settings(plan);
    describe(undo);
    return true;
}

/* A restore belongs to no model, even where it went over one alone. */
static bool concerns_several(const Change *change, GPtrArray *settings)
{
    guint models = change->releases->len;

    return models > 1 || (models == 1 && (settings->len > 0 || !change->model[0])) ||
           g_str_equal(change->kind, "restore");
}

/* The active model as it will be; borrowed. */
static const char *active_after(const Undo *undo)
{
    const GPtrArray *settings = undo->plan->settings;

    for (guint i = settings ? settings->len : 0; i-- > 0;) {
        const Setting *setting = g_ptr_array_index(settings, i);
        if (g_str_equal(setting->kind, SETTING_ACTIVATE))
            return setting->after;
    }
    return undo->service->active_model;
}

/* A coach that came from a file goes for good, so that it cannot stay the active one. A bundled one comes
 * back with the next read. */
static bool check_active(Undo *undo, GError **error)
{
    const char *active = active_after(undo);
    const GPtrArray *passages = undo->plan->passages;

    for (guint i = 0; passages && i < passages->len; i++) {
        const Passage *passage = g_ptr_array_index(passages, i);

        if (!passage_removes(passage) || !g_str_equal(passage->model, active) ||
            bundle_has_model(undo->service->bundle, active))
            continue;
        if (undo->force) {
            plan_add_setting(undo->plan,
                             setting_new(SETTING_ACTIVATE, NULL, undo->service->active_model, ""));
            return true;
        }
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED,
            "Change %" G_GINT64_FORMAT
            " brought %s, which is the active coach; make another one active first, or none. The option "
            "\"force\" undoes it all the same, and then none is active",
            undo->change->id, active);
        return false;
    }
    return true;
}

static bool plan_undo(Undo *undo, GError **error)
{
    g_autoptr(GPtrArray) settings = change_list_settings(undo->change);

    if (!store_list_change_history(undo->service->store, undo->change->id, &undo->history, error))
        return false;
    undo->several = concerns_several(undo->change, settings);
    undo->skipped = value_new_list();
    undo->later =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
    g_free(undo->plan->model);
    undo->plan->model = g_strdup(undo->change->model);
    return undo_models(undo, error) && undo_settings(undo, settings, error) && check_active(undo, error) &&
           finish(undo, error);
}

static bool load_change(Undo *undo, int64_t number, GError **error)
{
    if (!store_get_change(undo->service->store, number, &undo->change, error))
        return false;
    if (undo->change)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_CHANGE,
                number > 0 && number <= undo->service->revision
                    ? "Change %" G_GINT64_FORMAT " was pruned, and cannot be undone any more"
                    : "There is no change %" G_GINT64_FORMAT,
                number);
    return false;
}

Plan *service_plan_undo(Service *service, int64_t number, const char *reason, const WriteOptions *options,
                        GError **error)
{
    g_auto(Undo) undo = {.service = service, .force = options->force};

    undo.plan = plan_new(service, "undo", "", reason, options, error);
    if (!undo.plan || !load_change(&undo, number, error) || !plan_undo(&undo, error))
        return NULL;
    g_free(undo.plan->subject);
    /* What a person is asked to allow. */
    undo.plan->subject =
        g_strdup_printf("change %" G_GINT64_FORMAT " (%s by %s)%s", number, undo.change->kind,
                        undo.change->actor.user, undo.force ? ", also what was changed since" : "");
    return g_steal_pointer(&undo.plan);
}
