/* names.h: the names of servers that tables ask, in a daemon: by DNS and /etc/hosts, while other tasks run.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

void names_by_dns(void); /* before tables are opened */

#endif
