/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* support.h: what the tests above src/base share: short ways to say things, and random values, coach files,
 * components and field pointers for the property tests. Random data come from g_test_rand_int(), so that
 * `--seed` with the seed that a run prints gives the same cases again. */

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "coach/coach-file.h"

/* Parsed JSON text; the test fails when it is none. */
Value *parse(const char *text);
/* Compares with JSON text. The order of keys does not count. */
#define assert_json(value, expected) assert_json_at(G_STRLOC, (value), (expected))
#define assert_equal(a, b) assert_equal_at(G_STRLOC, (a), (b))
void assert_json_at(const char *where, const Value *value, const char *expected);
void assert_equal_at(const char *where, const Value *a, const Value *b);

/* A property tells a story while it makes up a case; a failed check prints it. */
void story_begin(void);
void story(const char *what, const Value *value);
G_GNUC_PRINTF(1, 2) void story_text(const char *format, ...);
#define check(condition)                                                                                    \
    do {                                                                                                    \
        if (!(condition))                                                                                   \
            story_fail(G_STRLOC, #condition);                                                               \
    } while (0)
#define check_no_error(error)                                                                               \
    do {                                                                                                    \
        if (error)                                                                                          \
            story_fail(G_STRLOC, (error)->message);                                                         \
    } while (0)
G_GNUC_NORETURN void story_fail(const char *where, const char *what);
/* Runs a case `n` times, ten times as often with `-m slow`. */
void repeat(unsigned n, void (*one)(void));

unsigned below(unsigned n); /* 0 to n - 1 */
bool one_in(unsigned n);    /* true once in n times */
/* One of the texts of an array that ends with NULL. */
const char *one_of(const char *const *texts);

/* Any value, with at most `depth` levels of containers. Keys are few, so that they meet. */
Value *random_value(unsigned depth);
Value *random_map(unsigned depth);
/* The same map with the keys of all its maps in another order. */
Value *shuffled(const Value *value);
/* What remains of a value after a few random changes inside its maps. `root` is a map. */
Value *mutated(Value *root);

/* The data of a coach file that coach_file_new() takes: DGN sections in any spelling, devices with several
 * bindings and some without, empty sections and instances, sections of all kinds. */
Value *random_coach_data(void);
/* A device in the public shape, with any fields and bindings. */
Value *random_device(const char *id);
/* A component that a coach file or an owner may have at this path. */
Value *random_component(const char *path);
/* One that differs in a few fields. */
Value *neighbour(const char *path, Value *component);
/* A binding's name in canonical spelling. */
char *random_binding_key(void);
/* A normalized field pointer: mostly one that the component has, else one near it. */
char *random_field(const char *path, Value *component);

/* A component with bindings by name and without the difference between no and empty bindings, the form in
 * which two components say the same. NULL stays NULL. */
Value *meaning(const char *path, Value *component);

/* The data of a component among others; borrowed; NULL when it is not there. */
Value *find_data(GPtrArray *components, const char *path);
/* A component of a coach: what its path says, sometimes with a set. A new one. */
Component *fitting(const char *path, Value *data);
/* The components of a random coach, and those of its next release: in another order, some changed, renamed,
 * gone or new. */
GPtrArray *random_coach(void);
GPtrArray *next_release(GPtrArray *coach);
/* Paths of components that releases and owners add; ends with NULL. */
extern const char *const fresh_paths[];

/* The source tree, from the environment; a file in it. */
char *source_file(const char *name);
/* The YAML example in docs/coach-files.md that starts so. */
char *documented(const char *start);
/* The real coach files beside the source tree, an array of paths; skips the test and returns NULL where
 * there are none. */
GPtrArray *real_coach_files(void);
/* A folder that is removed with all that is in it. */
char *folder_new(void);
/* One that no disk has to see, where the system has such a place. */
char *folder_new_in_memory(void);
void folder_remove(char *folder);
