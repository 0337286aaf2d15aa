/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* migrate-private.h: what the files that move an old installation over share.
 *
 * The client gathers what the old installation had and says what it is; here it is judged. First all of it
 * is read and sorted by the coach that it is about (migrate-input.c). Then it is settled what the old system
 * had set (migrate-settings.c), and for each coach which release its file follows (migrate-base.c), what the
 * patches make of it (migrate-patches.c), which edits that gives, and which of them have a place beside what
 * the service has by now (migrate-coach.c, migrate-decide.c, migrate-past.c). All that is taken is one plan
 * (migrate.c). */

#include "coach/difference.h"
#include "coach/legacy.h"
#include "service/migrate-report.h"
#include "service/service-private.h"

/* A coach file of the old installation. */
typedef struct LegacyFile {
    char *origin; /* as the client says it */
    bool reference;
    Value *data;
    CoachFile *file;
    char *byte_hash;
    MigrationItem *item;
} LegacyFile;

typedef struct LegacyPatch {
    Value *operation;
    MigrationItem *item;
} LegacyPatch;

/* A name that somebody gave to a device. */
typedef struct LegacyName {
    char *type; /* as the old system called it; may be "" */
    char *id;   /* of the device */
    Value *value;
    MigrationItem *item;
} LegacyName;

/* All that is about one coach. */
typedef struct LegacyCoach {
    char *id;
    LegacyFile *own;       /* the one that the old system used; NULL: none; borrowed */
    GPtrArray *references; /* of LegacyFile, borrowed */
    GPtrArray *patches;    /* of LegacyPatch */
    GPtrArray *names;      /* of LegacyName */
    bool activate;         /* it is to be active, and so has to be there */
    bool usable;           /* it is there, or will be */
} LegacyCoach;

typedef struct LegacySettings {
    char *origin;
    Value *map;
} LegacySettings;

/* A document of patches whose coach is not settled yet. */
typedef struct LegacyPatches {
    char *origin;
    char *model; /* "": the active one */
    Value *list;
} LegacyPatches;

/* What a migration may have. */
typedef struct MigrationBounds {
    size_t size; /* bytes of all files; 0: as the caller has bounded them */
    guint items;
    guint patches;
    size_t nodes; /* values in all coach files, aliases expanded */
} MigrationBounds;

typedef struct Migration {
    Service *service;
    bool large; /* all of it is judged, whatever time that takes */
    Plan *plan;
    MigrationReport *report;
    GPtrArray *known;       /* of char *: the models that are bundled or imported */
    GPtrArray *files;       /* of LegacyFile; owned */
    GPtrArray *coaches;     /* of LegacyCoach; owned */
    GPtrArray *settings;    /* of LegacySettings, the first wins; owned */
    GPtrArray *patches;     /* of LegacyPatches; owned */
    GHashTable *interfaces; /* logical → physical, as the old system had them; owned */
    size_t size;            /* bytes of all files */
    size_t nodes;           /* values in all coach files so far */
    guint n_items, n_patches;

    MigrationItem *active_item; /* what says which coach is to be active; NULL: nothing does */
    LegacyCoach *active;        /* that coach, for patches and names; NULL: not known */
} Migration;

/* migrate-input.c */

/* Reads and sorts what the client sends. Sets INVALID_ARGS, INVALID_FILE and TOO_LARGE for what no client
 * may send; whatever else is wrong with a file is a refused item. */
bool migration_read(Migration *migration, const MigrationFile *files, size_t n_files, GError **error);
/* The model of this id in any case: known, or among the coaches. Borrowed; NULL: none. */
const char *migration_find_model(const Migration *migration, const char *id);
/* The coach of an id, made now if need be. Borrowed. */
LegacyCoach *migration_get_coach(Migration *migration, const char *id);

/* migrate-settings.c */

/* Settles what the old system had set: the interfaces, the active coach, and of which coach the patches and
 * names are. */
bool migration_settle(Migration *migration, GError **error);
/* Once it is known which coaches there will be: makes the coach active in the plan. */
bool migration_activate(Migration *migration, GError **error);

