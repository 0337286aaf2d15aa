/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/bundle.h"

#include "base/error.h"
#include "base/text.h"
#include "base/yaml.h"
#include "service/seeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOURCE_ROOT "/org/coachiq/Config1/"
#define COACHES "coaches"
#define COACH_SUFFIX ".yml"
#define MODEL_ID_LENGTH_MAX 128

struct Bundle {
    char *development;
    GResource *seeds;
};

Bundle *bundle_new(const char *development)
{
    Bundle *bundle = g_new0(Bundle, 1);

    bundle->development = g_strdup(development);
    bundle->seeds = seeds_get_resource();
    return bundle;
}

void bundle_free(Bundle *bundle)
{
    if (!bundle)
        return;
    g_free(bundle->development);
    g_free(bundle);
}

const char *bundle_development(const Bundle *bundle)
{
    return bundle->development;
}

bool model_id_is_valid(const char *id)
{
    size_t length = strlen(id);

    if (length == 0 || length > MODEL_ID_LENGTH_MAX || id[0] == '.')
        return false;
    for (; *id; id++)
        if (!g_ascii_isalnum(*id) && !strchr("_-.", *id))
            return false;
    return true;
}

static void add_model(GHashTable *models, const char *file_name)
{
    if (!g_str_has_suffix(file_name, COACH_SUFFIX))
        return;
    char *id = g_strndup(file_name, strlen(file_name) - strlen(COACH_SUFFIX));
    if (model_id_is_valid(id))
        g_hash_table_add(models, id);
    else
        g_free(id);
}

char **bundle_list_models(const Bundle *bundle)
{
    g_autoptr(GHashTable) models = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) bundled = g_resource_enumerate_children(bundle->seeds, RESOURCE_ROOT COACHES,
                                                          G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    guint n;

    for (char **name = bundled; name && *name; name++)
        add_model(models, *name);
    if (bundle->development) {
        g_autofree char *folder = g_build_filename(bundle->development, COACHES, NULL);
        g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
        const char *name;

        while (directory && (name = g_dir_read_name(directory)))
            add_model(models, name);
    }

    char **ids = (char **) g_hash_table_get_keys_as_array(models, &n);
    qsort(ids, n, sizeof *ids, text_compare_elements);
    return ids;
}

static bool fail(GError **error, const char *path)
{
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "%s: %s", path, g_strerror(errno));
    return false;
}

/* Reads a regular file of the development folder. `*ret` is NULL without an error when there is none. */
static bool read_file(const char *path, GBytes **ret, GError **error)
{
    /* Not blocking: a FIFO in the folder must not hang the daemon. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    *ret = NULL;
    if (fd < 0)
        return errno == ENOENT ? true : fail(error, path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t) st.st_size > yaml_limits_default.size) {
        close(fd);
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "%s is not a regular file of at most %zu bytes", path, yaml_limits_default.size);
        return false;
    }

    g_autofree char *data = g_malloc((size_t) st.st_size + 1);
    size_t length = 0;
    while (length < (size_t) st.st_size) {
        ssize_t n = read(fd, data + length, (size_t) st.st_size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail(error, path);
            close(fd);
            return false;
        }
        if (n == 0)
            break;
        length += (size_t) n;
    }
    close(fd);
    *ret = g_bytes_new_take(g_steal_pointer(&data), length);
    return true;
}

/* `name` is relative to the root of the seeds. NULL without an error when there is no such file. */
static GBytes *load(const Bundle *bundle, const char *name, GError **error)
{
    g_autofree char *resource = g_strconcat(RESOURCE_ROOT, name, NULL);

    if (bundle->development) {
        g_autofree char *path = g_build_filename(bundle->development, name, NULL);
        GBytes *bytes;

        if (!read_file(path, &bytes, error))
            return NULL;
        if (bytes)
            return bytes;
    }
    return g_resource_lookup_data(bundle->seeds, resource, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

bool bundle_has_model(const Bundle *bundle, const char *model)
{
    g_autofree char *name = g_strconcat(COACHES "/", model, COACH_SUFFIX, NULL);
    g_autofree char *resource = g_strconcat(RESOURCE_ROOT, name, NULL);

    if (!model_id_is_valid(model))
        return false;
    if (bundle->development) {
        g_autofree char *path = g_build_filename(bundle->development, name, NULL);
        if (access(path, F_OK) == 0)
            return true;
    }
    return g_resource_get_info(bundle->seeds, resource, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL, NULL, NULL);
}

GBytes *bundle_get_model(const Bundle *bundle, const char *model, GError **error)
{
    g_autofree char *name = g_strconcat(COACHES "/", model, COACH_SUFFIX, NULL);
    g_autoptr(GError) local = NULL;
    GBytes *bytes = model_id_is_valid(model) ? load(bundle, name, &local) : NULL;

    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (!bytes)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_MODEL, "There is no coach model \"%s\"",
                    model);
    return bytes;
}

const char *const *bundle_list_resources(void)
{
    static const char *const names[] = {"rvc.json", NULL};

    return names;
}

bool bundle_has_own_resource(const Bundle *bundle, const char *name)
{
    g_autofree char *path = bundle->development ? g_build_filename(bundle->development, name, NULL) : NULL;

    return path && access(path, F_OK) == 0;
}

GBytes *bundle_get_resource(const Bundle *bundle, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    GBytes *bytes = g_strv_contains(bundle_list_resources(), name) ? load(bundle, name, &local) : NULL;

    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (!bytes)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS,
                    "There is no resource \"%s\"; ListResources names them", name);
    return bytes;
}
