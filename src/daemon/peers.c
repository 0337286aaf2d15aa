/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peers.h"

#include "daemon/lifecycle.h"
#include "daemon/object.h"
#include "daemon/polkit.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

/* Messages of one peer that are still answered while we leave; more than any client has in flight. */
#define DRAIN_MESSAGES_MAX 65536

typedef struct Peer {
    Daemon *daemon;
    sd_bus *bus;
    uint32_t uid;
} Peer;

static void peer_free(Peer *peer)
{
    polkit_drop_connection(peer->daemon, peer->bus);
    sd_bus_detach_event(peer->bus);
    sd_bus_flush_close_unref(peer->bus);
    g_free(peer);
}

static int on_disconnected(sd_bus_message *message G_GNUC_UNUSED, void *userdata,
                           sd_bus_error *error G_GNUC_UNUSED)
{
    Peer *peer = userdata;
    Daemon *daemon = peer->daemon;

    lifecycle_touch(daemon);
    g_ptr_array_remove_fast(daemon->peers, peer);
    return 0;
}

static int open_bus(Peer *peer, int fd)
{
    sd_id128_t id;
    int r;

    r = sd_id128_randomize(&id);
    if (r >= 0)
        r = sd_bus_new(&peer->bus);
    if (r >= 0)
        r = sd_bus_set_fd(peer->bus, fd, fd);
    if (r < 0) {
        close(fd);
        return r;
    }
    r = sd_bus_set_description(peer->bus, "peer");
    if (r >= 0)
        r = sd_bus_set_server(peer->bus, true, id);
    if (r >= 0)
        r = sd_bus_negotiate_fds(peer->bus, true);
    if (r >= 0)
        r = object_add(peer->daemon, peer->bus);
    if (r >= 0)
        r = sd_bus_match_signal(peer->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, peer);
    if (r >= 0)
        r = sd_bus_start(peer->bus);
    if (r >= 0)
        r = sd_bus_attach_event(peer->bus, peer->daemon->event, SD_EVENT_PRIORITY_NORMAL);
    return r;
}

static bool is_within_limits(const Daemon *daemon, uint32_t uid)
{
    unsigned n = 0;

    for (guint i = 0; i < daemon->peers->len; i++)
        n += ((const Peer *) g_ptr_array_index(daemon->peers, i))->uid == uid;
    return daemon->peers->len < PEERS_MAX && n < PEERS_PER_USER_MAX;
}

static int on_connection(sd_event_source *source G_GNUC_UNUSED, int socket_fd,
                         uint32_t revents G_GNUC_UNUSED, void *userdata)
{
    Daemon *daemon = userdata;
    struct ucred credentials = {0};
    socklen_t length = sizeof credentials;
    Peer *peer;
    int fd, r;

    fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            g_warning("A connection could not be taken: %s", g_strerror(errno));
        return 0;
    }
    lifecycle_touch(daemon);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
        !is_within_limits(daemon, credentials.uid)) {
        close(fd);
        return 0;
    }

    peer = g_new0(Peer, 1);
    peer->daemon = daemon;
    peer->uid = credentials.uid;
    r = open_bus(peer, fd);
    if (r < 0) {
        g_warning("A connection could not be set up: %s", g_strerror(-r));
        peer_free(peer);
        return 0;
    }
    g_ptr_array_add(daemon->peers, peer);
    return 0;
}

static void listener_free(void *source)
{
    sd_event_source_disable_unref(source);
}

int peers_listen(Daemon *daemon)
{
    int n = sd_listen_fds(true), r;

    daemon->peers = g_ptr_array_new_with_free_func((GDestroyNotify) peer_free);
    daemon->listeners = g_ptr_array_new_with_free_func(listener_free);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        sd_event_source *source;

        r = sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0);
        if (r <= 0) {
            g_warning("File descriptor %d is not a listening stream socket; it is left alone", fd);
            continue;
        }
        r = sd_event_add_io(daemon->event, &source, fd, EPOLLIN, on_connection, daemon);
        if (r < 0)
            return r;
        g_ptr_array_add(daemon->listeners, source);
    }
    return (int) daemon->listeners->len;
}

void peers_stop_listening(Daemon *daemon)
{
    g_ptr_array_set_size(daemon->listeners, 0);
}

unsigned peers_count(const Daemon *daemon)
{
    return daemon->peers->len;
}

void peers_drain(Daemon *daemon)
{
    for (guint i = daemon->peers->len; i-- > 0;) {
        Peer *peer = g_ptr_array_index(daemon->peers, i);
        CLEANUP(bus_unrefp) sd_bus *bus = sd_bus_ref(peer->bus);

        /* A peer that has left is freed by this, so that only the bus may be looked at. */
        for (unsigned n = 0; n < DRAIN_MESSAGES_MAX && sd_bus_process(bus, NULL) > 0; n++)
            ;
        sd_bus_flush(bus);
        i = MIN(i, daemon->peers->len);
    }
}

void peers_foreach(Daemon *daemon, void (*function)(sd_bus *bus, void *userdata), void *userdata)
{
    for (guint i = 0; daemon->peers && i < daemon->peers->len; i++)
        function(((const Peer *) g_ptr_array_index(daemon->peers, i))->bus, userdata);
}

void peers_free(Daemon *daemon)
{
    g_clear_pointer(&daemon->listeners, g_ptr_array_unref);
    g_clear_pointer(&daemon->peers, g_ptr_array_unref);
}
