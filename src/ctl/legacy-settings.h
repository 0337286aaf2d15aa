/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-settings.h: settings of the old system in the one form in which they go to the service: a map with
 * "interface_mappings", "active_model", "active_file" and "display_names", each where the source has it. */

#include "base/value.h"

/* The interfaces as COACHIQ_CAN__INTERFACE_MAPPINGS has them: a JSON object of texts, or "house:can0" or
 * "house=can0" separated by commas. Returns a map of logical to physical names. Sets
 * CONFIG_ERROR_INVALID_DATA, a sentence that says what is wrong with which pair. */
Value *legacy_settings_interfaces(const char *text, GError **error);

/* The id of a model as people wrote it: blanks at the ends go, those inside become "_", ".yml" and ".yaml"
 * are cut off; the folder too where it is a path. NULL where nothing is left. Free with g_free(). */
char *legacy_settings_model(const char *text);
