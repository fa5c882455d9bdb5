/* probe.h: asking the mail system itself whether it could deliver to an address.
 */
#ifndef VERIFY_PROBE_H
#define VERIFY_PROBE_H

/* Queue a probe for the address (internal form); its outcome comes back as an update. In a task. A
 * failure is logged: somebody will ask for the address again. */
void verify_probe_send(const char *address);

#endif
