/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the database is damaged: it is moved aside, the newest backup that is sound takes its place, and what
 * was changed after that backup is made again, as far as it can be read and the chain of hashes vouches for
 * it. */
#include "service/recover.h"

#include "base/error.h"
#include "base/json.h"
#include "service/touched.h"
#include "service/transition.h"
#include "store/damage.h"

/* What the settings remember of it. */
#define SETTING_RECOVERY "recovery"
/* For those who watch the journal: a damaged database was found. */
#define MESSAGE_ID_RECOVERED "8f0c6d1f3b5e4a0c9d2a7e64c1b9f3aa"

/* Making changes again */

/* What is made again: a change as it was, with all that it did. */
typedef struct Replay {
    Service *service;
    Store *damaged;
    const Change *change;
    GPtrArray *history; /* of HistoryEntry */
    Plan *plan;
} Replay;

static const char *entry_model(const Replay *replay, const HistoryEntry *entry)
{
    return entry->model ? entry->model : replay->change->model;
}

/* Lays what the history says over the overrides of a model. */
static bool lay_history(const Replay *replay, const char *model, GHashTable *overrides, GError **error)
{
    for (guint i = 0; i < replay->history->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(replay->history, i);
        Override *after;

        if (!g_str_equal(entry_model(replay, entry), model))
            continue;
        if (!touched_parse_override(entry->field, entry->override_after, &after, error))
            return false;
        override_list_drop(override_table_get(overrides, entry->path), entry->field);
        if (after)
            g_ptr_array_add(override_table_get(overrides, entry->path), after);
    }
    return true;
}

/* The vendor's data of a content: known here, or of the damaged file where they are whole, or bundled. */
static bool find_content(const Replay *replay, const char *model, const char *hash, Passage *passage,
                         GError **error)
{
    g_autoptr(VendorRevision) damaged = NULL;
    g_autofree char *computed = NULL;

    if (!hash)
        return true;
    if (!store_find_vendor_revision(replay->service->store, model, hash, &passage->to, error))
        return false;
    if (passage->to)
        return true;
    if (store_find_vendor_revision(replay->damaged, model, hash, &damaged, NULL) && damaged &&
        store_load_vendor_file(replay->damaged, damaged->id, &passage->file, NULL)) {
        computed = coach_file_content_hash(passage->file->components);
        passage->byte_hash = g_strdup(damaged->byte_hash);
        passage->origin = g_strdup(damaged->origin);
        if (g_str_equal(computed, hash))
            return true;
        g_clear_pointer(&passage->file, coach_file_free);
    }
    g_clear_pointer(&passage->byte_hash, g_free);
    g_clear_pointer(&passage->origin, g_free);
    passage->origin = g_strdup("bundled");
    if (service_read_bundled(replay->service, model, NULL, &passage->file, &passage->byte_hash, error) &&
        g_str_equal(passage->file->content_hash, hash))
        return true;
    g_clear_error(error);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "the vendor's data of %s cannot be found", model);
    return false;
}

static bool list_base(const Replay *replay, const ImportStatus *status, GPtrArray **ret, GError **error)
{
    if (status)
        return store_list_vendor_components(replay->service->store, status->revision_id, ret, error);
    *ret = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    return true;
}

static bool list_incoming(const Replay *replay, const Passage *passage, GPtrArray **ret, GError **error)
{
    if (passage->file)
        *ret = g_ptr_array_ref(passage->file->components);
    else if (passage->to)
        return store_list_vendor_components(replay->service->store, passage->to->id, ret, error);
    else
        *ret = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    return true;
}

static bool replay_release(Replay *replay, const char *model, const char *content_hash, GError **error)
{
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal), now = NULL, then = NULL;
    g_autoptr(GPtrArray) base = NULL, incoming = NULL;
    g_autoptr(ImportStatus) status = NULL;
    g_autoptr(Merge) merge = NULL;
    Passage *passage = passage_new(model);
    Store *store = replay->service->store;

    if (!find_content(replay, model, content_hash, passage, error) ||
        !store_get_import(store, model, &status, error) || !list_base(replay, status, &base, error) ||
        !list_incoming(replay, passage, &incoming, error) ||
        !store_list_overrides(store, model, &now, error) ||
        !store_list_overrides(store, model, &then, error) || !lay_history(replay, model, then, error)) {
        passage_free(passage);
        return false;
    }
    const MergeInput input = {.base = base,
                              .incoming = incoming,
                              .overrides = none,
                              .pinned = then,
                              .renames = none,
                              .allow = MERGE_ALLOW_ALL};
    merge = merge_plan(&input, error);
    if (!merge) {
        passage_free(passage);
        return false;
    }
    const Transition transition = {
        .from = status, .base = base, .incoming = incoming, .overrides = now, .merge = merge};
    return plan_add_passage(replay->service, replay->plan, passage, &transition, error);
}

