/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/vin.h"

#include "base/error.h"

#include <regex.h>
#include <string.h>

#define CHECK_DIGIT 8 /* its index */
#define CHECK_MODULUS 11

bool vin_parse(const char *text, char ret[VIN_LENGTH + 1])
{
    char vin[VIN_LENGTH + 1] = "";
    size_t length = 0;

    for (; *text; text++) {
        char c = g_ascii_toupper(*text);

        if (c == ' ' || c == '-')
            continue;
        if (length == VIN_LENGTH || !g_ascii_isalnum(c) || strchr("IOQ", c))
            return false;
        vin[length++] = c;
    }
    if (length != VIN_LENGTH)
        return false;
    memcpy(ret, vin, sizeof vin);
    return true;
}

/* What a letter counts: 49 CFR 565.15, table III. */
static unsigned transliterate(char c)
{
    static const char values[] = "12345678" /* A to H */
                                 "012345"   /* I to N */
                                 "07092"    /* O to S */
                                 "3456789"; /* T to Z */

    return (unsigned) g_ascii_digit_value(g_ascii_isdigit(c) ? c : values[c - 'A']);
}

bool vin_check_digit_is_right(const char *vin)
{
    /* Table IV. */
    static const unsigned weights[VIN_LENGTH] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    unsigned sum = 0;

    for (unsigned i = 0; i < VIN_LENGTH; i++)
        sum += transliterate(vin[i]) * weights[i];
    return vin[CHECK_DIGIT] == "0123456789X"[sum % CHECK_MODULUS];
}

/* Where in a pattern the reader is. */
typedef struct Reader {
    const char *pattern;
    size_t at;
    unsigned open;   /* groups */
    bool repeatable; /* before it stands one character, ".", or "[…]" */
    bool repeated;   /* before it stands a repetition */
} Reader;

G_GNUC_PRINTF(3, 4)
static bool refuse(const Reader *reader, GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "VIN pattern \"%s\", character %zu: %s",
                reader->pattern, reader->at + 1, what);
    return false;
}

static bool is_plain(char c)
{
    return g_ascii_isdigit(c) || g_ascii_isupper(c);
}

/* "[A-HJ-N0-9]" */
static bool read_bracket(Reader *reader, GError **error)
{
    size_t end = reader->at + 1;

    end += reader->pattern[end] == '^';
    while (is_plain(reader->pattern[end]) || reader->pattern[end] == '-')
        end++;
    if (reader->pattern[end] != ']') {
        reader->at = end;
        return refuse(reader, error, "within [ ] stand capital letters, digits and ranges of them");
    }
    reader->at = end + 1;
    reader->repeatable = true;
    reader->repeated = false;
    return true;
}

/* A number up to the length of a VIN. */
static bool read_count(const char *pattern, size_t *at)
{
    unsigned n = 0;
    size_t start = *at;

    for (; g_ascii_isdigit(pattern[*at]) && n <= VIN_LENGTH; (*at)++)
        n = n * 10 + (unsigned) g_ascii_digit_value(pattern[*at]);
    return *at > start && n <= VIN_LENGTH;
}

/* "{6}", "{1,6}", "{3,}" */
static bool read_braces(Reader *reader, GError **error)
{
    const char *pattern = reader->pattern;
    size_t at = reader->at + 1;
    bool good = read_count(pattern, &at);

    if (good && pattern[at] == ',') {
        at++;
        good = pattern[at] == '}' || read_count(pattern, &at);
    }
    if (!good || pattern[at] != '}')
        return refuse(reader, error, "within { } stand one or two numbers up to %d", VIN_LENGTH);
    reader->at = at;
    return true;
}

/* Each repetition of a repetition would double what the expression is compiled to. */
static bool read_repetition(Reader *reader, GError **error)
{
    char c = reader->pattern[reader->at];

    if (reader->repeated)
        return refuse(reader, error, "a repetition is not repeated again");
    if (!reader->repeatable && (c == '+' || c == '{'))
        return refuse(reader, error, "%c repeats one character or [ ], no group; write the group out", c);
    if (c == '{' && !read_braces(reader, error))
        return false;
    reader->at++;
    reader->repeatable = false;
    reader->repeated = true;
    return true;
}

static bool read_piece(Reader *reader, GError **error)
{
    char c = reader->pattern[reader->at];

    if (c == '[')
        return read_bracket(reader, error);
    if (strchr("?*+{", c))
        return read_repetition(reader, error);
    if (g_ascii_islower(c))
        return refuse(reader, error, "letters are capitals");
    if (!is_plain(c) && !strchr(".()|^$", c))
        return refuse(reader, error,
                      "only capital letters, digits and . [ ] ( ) | ? * + { } ^ $ have a meaning here");
    /* Within, each one that is repeated triples the time that the C library takes to compile the rest. */
    if ((c == '^' && reader->at > 0) || (c == '$' && reader->pattern[reader->at + 1]))
        return refuse(reader, error, "^ stands only at the beginning, and $ at the end");
    /* More closed than opened ones would end the group around the whole pattern. */
    if (c == ')' && reader->open == 0)
        return refuse(reader, error, "there is no ( to this )");
    reader->open += c == '(' ? 1 : 0;
    reader->open -= c == ')' ? 1 : 0;
    reader->repeatable = is_plain(c) || c == '.';
    reader->repeated = false;
    reader->at++;
    return true;
}

static bool compile(const char *pattern, regex_t *regex, GError **error)
{
    Reader reader = {.pattern = pattern};
    g_autofree char *whole = g_strconcat("^(", pattern, ")$", NULL);
    char message[200];
    int r;

    if (strlen(pattern) > VIN_PATTERN_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "A VIN pattern has at most %d characters", VIN_PATTERN_MAX);
        return false;
    }
    while (pattern[reader.at])
        if (!read_piece(&reader, error))
            return false;
    r = reader.at > 0 ? regcomp(regex, whole, REG_EXTENDED | REG_NOSUB) : REG_BADPAT;
    if (r == 0)
        return true;
    regerror(r, regex, message, sizeof message);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "VIN pattern \"%s\": %s", pattern,
                reader.at > 0 ? message : "it is empty");
    return false;
}

bool vin_pattern_check(const char *pattern, GError **error)
{
    regex_t regex;

    if (!compile(pattern, &regex, error))
        return false;
    regfree(&regex);
    return true;
}

bool vin_pattern_match(const char *pattern, const char *vin, bool *ret, GError **error)
{
    regex_t regex;

    if (!compile(pattern, &regex, error))
        return false;
    *ret = regexec(&regex, vin, 0, NULL, 0) == 0;
    regfree(&regex);
    return true;
}
