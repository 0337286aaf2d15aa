/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/edits-file.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "base/text.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "coach/refuse.h"

#define HEADER EDITS_FILE_SECTION
#define EDITS "edits"

enum {
    MEMBER_LENGTH_MAX = 1024, /* bytes of a text that says where the file is from, or who wanted an edit */
};

EditsFile *edits_file_new(const char *model, const char *version, const char *content_hash, int64_t revision)
{
    EditsFile *file = g_new0(EditsFile, 1);

    file->model = g_strdup(model);
    file->version = g_strdup(version);
    file->content_hash = g_strdup(content_hash);
    file->revision = revision;
    file->overrides = override_table_new();
    return file;
}

void edits_file_free(EditsFile *file)
{
    if (!file)
        return;
    g_free(file->model);
    g_free(file->version);
    g_free(file->content_hash);
    g_hash_table_unref(file->overrides);
    g_free(file);
}

void edits_file_add(EditsFile *file, const char *path, const Override *override)
{
    g_ptr_array_add(override_table_get(file->overrides, path), override_copy(override));
}

bool edits_file_is(const Value *data)
{
    return value_map_get(data, HEADER) != NULL;
}

/* ---- Reading ---- */

typedef struct Reader {
    EditsFile *file;
    GHashTable *fields; /* path → (field → its entry in the file, borrowed) */
    GError **error;
} Reader;

