/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's state: the database and the lock on it, health, what is kept in memory. */
#include "service/service-private.h"

#include "base/error.h"
#include "service/recover.h"
#include "store/damage.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "config.lock"
/* How long a starting daemon waits for the one before it to leave. */
#define LOCK_WAIT_USEC (5 * G_USEC_PER_SEC)
#define LOCK_POLL_USEC (5 * 1000)

Service *service_new(const char *state_directory, const char *development)
{
    Service *service = g_new0(Service, 1);

    service->bundle = bundle_new(development);
    service->state_directory = g_strdup(state_directory);
    service->lock = -1;
    service->idle_work = true; /* opening the database */
    service->caches =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) model_cache_free);
    service->bundled =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) bundled_model_free);
    service->announced = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return service;
}

static void close_store(Service *service)
{
    g_clear_pointer(&service->store, service->suspect ? damage_close : store_close);
    g_clear_pointer(&service->active_model, g_free);
    g_clear_pointer(&service->interfaces, g_hash_table_unref);
}

void service_free(Service *service)
{
    if (!service)
        return;
    g_hash_table_unref(service->caches);
    g_hash_table_unref(service->bundled);
    g_hash_table_unref(service->announced);
    g_free(service->upgrade_backup);
    close_store(service);
    if (service->lock >= 0)
        close(service->lock);
    dgn_table_free(service->dgns);
    bundle_free(service->bundle);
    g_free(service->state_directory);
    g_free(service->health);
    g_free(service->notice);
    g_free(service);
}

void service_set_observer(Service *service, ServiceObserver observer, void *userdata)
{
    service->observer = observer;
    service->observer_userdata = userdata;
}

void service_emit(Service *service, const ServiceEvent *event)
{
    if (service->observer)
        service->observer(event, service->observer_userdata);
}

const Bundle *service_bundle(Service *service)
{
    return service->bundle;
}

const char *service_state_directory(Service *service)
{
    return service->state_directory;
}

void service_note_backup(Service *service, const char *id, const char *reason)
{
    /* Somebody has looked, and is content. */
    if (service->notice && service->store && recovery_acknowledge(service->store, NULL)) {
        g_clear_pointer(&service->notice, g_free);
        service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_HEALTH_CHANGED});
    }
    service_emit(service,
                 &(ServiceEvent){.type = SERVICE_EVENT_BACKUP_CREATED, .backup = id, .reason = reason});
}

int64_t now_usec(void)
{
    return g_get_real_time();
}

/* Health */

const char *service_health(Service *service)
{
    if (service->health)
        return service->health;
    return service->notice ? service->notice : "ok";
}

static void set_health(Service *service, const char *health)
{
    if (g_strcmp0(service->health, health) == 0)
        return;
    g_free(service->health);
    service->health = g_strdup(health);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_HEALTH_CHANGED});
}

void service_note_failure(Service *service, const GError *error)
{
    if (error->domain != CONFIG_ERROR)
        return;

    switch ((ConfigError) error->code) {
    case CONFIG_ERROR_CORRUPT:
        service->suspect = true;
        service->idle_work = true; /* opening it again, which recovers what it can */
        G_GNUC_FALLTHROUGH;
    case CONFIG_ERROR_IO:
        close_store(service);
        set_health(service, error->message);
        break;
    case CONFIG_ERROR_READ_ONLY:
    case CONFIG_ERROR_NO_SPACE:
    case CONFIG_ERROR_LOCKED:
    case CONFIG_ERROR_NOT_SUPPORTED:
        set_health(service, error->message);
        break;
    default:
        break;
    }
}

void service_note_success(Service *service)
{
    set_health(service, NULL);
}

/* The database */

/* A lock on a file that was removed or replaced keeps nobody out. */
static void drop_stale_lock(Service *service, const char *path)
{
    struct stat held, there;

    if (service->lock < 0 || fstat(service->lock, &held) < 0 ||
        (stat(path, &there) == 0 && there.st_dev == held.st_dev && there.st_ino == held.st_ino))
        return;
    close(service->lock);
    service->lock = -1;
}

/* When the daemon before this one is still leaving, its last commits must be on disk before anything is
 * read. */
