#include "mail/debug_peer.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/match.h"

static struct match_list *list;

void debug_peer_open(void)
{
    if (*conf.debug_peer_list != 0)
        list = match_list_open("debug_peer_list", conf.debug_peer_list, MATCH_CLIENTS);
}

int debug_peer_verbosity(const char *name, const char *addr)
{
    bool is_listed = list != NULL && match_list_find_client(list, name, addr) == MATCH_YES;

    return log_verbose + (is_listed ? conf.debug_peer_level : 0);
}
