/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* patience.c: a thread, and somebody who waits for it for a while. */

#include "ctl/patience.h"

typedef struct Errand {
    PatienceFunc func;
    gpointer job;
    GDestroyNotify free_job;
    GMutex mutex;
    GCond cond;
    bool done;      /* by the thread */
    bool abandoned; /* by who waited: the thread cleans up */
} Errand;

static void errand_free(Errand *errand)
{
    g_mutex_clear(&errand->mutex);
    g_cond_clear(&errand->cond);
    g_free(errand);
}

static gpointer run(gpointer data)
{
    Errand *errand = data;
    bool abandoned;

    errand->func(errand->job);
    g_mutex_lock(&errand->mutex);
    errand->done = true;
    abandoned = errand->abandoned;
    g_cond_signal(&errand->cond);
    g_mutex_unlock(&errand->mutex);
    if (abandoned) {
        errand->free_job(errand->job);
        errand_free(errand);
    }
    return NULL;
}

static bool wait_for(Errand *errand, gint64 deadline)
{
    bool done;

    g_mutex_lock(&errand->mutex);
    while (!errand->done && g_cond_wait_until(&errand->cond, &errand->mutex, deadline))
        ;
    done = errand->done;
    errand->abandoned = !done;
    g_mutex_unlock(&errand->mutex);
    return done;
}

bool patience_run(PatienceFunc func, gpointer job, GDestroyNotify free_job, gint64 usec)
{
    gint64 deadline = g_get_monotonic_time() + usec;
    Errand *errand = g_new0(Errand, 1);
    g_autoptr(GThread) thread = NULL;

    errand->func = func;
    errand->job = job;
    errand->free_job = free_job;
    g_mutex_init(&errand->mutex);
    g_cond_init(&errand->cond);
    thread = g_thread_new("patience", run, errand);
    if (!wait_for(errand, deadline))
        return false;
    g_thread_join(g_steal_pointer(&thread));
    errand_free(errand);
    return true;
}
