/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coachiq-configd: the service that owns a motorhome's configuration. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "daemon/daemon.h"
#include "daemon/exports.h"
#include "daemon/files.h"
#include "daemon/job.h"
#include "daemon/lifecycle.h"
#include "daemon/object.h"
#include "daemon/peers.h"
#include "daemon/requests.h"

#define IDLE_SECONDS_DEFAULT 30.0
/* A year; beyond that somebody has mistyped. */
#define IDLE_SECONDS_MAX (366.0 * 24 * 60 * 60)
#define SYSTEM_BUS_ADDRESS_DEFAULT "unix:path=/run/dbus/system_bus_socket"

/* When updates are looked for: files that differ are read for it, which those whom we were started for must
 * not wait for. */
#define UPDATES_USEC (G_USEC_PER_SEC / 2)

typedef struct Arguments {
    char *development;
    double idle_seconds;
    gboolean version;
} Arguments;

static int on_idle_work(sd_event_source *source G_GNUC_UNUSED, void *userdata)
{
    Daemon *daemon = userdata;

    service_idle_work(daemon->service);
    return 0;
}

/* After each event: has it left work for a quiet moment? Until somebody can ask, starting comes first. */
static int on_any_event(sd_event_source *source G_GNUC_UNUSED, void *userdata)
{
    Daemon *daemon = userdata;

    files_tidy(daemon);
    if (!service_has_idle_work(daemon->service) || (!daemon->bus_is_ready && peers_count(daemon) == 0))
        return 0;
    return sd_event_source_set_enabled(daemon->idle_work, SD_EVENT_ONESHOT);
}

static int on_update_timer(sd_event_source *source G_GNUC_UNUSED, uint64_t usec G_GNUC_UNUSED,
                           void *userdata)
{
    Daemon *daemon = userdata;

    if (!daemon->leaving)
        service_look_for_updates(daemon->service);
    return 0;
}

static int on_name_acquired(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Daemon *daemon = userdata;

    if (sd_bus_message_is_method_error(reply, NULL)) {
        g_critical("The name " BUS_NAME " cannot be had: %s", sd_bus_message_get_error(reply)->message);
        return sd_event_exit(daemon->event, EXIT_FAILURE);
    }
    daemon->bus_is_ready = true;
    lifecycle_touch(daemon);
    sd_notify(false, "READY=1\nSTATUS=Serving " BUS_NAME);
    return 0;
}

static int on_disconnected(sd_bus_message *message G_GNUC_UNUSED, void *userdata,
                           sd_bus_error *error G_GNUC_UNUSED)
{
    Daemon *daemon = userdata;

    g_message("The system bus has gone, leaving.");
    daemon->bus_is_ready = false;
    return lifecycle_leave(daemon);
}

