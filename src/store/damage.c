/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/damage.h"

#include "base/error.h"
#include "store/backup-private.h"
#include "store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What belongs to a database of SQLite beside the file itself. */
static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

bool damage_is_suspected(const char *directory)
{
    g_autofree char *log = g_build_filename(directory, STORE_DATABASE "-wal", NULL);
    struct stat st;

    /* Closing a database writes its log back and removes it. */
    return stat(log, &st) == 0 && st.st_size > 0;
}

bool damage_is_emptied(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, STORE_DATABASE, NULL);
    g_autoptr(GPtrArray) backups = NULL;
    struct stat st;

    /* SQLite would erase a log beside an empty file; it writes a page before it begins one. */
    return stat(path, &st) == 0 && st.st_size == 0 &&
           (damage_is_suspected(directory) || (backup_list(directory, &backups, NULL) && backups->len > 0));
}

bool damage_check(Store *store, GError **error)
{
    return backup_check_store(store, error);
}

void damage_close(Store *store)
{
    if (store)
        database_leave_as_is(store->database);
    store_close(store);
}

bool damage_is_foreign(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, STORE_DATABASE, NULL), *damage = NULL;
    sqlite3_stmt *statement = NULL;
    sqlite3 *handle = NULL;
    bool foreign = false;
    struct stat st;

    /* Not even looked into: see damage_is_emptied(). */
    if (stat(path, &st) < 0 || st.st_size == 0)
        return false;
    if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(
            handle,
            "SELECT count(*) > 0 AND total(name IN ('changes', 'coach_mappings')) = 0 FROM sqlite_schema",
            -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0)) {
        damage = backup_find_damage(handle);
        foreign = damage == NULL;
    }
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return foreign;
}

static bool exists(const char *directory, const char *name, const char *suffix)
{
    g_autofree char *path = g_strconcat(directory, "/", name, suffix, NULL);

    return access(path, F_OK) == 0;
}

bool damage_is_missing(const char *directory)
{
    g_autoptr(GPtrArray) backups = NULL;

    return !exists(directory, STORE_DATABASE, "") &&
           (damage_is_suspected(directory) || (backup_list(directory, &backups, NULL) && backups->len > 0));
}

/* Whether any of the files of a database has that name. */
static bool is_taken(const char *directory, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (exists(directory, name, suffixes[i]))
            return true;
    return false;
}

/* "damaged-20260131T120000Z.db", with a number where that is taken. */
char *damage_free_name(const char *directory, int64_t time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *stamp = date ? g_date_time_format(date, "%Y%m%dT%H%M%SZ") : g_strdup("unknown");

    for (unsigned n = 1;; n++) {
        g_autofree char *number = n > 1 ? g_strdup_printf("-%u", n) : g_strdup("");
        g_autofree char *name = g_strdup_printf("damaged-%s%s.db", stamp, number);

        if (!is_taken(directory, name))
            return g_steal_pointer(&name);
    }
}

bool damage_is_moved(const char *directory, const char *name)
{
    return exists(directory, name, "") ||
           (exists(directory, name, "-wal") && exists(directory, STORE_DATABASE, "-wal"));
}

bool damage_move_aside(const char *directory, const char *name, bool *ret_moved, GError **error)
{
    /* The log goes first, and is there before the database follows: a database without it is older, but one
     * with the log of another is broken. */
    for (guint i = G_N_ELEMENTS(suffixes); i-- > 0;) {
        if (i == 0 && !backup_sync(directory, O_DIRECTORY, error))
            return false;
        g_autofree char *from = g_strconcat(directory, "/" STORE_DATABASE, suffixes[i], NULL);
        g_autofree char *to = g_strconcat(directory, "/", name, suffixes[i], NULL);

        if (rename(from, to) < 0 && errno != ENOENT)
            return backup_fail_errno(from, "moving a damaged database aside", error);
    }
    *ret_moved = is_taken(directory, name);
    return backup_sync(directory, O_DIRECTORY, error);
}

/* The note: two lines. */
#define NOTE "recovering"

bool damage_begin(const char *directory, const char *name, const char *damage, GError **error)
{
    g_autofree char *path = g_build_filename(directory, NOTE, NULL);
    g_autofree char *text = g_strdup_printf("%s\n%s\n", name, damage);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text) && fsync(fd) == 0;

    if (!ok)
        backup_fail_errno(path, "moving a damaged database aside", error);
    if (fd >= 0)
        close(fd);
    return ok && backup_sync(directory, O_DIRECTORY, error);
}

bool damage_is_begun(const char *directory, char **ret_name, char **ret_damage)
{
    g_autofree char *path = g_build_filename(directory, NOTE, NULL), *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    lines = g_strsplit(text, "\n", 3);
    /* One that is not whole was not on disk before anything was moved. */
    if (g_strv_length(lines) < 3 || !g_str_has_prefix(lines[0], "damaged-") || strchr(lines[0], '/'))
        return false;
    *ret_name = g_strdup(lines[0]);
    *ret_damage = g_utf8_make_valid(lines[1], -1);
    return true;
}

