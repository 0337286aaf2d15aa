/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-copy.c: copying of a database. */

#include "ctl/legacy-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DATABASE_MAX (256 << 20)
#define TRIES 3

/* https://sqlite.org/fileformat.html: how a rollback journal begins that was not finished. */
static const unsigned char journal_magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

static bool fail_copy(int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(number),
                _("A copy of it in %s, to read that, cannot be made: %s"), g_get_tmp_dir(),
                g_strerror(number));
    return false;
}

static int write_all(int to, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(to, data, length);

        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            data += n;
            length -= (size_t) n;
        }
    }
    return 0;
}

static bool copy_bytes(int from, int to, GError **error)
{
    char buffer[65536];
    size_t size = 0;
    ssize_t n;

    while ((n = read(from, buffer, sizeof buffer)) != 0) {
        int failure;

        if (n < 0 && errno == EINTR)
            continue;
        failure = n < 0 ? errno : write_all(to, buffer, (size_t) n);
        if (failure != 0)
            return fail_copy(failure, error);
        size += (size_t) n;
        if (size > DATABASE_MAX) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        _("It is larger than %d MiB, which no such file of the old system is"),
                        DATABASE_MAX >> 20);
            return false;
        }
    }
    return true;
}

static bool copy_to(int from, const char *path, GError **error)
{
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done;

    if (to < 0)
        return fail_copy(errno, error);
    done = copy_bytes(from, to, error);
    return close(to) < 0 && done ? fail_copy(errno, error) : done;
}

/* Copies one file. With `optional` none is fine, and then there is no copy either. */
static bool copy_file(const LegacyTree *tree, const char *path, const char *to, bool optional,
                      struct stat *ret_st, GError **error)
{
    g_autoptr(GError) problem = NULL;
    int fd = legacy_tree_open_file(tree, path, ret_st, &problem);
    bool done;

    if (fd < 0) {
        *ret_st = (struct stat){0};
        g_unlink(to);
        if (optional && g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    done = copy_to(fd, to, error);
    close(fd);
    return done;
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What is there now; all zero for nothing. */
static struct stat look(const LegacyTree *tree, const char *path)
{
    struct stat st = {0};
    int fd = legacy_tree_open_file(tree, path, &st, NULL);

    if (fd < 0)
        return (struct stat){0};
    close(fd);
    return st;
}

static bool copy_both(LegacyCopy *copy, const LegacyTree *tree, const char *path, struct stat *ret_st,
                      GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    g_autofree char *log_copy = g_strconcat(copy->file, "-wal", NULL);

    for (int i = 0; i < TRIES; i++) {
        struct stat now, log_st;

        if (!copy_file(tree, path, copy->file, false, ret_st, error) ||
            !copy_file(tree, log, log_copy, true, &log_st, error))
            return false;
        now = look(tree, path);
        if (!same(&now, ret_st))
            continue;
        now = look(tree, log);
        if (same(&now, &log_st))
            return true;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                _("It is being written to; stop the old system first, “systemctl stop coachiq”"));
    return false;
}

/* A transaction that was cut short: the file itself is in no state that counts. Its journal is not taken
 * along, because SQLite removes files that a journal names. */
static bool check_journal(const LegacyTree *tree, const char *path, GError **error)
{
    g_autofree char *journal = g_strconcat(path, "-journal", NULL);
    unsigned char head[sizeof journal_magic] = {0};
    struct stat st;
    int fd = legacy_tree_open_file(tree, journal, &st, NULL);
    ssize_t n;

    if (fd < 0)
        return true;
    n = read(fd, head, sizeof head);
    close(fd);
    if (n != sizeof head || memcmp(head, journal_magic, sizeof head) != 0)
        return true;
    g_set_error(
        error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
        _("The old system was cut short while it wrote; start and stop it once, or open the file with "
          "“sqlite3 FILE .tables”, and try again"));
    return false;
}

bool legacy_copy_make(LegacyCopy *copy, const LegacyTree *tree, const char *path, struct stat *ret_st,
                      GError **error)
{
    struct stat st;
    int fd;

    *copy = (LegacyCopy){0};
    /* Most often there is none, and then nothing shall be made. */
    fd = legacy_tree_open_file(tree, path, &st, error);
    if (fd < 0)
        return false;
    close(fd);
    copy->folder = g_dir_make_tmp("coachiq-migrate-XXXXXX", NULL);
    if (!copy->folder)
        return fail_copy(errno, error);
    copy->file = g_build_filename(copy->folder, "old.db", NULL);
    return copy_both(copy, tree, path, ret_st, error) && check_journal(tree, path, error);
}

void legacy_copy_clear(LegacyCopy *copy)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; copy->file && i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *file = g_strconcat(copy->file, ends[i], NULL);

        g_unlink(file);
    }
    if (copy->folder)
        g_rmdir(copy->folder);
    g_clear_pointer(&copy->folder, g_free);
    g_clear_pointer(&copy->file, g_free);
}
