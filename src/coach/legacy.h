/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy.h: what coach files and patches of the old installation wrote in another way. Pure; works on the
 * data of a file before it is taken apart (coach-file.h).
 *
 * Most older forms need nothing: `_coach_info` is read as the identity of the coach, a year may be a number,
 * `suggested_area` is searched in, `dgn_pairs` may hold lists, and no section has to be there. They stay as
 * they are, so that an export says what the file said. */

#include "coach/coach-file.h"

/* The id of the model that a file of the old installation is about: the last part of its path without the
 * extension (.yml, .yaml, .json), "_" for a space. NULL where that cannot be an id ("" too). Free with
 * g_free(). The caller compares ids without regard to case, as the old system did. */
char *legacy_model_id(const char *origin);

/* Older files name the network interface of a device ("can1") where newer ones name what hangs on it
 * ("house"). Puts the logical name in place of the physical one, in all devices: `interfaces` is logical →
 * physical. A name stays where several logical ones, or none, stand for it, where it is a logical name
 * itself, and where `known` (an array of Component; NULL: none), the release that the file follows, has the
 * same there: that is the vendor's. Returns how many entries were changed. */
unsigned legacy_name_interfaces(Value **data, GHashTable *interfaces, GPtrArray *known);

/* A pointer into the data of a file, as patches have it (RFC 6901, through lists by index), with the DGN and
 * the instance spelt as the file spells them: "/1feda/25/0" for "0x19:" under "1FEDA:". Free with g_free().
 * Sets CONFIG_ERROR_INVALID_ARGS for what is no pointer. */
char *legacy_pointer_respell(Value *data, const char *pointer, GError **error);

/* A field as a pointer into the file finds it. */
typedef struct LegacyPlace {
    char *path;  /* of a component */
    char *field; /* inside its entry at the binding, "" for all of it */
} LegacyPlace;

void legacy_place_free(LegacyPlace *place);
/* Appends the places that a pointer names: one, or all that stand within a section, a DGN or an instance;
 * "-" is the last item of a list. `places` is an array of LegacyPlace. Nothing for a device that is not
 * there. */
void legacy_locate(Value *data, const char *pointer, GPtrArray *places);
/* Whether a field pointer of an override is the place, lies in it or around it, at whichever binding. */
bool legacy_place_concerns(const LegacyPlace *place, const char *path, const char *field);
