/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/yaml-advice.h"

#include <glib.h>
#include <string.h>

/* The start of what libyaml says, the character it stumbled on (NUL: any), and what to do. The first that
 * fits counts. */
static const struct {
    const char *problem;
    char at;
    const char *advice;
} rows[] = {
    {"found character that cannot start any token", '\t', "indent with spaces, not with tabs"},
    {"found character that cannot start any token", 0, "put the text in quotes"},
    {"found a tab character", 0, "indent with spaces, not with tabs"},
    {"did not find expected key", 0,
     "check the indentation of this line and the lines above, and the quotes"},
    {"did not find expected '-' indicator", 0,
     "check the indentation of this line and the lines above: in a list each item starts with \"- \""},
    {"block sequence entries are not allowed", 0, "put the list on lines of its own, below its key"},
    {"mapping values are not allowed", 0,
     "put a text that has \": \" in quotes, or correct the indentation"},
    {"mapping keys are not allowed", 0, "put a text that starts with \"? \" in quotes"},
    {"could not find expected ':'", 0, "a key is followed by a colon and a space; check the line above too"},
    {"did not find expected ',' or ']'", 0,
     "a list in brackets has commas between its items and \"]\" at its end"},
    {"did not find expected ',' or '}'", 0,
     "a map in braces has commas between its entries and \"}\" at its end"},
    {"did not find expected node content", 0, "a value is missing here, or a sign is too much"},
    {"found unexpected end of stream", 0, "a closing quote is missing"},
    {"found unexpected document indicator", 0, "a closing quote is missing above"},
    {"found unknown escape character", 0, "write a backslash as \\\\, or use single quotes"},
    {"did not find expected hexdecimal number", 0, "write a backslash as \\\\, or use single quotes"},
    {"did not find expected alphabetic or numeric character", 0,
     "put a text that starts with \"*\" or \"&\" in quotes"},
    {"found undefined tag handle", 0, "put a text that starts with \"!\" in quotes"},
    {"did not find expected <document start>", 0, "check the indentation: the data of the file ended above"},
    {"control characters are not allowed", 0,
     "remove it, or write it as an escape in double quotes, like \"\\x07\""},
};

const char *yaml_advice(const char *problem, char at)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_has_prefix(problem, rows[i].problem) && (rows[i].at == 0 || rows[i].at == at))
            return rows[i].advice;
    return NULL;
}