static bool take_lock(Service *service, GError **error)
{
    g_autofree char *path = g_build_filename(service->state_directory, LOCK_NAME, NULL);
    int64_t until = g_get_monotonic_time() + (service->lock_waited ? 0 : LOCK_WAIT_USEC);
    int fd, cause = 0;

    drop_stale_lock(service, path);
    if (service->lock >= 0)
        return true;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        cause = errno;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        /* A state that cannot be written needs no lock: nobody can change it. */
        if (cause == EROFS || cause == EACCES || cause == ENOSPC || cause == EDQUOT)
            return true;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "%s: %s", path, g_strerror(cause));
        return false;
    }

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (g_get_monotonic_time() >= until) {
            service->lock_waited = true;
            close(fd);
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_LOCKED, "Another coachiq-configd uses %s",
                        service->state_directory);
            return false;
        }
        g_usleep(LOCK_POLL_USEC);
    }
    service->lock = fd;
    return true;
}

static bool load_state(Service *service, Store *store, GError **error)
{
    g_autofree char *active = NULL, *retention = NULL;
    g_autoptr(GHashTable) interfaces = NULL;
    int64_t revision;

    if (!store_get_revision(store, &revision, error) ||
        !store_get_setting(store, SETTING_ACTIVE_MODEL, &active, error) ||
        !store_get_setting(store, SETTING_RETENTION, &retention, error) ||
        !store_get_interfaces(store, &interfaces, error))
        return false;

    g_clear_pointer(&service->active_model, g_free);
    g_clear_pointer(&service->interfaces, g_hash_table_unref);
    service->active_model = active ? g_steal_pointer(&active) : g_strdup("");
    service->interfaces = g_steal_pointer(&interfaces);
    service->retention = retention_parse(retention);
    service->revision = revision;
    service->data_version = store_data_version(store);
    return true;
}

/* A disk without room for it must not keep the service from coming up: a step is taken whole or not at
 * all. NULL: none is due, or there is none. */
static char *back_up_before_upgrade(Service *service)
{
    g_autoptr(GError) error = NULL;
    char *id = NULL;

    if (!backup_is_due_for_upgrade(service->state_directory))
        return NULL;
    if (backup_make(service->state_directory, now_usec(), "before the upgrade of the database", true, &id,
                    &error))
        g_message("Backup %s was made before the upgrade of the database", id);
    else
        g_warning("The database is upgraded without a backup: %s", error->message);
    return id;
}

bool service_load(Service *service, GError **error)
{
    g_autofree char *backup = back_up_before_upgrade(service);
    Store *store = store_open(service->state_directory, error);

    if (!store) {
        if (backup)
            backup_remove(service->state_directory, backup, NULL);
        return false;
    }
    if (backup) {
        g_free(service->upgrade_backup);
        service->upgrade_backup = g_steal_pointer(&backup);
    }
    g_hash_table_remove_all(service->caches);
    service->store = store;
    if (!load_state(service, store, error))
        return false;
    g_free(service->notice);
    service->notice = recovery_notice(service->store);
    return true;
}

static void note_recovery(Service *service)
{
    service->suspect = false;
    g_clear_pointer(&service->health, g_free);
    g_free(service->notice);
    service->notice = recovery_notice(service->store);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_HEALTH_CHANGED, .kind = "recovered"});
}

static bool recover(Service *service, const char *damage, GError **error)
{
    service->suspect = true;
    close_store(service);
    if (!service_recover(service, damage, error)) {
        close_store(service);
        return false;
    }
    note_recovery(service);
    return true;
}

/* After a stop that was not clean, or signs of damage, the whole file is checked before it is used. */
static bool load_checked(Service *service, GError **error)
{
    bool suspected = service->suspect || damage_is_suspected(service->state_directory);
    g_autoptr(GError) local = NULL;
    bool begun;

    if (!service_recover_again(service, &begun, error)) {
        close_store(service);
        return false;
    }
    if (begun) {
        note_recovery(service);
        return true;
    }
    if (damage_is_emptied(service->state_directory))
        return recover(service, "the file is empty", error);
    if (damage_is_missing(service->state_directory))
        return recover(service, "the file is missing", error);
    if (service_load(service, &local) && (!suspected || damage_check(service->store, &local))) {
        service->suspect = false;
        if (service->upgrade_backup)
            backup_remove_old(service->state_directory, service->retention.backups, service->upgrade_backup);
        g_clear_pointer(&service->upgrade_backup, g_free);
        return true;
    }
    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_CORRUPT))
        return recover(service, local->message, error);
    close_store(service);
    g_propagate_error(error, g_steal_pointer(&local));
    return false;
}

