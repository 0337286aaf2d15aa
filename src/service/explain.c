/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Explaining a component: where each field comes from. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/path.h"
#include "service/touched.h"

#include <string.h>

#define LAYER_USER "user"

typedef struct Explainer {
    const char *path;
    const char *vendor_layer; /* "factory" or "import" */
    Value *vendor;
    GPtrArray *overrides;
    GPtrArray *origins;
    Value *fields; /* the result, a list */
} Explainer;

static const Override *covering_override(const Explainer *explainer, const char *field)
{
    for (guint i = 0; i < explainer->overrides->len; i++) {
        const Override *override = g_ptr_array_index(explainer->overrides, i);
        size_t length = strlen(override->field);

        if (strncmp(field, override->field, length) == 0 && (field[length] == '/' || field[length] == 0))
            return override;
    }
    return NULL;
}

static void add_origin(const Explainer *explainer, Value **map, const char *field)
{
    for (guint i = 0; i < explainer->origins->len; i++) {
        const OverrideOrigin *origin = g_ptr_array_index(explainer->origins, i);

        if (!g_str_equal(origin->field, field))
            continue;
        value_map_take(map, "change", value_new_integer(origin->change));
        value_map_take(map, "time", value_new_integer(origin->time));
        value_map_take(map, "user", value_new_string(origin->user));
        value_map_take(map, "uid", value_new_integer(origin->uid));
        value_map_take(map, "reason", value_new_string(origin->reason));
    }
}

/* One field; `value` NULL: the owner unset it. */
static void add_field(Explainer *explainer, const char *field, Value *value)
{
    const Override *override = covering_override(explainer, field);
    g_autoptr(Value) vendor = component_get_field(explainer->path, explainer->vendor, field);
    Value *entry = value_new_map();

    value_map_take(&entry, "field", value_new_string(field));
    if (value)
        value_map_set(&entry, "value", value);
    else
        value_map_take(&entry, "unset", value_new_boolean(true));
    value_map_take(&entry, "layer", value_new_string(override ? LAYER_USER : explainer->vendor_layer));
    if (vendor)
        value_map_set(&entry, "vendor", vendor);
    if (override && override_is_redundant(explainer->path, explainer->vendor, override))
        value_map_take(&entry, "redundant", value_new_boolean(true));
    if (override)
        add_origin(explainer, &entry, override->field);
    value_list_take(&explainer->fields, entry);
}

static void add_leaves(Explainer *explainer, GString *field, Value *value)
{
    size_t length = field->len;

    if (!value_is_map(value) || value_length(value) == 0) {
        add_field(explainer, field->str, value);
        return;
    }
    VALUE_FOREACH_ENTRY (key, member, value) {
        pointer_append(field, key);
        add_leaves(explainer, field, member);
        g_string_truncate(field, length);
    }
}

/* What does not show in the component: fields that the owner unset, and those at a binding that is no more.
 */
static void add_hidden(Explainer *explainer, Value *effective)
{
    for (guint i = 0; i < explainer->overrides->len; i++) {
        const Override *override = g_ptr_array_index(explainer->overrides, i);
        g_autoptr(Value) there = component_view_field(explainer->path, effective, override->field);

        if (override->op == OVERRIDE_UNSET || !there)
            add_field(explainer, override->field, override->value);
    }
}

static Value *explain(Explainer *explainer, const ImportStatus *status, int64_t revision)
{
    g_autoptr(Value) effective = override_apply(explainer->path, explainer->vendor, explainer->overrides);
    g_autoptr(Value) keyed = NULL;
    g_autoptr(GString) field = g_string_new(NULL);
    Value *result = value_new_map();

    explainer->fields = value_new_list();
    if (effective) {
        keyed = path_is_device(explainer->path) ? device_to_keyed(effective, NULL) : NULL;
        add_leaves(explainer, field, keyed ? keyed : effective);
    }
    add_hidden(explainer, effective);

    value_map_take(&result, "model", value_new_string(status->model));
    value_map_take(&result, "path", value_new_string(explainer->path));
    value_map_take(&result, "source",
                   value_new_string(explainer->overrides->len > 0 ? LAYER_USER : explainer->vendor_layer));
    value_map_take(&result, "vendor_version", value_new_string(status->version));
    value_map_take(&result, "in_vendor_file", value_new_boolean(explainer->vendor != NULL));
    value_map_take(&result, "deleted", value_new_boolean(effective == NULL));
    value_map_take(&result, "revision", value_new_integer(revision));
    value_map_take(&result, "fields", g_steal_pointer(&explainer->fields));
    return result;
}

bool service_explain(Service *service, const char *model, const char *path, char **ret, GError **error)
{
    Store *store = service_store(service, error);
    ModelCache *cache = store ? service_get_cache(service, model, error) : NULL;
    g_autoptr(Value) vendor = NULL, result = NULL;
    g_autoptr(GPtrArray) overrides = NULL, origins = NULL;
    const ImportStatus *status;

    if (!cache || !path_split(path, NULL, NULL, error))
        return false;
    status = model_cache_status(cache);
    if (!store_get_vendor_component(store, status->revision_id, path, &vendor, error) ||
        !store_get_overrides(store, status->model, path, &overrides, error) ||
        !store_list_override_origins(store, status->model, path, &origins, error))
        return false;
    if (!vendor && overrides->len == 0) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING,
                    "Model \"%s\" has no component \"%s\"", status->model, path);
        return false;
    }

    Explainer explainer = {.path = path,
                           .vendor_layer = origin_source(status->origin),
                           .vendor = vendor,
                           .overrides = overrides,
                           .origins = origins};
    result = explain(&explainer, status, service->revision);
    g_autofree char *text = json_format(result);
    if (strlen(text) > ANSWER_SIZE_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "%s: the answer would have more than %d bytes", path, ANSWER_SIZE_MAX);
        return false;
    }
    *ret = g_steal_pointer(&text);
    return true;
}
