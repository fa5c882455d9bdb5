/* options.h: what the command line asks postmulti(1) for.
 */
#ifndef POSTMULTI_OPTIONS_H
#define POSTMULTI_OPTIONS_H

#include <stdbool.h>

#include "cmd/postmulti/instance.h"

enum postmulti_mode { MODE_LIST, MODE_POSTFIX, MODE_PROGRAM, MODE_EDIT };
enum edit_action {
    EDIT_INIT,
    EDIT_CREATE,
    EDIT_IMPORT,
    EDIT_DESTROY,
    EDIT_DEPORT,
    EDIT_ENABLE,
    EDIT_DISABLE,
    EDIT_ASSIGN
};

struct options {
    enum postmulti_mode mode;
    enum edit_action action;
    const char *action_name;
    struct selection selection;
    const char *new_name, *new_group; /* of -I and -G; "" for "-"; NULL: not given */
    bool is_reversed, is_json;
    char *const *arguments;           /* what follows the options, up to NULL */
};

void postmulti_options_parse(struct options *o, int argc, char **argv); /* what makes no sense is fatal */

#endif
