/* remote.h: what memcache and redis have in common: tables of keys and values that a server holds.
 *
 * A parameter file (dbms_conf.h) names the server, how keys are written there (key_format, domain), how
 * large an answer may be (data_size_limit), and how often and how long to try (max_try, retry_pause,
 * timeout).
 */
#ifndef TABLE_REMOTE_H
#define TABLE_REMOTE_H

#include "table/dbms_conf.h"
#include "table/dbms_domain.h"
#include "table/dbms_format.h"
#include "table/server.h"
#include "table/type.h"

struct remote {
    struct server server;
    struct dbms_needs needs;
    char *key_format;
    struct dbms_domain *domain;
    int max_try, retry_pause_s;
    size_t data_limit;
};

/* The parameters that both have; server_parameter names the server, as inet:host:port or unix:path.
 * False: why. */
bool remote_open(struct remote *r, struct dbms_conf *c, const struct table *t, const char *server_parameter,
    const char *default_server, struct str *why);
void remote_close(struct remote *r);

/* How the server knows the key; replaces what is in out. TABLE_ABSENT: it cannot have it. */
enum table_result remote_key(const struct remote *r, const struct table *t, const char *key, struct str *out);

/* One question and its answer over s. False: why; the connection is closed, and it is tried once more. */
typedef bool remote_talk(struct stream *s, void *context, bool is_new, struct str *why);

/* Talk to the server, several times if need be. False: the table's error is set, and why was logged. */
bool remote_ask(struct table *t, struct remote *r, remote_talk *talk, void *context);

/* A line that the server sent, without its CRLF, replaces what is in line. False: why; or none has come. */
bool remote_line(struct stream *s, size_t limit, struct str *line, struct str *why);

/* n bytes and a CRLF that the server sent. False: why. */
bool remote_data(struct stream *s, size_t n, struct str *data, struct str *why);

#endif
