#include "mail/match.h"

#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "config/config.h"
#include "config/lines.h"
#include "table/key.h"
#include "table/net_pattern.h"
#include "table/prefix_tree.h"
#include "table/table.h"

enum { NO_RANK = PREFIX_TREE_NONE, MAX_FILES = 20 /* that name each other */ };

/* What a hash table and a tree cannot answer. */
struct special {
    uint32_t rank;
    struct table *table;
    /* No table: it is an error to come here ... */
    char *file;          /* since this one could not be read, */
    bool is_ipv6;        /* or with an address of this family, since the network is wrong. */
    char *why;
};

struct match_list {
    char *parameter;
    enum match_kind kind;
    bool is_parent, is_utf8;
    struct vec negated;       /* per element, by rank: NULL, or not */
    struct hash literals;     /* folded text -> its first rank, plus one */
    struct prefix_tree nets;
    struct vec special;       /* struct special *, in order */
};

/* What is looked for. */
struct query {
    const char *name;         /* NULL: not by name */
    size_t name_len;
    struct net_pattern address;
    bool has_address;
    const char *address_text; /* NULL: not by address, or it is unknown */
};

static bool has_addresses(const struct match_list *l)
{
    return l->kind == MATCH_ADDRESSES || l->kind == MATCH_CLIENTS;
}

static struct special *add_special(struct match_list *l)
{
    struct special *s = mem_zalloc(sizeof(*s));

    s->rank = (uint32_t) l->negated.count;
    vec_add(&l->special, s);
    return s;
}

static void add_literal(struct match_list *l, const char *text)
{
    struct str folded = {0};

    key_fold(text, strlen(text), l->is_utf8, &folded);
    struct hash_entry *e = hash_slot(&l->literals, str_text(&folded), folded.len);
    if (e->value == NULL)
        e->value = (void *) (uintptr_t) (l->negated.count + 1);
    str_done(&folded);
}

/* Is this meant as a network, or an address that may be written in several ways? Any other is a
 * literal: a name, an IPv4 address, or junk that never matches. */
static bool looks_like_net(const char *text)
{
    return text[strspn(text, "0123456789abcdefABCDEF:.[]/")] == 0 && strpbrk(text, ":/") != NULL;
}

static void add_net(struct match_list *l, const char *text)
{
    struct net_pattern net;
    struct str why = {0};
    char *copy = mem_strdup(text);

    if (net_pattern_parse(&net, copy, &why)) {
        prefix_tree_add(&l->nets, &net, (uint32_t) l->negated.count);
    } else {
        struct special *s = add_special(l);
        s->is_ipv6 = strchr(text, ':') != NULL;
        s->why = str_take(&why);
    }
    str_done(&why);
    mem_free(copy);
}

static void add_table(struct match_list *l, const char *name)
{
    add_special(l)->table = table_open(name, TABLE_FOLD | (l->is_utf8 ? TABLE_UTF8 : 0));
}

static void add_list(struct match_list *l, const char *patterns, bool is_negated, int depth);

static void add_file(struct match_list *l, const char *path, bool is_negated, int depth)
{
    struct str text = {0}, why = {0}, cause = {0};
    struct lines lines;

    if (depth == MAX_FILES)
        str_setf(&why, "open file %s: named within itself", path);
    else if (!file_read(path, &text, &cause))
        str_setf(&why, "open file %s", cause.data + strcspn(str_text(&cause), "/"));
    if (why.len > 0) {
        log_error("%s", str_text(&why));
        struct special *s = add_special(l);
        s->file = mem_strdup(path);
        s->why = str_take(&why);
        vec_add(&l->negated, NULL);
        str_clear(&text);
    }
    lines_init(&lines, str_text(&text), text.len);
    for (const char *line; (line = lines_next(&lines)) != NULL;)
        add_list(l, line, is_negated, depth + 1);
    lines_done(&lines);
    str_done(&text);
    str_done(&cause);
}

static void add_element(struct match_list *l, const char *text, bool is_negated, int depth)
{
    for (; *text == '!'; text++)
        is_negated = !is_negated;
    if (*text == '/') {
        add_file(l, text, is_negated, depth);
        return;
    }
    if (*text != '[' && strchr(text, ':') != NULL) {
        add_table(l, text);
    } else {
        add_literal(l, text);
        if (has_addresses(l) && looks_like_net(text))
            add_net(l, text);
    }
    vec_add(&l->negated, is_negated ? l : NULL);
}

static void add_list(struct match_list *l, const char *patterns, bool is_negated, int depth)
{
    char *copy = mem_strdup(patterns), *cursor = copy;

    for (const char *word; (word = words_next_braced(&cursor, WORDS_LIST)) != NULL;)
        add_element(l, word, is_negated, depth);
    mem_free(copy);
}

static struct match_list *open_list(const char *parameter, const char *patterns, enum match_kind kind)
{
    struct match_list *l = mem_zalloc(sizeof(*l));

    l->parameter = mem_strdup(parameter);
    l->kind = kind;
    l->is_utf8 = conf.smtputf8_enable;
    add_list(l, patterns, false, 0);
    return l;
}

struct match_list *match_list_open(const char *parameter, const char *patterns, enum match_kind kind)
{
    struct match_list *l = open_list(parameter, patterns, kind);

    if (kind == MATCH_DOMAINS || kind == MATCH_CLIENTS)
        l->is_parent = match_parent(parameter);
    return l;
}

static void free_special(void *item)
{
    struct special *s = item;

    table_close(s->table);
    mem_free(s->file);
    mem_free(s->why);
    mem_free(s);
}

