/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sheet.c: writing and reading the table of devices. */

#include "ctl/sheet.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"
#include "coach/path.h"
#include "ctl/bus-value.h"
#include "ctl/input.h"
#include "ctl/outline.h"
#include "ctl/text.h"

#define BAR "|"
#define GAP " " BAR " "
#define PER_BINDING "(per binding)"

/* What people change, in the order of the columns; the first ones are always there. */
static const char *const column_names[] = {"friendly_name", "area",    "suggested_area", "groups", "tags",
                                           "interface",     "enabled", "hidden",         "icon",   "notes"};
#define COLUMNS_ALWAYS 2
#define SUGGESTED_AREA "suggested_area"

typedef struct Column {
    const char *name;
    char *field;       /* pointer */
    const Value *like; /* what some device has there; NULL: none has it */
} Column;

struct Sheet {
    Value *devices;
    GArray *columns; /* of Column */
};

static void column_clear(void *data)
{
    Column *column = data;

    g_free(column->field);
}

static bool is_listed(const Value *list, const char *name)
{
    VALUE_FOREACH_ITEM (item, list) {
        if (value_is_string(item) && g_str_equal(value_string(item), name))
            return true;
    }
    return list == NULL;
}

/* What the first device that has a field has there. */
static const Value *find_like(const Value *devices, const char *name)
{
    VALUE_FOREACH_ENTRY (path, device, devices) {
        const Value *value = path ? value_map_get(device, name) : NULL;

        if (value && value_type(value) != VALUE_NULL)
            return value;
    }
    return NULL;
}

Sheet *sheet_new(const Value *devices, const Value *editable)
{
    Sheet *sheet = g_new0(Sheet, 1);
    bool has_area = find_like(devices, "area") != NULL;

    sheet->devices = value_ref((Value *) devices);
    sheet->columns = g_array_new(FALSE, FALSE, sizeof(Column));
    g_array_set_clear_func(sheet->columns, column_clear);
    for (size_t i = 0; i < G_N_ELEMENTS(column_names); i++) {
        Column column = {.name = column_names[i], .like = find_like(devices, column_names[i])};

        /* A map would not be pleasant to edit in a cell. */
        if (!is_listed(editable, column.name) || (i >= COLUMNS_ALWAYS && !column.like) ||
            value_is_map(column.like))
            continue;
        /* Older files have the one or the other, newer ones the same in both. */
        if (has_area && g_str_equal(column.name, SUGGESTED_AREA))
            continue;
        column.field = g_strconcat("/", column.name, NULL);
        g_array_append_val(sheet->columns, column);
    }
    return sheet;
}

void sheet_free(Sheet *sheet)
{
    if (!sheet)
        return;
    value_unref(sheet->devices);
    g_array_unref(sheet->columns);
    g_free(sheet);
}

/* The value of a cell, NULL where it is absent; a new reference. `ret_divided` says that bindings differ. */
static Value *cell_value(const char *path, Value *device, const Column *column, bool *ret_divided)
{
    Value *shared = value_map_get(device, column->name);
    Value *view;

    *ret_divided = false;
    if (shared)
        return value_ref(shared);
    view = component_view_field(path, device, column->field);
    *ret_divided = view != NULL;
    return view;
}

/* Whether a text can be in a cell as it is. */
static bool is_plain(const char *text)
{
    size_t length = strlen(text);
    g_autofree char *clean = text_clean(text);

    return length > 0 && !strchr("\"[{#", text[0]) && !g_ascii_isspace(text[0]) &&
           !g_ascii_isspace(text[length - 1]) && !strstr(text, BAR) && !g_str_equal(text, PER_BINDING) &&
           g_str_equal(clean, text);
}

/* In quotes, with the bar escaped too, so that every bar in a line parts cells. */
static char *quote(const char *text)
{
    g_autoptr(GString) quoted = g_string_new(NULL);
    g_autofree char *clean = NULL;

    json_append_string(quoted, text);
    clean = text_clean(quoted->str);
    g_string_assign(quoted, clean);
    g_string_replace(quoted, BAR, "\\u007C", 0);
    return g_strdup(quoted->str);
}

