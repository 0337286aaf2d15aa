/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* report.h: the ends that verbs share: how a result or a write is reported. Each returns the code to exit
 * with. */

#include "ctl/ctl.h"
#include "ctl/text.h"

/* A result as JSON. */
int report_json(const Ctl *ctl, const Value *value);
/* JSON text from the service, laid out as all our JSON. */
int report_json_text(Ctl *ctl, const char *json);
/* A value for scripts: a text as it is, else JSON; everything as JSON with --json. On a terminal a text is
 * cleaned. */
int report_raw(const Ctl *ctl, const Value *value);

/* The revision before a write, to tell a change from a write that changed nothing. Only asked where the
 * answer is shown. */
bool report_revision(Ctl *ctl, uint64_t *ret, sd_bus_error *error);
/* "what was done (change 12)", or that there was nothing to change; {"change": 12} with --json. The texts
 * must be clean. */
G_GNUC_PRINTF(4, 5)
int report_change(const Ctl *ctl, uint64_t before, uint64_t change, const char *format, ...);

/* The same, and how the change is undone. */
G_GNUC_PRINTF(4, 5)
int report_undoable(const Ctl *ctl, int64_t before, uint64_t change, const char *format, ...);

/* What is said of one thing on a line of its own, “name” and “Bedroom Light”. */
typedef struct ReportRow {
    const char *label; /* translated; NULL ends a list of rows */
    const char *text;  /* a row of an empty one is left out */
} ReportRow;

/* Prints rows, indented, the texts below one another. */
void report_rows(const ReportRow *rows);

/* The end of a search: says on stderr that nothing was found, and so does the code. */
int report_found(const Ctl *ctl, bool found);

/* "coachiqctl reset devices/porch_light": a command about the component at hand, to be copied from a
 * message, with the model where one was named. `options` follows it as it is. Free with g_free(). */
char *report_command(const Ctl *ctl, const char *verb, const char *options);
/* "coachiqctl preview 2021_Entegra_Aspire_44R": one about the model at hand, which is left out where it is
 * the active one. Free with g_free(). */
char *report_model_command(const Ctl *ctl, const char *verb);
