/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* explain.h: where the fields of a component come from. */

#include "ctl/ctl.h"

/* What Explain says of ctl->path, a map; NULL on error. */
Value *explain_fetch(Ctl *ctl, sd_bus_error *error);

/* Remarks for outline_append(): who edited a field when, and the vendor's value. `explanation` may be NULL.
 * Free with g_hash_table_unref(). */
GHashTable *explain_remarks(const Value *explanation);
/* Appends the fields that the owner removed, as comments. */
void explain_append_removed(GString *out, const Term *term, const Value *explanation);
