/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* store.h: what the service keeps on disk. The only door to SQLite; everything above speaks of models,
 * components, overrides and changes.
 *
 * All functions that can fail set NO_SPACE, LOCKED, READ_ONLY, CORRUPT or IO of CONFIG_ERROR beside what
 * their comment names. Text that comes back is owned by the caller unless said otherwise. What a writing
 * function does becomes true with transaction_commit() only. */

#include <stdint.h>

#include "base/value.h"
#include "coach/coach-file.h"
#include "coach/override.h"

typedef struct Store Store;

/* The database in the state directory. */
#define STORE_DATABASE "config.db"

/* Opens `directory`/config.db, creating it or bringing its tables up to date. Sets NOT_SUPPORTED for one
 * from a newer version. */
Store *store_open(const char *directory, GError **error);
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
/* Whether it can be written; sets READ_ONLY or NO_SPACE where the disk let it be opened for reading only. */
bool store_is_writable(Store *store, GError **error);
/* A number that differs after another process has written to the database. 0 when it cannot be told. */
int64_t store_data_version(Store *store);

/* Transactions: rolled back when they go out of scope without a commit. */
typedef struct Transaction {
    Store *store;
} Transaction;
bool transaction_begin(Transaction *transaction, Store *store, GError **error);
bool transaction_commit(Transaction *transaction, GError **error);
void transaction_clear(Transaction *transaction);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Transaction, transaction_clear)

/* Settings (settings.c) */

/* The value of a setting; NULL without an error when it was never set. */
bool store_get_setting(Store *store, const char *name, char **ret, GError **error);
bool store_set_setting(Store *store, const char *name, const char *value, GError **error);
/* Logical → physical interface names. */
bool store_get_interfaces(Store *store, GHashTable **ret, GError **error);
/* `physical` NULL removes the mapping. */
bool store_set_interface(Store *store, const char *logical, const char *physical, GError **error);

/* Vendor revisions and imports (vendor.c) */

typedef struct ImportStatus {
    char *model;
    char *byte_hash;
    char *content_hash;
    char *version;
    char *origin;    /* "bundled" or "custom" */
    Value *identity; /* as coach_info_to_value() has it; older databases have the year to the trim alone */
    int64_t revision_id;
    int64_t time;       /* µs since the epoch */
    unsigned n_devices; /* active ones; by store_list_imports() with counts only */
    unsigned n_edits;   /* overrides; likewise */
} ImportStatus;

void import_status_free(ImportStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportStatus, import_status_free)

/* The state of one model; `*ret` is NULL without an error when it was never imported. */
bool store_get_import(Store *store, const char *model, ImportStatus **ret, GError **error);
/* All of them, an array of ImportStatus sorted by model. Counting takes longer with each component. */
bool store_list_imports(Store *store, bool with_counts, GPtrArray **ret, GError **error);
/* Adds the revision with its components unless the same content is there already; gives its id. */
bool store_add_vendor_revision(Store *store, const char *model, const CoachFile *file, const char *byte_hash,
                               const char *origin, int64_t *ret_id, GError **error);
/* Makes a revision the imported one. */
bool store_set_import(Store *store, const char *model, const char *version, const char *byte_hash,
                      int64_t revision_id, int64_t time, GError **error);
/* The model is imported no more; its revisions and history stay. */
bool store_remove_import(Store *store, const char *model, GError **error);

typedef struct VendorRevision {
    int64_t id;
    char *content_hash;
    char *byte_hash; /* of the first file that had this content */
    char *version;
    char *origin;
} VendorRevision;

void vendor_revision_free(VendorRevision *revision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VendorRevision, vendor_revision_free)

/* The revision of a model with this content; `*ret` is NULL without an error when there is none. */
bool store_find_vendor_revision(Store *store, const char *model, const char *content_hash,
                                VendorRevision **ret, GError **error);
/* All revisions of a model that are still there, the newest first, at most `limit`: an array of
 * VendorRevision. */
bool store_list_vendor_revisions(Store *store, const char *model, unsigned limit, GPtrArray **ret,
                                 GError **error);
/* A whole revision, as a coach file that would bring it. */
bool store_load_vendor_file(Store *store, int64_t revision_id, CoachFile **ret, GError **error);
/* One component as the vendor has it; NULL without an error when the revision has none of that path. */
bool store_get_vendor_component(Store *store, int64_t revision_id, const char *path, Value **ret,
                                GError **error);
/* All components of a revision in file order, an array of Component. */
bool store_list_vendor_components(Store *store, int64_t revision_id, GPtrArray **ret, GError **error);
/* All components whose path starts with "<section>/", as one map by child; or the component `section`
 * itself. NULL when there is neither. */
bool store_get_vendor_section(Store *store, int64_t revision_id, const char *section, Value **ret,
                              GError **error);

/* Effective components (mappings.c) */

typedef struct Mapping {
    int64_t id;
    char *path;
    char *data; /* JSON text of the public shape */
    char *source;
    int64_t position; /* orders the components as the file does; new ones come last */
} Mapping;

