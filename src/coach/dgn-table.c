/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/dgn-table.h"

#include "base/error.h"

#include <stdlib.h>

/* Destination-addressed messages carry the address in the low byte of the DGN (RV-C, PDU1 format: the upper
 * byte of the two is below F0); the table has them with 00 there. */
#define PDU1_MASK UINT32_C(0x1FF00)
#define PDU1_LIMIT UINT32_C(0x0F000)

static const char *const directions[] = {
    [DGN_OTHER] = "other",
    [DGN_STATUS] = "status",
    [DGN_COMMAND] = "command",
    [DGN_REQUEST] = "request",
};

static const char *const bases[] = {
    [DGN_BASIS_UNKNOWN] = "",      [DGN_BASIS_STATED] = "stated", [DGN_BASIS_NAME] = "name",
    [DGN_BASIS_FAMILY] = "family", [DGN_BASIS_VALUES] = "values", [DGN_BASIS_WIDTH] = "width",
    [DGN_BASIS_USUAL] = "usual",
};

static int index_of(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; text && i < n; i++)
        if (g_str_equal(texts[i], text))
            return (int) i;
    return -1;
}

const char *dgn_direction_to_string(DgnDirection direction)
{
    return directions[direction];
}

bool dgn_direction_from_string(const char *text, DgnDirection *ret)
{
    int i = index_of(directions, G_N_ELEMENTS(directions), text);

    if (i >= 0)
        *ret = (DgnDirection) i;
    return i >= 0;
}

static DgnBasis basis_of(const char *text)
{
    int i = index_of(bases, G_N_ELEMENTS(bases), text);

    return i > 0 ? (DgnBasis) i : DGN_BASIS_UNKNOWN;
}

/* Making one */

static uint32_t add_text(GString *texts, const char *text)
{
    uint32_t start = (uint32_t) texts->len;

    if (!text || !text[0])
        return 0;
    g_string_append_len(texts, text, (gssize) strlen(text) + 1);
    return start;
}

static uint32_t add_list(GString *texts, const Value *list)
{
    g_autoptr(GString) text = g_string_new(NULL);

    VALUE_FOREACH_ITEM (item, list)
        if (value_is_string(item))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", value_string(item));
    return add_text(texts, text->str);
}

static bool instance_of(const Value *value, int *ret)
{
    if (!value || value_type(value) != VALUE_INTEGER || value_integer(value) < 0 ||
        value_integer(value) > INSTANCE_MAX)
        return false;
    *ret = (int) value_integer(value);
    return true;
}

/* None at all where one is no range, or there are more than fit. */
static void read_ranges(DgnRow *row, const Value *list)
{
    uint8_t n = 0;

    VALUE_FOREACH_ITEM (range, list) {
        int first, last;

        if (n == DGN_RANGES_MAX || value_length(range) != 2 || !value_is_list(range) ||
            !instance_of(value_list_item(range, 0), &first) ||
            !instance_of(value_list_item(range, 1), &last) || first > last)
            return;
        row->ranges[n][0] = (uint8_t) first;
        row->ranges[n][1] = (uint8_t) last;
        n++;
    }
    row->n_ranges = n;
}

static void read_instances(DgnRow *row, Value *entry, GString *texts)
{
    const Value *instanced = value_map_get(entry, "instanced"),
                *instances = value_map_get(entry, "instances");
    int all;

    if (instanced && value_type(instanced) == VALUE_BOOLEAN)
        row->instanced = value_boolean(instanced) ? DGN_INSTANCED_YES : DGN_INSTANCED_NO;
    row->all = DGN_NO_INSTANCE;
    if (instance_of(value_map_get(instances, "all"), &all))
        row->all = (int16_t) all;
    row->instance_basis = (uint8_t) basis_of(value_map_get_string(instances, "basis"));
    row->instance_sources = add_list(texts, value_map_get(instances, "sources"));
    read_ranges(row, value_map_get(instances, "ranges"));
}

static bool read_row(DgnRow *row, const char *key, Value *entry, GString *texts)
{
    const char *name = value_map_get_string(entry, "name"), *pair = value_map_get_string(entry, "pair");
    const Value *layout = value_map_get(entry, "layout_sources");
    DgnDirection direction = DGN_OTHER;

    if (!name || !dgn_parse(key, &row->dgn))
        return false;
    dgn_direction_from_string(value_map_get_string(entry, "direction"), &direction);
    row->direction = (uint8_t) direction;
    row->name = add_text(texts, name);
    row->layout_sources = add_list(texts, layout ? layout : value_map_get(entry, "sources"));
    if (!pair || !dgn_parse(pair, &row->pair))
        row->pair = DGN_NONE;
    row->pair_basis = (uint8_t) basis_of(value_map_get_string(entry, "pair_basis"));
    row->pair_sources = add_list(texts, value_map_get(entry, "pair_sources"));
    read_instances(row, entry, texts);
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const DgnRow *left = a, *right = b;

    return left->dgn < right->dgn ? -1 : left->dgn > right->dgn;
}

DgnTable *dgn_table_new(Value *content, const char *hash, GError **error)
{
    const Value *entries = value_map_get(content, "pgns");
    const char *version = value_map_get_string(content, "version");

    if (!value_is_map(entries)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "rvc.json: has no map \"pgns\"");
        return NULL;
    }

    DgnTable *table = g_new0(DgnTable, 1);
    DgnRow *rows = g_new0(DgnRow, value_length(entries) + 1);
    GString *texts = g_string_new_len("", 1);
    VALUE_FOREACH_ENTRY (key, entry, entries) {
        DgnRow row = {0};

        if (read_row(&row, key, entry, texts))
            rows[table->n_rows++] = row;
    }
    qsort(rows, table->n_rows, sizeof *rows, compare_rows);
    table->rows = rows;
    table->texts = g_string_free(texts, false);
    table->version = g_strdup(version ? version : "");
    table->hash = g_strdup(hash);
    return table;
}

void dgn_table_free(DgnTable *table)
{
    if (!table)
        return;
    g_free((void *) table->rows);
    g_free((void *) table->texts);
    g_free((void *) table->version);
    g_free((void *) table->hash);
    g_free(table);
}

/* Asking it */

static const DgnRow *find_exactly(const DgnTable *table, uint32_t dgn)
{
    const DgnRow wanted = {.dgn = dgn};

    return bsearch(&wanted, table->rows, table->n_rows, sizeof wanted, compare_rows);
}

const DgnRow *dgn_table_find(const DgnTable *table, uint32_t dgn)
{
    const DgnRow *row = find_exactly(table, dgn);

    if (!row && (dgn & 0xFFFF) < PDU1_LIMIT)
        row = find_exactly(table, dgn & PDU1_MASK);
    return row;
}

const char *dgn_table_text(const DgnTable *table, uint32_t text)
{
    return table->texts + text;
}
