/* edit_main.h: postconf -e, -X and -# of main.cf.
 */
#ifndef POSTCONF_EDIT_MAIN_H
#define POSTCONF_EDIT_MAIN_H

enum postconf_change { POSTCONF_SET = 'e', POSTCONF_REMOVE = 'X', POSTCONF_COMMENT_OUT = '#' };

/* Lines that set a parameter, with those that continue them, become "name = value", go, or become comments;
 * what is not there yet is set at the end. Comments, order, and all else stay as they are. */
void postconf_edit_main(enum postconf_change change, const char *path, char **args, int count);

#endif
