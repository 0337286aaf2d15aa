/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/options.h"

#include <glib.h>

/* Options of one method; a longer dictionary has a key twice or an unknown one. */
#define OPTIONS_MAX 16

static const Option *find(const Option *options, size_t n_options, const char *name, const char *signature,
                          sd_bus_error *error)
{
    g_autoptr(GString) types = g_string_new(NULL);

    for (size_t i = 0; i < n_options; i++) {
        if (!g_str_equal(options[i].name, name))
            continue;
        if (g_str_equal(signature, options[i].type))
            return options + i;
        g_string_append_printf(types, "%s\"%s\"", types->len > 0 ? " or " : "", options[i].type);
    }
    if (types->len > 0)
        sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Option \"%s\" has type \"%s\", not %s", name,
                          signature, types->str);
    else
        sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown option \"%s\"", name);
    return NULL;
}

/* By its name, which it can have with several types. */
static bool is_given(const Option *options, size_t n_options, const bool *given, const char *name)
{
    for (size_t i = 0; i < n_options; i++)
        if (given[i] && g_str_equal(options[i].name, name))
            return true;
    return false;
}

/* Nothing is read that would take the place of what was read before. */
static int read_one(sd_bus_message *message, const Option *options, size_t n_options, bool *given,
                    sd_bus_error *error)
{
    const char *name, *signature;
    const Option *option;
    int r;

    r = sd_bus_message_read(message, "s", &name);
    if (r < 0)
        return r;
    r = sd_bus_message_peek_type(message, NULL, &signature);
    if (r < 0)
        return r;
    option = find(options, n_options, name, signature, error);
    if (!option)
        return -EINVAL;
    if (is_given(options, n_options, given, name))
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Option \"%s\" is given twice", name);
    given[option - options] = true;
    r = sd_bus_message_enter_container(message, 'v', signature);
    if (r < 0)
        return r;
    r = option->read ? option->read(message, option->target)
                     : sd_bus_message_read_basic(message, option->type[0], option->target);
    if (r < 0)
        return r;
    if (option->given)
        *option->given = true;
    return sd_bus_message_exit_container(message);
}

int options_read(sd_bus_message *message, const Option *options, size_t n_options, sd_bus_error *error)
{
    bool given[OPTIONS_MAX] = {false};
    int r;

    r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_one(message, options, n_options, given, error);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    return sd_bus_message_exit_container(message);
}
