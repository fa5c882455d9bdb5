/* crc32c.h: the CRC-32C checksum (Castagnoli; RFC 3720 12.1), by the processor's instruction where it has one.
 */
#ifndef QUEUE_CRC32C_H
#define QUEUE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of some bytes; crc is 0, or that of the bytes before them. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t n); /* what crc32c() does without the instruction */

#endif
