/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* preview-lines.h: what a preview says of one group, or of several in one. */

#include "ctl/preview-fold.h"
#include "ctl/preview-text.h"

/* The lines of a fold, its class in front. With text->full all members are listed, each on a line. */
void preview_lines_append(GString *out, const PreviewText *text, const PreviewFold *fold);
/* One more line below them. */
void preview_lines_append_note(GString *out, const PreviewText *text, const char *line);

/* What a line leaves behind `used` columns, though never too little to tell something. */
unsigned preview_line_room(const Term *term, unsigned used);
/* A value in short, or that there is none. Free with g_free(). */
char *preview_value_text(const Value *value);
/* "/area, /timeout, /enabled and 4 more". Free with g_free(). */
char *preview_some(GPtrArray *words, unsigned most);
