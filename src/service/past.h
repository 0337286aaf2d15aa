/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* past.h: what a model was right after a change: the vendor's data that it had then, and the owner's edits,
 * which are found by walking the history back from those of now. */

#include "service/service-private.h"

typedef struct Past {
    CoachFile *vendor;
    GHashTable *overrides; /* path → array of Override */
} Past;

void past_clear(Past *past);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Past, past_clear)

/* `change` 0 is now. Sets NO_SUCH_CHANGE for one that is not there (any more), or after which the model was
 * not there; NOT_IMPORTED and NO_SUCH_MODEL. */
bool past_load(Service *service, const char *model, int64_t change, Past *ret, GError **error);

/* The effective components, an array of Component: the vendor's in the order of the file, then the owner's
 * own, the older first. */
GPtrArray *past_list_components(const Past *past);
