/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* args.c: the table of options, and the reading of a command line with it. */

#include "ctl/args.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/suggest.h"

#define MEMBER(name) offsetof(Args, name)

const OptionSpec option_specs[] = {
    {"help", 'h', NULL, N_("Show help, also of one verb, and leave"), OPTIONS_GLOBAL, OPTION_FLAG,
     MEMBER(help)},
    {"version", 0, NULL, N_("Show the version and leave"), OPTIONS_GLOBAL, OPTION_FLAG, MEMBER(version)},
    {"model", 'm', N_("MODEL"), N_("Use this model instead of the active one"), OPTIONS_GLOBAL, OPTION_TEXT,
     MEMBER(model)},
    {"json", 'j', NULL, N_("Print JSON, on one line unless on a terminal"), OPTIONS_GLOBAL, OPTION_FLAG,
     MEMBER(json)},
    {"color", 0, N_("WHEN"), N_("Use colour: auto, always or never"), OPTIONS_GLOBAL, OPTION_COLOR,
     MEMBER(color)},
    {"no-ask-password", 0, NULL, N_("Fail rather than ask for a password"), OPTIONS_GLOBAL, OPTION_FLAG,
     MEMBER(no_ask_password)},
    {"socket", 0, N_("PATH"), N_("Talk to the service over its own socket, without a bus"), OPTIONS_GLOBAL,
     OPTION_TEXT, MEMBER(socket)},
    {"address", 0, N_("ADDRESS"), N_("Use the message bus at this D-Bus address"), OPTIONS_GLOBAL,
     OPTION_TEXT, MEMBER(address)},

    {"expected-revision", 0, N_("N"), N_("Write only if the configuration is still at revision N"),
     OPTIONS_WRITE, OPTION_NUMBER, MEMBER(expected_revision)},
    {"reason", 0, N_("TEXT"), N_("Say why; it is kept in the history"), OPTIONS_EDIT | OPTIONS_REASON,
     OPTION_TEXT, MEMBER(reason)},
    {"force", 0, NULL, N_("Also edit device fields that the coach file does not list"),
     OPTIONS_EDIT | OPTIONS_FORCE, OPTION_FLAG, MEMBER(force)},
    {"string", 0, NULL, N_("Take VALUE as text, whatever it looks like"), OPTIONS_VALUE, OPTION_FLAG,
     MEMBER(string)},
    {"json-value", 0, NULL, N_("Take VALUE as JSON, and refuse it if it is not"), OPTIONS_VALUE, OPTION_FLAG,
     MEMBER(json_value)},
    {"lines", 'n', N_("N"), N_("Show at most N (default 50)"), OPTIONS_PAGE, OPTION_NUMBER, MEMBER(lines)},
    {"before", 0, N_("CHANGE"), N_("Begin below this change"), OPTIONS_PAGE, OPTION_NUMBER, MEMBER(before)},
    {"kind", 0, N_("KIND"),
     N_("Only changes of this kind: import, edit, update, undo, reset, restore, remove, migration, activate, interface, "
        "retention"),
     OPTIONS_KIND, OPTION_TEXT, MEMBER(kind)},
    {"dgn", 0, N_("DGN"), N_("Devices at this DGN, in hexadecimal"), OPTIONS_FIND, OPTION_TEXT, MEMBER(dgn)},
    {"instance", 0, N_("N"), N_("Devices at this instance, 0 to 255 or “default”"), OPTIONS_FIND,
     OPTION_TEXT, MEMBER(instance)},
    {"type", 0, N_("TYPE"), N_("Devices of this type, “light”"), OPTIONS_FIND, OPTION_TEXT, MEMBER(type)},
    {"area", 0, N_("AREA"), N_("Devices in this area, “interior.bedroom”"), OPTIONS_FIND, OPTION_TEXT,
     MEMBER(area)},
    {"interface", 0, N_("NAME"), N_("Devices on this logical interface, “house”"), OPTIONS_FIND, OPTION_TEXT,
     MEMBER(interface)},
    {"text", 0, N_("TEXT"), N_("Components that contain this text; the same as TEXT alone"), OPTIONS_FIND,
     OPTION_TEXT, MEMBER(text)},
    {"name", 0, N_("NAME"), N_("Only those whose name contains NAME; the same as NAME alone"), OPTIONS_DGNS,
     OPTION_TEXT, MEMBER(name)},
    {"direction", 0, N_("WORD"), N_("Only of this direction: status, command, request, other"), OPTIONS_DGNS,
     OPTION_TEXT, MEMBER(direction)},
    {"full", 'l', NULL, N_("Do not cut short what is long: columns on a narrow terminal, lists of names"),
     OPTIONS_FULL, OPTION_FLAG, MEMBER(full)},
    {"none", 0, NULL, N_("Make no model the active one"), OPTIONS_NONE, OPTION_FLAG, MEMBER(none)},

    {"match", 0, N_("TEXT"), N_("Only models with all of these words, in any order, “entegra aspire”"),
     OPTIONS_CHOOSE, OPTION_TEXT, MEMBER(match)},
    {"year", 0, N_("YEAR"), N_("Only models of this year, or of years, “2019..2021”"), OPTIONS_CHOOSE,
     OPTION_TEXT, MEMBER(year)},
    {"vin", 0, N_("VIN"), N_("Only models whose VIN pattern this number fits"), OPTIONS_CHOOSE, OPTION_TEXT,
     MEMBER(vin)},

    {"take", 0, N_("PATH FIELD"), N_("Take the vendor's value here; may be repeated"), OPTIONS_MERGE,
     OPTION_LIST, MEMBER(take)},
    {"keep", 0, N_("PATH FIELD"), N_("Keep yours here; may be repeated"), OPTIONS_MERGE, OPTION_LIST,
     MEMBER(keep)},
    {"set", 0, N_("PATH FIELD VALUE"), N_("Have this value here, yours from then on; may be repeated"),
     OPTIONS_MERGE, OPTION_LIST, MEMBER(set)},
    {"policy", 0, N_("POLICY"),
     N_("Decide the rest: keep-mine (default), take-vendor, or manual to refuse while something is open"),
     OPTIONS_MERGE, OPTION_TEXT, MEMBER(policy)},
    {"allow", 0, N_("WHAT"),
     N_("Update although this blocks it: missing-fields, collisions, device-loss; may be repeated"),
     OPTIONS_MERGE, OPTION_LIST, MEMBER(allow)},
    {"all", 0, NULL, N_("Update every imported model that has an update"), OPTIONS_APPLY, OPTION_FLAG,
     MEMBER(all)},
    {"only-clean", 0, NULL, N_("Update only where nobody has to decide anything"), OPTIONS_APPLY,
     OPTION_FLAG, MEMBER(only_clean)},
    {"yes", 'y', NULL, N_("Ask nothing"), OPTIONS_APPLY | OPTIONS_YES, OPTION_FLAG, MEMBER(yes)},

    {"output", 'o', N_("FILE"), N_("Write it to FILE, “-” for standard output"), OPTIONS_OUTPUT, OPTION_TEXT,
     MEMBER(output)},
    {"file", 0, N_("FILE"), N_("Take the backup from FILE, as “backup --output” wrote it"), OPTIONS_FILE,
     OPTION_TEXT, MEMBER(file)},
    {"format", 0, N_("FORMAT"), N_("How the file is written: yaml (default) or json"), OPTIONS_FORMAT,
     OPTION_TEXT, MEMBER(format)},
    {"edits", 0, NULL, N_("Only what you changed, to be imported into the same coach elsewhere"),
     OPTIONS_EXPORT, OPTION_FLAG, MEMBER(edits)},
    {"at", 0, N_("CHANGE"), N_("As it was right after this change"), OPTIONS_EXPORT, OPTION_NUMBER,
     MEMBER(at)},

    {"root", 0, N_("DIR"), N_("The old system lies below DIR, a disk or a copy of it"), OPTIONS_MIGRATE,
     OPTION_TEXT, MEMBER(root)},
    {"env-file", 0, N_("FILE"), N_("Take variables of the old system from FILE too"), OPTIONS_MIGRATE,
     OPTION_TEXT, MEMBER(env_file)},
    {"dry-run", 0, NULL, N_("Show what would be done, and write nothing"), OPTIONS_MIGRATE | OPTIONS_DRY_RUN,
     OPTION_FLAG, MEMBER(dry_run)},

    {"changes", 0, N_("N"), N_("Keep at least the newest N changes"), OPTIONS_RETENTION, OPTION_NUMBER,
     MEMBER(changes)},
    {"days", 0, N_("N"), N_("Keep at least the changes of the last N days"), OPTIONS_RETENTION,
     OPTION_NUMBER, MEMBER(days)},
    {"backups", 0, N_("N"), N_("Keep N automatic backups"), OPTIONS_RETENTION, OPTION_NUMBER,
     MEMBER(backups)},
    {0},
};

