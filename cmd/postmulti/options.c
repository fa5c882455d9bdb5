#include "cmd/postmulti/options.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "cmd/postmulti/names.h"

/* How often each kind of option was given. */
struct counts {
    int modes, selections, names, groups;
};

static const struct {
    const char *name;
    enum edit_action action;
    bool is_on_existing, takes_names, takes_parameters;
} actions[] = {
    {"init",    EDIT_INIT,    false, false, false},
    {"create",  EDIT_CREATE,  false, true,  true},
    {"import",  EDIT_IMPORT,  false, true,  true},
    {"destroy", EDIT_DESTROY, true,  false, false},
    {"deport",  EDIT_DEPORT,  true,  false, false},
    {"enable",  EDIT_ENABLE,  true,  false, false},
    {"disable", EDIT_DISABLE, true,  false, false},
    {"assign",  EDIT_ASSIGN,  true,  true,  false},
};

static void NORETURN usage(void)
{
    fatal("Usage:postmulti -l [-v] [-a] [-j] [-g group] [-i instance] | "
          "postmulti -p [-v] [-a] [-g group] [-i instance] command... | "
          "postmulti -x [-v] [-a] [-i name] [-g group] command... | "
          "postmulti -e action [-v] [-a] [-i name] [-g group] [-I name] [-G group] [param=value ...]");
}

static void set_mode(struct options *o, struct counts *n, enum postmulti_mode mode, const char *action)
{
    o->mode = mode;
    o->action_name = action;
    n->modes++;
}

static void set_selection(struct options *o, struct counts *n, enum instance_selection by, const char *text)
{
    o->selection = (struct selection){by, text};
    n->selections++;
}

/* "-" takes the name away that there is. */
static const char *name_or_none(const char *text)
{
    return strcmp(text, "-") == 0 ? "" : text;
}

static void read_options(struct options *o, struct counts *n, int argc, char **argv)
{
    argv[0] = "postmulti"; /* as getopt(3) calls us */
    for (int c; (c = getopt(argc, argv, "+ae:g:G:i:I:jlpRvx")) > 0;) {
        switch (c) {
        case 'a': set_selection(o, n, SELECT_ALL, NULL); break;
        case 'e': set_mode(o, n, MODE_EDIT, optarg); break;
        case 'g': set_selection(o, n, SELECT_GROUP, optarg); break;
        case 'G': o->new_group = name_or_none(optarg); n->groups++; break;
        case 'i': set_selection(o, n, SELECT_NAME, optarg); break;
        case 'I': o->new_name = name_or_none(optarg); n->names++; break;
        case 'j': o->is_json = true; break;
        case 'l': set_mode(o, n, MODE_LIST, NULL); break;
        case 'p': set_mode(o, n, MODE_POSTFIX, NULL); break;
        case 'R': o->is_reversed = true; break;
        case 'v': log_verbose++; break;
        case 'x': set_mode(o, n, MODE_PROGRAM, NULL); break;
        default: usage();
        }
    }
    o->arguments = argv + optind;
}

static void check_counts(const struct counts *n)
{
    if (n->groups > 1)
        fatal("Specify at most one '-G' option");
    if (n->names > 1)
        fatal("Specify at most one '-I' option");
    if (n->selections > 1)
        fatal("Specity no more than one of '-a', '-g', '-i'"); /* as Postfix spells it */
    if (n->modes != 1)
        fatal("Specify exactly one of '-e', '-l', '-p', '-x'");
}

static void check_iteration(const struct options *o)
{
    if (o->new_name != NULL || o->new_group != NULL)
        fatal("Cannot assign instance name or group without '-e assign'");
    if (o->mode == MODE_LIST && o->arguments[0] != NULL)
        fatal("Command not allowed with '-l'");
    if (o->mode != MODE_LIST && o->arguments[0] == NULL)
        fatal("Command required with '-p' or '-x' option");
}

static size_t find_action(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return i;
    fatal("Invalid '-e' edit action '%s'. Specify 'create', 'destroy', 'import', 'deport', 'enable', 'disable', "
          "'assign' or 'init'", name);
}

static void check_edit(struct options *o)
{
    size_t row = find_action(o->action_name);
    bool has_names = o->new_name != NULL || o->new_group != NULL;

    o->action = actions[row].action;
    if (has_names && !actions[row].takes_names)
        fatal("Cannot assign instance name or group with '-e %s'", o->action_name);
    if (actions[row].is_on_existing && o->selection.by != SELECT_NAME)
        fatal("Select an instance via '-i name'");
    if (o->action == EDIT_ASSIGN && !has_names)
        fatal("Specify new instance name or group with '-e %s'", o->action_name);
    if (o->arguments[0] != NULL && !actions[row].takes_parameters)
        fatal("Parameter overrides not valid with '-e %s'", o->action_name);
    postmulti_names_check_instance(o->new_name == NULL ? "" : o->new_name);
    postmulti_names_check_group(o->new_group == NULL ? "" : o->new_group);
}

void postmulti_options_parse(struct options *o, int argc, char **argv)
{
    struct counts n = {0};

    *o = (struct options){0};
    read_options(o, &n, argc, argv);
    check_counts(&n);
    if (o->is_reversed && (o->mode == MODE_EDIT || o->mode == MODE_POSTFIX))
        fatal("The '-p' and '-e' options preclude the use of '-R'");
    if (o->is_json && o->mode != MODE_LIST)
        usage();
    if (o->mode == MODE_EDIT) {
        check_edit(o);
        return;
    }
    check_iteration(o);
    if (o->selection.by == SELECT_NOTHING)
        o->selection.by = SELECT_ALL;
}
