/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-hint.c: each error has a code to exit with, and a sentence where the service has none. */

#include "ctl/hint.h"

#include <string.h>

static void test_codes(void)
{
    static const struct {
        const char *error;
        ExitCode code;
    } rows[] = {
        {"org.freedesktop.DBus.Error.AccessDenied", EXIT_DENIED},
        {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", EXIT_DENIED},
        {"org.freedesktop.DBus.Error.InvalidArgs", EXIT_USAGE},
        {"org.coachiq.Config1.Error.NoSuchModel", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.NoSuchMapping", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.NoSuchField", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.NoSuchChange", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.Conflict", EXIT_CONFLICT},
        {"org.coachiq.Config1.Error.Immutable", EXIT_FAILED},
        {"org.coachiq.Config1.Error.NoSpace", EXIT_FAILED},
        {"org.freedesktop.DBus.Error.ServiceUnknown", EXIT_FAILED},
        {"org.freedesktop.DBus.Error.Spawn.ChildExited", EXIT_FAILED},
        {"org.example.Unheard", EXIT_FAILED},
        {"", EXIT_FAILED},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(hint_for(rows[i].error)->code, ==, rows[i].code);
}

/* A name that ends in "." stands for all below it, and for nothing else. */
static void test_prefix(void)
{
    g_assert_nonnull(
        strstr(hint_for("org.freedesktop.DBus.Error.Spawn.ChildExited")->sentence, "could not be started"));
    g_assert_null(hint_for("org.freedesktop.DBus.Error.SpawnSomething")->sentence);
    g_assert_null(hint_for("org.coachiq.Config1.Error.ConflictX")->sentence);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/hint/codes", test_codes);
    g_test_add_func("/ctl/hint/prefix", test_prefix);
    return g_test_run();
}
