/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* update.h: one update in the making, to the bundled file or to one that somebody brings: it is shown,
 * decided and applied. */

#include "ctl/ctl.h"
#include "ctl/preview.h"

typedef struct Update {
    Ctl *ctl;
    Preview preview;
    Value *report; /* what is told to programs */
} Update;

void update_clear(Update *update);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Update, update_clear)

/* {model, installed, bundled} */
Value *update_object_new(const Preview *preview);

/* What a preview says, unless JSON is wanted. `options` tells how to choose where a choice is left. */
void update_print_head(const Ctl *ctl, const Preview *preview);
void update_print_body(const Ctl *ctl, const Preview *preview, bool options);

/* From the preview on, which merge_preview() filled in: shows it, asks as far as somebody can be asked, and
 * applies. Returns the code to exit with, all said. */
int update_run(Update *update);
