/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <string.h>

static bool is_noncharacter(gunichar c)
{
    return (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

const char *text_find_noncharacter(const char *text, size_t length)
{
    const char *end = text + length;

    /* All of them are written with one of these first bytes, which are rare in what people write. */
    for (const char *at = text; at < end; at++)
        if ((unsigned char) *at >= 0xEF && is_noncharacter(g_utf8_get_char(at)))
            return at;
    return NULL;
}

bool text_is_misleading_character(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029 || c == 0x200E || c == 0x200F || c == 0x061C ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool text_is_misleading(const char *text)
{
    for (; *text; text = g_utf8_next_char(text))
        if (text_is_misleading_character(g_utf8_get_char(text)))
            return true;
    return false;
}

char *text_presentable(const char *text, size_t size_max)
{
    GString *clean = g_string_new(NULL);

    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);

        if (clean->len + (size_t) g_unichar_to_utf8(c, NULL) > size_max) {
            g_string_append(clean, "…");
            break;
        }
        if (text_is_misleading_character(c) || is_noncharacter(c))
            g_string_append_c(clean, '?');
        else
            g_string_append_unichar(clean, c);
    }
    return g_string_free(clean, false);
}

int text_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

int text_compare_elements(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}
