/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/encoding.h"

#include <string.h>

#include "base/error.h"

enum {
    SAMPLE = 256, /* bytes that tell UTF-16 from anything else with NUL bytes */
};

/* How files start that are no text, or none that we read. The longer of two that start alike comes first. */
static const struct {
    const char *start;
    size_t length;
    const char *what;
} signatures[] = {
#define SIGNATURE(start, what)                                                                              \
    {                                                                                                       \
        start, sizeof(start) - 1, what                                                                      \
    }
    SIGNATURE("\xff\xfe\0\0", "UTF-32 text; save it as UTF-8"),
    SIGNATURE("\0\0\xfe\xff", "UTF-32 text; save it as UTF-8"),
    SIGNATURE("\xff\xfe", "UTF-16 text; save it as UTF-8"),
    SIGNATURE("\xfe\xff", "UTF-16 text; save it as UTF-8"),
    SIGNATURE("\x1f\x8b", "a file compressed by gzip; unpack it first"),
    SIGNATURE("\xfd"
              "7zXZ\0",
              "a file compressed by xz; unpack it first"),
    SIGNATURE("\x28\xb5\x2f\xfd", "a file compressed by zstd; unpack it first"),
    SIGNATURE("PK\x03\x04", "a ZIP archive; unpack it first"),
    SIGNATURE("SQLite format 3\0", "an SQLite database; what is read here is YAML or JSON text"),
    SIGNATURE("\x7f"
              "ELF",
              "a program; what is read here is YAML or JSON text"),
    SIGNATURE("%PDF-", "a PDF document; what is read here is YAML or JSON text"),
    SIGNATURE("\x89PNG", "a picture; what is read here is YAML or JSON text"),
    SIGNATURE("\xff\xd8\xff", "a picture; what is read here is YAML or JSON text"),
#undef SIGNATURE
};

G_GNUC_PRINTF(4, 5)
static bool fail(GError **error, const char *text, const char *at, const char *format, ...)
{
    size_t line = 1, column = 1;
    va_list arguments;

    for (; text < at; text++) {
        if (*text == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char) *text & 0xc0) != 0x80) {
            column++;
        }
    }
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "line %zu, column %zu: %s", line, column,
                what);
    return false;
}

/* Whether there is a NUL in every second byte and none in the others, as ASCII in UTF-16 has it. */
static bool is_utf16(const char *text, size_t length)
{
    size_t nuls[2] = {0};

    length = MIN(length, SAMPLE) & ~(size_t) 1;
    for (size_t i = 0; i < length; i++)
        nuls[i % 2] += text[i] == '\0';
    return (nuls[0] == 0 || nuls[1] == 0) && (nuls[0] + nuls[1]) * 4 > length;
}

bool encoding_check(const char **text, size_t *length, GError **error)
{
    const char *bad;

    for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
        if (*length >= signatures[i].length && memcmp(*text, signatures[i].start, signatures[i].length) == 0)
            return fail(error, *text, *text, "this is %s", signatures[i].what);

    if (*length >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *length -= 3;
    }
    if (*length == 0 || g_utf8_validate_len(*text, *length, &bad))
        return true;
    if (is_utf16(*text, *length))
        return fail(error, *text, *text, "this is UTF-16 text; save it as UTF-8");
    if (*bad == '\0')
        return fail(error, *text, bad,
                    "a NUL byte: this is no text; what is read here is YAML or JSON text in UTF-8");
    return fail(error, *text, bad,
                "the byte 0x%02X is not UTF-8; save the file as UTF-8, or look whether it is damaged there",
                (unsigned char) *bad);
}
