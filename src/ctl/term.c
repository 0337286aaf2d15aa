/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* term.c: probing of the terminal, and the escape sequences of styles. */

#include "ctl/term.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/text.h"

/* The width that is assumed of a terminal that does not tell. */
#define COLUMNS_UNKNOWN 80

bool color_mode_parse(const char *word, ColorMode *ret)
{
    static const struct {
        const char *word;
        ColorMode mode;
    } words[] = {
        {"auto", COLOR_AUTO},   {"always", COLOR_ALWAYS}, {"yes", COLOR_ALWAYS},
        {"never", COLOR_NEVER}, {"no", COLOR_NEVER},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(word, words[i].word) != 0)
            continue;
        *ret = words[i].mode;
        return true;
    }
    return false;
}

static bool color_wanted(ColorMode mode, bool tty)
{
    const char *no_color = g_getenv("NO_COLOR");

    if (mode != COLOR_AUTO)
        return mode == COLOR_ALWAYS;
    /* no-color.org: any value that is not empty */
    if (no_color && *no_color)
        return false;
    return tty && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static unsigned columns_of(int fd)
{
    const char *variable = g_getenv("COLUMNS");
    struct winsize size;
    guint64 columns;

    if (variable && g_ascii_string_to_unsigned(variable, 10, 1, 10000, &columns, NULL))
        return (unsigned) columns;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return COLUMNS_UNKNOWN;
}

Term term_probe(FILE *stream, ColorMode mode)
{
    int fd = fileno(stream);
    bool tty = fd >= 0 && isatty(fd);

    return (Term){
        .tty = tty,
        .color = color_wanted(mode, tty),
        .unicode = g_get_charset(NULL),
        .columns = tty ? columns_of(fd) : 0,
    };
}

const char *term_on(const Term *term, Style style)
{
    static const char *const sequences[] = {
        [STYLE_PLAIN] = "",         [STYLE_HEADER] = "\033[1m",  [STYLE_STRONG] = "\033[1m",
        [STYLE_DIM] = "\033[2m",    [STYLE_GOOD] = "\033[32m",   [STYLE_WARN] = "\033[33m",
        [STYLE_BAD] = "\033[1;31m", [STYLE_EDITED] = "\033[33m",
    };

    return term->color ? sequences[style] : "";
}

const char *term_off(const Term *term, Style style)
{
    return term->color && style != STYLE_PLAIN ? "\033[0m" : "";
}

const char *term_ellipsis(const Term *term)
{
    return term->unicode ? "…" : "...";
}

const char *term_arrow(const Term *term)
{
    return term->unicode ? "→" : "->";
}

const char *term_dot(const Term *term)
{
    return term->unicode ? "●" : "*";
}

char *term_styled(const Term *term, Style style, const char *text)
{
    g_autofree char *clean = text_clean(text);

    return g_strconcat(term_on(term, style), clean, term_off(term, style), NULL);
}
