/* features.h: what this build can do: postconf -a, -A, -l, -m and -T.
 */
#ifndef POSTCONF_FEATURES_H
#define POSTCONF_FEATURES_H

#include "base/str.h"

/* The lines of the list that the option names, appended. tls_mode is the argument of -T; one that is unknown
 * is warned about, and false. */
bool postconf_features(char option, const char *tls_mode, struct str *out);

#endif
