#include "dns/dns_hosts.h"

#include <strings.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/words.h"

enum { CHECK_MS = 1000 };

static const char *hosts_path = "/etc/hosts";
static struct arena memory;
static struct dns_host *hosts;
static size_t host_count, host_room;
static struct timespec modified;
static msec checked_at = -CHECK_MS;

static void add_host(const struct net_addr *addr, char *name, bool is_canonical)
{
    if (host_count == host_room) {
        size_t room = host_room == 0 ? 64 : host_room * 2;
        struct dns_host *bigger = arena_alloc(&memory, room * sizeof(*bigger));
        if (host_count > 0)
            memcpy(bigger, hosts, host_count * sizeof(*bigger));
        hosts = bigger;
        host_room = room;
    }
    struct str lower = {0};
    str_set(&lower, name);
    str_lower(&lower);
    hosts[host_count++] = (struct dns_host){*addr, arena_strdup(&memory, str_text(&lower)), is_canonical};
    str_done(&lower);
}

void dns_hosts_parse(char *text)
{
    char *line, *word;

    arena_done(&memory);
    hosts = NULL;
    host_count = host_room = 0;
    while ((line = words_next(&text, "\n")) != NULL) {
        struct net_addr addr;
        line[strcspn(line, "#")] = 0;
        if ((word = words_next(&line, WORDS_SPACE)) == NULL || !net_parse(&addr, word, 0))
            continue;
        for (bool is_first = true; (word = words_next(&line, WORDS_SPACE)) != NULL; is_first = false)
            add_host(&addr, word, is_first);
    }
}

static void read_if_changed(void)
{
    struct stat st = {0};
    struct str text = {0}, why = {0};

    if (clock_now() - checked_at < CHECK_MS)
        return;
    checked_at = clock_now();
    if (stat(hosts_path, &st) < 0 || (st.st_mtim.tv_sec == modified.tv_sec && st.st_mtim.tv_nsec == modified.tv_nsec))
        return; /* gone, or not in the chroot: what was read before stays good */
    modified = st.st_mtim;
    if (file_read(hosts_path, &text, &why) && text.len > 0)
        dns_hosts_parse(text.data);
    str_done(&text);
    str_done(&why);
}

void dns_hosts_use(const char *path)
{
    hosts_path = path;
    modified = (struct timespec){0};
    checked_at = -CHECK_MS;
}

static size_t first_index(const struct dns_host *after)
{
    if (after != NULL)
        return (size_t) (after - hosts) + 1;
    read_if_changed();
    return 0;
}

const struct dns_host *dns_hosts_by_name(const char *name, const struct dns_host *after)
{
    for (size_t i = first_index(after); i < host_count; i++)
        if (strcasecmp(hosts[i].name, name) == 0)
            return &hosts[i];
    return NULL;
}

const struct dns_host *dns_hosts_by_addr(const struct net_addr *addr, const struct dns_host *after)
{
    for (size_t i = first_index(after); i < host_count; i++)
        if (hosts[i].is_canonical && net_same_host(&hosts[i].addr, addr))
            return &hosts[i];
    return NULL;
}
