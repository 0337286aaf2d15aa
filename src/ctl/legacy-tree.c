/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-tree.c: openat2() below a root. */

#include "ctl/legacy-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/format.h"
#include "ctl/patience.h"

/* A folder of an old installation has a handful of entries. */
#define FOLDER_MAX 200000U

/* How long one file or folder may take; less where one has taken too long before. */
#define PATIENCE (10 * G_USEC_PER_SEC)
#define PATIENCE_LOST (1 * G_USEC_PER_SEC)

/* Reference counted, since a thread may never come back from it. */
struct LegacyTree {
    int fd;
    char *root; /* NULL: not confined */
    char *base; /* where relative paths begin */
    gint64 patience;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

LegacyTree *legacy_tree_open(const char *root, GError **error)
{
    LegacyTree *tree;
    const char *top = root ? root : "/";
    int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(errno), _("Cannot open %s: %s."),
                    top, g_strerror(errno));
        return NULL;
    }
    tree = g_atomic_rc_box_new0(LegacyTree);
    tree->fd = fd;
    tree->root = g_strdup(root);
    tree->base = root ? g_strdup("/") : g_get_current_dir();
    tree->patience = PATIENCE;
    return tree;
}

static void tree_clear(gpointer data)
{
    LegacyTree *tree = data;

    close(tree->fd);
    g_free(tree->root);
    g_free(tree->base);
}

void legacy_tree_close(LegacyTree *tree)
{
    if (tree)
        g_atomic_rc_box_release_full(tree, tree_clear);
}

char *legacy_tree_path(const LegacyTree *tree, const char *path)
{
    return g_canonicalize_filename(path, tree->base);
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        /* Translators: these fill “this is %s, not a regular file” */
        return _("a folder");
    case S_IFIFO:
        return _("a FIFO");
    case S_IFSOCK:
        return _("a socket");
    case S_IFCHR:
    case S_IFBLK:
        return _("a device");
    default:
        return _("a file");
    }
}

static bool fail_type(mode_t mode, bool folder_wanted, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                folder_wanted ? _("This is %s, not a folder; move it away if it is not needed")
                              : _("This is %s, not a regular file; put the file there that was meant"),
                type_name(mode));
    return false;
}

static bool fail_errno(const LegacyTree *tree, int number, GError **error)
{
    gint code = (gint) g_file_error_from_errno(number);

    switch (number) {
    case ENOENT:
    case ENOTDIR:
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, _("There is no such file"));
        break;
    case EXDEV:
        g_set_error(
            error, G_FILE_ERROR, G_FILE_ERROR_ACCES,
            _("A symbolic link leads out of %s, and nothing outside is read; put a copy of the file in place of "
              "the link"),
            tree->root);
        break;
    case ELOOP:
        g_set_error(error, G_FILE_ERROR, code,
                    _("Symbolic links lead in a circle; put the file in place of the link"));
        break;
    case EACCES:
    case EPERM:
        g_set_error(error, G_FILE_ERROR, code,
                    _("You may not read it; run “sudo coachiqctl migrate” with the same options"));
        break;
    case ENAMETOOLONG:
        g_set_error(error, G_FILE_ERROR, code, _("The path is too long to be one"));
        break;
    default:
        g_set_error(error, G_FILE_ERROR, code, _("It cannot be read: %s"), g_strerror(number));
    }
    return false;
}

/* Without opening what is there, which may be a pipe or a device. */
static int open_path(const LegacyTree *tree, const char *path, GError **error)
{
    const struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_NO_MAGICLINKS | (tree->root ? (unsigned) RESOLVE_BENEATH : 0),
    };
    g_autofree char *whole = legacy_tree_path(tree, path);
    const char *below = whole + strspn(whole, "/");
    long fd = syscall(SYS_openat2, tree->fd, *below ? below : ".", &how, sizeof how);

    if (fd < 0)
        fail_errno(tree, errno, error);
    return (int) fd;
}

