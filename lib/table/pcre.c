/* pcre: rules with Perl-compatible regular expressions, compiled to machine code where possible. */
#ifdef WITH_PCRE
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/rules.h"
#include "table/types.h"

enum {
    JIT_STACK_FIRST = 32 * 1024,  /* bytes; machine code has a stack of its own, since those of tasks are small */
    JIT_STACK_MAX = 1024 * 1024,
    MATCH_LIMIT = 10 * 1000 * 1000, /* steps, as the library's own limit: a pattern that backtracks without end */
    DEPTH_LIMIT = 100 * 1000
};

/* One of each in a process: a match waits for nothing, so two never run at once. */
static pcre2_match_context *limits;
static pcre2_match_data *found;

static void prepare(void)
{
    if (limits != NULL)
        return;
    limits = pcre2_match_context_create(NULL);
    found = pcre2_match_data_create(RULES_MAX_GROUPS, NULL);
    pcre2_jit_stack *stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
    if (limits == NULL || found == NULL)
        fatal("out of memory: pcre2");
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    if (stack != NULL)
        pcre2_jit_stack_assign(limits, NULL, stack);
}

static void *pcre_compile(const char *pattern, unsigned options, bool needs_groups, size_t *groups, struct str *why)
{
    int error;
    PCRE2_SIZE offset;
    uint32_t count = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED, options, &error, &offset, NULL);

    (void) needs_groups;
    prepare();
    if (code == NULL) {
        PCRE2_UCHAR text[256];
        pcre2_get_error_message(error, text, sizeof(text));
        str_setf(why, "error in regex at offset %zu: %s", (size_t) offset, (const char *) text);
        return NULL;
    }
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &count);
    *groups = count;
    (void) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it, matching is interpreted */
    return code;
}

/* Whether it matches could not be told: that is not "no", which might let pass what the rule is there to stop. */
static enum table_result complain(int error, const char *map, int line)
{
    PCRE2_UCHAR text[256];

    pcre2_get_error_message(error, text, sizeof(text));
    if (error == PCRE2_ERROR_MATCHLIMIT)
        log_warn("pcre map %s, line %d: match limit exceeded", map, line);
    else
        log_warn("pcre map %s, line %d: matcher error: %s", map, line, (const char *) text);
    return TABLE_ERROR;
}

static enum table_result pcre_match(void *code, const char *key, size_t len, struct rules_span *spans,
    size_t span_count, const char *map, int line)
{
    int n = pcre2_match(code, (PCRE2_SPTR) key, len, 0, 0, found, limits);

    if (n == PCRE2_ERROR_JIT_STACKLIMIT)
        n = pcre2_match(code, (PCRE2_SPTR) key, len, 0, PCRE2_NO_JIT, found, limits);
    if (n == PCRE2_ERROR_NOMATCH)
        return TABLE_ABSENT;
    if (n < 0)
        return complain(n, map, line);
    size_t count = n == 0 ? RULES_MAX_GROUPS : (size_t) n; /* 0: there are more groups than room */
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
    for (size_t i = 0; i < span_count; i++)
        spans[i] = i < count && at[2 * i] != PCRE2_UNSET ? (struct rules_span){at[2 * i], at[2 * i + 1]}
                                                             : (struct rules_span){1, 0};
    return TABLE_FOUND;
}

static void pcre_free(void *code)
{
    pcre2_code_free(code);
}

static const struct rules_option options[] = {{'i', PCRE2_CASELESS},
    {'m', PCRE2_MULTILINE},
    {'s', PCRE2_DOTALL},
    {'x', PCRE2_EXTENDED},
    {'A', PCRE2_ANCHORED},
    {'E', PCRE2_DOLLAR_ENDONLY},
    {'U', PCRE2_UNGREEDY},
    {'X', 0},
    {0, 0}};

static const struct rules_engine engine = {.type = "pcre",
    .unclosed = "ignoring this rule",
    .out_of_range = "out of range",
    .default_options = PCRE2_CASELESS | PCRE2_DOTALL,
    .options = options,
    .has_class_escapes = true,
    .harmless_options =
        PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_UNGREEDY,
    .compile = pcre_compile,
    .match = pcre_match,
    .free = pcre_free};

static bool pcre_open(struct table *t, struct str *why)
{
    return rules_open(t, &engine, why);
}

const struct type_ops pcre_ops = {.open = pcre_open, .close = rules_close, .find = rules_find};
#endif
