/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times cold starts, from exec to the first reply, and then that of a second call right behind it, which
 * waits for what the program does once it has answered; in an order of chance. Prints one line of JSON a
 * round: both times of each program in µs. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "measure.h"

enum {
    PROGRAMS_MAX = 8,
    START_USEC_MAX = 30 * 1000000,
};

/* A program as the command line describes it. */
typedef struct Program {
    const char *label;
    const char *user; /* "" as we are */
    const char *state;
    const char *name; /* on the bus */
    const char *path;
    const char *interface;
    const char *member;
    char **arguments; /* of the call: texts */
    char **argv;
} Program;

static const char *address;

static G_NORETURN void become(const Program *program)
{
    const struct passwd *user = program->user[0] ? getpwnam(program->user) : NULL;

    if (user && (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
        _exit(EXIT_FAILURE);
    /* The development mode warns of itself. */
    if (!freopen("/dev/null", "w", stderr))
        _exit(EXIT_FAILURE);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, true);
    setenv("STATE_DIRECTORY", program->state, true);
    if (program->argv && program->argv[0])
        execv(program->argv[0], program->argv);
    _exit(EXIT_FAILURE);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    bool *there = userdata;
    const char *name, *old, *new;

    if (sd_bus_message_read(message, "sss", &name, &old, &new) >= 0)
        *there = new[0] != 0;
    return 0;
}

static void wait_for_owner(sd_bus *bus, const Program *program, const bool *is, bool wanted)
{
    int64_t until = clock_ns() + (int64_t) START_USEC_MAX * 1000;

    while (*is != wanted) {
        int r = sd_bus_process(bus, NULL);

        if (r == 0)
            r = sd_bus_wait(bus, 1000000);
        if (r < 0)
            die(program->label, g_strerror(-r));
        if (clock_ns() > until)
            die(program->label, "does not come to the bus, or does not leave it");
    }
}

static void ask(sd_bus *bus, const Program *program)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    int r = sd_bus_message_new_method_call(bus, &call, program->name, program->path, program->interface,
                                           program->member);

    for (char **text = program->arguments; r >= 0 && *text; text++)
        r = sd_bus_message_append(call, "s", *text);
    if (r >= 0)
        r = sd_bus_call(bus, call, 0, &error, &reply);
    if (r < 0)
        die(program->label, error.message ? error.message : g_strerror(-r));
    sd_bus_message_unref(reply);
    sd_bus_message_unref(call);
}

static int64_t time_start(sd_bus *bus, const Program *program, int64_t *ret_second)
{
    g_autofree char *rule = g_strdup_printf("type='signal',sender='org.freedesktop.DBus',"
                                            "member='NameOwnerChanged',arg0='%s'",
                                            program->name);
    sd_bus_slot *slot = NULL;
    bool there = false;
    int64_t start, time;
    pid_t pid;
    int r = sd_bus_add_match(bus, &slot, rule, on_owner, &there);

    if (r < 0)
        die(program->label, g_strerror(-r));
    start = clock_ns();
    pid = fork();
    if (pid == 0)
        become(program);
    wait_for_owner(bus, program, &there, true);
    ask(bus, program);
    time = clock_ns() - start;
    start = clock_ns();
    ask(bus, program);
    *ret_second = clock_ns() - start;

    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    wait_for_owner(bus, program, &there, false);
    sd_bus_slot_unref(slot);
    return time;
}

/* label user state name path interface member [arguments…] -- argv… */
static char **read_program(char **words, Program *program)
{
    *program =
        (Program){words[0], words[1], words[2], words[3], words[4], words[5], words[6], words + 7, NULL};
    words += 7;
    while (*words && strcmp(*words, "--") != 0)
        words++;
    if (!*words)
        die(program->label, "has no command");
    *words++ = NULL;
    program->argv = words;
    while (*words && strcmp(*words, "++") != 0)
        words++;
    if (!*words)
        return words;
    *words = NULL;
    return words + 1;
}

/* start-times ADDRESS ROUNDS PROGRAM [++ PROGRAM …] */
int main(int argc, char **argv)
{
    Program programs[PROGRAMS_MAX];
    Samples samples[2 * PROGRAMS_MAX]; /* the first replies, then the second ones */
    int64_t second;
    guint order[PROGRAMS_MAX], n = 0;
    sd_bus *bus = NULL;
    int r;

    if (argc < 11)
        die(argv[0], "ADDRESS ROUNDS PROGRAM [++ PROGRAM …]");
    address = argv[1];
    for (char **words = argv + 3; *words && n < PROGRAMS_MAX; n++) {
        words = read_program(words, &programs[n]);
        order[n] = n;
    }
    for (guint i = 0; i < n; i++) {
        samples_init(&samples[i], programs[i].label);
        samples_init(&samples[n + i], g_strconcat(programs[i].label, "-second", NULL));
    }

    r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, address);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, true);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0)
        die("bus", g_strerror(-r));

    for (guint i = 0; i < n; i++)
        time_start(bus, &programs[i], &second);
    for (int round = 0; round < atoi(argv[2]); round++) {
        shuffle(order, n);
        for (guint i = 0; i < n; i++) {
            samples_add(&samples[order[i]], time_start(bus, &programs[order[i]], &second));
            samples_add(&samples[n + order[i]], second);
        }
        samples_print(samples, 2 * n);
    }
    for (guint i = 0; i < 2 * n; i++)
        samples_clear(&samples[i]);
    sd_bus_flush_close_unref(bus);
    return EXIT_SUCCESS;
}
