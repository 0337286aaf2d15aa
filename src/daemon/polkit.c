/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/polkit.h"

#include "daemon/actor.h"
#include "daemon/lifecycle.h"
#include "daemon/requests.h"

#include <errno.h>

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_ALLOW_INTERACTION 1U

#define TOO_MANY "Too many requests wait for an authorisation; wait for their answers first"

typedef struct Check {
    Daemon *daemon;
    sd_bus_message *request; /* the caller's message; it is dispatched again in the end */
    bool known;              /* who the caller is */
    bool interactive;        /* a person may be asked */
    uint32_t uid;
    int32_t pid;
    char *action, *model, *subject;
    char *cancellation_id;
    sd_bus_slot *slot; /* the open call, to the bus or to polkit */
    bool answered;
    bool dispatched; /* the message is, or was, with its handler again */
    int result;      /* 1 or a negative errno, then `error` says why */
    sd_bus_error error;
} Check;

static void check_free(Check *check)
{
    sd_bus_slot_unref(check->slot);
    sd_bus_message_unref(check->request);
    sd_bus_error_free(&check->error);
    g_free(check->action);
    g_free(check->model);
    g_free(check->subject);
    g_free(check->cancellation_id);
    g_free(check);
}

/* Takes the prompt away from the user's screen. */
static void cancel_prompt(Check *check)
{
    if (check->answered || !check->cancellation_id)
        return;
    sd_bus_call_method_async(check->daemon->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                             "CancelCheckAuthorization", NULL, NULL, "s", check->cancellation_id);
}

static void remove_check(Daemon *daemon, Check *check)
{
    g_ptr_array_remove_fast(daemon->checks, check);
    lifecycle_work_done(daemon);
}

static Check *find_check(Daemon *daemon, sd_bus_message *message)
{
    for (guint i = 0; daemon->checks && i < daemon->checks->len; i++) {
        Check *check = g_ptr_array_index(daemon->checks, i);
        if (check->request == message)
            return check;
    }
    return NULL;
}

void polkit_before_dispatch(Daemon *daemon, sd_bus_message *message)
{
    Check *check;

    if (!daemon->checks || daemon->checks->len == 0)
        return;
    for (guint i = daemon->checks->len; i-- > 0;) {
        check = g_ptr_array_index(daemon->checks, i);
        if (check->dispatched)
            remove_check(daemon, check);
    }
    check = find_check(daemon, message);
    if (check && check->answered)
        check->dispatched = true;
}

bool polkit_is_busy(const Daemon *daemon)
{
    for (guint i = 0; daemon->checks && i < daemon->checks->len; i++)
        if (!((const Check *) g_ptr_array_index(daemon->checks, i))->dispatched)
            return true;
    return false;
}

bool polkit_waits_for(Daemon *daemon, sd_bus_message *message)
{
    const Check *check = find_check(daemon, message);

    return check && !check->dispatched;
}

/* The answer */

static bool details_say_dismissed(sd_bus_message *reply)
{
    bool dismissed = false;

    if (sd_bus_message_enter_container(reply, 'a', "{ss}") < 0)
        return false;
    while (sd_bus_message_enter_container(reply, 'e', "ss") > 0) {
        const char *key = "", *value = "";

        if (sd_bus_message_read(reply, "ss", &key, &value) < 0)
            break;
        dismissed = dismissed || g_str_equal(key, "polkit.dismissed");
        sd_bus_message_exit_container(reply);
    }
    return dismissed;
}

static int refuse_failed(Check *check, const sd_bus_error *failure)
{
    /* Without polkit nobody but root may do anything. */
    if (sd_bus_error_has_names(failure, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                               SD_BUS_ERROR_DISCONNECTED, "org.freedesktop.systemd1.NoSuchUnit",
                               "org.freedesktop.systemd1.Masked", SD_BUS_ERROR_NO_REPLY))
        return sd_bus_error_set(&check->error, SD_BUS_ERROR_ACCESS_DENIED,
                                "polkit is not running, so only root may do this");
    return sd_bus_error_setf(&check->error, SD_BUS_ERROR_ACCESS_DENIED, "polkit could not be asked: %s",
                             failure->message);
}

