/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach-info.h: what a coach file says of its coach: which one it is, and how sure its facts are. */

#include "base/value.h"

/* Texts, "" where the file says nothing; owned. */
typedef struct CoachInfo {
    char *year; /* a text: "2021", "2019-2021" */
    char *make;
    char *model;
    char *trim;
    char *notes;
    char *vin_pattern;  /* vin.h */
    char *data_quality; /* one of coach_info_qualities in files that ship */
    char *data_note;    /* a sentence for people: how sure the facts are */
} CoachInfo;

/* Bytes of a text; of a longer one the start is taken. */
#define COACH_INFO_TEXT_MAX 1000

/* "verified", "one-owner", "derived", "generic"; docs/coach-files.md says what they mean. Ends with NULL. */
extern const char *const coach_info_qualities[];

/* Reads the section coach_info (NULL: there is none), numbers as the text that they are. Clear the result
 * with coach_info_clear(). */
void coach_info_read(CoachInfo *info, const Value *section);
void coach_info_clear(CoachInfo *info);
void coach_info_copy(CoachInfo *to, const CoachInfo *from);

/* A map with all keys, which coach_info_read() reads back. */
Value *coach_info_to_value(const CoachInfo *info);

/* The years that a text names: "2021", or "2019-2021" (or with ".." or an en dash). False where it is
 * neither. */
bool coach_info_parse_years(const char *text, unsigned *first, unsigned *last);
