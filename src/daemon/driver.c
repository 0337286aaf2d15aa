/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/driver.h"

/* The unique names of the two ends of a connection. */
#define CLIENT_NAME ":1.1"
#define SERVICE_NAME ":1.0"

static int on_hello(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    return sd_bus_reply_method_return(message, "s", CLIENT_NAME);
}

/* Every signal goes to every peer, so that there is nothing to remember. */
static int on_match(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    return sd_bus_reply_method_return(message, "");
}

static int on_get_name_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    return sd_bus_reply_method_return(message, "s", SERVICE_NAME);
}

int driver_add(sd_bus *bus)
{
    static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Hello", "", "s", on_hello, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AddMatch", "s", "", on_match, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RemoveMatch", "s", "", on_match, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetNameOwner", "s", "s", on_get_name_owner, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
    };

    return sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus", vtable,
                                    NULL);
}
