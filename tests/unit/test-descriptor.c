/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-descriptor.c: what can be read is read whole, from its beginning; anything else is refused by name.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/text.h"

#define SIZE_MAX_HERE 1000

static int memfd_with(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t) strlen(text));
    return fd;
}

static void check_content(int fd, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = descriptor_read(fd, "x", SIZE_MAX_HERE, &error);
    gsize length;

    g_assert_no_error(error);
    const char *data = g_bytes_get_data(bytes, &length);
    g_assert_cmpmem(data, length, text, strlen(text));
}

/* Closes it. */
static void check_refused(int fd, ConfigError code, const char *said)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(fd, >=, 0);
    g_assert_null(descriptor_read(fd, "\"x\"", SIZE_MAX_HERE, &error));
    g_assert_error(error, CONFIG_ERROR, (int) code);
    g_assert_true(g_str_has_prefix(error->message, "\"x\" "));
    if (!strstr(error->message, said))
        g_error("\"%s\" does not say \"%s\"", error->message, said);
    close(fd);
}

static void test_content(void)
{
    int fd = memfd_with("hello");

    /* Wherever it stands; it stays there. */
    check_content(fd, "hello");
    g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, 5);
    lseek(fd, 2, SEEK_SET);
    check_content(fd, "hello");
    close(fd);
    fd = memfd_with("");
    check_content(fd, "");
    close(fd);
}

static void test_size(void)
{
    g_autofree char *text = g_strnfill(SIZE_MAX_HERE, 'x');
    int fd = memfd_with(text);

    check_content(fd, text);
    g_assert_cmpint(write(fd, "x", 1), ==, 1);
    check_refused(fd, CONFIG_ERROR_TOO_LARGE, "1001 bytes; at most 1000");
    fd = memfd_with("");
    g_assert_cmpint(ftruncate(fd, (off_t) 1 << 40), ==, 0);
    check_refused(fd, CONFIG_ERROR_TOO_LARGE, "1099511627776 bytes");
}

/* The kernel's own files do not say how long they are. */
static void test_size_that_is_none(void)
{
    check_refused(open("/proc/self/status", O_RDONLY | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE,
                  "became longer");
}

static void test_kinds(void)
{
    g_autofree char *directory = g_dir_make_tmp("descriptor-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "fifo", NULL);
    int pair[2];

    check_refused(open(directory, O_RDONLY | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE, "is a directory");
    check_refused(open("/dev/zero", O_RDONLY | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE, "is a device");
    check_refused(open("/dev/null", O_RDWR | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE, "is a device");
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    check_refused(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE,
                  "is a pipe or a FIFO");
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    check_refused(pair[0], CONFIG_ERROR_INVALID_FILE, "is a socket");
    close(pair[1]);
    unlink(path);
    rmdir(directory);
}

static void test_access(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("descriptor-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    check_refused(open(path, O_WRONLY | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE, "writing only");
    check_refused(open(path, O_PATH | O_CLOEXEC), CONFIG_ERROR_INVALID_FILE, "O_PATH");
    fd = open(path, O_RDWR | O_CLOEXEC);
    check_content(fd, "");
    close(fd);
    unlink(path);
}

static void test_closed(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(descriptor_check(-1, "x", &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
}

/* Names of files are anybody's. */
static void test_clean(void)
{
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"coach.yml", "coach.yml"},
        {"", ""},
        {"Wohnmobil für zwei.yml", "Wohnmobil für zwei.yml"},
        {"a\nb\x1b[31mc", "a?b?[31mc"},
        {"a\xe2\x80\x8f"
         "b",
         "a?b"},
        {"a\xef\xbf\xbf"
         "b",
         "a?b"},
        {"1234567890", "1234567890"},
        {"12345678901", "1234567890…"},
        {"123456789ü", "123456789…"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *clean = text_presentable(cases[i].text, strlen(cases[i].text) > 12 ? 100 : 10);

        g_assert_cmpstr(clean, ==, cases[i].clean);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/descriptor/content", test_content);
    g_test_add_func("/descriptor/size", test_size);
    g_test_add_func("/descriptor/size-that-is-none", test_size_that_is_none);
    g_test_add_func("/descriptor/kinds", test_kinds);
    g_test_add_func("/descriptor/access", test_access);
    g_test_add_func("/descriptor/closed", test_closed);
    g_test_add_func("/descriptor/clean", test_clean);
    return g_test_run();
}
