/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-output.c: files are written whole or not at all, and nothing is overwritten unasked. */

#include "ctl/output.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
    char *folder;
    char *path;
    int source;
} Fixture;

#define CONTENT "what is to be kept"

static void set_up(Fixture *fixture, gconstpointer data)
{
    char *source;

    (void) data;
    fixture->folder = g_dir_make_tmp("ctl-output-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    fixture->path = g_build_filename(fixture->folder, "copy", NULL);
    source = g_build_filename(fixture->folder, "source", NULL);
    g_assert_true(g_file_set_contents(source, CONTENT, -1, NULL));
    fixture->source = open(source, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(fixture->source, >=, 0);
    g_assert_cmpint(g_unlink(source), ==, 0);
    g_free(source);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void) data;
    close(fixture->source);
    g_unlink(fixture->path);
    /* Only an empty folder can be removed: nothing was left beside the file. */
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

/* Of the owner alone, whatever the umask says, and from the start wherever the descriptor stands. */
static void test_new(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    mode_t mask = umask(0);
    struct stat st;

    (void) data;
    g_assert_cmpint(lseek(fixture->source, 5, SEEK_SET), ==, 5);
    g_assert_true(output_file(fixture->source, fixture->path, false, &error));
    g_assert_no_error(error);
    umask(mask);
    assert_content(fixture->path, CONTENT);
    g_assert_cmpint(stat(fixture->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
}

static void test_exists(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void) data;
    g_assert_true(g_file_set_contents(fixture->path, "older", -1, NULL));
    g_assert_false(output_check(fixture->path, false, NULL));
    g_assert_false(output_file(fixture->source, fixture->path, false, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_nonnull(strstr(error->message, "--force"));
    assert_content(fixture->path, "older");
    g_assert_true(output_check(fixture->path, true, NULL));
    g_assert_true(output_file(fixture->source, fixture->path, true, NULL));
    assert_content(fixture->path, CONTENT);
}

/* A link or a device is never replaced by a file. */
static void test_no_regular_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *target = NULL;

    (void) data;
    g_assert_cmpint(symlink("/dev/null", fixture->path), ==, 0);
    g_assert_false(output_file(fixture->source, fixture->path, true, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    target = g_file_read_link(fixture->path, NULL);
    g_assert_cmpstr(target, ==, "/dev/null");
    g_assert_false(output_file(fixture->source, fixture->folder, true, NULL));
}

static void test_no_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "no", "copy", NULL);
    g_autoptr(GError) error = NULL;

    (void) data;
    g_assert_false(output_check(path, false, NULL));
    g_assert_false(output_file(fixture->source, path, false, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* A source that cannot be read leaves nothing behind. */
static void test_no_source(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void) data;
    g_assert_false(output_file(-1, fixture->path, false, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_BADF);
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

static void add(const char *name, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/ctl/output/new", test_new);
    add("/ctl/output/exists", test_exists);
    add("/ctl/output/no-regular-file", test_no_regular_file);
    add("/ctl/output/no-folder", test_no_folder);
    add("/ctl/output/no-source", test_no_source);
    return g_test_run();
}
