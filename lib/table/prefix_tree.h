/* prefix_tree.h: networks, each with a rank, and the least rank among those that an address is in.
 *
 * A path-compressed binary tree for each family: a lookup compares a few dozen bits at most,
 * however many networks there are. Zero-filled memory is an empty tree.
 */
#ifndef TABLE_PREFIX_TREE_H
#define TABLE_PREFIX_TREE_H

#include <stdint.h>

#include "table/net_pattern.h"

enum { PREFIX_TREE_NONE = UINT32_MAX };

struct prefix_tree {
    struct prefix_node *ipv4, *ipv6; /* prefix_tree.c only */
};

/* The first rank given to a network stays; ranks are given in rising order. */
void prefix_tree_add(struct prefix_tree *tree, const struct net_pattern *net, uint32_t rank);

/* PREFIX_TREE_NONE: it is in none of them. */
uint32_t prefix_tree_find(const struct prefix_tree *tree, const struct net_pattern *address);

void prefix_tree_done(struct prefix_tree *tree);

#endif
