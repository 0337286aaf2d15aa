/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits: what callers want of components, turned into overrides, checked against the coach file's rules, and
 * written. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"

#include <string.h>

/* Bindings of a device that somebody edits. */
#define BINDINGS_MAX 1000

/* One component while the edits of a call are laid upon it. */
typedef struct Touched {
    char *path;
    Value *vendor;                /* NULL: the vendor has none */
    GPtrArray *overrides;         /* before */
    GPtrArray *new_overrides;     /* so far */
    Value *before;                /* effective, NULL: none */
    Value *after;                 /* effective in the end */
    char *data;                   /* its text, NULL: none */
    Mapping *row;                 /* the active row, NULL: none */
    GPtrArray *fields;            /* fields that the caller named */
    guint n_edits;                /* in this call */
    guint first_entry, n_entries; /* its rows in the plan's history */
} Touched;

static void touched_free(Touched *touched)
{
    g_free(touched->path);
    g_clear_pointer(&touched->vendor, value_unref);
    g_clear_pointer(&touched->overrides, g_ptr_array_unref);
    g_clear_pointer(&touched->new_overrides, g_ptr_array_unref);
    g_clear_pointer(&touched->before, value_unref);
    g_clear_pointer(&touched->after, value_unref);
    g_free(touched->data);
    mapping_free(touched->row);
    g_clear_pointer(&touched->fields, g_ptr_array_unref);
    g_free(touched);
}

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

/* What the table has and what vendor and overrides give have to be there both, or neither. */
static bool check_row(const Touched *touched, const char *model, GError **error)
{
    if ((touched->before != NULL) == (touched->row != NULL))
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                "The database is damaged: component %s of model %s is not what its overrides say",
                touched->path, model);
    return false;
}

static Touched *touched_new(Service *service, ModelCache *cache, const char *path, GError **error)
{
    const ImportStatus *status = model_cache_status(cache);
    Touched *touched = g_new0(Touched, 1);
    bool ok;

    touched->path = g_strdup(path);
    touched->fields = g_ptr_array_new_with_free_func(g_free);
    ok = store_get_vendor_component(service->store, status->revision_id, path, &touched->vendor, error) &&
         store_get_overrides(service->store, status->model, path, &touched->overrides, error) &&
         store_get_mapping(service->store, status->model, path, &touched->row, error);
    if (ok) {
        touched->before = override_apply(path, touched->vendor, touched->overrides);
        touched->new_overrides = g_ptr_array_ref(touched->overrides);
        ok = check_row(touched, status->model, error);
    }
    if (!ok) {
        touched_free(touched);
        return NULL;
    }
    return touched;
}

static Touched *touch(Service *service, ModelCache *cache, GHashTable *by_path, GPtrArray *touched,
                      const char *path, GError **error)
{
    Touched *found = g_hash_table_lookup(by_path, path);

    if (found)
        return found;
    found = touched_new(service, cache, path, error);
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

static bool overrides_equal(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint i = 0; i < a->len; i++) {
        const Override *override = g_ptr_array_index(a, i);
        const Override *other = override_list_find(b, override->field);
        if (!other || !override_equal(override, other))
            return false;
    }
    return true;
}

/* The components as they will be: those of the model, with the touched ones in their new state. */
typedef struct Outcome {
    ModelCache *cache;   /* complete */
    GHashTable *touched; /* path → Touched */
} Outcome;

/* An empty map may be a section without children as well as a component. */
static bool is_whole(const Outcome *outcome, const char *path)
{
    const Touched *touched = g_hash_table_lookup(outcome->touched, path);
    const CachedMapping *mapping = NULL;

    if (touched)
        return touched->data && !g_str_equal(touched->data, "{}");
    return model_cache_get(outcome->cache, NULL, path, &mapping, NULL) && mapping &&
           !g_str_equal(mapping->data, "{}");
}

static bool has_children(const Outcome *outcome, const char *section)
{
    g_autofree char *prefix = g_strconcat(section, "/", NULL);
    GPtrArray *sorted = model_cache_sorted(outcome->cache);
    GHashTableIter iter;
    gpointer path, value;

    g_hash_table_iter_init(&iter, outcome->touched);
    while (g_hash_table_iter_next(&iter, &path, &value))
        if (((const Touched *) value)->data && g_str_has_prefix(path, prefix))
            return true;
    for (guint i = model_cache_position(outcome->cache, prefix, true); i < sorted->len; i++) {
        const CachedMapping *mapping = g_ptr_array_index(sorted, i);

        if (!g_str_has_prefix(mapping->path, prefix))
            break;
        if (!g_hash_table_contains(outcome->touched, mapping->path))
            return true;
    }
    return false;
}

