/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* sheet.h: all devices as a table for an editor, one line each, with the fields that people change.
 *
 * Bars part the cells. A cell is the text of its field as it is; what is no text is written as YAML has it
 * in one line: true, 12, [night, outside]; a text that would be misread in quotes, with the escapes of JSON.
 * An empty cell says that the field is absent, "(per binding)" that it differs from binding to binding. A
 * cell that is left as it was is no edit, whatever it looks like. */

#include "ctl/plan.h"

typedef struct Sheet Sheet;

/* `devices` maps paths to components, in the order of the lines. The columns are fields that people change
 * (friendly_name, area, …), as far as a device has them and `editable`, a list of names unless NULL, names
 * them too. */
Sheet *sheet_new(const Value *devices, const Value *editable);
void sheet_free(Sheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sheet, sheet_free)

/* The lines, behind one that names the columns as a comment. Free with g_free(). */
char *sheet_format(const Sheet *sheet);

/* What an edited text asks for. Lines may be moved; blank ones and those that begin with "#" are skipped; a
 * device without a line is to be deleted. Sets CONFIG_ERROR_INVALID_DATA with the line: cells that are too
 * many or too few, a device that there is not or that comes twice, a value of another kind than the field
 * has. */
bool sheet_read(const Sheet *sheet, const char *text, Plan *plan, GError **error);
