/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/files.h"

#include "base/descriptor.h"
#include "base/error.h"
#include "base/text.h"
#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/job.h"
#include "daemon/lifecycle.h"
#include "daemon/polkit.h"
#include "daemon/requests.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Threads that read, in all and for one user: who passes files that never answer keeps only himself waiting.
 */
#define READERS_MAX 8
#define READERS_PER_USER_MAX 2
/* How long a request whose files are there waits for a quiet moment. */
#define TURN_USEC (1 * G_USEC_PER_SEC)
/* How long files that do not answer are waited for when we are told to stop. */
#define HURRY_USEC (2 * G_USEC_PER_SEC)
/* Bytes of a name. */
#define NAME_SIZE_MAX 200
#define UNNAMED "The file"

#define TOO_MANY "Too many requests with files are open; wait for their answers first"

/* What a thread has of a request: descriptors of its own, since the message may go meanwhile. */
typedef struct Reader {
    struct Reading *reading; /* NULL: nobody wants it any more */
    uint32_t uid;
    GArray *descriptors; /* of int */
    char **names;
    GPtrArray *contents; /* of GBytes: the result, or the error */
    GError *error;
} Reader;

/* A request and its files. */
typedef struct Reading {
    Daemon *daemon;
    sd_bus_message *request;
    enum {
        READING_UNKNOWN, /* the bus is asked who the caller is */
        READING_WAITS,   /* for a thread */
        READING_RUNS,
        READING_DONE,
    } state;
    bool queued;     /* its turn has come */
    bool dispatched; /* the message is, or was, with its handler again */
    bool large;      /* large files are read for the caller */
    uint32_t uid;
    sd_bus_slot *slot; /* of the question */
    Reader *reader;    /* owned until it runs */
    GPtrArray *contents;
    size_t size; /* of them */
    GError *error;
    sd_bus_error bus_error; /* instead of `error` */
} Reading;

struct Files {
    GPtrArray *readings; /* of Reading, the oldest first */
    GPtrArray *readers;  /* of Reader: those that run; borrowed */
    /* Whose turn it is: when all else is done, and when that does not come. */
    sd_event_source *quiet, *turn;
    uint32_t last_uid; /* who had the last one */
    sd_event_source *hurry;
};

static void close_descriptor(void *descriptor)
{
    close(*(int *) descriptor);
}

static void reader_free(Reader *reader)
{
    if (!reader)
        return;
    g_array_unref(reader->descriptors);
    g_strfreev(reader->names);
    g_ptr_array_unref(reader->contents);
    g_clear_error(&reader->error);
    g_free(reader);
}

static void reading_free(Reading *reading)
{
    sd_bus_slot_unref(reading->slot);
    sd_bus_message_unref(reading->request);
    if (reading->state == READING_RUNS)
        reading->reader->reading = NULL; /* it ends when it can */
    else
        reader_free(reading->reader);
    g_clear_pointer(&reading->contents, g_ptr_array_unref);
    g_clear_error(&reading->error);
    sd_bus_error_free(&reading->bus_error);
    g_free(reading);
}

static Files *files_get(Daemon *daemon)
{
    if (!daemon->files) {
        daemon->files = g_new0(Files, 1);
        daemon->files->readings = g_ptr_array_new_with_free_func((GDestroyNotify) reading_free);
        daemon->files->readers = g_ptr_array_new();
        daemon->files->last_uid = UINT32_MAX;
    }
    return daemon->files;
}

void files_free(Daemon *daemon)
{
    if (!daemon->files)
        return;
    g_ptr_array_unref(daemon->files->readings);
    g_ptr_array_unref(daemon->files->readers);
    sd_event_source_disable_unref(daemon->files->quiet);
    sd_event_source_disable_unref(daemon->files->turn);
    sd_event_source_disable_unref(daemon->files->hurry);
    g_clear_pointer(&daemon->files, g_free);
}

static guint n_readings(const Daemon *daemon)
{
    return daemon->files ? daemon->files->readings->len : 0;
}

static Reading *get_reading(const Daemon *daemon, guint i)
{
    return g_ptr_array_index(daemon->files->readings, i);
}

static void remove_reading(Daemon *daemon, Reading *reading)
{
    g_ptr_array_remove(daemon->files->readings, reading);
    lifecycle_work_done(daemon);
}

static Reading *find_reading(const Daemon *daemon, sd_bus_message *message)
{
    for (guint i = 0; i < n_readings(daemon); i++)
        if (get_reading(daemon, i)->request == message)
            return get_reading(daemon, i);
    return NULL;
}

