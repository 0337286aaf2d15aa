/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-report.h: what MigrateLegacy reports, for people. */

#include "base/value.h"
#include "ctl/term.h"

/* The items by result, and within it by source: what is taken, what is there already, what is refused and
 * why. `written`: it was done, not only planned. Long lists and lines are cut short unless `full`. */
void legacy_report_append(GString *out, const Term *term, const Value *report, bool written, bool full);
/* "14 taken, 3 already there, 2 refused". Free with g_free(). */
char *legacy_report_counts(const Value *report);
/* How many items have a result, "taken", "present" or "refused". */
int64_t legacy_report_count(const Value *report, const char *result);
