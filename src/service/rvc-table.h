/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* rvc-table.h: the compact table of the rvc.json that ships, made at build time (seeds/rvc/table.py). */

#include "coach/dgn-table.h"

extern const DgnTable rvc_table;
