/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* service.h: the operations on the configuration, one function an operation. Knows nothing of the bus: who
 * the caller is and whether they may is settled above.
 *
 * Every function that takes a model takes "" for the active one. All set errors of CONFIG_ERROR; beside
 * those named, any function can set what the storage gives (CORRUPT, READ_ONLY, LOCKED, NO_SPACE, IO,
 * NOT_SUPPORTED).
 *
 * Writing goes in two steps, so that authorisation can lie between them: plan_…() parses, validates and
 * drops what changes nothing; service_commit() writes one plan in one transaction as one change. Nothing may
 * happen on the service between a plan and its commit; after a wait, plan again. */

#include <stdint.h>

#include "base/value.h"
#include "coach/coach-text.h"
#include "coach/merge.h"
#include "coach/rules.h"
#include "service/bundle.h"
#include "service/migrate-report.h"
#include "service/model-cache.h"
#include "store/store.h"

typedef struct Service Service;

/* What has happened, told after it was committed. */
typedef enum ServiceEventType {
    SERVICE_EVENT_MAPPINGS_CHANGED,
    SERVICE_EVENT_MODEL_IMPORTED,
    SERVICE_EVENT_ACTIVE_MODEL_CHANGED,
    SERVICE_EVENT_INTERFACES_CHANGED,
    SERVICE_EVENT_RETENTION_CHANGED,
    SERVICE_EVENT_UPDATE_AVAILABLE,
    SERVICE_EVENT_UPDATE_APPLIED,
    SERVICE_EVENT_MODEL_REMOVED,
    SERVICE_EVENT_BACKUP_CREATED,
    SERVICE_EVENT_RESTORED,
    SERVICE_EVENT_HEALTH_CHANGED,
} ServiceEventType;

typedef struct ServiceEvent {
    ServiceEventType type;
    const char *model;
    const char *const *paths; /* MAPPINGS_CHANGED: the components, NULL-terminated */
    const char *kind;    /* MAPPINGS_CHANGED: the kind of the change; HEALTH_CHANGED: "recovered" or NULL */
    const char *version; /* MODEL_IMPORTED; UPDATE_APPLIED: now; UPDATE_AVAILABLE: the bundled one */
    const char *version_from; /* UPDATE_APPLIED: before; UPDATE_AVAILABLE: the imported one */
    const char *backup;       /* BACKUP_CREATED, RESTORED: its id */
    const char *reason;       /* BACKUP_CREATED */
    int64_t change;           /* but for UPDATE_AVAILABLE, BACKUP_CREATED and HEALTH_CHANGED */
} ServiceEvent;

typedef void (*ServiceObserver)(const ServiceEvent *event, void *userdata);

/* `state_directory` is where the database lives; it is opened when it is first needed. `development` as in
 * bundle_new(). Both are copied. */
Service *service_new(const char *state_directory, const char *development);
void service_free(Service *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Service, service_free)
void service_set_observer(Service *service, ServiceObserver observer, void *userdata);

/* Whether there is work that can wait for a quiet moment. */
bool service_has_idle_work(const Service *service);
/* Does a part of it: loads what was asked for once into memory, and gives back what is not needed any more.
 */
void service_idle_work(Service *service);

/* State */

const Bundle *service_bundle(Service *service);
/* "ok", or a sentence that says what is wrong with the storage. Borrowed. */
const char *service_health(Service *service);
/* Remembers what the storage failed with, for Health, and lets go of a connection that is of no use any
 * more. `error` may be any error. */
void service_note_failure(Service *service, const GError *error);
/* Opens the database if it is not; the functions below do so too. */
bool service_open(Service *service, GError **error);
/* The number of the newest change. */
bool service_get_revision(Service *service, int64_t *ret, GError **error);
/* The id of the active model, "" when none is. Borrowed until the next commit. */
bool service_get_active_model(Service *service, const char **ret, GError **error);
/* Logical → physical interface names; borrowed until the next commit. */
bool service_get_interfaces(Service *service, GHashTable **ret, GError **error);

