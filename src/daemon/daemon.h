/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* daemon.h: the state of the running daemon, which the files of this folder share. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "service/service.h"

#define BUS_NAME "org.coachiq.Config1"
#define BUS_PATH "/org/coachiq/Config1"
#define BUS_INTERFACE "org.coachiq.Config1"

typedef struct Files Files;
typedef struct Job Job;

typedef struct Daemon {
    sd_event *event;
    sd_bus *bus;       /* the system bus; may never connect */
    bool bus_is_ready; /* our name is there */
    Service *service;

    GPtrArray *peers;     /* of Peer (peers.c) */
    GPtrArray *listeners; /* sd_event_source of the sockets */
    GPtrArray *checks;    /* of Check (polkit.c) */
    Files *files;         /* that callers bring (files.c); NULL: none yet */
    GPtrArray *exports;   /* of Export (exports.c); NULL: none yet */
    GPtrArray *jobs;      /* of Job: those that run in threads (job.c); NULL: none yet */
    sd_event_source *idle_work;

    uint64_t idle_usec;     /* 0: never leave */
    uint64_t started;       /* CLOCK_MONOTONIC, µs */
    uint64_t last_activity; /* the same */
    sd_event_source *idle_timer;
    sd_event_source *drain_timer;
    sd_event_source *update_timer; /* looks for updates once */
    bool leaving;                  /* no new work; what has come is still done */
    bool releasing;                /* the bus has been asked to take our name */
    bool name_released;            /* nothing more can come over the bus */
} Daemon;

/* Cleanup for libsystemd's types. */
static inline void bus_creds_unrefp(sd_bus_creds **creds)
{
    sd_bus_creds_unref(*creds);
}
static inline void bus_message_unrefp(sd_bus_message **message)
{
    sd_bus_message_unref(*message);
}
static inline void bus_unrefp(sd_bus **bus)
{
    sd_bus_unref(*bus);
}
#define CLEANUP(function) __attribute__((cleanup(function)))
