/* config.h: main.cf as a program sees it.
 *
 * config_load() reads main.cf, applies the -o overrides, expands macros and checks the values of
 * the parameters that this program uses (of others a bad value gives way to the default); from then
 * on `conf` holds them and does not change, except by config_reload(). Each parameter is one row of
 * params.def, and each row one field of struct conf:
 *
 *     STR   const char *   expanded              RAW  const char *   not expanded
 *     BOOL  bool (also NBOOL)                     INT  int (NINT)     LONG  long
 *     TIME  int, in seconds
 *
 * In a program started as lmtp the smtp_* fields hold the values of the lmtp_* parameters.
 * A bad value ends the program with Postfix's message and exit status.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

struct conf {
#define PARAM(name, class, default_, min, max, used_by, text) CONFIG_FIELD_##class(name)
#define CONFIG_FIELD_STR(name) const char *name;
#define CONFIG_FIELD_RAW(name) const char *name;
#define CONFIG_FIELD_BOOL(name) bool name;
#define CONFIG_FIELD_NBOOL(name) bool name;
#define CONFIG_FIELD_INT(name) int name;
#define CONFIG_FIELD_NINT(name) int name;
#define CONFIG_FIELD_LONG(name) long name;
#define CONFIG_FIELD_TIME(name) int name;
#include "config/params.def"
#undef PARAM
};
extern struct conf conf;

/* program is what used_by names ("smtpd"; commands: "postmap"); service_name and the -o
 * overrides come from master.cf. Directory: -c, else MAIL_CONFIG, else the built-in one. */
struct config_override {
    const char *name, *value;
};
void config_set_dir(const char *dir);      /* before config_load(); copied; also sets MAIL_CONFIG */
const char *config_dir(void);
void config_override(const char *name, const char *value); /* before config_load(); copied */
bool config_parse_override(char *text, const char **why);  /* "name=value" of -o, taken apart in place; false: why */
void config_load(const char *program, const char *service_name);

/* Only read main.cf: config_get() and config_is_set() work, conf stays empty, and nothing is checked. For
 * commands that must do their work on a configuration that no daemon could start with. */
void config_open(const char *program, const char *service_name);
void config_reload(void);                  /* read main.cf again into conf; old strings stay valid */

/* Any parameter by name, expanded; NULL if neither built in nor set in main.cf. For user-defined names
 * (restriction classes, "name_timeout" of tables). Memory lives until config_reload(). */
const char *config_get(const char *name);
bool config_is_set(const char *name);      /* in main.cf or with -o: not a default */

/* Per-service parameters: "<service><suffix>", with the default that master.cf's rows give it
 * ("$default_destination_concurrency_limit" ...). suffix as "_destination_concurrency_limit". */
int config_service_int(const char *service, const char *suffix, int fallback, int min);
int config_service_time(const char *service, const char *suffix, int fallback_seconds, int min);
const char *config_service_str(const char *service, const char *suffix, const char *fallback);

/* Expand $name forms in text against main.cf (and extra, name -> value, looked up first; may be
 * NULL), appended to out. False and *why on a syntax error. */
bool config_expand(const char *text, const char *(*extra)(void *context, const char *name), void *context,
    struct str *out, struct str *why);

/* A time value ("10", "5m") in seconds; false: not one. default_unit is one of s m h d w. */
bool config_parse_time(const char *text, char default_unit, int *seconds);

bool config_level_below(const char *level); /* is compatibility_level < "3.6"? */

/* Who mail_owner, setgid_group and default_privs are. */
struct config_ids {
    uid_t owner_uid, default_uid;
    gid_t owner_gid, default_gid, setgid_gid;
};
extern struct config_ids config_ids;

#endif