static char *cell_text(const Value *value)
{
    g_autoptr(GString) text = NULL;
    g_autofree char *word = NULL;

    if (!value)
        return g_strdup("");
    if (value_is_string(value))
        return is_plain(value_string(value)) ? g_strdup(value_string(value)) : quote(value_string(value));
    word = outline_scalar(value);
    text = g_string_new(word);
    /* Within quotes: plain words of a list have none. */
    g_string_replace(text, BAR, "\\u007C", 0);
    return g_strdup(text->str);
}

static char *cell_text_at(const char *path, Value *device, const Column *column)
{
    bool divided;
    g_autoptr(Value) value = cell_value(path, device, column, &divided);

    return divided ? g_strdup(PER_BINDING) : cell_text(value);
}

static char *device_word(const char *path)
{
    g_autofree char *id = NULL;

    if (!path_split(path, NULL, &id, NULL) || !id)
        return g_strdup(path);
    return is_plain(id) ? g_steal_pointer(&id) : quote(id);
}

/* One line, as cells. */
static GPtrArray *device_cells(const Sheet *sheet, const char *path, Value *device)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(cells, device_word(path));
    for (unsigned i = 0; i < sheet->columns->len; i++)
        g_ptr_array_add(cells, cell_text_at(path, device, &g_array_index(sheet->columns, Column, i)));
    return cells;
}

static GPtrArray *head_cells(const Sheet *sheet)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(cells, g_strdup("# device"));
    for (unsigned i = 0; i < sheet->columns->len; i++)
        g_ptr_array_add(cells, g_strdup(g_array_index(sheet->columns, Column, i).name));
    return cells;
}

static void append_line(GString *out, GPtrArray *cells, const unsigned *widths)
{
    for (unsigned i = 0; i < cells->len; i++) {
        const char *cell = cells->pdata[i];
        bool last = i + 1 == cells->len;

        g_string_append(out, cell);
        /* Widths are those of a terminal, as far as an editor is one. */
        if (!last)
            g_string_append_printf(out, "%*s" GAP, (int) (widths[i] - text_width(cell)), "");
    }
    g_strchomp(out->str);
    out->len = strlen(out->str);
    g_string_append_c(out, '\n');
}

char *sheet_format(const Sheet *sheet)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    g_autofree unsigned *widths = g_new0(unsigned, sheet->columns->len + 1);
    GString *out = g_string_new(NULL);

    g_ptr_array_add(lines, head_cells(sheet));
    VALUE_FOREACH_ENTRY (path, device, sheet->devices)
        g_ptr_array_add(lines, device_cells(sheet, path, device));
    for (unsigned i = 0; i < lines->len; i++) {
        GPtrArray *cells = lines->pdata[i];

        for (unsigned at = 0; at < cells->len; at++)
            widths[at] = MAX(widths[at], text_width(cells->pdata[at]));
    }
    for (unsigned i = 0; i < lines->len; i++)
        append_line(out, lines->pdata[i], widths);
    return g_string_free(out, FALSE);
}

/* Reading */

typedef struct Reader {
    const Sheet *sheet;
    Plan *plan;
    GHashTable *seen; /* borrowed paths */
    unsigned line;
} Reader;

G_GNUC_PRINTF(3, 4)
static bool refuse(const Reader *reader, GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, _("line %u: %s"), reader->line, why);
    return false;
}

/* A text in quotes; NULL with the error set. */
static Value *read_quoted(const Reader *reader, const char *cell, GError **error)
{
    Value *value = json_parse(cell, -1, &json_limits_call, NULL);

    if (!value)
        refuse(reader, error, _("%s is no text in quotes"), cell);
    return value;
}

static bool is_list_of_texts(const Value *list)
{
    VALUE_FOREACH_ITEM (item, list) {
        if (!value_is_string(item))
            return false;
    }
    return value_is_list(list);
}

static Value *read_list(const Reader *reader, const char *cell, const Value *like, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Value) value = yaml_parse(cell, strlen(cell), &yaml_limits_default, &why);

    if (!value_is_list(value)) {
        refuse(reader, error, _("%s is no list; write one as [night, outside]"), cell);
        return NULL;
    }
    /* “on” and “25” are no words to YAML. */
    if ((!like || is_list_of_texts(like)) && !is_list_of_texts(value)) {
        refuse(reader, error, _("a word in %s is no text to YAML; put it in quotes"), cell);
        return NULL;
    }
    return g_steal_pointer(&value);
}

