/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-hash.c: SHA-256 against the standard's examples, and records that must not run into each other. */

#include <string.h>

#include "base/hash.h"

static void test_bytes(void)
{
    g_autofree char *empty = hash_bytes("", 0);
    g_autofree char *abc = hash_bytes("abc", 3);

    /* FIPS 180-4, examples of the NIST. */
    g_assert_cmpstr(empty, ==, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    g_assert_cmpstr(abc, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_cmpuint(strlen(abc), ==, HASH_TEXT_LENGTH);
}

/* The documented form: kind, length, colon, bytes. */
static void test_record(void)
{
    HashRecord *record = hash_record_new();

    hash_record_text(record, "Küche");
    hash_record_text(record, NULL);
    hash_record_text(record, "");
    hash_record_integer(record, -42);
    g_autofree char *hash = hash_record_finish(record);
    g_autofree char *expected = hash_bytes("t6:Küchen0:t0:i3:-42", strlen("t6:Küchen0:t0:i3:-42"));
    g_assert_cmpstr(hash, ==, expected);
}

static char *hash_of(const char *a, const char *b)
{
    HashRecord *record = hash_record_new();

    hash_record_text(record, a);
    hash_record_text(record, b);
    return hash_record_finish(record);
}

static void test_record_distinct(void)
{
    static const char *const rows[][2] = {
        {"ab", "c"},   {"a", "bc"}, {"abc", ""},  {"", "abc"}, {NULL, "abc"},
        {"abc", NULL}, {"", ""},    {NULL, NULL}, {"t0:", ""},
    };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_true(g_hash_table_add(seen, hash_of(rows[i][0], rows[i][1])));

    HashRecord *text = hash_record_new(), *integer = hash_record_new();
    hash_record_text(text, "1");
    hash_record_integer(integer, 1);
    g_assert_true(g_hash_table_add(seen, hash_record_finish(text)));
    g_assert_true(g_hash_table_add(seen, hash_record_finish(integer)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hash/bytes", test_bytes);
    g_test_add_func("/hash/record", test_record);
    g_test_add_func("/hash/record/distinct", test_record_distinct);
    return g_test_run();
}
