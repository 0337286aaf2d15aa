/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/path.h"

#include "base/error.h"
#include "base/pointer.h"
#include "base/text.h"

#include <string.h>

char *path_new(const char *section, const char *child)
{
    g_autoptr(GString) text = g_string_new(NULL);

    pointer_append(text, section);
    if (child)
        pointer_append(text, child);
    return g_strdup(text->str + 1);
}

bool path_split(const char *path, char **ret_section, char **ret_child, GError **error)
{
    if (strlen(path) > PATH_LENGTH_MAX || !g_utf8_validate(path, -1, NULL) || text_is_misleading(path)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "A component path is UTF-8 of at most %d bytes without control characters",
                    PATH_LENGTH_MAX);
        return false;
    }

    g_autofree char *pointer = g_strconcat("/", path, NULL);
    g_auto(GStrv) tokens = pointer_split(pointer, NULL);
    if (!tokens || !tokens[0][0] || (tokens[1] && (!tokens[1][0] || tokens[2]))) {
        g_set_error(
            error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
            "\"%s\" is not a component path; one looks like \"devices/bedroom_ceiling_light\" or \"coach_info\"",
            path);
        return false;
    }

    if (ret_section)
        *ret_section = g_strdup(tokens[0]);
    if (ret_child)
        *ret_child = g_strdup(tokens[1]);
    return true;
}

bool path_is_device(const char *path)
{
    return g_str_has_prefix(path, PATH_DEVICES_PREFIX);
}
