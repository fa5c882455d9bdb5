/* prefilter.h: which of many rules can match a key at all, by text that they need.
 *
 * Every rule is a number, in rising order from 0. Those that need a text are found by four bytes of it,
 * which are looked up for each place in the key; the others are always candidates.
 */
#ifndef TABLE_PREFILTER_H
#define TABLE_PREFILTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct prefilter;

struct prefilter *prefilter_new(size_t rule_count);
void prefilter_free(struct prefilter *f);

/* The rule matches only keys with these texts in them, whatever their case; they are as literal_find()
 * gives them. Short ones are of no use: a rule without any other stays a candidate for every key. */
void prefilter_need(struct prefilter *f, size_t rule, const struct str *texts);

/* Find the candidates for a key; then the first one from a rule on. rule_count: there is none. */
void prefilter_look(struct prefilter *f, const char *key, size_t len);
size_t prefilter_next(const struct prefilter *f, size_t from);

#endif
