/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Updates of imported models to the bundled file: noticing, previewing, planning. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/hash.h"
#include "service/transition.h"

#include <string.h>

/* Sentences of one error message. */
#define REASONS_MAX 5

/* Noticing */

/* Whether the imported content came with a migration: what the old installation followed, and no choice of
 * the owner's against what is bundled. */
static bool is_migrated(Service *service, const char *model, bool *ret, GError **error)
{
    g_autoptr(GPtrArray) releases = NULL;
    const LaterRelease *last;

    if (!store_list_later_releases(service->store, model, 0, &releases, error))
        return false;
    last = releases->len > 0 ? g_ptr_array_index(releases, releases->len - 1) : NULL;
    *ret = last && g_str_equal(last->kind, "migration");
    return true;
}

bool service_is_update(Service *service, const ImportStatus *status, const char *bundled_hash, bool *ret,
                       GError **error)
{
    g_autoptr(VendorRevision) known = NULL;

    *ret = !g_str_equal(bundled_hash, status->content_hash);
    if (!*ret || g_str_equal(status->origin, "bundled"))
        return true;
    if (!store_find_vendor_revision(service->store, status->model, bundled_hash, &known, error))
        return false;
    *ret = !known;
    return !known || is_migrated(service, status->model, ret, error);
}

/* Whether the bundled file says something else. The same bytes say the same; other bytes have to be read.
 * `*ret_bundled` is NULL where there is none, or it has the bytes that were imported. */
static bool compare_with_bundled(Service *service, const ImportStatus *status,
                                 const BundledModel **ret_bundled, bool *ret, GError **error)
{
    const BundledModel *bundled;

    *ret = false;
    *ret_bundled = NULL;
    if (!service_get_bundled(service, status->model, status, &bundled, error))
        return false;
    if (bundled && bundled->problem) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "%s.yml: %s", status->model,
                    bundled->problem);
        return false;
    }
    *ret_bundled = bundled;
    return !bundled || service_is_update(service, status, bundled->content_hash, ret, error);
}

static bool check_unimported(Service *service, const char *model, char **ret_bundled, GError **error)
{
    const BundledModel *bundled;

    if (!service_get_bundled(service, model, NULL, &bundled, error))
        return false;
    if (!bundled) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL, "There is no coach model \"%s\"",
                    model);
        return false;
    }
    *ret_bundled = g_strdup(bundled->version ? bundled->version : "");
    return true;
}

bool service_check_for_updates(Service *service, const char *model, bool *ret_available,
                               char **ret_installed, char **ret_bundled, GError **error)
{
    Store *store = service_store(service, error);
    g_autoptr(ImportStatus) status = NULL;
    const BundledModel *other;

    model = store ? service_resolve_model(service, model, error) : NULL;
    if (!model || !store_get_import(store, model, &status, error))
        return false;
    *ret_available = false;
    if (!status) {
        if (!check_unimported(service, model, ret_bundled, error))
            return false;
        *ret_installed = g_strdup("");
        return true;
    }
    if (!compare_with_bundled(service, status, &other, ret_available, error))
        return false;
    *ret_installed = g_strdup(status->version);
    *ret_bundled = g_strdup(other                                              ? other->version
                            : bundle_has_model(service->bundle, status->model) ? status->version
                                                                               : "");
    return true;
}

typedef void (*UpdateFunction)(Service *service, const ImportStatus *status, const BundledModel *newer,
                               void *userdata);

/* A bundled file that cannot be read is no update; ListModels says what is wrong with it. */
static bool foreach_update(Service *service, UpdateFunction function, void *userdata, GError **error)
{
    g_autoptr(GPtrArray) imports = NULL;
    Store *store = service_store(service, error);

    if (!store || !store_list_imports(store, false, &imports, error))
        return false;
    for (guint i = 0; i < imports->len; i++) {
        const ImportStatus *status = g_ptr_array_index(imports, i);
        const BundledModel *bundled;
        bool newer;

        if (compare_with_bundled(service, status, &bundled, &newer, NULL) && newer)
            function(service, status, bundled, userdata);
    }
    return true;
}

