/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* suggest.c: the distance between words. */

#include "ctl/suggest.h"

#include <string.h>

/* Longer ones are no typing mistake of one another, and would only cost time. */
#define WORD_MAX_LENGTH 80
#define TOO_FAR G_MAXUINT
/* What is this much farther than the best is not worth reading. */
#define SPREAD 2

/* The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours. */
static unsigned distance(const gunichar *a, glong a_length, const gunichar *b, glong b_length)
{
    unsigned rows[3][WORD_MAX_LENGTH + 1];

    for (glong j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned) j;
    for (glong i = 1; i <= a_length; i++) {
        const unsigned *before = rows[(i + 1) % 3];
        const unsigned *last = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = (unsigned) i;
        for (glong j = 1; j <= b_length; j++) {
            row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

/* How far two folded texts are apart; TOO_FAR when nobody would take one for the other. */
static unsigned closeness(const char *word, const char *candidate)
{
    glong word_length, candidate_length;
    g_autofree gunichar *a = g_utf8_to_ucs4_fast(word, -1, &word_length);
    g_autofree gunichar *b = g_utf8_to_ucs4_fast(candidate, -1, &candidate_length);
    unsigned allowed = (unsigned) MAX(word_length, candidate_length) / 3;
    unsigned found;

    if (word_length > WORD_MAX_LENGTH || candidate_length > WORD_MAX_LENGTH)
        return TOO_FAR;
    found = distance(a, word_length, b, candidate_length);
    if (found <= MAX(allowed, 1))
        return found;
    /* Behind all that are merely mistyped; the shorter the rest, the nearer. */
    if (word_length >= 3 && strstr(candidate, word))
        return WORD_MAX_LENGTH + (unsigned) (candidate_length - word_length);
    return TOO_FAR;
}

typedef struct Ranked {
    const char *candidate;
    unsigned distance;
} Ranked;

static int compare_ranked(const void *a, const void *b)
{
    const Ranked *first = a, *second = b;

    if (first->distance != second->distance)
        return first->distance < second->distance ? -1 : 1;
    return strcmp(first->candidate, second->candidate);
}

static unsigned rank(const char *word, const char *candidate)
{
    g_autofree char *folded = g_utf8_casefold(candidate, -1);
    const char *last = strrchr(folded, '/');
    unsigned whole = closeness(word, folded);

    return last && !strchr(word, '/') ? MIN(whole, closeness(word, last + 1)) : whole;
}

GPtrArray *suggest_close(const char *word, GPtrArray *candidates, unsigned most)
{
    g_autofree char *folded = g_utf8_casefold(word, -1);
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    GPtrArray *result = g_ptr_array_new();

    for (unsigned i = 0; i < candidates->len; i++) {
        Ranked entry = {candidates->pdata[i], rank(folded, candidates->pdata[i])};

        if (entry.distance != TOO_FAR)
            g_array_append_val(ranked, entry);
    }
    g_array_sort(ranked, compare_ranked);
    for (unsigned i = 0; i < MIN(most, ranked->len); i++) {
        const Ranked *entry = &g_array_index(ranked, Ranked, i);

        if (entry->distance > g_array_index(ranked, Ranked, 0).distance + SPREAD)
            break;
        g_ptr_array_add(result, (void *) entry->candidate);
    }
    return result;
}
