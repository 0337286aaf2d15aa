/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* json-read.c: a strict reader of JSON text (RFC 8259). */

#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

const JsonLimits json_limits_call = {.size = 256 * 1024, .depth = 64, .nodes = 20000};
const JsonLimits json_limits_component = {.size = 1024 * 1024, .depth = 64, .nodes = 50000};
const JsonLimits json_limits_stored = {.size = 256 * 1024 * 1024, .depth = 256, .nodes = 10000000};

typedef struct Reader {
    const char *start;
    const char *end;
    const char *at;
    const JsonLimits *limits;
    size_t depth;
    size_t nodes;
    /* The position that was asked for last, from where the next one is counted on. */
    const char *mark;
    uint32_t line;
    uint32_t column;
    GString *scratch; /* the text of a string that has escapes */
    GError **error;
} Reader;

/* Reads one value after space. Recurses through the containers, no deeper than the limits say. */
static Value *read_value(Reader *reader);

/* Counts on to a place not before the last one; columns in characters, both from 1. */
static void move_mark(Reader *reader, const char *place)
{
    for (; reader->mark < place; reader->mark++) {
        if (*reader->mark == '\n') {
            reader->line++;
            reader->column = 1;
        } else if (((unsigned char) *reader->mark & 0xc0) != 0x80) {
            reader->column++;
        }
    }
}

static void G_GNUC_PRINTF(4, 5)
    fail(Reader *reader, const char *place, ConfigError code, const char *format, ...)
{
    va_list arguments;

    if (place < reader->mark) {
        reader->mark = reader->start;
        reader->line = reader->column = 1;
    }
    move_mark(reader, place);
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(reader->error, CONFIG_ERROR, code, "line %u, column %u: %s", reader->line, reader->column,
                what);
}

/* The next byte; 0 at the end, for a NUL in the text is refused before all else. */
static char peek(const Reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static void skip_space(Reader *reader)
{
    for (;; reader->at++) {
        char next = peek(reader);
        if (next != ' ' && next != '\t' && next != '\n' && next != '\r')
            return;
    }
}

/* Says what stands where something else was expected. */
static void fail_expected(Reader *reader, const char *expected)
{
    if (reader->at == reader->end) {
        fail(reader, reader->at, CONFIG_ERROR_INVALID_DATA, "the text ends where %s should be", expected);
        return;
    }
    gunichar found = g_utf8_get_char(reader->at);
    if (g_unichar_isprint(found))
        fail(reader, reader->at, CONFIG_ERROR_INVALID_DATA, "found \"%.*s\" where %s should be",
             (int) (g_utf8_next_char(reader->at) - reader->at), reader->at, expected);
    else
        fail(reader, reader->at, CONFIG_ERROR_INVALID_DATA, "found the character U+%04X where %s should be",
             found, expected);
}

/* ---- Strings ---- */

static bool read_hex(Reader *reader, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        int digit = g_ascii_xdigit_value(peek(reader));
        if (digit < 0) {
            fail_expected(reader, "four hexadecimal digits after \\u");
            return false;
        }
        *code = *code * 16 + (unsigned) digit;
    }
    return true;
}

/* After "\u". RFC 8259 section 7: beyond the basic plane, a pair of surrogates makes one character. */
static bool read_code_point(Reader *reader, const char *escape)
{
    unsigned code, low;

    if (!read_hex(reader, &code))
        return false;
    if (code == 0) {
        fail(reader, escape, CONFIG_ERROR_INVALID_DATA, "a text cannot hold the NUL character (\\u0000)");
        return false;
    }
    if (code >= 0xd800 && code <= 0xdbff && reader->end - reader->at >= 2 &&
        memcmp(reader->at, "\\u", 2) == 0) {
        reader->at += 2;
        if (!read_hex(reader, &low))
            return false;
        if (low >= 0xdc00 && low <= 0xdfff)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code <= 0xdfff) {
        fail(reader, escape, CONFIG_ERROR_INVALID_DATA, "half of a surrogate pair (\\u%04x)", code);
        return false;
    }
    g_string_append_unichar(reader->scratch, code);
    if (text_find_noncharacter(reader->scratch->str + reader->scratch->len - g_unichar_to_utf8(code, NULL),
                               1)) {
        fail(reader, escape, CONFIG_ERROR_INVALID_DATA, "a Unicode noncharacter (U+%04X)", code);
        return false;
    }
    return true;
}

static bool read_escape(Reader *reader)
{
    static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    const char *escape = reader->at++;
    char name = peek(reader);

    if (name == 'u') {
        reader->at++;
        return read_code_point(reader, escape);
    }
    const char *found = name ? strchr(names, name) : NULL;
    if (!found) {
        fail_expected(reader, "one of \" \\ / b f n r t u after the backslash");
        return false;
    }
    reader->at++;
    g_string_append_c(reader->scratch, characters[found - names]);
    return true;
}

