/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* model-query.h: which of the models a person means by words, by the year and by the VIN. */

#include <glib.h>
#include <stdbool.h>

#include "base/value.h"
#include "coach/vin.h"
#include "ctl/args.h"

typedef struct ModelQuery {
    char **words;         /* case folded; empty: any */
    unsigned first, last; /* years; 0 and UINT_MAX where that end is open */
    bool by_year;
    char vin[VIN_LENGTH + 1]; /* "": any */
} ModelQuery;

typedef enum ModelMatch {
    MODEL_MATCHES,
    MODEL_YEAR_UNKNOWN, /* the rest matches */
    MODEL_PATTERN_NONE, /* the rest matches, and the file has no VIN pattern */
    MODEL_PATTERN_BAD,  /* likewise, it has one that is none */
    MODEL_DIFFERS,
} ModelMatch;

/* Reads --match, --year and --vin. Sets a G_OPTION_ERROR with a whole sentence. Clear with
 * model_query_clear(). */
bool model_query_init(ModelQuery *query, const Args *args, GError **error);
void model_query_clear(ModelQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModelQuery, model_query_clear)
/* Whether nothing is asked, so that all match. */
bool model_query_is_empty(const ModelQuery *query);

/* Whether a model of ListModels is meant. Words may stand in any order and case in its id, year, make,
 * model, trim and notes, all of them. With MODEL_PATTERN_BAD the error says what is wrong. */
ModelMatch model_query_match(const ModelQuery *query, const Value *model, GError **error);
