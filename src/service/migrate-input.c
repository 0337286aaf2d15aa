/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what a client has gathered of an old installation. */
#include "service/migrate-private.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "coach/coach-id.h"
#include "coach/coach-text.h"

#include <string.h>

/* What one migration takes, and what is judged for anybody. */
static const MigrationBounds large_bounds = {.items = 2000, .patches = 1000, .nodes = 2000000},
                             ordinary_bounds = {
                                 .size = 1024 * 1024, .items = 200, .patches = 200, .nodes = 60000};
#define PACK_HEADER_MAX (16 * 1024)

/* A document of patches, a settings object: as large as what edits may send, and more. */
static const JsonLimits document_limits = {.size = 8 * 1024 * 1024, .depth = 64, .nodes = 200000};

/* Models */

typedef int (*Compare)(const char *a, const char *b);

static const char *find_id(const Migration *migration, const char *id, Compare compare)
{
    for (guint i = 0; i < migration->known->len; i++)
        if (compare(g_ptr_array_index(migration->known, i), id) == 0)
            return g_ptr_array_index(migration->known, i);
    for (guint i = 0; i < migration->coaches->len; i++) {
        const LegacyCoach *coach = g_ptr_array_index(migration->coaches, i);
        if (compare(coach->id, id) == 0)
            return coach->id;
    }
    return NULL;
}

const char *migration_find_model(const Migration *migration, const char *id)
{
    const char *same = find_id(migration, id, strcmp);

    return same ? same : find_id(migration, id, g_ascii_strcasecmp);
}

static void patch_free(LegacyPatch *patch)
{
    value_unref(patch->operation);
    g_free(patch);
}

static void name_free(LegacyName *name)
{
    g_free(name->type);
    g_free(name->id);
    value_unref(name->value);
    g_free(name);
}

LegacyCoach *migration_get_coach(Migration *migration, const char *id)
{
    const char *known = migration_find_model(migration, id);
    LegacyCoach *coach;

    for (guint i = 0; known && i < migration->coaches->len; i++) {
        coach = g_ptr_array_index(migration->coaches, i);
        if (g_str_equal(coach->id, known))
            return coach;
    }
    coach = g_new0(LegacyCoach, 1);
    coach->id = g_strdup(known ? known : id);
    coach->references = g_ptr_array_new();
    coach->patches = g_ptr_array_new_with_free_func((GDestroyNotify) patch_free);
    coach->names = g_ptr_array_new_with_free_func((GDestroyNotify) name_free);
    g_ptr_array_add(migration->coaches, coach);
    return coach;
}

/* Coach files */

/* The default name of the old system's file says nothing of the coach in it. */
static char *id_of(const LegacyFile *file)
{
    char *id = legacy_model_id(file->origin);

    if (id && g_ascii_strcasecmp(id, "coach_mapping") == 0) {
        g_free(id);
        id = coach_id_new(file->file, NULL);
    }
    return id;
}

/* Whether that is within what is judged for anybody; else nothing is. */
static bool is_ordinary(const Migration *migration)
{
    const MigrationBounds *bounds = &ordinary_bounds;

    return migration->size <= bounds->size && migration->n_items <= bounds->items &&
           migration->n_patches <= bounds->patches && migration->nodes < bounds->nodes;
}

static bool measure(Migration *migration, Value *data, GError **error)
{
    const size_t most = large_bounds.nodes;
    ValueSize size = {0};

    if (value_is_map(data))
        value_map_measure(data, 0, &size, most - migration->nodes);
    migration->nodes += MIN(size.nodes, most - migration->nodes);
    if (migration->nodes < most)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                "with the files before it, there are more than %zu values; move some of the files away",
                most);
    return false;
}

/* What ends in ".json" is read as nothing else. The report says the name already. */
static bool is_json(const char *origin)
{
    size_t length = strlen(origin);

    return length >= strlen(".json") && g_ascii_strcasecmp(origin + length - strlen(".json"), ".json") == 0;
}

/* A file that is too large for anybody is one of more values than all may have. */
static Value *read_coach(Migration *migration, const char *origin, const char *text, size_t length,
                         GError **error)
{
    YamlLimits limits = yaml_limits_default;
    g_autoptr(GError) local = NULL;
    Value *data;

    if (!migration->large)
        limits.nodes = ordinary_bounds.nodes;
    data = coach_text_read_within(text, length, is_json(origin) ? "x.json" : NULL, &limits, &local);
    if (!data && !migration->large && g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE))
        migration->nodes = ordinary_bounds.nodes;
    if (!data)
        g_propagate_error(error, g_steal_pointer(&local));
    return data;
}

