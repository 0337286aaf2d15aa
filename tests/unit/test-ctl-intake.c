/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-intake.c: files are read whole, or refused with what they are. */

#include "ctl/intake.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct Fixture {
    char *folder;
    char *path;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void) data;
    fixture->folder = g_dir_make_tmp("ctl-intake-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    fixture->path = g_build_filename(fixture->folder, "coach.yml", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void) data;
    g_unlink(fixture->path);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void assert_refused(const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    g_assert_false(intake_read(&intake, path, &error));
    g_assert_nonnull(error);
    g_assert_cmpint(error->domain, ==, G_FILE_ERROR);
    g_assert_nonnull(strstr(error->message, part));
    g_assert_nonnull(strstr(error->message, path));
}

static void test_file(Fixture *fixture, gconstpointer data)
{
    static const char bytes[] = "a: 1\n\0behind a NUL";
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};
    char back[sizeof bytes];
    int fd;

    (void) data;
    g_assert_true(g_file_set_contents(fixture->path, bytes, sizeof bytes - 1, NULL));
    g_assert_true(intake_read(&intake, fixture->path, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(intake.name, ==, fixture->path);
    g_assert_cmpmem(intake.text, intake.length, bytes, sizeof bytes - 1);
    g_assert_true(intake.text[intake.length] == '\0');
    g_assert_cmpstr(intake_title(&intake), ==, fixture->path);

    fd = intake_descriptor(&intake, &error);
    g_assert_no_error(error);
    g_assert_cmpint(pread(fd, back, sizeof back, 0), ==, (int) sizeof bytes - 1);
    g_assert_cmpmem(back, sizeof bytes - 1, bytes, sizeof bytes - 1);
    g_assert_cmpint(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE, ==, F_SEAL_WRITE);
    close(fd);
}

static void test_empty(Fixture *fixture, gconstpointer data)
{
    g_auto(Intake) intake = {0};

    (void) data;
    g_assert_true(g_file_set_contents(fixture->path, "", 0, NULL));
    g_assert_true(intake_read(&intake, fixture->path, NULL));
    g_assert_cmpuint(intake.length, ==, 0);
    g_assert_cmpstr(intake.text, ==, "");
}

static void test_size(Fixture *fixture, gconstpointer data)
{
    g_auto(Intake) intake = {0};

    (void) data;
    g_assert_true(g_file_set_contents(fixture->path, "", 0, NULL));
    g_assert_cmpint(truncate(fixture->path, (off_t) INTAKE_SIZE_MAX), ==, 0);
    g_assert_true(intake_read(&intake, fixture->path, NULL));
    g_assert_cmpuint(intake.length, ==, INTAKE_SIZE_MAX);
    g_assert_cmpint(truncate(fixture->path, (off_t) INTAKE_SIZE_MAX + 1), ==, 0);
    assert_refused(fixture->path, "8.0 MiB");
}

/* Nobody writes to it: whoever waited would wait for ever. */
static void test_pipe(Fixture *fixture, gconstpointer data)
{
    (void) data;
    g_assert_cmpint(mkfifo(fixture->path, 0600), ==, 0);
    assert_refused(fixture->path, "is a pipe");
}

static void test_socket(Fixture *fixture, gconstpointer data)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void) data;
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path), <,
                     sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
    assert_refused(fixture->path, "Cannot read");
    close(fd);
}

static void test_others(Fixture *fixture, gconstpointer data)
{
    (void) data;
    assert_refused(fixture->folder, "is a folder");
    assert_refused("/dev/zero", "is a device");
    assert_refused(fixture->path, "No such file");
}

static void test_is_file(void)
{
    static const char *const files[] = {"-", "./coach", "a/b", "coach.yml", "COACH.YAML", "edits.json"};
    static const char *const models[] = {"2021_Entegra_Aspire_44R", "coach_mapping.default", "yml", "12"};

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        g_assert_true(intake_is_file(files[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        g_assert_false(intake_is_file(models[i]));
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ctl/intake/file", test_file);
    ADD("/ctl/intake/empty", test_empty);
    ADD("/ctl/intake/size", test_size);
    ADD("/ctl/intake/pipe", test_pipe);
    ADD("/ctl/intake/socket", test_socket);
    ADD("/ctl/intake/others", test_others);
    g_test_add_func("/ctl/intake/is-file", test_is_file);
    return g_test_run();
}
