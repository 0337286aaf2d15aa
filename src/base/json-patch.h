/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* json-patch.h: the operations of a JSON Patch (RFC 6902) on a value, one at a time. */

#include "base/value.h"

/* What patches may still add to a document. A copy of a copy of a copy would grow beyond all bounds. */
typedef struct JsonPatchBudget {
    size_t nodes; /* values */
    size_t bytes; /* of keys and texts */
} JsonPatchBudget;

/* Does one operation: a map with "op" and "path", and "value" or "from" where the op has one; other members
 * are ignored (RFC 6902, section 4). "test" compares numbers by what they are worth (1 and 1.0 are equal),
 * all else as value_equal(). What is added is taken from the budget.
 *
 * Sets CONFIG_ERROR_INVALID_DATA with a sentence that says what is not there or not allowed, and TOO_LARGE
 * for more than the budget or 64 levels; the document then stays as it was. */
bool json_patch_apply(Value **document, const Value *operation, JsonPatchBudget *budget, GError **error);

/* The value at a pointer that may go through lists by index; borrowed; NULL when there is none. */
Value *json_patch_find(Value *document, const char *const *tokens);
