/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/job.h"

#include "daemon/lifecycle.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Job {
    JobWork work;
    JobDone done;
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

    job->work(job->data);
    /* An eventfd takes it. */
    if (write(job->fd, &one, sizeof one) < 0)
        g_critical("The end of a job cannot be told: %s", g_strerror(errno));
    return NULL;
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    Daemon *daemon = userdata;
    Job *job = g_steal_pointer(&daemon->job);

    g_thread_join(job->thread);
    job->done(daemon, job->data);
    job_free(job);
    lifecycle_work_done(daemon);
    return 0;
}

int job_start(Daemon *daemon, JobWork work, JobDone done, void *data)
{
    Job *job;
    int r = 0;

    if (daemon->job)
        return -EBUSY;
    job = g_new0(Job, 1);
    *job = (Job){.work = work, .done = done, .data = data, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (job->fd < 0)
        r = -errno;
    if (r >= 0)
        r = sd_event_add_io(daemon->event, &job->source, job->fd, EPOLLIN, on_done, daemon);
    if (r >= 0) {
        job->thread = g_thread_try_new("job", run, job, NULL);
        if (!job->thread)
            r = -EAGAIN;
    }
    if (r < 0) {
        job_free(job);
        return r;
    }
    daemon->job = job;
    return 0;
}

bool job_is_running(const Daemon *daemon)
{
    return daemon->job != NULL;
}
