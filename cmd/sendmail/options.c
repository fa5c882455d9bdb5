#include "cmd/sendmail/options.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/check.h"
#include "config/config.h"
#include "queue/envelope.h"

/* '+': options end at the first recipient; a lone -q is one, too. */
#define OPTION_LETTERS "+A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:q::r:tvx"

enum { ENVELOPE_ID_MAX = 100 }; /* RFC 3461 4.4 */

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: sendmail [options]");
}

/* --- before main.cf is read --- */

/* -C names main.cf, or its directory. Not for everybody: tables that it names would be opened. */
static void set_config(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    char *dir;

    if (slash != NULL && slash > path && stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        dir = mem_strndup(path, (size_t) (slash - path));
    else
        dir = mem_strdup(path);
    if (geteuid() != 0)
        check_dir_is_listed(dir);
    config_set_dir(dir);
    mem_free(dir);
}

/* Before there was DSN, -V asked for VERP. */
static void translate_verp(char **argv)
{
    for (char **arg = argv + 1; *arg != NULL && strcmp(*arg, "--") != 0; arg++) {
        size_t n = strlen(*arg);
        if (strcmp(*arg, "-V") == 0 && arg[1] != NULL && strlen(arg[1]) == 2) {
            log_warn("option -V is deprecated with Postfix 2.3; specify -XV instead");
            *arg = mem_strdup("-XV");
        } else if (n == 4 && strncmp(*arg, "-V", 2) == 0) {
            log_warn("option %s is deprecated with Postfix 2.3; specify -X%s instead", *arg, *arg + 1);
            *arg = mem_printf("-X%s", *arg + 1);
        }
    }
}

void sendmail_options_before_config(int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, OPTION_LETTERS)) > 0;)
        if (c == 'C')
            set_config(optarg);
    optind = 0; /* glibc: from the beginning */
}

/* --- options with values --- */

static void take_body_type(struct sendmail_options *o, const char *value)
{
    if (strcmp(value, "8BITMIME") == 0)
        o->encoding = "8bit";
    else if (strcmp(value, "7BIT") == 0)
        o->encoding = "7bit";
    else
        fatal("-B option needs 8BITMIME or 7BIT");
}

static const struct word {
    const char *name;
    int value;
} notify_words[] = {
    {"never", DSN_NOTIFY_NEVER},
    {"success", DSN_NOTIFY_SUCCESS},
    {"failure", DSN_NOTIFY_FAILURE},
    {"delay", DSN_NOTIFY_DELAY},
};

/* 0: not a list of such words. */
static int notify_mask(const char *value)
{
    char *copy = mem_strdup(value), *cursor = copy;
    int mask = 0;

    for (const char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        size_t i = 0;
        while (i < ARRAY_SIZE(notify_words) && strcasecmp(notify_words[i].name, word) != 0)
            i++;
        if (i == ARRAY_SIZE(notify_words)) {
            log_warn("unknown DSN NOTIFY command value \"%s\" in \"%s\"", word, value);
            mask = 0;
            break;
        }
        mask |= notify_words[i].value;
    }
    mem_free(copy);
    return (mask & DSN_NOTIFY_NEVER) != 0 && mask != DSN_NOTIFY_NEVER ? 0 : mask;
}

static void take_notify(struct sendmail_options *o, const char *value)
{
    o->notify = notify_mask(value);
    if (o->notify == 0)
        log_warn("bad -N option value -- ignored");
}

static void take_return(struct sendmail_options *o, const char *value)
{
    o->ret = strcasecmp(value, "full") == 0 ? DSN_RET_FULL : strcasecmp(value, "hdrs") == 0 ? DSN_RET_HDRS : 0;
    if (o->ret == 0)
        log_warn("bad -R option value -- ignored");
}

