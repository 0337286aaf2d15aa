/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memfd.c: a sealed memfd from bytes. */

#include "base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux 6.3: says that nothing in the file is to be executed. A kernel may insist on it or not know it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int memfd_open(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, data + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t) n;
    }
    return 0;
}

static int fill_and_seal(int fd, const void *data, size_t length)
{
    int r = write_all(fd, data, length);

    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -errno;
    return 0;
}

int memfd_new_sealed(const char *name, const void *data, size_t length)
{
    int fd = memfd_open(name);

    if (fd < 0)
        return fd;
    int r = fill_and_seal(fd, data, length);
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}
