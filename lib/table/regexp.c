/* regexp: rules with POSIX regular expressions. */
#include <regex.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/rules.h"
#include "table/types.h"

static void *regexp_compile(const char *pattern, unsigned options, bool needs_groups, size_t *groups, struct str *why)
{
    regex_t *code = mem_alloc(sizeof(*code));
    int error = regcomp(code, pattern, (int) options | (needs_groups ? 0 : REG_NOSUB));
    char text[256];

    if (error == 0) {
        *groups = code->re_nsub;
        return code;
    }
    regerror(error, code, text, sizeof(text));
    str_set(why, text);
    mem_free(code);
    return NULL;
}

static enum table_result regexp_match(void *code, const char *key, size_t len, struct rules_span *spans,
    size_t span_count, const char *map, int line)
{
    regmatch_t found[RULES_MAX_GROUPS];
    int error = regexec(code, key, span_count, found, 0);
    char text[256];

    (void) len;
    if (error == REG_NOMATCH)
        return TABLE_ABSENT;
    if (error != 0) {
        regerror(error, code, text, sizeof(text));
        log_warn("regexp map %s, line %d: %s", map, line, text);
        return TABLE_ERROR;
    }
    for (size_t i = 0; i < span_count; i++)
        spans[i] = found[i].rm_so < 0 ? (struct rules_span){1, 0}
                                      : (struct rules_span){(size_t) found[i].rm_so, (size_t) found[i].rm_eo};
    return TABLE_FOUND;
}

static void regexp_free(void *code)
{
    regfree(code);
    mem_free(code);
}

static const struct rules_option options[] = {{'i', REG_ICASE}, {'m', REG_NEWLINE}, {'x', REG_EXTENDED}, {0, 0}};

static const struct rules_engine engine = {.type = "regexp",
    .unclosed = "skipping this rule",
    .out_of_range = "out-of-range",
    .has_second_pattern = true,
    .default_options = REG_EXTENDED | REG_ICASE,
    .options = options,
    .harmless_options = REG_ICASE | REG_NEWLINE,
    .compile = regexp_compile,
    .match = regexp_match,
    .free = regexp_free};

static bool regexp_open(struct table *t, struct str *why)
{
    return rules_open(t, &engine, why);
}

const struct type_ops regexp_ops = {.open = regexp_open, .close = rules_close, .find = rules_find};