char *files_clean_name(const char *name)
{
    return name && name[0] ? text_presentable(name, NAME_SIZE_MAX) : g_strdup("");
}

/* Bounds */

static unsigned readers_of(const Daemon *daemon, uint32_t uid)
{
    unsigned n = 0;

    for (guint i = 0; i < daemon->files->readers->len; i++)
        n += ((const Reader *) g_ptr_array_index(daemon->files->readers, i))->uid == uid;
    return n;
}

static bool is_of(const Reading *reading, uint32_t uid)
{
    return reading->state != READING_UNKNOWN && reading->uid == uid;
}

static bool has_room(const Daemon *daemon, const Reading *reading)
{
    unsigned n = 0;

    for (guint i = 0; i < n_readings(daemon); i++)
        n += is_of(get_reading(daemon, i), reading->uid);
    return n <= FILES_REQUESTS_PER_USER_MAX;
}

static bool may_keep(const Daemon *daemon, const Reading *reading)
{
    size_t all = reading->size, users = all;

    for (guint i = 0; i < n_readings(daemon); i++) {
        const Reading *other = get_reading(daemon, i);

        if (other == reading)
            continue;
        all += other->size;
        users += is_of(other, reading->uid) ? other->size : 0;
    }
    return users <= FILES_KEPT_PER_USER_MAX && all <= FILES_KEPT_MAX;
}

/* In the thread */

static void read_files(void *data)
{
    Reader *reader = data;
    size_t left = FILES_REQUEST_SIZE_MAX;

    for (guint i = 0; i < reader->descriptors->len; i++) {
        size_t most = MIN(left, FILES_SIZE_MAX);
        GBytes *bytes = descriptor_read(g_array_index(reader->descriptors, int, i), reader->names[i], most,
                                        &reader->error);

        if (!bytes)
            break;
        left -= g_bytes_get_size(bytes);
        g_ptr_array_add(reader->contents, bytes);
    }
    /* Here, since closing may wait too. */
    g_array_set_size(reader->descriptors, 0);
}

/* In the loop: what is in a file takes the handler its time, so that those with files come one by one, when
 * everybody else was served, and each user in turn. */

/* The next whose turn it is; NULL: none waits. */
static Reading *find_next(const Daemon *daemon)
{
    Reading *next = NULL;

    for (guint i = 0; i < n_readings(daemon); i++) {
        Reading *reading = get_reading(daemon, i);

        if (reading->state != READING_DONE || reading->queued)
            continue;
        if (reading->uid != daemon->files->last_uid)
            return reading;
        if (!next)
            next = reading;
    }
    return next;
}

static int arm(Daemon *daemon);

static int take_turn(Daemon *daemon)
{
    Reading *reading = find_next(daemon);

    if (!reading)
        return 0;
    reading->queued = true;
    daemon->files->last_uid = reading->uid;
    if (request_dispatch_again(reading->request) < 0)
        remove_reading(daemon, reading);
    return find_next(daemon) ? arm(daemon) : 0;
}

static int on_quiet(sd_event_source *source G_GNUC_UNUSED, void *userdata)
{
    return take_turn(userdata);
}

static int on_turn(sd_event_source *source G_GNUC_UNUSED, uint64_t usec G_GNUC_UNUSED, void *userdata)
{
    return take_turn(userdata);
}

