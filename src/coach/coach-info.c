/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/coach-info.h"

#include "base/json.h"

#include <stddef.h>
#include <string.h>

#define YEAR_DIGITS 4
#define YEAR_FIRST 1900 /* before it, as in 0000, nobody knew it */

const char *const coach_info_qualities[] = {"verified", "one-owner", "derived", "generic", NULL};

static const struct {
    const char *key;
    size_t offset;
} members[] = {
    {"year", offsetof(CoachInfo, year)},
    {"make", offsetof(CoachInfo, make)},
    {"model", offsetof(CoachInfo, model)},
    {"trim", offsetof(CoachInfo, trim)},
    {"notes", offsetof(CoachInfo, notes)},
    {"vin_pattern", offsetof(CoachInfo, vin_pattern)},
    {"data_quality", offsetof(CoachInfo, data_quality)},
    {"data_note", offsetof(CoachInfo, data_note)},
};

static char **member(const CoachInfo *info, size_t index)
{
    return (char **) ((char *) info + members[index].offset);
}

/* The start of a text that is too long ends between characters. */
static char *dup_bounded(const char *text)
{
    const char *end;

    g_utf8_validate(text, (gssize) MIN(strlen(text), COACH_INFO_TEXT_MAX), &end);
    return g_strndup(text, (size_t) (end - text));
}

static char *scalar_text(const Value *value)
{
    g_autofree char *text = NULL;

    if (!value || value_is_list(value) || value_is_map(value) || value_type(value) == VALUE_NULL)
        return g_strdup("");
    if (value_is_string(value))
        return dup_bounded(value_string(value));
    text = json_format(value);
    return dup_bounded(text);
}

void coach_info_read(CoachInfo *info, const Value *section)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        *member(info, i) = scalar_text(value_map_get(section, members[i].key));
}

void coach_info_clear(CoachInfo *info)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        g_clear_pointer(member(info, i), g_free);
}

void coach_info_copy(CoachInfo *to, const CoachInfo *from)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        *member(to, i) = g_strdup(*member(from, i) ? *member(from, i) : "");
}

Value *coach_info_to_value(const CoachInfo *info)
{
    Value *map = value_new_map();

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        value_map_take(&map, members[i].key, value_new_string(*member(info, i)));
    return map;
}

static const char *parse_year(const char *text, unsigned *ret)
{
    unsigned year = 0;

    for (unsigned i = 0; i < YEAR_DIGITS; i++, text++) {
        if (!g_ascii_isdigit(*text))
            return NULL;
        year = year * 10 + (unsigned) g_ascii_digit_value(*text);
    }
    *ret = year;
    return text;
}

bool coach_info_parse_years(const char *text, unsigned *first, unsigned *last)
{
    static const char *const marks[] = {"..", "-", "\u2013"};
    unsigned from, to;
    const char *rest = parse_year(text, &from);

    if (!rest)
        return false;
    to = from;
    for (size_t i = 0; i < G_N_ELEMENTS(marks) && *rest; i++) {
        if (g_str_has_prefix(rest, marks[i])) {
            rest = parse_year(rest + strlen(marks[i]), &to);
            break;
        }
    }
    if (!rest || *rest || to < from || from < YEAR_FIRST)
        return false;
    *first = from;
    *last = to;
    return true;
}
