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
#include "cmd/postsuper/walk.h"
#include "config/config.h"
#include "daemon/jail.h"
#include "daemon/logging.h"

/* What is to be done, in the order of the command line. */
struct order {
    enum postsuper_action action;
    const char *id; /* "ALL", "-": from standard input */
};

struct options {
    struct postsuper_repair repair;
    struct vec orders;
    bool has_ids; /* an order is about a message */
    const char *const *queues; /* NULL: none were given */
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] "
          "[-f queue_id (expire and/or un-hold)] [-h queue_id (hold)] [-H queue_id (un-hold)] "
          "[-p (purge temporary files)] [-r queue_id (requeue)] [-s (structure fix)] "
          "[-S (redundant structure fix)][-v (verbose)] [queue...]");
}

/* Afterwards we are in the queue directory. */
static void set_config_dir(const char *dir)
{
    if (*dir != '/')
        fatal("-c requires absolute pathname");
    config_set_dir(dir);
}

static void take_option(struct options *o, int c)
{
    enum postsuper_action action;

    if (c == 'c')
        set_config_dir(optarg);
    else if (c == 'p')
        o->repair.purge = true;
    else if (c == 's')
        o->repair.structure = true;
    else if (c == 'S')
        o->repair.structure = o->repair.strict = true;
    else if (c == 'v')
        log_verbose++;
    else if (!postsuper_action_of(c, &action))
        usage();
    else {
        struct order *order = mem_alloc(sizeof(*order));
        *order = (struct order){.action = action, .id = optarg};
        vec_add(&o->orders, order);
        o->has_ids |= strcmp(optarg, "ALL") != 0;
        postsuper_action_expect(action);
    }
}

static void take_queues(struct options *o, char **names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (!postsuper_walk_is_known(names[i]))
            fatal("invalid directory name: %s", names[i]);
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
    if (!o->repair.structure && !o->repair.purge)
        return;
    postsuper_settled_left_over();
    postsuper_repair(&o->repair, o->queues == NULL ? postsuper_walk_queues : o->queues);
    if (!o->has_ids || !postsuper_repair_has_renamed())
        return;
    log_error("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS");
    fatal("CHECK YOUR QUEUE IDS AND RE-ISSUE THE COMMAND");
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
    while ((c = getopt(argc, argv, "+c:d:e:f:h:H:pr:sSv")) > 0)
        take_option(&o, c);
    if (geteuid() != 0)
        fatal("use of this command is reserved for the superuser");
    if (!o.repair.structure && !o.repair.purge && o.orders.count == 0)
        o.repair.structure = o.repair.purge = true;
    config_load("postsuper", "postsuper");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open("postsuper", LOGGING_COMMAND);
    take_queues(&o, argv + optind);
    jail_enter(NULL, conf.mail_owner);
    repair(&o);
    carry_out(&o);
    postsuper_action_report();
    postsuper_repair_report();
    vec_done(&o.orders, mem_free);
    return 0;
}