static int arm(Daemon *daemon)
{
    Files *files = daemon->files;
    int r = 0;

    if (!files->quiet) {
        r = sd_event_add_defer(daemon->event, &files->quiet, on_quiet, daemon);
        if (r >= 0)
            r = sd_event_source_set_priority(files->quiet, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
            r = sd_event_add_time_relative(daemon->event, &files->turn, CLOCK_MONOTONIC, TURN_USEC, 0,
                                           on_turn, daemon);
    } else {
        r = sd_event_source_set_time_relative(files->turn, TURN_USEC);
        if (r >= 0)
            r = sd_event_source_set_enabled(files->turn, SD_EVENT_ONESHOT);
    }
    return r < 0 ? r : sd_event_source_set_enabled(files->quiet, SD_EVENT_ONESHOT);
}

static void finish(Reading *reading)
{
    reading->state = READING_DONE;
    reading->slot = sd_bus_slot_unref(reading->slot);
    if (arm(reading->daemon) < 0)
        take_turn(reading->daemon);
}

static void fail(Reading *reading, int r)
{
    sd_bus_error_set_errnof(&reading->bus_error, r, "The file cannot be read: %s", g_strerror(-r));
    finish(reading);
}

static void take_contents(Reading *reading, Reader *reader)
{
    reading->error = g_steal_pointer(&reader->error);
    if (reading->error)
        return;
    for (guint i = 0; i < reader->contents->len; i++)
        reading->size += g_bytes_get_size(g_ptr_array_index(reader->contents, i));
    if (may_keep(reading->daemon, reading)) {
        reading->contents = g_ptr_array_ref(reader->contents);
        return;
    }
    reading->size = 0;
    sd_bus_error_set(&reading->bus_error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
}

static void start_waiting(Daemon *daemon);

static void files_are_read(Daemon *daemon, void *data)
{
    Reader *reader = data;
    Reading *reading = reader->reading;

    g_ptr_array_remove_fast(daemon->files->readers, reader);
    if (reading) {
        reading->reader = NULL;
        take_contents(reading, reader);
        finish(reading);
    }
    reader_free(reader);
    start_waiting(daemon);
}

static const JobType reader_job = {
    .work = read_files, .done = files_are_read, .at_once = READERS_MAX, .can_be_left = true};

static void start_reader(Reading *reading)
{
    Daemon *daemon = reading->daemon;
    int r = job_start(daemon, &reader_job, reading->reader);

    if (r == -EBUSY)
        return;
    if (r < 0) {
        fail(reading, r);
        return;
    }
    reading->state = READING_RUNS;
    g_ptr_array_add(daemon->files->readers, reading->reader);
}

/* Starts what there are threads for, in the order of their coming. */
static void start_waiting(Daemon *daemon)
{
    for (guint i = 0; i < n_readings(daemon); i++) {
        Reading *reading = get_reading(daemon, i);
        guint before = n_readings(daemon);

        if (reading->state != READING_WAITS || readers_of(daemon, reading->uid) >= READERS_PER_USER_MAX)
            continue;
        start_reader(reading);
        i -= before - n_readings(daemon);
    }
}

/* Now it is known who the caller is. */
static void begin(Reading *reading)
{
    reading->state = READING_WAITS;
    reading->reader->uid = reading->uid;
    if (has_room(reading->daemon, reading)) {
        start_waiting(reading->daemon);
        return;
    }
    sd_bus_error_set(&reading->bus_error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
    finish(reading);
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error G_GNUC_UNUSED)
{
    Reading *reading = userdata;
    int32_t pid;

    if (sd_bus_message_is_method_error(reply, NULL)) {
        /* Mostly the caller has left, and does not hear this. */
        sd_bus_reply_method_errorf(reading->request, SD_BUS_ERROR_ACCESS_DENIED,
                                   "It cannot be told who you are: %s",
                                   sd_bus_message_get_error(reply)->message);
        remove_reading(reading->daemon, reading);
        return 0;
    }
    request_read_credentials(reply, &reading->uid, &pid);
    begin(reading);
    return 0;
}

static char *name_of(const FileArgument *argument)
{
    return argument->name && argument->name[0] ? files_clean_name(argument->name) : g_strdup(UNNAMED);
}

/* Also looks whether each can be read at all, which never waits. */
static Reader *reader_new(const FileArgument *arguments, size_t n, int *ret_errno, GError **error)
{
    Reader *reader = g_new0(Reader, 1);

    *ret_errno = 0;
    reader->descriptors = g_array_new(false, false, sizeof(int));
    g_array_set_clear_func(reader->descriptors, close_descriptor);
    reader->names = g_new0(char *, n + 1);
    reader->contents = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    for (size_t i = 0; i < n && *ret_errno == 0 && !*error; i++) {
        int fd;

        reader->names[i] = name_of(&arguments[i]);
        if (!descriptor_check(arguments[i].fd, reader->names[i], error))
            continue;
        fd = fcntl(arguments[i].fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            *ret_errno = -errno;
        else
            g_array_append_val(reader->descriptors, fd);
    }
    if (*ret_errno == 0 && !*error)
        return reader;
    reader_free(reader);
    return NULL;
}

static unsigned unknown_readings(const Daemon *daemon)
{
    unsigned n = 0;

    for (guint i = 0; i < n_readings(daemon); i++)
        n += get_reading(daemon, i)->state == READING_UNKNOWN;
    return n;
}

static int start(Daemon *daemon, sd_bus_message *message, Reader *reader)
{
    Reading *reading = g_new0(Reading, 1);
    int r;

    *reading = (Reading){.daemon = daemon, .request = sd_bus_message_ref(message), .reader = reader};
    reader->reading = reading;
    g_ptr_array_add(files_get(daemon)->readings, reading);
    if (request_sender(daemon, message)) {
        r = request_ask_credentials(daemon, message, &reading->slot, on_credentials, reading);
    } else {
        /* On a direct connection the kernel has told already. */
        g_auto(Actor) actor = {0};

        r = actor_from_message(message, &actor);
        reading->uid = actor.uid;
        if (r >= 0)
            begin(reading);
    }
    if (r < 0)
        remove_reading(daemon, reading);
    return r;
}

/* The answer to the second call for a message. */
static int give(Daemon *daemon, Reading *reading, GPtrArray **ret, sd_bus_error *error)
{
    if (reading->error) {
        g_autoptr(GError) local = g_error_copy(reading->error);
        return errors_set(daemon, &local, error);
    }
    if (sd_bus_error_is_set(&reading->bus_error))
        return sd_bus_error_copy(error, &reading->bus_error);
    *ret = g_ptr_array_ref(reading->contents);
    return 1;
}

int files_read(Daemon *daemon, sd_bus_message *message, const FileArgument *arguments, size_t n_arguments,
               GPtrArray **ret, sd_bus_error *error)
{
    Reading *reading = find_reading(daemon, message);
    g_autoptr(GError) local = NULL;
    Reader *reader;
    int r;

    if (reading)
        return reading->state == READING_DONE ? give(daemon, reading, ret, error) : 0;
    if (n_arguments > FILES_PER_REQUEST_MAX)
        return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "One call takes at most %d files",
                                 FILES_PER_REQUEST_MAX);
    if (unknown_readings(daemon) >= FILES_UNKNOWN_MAX)
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
    reader = reader_new(arguments, n_arguments, &r, &local);
    if (local)
        return errors_set(daemon, &local, error);
    if (reader)
        r = start(daemon, message, reader);
    if (r < 0)
        return sd_bus_error_set_errnof(error, r, "The file cannot be read: %s", g_strerror(-r));
    return 0;
}

void files_allow_large(Daemon *daemon, sd_bus_message *message)
{
    Reading *reading = find_reading(daemon, message);

    if (reading)
        reading->large = true;
}

bool files_large_is_allowed(const Daemon *daemon, sd_bus_message *message)
{
    const Reading *reading = find_reading(daemon, message);

    return reading && reading->large;
}

void files_before_dispatch(Daemon *daemon, sd_bus_message *message)
{
    Reading *reading = n_readings(daemon) > 0 ? find_reading(daemon, message) : NULL;

    if (reading && reading->state == READING_DONE)
        reading->dispatched = true;
}

void files_tidy(Daemon *daemon)
{
    for (guint i = n_readings(daemon); i-- > 0;) {
        Reading *reading = get_reading(daemon, i);

        if (reading->dispatched && !polkit_waits_for(daemon, reading->request))
            remove_reading(daemon, reading);
    }
}

bool files_are_busy(const Daemon *daemon)
{
    for (guint i = 0; i < n_readings(daemon); i++)
        if (!get_reading(daemon, i)->dispatched)
            return true;
    return false;
}

/* Leaving */

void files_drop_caller(Daemon *daemon, const char *name)
{
    for (guint i = n_readings(daemon); i-- > 0;)
        if (g_strcmp0(request_sender(daemon, get_reading(daemon, i)->request), name) == 0)
            remove_reading(daemon, get_reading(daemon, i));
}

void files_drop_connection(Daemon *daemon, sd_bus *connection)
{
    for (guint i = n_readings(daemon); i-- > 0;)
        if (sd_bus_message_get_bus(get_reading(daemon, i)->request) == connection)
            remove_reading(daemon, get_reading(daemon, i));
}

void files_abandon(Daemon *daemon)
{
    for (guint i = n_readings(daemon); i-- > 0;) {
        Reading *reading = get_reading(daemon, i);

        if (reading->state == READING_DONE)
            continue;
        sd_bus_reply_method_errorf(reading->request, SD_BUS_ERROR_FAILED,
                                   "The service is stopping and gave up waiting for the file");
        remove_reading(daemon, reading);
    }
}

static int on_hurry(sd_event_source *source G_GNUC_UNUSED, uint64_t usec G_GNUC_UNUSED, void *userdata)
{
    files_abandon(userdata);
    return 0;
}

void files_hurry(Daemon *daemon)
{
    Files *files = files_get(daemon);

    if (!files->hurry && sd_event_add_time_relative(daemon->event, &files->hurry, CLOCK_MONOTONIC,
                                                    HURRY_USEC, 0, on_hurry, daemon) < 0)
        files_abandon(daemon);
}