static int judge(Check *check, sd_bus_message *reply)
{
    int authorized = false, challenge = false;
    bool dismissed;

    if (sd_bus_message_is_method_error(reply, NULL))
        return refuse_failed(check, sd_bus_message_get_error(reply));
    if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
        sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
        return sd_bus_error_set(&check->error, SD_BUS_ERROR_ACCESS_DENIED,
                                "polkit gave no answer that makes sense");
    if (authorized)
        return 1;

    dismissed = details_say_dismissed(reply);
    if (dismissed)
        return sd_bus_error_setf(&check->error, SD_BUS_ERROR_ACCESS_DENIED,
                                 "The authentication for %s was dismissed", check->action);
    if (challenge)
        return sd_bus_error_setf(&check->error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                 "%s needs an authentication", check->action);
    return sd_bus_error_setf(&check->error, SD_BUS_ERROR_ACCESS_DENIED,
                             "You are not allowed to do this (%s)", check->action);
}

/* Gives the message back to its handler, which fetches the answer. */
static void dispatch_again(Check *check)
{
    check->answered = true;
    check->slot = sd_bus_slot_unref(check->slot);
    if (request_dispatch_again(check->request) < 0)
        remove_check(check->daemon, check);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Check *check = userdata;

    check->result = judge(check, reply);
    dispatch_again(check);
    return 0;
}

/* Callers that leave the bus take their prompts with them. */
void polkit_drop_caller(Daemon *daemon, const char *name)
{
    for (guint i = daemon->checks ? daemon->checks->len : 0; i-- > 0;) {
        Check *check = g_ptr_array_index(daemon->checks, i);

        if (g_strcmp0(request_sender(daemon, check->request), name) != 0)
            continue;
        cancel_prompt(check);
        remove_check(daemon, check);
    }
}

/* The question */

static int append_subject(sd_bus_message *call, const Check *check)
{
    const char *sender = request_sender(check->daemon, check->request);

    if (sender)
        return sd_bus_message_append(call, "(sa{sv})", "system-bus-name", 1, "name", "s", sender);
    /* A direct connection. The start time is polkit's to find out: the sandbox does not let us see the
     * processes of others. */
    return sd_bus_message_append(call, "(sa{sv})", "unix-process", 3, "pid", "u", (uint32_t) check->pid,
                                 "start-time", "t", UINT64_C(0), "uid", "i", (int32_t) check->uid);
}

static int send_question(Check *check)
{
    static uint64_t counter = 0;
    CLEANUP(bus_message_unrefp) sd_bus_message *call = NULL;
    sd_bus *bus = check->daemon->bus;
    int r;

    check->cancellation_id = g_strdup_printf("coachiq-config-%" G_GUINT64_FORMAT, ++counter);
    r = sd_bus_message_new_method_call(bus, &call, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                       "CheckAuthorization");
    if (r < 0)
        return r;
    r = append_subject(call, check);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call, "sa{ss}us", check->action, 3, "model", check->model, "path",
                              check->subject, "method", sd_bus_message_get_member(check->request),
                              check->interactive ? POLKIT_ALLOW_INTERACTION : 0, check->cancellation_id);
    if (r < 0)
        return r;
    check->slot = sd_bus_slot_unref(check->slot);
    /* A person may take their time. */
    return sd_bus_call_async(bus, &check->slot, call, on_answer, check, UINT64_MAX);
}

/* The open checks of one user; of those whom a person has to answer only, or of all. */
static unsigned open_checks_of(const Daemon *daemon, uint32_t uid, bool prompts_only)
{
    unsigned n = 0;

    for (guint i = 0; daemon->checks && i < daemon->checks->len; i++) {
        const Check *check = g_ptr_array_index(daemon->checks, i);
        n += check->known && check->uid == uid && (check->interactive || !prompts_only) && !check->answered;
    }
    return n;
}

/* Now it is known who the caller is. Sets the result where polkit need not be asked; returns whether it has
 * to be. */
