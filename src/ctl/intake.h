/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* intake.h: files that a person names, read whole before anything is done with them. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The word for standard input. */
#define INTAKE_STANDARD_INPUT "-"
/* What the service takes of a coach file: 8 MiB. */
#define INTAKE_SIZE_MAX ((size_t) 8 << 20)

/* Whether a word names a file rather than a model: “-”, a path with a slash, or a name that ends as coach
 * files do, .yml, .yaml or .json. */
bool intake_is_file(const char *word);

typedef struct Intake {
    char *name; /* as the person named it; NULL for standard input */
    char *text; /* its bytes, NUL behind them; may have NULs inside */
    size_t length;
} Intake;

/* Reads a file, or standard input, of at most INTAKE_SIZE_MAX bytes. A file must be a regular one: nobody
 * waits for the other end of a pipe that may never come. Sets a G_FILE_ERROR with a whole sentence that says
 * what is wrong and what to do. */
bool intake_read(Intake *intake, const char *path, GError **error);
void intake_clear(Intake *intake);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Intake, intake_clear)

/* What the person calls it: the name, or a word for standard input. Borrowed. */
const char *intake_title(const Intake *intake);
/* The bytes as a sealed memfd, for the service: whatever the file was, or becomes, it gets what was read.
 * Sets a G_FILE_ERROR and returns -1. */
int intake_descriptor(const Intake *intake, GError **error);
