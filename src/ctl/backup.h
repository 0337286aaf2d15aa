/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* backup.h: backups as ListBackups gives them. */

#include "ctl/ctl.h"

/* All of them, newest first; NULL on error. */
Value *backup_list(Ctl *ctl, sd_bus_error *error);
/* The one with this id; NULL when there is none. Borrowed. */
const Value *backup_find(const Value *backups, const char *id);
/* A table of them, on stdout. */
void backup_print_list(const Term *term, const Value *backups);

/* What there is to know of one, line by line: when it was made and how, at which revision, its reason, its
 * size, what is wrong with it. */
void backup_append(GString *out, const Term *term, const Value *backup);
/* One such line: "  size      180.0 KiB". */
void backup_append_row(GString *out, const Term *term, const char *label, Style style, const char *text);
/* How the changes since relate to it: "3 changes were made since revision 4." Free with g_free(). */
char *backup_distance(int64_t revision, int64_t now);
