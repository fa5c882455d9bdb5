#include "base/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *words_next(char **cursor, const char *separators)
{
    char *start = *cursor + strspn(*cursor, separators);

    if (*start == 0) {
        *cursor = start;
        return NULL;
    }
    char *end = start + strcspn(start, separators);
    if (*end != 0)
        *end++ = 0;
    *cursor = end;
    return start;
}

char *words_next_braced(char **cursor, const char *separators)
{
    char *start = *cursor + strspn(*cursor, separators);
    char *end = start;
    int depth = 0;

    if (*start == 0) {
        *cursor = start;
        return NULL;
    }
    for (; *end != 0; end++) {
        if (*end == '{')
            depth++;
        else if (*end == '}' && depth > 0)
            depth--;
        else if (depth == 0 && strchr(separators, *end) != NULL)
            break;
    }
    if (*end != 0)
        *end++ = 0;
    *cursor = end;
    return start;
}

void words_split(struct arena *a, const char *text, const char *separators, struct vec *list)
{
    char *cursor = arena_strdup(a, text);

    for (char *word; (word = words_next(&cursor, separators)) != NULL;)
        vec_add(list, word);
}

void words_split_braced(struct arena *a, const char *text, const char *separators, struct vec *list)
{
    char *cursor = arena_strdup(a, text);

    for (char *word; (word = words_next_braced(&cursor, separators)) != NULL;)
        vec_add(list, word);
}

void words_trim_end(char *text)
{
    for (char *end = text + strlen(text); end > text && isspace((unsigned char) end[-1]);)
        *--end = 0;
}

static char *trim(char *text)
{
    text += strspn(text, WORDS_SPACE);
    words_trim_end(text);
    return text;
}

char *words_unbrace(char *text, const char **why)
{
    int depth = 0;
    char *end = text;

    if (*text != '{') {
        *why = "no '{' at start of text";
        return NULL;
    }
    for (; *end != 0; end++) {
        if (*end == '{')
            depth++;
        else if (*end == '}' && --depth == 0)
            break;
    }
    if (*end == 0) {
        *why = "missing '}'";
        return NULL;
    }
    *end = 0;
    if (*trim(end + 1) != 0) {
        *why = "syntax error after '}'";
        return NULL;
    }
    return trim(text + 1);
}

const char *words_name_value(char *text, char **name, char **value)
{
    char *equals = strchr(text, '=');

    if (equals == NULL)
        return "missing '=' after attribute name";
    *equals = 0;
    *name = trim(text);
    *value = trim(equals + 1);
    return **name == 0 ? "missing attribute name" : NULL;
}

bool words_to_long(const char *text, long *value)
{
    char *end;

    errno = 0;
    *value = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == 0;
}