/* Models (models.c) */

typedef struct ModelInfo {
    char *id;
    /* As the bundled file has it, else the imported one; how sure the data is, as what is in use has it. */
    CoachInfo coach;
    bool bundled;
    const char *origin; /* of what is imported, else of what there is: "bundled" or "custom"; static */
    char *bundled_version, *bundled_hash; /* "" when not bundled */
    char *problem;                        /* why the bundled file cannot be read; NULL */
    ImportStatus *import;                 /* NULL when not imported */
    bool update_available, active;
    unsigned n_devices;
} ModelInfo;

/* All models, bundled or imported, an array of ModelInfo sorted by id. */
bool service_list_models(Service *service, GPtrArray **ret, GError **error);
/* Whether reading this model has to import it first (it is bundled and was never imported). Sets
 * NO_SUCH_MODEL. */
bool service_needs_import(Service *service, const char *model, bool *ret, GError **error);

/* Reading mappings (mappings.c). Sets NO_SUCH_MODEL, NOT_IMPORTED. */

/* One component; borrowed until the next commit. Sets NO_SUCH_MAPPING. */
bool service_get_mapping(Service *service, const char *model, const char *path, const CachedMapping **ret,
                         int64_t *ret_revision, GError **error);
/* Bytes of data in one answer. The bus takes messages of at most 32 MiB and drops who sends a larger one. */
#define PAGE_SIZE_MAX (4 * 1024 * 1024)
#define ANSWER_SIZE_MAX (16 * 1024 * 1024)
/* What a text adds to its length in a message, at the most. */
#define ANSWER_TEXT_OVERHEAD 16

/* A page of components sorted by path, those that start with `prefix`, after the path `after`, at most
 * `limit` and, unless it is a single one, PAGE_SIZE_MAX bytes. An array of borrowed CachedMapping;
 * `*ret_next` is the `after` of the next page, "" at the end, borrowed too. */
bool service_get_mappings(Service *service, const char *model, const char *prefix, const char *after,
                          unsigned limit, GPtrArray **ret, const char **ret_next, int64_t *ret_revision,
                          GError **error);

/* What to look for; each may be left out. All have to fit. */
typedef struct FindQuery {
    bool has_dgn;
    uint32_t dgn;
    bool has_instance;
    int instance;
    const char *device_type;
    const char
        *area; /* an area with all below it: "interior" finds "interior.bedroom"; or a suggested area */
    const char *interface;
    const char *text; /* a part of the path or of a name, in any case */
} FindQuery;

/* An array of borrowed CachedMapping sorted by path. Sets TOO_LARGE beyond ANSWER_SIZE_MAX bytes. */
bool service_find_mappings(Service *service, const char *model, const FindQuery *query, GPtrArray **ret,
                           int64_t *ret_revision, GError **error);

typedef struct LookupResult {
    const char *path; /* borrowed */
    char *data;       /* JSON text, flat */
} LookupResult;

/* The devices at a DGN and instance, else those at its `default`. An array of LookupResult that frees its
 * members. */
bool service_lookup(Service *service, const char *model, uint32_t dgn, int instance, GPtrArray **ret,
                    GError **error);

/* Every field of a component: value, layer, vendor's value, who set it and when, as JSON text. Sets
 * NO_SUCH_MAPPING. */
bool service_explain(Service *service, const char *model, const char *path, char **ret, GError **error);
/* What is wrong with a model, an array of Problem. */
bool service_validate(Service *service, const char *model, GPtrArray **ret, GError **error);

/* Writing */

typedef enum EditOp {
    EDIT_SET,    /* a field to a value */
    EDIT_UNSET,  /* a field away */
    EDIT_RESET,  /* a field, or "" the component, back to the vendor's */
    EDIT_PUT,    /* the whole component */
    EDIT_DELETE, /* the whole component away */
} EditOp;

