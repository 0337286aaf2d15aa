/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a model out: as a coach file, or the owner's edits of it, as it is or as it was. */
#include "service/past.h"

#include "base/error.h"
#include "coach/edits-file.h"

static char *export_merged(const Past *past, const char *model, int64_t revision, CoachFormat format,
                           GError **error)
{
    g_autoptr(GPtrArray) components = past_list_components(past);
    const CoachTextHeader header = {.model = model, .version = past->vendor->version, .revision = revision};

    return coach_text_format(components, past->vendor->layout, &header, format, error);
}

static char *export_edits(const Past *past, const char *model, int64_t revision, CoachFormat format)
{
    g_autoptr(EditsFile) file =
        edits_file_new(model, past->vendor->version, past->vendor->content_hash, revision);
    GHashTableIter iter;
    gpointer path, overrides;

    g_hash_table_iter_init(&iter, past->overrides);
    while (g_hash_table_iter_next(&iter, &path, &overrides))
        for (guint i = 0; i < ((GPtrArray *) overrides)->len; i++)
            edits_file_add(file, path, g_ptr_array_index((GPtrArray *) overrides, i));
    return edits_file_format(file, format);
}

char *service_get_model_id(Service *service, const char *model, GError **error)
{
    return g_strdup(service_resolve_model(service, model, error));
}

char *service_export(Service *service, const char *model, const ExportOptions *options, GError **error)
{
    g_autofree char *id = service_get_model_id(service, model, error);
    g_auto(Past) past = {0};
    int64_t revision;

    if (!id || !past_load(service, id, options->change, &past, error))
        return NULL;
    service->idle_work = true;
    revision = options->change ? options->change : service->revision;
    return options->edits ? export_edits(&past, id, revision, options->format)
                          : export_merged(&past, id, revision, options->format, error);
}
