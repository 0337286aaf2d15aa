/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-import.c: import: a model that ships, or a file: of a new coach, of another release of a known one,
 * or of edits. */

#include <glib/gi18n.h>
#include <unistd.h>

#include "base/text.h"
#include "coach/coach-id.h"
#include "coach/edits-file.h"
#include "ctl/ask.h"
#include "ctl/diff.h"
#include "ctl/format.h"
#include "ctl/intake.h"
#include "ctl/merge.h"
#include "ctl/models.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/update.h"
#include "ctl/verbs.h"

/* A file on its way in. */
typedef struct Import {
    Ctl *ctl;
    Intake intake;
    int fd; /* what the service gets of it */
    CoachFile *coach;
    EditsFile *edits; /* one of the two */
    char *model;      /* which one it is for */
    Value *models;    /* all that are known */
    int64_t revision; /* at which the configuration was looked at */
} Import;

static void import_clear(Import *import)
{
    intake_clear(&import->intake);
    if (import->fd >= 0)
        close(import->fd);
    g_clear_pointer(&import->coach, coach_file_free);
    g_clear_pointer(&import->edits, edits_file_free);
    g_clear_pointer(&import->model, g_free);
    g_clear_pointer(&import->models, value_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

static bool read_file(Import *import, const char *path, GError **error)
{
    const char *name;
    g_autoptr(Value) data = NULL;

    if (!intake_read(&import->intake, path, error))
        return false;
    name = import->intake.name;
    data = coach_text_read(import->intake.text, import->intake.length, name, error);
    if (!data)
        return false;
    if (edits_file_is(data))
        import->edits = edits_file_parse(data, error);
    else
        import->coach = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, error);
    if (!import->edits && !import->coach) {
        coach_text_prefix_error(error, name);
        return false;
    }
    import->fd = intake_descriptor(&import->intake, error);
    return import->fd >= 0;
}

static bool say_nothing_written(const Ctl *ctl)
{
    if (!ctl->args.json)
        ctl_print(_("Nothing was written."));
    return false;
}

static bool may_write(const Ctl *ctl)
{
    if (ctl->args.dry_run)
        return false;
    return !ask_is_possible(ctl) || ask_yes(_("Import it? (y)es or (n)o, by default no:")) ||
           say_nothing_written(ctl);
}

static int not_written(const Ctl *ctl)
{
    return ctl->args.dry_run ? EXIT_OK : EXIT_FAILED;
}

/* "Imported", with what the service made of it. */
static int report_import(const Ctl *ctl, const Import *import, const Value *reply)
{
    g_autofree char *model = text_clean(item_text(reply, 0));
    g_autofree char *file = text_clean(intake_title(&import->intake));
    uint64_t change = (uint64_t) item_number(reply, 1);

    if (ctl->args.json) {
        g_autoptr(Value) result = value_new_map();

        value_map_set(&result, "model", value_list_item(reply, 0));
        value_map_take(&result, "change", value_new_integer((int64_t) change));
        return report_json(ctl, result);
    }
    if (import->edits)
        return report_undoable(ctl, import->revision, change, _("Imported the edits in %s into %s"), file,
                               model);
    return report_undoable(ctl, import->revision, change, _("Imported %s as %s"), file, model);
}

/* As it was looked at; other writers are told of, not overwritten. */
static int send_file(Import *import)
{
    Ctl *ctl = import->ctl;
    bool named = ctl->args.expected_revision != ARGS_ABSENT;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = ctl_write_options(ctl);
    g_autoptr(Value) reply = NULL;

    if (!named && ask_is_possible(ctl))
        call_options_u64(options, "expected-revision", (uint64_t) import->revision);
    call_options_text(options, "name", import->intake.name);
    call_options_text(options, "reason", *ctl->args.reason ? ctl->args.reason : NULL);
    reply = ctl_command(ctl, &error, "ImportFile", "st", options, "hs", import->fd, import->model);
    if (reply)
        return report_import(ctl, import, reply);
    return named ? ctl_fail(ctl, &error)
                 : ctl_fail_as(ctl, &error, SERVICE_ERROR "Conflict", CLIENT_ERROR_MEANWHILE);
}

/* What only a release of a known coach has to do with. */
static int check_no_choices(Ctl *ctl, const char *sentence)
{
    const Args *args = &ctl->args;

    return args->take || args->keep || args->set || args->policy || args->allow
               ? ctl_usage(ctl, "%s", sentence)
               : EXIT_OK;
}

/* A new coach */

static char *coach_title(const CoachFile *coach)
{
    const char *const parts[] = {coach->info.year, coach->info.make, coach->info.model, coach->info.trim};
    GString *title = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (*parts[i])
            g_string_append_printf(title, "%s%s", title->len > 0 ? " " : "", parts[i]);
    }
    return g_string_free(title, FALSE);
}

