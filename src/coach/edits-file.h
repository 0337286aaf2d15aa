/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* edits-file.h: the edits of an owner as a file, to keep them or to give them to another coach of the same
 * model:
 *
 *   coachiq_edits: {format: 1, model: …, version: …, content_hash: …, revision: …}
 *   edits:
 *     - path: devices/ceiling_light
 *       field: /friendly_name
 *       op: set
 *       value: Reading Light
 *       vendor: Ceiling Light
 *       by: {user: …, time: …, reason: …}
 *
 * "value" is there with the op "set", "vendor" where the vendor has something there: absent is not null. The
 * field "" is the whole component. "by" tells a person who wanted it; nothing depends on it. */

#include "coach/coach-text.h"
#include "coach/override.h"

/* The section by which a file of edits is known. */
#define EDITS_FILE_SECTION "coachiq_edits"
/* The format of the file that is written; a file of a later one is refused. */
#define EDITS_FILE_FORMAT 1

typedef struct EditsFile {
    char *model;
    /* What the edits were made on: the version and the content hash of the vendor's file, and the change
     * after which they were so. */
    char *version;
    char *content_hash;
    int64_t revision;
    GHashTable *overrides; /* component path → array of Override */
} EditsFile;

/* Without edits. The texts are copied. */
EditsFile *edits_file_new(const char *model, const char *version, const char *content_hash,
                          int64_t revision);
/* Adds a copy of one edit. */
void edits_file_add(EditsFile *file, const char *path, const Override *override);
void edits_file_free(EditsFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EditsFile, edits_file_free)

/* Whether the data of a file (coach_text_read()) are an owner's edits and not a coach. */
bool edits_file_is(const Value *data);

/* Reads the data. Paths and fields come out in their canonical form; the overrides of a component do not lie
 * within each other, and those of a device name possible bindings. Whether a rule of the coach file allows
 * them is for whoever applies them. An author has the change 0 and the uid UINT32_MAX: those of another
 * machine mean nothing here. Sets CONFIG_ERROR_INVALID_FILE or CONFIG_ERROR_TOO_LARGE; the message starts
 * with "line L, column C: ". */
EditsFile *edits_file_parse(Value *data, GError **error);

/* The text of the file, sorted by path and field: equal edits give equal texts. Free with g_free(). */
char *edits_file_format(const EditsFile *file, CoachFormat format);