static void judge_second(const LegacyCoach *coach, LegacyFile *file)
{
    MigrationItem *item = file->item;

    if (g_str_equal(coach->own->file->content_hash, file->file->content_hash))
        migration_item_judge(item, MIGRATION_PRESENT, "It says the same as %s", coach->own->item->source);
    else
        migration_item_judge(item, MIGRATION_REFUSED,
                             "The old system used %s; to use this file instead, import it",
                             coach->own->item->source);
}

static void sort_file(Migration *migration, LegacyFile *file)
{
    g_autofree char *id = id_of(file);
    LegacyCoach *coach;

    if (!id || !model_id_is_valid(id)) {
        g_autofree char *quoted = json_quote(id ? id : "");
        migration_item_judge(file->item, MIGRATION_REFUSED,
                             "%s cannot be the name of a coach, which has letters, digits, \"_\", \"-\" and "
                             "\".\"; import the file with a name of your choice",
                             quoted);
        return;
    }
    coach = migration_get_coach(migration, id);
    g_free(file->item->model);
    file->item->model = g_strdup(coach->id);
    if (file->reference)
        g_ptr_array_add(coach->references, file);
    else if (coach->own)
        judge_second(coach, file);
    else
        coach->own = file;
}

static void take_coach(Migration *migration, const char *origin, const char *text, size_t length,
                       bool reference)
{
    g_autoptr(GError) error = NULL;
    LegacyFile *file = g_new0(LegacyFile, 1);

    file->origin = g_strdup(origin);
    file->reference = reference;
    file->item = migration_report_add(migration->report, "coach", origin, NULL);
    g_ptr_array_add(migration->files, file);
    file->data = read_coach(migration, origin, text, length, &error);
    if (file->data && measure(migration, file->data, &error))
        file->file = coach_file_new(file->data, COACH_FILE_COMPONENTS_MAX, &error);
    if (!file->file) {
        migration_item_judge(file->item, MIGRATION_REFUSED, "%s", error->message);
        return;
    }
    file->byte_hash = hash_bytes(text, length);
    sort_file(migration, file);
}

/* Other documents */

static void refuse_document(Migration *migration, const char *origin, const char *reason)
{
    migration_item_judge(migration_report_add(migration->report, "file", origin, NULL), MIGRATION_REFUSED,
                         "%s", reason);
}

static Value *parse_document(Migration *migration, const char *origin, const char *text, size_t length)
{
    static const char mark[] = "\357\273\277"; /* a byte order mark */
    g_autoptr(GError) error = NULL;
    Value *value;

    if (length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
        text += strlen(mark);
        length -= strlen(mark);
    }
    value = json_parse(text, (gssize) length, &document_limits, &error);
    if (!value)
        refuse_document(migration, origin, error->message);
    return value;
}

static void take_patches(Migration *migration, const char *origin, const char *text, size_t length)
{
    const char *colon = strchr(origin, ':'), *source = colon ? colon + 1 : origin;
    g_autoptr(Value) list = parse_document(migration, source, text, length);
    LegacyPatches *patches;

    if (!list)
        return;
    migration->n_patches += value_is_list(list) ? value_length(list) : 0;
    if (!value_is_list(list) || migration->n_patches > large_bounds.patches) {
        g_autofree char *reason =
            value_is_list(list)
                ? g_strdup_printf("There are more than %u patches; a coach file that has them applied can "
                                  "be imported as it is",
                                  large_bounds.patches)
                : g_strdup_printf(
                      "Patches are a list of operations (RFC 6902), this is a %s; put them into a list",
                      value_type_name(value_type(list)));
        refuse_document(migration, source, reason);
        return;
    }
    patches = g_new0(LegacyPatches, 1);
    patches->origin = g_strdup(source);
    patches->model = colon ? g_strndup(origin, (gsize) (colon - origin)) : g_strdup("");
    patches->list = g_steal_pointer(&list);
    g_ptr_array_add(migration->patches, patches);
}

