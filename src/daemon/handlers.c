/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/handlers.h"

#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

#include <stdarg.h>

/* "edit of MODEL, PATH", "interface of the settings, house", "restore of ID". */
static void log_change(const Plan *plan, const Actor *actor, int64_t change)
{
    const char *model = plan_model(plan), *subject = plan_subject(plan);
    bool all = g_str_equal(plan_kind(plan), "restore") || g_str_equal(plan_kind(plan), "migration");

    if (all && subject[0])
        model = "";
    else if (!model[0])
        model = "the settings";
    g_message("Change %" G_GINT64_FORMAT ": %s of %s%s%s by %s (uid %u).", change, plan_kind(plan), model,
              model[0] && subject[0] ? ", " : "", subject, actor->user, actor->uid);
}

int handler_commit_plan(Daemon *daemon, Plan *plan, const Actor *actor, int64_t *ret_change,
                        sd_bus_error *error)
{
    g_autoptr(GError) local = NULL;

    if (!service_commit(daemon->service, plan, actor, ret_change, &local))
        return errors_set(daemon, &local, error);
    if (!plan_is_empty(plan))
        log_change(plan, actor, *ret_change);
    return 0;
}

int handler_prepare_read(Daemon *daemon, sd_bus_message *message, const char *model, sd_bus_error *error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(Plan) plan = NULL;
    g_auto(Actor) actor = {0};
    bool needed;
    int64_t change;
    int r;

    if (!service_needs_import(daemon->service, model, &needed, &local))
        return errors_set(daemon, &local, error);
    if (!needed)
        return 0;
    plan = service_plan_import(daemon->service, model, FIRST_USE_REASON, &(WriteOptions){0}, &local);
    if (!plan)
        return errors_set(daemon, &local, error);
    r = actor_from_message(message, &actor);
    if (r < 0)
        return sd_bus_error_set_errnof(error, r, "It cannot be told who you are: %s", g_strerror(-r));
    return handler_commit_plan(daemon, plan, &actor, &change, error);
}

int handler_prepare_write(Daemon *daemon, sd_bus_message *message, const char *model,
                          const WriteOptions *options, sd_bus_error *error)
{
    g_autoptr(GError) local = NULL;

    if (!service_check_revision(daemon->service, options, &local))
        return errors_set(daemon, &local, error);
    return handler_prepare_read(daemon, message, model, error);
}

int handler_commit(Daemon *daemon, sd_bus_message *message, Plan *taken, const Actor *actor,
                   GError **plan_error, sd_bus_error *error)
{
    g_autoptr(Plan) plan = taken;
    int64_t change = 0;
    int r;

    if (!plan)
        return errors_set(daemon, plan_error, error);
    r = handler_commit_plan(daemon, plan, actor, &change, error);
    return r < 0 ? r : sd_bus_reply_method_return(message, "t", (uint64_t) change);
}

int handler_authorize_and_commit(Daemon *daemon, sd_bus_message *message, const char *action, Plan *plan,
                                 int64_t *ret_change, sd_bus_error *error)
{
    g_auto(Actor) actor = {0};
    int r;

    if (!plan_is_empty(plan)) {
        r = polkit_authorize(daemon, message, action, plan_model(plan), plan_subject(plan), &actor, error);
        if (r <= 0)
            return r; /* asked: this message comes again with the answer */
    }
    r = handler_commit_plan(daemon, plan, &actor, ret_change, error);
    return r < 0 ? r : 1;
}

int handler_write(Daemon *daemon, sd_bus_message *message, const char *action, Plan *taken,
                  GError **plan_error, sd_bus_error *error)
{
    g_autoptr(Plan) plan = taken;
    int64_t change = 0;
    int r;

    if (!plan)
        return errors_set(daemon, plan_error, error);
    r = handler_authorize_and_commit(daemon, message, action, plan, &change, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    return sd_bus_reply_method_return(message, "t", (uint64_t) change);
}

int handler_read_write_options(sd_bus_message *message, bool forceable, WriteOptions *ret,
                               sd_bus_error *error)
{
    int force = false;
    const Option options[] = {
        {"expected-revision", "t", &ret->expected_revision, &ret->has_expected_revision, NULL},
        {"force", "b", &force, NULL, NULL},
    };
    int r;

    r = options_read(message, options, forceable ? 2 : 1, error);
    ret->force = force;
    return r;
}

int handler_append_entry(sd_bus_message *reply, const char *key, int type, ...)
{
    const char signature[] = {(char) type, 0};
    va_list arguments;
    int r;

    r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append_basic(reply, 's', key);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', signature);
    if (r < 0)
        return r;
    va_start(arguments, type);
    r = sd_bus_message_appendv(reply, signature, arguments);
    va_end(arguments);
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(reply);
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

int handler_check_limit(uint32_t limit, uint32_t most, sd_bus_error *error)
{
    if (limit >= 1 && limit <= most)
        return 0;
    return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Option \"limit\" is a number from 1 to %u",
                             most);
}
