/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* refuse.h: how what is wrong in a file is said: with the place, and with what to do. */

#include "base/value.h"

/* Sets CONFIG_ERROR_INVALID_FILE with "line L, column C: " of the value and the message. Returns false. */
G_GNUC_PRINTF(3, 4) bool refuse(GError **error, const Value *at, const char *format, ...);

/* What a value is: "a text", "an integer", "empty" … */
const char *type_with_article(const Value *value);