/* migrate-base.c */

/* The release that a file follows. */
typedef struct LegacyBase {
    GPtrArray *components;
    CoachFile *file;    /* that brings it; NULL: it is in the database, `to` */
    VendorRevision *to; /* NULL: it is not in the database */
    char *content_hash, *version, *byte_hash, *origin;
    bool exact;             /* the file says what the release says */
    bool custom;            /* there is no such release: it is the file itself */
    CoachDistance distance; /* to the nearest release; fields 0: there is none */
    char *nearest;          /* its version */
    unsigned n_named;       /* entries in which an interface got its logical name */
} LegacyBase;

void legacy_base_clear(LegacyBase *base);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyBase, legacy_base_clear)

/* `status` NULL: not imported. `file` NULL: the coach has none here, and the release is the imported or the
 * bundled one; its components stay NULL where there is none at all. */
bool legacy_find_base(Migration *migration, const LegacyCoach *coach, const ImportStatus *status,
                      const LegacyFile *file, LegacyBase *ret, GError **error);

/* migrate-patches.c */

/* Applies the patches of a coach to the data of its file, one by one, and judges those that cannot be;
 * `*data` becomes the outcome. */
void legacy_patch(LegacyCoach *coach, Value **data);

/* migrate-past.c */

/* What was done to a model here, without what was taken back. */
typedef struct LegacyPast {
    GPtrArray *edits; /* of PastEdit, the newest first */
    bool decided;     /* somebody did more with it than importing what ships, or may have */
    bool removed;     /* the last that was done is that somebody removed it */
    Change *last;     /* the newest that counts; NULL: none */
} LegacyPast;

void legacy_past_clear(LegacyPast *past);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyPast, legacy_past_clear)
bool legacy_past_load(Service *service, const char *model, LegacyPast *ret, GError **error);
/* Whether a wish at `field` would touch what stands at `other`. */
bool legacy_fields_meet(const char *path, const char *field, const char *other);
/* The newest edit that a wish at this field would touch; NULL: none. Borrowed. */
const PastEdit *legacy_past_find(const LegacyPast *past, const char *path, const char *field);
/* "ann, in change 14 on 2026-01-31". Free with g_free(). */
char *legacy_describe_author(const char *user, int64_t change, int64_t time);

/* migrate-coach.c */

/* One coach while it is judged. */
typedef struct LegacyJudge {
    Migration *migration;
    LegacyCoach *coach;
    const LegacyFile *file; /* NULL: none */
    ImportStatus *status;   /* NULL: not imported */
    GPtrArray *vendor;      /* of Component: what the service has; empty where nothing */
    GHashTable *by_path;    /* path → its data, borrowed */
    GHashTable *overrides;  /* path → array of Override: the same */
    LegacyPast past;
    LegacyBase base;
    bool keeps_vendor;     /* the release that the service has stays */
    GPtrArray *wanted;     /* of Component: what the old system served */
    GHashTable *wishes;    /* path → array of Override, upon the release that it will be */
    GHashTable *renamed;   /* path in the old file → path now */
    GHashTable *decisions; /* path → array of Decision (migrate-decide.c) */
    GHashTable *pinned;    /* path → array of Override: all that the coach will have */
} LegacyJudge;

/* Judges all of one coach, and adds to the plan what is taken. */
bool legacy_judge_coach(Migration *migration, LegacyCoach *coach, GError **error);

/* migrate-served.c */

/* Adds an item for each difference of the file itself from the release that it follows. */
bool legacy_list_own_edits(LegacyJudge *judge, GError **error);
/* Finds what was served: makes `wanted`. */
bool legacy_find_wanted(LegacyJudge *judge, GError **error);

/* migrate-decide.c */

/* Decides about all wishes: makes `decisions` and `pinned`. */
void legacy_decide_all(LegacyJudge *judge);
/* Makes the items what the edits become that they lead to. */
void legacy_resolve_items(const LegacyJudge *judge);
