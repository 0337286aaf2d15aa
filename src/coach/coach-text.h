/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach-text.h: coach files as the text that goes in and out: YAML or JSON. */

#include "base/yaml.h"
#include "coach/coach-file.h"

typedef enum CoachFormat {
    COACH_FORMAT_YAML,
    COACH_FORMAT_JSON,
} CoachFormat;

/* "yaml" or "json"; false for anything else. */
bool coach_format_from_string(const char *text, CoachFormat *ret);

/* What the comment at the head of a YAML file says; no text is NULL. */
typedef struct CoachTextHeader {
    const char *model;
    const char *version; /* of the vendor's file */
    int64_t revision;    /* the change after which the configuration is so */
} CoachTextHeader;

/* Reads the data of a file: JSON where the first character that is no space is "{", else YAML. What is no
 * JSON after all is tried as YAML, unless `name` ends in ".json"; where both fail, the error is of the one
 * that got further. Refuses what is no UTF-8 text (encoding.h); a byte order mark is fine.
 *
 * `name`, which may be NULL, is what the user calls the file. Sets CONFIG_ERROR_INVALID_FILE or
 * CONFIG_ERROR_TOO_LARGE; the message is "NAME: line L, column C: what; advice", without "NAME: " where
 * there is none. Values carry their position. */
Value *coach_text_read(const char *text, size_t length, const char *name, GError **error);
/* The same within other bounds, the same for JSON. */
Value *coach_text_read_within(const char *text, size_t length, const char *name, const YamlLimits *limits,
                              GError **error);

/* The same as a coach file, with COACH_FILE_COMPONENTS_MAX. A file with an owner's edits (edits-file.h) is
 * none. */
CoachFile *coach_text_parse(const char *text, size_t length, const char *name, GError **error);

/* Puts the name of a file before the message of an error, as the functions above do. NULL stands for no
 * name. */
void coach_text_prefix_error(GError **error, const char *name);

/* The components, effective ones too, as a coach file that coach_text_parse() takes: sections in the order
 * of the layout (coach-file.h), which may be NULL. The YAML of a coach file that was not edited has the data
 * of the file that it came from; JSON has no comments, so no header either. Sets CONFIG_ERROR_INVALID_DATA
 * where the components make no coach file. Free with g_free(). */
char *coach_text_format(GPtrArray *components, Value *layout, const CoachTextHeader *header,
                        CoachFormat format, GError **error);

/* Appends a map as sections with an empty line between them; JSON where that is asked for. */
char *coach_text_format_sections(const char *comment, const Value *sections, CoachFormat format);
