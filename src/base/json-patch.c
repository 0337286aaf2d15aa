/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-patch.h"

#include "base/error.h"
#include "base/json.h"
#include "base/pointer.h"

#include <string.h>

#define DEPTH_MAX 64
/* Characters of a value in a message. */
#define SHOWN_MAX 60

G_GNUC_PRINTF(2, 3) static bool refuse(GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, message);
    return false;
}

/* Places */

/* An index as RFC 6901 (section 4) writes it: digits without a leading zero. */
static bool parse_index(const char *token, size_t *ret)
{
    guint64 number;

    if (!g_ascii_isdigit(token[0]) || (token[0] == '0' && token[1]) ||
        !g_ascii_string_to_unsigned(token, 10, 0, G_MAXUINT32, &number, NULL))
        return false;
    *ret = number;
    return true;
}

static Value *get_child(const Value *parent, const char *token)
{
    size_t index;

    if (value_is_map(parent))
        return value_map_get(parent, token);
    if (value_is_list(parent) && parse_index(token, &index) && index < value_length(parent))
        return value_list_item(parent, index);
    return NULL;
}

Value *json_patch_find(Value *document, const char *const *tokens)
{
    for (; document && *tokens; tokens++)
        document = get_child(document, *tokens);
    return document;
}

/* A list with its items up to `index`, then `item` unless it is NULL, then those from `rest` on. */
static Value *splice(const Value *list, size_t index, Value *item, size_t rest)
{
    Value *spliced = value_new_list();

    for (size_t i = 0; i < index; i++)
        value_list_append(&spliced, value_list_item(list, i));
    if (item)
        value_list_append(&spliced, item);
    for (size_t i = rest; i < value_length(list); i++)
        value_list_append(&spliced, value_list_item(list, i));
    return spliced;
}

static void replace_value(Value **place, Value *value)
{
    value_unref(*place);
    *place = value;
}

/* Sets or removes (`value` NULL) a member of a map or an item of a list, which is there, or which can be
 * added there. */
static bool change_child(Value **parent, const char *token, Value *value, bool insert, GError **error)
{
    size_t length = value_length(*parent), index = length;

    if (value_is_map(*parent)) {
        if (value)
            value_map_set(parent, token, value);
        else
            value_map_remove(parent, token);
        return true;
    }
    if (!value_is_list(*parent))
        return refuse(error, "what is around \"%s\" is a %s and has no members", token,
                      value_type_name(value_type(*parent)));
    if (!(insert && g_str_equal(token, "-")) && !parse_index(token, &index))
        return refuse(error, "\"%s\" is no index of a list", token);
    if (index > length || (!insert && index == length))
        return refuse(error, "the list has %zu items, and so no place %s", length, token);
    replace_value(parent, splice(*parent, index, value, insert ? index : index + 1));
    return true;
}

/* Changes what is at the tokens, and for that a copy of all that is around it. */
static bool change(Value **place, const char *const *tokens, Value *value, bool insert, GError **error)
{
    g_autoptr(Value) child = NULL;
    Value *there;

    if (!tokens[1])
        return change_child(place, *tokens, value, insert, error);
    there = get_child(*place, *tokens);
    if (!there)
        return refuse(error, "there is no \"%s\" on the way", *tokens);
    child = value_ref(there);
    return change(&child, tokens + 1, value, insert, error) &&
           change_child(place, *tokens, child, false, error);
}

/* Sizes */

static bool measure(const Value *value, unsigned depth, JsonPatchBudget *budget)
{
    size_t bytes = value_is_string(value) ? strlen(value_string(value)) : 0;

    if (depth > DEPTH_MAX || budget->nodes == 0 || budget->bytes < bytes)
        return false;
    budget->nodes--;
    budget->bytes -= bytes;
    VALUE_FOREACH_ITEM (item, value)
        if (!measure(item, depth + 1, budget))
            return false;
    VALUE_FOREACH_ENTRY (key, member, value) {
        if (budget->bytes < strlen(key))
            return false;
        budget->bytes -= strlen(key);
        if (!measure(member, depth + 1, budget))
            return false;
    }
    return true;
}

/* Operations */

typedef struct Operation {
    const char *path, *from_path; /* as they are written */
    char **tokens, **from;
    Value *value; /* borrowed */
} Operation;

static void operation_clear(Operation *operation)
{
    g_strfreev(operation->tokens);
    g_strfreev(operation->from);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Operation, operation_clear)

static const char *const *as_const(char **tokens)
{
    return (const char *const *) tokens;
}

static bool set_document(Value **document, Value *value)
{
    value_ref(value);
    replace_value(document, value);
    return true;
}

static bool put(Value **document, const Operation *operation, Value *value, bool insert,
                JsonPatchBudget *budget, GError **error)
{
    JsonPatchBudget left = *budget;

    if (!measure(value, g_strv_length(operation->tokens), &left)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                            "the document would become too large or too deep");
        return false;
    }
    if (!operation->tokens[0] ? !set_document(document, value)
                              : !change(document, as_const(operation->tokens), value, insert, error))
        return false;
    *budget = left;
    return true;
}

static bool check_there(Value *document, const char *path, char **tokens, GError **error)
{
    return json_patch_find(document, as_const(tokens)) ||
           refuse(error, "there is nothing at %s", path[0] ? path : "the top");
}

static bool do_add(Value **document, const Operation *operation, JsonPatchBudget *budget, GError **error)
{
    return put(document, operation, operation->value, true, budget, error);
}

static bool take_away(Value **document, char **tokens, GError **error)
{
    if (!tokens[0])
        return refuse(error, "the whole document cannot be taken away");
    return change(document, as_const(tokens), NULL, false, error);
}

