/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* candidates.h: the words that could stand where one is being typed. */

#include <glib.h>
#include <stdbool.h>

typedef struct Candidate {
    char *word;        /* the whole word, "--model=2021_Entegra_Aspire_44R" */
    char *description; /* what it is, for a person; "" where nothing is to be said */
} Candidate;

typedef struct Candidates {
    char *before;  /* what stands in the word before the value: "--model=" */
    char *typed;   /* the start of the value; only what begins with it is a candidate */
    GArray *array; /* of Candidate */
} Candidates;

/* For a word whose value begins at its byte `start`. Clear with candidates_clear(). */
void candidates_init(Candidates *candidates, const char *word, size_t start);
void candidates_clear(Candidates *candidates);

/* Adds a value if it can be one; `description` may be NULL. A value with control characters, or with marks
 * that reorder text, is left out: it could not be typed, and a terminal must not see it. The description is
 * cleaned and cut. */
void candidates_add(Candidates *candidates, const char *value, const char *description);
/* Adds each of the words that `words` has, divided by blanks. */
void candidates_add_words(Candidates *candidates, const char *words);

/* What a candidate adds to what is typed; borrowed. */
const char *candidates_rest(const Candidates *candidates, unsigned index);
