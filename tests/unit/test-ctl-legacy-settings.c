/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-ctl-legacy-settings.c: interfaces and models as the old system had them written. */

#include "ctl/legacy-settings.h"

#include "base/error.h"
#include "base/json.h"

static void test_interfaces(void)
{
    static const struct {
        const char *text, *json; /* NULL: an error */
    } rows[] = {
        {"{\"house\": \"can1\", \"chassis\": \"can0\"}", "{\"house\":\"can1\",\"chassis\":\"can0\"}"},
        {" {} ", "{}"},
        {"house:can0", "{\"house\":\"can0\"}"},
        {"house=can0, chassis = can1", "{\"house\":\"can0\",\"chassis\":\"can1\"}"},
        {"house:can0,chassis=can1,", "{\"house\":\"can0\",\"chassis\":\"can1\"}"},
        /* the first separator that is a colon counts, as it did */
        {"a=b:c", "{\"a=b\":\"c\"}"},
        {"house:can0,house:can1", "{\"house\":\"can1\"}"},
        {"", NULL},
        {"can0", NULL},
        {"house:can0,can1", NULL},
        {":can0", NULL},
        {"house:", NULL},
        {"{\"house\": 1}", NULL},
        {"{\"house\": \"\"}", NULL},
        {"{\"house\": \"can0\", \"house\": \"can1\"}", NULL},
        {"{house: can0}", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) map = legacy_settings_interfaces(rows[i].text, &error);
        g_autofree char *json = map ? json_format(map) : NULL;

        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(json, ==, rows[i].json);
        if (!rows[i].json)
            g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    }
}

static void test_model(void)
{
    static const struct {
        const char *text, *model;
    } rows[] = {
        {"2021_Entegra_Aspire_44R", "2021_Entegra_Aspire_44R"},
        {" 2021 Entegra Aspire 44R ", "2021_Entegra_Aspire_44R"},
        {"2021_Entegra_Aspire_44R.yml", "2021_Entegra_Aspire_44R"},
        {"2021_entegra.YAML", "2021_entegra"},
        {"/srv/config/My Coach.yml", "My_Coach"},
        {"coach_mapping.default.yml", "coach_mapping.default"},
        {"coach.v2", "coach.v2"},
        {"", NULL},
        {" ", NULL},
        {"/", NULL},
        {".yml", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *model = legacy_settings_model(rows[i].text);

        g_assert_cmpstr(model, ==, rows[i].model);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/legacy-settings/interfaces", test_interfaces);
    g_test_add_func("/ctl/legacy-settings/model", test_model);
    return g_test_run();
}
