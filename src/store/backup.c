/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a backup: written beside, checked, put on disk, and only then named. */
#include "store/backup-private.h"

#include "base/error.h"
#include "base/json.h"
#include "store/database.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What has to stay free on the disk beside the copy. */
#define SPARE_BYTES (4 * 1024 * 1024)
#define BUSY_TIMEOUT_MS 5000
/* Backups of one second and revision. */
#define NAMES_MAX 1000

bool backup_fail_errno(const char *path, const char *what, GError **error)
{
    ConfigError code = errno == ENOSPC || errno == EDQUOT                    ? CONFIG_ERROR_NO_SPACE
                       : errno == EROFS || errno == EACCES || errno == EPERM ? CONFIG_ERROR_READ_ONLY
                                                                             : CONFIG_ERROR_IO;

    g_set_error(error, CONFIG_ERROR, (gint) code, "%s: %s (while %s)", path, g_strerror(errno), what);
    return false;
}

bool backup_check_space(const char *folder, uint64_t bytes, GError **error)
{
    uint64_t needed = bytes + SPARE_BYTES, available;
    struct statvfs fs;

    if (statvfs(folder, &fs) < 0)
        return backup_fail_errno(folder, "looking for room for a backup", error);
    available = (uint64_t) fs.f_bavail * fs.f_frsize;
    if (available >= needed)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SPACE,
                "A backup needs %" G_GUINT64_FORMAT " KiB in %s, where %" G_GUINT64_FORMAT
                " KiB are free; nothing was done",
                needed / 1024, folder, available / 1024);
    return false;
}

bool backup_sync(const char *path, int flags, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        backup_fail_errno(path, "writing a backup to disk", error);
    if (fd >= 0)
        close(fd);
    return ok;
}

char *backup_find_damage(sqlite3 *handle)
{
    sqlite3_stmt *statement = NULL;
    char *found = NULL;
    int r;

    if (sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &statement, NULL) != SQLITE_OK)
        return g_strdup(sqlite3_errmsg(handle));
    r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        found = g_strdup((const char *) sqlite3_column_text(statement, 0));
    else
        found = g_strdup(sqlite3_errmsg(handle));
    sqlite3_finalize(statement);
    if (g_strcmp0(found, "ok") == 0)
        g_clear_pointer(&found, g_free);
    return found;
}

char *backup_unfinished_path(const char *folder)
{
    static gint counter = 0;

    /* The number of a process comes again, with a file that the one before has left. */
    return g_strdup_printf("%s/unfinished-%d-%d-%08x" BACKUP_UNFINISHED, folder, (int) getpid(),
                           g_atomic_int_add(&counter, 1), g_random_int());
}

void backup_remove_unfinished(const char *folder)
{
    g_autofree char *ours = g_strdup_printf("unfinished-%d-", (int) getpid());
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory)))
        if (g_str_has_prefix(name, "unfinished-") && !g_str_has_prefix(name, ours)) {
            g_autofree char *path = g_build_filename(folder, name, NULL);
            unlink(path);
        }
}

/* A copy in the making. */
typedef struct Copy {
    sqlite3 *source, *copy;
    const char *path; /* of the copy */
    int64_t revision;
} Copy;

static bool fail_copy(const Copy *copy, sqlite3 *handle, GError **error)
{
    ConfigError code = database_error_code(handle, copy->path);

    if (code == CONFIG_ERROR_CORRUPT && database_read_failed(copy->source))
        code = CONFIG_ERROR_IO;
    g_set_error(error, CONFIG_ERROR, (gint) code, "The backup %s could not be made: %s", copy->path,
                sqlite3_errmsg(handle));
    return false;
}

