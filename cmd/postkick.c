/* postkick: send request letters to a service of this mail system. See postkick(1). */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/client.h"

int main(int argc, char **argv)
{
    int c;

    argv[0] = "postkick"; /* as getopt(3) calls us */
    log_set_tag("postkick");
    while ((c = getopt(argc, argv, "c:v")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'v': log_verbose++; break;
        default: optind = argc;
        }
    }
    if (argc - optind != 3)
        fatal("usage: postkick [-c config_dir] [-v] class service request");
    config_load("postkick", "postkick");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    char *path = mem_printf("%s/%s", argv[optind], argv[optind + 1]);
    bool ok = client_trigger(path, argv[optind + 2]);
    if (!ok && errno == ENOENT)
        log_warn("unable to look up %s: %m", path);
    if (!ok)
        log_warn("Cannot contact class %s service %s - perhaps the mail system is down", argv[optind], argv[optind + 1]);
    mem_free(path);
    return ok ? 0 : 1;
}
