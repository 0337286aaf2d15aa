/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peers.h"

#include "daemon/driver.h"
#include "daemon/lifecycle.h"
#include "daemon/object.h"
#include "daemon/requests.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

/* How long no connection is taken after one could not be. */
#define PAUSE_USEC (1 * G_USEC_PER_SEC)
/* How long peers that are slow to read are waited for then. */
#define DRAIN_USEC (2 * G_USEC_PER_SEC)

/* Replies that may wait for a peer to read them; until it has, nothing more is taken from it. */
#define REPLIES_WAITING_MAX 16
/* Signals, and replies, that may wait before a peer that does not read is cut off. */
#define SIGNALS_WAITING_MAX 64
/* Messages of one peer that are worked off before it is another's turn. */
#define STEPS_MAX 8

typedef struct Peer {
    Daemon *daemon;
    sd_bus *bus;
    uint32_t uid;
    bool again; /* it may have more for us that has been read from the socket already */
    sd_event_source *io;
    sd_event_source *timer;
} Peer;

static void peer_free(Peer *peer)
{
    requests_drop_connection(peer->daemon, peer->bus);
    sd_event_source_disable_unref(peer->io);
    sd_event_source_disable_unref(peer->timer);
    sd_bus_close_unref(peer->bus);
    g_free(peer);
}

static void remove_peer(Peer *peer)
{
    Daemon *daemon = peer->daemon;

    lifecycle_touch(daemon);
    g_ptr_array_remove_fast(daemon->peers, peer);
}

static int on_disconnected(sd_bus_message *message G_GNUC_UNUSED, void *userdata,
                           sd_bus_error *error G_GNUC_UNUSED)
{
    remove_peer(userdata);
    return 0;
}

