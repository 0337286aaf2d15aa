/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* validate-dgn.h: whether the bindings of a model agree with what is known of RV-C. */

#include "coach/dgn-table.h"
#include "coach/rules.h"

/* Adds what is odd about the DGNs and instances of the effective components of one model (an array of
 * Component): unknown DGNs, commands whose status nobody hears, instances that such a device hardly has.
 * Each is a warning, since a vendor may do as it likes, and says the fact and who has it. `rules` may say
 * that pairs are not to be looked at. */
void validate_dgns(const DgnTable *table, const Rules *rules, GPtrArray *components, GPtrArray *problems);
