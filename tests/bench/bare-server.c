/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The floor on the bus: a server that answers at once with a fixed text, or after a question to polkit and a
 * bare commit. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bare.h"
#include "measure.h"

#define NAME "org.coachiq.Bench1"
#define PATH "/org/coachiq/Bench1"

enum {
    ROWS = 10000,
    AUDIT_SIZE = 1500,
};

typedef struct Server {
    char *text;
    BareStore bare;
    bool has_store;
    char *action; /* what polkit is asked */
} Server;

static int handle_get(sd_bus_message *message, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    const Server *server = userdata;
    const char *model, *path;
    int r = sd_bus_message_read(message, "ss", &model, &path);

    return r < 0 ? r : sd_bus_reply_method_return(message, "sst", server->text, "factory", UINT64_C(1));
}

static int commit(Server *server, sd_bus_message *message)
{
    static unsigned row = 0;
    const char *text;
    int r = sd_bus_message_read(message, "s", &text);

    if (r < 0)
        return r;
    bare_commit(&server->bare, row += 7919, text, AUDIT_SIZE);
    return sd_bus_reply_method_return(message, "t", (uint64_t) row);
}

static int handle_commit(sd_bus_message *message, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    return commit(userdata, message);
}

static Server *the_server;

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    sd_bus_message *message = userdata;
    int authorised = false, r;

    r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
    if (r > 0)
        r = sd_bus_message_read(reply, "b", &authorised);
    if (r < 0 || !authorised)
        sd_bus_reply_method_errno(message, -EACCES, NULL);
    else
        commit(the_server, message);
    sd_bus_message_unref(message);
    return 0;
}

static int handle_authorised_commit(sd_bus_message *message, void *userdata,
                                    sd_bus_error *error G_GNUC_UNUSED)
{
    const Server *server = userdata;
    int r;

    r = sd_bus_call_method_async(sd_bus_message_get_bus(message), NULL, "org.freedesktop.PolicyKit1",
                                 "/org/freedesktop/PolicyKit1/Authority",
                                 "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization", on_answer,
                                 sd_bus_message_ref(message), "(sa{sv})sa{ss}us", "system-bus-name", 1,
                                 "name", "s", sd_bus_message_get_sender(message), server->action, 0, 0, "");
    if (r < 0) {
        sd_bus_message_unref(message);
        return r;
    }
    return 1;
}

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Get", "ss", "sst", handle_get, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Commit", "s", "t", handle_commit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AuthorisedCommit", "s", "t", handle_authorised_commit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* bare-server ADDRESS REPLY-SIZE [DATABASE ACTION] */
int main(int argc, char **argv)
{
    Server server = {0};
    sd_bus *bus = NULL;
    sd_event *event = NULL;
    int r;

    if (argc < 3)
        die(argv[0], "ADDRESS REPLY-SIZE [DATABASE ACTION]");
    server.text = g_strnfill((gsize) atol(argv[2]), 'x');
    if (argc > 4) {
        bare_open(&server.bare, argv[3], ROWS, (size_t) atol(argv[2]));
        server.has_store = true;
        server.action = argv[4];
    }
    the_server = &server;

    r = sd_event_default(&event);
    if (r >= 0)
        r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, argv[1]);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, true);
    if (r >= 0)
        r = sd_bus_add_object_vtable(bus, NULL, PATH, NAME, vtable, &server);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r >= 0)
        r = sd_bus_request_name(bus, NAME, 0);
    if (r >= 0)
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_event_loop(event);
    if (server.has_store)
        bare_close(&server.bare);
    g_free(server.text);
    sd_bus_flush_close_unref(bus);
    sd_event_unref(event);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
