/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Importing a file that somebody brings: which model it is for, and whether it is a new coach, another
 * release of a known one, or edits. */
#include "service/service-private.h"

#include "base/error.h"
#include "base/hash.h"
#include "coach/coach-id.h"

#include <string.h>

/* Reading */

void brought_file_free(BroughtFile *file)
{
    if (!file)
        return;
    g_free(file->name);
    g_free(file->byte_hash);
    g_clear_pointer(&file->coach, coach_file_free);
    g_clear_pointer(&file->edits, edits_file_free);
    g_free(file);
}

bool brought_file_has_edits(const BroughtFile *file)
{
    return file->edits != NULL;
}

static const YamlLimits ordinary_limits = {.size = 1024 * 1024, .depth = 64, .nodes = 60000};
#define ORDINARY_COMPONENTS_MAX 5000

static bool take_apart(BroughtFile *file, Value *data, size_t components_max, GError **error)
{
    const char *name = file->name[0] ? file->name : NULL;

    if (edits_file_is(data))
        file->edits = edits_file_parse(data, error);
    else
        file->coach = coach_file_new(data, components_max, error);
    if (file->edits || file->coach)
        return true;
    coach_text_prefix_error(error, name);
    return false;
}

BroughtFile *service_read_file(Service *service, const char *text, size_t length, const char *name,
                               FileBounds bounds, GError **error)
{
    bool large = bounds == FILE_LARGE;
    const YamlLimits *limits = large ? &yaml_limits_default : &ordinary_limits;
    g_autoptr(BroughtFile) file = g_new0(BroughtFile, 1);
    g_autoptr(Value) data = NULL;

    /* Reading takes memory that is given back in a quiet moment. */
    service->idle_work = true;
    file->name = g_strdup(name);
    file->byte_hash = hash_bytes(text, length);
    data = coach_text_read_within(text, length, name[0] ? name : NULL, limits, error);
    return data && take_apart(file, data, large ? COACH_FILE_COMPONENTS_MAX : ORDINARY_COMPONENTS_MAX, error)
               ? g_steal_pointer(&file)
               : NULL;
}

/* Which model */

/* Files are written in one case and named in another; an id that differs only in that is meant. Where
 * several do, none is. */
static char *find_known(Service *service, const char *id, GError **error)
{
    g_autoptr(GPtrArray) imports = NULL;
    g_auto(GStrv) bundled = bundle_list_models(service->bundle);
    Store *store = service_store(service, error);
    const char *found = NULL;
    unsigned n = 0;

    if (!store || !store_list_imports(store, false, &imports, error))
        return NULL;
    for (guint i = 0; i < imports->len; i++) {
        const char *known = ((const ImportStatus *) g_ptr_array_index(imports, i))->model;

        if (g_str_equal(known, id))
            return g_strdup(id);
        if (g_ascii_strcasecmp(known, id) == 0) {
            found = known;
            n++;
        }
    }
    for (char **known = bundled; *known; known++) {
        if (g_str_equal(*known, id))
            return g_strdup(id);
        if (g_ascii_strcasecmp(*known, id) == 0 && g_strcmp0(*known, found) != 0) {
            found = *known;
            n++;
        }
    }
    return g_strdup(n == 1 ? found : id);
}

static bool check_id(const char *id, GError **error)
{
    if (model_id_is_valid(id))
        return true;
    g_set_error(
        error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
        "\"%s\" cannot be the id of a model: one has at most 128 letters, digits, \"_\", \"-\" and \".\", and no "
        "\".\" at its beginning",
        id);
    return false;
}

static char *id_of_edits(const BroughtFile *file, const char *model, GError **error)
{
    if (!model[0] || g_str_equal(model, file->edits->model))
        return g_strdup(file->edits->model);
    g_set_error(
        error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
        "The file has edits of the coach %s, and not of %s; where they are meant for that one, write its name "
        "into the file",
        file->edits->model, model);
    return NULL;
}

char *service_find_model_of_file(Service *service, const BroughtFile *file, const char *model,
                                 GError **error)
{
    g_autofree char *id = NULL;

    if (file->edits)
        id = id_of_edits(file, model, error);
    else if (model[0])
        id = g_strdup(model);
    else
        id = coach_id_new(file->coach, file->name);
    if (!id)
        return NULL;
    if (!id[0]) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                            "The file does not say which coach it is of (coach_info); name the model");
        return NULL;
    }
    if (!check_id(id, error))
        return NULL;
    return find_known(service, id, error);
}

bool service_knows_model(Service *service, const char *model, bool *ret, GError **error)
{
    g_autoptr(ImportStatus) status = NULL;
    Store *store = service_store(service, error);

    if (!store || !store_get_import(store, model, &status, error))
        return false;
    *ret = status || bundle_has_model(service->bundle, model);
    return true;
}

/* Planning */

bool service_find_origin(Service *service, const char *model, const CoachFile *file, const char **ret,
                         GError **error)
{
    g_autoptr(VendorRevision) known = NULL;
    const BundledModel *bundled;
    bool ours;

    if (!store_find_vendor_revision(service->store, model, file->content_hash, &known, error) ||
        !service_get_bundled(service, model, NULL, &bundled, error))
        return false;
    ours = known ? g_str_equal(known->origin, "bundled")
                 : bundled && g_strcmp0(bundled->content_hash, file->content_hash) == 0;
    *ret = ours ? "bundled" : "custom";
    return true;
}

/* What people and the log are told of a file. */
void plan_add_file(Plan *plan, const BroughtFile *file)
{
    if (file->name[0])
        plan_add_detail(plan, "file", value_new_string(file->name));
    plan_add_detail(plan, "byte_hash", value_new_string(file->byte_hash));
}

static Plan *plan_new_model(Service *service, const char *model, BroughtFile *file, const char *reason,
                            const WriteOptions *options, GError **error)
{
    g_autoptr(Plan) plan = plan_new(service, "import", model, reason, options, error);
    const char *origin;

    if (!plan || !service_find_origin(service, model, file->coach, &origin, error))
        return NULL;
    plan_add_file(plan, file);
    plan_set_import(plan, g_steal_pointer(&file->coach), file->byte_hash, origin);
    if (file->name[0]) {
        g_free(plan->subject);
        plan->subject = g_strdup_printf("%s, \"%s\"", plan->file->version, file->name);
    }
    return g_steal_pointer(&plan);
}

static bool refuse_token(const char *token, GError **error)
{
    if (!token)
        return true;
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                        "A token is of a preview of a release; nothing was previewed here");
    return false;
}

Plan *service_plan_import_file(Service *service, const char *model, BroughtFile *file, const char *token,
                               const UpdateOptions *update, const char *reason, const WriteOptions *options,
                               GError **error)
{
    UpdateOptions with_file = *update;
    bool known;

    if (file->edits)
        return refuse_token(token, error)
                   ? service_plan_import_edits(service, model, file, reason, options, error)
                   : NULL;
    if (!service_knows_model(service, model, &known, error))
        return NULL;
    if (!known)
        return refuse_token(token, error) ? plan_new_model(service, model, file, reason, options, error)
                                          : NULL;
    with_file.file = file;
    return service_plan_update(service, model, token, &with_file, reason, options, error);
}
