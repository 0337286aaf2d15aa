/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the old system had set beside its coach files: interfaces, which coach is active, names of devices.
 */
#include "service/migrate-private.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define INTERFACE_MAPPINGS "interface_mappings"
#define ACTIVE_MODEL "active_model"
#define ACTIVE_FILE "active_file"
#define DISPLAY_NAMES "display_names"

#define DEFAULT_MODEL "coach_mapping.default"
/* Models that a message names. */
#define MODELS_SHOWN_MAX 10
/* What one migration takes. */
#define INTERFACES_MAX 256
#define NAMES_MAX 2000

/* Who says otherwise here */

/* Why a setting is not touched: NULL where nobody has decided it here. An undo or a restore is no decision
 * about it. */
static bool find_decision(Migration *migration, const char *kind, const char *name, char **ret,
                          GError **error)
{
    Store *store = migration->service->store;
    g_autoptr(LaterChange) last = NULL;
    g_autoptr(Change) change = NULL;

    *ret = NULL;
    if (!store_find_setting_change(store, 0, kind, name, &last, error))
        return false;
    if (!last)
        return true;
    if (!store_get_change(store, last->change, &change, error))
        return false;
    if (change && !g_str_equal(change->kind, "undo") && !g_str_equal(change->kind, "restore"))
        *ret = legacy_describe_author(change->actor.user, change->id, change->time);
    return true;
}

/* Judges a setting that is to become `after`, and adds it to the plan where it is taken. */
static bool take_setting(Migration *migration, MigrationItem *item, const char *kind, const char *name,
                         const char *after, GError **error)
{
    g_autofree char *now = setting_now(migration->service, kind, name), *author = NULL;

    if (g_str_equal(now, after)) {
        item->result = MIGRATION_PRESENT;
        return true;
    }
    if (!find_decision(migration, kind, name, &author, error))
        return false;
    if (now[0] || author) {
        migration_item_judge(item, MIGRATION_REFUSED,
                             "It is %s here%s%s, and stays so; set it here if the old one is right",
                             now[0] ? now : "nothing", author ? ": set by " : "", author ? author : "");
        return true;
    }
    plan_add_setting(migration->plan, setting_new(kind, name, now, after));
    return true;
}

/* Interfaces */

static bool take_interface(Migration *migration, const LegacySettings *settings, const char *logical,
                           Value *value, GError **error)
{
    MigrationItem *item = migration_report_add(migration->report, "interface", settings->origin, NULL);
    const char *physical = value_is_string(value) ? value_string(value) : "";

    migration_item_set_place(item, "", logical);
    migration_item_set_value(item, value);
    if (!physical[0] || !interface_is_valid(logical, physical)) {
        migration_item_judge(
            item, MIGRATION_REFUSED,
            "A logical name (\"house\") stands for a network interface (\"can0\"), which has "
            "at most 15 characters");
        return true;
    }
    g_hash_table_insert(migration->interfaces, g_strdup(logical), g_strdup(physical));
    return take_setting(migration, item, SETTING_INTERFACE, logical, physical, error);
}

/* The old system took one source of interfaces as a whole. */
static void pass_over_interface(Migration *migration, const LegacySettings *settings, const char *logical,
                                Value *value, const char *winner)
{
    MigrationItem *item = migration_report_add(migration->report, "interface", settings->origin, NULL);
    const char *taken = g_hash_table_lookup(migration->interfaces, logical);

    migration_item_set_place(item, "", logical);
    migration_item_set_value(item, value);
    if (taken && value_is_string(value) && g_str_equal(taken, value_string(value)))
        migration_item_judge(item, MIGRATION_PRESENT, "%s says the same", winner);
    else
        migration_item_judge(
            item, MIGRATION_REFUSED,
            "%s has precedence: the old system took all interfaces from there; set it here if it is right",
            winner);
}

/* Nobody has so many; what is beyond is one refusal. */
static bool is_too_much(Migration *migration, const char *what, const char *origin, guint n, guint max)
{
    if (n == max)
        migration_item_judge(migration_report_add(migration->report, what, origin, NULL), MIGRATION_REFUSED,
                             "One migration takes at most %u of them; the others are left out", max);
    return n >= max;
}