static bool replay_component(Replay *replay, const ImportStatus *status, const char *path, GHashTable *then,
                             GError **error)
{
    Touched *touched = touched_load(replay->service, status, path, error);

    if (!touched)
        return false;
    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = g_ptr_array_ref(override_table_get(then, path));
    touched_settle(touched);
    g_ptr_array_add(replay->plan->components, touched);
    return true;
}

static bool replay_edits(Replay *replay, GError **error)
{
    const char *model = replay->change->model;
    g_autoptr(GHashTable) then = NULL, seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(ImportStatus) status = NULL;
    Store *store = replay->service->store;

    if (!store_get_import(store, model, &status, error) ||
        !store_list_overrides(store, model, &then, error) || !lay_history(replay, model, then, error))
        return false;
    if (!status) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "model %s is not there", model);
        return false;
    }
    replay->plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    for (guint i = 0; i < replay->history->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(replay->history, i);

        if (g_hash_table_add(seen, entry->path) &&
            !replay_component(replay, status, entry->path, then, error))
            return false;
    }
    plan_set_touched(replay->plan);
    return true;
}

static bool replay_parts(Replay *replay, GError **error)
{
    const Change *change = replay->change;
    g_autoptr(GPtrArray) settings = change_list_settings(change);

    g_ptr_array_set_free_func(settings, NULL);
    for (guint i = 0; i < settings->len; i++)
        plan_add_setting(replay->plan, g_ptr_array_index(settings, i));
    for (guint i = 0; i < change->releases->len; i++) {
        const Release *release = g_ptr_array_index(change->releases, i);
        if (!replay_release(replay, release->model, release->content_hash, error))
            return false;
    }
    if (change->content_hash && !replay_release(replay, change->model, change->content_hash, error))
        return false;
    if (!change->content_hash && change->releases->len == 0 && replay->history->len > 0)
        return replay_edits(replay, error);
    if (!replay->plan->passages)
        plan_set_settings(replay->plan);
    return true;
}

/* The rows of the history are those of the damaged file; only the rows that they refer to are others. */
static bool place_history(Replay *replay, GError **error)
{
    for (guint i = 0; i < replay->history->len; i++) {
        HistoryEntry *entry = g_ptr_array_index(replay->history, i);

        if (!store_get_mapping_id(replay->service->store, entry_model(replay, entry), entry->path,
                                  replay->change->actor.user, &entry->mapping_id, error))
            return false;
    }
    return true;
}

static bool write_replay(Replay *replay, GError **error)
{
    g_auto(Transaction) transaction = {0};
    Store *store = replay->service->store;
    Change *change = (Change *) replay->change;
    int64_t id = change->id;

    if (!transaction_begin(&transaction, store, error) ||
        !store_add_change(store, change, replay->history, error))
        return false;
    if (change->id != id) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "change %" G_GINT64_FORMAT " does not follow",
                    id);
        return false;
    }
    return replay->plan->write(replay->service, replay->plan, change, error) &&
           place_history(replay, error) && store_add_history(store, change, replay->history, error) &&
           transaction_commit(&transaction, error);
}

static bool replay_change(Service *service, Store *damaged, Change *change, GPtrArray *history,
                          GError **error)
{
    Replay replay = {.service = service, .damaged = damaged, .change = change, .history = history};
    g_autoptr(Plan) plan = plan_new(service, change->kind, change->model, "", &(WriteOptions){0}, error);
    bool ok;

    if (!plan)
        return false;
    replay.plan = plan;
    ok = replay_parts(&replay, error) && write_replay(&replay, error);
    if (ok) {
        service->revision = change->id;
        plan_take_settings(service, plan);
    }
    /* They are few, and nobody reads yet. */
    g_hash_table_remove_all(service->caches);
    return ok;
}

/* Whether it can go well another time. */
static bool is_passing(const GError *error)
{
    static const ConfigError codes[] = {CONFIG_ERROR_NO_SPACE, CONFIG_ERROR_IO, CONFIG_ERROR_LOCKED,
                                        CONFIG_ERROR_READ_ONLY};

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        if (g_error_matches(error, CONFIG_ERROR, (gint) codes[i]))
            return true;
    return false;
}

