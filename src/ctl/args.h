/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* args.h: the command line. Options may stand anywhere; "--" ends them; a negative number is no option. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/term.h"

/* Which verbs take an option. */
typedef enum OptionGroup {
    OPTIONS_GLOBAL = 0,          /* every verb */
    OPTIONS_WRITE = 1 << 0,      /* --expected-revision */
    OPTIONS_EDIT = 1 << 1,       /* --reason, --force */
    OPTIONS_VALUE = 1 << 2,      /* --string, --json-value */
    OPTIONS_PAGE = 1 << 3,       /* --lines, --before */
    OPTIONS_KIND = 1 << 4,       /* --kind */
    OPTIONS_FIND = 1 << 5,       /* what to find */
    OPTIONS_DGNS = 1 << 6,       /* --name, --direction */
    OPTIONS_FULL = 1 << 7,       /* --full */
    OPTIONS_FORCE = 1 << 8,      /* --force alone */
    OPTIONS_NONE = 1 << 9,       /* --none */
    OPTIONS_REASON = 1 << 10,    /* --reason alone */
    OPTIONS_MERGE = 1 << 11,     /* how an update is merged */
    OPTIONS_APPLY = 1 << 12,     /* whether an update is made: --all, --only-clean, --yes */
    OPTIONS_RETENTION = 1 << 13, /* what is kept */
    OPTIONS_OUTPUT = 1 << 14,    /* --output */
    OPTIONS_FILE = 1 << 15,      /* --file */
    OPTIONS_YES = 1 << 16,       /* --yes alone */
    OPTIONS_FORMAT = 1 << 17,    /* --format */
    OPTIONS_EXPORT = 1 << 18,    /* --edits, --at */
    OPTIONS_DRY_RUN = 1 << 19,   /* --dry-run alone */
    OPTIONS_CHOOSE = 1 << 20,    /* --match, --year, --vin */
    OPTIONS_MIGRATE = 1 << 24,   /* --root, --env-file, --dry-run */
} OptionGroup;

#define ARGS_ABSENT UINT64_MAX

typedef struct Args {
    bool help;
    bool version;
    bool json;
    bool no_ask_password;
    bool force;
    bool string;
    bool json_value;
    bool full;
    bool none;
    bool all;
    bool only_clean;
    bool yes;
    bool edits;
    bool dry_run;
    ColorMode color;
    const char *model; /* "" for the active one */
    const char *address;
    const char *socket;
    const char *reason; /* "" when none was given */
    const char *kind;
    const char *dgn;
    const char *instance;
    const char *type;
    const char *area;
    const char *interface;
    const char *text;
    const char *name;
    const char *direction;
    const char *policy;
    const char *output;
    const char *file;
    const char *format;
    const char *root;
    const char *env_file;
    const char *match;
    const char *year;
    const char *vin;
    uint64_t expected_revision; /* numbers: ARGS_ABSENT when not given */
    uint64_t lines;
    uint64_t before;
    uint64_t changes;
    uint64_t days;
    uint64_t backups;
    uint64_t at;
    /* What options that may be repeated were given, word after word; borrowed texts; NULL when not given. */
    GPtrArray *allow;
    GPtrArray *take; /* path, field */
    GPtrArray *keep; /* path, field */
    GPtrArray *set;  /* path, field, value */

    GPtrArray *words; /* what is no option: the verb and its arguments; borrowed texts */
    GPtrArray *given; /* the options given, const OptionSpec * */
} Args;

typedef struct OptionSpec {
    const char *name;
    char letter;          /* 0 for none */
    const char *argument; /* as many words as the option takes, "PATH FIELD"; NULL for a flag; translated */
    const char *help;     /* translated */
    OptionGroup group;
    enum { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_COLOR, OPTION_LIST } kind;
    size_t offset; /* of the member of Args that it sets */
} OptionSpec;

/* All options; ends with one without a name. */
extern const OptionSpec option_specs[];

/* Reads the command line. Sets a G_OPTION_ERROR with a whole sentence and returns false when it cannot be
 * understood. Clear with args_clear() in any case. */
bool args_parse(Args *args, int argc, char **argv, GError **error);

/* Where the last word of a command line stands that is still being typed. */
typedef struct ArgsPlace {
    const OptionSpec *option; /* whose value it is or holds; NULL when it is none */
    unsigned index;           /* which word of that value, from 0 */
    size_t start;             /* where in the word the value begins, behind "--model="; 0 else */
    bool name;                /* it is the name of an option, or the start of one */
} ArgsPlace;

/* Reads a command line as far as it is typed: what is wrong with it is passed over. `words`, without the
 * program's name, ends with NULL; its last word, which may be "", is the one at the cursor. That word is
 * among `args->words` only where it is neither an option nor the value of one. Clear with args_clear(). */
void args_parse_partial(Args *args, char **words, ArgsPlace *place);
void args_clear(Args *args);

/* The first option given that does not belong to these groups; NULL when all do. */
const OptionSpec *args_outside(const Args *args, unsigned groups);

/* "-m, --model=MODEL", "--take PATH FIELD": an option as the help shows it. Free with g_free(). */
char *option_usage(const OptionSpec *spec);
