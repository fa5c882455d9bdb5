/* edit_master.h: postconf -M, -F and -P, changing master.cf.
 */
#ifndef POSTCONF_EDIT_MASTER_H
#define POSTCONF_EDIT_MASTER_H

#include "cmd/postconf/edit_main.h"

/* mode: 'M' whole entries, 'F' columns, 'P' -o settings. An entry that changes is written anew in columns;
 * comments between its lines and behind it go before it with 'F' and 'P', and behind it with 'M'. Everything else
 * stays as it is. New entries go to the end. */
void postconf_edit_master(char mode, enum postconf_change change, const char *path, char **args, int count);

#endif