/* {model, version, devices, components} */
static void report_new(const Import *import)
{
    g_autoptr(Value) object = value_new_map();

    value_map_take(&object, "model", value_new_string(import->model));
    value_map_take(&object, "version", value_new_string(import->coach->version));
    value_map_take(&object, "devices", value_new_integer(import->coach->n_devices));
    value_map_take(&object, "components", value_new_integer(import->coach->components->len));
    report_json(import->ctl, object);
}

/* A file that is named otherwise than its coach would become a coach of its own beside it. */
static void show_namesakes(const Import *import, const char *title)
{
    VALUE_FOREACH_ITEM (model, import->models) {
        g_autofree char *other = models_title(model);
        g_autofree char *word = text_shell_word(dict_text(model, "Id"));
        g_autofree char *clean = text_clean(word);

        if (*title && g_str_equal(other, title))
            ctl_print(_("%s is called so too: --model %s imports the file as a release of that one."), clean,
                      clean);
    }
}

static void show_coach(const Import *import)
{
    const Ctl *ctl = import->ctl;
    const CoachFile *coach = import->coach;
    g_autofree char *model = term_styled(&ctl->out, STYLE_STRONG, import->model);
    g_autofree char *raw_title = coach_title(coach);
    g_autofree char *title = text_clean(raw_title);
    g_autofree char *version = text_clean(coach->version);
    g_autofree char *devices = g_strdup_printf("%u", coach->n_devices);
    g_autofree char *components = g_strdup_printf("%u", coach->components->len);
    const ReportRow rows[] = {{_("name"), title},
                              {_("version"), version},
                              {_("devices"), devices},
                              {_("components"), components},
                              {0}};

    if (ctl->args.json && ctl->args.dry_run)
        report_new(import);
    if (ctl->args.json)
        return;
    ctl_print(_("A coach that is new here: %s"), model);
    report_rows(rows);
    show_namesakes(import, raw_title);
}

static int import_new(Import *import)
{
    Ctl *ctl = import->ctl;
    int code = check_no_choices(
        ctl, _("The coach is new here, so there is nothing to decide: --take, --keep, --set, --policy and "
               "--allow are for a release of a known one."));

    if (code != EXIT_OK)
        return code;
    /* Any map reads as a coach file, also one of another program. */
    if (import->coach->n_devices == 0 && !ctl->args.force) {
        ctl_complain(ctl,
                     _("%s has no devices, so it is hardly a coach file; --force imports it all the same."),
                     intake_title(&import->intake));
        return EXIT_FAILED;
    }
    show_coach(import);
    return may_write(ctl) ? send_file(import) : not_written(ctl);
}

/* A release */

/* {model, installed, file} */
static Value *release_object(const Preview *preview)
{
    Value *object = value_new_map();

    value_map_take(&object, "model", value_new_string(preview->model));
    value_map_take(&object, "installed", value_new_string(preview->installed));
    value_map_take(&object, "file", value_new_string(preview->bundled));
    return object;
}

/* The file says what is there: nobody has to be asked for that. */
static int say_same(const Import *import)
{
    g_autofree char *model = text_clean(import->model);
    g_autofree char *file = text_clean(intake_title(&import->intake));

    if (!import->ctl->args.json)
        ctl_print(_("%s says what %s has already, so there is nothing to import."), file, model);
    return EXIT_OK;
}

/* What it would do, with the options that decide. */
static int show_release(const Import *import, Update *update)
{
    const Ctl *ctl = import->ctl;
    g_autofree char *model = text_shell_word(import->model);
    g_autofree char *file =
        text_shell_word(import->intake.name ? import->intake.name : INTAKE_STANDARD_INPUT);
    g_autofree char *clean_model = text_clean(model);
    g_autofree char *clean_file = text_clean(file);

    value_map_take(&update->report, "verdict", value_new_string(update->preview.verdict));
    value_map_set(&update->report, "counts", update->preview.counts);
    value_map_set(&update->report, "items", update->preview.items);
    if (ctl->args.json)
        return EXIT_OK;
    update_print_head(ctl, &update->preview);
    update_print_body(ctl, &update->preview, true);
    ctl_print(_("\n“coachiqctl import %s --model %s” does it, and takes these options."), clean_file,
              clean_model);
    return EXIT_OK;
}

