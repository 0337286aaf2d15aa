/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* override.h: what an owner changed in one component, and the component that results.
 *
 * An override says what the owner wants at one field pointer: a value, or nothing ("unset"). The pointer ""
 * is the whole component: set there, the component is the owner's own; unset there, the owner deleted it.
 * The overrides of a component never lie within each other (no pointer is a prefix of another): a later edit
 * inside replaces the part, a later edit around it swallows it. Therefore their order does not matter, but
 * for one rule: a device-level override holds for every binding, and one at a binding wins over it there. */

#include "base/value.h"

/* Overrides of one component. More fields than this are another component. */
#define OVERRIDES_MAX 1000

typedef enum OverrideOp {
    OVERRIDE_SET,
    OVERRIDE_UNSET,
} OverrideOp;

/* Who wanted it, when and why. Reference-counted, never changed. */
typedef struct OverrideAuthor {
    int64_t change; /* its number, which may be pruned */
    int64_t time;   /* µs since the epoch */
    uint32_t uid;
    char *user;
    char *reason;
} OverrideAuthor;

typedef struct Override {
    char *field; /* field pointer */
    OverrideOp op;
    Value *value;  /* what the owner set; NULL for OVERRIDE_UNSET */
    Value *vendor; /* what the vendor had there when the edit was made; NULL: absent */
    /* Of a whole component that the vendor dropped, and that is the owner's own since: the overrides that
     * were in it, field → override_to_value(), for when it comes back; NULL: not known. */
    Value *edits;
    OverrideAuthor *author; /* NULL: who makes the change that it comes with */
} Override;

OverrideAuthor *override_author_new(int64_t change, int64_t time, uint32_t uid, const char *user,
                                    const char *reason);
void override_author_unref(OverrideAuthor *author);

const char *override_op_to_string(OverrideOp op);
bool override_op_from_string(const char *text, OverrideOp *ret);

Override *override_new(const char *field, OverrideOp op, Value *value, Value *vendor);
/* Takes a reference of an author, NULL for none. */
void override_set_author(Override *override, const OverrideAuthor *author);
void override_free(Override *override);
Override *override_copy(const Override *override);
/* Whether two want the same at the same field. */
bool override_same_wish(const Override *a, const Override *b);
/* Whether two say the same: field, wish and the vendor's value, whoever said it. */
bool override_equal(const Override *a, const Override *b);
/* Whether it says what the vendor's component has there by itself. */
bool override_is_redundant(const char *path, Value *vendor, const Override *override);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Override, override_free)

/* As data, without the field (override-value.c): {"op", "value", "vendor", "edits", "by"}. */
Value *override_to_value(const Override *override);
/* NULL where it is none. */
Override *override_from_value(const char *field, Value *map);

/* An array of Override that frees its members. */
GPtrArray *override_list_new(void);
/* The override at exactly this field; borrowed; NULL when there is none. */
Override *override_list_find(GPtrArray *overrides, const char *field);
/* The override that a field lies strictly inside of; likewise. */
Override *override_list_find_around(GPtrArray *overrides, const char *field);

/* Removes the override at exactly this field, where there is one. */
void override_list_drop(GPtrArray *overrides, const char *field);
/* For g_ptr_array_sort(): by field. */
int override_compare_fields(gconstpointer a, gconstpointer b);

/* What several components have: path → array of Override. */
GHashTable *override_table_new(void);
/* The overrides of one component, empty where it had none so far; borrowed. */
GPtrArray *override_table_get(GHashTable *table, const char *path);

/* Field pointers of a device as overrides use them: RFC 6901, binding names in canonical spelling. Sets
 * CONFIG_ERROR_INVALID_ARGS. Free with g_free(). */
char *override_field_normalize(const char *field, GError **error);

/* Whether a field pointer lies strictly inside another. */
bool field_is_inside(const char *field, const char *outer);
/* Of a field at a binding of a device what it is called there, "" for the binding as a whole; NULL for any
 * other. Points into `field`. */
const char *field_at_binding(const char *path, const char *field);

/* All functions below take the path of the component, because a field pointer names the bindings of a device
 * by their key (device.h). */

/* vendor ⊕ overrides. `vendor` and the result are public shapes; NULL stands for "no such component". An
 * override always wins: what stands in the way of its field (a new vendor revision has a text where the
 * owner set a member of a map) gives way. Only the override of a field at a binding that is no more has no
 * effect. */
Value *override_apply(const char *path, Value *vendor, GPtrArray *overrides);

/* The value at a field of a public component, a new reference; NULL when absent. */
Value *component_get_field(const char *path, Value *component, const char *field);

/* The same as each binding has it, wherever it is stored: the one value where all bindings agree, else a map
 * from the names of those that have one to their values. At a binding: what holds there, shared or its own.
 */
Value *component_view_field(const char *path, Value *component, const char *field);
/* The same of a component in that form. */
Value *keyed_view_field(const char *path, Value *keyed, const char *field);
/* A device as its field pointers see it (device.h); anything else as it is. A new reference. */
Value *component_to_keyed(const char *path, Value *component);

/* Records one edit: the owner wants `value` (NULL: nothing) at `field` (normalized). Returns the new list of
 * overrides; `overrides` stays as it is. Sets CONFIG_ERROR_INVALID_DATA when the field lies inside something
 * that is no map or names no possible binding, CONFIG_ERROR_NO_SUCH_FIELD when there is nothing to unset or
 * no such binding. An edit inside a larger override is folded into it, one around others swallows them. */
GPtrArray *override_record(const char *path, Value *vendor, GPtrArray *overrides, const char *field,
                           Value *value, GError **error);

/* Records the edit that makes `data` of the component as it is now: exactly the fields that differ. `data`
 * must be valid in the public shape. A component that the owner had deleted is compared with the vendor's.
 */
GPtrArray *override_record_component(const char *path, Value *vendor, GPtrArray *overrides, Value *data,
                                     GError **error);

/* Takes back what the owner did at `field` and inside it; "" takes everything back. Sets
 * CONFIG_ERROR_NO_SUCH_FIELD when there is no vendor's component to go back to, or nobody has such a
 * field. Resetting what has no override gives an equal list. */
GPtrArray *override_reset(const char *path, Value *vendor, GPtrArray *overrides, const char *field,
                          GError **error);

/* One difference between two components. */
typedef struct FieldDiff {
    char *field;
    Value *before; /* NULL: absent */
    Value *after;
} FieldDiff;

/* The smallest set of fields in which two components (public; NULL: absent) differ: maps are compared member
 * by member, bindings by name and last, lists as wholes. An array of FieldDiff that frees its members. */
GPtrArray *component_diff(const char *path, Value *before, Value *after);
