/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-editor.c: the editor that is run, what it does to the text, and what is left afterwards. */

#include "ctl/editor.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Fixture {
    char *folder;
    Editor editor;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void) data;
    fixture->folder = g_dir_make_tmp("ctl-editor-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    g_setenv("TMPDIR", fixture->folder, TRUE);
    g_unsetenv("VISUAL");
    g_unsetenv("EDITOR");
    g_assert_true(editor_open(&fixture->editor, "text.yml", NULL));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void) data;
    editor_clear(&fixture->editor);
    /* Only an empty folder can be removed: the text and what lay beside it are gone. */
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
}

static void test_edits(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};
    struct stat st;

    (void) data;
    /* Words behind the program are its options, and a copy that it leaves goes too. */
    g_setenv("VISUAL", "sed -i.bak -e s/old/new/", TRUE);
    g_setenv("EDITOR", "false", TRUE);
    g_assert_true(editor_run(&fixture->editor, "an old text\n", &intake, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(intake.text, ==, "an new text\n");
    g_assert_true(g_str_has_suffix(fixture->editor.path, "/text.yml"));
    g_assert_cmpint(stat(fixture->editor.folder, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0700);
}

static void assert_fails(Fixture *fixture, const char *command, int code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    g_setenv("EDITOR", command, TRUE);
    g_assert_false(editor_run(&fixture->editor, "text", &intake, &error));
    g_assert_error(error, G_SPAWN_ERROR, code);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_failures(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    (void) data;
    assert_fails(fixture, "exit 3; true", G_SPAWN_ERROR_FAILED, "exit code 3");
    assert_fails(fixture, "/nonexistent/editor", G_SPAWN_ERROR_NOENT, "There is no editor");
    assert_fails(fixture, "kill -KILL $$; true", G_SPAWN_ERROR_FAILED, "by a signal");
    g_setenv("EDITOR", "rm", TRUE);
    g_assert_false(editor_run(&fixture->editor, "text", &intake, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void test_keep(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_strdup(fixture->editor.path);
    g_autofree char *folder = g_strdup(fixture->editor.folder);
    g_autofree char *content = NULL;

    (void) data;
    g_assert_true(editor_write(&fixture->editor, "kept", NULL));
    editor_keep(&fixture->editor);
    editor_clear(&fixture->editor);
    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, "kept");
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_command(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *fallback = NULL;
    g_autofree char *command = NULL;

    (void) fixture;
    (void) data;
    g_setenv("PATH", "/nonexistent", TRUE);
    fallback = editor_command();
    g_setenv("PATH", path, TRUE);
    g_assert_cmpstr(fallback, ==, "vi");
    /* One that is empty is none. */
    g_setenv("VISUAL", "", TRUE);
    g_setenv("EDITOR", "nano -w", TRUE);
    command = editor_command();
    g_assert_cmpstr(command, ==, "nano -w");
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ctl/editor/edits", test_edits);
    ADD("/ctl/editor/failures", test_failures);
    ADD("/ctl/editor/keep", test_keep);
    ADD("/ctl/editor/command", test_command);
    return g_test_run();
}
