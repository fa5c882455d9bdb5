/* master_cf.h: master.cf, the services that there are.
 *
 * Columns that are "-" have their defaults. An entry with the name and type of an earlier one
 * replaces it, with a warning.
 */
#ifndef CONFIG_MASTER_CF_H
#define CONFIG_MASTER_CF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

enum master_type { MASTER_INET, MASTER_UNIX, MASTER_UNIX_DGRAM, MASTER_FIFO, MASTER_PASS };

enum master_column {
    MASTER_NAME,
    MASTER_TYPE,
    MASTER_PRIVATE,
    MASTER_UNPRIVILEGED,
    MASTER_CHROOT,
    MASTER_WAKEUP,
    MASTER_PROCESS_LIMIT,
    MASTER_COMMAND,
    MASTER_COLUMNS
};

struct master_service {
    const char *name; /* "smtp", "127.0.0.1:10025", "cleanup" */
    enum master_type type;
    bool is_private, is_unprivileged, is_chroot;
    int wakeup_seconds;       /* 0: none */
    bool is_wakeup_postponed; /* "300?": not before it was used */
    int process_limit;        /* 0: none */
    const char *command;      /* file in daemon_directory */
    struct vec argv;          /* char *, behind the command, without braces: -o {a = b} is "-o", "a=b" */
    int line;                 /* where it begins */
    const char *columns[MASTER_COLUMNS]; /* as written */
};

struct master_cf {
    struct vec services; /* struct master_service *, in the order of the file */
    struct arena arena;  /* all of it lives here */
};

struct master_cf_defaults {
    bool is_chroot; /* compatibility_level < 1 */
    int process_limit;
};

/* Add the services of $config_directory/master.cf, with the defaults that conf has. False: why, as
 * "PATH: line N: field "wakeup": bad value: ...". */
bool master_cf_load(struct master_cf *m, struct str *why);

/* The same without conf: from a file, or from text that stands in one. */
bool master_cf_read(struct master_cf *m, const char *path, const struct master_cf_defaults *d, struct str *why);
bool master_cf_parse(struct master_cf *m, const char *path, const char *bytes, size_t n,
    const struct master_cf_defaults *d, struct str *why);

void master_cf_done(struct master_cf *m);

/* NULL: there is no such service. */
const struct master_service *master_cf_find(const struct master_cf *m, const char *name, enum master_type type);

void master_cf_warn_of_duplicate(const char *path, const struct master_service *s); /* s: the later one */

/* The -o settings among argv, one a call: *next starts at 0. The value is part of the argument, the
 * name is copied to *name. False: no more. */
bool master_cf_next_override(const struct master_service *s, size_t *next, struct str *name, const char **value);

const char *master_cf_type_name(enum master_type type); /* "unix-dgram" */

#endif
