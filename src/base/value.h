/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* value.h: one tree of data as JSON and YAML know it: null, booleans, 64-bit integers, reals, UTF-8 text,
 * lists and maps that remember the order of their keys.
 *
 * Values are reference counted and, once shared, immutable: the functions that change a list or a map take a
 * `Value **` and copy the container first (shallowly) when somebody else holds it too. So a template that a
 * coach file uses a thousand times is stored once, and an edited copy never disturbs the original.
 * Not thread-safe; the daemon has one thread. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Value Value;

typedef enum ValueType {
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_INTEGER, /* int64_t */
    VALUE_REAL,    /* finite double; never equal to an integer value: 1 and 1.0 are two values */
    VALUE_STRING,  /* UTF-8 without NUL */
    VALUE_LIST,
    VALUE_MAP, /* keys are UTF-8 without NUL, unique, in insertion order */
} ValueType;

/* Constructors return a new reference. Strings are copied and must be UTF-8. A real must be finite. */
Value *value_new_null(void);
Value *value_new_boolean(bool boolean);
Value *value_new_integer(int64_t integer);
Value *value_new_real(double real);
Value *value_new_string(const char *text);
Value *value_new_string_len(const char *text, size_t length);
Value *value_new_list(void);
Value *value_new_map(void);

Value *value_ref(Value *value);
void value_unref(Value *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Value, value_unref)

ValueType value_type(const Value *value);
/* A word for messages: "null", "boolean", "integer", "real", "string", "list", "map". */
const char *value_type_name(ValueType type);
static inline bool value_is_map(const Value *value);
static inline bool value_is_list(const Value *value);
static inline bool value_is_string(const Value *value);

/* Accessors. The value must be of the type named. */
bool value_boolean(const Value *value);
int64_t value_integer(const Value *value);
double value_real(const Value *value);
const char *value_string(const Value *value);

/* Where a parser found the value, both counted from 1; 0 when it did not come from a text. Not a part of the
 * value: equality ignores it. value_set_position() is for parsers, on a value nobody else holds yet. */
uint32_t value_line(const Value *value);
uint32_t value_column(const Value *value);
void value_set_position(Value *value, uint32_t line, uint32_t column);

/* The number of items of a list or entries of a map; 0 for anything else. */
size_t value_length(const Value *value);

/* Borrowed. The index must be below value_length(). */
Value *value_list_item(const Value *list, size_t index);
/* Appends; `append` keeps a reference of its own, `take` takes over the caller's. */
void value_list_append(Value **list, Value *item);
void value_list_take(Value **list, Value *item);

/* The n-th entry in order; borrowed. The index must be below value_length(). */
const char *value_map_key(const Value *map, size_t index);
Value *value_map_at(const Value *map, size_t index);
/* Borrowed, or NULL when the key is absent or `map` is no map (so look-ups can be chained). */
Value *value_map_get(const Value *map, const char *key);
/* The same by the key of another map's n-th entry: faster, because maps share their keys. Likewise setting
 * it, which keeps a reference of its own. */
Value *value_map_get_same(const Value *map, const Value *other, size_t index);
void value_map_set_same(Value **map, const Value *other, size_t index, Value *value);
/* The text at a key, borrowed; NULL when it is absent or not a string. */
const char *value_map_get_string(const Value *map, const char *key);
/* Sets a key: replaces in place, else appends. `set` keeps a reference of its own, `take` takes the
 * caller's. */
void value_map_set(Value **map, const char *key, Value *value);
void value_map_take(Value **map, const char *key, Value *value);
/* Removes a key; false when it was not there. The order of the rest stays. */
bool value_map_remove(Value **map, const char *key);
/* The place of a key's value, for changing a nested container where it is; NULL when the key is absent.
 * Valid until the map changes. */
Value **value_map_own(Value **map, const char *key);
/* Appends the entries of `from` whose keys `map` lacks, in their order; the values are shared. */
void value_map_merge(Value **map, const Value *from);
/* For parsers: appends a key whose value is still to come, and returns the place for it; NULL when the key
 * is there already. The place must be filled before anything but value_unref() is done with the map. */
Value **value_map_add(Value **map, const char *key, size_t length);

/* What a value takes when everything shared in it is written out. */
typedef struct ValueSize {
    size_t nodes; /* values */
    size_t bytes; /* of keys and texts */
} ValueSize;
/* For parsers: adds the sizes of a map's entries from `first` on. Stops when there are more than
 * `nodes_max`. */
void value_map_measure(const Value *map, size_t first, ValueSize *size, size_t nodes_max);

/* Deep equality. Order counts in lists, not in maps; types count (1 is not 1.0 is not "1"). NULL equals only
 * NULL, so that "absent" can be compared too. */
bool value_equal(const Value *a, const Value *b);

/* Goes through the items of a list, or the entries of a map; through nothing when the value is NULL or of
 * another type, so that data of callers and files need not be looked at first. The container must not be
 * changed meanwhile. */
#define VALUE_FOREACH_ITEM(item, list)                                                                      \
    for (size_t _i_##item = 0, _n_##item = value_is_list(list) ? value_length(list) : 0;                    \
         _i_##item < _n_##item; _i_##item = _n_##item)                                                      \
        for (Value * item; _i_##item < _n_##item && (item = value_list_item((list), _i_##item), true);      \
             _i_##item++)

#define VALUE_FOREACH_ENTRY(name, item, map)                                                                \
    for (size_t _i_##item = 0, _n_##item = value_is_map(map) ? value_length(map) : 0;                       \
         _i_##item < _n_##item; _i_##item = _n_##item)                                                      \
        for (const char *name G_GNUC_UNUSED = NULL; name == NULL; name = "")                                \
            for (Value * item G_GNUC_UNUSED;                                                                \
                 _i_##item < _n_##item &&                                                                   \
                 (name = value_map_key((map), _i_##item), item = value_map_at((map), _i_##item), true);     \
                 _i_##item++)

static inline bool value_is_map(const Value *value)
{
    return value && value_type(value) == VALUE_MAP;
}

static inline bool value_is_list(const Value *value)
{
    return value && value_type(value) == VALUE_LIST;
}

static inline bool value_is_string(const Value *value)
{
    return value && value_type(value) == VALUE_STRING;
}
