/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-items.c: the list of what is gathered, its bounds, and its packing. */

#include "ctl/legacy-items.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

static void add(LegacyItems *items, const char *kind, const char *origin, const char *text)
{
    g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));

    legacy_items_add(items, kind, origin, data);
}

static void add_large(LegacyItems *items, const char *origin, size_t length)
{
    g_autoptr(GBytes) data = g_bytes_new_take(g_malloc0(length), length);

    legacy_items_add(items, "coach", origin, data);
}

static char *contents(int fd)
{
    struct stat st;
    char *text;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    text = g_malloc0((gsize) st.st_size + 1);
    g_assert_cmpint(pread(fd, text, (size_t) st.st_size, 0), ==, st.st_size);
    return text;
}

static void test_pack(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    g_autoptr(GArray) parts = NULL;
    g_autofree char *text = NULL;

    add(items, "settings", "environment", "{}");
    add(items, "coach", "/a \"b\".yml", "x: 1\n");
    add(items, "coach", "/bad\xff.yml", "");
    legacy_items_problem(items, "/c", "it is %s", "gone");
    parts = legacy_items_pack(items, NULL);
    g_assert_cmpuint(parts->len, ==, 1);
    g_assert_cmpstr(g_array_index(parts, CallFile, 0).name, ==, "pack:");
    text = contents(g_array_index(parts, CallFile, 0).fd);
    g_assert_cmpstr(text, ==,
                    "{\"name\":\"settings:environment\",\"length\":2}\n{}"
                    "{\"name\":\"coach:/a \\\"b\\\".yml\",\"length\":5}\nx: 1\n"
                    "{\"name\":\"coach:/bad\uFFFD.yml\",\"length\":0}\n"
                    "{\"name\":\"problem:/c\",\"length\":23}\n{\"reason\":\"it is gone\"}");
    g_assert_cmpuint(legacy_items_length(items), ==, 4);
    g_assert_cmpuint(legacy_items_found(items), ==, 3);
}

/* An item that fills a pack by itself goes alone, and order stays. */
static void test_large(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    g_autoptr(GArray) parts = NULL;
    static const char *const names[] = {"pack:", "coach:/b", "pack:"};

    add_large(items, "/a", 10);
    add_large(items, "/b", LEGACY_FILE_MAX);
    add_large(items, "/c", 4U << 20);
    add_large(items, "/d", 3U << 20);
    parts = legacy_items_pack(items, NULL);
    g_assert_cmpuint(parts->len, ==, G_N_ELEMENTS(names));
    for (unsigned i = 0; i < parts->len; i++) {
        const CallFile *part = &g_array_index(parts, CallFile, i);
        struct stat st;

        g_assert_cmpstr(part->name, ==, names[i]);
        g_assert_cmpint(fstat(part->fd, &st), ==, 0);
        g_assert_cmpint(st.st_size, <=, LEGACY_FILE_MAX);
    }
}

/* No pack is larger than a file may be. */
static void test_packs(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    g_autoptr(GArray) parts = NULL;

    for (int i = 0; i < 3; i++)
        add_large(items, "/a", 5U << 20);
    parts = legacy_items_pack(items, NULL);
    g_assert_cmpuint(parts->len, ==, 3);
    g_assert_cmpstr(g_array_index(parts, CallFile, 2).name, ==, "pack:");
}

/* What does not fit is said once, and not dropped in silence. */
static void test_too_large(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    g_autoptr(GArray) parts = NULL;

    for (int i = 0; i < 2; i++)
        add_large(items, "/a", LEGACY_FILE_MAX - 2000);
    add_large(items, "/b", 3000);
    add(items, "coach", "/c", "x");
    g_assert_cmpuint(legacy_items_found(items), ==, 3);
    g_assert_cmpstr(legacy_items_at(items, 2)->name, ==, "problem:/b");
    g_assert_cmpstr(legacy_items_at(items, 3)->name, ==, "coach:/c");
    parts = legacy_items_pack(items, NULL);
    g_assert_cmpuint(parts->len, <=, 16);
}

/* That there is more is said once, however much it is. */
static void test_full(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    unsigned length;

    for (int i = 0; i < 2; i++)
        add_large(items, "/a", LEGACY_FILE_MAX - 650);
    for (int i = 0; i < 5; i++)
        add_large(items, "/b", 3000);
    length = legacy_items_length(items);
    g_assert_cmpuint(length, ==, 3);
    g_assert_cmpstr(legacy_items_at(items, length - 1)->name, ==, "problem:/b");
}

static void test_too_many(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();

    for (unsigned i = 0; i < LEGACY_ITEMS_MAX + 100; i++)
        add(items, "coach", "/a", "x");
    g_assert_cmpuint(legacy_items_length(items), ==, LEGACY_ITEMS_MAX);
    g_assert_cmpuint(legacy_items_found(items), ==, LEGACY_ITEMS_MAX - 1);
    g_assert_cmpstr(legacy_items_at(items, LEGACY_ITEMS_MAX - 1)->name, ==, "problem:/a");
}

static void test_nothing(void)
{
    g_autoptr(LegacyItems) items = legacy_items_new();
    g_autoptr(GArray) parts = legacy_items_pack(items, NULL);

    g_assert_cmpuint(parts->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/legacy-items/pack", test_pack);
    g_test_add_func("/ctl/legacy-items/large", test_large);
    g_test_add_func("/ctl/legacy-items/packs", test_packs);
    g_test_add_func("/ctl/legacy-items/too-large", test_too_large);
    g_test_add_func("/ctl/legacy-items/full", test_full);
    g_test_add_func("/ctl/legacy-items/too-many", test_too_many);
    g_test_add_func("/ctl/legacy-items/nothing", test_nothing);
    return g_test_run();
}