static bool is_printable(const char *text)
{
    for (; *text != 0; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static void take_envelope_id(struct sendmail_options *o, const char *value)
{
    if (strlen(value) > ENVELOPE_ID_MAX)
        log_warn("too long -V option value -- ignored");
    else if (*value == 0 || !is_printable(value))
        log_warn("bad syntax in -V option value -- ignored");
    else
        o->envelope_id = value;
}

static void take_verp(struct sendmail_options *o, const char *value)
{
    if (*value != 'V')
        fatal("unsupported: -X%c", *value);
    const char *delimiters = value[1] == 0 ? conf.default_verp_delimiters : value + 1;
    if (strlen(delimiters) != 2 || strspn(delimiters, conf.verp_delimiter_filter) != 2)
        fatal("-V requires two characters from %s", conf.verp_delimiter_filter);
    o->verp_delimiters = delimiters;
}

/* -O name=value: two of them mean something here. */
static void take_named(struct sendmail_options *o, const char *value)
{
    static const struct word named[] = {{"smtputf8", SENDOPT_SMTPUTF8_REQUESTED}, {"requiretls", SENDOPT_REQUIRETLS}};
    const char *equals = strchr(value, '=');

    for (size_t i = 0; equals != NULL && i < ARRAY_SIZE(named); i++) {
        size_t n = strlen(named[i].name);
        if ((size_t) (equals - value) != n || strncasecmp(value, named[i].name, n) != 0)
            continue;
        if (strcasecmp(equals + 1, "yes") == 0)
            o->sendopts |= named[i].value;
        else if (strcasecmp(equals + 1, "no") == 0)
            o->sendopts &= ~named[i].value;
        else
            fatal("-O %s: specify %s=yes or %s=no", value, named[i].name, named[i].name);
    }
}

static void take_mode(struct sendmail_options *o, const char *value)
{
    static const struct {
        char letter;
        enum sendmail_mode mode;
    } modes[] = {
        {'d', SENDMAIL_DAEMON}, {'l', SENDMAIL_DAEMON}, {'h', SENDMAIL_NOTHING}, {'H', SENDMAIL_NOTHING},
        {'i', SENDMAIL_ALIASES}, {'m', SENDMAIL_SUBMIT}, {'p', SENDMAIL_LIST}, {'s', SENDMAIL_SMTP},
        {'v', SENDMAIL_SUBMIT},
    };
    size_t i = 0;

    while (i < ARRAY_SIZE(modes) && modes[i].letter != *value)
        i++;
    if (i == ARRAY_SIZE(modes))
        fatal("unsupported: -%c%c", 'b', *value);
    o->mode = modes[i].mode;
    o->is_probe |= *value == 'v';
}

static void take_old_style(struct sendmail_options *o, const char *value)
{
    if (*value == 'i')
        o->has_no_end_dot = true;
    else if (*value == 'A' && value[1] == 0)
        fatal("-oA requires pathname");
    else if (*value == 'A')
        o->alias_database = value + 1;
}

static void take_queue(struct sendmail_options *o, const char *value)
{
    if (value != NULL && isdigit((unsigned char) *value)) { /* an interval, of a daemon that does not need it */
        if (o->mode == SENDMAIL_SUBMIT)
            o->mode = SENDMAIL_NOTHING;
        return;
    }
    o->mode = SENDMAIL_FLUSH;
    if (value == NULL)
        return;
    switch (*value) {
    case 'I':
        if (value[1] == 0)
            fatal("specify: -qIqueueid");
        o->flush_id = value + 1;
        break;
    case 'R':
        if (value[1] == 0)
            fatal("specify: -qRsitename");
        o->flush_site = value + 1;
        break;
    default:
        fatal("-q%c is not implemented", *value);
    }
}

/* --- all of them --- */

static void take(struct sendmail_options *o, int c)
{
    switch (c) {
    case 'A': case 'C': case 'L': case 'U': case 'c': case 'e': case 'h': case 'm': case 'p': case 'x': break;
    case 'B': take_body_type(o, optarg); break;
    case 'F': o->full_name = optarg; break;
    case 'G': o->is_gateway = true; break;
    case 'I': o->mode = SENDMAIL_ALIASES; break;
    case 'N': take_notify(o, optarg); break;
    case 'O': take_named(o, optarg); break;
    case 'R': take_return(o, optarg); break;
    case 'V': take_envelope_id(o, optarg); break;
    case 'X': take_verp(o, optarg); break;
    case 'b': take_mode(o, optarg); break;
    case 'f': case 'r': o->sender = optarg; break;
    case 'i': o->has_no_end_dot = true; break;
    case 'n': fatal("-%c option not supported", c);
    case 'o': take_old_style(o, optarg); break;
    case 'q': take_queue(o, optarg); break;
    case 't': o->reads_recipients = true; break;
    case 'v': o->verbose++; break;
    default: usage();
    }
}

static enum sendmail_mode mode_of_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

    return strcmp(name, "mailq") == 0        ? SENDMAIL_LIST
           : strcmp(name, "newaliases") == 0 ? SENDMAIL_ALIASES
           : strcmp(name, "smtpd") == 0      ? SENDMAIL_DAEMON
                                             : SENDMAIL_SUBMIT;
}

void sendmail_options_parse(struct sendmail_options *o, int argc, char **argv)
{
    *o = (struct sendmail_options){
        .mode = mode_of_name(argv[0]), .encoding = "", .envelope_id = "", .verp_delimiters = ""};
    translate_verp(argv);
    for (int c; (c = getopt(argc, argv, OPTION_LETTERS)) > 0;)
        take(o, c);
    o->arguments = argv + optind;
    if (o->reads_recipients && o->mode != SENDMAIL_SUBMIT)
        fatal("-t can be used only in delivery mode");
    if (o->is_probe && o->reads_recipients)
        fatal("-t option cannot be used with -bv");
    if (o->is_probe && o->verbose > 0)
        fatal("-v option cannot be used with -bv");
}
