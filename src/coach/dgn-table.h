/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dgn-table.h: what is known of DGNs (rvc.json), compact: enough to name one and to judge where a device is
 * bound, without the tree of the whole file. docs/rvc-json.md says what the facts mean. */

#include "base/value.h"
#include "coach/dgn.h"

typedef enum DgnDirection {
    DGN_OTHER,
    DGN_STATUS,
    DGN_COMMAND,
    DGN_REQUEST,
} DgnDirection;

typedef enum DgnInstanced {
    DGN_INSTANCED_UNKNOWN,
    DGN_INSTANCED_NO,
    DGN_INSTANCED_YES,
} DgnInstanced;

/* How a fact is known. */
typedef enum DgnBasis {
    DGN_BASIS_UNKNOWN,
    DGN_BASIS_STATED, /* by its sources */
    DGN_BASIS_NAME,   /* a pair: by the names */
    DGN_BASIS_FAMILY, /* a pair: a judgement */
    DGN_BASIS_VALUES, /* instances: by the values that sources name */
    DGN_BASIS_WIDTH,  /* instances: by the bits that there are for them */
    DGN_BASIS_USUAL,  /* instances: nobody speaks of this DGN */
} DgnBasis;

#define DGN_NONE UINT32_MAX
#define DGN_NO_INSTANCE (-1)
#define DGN_RANGES_MAX 4

/* Without pointers, so that a table which is a part of the program stays in its file. */
typedef struct DgnRow {
    uint32_t dgn;
    uint32_t pair;                      /* DGN_NONE */
    uint32_t name;                      /* texts begin there in `texts`; 0 is the empty one */
    uint32_t layout_sources;            /* who has its signals, "one, two" */
    uint32_t pair_sources;              /* who states the pair */
    uint32_t instance_sources;          /* who says which instances are usual */
    uint32_t start, size;               /* the bytes of its entry in rvc.json; size 0: not known */
    uint8_t direction;                  /* DgnDirection */
    uint8_t instanced;                  /* DgnInstanced */
    uint8_t pair_basis, instance_basis; /* DgnBasis */
    int16_t all;                        /* the instance that means all; DGN_NO_INSTANCE */
    uint8_t n_ranges;                   /* usual instances; 0: not known */
    uint8_t ranges[DGN_RANGES_MAX][2];
} DgnRow;

typedef struct DgnTable {
    const DgnRow *rows; /* ascending */
    size_t n_rows;
    const char *texts;
    const char *version; /* of the file, "" where it does not say */
    const char *hash;    /* of the file's bytes, as hash_bytes() gives it */
} DgnTable;

/* Makes a table of the content of rvc.json; `hash` is that of its bytes. What a row says that is no such
 * fact is left out. Sets INVALID_FILE. Free with dgn_table_free(). */
DgnTable *dgn_table_new(Value *content, const char *hash, GError **error);
void dgn_table_free(DgnTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DgnTable, dgn_table_free)

/* A DGN; one with a destination address in its low byte is found by any. Borrowed; NULL: not known. */
const DgnRow *dgn_table_find(const DgnTable *table, uint32_t dgn);
/* A text of a row. Borrowed. */
const char *dgn_table_text(const DgnTable *table, uint32_t text);

/* "status" and so on; static. */
const char *dgn_direction_to_string(DgnDirection direction);
/* False for a text that is none. */
bool dgn_direction_from_string(const char *text, DgnDirection *ret);