/* Opens for reading what a descriptor of open_path() stands for, and closes that. */
static int reopen(const LegacyTree *tree, int fd, int flags, GError **error)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    int result;

    flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    result = open(link, flags | O_NOATIME);
    /* Which only the owner and root may ask for. */
    if (result < 0 && errno == EPERM)
        result = open(link, flags);
    if (result < 0)
        fail_errno(tree, errno, error);
    close(fd);
    return result;
}

/* The descriptor of a path of the right type, -1 on error. */
static int open_type(const LegacyTree *tree, const char *path, bool folder, struct stat *st, GError **error)
{
    int fd = open_path(tree, path, error);

    if (fd < 0)
        return -1;
    if (fstat(fd, st) < 0)
        fail_errno(tree, errno, error);
    else if (folder ? S_ISDIR(st->st_mode) : S_ISREG(st->st_mode))
        return reopen(tree, fd, folder ? O_DIRECTORY : 0, error);
    else
        fail_type(st->st_mode, folder, error);
    close(fd);
    return -1;
}

static bool fail_size(size_t size_max, GError **error)
{
    g_autofree char *size = format_size((int64_t) size_max);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                _("It is larger than %s, which no such file of the old system is"), size);
    return false;
}

static bool write_all(int to, const guint8 *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(to, data, length);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            length -= (size_t) n;
        }
    }
    return true;
}

bool legacy_fail_copy(int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(number),
                _("A copy of it in %s, to read that, cannot be made: %s"), g_get_tmp_dir(),
                g_strerror(number));
    return false;
}

/* To a descriptor or, where that is -1, to the bytes. */
static bool read_all(const LegacyTree *tree, int fd, size_t size_max, int to, GByteArray *bytes,
                     GError **error)
{
    guint8 buffer[65536];
    size_t size = 0;
    ssize_t n;

    /* The size in the inode is not believed: a file may grow, and one of the kernel says 0. */
    while ((n = read(fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(tree, errno, error);
        size += (size_t) n;
        if (size > size_max)
            return fail_size(size_max, error);
        if (to < 0)
            g_byte_array_append(bytes, buffer, (guint) n);
        else if (!write_all(to, buffer, (size_t) n))
            return legacy_fail_copy(errno, error);
    }
    return true;
}

bool legacy_is_yaml_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot != name &&
           (g_ascii_strcasecmp(dot, ".yml") == 0 || g_ascii_strcasecmp(dot, ".yaml") == 0);
}

static GPtrArray *read_folder(const LegacyTree *tree, DIR *dir, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry;
    unsigned n = 0;

    errno = 0;
    while ((entry = readdir(dir))) {
        if (++n > FOLDER_MAX) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        _("There are more than %u entries in this folder; move away what is no coach file"),
                        FOLDER_MAX);
            return NULL;
        }
        if (legacy_is_yaml_name(entry->d_name))
            g_ptr_array_add(names, g_strdup(entry->d_name));
        errno = 0;
    }
    if (errno != 0) {
        fail_errno(tree, errno, error);
        return NULL;
    }
    g_ptr_array_sort(names, text_compare_elements);
    return g_steal_pointer(&names);
}

/* Jobs */

typedef struct Job {
    LegacyTree *tree; /* a reference */
    char *path;
    size_t size_max;
    int to; /* where the bytes go; -1: into memory */
    /* What came of it. */
    struct stat st;
    GByteArray *bytes;
    GPtrArray *names;
    GError *error;
} Job;

static Job *job_new(LegacyTree *tree, const char *path)
{
    Job *job = g_new0(Job, 1);

    job->tree = g_atomic_rc_box_acquire(tree);
    job->path = g_strdup(path);
    job->to = -1;
    return job;
}

