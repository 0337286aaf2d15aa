/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* store-private.h: what the files of the store share. */

#include "store/database.h"
#include "store/store.h"

struct Store {
    Database *database;
};

/* The head of the chain of changes, "NUMBER:HASH": without it nobody would notice that the newest changes
 * are missing. */
#define SETTING_HISTORY_HEAD "history.head"

/* JSON text of a column as a value; NULL stays NULL. A text that does not parse is damage (CORRUPT). */
bool store_parse_column(Store *store, const char *text, Value **ret, GError **error);
