#include "table/prefix_tree.h"

#include <sys/socket.h>

#include "base/mem.h"

struct prefix_node {
    struct prefix_node *child[2]; /* by the first bit behind the prefix */
    struct net_pattern net;
    uint32_t rank;                /* PREFIX_TREE_NONE: only a fork */
};

static unsigned bit_at(const struct net_pattern *p, unsigned bit)
{
    return p->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static struct prefix_node *new_node(const struct net_pattern *net, unsigned prefix_len, uint32_t rank)
{
    struct prefix_node *n = mem_zalloc(sizeof(*n));

    n->net = *net;
    n->net.prefix_len = prefix_len;
    n->rank = rank;
    return n;
}

/* How many leading bits two networks share. */
static unsigned common_len(const struct net_pattern *a, const struct net_pattern *b)
{
    unsigned max = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len, len = 0;

    while (len < max && bit_at(a, len) == bit_at(b, len))
        len++;
    return len;
}

void prefix_tree_add(struct prefix_tree *tree, const struct net_pattern *net, uint32_t rank)
{
    struct prefix_node **at = net->family == AF_INET ? &tree->ipv4 : &tree->ipv6;

    for (;;) {
        struct prefix_node *n = *at;
        unsigned common = n == NULL ? 0 : common_len(&n->net, net);
        if (n == NULL) {
            *at = new_node(net, net->prefix_len, rank);
            return;
        }
        if (common == n->net.prefix_len && common == net->prefix_len) {
            if (n->rank == PREFIX_TREE_NONE)
                n->rank = rank;
            return;
        }
        if (common < n->net.prefix_len) { /* a fork, or the new network, goes between */
            *at = new_node(net, common, PREFIX_TREE_NONE);
            (*at)->child[bit_at(&n->net, common)] = n;
            n = *at;
            if (common == net->prefix_len) {
                n->rank = rank;
                return;
            }
        }
        at = &n->child[bit_at(net, common)];
    }
}

uint32_t prefix_tree_find(const struct prefix_tree *tree, const struct net_pattern *address)
{
    const struct prefix_node *n = address->family == AF_INET ? tree->ipv4 : tree->ipv6;
    uint32_t least = PREFIX_TREE_NONE;

    while (n != NULL && net_pattern_matches(&n->net, address)) {
        if (n->rank < least)
            least = n->rank;
        if (n->net.prefix_len >= address->prefix_len)
            break;
        n = n->child[bit_at(address, n->net.prefix_len)];
    }
    return least;
}

static void free_nodes(struct prefix_node *n)
{
    if (n == NULL)
        return;
    free_nodes(n->child[0]);
    free_nodes(n->child[1]);
    mem_free(n);
}

void prefix_tree_done(struct prefix_tree *tree)
{
    free_nodes(tree->ipv4);
    free_nodes(tree->ipv6);
    *tree = (struct prefix_tree){0};
}
