/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seed-releases.h"

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HASH_DIGITS 64
#define VERSION_PARTS 3

static void release_free(SeedRelease *release)
{
    g_free(release->name);
    g_free(release->version);
    g_free(release->content_hash);
    g_free(release);
}

/* "1.2.0": three numbers, so that everybody sees which is higher. */
static bool parse_version(const char *version, uint64_t parts[VERSION_PARTS])
{
    g_auto(GStrv) words = g_strsplit(version, ".", -1);

    if (g_strv_length(words) != VERSION_PARTS)
        return false;
    for (unsigned i = 0; i < VERSION_PARTS; i++)
        if (!g_ascii_string_to_unsigned(words[i], 10, 0, UINT32_MAX, &parts[i], NULL))
            return false;
    return true;
}

static bool is_hash(const char *text)
{
    return strlen(text) == HASH_DIGITS && strspn(text, "0123456789abcdef") == HASH_DIGITS;
}

static SeedRelease *find(GPtrArray *releases, const char *name, const char *version)
{
    for (guint i = 0; i < releases->len; i++) {
        SeedRelease *release = g_ptr_array_index(releases, i);
        if (g_str_equal(release->name, name) && g_str_equal(release->version, version))
            return release;
    }
    return NULL;
}

static bool add_line(GPtrArray *releases, const char *line, unsigned number, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    uint64_t parts[VERSION_PARTS];
    SeedRelease *release;

    if (g_strv_length(words) != 3 || !parse_version(words[1], parts) || !is_hash(words[2])) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                    "seeds/versions, line %u: a line is \"NAME VERSION CONTENT_HASH\"", number);
        return false;
    }
    if (find(releases, words[0], words[1])) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE,
                    "seeds/versions, line %u: version %s of %s stands there twice", number, words[1],
                    words[0]);
        return false;
    }
    release = g_new0(SeedRelease, 1);
    release->name = g_strdup(words[0]);
    release->version = g_strdup(words[1]);
    release->content_hash = g_strdup(words[2]);
    g_ptr_array_add(releases, release);
    return true;
}

GPtrArray *seed_releases_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify) release_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++)
        if (lines[i][0] && lines[i][0] != '#' && !add_line(releases, lines[i], i + 1, error))
            return NULL;
    return g_steal_pointer(&releases);
}

static bool is_higher(const char *version, const char *than)
{
    uint64_t a[VERSION_PARTS], b[VERSION_PARTS];

    if (!parse_version(version, a) || !parse_version(than, b))
        return false;
    for (unsigned i = 0; i < VERSION_PARTS; i++)
        if (a[i] != b[i])
            return a[i] > b[i];
    return false;
}

/* The highest version of a file; NULL when there is none. */
static const char *highest(GPtrArray *releases, const char *name)
{
    const char *found = NULL;

    for (guint i = 0; i < releases->len; i++) {
        const SeedRelease *release = g_ptr_array_index(releases, i);

        if (g_str_equal(release->name, name) && (!found || is_higher(release->version, found)))
            found = release->version;
    }
    return found;
}

SeedState seed_releases_compare(GPtrArray *releases, const char *name, const char *version,
                                const char *content_hash, char **ret_advice)
{
    const SeedRelease *same = find(releases, name, version);
    const char *newest = highest(releases, name);
    uint64_t parts[VERSION_PARTS];

    *ret_advice = NULL;
    if (same && g_str_equal(same->content_hash, content_hash))
        return SEED_LISTED;
    if (same)
        *ret_advice = g_strdup_printf("%s says something else than version %s did: give it a new "
                                      "version, then run tools/seeds add",
                                      name, version);
    else if (!parse_version(version, parts))
        *ret_advice = g_strdup_printf("%s has the version \"%s\": a version is three numbers, \"1.2.0\"",
                                      name, version);
    else if (newest && !is_higher(version, newest))
        *ret_advice =
            g_strdup_printf("%s has the version %s, and %s was there already: give it a higher one, "
                            "then run tools/seeds add",
                            name, version, newest);
    if (*ret_advice)
        return SEED_CHANGED;
    *ret_advice =
        g_strdup_printf("version %s of %s is not in seeds/versions: run tools/seeds add", version, name);
    return SEED_NEW;
}