bool edit_op_from_string(const char *text, EditOp *ret);

typedef struct Edit {
    EditOp op;
    char *path;
    char *field;
    Value *value; /* for EDIT_SET and EDIT_PUT */
} Edit;

/* `value` is JSON text, for operations that have one. Sets INVALID_ARGS for a bad path or pointer,
 * INVALID_DATA or TOO_LARGE for bad JSON. */
Edit *edit_new(EditOp op, const char *path, const char *field, const char *value, GError **error);
void edit_free(Edit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Edit, edit_free)

typedef struct WriteOptions {
    bool has_expected_revision;
    uint64_t expected_revision; /* CONFLICT when the revision is another */
    bool force; /* lifts runtime_editable_fields, and the interfaces that a coach file allows; undoes what
                   was changed since; removes the active model */
} WriteOptions;

/* Whether the revision is the one that the caller expects. First-use imports do not count, because they
 * change nothing that anybody has seen. Sets CONFLICT. All plans check it; it is for looking before
 * something else is done. */
bool service_check_revision(Service *service, const WriteOptions *options, GError **error);

/* The reason that a first-use import has in the history. */
#define FIRST_USE_REASON "first use"
/* A reason has at most 1,024 bytes. */
#define REASON_LENGTH_MAX 1024
/* Bytes that the history takes for one call. */
#define HISTORY_SIZE_MAX (8 * 1024 * 1024)
/* Edits of one component in one call; more are better said by "put". */
#define EDITS_PER_COMPONENT_MAX 256
/* Edits in one call. */
#define EDITS_MAX 1000
/* Bytes of all their values. */
#define EDITS_SIZE_MAX (1024 * 1024)

typedef struct Plan Plan;

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
/* Whether it changes nothing; then there is nothing to authorise and service_commit() gives the current
 * revision. */
bool plan_is_empty(const Plan *plan);
/* The kind of the change; the model (its id, also where "" was asked for); and what is concerned for a
 * person to read, "" or a path or "3 components". Borrowed. */
const char *plan_kind(const Plan *plan);
const char *plan_model(const Plan *plan);
const char *plan_subject(const Plan *plan);

/* edits: an array of Edit, done in order; all or nothing. */
Plan *service_plan_edits(Service *service, const char *model, GPtrArray *edits, const char *reason,
                         const WriteOptions *options, GError **error);
/* Imports a bundled model. Nothing to do when its content is imported already; sets EXISTS when another
 * content is. */
Plan *service_plan_import(Service *service, const char *model, const char *reason,
                          const WriteOptions *options, GError **error);
/* `model` "" makes none active. */
Plan *service_plan_active_model(Service *service, const char *model, const WriteOptions *options,
                                GError **error);
/* `physical` "" removes the mapping. Sets INVALID_DATA for what the coach file of the active model does not
 * allow. */
Plan *service_plan_interface(Service *service, const char *logical, const char *physical,
                             const WriteOptions *options, GError **error);

/* Retention; what is older is pruned with the next change. Sets INVALID_ARGS. */
bool service_get_retention(Service *service, Retention *ret, GError **error);
Plan *service_plan_retention(Service *service, const Retention *retention, const WriteOptions *options,
                             GError **error);

/* Updates (updates.c) */

/* Whether the bundled file of a model says something else than the imported one, and their versions (""
 * where there is none; owned by the caller). Sets NO_SUCH_MODEL, INVALID_FILE. */
bool service_check_for_updates(Service *service, const char *model, bool *ret_available,
                               char **ret_installed, char **ret_bundled, GError **error);
/* The models with an update, sorted; NULL-terminated, free with g_strfreev(). */
bool service_list_updates(Service *service, char ***ret, GError **error);
/* Tells the observer of updates that it was not told of yet. Files that differ have to be read for it. */
void service_look_for_updates(Service *service);

/* A file that somebody brings (import-file.c). */
typedef struct BroughtFile BroughtFile;

