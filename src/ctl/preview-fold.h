/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* preview-fold.h: groups of a preview that a person can read as one, although their values or fields differ.
 */

#include "ctl/preview.h"

typedef enum FoldKind {
    FOLD_NONE,   /* one group as it is */
    FOLD_VALUES, /* one field of devices, which go to or come from many values */
    FOLD_NEW,    /* many fields that the same components get */
    FOLD_GONE,   /* many fields that the same components lose */
} FoldKind;

typedef struct PreviewFold {
    FoldKind kind;
    const PreviewClass *item_class;
    GPtrArray *groups; /* PreviewGroup *, borrowed, at least one; large ones first */
    unsigned n_items;
} PreviewFold;

/* Folds groups as preview_groups() gives them, which must outlive the result; fewer than four that could be
 * one stay as they are. By class, large ones first. An array of PreviewFold *, which it frees. */
GPtrArray *preview_fold(GPtrArray *groups);
/* The same without folding anything. */
GPtrArray *preview_fold_none(GPtrArray *groups);
