/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* vin.h: vehicle identification numbers (ISO 3779), and patterns of them in coach files. */

#include <glib.h>
#include <stdbool.h>

#define VIN_LENGTH 17
/* Bytes of a pattern. */
#define VIN_PATTERN_MAX 100

/* The number as it is written in `text`, in capitals, without blanks and hyphens. False where it is none:
 * not 17 characters, or other ones than digits and letters without I, O and Q. */
bool vin_parse(const char *text, char ret[VIN_LENGTH + 1]);

/* Whether the check digit, the ninth character, is right. It has to be in North America (49 CFR 565.15) and
 * China; elsewhere anything may stand there. */
bool vin_check_digit_is_right(const char *vin);

/* A pattern is an extended regular expression of POSIX for the whole number: letters, digits, ".", "[…]",
 * "(…|…)", "?", "*", "+" and "{n,m}". "+" and "{n,m}" repeat one character and no group, n and m are at most
 * 17, and there is no backslash: so no pattern takes long. Sets CONFIG_ERROR_INVALID_DATA for another one.
 */
bool vin_pattern_check(const char *pattern, GError **error);
/* Whether a number that vin_parse() gave fits. Errors as vin_pattern_check(). */
bool vin_pattern_match(const char *pattern, const char *vin, bool *ret, GError **error);