static void reader_clear(Reader *reader)
{
    g_clear_pointer(&reader->file, edits_file_free);
    g_clear_pointer(&reader->fields, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

/* Whether a map has no other keys than these, the names of which end with NULL: a key that is spelt wrong
 * must not be passed over. */
static bool check_keys(Value *map, const char *what, const char *const *names, GError **error)
{
    if (!value_is_map(map))
        return refuse(error, map, "%s is a map, this is %s", what, type_with_article(map));
    VALUE_FOREACH_ENTRY (key, member, map)
        if (!g_strv_contains(names, key)) {
            g_autofree char *quoted = json_quote(key), *known = g_strjoinv(", ", (char **) names);

            return refuse(error, member, "%s has no %s; it has %s", what, quoted, known);
        }
    return true;
}

/* A text member, borrowed; NULL with an error where it is none, and "" where an optional one is not there.
 */
static const char *get_text(Value *map, const char *name, bool required, GError **error)
{
    Value *member = value_map_get(map, name);

    if (!member && !required)
        return "";
    if (!member) {
        refuse(error, map, "\"%s\" is missing here", name);
        return NULL;
    }
    if (!value_is_string(member)) {
        refuse(error, member, "\"%s\" is a text, this is %s; put it in quotes", name,
               type_with_article(member));
        return NULL;
    }
    if (strlen(value_string(member)) > MEMBER_LENGTH_MAX) {
        refuse(error, member, "\"%s\" is longer than %d bytes", name, MEMBER_LENGTH_MAX);
        return NULL;
    }
    return value_string(member);
}

/* The format and the revision. */
static bool check_numbers(Value *header, GError **error)
{
    Value *format = value_map_get(header, "format"), *revision = value_map_get(header, "revision");

    if (!format || value_type(format) != VALUE_INTEGER || value_integer(format) < 1)
        return refuse(error, format ? format : header,
                      "\"" HEADER "\" needs the \"format\" of the file; this version writes %d",
                      EDITS_FILE_FORMAT);
    if (value_integer(format) > EDITS_FILE_FORMAT)
        return refuse(error, format,
                      "a newer version wrote this file: its format is %" G_GINT64_FORMAT
                      ", this version reads %d; export it there again, or update this one",
                      value_integer(format), EDITS_FILE_FORMAT);
    if (revision && (value_type(revision) != VALUE_INTEGER || value_integer(revision) < 0))
        return refuse(error, revision, "\"revision\" is the number of a change");
    return true;
}

/* A file with what its header says, and no edits yet; NULL on error. */
static EditsFile *read_header(Value *header, GError **error)
{
    static const char *const names[] = {"format", "model", "version", "content_hash", "revision", NULL};
    Value *revision = value_map_get(header, "revision");
    const char *model, *version, *hash;

    if (!check_keys(header, "\"" HEADER "\"", names, error) || !check_numbers(header, error))
        return NULL;
    model = get_text(header, "model", true, error);
    version = model ? get_text(header, "version", false, error) : NULL;
    hash = version ? get_text(header, "content_hash", false, error) : NULL;
    if (!hash)
        return NULL;
    if (!model[0]) {
        refuse(error, header, "\"model\" is the id of a model and not empty");
        return NULL;
    }
    return edits_file_new(model, version, hash, revision ? value_integer(revision) : 0);
}

/* In the canonical spelling; NULL on error. */
static char *read_path(Value *entry, GError **error)
{
    const char *text = get_text(entry, "path", true, error);
    g_autofree char *section = NULL, *child = NULL;
    g_autoptr(GError) local = NULL;

    if (!text)
        return NULL;
    if (!path_split(text, &section, &child, &local)) {
        refuse(error, value_map_get(entry, "path"), "%s", local->message);
        return NULL;
    }
    if (g_str_equal(section, PATH_DEVICES) ? !child : coach_file_section_is_reserved(section)) {
        refuse(error, value_map_get(entry, "path"),
               "no component is called \"%s\"; a device is \"" PATH_DEVICES_PREFIX "\" and its entity_id",
               text);
        return NULL;
    }
    return path_new(section, child);
}

static bool check_binding(Value *at, char **tokens, Value *value, GError **error)
{
    uint32_t dgn;
    int instance;

    if (!tokens[1])
        return refuse(error, at, "an edit names one binding, like \"/" DEVICE_BINDINGS "/1FEDA:25\"");
    if (!binding_key_parse(tokens[1], &dgn, &instance)) {
        g_autofree char *quoted = json_quote(tokens[1]);

        return refuse(error, at,
                      "%s names no binding; one is written DGN:instance, like 1FEDA:25 or 1FEDA:default",
                      quoted);
    }
    if (tokens[2] ? g_str_equal(tokens[2], "dgn") || g_str_equal(tokens[2], "instance")
                  : value_map_get(value, "dgn") || value_map_get(value, "instance"))
        return refuse(
            error, at,
            "a binding is named by its DGN and instance, which are no fields of it; leave them out");
    if (!tokens[2] && value && !value_is_map(value))
        return refuse(error, value, "a binding is a map of the fields that differ there, this is %s",
                      type_with_article(value));
    return true;
}

static bool check_device(Value *at, const char *field, Value *value, GError **error)
{
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    g_autoptr(GError) local = NULL;

    if (tokens && tokens[0])
        return !g_str_equal(tokens[0], DEVICE_BINDINGS) || check_binding(at, tokens, value, error);
    if (!value)
        return true;
    if (!value_is_map(value))
        return refuse(error, value, "a device is a map of fields, this is %s", type_with_article(value));
    g_autoptr(Value) keyed = device_to_keyed(value, &local);
    return keyed || refuse(error, value, "%s", local->message);
}

/* In the canonical spelling; NULL on error. */
static char *read_field(Value *entry, const char *path, GError **error)
{
    const char *text = get_text(entry, "field", true, error);
    Value *at = value_map_get(entry, "field");
    g_autoptr(GError) local = NULL;
    g_autofree char *field = text ? override_field_normalize(text, &local) : NULL;

    if (local)
        refuse(error, at, "%s", local->message);
    if (!field || (path_is_device(path) && !check_device(at, field, value_map_get(entry, "value"), error)))
        return NULL;
    return g_steal_pointer(&field);
}

static bool read_op(Value *entry, OverrideOp *op, GError **error)
{
    const char *text = get_text(entry, "op", true, error);
    Value *value = value_map_get(entry, "value");

    if (!text)
        return false;
    if (!override_op_from_string(text, op))
        return refuse(error, value_map_get(entry, "op"), "\"op\" is \"set\" or \"unset\"");
    if (*op == OVERRIDE_SET && !value)
        return refuse(error, entry, "an edit that sets something needs a \"value\"; null is one too");
    if (*op == OVERRIDE_UNSET && value)
        return refuse(error, value, "an edit that unsets something has no \"value\"; leave it out");
    return true;
}

/* What was edited in a component that the vendor dropped since. */
static bool check_inner_edits(Value *edits, const Override *override, GError **error)
{
    if (override->field[0] || override->op != OVERRIDE_SET)
        return refuse(error, edits, "only an edit that sets a whole component has \"" EDITS "\" inside");
    if (!value_is_map(edits))
        return refuse(error, edits, "\"" EDITS "\" here is a map from fields to edits, this is %s",
                      type_with_article(edits));
    VALUE_FOREACH_ENTRY (field, edit, edits) {
        g_autofree char *normalized = override_field_normalize(field, NULL);
        g_autoptr(Override) inner = override_from_value(field, edit);

        if (!normalized || !g_str_equal(normalized, field) || !inner)
            return refuse(error, edit, "this is no edit: {op: set, value: …} or {op: unset}, by its field");
    }
    return true;
}

/* "2024-12-07T10:00:00Z", whatever the digits after the second. */
static bool read_time(Value *by, int64_t *time, GError **error)
{
    const char *text = get_text(by, "time", false, error);

    *time = 0;
    if (!text || !text[0])
        return text != NULL;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, utc);
    if (!date)
        return refuse(error, value_map_get(by, "time"), "\"time\" is written like \"2024-12-07T10:00:00Z\"");
    *time = g_date_time_to_unix(date) * G_USEC_PER_SEC + g_date_time_get_microsecond(date);
    return true;
}

static bool read_author(Override *override, Value *by, GError **error)
{
    static const char *const names[] = {"user", "time", "reason", NULL};
    const char *user, *reason;
    int64_t time;

    if (!check_keys(by, "\"by\"", names, error))
        return false;
    user = get_text(by, "user", false, error);
    reason = user ? get_text(by, "reason", false, error) : NULL;
    if (!reason || !read_time(by, &time, error))
        return false;
    OverrideAuthor *author = override_author_new(0, time, UINT32_MAX, user, reason);
    override_set_author(override, author);
    override_author_unref(author);
    return true;
}

static Override *read_override(Value *entry, const char *path, GError **error)
{
    g_autofree char *field = read_field(entry, path, error);
    Value *edits = value_map_get(entry, EDITS), *by = value_map_get(entry, "by");
    OverrideOp op;

    if (!field || !read_op(entry, &op, error))
        return NULL;
    g_autoptr(Override) override =
        override_new(field, op, value_map_get(entry, "value"), value_map_get(entry, "vendor"));
    if (edits && !check_inner_edits(edits, override, error))
        return NULL;
    override->edits = edits ? value_ref(edits) : NULL;
    if (by && !read_author(override, by, error))
        return NULL;
    return g_steal_pointer(&override);
}

/* Remembers where the edit of a field stands; each is edited once. */
static bool add_field(Reader *reader, const char *path, const char *field, Value *entry)
{
    GHashTable *fields = g_hash_table_lookup(reader->fields, path);

    if (!fields) {
        fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(reader->fields, g_strdup(path), fields);
    }
    const Value *other = g_hash_table_lookup(fields, field);
    if (other)
        return refuse(reader->error, entry, "%s \"%s\" is edited at line %u already; leave one of them",
                      path, field, value_line(other));
    if (g_hash_table_size(fields) >= OVERRIDES_MAX)
        return refuse(reader->error, entry, "%s: more than %d fields of one component are edited", path,
                      OVERRIDES_MAX);
    g_hash_table_insert(fields, g_strdup(field), entry);
    return true;
}

static bool read_edit(Reader *reader, Value *entry)
{
    static const char *const names[] = {"path", "field", "op", "value", "vendor", "by", EDITS, NULL};
    g_autofree char *path = NULL;

    if (!check_keys(entry, "an edit", names, reader->error))
        return false;
    path = read_path(entry, reader->error);
    if (!path)
        return false;
    g_autoptr(Override) override = read_override(entry, path, reader->error);
    if (!override || !add_field(reader, path, override->field, entry))
        return false;
    g_ptr_array_add(override_table_get(reader->file->overrides, path), g_steal_pointer(&override));
    return true;
}

/* Whether a field lies in none of the others. */
static bool check_alone(GHashTable *fields, const char *path, const char *field, const Value *entry,
                        GError **error)
{
    g_autofree char *around = g_strdup(field);

    for (char *slash; (slash = strrchr(around, '/'));) {
        *slash = '\0';
        const Value *other = g_hash_table_lookup(fields, around);
        if (other)
            return refuse(error, entry,
                          "%s \"%s\" lies within \"%s\", which line %u edits; leave one of them", path,
                          field, around, value_line(other));
    }
    return true;
}

/* The first in the order of the file, so that the message does not depend on the order of a hash table. */
static bool check_nesting(Reader *reader, Value *edits)
{
    VALUE_FOREACH_ITEM (entry, edits) {
        g_autofree char *path = read_path(entry, NULL), *field = read_field(entry, path, NULL);

        if (!check_alone(g_hash_table_lookup(reader->fields, path), path, field, entry, reader->error))
            return false;
    }
    return true;
}

EditsFile *edits_file_parse(Value *data, GError **error)
{
    static const char *const names[] = {HEADER, EDITS, NULL};
    Value *header = value_map_get(data, HEADER), *edits = value_map_get(data, EDITS);
    g_auto(Reader) reader = {
        .fields =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref),
        .error = error,
    };

    if (!check_keys(data, "a file of edits", names, error))
        return NULL;
    if (!header || !edits) {
        refuse(error, data, "a file of edits has a \"%s\"", header ? EDITS : HEADER);
        return NULL;
    }
    reader.file = read_header(header, error);
    if (!reader.file)
        return NULL;
    if (!value_is_list(edits)) {
        refuse(error, edits, "\"" EDITS "\" is a list of edits, this is %s; without any it is []",
               type_with_article(edits));
        return NULL;
    }
    VALUE_FOREACH_ITEM (entry, edits)
        if (!read_edit(&reader, entry))
            return NULL;
    return check_nesting(&reader, edits) ? g_steal_pointer(&reader.file) : NULL;
}