static int run_release(Import *import, Update *update)
{
    const Value *model = models_find(import->models, import->model);
    int code;

    if (g_str_equal(dict_text(model, "ImportedHash"), import->coach->content_hash))
        return say_same(import);
    code = merge_preview(import->ctl, &update->preview);
    if (code != EXIT_OK)
        return code;
    return import->ctl->args.dry_run ? show_release(import, update) : update_run(update);
}

static int import_release(Import *import)
{
    Ctl *ctl = import->ctl;
    const PreviewFile file = {.fd = import->fd, .name = import->intake.name};
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_auto(Update) update = {.ctl = ctl};
    int code;

    ctl->args.model = import->model;
    if (!merge_begin(ctl, &update.preview, &error))
        return ctl_fail(ctl, &error);
    g_free(update.preview.bundled);
    update.preview.bundled = g_strdup(import->coach->version);
    update.preview.file = &file;
    update.report = release_object(&update.preview);
    code = run_release(import, &update);
    if (ctl->args.json && code == EXIT_OK)
        report_json(ctl, update.report);
    return code;
}

/* Edits */

static void add_wish(GPtrArray *diff, const char *path, Value *here, const Override *wish)
{
    g_autoptr(Value) before = here ? component_view_field(path, here, wish->field) : NULL;

    if (!*wish->field)
        diff_add(diff, path, here, wish->value);
    else if (!value_equal(before, wish->value))
        diff_add_field(diff, path, wish->field, before, wish->value);
}

/* What the edits of the file would change in what is here. */
static GPtrArray *diff_edits(const Import *import, const Value *mappings)
{
    g_autoptr(GHashTable) here =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) value_unref);
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(import->edits->overrides), text_compare);
    GPtrArray *diff = diff_new();

    VALUE_FOREACH_ITEM (mapping, mappings) {
        const char *path = item_text(mapping, 0);

        if (g_hash_table_contains(import->edits->overrides, path))
            g_hash_table_insert(here, (void *) path, format_parse(item_text(mapping, 1)));
    }
    for (GList *l = paths; l; l = l->next) {
        GPtrArray *wishes = g_hash_table_lookup(import->edits->overrides, l->data);

        for (unsigned i = 0; i < wishes->len; i++)
            add_wish(diff, l->data, g_hash_table_lookup(here, l->data), wishes->pdata[i]);
    }
    return diff;
}

/* {model, differences} */
static void report_edits(const Import *import, GPtrArray *diff)
{
    g_autoptr(Value) object = value_new_map();

    value_map_take(&object, "model", value_new_string(import->model));
    value_map_take(&object, "differences", diff_json(diff));
    report_json(import->ctl, object);
}

static void show_edits(const Import *import, GPtrArray *diff)
{
    const Ctl *ctl = import->ctl;
    const Value *model = models_find(import->models, import->model);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *name = term_styled(&ctl->out, STYLE_STRONG, import->model);
    g_autofree char *theirs = text_clean(import->edits->version);
    g_autofree char *ours = text_clean(dict_text(model, "ImportedVersion"));
    g_autofree char *summary = diff_summary(diff);

    if (ctl->args.json && ctl->args.dry_run)
        report_edits(import, diff);
    if (ctl->args.json)
        return;
    ctl_print(_("Edits of %s, made on version %s"), name, theirs);
    if (*ours && !g_str_equal(ours, theirs))
        ctl_print(_("Here it is version %s; what is not edited stays as it is here."), ours);
    diff_append(out, &ctl->out, diff, ctl->args.full);
    ctl_print("%s%s", out->str, summary);
}

