/* edit.h: main.cf or master.cf with something changed, in place of the old one.
 *
 * The new text is collected in memory, goes to PATH.tmp, is synced, and is renamed to PATH: whoever looks
 * sees the old file or the new one, complete. PATH.tmp is locked from before the old text is read until the
 * new one is in place, so that of several editors (Postfix's own postconf among them) each starts from what
 * the one before it wrote. Any failure ends the program, with the old file as it was.
 */
#ifndef POSTCONF_EDIT_H
#define POSTCONF_EDIT_H

#include <sys/stat.h>

#include "base/str.h"

struct postconf_edit {
    const char *path;
    struct str old_text;
    struct str new_text; /* the caller appends to it */
    size_t next;         /* edit.c only, from here on: what of old_text is still to be read */
    struct str temp_path;
    struct stat old;
    int fd;
};

void postconf_edit_begin(struct postconf_edit *e, const char *path);
void postconf_edit_commit(struct postconf_edit *e);

/* Physical lines, as these files are edited. */
enum postconf_line { POSTCONF_COMMENT /* or blank */, POSTCONF_CONTINUED, POSTCONF_START };

/* The next line of the old text, with its newline (which the last one gets if it has none); false: no more. */
bool postconf_edit_next_line(struct postconf_edit *e, struct str *line, enum postconf_line *kind);

#endif
