/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-env.c: reading of assignments. */

#include "ctl/legacy-env.h"

#include <glib/gi18n.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const char *const names[LEGACY_VARIABLES] = {
    [LEGACY_COACH_FILE] = "COACHIQ_RVC__COACH_MAPPING_PATH",
    [LEGACY_COACH_FILE_FLAT] = "COACHIQ_RVC_COACH_MAPPING_PATH",
    [LEGACY_COACH_MODEL] = "COACHIQ_RVC__COACH_MODEL",
    [LEGACY_COACH_FILE_OLDEST] = "RVC_COACH_MAPPING_PATH",
    [LEGACY_COACH_MODEL_OLDEST] = "RVC_COACH_MODEL",
    [LEGACY_CONFIG_DIR] = "COACHIQ_RVC__CONFIG_DIR",
    [LEGACY_SYSTEM_ROOT] = "COACHIQ_CONFIG_SYSTEM_ROOT",
    [LEGACY_USER_ROOT] = "COACHIQ_CONFIG_USER_ROOT",
    [LEGACY_DB_PATH] = "COACHIQ_CONFIG_DB_PATH",
    [LEGACY_DATA_DIR] = "COACHIQ_PERSISTENCE__DATA_DIR",
    [LEGACY_INTERFACES] = "COACHIQ_CAN__INTERFACE_MAPPINGS",
};

const char *legacy_variable_name(LegacyVariable variable)
{
    return names[variable];
}

static void set_value(LegacyEnv *env, const char *name, size_t length, const char *value)
{
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        if (strlen(names[i]) != length || g_ascii_strncasecmp(names[i], name, length) != 0)
            continue;
        g_free(env->values[i]);
        env->values[i] = g_strstrip(g_strdup(value));
        if (*env->values[i] == '\0')
            g_clear_pointer(&env->values[i], g_free);
    }
}

void legacy_env_read(LegacyEnv *env, char **environment)
{
    for (char **entry = environment; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');

        if (equals)
            set_value(env, *entry, (size_t) (equals - *entry), equals + 1);
    }
}

void legacy_env_clear(LegacyEnv *env)
{
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++)
        g_clear_pointer(&env->values[i], g_free);
}

bool legacy_env_is_empty(const LegacyEnv *env)
{
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        if (env->values[i])
            return false;
    }
    return true;
}

/* Files */

typedef struct Reader {
    const char *next; /* NUL-terminated */
    unsigned line;
} Reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(Reader *reader)
{
    while (is_blank(*reader->next))
        reader->next++;
}

static char take(Reader *reader)
{
    reader->line += *reader->next == '\n';
    return *reader->next++;
}

static void skip_line(Reader *reader)
{
    while (*reader->next && take(reader) != '\n')
        ;
}

static size_t name_length(const char *text)
{
    size_t length = 0;

    if (g_ascii_isdigit(*text))
        return 0;
    while (g_ascii_isalnum(text[length]) || text[length] == '_')
        length++;
    return length;
}

/* "\" and a newline are nothing, as both systemd and shells have it. */
static void take_escaped(Reader *reader, GString *value)
{
    char c;

    if (reader->next[0] == '\r' && reader->next[1] == '\n')
        reader->next++;
    if (!*reader->next)
        return;
    c = take(reader);
    if (c != '\n')
        g_string_append_c(value, c);
}

/* In double quotes "\" stays where what follows has no meaning of its own. */
static void take_escaped_in_quotes(Reader *reader, GString *value)
{
    if (*reader->next && !strchr("\"\\`$\n\r", *reader->next))
        g_string_append_c(value, '\\');
    take_escaped(reader, value);
}

static bool take_quoted(Reader *reader, GString *value, GError **error)
{
    unsigned line = reader->line;
    char quote = take(reader);

    while (*reader->next && *reader->next != quote) {
        char c = take(reader);

        if (c == '\\' && quote == '"')
            take_escaped_in_quotes(reader, value);
        else
            g_string_append_c(value, c);
    }
    if (!*reader->next) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    _("line %u: the quote %c that begins there is never closed; close it"), line, quote);
        return false;
    }
    take(reader);
    return true;
}

static void chop_blanks(GString *value, size_t from)
{
    while (value->len > from && is_blank(value->str[value->len - 1]))
        g_string_truncate(value, value->len - 1);
}

/* Up to the end of the line, or a comment behind a blank. Quotes inside are a part of it: {"house": "can0"}
 * needs none around it. */
static void take_plain(Reader *reader, GString *value)
{
    size_t from = value->len;

    while (*reader->next && *reader->next != '\n') {
        char c = take(reader);

        if (c == '#' && value->len > from && is_blank(value->str[value->len - 1])) {
            while (*reader->next && *reader->next != '\n')
                take(reader);
            break;
        }
        if (c == '\\')
            take_escaped(reader, value);
        else
            g_string_append_c(value, c);
    }
    chop_blanks(value, from);
}

static char *take_value(Reader *reader, GError **error)
{
    g_autoptr(GString) value = g_string_new(NULL);

    skip_blanks(reader);
    while (*reader->next == '"' || *reader->next == '\'') {
        if (!take_quoted(reader, value, error))
            return NULL;
        if (is_blank(*reader->next) || *reader->next == '\n' || !*reader->next) {
            skip_line(reader);
            return g_string_free(g_steal_pointer(&value), FALSE);
        }
    }
    if (*reader->next != '#')
        take_plain(reader, value);
    skip_line(reader);
    return g_string_free(g_steal_pointer(&value), FALSE);
}

static bool take_line(Reader *reader, LegacyEnv *env, GError **error)
{
    g_autofree char *value = NULL;
    const char *name;
    size_t length;

    skip_blanks(reader);
    if (g_str_has_prefix(reader->next, "export") && is_blank(reader->next[strlen("export")])) {
        reader->next += strlen("export");
        skip_blanks(reader);
    }
    name = reader->next;
    length = name_length(name);
    reader->next += length;
    skip_blanks(reader);
    if (length == 0 || *reader->next != '=') {
        skip_line(reader);
        return true;
    }
    reader->next++;
    value = take_value(reader, error);
    if (value)
        set_value(env, name, length, value);
    return value != NULL;
}

static bool check_text(const char *text, size_t length, GError **error)
{
    if (!memchr(text, '\0', length) && g_utf8_validate_len(text, length, NULL))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                _("This is no text in UTF-8; write one NAME=value a line"));
    return false;
}

bool legacy_env_parse(LegacyEnv *env, const char *text, size_t length, GError **error)
{
    g_autofree char *copy = NULL;
    Reader reader = {.line = 1};

    if (!check_text(text, length, error))
        return false;
    copy = g_strndup(text, length);
    reader.next = copy + (g_str_has_prefix(copy, BYTE_ORDER_MARK) ? strlen(BYTE_ORDER_MARK) : 0);
    while (*reader.next) {
        if (!take_line(&reader, env, error))
            return false;
    }
    return true;
}
