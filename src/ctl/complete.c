/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* complete.c: what the words of a command line are, and what can stand in their places. */

#include "ctl/complete.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/verbs.h"

/* One kind of word in the usage of verbs and options. Those that say whose they are come first. */
typedef struct WordRow {
    const char *owner; /* NULL: any */
    const char *word;
    unsigned kinds;
    const char *words;
} WordRow;

static const WordRow word_rows[] = {
    {"--socket", "PATH", COMPLETE_FILE, ""},
    {"--before", "CHANGE", COMPLETE_CHANGE, ""},
    {"--expected-revision", "N", COMPLETE_REVISION, ""},
    {"--instance", "N", COMPLETE_INSTANCE, "default"},
    {"--color", "WHEN", 0, "auto always never"},
    {"--kind", "KIND", 0,
     "import edit update undo reset restore remove migration activate interface retention"},
    {"--format", "FORMAT", 0, "yaml json"},
    {"--direction", "WORD", 0, "status command request other"},
    {"--policy", "POLICY", 0, "keep-mine take-vendor manual"},
    {"--allow", "WHAT", 0, "missing-fields collisions device-loss"},
    {"--match", "TEXT", COMPLETE_COACH, ""},
    {"--type", "TYPE", COMPLETE_TYPE, ""},
    {"--area", "AREA", COMPLETE_AREA, ""},
    {"--interface", "NAME", COMPLETE_LOGICAL, ""},
    {"diff", "FROM", COMPLETE_MODEL | COMPLETE_FILE | COMPLETE_CHANGE, ""},
    {"diff", "TO", COMPLETE_MODEL | COMPLETE_FILE | COMPLETE_CHANGE, ""},
    {"edit", "PATH", COMPLETE_PATH, "devices"},
    {"show", "PATH", COMPLETE_PATH | COMPLETE_SECTION, ""},
    {"reset", "FIELD", COMPLETE_EDITED, ""},
    {"resource", "NAME", COMPLETE_RESOURCE, ""},

    {NULL, "MODEL", COMPLETE_MODEL, ""},
    {NULL, "PATH", COMPLETE_PATH, ""},
    {NULL, "SCOPE", COMPLETE_PATH | COMPLETE_SECTION, ""},
    {NULL, "FIELD", COMPLETE_FIELD, ""},
    {NULL, "VALUE", COMPLETE_VALUE, ""},
    {NULL, "CHANGE", COMPLETE_CHANGE, ""},
    {NULL, "ID", COMPLETE_BACKUP, ""},
    {NULL, "LOGICAL", COMPLETE_LOGICAL, ""},
    {NULL, "PHYSICAL", COMPLETE_PHYSICAL, ""},
    {NULL, "DGN", COMPLETE_DGN, ""},
    {NULL, "INSTANCE", COMPLETE_INSTANCE, ""},
    {NULL, "FILE", COMPLETE_FILE, ""},
    {NULL, "DIR", COMPLETE_FOLDER, ""},
    {NULL, "VERB", COMPLETE_VERB, ""},
    {NULL, "YEAR", COMPLETE_YEAR, ""},
    /* Anybody's guess. */
    {NULL, "VIN", 0, ""},
    {NULL, "N", 0, ""},
    {NULL, "TEXT", 0, ""},
    {NULL, "NAME", 0, ""},
    {NULL, "DATA", 0, ""},
    {NULL, "ADDRESS", 0, ""},
};

static const WordRow *find_row(const char *owner, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(word_rows); i++) {
        const WordRow *row = &word_rows[i];

        if ((!row->owner || g_str_equal(row->owner, owner)) && g_str_equal(row->word, word))
            return row;
    }
    return NULL;
}

/* "MODEL|--none": each alternative that is no option adds its part. */
static bool kinds_of_word(const char *owner, const char *word, unsigned *kinds, const char **ret_words)
{
    g_auto(GStrv) alternatives = g_strsplit(word, "|", -1);

    for (unsigned i = 0; alternatives[i]; i++) {
        const WordRow *row = *alternatives[i] == '-' ? NULL : find_row(owner, alternatives[i]);

        if (row) {
            *kinds |= row->kinds;
            *ret_words = row->words;
        } else if (*alternatives[i] != '-') {
            return false;
        }
    }
    return true;
}

bool complete_kinds(const char *owner, const char *arguments, unsigned index, unsigned *ret_kinds,
                    const char **ret_words)
{
    g_autofree char *bare = g_strdelimit(g_strdup(arguments), "[]…", ' ');
    g_auto(GStrv) words = g_strsplit(bare, " ", -1);

    *ret_kinds = 0;
    *ret_words = "";
    for (unsigned i = 0; words[i]; i++) {
        if (*words[i] && index-- == 0)
            return kinds_of_word(owner, words[i], ret_kinds, ret_words);
    }
    return true;
}

static void add_verbs(Candidates *candidates)
{
    for (const Verb *verb = verbs; verb->name; verb++) {
        if (verb->family != FAMILY_HIDDEN)
            candidates_add(candidates, verb->name, _(verb->summary));
    }
}

