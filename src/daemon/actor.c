/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/actor.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define PASSWD_BUFFER_SIZE 16384
#define PROCESS_NAME_SIZE 64

void actor_clear(Actor *actor)
{
    g_clear_pointer(&actor->user, g_free);
    g_clear_pointer(&actor->process, g_free);
}

static char *user_name(uint32_t uid)
{
    g_autofree char *buffer = g_malloc(PASSWD_BUFFER_SIZE);
    struct passwd entry, *result = NULL;

    if (getpwuid_r(uid, &entry, buffer, PASSWD_BUFFER_SIZE, &result) == 0 && result &&
        g_utf8_validate(result->pw_name, -1, NULL))
        return g_strdup(result->pw_name);
    return g_strdup_printf("%u", uid);
}

/* Anybody names a process as they like. What cannot be sent would stand in the way of all who read the
 * history. */
static char *make_sendable(const char *name)
{
    char *text = g_utf8_make_valid(name, -1), *bad;

    while ((bad = (char *) text_find_noncharacter(text, strlen(text))))
        memset(bad, '?', (size_t) (g_utf8_next_char(bad) - bad));
    return text;
}

/* "" where the sandbox hides the processes of others. */
static char *process_name(int32_t pid)
{
    char path[32], name[PROCESS_NAME_SIZE];
    ssize_t n;
    int fd;

    g_snprintf(path, sizeof path, "/proc/%d/comm", pid);
    fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return g_strdup("");
    n = read(fd, name, sizeof name - 1);
    close(fd);
    if (n <= 0)
        return g_strdup("");
    name[n] = 0;
    return make_sendable(g_strchomp(name));
}

void actor_fill(Actor *actor, uint32_t uid, int32_t pid)
{
    *actor = (Actor){.uid = uid, .pid = pid, .user = user_name(uid), .process = process_name(pid)};
}

int actor_from_message(sd_bus_message *message, Actor *ret)
{
    CLEANUP(bus_creds_unrefp) sd_bus_creds *creds = NULL;
    pid_t pid = 0;
    uid_t uid;
    int r;

    r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID, &creds);
    if (r < 0)
        return r;
    r = sd_bus_creds_get_euid(creds, &uid);
    if (r < 0)
        return r;
    if (sd_bus_creds_get_pid(creds, &pid) < 0)
        pid = 0;
    actor_fill(ret, uid, pid);
    return 0;
}
