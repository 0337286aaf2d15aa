/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* verbs.h: the table of verbs. Adding a verb is adding a row in verbs.c and a function. */

#include "ctl/ctl.h"

typedef enum VerbFamily {
    FAMILY_MODELS,
    FAMILY_COMPONENTS,
    FAMILY_EDITS,
    FAMILY_UPDATES,
    FAMILY_HISTORY,
    FAMILY_BACKUPS,
    FAMILY_RUNTIME,
    FAMILY_COUNT,
    FAMILY_HIDDEN, /* for programs; no help and no completion shows it */
} VerbFamily;

typedef struct Verb {
    const char *name;
    VerbFamily family;
    const char *arguments; /* "PATH [FIELD]"; translated */
    unsigned least;        /* arguments */
    unsigned most;
    unsigned options;     /* OptionGroup bits beside the global ones */
    const char *summary;  /* one line for the list; translated */
    const char *help;     /* paragraphs for --help; translated; NULL when the summary says it all */
    int (*run)(Ctl *ctl); /* returns an ExitCode */
} Verb;

/* Ends with one without a name. */
extern const Verb verbs[];

const Verb *verb_find(const char *name);

/* What an option means to a verb, or to any (NULL): a line for the help, not translated yet. */
const char *verb_option_help(const Verb *verb, const OptionSpec *spec);

int verb_activate(Ctl *ctl);
int verb_backup(Ctl *ctl);
int verb_backups(Ctl *ctl);
int verb_changes(Ctl *ctl);
int verb_delete(Ctl *ctl);
int verb_delete_backup(Ctl *ctl);
int verb_complete(Ctl *ctl);
int verb_dgn(Ctl *ctl);
int verb_dgns(Ctl *ctl);
int verb_diff(Ctl *ctl);
int verb_edit(Ctl *ctl);
int verb_explain(Ctl *ctl);
int verb_export(Ctl *ctl);
int verb_factory_reset(Ctl *ctl);
int verb_find_components(Ctl *ctl);
int verb_get(Ctl *ctl);
int verb_help(Ctl *ctl);
int verb_history(Ctl *ctl);
int verb_import(Ctl *ctl);
int verb_interface(Ctl *ctl);
int verb_lookup(Ctl *ctl);
int verb_migrate(Ctl *ctl);
int verb_models(Ctl *ctl);
int verb_monitor(Ctl *ctl);
int verb_preview(Ctl *ctl);
int verb_put(Ctl *ctl);
int verb_remove(Ctl *ctl);
int verb_reset(Ctl *ctl);
int verb_resource(Ctl *ctl);
int verb_resources(Ctl *ctl);
int verb_restore(Ctl *ctl);
int verb_retention(Ctl *ctl);
int verb_set(Ctl *ctl);
int verb_show(Ctl *ctl);
int verb_status(Ctl *ctl);
int verb_undo(Ctl *ctl);
int verb_unset(Ctl *ctl);
int verb_update(Ctl *ctl);
int verb_updates(Ctl *ctl);
int verb_validate(Ctl *ctl);
int verb_verify(Ctl *ctl);
