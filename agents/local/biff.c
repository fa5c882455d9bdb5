#include "agents/local/biff.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

enum { COMSAT_PORT = 512 };

void local_biff_notify(const char *user, off_t offset)
{
    static int fd = -1; /* one socket does for as long as we live */
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(COMSAT_PORT),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[100];

    if (fd < 0 && (fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
        log_warn("biff_notify: socket: %m");
        return;
    }
    int n = snprintf(text, sizeof(text), "%s@%ld", user, (long) offset);
    if (n > 0 && (size_t) n < sizeof(text))
        sendto(fd, text, (size_t) n + 1, 0, (const struct sockaddr *) &to, sizeof(to));
}
