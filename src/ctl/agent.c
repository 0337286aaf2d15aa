/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent.c: starts and ends pkttyagent. */

#include "ctl/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

/* An agent that has not registered by then will not any more; the call goes on without it. */
#define REGISTER_TIMEOUT_MS 10000

G_NORETURN static void run_agent(int notify_fd, const char *notify_argument, pid_t parent)
{
    /* As a fallback, an agent of the desktop goes first. But polkit looks for fallbacks in login sessions
     * only, and there are terminals without one. */
    const char *fallback = sd_pid_get_session(0, NULL) >= 0 ? "--fallback" : NULL;

    /* When we are killed, nobody would end the agent. The parent may already be gone at this point. */
    (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && fcntl(notify_fd, F_SETFD, 0) == 0)
        execlp("pkttyagent", "pkttyagent", "--notify-fd", notify_argument, fallback, (char *) NULL);
    _exit(127);
}

pid_t agent_open(void)
{
    struct pollfd registered = {.events = POLLIN};
    pid_t parent = getpid();
    int pipe_fds[2];
    pid_t agent;
    int r;

    /* Input counts here: output may well go into a file while a person answers. */
    if (!isatty(STDIN_FILENO) || pipe2(pipe_fds, O_CLOEXEC) < 0)
        return 0;

    g_autofree char *notify = g_strdup_printf("%d", pipe_fds[1]);
    agent = fork();
    if (agent == 0)
        run_agent(pipe_fds[1], notify, parent);
    close(pipe_fds[1]);

    /* pkttyagent closes its end once it is registered; a failed start closes it too. */
    registered.fd = pipe_fds[0];
    do {
        r = agent > 0 ? poll(&registered, 1, REGISTER_TIMEOUT_MS) : 0;
    } while (r < 0 && errno == EINTR);
    close(pipe_fds[0]);
    return MAX(agent, 0);
}

void agent_close(pid_t agent)
{
    pid_t r;

    if (agent <= 0)
        return;
    kill(agent, SIGTERM);
    /* One that reads from the terminal in the background is stopped, and a stopped process does not end. */
    kill(agent, SIGCONT);
    do {
        r = waitpid(agent, NULL, 0);
    } while (r < 0 && errno == EINTR);
}
