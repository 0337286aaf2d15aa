/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListChanges, GetHistory, UndoChange, VerifyHistory. */
#include "daemon/errors.h"
#include "daemon/handlers.h"
#include "daemon/options.h"
#include "daemon/polkit.h"

#define PAGE_MAX 1000
#define PAGE_DEFAULT 100

static int append_change(sd_bus_message *reply, const Change *change)
{
    int r;

    if ((r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0 ||
        (r = handler_append_entry(reply, "Change", 't', (uint64_t) change->id)) < 0 ||
        (r = handler_append_entry(reply, "Time", 't', (uint64_t) change->time)) < 0 ||
        (r = handler_append_entry(reply, "Kind", 's', change->kind)) < 0 ||
        (r = handler_append_entry(reply, "Model", 's', change->model)) < 0 ||
        (r = handler_append_entry(reply, "User", 's', change->actor.user)) < 0 ||
        (r = handler_append_entry(reply, "Reason", 's', change->reason)) < 0 ||
        (r = handler_append_entry(reply, "Uid", 'u', change->actor.uid)) < 0 ||
        (r = handler_append_entry(reply, "Entries", 'u', change->n_entries)) < 0 ||
        (r = handler_append_entry(reply, "Pid", 'u', (uint32_t) change->actor.pid)) < 0 ||
        (r = handler_append_entry(reply, "Process", 's', change->actor.process)) < 0)
        return r;
    if (change->detail && (r = handler_append_entry(reply, "Detail", 's', change->detail)) < 0)
        return r;
    return sd_bus_message_close_container(reply);
}

HANDLER(handle_list_changes)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) changes = NULL;
    g_autoptr(GError) local = NULL;
    const char *model = NULL, *kind = NULL;
    uint64_t before = 0;
    uint32_t limit = PAGE_DEFAULT;
    const Option options[] = {{"before", "t", &before, NULL, NULL},
                              {"limit", "u", &limit, NULL, NULL},
                              {"model", "s", &model, NULL, NULL},
                              {"kind", "s", &kind, NULL, NULL}};
    int64_t next;
    int r;

    r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = handler_check_limit(limit, PAGE_MAX, error);
    if (r < 0)
        return r;
    if (!service_list_changes(daemon->service, (int64_t) MIN(before, (uint64_t) INT64_MAX), limit, model,
                              kind, &changes, &next, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (guint i = 0; r >= 0 && i < changes->len; i++)
        r = append_change(reply, g_ptr_array_index(changes, i));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_message_append(reply, "t", (uint64_t) next);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int append_row(sd_bus_message *reply, const HistoryRow *row)
{
    int r;

    if ((r = sd_bus_message_open_container(reply, 'a', "{sv}")) < 0 ||
        (r = handler_append_entry(reply, "Change", 't', (uint64_t) row->change)) < 0 ||
        (r = handler_append_entry(reply, "Time", 't', (uint64_t) row->time)) < 0 ||
        (r = handler_append_entry(reply, "Kind", 's', row->kind)) < 0 ||
        (r = handler_append_entry(reply, "Path", 's', row->path)) < 0 ||
        (r = handler_append_entry(reply, "Field", 's', row->field)) < 0 ||
        (r = handler_append_entry(reply, "Before", 's', row->before ? row->before : "")) < 0 ||
        (r = handler_append_entry(reply, "After", 's', row->after ? row->after : "")) < 0 ||
        (r = handler_append_entry(reply, "User", 's', row->user)) < 0 ||
        (r = handler_append_entry(reply, "Reason", 's', row->reason)) < 0 ||
        (r = handler_append_entry(reply, "Uid", 'u', row->uid)) < 0)
        return r;
    if (row->class && ((r = handler_append_entry(reply, "Class", 's', row->class)) < 0 ||
                       (r = handler_append_entry(reply, "Vendor", 's', row->vendor ? row->vendor : "")) < 0))
        return r;
    return sd_bus_message_close_container(reply);
}

HANDLER(handle_get_history)
{
    Daemon *daemon = userdata;
    CLEANUP(bus_message_unrefp) sd_bus_message *reply = NULL;
    g_autoptr(GPtrArray) rows = NULL;
    g_autoptr(GError) local = NULL;
    const char *model, *path;
    uint64_t before = 0;
    uint32_t limit = PAGE_DEFAULT;
    const Option options[] = {{"before", "t", &before, NULL, NULL}, {"limit", "u", &limit, NULL, NULL}};
    int64_t next;
    int r;

    r = sd_bus_message_read(message, "ss", &model, &path);
    if (r >= 0)
        r = options_read(message, options, G_N_ELEMENTS(options), error);
    if (r >= 0)
        r = handler_check_limit(limit, PAGE_MAX, error);
    if (r >= 0)
        r = handler_prepare_read(daemon, message, model, error);
    if (r < 0)
        return r;
    if (!service_list_history(daemon->service, model, path, (int64_t) MIN(before, (uint64_t) INT64_MAX),
                              limit, &rows, &next, &local))
        return errors_set(daemon, &local, error);

    r = sd_bus_message_new_method_return(message, &reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (guint i = 0; r >= 0 && i < rows->len; i++)
        r = append_row(reply, g_ptr_array_index(rows, i));
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_message_append(reply, "t", (uint64_t) next);
    return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

HANDLER(handle_undo_change)
{
    Daemon *daemon = userdata;
    WriteOptions options = {0};
    g_autoptr(GError) local = NULL;
    const char *reason;
    uint64_t number;
    Plan *plan;
    int r;

    r = sd_bus_message_read(message, "ts", &number, &reason);
    if (r >= 0)
        r = handler_read_write_options(message, true, &options, error);
    if (r < 0)
        return r;
    plan = service_plan_undo(daemon->service, (int64_t) MIN(number, (uint64_t) INT64_MAX), reason, &options,
                             &local);
    return handler_write(daemon, message, POLKIT_ACTION("undo"), plan, &local, error);
}

HANDLER(handle_verify_history)
{
    Daemon *daemon = userdata;
    g_autoptr(GError) local = NULL;
    g_autofree char *problem = NULL;
    int64_t checked, from;
    bool intact;

    if (!service_verify_history(daemon->service, &checked, &from, &problem, &local))
        return errors_set(daemon, &local, error);
    intact = problem == NULL;
    if (intact && from > 1)
        problem = g_strdup_printf("from change %" G_GINT64_FORMAT " on; older ones were pruned", from);
    return sd_bus_reply_method_return(message, "bts", intact, (uint64_t) checked, problem ? problem : "");
}
