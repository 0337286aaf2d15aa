/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* bus-value.h: what comes over the bus as a value tree, so that one kind of data is printed, searched and
 * tested. */

#include <systemd/sd-bus.h>

#include "base/value.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

/* The arguments of a message from its current place to the end, as a list. Arrays and structures become
 * lists, dictionaries maps (their keys must be text), variants what is in them. A number beyond int64_t
 * becomes a text, a real that is not finite null, a file descriptor null. Returns NULL for a message that
 * cannot be read. */
Value *bus_value_read(sd_bus_message *message);

/* Entries of a map from the bus; "", 0 or false when the key is absent or of another type. Borrowed. */
const char *dict_text(const Value *map, const char *key);
int64_t dict_number(const Value *map, const char *key);
bool dict_flag(const Value *map, const char *key);
/* Whether the entry is there and false, "verified" of what somebody is not sure of. */
bool dict_denies(const Value *map, const char *key);
/* The same of a list; the index must be below its length. */
const char *item_text(const Value *list, size_t index);
int64_t item_number(const Value *list, size_t index);
