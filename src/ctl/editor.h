/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* editor.h: the person's editor on a text of ours. The text lies in a folder of its own, which nobody else
 * may enter, so that an editor can leave beside it what it likes. */

#include "ctl/intake.h"

typedef struct Editor {
    char *folder;
    char *path; /* of the text */
    bool kept;
} Editor;

/* Makes the folder for a text of this name. Sets a G_FILE_ERROR with a whole sentence. */
bool editor_open(Editor *editor, const char *name, GError **error);
/* Writes the text there, runs $VISUAL, $EDITOR or what else there is on it, and waits for its end. Sets a
 * G_SPAWN_ERROR when it cannot be run or says that it failed, a G_FILE_ERROR for trouble with the file. */
bool editor_run(Editor *editor, const char *text, Intake *ret, GError **error);
/* Writes the text there alone. */
bool editor_write(Editor *editor, const char *text, GError **error);
/* From now on the file stays. */
void editor_keep(Editor *editor);
/* Removes the folder, unless it is to be kept. */
void editor_clear(Editor *editor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Editor, editor_clear)

/* The command that is run, before the name of the file. Free with g_free(). */
char *editor_command(void);
