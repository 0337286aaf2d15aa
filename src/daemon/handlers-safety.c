/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CreateBackup, ListBackups, OpenBackup, RestoreBackup, DeleteBackup, FactoryReset. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/job.h"
#include "daemon/options.h"
#include "daemon/polkit.h"
#include "store/backup.h"

/* Making one: in a thread, while everybody else is served */

typedef struct BackupJob {
    sd_bus_message *message;
    char *directory;
    char *reason;
    char *user;
    int64_t time;
    char *id; /* the result, or the error */
    GError *error;
} BackupJob;

static void backup_job_free(BackupJob *job)
{
    sd_bus_message_unref(job->message);
    g_free(job->directory);
    g_free(job->reason);
    g_free(job->user);
    g_free(job->id);
    g_clear_error(&job->error);
    g_free(job);
}

static void make_backup(void *data)
{
    BackupJob *job = data;

    backup_make(job->directory, job->time, job->reason, false, &job->id, &job->error);
}

static void backup_is_made(Daemon *daemon, void *data)
{
    BackupJob *job = data;
    sd_bus_error error = SD_BUS_ERROR_NULL;

    if (job->error) {
        errors_set(daemon, &job->error, &error);
        sd_bus_reply_method_error(job->message, &error);
        sd_bus_error_free(&error);
    } else {
        g_message("Backup %s was made by %s.", job->id, job->user);
        service_note_backup(daemon->service, job->id, job->reason);
        sd_bus_reply_method_return(job->message, "s", job->id);
    }
    backup_job_free(job);
}

static const JobType backup_job = {.work = make_backup, .done = backup_is_made, .at_once = 1};

static int check_reason(const char *reason, sd_bus_error *error)
{
    if (strlen(reason) <= REASON_LENGTH_MAX)
        return 0;
    return sd_bus_error_setf(error, BUS_NAME ".Error.TooLarge", "A reason has at most %d bytes",
                             REASON_LENGTH_MAX);
}

HANDLER(handle_create_backup)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    g_auto(Actor) actor = {0};
    const char *reason;
    BackupJob *job;
    int r;

    r = sd_bus_message_read(message, "s", &reason);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r >= 0)
        r = check_reason(reason, error);
    if (r < 0)
        return r;
    if (!service_check_revision(daemon->service, &options, &local))
        return errors_set(daemon, &local, error);
    r = polkit_authorize(daemon, message, POLKIT_ACTION("backup"), "", "", &actor, error);
    if (r <= 0)
        return r < 0 ? r : 1;

    job = g_new0(BackupJob, 1);
    *job = (BackupJob){.message = sd_bus_message_ref(message),
                       .directory = g_strdup(service_state_directory(daemon->service)),
                       .reason = g_strdup(reason),
                       .user = g_strdup(actor.user),
                       .time = g_get_real_time()};
    r = job_start(daemon, &backup_job, job);
    if (r >= 0)
        return 1;
    backup_job_free(job);
    if (r == -EBUSY)
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                "A backup is being made already; wait for it");
    return sd_bus_error_set_errnof(error, r, "A backup cannot be made: %s", g_strerror(-r));
}

/* Keeping them */

static int append_backup(sd_bus_message *reply, const Backup *backup)
{
    int r;

    if ((r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0 ||
        (r = handler_append_entry(reply, "Id", 's', backup->id)) < 0 ||
        (r = handler_append_entry(reply, "Reason", 's', backup->reason)) < 0 ||
        (r = handler_append_entry(reply, "Time", 't', (uint64_t) backup->time)) < 0 ||
        (r = handler_append_entry(reply, "Size", 't', backup->size)) < 0 ||
        (r = handler_append_entry(reply, "Revision", 't', (uint64_t) backup->revision)) < 0 ||
        (r = handler_append_entry(reply, "Automatic", 'b', backup->automatic)) < 0)
        return r;
    if (backup->problem && (r = handler_append_entry(reply, "Problem", 's', backup->problem)) < 0)
        return r;
    return sd_bus_message_close_container(reply);
}

HANDLER(handle_list_backups)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) backups = NULL;
    g_autoptr(GError) local = NULL;
    int r;

    r = options_read(message, NULL, 0, error);
    if (r < 0)
        return r;
    if (!backup_list(service_state_directory(daemon->service), &backups, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (guint i = 0; r >= 0 && i < backups->len; i++)
        r = append_backup(reply, g_ptr_array_index(backups, i));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_open_backup)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    const char *id;
    int r, fd;

    r = sd_bus_message_read(message, "s", &id);
    if (r < 0)
        return r;
    /* The file itself and no copy of it: nobody writes to it any more, and a copy would take our memory for
     * as long as somebody holds it. */
    fd = backup_open_file(service_state_directory(daemon->service), id, &local);
    if (fd < 0)
        return errors_set(daemon, &local, error);
    r = sd_bus_reply_method_return(message, "h", fd);
    close(fd);
    return r;
}

/* Whether there is such a backup: what can be known before anybody is asked about. */
static bool check_backup(Daemon *daemon, const char *id, GError **error)
{
    int fd = backup_open_file(service_state_directory(daemon->service), id, error);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

HANDLER(handle_delete_backup)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    g_auto(Actor) actor = {0};
    const char *id;
    int r;

    r = sd_bus_message_read(message, "s", &id);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r < 0)
        return r;
    if (!service_check_revision(daemon->service, &options, &local) || !check_backup(daemon, id, &local))
        return errors_set(daemon, &local, error);
    r = polkit_authorize(daemon, message, POLKIT_ACTION("backup"), "", id, &actor, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    if (!backup_remove(service_state_directory(daemon->service), id, &local))
        return errors_set(daemon, &local, error);
    g_message("Backup %s was deleted by %s.", id, actor.user);
    return sd_bus_reply_method_return(message, "");
}

/* Going back */

HANDLER(handle_restore_backup)
{
    Daemon *daemon = userdata;
    WriteOptions write = {0};
    bool has_file = false;
    int file = -1;
    const Option options[] = {
        {"expected-revision", "t", &write.expected_revision, &write.has_expected_revision, NULL},
        {"file", "h", &file, &has_file, NULL},
    };
    g_autoptr(GError) local = NULL;
    g_auto(Actor) actor = {0};
    const char *id, *reason;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "ss", &id, &reason);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = check_reason(reason, error);
    if (r < 0)
        return r;
    if (has_file && id[0])
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "A backup is named, or brought with the option \"file\", but not both");
    if (!service_check_revision(daemon->service, &write, &local) ||
        (!has_file && !check_backup(daemon, id, &local)))
        return errors_set(daemon, &local, error);
    /* Asked first: reading a whole backup costs too much to do it for anybody. */
    r = polkit_authorize(daemon, message, POLKIT_ACTION("restore"), "", has_file ? "a file" : id, &actor,
                         error);
    if (r <= 0)
        return r < 0 ? r : 1;
    plan = service_plan_restore(daemon->service, id, has_file ? file : -1, reason, &write, &local);
    return handler_commit(daemon, message, plan, &actor, &local, error);
}

HANDLER(handle_factory_reset)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *model, *scope, *reason;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "sss", &model, &scope, &reason);
    if (r >= 0)
        r = handler_read_write_options(message, false, &options, error);
    if (r >= 0)
        r = handler_prepare_write(daemon, message, model, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_reset(daemon->service, model, scope, reason, &options, &local);
    return handler_write(daemon, message, POLKIT_ACTION("reset"), plan, &local, error);
}