static bool is_given(const Args *args, const OptionSpec *spec)
{
    return spec->kind != OPTION_LIST && g_ptr_array_find(args->given, spec, NULL);
}

/* Those of the verb, if there is one, and those that every verb takes. */
static void add_options(const Args *args, const Verb *verb, Candidates *candidates)
{
    unsigned groups = verb ? verb->options : 0;

    for (const OptionSpec *spec = option_specs; spec->name; spec++) {
        bool assigns = spec->argument && !strchr(spec->argument, ' ');
        g_autofree char *name = g_strconcat("--", spec->name, assigns ? "=" : "", NULL);

        if ((spec->group == OPTIONS_GLOBAL || spec->group & groups) && !is_given(args, spec))
            candidates_add(candidates, name, _(verb_option_help(verb, spec)));
    }
}

/* The words of which the one at the cursor is the last, and that it may have to do with. */
typedef struct Before {
    char **words;
    unsigned count;
} Before;

static const char *before_word(const Before *before, unsigned index)
{
    return index < before->count ? before->words[index] : "";
}

static void add_kinds(Ctl *ctl, unsigned kinds, const Before *before, Candidates *candidates)
{
    const char *first = before_word(before, 0);

    if (kinds & COMPLETE_VERB)
        add_verbs(candidates);
    if (kinds & COMPLETE_MODEL)
        complete_models(ctl, candidates);
    if (kinds & COMPLETE_SECTION)
        complete_sections(ctl, candidates);
    if (kinds & COMPLETE_PATH)
        complete_paths(ctl, candidates);
    if (kinds & (COMPLETE_FIELD | COMPLETE_EDITED))
        complete_fields(ctl, candidates, first, kinds & COMPLETE_EDITED);
    if (kinds & COMPLETE_VALUE)
        complete_values(ctl, candidates, first, before_word(before, 1));
    if (kinds & COMPLETE_INSTANCE)
        complete_instances(ctl, candidates, *first ? first : ctl->args.dgn);
    if (kinds & COMPLETE_PHYSICAL)
        complete_physical(candidates);
}

/* Those that are lists of the service's. */
static void add_lists(Ctl *ctl, unsigned kinds, Candidates *candidates)
{
    static const struct {
        CompleteKind kind;
        void (*add)(Ctl *ctl, Candidates *candidates);
    } lists[] = {
        {COMPLETE_CHANGE, complete_changes},     {COMPLETE_BACKUP, complete_backups},
        {COMPLETE_LOGICAL, complete_logical},    {COMPLETE_DGN, complete_dgns},
        {COMPLETE_TYPE, complete_types},         {COMPLETE_AREA, complete_areas},
        {COMPLETE_RESOURCE, complete_resources}, {COMPLETE_REVISION, complete_revision},
        {COMPLETE_COACH, complete_coaches},      {COMPLETE_YEAR, complete_years},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (kinds & lists[i].kind)
            lists[i].add(ctl, candidates);
    }
}

static unsigned add_word(Ctl *ctl, const char *owner, const char *arguments, unsigned index,
                         const Before *before, Candidates *candidates)
{
    const char *words;
    unsigned kinds;

    if (!complete_kinds(owner, arguments, index, &kinds, &words))
        return 0;
    candidates_add_words(candidates, words);
    add_kinds(ctl, kinds, before, candidates);
    add_lists(ctl, kinds, candidates);
    return kinds & (COMPLETE_FILE | COMPLETE_FOLDER);
}

/* The words of the option that stand before the one at the cursor. */
static Before option_words(const Args *args, const ArgsPlace *place)
{
    const OptionSpec *spec = place->option;
    const GPtrArray *list =
        spec->kind == OPTION_LIST ? *(GPtrArray *const *) ((const char *) args + spec->offset) : NULL;

    /* The last one is being typed. */
    if (!list || place->index == 0 || list->len <= place->index)
        return (Before){0};
    return (Before){(char **) list->pdata + list->len - 1 - place->index, place->index};
}

unsigned complete_line(Ctl *ctl, char **words, Candidates *candidates)
{
    const char *word = words[g_strv_length(words) - 1];
    const Verb *verb = NULL;
    GPtrArray *arguments;
    ArgsPlace place;

    args_parse_partial(&ctl->args, words, &place);
    candidates_init(candidates, word, place.start);
    arguments = ctl->args.words;
    if (arguments->len > 1 || place.name || place.option)
        verb = arguments->len > 0 ? verb_find(arguments->pdata[0]) : NULL;

    if (place.option) {
        Before before = option_words(&ctl->args, &place);
        g_autofree char *owner = g_strconcat("--", place.option->name, NULL);

        return add_word(ctl, owner, place.option->argument, place.index, &before, candidates);
    }
    if (place.name) {
        add_options(&ctl->args, verb, candidates);
        return 0;
    }
    if (arguments->len == 1)
        add_verbs(candidates);
    if (!verb || arguments->len < 2)
        return 0;

    Before before = {(char **) arguments->pdata + 1, arguments->len - 2};
    return add_word(ctl, verb->name, verb->arguments, arguments->len - 2, &before, candidates);
}
