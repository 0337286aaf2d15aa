/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-hint.c: each error has a code to exit with, and a sentence where the service has none. */

#include "ctl/hint.h"

#include <string.h>

#include "base/json.h"

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
        {"org.coachiq.Config1.Error.Blocked", EXIT_FAILED},
        {"org.coachiq.Config1.Error.NotImported", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.NoSuchBackup", EXIT_NOT_FOUND},
        {"org.coachiq.Config1.Error.InvalidFile", EXIT_FAILED},
        {CLIENT_ERROR_STALE, EXIT_CONFLICT},
        {CLIENT_ERROR_MEANWHILE, EXIT_CONFLICT},
        {CLIENT_ERROR_CHANGED_SINCE, EXIT_CONFLICT},
        {CLIENT_ERROR_UNDECIDED, EXIT_FAILED},
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

/* No group helps while polkit is not there, or when the person changed their mind. */
static void test_denied(void)
{
    static const struct {
        const char *message, *part; /* part NULL: no advice */
    } rows[] = {
        {"You may not do that", "group coachiq"},
        {"", "group coachiq"},
        {"polkit is not running, so only root may do this", "systemctl status polkit"},
        {"polkit could not be asked: No space left", "systemctl status polkit"},
        {"The system bus is not there, so polkit cannot be asked; only root may do this",
         "systemctl status polkit"},
        {"The authentication for org.coachiq.config1.edit was dismissed", NULL},
    };
    const Hint *denied = hint_for("org.freedesktop.DBus.Error.AccessDenied");
    const Hint *locked = hint_for("org.coachiq.Config1.Error.Locked");

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *advice = hint_advice(denied, rows[i].message);

        g_assert_true(!advice == !rows[i].part);
        g_assert_true(!advice || strstr(advice, rows[i].part));
    }
    g_assert_true(hint_advice(locked, "polkit is not running") == locked->advice);
}

static void test_field(void)
{
    static const struct {
        const char *field, *hint;
    } rows[] = {
        {"/freindly_name", "Did you mean friendly_name?"},
        {"/Friendly_Name", "Did you mean friendly_name?"},
        {"/protocol_metadata/firefly_zone_di", "Did you mean protocol_metadata/firefly_zone_id?"},
        {"/firefly_zone_di", "Did you mean protocol_metadata/firefly_zone_id?"},
        {"/friendly_name", NULL},
        {"/xyzzy", NULL},
        {"/", NULL},
        {"", NULL},
    };
    g_autoptr(Value) component =
        json_parse("{\"friendly_name\": \"Porch\", \"protocol_metadata\": {\"firefly_zone_id\": 3},"
                   " \"bindings\": [{\"dgn\": \"1FEDA\", \"instance\": 25, \"friendly_name\": \"a\"}]}",
                   -1, &json_limits_call, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hint = hint_field(rows[i].field, component);

        g_assert_cmpstr(hint, ==, rows[i].hint);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/hint/codes", test_codes);
    g_test_add_func("/ctl/hint/prefix", test_prefix);
    g_test_add_func("/ctl/hint/denied", test_denied);
    g_test_add_func("/ctl/hint/field", test_field);
    return g_test_run();
}