/* A section is either one component or divided into children, and devices have a section of their own. */
static bool check_path(const Outcome *outcome, const char *path, GError **error)
{
    g_autofree char *section = NULL, *child = NULL;
    g_autofree char *section_path = g_strndup(path, strcspn(path, "/"));

    if (!path_split(path, &section, &child, error))
        return false;
    if (dgn_looks_like(section) || (g_str_equal(section, PATH_DEVICES) && !child)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" cannot be a component: a device is " PATH_DEVICES_PREFIX
                    "<entity_id> and names its DGN in \"bindings\"",
                    path);
        return false;
    }
    if (child && is_whole(outcome, section_path)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is one component and has no children", section);
        return false;
    }
    if (!child && has_children(outcome, section_path)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is divided into components; name one of them", section);
        return false;
    }
    return true;
}

/* Components that come to be, or are empty no longer. */
static bool check_paths(Service *service, ModelCache *cache, GPtrArray *touched, GHashTable *by_path,
                        GError **error)
{
    const Outcome outcome = {.cache = cache, .touched = by_path};
    gint64 n = 0;

    for (guint i = 0; i < touched->len; i++) {
        const Touched *component = g_ptr_array_index(touched, i);
        bool was_there = component->row && !g_str_equal(component->row->data, "{}");

        n += (component->data != NULL) - (component->row != NULL);
        if (!component->data || was_there)
            continue;
        if (!model_cache_load(cache, service->store, error) || !check_path(&outcome, component->path, error))
            return false;
    }
    if (n > 0 && model_cache_sorted(cache)->len + n > COACH_FILE_COMPONENTS_MAX) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "A model has at most %d components",
                    COACH_FILE_COMPONENTS_MAX);
        return false;
    }
    return true;
}

/* Many small edits must not add up to a component that nobody can carry. A vendor's that is larger may stay
 * as large as it is. */
static bool check_size(const Touched *touched, GError **error)
{
    const char *text = touched->data;
    g_autoptr(GError) local = NULL;
    g_autoptr(Value) parsed = NULL;

    if (!text || (touched->row && strlen(text) <= strlen(touched->row->data)))
        return true;
    parsed = json_parse(text, -1, &json_limits_component, &local);
    if (parsed)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE, "%s: the component would become too large: %s",
                touched->path, local->message);
    return false;
}

static bool check_touched(Service *service, ModelCache *cache, const Touched *touched, bool force,
                          GError **error)
{
    const Rules *rules = model_cache_rules(cache, service->store, error);

    if (!rules)
        return false;
    if (touched->after && !value_is_map(touched->after) &&
        (!touched->before || value_is_map(touched->before))) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "%s: a component is a JSON object, this is a %s", touched->path,
                    value_type_name(value_type(touched->after)));
        return false;
    }
    if (!check_size(touched, error))
        return false;
    return rules_check_edit(rules, touched->path, touched->vendor, touched->before, touched->after,
                            touched->fields, force, error);
}

/* History */

static char *format_override(const Override *override)
{
    g_autoptr(Value) map = NULL;

    if (!override)
        return NULL;
    map = value_new_map();
    value_map_take(&map, "op", value_new_string(override_op_to_string(override->op)));
    if (override->value)
        value_map_set(&map, "value", override->value);
    if (override->vendor)
        value_map_set(&map, "vendor", override->vendor);
    return json_format(map);
}

static const char *entry_kind(const Touched *touched, const char *field, const Override *before,
                              const Override *after)
{
    bool whole = field[0] == 0;

    if (!touched->after)
        return "delete";
    if (after && after->op == OVERRIDE_UNSET)
        return "unset";
    if (before && !after)
        return whole || (before->op == OVERRIDE_UNSET || before->vendor) ? "reset" : "unset";
    return whole && !touched->before ? "add" : "set";
}

static char *format_field(const char *path, Value *component, const char *field)
{
    g_autoptr(Value) value =
        field[0] || !component ? component_get_field(path, component, field) : value_ref(component);

    return value ? json_format(value) : NULL;
}

static void add_entry(Plan *plan, const Touched *touched, const Override *before, const Override *after)
{
    HistoryEntry *entry = g_new0(HistoryEntry, 1);
    const char *field = (before ? before : after)->field;

    entry->path = g_strdup(touched->path);
    entry->kind = g_strdup(entry_kind(touched, field, before, after));
    entry->field = g_strdup(field);
    entry->before = format_field(touched->path, touched->before, field);
    entry->after = format_field(touched->path, touched->after, field);
    entry->override_before = format_override(before);
    entry->override_after = format_override(after);
    /* Once a component: its first row in the change has it. */
    if (touched->row && plan->history->len == touched->first_entry)
        entry->previous_data = g_strdup(touched->row->data);
    g_ptr_array_add(plan->history, entry);
}

