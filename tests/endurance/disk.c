/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers shall neither fortify the calls that are defined here nor make one of two of them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include "disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define SECTOR 512
/* Syncs of files and folders whose name ends so are left out of the record, to see that it is noticed; "" is
 * all of them. */
#define SKIP_SYNC "COACHIQ_TEST_SKIP_SYNC"

/* Files and what is done to them */

typedef struct Operation Operation;

typedef struct File {
    char *name;
    GByteArray *content;       /* that lasts */
    GHashTable *entries;       /* of a folder: name → File, that last; NULL: no folder */
    GByteArray *first_content; /* what was there when the record began */
    GHashTable *first_entries;
    GPtrArray *pending; /* of Operation, since the last sync; borrowed */
} File;

typedef enum OperationType { WRITE, TRUNCATE, SYNC, ENTER, REMOVE, RENAME } OperationType;

struct Operation {
    OperationType type;
    size_t number;
    File *file; /* the folder, where a name changes */
    gint64 offset;
    GBytes *data;
    char *name, *new_name;
    File *entered;
};

static struct {
    char *folder; /* NULL: nothing is written down */
    File *root;
    GHashTable *by_inode; /* "DEVICE:INODE" → File */
    GPtrArray *files, *operations;
    size_t position; /* of the replay */
} disk;

static struct {
    char *folder; /* NULL: all goes well */
    DiskFault fault;
    unsigned seen, failed;
} trouble;

static void file_free(gpointer data)
{
    File *file = data;

    g_free(file->name);
    g_byte_array_unref(file->content);
    g_clear_pointer(&file->entries, g_hash_table_unref);
    g_byte_array_unref(file->first_content);
    g_clear_pointer(&file->first_entries, g_hash_table_unref);
    g_ptr_array_unref(file->pending);
    g_free(file);
}

static File *file_new(const char *name, bool folder)
{
    File *file = g_new0(File, 1);

    file->name = g_strdup(name);
    file->content = g_byte_array_new();
    file->first_content = g_byte_array_new();
    if (folder) {
        file->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        file->first_entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    file->pending = g_ptr_array_new();
    g_ptr_array_add(disk.files, file);
    return file;
}

static void operation_free(gpointer data)
{
    Operation *operation = data;

    g_clear_pointer(&operation->data, g_bytes_unref);
    g_free(operation->name);
    g_free(operation->new_name);
    g_free(operation);
}

static Operation *note(OperationType type, File *file)
{
    Operation *operation = g_new0(Operation, 1);

    operation->type = type;
    operation->file = file;
    operation->number = disk.operations->len;
    g_ptr_array_add(disk.operations, operation);
    return operation;
}

static char *inode_key(const struct stat *st)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) st->st_dev,
                           (guint64) st->st_ino);
}

static File *file_of(const struct stat *st)
{
    g_autofree char *key = inode_key(st);

    return g_hash_table_lookup(disk.by_inode, key);
}

static File *file_of_descriptor(int fd)
{
    struct stat st;

    return disk.folder && fstat(fd, &st) == 0 ? file_of(&st) : NULL;
}

static File *folder_of(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    struct stat st;

    return disk.folder && stat(parent, &st) == 0 ? file_of(&st) : NULL;
}

static bool is_shared_memory(const char *path)
{
    return g_str_has_suffix(path, "-shm");
}

static void note_entry(const char *path, bool is_folder)
{
    g_autofree char *name = g_path_get_basename(path);
    File *folder = folder_of(path);
    struct stat st;
    Operation *operation;

    if (!folder || is_shared_memory(path) || stat(path, &st) < 0)
        return;
    operation = note(ENTER, folder);
    operation->name = g_steal_pointer(&name);
    operation->entered = file_new(operation->name, is_folder);
    /* The number may have belonged to a file that is gone. */
    g_hash_table_insert(disk.by_inode, inode_key(&st), operation->entered);
}

static void note_bytes(int fd, const void *bytes, size_t length, gint64 offset)
{
    int errno_before = errno;
    File *file = file_of_descriptor(fd);

    if (file && length > 0) {
        Operation *operation = note(WRITE, file);
        operation->data = g_bytes_new(bytes, length);
        operation->offset = offset;
    }
    errno = errno_before;
}

static void note_truncation(int fd, gint64 length)
{
    File *file = file_of_descriptor(fd);

    if (file)
        note(TRUNCATE, file)->offset = length;
}

