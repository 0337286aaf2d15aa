/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/exports.h"

#include "base/memfd.h"
#include "daemon/actor.h"
#include "daemon/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Those that are ready for the next who asks. */
#define KEPT_MAX 8

typedef struct Export {
    char *key;
    int64_t revision; /* at which it was made */
    uint32_t uid;     /* for whom */
    size_t size;
    int own;   /* our own opening of the file, by which is seen whether others have one */
    int given; /* the opening that is handed out; -1: not any more */
} Export;

static void export_free(Export *export)
{
    g_free(export->key);
    if (export->given >= 0)
        close(export->given);
    if (export->own >= 0)
        close(export->own);
    g_free(export);
}

void exports_free(Daemon *daemon)
{
    g_clear_pointer(&daemon->exports, g_ptr_array_unref);
}

/* Whether anybody else has the file open or mapped: a lease for writing is given only where nobody does
 * (fcntl(2), F_SETLEASE). */
static bool is_held(const Export *export)
{
    return fcntl(export->own, F_SETLEASE, F_WRLCK) < 0 && errno == EAGAIN;
}

static void let_go(Export *export)
{
    if (export->given >= 0)
        close(export->given);
    export->given = -1;
}

static unsigned count_kept(const Daemon *daemon)
{
    unsigned n = 0;

    for (guint i = 0; i < daemon->exports->len; i++)
        n += ((const Export *) g_ptr_array_index(daemon->exports, i))->given >= 0;
    return n;
}

/* Forgets what nobody holds, and what is of another revision, or too old to be kept, as soon as nobody does.
 */
static void tidy(Daemon *daemon, int64_t revision, unsigned kept_max)
{
    unsigned kept = count_kept(daemon);

    for (guint i = 0; i < daemon->exports->len; i++) {
        Export *export = g_ptr_array_index(daemon->exports, i);

        if (export->given < 0 || (export->revision == revision && kept <= kept_max))
            continue;
        let_go(export);
        kept--;
    }
    for (guint i = daemon->exports->len; i-- > 0;) {
        Export *export = g_ptr_array_index(daemon->exports, i);

        if (export->given < 0 && !is_held(export))
            g_ptr_array_remove_index(daemon->exports, i);
    }
}

/* A file that is larger than that is still given to who holds no other. */
static bool has_room(const Daemon *daemon, uint32_t uid, size_t size)
{
    size_t all = size, users = all;

    for (guint i = 0; i < daemon->exports->len; i++) {
        const Export *export = g_ptr_array_index(daemon->exports, i);

        all += export->size;
        users += export->uid == uid ? export->size : 0;
    }
    return (all <= EXPORTS_MAX || all == size) && (users <= EXPORTS_PER_USER_MAX || users == size);
}

/* What is only kept makes room. */
static bool make_room(Daemon *daemon, int64_t revision, uint32_t uid, size_t size)
{
    tidy(daemon, revision, KEPT_MAX - 1);
    if (has_room(daemon, uid, size))
        return true;
    tidy(daemon, revision, 0);
    return has_room(daemon, uid, size);
}

static Export *find_kept(const Daemon *daemon, const char *key, int64_t revision)
{
    for (guint i = 0; i < daemon->exports->len; i++) {
        Export *export = g_ptr_array_index(daemon->exports, i);

        if (export->given >= 0 && export->revision == revision && g_str_equal(export->key, key))
            return export;
    }
    return NULL;
}

static int open_again(int fd, int flags)
{
    char path[32];

    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return fd;
}

/* Openings of their own, so that ours can be told from those of others. */
static int open_file(Export *export, const char *model, const char *text)
{
    int fd = memfd_new_sealed(model, text, strlen(text));

    if (fd < 0)
        return fd;
    export->own = open_again(fd, O_RDWR);
    export->given = open_again(fd, O_RDONLY);
    close(fd);
    return MIN(MIN(export->own, export->given), 0);
}

static int make(Daemon *daemon, const char *key, int64_t revision, uint32_t uid, const char *model,
                const char *text, sd_bus_error *error)
{
    Export *export;
    int r;

    if (!make_room(daemon, revision, uid, strlen(text)))
        return sd_bus_error_set(
            error, SD_BUS_ERROR_LIMITS_EXCEEDED,
            "Too many different files that Export gave out are still open; close some first");
    export = g_new0(Export, 1);
    *export = (Export){.key = g_strdup(key), .revision = revision, .uid = uid, .size = strlen(text)};
    r = open_file(export, model, text);
    if (r < 0) {
        export_free(export);
        return sd_bus_error_set_errnof(error, r, "The file cannot be made: %s", g_strerror(-r));
    }
    g_ptr_array_add(daemon->exports, export);
    return export->given;
}

static char *make_key(const char *model, const ExportOptions *options)
{
    return g_strdup_printf("%s %d %d %" G_GINT64_FORMAT, model, options->format, options->edits,
                           options->change);
}

int exports_open(Daemon *daemon, sd_bus_message *message, const char *model, const ExportOptions *options,
                 sd_bus_error *error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *id = NULL, *key = NULL, *text = NULL;
    g_auto(Actor) actor = {0};
    const Export *kept;
    int64_t revision;
    int r;

    if (!daemon->exports)
        daemon->exports = g_ptr_array_new_with_free_func((GDestroyNotify) export_free);
    id = service_get_model_id(daemon->service, model, &local);
    if (!id || !service_get_revision(daemon->service, &revision, &local))
        return errors_set(daemon, &local, error);
    key = make_key(id, options);
    kept = find_kept(daemon, key, revision);
    if (kept)
        return kept->given;

    r = actor_from_message(message, &actor);
    if (r < 0)
        return sd_bus_error_set_errnof(error, r, "It cannot be told who you are: %s", g_strerror(-r));
    text = service_export(daemon->service, id, options, &local);
    if (!text)
        return errors_set(daemon, &local, error);
    return make(daemon, key, revision, actor.uid, id, text, error);
}
