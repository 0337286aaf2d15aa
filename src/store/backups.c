/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeping backups: the folder, what is in it, and opening what is in one. */
#include "store/backup-private.h"

#include "base/error.h"
#include "base/json.h"
#include "store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "backups"
#define AUTOMATIC "-auto"
#define ID_LENGTH_MAX 128
/* Of a file that somebody brings. */
#define FILE_SIZE_MAX (INT64_C(1) << 30)

void backup_free(Backup *backup)
{
    if (!backup)
        return;
    g_free(backup->id);
    g_free(backup->reason);
    g_free(backup->problem);
    g_free(backup);
}

char *backup_folder(const char *directory, GError **error)
{
    g_autofree char *folder = g_build_filename(directory, FOLDER, NULL);

    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return g_steal_pointer(&folder);
    backup_fail_errno(folder, "making the folder of backups", error);
    return NULL;
}

/* An id that can be the name of a file there, and of nothing elsewhere. */
static bool id_is_valid(const char *id)
{
    size_t length = strlen(id);

    return length > 0 && length <= ID_LENGTH_MAX &&
           strspn(id, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-") == length;
}

static char *path_of(const char *directory, const char *id, GError **error)
{
    g_autofree char *path = NULL;
    struct stat st;

    if (id_is_valid(id)) {
        path = g_strconcat(directory, "/" FOLDER "/", id, BACKUP_SUFFIX, NULL);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return g_steal_pointer(&path);
    }
    g_autofree char *quoted = json_quote(id);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_BACKUP, "There is no backup %s", quoted);
    return NULL;
}

/* Listing */

/* What the name says, for a file that cannot be read. "20260131T120000Z-r42-auto" */
static void read_name(Backup *backup)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_auto(GStrv) parts = g_strsplit(backup->id, "-", 3);
    g_autoptr(GDateTime) date = parts[0] ? g_date_time_new_from_iso8601(parts[0], utc) : NULL;

    backup->automatic = g_str_has_suffix(backup->id, AUTOMATIC);
    backup->time = date ? g_date_time_to_unix(date) * G_USEC_PER_SEC : 0;
    backup->revision =
        parts[0] && parts[1] && parts[1][0] == 'r' ? g_ascii_strtoll(parts[1] + 1, NULL, 10) : 0;
}

static void read_description(Backup *backup, const char *text)
{
    g_autoptr(Value) map = json_parse(text, -1, &json_limits_call, NULL);
    Value *time = value_map_get(map, "time");
    const char *reason = value_map_get_string(map, "reason");

    if (time && value_type(time) == VALUE_INTEGER)
        backup->time = value_integer(time);
    if (reason) {
        g_free(backup->reason);
        backup->reason = g_strdup(reason);
    }
}

/* Read as it lies there: nobody writes to it. */
static void read_inside(Backup *backup, const char *path)
{
    int result;
    sqlite3 *handle = backup_open_as_it_lies(path, &result);
    sqlite3_stmt *statement = NULL;

    if (result != SQLITE_OK ||
        sqlite3_prepare_v2(handle, "SELECT value FROM settings WHERE name = '" SETTING_BACKUP "'", -1,
                           &statement, NULL) != SQLITE_OK)
        backup->problem = g_strdup(sqlite3_errmsg(handle));
    else if (sqlite3_step(statement) == SQLITE_ROW)
        read_description(backup, (const char *) sqlite3_column_text(statement, 0));
    else
        backup->problem = g_strdup("it does not say what it is");
    sqlite3_finalize(statement);
    sqlite3_close(handle);
}

static Backup *read_backup(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *id = g_strndup(name, strlen(name) - strlen(BACKUP_SUFFIX));
    struct stat st;
    Backup *backup;

    if (!id_is_valid(id) || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    backup = g_new0(Backup, 1);
    backup->id = g_steal_pointer(&id);
    backup->reason = g_strdup("");
    backup->size = (uint64_t) st.st_size;
    read_name(backup);
    read_inside(backup, path);
    return backup;
}

/* The newest first, which the revision says better than the clock: a coach may have none while it is parked.
 */
static int compare_backups(gconstpointer a, gconstpointer b)
{
    const Backup *left = *(const Backup *const *) a, *right = *(const Backup *const *) b;

    if (left->revision != right->revision)
        return left->revision > right->revision ? -1 : 1;
    if (left->time != right->time)
        return left->time > right->time ? -1 : 1;
    return strcmp(right->id, left->id);
}

bool backup_list(const char *directory, GPtrArray **ret, GError **error)
{
    g_autofree char *folder = g_build_filename(directory, FOLDER, NULL);
    g_autoptr(GPtrArray) backups = g_ptr_array_new_with_free_func((GDestroyNotify) backup_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) names = g_dir_open(folder, 0, &local);
    const char *name;

    if (!names && !g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "%s: %s", folder, local->message);
        return false;
    }
    while (names && (name = g_dir_read_name(names))) {
        Backup *backup = g_str_has_suffix(name, BACKUP_SUFFIX) ? read_backup(folder, name) : NULL;
        if (backup)
            g_ptr_array_add(backups, backup);
    }
    g_ptr_array_sort(backups, compare_backups);
    *ret = g_steal_pointer(&backups);
    return true;
}

