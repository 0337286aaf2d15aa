/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recover.h: when the database is damaged. */

#include "service/service-private.h"

/* Moves the damaged database aside, puts the newest sound backup in its place (or none: a new one), makes
 * later changes again that the damaged one vouches for, and opens the result. `damage` says what is wrong.
 * The log and the settings say what was done. Sets CORRUPT for a database of somebody else, which is left
 * alone. */
bool service_recover(Service *service, const char *damage, GError **error);
/* Goes on with a recovery that the power cut, or whatever it was, has ended; `*ret_begun` says whether there
 * was one. */
bool service_recover_again(Service *service, bool *ret_begun, GError **error);
/* What happened, for as long as nobody has acknowledged it; NULL: nothing. Free with g_free(). */
char *recovery_notice(Store *store);
bool recovery_acknowledge(Store *store, GError **error);