typedef struct UpdateOptions {
    bool has_policy;
    MergePolicy policy;
    unsigned allow; /* of MergeAllow */
    bool only_clean;
    GPtrArray *resolutions; /* of MergeResolution */
    BroughtFile *file;      /* the release to go to; NULL: the bundled one. What is planned takes it */
} UpdateOptions;

typedef struct UpdatePreview {
    char *token;
    Merge *merge;
} UpdatePreview;

void update_preview_free(UpdatePreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdatePreview, update_preview_free)

/* What an update would do. Sets NO_SUCH_MODEL, NOT_IMPORTED, INVALID_FILE, and what merge_plan() does. */
UpdatePreview *service_preview_update(Service *service, const char *model, const UpdateOptions *options,
                                      GError **error);
/* The update itself; `token` NULL: nobody has seen a preview. Sets CONFLICT for a stale token, or with
 * policy "manual" for what is not resolved; BLOCKED. */
Plan *service_plan_update(Service *service, const char *model, const char *token,
                          const UpdateOptions *options, const char *reason,
                          const WriteOptions *write_options, GError **error);

/* Files that come in (import-file.c) */

/* How large a file may be that is read before it is known whether its caller may bring it in: as coach files
 * are, and some times larger. Reading a larger one takes seconds, in which nobody else is served. */
typedef enum FileBounds {
    FILE_ORDINARY, /* 1 MiB, 60,000 values, aliases and merges expanded, and 5,000 components */
    FILE_LARGE,    /* as any coach file */
} FileBounds;

/* Reads one, a coach file or an owner's edits. `name` is what its owner calls it, "" for nothing; it is
 * told to people as it is. Sets INVALID_FILE, TOO_LARGE. */
BroughtFile *service_read_file(Service *service, const char *text, size_t length, const char *name,
                               FileBounds bounds, GError **error);
void brought_file_free(BroughtFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BroughtFile, brought_file_free)
/* Whether it has edits of a coach, and not a coach. */
bool brought_file_has_edits(const BroughtFile *file);
/* Which model it is for: the one that the caller names, or with "" what the file says: edits name theirs, a
 * coach file is called so, or else has it in its coach_info. Free with g_free(). Sets INVALID_ARGS. */
char *service_find_model_of_file(Service *service, const BroughtFile *file, const char *model,
                                 GError **error);
/* Whether there is such a model, imported or bundled. */
bool service_knows_model(Service *service, const char *model, bool *ret, GError **error);
/* Brings it in: a new model, a release of one that is imported (as service_plan_update()), or edits of one.
 * `model` is its id, and the file may be taken. `token` NULL: there is none. Sets what service_plan_update()
 * and service_plan_edits() set. */
Plan *service_plan_import_file(Service *service, const char *model, BroughtFile *file, const char *token,
                               const UpdateOptions *update, const char *reason, const WriteOptions *options,
                               GError **error);

/* Files that go out (export.c) */

typedef struct ExportOptions {
    CoachFormat format;
    bool edits;     /* the owner's edits alone */
    int64_t change; /* as it was right after this one; 0: as it is */
} ExportOptions;

/* The id of a model, also where "" was asked for. Free with g_free(). Sets NO_SUCH_MODEL. */
char *service_get_model_id(Service *service, const char *model, GError **error);
/* The text of a file that service_read_file() reads. Free with g_free(). Sets NO_SUCH_MODEL, NOT_IMPORTED,
 * NO_SUCH_CHANGE, INVALID_DATA. */
char *service_export(Service *service, const char *model, const ExportOptions *options, GError **error);

/* Removes a model with its edits (remove.c). Nothing to do where it is bundled and not imported. Sets
 * NO_SUCH_MODEL, and BLOCKED for the active one unless forced; then none is active. */
Plan *service_plan_remove(Service *service, const char *model, const char *reason,
                          const WriteOptions *options, GError **error);