static void add_model(Service *service G_GNUC_UNUSED, const ImportStatus *status,
                      const BundledModel *newer G_GNUC_UNUSED, void *userdata)
{
    g_ptr_array_add(userdata, g_strdup(status->model));
}

bool service_list_updates(Service *service, char ***ret, GError **error)
{
    g_autoptr(GPtrArray) models = g_ptr_array_new_with_free_func(g_free);

    if (!foreach_update(service, add_model, models, error))
        return false;
    g_ptr_array_add(models, NULL);
    *ret = (char **) g_ptr_array_steal(models, NULL);
    return true;
}

static void announce(Service *service, const ImportStatus *status, const BundledModel *newer,
                     void *userdata G_GNUC_UNUSED)
{
    const char *told = g_hash_table_lookup(service->announced, status->model);

    if (told && g_str_equal(told, newer->content_hash))
        return;
    g_hash_table_insert(service->announced, g_strdup(status->model), g_strdup(newer->content_hash));
    service_emit(service, &(ServiceEvent){.type = SERVICE_EVENT_UPDATE_AVAILABLE,
                                          .model = status->model,
                                          .version = newer->version,
                                          .version_from = status->version});
}

void service_look_for_updates(Service *service)
{
    foreach_update(service, announce, NULL, NULL);
}

/* Planning */

/* An update and what it is made of. */
typedef struct Update {
    ImportStatus *status;
    CoachFile *file; /* NULL: there is no update */
    char *byte_hash;
    const char *origin; /* of the file; static */
    GPtrArray *base;
    GHashTable *overrides;
    Merge *merge; /* NULL as `file` */
    char *hash;   /* of all that the plan depends on */
} Update;

static void update_clear(Update *update)
{
    import_status_free(update->status);
    coach_file_free(update->file);
    g_free(update->byte_hash);
    g_clear_pointer(&update->base, g_ptr_array_unref);
    g_clear_pointer(&update->overrides, g_hash_table_unref);
    merge_free(update->merge);
    g_free(update->hash);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Update, update_clear)

static bool load_status(Service *service, const char *model, Update *update, GError **error)
{
    ModelCache *cache = service_get_cache(service, model, error);

    /* A copy, with its own life: the cache may go. */
    return cache && service_store(service, error) &&
           store_get_import(service->store, model_cache_status(cache)->model, &update->status, error);
}

/* One that says what is imported is no update. */
static bool take_file(Service *service, BroughtFile *file, Update *update, GError **error)
{
    if (!file->coach) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "%s%sThis file has edits, and no release of a coach; ImportFile brings it in",
                    file->name, file->name[0] ? ": " : "");
        return false;
    }
    if (g_str_equal(file->coach->content_hash, update->status->content_hash))
        return true;
    if (!service_find_origin(service, update->status->model, file->coach, &update->origin, error))
        return false;
    update->file = g_steal_pointer(&file->coach);
    update->byte_hash = g_strdup(file->byte_hash);
    return true;
}

static bool load_file(Service *service, const UpdateOptions *options, Update *update, GError **error)
{
    const ImportStatus *status = update->status;

    if (options->file)
        return take_file(service, options->file, update, error);
    update->origin = "bundled";
    return !bundle_has_model(service->bundle, status->model) ||
           service_read_bundled(service, status->model, status, &update->file, &update->byte_hash, error);
}

/* What the plan depends on beside the options: the model, the newest change that anybody has seen, and both
 * contents. */
static bool hash_update(Service *service, Update *update, GError **error)
{
    HashRecord *record;
    int64_t seen;

    if (!store_get_seen_revision(service->store, FIRST_USE_REASON, &seen, error))
        return false;
    record = hash_record_new();
    hash_record_text(record, update->status->model);
    hash_record_integer(record, seen);
    hash_record_text(record, update->status->content_hash);
    hash_record_text(record, update->file ? update->file->content_hash : update->status->content_hash);
    update->hash = hash_record_finish(record);
    return true;
}

