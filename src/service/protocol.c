/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The RV-C protocol table, rvc.json, asked by DGN. The one that ships is a part of the program in a compact
 * form (rvc-table.h); one of a development folder is read when its bytes have changed. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "service/rvc-table.h"

#define RVC_JSON "rvc.json"

static Value *parse_file(GBytes *bytes, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    Value *content = json_parse(text, (gssize) length, &json_limits_stored, error);

    if (!content)
        g_prefix_error(error, RVC_JSON ": ");
    return content;
}

static const DgnTable *development_table(Service *service, GError **error)
{
    g_autoptr(GBytes) bytes = bundle_get_resource(service->bundle, RVC_JSON, error);
    g_autoptr(Value) content = NULL;
    g_autofree char *hash = NULL;

    if (!bytes)
        return NULL;
    hash = hash_bytes(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (g_str_equal(hash, rvc_table.hash))
        return &rvc_table;
    if (service->dgns && g_str_equal(hash, service->dgns->hash))
        return service->dgns;

    content = parse_file(bytes, error);
    if (!content)
        return NULL;
    g_clear_pointer(&service->dgns, dgn_table_free);
    service->dgns = dgn_table_new(content, hash, error);
    return service->dgns;
}

const DgnTable *service_dgns(Service *service, GError **error)
{
    return bundle_has_own_resource(service->bundle, RVC_JSON) ? development_table(service, error)
                                                              : &rvc_table;
}

/* The entry where the table says that it is; NULL where it is not there. */
static Value *entry_at(GBytes *bytes, const DgnRow *row)
{
    g_autoptr(Value) entry = NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length), *pgn;
    uint32_t dgn;

    if (row->size == 0 || row->start > length || row->size > length - row->start)
        return NULL;
    entry = json_parse(text + row->start, row->size, &json_limits_stored, NULL);
    pgn = value_map_get_string(entry, "pgn");
    return pgn && dgn_parse(pgn, &dgn) && dgn == row->dgn ? g_steal_pointer(&entry) : NULL;
}

static Value *entry_of(GBytes *bytes, const DgnRow *row, GError **error)
{
    g_autoptr(Value) content = NULL, entry = entry_at(bytes, row);

    if (!entry) {
        content = parse_file(bytes, error);
        if (!content)
            return NULL;
        VALUE_FOREACH_ENTRY (key, value, value_map_get(content, "pgns")) {
            uint32_t dgn;

            if (dgn_parse(key, &dgn) && dgn == row->dgn)
                return value_ref(value);
        }
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING, "The RV-C table has no DGN %05X",
                    row->dgn);
    }
    return g_steal_pointer(&entry);
}

bool service_describe_dgn(Service *service, uint32_t dgn, char **ret, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(Value) entry = NULL;
    const DgnTable *table;
    const DgnRow *row;

    if (dgn > DGN_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "%X is no DGN: those have 17 bits, the largest is 1FFFF", dgn);
        return false;
    }
    table = service_dgns(service, error);
    if (!table)
        return false;
    row = dgn_table_find(table, dgn);
    if (!row) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING, "The RV-C table has no DGN %05X",
                    dgn);
        return false;
    }
    bytes = bundle_get_resource(service->bundle, RVC_JSON, error);
    entry = bytes ? entry_of(bytes, row, error) : NULL;
    if (!entry)
        return false;
    *ret = json_format(entry);
    return true;
}

static bool name_fits(const char *name, const char *folded)
{
    g_autofree char *own = g_utf8_casefold(name, -1);

    return g_strstr_len(own, -1, folded) != NULL;
}

bool service_list_dgns(Service *service, const char *name, const char *direction, GArray **ret,
                       GError **error)
{
    g_autofree char *folded = name ? g_utf8_casefold(name, -1) : NULL;
    const DgnTable *table;
    DgnDirection wanted = DGN_OTHER;
    GArray *dgns;

    if (direction && !dgn_direction_from_string(direction, &wanted)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "\"%s\" is no direction: those are \"status\", \"command\", \"request\" and \"other\"",
                    direction);
        return false;
    }
    table = service_dgns(service, error);
    if (!table)
        return false;
    dgns = g_array_new(false, false, sizeof(DgnInfo));
    for (size_t i = 0; i < table->n_rows; i++) {
        const DgnRow *row = &table->rows[i];
        DgnInfo info = {.dgn = row->dgn,
                        .name = dgn_table_text(table, row->name),
                        .direction = dgn_direction_to_string((DgnDirection) row->direction)};

        if ((!direction || row->direction == wanted) && (!folded || name_fits(info.name, folded)))
            g_array_append_val(dgns, info);
    }
    *ret = dgns;
    return true;
}
