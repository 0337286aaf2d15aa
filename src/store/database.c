/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/database.h"

#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long a statement waits for another process that holds the file; the daemon serves nobody meanwhile. */
#define BUSY_TIMEOUT_MS 200

/* The errno of what last failed on a file of the connection; 0: nothing. */
static int last_errno(sqlite3 *handle, int *ret_log_errno)
{
    sqlite3_file *log = NULL;
    int file_errno = 0;

    *ret_log_errno = 0;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &file_errno);
    if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, ret_log_errno);
    return file_errno;
}

/* When a file cannot be made, SQLite tries to open it as it is, and then knows only that it is not there. So
 * what stands against making one in this folder? */
static int creation_errno(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int cause_of(sqlite3 *handle, const char *path, int result)
{
    int cause = sqlite3_system_errno(handle), file_errno, log_errno;

    if (result == SQLITE_CANTOPEN)
        return cause == EACCES || cause == EROFS ? cause : creation_errno(path);
    /* Rolling back may have had troubles of its own since. */
    file_errno = last_errno(handle, &log_errno);
    return file_errno == EDQUOT || log_errno == EDQUOT ? EDQUOT : cause;
}

bool database_read_failed(sqlite3 *handle)
{
    int log_errno;

    return last_errno(handle, &log_errno) == EIO || log_errno == EIO;
}

ConfigError database_error_code(sqlite3 *handle, const char *path)
{
    int result = sqlite3_errcode(handle) & 0xFF;

    switch (result) {
    case SQLITE_FULL:
        return CONFIG_ERROR_NO_SPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CONFIG_ERROR_LOCKED;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return CONFIG_ERROR_READ_ONLY;
    case SQLITE_CORRUPT:
        return database_read_failed(handle) ? CONFIG_ERROR_IO : CONFIG_ERROR_CORRUPT;
    case SQLITE_NOTADB:
        return CONFIG_ERROR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        break;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return CONFIG_ERROR_CORRUPT; /* the statements are always the same, so the file is not what it was */
    default:
        return CONFIG_ERROR_IO; /* the last error of the system belongs to something else */
    }
    switch (cause_of(handle, path, result)) {
    case ENOSPC:
    case EDQUOT:
        return CONFIG_ERROR_NO_SPACE;
    case EROFS:
    case EACCES:
    case EPERM:
        return CONFIG_ERROR_READ_ONLY;
    default:
        return CONFIG_ERROR_IO;
    }
}

static const char *advice(ConfigError code)
{
    switch (code) {
    case CONFIG_ERROR_NO_SPACE:
        return "The disk is full";
    case CONFIG_ERROR_LOCKED:
        return "Another process holds the database";
    case CONFIG_ERROR_READ_ONLY:
        return "The database cannot be written";
    case CONFIG_ERROR_CORRUPT:
        return "The database is damaged";
    default:
        return "The database cannot be used";
    }
}

bool database_fail(Database *database, const char *what, GError **error)
{
    ConfigError code = database_error_code(database->handle, database->path);

    g_set_error(error, CONFIG_ERROR, (gint) code, "%s: %s (%s, while %s)", advice(code), database->path,
                sqlite3_errmsg(database->handle), what);
    return false;
}

static void statement_finalize(void *statement)
{
    sqlite3_finalize(statement);
}

static Database *database_new(const char *path, const char *uri, int flags, int *ret_result)
{
    Database *database = g_new0(Database, 1);

    database->path = g_strdup(path);
    database->log_path = g_strconcat(path, "-wal", NULL);
    database->statements = g_hash_table_new_full(NULL, NULL, NULL, statement_finalize);
    *ret_result = sqlite3_open_v2(
        uri, &database->handle, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (database->handle)
        sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    return database;
}

void database_close(Database *database)
{
    if (!database)
        return;
    g_hash_table_unref(database->statements);
    sqlite3_close(database->handle);
    g_clear_error(&database->read_only);
    g_free(database->path);
    g_free(database->log_path);
    g_free(database);
}

void database_leave_as_is(Database *database)
{
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static FileMark mark_of(const char *path)
{
    FileMark mark = {0};
    struct stat st;

    if (stat(path, &st) == 0)
        mark = (FileMark){.device = st.st_dev, .inode = st.st_ino};
    return mark;
}

static bool is_at(const FileMark *mark, const char *path)
{
    FileMark now = mark_of(path);

    return mark->device == now.device && mark->inode == now.inode;
}

static bool fail_moved(const Database *database, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO,
                "The database was taken away or replaced while it was in use: %s; nothing was acknowledged",
                database->path);
    return false;
}

/* SQLite knows whether the path was another file's from the moment on at which it opened it. */
static bool mark_files(Database *database, GError **error)
{
    int moved = 0;

    database->file = mark_of(database->path);
    database->log = mark_of(database->log_path);
    sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return !moved || fail_moved(database, error);
}

bool database_is_in_place(Database *database, GError **error)
{
    return (is_at(&database->file, database->path) && is_at(&database->log, database->log_path)) ||
           fail_moved(database, error);
}

void database_remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(path, suffixes[i], NULL);
        unlink(name);
    }
}