/* At an opening quote. The text is borrowed from the input or the scratch, until the next string is read. */
static bool read_string(Reader *reader, const char **text, size_t *length)
{
    const char *quote = reader->at++;
    const char *plain = reader->at;

    g_string_truncate(reader->scratch, 0);
    for (;;) {
        unsigned char next = (unsigned char) peek(reader);

        if (next == '"')
            break;
        if (reader->at == reader->end) {
            fail(reader, quote, CONFIG_ERROR_INVALID_DATA, "the text that starts here has no closing quote");
            return false;
        }
        if (next < 0x20) {
            fail(reader, reader->at, CONFIG_ERROR_INVALID_DATA,
                 "the control character U+%04X must be escaped in a text", next);
            return false;
        }
        if (next != '\\') {
            reader->at++;
            continue;
        }
        g_string_append_len(reader->scratch, plain, reader->at - plain);
        if (!read_escape(reader))
            return false;
        plain = reader->at;
    }

    bool escaped = plain != quote + 1;
    if (escaped)
        g_string_append_len(reader->scratch, plain, reader->at - plain);
    *text = escaped ? reader->scratch->str : plain;
    *length = escaped ? reader->scratch->len : (size_t) (reader->at - plain);
    reader->at++;
    return true;
}

/* ---- Numbers ---- */

static bool skip_digits(Reader *reader)
{
    if (!g_ascii_isdigit(peek(reader))) {
        fail_expected(reader, "a digit");
        return false;
    }
    while (g_ascii_isdigit(peek(reader)))
        reader->at++;
    return true;
}

static Value *integer_from(Reader *reader, const char *start)
{
    bool negative = *start == '-';
    int64_t integer = 0;

    for (const char *digit = start + negative; digit < reader->at; digit++) {
        int step = negative ? '0' - *digit : *digit - '0';
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_add_overflow(integer, step, &integer)) {
            fail(reader, start, CONFIG_ERROR_INVALID_DATA, "the integer does not fit into 64 bits");
            return NULL;
        }
    }
    return value_new_integer(integer);
}

static Value *real_from(Reader *reader, const char *start)
{
    g_autofree char *text = g_strndup(start, (gsize) (reader->at - start));
    double real = g_ascii_strtod(text, NULL);

    if (!isfinite(real)) {
        fail(reader, start, CONFIG_ERROR_INVALID_DATA, "the number is too large");
        return NULL;
    }
    return value_new_real(real);
}

/* RFC 8259 section 6. "-0" is the integer 0; "-0.0" is a real and keeps its sign. */
static Value *read_number(Reader *reader)
{
    const char *start = reader->at;
    bool real = false;

    if (peek(reader) == '-')
        reader->at++;
    if (peek(reader) == '0') {
        reader->at++;
        if (g_ascii_isdigit(peek(reader))) {
            fail(reader, start, CONFIG_ERROR_INVALID_DATA, "a number must not start with a needless 0");
            return NULL;
        }
    } else if (!skip_digits(reader)) {
        return NULL;
    }
    if (peek(reader) == '.') {
        real = true;
        reader->at++;
        if (!skip_digits(reader))
            return NULL;
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        real = true;
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-')
            reader->at++;
        if (!skip_digits(reader))
            return NULL;
    }
    return real ? real_from(reader, start) : integer_from(reader, start);
}

/* ---- Values ---- */

