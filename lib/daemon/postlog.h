/* postlog.h: the receiving end of log lines, which other processes send to public/postlog.
 */
#ifndef DAEMON_POSTLOG_H
#define DAEMON_POSTLOG_H

/* Write all datagrams that have arrived at the socket to maillog_file. A datagram holds one or more finished
 * lines; what cannot be written is told on standard error. */
void postlog_drain(int fd);

#endif
