/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* client.h: the connection to the service: over the system bus, another bus, or the service's own socket. */

#include "ctl/bus-value.h"

#define SERVICE_NAME "org.coachiq.Config1"
#define SERVICE_PATH "/org/coachiq/Config1"
#define SERVICE_INTERFACE "org.coachiq.Config1"
#define SERVICE_ERROR "org.coachiq.Config1.Error."
#define SERVICE_SOCKET "/run/coachiq/config1.sock"

/* Errors of our own, beside those that come over the bus. */
#define CLIENT_ERROR_CONNECT "org.coachiq.ctl.Connect" /* no connection at all */
#define CLIENT_ERROR_PROTOCOL                                                                               \
    "org.coachiq.ctl.Protocol" /* an answer of another shape than this version expects */
#define CLIENT_ERROR_NO_SUCH_DGN "org.coachiq.ctl.NoSuchDgn"      /* NoSuchMapping of DescribeDgn */
#define CLIENT_ERROR_STALE "org.coachiq.ctl.Stale"                /* Conflict of ApplyUpdate */
#define CLIENT_ERROR_CHANGED_SINCE "org.coachiq.ctl.ChangedSince" /* Conflict of UndoChange */
#define CLIENT_ERROR_MEANWHILE "org.coachiq.ctl.Meanwhile"        /* Conflict with what a person was shown */
#define CLIENT_ERROR_UNDECIDED "org.coachiq.ctl.Undecided" /* decisions are open that nobody may make */

/* Where the service is. Both NULL: the system bus, DBUS_SYSTEM_BUS_ADDRESS honoured. */
typedef struct ClientTarget {
    const char *address; /* D-Bus address of a message bus */
    const char *socket;  /* path of the service's own socket */
    bool ask;            /* prompts are welcome */
} ClientTarget;

typedef struct Client Client;

/* Connects. Sets CLIENT_ERROR_CONNECT and returns NULL when that fails. */
Client *client_open(const ClientTarget *target, sd_bus_error *error);
/* Disconnects and ends the text agent. */
void client_close(Client *client);
sd_bus *client_bus(Client *client);
/* The bus name to talk to; NULL on the service's own socket. */
const char *client_destination(const Client *client);

/* The options of a call, an a{sv} in the making. What is absent (NULL, OPTION_ABSENT, false) is left out. */
#define OPTION_ABSENT UINT64_MAX
typedef struct CallOptions CallOptions;
CallOptions *call_options_new(void);
void call_options_free(CallOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CallOptions, call_options_free)
/* Keys and texts are borrowed. */
void call_options_text(CallOptions *options, const char *key, const char *text);
void call_options_u64(CallOptions *options, const char *key, uint64_t number);
void call_options_u32(CallOptions *options, const char *key, uint64_t number);
void call_options_flag(CallOptions *options, const char *key, bool flag);
/* A file descriptor, -1 for none; borrowed. */
void call_options_fd(CallOptions *options, const char *key, int fd);
/* A list of lists of three texts each, a(sss); borrowed. */
void call_options_rows(CallOptions *options, const char *key, const Value *rows);

/* A file with its name, as an argument of a call. */
typedef struct CallFile {
    char *name;
    int fd;
} CallFile;

/* Calls a method of the service. `types` are one letter an argument, "s", "h", "y", "u" or "t" as in
 * sd_bus_message_append(), "a(sss)" or "a(ssss)" for a Value * of such rows, "a(sh)" for a GArray * of
 * CallFile, or "a{sv}" for a CallOptions *; `options`, unless NULL, are the last argument. The reply must
 * have the signature `reply`, else CLIENT_ERROR_PROTOCOL; it comes as a list of its arguments. NULL on
 * error. */
Value *client_call(Client *client, sd_bus_error *error, const char *method, const char *reply,
                   const CallOptions *options, const char *types, ...);

/* A call that writes: the reply is the number of the change. When the service says that a person has to
 * authenticate, and prompts are welcome, it is made a second time with the flag that allows a prompt, and
 * polkit's text agent on our terminal. A prompt may last minutes. */
bool client_write(Client *client, sd_bus_error *error, uint64_t *ret_change, const char *method,
                  const CallOptions *options, const char *types, ...);

/* The same for a call with another reply, of the signature `reply`: a list of its arguments. NULL on error.
 */
Value *client_command(Client *client, sd_bus_error *error, const char *method, const char *reply,
                      const CallOptions *options, const char *types, ...);

/* A call whose reply is one file descriptor: a new one, close-on-exec, or -1. */
int client_call_fd(Client *client, sd_bus_error *error, const char *method, const char *types, ...);

/* All properties of the service as a map. */
Value *client_properties(Client *client, sd_bus_error *error);
