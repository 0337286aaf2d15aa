/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-env.h: variables of the old system, from an environment and from files with assignments. Only the
 * few that concern us are kept: such files hold passwords too. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* In the order in which they decide, where they are about the same. */
typedef enum LegacyVariable {
    /* the coach file itself */
    LEGACY_COACH_FILE,         /* COACHIQ_RVC__COACH_MAPPING_PATH */
    LEGACY_COACH_FILE_FLAT,    /* COACHIQ_RVC_COACH_MAPPING_PATH, as it was called for a while */
    LEGACY_COACH_MODEL,        /* COACHIQ_RVC__COACH_MODEL */
    LEGACY_COACH_FILE_OLDEST,  /* RVC_COACH_MAPPING_PATH */
    LEGACY_COACH_MODEL_OLDEST, /* RVC_COACH_MODEL */
    /* folders and files */
    LEGACY_CONFIG_DIR,  /* COACHIQ_RVC__CONFIG_DIR */
    LEGACY_SYSTEM_ROOT, /* COACHIQ_CONFIG_SYSTEM_ROOT */
    LEGACY_USER_ROOT,   /* COACHIQ_CONFIG_USER_ROOT */
    LEGACY_DB_PATH,     /* COACHIQ_CONFIG_DB_PATH */
    LEGACY_DATA_DIR,    /* COACHIQ_PERSISTENCE__DATA_DIR */
    /* settings */
    LEGACY_INTERFACES, /* COACHIQ_CAN__INTERFACE_MAPPINGS */
    LEGACY_VARIABLES,
} LegacyVariable;

/* The values of one source; NULL where it has none. An empty one counts as none, as it did. */
typedef struct LegacyEnv {
    char *values[LEGACY_VARIABLES];
} LegacyEnv;

const char *legacy_variable_name(LegacyVariable variable);

/* Takes what concerns us from "NAME=value" strings. Names compare in any case. */
void legacy_env_read(LegacyEnv *env, char **environment);
/* The same from the text of a file as systemd (EnvironmentFile=), a shell and python-dotenv read it: one
 * assignment a line, "export " before it, comments, values in single or double quotes over several lines,
 * "\" before a character and at the end of a line. Variables are not expanded. A later assignment wins.
 * What is no assignment is passed over. Sets G_FILE_ERROR with the line, as a sentence, for a text that
 * cannot be one, or where a quote is never closed; what was read up to there stays. */
bool legacy_env_parse(LegacyEnv *env, const char *text, size_t length, GError **error);
void legacy_env_clear(LegacyEnv *env);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyEnv, legacy_env_clear)

/* Whether nothing is in it. */
bool legacy_env_is_empty(const LegacyEnv *env);
