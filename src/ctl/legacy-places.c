/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-places.c: the table. */

#include "ctl/legacy-places.h"

#define DATA_DIR "/var/lib/coachiq"

const LegacyPlace legacy_places[] = {
    {PLACE_ENV_FILE, BASE_PROGRAM, ".env"},
    {PLACE_ENV_FILE, BASE_DATA, ".env"},

    {PLACE_DATABASE, BASE_DB_PATH, ""},
    {PLACE_DATABASE, BASE_DATA, "databases/coachiq.db"},
    {PLACE_DATABASE, BASE_DATA, "database/coachiq.db"},

    {PLACE_TOML, BASE_USER, "config-overrides.toml"},
    {PLACE_TOML, BASE_SYSTEM, "config/system.toml"},
    {PLACE_TOML, BASE_SYSTEM, "system.toml"},

    {PLACE_PATCHES, BASE_USER, "user_patches.json"},
    {PLACE_PATCHES, BASE_SYSTEM, "user_patches.json"},

    {PLACE_COACHES, BASE_PROGRAM, "config"},
    {PLACE_COACHES, BASE_PROGRAM, "backend/config"},
    {PLACE_COACHES, BASE_CONFIG, ""},
    {PLACE_COACHES, BASE_SYSTEM, "config/models"},
    {PLACE_COACHES, BASE_PROGRAM, "config/models"},
    {PLACE_COACHES, BASE_DATA, "config/models"},
    {PLACE_COACHES, BASE_DATA, "config"},
    {PLACE_COACHES, BASE_USER, ""},

    {PLACE_REFERENCES, BASE_FIXED, "reference"},
    {PLACE_REFERENCES, BASE_FIXED, "reference/models"},
    {PLACE_REFERENCES, BASE_SYSTEM, "reference"},
    {PLACE_REFERENCES, BASE_SYSTEM, "reference/models"},
    {PLACE_REFERENCES, BASE_DATA, "reference"},
    {PLACE_REFERENCES, BASE_DATA, "reference/models"},
};

const size_t legacy_places_length = G_N_ELEMENTS(legacy_places);

typedef struct BaseRule {
    LegacyVariable variable;
    const char *otherwise; /* NULL: nowhere */
} BaseRule;

static const BaseRule base_rules[] = {
    [BASE_PROGRAM] = {LEGACY_VARIABLES, "."},
    [BASE_SYSTEM] = {LEGACY_SYSTEM_ROOT, DATA_DIR},
    [BASE_USER] = {LEGACY_USER_ROOT, DATA_DIR "/user"},
    [BASE_DATA] = {LEGACY_DATA_DIR, DATA_DIR},
    [BASE_FIXED] = {LEGACY_VARIABLES, DATA_DIR},
    [BASE_CONFIG] = {LEGACY_CONFIG_DIR, NULL},
    [BASE_DB_PATH] = {LEGACY_DB_PATH, NULL},
};

static const char *variable_value(LegacyBase base, const LegacyEnv *env)
{
    LegacyVariable variable = base_rules[base].variable;

    return variable < LEGACY_VARIABLES ? env->values[variable] : NULL;
}

static const char *base_path(LegacyBase base, const LegacyEnv *env)
{
    const char *value = variable_value(base, env);

    return value ? value : base_rules[base].otherwise;
}

char *legacy_place_path(const LegacyPlace *place, const LegacyEnv *env)
{
    const char *base = base_path(place->base, env);

    if (base)
        return g_build_filename(base, *place->path ? place->path : NULL, NULL);
    return place->base == BASE_DB_PATH ? g_build_filename(base_path(BASE_USER, env), "coachiq.db", NULL)
                                       : NULL;
}

const char *legacy_place_variable(const LegacyPlace *place, const LegacyEnv *env)
{
    /* The roots have other things too, and need not have these. */
    return !base_rules[place->base].otherwise && variable_value(place->base, env)
               ? legacy_variable_name(base_rules[place->base].variable)
               : NULL;
}
