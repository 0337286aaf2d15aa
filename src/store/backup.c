/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of the whole database, each a file of its own that is verified before it counts. */
#include "store/store-private.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BACKUP_FOLDER "backups"
#define BACKUP_AUTOMATIC "-auto.db"
#define BACKUP_UNFINISHED ".tmp"
/* What a copy says of itself, in its settings. */
#define SETTING_BACKUP "backup"
/* What has to stay free on the disk beside the copy. */
#define SPARE_BYTES (4 * 1024 * 1024)

static bool fail_errno(const char *path, const char *what, GError **error)
{
    ConfigError code = errno == ENOSPC || errno == EDQUOT                    ? CONFIG_ERROR_NO_SPACE
                       : errno == EROFS || errno == EACCES || errno == EPERM ? CONFIG_ERROR_READ_ONLY
                                                                             : CONFIG_ERROR_IO;

    g_set_error(error, CONFIG_ERROR, (gint) code, "%s: %s (while %s)", path, g_strerror(errno), what);
    return false;
}

static bool check_space(Store *store, const char *folder, GError **error)
{
    int64_t pages, page_size;
    struct statvfs fs;
    uint64_t needed, available;

    if (!database_query_integer(store->database, "PRAGMA page_count", 0, &pages, error) ||
        !database_query_integer(store->database, "PRAGMA page_size", 0, &page_size, error))
        return false;
    if (statvfs(folder, &fs) < 0)
        return fail_errno(folder, "looking for room for a backup", error);
    needed = (uint64_t) (pages * page_size) + SPARE_BYTES;
    available = (uint64_t) fs.f_bavail * fs.f_frsize;
    if (available >= needed)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SPACE,
                "A backup needs %" G_GUINT64_FORMAT " KiB in %s, where %" G_GUINT64_FORMAT
                " KiB are free; nothing was done",
                needed / 1024, folder, available / 1024);
    return false;
}

static bool fail_copy(sqlite3 *copy, const char *path, GError **error)
{
    ConfigError code =
        (sqlite3_errcode(copy) & 0xFF) == SQLITE_FULL ? CONFIG_ERROR_NO_SPACE : CONFIG_ERROR_IO;

    g_set_error(error, CONFIG_ERROR, (gint) code, "The backup %s could not be written: %s", path,
                sqlite3_errmsg(copy));
    return false;
}

/* A whole file of its own that needs no log beside it, and says what it is. */
static bool finish_copy(sqlite3 *copy, const char *path, const char *description, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok;

    if (sqlite3_exec(copy, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF", NULL, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(copy, "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", -1,
                           &statement, NULL) != SQLITE_OK)
        return fail_copy(copy, path, error);
    sqlite3_bind_text(statement, 1, SETTING_BACKUP, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, description, -1, SQLITE_STATIC);
    ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok || fail_copy(copy, path, error);
}

/* The check says what is wrong in its rows, not by its result. */
static bool verify_copy(sqlite3 *copy, const char *path, GError **error)
{
    sqlite3_stmt *statement = NULL;
    g_autofree char *found = NULL;

    if (sqlite3_prepare_v2(copy, "PRAGMA integrity_check(1)", -1, &statement, NULL) != SQLITE_OK)
        return fail_copy(copy, path, error);
    if (sqlite3_step(statement) == SQLITE_ROW)
        found = g_strdup((const char *) sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    if (g_strcmp0(found, "ok") == 0)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "The database is damaged: a backup of it says %s",
                found ? found : sqlite3_errmsg(copy));
    return false;
}

static bool copy_pages(Store *store, sqlite3 *copy, const char *path, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", store->database->handle, "main");

    if (!backup)
        return fail_copy(copy, path, error);
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK || fail_copy(copy, path, error);
}

static bool write_copy(Store *store, const char *path, const char *description, GError **error)
{
    sqlite3 *copy = NULL;
    bool ok;

    if (sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        ok = fail_copy(copy, path, error);
    else
        ok = copy_pages(store, copy, path, error) && finish_copy(copy, path, description, error) &&
             verify_copy(copy, path, error);
    sqlite3_close(copy);
    return ok;
}

static bool sync_path(const char *path, int flags, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        fail_errno(path, "writing a backup to disk", error);
    if (fd >= 0)
        close(fd);
    return ok;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) b, *(const char *const *) a);
}

static void remove_named(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    unlink(path);
}

/* What a process that was killed left behind; nobody else writes here. */
static void remove_unfinished(const char *folder)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory)))
        if (strstr(name, BACKUP_AUTOMATIC BACKUP_UNFINISHED))
            remove_named(folder, name);
}

/* Names begin with the time, so that the newest sort last. One that cannot be removed stays. */
static void remove_old(const char *folder, unsigned keep)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (directory && (name = g_dir_read_name(directory)))
        if (g_str_has_suffix(name, BACKUP_AUTOMATIC))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = keep; i < names->len; i++)
        remove_named(folder, g_ptr_array_index(names, i));
}

static char *describe(int64_t time, int64_t revision, const char *reason)
{
    g_autoptr(Value) map = value_new_map();

    value_map_take(&map, "time", value_new_integer(time));
    value_map_take(&map, "revision", value_new_integer(revision));
    value_map_take(&map, "reason", value_new_string(reason));
    value_map_take(&map, "automatic", value_new_boolean(true));
    return json_format(map);
}

/* "20260131T120000Z-r42-auto.db" */
static char *name_of(int64_t time, int64_t revision)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *stamp = date ? g_date_time_format(date, "%Y%m%dT%H%M%SZ") : g_strdup("unknown");

    return g_strdup_printf("%s-r%" G_GINT64_FORMAT BACKUP_AUTOMATIC, stamp, revision);
}

bool store_backup(Store *store, const char *directory, int64_t time, int64_t revision, const char *reason,
                  unsigned keep, char **ret_name, GError **error)
{
    g_autofree char *folder = g_build_filename(directory, BACKUP_FOLDER, NULL);
    g_autofree char *name = name_of(time, revision), *description = describe(time, revision, reason);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *unfinished = g_strconcat(path, BACKUP_UNFINISHED, NULL);
    bool ok;

    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return fail_errno(folder, "making the folder of backups", error);
    remove_unfinished(folder);
    if (!check_space(store, folder, error))
        return false;
    ok = write_copy(store, unfinished, description, error) && sync_path(unfinished, 0, error);
    if (ok && rename(unfinished, path) < 0)
        ok = fail_errno(path, "naming a backup", error);
    if (!ok) {
        unlink(unfinished);
        return false;
    }
    if (!sync_path(folder, O_DIRECTORY, error))
        return false;
    remove_old(folder, keep);
    *ret_name = g_steal_pointer(&name);
    return true;
}
