/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* changes.h: changes as ListChanges gives them. */

#include "ctl/ctl.h"

/* The Detail of a change, taken apart; NULL on error, and for a change without. */
Value *changes_detail(Ctl *ctl, uint64_t change, sd_bus_error *error);

/* What a change did beside its entries, "2025-06-06 → 2025-06-08" of an update; "" where there is nothing to
 * say. Free with g_free(). */
char *changes_text(const Term *term, const Value *change);

/* A table of them, on stdout. */
void changes_print(const Term *term, const Value *changes);