void mapping_free(Mapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mapping, mapping_free)

/* The active component; `*ret` is NULL without an error when there is none. */
bool store_get_mapping(Store *store, const char *model, const char *path, Mapping **ret, GError **error);
/* All active components of a model sorted by path, an array of Mapping. */
bool store_list_mappings(Store *store, const char *model, GPtrArray **ret, GError **error);
/* Adds or replaces the active component: `*row` is its row as it was read within this transaction, with the
 * position that it shall have, NULL when there is none, and then becomes the new one (id, path and position;
 * owned by the caller). */
bool store_put_mapping(Store *store, const char *model, const char *path, const char *data,
                       const char *source, const char *version, const char *user, Mapping **row,
                       GError **error);
/* Adds the components of a vendor revision to a model that has none. */
bool store_add_mappings(Store *store, const char *model, int64_t revision_id, const char *source,
                        const char *version, const char *user, GError **error);
/* Makes a vendor revision the content of all components of a model that have no overrides: adds, replaces,
 * and makes inactive what it does not have. */
bool store_apply_revision(Store *store, const char *model, int64_t revision_id, const char *source,
                          const char *version, const char *user, GError **error);
/* Makes all components of a model inactive. */
bool store_remove_mappings(Store *store, const char *model, const char *user, GError **error);
/* The row that history of a component refers to: the active one, else the last one, else a placeholder. */
bool store_get_mapping_id(Store *store, const char *model, const char *path, const char *user, int64_t *ret,
                          GError **error);
/* Makes the active component inactive; its row stays for the history. */
bool store_remove_mapping(Store *store, const char *model, const char *path, const char *user,
                          GError **error);

/* Changes: who, what and why */

/* Who caused a change, as the bus says. */
typedef struct Actor {
    uint32_t uid;
    int32_t pid; /* 0: unknown */
    char *user;
    char *process; /* "": unknown */
} Actor;

typedef struct HistoryEntry {
    int64_t mapping_id;
    char *model; /* NULL: that of the change */
    char *path;
    char *kind;
    char *field;
    char *before; /* JSON text, NULL: absent */
    char *after;
    char *override_before; /* JSON text, NULL: no override */
    char *override_after;
    char *previous_data; /* JSON text of the whole component before, NULL: absent */
    char *class;         /* of an update (merge.h), NULL: none */
    char *vendor;        /* then: JSON text of what the vendor has, NULL: absent */
} HistoryEntry;

void history_entry_free(HistoryEntry *entry);
/* An array of HistoryEntry that frees its members. */
GPtrArray *history_list_new(void);

typedef struct Change {
    int64_t id;
    int64_t time; /* µs since the epoch */
    char *kind;
    char *model;
    char *reason;
    Actor actor;
    unsigned n_entries;
    char *content_hash;  /* of the vendor revision that an import brought, else NULL */
    char *detail;        /* JSON text or NULL */
    GPtrArray *releases; /* of Release, ordered by model; NULL: none, or not read */
} Change;

/* What a change that is no import did to the vendor's data of a model. */
typedef struct Release {
    char *model;
    char *base_hash;    /* of the revision that it went away from; NULL: it was not imported */
    char *content_hash; /* of the one that it brought; NULL: it is imported no more */
} Release;

Release *release_new(const char *model, const char *base_hash, const char *content_hash);
void release_free(Release *release);

void change_clear(Change *change);
void change_free(Change *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Change, change_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Change, change_free)

/* Overrides (overrides.c) */

/* The overrides of one component, for override.h, with their authors. */
bool store_get_overrides(Store *store, const char *model, const char *path, GPtrArray **ret, GError **error);
/* All overrides of a model: path → array of Override. */
bool store_list_overrides(Store *store, const char *model, GHashTable **ret, GError **error);
/* Makes `now` the overrides of a component, where `before` was: touches only those that differ. Those
 * without an author get that of the change, but where they only have another vendor's value they keep
 * theirs. */
bool store_replace_overrides(Store *store, const char *model, const char *path, GPtrArray *before,
                             GPtrArray *now, const Change *change, GError **error);

/* The record of changes (changes.c, history.c, verify.c) */

/* The newest change; 0 when there is none. */
bool store_get_revision(Store *store, int64_t *ret, GError **error);
/* The newest change that was no first-use import (an import with the reason `first_use`): those change
 * nothing that anybody has seen. */
bool store_get_seen_revision(Store *store, const char *first_use, int64_t *ret, GError **error);
/* The number that store_add_change() will give within this transaction. */
bool store_next_change(Store *store, int64_t *ret, GError **error);
/* Adds a change, linked to the one before by its hash; sets its id. Its history rows follow with
 * store_add_history(), the same ones. */
bool store_add_change(Store *store, Change *change, GPtrArray *history, GError **error);
/* Adds the history rows of a change; their mapping_id is set by now. */
bool store_add_history(Store *store, const Change *change, GPtrArray *history, GError **error);

