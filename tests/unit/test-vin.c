/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-vin.c: vehicle identification numbers, and which patterns of them are taken. */

#include "coach/vin.h"

#include <string.h>

#include "support.h"

/* Of a standard's examples: its check digit is right. */
#define RIGHT "1M8GDM9AXKP042788"

static void test_parse(void)
{
    static const char *const bad[] = {
        "",
        "1M8GDM9AXKP04278",
        "1M8GDM9AXKP0427888",
        "1M8GDM9AXKP04278O",
        "1M8GDM9AXKP04278I",
        "1M8GDM9AXKP04278q",
        "1M8GDM9AXKP0427*8",
        "1M8GDM9AXKP04278\xc3\xa9",
    };
    char vin[VIN_LENGTH + 1] = "";

    g_assert_true(vin_parse(RIGHT, vin));
    g_assert_cmpstr(vin, ==, RIGHT);
    g_assert_true(vin_parse(" 1m8-gdm9axkp 042788", vin));
    g_assert_cmpstr(vin, ==, RIGHT);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (vin_parse(bad[i], vin))
            g_error("“%s” is no VIN", bad[i]);
    }
    g_assert_cmpstr(vin, ==, RIGHT);
}

/* Whatever one character is changed into, or two neighbours are swapped: 49 CFR 565.15 has a check digit for
 * that. */
static void test_check_digit(void)
{
    char vin[] = RIGHT;

    g_assert_true(vin_check_digit_is_right(RIGHT));
    g_assert_true(vin_check_digit_is_right("11111111111111111"));
    g_assert_true(vin_check_digit_is_right("5GZCZ43D13S812715"));
    vin[16] = '9';
    g_assert_false(vin_check_digit_is_right(vin));
    memcpy(vin, RIGHT, sizeof vin);
    vin[8] = '0';
    g_assert_false(vin_check_digit_is_right(vin));
}

static bool matches(const char *pattern, const char *vin)
{
    g_autoptr(GError) error = NULL;
    bool found = false;

    g_assert_true(vin_pattern_match(pattern, vin, &found, &error));
    g_assert_no_error(error);
    return found;
}

static void test_match(void)
{
    g_assert_true(matches(RIGHT, RIGHT));
    g_assert_true(matches("1M8[A-HJ-N]DM9A.KP[0-9]{6}", RIGHT));
    g_assert_true(matches("^1M8.{6,14}$", RIGHT));
    g_assert_true(matches("(1M8|4UZ).*", RIGHT));
    g_assert_true(matches("1M8(X|G)?D?[^0-8]+[A0-9]+XKP0+4[27]+8{2,}", RIGHT));
    /* The whole number, in each branch. */
    g_assert_false(matches("1M8", RIGHT));
    g_assert_false(matches("1M8|4UZ", RIGHT));
    g_assert_false(matches("4UZ|042788", RIGHT));
    g_assert_false(matches("4UZ.*", RIGHT));
    g_assert_false(matches(".{16}", RIGHT));
}

