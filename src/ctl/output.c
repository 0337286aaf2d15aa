/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* output.c: writing files. */

#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(number), _("Cannot write %s: %s."), path,
                g_strerror(number));
    return false;
}

static bool fail_exists(const char *path, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, _("%s exists already; --force overwrites it."),
                path);
    return false;
}

static bool check_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return access(folder, W_OK | X_OK) == 0 || fail(path, errno, error);
}

bool output_check(const char *path, bool force, GError **error)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? check_folder(path, error) : fail(path, errno, error);
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    _("%s is no regular file, so it is left as it is."), path);
        return false;
    }
    return force || fail_exists(path, error);
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

int output_copy(int from, int to)
{
    char buffer[65536];
    off_t offset = 0;
    ssize_t n;

    while ((n = pread(from, buffer, sizeof buffer, offset)) != 0) {
        int failure;

        if (n < 0 && errno == EINTR)
            continue;
        failure = n < 0 ? errno : write_all(to, buffer, (size_t) n);
        if (failure != 0)
            return failure;
        offset += n;
    }
    return 0;
}

static bool put_in_place(const char *from, const char *path, bool force, GError **error)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, path, force ? 0 : RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST)
        return fail_exists(path, error);
    /* Not every file system can tell; there it was looked at before. */
    if (errno != EINVAL || force)
        return fail(path, errno, error);
    return output_check(path, force, error) && (rename(from, path) == 0 || fail(path, errno, error));
}

/* So that the name outlives a power cut too. */
static void sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int fill(int from, int to)
{
    int failure = output_copy(from, to);

    if (failure == 0 && fsync(to) < 0)
        failure = errno;
    return close(to) < 0 && failure == 0 ? errno : failure;
}

bool output_file(int fd, const char *path, bool force, GError **error)
{
    g_autofree char *beside = g_strconcat(path, ".XXXXXX", NULL);
    int to, failure;

    if (!output_check(path, force, error))
        return false;
    to = g_mkstemp_full(beside, O_WRONLY | O_CLOEXEC, 0600);
    if (to < 0)
        return fail(path, errno, error);
    failure = fill(fd, to);
    if (failure != 0)
        fail(path, failure, error);
    if (failure != 0 || !put_in_place(beside, path, force, error)) {
        g_unlink(beside);
        return false;
    }
    sync_folder(path);
    return true;
}