static const OptionSpec *spec_by_letter(char letter)
{
    for (const OptionSpec *spec = option_specs; spec->name; spec++) {
        if (spec->letter && spec->letter == letter)
            return spec;
    }
    return NULL;
}

static const OptionSpec *spec_by_name(const char *name, size_t length)
{
    for (const OptionSpec *spec = option_specs; spec->name; spec++) {
        if (strlen(spec->name) == length && strncmp(spec->name, name, length) == 0)
            return spec;
    }
    return NULL;
}

static bool fail_unknown(const char *name, size_t length, GError **error)
{
    g_autofree char *word = g_strndup(name, length);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const OptionSpec *spec = option_specs; spec->name; spec++)
        g_ptr_array_add(names, (void *) spec->name);

    g_autoptr(GPtrArray) close = suggest_close(word, names, 1);
    if (close->len > 0)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                    _("There is no option --%s. Did you mean --%s?"), word, (const char *) close->pdata[0]);
    else
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                    _("There is no option --%s. If it is meant as a value, put “--” before it."), word);
    return false;
}

static bool set_number(const OptionSpec *spec, const char *text, uint64_t *member, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, ARGS_ABSENT - 1, &number, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("--%s takes a number, not “%s”."),
                    spec->name, text);
        return false;
    }
    *member = number;
    return true;
}