static void note_sync(int fd)
{
    const char *skipped = g_getenv(SKIP_SYNC);
    File *file = file_of_descriptor(fd);

    if (file && !(skipped && g_str_has_suffix(file->name, skipped)))
        note(SYNC, file);
}

/* Faults */

static bool is_below(const char *path, const char *folder)
{
    size_t length = folder ? strlen(folder) : 0;

    return folder && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool path_fails(const char *path, DiskKind kind)
{
    const DiskFault *fault = &trouble.fault;

    if (!is_below(path, trouble.folder) || !(fault->kinds & kind))
        return false;
    if (trouble.seen++ < fault->after || (!fault->lasting && trouble.failed > 0))
        return false;
    trouble.failed++;
    errno = fault->error;
    return true;
}

static bool descriptor_fails(int fd, DiskKind kind)
{
    char link[64], path[4096];
    ssize_t length;

    if (!trouble.folder)
        return false;
    g_snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = 0;
    return path_fails(path, kind);
}

void disk_fail(const char *folder, const DiskFault *fault)
{
    disk_heal();
    trouble.fault = *fault;
    trouble.seen = 0;
    trouble.folder = g_strdup(folder);
}

unsigned disk_seen(void)
{
    return trouble.seen;
}

unsigned disk_heal(void)
{
    unsigned failed = trouble.failed;

    g_clear_pointer(&trouble.folder, g_free);
    trouble.failed = 0;
    return failed;
}

/* The calls themselves. Each has two names where files may be large. Their parameters have names that libc's
 * headers do not give them; and the analyzer does not see va_start() in a macro. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name, clang-analyzer-valist.Uninitialized) */

#define REAL(name)                                                                                          \
    static __typeof__(&name) real;                                                                          \
    if (!real)                                                                                              \
    real = (__typeof__(&name)) dlsym(RTLD_NEXT, #name)

static int open_any(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...))
{
    bool there = true, ours = is_below(path, disk.folder) || is_below(path, trouble.folder);
    int fd;

    if (ours && (flags & O_TMPFILE) == O_TMPFILE)
        there = !path_fails(path, DISK_CREATE);
    if (!there)
        return -1;
    if (ours && (flags & O_CREAT))
        there = access(path, F_OK) == 0;
    if (ours && path_fails(path, there ? DISK_OPEN : DISK_CREATE))
        return -1;
    fd = real(path, flags, mode);
    if (fd >= 0 && ours && !there)
        note_entry(path, false);
    else if (fd >= 0 && ours && (flags & O_TRUNC))
        note_truncation(fd, 0);
    return fd;
}

#define OPEN(name)                                                                                          \
    int name(const char *path, int flags, ...)                                                              \
    {                                                                                                       \
        mode_t mode = 0;                                                                                    \
        REAL(name);                                                                                         \
        if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {                                        \
            va_list arguments;                                                                              \
            va_start(arguments, flags);                                                                     \
            mode = va_arg(arguments, mode_t);                                                               \
            va_end(arguments);                                                                              \
        }                                                                                                   \
        return open_any(path, flags, mode, real);                                                           \
    }
OPEN(open)
OPEN(open64)

/* How much of a write that is to fail is done all the same. */
static size_t part_of(size_t length)
{
    return trouble.fault.partly && trouble.failed == 1 ? length / 2 : 0;
}

#define PWRITE(name, offset_type)                                                                           \
    ssize_t name(int fd, const void *bytes, size_t length, offset_type offset)                              \
    {                                                                                                       \
        ssize_t n;                                                                                          \
        REAL(name);                                                                                         \
        if (descriptor_fails(fd, DISK_WRITE)) {                                                             \
            length = part_of(length);                                                                       \
            if (length == 0)                                                                                \
                return -1;                                                                                  \
        }                                                                                                   \
        n = real(fd, bytes, length, offset);                                                                \
        if (n > 0)                                                                                          \
            note_bytes(fd, bytes, (size_t) n, offset);                                                      \
        return n;                                                                                           \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length)
{
    off_t offset = disk.folder ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t n;
    REAL(write);

    if (descriptor_fails(fd, DISK_WRITE))
        return -1;
    n = real(fd, bytes, length);
    if (n > 0)
        note_bytes(fd, bytes, (size_t) n, offset);
    return n;
}

/* What was sent is read back for the record. */
static void note_sent(int fd, gint64 offset, size_t length)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd), *bytes = g_malloc(length);
    int reader = file_of_descriptor(fd) ? open(link, O_RDONLY | O_CLOEXEC) : -1;

    if (reader >= 0 && pread(reader, bytes, length, offset) == (ssize_t) length)
        note_bytes(fd, bytes, length, offset);
    if (reader >= 0)
        close(reader);
}

