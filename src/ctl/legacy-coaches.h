/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-coaches.h: finding the coach files of an old installation. */

#include "ctl/legacy-search.h"

/* A file that a variable names. Whether it is there. */
bool legacy_coaches_add_named(LegacySearch *search, const char *path, const char *variable);
/* All folders of the table, those with the owner's files first. */
void legacy_coaches_add_folders(LegacySearch *search);
