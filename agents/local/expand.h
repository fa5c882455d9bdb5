/* expand.h: $user and its kin in forward_path, command_execution_directory and luser_relay.
 */
#ifndef LOCAL_EXPAND_H
#define LOCAL_EXPAND_H

#include "agents/local/target.h"

enum expand_result { EXPAND_OK, EXPAND_UNDEFINED, EXPAND_ERROR };

/* Append the expansion of text: $user $home $shell $recipient $extension $domain $local and
 * $recipient_delimiter. In their values what is not in the filter (NULL: all is) becomes '_'.
 * EXPAND_UNDEFINED: one that was used is not known. EXPAND_ERROR: logged. uses_extension, if not NULL,
 * becomes true if $extension was asked for and there is one. */
enum expand_result local_expand(const struct target *t, const char *text, const char *filter, bool *uses_extension,
    struct str *out);

/* The same filter for any value, in the arena. */
char *local_expand_filter(struct arena *a, const char *value, const char *filter);

#endif
