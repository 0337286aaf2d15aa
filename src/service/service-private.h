/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* service-private.h: what the files of the service share. */

#include "coach/dgn-table.h"
#include "coach/edits-file.h"
#include "service/service.h"
#include "store/backup.h"

/* What is known of a bundled coach file without keeping its components. */
typedef struct BundledModel {
    char *byte_hash;
    char *problem; /* why it cannot be read, else NULL */
    CoachInfo coach;
    char *version, *content_hash;
    unsigned n_devices;
} BundledModel;

/* Names of settings in the database. */
#define SETTING_ACTIVE_MODEL "active-model"

struct Service {
    Bundle *bundle;
    char *state_directory;
    int lock; /* the lock file, so that one process at a time owns the state; -1 */
    bool lock_waited;
    Store *store; /* NULL while it cannot be opened */
    int64_t data_version;
    char *health; /* NULL: ok */
    char *notice; /* of a recovery that nobody has acknowledged; NULL: none */
    bool suspect; /* the database has shown damage: it is checked when it is opened again */

    int64_t revision;
    char *active_model;
    GHashTable *interfaces;
    Retention retention;

    char *upgrade_backup;  /* made before the tables changed, until the result was found sound; NULL */
    GHashTable *announced; /* model → content hash of the newer bundled file that was told of */

    GHashTable *caches;  /* model → ModelCache */
    bool idle_work;      /* one of them is new, or much memory was used for a moment */
    GHashTable *bundled; /* model → BundledModel */
    DgnTable *dgns;      /* of a development folder's rvc.json; NULL: none was read */

    ServiceObserver observer;
    void *observer_userdata;
};

/* Opens the database as it is. */
bool service_load(Service *service, GError **error);
/* The database, opened now if need be, after recovering a damaged one. NULL on error. */
Store *service_store(Service *service, GError **error);
/* The same for writing: also notices what another process wrote, and tries again when it was opened for
 * reading only. */
Store *service_writable_store(Service *service, GError **error);
void service_note_success(Service *service);
void service_emit(Service *service, const ServiceEvent *event);

/* "" → the active model. Borrowed. Sets NO_SUCH_MODEL. */
const char *service_resolve_model(Service *service, const char *model, GError **error);
/* The cache of an imported model. Sets NO_SUCH_MODEL, NOT_IMPORTED. */
ModelCache *service_get_cache(Service *service, const char *model, GError **error);
/* Whether the content of a bundled file is an update of what is imported: not where the owner brought a file
 * of their own and had that content before; but where a migration brought it. */
bool service_is_update(Service *service, const ImportStatus *status, const char *bundled_hash, bool *ret,
                       GError **error);
/* The state of a bundled file, read again when its bytes have changed; NULL without an error when there is
 * none, or when its bytes are those that were `imported` (NULL: none). Borrowed. */
bool service_get_bundled(Service *service, const char *model, const ImportStatus *imported,
                         const BundledModel **ret, GError **error);
void bundled_model_free(BundledModel *bundled);
/* What is known of DGNs; borrowed until the next call. Sets what bundle_get_resource() does, and
 * INVALID_FILE, in development mode only. */
const DgnTable *service_dgns(Service *service, GError **error);
/* A bundled file with the hash of its bytes; NULL without an error when it says what was `imported` (NULL:
 * none). Sets NO_SUCH_MODEL, INVALID_FILE, TOO_LARGE. */
bool service_read_bundled(Service *service, const char *model, const ImportStatus *imported,
                          CoachFile **ret_file, char **ret_byte_hash, GError **error);

/* A file that somebody brings. */
struct BroughtFile {
    char *name; /* "": unknown */
    char *byte_hash;
    CoachFile *coach; /* one of these two; what is planned with it may take it */
    EditsFile *edits;
};

/* The origin that a content has, whoever brings it now: that of the revision where it was there before.
 * `*ret` is static. */
bool service_find_origin(Service *service, const char *model, const CoachFile *file, const char **ret,
                         GError **error);
