/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/descriptor.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const char *what, const char *why, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                "%s %s; pass a regular file or a memfd, opened for reading", what, why);
    return false;
}

bool descriptor_check(int fd, const char *what, GError **error)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return refuse(what, "is no open file", error);
    if (flags & O_PATH)
        return refuse(what, "was opened as a place only (O_PATH), and cannot be read", error);
    if ((flags & O_ACCMODE) == O_WRONLY)
        return refuse(what, "was opened for writing only", error);
    return true;
}

static const char *describe(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "is a directory";
    case S_IFIFO:
        return "is a pipe or a FIFO";
    case S_IFSOCK:
        return "is a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "is a device";
    default:
        return "is no file with content";
    }
}

static GBytes *read_all(int fd, const char *what, size_t size, GError **error)
{
    /* One byte more than there should be. */
    g_autofree char *data = g_malloc(size + 1);
    size_t length = 0;

    while (length <= size) {
        ssize_t n = pread(fd, data + length, size + 1 - length, (off_t) length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "%s cannot be read: %s", what,
                        g_strerror(errno));
            return NULL;
        }
        if (n == 0)
            break;
        length += (size_t) n;
    }
    if (length != size) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
            "%s became %s while it was read, or its size is not what it says; pass it again when nobody "
            "writes to it",
            what, length > size ? "longer" : "shorter");
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), length);
}

GBytes *descriptor_read(int fd, const char *what, size_t size_max, GError **error)
{
    struct stat st;

    if (!descriptor_check(fd, what, error))
        return NULL;
    if (fstat(fd, &st) < 0) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "%s cannot be looked at: %s", what,
                    g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        refuse(what, describe(st.st_mode), error);
        return NULL;
    }
    if ((uint64_t) st.st_size > size_max) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "%s has %" G_GINT64_FORMAT " bytes; at most %zu are taken", what, (gint64) st.st_size,
                    size_max);
        return NULL;
    }
    return read_all(fd, what, (size_t) st.st_size, error);
}