static bool plan_merge(Service *service, const UpdateOptions *options, MergePolicy policy, Update *update,
                       GError **error)
{
    MergeInput input = {.policy = policy, .allow = options->allow, .resolutions = options->resolutions};

    if (!update->file) {
        if (!options->resolutions || options->resolutions->len == 0)
            return true;
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                            "There is no update, and so nothing to resolve");
        return false;
    }
    if (!store_list_vendor_components(service->store, update->status->revision_id, &update->base, error) ||
        !store_list_overrides(service->store, update->status->model, &update->overrides, error))
        return false;
    input.base = update->base;
    input.incoming = update->file->components;
    input.overrides = update->overrides;
    update->merge = merge_plan(&input, error);
    return update->merge != NULL;
}

static bool load_update(Service *service, const char *model, const UpdateOptions *options, Update *update,
                        GError **error)
{
    return load_status(service, model, update, error) && load_file(service, options, update, error) &&
           hash_update(service, update, error);
}

/* "keep-mine:HASH": what the preview was made with, and what it was made of. */
static char *format_token(MergePolicy policy, const Update *update)
{
    return g_strdup_printf("%s:%s", merge_policy_to_string(policy), update->hash);
}

/* NULL is no token. */
static bool check_token(const char *token, const Update *update, MergePolicy *ret_policy, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(token ? token : "", ":", 2);

    *ret_policy = MERGE_KEEP_MINE;
    if (!token)
        return true;
    if (parts[0] && parts[1] && merge_policy_from_string(parts[0], ret_policy) &&
        g_str_equal(parts[1], update->hash))
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                "The preview that this token is from is not true any more: the configuration or the file "
                "has changed since; nothing was written");
    return false;
}

void update_preview_free(UpdatePreview *preview)
{
    if (!preview)
        return;
    g_free(preview->token);
    merge_free(preview->merge);
    g_free(preview);
}

/* The plan of no update. */
static Merge *empty_merge(void)
{
    const MergeInput input = {.base = g_ptr_array_new(), .incoming = g_ptr_array_new()};
    Merge *merge = merge_plan(&input, NULL);

    g_ptr_array_unref(input.base);
    g_ptr_array_unref(input.incoming);
    return merge;
}

UpdatePreview *service_preview_update(Service *service, const char *model, const UpdateOptions *options,
                                      GError **error)
{
    g_auto(Update) update = {0};
    UpdatePreview *preview;

    if (!load_update(service, model, options, &update, error) ||
        !plan_merge(service, options, options->policy, &update, error))
        return NULL;
    preview = g_new0(UpdatePreview, 1);
    preview->token = format_token(options->policy, &update);
    preview->merge = update.merge ? g_steal_pointer(&update.merge) : empty_merge();
    return preview;
}

static void add_reason(GString *text, unsigned n, const char *reason)
{
    if (n < REASONS_MAX)
        g_string_append_printf(text, "%s%s", n > 0 ? "; " : "", reason);
    else if (n == REASONS_MAX)
        g_string_append(text, "; and more");
}

static bool refuse_blocked(const Merge *merge, unsigned allow, GError **error)
{
    static const char *const options[] = {"allow-missing-fields", "allow-collisions", "allow-device-loss"};
    g_autoptr(GString) reasons = g_string_new(NULL), lifts = g_string_new(NULL);
    unsigned needed = 0, n = 0;

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        MergeAllow lifted_by = merge_class_lifted_by(item->class);

        if (!lifted_by || (allow & lifted_by))
            continue;
        needed |= lifted_by;
        add_reason(reasons, n++, value_string(item->result));
    }
    for (guint i = 0; i < G_N_ELEMENTS(options); i++)
        if (needed & (1U << i))
            g_string_append_printf(lifts, "%s\"%s\"", lifts->len > 0 ? ", " : "", options[i]);
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED, "The update is blocked: %s%s%s", reasons->str,
                lifts->len > 0 ? ". Options that lift this: " : "", lifts->str);
    return false;
}

