/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* format.h: times, sizes and values for people. Results are to be freed with g_free(). */

#include "base/value.h"

/* A time in µs since the epoch in local time, "2025-06-08 14:03:21"; "" for 0. */
char *format_time(int64_t usec);
/* The same with the day and how long ago it was, "Sun 2025-06-08 14:03:21 CEST; 5 minutes ago". */
char *format_time_ago(int64_t usec);
/* Bytes: "482 B", "111.8 KiB". */
char *format_size(int64_t bytes);
/* A DGN as coach files write it, "1FEDA". */
char *format_dgn(uint32_t dgn);
/* A value for a person: a text as it is, anything else as JSON. */
char *format_value(const Value *value);
/* Where an item of a list is, by its "path" and "field": "devices/porch_light /area". */
char *format_place(const Value *item);
/* JSON text from the service, parsed; null when it is no JSON. "" gives NULL: absent. */
Value *format_parse(const char *json);