/* All that follows the newest change, as far as the chain goes. `*ret` is how many. */
static bool salvage(Service *service, const char *aside, unsigned *ret, GError **error)
{
    g_autoptr(Store) damaged = NULL;
    g_autofree char *hash = NULL;
    int64_t id;

    *ret = 0;
    if (!damage_open(service->state_directory, aside, &damaged, error))
        return false;
    if (!damaged || !store_get_head(service->store, &id, &hash, NULL))
        return true;
    for (;; ++*ret) {
        g_autoptr(GPtrArray) history = NULL;
        g_autoptr(Change) change = NULL;
        g_autoptr(GError) local = NULL;
        char *next = NULL;

        damage_read_change(damaged, ++id, hash, &change, &history, &next);
        if (!change)
            return true;
        g_free(hash);
        hash = next;
        if (replay_change(service, damaged, change, history, &local))
            continue;
        if (is_passing(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        g_warning("Change %" G_GINT64_FORMAT " cannot be made again: %s", id, local->message);
        return true;
    }
}

/* Backups */

/* Puts the newest backup that is sound in its place. `*ret_id` is NULL where there is none. */
static bool take_backup(Service *service, char **ret_id, GError **error)
{
    g_autoptr(GPtrArray) backups = NULL;
    g_autoptr(GError) hindrance = NULL;

    *ret_id = NULL;
    if (!backup_list(service->state_directory, &backups, error))
        return false;
    for (guint i = 0; i < backups->len; i++) {
        const Backup *backup = g_ptr_array_index(backups, i);
        g_autoptr(GError) local = NULL;
        Store *store = backup_load(service->state_directory, backup->id, &local);

        /* What hinders all of them says nothing of this one. */
        if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SPACE) ||
            g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        if (!store) {
            g_warning("Backup %s cannot be used: %s", backup->id, local->message);
            if (is_passing(local) && !hindrance)
                hindrance = g_steal_pointer(&local);
            continue;
        }
        *ret_id = g_strdup(backup->id);
        return damage_replace(service->state_directory, store, error);
    }
    if (!hindrance)
        return true;
    g_propagate_error(error, g_steal_pointer(&hindrance));
    return false;
}

/* Telling */

/* SQLite quotes what it found, and says it in lines. */
static char *one_line(const char *damage)
{
    char *text = g_utf8_make_valid(damage, -1);

    g_strstrip(g_strdelimit(text, "\n\r\t", ' '));
    for (char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return text;
}

/* `aside` and `backup` are NULL where there is none. */
static char *describe(const char *damage, const char *aside, const char *backup, unsigned n)
{
    g_autofree char *successor = NULL,
                    *kept = aside ? g_strdup_printf(" It is kept as %s.", aside) : g_strdup("");

    if (!backup && n > 0)
        successor = g_strdup_printf(
            "There is no sound backup, so that coaches begin anew, with %u changes made again", n);
    else if (!backup)
        successor =
            g_strdup("There is no sound backup, so that coaches begin anew with their bundled data, and "
                     "those that came from files have to be imported again");
    else if (n > 0)
        successor = g_strdup_printf("Backup %s took its place, with %u later changes made again", backup, n);
    else
        successor = g_strdup_printf("Backup %s took its place", backup);
    return g_strdup_printf(
        "The database was damaged (%s).%s %s. See that all is as it should be, then make a "
        "backup; that ends this message",
        damage, kept, successor);
}

char *recovery_notice(Store *store)
{
    char *notice = NULL;

    store_get_setting(store, SETTING_RECOVERY, &notice, NULL);
    if (notice && !notice[0])
        g_clear_pointer(&notice, g_free);
    return notice;
}

bool recovery_acknowledge(Store *store, GError **error)
{
    return store_set_setting(store, SETTING_RECOVERY, "", error);
}

static bool tell(Service *service, const char *notice, GError **error)
{
    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE_ID", MESSAGE_ID_RECOVERED, "MESSAGE", "%s",
                     notice);
    return store_set_setting(service->store, SETTING_RECOVERY, notice, error);
}

/* Moves the file aside, or what an earlier recovery that did not come to its end has put in its place. */
static bool move_aside(Service *service, const char *name, bool *ret_moved, GError **error)
{
    g_autofree char *other = NULL;
    bool ignored;

    if (!damage_is_moved(service->state_directory, name))
        return damage_move_aside(service->state_directory, name, ret_moved, error);
    *ret_moved = true;
    other = damage_free_name(service->state_directory, now_usec());
    return damage_move_aside(service->state_directory, other, &ignored, error);
}

static bool go_on(Service *service, const char *name, const char *damage, GError **error)
{
    g_autofree char *backup = NULL, *notice = NULL;
    unsigned n = 0;
    bool moved;

    if (!move_aside(service, name, &moved, error) || !take_backup(service, &backup, error) ||
        !service_load(service, error) || (moved && !salvage(service, name, &n, error)))
        return false;
    notice = describe(damage, moved ? name : NULL, backup, n);
    return tell(service, notice, error) && damage_end(service->state_directory, error);
}

bool service_recover(Service *service, const char *damage, GError **error)
{
    g_autofree char *name = NULL, *said = one_line(damage);

    if (damage_is_foreign(service->state_directory)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "%s", damage);
        return false;
    }
    name = damage_free_name(service->state_directory, now_usec());
    if (damage_begin(service->state_directory, name, said, error) && go_on(service, name, said, error))
        return true;
    g_prefix_error(error, "The database is damaged (%s) and cannot be recovered yet: ", said);
    return false;
}

bool service_recover_again(Service *service, bool *ret_begun, GError **error)
{
    g_autofree char *name = NULL, *damage = NULL;

    *ret_begun = damage_is_begun(service->state_directory, &name, &damage);
    return !*ret_begun || go_on(service, name, damage, error);
}
