/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus-value.c: D-Bus types to values. */

#include "ctl/bus-value.h"

#include <math.h>

static Value *read_one(sd_bus_message *message, char type, const char *contents);

static Value *value_of_unsigned(uint64_t number)
{
    if (number <= INT64_MAX)
        return value_new_integer((int64_t) number);

    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    return value_new_string(text);
}

static Value *read_text(sd_bus_message *message, char type)
{
    const char *text;

    return sd_bus_message_read_basic(message, type, &text) < 0 ? NULL : value_new_string(text);
}

static Value *value_of_real(double real)
{
    return isfinite(real) ? value_new_real(real) : value_new_null();
}

static Value *read_number(sd_bus_message *message, char type)
{
    union {
        uint8_t byte;
        int boolean;
        int16_t int16;
        uint16_t uint16;
        int32_t int32;
        uint32_t uint32;
        int64_t int64;
        uint64_t uint64;
        double real;
    } number;

    if (sd_bus_message_read_basic(message, type, &number) < 0)
        return NULL;
    switch (type) {
    case SD_BUS_TYPE_BYTE:
        return value_new_integer(number.byte);
    case SD_BUS_TYPE_BOOLEAN:
        return value_new_boolean(number.boolean);
    case SD_BUS_TYPE_INT16:
        return value_new_integer(number.int16);
    case SD_BUS_TYPE_UINT16:
        return value_new_integer(number.uint16);
    case SD_BUS_TYPE_INT32:
        return value_new_integer(number.int32);
    case SD_BUS_TYPE_UINT32:
        return value_new_integer(number.uint32);
    case SD_BUS_TYPE_INT64:
        return value_new_integer(number.int64);
    case SD_BUS_TYPE_UINT64:
        return value_of_unsigned(number.uint64);
    default:
        return value_of_real(number.real);
    }
}

/* Appends everything up to the end of the container that the message is in. */
static bool read_items(sd_bus_message *message, Value **list)
{
    const char *contents;
    char type;
    int r;

    while ((r = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
        Value *item = read_one(message, type, contents);

        if (!item)
            return false;
        value_list_take(list, item);
    }
    return r == 0;
}

static bool read_entry(sd_bus_message *message, const char *contents, Value **map)
{
    const char *key;

    if (sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, contents) < 0 ||
        sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &key) < 0)
        return false;

    g_autoptr(Value) rest = value_new_list();
    if (!read_items(message, &rest) || value_length(rest) != 1)
        return false;
    value_map_set(map, key, value_list_item(rest, 0));
    return sd_bus_message_exit_container(message) >= 0;
}

/* `contents` is "{sv}": an array of dictionary entries. */
static Value *read_map(sd_bus_message *message, const char *contents)
{
    g_autofree char *entry = g_strndup(contents + 1, strlen(contents) - 2);
    g_autoptr(Value) map = value_new_map();
    char type;
    int r;

    if (entry[0] != SD_BUS_TYPE_STRING ||
        sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, contents) < 0)
        return NULL;
    while ((r = sd_bus_message_peek_type(message, &type, NULL)) > 0) {
        if (!read_entry(message, entry, &map))
            return NULL;
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0)
        return NULL;
    return g_steal_pointer(&map);
}

static Value *read_list(sd_bus_message *message, char type, const char *contents)
{
    g_autoptr(Value) list = value_new_list();

    if (sd_bus_message_enter_container(message, type, contents) < 0 || !read_items(message, &list) ||
        sd_bus_message_exit_container(message) < 0)
        return NULL;
    return g_steal_pointer(&list);
}

static Value *read_variant(sd_bus_message *message, const char *contents)
{
    g_autoptr(Value) list = read_list(message, SD_BUS_TYPE_VARIANT, contents);

    return list && value_length(list) == 1 ? value_ref(value_list_item(list, 0)) : NULL;
}

static Value *read_one(sd_bus_message *message, char type, const char *contents)
{
    switch (type) {
    case SD_BUS_TYPE_STRING:
    case SD_BUS_TYPE_OBJECT_PATH:
    case SD_BUS_TYPE_SIGNATURE:
        return read_text(message, type);
    case SD_BUS_TYPE_ARRAY:
        return contents[0] == '{' ? read_map(message, contents) : read_list(message, type, contents);
    case SD_BUS_TYPE_STRUCT:
        return read_list(message, type, contents);
    case SD_BUS_TYPE_VARIANT:
        return read_variant(message, contents);
    case SD_BUS_TYPE_UNIX_FD:
        return sd_bus_message_skip(message, "h") < 0 ? NULL : value_new_null();
    default:
        return read_number(message, type);
    }
}

Value *bus_value_read(sd_bus_message *message)
{
    g_autoptr(Value) list = value_new_list();

    return read_items(message, &list) ? g_steal_pointer(&list) : NULL;
}

static int64_t number_of(const Value *value)
{
    return value && value_type(value) == VALUE_INTEGER ? value_integer(value) : 0;
}

const char *dict_text(const Value *map, const char *key)
{
    const char *text = value_map_get_string(map, key);

    return text ? text : "";
}

int64_t dict_number(const Value *map, const char *key)
{
    return number_of(value_map_get(map, key));
}

bool dict_flag(const Value *map, const char *key)
{
    const Value *value = value_map_get(map, key);

    return value && value_type(value) == VALUE_BOOLEAN && value_boolean(value);
}

bool dict_denies(const Value *map, const char *key)
{
    const Value *value = value_map_get(map, key);

    return value && value_type(value) == VALUE_BOOLEAN && !value_boolean(value);
}

const char *item_text(const Value *list, size_t index)
{
    const Value *value = value_list_item(list, index);

    return value_is_string(value) ? value_string(value) : "";
}

int64_t item_number(const Value *list, size_t index)
{
    return number_of(value_list_item(list, index));
}