#define SENDFILE(name, offset_type)                                                                         \
    ssize_t name(int to, int from, offset_type *offset, size_t length)                                      \
    {                                                                                                       \
        off_t start = disk.folder ? lseek(to, 0, SEEK_CUR) : 0;                                             \
        ssize_t n;                                                                                          \
        REAL(name);                                                                                         \
        if (descriptor_fails(to, DISK_WRITE) || descriptor_fails(from, DISK_READ))                          \
            return -1;                                                                                      \
        n = real(to, from, offset, length);                                                                 \
        if (n > 0)                                                                                          \
            note_sent(to, start, (size_t) n);                                                               \
        return n;                                                                                           \
    }
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)

#define PREAD(name, offset_type)                                                                            \
    ssize_t name(int fd, void *bytes, size_t length, offset_type offset)                                    \
    {                                                                                                       \
        REAL(name);                                                                                         \
        return descriptor_fails(fd, DISK_READ) ? -1 : real(fd, bytes, length, offset);                      \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define FTRUNCATE(name, offset_type)                                                                        \
    int name(int fd, offset_type length)                                                                    \
    {                                                                                                       \
        int r;                                                                                              \
        REAL(name);                                                                                         \
        if (descriptor_fails(fd, DISK_TRUNCATE))                                                            \
            return -1;                                                                                      \
        r = real(fd, length);                                                                               \
        if (r == 0)                                                                                         \
            note_truncation(fd, length);                                                                    \
        return r;                                                                                           \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

int fsync(int fd)
{
    if (descriptor_fails(fd, DISK_SYNC))
        return -1;
    note_sync(fd);
    return 0;
}

int fdatasync(int fd)
{
    return fsync(fd);
}

/* From folder to folder: the two names come and go by themselves, so that either may be lost. */
static void note_move(const char *path, const char *new_path)
{
    Operation *operation = note(ENTER, folder_of(new_path));
    struct stat st;

    g_assert_cmpint(stat(new_path, &st), ==, 0);
    operation->name = g_path_get_basename(new_path);
    operation->entered = file_of(&st);
    g_assert_nonnull(operation->entered);
    note(REMOVE, folder_of(path))->name = g_path_get_basename(path);
}

int rename(const char *path, const char *new_path)
{
    File *folder = folder_of(path);
    int r;
    REAL(rename);

    if (path_fails(path, DISK_RENAME))
        return -1;
    r = real(path, new_path);
    if (r == 0 && folder && folder_of(new_path) != folder) {
        note_move(path, new_path);
    } else if (r == 0 && folder) {
        Operation *operation = note(RENAME, folder);

        operation->name = g_path_get_basename(path);
        operation->new_name = g_path_get_basename(new_path);
    }
    return r;
}

int unlink(const char *path)
{
    File *folder = folder_of(path);
    int r;
    REAL(unlink);

    if (path_fails(path, DISK_UNLINK))
        return -1;
    r = real(path);
    if (r == 0 && folder && !is_shared_memory(path))
        note(REMOVE, folder)->name = g_path_get_basename(path);
    return r;
}

int mkdir(const char *path, mode_t mode)
{
    int r;
    REAL(mkdir);

    /* What is there already takes no room. */
    if (access(path, F_OK) < 0 && path_fails(path, DISK_CREATE))
        return -1;
    r = real(path, mode);
    if (r == 0 && is_below(path, disk.folder))
        note_entry(path, true);
    return r;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name, clang-analyzer-valist.Uninitialized) */

/* The record */

/* A file or folder that is there when it begins, with what is in it. */
static File *adopt(const char *path)
{
    bool is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GDir) directory = is_folder ? g_dir_open(path, 0, NULL) : NULL;
    File *file = file_new(name, is_folder);
    const char *below;
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    g_hash_table_insert(disk.by_inode, inode_key(&st), file);
    while (directory && (below = g_dir_read_name(directory))) {
        g_autofree char *below_path = g_build_filename(path, below, NULL);

        if (!is_shared_memory(below))
            g_hash_table_insert(file->first_entries, g_strdup(below), adopt(below_path));
    }
    if (!is_folder) {
        g_autofree char *bytes = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        g_byte_array_append(file->first_content, (const guint8 *) bytes, (guint) length);
    }
    return file;
}

void disk_record(const char *folder)
{

    disk_clear();
    disk.files = g_ptr_array_new_with_free_func(file_free);
    disk.operations = g_ptr_array_new_with_free_func(operation_free);
    disk.by_inode = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    disk.root = adopt(folder);
    disk.folder = g_strdup(folder);
}

void disk_stop(void)
{
    g_clear_pointer(&disk.folder, g_free);
}

size_t disk_position(void)
{
    return disk.operations->len;
}

void disk_clear(void)
{
    disk_stop();
    g_clear_pointer(&disk.by_inode, g_hash_table_unref);
    g_clear_pointer(&disk.operations, g_ptr_array_unref);
    g_clear_pointer(&disk.files, g_ptr_array_unref);
}

/* Replay */

static void copy_entries(GHashTable *from, GHashTable *to)
{
    GHashTableIter iter;
    gpointer name, file;

    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &name, &file))
        g_hash_table_insert(to, g_strdup(name), file);
}

