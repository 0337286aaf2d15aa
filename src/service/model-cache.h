/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* model-cache.h: the effective components of one imported model in memory. Reads are answered from here;
 * every commit puts what it wrote here too, so that after the first load no read goes to the disk. */

#include "coach/rules.h"
#include "store/store.h"

typedef struct CachedMapping {
    char *path;
    char *data;         /* JSON text of the public shape */
    const char *source; /* "factory", "import" or "user"; static */
    int64_t position;   /* orders the components as the file does */
    /* What searches look at: the values that the device, or one of its bindings, has there; texts,
     * NULL-terminated. Read from the data when the index is made. */
    char **device_types;
    char **areas;
    char **suggested_areas;
    char **interfaces;
    char *words;   /* path and names, folded for comparison */
    GArray *bound; /* the keys under which the index has it (model-cache.c); NULL: none */
} CachedMapping;

typedef struct ModelCache ModelCache;

/* Takes over the status. */
ModelCache *model_cache_new(ImportStatus *status);
void model_cache_free(ModelCache *cache);

/* The state of the import, without counts; borrowed. */
const ImportStatus *model_cache_status(const ModelCache *cache);
/* The vendor's rules, read at the first call; borrowed. NULL on error. */
const Rules *model_cache_rules(ModelCache *cache, Store *store, GError **error);

/* Whether all components are in memory; then the functions below need no store. */
bool model_cache_is_complete(const ModelCache *cache);
/* One component; `*ret` is borrowed, NULL without an error when there is none. `store` may be NULL when the
 * cache is complete. */
bool model_cache_get(ModelCache *cache, Store *store, const char *path, const CachedMapping **ret,
                     GError **error);
/* Loads all components. Does nothing when they are there. */
bool model_cache_load(ModelCache *cache, Store *store, GError **error);
/* Loads all and makes the index for look-ups and searches. */
bool model_cache_index(ModelCache *cache, Store *store, GError **error);

/* All components sorted by path, an array of CachedMapping, borrowed; the cache must be complete. */
GPtrArray *model_cache_sorted(const ModelCache *cache);
/* Where the first path that is greater than `path` (or, with `inclusive`, not less) stands in it. */
guint model_cache_position(const ModelCache *cache, const char *path, bool inclusive);
/* The devices bound at a DGN and instance exactly, in the order of the file, an array of CachedMapping,
 * borrowed; NULL when there is none. The index must be made. */
GPtrArray *model_cache_lookup(const ModelCache *cache, uint32_t dgn, int instance);

/* How many devices are bound at a DGN. */
typedef struct BoundDgn {
    uint32_t dgn;
    unsigned n_devices;
} BoundDgn;
/* The DGNs with a binding, ascending, an array of BoundDgn; only when the index is made. */
GArray *model_cache_dgns(const ModelCache *cache);

/* The devices with a binding at this DGN, this instance, or both; each may be NULL: any. A set of
 * CachedMapping, which are borrowed; free it with g_hash_table_unref(). The index must be made. */
GHashTable *model_cache_bound(const ModelCache *cache, const uint32_t *dgn, const int *instance);

/* After a commit: the component is now `value`, with `data` as its text; or it is gone. */
void model_cache_put(ModelCache *cache, const char *path, Value *value, const char *data, const char *source,
                     int64_t position);
void model_cache_remove(ModelCache *cache, const char *path);
