/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* choices.h: what a person wants of the items of a preview, made into the resolutions that the service
 * takes: lists of (path, field, choice), the choice being "mine", "vendor" or "value:" and JSON text. */

#include "ctl/args.h"
#include "ctl/preview.h"

/* The resolutions that --take, --keep and --set ask for; NULL without error when there are none. PATH may be
 * the last part of a path alone, as in paths_resolve(). FIELD "/" or "" is the component as a whole; where
 * it is no item as a whole, all of its items that need a decision. Sets a G_OPTION_ERROR with a whole
 * sentence for what is no item, can mean several, is said twice, or is no value for the field. */
Value *choices_resolve(const Args *args, const Value *items, GError **error);

/* The choice of a value as typed for an item, which has to be of the kind that is there. Free with g_free().
 * Errors as input_value_like(). */
char *choices_value(const Value *item, const char *text, GError **error);
/* Adds a resolution of an item. */
void choices_add(Value **resolutions, const Value *item, const char *choice);

/* What was answered to the question about an item. */
typedef enum Answer {
    ANSWER_MINE,
    ANSWER_VENDOR,
    ANSWER_EDIT,
    ANSWER_QUIT,
    ANSWER_UNCLEAR,
} Answer;

/* "m" or "mine", "v", "e", "q" and their words, in any case. */
Answer choices_answer(const char *line);
