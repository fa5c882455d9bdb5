/* attributes.h: what a line of master.cf says about its command.
 */
#ifndef PIPE_ATTRIBUTES_H
#define PIPE_ATTRIBUTES_H

#include <stdbool.h>

#include "deliver/run_as.h"

struct attributes {
    unsigned copy_flags;             /* enum copy_flag: B D F O R . > */
    bool is_final;                   /* X: the command is where mail ends, so "delivered", not "relayed" */
    bool folds_host, folds_user;     /* h u: to lower case */
    bool quotes;                     /* q: addresses in their external form */
    const char *chroot_dir, *directory;
    const char *eol, *null_sender;
    long size_limit;                 /* 0: none */
    struct run_as run_as;
    const char *const *argv;         /* not yet expanded */
};

/* The words behind the options of the command line, up to a NULL; they must stay. What makes no sense is fatal. */
void pipe_attributes_read(char **words, struct attributes *a);

#endif