/* One change with its releases; `*ret` is NULL without an error when there is none of this number. */
bool store_get_change(Store *store, int64_t id, Change **ret, GError **error);
/* The history rows of a change, an array of HistoryEntry. */
bool store_list_change_history(Store *store, int64_t id, GPtrArray **ret, GError **error);

/* What happened after a change (later.c) */

typedef struct LaterChange {
    int64_t change;
    char *field; /* NULL: the vendor's data, or a setting */
    char *user;
} LaterChange;

void later_change_free(LaterChange *later);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LaterChange, later_change_free)

/* Who edited what of a model after a change: path → array of LaterChange, the newest first, one a field. At
 * the path "" is the newest change that brought the model other data of the vendor. */
bool store_list_later_changes(Store *store, const char *model, int64_t after, GHashTable **ret,
                              GError **error);

/* One edit of one field as the history has it. */
typedef struct PastEdit {
    int64_t change;
    int64_t time; /* µs since the epoch */
    char *kind;   /* of the change */
    char *user;
    char *path;
    char *field;
    int64_t
        refers; /* the change that an undo undoes, or the revision that a restore went back to; 0: none */
} PastEdit;

/* All edits of a model that made another wish of the owner's of a field, or none, the newest first: an array
 * of PastEdit. */
bool store_list_past_edits(Store *store, const char *model, GPtrArray **ret, GError **error);

typedef struct LaterRelease {
    char *kind;         /* of the change */
    char *base_hash;    /* NULL: it was not imported */
    char *content_hash; /* NULL: it is not imported any more */
    char *detail;       /* of the change; NULL: none */
} LaterRelease;

/* Which other data of the vendor a model got after a change, the oldest first, an array of LaterRelease. */
bool store_list_later_releases(Store *store, const char *model, int64_t after, GPtrArray **ret,
                               GError **error);

/* What the override of each field was right after a change, of those that became another one since: an array
 * of HistoryEntry with path, field and override_before alone. */
bool store_list_overrides_then(Store *store, const char *model, int64_t after, GPtrArray **ret,
                               GError **error);

/* The newest later change of a setting, as the detail of changes calls it; `*ret` is NULL without an error
 * where there is none. */
bool store_find_setting_change(Store *store, int64_t after, const char *kind, const char *name,
                               LaterChange **ret, GError **error);

/* Changes below `before` (0: from the newest), newest first, at most `limit`; `model` and `kind` may be
 * NULL. An array of Change; `*ret_next` is the `before` of the next page, 0 at the end. */
bool store_list_changes(Store *store, int64_t before, unsigned limit, const char *model, const char *kind,
                        GPtrArray **ret, int64_t *ret_next, GError **error);

/* One row of the history for a reader. */
typedef struct HistoryRow {
    int64_t change;
    int64_t time;
    char *kind;
    char *path;
    char *field;
    char *before; /* NULL: absent */
    char *after;
    char *user;
    char *reason;
    uint32_t uid;
    char *class;  /* NULL: none */
    char *vendor; /* NULL: absent */
} HistoryRow;

/* The history of a component, or of the whole model when `path` is "", newest first. A page holds whole
 * changes: it ends with the change in which `limit` is reached. An array of HistoryRow; `*ret_next` as
 * above. */
bool store_list_history(Store *store, const char *model, const char *path, int64_t before, unsigned limit,
                        GPtrArray **ret, int64_t *ret_next, GError **error);

/* Retention (retention.c) */

/* How much of the past is kept: the newest changes by number, and all that are younger, whichever keeps
 * more. */
typedef struct Retention {
    unsigned changes;
    unsigned days;
    unsigned backups; /* automatic ones */
} Retention;

/* The newest change that can be pruned once `change` is added, with all before it; 0: none. Adds to its
 * detail that they were, so that the chain vouches for its own beginning. */
bool store_plan_pruning(Store *store, const Retention *retention, Change *change, int64_t *ret_through,
                        GError **error);
/* Prunes the changes up to and with `through`, their history, and the vendor revisions that nothing refers
 * to any more. */
bool store_prune(Store *store, int64_t through, GError **error);

/* Verifying (verify.c) */

/* Whether an effective component is what the vendor's data and the overrides give. SQLite sees no damage
 * within a text, but these are two copies of the same. */
bool store_component_is_sound(Store *store, const ImportStatus *status, const char *path, bool *ret,
                              GError **error);
/* The same for all of a model: one that is not sound; NULL: all are. Free with g_free(). */
bool store_find_damaged_component(Store *store, const ImportStatus *status, char **ret_path, GError **error);
/* The same for all models, in words; NULL: all are sound. Free with g_free(). */
bool store_verify_components(Store *store, char **ret_problem, GError **error);

/* Recomputes the chain of hashes over all changes and their history, and the content hash of each vendor
 * revision. `*ret_problem` is NULL when all is as it was written, else says what is not; `*ret_checked`
 * counts the changes, `*ret_from` is the first of them, 0: none. */
bool store_verify_history(Store *store, int64_t *ret_checked, int64_t *ret_from, char **ret_problem,
                          GError **error);
