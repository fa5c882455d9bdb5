#include "table/older.h"

#include <sys/stat.h>
#include <time.h>

#include "base/log.h"

enum { GRACE_S = 100 }; /* somebody may be editing just now */

void older_warn(const char *database, const char *source)
{
    struct stat made, edited;

    if (stat(database, &made) == 0 && stat(source, &edited) == 0 && edited.st_mtime > made.st_mtime &&
        edited.st_mtime < time(NULL) - GRACE_S)
        log_warn("database %s is older than source file %s", database, source);
}