static void take_settings(Migration *migration, const char *origin, const char *text, size_t length)
{
    g_autoptr(Value) map = parse_document(migration, origin, text, length);
    LegacySettings *settings;

    if (!map)
        return;
    if (!value_is_map(map)) {
        refuse_document(migration, origin, "Settings are an object");
        return;
    }
    settings = g_new0(LegacySettings, 1);
    settings->origin = g_strdup(origin);
    settings->map = g_steal_pointer(&map);
    g_ptr_array_add(migration->settings, settings);
}

static void take_problem(Migration *migration, const char *origin, const char *text, size_t length)
{
    g_autoptr(Value) map = parse_document(migration, origin, text, length);
    const char *reason = value_map_get_string(map, "reason");

    if (map)
        refuse_document(migration, origin, reason ? reason : "It could not be read");
}

/* The kinds */

static void take_own(Migration *migration, const char *origin, const char *text, size_t length)
{
    take_coach(migration, origin, text, length, false);
}

static void take_reference(Migration *migration, const char *origin, const char *text, size_t length)
{
    take_coach(migration, origin, text, length, true);
}

static const struct {
    const char *prefix;
    void (*take)(Migration *migration, const char *origin, const char *text, size_t length);
} kinds[] = {
    {"coach:", take_own},         {"reference:", take_reference}, {"patches:", take_patches},
    {"settings:", take_settings}, {"problem:", take_problem},
};

#define PACK_PREFIX "pack:"

static bool take_item(Migration *migration, const char *name, const char *text, size_t length,
                      GError **error)
{
    g_autofree char *quoted = NULL;

    if (++migration->n_items > large_bounds.items) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "One migration takes at most %u items",
                    large_bounds.items);
        return false;
    }
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(name, kinds[i].prefix)) {
            kinds[i].take(migration, name + strlen(kinds[i].prefix), text, length);
            return true;
        }
    quoted = json_quote(name);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                "%s does not say what it is: \"coach:\", \"reference:\", \"patches:\", \"settings:\", "
                "\"problem:\" or \"pack:\", and where it is from",
                quoted);
    return false;
}

/* A pack holds items one after another: a line of JSON, {"name": …, "length": …}, and so many bytes. */

static bool broken_pack(GError **error, const char *why)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "A pack is broken: %s", why);
    return false;
}

static bool take_packed(Migration *migration, const char **text, const char *end, GError **error)
{
    const char *line_end = memchr(*text, '\n', (size_t) (end - *text));
    g_autoptr(Value) header = NULL;
    const char *name;
    Value *length;

    if (!line_end || line_end - *text > PACK_HEADER_MAX)
        return broken_pack(error, "an item has no header line");
    header = json_parse(*text, line_end - *text, &json_limits_call, NULL);
    name = value_map_get_string(header, "name");
    length = value_map_get(header, "length");
    if (!name || !length || value_type(length) != VALUE_INTEGER || value_integer(length) < 0)
        return broken_pack(error, "a header line is no object with \"name\" and \"length\"");
    if (value_integer(length) > end - (line_end + 1))
        return broken_pack(error, "an item is longer than the pack");
    if (g_str_has_prefix(name, PACK_PREFIX))
        return broken_pack(error, "there is another pack in it");
    *text = line_end + 1 + value_integer(length);
    return take_item(migration, name, line_end + 1, (size_t) value_integer(length), error);
}

static bool check_ordinary(const Migration *migration, GError **error)
{
    if (migration->large || is_ordinary(migration))
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                "This is more than is judged for anybody: %zu bytes, %u items, %u patches, %zu values",
                ordinary_bounds.size, ordinary_bounds.items, ordinary_bounds.patches, ordinary_bounds.nodes);
    return false;
}

static bool take_pack(Migration *migration, const char *text, size_t length, GError **error)
{
    const char *end = text + length;

    while (text < end)
        if (!check_ordinary(migration, error) || !take_packed(migration, &text, end, error))
            return false;
    return true;
}

bool migration_read(Migration *migration, const MigrationFile *files, size_t n_files, GError **error)
{
    for (size_t i = 0; i < n_files; i++)
        migration->size += files[i].length;
    for (size_t i = 0; i < n_files; i++) {
        const MigrationFile *file = files + i;
        bool pack = g_str_has_prefix(file->name, PACK_PREFIX);

        if (!check_ordinary(migration, error))
            return false;
        if (pack ? !take_pack(migration, file->text, file->length, error)
                 : !take_item(migration, file->name, file->text, file->length, error))
            return false;
    }
    return check_ordinary(migration, error);
}
