/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ask.h: questions to a person at the terminal. */

#include "ctl/ctl.h"
#include "ctl/preview.h"

/* Whether there is somebody to ask: a terminal on both sides, and no option against it. */
bool ask_is_possible(const Ctl *ctl);

/* Before anything else of a verb that asks before it writes: where nobody can be asked, somebody has to have
 * said yes. EXIT_OK, or the code to exit with, all said. */
int ask_consent(Ctl *ctl);

/* Whether a line says yes, in English or in the language of the locale. The line is UTF-8. */
bool ask_is_yes(const char *answer);

/* Asks, and says whether the answer is yes; a mere Enter and the end of the input are a no. */
bool ask_yes(const char *question);

typedef enum AskEdit {
    ASK_YES,
    ASK_NO,
    ASK_EDIT, /* once more */
} AskEdit;

/* Likewise, of a text that may be edited again; an interrupt (SIGINT) is a no too. */
AskEdit ask_edit(const char *question);

/* Asks about each item that is open, and adds the answers to preview->resolutions. False when the person
 * wants to leave. */
bool ask_decisions(const Ctl *ctl, Preview *preview);
