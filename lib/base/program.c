#include "base/program.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

void program_become(const char *const *argv)
{
    log_flush();
    execvp(argv[0], (char *const *) argv);
    fatal("execvp %s: %m", argv[0]);
}

int program_run(const char *const *argv)
{
    int status;

    log_flush();
    pid_t pid = fork();
    if (pid < 0)
        fatal("fork: %m");
    if (pid == 0)
        program_become(argv);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fatal("waitpid: %m");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