static bool set_color(const char *text, ColorMode *member, GError **error)
{
    if (color_mode_parse(text, member))
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                _("--color takes auto, always or never, not “%s”."), text);
    return false;
}

static void add_to_list(GPtrArray **list, const char *text)
{
    if (!*list)
        *list = g_ptr_array_new();
    g_ptr_array_add(*list, (void *) text);
}

/* `text` is the argument, NULL for a flag. */
static bool set_option(Args *args, const OptionSpec *spec, const char *text, GError **error)
{
    void *member = (char *) args + spec->offset;

    g_ptr_array_add(args->given, (void *) spec);
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *) member = true;
        return true;
    case OPTION_TEXT:
        *(const char **) member = text;
        return true;
    case OPTION_NUMBER:
        return set_number(spec, text, member, error);
    case OPTION_COLOR:
        return set_color(text, member, error);
    case OPTION_LIST:
        add_to_list(member, text);
        return true;
    }
    g_assert_not_reached();
}

static unsigned argument_words(const OptionSpec *spec)
{
    unsigned n = 1;

    for (const char *p = spec->argument; *p; p++)
        n += *p == ' ';
    return n;
}

/* Gives the option the words that it needs: `first`, unless NULL, then what stands after it on the command
 * line. */
static bool take_option(Args *args, const OptionSpec *spec, const char *first, char **argv, int *index,
                        GError **error)
{
    if (!spec->argument)
        return set_option(args, spec, NULL, error);
    for (unsigned n = argument_words(spec); n > 0; n--) {
        const char *word = first ? first : argv[*index + 1];

        if (!word) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("--%s needs %s after it."),
                        spec->name, _(spec->argument));
            return false;
        }
        if (!first)
            ++*index;
        first = NULL;
        if (!set_option(args, spec, word, error))
            return false;
    }
    return true;
}

static bool parse_long(Args *args, char **argv, int *index, GError **error)
{
    const char *name = argv[*index] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t) (equals - name) : strlen(name);
    const OptionSpec *spec = spec_by_name(name, length);

    if (!spec)
        return fail_unknown(name, length, error);
    if (!equals || spec->argument)
        return take_option(args, spec, equals ? equals + 1 : NULL, argv, index, error);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("--%s takes no value."), spec->name);
    return false;
}

/* "-jm MODEL", "-n20" */
static bool parse_short(Args *args, char **argv, int *index, GError **error)
{
    const char *word = argv[*index];

    for (const char *letter = word + 1; *letter; letter++) {
        const OptionSpec *spec = spec_by_letter(*letter);

        if (!spec) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                        _("There is no option “%s”. If it is meant as a value, put “--” before it."), word);
            return false;
        }
        if (spec->argument)
            return take_option(args, spec, letter[1] ? letter + 1 : NULL, argv, index, error);
        if (!set_option(args, spec, NULL, error))
            return false;
    }
    return true;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !g_ascii_isdigit(word[1]) && word[1] != '.';
}