static void job_free(gpointer data)
{
    Job *job = data;

    legacy_tree_close(job->tree);
    g_free(job->path);
    if (job->to >= 0)
        close(job->to);
    g_clear_pointer(&job->bytes, g_byte_array_unref);
    g_clear_pointer(&job->names, g_ptr_array_unref);
    g_clear_error(&job->error);
    g_free(job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

/* NULL with `error` set where it takes too long or fails. */
static Job *job_run(Job *job, PatienceFunc func, GError **error)
{
    LegacyTree *tree = job->tree;
    gint64 patience = tree->patience;

    if (!patience_run(func, job, job_free, patience)) {
        tree->patience = PATIENCE_LOST;
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    _("It does not answer; look after the disk or the server that it lies on"));
        return NULL;
    }
    if (!job->error)
        return job;
    g_propagate_error(error, g_steal_pointer(&job->error));
    job_free(job);
    return NULL;
}

static void do_look(gpointer data)
{
    Job *job = data;
    int fd = open_type(job->tree, job->path, false, &job->st, &job->error);

    if (fd >= 0)
        close(fd);
}

bool legacy_tree_look(LegacyTree *tree, const char *path, struct stat *ret_st, GError **error)
{
    g_autoptr(Job) job = job_run(job_new(tree, path), do_look, error);

    if (!job)
        return false;
    *ret_st = job->st;
    return true;
}

static void do_read(gpointer data)
{
    Job *job = data;
    int fd = open_type(job->tree, job->path, false, &job->st, &job->error);

    if (fd < 0)
        return;
    if ((size_t) job->st.st_size > job->size_max)
        fail_size(job->size_max, &job->error);
    else
        read_all(job->tree, fd, job->size_max, job->to, job->bytes, &job->error);
    close(fd);
}

GBytes *legacy_tree_read(LegacyTree *tree, const char *path, size_t size_max, struct stat *ret_st,
                         GError **error)
{
    Job *reading = job_new(tree, path);
    g_autoptr(Job) job = NULL;

    reading->size_max = size_max;
    reading->bytes = g_byte_array_new();
    job = job_run(reading, do_read, error);
    if (!job)
        return NULL;
    if (ret_st)
        *ret_st = job->st;
    return g_byte_array_free_to_bytes(g_steal_pointer(&job->bytes));
}

static void do_read_head(gpointer data)
{
    Job *job = data;
    int fd = open_type(job->tree, job->path, false, &job->st, &job->error);
    ssize_t n;

    if (fd < 0)
        return;
    g_byte_array_set_size(job->bytes, (guint) job->size_max);
    n = read(fd, job->bytes->data, job->size_max);
    if (n < 0)
        fail_errno(job->tree, errno, &job->error);
    else
        g_byte_array_set_size(job->bytes, (guint) n);
    close(fd);
}

GBytes *legacy_tree_read_head(LegacyTree *tree, const char *path, size_t length, GError **error)
{
    Job *reading = job_new(tree, path);
    g_autoptr(Job) job = NULL;

    reading->size_max = length;
    reading->bytes = g_byte_array_new();
    job = job_run(reading, do_read_head, error);
    return job ? g_byte_array_free_to_bytes(g_steal_pointer(&job->bytes)) : NULL;
}

bool legacy_tree_copy(LegacyTree *tree, const char *path, size_t size_max, int to, struct stat *ret_st,
                      GError **error)
{
    Job *copying = job_new(tree, path);
    g_autoptr(Job) job = NULL;

    copying->size_max = size_max;
    copying->to = to;
    job = job_run(copying, do_read, error);
    if (!job)
        return false;
    *ret_st = job->st;
    return true;
}

static void do_list(gpointer data)
{
    Job *job = data;
    struct stat st;
    int fd = open_type(job->tree, job->path, true, &st, &job->error);
    g_autoptr(DIR) dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir) {
        job->names = read_folder(job->tree, dir, &job->error);
    } else if (fd >= 0) {
        fail_errno(job->tree, errno, &job->error);
        close(fd);
    }
}

GPtrArray *legacy_tree_list_yaml(LegacyTree *tree, const char *path, GError **error)
{
    g_autoptr(Job) job = job_run(job_new(tree, path), do_list, error);

    return job ? g_steal_pointer(&job->names) : NULL;
}
