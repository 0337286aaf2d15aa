/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* value.c: the tree of data. A scalar is one small block with its text inside; the keys of all maps are
 * shared through one table, so a map costs two pointers an entry and compares its keys by address. */

#include "base/value.h"

#include <math.h>
#include <string.h>
#include <sys/auxv.h>

enum {
    STRCMP_MAX = 8,  /* up to so many entries a key is found by comparing texts */
    LINEAR_MAX = 64, /* up to so many by comparing addresses, beyond by an index */
    COLUMN_MAX = (1 << 29) - 1,
};

#define NOT_FOUND SIZE_MAX

struct Value {
    uint32_t references;
    uint32_t type : 3;
    uint32_t column : 29;
    uint32_t line;
};

typedef struct Number {
    Value base;
    union {
        bool boolean;
        int64_t integer;
        double real;
    };
} Number;

typedef struct Text {
    Value base;
    char text[];
} Text;

typedef struct List {
    Value base;
    uint32_t length;
    uint32_t capacity;
    Value **items;
} List;

/* A key as every map shares it. The same text is never there twice, so equal keys have equal addresses. */
typedef struct Key {
    uint32_t references;
    uint32_t hash;
    uint32_t length;
    uint32_t stamp; /* of the last merge into a map that had the key */
    char text[];
} Key;

typedef struct Entry {
    Key *key;
    Value *value;
} Entry;

typedef struct Map {
    Value base;
    uint32_t length;
    uint32_t capacity;
    uint32_t index_size; /* a power of two, or 0 without an index */
    Entry *entries;
    uint32_t *index; /* open addressing; position + 1, 0 is free */
} Map;

/* ---- Keys ---- */

static struct {
    Key **slots; /* open addressing, linear probing */
    size_t size; /* a power of two, or 0 */
    size_t count;
    uint64_t secret[2];
    uint32_t stamp;
} keys;

static inline uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein) under a secret of this process: whoever writes a file cannot choose
 * keys that collide. */
