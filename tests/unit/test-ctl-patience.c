/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-patience.c: work that is waited for, and work that is given up. */

#include "ctl/patience.h"

typedef struct Work {
    GMutex mutex;
    GCond cond;
    bool released; /* what it waits for has come */
    bool done;
    bool freed;
} Work;

static void do_work(gpointer data)
{
    Work *work = data;

    g_mutex_lock(&work->mutex);
    while (!work->released)
        g_cond_wait(&work->cond, &work->mutex);
    work->done = true;
    g_mutex_unlock(&work->mutex);
}

static void free_work(gpointer data)
{
    Work *work = data;

    g_mutex_lock(&work->mutex);
    work->freed = true;
    g_cond_broadcast(&work->cond);
    g_mutex_unlock(&work->mutex);
}

static void test_in_time(void)
{
    Work work = {.released = true};

    g_assert_true(patience_run(do_work, &work, free_work, G_MAXINT32));
    g_assert_true(work.done);
    g_assert_false(work.freed);
}

/* The thread has the job until it comes back. */
static void test_given_up(void)
{
    static Work work;

    g_assert_false(patience_run(do_work, &work, free_work, 1000));
    g_mutex_lock(&work.mutex);
    g_assert_false(work.done);
    g_assert_false(work.freed);
    work.released = true;
    g_cond_broadcast(&work.cond);
    while (!work.freed)
        g_cond_wait(&work.cond, &work.mutex);
    g_assert_true(work.done);
    g_mutex_unlock(&work.mutex);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/patience/in-time", test_in_time);
    g_test_add_func("/ctl/patience/given-up", test_given_up);
    return g_test_run();
}