/* ---- Writing ---- */

static Value *time_to_value(int64_t time)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autoptr(GDateTime) date = seconds ? g_date_time_add(seconds, time % G_USEC_PER_SEC) : NULL;
    /* ISO 8601 has years of four digits. */
    bool usual = date && g_date_time_get_year(date) <= 9999;
    g_autofree char *text = usual ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%S.%fZ") : NULL;

    return text ? value_new_string(text) : NULL;
}

static Value *author_to_value(const OverrideAuthor *author)
{
    Value *map = value_new_map(), *time = time_to_value(author->time);

    value_map_take(&map, "user", value_new_string(author->user));
    if (time)
        value_map_take(&map, "time", time);
    value_map_take(&map, "reason", value_new_string(author->reason));
    return map;
}

static Value *edit_to_value(const char *path, const Override *override)
{
    Value *map = value_new_map();

    value_map_take(&map, "path", value_new_string(path));
    value_map_take(&map, "field", value_new_string(override->field));
    value_map_take(&map, "op", value_new_string(override_op_to_string(override->op)));
    if (override->value)
        value_map_set(&map, "value", override->value);
    if (override->vendor)
        value_map_set(&map, "vendor", override->vendor);
    if (override->edits)
        value_map_set(&map, EDITS, override->edits);
    if (override->author)
        value_map_take(&map, "by", author_to_value(override->author));
    return map;
}

