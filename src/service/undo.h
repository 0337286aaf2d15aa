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
    Value *skipped;     /* list of maps: what is left as it is */
} Undo;

/* Lists a place as left as it is, with who changed it since. `model` "" is a setting, `path` "" the vendor's
 * data. */
bool undo_skip(Undo *undo, const char *model, const char *path, const char *field, GError **error);

/* Takes back what the change did to one model, as a part of the plan (undo-model.c). `release` is NULL where
 * it changed edits only. `*ret_possible` is false where what stands against it is listed and nothing of the
 * model can be taken back. */
bool undo_model(Undo *undo, const char *model, const Release *release, bool *ret_possible, GError **error);
