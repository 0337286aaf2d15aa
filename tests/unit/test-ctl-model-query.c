/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-model-query.c: which models are meant by words, years and a VIN. */

#include "ctl/model-query.h"

#include <string.h>

#include "support.h"

#define VIN "1M8GDM9AXKP042788"

static ModelMatch match(const char *words, const char *year, const char *vin, const char *model)
{
    Args args = {.match = words, .year = year, .vin = vin};
    g_autoptr(Value) data = parse(model);
    g_autoptr(GError) error = NULL;
    ModelQuery query;
    ModelMatch found;

    g_assert_true(model_query_init(&query, &args, &error));
    g_assert_no_error(error);
    g_assert_cmpint(model_query_is_empty(&query), ==, !(words && *words) && !year && !vin);
    found = model_query_match(&query, data, &error);
    g_assert_true(!error == (found != MODEL_PATTERN_BAD));
    model_query_clear(&query);
    return found;
}

static void test_words(void)
{
    static const char aspire[] =
        "{\"Id\":\"2021_Entegra_Aspire_44R\",\"Year\":\"2021\",\"Make\":\"Entegra\","
        "\"Model\":\"Aspire\",\"Trim\":\"44R\",\"Notes\":\"One owner's map. Äußerst\"}";

    g_assert_cmpint(match(NULL, NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match("", NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match("entegra aspire", NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match(" 44r,ASPIRE  2021 ", NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match("aspire_44", NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match("map ÄUSSERST", NULL, NULL, aspire), ==, MODEL_MATCHES);
    g_assert_cmpint(match("entegra anthem", NULL, NULL, aspire), ==, MODEL_DIFFERS);
    /* Not across two of the texts. */
    g_assert_cmpint(match("Aspire44R", NULL, NULL, aspire), ==, MODEL_DIFFERS);
    g_assert_cmpint(match("x", NULL, NULL, "{\"Id\":\"y\"}"), ==, MODEL_DIFFERS);
}

static void test_years(void)
{
    static const char one[] = "{\"Id\":\"a\",\"Year\":\"2021\"}",
                      range[] = "{\"Id\":\"a\",\"Year\":\"2018-2020\"}";

    g_assert_cmpint(match(NULL, "2021", NULL, one), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, "2020", NULL, one), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "2019..2021", NULL, one), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, "2022-2023", NULL, one), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "2021..", NULL, one), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, "2022..", NULL, one), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "..2021", NULL, one), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, "..2020", NULL, one), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "2020..2025", NULL, range), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, "2017", NULL, range), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "2021", NULL, "{\"Id\":\"a\",\"Year\":\"\"}"), ==, MODEL_YEAR_UNKNOWN);
    g_assert_cmpint(match(NULL, "2021", NULL, "{\"Id\":\"a\",\"Year\":\"unknown\"}"), ==,
                    MODEL_YEAR_UNKNOWN);
    /* What differs otherwise is not saved by it. */
    g_assert_cmpint(match("b", "2021", NULL, "{\"Id\":\"a\",\"Year\":\"\"}"), ==, MODEL_DIFFERS);
}

static void test_vin(void)
{
    g_assert_cmpint(match(NULL, NULL, VIN, "{\"Id\":\"a\",\"VinPattern\":\"1M8.{14}\"}"), ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, NULL, "1m8gdm9axkp-042788", "{\"Id\":\"a\",\"VinPattern\":\"1M8.{14}\"}"),
                    ==, MODEL_MATCHES);
    g_assert_cmpint(match(NULL, NULL, VIN, "{\"Id\":\"a\",\"VinPattern\":\"4UZ.*\"}"), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, NULL, VIN, "{\"Id\":\"a\"}"), ==, MODEL_PATTERN_NONE);
    g_assert_cmpint(match(NULL, NULL, VIN, "{\"Id\":\"a\",\"VinPattern\":\"(.+)+\"}"), ==,
                    MODEL_PATTERN_BAD);
    g_assert_cmpint(match("b", NULL, VIN, "{\"Id\":\"a\",\"VinPattern\":\"1M8.*\"}"), ==, MODEL_DIFFERS);
    g_assert_cmpint(match(NULL, "2020", VIN, "{\"Id\":\"a\",\"VinPattern\":\"1M8.*\"}"), ==,
                    MODEL_YEAR_UNKNOWN);
}

static void test_bad_queries(void)
{
    static const struct {
        Args args;
        const char *says;
    } rows[] = {
        {{.year = "21"}, "“21” is no year"},     {{.year = ""}, "“” is no year"},
        {{.year = ".."}, "“..” is no year"},     {{.year = "2019-2021.."}, "“2019-2021..” is no year"},
        {{.year = "..2019-2021"}, "is no year"}, {{.year = "2021..2019"}, "“2021..2019” is no year"},
        {{.vin = "1M8"}, "“1M8” is no VIN"},     {{.vin = ""}, "“” is no VIN"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        ModelQuery query;

        g_assert_false(model_query_init(&query, &rows[i].args, &error));
        g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        g_assert_nonnull(strstr(error->message, rows[i].says));
        model_query_clear(&query);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/model-query/words", test_words);
    g_test_add_func("/ctl/model-query/years", test_years);
    g_test_add_func("/ctl/model-query/vin", test_vin);
    g_test_add_func("/ctl/model-query/bad-queries", test_bad_queries);
    return g_test_run();
}
