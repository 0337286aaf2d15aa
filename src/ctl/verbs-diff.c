/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-diff.c: diff: how two configurations differ: models, files, and what was after a change. */

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "coach/coach-text.h"
#include "coach/edits-file.h"
#include "ctl/diff.h"
#include "ctl/intake.h"
#include "ctl/report.h"
#include "ctl/verbs.h"

/* "MODEL@CHANGE" */
#define AT '@'

/* One of the two that are compared. */
typedef struct Side {
    const char *word; /* as the person named it */
    CoachFile *file;
} Side;

static void side_clear(Side *side)
{
    g_clear_pointer(&side->file, coach_file_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

/* As diff(1) has it: 1 says that there are differences, so trouble has another code. */
static int trouble(int code)
{
    return code == EXIT_FAILED ? EXIT_USAGE : code;
}

static int complain(const Ctl *ctl, const GError *error)
{
    ctl_complain(ctl, "%s", error->message);
    return trouble(EXIT_FAILED);
}

/* EXIT_OK or the code to exit with. */
static int take_text(Ctl *ctl, Side *side, const char *text, size_t length, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) data = coach_text_read(text, length, name, &error);

    if (!data)
        return complain(ctl, error);
    if (edits_file_is(data)) {
        ctl_complain(ctl,
                     _("%s has edits, not a coach. “coachiqctl import” shows what they would change before "
                       "it writes."),
                     name ? name : _("Standard input"));
        return trouble(EXIT_FAILED);
    }
    side->file = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, &error);
    if (side->file)
        return EXIT_OK;
    coach_text_prefix_error(&error, name);
    return complain(ctl, error);
}

static int load_file(Ctl *ctl, Side *side)
{
    g_autoptr(GError) error = NULL;
    g_auto(Intake) intake = {0};

    if (!intake_read(&intake, side->word, &error))
        return complain(ctl, error);
    return take_text(ctl, side, intake.text, intake.length, intake.name);
}

/* Takes "MODEL@CHANGE", "@CHANGE", "CHANGE" or "MODEL" apart. */
static bool parse_word(const char *word, char **ret_model, uint64_t *ret_change)
{
    const char *at = strrchr(word, AT);
    const char *number = at ? at + 1 : word;
    bool is_number = g_ascii_string_to_unsigned(number, 10, 0, ARGS_ABSENT - 1, ret_change, NULL);

    if (at && !is_number)
        return false;
    *ret_model = at ? g_strndup(word, (gsize) (at - word)) : g_strdup(is_number ? "" : word);
    if (!is_number)
        *ret_change = OPTION_ABSENT;
    return true;
}

static int fetch(Ctl *ctl, const char *model, uint64_t change, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();

    call_options_text(options, "format", "json");
    call_options_u64(options, "change", change);
    return ctl_client(ctl, error) ? client_call_fd(ctl->client, error, "Export", "sa{sv}", model, options)
                                  : -1;
}

/* Hints are about the model that was asked for. */
static int fail_load(Ctl *ctl, const char *model, const sd_bus_error *error)
{
    const char *named = ctl->args.model;
    int code;

    ctl->args.model = *model ? model : named;
    code = ctl_fail(ctl, error);
    ctl->args.model = named;
    return trouble(code);
}

static int load_model(Ctl *ctl, Side *side)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GMappedFile) file = NULL;
    g_autofree char *model = NULL;
    uint64_t change;
    int fd;

    if (!parse_word(side->word, &model, &change))
        return ctl_usage(ctl, _("“%s” is no model at a change: “MODEL@12” is one."), side->word);
    fd = fetch(ctl, *model ? model : ctl->args.model, change, &error);
    if (fd < 0)
        return fail_load(ctl, model, &error);
    file = g_mapped_file_new_from_fd(fd, FALSE, NULL);
    close(fd);
    if (file)
        return take_text(ctl, side, g_mapped_file_get_contents(file), g_mapped_file_get_length(file), NULL);
    sd_bus_error_set(&error, CLIENT_ERROR_PROTOCOL, "Export");
    return trouble(ctl_fail(ctl, &error));
}

static int load(Ctl *ctl, Side *side)
{
    return intake_is_file(side->word) ? load_file(ctl, side) : load_model(ctl, side);
}

/* {from, to, differences} */
static void print_json(const Ctl *ctl, const Side *from, const Side *to, GPtrArray *diff)
{
    g_autoptr(Value) object = value_new_map();

    value_map_take(&object, "from", value_new_string(from->word));
    value_map_take(&object, "to", value_new_string(to->word));
    value_map_take(&object, "differences", diff_json(diff));
    report_json(ctl, object);
}

static void print_text(const Ctl *ctl, GPtrArray *diff)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *summary = diff_summary(diff);

    diff_append(out, &ctl->out, diff, ctl->args.full);
    ctl_print("%s%s%s", out->str, diff->len > 0 ? "\n" : "", summary);
}

int verb_diff(Ctl *ctl)
{
    g_auto(Side) from = {.word = ctl_argument(ctl, 0)};
    g_auto(Side) to = {.word = ctl_argument(ctl, 1)};
    g_autoptr(GPtrArray) diff = NULL;
    int code;

    if (g_str_equal(from.word, INTAKE_STANDARD_INPUT) && g_str_equal(to.word, INTAKE_STANDARD_INPUT))
        return ctl_usage(ctl, _("Standard input can be read once only."));
    code = load(ctl, &from);
    code = code == EXIT_OK ? load(ctl, &to) : code;
    if (!from.file || !to.file)
        return code;
    diff = diff_components(from.file->components, to.file->components);
    if (ctl->args.json)
        print_json(ctl, &from, &to, diff);
    else
        print_text(ctl, diff);
    return diff->len > 0 ? EXIT_FAILED : EXIT_OK;
}
