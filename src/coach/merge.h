/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* merge.h: what becomes of an owner's overrides when the vendor's data become other ones: a newer release of
 * a coach file, or an older one that is gone back to. Three ways, field by field: what the vendor had
 * (base), what the owner wants (mine), what the vendor has now (incoming). Intent is what the overrides say;
 * it is never guessed from values.
 *
 * Pure: the same input gives the same plan, in whatever order its parts come. A preview shows the plan, an
 * update carries it out. */

#include "coach/coach-file.h"
#include "coach/override.h"
#include "coach/rules.h"

typedef enum MergeClass {
    MERGE_VENDOR,       /* no override, the vendor changed it: the vendor's */
    MERGE_KEPT,         /* an override, the vendor did not change it: the owner's */
    MERGE_CONVERGED,    /* the vendor came to what the owner has: the owner's, redundant from now on */
    MERGE_MERGED,       /* a set that both changed: the vendor's with the owner's additions and removals */
    MERGE_ADDED,        /* a component that the vendor added */
    MERGE_REMOVED,      /* a component that the vendor removed, without overrides */
    MERGE_DELETED_KEPT, /* the owner deleted it, the vendor did not change it */
    MERGE_RENAMED,      /* the vendor gave it another name, which the overrides follow */
    /* These want a decision. */
    MERGE_CONFLICT,        /* both changed it, or both added it: the owner's */
    MERGE_ORPHANED,        /* the vendor dropped the field: the owner's */
    MERGE_UNSET_CHANGED,   /* the owner unset it, the vendor changed it: stays unset */
    MERGE_REMOVED_EDITED,  /* the vendor removed a component with overrides: stays as the owner's own */
    MERGE_DELETED_CHANGED, /* the owner deleted it, the vendor changed it: stays deleted */
    /* These block; their result is a sentence. */
    MERGE_MISSING_FIELD,     /* the result lacks a required field that the incoming component has */
    MERGE_ID_COLLISION,      /* a rename to the id of a component of the owner's own */
    MERGE_BINDING_COLLISION, /* a device of the owner's and another come to share a binding */
    MERGE_SECTION_COLLISION, /* a section would be one component and divided into components at once */
    MERGE_DEVICE_LOSS,       /* more than a quarter of the vendor's devices would go */
    MERGE_CLASSES,
} MergeClass;

/* What lifts a block; to be or-ed. */
typedef enum MergeAllow {
    MERGE_ALLOW_MISSING_FIELDS = 1 << 0,
    MERGE_ALLOW_COLLISIONS = 1 << 1,
    MERGE_ALLOW_DEVICE_LOSS = 1 << 2,
    MERGE_ALLOW_NOTHING = 1 << 3, /* what no option lifts */
    MERGE_ALLOW_ALL = MERGE_ALLOW_NOTHING - 1,
} MergeAllow;

/* What happens to items that want a decision and have no resolution. */
typedef enum MergePolicy {
    MERGE_KEEP_MINE,
    MERGE_TAKE_VENDOR,
    MERGE_MANUAL, /* as KEEP_MINE; whoever applies the plan refuses it unless it is clean */
    MERGE_POLICIES,
} MergePolicy;

typedef enum MergeVerdict {
    MERGE_CLEAN,   /* nothing wants a decision */
    MERGE_REVIEW,  /* something does, and has no resolution */
    MERGE_BLOCKED, /* must not be applied */
} MergeVerdict;

const char *merge_class_to_string(MergeClass class);
/* Whether items of this class want a decision. */
bool merge_class_is_flagged(MergeClass class);
/* What lifts items of this class; 0: they do not block. */
MergeAllow merge_class_lifted_by(MergeClass class);
const char *merge_policy_to_string(MergePolicy policy);
bool merge_policy_from_string(const char *text, MergePolicy *ret);
const char *merge_verdict_to_string(MergeVerdict verdict);

typedef enum MergeChoice {
    MERGE_CHOOSE_MINE,
    MERGE_CHOOSE_VENDOR,
    MERGE_CHOOSE_VALUE,
} MergeChoice;

/* What somebody decided about one item. */
typedef struct MergeResolution {
    char *path;
    char *field;
    MergeChoice choice;
    Value *value; /* for MERGE_CHOOSE_VALUE */
} MergeResolution;

/* `choice` is "mine", "vendor", or "value:" and JSON text. Sets CONFIG_ERROR_INVALID_ARGS, and
 * CONFIG_ERROR_INVALID_DATA or TOO_LARGE for bad JSON. */
MergeResolution *merge_resolution_new(const char *path, const char *field, const char *choice,
                                      GError **error);
void merge_resolution_free(MergeResolution *resolution);

typedef struct MergeInput {
    GPtrArray *base;       /* of Component: what the vendor had */
    GPtrArray *incoming;   /* of Component: what the vendor has now */
    GHashTable *overrides; /* path → array of Override, relative to base */
    GHashTable *pinned;    /* the same, relative to incoming: they hold as they are; NULL: none */
    GHashTable *renames; /* new path → old path; NULL: those that incoming states (merge_find_renames()) */
    MergePolicy policy;
    unsigned allow;         /* of MergeAllow */
    GPtrArray *resolutions; /* of MergeResolution; NULL: none */
} MergeInput;

/* One field of one component, or with field "" the whole of it. Values are NULL where absent. */
typedef struct MergeItem {
    char *path;
    char *field;
    MergeClass class;
    Value *base; /* of MERGE_RENAMED: the old path, or the old name of the binding */
    Value *mine; /* NULL also where the owner did not touch it */
    Value *vendor;
    Value *result;
    bool resolved; /* by a resolution */
} MergeItem;

/* A component that has overrides, or had. All others become what incoming says. */
typedef struct MergedComponent {
    char *path;
    GPtrArray *before; /* its overrides; maybe empty */
    GPtrArray *after;
    Value *result; /* the effective component, NULL: none */
} MergedComponent;

typedef struct Merge {
    GPtrArray *items;      /* of MergeItem: what wants a decision or blocks first; then by path and field */
    GPtrArray *components; /* of MergedComponent, by path */
    unsigned counts[MERGE_CLASSES];
    MergeVerdict verdict;
} Merge;

/* Plans. Sets CONFIG_ERROR_INVALID_ARGS for a resolution of what is no item, or twice of the same,
 * CONFIG_ERROR_INVALID_DATA or CONFIG_ERROR_IMMUTABLE for one that the incoming rules do not allow. */
Merge *merge_plan(const MergeInput *input, GError **error);
void merge_free(Merge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Merge, merge_free)

/* The component that the plan has for a path, NULL where it has none. Borrowed. */
const MergedComponent *merge_find_component(const Merge *merge, const char *path);

/* The renames that incoming states: a component with "renamed_from", the name (or names, of several
 * releases) of a sibling that base has and incoming has not. New path → old path; free with
 * g_hash_table_unref(). */
GHashTable *merge_find_renames(GPtrArray *base, GPtrArray *incoming);
