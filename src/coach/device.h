/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* device.h: the three shapes of a device.
 *
 *  entries   what a coach file has: for each DGN and instance a flat map of fields
 *  public    what readers get and the database stores: the fields that all entries share, and "bindings", a
 * list of maps with "dgn", "instance" and the fields that differ there keyed     what field pointers walk
 * through: as public, but "bindings" is a map whose keys are "1FEDA:25"
 *
 * Maps are divided leaf by leaf: where all entries have a map at a field, its equal members are shared and
 * only the others stand at the binding. Laying a binding's fields over the shared ones (device_flatten())
 * gives the entry back. */

#include "base/value.h"

#define DEVICE_BINDINGS "bindings"

typedef struct DeviceEntry {
    uint32_t dgn;
    int instance; /* 0–255 or INSTANCE_DEFAULT */
    Value *data;  /* borrowed; a map */
} DeviceEntry;

/* Divides the entries of one device (at least one, of different DGN and instance) into the public shape.
 * Sets CONFIG_ERROR_INVALID_FILE when a field has a name that the public shape needs itself. */
Value *device_from_entries(const DeviceEntry *entries, size_t n_entries, GError **error);

/* public → keyed. Sets CONFIG_ERROR_INVALID_DATA when "bindings" is not a list of maps each with a DGN of 17
 * bits and an instance, each pair once. A component without "bindings" is returned as it is. */
Value *device_to_keyed(Value *device, GError **error);
/* keyed → public; the keys must be what device_to_keyed() writes. */
Value *device_from_keyed(Value *keyed);

/* The entry of a keyed device at one binding, flat: shared fields with the binding's own laid over them,
 * maps member by member. */
Value *device_flatten(Value *keyed, const char *binding_key);
/* Lays one map over another, maps member by member. */
void device_lay_over(Value **base, const Value *top);