static void add_history(Plan *plan, Touched *touched)
{
    touched->first_entry = plan->history->len;
    for (guint i = 0; i < touched->overrides->len; i++) {
        const Override *before = g_ptr_array_index(touched->overrides, i);
        const Override *after = override_list_find(touched->new_overrides, before->field);

        if (!after || !override_equal(before, after))
            add_entry(plan, touched, before, after);
    }
    for (guint i = 0; i < touched->new_overrides->len; i++) {
        const Override *after = g_ptr_array_index(touched->new_overrides, i);

        if (!override_list_find(touched->overrides, after->field))
            add_entry(plan, touched, NULL, after);
    }
    touched->n_entries = plan->history->len - touched->first_entry;
}

/* Writing */

static const char *vendor_source(const ImportStatus *status)
{
    return g_str_equal(status->origin, "bundled") ? "factory" : "import";
}

static const char *touched_source(const ImportStatus *status, const Touched *touched)
{
    return touched->new_overrides->len > 0 ? "user" : vendor_source(status);
}

static bool write_component(Service *service, Plan *plan, const ImportStatus *status, Touched *touched,
                            const Change *change, GError **error)
{
    if (touched->data) {
        if (!store_put_mapping(service->store, plan->model, touched->path, touched->data,
                               touched_source(status, touched), status->version, change->actor.user,
                               &touched->row, error))
            return false;
    } else if (!store_remove_mapping(service->store, plan->model, touched->path, change->actor.user,
                                     error)) {
        return false;
    }

    for (guint i = 0; i < touched->n_entries; i++)
        ((HistoryEntry *) g_ptr_array_index(plan->history, touched->first_entry + i))->mapping_id =
            touched->row->id;
    return store_replace_overrides(service->store, plan->model, touched->path, touched->overrides,
                                   touched->new_overrides, change->id, error);
}

static bool write_edits(Service *service, Plan *plan, const Change *change, GError **error)
{
    ModelCache *cache = service_get_cache(service, plan->model, error);

    if (!cache)
        return false;
    for (guint i = 0; i < plan->components->len; i++)
        if (!write_component(service, plan, model_cache_status(cache),
                             g_ptr_array_index(plan->components, i), change, error))
            return false;
    return true;
}

static void finish_edits(Service *service, Plan *plan, const Change *change)
{
    ModelCache *cache = g_hash_table_lookup(service->caches, plan->model);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (guint i = 0; i < plan->components->len; i++) {
        const Touched *touched = g_ptr_array_index(plan->components, i);

        g_ptr_array_add(paths, touched->path);
        if (!cache)
            continue;
        if (touched->after)
            model_cache_put(cache, touched->path, touched->after, touched->data,
                            touched_source(model_cache_status(cache), touched), touched->row->position);
        else
            model_cache_remove(cache, touched->path);
    }
    g_ptr_array_add(paths, NULL);
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_MAPPINGS_CHANGED,
                                          .model = plan->model,
                                          .paths = (const char *const *) paths->pdata,
                                          .kind = plan->kind,
                                          .change = change->id});
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
    for (guint i = 0; i < touched->len; i++) {
        Touched *component = g_ptr_array_index(touched, i);

        component->after = override_apply(component->path, component->vendor, component->new_overrides);
        component->data = component->after ? json_format(component->after) : NULL;
    }
    return check_paths(service, cache, touched, by_path, error);
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) : 0;
}

/* A change is never torn apart when its history is read. */
static bool check_history_size(const Plan *plan, GError **error)
{
    size_t size = 0;

    for (guint i = 0; i < plan->history->len; i++) {
        const HistoryEntry *entry = g_ptr_array_index(plan->history, i);
        size += text_size(entry->before) + text_size(entry->after) + text_size(entry->previous_data) +
                text_size(entry->path) + text_size(entry->field) + strlen(plan->reason);
    }
    if (size <= HISTORY_SIZE_MAX)
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                "These edits change more than %d bytes; do them in several calls", HISTORY_SIZE_MAX);
    return false;
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
        if (overrides_equal(component->overrides, component->new_overrides)) {
            touched_free(component);
            continue;
        }
        add_history(plan, component);
        g_ptr_array_add(plan->components, component);
    }

    if (!check_history_size(plan, error))
        return NULL;
    plan->empty = plan->components->len == 0;
    plan->n_entries = plan->components->len;
    g_free(plan->subject);
    plan->subject = plan->n_entries == 1
                        ? g_strdup(((const Touched *) g_ptr_array_index(plan->components, 0))->path)
                        : g_strdup_printf("%u components", plan->n_entries);
    plan->write = write_edits;
    plan->finish = finish_edits;
    return g_steal_pointer(&plan);
}
