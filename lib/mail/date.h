/* date.h: dates as text, in local time.
 */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <time.h>

/* RFC 5322 3.3: "Sat, 21 Nov 2026 23:41:26 +0000 (UTC)". Valid until the next call. */
const char *date_rfc5322(time_t when);

/* "Sat Nov 21 23:41:26 2026", as asctime(3) without the newline. Valid until the next call. */
const char *date_asctime(time_t when);

#endif