static int import_edits(Import *import)
{
    Ctl *ctl = import->ctl;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) mappings = NULL;
    g_autoptr(GPtrArray) diff = NULL;
    int code = check_no_choices(
        ctl,
        _("The file has edits, which win over what is here: --take, --keep, --set, --policy and --allow "
          "are for a release of a coach."));

    if (code != EXIT_OK)
        return code;
    ctl->args.model = import->model;
    mappings = paths_mappings(ctl, "", &error);
    if (!mappings)
        return ctl_fail(ctl, &error);
    diff = diff_edits(import, mappings);
    show_edits(import, diff);
    return may_write(ctl) ? send_file(import) : not_written(ctl);
}

/* Which model */

/* One that differs in case only is the known one, unless several do. As the service does it. */
static char *known_id(const Value *models, const char *id)
{
    const char *found = id;
    unsigned n = 0;

    VALUE_FOREACH_ITEM (model, models) {
        const char *known = dict_text(model, "Id");

        if (g_str_equal(known, id))
            return g_strdup(id);
        if (g_ascii_strcasecmp(known, id) == 0) {
            found = known;
            n++;
        }
    }
    return g_strdup(n == 1 ? found : id);
}

static int find_model(Import *import)
{
    Ctl *ctl = import->ctl;
    g_autofree char *guess = NULL;

    if (*ctl->args.model) {
        import->model = known_id(import->models, ctl->args.model);
        return EXIT_OK;
    }
    guess =
        import->edits ? g_strdup(import->edits->model) : coach_id_new(import->coach, import->intake.name);
    if (!*guess)
        return ctl_usage(ctl, _("%s does not say which coach it is: name it with --model."),
                         intake_title(&import->intake));
    import->model = known_id(import->models, guess);
    return EXIT_OK;
}

/* What is known, and as of when. */
static bool look_around(Import *import, sd_bus_error *error)
{
    Ctl *ctl = import->ctl;
    g_autoptr(Value) properties = NULL;

    g_clear_pointer(&import->models, value_unref);
    properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
    import->revision = dict_number(properties, "Revision");
    import->models = properties ? models_list(ctl, error) : NULL;
    return import->models != NULL;
}

/* A model that ships comes in with the first read; then there is something to merge with. */
static bool read_first(Import *import, sd_bus_error *error)
{
    const Value *known = models_find(import->models, import->model);
    g_autoptr(CallOptions) options = NULL;
    g_autoptr(Value) reply = NULL;

    if (!known || dict_flag(known, "Imported"))
        return true;
    options = call_options_new();
    call_options_u32(options, "limit", 1);
    reply = ctl_call(import->ctl, error, "GetMappings", "a(ssst)s", options, "s", import->model);
    return reply && look_around(import, error);
}

static int import_what_it_is(Import *import)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

    if (!read_first(import, &error))
        return ctl_fail(import->ctl, &error);
    if (import->edits)
        return import_edits(import);
    return models_find(import->models, import->model) ? import_release(import) : import_new(import);
}

static int import_file(Ctl *ctl, const char *word)
{
    g_auto(Import) import = {.ctl = ctl, .fd = -1};
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GError) why = NULL;
    int code = merge_check_options(ctl);

    if (code != EXIT_OK)
        return code;
    if (!read_file(&import, word, &why)) {
        ctl_complain(ctl, "%s", why->message);
        return EXIT_FAILED;
    }
    if (!look_around(&import, &error))
        return ctl_fail(ctl, &error);
    code = find_model(&import);
    code = code == EXIT_OK ? import_what_it_is(&import) : code;
    /* The text goes with the import. */
    ctl->args.model = "";
    return code;
}

/* Import of what ships: a model, options, a change. */
static int import_bundled(Ctl *ctl, const char *model)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(CallOptions) options = call_options_new();
    g_autofree char *subject = text_clean(model);
    uint64_t before, change;
    int code = check_no_choices(ctl, _("--take, --keep, --set, --policy and --allow are for a file."));

    if (code != EXIT_OK)
        return code;
    if (ctl->args.force || *ctl->args.reason || *ctl->args.model || ctl->args.dry_run)
        return ctl_usage(ctl, _("--model, --reason, --force and --dry-run are for a file."));
    call_options_u64(options, "expected-revision", ctl->args.expected_revision);
    if (!report_revision(ctl, &before, &error) ||
        !ctl_write(ctl, &error, &change, "Import", options, "s", model))
        return ctl_fail(ctl, &error);
    return report_change(ctl, before, change, _("Imported %s"), subject);
}

int verb_import(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);

    return intake_is_file(word) ? import_file(ctl, word) : import_bundled(ctl, word);
}
