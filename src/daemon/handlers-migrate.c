/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MigrateLegacy. */
#include "base/error.h"
#include "daemon/files.h"
#include "daemon/handlers.h"

#include "daemon/actor.h"
#include "daemon/errors.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

/* Reads a(sh); the texts and descriptors are the message's. */
static int read_files(sd_bus_message *message, GArray *files)
{
    int r = sd_bus_message_enter_container(message, 'a', "(sh)");

    if (r < 0)
        return r;
    while (true) {
        FileArgument file = {0};

        r = sd_bus_message_read(message, "(sh)", &file.name, &file.fd);
        if (r < 0)
            return r;
        if (r == 0)
            return sd_bus_message_exit_container(message);
        g_array_append_val(files, file);
    }
}

/* What the service takes: the names, and what was read. */
static GArray *pair(const GArray *files, GPtrArray *contents)
{
    GArray *pairs = g_array_new(false, false, sizeof(MigrationFile));

    for (guint i = 0; i < files->len; i++) {
        gsize length;
        const char *text = g_bytes_get_data(g_ptr_array_index(contents, i), &length);
        MigrationFile file = {
            .name = g_array_index(files, FileArgument, i).name, .text = text ? text : "", .length = length};

        g_array_append_val(pairs, file);
    }
    return pairs;
}

static int reply(Daemon *daemon, sd_bus_message *message, const Plan *plan, const MigrationReport *report,
                 bool dry_run, int64_t change, int64_t revision)
{
    g_autofree char *text = service_format_migration(daemon->service, plan, report, dry_run, change);

    return sd_bus_reply_method_return(message, "st", text, (uint64_t) revision);
}

/* What a call is about. */
typedef struct Migrate {
    GArray *files; /* of MigrationFile */
    const char *reason;
    WriteOptions write;
    int dry_run; /* boolean of D-Bus */
} Migrate;

static Plan *plan_migration(Daemon *daemon, const Migrate *migrate, bool large, MigrationReport **report,
                            GError **error)
{
    return service_plan_migration(
        daemon->service, (const MigrationFile *) (const void *) migrate->files->data, migrate->files->len,
        large, migrate->reason, &migrate->write, report, error);
}

/* A large one is judged only for those who may migrate, who are not asked a second time. Returns 1 with the
 * plan, 0 when the message comes again, or negative. */
static int plan(Daemon *daemon, sd_bus_message *message, const Migrate *migrate, Plan **ret,
                MigrationReport **report, bool *ret_asked, Actor *actor, sd_bus_error *error)
{
    g_autoptr(GError) local = NULL;

    *ret_asked = false;
    *ret = plan_migration(daemon, migrate, false, report, &local);
    if (!*ret && g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE)) {
        int r = polkit_authorize(daemon, message, POLKIT_ACTION("migrate"), "", "a large old installation",
                                 actor, error);

        if (r <= 0)
            return r;
        g_clear_error(&local);
        *ret_asked = true;
        *ret = plan_migration(daemon, migrate, true, report, &local);
    }
    return *ret ? 1 : errors_set(daemon, &local, error);
}

static int migrate(Daemon *daemon, sd_bus_message *message, const Migrate *migrate, sd_bus_error *error)
{
    g_autoptr(MigrationReport) report = NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(Plan) planned = NULL;
    g_auto(Actor) actor = {0};
    int64_t change;
    bool asked;
    int r;

    r = plan(daemon, message, migrate, &planned, &report, &asked, &actor, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    if (!service_get_revision(daemon->service, &change, &local))
        return errors_set(daemon, &local, error);
    if (migrate->dry_run || plan_is_empty(planned))
        return reply(daemon, message, planned, report, migrate->dry_run, 0, change);
    r = asked ? 1
              : polkit_authorize(daemon, message, POLKIT_ACTION("migrate"), plan_model(planned),
                                 plan_subject(planned), &actor, error);
    if (r <= 0)
        return r < 0 ? r : 1;
    r = handler_commit_plan(daemon, planned, &actor, &change, error);
    return r < 0 ? r : reply(daemon, message, planned, report, false, change, change);
}

HANDLER(handle_migrate_legacy)
{
    Daemon *daemon = userdata;
    Migrate arguments = {.reason = ""};
    WriteOptions *write = &arguments.write;
    const Option options[] = {
        {"expected-revision", "t", &write->expected_revision, &write->has_expected_revision, NULL},
        {"dry-run", "b", &arguments.dry_run, NULL, NULL},
        {"reason", "s", &arguments.reason, NULL, NULL},
    };
    g_autoptr(GArray) files = g_array_new(false, false, sizeof(FileArgument)), pairs = NULL;
    g_autoptr(GPtrArray) contents = NULL;
    int r;

    r = read_files(message, files);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r < 0)
        return r;
    if (files->len > 0) {
        r = files_read(daemon, message, (const FileArgument *) (const void *) files->data, files->len,
                       &contents, error);
        if (r <= 0)
            return r < 0 ? r : 1;
    }
    pairs = pair(files, contents);
    arguments.files = pairs;
    return migrate(daemon, message, &arguments, error);
}
