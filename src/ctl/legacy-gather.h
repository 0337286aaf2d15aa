/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-gather.h: all that an old installation has for us, in order of precedence. */

#include "ctl/legacy-items.h"

typedef struct LegacyRequest {
    const char *root;     /* the folder that stands for "/"; NULL: this machine */
    const char *env_file; /* a file with assignments, named as the person sees it; NULL: none */
    char **environment;   /* variables of the caller; they count only without a root */
} LegacyRequest;

typedef struct LegacyGathered {
    LegacyItems *items;
    GPtrArray *looked; /* of char *: where something was looked for */
} LegacyGathered;

/* Looks at all places. What cannot be read is a problem among the items. Sets a G_FILE_ERROR with a whole
 * sentence and returns false only where the root or the env file cannot be read. Clear with
 * legacy_gathered_clear() in any case. */
bool legacy_gather(LegacyGathered *gathered, const LegacyRequest *request, GError **error);
void legacy_gathered_clear(LegacyGathered *gathered);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyGathered, legacy_gathered_clear)
