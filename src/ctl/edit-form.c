/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edit-form.c: fetching what is edited, and its text. */

#include "ctl/edit-form.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "coach/path.h"
#include "ctl/explain.h"
#include "ctl/format.h"
#include "ctl/paths.h"

/* Pages of one reading that are of different revisions are read again; somebody is very busy after that. */
#define READ_ROUNDS_MAX 10

void edit_form_clear(EditForm *form)
{
    g_clear_pointer(&form->file, g_free);
    g_clear_pointer(&form->text, g_free);
    g_clear_pointer(&form->title, g_free);
    g_clear_pointer(&form->shown, value_unref);
    g_clear_pointer(&form->sheet, sheet_free);
}

/* A list of the coach file's own rules, joined; NULL where there is none. */
static char *rule_text(const Value *metadata, const char *rule)
{
    GString *text = g_string_new(NULL);

    VALUE_FOREACH_ITEM (item, value_map_get(metadata, rule)) {
        if (value_is_string(item))
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", value_string(item));
    }
    return g_string_free(text, text->len == 0);
}

/* The coach file's section of that name; NULL where it has none, and where it cannot be had now. */
static Value *fetch_metadata(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply =
        ctl_call(ctl, &error, "GetMapping", "sst", NULL, "ss", ctl->args.model, "file_metadata");

    return reply ? format_parse(item_text(reply, 0)) : NULL;
}

/* What was edited before, field by field. */
static void append_edited(GString *out, const Value *explanation)
{
    g_autoptr(GHashTable) remarks = explain_remarks(explanation);

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        const char *name = dict_text(field, "field");
        const char *remark = g_hash_table_lookup(remarks, name);
        g_autofree char *line = NULL;

        if (!remark)
            continue;
        line =
            g_strdup_printf(value_map_get(field, "value") ? _("%s is edited: %s") : _("%s is removed: %s"),
                            *name ? name : "/", remark);
        edit_text_append_comment(out, line);
    }
}

static void append_rule(GString *out, char *fields, const char *sentence)
{
    g_auto(GStrv) parts = g_strsplit(sentence, "%s", 2);
    g_autofree char *line = fields ? g_strjoinv(fields, parts) : NULL;

    if (line)
        edit_text_append_comment(out, line);
    g_free(fields);
}

static void append_component_comments(Ctl *ctl, GString *out, const EditForm *form)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) explanation = explain_fetch(ctl, &error);
    g_autoptr(Value) metadata = path_is_device(ctl->path) ? fetch_metadata(ctl) : NULL;
    g_autofree char *head =
        g_strdup_printf(_("%s of %s, revision %" PRIi64), form->title,
                        explanation ? dict_text(explanation, "model") : ctl->args.model, form->revision);

    edit_text_append_comment(out, head);
    edit_text_append_comment(
        out,
        _("Change what you like, save, and leave the editor: you see what will be written, and are asked. "
          "If you change nothing, or leave nothing but comments, nothing is written."));
    append_rule(out, rule_text(metadata, "immutable_fields"), _("Fixed by the coach file: %s"));
    append_rule(out, rule_text(metadata, "runtime_editable_fields"),
                _("Meant to be edited: %s (others with --force)"));
    append_edited(out, explanation);
}

/* "porch_light.yml": what an editor makes colours of, without what a file name cannot have. */
static char *file_name(const char *path, const char *suffix)
{
    const char *slash = strrchr(path, '/');
    char *name = g_strconcat(slash ? slash + 1 : path, suffix, NULL);

    g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-", '_');
    /* Neither hidden nor an option. */
    if (*name == '.' || *name == '-')
        *name = '_';
    return name;
}

/* The component at ctl->path. NULL with the error set. */
static Value *fetch_component(Ctl *ctl, int64_t *ret_revision, sd_bus_error *error)
{
    g_autoptr(Value) reply =
        ctl_call(ctl, error, "GetMapping", "sst", NULL, "ss", ctl->args.model, ctl->path);

    if (!reply)
        return NULL;
    *ret_revision = item_number(reply, 2);
    return format_parse(item_text(reply, 0));
}

