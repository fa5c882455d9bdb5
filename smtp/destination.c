#include "smtp/destination.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "config/config.h"

static bool known_port(const char *name, uint16_t *port)
{
    struct arena memory = {0};
    struct vec list = {0};
    size_t n = strlen(name);
    long number = 0;

    words_split(&memory, conf.known_tcp_ports, WORDS_LIST, &list);
    for (size_t i = 0; i < list.count && number == 0; i++) {
        const char *item = list.items[i];
        if (strncasecmp(item, name, n) == 0 && item[n] == '=')
            number = atol(strrchr(item, '=') + 1);
    }
    vec_done(&list, NULL);
    arena_done(&memory);
    struct servent *service = number == 0 ? getservbyname(name, "tcp") : NULL;
    if (service != NULL)
        number = ntohs((uint16_t) service->s_port);
    *port = (uint16_t) number;
    return number > 0 && number < 65536;
}

static bool parse_port(const char *text, uint16_t *port)
{
    long number;

    if (!words_to_long(text, &number))
        return known_port(text, port);
    *port = (uint16_t) number;
    return number > 0 && number < 65536;
}

/* Cut "host:port" or "[host]:port" in place; the port, or NULL if there is none. */
static char *cut_port(char *text, struct destination *to, const char **why)
{
    char *end = strchr(text, ']');

    to->is_quoted = *text == '[';
    if (!to->is_quoted) {
        to->host = text;
        if ((end = strrchr(text, ':')) == NULL)
            return NULL;
        *end = 0;
        return end + 1;
    }
    if (end == NULL) {
        *why = "missing \"]\"";
        return NULL;
    }
    *end++ = 0;
    to->host = text + 1;
    if (strncasecmp(to->host, "ipv6:", 5) == 0)
        to->host += 5;
    if (*end == ':')
        return end + 1;
    if (*end != 0)
        *why = "garbage after \"]\"";
    return NULL;
}

bool smtp_destination_parse(struct arena *a, const char *text, struct destination *to, const char **why)
{
    *to = (struct destination){.service = ""};
    *why = NULL;
    if (strncmp(text, "unix:", 5) == 0) {
        to->is_unix = true;
        to->host = arena_strdup(a, text + 5);
        return true;
    }
    if (strncmp(text, "inet:", 5) == 0)
        text += 5;
    char *port = cut_port(arena_strdup(a, text), to, why);
    if (*why != NULL)
        return false;
    to->service = port == NULL || *port == 0 ? conf.smtp_tcp_port : port;
    if (*to->host == 0)
        *why = "no host name";
    else if (!parse_port(to->service, &to->port))
        *why = "unknown port";
    return *why == NULL;
}
