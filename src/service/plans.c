/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans: what all kinds of changes share, and their commit. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

bool service_check_revision(Service *service, const WriteOptions *options, GError **error)
{
    uint64_t expected = options->expected_revision;
    int64_t seen;

    if (!service_store(service, error))
        return false;
    if (!options->has_expected_revision || expected == (uint64_t) service->revision)
        return true;
    if (!store_get_seen_revision(service->store, FIRST_USE_REASON, &seen, error))
        return false;
    if (expected >= (uint64_t) seen && expected <= (uint64_t) service->revision)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                "The configuration has changed: it is at revision %" G_GINT64_FORMAT
                ", not %" G_GUINT64_FORMAT "; nothing was written",
                service->revision, expected);
    return false;
}

Plan *plan_new(Service *service, const char *kind, const char *model, const char *reason,
               const WriteOptions *options, GError **error)
{
    Plan *plan;

    if (strlen(reason) > REASON_LENGTH_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "A reason has at most %d bytes",
                    REASON_LENGTH_MAX);
        return NULL;
    }
    if (!service_writable_store(service, error) || !service_check_revision(service, options, error))
        return NULL;

    plan = g_new0(Plan, 1);
    plan->kind = g_strdup(kind);
    plan->model = g_strdup(model);
    plan->subject = g_strdup("");
    plan->reason = g_strdup(reason);
    plan->revision = service->revision;
    plan->history = history_list_new();
    return plan;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    g_free(plan->kind);
    g_free(plan->model);
    g_free(plan->subject);
    g_free(plan->reason);
    g_ptr_array_unref(plan->history);
    g_free(plan->content_hash);
    g_clear_pointer(&plan->releases, g_ptr_array_unref);
    g_clear_pointer(&plan->detail, value_unref);
    g_clear_pointer(&plan->components, g_ptr_array_unref);
    g_clear_pointer(&plan->file, coach_file_free);
    g_free(plan->byte_hash);
    g_clear_pointer(&plan->passages, g_ptr_array_unref);
    g_free(plan->backup_reason);
    g_clear_pointer(&plan->settings, g_ptr_array_unref);
    g_free(plan->restored);
    g_free(plan);
}

bool plan_is_empty(const Plan *plan)
{
    return plan->empty;
}

const char *plan_kind(const Plan *plan)
{
    return plan->kind;
}

const char *plan_model(const Plan *plan)
{
    return plan->model;
}

const char *plan_subject(const Plan *plan)
{
    return plan->subject;
}

/* One that somebody sets holds from its own change on. One that comes with a restore or an undo was not
 * looked at by anybody, and takes nothing away yet: what brings the other one back brings it back in time.
 */
static Retention retention_for(const Service *service, const Plan *plan)
{
    const Retention *now = &service->retention, *then = &plan->retention;

    if (then->changes == 0)
        return *now;
    if (g_str_equal(plan->kind, SETTING_RETENTION))
        return *then;
    return (Retention){.changes = MAX(now->changes, then->changes), .days = MAX(now->days, then->days)};
}

static bool write_change(Service *service, Plan *plan, Change *change, GError **error)
{
    const Retention retention = retention_for(service, plan);
    g_auto(Transaction) transaction = {0};
    int64_t revision, through;

    if (!transaction_begin(&transaction, service->store, error) ||
        !store_get_revision(service->store, &revision, error))
        return false;
    if (revision != plan->revision) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                    "The database was written to by another process; nothing was written");
        return false;
    }
    return store_plan_pruning(service->store, &retention, change, &through, error) &&
           store_add_change(service->store, change, plan->history, error) &&
           plan->write(service, plan, change, error) &&
           store_add_history(service->store, change, plan->history, error) &&
           (through == 0 || store_prune(service->store, through, error)) &&
           transaction_commit(&transaction, error);
}

/* Before anything is written. The change says which backup it is; no signal does. `*ret_id` is NULL where
 * none is due. */
static bool back_up(Service *service, Plan *plan, int64_t time, char **ret_id, GError **error)
{
    *ret_id = NULL;
    if (!plan->backup_reason)
        return true;
    if (!backup_make(service->state_directory, time, plan->backup_reason, true, ret_id, error))
        return false;
    plan_add_detail(plan, "backup", value_new_string(*ret_id));
    return true;
}

/* The backup of a change that was made takes the place of the oldest; that of one that was not serves
 * nobody. `id` NULL: none was made. */
static void tidy_backups(Service *service, const Plan *plan, const char *id, bool committed)
{
    bool retains = plan->retention.changes > 0;

    if (committed && (id || retains))
        backup_remove_old(service->state_directory,
                          retains ? plan->retention.backups : service->retention.backups, id);
    else if (id)
        backup_remove(service->state_directory, id, NULL);
}

void plan_add_detail(Plan *plan, const char *key, Value *value)
{
    if (!plan->detail)
        plan->detail = value_new_map();
    value_map_take(&plan->detail, key, value);
}

static bool fail(Service *service, GError *local, GError **error)
{
    service_note_failure(service, local);
    g_propagate_error(error, local);
    return false;
}

bool service_commit(Service *service, Plan *plan, const Actor *actor, int64_t *ret_change, GError **error)
{
    GError *local = NULL;
    g_autofree char *backup = NULL;
    g_auto(Change) change = {0};
    bool committed;

    if (plan->empty) {
        *ret_change = service->revision;
        return true;
    }
    if (!service_writable_store(service, error))
        return false;

    change.time = now_usec();
    if (!back_up(service, plan, change.time, &backup, &local))
        return fail(service, local, error);
    change.kind = g_strdup(plan->kind);
    change.model = g_strdup(plan->model);
    change.reason = g_strdup(plan->reason);
    change.actor = (Actor){.uid = actor->uid,
                           .pid = actor->pid,
                           .user = g_strdup(actor->user),
                           .process = g_strdup(actor->process)};
    change.n_entries = plan->n_entries;
    change.content_hash = g_strdup(plan->content_hash);
    change.releases = plan->releases ? g_ptr_array_ref(plan->releases) : NULL;
    change.detail = plan->detail ? json_format(plan->detail) : NULL;
    committed = write_change(service, plan, &change, &local);
    tidy_backups(service, plan, backup, committed);
    if (!committed)
        return fail(service, local, error);

    service->revision = change.id;
    service_note_success(service);
    plan->finish(service, plan, &change);
    *ret_change = change.id;
    return true;
}
