/* filter.h: tables that change what a client said, and what it is told (smtpd_command_filter,
 * smtpd_reject_filter_maps).
 */
#ifndef SMTPD_FILTER_H
#define SMTPD_FILTER_H

#include <stdbool.h>

#include "smtpd/reply.h"

struct session;

/* The command in s->line, as the table has it. False: it could not be asked; *why is the answer. */
bool smtpd_filter_command(struct session *s, struct reply *why);

/* A refusal as the tables have it; one that they do not know, or turn into no refusal, stays. */
void smtpd_filter_refusal(struct session *s, struct reply *r);

#endif
