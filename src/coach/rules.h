/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* rules.h: the rules that a coach file states about itself (file_metadata and validation_rules), and whether
 * one component or one edit keeps them. The vendor's own data may break them, which is only worth a warning;
 * an edit may not. */

#include "coach/coach-file.h"

typedef struct Rules Rules;

/* Reads the rules; either may be NULL. `validation_rules` is the whole section, a map of its children. What
 * is malformed there is no rule. */
Rules *rules_new(Value *file_metadata, Value *validation_rules);
/* The same from the components of a file, an array of Component. */
Rules *rules_new_from_components(GPtrArray *components);
void rules_free(Rules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rules, rules_free)

/* One thing that is wrong with a component. */
typedef struct Problem {
    const char *severity; /* "error" or "warning"; static */
    char *path;
    char *field; /* field pointer, "" for the whole component */
    char *message;
} Problem;

#define PROBLEM_ERROR "error"
#define PROBLEM_WARNING "warning"
#define PROBLEMS_MAX 20000 /* more are not kept */

/* An array of Problem that frees its members. */
GPtrArray *problem_list_new(void);
G_GNUC_PRINTF(5, 6)
void problem_add(GPtrArray *problems, const char *severity, const char *path, const char *field,
                 const char *format, ...);

/* Adds what is wrong with one public component. */
void rules_check_component(const Rules *rules, const char *path, Value *component, GPtrArray *problems);

/* The required fields that a component lacks, as field pointers; an array of texts that it frees. */
GPtrArray *rules_missing_fields(const Rules *rules, const char *path, Value *component);

/* Whether an edit may turn `before` into `after` (public; NULL: absent). `vendor` is the vendor's component
 * or NULL, `fields` the fields that the caller named (an array of char *), which count also where the value
 * stays. `force` lifts runtime_editable_fields. Sets CONFIG_ERROR_IMMUTABLE, or CONFIG_ERROR_INVALID_DATA
 * for a problem that was not there before. */
bool rules_check_edit(const Rules *rules, const char *path, Value *vendor, Value *before, Value *after,
                      GPtrArray *fields, bool force, GError **error);

/* Logical interface names the file allows, a list of texts; NULL where it does not say. Borrowed. */
Value *rules_logical_interfaces(const Rules *rules);
/* integrity_validation/check_dgn_pairs, true where the file does not say. */
bool rules_check_dgn_pairs(const Rules *rules);
/* entity_validation/max_instances_per_dgn; 256 where the file does not say. */
int64_t rules_max_instances(const Rules *rules);
/* Whether a logical interface may be assigned to a network interface ("": to none), as interface_validation
 * says. Sets CONFIG_ERROR_INVALID_DATA. */
bool rules_check_interface(const Rules *rules, const char *logical, const char *physical, GError **error);
