/* restrict_parse.c: from the text of a restriction list to rules.
 */
#include "smtpd/restrict_parse.h"

#include <strings.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "smtpd/rbl.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/verdict.h"

static struct hash classes; /* name -> struct rules, or class_unread */
static struct rules class_unread;
static struct hash tables;  /* name -> struct table_list of that one table */

static const struct restriction *const all_tables[] = {smtpd_restrict_basic_table, smtpd_restrict_client_table,
    smtpd_restrict_helo_table, smtpd_restrict_sender_table, smtpd_restrict_recipient_table, smtpd_restrict_map_table,
    smtpd_restrict_dns_table, smtpd_restrict_verify_table, smtpd_restrict_backup_table};

static enum verdict answer_misconfigured(struct session *s, const struct rule *rule, struct reply *why)
{
    log_warn("%s", rule->text);
    return refuse_configuration(s, why);
}

static enum verdict answer_useless(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) s;
    (void) why;
    log_warn("%s", rule->text);
    return DUNNO;
}

static const struct restriction bare_table = {"type:table", MAP_ARG, smtpd_restrict_map_by_class, false};
static const struct restriction misconfigured = {"", TEXT_ARG, answer_misconfigured, false};
static const struct restriction useless = {"", TEXT_ARG, answer_useless, false};
static const struct restriction restriction_class = {"class", NO_ARG, smtpd_restrict_class, false};

static const struct restriction *find_restriction(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(all_tables); i++)
        for (const struct restriction *r = all_tables[i]; r->name != NULL; r++)
            if (strcasecmp(r->name, name) == 0)
                return r;
    return NULL;
}

static struct table_list *open_table(const char *name)
{
    struct hash_entry *e = hash_slot(&tables, name, strlen(name));

    if (e->value == NULL)
        e->value = table_list_open(name, TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0));
    return e->value;
}

/* What is read once and what a table answers each time go different ways: rules of the one live
 * with the process, of the other with the command. */
struct parser {
    struct arena *arena;
    const char *source;
    bool is_from_table;
    struct vec rules;
};

/* What is wrong in main.cf is said at start, too. */
static void complain(const struct parser *p, struct rule *rule, const struct restriction *instead, const char *text)
{
    rule->what = instead;
    rule->text = text;
    if (!p->is_from_table)
        log_warn("parameter %s: %s", p->source, text);
}

static void bad_rule(const struct parser *p, struct rule *rule, const char *complaint, const char *text)
{
    complain(p, rule, &misconfigured, arena_printf(p->arena, "%s: \"%s\"", complaint, text));
}

static void bad_table(const struct parser *p, struct rule *rule, const char *text)
{
    complain(p, rule, &misconfigured, arena_printf(p->arena,
        "restriction %s: bad argument \"%s\": need maptype:mapname", rule->what->name, text));
}

static void no_argument(const struct parser *p, struct rule *rule)
{
    const char *name = rule->what->name;

    switch (rule->what->argument) {
    case MAP_ARG:
        bad_table(p, rule, name);
        return;
    case DOMAIN_ARG:
        complain(p, rule, &useless, arena_printf(p->arena, "restriction %s requires domain name argument", name));
        return;
    case NUMBER_ARG:
    case TEXT_ARG:
    case NO_ARG:
        bad_rule(p, rule, "missing argument of restriction", name);
        return;
    }
}

static void parse_argument(struct parser *p, struct rule *rule, const char *word)
{
    const char *why;
    long number;

    if (word == NULL) {
        no_argument(p, rule);
        return;
    }
    char *text = arena_strdup(p->arena, word);
    if (*text == '{' && (text = words_unbrace(text, &why)) == NULL) {
        bad_rule(p, rule, why, word);
        return;
    }
    rule->text = text;
    switch (rule->what->argument) {
    case MAP_ARG:
        if (strchr(text, ':') == NULL)
            bad_table(p, rule, text);
        else
            rule->tables = open_table(text);
        return;
    case DOMAIN_ARG:
        rule->rbl = smtpd_rbl_parse(p->arena, text);
        if (rule->rbl == NULL)
            bad_rule(p, rule, "bad DNS list", text);
        return;
    case NUMBER_ARG:
        if (words_to_long(text, &number) && number >= 0 && number < 100000)
            rule->number = (int) number;
        else
            bad_rule(p, rule, "a number is wanted", text);
        return;
    case NO_ARG:
    case TEXT_ARG:
        return;
    }
}

