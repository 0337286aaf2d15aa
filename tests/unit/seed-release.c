/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* seed-release.c: seed-release SEEDS prints the lines that seeds/versions lacks, for tools/seeds. Leaves
 * with 1 when a file wants a new version first, which it says on stderr. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "coach/coach-file.h"
#include "seed-releases.h"

#define ENDING ".yml"

static char *read_text(const char *folder, const char *name, gsize *ret_length)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    char *text;

    if (g_file_get_contents(path, &text, ret_length, &error))
        return text;
    fprintf(stderr, "%s\n", error->message);
    exit(EXIT_FAILURE);
}

/* False where the file cannot be released as it is. */
static bool print_line(GPtrArray *releases, const char *name, const char *version, const char *content_hash)
{
    g_autofree char *advice = NULL;

    switch (seed_releases_compare(releases, name, version, content_hash, &advice)) {
    case SEED_LISTED:
        break;
    case SEED_NEW:
        printf("%s %s %s\n", name, version, content_hash);
        break;
    case SEED_CHANGED:
        fprintf(stderr, "%s\n", advice);
        return false;
    }
    return true;
}

static bool print_table(GPtrArray *releases, const char *folder)
{
    gsize length;
    g_autofree char *text = read_text(folder, SEED_RVC, &length), *hash = hash_bytes(text, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) content = json_parse(text, (gssize) length, &json_limits_stored, &error);
    const char *version = value_map_get_string(content, "version");

    if (!content) {
        fprintf(stderr, SEED_RVC ": %s\n", error->message);
        return false;
    }
    return print_line(releases, SEED_RVC, version ? version : "", hash);
}

static bool print_coach(GPtrArray *releases, const char *folder, const char *name)
{
    gsize length;
    g_autofree char *text = read_text(folder, name, &length);
    g_autofree char *model = g_strndup(name, strlen(name) - strlen(ENDING));
    g_autoptr(GError) error = NULL;
    g_autoptr(CoachFile) file = coach_file_parse(text, length, &error);

    if (!file) {
        fprintf(stderr, "%s: %s\n", name, error->message);
        return false;
    }
    return print_line(releases, model, file->version, file->content_hash);
}

int main(int argc, char **argv)
{
    g_autofree char *folder = argc == 2 ? g_build_filename(argv[1], "coaches", NULL) : NULL;
    g_autoptr(GDir) directory = folder ? g_dir_open(folder, 0, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    bool good = true;
    const char *name;

    if (!directory) {
        fputs("usage: seed-release SEEDS\n", stderr);
        return EXIT_FAILURE;
    }
    g_autofree char *versions = read_text(argv[1], "versions", NULL);
    g_autoptr(GPtrArray) releases = seed_releases_parse(versions, &error);
    if (!releases) {
        fprintf(stderr, "%s\n", error->message);
        return EXIT_FAILURE;
    }
    while ((name = g_dir_read_name(directory)))
        if (g_str_has_suffix(name, ENDING))
            good &= print_coach(releases, folder, name);
    good &= print_table(releases, argv[1]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
