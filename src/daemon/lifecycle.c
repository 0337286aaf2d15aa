/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/lifecycle.h"

#include "daemon/files.h"
#include "daemon/job.h"
#include "daemon/peers.h"
#include "daemon/polkit.h"

#include <errno.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* How long a bus that may not be there yet, early in the boot, is waited for before we leave. */
#define BUS_WAIT_USEC (5 * G_USEC_PER_SEC)
/* How often at most it is looked whether we are still needed. */
#define IDLE_RETRY_USEC (10 * 1000)
/* How long prompts that are open when we leave are waited for. */
#define DRAIN_USEC (20 * G_USEC_PER_SEC)
/* The precision of the idle time does not matter, so that the CPU may wake for several timers at once. */
#define IDLE_ACCURACY_USEC (250 * 1000)

void lifecycle_touch(Daemon *daemon)
{
    uint64_t now;

    if (sd_event_now(daemon->event, CLOCK_MONOTONIC, &now) >= 0)
        daemon->last_activity = now;
}

static int finish(Daemon *daemon)
{
    daemon->drain_timer = sd_event_source_disable_unref(daemon->drain_timer);
    peers_drain(daemon);
    return sd_event_exit(daemon->event, 0);
}

static int on_drain_timeout(sd_event_source *source G_GNUC_UNUSED, uint64_t usec G_GNUC_UNUSED,
                            void *userdata)
{
    Daemon *daemon = userdata;

    polkit_abandon(daemon, false);
    files_abandon(daemon);
    return finish(daemon);
}

static int on_name_released(sd_bus_message *reply, void *userdata, sd_bus_error *error);

/* The next step of leaving, where nothing is left to be done for the one before. */
static int proceed(Daemon *daemon)
{
    if (polkit_is_busy(daemon) || files_are_busy(daemon) || job_is_running(daemon))
        return 0; /* lifecycle_work_done() brings us here again */
    if (daemon->bus_is_ready && !daemon->releasing) {
        daemon->releasing = true;
        int r = sd_bus_release_name_async(daemon->bus, NULL, BUS_NAME, on_name_released, daemon);
        if (r >= 0)
            return 0;
        daemon->name_released = true;
    }
    return daemon->bus_is_ready && !daemon->name_released ? 0 : finish(daemon);
}

/* Once per turn of the loop while we leave: all that had arrived is done when this runs, because it has the
 * lowest priority. */
static int on_quiet(sd_event_source *source, void *userdata)
{
    int r = proceed(userdata);

    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static void look_when_quiet(Daemon *daemon)
{
    sd_event_source *source = NULL;

    if (sd_event_add_defer(daemon->event, &source, on_quiet, daemon) < 0 ||
        sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE) < 0 ||
        sd_event_source_set_floating(source, true) < 0)
        finish(daemon);
    sd_event_source_unref(source);
}

static int on_name_released(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    Daemon *daemon = userdata;

    daemon->name_released = true;
    look_when_quiet(daemon);
    return 0;
}

void lifecycle_work_done(Daemon *daemon)
{
    lifecycle_touch(daemon);
    if (daemon->leaving)
        look_when_quiet(daemon);
}

int lifecycle_leave(Daemon *daemon)
{
    int r;

    if (daemon->leaving)
        return 0;
    daemon->leaving = true;
    sd_notify(false, "STOPPING=1");
    peers_stop_listening(daemon);

    r = sd_event_add_time_relative(daemon->event, &daemon->drain_timer, CLOCK_MONOTONIC, DRAIN_USEC, 0,
                                   on_drain_timeout, daemon);
    if (r < 0)
        return r;
    look_when_quiet(daemon);
    return 0;
}

static int on_signal(sd_event_source *source G_GNUC_UNUSED,
                     const struct signalfd_siginfo *info G_GNUC_UNUSED, void *userdata)
{
    Daemon *daemon = userdata;

    /* Told to stop: nobody waits for a person at a prompt then. */
    polkit_abandon(daemon, true);
    files_hurry(daemon);
    return lifecycle_leave(daemon);
}

/* Whether somebody needs us, or may: what we were started for over the bus comes once our name is there. */
static bool is_needed(const Daemon *daemon, uint64_t now)
{
    return polkit_is_busy(daemon) || files_are_busy(daemon) || job_is_running(daemon) ||
           peers_count(daemon) > 0 || (!daemon->bus_is_ready && now < daemon->started + BUS_WAIT_USEC);
}

static int on_idle_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    Daemon *daemon = userdata;
    uint64_t next = daemon->last_activity + daemon->idle_usec, now;
    int r;

    r = sd_event_now(daemon->event, CLOCK_MONOTONIC, &now);
    if (r < 0)
        return r;
    if (is_needed(daemon, now))
        next = now + MAX(daemon->idle_usec, (uint64_t) IDLE_RETRY_USEC);
    else if (now >= next)
        return lifecycle_leave(daemon);

    r = sd_event_source_set_time(source, next);
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_signal(Daemon *daemon, int number)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, number);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return -errno;
    return sd_event_add_signal(daemon->event, NULL, number, on_signal, daemon);
}

int lifecycle_start(Daemon *daemon)
{
    uint64_t accuracy = MIN(daemon->idle_usec / 8 + 1, (uint64_t) IDLE_ACCURACY_USEC);
    int r;

    r = add_signal(daemon, SIGTERM);
    if (r >= 0)
        r = add_signal(daemon, SIGINT);
    if (r < 0 || daemon->idle_usec == 0)
        return r;

    lifecycle_touch(daemon);
    daemon->started = daemon->last_activity;
    return sd_event_add_time(daemon->event, &daemon->idle_timer, CLOCK_MONOTONIC,
                             daemon->last_activity + daemon->idle_usec, accuracy, on_idle_timer, daemon);
}
