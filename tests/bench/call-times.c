/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times calls of the daemon and of the bare server, interleaved at random in this one process. Prints one
 * line of JSON a run: the median of each kind in µs. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "measure.h"

#define NAME "org.coachiq.Config1"
#define PATH "/org/coachiq/Config1"
#define BARE_NAME "org.coachiq.Bench1"
#define BARE_PATH "/org/coachiq/Bench1"
#define PEER "org.freedesktop.DBus.Peer"

enum {
    INSTANCES = 250, /* as the generated coach file has them */
    WARMUP = 200,
    MANY = 64,
};

typedef struct Client {
    sd_bus *bus;
    const char *model;
    guint n_devices;
} Client;

static sd_bus_message *new_call(Client *client, const char *name, const char *path, const char *interface,
                                const char *member)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(client->bus, &message, name, path, interface, member);

    if (r < 0)
        die(member, g_strerror(-r));
    return message;
}

static sd_bus_message *append(sd_bus_message *call, const char *types, ...)
{
    va_list arguments;
    int r;

    va_start(arguments, types);
    r = sd_bus_message_appendv(call, types, arguments);
    va_end(arguments);
    if (r < 0)
        die(types, g_strerror(-r));
    return call;
}

static guint any_device(const Client *client)
{
    return (guint) g_random_int_range(0, (gint32) client->n_devices);
}

static char *device_path(guint number)
{
    return g_strdup_printf("devices/device_%05u", number);
}

static sd_bus_message *new_ping(Client *client)
{
    return new_call(client, NAME, PATH, PEER, "Ping");
}

static sd_bus_message *new_bare_ping(Client *client)
{
    return new_call(client, BARE_NAME, BARE_PATH, PEER, "Ping");
}

static sd_bus_message *new_get(Client *client)
{
    g_autofree char *path = device_path(any_device(client));

    return append(new_call(client, NAME, PATH, NAME, "GetMapping"), "ss", client->model, path);
}

static sd_bus_message *new_bare_get(Client *client)
{
    g_autofree char *path = device_path(any_device(client));

    return append(new_call(client, BARE_NAME, BARE_PATH, BARE_NAME, "Get"), "ss", client->model, path);
}

static sd_bus_message *new_lookup(Client *client)
{
    guint device = any_device(client);
    guint dgn = 0x1F000 + 2 * (device / (2 * INSTANCES));

    return append(new_call(client, NAME, PATH, NAME, "Lookup"), "suy", client->model, dgn,
                  device / 2 % INSTANCES);
}

static sd_bus_message *new_find(Client *client, const char *key, const char *type, const char *text)
{
    return append(new_call(client, NAME, PATH, NAME, "FindMappings"), "sa{sv}", client->model, 1, key, type,
                  text);
}

static sd_bus_message *new_find_text(Client *client)
{
    g_autofree char *text = g_strdup_printf("number %u!", any_device(client));

    return new_find(client, "text", "s", text);
}

static sd_bus_message *new_find_dgn(Client *client)
{
    g_autofree char *text = g_strdup_printf("%05X", 0x1F000 + 2 * (any_device(client) / (2 * INSTANCES)));

    return append(new_call(client, NAME, PATH, NAME, "FindMappings"), "sa{sv}", client->model, 2, "dgn", "s",
                  text, "instance", "y", any_device(client) / 2 % INSTANCES);
}

static sd_bus_message *new_find_whole_dgn(Client *client)
{
    g_autofree char *text = g_strdup_printf("%05X", 0x1F000 + 2 * (any_device(client) / (2 * INSTANCES)));

    return new_find(client, "dgn", "s", text);
}

static sd_bus_message *new_find_instance(Client *client)
{
    return append(new_call(client, NAME, PATH, NAME, "FindMappings"), "sa{sv}", client->model, 1, "instance",
                  "y", any_device(client) / 2 % INSTANCES);
}

static sd_bus_message *new_find_nothing(Client *client)
{
    return new_find(client, "device-type", "s", "dishwasher");
}

static const struct Kind {
    const char *name;
    sd_bus_message *(*new_message)(Client *client);
    bool heavy; /* fewer of it, and nothing is timed right after */
} kinds[] = {
    {"ping", new_ping, false},
    {"get", new_get, false},
    {"lookup", new_lookup, false},
    {"bare-ping", new_bare_ping, false},
    {"bare-get", new_bare_get, false},
    {"find-nothing", new_find_nothing, true},
    {"find-text", new_find_text, true},
    {"find-dgn-instance", new_find_dgn, true},
    {"find-dgn", new_find_whole_dgn, true},
    {"find-instance", new_find_instance, true},
};

