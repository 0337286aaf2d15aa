/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* migrate-report.h: what becomes of each thing that the old installation had: taken, already there, or
 * refused with the reason. Texts of a report come from anybody's files, and are made fit to be shown. */

#include "base/value.h"

typedef enum MigrationResult {
    MIGRATION_TAKEN,
    MIGRATION_PRESENT,
    MIGRATION_REFUSED,
    MIGRATION_RESULTS,
} MigrationResult;

typedef struct MigrationItem {
    const char *what; /* "coach", "edit", "patch", "name", "interface", "active-model" or "file"; static */
    char *source;     /* where it comes from */
    char *model, *path, *field; /* "" where there is none */
    Value *value;               /* NULL: none */
    MigrationResult result;
    char *reason; /* NULL: none */
    /* Of edits, patches and names: the places that they change, of LegacyPlace, by which they are judged
     * when all is known; NULL: judged already. */
    GPtrArray *places;
} MigrationItem;

typedef struct MigrationReport {
    GPtrArray *items; /* of MigrationItem, in the order in which they were met */
} MigrationReport;

/* The items of a report fill at most so many bytes; more are counted only. */
#define MIGRATION_REPORT_SIZE_MAX (4 * 1024 * 1024)

MigrationReport *migration_report_new(void);
void migration_report_free(MigrationReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigrationReport, migration_report_free)

/* Adds an item, taken until somebody says otherwise. Borrowed. `model` may be NULL. */
MigrationItem *migration_report_add(MigrationReport *report, const char *what, const char *source,
                                    const char *model);
void migration_item_set_place(MigrationItem *item, const char *path, const char *field);
void migration_item_set_value(MigrationItem *item, Value *value);
/* Says what becomes of it, and why. */
G_GNUC_PRINTF(3, 4)
void migration_item_judge(MigrationItem *item, MigrationResult result, const char *format, ...);

/* How many items have each result: {"taken", "present", "refused"}. */
Value *migration_report_counts(const MigrationReport *report);

/* The report as JSON text. `change` is 0 and `backup` NULL where none was made. */
char *migration_report_format(const MigrationReport *report, bool dry_run, int64_t change,
                              const char *backup, const char *active_model);
