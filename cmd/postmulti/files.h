/* files.h: the files and directories of an instance.
 */
#ifndef POSTMULTI_FILES_H
#define POSTMULTI_FILES_H

#include "cmd/postmulti/instance.h"

/* main.cf and master.cf from the prototypes in meta_directory, with the instance's directories, the primary
 * one's answers to where programs are, and no network service yet. Nothing if both are there. Fatal: reason. */
void postmulti_files_create(const struct instance *i);
void postmulti_files_check(const struct instance *i);            /* fatal: main.cf or master.cf is not there */
void postmulti_files_make_directories(const struct instance *i); /* those of its queue and data */

void postmulti_files_require_stopped(const struct instance *i);  /* fatal: it is running */

/* Remove what the mail system has made. What is left, as mail in the queue is, is warned about. */
void postmulti_files_destroy(const struct instance *i);

#endif
