/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* editor.c: running an editor. */

#include "ctl/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A kept text shall outlive a restart of the computer. */
#define FOLDER "/var/tmp"
/* What a shell leaves with when there is no such command. */
#define EXIT_NO_COMMAND 127

static bool fail(const char *path, int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(number), _("Cannot write %s: %s."), path,
                g_strerror(number));
    return false;
}

bool editor_open(Editor *editor, const char *name, GError **error)
{
    const char *parent = g_getenv("TMPDIR");
    g_autofree char *template = NULL;

    if (!parent || !*parent)
        parent = access(FOLDER, W_OK | X_OK) == 0 ? FOLDER : g_get_tmp_dir();
    template = g_build_filename(parent, "coachiqctl-XXXXXX", NULL);
    *editor = (Editor){0};
    if (!g_mkdtemp_full(template, 0700))
        return fail(parent, errno, error);
    editor->folder = g_steal_pointer(&template);
    editor->path = g_build_filename(editor->folder, name, NULL);
    return true;
}

/* An editor may have left a copy of the text beside it. */
static void remove_folder(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(folder);
}

void editor_keep(Editor *editor)
{
    editor->kept = true;
}

void editor_clear(Editor *editor)
{
    if (editor->folder && !editor->kept)
        remove_folder(editor->folder);
    g_clear_pointer(&editor->folder, g_free);
    g_clear_pointer(&editor->path, g_free);
}

char *editor_command(void)
{
    static const char *const variables[] = {"VISUAL", "EDITOR"};
    static const char *const programs[] = {"sensible-editor", "editor"};

    for (size_t i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *command = g_getenv(variables[i]);

        if (command && *command)
            return g_strdup(command);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *found = g_find_program_in_path(programs[i]);

        if (found)
            return g_strdup(programs[i]);
    }
    return g_strdup("vi");
}

bool editor_write(Editor *editor, const char *text, GError **error)
{
    return g_file_set_contents_full(editor->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/* In the child: the editor through a shell, since the variables may have options in them. */
G_GNUC_NORETURN
static void become_editor(const char *command, const char *path)
{
    g_autofree char *script = g_strconcat(command, " \"$@\"", NULL);

    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    execl("/bin/sh", "sh", "-c", script, command, path, (char *) NULL);
    _exit(EXIT_NO_COMMAND);
}

/* The status that it leaves with; -1 with errno. */
static int run_editor(const char *command, const char *path)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0)
        become_editor(command, path);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return status;
}

/* The keys that interrupt are the editor's while it runs. */
static int run_undisturbed(const char *command, const char *path)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    int status;

    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    status = run_editor(command, path);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    return status;
}

static bool check_status(const char *command, int status, GError **error)
{
    if (status == 0)
        return true;
    if (status < 0)
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, _("Cannot run the editor “%s”: %s."),
                    command, g_strerror(errno));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_COMMAND)
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT,
                    _("There is no editor “%s”. Name another one in the variable VISUAL."), command);
    else if (WIFEXITED(status))
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
                    _("The editor “%s” failed (exit code %d), so nothing was written."), command,
                    WEXITSTATUS(status));
    else
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
                    _("The editor “%s” was ended by a signal, so nothing was written."), command);
    return false;
}

bool editor_run(Editor *editor, const char *text, Intake *ret, GError **error)
{
    g_autofree char *command = editor_command();

    *ret = (Intake){0};
    return editor_write(editor, text, error) &&
           check_status(command, run_undisturbed(command, editor->path), error) &&
           intake_read(ret, editor->path, error);
}
