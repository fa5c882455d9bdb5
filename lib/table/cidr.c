/* cidr: networks in order, the first that the address is in answers.
 *
 * Plain rules of one block lie in a prefix tree under their position. What a tree cannot do,
 * negated rules and IF blocks, stays in a list and is asked in order as long as it comes before
 * what the tree has found.
 */
#include <ctype.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "table/file_value.h"
#include "table/prefix_tree.h"
#include "table/reader.h"
#include "table/type.h"
#include "table/types.h"

struct block {
    struct prefix_tree tree; /* rank: index in the table's results */
    struct vec special;      /* struct special *, in order */
};

/* A negated rule, or an IF with what is in it. */
struct special {
    struct net_pattern net;
    bool is_negated;
    uint32_t rank;
    struct block *inner; /* NULL: a rule */
    int line;
};

struct cidr {
    struct block top;
    struct vec results; /* char *, in the order of the rules */
    struct vec open;    /* while reading: struct special *, IFs whose ENDIF is to come */
    int line;           /* while reading */
    bool names_files;   /* a result is a list of files, whose content it stands for */
};

static void free_block(struct block *b)
{
    for (size_t i = 0; i < b->special.count; i++) {
        struct special *s = b->special.items[i];
        if (s->inner != NULL)
            free_block(s->inner);
        mem_free(s->inner);
        mem_free(s);
    }
    vec_done(&b->special, NULL);
    prefix_tree_done(&b->tree);
}

static struct block *innermost(struct cidr *c)
{
    return c->open.count == 0 ? &c->top : ((struct special *) c->open.items[c->open.count - 1])->inner;
}

/* "[!]pattern" in place. */
static bool take_pattern(char *text, bool *is_negated, struct net_pattern *net, struct str *why)
{
    for (*is_negated = false; *text == '!' || isspace((unsigned char) *text); text++)
        *is_negated ^= *text == '!';
    if (*text != 0)
        return net_pattern_parse(net, text, why);
    str_set(why, "no address pattern");
    return false;
}

static struct special *add_special(struct cidr *c, const struct net_pattern *net, bool is_negated, uint32_t rank)
{
    struct special *s = mem_alloc(sizeof(*s));

    *s = (struct special){.net = *net, .is_negated = is_negated, .rank = rank, .line = c->line};
    vec_add(&innermost(c)->special, s);
    return s;
}

static bool take_if(struct cidr *c, char *text, struct str *why)
{
    struct net_pattern net;
    bool is_negated;

    if (!take_pattern(text, &is_negated, &net, why))
        return false;
    struct special *s = add_special(c, &net, is_negated, (uint32_t) c->results.count);
    s->inner = mem_zalloc(sizeof(*s->inner));
    vec_add(&c->open, s);
    return true;
}

static bool take_endif(struct cidr *c, const char *text, struct str *why)
{
    if (text[strspn(text, " \t\r\n\v\f")] != 0)
        str_set(why, "garbage after ENDIF");
    else if (vec_pop(&c->open) == NULL)
        str_set(why, "ENDIF without IF");
    return why->len == 0;
}

static char *end_of_word(char *text)
{
    while (*text != 0 && !isspace((unsigned char) *text))
        text++;
    return text;
}

/* What a rule answers. False: why. */
static bool take_result(struct cidr *c, const char *text, struct str *why)
{
    struct str result = {0};
    bool ok = true;

    if (*text == 0) {
        str_set(why, "no lookup result");
        return false;
    }
    if (c->names_files)
        ok = file_value_load(text, &result, why);
    else
        str_set(&result, text);
    if (ok)
        vec_add(&c->results, mem_strdup(str_text(&result)));
    str_done(&result);
    return ok;
}

/* "pattern result": also "! pattern result". */
static bool take_rule(struct cidr *c, char *text, struct str *why)
{
    struct net_pattern net;
    bool is_negated;
    char *end = end_of_word(text + strspn(text, "! \t"));
    char *result = end + strspn(end, " \t\r\n\v\f");

    *end = 0;
    if (!take_pattern(text, &is_negated, &net, why))
        return false;
    uint32_t rank = (uint32_t) c->results.count;
    if (!take_result(c, result, why))
        return false;
    if (is_negated)
        add_special(c, &net, true, rank);
    else
        prefix_tree_add(&innermost(c)->tree, &net, rank);
    return true;
}

static bool take_line(struct cidr *c, char *line, struct str *why)
{
    if (reader_is_word(line, "if"))
        return take_if(c, line + 2, why);
    if (reader_is_word(line, "endif"))
        return take_endif(c, line + 5, why);
    return take_rule(c, line, why);
}

static void load(struct cidr *c, struct reader *r)
{
    struct str why = {0};

    for (char *line; (line = reader_next(r)) != NULL; str_clear(&why)) {
        words_trim_end(line);
        c->line = r->line;
        if (!take_line(c, line, &why))
            log_warn("cidr map %s, line %d: %s: skipping this rule", r->name, r->line, str_text(&why));
    }
    for (const struct special *s; (s = vec_pop(&c->open)) != NULL;)
        log_warn("cidr map %s, line %d: IF has no matching ENDIF", r->name, s->line);
    str_done(&why);
}

static bool cidr_open(struct table *t, struct str *why)
{
    struct reader r;
    struct cidr *c = t->state = mem_zalloc(sizeof(*c));

    c->names_files = (t->flags & TABLE_SRC_RHS_IS_FILE) != 0;
    if (*t->name != '{')
        t->path = mem_strdup(t->name);
    bool ok = reader_open_rules(&r, t->name, "cidr map", why);
    if (ok)
        load(c, &r);
    reader_close(&r);
    return ok;
}

static void cidr_close(struct table *t)
{
    struct cidr *c = t->state;

    free_block(&c->top);
    vec_done(&c->results, mem_free);
    vec_done(&c->open, NULL);
    mem_free(c);
}

static uint32_t find_in(const struct block *b, const struct net_pattern *address)
{
    uint32_t best = prefix_tree_find(&b->tree, address);

    for (size_t i = 0; i < b->special.count; i++) {
        const struct special *s = b->special.items[i];
        if (s->rank > best) /* an IF has the rank of the rule that comes next: its own first, or the one behind it */
            break;
        if (s->net.family != address->family || net_pattern_matches(&s->net, address) == s->is_negated)
            continue;
        uint32_t found = s->inner == NULL ? s->rank : find_in(s->inner, address);
        if (found < best)
            return found;
    }
    return best;
}

static enum table_result cidr_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const struct cidr *c = t->state;
    struct net_pattern address;

    (void) len;
    if (!net_pattern_parse_address(&address, key))
        return TABLE_ABSENT;
    uint32_t rank = find_in(&c->top, &address);
    if (rank == PREFIX_TREE_NONE)
        return TABLE_ABSENT;
    str_adds(value, c->results.items[rank]);
    return TABLE_FOUND;
}

const struct type_ops cidr_ops = {.open = cidr_open, .close = cidr_close, .find = cidr_find};