/* Removing */

bool backup_remove(const char *directory, const char *id, GError **error)
{
    g_autofree char *path = path_of(directory, id, error);

    if (!path)
        return false;
    return unlink(path) == 0 || backup_fail_errno(path, "removing a backup", error);
}

void backup_remove_old(const char *directory, unsigned keep, const char *newest)
{
    g_autoptr(GPtrArray) backups = NULL;
    unsigned n = newest ? 1 : 0;

    if (!backup_list(directory, &backups, NULL))
        return;
    for (guint i = 0; i < backups->len; i++) {
        const Backup *backup = g_ptr_array_index(backups, i);
        if (backup->automatic && g_strcmp0(backup->id, newest) != 0 && ++n > keep)
            backup_remove(directory, backup->id, NULL);
    }
}

/* Opening */

int backup_open_file(const char *directory, const char *id, GError **error)
{
    g_autofree char *path = path_of(directory, id, error);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (path && fd < 0)
        backup_fail_errno(path, "opening a backup", error);
    return fd;
}

static bool copy_bytes(int from, int to, int64_t size, const char *path, GError **error)
{
    off_t offset = 0;

    while (offset < size) {
        ssize_t n = sendfile(to, from, &offset, (size_t) (size - offset));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return backup_fail_errno(path, "copying a backup", error);
        if (n == 0)
            break;
    }
    return true;
}

/* SQLite takes an empty file for an empty database, and a restore of that would take everything away. */
static bool begins_as_ours(int fd)
{
    uint8_t header[SCHEMA_HEADER_SIZE];

    return pread(fd, header, sizeof header, 0) == sizeof header && schema_owns_header(header);
}

/* A device is none of ours; a file that is too large would fill the disk. */
static bool check_file(int fd, int64_t *ret_size, GError **error)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (flags & O_PATH) ||
        (flags & O_ACCMODE) == O_WRONLY) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                            "The backup is not a regular file that can be read");
        return false;
    }
    if (st.st_size > FILE_SIZE_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "A backup has at most %" G_GINT64_FORMAT " bytes", FILE_SIZE_MAX);
        return false;
    }
    if (!begins_as_ours(fd)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                            "The backup cannot be used: it is no database of coachiq-config");
        return false;
    }
    *ret_size = st.st_size;
    return true;
}

static bool fill_copy(const char *folder, int fd, int copy, const char *path, GError **error)
{
    int64_t size;

    return check_file(fd, &size, error) && backup_check_space(folder, (uint64_t) size, error) &&
           copy_bytes(fd, copy, size, path, error);
}

/* What a person is told of a file that is no good: that, and not that our database is damaged. */
static Store *refuse_file(GError *local, GError **error)
{
    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NOT_SUPPORTED) ||
        g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SPACE)) {
        g_propagate_error(error, local);
        return NULL;
    }
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "The backup cannot be used: %s",
                local->message);
    g_error_free(local);
    return NULL;
}

Store *backup_load_file(const char *directory, int fd, GError **error)
{
    g_autofree char *folder = backup_folder(directory, error);
    g_autofree char *path = folder ? backup_unfinished_path(folder) : NULL;
    g_autoptr(Store) store = NULL;
    GError *local = NULL;
    bool filled;
    int copy;

    if (!folder)
        return NULL;
    copy = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy < 0) {
        backup_fail_errno(path, "copying a backup", error);
        return NULL;
    }
    filled = fill_copy(folder, fd, copy, path, error);
    close(copy);
    if (!filled) {
        unlink(path);
        return NULL;
    }
    /* First of all: bringing it up to date would run the triggers of somebody else's, without an end. */
    if (!backup_check_schema(path, &local)) {
        unlink(path);
        return refuse_file(local, error);
    }
    store = store_open_private(path, &local);
    if (!store || !backup_check_store(store, &local))
        return refuse_file(local, error);
    return g_steal_pointer(&store);
}

Store *backup_load(const char *directory, const char *id, GError **error)
{
    int fd = backup_open_file(directory, id, error);
    Store *store = fd >= 0 ? backup_load_file(directory, fd, error) : NULL;

    if (fd >= 0)
        close(fd);
    return store;
}