void disk_rewind(void)
{
    for (guint i = 0; i < disk.files->len; i++) {
        File *file = g_ptr_array_index(disk.files, i);

        g_byte_array_set_size(file->content, 0);
        g_byte_array_append(file->content, file->first_content->data, file->first_content->len);
        g_ptr_array_set_size(file->pending, 0);
        if (file->entries) {
            g_hash_table_remove_all(file->entries);
            copy_entries(file->first_entries, file->entries);
        }
    }
    disk.position = 0;
}

static void apply_bytes(GByteArray *content, gint64 offset, const guint8 *bytes, size_t length)
{
    guint before = content->len, end = (guint) offset + (guint) length;

    if (end > before) {
        g_byte_array_set_size(content, end);
        memset(content->data + before, 0, end - before);
    }
    memcpy(content->data + offset, bytes, length);
}

static void apply_truncation(GByteArray *content, gint64 length)
{
    guint before = content->len;

    g_byte_array_set_size(content, (guint) length);
    if (length > before)
        memset(content->data + before, 0, (guint) length - before);
}

static void apply_to_content(GByteArray *content, const Operation *operation)
{
    gsize length;
    const guint8 *bytes;

    if (operation->type == TRUNCATE) {
        apply_truncation(content, operation->offset);
        return;
    }
    bytes = g_bytes_get_data(operation->data, &length);
    apply_bytes(content, operation->offset, bytes, length);
}

static void apply_to_entries(GHashTable *entries, const Operation *operation)
{
    File *file =
        operation->type == ENTER ? operation->entered : g_hash_table_lookup(entries, operation->name);

    if (operation->type == ENTER) {
        g_hash_table_insert(entries, g_strdup(operation->name), file);
        return;
    }
    g_hash_table_remove(entries, operation->name);
    if (operation->type == RENAME && file)
        g_hash_table_insert(entries, g_strdup(operation->new_name), file);
}

static void settle(File *file)
{
    for (guint i = 0; i < file->pending->len; i++) {
        const Operation *operation = g_ptr_array_index(file->pending, i);

        if (file->entries)
            apply_to_entries(file->entries, operation);
        else
            apply_to_content(file->content, operation);
    }
    g_ptr_array_set_size(file->pending, 0);
}

bool disk_advance(void)
{
    Operation *operation;

    if (disk.position >= disk.operations->len)
        return false;
    operation = g_ptr_array_index(disk.operations, disk.position++);
    if (operation->type == SYNC)
        settle(operation->file);
    else
        g_ptr_array_add(operation->file->pending, operation);
    return true;
}

char *disk_describe(void)
{
    static const char *const names[] = {"write", "truncate", "sync", "create", "unlink", "rename"};
    const Operation *operation = g_ptr_array_index(disk.operations, disk.position - 1);

    return g_strdup_printf("operation %zu of %u (%s %s%s%s)", disk.position, disk.operations->len,
                           names[operation->type], operation->file->name, operation->name ? "/" : "",
                           operation->name ? operation->name : "");
}

