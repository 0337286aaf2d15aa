/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/refuse.h"

#include "base/error.h"

bool refuse(GError **error, const Value *at, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    /* An empty file has no place in it. */
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "line %u, column %u: %s",
                MAX(value_line(at), 1), MAX(value_column(at), 1), message);
    return false;
}

const char *type_with_article(const Value *value)
{
    switch (value_type(value)) {
    case VALUE_NULL:
        return "empty";
    case VALUE_BOOLEAN:
        return "a boolean";
    case VALUE_INTEGER:
        return "an integer";
    case VALUE_REAL:
        return "a real number";
    case VALUE_STRING:
        return "a text";
    case VALUE_LIST:
        return "a list";
    case VALUE_MAP:
        return "a map";
    }
    g_assert_not_reached();
}
