/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* intake.c: reading of files. */

#include "ctl/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memfd.h"
#include "coach/coach-id.h"
#include "ctl/format.h"

#define BUFFER_SIZE 65536

bool intake_is_file(const char *word)
{
    return coach_name_ending(word) || strchr(word, '/') || g_str_equal(word, INTAKE_STANDARD_INPUT);
}

const char *intake_title(const Intake *intake)
{
    return intake->name ? intake->name : _("Standard input");
}

static bool fail(const char *path, int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(number), _("Cannot read %s: %s."), path,
                g_strerror(number));
    return false;
}

static bool fail_size(const Intake *intake, GError **error)
{
    g_autofree char *limit = format_size((int64_t) INTAKE_SIZE_MAX);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                _("%s is larger than %s, more than a coach file may have."), intake_title(intake), limit);
    return false;
}

/* What else there may be at a path, and what the person can do. */
static bool check_kind(const char *path, const struct stat *st, GError **error)
{
    const char *sentence;

    if (S_ISREG(st->st_mode))
        return true;
    if (S_ISDIR(st->st_mode))
        sentence = _("%s is a folder. Name a file in it.");
    else if (S_ISFIFO(st->st_mode))
        sentence = _("%s is a pipe. Give “-” instead, and let it be the standard input.");
    else
        sentence = _("%s is a device or a socket, not a file.");
    /* One %s each. */
    g_auto(GStrv) parts = g_strsplit(sentence, "%s", 2);
    g_autofree char *message = g_strjoinv(path, parts);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, message);
    return false;
}

/* To the end, or to one byte more than is allowed: a file may grow, and a pipe never end. */
static bool read_all(Intake *intake, int fd, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    while (bytes->len <= INTAKE_SIZE_MAX) {
        guint8 buffer[BUFFER_SIZE];
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return fail(intake_title(intake), errno, error);
        if (n > 0)
            g_byte_array_append(bytes, buffer, (guint) n);
    }
    if (bytes->len > INTAKE_SIZE_MAX)
        return fail_size(intake, error);
    intake->length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *) "", 1);
    intake->text = (char *) g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return true;
}

static bool read_file(Intake *intake, int fd, GError **error)
{
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(intake->name, errno, error);
    return check_kind(intake->name, &st, error) && read_all(intake, fd, error);
}

bool intake_read(Intake *intake, const char *path, GError **error)
{
    bool ok;
    int fd;

    *intake = (Intake){0};
    if (g_str_equal(path, INTAKE_STANDARD_INPUT))
        return read_all(intake, STDIN_FILENO, error);
    intake->name = g_strdup(path);
    /* Neither a pipe nor a modem is waited for. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ok = read_file(intake, fd, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

void intake_clear(Intake *intake)
{
    g_clear_pointer(&intake->name, g_free);
    g_clear_pointer(&intake->text, g_free);
}

int intake_descriptor(const Intake *intake, GError **error)
{
    int fd = memfd_new_sealed("coachiqctl", intake->text, intake->length);

    if (fd < 0)
        fail(intake_title(intake), -fd, error);
    return fd;
}
