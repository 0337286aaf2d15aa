/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-tree.c: reading below a root that holds anything. */

#include "ctl/legacy-tree.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct Fixture {
    char *root;
    LegacyTree *tree;
} Fixture;

static char *path_of(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->root, name, NULL);
}

static void put(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = path_of(fixture, name);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void put_link(const Fixture *fixture, const char *name, const char *target)
{
    g_autofree char *path = path_of(fixture, name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_up(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    fixture->root = g_dir_make_tmp("test-legacy-XXXXXX", NULL);
    fixture->tree = legacy_tree_open(fixture->root, NULL);
    g_assert_nonnull(fixture->tree);
}

static void tear_down(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    const char *argv[] = {"rm", "-rf", fixture->root, NULL};

    legacy_tree_close(fixture->tree);
    g_assert_true(
        g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(fixture->root);
}

static void assert_read(const Fixture *fixture, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = legacy_tree_read(fixture->tree, path, 100, NULL, &error);
    g_autofree char *found = NULL;
    const char *bytes;
    size_t length;

    g_assert_no_error(error);
    bytes = g_bytes_get_data(data, &length);
    found = g_strndup(bytes ? bytes : "", length);
    g_assert_cmpstr(found, ==, text);
}

static void assert_not_read(const Fixture *fixture, const char *path, GFileError code, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = legacy_tree_read(fixture->tree, path, 100, NULL, &error);

    g_assert_null(data);
    g_assert_error(error, G_FILE_ERROR, (int) code);
    g_test_message("%s: %s", path, error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
}

static void test_read(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    put(fixture, "var/lib/a.yml", "text");
    put(fixture, "empty", "");
    put_link(fixture, "var/link", "lib/a.yml");
    put_link(fixture, "var/lib/up", "../../empty");
    assert_read(fixture, "/var/lib/a.yml", "text");
    assert_read(fixture, "var/lib/../lib/./a.yml", "text");
    assert_read(fixture, "/../../var/lib/a.yml", "text");
    assert_read(fixture, "/var/link", "text");
    assert_read(fixture, "/var/lib/up", "");
    assert_not_read(fixture, "/none", G_FILE_ERROR_NOENT, "*");
    assert_not_read(fixture, "/var/none/a", G_FILE_ERROR_NOENT, "*");
    assert_not_read(fixture, "/empty/a", G_FILE_ERROR_NOENT, "*");
}

/* Whichever way a link leads out. */
static void test_links_out(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    put_link(fixture, "absolute", "/etc/passwd");
    put_link(fixture, "relative", "../../../../../../etc/passwd");
    put_link(fixture, "folder", "/etc");
    put_link(fixture, "proc", "/proc/self/fd/0");
    put_link(fixture, "a", "b");
    put_link(fixture, "b", "a");
    assert_not_read(fixture, "/absolute", G_FILE_ERROR_ACCES, "*leads out of*");
    assert_not_read(fixture, "/relative", G_FILE_ERROR_ACCES, "*leads out of*");
    assert_not_read(fixture, "/folder/passwd", G_FILE_ERROR_ACCES, "*leads out of*");
    assert_not_read(fixture, "/proc", G_FILE_ERROR_ACCES, "*leads out of*");
    assert_not_read(fixture, "/a", G_FILE_ERROR_LOOP, "*circle*");
}

static void put_socket(const Fixture *fixture, const char *name)
{
    g_autofree char *path = path_of(fixture, name);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof address), ==, 0);
    close(fd);
}

/* None of them is opened, so none makes us wait. */
static void test_no_files(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *fifo = path_of(fixture, "fifo");
    g_autofree char *device = path_of(fixture, "device");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    put(fixture, "folder/a.yml", "text");
    put_socket(fixture, "socket");
    assert_not_read(fixture, "/fifo", G_FILE_ERROR_INVAL, "This is a FIFO, not a regular file*");
    assert_not_read(fixture, "/folder", G_FILE_ERROR_INVAL, "This is a folder, not a regular file*");
    assert_not_read(fixture, "/socket", G_FILE_ERROR_INVAL, "This is a socket, not a regular file*");
    if (mknod(device, S_IFCHR | 0600, makedev(1, 5)) == 0)
        assert_not_read(fixture, "/device", G_FILE_ERROR_INVAL, "This is a device, not a regular file*");
    else
        g_test_message("no device can be made here");
}

static void test_size(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *full = g_strnfill(100, 'x');
    g_autofree char *more = g_strnfill(101, 'x');
    g_autofree char *sparse = path_of(fixture, "sparse");

    put(fixture, "full", full);
    put(fixture, "more", more);
    put(fixture, "sparse", "");
    g_assert_cmpint(truncate(sparse, G_GINT64_CONSTANT(1) << 40), ==, 0);
    assert_read(fixture, "/full", full);
    assert_not_read(fixture, "/more", G_FILE_ERROR_FAILED, "It is larger than*");
    assert_not_read(fixture, "/sparse", G_FILE_ERROR_FAILED, "It is larger than*");
}

/* A file of the kernel says that it is empty and has more than we want. */
static void test_untrue_size(void)
{
    g_autoptr(LegacyTree) machine = legacy_tree_open(NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = legacy_tree_read(machine, "/proc/self/smaps", 100, NULL, &error);

    g_assert_null(data);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED);
}

static void test_list(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = NULL;

    put(fixture, "f/b.yml", "");
    put(fixture, "f/A.YAML", "");
    put(fixture, "f/c.Yml", "");
    put(fixture, "f/rvc.json", "{}");
    put(fixture, "f/.yml", "");
    put(fixture, "f/yml", "");
    put(fixture, "f/b.yml.bak", "");
    names = legacy_tree_list_yaml(fixture->tree, "/f", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(names->len, ==, 3);
    g_assert_cmpstr(names->pdata[0], ==, "A.YAML");
    g_assert_cmpstr(names->pdata[1], ==, "b.yml");
    g_assert_cmpstr(names->pdata[2], ==, "c.Yml");
    g_assert_null(legacy_tree_list_yaml(fixture->tree, "/none", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_null(legacy_tree_list_yaml(fixture->tree, "/f/b.yml", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
}

/* Reading leaves no trace, not even the time of the access. */
static void test_no_trace(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
    g_autofree char *path = path_of(fixture, "f/a.yml");
    g_autofree char *folder = path_of(fixture, "f");
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 2000000000}};
    g_autoptr(GPtrArray) names = NULL;
    struct stat st;

    put(fixture, "f/a.yml", "text");
    g_assert_cmpint(utimensat(AT_FDCWD, path, old, 0), ==, 0);
    g_assert_cmpint(utimensat(AT_FDCWD, folder, old, 0), ==, 0);
    assert_read(fixture, "/f/a.yml", "text");
    names = legacy_tree_list_yaml(fixture->tree, "/f", NULL);
    g_assert_cmpuint(names->len, ==, 1);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_atim.tv_sec, ==, 1000);
    g_assert_cmpint(stat(folder, &st), ==, 0);
    g_assert_cmpint(st.st_atim.tv_sec, ==, 1000);
}

static void test_root(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(legacy_tree_open("/nonexistent/root", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_null(legacy_tree_open("/etc/passwd", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/ctl/legacy-tree/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("read", test_read);
    ADD("links-out", test_links_out);
    ADD("no-files", test_no_files);
    ADD("size", test_size);
    ADD("list", test_list);
    ADD("no-trace", test_no_trace);
    g_test_add_func("/ctl/legacy-tree/untrue-size", test_untrue_size);
    g_test_add_func("/ctl/legacy-tree/root", test_root);
    return g_test_run();
}