static bool read_word(Reader *reader, const char *word)
{
    size_t length = strlen(word);

    if ((size_t) (reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        fail_expected(reader, "a value");
        return false;
    }
    reader->at += length;
    return true;
}

/* At an opening bracket: steps over it, and over the closing one if that follows at once. */
static bool enter(Reader *reader, char close, bool *empty)
{
    if (++reader->depth > reader->limits->depth) {
        fail(reader, reader->at, CONFIG_ERROR_TOO_LARGE, "nested deeper than %zu levels",
             reader->limits->depth);
        return false;
    }
    reader->at++;
    skip_space(reader);
    *empty = peek(reader) == close;
    if (*empty)
        reader->at++;
    return true;
}

/* After an item: steps over a comma, or over the closing bracket and says so. */
static bool next_item(Reader *reader, char close, bool *done)
{
    skip_space(reader);
    *done = peek(reader) == close;
    if (!*done && peek(reader) != ',') {
        fail_expected(reader, close == ']' ? "\",\" or \"]\"" : "\",\" or \"}\"");
        return false;
    }
    reader->at++;
    return true;
}

static Value *read_list(Reader *reader)
{
    g_autoptr(Value) list = value_new_list();
    bool done;

    if (!enter(reader, ']', &done))
        return NULL;
    while (!done) {
        Value *item = read_value(reader);
        if (!item)
            return NULL;
        value_list_take(&list, item);
        if (!next_item(reader, ']', &done))
            return NULL;
    }
    reader->depth--;
    return g_steal_pointer(&list);
}

/* Reads a key and its colon. Returns the place for the value, or NULL on error. */
static Value **read_key(Reader *reader, Value **map)
{
    const char *text;
    size_t length;

    skip_space(reader);
    if (peek(reader) != '"') {
        fail_expected(reader, "a key in double quotes");
        return NULL;
    }
    const char *start = reader->at;
    if (!read_string(reader, &text, &length))
        return NULL;
    Value **place = value_map_add(map, text, length);
    if (!place) {
        g_autofree char *key = g_strndup(text, length);
        g_autofree char *quoted = json_quote(key);
        fail(reader, start, CONFIG_ERROR_INVALID_DATA, "duplicate key %s", quoted);
        return NULL;
    }
    skip_space(reader);
    if (peek(reader) != ':') {
        fail_expected(reader, "\":\"");
        return NULL;
    }
    reader->at++;
    return place;
}

static Value *read_map(Reader *reader)
{
    g_autoptr(Value) map = value_new_map();
    bool done;

    if (!enter(reader, '}', &done))
        return NULL;
    while (!done) {
        Value **place = read_key(reader, &map);
        if (!place)
            return NULL;
        *place = read_value(reader);
        if (!*place || !next_item(reader, '}', &done))
            return NULL;
    }
    reader->depth--;
    return g_steal_pointer(&map);
}

static Value *read_text(Reader *reader)
{
    const char *text;
    size_t length;

    return read_string(reader, &text, &length) ? value_new_string_len(text, length) : NULL;
}

static Value *read_any(Reader *reader)
{
    switch (peek(reader)) {
    case '{':
        return read_map(reader);
    case '[':
        return read_list(reader);
    case '"':
        return read_text(reader);
    case 't':
        return read_word(reader, "true") ? value_new_boolean(true) : NULL;
    case 'f':
        return read_word(reader, "false") ? value_new_boolean(false) : NULL;
    case 'n':
        return read_word(reader, "null") ? value_new_null() : NULL;
    case '-':
    case '0' ... '9':
        return read_number(reader);
    default:
        fail_expected(reader, "a value");
        return NULL;
    }
}

static Value *read_value(Reader *reader)
{
    skip_space(reader);
    if (++reader->nodes > reader->limits->nodes) {
        fail(reader, reader->at, CONFIG_ERROR_TOO_LARGE, "more than %zu values", reader->limits->nodes);
        return NULL;
    }
    move_mark(reader, reader->at);

    uint32_t line = reader->line, column = reader->column;
    Value *value = read_any(reader);
    if (value)
        value_set_position(value, line, column);
    return value;
}

static bool check_text(Reader *reader)
{
    size_t length = (size_t) (reader->end - reader->start);
    const char *bad;

    if (length > reader->limits->size) {
        fail(reader, reader->start, CONFIG_ERROR_TOO_LARGE, "the text has %zu bytes; %zu are allowed",
             length, reader->limits->size);
        return false;
    }
    /* g_utf8_validate_len() stops at a NUL too. */
    if (!g_utf8_validate_len(reader->start, length, &bad)) {
        fail(reader, bad, CONFIG_ERROR_INVALID_DATA, *bad ? "not UTF-8" : "a NUL character");
        return false;
    }
    bad = text_find_noncharacter(reader->start, length);
    if (bad) {
        fail(reader, bad, CONFIG_ERROR_INVALID_DATA, "a Unicode noncharacter");
        return false;
    }
    return true;
}

Value *json_parse(const char *text, gssize length, const JsonLimits *limits, GError **error)
{
    g_autoptr(GString) scratch = g_string_new(NULL);
    const char *end = text + (length < 0 ? strlen(text) : (size_t) length);
    Reader reader = {
        .start = text,
        .end = end,
        .at = text,
        .limits = limits,
        .mark = text,
        .line = 1,
        .column = 1,
        .scratch = scratch,
        .error = error,
    };

    if (!check_text(&reader))
        return NULL;
    g_autoptr(Value) value = read_value(&reader);
    if (!value)
        return NULL;
    skip_space(&reader);
    if (reader.at != reader.end) {
        fail_expected(&reader, "the end of the text");
        return NULL;
    }
    return g_steal_pointer(&value);
}
