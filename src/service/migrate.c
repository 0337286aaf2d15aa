/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving an old installation over: one plan of what is taken, and a report of what becomes of each thing. */
#include "service/migrate-private.h"

#include "service/touched.h"
#include "service/transition.h"

/* Coaches that the change names. */
#define MODELS_LISTED_MAX 100

static void file_free(LegacyFile *file)
{
    g_free(file->origin);
    g_clear_pointer(&file->data, value_unref);
    coach_file_free(file->file);
    g_free(file->byte_hash);
    g_free(file);
}

static void coach_free(LegacyCoach *coach)
{
    g_free(coach->id);
    g_ptr_array_unref(coach->references);
    g_ptr_array_unref(coach->patches);
    g_ptr_array_unref(coach->names);
    g_free(coach);
}

static void settings_free(LegacySettings *settings)
{
    g_free(settings->origin);
    value_unref(settings->map);
    g_free(settings);
}

static void patches_free(LegacyPatches *patches)
{
    g_free(patches->origin);
    g_free(patches->model);
    value_unref(patches->list);
    g_free(patches);
}

static void migration_clear(Migration *migration)
{
    plan_free(migration->plan);
    migration_report_free(migration->report);
    g_clear_pointer(&migration->known, g_ptr_array_unref);
    g_clear_pointer(&migration->files, g_ptr_array_unref);
    g_clear_pointer(&migration->coaches, g_ptr_array_unref);
    g_clear_pointer(&migration->settings, g_ptr_array_unref);
    g_clear_pointer(&migration->patches, g_ptr_array_unref);
    g_clear_pointer(&migration->interfaces, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Migration, migration_clear)

static bool list_known(Migration *migration, GError **error)
{
    g_auto(GStrv) bundled = bundle_list_models(migration->service->bundle);
    g_autoptr(GPtrArray) imports = NULL;

    if (!store_list_imports(migration->service->store, false, &imports, error))
        return false;
    for (char **id = bundled; *id; id++)
        g_ptr_array_add(migration->known, g_strdup(*id));
    for (guint i = 0; i < imports->len; i++) {
        const char *id = ((const ImportStatus *) g_ptr_array_index(imports, i))->model;
        if (!g_strv_contains((const char *const *) bundled, id))
            g_ptr_array_add(migration->known, g_strdup(id));
    }
    return true;
}

static bool begin(Migration *migration, Service *service, const char *reason, const WriteOptions *options,
                  GError **error)
{
    /* Reading takes memory that is given back in a quiet moment. */
    service->idle_work = true;
    migration->service = service;
    migration->report = migration_report_new();
    migration->known = g_ptr_array_new_with_free_func(g_free);
    migration->files = g_ptr_array_new_with_free_func((GDestroyNotify) file_free);
    migration->coaches = g_ptr_array_new_with_free_func((GDestroyNotify) coach_free);
    migration->settings = g_ptr_array_new_with_free_func((GDestroyNotify) settings_free);
    migration->patches = g_ptr_array_new_with_free_func((GDestroyNotify) patches_free);
    migration->interfaces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    migration->plan = plan_new(service, "migration", "", reason, options, error);
    return migration->plan && list_known(migration, error);
}

/* What the change says of itself */

static void describe_models(Plan *plan)
{
    Value *list = value_new_list();

    for (guint i = 0; plan->passages && i < MIN(plan->passages->len, MODELS_LISTED_MAX); i++)
        value_list_take(&list,
                        value_new_string(((const Passage *) g_ptr_array_index(plan->passages, i))->model));
    plan_add_detail(plan, "models", list);
}

/* "2 coaches, 14 edits, 2 settings": what a person is asked to allow. */
static void describe(const Migration *migration)
{
    Plan *plan = migration->plan;
    guint models = plan->passages ? plan->passages->len : 0,
          settings = plan->settings ? plan->settings->len : 0;

    g_free(plan->subject);
    plan->subject = g_strdup_printf("an old installation: %u coach%s, %u edit%s, %u setting%s", models,
                                    models == 1 ? "" : "es", plan->history->len,
                                    plan->history->len == 1 ? "" : "s", settings, settings == 1 ? "" : "s");
    plan->backup_reason = g_strdup("before the migration of an old installation");
    describe_models(plan);
    plan_add_detail(plan, "counts", migration_report_counts(migration->report));
    plan_describe_settings(plan);
}

Plan *service_plan_migration(Service *service, const MigrationFile *files, size_t n_files, bool large,
                             const char *reason, const WriteOptions *options, MigrationReport **ret_report,
                             GError **error)
{
    g_auto(Migration) migration = {.large = large};
    Plan *plan;

    if (!begin(&migration, service, reason, options, error) ||
        !migration_read(&migration, files, n_files, error) || !migration_settle(&migration, error))
        return NULL;
    for (guint i = 0; i < migration.coaches->len; i++)
        if (!legacy_judge_coach(&migration, g_ptr_array_index(migration.coaches, i), error))
            return NULL;
    if (!migration_activate(&migration, error) || !touched_check_history(migration.plan, error))
        return NULL;

    plan = migration.plan;
    plan->empty = !plan->passages && !plan->settings;
    describe(&migration);
    plan_set_passages(plan);
    *ret_report = g_steal_pointer(&migration.report);
    return g_steal_pointer(&migration.plan);
}

char *service_format_migration(Service *service, const Plan *plan, const MigrationReport *report,
                               bool dry_run, int64_t change)
{
    return migration_report_format(report, dry_run, change,
                                   change > 0 ? value_map_get_string(plan->detail, "backup") : NULL,
                                   service->active_model);
}
