/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach-info-check.h: whether what a file says of its coach can be understood, so that people find it. */

#include "coach/rules.h"

/* Adds what is wrong with a component that is the section coach_info, also in its older spelling; other
 * components have nothing of it. */
void coach_info_check(const char *path, const Value *component, GPtrArray *problems);