void match_list_close(struct match_list *l)
{
    if (l == NULL)
        return;
    vec_done(&l->special, free_special);
    vec_done(&l->negated, NULL);
    hash_done(&l->literals, NULL);
    prefix_tree_done(&l->nets);
    mem_free(l->parameter);
    mem_free(l);
}

bool match_list_is_empty(const struct match_list *l)
{
    return l->negated.count == 0;
}

bool match_parent(const char *feature)
{
    static struct match_list *features; /* kept, since some ask for every lookup ... */
    static const char *made_from;       /* ... until main.cf is read again */

    if (conf.parent_domain_matches_subdomains == NULL)
        return false;
    if (made_from != conf.parent_domain_matches_subdomains) {
        match_list_close(features);
        made_from = conf.parent_domain_matches_subdomains;
        features = open_list("parent_domain_matches_subdomains", made_from, MATCH_STRINGS);
    }
    return match_list_find(features, feature) == MATCH_YES;
}

static uint32_t literal_rank(const struct match_list *l, const char *text, size_t len, uint32_t best)
{
    uintptr_t found = (uintptr_t) hash_getn(&l->literals, text, len);

    return found != 0 && found - 1 < best ? (uint32_t) (found - 1) : best;
}

/* The first literal that is the name or, in a list of domains, a parent of it. */
static uint32_t name_rank(const struct match_list *l, const char *name, size_t len)
{
    uint32_t best = literal_rank(l, name, len, NO_RANK);

    if (l->kind == MATCH_STRINGS || len == 0)
        return best;
    for (const char *dot = name + !l->is_parent; (dot = strchr(dot, '.')) != NULL; dot++) {
        const char *parent = dot + l->is_parent;
        best = literal_rank(l, parent, (size_t) (name + len - parent), best);
    }
    return best;
}

/* A domain's own name, then its parents, which only tables of fixed keys are asked for. */
static enum table_result find_domain(struct match_list *l, struct table *t, const char *name, struct str *value)
{
    for (const char *part = name; *part != 0;) {
        enum table_result result = table_find(t, part, value);
        if (result != TABLE_ABSENT || table_is_pattern(t))
            return result;
        if ((part = strchr(part + 1, '.')) == NULL)
            break;
        part += l->is_parent;
    }
    return TABLE_ABSENT;
}

static enum table_result find_in_table(struct match_list *l, struct table *t, const struct query *q)
{
    struct str value = {0};
    enum table_result result = TABLE_ABSENT;

    if (q->name != NULL)
        result = l->kind == MATCH_STRINGS ? table_find(t, q->name, &value) : find_domain(l, t, q->name, &value);
    if (result == TABLE_ABSENT && q->address_text != NULL)
        result = table_find(t, q->address_text, &value);
    if (result == TABLE_ERROR)
        log_warn("%s: %s: table lookup problem", l->parameter, table_label(t));
    str_done(&value);
    return result;
}

static enum match_result verdict(const struct match_list *l, uint32_t rank)
{
    return rank == NO_RANK || l->negated.items[rank] != NULL ? MATCH_NO : MATCH_YES;
}

static bool is_in_error(const struct match_list *l, const struct special *s, const struct query *q)
{
    if (s->file != NULL) {
        log_warn("non-existent:%s is unavailable. %s", s->file, s->why);
        log_warn("%s: non-existent:%s: table lookup problem", l->parameter, s->file);
        return true;
    }
    if (s->table != NULL || q->address_text == NULL || (strchr(q->address_text, ':') != NULL) != s->is_ipv6)
        return false;
    log_warn("%s: %s", l->parameter, s->why);
    return true;
}

static enum match_result find(struct match_list *l, const struct query *q)
{
    uint32_t best = q->name == NULL ? NO_RANK : name_rank(l, q->name, q->name_len);
    uint32_t net = q->has_address ? prefix_tree_find(&l->nets, &q->address) : NO_RANK;

    best = net < best ? net : best;
    if (q->address_text != NULL)
        best = literal_rank(l, q->address_text, strlen(q->address_text), best);
    for (size_t i = 0; i < l->special.count; i++) {
        const struct special *s = l->special.items[i];
        if (s->rank > best)
            break;
        if (is_in_error(l, s, q))
            return MATCH_ERROR;
        enum table_result result = s->table == NULL ? TABLE_ABSENT : find_in_table(l, s->table, q);
        if (result == TABLE_ERROR)
            return MATCH_ERROR;
        if (result == TABLE_FOUND)
            return verdict(l, s->rank);
    }
    return verdict(l, best);
}

static enum match_result find_folded(struct match_list *l, const char *name, const char *address)
{
    char buffer[KEY_SHORT];
    struct str spill = {0};
    struct query q = {0};

    if (address != NULL && strcmp(address, "unknown") != 0) {
        q.address_text = address;
        q.has_address = net_pattern_parse_address(&q.address, address);
    }
    if (name != NULL) {
        q.name_len = strlen(name);
        q.name = key_folded(name, &q.name_len, l->is_utf8, buffer, &spill);
    }
    enum match_result result = find(l, &q);
    str_done(&spill);
    return result;
}

enum match_result match_list_find(struct match_list *l, const char *name)
{
    return l->kind == MATCH_ADDRESSES ? find_folded(l, NULL, name) : find_folded(l, name, NULL);
}

enum match_result match_list_find_client(struct match_list *l, const char *name, const char *address)
{
    return find_folded(l, name, address);
}
