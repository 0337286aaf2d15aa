/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

void shuffle(guint *numbers, guint n)
{
    for (guint i = n; i > 1; i--) {
        guint other = (guint) g_random_int_range(0, (gint32) i);
        guint swapped = numbers[i - 1];

        numbers[i - 1] = numbers[other];
        numbers[other] = swapped;
    }
}

void samples_init(Samples *samples, const char *name)
{
    *samples = (Samples){.name = name, .times = g_array_new(FALSE, FALSE, sizeof(int64_t))};
}

void samples_clear(Samples *samples)
{
    g_array_unref(samples->times);
}

void samples_add(Samples *samples, int64_t ns)
{
    g_array_append_val(samples->times, ns);
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;

    return left < right ? -1 : left > right;
}

void samples_print(Samples *samples, guint n)
{
    const char *separator = "{";

    for (guint i = 0; i < n; i++) {
        GArray *times = samples[i].times;

        if (times->len == 0)
            continue;
        g_array_sort(times, compare_times);
        printf("%s\"%s\": %.3f", separator, samples[i].name,
               (double) g_array_index(times, int64_t, times->len / 2) / 1000);
        separator = ", ";
        g_array_set_size(times, 0);
    }
    puts(separator[0] == '{' ? "{}" : "}");
    fflush(stdout);
}

void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(EXIT_FAILURE);
}
