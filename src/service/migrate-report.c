/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/migrate-report.h"

#include "base/json.h"
#include "base/text.h"
#include "coach/legacy.h"

#include <string.h>

/* A path of the file system has 4,096 bytes at most. */
#define SOURCE_LENGTH_MAX 4096
#define TEXT_LENGTH_MAX 2048
/* A longer value is left out of the report; the configuration has it. */
#define VALUE_LENGTH_MAX 1024

static void item_free(MigrationItem *item)
{
    g_free(item->source);
    g_free(item->model);
    g_free(item->path);
    g_free(item->field);
    g_clear_pointer(&item->value, value_unref);
    g_free(item->reason);
    g_clear_pointer(&item->places, g_ptr_array_unref);
    g_free(item);
}

MigrationReport *migration_report_new(void)
{
    MigrationReport *report = g_new0(MigrationReport, 1);

    report->items = g_ptr_array_new_with_free_func((GDestroyNotify) item_free);
    return report;
}

void migration_report_free(MigrationReport *report)
{
    if (!report)
        return;
    g_ptr_array_unref(report->items);
    g_free(report);
}

/* Items */

MigrationItem *migration_report_add(MigrationReport *report, const char *what, const char *source,
                                    const char *model)
{
    MigrationItem *item = g_new0(MigrationItem, 1);

    item->what = what;
    item->source = text_presentable(source, SOURCE_LENGTH_MAX);
    item->model = g_strdup(model ? model : "");
    item->path = g_strdup("");
    item->field = g_strdup("");
    g_ptr_array_add(report->items, item);
    return item;
}

static void set_text(char **place, const char *text)
{
    g_free(*place);
    *place = text_presentable(text, TEXT_LENGTH_MAX);
}

void migration_item_set_place(MigrationItem *item, const char *path, const char *field)
{
    set_text(&item->path, path);
    set_text(&item->field, field);
}

void migration_item_set_value(MigrationItem *item, Value *value)
{
    g_clear_pointer(&item->value, value_unref);
    item->value = value ? value_ref(value) : NULL;
}

void migration_item_judge(MigrationItem *item, MigrationResult result, const char *format, ...)
{
    g_autofree char *reason = NULL;
    va_list arguments;

    va_start(arguments, format);
    reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    item->result = result;
    set_text(&item->reason, reason);
}

static unsigned count_items(const MigrationReport *report, MigrationResult result)
{
    unsigned n = 0;

    for (guint i = 0; i < report->items->len; i++)
        n += ((const MigrationItem *) g_ptr_array_index(report->items, i))->result == result;
    return n;
}

/* JSON */

static const char *const result_names[MIGRATION_RESULTS] = {
    [MIGRATION_TAKEN] = "taken",
    [MIGRATION_PRESENT] = "present",
    [MIGRATION_REFUSED] = "refused",
};

static void add_text(Value **map, const char *key, const char *text)
{
    value_map_take(map, key, value_new_string(text));
}

static Value *item_to_value(const MigrationItem *item)
{
    g_autofree char *text = item->value ? json_format(item->value) : NULL;
    Value *map = value_new_map();

    add_text(&map, "source", item->source);
    add_text(&map, "what", item->what);
    add_text(&map, "model", item->model);
    add_text(&map, "path", item->path);
    add_text(&map, "field", item->field);
    if (text && strlen(text) <= VALUE_LENGTH_MAX)
        value_map_set(&map, "value", item->value);
    add_text(&map, "result", result_names[item->result]);
    add_text(&map, "reason", item->reason && item->reason[0] ? item->reason : "");
    return map;
}

/* What fits into one answer. */
static Value *list_items(const MigrationReport *report, guint *ret_left_out)
{
    Value *items = value_new_list();
    size_t size = 0;
    guint i = 0;

    for (; i < report->items->len && size < MIGRATION_REPORT_SIZE_MAX; i++) {
        Value *item = item_to_value(g_ptr_array_index(report->items, i));
        g_autofree char *text = json_format(item);

        size += strlen(text);
        value_list_take(&items, item);
    }
    *ret_left_out = report->items->len - i;
    return items;
}

Value *migration_report_counts(const MigrationReport *report)
{
    Value *counts = value_new_map();

    for (guint i = 0; i < MIGRATION_RESULTS; i++)
        value_map_take(&counts, result_names[i],
                       value_new_integer(count_items(report, (MigrationResult) i)));
    return counts;
}

char *migration_report_format(const MigrationReport *report, bool dry_run, int64_t change,
                              const char *backup, const char *active_model)
{
    g_autoptr(Value) map = value_new_map();
    guint left_out;

    value_map_take(&map, "dry_run", value_new_boolean(dry_run));
    value_map_take(&map, "change", value_new_integer(change));
    value_map_take(&map, "backup", backup ? value_new_string(backup) : value_new_null());
    add_text(&map, "active_model", active_model);
    value_map_take(&map, "items", list_items(report, &left_out));
    value_map_take(&map, "items_left_out", value_new_integer(left_out));
    value_map_take(&map, "counts", migration_report_counts(report));
    return json_format(map);
}