/* The bus takes UTF-8 only, and so do JSON and the terminal. */
static bool check_utf8(int argc, char **argv, GError **error)
{
    for (int i = 1; i < argc; i++) {
        if (g_utf8_validate(argv[i], -1, NULL))
            continue;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("Argument %d is not valid UTF-8."),
                    i);
        return false;
    }
    return true;
}

static void args_init(Args *args)
{
    *args = (Args){
        .model = "",
        .reason = "",
        .expected_revision = ARGS_ABSENT,
        .lines = ARGS_ABSENT,
        .before = ARGS_ABSENT,
        .changes = ARGS_ABSENT,
        .days = ARGS_ABSENT,
        .backups = ARGS_ABSENT,
        .at = ARGS_ABSENT,
        .words = g_ptr_array_new(),
        .given = g_ptr_array_new(),
    };
}

bool args_parse(Args *args, int argc, char **argv, GError **error)
{
    bool options_ended = false;

    args_init(args);
    if (!check_utf8(argc, argv, error))
        return false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];

        if (options_ended || !is_option(word))
            g_ptr_array_add(args->words, argv[i]);
        else if (strcmp(word, "--") == 0)
            options_ended = true;
        else if (!(word[1] == '-' ? parse_long(args, argv, &i, error) : parse_short(args, argv, &i, error)))
            return false;
    }
    return true;
}

/* The last word begins with a dash: an option's name, or one with the start of its value. */
static void place_option(const char *word, ArgsPlace *place)
{
    const char *equals = strchr(word, '=');
    bool is_long = g_str_has_prefix(word, "--");
    const OptionSpec *spec = NULL;

    if (is_long && equals)
        spec = spec_by_name(word + 2, (size_t) (equals - word - 2));
    else if (!is_long && word[1] && word[2])
        spec = spec_by_letter(word[1]);
    place->name = !equals && (is_long || !spec);
    if (!spec || !spec->argument)
        return;
    place->option = spec;
    place->start = is_long ? (size_t) (equals - word) + 1 : 2;
}

/* An option before the last word, whose value may reach to it. Returns the index of the last word it took.
 */
static int pass_option(Args *args, char **words, int index, ArgsPlace *place)
{
    const char *word = words[index];
    int end = index;
    bool attached;

    if (word[1] == '-')
        parse_long(args, words, &end, NULL);
    else
        parse_short(args, words, &end, NULL);
    if (words[end + 1] || end == index)
        return end;
    place->option = args->given->pdata[args->given->len - 1];
    attached = word[1] == '-' && strchr(word, '=');
    place->index = (unsigned) (end - index) - (attached ? 0 : 1);
    return end;
}

void args_parse_partial(Args *args, char **words, ArgsPlace *place)
{
    bool options_ended = false;

    args_init(args);
    *place = (ArgsPlace){0};
    for (int i = 0; words[i]; i++) {
        bool last = words[i + 1] == NULL;

        if (last && !options_ended && words[i][0] == '-')
            place_option(words[i], place);
        else if (options_ended || !is_option(words[i]))
            g_ptr_array_add(args->words, words[i]);
        else if (strcmp(words[i], "--") == 0)
            options_ended = true;
        else
            i = pass_option(args, words, i, place);
    }
}

void args_clear(Args *args)
{
    g_clear_pointer(&args->words, g_ptr_array_unref);
    g_clear_pointer(&args->given, g_ptr_array_unref);
    g_clear_pointer(&args->allow, g_ptr_array_unref);
    g_clear_pointer(&args->take, g_ptr_array_unref);
    g_clear_pointer(&args->keep, g_ptr_array_unref);
    g_clear_pointer(&args->set, g_ptr_array_unref);
}

const OptionSpec *args_outside(const Args *args, unsigned groups)
{
    for (unsigned i = 0; i < args->given->len; i++) {
        const OptionSpec *spec = args->given->pdata[i];

        if (spec->group != OPTIONS_GLOBAL && !(spec->group & groups))
            return spec;
    }
    return NULL;
}

char *option_usage(const OptionSpec *spec)
{
    g_autofree char *letter = spec->letter ? g_strdup_printf("-%c, ", spec->letter) : g_strdup("    ");

    if (!spec->argument)
        return g_strconcat(letter, "--", spec->name, NULL);
    return g_strconcat(letter, "--", spec->name, argument_words(spec) > 1 ? " " : "=", _(spec->argument),
                       NULL);
}