/* Takes a change back (undo.c); with `force` in the options also what somebody changed since. Sets
 * NO_SUCH_CHANGE, NOT_IMPORTED, INVALID_DATA, and CONFLICT when all of it was changed since. */
Plan *service_plan_undo(Service *service, int64_t number, const char *reason, const WriteOptions *options,
                        GError **error);

/* Factory reset (reset.c): drops the edits of a model, or of a section or a component (`scope`; "": all).
 * Sets NO_SUCH_MAPPING for a scope that is nothing. */
Plan *service_plan_reset(Service *service, const char *model, const char *scope, const char *reason,
                         const WriteOptions *options, GError **error);

/* Backups (store/backup.h has them) */

/* Where they are; borrowed. */
const char *service_state_directory(Service *service);
/* Tells the observer of one that was made. */
void service_note_backup(Service *service, const char *id, const char *reason);
/* Makes everything what it was in a backup, or in a copy of one that somebody brings (`fd`, -1: none). Takes
 * long. Sets NO_SUCH_BACKUP, INVALID_FILE, NOT_SUPPORTED, TOO_LARGE. */
Plan *service_plan_restore(Service *service, const char *id, int fd, const char *reason,
                           const WriteOptions *options, GError **error);

/* Moving an old installation over (migrate.c) */

/* One thing that the old installation had: what it is and where it was, "coach:/var/lib/…" (the interface
 * XML has the kinds), and its bytes. Borrowed. */
typedef struct MigrationFile {
    const char *name;
    const char *text;
    size_t length;
} MigrationFile;

/* Judges all of it, the first winning over those behind it, and plans what is taken; `*ret_report` says what
 * becomes of each thing. What is some times larger than installations are takes seconds, in which nobody
 * else is served; it is judged only where `large` says so, else it is TOO_LARGE. Sets INVALID_ARGS,
 * INVALID_FILE and TOO_LARGE for what no client may send. */
Plan *service_plan_migration(Service *service, const MigrationFile *files, size_t n_files, bool large,
                             const char *reason, const WriteOptions *options, MigrationReport **ret_report,
                             GError **error);
/* The report as JSON text: before anything is written (`change` 0), or after the commit of the plan. */
char *service_format_migration(Service *service, const Plan *plan, const MigrationReport *report,
                               bool dry_run, int64_t change);

/* Writes the plan and tells the observer. `*ret_change` is the new change, or the current revision when the
 * plan is empty. */
bool service_commit(Service *service, Plan *plan, const Actor *actor, int64_t *ret_change, GError **error);

/* History (history.c) */

bool service_list_changes(Service *service, int64_t before, unsigned limit, const char *model,
                          const char *kind, GPtrArray **ret, int64_t *ret_next, GError **error);
/* `path` "" is the whole model. */
bool service_list_history(Service *service, const char *model, const char *path, int64_t before,
                          unsigned limit, GPtrArray **ret, int64_t *ret_next, GError **error);
/* As store_verify_history() and store_verify_components(). */
bool service_verify_history(Service *service, int64_t *ret_checked, int64_t *ret_from, char **ret_problem,
                            GError **error);

/* RV-C protocol table (protocol.c) */

typedef struct DgnInfo {
    uint32_t dgn;
    const char *name;      /* borrowed */
    const char *direction; /* "status", "command", "request" or "other"; borrowed */
} DgnInfo;

/* One DGN as JSON text. Sets NO_SUCH_MAPPING for one that the table does not have. */
bool service_describe_dgn(Service *service, uint32_t dgn, char **ret, GError **error);
/* All whose name has `name` in it, in any case, and whose direction is `direction`; both may be NULL. An
 * array of DgnInfo. Sets INVALID_ARGS for what is no direction. */
bool service_list_dgns(Service *service, const char *name, const char *direction, GArray **ret,
                       GError **error);

/* The whole state as JSON text for a person (describe.c). */
char *service_describe(Service *service, const char *version);
