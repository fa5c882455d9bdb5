#include "config/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"

void environment_set(struct arena *a, struct vec *variables, const char *name_value)
{
    size_t name_len = strcspn(name_value, "=");
    char *copy = arena_strdup(a, name_value);

    for (size_t i = 0; i < variables->count; i++) {
        const char *known = variables->items[i];
        if (strncmp(known, name_value, name_len) == 0 && known[name_len] == '=') {
            variables->items[i] = copy;
            return;
        }
    }
    vec_add(variables, copy);
}

/* One element of a list; NULL: it is not set in our environment. Fatal: it makes no sense. */
static const char *variable_of(struct arena *a, const char *parameter, const char *element)
{
    const char *why = NULL, *value;
    char *text, *name, *right;

    if (*element == '{') {
        text = words_unbrace(arena_strdup(a, element), &why);
        if (text == NULL || (why = words_name_value(text, &name, &right)) != NULL)
            fatal("parameter %s: %s in \"%s\"", parameter, why, element);
        return arena_printf(a, "%s=%s", name, right);
    }
    if (strchr(element, '=') != NULL)
        return element;
    value = getenv(element);
    return value != NULL ? arena_printf(a, "%s=%s", element, value) : NULL;
}

void environment_list(struct arena *a, const char *parameter, const char *list, struct vec *variables)
{
    struct vec elements = {0};

    words_split_braced(a, list, WORDS_LIST, &elements);
    for (size_t i = 0; i < elements.count; i++) {
        const char *variable = variable_of(a, parameter, elements.items[i]);
        if (variable != NULL)
            environment_set(a, variables, variable);
    }
    vec_done(&elements, NULL);
}
