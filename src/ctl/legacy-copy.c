/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-copy.c: copying of a database. */

#include "ctl/legacy-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define DATABASE_MAX (256 << 20)
#define TRIES 3

/* https://sqlite.org/fileformat.html: how a rollback journal begins that was not finished. */
static const unsigned char journal_magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

/* Copies one file. With `optional` none is fine, and then there is no copy either. */
static bool copy_file(LegacyTree *tree, const char *path, const char *to, bool optional, struct stat *ret_st,
                      GError **error)
{
    g_autoptr(GError) problem = NULL;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return legacy_fail_copy(errno, error);
    if (legacy_tree_copy(tree, path, DATABASE_MAX, fd, ret_st, &problem))
        return true;
    *ret_st = (struct stat){0};
    g_unlink(to);
    if (optional && g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What is there now; all zero for nothing. */
static struct stat look(LegacyTree *tree, const char *path)
{
    struct stat st = {0};

    return legacy_tree_look(tree, path, &st, NULL) ? st : (struct stat){0};
}

static bool copy_both(LegacyCopy *copy, LegacyTree *tree, const char *path, struct stat *ret_st,
                      GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    g_autofree char *log_copy = g_strconcat(copy->file, "-wal", NULL);

    for (int i = 0; i < TRIES; i++) {
        struct stat now, log_st = {0};

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
static bool check_journal(LegacyTree *tree, const char *path, GError **error)
{
    g_autofree char *journal = g_strconcat(path, "-journal", NULL);
    g_autoptr(GBytes) data = legacy_tree_read_head(tree, journal, sizeof journal_magic, NULL);
    const void *head = data ? g_bytes_get_data(data, NULL) : NULL;

    if (!data || g_bytes_get_size(data) < sizeof journal_magic ||
        memcmp(head, journal_magic, sizeof journal_magic) != 0)
        return true;
    g_set_error(
        error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
        _("The old system was cut short while it wrote; start and stop it once, or open the file with "
          "“sqlite3 FILE .tables”, and try again"));
    return false;
}

bool legacy_copy_make(LegacyCopy *copy, LegacyTree *tree, const char *path, struct stat *ret_st,
                      GError **error)
{
    struct stat st;

    *copy = (LegacyCopy){0};
    /* Most often there is none, and then nothing shall be made. */
    if (!legacy_tree_look(tree, path, &st, error))
        return false;
    copy->folder = g_dir_make_tmp("coachiq-migrate-XXXXXX", NULL);
    if (!copy->folder)
        return legacy_fail_copy(errno, error);
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
