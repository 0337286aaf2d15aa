/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ctl.h: what every verb works with: the command line, the terminal, the connection; and how a verb reports.
 */

#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/term.h"

/* What coachiqctl exits with; --help says the same. */
typedef enum ExitCode {
    EXIT_OK = 0,
    EXIT_FAILED = 1,    /* the operation failed, or a check found errors */
    EXIT_USAGE = 2,     /* the command line is wrong */
    EXIT_DENIED = 3,    /* access denied, or the prompt was dismissed */
    EXIT_NOT_FOUND = 4, /* no such model, component, field, change or backup; nothing found */
    EXIT_CONFLICT = 5,  /* the configuration is at another revision, or was changed since */
} ExitCode;

typedef struct Ctl {
    Args args;
    Term out;
    Term err;
    Client *client; /* opened by the first call; NULL before */
    /* What the verb is about, for hints when it fails; NULL when it is about nothing of the kind. */
    char *path;
    char *field;
} Ctl;

void ctl_clear(Ctl *ctl);

/* The n-th argument after the verb, NULL when there are fewer. */
const char *ctl_argument(const Ctl *ctl, unsigned index);
/* The connection. Sets CLIENT_ERROR_CONNECT and returns NULL when there is none. */
Client *ctl_client(Ctl *ctl, sd_bus_error *error);

/* client_call(), client_write() and client_command() on it. */
#define ctl_call(ctl, error, ...)                                                                           \
    (ctl_client(ctl, error) ? client_call((ctl)->client, error, __VA_ARGS__) : NULL)
#define ctl_write(ctl, error, ...)                                                                          \
    (ctl_client(ctl, error) && client_write((ctl)->client, error, __VA_ARGS__))
#define ctl_command(ctl, error, ...)                                                                        \
    (ctl_client(ctl, error) ? client_command((ctl)->client, error, __VA_ARGS__) : NULL)

/* The options of a write as the command line has them: expected-revision, and force where given. */
CallOptions *ctl_write_options(const Ctl *ctl);

/* Prints what went wrong in a person's words, with a hint where there is one, and returns the code to exit
 * with. */
int ctl_fail(Ctl *ctl, const sd_bus_error *error);
/* The same where the error `from` means something of its own, `to`. */
int ctl_fail_as(Ctl *ctl, const sd_bus_error *error, const char *from, const char *to);
/* The same for what was wrong on the command line. */
G_GNUC_PRINTF(2, 3)
int ctl_usage(Ctl *ctl, const char *format, ...);
/* One line on stderr, "coachiqctl: …". */
G_GNUC_PRINTF(2, 3)
void ctl_complain(const Ctl *ctl, const char *format, ...);

/* Prints a value as JSON: for people on a terminal, on one line elsewhere. */
void ctl_print_json(const Ctl *ctl, const Value *value);
/* A line on stdout; the texts in it must be clean. */
G_GNUC_PRINTF(1, 2)
void ctl_print(const char *format, ...);