/* Connects when the bus is there: early in the boot it is not, and callers use our socket. */
static int open_bus(Daemon *daemon)
{
    const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
    int r;

    r = sd_bus_new(&daemon->bus);
    if (r >= 0)
        r = sd_bus_set_description(daemon->bus, "system");
    if (r >= 0)
        r = sd_bus_set_address(daemon->bus, address ? address : SYSTEM_BUS_ADDRESS_DEFAULT);
    if (r >= 0)
        r = sd_bus_set_bus_client(daemon->bus, true);
    if (r >= 0)
        r = sd_bus_negotiate_fds(daemon->bus, true);
    if (r >= 0)
        r = sd_bus_set_watch_bind(daemon->bus, true);
    if (r >= 0)
        r = object_add(daemon, daemon->bus);
    if (r >= 0)
        r = sd_bus_start(daemon->bus);
    if (r >= 0)
        r = sd_bus_match_signal_async(daemon->bus, NULL, "org.freedesktop.DBus.Local",
                                      "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                      "Disconnected", on_disconnected, NULL, daemon);
    if (r >= 0)
        r = requests_start(daemon);
    /* Sent as soon as the connection stands. */
    if (r >= 0)
        r = sd_bus_request_name_async(daemon->bus, NULL, BUS_NAME, 0, on_name_acquired, daemon);
    return r < 0 ? r : sd_bus_attach_event(daemon->bus, daemon->event, SD_EVENT_PRIORITY_NORMAL);
}

static int start(Daemon *daemon)
{
    int r, n;

    r = sd_event_default(&daemon->event);
    if (r >= 0)
        r = sd_event_set_watchdog(daemon->event, true);
    if (r >= 0)
        r = lifecycle_start(daemon);
    if (r >= 0)
        r = sd_event_add_defer(daemon->event, &daemon->idle_work, on_idle_work, daemon);
    if (r >= 0)
        r = sd_event_source_set_priority(daemon->idle_work, SD_EVENT_PRIORITY_IDLE);
    if (r >= 0)
        r = sd_event_source_set_enabled(daemon->idle_work, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_post(daemon->event, NULL, on_any_event, daemon);
    if (r >= 0)
        r = sd_event_add_time_relative(daemon->event, &daemon->update_timer, CLOCK_MONOTONIC, UPDATES_USEC,
                                       0, on_update_timer, daemon);
    if (r >= 0)
        r = sd_event_source_set_priority(daemon->update_timer, SD_EVENT_PRIORITY_IDLE);
    if (r < 0)
        return r;

    n = peers_listen(daemon);
    if (n < 0)
        return n;
    r = open_bus(daemon);
    if (r < 0)
        return r;
    /* With a socket we are of use already, bus or no bus. */
    if (n > 0)
        sd_notify(false, "READY=1\nSTATUS=Serving the socket");
    return 0;
}

static void stop(Daemon *daemon)
{
    peers_free(daemon);
    if (daemon->bus)
        sd_bus_flush(daemon->bus);
    g_clear_pointer(&daemon->checks, g_ptr_array_unref);
    files_free(daemon);
    exports_free(daemon);
    jobs_leave(daemon);
    sd_bus_close_unref(daemon->bus);
    daemon->bus = NULL;
    sd_event_source_disable_unref(daemon->idle_timer);
    sd_event_source_disable_unref(daemon->drain_timer);
    sd_event_source_disable_unref(daemon->update_timer);
    sd_event_source_disable_unref(daemon->idle_work);
    /* Closing the database writes its log back; only then may the next daemon start. */
    service_free(daemon->service);
    sd_event_unref(daemon->event);
}

static const char *state_directory(void)
{
    const char *directory = getenv("STATE_DIRECTORY");
    struct stat st;

    if (!directory || !directory[0]) {
        g_printerr("STATE_DIRECTORY is not set: it names the folder in which the database lives.\n");
        return NULL;
    }
    if (stat(directory, &st) < 0 || !S_ISDIR(st.st_mode)) {
        g_printerr("STATE_DIRECTORY %s is not a folder.\n", directory);
        return NULL;
    }
    return directory;
}

static int run(const Arguments *arguments)
{
    const char *directory = state_directory();
    Daemon daemon = {.idle_usec = (uint64_t) (arguments->idle_seconds * G_USEC_PER_SEC)};
    int r;

    if (!directory)
        return EXIT_FAILURE;
    if (arguments->development)
        g_warning("Development mode: coach files and rvc.json are read from %s before the bundled ones.",
                  arguments->development);

    daemon.service = service_new(directory, arguments->development);
    service_set_observer(daemon.service, object_on_event, &daemon);
    r = start(&daemon);
    if (r >= 0)
        r = sd_event_loop(daemon.event);
    if (r < 0)
        g_critical("%s", g_strerror(-r));
    stop(&daemon);
    return r < 0 ? EXIT_FAILURE : r;
}

int main(int argc, char **argv)
{
    Arguments arguments = {.idle_seconds = IDLE_SECONDS_DEFAULT};
    const GOptionEntry entries[] = {
        {"development", 0, 0, G_OPTION_ARG_FILENAME, &arguments.development,
         "Read coach files and rvc.json from this folder before the bundled ones", "DIR"},
        {"idle-exit", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.idle_seconds,
         "Leave after this time without work; 0: never", "SECONDS"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &arguments.version, "Show the version", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    int status;

    setlocale(LC_ALL, "");
    g_log_writer_default_set_use_stderr(true);
    g_option_context_set_summary(
        context, "Owns a motorhome's configuration and serves it as " BUS_NAME ".\n"
                 "The service manager starts it; STATE_DIRECTORY names the folder of its database.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return EXIT_FAILURE;
    }
    if (arguments.version) {
        puts("coachiq-configd " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc > 1 || !(arguments.idle_seconds >= 0 && arguments.idle_seconds <= IDLE_SECONDS_MAX)) {
        g_printerr("%s\n", argc > 1 ? "No arguments are taken; see --help."
                                    : "--idle-exit takes seconds, 0 or more.");
        return EXIT_FAILURE;
    }
    status = run(&arguments);
    g_free(arguments.development);
    return status;
}
