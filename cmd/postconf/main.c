/* postconf: show and change what main.cf and master.cf say. See postconf(1). */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/postconf/edit_master.h"
#include "cmd/postconf/features.h"
#include "cmd/postconf/files.h"
#include "cmd/postconf/lint.h"
#include "cmd/postconf/old_names.h"
#include "cmd/postconf/templates.h"

static void put(struct str *out)
{
    if (fwrite(str_text(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
        fatal("write output: %m");
    str_done(out);
}

/* 0: nothing is to be changed. */
static enum postconf_change change_wanted(const struct postconf_options *o)
{
    static const enum postconf_change changes[] = {POSTCONF_SET, POSTCONF_REMOVE, POSTCONF_COMMENT_OUT};

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
        if (postconf_options_has(o, (char) changes[i]))
            return changes[i];
    return 0;
}

static void edit(const struct postconf_options *o, char mode, enum postconf_change change)
{
    struct postconf_files files = {0};

    postconf_files_name(&files);
    if (mode == 'p')
        postconf_edit_main(change, str_text(&files.main_path), o->args, o->count);
    else
        postconf_edit_master(mode, change, str_text(&files.master_path), o->args, o->count);
    str_done(&files.main_path);
    str_done(&files.master_path);
}

/* Warnings stand behind the output: what leads nowhere in main.cf is of no interest to who asks for master.cf. */
static void warn_of_unused(const struct postconf_lint *lint, char mode)
{
    if (mode == 'p') {
        postconf_lint_unused_main(lint);
        postconf_old_names_warn(lint->main_cf, lint->main_path);
        postconf_old_names_warn_of_comments(lint->main_cf, lint->main_path);
    }
    postconf_lint_unused_master(lint);
}

static void show(const struct postconf_options *o, char mode)
{
    struct postconf_files files = {0};
    struct str out = {0};

    postconf_files_read(&files, o);
    struct postconf_lint lint = {.catalog = &files.catalog,
        .main_cf = &files.main_cf,
        .master_cf = &files.master_cf,
        .main_path = str_text(&files.main_path),
        .master_path = str_text(&files.master_path),
        .is_quiet = postconf_options_has(o, 'q')};
    bool are_defaults = postconf_options_has(o, 'd');
    if (!are_defaults)
        postconf_lint_find_users(&lint);
    if (mode == 'p')
        postconf_show_params(&files, o, &out);
    else
        postconf_show_services(&files, o, mode, &out);
    put(&out);
    if (!are_defaults && !lint.is_quiet)
        warn_of_unused(&lint, mode);
    postconf_lint_done(&lint);
}

int main(int argc, char **argv)
{
    struct postconf_options o;
    struct str out = {0};
    bool ok = true;

    log_set_tag(argv[0]);
    postconf_options_parse(&o, argc, argv);
    char mode = postconf_options_mode(&o);
    enum postconf_change change = change_wanted(&o);
    if (strchr("bt", mode) != NULL)
        postconf_templates_show(o.count > 0 ? o.args[0] : NULL, mode == 'b', &out);
    else if (strchr("aAlmT", mode) != NULL)
        ok = postconf_features(mode, o.tls_mode, &out);
    else if (change != 0)
        edit(&o, mode, change);
    else
        show(&o, mode);
    put(&out);
    return ok ? 0 : 1;
}