/* Edits of a file, to be laid over those of a model that is imported (import-edits.c). */
Plan *service_plan_import_edits(Service *service, const char *model, const BroughtFile *file,
                                const char *reason, const WriteOptions *options, GError **error);

/* One setting that becomes another, as texts: "activate" (which model), "interface" (where `name` is; "":
 * nowhere), "retention". These are also the kinds of the changes that set one. */
#define SETTING_ACTIVATE "activate"
#define SETTING_INTERFACE "interface"
#define SETTING_RETENTION "retention"

typedef struct Setting {
    char *kind;
    char *name; /* of an interface, else NULL */
    char *before;
    char *after;
} Setting;

Setting *setting_new(const char *kind, const char *name, const char *before, const char *after);
void setting_free(Setting *setting);
/* What it is now. Free with g_free(). */
char *setting_now(Service *service, const char *kind, const char *name);
/* Adds a setting to a plan; takes it over. */
void plan_add_setting(Plan *plan, Setting *setting);
/* Makes the settings all that the plan does. */
void plan_set_settings(Plan *plan);
/* The same for a single one, which is the kind of the change; the change says of itself what it was before.
 */
void plan_set_setting(Service *service, Plan *plan, const char *kind, const char *name, const char *after);
/* Says in the detail of a change which settings it sets, for one that is of no setting's kind. */
void plan_describe_settings(Plan *plan);
/* The settings that a change set, as its detail says, an array of Setting. What is malformed is left out. */
GPtrArray *change_list_settings(const Change *change);
/* For plans that do more: write them, within the transaction; and take them over, after it. */
bool plan_write_settings(Service *service, const Plan *plan, GError **error);
void plan_take_settings(Service *service, const Plan *plan);
void plan_announce_settings(Service *service, const Plan *plan, const Change *change);
/* A retention as the settings have it; NULL: the default. And back; free with g_free(). */
Retention retention_parse(const char *text);
char *retention_format(Retention retention);
/* Whether its numbers are within their bounds. Sets INVALID_ARGS. */
bool retention_check(Retention retention, GError **error);

/* Whether both can be names of interfaces ("": of no physical one). */
bool interface_is_valid(const char *logical, const char *physical);

/* Now, in µs since the epoch. */
int64_t now_usec(void);

/* Plans: the steps that all kinds share. */
struct Plan {
    char *kind;
    char *model;
    char *subject;
    char *reason;
    int64_t revision; /* that it was made for */
    bool empty;
    /* Writes what is special to the kind, within the transaction and after the change was added (its number
     * is set). */
    bool (*write)(Service *service, Plan *plan, const Change *change, GError **error);
    /* After the commit: brings the memory up to date and tells the observer. */
    void (*finish)(Service *service, Plan *plan, const Change *change);

    GPtrArray *history; /* rows of the change; may be empty */
    unsigned n_entries;
    char *content_hash;  /* of an import */
    GPtrArray *releases; /* of Release; NULL: none */
    Value *detail;       /* a map or NULL */
    char *backup_reason; /* a backup is made first; NULL: none */

    GPtrArray *components; /* edits: of Touched (touched.h) */
    CoachFile *file;       /* import */
    char *byte_hash;
    const char *origin;  /* of it; static */
    GPtrArray *passages; /* of Passage (transition.h) */
    GPtrArray *settings; /* of Setting */
    char *restored;      /* passages: the backup that they are from, or "", for the one signal; NULL: one a
                            passage */
    Retention retention; /* to be in force; changes 0: that of the service */
};

/* Adds to what the change says of itself. Takes over the value. */
void plan_add_detail(Plan *plan, const char *key, Value *value);

/* Says in the detail of a change which file it came from. */
void plan_add_file(Plan *plan, const BroughtFile *file);
/* Makes a plan the import of a model that is not there. Takes the file over. */
void plan_set_import(Plan *plan, CoachFile *file, const char *byte_hash, const char *origin);

/* A plan with what is common: checks the reason and expected-revision. `model` may be "". */
Plan *plan_new(Service *service, const char *kind, const char *model, const char *reason,
               const WriteOptions *options, GError **error);