/* A format that is newer than SQLite knows would be taken for a file that cannot be written; but no version
 * of ours makes one (https://www.sqlite.org/fileformat.html, 1.3.3). */
static bool check_format(Database *database, GError **error)
{
    uint8_t versions[2] = {0};
    sqlite3_file *file = NULL;

    sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods || file->pMethods->xRead(file, versions, 2, 18) != SQLITE_OK ||
        (versions[0] <= 2 && versions[1] <= 2))
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                "The database is damaged: %s has format %u, which does not exist", database->path,
                (unsigned) MAX(versions[0], versions[1]));
    return false;
}

static bool configure(Database *database, GError **error)
{
    int64_t ignored;

    /* Checked first: nothing may be written to a file that is not ours. */
    if (!check_format(database, error) || !schema_check(database, error))
        return false;
    if (!database_execute(database, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", error))
        return false;
    if (database->read_only)
        return schema_is_current(database, error);

    if (!database_query_integer(database, "PRAGMA journal_mode = WAL", 0, &ignored, error) ||
        !database_execute(database, "PRAGMA synchronous = FULL", error))
        return false;
    return schema_upgrade(database, error) && mark_files(database, error);
}

/* A database on a disk that cannot be written, or is full, can still be read, unless the log beside it holds
 * commits that are not in it yet. */
static Database *open_read_only(const char *path, const GError *reason)
{
    g_autofree char *file_uri = g_filename_to_uri(path, NULL, NULL);
    g_autofree char *uri = file_uri ? g_strconcat(file_uri, "?immutable=1", NULL) : NULL;
    g_autoptr(Database) database = NULL;
    struct stat st;
    int result;

    if (!uri || stat(path, &st) < 0)
        return NULL;
    database = database_new(path, uri, SQLITE_OPEN_READONLY, &result);
    if (stat(database->log_path, &st) == 0 && st.st_size > 0)
        return NULL;
    database->read_only = g_error_copy(reason);
    if (result != SQLITE_OK || !configure(database, NULL))
        return NULL;
    return g_steal_pointer(&database);
}

Database *database_open(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(Database) database = NULL;
    int result;

    database = database_new(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &result);
    if (result != SQLITE_OK)
        database_fail(database, "opening it", &local);
    else if (sqlite3_db_readonly(database->handle, "main") == 1)
        g_set_error(&local, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY, "The database cannot be written: %s",
                    path);
    else if (configure(database, &local))
        return g_steal_pointer(&database);
    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_CORRUPT))
        database_leave_as_is(database);

    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY) ||
        g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NO_SPACE)) {
        Database *reader = open_read_only(path, local);
        if (reader)
            return reader;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
}

sqlite3_stmt *database_prepare(Database *database, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(database->statements, sql);

    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        database_fail(database, "preparing a statement", error);
        return NULL;
    }
    g_hash_table_insert(database->statements, (char *) sql, statement);
    return statement;
}

void statement_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

void statement_bind_integer(sqlite3_stmt *statement, int index, int64_t integer)
{
    sqlite3_bind_int64(statement, index, integer);
}

const char *statement_text(sqlite3_stmt *statement, int column)
{
    return (const char *) sqlite3_column_text(statement, column);
}

char *statement_dup_text(sqlite3_stmt *statement, int column)
{
    return g_strdup(statement_text(statement, column));
}

int64_t statement_integer(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

int database_step(Database *database, sqlite3_stmt *statement, GError **error)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        database_fail(database, "running a statement", error);
        return -1;
    }
}

bool database_run(Database *database, sqlite3_stmt *statement, GError **error)
{
    bool ok = database_step(database, statement, error) >= 0;

    sqlite3_reset(statement);
    return ok;
}

bool database_execute(Database *database, const char *sql, GError **error)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(database, "running a statement", error);
    return true;
}

bool database_query_integer(Database *database, const char *sql, int64_t fallback, int64_t *ret,
                            GError **error)
{
    STATEMENT statement = database_prepare(database, sql, error);
    int r;

    if (!statement)
        return false;
    r = database_step(database, statement, error);
    if (r < 0)
        return false;
    *ret = r > 0 ? statement_integer(statement, 0) : fallback;
    return true;
}