/* A few steps, so that no peer keeps the others waiting. */
static int process(Peer *peer)
{
    CLEANUP(bus_unrefp) sd_bus *bus = sd_bus_ref(peer->bus);
    Daemon *daemon = peer->daemon;
    uint64_t waiting = 0;
    int r = 1;

    for (unsigned n = 0; r > 0 && n < STEPS_MAX && waiting <= REPLIES_WAITING_MAX; n++) {
        r = sd_bus_process(bus, NULL);
        sd_bus_get_n_queued_write(bus, &waiting);
    }
    /* The peer may have left, and be freed, in there. */
    if (!g_ptr_array_find(daemon->peers, peer, NULL))
        return 0;
    peer->again = r > 0;
    if (r < 0)
        remove_peer(peer);
    return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    return process(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    return process(userdata);
}

/* Before the loop waits: what this connection waits for. sd_bus_attach_event() would do the same, but for
 * the one thing that matters here: it goes on taking requests from a peer that does not read the replies,
 * which then pile up in our memory. */
static int prepare(sd_event_source *source, void *userdata)
{
    Peer *peer = userdata;
    uint64_t waiting = 0, usec = UINT64_MAX;
    int events, r;

    events = sd_bus_get_events(peer->bus);
    sd_bus_get_n_queued_write(peer->bus, &waiting);
    if (events < 0) {
        /* Closed: process() finds that out, and frees the peer. */
        events = 0;
        usec = 0;
    } else if (waiting > REPLIES_WAITING_MAX)
        events &= ~EPOLLIN;
    else if (peer->again)
        usec = 0;
    else if ((r = sd_bus_get_timeout(peer->bus, &usec)) < 0)
        return r;

    r = sd_event_source_set_io_events(peer->io, (uint32_t) events);
    if (r >= 0 && usec != UINT64_MAX)
        r = sd_event_source_set_time(peer->timer, usec);
    return r < 0 ? r
                 : sd_event_source_set_enabled(peer->timer,
                                               usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int watch(Peer *peer)
{
    sd_event *event = peer->daemon->event;
    int r;

    r = sd_event_add_time(event, &peer->timer, CLOCK_MONOTONIC, 0, 1, on_timer, peer);
    if (r >= 0)
        r = sd_event_add_io(event, &peer->io, sd_bus_get_fd(peer->bus), 0, on_io, peer);
    return r < 0 ? r : sd_event_source_set_prepare(peer->io, prepare);
}

/* A peer has no name, so a message that says it has one is forged. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    if (!sd_bus_message_get_sender(message))
        return 0;
    if (!sd_bus_message_is_method_call(message, NULL, NULL))
        return 1;
    return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
                            "There is no bus here, so a message has no sender");
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
        r = sd_bus_add_filter(peer->bus, NULL, on_message, peer);
    if (r >= 0)
        r = object_add(peer->daemon, peer->bus);
    if (r >= 0)
        r = driver_add(peer->bus);
    if (r >= 0)
        r = sd_bus_match_signal(peer->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, peer);
    if (r >= 0)
        r = sd_bus_start(peer->bus);
    return r < 0 ? r : watch(peer);
}

static bool is_within_limits(const Daemon *daemon, uint32_t uid)
{
    unsigned n = 0;

    for (guint i = 0; i < daemon->peers->len; i++)
        n += ((const Peer *) g_ptr_array_index(daemon->peers, i))->uid == uid;
    return daemon->peers->len < PEERS_MAX && n < PEERS_PER_USER_MAX;
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
    Daemon *daemon = userdata;

    for (guint i = 0; i < daemon->listeners->len; i++)
        sd_event_source_set_enabled(g_ptr_array_index(daemon->listeners, i), SD_EVENT_ON);
    return 0;
}

/* Out of descriptors or memory: the connection stays in the queue, and the loop must not spin on it. The
 * peer that hoards is the likely cause, but cannot be told from the others. */
static int pause_listening(Daemon *daemon)
{
    for (guint i = 0; i < daemon->listeners->len; i++)
        sd_event_source_set_enabled(g_ptr_array_index(daemon->listeners, i), SD_EVENT_OFF);
    return sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC, PAUSE_USEC, 0, on_pause_over,
                                      daemon);
}

static int on_connection(sd_event_source *source G_GNUC_UNUSED, int socket_fd,
                         uint32_t revents G_GNUC_UNUSED, void *userdata)
{
    Daemon *daemon = userdata;
    struct ucred credentials = {0};
    socklen_t length = sizeof credentials;
    Peer *peer;
    int fd, r;

    // cppcheck-suppress nullPointer; the address of the peer may be left out
    fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
            return 0;
        g_warning("A connection could not be taken, waiting: %s", g_strerror(errno));
        return pause_listening(daemon);
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
    int n = sd_listen_fds(true);

    daemon->peers = g_ptr_array_new_with_free_func((GDestroyNotify) peer_free);
    daemon->listeners = g_ptr_array_new_with_free_func(listener_free);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        sd_event_source *source;
        int r;

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

/* Sends what waits, as long as the peer reads. */
static void flush(sd_bus *bus, int64_t until)
{
    uint64_t waiting;

    while (sd_bus_get_n_queued_write(bus, &waiting) >= 0 && waiting > 0) {
        int64_t now = g_get_monotonic_time();

        if (now >= until || sd_bus_process(bus, NULL) < 0 || sd_bus_wait(bus, (uint64_t) (until - now)) <= 0)
            return;
    }
}

void peers_drain(Daemon *daemon)
{
    int64_t until = g_get_monotonic_time() + DRAIN_USEC;

    for (guint i = daemon->peers->len; i-- > 0;) {
        Peer *peer = g_ptr_array_index(daemon->peers, i);
        CLEANUP(bus_unrefp) sd_bus *bus = sd_bus_ref(peer->bus);

        /* A peer that has left is freed by this, so that only the bus may be looked at. */
        for (uint64_t waiting = 0; waiting <= REPLIES_WAITING_MAX && g_get_monotonic_time() < until &&
                                   sd_bus_process(bus, NULL) > 0;)
            sd_bus_get_n_queued_write(bus, &waiting);
        flush(bus, until);
        i = MIN(i, daemon->peers->len);
    }
}

void peers_foreach(Daemon *daemon, void (*function)(sd_bus *bus, void *userdata), void *userdata)
{
    for (guint i = daemon->peers ? daemon->peers->len : 0; i-- > 0;) {
        Peer *peer = g_ptr_array_index(daemon->peers, i);
        uint64_t waiting = 0;

        sd_bus_get_n_queued_write(peer->bus, &waiting);
        /* A peer that is cut off notices; one that misses a signal does not. */
        if (waiting > SIGNALS_WAITING_MAX)
            remove_peer(peer);
        else
            function(peer->bus, userdata);
    }
}

void peers_free(Daemon *daemon)
{
    g_clear_pointer(&daemon->listeners, g_ptr_array_unref);
    g_clear_pointer(&daemon->peers, g_ptr_array_unref);
}
