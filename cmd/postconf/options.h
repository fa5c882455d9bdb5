/* options.h: what the command line asks for.
 */
#ifndef POSTCONF_OPTIONS_H
#define POSTCONF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/postconf/catalog.h"
#include "cmd/postconf/print.h"
#include "config/main_cf.h"

struct postconf_options {
    uint64_t given;           /* options.c only: a bit for each letter */
    int classes;              /* enum postconf_class */
    const char *tls_mode;     /* -T */
    struct main_cf overrides; /* -o */
    enum postconf_show show;
    char **args;              /* what follows the options */
    int count;
};

/* Anything that cannot be meant ends the program. A name=value among the arguments stands for -e. */
void postconf_options_parse(struct postconf_options *o, int argc, char **argv);
bool postconf_options_has(const struct postconf_options *o, char letter);
char postconf_options_mode(const struct postconf_options *o); /* which of aAbFlmMpPtT; 'p' unless another is given */

#endif
