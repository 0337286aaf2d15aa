/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* component.h: looking into the data of a component. */

#include "base/value.h"

/* What a person calls it: friendly_name, name or display_name; "" when it has none. Borrowed. */
const char *component_name(const Value *component);
/* Where a device is, "1FEDA:25 1FEDB:25"; "" for anything else. Free with g_free(). */
char *component_bindings(const Value *component);
/* The name of one binding in a field pointer, "1FEDA:25". Free with g_free(). */
char *binding_key(const Value *binding);

/* The value at a field pointer; bindings are found by their names. Borrowed; NULL when it is absent or the
 * pointer is malformed. "" is the component. */
const Value *component_field(const Value *component, const char *field);
/* All field pointers of a component, maps and leaves, for suggestions. Holds texts that it frees. */
GPtrArray *component_fields(const Value *component);