static bool needs_question(Check *check)
{
    check->known = true;
    if (check->uid == 0) {
        check->result = 1;
        return false;
    }
    if (!check->daemon->bus_is_ready) {
        check->result = sd_bus_error_set(
            &check->error, SD_BUS_ERROR_ACCESS_DENIED,
            "The system bus is not there, so polkit cannot be asked; only root may do this");
        return false;
    }
    if (check->interactive && open_checks_of(check->daemon, check->uid, true) > POLKIT_PROMPTS_MAX) {
        check->result = sd_bus_error_setf(&check->error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                          "%d questions about you are open already; answer those first",
                                          POLKIT_PROMPTS_MAX);
        return false;
    }
    if (open_checks_of(check->daemon, check->uid, false) > POLKIT_CHECKS_PER_USER_MAX) {
        check->result = sd_bus_error_set(&check->error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
        return false;
    }
    return true;
}

static void fail(Check *check, int r)
{
    check->result =
        sd_bus_error_set_errnof(&check->error, r, "polkit could not be asked: %s", g_strerror(-r));
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Check *check = userdata;

    if (sd_bus_message_is_method_error(reply, NULL)) {
        /* Mostly the caller has left, and does not hear this. */
        sd_bus_reply_method_errorf(check->request, SD_BUS_ERROR_ACCESS_DENIED,
                                   "It cannot be told who you are: %s",
                                   sd_bus_message_get_error(reply)->message);
        remove_check(check->daemon, check);
        return 0;
    }
    request_read_credentials(reply, &check->uid, &check->pid);
    if (needs_question(check)) {
        int r = send_question(check);
        if (r >= 0)
            return 0;
        fail(check, r);
    }
    dispatch_again(check);
    return 0;
}

/* Requests of callers who are not known yet; the bus tells at once, so that these are few. */
static unsigned unknown_checks(const Daemon *daemon)
{
    unsigned n = 0;

    for (guint i = 0; daemon->checks && i < daemon->checks->len; i++)
        n += !((const Check *) g_ptr_array_index(daemon->checks, i))->known;
    return n;
}

static Check *check_new(Daemon *daemon, sd_bus_message *message, const char *action, const char *model,
                        const char *subject)
{
    Check *check = g_new0(Check, 1);

    check->daemon = daemon;
    check->request = sd_bus_message_ref(message);
    check->interactive = sd_bus_message_get_allow_interactive_authorization(message) > 0;
    check->action = g_strdup(action);
    check->model = g_strdup(model);
    check->subject = g_strdup(subject);
    if (!daemon->checks)
        daemon->checks = g_ptr_array_new_with_free_func((GDestroyNotify) check_free);
    g_ptr_array_add(daemon->checks, check);
    return check;
}

/* 1 and a negative errno are the answer, 0: it comes later. */
static int ask(Daemon *daemon, sd_bus_message *message, const char *action, const char *model,
               const char *subject, Actor *ret_actor, sd_bus_error *error)
{
    Check *check;
    int r;

    if (unknown_checks(daemon) >= POLKIT_UNKNOWN_MAX)
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);

    check = check_new(daemon, message, action, model, subject);
    if (request_sender(daemon, message)) {
        r = request_ask_credentials(daemon, message, &check->slot, on_credentials, check);
    } else {
        /* On a direct connection the kernel has told already. */
        g_auto(Actor) actor = {0};

        r = actor_from_message(message, &actor);
        check->uid = actor.uid;
        check->pid = actor.pid;
        if (r >= 0 && !needs_question(check)) {
            r = check->result;
            sd_bus_error_move(error, &check->error);
            if (r > 0)
                actor_fill(ret_actor, check->uid, check->pid);
            remove_check(daemon, check);
            return r;
        }
        if (r >= 0)
            r = send_question(check);
    }
    if (r >= 0)
        return 0;
    remove_check(daemon, check);
    return sd_bus_error_set_errnof(error, r, "polkit could not be asked: %s", g_strerror(-r));
}

int polkit_authorize(Daemon *daemon, sd_bus_message *message, const char *action, const char *model,
                     const char *subject, Actor *ret_actor, sd_bus_error *error)
{
    Check *check = find_check(daemon, message);

    if (check) {
        bool same = check->answered && g_str_equal(check->action, action) &&
                    g_str_equal(check->model, model) && g_str_equal(check->subject, subject);
        int r = check->result;

        if (same && r < 0)
            sd_bus_error_move(error, &check->error);
        if (same && r > 0)
            actor_fill(ret_actor, check->uid, check->pid);
        remove_check(daemon, check);
        if (same)
            return r;
    }
    return ask(daemon, message, action, model, subject, ret_actor, error);
}

void polkit_drop_connection(Daemon *daemon, sd_bus *connection)
{
    for (guint i = daemon->checks ? daemon->checks->len : 0; i-- > 0;) {
        Check *check = g_ptr_array_index(daemon->checks, i);

        if (sd_bus_message_get_bus(check->request) != connection)
            continue;
        cancel_prompt(check);
        remove_check(daemon, check);
    }
}

void polkit_abandon(Daemon *daemon, bool prompts_only)
{
    for (guint i = daemon->checks ? daemon->checks->len : 0; i-- > 0;) {
        Check *check = g_ptr_array_index(daemon->checks, i);

        if (check->answered || (prompts_only && !(check->interactive && check->cancellation_id)))
            continue;
        cancel_prompt(check);
        sd_bus_reply_method_errorf(check->request, SD_BUS_ERROR_ACCESS_DENIED,
                                   "The service is stopping and gave up waiting for the authentication");
        remove_check(daemon, check);
    }
}