static bool settle_interfaces(Migration *migration, GError **error)
{
    const char *winner = NULL;
    guint n = 0;

    for (guint i = 0; i < migration->settings->len; i++) {
        const LegacySettings *settings = g_ptr_array_index(migration->settings, i);
        Value *map = value_map_get(settings->map, INTERFACE_MAPPINGS);

        VALUE_FOREACH_ENTRY (logical, physical, map) {
            if (is_too_much(migration, "interface", settings->origin, n++, INTERFACES_MAX))
                break;
            if (winner)
                pass_over_interface(migration, settings, logical, physical, winner);
            else if (!take_interface(migration, settings, logical, physical, error))
                return false;
        }
        if (map && !winner)
            winner = settings->origin;
    }
    return true;
}

/* The active coach */

static LegacyCoach *coach_of_file(Migration *migration, const char *origin)
{
    for (guint i = 0; i < migration->files->len; i++) {
        const LegacyFile *file = g_ptr_array_index(migration->files, i);

        if (g_str_equal(file->origin, origin) && file->file && file->item->model[0])
            return migration_get_coach(migration, file->item->model);
    }
    return NULL;
}

static char *list_models(const Migration *migration)
{
    GString *text = g_string_new(NULL);
    guint n = 0;

    for (guint i = 0; i < migration->known->len; i++)
        if (n++ < MODELS_SHOWN_MAX)
            g_string_append_printf(text, "%s%s", n > 1 ? ", " : "",
                                   (const char *) g_ptr_array_index(migration->known, i));
    for (guint i = 0; i < migration->coaches->len; i++) {
        const LegacyCoach *coach = g_ptr_array_index(migration->coaches, i);
        bool known = false;

        for (guint j = 0; j < migration->known->len; j++)
            known = known || g_str_equal(coach->id, g_ptr_array_index(migration->known, j));
        if (!known && n++ < MODELS_SHOWN_MAX)
            g_string_append_printf(text, "%s%s", n > 1 ? ", " : "", coach->id);
    }
    if (n > MODELS_SHOWN_MAX)
        g_string_append(text, " …");
    return g_string_free(text, false);
}

/* What one source says: the file that was used goes before its name. */
static LegacyCoach *find_active(Migration *migration, const LegacySettings *settings, MigrationItem *item)
{
    const char *file = value_map_get_string(settings->map, ACTIVE_FILE),
               *name = value_map_get_string(settings->map, ACTIVE_MODEL);
    LegacyCoach *coach = file ? coach_of_file(migration, file) : NULL;
    g_autofree char *id = coach || !name ? NULL : legacy_model_id(name);
    const char *known = id ? migration_find_model(migration, id) : NULL;
    g_autofree char *models = NULL, *quoted = NULL;

    if (name)
        migration_item_set_value(item, value_map_get(settings->map, ACTIVE_MODEL));
    if (!coach && known)
        coach = migration_get_coach(migration, known);
    if (coach)
        return coach;
    models = list_models(migration);
    quoted = json_quote(name ? name : file ? file : "");
    migration_item_judge(item, MIGRATION_REFUSED, "There is no coach %s; make one of these active: %s",
                         quoted, models);
    return NULL;
}

static void pass_over_active(Migration *migration, const LegacySettings *settings, const char *winner)
{
    MigrationItem *item = migration_report_add(migration->report, "active-model", settings->origin, NULL);
    LegacyCoach *coach = find_active(migration, settings, item);

    if (coach && coach == migration->active)
        migration_item_judge(item, MIGRATION_PRESENT, "%s says the same", winner);
    else if (coach)
        migration_item_judge(item, MIGRATION_REFUSED,
                             "%s has precedence; make this coach active here if it is right", winner);
    if (coach) {
        g_free(item->model);
        item->model = g_strdup(coach->id);
    }
}

static void settle_active(Migration *migration)
{
    const char *winner = NULL;

    for (guint i = 0; i < migration->settings->len; i++) {
        const LegacySettings *settings = g_ptr_array_index(migration->settings, i);

        if (!value_map_get_string(settings->map, ACTIVE_FILE) &&
            !value_map_get_string(settings->map, ACTIVE_MODEL))
            continue;
        if (winner) {
            pass_over_active(migration, settings, winner);
            continue;
        }
        winner = settings->origin;
        migration->active_item =
            migration_report_add(migration->report, "active-model", settings->origin, NULL);
        migration->active = find_active(migration, settings, migration->active_item);
        if (!migration->active)
            continue;
        migration->active->activate = !migration->service->active_model[0] ||
                                      g_str_equal(migration->service->active_model, migration->active->id);
        g_free(migration->active_item->model);
        migration->active_item->model = g_strdup(migration->active->id);
    }
}

