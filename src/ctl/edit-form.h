/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* edit-form.h: what is edited: one component, or all devices. As text, and the edits that a changed text
 * means.
 */

#include "ctl/ctl.h"
#include "ctl/edit-text.h"
#include "ctl/plan.h"
#include "ctl/sheet.h"

typedef struct EditForm {
    char *file;        /* what the text is called in the editor */
    char *text;        /* as it is shown first */
    int64_t revision;  /* at which the configuration was read */
    char *title;       /* "devices/porch_light"; NULL for all devices */
    Value *shown;      /* the component, or all devices by path */
    TextFormat format; /* of a component */
    Sheet *sheet;      /* of the devices */
} EditForm;

void edit_form_clear(EditForm *form);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EditForm, edit_form_clear)

/* Reads the component at ctl->path. False with the error set. */
bool edit_form_component(Ctl *ctl, EditForm *form, TextFormat format, sd_bus_error *error);
/* Reads all devices. */
bool edit_form_devices(Ctl *ctl, EditForm *form, sd_bus_error *error);

/* Whether what was shown is still so, though the configuration has another revision by now: then it is of
 * that one from now on. */
bool edit_form_renew(Ctl *ctl, EditForm *form);

/* What a text asks for. Its lines count as if an error stood above it (edit-text.h). Errors as
 * edit_text_parse() and sheet_read(). */
bool edit_form_read(const EditForm *form, const char *text, Plan *plan, GError **error);
