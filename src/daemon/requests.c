/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/requests.h"

#include "daemon/files.h"
#include "daemon/polkit.h"

const char *request_sender(const Daemon *daemon, sd_bus_message *request)
{
    return sd_bus_message_get_bus(request) == daemon->bus ? sd_bus_message_get_sender(request) : NULL;
}

/* Asked without waiting: while one waits, messages of others pile up. */
int request_ask_credentials(Daemon *daemon, sd_bus_message *request, sd_bus_slot **ret_slot,
                            sd_bus_message_handler_t handler, void *userdata)
{
    return sd_bus_call_method_async(daemon->bus, ret_slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "GetConnectionCredentials", handler, userdata,
                                    "s", request_sender(daemon, request));
}

void request_read_credentials(sd_bus_message *reply, uint32_t *ret_uid, int32_t *ret_pid)
{
    const char *key;

    *ret_uid = UINT32_MAX;
    *ret_pid = 0;
    if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
        return;
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        uint32_t number = 0;

        if (sd_bus_message_read(reply, "s", &key) < 0)
            return;
        if (g_str_equal(key, "UnixUserID") && sd_bus_message_read(reply, "v", "u", &number) >= 0)
            *ret_uid = number;
        else if (g_str_equal(key, "ProcessID") && sd_bus_message_read(reply, "v", "u", &number) >= 0)
            *ret_pid = (int32_t) number;
        else
            sd_bus_message_skip(reply, "v");
        sd_bus_message_exit_container(reply);
    }
}

int request_dispatch_again(sd_bus_message *request)
{
    int r = sd_bus_message_rewind(request, true);

    if (r >= 0)
        r = sd_bus_enqueue_for_read(sd_bus_message_get_bus(request), request);
    if (r < 0)
        sd_bus_reply_method_errno(request, r, NULL);
    return r;
}

static int on_name_lost(sd_bus_message *signal, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Daemon *daemon = userdata;
    const char *name;

    if (sd_bus_message_read(signal, "s", &name) < 0)
        return 0;
    polkit_drop_caller(daemon, name);
    files_drop_caller(daemon, name);
    return 0;
}

int requests_start(Daemon *daemon)
{
    return sd_bus_add_match_async(daemon->bus, NULL,
                                  "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''",
                                  on_name_lost, NULL, daemon);
}

void requests_drop_connection(Daemon *daemon, sd_bus *connection)
{
    polkit_drop_connection(daemon, connection);
    files_drop_connection(daemon, connection);
}