/* A cut: what is kept of what was not synced. */

typedef enum CutMode { KEEP_ALL, KEEP_NONE, KEEP_FIRST, KEEP_SOME, KEEP_SECTORS, CUT_N_MODES } CutMode;

typedef struct Cut {
    CutMode mode;
    size_t limit;   /* KEEP_FIRST: what came before is there; this one is torn */
    gint32 percent; /* that is kept otherwise */
} Cut;

static bool chance(gint32 percent)
{
    return g_test_rand_int_range(0, 100) < percent;
}

static bool keeps(const Cut *cut, const Operation *operation)
{
    switch (cut->mode) {
    case KEEP_ALL:
        return true;
    case KEEP_NONE:
        return false;
    case KEEP_FIRST:
        return operation->number < cut->limit;
    default:
        return chance(cut->percent);
    }
}

static bool tears(const Cut *cut, const Operation *operation)
{
    return operation->type == WRITE && (cut->mode == KEEP_SECTORS || operation->number == cut->limit);
}

static void apply_sectors(GByteArray *content, const Operation *operation, gint32 percent)
{
    gsize length, done = 0;
    const guint8 *bytes = g_bytes_get_data(operation->data, &length);

    while (done < length) {
        gint64 offset = operation->offset + (gint64) done;
        size_t part = MIN(length - done, (size_t) (SECTOR - offset % SECTOR));

        if (chance(percent))
            apply_bytes(content, offset, bytes + done, part);
        done += part;
    }
}

static void write_file(const char *path, const guint8 *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);

        g_assert_cmpint(n, >, 0);
        bytes += n;
        length -= (size_t) n;
    }
    close(fd);
}

static void materialise_file(const File *file, const char *path, const Cut *cut)
{
    g_autoptr(GByteArray) content = g_byte_array_new();

    g_byte_array_append(content, file->content->data, file->content->len);
    for (guint i = 0; i < file->pending->len; i++) {
        const Operation *operation = g_ptr_array_index(file->pending, i);

        if (tears(cut, operation))
            apply_sectors(content, operation, cut->percent);
        else if (keeps(cut, operation))
            apply_to_content(content, operation);
    }
    write_file(path, content->data, content->len);
}

static void add_shared_memory(const char *path)
{
    g_autofree char *name = g_strconcat(path, "-shm", NULL);
    guint8 noise[SECTOR * 8];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (guint8) g_test_rand_int();
    write_file(name, noise, sizeof noise);
}

static void materialise_folder(const File *folder, const char *path, const Cut *cut)
{
    g_autoptr(GHashTable) entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer name, file;

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    copy_entries(folder->entries, entries);
    for (guint i = 0; i < folder->pending->len; i++)
        if (keeps(cut, g_ptr_array_index(folder->pending, i)))
            apply_to_entries(entries, g_ptr_array_index(folder->pending, i));

    g_hash_table_iter_init(&iter, entries);
    while (g_hash_table_iter_next(&iter, &name, &file)) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        if (((const File *) file)->entries)
            materialise_folder(file, below, cut);
        else
            materialise_file(file, below, cut);
        if (g_str_has_suffix(name, ".db") && chance(30))
            add_shared_memory(below);
    }
}

const char *disk_materialise(const char *folder)
{
    static const char *const names[] = {"all kept", "all lost", "the first kept", "some kept",
                                        "some sectors kept"};
    static const CutMode modes[] = {KEEP_ALL,  KEEP_NONE,    KEEP_NONE,    KEEP_FIRST,  KEEP_SOME,
                                    KEEP_SOME, KEEP_SECTORS, KEEP_SECTORS, KEEP_SECTORS};
    static const gint32 percents[] = {10, 50, 50, 90, 97};
    Cut cut = {.mode = modes[g_test_rand_int_range(0, G_N_ELEMENTS(modes))],
               .percent = percents[g_test_rand_int_range(0, G_N_ELEMENTS(percents))],
               .limit = disk.position - 1};

    if (cut.mode == KEEP_FIRST)
        cut.limit = disk.position - MIN(disk.position, (size_t) g_test_rand_int_range(1, 40));
    if (cut.mode == KEEP_ALL || cut.mode == KEEP_NONE)
        cut.limit = G_MAXSIZE;
    materialise_folder(disk.root, folder, &cut);
    return names[cut.mode];
}
