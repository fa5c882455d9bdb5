/* include.h: :include:/file/name, a list in a file.
 */
#ifndef LOCAL_INCLUDE_H
#define LOCAL_INCLUDE_H

#include "agents/local/target.h"

enum outcome local_include_deliver(const struct target *t, const char *path);

#endif
