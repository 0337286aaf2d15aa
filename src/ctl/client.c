/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client.c: connecting and calling. */

#include "ctl/client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/agent.h"

#define USEC_PER_SEC UINT64_C(1000000)
/* The first read of a model imports it, which may take a while on a small computer. */
#define READ_TIMEOUT_USEC (60 * USEC_PER_SEC)
/* Somebody has to find the password first. */
#define WRITE_TIMEOUT_USEC (600 * USEC_PER_SEC)

struct Client {
    sd_bus *bus;
    bool peer;
    bool ask;
    pid_t agent;
};

static int open_peer(sd_bus *bus, const char *path)
{
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
    g_autofree char *address = g_strconcat("unix:path=", escaped, NULL);
    int r = sd_bus_set_address(bus, address);

    return r < 0 ? r : sd_bus_start(bus);
}

static int open_address(sd_bus *bus, const char *address)
{
    int r = sd_bus_set_address(bus, address);

    if (r >= 0)
        r = sd_bus_set_bus_client(bus, true);
    return r < 0 ? r : sd_bus_start(bus);
}

static int open_target(const ClientTarget *target, sd_bus **ret)
{
    int r;

    if (!target->address && !target->socket)
        return sd_bus_open_system(ret);
    r = sd_bus_new(ret);
    if (r < 0)
        return r;
    return target->socket ? open_peer(*ret, target->socket) : open_address(*ret, target->address);
}

Client *client_open(const ClientTarget *target, sd_bus_error *error)
{
    Client *client = g_new0(Client, 1);
    int r;

    client->peer = target->socket != NULL;
    client->ask = target->ask;
    r = open_target(target, &client->bus);
    if (r >= 0)
        return client;
    sd_bus_error_set(error, CLIENT_ERROR_CONNECT, g_strerror(-r));
    client_close(client);
    return NULL;
}

void client_close(Client *client)
{
    if (!client)
        return;
    sd_bus_flush_close_unref(client->bus);
    agent_close(client->agent);
    g_free(client);
}

sd_bus *client_bus(Client *client)
{
    return client->bus;
}

const char *client_destination(const Client *client)
{
    return client->peer ? NULL : SERVICE_NAME;
}

#define RESOLUTIONS "a(sss)"
#define EDITS "a(ssss)"
#define FILE_ROW "(sh)"
#define FILES "a" FILE_ROW
#define OPTIONS "a{sv}"

typedef struct CallOption {
    const char *key;
    char type; /* 'a' for rows */
    const char *text;
    uint64_t number;
    int fd;
    const Value *rows;
} CallOption;

struct CallOptions {
    GArray *array; /* of CallOption */
};

CallOptions *call_options_new(void)
{
    CallOptions *options = g_new(CallOptions, 1);

    options->array = g_array_new(FALSE, FALSE, sizeof(CallOption));
    return options;
}

void call_options_free(CallOptions *options)
{
    if (!options)
        return;
    g_array_unref(options->array);
    g_free(options);
}

static void call_options_add(CallOptions *options, CallOption option)
{
    g_array_append_val(options->array, option);
}

void call_options_text(CallOptions *options, const char *key, const char *text)
{
    if (text)
        call_options_add(options, (CallOption){.key = key, .type = 's', .text = text});
}

void call_options_u64(CallOptions *options, const char *key, uint64_t number)
{
    if (number != OPTION_ABSENT)
        call_options_add(options, (CallOption){.key = key, .type = 't', .number = number});
}

void call_options_u32(CallOptions *options, const char *key, uint64_t number)
{
    if (number != OPTION_ABSENT)
        call_options_add(options, (CallOption){.key = key, .type = 'u', .number = MIN(number, UINT32_MAX)});
}

void call_options_flag(CallOptions *options, const char *key, bool flag)
{
    if (flag)
        call_options_add(options, (CallOption){.key = key, .type = 'b', .number = true});
}

void call_options_fd(CallOptions *options, const char *key, int fd)
{
    if (fd >= 0)
        call_options_add(options, (CallOption){.key = key, .type = 'h', .fd = fd});
}

void call_options_rows(CallOptions *options, const char *key, const Value *rows)
{
    if (rows)
        call_options_add(options, (CallOption){.key = key, .type = 'a', .rows = rows});
}

/* A row of as many texts as its type has letters between the parentheses. */
static int append_row(sd_bus_message *message, const char *type, const Value *row)
{
    size_t n = strlen(type) - strlen("()");
    g_autofree char *members = g_strndup(type + 1, n);
    int r = sd_bus_message_open_container(message, 'r', members);

    for (size_t i = 0; r >= 0 && i < n; i++)
        r = sd_bus_message_append(message, "s", item_text(row, i));
    return r < 0 ? r : sd_bus_message_close_container(message);
}

