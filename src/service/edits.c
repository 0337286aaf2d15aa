/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits: what callers want of components, turned into overrides and checked against the coach file's rules.
 */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "service/touched.h"

#include <string.h>

/* Bindings of a device that somebody edits. */
#define BINDINGS_MAX 1000

bool edit_op_from_string(const char *text, EditOp *ret)
{
    static const char *const names[] = {
        [EDIT_SET] = "set", [EDIT_UNSET] = "unset",   [EDIT_RESET] = "reset",
        [EDIT_PUT] = "put", [EDIT_DELETE] = "delete",
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(text, names[i])) {
            *ret = (EditOp) i;
            return true;
        }
    return false;
}

/* No device has as many; what each edit of one costs grows with their number. */
static bool check_bindings(const Edit *edit, GError **error)
{
    Value *bindings = edit->field[0] ? edit->value : value_map_get(edit->value, DEVICE_BINDINGS);

    if (!path_is_device(edit->path) || !value_is_list(bindings) || value_length(bindings) <= BINDINGS_MAX)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "%s: a device has at most %d bindings",
                edit->path, BINDINGS_MAX);
    return false;
}

Edit *edit_new(EditOp op, const char *path, const char *field, const char *value, GError **error)
{
    g_autoptr(Edit) edit = g_new0(Edit, 1);
    bool has_value = op == EDIT_SET || op == EDIT_PUT;

    if (!path_split(path, NULL, NULL, error))
        return NULL;
    edit->op = op;
    edit->path = g_strdup(path);
    /* Only devices have bindings. */
    if (path_is_device(path)) {
        edit->field = override_field_normalize(field, error);
    } else {
        g_auto(GStrv) tokens = pointer_split(field, error);
        edit->field = tokens ? g_strdup(field) : NULL;
    }
    if (!edit->field)
        return NULL;
    if ((op == EDIT_PUT || op == EDIT_DELETE) && field[0]) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                            "\"put\" and \"delete\" are of a whole component; their field is empty");
        return NULL;
    }
    if ((op == EDIT_SET || op == EDIT_UNSET) && !field[0]) {
        g_set_error_literal(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
            "A field is named by a pointer like \"/friendly_name\"; the whole component is replaced or deleted by an operation of its own");
        return NULL;
    }
    if (!has_value && value[0]) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                            "Only \"set\" and \"put\" have a value");
        return NULL;
    }
    if (has_value) {
        edit->value = json_parse(value, -1, &json_limits_call, error);
        if (!edit->value) {
            g_prefix_error(error, "%s%s: ", path, edit->field);
            return NULL;
        }
        if (!check_bindings(edit, error))
            return NULL;
    }
    return g_steal_pointer(&edit);
}

void edit_free(Edit *edit)
{
    if (!edit)
        return;
    g_free(edit->path);
    g_free(edit->field);
    g_clear_pointer(&edit->value, value_unref);
    g_free(edit);
}

/* Planning */

static Touched *touch(Service *service, ModelCache *cache, GHashTable *by_path, GPtrArray *touched,
                      const char *path, GError **error)
{
    Touched *found = g_hash_table_lookup(by_path, path);

    if (found)
        return found;
    found = touched_load(service, model_cache_status(cache), path, error);
    if (!found)
        return NULL;
    g_ptr_array_add(touched, found);
    g_hash_table_insert(by_path, found->path, found);
    return found;
}

static bool no_such_mapping(const Touched *touched, const char *model, GError **error)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MAPPING, "Model \"%s\" has no component \"%s\"",
                model, touched->path);
    return false;
}

/* A field inside a component that is not there is a missing component for the caller. */
static bool record(Touched *touched, const Edit *edit, const char *model, GError **error)
{
    g_autoptr(Value) now = override_apply(touched->path, touched->vendor, touched->new_overrides);
    GPtrArray *next = NULL;

    if (edit->op != EDIT_PUT && !now && !(edit->op == EDIT_RESET && touched->vendor))
        return no_such_mapping(touched, model, error);

    switch (edit->op) {
    case EDIT_SET:
    case EDIT_UNSET:
        next = override_record(touched->path, touched->vendor, touched->new_overrides, edit->field,
                               edit->value, error);
        break;
    case EDIT_RESET:
        next = override_reset(touched->path, touched->vendor, touched->new_overrides, edit->field, error);
        break;
    case EDIT_PUT:
        next = override_record_component(touched->path, touched->vendor, touched->new_overrides, edit->value,
                                         error);
        break;
    case EDIT_DELETE:
        next = override_record(touched->path, touched->vendor, touched->new_overrides, "", NULL, error);
        break;
    }
    if (!next)
        return false;

    if (edit->op != EDIT_RESET && edit->field[0])
        g_ptr_array_add(touched->fields, g_strdup(edit->field));
    g_ptr_array_unref(touched->new_overrides);
    touched->new_overrides = next;
    return true;
}

static bool check_touched(Service *service, ModelCache *cache, const Touched *touched, bool force,
                          GError **error)
{
    const Rules *rules = model_cache_rules(cache, service->store, error);

    if (!rules)
        return false;
    if (!touched_check_size(touched, error))
        return false;
    return rules_check_edit(rules, touched->path, touched->vendor, touched->before, touched->after,
                            touched->fields, force, error);
}

static bool lay_edits(Service *service, ModelCache *cache, GPtrArray *edits, GHashTable *by_path,
                      GPtrArray *touched, GError **error)
{
    for (guint i = 0; i < edits->len; i++) {
        const Edit *edit = g_ptr_array_index(edits, i);
        Touched *component = touch(service, cache, by_path, touched, edit->path, error);

        if (component && ++component->n_edits > EDITS_PER_COMPONENT_MAX) {
            g_set_error(
                error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                "%s: one call takes at most %d edits of one component; \"put\" replaces it as a whole",
                edit->path, EDITS_PER_COMPONENT_MAX);
            return false;
        }
        if (!component || !record(component, edit, model_cache_status(cache)->model, error)) {
            if (edits->len > 1)
                g_prefix_error(error, "Edit %u: ", i + 1);
            return false;
        }
    }
    for (guint i = 0; i < touched->len; i++)
        touched_settle(g_ptr_array_index(touched, i));
    return touched_check_paths(service, cache, touched, by_path, error);
}

Plan *service_plan_edits(Service *service, const char *model, GPtrArray *edits, const char *reason,
                         const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = NULL;
    g_autoptr(GPtrArray) touched = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    ModelCache *cache;

    if (edits->len > EDITS_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "One call takes at most %d edits",
                    EDITS_MAX);
        return NULL;
    }
    plan = plan_new(service, "edit", "", reason, options, error);
    cache = plan ? service_get_cache(service, model, error) : NULL;
    if (!cache || !lay_edits(service, cache, edits, by_path, touched, error))
        return NULL;
    g_free(plan->model);
    plan->model = g_strdup(model_cache_status(cache)->model);

    plan->components = g_ptr_array_new_with_free_func((GDestroyNotify) touched_free);
    while (touched->len > 0) {
        Touched *component = g_ptr_array_index(touched, 0);

        if (!check_touched(service, cache, component, options->force, error))
            return NULL;
        component = g_ptr_array_steal_index(touched, 0);
        if (!touched_differs(component)) {
            touched_free(component);
            continue;
        }
        touched_add_history(plan, component, NULL);
        g_ptr_array_add(plan->components, component);
    }

    if (!touched_check_history(plan, error))
        return NULL;
    plan_set_touched(plan);
    return g_steal_pointer(&plan);
}
