/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* preview-text.h: a preview for reading: what stands in the way, what waits for a person, and the rest in
 * groups. */

#include "ctl/preview.h"
#include "ctl/term.h"

typedef struct PreviewText {
    const Preview *preview;
    const Term *term;
    bool full;    /* all names of a group, each on a line */
    bool options; /* what to type for the choices that are open */
} PreviewText;

/* "2021_Entegra_Aspire_44R: 2025-06-06 → 2025-06-08", the verdict in words, and the counts. */
void preview_text_head(GString *out, const PreviewText *text);
/* What stands in the way, with the options that lift it; nothing when nothing does. */
void preview_text_blocks(GString *out, const PreviewText *text);
/* One item that somebody has to decide: where it is, and all its values. */
void preview_text_decision(GString *out, const PreviewText *text, const Value *item);
/* All of them. */
void preview_text_decisions(GString *out, const PreviewText *text);
/* What else happens, in groups. */
void preview_text_rest(GString *out, const PreviewText *text);