static bool open_both(Copy *copy, const char *database, GError **error)
{
    if (sqlite3_open_v2(database, &copy->source, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return fail_copy(copy, copy->source, error);
    sqlite3_busy_timeout(copy->source, BUSY_TIMEOUT_MS);
    if (sqlite3_open_v2(copy->path, &copy->copy,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail_copy(copy, copy->copy, error);
    return true;
}

static bool copy_pages(const Copy *copy, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy->copy, "main", copy->source, "main");

    if (!backup)
        return fail_copy(copy, copy->copy, error);
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK || fail_copy(copy, copy->copy, error);
}

/* The revision that the copy is of. */
static bool read_revision(Copy *copy, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok;

    if (sqlite3_prepare_v2(copy->copy, "SELECT coalesce(max(id), 0) FROM changes", -1, &statement, NULL) !=
        SQLITE_OK)
        return fail_copy(copy, copy->copy, error);
    ok = sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        copy->revision = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok || fail_copy(copy, copy->copy, error);
}

static char *describe(int64_t time, int64_t revision, const char *reason, bool automatic)
{
    g_autoptr(Value) map = value_new_map();

    value_map_take(&map, "time", value_new_integer(time));
    value_map_take(&map, "revision", value_new_integer(revision));
    value_map_take(&map, "reason", value_new_string(reason));
    value_map_take(&map, "automatic", value_new_boolean(automatic));
    return json_format(map);
}

/* A whole file that needs no log beside it, and says what it is. What makes it durable is the fsync() in the
 * end. */
static bool finish_copy(const Copy *copy, const char *description, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok;

    if (sqlite3_exec(copy->copy, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF", NULL, NULL,
                     NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(copy->copy, "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", -1,
                           &statement, NULL) != SQLITE_OK)
        return fail_copy(copy, copy->copy, error);
    sqlite3_bind_text(statement, 1, SETTING_BACKUP, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, description, -1, SQLITE_STATIC);
    ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok || fail_copy(copy, copy->copy, error);
}

static bool check_copy(const Copy *copy, GError **error)
{
    g_autofree char *damage = backup_find_damage(copy->copy);

    if (!damage)
        return true;
    if (database_read_failed(copy->copy))
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "The backup %s cannot be read again: %s",
                    copy->path, damage);
    else
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: a backup of it says %s", damage);
    return false;
}

static bool write_copy(Copy *copy, const char *database, int64_t time, const char *reason, bool automatic,
                       GError **error)
{
    g_autofree char *description = NULL;
    bool ok;

    ok = open_both(copy, database, error) && copy_pages(copy, error) && read_revision(copy, error);
    if (ok) {
        description = describe(time, copy->revision, reason, automatic);
        ok = finish_copy(copy, description, error) && check_copy(copy, error);
    }
    sqlite3_close(copy->source);
    if (sqlite3_close(copy->copy) != SQLITE_OK && ok)
        ok = fail_copy(copy, copy->copy, error);
    return ok && backup_sync(copy->path, 0, error);
}

/* "20260131T120000Z-r42-auto", with a number behind it where that is taken. */
static char *free_id(const char *folder, int64_t time, int64_t revision, bool automatic)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *stamp =
        date ? g_date_time_format(date, "%Y%m%dT%H%M%SZ") : g_strdup("00000000T000000Z");

    for (unsigned n = 1; n < NAMES_MAX; n++) {
        g_autofree char *number = n > 1 ? g_strdup_printf("-%u", n) : g_strdup("");
        g_autofree char *id = g_strdup_printf("%s-r%" G_GINT64_FORMAT "%s-%s", stamp, revision, number,
                                              automatic ? "auto" : "manual");
        g_autofree char *path = g_strconcat(folder, "/", id, BACKUP_SUFFIX, NULL);

        if (access(path, F_OK) < 0)
            return g_steal_pointer(&id);
    }
    return NULL;
}

/* The name lasts once the folder is on disk, and the folder's own name in the one above. */
static bool name_copy(const Copy *copy, const char *directory, const char *folder, int64_t time,
                      bool automatic, char **ret_id, GError **error)
{
    g_autofree char *id = free_id(folder, time, copy->revision, automatic);
    g_autofree char *path = id ? g_strconcat(folder, "/", id, BACKUP_SUFFIX, NULL) : NULL;

    if (!path) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "%s has too many backups of this second", folder);
        return false;
    }
    if (rename(copy->path, path) < 0)
        return backup_fail_errno(path, "naming a backup", error);
    if (!backup_sync(folder, O_DIRECTORY, error) || !backup_sync(directory, O_DIRECTORY, error)) {
        unlink(path);
        return false;
    }
    *ret_id = g_steal_pointer(&id);
    return true;
}

static bool is_old(const char *path)
{
    uint8_t header[SCHEMA_HEADER_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool old = fd >= 0 && pread(fd, header, sizeof header, 0) == sizeof header && schema_is_old(header);

    if (fd >= 0)
        close(fd);
    return old;
}

bool backup_is_due_for_upgrade(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, STORE_DATABASE, NULL);
    sqlite3_stmt *statement = NULL;
    sqlite3 *handle = NULL;
    bool empty;

    if (!is_old(path))
        return false;
    /* One that the power left half made. */
    empty = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(handle, "SELECT EXISTS (SELECT 1 FROM changes)", -1, &statement, NULL) ==
                SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 0;
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return !empty;
}

bool backup_make(const char *directory, int64_t time, const char *reason, bool automatic, char **ret_id,
                 GError **error)
{
    g_autofree char *database = g_build_filename(directory, STORE_DATABASE, NULL);
    g_autofree char *log = g_strconcat(database, "-wal", NULL);
    g_autofree char *folder = backup_folder(directory, error), *path = NULL, *id = NULL;
    struct stat st;
    uint64_t size;
    Copy copy = {0};

    if (!folder)
        return false;
    if (stat(database, &st) < 0)
        return backup_fail_errno(database, "making a backup of it", error);
    size = (uint64_t) st.st_size;
    /* What the log holds comes on top of it, at the most. */
    if (stat(log, &st) == 0)
        size += (uint64_t) st.st_size;
    if (!backup_check_space(folder, size, error))
        return false;
    backup_remove_unfinished(folder);
    path = backup_unfinished_path(folder);
    copy.path = path;
    if (!write_copy(&copy, database, time, reason, automatic, error) ||
        !name_copy(&copy, directory, folder, time, automatic, &id, error)) {
        database_remove_files(path);
        return false;
    }
    *ret_id = g_steal_pointer(&id);
    return true;
}
