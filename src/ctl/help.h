/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* help.h: the help, made from the tables of verbs and options. */

#include "ctl/verbs.h"

void help_print(const Ctl *ctl);
void help_print_verb(const Ctl *ctl, const Verb *verb);
