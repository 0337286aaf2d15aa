/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* undo.h: what the files that take changes back share. The history has each override before and after; the
 * vendor's data of before are kept as long as the change is. What somebody changed since stays as it is, and
 * is listed. An undo is a change like any other, with a history of the same form, so that undoing it is a
 * redo. */

#include "service/service-private.h"

typedef struct Undo {
    Service *service;
    Plan *plan; /* the result; owned */
    Change *change;
    bool force;   /* also what somebody changed since */
    bool several; /* the change concerned more than the edits of one model: all is one passage a model */
    GPtrArray *history; /* of HistoryEntry, of the change */
    GHashTable *later;  /* model → what happened since, see store_list_later_changes() */
    Value *skipped;     /* list of maps: what is left as it is, the first of it */
    unsigned n_skipped;
} Undo;

/* What one row of the history says. */
typedef struct Step Step;
struct Step {
    char *path, *field;         /* as the change had them */
    char *path_now, *field_now; /* what releases call them since */
    Override *before, *after;   /* NULL: no override */
    Step *older, *newer; /* where the change moved an edit: the same one under the other name; NULL: none */
    enum {
        STEP_DONE,    /* undone already */
        STEP_MATCHES, /* as the change left it, or to be undone all the same */
        STEP_CHANGED, /* somebody changed it since */
        STEP_LEFT,    /* stays, since the same edit under its other name does */
    } state;
};

/* The undo of what a change did to one model. */
typedef struct ModelUndo {
    Undo *undo;
    const char *model;
    const Release *release; /* NULL: the change did not bring other data of the vendor */
    ImportStatus *status;   /* NULL: not imported */
    bool still_there;       /* the vendor's data are those that the change brought */
    bool went_back;         /* they are those that it went away from, again */
    GPtrArray *steps;       /* of Step */
    GHashTable *by_place;   /* "path\nfield" as they are now → Step */
    GHashTable *current;    /* path → array of Override: as it is */
    VendorRevision *target; /* the vendor's data of before; NULL: none */
} ModelUndo;

/* Lists a place as left as it is, with who changed it since. `path` "" is the vendor's data. */
bool undo_skip(Undo *undo, const char *model, const char *path, const char *field, GError **error);
/* What somebody changed of a model since, borrowed; NULL with an error. */
GHashTable *undo_later_changes(Undo *undo, const char *model, GError **error);

/* Takes back what the change did to one model, as a part of the plan (undo-model.c). `release` is NULL where
 * it changed edits only. */
bool undo_model(Undo *undo, const char *model, const Release *release, GError **error);

/* Loads the steps of a model, and decides about each of them (undo-steps.c). Lists those that were changed
 * since. */
bool undo_load_steps(ModelUndo *undo, GError **error);
void undo_step_free(Step *step);
/* The step whose place is this one now; NULL: none. */
const Step *undo_find_step(const ModelUndo *undo, const char *path, const char *field);

/* Takes edits back where the vendor's data stay as they are (undo-edits.c). */
bool undo_edits(ModelUndo *undo, GError **error);
