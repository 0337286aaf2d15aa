/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c: widths, shortening and cleaning of text for a terminal. */

#include "ctl/text.h"

#include <stdbool.h>
#include <string.h>

static unsigned character_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

unsigned text_width(const char *text)
{
    unsigned width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p))
        width += character_width(g_utf8_get_char(p));
    return width;
}

/* The end of the longest start of `text` that is at most `width` columns wide, combining characters
 * included. */
static const char *text_prefix(const char *text, unsigned width)
{
    unsigned used = 0;
    const char *p = text;

    for (; *p; p = g_utf8_next_char(p)) {
        used += character_width(g_utf8_get_char(p));
        if (used > width)
            break;
    }
    return p;
}

char *text_ellipsize(const char *text, unsigned width, const char *ellipsis)
{
    unsigned reserved = text_width(ellipsis);

    if (text_width(text) <= width)
        return g_strdup(text);
    if (width <= reserved)
        return g_strndup(ellipsis, (gsize) (text_prefix(ellipsis, width) - ellipsis));

    g_autofree char *start = g_strndup(text, (gsize) (text_prefix(text, width - reserved) - text));
    /* "Master …" reads better than "Master  …" with two blanks. */
    g_strchomp(start);
    return g_strconcat(start, ellipsis, NULL);
}

static void shorten(char **text, unsigned width, const char *ellipsis)
{
    char *fitted = text_ellipsize(*text, width, ellipsis);

    g_free(*text);
    *text = fitted;
}

void text_share(char **first, char **second, unsigned width, const char *ellipsis)
{
    unsigned a = text_width(*first), b = text_width(*second);
    unsigned half = width / 2;

    if (a + b <= width)
        return;
    shorten(first, b < half ? width - b : half, ellipsis);
    shorten(second, a < half ? width - a : width - half, ellipsis);
}

/* Unicode's explicit directional marks (UAX #9, section 2). */
static bool is_direction_mark(gunichar c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

static void append_visible(GString *out, gunichar c, bool lines)
{
    if (c == '\n' || c == '\t') {
        if (lines)
            g_string_append_c(out, (char) c);
        else
            g_string_append(out, c == '\n' ? "\\n" : "\\t");
        return;
    }
    /* U+2028 and U+2029 end a line in some terminals and pagers. */
    if (g_unichar_iscntrl(c) || is_direction_mark(c) || c == 0x2028 || c == 0x2029)
        g_string_append_printf(out, "\\u%04X", c);
    else
        g_string_append_unichar(out, c);
}

static char *clean(const char *text, bool lines)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p; p = g_utf8_next_char(p))
        append_visible(out, g_utf8_get_char(p), lines);
    return g_string_free(out, FALSE);
}

char *text_clean(const char *text)
{
    return clean(text, false);
}

char *text_clean_lines(const char *text)
{
    return clean(text, true);
}

char *text_shell_word(const char *word)
{
    static const char safe[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/_-.:@~+,";

    return *word && *word != '~' && strspn(word, safe) == strlen(word) ? g_strdup(word)
                                                                       : g_shell_quote(word);
}
