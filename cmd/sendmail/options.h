/* options.h: sendmail(1)'s command line: Sendmail's, as far as it makes sense here.
 */
#ifndef SENDMAIL_OPTIONS_H
#define SENDMAIL_OPTIONS_H

#include <stdbool.h>

enum sendmail_mode {
    SENDMAIL_SUBMIT,   /* -bm */
    SENDMAIL_ALIASES,  /* -bi, -I, newaliases */
    SENDMAIL_LIST,     /* -bp, mailq */
    SENDMAIL_DAEMON,   /* -bd, -bl */
    SENDMAIL_SMTP,     /* -bs */
    SENDMAIL_FLUSH,    /* -q */
    SENDMAIL_NOTHING   /* what other mail systems need to be told at times */
};

struct sendmail_options {
    enum sendmail_mode mode;
    const char *sender;              /* -f, -r; NULL: whoever runs us */
    const char *full_name;           /* -F; NULL: look it up */
    const char *encoding;            /* -B: "8bit", "7bit"; "": not said */
    const char *envelope_id;         /* -V; "": none */
    const char *verp_delimiters;     /* -XV; "": not wanted */
    const char *alias_database;      /* -oA; NULL: alias_database */
    const char *flush_site, *flush_id;
    int notify, ret;                 /* -N, -R: see queue/envelope.h; 0: not said */
    int sendopts;                    /* -O: likewise */
    bool has_no_end_dot;             /* -i, -oi */
    bool reads_recipients;           /* -t */
    bool is_gateway;                 /* -G */
    bool is_probe;                   /* -bv */
    int verbose;                     /* -v: how often */
    char **arguments;                /* what follows the options: recipients */
};

/* Only what must be known before main.cf is read: -C. Complains about bad options, and goes on. */
void sendmail_options_before_config(int argc, char **argv);

/* All of it. A mistake is fatal. argv may be changed. */
void sendmail_options_parse(struct sendmail_options *o, int argc, char **argv);

#endif