Store *service_store(Service *service, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (service->store)
        return service->store;

    if (!take_lock(service, &local) || !load_checked(service, &local)) {
        service_note_failure(service, local);
        service->idle_work = false; /* the next use tries again, and not at once */
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (store_is_writable(service->store, &local))
        service_note_success(service);
    else
        set_health(service, local->message);
    return service->store;
}

Store *service_writable_store(Service *service, GError **error)
{
    g_autoptr(GError) local = NULL;
    Store *store;

    if (service->store && !store_is_writable(service->store, NULL))
        close_store(service);
    store = service_store(service, error);
    if (!store)
        return NULL;
    if (!store_is_writable(store, error))
        return NULL;

    /* Nobody else should write here, but someone with a shell can. */
    if (store_data_version(store) != service->data_version) {
        g_hash_table_remove_all(service->caches);
        if (!load_state(service, store, &local)) {
            service_note_failure(service, local);
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
    }
    return store;
}

bool service_open(Service *service, GError **error)
{
    return service_store(service, error) != NULL;
}

bool service_get_revision(Service *service, int64_t *ret, GError **error)
{
    if (!service_store(service, error))
        return false;
    *ret = service->revision;
    return true;
}

bool service_get_active_model(Service *service, const char **ret, GError **error)
{
    if (!service_store(service, error))
        return false;
    *ret = service->active_model;
    return true;
}

bool service_get_interfaces(Service *service, GHashTable **ret, GError **error)
{
    if (!service_store(service, error))
        return false;
    *ret = service->interfaces;
    return true;
}

const char *service_resolve_model(Service *service, const char *model, GError **error)
{
    const char *active;

    if (model[0])
        return model;
    if (!service_get_active_model(service, &active, error))
        return NULL;
    if (!active[0]) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL,
                            "No coach model is active; name one, or make one active");
        return NULL;
    }
    return active;
}

ModelCache *service_get_cache(Service *service, const char *model, GError **error)
{
    ModelCache *cache;
    ImportStatus *status = NULL;
    Store *store;

    model = service_resolve_model(service, model, error);
    if (!model)
        return NULL;
    cache = g_hash_table_lookup(service->caches, model);
    /* While the database cannot be used, what is wholly in memory is still served. */
    if (cache && (service->store || model_cache_is_complete(cache)))
        return cache;

    /* Opening it again drops what was in memory. */
    store = service_store(service, error);
    if (!store || !store_get_import(store, model, &status, error))
        return NULL;
    if (!status) {
        if (bundle_has_model(service->bundle, model))
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED, "Model \"%s\" was never imported",
                        model);
        else
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL, "There is no coach model \"%s\"",
                        model);
        return NULL;
    }
    cache = model_cache_new(status);
    g_hash_table_insert(service->caches, g_strdup(model), cache);
    service->idle_work = true;
    return cache;
}

bool service_has_idle_work(const Service *service)
{
    return service->idle_work;
}

void service_idle_work(Service *service)
{
    g_autoptr(GError) local = NULL;
    GHashTableIter iter;
    gpointer cache;

    service->idle_work = false;
    /* A failure shows in Health, and again when somebody asks for the data. */
    if (!service_store(service, NULL))
        return;
    g_hash_table_iter_init(&iter, service->caches);
    while (g_hash_table_iter_next(&iter, NULL, &cache)) {
        if (model_cache_is_complete(cache))
            continue;
        if (!model_cache_load(cache, service->store, &local))
            service_note_failure(service, local);
        else
            service->idle_work = true;
        return;
    }
    /* What was read for a moment has left holes between what stays. */
    malloc_trim(0);
}
