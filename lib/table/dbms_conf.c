#include "table/dbms_conf.h"

#include <stdlib.h>
#include <strings.h>

#include "base/words.h"
#include "config/config.h"

bool dbms_conf_open(struct dbms_conf *c, const char *name, struct str *why)
{
    *c = (struct dbms_conf){.name = name, .is_file = *name == '/' || *name == '.'};
    return !c->is_file || main_cf_read(&c->file, name, why);
}

void dbms_conf_close(struct dbms_conf *c)
{
    main_cf_done(&c->file);
    str_done(&c->names);
    str_done(&c->why);
}

/* The parameter's name in main.cf. */
static const char *long_name(struct dbms_conf *c, const char *parameter)
{
    str_setf(&c->names, "%s_%s", c->name, parameter);
    return str_text(&c->names);
}

static const char *get(struct dbms_conf *c, const char *parameter)
{
    return c->is_file ? main_cf_get(&c->file, parameter) : config_get(long_name(c, parameter));
}

/* Only the first counts. */
static bool may_complain(struct dbms_conf *c)
{
    if (c->why.len > 0)
        return false;
    if (c->is_file)
        str_setf(&c->why, "%s: ", c->name);
    return true;
}

/* As messages call it. */
static const char *shown(struct dbms_conf *c, const char *parameter)
{
    return c->is_file ? parameter : long_name(c, parameter);
}

const char *dbms_conf_text(struct dbms_conf *c, const char *parameter, const char *default_)
{
    const char *value = get(c, parameter);

    return value == NULL ? default_ : value;
}

const char *dbms_conf_needed(struct dbms_conf *c, const char *parameter)
{
    const char *value = dbms_conf_text(c, parameter, "");

    if (*value == 0 && may_complain(c))
        str_addf(&c->why, "bad string length 0 < 1: %s = ", shown(c, parameter));
    return value;
}

int dbms_conf_int(struct dbms_conf *c, const char *parameter, int default_, int min)
{
    const char *text = get(c, parameter);
    long value = default_;

    if (text != NULL && (!words_to_long(text, &value) || value != (int) value)) {
        if (may_complain(c))
            str_addf(&c->why, "bad numerical configuration: %s = %s", shown(c, parameter), text);
        return default_;
    }
    if (min != 0 && value < min && may_complain(c))
        str_addf(&c->why, "invalid %s parameter value %ld < %d", shown(c, parameter), value, min);
    return (int) value;
}

bool dbms_conf_bool(struct dbms_conf *c, const char *parameter, bool default_)
{
    const char *text = get(c, parameter);

    if (text == NULL)
        return default_;
    if (strcasecmp(text, "yes") == 0)
        return true;
    if (strcasecmp(text, "no") != 0 && may_complain(c))
        str_addf(&c->why, "bad boolean configuration: %s = %s", shown(c, parameter), text);
    return false;
}

bool dbms_conf_is_set(struct dbms_conf *c, const char *parameter)
{
    return get(c, parameter) != NULL;
}

bool dbms_conf_is_good(const struct dbms_conf *c, struct str *why)
{
    if (c->why.len > 0)
        str_set(why, str_text(&c->why));
    return c->why.len == 0;
}
