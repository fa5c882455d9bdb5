/* direct.h: databases asked by this process.
 *
 * Only in programs that may wait: proxymap, commands that look up keys, agents with one delivery a
 * process. All others ask proxymap (proxy.h), and are not linked with a dozen client libraries, which
 * would triple the time that they take to start.
 */
#ifndef TABLE_DIRECT_H
#define TABLE_DIRECT_H

/* Before the first table is opened. */
void direct_use(void);

#endif
