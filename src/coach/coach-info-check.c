/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/coach-info-check.h"

#include "coach/vin.h"

/* What older files have where nobody knows it. */
#define YEAR_UNKNOWN "0000"

static void check_year(const char *path, const char *year, GPtrArray *problems)
{
    unsigned first, last;

    if (*year && !g_str_equal(year, YEAR_UNKNOWN) && !coach_info_parse_years(year, &first, &last))
        problem_add(problems, PROBLEM_WARNING, path, "/year",
                    "\"%s\" is no year: write \"2021\" or \"2019-2021\", or leave it out", year);
}

static void check_quality(const char *path, const char *quality, GPtrArray *problems)
{
    g_autofree char *known = g_strjoinv(", ", (char **) coach_info_qualities);

    if (*quality && !g_strv_contains(coach_info_qualities, quality))
        problem_add(problems, PROBLEM_WARNING, path, "/data_quality", "\"%s\" is none of %s", quality,
                    known);
}

static void check_vin_pattern(const char *path, const Value *pattern, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;

    if (!pattern || value_type(pattern) == VALUE_NULL)
        return;
    if (!value_is_string(pattern))
        problem_add(problems, PROBLEM_WARNING, path, "/vin_pattern", "a VIN pattern is a text");
    else if (!vin_pattern_check(value_string(pattern), &error))
        problem_add(problems, PROBLEM_WARNING, path, "/vin_pattern", "%s", error->message);
}

void coach_info_check(const char *path, const Value *component, GPtrArray *problems)
{
    CoachInfo info;

    if (!g_str_equal(path, "coach_info") && !g_str_equal(path, "_coach_info"))
        return;
    coach_info_read(&info, component);
    check_year(path, info.year, problems);
    check_quality(path, info.data_quality, problems);
    check_vin_pattern(path, value_map_get(component, "vin_pattern"), problems);
    coach_info_clear(&info);
}
