/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* handlers.h: the methods of the interface, thin and of one rhythm: read the arguments, let the service plan
 * or answer, authorise, commit, reply. `userdata` is the Daemon. */

#include "daemon/daemon.h"

#define HANDLER(name) int name(sd_bus_message *message, void *userdata, sd_bus_error *error)

/* handlers-models.c */
HANDLER(handle_list_models);
HANDLER(handle_import);
HANDLER(handle_set_active_model);
/* handlers-files.c */
HANDLER(handle_import_file);
HANDLER(handle_export);
HANDLER(handle_remove_model);
/* handlers-mappings.c */
HANDLER(handle_get_mapping);
HANDLER(handle_get_mappings);
HANDLER(handle_find_mappings);
HANDLER(handle_lookup);
HANDLER(handle_explain);
HANDLER(handle_validate);
/* handlers-edits.c */
HANDLER(handle_update_mapping);
HANDLER(handle_set_field);
HANDLER(handle_reset_mapping);
HANDLER(handle_delete_mapping);
HANDLER(handle_apply_edits);
/* handlers-updates.c */
HANDLER(handle_check_for_updates);
HANDLER(handle_preview_update);
HANDLER(handle_apply_update);
/* handlers-history.c */
HANDLER(handle_list_changes);
HANDLER(handle_get_history);
HANDLER(handle_undo_change);
HANDLER(handle_verify_history);
/* handlers-safety.c */
HANDLER(handle_create_backup);
HANDLER(handle_list_backups);
HANDLER(handle_open_backup);
HANDLER(handle_restore_backup);
HANDLER(handle_delete_backup);
HANDLER(handle_factory_reset);
/* handlers-migrate.c */
HANDLER(handle_migrate_legacy);
/* handlers-runtime.c */
HANDLER(handle_list_resources);
HANDLER(handle_get_resource);
HANDLER(handle_describe_dgn);
HANDLER(handle_list_dgns);
HANDLER(handle_set_interface);
HANDLER(handle_set_retention);
HANDLER(handle_describe);

/* What the handlers share (handlers.c) */

/* First use: imports a bundled model that is read before it was ever imported. 0, or a negative errno with
 * `error` set. */
int handler_prepare_read(Daemon *daemon, sd_bus_message *message, const char *model, sd_bus_error *error);
/* The same before a write: not when the caller expects another revision. */
int handler_prepare_write(Daemon *daemon, sd_bus_message *message, const char *model,
                          const WriteOptions *options, sd_bus_error *error);
/* Authorises and commits a plan, and replies with the number of the change. Takes over `taken`, and
 * `*plan_error` when that is NULL. For a handler to return. */
int handler_write(Daemon *daemon, sd_bus_message *message, const char *action, Plan *taken,
                  GError **plan_error, sd_bus_error *error);
/* The same for one that replies otherwise, without replying: 1, with the number of the change; 0: the
 * message comes again; or a negative errno with `error` set. `plan` stays the caller's. */
int handler_authorize_and_commit(Daemon *daemon, sd_bus_message *message, const char *action, Plan *plan,
                                 int64_t *ret_change, sd_bus_error *error);
/* The same without the question, where it was asked before. */
int handler_commit(Daemon *daemon, sd_bus_message *message, Plan *taken, const Actor *actor,
                   GError **plan_error, sd_bus_error *error);
/* Commits and logs, where the reply is another one. 0, or a negative errno with `error` set. */
int handler_commit_plan(Daemon *daemon, Plan *plan, const Actor *actor, int64_t *ret_change,
                        sd_bus_error *error);
/* Options that every write takes; `forceable` adds "force". */
int handler_read_write_options(sd_bus_message *message, bool forceable, WriteOptions *ret,
                               sd_bus_error *error);
/* Appends a dictionary entry of a basic type to an open a{sv}. */
int handler_append_entry(sd_bus_message *reply, const char *key, int type, ...);
/* Cuts a page to what the interface allows: 0 is refused as InvalidArgs. */
int handler_check_limit(uint32_t limit, uint32_t most, sd_bus_error *error);
