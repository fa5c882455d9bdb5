/* anvil_client.h: asking anvil how much a client has done lately.
 *
 * In a task. A client is counted under a service and its address ("smtp", "192.0.2.1"); a network
 * may stand for its addresses. Rates are per anvil_rate_time_unit. False: anvil did not answer, and
 * nothing is known; the caller goes on without a limit.
 */
#ifndef MAIL_ANVIL_CLIENT_H
#define MAIL_ANVIL_CLIENT_H

#include <stdbool.h>

enum anvil_event { ANVIL_MESSAGE, ANVIL_RECIPIENT, ANVIL_NEWTLS, ANVIL_AUTH };

/* A connection has begun: how many there are now, and how many began lately, this one included.
 * One that is lost with this process ends for anvil too. */
bool anvil_connect(const char *service, const char *client, int *count, int *rate);
void anvil_disconnect(const char *service, const char *client);

/* Something happened in it: how often lately. */
bool anvil_count(enum anvil_event event, const char *service, const char *client, int *rate);

#endif
