/* params.h: the rows of params.def as a table.
 */
#ifndef CONFIG_PARAMS_H
#define CONFIG_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

enum param_class { PARAM_STR, PARAM_RAW, PARAM_BOOL, PARAM_NBOOL, PARAM_INT, PARAM_NINT, PARAM_LONG, PARAM_TIME };

struct param {
    const char *name;
    enum param_class class;
    const char *default_value; /* unexpanded; NULL: computed, see defaults.h */
    long min, max;             /* of the value, or of a string's length; 0: none */
    const char *used_by;       /* "smtp,smtpd", or "global", or "" if that is not known */
    const char *text;          /* what it is for, one line */
    size_t offset;             /* of the field in struct conf */
};

extern const struct param params[];
extern const size_t params_count;

const struct param *params_find(const char *name); /* NULL: not one of ours */
bool params_used_by(const struct param *p, const char *program);

#endif
