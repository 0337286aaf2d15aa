/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls one method of org.coachiq.Config1 peer to peer, through GDBus: gdbus and busctl both insist on a bus
 * daemon. */

#include <gio/gio.h>

#define OBJECT_PATH "/org/coachiq/Config1"
#define INTERFACE "org.coachiq.Config1"

static int fail(GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    g_dbus_error_strip_remote_error(error);
    g_printerr("%s: %s\n", name ?: "no reply", error->message);
    return 1;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) connection = NULL;
    g_autoptr(GVariant) arguments = NULL;
    g_autoptr(GVariant) reply = NULL;
    g_autofree char *text = NULL;

    if (argc != 4) {
        g_printerr("usage: peer-call ADDRESS METHOD \"(arguments, as GVariant text)\"\n");
        return 2;
    }

    arguments = g_variant_parse(NULL, argv[3], NULL, NULL, &error);
    if (!arguments)
        return fail(error);
    connection = g_dbus_connection_new_for_address_sync(
        argv[1], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &error);
    if (!connection)
        return fail(error);
    reply = g_dbus_connection_call_sync(connection, NULL, OBJECT_PATH, INTERFACE, argv[2],
                                        g_steal_pointer(&arguments), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                                        &error);
    if (!reply)
        return fail(error);

    text = g_variant_print(reply, FALSE);
    g_print("%s\n", text);
    return 0;
}
