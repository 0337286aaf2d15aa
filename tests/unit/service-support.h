/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* service-support.h: what the tests of the service share: a service with a real database and a folder of
 * coach files of its own, short ways to write, everything that a reader sees as one value, and what holds of
 * any database. */

#include "service/service.h"
#include "support.h"

#define MODEL "coach"

/* What most tests do not look at. */
extern int64_t seen_revision;
/* The coach file that MODEL has at first. */
extern const char *const coach_text;

typedef struct Fixture {
    char *state, *seeds;
    Service *service;
    unsigned n_events;
    ServiceEventType event; /* the last one */
    char *paths, *event_model, *event_kind;
    int64_t event_change;
} Fixture;

/* `where` is NULL, or IN_MEMORY for many cases that no disk has to see. */
#define IN_MEMORY ((gconstpointer) 1)
void set_up(Fixture *f, gconstpointer where);
void tear_down(Fixture *f, gconstpointer unused);
void start(Fixture *f);
void stop(Fixture *f);
#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

/* A coach file of the development folder. */
void write_seed(Fixture *f, const char *model, const char *text);
/* The first column of the first row, read behind the service's back; rows of a key and JSON text as a map.
 */
char *raw_text(const char *folder, const char *sql);
Value *raw_map(const char *folder, const char *sql);

/* Short ways to write */

extern const Actor ann;
extern const WriteOptions no_options, forced;

/* Commits a plan and frees it; the change. */
int64_t commit(Fixture *f, Plan *plan);
void import(Fixture *f, const char *model);
/* Edits as lines of "op path [field [value]]". */
Plan *plan_lines(Fixture *f, const char *model, const char *lines, const WriteOptions *options,
                 GError **error);
int64_t do_edits(Fixture *f, const char *lines);
void assert_edit_fails(Fixture *f, const char *model, const char *lines, const WriteOptions *options,
                       ConfigError code);

/* Reading */

/* A component as JSON text; NULL when there is none. */
char *data_of(Fixture *f, const char *path);
/* `expected` is JSON text, NULL: none. */
void assert_data(Fixture *f, const char *path, const char *expected);
/* The paths that are found, in one line. */
char *find(Service *service, const FindQuery *query);
/* Everything that a reader can see, as one value. */
Value *dump_service(Service *service);

/* What holds of any database */

/* The history is as it was written, from the first change on. */
void assert_intact(Fixture *f);
/* A service that starts anew on a copy of the database knows the same. */
void check_fresh(Fixture *f, Value *dump);
void assert_fresh(Fixture *f);
/* What coach_mappings holds is vendor ⊕ overrides, for every component that either has. */
void check_effective(Fixture *f);
/* The newest row of the history of each field says what its override is now; an undo relies on it. */
void check_history_tells_overrides(Fixture *f);

int64_t revision_of(Fixture *f);
/* The same as assert_intact(), within a story. */
void check_intact(Fixture *f);

/* An edit of what MODEL has, or may have. */
Edit *random_edit(Fixture *f);
/* Whether a coach file can say this component as it is: a device needs a place to stand, a section whose
 * members are all maps is read as divided, and one without members gives way to children. */
bool can_be_exported(const char *path, Value *data);
/* Bundles a random coach file, or the next release of `file`, which becomes it. */
void random_release(Fixture *f, CoachFile **file);
/* Does up to that many changes of random edits. */
void random_edits(Fixture *f, unsigned n);