static uint32_t key_hash(const char *text, size_t length)
{
    uint64_t v[4] = {keys.secret[0] ^ 0x736f6d6570736575, keys.secret[1] ^ 0x646f72616e646f6d,
                     keys.secret[0] ^ 0x6c7967656e657261, keys.secret[1] ^ 0x7465646279746573};
    uint64_t last = (uint64_t) length << 56;
    size_t left = length;

    for (; left >= 8; text += 8, left -= 8) {
        uint64_t word;

        memcpy(&word, text, sizeof word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t) (uint8_t) text[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return (uint32_t) (v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* The slot that holds the key, or the free one where it belongs. The table must have a free slot. */
static size_t keys_probe(const char *text, size_t length, uint32_t hash)
{
    size_t mask = keys.size - 1;
    size_t slot = hash & mask;

    for (const Key *key; (key = keys.slots[slot]); slot = (slot + 1) & mask)
        if (key->hash == hash && key->length == length && memcmp(key->text, text, length) == 0)
            break;
    return slot;
}

static void keys_resize(size_t size)
{
    g_autofree Key **old = keys.slots;
    size_t old_size = keys.size;

    keys.slots = g_new0(Key *, size);
    keys.size = size;
    for (size_t i = 0; i < old_size; i++) {
        if (!old[i])
            continue;
        size_t slot = old[i]->hash & (size - 1);
        while (keys.slots[slot])
            slot = (slot + 1) & (size - 1);
        keys.slots[slot] = old[i];
    }
}

/* Returns a new reference. */
static Key *key_intern(const char *text, size_t length)
{
    /* The kernel gives each process random bytes; reading them never waits, not even early in a boot. */
    if (keys.secret[0] == 0 && keys.secret[1] == 0)
        memcpy(keys.secret, (const void *) getauxval(AT_RANDOM), sizeof keys.secret);
    if (keys.count * 2 >= keys.size)
        keys_resize(MAX(keys.size * 2, 64));
    g_assert(keys.slots);

    uint32_t hash = key_hash(text, length);
    size_t slot = keys_probe(text, length, hash);
    Key *key = keys.slots[slot];
    if (key) {
        key->references++;
        return key;
    }

    g_assert(length < UINT32_MAX);
    key = g_malloc(sizeof *key + length + 1);
    *key = (Key){.references = 1, .hash = hash, .length = (uint32_t) length};
    memcpy(key->text, text, length);
    key->text[length] = '\0';
    keys.slots[slot] = key;
    keys.count++;
    return key;
}

/* Borrowed; NULL when no map anywhere has the key. */
static const Key *key_find(const char *text)
{
    if (keys.count == 0)
        return NULL;
    size_t length = strlen(text);
    return keys.slots[keys_probe(text, length, key_hash(text, length))];
}

/* A stamp that no key has. */
static uint32_t keys_new_stamp(void)
{
    if (++keys.stamp == 0) {
        for (size_t i = 0; i < keys.size; i++)
            if (keys.slots[i])
                keys.slots[i]->stamp = 0;
        keys.stamp = 1;
    }
    return keys.stamp;
}

static void key_free(Key *key)
{
    size_t mask = keys.size - 1;
    size_t hole = keys_probe(key->text, key->length, key->hash);
    keys.slots[hole] = NULL;
    /* Close the gap: whatever was pushed past the hole moves back into it. */
    for (size_t slot = (hole + 1) & mask; keys.slots[slot]; slot = (slot + 1) & mask) {
        size_t home = keys.slots[slot]->hash & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        keys.slots[hole] = keys.slots[slot];
        keys.slots[slot] = NULL;
        hole = slot;
    }
    keys.count--;
    g_free(key);
    if (keys.count == 0) {
        g_clear_pointer(&keys.slots, g_free);
        keys.size = 0;
    } else if (keys.size > 64 && keys.count * 8 < keys.size) {
        keys_resize(keys.size / 2);
    }
}

static inline void key_unref(Key *key)
{
    if (--key->references == 0)
        key_free(key);
}

/* ---- Making and freeing ---- */

static void *value_new(ValueType type, size_t size)
{
    Value *value = g_malloc(size);

    *value = (Value){.references = 1, .type = type};
    return value;
}

Value *value_new_null(void)
{
    return value_new(VALUE_NULL, sizeof(Value));
}

Value *value_new_boolean(bool boolean)
{
    Number *number = value_new(VALUE_BOOLEAN, sizeof *number);

    number->boolean = boolean;
    return &number->base;
}

Value *value_new_integer(int64_t integer)
{
    Number *number = value_new(VALUE_INTEGER, sizeof *number);

    number->integer = integer;
    return &number->base;
}

Value *value_new_real(double real)
{
    g_assert(isfinite(real));

    Number *number = value_new(VALUE_REAL, sizeof *number);
    number->real = real;
    return &number->base;
}

Value *value_new_string(const char *text)
{
    return value_new_string_len(text, strlen(text));
}

Value *value_new_string_len(const char *text, size_t length)
{
    Text *string = value_new(VALUE_STRING, sizeof *string + length + 1);

    memcpy(string->text, text, length);
    string->text[length] = '\0';
    return &string->base;
}

Value *value_new_list(void)
{
    List *list = value_new(VALUE_LIST, sizeof *list);

    *list = (List){.base = list->base};
    return &list->base;
}

Value *value_new_map(void)
{
    Map *map = value_new(VALUE_MAP, sizeof *map);

    *map = (Map){.base = map->base};
    return &map->base;
}

Value *value_ref(Value *value)
{
    value->references++;
    return value;
}

static void list_clear(List *list)
{
    for (uint32_t i = 0; i < list->length; i++)
        value_unref(list->items[i]);
    g_free(list->items);
}

static void map_clear(Map *map)
{
    for (uint32_t i = 0; i < map->length; i++) {
        key_unref(map->entries[i].key);
        value_unref(map->entries[i].value);
    }
    g_free(map->entries);
    g_free(map->index);
}

/* Recurses, which is safe: the readers bound the depth of what they make to 64, and a pointer has at most 64
 * tokens, so the depth of a tree stays a small number. */
void value_unref(Value *value)
{
    if (!value || --value->references > 0)
        return;
    if (value->type == VALUE_LIST)
        list_clear((List *) value);
    else if (value->type == VALUE_MAP)
        map_clear((Map *) value);
    g_free(value);
}

/* ---- Reading ---- */

ValueType value_type(const Value *value)
{
    return (ValueType) value->type;
}

const char *value_type_name(ValueType type)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null", [VALUE_BOOLEAN] = "boolean", [VALUE_INTEGER] = "integer",
        [VALUE_REAL] = "real", [VALUE_STRING] = "string",   [VALUE_LIST] = "list",
        [VALUE_MAP] = "map",
    };

    g_assert((size_t) type < G_N_ELEMENTS(names));
    return names[type];
}

static const List *as_list(const Value *value)
{
    g_assert(value->type == VALUE_LIST);
    return (const List *) value;
}

static Map *as_map(const Value *value)
{
    g_assert(value->type == VALUE_MAP);
    return (Map *) value;
}

bool value_boolean(const Value *value)
{
    g_assert(value->type == VALUE_BOOLEAN);
    return ((const Number *) value)->boolean;
}

int64_t value_integer(const Value *value)
{
    g_assert(value->type == VALUE_INTEGER);
    return ((const Number *) value)->integer;
}

double value_real(const Value *value)
{
    g_assert(value->type == VALUE_REAL);
    return ((const Number *) value)->real;
}

const char *value_string(const Value *value)
{
    g_assert(value->type == VALUE_STRING);
    return ((const Text *) value)->text;
}

uint32_t value_line(const Value *value)
{
    return value->line;
}

uint32_t value_column(const Value *value)
{
    return value->column;
}

void value_set_position(Value *value, uint32_t line, uint32_t column)
{
    value->line = line;
    value->column = MIN(column, COLUMN_MAX);
}

size_t value_length(const Value *value)
{
    if (value && value->type == VALUE_LIST)
        return ((const List *) value)->length;
    if (value && value->type == VALUE_MAP)
        return ((const Map *) value)->length;
    return 0;
}

/* ---- Changing ---- */

/* The capacity to have for so many items: half as much again as now, or what is needed if that is more. */
static uint32_t grown(uint32_t capacity, size_t needed)
{
    g_assert(needed < UINT32_MAX / 2);
    return (uint32_t) MAX(MAX(needed, 4), (size_t) capacity + capacity / 2);
}

static Value *list_copy(const List *list)
{
    List *copy = (List *) value_new_list();

    value_set_position(&copy->base, list->base.line, list->base.column);
    copy->length = copy->capacity = list->length;
    copy->items = g_new(Value *, list->length);
    for (uint32_t i = 0; i < list->length; i++)
        copy->items[i] = value_ref(list->items[i]);
    return &copy->base;
}

static Value *map_copy(const Map *map)
{
    Map *copy = (Map *) value_new_map();

    value_set_position(&copy->base, map->base.line, map->base.column);
    copy->length = copy->capacity = map->length;
    copy->entries = g_new(Entry, map->length);
    for (uint32_t i = 0; i < map->length; i++) {
        copy->entries[i] = (Entry){.key = map->entries[i].key, .value = value_ref(map->entries[i].value)};
        copy->entries[i].key->references++;
    }
    return &copy->base;
}

static List *list_own(Value **list)
{
    const List *shared = as_list(*list);

    if (shared->base.references > 1) {
        Value *copy = list_copy(shared);
        value_unref(*list);
        *list = copy;
    }
    return (List *) *list;
}

static Map *map_own(Value **map)
{
    const Map *shared = as_map(*map);

    if (shared->base.references > 1) {
        Value *copy = map_copy(shared);
        value_unref(*map);
        *map = copy;
    }
    return (Map *) *map;
}

/* ---- Lists ---- */

Value *value_list_item(const Value *list, size_t index)
{
    const List *items = as_list(list);

    g_assert(index < items->length);
    return items->items[index];
}

void value_list_append(Value **list, Value *item)
{
    /* The reference comes first: a list may be appended to itself, and is then copied. */
    value_list_take(list, value_ref(item));
}

void value_list_take(Value **list, Value *item)
{
    List *own = list_own(list);

    if (own->length == own->capacity) {
        own->capacity = grown(own->capacity, (size_t) own->length + 1);
        own->items = g_renew(Value *, own->items, own->capacity);
    }
    own->items[own->length++] = item;
}

/* ---- Maps ---- */

static void index_insert(Map *map, uint32_t position)
{
    uint32_t mask = map->index_size - 1;
    uint32_t slot = map->entries[position].key->hash & mask;

    while (map->index[slot] != 0)
        slot = (slot + 1) & mask;
    map->index[slot] = position + 1;
}

static void index_drop(Map *map)
{
    g_clear_pointer(&map->index, g_free);
    map->index_size = 0;
}

static void index_build(Map *map)
{
    uint32_t size = 2 * LINEAR_MAX;

    while (size / 4 < map->length)
        size *= 2;
    map->index = g_new0(uint32_t, size);
    map->index_size = size;
    for (uint32_t i = 0; i < map->length; i++)
        index_insert(map, i);
}

/* The position of a key, or NOT_FOUND. */
static size_t map_find(Map *map, const Key *key)
{
    if (map->length <= LINEAR_MAX) {
        for (uint32_t i = 0; i < map->length; i++)
            if (map->entries[i].key == key)
                return i;
        return NOT_FOUND;
    }

    if (!map->index)
        index_build(map);
    uint32_t mask = map->index_size - 1;
    for (uint32_t slot = key->hash & mask; map->index[slot] != 0; slot = (slot + 1) & mask)
        if (map->entries[map->index[slot] - 1].key == key)
            return map->index[slot] - 1;
    return NOT_FOUND;
}

static size_t map_find_text(Map *map, const char *text)
{
    if (map->length <= STRCMP_MAX) {
        for (uint32_t i = 0; i < map->length; i++)
            if (strcmp(map->entries[i].key->text, text) == 0)
                return i;
        return NOT_FOUND;
    }

    const Key *key = key_find(text);
    return key ? map_find(map, key) : NOT_FOUND;
}

static void map_reserve(Map *map, size_t length)
{
    if (length <= map->capacity)
        return;
    map->capacity = grown(map->capacity, length);
    map->entries = g_renew(Entry, map->entries, map->capacity);
}

/* Takes over the key and the value. The key must not be there. */
static Value **map_append(Map *map, Key *key, Value *value)
{
    map_reserve(map, (size_t) map->length + 1);

    uint32_t position = map->length++;
    map->entries[position] = (Entry){.key = key, .value = value};
    if (map->index && map->length <= map->index_size / 2)
        index_insert(map, position);
    else
        index_drop(map);
    return &map->entries[position].value;
}

/* Takes over the key and the value. */
static void map_put(Map *map, Key *key, Value *value)
{
    size_t position = map_find(map, key);

    if (position == NOT_FOUND) {
        map_append(map, key, value);
        return;
    }
    /* The caller's text of the key may live in the value that goes. */
    key_unref(key);
    Value *old = map->entries[position].value;
    map->entries[position].value = value;
    value_unref(old);
}

const char *value_map_key(const Value *map, size_t index)
{
    const Map *entries = as_map(map);

    g_assert(index < entries->length);
    return entries->entries[index].key->text;
}

Value *value_map_at(const Value *map, size_t index)
{
    const Map *entries = as_map(map);

    g_assert(index < entries->length);
    return entries->entries[index].value;
}

Value *value_map_get(const Value *map, const char *key)
{
    if (!value_is_map(map))
        return NULL;

    /* The index is a cache: building it does not change the value. */
    Map *entries = as_map(map);
    size_t position = map_find_text(entries, key);
    return position == NOT_FOUND ? NULL : entries->entries[position].value;
}

Value *value_map_get_same(const Value *map, const Value *other, size_t index)
{
    const Map *entries = as_map(other);

    g_assert(index < entries->length);
    if (!value_is_map(map))
        return NULL;

    /* Entries of one device mostly have the same keys in the same places. */
    Map *own = as_map(map);
    const Key *key = entries->entries[index].key;
    if (index < own->length && own->entries[index].key == key)
        return own->entries[index].value;
    size_t position = map_find(own, key);
    return position == NOT_FOUND ? NULL : own->entries[position].value;
}

void value_map_set_same(Value **map, const Value *other, size_t index, Value *value)
{
    const Map *entries = as_map(other);

    g_assert(index < entries->length);
    Key *key = entries->entries[index].key;
    key->references++;
    map_put(map_own(map), key, value_ref(value));
}

const char *value_map_get_string(const Value *map, const char *key)
{
    const Value *value = value_map_get(map, key);

    return value_is_string(value) ? value_string(value) : NULL;
}

void value_map_set(Value **map, const char *key, Value *value)
{
    value_map_take(map, key, value_ref(value));
}

void value_map_take(Value **map, const char *key, Value *value)
{
    map_put(map_own(map), key_intern(key, strlen(key)), value);
}

bool value_map_remove(Value **map, const char *key)
{
    size_t position = map_find_text(as_map(*map), key);

    if (position == NOT_FOUND)
        return false;

    Map *own = map_own(map);
    Entry gone = own->entries[position];
    memmove(&own->entries[position], &own->entries[position + 1],
            (own->length - position - 1) * sizeof *own->entries);
    own->length--;
    index_drop(own);
    key_unref(gone.key);
    value_unref(gone.value);
    return true;
}

Value **value_map_own(Value **map, const char *key)
{
    size_t position = map_find_text(as_map(*map), key);

    return position == NOT_FOUND ? NULL : &map_own(map)->entries[position].value;
}

/* Stamping the keys of the map that grows makes each look-up one comparison. A large map has its index
 * instead, so that many small merges into it stay cheap. */
void value_map_merge(Value **map, const Value *from)
{
    if (*map == from)
        return;

    const Map *source = as_map(from);
    Map *own = map_own(map);
    bool stamped = own->length <= LINEAR_MAX;
    uint32_t stamp = keys_new_stamp();
    for (uint32_t i = 0; stamped && i < own->length; i++)
        own->entries[i].key->stamp = stamp;
    map_reserve(own, (size_t) own->length + source->length);
    for (uint32_t i = 0; i < source->length; i++) {
        const Entry *entry = &source->entries[i];
        if (stamped ? entry->key->stamp == stamp : map_find(own, entry->key) != NOT_FOUND)
            continue;
        entry->key->references++;
        map_append(own, entry->key, value_ref(entry->value));
    }
}

Value **value_map_add(Value **map, const char *key, size_t length)
{
    Map *own = map_own(map);
    Key *shared = key_intern(key, length);

    if (map_find(own, shared) != NOT_FOUND) {
        key_unref(shared);
        return NULL;
    }
    return map_append(own, shared, NULL);
}

/* ---- Measuring ---- */

static void measure(const Value *value, ValueSize *size, size_t nodes_max)
{
    if (++size->nodes > nodes_max)
        return;
    if (value->type == VALUE_STRING) {
        size->bytes += strlen(((const Text *) value)->text);
    } else if (value->type == VALUE_LIST) {
        const List *list = (const List *) value;
        for (uint32_t i = 0; i < list->length && size->nodes <= nodes_max; i++)
            measure(list->items[i], size, nodes_max);
    } else if (value->type == VALUE_MAP) {
        value_map_measure(value, 0, size, nodes_max);
    }
}

void value_map_measure(const Value *map, size_t first, ValueSize *size, size_t nodes_max)
{
    const Map *own = as_map(map);

    for (size_t i = first; i < own->length && size->nodes <= nodes_max; i++) {
        size->bytes += own->entries[i].key->length;
        measure(own->entries[i].value, size, nodes_max);
    }
}

/* ---- Comparing ---- */

static bool list_equal(const List *a, const List *b)
{
    if (a->length != b->length)
        return false;
    for (uint32_t i = 0; i < a->length; i++)
        if (!value_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool map_equal(const Map *a, Map *b)
{
    if (a->length != b->length)
        return false;
    for (uint32_t i = 0; i < a->length; i++) {
        const Entry *entry = &a->entries[i];
        size_t position = b->entries[i].key == entry->key ? i : map_find(b, entry->key);
        if (position == NOT_FOUND || !value_equal(entry->value, b->entries[position].value))
            return false;
    }
    return true;
}

bool value_equal(const Value *a, const Value *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->type != b->type)
        return false;
    switch (value_type(a)) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOLEAN:
        return value_boolean(a) == value_boolean(b);
    case VALUE_INTEGER:
        return value_integer(a) == value_integer(b);
    case VALUE_REAL:
        /* 0.0 and -0.0 are written differently, so they are two values. */
        return value_real(a) == value_real(b) && !signbit(value_real(a)) == !signbit(value_real(b));
    case VALUE_STRING:
        return strcmp(value_string(a), value_string(b)) == 0;
    case VALUE_LIST:
        return list_equal((const List *) a, (const List *) b);
    case VALUE_MAP:
        return map_equal((const Map *) a, (Map *) b);
    }
    g_assert_not_reached();
}