static int64_t call(Client *client, const struct Kind *kind)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *message = kind->new_message(client), *reply = NULL;
    int64_t start = clock_ns();
    int r = sd_bus_call(client->bus, message, 0, &error, &reply);
    int64_t time = clock_ns() - start;

    if (r < 0)
        die(kind->name, error.message ? error.message : g_strerror(-r));
    sd_bus_message_unref(reply);
    sd_bus_message_unref(message);
    return time;
}

/* One run: all kinds, in an order of chance. */
static void run_single(Client *client, guint n_light, guint n_heavy, Samples *samples)
{
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
        for (guint i = 0; i < (kinds[kind].heavy ? n_heavy : n_light); i++)
            g_array_append_val(order, kind);
    shuffle((guint *) order->data, order->len);
    for (guint i = 0; i < order->len; i++) {
        guint kind = g_array_index(order, guint, i);

        samples_add(&samples[kind], call(client, &kinds[kind]));
        if (kinds[kind].heavy)
            call(client, &kinds[0]);
    }
    samples_print(samples, G_N_ELEMENTS(kinds));
}

/* Many calls in flight. */

typedef struct Flight {
    Client *client;
    const struct Kind *kind;
    guint n_left; /* to send */
    guint n_open;
} Flight;

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error);

static void send_one(Flight *flight)
{
    sd_bus_message *message = flight->kind->new_message(flight->client);
    int r = sd_bus_call_async(flight->client->bus, NULL, message, on_reply, flight, 0);

    if (r < 0)
        die(flight->kind->name, g_strerror(-r));
    sd_bus_message_unref(message);
    flight->n_left--;
    flight->n_open++;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Flight *flight = userdata;

    if (sd_bus_message_is_method_error(reply, NULL))
        die(flight->kind->name, sd_bus_message_get_error(reply)->message);
    flight->n_open--;
    if (flight->n_left > 0)
        send_one(flight);
    return 0;
}

/* The time that each of `n` calls takes when MANY are under way. */
static int64_t fly(Client *client, const struct Kind *kind, guint n)
{
    Flight flight = {.client = client, .kind = kind, .n_left = n};
    int64_t start = clock_ns();

    for (guint i = 0; i < MIN(n, MANY); i++)
        send_one(&flight);
    while (flight.n_open > 0) {
        int r = sd_bus_process(client->bus, NULL);

        if (r == 0)
            r = sd_bus_wait(client->bus, UINT64_MAX);
        if (r < 0)
            die(kind->name, g_strerror(-r));
    }
    return (clock_ns() - start) / MAX(n, 1);
}

static void run_flights(Client *client, guint n, Samples *samples)
{
    /* get and bare-get, several blocks of each. */
    guint order[] = {1, 1, 1, 1, 1, 4, 4, 4, 4, 4};

    shuffle(order, G_N_ELEMENTS(order));
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        samples_add(&samples[order[i]], fly(client, &kinds[order[i]], n));
    samples_print(samples, G_N_ELEMENTS(kinds));
}

/* call-times ADDRESS MODEL DEVICES RUNS single|many CALLS */
int main(int argc, char **argv)
{
    Client client = {0};
    Samples samples[G_N_ELEMENTS(kinds)];
    int r;

    if (argc != 7)
        die(argv[0], "ADDRESS MODEL DEVICES RUNS single|many CALLS");
    client.model = argv[2];
    client.n_devices = (guint) atoi(argv[3]);
    guint runs = (guint) atoi(argv[4]), n = (guint) atoi(argv[6]);

    r = sd_bus_new(&client.bus);
    if (r >= 0)
        r = sd_bus_set_address(client.bus, argv[1]);
    if (r >= 0)
        r = sd_bus_set_bus_client(client.bus, true);
    if (r >= 0)
        r = sd_bus_start(client.bus);
    if (r < 0)
        die("bus", g_strerror(-r));

    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        samples_init(&samples[kind], kinds[kind].name);
        for (guint i = 0; i < (kinds[kind].heavy ? 2 : WARMUP); i++)
            call(&client, &kinds[kind]);
    }
    for (guint i = 0; i < runs; i++)
        if (strcmp(argv[5], "many") == 0)
            run_flights(&client, n, samples);
        else
            run_single(&client, n, MAX(n / 20, 5), samples);
    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
        samples_clear(&samples[kind]);
    sd_bus_flush_close_unref(client.bus);
    return EXIT_SUCCESS;
}
