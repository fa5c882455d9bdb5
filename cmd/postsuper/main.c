/* postsuper: what the superuser may do with the queue. See postsuper(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/postsuper/action.h"
#include "cmd/postsuper/repair.h"
#include "cmd/postsuper/settled.h"
#include "config/config.h"
#include "daemon/jail.h"
#include "daemon/logging.h"

/* Log files before the messages that they belong to. */
static const char *const all_queues[] = {
    "defer", "bounce", "trace", "maildrop", "incoming", "active", "deferred", "hold", "flush", NULL};

/* What is to be done, in the order of the command line. */
struct order {
    enum postsuper_action action;
    const char *id; /* "ALL", "-": from standard input */
};

struct options {
    bool structure, strict, purge;
    struct vec orders;
    const char *const *queues; /* NULL: none were given */
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] "
          "[-f queue_id (expire and/or un-hold)] [-h queue_id (hold)] [-H queue_id (un-hold)] "
          "[-p (purge temporary files)] [-r queue_id (requeue)] [-s (structure fix)] "
          "[-S (redundant structure fix)] [-v (verbose)] [queue...]");
}

static void take_option(struct options *o, int c)
{
    enum postsuper_action action;

    if (c == 'c')
        config_set_dir(optarg);
    else if (c == 'p')
        o->purge = true;
    else if (c == 's')
        o->structure = true;
    else if (c == 'S')
        o->structure = o->strict = true;
    else if (c == 'v')
        log_verbose++;
    else if (!postsuper_action_of(c, &action))
        usage();
    else {
        struct order *order = mem_alloc(sizeof(*order));
        *order = (struct order){.action = action, .id = optarg};
        vec_add(&o->orders, order);
        postsuper_action_expect(action);
    }
}

static void take_queues(struct options *o, char **names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t k = 0;
        while (all_queues[k] != NULL && strcmp(all_queues[k], names[i]) != 0)
            k++;
        if (all_queues[k] == NULL)
            fatal("invalid directory name: %s", names[i]);
    }
    if (names[0] != NULL)
        o->queues = (const char *const *) names;
}

static void from_stdin(enum postsuper_action action, const char *const *queues)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        postsuper_action_one(action, line, queues);
    }
    free(line);
}

static void repair(const struct options *o)
{
    const char *const *queues = o->queues == NULL ? all_queues : o->queues;

    if (!o->structure && !o->purge)
        return;
    postsuper_settled_left_over();
    if (o->purge)
        postsuper_repair_purge(queues);
    if (o->structure)
        postsuper_repair_structure(queues, o->strict);
}

/* Single messages first, then what concerns all. */
static void carry_out(const struct options *o)
{
    for (size_t i = 0; i < o->orders.count; i++) {
        const struct order *order = o->orders.items[i];
        if (strcmp(order->id, "-") == 0)
            from_stdin(order->action, o->queues);
        else if (strcmp(order->id, "ALL") != 0)
            postsuper_action_one(order->action, order->id, o->queues);
    }
    for (size_t i = 0; i < o->orders.count; i++) {
        const struct order *order = o->orders.items[i];
        if (strcmp(order->id, "ALL") == 0)
            postsuper_action_all(order->action, o->queues);
    }
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int c;

    log_set_tag("postsuper");
    while ((c = getopt(argc, argv, "c:d:e:f:h:H:pr:sSv")) > 0)
        take_option(&o, c);
    if (geteuid() != 0)
        fatal("use of this command is reserved for the superuser");
    if (!o.structure && !o.purge && o.orders.count == 0)
        o.structure = o.purge = true;
    take_queues(&o, argv + optind);
    config_load("postsuper", "postsuper");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open("postsuper", LOGGING_COMMAND);
    jail_enter(NULL, conf.mail_owner);
    repair(&o);
    carry_out(&o);
    postsuper_action_report();
    postsuper_repair_report();
    vec_done(&o.orders, mem_free);
    return 0;
}
