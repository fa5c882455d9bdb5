/* words.h: taking text apart.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"

#define WORDS_LIST ", \t\r\n"  /* what separates the elements of a list in main.cf */
#define WORDS_SPACE " \t\r\n"

/* The next word at *cursor, which is moved behind it; the word is NUL-terminated in place.
 * NULL: there is none. */
char *words_next(char **cursor, const char *separators);

/* The same, but separators within balanced {} do not count; the braces stay in the word. */
char *words_next_braced(char **cursor, const char *separators);

/* All words of a text, as char * in the arena, appended to list. */
void words_split(struct arena *a, const char *text, const char *separators, struct vec *list);
void words_split_braced(struct arena *a, const char *text, const char *separators, struct vec *list);

/* The text inside one pair of braces that surrounds the whole word, trimmed, in place.
 * NULL and *why (static text): not so. */
char *words_unbrace(char *text, const char **why);

/* "name = value" in place: both trimmed. NULL: fine, else what is wrong (static text). */
const char *words_name_value(char *text, char **name, char **value);

/* White space at the end is cut off, in place. */
void words_trim_end(char *text);

/* Whole-string conversions; false: not a number, or out of range. */
bool words_to_long(const char *text, long *value);

#endif
