/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/polkit.h"

#include "daemon/actor.h"
#include "daemon/lifecycle.h"

#include <errno.h>

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_ALLOW_INTERACTION 1U

typedef struct Check {
    Daemon *daemon;
    sd_bus_message *request; /* the caller's message; it is dispatched again in the end */
    uint32_t uid;
    char *action, *model, *subject;
    char *cancellation_id;
    sd_bus_slot *slot;   /* the open call to polkit */
    sd_bus_track *track; /* the caller, on the bus */
    bool answered;
    bool dispatched; /* the message is, or was, with its handler again */
    int result;      /* 1 or a negative errno, then `error` says why */
    sd_bus_error error;
} Check;

static void check_free(Check *check)
{
    sd_bus_slot_unref(check->slot);
    sd_bus_track_unref(check->track);
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
    if (check->answered || !check->slot)
        return;
    sd_bus_call_method_async(check->daemon->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                             "CancelCheckAuthorization", NULL, NULL, "s", check->cancellation_id);
}

static void remove_check(Daemon *daemon, Check *check)
{
    g_ptr_array_remove_fast(daemon->checks, check);
    lifecycle_touch(daemon);
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

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Check *check = userdata;
    sd_bus *connection = sd_bus_message_get_bus(check->request);
    int r;

    check->result = judge(check, reply);
    check->answered = true;
    check->slot = sd_bus_slot_unref(check->slot);

    r = sd_bus_message_rewind(check->request, true);
    if (r >= 0)
        r = sd_bus_enqueue_for_read(connection, check->request);
    if (r < 0) {
        sd_bus_reply_method_errno(check->request, r, NULL);
        remove_check(check->daemon, check);
    }
    return 0;
}

static int on_caller_gone(sd_bus_track *track G_GNUC_UNUSED, void *userdata)
{
    Check *check = userdata;

    cancel_prompt(check);
    remove_check(check->daemon, check);
    return 0;
}

/* The question */

static int append_subject(sd_bus_message *call, sd_bus_message *request, uint32_t uid)
{
    CLEANUP(bus_creds_unrefp) sd_bus_creds *creds = NULL;
    const char *sender = sd_bus_message_get_sender(request);
    pid_t pid = 0;
    int r;

    if (sender)
        return sd_bus_message_append(call, "(sa{sv})", "system-bus-name", 1, "name", "s", sender);

    /* A direct connection. The start time is polkit's to find out: the sandbox does not let us see the
     * processes of others. */
    r = sd_bus_query_sender_creds(request, SD_BUS_CREDS_PID, &creds);
    if (r < 0)
        return r;
    r = sd_bus_creds_get_pid(creds, &pid);
    if (r < 0)
        return r;
    return sd_bus_message_append(call, "(sa{sv})", "unix-process", 3, "pid", "u", (uint32_t) pid,
                                 "start-time", "t", UINT64_C(0), "uid", "i", (int32_t) uid);
}

static int send_question(Check *check)
{
    static uint64_t counter = 0;
    CLEANUP(bus_message_unrefp) sd_bus_message *call = NULL;
    sd_bus *bus = check->daemon->bus;
    bool interactive = sd_bus_message_get_allow_interactive_authorization(check->request) > 0;
    int r;

    check->cancellation_id = g_strdup_printf("coachiq-config-%" G_GUINT64_FORMAT, ++counter);
    r = sd_bus_message_new_method_call(bus, &call, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                       "CheckAuthorization");
    if (r < 0)
        return r;
    r = append_subject(call, check->request, check->uid);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call, "sa{ss}us", check->action, 3, "model", check->model, "path",
                              check->subject, "method", sd_bus_message_get_member(check->request),
                              interactive ? POLKIT_ALLOW_INTERACTION : 0, check->cancellation_id);
    if (r < 0)
        return r;
    /* A person may take their time. */
    return sd_bus_call_async(bus, &check->slot, call, on_answer, check, UINT64_MAX);
}

static int track_caller(Check *check)
{
    int r;

    if (!sd_bus_message_get_sender(check->request))
        return 0;
    r = sd_bus_track_new(check->daemon->bus, &check->track, on_caller_gone, check);
    if (r < 0)
        return r;
    return sd_bus_track_add_sender(check->track, check->request);
}

static unsigned open_checks_of(const Daemon *daemon, uint32_t uid)
{
    unsigned n = 0;

    for (guint i = 0; daemon->checks && i < daemon->checks->len; i++)
        n += ((const Check *) g_ptr_array_index(daemon->checks, i))->uid == uid;
    return n;
}

static int ask(Daemon *daemon, sd_bus_message *message, uint32_t uid, const char *action, const char *model,
               const char *subject, sd_bus_error *error)
{
    Check *check;
    int r;

    if (!daemon->bus_is_ready)
        return sd_bus_error_set(
            error, SD_BUS_ERROR_ACCESS_DENIED,
            "The system bus is not there, so polkit cannot be asked; only root may do this");
    if (open_checks_of(daemon, uid) >= POLKIT_CHECKS_MAX)
        return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "%d questions about you are open already; answer those first",
                                 POLKIT_CHECKS_MAX);

    check = g_new0(Check, 1);
    check->daemon = daemon;
    check->request = sd_bus_message_ref(message);
    check->uid = uid;
    check->action = g_strdup(action);
    check->model = g_strdup(model);
    check->subject = g_strdup(subject);

    r = track_caller(check);
    if (r >= 0)
        r = send_question(check);
    if (r < 0) {
        check_free(check);
        return sd_bus_error_set_errnof(error, r, "polkit could not be asked: %s", g_strerror(-r));
    }
    if (!daemon->checks)
        daemon->checks = g_ptr_array_new_with_free_func((GDestroyNotify) check_free);
    g_ptr_array_add(daemon->checks, check);
    return 0;
}

int polkit_authorize(Daemon *daemon, sd_bus_message *message, const char *action, const char *model,
                     const char *subject, sd_bus_error *error)
{
    Check *check = find_check(daemon, message);
    uint32_t uid;
    int r;

    if (check) {
        bool same = check->answered && g_str_equal(check->action, action) &&
                    g_str_equal(check->model, model) && g_str_equal(check->subject, subject);

        r = check->result;
        if (same && r < 0)
            sd_bus_error_move(error, &check->error);
        remove_check(daemon, check);
        if (same)
            return r;
    }

    r = actor_uid(message, &uid);
    if (r < 0)
        return sd_bus_error_set_errnof(error, r, "It cannot be told who you are: %s", g_strerror(-r));
    if (uid == 0)
        return 1;
    return ask(daemon, message, uid, action, model, subject, error);
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

void polkit_abandon(Daemon *daemon)
{
    while (daemon->checks && daemon->checks->len > 0) {
        Check *check = g_ptr_array_index(daemon->checks, 0);

        cancel_prompt(check);
        sd_bus_reply_method_errorf(check->request, SD_BUS_ERROR_ACCESS_DENIED,
                                   "The service is stopping and gave up waiting for the authentication");
        remove_check(daemon, check);
    }
}