static bool do_remove(Value **document, const Operation *operation, JsonPatchBudget *budget G_GNUC_UNUSED,
                      GError **error)
{
    return check_there(*document, operation->path, operation->tokens, error) &&
           take_away(document, operation->tokens, error);
}

static bool do_replace(Value **document, const Operation *operation, JsonPatchBudget *budget, GError **error)
{
    return check_there(*document, operation->path, operation->tokens, error) &&
           put(document, operation, operation->value, false, budget, error);
}

static bool do_copy(Value **document, const Operation *operation, JsonPatchBudget *budget, GError **error)
{
    g_autoptr(Value) value = NULL;

    if (!check_there(*document, operation->from_path, operation->from, error))
        return false;
    value = value_ref(json_patch_find(*document, as_const(operation->from)));
    return put(document, operation, value, true, budget, error);
}

static bool lies_inside(char **tokens, char **outer)
{
    guint i = 0;

    while (outer[i] && tokens[i] && g_str_equal(outer[i], tokens[i]))
        i++;
    return !outer[i] && tokens[i];
}

static bool do_move(Value **document, const Operation *operation, JsonPatchBudget *budget, GError **error)
{
    g_autoptr(Value) value = NULL;

    if (lies_inside(operation->tokens, operation->from))
        return refuse(error, "%s lies inside %s, which cannot be moved there", operation->path,
                      operation->from_path);
    if (!check_there(*document, operation->from_path, operation->from, error))
        return false;
    value = value_ref(json_patch_find(*document, as_const(operation->from)));
    return take_away(document, operation->from, error) &&
           put(document, operation, value, true, budget, error);
}

/* As JSON sees it (RFC 6902, section 4.6), which knows one kind of number. */
static bool same(const Value *a, const Value *b)
{
    bool numbers = (value_type(a) == VALUE_INTEGER || value_type(a) == VALUE_REAL) &&
                   (value_type(b) == VALUE_INTEGER || value_type(b) == VALUE_REAL);

    if (numbers && value_type(a) != value_type(b))
        return (value_type(a) == VALUE_INTEGER ? (double) value_integer(a) : value_real(a)) ==
               (value_type(b) == VALUE_INTEGER ? (double) value_integer(b) : value_real(b));
    if (value_type(a) != value_type(b) || value_length(a) != value_length(b))
        return false;
    if (!value_is_list(a) && !value_is_map(a))
        return value_equal(a, b);
    for (size_t i = 0; value_is_list(a) && i < value_length(a); i++)
        if (!same(value_list_item(a, i), value_list_item(b, i)))
            return false;
    VALUE_FOREACH_ENTRY (key, member, a) {
        const Value *other = value_map_get(b, key);
        if (!other || !same(member, other))
            return false;
    }
    return true;
}

static bool do_test(Value **document, const Operation *operation, JsonPatchBudget *budget G_GNUC_UNUSED,
                    GError **error)
{
    g_autofree char *text = NULL;
    const Value *there;

    if (!check_there(*document, operation->path, operation->tokens, error))
        return false;
    there = json_patch_find(*document, as_const(operation->tokens));
    if (same(there, operation->value))
        return true;
    text = json_format(there);
    if (g_utf8_strlen(text, -1) > SHOWN_MAX)
        return refuse(error, "the test fails: %s is %.*s…", operation->path,
                      (int) (g_utf8_offset_to_pointer(text, SHOWN_MAX) - text), text);
    return refuse(error, "the test fails: %s is %s", operation->path, text);
}

static const struct {
    const char *name;
    bool has_value, has_from;
    bool (*run)(Value **document, const Operation *operation, JsonPatchBudget *budget, GError **error);
} operations[] = {
    {"add", true, false, do_add},         {"remove", false, false, do_remove},
    {"replace", true, false, do_replace}, {"move", false, true, do_move},
    {"copy", false, true, do_copy},       {"test", true, false, do_test},
};

static bool read_pointer(const Value *map, const char *name, const char **ret, char ***ret_tokens,
                         GError **error)
{
    *ret = value_map_get_string(map, name);
    if (!*ret)
        return refuse(error, "it needs a \"%s\", which is a text", name);
    *ret_tokens = pointer_split(*ret, error);
    return *ret_tokens != NULL;
}

static bool run(Value **document, guint op, const Value *map, JsonPatchBudget *budget, GError **error)
{
    g_auto(Operation) operation = {.value = value_map_get(map, "value")};
    g_autoptr(Value) changed = value_ref(*document);

    if (operations[op].has_value && !operation.value)
        return refuse(error, "\"%s\" needs a \"value\"", operations[op].name);
    if (!read_pointer(map, "path", &operation.path, &operation.tokens, error) ||
        (operations[op].has_from &&
         !read_pointer(map, "from", &operation.from_path, &operation.from, error)))
        return false;
    if (!operations[op].run(&changed, &operation, budget, error))
        return false;
    replace_value(document, g_steal_pointer(&changed));
    return true;
}

bool json_patch_apply(Value **document, const Value *operation, JsonPatchBudget *budget, GError **error)
{
    const char *name;

    if (!value_is_map(operation))
        return refuse(error, "an operation is an object with \"op\" and \"path\"");
    name = value_map_get_string(operation, "op");
    for (guint i = 0; name && i < G_N_ELEMENTS(operations); i++)
        if (g_str_equal(name, operations[i].name))
            return run(document, i, operation, budget, error);
    if (!name)
        return refuse(error, "it needs an \"op\", which is a text");
    g_autofree char *quoted = json_quote(name);
    return refuse(error, "there is no operation %s; those are add, remove, replace, move, copy and test",
                  quoted);
}
