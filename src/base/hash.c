/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* hash.c: SHA-256 of bytes and of records. A field of a record is hashed as a letter for its kind ("n"
 * absent, "t" text, "i" integer in decimal), its length in decimal, ":" and its bytes. */

#include "base/hash.h"

#include <string.h>

struct HashRecord {
    GChecksum *checksum;
};

char *hash_bytes(const void *data, size_t length)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, length);
}

HashRecord *hash_record_new(void)
{
    HashRecord *record = g_new(HashRecord, 1);

    record->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    return record;
}

static void append_field(HashRecord *record, char kind, const char *bytes, size_t length)
{
    char head[32];
    int head_length = g_snprintf(head, sizeof head, "%c%zu:", kind, length);

    g_checksum_update(record->checksum, (const guchar *) head, head_length);
    g_checksum_update(record->checksum, (const guchar *) bytes, (gssize) length);
}

void hash_record_text(HashRecord *record, const char *text)
{
    append_field(record, text ? 't' : 'n', text ? text : "", text ? strlen(text) : 0);
}

void hash_record_integer(HashRecord *record, int64_t integer)
{
    char text[32];
    int length = g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, integer);

    append_field(record, 'i', text, (size_t) length);
}

char *hash_record_finish(HashRecord *record)
{
    char *text = g_strdup(g_checksum_get_string(record->checksum));

    g_checksum_free(record->checksum);
    g_free(record);
    return text;
}