/* Where nothing says which coach was used: the only one there is, else the one that is active here. */
static void guess_active(Migration *migration)
{
    LegacyCoach *only = NULL;
    guint n = 0;

    if (migration->active_item)
        return;
    for (guint i = 0; i < migration->coaches->len; i++) {
        LegacyCoach *coach = g_ptr_array_index(migration->coaches, i);

        if (!coach->own || g_str_equal(coach->id, DEFAULT_MODEL))
            continue;
        only = coach;
        n++;
    }
    if (n == 1)
        migration->active = only;
    else if (migration->service->active_model[0])
        migration->active = migration_get_coach(migration, migration->service->active_model);
}

bool migration_activate(Migration *migration, GError **error)
{
    MigrationItem *item = migration->active_item;

    if (!item || !migration->active)
        return true;
    if (!migration->active->usable) {
        migration_item_judge(
            item, MIGRATION_REFUSED,
            "The coach %s could not be taken, so that it cannot be active; mend its file first",
            item->model);
        return true;
    }
    return take_setting(migration, item, SETTING_ACTIVATE, NULL, migration->active->id, error);
}

/* Patches and names */

static void refuse_unassigned(Migration *migration, const char *what, const char *origin)
{
    migration_item_judge(migration_report_add(migration->report, what, origin, NULL), MIGRATION_REFUSED,
                         "It is not known which coach this is about; say which one is active "
                         "(COACHIQ_RVC__COACH_MODEL), and migrate again");
}

static LegacyCoach *coach_of_patches(Migration *migration, const LegacyPatches *patches)
{
    const char *known = patches->model[0] ? migration_find_model(migration, patches->model) : NULL;

    if (!patches->model[0])
        return migration->active;
    return known ? migration_get_coach(migration, known) : NULL;
}

static void assign_patches(Migration *migration, const LegacyPatches *patches)
{
    LegacyCoach *coach = coach_of_patches(migration, patches);

    if (!coach)
        refuse_unassigned(migration, "patch", patches->origin);
    for (size_t i = 0; coach && i < value_length(patches->list); i++) {
        Value *operation = value_list_item(patches->list, i);
        const char *pointer = value_map_get_string(operation, "path");
        LegacyPatch *patch = g_new0(LegacyPatch, 1);

        patch->operation = value_ref(operation);
        patch->item = migration_report_add(migration->report, "patch", patches->origin, coach->id);
        migration_item_set_place(patch->item, "", pointer ? pointer : "");
        migration_item_set_value(patch->item, value_map_get(operation, "value"));
        g_ptr_array_add(coach->patches, patch);
    }
}

static void add_name(Migration *migration, LegacyCoach *coach, const LegacySettings *settings,
                     const char *key, Value *value, GHashTable *seen)
{
    MigrationItem *item = migration_report_add(migration->report, "name", settings->origin, coach->id);
    const char *dot = strchr(key, '.');
    LegacyName *name;

    migration_item_set_place(item, "", key);
    migration_item_set_value(item, value);
    if (!g_hash_table_add(seen, g_strdup(key))) {
        migration_item_judge(
            item, MIGRATION_REFUSED,
            "A source before this one has a name for it; edit the device here if this one is right");
        return;
    }
    if (!dot || !dot[1] || !value_is_string(value) || !value_string(value)[0]) {
        migration_item_judge(item, MIGRATION_REFUSED,
                             "A name is a text, of a device that is written <type>.<entity_id>");
        return;
    }
    name = g_new0(LegacyName, 1);
    name->type = g_strndup(key, (gsize) (dot - key));
    name->id = g_strdup(dot + 1);
    name->value = value_ref(value);
    name->item = item;
    g_ptr_array_add(coach->names, name);
}

static void assign_names(Migration *migration)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    LegacyCoach *coach = migration->active;
    guint n = 0;

    for (guint i = 0; i < migration->settings->len; i++) {
        const LegacySettings *settings = g_ptr_array_index(migration->settings, i);
        Value *names = value_map_get(settings->map, DISPLAY_NAMES);

        if (value_length(names) > 0 && !coach)
            refuse_unassigned(migration, "name", settings->origin);
        else if (coach)
            VALUE_FOREACH_ENTRY (key, value, names) {
                if (is_too_much(migration, "name", settings->origin, n++, NAMES_MAX))
                    break;
                add_name(migration, coach, settings, key, value, seen);
            }
    }
}

bool migration_settle(Migration *migration, GError **error)
{
    if (!settle_interfaces(migration, error))
        return false;
    settle_active(migration);
    guess_active(migration);
    for (guint i = 0; i < migration->patches->len; i++)
        assign_patches(migration, g_ptr_array_index(migration->patches, i));
    assign_names(migration);
    return true;
}