/* `type` is RESOLUTIONS or EDITS. */
static int append_rows(sd_bus_message *message, const char *type, const Value *rows)
{
    int r = sd_bus_message_open_container(message, 'a', type + 1);

    VALUE_FOREACH_ITEM (row, rows) {
        if (r >= 0)
            r = append_row(message, type + 1, row);
    }
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_files(sd_bus_message *message, const GArray *files)
{
    int r = sd_bus_message_open_container(message, 'a', FILE_ROW);

    for (unsigned i = 0; r >= 0 && i < files->len; i++) {
        const CallFile *file = &g_array_index(files, CallFile, i);

        r = sd_bus_message_append(message, FILE_ROW, file->name, file->fd);
    }
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_rows_option(sd_bus_message *message, const CallOption *option)
{
    int r = sd_bus_message_open_container(message, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(message, "s", option->key);
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'v', RESOLUTIONS);
    if (r >= 0)
        r = append_rows(message, RESOLUTIONS, option->rows);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_option(sd_bus_message *message, const CallOption *option)
{
    switch (option->type) {
    case 's':
        return sd_bus_message_append(message, "{sv}", option->key, "s", option->text);
    case 't':
        return sd_bus_message_append(message, "{sv}", option->key, "t", option->number);
    case 'u':
        return sd_bus_message_append(message, "{sv}", option->key, "u", (uint32_t) option->number);
    case 'h':
        return sd_bus_message_append(message, "{sv}", option->key, "h", option->fd);
    case 'a':
        return append_rows_option(message, option);
    default:
        return sd_bus_message_append(message, "{sv}", option->key, "b", (int) option->number);
    }
}

static int append_options(sd_bus_message *message, const CallOptions *options)
{
    int r = sd_bus_message_open_container(message, 'a', "{sv}");

    for (unsigned i = 0; r >= 0 && i < options->array->len; i++)
        r = append_option(message, &g_array_index(options->array, CallOption, i));
    return r < 0 ? r : sd_bus_message_close_container(message);
}

/* One call, ready to be sent any number of times. */
typedef struct Call {
    const char *interface;
    const char *method;
    const CallOptions *options;
    const char *types;
    bool interactive;
    uint64_t timeout_usec;
} Call;

/* Takes the next argument, and moves `types` behind its type. */
static int append_argument(sd_bus_message *message, const char **types, va_list *arguments)
{
    static const char *const row_types[] = {RESOLUTIONS, EDITS};

    for (size_t i = 0; i < G_N_ELEMENTS(row_types); i++) {
        if (!g_str_has_prefix(*types, row_types[i]))
            continue;
        *types += strlen(row_types[i]);
        return append_rows(message, row_types[i], va_arg(*arguments, const Value *));
    }
    if (g_str_has_prefix(*types, FILES)) {
        *types += strlen(FILES);
        return append_files(message, va_arg(*arguments, const GArray *));
    }
    if (g_str_has_prefix(*types, OPTIONS)) {
        *types += strlen(OPTIONS);
        return append_options(message, va_arg(*arguments, const CallOptions *));
    }
    switch (*(*types)++) {
    case 's':
        return sd_bus_message_append(message, "s", va_arg(*arguments, const char *));
    case 'h':
        return sd_bus_message_append(message, "h", va_arg(*arguments, int));
    case 'y':
        return sd_bus_message_append(message, "y", va_arg(*arguments, int));
    case 'u':
        return sd_bus_message_append(message, "u", va_arg(*arguments, uint32_t));
    case 't':
        return sd_bus_message_append(message, "t", va_arg(*arguments, uint64_t));
    default:
        return -EINVAL;
    }
}

/* Leaves the caller's list where it is, so that a call can be built again. */
static int append_arguments(sd_bus_message *message, const char *types, va_list arguments)
{
    va_list list;
    int r = 0;

    va_copy(list, arguments);
    while (r >= 0 && *types)
        r = append_argument(message, &types, &list);
    va_end(list);
    return r;
}

static int call_build(Client *client, const Call *call, va_list arguments, sd_bus_message **ret)
{
    g_autoptr(sd_bus_message) message = NULL;
    int r;

    r = sd_bus_message_new_method_call(client->bus, &message, client_destination(client), SERVICE_PATH,
                                       call->interface, call->method);
    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(message, call->interactive);
    if (r >= 0)
        r = append_arguments(message, call->types, arguments);
    if (r >= 0 && call->options)
        r = append_options(message, call->options);
    if (r < 0)
        return r;
    *ret = g_steal_pointer(&message);
    return 0;
}

static sd_bus_message *call_send(Client *client, sd_bus_error *error, const Call *call, va_list arguments)
{
    g_autoptr(sd_bus_message) message = NULL;
    sd_bus_message *reply = NULL;
    int r = call_build(client, call, arguments, &message);

    if (r < 0)
        sd_bus_error_set_errno(error, r);
    else
        r = sd_bus_call(client->bus, message, call->timeout_usec, error, &reply);
    /* Says the same in one place for a bus that refused us at its door. */
    if (r < 0 && !sd_bus_error_is_set(error))
        sd_bus_error_set_errno(error, r);
    return r < 0 ? NULL : reply;
}

static bool reply_has(sd_bus_message *reply, const char *signature, sd_bus_error *error)
{
    if (sd_bus_message_has_signature(reply, signature))
        return true;
    /* Translators: kinds of data of D-Bus */
    sd_bus_error_setf(error, CLIENT_ERROR_PROTOCOL, _("%s instead of %s"),
                      sd_bus_message_get_signature(reply, true), signature);
    return false;
}

/* The arguments of a reply, which may be missing with `error` set. */
static Value *read_reply(sd_bus_message *reply, const char *signature, sd_bus_error *error)
{
    Value *value;

    if (!reply || !reply_has(reply, signature, error))
        return NULL;
    value = bus_value_read(reply);
    if (!value)
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, signature);
    return value;
}

Value *client_call(Client *client, sd_bus_error *error, const char *method, const char *reply,
                   const CallOptions *options, const char *types, ...)
{
    const Call call = {SERVICE_INTERFACE, method, options, types, false, READ_TIMEOUT_USEC};
    va_list arguments;

    va_start(arguments, types);
    g_autoptr(sd_bus_message) message = call_send(client, error, &call, arguments);
    va_end(arguments);

    return read_reply(message, reply, error);
}

Value *client_properties(Client *client, sd_bus_error *error)
{
    g_autoptr(sd_bus_message) reply = NULL;

    if (sd_bus_call_method(client->bus, client_destination(client), SERVICE_PATH,
                           "org.freedesktop.DBus.Properties", "GetAll", error, &reply, "s",
                           SERVICE_INTERFACE) < 0 ||
        !reply_has(reply, "a{sv}", error))
        return NULL;

    g_autoptr(Value) arguments = bus_value_read(reply);
    if (!arguments) {
        sd_bus_error_set(error, CLIENT_ERROR_PROTOCOL, "a{sv}");
        return NULL;
    }
    return value_ref(value_list_item(arguments, 0));
}

static sd_bus_message *write_with_prompt(Client *client, sd_bus_error *error, Call *call, va_list arguments)
{
    sd_bus_message *reply = call_send(client, error, call, arguments);

    if (!reply && client->ask &&
        sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
        sd_bus_error_free(error);
        if (client->agent == 0)
            client->agent = agent_open();
        call->interactive = true;
        reply = call_send(client, error, call, arguments);
    }
    return reply;
}

bool client_write(Client *client, sd_bus_error *error, uint64_t *ret_change, const char *method,
                  const CallOptions *options, const char *types, ...)
{
    Call call = {SERVICE_INTERFACE, method, options, types, false, WRITE_TIMEOUT_USEC};
    va_list arguments;

    va_start(arguments, types);
    g_autoptr(sd_bus_message) reply = write_with_prompt(client, error, &call, arguments);
    va_end(arguments);

    if (!reply || !reply_has(reply, "t", error))
        return false;
    return sd_bus_message_read(reply, "t", ret_change) >= 0;
}

Value *client_command(Client *client, sd_bus_error *error, const char *method, const char *reply,
                      const CallOptions *options, const char *types, ...)
{
    Call call = {SERVICE_INTERFACE, method, options, types, false, WRITE_TIMEOUT_USEC};
    va_list arguments;

    va_start(arguments, types);
    g_autoptr(sd_bus_message) message = write_with_prompt(client, error, &call, arguments);
    va_end(arguments);

    return read_reply(message, reply, error);
}

int client_call_fd(Client *client, sd_bus_error *error, const char *method, const char *types, ...)
{
    const Call call = {SERVICE_INTERFACE, method, NULL, types, false, READ_TIMEOUT_USEC};
    va_list arguments;
    int fd;

    va_start(arguments, types);
    g_autoptr(sd_bus_message) reply = call_send(client, error, &call, arguments);
    va_end(arguments);

    if (!reply || !reply_has(reply, "h", error))
        return -1;
    if (sd_bus_message_read(reply, "h", &fd) >= 0)
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    else
        fd = -1;
    if (fd < 0)
        sd_bus_error_set_errno(error, errno);
    return fd;
}