/* What a cell that was changed says, of the kind that its field has. NULL with the error set. */
static Value *read_value(const Reader *reader, const char *cell, const Value *like, GError **error)
{
    g_autoptr(GError) why = NULL;
    Value *value;

    if (*cell == '"')
        return read_quoted(reader, cell, error);
    if (*cell == '[' || value_is_list(like))
        return read_list(reader, cell, like, error);
    /* Of a field without a value a cell is a text. */
    if (!like || value_is_string(like))
        return value_new_string(cell);
    value = input_value_like(cell, like, &why);
    if (!value)
        refuse(reader, error, _("“%s” is not of the kind that is there (%s): put a text in quotes"), cell,
               value_type_name(value_type(like)));
    return value;
}

static bool is_real_value(const Value *value)
{
    return value && value_type(value) != VALUE_NULL;
}

static bool read_cell(const Reader *reader, const char *path, Value *device, const Column *column,
                      const char *cell, GError **error)
{
    bool divided;
    g_autoptr(Value) before = cell_value(path, device, column, &divided);
    g_autofree char *old = cell_text_at(path, device, column);
    g_autoptr(Value) after = NULL;

    if (g_str_equal(cell, old))
        return true;
    if (*cell) {
        after = read_value(reader, cell, is_real_value(before) && !divided ? before : column->like, error);
        if (!after)
            return false;
        if (value_equal(before, after))
            return true;
    }
    plan_add(reader->plan, after ? "set" : "unset", path, column->field, after);
    diff_add_field(reader->plan->diff, path, column->field, before, after);
    return true;
}

/* The path of the device that a line is about; NULL with the error set. */
static char *read_device(const Reader *reader, const char *cell, GError **error)
{
    g_autoptr(Value) quoted = *cell == '"' ? read_quoted(reader, cell, error) : value_new_string(cell);
    g_autofree char *path = NULL;

    if (!value_is_string(quoted))
        return NULL;
    path = path_new(PATH_DEVICES, value_string(quoted));
    if (!value_map_get(reader->sheet->devices, path)) {
        refuse(
            reader, error,
            _("there is no device “%s”. A device keeps its name here, and lines add none: “coachiqctl put” does"),
            value_string(quoted));
        return NULL;
    }
    if (g_hash_table_add(reader->seen, g_strdup(path)))
        return g_steal_pointer(&path);
    refuse(reader, error, _("the device “%s” has a line already"), value_string(quoted));
    return NULL;
}

static bool read_cells(const Reader *reader, char **cells, GError **error)
{
    unsigned n = g_strv_length(cells), wanted = reader->sheet->columns->len + 1;
    g_autofree char *path = NULL;

    for (unsigned i = 0; cells[i]; i++)
        g_strstrip(cells[i]);
    /* There is one at least, which not every checker of code knows. */
    if (n != wanted || !cells[0])
        return refuse(reader, error,
                      ngettext("there is %u cell where %u belong; in a text a bar is written \"\\u007C\"",
                               "there are %u cells where %u belong; in a text a bar is written \"\\u007C\"",
                               n),
                      n, wanted);
    path = read_device(reader, cells[0], error);
    if (!path)
        return false;
    for (unsigned i = 1; cells[i]; i++) {
        const Column *column = &g_array_index(reader->sheet->columns, Column, i - 1);

        if (!read_cell(reader, path, value_map_get(reader->sheet->devices, path), column, cells[i], error))
            return false;
    }
    return true;
}

static bool is_skipped(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '\0' || *line == '#';
}

bool sheet_read(const Sheet *sheet, const char *text, Plan *plan, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reader reader = {.sheet = sheet, .plan = plan, .seen = seen};

    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) cells = NULL;

        reader.line = i + 1;
        if (is_skipped(lines[i]))
            continue;
        if (!g_utf8_validate(lines[i], -1, NULL))
            return refuse(&reader, error, _("this is not UTF-8; save the text in that encoding"));
        cells = g_strsplit(lines[i], BAR, -1);
        if (!read_cells(&reader, cells, error))
            return false;
    }
    VALUE_FOREACH_ENTRY (path, device, sheet->devices) {
        if (!g_hash_table_contains(seen, path))
            plan_delete(plan, path, device);
    }
    return true;
}
