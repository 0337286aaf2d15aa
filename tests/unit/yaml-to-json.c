/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* yaml-to-json.c: prints what the YAML reader makes of each file that is named, one line a file: JSON, or
 * "error: " and the message. Exits with 1 when there was an error. Run by test-yaml-oracle.py. */

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/yaml.h"

static Value *read_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    return yaml_parse(text, length, &yaml_limits_default, error);
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    for (int i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) value = read_file(argv[i], &error);
        g_autofree char *json = json_format(value);

        if (error)
            status = EXIT_FAILURE;
        printf("%s%s\n", error ? "error: " : "", error ? error->message : json);
    }
    return status;
}
