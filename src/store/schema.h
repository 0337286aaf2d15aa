/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* schema.h: the steps by which a database comes to the newest layout of its tables. */

#include "store/database.h"

/* Whether the file is one of ours and not newer than this program. Writes nothing. Sets CORRUPT or
 * NOT_SUPPORTED. */
bool schema_check(Database *database, GError **error);
/* Whether a file begins as one of ours does. An empty file, which opening would make one of ours, does not.
 */
#define SCHEMA_HEADER_SIZE 100
bool schema_owns_header(const uint8_t header[SCHEMA_HEADER_SIZE]);
/* Whether steps are missing in a file of ours, by its header. */
bool schema_is_old(const uint8_t header[SCHEMA_HEADER_SIZE]);
/* What ours begin with, for so many pages, of the newest version and without free pages: to read what is
 * behind a header that is damaged. */
void schema_make_header(uint8_t header[SCHEMA_HEADER_SIZE], uint32_t n_pages);
/* The size of our pages. */
#define SCHEMA_PAGE_SIZE 4096
/* Whether no step is missing; for a database that can only be read. Sets READ_ONLY. */
bool schema_is_current(Database *database, GError **error);
/* Whether the file has exactly the tables and indexes that ours of its version have, and nothing that could
 * act by itself. One of a newer version passes: schema_check() refuses it. Sets CORRUPT. */
bool schema_is_ours(sqlite3 *handle, GError **error);
/* Takes the missing steps, each in a transaction of its own together with its number. */
bool schema_upgrade(Database *database, GError **error);
