/* packet.h: replies of a name server, for tests. */
#ifndef TESTS_DNS_PACKET_H
#define TESTS_DNS_PACKET_H

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static inline void packet_number(struct str *p, unsigned value, int octets)
{
    while (octets-- > 0)
        str_addc(p, (char) (value >> 8 * octets));
}

static inline void packet_name(struct str *p, const char *name)
{
    while (*name != 0) {
        size_t n = strcspn(name, ".");
        str_addc(p, (char) n);
        str_add(p, name, n);
        name += n;
        name += *name == '.';
    }
    str_addc(p, 0);
}

static inline void packet_begin(
    struct str *p, unsigned id, int rcode, unsigned answers, unsigned authority, const char *name, int type)
{
    str_clear(p);
    packet_number(p, id, 2);
    packet_number(p, 0x8180 | (unsigned) rcode, 2);
    packet_number(p, 1, 2);
    packet_number(p, answers, 2);
    packet_number(p, authority, 2);
    packet_number(p, 0, 2);
    packet_name(p, name);
    packet_number(p, (unsigned) type, 2);
    packet_number(p, 1, 2);
}

static inline void packet_record(struct str *p, const char *owner, int type, unsigned ttl, const char *data, size_t n)
{
    packet_name(p, owner);
    packet_number(p, (unsigned) type, 2);
    packet_number(p, 1, 2);
    packet_number(p, ttl, 4);
    packet_number(p, (unsigned) n, 2);
    str_add(p, data, n);
}

/* A record whose data is a number of 16 bits (unless negative) and a name. */
static inline void packet_pointer(struct str *p, const char *owner, int type, unsigned ttl, int number, const char *to)
{
    struct str data = {0};

    if (number >= 0)
        packet_number(&data, (unsigned) number, 2);
    packet_name(&data, to);
    packet_record(p, owner, type, ttl, data.data, data.len);
    str_done(&data);
}

static inline void packet_soa(struct str *p, const char *zone, unsigned ttl, unsigned minimum)
{
    struct str data = {0};

    packet_name(&data, "ns");
    packet_name(&data, "root");
    for (int i = 0; i < 4; i++)
        packet_number(&data, 1, 4);
    packet_number(&data, minimum, 4);
    packet_record(p, zone, 6, ttl, data.data, data.len);
    str_done(&data);
}

#endif