bool damage_end(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, NOTE, NULL);

    if (unlink(path) < 0 && errno != ENOENT)
        return backup_fail_errno(path, "recovering a damaged database", error);
    return backup_sync(directory, O_DIRECTORY, error);
}

bool damage_replace(const char *directory, Store *backup, GError **error)
{
    g_autofree char *path = g_build_filename(directory, STORE_DATABASE, NULL);
    g_autofree char *copy = g_steal_pointer(&backup->private_path);

    /* Closing writes its log back into it. */
    store_close(backup);
    if (!backup_sync(copy, 0, error))
        return false;
    if (rename(copy, path) < 0)
        return backup_fail_errno(path, "putting a backup in its place", error);
    return backup_sync(directory, O_DIRECTORY, error);
}

/* A file that is not there is none to copy. */
static bool copy_file(const char *from, const char *to, bool with_new_header, GError **error)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) local = NULL;
    gsize length;

    if (!g_file_get_contents(from, &data, &length, &local)) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_IO, local->message);
        return false;
    }
    if (with_new_header && length >= SCHEMA_PAGE_SIZE)
        schema_make_header((uint8_t *) data, (uint32_t) (length / SCHEMA_PAGE_SIZE));
    if (g_file_set_contents_full(to, data, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, &local))
        return true;
    g_set_error_literal(error, CONFIG_ERROR,
                        g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? CONFIG_ERROR_NO_SPACE
                                                                                 : CONFIG_ERROR_IO,
                        local->message);
    return false;
}

static bool open_copy(const char *directory, const char *name, bool with_new_header, Store **ret,
                      GError **error)
{
    g_autofree char *folder = backup_folder(directory, error);
    g_autofree char *path = folder ? backup_unfinished_path(folder) : NULL;

    *ret = NULL;
    if (!path)
        return false;
    for (guint i = 0; i < 2; i++) { /* the file and its log */
        g_autofree char *from = g_strconcat(directory, "/", name, suffixes[i], NULL);
        g_autofree char *to = g_strconcat(path, suffixes[i], NULL);

        if (!copy_file(from, to, with_new_header && i == 0, error)) {
            database_remove_files(path);
            return false;
        }
    }
    *ret = store_open_private(path, NULL);
    return true;
}

bool damage_open(const char *directory, const char *name, Store **ret, GError **error)
{
    if (!open_copy(directory, name, false, ret, error))
        return false;
    /* The chain of changes vouches for what is read, and not the header. */
    return *ret || open_copy(directory, name, true, ret, error);
}

bool store_get_head(Store *store, int64_t *ret_id, char **ret_hash, GError **error)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT id, hash FROM changes ORDER BY id DESC LIMIT 1", error);
    int r;

    if (!statement)
        return false;
    r = database_step(store->database, statement, error);
    *ret_id = r > 0 ? statement_integer(statement, 0) : 0;
    *ret_hash = r > 0 ? statement_dup_text(statement, 1) : g_strdup("");
    return r >= 0;
}

/* What the row says of its own hash, and of the one before. */
static bool read_hashes(Store *store, int64_t id, char **ret_previous, char **ret_hash)
{
    STATEMENT statement =
        database_prepare(store->database, "SELECT previous_hash, hash FROM changes WHERE id = ?1", NULL);

    if (!statement)
        return false;
    statement_bind_integer(statement, 1, id);
    if (database_step(store->database, statement, NULL) <= 0)
        return false;
    *ret_previous = statement_dup_text(statement, 0);
    *ret_hash = statement_dup_text(statement, 1);
    return true;
}

void damage_read_change(Store *store, int64_t id, const char *previous_hash, Change **ret,
                        GPtrArray **ret_history, char **ret_hash)
{
    g_autofree char *previous = NULL, *hash = NULL, *computed = NULL;
    g_autoptr(GPtrArray) history = NULL;
    g_autoptr(Change) change = NULL;
    HashRecord *record;

    *ret = NULL;
    if (!read_hashes(store, id, &previous, &hash) || !store_get_change(store, id, &change, NULL) ||
        !change || !store_list_change_history(store, id, &history, NULL))
        return;
    record = change_hash_begin(change, previous_hash);
    for (guint i = 0; i < history->len; i++)
        change_hash_entry(record, g_ptr_array_index(history, i));
    computed = hash_record_finish(record);
    if (g_strcmp0(previous, previous_hash) != 0 || g_strcmp0(hash, computed) != 0)
        return;
    *ret = g_steal_pointer(&change);
    *ret_history = g_steal_pointer(&history);
    *ret_hash = g_steal_pointer(&hash);
}
