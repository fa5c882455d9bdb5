#include "cmd/postfix/files_list.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/lines.h"

enum { MODE_MAX = 07777 };

bool postfix_files_list_exists(void)
{
    struct str path = {0};

    str_addf(&path, "%s/postfix-files", conf.meta_directory);
    bool exists = access(str_text(&path), F_OK) == 0;
    str_done(&path);
    return exists;
}

bool postfix_files_list_has_flag(const struct files_list_row *row, char flag)
{
    return strchr(row->flags, flag) != NULL;
}

/* The next field, "" if the line is over. */
static char *next_field(char **cursor)
{
    char *field = *cursor, *colon = strchr(field, ':');

    if (colon == NULL) {
        *cursor = field + strlen(field);
        return field;
    }
    *colon = 0;
    *cursor = colon + 1;
    return field;
}

static bool parse_mode(const char *text, mode_t *mode, struct str *why)
{
    char *end;
    unsigned long value = strtoul(text, &end, 8);

    *mode = (mode_t) value;
    if (end != text && *end == 0 && value <= MODE_MAX)
        return true;
    str_setf(why, "bad mode: %s", text);
    return false;
}

bool postfix_files_list_parse(char *line, struct files_list_row *row, struct str *why)
{
    row->path = next_field(&line);
    row->type = *next_field(&line);
    row->owner = next_field(&line);
    row->group = next_field(&line);
    const char *mode = next_field(&line);
    row->flags = next_field(&line);
    row->mode = 0;
    if (*row->path == 0 || row->type == 0 || strchr("dfhl", row->type) == NULL) {
        str_setf(why, "unknown type for %s", row->path);
        return false;
    }
    if (*row->owner == 0) {
        str_setf(why, "no owner for %s", row->path);
        return false;
    }
    return row->type == 'h' || row->type == 'l' || parse_mode(mode, &row->mode, why);
}

/* With $queue_directory and the like filled in. NULL: it cannot be. */
static char *expand(const char *line)
{
    struct str text = {0}, why = {0};
    bool ok = config_expand(line, NULL, NULL, &text, &why);

    if (!ok) {
        log_error("%s: %s", line, str_text(&why));
        str_done(&text);
    }
    str_done(&why);
    return ok ? str_take(&text) : NULL;
}

struct walk {
    bool (*visit)(const struct files_list_row *row, void *context);
    void *context;
};

static bool visit_line(const struct walk *w, const char *path, const char *line)
{
    struct files_list_row row;
    struct str why = {0};
    char *text = expand(line);
    bool ok = text != NULL && postfix_files_list_parse(text, &row, &why);

    if (ok && *row.path == '/') /* else below something that is "no" */
        ok = w->visit(&row, w->context);
    else if (why.len > 0)
        log_error("%s in %s", str_text(&why), path);
    mem_free(text);
    str_done(&why);
    return ok;
}

static bool visit_file(const struct walk *w, const char *path)
{
    struct str text = {0}, why = {0};
    struct lines lines;
    bool ok = file_read(path, &text, &why);

    if (!ok)
        log_error("%s", str_text(&why));
    lines_init(&lines, str_text(&text), text.len);
    for (const char *line; (line = lines_next(&lines)) != NULL;)
        ok &= visit_line(w, path, line);
    lines_done(&lines);
    str_done(&text);
    str_done(&why);
    return ok;
}

static int has_plain_name(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

bool postfix_files_list_each(bool (*visit)(const struct files_list_row *row, void *context), void *context)
{
    const struct walk w = {visit, context};
    struct str dir = {0}, path = {0};
    struct dirent **names = NULL;

    str_setf(&path, "%s/postfix-files", conf.meta_directory);
    bool ok = visit_file(&w, str_text(&path));
    str_setf(&dir, "%s.d", str_text(&path));
    int count = scandir(str_text(&dir), &names, has_plain_name, alphasort);
    for (int i = 0; i < count; i++) {
        str_setf(&path, "%s/%s", str_text(&dir), names[i]->d_name);
        ok &= visit_file(&w, str_text(&path));
        free(names[i]);
    }
    free(names);
    str_done(&dir);
    str_done(&path);
    return ok;
}