static void test_bad_patterns(void)
{
    static const char *const patterns[][2] = {
        {"", "it is empty"},
        {"4uz.*", "character 2: letters are capitals"},
        {"4UZ\\1", "character 4: only capital letters"},
        {"4UZ .*", "character 4: only capital letters"},
        {"[A-z]", "character 4: within [ ]"},
        {"[[:alpha:]]", "character 2: within [ ]"},
        {"[A-Z", "character 5: within [ ]"},
        {"[]", "Unmatched ["},
        {"[Z-A]", "Invalid range end"},
        {"(4UZ", "Unmatched ( or \\("},
        {"4UZ)", "character 4: there is no ( to this )"},
        {"A)|(B", "character 2: there is no ( to this )"},
        {"A{18}", "character 2: within { }"},
        {"A{1,18}", "character 2: within { }"},
        {"A{999999999999999999999}", "character 2: within { }"},
        {"A{,3}", "character 2: within { }"},
        {"A{3", "character 2: within { }"},
        {"A{5,3}", "Invalid content of \\{\\}"},
        {"+A", "character 1: + repeats one character"},
        {"(AB)+", "character 5: + repeats one character"},
        {"(AB){3}", "character 5: { repeats one character"},
        {"A++", "character 3: a repetition is not repeated"},
        {"A{17}{17}", "character 6: a repetition is not repeated"},
        {"A*{17}", "character 3: a repetition is not repeated"},
        {"A}", "character 2: only capital letters"},
        {"A|^B", "character 3: ^ stands only at the beginning"},
        {"A$|B", "character 2: ^ stands only at the beginning, and $ at the end"},
        {"(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*(^|$)*",
         "character 2: ^ stands only at the beginning"},
        {"Ä", "character 1: only capital letters"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autoptr(GError) error = NULL;

        if (vin_pattern_check(patterns[i][0], &error))
            g_error("“%s” is no pattern", patterns[i][0]);
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
        if (!strstr(error->message, patterns[i][1]))
            g_error("“%s”: %s", patterns[i][0], error->message);
    }
}

/* Taken on their own, each of these would need time or memory without end. */
static void test_greedy_patterns(void)
{
    g_autofree char *too_long = g_strnfill(VIN_PATTERN_MAX + 1, 'A');
    g_autofree char *longest = g_strnfill(VIN_PATTERN_MAX, '.');
    g_autoptr(GString) nested = g_string_new(NULL), stars = g_string_new(NULL), classes = g_string_new(NULL);

    g_assert_false(vin_pattern_check(too_long, NULL));
    g_assert_true(vin_pattern_check(longest, NULL));
    for (unsigned i = 0; i < VIN_PATTERN_MAX / 4; i++)
        g_string_append_c(nested, '(');
    g_string_append_c(nested, 'A');
    for (unsigned i = 0; i < VIN_PATTERN_MAX / 4; i++)
        g_string_append(nested, "+)");
    g_assert_false(vin_pattern_check(nested->str, NULL));

    for (unsigned i = 0; i < VIN_PATTERN_MAX / 4 - 1; i++)
        g_string_append_c(stars, '(');
    g_string_append_c(stars, 'A');
    for (unsigned i = 0; i < VIN_PATTERN_MAX / 4 - 1; i++)
        g_string_append(stars, "*)");
    g_string_append(stars, "*B");
    g_assert_false(matches(stars->str, RIGHT));
    g_assert_true(matches("(((.*)*)*)*", RIGHT));

    while (classes->len + strlen(".{0,17}") <= VIN_PATTERN_MAX)
        g_string_append(classes, ".{0,17}");
    g_assert_true(matches(classes->str, RIGHT));
}

/* Any text is refused or matched, and never more. */
static void random_case(void)
{
    static const char letters[] = "AB1[]-^.()|?*+{},$3x\\";
    char pattern[30];
    size_t length = below(sizeof pattern);
    g_autoptr(GError) error = NULL;
    bool found;

    for (size_t i = 0; i < length; i++)
        pattern[i] = letters[below(sizeof letters - 1)];
    pattern[length] = 0;
    story_begin();
    story_text("pattern %s", pattern);
    check(vin_pattern_check(pattern, NULL) == vin_pattern_match(pattern, RIGHT, &found, &error));
    check(!error || (error->domain == CONFIG_ERROR && error->code == CONFIG_ERROR_INVALID_DATA));
}

static void test_random(void)
{
    repeat(20000, random_case);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vin/parse", test_parse);
    g_test_add_func("/vin/check-digit", test_check_digit);
    g_test_add_func("/vin/match", test_match);
    g_test_add_func("/vin/bad-patterns", test_bad_patterns);
    g_test_add_func("/vin/greedy-patterns", test_greedy_patterns);
    g_test_add_func("/vin/random", test_random);
    return g_test_run();
}
