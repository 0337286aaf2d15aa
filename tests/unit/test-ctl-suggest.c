/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-suggest.c: what somebody may have meant. */

#include "ctl/suggest.h"

static void assert_suggests(const char *word, const char *expected)
{
    static const char *const all[] = {"devices/bedroom_ceiling_light",
                                      "devices/bedroom_reading_light",
                                      "devices/porch_light",
                                      "lighting_scenes/evening",
                                      "coach_info",
                                      "/friendly_name",
                                      "json"};
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    g_autoptr(GPtrArray) close = NULL;
    g_autofree char *list = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(candidates, (void *) all[i]);
    close = suggest_close(word, candidates, 3);
    g_ptr_array_add(close, NULL);
    list = g_strjoinv(" ", (char **) close->pdata);
    g_assert_cmpstr(list, ==, expected);
}

static void test_mistyped(void)
{
    assert_suggests("bedroom_ceiling_ligth", "devices/bedroom_ceiling_light");
    assert_suggests("devices/bedroom_ceiling_ligt", "devices/bedroom_ceiling_light");
    assert_suggests("evenin", "lighting_scenes/evening");
    assert_suggests("EVENING", "lighting_scenes/evening");
    assert_suggests("coach_inof", "coach_info");
    assert_suggests("/frendly_name", "/friendly_name");
    assert_suggests("jsn", "json");
}

static void test_contained(void)
{
    assert_suggests("porch", "devices/porch_light");
    assert_suggests("bedroom", "devices/bedroom_ceiling_light devices/bedroom_reading_light");
}

static void test_nothing(void)
{
    g_autofree char *endless = g_strnfill(10000, 'x');

    assert_suggests("xyzzy", "");
    assert_suggests("qq", "");
    assert_suggests("", "");
    assert_suggests(endless, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/suggest/mistyped", test_mistyped);
    g_test_add_func("/ctl/suggest/contained", test_contained);
    g_test_add_func("/ctl/suggest/nothing", test_nothing);
    return g_test_run();
}
