/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* hash.h: SHA-256 (FIPS 180-4) as lower-case hexadecimal text, of bytes and of records. */

#include <glib.h>
#include <stdint.h>

#define HASH_TEXT_LENGTH 64

/* The hash of some bytes. Free with g_free(). */
char *hash_bytes(const void *data, size_t length);

/* A record is a row of fields. Each field is hashed with its kind and length before it, so that no two
 * different rows give the same bytes. Absent is not the same as an empty text. */
typedef struct HashRecord HashRecord;
HashRecord *hash_record_new(void);
void hash_record_text(HashRecord *record, const char *text); /* NULL: absent */
void hash_record_integer(HashRecord *record, int64_t integer);
/* The hash of all fields; frees the record. Free the result with g_free(). */
char *hash_record_finish(HashRecord *record);
