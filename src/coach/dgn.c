/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/dgn.h"

#include <string.h>

#define DGN_DIGITS_MIN 4
#define DGN_DIGITS_MAX 6

static size_t hex_digits(const char *text)
{
    size_t n = 0;

    while (g_ascii_isxdigit(text[n]))
        n++;
    return n;
}

bool dgn_parse(const char *text, uint32_t *ret)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;

    size_t n = hex_digits(text);
    if (n < DGN_DIGITS_MIN || n > DGN_DIGITS_MAX || text[n] != 0)
        return false;

    guint64 dgn = g_ascii_strtoull(text, NULL, 16);
    if (dgn > DGN_MAX)
        return false;

    *ret = (uint32_t) dgn;
    return true;
}

bool dgn_looks_like(const char *text)
{
    size_t n = hex_digits(text);

    if (n < DGN_DIGITS_MIN || n > DGN_DIGITS_MAX || text[n] != 0)
        return false;
    return n == 5 || strpbrk(text, "0123456789") != NULL;
}

bool instance_parse(const char *text, int *ret)
{
    if (g_str_equal(text, "default")) {
        *ret = INSTANCE_DEFAULT;
        return true;
    }

    guint64 instance;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        size_t n = hex_digits(text + 2);
        if (n < 1 || n > 2 || text[2 + n] != 0)
            return false;
        instance = g_ascii_strtoull(text + 2, NULL, 16);
    } else {
        size_t n = strspn(text, "0123456789");
        if (n < 1 || n > 3 || text[n] != 0 || (n > 1 && text[0] == '0'))
            return false;
        instance = g_ascii_strtoull(text, NULL, 10);
    }
    if (instance > INSTANCE_MAX)
        return false;

    *ret = (int) instance;
    return true;
}

void binding_key_format(uint32_t dgn, int instance, char ret[BINDING_KEY_SIZE])
{
    if (instance == INSTANCE_DEFAULT)
        g_snprintf(ret, BINDING_KEY_SIZE, "%05X:default", dgn & DGN_MAX);
    else
        g_snprintf(ret, BINDING_KEY_SIZE, "%05X:%u", dgn & DGN_MAX, (unsigned) instance & 0xFF);
}

bool binding_key_parse(const char *text, uint32_t *ret_dgn, int *ret_instance)
{
    const char *colon = strchr(text, ':');
    uint32_t dgn;
    int instance;

    if (!colon || colon - text > DGN_DIGITS_MAX + 2)
        return false;

    g_autofree char *head = g_strndup(text, (gsize) (colon - text));
    if (!dgn_parse(head, &dgn) || !instance_parse(colon + 1, &instance))
        return false;

    *ret_dgn = dgn;
    *ret_instance = instance;
    return true;
}
