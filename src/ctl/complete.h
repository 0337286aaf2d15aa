/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* complete.h: how a command line can go on, from the tables of verbs and options and from the service. */

#include "ctl/candidates.h"
#include "ctl/ctl.h"

/* What an argument or the value of an option is. */
typedef enum CompleteKind {
    COMPLETE_VERB = 1 << 0,
    COMPLETE_MODEL = 1 << 1,
    COMPLETE_PATH = 1 << 2,    /* a component */
    COMPLETE_SECTION = 1 << 3, /* a section as a whole */
    COMPLETE_FIELD = 1 << 4,   /* a field of the component in the word before */
    COMPLETE_EDITED = 1 << 5,  /* one of its fields that the owner edited */
    COMPLETE_VALUE = 1 << 6,   /* a value of the field in the word before */
    COMPLETE_CHANGE = 1 << 7,
    COMPLETE_BACKUP = 1 << 8,
    COMPLETE_LOGICAL = 1 << 9,   /* an interface as coach files name it */
    COMPLETE_PHYSICAL = 1 << 10, /* a CAN interface of this machine */
    COMPLETE_DGN = 1 << 11,
    COMPLETE_INSTANCE = 1 << 12, /* at the DGN in the word before, or in --dgn */
    COMPLETE_TYPE = 1 << 13,     /* of a device */
    COMPLETE_AREA = 1 << 14,
    COMPLETE_RESOURCE = 1 << 15,
    COMPLETE_REVISION = 1 << 16,
    COMPLETE_FILE = 1 << 17,
    COMPLETE_FOLDER = 1 << 18,
    COMPLETE_COACH = 1 << 19, /* make, model and trim */
    COMPLETE_YEAR = 1 << 20,  /* of models */
} CompleteKind;

/* What the n-th word of `arguments` is ("PATH [FIELD]", of a verb or an option): CompleteKind bits, and in
 * `ret_words` the words that are possible beside, "" for none. `owner` is a verb's name, or "--" and an
 * option's. False where the table knows nothing of such a word. */
bool complete_kinds(const char *owner, const char *arguments, unsigned index, unsigned *ret_kinds,
                    const char **ret_words);

/* How a command line can go on. `words`, without the program's name, ends with NULL; its last one is being
 * typed. The candidates, to be cleared by the caller, are what could stand in its place. Returns
 * COMPLETE_FILE and COMPLETE_FOLDER where names of files and folders can stand there too: those are a
 * shell's business. `ctl` is fresh, and has what the line says afterwards.
 *
 * Nothing is written or printed, nobody is asked for a password, and no model is imported by it. What the
 * service knows is missing when it is not there. */
unsigned complete_line(Ctl *ctl, char **words, Candidates *candidates);

/* What complete_line() is made of; each adds what its name says. */
void complete_models(Ctl *ctl, Candidates *candidates);
void complete_coaches(Ctl *ctl, Candidates *candidates);
void complete_years(Ctl *ctl, Candidates *candidates);
void complete_paths(Ctl *ctl, Candidates *candidates);
void complete_sections(Ctl *ctl, Candidates *candidates);
/* The fields of a component, or only those that the owner edited. */
void complete_fields(Ctl *ctl, Candidates *candidates, const char *path, bool edited);
/* What stands at a field now, and what the vendor has there. */
void complete_values(Ctl *ctl, Candidates *candidates, const char *path, const char *field);
/* The newest ones; of the model in what is typed where that is "MODEL@". */
void complete_changes(Ctl *ctl, Candidates *candidates);
void complete_backups(Ctl *ctl, Candidates *candidates);
void complete_logical(Ctl *ctl, Candidates *candidates);
void complete_physical(Candidates *candidates);
void complete_dgns(Ctl *ctl, Candidates *candidates);
/* At a DGN in hexadecimal; NULL for none. */
void complete_instances(Ctl *ctl, Candidates *candidates, const char *dgn);
void complete_types(Ctl *ctl, Candidates *candidates);
void complete_areas(Ctl *ctl, Candidates *candidates);
void complete_resources(Ctl *ctl, Candidates *candidates);
void complete_revision(Ctl *ctl, Candidates *candidates);

/* Whether the model that is meant is in the database, so that reading it imports nothing. */
bool complete_is_imported(Ctl *ctl);
/* The sections of that model, those with components in them with a slash at the end; few calls, little data.
 * Texts of its own. */
GPtrArray *complete_section_names(Ctl *ctl);
