/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* candidates.c: the list of candidates. */

#include "ctl/candidates.h"

#include <string.h>

#include "ctl/text.h"

#define DESCRIPTION_WIDTH 60

static void candidate_clear(void *data)
{
    Candidate *candidate = data;

    g_free(candidate->word);
    g_free(candidate->description);
}

void candidates_init(Candidates *candidates, const char *word, size_t start)
{
    candidates->before = g_strndup(word, start);
    candidates->typed = g_strdup(word + start);
    candidates->array = g_array_new(FALSE, FALSE, sizeof(Candidate));
    g_array_set_clear_func(candidates->array, candidate_clear);
}

void candidates_clear(Candidates *candidates)
{
    g_clear_pointer(&candidates->before, g_free);
    g_clear_pointer(&candidates->typed, g_free);
    g_clear_pointer(&candidates->array, g_array_unref);
}

static bool is_clean(const char *value)
{
    g_autofree char *clean = text_clean(value);

    return g_str_equal(clean, value);
}

void candidates_add(Candidates *candidates, const char *value, const char *description)
{
    g_autofree char *clean = text_clean(description ? description : "");

    if (!*value || !g_str_has_prefix(value, candidates->typed) || !is_clean(value))
        return;

    const Candidate candidate = {
        .word = g_strconcat(candidates->before, value, NULL),
        .description = text_ellipsize(clean, DESCRIPTION_WIDTH, "…"),
    };
    g_array_append_val(candidates->array, candidate);
}

void candidates_add_words(Candidates *candidates, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);

    for (unsigned i = 0; list[i]; i++)
        candidates_add(candidates, list[i], NULL);
}

const char *candidates_rest(const Candidates *candidates, unsigned index)
{
    const Candidate *candidate = &g_array_index(candidates->array, Candidate, index);

    return candidate->word + strlen(candidates->before) + strlen(candidates->typed);
}