static const struct rules *find_class(const char *name)
{
    struct hash_entry *e = NULL;

    if (hash_get(&classes, name) == NULL)
        return NULL;
    e = hash_slot(&classes, name, strlen(name));
    if (e->value == &class_unread) {
        struct rules *r = e->value = mem_zalloc(sizeof(*r)); /* known before it is read: it may name itself */
        const char *text = config_get(name);
        const struct rules *read = smtpd_restrict_parse_list(name, text == NULL ? "" : text);
        *r = *read;
    }
    return e->value;
}

/* The rule that begins with this word; *is_warning: it has the prefix warn_if_reject. */
static void parse_rule(struct parser *p, char *word, char **cursor, bool is_warning)
{
    struct rule *rule = arena_new(p->arena, struct rule);

    rule->is_warning = is_warning;
    rule->word = is_warning ? "warn_if_reject" : arena_strdup(p->arena, word);
    rule->what = find_restriction(word);
    vec_add(&p->rules, rule);
    if (rule->what != NULL) {
        if (rule->what->argument != NO_ARG)
            parse_argument(p, rule, words_next_braced(cursor, WORDS_LIST));
        return;
    }
    rule->list = find_class(word);
    if (rule->list != NULL) {
        rule->what = &restriction_class;
        rule->text = arena_strdup(p->arena, word);
    } else if (strchr(word, ':') != NULL && strspn(word, "0123456789") == 0) {
        rule->what = &bare_table;
        parse_argument(p, rule, word);
    } else
        bad_rule(p, rule, "unknown smtpd restriction", word);
}

static void parse_list(struct parser *p, const char *text)
{
    char *cursor = arena_strdup(p->arena, text);
    bool is_warning = false;

    for (char *word; (word = words_next_braced(&cursor, WORDS_LIST)) != NULL;) {
        if (strcasecmp(word, "warn_if_reject") == 0) {
            is_warning = true;
            continue;
        }
        parse_rule(p, word, &cursor, is_warning);
        is_warning = false;
    }
}

static void finish(struct parser *p, struct rules *rules)
{
    rules->parameter = p->source;
    rules->count = p->rules.count;
    rules->list = arena_alloc(p->arena, (rules->count + 1) * sizeof(struct rule));
    for (size_t i = 0; i < rules->count; i++)
        rules->list[i] = *(struct rule *) p->rules.items[i];
    vec_done(&p->rules, NULL);
}

const struct rules *smtpd_restrict_parse_list(const char *parameter, const char *text)
{
    static struct arena forever; /* main.cf is read once */
    struct parser p = {.arena = &forever, .source = arena_strdup(&forever, parameter)};
    struct rules *rules = arena_new(&forever, struct rules);

    parse_list(&p, text);
    finish(&p, rules);
    return rules;
}

const struct rules *smtpd_restrict_parse_text(struct arena *a, const char *source, const char *text)
{
    struct parser p = {.arena = a, .source = source, .is_from_table = true};
    struct rules *rules = arena_new(a, struct rules);

    parse_list(&p, text);
    finish(&p, rules);
    return rules;
}

void smtpd_restrict_parse_classes(const char *names)
{
    struct arena a = {0};
    struct vec words = {0};

    words_split(&a, names, WORDS_LIST, &words);
    for (size_t i = 0; i < words.count; i++)
        hash_put(&classes, words.items[i], &class_unread);
    for (size_t i = 0; i < words.count; i++)
        find_class(words.items[i]);
    vec_done(&words, NULL);
    arena_done(&a);
}

bool smtpd_restrict_parse_guards_relay(const struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->list[i].what->guards_relay && !rules->list[i].is_warning)
            return true;
    return false;
}
