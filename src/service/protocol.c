/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The RV-C protocol table, rvc.json, asked by DGN. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "coach/dgn.h"

/* Destination-addressed messages carry the address in the low byte of the DGN (RV-C, PDU1 format: the upper
 * byte of the two is below F0); the table has them with 00 there. */
#define PDU1_MASK UINT32_C(0x1FF00)
#define PDU1_LIMIT UINT32_C(0x0F000)

static Value *get_table(Service *service, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    Value *table;
    gsize length;

    if (service->protocol && !bundle_development(service->bundle))
        return value_map_get(service->protocol, "pgns");

    bytes = bundle_get_resource(service->bundle, "rvc.json", error);
    if (!bytes)
        return NULL;
    const char *text = g_bytes_get_data(bytes, &length);
    g_clear_pointer(&service->protocol, value_unref);
    service->protocol = json_parse(text, (gssize) length, &json_limits_stored, error);
    if (!service->protocol) {
        g_prefix_error(error, "rvc.json: ");
        return NULL;
    }
    table = value_map_get(service->protocol, "pgns");
    if (!value_is_map(table)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "rvc.json: has no map \"pgns\"");
        return NULL;
    }
    return table;
}

static Value *find_dgn(Value *table, uint32_t dgn)
{
    char key[8];
    Value *entry;

    g_snprintf(key, sizeof key, "%05X", dgn);
    entry = value_map_get(table, key);
    if (!entry && (dgn & 0xFFFF) < PDU1_LIMIT) {
        g_snprintf(key, sizeof key, "%05X", dgn & PDU1_MASK);
        entry = value_map_get(table, key);
    }
    return entry;
}

bool service_describe_dgn(Service *service, uint32_t dgn, char **ret, GError **error)
{
    Value *table, *entry;

    if (dgn > DGN_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "%X is no DGN: those have 17 bits, the largest is 1FFFF", dgn);
        return false;
    }
    table = get_table(service, error);
    if (!table)
        return false;
    entry = find_dgn(table, dgn);
    if (!entry) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING, "The RV-C table has no DGN %05X",
                    dgn);
        return false;
    }
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
    Value *table = get_table(service, error);
    GArray *dgns;

    if (!table)
        return false;
    dgns = g_array_new(false, false, sizeof(DgnInfo));
    VALUE_FOREACH_ENTRY (key, entry, table) {
        DgnInfo info = {.name = value_map_get_string(entry, "name"),
                        .direction = value_map_get_string(entry, "direction")};

        if (!info.name || !dgn_parse(key, &info.dgn))
            continue;
        if (!info.direction)
            info.direction = "";
        if ((folded && !name_fits(info.name, folded)) ||
            (direction && !g_str_equal(info.direction, direction)))
            continue;
        g_array_append_val(dgns, info);
    }
    *ret = dgns;
    return true;
}