static Value *edits_to_value(const EditsFile *file)
{
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(file->overrides), text_compare);
    Value *edits = value_new_list();

    for (GList *l = paths; l; l = l->next) {
        g_autoptr(GPtrArray) sorted =
            g_ptr_array_copy(g_hash_table_lookup(file->overrides, l->data), NULL, NULL);

        g_ptr_array_set_free_func(sorted, NULL);
        g_ptr_array_sort(sorted, override_compare_fields);
        for (guint i = 0; i < sorted->len; i++)
            value_list_take(&edits, edit_to_value(l->data, g_ptr_array_index(sorted, i)));
    }
    return edits;
}

char *edits_file_format(const EditsFile *file, CoachFormat format)
{
    g_autoptr(Value) data = value_new_map();
    Value *header = value_new_map();

    value_map_take(&header, "format", value_new_integer(EDITS_FILE_FORMAT));
    value_map_take(&header, "model", value_new_string(file->model));
    value_map_take(&header, "version", value_new_string(file->version));
    value_map_take(&header, "content_hash", value_new_string(file->content_hash));
    value_map_take(&header, "revision", value_new_integer(file->revision));
    value_map_take(&data, HEADER, header);
    value_map_take(&data, EDITS, edits_to_value(file));
    return coach_text_format_sections(
        "# The edits of a coach's owner, written by coachiq-config.\n"
        "# They can be applied to another coach of the same model: coachiqctl import FILE\n",
        data, format);
}
