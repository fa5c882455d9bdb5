/* texts.h: the templates that this process uses.
 */
#ifndef BOUNCE_TEXTS_H
#define BOUNCE_TEXTS_H

#include "mail/bounce_template.h"

/* Read bounce_template_file; before the jail. What is wrong with it is logged, and what is built in
 * takes its place: notifications go out in any case. */
void bounce_texts_open(void);

const struct bounce_template *bounce_texts_template(enum bounce_template_kind kind);
const char *bounce_texts_expanded(enum bounce_template_kind kind); /* lives as long as the process */

#endif
