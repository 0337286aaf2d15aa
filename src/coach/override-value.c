/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overrides as data, for the history and for those that a dropped component takes along. */
#include "coach/override.h"

static Value *author_to_value(const OverrideAuthor *author)
{
    Value *map = value_new_map();

    value_map_take(&map, "change", value_new_integer(author->change));
    value_map_take(&map, "time", value_new_integer(author->time));
    value_map_take(&map, "uid", value_new_integer(author->uid));
    value_map_take(&map, "user", value_new_string(author->user));
    value_map_take(&map, "reason", value_new_string(author->reason));
    return map;
}

static int64_t get_integer(Value *map, const char *key)
{
    Value *value = value_map_get(map, key);

    return value && value_type(value) == VALUE_INTEGER ? value_integer(value) : 0;
}

static OverrideAuthor *author_from_value(Value *map)
{
    const char *user = value_map_get_string(map, "user"), *reason = value_map_get_string(map, "reason");

    if (!user || !reason)
        return NULL;
    return override_author_new(get_integer(map, "change"), get_integer(map, "time"),
                               (uint32_t) get_integer(map, "uid"), user, reason);
}

Value *override_to_value(const Override *override)
{
    Value *map = value_new_map();

    value_map_take(&map, "op", value_new_string(override_op_to_string(override->op)));
    if (override->value)
        value_map_set(&map, "value", override->value);
    if (override->vendor)
        value_map_set(&map, "vendor", override->vendor);
    if (override->edits)
        value_map_set(&map, "edits", override->edits);
    if (override->author)
        value_map_take(&map, "by", author_to_value(override->author));
    return map;
}

Override *override_from_value(const char *field, Value *map)
{
    const char *name = value_map_get_string(map, "op");
    Value *value = value_map_get(map, "value");
    Override *override;
    OverrideOp op;

    if (!name || !override_op_from_string(name, &op) || (op == OVERRIDE_SET) != (value != NULL))
        return NULL;
    override = override_new(field, op, value, value_map_get(map, "vendor"));
    if (value_map_get(map, "edits"))
        override->edits = value_ref(value_map_get(map, "edits"));
    override->author = author_from_value(value_map_get(map, "by"));
    return override;
}
