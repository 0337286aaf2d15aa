/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-memfd.c: a sealed descriptor holds its bytes, and nobody can change them. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memfd.h"

static void test_sealed(void)
{
    g_autofree char *data = g_strnfill(100000, 'x');
    int fd = memfd_new_sealed("test", data, 100000);
    struct stat status;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
    g_assert_cmpint(fstat(fd, &status), ==, 0);
    g_assert_cmpint(status.st_size, ==, 100000);

    int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    g_assert_cmpint(fcntl(fd, F_GET_SEALS) & wanted, ==, wanted);
    g_assert_cmpint(write(fd, "y", 1), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    g_assert_cmpint(ftruncate(fd, 1), ==, -1);
    g_assert_cmpint(ftruncate(fd, 200000), ==, -1);
    void *writable = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bool refused = writable == MAP_FAILED;
    if (!refused)
        munmap(writable, 100000);
    g_assert_true(refused);

    char *map = mmap(NULL, 100000, PROT_READ, MAP_PRIVATE, fd, 0);
    g_assert_true(map != MAP_FAILED);
    g_assert_cmpmem(map, 100000, data, 100000);
    munmap(map, 100000);

    /* The offset is at the start for a reader. */
    char first;
    g_assert_cmpint(read(fd, &first, 1), ==, 1);
    close(fd);
}

static void test_empty(void)
{
    int fd = memfd_new_sealed("empty", NULL, 0);
    char byte;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
    close(fd);
}

static void test_bad_name(void)
{
    g_autofree char *name = g_strnfill(300, 'n');

    g_assert_cmpint(memfd_new_sealed(name, "x", 1), ==, -EINVAL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memfd/sealed", test_sealed);
    g_test_add_func("/memfd/empty", test_empty);
    g_test_add_func("/memfd/bad-name", test_bad_name);
    return g_test_run();
}
