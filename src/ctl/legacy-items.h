/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-items.h: what is gathered from an old installation, in order of precedence, and how it goes to the
 * service: as few descriptors, because the system bus of dbus-daemon takes 16 in a message. */

#include "ctl/client.h"

/* Bounds of all that is sent, those of MigrateLegacy; what is beyond them becomes a problem. */
#define LEGACY_FILE_MAX (8U << 20)
#define LEGACY_TOTAL_MAX (16U << 20)
#define LEGACY_ITEMS_MAX 2000U

typedef struct LegacyItem {
    char *name;   /* "KIND:ORIGIN" */
    GBytes *data; /* what was there, or JSON that was made from it */
} LegacyItem;

typedef struct LegacyItems LegacyItems;

LegacyItems *legacy_items_new(void);
void legacy_items_free(LegacyItems *items);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LegacyItems, legacy_items_free)

/* Appends one. `kind` is "coach", "reference", "patches:MODEL" or "settings"; `origin` the path or the
 * source as a report shows it. Bytes that are no UTF-8 are replaced in the name. Takes a reference of the
 * data. */
void legacy_items_add(LegacyItems *items, const char *kind, const char *origin, GBytes *data);
/* Appends what could not be taken, with the reason and what to do: a sentence without the origin. */
G_GNUC_PRINTF(3, 4)
void legacy_items_problem(LegacyItems *items, const char *origin, const char *format, ...);

/* In order of precedence; borrowed. */
unsigned legacy_items_length(const LegacyItems *items);
const LegacyItem *legacy_items_at(const LegacyItems *items, unsigned index);
/* How many are no problems. */
unsigned legacy_items_found(const LegacyItems *items);

/* All items as sealed memfds: packs, each a row of items with a header line of JSON before the bytes of
 * each, and an item that fills one by itself alone. An array of CallFile; freeing it closes them. Sets a
 * G_FILE_ERROR and returns NULL where no memfd can be made. */
GArray *legacy_items_pack(const LegacyItems *items, GError **error);
