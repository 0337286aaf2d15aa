/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/job.h"

#include "daemon/lifecycle.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Job {
    Daemon *daemon;
    const JobType *type;
    void *data;
    GThread *thread;
    int fd; /* written to when the work is done */
    sd_event_source *source;
};

static void job_free(Job *job)
{
    sd_event_source_disable_unref(job->source);
    if (job->fd >= 0)
        close(job->fd);
    g_free(job);
}

static gpointer run(gpointer userdata)
{
    const Job *job = userdata;
    const uint64_t one = 1;

    job->type->work(job->data);
    /* An eventfd takes it. */
    if (write(job->fd, &one, sizeof one) < 0)
        g_critical("The end of a job cannot be told: %s", g_strerror(errno));
    return NULL;
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    Job *job = userdata;
    Daemon *daemon = job->daemon;

    g_ptr_array_remove_fast(daemon->jobs, job);
    g_thread_join(job->thread);
    job->type->done(daemon, job->data);
    job_free(job);
    lifecycle_work_done(daemon);
    return 0;
}

static unsigned count(const Daemon *daemon, const JobType *type)
{
    unsigned n = 0;

    for (guint i = 0; daemon->jobs && i < daemon->jobs->len; i++)
        n += ((const Job *) g_ptr_array_index(daemon->jobs, i))->type == type;
    return n;
}

int job_start(Daemon *daemon, const JobType *type, void *data)
{
    Job *job;
    int r = 0;

    if (count(daemon, type) >= type->at_once)
        return -EBUSY;
    job = g_new0(Job, 1);
    *job = (Job){.daemon = daemon, .type = type, .data = data, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (job->fd < 0)
        r = -errno;
    if (r >= 0)
        r = sd_event_add_io(daemon->event, &job->source, job->fd, EPOLLIN, on_done, job);
    if (r >= 0) {
        job->thread = g_thread_try_new("job", run, job, NULL);
        if (!job->thread)
            r = -EAGAIN;
    }
    if (r < 0) {
        job_free(job);
        return r;
    }
    if (!daemon->jobs)
        daemon->jobs = g_ptr_array_new();
    g_ptr_array_add(daemon->jobs, job);
    return 0;
}

bool job_is_running(const Daemon *daemon)
{
    for (guint i = 0; daemon->jobs && i < daemon->jobs->len; i++)
        if (!((const Job *) g_ptr_array_index(daemon->jobs, i))->type->can_be_left)
            return true;
    return false;
}

void jobs_leave(Daemon *daemon)
{
    for (guint i = 0; daemon->jobs && i < daemon->jobs->len; i++) {
        Job *job = g_ptr_array_index(daemon->jobs, i);
        job->source = sd_event_source_disable_unref(job->source);
    }
    g_clear_pointer(&daemon->jobs, g_ptr_array_unref);
}