/* What waits for a decision, for a message. */
static char *list_unresolved(const Merge *merge)
{
    GString *text = g_string_new(NULL);
    unsigned n = 0;

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        g_autofree char *reason = NULL;

        if (!merge_class_is_flagged(item->class) || item->resolved)
            continue;
        reason = g_strdup_printf("%s%s (%s)", item->path, item->field, merge_class_to_string(item->class));
        add_reason(text, n++, reason);
    }
    return g_string_free(text, false);
}

static bool check_verdict(const Merge *merge, const UpdateOptions *options, MergePolicy policy,
                          GError **error)
{
    g_autofree char *unresolved = NULL;

    if (merge->verdict == MERGE_BLOCKED)
        return refuse_blocked(merge, options->allow, error);
    if (merge->verdict == MERGE_CLEAN || (policy != MERGE_MANUAL && !options->only_clean))
        return true;
    unresolved = list_unresolved(merge);
    if (options->only_clean)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_BLOCKED,
                    "The update needs a person to decide about %s; nothing was written", unresolved);
    else
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CONFLICT,
                    "With the policy \"manual\" each of these needs a resolution: %s; nothing was written",
                    unresolved);
    return false;
}

/* Whether anything stands in the way that somebody allowed. */
static bool has_blocks(const Merge *merge)
{
    for (guint i = 0; i < MERGE_CLASSES; i++)
        if (merge->counts[i] > 0 && merge_class_lifted_by((MergeClass) i))
            return true;
    return false;
}

static void describe_update(Plan *plan, const Update *update, const BroughtFile *file, MergePolicy policy)
{
    g_autofree char *name = file && file->name[0] ? g_strdup_printf(", \"%s\"", file->name) : g_strdup("");

    g_free(plan->subject);
    plan->subject = g_strdup_printf("%s → %s%s%s%s", update->status->version, update->file->version, name,
                                    policy == MERGE_TAKE_VENDOR ? ", take-vendor" : "",
                                    has_blocks(update->merge) ? ", with what stands in the way" : "");
    plan->backup_reason = g_strdup_printf("before the update of %s from %s to %s", update->status->model,
                                          update->status->version, update->file->version);
    plan_add_detail(plan, "from", value_new_string(update->status->version));
    plan_add_detail(plan, "to", value_new_string(update->file->version));
    plan_add_detail(plan, "from_hash", value_new_string(update->status->content_hash));
    plan_add_detail(plan, "to_hash", value_new_string(update->file->content_hash));
    plan_add_detail(plan, "policy", value_new_string(merge_policy_to_string(policy)));
    if (file)
        plan_add_file(plan, file);
}

static Passage *make_passage(Update *update)
{
    Passage *passage = passage_new(update->status->model);

    passage->origin = g_strdup(update->origin);
    passage->byte_hash = g_steal_pointer(&update->byte_hash);
    passage->file = g_steal_pointer(&update->file);
    return passage;
}

Plan *service_plan_update(Service *service, const char *model, const char *token,
                          const UpdateOptions *options, const char *reason,
                          const WriteOptions *write_options, GError **error)
{
    g_autoptr(Plan) plan = NULL;
    g_auto(Update) update = {0};
    MergePolicy policy;

    plan = plan_new(service, "update", "", reason, write_options, error);
    if (!plan || !load_update(service, model, options, &update, error) ||
        !check_token(token, &update, &policy, error))
        return NULL;
    if (options->has_policy)
        policy = options->policy;
    if (!plan_merge(service, options, policy, &update, error))
        return NULL;
    g_free(plan->model);
    plan->model = g_strdup(update.status->model);
    plan->empty = update.merge == NULL;
    if (plan->empty)
        return g_steal_pointer(&plan);
    if (!check_verdict(update.merge, options, policy, error))
        return NULL;

    describe_update(plan, &update, options->file, policy);
    Transition transition = {.from = update.status,
                             .base = update.base,
                             .incoming = update.file->components,
                             .overrides = update.overrides,
                             .merge = update.merge};
    return plan_add_passage(service, plan, make_passage(&update), &transition, error)
               ? g_steal_pointer(&plan)
               : NULL;
}
