/* show.h: a queue file in readable form, on standard output.
 *
 * Nothing is assumed of the bytes but that they are records: they may be damaged, and that may be why
 * somebody looks at them. What cannot be read ends the program.
 */
#ifndef POSTCAT_SHOW_H
#define POSTCAT_SHOW_H

#include <stdbool.h>
#include <stddef.h>

struct postcat_options {
    bool envelope, header, body; /* -e -h -b */
    bool offsets, types, names;  /* -o -d -f */
    bool raw;                    /* -r */
    size_t start;                /* -s */
    bool has_start;
};

void postcat_show(const struct postcat_options *o, const char *name, const char *bytes, size_t n);

#endif
