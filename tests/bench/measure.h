/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* measure.h: time, chance and results, for the programs that measure. */

#include <glib.h>
#include <stdint.h>

/* A clock that only goes forward, in ns. */
int64_t clock_ns(void);

/* Mixes an array of numbers. */
void shuffle(guint *numbers, guint n);

/* Times of one kind of work in ns. */
typedef struct Samples {
    const char *name;
    GArray *times; /* int64_t */
} Samples;

void samples_init(Samples *samples, const char *name);
void samples_clear(Samples *samples);
void samples_add(Samples *samples, int64_t ns);

/* Prints the medians of one run, as one line of JSON: {"name": µs, …}, and forgets the times. */
void samples_print(Samples *samples, guint n);

/* Prints what went wrong and ends the program. */
G_NORETURN void die(const char *what, const char *why);
