/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* term.h: what the place we write to can show: colour, width, characters beyond ASCII. */

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef enum ColorMode {
    COLOR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is "dumb" */
    COLOR_ALWAYS,
    COLOR_NEVER,
} ColorMode;

typedef enum Style {
    STYLE_PLAIN,
    STYLE_HEADER, /* the head of a column */
    STYLE_STRONG,
    STYLE_DIM,
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_EDITED, /* what the owner changed */
} Style;

typedef struct Term {
    bool tty;
    bool color;
    bool unicode;
    unsigned columns; /* 0: no limit, because it is no terminal */
} Term;

/* False when the word is none of auto, always, never (and yes, no). */
bool color_mode_parse(const char *word, ColorMode *ret);

/* Looks at a stream once. Call after setlocale(). */
Term term_probe(FILE *stream, ColorMode mode);

/* The escape sequences that begin and end a style; "" without colour. */
const char *term_on(const Term *term, Style style);
const char *term_off(const Term *term, Style style);

/* Characters with a stand-in where the locale has ASCII only. */
const char *term_ellipsis(const Term *term);
const char *term_arrow(const Term *term);
const char *term_dot(const Term *term);

/* A text in a style; cleaned (text_clean()), so it may come from anywhere. Free with g_free(). */
char *term_styled(const Term *term, Style style, const char *text);
