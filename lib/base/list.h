/* list.h: doubly linked lists whose links lie inside the members.
 *
 * A struct list is a head or a member's link. A head is initialised with list_init(); a link
 * needs it only if list_is_linked() or list_remove() may meet it before it is on a list.
 * list_remove() leaves a link that may be removed again without harm.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/compiler.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* Is this link on a list? */
static inline bool list_is_linked(const struct list *link)
{
    return link->next != link;
}

/* Put link in front of the given place; in front of the head is the end of the list. */
static inline void list_insert_before(struct list *place, struct list *link)
{
    link->prev = place->prev;
    link->next = place;
    place->prev->next = link;
    place->prev = link;
}

static inline void list_append(struct list *head, struct list *link)
{
    list_insert_before(head, link);
}

static inline void list_prepend(struct list *head, struct list *link)
{
    list_insert_before(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Move every member of from to the end of to. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_entry(link, type, member) container_of(link, type, member)
/* The first member, or NULL. */
#define list_first(head, type, member) \
    (list_is_empty(head) ? NULL : list_entry((head)->next, type, member))
/* For every member; the loop may remove the current one when it uses the _safe form. */
#define list_each(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
#define list_each_safe(pos, after, head) \
    for (struct list *pos = (head)->next, *after = pos->next; pos != (head); pos = after, after = pos->next)

#endif
