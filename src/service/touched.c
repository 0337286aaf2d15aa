/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/touched.h"

#include "base/error.h"
#include "base/json.h"
#include "coach/coach-file.h"
#include "coach/path.h"

#include <string.h>

Touched *touched_new(const char *model, const char *path)
{
    Touched *touched = g_new0(Touched, 1);

    touched->model = g_strdup(model);
    touched->path = g_strdup(path);
    touched->fields = g_ptr_array_new_with_free_func(g_free);
    return touched;
}

void touched_free(Touched *touched)
{
    g_free(touched->model);
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

Touched *touched_load(Service *service, const ImportStatus *status, const char *path, GError **error)
{
    Touched *touched = touched_new(status->model, path);
    bool ok;

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

static bool lists_equal(GPtrArray *a, GPtrArray *b)
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

bool touched_differs(const Touched *touched)
{
    return !lists_equal(touched->overrides, touched->new_overrides);
}

void touched_settle(Touched *touched)
{
    touched->after = override_apply(touched->path, touched->vendor, touched->new_overrides);
    touched->data = touched->after ? json_format(touched->after) : NULL;
}

/* Checking */

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

/* An empty map gives way to children that come with it, as it does to those that come later. */
static bool has_children(const Outcome *outcome, const char *section, bool empty)
{
    g_autofree char *prefix = g_strconcat(section, "/", NULL);
    GPtrArray *sorted = model_cache_sorted(outcome->cache);
    GHashTableIter iter;
    gpointer path, value;

    g_hash_table_iter_init(&iter, outcome->touched);
    while (g_hash_table_iter_next(&iter, &path, &value))
        if (((const Touched *) value)->data && g_str_has_prefix(path, prefix) &&
            (!empty || ((const Touched *) value)->row))
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
    if (g_str_equal(section, PATH_DEVICES) ? !child : coach_file_section_is_reserved(section)) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
            "\"%s\" cannot be a component, for it means something else in a coach file: a device is " PATH_DEVICES_PREFIX
            "<entity_id> and names its DGN in \"bindings\"",
            path);
        return false;
    }
    if (child && is_whole(outcome, section_path)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is one component and has no children", section);
        return false;
    }
    if (!child && has_children(outcome, section_path, !is_whole(outcome, section_path))) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                    "\"%s\" is divided into components; name one of them", section);
        return false;
    }
    return true;
}

bool touched_check_paths(Service *service, ModelCache *cache, GPtrArray *touched, GHashTable *by_path,
                         GError **error)
{
    const Outcome outcome = {.cache = cache, .touched = by_path};
    gint64 n = 0;

    for (guint i = 0; i < touched->len; i++) {
        const Touched *component = g_ptr_array_index(touched, i);
        bool was_there = component->row && (!g_str_equal(component->row->data, "{}") ||
                                            g_strcmp0(component->data, component->row->data) == 0);

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

bool touched_check_size(const Touched *touched, GError **error)
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

static size_t text_size(const char *text)
{
    return text ? strlen(text) : 0;
}

bool touched_check_history(const Plan *plan, GError **error)
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

/* History */

static char *format_override(const Override *override)
{
    g_autoptr(Value) map = override ? override_to_value(override) : NULL;

    return map ? json_format(map) : NULL;
}

bool touched_parse_override(const char *field, const char *text, Override **ret, GError **error)
{
    g_autoptr(Value) map = NULL;

    *ret = NULL;
    if (!text)
        return true;
    map = json_parse(text, -1, &json_limits_stored, NULL);
    *ret = map ? override_from_value(field, map) : NULL;
    if (*ret)
        return true;
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                        "The database is damaged: the history holds an edit that is none");
    return false;
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

static void add_entry(Plan *plan, const Touched *touched, const Override *before, const Override *after,
                      const char *kind)
{
    HistoryEntry *entry = g_new0(HistoryEntry, 1);
    const char *field = (before ? before : after)->field;

    entry->model = g_str_equal(touched->model, plan->model) ? NULL : g_strdup(touched->model);
    entry->path = g_strdup(touched->path);
    entry->kind = g_strdup(kind ? kind : entry_kind(touched, field, before, after));
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

void touched_add_history(Plan *plan, Touched *touched, const char *kind)
{
    touched->first_entry = plan->history->len;
    for (guint i = 0; i < touched->overrides->len; i++) {
        const Override *before = g_ptr_array_index(touched->overrides, i);
        const Override *after = override_list_find(touched->new_overrides, before->field);

        if (!after || !override_equal(before, after))
            add_entry(plan, touched, before, after, kind);
    }
    for (guint i = 0; i < touched->new_overrides->len; i++) {
        const Override *after = g_ptr_array_index(touched->new_overrides, i);

        if (!override_list_find(touched->overrides, after->field))
            add_entry(plan, touched, NULL, after, kind);
    }
    touched->n_entries = plan->history->len - touched->first_entry;
}

/* Writing */

const char *origin_source(const char *origin)
{
    return g_str_equal(origin, "bundled") ? "factory" : "import";
}

static const char *touched_source(const char *origin, const Touched *touched)
{
    return touched->new_overrides->len > 0 ? "user" : origin_source(origin);
}

bool touched_write(Service *service, Plan *plan, const char *origin, const char *version, Touched *touched,
                   const Change *change, GError **error)
{
    int64_t row_id;

    if (touched->data && touched->row && touched->moves) {
        if (!store_remove_mapping(service->store, touched->model, touched->path, change->actor.user, error))
            return false;
        g_clear_pointer(&touched->row, mapping_free);
    }
    if (touched->data) {
        if (!store_put_mapping(service->store, touched->model, touched->path, touched->data,
                               touched_source(origin, touched), version, change->actor.user, &touched->row,
                               error))
            return false;
    } else if (!store_remove_mapping(service->store, touched->model, touched->path, change->actor.user,
                                     error)) {
        return false;
    }

    if (touched->n_entries > 0 && !store_get_mapping_id(service->store, touched->model, touched->path,
                                                        change->actor.user, &row_id, error))
        return false;
    for (guint i = 0; i < touched->n_entries; i++)
        ((HistoryEntry *) g_ptr_array_index(plan->history, touched->first_entry + i))->mapping_id = row_id;
    return store_replace_overrides(service->store, touched->model, touched->path, touched->overrides,
                                   touched->new_overrides, change, error);
}

static bool write_all(Service *service, Plan *plan, const Change *change, GError **error)
{
    ModelCache *cache = service_get_cache(service, plan->model, error);

    if (!cache)
        return false;
    for (guint i = 0; i < plan->components->len; i++)
        if (!touched_write(service, plan, model_cache_status(cache)->origin,
                           model_cache_status(cache)->version, g_ptr_array_index(plan->components, i),
                           change, error))
            return false;
    return true;
}

static void finish_all(Service *service, Plan *plan, const Change *change)
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
                            touched_source(model_cache_status(cache)->origin, touched),
                            touched->row->position);
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

void plan_set_touched(Plan *plan)
{
    plan->empty = plan->components->len == 0;
    plan->n_entries = plan->components->len;
    g_free(plan->subject);
    plan->subject = plan->n_entries == 1
                        ? g_strdup(((const Touched *) g_ptr_array_index(plan->components, 0))->path)
                        : g_strdup_printf("%u components", plan->n_entries);
    plan->write = write_all;
    plan->finish = finish_all;
}
