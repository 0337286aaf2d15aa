/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model-query.c: which of the models a person means. */

#include "ctl/model-query.h"

#include <glib/gi18n.h>
#include <limits.h>
#include <string.h>

#include "coach/coach-info.h"
#include "ctl/bus-value.h"

/* Words of what is typed; blanks and commas divide them. */
static char **fold_words(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    g_auto(GStrv) pieces = g_strsplit_set(folded, " ,\t\n", -1);
    GPtrArray *words = g_ptr_array_new();

    for (unsigned i = 0; pieces[i]; i++) {
        if (*pieces[i])
            g_ptr_array_add(words, g_strdup(pieces[i]));
    }
    g_ptr_array_add(words, NULL);
    return (char **) g_ptr_array_free(words, FALSE);
}

/* "2021", "2019..2021", "2019..", "..2021" */
static bool parse_years(ModelQuery *query, const char *text)
{
    g_autofree char *closed = NULL;
    unsigned ignored;

    if (coach_info_parse_years(text, &query->first, &query->last))
        return true;
    if (g_str_has_suffix(text, "..")) {
        query->last = UINT_MAX;
        closed = g_strndup(text, strlen(text) - 2);
        return coach_info_parse_years(closed, &query->first, &ignored) && strlen(closed) == 4;
    }
    if (!g_str_has_prefix(text, "..") || strlen(text) != 6)
        return false;
    query->first = 0;
    return coach_info_parse_years(text + 2, &ignored, &query->last);
}

bool model_query_init(ModelQuery *query, const Args *args, GError **error)
{
    *query = (ModelQuery){.words = fold_words(args->match ? args->match : "")};
    query->by_year = args->year != NULL;
    if (query->by_year && !parse_years(query, args->year)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("“%s” is no year and no range of years. Write “2021”, “2019..2021” or “2019..”."),
                    args->year);
        return false;
    }
    if (args->vin && !vin_parse(args->vin, query->vin)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("“%s” is no VIN: that has 17 digits and letters, without I, O and Q."), args->vin);
        return false;
    }
    return true;
}

void model_query_clear(ModelQuery *query)
{
    g_clear_pointer(&query->words, g_strfreev);
}

bool model_query_is_empty(const ModelQuery *query)
{
    return !query->words[0] && !query->by_year && !query->vin[0];
}

static bool has_words(const ModelQuery *query, const Value *model)
{
    g_autofree char *text =
        g_strjoin("\n", dict_text(model, "Id"), dict_text(model, "Year"), dict_text(model, "Make"),
                  dict_text(model, "Model"), dict_text(model, "Trim"), dict_text(model, "Notes"), NULL);
    g_autofree char *folded = g_utf8_casefold(text, -1);

    for (unsigned i = 0; query->words[i]; i++) {
        if (!strstr(folded, query->words[i]))
            return false;
    }
    return true;
}

static ModelMatch match_year(const ModelQuery *query, const Value *model)
{
    unsigned first, last;

    if (!query->by_year)
        return MODEL_MATCHES;
    if (!coach_info_parse_years(dict_text(model, "Year"), &first, &last))
        return MODEL_YEAR_UNKNOWN;
    return first <= query->last && last >= query->first ? MODEL_MATCHES : MODEL_DIFFERS;
}

ModelMatch model_query_match(const ModelQuery *query, const Value *model, GError **error)
{
    const char *pattern = dict_text(model, "VinPattern");
    ModelMatch year = match_year(query, model);
    bool fits;

    if (!has_words(query, model) || year == MODEL_DIFFERS)
        return MODEL_DIFFERS;
    if (!query->vin[0])
        return year;
    if (!*pattern)
        return MODEL_PATTERN_NONE;
    if (!vin_pattern_match(pattern, query->vin, &fits, error))
        return MODEL_PATTERN_BAD;
    return fits ? year : MODEL_DIFFERS;
}