bool edit_form_component(Ctl *ctl, EditForm *form, TextFormat format, sd_bus_error *error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *data = NULL;

    *form = (EditForm){.format = format};
    form->shown = fetch_component(ctl, &form->revision, error);
    if (!form->shown)
        return false;
    form->title = g_strdup(ctl->path);
    form->file = file_name(ctl->path, format == TEXT_YAML ? ".yml" : ".json");
    append_component_comments(ctl, text, form);
    data = edit_text_format(form->shown, format);
    g_string_append_printf(text, "\n%s", data);
    form->text = g_strdup(text->str);
    return true;
}

/* All devices as a map of paths, of one revision. */
static Value *fetch_devices(Ctl *ctl, int64_t *ret_revision, sd_bus_error *error)
{
    for (unsigned round = 0; round < READ_ROUNDS_MAX; round++) {
        g_autoptr(Value) mappings = paths_mappings(ctl, PATH_DEVICES_PREFIX, error);
        g_autoptr(Value) devices = value_new_map();
        bool whole = true;

        if (!mappings)
            return NULL;
        *ret_revision = 0;
        VALUE_FOREACH_ITEM (mapping, mappings) {
            Value *data = format_parse(item_text(mapping, 1));
            int64_t revision = item_number(mapping, 3);

            whole = whole && (*ret_revision == 0 || revision == *ret_revision);
            *ret_revision = revision;
            value_map_take(&devices, item_text(mapping, 0), data ? data : value_new_null());
        }
        if (whole)
            return g_steal_pointer(&devices);
    }
    sd_bus_error_set(error, SERVICE_ERROR "Conflict", NULL);
    return NULL;
}

static char *devices_text(const char *model, const EditForm *form)
{
    GString *text = g_string_new(NULL);
    g_autofree char *lines = sheet_format(form->sheet);
    g_autofree char *head =
        g_strdup_printf(_("The devices of %s, revision %" PRIi64), model, form->revision);

    edit_text_append_comment(text, head);
    edit_text_append_comment(
        text,
        _("Change what you like between the bars, save, and leave the editor: you see what will be written, "
          "and are asked. An empty cell removes its field. A device whose line you remove is deleted, after "
          "a question of its own. If you change nothing, or leave no line, nothing is written."));
    g_string_append_printf(text, "\n%s", lines);
    return g_string_free(text, FALSE);
}

bool edit_form_devices(Ctl *ctl, EditForm *form, sd_bus_error *error)
{
    g_autoptr(Value) properties = NULL;
    g_autoptr(Value) metadata = NULL;
    g_autoptr(Value) devices = NULL;
    const Value *editable;

    *form = (EditForm){0};
    properties = ctl_client(ctl, error) ? client_properties(ctl->client, error) : NULL;
    devices = properties ? fetch_devices(ctl, &form->revision, error) : NULL;
    if (!devices)
        return false;
    metadata = fetch_metadata(ctl);
    editable = ctl->args.force ? NULL : value_map_get(metadata, "runtime_editable_fields");
    form->sheet = sheet_new(devices, value_is_list(editable) ? editable : NULL);
    form->shown = g_steal_pointer(&devices);
    form->file = g_strdup("devices.txt");
    form->text =
        devices_text(*ctl->args.model ? ctl->args.model : dict_text(properties, "ActiveModel"), form);
    return true;
}

bool edit_form_renew(Ctl *ctl, EditForm *form)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    int64_t revision;
    g_autoptr(Value) now =
        form->sheet ? fetch_devices(ctl, &revision, &error) : fetch_component(ctl, &revision, &error);

    if (!now || revision == form->revision || !value_equal(now, form->shown))
        return false;
    form->revision = revision;
    return true;
}

bool edit_form_read(const EditForm *form, const char *text, Plan *plan, GError **error)
{
    g_autofree char *numbered = edit_text_numbered(text);
    g_autoptr(Value) after = NULL;

    if (form->sheet)
        return sheet_read(form->sheet, numbered, plan, error);
    after = edit_text_parse(numbered, strlen(numbered), form->format, error);
    if (!after)
        return false;
    plan_put(plan, form->title, form->shown, after);
    return true;
}
