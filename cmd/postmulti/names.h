/* names.h: names of instances and groups.
 *
 * A name becomes the last part of directories, hence neither '/' nor anything that a shell would see as more
 * than a letter; and it begins so that it cannot be the name of some other part of the system.
 */
#ifndef POSTMULTI_NAMES_H
#define POSTMULTI_NAMES_H

#define NAME_PREFIX "postfix-"

void postmulti_names_check_instance(const char *name); /* fatal: not to be given to an instance. "" is none */
void postmulti_names_check_group(const char *name);    /* likewise */

#endif
